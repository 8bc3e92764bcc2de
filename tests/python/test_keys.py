"""Group keys of every kind: their values, their order with null last, and their types in the result."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame
from svcmetrics import errors

UTC = dt.UTC
DAY, EARLIER = dt.date(2026, 3, 1), dt.date(1960, 2, 29)
TIME, BEFORE = dt.datetime(2026, 3, 1, 12, 30), dt.datetime(1960, 2, 29)


def table_with(key: Any) -> dict[str, Any]:
    return {"key": key, "milestones_met": [1] * len(key), "milestones_total": [2] * len(key)}


def keys_of(table: Any, by: str = "key") -> list[Any]:
    """The keys in order; as many as there are groups."""
    card = sm.scorecard(table, by=by, metrics=["adoption_rate"])
    keys = list(card["adoption_rate"])
    assert len(keys) == len(card)
    assert [row[0] for row in card.wide().rows()] == keys
    return keys


def dictionary(codes: Sequence[int | None], values: pa.Array, kind: pa.DataType) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, kind), values)


TEXTS = pa.array(["b", None, "a"])
ARROW_KEYS: dict[str, tuple[pa.Array, list[Any]]] = {
    "string": (TEXTS, ["a", "b", None]),
    "large_string": (TEXTS.cast(pa.large_string()), ["a", "b", None]),
    "string_view": (TEXTS.cast(pa.string_view()), ["a", "b", None]),
    "dictionary of string": (TEXTS.dictionary_encode(), ["a", "b", None]),
    "dictionary of large_string": (TEXTS.cast(pa.large_string()).dictionary_encode(), ["a", "b", None]),
    "dictionary of string_view": (
        dictionary([0, None, 1], pa.array(["b", "a"], pa.string_view()), pa.uint16()),
        ["a", "b", None],
    ),
    "dictionary with a null and an unused value": (
        dictionary([0, 1, 2], pa.array(["b", None, "a", "z"]), pa.int8()),
        ["a", "b", None],
    ),
    "dictionary with a value twice": (dictionary([0, 1, 2], pa.array(["a", "a", "b"]), pa.int64()), ["a", "b"]),
    "dictionary of int": (pa.array([10, None, 2]).dictionary_encode(), [2, 10, None]),
    "int8": (pa.array([2, None, -1], pa.int8()), [-1, 2, None]),
    "int64": (pa.array([-(2**63), None, 2**63 - 1]), [-(2**63), 2**63 - 1, None]),
    "uint64": (pa.array([2**64 - 1, None, 1], pa.uint64()), [1, 2**64 - 1, None]),
    "bool": (pa.array([True, None, False]), [False, True, None]),
    "whole float64": (pa.array([10.0, None, -2.0, -0.0, 0.0]), [-2, 0, 10, None]),
    "whole float32": (pa.array([10.0, None, 2.0], pa.float32()), [2, 10, None]),
    "date32": (pa.array([DAY, None, EARLIER]), [EARLIER, DAY, None]),
    "date64": (pa.array([DAY, None, EARLIER], pa.date64()), [EARLIER, DAY, None]),
    "timestamp[s]": (pa.array([TIME, None, BEFORE], pa.timestamp("s")), [BEFORE, TIME, None]),
    "timestamp[ms]": (pa.array([TIME, None, BEFORE], pa.timestamp("ms")), [BEFORE, TIME, None]),
    "timestamp[ns]": (pa.array([TIME, None, BEFORE], pa.timestamp("ns")), [BEFORE, TIME, None]),
    "timestamp[us] in Berlin": (
        pa.array([TIME, None, BEFORE], pa.timestamp("us", "Europe/Berlin")),
        [BEFORE.replace(tzinfo=UTC), TIME.replace(tzinfo=UTC), None],
    ),
    "decimal256": (pa.array([10, None, -2], pa.decimal256(60, 2)), [-2, 10, None]),
    "whole float16": (pa.array(np.array([10, -2], np.float16)), [-2, 10]),
    "runs of string": (pa.RunEndEncodedArray.from_arrays(pa.array([1, 3, 4], pa.int16()), TEXTS), ["a", "b", None]),
    "runs of int": (
        pa.RunEndEncodedArray.from_arrays(pa.array([2, 3, 5]), pa.array([10, None, 2])),
        [2, 10, None],
    ),
    "runs of a dictionary": (
        pa.RunEndEncodedArray.from_arrays(pa.array([1, 3, 4], pa.int32()), TEXTS.dictionary_encode()),
        ["a", "b", None],
    ),
    "null": (pa.nulls(3), [None]),
}


@pytest.mark.parametrize("kind", ARROW_KEYS)
def test_arrow_keys_of_every_type_group_in_order(kind: str) -> None:
    array, expected = ARROW_KEYS[kind]
    table = pa.table(table_with(array))
    assert keys_of(table) == expected
    chunked = pa.chunked_array([array.slice(0, 1), array.slice(1)])
    assert keys_of(table.set_column(0, "key", chunked)) == expected


@pytest.mark.parametrize("kind", ["string", "int8", "uint64", "bool", "date32", "timestamp[ms]", "null"])
def test_polars_and_duckdb_keys_are_those_of_arrow(kind: str) -> None:
    array, expected = ARROW_KEYS[kind]
    table = pa.table(table_with(array))
    assert keys_of(duckdb.from_arrow(table)) == expected
    assert keys_of(pl.DataFrame(table)) == expected


def test_polars_categories_and_enums_are_sorted_by_their_text() -> None:
    for dtype in (pl.Categorical, pl.Enum(["b", "unused", "a"])):
        frame = pl.DataFrame(table_with(["b", None, "a"])).with_columns(pl.col("key").cast(dtype))
        assert keys_of(frame) == ["a", "b", None]


def test_polars_categories_are_their_texts_be_they_few_or_many_in_one_chunk_or_several() -> None:
    rows = 10_000
    for texts in (["b", None, "a", "b"], [None], [f"text {row}" for row in range(rows)]):
        one = pl.DataFrame({"key": (texts * rows)[:rows], "milestones_met": 1, "milestones_total": 2})
        # the second chunk begins with another text
        for frame in (one, pl.concat([one, one[1:]], rechunk=False)):
            frame = frame.with_columns(pl.col("key").cast(pl.String))
            card = sm.scorecard(frame, by="key")
            categories = frame.with_columns(pl.col("key").cast(pl.Categorical))
            assert sm.scorecard(categories, by="key") == card
            no_rows = sm.scorecard(categories[:0], by="key").to_arrow()
            assert no_rows.schema == card.to_arrow().schema


def test_duckdb_enums_are_sorted_by_their_text() -> None:
    rows = "(VALUES ('b'), (NULL), ('a')) AS rows(word)"
    query = f"SELECT word::ENUM('b', 'a') AS key, 1 AS milestones_met, 2 AS milestones_total FROM {rows}"
    assert keys_of(duckdb.sql(query)) == ["a", "b", None]


NUMPY_KEYS: dict[str, tuple[Any, list[Any]]] = {
    "str": (np.array(["b", "a"]), ["a", "b"]),
    "StringDType": (np.array(["b", None], np.dtypes.StringDType(na_object=None)), ["b", None]),
    "object": (np.array(["b", None, float("nan")], object), ["b", None]),
    "int32": (np.array([2, -1], "i4"), [-1, 2]),
    "bool": (np.array([True, False]), [False, True]),
    "float": (np.array([10.0, np.nan, 2.0]), [2, 10, None]),
    "object of int and float": (np.array([10, 2.0, None], object), [2, 10, None]),
    "object of numpy": (np.array([np.int64(10), np.int8(2), None], object), [2, 10, None]),
    "object of bool": (np.array([True, None, np.bool_(False)], object), [False, True, None]),
    "object of date": (np.array([DAY, None, EARLIER], object), [EARLIER, DAY, None]),
    "object of datetime": (np.array([TIME, None, BEFORE], object), [BEFORE, TIME, None]),
    "datetime64[D]": (np.array([DAY, "NaT", EARLIER], "M8[D]"), [EARLIER, DAY, None]),
    "datetime64[Y]": (np.array(["2026", "NaT", "0987"], "M8[Y]"), ["0987", "2026", None]),
    "datetime64[M]": (np.array(["2026-03", "NaT"], "M8[M]"), [dt.datetime(2026, 3, 1), None]),
    "datetime64[W]": (np.array(["2026-03-05", "NaT"], "M8[W]"), [dt.datetime(2026, 3, 5), None]),
    "datetime64[h]": (np.array(["2026-03-05T07", "NaT"], "M8[h]"), [dt.datetime(2026, 3, 5, 7), None]),
    "datetime64[m]": (np.array(["2026-03-05T07:30", "NaT"], "M8[m]"), [dt.datetime(2026, 3, 5, 7, 30), None]),
    "datetime64[s]": (np.array([TIME, "NaT", BEFORE], "M8[s]"), [BEFORE, TIME, None]),
    "datetime64[ns]": (np.array([TIME, "NaT", BEFORE], "M8[ns]"), [BEFORE, TIME, None]),
    "masked int": (np.ma.array([2, 7, -1], mask=[False, True, False]), [-1, 2, None]),
    "masked str": (np.ma.array(["b", "x", "a"], mask=[False, True, False]), ["a", "b", None]),
    "masked datetime64[ns]": (np.ma.array(np.array([TIME, BEFORE], "M8[ns]"), mask=[False, True]), [TIME, None]),
    "masked datetime64[Y]": (np.ma.array(np.array(["2026", "2027"], "M8[Y]"), mask=[False, True]), ["2026", None]),
    "object of datetime64[Y]": (
        np.array([np.datetime64("2026"), None, np.datetime64("NaT", "Y"), "2025"], object),
        ["2025", "2026", None],
    ),
    "masked datetime64[D]": (np.ma.array(np.array([DAY, EARLIER], "M8[D]"), mask=[False, True]), [DAY, None]),
}


@pytest.mark.parametrize("kind", NUMPY_KEYS)
def test_numpy_keys_of_every_type_group_in_order(kind: str) -> None:
    array, expected = NUMPY_KEYS[kind]
    assert keys_of(table_with(array)) == expected


PERIODS = pd.PeriodIndex(["2026-03", "NaT", "2025-12"], freq="M")
PANDAS_KEYS: dict[str, tuple[Any, list[Any]]] = {
    "str": (pd.Series(["b", None, "a"], dtype="str"), ["a", "b", None]),
    "string[python]": (pd.Series(["b", None], dtype=pd.StringDtype("python")), ["b", None]),
    "string[pyarrow]": (pd.Series(["b", None], dtype=pd.StringDtype("pyarrow")), ["b", None]),
    "Int64": (pd.Series([10, None, 2], dtype="Int64"), [2, 10, None]),
    "int with a null": (pd.Series([10, None, 2]), [2, 10, None]),
    "boolean": (pd.Series([True, None, False], dtype="boolean"), [False, True, None]),
    "category": (pd.Categorical(["b", None, "a"], categories=["z", "b", "a"]), ["a", "b", None]),
    "category of which none is missing": (
        pd.Categorical(["b", "c", "a"], categories=["z", "c", "b", "a"]),
        ["a", "b", "c"],
    ),
    "category of int": (pd.Categorical([10, None, 2]), [2, 10, None]),
    "category of Period": (pd.Categorical(PERIODS), ["2025-12", "2026-03", None]),
    "datetime": (pd.to_datetime([TIME, None, BEFORE]), [BEFORE, TIME, None]),
    "datetime in Berlin": (
        pd.to_datetime([TIME, None]).tz_localize("UTC").tz_convert("Europe/Berlin"),
        [TIME.replace(tzinfo=UTC), None],
    ),
    "Period[M]": (PERIODS, ["2025-12", "2026-03", None]),
    "Period[Q]": (pd.PeriodIndex(["2026Q1", "NaT", "2025Q4"], freq="Q"), ["2025-Q4", "2026-Q1", None]),
    "Period[Q-MAR]": (pd.PeriodIndex(["2026Q1", "2025Q4"], freq="Q-MAR"), ["FY2025-Q4", "FY2026-Q1"]),
    "Period[Y]": (pd.PeriodIndex(["2026", "NaT", "2025"], freq="Y"), ["2025", "2026", None]),
    "Categorical of Period": (
        pd.Categorical(pd.PeriodIndex(["2026Q1", "2025Q4"], freq="Q-MAR")),
        ["FY2025-Q4", "FY2026-Q1"],
    ),
    "object of Period": (pd.Series([pd.Period("2026-03"), None], dtype=object), ["2026-03", None]),
    "ArrowDtype string": (pd.Series(["b", None], dtype=pd.ArrowDtype(pa.string())), ["b", None]),
    "ArrowDtype dictionary": (
        pd.Series(["b", None], dtype=pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))),
        ["b", None],
    ),
    "ArrowDtype date": (pd.Series([DAY, None], dtype=pd.ArrowDtype(pa.date32())), [DAY, None]),
}


@pytest.mark.parametrize("kind", PANDAS_KEYS)
def test_pandas_keys_of_every_type_group_in_order(kind: str) -> None:
    values, expected = PANDAS_KEYS[kind]
    frame = pd.DataFrame(table_with(values))
    assert keys_of(frame) == expected
    assert keys_of(frame.iloc[::-1]) == expected


@pytest.mark.parametrize("frequency", ["M", "Q", "Y"])
def test_pandas_periods_are_the_same_by_way_of_arrow(frequency: str) -> None:
    frame = pd.DataFrame(table_with(pd.PeriodIndex(["2026-03-31", "NaT", "1969-12-31"], freq=frequency)))
    assert keys_of(pa.Table.from_pandas(frame)) == keys_of(frame)


def test_periods_of_other_lengths_are_the_same_or_refused_by_every_way() -> None:
    frame = pd.DataFrame(table_with(pd.PeriodIndex(["2026-01", "2026-03"], freq="2M")))

    def outcome(table: Any) -> Any:
        try:
            return keys_of(table)
        except sm.errors.ColumnTypeError as error:
            return error.kind

    assert outcome(frame) == outcome(pa.Table.from_pandas(frame))


#: Ways by which the same periods come.
PERIOD_ROUTES: dict[str, Callable[[pd.PeriodIndex], Any]] = {
    "a column of periods": lambda periods: pd.DataFrame(table_with(periods)),
    "a column of objects": lambda periods: pd.DataFrame(table_with(pd.Series(list(periods), dtype=object))),
    "Arrow": lambda periods: pa.Table.from_pandas(pd.DataFrame(table_with(periods))),
    "a mapping to an index": table_with,
    "a mapping to a series": lambda periods: table_with(pd.Series(periods)),
    "a mapping to a categorical": lambda periods: table_with(pd.Categorical(periods)),
    "a mapping to a list": lambda periods: table_with(list(periods)),
    "a mapping to objects": lambda periods: table_with(np.array(periods, dtype=object)),
}


@pytest.mark.parametrize("route", PERIOD_ROUTES)
@pytest.mark.parametrize(
    ("frequency", "first", "second"),
    [
        ("M", "2025-12", "2026-03"),
        ("Q", "2025-Q4", "2026-Q1"),
        ("Q-JAN", "FY2026-Q4", "FY2027-Q1"),
        ("Y", "2025", "2026"),
        ("Y-MAR", "FY2026", "FY2027"),
    ],
)
def test_periods_have_one_name_by_every_route(route: str, frequency: str, first: str, second: str) -> None:
    periods = pd.PeriodIndex([pd.Timestamp("2026-03-31"), pd.NaT, pd.Timestamp("2025-12-31")], freq=frequency)
    if frequency == "Y-MAR":
        periods = pd.PeriodIndex([pd.Timestamp("2026-04-01"), pd.NaT, pd.Timestamp("2025-12-31")], freq=frequency)
    assert keys_of(PERIOD_ROUTES[route](periods)) == [first, second, None]


@pytest.mark.parametrize("route", PERIOD_ROUTES)
@pytest.mark.parametrize("frequency", ["W", "D", "h", "3M", "2Q"])
def test_periods_of_other_lengths_are_refused_by_every_route(route: str, frequency: str) -> None:
    periods = pd.PeriodIndex([pd.NaT, pd.Timestamp("2025-12-31")], freq=frequency)
    with pytest.raises(sm.errors.ColumnTypeError):
        keys_of(PERIOD_ROUTES[route](periods))


@pytest.mark.parametrize("unit", ["3M", "10Y", "ps"])
def test_numpys_times_of_a_unit_that_is_no_period_and_no_instant_are_refused(unit: str) -> None:
    with pytest.raises(errors.ColumnTypeError, match=rf"datetime64\[{unit}\]"):
        keys_of(table_with(np.zeros(2, f"datetime64[{unit}]")))


@pytest.mark.parametrize("days", [2**31, 2**32, -(2**33)])
def test_days_beyond_32_bits_do_not_begin_anew(days: int) -> None:
    column = np.array([days, 0, "NaT"], "datetime64[D]")
    card = sm.scorecard(table_with(column), by="key")
    assert len(card) == 3
    assert card.to_arrow()["key"].cast("int64").to_pylist() == [*sorted([86_400 * days, 0]), None]
    with pytest.raises(errors.InvalidValueError, match="month"):
        sm.ledger({"customer_id": [1], "month": column[:1], "revenue": [1]})


@pytest.mark.parametrize("unit", ["h", "D", "s"])
def test_times_that_are_masked_are_never_looked_at(unit: str) -> None:
    times = np.ma.array(np.array([2**62, 20_000, 30_000], f"datetime64[{unit}]"), mask=[True, False, False])
    plain = np.array(["NaT", *times.data[1:]], f"datetime64[{unit}]")
    assert keys_of(table_with(times)) == keys_of(table_with(plain))


@pytest.mark.parametrize("unit", ["W", "h", "m", "D"])
def test_instants_beyond_64_bits_of_seconds_do_not_begin_anew(unit: str) -> None:
    with pytest.raises(errors.ColumnTypeError, match=rf"datetime64\[{unit}\] beyond the years of a s"):
        sm.scorecard(table_with(np.array([2**62, 0, 1], f"datetime64[{unit}]")), by="key")
    some = np.array(["2026-01-01", "2025-12-25", "NaT"], f"datetime64[{unit}]")
    assert len(keys_of(table_with(some))) == 3


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (dt.timezone(dt.timedelta(hours=5, minutes=30)), "+05:30"),
        (dt.timezone(-dt.timedelta(hours=3)), "-03:00"),
        (UTC, "UTC"),
        ("UTC+02:00", "+02:00"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("dateutil/Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_zones_of_pandas_are_named_as_arrow_names_them(zone: Any, name: str) -> None:
    times = pd.to_datetime(pd.Series([TIME, BEFORE, None])).dt.tz_localize(zone)
    frame = pd.DataFrame(table_with(times))
    card = sm.scorecard(frame, by="key")
    arrow = card.to_arrow()
    assert arrow.schema.field("key").type.tz == name
    expected = sorted(times.dropna())
    assert [time.timestamp() for time in arrow["key"].to_pylist()[:2]] == [time.timestamp() for time in expected]
    assert list(card.to_pandas()["key"].dropna()) == expected
    assert len(card + sm.scorecard(pa.Table.from_pandas(frame), by="key")) == 3


#: Columns in which nothing is, and whose type says nothing of what could be.
NOTHING: dict[str, Any] = {
    "object of None": pd.Series([None] * 3, dtype=object),
    "object of NaN": pd.Series([float("nan")] * 3, dtype=object),
    "object of NA": pd.Series([pd.NA] * 3, dtype=object),
    "float64": pd.Series([float("nan")] * 3),
    "float32": pd.Series([float("nan")] * 3, dtype="float32"),
    "category of object": pd.Series([None] * 3, dtype=object).astype("category"),
    "category of float64": pd.Series([float("nan")] * 3).astype("category"),
    "numpy's float64": np.full(3, np.nan),
    "a list": [None] * 3,
}
#: Keys of which a part has none.
SOMETHING: dict[str, Any] = {
    "text": ["b", "a", "a"],
    "int": [2, 1, 1],
    "float": [2.0, 1.0, float("nan")],
    "bool": [True, False, True],
    "date": [DAY, EARLIER, DAY],
    "datetime": pd.to_datetime([TIME, BEFORE, TIME]),
    "Period": pd.PeriodIndex(["2026-03", "2025-12", "2025-12"], freq="M"),
}


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("something", SOMETHING)
def test_a_part_whose_keys_are_all_missing_merges_with_keys_of_any_type(nothing: str, something: str) -> None:
    missing, there = (
        sm.scorecard(pd.DataFrame(table_with(keys[kind])), by="key")
        for keys, kind in ((NOTHING, nothing), (SOMETHING, something))
    )
    assert sm.scorecard(table_with(NOTHING[nothing]), by="key") == missing
    assert missing.to_arrow().schema.field("key").type == pa.string()
    assert list(missing["adoption_rate"]) == [None]
    both = sm.merge([missing, there])
    assert both == sm.merge([there, missing])
    assert both.to_arrow().schema == there.to_arrow().schema
    assert both["adoption_rate"][None].denominator == 6 + (2 if something == "float" else 0)
    assert sm.Scorecard.from_json(both.to_json()) == both


def test_a_type_that_says_what_keys_are_is_that_of_missing_ones_too() -> None:
    for dtype, expected in (("Int64", "int64"), ("boolean", "bool"), ("string", "string"), ("Float64", "int64")):
        frame = pd.DataFrame(table_with(pd.array([None, None], dtype=dtype)))  # type: ignore[call-overload] # any name of a type
        assert str(sm.scorecard(frame, by="key").to_arrow().schema.field("key").type) == expected
    # NaN means nothing in particular here
    arrow = pa.table(table_with(pa.array([None, None], pa.float64())))
    assert sm.scorecard(arrow, by="key").to_arrow().schema.field("key").type == pa.int64()


def test_keys_that_are_missing_for_long_have_the_type_of_those_that_are_there() -> None:
    rows = 300_000
    for last in (7.0, float("nan")):
        keys = np.full(rows, np.nan)
        keys[-1] = last
        frame = {"key": keys, "milestones_met": np.ones(rows, int), "milestones_total": np.full(rows, 2)}
        card = sm.scorecard(frame, by="key")
        kind = card.to_arrow().schema.field("key").type
        assert kind == (pa.int64() if last == 7 else pa.string())
        assert list(card["adoption_rate"]) == ([7, None] if last == 7 else [None])


def test_several_keys_sort_one_after_another_with_null_last_in_each(as_frame: MakeFrame) -> None:
    columns: dict[str, list[Any]] = {
        "plan": ["pro", None, "basic", "pro", "basic", None],
        "tier": [10, 1, None, 2, 2, None],
        "active": [True, False, True, None, False, True],
        "milestones_met": [1] * 6,
        "milestones_total": [2] * 6,
    }
    card = sm.scorecard(as_frame(columns), by=["plan", "tier", "active"], metrics=["adoption_rate"])
    assert list(card["adoption_rate"]) == [
        ("basic", 2, False),
        ("basic", None, True),
        ("pro", 2, None),
        ("pro", 10, True),
        (None, 1, False),
        (None, None, True),
    ]
    reordered = sm.scorecard(as_frame(columns), by=["tier", "plan"], metrics=["adoption_rate"])
    assert list(reordered["adoption_rate"]) == [
        (1, None),
        (2, "basic"),
        (2, "pro"),
        (10, "pro"),
        (None, "basic"),
        (None, None),
    ]


def test_texts_sort_by_code_point_and_stay_as_they_are(as_frame: MakeFrame) -> None:
    texts = ["\U0001f600", "ä", "a", "Z", "", "a\u202eb", "\uffff", "a b", "a" * 200_000]
    columns: dict[str, list[Any]] = {"key": [*texts, None], "reached_goal": [True] * (len(texts) + 1)}
    card = sm.scorecard(as_frame(columns), by="key")
    assert list(card["success_rate"]) == [*sorted(texts), None]


def test_a_text_with_a_nul_is_another_key_than_without() -> None:
    for table in (
        pa.table(table_with(["a", "a\0", "a\0b"])),
        pl.DataFrame(table_with(["a", "a\0", "a\0b"])),
        table_with(np.array(["a", "a\0", "a\0b"], object)),
        pd.DataFrame(table_with(["a", "a\0", "a\0b"])),
    ):
        assert keys_of(table) == ["a", "a\0", "a\0b"]


def test_instants_that_differ_by_a_nanosecond_are_two_groups_everywhere() -> None:
    instants = np.array(["2026-01-01T00:00:00.000000001", "2026-01-01T00:00:00.000000002"], "M8[ns]")
    card = sm.scorecard(table_with(instants), by="key", metrics=["adoption_rate"])
    assert card.to_arrow()["key"].cast(pa.int64()).to_pylist() == instants.astype("i8").tolist()
    assert card.to_pandas()["key"].nunique() == 2
    assert len(card["adoption_rate"]) == 2


def test_instants_of_any_unit_stay_apart_or_are_refused() -> None:
    hundredths = np.array(["2026-01-01T00:00:00.01", "2026-01-01T00:00:00.02"], "M8[10ms]")
    assert len(keys_of(table_with(hundredths))) == 2
    picoseconds = np.array([1_000_000, 2_000_000]).view("M8[ps]")
    with pytest.raises(sm.errors.ColumnTypeError, match="ps"):
        sm.scorecard(table_with(picoseconds), by="key")
    objects = np.array([pd.Timestamp(1, unit="ns"), pd.Timestamp(2, unit="ns"), None], object)
    assert len(sm.scorecard(table_with(objects), by="key")) == 3


def test_dates_that_python_cannot_hold_are_our_error() -> None:
    card = sm.scorecard(table_with(np.array(["12026-01-01", "2026-01-01"], "M8[D]")), by="key")
    assert len(card.to_arrow()) == 2
    with pytest.raises(sm.SvcMetricsError):
        card["adoption_rate"]


def test_instants_with_and_without_a_zone_are_not_mixed() -> None:
    naive, aware = TIME, TIME.replace(tzinfo=UTC)
    with pytest.raises(sm.errors.ColumnTypeError):
        sm.scorecard(table_with(np.array([naive, aware], object)), by="key")
    assert keys_of(table_with(np.array([aware, None], object))) == [aware, None]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.5, 2.0]),
        pa.array([float("inf"), 2.0]),
        pa.array([b"a", b"b"]),
        pa.array([[1], [2]]),
        pa.array([{"a": 1}, {"a": 2}]),
        pa.array([Decimal("1.5"), Decimal(2)]),
        pa.array([dt.time(1), dt.time(2)]),
        pa.array([dt.timedelta(1), dt.timedelta(2)]),
    ],
    ids=lambda array: str(array.type),
)
def test_values_that_are_no_keys_are_refused_by_name_and_type(values: pa.Array) -> None:
    with pytest.raises(sm.errors.ColumnTypeError) as caught:
        sm.scorecard(pa.table(table_with(values)), by="key")
    assert isinstance(caught.value, TypeError)
    assert (caught.value.column, caught.value.row) == ("key", 0)


def test_keys_of_one_column_are_of_one_type() -> None:
    for values in ([1, "a"], ["a", 1], [True, 1], [DAY, TIME], [DAY, "2026-03-01"]):
        with pytest.raises(sm.errors.ColumnTypeError) as caught:
            sm.scorecard(table_with(np.array(values, object)), by="key")
        assert (caught.value.column, caught.value.row) == ("key", 1)


def test_texts_that_are_no_unicode_are_refused_and_never_become_one() -> None:
    with pytest.raises(sm.SvcMetricsError):
        sm.scorecard(table_with(np.array(["\udc80", "\udc81"], object)), by="key")


# Identities


@pytest.mark.parametrize(
    "identities",
    [
        np.array([uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=1)], object),
        np.array([b"a", b"b", b"a"], object),
        np.array([1, "x", 1], object),
        np.array([1.5, 2.5, 1.5]),
        np.array([(1, "a"), (1, "b"), (1, "a"), None], object)[:3],
        np.array([10**40, 10**40 + 1, 10**40], object),
        pa.array([b"a", b"b", b"a"]),
        pa.array([Decimal(10) ** 20, Decimal(10) ** 20 + 1, Decimal(10) ** 20]),
    ],
    ids=lambda values: str(values.dtype if isinstance(values, np.ndarray) else values.type) + str(values[0])[:9],
)
def test_customers_are_told_apart_by_identities_of_any_type(identities: Any) -> None:
    def columns(rows: list[int]) -> Any:
        ones = [1] * len(rows)
        table = {"customer_id": identities.take(rows), "milestones_met": ones, "milestones_total": ones}
        return pa.table(table) if isinstance(identities, pa.Array) else table

    assert sm.scorecard(columns([0, 1])).unique == "checked"
    with pytest.raises(errors.DuplicateCustomerError) as caught:
        sm.scorecard(columns([0, 1, 2]))
    assert caught.value.row == 2
    scores = sm.health_scores(columns([0, 1, 2]), sm.HealthModel({"adoption_rate": 1}))
    found = [row["customer_id"] for row in scores]
    assert found[0] == found[2] != found[1]


def test_what_keys_may_be_is_said() -> None:
    table = {"k": np.array([uuid.UUID(int=1)], object), "milestones_met": [1], "milestones_total": [1]}
    with pytest.raises(errors.ColumnTypeError, match="text, whole numbers, booleans, dates"):
        sm.scorecard(table, by="k")


def test_float_keys_of_no_rows_are_numbers_as_those_of_some_are() -> None:
    frame = pd.DataFrame({"k": [1.0, 2.0], "is_new": [True, True], "onboarded": [True, False]})
    some, none = (sm.scorecard(part, by="k").to_arrow().schema.field("k").type for part in (frame, frame[:0]))
    assert str(some) == str(none) == "int64"

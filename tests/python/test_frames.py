"""Every kind of frame gives the same scorecard, the same error rows and the same messages."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import svcmetrics as sm
from frame_kinds import ArrayOnly, MakeFrame, StreamOnly, arrow_table, numpy_mapping, pandas_object

#: A table with every kind of column: keys with nulls, counts, flags, decimals, floats.
CUSTOMERS: dict[str, list[Any]] = {
    "region": ["south", None, "north", "south", None, "über", "north"],
    "tier": [1, 2, None, 1, 2, 3, 10],
    "is_new": [True, None, True, False, True, True, False],
    "onboarded": [True, True, False, None, False, True, None],
    "milestones_met": [1, None, 3, 0, 2, 2, 5],
    "milestones_total": [2, 4, 4, 0, 2, 2, 8],
    "reached_goal": [None, True, False, True, True, None, False],
    "service_minutes": [43200.0, 43200.5, None, 1440.0, 0.0, 100.1, 0.3],
    "downtime_minutes": [0.5, 43200.5, 1.0, None, 0.0, 0.1, 0.2],
    "revenue_start": [Decimal("1.50"), None, Decimal(2), Decimal(0), Decimal("19.99"), Decimal("0.000001"), Decimal(7)],
    "revenue_end": [Decimal("1.50"), None, Decimal(0), Decimal(7), Decimal("20.00"), Decimal(1), Decimal("6.999999")],
}


def scorecard(table: Any, **options: Any) -> sm.Scorecard:
    return sm.scorecard(table, by=["region", "tier"], **options)


def test_every_kind_of_frame_gives_the_same_scorecard(as_frame: MakeFrame) -> None:
    card, reference = scorecard(as_frame(CUSTOMERS)), scorecard(numpy_mapping(CUSTOMERS))
    assert card == reference
    assert card.to_json() == reference.to_json()
    assert card.tidy().rows() == reference.tidy().rows()
    assert card.measures().rows() == reference.measures().rows()


def test_the_figures_are_those_worked_out_by_hand(as_frame: MakeFrame) -> None:
    card = sm.scorecard(as_frame(CUSTOMERS))
    # New: rows 0, 2, 4, 5, of them onboarded 0 and 5; row 1 does not say whether it is new.
    assert (card["onboard_rate"].numerator, card["onboard_rate"].denominator) == (2, 4)
    assert (card["adoption_rate"].numerator, card["adoption_rate"].denominator) == (13, 18)
    # Complete rows 0, 1, 4, 5, 6: 86500.9 - 43201.3 minutes.
    availability = card["availability"]
    assert (availability.numerator, availability.denominator) == (Decimal("43299.6"), Decimal("86500.9"))
    assert card["revenue_start"].value == Decimal("30.490001")
    assert card["revenue_end"].value == Decimal("36.499999")


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [("milestones_met", 5, 3), ("is_new", 4, 2), ("service_minutes", 6, -0.5), ("revenue_start", 3, Decimal(-1))],
)
def test_an_invalid_value_is_named_in_the_same_words(as_frame: MakeFrame, column: str, row: int, value: Any) -> None:
    columns = {**CUSTOMERS, column: [*CUSTOMERS[column]]}
    if column == "is_new":
        columns[column] = [None if flag is None else int(flag) for flag in columns[column]]
    columns[column][row] = value
    with pytest.raises(sm.errors.InvalidValueError) as expected:
        scorecard(pandas_object(columns))
    with pytest.raises(sm.errors.InvalidValueError) as caught:
        scorecard(as_frame(columns))
    error, reference = caught.value, expected.value
    assert (error.column, error.row, error.count) == (column, row, 1)
    assert Decimal(str(error.value)) == Decimal(value)
    assert [found for found, _ in error.first] == [row]
    assert (error.metric, error.expected, error.hint) == (reference.metric, reference.expected, reference.hint)
    # A column of decimals writes them all with the same places, and one of floats whole numbers with none.
    assert message_without_value(error) == message_without_value(reference)


def message_without_value(error: sm.SvcMetricsError) -> str:
    return str(error).replace(f"found {error.value};", "found it;")


def test_absent_revenue_is_counted_alike(as_frame: MakeFrame) -> None:
    columns = {**CUSTOMERS, "revenue_end": [Decimal(1), None, None, Decimal(7), None, Decimal(1), Decimal(1)]}
    with pytest.raises(sm.errors.AbsentRevenueError) as caught:
        scorecard(as_frame(columns))
    assert (caught.value.column, caught.value.row, caught.value.count) == ("revenue_end", 2, 2)
    assert str(caught.value).startswith(
        "revenue is absent on one side in 2 rows ('revenue_start' alone in 0, 'revenue_end' alone in 2; first row 2)"
    )
    with pytest.raises(sm.errors.AbsentRevenueError, match=r"on one side in 1 row \("):
        scorecard(as_frame({**CUSTOMERS, "revenue_end": [Decimal(1), None, *[Decimal(7)] * 3, None, Decimal(1)]}))
    gone = sm.scorecard(as_frame(columns), absent_revenue="zero")
    assert gone["revenue_churn"].value == Decimal("21.99")
    kept = sm.scorecard(as_frame(columns), absent_revenue="missing")
    assert kept["revenue_churn"].value == 0


def test_a_duplicate_is_found_in_every_kind_of_frame(as_frame: MakeFrame) -> None:
    columns = {**CUSTOMERS, "customer_id": ["a", "b", "c", "d", "b", None, None]}
    with pytest.raises(sm.errors.DuplicateCustomerError) as caught:
        sm.scorecard(as_frame(columns), unique="customer_id")
    assert (caught.value.column, caught.value.value, caught.value.row, caught.value.count) == ("customer_id", "b", 4, 1)
    assert "rows 1 and 4" in str(caught.value)


def test_customers_are_checked_by_themselves_where_the_table_is_in_memory() -> None:
    columns = {"customer_id": [1, 1], "milestones_met": [1, 1], "milestones_total": [2, 2]}
    in_memory = [pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns), numpy_mapping(columns)]
    for table in in_memory:
        with pytest.raises(sm.errors.DuplicateCustomerError):
            sm.scorecard(table)
    table = arrow_table(columns)
    for stream in (table.to_reader(), StreamOnly(table), duckdb.from_arrow(table)):
        card = sm.scorecard(stream)
        assert (card.unique, card["adoption_rate"].denominator) == ("unknown", 4)


def test_a_table_of_no_rows_has_a_complete_result(as_frame: MakeFrame) -> None:
    empty: dict[str, list[Any]] = {name: [] for name in CUSTOMERS}
    card = sm.scorecard(as_frame(empty))
    full = sm.scorecard(as_frame(CUSTOMERS))
    assert card.metrics == full.metrics
    assert (len(card), card.wide().rows()[0][0]) == (1, 0)
    assert card["adoption_rate"].undefined_reason == card["revenue_churn"].undefined_reason == "no_rows"
    grouped = scorecard(as_frame(empty))
    assert len(grouped) == 0
    assert grouped.wide().columns == ["region", "tier", "rows", *full.metrics]
    assert grouped.to_arrow().schema.field("revenue_end").type == pa.decimal128(38, 6)


def test_columns_of_nulls_alone_are_all_missing(as_frame: MakeFrame) -> None:
    nothing: dict[str, list[Any]] = {name: [None] * 3 for name in CUSTOMERS}
    card = scorecard(as_frame(nothing))
    assert list(card["adoption_rate"]) == [(None, None)]
    for metric in ("adoption_rate", "onboard_rate", "revenue_end", "availability"):
        assert card[metric][None, None].undefined_reason == "all_missing"
    assert card.quality.metrics["revenue_end"]["missing"] == 3


def test_a_groupby_brings_its_keys() -> None:
    frame = pandas_object(CUSTOMERS)
    reference = sm.scorecard(frame, by=["region", "tier"])
    assert sm.scorecard(frame.groupby(["region", "tier"])) == reference
    assert sm.scorecard(frame.groupby("region", dropna=False)) == sm.scorecard(frame, by="region")
    assert sm.scorecard(frame.groupby("region"), by="tier") == sm.scorecard(frame, by="tier")
    with pytest.raises(sm.errors.UnsupportedTableError, match="group by names of columns"):
        sm.scorecard(frame.groupby(lambda row: row % 2))
    selected = ["milestones_met", "milestones_total"]
    of_selected = sm.scorecard(frame[["region", *selected]], by="region")
    assert of_selected.metrics != sm.scorecard(frame, by="region").metrics
    assert sm.scorecard(frame.groupby("region")[selected]) == of_selected
    assert sm.scorecard(frame.groupby("region")[[*selected, "region"]]) == of_selected


def test_a_pandas_index_is_no_column() -> None:
    frame = pd.DataFrame({"milestones_met": [1, 2], "milestones_total": [2, 2]}, index=pd.Index([7, 8], name="region"))
    assert sm.scorecard(frame)["adoption_rate"].numerator == 3
    with pytest.raises(sm.errors.ColumnNotFoundError):
        sm.scorecard(frame, by="region")


def test_pandas_rows_are_named_by_position_and_not_by_index() -> None:
    frame = pd.DataFrame({"milestones_met": [1, 9], "milestones_total": [2, 2]}, index=[70, 80])
    with pytest.raises(sm.errors.InvalidValueError) as caught:
        sm.scorecard(frame)
    assert caught.value.row == 1


def test_nan_is_missing_in_pandas_and_numpy_and_an_error_elsewhere() -> None:
    columns = {"service_minutes": [10.0, float("nan")], "downtime_minutes": [1.0, 1.0]}
    for table in (pd.DataFrame(columns), {name: np.array(values) for name, values in columns.items()}):
        quality = sm.scorecard(table).quality.metrics["availability"]
        assert (quality["counted"], quality["missing"]) == (1, 1)
        with pytest.raises(sm.errors.NotANumberError):
            sm.scorecard(table, nan="error")
    for table in (pl.DataFrame(columns), pa.table(columns), duckdb.from_arrow(pa.table(columns))):
        with pytest.raises(sm.errors.NotANumberError) as caught:
            sm.scorecard(table)
        assert (caught.value.column, caught.value.row, caught.value.count) == ("service_minutes", 1, 1)
        assert sm.scorecard(table, nan="null").quality.metrics["availability"]["missing"] == 1


def test_chunks_of_a_polars_frame_are_read_one_by_one_and_not_joined() -> None:
    rows, bad = 5_000, 17
    part = {"region": ["north", None] * (rows // 2), "milestones_met": [1, 2] * (rows // 2)}
    chunks = [pl.DataFrame({**part, "milestones_total": [total] * rows}) for total in (2, 3, 4)]
    frame = pl.concat(chunks, rechunk=False)
    card = sm.scorecard(frame, by="region")
    assert frame.n_chunks() == len(chunks)
    assert card == sm.scorecard(frame.rechunk(), by="region")
    figure = card["adoption_rate"]["north"]
    assert (figure.numerator, figure.denominator) == (3 * rows // 2, (2 + 3 + 4) * rows // 2)
    # Rows are counted over all chunks, and columns in different chunks are read as well.
    met = frame["milestones_met"].to_list()
    met[rows + bad] = 9
    uneven = frame.with_columns(
        pl.concat([pl.Series("milestones_met", met[:bad]), pl.Series(met[bad:])], rechunk=False)
    )
    even = pl.concat([uneven.rechunk()[:rows], uneven.rechunk()[rows:]], rechunk=False)
    for wrong in (uneven, even):
        with pytest.raises(sm.errors.InvalidValueError) as found:
            sm.scorecard(wrong)
        assert (found.value.row, found.value.column) == (rows + bad, "milestones_met")
    scores = sm.health_scores(frame, explain=False).to_polars()
    assert len(scores) == len(frame)


def test_rows_are_counted_over_all_chunks_and_batches() -> None:
    met = pa.chunked_array([[1, 1], [1], [], [1, 9, 9]])
    table = pa.table({"milestones_met": met, "milestones_total": pa.chunked_array([[2, 2, 2, 2, 2, 2]])})
    for source in (table, table.to_reader(max_chunksize=1), StreamOnly(table)):
        with pytest.raises(sm.errors.InvalidValueError) as caught:
            sm.scorecard(source)
        assert (caught.value.row, caught.value.count, caught.value.first) == (4, 2, [(4, "9"), (5, "9")])


def test_the_input_is_untouched_and_let_go() -> None:
    met = np.array([1, 2, 3])
    met.setflags(write=False)
    table = {"milestones_met": met, "milestones_total": np.array([4, 4, 4])}
    card = sm.scorecard(table)
    assert card["adoption_rate"].numerator == 6
    assert (met.tolist(), table["milestones_total"].tolist()) == ([1, 2, 3], [4, 4, 4])
    gc.collect()
    table["milestones_total"].resize(6)  # numpy refuses while anybody else holds the array
    assert len(table["milestones_total"]) == 6


def test_an_object_with_an_answer_to_any_name_is_a_table_if_it_has_a_stream() -> None:
    class Obliging:
        def __getattr__(self, name: str) -> None:
            return None

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return pa.table({"milestones_met": [1], "milestones_total": [2]}).__arrow_c_stream__()

    assert sm.scorecard(Obliging())["adoption_rate"].value == 0.5


def test_one_record_batch_is_a_table() -> None:
    batch = pa.record_batch({"milestones_met": [1, 2], "milestones_total": [2, 2]})
    for table in (batch, ArrayOnly(batch)):
        assert sm.scorecard(table)["adoption_rate"].value == 0.75


@pytest.mark.parametrize(
    "dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">i4", ">f8"], ids=str
)
def test_numbers_of_every_width_and_byte_order_are_read(dtype: str) -> None:
    table = {"milestones_met": np.array([1, 2, 3], dtype), "milestones_total": np.array([4, 5, 6], dtype)}
    figure = sm.scorecard(table)["adoption_rate"]
    assert (figure.numerator, figure.denominator) == (6, 15)
    strided = {name: np.repeat(values, 2)[::2] for name, values in table.items()}
    assert sm.scorecard(strided)["adoption_rate"] == figure


#: Columns of a mapping that are no numpy arrays, by how one is made of a list.
COLUMN_KINDS: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "polars": pl.Series,
    "polars in chunks": lambda values: pl.concat(
        [pl.Series([value], dtype=pl.Int64) for value in values], rechunk=False
    ),
    "pandas Int64": lambda values: pd.Series(values, dtype="Int64"),
    "pandas array": lambda values: pd.array(values, dtype="Int64"),
    "pandas Index": lambda values: pd.Index(values, dtype="Int64"),
    "pandas of Arrow": lambda values: pd.Series(values, dtype=pd.ArrowDtype(pa.int64())),
    "pyarrow": pa.array,
    "pyarrow in chunks": lambda values: pa.chunked_array([[value] for value in values], pa.int64()),
}


@pytest.mark.parametrize("kind", COLUMN_KINDS)
def test_large_whole_numbers_of_a_mapping_keep_their_digits(kind: str) -> None:
    large = 2**60 + 1
    columns = {"cases": [large, None, 1], "defect_cases": [large - 2, 0, None]}
    card = sm.scorecard({name: COLUMN_KINDS[kind](values) for name, values in columns.items()})
    assert (card["defect_share"].numerator, card["defect_share"].denominator) == (large - 2, large)
    assert card.quality.metrics["defect_share"]["missing"] == 2
    keyed = {"key": COLUMN_KINDS[kind]([large, large - 1, None]), "reached_goal": [True] * 3}
    assert list(sm.scorecard(keyed, by="key")["success_rate"]) == [large - 1, large, None]


def test_large_whole_numbers_beside_floats_keep_their_digits() -> None:
    card = sm.scorecard({"service_minutes": [2**53 / 2**13 + 0.5, 2**43 - 1], "downtime_minutes": [0, 0]})
    assert card["availability"].numerator == 2**40 + 2**43 - 1 + Decimal("0.5")
    assert sm.scorecard({"cases": [2**60 + 1, 1.0], "defect_cases": [0, 0]})["defect_share"].denominator == 2**60 + 2


@pytest.mark.parametrize("beside", [2.0, float("nan"), np.uint64(5)])
def test_large_whole_numbers_of_numpy_in_a_list_keep_their_digits(beside: Any) -> None:
    ids = [np.int64(2**60 + 1), np.int64(2**60), beside]
    table = {"customer_id": ids, "key": ids, "reached_goal": [True, False, True]}
    assert len(sm.scorecard(table, by="key")) == 3
    assert 2**60 + 1 in sm.scorecard(table, by="key")["success_rate"]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_columns_of_a_mapping_may_be_of_every_type_in_chunks(library: str) -> None:
    columns: dict[str, list[Any]] = {
        "region": ["a", None, "b", "a"],
        "is_new": [True, None, True, True],
        "onboarded": [True, False, False, True],
        "revenue_start": [Decimal("0.000001"), None, Decimal(2), Decimal(3)],
        "revenue_end": [Decimal(1), None, Decimal(2), Decimal(3)],
        "loss_reason": [None] * 4,
    }

    def chunked(values: list[Any]) -> Any:
        arrow = pa.array(values)
        if library == "pyarrow":
            encoded = arrow.dictionary_encode() if pa.types.is_string(arrow.type) else arrow
            return pa.chunked_array([encoded.slice(0, 1), encoded.slice(1, 0), encoded.slice(1)])
        return pl.concat([pl.Series(arrow[:1]), pl.Series(arrow[1:])], rechunk=False)

    card = sm.scorecard({name: chunked(values) for name, values in columns.items()}, by="region")
    assert card == sm.scorecard(arrow_table(columns), by="region")


def test_decimals_of_any_precision_and_scale_are_read() -> None:
    for kind in (pa.decimal32(5, 2), pa.decimal64(12, 4), pa.decimal128(38, 10), pa.decimal128(7, -1)):
        value = Decimal("120")
        table = pa.table({"revenue_start": pa.array([value, None], kind), "revenue_end": pa.array([value, None], kind)})
        assert sm.scorecard(table)["revenue_end"].value == 120, kind


def test_lazy_frames_are_told_how_to_become_tables() -> None:
    with pytest.raises(sm.errors.UnsupportedTableError, match=r"\.collect\(\)"):
        sm.scorecard(pl.LazyFrame({"milestones_met": [1]}))
    for thing in (3, None, "table.csv", [1, 2], pl.Series([1]), pd.Series([1]), pa.array([1])):
        with pytest.raises(sm.errors.UnsupportedTableError) as caught:
            sm.scorecard(thing)
        assert isinstance(caught.value, TypeError)
        assert caught.value.kind == "unsupported_table"
    for column in (True, None, "abc", np.array(1), iter([1])):
        with pytest.raises(sm.errors.UnsupportedTableError, match="column 'is_new'") as caught:
            sm.scorecard({"is_new": column, "onboarded": [False]})
        assert caught.value.kind == "unsupported_table"
    with pytest.raises(sm.errors.UnsupportedTableError, match="differ in length"):
        sm.scorecard({"milestones_met": [1], "milestones_total": [1, 2]})
    with pytest.raises(sm.errors.UnsupportedTableError, match="dimensions"):
        sm.scorecard({"milestones_met": np.ones((1, 1)), "milestones_total": np.ones(1)})


def test_numbers_in_arrows_rarer_layouts_are_the_same_by_every_way() -> None:
    table = pa.table(
        {"key": ["b", "b", None, "a"], "milestones_met": [1, None, 2, 2], "milestones_total": [2, 2, 2, 4]}
    )
    expected = sm.scorecard(table, by="key")
    runs = [pc.run_end_encode(column.combine_chunks(), pa.int16()) for column in table.columns]
    halves = [
        table["key"],
        *(pa.array(table[name].to_numpy().astype(np.float16), from_pandas=True) for name in table.column_names[1:]),
    ]
    wide = [table["key"], *(table[name].cast(pa.decimal256(76, 6)) for name in table.column_names[1:])]
    for columns in (runs, halves, wide):
        same = pa.table(columns, names=table.column_names)
        pieces = pa.concat_tables([same.slice(0, 1), same.slice(1, 2), same.slice(3)])
        by_name = dict(zip(same.column_names, same.columns, strict=True))
        for way in (same, pieces, StreamOnly(same), by_name, {**by_name, "key": table["key"]}):
            assert sm.scorecard(way, by="key") == expected
        # all but the first of two rows of a run
        assert sm.scorecard(same.slice(1), by="key") == sm.scorecard(table.slice(1), by="key")
        empty = sm.scorecard(same.schema.empty_table(), by="key").to_arrow()
        assert empty.schema == expected.to_arrow().schema
    large = pa.table({"service_cost": pa.array([1, 10**60], pa.decimal256(76, 0))})
    with pytest.raises(sm.errors.OutOfRangeError, match=f"row 1: .*{10**60}"):
        sm.scorecard(large)


def test_an_error_of_nan_is_one_in_a_series_of_a_mapping_too() -> None:
    table = {"nps_score": pd.Series([1.0, float("nan")])}
    for way in (table, pd.DataFrame(table)):
        assert sm.scorecard(way)["nps"].denominator == 1
        with pytest.raises(sm.errors.NotANumberError, match="row 1"):
            sm.scorecard(way, nan="error")


@pytest.mark.parametrize("rows", [1, 8, 100, 3_000, 70_000])
def test_what_is_in_memory_where_a_boolean_of_pandas_is_null_is_never_looked_at(rows: int) -> None:
    # pandas writes nothing there, so that anything may stand there
    missing = np.arange(rows) % 3 == 1
    truth = np.arange(rows) % 2
    written = np.where(missing, np.arange(rows) * 37 % 256, truth).astype("uint8")
    flags = pd.arrays.BooleanArray(written.view("bool"), missing)
    expected = [None if nothing else bool(true) for nothing, true in zip(missing, truth, strict=True)]
    metrics = ["service_coverage", "upgrade_rate"]
    columns = ("has_service_contract", "is_subscriber", "upgraded")
    for by in (None, "has_service_contract"):
        for table in (pd.DataFrame(dict.fromkeys(columns, flags)), dict.fromkeys(columns, flags)):
            card = sm.scorecard(table, by=by, metrics=metrics)
            assert (
                card.tidy().rows()
                == sm.scorecard(dict.fromkeys(columns, expected), by=by, metrics=metrics).tidy().rows()
            )


def test_every_byte_but_0_is_true_in_an_array_of_booleans_as_numpy_has_it() -> None:
    odd = np.array([2, 0, 255, 1, 0, 128] * 200, dtype="uint8").view("bool")
    for flags in (odd, odd[:6], odd[::2], odd[:0]):
        for table in ({"has_service_contract": flags}, pd.DataFrame({"has_service_contract": flags})):
            figure = sm.scorecard(table)["service_coverage"]
            assert (figure.numerator, figure.denominator) == (
                (None, None) if not len(flags) else (np.count_nonzero(flags), len(flags))
            )
        if len(flags):
            card = sm.scorecard({"on": flags, "nps_score": np.ones(len(flags))}, by="on")
            assert card.to_arrow()["on"].to_pylist() == [False, True]


@pytest.mark.parametrize("rows", [6, 1_200, 72_000])
def test_every_byte_but_0_is_true_in_a_mask_as_numpy_has_it(rows: int) -> None:
    odd = np.resize(np.array([2, 0, 255, 1, 0, 128], dtype="uint8"), rows).view("bool")
    even = odd.astype("uint8") != 0
    assert np.count_nonzero(odd) == np.count_nonzero(even) == 4 * rows // 6

    def tables(mask: Any) -> Iterator[dict[str, Any]]:
        numbers, truth, days = np.arange(rows) % 5, np.arange(rows) % 2 == 0, np.arange(rows) % 7
        yield {"key": pd.arrays.IntegerArray(numbers, mask)}
        yield {"key": pd.arrays.BooleanArray(truth, mask)}
        yield {"key": np.ma.MaskedArray(numbers, mask)}
        for unit in ("D", "s"):
            yield {"key": np.ma.MaskedArray(days.view(f"datetime64[{unit}]"), mask)}
        yield {"tenure_months": pd.arrays.FloatingArray(numbers / 4, mask)}
        yield {"has_service_contract": pd.arrays.BooleanArray(truth, mask)}

    for one, other in zip(tables(odd), tables(even), strict=True):
        by = "key" if "key" in one else None
        rest = {"nps_score": np.ones(rows)}
        card = sm.scorecard({**one, **rest}, by=by)
        assert card == sm.scorecard({**other, **rest}, by=by)
        if by:
            assert card["nps"][None].denominator == 4 * rows // 6
        if not isinstance(next(iter(one.values())), np.ma.MaskedArray):
            assert sm.scorecard(pd.DataFrame({**one, **rest}), by=by) == card


@pytest.mark.parametrize("rows", [2, 2_000])
def test_arrays_at_odd_places_of_other_bytes_are_read(rows: int) -> None:
    def odd(values: list[float], dtype: str) -> Any:
        array = np.frombuffer(b"\0" + np.array(values, dtype).tobytes(), dtype, offset=1)
        assert not array.flags.aligned
        return array

    met, start = [1, 2] * (rows // 2), [0.1, 20.5] * (rows // 2)
    table = {"milestones_met": odd(met, "int16"), "revenue_start": odd(start, "float64")}
    table |= {"milestones_total": odd(met, "int64"), "revenue_end": odd(start, "float32")}
    plain = {name: np.array(values) for name, values in table.items()}
    for frame in (dict, pd.DataFrame):
        assert sm.scorecard(frame(table)) == sm.scorecard(plain)


@pytest.mark.parametrize("rows", [1, 100])
def test_thousands_of_chunks_in_memory_are_one_table(rows: int) -> None:
    count = 2_500 * rows
    names = [f"region {row * 7 % 40}" for row in range(count)]
    met = [row % 6 for row in range(count)]
    table = pa.table({"region": names, "milestones_met": met, "milestones_total": [4] * count})
    # each chunk has a dictionary of its own
    chunks = pa.chunked_array([pa.array(names[at : at + rows]).dictionary_encode() for at in range(0, count, rows)])
    cut = pa.Table.from_batches(table.to_batches(max_chunksize=rows)).set_column(0, "region", chunks)
    assert cut.column(1).num_chunks == 2_500
    with pytest.raises(sm.errors.InvalidValueError, match=r"row 5\b"):
        sm.scorecard(cut, by="region")
    found = sm.scorecard(cut, by="region", on_invalid="skip")
    assert found == sm.scorecard(table, by="region", on_invalid="skip")
    assert found == sm.scorecard(cut.to_reader(), by="region", on_invalid="skip")
    whole = found.rollup()["adoption_rate"]
    counted = [value for value in met if value <= 4]
    assert isinstance(whole, sm.Figure)
    assert (whole.numerator, whole.denominator) == (sum(counted), 4 * len(counted))
    late = table.set_column(1, "milestones_met", pa.array([1] * (count - 1) + [9]))
    with pytest.raises(sm.errors.InvalidValueError, match=rf"row {count - 1}\b"):
        sm.scorecard(pa.Table.from_batches(late.to_batches(max_chunksize=rows)))

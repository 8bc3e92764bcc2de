"""Requests made ready for the next call, which only its time may tell; and the ways into a pandas frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import svcmetrics as sm
from svcmetrics import _svcmetrics, tables
from svcmetrics.options import options_for

COLUMNS: dict[str, list[Any]] = {
    "plan": ["a", "b", "a", None],
    "customer_id": [1, 2, 3, 4],
    "milestones_met": [1, 2, 0, 3],
    "milestones_total": [4, 2, 0, 3],
    "is_new": [True, False, True, True],
    "onboarded": [True, True, False, True],
    "revenue_start": [100.0, 0.0, 12.345, 8.0],
    "revenue_end": [110.5, 20.0, 0.0, 8.0],
    "tenure_months": [1, 13, 40, 2],
}
#: The same rows under other names, in another order, of other types, with something wrong, with something missing.
TABLES: list[Any] = [
    {name: np.array(values) for name, values in COLUMNS.items() if name != "plan"} | {"plan": COLUMNS["plan"]},
    {name: np.array(COLUMNS[name]) for name in reversed(COLUMNS) if name != "plan"},
    {name: np.array(values, dtype=float) for name, values in COLUMNS.items() if name != "plan"},
    {name: np.array([*values[:3], values[0]]) for name, values in COLUMNS.items() if name != "plan"},
    {name: np.array(values) for name, values in COLUMNS.items() if name not in ("plan", "revenue_end")},
    {name.replace("onboarded", "onborded"): np.array(values) for name, values in COLUMNS.items() if name != "plan"},
    pd.DataFrame(COLUMNS),
    pd.DataFrame(COLUMNS).rename(columns={"milestones_met": "milestones_total", "milestones_total": "milestones_met"}),
    pd.DataFrame(COLUMNS).groupby("plan"),
    pl.DataFrame(COLUMNS),
    pl.DataFrame(COLUMNS).with_columns(revenue_end=pl.Series([1.0, None, float("nan"), 2.0])),
]


def own(numerator: str) -> sm.Metric:
    """A metric of one id, whatever it is made of."""
    return sm.metric("own", numerator=numerator, denominator="milestones_total")


OPTIONS: dict[str, list[Any]] = {
    "by": [None, [], "plan", ["plan"], ("plan",), sm.bins("tenure_months", [0, 12], name="tenure"), 3, ["nothing"]],
    "metrics": [
        None,
        ["adoption_rate"],
        ("adoption_rate",),
        "adoption_rate",
        ["adoption_rate", "onboard_rate"],
        ["onboard_rate", "adoption_rate"],
        ["adoption_rate", own("milestones_met")],
        ["adoption_rate", own("tenure_months")],
        own("tenure_months"),
        ["no_such_metric"],
        ["customer_health"],
    ],
    "define": [(), own("milestones_met"), [own("tenure_months")]],
    "columns": [
        None,
        {},
        {"revenue_start": "revenue_end"},
        {"revenue_start": sm.column("revenue_end", unit="cents")},
        {"revenue_start": sm.column("revenue_end", unit="hours")},
        {"revenue_start": ("revenue_end", None)},
        {"customer_id": "tenure_months"},
        {"revenue_start": "nowhere"},
    ],
    "health": [None, sm.HealthModel({"adoption_rate": 1}), sm.HealthModel({"onboard_rate": 2, "adoption_rate": 1}), 1],
    "absent_revenue": [None, "zero", "missing", "none"],
    "on_invalid": ["raise", "skip"],
    "money": ["auto", "round", "exact"],
    "scale": [6, 2, 1, True, 6.0, "6", -1],
    "nan": [None, "null", "error"],
    "unique": [None, False, "customer_id", "tenure_months"],
    "spread": [False, True, 0, 1],
    "csat_satisfied_from": [None, 4, 4.0, "4", Decimal(4), math.nan],
    "max_groups": [10_000_000, 1, 1.0],
}


def outcome(call: Callable[[], sm.Scorecard]) -> object:
    """The card and what stands beside it, or the error and all that it says."""
    try:
        card = call()
    except Exception as error:
        return type(error), str(error), {k: v for k, v in vars(error).items() if k != "__notes__"}
    return card.to_json(), card.wide().rows(), card.not_measured, card.unique


def unready(table: Any, **options: Any) -> sm.Scorecard:
    """The scorecard by the long way, on which nothing is kept."""
    found = tables.incoming(table)
    builder = _svcmetrics.Builder(options_for(found, **{"unique": None, **options}))
    builder.add(found.source)
    return sm.Scorecard(builder.finish())


asked = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in OPTIONS.items()})


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, len(TABLES) - 1), asked), min_size=1, max_size=8))
@pytest.mark.filterwarnings("ignore::svcmetrics.NearMissWarning")
def test_no_request_is_taken_for_another(calls: list[tuple[int, dict[str, Any]]]) -> None:
    for place, options in calls * 2:
        table = TABLES[place]
        expected = outcome(lambda: unready(table, **options))  # noqa: B023
        assert outcome(lambda: sm.scorecard(table, **options)) == expected  # noqa: B023


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.filterwarnings("ignore::svcmetrics.NearMissWarning")
def test_neighbouring_requests_are_told_apart(name: str) -> None:
    for table in TABLES:
        for value in OPTIONS[name] * 2:
            expected = outcome(lambda: unready(table, **{name: value}))  # noqa: B023
            assert outcome(lambda: sm.scorecard(table, **{name: value})) == expected  # noqa: B023


def test_what_is_changed_after_a_call_is_asked_anew() -> None:
    table = TABLES[0]
    metrics, columns, by = ["adoption_rate"], {"revenue_start": "revenue_end"}, ["plan"]
    assert sm.scorecard(table, by=by, metrics=metrics, columns=columns).metrics == ["adoption_rate"]
    metrics[0] = "onboard_rate"
    assert sm.scorecard(table, by=by, metrics=metrics, columns=columns).metrics == ["onboard_rate"]
    metrics.append("revenue_start")
    assert sm.scorecard(table, metrics=metrics, columns=columns)["revenue_start"].value == Decimal("138.5")
    columns["revenue_start"] = "tenure_months"
    assert sm.scorecard(table, metrics=metrics, columns=columns)["revenue_start"].value == 56
    by[0] = "tenure_months"
    assert sm.scorecard(table, by=by, metrics=metrics).keys == ["tenure_months"]


def test_names_that_can_be_read_only_once_are_read_each_time() -> None:
    for _ in range(2):
        ids = (metric for metric in ["adoption_rate", "onboard_rate"])
        assert sm.scorecard(TABLES[0], metrics=ids).metrics == ["onboard_rate", "adoption_rate"]


def test_a_table_that_changes_is_read_again() -> None:
    table = {"milestones_met": np.array([1]), "milestones_total": np.array([4])}
    assert sm.scorecard(table)["adoption_rate"].value == 0.25
    table["milestones_met"][0] = 2
    assert sm.scorecard(table)["adoption_rate"].value == 0.5
    table["milestones_met"] = np.array([3.0])
    assert sm.scorecard(table)["adoption_rate"].value == 0.75
    frame = pd.DataFrame(table)
    assert sm.scorecard(frame)["adoption_rate"].value == 0.75
    frame.columns = ["milestones_total", "milestones_met"]
    with pytest.raises(sm.SvcMetricsError):
        sm.scorecard(frame)
    frame.columns = ["milestones_met", "milestones_met"]
    with pytest.raises(sm.errors.ColumnNotFoundError):
        sm.scorecard(frame, metrics=["adoption_rate"])


def test_an_option_that_is_wrong_leaves_a_stream_unread() -> None:
    reader = pl.DataFrame(COLUMNS).to_arrow().to_reader()
    with pytest.raises(sm.errors.InvalidOptionError):
        sm.scorecard(reader, money="never")
    assert sm.scorecard(reader, metrics=["adoption_rate"])["adoption_rate"].denominator == 9


@pytest.mark.filterwarnings("ignore::svcmetrics.NearMissWarning")
def test_threads_share_what_is_ready() -> None:
    calls = [
        (table, {"metrics": metrics, "scale": scale})
        for table in TABLES[:6]
        for metrics in OPTIONS["metrics"]
        for scale in (2, 6)
    ]
    expected = [outcome(lambda: unready(table, **options)) for table, options in calls]  # noqa: B023

    def work(offset: int) -> bool:
        places = [(offset * 7 + step) % len(calls) for step in range(3 * len(calls))]
        return all(
            outcome(lambda: sm.scorecard(calls[place][0], **calls[place][1])) == expected[place]  # noqa: B023
            for place in places
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def public_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on frames are read by what pandas says in public."""
    assert hasattr(pd.DataFrame, tables.PRIVATE)
    monkeypatch.setattr(tables, "PRIVATE", "no such name")
    monkeypatch.setattr(tables, "_masked", lambda array: (None, None))


NULLABLE = {
    "is_new": pd.array([True, None, False], dtype="boolean"),
    "onboarded": [True, None, True],
    "milestones_met": pd.array([1, None, 3], dtype="Int64"),
    "milestones_total": np.array([4, 4, 4], dtype="int16"),
    "downtime_minutes": pd.array([1.5, None, 3.0], dtype="Float64"),
    "service_minutes": [10.0, 20.0, math.nan],
    "plan": pd.Categorical(["b", None, "a"]),
    "region": pd.array(["x", None, "y"], dtype="str"),
    "kind": pd.array(["x", None, "y"], dtype="string"),
    "impact": ["positive", None, "negative"],
    "joined": pd.to_datetime(["2026-01-01", None, "2026-03-01"]),
    "seen": pd.to_datetime(["2026-01-01", None, "2026-03-01"]).tz_localize("Europe/Berlin"),
    "month": pd.PeriodIndex(["2026-01", None, "2026-03"], freq="M"),
    "rank": pd.array([3, None, 1], dtype="Int8"),
    "active": pd.array([True, None, True], dtype="boolean"),
}
KEYS = ["plan", "region", "kind", "impact", "joined", "seen", "month", "rank", "active", "is_new", "onboarded"]


@pytest.mark.parametrize("by", [[], *([key] for key in KEYS), KEYS])
def test_the_private_and_the_public_way_into_a_frame_give_the_same(
    by: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    private = outcome(lambda: sm.scorecard(pd.DataFrame(NULLABLE), by=by))
    grouped = outcome(lambda: sm.scorecard(pd.DataFrame(NULLABLE).groupby(by or ["plan"])))
    public_alone(monkeypatch)
    frame = pd.DataFrame(NULLABLE)
    assert outcome(lambda: sm.scorecard(frame, by=by)) == private
    assert outcome(lambda: sm.scorecard(frame.groupby(by or ["plan"]))) == grouped
    assert isinstance(private[0], str)  # type: ignore[index]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("milestones_met", pd.array([1, None, -3], dtype="Int64")),
        ("milestones_met", [1, None, "3"]),
        ("milestones_met", [True, None, True]),
        ("is_new", [True, None, 2]),
        ("is_new", [True, math.nan, "no"]),
        ("is_new", pd.array(["yes", None, "no"], dtype="str")),
        ("milestones_total", pd.array([4, None, 1], dtype="Float64")),
        ("joined", pd.array([1.5, None, 3.0], dtype="Float64")),
    ],
)
def test_both_ways_into_a_frame_give_the_same_errors(column: str, values: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {**NULLABLE, column: values}
    private = outcome(lambda: sm.scorecard(pd.DataFrame(columns), by=["joined"]))
    public_alone(monkeypatch)
    assert outcome(lambda: sm.scorecard(pd.DataFrame(columns), by=["joined"])) == private
    # of many columns a few are read one by one
    wide = pd.DataFrame({**columns, **{f"column_{place}": [0, 0, 0] for place in range(60)}})
    assert outcome(lambda: sm.scorecard(wide, by=["joined"])) == private
    assert isinstance(private[0], type)  # type: ignore[index]


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA])
def test_flags_in_objects_are_read_as_any_flags_are(missing: Any) -> None:
    new = [True, False, missing, True]
    as_objects = pd.DataFrame({"is_new": pd.Series(new, dtype=object), "onboarded": [True, True, False, False]})
    as_flags = as_objects.assign(is_new=pd.array([True, False, None, True], dtype="boolean"))
    assert sm.scorecard(as_objects) == sm.scorecard(as_flags)
    # A key is none of the columns that are read for flags only.
    assert sm.scorecard(as_objects, by="is_new") == sm.scorecard(as_flags, by="is_new")
    assert sm.scorecard(as_objects, columns={"milestones_met": "onboarded"}, metrics=["onboard_rate"]) == sm.scorecard(
        as_flags, columns={"milestones_met": "onboarded"}, metrics=["onboard_rate"]
    )


def test_a_group_of_a_frame_is_a_frame_like_any_other() -> None:
    frame = pd.DataFrame({**COLUMNS, "plan": ["a", "b", "a", "b"]})
    cards = frame.groupby("plan").apply(sm.scorecard)
    for plan, card in cards.items():
        assert card == sm.scorecard(frame[frame["plan"] == plan].drop(columns="plan").copy())

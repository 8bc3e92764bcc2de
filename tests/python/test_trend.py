"""Trends: figures beside those of other periods."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import svcmetrics as sm
from frame_kinds import MakeFrame
from svcmetrics import errors

COLUMNS = [
    *("period", "metric", "value", "previous", "change", "year_before", "change_on_year"),
    *("change_of_change", "direction"),
]
DAYS = [datetime.date(2025, 12, 1), datetime.date(2026, 1, 1), datetime.date(2026, 3, 1)]


def changes(table: Any, **options: Any) -> list[float | None]:
    card = sm.scorecard(table, by="period", metrics=["cost_per_customer"], **options)
    return [row["change"] for row in card.trend()]


def test_every_kind_of_frame_has_a_trend(as_frame: MakeFrame) -> None:
    table = {"period": ["2025-01", "2025-12", "2026-01", None], "service_cost": [1, 2, 5, 9]}
    frame = sm.scorecard(as_frame(table), by="period").trend(["cost_per_customer"])
    assert frame.columns == COLUMNS
    metric = "cost_per_customer"
    assert frame.rows() == [
        ("2025-01", metric, 1.0, None, None, None, None, None, None),
        ("2025-12", metric, 2.0, None, None, None, None, None, None),
        ("2026-01", metric, 5.0, 2.0, 3.0, 1.0, 4.0, None, "worse"),
        (None, metric, 9.0, None, None, None, None, None, None),
    ]


def test_first_days_of_months_are_months_as_dates_and_times() -> None:
    costs = [1, 3, 7]
    expected = [None, 2.0, None]
    times = pd.to_datetime(pd.Series(DAYS))
    assert changes({"period": DAYS, "service_cost": costs}) == expected
    assert changes(pl.DataFrame({"period": DAYS, "service_cost": costs})) == expected
    assert changes(pd.DataFrame({"period": times.dt.to_period("M"), "service_cost": costs})) == expected
    for zone in ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Universal", datetime.UTC):
        assert changes(pd.DataFrame({"period": times.dt.tz_localize(zone), "service_cost": costs})) == expected, zone
    for unit in ("s", "ms", "us", "ns"):
        table = {"period": times.to_numpy().astype(f"datetime64[{unit}]"), "service_cost": np.array(costs)}
        assert changes(table) == expected, unit


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Etc/GMT-1"])
def test_times_of_a_zone_are_no_months_in_which_nobody_knows_what_day_it_is(zone: str) -> None:
    first_days = pd.to_datetime(pd.Series(DAYS))
    for times in (first_days.dt.tz_localize(zone), first_days.dt.tz_localize("UTC").dt.tz_convert(zone)):
        card = sm.scorecard(pd.DataFrame({"period": times, "service_cost": [1, 3, 7]}), by="period")
        with pytest.raises(errors.InvalidPeriodError, match=rf"a time of {zone}.*dt\.tz_localize\(None\)"):
            card.trend()


@pytest.mark.parametrize(
    ("period", "found"),
    [
        ([datetime.date(2026, 1, 1), datetime.date(2026, 1, 31)], "'2026-01-31'"),
        ([datetime.datetime(2026, 1, 1), datetime.datetime(2026, 2, 1, 5)], "'2026-02-01 05:00:00'"),
        ([datetime.datetime(2026, 1, 1), datetime.datetime(2026, 2, 2)], "'2026-02-02'"),
        (["2026-01", "2026-13"], "'2026-13'"),
        ([202601, 202602], "'202601'"),
        ([1, 2], "'1'"),
        ([True, False], "'False'"),
    ],
)
def test_what_is_no_period_is_refused_with_its_value(period: list[Any], found: str) -> None:
    card = sm.scorecard({"period": period, "service_cost": [1, 2]}, by="period")
    with pytest.raises(
        errors.InvalidPeriodError, match=f"{found} is no period; expected text such as 2026-03"
    ) as caught:
        card.trend()
    assert (caught.value.kind, caught.value.value) == ("invalid_period", found.strip("'"))


def test_without_a_key_that_is_time_there_is_no_trend() -> None:
    table = {"month": ["2026-01", "2026-02"], "service_cost": [1, 2]}
    for card in (sm.scorecard(table), sm.scorecard(table, by="month")):
        with pytest.raises(errors.InvalidOptionError, match="expected a key that is time"):
            card.trend()
    assert len(sm.scorecard(table, by="month", period="month").trend("cost_per_customer")) == 2


def test_a_merged_card_has_the_trend_of_the_whole() -> None:
    table = {"period": ["2026-01", "2026-02"], "service_cost": [1, 2]}
    parts = [sm.scorecard({name: [values[row]] for name, values in table.items()}, by="period") for row in (1, 0)]
    assert sm.merge(parts).trend().rows() == sm.scorecard(table, by="period").trend().rows()


def test_a_key_like_a_column_of_the_trend_is_refused() -> None:
    card = sm.scorecard({"period": ["2026-01"], "change": ["a"], "service_cost": [1]}, by=["period", "change"])
    with pytest.raises(errors.KeyNameError, match="key 'change' is named like a column of the result"):
        card.trend()


months = st.dictionaries(st.integers(0, 30), st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(months)
def test_changes_are_those_of_exact_fractions(rows: dict[int, tuple[int, int]]) -> None:
    names = {f"{2024 + month // 12}-{month % 12 + 1:02}": month for month in rows}
    table = {
        "period": list(names),
        "contracts_renewed": [min(rows[month]) for month in names.values()],
        "contracts_due": [max(rows[month]) for month in names.values()],
    }
    exact = {month: Fraction(min(pair), max(pair)) if max(pair) else None for month, pair in rows.items()}

    def minus(one: Fraction | None, other: Fraction | None) -> Fraction | None:
        return None if one is None or other is None else one - other

    def double(value: Fraction | None) -> float | None:
        return None if value is None else float(value)

    for row in sm.scorecard(table, by="period").trend("contract_renewal_rate"):
        at = [exact.get(names[row["period"]] - back) for back in (0, 1, 2, 12)]
        change = minus(at[0], at[1])
        assert (row["value"], row["previous"], row["year_before"]) == (double(at[0]), double(at[1]), double(at[3]))
        assert row["change"] == double(change)
        assert row["change_on_year"] == double(minus(at[0], at[3]))
        assert row["change_of_change"] == double(minus(change, minus(at[1], at[2])))
        sign = None if change is None else (change > 0) - (change < 0)
        assert row["direction"] == {None: None, 1: "better", -1: "worse", 0: "flat"}[sign]


def test_a_period_of_a_ledger_that_is_not_over_is_marked() -> None:
    months = ["2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04"]
    ledger = sm.ledger(
        {"customer_id": [7] * 6, "month": months, "revenue": [1, 2, 3, 4, 5, 6], "plan": ["a"] * 6}, by="plan"
    )
    card = ledger.movements("quarter", "plan")
    for of in (card, card.rollup("period"), sm.Scorecard.from_json(card.to_json())):
        found = of.trend("mrr")
        assert found.columns[-2:] == ["direction", "complete"]
        assert [(row["period"], row["change"], row["complete"]) for row in found] == [
            # what begins in the middle is complete all the same
            ("2025-Q4", None, True),
            ("2026-Q1", 3.0, True),
            ("2026-Q2", 1.0, False),
        ]
    fiscal = ledger.movements("quarter", fiscal_start=2).trend("mrr")
    assert [(row["period"], row["complete"]) for row in fiscal] == [
        ("FY2026-Q4", True),
        ("FY2027-Q1", True),
    ]
    assert {row["complete"] for row in ledger.movements().trend()} == {True}
    assert (
        "complete"
        not in sm.scorecard({"period": ["2026-01"], "cases": [1], "defect_cases": [1]}, by="period").trend().columns
    )

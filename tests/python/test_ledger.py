"""The ledger: every kind of frame, what cannot be read, what its scorecards do like any other."""

from __future__ import annotations

import datetime
import json
import pickle
import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame
from subjects import OF_LEDGERS
from svcmetrics import errors

LINES: dict[str, list[Any]] = {
    "customer_id": ["b", "a", "a", "c", "b", "a"],
    "month": [datetime.date(2024, month, day) for month, day in [(1, 31), (1, 1), (2, 29), (3, 5), (4, 30), (4, 1)]],
    "revenue": [Decimal("10.5"), Decimal(50), Decimal(60), Decimal("0.000001"), Decimal("20.25"), Decimal(55)],
    "plan": ["pro", "basic", "pro", None, "pro", "pro"],
}


def values(card: sm.Scorecard, metric: str) -> list[Any]:
    return [figure.value for figure in card[metric].values()]


def test_every_kind_of_frame_gives_the_same_ledger(as_frame: MakeFrame) -> None:
    ledger = sm.ledger(as_frame(LINES), by=["plan"])
    assert ledger == sm.ledger(LINES, by=["plan"])
    card = ledger.movements()
    assert values(card, "revenue_new") == [60.5, 0, 0.000001, 0]
    assert values(card, "revenue_expansion") == [0, 10, 0, 0]
    assert values(card, "revenue_churn") == [0, 10.5, 60, 0.000001]
    assert values(card, "revenue_reactivation") == [0, 0, 0, 75.25]
    assert ledger.movements(by="plan")["revenue_end"]["2024-03", None].value == 0.000001


@pytest.mark.parametrize(
    "months",
    [
        ["2024-01", "2024-02", "2024-12"],
        ["2024-01-31", "2024-02-29", "2024-12-01"],
        [datetime.date(2024, 1, 2), datetime.date(2024, 2, 29), datetime.date(2024, 12, 31)],
        np.array(["2024-01", "2024-02", "2024-12"], dtype="datetime64[M]"),
        np.array(["2024-01-31T23:59:59", "2024-02-01", "2024-12-31"], dtype="datetime64[s]"),
        pd.array(["2024-01", "2024-02", "2024-12"], dtype="period[M]"),
        pd.Categorical(["2024-01", "2024-02", "2024-12"]),
        pl.Series(["2024-01-05", "2024-02-29", "2024-12-31"]).str.to_datetime("%Y-%m-%d", time_unit="ms"),
    ],
    ids=["text", "dates in text", "dates", "months", "times", "periods", "categories", "polars"],
)
def test_months_are_read_in_every_form(months: Any) -> None:
    ledger = sm.ledger({"customer_id": [1, 1, 2], "month": months, "revenue": [5, 6, 7]})
    assert ledger.months == ("2024-01", "2024-12")
    assert values(ledger.movements(), "revenue_end") == [5, 6, *[0] * 9, 7]


@pytest.mark.parametrize("unit", ["M", "W", "D", "7D", "h", "m", "s", "ms", "us", "ns"])
def test_numpys_times_of_every_unit_are_in_the_month_in_which_they_begin(unit: str) -> None:
    # of days that start a week of numpy's
    months = np.array(["2024-02-29", "2024-03-28"], "M8[D]").astype(f"M8[{unit}]")
    assert sm.ledger({"customer_id": [1, 1], "month": months, "revenue": [5, 6]}).months == ("2024-02", "2024-03")


@pytest.mark.parametrize(
    ("months", "error", "match"),
    [
        (
            [202401, 202402],
            errors.ColumnTypeError,
            "column 'month', row 0: is of type int64, with 202401; expected a month",
        ),
        ([1.0, 2.0], errors.ColumnTypeError, "float64"),
        (["2024-01", "2024-13"], errors.InvalidValueError, "row 1: holds '2024-13'; expected a month"),
        (["2023-02-29", "2024-02"], errors.InvalidValueError, "row 0: holds '2023-02-29'"),
        (["2024-Q1", "2024"], errors.InvalidValueError, "2 rows in all, next 1: '2024'"),
        (["2024-01", None], errors.InvalidValueError, "row 1: holds null; expected a month"),
        (pd.to_datetime(["2024-01-01", "2024-02-01"]).tz_localize("Europe/Vienna"), errors.ColumnTypeError, "zone"),
        (np.array(["2024", "2025"], "M8[Y]"), errors.InvalidValueError, "row 0: holds '2024'; expected a month"),
        (np.array(["2024-01", "2024-04"], "M8[3M]"), errors.ColumnTypeError, r"of type datetime64\[3M\]"),
        (np.array(["2024-01", "NaT"], "M8[M]"), errors.InvalidValueError, "row 1: holds null; expected a month"),
    ],
)
def test_what_is_no_month_is_refused(months: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        sm.ledger({"customer_id": [1, 1], "month": months, "revenue": [5, 6]})


@pytest.mark.parametrize(
    ("column", "cells", "error", "row", "match"),
    [
        ("revenue", [1, -2], errors.InvalidValueError, 1, "holds -2; expected an amount, 0 or more"),
        ("revenue", [None, 2], errors.InvalidValueError, 0, "unknown revenue is not 0"),
        ("revenue", [float("inf"), 2], errors.InvalidValueError, 0, "inf"),
        ("revenue", [1e12, 2], errors.OutOfRangeError, 0, "a year"),
        ("revenue", [Decimal("0.0000001"), Decimal(1)], errors.InexactError, 0, "6 decimal places"),
        ("revenue", ["1", "2"], errors.ColumnTypeError, 0, "to_numeric"),
        ("customer_id", [1, None], errors.ColumnTypeError, 1, "null; expected text or whole numbers"),
        ("customer_id", [1.5, 2.5], errors.ColumnTypeError, 0, "1.5"),
        ("customer_id", [True, False], errors.ColumnTypeError, 0, "bool"),
        ("customer_id", ["a", None], errors.ColumnTypeError, 1, "null"),
    ],
)
def test_what_cannot_be_read_is_named(
    column: str, cells: list[Any], error: type[sm.SvcMetricsError], row: int, match: str
) -> None:
    lines = {"customer_id": [1, 2], "month": ["2024-01", "2024-02"], "revenue": [5, 6], column: cells}
    with pytest.raises(error, match=match) as caught:
        sm.ledger(lines)
    assert (caught.value.column, caught.value.row) == (column, row)


def test_all_rows_at_fault_are_counted() -> None:
    many = 100_000
    lines = {"customer_id": np.arange(many), "month": ["2024-01"] * many, "revenue": -np.arange(many, dtype=float)}
    with pytest.raises(errors.InvalidValueError) as caught:
        sm.ledger(lines)
    assert (caught.value.row, caught.value.count) == (1, many - 1)
    shuffled = {**lines, "customer_id": np.arange(many)[::-1].copy()}
    with pytest.raises(errors.InvalidValueError) as caught:
        sm.ledger(shuffled)
    assert (caught.value.row, caught.value.count) == (1, many - 1)


def test_two_segments_of_one_month_are_an_error() -> None:
    lines = {"customer_id": [7, 7], "month": ["2024-01"] * 2, "revenue": [5, 6], "plan": ["a", None]}
    with pytest.raises(errors.InvalidValueError, match="of group 7, 2024-01: holds both a and null"):
        sm.ledger(lines, by="plan")
    swapped = {name: cells[::-1] for name, cells in lines.items()} | {"plan": ["b", "a"]}
    with pytest.raises(errors.InvalidValueError, match="holds both"):
        sm.ledger({**swapped, "customer_id": [7, 7]}, by="plan")


def test_a_gap_is_an_error_where_that_is_wanted() -> None:
    lines = {"customer_id": ["x", "x"], "month": ["2024-04", "2024-01"], "revenue": [5, 6]}
    assert sm.ledger(lines).diagnostics.gaps == 2
    with pytest.raises(errors.InvalidValueError, match="of group x, 2024-02: has no row"):
        sm.ledger(lines, gaps="error")


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: sm.ledger(LINES, gaps="none"), "gaps: found none"),
        (lambda: sm.ledger(LINES, opening="yes"), "opening"),  # type: ignore[arg-type]
        (lambda: sm.ledger(LINES, months=("2024-02", "2024-01")), "months"),
        (lambda: sm.ledger(LINES, months=("2024", "2025")), "months"),
        (lambda: sm.ledger(LINES, months="2024-01"), "months: found '2024-01'; expected the first month and the last"),
        (lambda: sm.ledger(LINES, months=["2024-01"]), "months"),  # type: ignore[arg-type]
        (lambda: sm.ledger(LINES, months=(1, 2)), "months"),  # type: ignore[arg-type]
        (lambda: sm.movements(3, months=("2024-01", "2024-04")), "tables"),  # type: ignore[arg-type]
        (lambda: sm.ledger(LINES).movements("week"), "every: found week"),  # type: ignore[arg-type]
        (lambda: sm.ledger(LINES).movements(unit="day"), "unit: found day"),  # type: ignore[arg-type]
        (lambda: sm.ledger(LINES).movements("year", fiscal_start=13), "fiscal_start"),
        (lambda: sm.ledger(LINES).retention().triangle("nothing"), "value: found nothing"),
        (lambda: sm.ledger(LINES).customers("2025-01", "churn"), "period: found 2025-01"),
    ],
)
def test_options_that_cannot_be_are_named(call: Callable[[], Any], match: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=match):
        call()


def test_columns_that_are_not_there_are_named() -> None:
    with pytest.raises(errors.ColumnNotFoundError, match="did you mean 'revenue'"):
        sm.ledger(LINES, revenue="revenues")
    with pytest.raises(errors.ColumnNotFoundError, match="no column 'region'"):
        sm.ledger(LINES, by="region")
    with pytest.raises(errors.ColumnNotFoundError, match="no column 'plan'"):
        sm.ledger(LINES).movements(by="plan")
    for name in ("period", "mrr", "rows", "age", "cohort", "customers", "amount", "revenue_start"):
        with pytest.raises(errors.KeyNameError, match=name):
            sm.ledger({**LINES, name: LINES["plan"]}, by=name)


def test_customers_are_no_segments_of_themselves() -> None:
    with pytest.raises(errors.KeyNameError, match="is the column of customers"):
        sm.ledger(LINES, by="customer_id")


def test_a_month_outside_those_given_is_an_error() -> None:
    with pytest.raises(errors.InvalidValueError, match="one of the months that were given"):
        sm.ledger(LINES, months=("2024-01", "2024-03"))


def test_an_empty_table_gives_an_empty_ledger() -> None:
    empty = pl.DataFrame(schema={"customer_id": pl.String, "month": pl.Date, "revenue": pl.Float64, "plan": pl.String})
    ledger = sm.ledger(empty, by="plan")
    assert (len(ledger), ledger.months) == (0, None)
    card = ledger.movements(by="plan")
    assert (len(card), card.keys) == (0, ["period", "plan"])
    assert ledger.retention().rows() == []
    assert ledger.retention(by="plan").columns[:3] == ["cohort", "plan", "age"]


def test_rounded_amounts_are_counted() -> None:
    ledger = sm.ledger({"customer_id": [1, 2], "month": ["2024-01"] * 2, "revenue": [100 / 12, 8.25]})
    assert ledger.diagnostics.rounded == 1
    assert 0 < ledger.diagnostics.largest_rounding < 1e-6
    assert ledger.movements()["mrr"]["2024-01"].value == 16.583333


def test_the_quality_of_movements_counts_what_was_rounded() -> None:
    ledger = sm.ledger({"customer_id": [1, 2], "month": ["2024-01"] * 2, "revenue": [100 / 12, 8.25]})
    card = ledger.movements()
    assert card.ledger == ledger.diagnostics
    assert card.rollup().quality.metrics["mrr"]["rounded"] == 1
    assert card.quality.metrics["customers_new"]["largest_rounding"] == ledger.diagnostics.largest_rounding
    other = sm.ledger({"customer_id": [3], "month": ["2024-01"], "revenue": [10 / 12]}).movements()
    assert (card + other).quality.metrics["mrr"]["rounded"] == 2
    assert sm.Scorecard.from_measures(card.measures(), by="period", unit="month").ledger is None
    stored = json.loads(card.to_json())
    for changed in ({"rounded": 3}, {"rounded": 0}, {"largest_rounding": -1.0}, {"gaps": -1}, {"months": 2**64 - 1}):
        read = stored["parameters"]["origin"]["read"] | changed
        origin = stored["parameters"]["origin"] | {"read": read}
        with pytest.raises(errors.InvalidDocumentError):
            sm.Scorecard.from_json(json.dumps(stored | {"parameters": stored["parameters"] | {"origin": origin}}))


def test_the_keys_of_a_groupby_are_the_segments() -> None:
    frame = pd.DataFrame(LINES | {"region": ["north"] * 6})
    assert sm.ledger(frame.groupby(["plan", "region"])) == sm.ledger(frame, by=["plan", "region"])
    assert sm.ledger(frame.groupby("plan"), by=[]) == sm.ledger(frame)
    ordered = frame.sort_values("customer_id")
    months = ("2024-01", "2024-04")
    assert sm.movements([ordered.groupby("plan")], months=months) == sm.ledger(frame, by="plan").movements(by="plan")


def test_more_groups_than_are_allowed_are_refused_before_there_are_any() -> None:
    far = {"customer_id": [1, 2], "month": ["2024-01", "9999-12"], "revenue": [5, 6], "plan": ["a", "b"]}
    ledger = sm.ledger(far, by="plan")
    assert len(ledger.movements("year", "plan")) == 7976 * 2
    assert len(ledger.movements("year", "plan", max_groups=7976 * 2)) == 7976 * 2
    match = "7976 periods, 2024 to 9999, of 2 segments make more than 15951 groups; raise max_groups, or give months="
    with pytest.raises(errors.TooManyGroupsError, match=match) as caught:
        ledger.movements("year", "plan", max_groups=7976 * 2 - 1)
    assert (caught.value.kind, caught.value.hint) == ("too_many_groups", "max_groups=...")
    with pytest.raises(
        errors.TooManyGroupsError, match="95712 periods, 2024-01 to 9999-12, of 1 segment make more than"
    ):
        ledger.retention()
    many = {**far, "customer_id": range(100), "month": ["9999-12", *["2024-01"] * 99], "revenue": [1] * 100}
    many["plan"] = [f"plan {number}" for number in range(100)]
    with pytest.raises(errors.TooManyGroupsError, match="more than 1000000 groups"):
        sm.ledger(many, by="plan").movements(by="plan")
    with pytest.raises(errors.TooManyGroupsError, match="of 2 segments make more than 1 group; raise max_groups"):
        ledger.movements("year", "plan", max_groups=1)
    with pytest.raises(errors.TooManyGroupsError, match="make more than 1 cell of cohorts and ages; raise"):
        ledger.retention(max_groups=1)
    with pytest.raises(errors.TooManyGroupsError, match="more than 95711 groups"):
        sm.movements([far], months=("2024-01", "9999-12"), max_groups=95711)
    with pytest.raises(errors.TooManyGroupsError, match="of 2 segments make more than 100000 groups"):
        sm.movements([far], by="plan", months=("2024-01", "9999-12"), max_groups=100_000)


def test_large_amounts_among_small_ones_take_no_longer() -> None:
    """One amount near the largest there is once made all sums be put together after every few customers."""
    customers = 60_000
    table = {
        "customer_id": np.repeat(np.arange(customers), 2),
        "month": np.tile(np.array(["2020-01", "2029-12"], dtype="datetime64[M]"), customers),
        "revenue": np.full(2 * customers, 5.0),
        "plan": np.repeat(np.arange(customers), 2) % 2_000,
    }
    small = sm.ledger(table, by="plan")
    table["revenue"][7] = 5e10
    large = sm.ledger(table, by="plan")

    def seconds(ledger: sm.Ledger) -> float:
        begun = time.perf_counter()
        ledger.movements(by="plan")
        return time.perf_counter() - begun

    assert min(seconds(large) for _ in range(3)) < 5 * min(seconds(small) for _ in range(3))
    assert large.movements(by="plan").rollup("period")["revenue_churn"]["2020-02"].value == 5 * customers
    assert large.movements()["revenue_end"]["2029-12"].value == 5 * (customers - 1) + 5e10


def test_nobody_churned_is_0_and_no_null() -> None:
    ledger = sm.ledger({"customer_id": [1, 1], "month": ["2024-01", "2024-02"], "revenue": [5, 5]})
    assert ledger.movements().to_polars()["revenue_churn"].to_list() == [0, 0]
    assert ledger.movements()["customer_churn_rate"]["2024-02"].value == 0


def test_the_opening_stock_is_not_new() -> None:
    lines = {"customer_id": [1, 1, 2], "month": ["2024-01", "2024-02", "2024-02"], "revenue": [5, 7, 3]}
    card = sm.ledger(lines, opening=True).movements()
    assert (values(card, "revenue_start"), values(card, "revenue_new")) == ([5, 5], [0, 3])
    quarter = sm.ledger(lines, opening=True).movements("quarter")
    assert [values(quarter, f"revenue_{name}") for name in ("start", "new", "expansion", "end")] == [
        [5],
        [3],
        [2],
        [10],
    ]
    assert values(quarter, "complete") == [0]


def test_movements_are_a_scorecard_like_any_other() -> None:
    ledger = sm.ledger(LINES, by="plan")
    card = ledger.movements("quarter", "plan")
    assert card.period == "period"
    assert sm.Scorecard.from_json(card.to_json()) == card
    assert pickle.loads(pickle.dumps(card)) == card
    assert card.rollup("period")["revenue_churn"] == ledger.movements("quarter")["revenue_churn"]
    assert card.rollup()["revenue_end"].undefined_reason == "not_additive_over_time"
    assert card.rollup()["revenue_new"].value == 0.000001
    tidy = card.tidy().to_polars().filter(metric="mrr", period="2024-Q1", plan="pro")
    assert tidy["denominator"].to_list() == [12]
    trend = sm.ledger(LINES).movements().trend("net_recurring_revenue").to_polars()
    # 60.5, -0.5, -59.999999, 75.249999: changes -61, -59.499999, 135.249998
    assert trend["change_of_change"].to_list()[2:] == [1.500001, 194.749997]
    with pytest.raises(sm.SvcMetricsError, match="differ in unit: month and year"):
        card + ledger.movements("quarter", "plan", unit="year")
    with pytest.raises(sm.SvcMetricsError, match="differ in their metrics"):
        card + sm.scorecard({"revenue_start": [1], "revenue_end": [2]})


def test_a_period_of_another_fiscal_year_is_no_key_of_the_movements() -> None:
    ledger = sm.ledger({"customer_id": ["a", "b"], "month": ["2025-02", "2026-02"], "revenue": [50, 70]})

    def who(period: str, movement: Any, start: int) -> list[Any]:
        return [row["customer_id"] for row in ledger.customers(period, movement, fiscal_start=start)]

    # February to April 2025, of which a paid in the first month alone
    assert who("FY2026-Q1", "transient", 2) == ["a"]
    assert who("2026-Q1", "new", 1) == ["b"]
    assert who("2025-02", "new", 2) == ["a"]
    for fiscal in ("FY2026-Q1", "FY2026"):
        with pytest.raises(errors.InvalidPeriodError, match=f"'{fiscal}' is no period; expected a calendar period"):
            ledger.customers(fiscal, "new")
    for calendar in ("2026-Q1", "2026"):
        with pytest.raises(errors.InvalidOptionError, match=f"found {calendar}; expected a period of years that start"):
            ledger.customers(calendar, "new", fiscal_start=2)


def test_one_period_is_attributed_to_another() -> None:
    lines = {
        "customer_id": ["a", "b", "c"] * 3,
        "month": [f"2024-0{month}" for month in (1, 2, 3) for _ in range(3)],
        "revenue": [100, 100, 50, 90, 100, 50, 90, 60, 60],
        "plan": ["basic", "pro", "pro"] * 3,
    }
    card = sm.ledger(lines, by="plan").movements(by="plan")
    now, before = card.at("2024-03"), card.at("2024-02")
    assert (now.keys, now.period, now.ledger) == (["plan"], None, card.ledger)
    assert now.rollup()["gross_revenue_retention"].value == 200 / 240
    assert now.rollup()["revenue_end"].value == 210
    found = now.attribute(before, by="plan", metrics="gross_revenue_retention")
    # basic kept 90 of 100 and then 90 of 90, pro 150 of 150 and then 110 of 150
    assert found.changes == {"gross_revenue_retention": Fraction(200, 240) - Fraction(240, 250)}
    assert [(row["plan"], row["baseline_rate"], row["rate"]) for row in found] == [
        ("basic", 0.9, 1.0),
        ("pro", 1.0, 110 / 150),
    ]
    changes = card.at("2024-03", key="period").rollup().compare(before.rollup())
    assert {row["metric"]: row["difference"] for row in changes}["revenue_end"] == -30
    for again in (sm.Scorecard.from_json(now.to_json()), pickle.loads(pickle.dumps(now))):
        assert again == now
    assert card.at("pro", "plan").period == "period"
    assert values(card.at("pro", "plan"), "mrr") == [150, 150, 120]
    both = card.at("pro", "plan") + card.at("basic", "plan")
    assert both.wide().rows() == card.rollup("period").wide().rows()
    assert both.ledger is card.at("pro", "plan").ledger is None


def test_stocks_of_several_periods_are_not_attributed() -> None:
    card = sm.ledger(LINES, by="plan").movements("month", "plan")
    match = (
        r"metrics: found net_revenue_retention; expected what adds up over time, or cards of one period, as card\.at"
    )
    for one, other in ((card, card), (card.rollup("plan"), card.rollup("plan"))):
        with pytest.raises(errors.InvalidOptionError, match=match):
            one.attribute(other, by="plan", metrics="net_revenue_retention")
    changes = card.attribute(card, by="plan").changes
    assert changes["reactivation_share_of_growth"] == 0
    assert changes["net_revenue_retention"] is None


def test_a_period_is_complete_or_not_in_every_segment() -> None:
    card = sm.ledger(LINES, by="plan").movements("quarter", "plan")
    # the data ends in April, and in neither quarter somebody pays in every segment
    assert [(key[0], figure.value) for key, figure in card["complete"].items()] == [
        *[("2024-Q1", 1)] * 3,
        *[("2024-Q2", 0)] * 3,
    ]
    assert card.to_polars()["complete"].to_list() == [1, 1, 1, 0, 0, 0]
    assert card.rollup("period")["complete"]["2024-Q2"].value == 0
    assert card.rollup()["complete"].undefined_reason == "not_additive_over_time"
    assert card.tidy().to_polars().filter(metric="complete")["low"].is_null().all()
    (late,) = [
        row["period"]
        for row in card.rollup("period").against(sm.Targets({"complete": sm.Target(at_least=1)}))
        if row["status"] == "missed"
    ]
    assert late == "2024-Q2"
    changes = [row["change"] for row in card.rollup("period").trend("complete")]
    assert changes == [None, -1]


@pytest.mark.parametrize("by", [None, "plan"])
@pytest.mark.parametrize("opening", [False, True])
@pytest.mark.parametrize(("every", "fiscal_start"), [("month", 1), ("quarter", 1), ("quarter", 2), ("year", 4)])
def test_the_customers_of_a_cohort_add_up_to_its_cells(every: Any, fiscal_start: int, opening: bool, by: Any) -> None:
    random = np.random.default_rng(11)
    rows = 400
    months = np.datetime64("2022-01") + random.integers(0, 30, rows)
    lines = pl.DataFrame(
        {"customer_id": random.integers(0, 60, rows), "month": months.astype("datetime64[D]")}
    ).unique()
    lines = lines.with_columns(
        revenue=pl.Series(random.integers(0, 5, len(lines))), plan=pl.Series(random.choice(["a", "b"], len(lines)))
    )
    ledger = sm.ledger(lines, by="plan", opening=opening)
    cells = list(ledger.retention(every, by, "year", fiscal_start=fiscal_start))
    assert cells
    for cell in cells:
        found = ledger.cohort_customers(cell["cohort"], cell["age"], by, "year", fiscal_start=fiscal_start)
        rows_of_cell = [row for row in found if by is None or row["plan"] == cell["plan"]]
        assert len(rows_of_cell) == cell["customers_start"]
        assert sum(row["revenue_end"] > 0 for row in rows_of_cell) == cell["customers"]
        assert sum(row["revenue_start"] for row in rows_of_cell) == cell["revenue_start"]
        assert sum(row["revenue_end"] for row in rows_of_cell) == cell["revenue"]
        if cell["gross_revenue_retention"] is not None:
            kept = sum(row["amount"] for row in rows_of_cell)
            assert float(kept / cell["revenue_start"]) == pytest.approx(cell["gross_revenue_retention"], rel=1e-12)


def test_a_cell_that_retention_does_not_have_is_no_cohort() -> None:
    ledger = sm.ledger(LINES)
    for cohort, age, match in (
        ("2024-03", 2, "age: found 2; expected 0 to 1"),
        ("2024-Q2", 0, "age: found 0; expected none, since 2024-Q2 is not over"),
        ("2024-05", 0, "period: found 2024-05"),
        ("2024-01", -1, "age"),
        ("2024-01", True, "age"),
    ):
        with pytest.raises(errors.InvalidOptionError, match=match):
            ledger.cohort_customers(cohort, age)
    with pytest.raises(errors.InvalidPeriodError):
        ledger.cohort_customers("FY2024", 0)


@pytest.mark.parametrize("metric", OF_LEDGERS)
def test_a_table_of_customers_does_not_lack_what_only_a_ledger_has(metric: str) -> None:
    customers = {"customer_id": [1], "revenue_start": [50], "revenue_end": [60]}
    card = sm.scorecard(customers)
    assert metric not in {*card.metrics, *card.not_measured}
    assert metric in sm.ledger(LINES).movements().metrics
    said = rf"^no metric '{metric}', which is a metric of ledgers: sm\.ledger\(table\)\.movements\(\)"
    for ask in (
        lambda: sm.scorecard(customers, metrics=[metric]),
        lambda: card[metric],
        lambda: sm.cases({"cost": [1]}, metrics=[metric]),
    ):
        with pytest.raises(errors.MetricNotFoundError, match=said):
            ask()

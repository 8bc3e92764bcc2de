"""Random ledgers: what the package says is what plain Python says, and what SQL says."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import oracle_ledger as oracle
import oracle_ledger_duckdb
import svcmetrics as sm
from subjects import OF_LEDGERS

SEEDS = range(60)
EVERY = ("month", "quarter", "year")


def text(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def table(lines: list[oracle.Line]) -> dict[str, Any]:
    return {
        "customer_id": [line[0] for line in lines],
        "month": [text(line[1]) for line in lines],
        "revenue": [Decimal(line[2].numerator) / line[2].denominator for line in lines],
        "plan": [line[3] for line in lines],
    }


def arrow(lines: list[oracle.Line]) -> pa.Table:
    return pa.table(
        {
            "customer": [line[0] for line in lines],
            "month": [line[1] for line in lines],
            "revenue": pa.array(table(lines)["revenue"], pa.decimal128(20, 6)),
            "segment": pa.array([line[3] for line in lines], pa.string()),
        }
    )


def exact(figure: sm.Figure) -> Fraction:
    assert figure.defined
    return Fraction(figure.numerator) / Fraction(figure.denominator or 1)


def check(card: sm.Scorecard, cells: oracle.Cells, by: bool, times: int = 1) -> None:
    keys = {key if by else (key,) for key in card["revenue_end"]}
    assert {(*key, None)[:2] for key in keys} == set(cells)
    for (period, segment), expected in cells.items():
        key = (period, segment) if by else period
        for metric, value in expected.items():
            amount = metric.startswith("revenue") or metric == "transient_revenue"
            assert exact(card[metric][key]) == value * (times if amount else 1), (metric, key)
        derived(card, key, expected)


def derived(card: sm.Scorecard, key: Any, cell: dict[str, Fraction]) -> None:
    """What follows from the movements."""
    start, end = cell["revenue_start"], cell["revenue_end"]
    lost = cell["revenue_churn"] + cell["revenue_contraction"]
    added = cell["revenue_new"] + cell["revenue_reactivation"] + cell["revenue_expansion"]
    assert exact(card["mrr"][key]) * 12 == exact(card["arr"][key]) == end * 12
    expected = {
        "net_revenue_retention": (start + cell["revenue_expansion"] - lost, start),
        "gross_revenue_retention": (start - lost, start),
        "revenue_growth_rate": (added - lost, start),
        "recurring_revenue_rate": (end, start),
        "reactivation_share_of_growth": (cell["revenue_reactivation"], added),
        "new_share_of_growth": (cell["revenue_new"], added),
        "churn_share_of_loss": (cell["revenue_churn"], lost),
        "customer_churn_rate": (cell["customers_churned"], cell["customers_start"]),
        "customer_retention_rate": (cell["customers_start"] - cell["customers_churned"], cell["customers_start"]),
    }
    for metric, (numerator, denominator) in expected.items():
        figure = card[metric][key]
        if denominator:
            assert exact(figure) == numerator / denominator, (metric, key)
        else:
            assert figure.undefined_reason == "zero_denominator"


class Asked(NamedTuple):
    """What movements a seed asks for."""

    every: str
    by: bool
    opening: bool
    fiscal_start: int


def asked(seed: int) -> Asked:
    """Each length of a period with and without segments and opening stock, by calendar and by fiscal years."""
    return Asked(EVERY[seed % 3], seed % 2 == 0, seed % 5 < 2, 1 if seed % 4 < 2 else 2 + seed % 11)


@pytest.mark.parametrize("seed", SEEDS)
def test_movements_are_those_of_plain_python_and_of_sql(seed: int) -> None:
    lines = oracle.random_lines(seed)
    every, by, opening, fiscal_start = asked(seed)
    cells = oracle.movements(oracle.Book(lines, opening), every, by, fiscal_start)
    of_sql = oracle_ledger_duckdb.movements(arrow(lines), oracle.LENGTHS[every], by, fiscal_start, opening)
    assert {(oracle.name_of(start, every, fiscal_start), key): cell for (start, key), cell in of_sql.items()} == cells

    ledger = sm.ledger(table(lines), by="plan", opening=opening)
    for unit, times in (("month", 1), ("year", 12)):
        card = ledger.movements(every, "plan" if by else None, unit, fiscal_start=fiscal_start)
        check(card, cells, by, times)
    if by:
        parts, whole = card.rollup("period"), ledger.movements(every, unit="year", fiscal_start=fiscal_start)
        for metric in ("revenue_new", "revenue_churn", "revenue_expansion", "customers_end", "customers_contracted"):
            assert {k: exact(f) for k, f in whole[metric].items()} == {k: exact(f) for k, f in parts[metric].items()}
        assert whole["gross_revenue_retention"] == parts["gross_revenue_retention"]


def test_the_random_ledgers_have_every_movement() -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        every, by, opening, fiscal_start = asked(seed)
        cells = oracle.movements(oracle.Book(oracle.random_lines(seed), opening), every, by, fiscal_start)
        kinds = (every, "segments" if by else "all", "opening" if opening else "none", "fiscal" * (fiscal_start > 1))
        moved = {metric for cell in cells.values() for metric, value in cell.items() if value}
        seen.update((kind, metric) for kind in kinds for metric in moved)
    movements = [f"revenue_{name}" for name in (*oracle.AMOUNTS, "start", "end")]
    for kind in (*EVERY, "segments", "opening", "none", "fiscal"):
        assert all(seen[kind, metric] for metric in movements), (kind, seen)
    assert seen["quarter", "transient_revenue"]
    assert seen["year", "transient_revenue"]
    assert not seen["all", "revenue_transfer_in"]


@pytest.mark.parametrize("seed", SEEDS)
def test_retention_is_that_of_plain_python_and_of_sql(seed: int) -> None:
    lines = oracle.random_lines(seed)
    every = EVERY[seed % 3]
    fiscal_start = 1 if seed % 4 else 1 + seed % 12
    found = sm.ledger(table(lines)).retention(every, fiscal_start=fiscal_start)
    expected = oracle.retention(oracle.Book(lines), every, fiscal_start)
    of_sql = oracle_ledger_duckdb.retention(arrow(lines), oracle.LENGTHS[every], fiscal_start)
    assert {
        (oracle.name_of(start, every, fiscal_start), age): cell for (start, age), cell in of_sql.items()
    } == expected
    assert {(row["cohort"], row["age"]) for row in found} == set(expected)
    for row in found:
        customers, all_customers, revenue, start, capped = expected[row["cohort"], row["age"]]
        assert (row["customers"], row["customers_start"]) == (customers, all_customers)
        assert (Fraction(row["revenue"]), Fraction(row["revenue_start"])) == (revenue, start)
        assert row["customer_retention"] == float(customers / all_customers)
        assert row["gross_revenue_retention"] == (float(capped / start) if start else None)
        assert row["net_revenue_retention"] == (float(revenue / start) if start else None)


@pytest.mark.parametrize("seed", SEEDS)
def test_customers_behind_a_cell_add_up_to_it(seed: int) -> None:
    lines = oracle.random_lines(seed)
    every = EVERY[seed % 3]
    ledger = sm.ledger(table(lines), by="plan")
    card = ledger.movements(every, "plan")
    heads = {"new": "new", "reactivation": "reactivated", "expansion": "expanded", "contraction": "contracted"}
    heads |= {"churn": "churned", "start": "start", "end": "end"}
    for period in {key[0] for key in card["revenue_end"]}:
        for movement in (*heads, "transfer_in", "transfer_out", "transient"):
            rows = ledger.customers(period, movement, "plan").rows()
            assert [row[0] for row in rows] == sorted(row[0] for row in rows)
            amount = "transient_revenue" if movement == "transient" else f"revenue_{movement}"
            for key, figure in card[amount].items():
                mine = [row for row in rows if (period, row[1]) == key]
                if key[0] == period:
                    assert sum((Fraction(row[4]) for row in mine), Fraction()) == exact(figure)
                    if movement in heads:
                        assert len(mine) == exact(card[f"customers_{heads[movement]}"][key])


@pytest.mark.parametrize("seed", SEEDS)
def test_order_and_parts_do_not_matter(seed: int) -> None:
    lines = oracle.random_lines(seed)
    every = EVERY[seed % 3]
    ledger = sm.ledger(table(lines), by="plan")
    ordered = sorted(lines, key=lambda line: (line[0], line[1]))
    assert sm.ledger(table(ordered), by="plan") == ledger
    assert sm.ledger(table(sorted(lines, key=lambda line: line[0])), by="plan") == ledger
    assert sm.ledger(table(sorted(lines, key=lambda line: -line[1])), by="plan") == ledger
    texts = sm.ledger(table([(f"c{line[0] + 100:05}", *line[1:]) for line in lines]), by="plan")
    assert texts.movements(every, "plan") == ledger.movements(every, "plan")
    in_order = sm.ledger(table([(f"c{line[0] + 100:05}", *line[1:]) for line in ordered]), by="plan")
    assert in_order == texts
    assert in_order.to_json() == texts.to_json()

    # parts by customer
    months = (text(min(line[1] for line in lines)), text(max(line[1] for line in lines)))
    odd, even = ([line for line in lines if line[0] % 2 == side] for side in (0, 1))
    whole = sm.ledger(table(lines), by="plan", months=months)
    if odd and even:
        one, two = (sm.ledger(table(part), by="plan", months=months) for part in (odd, even))
        assert one + two == two + one
        assert (one + two).movements(every, "plan") == whole.movements(every, "plan")
        assert one.movements(every, "plan") + two.movements(every, "plan") == whole.movements(every, "plan")
    size = max(1, len(ordered) // 4)
    batches = (table(ordered[start : start + size]) for start in range(0, len(ordered), size))
    assert sm.movements(batches, by="plan", months=months, every=every) == whole.movements(every, "plan")


def test_many_rows_are_the_same_in_any_order() -> None:
    # enough for several threads, and for buckets of many customers
    random = np.random.default_rng(5)
    customers = np.repeat(random.choice(10**12, 20_000, replace=False), 12)
    months = np.tile(np.arange("2024-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]"), 20_000)
    there = random.random(240_000) > 0.2
    frame = pl.DataFrame({"customer_id": customers, "month": months, "revenue": random.integers(0, 5, 240_000) / 4})
    frame = frame.filter(there)
    ledger = sm.ledger(frame.sort("customer_id", "month"))
    assert sm.ledger(frame.sample(fraction=1.0, shuffle=True, seed=1)) == ledger
    card = ledger.movements("quarter")
    assert (
        exact(card["customers_end"]["2024-Q4"])
        == frame.filter((pl.col("month") == pl.date(2024, 12, 1)) & (pl.col("revenue") > 0)).height
    )
    named = frame.with_columns(pl.format("c{}", pl.col("customer_id")).alias("customer_id"))
    assert sm.ledger(named).movements() == ledger.movements()
    assert sm.ledger(named.sort("customer_id")).movements() == ledger.movements()


#: Rows of customers in periods and segments, of which movements are made: one incomplete, one that covers too much.
YEARLY = {
    "yearly_revenue_start": [600, 1_200, 0, 0, 960, 0, 0, 120, None, 60],
    "yearly_revenue_end": [720, 0, 480, 240, 0, 900, 0, 120, 360, 60],
    "yearly_transfer_in": [0, 0, 0, 0, 0, 900, 0, 0, 0, 0],
    "yearly_transfer_out": [0, 0, 0, 0, 900, 0, 0, 0, 0, 0],
    "yearly_fx": [12, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    "yearly_transient": [0, 0, 0, 0, 0, 0, 300, 0, 0, 0],
    "had_revenue": [True, True, False, True, True, True, False, True, None, True],
    "months_covered": [3, 3, 3, 3, 3, 3, 3, 3, 3, 4],
    "months_in_period": [3, 3, 3, 3, 3, 3, 3, 3, 3, 3],
}


@pytest.mark.parametrize("metric", OF_LEDGERS)
def test_definitions_of_movements_say_what_they_are_made_of(metric: str) -> None:
    card = sm.scorecard(YEARLY, metrics=[metric], on_invalid="skip")
    counts = card.quality.metrics[metric]
    assert [counts[name] for name in ("counted", "missing", "invalid", "outside")] == [8, 1, 1, 0]
    numerator, denominator = oracle.of_rows(
        metric, [{name: values[row] for name, values in YEARLY.items()} for row in range(8)]
    )
    figure = card[metric]
    assert Fraction(figure.numerator) / Fraction(figure.denominator or 1) == numerator / (denominator or 1)

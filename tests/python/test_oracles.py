"""Random tables against two independent oracles: SQL in DuckDB, and fractions in Python."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

import oracle_duckdb
import oracle_fractions
import svcmetrics as sm
from oracle_duckdb import COLUMNS, random_table
from oracle_fractions import Cell
from subjects import MEASURED_OF_CUSTOMERS

BY = (("region",), ("region", "tier"), (), ("tier",))
#: Columns left out: other forms of metrics, and metrics that cannot be measured.
LEFT_OUT: tuple[tuple[str, ...], ...] = (
    (),
    ("reached_goal", "negative_engagements"),
    ("goals_met", "contracts_due", "loss_reason"),
    ("positive_engagements", "service_cost", "risk"),
)
#: What the answers of surveys mean, here and in the oracles.
SCALES: dict[str, Any] = {"csat_satisfied_from": 4, "effort_scale": (1, 7)}
#: Numerator and denominator, undefined reason, and counted, missing, invalid, outside.
Found = tuple[Fraction | None, Fraction | None, str | None, tuple[int, ...] | None]


def tables(seed: int, rows: int = 400) -> pa.Table:
    return random_table(seed, rows).drop_columns(list(LEFT_OUT[seed % len(LEFT_OUT)]))


def fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def found_in(card: sm.Scorecard) -> dict[tuple[Any, ...], dict[str, Found]]:
    """Everything that a scorecard says, by group and metric."""
    keys, tidy = len(card.keys), card.tidy()
    result: dict[tuple[Any, ...], dict[str, Found]] = {}
    for row in tidy.rows():
        values = dict(zip(tidy.columns[keys:], row[keys:], strict=True))
        counts = tuple(values[name] for name in ("counted", "missing", "invalid", "outside"))
        result.setdefault(row[:keys], {})[values["metric"]] = (
            fraction(values["numerator"]),
            fraction(values["denominator"]),
            values["undefined_reason"],
            None if None in counts else counts,
        )
    return result


def scorecard_of(table: pa.Table, by: tuple[str, ...], **options: Any) -> sm.Scorecard:
    return sm.scorecard(table, by=by, **{"absent_revenue": "zero", "on_invalid": "skip", **SCALES, **options})


@pytest.mark.parametrize("seed", range(len(BY) * len(LEFT_OUT)))  # every pair of the two
@pytest.mark.parametrize("absent_revenue", ["zero", "missing"])
def test_every_metric_of_every_group_is_what_sql_gives(seed: int, absent_revenue: str) -> None:
    table, by = tables(seed), BY[seed % len(BY)]
    card = scorecard_of(table, by, absent_revenue=absent_revenue)
    found, values = found_in(card), values_of(card)
    sums = oracle_duckdb.scorecard(table, by, absent_revenue)
    counts = oracle_duckdb.counts(table, by, absent_revenue)
    assert list(found) == list(sums)
    assert set(next(iter(sums.values()))) == {metric for metric in card.metrics if not of_health(metric)}
    for key, metrics in sums.items():
        for metric, pair in metrics.items():
            numerator, denominator, reason, counted = found[key][metric]
            assert counted == counts[key].get(metric), (key, metric)
            if metric == "renewal_gap":
                assert values[key, metric] == difference(pair)
            elif pair is None or pair[1] == 0:
                assert (numerator, denominator, reason is None) == (None, None, False), (key, metric)
            else:
                assert (numerator, denominator, reason) == (*map(fraction, pair), None), (key, metric)


def of_health(metric: str) -> bool:
    return str(sm.catalog()[metric].source).endswith(", 7")


def values_of(card: sm.Scorecard) -> dict[tuple[tuple[Any, ...], str], Any]:
    """The value of every figure, as `card[metric]` gives it."""
    values = {}
    for metric in card.metrics:
        figures = card[metric] if card.keys else {(): card[metric]}
        for key, figure in figures.items():
            values[(key,) if len(card.keys) == 1 else key, metric] = figure.value
    return values


def difference(pairs: Any) -> float | None:
    """The double nearest to the exact difference of two quotients."""
    if any(pair is None or pair[1] == 0 for pair in pairs):
        return None
    (one, of_one), (two, of_two) = (map(Fraction, pair) for pair in pairs)
    return float(one / of_one - two / of_two)


@pytest.mark.parametrize("by", BY[:2], ids=str)
@pytest.mark.parametrize("seed", range(20, 24))
@pytest.mark.parametrize("absent_revenue", ["zero", "missing"])
def test_every_metric_of_every_group_is_what_fractions_give(
    seed: int, by: tuple[str, ...], absent_revenue: str
) -> None:
    table = tables(seed)
    card = scorecard_of(table, by, absent_revenue=absent_revenue)
    found, values = found_in(card), values_of(card)
    options = {"absent_revenue": absent_revenue, "on_invalid": "skip"}
    expected = oracle_fractions.scorecard(table.to_pylist(), by, options)
    assert list(found) == list(expected)
    for key, cells in expected.items():
        for metric, cell in cells.items():
            if isinstance(cell, Cell):
                defined = cell.undefined is None
                parts = (cell.numerator, cell.denominator) if defined else (None, None)
                assert found[key][metric] == (*parts, cell.undefined, cell.counts), (key, metric)
                if defined and cell.denominator is not None and cell.numerator is not None:
                    assert values[key, metric] == float(cell.numerator / cell.denominator)
            else:
                pairs = [None if one.undefined else (one.numerator, one.denominator) for one in cell]
                assert values[key, metric] == difference(pairs), (key, metric)


def floats_of(table: pa.Table, seed: int) -> pa.Table:
    """Money as doubles, some of them no decimals of six places."""
    rng = random.Random(seed)
    for name in oracle_fractions.DECIMALS:
        values = [None if value is None else float(value) for value in table[name].to_pylist()]
        odd = [value if value is None or rng.random() < 0.7 else value / rng.choice((3, 7, 12)) for value in values]
        table = table.set_column(table.column_names.index(name), name, pa.array(odd, pa.float64()))
    return table


@pytest.mark.parametrize("seed", range(30, 34))
@pytest.mark.parametrize("scale", [6, 2, 0])
def test_doubles_are_read_as_the_decimals_that_they_stand_for(seed: int, scale: int) -> None:
    table = floats_of(random_table(seed, 300), seed)
    # A rounding can bring more downtime than service, or less than 0; those rows are invalid on both sides.
    options = {"absent_revenue": "missing", "on_invalid": "skip", "scale": scale}
    expected = oracle_fractions.scorecard(table.to_pylist(), ("region",), options)
    found = found_in(scorecard_of(table, ("region",), absent_revenue="missing", scale=scale))
    for key, cells in expected.items():
        for metric, cell in cells.items():
            if isinstance(cell, Cell) and cell.undefined is None:
                assert found[key][metric] == (cell.numerator, cell.denominator, None, cell.counts), (key, metric)


MODELS: list[Mapping[str, Any] | None] = [
    None,
    {"components": {"adoption_rate": {"weight": "2"}, "net_revenue_retention": {"weight": "1.25", "floor": 0.8}}},
    {
        "components": {
            "success_rate": {"weight": "0.1"},
            "customer_churn_rate": {"weight": "0.7", "floor": 1.0, "ceiling": 0.0},
            "recurring_revenue_rate": {"weight": "3", "floor": 0.5, "ceiling": 1.5},
            "contract_renewal_rate": {"weight": "0.2"},
        },
        "bands": {"low": "0", "middle": "33.333333", "high": "66.666667"},
        "gates": [{"metric": "renewal_commitment_rate", "below": 1.0, "cap": "middle"}],
        "missing": "zero",
        "min_coverage": "0.3",
        "among": "all",
    },
    {
        "components": {"adoption_rate": {"weight": "1"}, "availability": {"weight": "1", "floor": 0.9}},
        "missing": "require",
        "min_coverage": "0",
    },
]


def models(number: int) -> tuple[Mapping[str, Any] | None, sm.HealthModel | None]:
    document = MODELS[number]
    return document, None if document is None else sm.HealthModel.from_json(json.dumps(document))


@pytest.mark.parametrize("number", range(len(MODELS)))
@pytest.mark.parametrize("seed", range(40, 43))
def test_every_customers_health_is_what_fractions_and_doubles_give(seed: int, number: int) -> None:
    table = tables(seed)
    document, model = models(number)
    options = {"absent_revenue": "zero", "on_invalid": "skip"}
    expected = oracle_fractions.health_scores(table.to_pylist(), document, options)
    found = list(sm.health_scores(table, model, absent_revenue="zero", on_invalid="skip"))
    assert [row["customer_id"] for row in found] == table["customer_id"].to_pylist()
    for row, score in zip(found, expected, strict=True):
        assert row["score"] == (None if score.micro is None else score.micro / 1e6)
        assert (row["band"], row["coverage"]) == (score.band, score.coverage)
        for metric, points in score.points.items():
            assert row[f"{metric}_points"] == (None if points is None else Decimal(points).scaleb(-6))


@pytest.mark.parametrize("number", range(len(MODELS)))
@pytest.mark.parametrize("by", [(), ("region", "tier")], ids=str)
def test_the_health_of_every_group_is_what_fractions_give(by: tuple[str, ...], number: int) -> None:
    table = random_table(50 + number, 300)
    document, model = models(number)
    options = {"absent_revenue": "zero", "on_invalid": "skip"}
    expected = oracle_fractions.health_measures(table.to_pylist(), by, document, options)
    card = scorecard_of(table, by, health=model)
    found, values = found_in(card), values_of(card)
    assert list(found) == list(expected)
    for key, measures in expected.items():
        for metric, pair in measures.items():
            numerator, denominator, reason, _ = found[key][metric]
            if pair is None or pair[1] == 0:
                assert reason is not None, (key, metric)
            elif metric == "health":
                assert values[key, metric] == float(pair[0])
            else:
                assert (numerator, denominator, reason) == (*pair, None), (key, metric)


def test_the_random_tables_reach_every_metric_and_every_judgement() -> None:
    judged = {"counted": 0, "missing": 0, "invalid": 0, "outside": 0}
    metrics: set[str] = set()
    for seed in range(6):
        card = scorecard_of(tables(seed), ("region",))
        metrics |= set(card.metrics)
        for counts in card.quality.metrics.values():
            judged = {name: judged[name] + int(counts[name]) for name in judged}
    # what only a ledger has is checked with ledgers
    assert metrics == set(MEASURED_OF_CUSTOMERS)
    assert all(count > 1000 for count in judged.values())
    assert set(COLUMNS) == set(random_table(0, 1).column_names)

"""Metrics of one's own against what does not know them: fractions in Python, SQL in DuckDB, and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle_duckdb
import svcmetrics as sm
from oracle_duckdb import random_table
from test_oracles import found_in, fraction, scorecard_of

settings.register_profile("laws", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("laws")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Word:
    """A piece of the language, what it needs of a row, and what it says of a row that has that."""

    text: str
    needs: tuple[str, ...]
    of: Callable[[Row], Any]


SUMS = [
    Word("cases", ("cases",), lambda row: row["cases"]),
    Word("gain", ("gain",), lambda row: row["gain"]),
    Word("gain - 2 x cases", ("gain", "cases"), lambda row: row["gain"] - 2 * row["cases"]),
    Word("3 * fee + 0.5", ("fee",), lambda row: 3 * row["fee"] + Fraction(1, 2)),
    Word("is_gold", ("is_gold",), lambda row: int(row["is_gold"])),
]
CONDITIONS = [
    Word("is_gold", ("is_gold",), lambda row: row["is_gold"]),
    Word("not is_gold", ("is_gold",), lambda row: not row["is_gold"]),
    Word("gain > 0.5", ("gain",), lambda row: row["gain"] > Fraction(1, 2)),
    Word("cases = 2", ("cases",), lambda row: row["cases"] == 2),
    Word(
        "fee <= gain and is_gold", ("fee", "gain", "is_gold"), lambda row: row["fee"] <= row["gain"] and row["is_gold"]
    ),
    Word("tier is plus", ("tier",), lambda row: row["tier"] == "plus"),
    Word("tier is present", (), lambda row: row["tier"] is not None),
    Word("fee is present and fee > 0", (), lambda row: row["fee"] is not None and row["fee"] > 0),
]
COLUMNS: dict[str, Any] = {"fee": "money", "is_gold": "flag", "tier": ["plus", "base"]}

amounts = st.sampled_from(["0", "0.5", "0.000001", "-1.25", "12345678.9"]).map(Decimal)
fees = st.sampled_from(["0", "0.5", "19.99", "900000000000"]).map(Decimal)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "region": st.sampled_from(["north", "south"]),
            "cases": st.none() | st.integers(0, 3),
            "gain": st.none() | amounts,
            "fee": st.none() | fees,
            "is_gold": st.none() | st.booleans(),
            "tier": st.none() | st.sampled_from(["plus", "base"]),
        }
    ),
    max_size=12,
)
terms = st.tuples(
    st.integers(-3, 3).filter(bool), st.none() | st.sampled_from(SUMS), st.none() | st.sampled_from(CONDITIONS)
)
sides = st.lists(terms, min_size=1, max_size=3)
Side = list[tuple[int, Word | None, Word | None]]


def sum_of(side: Side) -> sm.Sum:
    parts = []
    for times, total, only in side:
        where = None if only is None else only.text
        parts.append(times * (sm.count(where=where) if total is None else sm.total(total.text, where=where)))
    return sum(parts[1:], start=parts[0])


def value_of(side: Side, row: Row) -> Fraction:
    return sum(
        (
            Fraction(times * (1 if total is None else total.of(row)))
            for times, total, only in side
            if only is None or only.of(row)
        ),
        start=Fraction(0),
    )


def exact(row: Row) -> Row:
    return {name: Fraction(value) if isinstance(value, Decimal) else value for name, value in row.items()}


def status(row: Row, sides: list[Side], among: Word | None) -> str:
    """Outside, missing or counted; nothing in these tables is invalid."""
    if among is not None:
        # A conjunction is false as soon as a part of it is, whatever the others lack.
        parts = [part for part in CONDITIONS if part.text in among.text.split(" and ")] or [among]
        if "fee <= gain" in among.text and None not in (row["fee"], row["gain"]) and row["fee"] > row["gain"]:
            return "outside"
        if any(all(row[name] is not None for name in part.needs) and not part.of(row) for part in parts):
            return "outside"
        if any(row[name] is None for name in among.needs):
            return "missing"
    words = [word for side in sides for _, *both in side for word in both if word is not None]
    return "missing" if any(row[name] is None for word in words for name in word.needs) else "counted"


def columns_of(table: list[dict[str, Any]]) -> dict[str, Any]:
    columns = {}
    for name in ("region", "cases", "gain", "fee", "is_gold", "tier"):
        columns[name] = np.empty(len(table), dtype=object)
        columns[name][:] = [row[name] for row in table]
    return columns


@given(rows, sides, st.none() | sides, st.none() | st.sampled_from(CONDITIONS))
def test_any_metric_is_what_fractions_give(
    table: list[dict[str, Any]], numerator: Side, denominator: Side | None, among: Word | None
) -> None:
    below = None if denominator is None else sum_of(denominator)
    about = None if among is None else among.text
    metric = sm.metric("own", numerator=sum_of(numerator), denominator=below, among=about, columns=COLUMNS)
    card = sm.scorecard(columns_of(table), by="region", metrics=[sm.Metric.from_json(metric.to_json())])
    found = found_in(card)
    assert set(found) == {(row["region"],) for row in table}
    for (region,), cells in found.items():
        of_region = [exact(row) for row in table if row["region"] == region]
        judged = [status(row, [numerator, denominator or []], among) for row in of_region]
        counted = [row for row, state in zip(of_region, judged, strict=True) if state == "counted"]
        above, under, reason, counts = cells["own"]
        assert counts == (len(counted), judged.count("missing"), 0, judged.count("outside"))
        top = sum((value_of(numerator, row) for row in counted), start=Fraction(0))
        bottom = sum((value_of(denominator or [], row) for row in counted), start=Fraction(0))
        if not counted:
            assert reason in ("none_in_scope", "all_missing")
        elif denominator is None:
            assert (above, under, reason) == (top, None, None)
        elif bottom == 0:
            assert reason == "zero_denominator"
        else:
            assert (above, under, reason) == (top, bottom, None)
            assert card["own"][region].value == float(top / bottom)


@given(rows, sides, sides, st.data())
def test_parts_merge_and_roll_up_to_the_whole(
    table: list[dict[str, Any]], numerator: Side, denominator: Side, data: st.DataObject
) -> None:
    own = sm.metric("own", numerator=sum_of(numerator), denominator=sum_of(denominator), columns=COLUMNS)
    places = data.draw(st.lists(st.integers(0, 2), min_size=len(table), max_size=len(table)))
    parts = [[row for row, place in zip(table, places, strict=True) if place == part] for part in range(3)]

    def card(part: list[dict[str, Any]], by: str | None = "region") -> sm.Scorecard:
        built = sm.scorecard(columns_of(part), by=by, metrics=[own])
        return sm.Scorecard.from_json(built.to_json())

    assert sm.merge(card(part) for part in parts) == card(table)
    assert card(table).rollup() == card(table, None)


def own_share(part: Any, whole: Any, **more: Any) -> dict[str, Any]:
    return {"numerator": part, "denominator": whole, "kind": "share", **more}


def of_rows(condition: str, **more: Any) -> dict[str, Any]:
    return own_share(sm.count(where=condition), sm.count(), **more)


LOST, PAYING = "revenue_start - revenue_end", "revenue_start > 0"
CHURN = sm.total("revenue_start", where="revenue_start > 0 and revenue_end = 0")
CONTRACTION = sm.total(LOST, where="revenue_end > 0 and revenue_start > revenue_end")
EXPANSION = sm.total("revenue_end - revenue_start", where="revenue_start > 0 and revenue_end > revenue_start")
#: Metrics of the catalogue, defined again.
AGAIN: dict[str, dict[str, Any]] = {
    "onboard_rate": of_rows("onboarded", among="is_new"),
    "adoption_rate": own_share("milestones_met", "milestones_total"),
    "plan_realization": own_share("goals_met", "goals_total"),
    "availability": own_share("service_minutes - downtime_minutes", "service_minutes"),
    "renewal_commitment_rate": of_rows("committed", among="is_active"),
    "contract_renewal_rate": own_share("contracts_renewed", "contracts_due"),
    "customer_retention_rate": {**of_rows("revenue_end > 0", among=PAYING), "time": "stock"},
    "customer_churn_rate": {**of_rows("revenue_end = 0", among=PAYING), "better": "lower"},
    "net_revenue_retention": {
        "numerator": sm.total("revenue_start") + EXPANSION - CONTRACTION - CHURN,
        "denominator": "revenue_start",
    },
    "revenue_lost": {"numerator": CHURN + CONTRACTION, "time": "flow"},
    "avoidable_loss_share": own_share(
        sm.total(LOST, where="loss_avoidable"),
        LOST,
        among="revenue_start > revenue_end and loss_reason is present",
        time="flow",
    ),
    "license_adoption": {"numerator": "licenses_used", "denominator": "licenses_sold"},
    "basic_user_share": own_share("basic_users", sm.total("basic_users") + sm.total("advanced_users")),
    "roi": {"numerator": "benefit - investment", "denominator": "investment"},
    "negative_impact_share": of_rows("impact is negative"),
    "engaged_share": of_rows("engagements > 0"),
    "engagements_per_customer": {"numerator": "engagements", "denominator": sm.count(), "unit": "number"},
    "engagements_per_revenue": {
        "numerator": "engagements",
        "denominator": "revenue_start",
        "time": "flow",
        "kind": "ratio",
        "unit": "number",
    },
    "mean_tenure_months": {"numerator": "tenure_months", "denominator": sm.count(), "kind": "mean"},
    "defection_risk_share": of_rows("risk is defection"),
    "revenue_at_risk": {
        "numerator": sm.total("revenue_end", where="risk is defection")
        + sm.total("revenue_end", where="risk is downgrade"),
    },
    "service_coverage": of_rows("has_service_contract"),
    "attach_rate": {"numerator": "service_attached", "denominator": "product_sales"},
    "upgrade_rate": of_rows("upgraded", among="is_subscriber"),
    "service_margin": {"numerator": "direct_revenue - service_cost", "denominator": "direct_revenue"},
    "service_return": {
        "numerator": "direct_revenue + indirect_revenue - service_cost",
        "denominator": "service_cost",
    },
    "cost_per_case": {"numerator": "service_cost", "denominator": "cases", "kind": "mean"},
    "cost_per_customer": {"numerator": "service_cost", "denominator": sm.count(), "kind": "mean"},
}


@pytest.mark.parametrize("absent_revenue", ["zero", "missing"])
@pytest.mark.parametrize("seed", [60, 61])
def test_metrics_of_the_catalogue_defined_again_are_what_they_are_and_what_sql_gives(
    seed: int, absent_revenue: str
) -> None:
    table, by = random_table(seed, 300), ("region", "tier")
    again = [sm.metric(f"own_{metric}", **parts) for metric, parts in AGAIN.items()]
    found = found_in(scorecard_of(table, by, absent_revenue=absent_revenue, define=again))
    sums = oracle_duckdb.scorecard(table, by, absent_revenue)
    counts = oracle_duckdb.counts(table, by, absent_revenue)
    for key, cells in found.items():
        for metric in AGAIN:
            own = cells[f"own_{metric}"]
            assert own == cells[metric], (key, metric)
            pair = sums[key][metric]
            assert own[3] == counts[key].get(metric), (key, metric)
            if pair is not None and pair[1] != 0:
                assert own[:3] == (*map(fraction, pair), None), (key, metric)


@pytest.mark.parametrize("metric", AGAIN)
def test_what_follows_from_a_definition_is_what_the_catalogue_says(metric: str) -> None:
    built_in, own = sm.catalog()[metric], sm.metric(f"own_{metric}", **AGAIN[metric]).definition
    assert (own.kind, own.unit, own.time) == (built_in.kind, built_in.unit, built_in.time)
    assert set(own.columns) == set(built_in.columns)

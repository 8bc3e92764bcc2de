"""The metrics of a customers table as hand-written DuckDB aggregates: an oracle in another language.

Sums are DECIMAL and HUGEINT, so they are exact. Invalid rows are left out and counted, as `on_invalid="skip"` does.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

import oracle_duckdb_families as families

Pair = tuple[Decimal, Decimal | None]
Figure = Pair | tuple[Pair | None, Pair | None] | None
Counts = tuple[int, int, int, int]

# Complete and valid rows, and the four counts, of the metrics that read revenue at both ends.
PAID = "revenue_start >= 0 AND revenue_end >= 0"
REVENUE_COUNTS = f"""
    count(*) FILTER ({PAID}) AS counted,
    count(*) FILTER (revenue_start IS NULL OR revenue_end IS NULL) AS missing,
    count(*) FILTER (revenue_start IS NOT NULL AND revenue_end IS NOT NULL
        AND (revenue_start < 0 OR revenue_end < 0)) AS invalid,
    0 AS outside
"""
STAYER_COUNTS = """
    count(*) FILTER (revenue_start > 0 AND revenue_end >= 0) AS counted,
    count(*) FILTER (revenue_start IS NULL OR (revenue_start > 0 AND revenue_end IS NULL)) AS missing,
    count(*) FILTER (revenue_start > 0 AND revenue_end < 0) AS invalid,
    count(*) FILTER (revenue_start <= 0) AS outside
"""

SQL: dict[str, str] = {
    "onboard_rate": """
        count(*) FILTER (is_new AND onboarded) AS numerator,
        count(*) FILTER (is_new AND onboarded IS NOT NULL) AS denominator,
        count(*) FILTER (is_new AND onboarded IS NOT NULL) AS counted,
        count(*) FILTER (is_new IS NULL OR (is_new AND onboarded IS NULL)) AS missing,
        0 AS invalid,
        count(*) FILTER (NOT is_new) AS outside
    """,
    "adoption_rate": """
        sum(milestones_met) FILTER (milestones_met BETWEEN 0 AND milestones_total) AS numerator,
        sum(milestones_total) FILTER (milestones_met BETWEEN 0 AND milestones_total) AS denominator,
        count(*) FILTER (milestones_met BETWEEN 0 AND milestones_total) AS counted,
        count(*) FILTER (milestones_met IS NULL OR milestones_total IS NULL) AS missing,
        count(*) FILTER (milestones_met IS NOT NULL AND milestones_total IS NOT NULL
            AND milestones_met NOT BETWEEN 0 AND milestones_total) AS invalid,
        0 AS outside
    """,
    "success_rate": """
        count(*) FILTER (reached_goal) AS numerator,
        count(reached_goal) AS denominator,
        count(reached_goal) AS counted,
        count(*) FILTER (reached_goal IS NULL) AS missing,
        0 AS invalid,
        0 AS outside
    """,
    "availability": """
        sum(service_minutes - downtime_minutes)
            FILTER (downtime_minutes BETWEEN 0 AND service_minutes) AS numerator,
        sum(service_minutes) FILTER (downtime_minutes BETWEEN 0 AND service_minutes) AS denominator,
        count(*) FILTER (downtime_minutes BETWEEN 0 AND service_minutes) AS counted,
        count(*) FILTER (service_minutes IS NULL OR downtime_minutes IS NULL) AS missing,
        count(*) FILTER (service_minutes IS NOT NULL AND downtime_minutes IS NOT NULL
            AND (downtime_minutes < 0 OR downtime_minutes > service_minutes)) AS invalid,
        0 AS outside
    """,
    "engagement_quality": """
        sum(positive_engagements) FILTER (positive_engagements BETWEEN 0 AND engagements
            AND coalesce(negative_engagements BETWEEN 0 AND engagements - positive_engagements, true)) AS numerator,
        sum(engagements) FILTER (positive_engagements BETWEEN 0 AND engagements
            AND coalesce(negative_engagements BETWEEN 0 AND engagements - positive_engagements, true)) AS denominator,
        count(*) FILTER (positive_engagements BETWEEN 0 AND engagements
            AND coalesce(negative_engagements BETWEEN 0 AND engagements - positive_engagements, true)) AS counted,
        count(*) FILTER (positive_engagements IS NULL OR engagements IS NULL) AS missing,
        count(*) FILTER (positive_engagements IS NOT NULL AND engagements IS NOT NULL
            AND (positive_engagements < 0 OR positive_engagements > engagements
                OR coalesce(negative_engagements < 0, false)
                OR coalesce(positive_engagements + negative_engagements > engagements, false))) AS invalid,
        0 AS outside
    """,
    "renewal_commitment_rate": """
        count(*) FILTER (is_active AND committed) AS numerator,
        count(committed) FILTER (is_active) AS denominator,
        count(committed) FILTER (is_active) AS counted,
        count(*) FILTER (is_active IS NULL OR (is_active AND committed IS NULL)) AS missing,
        0 AS invalid,
        count(*) FILTER (NOT is_active) AS outside
    """,
    "net_recurring_revenue": f"""
        sum(revenue_end - revenue_start) FILTER ({PAID}) AS numerator,
        NULL AS denominator, {REVENUE_COUNTS}
    """,
    "recurring_revenue_rate": f"""
        sum(revenue_end) FILTER ({PAID}) AS numerator,
        sum(revenue_start) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "plan_realization": """
        sum(goals_met) FILTER (0 <= goals_met AND goals_met <= goals_total) AS numerator,
        sum(goals_total) FILTER (0 <= goals_met AND goals_met <= goals_total) AS denominator,
        count(*) FILTER (0 <= goals_met AND goals_met <= goals_total) AS counted,
        count(*) FILTER (goals_met IS NULL OR goals_total IS NULL) AS missing,
        count(*) FILTER (goals_met IS NOT NULL AND goals_total IS NOT NULL
            AND (goals_met < 0 OR goals_met > goals_total)) AS invalid,
        0 AS outside
    """,
    "customer_retention_rate": f"""
        count(*) FILTER (revenue_start > 0 AND revenue_end > 0) AS numerator,
        count(*) FILTER (revenue_start > 0 AND revenue_end >= 0) AS denominator, {STAYER_COUNTS}
    """,
    "customer_churn_rate": f"""
        count(*) FILTER (revenue_start > 0 AND revenue_end = 0) AS numerator,
        count(*) FILTER (revenue_start > 0 AND revenue_end >= 0) AS denominator, {STAYER_COUNTS}
    """,
    "contract_renewal_rate": """
        sum(contracts_renewed) FILTER (contracts_renewed >= 0 AND contracts_due >= contracts_renewed) AS numerator,
        sum(contracts_due) FILTER (contracts_renewed >= 0 AND contracts_due >= contracts_renewed) AS denominator,
        count(*) FILTER (contracts_renewed >= 0 AND contracts_due >= contracts_renewed) AS counted,
        count(*) FILTER (contracts_renewed IS NULL OR contracts_due IS NULL) AS missing,
        count(*) FILTER (contracts_renewed IS NOT NULL AND contracts_due IS NOT NULL
            AND (contracts_renewed < 0 OR contracts_due < contracts_renewed)) AS invalid,
        0 AS outside
    """,
    "revenue_start": f"sum(revenue_start) FILTER ({PAID}) AS numerator, NULL AS denominator, {REVENUE_COUNTS}",
    "revenue_end": f"sum(revenue_end) FILTER ({PAID}) AS numerator, NULL AS denominator, {REVENUE_COUNTS}",
    "revenue_new": f"""
        sum(CASE WHEN revenue_start = 0 THEN revenue_end ELSE 0 END) FILTER ({PAID}) AS numerator,
        NULL AS denominator, {REVENUE_COUNTS}
    """,
    "revenue_expansion": f"""
        sum(CASE WHEN revenue_start > 0 AND revenue_end > revenue_start THEN revenue_end - revenue_start ELSE 0 END)
            FILTER ({PAID}) AS numerator,
        NULL AS denominator, {REVENUE_COUNTS}
    """,
    "revenue_contraction": f"""
        sum(CASE WHEN revenue_end > 0 AND revenue_start > revenue_end THEN revenue_start - revenue_end ELSE 0 END)
            FILTER ({PAID}) AS numerator,
        NULL AS denominator, {REVENUE_COUNTS}
    """,
    "revenue_churn": f"""
        sum(CASE WHEN revenue_end = 0 THEN revenue_start ELSE 0 END) FILTER ({PAID}) AS numerator,
        NULL AS denominator, {REVENUE_COUNTS}
    """,
    "revenue_added": f"""
        sum(greatest(revenue_end - revenue_start, 0)) FILTER ({PAID}) AS numerator,
        NULL AS denominator, {REVENUE_COUNTS}
    """,
    "revenue_lost": f"""
        sum(greatest(revenue_start - revenue_end, 0)) FILTER ({PAID}) AS numerator,
        NULL AS denominator, {REVENUE_COUNTS}
    """,
    "net_revenue_retention": f"""
        sum(CASE WHEN revenue_start > 0 THEN revenue_end ELSE 0 END) FILTER ({PAID}) AS numerator,
        sum(revenue_start) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "gross_revenue_retention": f"""
        sum(least(revenue_start, revenue_end)) FILTER ({PAID}) AS numerator,
        sum(revenue_start) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "revenue_growth_rate": f"""
        (sum(revenue_end) FILTER ({PAID})) - (sum(revenue_start) FILTER ({PAID})) AS numerator,
        sum(revenue_start) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "new_share_of_growth": f"""
        sum(CASE WHEN revenue_start = 0 THEN revenue_end ELSE 0 END) FILTER ({PAID}) AS numerator,
        sum(greatest(revenue_end - revenue_start, 0)) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "expansion_share_of_growth": f"""
        sum(CASE WHEN revenue_start = 0 THEN 0 ELSE greatest(revenue_end - revenue_start, 0) END)
            FILTER ({PAID}) AS numerator,
        sum(greatest(revenue_end - revenue_start, 0)) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "churn_share_of_loss": f"""
        sum(CASE WHEN revenue_end = 0 THEN revenue_start ELSE 0 END) FILTER ({PAID}) AS numerator,
        sum(greatest(revenue_start - revenue_end, 0)) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "contraction_share_of_loss": f"""
        sum(CASE WHEN revenue_end = 0 THEN 0 ELSE greatest(revenue_start - revenue_end, 0) END)
            FILTER ({PAID}) AS numerator,
        sum(greatest(revenue_start - revenue_end, 0)) FILTER ({PAID}) AS denominator, {REVENUE_COUNTS}
    """,
    "avoidable_loss_share": """
        sum(CASE WHEN loss_avoidable THEN revenue_start - revenue_end ELSE 0 END)
            FILTER (revenue_start > revenue_end AND revenue_end >= 0
                AND loss_reason IS NOT NULL AND loss_avoidable IS NOT NULL) AS numerator,
        sum(revenue_start - revenue_end)
            FILTER (revenue_start > revenue_end AND revenue_end >= 0
                AND loss_reason IS NOT NULL AND loss_avoidable IS NOT NULL) AS denominator,
        count(*) FILTER (revenue_start > revenue_end AND revenue_end >= 0
            AND loss_reason IS NOT NULL AND loss_avoidable IS NOT NULL) AS counted,
        count(*) FILTER (loss_reason IS NOT NULL AND (revenue_start IS NULL OR revenue_end IS NULL
            OR (revenue_start > revenue_end AND loss_avoidable IS NULL))) AS missing,
        count(*) FILTER (revenue_start > revenue_end AND revenue_end < 0
            AND loss_reason IS NOT NULL AND loss_avoidable IS NOT NULL) AS invalid,
        count(*) FILTER (loss_reason IS NULL OR revenue_start <= revenue_end) AS outside
    """,
    # A difference of two rates, each over its own rows: the second pair follows the first, with no counts of its own.
    "renewal_gap": f"""
        sum(revenue_end) FILTER ({PAID}) AS numerator,
        sum(revenue_start) FILTER ({PAID}) AS denominator,
        sum(contracts_renewed) FILTER (contracts_renewed >= 0 AND contracts_due >= contracts_renewed) AS numerator_2,
        sum(contracts_due) FILTER (contracts_renewed >= 0 AND contracts_due >= contracts_renewed) AS denominator_2
    """,
}

# Where the table lacks a column, the metric is another one, for all rows.
SUCCESS_FROM_GOALS = """
    count(*) FILTER (goals_total > 0 AND goals_met = goals_total) AS numerator,
    count(*) FILTER (goals_total > 0 AND goals_met BETWEEN 0 AND goals_total) AS denominator,
    count(*) FILTER (goals_total > 0 AND goals_met BETWEEN 0 AND goals_total) AS counted,
    count(*) FILTER (goals_total IS NULL OR (goals_total > 0 AND goals_met IS NULL)) AS missing,
    count(*) FILTER (goals_total > 0 AND (goals_met < 0 OR goals_met > goals_total)) AS invalid,
    count(*) FILTER (goals_total <= 0) AS outside
"""
QUALITY_WITHOUT_NEGATIVE = """
    sum(positive_engagements) FILTER (positive_engagements BETWEEN 0 AND engagements) AS numerator,
    sum(engagements) FILTER (positive_engagements BETWEEN 0 AND engagements) AS denominator,
    count(*) FILTER (positive_engagements BETWEEN 0 AND engagements) AS counted,
    count(*) FILTER (positive_engagements IS NULL OR engagements IS NULL) AS missing,
    count(*) FILTER (positive_engagements IS NOT NULL AND engagements IS NOT NULL
        AND positive_engagements NOT BETWEEN 0 AND engagements) AS invalid,
    0 AS outside
"""

# Gone or new customers of an outer join: exactly one end of the revenue is null.
ABSENT_AS_ZERO = """
    SELECT * REPLACE (
        CASE WHEN revenue_end IS NULL THEN revenue_start ELSE coalesce(revenue_start, 0) END AS revenue_start,
        CASE WHEN revenue_start IS NULL THEN revenue_end ELSE coalesce(revenue_end, 0) END AS revenue_end
    ) FROM customers
"""


def fragments(columns: Sequence[str]) -> dict[str, str]:
    """The aggregates that a table with these columns allows."""
    have = set(columns)
    chosen = SQL | families.SQL
    if "reached_goal" not in have:
        chosen["success_rate"] = SUCCESS_FROM_GOALS
    if "negative_engagements" not in have:
        chosen["engagement_quality"] = QUALITY_WITHOUT_NEGATIVE
    if "positive_engagements" not in have:
        chosen["negative_engagement_share"] = families.NEGATIVE_WITHOUT_POSITIVE
    return {metric: sql for metric, sql in chosen.items() if columns_read(sql) <= have}


def columns_read(sql: str) -> set[str]:
    """The columns of `random_table` that a fragment names."""
    words = "".join(c if c.isalnum() or c == "_" else " " for c in sql).split()
    return set(words) & set(COLUMNS)


def run(table: pa.Table, by: Sequence[str], absent_revenue: str | None) -> dict[str, list[dict[str, Any]]]:
    """The rows that each metric's query gives, in key order, null last."""
    connection = duckdb.connect()
    connection.register("customers", table)
    source = "customers"
    if {"revenue_start", "revenue_end"} <= set(table.column_names):
        half = "SELECT count(*) FROM customers WHERE (revenue_start IS NULL) <> (revenue_end IS NULL)"
        found = connection.execute(half).fetchall()[0][0]
        if found and absent_revenue is None:
            raise ValueError(f"{found} rows have revenue at one end only: absent_revenue must say how to read them")
        if absent_revenue == "zero":
            source = f"({ABSENT_AS_ZERO})"
    keys = ", ".join(f'"{name}"' for name in by)
    order = ", ".join(f'"{name}" NULLS LAST' for name in by)
    result = {}
    for metric, sql in fragments(table.column_names).items():
        select = f"SELECT {keys + ',' if by else ''} {sql} FROM {source}"
        grouped = f"{select} GROUP BY {keys} ORDER BY {order}" if by else select
        cursor = connection.execute(grouped)
        names = [column[0] for column in cursor.description]
        result[metric] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return result


def pair(numerator: Any, denominator: Any) -> Pair | None:
    """Exact decimals; None where no row counted, which leaves sums null."""
    return None if numerator is None else (Decimal(numerator), None if denominator is None else Decimal(denominator))


def scorecard(
    table: pa.Table, by: Sequence[str], absent_revenue: str | None = None
) -> dict[tuple[Any, ...], dict[str, Figure]]:
    """(numerator, denominator) of each metric by group: None where no row counted; amounts have no denominator.

    `renewal_gap` is the two pairs, of the recurring revenue rate and the contract renewal rate.
    """
    result: dict[tuple[Any, ...], dict[str, Figure]] = {}
    for metric, rows in run(table, by, absent_revenue).items():
        for row in rows:
            figure: Figure = pair(row["numerator"], row["denominator"])
            if "numerator_2" in row:
                figure = (pair(row["numerator"], row["denominator"]), pair(row["numerator_2"], row["denominator_2"]))
            elif row["counted"] == 0:
                figure = None
            result.setdefault(tuple(row[name] for name in by), {})[metric] = figure
    return result


def counts(
    table: pa.Table, by: Sequence[str], absent_revenue: str | None = None
) -> dict[tuple[Any, ...], dict[str, Counts]]:
    """Counted, missing, invalid and outside of each metric by group; `renewal_gap` has none of its own."""
    result: dict[tuple[Any, ...], dict[str, Counts]] = {}
    for metric, rows in run(table, by, absent_revenue).items():
        for row in rows:
            if "counted" in row:
                figures = (row["counted"], row["missing"], row["invalid"], row["outside"])
                result.setdefault(tuple(row[name] for name in by), {})[metric] = figures
    return result


MONEY = families.MONEY
COLUMNS: dict[str, pa.DataType] = {
    "region": pa.string(),
    "tier": pa.int64(),
    "customer_id": pa.int64(),
    "is_new": pa.bool_(),
    "onboarded": pa.bool_(),
    "milestones_met": pa.int64(),
    "milestones_total": pa.int64(),
    "reached_goal": pa.bool_(),
    "goals_met": pa.int64(),
    "goals_total": pa.int64(),
    "service_minutes": MONEY,
    "downtime_minutes": MONEY,
    "engagements": pa.int64(),
    "positive_engagements": pa.int64(),
    "negative_engagements": pa.int64(),
    "is_active": pa.bool_(),
    "committed": pa.bool_(),
    "contracts_due": pa.int64(),
    "contracts_renewed": pa.int64(),
    "revenue_start": MONEY,
    "revenue_end": MONEY,
    "loss_reason": pa.string(),
    "loss_avoidable": pa.bool_(),
    **families.COLUMNS,
}
AMOUNTS = ("0", "0", "0.000001", "0.1", "19.99", "20", "20", "1234.567891", "99999999999.999999")


def random_table(seed: int, rows: int, nulls: float = 0.15, invalid: float = 0.1) -> pa.Table:
    """Random customers with two keys, many zeros and equal values, and that share of null cells and invalid parts."""
    rng = random.Random(seed)

    def part_of(whole: int, least: int = 0) -> int:
        if rng.random() < invalid:
            return rng.choice((-1 if least == 0 else whole + 1, whole + 1, whole + 7))
        return rng.choice((0, whole, rng.randint(0, whole)))

    def amount() -> Decimal:
        some = rng.choice((*AMOUNTS, str(rng.randint(1, 10_000)), f"{rng.randint(1, 10**9)}e-6"))
        return -Decimal(some) if rng.random() < invalid / 2 else Decimal(some)

    def row(number: int) -> dict[str, Any]:
        customer: dict[str, Any] = {
            "region": rng.choice(("North", "South", "", "\u00e4st", "a\u0000b", "North")),
            "tier": rng.choice((-1, 0, 2, 10)),
        }
        for flag in ("is_new", "onboarded", "reached_goal", "is_active", "committed", "loss_avoidable"):
            customer[flag] = rng.random() < 0.6
        for part, whole in (
            ("milestones_met", "milestones_total"),
            ("goals_met", "goals_total"),
            ("contracts_renewed", "contracts_due"),
            ("positive_engagements", "engagements"),
        ):
            customer[whole] = rng.choice((0, 1, 3, 4, rng.randint(0, 50), 2**40))
            customer[part] = part_of(customer[whole])
        beside = max(customer["engagements"] - customer["positive_engagements"], 0)
        # The definitions leave open what an impossible number of one kind means for the share of the other kind.
        possible = customer["positive_engagements"] >= 0
        customer["negative_engagements"] = part_of(beside, least=1) if possible else None
        minutes = Decimal(rng.choice((0, 1440, 43200)))
        customer["service_minutes"] = minutes
        down = rng.choice((Decimal(0), minutes, minutes / 1000, minutes / 3))
        customer["downtime_minutes"] = (down + 1 if rng.random() < invalid else down).quantize(Decimal("0.000001"))
        customer["revenue_start"] = amount()
        customer["revenue_end"] = rng.choice((amount(), amount(), customer["revenue_start"]))
        customer["loss_reason"] = rng.choice(("price", "budget", "quality"))
        customer |= families.random_customer(rng, part_of, amount, invalid)
        masked = {name: None if rng.random() < nulls else value for name, value in customer.items()}
        return masked | {"customer_id": number}

    return pa.Table.from_pylist([row(number) for number in range(rows)], schema=pa.schema(list(COLUMNS.items())))

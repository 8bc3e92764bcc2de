"""Movements and retention of a ledger in SQL, with window functions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa

#: Every customer in every month, with what it paid and in which segment; nothing where it has no line.
FILLED = """
WITH added AS (
    SELECT customer, month, sum(revenue)::DECIMAL(38, 6) AS revenue, max({segment}) AS segment FROM lines GROUP BY ALL
),
reach AS (SELECT min(month) AS first_month, max(month) AS last_month FROM added),
months AS (SELECT unnest(range(first_month, last_month + 1)) AS month FROM reach),
customers AS (SELECT DISTINCT customer FROM added),
filled AS (
    SELECT c.customer, m.month, (m.month - {shift}) // {length} AS period, coalesce(a.revenue, 0) AS paid, a.segment
    FROM customers c CROSS JOIN months m LEFT JOIN added a ON a.customer = c.customer AND a.month = m.month
)
"""

#: What each customer has in each period: what it paid at the start and at the end, in which segment, whether it ever
#: paid before, and what it paid at most. From that a line a movement, which is added up by period and segment.
MOVEMENTS = """
, known AS (
    SELECT *,
        coalesce(sum(paid) OVER past, 0) > 0 AS ever,
        first_value(paid) OVER ledger AS opening,
        first_value(segment) OVER ledger AS opening_segment,
        row_number() OVER (PARTITION BY customer, period ORDER BY month) AS place,
        row_number() OVER (PARTITION BY customer, period ORDER BY month DESC) AS place_from_end,
        row_number() OVER (PARTITION BY customer, period ORDER BY paid DESC, month) AS place_by_paid
    FROM filled
    WINDOW ledger AS (PARTITION BY customer ORDER BY month),
        past AS (PARTITION BY customer ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
ends AS (
    SELECT l.customer, l.period, l.paid AS after, l.segment AS now, f.ever, m.paid AS most, m.segment AS most_in,
        lag(l.paid) OVER earlier AS paid_before, lag(l.segment) OVER earlier AS segment_before,
        l.opening, l.opening_segment
    FROM known l
    JOIN known f ON f.customer = l.customer AND f.period = l.period AND f.place = 1
    JOIN known m ON m.customer = l.customer AND m.period = l.period AND m.place_by_paid = 1
    WHERE l.place_from_end = 1
    WINDOW earlier AS (PARTITION BY l.customer ORDER BY l.period)
),
pairs AS (
    SELECT customer, period, after, now, ever, most, most_in,
        coalesce(paid_before, CASE WHEN {opening} THEN opening END, 0) AS before,
        CASE WHEN paid_before IS NULL THEN opening_segment ELSE segment_before END AS was
    FROM ends
),
moves AS (
    SELECT period, was AS segment, 'start' AS name, before AS revenue FROM pairs WHERE before > 0
    UNION ALL SELECT period, now, 'end', after FROM pairs WHERE after > 0
    UNION ALL SELECT period, now, if(ever, 'reactivation', 'new'), after FROM pairs WHERE before = 0 AND after > 0
    UNION ALL SELECT period, was, 'churn', before FROM pairs WHERE before > 0 AND after = 0
    UNION ALL SELECT period, was, 'expansion', after - before FROM pairs WHERE before > 0 AND after > before
    UNION ALL SELECT period, was, 'contraction', before - after FROM pairs WHERE after > 0 AND after < before
    UNION ALL SELECT period, was, 'transfer_out', after FROM pairs
        WHERE before > 0 AND after > 0 AND was IS DISTINCT FROM now
    UNION ALL SELECT period, now, 'transfer_in', after FROM pairs
        WHERE before > 0 AND after > 0 AND was IS DISTINCT FROM now
    UNION ALL SELECT period, most_in, 'transient', most FROM pairs WHERE before = 0 AND after = 0 AND most > 0
),
grid AS (
    SELECT p.period, s.segment, (p.period + 1) * {length} + {shift} <= r.last_month + 1 AS complete
    FROM (SELECT DISTINCT period FROM filled) p CROSS JOIN (SELECT DISTINCT segment FROM added) s CROSS JOIN reach r
)
SELECT g.period * {length} + {shift} AS start, g.segment, g.complete::INTEGER AS complete, {sums}
FROM grid g LEFT JOIN moves m ON m.period = g.period AND m.segment IS NOT DISTINCT FROM g.segment
GROUP BY g.period, g.segment, g.complete ORDER BY g.period, g.segment
"""

#: What each customer paid at the end of each period that is over, from that of its first revenue on.
RETENTION = """
, cohorts AS (SELECT customer, min(period) AS cohort FROM filled WHERE paid > 0 GROUP BY customer),
ends AS (
    SELECT c.cohort, f.period - c.cohort AS age, f.paid AS now,
        first_value(f.paid) OVER (PARTITION BY f.customer ORDER BY f.period) AS start
    FROM filled f JOIN cohorts c ON c.customer = f.customer AND c.cohort <= f.period
    WHERE f.month = (f.period + 1) * {length} + {shift} - 1
)
SELECT cohort * {length} + {shift}, age,
    count(*) FILTER (now > 0), count(*), sum(now), sum(start), sum(least(start, now))
FROM ends GROUP BY cohort, age
"""

#: Movements, what their amounts are called, and what their customers.
NAMES = [
    ("start", "revenue_start", "customers_start"),
    ("new", "revenue_new", "customers_new"),
    ("reactivation", "revenue_reactivation", "customers_reactivated"),
    ("expansion", "revenue_expansion", "customers_expanded"),
    ("contraction", "revenue_contraction", "customers_contracted"),
    ("churn", "revenue_churn", "customers_churned"),
    ("transfer_in", "revenue_transfer_in", None),
    ("transfer_out", "revenue_transfer_out", None),
    ("transient", "transient_revenue", "transient_customers"),
    ("end", "revenue_end", "customers_end"),
]


def movements(
    lines: pa.Table, length: int, by: bool, fiscal_start: int = 1, opening: bool = False
) -> dict[tuple[int, Any], dict[str, Fraction]]:
    """By the first month of a period, and segment; the lines have customer, month (a number), revenue, segment."""
    sums = [f"coalesce(sum(m.revenue) FILTER (m.name = '{name}'), 0) AS {amount}" for name, amount, _ in NAMES]
    sums += [f"count(*) FILTER (m.name = '{name}') AS {heads}" for name, _, heads in NAMES if heads]
    options = {"length": length, "shift": fiscal_start - 1, "opening": str(opening).upper(), "sums": ", ".join(sums)}
    connection = duckdb.connect()
    connection.register("lines", lines)
    query = (FILLED + MOVEMENTS).format(segment="segment" if by else "'all'", **options)
    found = connection.sql(query).to_arrow_table().to_pylist()
    return {
        (row.pop("start"), row.pop("segment") if by else None): {
            name: Fraction(value) for name, value in row.items() if name != "segment"
        }
        for row in found
    }


def retention(lines: pa.Table, length: int, fiscal_start: int = 1) -> dict[tuple[int, int], tuple[Fraction, ...]]:
    """By the first month of a cohort's period, and age: customers, all who started, revenue, that at the start, and
    that capped at it.
    """
    connection = duckdb.connect()
    connection.register("lines", lines)
    query = (FILLED + RETENTION).format(segment="segment", length=length, shift=fiscal_start - 1)
    return {(cohort, age): tuple(map(Fraction, values)) for cohort, age, *values in connection.sql(query).fetchall()}

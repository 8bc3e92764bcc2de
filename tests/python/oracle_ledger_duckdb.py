"""Movements of a ledger in SQL, with window functions."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

#: Each customer in each period, with what it paid at the ends and before; `length` months to a period, calendar ones.
SQL = """
WITH added AS (SELECT customer, month, sum(revenue)::DECIMAL(38, 6) AS revenue FROM lines GROUP BY ALL),
reach AS (SELECT min(month) AS first_month, max(month) AS last_month FROM added),
numbers AS (SELECT unnest(range(first_month // {length}, last_month // {length} + 1)) AS period FROM reach),
ends AS (
    SELECT c.customer, n.period, coalesce(a.revenue, 0) AS paid,
        coalesce(
            (SELECT sum(b.revenue) FROM added b WHERE b.customer = c.customer AND b.month < n.period * {length}), 0
        ) > 0 AS was_there
    FROM (SELECT DISTINCT customer FROM added) c CROSS JOIN numbers n CROSS JOIN reach r
    LEFT JOIN added a ON a.customer = c.customer AND a.month = least((n.period + 1) * {length} - 1, r.last_month)
),
pairs AS (
    SELECT *, lag(paid, 1, 0) OVER (PARTITION BY customer ORDER BY period) AS before FROM ends
)
SELECT period,
    sum(before) AS revenue_start,
    sum(paid) AS revenue_end,
    sum(CASE WHEN before = 0 AND NOT was_there THEN paid ELSE 0 END) AS revenue_new,
    sum(CASE WHEN before = 0 AND was_there THEN paid ELSE 0 END) AS revenue_reactivation,
    sum(CASE WHEN before > 0 AND paid > before THEN paid - before ELSE 0 END) AS revenue_expansion,
    sum(CASE WHEN paid > 0 AND paid < before THEN before - paid ELSE 0 END) AS revenue_contraction,
    sum(CASE WHEN paid = 0 THEN before ELSE 0 END) AS revenue_churn,
    count(*) FILTER (before > 0) AS customers_start,
    count(*) FILTER (before = 0 AND paid > 0 AND NOT was_there) AS customers_new,
    count(*) FILTER (before = 0 AND paid > 0 AND was_there) AS customers_reactivated,
    count(*) FILTER (before > 0 AND paid > before) AS customers_expanded,
    count(*) FILTER (paid > 0 AND paid < before) AS customers_contracted,
    count(*) FILTER (before > 0 AND paid = 0) AS customers_churned,
    count(*) FILTER (paid > 0) AS customers_end
FROM pairs GROUP BY period ORDER BY period
"""


def movements(lines: pa.Table, length: int) -> list[dict[str, Any]]:
    """A row a period; the lines have customer, month (a number), revenue."""
    connection = duckdb.connect()
    connection.register("lines", lines)
    return connection.sql(SQL.format(length=length)).to_arrow_table().to_pylist()

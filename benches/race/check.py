"""A wrong answer is no result: ours is compared with the peer's, and with the definitions written as SQL by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from race.peers.engine import MOVED, Columns, ordered

#: Metrics over columns without nulls: there the peers, which do not see to complete rows, compute the same.
SAME = (
    "onboard_rate",
    "advanced_user_share",
    "renewal_commitment_rate",
    "contract_renewal_rate",
    "revenue_new",
    "revenue_churn",
    "revenue_expansion",
    "revenue_contraction",
    "recurring_revenue_rate",
    "net_revenue_retention",
    "gross_revenue_retention",
    "defect_share",
)
_BOTH = "revenue_start IS NOT NULL AND revenue_end IS NOT NULL"


def _quotient(part: str, whole: str, *columns: str) -> str:
    """The quotient of two sums over the rows in which all columns are there."""
    there = " AND ".join(f"{column} IS NOT NULL" for column in columns or (part, whole))
    return f"sum({part}) FILTER (WHERE {there})::DOUBLE / nullif(sum({whole}) FILTER (WHERE {there})::DOUBLE, 0)"


def _amount(value: str, condition: str = "true") -> str:
    return f"coalesce(sum({value}) FILTER (WHERE {_BOTH} AND {condition}), 0)"


_START, _END = _amount("revenue_start"), _amount("revenue_end")
_MOVED = {
    "revenue_new": _amount("revenue_end", "revenue_start = 0"),
    "revenue_churn": _amount("revenue_start", "revenue_end = 0"),
    "revenue_expansion": _amount("revenue_end - revenue_start", "revenue_start > 0 AND revenue_end > revenue_start"),
    "revenue_contraction": _amount("revenue_start - revenue_end", "revenue_end > 0 AND revenue_end < revenue_start"),
}
_LOST = f"{_MOVED['revenue_contraction']} - {_MOVED['revenue_churn']}"
_SQL = {
    "onboard_rate": _quotient("(is_new AND onboarded)::INT", "is_new::INT", "is_new", "onboarded"),
    "adoption_rate": _quotient("milestones_met", "milestones_total"),
    "license_adoption": _quotient("licenses_used", "licenses_sold"),
    "advanced_user_share": _quotient("advanced_users", "basic_users + advanced_users"),
    "success_rate": "avg(reached_goal::INT)",
    "plan_realization": _quotient("goals_met", "goals_total"),
    "availability": _quotient(
        "service_minutes - downtime_minutes", "service_minutes", "service_minutes", "downtime_minutes"
    ),
    "engagement_quality": _quotient("positive_engagements", "engagements"),
    "renewal_commitment_rate": _quotient("(is_active AND committed)::INT", "is_active::INT", "is_active", "committed"),
    "contract_renewal_rate": _quotient("contracts_renewed", "contracts_due"),
    "revenue_start": _START,
    "revenue_end": _END,
    **_MOVED,
    "recurring_revenue_rate": f"{_END} / nullif({_START}, 0)",
    "net_revenue_retention": f"({_START} + {_MOVED['revenue_expansion']} - {_LOST}) / nullif({_START}, 0)",
    "gross_revenue_retention": f"({_START} - {_LOST}) / nullif({_START}, 0)",
    "defect_share": _quotient("defect_cases", "cases"),
    "cost_per_case": _quotient("service_cost", "cases"),
}


class WrongResultError(Exception):
    """A result that differs by more than rounding explains."""


def _equal(name: str, ours: Any, theirs: Any, relative: float, absolute: float = 0.0) -> None:
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    if ours.shape != theirs.shape:
        raise WrongResultError(f"{name}: {ours.shape[0]} groups, expected {theirs.shape[0]}")
    # what is undefined is NaN here; floats of the peers may be infinite there
    ours, theirs = np.nan_to_num(ours, posinf=0.0), np.nan_to_num(theirs, posinf=0.0)
    wrong = ~np.isclose(ours, theirs, rtol=relative, atol=absolute)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise WrongResultError(
            f"{name}: {int(wrong.sum())} groups differ, such as group {at}: {ours[at]!r}, expected {theirs[at]!r}"
        )


def columns_of(table: pa.Table, keys: list[str]) -> Columns:
    """Our figures as floats, sorted as the peers' are."""
    names = [name for name in table.column_names if name not in keys]
    floats = {name: table[name].cast("float64").to_numpy() for name in names}
    texts = [table[key].cast("string") if pa.types.is_dictionary(table[key].type) else table[key] for key in keys]
    return ordered([text.to_numpy() for text in texts], floats, names)


def same_scorecard(ours: Columns, theirs: Columns, identity: bool) -> None:
    """Our metrics of columns without nulls are the peer's."""
    _equal("rows", ours["rows"], theirs["n"], 0.0)
    for name in SAME:
        # revenue that shrank by cents is a small difference of large floats in the peers
        _equal(name, ours[name], theirs[name], 1e-9, 1e-6)
    if identity:
        _equal("unique customers", ours["rows"], theirs["unique"], 0.0)


def same_health(ours: Columns, theirs: Columns) -> None:
    """Our mean scores and shares of bands are the peer's; a float score at a band's edge may fall to either side."""
    _equal("rows", ours["rows"], theirs["n"], 0.0)
    _equal("customer_health", ours["customer_health"] / 100, theirs["score"], 1e-6)
    for band in ("red", "yellow", "green"):
        _equal(f"{band}_share", ours[f"{band}_share"], theirs[band] / theirs["n"], 0.0, 1e-3)


def same_ledger(movements: pa.Table, retention: pa.Table, theirs: Columns) -> None:
    """Our movements by month are the peer's, and so is each cell of the triangle."""
    for metric, customers in MOVED:
        _equal(f"revenue_{metric}", movements[f"revenue_{metric}"].cast("float64"), theirs[f"revenue_{metric}"], 1e-9)
        _equal(customers, movements[customers].cast("float64"), theirs[customers], 0.0)
    months = len(movements)
    # every month from the first on is a cohort
    cohort, age = np.unique(retention["cohort"].to_numpy(), return_inverse=True)[1], retention["age"].to_numpy()
    for name in ("customers", "revenue"):
        triangle = np.zeros((months, months))
        triangle[cohort, age] = retention[name].cast("float64").to_numpy()
        _equal(f"{name} of the triangle", triangle.ravel(), theirs[name], 1e-9)


def complete_rows(ours: pa.Table, table: pa.Table, keys: list[str]) -> None:
    """All of our metrics are what the definitions say, over the rows that are complete for each."""
    import duckdb

    names = ", ".join(keys)
    figures = ", ".join(f"{sql} AS {name}" for name, sql in _SQL.items())
    connection: Any = duckdb.connect()
    connection.register("customers", table)
    query = f"SELECT {names}, count(*) AS rows, {figures} FROM customers GROUP BY {names} ORDER BY {names} NULLS LAST"
    expected: pa.Table = connection.execute(query).to_arrow_table()
    for name in ("rows", *_SQL):
        _equal(name, ours[name].cast("float64").to_numpy(), expected[name].cast("float64").to_numpy(), 1e-9, 1e-6)

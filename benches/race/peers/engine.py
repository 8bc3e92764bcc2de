"""What every peer computes, and what it is to be one."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from race.jobs import Job

Columns = dict[str, np.ndarray]
THREADS = len(os.sched_getaffinity(0))

# What job A adds up: the sum's name and its column, then the counted conditions, then the movements of revenue.
PARTS_AND_WHOLES = [
    "milestones_met",
    "milestones_total",
    "licenses_used",
    "licenses_sold",
    "basic_users",
    "advanced_users",
    "goals_met",
    "goals_total",
    "downtime_minutes",
    "service_minutes",
    "positive_engagements",
    "engagements",
    "contracts_renewed",
    "contracts_due",
    "cases",
    "defect_cases",
    "service_cost",
]
SUMS = {f"sum_{column}": column for column in PARTS_AND_WHOLES} | {"start": "revenue_start", "end_": "revenue_end"}
COUNTS = {
    "new": "is_new",
    "onboarded_new": "onboarded AND is_new",
    "at_goal": "reached_goal",
    "active": "is_active",
    "committed_active": "committed AND is_active",
}
MOVEMENTS = {
    "revenue_new": ("revenue_end", "revenue_start = 0 AND revenue_end > 0"),
    "revenue_churn": ("revenue_start", "revenue_start > 0 AND revenue_end = 0"),
    "revenue_expansion": ("revenue_end - revenue_start", "revenue_start > 0 AND revenue_end > revenue_start"),
    "revenue_contraction": ("revenue_start - revenue_end", "revenue_end > 0 AND revenue_end < revenue_start"),
}
RATES = {
    "onboard_rate": "onboarded_new/new",
    "adoption_rate": "sum_milestones_met/sum_milestones_total",
    "license_adoption": "sum_licenses_used/sum_licenses_sold",
    "advanced_user_share": "sum_advanced_users/(sum_advanced_users+sum_basic_users)",
    "success_rate": "at_goal/with_goal",
    "plan_realization": "sum_goals_met/sum_goals_total",
    "availability": "1-sum_downtime_minutes/sum_service_minutes",
    "engagement_quality": "sum_positive_engagements/sum_engagements",
    "renewal_commitment_rate": "committed_active/active",
    "contract_renewal_rate": "sum_contracts_renewed/sum_contracts_due",
    "recurring_revenue_rate": "end_/start",
    "net_revenue_retention": "(start+revenue_expansion-revenue_contraction-revenue_churn)/start",
    "gross_revenue_retention": "(start-revenue_contraction-revenue_churn)/start",
    "defect_share": "sum_defect_cases/sum_cases",
    "cost_per_case": "sum_service_cost/sum_cases",
}
SCORECARD_COLUMNS = sorted({*SUMS.values(), "is_new", "onboarded", "reached_goal", "is_active", "committed"})
SCORECARD_SUMS = ["n", "with_goal", *SUMS, *COUNTS, *MOVEMENTS]
HEALTH_COLUMNS = [
    "milestones_met",
    "milestones_total",
    "goals_met",
    "goals_total",
    "committed",
    "revenue_start",
    "revenue_end",
]
HEALTH_RESULT = ["n", "score", "red", "yellow", "green", "at_risk"]
LEDGER_COLUMNS = ["month", "month_number", "revenue"]
#: What a row of a ledger is of its customer: the kinds 0 to 4, where the last is one that pays as in the month before.
NEW, BACK, GROWN, SHRUNK, SAME = range(5)
#: Ours for these, and for those who leave: of revenue, and of customers.
MOVED = (
    ("new", "customers_new"),
    ("reactivation", "customers_reactivated"),
    ("expansion", "customers_expanded"),
    ("contraction", "customers_contracted"),
    ("churn", "customers_churned"),
)


def movements_and_triangle(groups: Any) -> Columns:
    """The figures of job D.

    ``groups`` holds rows by first month, month, kind and whether the customer ``leaves`` afterwards: few thousands,
    with how many there are of each, their revenue, and how much more that is than the month before.
    """
    first, month, kind, leaves = (np.asarray(groups[name]).astype(int) for name in ("first", "month", "kind", "leaves"))
    n, revenue, change = (np.asarray(groups[name]).astype(float) for name in ("n", "revenue", "change"))
    months = int(month.max()) + 1
    moved = {NEW: revenue, BACK: revenue, GROWN: change, SHRUNK: -change}
    left = (leaves == 1) & (month < months - 1)
    chosen = [(kind == which, month, amount) for which, amount in moved.items()]
    figures: Columns = {}
    for (name, customers), (rows, at, amount) in zip(MOVED, [*chosen, (left, month + 1, revenue)], strict=True):
        figures[f"revenue_{name}"] = np.bincount(at[rows], amount[rows], months)
        figures[customers] = np.bincount(at[rows], n[rows], months)
    cell = first * months + month - first
    for name, values in (("customers", n), ("revenue", revenue)):
        figures[name] = np.bincount(cell, values, months * months)
    return figures


def rates(sums: Any) -> dict[str, Any]:
    """The rates of anything that has operators."""
    return {name: eval(formula, {}, sums) for name, formula in RATES.items()}


def _key(array: Any) -> np.ndarray:
    values = np.asarray(array)
    return values.astype(str) if values.dtype == object else values


def ordered(keys: list[Any], columns: dict[str, Any], names: list[str]) -> Columns:
    """Columns as floats, sorted by the keys, which are dropped."""
    order = np.lexsort([_key(key) for key in reversed(keys)])
    return {name: np.asarray(columns[name]).astype(float)[order] for name in names if name in columns}


class Engine(ABC):
    """One peer: its own frame, and the jobs on it."""

    def __init__(self, path: str, job: Job) -> None:
        self.path, self.job, self.keys = path, job, list(job.keys)
        wanted = {"scorecard": SCORECARD_COLUMNS, "health": HEALTH_COLUMNS, "ledger": LEDGER_COLUMNS}[job.contest]
        self.columns = [*self.keys, *wanted, *(["customer_id"] if job.identity else [])]
        self.result_names = HEALTH_RESULT if job.contest == "health" else [*SCORECARD_SUMS, *RATES, "unique"]
        #: What the jobs run on.
        self.frame: Any = None

    @abstractmethod
    def load(self) -> None:
        """Reads the file into the engine's own frame."""

    @abstractmethod
    def scorecard(self) -> Any:
        """Job A."""

    @abstractmethod
    def health(self) -> Any:
        """Job B."""

    @abstractmethod
    def ledger(self) -> Columns:
        """Job D: :func:`movements_and_triangle`."""

    @abstractmethod
    def normal(self, result: Any) -> Columns:
        """A result as floats sorted by the keys."""

    def run(self) -> Any:
        """The job."""
        return getattr(self, self.job.contest)()

    def arrow(self) -> pa.Table:
        """The file as a table of pyarrow, its text keys held as the job says."""
        table = pq.read_table(self.path, columns=self.columns)
        if self.job.held == "text":
            for name in self.keys:
                table = table.set_column(table.column_names.index(name), name, table[name].cast("string"))
        return table

    def shared(self) -> Any:
        """The frame that we get: the engine's own, where it is one that others can read."""
        return self.arrow()

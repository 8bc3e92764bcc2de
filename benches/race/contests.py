"""What is timed: our public call, ended where its Arrow table exists, and the peer's way to the same figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import pyarrow.parquet as pq

import svcmetrics as sm
from race import check
from race.jobs import Job
from race.peers import PEERS
from race.peers.engine import SCORECARD_COLUMNS
from svcmetrics import tables

#: The health that the peers compute: commitment is asked of everyone, and one component is enough for a score.
COMMITTED = sm.metric("committed_share", numerator=sm.count(where="committed"), denominator=sm.count())
WEIGHTS: dict[str | sm.Metric, int] = dict.fromkeys(
    ("adoption_rate", "plan_realization", COMMITTED, "net_revenue_retention"), 1
)
MODEL = sm.HealthModel(WEIGHTS, min_coverage=0, among=None)
HEALTH_SUMMARY = ("customer_health", "red_share", "yellow_share", "green_share", "red_revenue")


class Contest(ABC):
    """One job against one peer, on one frame."""

    def __init__(self, job: Job, peer: str, path: str) -> None:
        self.job, self.peer, self.path = job, peer, path

    @abstractmethod
    def load(self) -> None:
        """Reads the data, before any clock starts."""

    @abstractmethod
    def ours(self) -> Any:
        """One run of ours."""

    @abstractmethod
    def theirs(self) -> Any:
        """One run of the peer."""

    @abstractmethod
    def verify(self, ours: Any, theirs: Any) -> None:
        """Compares both results."""


class Frames(Contest):
    """Jobs A and B, and C in one call: our call on the peer's frame, where others can read it."""

    def load(self) -> None:
        self.engine = PEERS[self.peer](self.path, self.job)
        self.engine.load()
        self.frame = self.engine.shared()

    def _scorecard(self, frame: Any) -> Any:
        keys = list(self.job.keys)
        if self.job.held == "groupby":
            return sm.scorecard(frame.groupby(keys), metrics=self.job.metrics).to_arrow()
        return sm.scorecard(frame, by=keys, metrics=self.job.metrics).to_arrow()

    def _health(self, frame: Any) -> Any:
        card = sm.scorecard(frame, by=list(self.job.keys), metrics=HEALTH_SUMMARY, health=MODEL, scores=True)
        # both are kept, as the peers keep their rows
        self.scores = None if card.scores is None else card.scores.to_arrow()
        return card.to_arrow()

    def _run(self, frame: Any) -> Any:
        return self._health(frame) if self.job.contest == "health" else self._scorecard(frame)

    def ours(self) -> Any:
        return self._run(self.frame)

    def theirs(self) -> Any:
        return self.engine.run()

    def warm(self) -> None:
        """Loads what our first call loads, on a few rows."""
        self._run(self.frame[:1000] if hasattr(self.frame, "iloc") else self.frame.slice(0, 1000))

    def verify(self, ours: Any, theirs: Any) -> None:
        figures, peers = check.columns_of(ours, list(self.job.keys)), self.engine.normal(theirs)
        if self.job.contest == "health":
            check.same_health(figures, peers)
        else:
            check.same_scorecard(figures, peers, self.job.identity)

    def verify_definitions(self, ours: Any) -> None:
        """Compares ours with the definitions."""
        if self.job.contest == "scorecard" and self.job.metrics is not None:
            check.complete_rows(ours, self.engine.arrow(), list(self.job.keys))

    def bytes_read(self) -> int:
        """How large the columns that are read are, as Arrow holds them."""
        return int(self.engine.arrow().nbytes)


class Ledgers(Frames):
    """Job D: the ledger of the peer's frame, its movements by month, and who stayed, by month of their start."""

    def _run(self, frame: Any) -> Any:
        ledger = sm.ledger(frame, customer=self.job.keys[0])
        return ledger.movements().to_arrow(), ledger.retention().to_arrow()

    def verify(self, ours: Any, theirs: Any) -> None:
        movements, retention = ours
        check.same_ledger(movements, retention, theirs)

    def bytes_read(self) -> int:
        return int(self.engine.arrow().drop_columns("month_number").nbytes)


class PerCohort(Contest):
    """Job C: a function that ``groupby.apply`` calls for each cohort of a thousand rows."""

    def load(self) -> None:
        import pandas as pd

        table = pq.read_table(self.path, columns=SCORECARD_COLUMNS).slice(0, self.job.rows)
        frame = table.to_pandas()
        frame["reached_goal"] = frame["reached_goal"].astype("float64")
        frame["cohort"] = np.arange(len(frame), dtype=np.int32) // 1000
        self.frame, self.pandas = frame, pd
        if self.job.held == "public":
            tables.PRIVATE = "no such name"

    def ours(self) -> Any:
        if self.job.metrics is None:
            return self.frame.groupby("cohort").apply(sm.scorecard)
        return self.frame.groupby("cohort").apply(lambda rows: sm.scorecard(rows, metrics=self.job.metrics))

    def theirs(self) -> Any:
        return self.frame.groupby("cohort").apply(self.formula)

    def formula(self, rows: Any) -> Any:
        """What people write."""
        start, end = rows["revenue_start"], rows["revenue_end"]
        total = start.sum()
        expansion = (end - start)[(start > 0) & (end > start)].sum()
        contraction = (start - end)[(end > 0) & (end < start)].sum()
        churn = start[(start > 0) & (end == 0)].sum()
        advanced, basic = rows["advanced_users"].sum(), rows["basic_users"].sum()
        return self.pandas.Series(
            {
                "rows": len(rows),
                "onboard_rate": (rows["onboarded"] & rows["is_new"]).sum() / rows["is_new"].sum(),
                "adoption_rate": rows["milestones_met"].sum() / rows["milestones_total"].sum(),
                "license_adoption": rows["licenses_used"].sum() / rows["licenses_sold"].sum(),
                "advanced_user_share": advanced / (advanced + basic),
                "success_rate": rows["reached_goal"].sum() / rows["reached_goal"].count(),
                "plan_realization": rows["goals_met"].sum() / rows["goals_total"].sum(),
                "availability": 1 - rows["downtime_minutes"].sum() / rows["service_minutes"].sum(),
                "engagement_quality": rows["positive_engagements"].sum() / rows["engagements"].sum(),
                "renewal_commitment_rate": (rows["committed"] & rows["is_active"]).sum() / rows["is_active"].sum(),
                "contract_renewal_rate": rows["contracts_renewed"].sum() / rows["contracts_due"].sum(),
                "revenue_start": total,
                "revenue_end": end.sum(),
                "revenue_new": end[(start == 0) & (end > 0)].sum(),
                "revenue_churn": churn,
                "revenue_expansion": expansion,
                "revenue_contraction": contraction,
                "recurring_revenue_rate": end.sum() / total,
                "net_revenue_retention": (total + expansion - contraction - churn) / total,
                "gross_revenue_retention": (total - contraction - churn) / total,
                "defect_share": rows["defect_cases"].sum() / rows["cases"].sum(),
                "cost_per_case": rows["service_cost"].sum() / rows["cases"].sum(),
            }
        )

    def verify(self, ours: Any, theirs: Any) -> None:
        figures = {name: np.array([float(card[name].value) for card in ours]) for name in check.SAME}
        figures["rows"] = np.array([card.quality.rows for card in ours])
        check.same_scorecard(figures, {"n": theirs["rows"], **theirs}, identity=False)


class Mapping(Contest):
    """One call on arrays: what a call costs by itself, beside the sums alone in numpy."""

    def load(self) -> None:
        # complete rows: numpy's integers have no null
        table = pq.read_table(self.path, columns=SCORECARD_COLUMNS).slice(0, 10 * self.job.rows).drop_null()
        self.arrays = {name: table[name].slice(0, self.job.rows).to_numpy() for name in SCORECARD_COLUMNS}

    def ours(self) -> Any:
        return sm.scorecard(self.arrays, metrics=self.job.metrics)

    def theirs(self) -> Any:
        return [values.sum() for values in self.arrays.values()]

    def verify(self, ours: Any, theirs: Any) -> None:
        sums = dict(zip(self.arrays, theirs, strict=True))
        if ours["defect_share"].value != sums["defect_cases"] / sums["cases"]:
            raise check.WrongResultError("defect_share: not the quotient of numpy's sums")


CONTESTS: dict[str, type[Contest]] = {
    "scorecard": Frames,
    "health": Frames,
    "ledger": Ledgers,
    "apply": PerCohort,
    "mapping": Mapping,
}

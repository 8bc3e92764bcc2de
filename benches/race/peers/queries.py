"""The peers that speak SQL: DuckDB on a table of its own, and DataFusion on record batches."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from race.peers.engine import COUNTS, MOVEMENTS, RATES, SUMS, THREADS, Columns, movements_and_triangle
from race.peers.frames import PyArrow

SCORE = """SELECT {keys}, revenue_start,
 (coalesce(a, 0) + coalesce(s, 0) + c + coalesce(r, 0))
 / (1.0 + {there[0]} + {there[1]} + {there[2]}) AS score
 FROM (SELECT {keys}, revenue_start,
  CASE WHEN milestones_total > 0 THEN 1.0::DOUBLE * milestones_met / milestones_total END AS a,
  CASE WHEN goals_total > 0 THEN 1.0::DOUBLE * goals_met / goals_total END AS s, committed::INT::DOUBLE AS c,
  CASE WHEN revenue_start > 0 THEN least(revenue_end / revenue_start, 1.0::DOUBLE) END AS r FROM t) q"""
BAND = "SELECT *, CASE WHEN score < 0.5 THEN 0 WHEN score < 0.75 THEN 1 ELSE 2 END AS band FROM ({}) z"
HEALTH = """SELECT {keys}, count(*) AS n, avg(score) AS score, count(*) FILTER (WHERE band = 0) AS red,
 count(*) FILTER (WHERE band = 1) AS yellow, count(*) FILTER (WHERE band = 2) AS green,
 sum(CASE WHEN band = 0 THEN revenue_start ELSE 0 END) AS at_risk FROM scored GROUP BY {keys}"""

#: The kinds are those of the engine: 0 new, 1 back, 2 grown, 3 shrunk, 4 the same.
LEDGER = """SELECT first, month, kind, leaves, count(*) AS n, sum(revenue) AS revenue, sum(change) AS change FROM (
 SELECT first, month, revenue, coalesce(revenue - before, 0) AS change,
  CASE WHEN month_before IS NULL THEN 0 WHEN month_before < month - 1 THEN 1
   WHEN revenue > before THEN 2 WHEN revenue < before THEN 3 ELSE 4 END AS kind,
  CASE WHEN month_after = month + 1 THEN 0 ELSE 1 END AS leaves
 FROM (SELECT month_number AS month, revenue, lag(month_number) OVER w AS month_before, lag(revenue) OVER w AS before,
   lead(month_number) OVER w AS month_after, first_value(month_number) OVER w AS first
  FROM t WINDOW w AS (PARTITION BY {key} ORDER BY month_number)) p) q GROUP BY first, month, kind, leaves"""


def scorecard_query(keys: str, identity: bool) -> str:
    """Job A: the sums, and the rates around them."""
    sums = [keys, "count(*) AS n", "count(reached_goal) AS with_goal"]
    sums += [f"sum({column}) AS {name}" for name, column in SUMS.items()]
    sums += [f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in COUNTS.items()]
    sums += [
        f"sum(CASE WHEN {condition} THEN {amount} ELSE 0 END) AS {name}"
        for name, (amount, condition) in MOVEMENTS.items()
    ]
    sums += ["count(DISTINCT customer_id) AS unique_"] * identity
    rates = [
        f"{formula.replace('1-', '1-1.0*', 1)}" if formula.startswith("1-") else f"1.0*{formula}"
        for formula in RATES.values()
    ]
    named = ", ".join(f"{formula} AS {name}" for formula, name in zip(rates, RATES, strict=True))
    return f"SELECT *, {named} FROM (SELECT {', '.join(sums)} FROM t GROUP BY {keys}) q"


class DuckDB(PyArrow):
    """Tables of its own in memory, order not preserved."""

    def load(self) -> None:
        import duckdb

        self.connection: Any = duckdb.connect()
        self.connection.execute(f"SET threads={THREADS}; SET preserve_insertion_order=false")
        columns = ", ".join(self.columns)
        self.connection.execute(f"CREATE TABLE t AS SELECT {columns} FROM read_parquet('{self.path}')")

    def shared(self) -> Any:
        return self.arrow()

    def query(self, text: str) -> pa.Table:
        """The result as an Arrow table."""
        return self.connection.execute(text).to_arrow_table()

    #: 1 where a component is there.
    there = "({} IS NOT NULL)::INT"

    def scores(self) -> str:
        """The query that scores each row."""
        there = [self.there.format(component) for component in "asr"]
        return BAND.format(SCORE.format(keys=", ".join(self.keys), there=there))

    def scorecard(self) -> pa.Table:
        return self.query(scorecard_query(", ".join(self.keys), self.job.identity))

    def health(self) -> pa.Table:
        self.connection.execute("CREATE OR REPLACE TEMP TABLE scored AS " + self.scores())
        return self.query(HEALTH.format(keys=", ".join(self.keys)))

    def ledger(self) -> Columns:
        return movements_and_triangle(self.query(LEDGER.format(key=self.keys[0])))

    def normal(self, result: Any) -> Columns:
        names = ["unique" if name == "unique_" else name for name in result.column_names]
        return super().normal(result.rename_columns(names))


class DataFusion(DuckDB):
    """Batches of 65,536 rows, dealt out to as many partitions as there are cores."""

    there = "CASE WHEN {} IS NULL THEN 0 ELSE 1 END"

    def load(self) -> None:
        from datafusion import SessionConfig, SessionContext

        self.connection = SessionContext(SessionConfig().with_target_partitions(THREADS))
        batches = self.arrow().to_batches(max_chunksize=65536)
        self.connection.register_record_batches("t", [batches[i::THREADS] for i in range(THREADS)])

    def query(self, text: str) -> pa.Table:
        return self.connection.sql(text).to_arrow_table()

    def health(self) -> pa.Table:
        self.rows = self.connection.sql(self.scores()).cache()
        self.connection.register_view("scored", self.rows)
        result = self.query(HEALTH.format(keys=", ".join(self.keys)))
        self.connection.deregister_table("scored")
        return result

"""The peers on Arrow's layout: polars, by both of its engines, and pyarrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from race.peers.engine import (
    BACK,
    GROWN,
    MOVEMENTS,
    NEW,
    SAME,
    SCORECARD_SUMS,
    SHRUNK,
    SUMS,
    Columns,
    Engine,
    movements_and_triangle,
    ordered,
    rates,
)


class Polars(Engine):
    """The lazy interface, run in memory."""

    runner = "in-memory"

    def load(self) -> None:
        import polars as pl

        frame = pl.read_parquet(self.path, columns=self.columns)
        if self.job.held != "plain":
            held = pl.String if self.job.held == "text" else pl.Categorical
            frame = frame.with_columns(pl.col(self.keys).cast(held))
        self.frame = frame.select(self.columns)

    def shared(self) -> Any:
        # exporting a frame joins its chunks, in place: a clone leaves those of the peer as they are
        return self.frame.clone()

    def scorecard(self) -> Any:
        import polars as pl

        column, when = pl.col, pl.when
        start, end = column("revenue_start"), column("revenue_end")

        def amount(condition: Any, value: Any) -> Any:
            return when(condition).then(value).otherwise(0.0).sum()

        sums = [
            pl.len().alias("n"),
            column("reached_goal").count().alias("with_goal"),
            *(column(source).sum().alias(name) for name, source in SUMS.items()),
            column("is_new").sum().alias("new"),
            (column("onboarded") & column("is_new")).sum().alias("onboarded_new"),
            column("reached_goal").sum().alias("at_goal"),
            column("is_active").sum().alias("active"),
            (column("committed") & column("is_active")).sum().alias("committed_active"),
            amount((start == 0) & (end > 0), end).alias("revenue_new"),
            amount((start > 0) & (end == 0), start).alias("revenue_churn"),
            amount((start > 0) & (end > start), end - start).alias("revenue_expansion"),
            amount((end > 0) & (end < start), start - end).alias("revenue_contraction"),
        ]
        if self.job.identity:
            sums.append(column("customer_id").n_unique().alias("unique"))
        grouped = self.frame.lazy().group_by(self.keys).agg(sums)
        return grouped.with_columns(**rates({name: column(name) for name in SCORECARD_SUMS})).collect(
            engine=self.runner
        )

    def health(self) -> Any:
        import polars as pl

        column, when, double = pl.col, pl.when, pl.Float64
        adoption = when(column("milestones_total") > 0).then(column("milestones_met") / column("milestones_total"))
        success = when(column("goals_total") > 0).then(column("goals_met") / column("goals_total"))
        retained = (column("revenue_end") / column("revenue_start")).clip(upper_bound=1.0)
        revenue = when(column("revenue_start") > 0).then(retained)
        total = (
            adoption.fill_null(0.0) + success.fill_null(0.0) + column("committed").cast(double) + revenue.fill_null(0.0)
        )
        weight = adoption.is_not_null().cast(double) + success.is_not_null().cast(double) + 1.0
        weight = weight + revenue.is_not_null().cast(double)
        score = column("score")
        band = when(score < 0.5).then(pl.lit(0, pl.Int8)).when(score < 0.75).then(pl.lit(1, pl.Int8))
        scored = self.frame.lazy().select(*self.keys, "revenue_start", score=total / weight)
        self.rows = rows = scored.with_columns(band=band.otherwise(pl.lit(2, pl.Int8))).collect(engine=self.runner)
        return (
            rows.lazy()
            .group_by(self.keys)
            .agg(
                pl.len().alias("n"),
                score.mean(),
                *((column("band") == i).sum().alias(name) for i, name in enumerate(("red", "yellow", "green"))),
                when(column("band") == 0).then(column("revenue_start")).otherwise(0.0).sum().alias("at_risk"),
            )
            .collect(engine=self.runner)
        )

    def ledger(self) -> Columns:
        import polars as pl

        column, when = pl.col, pl.when
        rows = self.frame.lazy()
        if not self.job.in_order:
            rows = rows.sort(*self.keys, "month_number")
        customer, month, revenue = column(self.keys[0]), column("month_number"), column("revenue")
        again = (customer == customer.shift()).fill_null(False)
        rows = rows.select(
            "revenue",
            month=month,
            again=again,
            follows=again & (month.shift() == month - 1).fill_null(False),
            change=revenue - revenue.shift(),
        )

        def code(number: int) -> Any:
            return pl.lit(number, pl.Int8)

        first, grown, shrunk = ~column("again"), column("change") > 0, column("change") < 0
        moved = when(first).then(code(NEW)).when(~column("follows")).then(code(BACK))
        kind = moved.when(grown).then(code(GROWN)).when(shrunk).then(code(SHRUNK)).otherwise(code(SAME))
        rows = rows.select(
            "month",
            "revenue",
            first=when(first).then(column("month")).forward_fill(),
            kind=kind,
            leaves=(~column("follows").shift(-1, fill_value=False)).cast(pl.Int8),
            change=when(first).then(0.0).otherwise("change"),
        )
        grouped = rows.group_by("first", "month", "kind", "leaves")
        sums = grouped.agg(pl.len().alias("n"), column("revenue").sum(), column("change").sum())
        return movements_and_triangle(sums.collect(engine=self.runner))

    def normal(self, result: Any) -> Columns:
        keys = [(result[key].cast(str) if self.job.held != "plain" else result[key]).to_numpy() for key in self.keys]
        return ordered(keys, {name: result[name].to_numpy() for name in result.columns}, self.result_names)


class PolarsStreaming(Polars):
    """The same by the streaming engine."""

    runner = "streaming"


class PyArrow(Engine):
    """The compute functions and ``group_by``."""

    def load(self) -> None:
        self.frame = self.arrow()

    def shared(self) -> Any:
        return self.frame

    def scorecard(self) -> pa.Table:
        import pyarrow.compute as pc

        table = self.frame
        start, end, zero = table["revenue_start"], table["revenue_end"], pa.scalar(0.0)
        change = pc.subtract(end, start)

        def where(one: Any, other: Any, amount: Any) -> Any:
            return pc.if_else(pc.and_(one, other), amount, zero)

        for name, values in (
            ("onboarded_new", pc.and_(table["onboarded"], table["is_new"])),
            ("committed_active", pc.and_(table["committed"], table["is_active"])),
            ("revenue_new", where(pc.equal(start, zero), pc.greater(end, zero), end)),
            ("revenue_churn", where(pc.greater(start, zero), pc.equal(end, zero), start)),
            ("revenue_expansion", where(pc.greater(start, zero), pc.greater(change, zero), change)),
            ("revenue_contraction", where(pc.greater(end, zero), pc.less(change, zero), pc.negate(change))),
        ):
            table = table.append_column(name, values)
        columns = {**SUMS, "new": "is_new", "at_goal": "reached_goal", "active": "is_active"}
        columns |= {name: name for name in ("onboarded_new", "committed_active", *MOVEMENTS)}
        wanted: list[Any] = [
            *((column, "sum") for column in columns.values()),
            ("reached_goal", "count"),
            ([], "count_all"),
        ]
        if self.job.identity:
            wanted.append(("customer_id", "count_distinct"))
        result = table.group_by(self.keys).aggregate(wanted)
        sums = {name: result[column + "_sum"] for name, column in columns.items()}
        sums |= {"with_goal": result["reached_goal_count"], "n": result["count_all"]}
        sums = {name: values.to_numpy() for name, values in sums.items()}
        with np.errstate(all="ignore"):
            figures = sums | rates(sums)
        if self.job.identity:
            figures["unique"] = result["customer_id_count_distinct"]
        return pa.table({**{key: result[key] for key in self.keys}, **figures})

    def health(self) -> pa.Table:
        import pyarrow.compute as pc

        table, null = self.frame, pa.scalar(None, "float64")

        def positive(column: str) -> Any:
            return pc.greater(table[column], 0)

        def quotient(part: str, whole: str) -> Any:
            return pc.divide(pc.cast(table[part], "float64"), pc.cast(table[whole], "float64"))

        def number(flags: Any) -> Any:
            return pc.cast(pc.cast(flags, "int8"), "float64")

        retained = pc.min_element_wise(pc.divide(table["revenue_end"], table["revenue_start"]), pa.scalar(1.0))
        components = [
            pc.if_else(positive("milestones_total"), quotient("milestones_met", "milestones_total"), null),
            pc.if_else(positive("goals_total"), quotient("goals_met", "goals_total"), null),
            number(table["committed"]),
            pc.if_else(positive("revenue_start"), retained, null),
        ]
        total = weight = None
        for values in components:
            filled, there = pc.fill_null(values, 0.0), number(pc.is_valid(values))
            total = filled if total is None else pc.add(total, filled)
            weight = there if weight is None else pc.add(weight, there)
        score = pc.divide(total, weight)
        red, green = pc.less(score, 0.5), pc.greater_equal(score, 0.75)
        bands = {"red": red, "yellow": pc.invert(pc.or_(red, green)), "green": green}
        at_risk = pc.if_else(red, table["revenue_start"], 0.0)
        keys = {key: table[key] for key in self.keys}
        self.rows = rows = pa.table({**keys, "score": score, **bands, "at_risk": at_risk})
        wanted: list[Any] = [("score", "mean"), *((name, "sum") for name in ("red", "yellow", "green", "at_risk"))]
        result = rows.group_by(self.keys).aggregate([*wanted, ([], "count_all")])
        names = [
            name.replace("_sum", "").replace("_mean", "").replace("count_all", "n") for name in result.column_names
        ]
        return result.rename_columns(names)

    def ledger(self) -> Columns:
        import pyarrow.compute as pc

        table = self.frame
        if not self.job.in_order:
            table = table.sort_by([(name, "ascending") for name in (*self.keys, "month_number")])
        wanted = (self.keys[0], "month_number", "revenue")
        customer, month, revenue = (table[name].combine_chunks() for name in wanted)

        def pairs(operation: Any, one: Any, other: Any, head: Any) -> Any:
            """The operation on each value and the one before it; the first has none."""
            return pa.concat_arrays([pa.array([head]), operation(one[1:], other[:-1])])

        def code(number: int) -> Any:
            return pa.scalar(number, "int8")

        again = pairs(pc.equal, customer, customer, False)
        next_month = pc.add(month, pa.scalar(1, month.type))
        follows = pc.and_(again, pairs(pc.equal, month, next_month, False))
        change = pc.if_else(again, pairs(pc.subtract, revenue, revenue, 0.0), 0.0)
        kind = pc.case_when(
            pc.make_struct(pc.invert(again), pc.invert(follows), pc.greater(change, 0.0), pc.less(change, 0.0)),
            *(code(number) for number in (NEW, BACK, GROWN, SHRUNK, SAME)),
        )
        stays = pa.concat_arrays([follows[1:], pa.array([False])])
        rows = pa.table(
            {
                "first": pc.fill_null_forward(pc.if_else(again, pa.scalar(None, month.type), month)),
                "month": month,
                "kind": kind,
                "leaves": pc.cast(pc.invert(stays), "int8"),
                "revenue": revenue,
                "change": change,
            }
        )
        grouped = rows.group_by(["first", "month", "kind", "leaves"])
        sums = grouped.aggregate([("revenue", "sum"), ("change", "sum"), ([], "count_all")])
        return movements_and_triangle(
            sums.rename_columns(["first", "month", "kind", "leaves", "revenue", "change", "n"])
        )

    def normal(self, result: Any) -> Columns:
        keys = [result[key].cast("string") if self.job.held != "plain" else result[key] for key in self.keys]
        columns = {name: result[name] for name in result.column_names}
        for name, values in columns.items():
            if pa.types.is_decimal(values.type):
                columns[name] = values.cast("float64")
        return ordered(
            [key.to_numpy() for key in keys],
            {n: v.to_numpy() for n, v in columns.items() if n not in self.keys},
            self.result_names,
        )

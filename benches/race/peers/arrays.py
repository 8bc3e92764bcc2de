"""The peers on arrays: numpy, and pandas."""

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
    SHRUNK,
    SUMS,
    Columns,
    Engine,
    movements_and_triangle,
    ordered,
    rates,
)


class Numpy(Engine):
    """Keys are codes from 0 and nulls are filled with zeros beside a mask, all of it before the clock starts."""

    def load(self) -> None:
        table, frame = self.arrow(), {}
        self.sizes, self.names = [], {}
        for name in table.column_names:
            column = table[name].combine_chunks()
            if isinstance(column, pa.ChunkedArray):
                column = column.unify_dictionaries().combine_chunks()
            if pa.types.is_dictionary(column.type):
                self.names[name], column = column.dictionary.to_numpy(False), column.indices
            if column.null_count:
                frame[name + "_there"] = column.is_valid().to_numpy(False)
                column = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
            frame[name] = column.to_numpy(zero_copy_only=False)
        self.frame = frame
        if self.job.contest == "ledger":
            return
        for key in self.keys:  # bincount casts codes of any other type in every call
            frame[key] = frame[key].astype(np.intp)
            self.sizes.append(int(frame[key].max()) + 1)

    def _codes(self) -> tuple[np.ndarray, int]:
        codes, *more = (self.frame[key] for key in self.keys)
        groups = self.sizes[0]
        for size, key in zip(self.sizes[1:], more, strict=True):
            codes, groups = codes * size + key, groups * size
        return codes, groups

    def scorecard(self) -> dict[str, np.ndarray]:
        frame = self.frame
        codes, groups = self._codes()

        def total(weights: np.ndarray | None = None) -> np.ndarray:
            return np.bincount(codes, weights=weights, minlength=groups)

        def count(mask: np.ndarray) -> np.ndarray:
            return np.bincount(codes[mask], minlength=groups)

        sums = {name: total(frame[column]) for name, column in SUMS.items()}
        sums |= {
            "n": total(),
            "new": count(frame["is_new"]),
            "onboarded_new": count(frame["onboarded"] & frame["is_new"]),
            "active": count(frame["is_active"]),
            "committed_active": count(frame["committed"] & frame["is_active"]),
            "at_goal": count(frame["reached_goal"]),
            "with_goal": count(frame["reached_goal_there"]),
        }
        start, end = frame["revenue_start"], frame["revenue_end"]
        change = end - start
        for name, mask, amount in (
            ("revenue_new", (start == 0) & (end > 0), end),
            ("revenue_churn", (start > 0) & (end == 0), start),
            ("revenue_expansion", (start > 0) & (change > 0), change),
            ("revenue_contraction", (end > 0) & (change < 0), -change),
        ):
            sums[name] = np.bincount(codes[mask], weights=amount[mask], minlength=groups)
        if self.job.identity:
            pairs = np.sort((codes << 40) | frame["customer_id"])
            first = np.concatenate(([True], pairs[1:] != pairs[:-1]))
            sums["unique"] = np.bincount(pairs[first] >> 40, minlength=groups)
        with np.errstate(all="ignore"):
            return sums | rates(sums)

    def health(self) -> dict[str, np.ndarray]:
        frame = self.frame
        codes, groups = self._codes()
        start, end = frame["revenue_start"], frame["revenue_end"]
        with np.errstate(all="ignore"):
            total, weight = np.zeros(len(codes)), np.ones(len(codes))
            for part, whole in (("milestones_met", "milestones_total"), ("goals_met", "goals_total")):
                there = (frame[whole] > 0) & frame[part + "_there"]
                total += np.where(there, frame[part] / frame[whole], 0.0)
                weight += there
            there = start > 0
            total += frame["committed"]
            total += np.where(there, np.minimum(end / start, 1.0), 0.0)
            weight += there
            self.rows = score = total / weight
            band = (score >= 0.5).astype(np.int8) + (score >= 0.75)
        rows, red = np.bincount(codes, minlength=groups), band == 0
        bands = np.bincount(codes * 3 + band, minlength=3 * groups).reshape(groups, 3)
        return {
            "n": rows,
            "score": np.bincount(codes, score, groups) / rows,
            **{name: bands[:, i] for i, name in enumerate(("red", "yellow", "green"))},
            "at_risk": np.bincount(codes[red], start[red], groups),
        }

    def ledger(self) -> Columns:
        frame = self.frame
        customer, month, revenue = frame[self.keys[0]], frame["month_number"], frame["revenue"]
        if not self.job.in_order:
            # one key of both sorts by wide registers
            order = np.argsort(customer << 6 | month)
            customer, month, revenue = customer[order], month[order], revenue[order]
        again, follows = np.zeros(len(month), bool), np.zeros(len(month) + 1, bool)
        np.equal(customer[1:], customer[:-1], out=again[1:])
        np.equal(month[1:], month[:-1] + 1, out=follows[1:-1])
        follows[:-1] &= again
        change = np.zeros(len(month))
        np.subtract(revenue[1:], revenue[:-1], out=change[1:])
        change[~again] = 0.0
        changed = np.where(change > 0, GROWN, np.where(change < 0, SHRUNK, SAME))
        kind = np.where(~again, NEW, np.where(~follows[:-1], BACK, changed))
        starts = np.flatnonzero(~again)
        first = np.repeat(month[starts], np.diff(starts, append=len(month)))
        code = ((first.astype(np.intp) << 6 | month) << 3 | kind) << 1 | ~follows[1:]
        n = np.bincount(code)
        there = np.flatnonzero(n)
        return movements_and_triangle(
            {
                "first": there >> 10,
                "month": there >> 4 & 63,
                "kind": there >> 1 & 7,
                "leaves": there & 1,
                "n": n[there],
                "revenue": np.bincount(code, revenue)[there],
                "change": np.bincount(code, change)[there],
            }
        )

    def normal(self, result: Any) -> Columns:
        there = np.flatnonzero(result["n"])  # a code without rows is no group for the others
        keys: list[Any] = []
        rest = there
        for key, size in zip(reversed(self.keys), reversed(self.sizes), strict=True):
            rest, code = np.divmod(rest, size)
            keys.insert(0, self.names[key][code] if key in self.names else code)
        return ordered(keys, {name: values[there] for name, values in result.items()}, self.result_names)


class Pandas(Engine):
    """Whole numbers with nulls as floats, as pandas reads them; the compiled paths of ``groupby``, unsorted."""

    def load(self) -> None:
        import pandas as pd

        # dates as datetime64, and not as objects
        frame = pd.read_parquet(self.path, columns=self.columns, to_pandas_kwargs={"date_as_object": False})
        if "reached_goal" in frame:
            frame["reached_goal"] = frame["reached_goal"].astype("float64")
        if self.job.held != "plain":
            frame[self.keys] = frame[self.keys].astype("str" if self.job.held == "text" else "category")
        self.frame = frame

    def shared(self) -> Any:
        return self.frame

    def scorecard(self) -> Any:
        frame = self.frame
        start, end = frame["revenue_start"], frame["revenue_end"]
        change = end - start
        rows = frame.assign(
            onboarded_new=frame["onboarded"] & frame["is_new"],
            committed_active=frame["committed"] & frame["is_active"],
            revenue_new=end.where((start == 0) & (end > 0), 0.0),
            revenue_churn=start.where((start > 0) & (end == 0), 0.0),
            revenue_expansion=change.where((start > 0) & (change > 0), 0.0),
            revenue_contraction=(-change).where((end > 0) & (change < 0), 0.0),
        )
        grouped = rows.groupby(self.keys, sort=False, observed=True)
        conditions = {"new": "is_new", "active": "is_active", "at_goal": "reached_goal"}
        others = ["onboarded_new", "committed_active", *MOVEMENTS]
        result = grouped[[*SUMS.values(), *conditions.values(), *others]].sum()
        result.columns = [*SUMS, *conditions, *others]
        result["n"], result["with_goal"] = grouped.size(), grouped["reached_goal"].count()
        if self.job.identity:
            result["unique"] = grouped["customer_id"].nunique()
        return result.assign(**rates({name: result[name] for name in result.columns}))

    def health(self) -> Any:
        frame = self.frame
        start = frame["revenue_start"]
        components = [
            (frame["milestones_met"] / frame["milestones_total"]).where(frame["milestones_total"] > 0),
            (frame["goals_met"] / frame["goals_total"]).where(frame["goals_total"] > 0),
            frame["committed"].astype(float),
            (frame["revenue_end"] / start).clip(upper=1.0).where(start > 0),
        ]
        total: Any = sum(values.fillna(0.0) for values in components)
        score = total / sum(values.notna().astype(float) for values in components)
        bands = {"red": score < 0.5, "yellow": (score >= 0.5) & (score < 0.75), "green": score >= 0.75}
        self.rows = rows = frame[self.keys].assign(score=score, **bands)
        rows = rows.assign(at_risk=start.where(rows["red"], 0.0))
        grouped = rows.groupby(self.keys, sort=False, observed=True)
        sums = grouped[["red", "yellow", "green", "at_risk"]].sum()
        return sums.assign(score=grouped["score"].mean(), n=grouped.size())

    def ledger(self) -> Columns:
        import pandas as pd

        frame = self.frame if self.job.in_order else self.frame.sort_values([*self.keys, "month_number"])
        customer, month, revenue = frame[self.keys[0]], frame["month_number"], frame["revenue"]
        again = customer.eq(customer.shift())
        follows = again & month.shift().eq(month - 1)
        change = (revenue - revenue.shift()).where(again, 0.0)
        kind = np.select([~again, ~follows, change > 0, change < 0], [NEW, BACK, GROWN, SHRUNK], SAME)
        rows = pd.DataFrame(
            {
                "first": month.where(~again).ffill().astype("int32"),
                "month": month,
                "kind": kind.astype("int8"),
                "leaves": (~follows.shift(-1, fill_value=False)).astype("int8"),
                "revenue": revenue,
                "change": change,
            }
        )
        grouped = rows.groupby(["first", "month", "kind", "leaves"], sort=False)
        return movements_and_triangle(grouped[["revenue", "change"]].sum().assign(n=grouped.size()).reset_index())

    def normal(self, result: Any) -> Columns:
        keys = [result.index.get_level_values(key).to_numpy() for key in self.keys]
        return ordered(keys, {name: result[name].to_numpy("float64") for name in result}, self.result_names)

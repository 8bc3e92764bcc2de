"""The metrics of cases from their definitions: fractions and sorted lists in Python, and SQL by hand in DuckDB."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa

Row = Mapping[str, Any]
#: Numerator and denominator (None of an amount); None where nothing counts or the denominator is 0.
#: A mix has them by value.
Parts = tuple[Fraction, Fraction | None] | None
#: Counted, missing, invalid, outside.
Counts = tuple[int, int, int, int]

MIXES = ("case_channel_share", "case_issue_type_share", "case_access_point_share")
MICROSECOND = datetime.timedelta(microseconds=1)
SCHEMA = pa.schema(
    {
        "channel": pa.string(),
        "month": pa.string(),
        "issue_type": pa.int64(),
        "access_point": pa.string(),
        "is_defect": pa.bool_(),
        "is_proactive": pa.bool_(),
        "is_documented": pa.bool_(),
        "self_resolved": pa.bool_(),
        "contacts": pa.int64(),
        "reopened": pa.bool_(),
        "met_sla": pa.bool_(),
        "opened_at": pa.timestamp("us"),
        "responded_at": pa.timestamp("us"),
        "resolved_at": pa.timestamp("us"),
        "cost": pa.decimal128(12, 2),
        "csat_score": pa.int64(),
    }
)


def random_table(seed: int, rows: int) -> pa.Table:
    """Cases with nulls in every column, some of which end before they begin, and many that take equally long."""
    rng = random.Random(seed)
    start = datetime.datetime(2026, 1, 30)

    def maybe(value: Any) -> Any:
        return None if rng.random() < 0.15 else value

    def later(time: datetime.datetime) -> datetime.datetime:
        if rng.random() < 0.5:
            return time + datetime.timedelta(hours=rng.randint(-1, 8))
        return time + datetime.timedelta(microseconds=rng.choice((500_000, 1, 3_600_000_000)) * rng.randint(0, 99))

    def row() -> Row:
        opened = start + datetime.timedelta(seconds=rng.randint(0, 5_000_000))
        flags = ("is_defect", "is_proactive", "is_documented", "self_resolved", "reopened", "met_sla")
        return {
            "channel": maybe(rng.choice(("phone", "chat", "email"))),
            "month": opened.strftime("%Y-%m"),
            "issue_type": maybe(rng.choice((2, 10, 10, 30))),
            "access_point": maybe(rng.choice(("portal", "portal", "Portal", ""))),
            **{flag: maybe(rng.random() < 0.4) for flag in flags},
            "contacts": maybe(rng.randint(0, 3)),
            "opened_at": maybe(opened),
            "responded_at": maybe(later(opened)),
            "resolved_at": maybe(later(opened)),
            "cost": maybe(Decimal(rng.randint(0, 100_000)).scaleb(-2)),
            "csat_score": maybe(rng.randint(1, 5)),
        }

    return pa.Table.from_pylist([row() for _ in range(rows)], schema=SCHEMA)


def judged(rows: Sequence[Row], reads: Sequence[str], among: Callable[[Row], bool | None], valid: Any) -> Any:
    """The rows that count, and how all stand: outside, else missing, else invalid, else counted."""
    counted, counts = [], {"counted": 0, "missing": 0, "invalid": 0, "outside": 0}
    for row in rows:
        if among(row) is False:
            standing = "outside"
        elif among(row) is None or any(row[name] is None for name in reads):
            standing = "missing"
        elif not valid(row):
            standing = "invalid"
        else:
            standing = "counted"
            counted.append(row)
        counts[standing] += 1
    return counted, tuple(counts.values())


def metrics_of(rows: Sequence[Row]) -> dict[str, tuple[Any, Counts | None]]:
    """Every metric of one group: its parts (of quantiles and the gap the exact value, of mixes parts by value), and its
    counts."""
    found: dict[str, tuple[Any, Counts | None]] = {}

    def everyone(_: Row) -> bool:
        return True

    def resolved(row: Row) -> bool:
        return row["resolved_at"] is not None

    def share(metric: str, reads: Sequence[str], part: Callable[[Row], bool], among: Any = everyone) -> None:
        counted, counts = judged(rows, reads, among, everyone)
        parts = (Fraction(sum(map(part, counted))), Fraction(len(counted))) if counted else None
        found[f"case_{metric}"] = (parts, counts)

    def mean(metric: str, column: str, among: Any = everyone) -> None:
        counted, counts = judged(rows, [column], among, everyone)
        total = sum((Fraction(row[column]) for row in counted), Fraction(0))
        found[f"case_{metric}"] = ((total, Fraction(len(counted))) if counted else None, counts)

    def times(name: str, until: str) -> None:
        counted, counts = judged(rows, ["opened_at", until], everyone, lambda row: row[until] >= row["opened_at"])
        passed = [Fraction((row[until] - row["opened_at"]) // MICROSECOND, 1_000_000) for row in counted]
        hours = (sum(passed, Fraction(0)), Fraction(3600 * len(passed))) if passed else None
        found[f"case_time_to_{name}_mean"] = (hours, counts)
        seconds = sorted(round(one) for one in passed)  # a fraction is rounded half to even
        for statistic, share in (("median", Fraction(1, 2)), ("p90", Fraction(9, 10))):
            value = quantile(seconds, share) / 3600 if seconds else None
            found[f"case_time_to_{name}_{statistic}"] = (value, counts)

    def mix(column: str) -> None:
        counted, counts = judged(rows, [column], lambda row: row[column] is not None, everyone)
        numbers = Counter(row[column] for row in counted)
        parts = {value: (Fraction(number), Fraction(len(counted))) for value, number in numbers.items()}
        found[f"case_{column}_share"] = (parts, counts)

    for name in MIXES:
        mix(name.removeprefix("case_").removesuffix("_share"))
    share("defect_share", ["is_defect"], lambda row: row["is_defect"])
    share("proactive_share", ["is_proactive"], lambda row: row["is_proactive"])
    share("documented_share", ["is_documented"], lambda row: row["is_documented"], resolved)
    share("deflection_rate", ["self_resolved"], lambda row: row["self_resolved"])
    share(
        "first_contact_resolution",
        ["contacts", "reopened"],
        lambda row: row["contacts"] == 1 and not row["reopened"],
        resolved,
    )
    share("reopen_rate", ["reopened"], lambda row: row["reopened"])
    share("sla_met_share", ["met_sla"], lambda row: row["met_sla"], lambda row: row["met_sla"] is not None)
    mean("cost_mean", "cost")
    parts, counts = found["case_cost_mean"]
    found["case_cost"] = ((parts[0], None) if parts else None, counts)
    mean("csat_mean", "csat_score")
    mean("csat_mean_of_defects", "csat_score", lambda row: row["is_defect"])
    mean("csat_mean_of_others", "csat_score", lambda row: None if row["is_defect"] is None else not row["is_defect"])
    defects, others = (found[f"case_csat_mean_of_{which}"][0] for which in ("defects", "others"))
    gap = others[0] / others[1] - defects[0] / defects[1] if defects and others else None
    found["case_defect_csat_gap"] = (gap, None)
    times("response", "responded_at")
    times("resolution", "resolved_at")
    return found


def quantile(values: Sequence[int], share: Fraction) -> Fraction:
    """Between two ranks by linear interpolation; the values are sorted."""
    position = (len(values) - 1) * share
    rank = int(position)
    above = values[min(rank + 1, len(values) - 1)]
    return values[rank] + (above - values[rank]) * (position - rank)


def by_group(table: pa.Table, by: Sequence[str]) -> dict[tuple[Any, ...], dict[str, tuple[Any, Counts | None]]]:
    """The metrics of all groups, null keys last."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in table.to_pylist():
        groups.setdefault(tuple(row[key] for key in by), []).append(row)
    keys = sorted(groups, key=lambda key: [(value is None, value or "") for value in key])
    return {key: metrics_of(groups[key]) for key in keys}


SQL = """
with cases as (
    select *, resolved_at is not null as resolved,
        case when responded_at >= opened_at then epoch_us(responded_at) - epoch_us(opened_at) end as response,
        case when resolved_at >= opened_at then epoch_us(resolved_at) - epoch_us(opened_at) end as resolution
    from source
)
select {keys} count(*) as rows,
    histogram(channel) as case_channel_share,
    histogram(issue_type) as case_issue_type_share,
    histogram(access_point) as case_access_point_share,
    count(*) filter (is_defect) / count(is_defect) as case_defect_share,
    count(*) filter (is_proactive) / count(is_proactive) as case_proactive_share,
    count(*) filter (resolved and is_documented) / count(is_documented) filter (resolved) as case_documented_share,
    count(*) filter (self_resolved) / count(self_resolved) as case_deflection_rate,
    count(*) filter (resolved and contacts = 1 and not reopened)
        / count(*) filter (resolved and contacts is not null and reopened is not null) as case_first_contact_resolution,
    count(*) filter (reopened) / count(reopened) as case_reopen_rate,
    avg(met_sla::int) as case_sla_met_share,
    sum(cost) / count(cost) as case_cost_mean,
    sum(cost) as case_cost,
    avg(csat_score) as case_csat_mean,
    avg(csat_score) filter (is_defect) as case_csat_mean_of_defects,
    avg(csat_score) filter (not is_defect) as case_csat_mean_of_others,
    avg(csat_score) filter (not is_defect) - avg(csat_score) filter (is_defect) as case_defect_csat_gap,
    sum(response) / count(response) / 3.6e9 as case_time_to_response_mean,
    quantile_cont(round_even(response / 1e6, 0), 0.5) / 3600 as case_time_to_response_median,
    quantile_cont(round_even(response / 1e6, 0), 0.9) / 3600 as case_time_to_response_p90,
    sum(resolution) / count(resolution) / 3.6e9 as case_time_to_resolution_mean,
    quantile_cont(round_even(resolution / 1e6, 0), 0.5) / 3600 as case_time_to_resolution_median,
    quantile_cont(round_even(resolution / 1e6, 0), 0.9) / 3600 as case_time_to_resolution_p90
from cases {groups} {order}
"""


def in_sql(table: pa.Table, by: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The value of every metric and group, as DuckDB computes it in doubles; of a mix the shares by value."""
    with duckdb.connect() as connection:
        connection.register("source", table)
        keys = ", ".join(by)
        query = SQL.format(
            keys=f"{keys}," if by else "",
            groups=f"group by {keys}" if by else "",
            order=f"order by {', '.join(f'{key} nulls last' for key in by)}" if by else "",
        )
        answer = connection.execute(query)
        names = [column[0] for column in answer.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def number(value: Any, name: str) -> Any:
        if name in MIXES:
            return {key: count / sum(value.values()) for key, count in (value or {}).items()}
        return None if value is None or value != value else float(value)

    return {
        tuple(row[key] for key in by): {name: number(row[name], name) for name in names[len(by) :] if name != "rows"}
        for row in rows
    }

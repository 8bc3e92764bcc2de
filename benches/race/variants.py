"""Job A on tables that differ from the usual one: what they cost us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import svcmetrics as sm
from race import check, data
from race.jobs import METRICS
from race.measure import Timing, clock, peak_mib
from race.peers.engine import SCORECARD_COLUMNS

KEY = "cohort_1000"
Change = Callable[[pa.Table, np.random.Generator], pa.Table]


@dataclass(frozen=True)
class Variant:
    """A change to the table, and what is asked of it."""

    name: str
    title: str
    change: Change = lambda table, random: table
    seed: int = data.SEED
    options: tuple[tuple[str, Any], ...] = ()
    #: The kind of the error that must come out, in the last row.
    error: str | None = None
    #: Whether amounts are still those of the definitions in floats.
    checked: bool = True


def _nulls(table: pa.Table, random: np.random.Generator) -> pa.Table:
    for position, name in enumerate(table.column_names):
        there = pa.array(random.random(table.num_rows) >= 0.05)
        null = pa.scalar(None, table[name].type)
        table = table.set_column(position, name, pc.if_else(there, table[name].combine_chunks(), null))
    return table


def _shuffled(table: pa.Table, random: np.random.Generator) -> pa.Table:
    return table.select([table.column_names[position] for position in random.permutation(table.num_columns)])


def _off_grid(table: pa.Table, random: np.random.Generator) -> pa.Table:
    """Thirds of amounts: decimals without an end."""
    for name in ("revenue_start", "revenue_end", "service_cost"):
        off = pa.array(random.random(table.num_rows) < 0.01)
        values = pc.if_else(off, pc.divide(table[name].combine_chunks(), 3.0), table[name].combine_chunks())
        table = table.set_column(table.column_names.index(name), name, values)
    return table


def _bad(table: pa.Table, random: np.random.Generator) -> pa.Table:
    """More goals met than there were, in the last row."""
    met, total = (table[name].to_numpy().copy() for name in ("contracts_renewed", "contracts_due"))
    met[-1] = total[-1] + 1
    return table.set_column(table.column_names.index("contracts_renewed"), "contracts_renewed", pa.array(met))


VARIANTS = [
    Variant("usual", "the usual table"),
    Variant("seed", "another seed", seed=data.SEED + 1),
    Variant("nulls", "5 % null in every column, the key included", _nulls, options=(("absent_revenue", "missing"),)),
    Variant("shuffled", "columns in another order", _shuffled),
    Variant("off-grid", "1 % of the money with more than six decimal places: rounded and counted", _off_grid),
    Variant("off-grid-round", 'the same with money="round"', _off_grid, options=(("money", "round"),)),
    Variant("all", "all metrics that the columns allow", options=(("metrics", None),), checked=False),
    Variant("error", "a wrong value in the last row: time to the error", _bad, error="contracts_renewed"),
]


def load(variant: Variant, rows: int) -> pa.Table:
    """The table of a variant."""
    table = pq.read_table(data.prepare(rows, variant.seed), columns=[KEY, *SCORECARD_COLUMNS])
    return variant.change(table, np.random.default_rng(1))


def measure(name: str, rows: int, runs: int) -> dict[str, Any]:
    """Our time and memory for one variant."""
    variant = next(variant for variant in VARIANTS if variant.name == name)
    table = load(variant, rows)
    options: dict[str, Any] = {"metrics": METRICS, **dict(variant.options)}

    def run(table: pa.Table = table) -> Any:
        try:
            return sm.scorecard(table, by=KEY, **options).to_arrow()
        except sm.SvcMetricsError as error:
            return error

    run(table.slice(0, 1000))
    mib, result = peak_mib(run)
    if isinstance(result, sm.SvcMetricsError) != (variant.error is not None):
        raise check.WrongResultError(f"{variant.title}: {result!r}")
    if variant.error is not None and (result.column, result.row) != (variant.error, rows - 1):
        raise check.WrongResultError(f"{variant.title}: named {result.column}, row {result.row}")
    if variant.error is None and variant.checked:
        check.complete_rows(result, table, [KEY])
    timing = Timing()
    for _ in range(runs):
        clock(run, 1, timing)
    return {
        "title": variant.title,
        "wall_ms": timing.wall,
        "cpu_ms": timing.cpu,
        "mib": mib,
        "bytes_read": table.nbytes,
        "slowest_ms": max(timing.wall_ms),
    }

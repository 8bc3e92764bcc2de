"""What the race found, on the terminal and as docs/performance.md."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from race.jobs import Job, shown_count, shown_ms
from race.measure import Alone, Outcome
from race.peers.engine import THREADS

LIBRARIES = ("svcmetrics", "numpy", "pandas", "polars", "duckdb", "pyarrow", "datafusion")
HEADER = ("job", "fastest peer", "svcmetrics", "times as fast", "asked", "aim", "CPU ms", "peak MiB", "bandwidth")
VARIANT_HEADER = ("job A, 1,000 groups", "svcmetrics", "of the usual time", "CPU ms", "peak MiB", "bandwidth")


@dataclass
class Row:
    """One job, with all who ran it."""

    job: Job
    outcomes: list[Outcome]
    errors: dict[str, str]
    alone: Alone | None

    @property
    def fastest(self) -> Outcome:
        """The contest with the fastest peer."""
        return min(self.outcomes, key=lambda outcome: outcome.theirs.wall)


@dataclass
class Found:
    """All that was measured."""

    bandwidth: float
    large: int
    small: int
    runs: int
    rows: list[Row] = field(default_factory=list)
    import_ms: list[float] = field(default_factory=list)
    variants: list[dict[str, Any]] = field(default_factory=list)


def _mib(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _share(bytes_read: int, wall_ms: float, bandwidth: float) -> str:
    return f"{bytes_read / (wall_ms / 1e3) / bandwidth:.0%}" if bytes_read else "–"


def cells(row: Row, bandwidth: float) -> tuple[str, ...]:
    """A job's line of the table."""
    if not row.outcomes:
        return (row.job.title, "no peer ended", *["–"] * (len(HEADER) - 2))
    fastest, alone = row.fastest, row.alone
    ours, theirs = fastest.ours, fastest.theirs
    return (
        row.job.title,
        f"{fastest.peer}, {shown_ms(theirs.wall)}",
        shown_ms(ours.wall),
        f"{theirs.wall / ours.wall:.2f} x",
        *row.job.marks,
        f"{ours.cpu:,.4g} / {theirs.cpu:,.4g}",
        f"{_mib(alone.mib)} / {_mib(fastest.theirs_mib)}" if alone else "–",
        _share(alone.bytes_read, ours.wall, bandwidth) if alone else "–",
    )


def others(found: Found) -> list[tuple[str, ...]]:
    """The lines of what has no peer: the import, and memory beyond the input."""
    none = ("–",) * 3
    lines: list[tuple[str, ...]] = []
    if found.import_ms:
        wall = sorted(found.import_ms)[len(found.import_ms) // 2]
        lines.append(("`import svcmetrics`", "–", shown_ms(wall), "–", "<= 80 ms", "<= 40 ms", *none))
    large = next((row.alone for row in found.rows if row.job.name == "A-large" and row.alone), None)
    if large is not None:
        title = f"memory beyond the input, A, {shown_count(found.large)} rows"
        lines.append((title, "–", f"{_mib(large.mib)} MiB", "–", "<= 100 MiB", "<= 32 MiB", *none))
    for row in found.rows:
        if row.job.contest == "ledger" and row.alone is not None:
            twice = f"<= {_mib(2 * row.alone.bytes_read / 2**20)} MiB"
            title = f"memory beyond the input, {row.job.title}"
            lines.append((title, "–", f"{_mib(row.alone.mib)} MiB", "–", twice, twice, *none))
    return lines


def variant_cells(variant: dict[str, Any], usual: float | None, bandwidth: float) -> tuple[str, ...]:
    """A variant's line."""
    if "error" in variant:
        return (variant["title"], variant["error"], *["–"] * (len(VARIANT_HEADER) - 2))
    wall = variant["wall_ms"]
    return (
        variant["title"],
        shown_ms(wall),
        f"{wall / usual:.2f} x" if usual else "–",
        f"{variant['cpu_ms']:,.4g}",
        _mib(variant["mib"]),
        _share(variant["bytes_read"], wall, bandwidth),
    )


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table that reads well as text, too."""
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]
    pad = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in [header, *lines]]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in [pad[0], rule, *pad[1:]])


def race_table(found: Found) -> str:
    """The table of jobs."""
    lines = [*(cells(row, found.bandwidth) for row in found.rows), *others(found)]
    return markdown(HEADER, lines) if lines else ""


def variant_table(found: Found) -> str:
    """The table of variants."""
    if not found.variants:
        return ""
    usual = found.variants[0].get("wall_ms")
    return markdown(VARIANT_HEADER, [variant_cells(each, usual, found.bandwidth) for each in found.variants])


def field_table(found: Found) -> str:
    """All peers' medians, by job."""
    peers = list(dict.fromkeys(outcome.peer for row in found.rows for outcome in row.outcomes))
    lines = []
    for row in found.rows:
        by_peer = {outcome.peer: outcome for outcome in row.outcomes}
        runs = {peer: f"{shown_ms(o.theirs.wall)} ({len(o.theirs.wall_ms)})" for peer, o in by_peer.items()}
        lines.append([row.job.title, *(runs.get(peer, "–") for peer in peers)])
    return markdown(["job", *peers], lines)


#: What Linux calls the vector units for which the engine has a body of its own, the widest first.
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2"}


def _processor(field: str) -> str:
    """What Linux says of the first processor; nothing elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":")[1].strip() for line in lines if line.startswith(field)), "")


def machine() -> str:
    """What it ran on."""
    model = _processor("model name") or platform.processor() or platform.machine()
    flags = _processor("flags").split()
    # processors of one name may differ in them
    vectors = [f" with {name}" for flag, name in VECTORS.items() if flag in flags][:1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return f"{model}{''.join(vectors)}, {THREADS} cores, {memory:.0f} GiB, {system}"


def noise(found: Found) -> str:
    """How much of the machine others had, at most, while a fastest peer and ours ran."""
    shares = [row.fastest.others for row in found.rows if row.outcomes]
    return f"{max(shares, default=0.0):.0%}"


def page(found: Found) -> str:
    """The whole of docs/performance.md."""
    libraries = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    errors = [f"- {row.job.title}, {peer}: {error}" for row in found.rows for peer, error in row.errors.items()]
    where = f"{machine()}; read bandwidth {found.bandwidth / 1e9:.1f} GB/s"
    sections = [
        "# Performance",
        f"`make bench` ran on {datetime.date.today().isoformat()}: {where}; Python {platform.python_version()}, "
        f"{libraries}. Other processes had up to {noise(found)} of the machine. It writes this page.",
        "## The race",
        race_table(found),
        "Ours to the left of a slash, the fastest peer's to the right. `bandwidth` is how fast the columns that are "
        "read went by, as a share of what the machine can read.",
        "## Every peer",
        field_table(found),
        "Medians, and in parentheses how many runs they are of.",
    ]
    if errors:
        sections += ["What did not end:", "\n".join(errors)]
    if found.variants:
        sections += ["## Other tables", variant_table(found)]
    sections += ["## How it is measured", HOW.format(runs=found.runs)]
    return "\n\n".join(sections) + "\n"


HOW = """\
- **Data**: customers that `benches/race/data.py` makes from a seed, 24 columns, about 2 % null in eight of them; 12,
  1,000 or 100,000 cohorts of different sizes. Only the keys differ between the tables of A, and only the job that
  checks `customer_id` has that column.
- **Job A**: about 30 sums and 15 rates by group. Ours computes 21 metrics, everything else at its default: each over
  its own complete rows, values checked, money exact. The peers do what `benches/race/peers` says: sums of floats that
  skip the nulls of each column by themselves, nothing checked.
- **Job B**: a score and a band for every customer, then by group the mean score, customers by band and revenue at risk;
  ours is one call, `scorecard(..., scores=True)`.
- **Job C**: pandas. `groupby.apply` over 1,000 rows a cohort against the formulas on Series, once more without the one
  name of pandas' that is not public; in one call against the vectorised groupby. Where no metrics are named, all that
  the columns allow are computed, health included.
- **Job D**: a ledger of 24 months, 13 rows a customer, sorted by customer and month or shuffled, with ids that are
  numbers or text: movements by month, customers and revenue, and retention by month of the start. Ours are three calls,
  `ledger`, `movements` and `retention`, and read dates; the peers count with months that are numbers already. Memory is
  asked to stay below twice the columns that are read.
- **Fair**: each peer has a process of its own, its data loaded before any clock starts as it likes it best (DuckDB a
  table of its own, numpy codes from 0 and filled nulls). Ours runs there, too, on the peer's frame where that is one
  that others can read, else on a pyarrow table, and ends when the result's Arrow table exists (with `apply` and on the
  mapping, when the scorecards do). Both run in alternation on all cores; what counts are medians of {runs} runs. A peer
  that takes twice as long as the best so far, in each of four runs by itself or in one of more than a second, is not
  run on; of what takes seconds there are fewer runs, three at least. The lead is that over the fastest peer, in its
  process.
- **Checked**: before anything is timed our figures are compared with the peer's (metrics over columns without nulls,
  movements and triangles, to 1e-9), and of A with the definitions written in SQL by hand (all metrics). What differs
  is no result.
- **Memory**: the peak beyond what was held before a first run (of ours: after one on 1,000 rows), in a process where
  the other did not run before. It includes the output.
- **Import**: in new interpreters, with the byte code that an installed package has; it is made before any clock starts.
- **Bandwidth**: the best of sums and maxima over arrays of 256 MiB a core, all cores at once.
"""

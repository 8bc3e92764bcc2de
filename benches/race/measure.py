"""Clocks, memory and bandwidth: each contest in a process of its own, both sides in alternation."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from race.jobs import Job
from race.peers.engine import THREADS

#: A first run that is so long says by itself how long the next ones are.
LONG_MS = 1_000.0
#: Runs of one side together that are enough.
ENOUGH_MS = 10_000.0


@dataclass
class Timing:
    """Runs of one side."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """The median."""
        return statistics.median(self.wall_ms)

    @property
    def cpu(self) -> float:
        """The median."""
        return statistics.median(self.cpu_ms)


@dataclass
class Outcome:
    """One contest: both sides in one process, on one frame."""

    peer: str
    ours: Timing
    theirs: Timing
    #: Peak memory of the first run beyond what was there before, in MiB.
    theirs_mib: float | None
    #: The share of the machine that other processes took meanwhile.
    others: float

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Outcome:
        """As a child process told it."""
        return cls(**{**answer, "ours": Timing(**answer["ours"]), "theirs": Timing(**answer["theirs"])})


@dataclass
class Alone:
    """What is measured of us in a process where the peer did not run."""

    #: Peak memory beyond the input, in MiB.
    mib: float | None
    #: Bytes of the columns that are read.
    bytes_read: int


def clock(run: Callable[[], Any], calls: int, timing: Timing) -> Any:
    """One timed run, and what it made, which is freed after the clock stopped."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        result = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    timing.wall_ms.append(wall * 1e3 / calls)
    timing.cpu_ms.append(cpu * 1e3 / calls)
    return result


def _status(name: str) -> float | None:
    """A line of Linux's account of this process, in MiB; None elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), None)


def peak_mib(run: Callable[[], Any]) -> tuple[float | None, Any]:
    """How far memory rises above what is held before, None where the system does not say; and the result."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    try:
        # what loading left to the allocators would hide what the run takes
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None, run()
    before = _status("VmRSS")
    result = run()
    peak = _status("VmHWM")
    return None if before is None or peak is None else max(0.0, peak - before), result


def _machine_cpu() -> float:
    """Seconds of the processors that all processes used so far; 0 where the system does not say."""
    try:
        ticks = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return 0.0
    return sum(int(ticks[i]) for i in (0, 1, 2, 5, 6, 7)) / 100


def race(job: Job, peer: str, path: str, runs: int, give_up_ms: float) -> dict[str, Any]:
    """Both sides, in alternation.

    A peer that takes longer than ``give_up_ms``, in each of four runs by itself or in a first one of more than a
    second, is not the fastest, and not run on. Runs of seconds are fewer.
    """
    from race.contests import CONTESTS

    pa.set_cpu_count(THREADS)
    contest = CONTESTS[job.contest](job, peer, path)
    contest.load()
    ours, theirs = Timing(), Timing()
    mib, result = peak_mib(lambda: clock(contest.theirs, 1, theirs))
    contest.verify(contest.ours(), result)
    del result
    first = theirs.wall_ms[0]
    if first > give_up_ms:
        for _ in range(3 if first < LONG_MS else 0):
            clock(contest.theirs, job.calls, theirs)
        if min(theirs.wall_ms) > give_up_ms:
            return asdict(Outcome(peer, ours, theirs, mib, 0.0))
    theirs = Timing()
    runs = max(min(runs, 3), min(runs, int(ENOUGH_MS / first)))
    started, busy, own = time.perf_counter(), _machine_cpu(), time.process_time()
    for _ in range(runs):
        clock(contest.theirs, job.calls, theirs)
        clock(contest.ours, job.calls, ours)
    took = time.perf_counter() - started
    others = max(0.0, _machine_cpu() - busy - (time.process_time() - own)) / (took * THREADS)
    return asdict(Outcome(peer, ours, theirs, mib, others))


def alone(job: Job, peer: str, path: str) -> dict[str, Any]:
    """Our memory, on the frame of that peer, and the definitions checked."""
    from race.contests import Frames, Ledgers

    contest = (Ledgers if job.contest == "ledger" else Frames)(job, peer, path)
    contest.load()
    contest.warm()
    mib, result = peak_mib(contest.ours)
    contest.verify_definitions(result)
    return asdict(Alone(mib, contest.bytes_read()))


def in_child(*arguments: str) -> dict[str, Any]:
    """A part of the race in a process of its own: what it prints last, as JSON."""
    child = subprocess.run([sys.executable, "-m", "race", *arguments], capture_output=True, text=True, check=False)
    if child.returncode:
        return {"error": (child.stderr.strip().splitlines() or [f"ended with {child.returncode}"])[-1]}
    answer: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return answer


def import_ms(runs: int) -> list[float]:
    """``import svcmetrics`` in new interpreters, in milliseconds, with the byte code that an installed package has."""
    code = "import time; t = time.perf_counter(); import svcmetrics; print((time.perf_counter() - t) * 1e3)"
    with tempfile.TemporaryDirectory() as compiled:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        command = [sys.executable, "-c", code]
        # the first one compiles it
        outputs = [
            subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
            for _ in range(1 + runs)
        ]
    return [float(output) for output in outputs[1:]]


def bandwidth() -> float:
    """Bytes a second that all cores together can read: the best of sums over arrays that no cache holds."""
    length = 1 << 25
    arrays = [np.ones(length) for _ in range(THREADS)]
    best = 0.0
    with ThreadPoolExecutor(THREADS) as pool:
        for reader in (np.sum, np.max, lambda values: pc.sum(pa.array(values))):
            for _ in range(7):
                started = time.perf_counter()
                list(pool.map(reader, arrays))
                best = max(best, THREADS * length * 8 / (time.perf_counter() - started))
    return best

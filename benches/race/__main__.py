"""Runs the race: ``make bench``, or ``make bench ARGS="--jobs A-12 B --small 100000"``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from race import data, measure
from race.jobs import ENGINES, Job, jobs, shown_ms
from race.page import Found, Row, page, race_table, variant_table


def arguments() -> argparse.Namespace:
    """What may be chosen."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--jobs", nargs="+", default=[""], metavar="JOB", help="jobs whose names begin so: A, A-12, C")
    parser.add_argument("--peers", nargs="+", default=ENGINES, choices=ENGINES, metavar="PEER", help=", ".join(ENGINES))
    parser.add_argument("--large", type=int, default=10_000_000, metavar="ROWS", help="rows of A-large and B")
    parser.add_argument("--small", type=int, default=1_000_000, metavar="ROWS", help="rows of the other jobs")
    parser.add_argument(
        "--customers", type=int, default=1_000_000, metavar="COUNT", help="customers of D's ledgers, 13 rows each"
    )
    parser.add_argument("--runs", type=int, default=7, help="runs of each side")
    parser.add_argument("--no-variants", action="store_true", help="leave the other tables out")
    parser.add_argument("--only-variants", action="store_true", help="the other tables only")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page: docs/performance.md")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    return parser.parse_args()


def prepared(job: Job, small: int) -> Path:
    """The file that a job reads, made if it is not there."""
    if job.contest == "ledger":
        return data.prepare_ledger(job.rows, job.in_order)
    return data.prepare(max(job.rows, small))


def child(asked: argparse.Namespace, every: dict[str, Job]) -> None:
    """A part of the race, in its own process."""
    part, name, *rest = asked.child
    if part == "variant":
        from race import variants

        answer = variants.measure(name, asked.small, asked.runs)
    else:
        job = every[name]
        path, peer = str(prepared(job, asked.small)), rest[0]
        answer = (
            measure.race(job, peer, path, asked.runs, float(rest[1]))
            if part == "race"
            else measure.alone(job, peer, path)
        )
    print(json.dumps(answer))


def run(job: Job, peers: list[str], options: list[str]) -> Row:
    """One job against every peer, then ours alone on the fastest one's frame."""
    row = Row(job, [], {}, None)
    for peer in peers:
        give_up = 2 * row.fastest.theirs.wall if row.outcomes else float("inf")
        answer = measure.in_child(*options, "--child", "race", job.name, peer, str(give_up))
        if "error" in answer:
            row.errors[peer] = answer["error"]
            print(f"{job.title}, {peer}: {answer['error']}", flush=True)
            continue
        row.outcomes.append(measure.Outcome.of(answer))
    if row.outcomes and job.contest in ("scorecard", "health", "ledger"):
        answer = measure.in_child(*options, "--child", "alone", job.name, row.fastest.peer)
        if "error" in answer:
            row.errors["alone"] = answer["error"]
            print(f"{job.title}: {answer['error']}", flush=True)
        else:
            row.alone = measure.Alone(**answer)
    return row


def main() -> None:
    """The race as it was asked for."""
    asked = arguments()
    every = {job.name: job for job in jobs(asked.large, asked.small, asked.customers)}
    if asked.child:
        child(asked, every)
        return
    started = time.perf_counter()
    chosen = [job for job in every.values() if job.name.startswith(tuple(asked.jobs)) and not asked.only_variants]
    for job in chosen:
        prepared(job, asked.small)
    sizes = [f"--large={asked.large}", f"--small={asked.small}", f"--customers={asked.customers}"]
    options = [*sizes, f"--runs={asked.runs}"]
    found = Found(measure.bandwidth(), asked.large, asked.small, asked.runs)
    print(f"read bandwidth: {found.bandwidth / 1e9:.1f} GB/s", flush=True)
    for job in chosen:
        row = run(job, [peer for peer in job.peers if peer in asked.peers], options)
        found.rows.append(row)
        if row.outcomes:
            best = row.fastest
            lead = best.theirs.wall / best.ours.wall
            ours = shown_ms(best.ours.wall)
            print(f"{job.title}: {ours}, {lead:.2f} x as fast as {best.peer} ({job.marks[0]})", flush=True)
    if not asked.only_variants:
        found.import_ms = measure.import_ms(max(asked.runs, 11))
    if not asked.no_variants:
        from race.variants import VARIANTS

        for variant in VARIANTS:
            answer = measure.in_child(*options, "--child", "variant", variant.name)
            found.variants.append({"title": variant.title, **answer})
    print("", *filter(None, (race_table(found), variant_table(found))), sep="\n\n")
    if asked.write:
        asked.write.write_text(page(found))
        print(f"\nwritten to {asked.write}")
    print(f"\n{time.perf_counter() - started:,.0f} s")
    failed = sum(len(row.errors) for row in found.rows) + sum("error" in variant for variant in found.variants)
    if failed:
        sys.exit(f"{failed} runs did not end, or gave a wrong result")


main()

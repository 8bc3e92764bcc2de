"""Builds the reference: a page for each metric, and an index by family. Usage: python docs/build.py [DIRECTORY]."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

import svcmetrics as sm


def index() -> str:
    """All metrics by family, with links to their pages."""
    parts = ["# Metrics"]
    for family, metrics in groupby(sm.catalog(), key=lambda metric: metric.family):
        rows = [["metric", "", "kind", "time", "better"], ["---"] * 5]
        for metric in metrics:
            link = f"[`{metric.id}`]({metric.id}.md)"
            rows.append([link, metric.title, metric.kind, metric.time, metric.better])
        parts += [f"## {family}", "\n".join(f"| {' | '.join(row)} |" for row in rows)]
    return "\n\n".join(parts) + "\n"


def build(directory: Path) -> None:
    """Writes the pages."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "index.md").write_text(index(), encoding="utf-8")
    for metric in sm.catalog():
        (directory / f"{metric.id}.md").write_text(sm.explain(metric.id).markdown(), encoding="utf-8")
    print(f"{len(sm.catalog())} metrics in {directory / 'index.md'}")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "reference")

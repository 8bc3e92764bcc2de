"""The commands of ledgers: movements and retention from a file with a row a customer and month."""

from __future__ import annotations

import argparse
from contextlib import closing
from typing import TYPE_CHECKING, Any

from svcmetrics import _svcmetrics
from svcmetrics.cli.commands import of_frame, opened, read_by, speaking_of
from svcmetrics.cli.output import Output, Result
from svcmetrics.ledger import Ledger

if TYPE_CHECKING:
    from svcmetrics.cli.csv_types import Role


def movements(wanted: argparse.Namespace) -> int:
    """What moved in each period and segment of a file."""
    output = Output(wanted.format, wanted.output, wanted.force)
    card = _ledger(wanted).movements(wanted.every, wanted.by, wanted.unit, fiscal_start=wanted.fiscal_start)
    output.put(Result(lambda: str(card), card.to_json, card.to_polars))
    return 0


def retention(wanted: argparse.Namespace) -> int:
    """What is left of those who started together."""
    output = Output(wanted.format, wanted.output, wanted.force)
    found = _ledger(wanted).retention(wanted.every, wanted.by, wanted.unit, fiscal_start=wanted.fiscal_start)
    frame = found if wanted.triangle is None else found.triangle(wanted.triangle)
    output.put(of_frame(frame, frame.to_polars))
    return 0


def _ledger(wanted: argparse.Namespace) -> Ledger:
    table = opened(wanted)
    options: dict[str, Any] = {name: getattr(wanted, name) for name in ("customer", "month", "revenue", "by", "gaps")}
    options |= {"opening": wanted.opening, "money": wanted.money}
    builder = _svcmetrics.LedgerBuilder(options)
    with speaking_of(table):
        read = read_by(table, lambda rows: _svcmetrics.LedgerBuilder(options).add(rows))
        roles: dict[str, Role] = dict.fromkeys(read, "label")
        roles |= {wanted.month: "text", wanted.revenue: "number"}
        with closing(table.batches(roles)) as batches:
            for batch in batches:
                builder.add(batch)
        return Ledger(builder.finish())

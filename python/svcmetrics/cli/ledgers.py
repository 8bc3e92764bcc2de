"""The commands of ledgers: movements and retention from a file with a row a customer and month."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from svcmetrics import _svcmetrics
from svcmetrics.cli.commands import of_frame, opened, read_by, speaking_of
from svcmetrics.cli.output import Output, Result
from svcmetrics.ledger import Ledger

if TYPE_CHECKING:
    from svcmetrics.cli.csv_types import Role

T = TypeVar("T")


def movements(wanted: argparse.Namespace) -> int:
    """What moved in each period and segment of a file."""
    output = Output(wanted.format, wanted.output, wanted.force)
    ledger, card = _asked(wanted, lambda ledger: ledger.movements(**_options(wanted)))
    output.put(Result(lambda: f"{card}\n{_made_of(ledger)}", card.to_json, card.to_polars))
    return 0


def retention(wanted: argparse.Namespace) -> int:
    """What is left of those who started together."""
    output = Output(wanted.format, wanted.output, wanted.force)
    ledger, found = _asked(wanted, lambda ledger: ledger.retention(**_options(wanted)))
    frame = found if wanted.triangle is None else found.triangle(wanted.triangle)
    result = of_frame(frame, frame.to_polars)
    output.put(result._replace(table=lambda: f"{result.table()}\n{_made_of(ledger)}"))
    return 0


def _options(wanted: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("every", "by", "unit", "fiscal_start", "max_groups")}


def _made_of(ledger: Ledger) -> str:
    """What was read and what was made of it, in a line below the table."""
    found = ledger.diagnostics
    counts = {
        "added to others of the same customer and month": found.added,
        "months without a row, read as revenue 0": found.gaps,
        "amounts rounded": found.rounded,
    }
    return "; ".join([f"{found.rows} rows", *(f"{count} {what}" for what, count in counts.items() if count)])


def _asked(wanted: argparse.Namespace, ask: Callable[[Ledger], T]) -> tuple[Ledger, T]:
    """A file's ledger, and what comes of asking it."""
    table = opened(wanted)
    options: dict[str, Any] = {
        name: getattr(wanted, name) for name in ("customer", "month", "revenue", "by", "gaps", "months")
    }
    options |= {"opening": wanted.opening, "money": wanted.money}
    builder = _svcmetrics.LedgerBuilder(options)
    with speaking_of(table):
        read = read_by(table, lambda rows: _svcmetrics.LedgerBuilder(options).add(rows))
        roles: dict[str, Role] = dict.fromkeys(read, "label")
        roles |= {wanted.month: "text", wanted.revenue: "number"}
        with closing(table.batches(roles)) as batches:
            for batch in batches:
                builder.add(batch)
        ledger = Ledger(builder.finish())
        return ledger, ask(ledger)

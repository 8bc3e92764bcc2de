"""The commands of ledgers: movements and retention from a file with a row a customer and month."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from svcmetrics import _svcmetrics
from svcmetrics.cli.commands import of_frame, opened, read_by, speaking_of
from svcmetrics.cli.output import Output, Result
from svcmetrics.frames import Frame
from svcmetrics.ledger import Ledger
from svcmetrics.render import counted

if TYPE_CHECKING:
    from svcmetrics.cli.csv_types import Role

T = TypeVar("T")


#: What a printed table shows where no metrics are asked for: how the end came of the start, and what was kept.
_SHOWN = (
    *("revenue_start", "revenue_new", "revenue_reactivation", "revenue_expansion", "revenue_contraction"),
    *("revenue_churn", "revenue_end", "customers_end", "net_revenue_retention", "gross_revenue_retention"),
)
#: And by segment.
_TRANSFERS = ("revenue_transfer_in", "revenue_transfer_out")


def movements(wanted: argparse.Namespace) -> int:
    """What moved in each period and segment of a file, or why."""
    output = Output(wanted.format, wanted.output, wanted.force)
    reasons = {name: getattr(wanted, name) or None for name in ("loss_reason", "gain_reason", "loss_avoidable")}
    if wanted.reasons is not None:

        def why(ledger: Ledger) -> Frame:
            return ledger.movements(**_options(wanted)).reasons(wanted.reasons)

        ledger, frame = _asked(wanted, why, reasons)
        output.put(_with_footer(frame, ledger))
        return 0
    is_short = output.format == "table" and wanted.metrics is None
    metrics = [*_SHOWN, *(_TRANSFERS if wanted.by else ()), "complete"] if is_short else wanted.metrics
    ledger, card = _asked(wanted, lambda ledger: ledger.movements(metrics=metrics, **_options(wanted)), reasons)
    more = "; --metrics ID,... shows others, --format csv all" if is_short else ""
    output.put(Result(lambda: f"{card}\n{_made_of(ledger)}{more}", card.to_json, card.to_polars))
    return 0


def retention(wanted: argparse.Namespace) -> int:
    """What is left of those who started together."""
    output = Output(wanted.format, wanted.output, wanted.force)
    ledger, found = _asked(wanted, lambda ledger: ledger.retention(**_options(wanted)), {})
    frame = found if wanted.triangle is None else found.triangle(wanted.triangle)
    output.put(_with_footer(frame, ledger))
    return 0


def _with_footer(frame: Frame, ledger: Ledger) -> Result:
    result = of_frame(frame, frame.to_polars)
    return result._replace(table=lambda: f"{result.table()}\n{_made_of(ledger)}")


def _options(wanted: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("every", "by", "unit", "fiscal_start", "max_groups")}


def _made_of(ledger: Ledger) -> str:
    """What was read and what was made of it, in a line below the table."""
    found = ledger.diagnostics
    counts = [
        f"{found.added} added to others of the same customer and month" if found.added else "",
        f"{counted(found.gaps, 'month')} without a row, read as revenue 0" if found.gaps else "",
        f"{counted(found.rounded, 'amount')} rounded" if found.rounded else "",
    ]
    return "; ".join([counted(found.rows, "row"), *filter(None, counts)])


def _asked(wanted: argparse.Namespace, ask: Callable[[Ledger], T], reasons: dict[str, str | None]) -> tuple[Ledger, T]:
    """A file's ledger, and what comes of asking it."""
    table = opened(wanted)
    options: dict[str, Any] = {
        name: getattr(wanted, name) for name in ("customer", "month", "revenue", "by", "gaps", "months")
    }
    options |= {"opening": wanted.opening, "money": wanted.money, **reasons}
    builder = _svcmetrics.LedgerBuilder(options)
    with speaking_of(table):
        read = read_by(table, lambda rows: _svcmetrics.LedgerBuilder(options).add(rows))
        roles: dict[str, Role] = dict.fromkeys(read, "label")
        roles |= {wanted.month: "text", wanted.revenue: "number"}
        roles |= {name: "text" for kind, name in reasons.items() if name in roles and kind != "loss_avoidable"}
        roles |= {name: "number" for kind, name in reasons.items() if name in roles and kind == "loss_avoidable"}
        with closing(table.batches(roles)) as batches:
            for batch in batches:
                builder.add(batch)
        with closing(table.batches(roles)) as batches:
            ledger = Ledger(builder.finish(batches))
        return ledger, ask(ledger)

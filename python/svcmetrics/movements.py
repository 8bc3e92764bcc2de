"""Movements of ledgers larger than memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from svcmetrics import _svcmetrics
from svcmetrics.errors import InvalidOptionError
from svcmetrics.ledger_options import MAX_GROUPS, Every, Gaps, Unit, ledger_options, movement_options
from svcmetrics.options import Money, Nan
from svcmetrics.scorecard import Scorecard
from svcmetrics.tables import incoming


def movements(
    tables: Iterable[Any],
    customer: str = "customer_id",
    month: str = "month",
    revenue: str = "revenue",
    by: str | Iterable[str] | None = None,
    gaps: Gaps = "zero",
    opening: bool = False,
    *,
    loss_reason: str | None = "loss_reason",
    gain_reason: str | None = "gain_reason",
    loss_avoidable: str | None = "loss_avoidable",
    months: tuple[str, str],
    every: Every = "month",
    unit: Unit = "month",
    fiscal_start: int = 1,
    max_groups: int = MAX_GROUPS,
    metrics: str | Iterable[str] | None = None,
    money: Money = "auto",
    scale: int = 6,
    nan: Nan | None = None,
) -> Scorecard:
    """Movements from more rows than memory holds: tables one after another, their customers ascending over all of them.

    Each customer's rows are forgotten once they are counted, and what they were made of stands in
    :attr:`Scorecard.ledger`. The result is that of :meth:`Ledger.movements` of all rows
    together; the first and the last month must be given, since they are known only in the end.

    Parameters
    ----------
    tables
        Tables as of :func:`ledger`, all of one kind; a generator is read as it goes, and so is a reader of batches.
    customer, month, revenue, by, gaps, opening, loss_reason, gain_reason, loss_avoidable, months, money, scale, nan
        As of :func:`ledger`; the movements are by all of ``by``.
    every, unit, fiscal_start, max_groups, metrics
        As of :meth:`Ledger.movements`.

    Examples
    --------
    >>> import svcmetrics as sm
    >>> parts = ({"customer_id": [number], "month": ["2026-01"], "revenue": [50]} for number in range(3))
    >>> card = sm.movements(parts, months=("2026-01", "2026-02"))
    >>> [str(figure) for figure in card["customers_churned"].values()]
    ['0', '3']

    Customers that do not ascend are an error.

    >>> table = {"customer_id": [2, 1], "month": ["2026-01"] * 2, "revenue": [50, 50]}
    >>> sm.movements([table], months=("2026-01", "2026-02"))
    Traceback (most recent call last):
    svcmetrics.errors.InvalidValueError: column 'customer_id', row 1: does not ascend, with 1 after 2; expected rows \
sorted by customer; sort them by customer before, or build a ledger of all rows
    """
    # what was passed, by name
    asked = dict(locals())
    tables = asked.pop("tables")
    of_movements = {name: asked.pop(name) for name in ("every", "unit", "fiscal_start", "max_groups", "metrics")}
    if isinstance(tables, Mapping) or hasattr(tables, "__arrow_c_stream__"):
        tables = [tables]
    if not isinstance(tables, Iterable):
        raise InvalidOptionError.of("tables", tables, "a list or a generator of tables")
    parts = (incoming(table) for table in tables)
    # what its kind says of NaN, and its keys, are those of the others
    first = next(parts, None)
    options = ledger_options(first, **asked)
    sources = (part.source for part in itertools.chain([] if first is None else [first], parts))
    return Scorecard(
        _svcmetrics.streamed_movements(sources, options, movement_options(by=options["by"], **of_movements))
    )

"""What is asked of a ledger, as the core takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from svcmetrics.errors import InvalidOptionError
from svcmetrics.options import listed
from svcmetrics.tables import Incoming

Gaps = Literal["zero", "error"]
Every = Literal["month", "quarter", "year"]
Unit = Literal["month", "year"]

#: The most groups, or cells, without a word.
MAX_GROUPS = 1_000_000


def movement_options(
    every: str,
    by: str | Iterable[str] | None,
    unit: str,
    fiscal_start: int,
    max_groups: int = MAX_GROUPS,
    metrics: str | Iterable[str] | None = None,
) -> dict[str, Any]:
    """What the core is told of movements, retention and customers."""
    asked = {"every": every, "by": listed("by", by), "unit": unit, "fiscal_start": fiscal_start}
    return asked | {"max_groups": max_groups, "metrics": None if metrics is None else listed("metrics", metrics)}


def ledger_options(
    found: Incoming | None,
    *,
    by: str | Iterable[str] | None,
    opening: bool,
    months: Sequence[str] | None,
    nan: str | None,
    **others: Any,
) -> dict[str, Any]:
    """What the core is told of a ledger's table: the arguments of :func:`svcmetrics.ledger`, by name."""
    if nan not in (None, "null", "error"):
        raise InvalidOptionError.of("nan", nan, '"null", "error" or None')
    if not isinstance(opening, bool):
        raise InvalidOptionError.of("opening", opening, "True or False")
    is_pair = isinstance(months, Sequence) and not isinstance(months, str) and len(months) == 2
    if months is not None and not (is_pair and all(isinstance(month, str) for month in months)):
        raise InvalidOptionError.of("months", months, 'the first month and the last, as ("2026-01", "2026-12")')
    if by is None and found is not None:
        by = found.by
    return others | {
        "by": listed("by", by),
        "opening": opening,
        "months": None if months is None else tuple(months),
        "nan_is_missing": (found is not None and found.nan_is_missing) if nan is None else nan == "null",
    }

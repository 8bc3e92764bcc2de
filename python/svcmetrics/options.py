"""The options that tables are read with, and how the core wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from svcmetrics.errors import InvalidOptionError
from svcmetrics.metric import Metric
from svcmetrics.tables import Incoming

if TYPE_CHECKING:
    from svcmetrics.health import HealthModel

Number = int | float | str | Decimal
AbsentRevenue = Literal["zero", "missing"]
OnInvalid = Literal["raise", "skip"]
Money = Literal["auto", "exact", "round"]
Nan = Literal["null", "error"]


class SourceColumn(NamedTuple):
    """Where one of our columns stands in the caller's table, and in which unit."""

    name: str
    unit: str | None = None


def column(name: str, *, unit: str | None = None) -> SourceColumn:
    """Says that a column has another unit, for ``columns=``: ``cents``, ``thousands``, ``millions`` of money;
    ``hours``, ``days`` for minutes; ``years`` for months.

    >>> import numpy as np, svcmetrics as sm
    >>> table = {"open_cents": np.array([1999]), "close_cents": np.array([2500])}
    >>> start, end = sm.column("open_cents", unit="cents"), sm.column("close_cents", unit="cents")
    >>> card = sm.scorecard(table, columns={"revenue_start": start, "revenue_end": end})
    >>> card["revenue_end"].value
    Decimal('25')
    """
    return SourceColumn(name, unit)


def _wrong(option: str, found: object, expected: str) -> InvalidOptionError:
    message = f"{option}: found {found!r}; expected {expected}"
    return InvalidOptionError(message, kind="invalid_option", value=str(found), expected=expected)


def _names(names: Any) -> Any:
    """One name or several as a list; the core says so where they are none."""
    if isinstance(names, str | Metric):
        return [names]
    return list(names) if isinstance(names, Iterable) else names


def _definitions(metrics: Any, define: Any) -> list[Any]:
    """The definitions that were given, each once."""
    given = _names(define) if define is not None else []
    if not isinstance(given, list) or not all(isinstance(metric, Metric) for metric in given):
        raise _wrong("define", define, "metrics as sm.metric makes them")
    own = [metric for metric in metrics if isinstance(metric, Metric)] if isinstance(metrics, list) else []
    return [metric._native for metric in dict.fromkeys([*own, *given])]


def options_for(
    table: Incoming | None = None,
    *,
    by: str | Sequence[str] | None = None,
    period: str | None = None,
    metrics: Iterable[str | Metric] | Metric | None = None,
    define: Iterable[Metric] | Metric | None = None,
    columns: Mapping[str, str | SourceColumn] | None = None,
    health: HealthModel | None = None,
    absent_revenue: str | None = None,
    on_invalid: str = "raise",
    money: str = "auto",
    scale: int = 6,
    nan: str | None = None,
    unique: str | Literal[False] | None = False,
    csat_satisfied_from: Number | None = None,
    effort_scale: tuple[Number, Number] | None = None,
    max_groups: int = 10_000_000,
) -> dict[str, Any]:
    """The options as the core reads them."""
    if nan not in (None, "null", "error"):
        raise _wrong("nan", nan, '"null", "error" or None')
    if by is None:
        by = table.by if table and table.by else []
    if not isinstance(columns, Mapping | None):
        raise _wrong("columns", columns, "a mapping of our names to the table's")
    if health is not None and not hasattr(health, "_native"):
        raise _wrong("health", health, "a HealthModel")
    asked = _names(metrics)
    sources = {
        ours: tuple(theirs) if isinstance(theirs, SourceColumn) else (theirs, None)
        for ours, theirs in (columns or {}).items()
    }
    if unique is None:
        identity = sources.get("customer_id", ("customer_id", None))[0]
        is_there = table is not None and table.in_memory and identity in (table.names or [])
        unique = "customer_id" if is_there else False
    return {
        "by": _names(by),
        "period": period,
        "metrics": [metric.id if isinstance(metric, Metric) else metric for metric in asked]
        if isinstance(asked, list)
        else asked,
        "define": _definitions(asked, define),
        "columns": sources,
        "health": None if health is None else health._native,
        "absent_revenue": absent_revenue,
        "on_invalid": on_invalid,
        "money": money,
        "scale": scale,
        "nan_is_missing": (table is not None and table.nan_is_missing) if nan is None else nan == "null",
        "unique": unique or None,
        "csat_satisfied_from": csat_satisfied_from,
        "effort_scale": effort_scale,
        "max_groups": max_groups,
    }

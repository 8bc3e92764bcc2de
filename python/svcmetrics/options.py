"""The options that tables are read with, and how the core wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from svcmetrics.bins import Bins, Keys
from svcmetrics.errors import InvalidOptionError
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
    if isinstance(names, str | Bins):
        return [names]
    return list(names) if isinstance(names, Iterable) else names


def options_for(
    table: Incoming | None = None,
    *,
    by: Keys | None = None,
    period: str | None = None,
    metrics: Iterable[str] | None = None,
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
    keys = _names(by)
    binned = {key.name: key for key in keys if isinstance(key, Bins)} if isinstance(keys, list) else {}
    if binned:
        keys = [key.name if isinstance(key, Bins) else key for key in keys]
    if not isinstance(columns, Mapping | None):
        raise _wrong("columns", columns, "a mapping of our names to the table's")
    if health is not None and not hasattr(health, "_native"):
        raise _wrong("health", health, "a HealthModel")
    sources = {
        ours: tuple(theirs) if isinstance(theirs, SourceColumn) else (theirs, None)
        for ours, theirs in (columns or {}).items()
    }
    if unique is None:
        identity = sources.get("customer_id", ("customer_id", None))[0]
        is_there = table is not None and table.in_memory and identity in (table.names or [])
        unique = "customer_id" if is_there else False
    return {
        "by": keys,
        "bins": {name: (key.column, list(key.edges), key.labels and list(key.labels)) for name, key in binned.items()},
        "period": period,
        "metrics": _names(metrics),
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

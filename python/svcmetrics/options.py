"""The options that tables are read with, and how the core wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from svcmetrics.bins import Bins, Keys
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
    ``hours``, ``days`` of minutes; ``years`` of months. A unit of something else than the column holds is an error.

    >>> import numpy as np, svcmetrics as sm
    >>> table = {"open_cents": np.array([1999]), "close_cents": np.array([2500])}
    >>> start, end = sm.column("open_cents", unit="cents"), sm.column("close_cents", unit="cents")
    >>> card = sm.scorecard(table, columns={"revenue_start": start, "revenue_end": end})
    >>> card["revenue_end"].value
    Decimal('25')

    Money has no hours.

    >>> sm.scorecard({"cost": [10]}, columns={"benefit": sm.column("cost", unit="hours")})
    Traceback (most recent call last):
    svcmetrics.errors.InvalidOptionError: unit: found hours for 'benefit'; expected units, cents, thousands, millions
    """
    return SourceColumn(name, unit)


def text_of(option: str, text: object) -> str:
    """The option, if it is a text."""
    if not isinstance(text, str):
        raise InvalidOptionError.of(option, text, "a text")
    return text


def names_of(names: Any) -> Any:
    """One name or several as a list; the core says so where they are none."""
    if isinstance(names, str | Metric | Bins):
        return [names]
    return list(names) if isinstance(names, Iterable) else names


def listed(option: str, names: Any) -> list[str]:
    """One name or several as a list, empty of None."""
    found = [] if names is None else names_of(names)
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise InvalidOptionError.of(option, names, "names")
    return found


def _definitions(metrics: Any, define: Any) -> list[Any]:
    """The definitions that were given, each once."""
    given = names_of(define) if define is not None else []
    if not isinstance(given, list) or not all(isinstance(metric, Metric) for metric in given):
        raise InvalidOptionError.of("define", define, "metrics as sm.metric makes them")
    own = [metric for metric in metrics if isinstance(metric, Metric)] if isinstance(metrics, list) else []
    return [metric._native for metric in dict.fromkeys([*own, *given])]


def identity_of(table: Incoming, identity: str, columns: Any) -> str | Literal[False]:
    """The column in which rows must differ where nothing is said of it: the identity, if a table in memory has it."""
    source = columns.get(identity, identity) if columns is not None and isinstance(columns, Mapping) else identity
    name = source.name if isinstance(source, SourceColumn) else source
    return identity if table.in_memory and table.names is not None and name in table.names else False


def options_for(
    table: Incoming | None = None,
    *,
    by: Keys | None = None,
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
    spread: bool = False,
    csat_satisfied_from: Number | None = None,
    effort_scale: tuple[Number, Number] | None = None,
    quantiles: bool = False,
    max_groups: int = 10_000_000,
    subject: Literal["customers", "cases"] = "customers",
) -> dict[str, Any]:
    """The options as the core reads them."""
    if nan not in (None, "null", "error"):
        raise InvalidOptionError.of("nan", nan, '"null", "error" or None')
    if by is None:
        by = table.by if table and table.by else []
    keys = names_of(by)
    binned = {key.name: key for key in keys if isinstance(key, Bins)} if isinstance(keys, list) else {}
    if binned:
        keys = [key.name if isinstance(key, Bins) else key for key in keys]
    if not isinstance(columns, Mapping | None):
        raise InvalidOptionError.of("columns", columns, "a mapping of our names to the table's")
    if health is not None and not hasattr(health, "_native"):
        raise InvalidOptionError.of("health", health, "a HealthModel")
    asked = names_of(metrics)
    sources = {
        ours: tuple(theirs) if isinstance(theirs, SourceColumn) else (theirs, None)
        for ours, theirs in (columns or {}).items()
    }
    if unique is None and table is not None:
        unique = identity_of(table, "customer_id" if subject == "customers" else "case_id", columns)
    return {
        "subject": subject,
        "by": keys,
        "bins": {name: (key.column, list(key.edges), key.labels and list(key.labels)) for name, key in binned.items()},
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
        "spread": spread,
        "csat_satisfied_from": csat_satisfied_from,
        "effort_scale": effort_scale,
        "quantiles": quantiles,
        "max_groups": max_groups,
    }

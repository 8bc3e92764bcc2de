"""Tables out: one finished table, on its way to whatever the caller uses."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from svcmetrics import render
from svcmetrics.errors import InvalidOptionError, MissingExtraError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_NULLABLE = {"int64": "Int64", "uint64": "UInt64"}

#: How pandas gets amounts: as float64, or as objects of decimal.Decimal.
Amounts = Literal["float", "decimal"]


def extra(library: str) -> ModuleType:
    """The library, or the command that installs it."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise MissingExtraError(
            f"{library} is not installed; expected it for this call: pip install {library}",
            kind="missing_extra",
            hint=f"pip install {library}",
        ) from error


class _Native(Protocol):
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...
    def __len__(self) -> int: ...
    def names(self) -> list[str]: ...
    def kind(self, position: int) -> str: ...
    def values(self, position: int) -> list[Any]: ...
    def floats(self, position: int) -> Any: ...
    def times(self, position: int) -> tuple[Any, str, str | None]: ...


class Frame:
    """A finished table: ``to_polars()``, ``to_pandas()``, ``to_arrow()``, or anything that reads
    ``__arrow_c_stream__``.

    Rates and scores are float64 (the doubles nearest to the exact quotients), amounts, numerators and denominators
    decimal128(38, 6), amounts that count rows or customers int64; undefined is null, NaN in pandas.

    >>> import numpy as np, svcmetrics as sm
    >>> table = {"milestones_met": np.array([3]), "milestones_total": np.array([4])}
    >>> card = sm.scorecard(table, metrics=["adoption_rate"])
    >>> frame = card.tidy()
    >>> frame.columns[:4]
    ['metric', 'value', 'numerator', 'denominator']
    >>> frame.rows()
    [('adoption_rate', 0.75, Decimal('3.000000'), Decimal('4.000000'), 1, 0, 0, 0, 0, None, None, None)]
    """

    def __init__(self, native: _Native) -> None:
        self._native = native

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table as an Arrow stream, in a capsule."""
        return self._native.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return len(self._native)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self._native.names()

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as tuples of Python values; null is None."""
        return list(zip(*(self._native.values(position) for position in range(len(self.columns))), strict=True))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows as dictionaries."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows())

    def to_polars(self) -> polars.DataFrame:
        """As a polars frame. Needs polars."""
        frame: polars.DataFrame = extra("polars").DataFrame(self)
        return frame

    def to_arrow(self) -> pyarrow.Table:
        """As a pyarrow table. Needs pyarrow."""
        return extra("pyarrow").table(self)

    def to_pandas(self, amounts: Amounts = "float") -> pandas.DataFrame:
        """As a pandas frame, with or without pyarrow. Needs pandas.

        ``amounts`` are float64, or with ``"decimal"`` exact objects of :class:`decimal.Decimal`; undefined is NaN.
        """
        if amounts not in ("float", "decimal"):
            raise InvalidOptionError.of("amounts", amounts, '"float" or "decimal"')
        pandas = extra("pandas")
        series = {}
        for position, name in enumerate(self.columns):
            kind = self._native.kind(position)
            if kind == "float" or (kind == "decimal" and amounts == "float"):
                series[name] = pandas.Series(self._native.floats(position))
                continue
            if kind == "time":
                times, unit, zone = self._native.times(position)
                naive = pandas.Series(times.view(f"datetime64[{unit}]"))
                series[name] = naive if zone is None else naive.dt.tz_localize("UTC").dt.tz_convert(zone)
                continue
            values = self._native.values(position)
            if kind == "integer":
                # Keys may need all 64 bits; with a null among them the type is one that has nulls.
                dtype = "uint64" if any(value is not None and value >= 1 << 63 for value in values) else "int64"
                series[name] = pandas.Series(values, dtype=_NULLABLE[dtype] if None in values else dtype)
            elif kind == "decimal" or (kind in ("boolean", "date") and values):
                series[name] = pandas.Series(values, dtype=object if None in values or kind != "boolean" else bool)
            elif kind == "text":
                series[name] = pandas.Series(values, dtype="str")
            else:
                series[name] = pandas.Series(values)
        return pandas.DataFrame(series)

    def __repr__(self) -> str:
        return render.text(self.columns, [[render.cell(value) for value in row] for row in self.rows()])

    def _repr_html_(self) -> str:
        return render.html(self.columns, [[render.cell(value) for value in row] for row in self.rows()])

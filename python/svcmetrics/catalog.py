"""The catalogue: every metric's definition, as data."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from svcmetrics import _svcmetrics, render
from svcmetrics.errors import InvalidOptionError
from svcmetrics.frames import extra

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Definition(NamedTuple):
    """A metric's definition."""

    id: str
    title: str
    #: ``share``, ``ratio``, ``mean``, ``amount``, ``score``, ``derived`` or ``mix``.
    kind: str
    time: Literal["flow", "stock"]
    better: Literal["higher", "lower", "neither"]
    formula: str
    among: str | None
    columns: tuple[str, ...]
    unit: str
    source: str
    family: str
    #: What it tells, what it does not, and when it misleads.
    reading: str
    #: What happens in its corners, a text a case.
    edge_cases: tuple[str, ...]


class MeasureDefinition(NamedTuple):
    """A measure's definition: what is summed, over which rows."""

    id: str
    time: Literal["flow", "stock"]
    formula: str
    among: str | None
    columns: tuple[str, ...]
    unit: str


class Catalog:
    """Definitions in order: iterable, by id, and as a frame."""

    def __init__(self, kind: type[Any], entries: list[dict[str, Any]]) -> None:
        self._kind = kind
        self._entries = [
            kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()})
            for entry in entries
        ]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, metric: object) -> bool:
        """Whether there is a definition of that id, or that definition.

        >>> import svcmetrics as sm
        >>> "nps" in sm.catalog(), sm.catalog()["nps"] in sm.catalog(), "npss" in sm.catalog()
        (True, True, False)
        """
        return any(metric in (entry.id, entry) for entry in self._entries)

    def __getitem__(self, metric: str) -> Any:
        """The definition of that id; an error says which ids come near."""
        if not isinstance(metric, str):
            raise InvalidOptionError.of("metric", metric, "an id")
        for entry in self._entries:
            if entry.id == metric:
                return entry
        return _svcmetrics.no_metric(metric, [entry.id for entry in self._entries])

    @property
    def _names(self) -> list[str]:
        return list(self._kind._fields)

    def _columns(self) -> dict[str, list[Any]]:
        def plain(value: object) -> object:
            return list(value) if isinstance(value, tuple) else value

        return {name: [plain(getattr(entry, name)) for entry in self._entries] for name in self._names}

    def to_polars(self) -> polars.DataFrame:
        """As a polars frame."""
        frame: polars.DataFrame = extra("polars").DataFrame(self._columns())
        return frame

    def to_pandas(self) -> pandas.DataFrame:
        """As a pandas frame."""
        return extra("pandas").DataFrame(self._columns())

    def to_arrow(self) -> pyarrow.Table:
        """As a pyarrow table."""
        return extra("pyarrow").table(self._columns())

    def _cells(self) -> list[list[str]]:
        def shown(value: object) -> str:
            return ", ".join(value) if isinstance(value, tuple) else render.cell(value)

        return [[shown(getattr(entry, name)) for name in self._names] for entry in self._entries]

    def __repr__(self) -> str:
        return render.text(self._names, self._cells(), left=len(self._names), whole=True)

    def _repr_html_(self) -> str:
        return render.html(self._names, self._cells(), left=1, whole=True)


@functools.cache
def _catalog(measures: bool) -> Catalog:
    if measures:
        return Catalog(MeasureDefinition, _svcmetrics.measures())
    return Catalog(Definition, _svcmetrics.catalog())


def catalog(measures: bool = False) -> Catalog:
    """The definitions of all metrics, or with ``measures`` of the sums that they are made of.

    >>> import svcmetrics as sm
    >>> sm.catalog()["net_revenue_retention"].formula
    '(revenue_start + revenue_expansion - revenue_contraction - revenue_churn) / revenue_start'
    >>> [metric.id for metric in sm.catalog() if metric.unit == "hours" and metric.kind == "mean"]
    ['case_time_to_response_mean', 'case_time_to_resolution_mean']
    >>> sm.catalog(measures=True)["revenue_churn"].formula
    'sum of revenue_start where revenue_start > 0 and revenue_end = 0'
    """
    return _catalog(measures)

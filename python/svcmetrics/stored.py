"""What is stored as JSON, and compared, copied and pickled by what it holds."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self

from svcmetrics.options import text_of


class _Native(Protocol):
    def to_json(self) -> str: ...


class _Reader(Protocol):
    def from_json(self, text: str) -> Any: ...


class Stored:
    """Equal to what holds the same; to JSON and back, to the same bits.

    >>> import copy, svcmetrics as sm
    >>> ledger = sm.ledger({"customer_id": [7], "month": ["2026-01"], "revenue": [50]})
    >>> for kept in (ledger, ledger.retention(), ledger.movements()):
    ...     assert type(kept).from_json(kept.to_json()) == copy.copy(kept) == kept

    A text of something else is an error.

    >>> try:
    ...     sm.Ledger.from_json("{}")
    ... except sm.SvcMetricsError as error:
    ...     print(error.kind)
    invalid_document
    """

    #: The class of the core that reads it.
    _core: ClassVar[_Reader]

    def __init__(self, native: Any) -> None:
        self._native = native

    @property
    def _exact(self) -> _Native:
        """The core's object that holds it all."""
        native: _Native = self._native
        return native

    def to_json(self) -> str:
        """Everything, exact: of a scorecard its definitions, parameters, model and totals; of a ledger its lines, and
        how they were read; of retention its cells.
        """
        return self._exact.to_json()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads what :meth:`to_json` wrote, checking every field."""
        return cls(cls._core.from_json(text_of("text", text)))

    def __eq__(self, other: object) -> bool:
        return self._exact == other._exact if isinstance(other, type(self)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).from_json, (self.to_json(),))

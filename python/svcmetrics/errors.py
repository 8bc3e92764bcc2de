"""What can go wrong: one base class, a subclass a case, and in each what was found, what was wanted, and where."""

from __future__ import annotations

from typing import Any


class SvcMetricsError(ValueError):
    """The base of all errors of this package.

    Attributes that apply hold what their names say, the others are None: ``kind`` (the case as a stable word),
    ``metric``, ``column``, ``row`` (a 0-based position over all parts of the table), ``group`` (the row's keys as
    text), ``value`` (as text), ``expected``, ``hint`` (what to do, to be pasted), ``count`` (how many rows offend) and
    ``first`` (the first ten of them: row and value).

    >>> import svcmetrics as sm
    >>> try:
    ...     sm.formulas.adoption_rate(milestones_met=9, milestones_total=8)
    ... except sm.SvcMetricsError as error:
    ...     print(error.column, error.value, error.expected)
    milestones_met 9 at most 8
    """

    kind: str
    metric: str | None
    column: str | None
    row: int | None
    group: str | None
    value: str | None
    expected: str | None
    hint: str | None
    count: int
    first: list[tuple[int, str]]

    def __init__(
        self,
        message: str = "",
        *,
        kind: str = "error",
        metric: str | None = None,
        column: str | None = None,
        row: int | None = None,
        group: str | None = None,
        value: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
        count: int = 1,
        first: list[tuple[int, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.metric, self.column, self.row, self.group = kind, metric, column, row, group
        self.value, self.expected, self.hint, self.count = value, expected, hint, count
        self.first = first if first is not None else []

    def __str__(self) -> str:
        # A plain KeyError would show the message in quotes.
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), self.args, self.__dict__)


class ColumnNotFoundError(SvcMetricsError, KeyError):
    """A metric was asked for by name, or a key named, and the table lacks columns for it."""


class MetricNotFoundError(SvcMetricsError, KeyError):
    """No metric has that id."""


class DuplicateColumnError(SvcMetricsError):
    """A column that is read stands in the table more than once."""


class ColumnTypeError(SvcMetricsError, TypeError):
    """A column has a type that cannot be read as what it is wanted for."""


class InvalidValueError(SvcMetricsError):
    """Values outside a column's domain, or a part above its whole."""


class NotANumberError(SvcMetricsError):
    """NaN in a table where NaN does not mean missing."""


class InexactError(SvcMetricsError):
    """Values with more decimal places than are held."""


class OutOfRangeError(SvcMetricsError, OverflowError):
    """Values too large to hold as 64-bit micro-units."""


class AbsentRevenueError(SvcMetricsError):
    """Rows in which exactly one of the two revenues is null, with no word on what that means."""


class DuplicateCustomerError(SvcMetricsError):
    """The same customer twice in a group."""


class MixedCurrencyError(SvcMetricsError):
    """More than one currency where amounts would be added up."""


class KeyNameError(SvcMetricsError):
    """A key that is named like a metric or like a column of the result, or named twice."""


class TooManyGroupsError(SvcMetricsError, MemoryError):
    """More groups than were allowed."""


class OutOfMemoryError(SvcMetricsError, MemoryError):
    """The groups' totals do not fit into memory."""


class TotalOverflowError(SvcMetricsError, OverflowError):
    """A total that does not fit what it is asked for as."""


class MismatchError(SvcMetricsError):
    """Scorecards that cannot be added or joined."""


class InvalidModelError(SvcMetricsError):
    """A health model that is no model."""


class InvalidDefinitionError(SvcMetricsError):
    """A measure, a metric or a condition that contradicts itself."""


class InvalidOptionError(SvcMetricsError):
    """An option that cannot be."""

    @classmethod
    def of(cls, option: str, found: object, expected: str) -> InvalidOptionError:
        """What an option is and may be."""
        message = f"{option}: found {found!r}; expected {expected}"
        return cls(message, kind="invalid_option", value=str(found), expected=expected)


class InvalidDocumentError(SvcMetricsError):
    """A stored scorecard, model or frame of measures that cannot be read."""


class InvalidPeriodError(SvcMetricsError):
    """A text that is no period."""


class UndefinedFigureError(SvcMetricsError):
    """The float of a figure that has no value."""


class ArrowDataError(SvcMetricsError):
    """Arrow data that contradict themselves, a stream that was read before, or one whose producer failed."""

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message, **{"kind": "arrow_data", **details})


class UnsupportedTableError(SvcMetricsError, TypeError):
    """An object that is no table, or a kind of table that is not read."""

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message, **{"kind": "unsupported_table", **details})


class NotIterableError(SvcMetricsError, TypeError):
    """A result that is no sequence, where one was to be gone through."""


class MissingExtraError(SvcMetricsError, ImportError):
    """A library that is not installed."""


class InternalError(SvcMetricsError):
    """A panic in the core: a defect. Please report the message with the call that led to it."""

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(f"internal error, please report it: {message}", **details)

    def __reduce__(self) -> tuple[Any, ...]:
        # the message says already what it is
        return (_internal, (), {"args": self.args, **self.__dict__})


def _internal() -> InternalError:
    return InternalError.__new__(InternalError)


class NearMissWarning(UserWarning):
    """A column's name comes near one that a metric was not measured for want of."""

"""What the metrics of the reference are made of: judged rows, exact sums, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]

MICRO = 1_000_000


class Refused(ValueError):  # noqa: N818 - an outcome that the oracle tells, no error of its own
    """Input that the library must refuse: the kind of error, and where."""

    def __init__(self, kind: str, column: str | None = None, row: int | None = None, count: int | None = None) -> None:
        super().__init__(f"{kind}: column {column}, row {row}, count {count}")
        self.kind, self.column, self.row, self.count = kind, column, row, count


@dataclass(frozen=True)
class Cell:
    """One metric of one group. `numerator` is None where no row counted, `denominator` also where it is an amount."""

    numerator: Fraction | None
    denominator: Fraction | None
    counted: int
    missing: int
    invalid: int
    outside: int

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Counted, missing, invalid, outside."""
        return self.counted, self.missing, self.invalid, self.outside

    @property
    def undefined(self) -> str | None:
        """The first reason that applies, or None where there is a value."""
        rows = sum(self.counts)
        if rows == 0:
            return "no_rows"
        if self.outside == rows:
            return "none_in_scope"
        if self.missing + self.outside == rows:
            return "all_missing"
        if self.invalid + self.outside == rows:
            return "all_invalid"
        if self.counted == 0:
            return "none_counted"
        return "zero_denominator" if self.denominator == 0 else None


@dataclass(frozen=True)
class Metric:
    """What a metric is about (None: cannot be told), which rows are valid, and what a row adds to the two sums."""

    columns: tuple[str, ...]
    among: Callable[[Row], bool | None]
    valid: Callable[[Row], bool]
    numerator: Callable[[Row], Fraction]
    denominator: Callable[[Row], Fraction] | None
    unit: int = 1  # the integers inside are this many to one: micro-units for money and durations

    def judge(self, row: Row) -> str:
        """Outside, missing, invalid or counted, in this order."""
        inside = self.among(row)
        if inside is False:
            return "outside"
        if inside is None or any(row[column] is None for column in self.columns):
            return "missing"
        return "counted" if self.valid(row) else "invalid"

    def total(self, rows: Iterable[Row]) -> Cell:
        """The two sums over the counted rows, and how the rows were judged."""
        judged = [(self.judge(row), row) for row in rows]
        counted = [row for state, row in judged if state == "counted"]
        states = [state for state, _ in judged]
        return Cell(
            sum(map(self.numerator, counted), Fraction()) if counted else None,
            sum(map(self.denominator, counted), Fraction()) if counted and self.denominator else None,
            *(states.count(state) for state in ("counted", "missing", "invalid", "outside")),
        )


def count(value: Fraction) -> bool:
    """Whether a value is a count."""
    return value >= 0 and value.denominator == 1


def flag(value: Any) -> bool:
    """Whether a value is a boolean, perhaps written 0 or 1."""
    return value in (0, 1)


def everyone(_: Row) -> bool:
    """A metric about all rows."""
    return True


def one(_: Row) -> Fraction:
    """A denominator that counts rows."""
    return Fraction(1)


def truth(column: str) -> Callable[[Row], bool | None]:
    """A condition: the boolean column is true."""
    return lambda row: None if row[column] is None else bool(row[column])


def positive(column: str) -> Callable[[Row], bool | None]:
    """A condition: the column is above 0."""
    return lambda row: None if row[column] is None else row[column] > 0


def share_of_flags(condition: str | None, column: str) -> Metric:
    """The share of rows where a boolean column is true, perhaps among those where another is."""
    columns = (column,) if condition is None else (condition, column)
    among = everyone if condition is None else truth(condition)
    return Metric(columns, among, lambda r: flag(r[column]), lambda r: Fraction(bool(r[column])), one)


def share_of_counts(part: str, whole: str) -> Metric:
    """A part of a whole, both counts."""
    return Metric(
        (part, whole),
        everyone,
        lambda r: count(r[part]) and count(r[whole]) and r[part] <= r[whole],
        lambda r: r[part],
        lambda r: r[whole],
    )

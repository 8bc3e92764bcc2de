"""What the columns of a CSV file hold: judged by every cell, so that no later row contradicts it."""

from __future__ import annotations

import csv
import math
import re
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

import polars as pl

#: How a column is read. ``label``: a key or an identity, which keeps its leading zeros; ``text``: as it stands;
#: ``value``: a number or a boolean if every cell is one; ``number``: the same, and another cell is a mistake to name.
Role = Literal["label", "text", "value", "number"]
Kind = Literal["nothing", "boolean", "integer", "decimal", "float", "text", "cells"]

#: Whole numbers as a program writes them, and as pandas writes a column of them that has gaps.
_WHOLE = r"^(?:0|-?[1-9][0-9]{0,17})(?:\.0)?$"
_PLAIN_DECIMAL = r"^[+-]?[0-9]{1,32}(?:\.[0-9]{1,6})?$"
#: What the reader takes for a number.
_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE)
#: Characters of a number up to which a double stands for it alone.
_SHORT = 15


def header_of(path: Path) -> list[str]:
    """The names in the first line that is not empty."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next((record for record in csv.reader(file) if record), [])


def first_line_too_long(path: Path) -> str | None:
    """Which line has more cells than the header has names, in words."""
    names = len(header_of(path))
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        for record in reader:
            if len(record) > names:
                return f"line {reader.line_num} has {len(record)} cells; expected {names}, as in the header"
    return None


def lines_of(path: Path, rows: Iterable[int]) -> dict[int, int]:
    """The lines on which rows begin: cells may hold line breaks, and a line without anything in it is no row."""
    wanted = set(rows)
    # Where the file cannot be followed, every row is taken for a line.
    lines = {row: row + 2 for row in wanted}
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(file)
            row, line = -1, 1
            for record in reader:
                # The header counts as row -1.
                if any(record):
                    if row in wanted:
                        lines[row] = line
                        wanted.remove(row)
                    row += 1
                line = reader.line_num + 1
                if not wanted:
                    break
    except csv.Error:
        pass
    return lines


def is_empty_row() -> pl.Expr:
    """Whether a row has nothing in any column: an empty line is no customer without data, but no customer."""
    return pl.all_horizontal(pl.all().is_null())


def _is_boolean(cell: pl.Expr) -> pl.Expr:
    return cell.str.to_lowercase().is_in(["true", "false"])


def _is_number(cell: pl.Expr) -> pl.Expr:
    return cell.cast(pl.Float64, strict=False).is_not_null()


#: Whether a cell fits a kind; null where it is empty.
_FITS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "whole": lambda cell: cell.str.contains(_WHOLE),
    "boolean": _is_boolean,
    "integer": lambda cell: cell.cast(pl.Int64, strict=False).is_not_null() | cell.is_null(),
    "number": lambda cell: _is_number(cell) | cell.is_null(),
    "decimal": lambda cell: cell.str.contains(_PLAIN_DECIMAL),
    # What is longer must be a double as it is written, and no decimal with more digits.
    "double": lambda cell: (
        (cell.str.len_bytes() <= _SHORT)
        | (cell.cast(pl.Float64, strict=False).cast(pl.String) == cell)
        | cell.is_null()
    ),
    "either": lambda cell: _is_boolean(cell) | _is_number(cell) | cell.is_null(),
}


class _Guess:
    """What is still possible for one column."""

    def __init__(self, name: str, role: Role) -> None:
        self.name, self.role = name, role
        self.present = 0
        self.has_long = False
        #: Kinds that every cell so far fits.
        self.possible = {"label": {"whole"}, "text": set[str]()}.get(role, {*_FITS} - {"whole"})

    def learn(self, cells: pl.DataFrame) -> None:
        """Looks at more cells."""
        cell = pl.col(self.name)
        count, longest = cells.select(cell.count(), cell.str.len_bytes().max().alias("longest")).row(0)
        self.present += count
        if (longest or 0) > _SHORT:
            self.has_long = True
            self._keep(cells, self.possible & {"double"})
        self._keep(cells, self.possible & {"whole", "boolean", "integer", "number"})
        # A whole number fits these too: they are looked at where it has to be.
        if "integer" not in self.possible:
            self._keep(cells, self.possible & {"decimal"})
        if not self.possible & {"boolean", "number"}:
            self._keep(cells, self.possible & {"either"})

    def _keep(self, cells: pl.DataFrame, kinds: set[str]) -> None:
        if kinds:
            cell = pl.col(self.name)
            found = cells.select(_FITS[kind](cell).all().alias(kind) for kind in kinds).row(0, named=True)
            self.possible -= {kind for kind, fits in found.items() if not fits}

    def kind(self) -> Kind:
        """What the column holds."""
        if not self.present:
            return "text" if self.role == "text" else "nothing"
        if "boolean" in self.possible:
            return "boolean"
        if self.possible & {"integer", "whole"}:
            return "integer"
        if "decimal" in self.possible and self.has_long:
            return "decimal"
        if "number" in self.possible:
            return "float" if "double" in self.possible else "cells"
        return "text" if self.role != "number" else "cells"

    def mixes_spellings(self) -> bool:
        """Whether some booleans are written as words and others, or numbers, as digits."""
        return self.role == "number" and self.kind() == "cells" and {"number", "either"} & self.possible == {"either"}


class Types:
    """The kinds of columns, learnt from batches of text."""

    def __init__(self, roles: dict[str, Role]) -> None:
        self._guesses = [_Guess(name, role) for name, role in roles.items()]
        #: Rows with something in them, and rows without anything.
        self.rows = self.empty_rows = 0

    def learn(self, cells: pl.DataFrame) -> None:
        """Looks at a batch of whole rows, all of whose columns are text."""
        for guess in self._guesses:
            guess.learn(cells)
        empty: int = cells.select(is_empty_row().sum()).item()
        self.empty_rows += empty
        self.rows += len(cells) - empty

    def conversions(self) -> list[pl.Expr]:
        """What makes values of the text."""
        return [_converted(pl.col(guess.name), guess.kind()).alias(guess.name) for guess in self._guesses]

    def read_by_cell(self) -> dict[str, Callable[[str | None], object]]:
        """What makes values of the cells, by column, where not all of a column are of one type."""
        mixed = self.mixed_spellings()
        return {
            guess.name: _number_or_text if guess.name in mixed else _value
            for guess in self._guesses
            if guess.kind() == "cells"
        }

    def mixed_spellings(self) -> list[str]:
        """The columns in which some cells are true or false and the others numbers."""
        return [guess.name for guess in self._guesses if guess.mixes_spellings()]


def _converted(cell: pl.Expr, kind: Kind) -> pl.Expr:
    match kind:
        case "nothing":
            return cell.cast(pl.Float64)
        case "boolean":
            return cell.str.to_lowercase() == "true"
        case "integer":
            return cell.str.strip_suffix(".0").cast(pl.Int64)
        case "decimal":
            return cell.cast(pl.Decimal(38, 6))
        case "float":
            return cell.cast(pl.Float64)
        case "cells" | "text":
            return cell


def _value(cell: str | None) -> object:
    """A cell by itself: a boolean, a number, or the text that is neither."""
    words = {"true": True, "false": False}
    return None if cell is None else words.get(cell.lower(), _number_or_text(cell))


def _number_or_text(cell: str | None) -> object:
    """A double where the cell is one as it is written, else the decimal with all its digits."""
    if cell is None or not _NUMBER.fullmatch(cell):
        return cell
    double = float(cell)
    try:
        exact = Decimal(cell)
    except InvalidOperation:
        return double
    return double if not math.isfinite(double) or Decimal(repr(double)) == exact else exact

"""Files in: CSV, Parquet and Arrow IPC, batch by batch."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from svcmetrics.cli import csv_types
from svcmetrics.cli.csv_types import Role, Types
from svcmetrics.cli.messages import CommandError, one_line
from svcmetrics.errors import DuplicateColumnError
from svcmetrics.tables import ColumnTuple

#: Rows that are in memory at a time, in each of the few batches under way.
BATCH_ROWS = 131_072
#: From here on a file is long, and a terminal shows how far its reading is.
LONG_ROWS, LONG_BYTES = 2_000_000, 64_000_000

#: Before, a file that could not be read to its end was cut there without an error.
_OLDEST_POLARS = (1, 37, 1)

_ENDINGS = {".csv": "csv", ".parquet": "parquet", ".arrow": "ipc", ".ipc": "ipc", ".feather": "ipc"}


class TableFile:
    """A file with a table in it."""

    def __init__(self, path: Path) -> None:
        if tuple(map(int, re.findall(r"\d+", pl.__version__)[:3])) < _OLDEST_POLARS:
            oldest = ".".join(map(str, _OLDEST_POLARS))
            raise CommandError(f"polars {pl.__version__} is too old; expected {oldest} or newer: pip install -U polars")
        self.path = path
        #: Columns with true and false in some cells and numbers in others, once they have been read.
        self.mixed_spellings: list[str] = []
        self.kind = _ENDINGS.get(path.suffix.lower(), "")
        if not self.kind:
            raise CommandError(f"{path}: found the ending '{path.suffix}'; expected {', '.join(_ENDINGS)}")
        if not path.is_file():
            problem = "is no file" if path.exists() else "there is no such file"
            raise CommandError(f"{path}: {problem}")
        with self._readable():
            if self.kind == "ipc" and not _starts_as_ipc(path):
                raise CommandError(f"{path}: is no Arrow IPC file (Arrow streams are not read; write a file)")
            self._scan = self._scanned()
            self.schema = self._scan.collect_schema()

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return self.schema.names()

    @property
    def lines_of(self) -> Callable[[Iterable[int]], Mapping[int, int]] | None:
        """What gives the lines of rows, where the file has lines."""
        return (lambda rows: csv_types.lines_of(self.path, rows)) if self.kind == "csv" else None

    def refuse_duplicates(self, read: Iterable[str]) -> None:
        """An error where a column that is read stands there twice; the reader would give the second another name."""
        header = csv_types.header_of(self.path) if self.kind == "csv" else []
        for name in read:
            if header.count(name) > 1:
                message = f"column '{name}' stands in the table {header.count(name)} times; expected once"
                raise DuplicateColumnError(message, kind="duplicate_column", column=name)

    def batches(self, read: Mapping[str, Role]) -> Generator[Any]:
        """The rows in one part or more, with the values of those columns; the others stand there by name alone.

        Each part is a table as the core takes it.
        """
        unread = [name for name, dtype in self.schema.items() if name not in read or dtype == pl.Null]
        by_name_alone = [pl.lit(None, pl.Float64).alias(name) for name in unread]
        with self._readable():
            scan, rows, by_cell = self._scan, None, dict[str, Callable[[str | None], object]]()
            if self.kind == "csv":
                types = Types(dict(read))
                # All columns, since a line with too many cells goes unnoticed where the last ones are not read.
                for batch in self._collected(scan, "looking at types", None):
                    types.learn(batch)
                rows = types.rows
                if types.empty_rows:
                    scan = scan.filter(~csv_types.is_empty_row())
                scan = scan.with_columns(types.conversions())
                by_cell, self.mixed_spellings = types.read_by_cell(), types.mixed_spellings()
            elif sys.stderr.isatty():
                rows = self._scan.select(pl.len()).collect().item()
            empty = True
            for batch in self._collected(scan.with_columns(by_name_alone), "reading", rows):
                empty = False
                yield _by_cell(batch, by_cell)
            if empty:
                yield pl.DataFrame(schema=scan.with_columns(by_name_alone).collect_schema())

    def _scanned(self) -> pl.LazyFrame:
        # Names of files are taken as they are: no patterns, and no columns out of the names of directories.
        match self.kind:
            case "csv":
                return pl.scan_csv(self.path, infer_schema=False, glob=False)
            case "parquet":
                return pl.scan_parquet(self.path, glob=False, hive_partitioning=False)
            case _:
                return pl.scan_ipc(self.path, glob=False, hive_partitioning=False)

    def _collected(self, scan: pl.LazyFrame, what: str, rows: int | None) -> Iterator[pl.DataFrame]:
        batches = iter(scan.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True, lazy=True, engine="streaming"))
        is_long = self.path.stat().st_size >= LONG_BYTES if self.kind == "csv" else (rows or 0) >= LONG_ROWS
        return _with_progress(batches, what, rows) if is_long and sys.stderr.isatty() else batches

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except pl.exceptions.NoDataError as error:
            raise CommandError(f"{self.path}: is empty; expected a line with the names of columns") from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            # Its first line says what is wrong, the others are advice for programmers.
            problem = one_line(str(error).partition("\n")[0])
            if "more fields than defined" in problem:
                problem = csv_types.first_line_too_long(self.path) or problem
            raise CommandError(f"{self.path}: {problem}") from error
        except OSError as error:
            raise CommandError(f"{self.path}: {error.strerror or one_line(str(error))}") from error


def _by_cell(batch: pl.DataFrame, values: Mapping[str, Callable[[str | None], object]]) -> Any:
    """The batch, where some columns' cells are read one by one as names, rows and a function that gives columns."""
    if not values:
        return batch

    def column(name: str) -> ColumnTuple:
        cells = batch[name]
        return ("objects", [*map(values[name], cells)]) if name in values else ("arrow", cells)

    return (batch.columns, len(batch), lambda positions: (column(batch.columns[position]) for position in positions))


def _starts_as_ipc(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(6) == b"ARROW1"


def _with_progress(batches: Iterator[pl.DataFrame], what: str, rows: int | None) -> Iterator[pl.DataFrame]:
    try:
        from tqdm import tqdm
    except ImportError:
        yield from batches
        return
    with tqdm(total=rows, desc=what, unit=" rows", unit_scale=True, leave=False, file=sys.stderr) as bar:
        for batch in batches:
            yield batch
            bar.update(len(batch))

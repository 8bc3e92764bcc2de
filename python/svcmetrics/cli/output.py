"""What comes out: printed, or written to a file that is there as a whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn

from svcmetrics.cli.messages import CommandError

if TYPE_CHECKING:
    import polars

FORMATS = ("table", "json", "csv", "parquet")
_OF_ENDING = {".json": "json", ".csv": "csv", ".parquet": "parquet"}
#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA = r"^([=+\-@\t\r])"


class Result(NamedTuple):
    """A command's result, in each form that can be asked for."""

    table: Callable[[], str]
    json: Callable[[], str]
    frame: Callable[[], polars.DataFrame]


class Output:
    """Where the result goes and in which form; what forbids it is said before the work is done."""

    def __init__(self, format: str | None, path: Path | None, force: bool) -> None:  # noqa: A002 (named as the option)
        self.path, self.force = path, force
        self.format = format or (_OF_ENDING.get(path.suffix.lower(), "table") if path else "table")
        if path is None:
            if self.format == "parquet":
                raise CommandError("--format parquet is not printed; give -o OUT")
            return
        if not path.parent.is_dir():
            raise CommandError(f"{path.parent}: is no directory")
        if path.exists() and not path.is_file():
            raise CommandError(f"{path}: is no file that could be replaced")
        if path.exists() and not force:
            raise CommandError(_exists(path))

    def put(self, result: Result) -> None:
        """Prints or writes the result."""
        if self.path is None:
            put_text(self._text(result))
        elif self.format == "parquet":
            frame = result.frame()
            with replacing(self.path, self.force) as file:
                frame.write_parquet(file)
        else:
            text = self._text(result)
            with replacing(self.path, self.force) as file:
                file.write(text.encode())

    def _text(self, result: Result) -> str:
        match self.format:
            case "json":
                return result.json() + "\n"
            case "csv":
                return _without_formulas(result.frame()).write_csv()
            case _:
                return result.table() + "\n"


def put_text(text: str) -> None:
    """Prints a text as a whole, or fails."""
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    rest = memoryview(text.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))
    # With PYTHONUNBUFFERED a stream may take a part only, and the text layer would drop the others without a word.
    while rest:
        rest = rest[stream.write(rest) :]


def _exists(path: Path) -> str:
    return f"{path}: is there already; --force replaces it"


def _without_formulas(frame: polars.DataFrame) -> polars.DataFrame:
    import polars as pl

    texts = [name for name, dtype in frame.schema.items() if dtype in (pl.String, pl.Categorical, pl.Enum)]
    quoted = frame.with_columns(pl.col(texts).cast(pl.String).str.replace(_FORMULA, "'$1"))
    return quoted.rename(
        {name: f"'{name}" for name in frame.columns if name.startswith(("=", "+", "-", "@", "\t", "\r"))}
    )


@contextmanager
def replacing(path: Path, force: bool) -> Iterator[BinaryIO]:
    """A file to write to that takes the path's place when all is on the disk; after an error nothing has changed."""
    # A link stays a link: what it points to is replaced.
    path = Path(os.path.realpath(path))
    temporary = ""
    try:
        with _ended_by_signals():
            handle, temporary = tempfile.mkstemp(prefix=".svcmetrics-", suffix=".part", dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, _mode(path))
            _take_place(temporary, path, force)
            temporary = ""
            _sync_directory(path.parent)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror or error}") from error
    except Exception as error:
        if type(error).__module__.startswith("polars"):
            raise CommandError(f"{path}: cannot be written: {error}") from error
        raise
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def _take_place(temporary: str, path: Path, force: bool) -> None:
    if force:
        os.replace(temporary, path)
        return
    try:
        # Unlike a renaming, a link fails where somebody else has written the file meanwhile.
        os.link(temporary, path)
    except FileExistsError as error:
        raise CommandError(_exists(path)) from error
    except OSError:
        if path.exists():
            raise CommandError(_exists(path)) from None
        os.replace(temporary, path)
    else:
        os.unlink(temporary)


def _mode(path: Path) -> int:
    with suppress(FileNotFoundError):
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_directory(path: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Lets the signals that end a program end it as an exception does: with the temporary file removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        # One who ignores them, as nohup does, goes on ignoring them.
        if handler == signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler == signal.SIG_DFL:
                signal.signal(number, handler)


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)

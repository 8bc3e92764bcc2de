"""The command line: scorecards, health, checks and definitions from files.

Nothing here is imported by ``import svcmetrics``, and the reader, polars, only by the commands that read a file.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress

from svcmetrics.cli.arguments import parser
from svcmetrics.cli.messages import CommandError, in_words_of_the_command_line, one_line
from svcmetrics.errors import NearMissWarning, SvcMetricsError

__all__ = ["main"]

FAILED = 2
#: What a shell reports of a program that a signal ended: 128 and the signal's number.
INTERRUPTED, BROKEN_PIPE = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and gives its exit status: 0, or 2 with one line on stderr that says what is wrong."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character of a name or of a table's rule shows its code.
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", NearMissWarning)
            warnings.showwarning = _warn
            wanted = parser().parse_args(arguments)
            status: int = wanted.run(wanted)
        sys.stdout.flush()
    except (CommandError, SvcMetricsError) as error:
        return _fail(str(error))
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except OSError as error:
        _drop_output()
        return _fail(_of_system(error))
    except MemoryError:
        return _fail("out of memory; group by something coarser")
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _fail(message: str) -> int:
    print(f"svcmetrics: error: {one_line(message)}", file=sys.stderr)
    return FAILED


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    print(f"svcmetrics: warning: {one_line(in_words_of_the_command_line(str(message)))}", file=sys.stderr)


def _of_system(error: OSError) -> str:
    what = error.strerror or str(error)
    return what if error.filename is None else f"{error.filename}: {what}"


def _drop_output() -> None:
    """Nobody reads on: what is still buffered must not fail again when the interpreter ends."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())

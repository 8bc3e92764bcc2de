"""How the tests of the command line run it: in this process, or as a program of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from svcmetrics.cli import main

#: Three customers: 7 of 8 milestones in the north, none set in the south; 110 of 180 of the north's revenue is left.
CUSTOMERS = pl.DataFrame(
    {
        "region": ["north", "north", "south"],
        "milestones_met": [3, 4, 0],
        "milestones_total": [4, 4, 0],
        "revenue_start": [100.0, 80.0, 50.0],
        "revenue_end": [110.0, 0.0, 50.0],
    }
)
#: By ending, how polars writes such a file.
WRITERS = {
    "csv": pl.DataFrame.write_csv,
    "parquet": pl.DataFrame.write_parquet,
    "arrow": pl.DataFrame.write_ipc,
    "ipc": pl.DataFrame.write_ipc,
    "feather": pl.DataFrame.write_ipc,
}


class Answer(NamedTuple):
    """What a command gave."""

    status: int
    out: str
    err: str


class Run:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: object) -> Answer:
        status = main([str(argument) for argument in arguments])
        return Answer(status, *self.capsys.readouterr())

    def succeeding(self, *arguments: object) -> str:
        """The output of a command that has nothing to say on stderr."""
        answer = self(*arguments)
        assert (answer.status, answer.err) == (0, "")
        return answer.out

    def failing(self, *arguments: object) -> str:
        """The message of a command that fails with one line and without output."""
        answer = self(*arguments)
        assert answer.status == 2
        assert answer.out == ""
        start = "svcmetrics: error: "
        assert answer.err.startswith(start)
        assert answer.err.count("\n") == 1
        assert answer.err.endswith("\n")
        return answer.err.removeprefix(start).removesuffix("\n")


def written(folder: Path, ending: str, frame: pl.DataFrame = CUSTOMERS) -> Path:
    """The frame in a file of that kind."""
    path = folder / f"customers.{ending}"
    WRITERS[ending](frame, path)
    return path


def text_file(folder: Path, name: str, *lines: str) -> Path:
    """A file of these lines."""
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def program(*arguments: object, code: str = "") -> list[str]:
    """What starts the command line as a program, after ``code``."""
    if not code:
        return [sys.executable, "-m", "svcmetrics", *map(str, arguments)]
    script = f"import sys\n{code}\nfrom svcmetrics.cli import main\nsys.exit(main())"
    return [sys.executable, "-c", script, *map(str, arguments)]


def spawned(*arguments: object, code: str = "") -> Answer:
    """The answer of a program of its own."""
    done = subprocess.run(
        program(*arguments, code=code), capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)

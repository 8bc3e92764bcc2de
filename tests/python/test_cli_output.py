"""Where the command line writes: whole files or none, no formulas, and progress on terminals alone."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import resource
import signal
import stat
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from command_line import CUSTOMERS, Run, program, spawned, text_file, written
from svcmetrics.cli import commands, output
from svcmetrics.cli.messages import CommandError

OLD = "what was there before\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return written(folder, "csv")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A file that is there already, in a folder of its own."""
    folder = tmp_path / "out"
    folder.mkdir()
    return text_file(folder, "card.csv", OLD.strip())


def assert_untouched(out: Path) -> None:
    """The old file is as it was, and no part of a new one lies beside it."""
    assert out.read_text(encoding="utf-8") == OLD
    assert list(out.parent.iterdir()) == [out]


def test_a_file_that_is_there_is_kept(run: Run, customers: Path, out: Path) -> None:
    assert run.failing("scorecard", customers, "-o", out) == f"{out}: is there already; --force replaces it"
    assert_untouched(out)


def test_a_file_that_is_there_is_seen_before_the_input_is_read(run: Run, out: Path) -> None:
    assert "is there already" in run.failing("scorecard", "nowhere.csv", "-o", out)


def test_with_force_a_file_is_replaced_and_keeps_its_mode(run: Run, customers: Path, out: Path) -> None:
    out.chmod(0o640)
    run.succeeding("scorecard", customers, "-o", out, "--force")
    assert out.read_text(encoding="utf-8") == run.succeeding("scorecard", customers, "--format", "csv")
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert list(out.parent.iterdir()) == [out]


def test_a_new_file_has_the_mode_of_new_files(run: Run, customers: Path, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    run.succeeding("scorecard", customers, "-o", tmp_path / "card.csv")
    assert (tmp_path / "card.csv").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_stays_a_link(run: Run, customers: Path, out: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(out)
    run.succeeding("scorecard", customers, "-o", link, "--force")
    assert link.is_symlink()
    assert out.read_text(encoding="utf-8").startswith("rows,")


def test_what_is_no_file_is_not_replaced(run: Run, customers: Path) -> None:
    assert "/dev/null" in run.failing("scorecard", customers, "-o", "/dev/null", "--force")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), pl.exceptions.ComputeError("no")])
def test_a_failure_while_writing_leaves_the_old_file(
    run: Run, customers: Path, out: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def failing(_: pl.DataFrame, file: io.BufferedWriter) -> None:
        file.write(b"half of it")
        raise error

    monkeypatch.setattr(pl.DataFrame, "write_parquet", failing)
    message = run.failing("scorecard", customers, "--format", "parquet", "-o", out, "--force")
    assert message.startswith(f"{out}: cannot be written: ")
    assert_untouched(out)


@pytest.mark.parametrize("form", ["csv", "json", "table", "parquet"])
def test_a_full_disk_leaves_the_old_file(customers: Path, out: Path, form: str) -> None:
    done = subprocess.run(
        program("scorecard", customers, "--format", form, "-o", out, "--force"),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"svcmetrics: error: {out}: cannot be written")
    assert done.stderr.count("\n") == 1
    assert_untouched(out)


#: Stops when all is written but not yet in its place, and says so.
PAUSED = """
import os, time
def pause(_):
    print("written", flush=True)
    time.sleep(60)
os.fsync = pause
"""


@contextlib.contextmanager
def paused_while_writing(customers: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    command = program("scorecard", customers, "-o", out, "--force", code=PAUSED)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        yield process


def test_killed_while_writing_the_old_file_is_there(customers: Path, out: Path) -> None:
    with paused_while_writing(customers, out) as process:
        process.kill()
        process.wait(timeout=10)
    assert out.read_text(encoding="utf-8") == OLD
    # Nobody could remove the part; it does not stand in the way of the next run.
    assert len(list(out.parent.iterdir())) == 2
    assert spawned("scorecard", customers, "-o", out, "--force").status == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_ended_while_writing_no_part_is_left(customers: Path, out: Path, number: int, status: int) -> None:
    with paused_while_writing(customers, out) as process:
        process.send_signal(number)
        assert process.communicate(timeout=10)[1] == ""
        assert process.returncode == status
    assert_untouched(out)


def test_a_file_that_appears_meanwhile_is_kept(out: Path) -> None:
    new = out.with_name("new.csv")
    writing = output.replacing(new, force=False)
    writing.__enter__().write(b"ours")
    new.write_text("theirs", encoding="utf-8")
    with pytest.raises(CommandError, match="is there already"):
        writing.__exit__(None, None, None)
    assert new.read_text(encoding="utf-8") == "theirs"
    assert {*out.parent.iterdir()} == {out, new}


def test_without_links_a_new_file_is_renamed_and_an_old_one_kept(
    run: Run, customers: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    run.succeeding("scorecard", customers, "-o", out.with_name("new.csv"))
    assert out.with_name("new.csv").read_text(encoding="utf-8").startswith("rows,")
    with pytest.raises(CommandError, match="is there already"), output.replacing(out, force=False) as file:
        file.write(b"ours")
    assert out.read_text(encoding="utf-8") == OLD


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted_in_csv(run: Run, tmp_path: Path, start: str) -> None:
    key = f"{start}cmd|' /C calc'!A0"
    frame = CUSTOMERS.with_columns(pl.lit(key).alias(f"{start}x"), pl.lit("2-3=4").alias("plan"))
    path = written(tmp_path, "parquet", frame)
    text = run.succeeding("scorecard", path, f"--by={start}x,plan", "--format", "csv")
    ((_, row),) = [list(csv.reader(io.StringIO(text, newline="")))]
    assert row[:2] == [f"'{key}", "2-3=4"]
    assert text.lstrip('"').startswith(f"'{start}x")


def test_negative_numbers_are_no_formulas(run: Run, customers: Path) -> None:
    metrics = "net_recurring_revenue,revenue_growth_rate"
    text = run.succeeding("scorecard", customers, "--metrics", metrics, "--format", "csv")
    # 160 of 230 are left.
    assert [float(cell) for cell in text.splitlines()[1].split(",")] == [3, -70, -70 / 230]


def test_categories_are_quoted_as_texts_are(run: Run, tmp_path: Path) -> None:
    frame = CUSTOMERS.with_columns(pl.lit("=1+1").cast(pl.Categorical).alias("region"))
    out = run.succeeding("scorecard", written(tmp_path, "parquet", frame), "--by", "region", "--format", "csv")
    assert out.splitlines()[1].startswith("'=1+1,3,")


def test_formulas_in_a_csv_of_findings_are_quoted(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "formula.csv", "milestones_met,milestones_total,=1+1", "5,4,", "1,4,")
    assert "'=1+1" in run.succeeding("check", path, "--format", "csv")


def test_other_forms_keep_texts_as_they_are(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "csv", CUSTOMERS.with_columns(pl.lit("=1+1").alias("region")))
    out = tmp_path / "card.parquet"
    run.succeeding("scorecard", path, "--by", "region", "-o", out)
    assert pl.read_parquet(out)["region"].to_list() == ["=1+1"]
    assert "\n=1+1 " in run.succeeding("scorecard", path, "--by", "region")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_leaves_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbuffered: str) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    path = written(tmp_path, "csv", pl.concat([CUSTOMERS] * 10_000))
    command = program("health", path, "--format", "csv")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("score,")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 128 + signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_printed_is_an_error(customers: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            program("scorecard", customers), stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False
        )
    assert (done.returncode, done.stderr) == (2, "svcmetrics: error: No space left on device\n")


def test_ctrl_c_ends_with_130_and_without_a_word(run: Run, customers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "opened", interrupted)
    assert run("scorecard", customers) == (130, "", "")


#: Every file is a long one.
LONG = "from svcmetrics.cli import readers\nreaders.LONG_ROWS = readers.LONG_BYTES = 0"


def on_a_terminal(*arguments: object, code: str = "") -> str:
    """What the program writes to a terminal on stderr."""
    terminal, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    try:
        done = subprocess.run(
            program(*arguments, code=code), stdout=subprocess.PIPE, stderr=slave, timeout=60, check=False
        )
        os.close(slave)
        assert b"rows" in done.stdout
        written = b""
        # A terminal whose other end is closed ends with an error.
        with contextlib.suppress(OSError):
            while part := os.read(terminal, 4096):
                written += part
        return written.decode()
    finally:
        os.close(terminal)


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_a_terminal_shows_how_far_a_long_file_is(tmp_path: Path, ending: str) -> None:
    shown = on_a_terminal("scorecard", written(tmp_path, ending), code=LONG)
    assert "reading" in shown
    assert " rows" in shown
    # It is gone when the work is done: its line is blank.
    assert shown.rpartition("\r")[0].rpartition("\r")[2].strip() == ""


def test_a_terminal_shows_nothing_for_a_short_file(customers: Path) -> None:
    assert on_a_terminal("scorecard", customers) == ""


def test_without_the_library_a_terminal_shows_nothing(customers: Path) -> None:
    assert on_a_terminal("scorecard", customers, code=f"{LONG}\nsys.modules['tqdm'] = None") == ""


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_what_is_no_terminal_shows_no_progress(tmp_path: Path, ending: str) -> None:
    answer = spawned("scorecard", written(tmp_path, ending), code=LONG)
    assert (answer.status, answer.err) == (0, "")


def test_an_error_after_progress_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = text_file(tmp_path, "invalid.csv", "milestones_met,milestones_total", "5,4")
    shown = on_a_terminal("scorecard", path, code=f"{LONG}\nprint('rows', flush=True)")
    assert "\rsvcmetrics: error: " in shown.replace("\x1b[A", "")

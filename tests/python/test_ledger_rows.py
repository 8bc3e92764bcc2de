"""The row of what is wrong with a month of a customer, which is looked for once something is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import svcmetrics as sm
from command_line import Run
from svcmetrics import errors

Table = dict[str, list[Any]]
#: A row of 8 says something else than one before: row 6, where rows are not sorted.
LINES: Table = {
    "customer_id": [7, 8, 9, 8, 7, 9, 8, 8],
    "month": ["2026-01", "2026-01", "2026-01", "2026-02", "2026-02", "2026-02", "2026-02", "2026-02"],
    "revenue": [10, 20, 30, 20, 10, 30, 5, 5],
    "plan": ["a", "a", "b", "a", "a", "b", "b", "a"],
    "loss_reason": [None, None, None, None, "x", "y", "price", "moved"],
}
FRAMES: list[Callable[[Table], Any]] = [dict, pd.DataFrame, pl.DataFrame, pa.table]


def caught(call: Callable[[], Any]) -> errors.SvcMetricsError:
    with pytest.raises(errors.SvcMetricsError) as found:
        call()
    return found.value


@pytest.mark.parametrize("frame", FRAMES)
def test_a_clash_names_the_row_that_says_something_else(frame: Callable[[Table], Any]) -> None:
    error = caught(lambda: sm.ledger(frame(LINES), by="plan", loss_reason=None))
    assert (error.row, error.group, error.count) == (6, "8, 2026-02", 1)
    assert "column 'plan', row 6 of group 8, 2026-02: holds both a and b" in str(error)
    error = caught(lambda: sm.ledger(frame(LINES)))
    assert "column 'loss_reason', row 7 of group 8, 2026-02: holds both price and moved" in str(error)
    judged = LINES | {"loss_reason": [None] * 6 + ["price"] * 2, "loss_avoidable": [None] * 6 + [True, False]}
    assert caught(lambda: sm.ledger(frame(judged))).row == 7


@pytest.mark.parametrize("seed", range(20))
def test_the_row_is_that_of_the_first_line_which_differs_in_any_order(seed: int) -> None:
    rng = random.Random(seed)
    order = rng.sample(range(8), 8)
    lines = {name: [values[place] for place in order] for name, values in LINES.items()}
    places = [place for place, row in enumerate(order) if row in (3, 6, 7)]
    expected = next(place for place in places if lines["plan"][place] != lines["plan"][places[0]])
    error = caught(lambda: sm.ledger(lines, by="plan", loss_reason=None))
    assert error.row == expected
    assert error.first in ([(expected, "a and b")], [(expected, "b and a")])


def test_a_gap_names_the_row_after_which_one_is_missing() -> None:
    lines = {"customer_id": ["x", "y", "x"], "month": ["2024-04", "2024-01", "2024-01"], "revenue": [5, 6, 7]}
    error = caught(lambda: sm.ledger(lines, gaps="error"))
    assert (error.row, error.group, error.count) == (2, "x, 2024-02", 2)


def test_amounts_that_are_too_much_name_the_row_with_which_they_are() -> None:
    most = 760_000_000_000
    lines = {"customer_id": [7, 7, 8, 7], "month": ["2024-01"] * 4, "revenue": [5, most, 9, most]}
    error = caught(lambda: sm.ledger(lines))
    assert isinstance(error, errors.OutOfRangeError)
    assert (error.row, error.group) == (3, "7, 2024-01")


def test_what_can_be_read_once_has_no_row_but_says_how_to_learn_it() -> None:
    def stream() -> pa.RecordBatchReader:
        return pa.table(LINES).to_reader(max_chunksize=3)

    error = caught(lambda: sm.ledger(stream(), by="plan", loss_reason=None))
    assert (error.row, error.group) == (None, "8, 2026-02")
    assert error.hint is not None
    assert "pyarrow.table(stream)" in error.hint
    assert caught(lambda: sm.ledger(pa.table(stream()), by="plan", loss_reason=None)).row == 6
    # beside what there is to do about it
    error = caught(lambda: sm.ledger(stream(), gain_reason=None))
    assert str(error).index("or read none with loss_reason=None") < str(error).index("pyarrow.table(stream)")
    # where the row is known, or is no question
    wrong = pa.table({**LINES, "revenue": [10, 20, 30, 20, 10, -30, 5, 5]}).to_reader(max_chunksize=3)
    error = caught(lambda: sm.ledger(wrong))
    assert (error.row, "pyarrow" in str(error)) == (5, False)


def test_parts_of_a_stream_name_rows_over_all_of_them() -> None:
    table = pa.table(LINES).sort_by([("customer_id", "ascending"), ("month", "ascending")])
    whole = caught(lambda: sm.ledger(table, by="plan", loss_reason=None))
    for size in range(1, 9):
        parts = [pa.Table.from_batches([batch]) for batch in table.to_batches(max_chunksize=size)]
        options: dict[str, Any] = {"by": "plan", "loss_reason": None, "months": ("2026-01", "2026-02")}
        error = caught(lambda parts=parts, options=options: sm.movements(parts, **options))  # type: ignore[misc]
        # of a part that is gone nothing can be said, and the row before may stand in one
        assert error.row in (whole.row, 5, None)
        assert (error.row is None) == (size in (1, 2, 3, 6))
        assert error.group == whole.group


def test_the_command_line_names_the_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    pl.DataFrame(LINES).write_csv(file)
    message = Run(capsys).failing("movements", file, "--by", "plan", "--loss-reason", "")
    assert "column 'plan', line 8 of group 8, 2026-02: holds both a and b" in message
    message = Run(capsys).failing("movements", file)
    assert "column 'loss_reason', line 9 of group 8, 2026-02" in message
    assert "or read none with --loss-reason ''" in message

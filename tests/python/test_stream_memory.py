"""Fifty million rows pass through one gigabyte of address space, and a few long texts take little more than these."""

from __future__ import annotations

from subprocesses import run

#: One batch of a million rows, handed over fifty times.
PROGRAM = """
    import resource, sys
    import numpy as np
    import pyarrow as pa
    import svcmetrics as sm

    batches, rows = int(sys.argv[1]), int(sys.argv[2])
    number = np.arange(rows, dtype="i8")
    batch = pa.record_batch({
        "region": pa.DictionaryArray.from_arrays(pa.array(number % 5, pa.int8()), list("abcde")),
        "is_new": pa.array(number % 3 == 0),
        "onboarded": pa.array(number % 2 == 0, mask=number % 11 == 0),
        "milestones_met": number % 7,
        "milestones_total": pa.array(number % 7 + number % 2, mask=number % 13 == 0),
        "service_minutes": np.full(rows, 43200.1),
        "downtime_minutes": (number % 100) / 10,
    })
    one = sm.scorecard(batch, by="region", metrics=METRICS)
    limit = 1 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def stream():
        for _ in range(batches):
            yield batch

    reader = pa.RecordBatchReader.from_batches(batch.schema, stream())
    card = sm.scorecard(reader, by="region", metrics=METRICS)
    assert card.quality.rows == batches * rows
    assert len(card) == 5
    # Every total is that of one batch, times as many as there were; and one batch is what Python's integers say.
    for found, expected in zip(card.measures().rows(), one.measures().rows(), strict=True):
        assert found[0] == expected[0]
        assert list(found[1:]) == [batches * total for total in expected[1:]]
    for key, name in enumerate("abcde"):
        mine = number % 5 == key
        complete = mine & (number % 13 != 0)
        figure = card["adoption_rate"][name]
        assert figure.numerator == batches * int((number % 7)[complete].sum())
        assert figure.denominator == batches * int((number % 7 + number % 2)[complete].sum())
        asked = mine & (number % 3 == 0) & (number % 11 != 0)
        assert card["onboard_rate"][name].denominator == batches * int(asked.sum())
        figure = card["availability"][name]
        assert figure.denominator * 10 == batches * 432001 * int(mine.sum())
        assert (figure.denominator - figure.numerator) * 10 == batches * int((number % 100)[mine].sum())
    try:
        np.ones(limit, "i1")
    except MemoryError:
        print("within the limit")
"""
METRICS = '["onboard_rate", "adoption_rate", "availability"]'


def test_fifty_million_rows_stream_through_a_gigabyte() -> None:
    output = run(
        PROGRAM.replace("METRICS", METRICS),
        "50",
        "1000000",
        timeout=600,
        OPENBLAS_NUM_THREADS="1",
        OMP_NUM_THREADS="1",
        ARROW_DEFAULT_MEMORY_POOL="system",
    )
    assert output == "within the limit\n"


def test_groups_that_do_not_fit_into_memory_are_a_memory_error_and_never_the_end_of_the_process() -> None:
    program = """
    import resource
    import numpy as np
    import svcmetrics as sm

    rows = 1_000_000
    ones = np.ones(rows, "i1")
    names = ("milestones_met", "milestones_total", "revenue_start", "revenue_end")
    table = {"key": np.arange(rows), **dict.fromkeys(names, ones)}
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    try:
        print(len(sm.scorecard(table, by="key")))
    except MemoryError:
        print("MemoryError")
    """
    limited = run(program, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", RUST_BACKTRACE="0")
    assert limited.strip() in ("1000000", "MemoryError")


#: Two long texts in turns, each of many views.
LONG_TEXTS = """
    from pathlib import Path
    import polars as pl
    import svcmetrics as sm

    def status(name):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

    def keys(length):
        texts = pl.Series(["a" * length, "b" * length])
        frame = pl.DataFrame({"key": texts[[0, 1] * 200], "is_new": True, "onboarded": True})
        return list(sm.scorecard(frame, by="key", metrics=["onboard_rate"])["onboard_rate"])

    assert [len(key) for key in keys(100)] == [100, 100]
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    assert [len(key) for key in keys(1 << 22)] == [1 << 22, 1 << 22]
    print((status("VmHWM") - before) >> 20)
"""


def test_long_texts_of_few_rows_are_not_held_once_a_row() -> None:
    # the texts, the keys, what Python makes of them, and what is passed on the way
    assert int(run(LONG_TEXTS)) < 16 * 8

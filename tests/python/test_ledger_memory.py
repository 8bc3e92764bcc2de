"""A ledger takes less than twice the memory of its rows with ids of 64 bits or text, whatever their order and the size
of the batches; with narrower ids no more, and also less than twice of theirs where they are sorted.
"""

from __future__ import annotations

import json

import pytest

from subprocesses import run

#: Each ledger is made in a process of its own that shares the rows, and says how far its memory rose beyond them.
PROGRAM = """
    import json, os, sys
    from pathlib import Path
    import numpy as np
    import pyarrow as pa
    import svcmetrics as sm

    customers, months = 250_000, 12
    first = np.datetime64("2024-01")
    days = (first + np.arange(months)).astype("datetime64[D]").astype("i4")
    table = pa.table({
        "customer_id": pa.array(np.repeat(np.arange(customers) * 7 + 1_000_000, months).astype("i4")),
        "month": pa.array(np.tile(days, customers)).cast(pa.date32()),
        "revenue": np.random.default_rng(1).integers(1, 100_000, customers * months) / 4,
    })
    ids = {"int32": pa.int32(), "int64": pa.int64(), "text": pa.string()}[sys.argv[1]]
    table = table.set_column(0, "customer_id", table["customer_id"].cast(ids)).combine_chunks()
    orders = {
        "sorted": np.arange(len(table)),
        "shuffled": np.random.default_rng(2).permutation(len(table)),
        "month after month": np.arange(len(table)).reshape(customers, months).T.ravel(),
    }

    def status(name):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

    def measured(table, order):
        sm.ledger(table.slice(0, 1000))
        Path("/proc/self/clear_refs").write_text("5")
        before = status("VmRSS")
        ledger = sm.ledger(table)
        assert (len(ledger), ledger.diagnostics.months) == (customers, len(table))
        # ids of 32 bits that have to be sorted are held as those of 64 meanwhile
        held = table.nbytes if order == "sorted" else max(table.nbytes, 20 * len(table))
        # threads have heaps of their own, whatever the size of the table
        return (status("VmHWM") - before - (4 << 20)) / held

    found = {}
    for order, rows in orders.items():
        whole = table.take(pa.array(rows)).combine_chunks()
        for batch in (len(table), 65_536, 8_192):
            batches = pa.Table.from_batches(whole.to_batches(max_chunksize=batch))
            reader, writer = os.pipe()
            if os.fork() == 0:
                os.write(writer, json.dumps(measured(batches, order)).encode())
                os._exit(0)
            os.close(writer)
            with os.fdopen(reader) as answer:
                found[f"{order}, batches of {batch}"] = json.loads(answer.read())
            os.wait()
    print(json.dumps(found))
"""


@pytest.mark.parametrize("ids", ["int32", "int64", "text"])
def test_a_ledger_takes_less_than_twice_the_memory_of_its_rows(ids: str) -> None:
    found = json.loads(run(PROGRAM, ids, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"))
    assert len(found) == 9
    assert {case: times for case, times in found.items() if times >= 2} == {}, found

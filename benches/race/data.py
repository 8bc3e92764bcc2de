"""Customers and ledgers that are the same in every run: seeded, written once to Parquet files, never committed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: Where the files go: what `make clean` removes.
DIRECTORY = Path("target/bench")
SEED = 20240917
#: Each key column ``cohort_<groups>`` holds so many groups.
GROUPS = (12, 1_000, 10_000, 100_000)
#: The key that is there as text, too.
TEXT_KEY = "cohort_1000_name"
REGIONS = ("EMEA", "AMER", "APAC")
SEGMENTS = ("smb", "midmarket", "enterprise", "public")
NULLABLE = (
    "milestones_met",
    "licenses_used",
    "goals_met",
    "reached_goal",
    "downtime_minutes",
    "engagements",
    "positive_engagements",
    "service_cost",
)
#: Months of a ledger, from January 2024 on.
MONTHS = 24


def cohort_names(groups: int) -> list[str]:
    """Names as people give them, such as ``EMEA/smb/2018Q1``."""
    quarters = [f"{year}Q{quarter}" for year in range(2018, 2028) for quarter in (1, 2, 3, 4)]
    base = [f"{region}/{segment}/{quarter}" for quarter in quarters for segment in SEGMENTS for region in REGIONS]
    return [base[i] if i < len(base) else f"{base[i % len(base)]}/{i // len(base):04d}" for i in range(groups)]


def _counts(random: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    """Flags, counts and minutes; each part is at most its whole."""
    whole = np.int32

    def share() -> np.ndarray:
        return random.random(rows, dtype=np.float32)

    columns: dict[str, np.ndarray] = {}
    columns["is_new"] = random.random(rows) < 0.12
    columns["onboarded"] = random.random(rows) < 0.8
    milestones = random.integers(0, 9, rows, dtype=whole)
    columns["milestones_total"] = milestones
    columns["milestones_met"] = (milestones * share() + 0.4).astype(whole)
    licenses = random.integers(1, 400, rows, dtype=whole)
    columns["licenses_sold"] = licenses
    columns["licenses_used"] = (licenses * share()).astype(whole)
    columns["basic_users"] = random.integers(0, 300, rows, dtype=whole)
    columns["advanced_users"] = random.integers(0, 80, rows, dtype=whole)
    goals = random.integers(0, 7, rows, dtype=whole)
    columns["goals_total"] = goals
    columns["goals_met"] = (goals * share() + 0.5).astype(whole)
    columns["reached_goal"] = random.random(rows) < 0.63
    columns["service_minutes"] = np.where(random.random(rows) < 0.3, 44640.0, 43200.0)
    columns["downtime_minutes"] = np.round(random.exponential(40.0, rows), 1)
    engagements = random.integers(0, 30, rows, dtype=whole)
    columns["engagements"] = engagements
    positive = (engagements * share()).astype(whole)
    columns["positive_engagements"] = positive
    columns["negative_engagements"] = ((engagements - positive) * share()).astype(whole)
    active = random.random(rows) < 0.9
    columns["is_active"] = active
    columns["committed"] = active & (random.random(rows) < 0.85)
    due = random.integers(0, 4, rows, dtype=whole)
    columns["contracts_due"] = due
    columns["contracts_renewed"] = (due * share() + 0.5).astype(whole)
    return columns


def _revenue(random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Revenue at the start and at the end: kept, grown, shrunk, lost and won."""
    start = np.round(random.lognormal(7.5, 1.1, rows), 2)
    start[random.random(rows) < 0.10] = 0.0
    kind = random.random(rows)
    grown, shrunk = 1 + random.random(rows) * 0.4, 0.6 + 0.4 * random.random(rows)
    end = np.where(kind < 0.35, start, np.round(start * np.where(kind < 0.68, grown, shrunk), 2))
    end[kind > 0.93] = 0.0
    won = (start == 0) & (kind < 0.6)
    end[won] = np.round(random.lognormal(7.2, 1.0, int(won.sum())), 2)
    return start, end


def customers(rows: int, seed: int = SEED) -> pa.Table:
    """A row a customer: 24 columns that the jobs read, keys, an identity; cohorts differ in size."""
    random = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {}
    for groups in GROUPS:  # density as one by the square root, about
        columns[f"cohort_{groups}"] = np.minimum((random.random(rows) ** 1.3) * groups, groups - 1).astype(np.int32)
    columns |= _counts(random, rows)
    columns["revenue_start"], columns["revenue_end"] = _revenue(random, rows)
    cases = random.poisson(2.2, rows).astype(np.int32)
    columns["cases"] = cases
    columns["defect_cases"] = (cases * random.random(rows, dtype=np.float32)).astype(np.int32)
    columns["service_cost"] = np.round(random.gamma(2.0, 130.0, rows), 2)
    # identities are sparse, and in no order
    columns["customer_id"] = random.permutation(rows).astype(np.int64) * 7919 + 10_000_001
    arrays = {
        name: pa.array(values, mask=random.random(rows) < 0.02 if name in NULLABLE else None)
        for name, values in columns.items()
    }
    arrays[TEXT_KEY] = pa.DictionaryArray.from_arrays(arrays["cohort_1000"], pa.array(cohort_names(1_000)))
    return pa.table(arrays)


def ledger(customers: int, seed: int = SEED) -> pa.Table:
    """A row a customer and month with revenue, month after month: who stays, leaves, comes back, and pays otherwise.

    Months are dates, and beside them the numbers that the peers count with.
    """
    random = np.random.default_rng(seed)
    start = random.integers(-9, MONTHS, customers)  # below 0: there since before the first month
    # identities are sparse, and in no order
    identity = random.permutation(customers).astype(np.int64) * 7919 + 10_000_001
    price = np.round(random.lognormal(6.0, 1.0, customers) + 1.0, 2)
    there = start < 0
    identities, numbers, revenue = [], [], []
    for month in range(MONTHS):
        chance = random.random(customers)
        stays = np.where(there, chance > 0.03, chance < 0.08)
        there = (start == month) | ((start < month) & (stays | ((month == 0) & there)))
        grown, shrunk = chance > 0.95, (chance > 0.92) & (chance <= 0.95)
        price[grown] = np.round(price[grown] * 1.15, 2)
        price[shrunk] = np.round(price[shrunk] * 0.9, 2)
        rows = np.flatnonzero(there)
        identities.append(identity[rows])
        numbers.append(np.full(len(rows), month, np.int32))
        revenue.append(price[rows])
    number = np.concatenate(numbers)
    days = (np.datetime64("2024-01") + np.arange(MONTHS)).astype("datetime64[D]")
    table = {"customer_id": np.concatenate(identities), "month": days[number], "month_number": number}
    return pa.table({**table, "revenue": np.concatenate(revenue)})


def _named(table: pa.Table) -> pa.Table:
    """With identities as text, too, which sort as the numbers do."""
    digits = pc.utf8_lpad(table["customer_id"].cast("string"), 10, "0")
    return table.append_column("customer_name", pc.binary_join_element_wise("cus", digits, "_"))


def _in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([("customer_id", "ascending"), ("month_number", "ascending")])


def _shuffled(table: pa.Table) -> pa.Table:
    return table.take(pa.array(np.random.default_rng(SEED).permutation(table.num_rows)))


def path_of(rows: int, seed: int = SEED) -> Path:
    """Where so many rows are stored."""
    return DIRECTORY / f"customers_{rows}_{seed}.parquet"


def ledger_path(customers: int, in_order: bool) -> Path:
    """Where the ledger of so many customers is stored."""
    return DIRECTORY / f"ledger_{customers}_{'sorted' if in_order else 'shuffled'}_{SEED}.parquet"


def _written(path: Path, make: Callable[[], pa.Table]) -> Path:
    """The file, made if it is not there."""
    if not path.exists():
        started = time.perf_counter()
        path.parent.mkdir(parents=True, exist_ok=True)
        part, table = path.with_suffix(".part"), make()
        pq.write_table(table, part, compression="zstd", compression_level=1, row_group_size=1 << 19)
        part.rename(path)
        print(f"{path}: {table.num_rows:,} rows made in {time.perf_counter() - started:.0f} s", flush=True)
    return path


def prepare(rows: int, seed: int = SEED) -> Path:
    """The file with so many rows."""
    return _written(path_of(rows, seed), lambda: customers(rows, seed))


def prepare_ledger(customers: int, in_order: bool) -> Path:
    """The file with the ledger of so many customers."""
    arrange = _in_order if in_order else _shuffled
    return _written(ledger_path(customers, in_order), lambda: _named(arrange(ledger(customers))))

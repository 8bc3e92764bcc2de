"""Losses and gains by reason, against sums in plain Python and in SQL."""

from __future__ import annotations

import copy
import pickle
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pytest

import svcmetrics as sm
from oracle_duckdb import random_table

Change = Literal["loss", "gain"]
BY: list[list[str]] = [[], ["region"], ["region", "tier"]]
COLUMNS = ["reason", "amount", "customers", "share", "avoidable"]


def table_of(seed: int, rows: int = 400) -> pa.Table:
    rng = random.Random(seed)
    reasons = pa.array([rng.choice((None, "referral", "", "\u00e4")) for _ in range(rows)], pa.string())
    return random_table(seed, rows).append_column("gain_reason", reasons)


def card_of(table: Any, by: list[str], **options: Any) -> sm.Scorecard:
    return sm.scorecard(table, by, absent_revenue="zero", on_invalid="skip", **options)


def sums_in_python(table: pa.Table, by: list[str], change: Change) -> list[tuple[Any, ...]]:
    """Row by row, with the rule of absent revenue as zero and invalid rows left out."""
    reason_column = f"{change}_reason"
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for row in table.to_pylist():
        start, end = row["revenue_start"], row["revenue_end"]
        if start is None and end is None:
            continue
        start, end = start or Decimal(0), end or Decimal(0)
        amount = start - end if change == "loss" else end - start
        if min(start, end) < 0 or amount <= 0:
            continue
        key = (*(row[name] for name in by), row[reason_column])
        found = sums.setdefault(key, [Fraction(0), 0, None])
        found[0] += Fraction(amount)
        found[1] += 1
        if change == "loss" and row["loss_reason"] is not None and row["loss_avoidable"] is not None:
            found[2] = (found[2] or 0) + (Fraction(amount) if row["loss_avoidable"] else 0)
    whole: dict[tuple[Any, ...], Fraction] = {}
    for key, (amount, _, _) in sums.items():
        whole[key[:-1]] = whole.get(key[:-1], Fraction(0)) + amount
    rows = [(*key, *found[:2], float(found[0] / whole[key[:-1]]), found[2]) for key, found in sums.items()]
    return sorted(rows, key=lambda row: [sortable(value) for value in row[: len(by) + 1]])


def sortable(value: Any) -> tuple[bool, int, str]:
    """Numbers by value, texts by code point, null last; a key's values are of one type."""
    return (value is None, value if isinstance(value, int) else 0, value if isinstance(value, str) else "")


@pytest.mark.parametrize("change", ["loss", "gain"])
@pytest.mark.parametrize("by", BY, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_reasons_are_what_plain_sums_give(seed: int, by: list[str], change: Change) -> None:
    table = table_of(seed)
    found = card_of(table, by).reasons(change)
    expected = sums_in_python(table, by, change)
    assert found.columns == [*by, *COLUMNS]
    assert found.rows() == expected
    assert len(expected) > 3


@pytest.mark.parametrize("seed", range(3, 6))
def test_losses_by_region_and_reason_are_what_sql_gives(seed: int) -> None:
    table = table_of(seed)
    sql = """
        WITH customers AS (
            SELECT *, coalesce(revenue_start, 0) AS s, coalesce(revenue_end, 0) AS e FROM input
            WHERE revenue_start IS NOT NULL OR revenue_end IS NOT NULL
        ), losses AS (
            SELECT region, loss_reason, sum(s - e) AS amount, count(*) AS customers,
                sum(CASE WHEN loss_avoidable THEN s - e ELSE 0 END)
                    FILTER (loss_reason IS NOT NULL AND loss_avoidable IS NOT NULL) AS avoidable
            FROM customers WHERE s >= 0 AND e >= 0 AND s > e GROUP BY region, loss_reason
        )
        SELECT region, loss_reason, amount, customers, amount = sum(amount) OVER (PARTITION BY region), avoidable
        FROM losses ORDER BY region NULLS LAST, loss_reason NULLS LAST
    """
    connection = duckdb.connect()
    connection.register("input", table)
    expected = connection.execute(sql).fetchall()
    found = card_of(table, ["region"]).reasons("loss").rows()
    assert [(*row[:4], row[4] == 1, row[5]) for row in found] == expected
    assert any(row[1] is None for row in expected)


def test_shares_of_a_group_add_up_to_one_and_amounts_to_what_was_lost() -> None:
    card = card_of(table_of(7), ["region"])
    for change, metric in (("loss", "revenue_lost"), ("gain", "revenue_added")):
        sums: dict[Any, tuple[Decimal, float]] = {}
        for row in card.reasons(change):  # type: ignore[arg-type]
            amount, share = sums.get(row["region"], (Decimal(0), 0.0))
            sums[row["region"]] = (amount + row["amount"], share + row["share"])
        for region, figure in card[metric].items():
            amount, share = sums.get(region, (Decimal(0), 1.0))
            assert (amount, share) == (figure.value, pytest.approx(1, abs=1e-12))
    avoidable = {region: figure.numerator for region, figure in card["avoidable_loss_share"].items()}
    for row in card.reasons("loss"):
        avoidable[row["region"]] -= row["avoidable"] or 0
    assert set(avoidable.values()) == {0}


@pytest.mark.parametrize("seed", range(2))
def test_parts_merge_roll_up_and_are_stored_with_their_reasons(seed: int) -> None:
    table = table_of(10 + seed)
    whole = card_of(table, ["region", "tier"])
    parts = [card_of(table.slice(start, 130), ["region", "tier"]) for start in range(0, 400, 130)]
    merged = sm.merge(parts[::-1])
    for change in ("loss", "gain"):
        assert merged.reasons(change).rows() == whole.reasons(change).rows()  # type: ignore[arg-type]
        coarse = card_of(table, ["tier"]).reasons(change).rows()  # type: ignore[arg-type]
        assert whole.rollup("tier").reasons(change).rows() == coarse  # type: ignore[arg-type]
    assert merged.to_json() == sm.Scorecard.from_json(merged.to_json()).to_json()
    for twin in (sm.Scorecard.from_json(whole.to_json()), pickle.loads(pickle.dumps(whole)), copy.copy(whole)):
        assert twin == whole
        assert twin.reasons("loss").rows() == whole.reasons("loss").rows()


def test_a_stream_in_batches_has_the_reasons_of_the_table() -> None:
    table = table_of(12)
    stream = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=37))
    assert card_of(stream, ["region"]).reasons("loss").rows() == card_of(table, ["region"]).reasons("loss").rows()


def test_a_category_is_a_reason_as_its_text_is() -> None:
    table = table_of(13)
    frame = table.to_pandas().astype({"loss_reason": "category"})
    assert card_of(frame, ["tier"]).reasons("loss").rows() == card_of(table, ["tier"]).reasons("loss").rows()


def test_reasons_go_to_every_kind_of_frame() -> None:
    found = card_of(table_of(14), ["region"]).reasons("loss")
    polars, pandas, arrow = found.to_polars(), found.to_pandas("decimal"), found.to_arrow()
    assert [str(kind) for kind in arrow.schema.types] == [
        "string",
        "string",
        "decimal128(38, 6)",
        "int64",
        "double",
        "decimal128(38, 6)",
    ]
    assert polars.rows() == found.rows()
    assert pandas["amount"].tolist() == arrow["amount"].to_pylist()


def test_a_key_named_like_a_column_of_the_result_is_an_error_of_the_frame_alone() -> None:
    table = {"reason": ["a"], "revenue_start": [1], "revenue_end": [0], "loss_reason": ["price"]}
    card = sm.scorecard(table, "reason")
    assert card.rollup().reasons("loss").rows()[0][0] == "price"
    with pytest.raises(sm.errors.KeyNameError, match="'reason' is named like a column"):
        card.reasons("loss")


def test_what_is_neither_loss_nor_gain_is_an_error() -> None:
    card = sm.scorecard({"revenue_start": [1], "revenue_end": [0], "loss_reason": ["price"]})
    with pytest.raises(sm.errors.InvalidOptionError, match='of: found profit; expected "loss" or "gain"'):
        card.reasons("profit")  # type: ignore[arg-type]
    with pytest.raises(sm.errors.ColumnNotFoundError, match="no column 'gain_reason'") as caught:
        card.reasons("gain")
    assert caught.value.column == "gain_reason"

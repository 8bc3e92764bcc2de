"""What a ledger reads, of whatever type and in whatever order, and what it says of what it cannot read."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import svcmetrics as sm
from svcmetrics import errors

MONTHS = ["2024-01", "2024-02"]


def lines(**columns: Any) -> dict[str, Any]:
    """Two lines, with these columns."""
    return {"customer_id": ["a", "b"], "month": MONTHS, "revenue": [5, 6], **columns}


def names(ledger: sm.Ledger) -> list[Any]:
    """Who is ever a customer of revenue in the last month."""
    last = ledger.months[1] if ledger.months else ""
    return [row[0] for row in ledger.customers(last, "end").rows()]


def test_all_columns_that_are_missing_are_named_at_once() -> None:
    with pytest.raises(errors.ColumnNotFoundError) as caught:
        sm.ledger({"customer": ["a"], "month": MONTHS[:1]}, by=["plan", "region"])
    message = str(caught.value)
    assert "'customer_id' (did you mean 'customer'?), 'revenue', 'plan', 'region'" in message


@pytest.mark.parametrize(
    ("dtype", "call"),
    [
        ("int64", 'pandas.to_datetime(df[column].astype(str), format="%Y%m")'),
        # what a null made of whole numbers
        ("float64", 'pandas.to_datetime(df[column].astype("Int64").astype("string"), format="%Y%m")'),
    ],
)
def test_the_hint_for_months_that_are_numbers_leads_to_those_months(dtype: str, call: str) -> None:
    frame = pd.DataFrame(lines(month=pd.Series([202401, 202402], dtype=dtype)))
    with pytest.raises(errors.ColumnTypeError) as caught:
        sm.ledger(frame)
    assert call in str(caught.value)
    frame["month"] = eval(call, {"pandas": pd, "df": frame, "column": "month"})
    assert sm.ledger(frame).months == ("2024-01", "2024-02")


@pytest.mark.parametrize(
    ("months", "call"),
    [
        (pd.DatetimeIndex(["2024-01-31 23:30", "2024-02-01 00:30"], tz="Asia/Tokyo"), ".dt.tz_localize(None)"),
        (pd.PeriodIndex(["2024-01-31", "2024-02-06"], freq="W"), ".dt.to_timestamp()"),
        (pd.PeriodIndex(["2024-01-31", "2024-02-01"], freq="D"), ".dt.to_timestamp()"),
        (pd.PeriodIndex(["2024-01-31 23:00", "2024-02-01 00:00"], freq="h"), ".dt.to_timestamp()"),
    ],
)
def test_the_hint_for_months_with_a_zone_or_of_a_span_is_one_that_helps(months: Any, call: str) -> None:
    frame = pd.DataFrame(lines(month=months))
    with pytest.raises(errors.ColumnTypeError) as caught:
        sm.ledger(frame)
    assert f"as in df[column]{call}" in str(caught.value)
    frame["month"] = eval(f"df[column]{call}", {"df": frame, "column": "month"})
    assert sm.ledger(frame).months == ("2024-01", "2024-02")


def test_nan_in_a_segment_is_missing_as_it_is_elsewhere() -> None:
    table = lines(plan=[1.0, float("nan")])
    for ledger in (sm.ledger(pd.DataFrame(table), by="plan"), sm.ledger(pl.DataFrame(table), by="plan", nan="null")):
        assert ledger.movements("year", by="plan").to_arrow()["plan"].to_pylist() == [1, None]
    with pytest.raises(errors.NotANumberError, match="plan"):
        sm.ledger(pl.DataFrame(table), by="plan")


def test_revenue_that_is_nan_is_not_advised_to_be_null_which_is_none_either() -> None:
    with pytest.raises(errors.NotANumberError, match="give 0 where the customer paid nothing") as caught:
        sm.ledger(pl.DataFrame(lines(revenue=[5.0, float("nan")])))
    assert "nan=" not in str(caught.value)


@pytest.mark.parametrize(
    ("customers", "row", "match"),
    [
        (["a", None], 1, "holds null; expected text or whole numbers, .*; leave out the rows of nobody"),
        ([2**63, 1], 0, "holds 9223372036854775808; expected text, or whole numbers below 2.63; make it text"),
        (np.array([1, 2**63], "u8"), 1, "holds 9223372036854775808; expected text, or whole numbers below"),
        ([1, 2**70], 1, "whole numbers below 2.63"),
        (["a", 1], 1, "holds 1; expected .* all of one type"),
        ([1, "a"], 1, "holds 'a'; expected .* all of one type"),
        ([datetime.date(2024, 1, 1), "2024-01-02"], 1, "holds '2024-01-02'; expected .* all of one type"),
        (pd.Series([True, "a"], dtype=object), 0, "holds true; expected"),
    ],
)
def test_customers_that_are_nobody_or_of_two_types_are_named(customers: Any, row: int, match: str) -> None:
    with pytest.raises(errors.ColumnTypeError, match=match) as caught:
        sm.ledger(lines(customer_id=customers))
    assert (caught.value.column, caught.value.row) == ("customer_id", row)


@pytest.mark.parametrize(
    ("customers", "text"),
    [
        ([datetime.date(2024, 5, 1), datetime.date(2024, 5, 2)], "2024-05-02"),
        ([uuid.UUID(int=1), uuid.UUID(int=2)], str(uuid.UUID(int=2))),
        ([b"a", b"b\0"], str(b"b\0")),
        (pa.array([b"a", b"\xff"]), "0xff"),
        (pa.array([b"a" * 16, b"\x01" * 16], pa.binary(16)), "0x" + "01" * 16),
        (pa.array([1, 2], pa.timestamp("s")), "1970-01-01 00:00:02"),
    ],
)
def test_customers_may_be_values_of_any_type_and_are_held_as_text(customers: Any, text: str) -> None:
    assert names(sm.ledger(lines(customer_id=customers))) == [text]


def test_customers_are_of_one_type_in_all_parts() -> None:
    batches = [pa.table(lines(customer_id=pa.array(ids))) for ids in (["a", "b"], [datetime.date(2024, 5, 1)] * 2)]
    for part in batches:
        sm.movements([part], months=("2024-01", "2024-02"))
    with pytest.raises(errors.ColumnTypeError, match="another type from here on") as caught:
        sm.movements(batches, months=("2024-01", "2024-02"))
    assert caught.value.row == 2


def test_all_that_clash_and_all_gaps_are_counted() -> None:
    lines = {"customer_id": [7, 7, 8, 8, 9], "month": ["2024-01"] * 5, "revenue": [1] * 5, "plan": list("ababa")}
    for order in (slice(None), slice(None, None, -1)):
        table = {name: cells[order] for name, cells in lines.items()}
        with pytest.raises(errors.InvalidValueError, match="holds both") as caught:
            sm.ledger(table, by="plan")
        assert (caught.value.group, caught.value.count) == ("7, 2024-01", 2)
        gaps = {**table, "month": ["2024-01", "2024-04"] * 2 + ["2024-01"], "customer_id": lines["customer_id"]}
        with pytest.raises(errors.InvalidValueError, match="has no row") as caught:
            sm.ledger(gaps, gaps="error")
        assert (caught.value.group, caught.value.count) == ("7, 2024-02", 4)


def ids(kind: str, customers: np.ndarray) -> pa.Array:
    """The customers as ids of that kind, which sort as they do."""
    if kind == "far apart":
        return pa.array(customers.astype("i8") * (1 << 45) - (1 << 62))
    if kind == "text":
        return pa.array([f"cus_{customer:09}" for customer in customers])
    if kind == "views of text":
        # half of them stand within their views
        return pa.array([f"cus_{customer:07}{'-b' * (customer % 2)}" for customer in customers])
    if kind == "one far away":
        return pa.array(np.where(customers == customers.max(), 1 << 55, customers))
    return pa.array(customers.astype(kind))


@pytest.mark.parametrize("kind", ["int32", "int64", "text", "views of text", "far apart", "one far away"])
def test_the_order_of_rows_and_their_batches_make_no_difference(kind: str) -> None:
    customers, months = 120_000, 3
    customer = np.repeat(np.arange(customers), months)
    days = (np.datetime64("2024-01") + np.tile(np.arange(months), customers)).astype("datetime64[D]")
    revenue = np.random.default_rng(1).integers(1, 10_000, customers * months) / 4
    table = pa.table({"customer_id": ids(kind, customer), "month": days, "revenue": revenue})

    def ledger(table: pa.Table) -> sm.Ledger:
        return sm.ledger(pl.from_arrow(table, rechunk=False) if kind == "views of text" else table)

    expected = ledger(table)
    assert (len(expected), expected.diagnostics.months) == (customers, len(table))
    orders = [
        np.random.default_rng(2).permutation(len(table)),
        np.arange(len(table)).reshape(customers, months).T.ravel(),
        np.arange(len(table))[::-1],
    ]
    for order in orders:
        shuffled = table.take(pa.array(order)).combine_chunks()
        for size in (len(table), 50_000):
            assert ledger(pa.Table.from_batches(shuffled.to_batches(max_chunksize=size))) == expected


@pytest.mark.parametrize("months", [2, 4, 24])
def test_texts_that_recur_in_the_same_views_are_customers_as_any(months: int) -> None:
    customers = 300_000 // months
    # a third of them stands outside of their views
    names = pl.Series([f"{customer:07}{('', 'é', '-and-more')[customer % 3]}" for customer in range(customers)])
    customer = np.repeat(np.arange(customers), months)
    days = (np.datetime64("2024-01") + np.tile(np.arange(months), customers)).astype("datetime64[D]")
    revenue = np.random.default_rng(1).integers(1, 4, len(customer)) / 4
    # what is gathered has the views of what it is gathered from
    frame = pl.DataFrame({"customer_id": names[customer], "month": days, "revenue": revenue})
    for rows in (slice(0, None), slice(0, 1), slice(0, 64), slice(0, 65), slice(3, -5), slice(1, 10_000)):
        part = frame[rows]
        plain = part.to_arrow().cast(
            pa.schema([("customer_id", pa.string()), ("month", pa.date32()), ("revenue", pa.float64())])
        )
        expected = sm.ledger(plain)
        assert expected.diagnostics.months == len(part)
        cut = len(part) // 3
        chunks = pl.concat([part[:cut], part[cut:]], rechunk=False)
        views = part.to_arrow(compat_level=pl.CompatLevel.newest())
        for table in (part, chunks, views, views.slice(0, cut + 1), part.to_arrow()):
            assert sm.ledger(table) == (expected if len(table) == len(part) else sm.ledger(plain.slice(0, len(table))))
        shuffled = part.sample(fraction=1, shuffle=True, seed=1)
        assert sm.ledger(shuffled) == expected
    gone = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 777).then(None).otherwise("customer_id").alias("customer_id")
    )
    with pytest.raises(errors.ColumnTypeError) as caught:
        sm.ledger(gone)
    assert caught.value.row == 777


def test_a_ledger_of_two_currencies_is_refused_unless_they_are_segments() -> None:
    both = {"customer_id": ["a", "b"], "month": ["2026-01"] * 2, "revenue": [10, 20], "currency": ["EUR", "JPY"]}
    euros, yen = ({name: values[place : place + 1] for name, values in both.items()} for place in (0, 1))
    for call in (
        lambda: sm.ledger(both),
        lambda: sm.movements([both], months=("2026-01", "2026-01")),
        lambda: sm.ledger(euros) + sm.ledger(yen),
        lambda: sm.ledger(both, by="currency").movements(),
        lambda: sm.ledger(both, by="currency").retention(),
        lambda: sm.ledger(both, by="currency").movements(by="currency").rollup("period"),
    ):
        with pytest.raises(errors.MixedCurrencyError, match="'currency' holds EUR and JPY"):
            call()
    card = sm.ledger(both, by="currency").movements(by="currency")
    assert [str(figure) for figure in card["mrr"].values()] == ["10.00", "20.00"]
    assert sm.ledger(euros).movements()["mrr"] == sm.ledger({**euros, "currency": [None]}).movements()["mrr"]

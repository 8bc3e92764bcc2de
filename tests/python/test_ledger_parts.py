"""Ledgers and movements of parts: merged, streamed, stored and read back."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import svcmetrics as sm
from svcmetrics import errors
from test_ledger import LINES, values


def test_a_reader_of_batches_is_a_stream_of_movements() -> None:
    table = pl.DataFrame(LINES).sort("customer_id")
    reader = pa.Table.from_batches(table.to_arrow().to_batches(max_chunksize=2)).to_reader()
    months = ("2024-01", "2024-04")
    card = sm.movements(reader, months=months)
    assert card == sm.movements(table, months=months) == sm.ledger(LINES).movements()
    assert card.ledger == sm.ledger(LINES).diagnostics


def test_nan_in_a_stream_is_what_it_is_in_its_kind_of_frame() -> None:
    lines = pd.DataFrame({"customer_id": [1, 2], "month": ["2024-01"] * 2, "revenue": [1.0, float("nan")]})
    with pytest.raises(errors.InvalidValueError, match="unknown revenue is not 0"):
        sm.movements([lines], months=("2024-01", "2024-01"))
    with pytest.raises(errors.NotANumberError):
        sm.movements([pl.from_pandas(lines, nan_to_null=False)], months=("2024-01", "2024-01"))


def test_a_stream_that_does_not_ascend_says_where() -> None:
    months = ("2024-01", "2024-12")

    def part(*customers: Any) -> dict[str, Any]:
        return {"customer_id": list(customers), "month": ["2024-01"] * len(customers), "revenue": [5] * len(customers)}

    for parts, row, value in (
        ([part(1, 3, 2)], 2, "2 after 3"),
        ([part("a", "c"), part("c", "d"), part("b")], 4, "b after d"),
        ([part(5), part(7), part(9, 8, 1)], 3, "8 after 9"),
    ):
        with pytest.raises(errors.InvalidValueError, match="does not ascend") as caught:
            sm.movements(parts, months=months)
        assert (caught.value.row, caught.value.value) == (row, value)


@pytest.mark.parametrize("unit", ["month", "year"])
def test_totals_of_a_ledger_are_read_back_with_their_unit(unit: Any) -> None:
    card = sm.ledger(LINES, by="plan").movements("quarter", "plan", unit)
    again = sm.Scorecard.from_measures(card.measures(), by=["period", "plan"], unit=unit)
    assert again.wide().rows() == card.wide().rows()
    assert again.tidy().rows() == card.tidy().rows()
    with pytest.raises(errors.InvalidOptionError, match=r'unit: found nothing; .*"month" or "year"'):
        sm.Scorecard.from_measures(card.measures(), by=["period", "plan"])


def lines(customer: str, first: int, *, count: int = 2) -> dict[str, list[Any]]:
    months = [f"2024-{month:02}" for month in range(first, first + count)]
    return {"customer_id": [customer] * count, "month": months, "revenue": [50] * count}


@pytest.mark.parametrize(
    ("one", "two", "match"),
    [
        (
            sm.ledger(lines("a", 1)).movements(),
            sm.ledger(lines("b", 3)).movements(),
            "the movements differ in months: 2024-01 to 2024-02 and 2024-03 to 2024-04; read all parts with the same "
            r"months=\(first, last\), or add the ledgers",
        ),
        (
            # both end in the first quarter, and in different months of it
            sm.ledger(lines("a", 1)).movements("quarter"),
            sm.ledger(lines("b", 1, count=3)).movements("quarter"),
            "months: 2024-01 to 2024-02 and 2024-01 to 2024-03",
        ),
        (
            sm.ledger(lines("a", 1), opening=True).movements(),
            sm.ledger(lines("b", 1)).movements(),
            "opening: true and false; .*opening=",
        ),
        (
            sm.ledger(lines("a", 1)).movements("year", fiscal_start=2),
            sm.ledger(lines("b", 1)).movements("year", fiscal_start=4),
            "fiscal_start: 2 and 4",
        ),
        (
            sm.ledger(lines("a", 1)).movements(),
            sm.ledger(lines("b", 1)).movements("quarter"),
            "every: month and quarter",
        ),
    ],
    ids=["months", "months of a quarter", "opening", "fiscal_start", "every"],
)
def test_movements_that_were_made_otherwise_do_not_merge(one: sm.Scorecard, two: sm.Scorecard, match: str) -> None:
    for card, other in ((one, two), (one.rollup(), two.rollup()), (sm.Scorecard.from_json(one.to_json()), two)):
        with pytest.raises(errors.MismatchError, match=match) as caught:
            card + other
        assert caught.value.hint is not None
    with pytest.raises(errors.MismatchError, match=match):
        sm.merge([one, two], how="common")


def test_movements_of_parts_that_were_made_alike_merge() -> None:
    months = ("2024-01", "2024-04")
    one, two = (sm.ledger(part, months=months) for part in (lines("a", 1), lines("b", 3)))
    whole = (one + two).movements()
    assert one.movements() + two.movements() == whole
    assert values(whole, "revenue_churn") == [0, 0, 50, 0]
    assert sm.ledger(lines("a", 1)).movements(fiscal_start=2) + sm.ledger(lines("b", 1)).movements() is not None
    # nobody is in it, and nothing is added
    empty = sm.ledger({name: cells[:0] for name, cells in lines("a", 1).items()}).movements()
    assert empty + one.movements() == one.movements() == one.movements() + empty


def test_movements_of_other_months_are_compared() -> None:
    now, before = sm.ledger(lines("a", 3)).movements().rollup(), sm.ledger(lines("a", 1)).movements().rollup()
    assert len(now.compare(before)) > 0


@pytest.mark.parametrize(
    "changed",
    [
        {"fiscal_start": 2},
        {"fiscal_start": 0},
        {"every": "quarter"},
        {"every": "week"},
        {"months": [["2024-03", 1], ["2024-01", 1]]},
        {"months": [["2024-Q1", 1], ["2024-Q2", 1]]},
        {"months": [["2024-01", 1], ["2024-01", 1]]},
        {"unknown": 1},
    ],
    ids=str,
)
def test_how_movements_were_made_is_validated(changed: dict[str, Any]) -> None:
    stored = json.loads(sm.ledger(lines("a", 1)).movements().to_json())
    stored["parameters"]["origin"] |= changed
    with pytest.raises(errors.InvalidDocumentError):
        sm.Scorecard.from_json(json.dumps(stored))


@pytest.mark.parametrize("lane", ["ledger_revenue_new", "ledger_revenue_transfer_out", "ledger_customers_retained"])
def test_movements_that_do_not_add_up_are_refused(lane: str) -> None:
    card = sm.ledger(LINES, by="plan").movements("quarter", "plan")
    stored = json.loads(card.to_json())
    place = stored["lanes"].index(lane)
    stored["groups"][1]["totals"][place] = str(int(stored["groups"][1]["totals"][place]) + 1)
    with pytest.raises(errors.InvalidDocumentError, match="the movements do not add up to"):
        sm.Scorecard.from_json(json.dumps(stored))
    totals = card.measures().to_polars()
    changed = totals.with_columns(pl.col(lane) + pl.Series([1, 0, 0, 0, 0, 0]).cast(totals.schema[lane]))
    with pytest.raises(errors.InvalidDocumentError, match="the movements do not add up to"):
        sm.Scorecard.from_measures(changed, by=["period", "plan"], unit="month")
    assert sm.Scorecard.from_measures(card.rollup().measures(), unit="month").metrics == card.metrics


def test_retention_is_stored_and_read_back() -> None:
    ledger = sm.ledger(LINES, by="plan")
    for retention in (ledger.retention(), ledger.retention("quarter", "plan", "year", fiscal_start=2)):
        for again in (
            pickle.loads(pickle.dumps(retention)),
            copy.deepcopy(retention),
            sm.Retention.from_json(retention.to_json()),
        ):
            assert again == retention
            assert again.rows() == retention.rows()
            assert again.triangle().rows() == retention.triangle().rows()
    assert ledger.retention() != ledger.retention(unit="year")


@pytest.mark.parametrize(
    "changed",
    [
        {"age": 5},
        {"age": 2**31},
        {"customers": 3},
        {"customers": 0},
        {"customers_start": 0},
        {"revenue": "-1"},
        {"gross": "999999999999"},
        {"revenue_start": "1"},
        {"segment": [{"text": "a"}]},
        {"cohort": ["2024-Q1", 1]},
        {"unknown": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("place", [0, 3])
def test_retention_that_was_tampered_with_is_refused(changed: dict[str, Any], place: int) -> None:
    stored = json.loads(sm.ledger(LINES).retention().to_json())
    stored["cells"][place] |= changed
    with pytest.raises(errors.InvalidDocumentError):
        sm.Retention.from_json(json.dumps(stored))
    with pytest.raises(errors.InvalidDocumentError):
        sm.Retention.from_json(json.dumps({**stored, "format": 2, "cells": []}))


def test_a_ledger_is_stored_and_read_back() -> None:
    ledger = sm.ledger(LINES, by="plan")
    for again in (pickle.loads(pickle.dumps(ledger)), copy.deepcopy(ledger), sm.Ledger.from_json(ledger.to_json())):
        assert again == ledger
        assert again.movements("year", "plan") == ledger.movements("year", "plan")
    assert ledger != sm.ledger(LINES)
    assert "customers" in repr(ledger)
    assert "<table>" in ledger._repr_html_()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("months", [5, 1]),
        ("lines", [1, 1, 1]),
        ("yearly", ["-1"] * 6),
        ("segment", [9] * 6),
        ("month", [1] * 6),
        ("customers", [{"text": "a"}] * 3),
        ("unknown", 1),
    ],
)
def test_a_ledger_that_was_tampered_with_is_refused(field: str, value: Any) -> None:
    stored = json.loads(sm.ledger(LINES, by="plan").to_json())
    with pytest.raises(errors.InvalidDocumentError):
        sm.Ledger.from_json(json.dumps({**stored, field: value}))


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("options", {"scale": 77}),
        ("options", {"by": ["plan", "plan"]}),
        ("options", {"by": ["age"]}),
        ("options", {"gaps": "error"}),
        ("options", {"months": [["2024-01", 1], ["2024-03", 1]]}),
        ("options", {"months": [["2024-01", 1], ["2024-05", 1]]}),
        ("diagnostics", {"gaps": 2**63}),
        ("diagnostics", {"gaps": 4}),
        ("diagnostics", {"rows": 7}),
        ("diagnostics", {"months": 5, "rows": 5}),
        ("diagnostics", {"rounded": 7}),
        ("diagnostics", {"largest_rounding": 1e-7}),
    ],
    ids=str,
)
def test_a_ledger_whose_counts_are_not_those_of_its_lines_is_refused(part: str, changed: dict[str, Any]) -> None:
    stored = json.loads(sm.ledger(LINES, by="plan").to_json())
    assert stored["diagnostics"]["gaps"] == 3
    if "by" in changed:
        stored["columns"] = [stored["columns"][0] | {"name": name} for name in changed["by"]]
        stored["segments"] = [key * len(changed["by"]) for key in stored["segments"]]
    with pytest.raises(errors.InvalidDocumentError):
        sm.Ledger.from_json(json.dumps({**stored, part: stored[part] | changed}))


def test_customers_of_both_parts_are_named() -> None:
    ledger = sm.ledger(LINES)
    with pytest.raises(errors.InvalidValueError, match="stands in both ledgers"):
        ledger + ledger


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"by": "plan"}, "the ledgers differ in by: none and plan; read all parts with the same options"),
        ({"opening": True}, "opening: false and true"),
        ({"gaps": "error"}, "gaps: zero and error"),
        ({"months": ("2024-01", "2024-12")}, "months: those of the rows and 2024-01 to 2024-12"),
        ({"money": "exact"}, "money: auto and exact"),
        ({"scale": 2}, "scale: 6 and 2"),
        ({"customer": "id"}, "customer: customer_id and id"),
    ],
    ids=str,
)
def test_ledgers_that_were_read_otherwise_do_not_merge(options: dict[str, Any], match: str) -> None:
    other = {"customer_id": ["x"], "id": ["x"], "month": ["2024-01"], "revenue": [1], "plan": ["pro"]}
    with pytest.raises(errors.MismatchError, match=match):
        sm.ledger(LINES) + sm.ledger(other, **options)


def test_a_share_of_revenue_is_never_a_customer_of_two_types() -> None:
    numbers = sm.ledger({"customer_id": [5], "month": ["2024-01"], "revenue": [1]})
    with pytest.raises(
        errors.MismatchError, match="the ledgers differ in the type of their customers: text and whole numbers"
    ):
        numbers + sm.ledger({"customer_id": ["5"], "month": ["2024-01"], "revenue": [1]})

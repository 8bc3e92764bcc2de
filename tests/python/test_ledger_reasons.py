"""Losses and gains of a ledger by reason, against plain Python, customer by customer."""

from __future__ import annotations

import copy
import json
import pickle
import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import oracle_ledger as oracle
import svcmetrics as sm
from svcmetrics import errors
from test_ledger_oracles import table as table_without

Change = Literal["loss", "gain"]
CHANGES: tuple[Change, ...] = ("loss", "gain")
EVERY: tuple[Literal["month", "quarter", "year"], ...] = ("month", "quarter", "year")
COLUMNS = ["loss_reason", "gain_reason"]


class Told(NamedTuple):
    """Lines, and the reasons of each."""

    lines: list[oracle.Line]
    loss: list[str | None]
    gain: list[str | None]

    def table(self) -> dict[str, Any]:
        return table_without(self.lines) | {"loss_reason": self.loss, "gain_reason": self.gain}

    def where(self, keep: Any) -> Told:
        kept = [place for place, line in enumerate(self.lines) if keep(line)]
        return Told(*([column[place] for place in kept] for column in self))  # type: ignore[arg-type]

    def in_order(self, order: list[int]) -> Told:
        return Told(*([column[place] for place in order] for column in self))  # type: ignore[arg-type]


def told(seed: int) -> Told:
    """One reason of each kind a customer and month at most, on some of its lines."""
    lines = oracle.random_lines(seed)
    rng = random.Random(-seed - 1)
    often = rng.choice([0.1, 0.5, 1.0])
    columns = []
    for words in (["price", "moved", "", "Ärger"], ["ad", "friend"]):
        reasons: dict[tuple[Any, int], str] = {}
        column: list[str | None] = []
        for customer, month, *_ in lines:
            reason = reasons.setdefault((customer, month), rng.choice(words))
            column.append(reason if rng.random() < often else None)
        columns.append(column)
    return Told(lines, *columns)


def moves(
    book: oracle.Book, period: oracle.Period, first: bool, customer: Any
) -> tuple[str, Fraction, int, int] | None:
    """What a customer does in a period: the movement, its amount, and the months before the period and at its end."""
    before = book.first if first and book.opening else period.start - 1
    after = min(period.end - 1, book.last)
    start, end = book.paid(customer, before), book.paid(customer, after)
    if start == end:
        return None
    if not start:
        return "gain", end, before, after
    if not end:
        return "churn", start, before, before
    return ("gain" if end > start else "loss"), abs(end - start), before, before


def expected(
    found: Told, every: Any, by: bool, opening: bool, change: Change, fiscal_start: int = 1
) -> list[tuple[Any, ...]]:
    """Rows of :meth:`Scorecard.reasons` without the shares."""
    book = oracle.Book(found.lines, opening)
    reasons = {
        (customer, month): reason
        for (customer, month, *_), reason in zip(found.lines, getattr(found, change), strict=True)
        if reason is not None
    }
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for number, period in enumerate(oracle.periods(book, every, fiscal_start)):
        for customer in book.customers:
            moved = moves(book, period, number == 0, customer)
            if moved is None or (moved[0] == "gain") != (change == "gain"):
                continue
            movement, amount, before, of_segment = moved
            lines = sorted(month for who, month in book.revenue if who == customer)
            asked = [month for month in lines if before < month < period.end]
            given = [month for month in asked if (customer, month) in reasons]
            if movement == "churn" and not given:
                # the last line before the period
                given = [
                    month
                    for month in [month for month in lines if month <= before][-1:]
                    if (customer, month) in reasons
                ]
            reason = reasons[customer, given[-1]] if given else None
            key = (period.name, *((book.segment[customer, of_segment],) if by else ()), reason)
            total = sums.setdefault(key, [Fraction(), 0])
            total[0] += amount
            total[1] += 1
    # a segment without a name comes last, as no reason does
    order = sorted(sums, key=lambda key: [(part is None, part or "") for part in key])
    return [(*key, *sums[key]) for key in order]


def rows(card: sm.Scorecard, change: Change) -> list[tuple[Any, ...]]:
    frame = card.reasons(change)
    assert frame.columns == [*card.keys, "reason", "amount", "customers", "share", "avoidable"]
    return [(*row[:-4], Fraction(row[-4]), row[-3]) for row in frame.rows()]


def of_card(card: sm.Scorecard, change: Change) -> dict[Any, Fraction]:
    """The card's own amounts, of groups where there is one."""
    figures = card["revenue_lost" if change == "loss" else "revenue_added"]
    figures = figures if isinstance(figures, dict) else {(): figures}
    exact = {key: Fraction(figure.numerator) / Fraction(figure.denominator or 1) for key, figure in figures.items()}
    return {key if isinstance(key, tuple) else (key,): amount for key, amount in exact.items() if amount}


def sums(found: list[tuple[Any, ...]]) -> dict[Any, Fraction]:
    totals: dict[Any, Fraction] = {}
    for *key, _, amount, _ in found:
        totals[tuple(key)] = totals.get(tuple(key), Fraction()) + amount
    return totals


@pytest.mark.parametrize("seed", range(40))
def test_reasons_are_those_of_plain_python_and_add_up(seed: int) -> None:
    found = told(seed)
    opening, fiscal_start = seed % 3 == 0, (1, 2, 7)[seed % 3]
    ledger = sm.ledger(found.table(), by="plan", opening=opening)
    for every in EVERY:
        for by in (False, True):
            card = ledger.movements(every, "plan" if by else None, fiscal_start=fiscal_start)
            for change in CHANGES:
                got = rows(card, change)
                assert got == expected(found, every, by, opening, change, fiscal_start), (every, by, change)
                assert sums(got) == of_card(card, change)


@pytest.mark.parametrize("seed", range(20))
def test_reasons_do_not_depend_on_the_order_of_rows_or_on_parts(seed: int) -> None:
    found = told(seed)
    order = list(range(len(found.lines)))
    ledger = sm.ledger(found.table(), by="plan")
    by_customer = found.in_order(sorted(order, key=lambda place: found.lines[place][0]))
    by_both = found.in_order(sorted(order, key=lambda place: found.lines[place][:2]))
    for other in (by_customer, by_both, found.in_order(order[::-1])):
        assert sm.ledger(other.table(), by="plan") == ledger
    months = ledger.months
    assert months is not None
    batches = pa.table(by_customer.table()).to_batches(max_chunksize=seed % 5 + 1)
    for every in EVERY:
        card = sm.movements(pa.Table.from_batches(batches).to_reader(), by="plan", months=months, every=every)
        assert card == ledger.movements(every, "plan")
        assert [rows(card, change) for change in CHANGES] == [
            rows(ledger.movements(every, "plan"), change) for change in CHANGES
        ]


@pytest.mark.parametrize("seed", range(20))
def test_reasons_of_parts_merge_roll_up_and_are_kept(seed: int) -> None:
    found = told(seed)
    months = sm.ledger(found.table()).months
    assert months is not None
    options: dict[str, Any] = {"by": "plan", "months": months}
    whole = sm.ledger(found.table(), **options)
    card = whole.movements("quarter", "plan")
    parts = [found.where(lambda line, rest=rest: line[0] % 2 == rest) for rest in (0, 1)]
    ledgers = [sm.ledger(part.table(), **options) for part in parts if part.lines]
    if len(ledgers) == 2:
        one, two = ledgers
        assert one + two == two + one == whole
        assert one.movements("quarter", "plan") + two.movements("quarter", "plan") == card
    periods = card.rollup(["period"])
    for change in CHANGES:
        assert rows(periods, change) == rows(whole.movements("quarter"), change)
        flows = rows(card.rollup([]), change)
        assert sums(flows) == of_card(card.rollup([]), change)
        assert sum(row[-2] for row in flows) == sum(row[-2] for row in rows(card, change))
        assert sum(row[-1] for row in flows) == sum(row[-1] for row in rows(card, change))
    for kept in (sm.Ledger.from_json(whole.to_json()), pickle.loads(pickle.dumps(whole)), copy.deepcopy(whole)):
        assert kept == whole
        assert kept.movements("quarter", "plan") == card
    for again in (sm.Scorecard.from_json(card.to_json()), pickle.loads(pickle.dumps(card))):
        assert again == card
        assert [rows(again, change) for change in CHANGES] == [rows(card, change) for change in CHANGES]


LEFT = {
    "customer_id": ["a", "a", "a", "b", "b", "c", "c"],
    "month": ["2026-01", "2026-02", "2026-03", "2026-01", "2026-02", "2026-01", "2026-02"],
    "revenue": [50, 40, 0, 30, 30, 20, 20],
    "loss_reason": ["early", None, "price", None, "moved", "early", None],
}


def lost(card: sm.Scorecard) -> list[tuple[Any, ...]]:
    return [(*key, int(amount), heads) for *key, amount, heads in rows(card, "loss")]


def test_a_reason_stands_in_the_period_of_the_loss_or_on_the_last_line_before() -> None:
    card = sm.ledger(LEFT, months=("2026-01", "2026-03")).movements()
    assert lost(card) == [
        # January's reason is not that of what was lost in February
        ("2026-02", None, 10, 1),
        ("2026-03", "moved", 30, 1),
        ("2026-03", "price", 40, 1),
        # and none is taken from further back than the last line
        ("2026-03", None, 20, 1),
    ]
    assert [str(share)[:5] for share in card.reasons("loss").to_polars()["share"]] == ["1.0", "0.333", "0.444", "0.222"]
    yearly = sm.ledger(LEFT, months=("2026-01", "2026-03")).movements(unit="year")
    assert [row[-2] for row in rows(yearly, "loss")] == [120, 360, 480, 240]


def test_with_an_opening_stock_the_first_month_says_nothing_of_what_came_of_it_but_why_it_went() -> None:
    table = {
        "customer_id": ["a", "a", "b", "c", "c"],
        "month": ["2026-01", "2026-03", "2026-01", "2026-01", "2026-03"],
        "revenue": [50, 40, 30, 20, 25],
        "loss_reason": ["early", None, "last", None, None],
        "gain_reason": [None, None, None, "early", None],
    }
    card = sm.ledger(table, opening=True).movements("quarter")
    assert lost(card) == [("2026-Q1", "last", 30, 1), ("2026-Q1", None, 10, 1)]
    assert rows(card, "gain") == [("2026-Q1", None, 5, 1)]


def test_columns_of_reasons_are_found_named_or_left_out() -> None:
    renamed = {("why" if name == "loss_reason" else name): values for name, values in LEFT.items()}
    card = sm.ledger(LEFT).movements()
    assert sm.ledger(renamed, loss_reason="why").movements().reasons("loss").rows() == card.reasons("loss").rows()
    for without in (sm.ledger(renamed), sm.ledger(LEFT, loss_reason=None)):
        with pytest.raises(errors.ColumnNotFoundError, match="no column 'loss_reason'"):
            without.movements().reasons("loss")
        assert "reason" not in without.to_json()
        assert "breakdowns" not in without.movements().to_json()
    with pytest.raises(errors.ColumnNotFoundError, match="no column 'wy'"):
        sm.ledger(renamed, loss_reason="wy")
    with pytest.raises(errors.ColumnNotFoundError, match="no column 'gain_reason'"):
        card.reasons("gain")
    with pytest.raises(errors.InvalidOptionError, match="loss_reason: found 5"):
        sm.ledger(LEFT, loss_reason=5)  # type: ignore[arg-type]


def test_a_segment_is_not_broken_down_by_itself() -> None:
    table = {**LEFT, "loss_reason": ["x", "x", "x", "y", "y", "y", "y"]}
    card = sm.ledger(table, by="loss_reason").movements(by="loss_reason")
    with pytest.raises(errors.InvalidOptionError, match="other keys than 'loss_reason'"):
        card.reasons("loss")
    assert len(sm.ledger(table, by="loss_reason").movements().reasons("loss")) == 3


def test_two_reasons_in_a_month_of_a_customer_are_an_error() -> None:
    table: dict[str, Any] = {
        "customer_id": [8, 7, 7, 7],
        "month": ["2026-02", "2026-02", "2026-02", "2026-02"],
        "revenue": [1, 5, 0, 0],
        "loss_reason": ["price", "price", None, "price"],
    }
    assert len(sm.ledger(table)) == 2
    for order in ([0, 1, 2, 3], [1, 2, 3, 0]):
        twice = {name: [values[place] for place in order] for name, values in table.items()}
        twice["loss_reason"][order.index(2)] = "moved"
        with pytest.raises(errors.InvalidValueError, match="expected one reason a customer and month") as caught:
            sm.ledger(twice)
        assert (caught.value.column, caught.value.group) == ("loss_reason", "7, 2026-02")
        if order[0] == 1:
            parts = pa.table(twice).to_batches(max_chunksize=1)
            with pytest.raises(errors.InvalidValueError, match="expected one reason a customer and month"):
                sm.movements([pa.Table.from_batches([part]) for part in parts], months=("2026-01", "2026-02"))


def test_reasons_are_of_whatever_type_keys_are_and_missing_is_none() -> None:
    nan = float("nan")
    frame = pd.DataFrame(LEFT).assign(loss_reason=["early", nan, "price", None, "moved", "early", nan])
    kinds = [frame, frame.astype({"loss_reason": "category"}), pl.DataFrame(LEFT), pa.table(LEFT)]
    kinds.append(pl.DataFrame(LEFT).with_columns(pl.col("loss_reason").cast(pl.Categorical)))
    for kind in kinds:
        assert lost(sm.ledger(kind, months=("2026-01", "2026-03")).movements())[-2:] == [
            ("2026-03", "price", 40, 1),
            ("2026-03", None, 20, 1),
        ]
    numbers = {**LEFT, "loss_reason": [None, None, 10, None, 9, None, None]}
    assert lost(sm.ledger(numbers).movements())[1:] == [
        ("2026-03", 9, 30, 1),
        ("2026-03", 10, 40, 1),
        ("2026-03", None, 20, 1),
    ]
    nothing = {**LEFT, "loss_reason": [None] * 7}
    assert lost(sm.ledger(nothing).movements()) == [("2026-02", None, 10, 1), ("2026-03", None, 90, 3)]
    with pytest.raises(errors.ColumnTypeError, match="column 'loss_reason', row 0"):
        sm.ledger({**LEFT, "loss_reason": [0.5] * 7})


def test_reasons_are_there_also_where_nothing_is() -> None:
    empty = {"customer_id": [], "month": [], "revenue": [], "loss_reason": []}
    for card in (sm.ledger(empty).movements(), sm.ledger(empty, months=("2026-01", "2026-02")).movements()):
        assert card.reasons("loss").rows() == []
        assert sm.Scorecard.from_json(card.to_json()) == card


def test_parts_have_the_same_columns_of_reasons() -> None:
    without = {name: values[:1] for name, values in LEFT.items() if name != "loss_reason"}
    other: dict[str, Any] = {**without, "customer_id": ["z"]}
    with_reasons = {**other, "loss_reason": ["price"]}
    months = ("2026-01", "2026-03")
    with pytest.raises(
        errors.ColumnTypeError, match="column 'loss_reason', row 1: is there from here on; expected the same columns"
    ):
        sm.movements([without, with_reasons], months=months)
    with pytest.raises(errors.ColumnNotFoundError, match="no column 'loss_reason'"):
        sm.movements([{**without, "loss_reason": [None]}, other], months=months)
    one, two = sm.ledger(without, months=months), sm.ledger(with_reasons, months=months)
    with pytest.raises(errors.SvcMetricsError, match="loss_reason"):
        one + two
    with pytest.raises(errors.SvcMetricsError, match="broken down"):
        one.movements() + two.movements()


def broken(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents that say what cannot be."""

    def with_(**of_loss: Any) -> dict[str, Any]:
        return {**document, "reasons": {"loss": {**document["reasons"]["loss"], **of_loss}}}

    yield "found none of loss", {**document, "reasons": {}}
    yield "found some of gain", {**document, "reasons": {**document["reasons"], "gain": document["reasons"]["loss"]}}
    yield "reasons in order", with_(known=document["reasons"]["loss"]["known"][::-1])
    yield "reasons in order", with_(column={"name": "why", "key_type": "text"})
    yield "reasons in order", with_(known=["null"], reason=[0] * 4)
    yield "positions of lines", with_(line=[0, 2, 4, 7])
    yield "positions of lines", with_(line=[0, 2, 2, 5])
    yield "positions of lines", with_(reason=[0, 0, 0])
    yield "positions of lines", with_(reason=[0, 0, 0, 3])


def test_stored_reasons_are_checked() -> None:
    document = json.loads(sm.ledger(LEFT).to_json())
    for problem, wrong in broken(document):
        with pytest.raises(errors.InvalidDocumentError, match=problem):
            sm.Ledger.from_json(json.dumps(wrong))
    card = sm.ledger(LEFT).movements()
    stored = json.loads(card.to_json())
    stored["breakdowns"]["loss"]["groups"].pop()
    with pytest.raises(errors.InvalidDocumentError, match="expected the rows and amounts of the scorecard's groups"):
        sm.Scorecard.from_json(json.dumps(stored))


def test_amounts_of_reasons_are_exact_to_the_last_place() -> None:
    tiny = {**LEFT, "revenue": [Decimal("50.000001"), 40, 0, 30, 30, 20, 20]}
    assert rows(sm.ledger(tiny).movements(), "loss")[0] == ("2026-02", None, Fraction("10.000001"), 1)


def test_the_month_of_an_opening_stock_is_one_before_the_first_period() -> None:
    # a leaves, b pays less, c pays more: each gave a reason in January, which is where they start from
    table = {
        "customer_id": ["a", "b", "b", "c", "c"],
        "month": ["2026-01", "2026-01", "2026-03", "2026-01", "2026-03"],
        "revenue": [50, 40, 30, 20, 60],
        "loss_reason": ["price", "moved", None, None, None],
        "gain_reason": [None, None, None, "advice", None],
    }
    card = sm.ledger(table, opening=True).movements("quarter")
    assert [(row["reason"], row["amount"]) for row in card.reasons("loss")] == [("price", 50), (None, 10)]
    assert [(row["reason"], row["amount"]) for row in card.reasons("gain")] == [(None, 40)]

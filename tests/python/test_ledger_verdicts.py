"""Losses of a ledger that could have been avoided: verdicts beside its reasons, against plain Python."""

from __future__ import annotations

import json
import pickle
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import svcmetrics as sm
from svcmetrics import errors
from test_ledger_reasons import EVERY, LEFT, Told, expected, told

Verdict = bool | None


class Loss:
    """What was lost: in money and in customers, by verdict."""

    def __init__(self) -> None:
        self.amounts: dict[Verdict, Fraction] = {}
        self.heads: dict[Verdict, int] = {}

    def add(self, verdict: Verdict, amount: Fraction, heads: int) -> None:
        self.amounts[verdict] = self.amounts.get(verdict, Fraction()) + amount
        self.heads[verdict] = self.heads.get(verdict, 0) + heads

    @property
    def judged(self) -> int:
        return self.heads.get(True, 0) + self.heads.get(False, 0)

    @property
    def avoidable(self) -> Fraction | None:
        return self.amounts.get(True, Fraction()) if self.judged else None


def judged(seed: int) -> tuple[Told, list[Verdict]]:
    """One verdict a customer and month at most; many stand beside no reason, and count for nothing."""
    found, rng = told(seed), random.Random(seed + 1_000)
    given: dict[Any, Verdict] = {}
    return found, [given.setdefault(line[:2], rng.choice([True, False, None])) for line in found.lines]


def losses(found: Told, verdicts: list[Verdict], every: Any, by: bool, opening: bool) -> dict[Any, dict[Any, Loss]]:
    """By group and reason."""
    both = [None if why is None else f"{why}|{verdict}" for why, verdict in zip(found.loss, verdicts, strict=True)]
    groups: dict[Any, dict[Any, Loss]] = {}
    for *key, of, amount, heads in expected(found._replace(loss=both), every, by, opening, "loss"):
        reason, _, verdict = ("none", "", "") if of is None else of.rpartition("|")
        known = groups.setdefault(tuple(key), {})
        known.setdefault(None if of is None else reason, Loss()).add(
            {"True": True, "False": False}.get(verdict), amount, heads
        )
    return groups


@pytest.mark.parametrize("seed", range(30))
def test_avoidable_losses_are_those_of_plain_python(seed: int) -> None:
    found, verdicts = judged(seed)
    opening = seed % 3 == 0
    ledger = sm.ledger({**found.table(), "loss_avoidable": verdicts}, by="plan", opening=opening)
    for every in EVERY:
        for by in (False, True):
            card = ledger.movements(every, "plan" if by else None)
            groups = losses(found, verdicts, every, by, opening)
            for row in card.reasons("loss"):
                of = groups[tuple(row[key] for key in card.keys)][row["reason"]]
                avoidable = None if row["reason"] is None else of.avoidable
                assert (row["avoidable"] is None, Fraction(row["avoidable"] or 0)) == (
                    avoidable is None,
                    avoidable or 0,
                )
                assert row["customers"] == sum(of.heads.values())
            tidy = [row for row in card.tidy() if row["metric"] == "avoidable_loss_share"]
            assert len(tidy) == len(card)
            for row, rows in zip(tidy, card.wide(), strict=True):
                given = groups.get(tuple(row[key] for key in card.keys), {})
                parts = [loss for reason, loss in given.items() if reason is not None]
                unknown = sum(loss.heads.get(None, 0) for loss in parts)
                counted = sum(loss.judged for loss in parts)
                assert (row["counted"], row["missing"], row["invalid"]) == (counted, unknown, 0)
                assert row["outside"] == rows["rows"] - counted - unknown
                if counted:
                    amounts = [
                        sum(loss.amounts.get(verdict, Fraction()) for loss in parts) for verdict in (True, False)
                    ]
                    assert row["value"] == float(amounts[0] / sum(amounts))
                else:
                    assert row["undefined_reason"] == ("all_missing" if unknown else "none_in_scope")


@pytest.mark.parametrize("seed", range(12))
def test_verdicts_of_parts_merge_stream_and_are_kept(seed: int) -> None:
    found, verdicts = judged(seed)
    table = pa.table({**found.table(), "loss_avoidable": pa.array(verdicts, pa.bool_())}).sort_by("customer_id")
    months = sm.ledger(table).months
    assert months is not None
    whole = sm.ledger(table, by="plan", months=months)
    card = whole.movements("quarter", "plan")
    halves = [table.filter(pa.array([who % 2 == rest for who in table["customer_id"].to_pylist()])) for rest in (0, 1)]
    ledgers = [sm.ledger(half, by="plan", months=months) for half in halves if len(half)]
    if len(ledgers) == 2:
        assert ledgers[0] + ledgers[1] == whole
        assert ledgers[0].movements("quarter", "plan") + ledgers[1].movements("quarter", "plan") == card
    batches = pa.Table.from_batches(table.to_batches(max_chunksize=seed % 5 + 1))
    assert sm.movements(batches.to_reader(), by="plan", months=months, every="quarter") == card
    for kept in (sm.Ledger.from_json(whole.to_json()), pickle.loads(pickle.dumps(whole))):
        assert kept == whole
        assert kept.movements("quarter", "plan") == card
    again = sm.Scorecard.from_json(card.to_json())
    assert again == card
    assert again.reasons("loss").rows() == card.reasons("loss").rows()
    total, parts = card.rollup([])["avoidable_loss_share"], card["avoidable_loss_share"].values()
    assert (total.numerator or 0) == sum(part.numerator or 0 for part in parts)
    totals = sm.Scorecard.from_measures(card.measures(), by=["period", "plan"], period="period", unit="month")
    assert totals["avoidable_loss_share"] == card["avoidable_loss_share"]


#: a pays less, then leaves for the price, b moved, c gave no reason where it left.
JUDGED = {**LEFT, "loss_avoidable": [None, True, True, None, False, True, None]}
MONTHS = ("2026-01", "2026-03")


def test_a_verdict_goes_with_the_reason_beside_it() -> None:
    card = sm.ledger(JUDGED, months=MONTHS).movements()
    assert str(card["avoidable_loss_share"]["2026-03"]) == "57.1 %"
    assert card["avoidable_loss_share"]["2026-02"].undefined_reason == "none_in_scope"
    assert [row["avoidable"] for row in card.reasons("loss")] == [None, 0, 40, None]
    yearly = sm.ledger(JUDGED, months=MONTHS).movements(unit="year")
    assert [row["avoidable"] for row in yearly.reasons("loss")] == [None, 0, 480, None]


@pytest.mark.parametrize("asked", [None, ["revenue_lost", "avoidable_loss_share"]])
def test_verdicts_are_told_where_a_key_says_the_reasons_already(asked: list[str] | None) -> None:
    table = {
        "customer_id": ["a", "a", "b", "b", "c"],
        "month": ["2026-01", "2026-02", "2026-01", "2026-02", "2026-01"],
        "revenue": [50, 20, 70, 0, 40],
        "loss_reason": ["price", "price", "moved", "moved", None],
        "loss_avoidable": [None, True, None, False, None],
    }
    card = sm.ledger(table, by="loss_reason").movements(by="loss_reason", metrics=asked)
    found = {reason: card["avoidable_loss_share"]["2026-02", reason] for reason in ("price", "moved", None)}
    assert (str(found["price"]), str(found["moved"])) == ("100.0 %", "0.0 %")
    assert found[None].undefined_reason == "none_in_scope"
    # 30 of 30 and 70
    assert str(card.rollup("period")["avoidable_loss_share"]["2026-02"]) == "30.0 %"
    # the key says the reasons, and a break-down by them would say the same
    with pytest.raises(errors.InvalidOptionError, match="expected other keys than 'loss_reason'"):
        card.reasons("loss")
    assert sm.movements([table], by="loss_reason", months=("2026-01", "2026-02"), metrics=asked) == card
    assert sm.Scorecard.from_json(card.to_json()) == card
    assert card + sm.ledger({**table, "customer_id": list("xxyyz")}, by="loss_reason").movements(
        by="loss_reason", metrics=asked
    )


@pytest.mark.parametrize(
    "verdicts",
    [
        np.array([0, 1, 1, 0, 0, 1, 0], dtype="int8"),
        [None, 1, 1, None, 0, 1, None],
        pd.array([None, True, True, None, False, True, None], dtype="boolean"),
        pd.Series([None, True, True, None, False, True, None], dtype=object),
        pd.Series([None, 1.0, 1.0, None, 0.0, 1.0, None]),
        pl.Series([None, True, True, None, False, True, None]),
    ],
)
def test_verdicts_are_read_in_every_form_of_true_and_false(verdicts: Any) -> None:
    card = sm.ledger({**LEFT, "loss_avoidable": verdicts}, months=MONTHS).movements()
    assert card == sm.ledger(JUDGED, months=MONTHS).movements()


def test_columns_of_verdicts_are_found_named_or_left_out() -> None:
    renamed = {("kept" if name == "loss_avoidable" else name): values for name, values in JUDGED.items()}
    share = sm.ledger(JUDGED).movements()["avoidable_loss_share"]
    assert sm.ledger(renamed, loss_avoidable="kept").movements()["avoidable_loss_share"] == share
    no_reasons = {name: values for name, values in JUDGED.items() if name != "loss_reason"}
    for without in (sm.ledger(renamed), sm.ledger(JUDGED, loss_avoidable=None), sm.ledger(no_reasons)):
        assert "avoidable_loss_share" not in without.movements().metrics
        assert "avoidable" not in without.to_json()
        with pytest.raises(errors.ColumnNotFoundError, match="avoidable_loss_share: no column 'loss_avoidable'"):
            without.movements(metrics="avoidable_loss_share")
    with pytest.raises(errors.ColumnNotFoundError, match="no column 'kep'"):
        sm.ledger(renamed, loss_avoidable="kep")
    with pytest.raises(errors.SvcMetricsError, match="loss_avoidable"):
        sm.ledger(JUDGED) + sm.ledger({**LEFT, "customer_id": list("xxxyyzz")})
    first, other = ({name: values[:1] for name, values in table.items()} for table in (LEFT, JUDGED))
    with pytest.raises(errors.ColumnTypeError, match="column 'loss_avoidable', row 1: is there from here on"):
        sm.movements([first, {**other, "customer_id": ["b"]}], months=MONTHS)


@pytest.mark.parametrize(
    ("verdict", "error", "says"),
    [
        (2, errors.InvalidValueError, "column 'loss_avoidable', row 2: holds 2; expected true or false"),
        ("yes", errors.ColumnTypeError, "column 'loss_avoidable', row 2: holds yes; expected true or false"),
    ],
)
def test_what_is_no_verdict_is_named(verdict: Any, error: type[Exception], says: str) -> None:
    table = {**LEFT, "loss_avoidable": [None, None, verdict, None, None, None, None]}
    with pytest.raises(error, match=says) as caught:
        sm.ledger(table)
    assert str(caught.value).endswith("or read none with loss_avoidable=None")
    assert sm.ledger(table, loss_avoidable=None)
    # where no reason is given it is not used
    assert sm.ledger({**table, "loss_reason": [None] * 7}).movements()["avoidable_loss_share"]


def test_two_verdicts_on_one_reason_are_an_error() -> None:
    table = {"customer_id": [7, 7], "month": ["2026-02"] * 2, "revenue": [5, 0], "loss_reason": ["price"] * 2}
    with pytest.raises(errors.InvalidValueError, match="holds both price, True and price, False; expected one reason"):
        sm.ledger({**table, "loss_avoidable": [True, False]})
    assert len(sm.ledger({**table, "loss_avoidable": [True, True]})) == 1


def test_stored_verdicts_are_checked() -> None:
    document = json.loads(sm.ledger(JUDGED).to_json())
    loss = document["reasons"]["loss"]
    assert [key["text"] for key in loss["known"]] == ["early", "early", "moved", "price"]
    assert loss["avoidable"] == [True, None, False, True]
    wrong = {
        "expected a verdict for each reason": [{"avoidable": [True]}, {"avoidable": None}],
        "its reasons in order": [{"avoidable": [None, True, False, True]}, {"avoidable": [True, True, False, True]}],
    }
    for problem, changes in wrong.items():
        for change in changes:
            with pytest.raises(errors.InvalidDocumentError, match=problem):
                sm.Ledger.from_json(json.dumps({**document, "reasons": {"loss": {**loss, **change}}}))


def test_movements_have_only_the_metrics_that_are_asked_for() -> None:
    ledger = sm.ledger(JUDGED)
    card = ledger.movements(metrics=["revenue_lost", "mrr"])
    assert card.metrics == ["revenue_lost", "mrr"]
    assert card["mrr"] == ledger.movements()["mrr"]
    assert card.reasons("loss").rows() == [(*row[:-1], None) for row in ledger.movements().reasons("loss").rows()]
    assert sm.Scorecard.from_json(card.to_json()) == card
    assert card == sm.movements([JUDGED], months=MONTHS, metrics=["mrr", "revenue_lost"])
    with pytest.raises(errors.MetricNotFoundError, match="no metric 'revenue_lost'"):
        ledger.movements(metrics="mrr").reasons("loss")
    with pytest.raises(
        errors.MetricNotFoundError, match=r"no metric 'customer_new' \(did you mean 'customers_new'\?\)"
    ):
        ledger.movements(metrics="customer_new")
    with pytest.raises(errors.MetricNotFoundError, match="no metric 'mmr'"):
        sm.movements(iter([]), months=MONTHS, metrics="mmr")


def test_a_ledger_without_verdicts_stands_beside_customers_that_have_some() -> None:
    customers = {"revenue_start": [5, 9], "revenue_end": [0, 3], "loss_reason": ["price", "moved"]}
    share = sm.scorecard({**customers, "loss_avoidable": [True, False]}, metrics=["avoidable_loss_share"])
    both = sm.ledger(LEFT).movements(metrics=["revenue_lost"]).rollup().join(share)
    again = sm.Scorecard.from_json(both.to_json())
    assert again == both
    assert again["avoidable_loss_share"] == share["avoidable_loss_share"]

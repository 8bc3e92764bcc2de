"""Targets: as values, and what figures are against them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import svcmetrics as sm
from frame_kinds import MakeFrame
from svcmetrics import errors

TARGETS = sm.Targets(
    {
        "net_revenue_retention": sm.Target(at_least=1, warn=0.95),
        "customer_churn_rate": sm.Target(at_most="0.05", warn=Decimal("0.07")),
        "engagements_per_customer": sm.Target(at_least=2, at_most=5),
        "onboard_rate": 0.9,
    }
)


def test_targets_survive_toml_json_pickle_and_copies() -> None:
    for other in (
        sm.Targets.from_toml(TARGETS.to_toml()),
        sm.Targets.from_json(TARGETS.to_json()),
        pickle.loads(pickle.dumps(TARGETS)),
        copy.deepcopy(TARGETS),
        sm.Targets(TARGETS.by_metric),
    ):
        assert other == TARGETS
        assert hash(other) == hash(TARGETS)
        assert repr(other) == repr(TARGETS)


def test_targets_tell_their_marks_exactly() -> None:
    assert TARGETS.by_metric["customer_churn_rate"] == sm.Target(at_most=Decimal("0.05"), warn=Decimal("0.07"))
    assert TARGETS.by_metric["onboard_rate"] == sm.Target(at_least=Decimal("0.9"))
    assert sm.Targets({"roi": "0.1234567890123456789012345678"}).by_metric["roi"].at_least == Decimal(
        "0.1234567890123456789012345678"
    )
    for text in ("net_revenue_retention >= 1 (warn 0.95)", "customer_churn_rate <= 0.05", "2 to 5"):
        assert text in repr(TARGETS)


def test_targets_are_equal_by_value_in_any_order() -> None:
    one = sm.Targets({"roi": sm.Target(at_least=1), "adoption_rate": 0.5})
    assert one == sm.Targets({"adoption_rate": "0.50", "roi": 1.0})
    assert hash(one) == hash(sm.Targets({"adoption_rate": "0.50", "roi": 1.0}))
    assert one != sm.Targets({"roi": 1})
    assert one != "targets"


def test_targets_can_be_written_by_hand() -> None:
    text = """
    onboard_rate = 0.9
    net_revenue_retention = { at_least = 1, warn = 0.95 }
    engagements_per_customer = { at_least = 2, at_most = 5 }
    [customer_churn_rate]
    at_most = "0.05"
    warn = 7e-2
    """
    assert sm.Targets.from_toml(text) == TARGETS


WRONG: list[tuple[str, Mapping[str, Any]]] = [
    ("targets.roi: found neither; expected at_least, at_most or both", {"roi": sm.Target()}),
    ("targets.roi: found neither", {"roi": sm.Target(warn=1)}),
    ("targets.roi.warn: found 1; expected below at_least, 1", {"roi": sm.Target(at_least=1, warn=1)}),
    ("targets.roi.warn: found 0.5; expected above at_most, 1", {"roi": sm.Target(at_most=1, warn=0.5)}),
    ("targets.roi.warn: found 3; expected below at_least, 2, or above", {"roi": sm.Target(2, 5, 3)}),
    ("targets.roi.at_most: found 1; expected at_least, 2, or more", {"roi": sm.Target(2, 1)}),
    ('targets.roi.at_least: found "nan"', {"roi": sm.Target(float("nan"))}),
    ('targets.roi.at_most: found "inf"', {"roi": sm.Target(at_most=float("inf"))}),
    ("targets.roi.at_least: found true; expected a number", {"roi": sm.Target(True)}),
    ('targets.roi: found "much"; expected a decimal number', {"roi": "much"}),
    ("targets.roi: found null; expected a number", {"roi": None}),
    ("targets.roi: found 0.12345678901234567890123456789", {"roi": "0.12345678901234567890123456789"}),
    ("targets.revenue_start: found 1; expected at_least or at_most", {"revenue_start": 1}),
]


@pytest.mark.parametrize(("message", "targets"), WRONG)
def test_what_is_no_target_is_refused_by_its_field(message: str, targets: Mapping[str, Any]) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        sm.Targets(targets)
    assert message.replace('"', "") in str(caught.value).replace('"', "")
    assert (caught.value.kind, caught.value.value is None, caught.value.expected is None) == (
        "invalid_option",
        False,
        False,
    )


def test_numbers_of_numpy_are_targets() -> None:
    marks = {"nps": np.int64(30), "adoption_rate": np.float64(0.9), "roi": np.float32(2.5)}
    assert sm.Targets(marks) == sm.Targets({"nps": 30, "adoption_rate": 0.9, "roi": 2.5})  # type: ignore[arg-type]


def test_a_document_that_cannot_be_read_says_so() -> None:
    for text in ("{", "[]", "1", '{"roi": 1, "roi": 2}'):
        with pytest.raises(errors.InvalidDocumentError, match="targets"):
            sm.Targets.from_json(text)
    with pytest.raises(errors.InvalidDocumentError, match="targets"):
        sm.Targets.from_toml("roi = ")
    with pytest.raises(errors.InvalidOptionError, match=r"targets\.roi\.atleast: found 1; expected only at_least"):
        sm.Targets.from_toml("roi = { atleast = 1 }")


def test_unknown_metrics_are_named_with_what_comes_near() -> None:
    with pytest.raises(errors.MetricNotFoundError, match="did you mean 'onboard_rate'"):
        sm.Targets({"onbord_rate": 0.9})
    card = sm.scorecard({"is_new": [True], "onboarded": [True]})
    with pytest.raises(errors.MetricNotFoundError, match="did you mean 'onboard_rate'"):
        card.against(sm.Targets({"onbord_rate": sm.Target(at_least=0.9)}))
    wrong: Any = {"onboard_rate": 1}
    with pytest.raises(errors.InvalidOptionError, match="expected Targets"):
        card.against(wrong)


def test_every_kind_of_frame_is_held_against_targets(as_frame: MakeFrame) -> None:
    table = {"plan": ["a", "a", "b", None], "milestones_met": [1, 2, 0, None], "milestones_total": [2, 2, 2, 2]}
    card = sm.scorecard(as_frame(table), by="plan")
    targets = sm.Targets({"adoption_rate": sm.Target(0.8, warn=0.75), "roi": 1})
    assert card.against(targets).rows() == [
        ("a", "adoption_rate", 0.75, 0.8, None, 0.75, "near", -0.05),
        ("a", "roi", None, 1.0, None, None, "unknown", None),
        ("b", "adoption_rate", 0.0, 0.8, None, 0.75, "missed", -0.8),
        ("b", "roi", None, 1.0, None, None, "unknown", None),
        (None, "adoption_rate", None, 0.8, None, 0.75, "unknown", None),
        (None, "roi", None, 1.0, None, None, "unknown", None),
    ]


def test_no_targets_give_no_rows() -> None:
    frame = sm.scorecard({"is_new": [True], "onboarded": [True]}).against(sm.Targets({}))
    assert (len(frame), frame.columns) == (0, ["metric", "value", "at_least", "at_most", "warn", "status", "gap"])


def test_health_is_held_against_targets_in_points() -> None:
    model = sm.HealthModel({"adoption_rate": 1}, among=None)
    card = sm.scorecard({"milestones_met": [2], "milestones_total": [3]}, health=model)
    targets = sm.Targets({"health": "66.666667", "customer_health": sm.Target(at_least="66.666668", warn="66.666667")})
    assert [(row["metric"], row["status"], row["gap"]) for row in card.against(targets)] == [
        ("health", "met", 0.0),
        ("customer_health", "near", -1e-6),
    ]


marks = st.decimals(-2, 2, places=3) | st.sampled_from([Decimal("0.3333333333333333"), Decimal(1) / 3])


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 12), st.integers(1, 12), marks, st.none() | marks, st.booleans())
def test_a_status_is_what_exact_fractions_say(
    met: int, total: int, mark: Decimal, warn: Decimal | None, up: bool
) -> None:
    value, wrong_side = Fraction(met, total), warn is not None and (warn >= mark if up else warn <= mark)
    target = sm.Target(at_least=mark, warn=warn) if up else sm.Target(at_most=mark, warn=warn)
    if wrong_side:
        with pytest.raises(errors.InvalidOptionError):
            sm.Targets({"contract_renewal_rate": target})
        return
    card = sm.scorecard({"contracts_due": [total], "contracts_renewed": [met]}, on_invalid="skip")
    (row,) = card.against(sm.Targets({"contract_renewal_rate": target}))
    if met > total:
        assert (row["value"], row["status"], row["gap"]) == (None, "unknown", None)
        return
    gap = value - Fraction(mark)
    missed = gap < 0 if up else gap > 0
    near = warn is not None and (value >= Fraction(warn) if up else value <= Fraction(warn))
    assert row["status"] == ("met" if not missed else "near" if near else "missed")
    assert row["gap"] == float(gap)

"""Figures: a value with its exact parts, or the reason that there is none."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal

import pytest

import svcmetrics as sm
from svcmetrics import errors, formulas

SHARE = formulas.adoption_rate(milestones_met=2, milestones_total=3)
AMOUNT = formulas.net_recurring_revenue(added="1234567.891", lost=0)
LOSS = formulas.net_recurring_revenue(added=0, lost=1000)
UNDEFINED = formulas.adoption_rate(milestones_met=0, milestones_total=0)
HEALTH = sm.scorecard(
    {"milestones_met": [5], "milestones_total": [8]}, health=sm.HealthModel({"adoption_rate": 1}, among=None)
)["health"]


def test_a_share_has_exact_parts_and_the_nearest_double() -> None:
    assert (SHARE.value, float(SHARE)) == (2 / 3, 2 / 3)
    assert (SHARE.numerator, SHARE.denominator) == (2, 3)
    assert SHARE.percent == 200 / 3
    assert (SHARE.defined, SHARE.undefined_reason, SHARE.unit) == (True, None, "fraction")
    # Rounded half to even at 28 digits.
    assert SHARE.decimal == Decimal("0.6666666666666666666666666667")


def test_an_amount_is_its_numerator_and_has_no_denominator() -> None:
    exact = Decimal("1234567.891")
    assert (AMOUNT.value, AMOUNT.decimal, AMOUNT.numerator, AMOUNT.denominator) == (exact, exact, exact, None)
    assert isinstance(AMOUNT.value, Decimal)
    assert float(AMOUNT) == 1234567.891
    assert AMOUNT.unit == "money"


def test_a_score_has_neither_numerator_nor_denominator() -> None:
    assert (HEALTH.value, HEALTH.numerator, HEALTH.denominator, HEALTH.unit) == (62.5, None, None, "points")


def test_the_float_of_an_undefined_figure_is_an_error_with_the_reason() -> None:
    assert (UNDEFINED.value, UNDEFINED.decimal, UNDEFINED.percent) == (None, None, None)
    assert (UNDEFINED.numerator, UNDEFINED.denominator) == (None, None)
    assert (UNDEFINED.defined, UNDEFINED.undefined_reason) == (False, "zero_denominator")
    with pytest.raises(errors.UndefinedFigureError, match="zero_denominator") as caught:
        float(UNDEFINED)
    assert isinstance(caught.value, ValueError)
    assert caught.value.kind == "undefined_figure"


def test_figures_are_shown_as_people_write_them() -> None:
    assert (str(SHARE), repr(SHARE)) == ("66.7 %", "<Figure 66.7 % (2 / 3)>")
    assert (str(AMOUNT), str(LOSS)) == ("1,234,567.89", "-1,000.00")
    assert (str(UNDEFINED), repr(UNDEFINED)) == ("–", "<Figure – (zero_denominator)>")
    assert str(HEALTH) == "62.5"
    assert str(formulas.recurring_revenue_rate(start=100, end=120)) == "120.0 %"
    assert str(formulas.revenue_growth_rate(start=3, added=0, lost=1)) == "-33.3 %"


def test_figures_are_equal_by_their_parts() -> None:
    assert formulas.adoption_rate(milestones_met=2, milestones_total=3) == SHARE
    assert hash(formulas.adoption_rate(milestones_met=2, milestones_total=3)) == hash(SHARE)
    # The same quotient of other sums is another figure: it weighs differently in a roll-up.
    assert formulas.adoption_rate(milestones_met=4, milestones_total=6) != SHARE
    assert UNDEFINED != SHARE
    assert SHARE != 2 / 3
    assert len({SHARE, AMOUNT, LOSS, UNDEFINED, HEALTH, copy.copy(SHARE)}) == 5


def test_figures_survive_pickle_and_copies() -> None:
    for figure in (SHARE, AMOUNT, LOSS, UNDEFINED, HEALTH):
        for other in (pickle.loads(pickle.dumps(figure)), copy.copy(figure), copy.deepcopy(figure)):
            assert other == figure
            assert (str(other), other.value, other.undefined_reason) == (
                str(figure),
                figure.value,
                figure.undefined_reason,
            )


def test_figures_cannot_be_made_or_changed() -> None:
    with pytest.raises(TypeError):
        sm.Figure()
    with pytest.raises(AttributeError):
        SHARE.value = 1  # type: ignore[misc]


def test_totals_beyond_64_bits_are_shown_whole() -> None:
    card = sm.scorecard({"milestones_met": [2**62] * 4, "milestones_total": [2**62] * 4})
    assert card["adoption_rate"].numerator == 2**64
    assert repr(card["adoption_rate"]) == f"<Figure 100.0 % ({2**64} / {2**64})>"


def test_percent_is_rounded_once() -> None:
    # 100 x 0.07 in doubles is 7.000000000000001; the exact quotient of 700 / 100 is 7.
    assert formulas.adoption_rate(milestones_met=7, milestones_total=100).percent == 7.0
    assert formulas.adoption_rate(milestones_met=29, milestones_total=100).percent == 29.0

"""The formulas on plain numbers: the same as the table's metrics, with the arguments that are documented."""

from __future__ import annotations

import inspect
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import svcmetrics as sm
from svcmetrics import errors, formulas

#: The documented arguments, by keyword.
SIGNATURES: dict[str, tuple[str, ...]] = {
    "onboard_rate": ("onboarded", "new_customers"),
    "adoption_rate": ("milestones_met", "milestones_total"),
    "success_rate": ("reached", "with_goals"),
    "availability": ("service_minutes", "downtime_minutes"),
    "engagement_quality": ("positive", "engagements"),
    "renewal_commitment_rate": ("committed", "active"),
    "net_recurring_revenue": ("added", "lost"),
    "recurring_revenue_rate": ("start", "end"),
    "net_revenue_retention": ("start", "expansion", "contraction", "churn"),
    "gross_revenue_retention": ("start", "contraction", "churn"),
    "revenue_growth_rate": ("start", "added", "lost"),
    "customer_retention_rate": ("retained", "start"),
    "customer_churn_rate": ("churned", "start"),
    "contract_renewal_rate": ("renewed", "due"),
    "plan_realization": ("met", "total"),
}
#: Shares of two counts: the part, then the whole.
SHARES = {
    name: arguments
    for name, arguments in SIGNATURES.items()
    if len(arguments) == 2 and name not in ("availability", "net_recurring_revenue", "recurring_revenue_rate")
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_are_those_documented_and_by_keyword_only(name: str) -> None:
    formula = getattr(formulas, name)
    parameters = inspect.signature(formula).parameters
    assert tuple(parameters) == SIGNATURES[name]
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    with pytest.raises(TypeError):
        formula(*(1 for _ in parameters))


@pytest.mark.parametrize("name", SHARES)
def test_a_share_takes_whole_numbers_of_every_kind(name: str) -> None:
    part, whole = SHARES[name]
    formula = getattr(formulas, name)
    expected = formula(**{part: 3, whole: 4})
    assert (expected.value, expected.numerator, expected.denominator, expected.unit) == (0.75, 3, 4, "fraction")
    for make in (str, float, Decimal, np.int64, np.float64, lambda number: f"{number}.0"):
        assert formula(**{part: make(3), whole: make(4)}) == expected


@pytest.mark.parametrize("name", SHARES)
def test_a_share_of_nothing_is_undefined(name: str) -> None:
    part, whole = SHARES[name]
    figure = getattr(formulas, name)(**{part: 0, whole: 0})
    assert (figure.value, figure.undefined_reason) == (None, "zero_denominator")


@pytest.mark.parametrize("name", SHARES)
def test_a_part_above_its_whole_is_blamed(name: str) -> None:
    part, whole = SHARES[name]
    formula = getattr(formulas, name)
    with pytest.raises(errors.InvalidValueError) as caught:
        formula(**{part: 5, whole: 4})
    assert (caught.value.kind, caught.value.column, caught.value.value) == ("invalid_value", part, "5")
    for wrong in (-1, Decimal("0.5"), "1.5"):
        with pytest.raises(errors.InvalidValueError) as caught:
            formula(**{part: wrong, whole: 4})
        assert (caught.value.column, caught.value.value) == (part, str(wrong))
    with pytest.raises(errors.InvalidValueError) as caught:
        formula(**{part: 0, whole: -4})
    assert caught.value.column == whole


def test_amounts_are_exact_in_every_kind_of_number() -> None:
    expected = Decimal("0.2")
    for added, lost in ((0.3, 0.1), ("0.3", "0.1"), (Decimal("0.30"), Decimal("0.1")), (0.3, "0.10")):
        figure = formulas.net_recurring_revenue(added=added, lost=lost)
        assert (figure.value, figure.numerator, figure.denominator) == (expected, expected, None)


def test_a_quarter_shows_all_three_rates() -> None:
    # Start 100, new 45, expansion 5, churn 25, contraction 5: the end is 120.
    assert formulas.recurring_revenue_rate(start=100, end=120).value == 1.2
    assert formulas.net_revenue_retention(start=100, expansion=5, contraction=5, churn=25).value == 0.75
    assert formulas.gross_revenue_retention(start=100, contraction=5, churn=25).value == 0.7
    assert formulas.revenue_growth_rate(start=100, added=50, lost=30).value == 0.2
    assert formulas.net_recurring_revenue(added=50, lost=30).value == 20


def test_rates_are_the_doubles_nearest_to_the_exact_quotients() -> None:
    for start, end in ((Decimal("0.000001"), Decimal("9000000000000")), (3, 1), ("7.7", "1.1"), (0.7, 0.1)):
        figure = formulas.recurring_revenue_rate(start=start, end=end)
        exact = Fraction(Decimal(str(end))) / Fraction(Decimal(str(start)))
        assert figure.value == float(exact)


@pytest.mark.parametrize("value", [None, True, float("nan"), float("inf"), "many", "", [1], b"1", 1j], ids=str)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(sm.SvcMetricsError) as caught:
        formulas.recurring_revenue_rate(start=value, end=1)
    assert "start" in str(caught.value)


def test_numbers_too_fine_or_too_large_are_refused_by_name() -> None:
    with pytest.raises(errors.InexactError) as caught:
        formulas.recurring_revenue_rate(start="0.0000001", end=1)
    assert caught.value.column == "start"
    with pytest.raises(errors.InexactError) as caught:
        formulas.recurring_revenue_rate(start=0.1 + 0.2, end=1)
    assert caught.value.hint == "round it before, as in round(x, 6), or give a decimal"
    assert str(caught.value).endswith(
        f"found 0.30000000000000004; expected at most six decimal places; {caught.value.hint}"
    )
    for value in (10**13, 1e300, 10**40, "1e20"):
        with pytest.raises(OverflowError) as overflow:
            formulas.recurring_revenue_rate(start=1, end=value)
        assert isinstance(overflow.value, errors.OutOfRangeError)
        assert overflow.value.column == "end"


@pytest.mark.parametrize("name", ["net_revenue_retention", "gross_revenue_retention", "revenue_growth_rate"])
def test_amounts_are_never_negative_going_in(name: str) -> None:
    plain = dict.fromkeys(SIGNATURES[name], 1)
    for argument in plain:
        with pytest.raises(errors.InvalidValueError) as caught:
            getattr(formulas, name)(**{**plain, argument: -1})
        assert caught.value.column == argument


def test_more_downtime_than_service_is_refused() -> None:
    with pytest.raises(errors.InvalidValueError) as caught:
        formulas.availability(service_minutes=60, downtime_minutes="60.5")
    assert (caught.value.column, caught.value.value) == ("downtime_minutes", "60.5")


def test_formulas_agree_with_the_table() -> None:
    table = {"revenue_start": [100, 50, 0], "revenue_end": [120, 20, 30]}
    card = sm.scorecard(table)
    parts = {"start": 150, "expansion": 20, "contraction": 30, "churn": 0}
    assert card["net_revenue_retention"] == formulas.net_revenue_retention(**parts)
    assert card["recurring_revenue_rate"] == formulas.recurring_revenue_rate(start=150, end=170)
    assert card["revenue_growth_rate"] == formulas.revenue_growth_rate(start=150, added=50, lost=30)
    assert card["customer_churn_rate"] == formulas.customer_churn_rate(churned=0, start=2)


@pytest.mark.parametrize("value", [1e-30, "1e-30", Decimal("1.00000000000000000000000000001"), "1." + "0" * 34 + "1"])
def test_a_number_with_more_places_than_are_held_is_too_fine_and_not_rounded(value: Any) -> None:
    with pytest.raises(errors.InexactError) as caught:
        formulas.recurring_revenue_rate(start=1, end=value)
    assert caught.value.column == "end"
    assert formulas.recurring_revenue_rate(start=1, end="1." + "0" * 40).value == 1


def test_an_amount_of_either_sign_is_shown_with_its_sign() -> None:
    with pytest.raises(errors.InexactError, match=r"-0\.1234567"):
        formulas.roi(benefit="-0.1234567", investment=1)

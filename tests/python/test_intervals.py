"""Intervals of figures, against scipy and statsmodels."""

from __future__ import annotations

import copy
import math
import pickle
from statistics import NormalDist

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

import svcmetrics as sm
from svcmetrics import errors, formulas

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999999)


def close(found: tuple[float, float] | None, expected: tuple[float, float]) -> bool:
    assert found is not None
    return bool(np.allclose(found, expected, rtol=1e-11, atol=1e-14))


@pytest.mark.parametrize(("part", "whole"), [(0, 1), (1, 1), (0, 20), (3, 20), (19, 20), (20, 20), (700, 9999)])
@pytest.mark.parametrize("level", LEVELS)
def test_a_share_of_rows_has_the_interval_of_wilson(part: int, whole: int, level: float) -> None:
    found = formulas.onboard_rate(onboarded=part, new_customers=whole).interval(level)
    assert close(found, proportion_confint(part, whole, alpha=1 - level, method="wilson"))
    assert found is not None
    assert 0 <= found[0] <= part / whole <= found[1] <= 1
    # The ends are the ends, not nearly so.
    assert (found[0] == 0, found[1] == 1) == (part == 0, part == whole)


def adjusted_wald(promoters: int, passives: int, detractors: int, level: float) -> tuple[float, float]:
    """By hand from Sauro and Lewis: three answers more, a quarter of them on either side."""
    n = promoters + passives + detractors + 3
    p, d = (promoters + 3 / 4) / n, (detractors + 3 / 4) / n
    variance = (p * (1 - (p - d)) ** 2 + d * (-1 - (p - d)) ** 2 + (1 - p - d) * (p - d) ** 2) / n
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance)
    return 100 * (p - d - half), 100 * (p - d + half)


@pytest.mark.parametrize("answers", [(0, 1, 0), (1, 0, 0), (10, 5, 8), (50, 30, 20), (0, 0, 300)])
@pytest.mark.parametrize("level", LEVELS[:-1])
def test_nps_has_the_adjusted_wald_interval(answers: tuple[int, int, int], level: float) -> None:
    promoters, passives, detractors = answers
    found = formulas.nps(promoters=promoters, passives=passives, detractors=detractors).interval(level)
    assert close(found, adjusted_wald(*answers, level))


def test_a_scorecards_figures_have_the_intervals_of_the_formulas() -> None:
    scores = [10] * 5 + [8] * 3 + [0] * 4
    table = {
        "nps_score": scores,
        "effort_score": [7] * 2 + [4] * 4 + [1] * 6,
        "impact": ["positive", "negative", "neutral"] * 4,
    }
    card = sm.scorecard(table, effort_scale=(1, 7))
    assert card["nps"] == formulas.nps(promoters=5, passives=3, detractors=4)
    assert card["nps"].interval() == formulas.nps(promoters=5, passives=3, detractors=4).interval()
    assert card["ces_net"].interval() == formulas.nps(promoters=2, passives=4, detractors=6).interval()
    assert card["negative_impact_share"].interval(0.9) == formulas.impact_share(count=4, total=12).interval(0.9)


def test_several_counts_of_rows_are_a_proportion_too() -> None:
    card = sm.scorecard({"risk": ["none", "downgrade", "defection", "none"], "revenue_end": [1, 1, 1, 1]})
    assert close(card["defection_risk_share"].interval(), proportion_confint(1, 4, method="wilson"))
    assert card["revenue_at_risk_share"].interval() is None


CUSTOMERS = {
    "region": ["north", "north", "south", "south"],
    "is_new": [True, True, True, False],
    "onboarded": [True, False, True, None],
    "milestones_met": [1, 2, 3, 4],
    "milestones_total": [4, 4, 4, 4],
    "revenue_start": [10, 20, 30, 40],
    "revenue_end": [10, 0, 30, 50],
}


def test_only_what_counts_rows_has_an_interval_without_spread() -> None:
    card = sm.scorecard(CUSTOMERS)
    rows = list(card.tidy())
    with_interval = {row["metric"] for row in rows if row["low"] is not None}
    assert with_interval == {
        "onboard_rate",
        "fully_adopted_rate",
        "customer_retention_rate",
        "customer_churn_rate",
        "health_coverage",
        "red_share",
        "yellow_share",
        "green_share",
    }
    assert all((row["low"] is None) == (row["high"] is None) for row in rows)
    assert card["recurring_revenue_rate"].interval() is None
    assert card["revenue_end"].interval() is None
    assert card["health"].interval() is None


def test_tidy_holds_the_figures_intervals_at_the_level_asked_for() -> None:
    card = sm.scorecard(CUSTOMERS, by="region")
    for level in (0.95, 0.5):
        for row in card.tidy(level=level):
            figure = card[row["metric"]][row["region"]]
            assert (None if row["low"] is None else (row["low"], row["high"])) == figure.interval(level)
    assert list(card.tidy()) == list(card.tidy(level=0.95))


def test_what_is_undefined_has_no_interval() -> None:
    assert formulas.onboard_rate(onboarded=0, new_customers=0).interval() is None
    assert formulas.nps(promoters=0, passives=0, detractors=0).interval() is None
    year = sm.scorecard(
        {"period": ["1", "2"], "is_active": [True, True], "committed": [True, False]}, by="period"
    ).rollup()
    assert year["renewal_commitment_rate"].interval() is None


def test_formulas_of_things_that_are_no_rows_have_none() -> None:
    assert formulas.adoption_rate(milestones_met=1, milestones_total=2).interval() is None
    assert formulas.contract_renewal_rate(renewed=1, due=2).interval() is None
    assert formulas.net_recurring_revenue(added=1, lost=0).interval() is None
    assert formulas.deflection_rate(self_resolved=1, issues=2).interval() is not None


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan, math.inf, "0.95", [0.95]])
def test_a_level_is_between_0_and_1(level: object) -> None:
    card = sm.scorecard(CUSTOMERS)
    for call in (lambda: card.tidy(level=level), lambda: card["onboard_rate"].interval(level)):  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidOptionError, match="level") as caught:
            call()
        assert caught.value.expected == "a number between 0 and 1, such as 0.95"


def test_figures_keep_their_intervals_when_they_are_stored() -> None:
    for figure in (
        formulas.onboard_rate(onboarded=3, new_customers=7),
        formulas.nps(promoters=5, passives=3, detractors=4),
    ):
        for other in (pickle.loads(pickle.dumps(figure)), copy.deepcopy(figure)):
            assert (other, other.interval()) == (figure, figure.interval())
    with pytest.raises(errors.InvalidDocumentError, match="basis"):
        sm.Figure._read(
            '{"unit":"fraction","numerator":{"integer":"8","micro":false},"denominator":{"integer":"7","micro":false},'
            '"value":null,"undefined":null,"basis":"proportion"}'
        )

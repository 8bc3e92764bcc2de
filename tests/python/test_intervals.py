"""Intervals of figures, against scipy and statsmodels."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats
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


def ratio_estimator(numerators: list[int], denominators: list[int], level: float) -> tuple[float, float]:
    """By hand, in fractions up to the square root."""
    n, total = len(numerators), sum(denominators)
    ratio = Fraction(sum(numerators), total)
    residuals = sum((y - ratio * x) ** 2 for y, x in zip(numerators, denominators, strict=True))
    variance = Fraction(n, n - 1) * residuals / total**2
    half = float(stats.t.isf((1 - level) / 2, n - 1)) * math.sqrt(variance)
    return float(ratio) - half, float(ratio) + half


@pytest.mark.parametrize("level", LEVELS)
def test_other_quotients_have_the_interval_of_the_ratio_estimator(level: float) -> None:
    rng = np.random.default_rng(5)
    total = rng.integers(0, 9, 40)
    met = rng.binomial(total, 0.6)
    card = sm.scorecard({"milestones_met": met, "milestones_total": total}, spread=True)
    assert close(card["adoption_rate"].interval(level), ratio_estimator(met.tolist(), total.tolist(), level))
    (row,) = (row for row in card.tidy(level=level) if row["metric"] == "adoption_rate")
    assert (row["low"], row["high"]) == card["adoption_rate"].interval(level)


@pytest.mark.parametrize("values", [[0.1, 0.3, 7.25], [1e9, 1.5, 2e9, 0.000001], [5.0, 5.0, 5.0, 6.0]])
def test_a_mean_has_the_interval_of_students_t(values: list[float]) -> None:
    cost = sm.scorecard({"service_cost": values, "tenure_months": values}, spread=True)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert close(cost["cost_per_customer"].interval(), expected)
    assert close(cost["mean_tenure_months"].interval(), expected)


def test_the_mean_of_customers_health_has_one_too() -> None:
    table = {"milestones_met": [1, 2, 4, 4], "milestones_total": [4, 4, 4, 4]}
    model = sm.HealthModel({"adoption_rate": 1}, among=None)
    card = sm.scorecard(table, health=model, spread=True)
    assert close(card["customer_health"].interval(), stats.ttest_1samp([25, 50, 100, 100], 0).confidence_interval())
    assert card["health"].interval() is None


def test_shares_of_rows_stay_with_wilson() -> None:
    card, plain = sm.scorecard(CUSTOMERS, spread=True), sm.scorecard(CUSTOMERS)
    for metric in ("onboard_rate", "customer_churn_rate"):
        assert card[metric] == plain[metric]
    # Squares are no part of the totals that other tools add up.
    assert card.measures().columns == plain.measures().columns


def test_amounts_and_differences_have_none() -> None:
    card = sm.scorecard({**CUSTOMERS, "contracts_due": [1] * 4, "contracts_renewed": [0, 1, 1, 1]}, spread=True)
    assert card["contract_renewal_rate"].interval() is not None
    for metric in ("revenue_end", "renewal_gap", "health"):
        assert card[metric].interval() is None


def test_one_customer_says_nothing_of_the_spread_and_equal_ones_that_there_is_none() -> None:
    def card(met: list[int], total: list[int]) -> sm.Figure:
        return sm.scorecard({"milestones_met": met, "milestones_total": total}, spread=True)["adoption_rate"]

    assert card([1], [2]).interval() is None
    assert card([0, 0], [0, 0]).interval() is None
    assert card([1, 2], [2, 4]).interval() == (0.5, 0.5)


def test_squares_of_the_largest_values_are_exact() -> None:
    # Squares of 2^62 and their sums exceed 128 bits as millionths.
    large = [9_000_000_000_000, 1, 9_000_000_000_000, 2]
    start = [9_000_000_000_000, 3, 8_000_000_000_000, 4]
    card = sm.scorecard({"revenue_start": start, "revenue_end": large}, spread=True)
    assert close(card["recurring_revenue_rate"].interval(), ratio_estimator(large, start, 0.95))
    # All but the last digits cancel out.
    whole = [2**62, 2**62 - 1, 2**62 - 3]
    used = sm.scorecard({"licenses_used": whole, "licenses_sold": [2**62] * 3}, spread=True)["license_adoption"]
    low, high = used.interval() or (0, 0)
    assert high - low < 1e-15
    assert high >= float(used) >= low


def test_squares_merge_roll_up_and_are_stored() -> None:
    rng = np.random.default_rng(7)
    total = rng.integers(1, 9, 300)
    table = {
        "region": rng.choice(["a", "b", "c"], 300).tolist(),
        "milestones_total": total.tolist(),
        "milestones_met": rng.binomial(total, 0.4).tolist(),
        "engagements": rng.integers(0, 5, 300).tolist(),
    }
    whole = sm.scorecard(table, by="region", spread=True)
    parts = [{name: values[start::3] for name, values in table.items()} for start in range(3)]
    merged = sm.merge(sm.scorecard(part, by="region", spread=True) for part in parts)
    assert merged["adoption_rate"] == whole["adoption_rate"]
    assert list(merged.tidy()) == list(whole.tidy())
    assert whole.rollup()["adoption_rate"] == sm.scorecard(table, spread=True)["adoption_rate"]
    for other in (sm.Scorecard.from_json(whole.to_json()), pickle.loads(pickle.dumps(whole))):
        assert other == whole
        assert list(other.tidy()) == list(whole.tidy())
    assert whole != sm.scorecard(table, by="region")
    figure = whole["adoption_rate"]["a"]
    assert pickle.loads(pickle.dumps(figure)) == figure


def test_cards_with_and_without_spread_do_not_merge() -> None:
    one, two = sm.scorecard(CUSTOMERS, spread=True), sm.scorecard(CUSTOMERS)
    for pair in ((one, two), (two, one)):
        with pytest.raises(errors.MismatchError, match="the metrics whose spread is kept"):
            sm.merge(pair)
        common = sm.merge(pair, how="common")
        assert common["adoption_rate"].value == 10 / 16
        assert common["adoption_rate"].interval() is None
    only = {name: CUSTOMERS[name] for name in ("milestones_met", "milestones_total")}
    common = sm.merge([one, sm.scorecard(only, spread=True)], how="common")
    assert common["adoption_rate"] == sm.merge([sm.scorecard(only, spread=True)] * 2)["adoption_rate"]


def test_what_is_joined_keeps_its_spread() -> None:
    one = sm.scorecard(
        {"plan": ["a", "a", "b"], "milestones_met": [1, 2, 3], "milestones_total": [4, 4, 4]},
        by="plan",
        metrics=["adoption_rate"],
        spread=True,
    )
    two = sm.scorecard({"plan": ["b", "b", "c"], "contracts_due": [3, 2, 1], "contracts_renewed": [1, 2, 1]}, by="plan")
    for joined in (one.join(two), two.join(one)):
        assert joined["adoption_rate"]["a"] == one["adoption_rate"]["a"]
        assert joined["adoption_rate"]["a"].interval() is not None
        assert joined["contract_renewal_rate"]["b"].interval() is None
        assert sm.Scorecard.from_json(joined.to_json()) == joined


def test_over_time_flows_keep_their_spread_and_stocks_are_undefined() -> None:
    table = {
        "period": ["1", "1", "2", "2"],
        "contracts_due": [2, 3, 4, 5],
        "contracts_renewed": [1, 1, 4, 2],
        "milestones_met": [1, 2, 3, 4],
        "milestones_total": [4] * 4,
    }
    year = sm.scorecard(table, by="period", spread=True).rollup()
    assert close(year["contract_renewal_rate"].interval(), ratio_estimator([1, 1, 4, 2], [2, 3, 4, 5], 0.95))
    assert year["adoption_rate"].interval() is None
    assert sm.Scorecard.from_json(year.to_json()) == year


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ('"groups":[[["14"', '"groups":[[["-14"'),
        ('"groups":[[["14"', '"groups":[[["3"'),
        ('"groups":[[["14"', '"groups":[[["x"'),
        ('"groups":[[["14"', '"groups":[[["1' + "0" * 100 + '"'),
        ('"metrics":["adoption_rate"]', '"metrics":["onboard_rate"]'),
        ('"metrics":["adoption_rate"]', '"metrics":["adoption_rate","adoption_rate"]'),
    ],
)
def test_squares_that_cannot_be_are_refused(found: str, instead: str) -> None:
    table = {"milestones_met": [1, 2, 3], "milestones_total": [4, 4, 4]}
    text = sm.scorecard(table, metrics=["adoption_rate"], spread=True).to_json()
    assert text.count(found) == 1
    with pytest.raises(errors.InvalidDocumentError, match="spread"):
        sm.Scorecard.from_json(text.replace(found, instead))


@pytest.mark.parametrize("word", ["yes", 2])
def test_spread_is_asked_for_or_not(word: object) -> None:
    with pytest.raises(errors.InvalidOptionError, match="spread"):
        sm.scorecard(CUSTOMERS, spread=word)  # type: ignore[arg-type]


def coverage(card: sm.Scorecard, metric: str, truth: float) -> float:
    inside = [low <= truth <= high for low, high in (figure.interval() for figure in card[metric].values())]
    return sum(inside) / len(inside)


@pytest.mark.parametrize("customers", [100, 200])
def test_intervals_cover_the_truth_as_often_as_they_say(customers: int) -> None:
    # Customers differ in how likely they are to be pleased, and much in how often they are met.
    rng = np.random.default_rng(2026)
    simulations = 2_000
    n = simulations * customers
    pleased = rng.beta(2, 3, n)
    engagements = 1 + rng.negative_binomial(1, 0.15, n)
    table = {
        "simulation": np.repeat(np.arange(simulations), customers),
        "engagements": engagements,
        "positive_engagements": rng.binomial(engagements, pleased),
    }
    card = sm.scorecard(table, by="simulation", metrics=["engagement_quality", "engagements_per_customer"], spread=True)
    assert 0.93 <= coverage(card, "engagement_quality", 0.4) <= 0.97
    assert 0.93 <= coverage(card, "engagements_per_customer", 1 + 0.85 / 0.15) <= 0.97
    # Were engagements taken for independent of each other, a quarter of the intervals would miss.
    naive = [
        proportion_confint(int(figure.numerator or 0), int(figure.denominator or 0), method="wilson")
        for figure in card["engagement_quality"].values()
    ]
    assert sum(low <= 0.4 <= high for low, high in naive) / simulations < 0.9

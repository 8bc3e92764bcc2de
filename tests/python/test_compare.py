"""What changed between two scorecards: against scipy and statsmodels."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

import svcmetrics as sm
from svcmetrics import errors

COLUMNS = [
    "metric",
    "value",
    "baseline",
    "difference",
    "low",
    "high",
    "p_value",
    "p_adjusted",
    "significant",
    "verdict",
]
Row = dict[str, Any]


def only(changes: sm.Changes, metric: str) -> Row:
    (row,) = (row for row in changes if row["metric"] == metric)
    return row


def close(row: Row, low: float, high: float, p_value: float) -> bool:
    return bool(np.allclose([row["low"], row["high"], row["p_value"]], [low, high, p_value], rtol=1e-9, atol=1e-12))


def onboarding(onboarded: int, new: int) -> sm.Scorecard:
    return sm.scorecard({"is_new": [True] * new, "onboarded": [i < onboarded for i in range(new)]})


@pytest.mark.parametrize(
    ("now", "before"), [((80, 100), (60, 100)), ((1, 3), (9, 10)), ((0, 5), (7, 7)), ((5, 9), (5, 9))]
)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_shares_of_rows_have_newcombes_interval_and_the_score_test(
    now: tuple[int, int], before: tuple[int, int], level: float
) -> None:
    row = only(onboarding(*now).compare(onboarding(*before), level=level), "onboard_rate")
    low, high = confint_proportions_2indep(*now, *before, method="newcomb", compare="diff", alpha=1 - level)
    _, p_value = proportions_ztest([now[0], before[0]], [now[1], before[1]])
    assert close(row, low, high, p_value)
    assert row["difference"] == float(Fraction(*now) - Fraction(*before))
    assert row["significant"] == (p_value <= 1 - level)


def test_all_of_all_on_both_sides_is_no_difference() -> None:
    row = only(onboarding(7, 7).compare(onboarding(9, 9)), "onboard_rate")
    assert (row["difference"], row["p_value"], row["significant"], row["verdict"]) == (0, 1, False, "same")
    assert row["low"] < 0 < row["high"]


NOW = [3.5, 4.25, 8.0, 1.0, 9.75, 2.5, 0.0]
BEFORE = [5.5, 14.25, 7.0, 11.0, 9.5]


@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_means_have_welchs_test(level: float) -> None:
    one, two = (sm.scorecard({"service_cost": values}, spread=True) for values in (NOW, BEFORE))
    row = only(one.compare(two, level=level), "cost_per_customer")
    expected = stats.ttest_ind(NOW, BEFORE, equal_var=False)
    assert close(row, *expected.confidence_interval(level), expected.pvalue)
    assert (row["difference"], row["verdict"]) == (
        float(sum(map(Fraction, NOW)) / 7 - sum(map(Fraction, BEFORE)) / 5),
        "better",
    )


def ratio(y: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """A quotient and its variance, by the definition."""
    n, quotient = len(y), y.sum() / x.sum()
    return quotient, n / (n - 1) * ((y - quotient * x) ** 2).sum() / x.sum() ** 2


def engaged(rng: np.random.Generator, customers: int, chance: float) -> dict[str, np.ndarray]:
    engagements = rng.poisson(6, customers)
    return {"engagements": engagements, "positive_engagements": rng.binomial(engagements, chance)}


def test_other_quotients_have_both_variances() -> None:
    rng = np.random.default_rng(3)
    tables = engaged(rng, 40, 0.5), engaged(rng, 25, 0.6)
    one, two = (sm.scorecard(table, spread=True) for table in tables)
    row = only(one.compare(two), "engagement_quality")
    (now, v), (before, w) = (ratio(table["positive_engagements"], table["engagements"]) for table in tables)
    freedom = (v + w) ** 2 / (v**2 / 39 + w**2 / 24)
    half = stats.t.isf(0.025, freedom) * math.sqrt(v + w)
    p_value = 2 * stats.t.sf(abs(now - before) / math.sqrt(v + w), freedom)
    assert close(row, now - before - half, now - before + half, p_value)


def test_nps_has_adjusted_wald_on_both_sides() -> None:
    def side(answers: list[int]) -> tuple[float, float]:
        n = len(answers) + 3
        p = (sum(answer >= 9 for answer in answers) + 0.75) / n
        d = (sum(answer <= 6 for answer in answers) + 0.75) / n
        return 100 * (p - d), 1e4 * (p + d - (p - d) ** 2) / n

    now, before = [10] * 30 + [7] * 10 + [3] * 5, [9] * 10 + [8] * 12 + [0] * 15
    (a, v), (b, w) = side(now), side(before)
    row = only(sm.scorecard({"nps_score": now}).compare(sm.scorecard({"nps_score": before})), "nps")
    half = stats.norm.isf(0.025) * math.sqrt(v + w)
    assert close(row, a - b - half, a - b + half, 2 * stats.norm.sf((a - b) / math.sqrt(v + w)))
    assert row["difference"] == pytest.approx(100 * (25 / 45 + 5 / 37), rel=1e-15)


def test_significance_is_corrected_for_as_many_as_are_asked() -> None:
    rng = np.random.default_rng(11)

    def card(chance: float) -> sm.Scorecard:
        n = 1200
        table = {
            "region": np.repeat([f"r{i:02}" for i in range(20)], n // 20),
            "is_new": np.ones(n, dtype=bool),
            "onboarded": rng.random(n) < chance,
            "has_service_contract": rng.random(n) < chance,
        }
        return sm.scorecard(table, by="region")

    one, two = card(0.6), card(0.45)
    changes = one.compare(two)
    rows = list(changes)
    assert changes.tests == len(rows) == 40
    reject, adjusted, *_ = multipletests([row["p_value"] for row in rows], alpha=0.05, method="holm")
    assert np.allclose([row["p_adjusted"] for row in rows], adjusted, rtol=1e-12)
    assert [row["significant"] for row in rows] == list(reject)
    assert 0 < sum(reject) < sum(row["p_value"] <= 0.05 for row in rows)
    # Fewer asked, less corrected.
    fewer = one.compare(two, metrics="onboard_rate")
    assert fewer.tests == 20
    assert [row["p_value"] for row in fewer] == [row["p_value"] for row in rows if row["metric"] == "onboard_rate"]
    assert fewer.rows() != [row for row in changes.rows() if row[1] == "onboard_rate"]


def test_the_verdict_follows_the_metrics_direction() -> None:
    def card(start: list[int], end: list[int], basic: int) -> sm.Scorecard:
        users = {"basic_users": [basic] * len(start), "advanced_users": [1] * len(start)}
        return sm.scorecard({"revenue_start": start, "revenue_end": end, **users})

    found = card([10, 10], [12, 0], 3).compare(card([10, 10], [11, 10], 2))
    verdicts = {row["metric"]: row["verdict"] for row in found}
    assert verdicts["customer_churn_rate"] == verdicts["customer_retention_rate"] == "worse"
    assert verdicts["revenue_expansion"] == "better"
    assert verdicts["basic_user_share"] == "neither"
    assert (verdicts["revenue_start"], verdicts["advanced_user_share"]) == ("same", "worse")
    amount = only(found, "revenue_end")
    assert (amount["value"], amount["baseline"], amount["difference"]) == (12, 21, -9)
    assert [amount[name] for name in COLUMNS[4:]] == [None] * 5 + ["worse"]


def test_groups_of_one_side_only_have_no_difference() -> None:
    def card(regions: list[str]) -> sm.Scorecard:
        return sm.scorecard({"region": regions, "is_new": [True] * 2, "onboarded": [True, False]}, by="region")

    rows = {row["region"]: row for row in card(["a", "b"]).compare(card(["b", "c"]))}
    assert list(rows) == ["a", "b", "c"]
    assert (rows["a"]["value"], rows["a"]["baseline"], rows["c"]["value"], rows["c"]["baseline"]) == (1, None, None, 0)
    for region in "ac":
        assert [rows[region][name] for name in COLUMNS[3:]] == [None] * 7
    assert (rows["b"]["difference"], rows["b"]["verdict"]) == (-1, "worse")


def test_without_spread_on_both_sides_there_is_only_the_difference() -> None:
    with_spread, without = (sm.scorecard({"service_cost": NOW}, spread=spread) for spread in (True, False))
    for one, two in ((with_spread, without), (without, with_spread), (without, without)):
        row = only(one.compare(two), "cost_per_customer")
        assert (row["difference"], row["low"], row["p_value"], row["significant"]) == (0, None, None, None)


def test_where_nothing_varies_there_is_no_test() -> None:
    one, two = (sm.scorecard({"service_cost": [value] * 3}, spread=True) for value in (2, 3))
    row = only(one.compare(two), "cost_per_customer")
    assert (row["low"], row["high"], row["p_value"], row["significant"], row["verdict"]) == (
        -1,
        -1,
        None,
        None,
        "better",
    )


# Paired: the same customers on both sides.


def by_customer(ids: list[int], table: dict[str, Any], by: list[str] | None = None) -> sm.Scorecard:
    return sm.scorecard({"customer": ids, **table}, by=[*(by or []), "customer"])


@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_means_of_the_same_customers_have_the_paired_t_test(level: float) -> None:
    now, before = [3.5, 4.25, 8.0, 1.0, 9.75], [5.5, 6.25, 7.0, 2.0, 9.5]
    one, two = (
        by_customer([1, 2, 3, 4, 5], {"service_cost": now}),
        by_customer([5, 4, 3, 2, 1], {"service_cost": before[::-1]}),
    )
    changes = one.compare(two, paired="customer", level=level)
    row = only(changes, "cost_per_customer")
    expected = stats.ttest_rel(now, before)
    assert close(row, *expected.confidence_interval(level), expected.pvalue)
    assert changes.columns == COLUMNS


def test_quotients_of_the_same_customers_vary_by_their_parts_in_the_difference() -> None:
    rng = np.random.default_rng(8)
    now, before = engaged(rng, 30, 0.5), engaged(rng, 30, 0.5)
    # 1 to 5 are gone, 31 to 35 have come.
    ids = list(range(6, 36)), list(range(1, 31))
    row = only(by_customer(ids[0], now).compare(by_customer(ids[1], before), paired="customer"), "engagement_quality")
    parts = np.zeros(36)
    for side, table, sign in zip(ids, (now, before), (1, -1), strict=True):
        y, x = table["positive_engagements"], table["engagements"]
        parts[side] += sign * (y - y.sum() / x.sum() * x) / x.sum()
    parts = parts[1:]
    variance = 35 / 34 * (parts**2).sum()
    half = stats.t.isf(0.025, 34) * math.sqrt(variance)
    p_value = 2 * stats.t.sf(abs(row["difference"]) / math.sqrt(variance), 34)
    assert close(row, row["difference"] - half, row["difference"] + half, p_value)


def test_pairing_finds_what_independence_hides() -> None:
    rng = np.random.default_rng(4)
    before = rng.lognormal(3, 1, 80).round(2)
    now = (before * 0.97 + rng.normal(0, 0.3, 80)).clip(0).round(2)
    ids = list(range(80))
    one, two = by_customer(ids, {"service_cost": now}), by_customer(ids, {"service_cost": before})
    alone = [sm.scorecard({"service_cost": values}, spread=True) for values in (now, before)]
    assert only(one.compare(two, paired="customer"), "cost_per_customer")["significant"]
    assert not only(alone[0].compare(alone[1]), "cost_per_customer")["significant"]


def test_pairs_stay_within_the_other_keys() -> None:
    table = {"region": ["a"] * 4 + ["b"] * 3, "service_cost": [1, 2, 4, 8, 3, 5, 9]}
    later = {"region": ["a"] * 4 + ["b"] * 3, "service_cost": [2, 2, 7, 9, 1, 5, 8]}
    ids = [1, 2, 3, 4, 1, 2, 3]
    changes = by_customer(ids, later, by=["region"]).compare(by_customer(ids, table, by=["region"]), paired="customer")
    rows = {row["region"]: row for row in changes if row["metric"] == "cost_per_customer"}
    for region, part in (("a", slice(0, 4)), ("b", slice(4, 7))):
        expected = stats.ttest_rel(later["service_cost"][part], table["service_cost"][part])
        assert close(rows[region], *expected.confidence_interval(), expected.pvalue)
    # Shares of rows, too, are paired.
    first, second = ({"is_new": [True] * 5, "onboarded": [bool(int(c)) for c in bits]} for bits in ("11100", "11111"))
    everyone = [1, 2, 3, 4, 5]
    changes = by_customer(everyone, second).compare(by_customer(everyone, first), paired="customer")
    row = only(changes, "onboard_rate")
    expected = stats.ttest_rel([1, 1, 1, 1, 1], [1, 1, 1, 0, 0])
    assert close(row, *expected.confidence_interval(), expected.pvalue)


def test_one_customer_is_no_sample() -> None:
    row = only(
        by_customer([1], {"service_cost": [1]}).compare(by_customer([1], {"service_cost": [2]}), paired="customer"),
        "cost_per_customer",
    )
    assert (row["difference"], row["low"], row["p_value"], row["verdict"]) == (-1, None, None, "better")


def test_paired_money_is_exact_beyond_128_bits() -> None:
    large = [9_000_000_000_000, 8_999_999_999_999, 9_000_000_000_000]
    end, less = [value - 1 for value in large], [value - 2 for value in large]
    ids = [1, 2, 3]
    one = by_customer(ids, {"revenue_start": large, "revenue_end": end})
    two = by_customer(ids, {"revenue_start": large, "revenue_end": less})
    row = only(one.compare(two, paired="customer", metrics="recurring_revenue_rate"), "recurring_revenue_rate")
    whole = sum(large)
    difference = Fraction(3, whole)
    parts = [Fraction(y - z, whole) - difference * Fraction(x, whole) for x, y, z in zip(large, end, less, strict=True)]
    variance = Fraction(3, 2) * sum(part**2 for part in parts)
    half = float(stats.t.isf(0.025, 2)) * math.sqrt(variance)
    assert row["difference"] == float(difference)
    assert (row["high"] - row["low"]) / 2 == pytest.approx(half, rel=1e-3)  # rounding of the ends
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(float(difference) / math.sqrt(variance), 2), rel=1e-9)


def test_the_result_says_how_the_two_stand_to_each_other() -> None:
    one = by_customer([1, 2], {"service_cost": [1, 2]})
    assert one.compare(one).assumption == "the two are treated as independent of each other"
    assert "independent of each other" in repr(one.compare(one))
    paired = one.compare(one, paired="customer", level=0.9)
    assert (paired.assumption, paired.paired, paired.level) == ("the two are paired by customer", "customer", 0.9)
    assert "paired by customer; significant at 0.9" in repr(paired)
    assert (len(one.compare(one)), len(paired)) == (2 * len(one.metrics), len(one.metrics))


def test_what_cannot_be_compared_says_why() -> None:
    one = onboarding(1, 2)
    keyed = by_customer([1], {"is_new": [True], "onboarded": [True]})
    nameless = sm.scorecard({"customer": ["a", None], "is_new": [True] * 2, "onboarded": [True] * 2}, by="customer")
    calls: list[tuple[type[Exception], Callable[[], object]]] = [
        (errors.MismatchError, lambda: one.compare(keyed)),
        (errors.ColumnNotFoundError, lambda: one.compare(one, paired="customer")),
        (errors.InvalidOptionError, lambda: nameless.compare(nameless, paired="customer")),
        (errors.InvalidOptionError, lambda: one.compare(one, level=95)),
        (errors.InvalidOptionError, lambda: one.compare(one, level="high")),  # type: ignore[arg-type]
        (errors.InvalidOptionError, lambda: one.compare(one, metrics=3)),  # type: ignore[arg-type]
        (errors.InvalidOptionError, lambda: keyed.compare(keyed, paired=3)),  # type: ignore[arg-type]
        (errors.MetricNotFoundError, lambda: one.compare(one, metrics=["nonsense"])),
        (errors.ColumnNotFoundError, lambda: one.compare(one, metrics=["nps"])),
    ]
    for wrong, call in calls:
        with pytest.raises(wrong):
            call()


def test_frames_of_changes() -> None:
    changes = onboarding(1, 2).compare(onboarding(2, 2))
    assert changes.columns == COLUMNS
    assert changes.to_polars().columns == list(changes.to_pandas().columns) == COLUMNS
    assert changes.to_arrow().num_rows == 1


def test_independent_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(99)
    simulations, customers = 1_000, 60

    def card(mean: float) -> sm.Scorecard:
        n = simulations * customers
        pleased = rng.beta(4 * mean, 4 * (1 - mean), n)
        engagements = 1 + rng.negative_binomial(1, 0.2, n)
        table = {
            "simulation": np.repeat(np.arange(simulations), customers),
            "engagements": engagements,
            "positive_engagements": rng.binomial(engagements, pleased),
        }
        return sm.scorecard(table, by="simulation", metrics=["engagement_quality"], spread=True)

    rows = list(card(0.5).compare(card(0.4)))
    assert 0.93 <= sum(row["low"] <= 0.1 <= row["high"] for row in rows) / simulations <= 0.97


# Incremental returns.


def service(cost: list[int], direct: list[int], indirect: list[int], start: list[int], end: list[int]) -> sm.Scorecard:
    return sm.scorecard(
        {
            "region": ["a", "b"],
            "service_cost": cost,
            "direct_revenue": direct,
            "indirect_revenue": indirect,
            "revenue_start": start,
            "revenue_end": end,
        },
        by="region",
    )


def test_incremental_returns_are_changes_over_the_change_of_cost() -> None:
    now = service([120, 50], [200, 60], [30, 5], [100, 100], [90, 130])
    before = service([100, 50], [150, 40], [40, 5], [100, 100], [60, 100])
    frame = now.incremental(before)
    assert frame.columns == ["region", "metric", "value", "numerator", "denominator", "undefined_reason"]
    assert [tuple(row.values()) for row in frame] == [
        ("a", "incremental_direct_return", 2.5, 50, 20, None),
        ("a", "incremental_indirect_return", -0.5, -10, 20, None),
        ("a", "incremental_retained_revenue", 1.5, 30, 20, None),
        ("b", "incremental_direct_return", None, None, None, "zero_denominator"),
        ("b", "incremental_indirect_return", None, None, None, "zero_denominator"),
        ("b", "incremental_retained_revenue", None, None, None, "zero_denominator"),
    ]
    total = list(now.rollup().incremental(before.rollup()))
    assert [row["value"] for row in total] == [70 / 20, -10 / 20, 30 / 20]


def test_incremental_returns_of_what_is_there() -> None:
    cost = sm.scorecard({"service_cost": [3], "indirect_revenue": [2]})
    assert [row["metric"] for row in cost.incremental(cost)] == ["incremental_indirect_return"]
    with pytest.raises(errors.ColumnNotFoundError, match="direct_revenue"):
        sm.scorecard({"service_cost": [3]}).incremental(cost)
    with pytest.raises(errors.ColumnNotFoundError, match="service_cost"):
        cost.incremental(sm.scorecard({"indirect_revenue": [2]}))
    none = {"service_cost": np.array([], dtype=int), "indirect_revenue": np.array([], dtype=int)}
    assert [row["undefined_reason"] for row in cost.incremental(sm.scorecard(none))] == ["no_rows"]

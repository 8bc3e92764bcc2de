"""Why totals changed: against fractions of plain Python."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import svcmetrics as sm
from svcmetrics import errors

NUMBERS = ["weight", "baseline_weight", "rate", "baseline_rate", "rate_effect", "mix_effect", "effect"]
Sums = dict[str, tuple[int, int]]


def contracts(sums: Sums, **options: object) -> sm.Scorecard:
    """A card by region: contracts renewed and due."""
    table = {
        "region": np.array(list(sums), dtype=str),
        "contracts_renewed": np.array([renewed for renewed, _ in sums.values()], dtype=int),
        "contracts_due": np.array([due for _, due in sums.values()], dtype=int),
    }
    return sm.scorecard(table, by="region", **options)  # type: ignore[arg-type]


def split(now: Sums, before: Sums) -> dict[str, list[Fraction | None]]:
    """By hand, from the definition: each region's weights, rates and effects."""
    result = {}
    wholes = [sum(due for _, due in side.values()) for side in (now, before)]
    for region in sorted({*now, *before}):
        parts = [side.get(region, (0, 0)) for side in (now, before)]
        weights = [Fraction(due, whole) for (_, due), whole in zip(parts, wholes, strict=True)]
        rates = [Fraction(renewed, due) if due else None for renewed, due in parts]
        effect = Fraction(parts[0][0], wholes[0]) - Fraction(parts[1][0], wholes[1])
        if rates[0] is None or rates[1] is None:
            rate_effect, mix_effect = Fraction(0), effect
        else:
            rate_effect = (weights[0] + weights[1]) / 2 * (rates[0] - rates[1])
            mix_effect = (rates[0] + rates[1]) / 2 * (weights[0] - weights[1])
        result[region] = [*weights, *rates, rate_effect, mix_effect, effect]
    return result


def random_sums(rng: np.random.Generator) -> Sums:
    regions = rng.permutation(list("abcdef"))[: rng.integers(1, 7)]
    due = rng.integers(0, 30, len(regions)) + 1
    return {str(region): (int(rng.integers(0, d + 1)), int(d)) for region, d in zip(regions, due, strict=True)}


@pytest.mark.parametrize("seed", range(60))
def test_effects_are_those_of_the_definition_and_add_up_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    now, before = random_sums(rng), random_sums(rng)
    found = contracts(now).attribute(contracts(before), by="region")
    expected = split(now, before)
    exact = found.exact()
    assert {row["region"]: [row[name] for name in NUMBERS] for row in exact} == expected
    change = found.changes["contract_renewal_rate"]
    rate, rate_before = (
        Fraction(sum(renewed for renewed, _ in side.values()), sum(due for _, due in side.values()))
        for side in (now, before)
    )
    assert change == rate - rate_before
    assert sum(row["effect"] for row in exact) == change
    assert sum(row["rate_effect"] + row["mix_effect"] for row in exact) == change
    # The frame has the nearest doubles.
    for row, fractions in zip(found, exact, strict=True):
        assert [row[name] for name in NUMBERS] == [
            None if fractions[name] is None else float(fractions[name]) for name in NUMBERS
        ]


def test_a_segment_on_one_side_only_is_mix() -> None:
    old, new = contracts({"a": (1, 2), "gone": (3, 4)}), contracts({"a": (1, 2), "come": (1, 5)})
    rows = {row["region"]: row for row in new.attribute(old, by="region").exact()}
    assert rows["gone"]["rate"] is None
    assert (rows["gone"]["weight"], rows["gone"]["rate_effect"]) == (0, 0)
    assert rows["gone"]["mix_effect"] == -Fraction(3, 6)
    assert (rows["come"]["rate_effect"], rows["come"]["mix_effect"]) == (0, Fraction(1, 7))


def test_a_segment_without_denominator_is_mix_and_nothing_is_lost() -> None:
    def card(cost: list[int], cases: list[int]) -> sm.Scorecard:
        return sm.scorecard({"region": ["a", "b"], "service_cost": cost, "cases": cases}, by="region")

    found = card([10, 7], [5, 0]).attribute(card([10, 8], [5, 2]), by="region", metrics="cost_per_case")
    rows = found.exact()
    assert (rows[1]["rate"], rows[1]["rate_effect"]) == (None, 0)
    assert sum(row["effect"] for row in rows) == found.changes["cost_per_case"] == Fraction(17, 5) - Fraction(18, 7)


PARADOX = ({"a": (19, 20), "b": (50, 80)}, {"a": (72, 80), "b": (10, 20)})


def test_a_paradox_is_shown_as_such() -> None:
    now, before = (contracts(sums) for sums in PARADOX)
    for found, words in (
        (now.attribute(before, by="region"), "all rose, the total fell"),
        (before.attribute(now, by="region"), "all fell, the total rose"),
    ):
        assert found.paradoxes == ["contract_renewal_rate"]
        assert [row["paradox"] for row in found] == [True, True]
        assert f"paradox: the segments of contract_renewal_rate {words}" in repr(found)
    # Were one region not better, it would be none.
    other = contracts({"a": (18, 20), "b": (50, 80)}).attribute(before, by="region")
    assert other.paradoxes == []
    assert "paradox:" not in repr(other)
    assert now.attribute(now, by="region").paradoxes == []


def test_all_quotients_that_both_have_are_split() -> None:
    table = {"region": ["a", "b"], "revenue_start": [10, 20], "revenue_end": [11, 15], "nps_score": [10, 3]}
    one = sm.scorecard(table, by="region")
    two = sm.scorecard({name: table[name] for name in table if name != "nps_score"}, by="region")
    found = one.attribute(two, by="region")
    metrics = {row["metric"] for row in found}
    assert "net_revenue_retention" in metrics
    assert metrics.isdisjoint({"nps", "revenue_end", "health", "renewal_gap"})
    assert set(one.attribute(one, by="region", metrics=["nps"]).changes) == {"nps"}
    assert found.columns == ["region", "metric", *NUMBERS, "paradox"]


def test_segments_may_be_coarser_than_the_card() -> None:
    table = {
        "region": ["a", "a", "b"],
        "plan": ["x", "y", "x"],
        "contracts_due": [3, 4, 5],
        "contracts_renewed": [1, 2, 3],
    }
    card = sm.scorecard(table, by=["region", "plan"])
    by_region = card.attribute(card.rollup(["region", "plan"]), by="region")
    assert by_region.rows() == card.rollup("region").attribute(card, by=["region"]).rows()
    assert [row["region"] for row in by_region] == ["a", "b"]
    assert len(card.attribute(card, by=["plan", "region"])) == 3


def test_where_the_total_is_undefined_there_is_nothing_to_split() -> None:
    found = contracts({"a": (0, 0)}).attribute(contracts({"a": (1, 2)}), by="region")
    assert found.changes == {"contract_renewal_rate": None}
    (row,) = found.exact()
    assert [row[name] for name in NUMBERS] == [None, 1, None, Fraction(1, 2), None, None, None]
    assert found.paradoxes == []
    stock = {"period": ["1", "2"], "revenue_start": [1, 2], "revenue_end": [2, 3]}
    card = sm.scorecard(stock, by="period")
    assert card.attribute(card, by="period").changes["net_revenue_retention"] is None


def test_no_groups_have_no_segments() -> None:
    found = contracts({}).attribute(contracts({"a": (1, 2)}), by="region")
    assert found.changes == {"contract_renewal_rate": None}
    empty = contracts({}).attribute(contracts({}), by="region")
    assert (len(empty), empty.columns) == (0, ["region", "metric", *NUMBERS, "paradox"])


def test_what_cannot_be_split_says_why() -> None:
    card = contracts({"a": (1, 2)})
    for wrong, by, metrics in (
        (errors.InvalidOptionError, [], None),
        (errors.ColumnNotFoundError, "plan", None),
        (errors.ColumnNotFoundError, "region", "nps"),
        (errors.MetricNotFoundError, "region", "nonsense"),
        (errors.InvalidOptionError, "region", 3),
        (errors.InvalidOptionError, 3, None),
    ):
        with pytest.raises(wrong):
            card.attribute(card, by, metrics=metrics)  # type: ignore[arg-type]
    money = sm.scorecard({"region": ["a"], "service_cost": [1]}, by="region")
    with pytest.raises(errors.InvalidOptionError, match="quotients"):
        money.attribute(money, "region", metrics="service_cost")
    numbers = sm.scorecard({"region": [1], "contracts_due": [1], "contracts_renewed": [1]}, by="region")
    with pytest.raises(errors.MismatchError, match="keys"):
        card.attribute(numbers, "region")
    with pytest.raises(errors.MismatchError, match="scale"):
        card.attribute(contracts({"a": (1, 2)}, scale=2), "region")


def test_definitions_that_differ_are_not_compared() -> None:
    def scores(mark: int) -> sm.Scorecard:
        return sm.scorecard({"region": ["a"], "csat_score": [4]}, by="region", csat_satisfied_from=mark)

    with pytest.raises(errors.MismatchError, match="csat_satisfied_from"):
        scores(3).attribute(scores(4), "region")
    table = {"region": ["a"], "milestones_met": [1], "milestones_total": [2], "revenue_end": [1], "revenue_start": [1]}
    one = sm.scorecard(table, by="region", health=sm.HealthModel({"adoption_rate": 1}))
    two = sm.scorecard(table, by="region", health=sm.HealthModel({"adoption_rate": 2, "net_revenue_retention": 1}))
    with pytest.raises(errors.MismatchError, match="health model"):
        one.attribute(two, "region")
    assert one.attribute(two, "region", metrics="adoption_rate").changes == {"adoption_rate": 0}

"""Relations of two metrics over customers, against scipy and numpy."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import svcmetrics as sm
from frame_kinds import MakeFrame
from svcmetrics import errors

X, Y = "adoption_rate", "engagements_per_customer"
#: What rounding may make of sums over some hundred customers.
CLOSE = 1e-12


def table_of(x: Any, y: Any, **more: Any) -> dict[str, Any]:
    """Customers whose adoption rate is x of 1000, and whose engagements are y."""
    return {"milestones_met": x, "milestones_total": [1000] * len(x), "engagements": y, **more}


def only(relation: sm.Relation) -> dict[str, Any]:
    (row,) = relation
    return row


def random_pairs(count: int, ties: int, seed: int) -> tuple[list[int], list[int]]:
    generator = np.random.default_rng(seed)
    x = generator.integers(0, ties, count)
    y = np.maximum(0, x + generator.integers(-ties, ties, count))
    return x.tolist(), y.tolist()


# Correlation


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize(("count", "ties"), [(4, 1000), (10, 1000), (300, 1000), (300, 5)])
def test_correlations_and_intervals_are_those_of_scipy(count: int, ties: int, level: float) -> None:
    x, y = random_pairs(count, ties, seed=count + ties)
    row = only(sm.relate(table_of(x, y), X, Y, level=level))
    pearson = stats.pearsonr(np.array(x) / 1000, y)
    interval = pearson.confidence_interval(level)
    found = [row["pearson"], row["pearson_low"], row["pearson_high"]]
    assert found == pytest.approx([pearson.statistic, interval.low, interval.high], rel=CLOSE, abs=CLOSE)
    spearman = stats.spearmanr(x, y).statistic
    half = stats.norm.ppf(0.5 + level / 2) * math.sqrt((1 + spearman**2 / 2) / (count - 3))
    ends = np.tanh([np.arctanh(spearman) - half, np.arctanh(spearman) + half])
    found = [row["spearman"], row["spearman_low"], row["spearman_high"]]
    assert found == pytest.approx([spearman, *ends], rel=CLOSE, abs=CLOSE)
    assert (row["customers"], row["left_out"], row["undefined_reason"]) == (count, 0, None)


def test_values_far_from_0_keep_their_correlation() -> None:
    # The textbook sum of products less the product of sums has no digit left here.
    x = [999_990, 999_991, 999_993, 999_996, 999_999]
    y = [10**9 + value for value in (1, 2, 2, 5, 4)]
    table = {"milestones_met": x, "milestones_total": [10**6] * 5, "engagements": y}
    expected = stats.pearsonr([0, 1, 3, 6, 9], [1, 2, 2, 5, 4]).statistic
    assert only(sm.relate(table, X, Y))["pearson"] == pytest.approx(expected, rel=1e-9)


def test_a_correlation_needs_three_customers_and_something_that_varies() -> None:
    def relate(x: list[int], y: list[int]) -> dict[str, Any]:
        return only(sm.relate(table_of(x, y), X, Y))

    for row, reason in [
        (relate([], []), "too_few_customers"),
        (relate([1, 2], [1, 2]), "too_few_customers"),
        (relate([7, 7, 7], [1, 2, 3]), "no_variance_of_x"),
        (relate([1, 2, 3], [7, 7, 7]), "no_variance_of_y"),
        (relate([7, 7, 7], [7, 7, 7]), "no_variance_of_x"),
    ]:
        assert row["undefined_reason"] == reason
        assert [value for name, value in row.items() if name.startswith(("pearson", "spearman"))] == [None] * 6
    three = relate([1, 2, 3], [1, 2, 4])
    assert (three["pearson_low"], three["pearson_high"]) == (-1, 1)
    assert (three["spearman"], three["spearman_low"], three["spearman_high"]) == (1, -1, 1)
    four = relate([1, 2, 3, 4], [8, 6, 4, 2])
    assert (four["pearson"], four["pearson_low"], four["pearson_high"]) == (-1, -1, -1)


# Who is related


def test_customers_are_left_out_and_counted_by_what_they_lack() -> None:
    table: dict[str, Any] = {
        "milestones_met": [1, 2, 4, None, 0, 1, None],
        "milestones_total": [4, 4, 4, 4, 0, 4, 4],
        "engagements": [1, 2, 3, 4, 5, None, None],
    }
    row = only(sm.relate(table, X, Y))
    counts = [row[name] for name in ("customers", "left_out", "x_undefined", "y_undefined", "both_undefined")]
    assert counts == [3, 4, 2, 1, 1]
    table["milestones_met"][0] = 9
    with pytest.raises(errors.InvalidValueError, match="milestones_met"):
        sm.relate(table, X, Y)
    assert only(sm.relate(table, X, Y, on_invalid="skip"))["x_undefined"] == 3


def test_every_kind_of_frame_is_related_by_group(as_frame: MakeFrame) -> None:
    x, y = [100, 200, 300, 400, 900, 800, 700], [1, 3, 2, 4, 5, 6, 8]
    table = table_of(x, y, plan=["b", "b", "b", "b", "a", "a", "a"])
    relation = sm.relate(as_frame(table), X, Y, by="plan", quantiles=2)
    rows = {row["plan"]: row for row in relation}
    assert list(rows) == ["a", "b"]
    assert rows["a"]["pearson"] == pytest.approx(stats.pearsonr(x[4:], y[4:]).statistic, rel=CLOSE)
    assert rows["b"]["spearman"] == pytest.approx(0.8, rel=CLOSE)
    assert [(row["plan"], row["quantile"], row["customers"], row["mean"]) for row in relation.lift] == [
        *[("a", 1, 1, 8.0), ("a", 2, 2, 5.5), ("b", 1, 2, 2.0), ("b", 2, 2, 3.0)],
    ]


def test_batches_of_a_stream_give_the_bits_of_the_whole() -> None:
    x, y = random_pairs(5000, 50, seed=1)
    table = pa.table(table_of(x, y, plan=["a", "b"] * 2500))
    parts = pa.Table.from_batches(table.to_batches(max_chunksize=700))
    whole, stream = (sm.relate(frame, X, Y, by="plan") for frame in (table, parts))
    assert whole.rows() == stream.rows()
    assert whole.lift.rows() == stream.lift.rows()


def test_health_is_the_customers_own_score() -> None:
    model = sm.HealthModel({"adoption_rate": 3, "renewal_commitment_rate": 1}, among=None)
    table: dict[str, Any] = {
        "milestones_met": [1, 2, 3, 4, None, 2],
        "milestones_total": [4] * 6,
        "is_active": [True] * 5 + [False],
        "committed": [True, False, True, True, True, None],
        "cases": [10, 10, 10, 10, 10, 10],
        "defect_cases": [9, 7, 5, 1, 1, 2],
        "region": ["north"] * 6,
    }
    scores = [row["score"] for row in sm.health_scores(table, model)]
    kept = [(score, defects) for score, defects in zip(scores, table["defect_cases"], strict=True) if score is not None]
    expected = stats.pearsonr(*zip(*kept, strict=True)).statistic
    for name in ("health", "customer_health"):
        row = only(sm.relate(table, name, "defect_share", health=model, by="region"))
        assert (row["x"], row["customers"]) == (name, len(kept))
        assert row["pearson"] == pytest.approx(expected, rel=CLOSE)


def test_differences_and_amounts_and_renamed_columns_are_related_too() -> None:
    table = {
        "open": [100, 100, 100, 100],
        "close": [100, 150, 80, 0],
        "contracts_due": [2, 2, 2, 2],
        "contracts_renewed": [2, 1, 1, 0],
    }
    columns = {"revenue_start": "open", "revenue_end": "close"}
    row = only(sm.relate(table, "renewal_gap", "net_recurring_revenue", columns=columns))
    assert row["pearson"] == pytest.approx(stats.pearsonr([0, 1, 0.3, 0], [0, 50, -20, -100]).statistic, rel=CLOSE)
    ledger = {**table, "close": [100, 150, 80, None]}
    with pytest.raises(errors.AbsentRevenueError):
        sm.relate(ledger, "renewal_gap", "net_recurring_revenue", columns=columns)
    zero = sm.relate(ledger, "renewal_gap", "net_recurring_revenue", columns=columns, absent_revenue="zero")
    assert only(zero)["pearson"] == row["pearson"]


def test_a_metric_goes_with_itself() -> None:
    row = only(sm.relate(table_of([1, 5, 3, 8], [1, 1, 1, 1]), X, X))
    assert (row["pearson"], row["spearman"], row["pearson_low"]) == (1, 1, 1)


# Lift


@pytest.mark.parametrize("quantiles", [2, 3, 4, 10])
def test_lifts_are_means_of_bins_of_equally_many_customers(quantiles: int) -> None:
    generator = np.random.default_rng(quantiles)
    x = generator.permutation(60)
    y = x + generator.integers(0, 40, 60)
    lifts = list(sm.relate(table_of(x, y), X, Y, quantiles=quantiles).lift)
    frame = pd.DataFrame({"x": x, "y": y, "bin": pd.qcut(x, quantiles, labels=False)})
    z = stats.norm.ppf(0.975)
    for row, (_, group) in zip(lifts, frame.groupby("bin"), strict=True):
        half = z * group["y"].std(ddof=1) / math.sqrt(len(group))
        expected = np.array([group["y"].mean(), group["y"].mean() - half, group["y"].mean() + half]) / y.mean()
        assert [row["lift"], row["low"], row["high"]] == pytest.approx(expected, rel=CLOSE)
        assert (row["x_low"], row["x_high"]) == (group["x"].min() / 1000, group["x"].max() / 1000)
        assert (row["customers"], row["mean"]) == (60 // quantiles, pytest.approx(group["y"].mean(), rel=CLOSE))


def test_customers_of_one_x_stay_together_and_a_quantile_may_be_empty() -> None:
    lifts = list(sm.relate(table_of([0, 0, 0, 0, 0, 0, 5, 9], [1, 1, 1, 1, 1, 1, 2, 8]), X, Y).lift)
    # The six stand at rank 3.5 of 8, in the second quarter; the others at 7 and 8, in the last.
    assert [row["customers"] for row in lifts] == [0, 6, 0, 2]
    assert [row["undefined_reason"] for row in lifts] == ["no_customers", None, "no_customers", None]
    assert (lifts[0]["x_low"], lifts[0]["mean"], lifts[0]["lift"], lifts[0]["low"]) == (None,) * 4
    assert [row["lift"] for row in lifts] == [None, 0.5, None, 2.5]
    assert (lifts[1]["low"], lifts[1]["high"]) == (0.5, 0.5)


def test_one_customer_has_a_lift_and_no_interval() -> None:
    lifts = list(sm.relate(table_of([1, 2, 3, 4], [1, 2, 3, 4]), X, Y).lift)
    assert [(row["lift"], row["low"], row["high"]) for row in lifts] == [
        *[(0.4, None, None), (0.8, None, None), (1.2, None, None), (1.6, None, None)],
    ]
    nobody = list(sm.relate(table_of([], []), X, Y).lift)
    assert [(row["quantile"], row["customers"]) for row in nobody] == [(1, 0), (2, 0), (3, 0), (4, 0)]


def test_a_mean_of_0_has_no_lift_and_one_below_0_turns_the_sides() -> None:
    table = {"milestones_met": [1, 2, 3, 4], "milestones_total": [4] * 4, "investment": [10] * 4}
    for benefits, means in [([9, 11, 8, 12], [0.0, 0.0]), ([11, 13, 7, 9], [0.2, -0.2])]:
        lifts = list(sm.relate({**table, "benefit": benefits}, X, "roi", quantiles=2).lift)
        assert [row["mean"] for row in lifts] == pytest.approx(means, abs=CLOSE)
        assert [(row["lift"], row["low"], row["undefined_reason"]) for row in lifts] == [
            (None, None, "mean_is_zero")
        ] * 2
    for row in sm.relate({**table, "benefit": [5, 3, 7, 9]}, X, "roi", quantiles=2).lift:
        assert row["low"] < row["lift"] < row["high"]


# Refused


def test_options_that_cannot_be_are_refused() -> None:
    table, no_number = table_of([1, 2, 3], [1, 2, 3]), "a number between 0 and 1"
    wrong: list[tuple[dict[str, Any], str]] = [
        *[({"quantiles": found}, "from 2 to 1000") for found in (1, 0, -1, 1001, 2**40, 2.5, True, "4", None)],
        *[({"level": found}, no_number) for found in (0.0, 1.0, -0.5, 95.0, 1, math.nan, math.inf, "0.95", None)],
    ]
    for options, expected in wrong:
        with pytest.raises(errors.InvalidOptionError, match=f"^{next(iter(options))}: found .*{expected}"):
            sm.relate(table, X, Y, **options)
    something: Any = 3
    with pytest.raises(errors.InvalidOptionError, match="y: found 3; expected the id"):
        sm.relate(table, X, something)
    with pytest.raises(errors.MetricNotFoundError, match="did you mean 'adoption_rate'"):
        sm.relate(table, "adoptoin_rate", Y)
    with pytest.raises(errors.ColumnNotFoundError, match="onboarded"):
        sm.relate(table, X, "onboard_rate")
    with pytest.raises(errors.KeyNameError, match="'pearson' is named like a column"):
        sm.relate({**table, "pearson": [1, 2, 3]}, X, Y, by="pearson")


def test_a_relation_goes_to_frames() -> None:
    relation = sm.relate(table_of([1, 2, 3, 4], [1, 3, 2, 4]), X, Y, level=0.9)
    assert (relation.x, relation.y, relation.level) == (X, Y, 0.9)
    assert isinstance(relation.to_polars(), pl.DataFrame)
    assert relation.lift.to_pandas()["lift"].sum() == pytest.approx(4)


# Laws

numbers = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40)


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(numbers, st.integers(2, 7))
def test_what_holds_for_every_relation(pairs: list[tuple[int, int]], quantiles: int) -> None:
    x, y = ([pair[place] for pair in pairs] for place in (0, 1))
    relation = sm.relate(table_of(x, y), X, Y, quantiles=quantiles)
    row, lifts = only(relation), list(relation.lift)
    assert not any(
        isinstance(cell, float) and not math.isfinite(cell) for frame in (row, *lifts) for cell in frame.values()
    )
    turned = only(sm.relate(table_of(y, x), X, Y))
    if row["pearson"] is None:
        reason = str(row["undefined_reason"])
        assert reason == "too_few_customers" or len(set(x)) == 1 or len(set(y)) == 1
        assert turned["pearson"] is None
    else:
        assert turned["pearson"] == pytest.approx(row["pearson"], abs=CLOSE)
        for name in ("pearson", "spearman"):
            assert -1 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"] <= 1
    # Every customer is in one bin, all of one x in the same, in the order of x.
    assert sum(each["customers"] for each in lifts) == len(pairs)
    filled = [each for each in lifts if each["customers"]]
    assert all(one["x_high"] < other["x_low"] for one, other in itertools.pairwise(filled))
    if sum(y):
        assert sum(each["lift"] * each["customers"] for each in filled) == pytest.approx(len(pairs), rel=1e-9)
    if len(set(x)) == len(x):
        assert max(each["customers"] for each in lifts) - min(each["customers"] for each in lifts) <= 1

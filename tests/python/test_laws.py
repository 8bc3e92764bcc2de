"""Laws that hold for every table: merging, rolling up, order, conservation, identities, round trips."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import svcmetrics as sm
from subjects import MEASURED_OF_CUSTOMERS

settings.register_profile("laws", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("laws")

Rows = list[dict[str, Any]]

FLAGS = (
    *("is_new", "onboarded", "reached_goal", "is_active", "committed", "loss_avoidable"),
    *("has_service_contract", "is_subscriber", "upgraded"),
)
COUNTS = (
    *("licenses_used", "licenses_sold", "basic_users", "advanced_users", "cases", "defect_cases"),
    *("product_sales", "service_attached", "nps_score"),
    *("milestones_met", "milestones_total", "goals_met", "goals_total", "contracts_due", "contracts_renewed"),
    *("engagements", "positive_engagements", "negative_engagements"),
)
AMOUNTS = (
    *("service_minutes", "downtime_minutes", "revenue_start", "revenue_end", "tenure_months", "benefit", "investment"),
    *("service_cost", "defect_cost", "direct_revenue", "indirect_revenue", "csat_score", "effort_score"),
)
WORDS = {
    "loss_reason": ("price",),
    "impact": ("positive", "neutral", "negative"),
    "risk": ("none", "downgrade", "defection"),
}
SCALES: dict[str, Any] = {"csat_satisfied_from": 4, "effort_scale": (1, 7)}
MOVEMENTS = [
    f"revenue_{name}" for name in ("start", "end", "new", "expansion", "contraction", "churn", "added", "lost")
]


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


#: Small numbers that often meet or cross each other, and a few that are large or below 0.
whole = st.integers(0, 6) | st.sampled_from([-1, 2**40])
amount = st.sampled_from(["0", "0", "0.000001", "19.99", "20", "100", "-1", "9000000000000.000001"]).map(Decimal)
row = st.fixed_dictionaries(
    {
        "region": maybe(st.sampled_from(["north", "south", "a\u0000"])),
        "period": maybe(st.sampled_from(["2026-01", "2026-02"])),
        **{name: maybe(st.booleans()) for name in FLAGS},
        **{name: maybe(whole) for name in COUNTS},
        **{name: maybe(amount) for name in AMOUNTS},
        **{name: maybe(st.sampled_from(words)) for name, words in WORDS.items()},
    }
)
tables = st.lists(row, max_size=12)


def columns_of(rows: Rows) -> dict[str, Any]:
    """Columns of objects, also of no rows."""
    names = ("region", "period", *FLAGS, *COUNTS, *AMOUNTS, *WORDS)
    columns = {}
    for name in names:
        columns[name] = np.empty(len(rows), dtype=object)
        columns[name][:] = [values[name] for values in rows]
    return columns


def scorecard(rows: Rows, by: Sequence[str] = ("region", "period"), **options: Any) -> sm.Scorecard:
    return sm.scorecard(columns_of(rows), by, **{"absent_revenue": "zero", "on_invalid": "skip", **SCALES, **options})


def tidy(card: sm.Scorecard) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {(*row[: len(card.keys)], row[len(card.keys)]): values for row, values in named_rows(card)}


def named_rows(card: sm.Scorecard) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    frame = card.tidy()
    return [(row, dict(zip(frame.columns, row, strict=True))) for row in frame.rows()]


def without_unique(card: sm.Scorecard) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(card.to_json())
    del document["unique_checked"]
    return document


@given(tables, st.data())
def test_parts_merged_in_any_order_are_the_whole(rows: Rows, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    parts = [[row for row, place in zip(rows, places, strict=True) if place == part] for part in range(4)]
    cards = data.draw(st.permutations([scorecard(part) for part in parts]))
    whole_card = scorecard(rows)
    assert sm.merge(cards) == whole_card
    assert sm.merge(cards).to_json() == whole_card.to_json()
    assert cards[0] + cards[1] + cards[2] + cards[3] == (cards[3] + cards[2]) + (cards[1] + cards[0]) == whole_card
    assert sm.merge(cards, how="common").tidy().rows() == whole_card.tidy().rows()


@given(tables)
def test_a_merge_no_longer_knows_whether_customers_were_checked(rows: Rows) -> None:
    table = {**columns_of(rows), "customer_id": np.arange(len(rows))}
    card = sm.scorecard(table, absent_revenue="zero", on_invalid="skip", **SCALES)
    nothing = sm.scorecard(columns_of([]), **SCALES)
    assert (card.unique, (card + nothing).unique) == ("checked", "unknown")
    assert without_unique(card + nothing) == without_unique(card)


@given(tables)
def test_rolling_up_is_grouping_coarser(rows: Rows) -> None:
    card = scorecard(rows)
    assert card.rollup("period") == scorecard(rows, by=("period",))
    assert card.rollup(["period", "region"]) == scorecard(rows, by=("period", "region"))
    timeless = scorecard([{**values, "period": "2026-01"} for values in rows], by=("region",))
    assert timeless.rollup() == scorecard(rows, by=())


@given(tables, st.data())
def test_the_order_of_rows_never_matters(rows: Rows, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert scorecard(list(shuffled)).to_json() == scorecard(rows).to_json()


@given(tables, st.integers(1, 5))
def test_batches_are_the_same_as_one_table(rows: Rows, size: int) -> None:
    arrays = {name: pa.array(values, from_pandas=False) for name, values in columns_of(rows).items()}
    table = pa.table(arrays)
    options: dict[str, Any] = {"by": ["region", "period"], "absent_revenue": "zero", "on_invalid": "skip"}
    assert sm.scorecard(table.to_reader(max_chunksize=size), **options) == sm.scorecard(table, **options)


@given(tables)
def test_every_row_is_judged_once_for_every_metric(rows: Rows) -> None:
    card = scorecard(rows)
    counts = {group[:2]: group[2] for group in card.wide().rows()}
    assert sum(counts.values()) == card.quality.rows == len(rows)
    for key, values in tidy(card).items():
        judged = [values[name] for name in ("counted", "missing", "invalid", "outside")]
        made_of_others = sm.catalog()[values["metric"]].kind == "derived" or values["metric"] == "health"
        assert (judged == [None] * 4) if made_of_others else (sum(judged) == counts[key[:2]]), key


@given(tables)
def test_the_movements_of_revenue_explain_all_of_it(rows: Rows) -> None:
    by_key = tidy(scorecard(rows))
    for region, period in {key[:2] for key in by_key}:
        found = {metric: by_key[region, period, metric]["numerator"] for metric in MOVEMENTS}
        if found["revenue_start"] is None:
            assert set(found.values()) == {None}
            continue
        assert found["revenue_end"] == (
            found["revenue_start"]
            + found["revenue_new"]
            + found["revenue_expansion"]
            - found["revenue_contraction"]
            - found["revenue_churn"]
        )
        assert found["revenue_added"] == found["revenue_new"] + found["revenue_expansion"]
        assert found["revenue_lost"] == found["revenue_churn"] + found["revenue_contraction"]
        net = by_key[region, period, "net_recurring_revenue"]["numerator"]
        assert net == found["revenue_added"] - found["revenue_lost"] == found["revenue_end"] - found["revenue_start"]


@given(tables)
def test_figures_are_quotients_and_shares_stay_within_0_and_1(rows: Rows) -> None:
    for values in tidy(scorecard(rows)).values():
        numerator, denominator, value = values["numerator"], values["denominator"], values["value"]
        assert (value is None) == (values["undefined_reason"] is not None)
        if denominator is not None:
            assert value == float(Fraction(numerator) / Fraction(denominator))
            if sm.catalog()[values["metric"]].kind == "share":
                assert 0 <= numerator <= denominator
        elif numerator is not None:
            assert value == float(numerator)


@given(tables)
def test_contributions_add_up_to_the_score(rows: Rows) -> None:
    table = columns_of(rows)
    scores = sm.health_scores(table, absent_revenue="zero", on_invalid="skip")
    assert len(scores) == len(rows)
    for found in scores:
        points = [value for name, value in found.items() if name.endswith("_points") and value is not None]
        if found["score"] is None:
            assert (points, found["band"]) in (([], None), ([], "unknown"))
        else:
            assert sum(points) == Decimal(str(found["score"]))
            assert 0 <= found["score"] <= 100


@given(
    st.dictionaries(
        st.sampled_from(["adoption_rate", "success_rate", "availability", "customer_churn_rate", "roi"]),
        st.tuples(st.decimals("0.001", 100, places=3), st.floats(-2, 2), st.floats(-2, 2)),
        min_size=1,
    ),
    st.dictionaries(st.sampled_from(MEASURED_OF_CUSTOMERS), st.none() | st.floats(-3, 3)),
    st.sampled_from(["renormalize", "zero", "require"]),
)
def test_an_explanation_adds_up_to_the_score_and_to_100(
    parts: Mapping[str, tuple[Decimal, float, float]], values: Mapping[str, float | None], missing: Any
) -> None:
    components = {name: sm.Component(w, low, high) for name, (w, low, high) in parts.items() if low != high}
    if not components:
        return
    model = sm.HealthModel(components, missing=missing, min_coverage=0)
    why = model.explain({name: value for name, value in values.items() if name in components})
    assert [part.metric for part in why.contributions] == list(components)
    points = [part.points for part in why.contributions if part.points is not None]
    lost = [part.lost for part in why.contributions if part.lost is not None]
    if why.score is not None:
        assert sum(points) == why.score
        assert sum(points) + sum(lost) == 100
        assert all(value >= 0 for value in [*points, *lost])


@given(tables)
def test_cards_survive_json_pickle_and_copies(rows: Rows) -> None:
    card = scorecard(rows)
    for other in (
        sm.Scorecard.from_json(card.to_json()),
        pickle.loads(pickle.dumps(card)),
        copy.copy(card),
        copy.deepcopy(card),
    ):
        assert other == card
        assert hash(other) == hash(card)
        assert other.to_json() == card.to_json()
        assert other.tidy().rows() == card.tidy().rows()
    for metric in card.metrics:
        for figure in card[metric].values():
            assert pickle.loads(pickle.dumps(figure)) == copy.deepcopy(figure) == figure


@given(tables)
def test_measures_survive_every_library(rows: Rows) -> None:
    card = scorecard(rows)
    measures = card.measures()
    for frame in (
        measures,
        measures.to_arrow(),
        measures.to_polars(),
        measures.to_pandas(amounts="decimal"),
        pa.concat_tables([measures.to_arrow().slice(0, 1), measures.to_arrow().slice(1)]),
        measures.to_polars().reverse(),
    ):
        back = sm.Scorecard.from_measures(frame, by=["region", "period"], **SCALES)
        assert back.tidy().rows() == card.tidy().rows()
        assert back.measures().rows() == measures.rows()
        assert (back.keys, back.period, back.unique) == (card.keys, "period", "unknown")


@given(tables)
def test_totals_added_up_by_another_tool_are_the_rolled_up_card(rows: Rows) -> None:
    card = scorecard(rows)
    frame: Any = card.measures().to_pandas(amounts="decimal").drop(columns="region")
    sums = frame.groupby("period", dropna=False).sum()
    summed = pd.concat([sums.index.to_frame(), sums], axis=1).reset_index(drop=True)
    expected = card.rollup("period")
    if rows:
        assert sm.Scorecard.from_measures(summed, by="period", **SCALES).tidy().rows() == expected.tidy().rows()


@pytest.mark.parametrize("metric", MEASURED_OF_CUSTOMERS)
@given(rows=tables)
@settings(max_examples=5)
def test_a_metric_asked_for_alone_is_the_same_as_among_all(metric: str, rows: Rows) -> None:
    alone, among_all = scorecard(rows, metrics=[metric]), scorecard(rows)
    assert alone.metrics == [metric]
    assert alone[metric] == among_all[metric]
    parts = [scorecard(rows[:3], metrics=[metric]), scorecard(rows[3:], metrics=[metric])]
    assert sm.merge(parts) == alone
    assert sm.Scorecard.from_json(alone.to_json()) == alone
    assert alone.rollup("period")[metric] == among_all.rollup("period")[metric]


@pytest.mark.parametrize("metric", MEASURED_OF_CUSTOMERS)
def test_flows_add_over_time_and_stocks_do_not(metric: str) -> None:
    one: dict[str, Any] = {
        **dict.fromkeys((*FLAGS, *COUNTS), 1),
        **dict.fromkeys(AMOUNTS, Decimal(5)),
        "region": "north",
        "period": "2026-01",
        **{name: words[-1] for name, words in WORDS.items()},
        "negative_engagements": 0,
        "revenue_start": Decimal(9),
        "downtime_minutes": Decimal(1),
    }
    grown = {**one, "period": "2026-02", "revenue_start": Decimal(0), "revenue_end": Decimal(7)}
    card = scorecard([one, grown])
    by_region = card.rollup("region")
    if sm.catalog()[metric].time == "stock":
        assert by_region[metric]["north"].undefined_reason == "not_additive_over_time"
    else:
        assert by_region[metric] == scorecard([one, grown], by=("region",))[metric]
        assert by_region[metric]["north"].defined
    assert by_region.period is None

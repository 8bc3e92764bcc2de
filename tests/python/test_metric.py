"""Metrics of one's own: as values, in scorecards, health models and checks, and what is wrong with them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame
from svcmetrics import errors
from svcmetrics.errors import InvalidDefinitionError

CASES_PER_LICENSE = sm.metric(
    "cases_per_license", numerator="cases", denominator="licenses_sold", unit="number", better="lower"
)
EMAIL_SHARE = sm.metric(
    "email_share",
    numerator=sm.count(where="medium is email"),
    denominator=sm.count(),
    kind="share",
    title="Cases by e-mail",
    source="our handbook",
    columns={"medium": ["email", "phone"]},
)
NET_GAIN = sm.metric(
    "net_gain",
    numerator=2 * sm.total("gain - loss", where="is_active") - sm.total("fee", kind="money") + sm.count(),
    among="region_rank <= 3",
    time="stock",
)
OWN = [CASES_PER_LICENSE, EMAIL_SHARE, NET_GAIN]
TABLE: dict[str, list[Any]] = {
    "plan": ["a", "a", "b", "b"],
    "cases": [3, 1, 5, None],
    "licenses_sold": [2, 6, 0, 4],
    "medium": ["email", "phone", "email", None],
    "gain": [Decimal("1.5"), Decimal(2), Decimal(0), Decimal(1)],
    "loss": [Decimal("0.25"), Decimal(-1), Decimal(3), Decimal(1)],
    "fee": [Decimal(1), Decimal(1), Decimal("0.5"), Decimal(1)],
    "is_active": [True, False, True, True],
    "region_rank": [Decimal(1), Decimal(3), Decimal(3), Decimal(4)],
}


def by_key(card: sm.Scorecard, metric: str) -> dict[Any, Any]:
    return {key: figure.value for key, figure in card[metric].items()}


# Values


@pytest.mark.parametrize("metric", OWN, ids=repr)
def test_a_metric_survives_json_toml_pickle_and_copies(metric: sm.Metric) -> None:
    for other in (
        sm.Metric.from_json(metric.to_json()),
        *sm.Metric.read_toml(metric.to_toml()),
        pickle.loads(pickle.dumps(metric)),
        copy.deepcopy(metric),
    ):
        assert other == metric
        assert hash(other) == hash(metric)
        assert (other.id, repr(other), other.definition) == (metric.id, repr(metric), metric.definition)
    assert metric != sm.metric("other", numerator="cases")
    assert len({*OWN, *map(copy.copy, OWN)}) == len(OWN)


def test_a_metric_tells_its_definition() -> None:
    assert EMAIL_SHARE.definition == sm.Definition(
        id="email_share",
        title="Cases by e-mail",
        kind="share",
        time="flow",
        better="neither",
        formula="(rows where medium is email) / rows",
        among=None,
        columns=("medium",),
        unit="fraction",
        source="our handbook",
        family="Own",
        reading="",
        edge_cases=(),
    )
    assert NET_GAIN.definition.formula == "2 x (gain - loss where is_active) - fee + rows"
    assert (NET_GAIN.definition.kind, NET_GAIN.definition.unit, NET_GAIN.definition.time) == (
        "amount",
        "money",
        "stock",
    )
    read = {"region_rank": "signed_money", "gain": "signed_money", "loss": "signed_money"}
    assert NET_GAIN.columns == read | {"is_active": "flag", "fee": "money"}


def test_a_text_is_a_total() -> None:
    texts = sm.metric("own", numerator="benefit - investment", denominator="investment")
    totals = sm.metric("own", numerator=sm.total("benefit - investment"), denominator=sm.total("investment"))
    assert texts == totals


def test_sums_add_and_take_whole_factors() -> None:
    one, other = sm.total("a"), sm.count(where="b")
    assert one - 2 * other == one + other * -2
    assert (one - 2 * other).terms == (sm.Term("a"), sm.Term(None, "b", None, -2))
    assert (-(3 * (one + other))).terms == (sm.Term("a", times=-3), sm.Term(None, "b", times=-3))
    for factor in (0.5, Decimal(2), True):
        with pytest.raises(InvalidDefinitionError, match="whole number"):
            factor * one  # type: ignore[operator]
    for wrong in (lambda: one + "b", lambda: one - 1, lambda: one * "2"):  # type: ignore[operator]
        with pytest.raises(TypeError):
            wrong()


def test_sums_of_many_terms_read_back() -> None:
    many = sm.metric("own", numerator=sum((sm.total(f"c{i}") for i in range(1, 40)), start=sm.total("c0")))
    assert sm.Metric.from_json(many.to_json()) == many
    assert len(many.columns) == 40


# In scorecards


def test_ids_and_metrics_stand_side_by_side(as_frame: MakeFrame) -> None:
    card = sm.scorecard(as_frame(TABLE), by="plan", metrics=[CASES_PER_LICENSE, NET_GAIN])
    assert card.metrics == ["cases_per_license", "net_gain"]
    assert by_key(card, "cases_per_license") == {"a": 0.5, "b": None}
    assert card["cases_per_license"]["b"].undefined_reason == "zero_denominator"
    # 2 x 1.25 - 1 + 1 and - 1 + 1 in a; 2 x -3 - 0.5 + 1 in b, the last row is of rank 4.
    assert by_key(card, "net_gain") == {"a": Decimal("2.5"), "b": Decimal("-5.5")}
    counts = card.quality.metrics
    assert [counts["cases_per_license"][name] for name in ("counted", "missing", "outside")] == [3, 1, 0]
    assert [counts["net_gain"][name] for name in ("counted", "missing", "outside")] == [3, 0, 1]


def test_what_is_defined_is_computed_beside_all_others() -> None:
    card = sm.scorecard(TABLE, define=OWN)
    assert {"cases_per_license", "email_share", "net_gain"} <= set(card.metrics)
    assert sm.scorecard(TABLE, define=CASES_PER_LICENSE, metrics="cases_per_license").metrics == ["cases_per_license"]
    assert sm.scorecard(TABLE, metrics=EMAIL_SHARE)["email_share"].value == 2 / 3
    twice = sm.scorecard(TABLE, define=OWN, metrics=[copy.copy(EMAIL_SHARE), "net_gain"])
    assert twice.metrics == ["email_share", "net_gain"]


def test_columns_may_have_other_names_and_units() -> None:
    table = {"Tickets": [3, 1], "close_cents": [250, 150]}
    metric = sm.metric(
        "cost_per_ticket", numerator="cost", denominator="tickets", columns={"cost": "money"}, kind="mean"
    )
    columns: dict[str, Any] = {"tickets": "Tickets", "cost": sm.column("close_cents", unit="cents")}
    figure = sm.scorecard(table, metrics=[metric], columns=columns)["cost_per_ticket"]
    assert (figure.numerator, figure.denominator, figure.unit) == (4, 4, "money")


def test_a_card_with_metrics_of_ones_own_survives_storage_and_merges() -> None:
    card = sm.scorecard(TABLE, by="plan", define=OWN)
    for other in (sm.Scorecard.from_json(card.to_json()), pickle.loads(pickle.dumps(card)), copy.deepcopy(card)):
        assert other == card
        assert other.tidy().rows() == card.tidy().rows()
    frame = pl.DataFrame(TABLE)
    parts = [sm.scorecard(frame[start : start + 1], by="plan", define=OWN) for start in range(4)]
    stored = [sm.Scorecard.from_json(part.to_json()) for part in parts]
    assert sm.merge(stored).tidy().rows() == card.tidy().rows()
    assert card.rollup() == sm.scorecard(TABLE, define=OWN)
    back = sm.Scorecard.from_measures(card.measures(), by="plan", define=OWN)
    assert back.tidy().rows() == card.tidy().rows()
    with pytest.raises(errors.InvalidDocumentError, match="no metric's totals"):
        sm.Scorecard.from_measures(card.measures(), by="plan")


def test_two_definitions_of_one_id_do_not_merge() -> None:
    other = sm.metric("cases_per_license", numerator="cases", denominator="licenses_sold", unit="number")
    cards = [sm.scorecard(TABLE, metrics=[metric]) for metric in (CASES_PER_LICENSE, other)]
    with pytest.raises(errors.MismatchError, match="cases_per_license"):
        cards[0] + cards[1]
    with pytest.raises(errors.SvcMetricsError):
        sm.merge(cards, how="common")["cases_per_license"]


def test_what_the_table_lacks_is_not_measured() -> None:
    table = {"case": [1], "licenses_sold": [2]}
    with pytest.warns(sm.NearMissWarning, match="'case' for 'cases'"):
        card = sm.scorecard(table, define=[CASES_PER_LICENSE])
    assert card.not_measured["cases_per_license"] == (["cases"], {"cases": ["case"]})
    with pytest.raises(errors.ColumnNotFoundError) as caught:
        sm.scorecard(table, metrics=[CASES_PER_LICENSE])
    assert (caught.value.metric, caught.value.column, caught.value.hint) == ("cases_per_license", "cases", "case")
    found = sm.check(table, define=CASES_PER_LICENSE)
    assert found.not_measured["cases_per_license"] == (["cases"], {"cases": ["case"]})
    assert "cases_per_license" in sm.check(TABLE, define=[CASES_PER_LICENSE]).measured


def test_values_are_judged_by_what_the_columns_hold() -> None:
    counted = sm.metric("own", numerator=sm.total("seats", kind="count"))
    with pytest.raises(errors.InvalidValueError) as caught:
        sm.scorecard({"seats": [1, -1]}, metrics=[counted])
    assert (caught.value.column, caught.value.row, caught.value.metric) == ("seats", 1, "own")
    assert sm.scorecard({"seats": [1, -1]}, metrics=[counted], on_invalid="skip")["own"].value == 1
    with pytest.raises(errors.ColumnTypeError):
        sm.scorecard({"seats": [True]}, metrics=[counted])
    with pytest.raises(errors.InvalidValueError, match="email, phone"):
        sm.scorecard({"medium": ["fax"]}, metrics=[EMAIL_SHARE])


# In health


def test_a_metric_is_a_component_or_a_gate_and_the_model_takes_it_along() -> None:
    gates = [sm.Gate(EMAIL_SHARE, below=0.5, cap="yellow")]
    model = sm.HealthModel({CASES_PER_LICENSE: sm.Component(2, floor=1, ceiling=0), "adoption_rate": 1}, gates=gates)
    assert model.metrics == [CASES_PER_LICENSE, EMAIL_SHARE]
    assert list(model.components) == ["cases_per_license", "adoption_rate"]
    assert model.gates == [sm.Gate("email_share", below=0.5, cap="yellow")]
    for other in (
        sm.HealthModel.from_toml(model.to_toml()),
        sm.HealthModel.from_json(model.to_json()),
        pickle.loads(pickle.dumps(model)),
    ):
        assert (other, hash(other), other.id, other.metrics) == (model, hash(model), model.id, model.metrics)
    changed = sm.HealthModel.from_json(model.to_json().replace('"licenses_sold"', '"basic_users"'))
    assert changed != model
    assert changed.id != model.id


def test_health_reads_metrics_of_ones_own() -> None:
    component = sm.Component(1, floor=2, ceiling=0)
    gate = sm.Gate(EMAIL_SHARE, below=0.5, cap="red")
    model = sm.HealthModel({CASES_PER_LICENSE: component}, gates=[gate], among=None)
    scores = sm.health_scores(TABLE, model)
    # 1.5 of 2 cases; 1 / 6, but by phone; no licences; nothing known
    assert [row["score"] for row in scores] == [25, 91.666667, None, None]
    assert [row["band"] for row in scores] == ["red", "red", "unknown", "unknown"]
    assert scores.model == model
    card = sm.scorecard(TABLE, health=model)
    assert {"cases_per_license", "email_share", "health"} <= set(card.metrics)
    assert card.health_model == model
    assert sm.Scorecard.from_json(card.to_json()) == card
    assert sm.scorecard(TABLE, health=model, define=[CASES_PER_LICENSE]) == card
    by_id = sm.HealthModel({"cases_per_license": component}, among=None)
    assert [row["score"] for row in sm.health_scores(TABLE, by_id, define=CASES_PER_LICENSE)] == [
        25,
        91.666667,
        None,
        None,
    ]
    with pytest.raises(errors.MetricNotFoundError):
        sm.health_scores(TABLE, by_id)


# What is wrong


def own(**parts: Any) -> sm.Metric:
    return sm.metric(parts.pop("id", "own"), **{"numerator": "cases", **parts})


@pytest.mark.parametrize(
    ("make", "column", "says"),
    [
        (lambda: own(among="is_active > 3"), "is_active", "true or false"),
        (lambda: own(among="risk > 2"), "risk", "none, downgrade, defection"),
        (lambda: own(numerator=sm.count(where="cases is positive")), "cases", "a whole number, 0 or more"),
        (lambda: own(numerator=sm.count(where="not revenue_end")), "revenue_end", "an amount, 0 or more"),
        (lambda: own(denominator="loss_reason"), "loss_reason", "a number to sum"),
        (lambda: own(numerator=sm.total("cases", kind="money")), "cases", "a whole number"),
        (lambda: own(columns={"risk": ["low", "high"]}), "risk", "none, downgrade, defection"),
        (lambda: own(numerator="seats", among="seats"), "seats", "columns"),
    ],
    ids=range(8),
)
def test_a_column_holds_something_else(make: Callable[[], object], column: str, says: str) -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        make()
    error = caught.value
    assert (error.kind, error.metric, error.column) == ("invalid_definition", "own", column)
    assert error.value
    assert error.expected
    assert says in str(error)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: own(id="adoption_rate"), "there is a metric of that id"),
        (lambda: own(id="green_revenue"), "there is a metric of that id"),
        (lambda: own(id="rows"), "rows"),
        (lambda: own(id="denominator"), "choose another id"),
        (lambda: own(id="Cases per licence"), "lower-case"),
        (lambda: own(id=3), "id: found 3"),
        (lambda: own(numerator=None), "numerator"),
        (lambda: own(numerator=[{"sum": "cases"}]), "numerator[0].sum"),
        (lambda: own(numerator=object()), "no column name"),
        (lambda: own(numerator=float("nan")), "expected"),
        (lambda: own(numerator=2**31 * sm.total("cases")), "numerator.times"),
        (lambda: own(numerator=sm.total(3)), "numerator.total"),  # type: ignore[arg-type]
        (lambda: own(among="tier is gold"), "'tier'"),
        (lambda: own(kind="share"), "denominator"),
        (lambda: own(unit="percent"), "fraction, money, number, hours, points"),
        (lambda: own(columns=["cases"]), "columns"),
        (lambda: own(columns={"tier": "category"}), "columns.tier"),
        (lambda: own(title="\ud800"), "cannot read"),
        (lambda: sm.scorecard(TABLE, define=[own(), own(among="is_active")]), "there is a metric of that id"),
        (lambda: sm.scorecard(TABLE, metrics=[own()], define=own(title="Own")), "there is a metric of that id"),
        (lambda: sm.scorecard(TABLE, by="plan", define=own(id="plan")), "is named like a metric"),
        (lambda: sm.scorecard(TABLE, define=["cases"]), "sm.metric"),
        (lambda: sm.scorecard(TABLE, define=3), "sm.metric"),
        (lambda: sm.scorecard(TABLE, define=[own(id="a", numerator=sm.total("fee")), NET_GAIN]), "one kind for all"),
        (lambda: sm.HealthModel({own(): 1, "own": 1}), "twice"),
        (lambda: sm.HealthModel({own(): 1, own(among="is_new"): 1}), "twice"),
        (
            lambda: sm.HealthModel({own(): 1}, gates=[sm.Gate(own(among="is_new"), below=1, cap="red")]),
            "there is a metric of that id",
        ),
        (lambda: sm.HealthModel({own(id="bad_share"): 1}, bands={"bad": 0}), "there is a metric of that id"),
        (lambda: sm.Metric.read_toml("numerator = 'cases'"), "metrics"),
        (lambda: sm.Metric.read_toml("[metrics.own]\nnumerator = 'cases'\nper = 'seats'"), "per: found"),
        (lambda: sm.Metric.from_json("[]"), "cannot read a metric"),
    ],
    ids=range(31),
)
def test_what_is_no_definition_is_an_error_of_ours(make: Callable[[], object], says: str) -> None:
    with pytest.raises(sm.SvcMetricsError) as caught:
        make()
    assert says in str(caught.value)
    assert not isinstance(caught.value, errors.InternalError)


def test_a_slip_in_a_column_of_ones_own_comes_near_the_columns_that_are_there() -> None:
    metric = sm.metric("work", numerator="engagments")
    with pytest.raises(errors.ColumnNotFoundError, match="did you mean 'engagements'"):
        sm.scorecard({"engagements": [1, 2]}, metrics=[metric])

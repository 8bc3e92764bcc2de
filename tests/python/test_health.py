"""Health: models as values, customers' scores, and what explains them."""

from __future__ import annotations

import copy
import json
import pickle
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame
from svcmetrics import errors
from svcmetrics.errors import InvalidModelError

MODEL = sm.HealthModel(
    {"adoption_rate": 2, "net_revenue_retention": sm.Component(weight="1.5", floor=0.8, ceiling=1.2)},
    bands={"bad": 0, "fair": "33.5", "good": 66},
    gates=[sm.Gate("availability", below=0.9, cap="fair")],
    missing="zero",
    min_coverage="0.25",
    among="revenue_end > 0 and is_active",
)
TABLE: dict[str, list[Any]] = {
    "customer_id": ["d", "c", "b", "a"],
    "milestones_met": [3, 1, None, 4],
    "milestones_total": [4, 4, 4, 4],
    "is_active": [True, True, False, None],
    "committed": [True, False, None, None],
}


# Models


def test_a_model_survives_toml_json_pickle_and_copies() -> None:
    for model in (MODEL, sm.HealthModel(), sm.HealthModel({"adoption_rate": 1}, among=None)):
        for other in (
            sm.HealthModel.from_toml(model.to_toml()),
            sm.HealthModel.from_json(model.to_json()),
            pickle.loads(pickle.dumps(model)),
            copy.deepcopy(model),
        ):
            assert other == model
            assert hash(other) == hash(model)
            assert (other.id, other.to_json()) == (model.id, model.to_json())


def test_a_model_tells_its_parts() -> None:
    assert MODEL.components == {
        "adoption_rate": sm.Component(Decimal(2), 0.0, 1.0),
        "net_revenue_retention": sm.Component(Decimal("1.5"), 0.8, 1.2),
    }
    assert MODEL.bands == {"bad": 0, "fair": Decimal("33.5"), "good": 66}
    assert MODEL.gates == [sm.Gate("availability", 0.9, "fair")]
    for text in ("2 x adoption_rate", "1.5 x net_revenue_retention", "fair from 33.5", "availability < 0.9"):
        assert text in repr(MODEL)


def test_models_are_equal_by_value() -> None:
    one = sm.HealthModel({"adoption_rate": 1, "availability": 2})
    assert one == sm.HealthModel({"adoption_rate": "1.0", "availability": Decimal("2.00")})
    assert one != sm.HealthModel({"adoption_rate": 1, "availability": 2}, min_coverage=1)
    assert one != sm.HealthModel({"adoption_rate": 1, "availability": 2}, among=None)
    # Points are rounded in the model's order, so the order is part of it.
    assert one != sm.HealthModel({"availability": 2, "adoption_rate": 1})
    assert one != "a model"


def test_the_default_model_has_four_equal_weights_and_three_bands() -> None:
    model = sm.HealthModel()
    names = ["adoption_rate", "plan_realization", "renewal_commitment_rate", "net_revenue_retention"]
    assert list(model.components) == names
    assert set(model.components.values()) == {sm.Component(Decimal(1), 0.0, 1.0)}
    assert model.bands == {"red": 0, "yellow": 50, "green": 75}
    assert model.gates == []
    document = json.loads(model.to_json())
    assert (document["missing"], document["min_coverage"]) == ("renormalize", "0.5")


def test_a_model_can_be_written_by_hand() -> None:
    model = sm.HealthModel.from_toml(
        """
        min_coverage = 0.25
        among = "is_active"
        [components]
        adoption_rate = 2
        availability = { floor = 0.9 }
        [[gates]]
        metric = "renewal_commitment_rate"
        below = 1
        cap = "yellow"
        """
    )
    assert model == sm.HealthModel(
        {"adoption_rate": 2, "availability": sm.Component(floor=0.9)},
        gates=[sm.Gate("renewal_commitment_rate", 1, "yellow")],
        min_coverage=0.25,
        among="is_active",
    )


ONE = {"adoption_rate": 1}
WRONG_MODELS: list[tuple[str, dict[str, Any]]] = [
    ("components", {"components": {}}),
    ("components.adoption_rate.weight", {"components": {"adoption_rate": 0}}),
    ("components.adoption_rate.weight", {"components": {"adoption_rate": -1}}),
    ("components.adoption_rate.weight", {"components": {"adoption_rate": "much"}}),
    ("components.adoption_rate.weight", {"components": {"adoption_rate": float("nan")}}),
    ("components.adoption_rate.weight", {"components": {"adoption_rate": float("inf")}}),
    ("components.adoption_rate.weight", {"components": {"adoption_rate": True}}),
    ("components.adoption_rate.weight", {"components": {"adoption_rate": None}}),
    ("components", {"components": {"adoption_rate": 10**20, "availability": "0.0001"}}),
    ("components.adoption_rate.ceiling", {"components": {"adoption_rate": sm.Component(floor=1, ceiling=1)}}),
    ("components.adoption_rate.floor", {"components": {"adoption_rate": sm.Component(floor=float("nan"))}}),
    ("components.adoption_rate.ceiling", {"components": {"adoption_rate": sm.Component(ceiling=float("inf"))}}),
    ("components.adoption_rate.floor", {"components": {"adoption_rate": sm.Component(floor="low")}}),  # type: ignore[arg-type]
    ("components.health", {"components": {"health": 1}}),
    ("components.customer_health", {"components": {"customer_health": 1}}),
    ("bands", {"bands": {}}),
    ("bands.red", {"bands": {"red": 1}}),
    ("bands.high", {"bands": {"red": 0, "high": 101}}),
    ("bands.same", {"bands": {"red": 0, "same": 0}}),
    ("bands.fine", {"bands": {"red": 0, "fine": "1.1234567"}}),
    ("bands.red", {"bands": {"red": "none"}}),
    ("bands.unknown", {"bands": {"unknown": 0}}),
    ("bands.Red", {"bands": {"Red": 0}}),
    ("bands", {"bands": {"avoidable_loss": 0}}),  # avoidable_loss_share is another metric
    ("gates[0].cap", {"gates": [sm.Gate("adoption_rate", 1, "blue")]}),
    ("gates[1].below", {"gates": [sm.Gate("adoption_rate", 1, "red"), sm.Gate("availability", float("nan"), "red")]}),
    ("gates[0].below", {"gates": [sm.Gate("adoption_rate", "one", "red")]}),  # type: ignore[arg-type]
    ("gates[0].metric", {"gates": [sm.Gate("health", 50, "red")]}),
    ("missing", {"missing": "ignore"}),
    ("min_coverage", {"min_coverage": 1.5}),
    ("min_coverage", {"min_coverage": "-0.1"}),
    ("min_coverage", {"min_coverage": "half"}),
    ("among", {"among": "revenue_end >"}),
    ("among", {"among": ""}),
]


@pytest.mark.parametrize(("field", "arguments"), WRONG_MODELS, ids=str)
def test_what_is_no_model_is_refused_by_its_field(field: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidModelError) as caught:
        sm.HealthModel(**{"components": ONE, **arguments})
    assert caught.value.kind == "invalid_model"
    assert str(caught.value).startswith(f"health model, {field}: found ")
    assert caught.value.value is not None
    assert caught.value.expected is not None


@pytest.mark.parametrize(
    ("field", "document"),
    [
        ("components", {}),
        ("components", {"components": 3}),
        ("surprise", {"components": ONE, "surprise": 1}),
        ("components.adoption_rate.weigth", {"components": {"adoption_rate": {"weigth": 1}}}),
        ("components.adoption_rate.floor", {"components": {"adoption_rate": {"floor": "0"}}}),
        ("gates", {"components": ONE, "gates": {}}),
        ("gates[0].below", {"components": ONE, "gates": [{"metric": "availability", "cap": "red"}]}),
        ("gates[0].metric", {"components": ONE, "gates": [{"metric": 1, "below": 1, "cap": "red"}]}),
        ("bands", {"components": ONE, "bands": []}),
        ("missing", {"components": ONE, "missing": 3}),
        ("among", {"components": ONE, "among": 1}),
        ("min_coverage", {"components": ONE, "min_coverage": None}),
    ],
)
def test_a_document_that_is_no_model_is_refused_by_its_field(field: str, document: dict[str, Any]) -> None:
    with pytest.raises(InvalidModelError) as caught:
        sm.HealthModel.from_json(json.dumps(document))
    assert str(caught.value).startswith(f"health model, {field}: found ")


def test_what_is_no_document_at_all_is_refused() -> None:
    for read in (sm.HealthModel.from_json, sm.HealthModel.from_toml):
        for text in ("{", "components", "[" * 100_000, "\0"):
            with pytest.raises(errors.InvalidDocumentError):
                read(text)
    with pytest.raises(errors.InvalidDocumentError, match="duplicate"):
        sm.HealthModel.from_toml("[components]\nadoption_rate = 1\nadoption_rate = 2")


def test_a_component_twice_is_refused_in_json_as_in_toml() -> None:
    with pytest.raises(sm.SvcMetricsError):
        sm.HealthModel.from_json('{"components": {"adoption_rate": 1, "adoption_rate": 2}}')


def test_a_metric_that_does_not_exist_is_named_where_the_model_is_used() -> None:
    for model in (
        sm.HealthModel({"adoption_rate": 1, "adoptoin_rate": 1}),
        sm.HealthModel({"adoptoin_rate": 1}),
        sm.HealthModel(ONE, gates=[sm.Gate("adoptoin_rate", 1, "red")]),
    ):
        for use in (sm.health_scores, lambda table, model: sm.scorecard(table, health=model)):
            with pytest.raises(errors.MetricNotFoundError, match="did you mean 'adoption_rate'"):
                use(TABLE, model)


# Scores


def test_scores_come_in_the_order_of_the_table(as_frame: MakeFrame) -> None:
    model = sm.HealthModel({"adoption_rate": 3, "renewal_commitment_rate": 1}, among=None)
    scores = sm.health_scores(as_frame(TABLE), model)
    assert scores.columns == [
        *("customer_id", "score", "band", "coverage", "adoption_rate_points", "renewal_commitment_rate_points"),
    ]
    assert scores.rows() == [
        ("d", 81.25, "green", 1.0, Decimal("56.25"), Decimal(25)),  # (3 x 3/4 + 1) / 4
        ("c", 18.75, "red", 1.0, Decimal("18.75"), Decimal(0)),  # 3 x 1/4 / 4
        ("b", None, "unknown", 0.0, None, None),
        ("a", 100.0, "green", 0.75, Decimal(100), None),
    ]
    assert scores.model == model


def test_points_may_be_left_out_and_the_id_may_have_another_name() -> None:
    scores = sm.health_scores(TABLE, sm.HealthModel(ONE), explain=False)
    assert scores.columns == ["customer_id", "score", "band", "coverage"]
    renamed = {"account" if name == "customer_id" else name: values for name, values in TABLE.items()}
    scores = sm.health_scores(renamed, sm.HealthModel(ONE), columns={"customer_id": "account"})
    assert [row["customer_id"] for row in scores] == ["d", "c", "b", "a"]
    without = {name: values for name, values in TABLE.items() if name != "customer_id"}
    assert sm.health_scores(without, sm.HealthModel(ONE)).columns[0] == "score"


def test_the_default_model_fits_the_table_and_says_which_it_was() -> None:
    scores = sm.health_scores(TABLE)
    assert list(scores.model.components)[1] == "success_rate"
    goals = sm.health_scores({**TABLE, "goals_met": [1] * 4, "goals_total": [2] * 4})
    assert list(goals.model.components)[1] == "plan_realization"
    assert scores.model.id != goals.model.id
    card = sm.scorecard({**TABLE, "goals_met": [1] * 4, "goals_total": [2] * 4})
    assert card.health_model == goals.model
    assert sm.scorecard({"is_new": [True], "onboarded": [True]}).health_model is None


def test_customers_with_revenue_at_the_end_are_among_by_default() -> None:
    table = {**TABLE, "revenue_start": [1, 1, 1, 1], "revenue_end": [1, 0, 2, None]}
    bands = [row["band"] for row in sm.health_scores(table, sm.HealthModel(ONE), absent_revenue="missing")]
    assert bands == ["green", None, "unknown", None]
    everyone = sm.health_scores(table, sm.HealthModel(ONE, among=None), absent_revenue="missing")
    assert [row["band"] for row in everyone] == ["green", "red", "unknown", "green"]
    active = sm.health_scores(TABLE, sm.HealthModel(ONE, among="is_active and milestones_met > 1"))
    assert [row["score"] for row in active] == [75.0, None, None, None]
    assert [row["coverage"] for row in active] == [1.0, None, None, None]


def test_a_gate_caps_the_band_and_an_undefined_metric_never_does() -> None:
    model = sm.HealthModel(ONE, gates=[sm.Gate("renewal_commitment_rate", below=1, cap="yellow")], among=None)
    table = {**TABLE, "milestones_met": [4, 4, 4, 4]}
    bands = {row["customer_id"]: (row["score"], row["band"]) for row in sm.health_scores(table, model)}
    assert bands == {"d": (100, "green"), "c": (100, "yellow"), "b": (100, "green"), "a": (100, "green")}


def test_bands_begin_at_their_thresholds_exactly() -> None:
    bands: dict[str, int | str] = {"low": 0, "middle": "33.333333", "high": "33.333334"}
    model = sm.HealthModel(ONE, bands=bands, among=None)
    table = {"milestones_met": [333333, 333334, 33333333, 33333334], "milestones_total": [10**6] * 2 + [10**8] * 2}
    scores = sm.health_scores(table, model)
    assert [row["band"] for row in scores] == ["low", "high", "middle", "high"]


def test_invalid_rows_are_refused_or_lack_the_component() -> None:
    table = {**TABLE, "milestones_met": [9, 1, None, 4]}
    model = sm.HealthModel({"adoption_rate": 1, "renewal_commitment_rate": 1}, among=None)
    with pytest.raises(errors.InvalidValueError) as caught:
        sm.health_scores(table, model)
    assert (caught.value.column, caught.value.row) == ("milestones_met", 0)
    first = next(iter(sm.health_scores(table, model, on_invalid="skip")))
    assert (first["score"], first["coverage"], first["adoption_rate_points"]) == (100.0, 0.5, None)


def test_a_table_without_any_component_is_refused() -> None:
    with pytest.raises(errors.ColumnNotFoundError, match="milestones_met"):
        sm.health_scores({"region": ["a"]}, sm.HealthModel(ONE))


# Explanations


def test_an_explanation_shows_what_adds_and_what_is_lost() -> None:
    values = {"adoption_rate": 0.5, "net_revenue_retention": 1.1, "availability": 0.5}
    why = MODEL.explain(values)
    # (2 x 0.5 + 1.5 x 0.75) / 3.5 = 60.714286; lost 2 x 0.5 and 1.5 x 0.25 of 3.5.
    assert (why.score, why.band, why.coverage) == (Decimal("60.714286"), "fair", 1.0)
    parts = [(part.metric, part.value, part.points, part.lost) for part in why.contributions]
    assert parts == [
        ("adoption_rate", 0.5, Decimal("28.571429"), Decimal("28.571428")),
        ("net_revenue_retention", 1.1, Decimal("32.142857"), Decimal("10.714286")),
    ]


def test_an_explanation_of_missing_components_follows_the_model() -> None:
    components = {"adoption_rate": 1, "availability": 1}

    def score(missing: Any) -> Decimal | None:
        return sm.HealthModel(components, missing=missing).explain({"adoption_rate": 0.5}).score

    assert [score("renormalize"), score("zero")] == [50, 25]
    assert score("require") is None
    nothing = sm.HealthModel(components).explain({})
    assert (nothing.score, nothing.band, nothing.coverage) == (None, "unknown", 0)
    lower = sm.HealthModel({"customer_churn_rate": sm.Component(1, floor=0.5, ceiling=0)})
    assert [lower.explain({"customer_churn_rate": rate}).score for rate in (0.0, 0.25, 0.9)] == [100, 50, 0]


def test_a_gate_is_told_by_an_explanation_too() -> None:
    values = {"adoption_rate": 1.0, "net_revenue_retention": 2.0}
    assert MODEL.explain({**values, "availability": 0.89}).band == "fair"
    assert MODEL.explain({**values, "availability": 0.9}).band == "good"
    assert MODEL.explain(values).band == "good"


def test_answers_of_surveys_score_customers_on_their_scales() -> None:
    model = sm.HealthModel({"csat": 1, "ces_top_share": 1})
    table = {"csat_score": [5, 4, 1], "effort_score": [7, 1, 1]}
    scores = sm.health_scores(table, model, csat_satisfied_from="4", effort_scale=(1, 7), explain=False)
    assert [row[0] for row in scores.rows()] == [100.0, 50.0, 0.0]
    with pytest.raises(sm.SvcMetricsError):
        sm.health_scores(table, model)


# Numbers of every kind, and what is no model


@pytest.mark.parametrize(
    "number",
    [1, "1", "1e0", Decimal("1.0"), 1.0, np.int64(1), np.uint8(1), np.float32(1), np.float64(1)],
    ids=lambda number: f"{type(number).__name__}({number})",
)
def test_a_number_of_any_kind_will_do(number: Any) -> None:
    def model(one: Any, zero: Any) -> sm.HealthModel:
        return sm.HealthModel(
            {"adoption_rate": sm.Component(weight=one, floor=zero, ceiling=one), "availability": one},
            bands={"red": zero, "green": one},
            gates=[sm.Gate("nps", one, "red")],
            min_coverage=one,
        )

    assert model(number, type(number)(0)) == model(1, 0)


def test_numbers_are_read_by_their_decimals() -> None:
    tenth = sm.HealthModel({"adoption_rate": sm.Component("0.1", floor="0.1", ceiling=Decimal("0.30"))})
    assert tenth.components == {"adoption_rate": sm.Component(Decimal("0.1"), 0.1, 0.3)}
    assert tenth == sm.HealthModel({"adoption_rate": sm.Component(np.float32(0.1), np.float32(0.1), np.float64(0.3))})


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"components": ["adoption_rate"]}, "components"),
        ({"components": "adoption_rate"}, "components"),
        ({"components": {1: 1}}, "components"),
        ({"components": {"adoption_rate": None}}, "components.adoption_rate.weight"),
        ({"components": {"adoption_rate": True}}, "components.adoption_rate.weight"),
        ({"components": {"adoption_rate": np.True_}}, "components.adoption_rate.weight"),
        ({"components": {"adoption_rate": "many"}}, "components.adoption_rate.weight"),
        ({"components": {"adoption_rate": sm.Component(floor="low")}}, "components.adoption_rate.floor"),
        ({"components": {"adoption_rate": sm.Component(ceiling="inf")}}, "components.adoption_rate.ceiling"),
        ({"bands": [("a", 0)]}, "bands"),
        ({"bands": {"a": object()}}, "bands.a"),
        ({"gates": sm.Gate("nps", 1, "red")}, "gates"),
        ({"gates": 5}, "gates"),
        ({"gates": [("nps", 1, "red")]}, "gates[0]"),
        ({"gates": [sm.Gate("nps", None, "red")]}, "gates[0].below"),  # type: ignore[arg-type]
        ({"gates": [sm.Gate("nps", 1, object())]}, "gates[0].cap"),  # type: ignore[arg-type]
        ({"missing": object()}, "missing"),
        ({"min_coverage": [1]}, "min_coverage"),
        ({"among": 5}, "among"),
    ],
    ids=str,
)
def test_what_is_no_part_of_a_model_is_named(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(errors.InvalidModelError) as caught:
        sm.HealthModel(**{"components": {"adoption_rate": 1}, **arguments})
    assert str(caught.value).startswith(f"health model, {field}: found ")
    assert caught.value.kind == "invalid_model"


def test_an_explanation_takes_numbers_and_figures() -> None:
    model = sm.HealthModel({"adoption_rate": 1, "availability": 1}, gates=[sm.Gate("nps", 0, "red")])
    half = sm.formulas.adoption_rate(milestones_met=1, milestones_total=2)
    for value in (0.5, "0.5", Decimal("0.5"), np.float32(0.5), half):
        assert model.explain({"adoption_rate": value, "availability": 1, "nps": 5}).score == 75
    undefined = sm.formulas.adoption_rate(milestones_met=0, milestones_total=0)
    why = model.explain({"adoption_rate": undefined, "availability": 1, "nps": -1})
    assert (why.score, why.coverage, why.band) == (100, 0.5, "red")


def test_an_explanation_of_what_is_no_value_or_no_metric_is_refused() -> None:
    model = sm.HealthModel({"adoption_rate": 1}, gates=[sm.Gate("nps", 0, "red")])
    for value in ("x", [1], True, object()):
        with pytest.raises(errors.InvalidOptionError, match="adoption_rate"):
            model.explain({"adoption_rate": value})  # type: ignore[dict-item]
    for values in ([1], None, "adoption_rate"):
        with pytest.raises(errors.InvalidOptionError, match="a mapping of metrics to values"):
            model.explain(values)  # type: ignore[arg-type]
    with pytest.raises(errors.MetricNotFoundError) as caught:
        model.explain({"npss": 0})
    assert (caught.value.kind, caught.value.metric, caught.value.hint) == ("metric_not_found", "npss", "nps")
    assert (
        str(caught.value) == "no metric 'npss' (did you mean 'nps'?) in the health model; there are: adoption_rate, nps"
    )


# Scores and a scorecard of one pass


def test_a_scorecard_keeps_the_scores_that_health_scores_gives(as_frame: MakeFrame) -> None:
    columns = {**TABLE, "plan": ["pro", "basic", None, "pro"]}
    model = sm.HealthModel({"adoption_rate": 1}, among=None)
    card = sm.scorecard(as_frame(columns), by="plan", health=model, scores=True)
    assert card == sm.scorecard(as_frame(columns), by="plan", health=model)
    assert card.scores is not None
    scores = sm.health_scores(as_frame(columns), model, explain=False)
    assert card.scores.columns == ["customer_id", "score", "band", "coverage"]
    assert card.scores.rows() == scores.rows()
    assert card.scores.model == scores.model


def test_scores_of_many_rows_are_those_of_two_calls() -> None:
    random = np.random.default_rng(5)
    rows = 200_000
    total = random.integers(0, 9, rows)
    table = {
        "plan": random.integers(0, 40, rows),
        "milestones_total": total,
        "milestones_met": random.integers(0, 9, rows) % (total + 1),
        "committed": random.integers(0, 2, rows) == 1,
        "is_active": random.integers(0, 5, rows) > 0,
        "revenue_start": random.integers(0, 3, rows) * random.integers(0, 10**6, rows) / 100,
        "revenue_end": random.integers(0, 3, rows) * random.integers(0, 10**6, rows) / 100,
    }
    card = sm.scorecard(table, by="plan", scores=True)
    assert card == sm.scorecard(table, by="plan")
    assert card.scores is not None
    assert card.scores.to_arrow().equals(sm.health_scores(table, explain=False).to_arrow())


def test_scores_of_more_rows_than_a_batch_has_are_one_table_in_every_kind_of_frame() -> None:
    rows = 2 * (1 << 18) + 5
    customers = np.arange(rows) * 3
    total = customers % 4
    met = np.minimum(total, customers % 3)
    table = {"customer_id": customers, "milestones_total": total, "milestones_met": met}
    scores = sm.health_scores(table, sm.HealthModel({"adoption_rate": 1}, among=None))
    points = 100 * met / np.where(total == 0, np.nan, total)
    band = np.select([np.isnan(points), points < 50, points < 75], ["unknown", "red", "yellow"], "green")
    arrow, frame, polars = scores.to_arrow(), scores.to_pandas(), scores.to_polars()
    assert (len(scores), polars.height) == (rows, rows)
    assert arrow["band"].num_chunks > 1
    assert max(map(len, arrow["band"].chunks)) <= 1 << 16
    for columns in (arrow.to_pandas(), frame, polars.to_pandas()):
        assert (columns["customer_id"] == customers).all()
        assert np.array_equal(columns["score"], np.round(points, 6), equal_nan=True)
        assert (columns["band"] == band).all()
        assert (columns["coverage"] == (total > 0)).all()
        assert np.array_equal(columns["adoption_rate_points"].astype(float), columns["score"], equal_nan=True)
    assert scores.rows()[-2][:3] == (customers[-2], points[-2], band[-2])


def test_a_stream_that_is_read_once_gives_both() -> None:
    table = pa.table({**TABLE, "plan": ["pro", "basic", None, "pro"]})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=3))
    model = sm.HealthModel({"adoption_rate": 1}, among=None)
    card = sm.scorecard(reader, by="plan", health=model, scores=True)
    assert card == sm.scorecard(table, by="plan", health=model, unique=False)
    assert card.scores is not None
    assert card.scores.rows() == sm.health_scores(table, model, explain=False).rows()


def test_scores_belong_to_the_rows_and_go_no_further() -> None:
    card = sm.scorecard(TABLE, scores=True)
    assert card.scores is not None
    for without in (sm.scorecard(TABLE), card + card, card.rollup(), pickle.loads(pickle.dumps(card))):
        assert without.scores is None
    assert card.with_totals().scores is not None


def test_scores_need_the_health_of_customers_among_the_metrics() -> None:
    with pytest.raises(errors.InvalidOptionError, match=r"^metrics: .*customer_health among them"):
        sm.scorecard(TABLE, metrics=["adoption_rate", "red_share"], scores=True)
    with pytest.raises(errors.ColumnNotFoundError):
        sm.scorecard({"is_new": [True], "onboarded": [True]}, scores=True)


def test_what_is_wrong_with_the_rows_is_told_as_without_scores() -> None:
    twice = {**TABLE, "customer_id": ["d", "c", "b", "d"]}
    invalid = {**TABLE, "milestones_met": [3, 9, None, 4]}
    for table, wanted in ((twice, errors.DuplicateCustomerError), (invalid, errors.InvalidValueError)):
        messages = []
        for scores in (False, True):
            with pytest.raises(wanted) as error:
                sm.scorecard(table, scores=scores)
            messages.append(str(error.value))
        assert messages[0] == messages[1]
    skipped = sm.scorecard(invalid, on_invalid="skip", scores=True)
    assert skipped.scores is not None
    assert skipped.scores.rows() == sm.health_scores(invalid, on_invalid="skip", explain=False).rows()

"""Scorecards side by side and one after another: merging, joining, and the way back from totals and documents."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import svcmetrics as sm
from svcmetrics import errors

ADOPTION = {"region": ["north", "south"], "milestones_met": [1, 2], "milestones_total": [4, 4]}
REVENUE = {"region": ["north", "west"], "revenue_start": [10, 20], "revenue_end": [15, 0]}


def adoption(**options: Any) -> sm.Scorecard:
    return sm.scorecard(ADOPTION, by="region", **{"metrics": ["adoption_rate"], **options})


def mismatch(one: sm.Scorecard, other: sm.Scorecard) -> str:
    with pytest.raises(errors.MismatchError) as caught:
        one + other
    assert caught.value.kind == "mismatch"
    with pytest.raises(errors.MismatchError):
        sm.merge([other, one])
    return str(caught.value)


# Merging


def test_parts_over_different_rows_add_up() -> None:
    more = {"region": ["south", None], "milestones_met": [4, 0], "milestones_total": [4, 1]}
    both = adoption() + sm.scorecard(more, by="region", metrics=["adoption_rate"])
    found = {key: (figure.numerator, figure.denominator) for key, figure in both["adoption_rate"].items()}
    assert found == {"north": (1, 4), "south": (6, 8), None: (0, 1)}
    assert both.quality.rows == 4
    assert sm.merge([adoption()]) == adoption().rollup("region")
    with pytest.raises(errors.InvalidOptionError, match="cards"):
        sm.merge([])


def test_a_card_adds_only_to_a_card() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        adoption() + 3  # type: ignore[operator]


def test_differences_are_named() -> None:
    other_metrics = sm.scorecard({**ADOPTION, **REVENUE}, by="region", metrics=["adoption_rate", "revenue_end"])
    assert "revenue_end" in mismatch(adoption(), other_metrics)
    keys = sm.scorecard({**ADOPTION, "plan": ["a", "b"]}, by="plan", metrics=["adoption_rate"])
    for word in ("keys", "region", "plan"):
        assert word in mismatch(adoption(), keys)
    numbers = sm.scorecard({**ADOPTION, "region": [1, 2]}, by="region", metrics=["adoption_rate"])
    for word in ("text", "integer"):
        assert word in mismatch(adoption(), numbers)
    message = mismatch(adoption(scale=6), adoption(scale=2))
    for word in ("scale", "6", "2"):
        assert word in message
    message = mismatch(adoption(period="region"), adoption())
    for word in ("period", "region", "none"):
        assert word in message


def test_models_and_forms_that_differ_are_named() -> None:
    two, one = sm.HealthModel({"adoption_rate": 2}), sm.HealthModel({"adoption_rate": 1}, min_coverage=1)
    message = mismatch(adoption(metrics=["health"], health=one), adoption(metrics=["health"], health=two))
    assert "health model" in message
    by_goals = sm.scorecard({"goals_met": [1], "goals_total": [1]}, metrics=["success_rate"])
    by_flag = sm.scorecard({"reached_goal": [True]}, metrics=["success_rate"])
    assert "success_rate" in mismatch(by_goals, by_flag)


def test_readings_of_absent_revenue_and_currencies_that_differ_are_named() -> None:
    gone = {"revenue_start": [10], "revenue_end": [None]}
    zero = sm.scorecard(gone, absent_revenue="zero", metrics=["revenue_start"])
    missing = sm.scorecard(gone, absent_revenue="missing", metrics=["revenue_start"])
    message = mismatch(zero, missing)
    for word in ("absent_revenue", "zero", "missing"):
        assert word in message
    complete = sm.scorecard({"revenue_start": [1], "revenue_end": [1]}, metrics=["revenue_start"])
    assert (zero + complete)["revenue_start"].value == 11  # nothing was absent there, so nothing differs

    def in_currency(currency: str) -> sm.Scorecard:
        table = {"currency": [currency], "revenue_start": [1], "revenue_end": [1]}
        return sm.scorecard(table, metrics=["revenue_start"])

    message = mismatch(in_currency("EUR"), in_currency("USD"))
    for word in ("currency", "EUR", "USD"):
        assert word in message
    assert (in_currency("EUR") + in_currency("EUR"))["revenue_start"].value == 2


def test_a_card_without_time_does_not_add_to_one_that_has_it() -> None:
    table = {**ADOPTION, "period": ["1", "2"]}
    card = sm.scorecard(table, by=["region", "period"], metrics=["adoption_rate"])
    assert "time" in mismatch(card.rollup("region"), adoption())


def test_what_all_have_can_be_merged() -> None:
    wide = sm.scorecard({**ADOPTION, "revenue_start": [1, 1], "revenue_end": [1, 1]}, by="region")
    both = sm.merge([wide, adoption()], how="common")
    assert both.metrics == ["adoption_rate"]
    assert both["adoption_rate"]["south"].numerator == 4
    three = sm.merge([adoption(), wide, adoption()], how="common")
    assert three["adoption_rate"]["north"].denominator == 12
    nothing = sm.merge([adoption(), sm.scorecard(REVENUE, by="region", metrics=["revenue_end"])], how="common")
    assert nothing.metrics == []
    assert nothing.quality.rows == 4
    with pytest.raises(errors.InvalidOptionError, match="how"):
        sm.merge([adoption()], how="any")  # type: ignore[arg-type]


# Joining


@pytest.mark.parametrize("wrong", [None, 5, {"nps": 50}, sm.HealthModel()])
def test_what_is_no_scorecard_is_said_to_be_none(wrong: Any) -> None:
    card = sm.scorecard({"region": ["north"], "nps_score": [9]}, by="region")
    calls = [
        ("baseline", lambda: card.compare(wrong)),
        ("baseline", lambda: card.incremental(wrong)),
        ("baseline", lambda: card.attribute(wrong, by="region")),
        ("cards[1]", lambda: sm.merge([card, wrong])),
        ("other", lambda: card.join(wrong)),
    ]
    for option, call in calls:
        with pytest.raises(errors.InvalidOptionError) as caught:
            call()
        assert str(caught.value).startswith(f"{option}: found ")
        assert caught.value.expected == "a scorecard"


def test_joined_cards_stand_side_by_side_and_are_never_added() -> None:
    revenue = sm.scorecard(REVENUE, by="region", metrics=["revenue_churn", "customer_churn_rate"])
    for joined in (adoption().join(revenue), revenue.join(adoption())):
        assert set(joined.metrics) == {"adoption_rate", "revenue_churn", "customer_churn_rate"}
        assert list(joined["adoption_rate"]) == ["north", "south", "west"]
        assert joined["adoption_rate"]["north"].numerator == 1
        assert joined["adoption_rate"]["west"].undefined_reason == "no_rows"
        assert joined["revenue_churn"]["west"].value == 20
        assert joined["revenue_churn"]["south"].undefined_reason == "no_rows"
    assert adoption().join(revenue).wide().columns[:2] == ["region", "rows"]


def test_metrics_that_share_totals_are_asked_of_one_scorecard() -> None:
    retention, churn = (sm.scorecard(REVENUE, metrics=[f"customer_{name}_rate"]) for name in ("retention", "churn"))
    with pytest.raises(errors.MismatchError, match="one scorecard"):
        retention.join(churn)


def test_joined_cards_have_equal_keys_and_different_metrics() -> None:
    with pytest.raises(errors.MismatchError, match="adoption_rate"):
        adoption().join(adoption())
    with pytest.raises(errors.MismatchError, match="keys"):
        adoption().join(sm.scorecard(REVENUE, metrics=["revenue_end"]))


def test_joined_cards_merge_and_roll_up_as_their_parts() -> None:
    revenue = sm.scorecard(REVENUE, by="region", metrics=["revenue_churn"])
    joined = adoption().join(revenue)
    assert joined.rollup()["adoption_rate"] == adoption().rollup()["adoption_rate"]
    assert joined.rollup()["revenue_churn"].value == 20
    assert (joined + joined)["revenue_churn"]["west"].value == 40
    assert sm.Scorecard.from_json(joined.to_json()) == joined


# The way back


def test_totals_are_named_by_the_catalogues_measures() -> None:
    card = sm.scorecard({**ADOPTION, "revenue_start": [1, 1], "revenue_end": [1, 1]}, by="region")
    names = [name for name in card.measures().columns if "." not in name]
    assert names[:2] == ["region", "rows"]
    assert set(names[2:]) <= {measure.id for measure in sm.catalog(measures=True)}
    rows = {row["region"]: row for row in card.measures()}
    assert (rows["south"]["milestones_met"], rows["south"]["revenue_end"], rows["south"]["rows"]) == (2, 1, 1)


def test_rows_of_one_group_are_added_up_on_the_way_back() -> None:
    totals = adoption().measures().to_arrow()
    back = sm.Scorecard.from_measures(pa.concat_tables([totals, totals]), by="region")
    assert back["adoption_rate"] == (adoption() + adoption())["adoption_rate"]
    everything = sm.Scorecard.from_measures(totals.drop_columns("region"))
    assert (everything["adoption_rate"].numerator, everything["adoption_rate"].denominator) == (3, 8)


def test_totals_that_are_missing_or_contradict_each_other_are_refused() -> None:
    totals = adoption().measures().to_arrow()

    def refused(table: pa.Table, **options: Any) -> str:
        with pytest.raises(sm.SvcMetricsError) as caught:
            sm.Scorecard.from_measures(table, **{"by": "region", **options})
        return str(caught.value)

    def with_values(name: str, values: list[Any]) -> pa.Table:
        return totals.set_column(totals.column_names.index(name), name, pa.array(values))

    assert "plan" in refused(totals, by="plan")
    assert "milestones_met" in refused(totals.drop_columns("milestones_total"))
    assert "milestones_met" in refused(with_values("milestones_met", [1.5, 2.0]))
    assert "milestones_met" in refused(with_values("milestones_met", [None, 2]))
    assert "rows" in refused(with_values("rows", [-1, 1]))
    # One row a group, all counted: 2 rows would leave one unjudged.
    assert "rows" in refused(with_values("rows", [2, 1]))


def test_time_and_scale_come_back_where_they_are_given() -> None:
    table = {**ADOPTION, "month": ["1", "2"], "revenue_start": [1, 2], "revenue_end": [2, 2]}
    card = sm.scorecard(table, by=["region", "month"], period="month", scale=2)
    back = sm.Scorecard.from_measures(card.measures(), by=["region", "month"], period="month", scale=2)
    assert (back.period, back.metrics) == ("month", card.metrics)
    assert (back + card)["revenue_end"] == (card + card)["revenue_end"]
    year = card.rollup("region")
    back = sm.Scorecard.from_measures(year.measures(), by="region", scale=2)
    assert back.tidy().rows() == year.tidy().rows()


def test_answers_and_currencies_come_back_where_their_options_are_given() -> None:
    table = {"csat_score": [5, 1], "effort_score": [7, 1], "service_cost": [1, 2], "currency": ["USD", "USD"]}
    scales: dict[str, Any] = {"csat_satisfied_from": 4, "effort_scale": (1, 7)}
    card = sm.scorecard(table, metrics=["csat", "ces_mean", "service_cost"], **scales)
    totals = card.measures()
    back = sm.Scorecard.from_measures(totals, currency="USD", **scales)
    assert (back + card)["csat"] == (card + card)["csat"]
    euros = sm.Scorecard.from_measures(totals, currency="EUR", **scales)
    assert "currency" in mismatch(euros, card)
    with pytest.raises(errors.InvalidOptionError, match="csat_satisfied_from"):
        sm.Scorecard.from_measures(totals)
    by_key = sm.scorecard(
        {**table, "ccy": ["USD", "EUR"]}, by="ccy", columns={"currency": "ccy"}, metrics=["service_cost"]
    )
    back = sm.Scorecard.from_measures(by_key.measures(), by="ccy", currency="ccy")
    with pytest.raises(errors.MixedCurrencyError, match="ccy"):
        back.rollup()


def test_totals_come_back_in_parts_of_which_some_are_empty() -> None:
    table = {"period": ["1", "2"], "region": ["a", "a"], "revenue_start": [1, 1], "revenue_end": [1, 3]}
    card = sm.scorecard(table, by=["period", "region"], metrics=["revenue_expansion", "revenue_end"]).rollup("region")
    (batch,) = card.measures().to_arrow().to_batches()
    for batches in ([batch.slice(0, 0), batch], [batch, batch.slice(0, 0)]):
        assert sm.Scorecard.from_measures(pa.Table.from_batches(batches), by="region") == card
    nothing = sm.Scorecard.from_measures(pa.Table.from_batches([batch.slice(0, 0)]), by="region")
    assert len(nothing) == 0


def test_totals_that_no_rows_add_up_to_and_columns_that_are_no_totals_are_refused() -> None:
    totals = adoption().measures().to_polars()
    with pytest.raises(errors.InvalidDocumentError, match="milestones_met"):
        sm.Scorecard.from_measures(totals.with_columns(milestones_met=-1), by="region")
    with pytest.raises(errors.InvalidDocumentError, match="adoption_rate"):
        sm.Scorecard.from_measures(totals.with_columns(milestones_met=18), by="region")
    with pytest.raises(errors.InvalidDocumentError, match=r"by=\[..., 'region'\]"):
        sm.Scorecard.from_measures(totals)
    with pytest.raises(errors.InvalidOptionError, match="period"):
        sm.Scorecard.from_measures(totals, by="region", period="month")


def test_own_models_come_back_with_their_totals() -> None:
    model = sm.HealthModel({"adoption_rate": 1}, bands={"low": 0, "high": 50}, among=None)
    card = adoption(metrics=None, health=model)
    back = sm.Scorecard.from_measures(card.measures(), by="region", health=model)
    assert back.metrics == card.metrics
    assert back["high_share"] == card["high_share"]
    assert back.health_model == card.health_model == model


# Documents


def documents() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(adoption().to_json())
    return document


def refused_document(document: Any) -> str:
    with pytest.raises(errors.InvalidDocumentError) as caught:
        sm.Scorecard.from_json(document if isinstance(document, str) else json.dumps(document))
    assert caught.value.kind == "invalid_document"
    return str(caught.value)


def test_a_stored_card_of_another_version_is_refused() -> None:
    assert "format" in refused_document({**documents(), "format": 999})
    assert "catalog" in refused_document({**documents(), "catalog": 999})


def test_a_stored_card_is_validated_field_by_field() -> None:
    document = documents()
    assert sm.Scorecard.from_json(json.dumps(document)) == adoption()
    assert "surprise" in refused_document({**document, "surprise": 1})
    for field, found in document.items():
        if found is not None:
            assert field in refused_document({name: value for name, value in document.items() if name != field})
        assert refused_document({**document, field: "x"})
    assert "keys" in refused_document({**document, "keys": document["keys"] * 2})
    assert "groups[1]" in refused_document({**document, "groups": document["groups"][::-1]})
    assert "groups[1]" in refused_document({**document, "groups": document["groups"][:1] * 2})
    assert "lanes" in refused_document({**document, "lanes": document["lanes"][::-1]})
    for text in ("", "null", "[]", "{", "\0", "[" * 100_000):
        assert refused_document(text)


@pytest.mark.parametrize(
    ("lane", "total"),
    [
        ("rows", "7"),  # more rows than were judged
        ("milestones.missing", "3"),
        ("milestones.invalid", "-1"),
        ("milestones_met", "1.5"),
        ("milestones_met", str(2**127)),
        ("milestones_met", "9"),  # a share above 1
        ("milestones_met", "-1"),
    ],
)
def test_stored_totals_that_contradict_each_other_are_refused(lane: str, total: str) -> None:
    document = documents()
    document["groups"][0]["totals"][document["lanes"].index(lane)] = total
    assert "groups[0]" in refused_document(document)


def test_a_stored_card_is_readable_by_any_tool() -> None:
    card = sm.scorecard({"revenue_start": [9 * 10**12] * 5, "revenue_end": [0] * 5}, metrics=["revenue_start"])
    document = json.loads(card.to_json())
    total = document["groups"][0]["totals"][document["lanes"].index("revenue_start")]
    # Long integers are texts, since JSON readers take them for doubles.
    assert Decimal(total).scaleb(-6) == 45 * 10**12
    assert isinstance(total, str)

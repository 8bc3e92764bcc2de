"""Scorecards: what is asked for, how figures are found in them, and what they say of themselves."""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any

import pytest

import svcmetrics as sm
from subjects import MEASURED_OF_CUSTOMERS
from svcmetrics import errors

TABLE: dict[str, list[Any]] = {
    "region": ["south", "north", "south", None],
    "plan": ["pro", "pro", "basic", "basic"],
    "milestones_met": [1, 2, 3, 4],
    "milestones_total": [4, 4, 4, 4],
    "revenue_start": [10, 0, 30, 40],
    "revenue_end": [0, 20, 30, 50],
}
COLUMNS_OF_RESULTS = [
    *("rows", "metric", "value", "numerator", "denominator", "counted", "missing", "invalid", "outside", "rounded"),
    *("undefined_reason", "low", "high"),
]


# Figures


def test_without_keys_a_metric_is_one_figure() -> None:
    figure = sm.scorecard(TABLE)["adoption_rate"]
    assert isinstance(figure, sm.Figure)
    assert (figure.numerator, figure.denominator, figure.value) == (10, 16, 0.625)


def test_with_one_key_a_metric_is_a_figure_by_value() -> None:
    figures = sm.scorecard(TABLE, by="region")["adoption_rate"]
    assert {key: figure.value for key, figure in figures.items()} == {"north": 0.5, "south": 0.5, None: 1.0}
    assert list(figures) == ["north", "south", None]
    assert sm.scorecard(TABLE, by=["region"])["adoption_rate"] == figures


def test_with_several_keys_a_metric_is_a_figure_by_tuple() -> None:
    figures = sm.scorecard(TABLE, by=["plan", "region"])["revenue_end"]
    assert {key: figure.value for key, figure in figures.items()} == {
        ("basic", "south"): 30,
        ("basic", None): 50,
        ("pro", "north"): 20,
        ("pro", "south"): 0,
    }


def test_a_metric_that_is_not_there_is_a_key_error_with_the_reason() -> None:
    card = sm.scorecard(TABLE)
    with pytest.raises(errors.MetricNotFoundError, match="did you mean 'adoption_rate'"):
        card["adoption_rates"]
    with pytest.raises(errors.InvalidOptionError, match="metric: found 0; expected the id of a metric"):
        card[0]  # type: ignore[index] # wrong on purpose
    with pytest.raises(KeyError) as caught:
        card["onboard_rate"]
    assert isinstance(caught.value, errors.ColumnNotFoundError)
    assert "'is_new', 'onboarded'" in str(caught.value)


def test_in_a_scorecard_are_the_ids_of_its_metrics() -> None:
    card = sm.scorecard({**TABLE, "channel": ["chat", None, "chat", "phone"]}, by="region")
    assert all(metric in card for metric in card.metrics)
    # not measured, no metric, keys' values and columns, nothing that could be one
    for other in ("onboard_rate", "adoption_rates", "north", None, "region", "rows", 0, ["adoption_rate"]):
        assert other not in card
    mixes = sm.cases({"channel": ["chat", "phone"]})
    assert "case_channel_share" in mixes
    assert list(mixes["case_channel_share"]) == ["chat", "phone"]


def test_a_scorecard_is_not_iterated_and_says_what_is() -> None:
    for card in (sm.scorecard(TABLE), sm.scorecard(TABLE, by=["plan", "region"])):
        for go_through in (iter, list, set, sorted, lambda card: [*card], lambda card: dict.fromkeys(card, 0)):
            with pytest.raises(TypeError, match=r"card\.metrics .* card\.wide\(\) .* card\.tidy\(\)") as caught:
                go_through(card)
            assert isinstance(caught.value, errors.NotIterableError)
            assert (caught.value.kind, caught.value.hint) == ("not_iterable", "card.metrics")


def test_metrics_asked_for_come_in_the_order_of_the_catalogue() -> None:
    asked = ["revenue_end", "adoption_rate", "customer_churn_rate"]
    card = sm.scorecard(TABLE, metrics=asked)
    assert card.metrics == [metric.id for metric in sm.catalog() if metric.id in asked]
    assert card.not_measured == {}
    assert sm.scorecard(TABLE, metrics="revenue_end").metrics == ["revenue_end"]
    assert sm.scorecard(TABLE, metrics=[]).metrics == []


def test_all_that_the_columns_allow_is_measured_and_the_rest_listed() -> None:
    card = sm.scorecard(TABLE)
    assert set(card.metrics) | set(card.not_measured) == set(MEASURED_OF_CUSTOMERS)
    assert not set(card.metrics) & set(card.not_measured)
    for metric, (missing, near) in card.not_measured.items():
        assert missing, metric
        assert not set(missing) & set(TABLE), metric
        assert near == {}


def test_health_is_measured_where_one_component_is() -> None:
    only_adoption = {name: TABLE[name] for name in ("milestones_met", "milestones_total")}
    card = sm.scorecard(only_adoption)
    assert {"health", "customer_health", "health_coverage", "red_share"} <= set(card.metrics)
    assert "red_revenue" in card.not_measured
    # One component of four is below the least coverage of one half.
    assert card["health"].undefined_reason == "below_min_coverage"
    assert "health" in sm.scorecard({"is_new": [True], "onboarded": [True]}).not_measured


# Near misses


def test_a_near_miss_of_a_name_warns_at_the_callers_line() -> None:
    table = {"milestone_met": [1], "milestones_total": [2], "is_new": [True]}
    with pytest.warns(sm.NearMissWarning, match="'milestone_met' for 'milestones_met'") as caught:
        card = sm.scorecard(table)
    assert [warning.filename for warning in caught] == [__file__]
    assert "adoption_rate" in str(caught[0].message)
    assert card.not_measured["adoption_rate"] == (["milestones_met"], {"milestones_met": ["milestone_met"]})
    assert card.not_measured["onboard_rate"] == (["onboarded"], {})


def test_names_that_are_used_or_far_away_warn_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sm.scorecard({"met": [1], "milestones_total": [2], "notes": ["x"]})
        # The name is ours for another column, a key, or mapped.
        sm.scorecard({"milestones_met": [1], "milestone_total": [2]}, by="milestone_total")
        mapped = {"milestones_met": [1], "milestone_total": [2]}
        card = sm.scorecard(mapped, columns={"milestones_total": "milestone_total"})
    assert card["adoption_rate"].value == 0.5


# Keys and time


@pytest.mark.parametrize("name", COLUMNS_OF_RESULTS + [metric.id for metric in sm.catalog()])
def test_a_key_named_like_a_metric_or_a_column_of_the_result_is_refused(name: str) -> None:
    with pytest.raises(errors.KeyNameError) as caught:
        sm.scorecard({**TABLE, name: ["a"] * 4}, by=["plan", name])
    assert (caught.value.kind, caught.value.column) == ("key_name", name)


def test_a_key_twice_is_refused() -> None:
    with pytest.raises(errors.KeyNameError, match="twice"):
        sm.scorecard(TABLE, by=["plan", "region", "plan"])
    with pytest.raises(errors.KeyNameError, match="twice"):
        sm.scorecard(TABLE, by=["plan", "region"]).rollup(["plan", "plan"])


def test_a_key_named_period_is_time_unless_another_is() -> None:
    table = {**TABLE, "period": ["1", "1", "2", "2"], "month": ["1", "2", "3", "4"]}
    assert sm.scorecard(table).period is None
    assert sm.scorecard(table, by="region").period is None
    assert sm.scorecard(table, by=["region", "period"]).period == "period"
    assert sm.scorecard(table, by=["period", "month"], period="month").period == "month"
    assert sm.scorecard(table, by="month", period="month").keys == ["month"]
    with pytest.raises(errors.InvalidOptionError, match="period"):
        sm.scorecard(table, by="region", period="month")


def test_rolling_time_away_keeps_flows_and_leaves_stocks_undefined() -> None:
    table = {**TABLE, "period": ["1", "1", "2", "2"]}
    card = sm.scorecard(table, by=["plan", "period"])
    year = card.rollup("plan")
    assert (year.keys, year.period) == (["plan"], None)
    assert year["revenue_churn"]["pro"].value == 10
    for metric in ("revenue_end", "adoption_rate", "net_revenue_retention", "customer_churn_rate", "health"):
        assert year[metric]["pro"].undefined_reason == "not_additive_over_time"
    again = year.rollup()
    assert again["revenue_end"].undefined_reason == "not_additive_over_time"
    assert again["revenue_new"].value == 20
    by_period = card.rollup("period")
    assert by_period.period == "period"
    assert by_period["revenue_end"]["1"].value == 20
    # No key is time: everything adds.
    assert sm.scorecard(table, by=["plan", "region"]).rollup()["revenue_end"].value == 100


def test_rolling_up_to_a_key_that_is_not_there_is_refused() -> None:
    with pytest.raises(errors.ColumnNotFoundError, match="did you mean 'region'"):
        sm.scorecard(TABLE, by="region").rollup("regions")


def test_rolling_up_keeps_the_keys_in_the_order_asked_for() -> None:
    card = sm.scorecard(TABLE, by=["plan", "region"])
    assert card.rollup(["region", "plan"]).keys == ["region", "plan"]
    assert card.rollup("region")["revenue_end"]["south"].value == 30


# Names and units of columns


def test_columns_of_other_names_are_found() -> None:
    table = {"mrr_open": [10], "mrr_close": [20], "revenue_start": ["not read"]}
    card = sm.scorecard(table, columns={"revenue_start": "mrr_open", "revenue_end": sm.column("mrr_close")})
    assert card["revenue_start"].value == 10
    assert card["revenue_end"].value == 20


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("cents", 1999, "19.99"),
        ("cents", Decimal("19.99"), "0.1999"),
        ("units", 5, "5"),
        ("thousands", 1.5, "1500"),
        ("millions", "0.000001", "1"),
        ("millions", 9, "9000000"),
    ],
)
def test_money_in_other_units_is_exact(unit: str, value: Any, expected: str) -> None:
    value = Decimal(value) if isinstance(value, str) else value
    columns = {"revenue_start": sm.column("open", unit=unit)}
    card = sm.scorecard({"open": [value], "revenue_end": [0]}, columns=columns)
    assert card["revenue_start"].value == Decimal(expected)


@pytest.mark.parametrize(("unit", "minutes"), [("hours", 60), ("days", 1440)])
def test_durations_in_other_units_are_exact(unit: str, minutes: int) -> None:
    columns = {"service_minutes": sm.column("service", unit=unit)}
    card = sm.scorecard({"service": [1.5], "downtime_minutes": [1]}, columns=columns)
    assert card["availability"].denominator == Decimal("1.5") * minutes


def test_a_unit_that_cannot_be_is_refused() -> None:
    with pytest.raises(errors.InvalidOptionError, match="cents, thousands, millions"):
        sm.scorecard(TABLE, columns={"revenue_start": sm.column("revenue_start", unit="pence")})
    with pytest.raises(errors.InvalidOptionError, match="milestones_met"):
        sm.scorecard(TABLE, columns={"milestones_met": sm.column("milestones_met", unit="cents")})


@pytest.mark.parametrize(
    ("column", "unit", "fitting"),
    [
        ("service_cost", "hours", "units, cents, thousands, millions"),
        ("downtime_minutes", "years", "units, hours, days"),
        ("tenure_months", "days", "units, years"),
        ("effort_score", "cents", "a column of money or of a duration"),
    ],
)
def test_a_unit_of_something_else_than_the_column_holds_is_refused(column: str, unit: str, fitting: str) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        sm.scorecard({"x": [10]}, columns={column: sm.column("x", unit=unit)}, effort_scale=(1, 7))
    assert (caught.value.value, caught.value.expected) == (f"{unit} for '{column}'", fitting)


def test_the_customer_id_may_have_another_name() -> None:
    table = {"account": ["a", "a"], "milestones_met": [1, 1], "milestones_total": [2, 2]}
    with pytest.raises(errors.DuplicateCustomerError) as caught:
        sm.scorecard(table, columns={"customer_id": "account"})
    assert caught.value.column == "account"


# What it says of itself


def test_the_quality_tells_rows_and_how_they_were_judged() -> None:
    table = {
        "milestones_met": [1, None, 3, 2],
        "milestones_total": [2, 2, 2, 2],
        "is_new": [True, False, None, True],
        "onboarded": [True, None, True, None],
        "service_minutes": [1.0, 1.0, 100 / 12, 1.0],
        "downtime_minutes": [0.0, 0.0, 0.0, 0.0],
    }
    quality = sm.scorecard(table, on_invalid="skip").quality
    assert quality.rows == 4

    def counts(metric: str) -> tuple[float, ...]:
        found = quality.metrics[metric]
        return tuple(found[name] for name in ("counted", "missing", "invalid", "outside", "rounded"))

    assert counts("adoption_rate") == (2, 1, 1, 0, 0)
    assert counts("onboard_rate") == (1, 2, 0, 1, 0)
    assert counts("availability") == (4, 0, 0, 0, 1)
    # 100 / 12 is 8.333333333333334 and held as 8.333333.
    assert quality.metrics["availability"]["largest_rounding"] == pytest.approx(3.33e-7, abs=1e-9)


def test_whether_customers_were_checked_is_known_only_of_a_fresh_card() -> None:
    table = {**TABLE, "customer_id": [1, 2, 3, 4]}
    card = sm.scorecard(table, by="region")
    assert card.unique == "checked"
    assert card.rollup().unique == "unknown"
    assert (card + card).unique == "unknown"
    assert sm.scorecard(table, unique=False).unique == sm.scorecard(TABLE).unique == "unknown"
    assert sm.scorecard(TABLE, by="region", unique="plan").unique == "checked"


def test_the_form_of_a_metric_is_decided_by_the_table_and_never_by_the_row() -> None:
    goals = {"goals_met": [2, 1], "goals_total": [2, 2]}
    assert sm.scorecard(goals)["success_rate"].value == 0.5
    both = sm.scorecard({**goals, "reached_goal": [None, True]})
    assert (both["success_rate"].value, both.quality.metrics["success_rate"]["missing"]) == (1, 1)


# Shown


def test_a_card_without_keys_shows_metrics_below_each_other() -> None:
    lines = repr(sm.scorecard(TABLE, metrics=["adoption_rate", "revenue_new", "customer_churn_rate"])).splitlines()
    assert lines[0].split() == ["metric", "value"]
    assert [line.split(maxsplit=1) for line in lines[2:]] == [
        ["rows", "4"],
        ["adoption_rate", "62.5 %"],
        ["customer_churn_rate", "33.3 %"],
        ["revenue_new", "20.00"],
    ]


def test_a_card_with_keys_shows_a_row_a_group_and_a_dash_for_undefined() -> None:
    card = sm.scorecard(TABLE, by="region", metrics=["customer_churn_rate"])
    rows = [line.split() for line in repr(card).splitlines()]
    assert rows[0] == ["region", "rows", "customer_churn_rate"]
    assert rows[2:] == [["north", "1", "–"], ["south", "2", "50.0", "%"], ["null", "1", "0.0", "%"]]
    assert len(sm.scorecard({name: [] for name in TABLE}, by="region")) == 0


def test_names_are_escaped_where_they_are_shown() -> None:
    name = "<script>alert('&')</script>\u202e\n" + "x" * 200
    card = sm.scorecard({**TABLE, "region": [name] * 4}, by="region", metrics=["adoption_rate"])
    html = card._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)" in html
    for shown in (html, repr(card), card.tidy()._repr_html_(), repr(card.tidy())):
        assert "\u202e" not in shown
        assert "x" * 100 not in shown
    assert repr(card).count("\n") == 2


def test_many_groups_are_shown_in_part() -> None:
    many = {"region": list(range(1000)), "milestones_met": [1] * 1000, "milestones_total": [2] * 1000}
    card = sm.scorecard(many, by="region", metrics=["adoption_rate"])
    lines = repr(card).splitlines()
    assert len(lines) < 100
    assert lines[2].split()[0] == "0"
    assert lines[-1].split()[0] == "999"
    assert any(line.split()[0] == "…" for line in lines)
    assert card._repr_html_().count("<tr>") == len(lines) - 1

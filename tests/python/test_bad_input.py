"""Bad input: what each kind gets, row by row of the contract."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame
from svcmetrics import errors

HALVES = {"milestones_met": [1, 1], "milestones_total": [2, 2]}


def objects(**columns: list[Any]) -> dict[str, Any]:
    return {name: np.array(values, dtype=object) for name, values in columns.items()}


def refused(kind: type[Exception], table: Any, **options: Any) -> Any:
    """The error that a table gets, which is always one of ours and a ValueError."""
    with pytest.raises(kind) as caught:
        sm.scorecard(table, **options)
    assert isinstance(caught.value, sm.SvcMetricsError)
    assert isinstance(caught.value, ValueError)
    return caught.value


# A column missing or misspelt


def test_missing_columns_are_all_named_with_what_there_is_and_what_comes_near() -> None:
    error = refused(KeyError, objects(onbaorded=[True], region=["a"]), metrics=["onboard_rate"])
    assert isinstance(error, errors.ColumnNotFoundError)
    assert (error.kind, error.metric, error.column) == ("column_not_found", "onboard_rate", "is_new")
    for text in ("'is_new'", "'onboarded' (did you mean 'onbaorded'?)", "region"):
        assert text in str(error)
    assert "onbaorded" in str(error.hint)
    # A plain KeyError would show its message in quotes.
    assert str(error).startswith("onboard_rate: no column")


def test_missing_keys_and_sources_of_columns_are_named() -> None:
    assert refused(KeyError, HALVES, by="region").column == "region"
    assert "did you mean 'region'" in str(refused(KeyError, {**HALVES, "region": ["a", "b"]}, by="regoin"))
    assert refused(KeyError, HALVES, columns={"milestones_met": "met"}).column == "met"
    assert refused(KeyError, HALVES, unique="account").column == "account"
    all_missing = {"by": ["region", "plan"], "unique": "account", "columns": {"milestones_met": "met"}}
    error = refused(KeyError, HALVES, **all_missing)
    assert error.column == "region"
    for name in ("region", "plan", "account", "met"):
        assert f"'{name}'" in str(error)
    findings = [row["column"] for row in sm.check(HALVES, **all_missing)]
    assert {"region", "plan", "account", "met"} <= set(findings)
    assert len(findings) == len(set(findings))


def test_an_unknown_metric_is_named_with_the_nearest() -> None:
    error = refused(KeyError, HALVES, metrics=["adoptoin_rate"])
    assert isinstance(error, errors.MetricNotFoundError)
    assert (error.kind, error.metric, error.hint) == ("metric_not_found", "adoptoin_rate", "adoption_rate")
    assert "plan_realization" in str(error)


# The same column name twice


@pytest.mark.parametrize("library", ["pandas", "pyarrow"])
def test_a_column_twice_is_an_error_only_where_it_is_read(library: str) -> None:
    def table(names: list[str]) -> Any:
        if library == "pandas":
            return pd.DataFrame([[1, 1, 2, 2]], columns=names)
        return pa.Table.from_arrays([pa.array([value]) for value in (1, 1, 2, 2)], names=names)

    twice = ["milestones_met", "milestones_met", "milestones_total", "other"]
    error = refused(errors.DuplicateColumnError, table(twice))
    assert (error.kind, error.column) == ("duplicate_column", "milestones_met")
    assert "2 times" in str(error)
    unread = ["other", "milestones_met", "milestones_total", "other"]
    assert sm.scorecard(table(unread))["adoption_rate"].value == 0.5
    refused(errors.DuplicateColumnError, table(unread), by="other")


# Types


@pytest.mark.parametrize("library", ["objects", "polars", "pyarrow", "pandas"])
def test_numbers_as_text_are_never_summed(library: str) -> None:
    columns: dict[str, list[Any]] = {"milestones_met": [None, "1", "x"], "milestones_total": [1, 2, 3]}
    makers: dict[str, MakeFrame] = {"polars": pl.DataFrame, "pyarrow": pa.table, "pandas": pd.DataFrame}
    table = makers[library](columns) if library in makers else objects(**columns)
    error = refused(TypeError, table)
    assert isinstance(error, errors.ColumnTypeError)
    assert (error.kind, error.metric, error.column) == ("column_type", "adoption_rate", "milestones_met")
    assert (error.row, error.value) == (1, "'1'")
    assert error.count == 2
    assert "to_numeric" in str(error.hint)
    assert ("text" in str(error)) or ("object" in str(error))


def test_text_is_no_boolean_and_the_cast_is_shown() -> None:
    error = refused(TypeError, objects(is_new=[True, "yes"], onboarded=[True, True]))
    assert (error.column, error.row, error.value) == ("is_new", 1, "'yes'")
    assert ".map({" in error.hint


def test_booleans_are_no_numbers(as_frame: MakeFrame) -> None:
    error = refused(TypeError, as_frame({"milestones_met": [True, False], "milestones_total": [1, 1]}))
    assert (error.column, error.row, error.value) == ("milestones_met", 0, "true")


@pytest.mark.parametrize("values", [["1", "0"], [True, False], pd.array([True, False], dtype="boolean")])
def test_the_hint_for_what_is_no_number_leads_to_numbers(values: Any) -> None:
    table = pd.DataFrame({"milestones_met": values, "milestones_total": [1, 1]})
    lines = pd.DataFrame({"customer_id": [1, 2], "month": ["2026-01"] * 2, "revenue": values})
    hint = refused(TypeError, table).hint
    with pytest.raises(errors.ColumnTypeError) as caught:
        sm.ledger(lines)
    assert caught.value.hint == hint
    call = re.findall(r"as in (.*) of text, or (.*) of booleans", hint)[0][not isinstance(values[0], str)]
    for frame, column in ((table, "milestones_met"), (lines, "revenue")):
        frame[column] = eval(call, {"pandas": pd, "df": frame, "column": column})
    assert sm.scorecard(table)["adoption_rate"].value == 0.5
    assert sm.ledger(lines).movements()["mrr"]["2026-01"].value == 1


def test_booleans_among_the_numbers_of_a_list_are_no_numbers_either() -> None:
    error = refused(TypeError, {"milestones_met": [2, True], "milestones_total": [2, 3]})
    assert (error.column, error.row, error.value) == ("milestones_met", 1, "true")
    assert refused(TypeError, {"revenue_start": [2.5, True], "revenue_end": [2, 3]}).row == 1
    error = refused(TypeError, {"kind": [True, 1], "is_new": [True, True], "onboarded": [True, True]}, by="kind")
    assert (error.column, error.row) == ("kind", 1)
    for numbers in ([np.True_, 3], [3, np.False_, 1.5]):
        with pytest.raises(errors.SvcMetricsError, match="licenses_used"):
            sm.scorecard({"licenses_used": numbers, "licenses_sold": [4] * len(numbers)})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([(1, 2), (3, 4)], "column 'milestones_met', row 0: is of type tuple"),
        ([[1], [2, 3]], "column 'milestones_met', row 0: is of type list"),
        (np.ones((2, 2)), "column 'milestones_met': found numpy.ndarray of 2 dimensions; expected an array or a list"),
        (np.array(2), "column 'milestones_met': found numpy.ndarray of 0 dimensions; expected an array or a list"),
    ],
)
def test_values_within_values_are_refused_by_the_name_of_their_column(values: Any, says: str) -> None:
    assert says in str(refused(TypeError, {"milestones_met": values, "milestones_total": [2, 3]}))


def test_a_list_without_values_is_of_whatever_type_other_parts_are() -> None:
    for some in (["north"], [7], [True]):
        parts = [sm.scorecard({"key": key, "nps_score": [9] * len(key)}, by="key") for key in (some, [])]
        assert sm.merge(parts) == parts[0]


def test_a_name_that_is_no_column_is_said_to_be_none() -> None:
    error = refused(errors.InvalidOptionError, {"cost": [5]}, columns={"service_csot": "cost"})
    assert "columns: found service_csot; expected columns that the metrics read (did you mean 'service_cost'?)" in str(
        error
    )


def test_numbers_are_booleans_only_where_they_are_0_or_1(as_frame: MakeFrame) -> None:
    good = as_frame({"is_new": [1, 0, None, 1], "onboarded": [1.0, 0.0, 1.0, 0.0]})
    assert sm.scorecard(good)["onboard_rate"].value == 0.5
    bad = as_frame({"is_new": [1, 2, None, 2], "onboarded": [1.0, 0.0, 1.0, 0.0]})
    error = refused(errors.InvalidValueError, bad)
    assert (error.column, error.row, float(error.value), error.count) == ("is_new", 1, 2, 2)
    card = sm.scorecard(as_frame({"is_new": [1, 2], "onboarded": [1, 1]}), on_invalid="skip")
    assert card.quality.metrics["onboard_rate"]["invalid"] == 1


@pytest.mark.parametrize("value", [pa.array([[1]]), pa.array([b"1"]), pa.array([{"a": 1}])], ids=lambda a: str(a.type))
def test_types_that_are_no_numbers_are_named_with_their_column(value: pa.Array) -> None:
    error = refused(TypeError, pa.table({"milestones_met": value, "milestones_total": [2]}))
    assert error.column == "milestones_met"
    assert type(value).__name__.removesuffix("Array").lower() in str(error).lower()


# Values


def test_infinities_are_named_with_their_row(as_frame: MakeFrame) -> None:
    table = as_frame({"service_minutes": [1.0, float("inf")], "downtime_minutes": [float("-inf"), 1.0]})
    error = refused(errors.InvalidValueError, table)
    assert (error.kind, error.column, error.row) == ("invalid_value", "downtime_minutes", 0)
    assert error.value == "-inf"


def test_negative_counts_fractions_and_parts_above_their_whole_are_named() -> None:
    error = refused(errors.InvalidValueError, objects(milestones_met=[1, -1], milestones_total=[2, 2]))
    assert (error.column, error.row, error.value) == ("milestones_met", 1, "-1")
    error = refused(errors.InvalidValueError, objects(milestones_met=[0.5], milestones_total=[2]))
    assert (error.value, error.expected) == ("0.5", "a whole number, 0 or more")
    error = refused(errors.InvalidValueError, objects(milestones_met=[1, 9], milestones_total=[2, 8]))
    assert (error.column, error.row, error.value) == ("milestones_met", 1, "9")
    for text in ("milestones_met", "9", "milestones_total", "8"):
        assert text in str(error)
    assert 'on_invalid="skip"' in error.hint


PARTS = [
    ("milestones_met", "milestones_total", "adoption_rate"),
    ("goals_met", "goals_total", "plan_realization"),
    ("contracts_renewed", "contracts_due", "contract_renewal_rate"),
    ("positive_engagements", "engagements", "engagement_quality"),
    ("downtime_minutes", "service_minutes", "availability"),
]


@pytest.mark.parametrize(("part", "whole", "metric"), PARTS)
def test_each_part_is_blamed_and_skipped_rows_are_counted(part: str, whole: str, metric: str) -> None:
    table = objects(**{part: [1, 3, 0], whole: [2, 2, 1]})
    error = refused(errors.InvalidValueError, table, metrics=[metric])
    assert (error.metric, error.column, error.row, error.value, error.count) == (metric, part, 1, "3", 1)
    assert whole in error.expected
    card = sm.scorecard(table, metrics=[metric], on_invalid="skip")
    quality = card.quality.metrics[metric]
    assert (quality["counted"], quality["invalid"], card[metric].denominator) == (2, 1, 3)


def test_positive_and_negative_engagements_fit_together() -> None:
    table = objects(positive_engagements=[2], negative_engagements=[2], engagements=[3])
    error = refused(errors.InvalidValueError, table)
    assert (error.column, error.row, error.value) == ("positive_engagements", 0, "2")


def test_the_first_ten_offenders_are_named_and_all_are_counted() -> None:
    table = {"milestones_met": np.full(5000, 3), "milestones_total": np.full(5000, 2)}
    table["milestones_met"][:7] = 1
    error = refused(errors.InvalidValueError, table)
    assert (error.row, error.count) == (7, 4993)
    assert error.first == [(row, "3") for row in range(7, 17)]
    assert "4993 rows in all" in str(error)


def test_the_group_of_the_first_offender_is_named() -> None:
    table = {"region": ["north", "south"], "milestones_met": [1, 3], "milestones_total": [2, 2]}
    assert refused(errors.InvalidValueError, table, by="region").group == "south"
    assert refused(errors.InvalidValueError, table).group is None


def test_the_first_metric_that_reads_a_column_is_named() -> None:
    error = refused(errors.InvalidValueError, objects(revenue_start=[1], revenue_end=[-1]))
    assert (error.column, error.value) == ("revenue_end", "-1")
    reading = [metric.id for metric in sm.catalog() if "revenue_end" in metric.columns]
    assert error.metric == reading[0] == "customer_retention_rate"


def test_columns_outside_of_what_a_metric_is_about_are_not_judged() -> None:
    card = sm.scorecard(objects(is_new=[False, True], onboarded=[7, True]))
    assert (card["onboard_rate"].value, card.quality.metrics["onboard_rate"]["outside"]) == (1, 1)


# Undefined


def test_nothing_to_divide_by_is_undefined_with_its_reason_and_never_0() -> None:
    def reason(met: list[Any], total: list[Any]) -> str | None:
        figure = sm.scorecard(objects(milestones_met=met, milestones_total=total), on_invalid="skip")["adoption_rate"]
        assert figure.value is None
        return str(figure.undefined_reason)

    assert reason([], []) == "no_rows"
    assert reason([0], [0]) == "zero_denominator"
    assert reason([None, 1], [1, None]) == "all_missing"
    assert reason([2], [1]) == "all_invalid"
    assert reason([2, None], [1, 1]) == "none_counted"
    gone = sm.scorecard(objects(revenue_start=[0], revenue_end=[1]))
    assert gone["customer_churn_rate"].undefined_reason == "none_in_scope"


# Customers and currencies


def test_a_customer_twice_is_named_with_both_rows() -> None:
    table = objects(customer_id=["a", "b", "a", "a"], milestones_met=[1] * 4, milestones_total=[2] * 4)
    error = refused(errors.DuplicateCustomerError, table)
    assert (error.kind, error.column, error.value, error.row) == ("duplicate_customer", "customer_id", "a", 2)
    assert error.count == 2
    assert "rows 0 and 2" in str(error)
    assert "unique=False" in error.hint
    assert sm.scorecard(table, unique=False)["adoption_rate"].denominator == 8
    periods = {**table, "month": np.array(["1", "1", "2", "3"], object)}
    assert len(sm.scorecard(periods, by="month")) == 3
    again = {**table, "month": np.array(["1", "1", "2", "2"], object)}
    error = refused(errors.DuplicateCustomerError, again, by="month")
    assert (error.row, error.group) == (3, "2")


def test_customers_without_an_id_are_nobodys_duplicates() -> None:
    table = objects(customer_id=[None, None], milestones_met=[1, 1], milestones_total=[2, 2])
    assert sm.scorecard(table).unique == "checked"


def test_two_currencies_are_refused_with_the_way_out() -> None:
    table = objects(currency=["EUR", None, "USD"], revenue_start=[1] * 3, revenue_end=[1] * 3)
    error = refused(errors.MixedCurrencyError, table)
    assert (error.kind, error.column, error.row) == ("mixed_currency", "currency", 2)
    assert "EUR" in str(error)
    assert "USD" in str(error)
    card = sm.scorecard(table, by="currency")
    assert len(card) == 3
    with pytest.raises(errors.MixedCurrencyError):
        card.rollup()
    without_money = objects(currency=["EUR", "USD"], milestones_met=[1, 1], milestones_total=[2, 2])
    assert sm.scorecard(without_money)["adoption_rate"].value == 0.5


# Absent revenue


def test_absent_revenue_offers_both_readings() -> None:
    error = refused(errors.AbsentRevenueError, objects(revenue_start=[5, None, 7], revenue_end=[None, 4, None]))
    assert (error.kind, error.row, error.count) == ("absent_revenue", 0, 3)
    assert 'absent_revenue="zero"' in error.hint
    assert 'absent_revenue="missing"' in error.hint
    assert "3 rows" in str(error)


# Large and fine numbers


def test_sums_beyond_64_bits_are_right(as_frame: MakeFrame) -> None:
    card = sm.scorecard(as_frame({"milestones_met": [2**62] * 5, "milestones_total": [2**62] * 5}))
    assert card["adoption_rate"].numerator == 5 * 2**62


@pytest.mark.parametrize("value", [Decimal("9223372036854.775808"), Decimal("1e400"), 10**13, 1e300, 10**40])
def test_an_amount_beyond_64_bits_of_millionths_is_an_overflow(value: Any) -> None:
    error = refused(OverflowError, objects(revenue_start=[1, value], revenue_end=[1, 1]))
    assert isinstance(error, errors.OutOfRangeError)
    assert (error.kind, error.column, error.row) == ("out_of_range", "revenue_start", 1)


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, 2**200])
def test_a_count_beyond_64_bits_is_an_overflow(value: int) -> None:
    error = refused(OverflowError, objects(milestones_met=[1, 1], milestones_total=[1, value]))
    assert (error.kind, error.column, error.row) == ("out_of_range", "milestones_total", 1)
    assert "millionths" not in error.expected


def test_places_beyond_the_scale_are_refused_or_on_request_rounded_half_to_even() -> None:
    table = objects(revenue_start=[Decimal("1.0000005"), Decimal("1.0000015"), 1], revenue_end=[1, 1, 1])
    error = refused(errors.InexactError, table)
    assert (error.kind, error.column, error.row, error.count) == ("inexact", "revenue_start", 0, 2)
    assert error.value == "1.0000005"
    assert 'money="round"' in error.hint
    card = sm.scorecard(table, money="round")
    assert card["revenue_start"].value == Decimal("3.000002")
    quality = card.quality.metrics["revenue_start"]
    assert (quality["rounded"], quality["largest_rounding"]) == (2, 5e-7)


def test_zeros_behind_the_last_place_are_no_more_places() -> None:
    table = objects(revenue_start=[Decimal("1." + "0" * 60)], revenue_end=[Decimal("0e-400")])
    card = sm.scorecard(table)
    assert (card["revenue_start"].value, card["revenue_end"].value) == (1, 0)


def with_total(card: sm.Scorecard, measure: str, total: int) -> sm.Scorecard:
    """The card with another total, larger than any table that fits a computer."""
    document = json.loads(card.to_json())
    document["groups"][0]["totals"][document["lanes"].index(measure)] = str(total)
    return sm.Scorecard.from_json(json.dumps(document))


def test_a_total_beyond_a_decimal_names_group_and_measure() -> None:
    table = {"region": ["north"], "milestones_met": [1], "milestones_total": [2]}
    card = sm.scorecard(table, by="region", metrics=["adoption_rate"])
    large = with_total(card, "milestones_total", 2**126)
    with pytest.raises(OverflowError) as caught:
        large + large
    assert isinstance(caught.value, errors.TotalOverflowError)
    assert (caught.value.kind, caught.value.metric) == ("overflow", "milestones_total")
    assert "group north" in str(caught.value)
    assert large["adoption_rate"]["north"].denominator == 2**126
    with pytest.raises(errors.TotalOverflowError, match="group north"):
        large.tidy()  # 2^126 whole ones are too many for 38 digits with six places


# Groups


def test_the_limit_of_groups_is_a_memory_error() -> None:
    table = {"region": list(range(10)), "milestones_met": [1] * 10, "milestones_total": [2] * 10}
    assert len(sm.scorecard(table, by="region", max_groups=10)) == 10
    error = refused(MemoryError, table, by="region", max_groups=9)
    assert isinstance(error, errors.TooManyGroupsError)
    assert (error.kind, error.row) == ("too_many_groups", 9)
    assert "max_groups" in str(error.hint)


def test_names_of_any_text_are_kept_and_escaped_and_cut_in_messages() -> None:
    name = "a\0\u202e\n" + "x" * 1_000_000
    table = objects(region=[name], milestones_met=[1], milestones_total=[2])
    assert list(sm.scorecard(table, by="region")["adoption_rate"]) == [name]
    error = refused(errors.DuplicateCustomerError, objects(customer_id=[name, name]), unique="customer_id")
    assert len(str(error)) < 1000
    assert len(error.value) <= 100
    for character in ("\0", "\u202e", "\n"):
        assert character not in str(error)
    error = refused(KeyError, objects(**{name: [1]}), by="region")
    assert len(str(error)) < 1000
    assert "\u202e" not in str(error)


# All or nothing


def test_an_error_leaves_no_partial_result_and_can_be_pickled() -> None:
    error = refused(errors.InvalidValueError, objects(milestones_met=[3], milestones_total=[2]))
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.__dict__) == (str(error), error.__dict__)
    panic = errors.InternalError("what happened")
    again = pickle.loads(pickle.dumps(panic))
    assert type(again) is errors.InternalError
    assert str(again) == str(panic) == "internal error, please report it: what happened"


@pytest.mark.parametrize(
    "options",
    [
        {"money": "cents"},
        {"on_invalid": "drop"},
        {"absent_revenue": "0"},
        {"nan": "zero"},
        {"scale": 7},
        {"scale": -1},
        {"max_groups": -1},
        {"period": "month"},
        {"columns": {"milestone": "met"}},
        {"columns": {"milestones_met": sm.column("milestones_met", unit="cents")}},
        {"columns": {"revenue_start": sm.column("milestones_met", unit="pence")}},
    ],
    ids=str,
)
def test_an_option_that_cannot_be_is_named_with_what_may_be(options: dict[str, Any]) -> None:
    error = refused(errors.InvalidOptionError, HALVES, **options)
    assert error.kind == "invalid_option"
    assert any(name in str(error) for name in (*options, "unit"))
    assert error.value is not None
    assert error.expected is not None
    assert "<class" not in error.expected


CARD = sm.scorecard(HALVES)


@pytest.mark.parametrize(
    ("call", "option"),
    [
        (lambda: CARD.rollup(5), "by"),  # type: ignore[arg-type]
        (lambda: CARD.rollup([5]), "by"),  # type: ignore[list-item]
        (lambda: CARD[1], "metric"),  # type: ignore[index]
        (lambda: CARD.join(1), "other"),  # type: ignore[arg-type]
        (lambda: sm.merge([1]), "cards[0]"),  # type: ignore[list-item]
        (lambda: sm.merge([CARD, None]), "cards[1]"),  # type: ignore[list-item]
        (lambda: sm.merge(CARD), "cards"),  # type: ignore[arg-type]
        (lambda: sm.merge(5), "cards"),  # type: ignore[arg-type]
        (lambda: sm.merge([]), "cards"),
        (lambda: sm.merge([CARD], how="any"), "how"),  # type: ignore[arg-type]
        (lambda: sm.Scorecard.from_json(None), "text"),  # type: ignore[arg-type]
        (lambda: sm.Scorecard.from_json(b"{}"), "text"),  # type: ignore[arg-type]
        (lambda: sm.HealthModel.from_json(None), "text"),  # type: ignore[arg-type]
        (lambda: sm.HealthModel.from_toml(None), "text"),  # type: ignore[arg-type]
        (lambda: CARD.to_pandas(amounts="int"), "amounts"),  # type: ignore[arg-type]
        (lambda: CARD.reasons(1), "of"),  # type: ignore[arg-type]
        (lambda: CARD.trend(1), "metrics"),  # type: ignore[arg-type]
        (lambda: sm.Targets([1]), "targets"),  # type: ignore[arg-type]
        (lambda: sm.Targets.from_toml(5), "text"),  # type: ignore[arg-type]
        (lambda: sm.Targets.from_json(5), "text"),  # type: ignore[arg-type]
        (lambda: sm.Metric.from_json(5), "text"),  # type: ignore[arg-type]
        (lambda: sm.Metric.read_toml(5), "text"),  # type: ignore[arg-type]
        (lambda: sm.bins("cases", 5), "edges"),  # type: ignore[arg-type]
        (lambda: sm.bins("cases", "15"), "edges"),
        (lambda: sm.bins("cases", [1], 5), "labels"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_argument_is_named_with_what_may_be(call: Callable[[], Any], option: str) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        call()
    error = caught.value
    assert str(error).startswith(f"{option}: found ")
    assert error.kind == "invalid_option"
    assert error.expected is not None

"""The check: what a table allows and what is wrong with it, with nothing raised."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame
from subjects import MEASURED_OF_CUSTOMERS
from svcmetrics import errors

COLUMNS = ["finding", "metric", "column", "row", "value", "expected", "count"]
#: Two customers of one name, parts above their whole, absent revenue, nulls, a rounding and a misspelt column.
TABLE: dict[str, list[Any]] = {
    "customer_id": ["a", "b", "a", "c"],
    "milestones_met": [5, 1, None, 9],
    "milestones_total": [4, 4, 4, 4],
    "revenue_start": [1.0, None, 3.0, 100 / 12],
    "revenue_end": [1.0, 2.0, None, 4.0],
    "onbaorded": [True, True, False, None],
    "is_new": [True, True, False, True],
}


def found(check: sm.Check, finding: str) -> list[dict[str, Any]]:
    return [row for row in check if row["finding"] == finding]


def test_everything_wrong_is_found_at_once(as_frame: MakeFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check = sm.check(as_frame(TABLE), unique="customer_id")
    assert check.columns == COLUMNS
    assert not check.ok
    invalid = [
        (row["metric"], row["column"], row["row"], float(row["value"]), row["count"])
        for row in found(check, "invalid_value")
    ]
    assert invalid == [("adoption_rate", "milestones_met", 0, 5, 2), ("adoption_rate", "milestones_met", 3, 9, 2)]
    (duplicate,) = found(check, "duplicate_customer")
    assert (duplicate["column"], duplicate["row"], duplicate["value"], duplicate["count"]) == ("customer_id", 2, "a", 1)
    (absent,) = found(check, "absent_revenue")
    assert (absent["row"], absent["count"]) == (1, 2)
    (near,) = found(check, "near_miss")
    assert (near["metric"], near["column"], near["value"]) == ("onboard_rate", "onboarded", "onbaorded")
    nulls = {row["column"]: row["count"] for row in found(check, "null")}
    assert nulls == {"milestones_met": 1, "revenue_start": 1, "revenue_end": 1, "onbaorded": 1}
    assert {row["metric"] for row in found(check, "rounded")} >= {"revenue_start", "net_revenue_retention"}


def test_metrics_measured_and_not_are_told() -> None:
    check = sm.check(TABLE)
    card = sm.scorecard({**TABLE, "customer_id": [1, 2, 3, 4]}, on_invalid="skip", absent_revenue="missing", metrics=[])
    assert card.metrics == []
    assert "adoption_rate" in check.measured
    assert set(check.measured) | set(check.not_measured) == set(MEASURED_OF_CUSTOMERS)
    assert check.not_measured["onboard_rate"] == (["onboarded"], {"onboarded": ["onbaorded"]})
    for text in ("measured: ", "adoption_rate", "not measured:", "did you mean 'onbaorded' for 'onboarded'?"):
        assert text in repr(check)


def test_nulls_roundings_and_near_misses_are_no_errors() -> None:
    check = sm.check(
        {
            "milestones_met": [None],
            "milestones_total": [1],
            "onbaorded": [1],
            "service_minutes": [1 / 3],
            "downtime_minutes": [0.0],
        }
    )
    assert check.ok
    assert {row["finding"] for row in check} == {"null", "near_miss", "rounded"}


def test_a_clean_table_is_clean() -> None:
    check = sm.check({"milestones_met": [1], "milestones_total": [2]}, by=None)
    assert (check.ok, len(check), check.rows()) == (True, 0, [])
    assert repr(check).endswith("nothing is wrong")
    assert check.to_arrow().column_names == COLUMNS


def test_the_choice_of_how_absent_revenue_is_read_removes_the_finding() -> None:
    table = {"revenue_start": [1, None], "revenue_end": [1, 2]}
    assert not sm.check(table).ok
    assert sm.check(table, absent_revenue="zero").ok
    assert sm.check(table, absent_revenue="missing").ok


def test_text_in_a_number_column_is_found_and_the_rest_still_told() -> None:
    check = sm.check({"milestones_met": ["1", "2"], "milestones_total": [1, 2], "is_new": [1, 2], "onboarded": [1, 1]})
    assert not check.ok
    rows = found(check, "column_type")
    assert {row["column"] for row in rows} == {"milestones_met"}
    assert [row["row"] for row in rows] == [0, 1]
    assert [row["row"] for row in found(check, "invalid_value")] == [1]


def test_nan_and_places_are_found() -> None:
    table = {"revenue_start": [1.0, float("nan")], "revenue_end": [1.0, float("nan")]}
    assert {row["row"] for row in found(sm.check(table, nan="error"), "not_a_number")} == {1}
    assert sm.check(table).ok
    check = sm.check({"service_minutes": [1.0, 1 / 3], "downtime_minutes": [0.0, 0.0]}, money="exact")
    assert [(row["column"], row["row"]) for row in found(check, "inexact")] == [("service_minutes", 1)]


def test_answers_are_judged_on_their_scales() -> None:
    table = {"csat_score": [5, 4], "effort_score": [8, 1]}
    assert sm.check(table).measured == []
    check = sm.check(table, csat_satisfied_from=4.5, effort_scale=(1, 7))
    assert check.measured == ["csat", "ces_mean", "ces_top_share", "ces_net"]
    assert [(row["finding"], row["column"], row["row"]) for row in check] == [("invalid_value", "effort_score", 0)]


def test_two_currencies_are_found() -> None:
    check = sm.check({"currency": ["EUR", "USD", "USD"], "revenue_start": [1, -1, 1], "revenue_end": [1, 1, None]})
    (currency,) = found(check, "mixed_currency")
    assert (currency["column"], currency["row"], check.ok) == ("currency", 1, False)
    # The rest is told all the same.
    assert [(row["column"], row["row"]) for row in found(check, "invalid_value")] == [("revenue_start", 1)]
    assert [row["row"] for row in found(check, "absent_revenue")] == [2]
    assert [row["column"] for row in found(check, "null")] == ["revenue_end"]
    assert "revenue_end" in check.measured
    assert sm.check({"currency": ["EUR", "USD"], "revenue_start": [1, 1], "revenue_end": [1, 1]}, by="currency").ok


def test_a_thousand_rows_are_named_and_all_are_counted() -> None:
    check = sm.check({"milestones_met": [3] * 5000, "milestones_total": [2] * 5000})
    rows = found(check, "invalid_value")
    assert [row["row"] for row in rows] == list(range(1000))
    assert {row["count"] for row in rows} == {5000}


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
def test_a_column_that_stands_there_twice_is_found(kind: str) -> None:
    names = ["milestones_met", "milestones_total", "milestones_met", "cases", "defect_cases"]
    values = [1, 2, 3, 1, 2]
    table: Any = pd.DataFrame([values], columns=names)
    if kind == "pyarrow":
        table = pa.Table.from_arrays([pa.array([value]) for value in values], names=names)
    check = sm.check(table)
    assert [(row["finding"], row["column"], row["row"]) for row in check] == [
        ("duplicate_column", "milestones_met", None),
        ("invalid_value", "defect_cases", 0),
    ]
    assert "defect_share" in check.measured
    assert check.not_measured["adoption_rate"] == (["milestones_met"], {})
    grouped = sm.check(table, by="milestones_met")
    assert [row["finding"] for row in grouped] == ["duplicate_column", "invalid_value"]


def test_keys_and_columns_that_are_not_there_are_found() -> None:
    check = sm.check(
        {"milestones_met": [2], "milestones_total": [1], "nps": [1]},
        by=["region", "nps"],
        columns={"service_cost": "cost"},
        unique="account",
    )
    assert [(row["finding"], row["column"]) for row in check] == [
        ("key_name", "nps"),
        ("column_not_found", "region"),
        ("column_not_found", "account"),
        ("column_not_found", "cost"),
        ("invalid_value", "milestones_met"),
    ]
    assert not check.ok


@pytest.mark.parametrize(
    ("key", "finding", "row"),
    [([0.5, 1.5], "column_type", 0), ([1, "a"], "column_type", 1), ([dt.timedelta(1)] * 2, "column_type", 0)],
    ids=str,
)
def test_keys_that_are_none_are_found_and_the_rest_still_told(key: list[Any], finding: str, row: int) -> None:
    table = {"key": np.array(key, dtype=object), "milestones_met": [1, 5], "milestones_total": [2, 2]}
    assert [(found["finding"], found["column"], found["row"]) for found in sm.check(table, by="key")] == [
        (finding, "key", row),
        ("invalid_value", "milestones_met", 1),
    ]


@pytest.mark.parametrize(
    ("identity", "finding"),
    [([0.5, 1.5], None), ([1, "a"], None), ([1, 1], 1), ([dt.timedelta(1)] * 2, 1), ([float("nan"), 1.5], 0)],
    ids=str,
)
def test_identities_of_any_type_tell_customers_apart(identity: list[Any], finding: int | None) -> None:
    table = {"id": np.array(identity, dtype=object), "milestones_met": [1, 5], "milestones_total": [2, 2]}
    options: dict[str, Any] = {"unique": "id", "nan": "error"}
    found = {found["finding"]: found["row"] for found in sm.check(table, **options)}
    assert found.pop("invalid_value") == 1
    assert found == ({} if finding is None else {"not_a_number" if finding == 0 else "duplicate_customer": finding})


def test_columns_of_a_wrong_type_are_found_and_the_rest_still_told() -> None:
    check = sm.check(
        {
            "milestones_met": [True, False],
            "milestones_total": [1, 2],
            "risk": [1, 2],
            "cases": [1, 1],
            "defect_cases": [2, 0],
        }
    )
    rows = [(row["finding"], row["column"], row["row"], row["count"]) for row in check]
    assert rows == [
        ("column_type", "milestones_met", 0, 2),
        ("column_type", "milestones_met", 1, 2),
        ("column_type", "risk", 0, 2),
        ("column_type", "risk", 1, 2),
        ("invalid_value", "defect_cases", 0, 1),
    ]


def test_only_what_no_table_could_mend_is_raised() -> None:
    with pytest.raises(errors.KeyNameError):
        sm.check(TABLE, by=["is_new", "is_new"])
    with pytest.raises(errors.UnsupportedTableError):
        sm.check(3)
    with pytest.raises(errors.InvalidOptionError):
        sm.check(TABLE, money="cents")  # type: ignore[arg-type]


def test_findings_can_be_had_as_frames() -> None:
    check = sm.check(TABLE)
    assert check.to_polars().columns == list(check.to_pandas().columns) == COLUMNS
    assert check.to_arrow().num_rows == len(check) == len(check.rows()) > 0

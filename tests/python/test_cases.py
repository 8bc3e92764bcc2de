"""Metrics of cases: figures, times of every kind, quantiles that merge, and two oracles."""

from __future__ import annotations

import copy
import datetime
import pickle
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle_cases
import svcmetrics as sm
from frame_kinds import MakeFrame
from oracle_cases import SCHEMA, random_table
from subjects import OF_CASES, OF_CUSTOMERS
from svcmetrics import errors

UTC = datetime.UTC
BY = ((), ("channel",), ("channel", "month"))
OPTIONS: dict[str, Any] = {"on_invalid": "skip", "quantiles": True}


def at(hour: float, zone: datetime.timezone | None = None) -> datetime.datetime:
    return datetime.datetime(2026, 3, 2, tzinfo=zone) + datetime.timedelta(hours=hour)


#: Four cases: an hour, three, ten, and one that is open.
TIMES: dict[str, list[Any]] = {
    "channel": ["phone", "phone", "chat", "chat"],
    "opened_at": [at(0), at(1), at(2), at(3)],
    "resolved_at": [at(1), at(4), at(12), None],
}


def values_of(card: sm.Scorecard) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The figure of every group and metric; of a mix the figures by value."""
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for metric in card.metrics:
        figures = card[metric] if card.keys else {(): card[metric]}
        for key, figure in figures.items():
            groups.setdefault((key,) if len(card.keys) == 1 else key, {})[metric] = figure
    return groups


def counts_of(card: sm.Scorecard) -> dict[tuple[Any, ...], dict[str, tuple[int, ...]]]:
    """How rows stand to every group and metric."""
    groups: dict[tuple[Any, ...], dict[str, tuple[int, ...]]] = {}
    for row in card.tidy():
        key = tuple(row[name] for name in card.keys)
        standing = tuple(row[name] for name in ("counted", "missing", "invalid", "outside"))
        groups.setdefault(key, {})[row["metric"]] = standing
    return groups


# What a card says


def test_all_that_the_columns_allow_is_measured_and_no_metric_of_customers() -> None:
    card = sm.cases(TIMES)
    assert set(card.metrics) | set(card.not_measured) == set(OF_CASES)
    assert card.metrics == ["case_channel_share", *(metric for metric in OF_CASES if "to_resolution" in metric)]
    assert sm.cases(random_table(0, 5), on_invalid="skip").metrics == OF_CASES
    assert set(sm.scorecard(random_table(0, 5)).not_measured) <= set(OF_CUSTOMERS)


def test_times_are_shown_in_hours() -> None:
    card = sm.cases(TIMES, by="channel", quantiles=True)
    mean = card["case_time_to_resolution_mean"]
    assert (str(mean["phone"]), mean["phone"].unit, mean["phone"].value) == ("2.0 h", "hours", 2.0)
    assert (mean["chat"].numerator, mean["chat"].denominator) == (36000, 3600)
    assert card["case_time_to_resolution_p90"]["phone"].value == 2.8
    assert "10.0 h" in repr(card)
    assert card.to_polars()["case_time_to_resolution_median"].to_list() == [10.0, 2.0]
    assert card.quality.metrics["case_time_to_resolution_median"]["missing"] == 1


def test_quantiles_that_are_not_held_are_null_and_say_why() -> None:
    card = sm.cases(TIMES, by="channel")
    assert card["case_time_to_resolution_median"]["chat"].undefined_reason == "not_mergeable"
    assert card.to_pandas()["case_time_to_resolution_p90"].isna().all()
    reasons = {row["metric"]: row["undefined_reason"] for row in card.tidy()}
    assert reasons["case_time_to_resolution_median"] == "not_mergeable"
    assert reasons["case_time_to_resolution_mean"] is None


def test_totals_do_not_carry_quantiles() -> None:
    card = sm.cases(TIMES, by="channel", quantiles=True)
    back = sm.Scorecard.from_measures(card.measures(), by="channel")
    assert back.tidy().rows() == sm.cases(TIMES, by="channel").tidy().rows()


def test_columns_are_mapped_and_keys_are_not_called_like_metrics() -> None:
    table = {"created": TIMES["opened_at"], "closed": TIMES["resolved_at"], "case_cost": ["a", "b", "c", "d"]}
    columns = {"opened_at": "created", "resolved_at": "closed"}
    assert sm.cases(table, columns=columns)["case_time_to_resolution_mean"].denominator == 3 * 3600
    for of in (sm.cases, sm.scorecard):
        with pytest.raises(errors.KeyNameError):
            of(table, by="case_cost")
    with pytest.raises(errors.InvalidOptionError, match="a column of money or of a duration"):
        sm.cases(table, columns={**columns, "opened_at": sm.column("created", unit="hours")})


def test_a_near_miss_warns_at_the_callers_line() -> None:
    with pytest.warns(sm.NearMissWarning, match="'opend_at' for 'opened_at'") as caught:
        sm.cases({"opend_at": TIMES["opened_at"], "resolved_at": TIMES["resolved_at"]})
    assert [warning.filename for warning in caught] == [__file__]


def test_a_metric_of_the_other_table_is_said_to_be_one() -> None:
    with pytest.raises(errors.MetricNotFoundError, match="'case_cost', which is a metric of cases"):
        sm.scorecard({"cost": [1]}, metrics=["case_cost"])
    with pytest.raises(errors.MetricNotFoundError, match="'health', which is a metric of customers"):
        sm.cases(TIMES, metrics="health")


def test_cases_are_checked_for_duplicates_where_they_are_named() -> None:
    table = {**TIMES, "case_id": [1, 2, 2, 4]}
    with pytest.raises(errors.DuplicateCustomerError, match="expected one row a case") as caught:
        sm.cases(table)
    assert (caught.value.column, caught.value.row) == ("case_id", 2)
    assert sm.cases(table, unique=False).unique == "unknown"
    assert sm.cases(TIMES).unique == "unknown"
    assert sm.cases({**TIMES, "number": [1, 2, 3, 4]}, columns={"case_id": "number"}).unique == "checked"
    # A table of cases names its customers more than once.
    assert sm.cases({**TIMES, "customer_id": ["a", "a", "a", "b"]})["case_time_to_resolution_mean"].defined


def test_customers_accept_quantiles_and_have_none() -> None:
    table = {"milestones_met": [1], "milestones_total": [2]}
    assert sm.scorecard(table, quantiles=True) == sm.scorecard(table)
    with pytest.raises(errors.InvalidOptionError, match="true or false"):
        sm.cases(TIMES, quantiles="yes")  # type: ignore[arg-type]


# Times as they come


def seconds_of(table: Any) -> tuple[Any, Any]:
    mean = sm.cases(table, quantiles=True, metrics=OF_TIMES)["case_time_to_resolution_mean"]
    return mean.numerator, mean.denominator


OF_TIMES = ["case_time_to_resolution_mean", "case_time_to_resolution_median"]
PLAIN = {name: TIMES[name] for name in ("opened_at", "resolved_at")}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "m", "h"])
def test_times_of_every_unit_are_the_same(unit: str) -> None:
    arrays: dict[str, Any] = {}
    for name, times in PLAIN.items():
        arrays[name] = np.array(times, dtype="datetime64[s]").astype(f"datetime64[{unit}]")
    expected = seconds_of(PLAIN)
    assert seconds_of(arrays) == expected == (14 * 3600, 3 * 3600)
    assert seconds_of(pd.DataFrame(arrays)) == expected
    if unit in ("s", "ms", "us", "ns"):
        assert seconds_of(pa.table({name: pa.array(times, pa.timestamp(unit)) for name, times in PLAIN.items()})) == (
            expected
        )
    if unit in ("ms", "us", "ns"):
        assert seconds_of(pl.DataFrame(PLAIN).cast(pl.Datetime(unit))) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_times_with_zones_are_instants_in_every_library(zone: str) -> None:
    aware = {
        name: [None if time is None else time.replace(tzinfo=UTC) for time in times] for name, times in PLAIN.items()
    }
    arrow = pa.table({name: pa.array(times, pa.timestamp("us", zone)) for name, times in aware.items()})
    frames: list[Any] = [
        aware,
        arrow,
        arrow.to_pandas(),
        arrow.to_pandas(types_mapper=pd.ArrowDtype),
        pl.from_arrow(arrow),
        pd.DataFrame({name: pd.Series(times, dtype=object) for name, times in aware.items()}),
    ]
    for frame in frames:
        assert seconds_of(frame) == seconds_of(PLAIN)
    # A zone of its own for each column.
    other = arrow.set_column(0, "opened_at", arrow["opened_at"].cast(pa.timestamp("ns", "Asia/Tokyo")))
    assert seconds_of(other) == seconds_of(PLAIN)
    naive = arrow.set_column(0, "opened_at", pa.array(PLAIN["opened_at"]))
    with pytest.raises(errors.ColumnTypeError, match="as in 'opened_at'"):
        sm.cases(naive, metrics=OF_TIMES)


def test_days_are_midnights() -> None:
    days = {"opened_at": [datetime.date(2026, 3, 2)], "resolved_at": [datetime.date(2026, 3, 4)]}
    for frame in (days, pa.table(days), pl.DataFrame(days), pd.DataFrame(days)):
        assert seconds_of(frame) == (48 * 3600, 3600)
    mixed = {"opened_at": np.array(["2026-03-02"], dtype="datetime64[D]"), "resolved_at": [at(12)]}
    assert seconds_of(mixed) == (12 * 3600, 3600)


def test_missing_times_are_missing_however_they_are_written() -> None:
    for missing in (None, pd.NaT, pd.NA, float("nan"), np.datetime64("NaT")):
        table = pd.DataFrame({"opened_at": [at(0)] * 2, "resolved_at": pd.Series([at(1), missing], dtype=object)})
        assert seconds_of(table) == (3600, 3600)
    nothing = pd.DataFrame({"opened_at": [at(0)], "resolved_at": pd.Series([None], dtype=object)})
    assert sm.cases(nothing)["case_time_to_resolution_mean"].undefined_reason == "all_missing"


def test_a_year_is_no_time() -> None:
    years = np.array(["2026", "2027"], "M8[Y]")
    for resolved in (years, list(years), np.array([*years], object)):
        with pytest.raises(errors.ColumnTypeError, match=r"row 0.*'2026'"):
            sm.cases({"opened_at": [at(0)] * 2, "resolved_at": resolved})


@pytest.mark.parametrize("value", [1772409600, 1.5, "2026-03-02", True, datetime.timedelta(hours=1), datetime.time(9)])
def test_what_is_no_time_is_refused(value: Any, as_frame: MakeFrame) -> None:
    with pytest.raises(errors.ColumnTypeError) as caught:
        sm.cases(as_frame({"opened_at": [at(0), at(0)], "resolved_at": [value, None]}))
    assert (caught.value.column, caught.value.row) == ("resolved_at", 0)


def test_nanoseconds_are_rounded_and_counted() -> None:
    times = {
        "opened_at": np.array([0], dtype="datetime64[ns]"),
        "resolved_at": np.array([3_600_000_001_500], dtype="datetime64[ns]"),
    }
    card = sm.cases(times, money="exact")
    assert str(card["case_time_to_resolution_mean"].numerator) == "3600.000002"
    quality = card.quality.metrics["case_time_to_resolution_mean"]
    assert (quality["rounded"], quality["largest_rounding"]) == (1, 5e-7)


def test_a_time_before_the_opening_names_row_and_times() -> None:
    table = pl.DataFrame({**PLAIN, "responded_at": [at(0), at(0), at(5), None]})
    with pytest.raises(errors.InvalidValueError) as caught:
        sm.cases(table)
    assert (caught.value.column, caught.value.row, caught.value.value) == ("responded_at", 1, "2026-03-02 00:00:00")
    assert "responded_at >= opened_at, with opened_at 2026-03-02 01:00:00" in str(caught.value)
    card = sm.cases(table, on_invalid="skip")
    assert card["case_time_to_response_mean"].denominator == 2 * 3600
    assert card["case_time_to_resolution_mean"].denominator == 3 * 3600


# Parts and wholes


def test_cases_and_customers_are_joined_and_never_added() -> None:
    cases = sm.cases(TIMES, by="channel", quantiles=True)
    customers = sm.scorecard({"channel": ["phone", "email"], "csat_score": [5, 2]}, by="channel", csat_satisfied_from=4)
    with pytest.raises(errors.MismatchError, match="their metrics"):
        cases + customers
    for joined in (cases.join(customers), customers.join(cases)):
        assert set(joined.metrics) == {*cases.metrics, "csat"}
        assert joined["case_time_to_resolution_median"]["phone"].value == 2.0
        assert joined["case_time_to_resolution_median"]["email"].undefined_reason == "no_rows"
        assert joined["csat"]["chat"].undefined_reason == "no_rows"
        assert sm.Scorecard.from_json(joined.to_json()) == joined
        assert (joined + joined)["case_time_to_resolution_median"]["phone"].value == 2.0


def test_parts_with_quantiles_and_without_do_not_merge() -> None:
    with_them, without = sm.cases(TIMES, quantiles=True), sm.cases(TIMES)
    with pytest.raises(errors.MismatchError, match="quantiles"):
        with_them + without
    common = sm.merge([without, with_them], how="common")
    assert common["case_time_to_resolution_median"].undefined_reason == "not_mergeable"
    assert common["case_time_to_resolution_mean"].value == with_them["case_time_to_resolution_mean"].value


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10_000), st.integers(0, 40), st.data())
def test_parts_merged_in_any_order_are_the_whole_with_their_quantiles(
    seed: int, size: int, data: st.DataObject
) -> None:
    table = random_table(seed, size)
    places = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    parts = [table.filter(pa.array([place == part for place in places], pa.bool_())) for part in range(4)]
    cards = data.draw(st.permutations([sm.cases(part, ["channel", "month"], **OPTIONS) for part in parts]))
    whole = sm.cases(table, ["channel", "month"], **OPTIONS)
    assert sm.merge(cards) == whole
    assert sm.merge(cards).to_json() == whole.to_json()
    assert cards[0] + cards[1] + cards[2] + cards[3] == (cards[3] + cards[2]) + (cards[1] + cards[0])
    assert sm.merge(cards, how="common") == whole
    assert whole.rollup("channel") == sm.cases(table, "channel", **OPTIONS)
    assert sm.cases(table.to_reader(max_chunksize=3), ["channel", "month"], **OPTIONS) == whole
    for other in (sm.Scorecard.from_json(whole.to_json()), pickle.loads(pickle.dumps(whole)), copy.deepcopy(whole)):
        assert other == whole
        assert hash(other) == hash(whole)
        assert other.tidy().rows() == whole.tidy().rows()


def test_quantiles_roll_up_over_time() -> None:
    table = random_table(3, 200)
    card = sm.cases(table, ["month"], period="month", **OPTIONS).rollup()
    assert values_of(card) == values_of(sm.cases(table, **OPTIONS))


# Oracles


@pytest.mark.parametrize("by", BY, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_every_metric_of_every_group_is_what_fractions_give(seed: int, by: Sequence[str]) -> None:
    table = random_table(seed, 300)
    card = sm.cases(table, by, **OPTIONS)
    found, counted = values_of(card), counts_of(card)
    expected = oracle_cases.by_group(table, by)
    assert list(found) == list(expected)
    for key, metrics in expected.items():
        assert set(metrics) == set(found[key])
        for metric, (value, counts) in metrics.items():
            figure: Any = found[key][metric]
            if isinstance(value, dict):
                assert {of: (share.numerator, share.denominator) for of, share in figure.items()} == value, (
                    key,
                    metric,
                )
                continue
            assert counted[key][metric] == (counts or (None,) * 4), (key, metric)
            if value is None:
                assert not figure.defined, (key, metric)
            elif isinstance(value, tuple):
                assert (figure.numerator, figure.denominator) == value, (key, metric)
            else:
                assert (figure.value, figure.numerator) == (float(value), None), (key, metric)


@pytest.mark.parametrize("by", BY, ids=str)
@pytest.mark.parametrize("seed", range(10, 14))
def test_every_metric_of_every_group_is_what_sql_gives(seed: int, by: Sequence[str]) -> None:
    table = random_table(seed, 400)
    found = values_of(sm.cases(table, by, **OPTIONS))
    expected = oracle_cases.in_sql(table, by)
    assert list(found) == list(expected)
    for key, metrics in expected.items():
        assert set(metrics) == set(found[key])
        for metric, value in metrics.items():
            figure: Any = found[key][metric]
            if isinstance(value, dict):
                assert {of: float(share) for of, share in figure.items()} == value, (key, metric)
            elif value is None:
                assert not figure.defined, (key, metric)
            else:
                assert float(figure) == pytest.approx(value, rel=1e-12, abs=1e-12), (key, metric)


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 11, 101, 1000])
def test_quantiles_are_those_of_numpy(rows: int) -> None:
    rng = np.random.default_rng(rows)
    seconds = rng.integers(0, 10**6, rows)
    opened = np.datetime64("2026-03-02T08:00:00", "s")
    table = {"opened_at": np.full(rows, opened), "resolved_at": opened + seconds.astype("timedelta64[s]")}
    card = sm.cases(table, quantiles=True)
    for statistic, share in (("median", 0.5), ("p90", 0.9)):
        value = card[f"case_time_to_resolution_{statistic}"].value
        assert value == pytest.approx(np.quantile(seconds, share) / 3600, rel=1e-13)
        exact = oracle_cases.quantile(sorted(map(int, seconds)), Fraction(round(share * 10), 10))
        assert value == float(exact / 3600)


def test_the_random_tables_reach_every_metric_and_every_judgement() -> None:
    card = sm.cases(random_table(0, 300), "channel", **OPTIONS)
    assert card.metrics == OF_CASES
    judged = [
        sum(counts[name] for counts in card.quality.metrics.values()) for name in ("missing", "invalid", "outside")
    ]
    assert all(count > 50 for count in judged)
    assert random_table(0, 1).schema == SCHEMA

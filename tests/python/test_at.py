"""One value of a key taken out of a scorecard: the scorecard of the rows that have it."""

from __future__ import annotations

import datetime
import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import svcmetrics as sm
from svcmetrics import errors

ROWS = 200


def table() -> pl.DataFrame:
    random = np.random.default_rng(5)

    def some(values: list[Any]) -> list[Any]:
        return [values[place] for place in random.integers(0, len(values), ROWS)]

    return pl.DataFrame(
        {
            "period": some(["2026-01", "2026-02", None]),
            "plan": some(["basic", "pro"]),
            "day": some([datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)]),
            "milestones_met": random.integers(0, 4, ROWS),
            "milestones_total": np.full(ROWS, 4),
            "revenue_start": random.integers(1, 9, ROWS) * 10,
            "revenue_end": random.integers(0, 9, ROWS) * 10,
            "loss_reason": some(["price", "closed", None]),
            "benefit": random.integers(0, 99, ROWS),
            "investment": random.integers(1, 99, ROWS),
        }
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("period", "2026-01"), ("period", None), ("plan", "pro"), ("day", datetime.date(2026, 2, 1))],
)
def test_it_is_the_scorecard_of_the_rows_that_have_the_value(key: str, value: Any) -> None:
    keys = ["period", "plan", "day"]
    rest = [name for name in keys if name != key]
    card = sm.scorecard(table(), by=keys, spread=True)
    found = card.at(value, key)
    rows = table().filter(pl.col(key).eq_missing(value))
    expected = sm.scorecard(rows, by=rest, spread=True)
    assert (found.keys, found.unique, found.metrics) == (rest, expected.unique, expected.metrics)
    assert found.period == (None if key == "period" else "period")
    assert found.tidy().rows() == expected.tidy().rows()
    assert found.reasons("loss").rows() == expected.reasons("loss").rows()
    assert found.rollup().tidy().rows() == expected.rollup().tidy().rows()
    for again in (sm.Scorecard.from_json(found.to_json()), pickle.loads(pickle.dumps(found))):
        assert again == found
        assert again.reasons("loss").rows() == found.reasons("loss").rows()


def test_quantiles_and_mixes_are_those_of_the_rows() -> None:
    cases = {
        "team": ["a", "a", "b", "b"],
        "channel": ["chat", "phone", "chat", None],
        "opened_at": [datetime.datetime(2026, 1, day) for day in (1, 2, 3, 4)],
        "resolved_at": [datetime.datetime(2026, 1, day) for day in (2, 5, 4, 9)],
    }
    found = sm.cases(cases, by="team", quantiles=True).at("a", "team")
    expected = sm.cases({name: cells[:2] for name, cells in cases.items()}, quantiles=True)
    assert found.tidy().rows() == expected.tidy().rows()
    assert found["case_channel_share"] == expected["case_channel_share"]
    assert sm.Scorecard.from_json(found.to_json()) == found


def test_the_currency_that_is_taken_out_is_that_of_the_amounts() -> None:
    money = {"currency": ["EUR", "USD"], "revenue_start": [1, 2], "revenue_end": [3, 4]}
    card = sm.scorecard(money, by="currency")
    assert card.at("EUR", "currency")["revenue_end"].value == 3
    with pytest.raises(errors.MismatchError, match="currency: EUR and USD"):
        card.at("EUR", "currency") + card.at("USD", "currency")


def test_stocks_of_two_periods_do_not_merge_and_flows_do() -> None:
    stocks = sm.scorecard(table(), by="period")
    with pytest.raises(errors.MismatchError, match="the period that their stocks are of: 2026-01 and 2026-02"):
        stocks.at("2026-01") + stocks.at("2026-02")
    flows = sm.scorecard(table(), by="period", metrics=["revenue_expansion"])
    whole = flows.at("2026-01") + flows.at("2026-02") + flows.at(None)
    assert whole["revenue_expansion"] == flows.rollup()["revenue_expansion"]


def test_a_value_is_taken_as_pandas_shows_it() -> None:
    quarters = pd.PeriodIndex(["2026Q1", "2026Q2", None], freq="Q")
    frame = pd.DataFrame({"quarter": quarters, "is_new": [True] * 3, "onboarded": [True, False, True]})
    card = sm.scorecard(frame, by="quarter")
    assert card.at(pd.Period("2026Q2"), "quarter")["onboard_rate"] == card["onboard_rate"]["2026-Q2"]
    for missing in (None, pd.NaT, pd.NA, float("nan"), np.nan):
        assert card.at(missing, "quarter")["onboard_rate"] == card["onboard_rate"][None]


DAY, TIME = datetime.date(2026, 2, 1), datetime.datetime(2026, 2, 1)


@pytest.mark.parametrize(
    "value",
    [
        *(DAY, TIME, pd.Timestamp(TIME), np.datetime64(DAY), np.datetime64(TIME), np.datetime64(TIME, "ns")),
        *("2026-02-01", "2026-02-01 00:00:00", "2026-02-01T00:00:00", "2026-02-01 00:00:00.000"),
    ],
)
@pytest.mark.parametrize(
    "months",
    [
        [datetime.date(2026, 1, 1), DAY],
        [datetime.datetime(2026, 1, 1), TIME],
        *(np.array(["2026-01-01", "2026-02-01"], f"M8[{unit}]") for unit in ("D", "s", "ns")),
    ],
)
def test_days_and_times_are_named_by_any_that_are_the_same(months: Any, value: object) -> None:
    card = sm.scorecard({"month": months, "is_new": [True, True], "onboarded": [True, False]}, by="month")
    assert card.at(value, "month")["onboard_rate"].value == 0


@pytest.mark.parametrize("time", ["2026-02-01 09:30:00.5", "2026-02-01 00:00:00"])
def test_times_of_a_zone_are_named_by_utc(time: str) -> None:
    months = pd.to_datetime(["2026-01-01", time], format="ISO8601").tz_localize("UTC").tz_convert("Europe/Berlin")
    table = pd.DataFrame({"month": months, "is_new": [True, True], "onboarded": [True, False]})
    card = sm.scorecard(table, by="month")
    for value in (months[1], f"{time}Z", f"{time}+00:00", f"{time.replace(' ', 'T')}Z"):
        assert card.at(value, "month")["onboard_rate"].value == 0
    with pytest.raises(errors.InvalidOptionError, match="expected a value of 'month': 2025-12-31 23:00:00Z"):
        sm.scorecard(table.assign(month=months - pd.Timedelta(hours=1)), by="month").at(time, "month")


def test_an_error_shows_times_as_times() -> None:
    table = {"month": [TIME, TIME], "is_new": [True, True], "onboarded": [True, False]}
    for zone, shown in (("UTC", "2026-02-01 00:00:00Z"), (None, "2026-02-01 00:00:00")):
        card = sm.scorecard(
            pd.DataFrame(table).assign(month=pd.to_datetime(table["month"]).tz_localize(zone)), by="month"
        )
        with pytest.raises(errors.InvalidOptionError, match=f"found 2026-03; expected a value of 'month': {shown}$"):
            card.at("2026-03", "month")
    with pytest.raises(errors.DuplicateCustomerError, match="2026-02-01 00:00:00"):
        sm.scorecard({**table, "customer_id": [7, 7]}, by="month")
    with pytest.raises(errors.DuplicateCustomerError, match="'customer_id' 2026-02-01 00:00:00 stands in rows 0"):
        sm.scorecard({**table, "customer_id": table["month"]})
    revenue = {"month": [TIME, TIME.replace(day=2)], "revenue_start": [100, 100], "revenue_end": [100, 90]}
    stocks = sm.scorecard(revenue, by="month", period="month")
    with pytest.raises(errors.MismatchError, match=r"of: 2026-02-01 00:00:00 and 2026-02-02 00:00:00$"):
        stocks.at(TIME) + stocks.at(TIME.replace(day=2))


def test_a_missing_value_is_no_text() -> None:
    card = sm.scorecard({"k": ["None", "nan"], "is_new": [True, True], "onboarded": [True, False]}, by="k")
    for missing in (None, float("nan"), pd.NaT, pd.NA):
        with pytest.raises(errors.InvalidOptionError, match="found null; expected a value of 'k': None, nan"):
            card.at(missing, "k")
    for several in (np.array(["None", "nan"]), pd.Series(["None", "nan"]), ["None"]):
        with pytest.raises(errors.InvalidOptionError, match="expected a value of 'k'"):
            card.at(several, "k")


def test_a_value_that_no_group_has_is_not_taken_out() -> None:
    sizes = {"size": [1, 2, None], "new": [True, False, None], "is_new": [True] * 3, "onboarded": [True, False, True]}
    card = sm.scorecard(sizes, by=["size", "new"])
    assert card.at(2, "size")["onboard_rate"] == {False: card["onboard_rate"][2, False]}
    assert len(card.at(None, "new")) == 1
    for value in ("2", 3, "none"):
        with pytest.raises(errors.InvalidOptionError, match="expected a value of 'size': 1, 2, null"):
            card.at(value, "size")
    with pytest.raises(errors.InvalidOptionError, match="key: found none; expected a key, since none of them is time"):
        card.at(1)
    with pytest.raises(errors.ColumnNotFoundError, match="did you mean 'size'"):
        card.at(1, "sizes")

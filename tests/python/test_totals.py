"""The row over all groups."""

from __future__ import annotations

import copy
import pickle

import pytest

import svcmetrics as sm
from oracle_duckdb import random_table

TABLE = random_table(1, 300)


def card_of(by: list[str], **options: object) -> sm.Scorecard:
    return sm.scorecard(TABLE, by, absent_revenue="zero", on_invalid="skip", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("by", [["region"], ["region", "tier"]], ids=str)
def test_the_last_row_is_the_scorecard_of_all_rows(by: list[str]) -> None:
    card, plain, whole = card_of(by, totals=True), card_of(by), card_of([])
    wide, groups = card.wide(), plain.wide()
    assert wide.columns == [*by, "is_total", *groups.columns[len(by) :]]
    assert [row[: len(by)] + row[len(by) + 1 :] for row in wide.rows()[:-1]] == groups.rows()
    assert [row[len(by)] for row in wide.rows()] == [False] * len(groups) + [True]
    assert wide.rows()[-1] == (*(None for _ in by), True, *whole.wide().rows()[0])


def test_the_last_rows_of_the_long_frame_are_those_of_all_rows() -> None:
    card, plain, whole = card_of(["region"], totals=True), card_of(["region"]), card_of([])
    tidy = card.tidy()
    assert tidy.columns[:3] == ["region", "is_total", "metric"]
    count = len(card.metrics)
    assert [row[:1] + row[2:] for row in tidy.rows()[:-count]] == plain.tidy().rows()
    assert [row[2:] for row in tidy.rows()[-count:]] == whole.tidy().rows()
    assert {row[:2] for row in tidy.rows()[-count:]} == {(None, True)}


def test_every_kind_of_frame_has_it() -> None:
    card = card_of(["region"], totals=True)
    assert card.to_polars()["is_total"].to_list() == card.to_pandas()["is_total"].tolist()
    assert card.to_arrow()["is_total"].to_pylist()[-2:] == [False, True]


def test_a_group_of_null_keys_is_not_the_total() -> None:
    card = sm.scorecard({"plan": [None, "a"], "is_new": [True, True], "onboarded": [True, False]}, "plan", totals=True)
    assert card.wide().rows() == [("a", False, 1, 0.0), (None, False, 1, 1.0), (None, True, 2, 0.5)]


def test_without_keys_the_one_row_is_the_total() -> None:
    card = sm.scorecard({"is_new": [True], "onboarded": [True]}, totals=True)
    assert (card.wide().columns, card.wide().rows()) == (["is_total", "rows", "onboard_rate"], [(True, 1, 1.0)])
    assert "total" not in repr(card)


def test_of_no_rows_there_is_a_total_of_nothing() -> None:
    card = sm.scorecard(TABLE.slice(0, 0), "region", metrics=["adoption_rate"], totals=True)
    assert card.wide().rows() == [(None, True, 0, None)]
    assert card.tidy().rows()[0][-3] == "no_rows"


def test_only_what_is_shown_knows_of_it() -> None:
    card, plain = card_of(["region"], totals=True), card_of(["region"])
    assert card == plain
    assert (len(card), card.to_json()) == (len(plain), plain.to_json())
    assert card["onboard_rate"] == plain["onboard_rate"]
    assert card.measures().rows() == plain.measures().rows()
    assert card.reasons("loss").rows() == plain.reasons("loss").rows()
    assert card.with_totals(False).wide().rows() == plain.wide().rows()
    assert plain.with_totals().wide().rows() == card.wide().rows()


def test_what_is_made_of_a_scorecard_with_a_total_has_one() -> None:
    card, plain = card_of(["region", "tier"], totals=True), card_of(["region", "tier"])
    for made in (card.rollup("region"), card + plain, plain + card, sm.merge([plain, card]), copy.copy(card)):
        assert made.wide().rows()[-1][len(made.keys)] is True
    assert pickle.loads(pickle.dumps(card)).wide().rows() == card.wide().rows()
    assert "is_total" not in sm.Scorecard.from_json(card.to_json()).wide().columns


def test_stocks_over_time_are_undefined_in_it_and_flows_add_up() -> None:
    table = {"period": ["2026-01", "2026-02"], "revenue_start": [100, 120], "revenue_end": [120, 130]}
    card = sm.scorecard(table, "period", metrics=["revenue_end", "revenue_expansion"], totals=True)
    values = {row[2]: (row[3], row[-3]) for row in card.tidy().rows()[-2:]}
    assert values == {"revenue_end": (None, "not_additive_over_time"), "revenue_expansion": (30.0, None)}


def test_amounts_of_several_currencies_have_no_total() -> None:
    table = {"currency": ["EUR", "USD"], "revenue_start": [1, 2], "revenue_end": [1, 2]}
    with pytest.raises(sm.errors.MixedCurrencyError):
        sm.scorecard(table, "currency", totals=True)
    assert len(sm.scorecard(table, "currency")) == 2


def test_a_key_that_is_named_like_the_mark_is_an_error_where_it_is_shown() -> None:
    table = {"is_total": [True], "is_new": [True], "onboarded": [True]}
    with pytest.raises(sm.errors.KeyNameError, match="marks the total"):
        sm.scorecard(table, "is_total", totals=True).wide()


def test_it_is_printed_last() -> None:
    lines = repr(card_of(["region", "tier"], metrics=["onboard_rate"], totals=True)).splitlines()
    assert lines[-1].split()[:2] == ["total", "300"]

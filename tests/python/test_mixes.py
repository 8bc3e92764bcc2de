"""Mixes of cases: what a mix is by SQL, where it goes with its scorecard, and what leaves it out."""

from __future__ import annotations

import copy
import datetime
import pickle
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import svcmetrics as sm
from oracle_cases import MIXES, random_table

BY: list[list[str]] = [[], ["month"], ["month", "is_defect"], ["channel"]]
TABLE: dict[str, list[Any]] = {
    "team": ["a", "a", "a", None, "b"],
    "channel": ["phone", "chat", "phone", "chat", None],
    "cost": [1, 2, 3, 4, 5],
}


def card_of(table: Any, by: list[str], **options: Any) -> sm.Scorecard:
    return sm.cases(table, by, on_invalid="skip", **options)


def in_sql(table: pa.Table, by: list[str], column: str) -> list[tuple[Any, ...]]:
    """A row a group and value: keys, value, how many, and of how many."""
    keys = "".join(f"{key}, " for key in by)
    order = "".join(f"{key} NULLS LAST, " for key in by)
    group = f"PARTITION BY {keys[:-2]}" if by else ""
    query = f"""
        SELECT {keys} {column} AS part, count(*), (sum(count(*)) OVER ({group}))::BIGINT
        FROM input WHERE {column} IS NOT NULL GROUP BY {keys} {column} ORDER BY {order} part
    """
    with duckdb.connect() as connection:
        connection.register("input", table)
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("by", BY, ids=str)
@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("seed", range(20, 23))
def test_mixes_are_what_sql_gives(seed: int, mix: str, by: list[str]) -> None:
    table = random_table(seed, 300)
    found = card_of(table, by).mix(mix)
    expected = in_sql(table, by, mix.removeprefix("case_").removesuffix("_share"))
    assert found.columns == [*by, "value", "cases", "share"]
    assert found.rows() == [(*row[:-1], row[-2] / row[-1]) for row in expected]
    assert len(expected) > 1


@pytest.mark.parametrize("by", BY, ids=str)
def test_the_shares_of_a_group_add_up_to_one(by: list[str]) -> None:
    card = card_of(random_table(30, 200), by)
    for mix in MIXES:
        groups = card[mix].values() if by else [card[mix]]
        sums = [
            sum(Fraction(share.numerator) / Fraction(share.denominator) for share in group.values()) for group in groups
        ]
        assert set(sums) <= {Fraction(1), 0}
        assert Fraction(1) in sums


def test_a_share_is_a_figure_with_wilsons_interval() -> None:
    share = sm.cases({"channel": ["phone"] * 3 + ["chat"]})["case_channel_share"]["phone"]
    as_metric = sm.cases({"reopened": [True] * 3 + [False]})["case_reopen_rate"]
    assert (str(share), share.unit, share.interval(0.9)) == ("75.0 %", "fraction", as_metric.interval(0.9))


@pytest.mark.parametrize("seed", range(2))
def test_parts_merge_roll_up_and_are_stored_with_their_mixes(seed: int) -> None:
    table = random_table(40 + seed, 300)
    by = ["month", "is_defect", "channel"]
    whole = card_of(table, by, period="month")
    parts = [card_of(table.slice(start, 90), by, period="month") for start in range(0, 300, 90)]
    merged = sm.merge(parts[::-1])
    assert merged == whole
    for mix in MIXES:
        assert merged.mix(mix).rows() == whole.mix(mix).rows()
        for coarse in ([], ["month"], ["is_defect"]):
            assert whole.rollup(coarse).mix(mix).rows() == card_of(table, coarse).mix(mix).rows()
    for twin in (sm.Scorecard.from_json(whole.to_json()), pickle.loads(pickle.dumps(whole)), copy.copy(whole)):
        assert twin == whole
        assert [twin.mix(mix).rows() for mix in MIXES] == [whole.mix(mix).rows() for mix in MIXES]


def test_a_stream_in_batches_has_the_mixes_of_the_table() -> None:
    table = random_table(50, 200)
    assert card_of(table.to_reader(max_chunksize=7), ["month"]) == card_of(table, ["month"])


def test_values_of_every_type_of_key_are_values() -> None:
    day = datetime.date(2026, 3, 2)
    for values, expected in [
        ([True, False, True, None], [False, True]),
        ([day, None, day, day + datetime.timedelta(1)], [day, day + datetime.timedelta(1)]),
        (np.array([2.0, 1.0, np.nan, 2.0]), [1, 2]),
        (pa.array(["b", "a", None, "b"]).dictionary_encode(), ["a", "b"]),
    ]:
        card = sm.cases(pa.table({"channel": values}), nan="null")
        assert list(card["case_channel_share"]) == expected
        assert [row["value"] for row in card.mix("case_channel_share")] == expected


def test_mixes_go_to_every_kind_of_frame() -> None:
    found = sm.cases(TABLE, "team").mix("case_channel_share")
    assert [str(kind) for kind in found.to_arrow().schema.types] == ["string", "string", "int64", "double"]
    assert (
        found.to_polars().rows()
        == found.rows()
        == [
            ("a", "chat", 1, 1 / 3),
            ("a", "phone", 2, 2 / 3),
            (None, "chat", 1, 1.0),
        ]
    )
    assert found.to_pandas()["cases"].tolist() == [1, 2, 1]
    assert "phone" in repr(found)
    empty = sm.cases({"channel": [None]}).mix("case_channel_share")
    assert (len(empty), empty.to_polars().columns) == (0, ["value", "cases", "share"])


def test_tables_of_a_figure_a_group_leave_mixes_out() -> None:
    card = sm.cases(TABLE, "team", totals=True)
    assert card.metrics == ["case_channel_share", "case_cost_mean", "case_cost"]
    assert card.wide().columns == ["team", "is_total", "rows", "case_cost_mean", "case_cost"]
    assert {row["metric"] for row in card.tidy()} == {"case_cost_mean", "case_cost"}
    assert {row["metric"] for row in card.compare(card)} == {"case_cost_mean", "case_cost"}
    assert "case_channel_share" not in repr(card) + card._repr_html_()
    assert card.mix("case_channel_share").rows() == sm.cases(TABLE, "team").mix("case_channel_share").rows()
    assert card.quality.metrics["case_channel_share"]["outside"] == 1
    assert "case_channel.outside" in card.measures().columns


def test_a_scorecard_of_a_mix_alone_has_its_rows() -> None:
    card = sm.cases(TABLE, "team", metrics="case_channel_share")
    assert (card.metrics, len(card)) == (["case_channel_share"], 3)
    assert card.wide().rows() == [("a", 3), ("b", 1), (None, 1)]
    assert len(card.tidy()) == 0
    assert repr(card).splitlines()[0].split() == ["team", "rows"]
    assert card["case_channel_share"]["b"] == {}
    assert sm.cases({"channel": ["chat"]}, metrics="case_channel_share").wide().rows() == [(1,)]
    with pytest.raises(sm.errors.InvalidDocumentError, match="no metric's totals"):
        sm.Scorecard.from_measures(card.measures(), by="team")


def test_without_the_column_a_mix_is_not_measured() -> None:
    assert sm.cases(TABLE).not_measured["case_issue_type_share"] == (["issue_type"], {})
    with pytest.warns(sm.NearMissWarning, match="'issue_typ' for 'issue_type'"):
        sm.cases({"issue_typ": ["a"]})
    card = sm.cases({"kind": ["a", "b"]}, columns={"issue_type": "kind"})
    assert [row["value"] for row in card.mix("case_issue_type_share")] == ["a", "b"]


def test_what_is_no_mix_is_an_error() -> None:
    card = sm.cases(TABLE, "team")
    with pytest.raises(sm.errors.InvalidOptionError, match="found case_cost; expected case_channel_share"):
        card.mix("case_cost")
    with pytest.raises(sm.errors.MetricNotFoundError, match="did you mean 'case_channel_share'"):
        card.mix("case_chanel_share")
    with pytest.raises(sm.errors.InvalidOptionError, match="the id of a mix"):
        card.mix(None)  # type: ignore[arg-type]
    with pytest.raises(sm.errors.InvalidOptionError, match="one figure a group"):
        card.compare(card, metrics="case_channel_share")
    with pytest.raises(sm.errors.InvalidOptionError, match="one figure a group"):
        sm.cases(TABLE | {"period": [2026] * 5}, "period").trend("case_channel_share")


def test_a_key_named_like_a_column_of_the_result_is_an_error_of_the_frame_alone() -> None:
    card = sm.cases({"cases": ["x", "x"], "channel": ["chat", "phone"]}, "cases")
    assert list(card["case_channel_share"]["x"]) == ["chat", "phone"]
    assert len(card.rollup().mix("case_channel_share")) == 2
    with pytest.raises(sm.errors.KeyNameError, match="'cases' is named like a column"):
        card.mix("case_channel_share")


def test_mixes_stay_when_cases_are_joined_with_customers() -> None:
    customers = sm.scorecard({"team": ["a", "c"], "nps_score": [9, 10]}, "team", metrics="nps")
    joined = customers.join(sm.cases(TABLE, "team"))
    assert joined["case_channel_share"]["c"] == {}
    assert joined.mix("case_channel_share").rows() == sm.cases(TABLE, "team").mix("case_channel_share").rows()
    assert sm.Scorecard.from_json(joined.to_json()) == joined

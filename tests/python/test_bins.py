"""Numbers as keys by bins, against SQL and by hand."""

from __future__ import annotations

import pickle
import random
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame
from oracle_duckdb import random_table

EDGES = [0, Decimal("7.5"), 12, 36]


def table_of(seed: int, rows: int = 400) -> pa.Table:
    rng = random.Random(seed)
    amounts = (None, "-0.000001", "0", "7.499999", "7.5", "11.999999", "12", "35.9", "36", "1000", "-20")
    tenures = [rng.choice(amounts) for _ in range(rows)]
    table = random_table(seed, rows)
    column = pa.array([None if tenure is None else Decimal(tenure) for tenure in tenures], pa.decimal128(20, 6))
    return table.drop_columns("tenure_months").append_column("tenure_months", column)


def card_of(table: Any, by: Any, **options: Any) -> sm.Scorecard:
    return sm.scorecard(table, by, absent_revenue="zero", on_invalid="skip", **options)


@pytest.mark.parametrize("kind", ["decimal128(20, 6)", "double"])
@pytest.mark.parametrize("seed", range(3))
def test_bins_are_what_sql_makes_of_cases(seed: int, kind: str) -> None:
    table = table_of(seed)
    place, column = table.column_names.index("tenure_months"), table["tenure_months"]
    typed = table.set_column(place, "tenure_months", column.cast(pa.float64()) if kind == "double" else column)
    connection = duckdb.connect()
    connection.register("input", table)
    sql = """
        WITH binned AS (
            SELECT *, CASE WHEN tenure_months IS NULL THEN 9
                WHEN tenure_months < 0 THEN 0 WHEN tenure_months < 7.5 THEN 1
                WHEN tenure_months < 12 THEN 2 WHEN tenure_months < 36 THEN 3 ELSE 4 END AS bin FROM input
        )
        SELECT bin, count(*), count(*) FILTER (onboarded) * 1.0::DOUBLE / count(*) FROM binned
        WHERE is_new AND onboarded IS NOT NULL GROUP BY bin ORDER BY bin
    """
    expected = connection.execute(sql).fetchall()
    labels = ["< 0", "0 to 7.5", "7.5 to 12", "12 to 36", ">= 36"]
    found = card_of(typed, sm.bins("tenure_months", EDGES))
    rows = [row for row in found.tidy() if row["metric"] == "onboard_rate"]
    assert [(row["tenure_months"], row["counted"], row["value"]) for row in rows] == [
        (None if place == 9 else labels[place], count, rate) for place, count, rate in expected
    ]


def test_every_kind_of_frame_has_the_same_bins(as_frame: MakeFrame) -> None:
    columns = {"size": [5, None, 40, 12, -3], "is_new": [True] * 5, "onboarded": [True, False, True, True, False]}
    found = sm.scorecard(as_frame(columns), [sm.bins("size", [0, 12, 36])]).wide().rows()
    assert found == [("< 0", 1, 0.0), ("0 to 12", 1, 1.0), ("12 to 36", 1, 1.0), (">= 36", 1, 1.0), (None, 1, 0.0)]


def test_bins_stand_beside_other_keys_in_their_place() -> None:
    table = table_of(4)
    bins = sm.bins("tenure_months", [12], ["grown"])
    card = card_of(table, ["region", bins, "tier"])
    assert card.keys == ["region", "tenure_months", "tier"]
    assert card.rollup("tenure_months") != card_of(table, bins)  # only the check for duplicates is lost
    assert card.rollup("tenure_months").wide().rows() == card_of(table, bins).wide().rows()
    assert list(card_of(table, [bins])["mean_tenure_months"]) == ["< 12", "grown", None]


def test_parts_merge_and_copies_are_equal() -> None:
    table, by = table_of(5), [sm.bins("tenure_months", EDGES), "tier"]
    whole = card_of(table, by)
    merged = sm.merge([card_of(table.slice(start, 150), by) for start in (150, 0, 300)])
    assert merged.wide().rows() == whole.wide().rows()
    assert pickle.loads(pickle.dumps(whole)) == whole
    with pytest.raises(sm.errors.MismatchError, match=r"bins from 0; 7\.5; 12; 36"):
        whole + card_of(table, [sm.bins("tenure_months", [0, 12]), "tier"])


def test_totals_of_bins_read_back_by_their_labels() -> None:
    bins = sm.bins("tenure_months", [0, 100, 12.5 * 80], name="tenure")
    card = card_of(table_of(6), bins)
    measures = card.measures()
    back = sm.Scorecard.from_measures(measures.to_polars(), by=bins)
    assert back.wide().rows() == card.wide().rows()
    assert [row[0] for row in back.wide().rows()] == ["< 0", "0 to 100", ">= 1000", None]
    with pytest.raises(sm.errors.KeyNameError, match="named like a measure"):
        card_of(table_of(6), sm.bins("tenure_months", [0])).measures()


def test_the_check_of_a_table_takes_bins() -> None:
    found = sm.check(
        {"size": np.array([1.0, np.inf]), "is_new": [True, True], "onboarded": [True, True]}, sm.bins("size", [2])
    )
    assert [(row["finding"], row["column"], row["row"]) for row in found] == [("column_type", "size", 1)]


def test_wrong_edges_labels_and_columns_are_errors() -> None:
    table = {"size": [1], "is_new": [True], "onboarded": [True]}
    for edges in ([], [2, 1], ["x"], [float("nan")], [None]):
        with pytest.raises(sm.errors.InvalidOptionError):
            sm.scorecard(table, sm.bins("size", edges))
    with pytest.raises(sm.errors.InvalidOptionError, match="1 different texts"):
        sm.scorecard(table, sm.bins("size", [1], ["a", "b"]))
    with pytest.raises(sm.errors.ColumnNotFoundError, match=r"'sizes' .did you mean 'size'"):
        sm.scorecard(table, sm.bins("sizes", [1]))
    with pytest.raises(sm.errors.KeyNameError, match="named twice"):
        sm.scorecard(table, [sm.bins("size", [1]), "size"])


def test_a_number_that_is_no_key_says_how_to_make_it_one() -> None:
    with pytest.raises(sm.errors.ColumnTypeError, match=r"by=\[sm.bins\(column, \[0, 12, 36\]\)\]"):
        sm.scorecard({"size": [1.5], "is_new": [True], "onboarded": [True]}, "size")


def test_bins_of_a_column_named_like_a_metric_are_given_another_name() -> None:
    table = {"revenue_start": [10, 80], "revenue_end": [10, 0]}
    with pytest.raises(sm.errors.KeyNameError, match="give the bins a name of their own"):
        sm.scorecard(table, sm.bins("revenue_start", [0, 60]))
    card = sm.scorecard(table, sm.bins("revenue_start", [0, 60], name="size"), metrics=["customer_churn_rate"])
    assert {size: figure.value for size, figure in card["customer_churn_rate"].items()} == {"0 to 60": 0, ">= 60": 1}

"""Tables out: polars, pandas, pyarrow and Arrow streams hold the same values, in the documented types and order."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import svcmetrics as sm
from frame_kinds import StreamOnly

TABLE = pa.table(
    {
        "region": ["south", None, "north", "south"],
        "milestones_met": [1, 0, 2, 1],
        "milestones_total": [2, 0, 3, 4],
        "contracts_due": [1, 0, 4, 2],
        "contracts_renewed": [1, 0, 1, 2],
        "revenue_start": [Decimal("10.10"), None, Decimal(0), Decimal(20)],
        "revenue_end": [Decimal("20.20"), None, Decimal("0.000001"), Decimal(0)],
    }
)
AMOUNTS = pa.decimal128(38, 6)
COUNTS = ["counted", "missing", "invalid", "outside", "rounded"]


@pytest.fixture
def card() -> sm.Scorecard:
    return sm.scorecard(TABLE, by="region")


def test_the_wide_table_has_keys_then_rows_then_a_column_a_metric(card: sm.Scorecard) -> None:
    assert card.to_arrow().column_names == ["region", "rows", *card.metrics]
    assert card.metrics == [metric.id for metric in sm.catalog() if metric.id in card.metrics]
    assert card.to_arrow()["region"].to_pylist() == ["north", "south", None]
    assert card.to_arrow()["rows"].to_pylist() == [1, 2, 1]


def test_rates_are_float64_and_amounts_decimals_with_six_places(card: sm.Scorecard) -> None:
    schema = card.to_arrow().schema
    for metric in card.metrics:
        kind = sm.catalog()[metric].kind
        assert schema.field(metric).type == (AMOUNTS if kind == "amount" else pa.float64()), metric
    assert schema.field("rows").type == pa.int64()


def test_the_figures_are_the_doubles_nearest_to_the_quotients(card: sm.Scorecard) -> None:
    table = card.to_arrow()
    assert table["adoption_rate"].to_pylist() == [2 / 3, 2 / 6, None]
    assert table["contract_renewal_rate"].to_pylist() == [0.25, 1.0, None]
    assert table["revenue_end"].to_pylist() == [Decimal("0.000001"), Decimal("20.200000"), None]
    assert table["recurring_revenue_rate"].to_pylist() == [None, float(Fraction("20.2") / Fraction("30.1")), None]


def test_the_tidy_table_has_a_row_a_group_and_metric(card: sm.Scorecard) -> None:
    tidy = card.tidy()
    names = ["region", "metric", "value", "numerator", "denominator", *COUNTS, "undefined_reason", "low", "high"]
    assert tidy.columns == names
    assert [row[:2] for row in tidy.rows()] == [(k, m) for k in ("north", "south", None) for m in card.metrics]
    types = [pa.string(), pa.string(), pa.float64(), AMOUNTS, AMOUNTS, *[pa.int64()] * 5, pa.string()]
    assert [field.type for field in tidy.to_arrow().schema] == [*types, pa.float64(), pa.float64()]


def test_tidy_rows_hold_exact_parts_and_reasons(card: sm.Scorecard) -> None:
    rows = {(row["region"], row["metric"]): row for row in card.tidy()}

    def found(key: str | None, metric: str) -> tuple[Any, ...]:
        row = rows[key, metric]
        return row["value"], row["numerator"], row["denominator"], row["undefined_reason"]

    assert found("south", "adoption_rate") == (2 / 6, 2, 6, None)
    assert found(None, "adoption_rate")[::3] == (None, "zero_denominator")
    # An amount stands in the numerator, with a null denominator.
    assert found("south", "revenue_churn") == (20.0, 20, None, None)
    assert found(None, "revenue_churn") == (None, None, None, "all_missing")
    # What is made of other metrics has neither.
    south = Fraction("20.2") / Fraction("30.1") - 1
    assert found("south", "renewal_gap") == (float(south), None, None, None)
    assert [rows["south", "renewal_gap"][count] for count in COUNTS] == [None] * 5
    assert [rows["south", "revenue_end"][count] for count in COUNTS] == [2, 0, 0, 0, 0]
    assert [rows[None, "revenue_end"][count] for count in COUNTS] == [0, 1, 0, 0, 0]
    assert [rows["north", "customer_churn_rate"][count] for count in COUNTS] == [0, 0, 0, 1, 0]


@pytest.mark.parametrize("view", ["wide", "tidy", "measures"])
def test_every_library_gets_the_same_values(card: sm.Scorecard, view: str) -> None:
    frame = getattr(card, view)()
    rows = frame.rows()
    table = frame.to_arrow()
    assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == rows
    polars = frame.to_polars()
    assert polars.rows() == rows
    assert polars.columns == frame.columns
    relation = duckdb.from_arrow(pa.table(StreamOnly(frame)))
    assert relation.fetchall() == rows
    pandas = frame.to_pandas(amounts="decimal")
    assert list(pandas.columns) == frame.columns
    for name, expected in zip(frame.columns, zip(*rows, strict=True), strict=True):
        found = [None if missing(value) else value for value in pandas[name].tolist()]
        assert found == list(expected), name


def missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def test_a_stream_can_be_asked_for_again_and_again(card: sm.Scorecard) -> None:
    for frame in (card, card.tidy(), card.measures()):
        assert pa.table(StreamOnly(frame)) == pa.table(frame) == pa.table(frame)
        assert pa.RecordBatchReader.from_stream(frame).read_all().num_rows == len(pa.table(frame))
        pl.from_arrow(pa.table(frame))
        assert pl.DataFrame(frame).height == len(pa.table(frame))


def test_polars_gets_its_own_types(card: sm.Scorecard) -> None:
    schema = card.to_polars().schema
    assert schema["region"] == pl.String
    assert schema["rows"] == pl.Int64
    assert schema["adoption_rate"] == pl.Float64
    assert schema["revenue_end"] == pl.Decimal(38, 6)


def test_pandas_gets_floats_or_on_request_decimals(card: sm.Scorecard) -> None:
    floats, decimals = card.to_pandas(), card.to_pandas(amounts="decimal")
    assert floats["rows"].dtype == decimals["rows"].dtype == np.dtype("int64")
    assert floats["adoption_rate"].dtype == decimals["adoption_rate"].dtype == np.dtype("float64")
    assert floats["revenue_end"].dtype == np.dtype("float64")
    assert floats["revenue_end"].tolist()[:2] == [0.000001, 20.2]
    assert math.isnan(floats["revenue_end"].tolist()[2])
    assert decimals["revenue_end"].dtype == np.dtype(object)
    assert decimals["revenue_end"].tolist()[:2] == [Decimal("0.000001"), Decimal("20.2")]
    assert missing(floats["region"].tolist()[2])
    with pytest.raises(sm.errors.InvalidOptionError, match="amounts"):
        card.to_pandas(amounts="cents")  # type: ignore[arg-type]


def test_amounts_beyond_doubles_are_exact_as_decimals_and_nearest_as_floats() -> None:
    exact = Decimal("9223372036854.775807")
    card = sm.scorecard(pa.table({"revenue_start": [exact] * 3, "revenue_end": [exact] * 3}))
    assert card["revenue_end"].value == 3 * exact
    assert card.to_arrow()["revenue_end"].to_pylist() == [3 * exact]
    assert card.to_pandas(amounts="decimal")["revenue_end"].tolist() == [3 * exact]
    assert card.to_pandas()["revenue_end"].tolist() == [float(3 * exact)]
    assert card.tidy().to_arrow().filter(pa.compute.equal(card.tidy().to_arrow()["metric"], "revenue_end"))[
        "value"
    ].to_pylist() == [float(3 * exact)]


@pytest.mark.parametrize(
    ("key", "arrow", "polars", "pandas"),
    [
        (pa.array(["a", "b"], pa.large_string()), pa.string(), pl.String, "str"),
        (pa.array([1, 2], pa.uint8()), pa.int64(), pl.Int64, "int64"),
        (pa.array([2**64 - 1, 1], pa.uint64()), pa.uint64(), pl.UInt64, "uint64"),
        (pa.array([True, False]), pa.bool_(), pl.Boolean, "bool"),
        (pa.array([dt.date(2026, 1, 1)]), pa.date32(), pl.Date, "object"),
        (pa.array([0], pa.timestamp("ms")), pa.timestamp("ms"), pl.Datetime("ms"), "datetime64[ms]"),
        (
            pa.array([0], pa.timestamp("us", "Europe/Berlin")),
            pa.timestamp("us", "Europe/Berlin"),
            pl.Datetime("us", "Europe/Berlin"),
            "datetime64[us, Europe/Berlin]",
        ),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_keys_keep_their_type(key: pa.Array, arrow: pa.DataType, polars: Any, pandas: str) -> None:
    rows = len(key)
    table = pa.table({"key": key, "milestones_met": [1] * rows, "milestones_total": [2] * rows})
    card = sm.scorecard(table, by="key", metrics=["adoption_rate"])
    assert card.to_arrow().schema.field("key").type == arrow
    assert card.to_polars().schema["key"] == polars
    assert str(card.to_pandas()["key"].dtype) == pandas


def test_health_scores_have_the_documented_columns() -> None:
    frame = sm.health_scores(TABLE.append_column("customer_id", pa.array([4, 3, 2, 1])))
    schema = frame.to_arrow().schema
    points = [f"{metric}_points" for metric in frame.model.components]
    assert schema.names == ["customer_id", "score", "band", "coverage", *points]
    assert schema.field("customer_id").type == pa.int64()
    assert [schema.field(name).type for name in ("score", "coverage")] == [pa.float64()] * 2
    assert schema.field("band").type == pa.string()
    assert {schema.field(name).type for name in points} == {pa.decimal128(9, 6)}
    assert frame.to_arrow()["customer_id"].to_pylist() == [4, 3, 2, 1]
    plain = sm.health_scores(TABLE, explain=False)
    assert plain.columns == ["score", "band", "coverage"]


def test_a_frame_is_shown_as_text_and_html(card: sm.Scorecard) -> None:
    frame = card.tidy()
    first, line, *body = repr(frame).splitlines()
    assert first.split()[:3] == ["region", "metric", "value"]
    assert set(line) == {"─", " "}
    assert len(body) == 41  # twenty of the first and last rows, and what stands for those between
    assert "<table>" in frame._repr_html_()


def test_a_library_that_is_missing_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, card: sm.Scorecard
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(sm.errors.MissingExtraError, match="pip install polars") as caught:
        card.to_polars()
    assert isinstance(caught.value, ImportError)
    assert caught.value.hint == "pip install polars"


def test_counts_of_customers_are_whole_numbers_in_frames() -> None:
    card = sm.ledger({"customer_id": [7, 8], "month": ["2026-01", "2026-01"], "revenue": [50, 20]}).movements("quarter")
    schema = card.to_arrow().schema
    whole = [metric for metric in card.metrics if str(schema.field(metric).type) == "int64"]
    assert whole == [
        *("customers_start", "customers_new", "customers_reactivated", "customers_expanded", "customers_contracted"),
        *("customers_churned", "customers_end", "transient_customers"),
    ]
    (row,) = card.wide()
    assert [row[metric] for metric in whole] == [0, 2, 0, 0, 0, 0, 2, 0]
    assert card.to_pandas()["customers_new"].dtype == "int64"
    assert "0,2,0,0,0,0,2,0" in card.to_polars().select(whole).write_csv()
    assert str(schema.field("revenue_new").type) == "decimal128(38, 6)"
    # stocks do not add over time
    assert card.rollup().to_pandas()["customers_end"].isna().all()
    own = sm.metric("large_customers", numerator=sm.count(where="licenses_sold > 5"))
    frame = sm.scorecard({"licenses_sold": [3, 9]}, metrics=["large_customers"], define=own).to_arrow()
    assert str(frame.schema.field("large_customers").type) == "int64"
    seats = sm.metric("seats", numerator="licenses_sold")
    assert (
        str(
            sm.scorecard({"licenses_sold": [3, 9]}, metrics=["seats"], define=seats)
            .to_arrow()
            .schema.field("seats")
            .type
        )
        == "decimal128(38, 6)"
    )

"""Real cases: incidents of an IT company (UCI, "Incident management process enriched event log", CC BY 4.0).

They are no part of the project and are looked for beside it; without them these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import svcmetrics as sm

INCIDENTS = Path(__file__).parents[2] / "../shared/data/servicenow/incidents.csv.gz"

pytestmark = pytest.mark.skipif(not INCIDENTS.exists(), reason="the real incidents are not beside the project")


@pytest.fixture(scope="module")
def incidents() -> pl.DataFrame:
    """One row an incident, by our names."""
    frame = pl.read_csv(INCIDENTS, try_parse_dates=True, infer_schema_length=None)
    return frame.rename({"made_sla": "met_sla", "contact_type": "channel", "number": "case_id"}).with_columns(
        reopened=pl.col("reopen_count") > 0
    )


def test_the_figures_are_those_that_are_known(incidents: pl.DataFrame) -> None:
    card = sm.cases(incidents, quantiles=True)
    assert card.quality.rows == 24_918
    counts = card.quality.metrics["case_time_to_resolution_mean"]
    assert (counts["counted"], counts["missing"], counts["invalid"]) == (23_362, 24_918 - 23_362, 0)
    assert card["case_time_to_resolution_median"].value == 22.1
    assert str(card["case_time_to_resolution_mean"]) == "178.2 h"
    assert str(card["case_sla_met_share"]) == "63.4 %"
    assert round(card["case_reopen_rate"].percent or 0, 2) == 1.10
    assert card.unique == "checked"


def test_every_channel_is_what_numpy_gives(incidents: pl.DataFrame) -> None:
    card = sm.cases(incidents, by="channel", quantiles=True)
    for (channel,), group in incidents.group_by("channel"):
        taken = (group["resolved_at"] - group["opened_at"]).drop_nulls().dt.total_seconds().to_numpy()
        median, p90 = (card[f"case_time_to_resolution_{name}"][channel] for name in ("median", "p90"))
        if len(taken) == 0:
            assert median.undefined_reason == p90.undefined_reason == "all_missing"
            continue
        assert median.value == pytest.approx(np.median(taken) / 3600, rel=1e-13)
        assert p90.value == pytest.approx(np.quantile(taken, 0.9) / 3600, rel=1e-13)
        assert card["case_time_to_resolution_mean"][channel].value == pytest.approx(taken.mean() / 3600, rel=1e-12)


def test_months_merge_and_roll_up_to_the_year(incidents: pl.DataFrame) -> None:
    months = incidents.with_columns(period=pl.col("opened_at").dt.strftime("%Y-%m"))
    parts = [sm.cases(part, by="period", quantiles=True) for part in months.partition_by("period")]
    whole = sm.cases(months, by="period", quantiles=True)
    assert sm.merge(parts) == sm.Scorecard.from_json(sm.merge(parts).to_json())
    assert sm.merge(parts).tidy().rows() == whole.tidy().rows()
    assert sm.merge(parts).rollup()["case_time_to_resolution_median"].value == 22.1

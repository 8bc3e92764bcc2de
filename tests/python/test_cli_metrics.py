"""Metrics of one's own on the command line: in every command, from a file or from a health model."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import svcmetrics as sm
from command_line import CUSTOMERS, Run, text_file, written


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    return written(tmp_path, "csv", CUSTOMERS.with_columns(channel=pl.Series(["email", "1", None])))


OWN = (
    *("[metrics.kept_of_paying]", 'numerator = { count = true, where = "revenue_end > 0" }'),
    *("denominator = { count = true }", 'among = "revenue_start > 0"', 'title = "Customers kept"'),
    *("[metrics.email_cases]", 'numerator = { count = true, where = "channel is email" }'),
    'columns = { channel = ["email", "1"] }',
)


def test_metrics_of_ones_own_are_defined_in_a_file(run: Run, customers: Path, tmp_path: Path) -> None:
    own = ("--define", text_file(tmp_path, "own.toml", *OWN))
    out = run.succeeding("scorecard", customers, *own, "--metrics", "kept_of_paying,email_cases", "--format", "json")
    card = sm.Scorecard.from_json(out)
    assert (card["kept_of_paying"].value, card["email_cases"].value) == (2 / 3, 1)
    assert "kept_of_paying" in run.succeeding("check", customers, *own).splitlines()[0]
    model = text_file(tmp_path, "model.toml", "[components]", "kept_of_paying = 1")
    scores = json.loads(run.succeeding("health", customers, *own, "--health", model, "--format", "json"))
    assert [row["score"] for row in scores] == [100, None, 100]


def test_a_model_of_the_command_line_brings_its_own_metrics(run: Run, customers: Path, tmp_path: Path) -> None:
    model = text_file(tmp_path, "model.toml", "[components]", "email_cases = 1", *OWN)
    out = run.succeeding("scorecard", customers, "--health", model, "--metrics", "email_cases", "--format", "json")
    assert sm.Scorecard.from_json(out)["email_cases"].value == 1


def test_metrics_of_ones_own_are_listed_and_explained(run: Run, tmp_path: Path) -> None:
    own = ("--define", text_file(tmp_path, "own.toml", *OWN))
    assert run.succeeding("catalog", *own).splitlines()[-2].split() == [
        *("kept_of_paying", "ratio", "stock", "neither", "Customers", "kept")
    ]
    out = run.succeeding("explain", "kept_of_paying", *own)
    assert out.startswith("Customers kept (kept_of_paying)\n")
    assert "(rows where revenue_end > 0) / rows" in out
    assert "did you mean 'kept_of_paying'" in run.failing("explain", "kept_paying", *own)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("among = 'region > 2", "own.toml"),
        ("among = 'is_active > 2'", "column 'is_active' holds true or false"),
        ("per = 'cases'", "per: found"),
    ],
)
def test_a_definition_that_is_none_is_one_line(run: Run, customers: Path, tmp_path: Path, line: str, says: str) -> None:
    own = text_file(tmp_path, "own.toml", "[metrics.own]", "numerator = 'cases'", line)
    for command in (("scorecard", customers), ("catalog",), ("explain", "own")):
        message = run.failing(*command, "--define", own)
        assert "own.toml" in message
        assert says in message

"""The command line's movements and retention."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest

import svcmetrics as sm
from command_line import Run

LINES = {
    "account": ["007", "8", "007", "8", "9"],
    "month": ["2024-01", "2024-01-31", "2024-02-29", "2024-04-01", "2024-02"],
    "mrr": [50.0, 20.5, 60.0, 20.5, 5.0],
    "plan": ["basic", "pro", "pro", "pro", "basic"],
}
COLUMNS = ["--customer", "account", "--revenue", "mrr"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture(params=["csv", "parquet", "arrow"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"lines.{request.param}"
    write = {"csv": "write_csv", "parquet": "write_parquet", "arrow": "write_ipc"}[request.param]
    getattr(pl.DataFrame(LINES), write)(path)
    return path


def ledger() -> sm.Ledger:
    return sm.ledger(LINES, customer="account", revenue="mrr", by="plan")


def test_movements_are_those_of_the_ledger(run: Run, file: Path) -> None:
    shown = run.succeeding("movements", file, *COLUMNS, "--by", "plan", "--every", "quarter", "--format", "json")
    assert sm.Scorecard.from_json(shown) == ledger().movements("quarter", "plan")
    frame = ledger().movements("year", unit="year", fiscal_start=2).to_polars()
    shown = run.succeeding(
        *("movements", file, *COLUMNS, "--every", "year", "--unit", "year", "--fiscal-start", "2", "--format", "csv")
    )
    assert pl.read_csv(io.StringIO(shown)).columns == frame.columns


def test_a_printed_table_has_the_main_metrics_or_those_that_are_asked_for(run: Run, file: Path) -> None:
    main = ["revenue_start", "revenue_new", "revenue_reactivation", "revenue_expansion", "revenue_contraction"]
    main += ["revenue_churn", "revenue_end", "customers_end", "net_revenue_retention", "gross_revenue_retention"]
    by_plan = [*main, "revenue_transfer_in", "revenue_transfer_out", "complete"]
    for arguments, by, metrics in (
        ((), None, [*main, "complete"]),
        (("--by", "plan"), "plan", by_plan),
        (("--metrics", "mrr,customers_new"), None, ["mrr", "customers_new"]),
    ):
        shown = run.succeeding("movements", file, *COLUMNS, "--every", "quarter", *arguments)
        assert str(ledger().movements("quarter", by, metrics=metrics)) in shown
        assert ("--metrics ID,... shows others, --format csv all" in shown) == ("--metrics" not in arguments)
    shown = run.succeeding("movements", file, *COLUMNS, "--metrics", "mrr", "--format", "csv")
    assert shown.splitlines()[0] == "period,rows,mrr"
    message = run.failing("movements", file, *COLUMNS, "--metrics", "customer_new")
    assert "no metric 'customer_new' (did you mean 'customers_new'?)" in message


def test_why_revenue_was_lost_or_gained_is_read_and_shown(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(
        "customer_id,month,revenue,loss_reason,won_by,loss_avoidable\n"
        "1,2024-01,50,,ad,\n1,2024-02,0,7,,true\n2,2024-01,30,price,,false\n3,2024-01,5,,,\n"
    )
    table = pl.read_csv(file, schema_overrides={"loss_reason": pl.String})
    card = sm.ledger(table, gain_reason="won_by").movements()
    reasons = card.reasons("loss")
    assert [row["avoidable"] for row in reasons] == [50, 0, None]
    assert str(reasons) in run.succeeding("movements", file, "--reasons", "loss")
    assert (
        pl.read_csv(io.StringIO(run.succeeding("movements", file, "--reasons", "loss", "--format", "csv"))).height == 3
    )
    gains = run.succeeding("movements", file, "--reasons", "gain", "--gain-reason", "won_by")
    assert str(card.reasons("gain")) in gains
    assert (
        sm.Scorecard.from_json(run.succeeding("movements", file, "--gain-reason", "won_by", "--format", "json")) == card
    )
    assert "no column 'gain_reason'" in run.failing("movements", file, "--reasons", "gain")
    assert "no column 'loss_reason'" in run.failing("movements", file, "--reasons", "loss", "--loss-reason", "")


def test_one_of_something_is_said_in_the_singular(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("customer_id,month,revenue\n1,2024-01,5\n1,2024-03,5\n")
    shown = run.succeeding("movements", file, "--metrics", "mrr").splitlines()[-1]
    assert shown == "2 rows; 1 month without a row, read as revenue 0"
    file.write_text("customer_id,month,revenue\n1,2024-01,0.0000001\n")
    shown = run.succeeding("retention", file, "--money", "round").splitlines()[-1]
    assert shown == "1 row; 1 amount rounded"


def test_the_months_that_are_given_are_those_of_the_movements(run: Run, file: Path) -> None:
    shown = run.succeeding("movements", file, *COLUMNS, "--months", "2023-12,2024-05", "--format", "json")
    months = ("2023-12", "2024-05")
    assert (
        sm.Scorecard.from_json(shown) == sm.ledger(LINES, customer="account", revenue="mrr", months=months).movements()
    )


def test_what_was_read_stands_below_the_table(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("customer_id,month,revenue\n1,2024-01,5\n1,2024-04,5\n2,2024-01,3\n2,2024-01,0.0000001\n")
    made_of = "4 rows; 1 added to others of the same customer and month; 2 months without a row, read as revenue 0"
    for command in ("movements", "retention"):
        answer = run.succeeding(command, file, "--money", "round")
        assert f"{made_of}; 1 amount rounded" in answer.splitlines()[-1]
        assert made_of not in run.succeeding(command, file, "--money", "round", "--format", "csv")


def test_movements_are_written_to_a_file(run: Run, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "movements.parquet"
    run.succeeding("movements", file, *COLUMNS, "-o", out)
    assert pl.read_parquet(out).equals(sm.ledger(LINES, customer="account", revenue="mrr").movements().to_polars())


def test_retention_is_long_or_a_triangle(run: Run, file: Path) -> None:
    found = sm.ledger(LINES, customer="account", revenue="mrr").retention()
    assert json.loads(run.succeeding("retention", file, *COLUMNS, "--format", "json"))[0]["cohort"] == "2024-01"
    assert str(found) in run.succeeding("retention", file, *COLUMNS)
    assert str(found.triangle()) in run.succeeding("retention", file, *COLUMNS, "--triangle")
    triangle = run.succeeding("retention", file, *COLUMNS, "--triangle", "net_revenue_retention")
    assert str(found.triangle("net_revenue_retention")) in triangle


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no column 'customer_id'"),
        ((*COLUMNS, "--month", "account"), "expected a month"),
        ((*COLUMNS, "--gaps", "error"), "2024-02: has no row"),
        ((*COLUMNS, "--every", "week"), "invalid choice: 'week'"),
        ((*COLUMNS, "--by", "plans"), "did you mean 'plan'"),
        ((*COLUMNS, "--fiscal-start", "13"), "fiscal_start: found 13"),
        ((*COLUMNS, "--months", "2024-01"), "expected two months with a comma"),
        ((*COLUMNS, "--months", "2024-01,2024-03"), "expected one of the months that were given"),
        ((*COLUMNS, "--months", "2024-01,2024-13"), "'2024-13' is no period"),
        ((*COLUMNS, "--gaps", "error"), "--gaps zero reads it as revenue 0"),
        ((*COLUMNS, "--max-groups", "3"), "more than 3 groups; raise --max-groups, or give --months FIRST,LAST, which"),
    ],
)
def test_what_is_wrong_takes_one_line(run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    file = tmp_path / "lines.csv"
    pl.DataFrame(LINES).write_csv(file)
    assert message in run.failing("movements", file, *arguments)


def test_a_metric_of_ledgers_names_its_command(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("revenue_start,revenue_end\n50,60\n")
    message = run.failing("scorecard", file, "--metrics", "mrr")
    assert "no metric 'mrr', which is a metric of ledgers: svcmetrics movements; there are: " in message

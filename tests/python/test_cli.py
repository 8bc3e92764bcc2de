"""The command line's commands and options, and what it says when something is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import svcmetrics as sm
from command_line import CUSTOMERS, Run, program, spawned, text_file, written


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    return written(tmp_path, "csv")


def records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def figure(text: str, metric: str) -> object:
    return sm.Scorecard.from_json(text)[metric].value


def test_a_scorecard_prints_as_a_table(run: Run, customers: Path) -> None:
    out = run.succeeding("scorecard", customers, "--by", "region", "--metrics", "adoption_rate,net_revenue_retention")
    header, _, north, south = out.splitlines()
    assert header.split() == ["region", "rows", "adoption_rate", "net_revenue_retention"]
    assert north.split() == ["north", "2", "87.5", "%", "61.1", "%"]
    assert south.split() == ["south", "1", "–", "100.0", "%"]


def test_a_scorecard_prints_as_json_that_is_read_back(run: Run, customers: Path) -> None:
    out = run.succeeding("scorecard", customers, "--by", "region", "--format", "json")
    assert sm.Scorecard.from_json(out) == sm.scorecard(CUSTOMERS, by="region")


def test_a_scorecard_prints_as_csv_with_empty_cells_for_undefined(run: Run, customers: Path) -> None:
    out = run.succeeding("scorecard", customers, "--by", "region", "--format", "csv")
    north, south = records(out)
    assert (north["region"], north["rows"], float(north["adoption_rate"])) == ("north", "2", 0.875)
    assert south["adoption_rate"] == ""
    assert Decimal(north["revenue_end"]) == 110


def test_a_scorecard_is_written_as_parquet(run: Run, customers: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.parquet"
    assert run.succeeding("scorecard", customers, "--by", "region", "-o", out) == ""
    frame = pl.read_parquet(out)
    assert frame["region"].to_list() == ["north", "south"]
    assert frame["adoption_rate"].to_list() == [0.875, None]
    assert frame["revenue_end"].to_list() == [Decimal(110), Decimal(50)]


@pytest.mark.parametrize("ending", ["json", "csv", "txt"])
def test_the_ending_of_the_output_chooses_its_form(run: Run, customers: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"card.{ending}"
    run.succeeding("scorecard", customers, "-o", out)
    form = {"json": "json", "csv": "csv", "txt": "table"}[ending]
    assert out.read_text(encoding="utf-8") == run.succeeding("scorecard", customers, "--format", form)


def test_a_form_that_is_given_stands_above_the_ending(run: Run, customers: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.csv"
    run.succeeding("scorecard", customers, "-o", out, "--format", "json")
    assert json.loads(out.read_text(encoding="utf-8"))


def test_several_keys_group_by_each_combination(run: Run, tmp_path: Path) -> None:
    frame = CUSTOMERS.with_columns(plan=pl.Series(["basic", "plus", "basic"]))
    out = run.succeeding("scorecard", written(tmp_path, "csv", frame), "--by", "region,plan", "--format", "csv")
    assert [(row["region"], row["plan"], row["rows"]) for row in records(out)] == [
        ("north", "basic", "1"),
        ("north", "plus", "1"),
        ("south", "basic", "1"),
    ]


def test_the_period_is_the_key_that_is_time(run: Run, tmp_path: Path) -> None:
    frame = CUSTOMERS.with_columns(quarter=pl.Series(["2026-Q1", "2026-Q2", "2026-Q2"]))
    path = written(tmp_path, "csv", frame)
    out = run.succeeding("scorecard", path, "--by", "quarter", "--period", "quarter", "--format", "json")
    card = sm.Scorecard.from_json(out)
    assert card.period == "quarter"
    # A stock does not add over time, a flow does: 10 more from one, 80 lost from the other.
    assert card.rollup()["revenue_end"].undefined_reason == "not_additive_over_time"
    assert card.rollup()["net_recurring_revenue"].value == Decimal(-70)


def test_the_map_gives_names_and_units(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "theirs.csv", "open,close_cents", "10.5,1199")
    names = text_file(
        tmp_path, "map.toml", 'revenue_start = "open"', 'revenue_end = { name = "close_cents", unit = "cents" }'
    )
    out = run.succeeding(
        "scorecard", path, "--columns", names, "--metrics", "net_recurring_revenue", "--format", "json"
    )
    assert figure(out, "net_recurring_revenue") == Decimal("1.49")


def test_a_unit_of_something_else_than_the_column_holds_is_refused(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "theirs.csv", "cost", "10")
    names = text_file(tmp_path, "map.toml", 'service_cost = { name = "cost", unit = "hours" }')
    for command in ("scorecard", "check"):
        message = run.failing(command, path, "--columns", names)
        assert message.endswith("unit: found hours for 'service_cost'; expected units, cents, thousands, millions")


def test_the_scales_of_surveys_are_options_of_every_command_that_reads(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "answers.csv", "csat_score,effort_score", "5,7", "3.5,1", "4,7")
    scales = ("--csat-satisfied-from", "3.5", "--effort-scale", "1,7")
    card = sm.Scorecard.from_json(run.succeeding("scorecard", path, *scales, "--format", "json"))
    assert (card["csat"].value, card["ces_top_share"].value) == (1.0, 2 / 3)
    model = text_file(tmp_path, "model.toml", "[components]", "csat = 1")
    scores = records(run.succeeding("health", path, "--health", model, *scales[:1], "4", "--format", "csv"))
    assert [row["band"] for row in scores] == ["green", "red", "green"]
    worse = text_file(tmp_path, "worse.csv", "csat_score,effort_score", "5,8")
    assert run.succeeding("check", worse) != run.succeeding("check", worse, *scales)
    assert "effort_score" in run.succeeding("check", worse, *scales)


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("--csat-satisfied-from", "four", "expected a number"),
        ("--csat-satisfied-from", "nan", "expected a number"),
        ("--effort-scale", "7", "expected two numbers with a comma between them"),
        ("--effort-scale", "1,2,3", "expected two numbers"),
        ("--effort-scale", "1,x", "expected a number"),
        ("--effort-scale", "7,7", "expected two different answers"),
    ],
)
def test_a_scale_that_is_none_is_refused(run: Run, tmp_path: Path, option: str, text: str, expected: str) -> None:
    path = text_file(tmp_path, "answers.csv", "csat_score,effort_score", "5,7")
    assert expected in run.failing("scorecard", path, option, text)


def test_absent_revenue_must_be_said_and_is_named_as_an_option(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "absent.csv", "revenue_start,revenue_end", "100,100", "100,", "100,")
    message = run.failing("scorecard", path)
    assert "first line 3" in message
    assert "--absent-revenue zero" in message
    assert "absent_revenue=" not in message
    zero, missing = (
        run.succeeding("scorecard", path, "--absent-revenue", meaning, "--format", "json")
        for meaning in ("zero", "missing")
    )
    # Two of three have churned; or nothing is known of them, and the one that is left has not.
    assert (figure(zero, "customer_churn_rate"), figure(missing, "customer_churn_rate")) == (2 / 3, 0)


def test_invalid_rows_are_named_by_line_or_left_out(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "invalid.csv", "milestones_met,milestones_total", "1,4", "5,4", "1,4", "6,4")
    message = run.failing("scorecard", path)
    assert message.startswith(f"{path}: column 'milestones_met', line 3: found 5")
    assert "next lines 5: 6" in message
    assert "--on-invalid skip" in message
    assert "row 1" not in message
    out = run.succeeding("scorecard", path, "--on-invalid", "skip", "--format", "json")
    assert figure(out, "adoption_rate") == 2 / 8


def test_a_parquet_file_has_rows_and_no_lines(run: Run, tmp_path: Path) -> None:
    frame = pl.DataFrame({"milestones_met": [1, 5], "milestones_total": [4, 4]})
    assert "'milestones_met', row 1: found 5" in run.failing("scorecard", written(tmp_path, "parquet", frame))


def test_nan_is_an_error_unless_it_is_said_to_be_missing(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "nan.csv", "revenue_start,revenue_end", "1.5,2.5", "NaN,2.5")
    message = run.failing("scorecard", path)
    assert "'revenue_start', line 3" in message
    assert "--nan null" in message
    wanted = ("--nan", "null", "--absent-revenue", "missing", "--format", "json")
    assert figure(run.succeeding("scorecard", path, *wanted), "revenue_end") == Decimal("2.5")


def test_exact_money_refuses_what_must_be_rounded(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "long.csv", "revenue_start,revenue_end", "8.3333333333,1")
    assert "at most 6 decimal places" in run.failing("scorecard", path, "--money", "exact")
    out = run.succeeding("scorecard", path, "--format", "json")
    assert figure(out, "revenue_start") == Decimal("8.333333")


def test_a_column_said_to_be_unique_is_checked_within_its_group(run: Run, tmp_path: Path) -> None:
    head = "customer_id,region,milestones_met,milestones_total"
    path = text_file(tmp_path, "twice.csv", head, "7,north,1,4", "8,north,2,4", "7,south,1,4", "7,north,1,4")
    assert run("scorecard", path).status == 0
    message = run.failing("scorecard", path, "--by", "region", "--unique", "customer_id")
    assert "stands in lines 2 and 5" in message
    assert "unique=False" not in message


def test_more_groups_than_allowed_are_an_error_that_names_the_option(run: Run, customers: Path) -> None:
    message = run.failing("scorecard", customers, "--by", "region", "--max-groups", "1")
    assert "more than 1 group (reached at line 4)" in message
    assert "--max-groups" in message


def test_a_near_miss_of_a_name_is_one_line_of_warning(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "near.csv", "milestones_met,milestone_total,contracts_due,contracts_renewed", "1,2,4,3")
    answer = run("scorecard", path, "--format", "json")
    assert (answer.status, figure(answer.out, "contract_renewal_rate")) == (0, 0.75)
    assert answer.err.startswith("svcmetrics: warning: ")
    assert answer.err.count("\n") == 1
    assert "'milestone_total' for 'milestones_total'" in answer.err
    assert "--columns map.toml" in answer.err


MODEL = ("[components]", "adoption_rate = 1")


def test_health_has_a_row_for_every_customer(run: Run, customers: Path, tmp_path: Path) -> None:
    model = text_file(tmp_path, "model.toml", 'among = "all"', *MODEL, "[bands]", "low = 0", "high = 80")
    rows = records(run.succeeding("health", customers, "--health", model, "--format", "csv"))
    assert [(row["score"] and float(row["score"]), row["band"]) for row in rows] == [
        (75, "low"),
        (100, "high"),
        ("", "unknown"),
    ]


def test_health_comes_in_every_form(run: Run, customers: Path, tmp_path: Path) -> None:
    model = text_file(tmp_path, "model.toml", *MODEL)
    out = tmp_path / "health.parquet"
    run.succeeding("health", customers, "--health", model, "-o", out)
    # The default asks about those with revenue at the end: not the second customer, who has left.
    assert pl.read_parquet(out)["score"].cast(pl.Float64).to_list() == [75, None, None]
    assert [
        row["band"] for row in json.loads(run.succeeding("health", customers, "--health", model, "--format", "json"))
    ] == [
        "green",
        None,
        "unknown",
    ]
    table = run.succeeding("health", customers, "--health", model).splitlines()
    assert table[0].split()[:2] == ["score", "band"]
    assert table[2].split()[:2] == ["75", "green"]


def test_health_names_the_lines_of_invalid_rows(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "invalid.csv", "milestones_met,milestones_total", "1,4", "5,4")
    assert "line 3: found 5" in run.failing("health", path)
    rows = records(run.succeeding("health", path, "--on-invalid", "skip", "--format", "csv"))
    assert [row["score"] for row in rows[1:]] == [""]


CHECKED = ("customer_id,milestones_met,milestones_total", "7,1,4", "8,5,4", "7,2,4")


def test_a_check_tells_what_is_measured_and_what_is_wrong_by_line(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "checked.csv", *CHECKED)
    rows = records(run.succeeding("check", path, "--format", "csv"))
    found = {row["finding"]: (row["column"], row["line"], row["value"]) for row in rows}
    assert found["invalid_value"] == ("milestones_met", "3", "5")
    assert found["duplicate_customer"][:2] == ("customer_id", "4")
    table = run.succeeding("check", path)
    assert "measured: adoption_rate" in table
    assert "availability: no service_minutes, downtime_minutes" in table
    assert " line " in table


def test_a_check_of_a_parquet_file_tells_rows(run: Run, tmp_path: Path) -> None:
    frame = pl.read_csv(text_file(tmp_path, "checked.csv", *CHECKED))
    rows = records(run.succeeding("check", written(tmp_path, "parquet", frame), "--format", "csv"))
    assert ("invalid_value", "1") in [(row["finding"], row["row"]) for row in rows]


def test_a_check_by_period_takes_a_customer_once_in_each(run: Run, tmp_path: Path) -> None:
    path = text_file(
        tmp_path, "periods.csv", "customer_id,period,milestones_met,milestones_total", "7,a,1,4", "7,b,1,4"
    )
    assert "duplicate_customer" in run.succeeding("check", path)
    assert "nothing is wrong" in run.succeeding("check", path, "--by", "period")


def test_a_check_says_by_its_exit_code_whether_all_is_well_if_asked(run: Run, tmp_path: Path) -> None:
    wrong = text_file(tmp_path, "wrong.csv", *CHECKED)
    right = text_file(tmp_path, "right.csv", *CHECKED[:2])
    assert [run("check", path, "--exit-code").status for path in (wrong, right)] == [1, 0]
    assert run("check", wrong).status == 0


def test_the_catalogue_lists_every_metric(run: Run) -> None:
    _, *lines = run.succeeding("catalog").splitlines()
    assert [line.split()[0] for line in lines] == [metric.id for metric in sm.catalog()]


def test_a_definition_is_explained(run: Run) -> None:
    metric = sm.catalog()["onboard_rate"]
    out = run.succeeding("explain", "onboard_rate")
    for part in (metric.title, metric.formula, metric.among, metric.unit, metric.source, *metric.columns):
        assert part in out
    assert "higher is better" in out
    assert "flow" in out


def test_a_metric_that_is_none_is_answered_with_the_nearest(run: Run) -> None:
    assert run.failing("explain", "adoption_rat").startswith("no metric 'adoption_rat' (did you mean 'adoption_rate'?)")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "COMMAND"),
        (["frobnicate"], "'frobnicate'"),
        (["scorecard"], "FILE"),
        (["scorecard", "{customers}", "--frobnicate"], "--frobnicate"),
        (["scorecard", "{customers}", "--format", "xml"], "'xml'"),
        (["scorecard", "{customers}", "--format", "parquet"], "-o"),
        (["scorecard", "{customers}", "--by", "region,,plan"], "'region,,plan'"),
        (["scorecard", "{customers}", "--by", "regio"], "no column 'regio'"),
        (["scorecard", "{customers}", "--by", "revenue_end"], "'revenue_end'"),
        (["scorecard", "{customers}", "--metrics", "adoption_rat"], "did you mean 'adoption_rate'?"),
        (["scorecard", "{customers}", "--metrics", "onboard_rate"], "'is_new'"),
        (["scorecard", "{customers}", "--max-groups", "many"], "'many'"),
        (["scorecard", "nowhere.csv"], "nowhere.csv: there is no such file"),
        (["scorecard", "{folder}"], "found the ending ''"),
        (["scorecard", "{customers}", "-o", "{folder}/nowhere/card.csv"], "nowhere: is no directory"),
        (["scorecard", "{customers}", "-o", "{folder}"], "is no file that could be replaced"),
        (["scorecard", "{customers}", "--columns", "nowhere.toml"], "nowhere.toml"),
        (["health", "{customers}", "--health", "nowhere.toml"], "nowhere.toml"),
        (["explain"], "METRIC"),
    ],
)
def test_each_misuse_is_one_line_and_status_2(
    run: Run, customers: Path, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    given = [argument.format(customers=customers, folder=tmp_path) for argument in arguments]
    assert expected in run.failing(*given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("revenue_end = ", "line 1"),
        ("revenue_end = 3", "revenue_end: found 3"),
        ("revenue_end = { unit = 'cents' }", "revenue_end"),
        ("revenue_end = { name = 'mrr', units = 'cents' }", "revenue_end"),
        ("revenue_end = { name = 'mrr', unit = 'pence' }", "pence"),
        ("revenue_ende = 'mrr'", "revenue_ende"),
        ("revenue_end = 'nowhere'", "'nowhere'"),
    ],
)
def test_a_map_that_is_none_is_named(run: Run, customers: Path, tmp_path: Path, text: str, expected: str) -> None:
    assert expected in run.failing("scorecard", customers, "--columns", text_file(tmp_path, "map.toml", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[components", "model.toml"),
        ("[components]\nadoption_rate = 0", "components.adoption_rate.weight"),
        ("\0", "model.toml"),
    ],
)
def test_a_model_that_is_none_is_named(run: Run, customers: Path, tmp_path: Path, text: str, expected: str) -> None:
    assert expected in run.failing("health", customers, "--health", text_file(tmp_path, "model.toml", text))


def test_a_small_file_that_is_no_text_is_named(run: Run, customers: Path, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_bytes(b"\xff\xfe")
    assert "is no UTF-8 text" in run.failing("scorecard", customers, "--columns", tmp_path / "map.toml")


def test_without_polars_a_file_is_not_read_and_the_extra_is_named(customers: Path) -> None:
    answer = spawned("scorecard", customers, code="sys.modules['polars'] = None")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("svcmetrics: error: polars is not installed")
    assert "pip install 'svcmetrics[cli]'" in answer.err
    assert answer.err.count("\n") == 1


def test_without_polars_the_catalogue_still_explains() -> None:
    answer = spawned("explain", "adoption_rate", code="sys.modules['polars'] = sys.modules['tqdm'] = None")
    assert (answer.status, answer.err) == (0, "")
    assert "milestones_met" in answer.out


def test_the_module_and_the_script_are_the_command_line(customers: Path) -> None:
    arguments = ["scorecard", str(customers), "--metrics", "adoption_rate", "--format", "csv"]
    script = subprocess.run(
        [Path(sys.executable).parent / "svcmetrics", *arguments], capture_output=True, encoding="utf-8", check=True
    )
    assert script.stdout == spawned(*arguments).out
    assert [float(row["adoption_rate"]) for row in records(script.stdout)] == [0.875]


def test_the_version_is_the_packages() -> None:
    assert spawned("--version") == (0, f"svcmetrics {sm.__version__}\n", "")


def test_help_names_every_command() -> None:
    described = {*re.findall(r"^    (\w+)", spawned("--help").out, re.MULTILINE)}
    assert described == {"scorecard", "health", "check", "movements", "retention", "catalog", "explain"}


def test_importing_the_package_imports_neither_the_command_line_nor_its_libraries() -> None:
    code = "import sys, svcmetrics; print({'svcmetrics.cli', 'polars', 'tqdm'} & {*sys.modules})"
    assert subprocess.check_output([sys.executable, "-c", code], encoding="utf-8") == "set()\n"


def test_a_terminal_without_the_characters_of_a_table_still_gets_it(customers: Path) -> None:
    code = "sys.stdout.reconfigure(encoding='ascii')"
    done = subprocess.run(
        program("scorecard", customers, "--by", "region", code=code), capture_output=True, encoding="ascii", check=True
    )
    assert "\\u2013" in done.stdout
    assert done.stderr == ""

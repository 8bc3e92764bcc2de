"""How the command line reads files: every kind, in parts, and what a CSV file means."""

from __future__ import annotations

import io
import math
import random
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import svcmetrics as sm
from command_line import CUSTOMERS, WRITERS, Run, text_file, written
from svcmetrics.cli import csv_types, readers


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def card_of(run: Run, path: Path, *options: str) -> sm.Scorecard:
    return sm.Scorecard.from_json(run.succeeding("scorecard", path, "--format", "json", *options))


def many_customers(rows: int) -> pl.DataFrame:
    chance = random.Random(7)
    return pl.DataFrame(
        {
            "region": [chance.choice(["north", "south", "=east", None]) for _ in range(rows)],
            "plan": [chance.randrange(3) for _ in range(rows)],
            "is_new": [chance.choice([True, False, None]) for _ in range(rows)],
            "onboarded": [chance.random() < 0.5 for _ in range(rows)],
            "milestones_met": [chance.randrange(4) for _ in range(rows)],
            "milestones_total": [chance.choice([3, 4, None]) for _ in range(rows)],
            "revenue_start": [chance.randrange(10_000) / 100 for _ in range(rows)],
            "revenue_end": [chance.randrange(10_000) / 100 for _ in range(rows)],
            "remark": [chance.choice(["a, b", 'c "d"', "e\nf", "true", "5"]) for _ in range(rows)],
        }
    )


@pytest.mark.parametrize("ending", WRITERS)
def test_every_kind_of_file_gives_the_card_of_its_table(run: Run, tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, ending)
    assert card_of(run, path, "--by", "region") == sm.scorecard(CUSTOMERS, by="region")


def test_an_ending_in_capitals_is_the_same(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "csv").rename(tmp_path / "CUSTOMERS.CSV")
    assert card_of(run, path) == sm.scorecard(CUSTOMERS)


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
@pytest.mark.parametrize("rows", [1, 7, 100])
def test_batches_give_the_card_of_the_whole(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, rows: int
) -> None:
    frame = many_customers(100)
    path = written(tmp_path, ending, frame)
    monkeypatch.setattr(readers, "BATCH_ROWS", rows)
    batches = list(readers.TableFile(path).batches({"milestones_met": "number"}))
    assert max(len(batch) for batch in batches) <= rows
    assert sum(len(batch) for batch in batches) == 100
    assert card_of(run, path, "--by", "region,plan") == sm.scorecard(frame, by=["region", "plan"])


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_batches_give_the_health_and_the_findings_of_the_whole(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    path = written(tmp_path, ending, many_customers(50))
    whole = [run.succeeding(command, path, "--format", "csv") for command in ("health", "check")]
    monkeypatch.setattr(readers, "BATCH_ROWS", 7)
    assert [run.succeeding(command, path, "--format", "csv") for command in ("health", "check")] == whole


@pytest.mark.parametrize("rows", [3, 1000])
def test_errors_in_later_batches_name_the_line_in_the_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    lines = ["1,4"] * 10
    lines[8] = "5,4"
    path = text_file(tmp_path, "late.csv", "milestones_met,milestones_total", *lines)
    monkeypatch.setattr(readers, "BATCH_ROWS", rows)
    assert "line 10: found 5" in run.failing("scorecard", path)


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_only_the_columns_that_are_read_are_read(tmp_path: Path, ending: str) -> None:
    (batch,) = readers.TableFile(written(tmp_path, ending, many_customers(5))).batches({"milestones_met": "number"})
    # The others are there by name, so that near misses are still seen.
    assert batch.columns == many_customers(1).columns
    assert {name for name in batch.columns if batch[name].null_count() < 5} == {"milestones_met"}


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
@pytest.mark.parametrize("command", ["scorecard", "health", "check"])
def test_a_table_without_rows_has_a_complete_result(run: Run, tmp_path: Path, ending: str, command: str) -> None:
    path = written(tmp_path, ending, CUSTOMERS.clear())
    out = run.succeeding(command, path, "--format", "csv")
    assert out.startswith(
        {"scorecard": "rows,adoption_rate", "health": "score,band,coverage", "check": "finding"}[command]
    )
    assert card_of(run, path)["adoption_rate"].undefined_reason == "no_rows"
    assert len(card_of(run, path, "--by", "region")) == 0


def test_a_table_without_any_known_column_still_counts_its_rows(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "other.csv", "colour,size", "red,1", "blue,2")
    assert card_of(run, path).quality.rows == 2
    assert card_of(run, path, "--by", "colour").to_polars()["rows"].to_list() == [1, 1]


def test_a_column_of_nulls_alone_is_missing(run: Run, tmp_path: Path) -> None:
    frame = pl.DataFrame({"milestones_met": [None, None], "milestones_total": [4, 4]})
    for ending in ("csv", "parquet", "arrow"):
        card = card_of(run, written(tmp_path, ending, frame))
        assert card["adoption_rate"].undefined_reason == "all_missing"


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv", "a b=c.csv", "ü.csv", "-.csv"])
def test_a_file_name_is_no_pattern(run: Run, tmp_path: Path, name: str) -> None:
    text_file(tmp_path, "a1.csv", "milestones_met,milestones_total", "1,4")
    path = written(tmp_path, "csv").rename(tmp_path / name)
    assert card_of(run, path) == sm.scorecard(CUSTOMERS)


def test_a_directory_named_like_a_partition_adds_no_column(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "region=west"
    folder.mkdir()
    path = written(folder, "parquet", CUSTOMERS.drop("region"))
    assert "no column 'region'" in run.failing("scorecard", path, "--by", "region")


NUMBERS = "milestones_met,milestones_total"


def test_a_later_cell_does_not_contradict_the_type(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "late.csv", "revenue_start,revenue_end", *["1,1"] * 3000, "0.5,1")
    assert card_of(run, path)["revenue_start"].value == Decimal("3000.5")


def test_leading_zeros_of_identities_and_keys_stay(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "zeros.csv", f"customer_id,zip,{NUMBERS}", "007,01099,1,4", "7,1099,3,4")
    assert card_of(run, path, "--by", "zip")["adoption_rate"].keys() == {"01099", "1099"}
    assert [line.split()[0] for line in run.succeeding("health", path).splitlines()[2:]] == ["007", "7"]


def test_whole_numbers_are_keys_in_the_order_of_numbers(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "keys.csv", f"year,{NUMBERS}", "10,1,4", "9,3,4", "9.0,1,4")
    assert list(card_of(run, path, "--by", "year")["adoption_rate"]) == [9, 10]


def test_booleans_may_be_written_in_any_way(run: Run, tmp_path: Path) -> None:
    lines = ["True,1", "TRUE,0", "true,1", "false,1", "False,0"]
    path = text_file(tmp_path, "booleans.csv", "is_new,onboarded", *lines)
    # Three are new, and two of them onboarded.
    assert card_of(run, path)["onboard_rate"].value == 2 / 3


@pytest.mark.parametrize(("cell", "line"), [("n/a", 4), ("yes", 4), ("1,000", 4), ("4 ", 4)])
def test_a_cell_that_is_no_number_is_named_by_its_line(run: Run, tmp_path: Path, cell: str, line: int) -> None:
    path = text_file(tmp_path, "mistake.csv", NUMBERS, "1,4", "2,4", f'"{cell}",4', "3,4")
    message = run.failing("scorecard", path)
    assert f"column 'milestones_met', line {line}:" in message
    assert cell in message
    # What helps in a frame does not help in a file.
    assert "pandas" not in message


def test_numbers_beyond_what_a_float_holds_are_exact(run: Run, tmp_path: Path) -> None:
    amounts = ["1234567890123.123457", "0.000001", "-0", "5"]
    path = text_file(tmp_path, "long.csv", "revenue_start,revenue_end", *(f"{amount},1" for amount in amounts))
    assert card_of(run, path)["revenue_start"].value == Decimal("1234567890128.123458")


def test_numbers_may_have_exponents(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "exponents.csv", "revenue_start,revenue_end", "1e3,1", "2.5E-1,1")
    assert card_of(run, path)["revenue_start"].value == Decimal("1000.25")


@pytest.mark.parametrize("other", ["0.1e0", "1E-1", "8.333333333333334", ".1", "+0.1", "1e-1\n0.1e0"])
def test_a_cell_of_another_form_takes_no_digits_from_the_others(run: Run, tmp_path: Path, other: str) -> None:
    others = other.split("\n")
    path = text_file(
        tmp_path, "long.csv", "revenue_start,revenue_end", "900719925474.123456,1", *(f"{cell},1" for cell in others)
    )
    tenths = sum((Decimal("8.333333") if cell.startswith("8") else Decimal("0.1") for cell in others), Decimal(0))
    assert card_of(run, path)["revenue_start"].value == Decimal("900719925474.123456") + tenths


def test_exponents_of_many_digits_are_exact(run: Run, tmp_path: Path) -> None:
    cells = ["900719925474123456e-6", "9.00719925474123456E+11", "1e0"]
    path = text_file(tmp_path, "exponents.csv", "revenue_start,revenue_end", *(f"{cell},1" for cell in cells))
    assert card_of(run, path)["revenue_start"].value == 2 * Decimal("900719925474.123456") + 1


def test_whole_numbers_of_an_earlier_part_keep_their_digits(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BATCH_ROWS", 1)
    path = text_file(tmp_path, "large.csv", "cases,defect_cases", "9007199254740993,0", "1e0,0")
    assert card_of(run, path)["defect_share"].denominator == 9007199254740994


def test_a_decimal_that_no_double_stands_for_is_refused_and_a_double_is_rounded(run: Run, tmp_path: Path) -> None:
    head = "revenue_start,revenue_end"
    doubles = text_file(tmp_path, "doubles.csv", head, "8.333333333333334,1", "0.30000000000000004,1")
    card = card_of(run, doubles)
    assert card["revenue_start"].value == Decimal("8.633333")
    assert card.quality.metrics["revenue_start"]["rounded"] == 2
    decimals = text_file(tmp_path, "decimals.csv", head, "0.1,1", "900719925474.1234567,1")
    message = run.failing("scorecard", decimals)
    assert "line 3: found 900719925474.1234567; expected at most 6 decimal places" in message


def test_one_bad_cell_hides_nothing_in_a_check(run: Run, tmp_path: Path) -> None:
    lines = ["5,4,true,1", "n/a,4,yes,1", ",4,false,x", "1,4,,1", "oops,4,true,1"]
    path = text_file(tmp_path, "mistakes.csv", f"{NUMBERS},is_new,onboarded", *lines)
    found = pl.read_csv(io.StringIO(run.succeeding("check", path, "--format", "csv")))
    assert found.select("finding", "column", "line", "value", "count").rows() == [
        ("column_type", "is_new", 3, "'yes'", 1),
        ("column_type", "milestones_met", 3, "'n/a'", 2),
        ("column_type", "milestones_met", 6, "'oops'", 2),
        ("invalid_value", "milestones_met", 2, "5", 1),
        ("null", "milestones_met", None, None, 1),
        ("null", "is_new", None, None, 1),
    ]
    message = run.failing("scorecard", path, "--metrics", "adoption_rate", "--on-invalid", "skip")
    assert "column 'milestones_met', line 3: is of type text with 'n/a'; expected a whole number, 0 or more" in message


def test_booleans_in_words_and_digits_are_said_to_be_mixed(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "mixed.csv", "is_new,onboarded", "1,1", "true,1", "0,1")
    message = run.failing("scorecard", path)
    assert "column 'is_new', line 3: is of type text with 'true'" in message
    assert message.endswith("spellings are mixed: some cells say true or false and others are numbers")
    other = text_file(tmp_path, "other.csv", "is_new,onboarded", "1,1", "yes,1")
    assert "mixed" not in run.failing("scorecard", other)


def test_an_infinite_number_is_named_by_its_line(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "infinite.csv", "revenue_start,revenue_end", "1,1", f"{math.inf},1")
    assert "column 'revenue_start', line 3:" in run.failing("scorecard", path)


def test_codes_of_reasons_are_text_also_where_some_are_numbers(run: Run, tmp_path: Path) -> None:
    head = "revenue_start,revenue_end,loss_reason,loss_avoidable"
    path = text_file(tmp_path, "reasons.csv", head, "10,0,5,true", "30,0,price,false", "60,0,,true")
    # A loss without a reason is outside: 10 of 40.
    assert card_of(run, path)["avoidable_loss_share"].value == 0.25


def test_an_empty_line_is_no_customer(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "gaps.csv", NUMBERS, "1,4", "", "3,4", ",", "", "")
    assert card_of(run, path).quality.rows == 2


def test_a_row_without_what_is_read_is_still_a_row(run: Run, tmp_path: Path) -> None:
    path = text_file(tmp_path, "sparse.csv", f"name,{NUMBERS}", "a,1,4", "b,,", "")
    assert card_of(run, path).quality.rows == 2


def test_lines_are_counted_past_line_breaks_in_cells_and_empty_lines(run: Run, tmp_path: Path) -> None:
    #        line 1, 2-4, 5, 6, 7-8, 9
    lines = [f"remark,{NUMBERS}", '"a\n\nb",1,4', "", ",1,4", '"c\nd",2,4', "e,5,4"]
    path = text_file(tmp_path, "lines.csv", *lines)
    assert "line 9: found 5" in run.failing("scorecard", path)
    assert ",9,5," in run.succeeding("check", path, "--format", "csv")
    assert csv_types.lines_of(path, [0, 1, 2, 3]) == {0: 2, 1: 6, 2: 7, 3: 9}


@pytest.mark.parametrize("text", ["\ufeff{0}\n{1}\n", "{0}\r\n{1}\r\n", "{0}\n{1}", "\n{0}\n{1}\n", '"{2}"\n{1}\n'])
def test_marks_and_ends_of_lines_are_no_part_of_the_table(run: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "marked.csv"
    path.write_text(text.format(NUMBERS, "1,4", NUMBERS.replace(",", '","')), encoding="utf-8", newline="")
    assert card_of(run, path) == sm.scorecard({"milestones_met": [1], "milestones_total": [4]})


def test_a_name_that_stands_twice_is_an_error_where_it_is_read(run: Run, tmp_path: Path) -> None:
    twice = text_file(tmp_path, "twice.csv", f"{NUMBERS},milestones_met", "1,4,2")
    for command in ("scorecard", "health", "check"):
        assert "column 'milestones_met' stands in the table 2 times" in run.failing(command, twice)
    other = text_file(tmp_path, "other.csv", f"{NUMBERS},x,x", "1,4,2,3")
    assert card_of(run, other)["adoption_rate"].value == 0.25


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "is empty"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells; expected 2"),
        ("comma.csv", b"milestones_met,milestones_total,name\n1,4,Doe, Jane\n", "line 2 has 4 cells; expected 3"),
        ("text.csv", b"milestones_met,milestones_total\n\xff,4\n", "utf-8"),
        ("open.csv", b'milestones_met,milestones_total\n"1,4\n', ""),
        ("text.parquet", b"text", "text.parquet: parquet"),
        ("cut.parquet", b"PAR1" + bytes(100) + b"PAR1", "cut.parquet: "),
        ("text.arrow", b"text", "is no Arrow IPC file"),
        ("cut.arrow", b"ARROW1\0\0" + bytes(100), "cut.arrow: "),
        ("customers.xlsx", b"", "'.xlsx'; expected .csv, .parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    run: Run, tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message = run.failing("scorecard", path)
    assert message.startswith(f"{path}: ")
    assert expected in message


def test_an_error_late_in_a_file_is_no_end_of_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BATCH_ROWS", 1000)
    for mistake, expected in {"1,4,5": "line 40002 has 3 cells", '"1,4': ""}.items():
        path = text_file(tmp_path, "late.csv", NUMBERS, *["1,4"] * 40_000, mistake)
        assert expected in run.failing("scorecard", path)


def test_a_reader_that_would_cut_files_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "csv")
    monkeypatch.setattr(pl, "__version__", "1.36.1")
    assert run.failing("scorecard", path).startswith("polars 1.36.1 is too old; expected 1.37.1")
    for version in ("1.37.1", "1.40.0-beta.1", "2.0.0", "10.1"):
        monkeypatch.setattr(pl, "__version__", version)
        assert run("scorecard", path).status == 0


def test_a_file_that_may_not_be_read_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "csv")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(pl, "scan_csv", refused)
    assert run.failing("scorecard", path) == f"{path}: Permission denied"


def test_a_file_name_cannot_move_the_cursor(run: Run) -> None:
    assert "\x1b" not in run.failing("scorecard", "a\x1b[2Jb\nc.csv")

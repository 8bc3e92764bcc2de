"""The reference of each metric: it has all of its parts, no two say the same, and the examples come out right."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import oracle_cases
import oracle_fractions
import oracle_ledger
import svcmetrics as sm
from command_line import Run, spawned
from subjects import OF_CASES, OF_LEDGERS

METRICS = [metric.id for metric in sm.catalog()]
#: Those whose examples have a row a customer or case, and not lines of a ledger.
OF_ROWS = [metric for metric in METRICS if metric not in OF_LEDGERS]
HEALTH = [metric.id for metric in sm.catalog() if metric.family == "Health"]
PARTS = ["Formula", "Reading", "Columns", "Nulls", "Rules", "Edge cases", "Source", "Worked example"]
BANDS = ("red", "yellow", "green")
BUILD = Path(__file__).parents[2] / "docs" / "build.py"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def sections(page: str) -> dict[str, str]:
    """What stands below each heading of a page."""
    _, *parts = page.split("\n## ")
    return {title: body.strip("\n") for title, _, body in (part.partition("\n") for part in parts)}


def sentences(*texts: str) -> list[str]:
    """The sentences of texts, without what spaces, case and code marks could tell apart."""
    plain = (" ".join(text.replace("`", "").lower().split()) for text in texts)
    return [sentence.rstrip(".") for text in plain for sentence in re.split(r"(?<=[.!?]) ", text) if sentence]


def words(sentence: str) -> set[str]:
    return set(re.findall(r"[a-z0-9_]+", sentence))


SAID = {metric.id: sentences(metric.reading, *metric.edge_cases) for metric in sm.catalog()}


class Example(NamedTuple):
    """An example of a page: its rows as Python values, what the page says of each, and what comes of them."""

    rows: list[dict[str, Any]]
    results: list[dict[str, str]]
    after: str


RESULTS = {"customer", "case", "row", "numerator", "denominator", "amount", "value"}


def read(cell: str) -> Any:
    known = {"null": None, "true": True, "false": False}
    if cell in known:
        return known[cell]
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", cell):
        return datetime.fromisoformat(cell)
    return Decimal(cell) if re.fullmatch(r"-?[0-9.]+", cell) else cell


def examples(metric: str) -> list[Example]:
    """The examples of a metric's page, one for each of its formulas."""
    body = sections(sm.explain(metric).markdown())["Worked example"]
    tables = list(re.finditer(r"(?:^\|.*\|$\n?)+", body, re.MULTILINE))
    found = []
    for table, following in zip(tables, [*tables[1:], None], strict=True):
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()]
        header, _, *cells = lines
        named = [dict(zip(header, line, strict=True)) for line in cells]
        found.append(
            Example(
                [{name: read(cell) for name, cell in row.items() if name not in RESULTS} for row in named],
                [{name: cell for name, cell in row.items() if name in RESULTS} for row in named],
                body[table.end() : following.start() if following else None],
            )
        )
    return found


Outcome = tuple[Fraction | None, Fraction | None, str]


def outcomes(metric: str, example: Example) -> dict[str, Outcome]:
    """Numerator and denominator, where the page gives them, and the value as it is shown; of a mix by value."""
    found: dict[str, Outcome] = {}
    for of, line in re.findall(rf"^    {metric}(?: of (.*?))? = (.*)$", example.after, re.MULTILINE):
        parts = re.fullmatch(r"(?:(-?[0-9.]+) / (-?[0-9.]+) = )?(.*)", line)
        assert parts
        numerator, denominator = (Fraction(part) if part else None for part in parts.groups()[:2])
        assert of not in found
        found[of] = numerator, denominator, parts[3]
    assert found
    assert list(found) == [""] or metric in oracle_cases.MIXES
    return found


def outcome(metric: str, example: Example) -> Outcome:
    """The one of a metric that is no mix."""
    return outcomes(metric, example)[""]


@pytest.mark.parametrize("metric", METRICS)
def test_no_part_is_lacking(metric: str) -> None:
    found = sections(sm.explain(metric).markdown())
    assert list(found) == PARTS
    assert all(found.values())
    definition = sm.catalog()[metric]
    assert len(definition.reading) > 60
    assert 1 <= len(definition.edge_cases) <= 3
    assert all(text.endswith(".") and text[0] != " " for text in (definition.reading, *definition.edge_cases))
    assert definition.reading in found["Reading"]
    assert all(edge_case in found["Edge cases"] for edge_case in definition.edge_cases)
    assert definition.source == found["Source"] != ""
    for formula in definition.formula.split("; otherwise "):
        assert f"    {metric} = {formula}\n" in found["Formula"]


def test_no_two_metrics_share_a_sentence() -> None:
    owners: dict[str, str] = {}
    for metric, said in SAID.items():
        for sentence in said:
            assert owners.setdefault(sentence, metric) == metric, sentence
        assert len(set(said)) == len(said), metric


def test_no_two_sentences_differ_by_a_word_or_two() -> None:
    # Those of the health bands do: they are made from the bands' names.
    said = [(one, words(s)) for one, all_said in SAID.items() if not one.startswith(BANDS) for s in all_said]
    for (one, left), (two, right) in combinations(said, 2):
        assert one == two or len(left & right) < 0.7 * len(left | right), (one, two, left & right)


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_said_names_only_what_there_is(metric: str) -> None:
    known = {
        *METRICS,
        *(column for metric in sm.catalog() for column in metric.columns),
        *("absent_revenue", "csat_satisfied_from", "effort_scale", "min_coverage", "quantiles"),
        *("positive", "neutral", "negative", "none", "downgrade", "defection"),
    }
    definition = sm.catalog()[metric]
    for code in re.findall(r"`([^`]*)`", " ".join([definition.reading, *definition.edge_cases])):
        assert code.partition("=")[0] in known, code


@pytest.mark.parametrize("metric", METRICS)
def test_every_column_is_there_with_its_meaning(metric: str) -> None:
    definition = sm.catalog()[metric]
    columns = sections(sm.explain(metric).markdown())["Columns"]
    *of_lines, described = (
        dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE))
        for table in columns.split("| column | holds | meaning |")[1:]
    )
    assert set(definition.columns) <= described.keys()
    for table in (*of_lines, described):
        assert all(all(part.strip() for part in meaning.split(" | ")) for meaning in table.values())
    lines, *_ = examples(metric)
    shown = {name for row in lines.rows for name in row}
    if metric in OF_ROWS:
        assert not of_lines
        shown |= {name for example in examples(metric) for row in example.rows for name in row}
        assert shown == described.keys()
    else:
        assert [shown] == [table.keys() for table in of_lines]


def test_columns_of_rules_and_of_components_are_described_too() -> None:
    assert "`negative_engagements`" in sections(sm.explain("engagement_quality").markdown())["Columns"]
    assert "`goals_total`" in sections(sm.explain("success_rate").markdown())["Columns"]
    assert "`contracts_due`" in sections(sm.explain("renewal_gap").markdown())["Columns"]
    for metric in HEALTH:
        assert "`milestones_total`" in sections(sm.explain(metric).markdown())["Columns"]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("adoption_rate", ["A row in which `milestones_met` or `milestones_total` is null is missing."]),
        (
            "onboard_rate",
            [
                "A row for which `is_new` does not hold is outside, and nothing else is asked of it.",
                "A row in which `is_new` or `onboarded` is null is missing.",
            ],
        ),
        (
            "negative_engagement_share",
            ["A null in `positive_engagements` only means that rules about it are not asked."],
        ),
        (
            "avoidable_loss_share",
            [
                "A row in which `loss_reason` is null is outside, too.",
                "A row in which `revenue_start`, `revenue_end` or `loss_avoidable` is null is missing.",
            ],
        ),
        (
            "revenue_churn",
            ['`absent_revenue="zero"` reads it as 0, `"missing"` as a null; without either it is an error.'],
        ),
        ("renewal_gap", ["For `contract_renewal_rate`: a row in which `contracts_due`"]),
        ("success_rate", ["By the other formula a row for which `goals_total > 0` does not hold is outside"]),
        ("red_share", ["A customer that the model gives no score is missing.", "For `adoption_rate`: a row in which"]),
        ("health_coverage", ["No null makes a row missing."]),
        (
            "case_documented_share",
            [
                "- A row in which `resolved_at` is null is outside, and nothing else is asked of it.\n"
                "- A row in which `is_documented` is null is missing."
            ],
        ),
    ],
)
def test_nulls_are_what_the_definition_makes_of_them(metric: str, expected: list[str]) -> None:
    nulls = sections(sm.explain(metric).markdown())["Nulls"]
    assert all(sentence in nulls for sentence in expected), nulls


def test_rules_are_those_of_the_definition() -> None:
    for metric, rule in [
        ("adoption_rate", "milestones_met <= milestones_total"),
        ("engagement_quality", "positive_engagements + negative_engagements <= engagements"),
        ("nps", "nps_score <= 10"),
        ("health", "goals_met <= goals_total"),
        ("case_time_to_response_p90", "responded_at >= opened_at"),
    ]:
        assert f"`{rule}`" in sections(sm.explain(metric).markdown())["Rules"]


@pytest.mark.parametrize("metric", OF_ROWS)
def test_an_example_has_counted_rows_and_others(metric: str) -> None:
    for example in examples(metric):
        assert all(value != "–" for _, _, value in outcomes(metric, example).values())
        if metric not in ("health", "renewal_gap", "case_defect_csat_gap"):
            standings = {result["row"] for result in example.results}
            assert "counted" in standings
            assert len(standings) > 1


@pytest.mark.parametrize("metric", [metric for metric in OF_ROWS if metric not in oracle_cases.MIXES])
def test_what_the_rows_of_an_example_add_makes_the_whole(metric: str) -> None:
    for example in examples(metric):
        numerator, denominator, value = outcome(metric, example)

        def total(side: str, example: Example = example) -> Fraction:
            return sum((Fraction(result[side]) for result in example.results if result[side]), Fraction())

        if numerator is not None and "amount" in example.results[0]:
            assert total("amount") == numerator
        elif numerator is not None:
            assert (total("numerator"), total("denominator")) == (numerator, denominator)
        elif "amount" in example.results[0]:
            assert total("amount") == Fraction(value.replace(",", ""))


def shown(value: Fraction, unit: str) -> str:
    """A value as people see it."""
    if unit == "hours":
        return f"{float(value):.1f} h"
    return f"{float(100 * value):.1f} %" if unit == "fraction" else f"{float(value):,.{1 if unit == 'points' else 2}f}"


@pytest.mark.parametrize("metric", oracle_cases.MIXES)
def test_an_example_of_a_mix_comes_out_as_fractions_give_it(metric: str) -> None:
    (example,) = examples(metric)
    rows = [dict.fromkeys(oracle_cases.SCHEMA.names) | row for row in example.rows]
    shares, standing = oracle_cases.metrics_of(rows)[metric]
    counts = "{} counted, {} missing, {} invalid, {} outside.".format(*standing or ())
    assert f"Of {len(rows)} rows: {counts}" in example.after
    assert outcomes(metric, example) == {
        value: (*parts, shown(parts[0] / parts[1], "fraction")) for value, parts in shares.items()
    }
    assert [result["row"] for result in example.results] == [
        "counted" if row[sm.catalog()[metric].columns[0]] else "outside" for row in example.rows
    ]


@pytest.mark.parametrize("metric", [metric for metric in OF_ROWS if metric not in oracle_cases.MIXES])
def test_an_example_comes_out_as_fractions_give_it(metric: str) -> None:
    definition = sm.catalog()[metric]
    options = {"absent_revenue": "zero", "on_invalid": "skip"}
    for example in examples(metric):
        numerator, denominator, value = outcome(metric, example)
        if metric in HEALTH:
            pair = oracle_fractions.health_measures(example.rows, options=options)[()][metric]
            assert pair
            expected, whole = pair
        elif metric == "renewal_gap":
            one, two = oracle_fractions.scorecard(example.rows, options=options)[()][metric]  # type: ignore[misc]
            expected, whole = one.numerator / one.denominator - two.numerator / two.denominator, None
        elif metric in OF_CASES:
            rows = [dict.fromkeys(oracle_cases.SCHEMA.names) | row for row in example.rows]
            parts, standing = oracle_cases.metrics_of(rows)[metric]
            expected, whole = parts if isinstance(parts, tuple) else (parts, None)
            if standing is not None:
                counts = "{} counted, {} missing, {} invalid, {} outside.".format(*standing)
                assert f"Of {len(rows)} rows: {counts}" in example.after
        else:
            cell: Any = oracle_fractions.scorecard(example.rows, options=options)[()][metric]
            expected, whole = cell.numerator, cell.denominator
            counts = "{} counted, {} missing, {} invalid, {} outside.".format(*cell.counts)
            assert f"Of {len(example.rows)} rows: {counts}" in example.after
        if whole is None:
            assert (numerator, denominator) == (None, None)
            assert value == shown(expected, definition.unit)
        else:
            assert numerator is not None
            assert denominator is not None
            assert numerator / denominator == expected / whole
            assert value == shown(expected / whole, definition.unit)


def of_cell(metric: str, cell: dict[str, Fraction]) -> str:
    """A metric of a ledger's period, as it is shown."""
    if metric == "reactivation_share_of_growth":
        added = sum((cell[f"revenue_{name}"] for name in ("new", "reactivation", "expansion")), Fraction())
        return shown(cell["revenue_reactivation"] / added, "fraction") if added else "–"
    if sm.catalog()[metric].unit == "number":
        return str(int(cell[metric]))
    end = cell.get("revenue_end", Fraction())
    known = {"mrr": end, "arr": 12 * end, "revenue_fx": Fraction(), **cell}
    return shown(known[metric], sm.catalog()[metric].unit)


@pytest.mark.parametrize("metric", OF_LEDGERS)
def test_an_example_of_a_ledger_starts_from_lines_and_comes_out_as_plain_python_gives_it(metric: str) -> None:
    lines, groups = examples(metric)
    months = {month: 12 * int(month[:4]) + int(month[5:]) - 1 for month in {row["month"] for row in lines.rows}}
    book = oracle_ledger.Book(
        [(row["customer_id"], months[row["month"]], Fraction(row["revenue"]), row["plan"]) for row in lines.rows]
    )
    cells = oracle_ledger.movements(book, "quarter", by=True)
    assert {(row["period"], row["plan"]): str(row[metric]) for row in groups.rows} == {
        key: of_cell(metric, cell) for key, cell in cells.items()
    }
    together = oracle_ledger.movements(book, "quarter", by=False)
    expected = [(period, of_cell(metric, cell)) for (period, _), cell in together.items()]
    # what was transferred out of one plan and into the other stands in each
    if metric.startswith("revenue_transfer"):
        expected = [
            (
                period,
                of_cell(metric, {metric: sum((cells[period, plan][metric] for plan in ("basic", "pro")), Fraction())}),
            )
            for period, _ in expected
        ]
    found = re.findall(rf"^    {metric} of (.*?) = (?:(-?[0-9]+) / ([0-9]+) = )?(.*)$", groups.after, re.MULTILINE)
    assert [(period, value) for period, _, _, value in found] == expected
    for _, numerator, denominator, value in found:
        if denominator:
            assert shown(Fraction(numerator) / Fraction(denominator), sm.catalog()[metric].unit) == value
    assert f'`sm.ledger(table, by="plan").movements("quarter", by="plan", metrics="{metric}")`' in lines.after


@pytest.mark.parametrize(
    ("metric", "lines"),
    [
        ("adoption_rate", ["13 / 15 = 86.7 %"]),  # 8 + 5 + 0 of 10 + 5 + 0
        ("license_adoption", ["19 / 28 = 67.9 %"]),  # 12 + 4 + 0 + 3 of 10 + 10 + 5 + 3
        ("success_rate", ["3 / 4 = 75.0 %", "1 / 3 = 33.3 %"]),
        ("roi", ["50000 / 170000 = 29.4 %"]),  # 220,000 back for 170,000
        ("availability", ["85968 / 86400 = 99.5 %"]),  # 432 of twice 43,200 minutes lost
        ("mean_tenure_months", ["111.5 / 4 = 27.88"]),
        ("recurring_revenue_rate", ["120 / 100 = 120.0 %"]),
        ("net_revenue_retention", ["75 / 100 = 75.0 %"]),
        ("gross_revenue_retention", ["70 / 100 = 70.0 %"]),
        ("renewal_gap", ["53.3 %"]),  # 1.2 less two thirds
        ("service_margin", ["-500.75 / 7000 = -7.2 %"]),
        ("nps", ["100 / 4 = 25.0"]),  # two promoters, one passive, one detractor
        ("customer_health", ["167.5 / 3 = 55.8"]),  # 97.5, 52.5 and 17.5
        ("case_deflection_rate", ["1 / 5 = 20.0 %"]),
        ("case_first_contact_resolution", ["1 / 4 = 25.0 %"]),  # one contact, four, two and none
        ("case_sla_met_share", ["2 / 4 = 50.0 %"]),  # two have no target
        ("case_cost", ["442.50"]),  # 40 + 250.5 + 60 + 90 + 2
        ("case_csat_mean", ["19 / 5 = 3.80"]),  # 5 + 2 + 4 + 3 + 5
        ("case_defect_csat_gap", ["2.00"]),  # 4.5 less 2.5
        ("case_time_to_response_mean", ["17280 / 14400 = 1.2 h"]),  # 12, 60, 36 and 180 minutes
        ("case_time_to_response_p90", ["2.4 h"]),  # seven tenths of the way from 1 to 3
        ("case_time_to_resolution_mean", ["199800 / 18000 = 11.1 h"]),
        ("case_time_to_resolution_median", ["2.0 h"]),  # of 0.5, 1, 2, 4 and 48
        ("case_time_to_resolution_p90", ["30.4 h"]),  # six tenths of the way from 4 to 48
        ("yellow_revenue", ["500.00"]),
    ],
)
def test_examples_come_out_as_worked_out_by_hand(metric: str, lines: list[str]) -> None:
    page = sm.explain(metric).markdown()
    assert re.findall(rf"^    {metric} = (.*[0-9].*)$", sections(page)["Worked example"], re.MULTILINE) == lines


@pytest.mark.parametrize("metric", ["onboard_rate", "success_rate", "renewal_gap", "red_share", "case_reopen_rate"])
def test_the_command_line_says_what_the_page_says(run: Run, metric: str) -> None:
    def plain(text: str) -> list[str]:
        return re.sub(r"[#|─]|-{3}:?|^[- ]+", " ", text.replace("`", ""), flags=re.MULTILINE).split()

    out = run.succeeding("explain", metric)
    assert out == sm.explain(metric).text() == repr(sm.explain(metric))
    for part in PARTS:
        assert f"\n{part}\n" in out
    title, rest = out.split("\n", 1)
    assert plain(rest) == plain(sm.explain(metric).markdown().split("\n", 1)[1])
    assert title == sm.explain(metric).title
    assert sm.explain(metric)._repr_markdown_() == sm.explain(metric).markdown()


def test_an_example_says_how_it_is_computed() -> None:
    for metric, how in [
        ("onboard_rate", '`sm.scorecard` with `on_invalid="skip"`.'),
        ("csat", '`sm.scorecard` with `on_invalid="skip"`, `csat_satisfied_from=4`.'),
        ("case_csat_mean", '`sm.cases` with `on_invalid="skip"`.'),
        ("case_time_to_response_median", '`sm.cases` with `on_invalid="skip"`, `quantiles=True`.'),
    ]:
        assert f"Computed by {how}" in sections(sm.explain(metric).markdown())["Worked example"]


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_of_ledgers_says_that_it_is_one(metric: str) -> None:
    found = sections(sm.explain(metric).markdown())
    of_ledger = metric in OF_LEDGERS
    assert ("`sm.ledger(table).movements()`" in found["Columns"]) == of_ledger
    assert ('`sm.ledger(table, by="plan").movements(' in found["Worked example"]) == of_ledger
    assert ("In a ledger's lines a null customer, month or revenue is an error" in found["Nulls"]) == of_ledger
    # what movements are made of is said of the lines, and never of the rows between
    assert ("yearly_" not in found["Nulls"] + found["Rules"]) or not of_ledger
    assert ("Lines of one customer and month are added up" in found["Rules"]) == of_ledger
    assert ("Computed by `sm." in found["Worked example"]) != of_ledger


def test_quantiles_are_not_said_to_be_made_of_other_metrics() -> None:
    for metric, made in [
        ("case_time_to_resolution_p90", "Derived from how often each value of a row occurred; unit hours;"),
        ("case_defect_csat_gap", "Derived from other metrics; unit number;"),
    ]:
        assert made in sections(sm.explain(metric).markdown())["Formula"]


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_is_cut_in_a_terminal(metric: str) -> None:
    text = sm.explain(metric).text()
    assert "…" not in text
    # Formulas and tables are not wrapped.
    prose = re.sub(
        r"\n  (column|customer|customer_id|period|case) .*?(?=\n\n|\n  [A-Z][a-z])", "", text, flags=re.DOTALL
    )
    assert all(len(line) <= 100 for line in prose.splitlines() if f"{metric} = " not in line)


def test_an_id_that_is_none_is_answered_alike_everywhere(run: Run) -> None:
    for wanted, near in [
        ("adoption", "adoption_rate"),
        ("revenue_chrun", "revenue_churn"),
        ("nsp", "nps"),
        ("xyz", None),
    ]:
        with pytest.raises(sm.errors.MetricNotFoundError) as by_id:
            sm.catalog()[wanted]
        with pytest.raises(sm.errors.MetricNotFoundError) as explained:
            sm.explain(wanted)
        with pytest.raises(sm.errors.MetricNotFoundError) as asked:
            sm.scorecard({"is_new": [True]}, metrics=[wanted])
        assert str(by_id.value) == str(explained.value)
        assert by_id.value.hint == explained.value.hint == asked.value.hint == near
        assert by_id.value.metric == wanted
        message = run.failing("explain", wanted)
        assert message.startswith(f"no metric '{wanted}'")
        assert near is None or f"(did you mean '{near}'" in message


def test_the_reference_needs_neither_numpy_nor_a_frame_library() -> None:
    blocked = "; ".join(f"sys.modules[{name!r}] = None" for name in ("numpy", "polars", "pandas", "pyarrow", "tqdm"))
    assert spawned("explain", "mrr", code=blocked).out.endswith("mrr of 2026-Q2 = 2520 / 12 = 210.00\n")
    answer = spawned("explain", "net_revenue_retention", code=blocked)
    assert (answer.status, answer.err) == (0, "")
    assert "net_revenue_retention = 75 / 100 = 75.0 %" in answer.out


def test_the_pages_are_built(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-W", "error", BUILD, tmp_path / "pages"], check=True, capture_output=True)
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "pages").iterdir()}
    index = pages.pop("index.md")
    assert pages == {f"{metric}.md": sm.explain(metric).markdown() for metric in METRICS}
    assert re.findall(r"\]\((\w+)\.md\)", index) == METRICS
    families = re.findall(r"^## (.*)$", index, re.MULTILINE)
    assert families == list(dict.fromkeys(metric.family for metric in sm.catalog()))
    assert families[0] == "Onboarding"
    assert families[-1] == "Health"

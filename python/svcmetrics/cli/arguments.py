"""The commands, their options and the small files that options name."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from svcmetrics import _svcmetrics
from svcmetrics.cli import commands, ledgers
from svcmetrics.cli.messages import CommandError
from svcmetrics.cli.output import FORMATS
from svcmetrics.errors import SvcMetricsError
from svcmetrics.health import HealthModel
from svcmetrics.ledger_options import MAX_GROUPS
from svcmetrics.metric import Metric
from svcmetrics.options import SourceColumn

_FILE = "a .csv, .parquet, .arrow, .ipc or .feather file, a row a customer; read in batches"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors take one line, as all errors of the command line do."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message} (see {self.prog} --help)")


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    top = _Parser(
        prog="svcmetrics",
        description="Customer support and customer success metrics, exact and by group, from files.",
        epilog="Exit status: 0; 2 after an error, which is one line on stderr.",
    )
    top.add_argument("--version", action="version", version=f"svcmetrics {_svcmetrics.VERSION}")
    of = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    scorecard = _command(of, "scorecard", commands.scorecard, "the metrics of a file, by group")
    _add_reading(scorecard)
    _add_grouping(scorecard)
    scorecard.add_argument(
        "--metrics", type=_names, metavar="ID,...", help="only these metrics; all that the columns allow"
    )
    scorecard.add_argument(
        "--unique", metavar="COLUMN", help="refuse a group in which two rows have the same value there"
    )
    scorecard.add_argument("--max-groups", type=int, default=10_000_000, metavar="N", help="the most groups (10000000)")
    _add_on_invalid(scorecard)
    _add_output(scorecard)

    health = _command(of, "health", commands.health, "the health of every customer: score, band, and what made it")
    _add_reading(health)
    _add_on_invalid(health)
    _add_output(health)

    check = _command(of, "check", commands.check, "what a file allows and what is wrong with it")
    _add_reading(check)
    _add_grouping(check)
    check.add_argument("--exit-code", action="store_true", help="exit with status 1 where something is wrong")
    _add_output(check)

    movements = _command(of, "movements", ledgers.movements, "how recurring revenue moved, by period and segment")
    _add_ledger(movements)
    movements.add_argument(
        "--metrics",
        type=_names,
        metavar="ID,...",
        help="only these metrics; all, and a printed table has the main ones",
    )
    movements.add_argument(
        "--reasons", choices=("loss", "gain"), help="why revenue was lost or gained, instead of the metrics"
    )
    for kind, what in {
        "loss-reason": "why a customer left or pays less",
        "gain-reason": "why it came or pays more",
    }.items():
        movements.add_argument(f"--{kind}", **_of_reasons(kind, what))
    movements.add_argument(
        "--loss-avoidable", **_of_reasons("loss-avoidable", "whether that loss could have been avoided")
    )
    _add_output(movements)

    retention = _command(of, "retention", ledgers.retention, "what is left of customers who started together")
    _add_ledger(retention)
    retention.add_argument(
        "--triangle",
        nargs="?",
        const="customer_retention",
        metavar="VALUE",
        help="a row a cohort and a column an age, of this column (customer_retention)",
    )
    _add_output(retention)

    catalog = _command(of, "catalog", commands.catalog, "all metrics in short")
    _add_define(catalog)

    explain = _command(of, "explain", commands.explain, "what a metric is and how it is read, with an example")
    explain.add_argument("metric", metavar="METRIC", help="its id, as in the catalogue")
    _add_define(explain)
    return top


def _command(of: Any, name: str, run: Callable[[argparse.Namespace], int], what: str) -> _Parser:
    command: _Parser = of.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    command.set_defaults(run=run)
    return command


def _add_reading(command: _Parser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    command.add_argument(
        "--columns",
        type=_column_map,
        metavar="MAP.toml",
        help='lines ours = "theirs": names in the file; ours = { name = "theirs", unit = "cents" } for other units',
    )
    _add_define(command)
    command.add_argument(
        "--health", type=_model, metavar="MODEL.toml", help="a health model; by default the one that fits the columns"
    )
    command.add_argument(
        "--absent-revenue",
        choices=("zero", "missing"),
        help="what one empty revenue_start or revenue_end means: not there yet or no longer (zero), or not known",
    )
    command.add_argument(
        "--csat-satisfied-from",
        type=_number,
        metavar="SCORE",
        help="the csat_score from which an answer is satisfied; without it csat is not measured",
    )
    command.add_argument(
        "--effort-scale",
        type=_effort_scale,
        metavar="HARDEST,EASIEST",
        help="the effort_score of the hardest and of the easiest; without it the ces_ metrics are not measured",
    )
    command.add_argument(
        "--money",
        choices=("auto", "exact", "round"),
        default="auto",
        help="numbers with more than six decimal places: floats are rounded and counted (auto), refused, all rounded",
    )
    command.add_argument(
        "--nan", choices=("null", "error"), default="error", help="whether NaN is missing or an error (error)"
    )


def _add_ledger(command: _Parser) -> None:
    help_of_file = "a .csv, .parquet, .arrow, .ipc or .feather file, a row a customer and month; read in batches"
    command.add_argument("file", type=Path, metavar="FILE", help=help_of_file)
    command.add_argument("--customer", default="customer_id", metavar="COLUMN", help="who (customer_id)")
    command.add_argument(
        "--month", default="month", metavar="COLUMN", help="in which month: 2026-03, 2026-03-31 or dates (month)"
    )
    command.add_argument("--revenue", default="revenue", metavar="COLUMN", help="the revenue of that month (revenue)")
    command.add_argument("--by", type=_names, default=[], metavar="KEY,...", help="the columns of segments")
    command.add_argument(
        "--every", choices=("month", "quarter", "year"), default="month", help="the length of a period (month)"
    )
    command.add_argument(
        "--fiscal-start", type=int, default=1, metavar="MONTH", help="the month in which the fiscal year starts (1)"
    )
    command.add_argument(
        "--unit", choices=("month", "year"), default="month", help="amounts as those of a month or of a year (month)"
    )
    command.add_argument(
        "--gaps", choices=("zero", "error"), default="zero", help="a month without a row is revenue 0, or an error"
    )
    command.add_argument(
        "--opening", action="store_true", help="the first month is the opening stock: its revenue is not new"
    )
    command.add_argument(
        "--months",
        type=_months,
        metavar="FIRST,LAST",
        help="the first and the last month, as 2026-01,2026-12 (the rows')",
    )
    command.add_argument(
        "--max-groups", type=int, default=MAX_GROUPS, metavar="N", help=f"the most groups or cells ({MAX_GROUPS})"
    )
    command.add_argument(
        "--money",
        choices=("auto", "exact", "round"),
        default="auto",
        help="numbers with more than six decimal places: floats are rounded and counted (auto), refused, all rounded",
    )


def _of_reasons(name: str, what: str) -> dict[str, Any]:
    """A column that is read where the file has it; one of no name is none."""
    default = name.replace("-", "_")
    return {"default": default, "metavar": "COLUMN", "help": f"{what} ({default}, where it is there; '' reads none)"}


def _add_define(command: _Parser) -> None:
    command.add_argument(
        "--define",
        type=_definitions,
        default=[],
        metavar="METRICS.toml",
        help='metrics of your own: [metrics.cases_per_license] with numerator = "cases", denominator = "licenses_sold"',
    )


def _add_grouping(command: _Parser) -> None:
    command.add_argument("--by", type=_names, default=[], metavar="KEY,...", help="the columns to group by")
    command.add_argument(
        "--period", metavar="KEY", help="which key is time: stocks do not add over it (a key named period)"
    )


def _add_on_invalid(command: _Parser) -> None:
    command.add_argument(
        "--on-invalid",
        choices=("raise", "skip"),
        default="raise",
        help="rows outside a column's domain: an error that names them (raise), or left out and counted",
    )


def _add_output(command: _Parser) -> None:
    command.add_argument(
        "--format", choices=FORMATS, help="table for people; by default what the ending of OUT says, else table"
    )
    command.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="write there instead of printing: the whole file or nothing"
    )
    command.add_argument("--force", action="store_true", help="replace OUT if it is there")


def _names(text: str) -> list[str]:
    names = text.split(",")
    if not all(names):
        raise argparse.ArgumentTypeError(f"found {text!r}; expected names with commas between them")
    return names


def _months(text: str) -> tuple[str, ...]:
    months = tuple(text.split(","))
    if len(months) != 2:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected two months with a comma, as in 2026-01,2026-12")
    return months


def _number(text: str) -> Decimal:
    with suppress(InvalidOperation):
        number = Decimal(text)
        if number.is_finite():
            return number
    raise argparse.ArgumentTypeError(f"found {text!r}; expected a number")


def _effort_scale(text: str) -> tuple[Decimal, ...]:
    ends = tuple(map(_number, text.split(",")))
    if len(ends) != 2:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected two numbers with a comma between them, as in 1,7")
    return ends


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise argparse.ArgumentTypeError(f"{path}: is no UTF-8 text") from error


def _column_map(path: str) -> dict[str, SourceColumn]:
    try:
        document = tomllib.loads(_text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error}") from error
    columns = {}
    for ours, theirs in document.items():
        parts = {"name": theirs} if isinstance(theirs, str) else theirs
        is_known = isinstance(parts, dict) and "name" in parts and parts.keys() <= {"name", "unit"}
        if not is_known or not all(isinstance(part, str) for part in parts.values()):
            message = f'{path}, {ours}: found {theirs!r}; expected "theirs" or {{ name = "theirs", unit = "cents" }}'
            raise argparse.ArgumentTypeError(message)
        columns[ours] = SourceColumn(**parts)
    return columns


def _definitions(path: str) -> list[Metric]:
    try:
        return Metric.read_toml(_text_of(path))
    except SvcMetricsError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error}") from error


def _model(path: str) -> HealthModel:
    try:
        return HealthModel.from_toml(_text_of(path))
    except SvcMetricsError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error}") from error

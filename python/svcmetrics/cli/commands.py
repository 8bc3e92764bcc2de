"""The commands themselves."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from svcmetrics import _svcmetrics
from svcmetrics.catalog import Definition
from svcmetrics.catalog import catalog as definitions
from svcmetrics.check import Check
from svcmetrics.cli.messages import CommandError, message_of
from svcmetrics.cli.output import Output, Result, put_text
from svcmetrics.errors import ColumnTypeError, SvcMetricsError
from svcmetrics.explain import DIRECTIONS, TIMES
from svcmetrics.explain import explain as explained
from svcmetrics.frames import Frame
from svcmetrics.health import HealthModel, HealthScores
from svcmetrics.options import options_for
from svcmetrics.scorecard import Scorecard, warn_of_near_misses

if TYPE_CHECKING:
    import polars

    from svcmetrics.cli.csv_types import Role
    from svcmetrics.cli.readers import TableFile

#: Columns whose text is meant as text, also where it looks like a number.
_TEXTS = ("loss_reason", "gain_reason", "impact", "risk", "currency")


def scorecard(wanted: argparse.Namespace) -> int:
    """The metrics of a file."""
    output = Output(wanted.format, wanted.output, wanted.force)
    table = opened(wanted)
    options = _options(wanted) | {"unique": wanted.unique, "max_groups": wanted.max_groups, "metrics": wanted.metrics}
    builder = _svcmetrics.Builder(options)
    with speaking_of(table):
        read = read_by(table, lambda rows: _svcmetrics.Builder(options).add(rows))
        with closing(table.batches(_roles(table, wanted, options, read))) as batches:
            for batch in batches:
                builder.add(batch)
        card = Scorecard(builder.finish())
    warn_of_near_misses(card)
    output.put(Result(lambda: str(card), card.to_json, card.to_polars))
    return 0


def health(wanted: argparse.Namespace) -> int:
    """The health of every customer of a file."""
    output = Output(wanted.format, wanted.output, wanted.force)
    table = opened(wanted)
    options = _options(wanted)
    with speaking_of(table):
        read = read_by(table, lambda rows: _svcmetrics.health_scores([rows], options, True))
        with closing(table.batches(_roles(table, wanted, options, read))) as batches:
            native, model = _svcmetrics.health_scores(batches, options, True)
    scores = HealthScores(native, HealthModel._of(model))
    output.put(of_frame(scores, scores.to_polars))
    return 0


def check(wanted: argparse.Namespace) -> int:
    """What a file allows, and what is wrong with it."""
    output = Output(wanted.format, wanted.output, wanted.force)
    table = opened(wanted)
    options = _options(wanted)
    identity = options["columns"].get("customer_id", ("customer_id", None))[0]
    options["unique"] = "customer_id" if identity in table.names else None
    with speaking_of(table):
        read = read_by(table, lambda rows: _svcmetrics.Builder(options).add(rows))
        table.refuse_duplicates(read)
        with closing(table.batches(_roles(table, wanted, options, table.names))) as batches:
            found = _svcmetrics.check(batches, options)
    findings = _CheckOfLines(table, *found) if table.lines_of else Check(*found)
    output.put(of_frame(findings, findings.to_polars))
    return 1 if wanted.exit_code and not findings.ok else 0


def catalog(wanted: argparse.Namespace) -> int:
    """All metrics in short."""
    header = ("metric", "kind", "time", "better", "title")
    metrics = _definitions(wanted)
    rows = [header, *((metric.id, metric.kind, metric.time, metric.better, metric.title) for metric in metrics)]
    widths = [max(len(row[position]) for row in rows) for position in range(4)]
    lines = ("  ".join([*map(str.ljust, row, widths), row[4]]) for row in rows)
    put_text("".join(f"{line}\n" for line in lines))
    return 0


def explain(wanted: argparse.Namespace) -> int:
    """A metric's reference, with an example; of a metric of one's own its definition."""
    own = {metric.id: metric.definition for metric in wanted.define}
    if wanted.metric in own:
        put_text(_described(own[wanted.metric]))
        return 0
    known = [metric.id for metric in _definitions(wanted)]
    if wanted.metric not in known:
        _svcmetrics.no_metric(wanted.metric, known)
    put_text(explained(wanted.metric).text())
    return 0


def _described(metric: Definition) -> str:
    lines = {
        "formula": metric.formula,
        "among": metric.among or "all rows",
        "columns": ", ".join(metric.columns),
        "kind": metric.kind,
        "unit": metric.unit,
        "direction": DIRECTIONS[metric.better],
        "time": TIMES[metric.time],
        "source": metric.source,
    }
    described = "".join(f"  {name:<9}  {text}\n" for name, text in lines.items() if text)
    return f"{metric.title} ({metric.id})\n{described}"


def _definitions(wanted: argparse.Namespace) -> list[Definition]:
    return [*definitions(), *(metric.definition for metric in wanted.define)]


class _CheckOfLines(Check):
    """What was found in a file that has lines: ``line`` stands where otherwise ``row`` stands."""

    def __init__(self, table: TableFile, *found: Any) -> None:
        super().__init__(*found)
        position = super().columns.index("row")
        rows = super().rows()
        lines = table.lines_of([row[position] for row in rows if row[position] is not None]) if table.lines_of else {}
        self._rows = [(*row[:position], lines.get(row[position]), *row[position + 1 :]) for row in rows]

    @property
    def columns(self) -> list[str]:
        return ["line" if name == "row" else name for name in super().columns]

    def rows(self) -> list[tuple[Any, ...]]:
        return self._rows

    def to_polars(self) -> polars.DataFrame:
        import polars as pl

        frame = super().to_polars()
        place = self.columns.index("line")
        lines = pl.Series("line", [row[place] for row in self._rows], frame.schema["row"])
        return frame.replace_column(place, lines)


def opened(wanted: argparse.Namespace) -> TableFile:
    try:
        readers = importlib.import_module("svcmetrics.cli.readers")
    except ImportError as error:
        message = (
            f"{error.name or 'polars'} is not installed; expected it for reading files: pip install 'svcmetrics[cli]'"
        )
        raise CommandError(message) from error
    opened: TableFile = readers.TableFile(wanted.file)
    return opened


def _options(wanted: argparse.Namespace) -> dict[str, Any]:
    return options_for(
        by=getattr(wanted, "by", []),
        period=getattr(wanted, "period", None),
        define=wanted.define,
        columns=wanted.columns,
        health=wanted.health,
        absent_revenue=wanted.absent_revenue,
        on_invalid=getattr(wanted, "on_invalid", "raise"),
        money=wanted.money,
        nan=wanted.nan,
        csat_satisfied_from=wanted.csat_satisfied_from,
        effort_scale=wanted.effort_scale,
    )


def read_by(table: TableFile, work: Any) -> list[str]:
    """The columns that the work reads: it is given a table of these names without rows, and asked for what."""
    asked: list[str] = []

    def columns(positions: list[int]) -> list[tuple[Any, ...]]:
        asked.extend(table.names[position] for position in positions)
        return [("objects", [])] * len(positions)

    work((table.names, 0, columns))
    table.refuse_duplicates(asked)
    return asked


def _roles(
    table: TableFile, wanted: argparse.Namespace, options: dict[str, Any], read: Iterable[str]
) -> dict[str, Role]:
    """How the columns that are read are to be taken, where a file does not say of which type they are."""
    names = {ours: theirs for ours, (theirs, _) in options["columns"].items()}
    defined = [*wanted.define, *(wanted.health.metrics if wanted.health else [])]
    own = {names.get(ours, ours): kind for metric in defined for ours, kind in metric.columns.items()}
    measured = {names.get(ours, ours) for metric in definitions() for ours in metric.columns} | set(own)
    texts = {names.get(ours, ours) for ours in _TEXTS}
    texts |= {name for name, kind in own.items() if kind in ("category", "anything")}
    labels = {*options["by"], names.get("customer_id", "customer_id"), options["unique"]}

    def role(name: str) -> Role:
        if name in texts:
            return "text"
        if name in measured:
            return "number"
        return "label" if name in labels else "value"

    return {name: role(name) for name in read}


@contextmanager
def speaking_of(table: TableFile) -> Iterator[None]:
    """Errors in the words of the command line, with the file's name."""
    try:
        yield
    except SvcMetricsError as error:
        message = message_of(error, table.lines_of)
        if isinstance(error, ColumnTypeError) and error.column in table.mixed_spellings:
            message += "; spellings are mixed: some cells say true or false and others are numbers"
        raise CommandError(f"{table.path}: {message}") from error
    except (TypeError, ValueError) as error:
        raise CommandError(f"{table.path}: {error}") from error


def of_frame(frame: Frame, polars_frame: Any) -> Result:
    return Result(lambda: str(frame), lambda: polars_frame().write_json(), polars_frame)

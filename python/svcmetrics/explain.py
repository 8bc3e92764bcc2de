"""A metric's reference: one structure, from the catalogue and an example, as text for a terminal and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from svcmetrics import _svcmetrics, examples, render
from svcmetrics._svcmetrics import Figure
from svcmetrics.catalog import Definition, catalog
from svcmetrics.health import HealthModel
from svcmetrics.ledger import Ledger
from svcmetrics.options import options_for
from svcmetrics.scorecard import Scorecard

_WIDTH = 100
_KINDS = {
    "share": "share, from 0 to 1",
    "ratio": "ratio, which may exceed 1",
    "mean": "mean",
    "amount": "amount",
    "score": "score",
    "derived": "derived from other metrics",
    "mix": "a share, from 0 to 1, for each value; the shares of a group add up to 1",
}
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "neither": "neither higher nor lower is better"}
TIMES = {"flow": "flow: adds up over time", "stock": "stock: a state at a time, which does not add up over time"}
_STANDINGS = ("counted", "missing", "invalid", "outside")
#: A customer's health score and band: computed, and in no table.
_SCORE = "health_score"
#: The family of metrics that take a customer's history to tell, and the lines that tell it.
_OF_LEDGERS = "Movements of a ledger"
_LINES = [
    ("customer_id", "text, or whole numbers", "who pays"),
    ("month", "a date, a time, or text as 2026-03", "the month that is paid for"),
    ("revenue", "an amount, 0 or more", "recurring revenue of that month"),
    ("plan", "anything", "a segment, where movements are told by one"),
]


class _Code(NamedTuple):
    """A line that is not wrapped."""

    text: str


class _Table(NamedTuple):
    header: list[str]
    rows: list[list[str]]
    #: How many columns stand to the left.
    left: int


_Block = str | list[str] | _Code | _Table


class MetricReference:
    """All that there is to say of a metric: formula, reading, columns, nulls, rules, edge cases, source, and an
    example that is worked out when it is asked for.

    It shows as text, and as Markdown where that is understood.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        forms = _svcmetrics.forms(definition.id)
        #: Titles, and what stands below each.
        self._sections: dict[str, list[_Block]] = {
            "Formula": _formula(definition, forms),
            "Reading": [definition.reading],
            "Columns": _columns(definition, forms),
            "Nulls": [_nulls(definition, forms)],
            "Rules": [_rules(definition, forms)],
            "Edge cases": [list(definition.edge_cases)],
            "Source": [definition.source],
            "Worked example": _examples(definition, forms),
        }

    @property
    def title(self) -> str:
        """The metric's name for people, and its id."""
        return f"{self.definition.title} ({self.definition.id})"

    def text(self) -> str:
        """For a terminal.

        >>> import svcmetrics as sm
        >>> print(sm.explain("onboard_rate").text().partition("  Among")[0].rstrip())
        Onboard (onboard_rate)
        <BLANKLINE>
        Formula
          onboard_rate = onboarded_customers / new_customers
          - onboarded_customers: count of rows where onboarded
          - new_customers: count of rows
        """
        parts = [self.title]
        for title, blocks in self._sections.items():
            shown = "\n".join(_as_text(block) for block in blocks)
            parts.append(f"{title}\n{textwrap.indent(shown, '  ')}")
        return "\n\n".join(parts) + "\n"

    def markdown(self) -> str:
        """For a page.

        >>> import svcmetrics as sm
        >>> sm.explain("onboard_rate").markdown().splitlines()[:5]
        ['# Onboard (`onboard_rate`)', '', '## Formula', '', '    onboard_rate = onboarded_customers / new_customers']
        """
        parts = [f"# {self.definition.title} (`{self.definition.id}`)"]
        for title, blocks in self._sections.items():
            parts += [f"## {title}", *(_as_markdown(block) for block in blocks)]
        return "\n\n".join(parts) + "\n"

    def __repr__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()


def explain(metric: str) -> MetricReference:
    """The reference of a metric of the catalogue: what it is, how it is read, and an example worked out.

    >>> import svcmetrics as sm
    >>> print(sm.explain("nps").text().splitlines()[-1].strip())
    nps = 100 / 4 = 25.0

    An id that is none is an error that says which come near.

    >>> try:
    ...     sm.explain("adoption")
    ... except sm.SvcMetricsError as error:
    ...     print(error.hint)
    adoption_rate
    """
    return MetricReference(catalog()[metric])


def _formula(definition: Definition, forms: list[dict[str, Any]]) -> list[_Block]:
    blocks: list[_Block] = []
    for position, form in enumerate(forms):
        if position:
            blocks.append("Where a table lacks the columns of that:")
        blocks.append(_Code(f"{definition.id} = {form['formula']}"))
        if form["measures"]:
            blocks.append([f"`{measure}`: {formula}" for measure, formula in form["measures"]])
        if form["among"] and position:
            blocks.append(f"Then among rows where `{form['among']}`.")
    if definition.family == "Health":
        parts = ", ".join(f"`{metric}` ({component.weight})" for metric, component in HealthModel().components.items())
        blocks.append(f"The components of the default model, with their weights: {parts}.")
    among = f"Among rows where `{definition.among}`. " if definition.among else ""
    facts = [_KINDS[definition.kind], f"unit {definition.unit}", DIRECTIONS[definition.better], TIMES[definition.time]]
    if _is_quantile(forms[0]):
        facts[0] = "derived from how often each value of a row occurred"
    facts[0] = facts[0][0].upper() + facts[0][1:]
    return [*blocks, f"{among}{'; '.join(facts)}."]


def _parts(definition: Definition, form: dict[str, Any]) -> list[str]:
    """The metrics that it is made of; the components, where a customer's health is."""
    return list(HealthModel().components) if definition.family == "Health" else form["made_of"]


def _columns_of(definition: Definition, form: dict[str, Any]) -> list[str]:
    """The columns of tables that a form can make use of."""
    own = [*form["outside"], *form["missing"], *(column for _, columns in form["rules"] for column in columns)]
    for part in _parts(definition, form):
        (first, *_) = _svcmetrics.forms(part)
        own += _columns_of(catalog()[part], first)
    known = [column["name"] for column in _svcmetrics.columns()]
    return sorted({column for column in own if column in known}, key=known.index)


def _columns(definition: Definition, forms: list[dict[str, Any]]) -> list[_Block]:
    read = {column for form in forms for column in _columns_of(definition, form)}
    rows = [
        [f"`{column['name']}`", column["expected"], column["meaning"]]
        for column in _svcmetrics.columns()
        if column["name"] in read
    ]
    header = ["column", "holds", "meaning"]
    if definition.family != _OF_LEDGERS:
        return [_Table(header, rows, left=3)]
    return [
        _Table(header, [[f"`{name}`", *said] for name, *said in _LINES], left=3),
        "`sm.ledger(table)` reads these lines; a segment is whatever column `by=` names. No table needs to have the "
        "columns of the formula: of the lines `sm.ledger(table).movements()` makes a row of each customer in each "
        "period and segment, in which a month's revenue counts twelvefold, as a run rate of a year.",
        _Table(header, rows, left=3),
    ]


def _listed(names: Iterable[str], last: str) -> str:
    *others, final = [f"`{name}`" for name in names]
    return f"{', '.join(others)} {last} {final}" if others else final


def _nulls(definition: Definition, forms: list[dict[str, Any]]) -> list[str]:
    if definition.family == _OF_LEDGERS:
        return [
            "In a ledger's lines a null customer, month or revenue is an error: unknown is not 0.",
            "A null segment is one of its own.",
            "A month without a line between a customer's first and last is revenue 0, and counted; with "
            '`gaps="error"` it is an error.',
        ]
    sentences: list[str] = []
    for position, form in enumerate(forms):
        own = list(_nulls_of_form(form))
        sentences += [f"By the other formula {line}" if position else line[0].upper() + line[1:] for line in own]
        for part in _parts(definition, form):
            (first, *_) = _svcmetrics.forms(part)
            sentences += [f"For `{part}`: {sentence}" for sentence in _nulls_of_form(first)]
    read = {column for form in forms for column in _columns_of(definition, form)}
    if revenues := [column for column in ("revenue_start", "revenue_end") if column in read]:
        sentences.append(
            f"A null in {_listed(revenues, 'or')} where the table has both revenues and the other one is known: "
            '`absent_revenue="zero"` reads it as 0, `"missing"` as a null; without either it is an error.'
        )
    return sentences


def _nulls_of_form(form: dict[str, Any]) -> Iterator[str]:
    only_present = form["among"] in [f"{column} is present" for column in form["outside"]]
    if form["among"] and not only_present:
        yield f"a row for which `{form['among']}` does not hold is outside, and nothing else is asked of it."
    if form["outside"]:
        also = ", and nothing else is asked of it" if only_present else ", too"
        yield f"a row in which {_listed(form['outside'], 'or')} is null is outside{also}."
    columns = [column for column in form["missing"] if column != _SCORE]
    if columns:
        yield f"a row in which {_listed(columns, 'or')} is null is missing."
    if _SCORE in form["missing"]:
        yield "a customer that the model gives no score is missing."
    if form["measures"] and not form["missing"]:
        yield "no null makes a row missing."
    asked = {column for _, columns in form["rules"] for column in columns} - {*form["missing"], *form["outside"]}
    if asked:
        yield f"a null in {_listed(sorted(asked), 'or')} only means that rules about it are not asked."


def _rules(definition: Definition, forms: list[dict[str, Any]]) -> list[str]:
    if definition.family == _OF_LEDGERS:
        return [
            "Each column holds what the table of columns says; a line in which one does not is an error.",
            "Lines of one customer and month are added up; they name one segment, or are an error.",
            "Lines may come in any order.",
        ]
    rules = {rule for form in forms for rule, _ in form["rules"]}
    for form in forms:
        for part in _parts(definition, form):
            rules |= {rule for part_form in _svcmetrics.forms(part)[:1] for rule, _ in part_form["rules"]}
    return [
        "Each column holds what the table of columns says; where one does not, the row is invalid.",
        *(f"`{rule}`; a complete row that breaks it is invalid." for rule in sorted(rules)),
        'Invalid rows are an error; `on_invalid="skip"` leaves them out and counts them.',
    ]


def _examples(definition: Definition, forms: list[dict[str, Any]]) -> list[_Block]:
    if definition.family == _OF_LEDGERS:
        return list(_example_of_ledger(definition))
    blocks: list[_Block] = []
    for position, form in enumerate(forms):
        if position:
            blocks.append("By the other formula:")
        blocks += _example(definition, form)
    return blocks


def _example(definition: Definition, form: dict[str, Any]) -> Iterator[_Block]:
    """The rows, how each stands to the metric and what it adds, and what comes of it; all of it computed now."""
    of_cases = definition.family == "Cases"
    row, subject, function = ("case", "cases", "cases") if of_cases else ("customer", "customers", "scorecard")
    columns = _columns_of(definition, form)
    rows = {column: examples.TABLES[definition.family][column] for column in columns}
    names = [chr(ord("A") + position) for position in range(len(rows[columns[0]]))]
    options: dict[str, Any] = {"on_invalid": "skip"} | ({"quantiles": True} if _is_quantile(form) else {})
    for needed, given in [] if of_cases else examples.OPTIONS:
        options |= given if needed <= rows.keys() else {}
    parts = _parts(definition, form) if not form["measures"] else []
    together = _card(rows, metrics=[definition.id, *parts], subject=subject, **options)
    each = _card({row: names, **rows}, by=row, metrics=[definition.id], subject=subject, **options)

    results = _results(definition, form, each)
    cells = [names, *([_cell(value) for value in rows[column]] for column in columns), *results.values()]
    yield _Table([row, *columns, *results], [list(line) for line in zip(*cells, strict=True)], left=1)

    passed = ", ".join(f"`{name}={value!r}`".replace("'", '"') for name, value in options.items())
    yield f"Computed by `sm.{function}` with {passed}."
    if form["measures"]:
        counts = together.quality.metrics[definition.id]
        shown = ", ".join(f"{counts[name]} {name}" for name in _STANDINGS)
        yield f"Of {len(names)} rows: {shown}."
    elif parts:
        shown = ", ".join(f"`{part}` {together[part]}" for part in parts)
        yield f"Of all rows together: {shown}."
    figures = together[definition.id]
    for value, figure in figures.items() if form["by"] else [("", figures)]:
        yield _outcome(definition, value, figure)


def _outcome(definition: Definition, value: str, figure: Figure) -> _Code:
    """What comes of all, or of those that have one value."""
    whole = figure.denominator
    quotient = "" if figure.numerator is None or whole is None else f"{_number(figure.numerator)} / {_number(whole)} = "
    return _Code(f"{definition.id}{f' of {value}' if value else ''} = {quotient}{figure}")


def _example_of_ledger(definition: Definition) -> Iterator[_Block]:
    """Lines as a company has them, and what comes of them by period and segment; all of it computed now."""
    lines = examples.LEDGER
    yield _Table([*lines], [[_cell(value) for value in line] for line in zip(*lines.values(), strict=True)], left=3)
    movements = f'movements("quarter", by="plan", metrics="{definition.id}")'
    yield f'By `sm.ledger(table, by="plan").{movements}`:'
    builder = _svcmetrics.LedgerBuilder({"by": ["plan"]})
    builder.add(_table(lines))
    card = Ledger(builder.finish()).movements("quarter", by="plan", metrics=definition.id)
    groups = [[*group, str(figure)] for group, figure in card[definition.id].items()]
    yield _Table([*card.keys, definition.id], groups, left=2)
    yield 'And of both plans together, by `rollup("period")` of that:'
    for period, figure in card.rollup("period")[definition.id].items():
        yield _outcome(definition, period, figure)


def _results(definition: Definition, form: dict[str, Any], each: Scorecard) -> dict[str, list[str]]:
    """The columns that say how each row stands to the metric, and what it adds to it or makes by itself."""
    results: dict[str, list[str]] = {}
    if form["by"]:
        # It is about all rows that have a value.
        return {"row": ["counted" if shares else "outside" for shares in each[definition.id].values()]}
    if form["measures"]:
        judged = [found for found in each.tidy() if found["metric"] == definition.id]
        results["row"] = [next(name for name in _STANDINGS if found[name]) for found in judged]
    if _is_quantile(form) or not form["measures"]:
        figures = each[definition.id].values()
        # What sets rows against one another has no value in a row.
        return results | ({"value": [str(figure) for figure in figures]} if any(f.defined for f in figures) else {})
    sides = (
        {"amount": form["numerator"]}
        if definition.kind == "amount"
        else {"numerator": form["numerator"], "denominator": form["denominator"]}
    )
    totals = list(each.measures())
    for side, terms in sides.items():
        added = [sum(coefficient * total[measure] for coefficient, measure in terms) for total in totals]
        results[side] = [
            _number(value) if row == "counted" else "" for row, value in zip(results["row"], added, strict=True)
        ]
    return results


def _is_quantile(form: dict[str, Any]) -> bool:
    """Whether it reads rows one by one instead of sums."""
    return bool(form["measures"]) and not form["numerator"] and not form["by"]


def _card(rows: dict[str, list[Any]], **options: Any) -> Scorecard:
    """The scorecard of columns, without numpy, which need not be there."""
    builder = _svcmetrics.Builder(options_for(**options))
    builder.add(_table(rows))
    return Scorecard(builder.finish())


def _table(rows: dict[str, list[Any]]) -> tuple[Any, ...]:
    """Columns as the core takes them."""
    names, columns = list(rows), list(rows.values())
    return names, len(columns[0]), lambda positions: [("objects", columns[position]) for position in positions]


def _cell(value: object) -> str:
    """A value of the example's table."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat(" ", "minutes")
        case _:
            return str(value)


def _number(value: Decimal | int) -> str:
    """An exact total."""
    return f"{Decimal(value).normalize():f}"


def _as_text(block: _Block) -> str:
    match block:
        case _Code(text):
            return text
        case _Table(header, rows, left):
            return render.text(header, [[cell.replace("`", "") for cell in row] for row in rows], left=left)
        case str():
            return textwrap.fill(block.replace("`", ""), _WIDTH - 2, break_on_hyphens=False)
        case _:
            wrapped = (textwrap.fill(line.replace("`", ""), _WIDTH - 4, break_on_hyphens=False) for line in block)
            return "\n".join(f"- {textwrap.indent(line, '  ').lstrip()}" for line in wrapped)


def _as_markdown(block: _Block) -> str:
    match block:
        case _Code(text):
            return f"    {text}"
        case _Table(header, rows, left):
            rule = ["---" if position < left else "---:" for position in range(len(header))]
            return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])
        case str():
            return block
        case _:
            return "\n".join(f"- {line}" for line in block)

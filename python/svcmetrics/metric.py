"""Metrics of one's own, in the vocabulary of the catalogue: sums, counts, conditions and coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from svcmetrics import _svcmetrics
from svcmetrics.catalog import Definition
from svcmetrics.errors import InvalidDefinitionError

ColumnKind = Literal["flag", "count", "money", "signed_money", "quantity", "anything"]


class Term(NamedTuple):
    """One of the terms of a :class:`Sum`: ``times`` the sum of ``total``, or the number of rows where that is None."""

    total: str | None
    where: str | None = None
    kind: str | None = None
    times: int = 1


class Sum:
    """What a metric sums: terms of :func:`total` and :func:`count`, which add up and take whole factors.

    >>> import svcmetrics as sm
    >>> sm.total("benefit") - 2 * sm.total("investment") == sm.total("benefit") + sm.total("investment") * -2
    True

    A factor is a whole number; other ratios go into the denominator.

    >>> 0.5 * sm.total("cases")
    Traceback (most recent call last):
    svcmetrics.errors.InvalidDefinitionError: found the factor 0.5; expected a whole number
    """

    __slots__ = ("terms",)

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self.terms = terms

    def __eq__(self, other: object) -> bool:
        return self.terms == other.terms if isinstance(other, Sum) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.terms)

    def __repr__(self) -> str:
        return f"Sum(terms={self.terms!r})"

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.terms + other.terms) if isinstance(other, Sum) else NotImplemented

    def __sub__(self, other: Sum) -> Sum:
        return self + -other if isinstance(other, Sum) else NotImplemented

    def __neg__(self) -> Sum:
        return -1 * self

    def __mul__(self, factor: int) -> Sum:
        if isinstance(factor, bool | float | Decimal):
            message = f"found the factor {factor!r}; expected a whole number"
            expected = "a whole number"
            raise InvalidDefinitionError(message, kind="invalid_definition", value=repr(factor), expected=expected)
        if not isinstance(factor, int):
            return NotImplemented
        return Sum(tuple(term._replace(times=term.times * factor) for term in self.terms))

    __rmul__ = __mul__


def total(column: str, *, where: str | None = None, kind: ColumnKind | None = None) -> Sum:
    """The sum of a column, or of an expression of columns such as ``"benefit - 2 x investment"``.

    Args:
        column: The column or the expression.
        where: Only rows for which this condition holds add to it.
        kind: What the columns hold that the catalogue does not know, as in ``columns`` of :func:`metric`.

    >>> import svcmetrics as sm
    >>> table = {"cases": [4, 3, 2], "is_active": [True, False, True]}
    >>> cases = sm.metric("active_cases", numerator=sm.total("cases", where="is_active"))
    >>> sm.scorecard(table, metrics=[cases])["active_cases"].value
    6

    A row that lacks what the condition asks for is missing; unless the condition asks for that first.

    >>> table["is_active"] = [True, None, True]
    >>> sm.scorecard(table, metrics=[cases]).quality.metrics["active_cases"]["missing"]
    1
    """
    return Sum((Term(column, where, kind),))


def count(*, where: str | None = None) -> Sum:
    """The number of rows, or of those for which a condition holds.

    >>> import svcmetrics as sm
    >>> promoters = sm.count(where="nps_score is present and nps_score >= 9")
    >>> metric = sm.metric("promoters_of_all", numerator=promoters, denominator=sm.count(), kind="share")
    >>> sm.scorecard({"nps_score": [10, 9, 3, None]}, metrics=[metric])["promoters_of_all"]
    <Figure 50.0 % (2 / 4)>
    """
    return Sum((Term(None, where),))


class Metric:
    """The definition of a metric of one's own, as :func:`metric` makes it; a value, like a number.

    >>> import svcmetrics as sm
    >>> metric = sm.metric("cases_per_license", numerator="cases", denominator="licenses_sold", unit="number")
    >>> metric
    <Metric cases_per_license = cases / licenses_sold>
    >>> sm.Metric.from_json(metric.to_json()) == metric
    True
    >>> print(metric.to_toml())
    [metrics.cases_per_license]
    numerator = "cases"
    denominator = "licenses_sold"
    unit = "number"
    <BLANKLINE>
    """

    def __init__(self, native: _svcmetrics.Metric) -> None:
        self._native = native

    @property
    def id(self) -> str:
        """Its stable name."""
        return self._native.id()

    @property
    def definition(self) -> Definition:
        """Its entry in a catalogue: title, kind, unit, direction, formula, ..."""
        entry = self._native.entry()
        return Definition(**{**entry, "columns": tuple(entry["columns"])})

    @property
    def columns(self) -> dict[str, str]:
        """The columns that a table needs for it, and the kind of each."""
        return dict(self._native.columns())

    @classmethod
    def from_json(cls, text: str) -> Metric:
        """Reads what :meth:`to_json` wrote, checking every field."""
        from svcmetrics.options import text_of

        return cls(_svcmetrics.Metric.from_json(text_of("text", text)))

    def to_json(self) -> str:
        """The definition as JSON."""
        return self._native.to_json()

    @classmethod
    def read_toml(cls, text: str) -> list[Metric]:
        """Reads the definitions of a TOML document: a table ``[metrics.<id>]`` each, with the fields of :func:`metric`.

        Sums are a column, ``{ total = "cases", where = "is_active", times = -1 }``, ``{ count = true, where = ... }``,
        or a list of those.

        >>> import svcmetrics as sm
        >>> sm.Metric.read_toml('''
        ... [metrics.cases_per_license]
        ... numerator = "cases"
        ... denominator = ["licenses_sold", { total = "licenses_sold", where = "is_new", times = -1 }]
        ... better = "lower"
        ... ''')
        [<Metric cases_per_license = cases / (licenses_sold - (licenses_sold where is_new))>]
        """
        from svcmetrics.options import text_of

        return [cls(native) for native in _svcmetrics.Metric.read_toml(text_of("text", text))]

    def to_toml(self) -> str:
        """The definition as TOML; the documents of several are one when they are put one after another."""
        return self._native.to_toml()

    def __eq__(self, other: object) -> bool:
        return self._native == other._native if isinstance(other, Metric) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return (Metric.from_json, (self.to_json(),))

    def __repr__(self) -> str:
        return f"<Metric {self._native}>"


def metric(
    metric_id: str,
    /,
    *,
    numerator: str | Sum,
    denominator: str | Sum | None = None,
    among: str | None = None,
    unit: Literal["fraction", "number", "money", "points"] | None = None,
    better: Literal["higher", "lower", "neither"] = "neither",
    kind: Literal["share", "ratio", "mean", "amount", "score"] | None = None,
    time: Literal["flow", "stock"] | None = None,
    title: str | None = None,
    source: str | None = None,
    columns: Mapping[str, ColumnKind | Sequence[str]] | None = None,
) -> Metric:
    """A metric of one's own. It goes wherever ids of metrics go: ``metrics=`` and ``define=`` of :func:`scorecard`,
    components of a :class:`HealthModel`; scorecards and models take its definition along.

    Rows count where they have every column that is summed or compared; the others are missing, and counted as such.

    Args:
        metric_id: Lower-case letters, digits and ``_``; no id of the catalogue.
        numerator: A column, an expression of columns, or terms of :func:`total` and :func:`count`.
        denominator: Likewise; without it the metric is an amount.
        among: Only rows for which this condition holds. Conditions are ``is_active``, ``not is_active``,
            ``risk is defection``, ``nps_score is present``, ``goals_met < goals_total`` and the like, joined by ``and``.
        unit: ``"fraction"`` is shown in percent. By default shares and ratios are fractions, amounts and means money
            where the numerator sums money, else numbers.
        better: Which direction is better.
        kind: By default an amount without a denominator, a mean where the unit is ``"number"`` or ``"money"``, else a
            ratio. A ``"share"`` of sums without conditions is checked row by row: a part above its whole is invalid.
        time: A ``"stock"`` does not add up over time. By default what sums a column that the catalogue takes for a
            state at a time (revenue, licences, milestones), or counts rows by one, is a stock, all else a flow.
        title: Its name for people.
        source: Where its definition comes from.
        columns: What columns hold that the catalogue does not know: ``"flag"``, ``"count"``, ``"money"``,
            ``"signed_money"``, ``"quantity"``, ``"anything"``, or the words of a category. By default a number of
            either sign (like money, of one currency), or true or false where the column stands alone in a condition.

    >>> import svcmetrics as sm
    >>> own = sm.metric("cases_per_license", numerator="cases", denominator="licenses_sold", unit="number")
    >>> table = {"plan": ["a", "a", "b"], "cases": [3, 1, 0], "licenses_sold": [2, 6, 0]}
    >>> sm.scorecard(table, by="plan", metrics=[own])
    plan  rows  cases_per_license
    ────  ────  ─────────────────
    a        2               0.50
    b        1                  –

    A condition on the wrong type is an error that says what the column holds.

    >>> sm.metric("own", numerator="cases", among="is_active > 3")
    Traceback (most recent call last):
    svcmetrics.errors.InvalidDefinitionError: metric 'own': column 'is_active' holds true or false (or 0 or 1); expected a number where it is compared, as in among: 'is_active > 3'
    """  # noqa: E501
    fields = {
        "id": metric_id,
        "numerator": _terms(numerator),
        "denominator": _terms(denominator),
        "among": among,
        "unit": unit,
        "better": better,
        "kind": kind,
        "time": time,
        "title": title,
        "source": source,
        "columns": dict(columns) if isinstance(columns, Mapping) else columns,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    # What is no value of JSON shows itself in the error of its field.
    import json

    return Metric(_svcmetrics.Metric.from_json(json.dumps(given, default=repr)))


def _terms(sums: object) -> object:
    """A sum as the core reads it."""
    if not isinstance(sums, Sum):
        return sums
    terms = []
    for term in sums.terms:
        parts = {name: value for name, value in term._asdict().items() if value is not None}
        terms.append(parts if "total" in parts else {"count": True, **parts})
    return terms if len(terms) != 1 else terms[0]

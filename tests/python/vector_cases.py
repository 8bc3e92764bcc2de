"""The shared vectors (`tests/vectors/README.md`) as Python tables and expectations."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import svcmetrics as sm

DIRECTORY = Path(__file__).parent.parent / "vectors"
#: Columns of text; in all others a text is an exact decimal.
TEXT_COLUMNS = frozenset(
    [
        *("customer_id", "currency", "loss_reason", "gain_reason", "impact", "risk"),
        *("case_id", "channel", "issue_type", "access_point"),
    ]
)
#: Columns of times and days.
TIME_COLUMNS = frozenset(["opened_at", "responded_at", "resolved_at"])

Case = Mapping[str, Any]


def cases(kind: str) -> list[Any]:
    """The cases of that kind, from all files."""
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.json"))]
    return [case for document in documents for case in document["cases"] if case["kind"] == kind]


def name_of(case: Case) -> str:
    """The sentence that names a case."""
    return str(case["name"])


def columns_of(case: Case) -> dict[str, list[Any]]:
    """The columns as plain lists, None for null."""
    # A key that is bins holds numbers.
    by = [key for key in case.get("by", ()) if key not in case.get("bins", {})]

    def read(name: str, value: Any) -> Any:
        if isinstance(value, str) and name in TIME_COLUMNS:
            return time_of(value)
        is_decimal = isinstance(value, str) and name not in TEXT_COLUMNS and name not in by
        return Decimal(value) if is_decimal else value

    return {name: [read(name, value) for value in values] for name, values in case["columns"].items()}


def time_of(text: str) -> datetime.date:
    """A day, or a time; those with a zone in UTC."""
    if "T" not in text:
        return datetime.date.fromisoformat(text)
    time = datetime.datetime.fromisoformat(text)
    return time if time.tzinfo is None else time.astimezone(datetime.UTC)


def scorecard_of(case: Case, table: Any, **more: Any) -> sm.Scorecard:
    """The scorecard that a case asks for."""
    options = {**case.get("options", {}), **more}
    if "effort_scale" in options:
        options["effort_scale"] = tuple(options["effort_scale"])
    define = [sm.Metric.from_json(json.dumps(definition)) for definition in case.get("define", ())]
    asked: dict[str, Any] = {"period": case.get("period"), "metrics": case.get("metrics")}
    bins = {
        key: sm.bins(of["column"], of["edges"], of.get("labels"), name=key) for key, of in case.get("bins", {}).items()
    }
    by = [bins.get(key, key) for key in case.get("by", ())]
    if case.get("subject") == "cases":
        assert not define, "cases have no metrics of one's own"
        card = sm.cases(table, by, **asked, **options)
    else:
        card = sm.scorecard(table, by, define=define, **asked, **options)
    return card if "rollup" not in case else card.rollup(case["rollup"])


def frame_of(case: Case, table: Any) -> sm.Frame:
    """The frame that a case makes of its scorecard."""
    card = scorecard_of(case, table)
    (kind, argument), *_ = case["frame"].items()
    assert kind in ("against", "trend")
    return card.trend(argument) if kind == "trend" else card.against(sm.Targets.from_json(json.dumps(argument)))


def relation_of(case: Case, table: Any) -> sm.Relation:
    """The relation that a case asks for."""
    options = {name: case[name] for name in ("by", "quantiles", "level") if name in case}
    return sm.relate(table, case["x"], case["y"], **options, **case.get("options", {}))


def model_of(case: Case) -> sm.HealthModel | None:
    """The health model of a case; None for the default one."""
    model = case.get("model")
    return None if model is None else sm.HealthModel.from_json(json.dumps(model))


def check_figure(figure: sm.Figure, expected: Case) -> None:
    """Exact parts, the double nearest to their quotient, and why there is none."""
    if "undefined" in expected:
        assert (figure.value, figure.undefined_reason) == (None, expected["undefined"])
        assert (figure.numerator, figure.denominator, figure.defined) == (None, None, False)
    elif "amount" in expected:
        assert (figure.numerator, figure.denominator) == (Decimal(expected["amount"]), None)
        assert figure.value == Decimal(expected["amount"])
    elif "value" in expected:
        assert figure.value == expected["value"]
        assert (figure.numerator, figure.denominator) == (None, None)
    else:
        numerator, denominator = Decimal(expected["numerator"]), Decimal(expected["denominator"])
        assert (figure.numerator, figure.denominator) == (numerator, denominator)
        assert figure.value == float(Fraction(numerator) / Fraction(denominator))


def check_error(error: sm.SvcMetricsError, expected: Case) -> None:
    """The kind of an error, and as much of where and how often as the case says."""
    assert error.kind == expected["kind"]
    for attribute in ("column", "row", "count"):
        if attribute in expected:
            assert getattr(error, attribute) == expected[attribute], attribute
    for text in expected.get("contains", ()):
        assert text in str(error)


def check_reasons(card: sm.Scorecard, change: Any, expected: list[Case]) -> None:
    """All reasons in order: exact amounts, and the doubles nearest to their shares."""
    found = card.reasons(change)
    assert found.columns == [*card.keys, "reason", "amount", "customers", "share", "avoidable"]
    assert found.rows() == [
        (
            *row["key"],
            row["reason"],
            Decimal(row["amount"]),
            row["customers"],
            float(Fraction(row["share"]["numerator"]) / Fraction(row["share"]["denominator"])),
            None if row["avoidable"] is None else Decimal(row["avoidable"]),
        )
        for row in expected
    ]


def check_mix(card: sm.Scorecard, mix: str, expected: list[Case]) -> None:
    """All parts in order, and the same as figures."""
    found = card.mix(mix)
    assert found.columns == [*card.keys, "value", "cases", "share"]
    assert [row[:-1] for row in found.rows()] == [(*row["key"], row["value"], row["cases"]) for row in expected]
    shares: Any = card[mix]
    for share, row in zip(found.rows(), expected, strict=True):
        key = tuple(row["key"])
        figure = (shares[key[0] if len(key) == 1 else key] if key else shares)[row["value"]]
        check_figure(figure, row["share"])
        assert share[-1] == figure.value
    assert sum(map(len, shares.values() if card.keys else [shares])) == len(expected)


def check_card(card: sm.Scorecard, case: Case) -> None:
    """Groups in order, their figures and counts, and what is not measured."""
    tidy = {(row[: len(card.keys)], row[len(card.keys)]): row for row in card.tidy().rows()}
    rows = card.wide().rows()
    assert len(card) == len(rows) == len(case["expect"])
    for group, expected in zip(rows, case["expect"], strict=True):
        key = tuple(expected["key"])
        assert group[: len(card.keys)] == key
        if "rows" in expected:
            assert group[len(card.keys)] == expected["rows"]
        for metric, figure in expected["metrics"].items():
            found: Any = card[metric]
            check_figure(found[key[0] if len(key) == 1 else key] if key else found, figure)
        for metric, counts in expected.get("counts", {}).items():
            names = card.tidy().columns
            if metric in case.get("mixes", {}):
                assert not key, "of single groups tables tell no counts of a mix"
                row = card.quality.metrics[metric]
            else:
                row = dict(zip(names, tidy[key, metric], strict=True))
            assert {name: row[name] for name in counts} == counts
    for change, expected in case.get("reasons", {}).items():
        check_reasons(card, change, expected)
    for mix, expected in case.get("mixes", {}).items():
        check_mix(card, mix, expected)
    for metric in case.get("not_measured", ()):
        assert metric in card.not_measured
        assert metric not in card.metrics

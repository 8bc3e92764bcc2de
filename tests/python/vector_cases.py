"""The shared vectors (`tests/vectors/README.md`) as Python tables and expectations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import svcmetrics as sm

DIRECTORY = Path(__file__).parent.parent / "vectors"
#: Columns of text; in all others a text is an exact decimal.
TEXT_COLUMNS = frozenset(["customer_id", "currency", "loss_reason", "gain_reason", "impact", "risk"])

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
    by = case.get("by", ())

    def read(name: str, value: Any) -> Any:
        is_decimal = isinstance(value, str) and name not in TEXT_COLUMNS and name not in by
        return Decimal(value) if is_decimal else value

    return {name: [read(name, value) for value in values] for name, values in case["columns"].items()}


def scorecard_of(case: Case, table: Any, **more: Any) -> sm.Scorecard:
    """The scorecard that a case asks for."""
    options = {**case.get("options", {}), **more}
    if "effort_scale" in options:
        options["effort_scale"] = tuple(options["effort_scale"])
    card = sm.scorecard(table, case.get("by"), period=case.get("period"), metrics=case.get("metrics"), **options)
    return card if "rollup" not in case else card.rollup(case["rollup"])


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
            row = dict(zip(names, tidy[key, metric], strict=True))
            assert {name: row[name] for name in counts} == counts
    for change, expected in case.get("reasons", {}).items():
        check_reasons(card, change, expected)
    for metric in case.get("not_measured", ()):
        assert metric in card.not_measured
        assert metric not in card.metrics

"""The vectors that all languages share, through the Python interface."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import svcmetrics as sm
from frame_kinds import MakeFrame, numpy_mapping
from vector_cases import (
    Case,
    cases,
    check_card,
    check_error,
    check_figure,
    check_reasons,
    columns_of,
    frame_of,
    model_of,
    name_of,
    relation_of,
    scorecard_of,
)

TABLES = cases("table")


def stream_has_identity(case: Case) -> dict[str, Any]:
    """Streams are not checked for duplicates unless they are told to; then every kind of frame gives the same."""
    identity = "case_id" if case.get("subject") == "cases" else "customer_id"
    told = "unique" in case.get("options", {}) or identity not in case["columns"]
    return {} if told else {"unique": identity}


@pytest.mark.parametrize("case", [case for case in TABLES if "expect" in case], ids=name_of)
def test_a_table_gives_the_figures_of_the_vectors(case: Case) -> None:
    check_card(scorecard_of(case, numpy_mapping(columns_of(case))), case)


@pytest.mark.parametrize("case", [case for case in TABLES if "error" in case], ids=name_of)
def test_a_table_is_refused_as_the_vectors_say(case: Case) -> None:
    with pytest.raises(sm.SvcMetricsError) as caught:
        scorecard_of(case, numpy_mapping(columns_of(case)))
    check_error(caught.value, case["error"])


@pytest.mark.parametrize("case", cases("formula"), ids=name_of)
def test_a_formula_gives_the_figure_of_the_vectors(case: Case) -> None:
    formula = getattr(sm.formulas, case["formula"])
    if "error" in case:
        with pytest.raises(sm.SvcMetricsError) as caught:
            formula(**case["arguments"])
        check_error(caught.value, case["error"])
    else:
        check_figure(formula(**case["arguments"]), case["expect"])


@pytest.mark.parametrize("case", cases("health"), ids=name_of)
def test_health_scores_are_those_of_the_vectors(case: Case) -> None:
    table = numpy_mapping(columns_of(case))
    if "error" in case:
        with pytest.raises(sm.SvcMetricsError) as caught:
            sm.health_scores(table, model_of(case), **case.get("options", {}))
        check_error(caught.value, case["error"])
        return
    scores = list(sm.health_scores(table, model_of(case), **case.get("options", {})))
    assert len(scores) == len(case["expect"])
    for found, expected in zip(scores, case["expect"], strict=True):
        assert found["score"] == (None if expected["score"] is None else float(expected["score"]))
        assert (found["band"], found["coverage"]) == (expected["band"], expected["coverage"])
        for metric, points in expected.get("points", {}).items():
            assert found[f"{metric}_points"] == (None if points is None else Decimal(points)), metric


@pytest.mark.parametrize("case", cases("frame"), ids=name_of)
def test_frames_are_those_of_the_vectors(case: Case) -> None:
    table = numpy_mapping(columns_of(case))
    if "error" in case:
        with pytest.raises(sm.SvcMetricsError) as caught:
            frame_of(case, table)
        check_error(caught.value, case["error"])
        return
    rows = list(frame_of(case, table))
    assert len(rows) == len(case["expect"])
    for found, expected in zip(rows, case["expect"], strict=True):
        assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("case", cases("relation"), ids=name_of)
def test_relations_are_those_of_the_vectors(case: Case) -> None:
    table = numpy_mapping(columns_of(case))
    if "error" in case:
        with pytest.raises(sm.SvcMetricsError) as caught:
            relation_of(case, table)
        check_error(caught.value, case["error"])
        return
    relation = relation_of(case, table)
    for frame, rows in ((relation, case["expect"]), (relation.lift, case["lift"])):
        assert len(frame) == len(rows)
        for found, expected in zip(frame, rows, strict=True):
            for name, cell in expected.items():
                close = pytest.approx(cell, rel=1e-12, abs=1e-12) if isinstance(cell, float) else cell
                assert found[name] == close, name


def check_ledger(case: Case, table: Any) -> None:
    options = case.get("options", {})
    if "error" in case:
        with pytest.raises(sm.SvcMetricsError) as caught:
            sm.ledger(table, **options)
        check_error(caught.value, case["error"])
        return
    ledger = sm.ledger(table, **options)
    if "retention" in case:
        rows = list(ledger.retention(**case["retention"]))
        assert [{name: row[name] for name in want} for row, want in zip(rows, case["expect"], strict=True)] == case[
            "expect"
        ]
        return
    card = ledger.movements(**case["movements"])
    assert [tuple(group["key"]) for group in case["expect"]] == [
        key if isinstance(key, tuple) else (key,) for key in card["revenue_end"]
    ]
    for group in case["expect"]:
        key = tuple(group["key"]) if len(group["key"]) > 1 else group["key"][0]
        for metric, value in group["metrics"].items():
            figure = card[metric][key]
            if value is None:
                assert not figure.defined, metric
                continue
            exact = Fraction(figure.numerator) / Fraction(figure.denominator or 1)
            assert exact == Fraction(value) or round(exact, 10) == Fraction(value), (metric, key)
    for change, expected in case.get("reasons", {}).items():
        check_reasons(card, change, expected)


def lines_of(case: Case) -> dict[str, list[Any]]:
    return columns_of({**case, "by": ["month", *case.get("options", {}).get("by", [])]})


@pytest.mark.parametrize("case", cases("ledger"), ids=name_of)
def test_ledgers_are_those_of_the_vectors(case: Case) -> None:
    check_ledger(case, numpy_mapping(lines_of(case)))


@pytest.mark.parametrize("case", cases("ledger"), ids=name_of)
def test_every_kind_of_frame_gives_the_ledgers_of_the_vectors(case: Case, as_frame: MakeFrame) -> None:
    check_ledger(case, as_frame(lines_of(case)))


@pytest.mark.parametrize("case", TABLES, ids=name_of)
def test_every_kind_of_frame_gives_the_vectors(case: Case, as_frame: MakeFrame) -> None:
    table = as_frame(columns_of(case))
    more = stream_has_identity(case)
    if "error" in case:
        with pytest.raises(sm.SvcMetricsError) as caught:
            scorecard_of(case, table, **more)
        check_error(caught.value, case["error"])
    else:
        check_card(scorecard_of(case, table, **more), case)

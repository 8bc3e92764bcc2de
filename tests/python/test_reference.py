"""The published figures, as the definitions list them."""

from __future__ import annotations

import pytest

import svcmetrics as sm

#: By hand from the definitions: from, to, unit.
PUBLISHED = {
    "support_price_basic": (0.156, 0.156, "fraction"),
    "support_price_premium": (0.26, None, "fraction"),
    "phone_and_electronic_share": (0.831, 0.831, "fraction"),
    "electronic_only_share": (0.149, 0.149, "fraction"),
    "phone_use_change": (-0.08, -0.08, "fraction"),
    "chat_use_change": (0.26, 0.26, "fraction"),
    "email_use_change": (0.24, 0.24, "fraction"),
    "demand_kinds": (3, 3, "number"),
    "demand_setup_share": (0.32, 0.32, "fraction"),
    "few_success_activities_share": (None, 0.5, "fraction"),
    "positive_experience_buy": (3, 3, "number"),
    "positive_experience_recommend": (4, 4, "number"),
    "positive_experience_renew": (4, 4, "number"),
    "positive_experience_satisfied": (5, 5, "number"),
    "positive_experience_buy_other": (None, 4, "number"),
    "positive_experience_recommend_other": (5, 5, "number"),
    "positive_experience_satisfied_other": (5, None, "number"),
}


def test_the_figures_are_those_that_were_published() -> None:
    assert {figure.id: (figure.low, figure.high, figure.unit) for figure in sm.reference} == PUBLISHED
    assert len(sm.reference) == len(PUBLISHED)


def test_every_figure_says_what_and_where_and_no_year_is_guessed() -> None:
    for figure in sm.reference:
        assert figure.statement
        assert figure.article.startswith("ServiceXRG")
        assert figure.year is None


def test_a_figure_has_a_value_where_it_is_one_number() -> None:
    assert sm.reference["support_price_basic"].value == 0.156
    assert sm.reference["support_price_premium"].value is None
    with pytest.raises(sm.errors.MetricNotFoundError, match="support_price_basic"):
        sm.reference["support_price"]


def test_they_go_to_every_kind_of_frame() -> None:
    columns = ["id", "statement", "low", "high", "unit", "article", "year"]
    assert sm.reference.to_polars().columns == columns
    assert list(sm.reference.to_pandas().columns) == columns
    assert sm.reference.to_arrow().column("low").to_pylist() == [low for low, _, _ in PUBLISHED.values()]
    assert "support_price_basic" in repr(sm.reference)

"""The metrics beyond the core in plain fractions, row by row.

Where the answers of a survey are counted, satisfied is from 4 on and effort goes from 1, the hardest, to 7.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from oracle_fractions_parts import (
    MICRO,
    Metric,
    Row,
    count,
    everyone,
    one,
    positive,
    share_of_counts,
    share_of_flags,
)

DECIMALS = (
    *("benefit", "investment", "tenure_months", "service_cost", "defect_cost", "direct_revenue", "indirect_revenue"),
    *("csat_score", "effort_score"),
)
COUNTS = (
    *("licenses_used", "licenses_sold", "basic_users", "advanced_users", "cases", "defect_cases"),
    *("product_sales", "service_attached", "nps_score"),
)
STOCKS = (
    *("license_adoption", "basic_user_share", "advanced_user_share", "fully_adopted_rate", "roi"),
    *("positive_impact_share", "neutral_impact_share", "negative_impact_share", "mean_tenure_months"),
    *("defection_risk_share", "downgrade_risk_share", "revenue_at_risk", "revenue_at_risk_share"),
    *("service_coverage", "nps"),
)
IMPACTS = ("positive", "neutral", "negative")
RISKS = ("none", "downgrade", "defection")
SATISFIED_FROM, HARDEST, EASIEST = 4, 1, 7


def sum_of(*columns: str) -> Callable[[Row], Fraction]:
    """Columns added."""
    return lambda row: sum((Fraction(row[column]) for column in columns), Fraction())


def no_less(*columns: str) -> Callable[[Row], bool]:
    """Columns that are 0 or more."""
    return lambda row: all(row[column] >= 0 for column in columns)


def engagements(part: str, other: str | None) -> Metric:
    """Positive or negative of all engagements; stated ones of the other kind must fit beside them."""
    plain = share_of_counts(f"{part}_engagements", "engagements")

    def valid(row: Row) -> bool:
        beside = None if other is None else row[f"{other}_engagements"]
        if beside is None:
            return plain.valid(row)
        fits = count(beside) and row[f"{part}_engagements"] + beside <= row["engagements"]
        return plain.valid(row) and fits

    return Metric(plain.columns, everyone, valid, plain.numerator, plain.denominator)


def quotient_of_counts(numerator: str, *denominator: str) -> Metric:
    """Counts over counts, none of them a part of another."""
    columns = tuple(dict.fromkeys((numerator, *denominator)))
    return Metric(
        columns, everyone, lambda r: all(count(r[c]) for c in columns), sum_of(numerator), sum_of(*denominator)
    )


def amount(column: str) -> Metric:
    """The sum of an amount."""
    return Metric((column,), everyone, no_less(column), sum_of(column), None, MICRO)


def mean(column: str) -> Metric:
    """An amount or a quantity per row."""
    return Metric((column,), everyone, no_less(column), sum_of(column), one, MICRO)


def share_of_word(column: str, word: str, words: tuple[str, ...]) -> Metric:
    """The rows with one word of a category, of those with any."""
    return Metric((column,), everyone, lambda r: r[column] in words, lambda r: Fraction(r[column] == word), one)


def all_met(part: str, whole: str, wanted: Callable[[Row], bool]) -> Metric:
    """The rows that are as wanted, among those with a whole."""

    def valid(row: Row) -> bool:
        return bool(0 <= row[part] <= row[whole])

    return Metric((whole, part), positive(whole), valid, lambda r: Fraction(wanted(r)), one)


def at_risk(share: bool) -> Metric:
    """The revenue of customers at either risk."""
    return Metric(
        ("risk", "revenue_end"),
        everyone,
        lambda r: r["risk"] in RISKS and r["revenue_end"] >= 0,
        lambda r: Fraction() if r["risk"] == "none" else Fraction(r["revenue_end"]),
        sum_of("revenue_end") if share else None,
        MICRO,
    )


def economics() -> dict[str, Metric]:
    """Returns, costs, margins."""

    def quotient(numerator: Callable[[Row], Fraction], whole: str, *others: str, signed: str | None = None) -> Metric:
        columns = (whole, *others)
        valid = no_less(*(column for column in columns if column != signed))
        return Metric(columns, everyone, valid, numerator, sum_of(whole), MICRO)

    cost = sum_of("service_cost")
    earned = sum_of("direct_revenue", "indirect_revenue")
    part_of_cost = quotient(sum_of("defect_cost"), "service_cost", "defect_cost")

    def fits(row: Row) -> bool:
        return part_of_cost.valid(row) and bool(row["defect_cost"] <= row["service_cost"])

    return {
        "roi": quotient(lambda r: Fraction(r["benefit"] - r["investment"]), "investment", "benefit", signed="benefit"),
        "defect_cost": amount("defect_cost"),
        "defect_cost_share": Metric(
            part_of_cost.columns, everyone, fits, part_of_cost.numerator, part_of_cost.denominator, MICRO
        ),
        "service_cost": amount("service_cost"),
        "direct_revenue": amount("direct_revenue"),
        "indirect_revenue": amount("indirect_revenue"),
        "service_margin": quotient(
            lambda r: Fraction(r["direct_revenue"] - r["service_cost"]), "direct_revenue", "service_cost"
        ),
        "service_return": quotient(lambda r: earned(r) - cost(r), "service_cost", "direct_revenue", "indirect_revenue"),
        "cost_per_case": Metric(
            ("service_cost", "cases"),
            everyone,
            lambda r: r["service_cost"] >= 0 and count(r["cases"]),
            cost,
            sum_of("cases"),
        ),
        "cost_per_customer": mean("service_cost"),
    }


def voice() -> dict[str, Metric]:
    """What customers answer."""

    def answers(column: str, valid: Callable[[Fraction], bool], points: Callable[[Fraction], Fraction | int]) -> Metric:
        return Metric((column,), everyone, lambda r: valid(r[column]), lambda r: Fraction(points(r[column])), one)

    def recommends(answer: Fraction) -> int:
        return 100 if answer >= 9 else 0 if answer >= 7 else -100

    def on_scale(answer: Fraction) -> bool:
        return HARDEST <= answer <= EASIEST

    def ease(answer: Fraction) -> int:
        middle = Fraction(HARDEST + EASIEST, 2)
        return 100 * ((answer > middle) - (answer < middle))

    return {
        "nps": answers("nps_score", lambda a: count(a) and a <= 10, recommends),
        "csat": answers("csat_score", lambda _: True, lambda a: int(a >= SATISFIED_FROM)),
        "ces_mean": answers("effort_score", on_scale, lambda a: a),
        "ces_top_share": answers("effort_score", on_scale, lambda a: int(a == EASIEST)),
        "ces_net": answers("effort_score", on_scale, ease),
    }


def metrics(with_positive: bool) -> dict[str, Metric]:
    """Every metric beyond the core; whether the table has the positive engagements beside the negative ones."""
    known = quotient_of_counts("engagements", "engagements")
    return {
        "license_adoption": quotient_of_counts("licenses_used", "licenses_sold"),
        "basic_user_share": quotient_of_counts("basic_users", "basic_users", "advanced_users"),
        "advanced_user_share": quotient_of_counts("advanced_users", "basic_users", "advanced_users"),
        "fully_adopted_rate": all_met(
            "milestones_met", "milestones_total", lambda r: bool(r["milestones_met"] == r["milestones_total"])
        ),
        **{f"{word}_impact_share": share_of_word("impact", word, IMPACTS) for word in IMPACTS},
        "uninterrupted_rate": all_met(
            "downtime_minutes", "service_minutes", lambda r: bool(r["downtime_minutes"] == 0)
        ),
        "negative_engagement_share": engagements("negative", "positive" if with_positive else None),
        "engaged_share": Metric(known.columns, everyone, known.valid, lambda r: Fraction(r["engagements"] > 0), one),
        "engagements_per_customer": Metric(known.columns, everyone, known.valid, known.numerator, one),
        "engagements_per_revenue": Metric(
            ("engagements", "revenue_start"),
            everyone,
            lambda r: count(r["engagements"]) and r["revenue_start"] >= 0,
            sum_of("engagements"),
            sum_of("revenue_start"),
        ),
        "mean_tenure_months": mean("tenure_months"),
        "defection_risk_share": share_of_word("risk", "defection", RISKS),
        "downgrade_risk_share": share_of_word("risk", "downgrade", RISKS),
        "revenue_at_risk": at_risk(share=False),
        "revenue_at_risk_share": at_risk(share=True),
        "defect_share": share_of_counts("defect_cases", "cases"),
        "service_coverage": share_of_flags(None, "has_service_contract"),
        "attach_rate": quotient_of_counts("service_attached", "product_sales"),
        "upgrade_rate": share_of_flags("is_subscriber", "upgraded"),
        **economics(),
        **voice(),
    }

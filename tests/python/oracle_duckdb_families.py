"""The metrics beyond the core as hand-written DuckDB aggregates, with the columns that they read.

Where the answers of a survey are counted, satisfied is from 4 on and effort goes from 1, the hardest, to 7.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa

MONEY = pa.decimal128(18, 6)


def counts(complete: str, valid: str = "true", among: str = "true") -> str:
    """The four counts: `among` may be null, `complete` never is, `valid` is not where rows are complete."""
    return f"""
        count(*) FILTER (({among}) AND ({complete}) AND ({valid})) AS counted,
        count(*) FILTER (({among}) IS NULL OR (({among}) AND NOT ({complete}))) AS missing,
        count(*) FILTER (({among}) AND ({complete}) AND NOT ({valid})) AS invalid,
        count(*) FILTER (NOT ({among})) AS outside
    """


LICENSES = "licenses_used >= 0 AND licenses_sold >= 0"
USERS = "basic_users >= 0 AND advanced_users >= 0"
USER_COUNTS = counts("basic_users IS NOT NULL AND advanced_users IS NOT NULL", USERS)
IMPACTS = "impact IN ('positive', 'neutral', 'negative')"
RISKS = "risk IN ('none', 'downgrade', 'defection')"
RISK_REVENUE = f"{RISKS} AND revenue_end >= 0"
RISK_REVENUE_COUNTS = counts("risk IS NOT NULL AND revenue_end IS NOT NULL", RISK_REVENUE)
AT_RISK = "sum(CASE WHEN risk = 'none' THEN 0 ELSE revenue_end END)"
DOWNTIME = "downtime_minutes BETWEEN 0 AND service_minutes"
NEGATIVE = """negative_engagements BETWEEN 0 AND engagements
    AND coalesce(positive_engagements BETWEEN 0 AND engagements - negative_engagements, true)"""
NEGATIVE_ALONE = "negative_engagements BETWEEN 0 AND engagements"
NEGATIVE_KNOWN = "negative_engagements IS NOT NULL AND engagements IS NOT NULL"
DEFECTS = "defect_cases BETWEEN 0 AND cases"
DEFECT_COSTS = "defect_cost BETWEEN 0 AND service_cost"
SALES = "service_attached >= 0 AND product_sales >= 0"
MARGIN = "direct_revenue >= 0 AND service_cost >= 0"
RETURN = "direct_revenue >= 0 AND indirect_revenue >= 0 AND service_cost >= 0"
CASE_COSTS = "service_cost >= 0 AND cases >= 0"
EFFORT = "effort_score BETWEEN 1 AND 7"
EFFORT_COUNTS = counts("effort_score IS NOT NULL", EFFORT)


def amount(column: str) -> str:
    """The sum of a column of amounts that are not negative."""
    known = counts(f"{column} IS NOT NULL", f"{column} >= 0")
    return f"sum({column}) FILTER ({column} >= 0) AS numerator, NULL AS denominator, {known}"


def word_share(column: str, word: str, words: str) -> str:
    """The share of the rows with a word that have this one."""
    return f"""
        count(*) FILTER ({column} = '{word}') AS numerator,
        count(*) FILTER ({words}) AS denominator, {counts(f"{column} IS NOT NULL", words)}
    """


SQL: dict[str, str] = {
    "license_adoption": f"""
        sum(licenses_used) FILTER ({LICENSES}) AS numerator, sum(licenses_sold) FILTER ({LICENSES}) AS denominator,
        {counts("licenses_used IS NOT NULL AND licenses_sold IS NOT NULL", LICENSES)}
    """,
    "basic_user_share": f"""
        sum(basic_users) FILTER ({USERS}) AS numerator,
        sum(basic_users + advanced_users) FILTER ({USERS}) AS denominator, {USER_COUNTS}
    """,
    "advanced_user_share": f"""
        sum(advanced_users) FILTER ({USERS}) AS numerator,
        sum(basic_users + advanced_users) FILTER ({USERS}) AS denominator, {USER_COUNTS}
    """,
    "fully_adopted_rate": f"""
        count(*) FILTER (milestones_total > 0 AND milestones_met = milestones_total) AS numerator,
        count(*) FILTER (milestones_total > 0 AND milestones_met BETWEEN 0 AND milestones_total) AS denominator,
        {counts("milestones_met IS NOT NULL", "milestones_met BETWEEN 0 AND milestones_total", "milestones_total > 0")}
    """,
    "roi": f"""
        sum(benefit - investment) FILTER (investment >= 0) AS numerator,
        sum(investment) FILTER (investment >= 0 AND benefit IS NOT NULL) AS denominator,
        {counts("benefit IS NOT NULL AND investment IS NOT NULL", "investment >= 0")}
    """,
    "positive_impact_share": word_share("impact", "positive", IMPACTS),
    "neutral_impact_share": word_share("impact", "neutral", IMPACTS),
    "negative_impact_share": word_share("impact", "negative", IMPACTS),
    "uninterrupted_rate": f"""
        count(*) FILTER (service_minutes > 0 AND downtime_minutes = 0) AS numerator,
        count(*) FILTER (service_minutes > 0 AND {DOWNTIME}) AS denominator,
        {counts("downtime_minutes IS NOT NULL", DOWNTIME, "service_minutes > 0")}
    """,
    "negative_engagement_share": f"""
        sum(negative_engagements) FILTER ({NEGATIVE}) AS numerator,
        sum(engagements) FILTER ({NEGATIVE}) AS denominator, {counts(NEGATIVE_KNOWN, NEGATIVE)}
    """,
    "engaged_share": f"""
        count(*) FILTER (engagements > 0) AS numerator, count(*) FILTER (engagements >= 0) AS denominator,
        {counts("engagements IS NOT NULL", "engagements >= 0")}
    """,
    "engagements_per_customer": f"""
        sum(engagements) FILTER (engagements >= 0) AS numerator, count(*) FILTER (engagements >= 0) AS denominator,
        {counts("engagements IS NOT NULL", "engagements >= 0")}
    """,
    "engagements_per_revenue": f"""
        sum(engagements) FILTER (engagements >= 0 AND revenue_start >= 0) AS numerator,
        sum(revenue_start) FILTER (engagements >= 0 AND revenue_start >= 0) AS denominator,
        {counts("engagements IS NOT NULL AND revenue_start IS NOT NULL", "engagements >= 0 AND revenue_start >= 0")}
    """,
    "mean_tenure_months": f"""
        sum(tenure_months) FILTER (tenure_months >= 0) AS numerator,
        count(*) FILTER (tenure_months >= 0) AS denominator, {counts("tenure_months IS NOT NULL", "tenure_months >= 0")}
    """,
    "defection_risk_share": word_share("risk", "defection", RISKS),
    "downgrade_risk_share": word_share("risk", "downgrade", RISKS),
    "revenue_at_risk": f"{AT_RISK} FILTER ({RISK_REVENUE}) AS numerator, NULL AS denominator, {RISK_REVENUE_COUNTS}",
    "revenue_at_risk_share": f"""
        {AT_RISK} FILTER ({RISK_REVENUE}) AS numerator,
        sum(revenue_end) FILTER ({RISK_REVENUE}) AS denominator, {RISK_REVENUE_COUNTS}
    """,
    "defect_share": f"""
        sum(defect_cases) FILTER ({DEFECTS}) AS numerator, sum(cases) FILTER ({DEFECTS}) AS denominator,
        {counts("defect_cases IS NOT NULL AND cases IS NOT NULL", DEFECTS)}
    """,
    "defect_cost": amount("defect_cost"),
    "defect_cost_share": f"""
        sum(defect_cost) FILTER ({DEFECT_COSTS}) AS numerator, sum(service_cost) FILTER ({DEFECT_COSTS}) AS denominator,
        {counts("defect_cost IS NOT NULL AND service_cost IS NOT NULL", DEFECT_COSTS)}
    """,
    "service_coverage": f"""
        count(*) FILTER (has_service_contract) AS numerator, count(has_service_contract) AS denominator,
        {counts("has_service_contract IS NOT NULL")}
    """,
    "attach_rate": f"""
        sum(service_attached) FILTER ({SALES}) AS numerator, sum(product_sales) FILTER ({SALES}) AS denominator,
        {counts("service_attached IS NOT NULL AND product_sales IS NOT NULL", SALES)}
    """,
    "upgrade_rate": f"""
        count(*) FILTER (is_subscriber AND upgraded) AS numerator,
        count(upgraded) FILTER (is_subscriber) AS denominator,
        {counts("upgraded IS NOT NULL", among="is_subscriber")}
    """,
    "service_cost": amount("service_cost"),
    "direct_revenue": amount("direct_revenue"),
    "indirect_revenue": amount("indirect_revenue"),
    "service_margin": f"""
        sum(direct_revenue - service_cost) FILTER ({MARGIN}) AS numerator,
        sum(direct_revenue) FILTER ({MARGIN}) AS denominator,
        {counts("direct_revenue IS NOT NULL AND service_cost IS NOT NULL", MARGIN)}
    """,
    "service_return": f"""
        sum(direct_revenue + indirect_revenue - service_cost) FILTER ({RETURN}) AS numerator,
        sum(service_cost) FILTER ({RETURN}) AS denominator,
        {counts("direct_revenue IS NOT NULL AND indirect_revenue IS NOT NULL AND service_cost IS NOT NULL", RETURN)}
    """,
    "cost_per_case": f"""
        sum(service_cost) FILTER ({CASE_COSTS}) AS numerator, sum(cases) FILTER ({CASE_COSTS}) AS denominator,
        {counts("service_cost IS NOT NULL AND cases IS NOT NULL", CASE_COSTS)}
    """,
    "cost_per_customer": f"""
        sum(service_cost) FILTER (service_cost >= 0) AS numerator,
        count(*) FILTER (service_cost >= 0) AS denominator, {counts("service_cost IS NOT NULL", "service_cost >= 0")}
    """,
    "nps": f"""
        100 * (count(*) FILTER (nps_score IN (9, 10)) - count(*) FILTER (nps_score BETWEEN 0 AND 6)) AS numerator,
        count(*) FILTER (nps_score BETWEEN 0 AND 10) AS denominator,
        {counts("nps_score IS NOT NULL", "nps_score BETWEEN 0 AND 10")}
    """,
    "csat": f"""
        count(*) FILTER (csat_score >= 4) AS numerator, count(csat_score) AS denominator,
        {counts("csat_score IS NOT NULL")}
    """,
    "ces_mean": f"""
        sum(effort_score) FILTER ({EFFORT}) AS numerator, count(*) FILTER ({EFFORT}) AS denominator, {EFFORT_COUNTS}
    """,
    "ces_top_share": f"""
        count(*) FILTER (effort_score = 7) AS numerator, count(*) FILTER ({EFFORT}) AS denominator, {EFFORT_COUNTS}
    """,
    "ces_net": f"""
        100 * (count(*) FILTER (effort_score > 4 AND effort_score <= 7)
            - count(*) FILTER (effort_score >= 1 AND effort_score < 4)) AS numerator,
        count(*) FILTER ({EFFORT}) AS denominator, {EFFORT_COUNTS}
    """,
}

# Where the table lacks the positive engagements.
NEGATIVE_WITHOUT_POSITIVE = f"""
    sum(negative_engagements) FILTER ({NEGATIVE_ALONE}) AS numerator,
    sum(engagements) FILTER ({NEGATIVE_ALONE}) AS denominator, {counts(NEGATIVE_KNOWN, NEGATIVE_ALONE)}
"""

FLAGS = ("has_service_contract", "is_subscriber", "upgraded")
PLAIN_COUNTS = ("licenses_used", "licenses_sold", "basic_users", "advanced_users", "product_sales", "service_attached")
PLAIN_AMOUNTS = ("benefit", "investment", "tenure_months", "direct_revenue", "indirect_revenue")
COLUMNS: dict[str, pa.DataType] = {
    **dict.fromkeys(FLAGS, pa.bool_()),
    **dict.fromkeys((*PLAIN_COUNTS, "cases", "defect_cases", "nps_score"), pa.int64()),
    **dict.fromkeys((*PLAIN_AMOUNTS, "service_cost", "defect_cost", "csat_score", "effort_score"), MONEY),
    **dict.fromkeys(("impact", "risk"), pa.string()),
}


def random_customer(
    rng: random.Random, part_of: Callable[[int], int], amount: Callable[[], Decimal], invalid: float
) -> dict[str, Any]:
    """A customer's values in these columns."""
    customer: dict[str, Any] = {flag: rng.random() < 0.6 for flag in FLAGS}
    for name in PLAIN_COUNTS:
        customer[name] = -1 if rng.random() < invalid / 2 else rng.choice((0, 1, 5, rng.randint(0, 50), 2**40))
    customer["cases"] = rng.choice((0, 1, 4, rng.randint(0, 50)))
    customer["defect_cases"] = part_of(customer["cases"])
    for name in (*PLAIN_AMOUNTS, "service_cost"):
        customer[name] = amount()
    customer["benefit"] *= rng.choice((1, 1, -1))
    cost = customer["service_cost"]
    part = rng.choice((Decimal(0), cost, cost / 3, cost / 1000, amount()))
    customer["defect_cost"] = part.quantize(Decimal("0.000001"))
    customer["impact"] = rng.choice(("positive", "neutral", "negative"))
    customer["risk"] = rng.choice(("none", "downgrade", "defection", "none"))
    for name in ("impact", "risk"):
        customer[name] = rng.choice(("", "None", "positive ")) if rng.random() < invalid else customer[name]
    customer["nps_score"] = rng.choice((-1, 11, 100)) if rng.random() < invalid else rng.randint(0, 10)
    customer["csat_score"] = rng.choice((Decimal(rng.randint(1, 5)), Decimal("3.999999"), Decimal(-1)))
    outside = rng.choice((Decimal(0), Decimal("7.000001"), Decimal(-4), Decimal(8)))
    inside = rng.choice((Decimal(rng.randint(1, 7)), Decimal("3.999999"), Decimal("4.5"), Decimal(7)))
    customer["effort_score"] = outside if rng.random() < invalid else inside
    return customer

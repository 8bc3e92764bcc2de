"""The example of each family: a few customers or cases, nulls and corners among them, to work its metrics out by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

_MONDAY = datetime(2026, 3, 2)

#: Columns of equal length, a place a customer or a case; a family's metrics take the columns that they read.
TABLES: dict[str, dict[str, list[Any]]] = {
    "Onboarding": {
        "is_new": [True, True, False, True, None],
        "onboarded": [True, False, None, None, True],
    },
    "Adoption": {
        "milestones_met": [8, 5, 0, None, 7],
        "milestones_total": [10, 5, 0, 4, 6],
        "licenses_used": [12, 4, 0, None, 3],
        "licenses_sold": [10, 10, 5, 20, 3],
        "basic_users": [6, 0, 9, 7, 2],
        "advanced_users": [2, 0, 3, None, 2],
    },
    "Success": {
        "reached_goal": [True, False, None, True, True],
        "goals_met": [4, 1, None, 3, 5],
        "goals_total": [5, 4, 0, 3, 4],
        "benefit": [150_000, -20_000, None, 80_000, 10_000],
        "investment": [100_000, 50_000, 30_000, 0, 20_000],
        "impact": ["positive", "negative", "neutral", "positive", None],
    },
    "Availability": {
        "service_minutes": [43_200, 43_200, 0, 43_200, 1_440],
        "downtime_minutes": [0, 432, 0, None, 1_500],
    },
    "Engagement": {
        "engagements": [10, 4, 0, None, 5],
        "positive_engagements": [7, 1, 0, 2, 4],
        "negative_engagements": [1, 2, 0, None, 3],
        "revenue_start": [5_000, 1_000, 2_500, 800, None],
    },
    "Retention": {
        "is_active": [True, True, False, True, None],
        "committed": [True, False, None, None, True],
        "revenue_start": [1_000, 500, None, 800, None],
        "revenue_end": [1_200, None, 300, 800, None],
        "contracts_due": [1, 2, 0, None, 1],
        "contracts_renewed": [1, 1, 0, 1, 2],
        "tenure_months": [36, 14.5, 1, None, 60],
    },
    "Recurring revenue": {
        "revenue_start": [50, 25, 25, None, None],
        "revenue_end": [55, None, 20, 45, None],
        "loss_reason": [None, "price", "fewer seats", None, "closed"],
        "loss_avoidable": [None, True, False, None, False],
        "contracts_due": [1, 1, 1, 0, None],
        "contracts_renewed": [1, 0, 1, 0, None],
    },
    "Risk": {
        "risk": ["defection", "downgrade", "none", None, "downgrade"],
        "revenue_end": [300, 500, 1_200, 400, None],
    },
    "Defects": {
        "cases": [20, 10, 0, 8, 3],
        "defect_cases": [5, 0, 0, None, 4],
        "service_cost": [2_000, 900.5, 0, None, 300],
        "defect_cost": [600, 0, None, 100, 350],
    },
    "Service sales": {
        "has_service_contract": [True, False, None, True],
        "product_sales": [10, 4, 0, None],
        "service_attached": [9, 6, 0, 2],
        "is_subscriber": [True, True, False, True],
        "upgraded": [True, False, None, None],
    },
    "Profitability": {
        "service_cost": [4_000, 3_000, 500.75, None, 1_000],
        "direct_revenue": [6_000, 1_000, 0, 800, None],
        "indirect_revenue": [2_500, None, 0, 100, 300],
        "cases": [40, 25, 0, 5, None],
    },
    "Voice of the customer": {
        "nps_score": [10, 9, 7, 3, None, 11],
        "csat_score": [5, 4, 2, 1, None, 3],
        "effort_score": [7, 6, 4, 1, None, 9],
    },
    "Cases": {
        "channel": ["phone", "chat", None, "phone", "email", "chat"],
        "issue_type": ["how-to", "defect", "set-up", "defect", None, "how-to"],
        "access_point": ["portal", "portal", "reseller", None, "portal", "portal"],
        "is_defect": [False, True, False, True, True, None],
        "is_proactive": [False, False, True, None, False, False],
        "is_documented": [True, False, True, None, None, True],
        "self_resolved": [False, False, None, False, False, True],
        "contacts": [1, 4, 2, 3, 1, 0],
        "reopened": [False, True, False, False, None, False],
        "met_sla": [True, False, None, False, True, None],
        "opened_at": [_MONDAY.replace(hour=hour) for hour in range(8, 14)],
        "responded_at": [
            _MONDAY.replace(hour=8, minute=12),
            _MONDAY.replace(hour=10),
            _MONDAY.replace(hour=10, minute=36),
            _MONDAY.replace(hour=14),
            _MONDAY.replace(hour=11, minute=50),
            None,
        ],
        "resolved_at": [
            _MONDAY.replace(hour=10),
            _MONDAY.replace(day=4, hour=9),
            _MONDAY.replace(hour=14),
            None,
            _MONDAY.replace(hour=13),
            _MONDAY.replace(hour=13, minute=30),
        ],
        "cost": [40, 250.5, 60, None, 90, 2],
        "csat_score": [5, 2, 4, None, 3, 5],
    },
    "Health": {
        "milestones_met": [9, 6, 2, None, 5],
        "milestones_total": [10, 10, 10, 10, 10],
        "goals_met": [4, 2, 0, None, 1],
        "goals_total": [4, 4, 3, 2, 2],
        "is_active": [True, True, True, True, True],
        "committed": [True, False, False, None, False],
        "revenue_start": [1_000, 500, 400, 300, 800],
        "revenue_end": [1_100, 500, 200, 300, None],
    },
}

#: A ledger's lines, a place a line: A pays more, B leaves and comes back, C is new and pays less, D changes its plan, E
#: comes and goes within a quarter; the last quarter is not over.
LEDGER: dict[str, list[Any]] = {
    "customer_id": ["A", "A", "A", "B", "B", "C", "C", "D", "D", "D", "E"],
    "month": [
        *("2025-12", "2026-03", "2026-04", "2025-12", "2026-04", "2026-03", "2026-04"),
        *("2025-12", "2026-03", "2026-04", "2026-02"),
    ],
    "plan": ["basic", "basic", "basic", "basic", "basic", "basic", "basic", "basic", "pro", "pro", "pro"],
    "revenue": [50, 60, 60, 100, 40, 40, 30, 80, 80, 80, 25],
}

#: Options, and the columns for which an example needs them.
OPTIONS: list[tuple[set[str], dict[str, Any]]] = [
    ({"revenue_start", "revenue_end"}, {"absent_revenue": "zero"}),
    ({"csat_score"}, {"csat_satisfied_from": 4}),
    ({"effort_score"}, {"effort_scale": (1, 7)}),
]

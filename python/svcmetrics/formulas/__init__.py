"""The catalogue's formulas on plain numbers. Arguments are given by keyword: int, Decimal, str or float."""

from svcmetrics.formulas.adoption import (
    adoption_rate,
    advanced_user_share,
    basic_user_share,
    fully_adopted_rate,
    license_adoption,
)
from svcmetrics.formulas.availability import availability, uninterrupted_rate
from svcmetrics.formulas.cases import (
    deflection_rate,
    documented_share,
    first_contact_resolution,
    proactive_share,
    reopen_rate,
    sla_met_share,
)
from svcmetrics.formulas.defects import defect_cost_share, defect_share
from svcmetrics.formulas.engagement import (
    engaged_share,
    engagement_quality,
    engagements_per_customer,
    negative_engagement_share,
)
from svcmetrics.formulas.onboarding import onboard_rate
from svcmetrics.formulas.pricing import support_price
from svcmetrics.formulas.profitability import cost_per_case, cost_per_customer, service_margin, service_return
from svcmetrics.formulas.retention import (
    contract_renewal_rate,
    customer_churn_rate,
    customer_retention_rate,
    mean_tenure_months,
    renewal_commitment_rate,
)
from svcmetrics.formulas.revenue import (
    avoidable_loss_share,
    churn_share_of_loss,
    contraction_share_of_loss,
    expansion_share_of_growth,
    gross_revenue_retention,
    net_recurring_revenue,
    net_revenue_retention,
    new_share_of_growth,
    reactivation_share_of_growth,
    recurring_revenue_rate,
    revenue_growth_rate,
)
from svcmetrics.formulas.risk import revenue_at_risk_share, risk_share
from svcmetrics.formulas.sales import attach_rate, service_coverage, upgrade_rate
from svcmetrics.formulas.success import impact_share, payback_years, plan_realization, roi, success_rate
from svcmetrics.formulas.voice import ces_mean, ces_net, ces_top_share, csat, nps

__all__ = [
    "adoption_rate",
    "advanced_user_share",
    "attach_rate",
    "availability",
    "avoidable_loss_share",
    "basic_user_share",
    "ces_mean",
    "ces_net",
    "ces_top_share",
    "churn_share_of_loss",
    "contract_renewal_rate",
    "contraction_share_of_loss",
    "cost_per_case",
    "cost_per_customer",
    "csat",
    "customer_churn_rate",
    "customer_retention_rate",
    "defect_cost_share",
    "defect_share",
    "deflection_rate",
    "documented_share",
    "engaged_share",
    "engagement_quality",
    "engagements_per_customer",
    "expansion_share_of_growth",
    "first_contact_resolution",
    "fully_adopted_rate",
    "gross_revenue_retention",
    "impact_share",
    "license_adoption",
    "mean_tenure_months",
    "negative_engagement_share",
    "net_recurring_revenue",
    "net_revenue_retention",
    "new_share_of_growth",
    "nps",
    "onboard_rate",
    "payback_years",
    "plan_realization",
    "proactive_share",
    "reactivation_share_of_growth",
    "recurring_revenue_rate",
    "renewal_commitment_rate",
    "reopen_rate",
    "revenue_at_risk_share",
    "revenue_growth_rate",
    "risk_share",
    "roi",
    "service_coverage",
    "service_margin",
    "service_return",
    "sla_met_share",
    "success_rate",
    "support_price",
    "uninterrupted_rate",
    "upgrade_rate",
]

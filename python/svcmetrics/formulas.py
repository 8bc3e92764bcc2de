"""The catalogue's formulas on plain numbers. Arguments are given by keyword: int, Decimal, str or float."""

from __future__ import annotations

from decimal import Decimal

from svcmetrics._svcmetrics import Figure, formula

Number = int | float | str | Decimal


def onboard_rate(*, onboarded: Number, new_customers: Number) -> Figure:
    """The share of new customers that received formal onboarding: ``onboarded / new_customers``.

    >>> onboard_rate(onboarded=3, new_customers=4)
    <Figure 75.0 % (3 / 4)>
    >>> onboard_rate(onboarded=0, new_customers=0)
    <Figure – (zero_denominator)>
    """
    return formula("onboard_rate", {"onboarded": onboarded, "new_customers": new_customers})


def adoption_rate(*, milestones_met: Number, milestones_total: Number) -> Figure:
    """The share of adoption milestones that are met: ``milestones_met / milestones_total``.

    >>> adoption_rate(milestones_met=6, milestones_total=8).value
    0.75
    >>> adoption_rate(milestones_met=0, milestones_total=0).value is None
    True
    """
    return formula("adoption_rate", {"milestones_met": milestones_met, "milestones_total": milestones_total})


def success_rate(*, reached: Number, with_goals: Number) -> Figure:
    """The share of customers with goals that reached them: ``reached / with_goals``.

    >>> success_rate(reached=63, with_goals=100).percent
    63.0
    >>> success_rate(reached=0, with_goals=0).undefined_reason
    'zero_denominator'
    """
    return formula("success_rate", {"reached": reached, "with_goals": with_goals})


def plan_realization(*, met: Number, total: Number) -> Figure:
    """The share of the success plans' goals that are met: ``met / total``.

    >>> plan_realization(met=1, total=2).value
    0.5
    >>> plan_realization(met=3, total=2)
    Traceback (most recent call last):
    svcmetrics.errors.InvalidValueError: column 'met': found 3; expected at most 2
    """
    return formula("plan_realization", {"met": met, "total": total})


def availability(*, service_minutes: Number, downtime_minutes: Number) -> Figure:
    """The share of service time without interruption: ``(service_minutes - downtime_minutes) / service_minutes``.

    >>> str(availability(service_minutes=43200, downtime_minutes=432))
    '99.0 %'
    >>> availability(service_minutes=0, downtime_minutes=0).defined
    False
    """
    return formula("availability", {"service_minutes": service_minutes, "downtime_minutes": downtime_minutes})


def engagement_quality(*, positive: Number, engagements: Number) -> Figure:
    """The share of engagements with a positive outcome: ``positive / engagements``.

    >>> engagement_quality(positive=9, engagements=12).value
    0.75
    >>> engagement_quality(positive=0, engagements=0).defined
    False
    """
    return formula("engagement_quality", {"positive": positive, "engagements": engagements})


def renewal_commitment_rate(*, committed: Number, active: Number) -> Figure:
    """The share of active customers that have committed to renew: ``committed / active``.

    >>> renewal_commitment_rate(committed=1, active=2).value
    0.5
    >>> renewal_commitment_rate(committed=0, active=0).defined
    False
    """
    return formula("renewal_commitment_rate", {"committed": committed, "active": active})


def net_recurring_revenue(*, added: Number, lost: Number) -> Figure:
    """Revenue added less revenue lost, an amount.

    >>> net_recurring_revenue(added=50, lost=30).value
    Decimal('20')
    >>> net_recurring_revenue(added="0.10", lost="0.30").value
    Decimal('-0.2')
    """
    return formula("net_recurring_revenue", {"added": added, "lost": lost})


def recurring_revenue_rate(*, start: Number, end: Number) -> Figure:
    """Revenue at the end / at the start; may exceed 1.

    >>> recurring_revenue_rate(start=100, end=120).value
    1.2
    >>> recurring_revenue_rate(start=0, end=120).undefined_reason
    'zero_denominator'
    """
    return formula("recurring_revenue_rate", {"start": start, "end": end})


def net_revenue_retention(*, start: Number, expansion: Number, contraction: Number, churn: Number) -> Figure:
    """``(start + expansion - contraction - churn) / start``: what finance calls NRR.

    >>> net_revenue_retention(start=100, expansion=5, contraction=5, churn=25).value
    0.75
    >>> net_revenue_retention(start=0, expansion=0, contraction=0, churn=0).defined
    False
    """
    arguments = {"start": start, "expansion": expansion, "contraction": contraction, "churn": churn}
    return formula("net_revenue_retention", arguments)


def gross_revenue_retention(*, start: Number, contraction: Number, churn: Number) -> Figure:
    """``(start - contraction - churn) / start``, from 0 to 1.

    >>> gross_revenue_retention(start=100, contraction=5, churn=25).value
    0.7
    >>> gross_revenue_retention(start=0, contraction=0, churn=0).defined
    False
    """
    return formula("gross_revenue_retention", {"start": start, "contraction": contraction, "churn": churn})


def revenue_growth_rate(*, start: Number, added: Number, lost: Number) -> Figure:
    """``(added - lost) / start``; may be negative.

    >>> revenue_growth_rate(start=100, added=50, lost=30).value
    0.2
    >>> revenue_growth_rate(start=0, added=50, lost=0).defined
    False
    """
    return formula("revenue_growth_rate", {"start": start, "added": added, "lost": lost})


def customer_retention_rate(*, retained: Number, start: Number) -> Figure:
    """The share of the customers at the start that still have revenue at the end: ``retained / start``.

    >>> customer_retention_rate(retained=8, start=10).value
    0.8
    >>> customer_retention_rate(retained=0, start=0).defined
    False
    """
    return formula("customer_retention_rate", {"retained": retained, "start": start})


def customer_churn_rate(*, churned: Number, start: Number) -> Figure:
    """The share of the customers at the start that have no revenue at the end: ``churned / start``.

    >>> customer_churn_rate(churned=0, start=10).value
    0.0
    >>> customer_churn_rate(churned=0, start=0).defined
    False
    """
    return formula("customer_churn_rate", {"churned": churned, "start": start})


def contract_renewal_rate(*, renewed: Number, due: Number) -> Figure:
    """The share of the contracts due that were renewed: ``renewed / due``.

    >>> contract_renewal_rate(renewed=90, due=100).value
    0.9
    >>> contract_renewal_rate(renewed=0, due=0).defined
    False
    """
    return formula("contract_renewal_rate", {"renewed": renewed, "due": due})


def license_adoption(*, used: Number, sold: Number) -> Figure:
    """Licences in use for each one sold: ``used / sold``; above 1 is over-use.

    >>> license_adoption(used=12, sold=10).value
    1.2
    >>> license_adoption(used=0, sold=0).defined
    False
    """
    return formula("license_adoption", {"used": used, "sold": sold})


def advanced_user_share(*, advanced: Number, basic: Number) -> Figure:
    """The share of advanced users among basic and advanced ones: ``advanced / (advanced + basic)``.

    >>> advanced_user_share(advanced=1, basic=3).value
    0.25
    >>> advanced_user_share(advanced=0, basic=0).defined
    False
    """
    return formula("advanced_user_share", {"advanced": advanced, "basic": basic})


def roi(*, benefit: Number, investment: Number) -> Figure:
    """What a customer gained for each unit invested: ``(benefit - investment) / investment``; may be negative.

    >>> roi(benefit=150, investment=100).value
    0.5
    >>> roi(benefit=50, investment=0).defined
    False
    """
    return formula("roi", {"benefit": benefit, "investment": investment})


def payback_years(*, investment: Number, yearly_benefit: Number) -> Figure:
    """The years after which a yearly benefit has paid for its investment: ``investment / yearly_benefit``.

    A negative benefit is an error: a yearly loss does not pay back.

    >>> payback_years(investment=100, yearly_benefit=40).value
    2.5
    >>> payback_years(investment=100, yearly_benefit=0).defined
    False
    """
    return formula("payback_years", {"investment": investment, "yearly_benefit": yearly_benefit})


def impact_share(*, count: Number, total: Number) -> Figure:
    """The share of the customers with a stated impact that state one kind of it: ``count / total``.

    >>> impact_share(count=3, total=4).value
    0.75
    >>> impact_share(count=0, total=0).defined
    False
    """
    return formula("impact_share", {"count": count, "total": total})


def nps(*, promoters: Number, passives: Number, detractors: Number) -> Figure:
    """The net promoter score: ``100 x (promoters - detractors) / answers``, from -100 to 100.

    >>> nps(promoters=50, passives=30, detractors=20).value
    30.0
    >>> nps(promoters=0, passives=0, detractors=0).defined
    False
    """
    return formula("nps", {"promoters": promoters, "passives": passives, "detractors": detractors})


def csat(*, satisfied: Number, answers: Number) -> Figure:
    """The share of answers that say satisfied: ``satisfied / answers``.

    >>> csat(satisfied=3, answers=4).value
    0.75
    >>> csat(satisfied=0, answers=0).defined
    False
    """
    return formula("csat", {"satisfied": satisfied, "answers": answers})


def ces_mean(*, effort_total: Number, answers: Number) -> Figure:
    """The mean effort, on the scale of the survey: ``effort_total / answers``, the sum of the answers for each.

    >>> ces_mean(effort_total=7 + 7 + 4 + 1, answers=4).value
    4.75
    >>> ces_mean(effort_total=0, answers=0).defined
    False
    """
    return formula("ces_mean", {"effort_total": effort_total, "answers": answers})


def ces_top_share(*, easiest: Number, answers: Number) -> Figure:
    """The share of answers that say the easiest: ``easiest / answers``.

    >>> ces_top_share(easiest=2, answers=4).value
    0.5
    >>> ces_top_share(easiest=0, answers=0).defined
    False
    """
    return formula("ces_top_share", {"easiest": easiest, "answers": answers})


def ces_net(*, easy: Number, neutral: Number, hard: Number) -> Figure:
    """Net easy: ``100 x (easy - hard) / answers``, from -100 to 100.

    >>> ces_net(easy=2, neutral=1, hard=1).value
    25.0
    >>> ces_net(easy=0, neutral=0, hard=0).defined
    False
    """
    return formula("ces_net", {"easy": easy, "neutral": neutral, "hard": hard})


def defect_share(*, defects: Number, cases: Number) -> Figure:
    """The share of cases that are caused by a defect: ``defects / cases``.

    >>> defect_share(defects=1, cases=4).value
    0.25
    >>> defect_share(defects=0, cases=0).defined
    False
    """
    return formula("defect_share", {"defects": defects, "cases": cases})


def defect_cost_share(*, defect_cost: Number, service_cost: Number) -> Figure:
    """The share of the cost of service that is caused by defects: ``defect_cost / service_cost``.

    >>> defect_cost_share(defect_cost=25, service_cost=100).value
    0.25
    >>> defect_cost_share(defect_cost=0, service_cost=0).defined
    False
    """
    return formula("defect_cost_share", {"defect_cost": defect_cost, "service_cost": service_cost})


def service_coverage(*, covered: Number, customers: Number) -> Figure:
    """The share of customers under a service contract or success plan: ``covered / customers``.

    >>> service_coverage(covered=3, customers=4).value
    0.75
    >>> service_coverage(covered=0, customers=0).defined
    False
    """
    return formula("service_coverage", {"covered": covered, "customers": customers})


def attach_rate(*, attached: Number, product_sales: Number) -> Figure:
    """Service contracts sold for each product sold: ``attached / product_sales``; may exceed 1.

    >>> attach_rate(attached=3, product_sales=2).value
    1.5
    >>> attach_rate(attached=3, product_sales=0).defined
    False
    """
    return formula("attach_rate", {"attached": attached, "product_sales": product_sales})


def upgrade_rate(*, upgraded: Number, subscribers: Number) -> Figure:
    """The share of subscribers that bought a higher service level: ``upgraded / subscribers``.

    >>> upgrade_rate(upgraded=1, subscribers=4).value
    0.25
    >>> upgrade_rate(upgraded=0, subscribers=0).defined
    False
    """
    return formula("upgrade_rate", {"upgraded": upgraded, "subscribers": subscribers})


def service_margin(*, revenue: Number, cost: Number) -> Figure:
    """What is left of the revenue of service after its cost: ``(revenue - cost) / revenue``; may be negative.

    >>> service_margin(revenue=100, cost=40).value
    0.6
    >>> service_margin(revenue=0, cost=40).defined
    False
    """
    return formula("service_margin", {"revenue": revenue, "cost": cost})


def service_return(*, direct: Number, indirect: Number, cost: Number) -> Figure:
    """What service earns for each unit of its cost: ``(direct + indirect - cost) / cost``; may be negative.

    >>> service_return(direct=80, indirect=70, cost=100).value
    0.5
    >>> service_return(direct=80, indirect=70, cost=0).defined
    False
    """
    return formula("service_return", {"direct": direct, "indirect": indirect, "cost": cost})


def cost_per_case(*, cost: Number, cases: Number) -> Figure:
    """What a case costs on average: ``cost / cases``.

    >>> cost_per_case(cost=1000, cases=8)
    <Figure 125.00 (1000 / 8)>
    >>> cost_per_case(cost=1000, cases=0).defined
    False
    """
    return formula("cost_per_case", {"cost": cost, "cases": cases})


def first_contact_resolution(*, resolved_first: Number, resolved: Number) -> Figure:
    """The share of resolved cases that took one contact and were not reopened: ``resolved_first / resolved``.

    >>> first_contact_resolution(resolved_first=3, resolved=4).value
    0.75
    >>> first_contact_resolution(resolved_first=0, resolved=0).defined
    False
    """
    return formula("first_contact_resolution", {"resolved_first": resolved_first, "resolved": resolved})


def deflection_rate(*, self_resolved: Number, issues: Number) -> Figure:
    """The share of all issues that customers resolved by self-help: ``self_resolved / issues``.

    >>> deflection_rate(self_resolved=1, issues=4).value
    0.25
    >>> deflection_rate(self_resolved=0, issues=0).defined
    False
    """
    return formula("deflection_rate", {"self_resolved": self_resolved, "issues": issues})


def support_price(
    *,
    list_price: Number | None = None,
    net_price: Number | None = None,
    rate: Number,
    add_ons: Number = 0,
    yearly_adjustment: Number = 0,
    years: Number = 1,
) -> Figure:
    """The price of support for a product over a term of years, an exact quotient.

    The first year costs ``price * rate + add_ons``, where the price is ``net_price`` or, without one, ``list_price``;
    each year after it ``1 + yearly_adjustment`` times the year before.

    Args:
        list_price: The product's list price; a net price above it is an error.
        net_price: What is paid for the product.
        rate: The share of the product's price, 0.18 for 18 %.
        add_ons: Add-ons and fixed fees a year.
        yearly_adjustment: 0.03 for 3 % more each year; negative where the price falls.
        years: The term, a whole number of years from 1.

    >>> support_price(list_price=100_000, rate=0.18, add_ons=2_000, yearly_adjustment=0.03, years=3)
    <Figure 61,818.00 (61818 / 1)>
    >>> support_price(list_price=100_000, net_price=80_000, rate="0.18").value
    14400.0
    >>> support_price(list_price=100, rate=0.18, years=0)
    Traceback (most recent call last):
    svcmetrics.errors.InvalidValueError: column 'years': found 0; expected at least 1

    Beside the published averages: 18 % lies between basic and premium support.

    >>> import svcmetrics as sm
    >>> basic, premium = sm.reference["support_price_basic"].low, sm.reference["support_price_premium"].low
    >>> [support_price(list_price=100_000, rate=rate).value for rate in (basic, 0.18, premium)]
    [15600.0, 18000.0, 26000.0]
    """
    arguments = {
        "rate": rate,
        "add_ons": add_ons,
        "yearly_adjustment": yearly_adjustment,
        "years": years,
    }
    prices = {"list_price": list_price, "net_price": net_price}
    return formula("support_price", arguments | {name: price for name, price in prices.items() if price is not None})


def fully_adopted_rate(*, fully_adopted: Number, customers: Number) -> Figure:
    """The share of customers that have met all of their milestones: ``fully_adopted / customers``.

    >>> fully_adopted_rate(fully_adopted=3, customers=4).value
    0.75
    >>> fully_adopted_rate(fully_adopted=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("fully_adopted_rate", {"fully_adopted": fully_adopted, "customers": customers})


def basic_user_share(*, basic: Number, advanced: Number) -> Figure:
    """The share of basic users among basic and advanced ones: ``basic / (basic + advanced)``.

    >>> basic_user_share(basic=3, advanced=1).value
    0.75
    >>> basic_user_share(basic=0, advanced=0).undefined_reason
    'zero_denominator'
    """
    return formula("basic_user_share", {"basic": basic, "advanced": advanced})


def uninterrupted_rate(*, uninterrupted: Number, customers: Number) -> Figure:
    """The share of customers whose service was not interrupted: ``uninterrupted / customers``.

    >>> uninterrupted_rate(uninterrupted=9, customers=12).value
    0.75
    >>> uninterrupted_rate(uninterrupted=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("uninterrupted_rate", {"uninterrupted": uninterrupted, "customers": customers})


def negative_engagement_share(*, negative: Number, engagements: Number) -> Figure:
    """The share of engagements with a negative outcome: ``negative / engagements``.

    >>> negative_engagement_share(negative=3, engagements=12).value
    0.25
    >>> negative_engagement_share(negative=0, engagements=0).undefined_reason
    'zero_denominator'
    """
    return formula("negative_engagement_share", {"negative": negative, "engagements": engagements})


def engaged_share(*, engaged: Number, customers: Number) -> Figure:
    """The share of customers with an engagement: ``engaged / customers``.

    >>> engaged_share(engaged=1, customers=2).value
    0.5
    >>> engaged_share(engaged=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("engaged_share", {"engaged": engaged, "customers": customers})


def engagements_per_customer(*, engagements: Number, customers: Number) -> Figure:
    """How many engagements a customer has on average: ``engagements / customers``.

    >>> engagements_per_customer(engagements=5, customers=2).value
    2.5
    >>> engagements_per_customer(engagements=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("engagements_per_customer", {"engagements": engagements, "customers": customers})


def mean_tenure_months(*, tenure_months: Number, customers: Number) -> Figure:
    """How long customers have been there on average, in months: ``tenure_months / customers``.

    >>> mean_tenure_months(tenure_months=50, customers=4).value
    12.5
    >>> mean_tenure_months(tenure_months=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("mean_tenure_months", {"tenure_months": tenure_months, "customers": customers})


def avoidable_loss_share(*, avoidable: Number, lost: Number) -> Figure:
    """The share of the revenue lost that could have been kept: ``avoidable / lost``.

    >>> avoidable_loss_share(avoidable=25, lost=100).value
    0.25
    >>> avoidable_loss_share(avoidable=0, lost=0).undefined_reason
    'zero_denominator'
    """
    return formula("avoidable_loss_share", {"avoidable": avoidable, "lost": lost})


def risk_share(*, at_risk: Number, rated: Number) -> Figure:
    """The share of rated customers at a risk: that may leave, or spend less: ``at_risk / rated``.

    >>> risk_share(at_risk=1, rated=5).value
    0.2
    >>> risk_share(at_risk=0, rated=0).undefined_reason
    'zero_denominator'
    """
    return formula("risk_share", {"at_risk": at_risk, "rated": rated})


def revenue_at_risk_share(*, at_risk: Number, rated: Number) -> Figure:
    """The share of rated customers' revenue that belongs to those at risk: ``at_risk / rated``.

    >>> revenue_at_risk_share(at_risk=30, rated=120).value
    0.25
    >>> revenue_at_risk_share(at_risk=0, rated=0).undefined_reason
    'zero_denominator'
    """
    return formula("revenue_at_risk_share", {"at_risk": at_risk, "rated": rated})


def cost_per_customer(*, cost: Number, customers: Number) -> Figure:
    """What serving a customer costs on average: ``cost / customers``.

    >>> cost_per_customer(cost=1000, customers=8).value
    Decimal('125')
    >>> cost_per_customer(cost=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("cost_per_customer", {"cost": cost, "customers": customers})


def proactive_share(*, proactive: Number, cases: Number) -> Figure:
    """The share of cases that support opened before the customer asked: ``proactive / cases``.

    >>> proactive_share(proactive=1, cases=4).value
    0.25
    >>> proactive_share(proactive=0, cases=0).undefined_reason
    'zero_denominator'
    """
    return formula("proactive_share", {"proactive": proactive, "cases": cases})


def documented_share(*, documented: Number, closed: Number) -> Figure:
    """The share of closed cases whose solution is documented: ``documented / closed``.

    >>> documented_share(documented=3, closed=4).value
    0.75
    >>> documented_share(documented=0, closed=0).undefined_reason
    'zero_denominator'
    """
    return formula("documented_share", {"documented": documented, "closed": closed})


def reopen_rate(*, reopened: Number, cases: Number) -> Figure:
    """The share of cases that were reopened: ``reopened / cases``.

    >>> reopen_rate(reopened=1, cases=8).value
    0.125
    >>> reopen_rate(reopened=0, cases=0).undefined_reason
    'zero_denominator'
    """
    return formula("reopen_rate", {"reopened": reopened, "cases": cases})


def sla_met_share(*, met: Number, with_target: Number) -> Figure:
    """The share of cases with a target that met it: ``met / with_target``.

    >>> sla_met_share(met=5, with_target=8).value
    0.625
    >>> sla_met_share(met=0, with_target=0).undefined_reason
    'zero_denominator'
    """
    return formula("sla_met_share", {"met": met, "with_target": with_target})

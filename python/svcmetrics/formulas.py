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

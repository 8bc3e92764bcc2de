"""Recurring revenue: rates, retention, where growth and loss come from."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


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


def avoidable_loss_share(*, avoidable: Number, lost: Number) -> Figure:
    """The share of the revenue lost that could have been kept: ``avoidable / lost``.

    >>> avoidable_loss_share(avoidable=25, lost=100).value
    0.25
    >>> avoidable_loss_share(avoidable=0, lost=0).undefined_reason
    'zero_denominator'
    """
    return formula("avoidable_loss_share", {"avoidable": avoidable, "lost": lost})


def new_share_of_growth(*, new: Number, added: Number) -> Figure:
    """The share of the revenue added that is new customers': ``new / added``.

    >>> new_share_of_growth(new=45, added=50)
    <Figure 90.0 % (45 / 50)>
    >>> new_share_of_growth(new=0, added=0).undefined_reason
    'zero_denominator'
    """
    return formula("new_share_of_growth", {"new": new, "added": added})


def expansion_share_of_growth(*, expansion: Number, added: Number) -> Figure:
    """The share of the revenue added that customers who stayed pay more: ``expansion / added``.

    >>> expansion_share_of_growth(expansion=5, added=50)
    <Figure 10.0 % (5 / 50)>
    >>> expansion_share_of_growth(expansion=0, added=0).undefined_reason
    'zero_denominator'
    """
    return formula("expansion_share_of_growth", {"expansion": expansion, "added": added})


def reactivation_share_of_growth(*, reactivation: Number, added: Number) -> Figure:
    """The share of the revenue added that is of customers who came back: ``reactivation / added``.

    >>> reactivation_share_of_growth(reactivation=10, added=50)
    <Figure 20.0 % (10 / 50)>
    >>> reactivation_share_of_growth(reactivation=0, added=0).undefined_reason
    'zero_denominator'
    """
    return formula("reactivation_share_of_growth", {"reactivation": reactivation, "added": added})


def churn_share_of_loss(*, churn: Number, lost: Number) -> Figure:
    """The share of the revenue lost that is customers' who left: ``churn / lost``.

    >>> churn_share_of_loss(churn=25, lost=30)
    <Figure 83.3 % (25 / 30)>
    >>> churn_share_of_loss(churn=0, lost=0).undefined_reason
    'zero_denominator'
    """
    return formula("churn_share_of_loss", {"churn": churn, "lost": lost})


def contraction_share_of_loss(*, contraction: Number, lost: Number) -> Figure:
    """The share of the revenue lost that customers who stayed pay less: ``contraction / lost``.

    >>> contraction_share_of_loss(contraction=5, lost=30)
    <Figure 16.7 % (5 / 30)>
    >>> contraction_share_of_loss(contraction=0, lost=0).undefined_reason
    'zero_denominator'
    """
    return formula("contraction_share_of_loss", {"contraction": contraction, "lost": lost})

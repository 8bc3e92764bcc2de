"""Adoption: milestones met, licenses used, features used."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def adoption_rate(*, milestones_met: Number, milestones_total: Number) -> Figure:
    """The share of adoption milestones that are met: ``milestones_met / milestones_total``.

    >>> adoption_rate(milestones_met=6, milestones_total=8).value
    0.75
    >>> adoption_rate(milestones_met=0, milestones_total=0).value is None
    True
    """
    return formula("adoption_rate", {"milestones_met": milestones_met, "milestones_total": milestones_total})


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

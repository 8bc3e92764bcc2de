"""Onboarding: did new customers get a formal start?"""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def onboard_rate(*, onboarded: Number, new_customers: Number) -> Figure:
    """The share of new customers that received formal onboarding: ``onboarded / new_customers``.

    >>> onboard_rate(onboarded=3, new_customers=4)
    <Figure 75.0 % (3 / 4)>
    >>> onboard_rate(onboarded=0, new_customers=0)
    <Figure – (zero_denominator)>
    """
    return formula("onboard_rate", {"onboarded": onboarded, "new_customers": new_customers})

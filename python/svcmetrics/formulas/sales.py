"""Service sales: coverage, attach and upgrade."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


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

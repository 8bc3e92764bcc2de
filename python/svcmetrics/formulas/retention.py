"""Retention: who stays, who commits, who is due."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def renewal_commitment_rate(*, committed: Number, active: Number) -> Figure:
    """The share of active customers that have committed to renew: ``committed / active``.

    >>> renewal_commitment_rate(committed=1, active=2).value
    0.5
    >>> renewal_commitment_rate(committed=0, active=0).defined
    False
    """
    return formula("renewal_commitment_rate", {"committed": committed, "active": active})


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


def mean_tenure_months(*, tenure_months: Number, customers: Number) -> Figure:
    """How long customers have been there on average, in months: ``tenure_months / customers``.

    >>> mean_tenure_months(tenure_months=50, customers=4).value
    12.5
    >>> mean_tenure_months(tenure_months=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("mean_tenure_months", {"tenure_months": tenure_months, "customers": customers})

"""Profitability: margin, return, cost of a case and a customer."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


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


def cost_per_customer(*, cost: Number, customers: Number) -> Figure:
    """What serving a customer costs on average: ``cost / customers``.

    >>> cost_per_customer(cost=1000, customers=8).value
    125.0
    >>> cost_per_customer(cost=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("cost_per_customer", {"cost": cost, "customers": customers})

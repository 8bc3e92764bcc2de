"""Defects: their share of cases and of cost."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


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

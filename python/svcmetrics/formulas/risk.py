"""Risk: customers and revenue at risk."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


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

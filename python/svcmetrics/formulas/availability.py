"""Availability: service without interruption."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def availability(*, service_minutes: Number, downtime_minutes: Number) -> Figure:
    """The share of service time without interruption: ``(service_minutes - downtime_minutes) / service_minutes``.

    >>> str(availability(service_minutes=43200, downtime_minutes=432))
    '99.0 %'
    >>> availability(service_minutes=0, downtime_minutes=0).defined
    False
    """
    return formula("availability", {"service_minutes": service_minutes, "downtime_minutes": downtime_minutes})


def uninterrupted_rate(*, uninterrupted: Number, customers: Number) -> Figure:
    """The share of customers whose service was not interrupted: ``uninterrupted / customers``.

    >>> uninterrupted_rate(uninterrupted=9, customers=12).value
    0.75
    >>> uninterrupted_rate(uninterrupted=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("uninterrupted_rate", {"uninterrupted": uninterrupted, "customers": customers})

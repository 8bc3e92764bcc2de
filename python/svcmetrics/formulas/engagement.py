"""Engagement: how contacts with customers went."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def engagement_quality(*, positive: Number, engagements: Number) -> Figure:
    """The share of engagements with a positive outcome: ``positive / engagements``.

    >>> engagement_quality(positive=9, engagements=12).value
    0.75
    >>> engagement_quality(positive=0, engagements=0).defined
    False
    """
    return formula("engagement_quality", {"positive": positive, "engagements": engagements})


def negative_engagement_share(*, negative: Number, engagements: Number) -> Figure:
    """The share of engagements with a negative outcome: ``negative / engagements``.

    >>> negative_engagement_share(negative=3, engagements=12).value
    0.25
    >>> negative_engagement_share(negative=0, engagements=0).undefined_reason
    'zero_denominator'
    """
    return formula("negative_engagement_share", {"negative": negative, "engagements": engagements})


def engaged_share(*, engaged: Number, customers: Number) -> Figure:
    """The share of customers with an engagement: ``engaged / customers``.

    >>> engaged_share(engaged=1, customers=2).value
    0.5
    >>> engaged_share(engaged=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("engaged_share", {"engaged": engaged, "customers": customers})


def engagements_per_customer(*, engagements: Number, customers: Number) -> Figure:
    """How many engagements a customer has on average: ``engagements / customers``.

    >>> engagements_per_customer(engagements=5, customers=2).value
    2.5
    >>> engagements_per_customer(engagements=0, customers=0).undefined_reason
    'zero_denominator'
    """
    return formula("engagements_per_customer", {"engagements": engagements, "customers": customers})

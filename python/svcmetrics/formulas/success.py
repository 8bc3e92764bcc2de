"""Success: goals reached, plans realized, what it returned."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def success_rate(*, reached: Number, with_goals: Number) -> Figure:
    """The share of customers with goals that reached them: ``reached / with_goals``.

    >>> success_rate(reached=63, with_goals=100).percent
    63.0
    >>> success_rate(reached=0, with_goals=0).undefined_reason
    'zero_denominator'
    """
    return formula("success_rate", {"reached": reached, "with_goals": with_goals})


def plan_realization(*, met: Number, total: Number) -> Figure:
    """The share of the success plans' goals that are met: ``met / total``.

    >>> plan_realization(met=1, total=2).value
    0.5
    >>> plan_realization(met=3, total=2)
    Traceback (most recent call last):
    svcmetrics.errors.InvalidValueError: column 'met': found 3; expected at most 2
    """
    return formula("plan_realization", {"met": met, "total": total})


def roi(*, benefit: Number, investment: Number) -> Figure:
    """What a customer gained for each unit invested: ``(benefit - investment) / investment``; may be negative.

    >>> roi(benefit=150, investment=100).value
    0.5
    >>> roi(benefit=50, investment=0).defined
    False
    """
    return formula("roi", {"benefit": benefit, "investment": investment})


def payback_years(*, investment: Number, yearly_benefit: Number) -> Figure:
    """The years after which a yearly benefit has paid for its investment: ``investment / yearly_benefit``.

    A negative benefit is an error: a yearly loss does not pay back.

    >>> payback_years(investment=100, yearly_benefit=40).value
    2.5
    >>> payback_years(investment=100, yearly_benefit=0).defined
    False
    """
    return formula("payback_years", {"investment": investment, "yearly_benefit": yearly_benefit})


def impact_share(*, count: Number, total: Number) -> Figure:
    """The share of the customers with a stated impact that state one kind of it: ``count / total``.

    >>> impact_share(count=3, total=4).value
    0.75
    >>> impact_share(count=0, total=0).defined
    False
    """
    return formula("impact_share", {"count": count, "total": total})

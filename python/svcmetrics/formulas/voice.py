"""The customer's voice: promoters, satisfaction, effort."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def nps(*, promoters: Number, passives: Number, detractors: Number) -> Figure:
    """The net promoter score: ``100 x (promoters - detractors) / answers``, from -100 to 100.

    >>> nps(promoters=50, passives=30, detractors=20).value
    30.0
    >>> nps(promoters=0, passives=0, detractors=0).defined
    False
    """
    return formula("nps", {"promoters": promoters, "passives": passives, "detractors": detractors})


def csat(*, satisfied: Number, answers: Number) -> Figure:
    """The share of answers that say satisfied: ``satisfied / answers``.

    >>> csat(satisfied=3, answers=4).value
    0.75
    >>> csat(satisfied=0, answers=0).defined
    False
    """
    return formula("csat", {"satisfied": satisfied, "answers": answers})


def ces_mean(*, effort_total: Number, answers: Number) -> Figure:
    """The mean effort, on the scale of the survey: ``effort_total / answers``, the sum of the answers for each.

    >>> ces_mean(effort_total=7 + 7 + 4 + 1, answers=4).value
    4.75
    >>> ces_mean(effort_total=0, answers=0).defined
    False
    """
    return formula("ces_mean", {"effort_total": effort_total, "answers": answers})


def ces_top_share(*, easiest: Number, answers: Number) -> Figure:
    """The share of answers that say the easiest: ``easiest / answers``.

    >>> ces_top_share(easiest=2, answers=4).value
    0.5
    >>> ces_top_share(easiest=0, answers=0).defined
    False
    """
    return formula("ces_top_share", {"easiest": easiest, "answers": answers})


def ces_net(*, easy: Number, neutral: Number, hard: Number) -> Figure:
    """Net easy: ``100 x (easy - hard) / answers``, from -100 to 100.

    >>> ces_net(easy=2, neutral=1, hard=1).value
    25.0
    >>> ces_net(easy=0, neutral=0, hard=0).defined
    False
    """
    return formula("ces_net", {"easy": easy, "neutral": neutral, "hard": hard})

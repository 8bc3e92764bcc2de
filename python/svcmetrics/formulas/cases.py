"""Cases: first contact, deflection, reopening, promised times."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def first_contact_resolution(*, resolved_first: Number, resolved: Number) -> Figure:
    """The share of resolved cases that took one contact and were not reopened: ``resolved_first / resolved``.

    >>> first_contact_resolution(resolved_first=3, resolved=4).value
    0.75
    >>> first_contact_resolution(resolved_first=0, resolved=0).defined
    False
    """
    return formula("first_contact_resolution", {"resolved_first": resolved_first, "resolved": resolved})


def deflection_rate(*, self_resolved: Number, issues: Number) -> Figure:
    """The share of all issues that customers resolved by self-help: ``self_resolved / issues``.

    >>> deflection_rate(self_resolved=1, issues=4).value
    0.25
    >>> deflection_rate(self_resolved=0, issues=0).defined
    False
    """
    return formula("deflection_rate", {"self_resolved": self_resolved, "issues": issues})


def proactive_share(*, proactive: Number, cases: Number) -> Figure:
    """The share of cases that support opened before the customer asked: ``proactive / cases``.

    >>> proactive_share(proactive=1, cases=4).value
    0.25
    >>> proactive_share(proactive=0, cases=0).undefined_reason
    'zero_denominator'
    """
    return formula("proactive_share", {"proactive": proactive, "cases": cases})


def documented_share(*, documented: Number, closed: Number) -> Figure:
    """The share of closed cases whose solution is documented: ``documented / closed``.

    >>> documented_share(documented=3, closed=4).value
    0.75
    >>> documented_share(documented=0, closed=0).undefined_reason
    'zero_denominator'
    """
    return formula("documented_share", {"documented": documented, "closed": closed})


def reopen_rate(*, reopened: Number, cases: Number) -> Figure:
    """The share of cases that were reopened: ``reopened / cases``.

    >>> reopen_rate(reopened=1, cases=8).value
    0.125
    >>> reopen_rate(reopened=0, cases=0).undefined_reason
    'zero_denominator'
    """
    return formula("reopen_rate", {"reopened": reopened, "cases": cases})


def sla_met_share(*, met: Number, with_target: Number) -> Figure:
    """The share of cases with a target that met it: ``met / with_target``.

    >>> sla_met_share(met=5, with_target=8).value
    0.625
    >>> sla_met_share(met=0, with_target=0).undefined_reason
    'zero_denominator'
    """
    return formula("sla_met_share", {"met": met, "with_target": with_target})

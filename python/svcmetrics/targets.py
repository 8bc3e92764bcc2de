"""Targets: what metrics should be."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from numbers import Integral, Rational, Real
from typing import Any, NamedTuple

from svcmetrics import _svcmetrics
from svcmetrics.errors import InvalidOptionError
from svcmetrics.options import text_of

Number = int | float | str | Decimal


class Target(NamedTuple):
    """What a metric should be: at least a mark, at most one, or, with both, between them.

    ``warn`` is the last value that is near although the mark is missed: below ``at_least`` or above ``at_most``.
    Without it nothing is near. Shares and ratios are fractions: 0.9 is 90 %.

    >>> import svcmetrics as sm
    >>> sm.Target(at_least=1, warn=0.95)
    Target(at_least=1, at_most=None, warn=0.95)
    """

    at_least: Number | None = None
    at_most: Number | None = None
    warn: Number | None = None


def _mark(value: object) -> object:
    """A number as text, since a float says its decimal best by its shortest form; what is none the core refuses."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        value = int(value)
    elif isinstance(value, Real) and not isinstance(value, Rational):
        value = float(value)
    return str(value) if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool) else value


def _fields(target: Target) -> dict[str, object]:
    fields = {"at_least": target.at_least, "at_most": target.at_most, "warn": target.warn}
    return {name: _mark(value) for name, value in fields.items() if value is not None}


class Targets:
    """Targets by metric, for :meth:`Scorecard.against`: built in code, or read from TOML or JSON.

    A :class:`Target` each, or one number: at least that where a higher value of the catalogue's metric is better, at
    most that where a lower one is. Marks are held as exact decimals of at most 28 places.

    >>> import svcmetrics as sm
    >>> targets = sm.Targets({"net_revenue_retention": sm.Target(at_least=1, warn=0.95), "customer_churn_rate": "0.05"})
    >>> targets
    <Targets customer_churn_rate <= 0.05; net_revenue_retention >= 1 (warn 0.95)>
    >>> sm.Targets.from_toml(targets.to_toml()) == targets
    True

    Every error names its field.

    >>> try:
    ...     sm.Targets({"onboard_rate": sm.Target(at_least=0.9, warn=0.95)})
    ... except sm.SvcMetricsError as error:
    ...     print(error)
    targets.onboard_rate.warn: found 0.95; expected below at_least, 0.9
    """

    def __init__(self, targets: Mapping[str, Target | Number]) -> None:
        if not isinstance(targets, Mapping):
            raise InvalidOptionError.of("targets", targets, "a mapping of metrics to targets")
        document = {
            metric: _fields(target) if isinstance(target, Target) else _mark(target)
            for metric, target in targets.items()
        }
        import json

        self._native = _svcmetrics.Targets.from_json(json.dumps(document, default=repr))

    @classmethod
    def _of(cls, native: _svcmetrics.Targets) -> Targets:
        targets = cls.__new__(cls)
        targets._native = native
        return targets

    @classmethod
    def from_toml(cls, text: str) -> Targets:
        """Reads targets from TOML: by metric ``at_least``, ``at_most`` and ``warn``, or one number.

        >>> import svcmetrics as sm
        >>> targets = sm.Targets.from_toml("onboard_rate = 0.9\\ncost_per_case = { at_most = 25, warn = 30 }")
        >>> targets.by_metric["cost_per_case"]
        Target(at_least=None, at_most=Decimal('25'), warn=Decimal('30'))
        """
        return cls._of(_svcmetrics.Targets.from_toml(text_of("text", text)))

    def to_toml(self) -> str:
        """The targets as TOML."""
        return self._native.to_toml()

    @classmethod
    def from_json(cls, text: str) -> Targets:
        """Reads targets from JSON, with the fields of TOML."""
        return cls._of(_svcmetrics.Targets.from_json(text_of("text", text)))

    def to_json(self) -> str:
        """The targets as JSON."""
        return self._native.to_json()

    @property
    def by_metric(self) -> dict[str, Target]:
        """The targets, in the order of the metrics' ids."""
        import json

        document: dict[str, dict[str, Any]] = json.loads(self.to_json())
        return {
            metric: Target(**{name: Decimal(mark) for name, mark in fields.items()})
            for metric, fields in document.items()
        }

    def __eq__(self, other: object) -> bool:
        return self._native == other._native if isinstance(other, Targets) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return (Targets.from_json, (self.to_json(),))

    def __repr__(self) -> str:
        return f"<Targets {self._native}>"

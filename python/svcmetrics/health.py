"""Customer health: a composite of metrics, for a customer and for a group."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import EllipsisType
from typing import Any, Literal, NamedTuple

from svcmetrics import _svcmetrics
from svcmetrics.errors import InvalidDefinitionError, InvalidModelError, InvalidOptionError, MetricNotFoundError
from svcmetrics.frames import Frame
from svcmetrics.metric import Metric
from svcmetrics.options import Number, options_for, text_of
from svcmetrics.tables import incoming


class Component(NamedTuple):
    """One of a model's metrics: its weight, and the values that give none and all of its points (a floor above the
    ceiling where lower is better).

    >>> import svcmetrics as sm
    >>> sm.Component(weight=1, floor=0.8, ceiling=1.2)
    Component(weight=1, floor=0.8, ceiling=1.2)
    """

    weight: Number = 1
    floor: Number = 0.0
    ceiling: Number = 1.0


class Gate(NamedTuple):
    """What keeps a customer from a higher band, whatever the score: a metric below a value. An undefined metric
    never caps.

    >>> import svcmetrics as sm
    >>> sm.Gate("renewal_commitment_rate", below=1, cap="yellow")
    Gate(metric='renewal_commitment_rate', below=1, cap='yellow')
    """

    metric: str | Metric
    below: Number
    cap: str


class Contribution(NamedTuple):
    """A component's part in a score."""

    metric: str
    value: float | None
    points: Decimal | None
    lost: Decimal | None


class Explanation(NamedTuple):
    """Why a score is what it is: points add up to it, lost points to what it lacks of 100."""

    score: Decimal | None
    band: str
    coverage: float
    contributions: list[Contribution]


def _wrong(field: str, value: object, expected: str) -> InvalidModelError:
    message = f"health model, {field}: found {value!r}; expected {expected}"
    return InvalidModelError(message, kind="invalid_model", value=repr(value), expected=expected)


def _number(field: str, value: object) -> str:
    # numpy's scalars are real numbers too, its booleans are not
    if isinstance(value, bool) or not isinstance(value, numbers.Real | str | Decimal):
        raise _wrong(field, value, "a number")
    # As text, since a float says its decimal best by its shortest form.
    return str(value)


def _finite(field: str, value: object) -> float:
    """The double nearest to a number. JSON has no infinity and no NaN: here the field is known."""
    try:
        double = float(Decimal(_number(field, value)))
    except ArithmeticError:
        raise _wrong(field, value, "a number") from None
    if not math.isfinite(double):
        raise _wrong(field, value, "a finite number")
    return double


def _items(field: str, value: Any, expected: str) -> list[tuple[str, Any]]:
    """The items of a mapping by name."""
    if not isinstance(value, Mapping):
        raise _wrong(field, value, expected)
    items = [(_id_of(name), of_name) for name, of_name in value.items()]
    for name, _ in items:
        if not isinstance(name, str):
            raise _wrong(field, name, "names")
    return items


def _gate(position: int, gate: object) -> dict[str, Any]:
    if not isinstance(gate, Gate):
        raise _wrong(f"gates[{position}]", gate, "a Gate")
    return {"metric": _id_of(gate.metric), "below": _finite(f"gates[{position}].below", gate.below), "cap": gate.cap}


class HealthModel:
    """A health model: a weighted composite of metrics on a scale from 0 to 100.

    ``score = 100 x sum(weight x scaled) / sum(weight)`` over the components that are there, each metric scaled from
    its floor to its ceiling; a score from a band's threshold on is in that band.

    Parameters
    ----------
    components
        Metric ids with weights, or with :class:`Component`. None: the default model. Metrics of one's own
        (:func:`metric`) stand here and in gates as well; the model takes their definitions along.
    bands
        Names and the first score of each, from 0; fewer than 255.
    gates
        What caps the band, whatever the score.
    missing
        Components that are missing: the others share their weight (``"renormalize"``), they count as 0 (``"zero"``),
        or there is no score (``"require"``).
    min_coverage
        The least share of the weight that must be present; below it the band is ``unknown``.
    among
        Whom it is about: a condition such as ``"revenue_end > 0 and is_active"``, None for everyone; by default
        those with revenue at the end, where a table has that column.

    >>> import svcmetrics as sm
    >>> retention = sm.Component(weight=1, floor=0.8, ceiling=1.2)
    >>> model = sm.HealthModel({"adoption_rate": 2, "net_revenue_retention": retention})
    >>> sm.HealthModel.from_toml(model.to_toml()) == model
    True

    Every error names its field.

    >>> try:
    ...     sm.HealthModel({"adoption_rate": 0})
    ... except sm.SvcMetricsError as error:
    ...     print(error)
    health model, components.adoption_rate.weight: found 0; expected a number above 0
    """

    def __init__(
        self,
        components: Mapping[str, Number | Component] | Mapping[str | Metric, Number | Component] | None = None,
        *,
        bands: Mapping[str, Number] | None = None,
        gates: Iterable[Gate] = (),
        missing: Literal["renormalize", "zero", "require"] = "renormalize",
        min_coverage: Number = 0.5,
        among: str | EllipsisType | None = ...,
    ) -> None:
        import json

        if components is None:
            standard = json.loads(_svcmetrics.HealthModel.standard().to_json())
            components = dict.fromkeys(standard["components"], 1)
        if isinstance(gates, Gate) or not isinstance(gates, Iterable):
            raise _wrong("gates", gates, "a list of gates")
        gates = list(gates)
        document: dict[str, Any] = {"missing": missing, "min_coverage": _number("min_coverage", min_coverage)}
        document["gates"] = [_gate(position, gate) for position, gate in enumerate(gates)]
        weights = _items("components", components, "a mapping of metrics to weights")
        own = [metric for metric in [*components, *(gate.metric for gate in gates)] if isinstance(metric, Metric)]
        document["components"] = {
            metric: {
                "weight": _number(f"components.{metric}.weight", component.weight),
                "floor": _finite(f"components.{metric}.floor", component.floor),
                "ceiling": _finite(f"components.{metric}.ceiling", component.ceiling),
            }
            if isinstance(component, Component)
            else _number(f"components.{metric}.weight", component)
            for metric, component in weights
        }
        if len(document["components"]) < len(weights):
            message = "health model, components: found a metric twice; expected each metric once"
            raise InvalidModelError(message, kind="invalid_model", expected="each metric once")
        document["metrics"] = _definitions_of(own)
        if bands is not None:
            document["bands"] = {
                name: _number(f"bands.{name}", threshold)
                for name, threshold in _items("bands", bands, "a mapping of names to numbers")
            }
        if among is not ...:
            document["among"] = "all" if among is None else among
        # What JSON cannot hold is no text either, and refused as such.
        self._native = _svcmetrics.HealthModel.from_json(json.dumps(document, default=lambda value: [repr(value)]))

    @classmethod
    def _of(cls, native: _svcmetrics.HealthModel) -> HealthModel:
        model = cls.__new__(cls)
        model._native = native
        return model

    @classmethod
    def from_toml(cls, text: str) -> HealthModel:
        """Reads a model from TOML: ``[components]`` and what departs from the default.

        >>> import svcmetrics as sm
        >>> sm.HealthModel.from_toml("[components]\\nadoption_rate = 1").components
        {'adoption_rate': Component(weight=Decimal('1'), floor=0.0, ceiling=1.0)}
        """
        return cls._of(_svcmetrics.HealthModel.from_toml(text_of("text", text)))

    def to_toml(self) -> str:
        """The model as TOML."""
        return self._native.to_toml()

    @classmethod
    def from_json(cls, text: str) -> HealthModel:
        """Reads a model from JSON, with the fields of TOML."""
        return cls._of(_svcmetrics.HealthModel.from_json(text_of("text", text)))

    def to_json(self) -> str:
        """The model as JSON."""
        return self._native.to_json()

    @property
    def id(self) -> str:
        """A name of the model: readable for the default one, a fingerprint for others."""
        return self._native.id()

    @property
    def _document(self) -> dict[str, Any]:
        import json

        document: dict[str, Any] = json.loads(self.to_json())
        return document

    @property
    def components(self) -> dict[str, Component]:
        """The components by metric."""
        return {
            metric: Component(Decimal(part["weight"]), part["floor"], part["ceiling"])
            for metric, part in self._document["components"].items()
        }

    @property
    def bands(self) -> dict[str, Decimal]:
        """The bands' thresholds, lowest first."""
        return {name: Decimal(threshold) for name, threshold in self._document["bands"].items()}

    @property
    def gates(self) -> list[Gate]:
        """The gates."""
        return [Gate(**gate) for gate in self._document["gates"]]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of one's own that it takes along.

        >>> import svcmetrics as sm
        >>> own = sm.metric("cases_per_license", numerator="cases", denominator="licenses_sold", better="lower")
        >>> model = sm.HealthModel({own: sm.Component(weight=1, floor=0.5, ceiling=0), "adoption_rate": 2})
        >>> sm.HealthModel.from_toml(model.to_toml()).metrics
        [<Metric cases_per_license = cases / licenses_sold>]
        """
        import json

        definitions = self._document.get("metrics", {})
        return [Metric.from_json(json.dumps({"id": metric, **fields})) for metric, fields in definitions.items()]

    def explain(self, values: Mapping[str, Number | _svcmetrics.Figure | None]) -> Explanation:
        """Scores one customer or group from the values of the metrics: what adds to the score, and what keeps it
        from 100.

        ``values`` are numbers or figures by metric, of the components and of the gates; one that is None, undefined
        or not given is missing.

        >>> import svcmetrics as sm
        >>> model = sm.HealthModel({"adoption_rate": 3, "renewal_commitment_rate": 1})
        >>> why = model.explain({"adoption_rate": 0.5, "renewal_commitment_rate": 1.0})
        >>> why.score, why.band, [part.lost for part in why.contributions]
        (Decimal('62.500000'), 'yellow', [Decimal('37.500000'), Decimal('0.000000')])

        Half of the weight at least must be there.

        >>> model.explain({"renewal_commitment_rate": 1.0}).band
        'unknown'
        """
        if not hasattr(values, "items"):
            raise InvalidOptionError.of("values", values, "a mapping of metrics to values")
        document = self._document
        reads = [*document["components"], *(gate["metric"] for gate in document["gates"])]
        known = {_metric_of(metric, reads): _value(metric, value) for metric, value in values.items()}
        score, band, coverage, parts = self._native.explain(known)
        contributions = [
            Contribution(metric, value, _points(points), _points(lost)) for metric, value, points, lost in parts
        ]
        return Explanation(_points(score), band, coverage, contributions)

    def __eq__(self, other: object) -> bool:
        return self._native == other._native if isinstance(other, HealthModel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return (HealthModel.from_json, (self.to_json(),))

    def __repr__(self) -> str:
        return f"<HealthModel {self._native}>"


def _metric_of(metric: object, reads: list[str]) -> str:
    if isinstance(metric, str) and metric in reads:
        return metric
    import difflib

    near = difflib.get_close_matches(str(metric), reads, n=1)
    guess = f" (did you mean '{near[0]}'?)" if near else ""
    raise MetricNotFoundError(
        f"no metric '{metric}'{guess} in the health model; there are: {', '.join(reads)}",
        kind="metric_not_found",
        metric=str(metric),
        hint=near[0] if near else None,
    )


def _value(metric: str, value: Any) -> float | None:
    if isinstance(value, _svcmetrics.Figure):
        value = value.value
    if value is None:
        return None
    try:
        if not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidOptionError.of(f"values[{metric!r}]", value, "a number, a figure or None")


def _id_of(metric: str | Metric) -> str:
    return metric.id if isinstance(metric, Metric) else metric


def _definitions_of(metrics: Iterable[Metric]) -> dict[str, Any]:
    """The fields of each by its id."""
    import json

    definitions: dict[str, Any] = {}
    for metric in dict.fromkeys(metrics):
        fields = json.loads(metric.to_json())
        if fields.pop("id") in definitions:
            message = f"metric '{metric.id}': there is a metric of that id; choose another"
            raise InvalidDefinitionError(message, kind="invalid_definition", metric=metric.id)
        definitions[metric.id] = fields
    return definitions


def _points(micros: int | None) -> Decimal | None:
    return None if micros is None else Decimal(micros).scaleb(-6)


class HealthScores(Frame):
    """The health of every customer, in the table's order, and the model as it fitted the table."""

    def __init__(self, native: _svcmetrics.Frame, model: HealthModel) -> None:
        super().__init__(native)
        self.model = model


def health_scores(
    table: Any,
    model: HealthModel | None = None,
    *,
    explain: bool = True,
    define: Iterable[Metric] | Metric = (),
    columns: Mapping[str, Any] | None = None,
    absent_revenue: Literal["zero", "missing"] | None = None,
    on_invalid: Literal["raise", "skip"] = "raise",
    money: Literal["auto", "exact", "round"] = "auto",
    scale: int = 6,
    nan: Literal["null", "error"] | None = None,
    csat_satisfied_from: Number | None = None,
    effort_scale: tuple[Number, Number] | None = None,
) -> HealthScores:
    """The health of every customer: a row each, in the table's order.

    Columns: ``customer_id`` where the table has it, ``score`` (0 to 100, null below the model's coverage), ``band``
    (``unknown`` without a score), ``coverage``, and with ``explain`` for each component ``<metric>_points``, which
    add up to the score. Customers that the model is not about have nulls throughout. The other parameters are those
    of :func:`scorecard`.

    >>> import numpy as np, svcmetrics as sm
    >>> table = {"customer_id": [7, 8, 9], "milestones_met": [3, 0, 1], "milestones_total": [4, 0, 4]}
    >>> sm.health_scores(table, sm.HealthModel({"adoption_rate": 1}))
    customer_id  score     band  coverage  adoption_rate_points
    ───────────  ─────  ───────  ────────  ────────────────────
              7     75    green         1                    75
              8      –  unknown         0                     –
              9     25      red         1                    25
    """
    found = incoming(table)
    options = options_for(
        found,
        define=define,
        columns=columns,
        health=model,
        absent_revenue=absent_revenue,
        on_invalid=on_invalid,
        money=money,
        scale=scale,
        nan=nan,
        csat_satisfied_from=csat_satisfied_from,
        effort_scale=effort_scale,
    )
    native, fitted = _svcmetrics.health_scores([found.source], options, bool(explain))
    return HealthScores(native, HealthModel._of(fitted))

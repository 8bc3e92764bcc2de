"""Customer support and customer success metrics, exact and mergeable.

Every metric is a ratio of two exact sums: row -> measure -> metric. ``scorecard`` computes them by group from any
frame, ``cases`` those of support cases, ``ledger`` follows recurring revenue over time, ``health_scores`` scores
customers, ``formulas`` has the same formulas on plain numbers, ``catalog`` the definitions.
"""

from __future__ import annotations

import warnings

from svcmetrics import _svcmetrics, errors, formulas
from svcmetrics._svcmetrics import Figure
from svcmetrics.attribute import Attribution
from svcmetrics.bins import Bins, bins
from svcmetrics.cases import cases
from svcmetrics.catalog import Catalog, Definition, MeasureDefinition, catalog
from svcmetrics.check import Check, check
from svcmetrics.compare import Changes
from svcmetrics.customers import scorecard
from svcmetrics.diagnostics import Diagnostics
from svcmetrics.errors import NearMissWarning, SvcMetricsError
from svcmetrics.explain import MetricReference, explain
from svcmetrics.frames import Frame
from svcmetrics.health import Component, Contribution, Explanation, Gate, HealthModel, HealthScores, health_scores
from svcmetrics.ledger import Ledger, ledger
from svcmetrics.metric import Metric, Sum, Term, count, metric, total
from svcmetrics.movements import movements
from svcmetrics.options import SourceColumn, column
from svcmetrics.reference import Reference, reference
from svcmetrics.relate import Relation, relate
from svcmetrics.retention import Retention
from svcmetrics.scorecard import Quality, Scorecard, merge
from svcmetrics.targets import Target, Targets

__version__: str = _svcmetrics.VERSION

__all__ = [
    "Attribution",
    "Bins",
    "Catalog",
    "Changes",
    "Check",
    "Component",
    "Contribution",
    "Definition",
    "Diagnostics",
    "Explanation",
    "Figure",
    "Frame",
    "Gate",
    "HealthModel",
    "HealthScores",
    "Ledger",
    "MeasureDefinition",
    "Metric",
    "MetricReference",
    "NearMissWarning",
    "Quality",
    "Reference",
    "Relation",
    "Retention",
    "Scorecard",
    "SourceColumn",
    "Sum",
    "SvcMetricsError",
    "Target",
    "Targets",
    "Term",
    "bins",
    "cases",
    "catalog",
    "check",
    "column",
    "count",
    "errors",
    "explain",
    "formulas",
    "health_scores",
    "ledger",
    "merge",
    "metric",
    "movements",
    "reference",
    "relate",
    "scorecard",
    "total",
]

if _svcmetrics.DEBUG:
    warnings.warn("svcmetrics was built without optimisation and will be slow", RuntimeWarning, stacklevel=2)

"""Customer support and customer success metrics, exact and mergeable.

Every metric is a ratio of two exact sums: row -> measure -> metric. ``scorecard`` computes them by group from any
frame, ``health_scores`` scores customers, ``formulas`` has the same formulas on plain numbers, ``catalog`` the
definitions.
"""

from __future__ import annotations

import warnings

from svcmetrics import _svcmetrics, errors, formulas
from svcmetrics._svcmetrics import Figure
from svcmetrics.bins import Bins, bins
from svcmetrics.catalog import Catalog, Definition, MeasureDefinition, catalog
from svcmetrics.check import Check, check
from svcmetrics.errors import NearMissWarning, SvcMetricsError
from svcmetrics.frames import Frame
from svcmetrics.health import Component, Contribution, Explanation, Gate, HealthModel, HealthScores, health_scores
from svcmetrics.options import SourceColumn, column
from svcmetrics.reference import Reference, reference
from svcmetrics.scorecard import Quality, Scorecard, merge, scorecard

__version__: str = _svcmetrics.VERSION

__all__ = [
    "Bins",
    "Catalog",
    "Check",
    "Component",
    "Contribution",
    "Definition",
    "Explanation",
    "Figure",
    "Frame",
    "Gate",
    "HealthModel",
    "HealthScores",
    "MeasureDefinition",
    "NearMissWarning",
    "Quality",
    "Reference",
    "Scorecard",
    "SourceColumn",
    "SvcMetricsError",
    "bins",
    "catalog",
    "check",
    "column",
    "errors",
    "formulas",
    "health_scores",
    "merge",
    "reference",
    "scorecard",
]

if _svcmetrics.DEBUG:
    warnings.warn("svcmetrics was built without optimisation and will be slow", RuntimeWarning, stacklevel=2)

"""What a table allows, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from svcmetrics import _svcmetrics
from svcmetrics.bins import Keys
from svcmetrics.frames import Frame
from svcmetrics.health import HealthModel
from svcmetrics.metric import Metric
from svcmetrics.options import Number, options_for
from svcmetrics.scorecard import Scorecard
from svcmetrics.tables import incoming


class Check(Frame):
    """What was found: a frame with a row for each finding, ``finding``, ``metric``, ``column``, ``row``, ``value``,
    ``expected`` and ``count`` (of all rows that it is about, of which the first thousand are named).

    Findings are the kinds of errors (``invalid_value``, ``duplicate_customer``, ``absent_revenue``, ...), and
    ``near_miss``, ``null`` and ``rounded``, which are none.
    """

    def __init__(self, native: _svcmetrics.Frame, card: _svcmetrics.Scorecard | None, clean: bool) -> None:
        super().__init__(native)
        self._card = None if card is None else Scorecard(card)
        #: Whether nothing was found that would be an error.
        self.ok = clean

    @property
    def measured(self) -> list[str]:
        """The metrics that the table's columns allow."""
        return [] if self._card is None else self._card.metrics

    @property
    def not_measured(self) -> dict[str, tuple[list[str], dict[str, list[str]]]]:
        """The others: by metric the missing columns, and the near misses of their names."""
        return {} if self._card is None else self._card.not_measured

    def __repr__(self) -> str:
        lines = [f"measured: {', '.join(self.measured) or 'nothing'}"]
        if self.not_measured:
            lines.append("not measured:")
            for metric, (missing, near) in self.not_measured.items():
                hints = "".join(f"; did you mean '{names[0]}' for '{ours}'?" for ours, names in near.items())
                lines.append(f"  {metric}: no {', '.join(missing)}{hints}")
        lines.append(super().__repr__() if len(self) else "nothing is wrong")
        return "\n".join(lines)


def check(
    table: Any,
    by: Keys | None = None,
    *,
    define: Iterable[Metric] | Metric = (),
    columns: Mapping[str, Any] | None = None,
    health: HealthModel | None = None,
    absent_revenue: Literal["zero", "missing"] | None = None,
    money: Literal["auto", "exact", "round"] = "auto",
    scale: int = 6,
    nan: Literal["null", "error"] | None = None,
    unique: str | Literal[False] | None = None,
    csat_satisfied_from: Number | None = None,
    effort_scale: tuple[Number, Number] | None = None,
) -> Check:
    """What a table allows and what is wrong with it: metrics measured and not, near misses of names, duplicates,
    invalid rows, nulls, rounding, with row numbers. The parameters are those of :func:`scorecard`.

    All of it is found at once: keys and columns that are not there, or there twice, several currencies and columns of
    the wrong type are findings as well, and the rest is told as far as it can be. Only what no table could mend is
    raised: an option that cannot be, a metric or a unit that there is not, something that is no table.

    >>> import numpy as np, svcmetrics as sm
    >>> found = sm.check({"milestones_met": np.array([5, 1]), "milestones_total": np.array([4, 4])})
    >>> found.ok, found.rows()[0][:5]
    (False, ('invalid_value', 'adoption_rate', 'milestones_met', 0, '5'))

    A clean table.

    >>> sm.check({"milestones_met": np.array([1]), "milestones_total": np.array([4])}).ok
    True
    """
    found = incoming(table)
    options = options_for(
        found,
        by=by,
        define=define,
        columns=columns,
        health=health,
        absent_revenue=absent_revenue,
        money=money,
        scale=scale,
        nan=nan,
        unique=unique,
        csat_satisfied_from=csat_satisfied_from,
        effort_scale=effort_scale,
    )
    return Check(*_svcmetrics.check([found.source], options))

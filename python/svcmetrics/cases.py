"""Cases: the metrics of support, from a table with a row a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from svcmetrics import _svcmetrics
from svcmetrics.bins import Keys
from svcmetrics.options import Money, Nan, OnInvalid, SourceColumn, options_for
from svcmetrics.scorecard import Scorecard, warn_of_near_misses
from svcmetrics.tables import incoming


def cases(
    table: Any,
    by: Keys | None = None,
    *,
    period: str | None = None,
    metrics: Iterable[str] | None = None,
    columns: Mapping[str, str | SourceColumn] | None = None,
    on_invalid: OnInvalid = "raise",
    money: Money = "auto",
    scale: int = 6,
    nan: Nan | None = None,
    unique: str | Literal[False] | None = None,
    quantiles: bool = False,
    totals: bool = False,
    max_groups: int = 10_000_000,
) -> Scorecard:
    """The metrics of a table of support cases, a row a case, by group.

    Columns, all optional: ``case_id``, ``channel``, ``issue_type``, ``access_point`` (of which there are mixes,
    :meth:`Scorecard.mix`), ``is_defect``, ``is_proactive``, ``is_documented``, ``self_resolved``, ``contacts``,
    ``reopened``, ``met_sla`` (null: the case has no target, and is outside), ``opened_at``, ``responded_at``,
    ``resolved_at`` (null: still open), ``cost``, ``csat_score``.

    Times are timestamps or dates (a day is its midnight) in any unit, all with a zone or all without; those without
    are taken as they stand. Between them are exact seconds, in microseconds; metrics show hours. Finer than a
    microsecond is rounded half to even and counted, whatever ``money`` says. A response or resolution before the
    opening is invalid, and a case without one is missing: it is counted beside the time, not in it.

    Parameters
    ----------
    table, by, period, metrics, columns, on_invalid, money, scale, nan, totals, max_groups
        As in :func:`scorecard`; the ids are those of the catalogue that begin with ``case_``.
    unique
        A column in which the rows of a group must differ; None: ``case_id`` where it is there and the table is in
        memory; False: no check.
    quantiles
        Whether the totals also hold how many cases took each whole number of seconds (rounded half to even). Only then
        the ``median`` and ``p90`` of times are there; without it they are undefined, ``not_mergeable``. They lie
        between two cases where numpy's default, linear interpolation, puts them, and stay exact when scorecards merge.

    Returns
    -------
    Scorecard
        Sorted by the keys. It is joined with one of customers (:meth:`Scorecard.join`), never added to it.

    Examples
    --------
    >>> import numpy as np, svcmetrics as sm
    >>> table = {
    ...     "opened_at": np.array(["2026-03-02T08", "2026-03-02T09", "2026-03-02T10"], dtype="datetime64[h]"),
    ...     "resolved_at": np.array(["2026-03-02T09", "2026-03-02T12", "2026-03-03T10"], dtype="datetime64[h]"),
    ...     "reopened": np.array([False, False, True]),
    ... }
    >>> card = sm.cases(table, quantiles=True)
    >>> card["case_time_to_resolution_median"], card["case_reopen_rate"]
    (<Figure 3.0 h>, <Figure 33.3 % (1 / 3)>)

    Seconds are divided by hours of 3600 seconds; a median is not to be had of totals that do not hold it.

    >>> card["case_time_to_resolution_mean"]
    <Figure 9.3 h (100800 / 10800)>
    >>> sm.cases(table)["case_time_to_resolution_median"].undefined_reason
    'not_mergeable'
    """
    found = incoming(table)
    options = options_for(
        found,
        by=by,
        period=period,
        metrics=metrics,
        columns=columns,
        on_invalid=on_invalid,
        money=money,
        scale=scale,
        nan=nan,
        unique=unique,
        quantiles=quantiles,
        max_groups=max_groups,
        subject="cases",
    )
    builder = _svcmetrics.Builder(options)
    builder.add(found.source)
    card = Scorecard(builder.finish(), totals)
    warn_of_near_misses(card)
    return card

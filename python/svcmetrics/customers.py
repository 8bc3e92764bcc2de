"""The scorecard of a table of customers, a row each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from svcmetrics import _svcmetrics
from svcmetrics.bins import Keys
from svcmetrics.health import HealthModel
from svcmetrics.metric import Metric
from svcmetrics.options import AbsentRevenue, Money, Nan, Number, OnInvalid, SourceColumn, identity_of, options_for
from svcmetrics.scorecard import Scorecard, warn_of_near_misses
from svcmetrics.tables import Incoming, incoming


def scorecard(
    table: Any,
    by: Keys | None = None,
    *,
    period: str | None = None,
    metrics: Iterable[str | Metric] | Metric | None = None,
    define: Iterable[Metric] | Metric = (),
    columns: Mapping[str, str | SourceColumn] | None = None,
    health: HealthModel | None = None,
    absent_revenue: AbsentRevenue | None = None,
    on_invalid: OnInvalid = "raise",
    money: Money = "auto",
    scale: int = 6,
    nan: Nan | None = None,
    unique: str | Literal[False] | None = None,
    spread: bool = False,
    csat_satisfied_from: Number | None = None,
    effort_scale: tuple[Number, Number] | None = None,
    quantiles: bool = False,
    totals: bool = False,
    scores: bool = False,
    max_groups: int = 10_000_000,
) -> Scorecard:
    """The metrics of a table, a row a customer, by group.

    Every metric is a quotient of two exact sums over the rows that are complete and valid for it; groups' rates come
    from their sums and are never averages of rates.

    Parameters
    ----------
    table
        Anything with ``__arrow_c_stream__`` (polars, pyarrow, DuckDB, readers), a pandas frame or GroupBy (its keys are
        ``by``), a mapping of names to numpy arrays. Streams are read batch by batch.
    by
        Key columns: text, categories, whole numbers, booleans, dates, times; :func:`bins` of other numbers. A null key
        is a group of its own, last.
    period
        Which key is time: stocks do not add over it. By default a key named ``period``.
    metrics
        Ids, and metrics of one's own (:func:`metric`); all that the columns allow where None. Asking for one whose
        columns are missing is an error.
    define
        Metrics of one's own beside those of the catalogue, for ``metrics=None`` or to be named in ``metrics``.
    columns
        ``{ours: theirs}``; :func:`column` gives a unit.
    health
        A :class:`HealthModel`; the default one that fits the table where None.
    absent_revenue
        What a null means where exactly one of ``revenue_start`` and ``revenue_end`` is null: ``"zero"`` (not there
        yet, or no longer) or ``"missing"``. Without it such rows are an error, since missing would drop exactly the
        churn.
    on_invalid
        ``"raise"`` names column, row and value; ``"skip"`` leaves invalid rows out of the metrics that read them and
        counts them.
    money, scale
        Numbers are held with at most ``scale`` decimal places. ``"auto"``: a float that is no such decimal is
        rounded half to even and counted, a decimal is refused; ``"exact"``: both are refused; ``"round"``: both are
        rounded and counted.
    nan
        ``"null"``: NaN is missing; ``"error"``; None: missing in pandas and numpy, an error elsewhere.
    unique
        A column in which the rows of a group must differ; None: ``customer_id`` where it is there and the table is
        in memory; False: no check.
    spread
        Whether sums of squares and products of rows are kept beside the totals, exactly, so that all shares, ratios and
        means have intervals, with customers as the unit; cards with and without do not merge.
    csat_satisfied_from
        From which ``csat_score`` on an answer is satisfied; ``csat`` is measured only where it is given.
    effort_scale
        The ``effort_score`` of the hardest and of the easiest, such as ``(1, 7)``; the ``ces_`` metrics are measured
        only where it is given.
    quantiles
        Whether the totals also hold how often each value occurs, where a metric is a quantile: no built-in metric of
        customers is one, those of :func:`cases` are.
    totals
        Whether frames get the row over all groups, as :meth:`Scorecard.with_totals`.
    scores
        Whether the health of each customer is kept as well, as :func:`health_scores` without ``explain`` gives it:
        :attr:`Scorecard.scores`. Both come of one pass over the table, which may be a stream that can be read only
        once. ``customer_health`` must be among the metrics.
    max_groups
        The most groups that there may be; checked before memory is taken.

    Returns
    -------
    Scorecard
        Sorted by the keys.

    Examples
    --------
    >>> import numpy as np, svcmetrics as sm
    >>> table = {
    ...     "region": np.array(["north", "north", "south"]),
    ...     "revenue_start": np.array([100.0, 80.0, 50.0]),
    ...     "revenue_end": np.array([110.5, 0.0, 50.0]),
    ... }
    >>> sm.scorecard(table, by="region", metrics=["customer_churn_rate", "net_revenue_retention"])
    region  rows  customer_churn_rate  net_revenue_retention
    ──────  ────  ───────────────────  ─────────────────────
    north      2               50.0 %                 61.4 %
    south      1                0.0 %                100.0 %

    Nobody was there at the start: undefined, not 0.

    >>> card = sm.scorecard({"revenue_start": np.array([0]), "revenue_end": np.array([10])})
    >>> card["customer_churn_rate"].undefined_reason
    'none_in_scope'
    """
    found = incoming(table)
    if by is None:
        by = found.by
    if unique is None:
        unique = identity_of(found, "customer_id", columns)
    asked = (
        found.nan_is_missing,
        by,
        period,
        metrics,
        define,
        columns,
        health,
        absent_revenue,
        on_invalid,
        money,
        scale,
        nan,
        unique,
        spread,
        csat_satisfied_from,
        effort_scale,
        quantiles,
        max_groups,
    )
    if scores:
        native, of_rows = _svcmetrics.scorecard_with_scores([found.source], _options(found, asked))
        card = Scorecard(native, totals, of_rows)
    else:
        card = Scorecard(_svcmetrics.scorecard(found, asked, _options), totals)
    warn_of_near_misses(card)
    return card


#: What is asked, in its order.
_ASKED = (
    "by",
    "period",
    "metrics",
    "define",
    "columns",
    "health",
    "absent_revenue",
    "on_invalid",
    "money",
    "scale",
    "nan",
    "unique",
    "spread",
    "csat_satisfied_from",
    "effort_scale",
    "quantiles",
    "max_groups",
)


def _options(found: Incoming, asked: tuple[Any, ...]) -> dict[str, Any]:
    """The options, where the same was not asked of a table with the same columns a moment ago."""
    return options_for(found, **dict(zip(_ASKED, asked[1:], strict=True)))

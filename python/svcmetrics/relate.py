"""Relations: whether two metrics go together, over customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svcmetrics import _svcmetrics
from svcmetrics.bins import Keys
from svcmetrics.errors import InvalidOptionError
from svcmetrics.frames import Frame
from svcmetrics.health import HealthModel
from svcmetrics.options import AbsentRevenue, Money, Nan, Number, OnInvalid, SourceColumn, options_for
from svcmetrics.tables import incoming


class Relation(Frame):
    """How two metrics go together over customers: correlations by group, and :attr:`lift` by quantile.

    Columns: the keys, ``x`` and ``y`` (the metrics), ``customers`` (for whom both are defined), ``left_out``, and of
    those ``x_undefined``, ``y_undefined``, ``both_undefined``; ``pearson`` and ``spearman``, each with ``_low`` and
    ``_high``; ``undefined_reason``: ``too_few_customers`` (fewer than three), ``no_variance_of_x``,
    ``no_variance_of_y``.
    """

    def __init__(self, native: _svcmetrics.Frame, lift: Frame, x: str, y: str, level: float) -> None:
        super().__init__(native)
        #: A row a group and quantile of x: ``quantile``, ``x_low``, ``x_high``, ``customers``, ``mean`` of y, ``lift``,
        #: ``low``, ``high``, ``undefined_reason`` (``no_customers``, ``mean_is_zero``).
        self.lift = lift
        #: The metrics, and the level of the intervals.
        self.x, self.y, self.level = x, y, level


def _require(fits: bool, option: str, found: object, expected: str) -> None:
    if not fits:
        message = f"{option}: found {found!r}; expected {expected}"
        raise InvalidOptionError(message, kind="invalid_option", value=repr(found), expected=expected)


def relate(
    table: Any,
    x: str,
    y: str,
    *,
    by: Keys | None = None,
    quantiles: int = 4,
    level: float = 0.95,
    columns: Mapping[str, str | SourceColumn] | None = None,
    health: HealthModel | None = None,
    absent_revenue: AbsentRevenue | None = None,
    on_invalid: OnInvalid = "raise",
    money: Money = "auto",
    scale: int = 6,
    nan: Nan | None = None,
    csat_satisfied_from: Number | None = None,
    effort_scale: tuple[Number, Number] | None = None,
    max_groups: int = 10_000_000,
) -> Relation:
    """Whether two metrics go together over customers: correlation, and lift by quantile, with intervals.

    Each row is a customer, and a group of one: both metrics are evaluated on it, ``health`` and ``customer_health`` as
    its own score. Customers for whom a metric is undefined are left out and counted. What is found says nothing of
    causes.

    Parameters
    ----------
    table, by, columns, health, absent_revenue, on_invalid, money, scale, nan
        As of :func:`scorecard`; also ``csat_satisfied_from``, ``effort_scale`` and ``max_groups``. Of a stream, two
        numbers a row are kept.
    x, y
        Ids of metrics. The quantiles are those of ``x``; what they lift is ``y``.
    quantiles
        How many, from 2 to 1000, with as nearly equally many customers as ties allow: customers of one x stay
        together, in the quantile of their mean rank, and a quantile may be empty.
    level
        Of the intervals, between 0 and 1.

    Returns
    -------
    Relation
        A frame with a row a group, and :attr:`Relation.lift`. ``pearson`` is Pearson's r with Fisher's interval
        (``atanh(r)`` plus and minus z / sqrt(n - 3)); ``spearman`` the correlation of the ranks, with the standard
        error sqrt((1 + r^2 / 2) / (n - 3)) of Bonett and Wright; of three customers both intervals are -1 to 1.
        ``lift`` is the mean y of a quantile over the mean y of all; its interval is that of the quantile's mean
        (normal, from its standard deviation; none of one customer) over the mean of all, taken as it is. These are
        statistics in float64, not exact measures; rows in the same order give the same bits.

    Examples
    --------
    >>> import svcmetrics as sm
    >>> table = {"milestones_met": [0, 1, 2, 3, 4, None], "milestones_total": [4] * 6}
    >>> table["engagements"] = [1, 3, 2, 5, 9, 4]
    >>> relation = sm.relate(table, "adoption_rate", "engagements_per_customer", quantiles=2)
    >>> (row,) = relation
    >>> row["customers"], row["x_undefined"], round(row["pearson"], 3), round(row["spearman"], 3)
    (5, 1, 0.9, 0.9)
    >>> [(row["x_low"], row["x_high"], row["customers"], row["lift"]) for row in relation.lift]
    [(0.0, 0.25, 2, 0.5), (0.5, 1.0, 3, 1.3333333333333333)]

    Two customers have no correlation.

    >>> pair = {name: values[:2] for name, values in table.items()}
    >>> (row,) = sm.relate(pair, "adoption_rate", "engagements_per_customer")
    >>> row["pearson"], row["undefined_reason"]
    (None, 'too_few_customers')
    """
    _require(isinstance(x, str), "x", x, "the id of a metric")
    _require(isinstance(y, str), "y", y, "the id of a metric")
    # Only what the core can be told: it knows the limits.
    whole = isinstance(quantiles, int) and not isinstance(quantiles, bool) and 0 <= quantiles < 1 << 32
    _require(whole, "quantiles", quantiles, "a whole number from 2 to 1000")
    _require(isinstance(level, float), "level", level, "a number between 0 and 1, such as 0.95")
    found = incoming(table)
    options = options_for(
        found,
        by=by,
        columns=columns,
        health=health,
        absent_revenue=absent_revenue,
        on_invalid=on_invalid,
        money=money,
        scale=scale,
        nan=nan,
        csat_satisfied_from=csat_satisfied_from,
        effort_scale=effort_scale,
        max_groups=max_groups,
    )
    correlations, lift = _svcmetrics.relate(found.source, options, x, y, quantiles, level)
    return Relation(correlations, Frame(lift), x, y, level)

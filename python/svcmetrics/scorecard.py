"""Scorecards: exact totals by group, read as metrics."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

from svcmetrics import _svcmetrics, render
from svcmetrics.attribute import Attribution
from svcmetrics.bins import Keys
from svcmetrics.compare import Changes
from svcmetrics.diagnostics import Diagnostics
from svcmetrics.errors import InvalidOptionError, NearMissWarning, NotIterableError
from svcmetrics.frames import Amounts, Frame
from svcmetrics.health import HealthModel, HealthScores
from svcmetrics.metric import Metric
from svcmetrics.options import Number, listed, names_of, options_for, text_of
from svcmetrics.stored import Stored
from svcmetrics.tables import incoming, key_value
from svcmetrics.targets import Targets

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def warn_of_near_misses(card: Scorecard) -> None:
    """One warning for all names that come near a column that was wanted."""
    if card._native.has_near_misses():
        near = {ours: names for _, misses in card.not_measured.values() for ours, names in misses.items()}
        pairs = ", ".join(f"'{names[0]}' for '{ours}'" for ours, names in near.items())
        metrics = [metric for metric, (_, names) in card.not_measured.items() if names]
        warnings.warn(
            f"not measured for want of a column of nearly the same name: {', '.join(metrics)}; did you mean {pairs}? "
            "columns={ours: theirs} maps names",
            NearMissWarning,
            stacklevel=3,
        )


class Quality(NamedTuple):
    """How complete the data behind a scorecard is."""

    #: All rows.
    rows: int
    #: By metric: ``counted``, ``missing``, ``invalid``, ``outside``, ``rounded`` and ``largest_rounding``.
    metrics: dict[str, dict[str, float]]


class Scorecard(Stored):
    """Exact totals by group, and the definitions that read them as metrics.

    Scorecards of parts merge by adding, to the same bits as the whole.

    >>> import numpy as np, svcmetrics as sm
    >>> def part(met):
    ...     return sm.scorecard({"milestones_met": np.array([met]), "milestones_total": np.array([4])})
    >>> both = part(1) + part(4)
    >>> both["adoption_rate"]
    <Figure 62.5 % (5 / 8)>

    A table without rows has a complete result, and says why there is nothing in it.

    >>> none = {"milestones_met": np.array([], dtype=int), "milestones_total": np.array([], dtype=int)}
    >>> sm.scorecard(none)["adoption_rate"].undefined_reason
    'no_rows'
    """

    _core = _svcmetrics.Scorecard
    _native: _svcmetrics.Scorecard

    def __init__(
        self, native: _svcmetrics.Scorecard, totals: bool = False, scores: _svcmetrics.Frame | None = None
    ) -> None:
        super().__init__(native)
        self._scores = scores
        # At once, so that groups that do not add up are an error here and not where the card is shown.
        self._total = native.rollup([]) if totals else None

    def with_totals(self, totals: bool = True) -> Scorecard:
        """The same scorecard, whose frames have the row over all groups as the last: what :meth:`rollup` gives.

        Its keys are null, as a group's may be; so frames have a column ``is_total`` after the keys. Without keys the
        one row is the total. The wide and the tidy frame and what is printed show it, roll-ups, merges, joins and
        copies keep it, and nothing else knows of it: ``len()``, ``card[metric]``, :meth:`measures`, :meth:`reasons`,
        :meth:`mix`, ``==`` and JSON are about the groups. Stocks over a key that is time are undefined there, as in a
        roll-up; amounts of several currencies are an error.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"plan": ["a", "b", None], "is_new": [True, True, True], "onboarded": [True, False, True]}
        >>> card = sm.scorecard(table, by="plan", totals=True)
        >>> card
        plan   rows  onboard_rate
        ─────  ────  ────────────
        a         1       100.0 %
        b         1         0.0 %
        null      1       100.0 %
        total     3        66.7 %
        >>> card.wide().columns, card.wide().rows()[-1]
        (['plan', 'is_total', 'rows', 'onboard_rate'], (None, True, 3, 0.6666666666666666))

        Nothing is left of time.

        >>> months = {"period": ["2026-01", "2026-02"], "revenue_start": [100, 120], "revenue_end": [120, 130]}
        >>> card = sm.scorecard(months, by="period", metrics=["revenue_end", "revenue_expansion"], totals=True)
        >>> card.wide().rows()[-1]
        (None, True, 2, None, Decimal('30.000000'))
        """
        return Scorecard(self._native, totals, self._scores)

    @property
    def _totals(self) -> bool:
        return self._total is not None

    @property
    def metrics(self) -> list[str]:
        """The ids of the metrics, in the catalogue's order; those that are mixes stand in no table (:meth:`mix`)."""
        return self._native.metrics()

    @property
    def not_measured(self) -> dict[str, tuple[list[str], dict[str, list[str]]]]:
        """What the table's columns do not allow: by metric the missing columns, and the near misses of their names."""
        return {
            metric: ([ours for ours, _ in missing], {ours: near for ours, near in missing if near})
            for metric, missing in self._native.not_measured().items()
        }

    @property
    def keys(self) -> list[str]:
        """The key columns."""
        return self._native.keys()

    @property
    def period(self) -> str | None:
        """The key that is time, if one is."""
        return self._native.period()

    @property
    def unique(self) -> Literal["checked", "unknown"]:
        """Whether customers, or cases, were checked for duplicates; not known after a merge or a roll-up."""
        return "checked" if self._native.unique_checked() else "unknown"

    @property
    def quality(self) -> Quality:
        """Rows, and per metric how many were counted, missing, invalid, outside and rounded."""
        return Quality(*self._native.quality())

    @property
    def ledger(self) -> Diagnostics | None:
        """What the ledger was made of whose movements these are, all parts together; None of other scorecards,
        and where totals or some of the segments are all there is.

        >>> import svcmetrics as sm
        >>> table = {"customer_id": [7, 7], "month": ["2026-01", "2026-03"], "revenue": [50, 70]}
        >>> sm.ledger(table).movements().ledger.gaps
        1
        >>> sm.scorecard({"is_new": [True], "onboarded": [True]}).ledger
        """
        found = self._native.ledger()
        return None if found is None else Diagnostics(*found)

    @property
    def health_model(self) -> HealthModel | None:
        """The health model, where health was computed: the default one as it fits the table."""
        native = self._native.health_model()
        return None if native is None else HealthModel._of(native)

    @property
    def scores(self) -> HealthScores | None:
        """The health of every customer, where it was kept (:func:`scorecard` with ``scores=True``): a row each, in the
        table's order. It belongs to the rows: what is merged, rolled up, joined, copied or stored is
        without it.

        >>> import svcmetrics as sm
        >>> table = {"plan": ["basic", "pro", "pro"], "milestones_met": [3, 1, 2], "milestones_total": [4, 4, 4]}
        >>> model = sm.HealthModel({"adoption_rate": 1})
        >>> card = sm.scorecard(table, by="plan", metrics=["customer_health", "red_share"], health=model, scores=True)
        >>> card
        plan   rows  customer_health  red_share
        ─────  ────  ───────────────  ─────────
        basic     1             75.0      0.0 %
        pro       2             37.5     50.0 %
        >>> card.scores
        score    band  coverage
        ─────  ──────  ────────
           75   green         1
           25     red         1
           50  yellow         1
        >>> card.rollup().scores
        """
        model = self.health_model
        return None if self._scores is None or model is None else HealthScores(self._scores, model)

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self._native)

    def __getitem__(self, metric: str) -> Any:
        """The figure of a metric where there are no keys, else a figure by key (a tuple of several keys). A mix has
        figures by value in place of one.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"plan": ["a", "b"], "is_new": [True, True], "onboarded": [True, False]}
        >>> sm.scorecard(table, by="plan")["onboard_rate"]
        {'a': <Figure 100.0 % (1 / 1)>, 'b': <Figure 0.0 % (0 / 1)>}
        >>> sm.cases({"channel": ["chat", "phone", "chat"]})["case_channel_share"]
        {'chat': <Figure 66.7 % (2 / 3)>, 'phone': <Figure 33.3 % (1 / 3)>}
        """
        if not isinstance(metric, str):
            raise InvalidOptionError.of("metric", metric, "the id of a metric")
        native = self._native
        figures = native.shares(metric) if metric in native.mixes() else native.figures(metric)
        if not self.keys:
            return figures[0]
        groups = native.groups()
        return dict(zip([group[0] if len(self.keys) == 1 else group for group in groups], figures, strict=True))

    def __contains__(self, metric: object) -> bool:
        """Whether there is such a metric, for ``card[metric]`` to give its figures; keys' values are not looked at.

        >>> import svcmetrics as sm
        >>> card = sm.scorecard({"plan": ["a", "b"], "is_new": [True, True], "onboarded": [True, False]}, by="plan")
        >>> "onboard_rate" in card, "nps" in card, "a" in card
        (True, False, False)
        """
        return metric in self.metrics

    def __iter__(self) -> NoReturn:
        """An error: a scorecard has metrics and groups, and neither goes without saying.

        >>> import svcmetrics as sm
        >>> card = sm.scorecard({"plan": ["a", "b"], "is_new": [True, True], "onboarded": [True, False]}, by="plan")
        >>> try:
        ...     list(card)
        ... except TypeError as error:
        ...     print(error)
        a scorecard is not iterable; use card.metrics for the ids, card.wide() for the groups or card.tidy() for both
        >>> card.metrics, [row["plan"] for row in card.wide()]
        (['onboard_rate'], ['a', 'b'])
        """
        message = "use card.metrics for the ids, card.wide() for the groups or card.tidy() for both"
        raise NotIterableError(f"a scorecard is not iterable; {message}", kind="not_iterable", hint="card.metrics")

    def wide(self) -> Frame:
        """A row a group, sorted by the keys' values: keys, ``rows``, then a column per metric."""
        return Frame(self._native.wide(self._totals))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The wide table as an Arrow stream, in a capsule."""
        return self._native.wide(self._totals).__arrow_c_stream__(requested_schema)

    def to_polars(self) -> polars.DataFrame:
        """The wide table as a polars frame."""
        return self.wide().to_polars()

    def to_arrow(self) -> pyarrow.Table:
        """The wide table as a pyarrow table."""
        return self.wide().to_arrow()

    def to_pandas(self, amounts: Amounts = "float") -> pandas.DataFrame:
        """The wide table as a pandas frame; ``amounts="decimal"`` gives exact objects instead of float64."""
        return self.wide().to_pandas(amounts)

    def tidy(self, *, level: float = 0.95) -> Frame:
        """A row a group and metric: keys, ``metric``, ``value``, ``numerator``, ``denominator``, ``counted``,
        ``missing``, ``invalid``, ``outside``, ``rounded``, ``undefined_reason``, ``low``, ``high``.

        Amounts stand in ``numerator``, with a null ``denominator``; scores made of other metrics, and differences,
        have neither. ``low`` and ``high`` are the ends of the confidence interval at ``level``, as of
        :meth:`Figure.interval`, null where there is none.

        >>> import numpy as np, svcmetrics as sm
        >>> card = sm.scorecard({"is_new": np.array([True] * 4), "onboarded": np.array([True] * 3 + [False])})
        >>> [f"{row['low']:.4f} {row['high']:.4f}" for row in card.tidy(level=0.9)]
        ['0.3562 0.9421']
        """
        return Frame(self._native.tidy(level, self._totals))

    def against(self, targets: Targets) -> Frame:
        """How the figures stand to targets: keys, ``metric``, ``value``, ``at_least``, ``at_most``, ``warn``,
        ``status`` and ``gap``, a row a group and target.

        ``status`` is ``met``, ``near`` (missed, but within ``warn``), ``missed``, or ``unknown`` where the figure is
        undefined or the metric in :attr:`not_measured`. Quotients and amounts are compared exactly, never as floats.
        ``gap`` is the value less the mark; between two marks the one that is not kept, or else the nearer one.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"plan": ["a", "a", "b"], "is_new": [True, True, False], "onboarded": [True, False, False]}
        >>> card = sm.scorecard(table, by="plan", metrics=["onboard_rate"])
        >>> card.against(sm.Targets({"onboard_rate": sm.Target(at_least=0.6, warn=0.5)}))
        plan        metric  value  at_least  at_most  warn   status   gap
        ────  ────────────  ─────  ────────  ───────  ────  ───────  ────
           a  onboard_rate    0.5       0.6        –   0.5     near  -0.1
           b  onboard_rate      –       0.6        –   0.5  unknown     –

        A target for a metric that was not asked for is an error.

        >>> try:
        ...     card.against(sm.Targets({"adoption_rate": 0.9}))
        ... except sm.SvcMetricsError as error:
        ...     print(error)
        no metric 'adoption_rate'; there are: onboard_rate
        """
        if not isinstance(targets, Targets):
            raise InvalidOptionError.of("targets", targets, "Targets")
        return Frame(targets._native.of(self._native))

    def trend(self, metrics: str | Iterable[str] | None = None) -> Frame:
        """Figures beside those of the period before and of a year before: keys, ``metric``, ``value``, ``previous``,
        ``change``, ``year_before``, ``change_on_year``, ``change_of_change`` (the change less the previous period's)
        and ``direction``, a row a group and metric.

        The key that is time (:attr:`period`) holds periods: text such as ``2026-03``, ``2026-Q1``, ``2026``,
        ``FY2026-Q1``, whole years, or dates and times that are first days of months, each its month; times of a zone
        other than UTC are refused, ``df["period"].dt.tz_localize(None)`` makes them plain. The period before is the
        calendar's, never just the row before: where it is not there, nothing is compared, and the cells
        are null. Differences are exact and rounded once. ``direction`` is ``better``, ``worse`` or ``flat`` by the
        metric's direction, ``up`` or ``down`` where neither is better. Of a ledger's movements there is ``complete``,
        too: False where the data ends inside the period, which is then not to be compared with a whole one.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"period": ["2026-01", "2026-02", "2026-04"], "cases": [10, 10, 10], "defect_cases": [1, 3, 2]}
        >>> frame = sm.scorecard(table, by="period").trend("defect_share")
        >>> [(row["period"], row["previous"], row["change"], row["direction"]) for row in frame]
        [('2026-01', None, None, None), ('2026-02', 0.1, 0.2, 'worse'), ('2026-04', None, None, None)]

        Without a key that is time there is no trend.

        >>> try:
        ...     sm.scorecard(table).trend()
        ... except sm.SvcMetricsError as error:
        ...     print(error)
        period: found none; expected a key that is time: one that is named 'period', or that period=... names
        """
        ids = None if metrics is None else listed("metrics", metrics)
        return Frame(_svcmetrics.trend(self._native, ids))

    def measures(self) -> Frame:
        """Keys and exact totals, columns named by the catalogue's measure ids.

        :meth:`from_measures` reads them back, but for quantiles, mixes and what ``spread=True`` keeps: how often each
        value occurs, and how values differ, is stored by :meth:`to_json` alone. A joined scorecard counts each side's
        own rows, and is not read back as one.
        """
        return Frame(self._native.measures())

    def reasons(self, of: Literal["loss", "gain"]) -> Frame:
        """Why revenue was lost or gained: a row a group and reason, sorted by the keys, then the reason, null last.

        Keys, ``reason``; ``amount`` (of ``revenue_lost`` or ``revenue_added``, in rows of that reason), ``customers``
        (rows with a loss or gain), ``share`` (of the group's amount: a group's shares add up to 1), ``avoidable`` (the
        amount of losses marked avoidable, of rows that have a reason and say so; null where none does). A loss without
        a reason stands under the reason null, so the amounts add up to the group's. They merge, roll up and go to JSON
        with the scorecard; :meth:`measures` does not hold them.

        Of a ledger's movements they are reasons of its lines (:meth:`Ledger.movements`), customers are those that
        moved.

        The table must have ``loss_reason`` (or ``gain_reason``), and ``revenue_lost`` (or ``revenue_added``) be among
        the metrics asked for; for ``avoidable`` also ``avoidable_loss_share``.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {
        ...     "revenue_start": np.array([100, 50, 80]),
        ...     "revenue_end": np.array([0, 40, 50]),
        ...     "loss_reason": ["price", "price", None],
        ... }
        >>> sm.scorecard(table).reasons("loss").to_pandas()
          reason  amount  customers     share  avoidable
        0  price   110.0          2  0.785714        NaN
        1    NaN    30.0          1  0.214286        NaN

        Nobody asked why.

        >>> sm.scorecard(table).reasons("gain")
        Traceback (most recent call last):
        svcmetrics.errors.ColumnNotFoundError: no column 'gain_reason'
        """
        return Frame(self._native.reasons(text_of("of", of)))

    def mix(self, metric: str) -> Frame:
        """What cases are made up of, by a mix such as ``case_channel_share``: a row a group and value, sorted by both.

        Keys, ``value``, ``cases`` (how many of the group's have it), ``share`` (of those in which the column is not
        null: a group's shares add up to 1). A case in which it is null is outside, and a group of only such cases has
        no row. Mixes merge, roll up, also over time, and go to JSON with the scorecard; what has a figure a group
        (:meth:`wide`, :meth:`tidy`, :meth:`trend`, :meth:`compare`) leaves them out, and :meth:`measures` holds only
        how many cases they are of. ``card[metric]`` gives the shares as figures; their intervals are Wilson's.

        >>> import svcmetrics as sm
        >>> card = sm.cases({"team": ["a", "a", "a", "b"], "channel": ["chat", "phone", "chat", None]}, by="team")
        >>> card.mix("case_channel_share")
        team  value  cases     share
        ────  ─────  ─────  ────────
           a   chat      2  0.666667
           a  phone      1  0.333333

        The table had no such column.

        >>> try:
        ...     card.mix("case_issue_type_share")
        ... except sm.SvcMetricsError as error:
        ...     print(error)
        case_issue_type_share: no column 'issue_type'
        """
        if not isinstance(metric, str):
            raise InvalidOptionError.of("metric", metric, "the id of a mix")
        return Frame(self._native.mix(metric))

    @classmethod
    def from_measures(
        cls,
        frame: Any,
        *,
        by: Keys | None = None,
        period: str | None = None,
        health: HealthModel | None = None,
        scale: int = 6,
        define: Iterable[Metric] | Metric = (),
        csat_satisfied_from: Number | None = None,
        effort_scale: tuple[Number, Number] | None = None,
        currency: str | None = None,
        unit: Literal["month", "year"] | None = None,
    ) -> Scorecard:
        """The scorecard of exact totals, from any frame; rows of one group are added up. What was defined has to be
        defined again, since totals alone do not say what they are of.

        What the totals do not say is given as it was to :func:`scorecard`: ``period``, ``health``, ``scale``,
        ``csat_satisfied_from`` and ``effort_scale``; ``currency`` is that of the amounts, or the key that says it where
        it is not called ``currency``; ``unit`` is that of :meth:`Ledger.movements`, and must be given for a ledger's
        totals. How a ledger was read they do not say either: a merge takes on trust that it was alike. A column that is
        neither key nor total is an error.

        >>> import svcmetrics as sm, numpy as np
        >>> card = sm.scorecard({"is_new": np.array([True]), "onboarded": np.array([True])})
        >>> sm.Scorecard.from_measures(card.measures())["onboard_rate"]
        <Figure 100.0 % (1 / 1)>

        Totals that no rows add up to are refused.

        >>> totals = card.measures().to_polars().with_columns(onboarded_customers=2)
        >>> try:
        ...     sm.Scorecard.from_measures(totals)
        ... except sm.SvcMetricsError as error:
        ...     print(error.kind)
        invalid_document
        """
        options = options_for(
            by=by,
            period=period,
            health=health,
            scale=scale,
            define=define,
            csat_satisfied_from=csat_satisfied_from,
            effort_scale=effort_scale,
        )
        return cls(_svcmetrics.from_measures(incoming(frame).source, {**options, "currency": currency, "unit": unit}))

    def rollup(self, by: str | Sequence[str] | None = None) -> Scorecard:
        """Coarser groups, exact, no rows needed; without ``by`` everything. Rolling time away leaves stocks undefined.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"period": np.array(["2026-01", "2026-02"]), "revenue_start": [100, 120], "revenue_end": [120, 130]}
        >>> year = sm.scorecard(table, by="period").rollup()
        >>> year["revenue_expansion"].value, year["revenue_end"].undefined_reason
        (Decimal('30'), 'not_additive_over_time')
        """
        keys = names_of([] if by is None else by)
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise InvalidOptionError.of("by", by, "names of keys")
        return Scorecard(self._native.rollup(keys), self._totals)

    def at(self, value: Any, key: str | None = None) -> Scorecard:
        """The groups in which a key has that value, without the key; where none is named, the one that is time.

        Of one period nothing is rolled up over time, so that stocks stay what they are. Two periods of a card are
        compared, or the change between them attributed, by taking out each.

        >>> import svcmetrics as sm
        >>> table = {"customer_id": [7, 8, 7, 8], "month": ["2026-01", "2026-01", "2026-02", "2026-02"]}
        >>> table |= {"revenue": [50, 20, 40, 20], "plan": ["basic", "pro", "basic", "pro"]}
        >>> card = sm.ledger(table, by="plan").movements(by="plan")
        >>> now, before = card.at("2026-02"), card.at("2026-01")
        >>> now["revenue_end"]
        {'basic': <Figure 40.00 (480 / 12)>, 'pro': <Figure 20.00 (240 / 12)>}
        >>> [(row["plan"], row["difference"]) for row in now.compare(before, metrics="revenue_end")]
        [('basic', -10.0), ('pro', 0.0)]

        A day or a time is named by any value that is the same, or by its text; one of a zone by that of UTC.

        >>> import datetime
        >>> days = [datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)]
        >>> by_day = sm.scorecard({"day": days, "cases": [4, 5], "defect_cases": [1, 2]}, by="day")
        >>> [by_day.at(value, "day")["defect_share"].value for value in (days[1], "2026-02-01")]
        [0.4, 0.4]

        Stocks of two periods are not added up, and a value that no group has is an error.

        >>> for wrong in (lambda: now + before, lambda: card.at("2026-03")):
        ...     try:
        ...         wrong()
        ...     except sm.SvcMetricsError as error:
        ...         print(error)
        the scorecards differ in the period that their stocks are of: 2026-02 and 2026-01
        value: found 2026-03; expected a value of 'period': 2026-01, 2026-02
        """
        if not isinstance(key, str | None):
            raise InvalidOptionError.of("key", key, "the name of a key")
        return Scorecard(self._native.at(key_value(value), key), self._totals)

    def __add__(self, other: Scorecard) -> Scorecard:
        """This and a scorecard of other rows, as :func:`merge`."""
        if not isinstance(other, Scorecard):
            return NotImplemented
        return Scorecard(self._native.merge(other._native, False), self._totals or other._totals)

    def join(self, other: Scorecard) -> Scorecard:
        """This and a scorecard of a table of other things, side by side on equal keys: the metrics of both for each
        group of either. They are never added; both having a metric is an error.

        >>> import numpy as np, svcmetrics as sm
        >>> one = sm.scorecard({"is_new": np.array([True]), "onboarded": np.array([True])}, metrics=["onboard_rate"])
        >>> two = sm.scorecard({"contracts_due": np.array([10]), "contracts_renewed": np.array([9])})
        >>> one.join(two).metrics
        ['onboard_rate', 'contract_renewal_rate']
        """
        return Scorecard(self._native.join(_native_of("other", other)), self._totals or other._totals)

    def compare(
        self,
        baseline: Scorecard,
        *,
        level: float = 0.95,
        paired: str | None = None,
        metrics: str | Iterable[str] | None = None,
    ) -> Changes:
        """What changed since a baseline: for each group of either and each metric of both the difference, its interval,
        whether it is significant, and whether it is better or worse by the metric's direction.

        The two are treated as **independent** of each other, as samples of different customers; where the same
        customers stand in both that is too careful, and ``paired=`` names the key, of both cards, that says who is who.

        - Shares to which rows add 0 or 1: Newcombe's hybrid score interval, and the score test of two proportions.
        - ``nps``, ``ces_net``: adjusted Wald on both sides.
        - Other quotients, of cards with ``spread=True`` on both sides: Student's t with Welch's degrees of freedom.
        - Paired, all quotients: both cards are grouped by the key and whatever else, and rolled up over it; Student's t
          on each customer's part in the difference. Of means it is the paired t-test.
        - Amounts, and what is made of other metrics: only the difference.

        ``significant`` is at ``level``, corrected by Holm's method for all tests of the comparison; intervals are not
        corrected. ``metrics`` are all that both have where None.

        >>> import numpy as np, svcmetrics as sm
        >>> def card(onboarded):
        ...     return sm.scorecard({"is_new": np.ones(100, dtype=bool), "onboarded": np.arange(100) < onboarded})
        >>> card(80).compare(card(60))
              metric  value  baseline  difference        low      high     p_value  p_adjusted  significant  verdict
        ────────────  ─────  ────────  ──────────  ─────────  ────────  ──────────  ──────────  ───────────  ───────
        onboard_rate    0.8       0.6         0.2  0.0731192  0.318505  0.00202823  0.00202823         True   better
        the two are treated as independent of each other; significant at 0.95 after Holm's correction for 1 test
        """
        if not isinstance(paired, str | None):
            raise InvalidOptionError.of("paired", paired, "the name of a key")
        native = self._native.compare(_native_of("baseline", baseline), level, paired, listed("metrics", metrics))
        return Changes(*native, level=level, paired=paired)

    def incremental(self, baseline: Scorecard) -> Frame:
        """What more service brought since a baseline for each unit that more it cost: a row a group and metric, keys,
        ``metric``, ``value``, ``numerator``, ``denominator``, ``undefined_reason``.

        ``incremental_direct_return`` and ``incremental_indirect_return`` are the change of direct and indirect revenue,
        ``incremental_retained_revenue`` that of the revenue at the start that was kept (the numerator of
        ``gross_revenue_retention``), each / change of service cost; those whose measures both cards have. Where cost
        fell, a gain in revenue is negative.

        >>> import svcmetrics as sm
        >>> def card(cost, direct):
        ...     return sm.scorecard({"service_cost": [cost], "direct_revenue": [direct]})
        >>> [(row["metric"], row["value"]) for row in card(120, 200).incremental(card(100, 150))]
        [('incremental_direct_return', 2.5)]

        Nothing more was spent.

        >>> [row["undefined_reason"] for row in card(100, 200).incremental(card(100, 150))]
        ['zero_denominator']
        """
        return Frame(self._native.incremental(_native_of("baseline", baseline)))

    def attribute(
        self, baseline: Scorecard, by: str | Sequence[str], *, metrics: str | Iterable[str] | None = None
    ) -> Attribution:
        """Why totals changed since a baseline: split exactly by segment into a rate effect, mean weight x change of
        rate, and a mix effect, mean rate x change of weight, which add up to the change.

        The weight of a segment is its share of the denominator. A segment without a rate on one side (it was not there,
        or has no denominator) is all mix. ``by`` are keys of both cards, ``metrics`` quotients, all that both
        have where None. Those of stocks are undefined where periods would be added up, and an error where they are
        asked for: take one period out of each card by :meth:`at`.

        Both regions improve, and the total worsens, since more comes from the weaker one.

        >>> import numpy as np, svcmetrics as sm
        >>> def card(renewed, due):
        ...     table = {"region": ["north", "south"], "contracts_renewed": renewed, "contracts_due": due}
        ...     return sm.scorecard(table, by="region")
        >>> found = card([19, 50], [20, 80]).attribute(card([72, 10], [80, 20]), by="region")
        >>> found.paradoxes, found.changes
        (['contract_renewal_rate'], {'contract_renewal_rate': Fraction(-13, 100)})
        >>> [(row["region"], row["rate_effect"], row["mix_effect"]) for row in found]
        [('north', 0.025, -0.555), ('south', 0.0625, 0.3375)]
        """
        before = _native_of("baseline", baseline)
        return Attribution(self._native.attribute(before, listed("by", by), listed("metrics", metrics)))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, (self.to_json(), self._totals))

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        mixes = self._native.mixes()
        metrics = [metric for metric in self.metrics if metric not in mixes]
        header = [*self.keys, "rows", *metrics]
        names = [["null" if key is None else str(key) for key in group] for group in self._native.groups()]
        parts = [self._native]
        if self._total is not None and self.keys:
            names.append(["total", *("" for _ in self.keys[1:])])
            parts.append(self._total)
        rows = [str(row) for part in parts for row in part.wide(False).values(len(part.keys()))]
        figures = [[str(figure) for part in parts for figure in part.figures(metric)] for metric in metrics]
        body = [[*group, *cells] for group, *cells in zip(names, rows, *figures, strict=True)]
        if self.keys:
            return header, body
        # One group: metrics below each other are easier to read.
        return ["metric", "value"], [list(pair) for pair in zip(header, body[0], strict=True)]

    def __repr__(self) -> str:
        header, body = self._cells()
        return render.text(header, body, left=len(self.keys) or 1)

    def _repr_html_(self) -> str:
        header, body = self._cells()
        return render.html(header, body, left=len(self.keys) or 1)


def _native_of(option: str, card: Scorecard) -> _svcmetrics.Scorecard:
    """The core's, of what is a scorecard."""
    if not isinstance(card, Scorecard):
        raise InvalidOptionError.of(option, card, "a scorecard")
    return card._native


def _restored(text: str, totals: bool) -> Scorecard:
    return Scorecard.from_json(text).with_totals(totals)


def merge(cards: Iterable[Scorecard], how: Literal["exact", "common"] = "exact") -> Scorecard:
    """The scorecard of all rows of several: parts over different rows.

    They must have the same measures, keys, models, parameters and quantiles, and movements of ledgers the same months
    and opening, else an error names the difference;
    ``how="common"`` keeps the metrics that all have.

    >>> import numpy as np, svcmetrics as sm
    >>> def part(new, onboarded):
    ...     return sm.scorecard({"is_new": np.array([new]), "onboarded": np.array([onboarded])})
    >>> sm.merge([part(True, True), part(True, False), part(False, False)])["onboard_rate"]
    <Figure 50.0 % (1 / 2)>
    """
    if how not in ("exact", "common"):
        raise InvalidOptionError.of("how", how, '"exact" or "common"')
    if isinstance(cards, Scorecard) or not isinstance(cards, Iterable):
        raise InvalidOptionError.of("cards", cards, "a list of scorecards")
    cards = list(cards)
    natives = [_native_of(f"cards[{position}]", card) for position, card in enumerate(cards)]
    if not natives:
        raise InvalidOptionError.of("cards", [], "at least one scorecard")
    # In pairs, so that many small parts do not each pay for the whole.
    while len(natives) > 1:
        pairs = zip(natives[::2], natives[1::2], strict=False)
        odd = natives[-1:] if len(natives) % 2 else []
        natives = [*(one.merge(other, how == "common") for one, other in pairs), *odd]
    return Scorecard(natives[0], any(card._totals for card in cards))

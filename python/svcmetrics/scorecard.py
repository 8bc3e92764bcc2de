"""Scorecards: exact totals by group, read as metrics."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from svcmetrics import _svcmetrics, render
from svcmetrics.bins import Keys
from svcmetrics.errors import InvalidOptionError, NearMissWarning
from svcmetrics.frames import Amounts, Frame
from svcmetrics.health import HealthModel
from svcmetrics.options import AbsentRevenue, Money, Nan, Number, OnInvalid, SourceColumn, options_for
from svcmetrics.tables import incoming

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def scorecard(
    table: Any,
    by: Keys | None = None,
    *,
    period: str | None = None,
    metrics: Iterable[str] | None = None,
    columns: Mapping[str, str | SourceColumn] | None = None,
    health: HealthModel | None = None,
    absent_revenue: AbsentRevenue | None = None,
    on_invalid: OnInvalid = "raise",
    money: Money = "auto",
    scale: int = 6,
    nan: Nan | None = None,
    unique: str | Literal[False] | None = None,
    csat_satisfied_from: Number | None = None,
    effort_scale: tuple[Number, Number] | None = None,
    totals: bool = False,
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
        Ids; all that the columns allow where None. Asking for one whose columns are missing is an error.
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
    csat_satisfied_from
        From which ``csat_score`` on an answer is satisfied; ``csat`` is measured only where it is given.
    effort_scale
        The ``effort_score`` of the hardest and of the easiest, such as ``(1, 7)``; the ``ces_`` metrics are measured
        only where it is given.
    totals
        Whether frames get the row over all groups, as :meth:`Scorecard.with_totals`.
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
    options = options_for(
        found,
        by=by,
        period=period,
        metrics=metrics,
        columns=columns,
        health=health,
        absent_revenue=absent_revenue,
        on_invalid=on_invalid,
        money=money,
        scale=scale,
        nan=nan,
        unique=unique,
        csat_satisfied_from=csat_satisfied_from,
        effort_scale=effort_scale,
        max_groups=max_groups,
    )
    builder = _svcmetrics.Builder(options)
    builder.add(found.source)
    card = Scorecard(builder.finish(), totals)
    warn_of_near_misses(card)
    return card


def warn_of_near_misses(card: Scorecard) -> None:
    """One warning for all names that come near a column that was wanted."""
    near = {ours: names for _, misses in card.not_measured.values() for ours, names in misses.items()}
    if near:
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


class Scorecard:
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

    def __init__(self, native: _svcmetrics.Scorecard, totals: bool = False) -> None:
        self._native = native
        # At once, so that groups that do not add up are an error here and not where the card is shown.
        self._total = native.rollup([]) if totals else None

    def with_totals(self, totals: bool = True) -> Scorecard:
        """The same scorecard, whose frames have the row over all groups as the last: what :meth:`rollup` gives.

        Its keys are null, as a group's may be; so frames have a column ``is_total`` after the keys. Without keys the
        one row is the total. The wide and the tidy frame and what is printed show it, roll-ups, merges, joins and
        copies keep it, and nothing else knows of it: ``len()``, ``card[metric]``, :meth:`measures`, :meth:`reasons`,
        ``==`` and JSON are about the groups. Stocks over a key that is time are undefined there, as in a roll-up;
        amounts of several currencies are an error.

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
        return Scorecard(self._native, totals)

    @property
    def _totals(self) -> bool:
        return self._total is not None

    @property
    def metrics(self) -> list[str]:
        """The ids of the metrics, in the catalogue's order."""
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
        """Whether customers were checked for duplicates; not known after a merge or a roll-up."""
        return "checked" if self._native.unique_checked() else "unknown"

    @property
    def quality(self) -> Quality:
        """Rows, and per metric how many were counted, missing, invalid, outside and rounded."""
        return Quality(*self._native.quality())

    @property
    def health_model(self) -> HealthModel | None:
        """The health model, where health was computed: the default one as it fits the table."""
        native = self._native.health_model()
        return None if native is None else HealthModel._of(native)

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self._native)

    def __getitem__(self, metric: str) -> Any:
        """The figure of a metric where there are no keys, else a figure by key (a tuple of several keys).

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"plan": ["a", "b"], "is_new": [True, True], "onboarded": [True, False]}
        >>> sm.scorecard(table, by="plan")["onboard_rate"]
        {'a': <Figure 100.0 % (1 / 1)>, 'b': <Figure 0.0 % (0 / 1)>}
        """
        figures = self._native.figures(metric)
        if not self.keys:
            return figures[0]
        groups = self._native.groups()
        return dict(zip([group[0] if len(self.keys) == 1 else group for group in groups], figures, strict=True))

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

    def tidy(self) -> Frame:
        """A row a group and metric: keys, ``metric``, ``value``, ``numerator``, ``denominator``, ``counted``,
        ``missing``, ``invalid``, ``outside``, ``rounded``, ``undefined_reason``, ``low``, ``high``.

        Amounts stand in ``numerator``, with a null ``denominator``; scores made of other metrics, and differences,
        have neither.
        """
        return Frame(self._native.tidy(self._totals))

    def measures(self) -> Frame:
        """Keys and exact totals, columns named by the catalogue's measure ids.

        :meth:`from_measures` reads them back.
        """
        return Frame(self._native.measures())

    def reasons(self, of: Literal["loss", "gain"]) -> Frame:
        """Why revenue was lost or gained: a row a group and reason, sorted by the keys, then the reason, null last.

        Keys, ``reason``; ``amount`` (of ``revenue_lost`` or ``revenue_added``, in rows of that reason), ``customers``
        (rows with a loss or gain), ``share`` (of the group's amount: a group's shares add up to 1), ``avoidable`` (the
        amount of losses marked avoidable, of rows that have a reason and say so; null where none does). A loss without
        a reason stands under the reason null, so the amounts add up to the group's. They merge, roll up and go to JSON
        with the scorecard; :meth:`measures` does not hold them.

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
        return Frame(self._native.reasons(of))

    @classmethod
    def from_measures(
        cls,
        frame: Any,
        *,
        by: Keys | None = None,
        period: str | None = None,
        health: HealthModel | None = None,
        scale: int = 6,
    ) -> Scorecard:
        """The scorecard of exact totals, from any frame; rows of one group are added up.

        >>> import svcmetrics as sm, numpy as np
        >>> card = sm.scorecard({"is_new": np.array([True]), "onboarded": np.array([True])})
        >>> sm.Scorecard.from_measures(card.measures())["onboard_rate"]
        <Figure 100.0 % (1 / 1)>
        """
        options = options_for(by=by, period=period, health=health, scale=scale)
        return cls(_svcmetrics.from_measures(incoming(frame).source, options))

    def rollup(self, by: str | Sequence[str] | None = None) -> Scorecard:
        """Coarser groups, exact, no rows needed; without ``by`` everything. Rolling time away leaves stocks undefined.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"period": np.array(["2026-01", "2026-02"]), "revenue_start": [100, 120], "revenue_end": [120, 130]}
        >>> year = sm.scorecard(table, by="period").rollup()
        >>> year["revenue_expansion"].value, year["revenue_end"].undefined_reason
        (Decimal('30'), 'not_additive_over_time')
        """
        keys = [by] if isinstance(by, str) else list(by or [])
        return Scorecard(self._native.rollup(keys), self._totals)

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
        return Scorecard(self._native.join(other._native), self._totals or other._totals)

    def to_json(self) -> str:
        """Everything: definitions, parameters, model, exact totals."""
        return self._native.to_json()

    @classmethod
    def from_json(cls, text: str) -> Scorecard:
        """Reads what :meth:`to_json` wrote, checking every field."""
        return cls(_svcmetrics.Scorecard.from_json(text))

    def __eq__(self, other: object) -> bool:
        return self._native == other._native if isinstance(other, Scorecard) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, (self.to_json(), self._totals))

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        header = [*self.keys, "rows", *self.metrics]
        names = [["null" if key is None else str(key) for key in group] for group in self._native.groups()]
        parts = [self._native]
        if self._total is not None and self.keys:
            names.append(["total", *("" for _ in self.keys[1:])])
            parts.append(self._total)
        rows = [str(row) for part in parts for row in part.wide(False).values(len(part.keys()))]
        figures = [[str(figure) for part in parts for figure in part.figures(metric)] for metric in self.metrics]
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


def _restored(text: str, totals: bool) -> Scorecard:
    return Scorecard.from_json(text).with_totals(totals)


def merge(cards: Iterable[Scorecard], how: Literal["exact", "common"] = "exact") -> Scorecard:
    """The scorecard of all rows of several: parts over different rows.

    They must have the same measures, keys, models and parameters, else an error names the difference;
    ``how="common"`` keeps the metrics that all have.

    >>> import numpy as np, svcmetrics as sm
    >>> def part(new, onboarded):
    ...     return sm.scorecard({"is_new": np.array([new]), "onboarded": np.array([onboarded])})
    >>> sm.merge([part(True, True), part(True, False), part(False, False)])["onboard_rate"]
    <Figure 50.0 % (1 / 2)>
    """
    if how not in ("exact", "common"):
        message = f'how: found {how!r}; expected "exact" or "common"'
        raise InvalidOptionError(message, kind="invalid_option", value=str(how), expected='"exact" or "common"')
    cards = list(cards)
    natives = [card._native for card in cards]
    if not natives:
        raise InvalidOptionError(
            "cards: found none; expected at least one", kind="invalid_option", expected="at least one"
        )
    # In pairs, so that many small parts do not each pay for the whole.
    while len(natives) > 1:
        pairs = zip(natives[::2], natives[1::2], strict=False)
        odd = natives[-1:] if len(natives) % 2 else []
        natives = [*(one.merge(other, how == "common") for one, other in pairs), *odd]
    return Scorecard(natives[0], any(card._totals for card in cards))

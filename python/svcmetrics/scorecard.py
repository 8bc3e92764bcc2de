"""Scorecards: exact totals by group, read as metrics."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from svcmetrics import _svcmetrics, render
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
    by: str | Sequence[str] | None = None,
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
        Key columns: text, categories, whole numbers, booleans, dates, times. A null key is a group of its own, last.
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
    card = Scorecard(builder.finish())
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

    def __init__(self, native: _svcmetrics.Scorecard) -> None:
        self._native = native

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
        return Frame(self._native.wide())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The wide table as an Arrow stream, in a capsule."""
        return self._native.wide().__arrow_c_stream__(requested_schema)

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
        return Frame(self._native.tidy())

    def measures(self) -> Frame:
        """Keys and exact totals, columns named by the catalogue's measure ids.

        :meth:`from_measures` reads them back.
        """
        return Frame(self._native.measures())

    @classmethod
    def from_measures(
        cls,
        frame: Any,
        *,
        by: str | Sequence[str] | None = None,
        period: str | None = None,
        health: HealthModel | None = None,
        scale: int = 6,
        csat_satisfied_from: Number | None = None,
        effort_scale: tuple[Number, Number] | None = None,
        currency: str | None = None,
    ) -> Scorecard:
        """The scorecard of exact totals, from any frame; rows of one group are added up.

        What the totals do not say is given as it was to :func:`scorecard`: ``period``, ``health``, ``scale``,
        ``csat_satisfied_from`` and ``effort_scale``; ``currency`` is that of the amounts, or the key that says it where
        it is not called ``currency``. A column that is neither key nor total is an error.

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
            csat_satisfied_from=csat_satisfied_from,
            effort_scale=effort_scale,
        )
        return cls(_svcmetrics.from_measures(incoming(frame).source, {**options, "currency": currency}))

    def rollup(self, by: str | Sequence[str] | None = None) -> Scorecard:
        """Coarser groups, exact, no rows needed; without ``by`` everything. Rolling time away leaves stocks undefined.

        >>> import numpy as np, svcmetrics as sm
        >>> table = {"period": np.array(["2026-01", "2026-02"]), "revenue_start": [100, 120], "revenue_end": [120, 130]}
        >>> year = sm.scorecard(table, by="period").rollup()
        >>> year["revenue_expansion"].value, year["revenue_end"].undefined_reason
        (Decimal('30'), 'not_additive_over_time')
        """
        keys = [by] if isinstance(by, str) else list(by or [])
        return Scorecard(self._native.rollup(keys))

    def __add__(self, other: Scorecard) -> Scorecard:
        """This and a scorecard of other rows, as :func:`merge`."""
        if not isinstance(other, Scorecard):
            return NotImplemented
        return Scorecard(self._native.merge(other._native, False))

    def join(self, other: Scorecard) -> Scorecard:
        """This and a scorecard of a table of other things, side by side on equal keys: the metrics of both for each
        group of either. They are never added; both having a metric is an error.

        >>> import numpy as np, svcmetrics as sm
        >>> one = sm.scorecard({"is_new": np.array([True]), "onboarded": np.array([True])}, metrics=["onboard_rate"])
        >>> two = sm.scorecard({"contracts_due": np.array([10]), "contracts_renewed": np.array([9])})
        >>> one.join(two).metrics
        ['onboard_rate', 'contract_renewal_rate']
        """
        return Scorecard(self._native.join(other._native))

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
        return (Scorecard.from_json, (self.to_json(),))

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        header = [*self.keys, "rows", *self.metrics]
        rows = self._native.wide().values(len(self.keys))
        figures = [self._native.figures(metric) for metric in self.metrics]
        groups = self._native.groups()
        body = [
            [
                *("null" if key is None else str(key) for key in group),
                str(rows[i]),
                *(str(column[i]) for column in figures),
            ]
            for i, group in enumerate(groups)
        ]
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
    return Scorecard(natives[0])

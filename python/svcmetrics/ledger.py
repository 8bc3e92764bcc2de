"""The ledger: recurring revenue over time, what moved, what stayed, and who stands behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from svcmetrics import _svcmetrics, render
from svcmetrics.diagnostics import Diagnostics
from svcmetrics.errors import InvalidOptionError
from svcmetrics.frames import Frame
from svcmetrics.ledger_options import MAX_GROUPS, Every, Gaps, Unit, ledger_options, movement_options
from svcmetrics.options import Money, Nan, text_of
from svcmetrics.retention import Retention
from svcmetrics.scorecard import Scorecard
from svcmetrics.stored import Stored
from svcmetrics.tables import incoming

Movement = Literal[
    "start",
    "new",
    "reactivation",
    "expansion",
    "contraction",
    "churn",
    "transfer_in",
    "transfer_out",
    "end",
    "transient",
]


class Ledger(Stored):
    """Recurring revenue by customer and month, as :func:`ledger` makes it."""

    _core = _svcmetrics.Ledger
    _native: _svcmetrics.Ledger

    def movements(
        self,
        every: Every = "month",
        by: str | Iterable[str] | None = None,
        unit: Unit = "month",
        *,
        fiscal_start: int = 1,
        max_groups: int = MAX_GROUPS,
        metrics: str | Iterable[str] | None = None,
    ) -> Scorecard:
        """What moved in each period and segment: a scorecard keyed by ``period`` and the segments.

        It has the revenue metrics, ``mrr``, ``arr``, the customers behind each movement (``customers_new``, ...), those
        who came and left within a period (``transient_customers``), and ``complete``: 1, or 0 where the data ends
        inside the period. Every period from the first to the last and every segment ever seen is a row, also where
        nothing moved. It merges, rolls up over segments, compares, attributes (one period, :meth:`Scorecard.at`, with
        another), and has trends and targets as any other.

        In every row, exactly: ``revenue_end = revenue_start + new + reactivation + expansion + transfer_in + fx -
        contraction - churn - transfer_out``. What changes for a customer who also changes the segment stands in the old
        one; what it pays afterwards is transferred. A customer is new or reactivated by what was before the period.

        Where the table has reasons, :meth:`Scorecard.reasons` tells losses (churn and contraction) and gains (new,
        reactivation and expansion) by reason; transfers are neither. A movement has the latest reason among the
        customer's rows of the period's months, which may be rows of revenue 0; where one who left has none there, the
        reason of its last month before, if that has one; otherwise null. Reasons that stand elsewhere are not used; the
        month of an opening stock is one before. Where the table also says which losses were avoidable, the verdict
        beside that reason goes with it: ``avoidable_loss_share`` is then among the metrics, and
        :meth:`Scorecard.reasons` tells the avoidable part.

        Parameters
        ----------
        every
            ``"month"``, ``"quarter"`` or ``"year"``.
        by
            Some or all of the ledger's segments.
        unit
            Amounts as those of a ``"month"`` (MRR) or a ``"year"``.
        fiscal_start
            The month in which the fiscal year starts; 1 is the calendar.
        max_groups
            The most groups that there may be, periods times segments: a single date that stands for none, such as
            9999-12-31, makes periods up to there.
        metrics
            Only these, by their ids; None for all that there are. Losses have reasons where ``revenue_lost`` is among
            them, gains where ``revenue_added`` is.

        Examples
        --------
        >>> import svcmetrics as sm
        >>> table = {"customer_id": [7, 7, 7], "month": ["2026-01", "2026-02", "2026-03"], "revenue": [50, 0, 70]}
        >>> ledger = sm.ledger(table)
        >>> card = ledger.movements()
        >>> [str(figure) for figure in card["revenue_reactivation"].values()]
        ['0.00', '0.00', '70.00']
        >>> card["mrr"]["2026-03"]
        <Figure 70.00 (840 / 12)>

        Within a quarter leaving and coming back is no movement.

        >>> ledger.movements("quarter")["revenue_new"]
        {'2026-Q1': <Figure 70.00 (840 / 12)>}

        Losses have reasons where the table says why: a's and b's in February, c's on its last line before.

        >>> table = {
        ...     "customer_id": ["a", "a", "b", "b", "c"],
        ...     "month": ["2026-01", "2026-02", "2026-01", "2026-02", "2026-01"],
        ...     "revenue": [50, 40, 70, 0, 30],
        ...     "loss_reason": [None, "price", None, "moved", "price"],
        ... }
        >>> ledger = sm.ledger(table)
        >>> for row in ledger.movements().reasons("loss"):
        ...     print(row["period"], row["reason"], row["amount"], row["customers"])
        2026-02 moved 70.000000 1
        2026-02 price 40.000000 2

        In February only the loss of b has been judged, and it could have been avoided.

        >>> table["loss_avoidable"] = [None, None, None, True, None]
        >>> sm.ledger(table).movements(metrics="avoidable_loss_share")["avoidable_loss_share"]["2026-02"]
        <Figure 100.0 % (840 / 840)>

        Nobody said why anybody came.

        >>> ledger.movements().reasons("gain")
        Traceback (most recent call last):
        svcmetrics.errors.ColumnNotFoundError: no column 'gain_reason'
        """
        return Scorecard(self._native.movements(movement_options(every, by, unit, fiscal_start, max_groups, metrics)))

    def retention(
        self,
        every: Every = "month",
        by: str | Iterable[str] | None = None,
        unit: Unit = "month",
        *,
        fiscal_start: int = 1,
        max_groups: int = MAX_GROUPS,
    ) -> Retention:
        """What is left of those who started together, so many periods later; parameters as of :meth:`movements`,
        ``max_groups`` being the most cells of a cohort, an age and a segment.

        One who comes back counts again. ``gross_revenue_retention`` takes of each customer at most what it paid at the
        end of the cohort's own period.

        >>> import svcmetrics as sm
        >>> months = ["2026-01", "2026-02", "2026-03"]
        >>> table = {"customer_id": [7, 8, 7], "month": months, "revenue": [50, 20, 60]}
        >>> for row in sm.ledger(table).retention():
        ...     print(row["cohort"], row["age"], row["customers"], row["gross_revenue_retention"])
        2026-01 0 1 1.0
        2026-01 1 0 0.0
        2026-01 2 1 1.0
        2026-02 0 1 1.0
        2026-02 1 0 0.0

        A quarter that is not over says nothing yet.

        >>> sm.ledger({name: values[:2] for name, values in table.items()}).retention("quarter").rows()
        []
        """
        return Retention(self._native.retention(movement_options(every, by, unit, fiscal_start, max_groups)))

    def customers(
        self,
        period: str,
        movement: Movement,
        by: str | Iterable[str] | None = None,
        unit: Unit = "month",
        *,
        fiscal_start: int = 1,
    ) -> Frame:
        """The customers behind a movement of a period, in ascending order.

        Columns: the customer, the segments of ``by``, ``revenue_start``, ``revenue_end``, and ``amount``, which adds up
        to the scorecard's. ``period`` is a key of the scorecard: ``2026-02``, ``2026-Q1``, ``2026``; where
        ``fiscal_start`` is not 1, quarters and years are ``FY2026-Q1`` and ``FY2026``.

        >>> import svcmetrics as sm
        >>> ledger = sm.ledger({"customer_id": [8, 7], "month": ["2026-01", "2026-02"], "revenue": [50, 20]})
        >>> ledger.customers(period="2026-02", movement="churn").rows()
        [(8, Decimal('50.000000'), Decimal('0.000000'), Decimal('50.000000'))]

        A movement that is none is an error that names those that there are.

        >>> ledger.customers(period="2026-02", movement="loss")
        Traceback (most recent call last):
        svcmetrics.errors.InvalidOptionError: movement: found loss; expected start, new, reactivation, expansion, \
contraction, churn, transfer_in, transfer_out, end, transient
        """
        options = movement_options("month", by, unit, fiscal_start)
        return Frame(self._native.behind(text_of("period", period), text_of("movement", movement), options))

    def cohort_customers(
        self,
        cohort: str,
        age: int,
        by: str | Iterable[str] | None = None,
        unit: Unit = "month",
        *,
        fiscal_start: int = 1,
    ) -> Frame:
        """The customers behind a cell of :meth:`retention`, in ascending order: all who started in the cohort.

        Columns: the customer, the segments of ``by``, ``revenue_start`` (at the end of the cohort's own period),
        ``revenue_end`` (``age`` periods later; 0 for who is not there) and ``amount``, the smaller of both: their sums
        are the numerators of the cell's rates.

        >>> import svcmetrics as sm
        >>> months = ["2026-01", "2026-01", "2026-02"]
        >>> ledger = sm.ledger({"customer_id": [7, 8, 8], "month": months, "revenue": [60, 40, 50]})
        >>> for row in ledger.cohort_customers("2026-01", age=1).to_pandas().itertuples(index=False):
        ...     print(*row)
        7 60.0 0.0 0.0
        8 40.0 50.0 40.0

        What cannot be known yet is an error.

        >>> ledger.cohort_customers("2026-01", age=2)
        Traceback (most recent call last):
        svcmetrics.errors.InvalidOptionError: age: found 2; expected 0 to 1, which the ledger reaches
        """
        if isinstance(age, bool) or not isinstance(age, int) or not 0 <= age < 1 << 32:
            raise InvalidOptionError.of("age", age, "a whole number, 0 or more")
        options = movement_options("month", by, unit, fiscal_start)
        return Frame(self._native.behind_cohort(text_of("cohort", cohort), age, options))

    @property
    def diagnostics(self) -> Diagnostics:
        """What it was made of, counted."""
        return Diagnostics(*self._native.diagnostics())

    @property
    def segments(self) -> list[str]:
        """The columns of the segments."""
        return self._native.segments()

    @property
    def months(self) -> tuple[str, str] | None:
        """The first and the last month of the data; None without any."""
        return self._native.months()

    def __len__(self) -> int:
        """How many customers there are."""
        return len(self._native)

    def __add__(self, other: Ledger) -> Ledger:
        """The ledger of both: parts of one table, no customer in two of them.

        >>> import svcmetrics as sm
        >>> def part(customer):
        ...     return sm.ledger({"customer_id": [customer], "month": ["2026-01"], "revenue": [50]})
        >>> len(part("a") + part("b"))
        2
        """
        return Ledger(self._native.merge(other._native)) if isinstance(other, Ledger) else NotImplemented

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        first, last = self.months or ("–", "–")
        found = self.diagnostics
        rows = [("customers", len(self)), ("first month", first), ("last month", last)]
        rows += [
            ("segments", ", ".join(self.segments) or "–"),
            ("rows", found.rows),
            ("months of customers", found.months),
        ]
        rows += [
            ("rows added to others", found.added),
            ("months without a row", found.gaps),
            ("rounded", found.rounded),
        ]
        return ["ledger", "value"], [[name, str(value)] for name, value in rows]

    def __repr__(self) -> str:
        return render.text(*self._cells(), left=1)

    def _repr_html_(self) -> str:
        return render.html(*self._cells(), left=1)


def ledger(
    table: Any,
    customer: str = "customer_id",
    month: str = "month",
    revenue: str = "revenue",
    by: str | Iterable[str] | None = None,
    gaps: Gaps = "zero",
    opening: bool = False,
    *,
    loss_reason: str | None = "loss_reason",
    gain_reason: str | None = "gain_reason",
    loss_avoidable: str | None = "loss_avoidable",
    months: tuple[str, str] | None = None,
    money: Money = "auto",
    scale: int = 6,
    nan: Nan | None = None,
) -> Ledger:
    """A ledger of monthly recurring revenue, from a table with a row a customer and month.

    Rows come in any order, and those of one customer and month are added first: a customer has churned only when the
    last of its lines ends. Rows that are sorted by customer are not sorted again.

    Parameters
    ----------
    table
        As of :func:`scorecard`; the keys of a pandas GroupBy are ``by``.
    customer
        The column of customers: text, whole numbers, or other values, which are held as text; all of one type.
    month
        The column of months: dates, timestamps without a zone, pandas periods, or text as ``2026-03`` or
        ``2026-03-31``. Whole numbers are refused, since they say neither year nor month.
    revenue
        The column of the recurring revenue of that month, 0 or more. A null is an error: unknown is not 0.
    by
        Columns that say the segment, one value a customer and month. A column ``currency`` of the table must hold one,
        since amounts are added up, unless it is a segment: movements and retention of several then need it in their
        ``by``, too.
    gaps
        A month without a row between a customer's first and last is revenue 0 (``"zero"``, counted in
        :attr:`Ledger.diagnostics`) or an error (``"error"``).
    opening
        Whether the first month is the opening stock: what was there already. Otherwise all of its revenue is new.
    loss_reason, gain_reason
        The columns that say why a customer left or pays less, and why it came, came back or pays more: one reason of
        each kind a customer and month, or null (:meth:`Ledger.movements` says which a movement has). They are read
        where the table has them; a column of another name must be there, and None reads none.
    loss_avoidable
        The column that says whether that loss could have been avoided: true or false beside a reason, or null where
        nobody has judged; found as those of the reasons are. Where no reason is given it is not used.
    months
        The first and the last month of the data, where they are not those of the rows. Movements of parts by customer
        merge where all parts have the same.
    money, scale, nan
        As of :func:`scorecard`.

    Returns
    -------
    Ledger
        Amounts are held as run rates of a year in millionths, so months, quarters and years are exact.

    Examples
    --------
    >>> import svcmetrics as sm
    >>> table = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-03"], "revenue": [50, 20.5, 70]}
    >>> ledger = sm.ledger(table)
    >>> ledger.diagnostics.gaps
    1
    >>> [str(figure) for figure in ledger.movements()["revenue_churn"].values()]
    ['0.00', '70.50', '0.00']

    Of two reasons in one month it is not known which it was.

    >>> table = {"customer_id": [7, 7], "month": ["2026-01"] * 2, "revenue": [50, 0], "why": ["price", "moved"]}
    >>> sm.ledger(table, loss_reason="why")
    Traceback (most recent call last):
    svcmetrics.errors.InvalidValueError: column 'why', row 1 of group 7, 2026-01: holds both price and moved; expected \
one reason a customer and month; give the one that matters, or read none with loss_reason=None

    Months that are numbers could be anything.

    >>> sm.ledger({"customer_id": ["a"], "month": [202601], "revenue": [50]})
    Traceback (most recent call last):
    svcmetrics.errors.ColumnTypeError: column 'month', row 0: is of type int64, with 202601; expected a month: a date, \
a time without a zone, or text as 2026-03 or 2026-03-31; say what it counts, as in \
pandas.to_datetime(df[column].astype(str), format="%Y%m") for 202603
    """
    # what was passed, by name
    asked = dict(locals())
    found = incoming(asked.pop("table"))
    builder = _svcmetrics.LedgerBuilder(ledger_options(found, **asked))
    builder.add(found.source)
    return Ledger(builder.finish([found.source] if found.in_memory else None))

"""Retention: what is left of those who started together."""

from __future__ import annotations

from svcmetrics import _svcmetrics
from svcmetrics.frames import Frame
from svcmetrics.options import text_of
from svcmetrics.stored import Stored


class Retention(Frame, Stored):
    """Retention by start cohort, a row a cohort and age; :meth:`triangle` has a row a cohort and a column an age.

    Columns: ``cohort`` (the period of the first revenue), the segments, ``age`` (periods since then), ``customers``,
    ``customers_start``, ``revenue``, ``revenue_start``, ``customer_retention``, ``gross_revenue_retention``,
    ``net_revenue_retention``. What cannot be known yet is not there.
    """

    _core = _svcmetrics.Retention

    def __init__(self, native: _svcmetrics.Retention) -> None:
        super().__init__(native.frame())
        self._retention = native

    @property
    def _exact(self) -> _svcmetrics.Retention:
        return self._retention

    def triangle(self, value: str = "customer_retention") -> Frame:
        """A row a cohort, a column an age; null where nothing can be known yet.

        ``value`` is one of the columns from ``customers`` on.

        >>> import svcmetrics as sm
        >>> months = ["2026-01", "2026-02", "2026-02"]
        >>> table = {"customer_id": ["a", "a", "b"], "month": months, "revenue": [50, 40, 30]}
        >>> retention = sm.ledger(table).retention()
        >>> retention.triangle("net_revenue_retention").rows()
        [('2026-01', 1.0, 0.8), ('2026-02', 1.0, None)]
        """
        return Frame(self._retention.triangle(text_of("value", value)))

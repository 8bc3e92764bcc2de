"""What a ledger was made of."""

from __future__ import annotations

from typing import NamedTuple


class Diagnostics(NamedTuple):
    """What a ledger was made of, counted."""

    #: Rows of the table.
    rows: int
    #: Months of customers: rows, those of one customer and month taken together.
    months: int
    #: Rows that were added to another of the same customer and month.
    added: int
    #: Months without a row between a customer's first and last: read as revenue 0.
    gaps: int
    #: Amounts that were rounded, and the largest difference that made, in units a month.
    rounded: int
    largest_rounding: float

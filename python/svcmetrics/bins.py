"""Numbers as keys, by bins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from svcmetrics._svcmetrics import check_bins
from svcmetrics.errors import InvalidOptionError

Number = int | float | str | Decimal


class Bins(NamedTuple):
    """A key that stands for the numbers of a column by bins: what :func:`bins` gives."""

    column: str
    edges: tuple[Number, ...]
    labels: tuple[str, ...] | None = None
    #: The key's name.
    name: str = ""


#: What a scorecard is grouped by: names of columns, and bins.
Keys = str | Bins | Sequence[str | Bins]


def bins(column: str, edges: Iterable[Number], labels: Iterable[str] | None = None, *, name: str | None = None) -> Bins:
    """A numeric column as a key, by half-open bins: from each edge up to the next, and from the last one on.

    Numbers are compared with the edges exactly; a float stands for the decimal with at most six places that it is
    nearest to. What is below the first edge has a bin of its own, null is a group of its own, last. Groups are sorted
    by the edges and shown by their labels.

    Args:
        column: The column; metrics read it as before.
        edges: One number or more, each above the one before.
        labels: One for each bin from the first edge on, instead of ``0 to 12`` and the like.
        name: The key's name; the column's where None. ``measures()`` needs another where a measure is named so, as
            ``tenure_months`` is.

    >>> import numpy as np, svcmetrics as sm
    >>> tenures = np.array([3, 12, 40, 11])
    >>> table = {"tenure_months": tenures, "is_new": [True] * 4, "onboarded": [True, False, True, True]}
    >>> sm.scorecard(table, by=[sm.bins("tenure_months", [0, 12, 36])], metrics=["onboard_rate"])
    tenure_months  rows  onboard_rate
    ─────────────  ────  ────────────
    0 to 12           2       100.0 %
    12 to 36          1         0.0 %
    >= 36             1       100.0 %

    Below the first edge, and named.

    >>> by = sm.bins("tenure_months", [6, 12], ["growing", "grown"], name="tenure")
    >>> list(sm.scorecard(table, by=by)["onboard_rate"])
    ['< 6', 'growing', 'grown']

    Edges rise.

    >>> sm.bins("tenure_months", [12, 6])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    svcmetrics.errors.InvalidOptionError: edges of bins: found 12; 6; expected one number or more, each above ...
    """
    for option, given in (("edges", edges), ("labels", labels)):
        some = isinstance(given, Iterable) and not isinstance(given, str | bytes)
        if not some and not (given is None and option == "labels"):
            raise InvalidOptionError.of(option, given, f"some {option}")
    rising, labelled = tuple(edges), None if labels is None else tuple(labels)
    check_bins(rising, labelled)
    return Bins(column, rising, labelled, name or column)

"""Published figures to hold one's own against, as data."""

from __future__ import annotations

from typing import NamedTuple

from svcmetrics import _svcmetrics
from svcmetrics.catalog import Catalog


class Reference(NamedTuple):
    """A published figure: what it says, and where it stands.

    >>> import svcmetrics as sm
    >>> premium = sm.reference["support_price_premium"]
    >>> premium.low, premium.high, premium.value
    (0.26, None, None)
    """

    id: str
    statement: str
    #: From here; the same as ``high`` where the figure is one number, None where it is "nearly".
    low: float | None
    #: Up to here; None where it is "and more".
    high: float | None
    #: ``fraction``, or ``number``: how many, or how many times as much.
    unit: str
    #: Who published it, and the article's title where it is known.
    article: str
    #: When, where it is known.
    year: int | None

    @property
    def value(self) -> float | None:
        """The figure, where it is one number."""
        return self.low if self.low == self.high else None


#: The published figures: iterable, by id, and as a frame, as the catalogue is. Titles and years of articles stand where
#: they are known; none is guessed.
#:
#: >>> import svcmetrics as sm
#: >>> sm.reference["chat_use_change"].value
#: 0.26
reference = Catalog(Reference, _svcmetrics.reference())

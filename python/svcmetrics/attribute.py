"""Why totals changed between two scorecards."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from svcmetrics import _svcmetrics
from svcmetrics.frames import Frame


def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


class Attribution(Frame):
    """What each segment did to the change of a total: a frame with a row a segment and metric, the keys, ``metric``,
    ``weight``, ``baseline_weight``, ``rate``, ``baseline_rate``, ``rate_effect``, ``mix_effect``, ``effect`` (both
    together) and ``paradox``.

    The numbers are the doubles nearest to exact fractions, which :meth:`exact` gives and which add up. They are null
    where the total is undefined on one side, and a rate where the segment has no denominator.
    """

    def __init__(self, native: _svcmetrics.Attributions) -> None:
        super().__init__(native.frame())
        self._attributions = native

    @property
    def changes(self) -> dict[str, Fraction | None]:
        """By metric the change of the total, to which its segments' effects add up; None where it is undefined."""
        return {metric: _fraction(change) for metric, change in self._attributions.changes().items()}

    @property
    def paradoxes(self) -> list[str]:
        """The metrics of which every segment with a rate on both sides moved one way, and the total the other way
        (Simpson's paradox)."""
        return self._attributions.paradoxes()

    def exact(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, with exact fractions for numbers.

        >>> import svcmetrics as sm
        >>> def card(renewed, due):
        ...     table = {"region": ["north", "south"], "contracts_renewed": renewed, "contracts_due": due}
        ...     return sm.scorecard(table, by="region")
        >>> north, south = card([1, 1], [3, 3]).attribute(card([1, 1], [7, 7]), by="region").exact()
        >>> north["effect"] + south["effect"]
        Fraction(4, 21)
        """
        exact = self._attributions.exact()
        return [
            {**row, **{name: _fraction(text) for name, text in texts.items()}}
            for row, texts in zip(self, exact, strict=True)
        ]

    def __repr__(self) -> str:
        def words(metric: str) -> str:
            rose = (self.changes[metric] or 0) > 0
            all_of_them, total = ("fell", "rose") if rose else ("rose", "fell")
            return f"paradox: the segments of {metric} all {all_of_them}, the total {total}"

        return "\n".join([super().__repr__(), *map(words, self.paradoxes)])

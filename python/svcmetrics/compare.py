"""What changed between two scorecards."""

from __future__ import annotations

from svcmetrics import _svcmetrics
from svcmetrics.frames import Frame
from svcmetrics.render import counted


class Changes(Frame):
    """What changed: a frame with a row a group and metric, the keys, ``metric``, ``value``, ``baseline``,
    ``difference``, ``low`` and ``high`` (of the difference), ``p_value``, ``p_adjusted`` (by Holm's method),
    ``significant`` and ``verdict``: ``better``, ``worse``, ``same``, or ``neither`` where the metric has no direction.

    What has no test has null, and what is undefined on a side no difference. The verdict is on the difference as it
    stands, significant or not.
    """

    def __init__(self, native: _svcmetrics.Frame, tests: int, *, level: float, paired: str | None) -> None:
        super().__init__(native)
        #: How many differences were tested, for which ``p_adjusted`` and ``significant`` allow.
        self.tests = tests
        #: The level of intervals, and of what is significant.
        self.level = level
        #: The key by which the two were paired.
        self.paired = paired

    @property
    def assumption(self) -> str:
        """How the two stand to each other, in words."""
        if self.paired is None:
            return "the two are treated as independent of each other"
        return f"the two are paired by {self.paired}"

    def __repr__(self) -> str:
        tests = counted(self.tests, "test")
        said = f"{self.assumption}; significant at {self.level:.6g} after Holm's correction for {tests}"
        return f"{super().__repr__()}\n{said}"

"""The one fixture that runs a test on every kind of frame."""

from __future__ import annotations

import signal

import pytest

from frame_kinds import FRAME_KINDS, MakeFrame


@pytest.fixture(params=FRAME_KINDS)
def as_frame(request: pytest.FixtureRequest) -> MakeFrame:
    """Turns a plain dictionary of lists, None for null, into one kind of frame; a new one each time."""
    return FRAME_KINDS[request.param]


# Whoever starts the tests in the background may have these ignored, and the programs under test would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

"""A test that never ends fails by its name, and says where each thread stands, instead of holding up the others."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

__all__ = ["SECONDS", "SLOW_SECONDS", "no_longer_than"]

SECONDS = 900.0
"""Many times what the longest test takes on a slow machine; waits inside a test have shorter limits of their own."""
SLOW_SECONDS = 24 * 3600.0
"""The same for the long forms, which are run by hand."""
AGAIN_SECONDS = 60.0
"""So long the tidying up may hang in its turn."""


@contextlib.contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Fail whatever is under way in the main thread after so many seconds, so that it tidies up: processes that it
    started end too. What cannot be interrupted is ended with the process, by `faulthandler_exit_on_timeout`."""

    def fail(number: int, frame: FrameType | None) -> None:
        faulthandler.dump_traceback(2)
        pytest.fail(f"it has not ended after {seconds:g} seconds; where each thread stood is written to standard error")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

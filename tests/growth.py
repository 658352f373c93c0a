"""Whether work takes time that grows with the length of its text and no faster, told by comparison within one run.

A limit in seconds says more of the machine than of the work: a slow one fails, a quick one lets a square pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["assert_grows_with_length"]

_LONGER = 8
_MOST_TIMES = 3 * _LONGER
"""The square of the length would make it 64 times."""
_TOO_SHORT_TO_TELL_SECONDS = 0.05
_LOOKS = 3
"""What else a machine does can only add to the time: the least of a few looks is nearest to the work's own."""


def assert_grows_with_length(work: Callable[[str], object], piece: str, times: int) -> None:
    """Fails when eight times the text takes much more than eight times the processor's time of this thread.

    >>> assert_grows_with_length(str.upper, "a", 10_000)
    """
    short, long = piece * (times // _LONGER), piece * times
    most = _MOST_TIMES * min(_took(work, short) for _ in range(_LOOKS)) + _TOO_SHORT_TO_TELL_SECONDS
    took = [_took(work, long)]
    while min(took) > most and len(took) < _LOOKS:
        took.append(_took(work, long))
    assert min(took) <= most, f"{piece!r} x {times}: {min(took):.2f} s, and {most:.2f} s would be its share"


def _took(work: Callable[[str], object], text: str) -> float:
    started = time.thread_time()
    work(text)
    return time.thread_time() - started

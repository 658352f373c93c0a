"""A sign of life from a reader at long work, so that the sandbox can tell slow from stuck, and when it is enough."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["MOST_TIMES", "beat", "on_beat", "on_question", "worth_going_on"]

MOST_TIMES = 20
"""How many times its limit a file that keeps giving signs of life may take altogether."""


def _nobody_listens() -> None:
    """Outside the sandbox nobody needs to know."""


def _as_long_as_it_takes() -> bool:
    """Outside the sandbox nobody is in a hurry."""
    return True


_listener: Callable[[], None] = _nobody_listens
_asked: Callable[[], bool] = _as_long_as_it_takes


def beat() -> None:
    """Say that a step of long work is about to begin (a page to recognise). Call it as often as you like."""
    _listener()


def worth_going_on() -> bool:
    """Whether there is time for another step of long work. A reader that is told no leaves the rest out and says so.

    The clock is the sandbox's: a reader has none, and what it reads depends on one only when time runs out.
    """
    return _asked()


def on_beat(listener: Callable[[], None]) -> None:
    """Have `listener` called at each sign of life, in place of who listened before."""
    global _listener
    _listener = listener


def on_question(asked: Callable[[], bool]) -> None:
    """Have `asked` answer whether long work may go on, in place of who answered before."""
    global _asked
    _asked = asked

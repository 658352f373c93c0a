"""A sign of life from a reader at long work, so that the sandbox can tell slow from stuck."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["beat", "on_beat"]


def _nobody_listens() -> None:
    """Outside the sandbox nobody needs to know."""


_listener: Callable[[], None] = _nobody_listens


def beat() -> None:
    """Say that a step of long work is about to begin (a page to recognise). Call it as often as you like."""
    _listener()


def on_beat(listener: Callable[[], None]) -> None:
    """Have `listener` called at each sign of life, in place of who listened before."""
    global _listener
    _listener = listener

"""Work in a thread that Ctrl-C ends at its next step, and not when all of it is done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["Look", "until_stopped"]

T = TypeVar("T")

Look = Callable[[], None]
"""What long work calls between two steps; it raises when nobody waits for the work any more."""


class _NobodyWaits(Exception):
    """Ends work whose command was stopped."""


async def until_stopped(work: Callable[[Look], T]) -> T:
    """What the work answers. When the waiting for it is cancelled, the work is told at its next step and its end is
    waited for: what it works on is put away only then."""
    stopped = threading.Event()

    def look() -> None:
        if stopped.is_set():
            raise _NobodyWaits

    working = asyncio.ensure_future(asyncio.to_thread(work, look))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stopped.set()
        await asyncio.wait([working])
        if not working.cancelled():
            working.exception()  # looked at: nobody else will
        raise

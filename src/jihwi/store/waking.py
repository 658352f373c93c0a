"""The bell of one process: it wakes whoever waits for a case once the case has changed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator

__all__ = ["Bell", "is_slot_bell", "slot_bell", "woken"]

_SLOT = "slot:"


def slot_bell(name: str) -> str:
    """Under what a bell knows those who wait for a place of `name`. No case is called so.

    >>> slot_bell("skill search")
    'slot:50fb6ff935485c98'
    """
    return _SLOT + hashlib.sha256(name.encode()).hexdigest()[:16]


def is_slot_bell(name: str) -> bool:
    """Whether a name on the bell is one of those."""
    return name.startswith(_SLOT)


class Bell:
    """Holds the waiting and wakes them. Knows nothing of where the news comes from.

    A waiter names a case and the event number it has seen, or no case, and then any change wakes it.
    """

    def __init__(self) -> None:
        self._waiting: dict[str | None, dict[asyncio.Future[bool], int]] = {}

    @property
    def cases(self) -> list[str]:
        """The cases somebody waits for."""
        return [case_id for case_id in self._waiting if case_id is not None]

    @property
    def anyone(self) -> bool:
        """Whether anybody waits at all."""
        return bool(self._waiting)

    def ring(self, case_id: str, seq: int) -> None:
        """The case has got an event `seq`: wake those who have seen less, and those who wait for any change."""
        if not self._waiting:
            return
        self.ring_case(case_id, seq)
        self.ring_any()

    def ring_case(self, case_id: str, seq: int) -> None:
        """The case has an event `seq`, be it news or not: wake those who have seen less."""
        for waiter, after in self._waiting.get(case_id, {}).items():
            if seq > after and not waiter.done():
                waiter.set_result(True)

    def ring_slot(self, name: str) -> None:
        """A place of `name` (as `slot_bell` has it) may be free: wake who waits for one, and nobody else."""
        for waiter in self._waiting.get(name, ()):
            if not waiter.done():
                waiter.set_result(True)

    def ring_slots(self) -> None:
        """Places may be free, nobody knows whose."""
        for name in list(self._waiting):
            if name is not None and name.startswith(_SLOT):
                self.ring_slot(name)

    def ring_any(self) -> None:
        """Some case has changed: wake those who wait for any."""
        for waiter in self._waiting.get(None, ()):
            if not waiter.done():
                waiter.set_result(True)

    async def wait(self, case_id: str | None, after: int, *, seconds: float) -> bool:
        """Wait to be woken, at most `seconds`; whether it was."""
        with self.waiter(case_id, after) as waiter:
            return await woken(waiter, seconds=seconds)

    @contextlib.contextmanager
    def waiter(self, case_id: str | None, after: int) -> Iterator[asyncio.Future[bool]]:
        """Be told from now on, so that nothing is missed between looking and waiting."""
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(case_id, {})[waiter] = after
        try:
            yield waiter
        finally:
            others = self._waiting[case_id]
            del others[waiter]
            if not others:
                del self._waiting[case_id]

    def wake_all(self, *, changed: bool = True) -> None:
        """Wake everybody; `changed` is what they are told."""
        for waiters in self._waiting.values():
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(changed)


async def woken(waiter: asyncio.Future[bool], *, seconds: float) -> bool:
    """Wait for one waiter, at most `seconds`; whether it was woken."""
    try:
        async with asyncio.timeout(seconds):
            return await waiter
    except TimeoutError:
        return False

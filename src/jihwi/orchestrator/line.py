"""The line of those who wait for a free place: for each limit, the cases of a runner come one at a time, in turn.

    drive ── ask ──▶ Ticket ── waits ──▶ granted: the drive is woken, "started" is appended, the effect runs ── back ──▶

A case stands in the store's line with one ticket at a time, behind everybody who is there already, in this process or
another: so a case with a hundred children comes once while one with a single turn comes once. A limit has one task
while anybody waits or a place is on its way back, which sleeps until the store hears of a free place; every now and
then it looks all the same, because nobody says that a lease has run out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from jihwi.errors import StoreError
from jihwi.orchestrator.ports import Limit
from jihwi.store import Lease, Slots

__all__ = ["Line", "Ticket"]

LOOK_SECONDS = 1.0
"""How often whoever is first looks for a free place though nothing was heard."""

ROUND_SECONDS = 5.0
"""How often everybody looks: who stands first here may have lost its place in the store's line, which goes on."""

_Result = TypeVar("_Result")


class Ticket:
    """One wish for a place, and then the place. `granted` is set before `tell` is called."""

    __slots__ = ("asked_at", "granted", "lease", "limit", "over", "place", "standing", "tell")

    def __init__(self, limit: Limit, lease: Lease, place: str, tell: Callable[[], None], asked_at: float) -> None:
        self.limit = limit
        self.lease = lease
        self.place = place
        self.tell = tell
        self.asked_at = asked_at
        """By the steady clock."""
        self.standing = False
        """It is known to the store."""
        self.granted = False
        self.over = False
        """Nobody wants it any more."""


class _Queue:
    """Those of one runner who wait for one limit, and what it has to give back."""

    __slots__ = ("leaving", "limit", "news", "rounded_at", "task", "waiting")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.waiting: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self.leaving: list[Ticket] = []
        self.news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.rounded_at = 0.0


class Line:
    """All the queues of one runner."""

    def __init__(self, slots: Callable[[], Slots], seconds: Callable[[], float]) -> None:
        self._slots = slots
        self._seconds = seconds
        self._queues: dict[str, _Queue] = {}

    # ── what drives call ──

    def ask(self, limit: Limit, lease: Lease, place: str, tell: Callable[[], None]) -> Ticket:
        """Wish for a place; `tell` is called once it is there."""
        ticket = Ticket(limit, lease, place, tell, self._seconds())
        queue = self._queues.setdefault(limit.slot, _Queue(limit))
        queue.waiting.setdefault(lease.case_id, deque()).append(ticket)
        self._stir(queue)
        return ticket

    def waited_seconds(self, ticket: Ticket) -> float:
        """How long ago it was asked for."""
        return self._seconds() - ticket.asked_at

    def back(self, ticket: Ticket) -> None:
        """Give a place back, or the wish for it up."""
        if ticket.over:
            return
        ticket.over = True
        queue = self._queues[ticket.limit.slot]
        if ticket in queue.waiting.get(ticket.lease.case_id, ()):
            _advance(queue, ticket)
        if ticket.standing:
            queue.leaving.append(ticket)
        self._stir(queue)

    async def left(self, case_id: str) -> None:
        """See to it that all places of a case that is driven no longer are given back; where the store does not let
        us, they are free when its lease is."""
        for queue in self._queues.values():
            for ticket in [one for one in queue.leaving if one.lease.case_id == case_id]:
                with contextlib.suppress(StoreError):
                    await self._slots().free(queue.limit.slot, ticket.place, lease=ticket.lease)
                if ticket in queue.leaving:
                    queue.leaving.remove(ticket)

    # ── the task of a queue ──

    def _stir(self, queue: _Queue) -> None:
        queue.news.set()
        if queue.task is None or queue.task.done():
            queue.task = asyncio.create_task(self._serve(queue))

    async def _serve(self, queue: _Queue) -> None:
        while queue.waiting or queue.leaving:
            queue.news.clear()
            heard = self._slots().heard
            try:
                await self._give_back(queue)
                heard = self._slots().heard
                await self._grant(queue)
            except StoreError:
                # The store is busy or away. The drives will hear of it when they append; places die with their leases.
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if queue.waiting and not queue.news.is_set():
                await self._wait(queue, heard)

    async def _give_back(self, queue: _Queue) -> None:
        while queue.leaving:
            await _all([self._free(queue, ticket) for ticket in queue.leaving])

    async def _free(self, queue: _Queue, ticket: Ticket) -> None:
        await self._slots().free(queue.limit.slot, ticket.place, lease=ticket.lease)
        if ticket in queue.leaving:  # unless `left` was quicker
            queue.leaving.remove(ticket)

    async def _grant(self, queue: _Queue) -> None:
        """Ask for the first of each case, in the order of the line; behind one that must wait, only to be in it. What
        is asked for together is one commit, in that order."""
        everybody = self._seconds() - queue.rounded_at > ROUND_SECONDS
        if everybody:
            queue.rounded_at = self._seconds()
        full = False
        asked: set[Ticket] = set()
        while wave := _wave(queue, asked, standing=not full, everybody=everybody):
            asked.update(wave)
            full = not all(await _all([self._take(queue, ticket) for ticket in wave])) or full

    async def _take(self, queue: _Queue, ticket: Ticket) -> bool:
        ticket.standing = True  # from now on it may be known to the store, whatever comes of the asking
        slot, limit = queue.limit.slot, ticket.limit.count
        held = await self._slots().take(slot, ticket.place, limit=limit, lease=ticket.lease)
        if held and not ticket.over:
            _advance(queue, ticket)
            ticket.granted = True
            ticket.tell()
        return held

    async def _wait(self, queue: _Queue, heard: int) -> None:
        free = asyncio.create_task(self._slots().wait(queue.limit.slot, heard, seconds=LOOK_SECONDS))
        news = asyncio.create_task(queue.news.wait())
        try:
            await asyncio.wait({free, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            free.cancel()
            news.cancel()
            await asyncio.gather(free, news, return_exceptions=True)


async def _all(works: list[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """What comes of them all, once all have ended; the first error among it is raised."""
    found = await asyncio.gather(*works, return_exceptions=True)
    results: list[_Result] = []
    for one in found:
        if isinstance(one, BaseException):
            raise one
        results.append(one)
    return results


def _wave(queue: _Queue, asked: set[Ticket], *, standing: bool, everybody: bool) -> list[Ticket]:
    """Whom to ask for now, of those not asked for in this round: who is new, and the first who stands in the store's
    line already, if `standing`; or everybody."""
    wave: list[Ticket] = []
    for of_case in queue.waiting.values():
        ticket = of_case[0]
        if ticket in asked:
            continue
        if everybody or not ticket.standing:
            wave.append(ticket)
        elif standing:
            wave.append(ticket)
            standing = False
    return wave


def _advance(queue: _Queue, ticket: Ticket) -> None:
    """The case has its place; what else it waits for comes after everybody."""
    case_id = ticket.lease.case_id
    of_case = queue.waiting[case_id]
    of_case.remove(ticket)
    if of_case:
        queue.waiting.move_to_end(case_id)
    else:
        del queue.waiting[case_id]

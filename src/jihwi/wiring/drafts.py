"""How drafts of what models write reach who follows a case from another process: by the state folder where the cases
lie there, by the server where they lie on one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from jihwi.clock import SystemClock
from jihwi.ids import Randomness
from jihwi.minds import Delta, DeltaSink
from jihwi.settings import StoreAddress
from jihwi.wiring.passing import LONGEST, DraftsInFolder
from jihwi.words import storable

__all__ = ["DraftsPassed", "Follow", "drafts_passed"]

GATHER_SECONDS = 0.1
"""Pieces of one turn that come within this time travel together."""

Follow = Callable[[Collection[str]], None]
"""Says which cases are followed from now on: these, and no others."""


class DraftsPassed(Protocol):
    """A sink that passes pieces of turns on to other processes, and hears theirs. It never waits and never fails:
    what does not arrive is lost, and those of one turn arrive in their order."""

    def __call__(self, delta: Delta) -> None:
        """Pass a piece on to whoever follows its case now."""
        ...

    def heard(self, take: DeltaSink) -> AbstractAsyncContextManager[Follow]:
        """Give `take` what other processes write of the cases that are followed, while this is open."""
        ...

    async def close(self) -> None:
        """Put it away."""
        ...


def drafts_passed(store: StoreAddress, home: Path) -> DraftsPassed:
    """The way for a house whose cases lie at `store`, or in the folder `home`."""
    name, seconds = f"{os.getpid()}-{Randomness().token(4).hex()}", SystemClock().monotonic_seconds
    return _DraftsOnServer(store, name, seconds) if store else DraftsInFolder(home, name, seconds)


class _DraftsOnServer:
    """The pieces of each turn, gathered for a moment, as messages of the server that has the cases."""

    def __init__(self, store: StoreAddress, name: str, seconds: Callable[[], float]) -> None:
        from jihwi.store.postgres.passing import PostgresPassing  # waits: brings psycopg

        self._passing = PostgresPassing(store.url, name, seconds)
        self._held: dict[tuple[str, str, int], str] = {}
        self._due: asyncio.TimerHandle | None = None

    def __call__(self, delta: Delta) -> None:
        place = (delta.case_id, delta.assignment, delta.turn)
        self._held[place] = (self._held.get(place, "") + delta.text)[:LONGEST]
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._pass_on)

    def _pass_on(self) -> None:
        held, self._held, self._due = self._held, {}, None
        for (case_id, assignment, turn), text in held.items():
            delta = Delta(case_id, assignment, turn, storable(text))
            self._passing.send(case_id, msgspec.json.encode(delta))

    @asynccontextmanager
    async def heard(self, take: DeltaSink) -> AsyncIterator[Follow]:
        def read(message: bytes) -> None:
            try:
                delta = _read(message)
            except msgspec.MsgspecError:  # a newer version's
                return
            take(delta)

        async with self._passing.heard(read) as follow:
            yield follow

    async def close(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._pass_on()
        await self._passing.close()


_read = msgspec.json.Decoder(Delta).decode

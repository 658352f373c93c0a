"""What a process hears from the server: which cases changed, and what time it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import LiteralString

import psycopg

from jihwi.errors import StoreError
from jihwi.postgres_ways import ASKED_SECONDS
from jihwi.store.postgres.opening import Connection, connect, cut_when_silent
from jihwi.store.postgres.statements import NOW
from jihwi.store.waking import Bell, is_slot_bell

__all__ = ["Hearing", "ServerClock"]

_POLL_SECONDS = 0.25
_CLOCK_SECONDS = 30.0
_AGAIN_SECONDS = 1.0
_CLOCK_TRIALS = 3


class ServerClock:
    """The server's time, told from this machine's steady clock and the difference last measured."""

    def __init__(self) -> None:
        self._ahead_ms = 0.0
        self._told_ms = 0
        self._set_at = 0.0

    def now_ms(self) -> int:
        """Never goes back, though the difference is measured anew now and then."""
        self._told_ms = max(self._told_ms, int(time.monotonic() * 1000 + self._ahead_ms))
        return self._told_ms

    @property
    def is_old(self) -> bool:
        """Whether the difference should be measured again."""
        return time.monotonic() - self._set_at > _CLOCK_SECONDS

    async def set_by(self, connection: Connection) -> None:
        """Measure the difference: of a few trials the quickest, taken to be halfway there and back."""
        best = float("inf")
        for _ in range(_CLOCK_TRIALS):
            began = time.monotonic()
            row = await (await connection.execute(_SELECT_NOW)).fetchone()
            took = time.monotonic() - began
            if row is not None and took < best:
                best = took
                self._ahead_ms = row[0] - (began + took / 2) * 1000
        self._set_at = time.monotonic()


_SELECT_NOW: LiteralString = f"SELECT {NOW}"


class Hearing:
    """Listens on a connection of its own and rings the bell; looks for itself while anybody waits, because a
    notification may be lost with a connection. A server that answers nothing for `silent_seconds` is as one that is
    gone: whatever waits for it is told so."""

    def __init__(
        self,
        connection: Connection,
        dsn: str,
        clock: ServerClock,
        own_backend: Callable[[], int],
        *,
        silent_seconds: float,
    ) -> None:
        self.bell = Bell()
        self.count = 0
        """How many changes were heard."""
        self.freed = 0
        """How often places under a limit were heard to be free."""
        self._connection = connection
        self._dsn = dsn
        self._clock = clock
        self._own_backend = own_backend
        self._silent_seconds = silent_seconds
        self._every_seconds = min(ASKED_SECONDS, silent_seconds)
        self._asked_at = 0.0
        self._changes = -1
        self._count_looked = 0
        self._task = asyncio.create_task(self._listen_for_ever())

    def heard(self, case_id: str, seq: int) -> None:
        """A case has an event `seq`."""
        self.count += 1
        self.bell.ring(case_id, seq)

    def slot_freed(self, bell: str) -> None:
        """A place under a limit may be free."""
        self.freed += 1
        self.bell.ring_slot(bell)

    async def close(self) -> None:
        """Stop listening and wake who waits."""
        self.bell.wake_all(changed=False)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._connection.close()

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                if self._connection.closed:
                    self._connection = await connect(self._dsn, busy_seconds=_AGAIN_SECONDS)
                await self._listen()
            except (psycopg.Error, StoreError):
                await self._connection.close()
                await asyncio.sleep(_AGAIN_SECONDS)
            # Whatever happened while nobody listened, each may look for itself.
            self.count += 1
            self.freed += 1
            self.bell.wake_all()

    async def _listen(self) -> None:
        with self._answered():
            await self._connection.execute("LISTEN jihwi")
            await self._look()
        while True:
            async for notice in self._connection.notifies(timeout=_POLL_SECONDS):
                if notice.pid == self._own_backend():
                    continue  # our own appends were heard when they were acknowledged
                for line in notice.payload.splitlines():
                    case_id, _, seq = line.partition(" ")
                    if is_slot_bell(case_id):
                        self.slot_freed(case_id)
                    else:
                        self.heard(case_id, int(seq))
            with self._answered():
                if self._clock.is_old:
                    await self._clock.set_by(self._connection)
                if self.bell.anyone or time.monotonic() - self._asked_at > self._every_seconds:
                    await self._look()

    def _answered(self) -> contextlib.AbstractContextManager[None]:
        return cut_when_silent(self._dsn, self._silent_seconds)

    async def _look(self) -> None:
        """See what no notification told."""
        self._asked_at = time.monotonic()
        row = await (
            await self._connection.execute("SELECT last_value + is_called::integer FROM jihwi.changes")
        ).fetchone()
        changes = row[0] if row else 0
        before, self._changes = self._changes, changes
        if changes == before or before < 0:
            self._count_looked = self.count
            return
        cursor = await self._connection.execute(
            "SELECT case_id, seq FROM jihwi.cases WHERE case_id = ANY (%s)", (self.bell.cases,)
        )
        for case_id, seq in await cursor.fetchall():
            self.bell.ring_case(case_id, seq)
        # Whoever waits for any change has been woken by what was heard; else nobody has told of this one.
        silent, self._count_looked = self.count == self._count_looked, self.count
        if silent:
            self.count += 1
            self.bell.ring_any()

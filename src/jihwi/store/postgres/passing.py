"""Messages of a case passed over the server to whoever follows it from another process, on whatever machine.

They are unstored and lossy: rows of tables that no log keeps, written only while somebody follows and gone after some
seconds. What they say is no matter of the store's. Not sent as notifications, which every role of the database may
hear, also one that may read no case.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import msgspec
import psycopg

from jihwi.errors import JihwiError
from jihwi.store.postgres.opening import Connection, connect, cut
from jihwi.store.postgres.statements import NOW

__all__ = ["DROP_DRAFTS", "KEPT_SECONDS", "PostgresPassing"]

KEPT_SECONDS = 5.0
"""So long a message waits on the server for who follows, and here for a server that is away."""
LOOK_SECONDS = 0.5
"""How often a sender looks for followers while it has something to send."""
LISTEN_SECONDS = 0.25
"""How often a follower looks for messages."""
RENEW_SECONDS = 2.0
_FOLLOWS_MS = 6_000
"""A follower that is not heard of for so long has ended without a word."""
_AGAIN_SECONDS = 2.0
"""So long a server that was away is left alone."""
_LOCKED_SECONDS = 1.0
_CLOSE_SECONDS = 1.0
MOST_WAITING = 1_000
"""Messages that wait here for the server; the newest beyond them are lost."""
MOST_WAITING_BYTES = 4 * 1024 * 1024
_MOST_AT_ONCE = 500
_FORGOTTEN_SECONDS = 60.0

_KEPT_MS = int(KEPT_SECONDS * 1000)
_RELAXED: LiteralString = "relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"

# Rows that another process is just deleting are left to it: nobody waits for anybody here.
_FORGET: LiteralString = f"""
DELETE FROM jihwi.drafts d USING (
    SELECT case_id, sender, number FROM jihwi.drafts
    WHERE at_ms < {NOW} - %(kept_ms)s FOR UPDATE SKIP LOCKED
) AS old, (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE d.case_id = old.case_id AND d.sender = old.sender AND d.number = old.number"""

_FOLLOWED: LiteralString = f"""
SELECT DISTINCT case_id FROM jihwi.followers WHERE until_ms > {NOW} AND NOT starts_with(follower, %(name)s)"""

_PASS_ON: LiteralString = f"""
WITH {_RELAXED}
INSERT INTO jihwi.drafts (case_id, sender, number, message, at_ms)
SELECT d.case_id, %(name)s, d.number, d.message, {NOW}
FROM relaxed, unnest(%(cases)s::text[], %(numbers)s::bigint[], %(messages)s::bytea[]) AS d(case_id, number, message)
ON CONFLICT DO NOTHING"""

_FOLLOW: LiteralString = f"""
WITH {_RELAXED}, ended AS (
    DELETE FROM jihwi.followers f USING (
        SELECT follower, case_id FROM jihwi.followers
        WHERE follower = %(follower)s AND NOT case_id = ANY (%(cases)s) OR until_ms < {NOW} FOR UPDATE SKIP LOCKED
    ) AS gone WHERE f.follower = gone.follower AND f.case_id = gone.case_id
        AND NOT (f.follower = %(follower)s AND f.case_id = ANY (%(cases)s))
)
INSERT INTO jihwi.followers (follower, case_id, until_ms)
SELECT %(follower)s, c.case_id, {NOW} + %(follows_ms)s FROM relaxed, unnest(%(cases)s::text[]) AS c(case_id)
ON CONFLICT (follower, case_id) DO UPDATE SET until_ms = excluded.until_ms"""

# What nobody hears any more goes with its last follower.
_LEAVE: LiteralString = f"""
WITH {_RELAXED}, gone AS (
    DELETE FROM jihwi.followers f USING relaxed WHERE f.follower = %(follower)s RETURNING f.case_id
)
DELETE FROM jihwi.drafts d USING gone WHERE d.case_id = gone.case_id AND NOT EXISTS (
    SELECT FROM jihwi.followers f WHERE f.case_id = d.case_id AND f.follower <> %(follower)s)"""

_HEAR: LiteralString = f"""
SELECT d.sender, d.number, d.message FROM jihwi.drafts d
LEFT JOIN unnest(%(senders)s::text[], %(numbers)s::bigint[]) AS heard(sender, number) ON heard.sender = d.sender
WHERE d.case_id = ANY (%(cases)s) AND d.sender <> %(name)s AND d.number > coalesce(heard.number, 0)
    AND d.at_ms > {NOW} - %(kept_ms)s
ORDER BY d.sender, d.number LIMIT %(most)s"""

DROP_DRAFTS: LiteralString = "DELETE FROM jihwi.drafts WHERE case_id = %(case_id)s"
"""A case that is erased leaves nothing here either."""

Follow = Callable[[Collection[str]], None]
"""Says which cases are followed from now on."""


class _Waiting(msgspec.Struct, frozen=True):
    """A message that has not been passed on yet, and since when."""

    case_id: str
    message: bytes
    since: float


class PostgresPassing:
    """Sends messages and hears those of other processes, over one connection of its own that is made when first
    needed. It never fails: while the server is away messages are lost, and later it is tried again."""

    def __init__(self, address: Callable[[], str], name: str, seconds: Callable[[], float]) -> None:
        """`address` tells the connection string, which may take a moment. `name` is this process's own and no other's:
        what it sends it does not hear. `seconds` is a steady clock."""
        self._way = _Way(address, seconds)
        self._name = name
        self._seconds = seconds
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._number = 0
        self._followed: frozenset[str] = frozenset()
        self._looked = float("-inf")
        self._forgot = float("-inf")
        self._left = False
        self._followers = 0

    def send(self, case_id: str, message: bytes) -> None:
        """Pass a message on to whoever follows the case; those of one process arrive in their order. Never waits."""
        full = len(self._waiting) >= MOST_WAITING or self._waiting_bytes + len(message) > MOST_WAITING_BYTES
        if self._closed or full:
            return
        self._waiting.append(_Waiting(case_id, message, self._seconds()))
        self._waiting_bytes += len(message)
        self._more.set()
        if self._task is None:
            self._task = asyncio.create_task(self._pass_all_on())

    @asynccontextmanager
    async def heard(self, take: Callable[[bytes], None]) -> AsyncIterator[Follow]:
        """Give `take` what other processes send of the cases that are followed, while this is open. Nothing is asked
        of the server while no case is followed."""
        self._followers += 1
        follower = _Follower(self._way, self._name, f"{self._name}/{self._followers}", take, self._seconds)
        task = asyncio.create_task(follower.listen())
        try:
            yield follower.follow
        finally:
            follower.end()
            await self._ended(task)

    async def close(self) -> None:
        """Pass on what waits, for a moment, and let go of the connection."""
        self._closed = True
        if self._task is not None:
            self._more.set()
            await self._ended(self._task)
        await self._way.close()

    async def _ended(self, task: asyncio.Task[None]) -> None:
        """See a task to its end; from a server that does not answer it is cut off, and then from one that is not even
        reached."""
        for give_up in (self._way.cut, task.cancel):
            done, _ = await asyncio.wait({task}, timeout=_CLOSE_SECONDS)
            if done:
                return
            give_up()
        await asyncio.wait({task})

    async def _pass_all_on(self) -> None:
        while self._waiting or not self._closed:
            if not await _set_within(self._more, KEPT_SECONDS + RENEW_SECONDS if self._left else None):
                await self._forget()
                self._left = False
                continue
            self._more.clear()
            batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
            await self._pass_on([one for one in batch if self._seconds() - one.since < KEPT_SECONDS])

    async def _pass_on(self, batch: list[_Waiting]) -> None:
        now = self._seconds()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            found = await self._way.ask(_FOLLOWED, {"name": f"{self._name}/"})
            self._followed = frozenset(case_id for (case_id,) in found or ())
        batch = [one for one in batch if one.case_id in self._followed]
        if not batch:
            return
        numbers = range(self._number + 1, self._number + 1 + len(batch))
        self._number += len(batch)
        values = {
            "name": self._name,
            "cases": [one.case_id for one in batch],
            "numbers": list(numbers),
            "messages": [one.message for one in batch],
        }
        self._left = await self._way.ask(_PASS_ON, values) is not None or self._left
        if now - self._forgot > RENEW_SECONDS:
            self._forgot = now
            await self._forget()

    async def _forget(self) -> None:
        await self._way.ask(_FORGET, {"kept_ms": _KEPT_MS})


class _Follower:
    """Hears the messages of the cases that somebody here follows."""

    def __init__(
        self, way: _Way, own: str, name: str, take: Callable[[bytes], None], seconds: Callable[[], float]
    ) -> None:
        self._way = way
        self._own = own
        self._name = name
        self._take = take
        self._seconds = seconds
        self._cases: frozenset[str] = frozenset()
        self._told: frozenset[str] = frozenset()
        """What the server was told last."""
        self._told_at = float("-inf")
        self._heard: dict[str, tuple[int, float]] = {}
        """Of each sender the last number, and when it came."""
        self._changed = asyncio.Event()
        self._ending = False

    def follow(self, cases: Collection[str]) -> None:
        """Hear these cases from now on, and no others."""
        self._cases = frozenset(cases)
        self._changed.set()

    def end(self) -> None:
        """Come to an end soon."""
        self._ending = True
        self._changed.set()

    async def listen(self) -> None:
        """Hear, until it shall end."""
        while not self._ending:
            self._changed.clear()
            cases = self._cases
            if cases:
                await self._say(cases)
                await self._hear(cases)
            elif self._told:
                await self._leave()
            await _set_within(self._changed, LISTEN_SECONDS if cases else None)
        if self._told:
            await self._leave()

    async def _say(self, cases: frozenset[str]) -> None:
        """Tell the server who follows what, when that has changed and now and then."""
        now = self._seconds()
        if cases == self._told and now - self._told_at < RENEW_SECONDS:
            return
        values = {"follower": self._name, "cases": sorted(cases), "follows_ms": _FOLLOWS_MS}
        if await self._way.ask(_FOLLOW, values) is not None:
            self._told, self._told_at = cases, now
            await self._way.ask(_FORGET, {"kept_ms": _KEPT_MS})
        known = self._heard.items()
        self._heard = {sender: last for sender, last in known if now - last[1] < _FORGOTTEN_SECONDS}

    async def _leave(self) -> None:
        await self._way.ask(_LEAVE, {"follower": self._name})
        self._told = frozenset()

    async def _hear(self, cases: frozenset[str]) -> None:
        values = {
            "cases": list(cases),
            "name": self._own,
            "senders": list(self._heard),
            "numbers": [number for number, _ in self._heard.values()],
            "kept_ms": _KEPT_MS,
            "most": _MOST_AT_ONCE,
        }
        for sender, number, message in await self._way.ask(_HEAR, values) or ():
            self._heard[sender] = (number, self._seconds())
            self._take(message)


class _Way:
    """The connection: made when first needed, and not again for a while after the server was found to be away."""

    def __init__(self, address: Callable[[], str], seconds: Callable[[], float]) -> None:
        self._address = address
        self._seconds = seconds
        self._connection: Connection | None = None
        self._again = float("-inf")
        self._one = asyncio.Lock()

    async def ask(self, statement: LiteralString, values: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
        """The rows of a statement; `None` when the server did not do it."""
        async with self._one:
            if self._seconds() < self._again:
                return None
            try:
                connection = await self._connected()
                cursor = await connection.execute(statement, values)
                return await cursor.fetchall() if cursor.description else []
            except (psycopg.Error, JihwiError):
                self._again = self._seconds() + _AGAIN_SECONDS
                return None

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            address = await asyncio.to_thread(self._address)
            self._connection = await connect(address, busy_seconds=_LOCKED_SECONDS)
        return self._connection

    def cut(self) -> None:
        """Wait no longer for what the server was asked."""
        if self._connection is not None and not self._connection.closed:
            cut(self._connection)

    async def close(self) -> None:
        """Let go of the connection."""
        self._again = float("inf")
        if self._connection is not None:
            await self._connection.close()


async def _set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event, at most so long; whether it was set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False

"""The promise of a store kept by three connections: one writes, one reads, one listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Any, LiteralString

import msgspec
import psycopg

from jihwi.case.ledger import Sealed
from jihwi.errors import LeaseLost, StoreFailed
from jihwi.postgres_ways import SILENT_SECONDS
from jihwi.store import HOUSE, CaseRow, CaseStatus, Lease, Patch
from jihwi.store.commits import page_of
from jihwi.store.migrations import migrations_for
from jihwi.store.postgres import statements as sql
from jihwi.store.postgres.hearing import Hearing, ServerClock
from jihwi.store.postgres.opening import (
    Connection,
    asked_meanwhile,
    connect,
    cut_when_silent,
    migrate,
    place_of,
    store_error,
)
from jihwi.store.postgres.passing import DROP_DRAFTS
from jihwi.store.postgres.slots import PostgresSlots
from jihwi.store.postgres.writer import Errand, Writer, erase, prepare
from jihwi.store.waking import woken

__all__ = ["PostgresStore"]

_PAGE_ROWS = 1000


class PostgresStore:
    """An `EventStore` in the schema `jihwi` of a database. Its clock is the server's."""

    def __init__(
        self,
        dsn: str,
        writer: Writer,
        reader: Connection,
        hearing: Hearing,
        clock: ServerClock,
        silent_seconds: float,
    ) -> None:
        """Use `open`."""
        self._dsn = dsn
        self._silent_seconds = silent_seconds
        self._writer = writer
        self._reader = reader
        self._hearing = hearing
        self._clock = clock
        self._slots = PostgresSlots(writer, self._rows_of, hearing)
        # What had been heard when a claim last found nothing: what came since wakes `wait(None)` at once, so that no
        # runner sleeps through a case that arrived between its claim and its wait.
        self._idle_at = -1
        self._reading = asyncio.Lock()
        self._stands = False
        """Whether the connection that reads stays at one moment."""
        self._closed = False

    @classmethod
    async def open(
        cls, dsn: str, *, busy_seconds: float = 5.0, silent_seconds: float = SILENT_SECONDS
    ) -> PostgresStore:
        """Open the database that `dsn` names; the schema `jihwi` is made when missing. An append that waits for
        another's lock longer than `busy_seconds` raises StoreBusy. Once the server has answered nothing for
        `silent_seconds`, what waits for it raises StoreFailed, and the next call connects anew.

        Raises StoreFailed when the server cannot be reached or is silent, StoreReadOnly, StoreTooNew, StoreBusy while
        another process brings the schema up to date for longer than `busy_seconds`.
        """
        async with AsyncExitStack() as opened:
            connections = []
            for _ in range(3):
                connections.append(await connect(dsn, busy_seconds=busy_seconds))
                opened.push_async_callback(connections[-1].close)
            reader, listener, writing = connections
            clock = ServerClock()
            async with asked_meanwhile(listener, dsn, silent_seconds):
                await migrate(reader, dsn, migrations_for("postgres"), busy_seconds=busy_seconds)
                try:
                    await clock.set_by(reader)
                except psycopg.Error as problem:
                    raise store_error(problem, dsn) from problem
            opened.pop_all()
        writer = Writer(writing, dsn, busy_seconds=busy_seconds)
        hearing = Hearing(listener, dsn, clock, writer.backend, silent_seconds=silent_seconds)
        return cls(dsn, writer, reader, hearing, clock, silent_seconds)

    async def __aenter__(self) -> PostgresStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def now_ms(self) -> int:
        return self._clock.now_ms()

    @property
    def slots(self) -> PostgresSlots:
        return self._slots

    # ── writing ──────────────────────────────────────────────────────────

    async def append(
        self,
        case_id: str,
        events: Sequence[Sealed],
        patch: Patch,
        *,
        blobs: Mapping[str, bytes] = {},
        lease: Lease | None = None,
    ) -> None:
        await self._writer.submit(prepare(case_id, events, patch, blobs, lease))
        self._hearing.heard(case_id, events[-1].seq)

    async def claim(
        self, runner: str, *, case_id: str | None = None, seconds: float = 30.0, besides: Collection[str] = ()
    ) -> Lease | None:
        heard = self._hearing.count
        values = {"runner": runner, "case_id": case_id, "lease_ms": int(seconds * 1000), "besides": list(besides)}
        row = await self._errand(sql.CLAIM_CASE if case_id else sql.CLAIM_WORK, values)
        if row is not None:
            return Lease(*row)
        if case_id is None:
            self._idle_at = heard
        return None

    async def renew(self, lease: Lease, *, seconds: float = 30.0) -> Lease:
        row = await self._errand(sql.RENEW, {**msgspec.structs.asdict(lease), "lease_ms": int(seconds * 1000)})
        if row is None:
            raise LeaseLost(lease.case_id, lease.epoch)
        return msgspec.structs.replace(lease, until_ms=row[0])

    async def release(self, lease: Lease) -> None:
        await self._errand(sql.RELEASE, msgspec.structs.asdict(lease))

    async def keep_snapshot(self, case_id: str, seq: int, data: bytes) -> None:
        await self._errand(sql.KEEP_SNAPSHOT, {"case_id": case_id, "seq": seq, "data": data})

    async def _errand(self, statement: LiteralString, values: dict[str, Any]) -> tuple[Any, ...] | None:
        async def do(connection: Connection) -> tuple[Any, ...] | None:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchone() if cursor.description else None

        row: tuple[Any, ...] | None = await self._writer.submit(Errand(do))
        return row

    async def erase(
        self, case_id: str, events: Sequence[Sealed], patch: Patch, *, seqs: Sequence[int], blobs: Sequence[str] = ()
    ) -> None:
        said = prepare(case_id, events, patch, {}, None)
        values = {"case_id": case_id, "seqs": list(seqs), "digests": [bytes.fromhex(digest) for digest in blobs]}

        async def do(connection: Connection) -> None:
            async with connection.transaction():
                await erase(connection, said, values)
                await connection.execute(DROP_DRAFTS, values)

        await self._writer.submit(Errand(do))
        self._hearing.heard(case_id, events[-1].seq)

    # ── reading ──────────────────────────────────────────────────────────

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator[None]:
        await self._rows_of(sql.BEGIN_MOMENT, ())
        try:
            self._stands = True
            await self._rows_of(sql.MOMENT, ())
            yield
        finally:
            self._stands = False
            async with self._reading:
                if not self._reader.closed:
                    with suppress(psycopg.Error):  # a lost connection has ended it, too
                        await self._reader.rollback()

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        events: list[Sealed] = []
        while limit is None or len(events) < limit:
            size = _PAGE_ROWS if limit is None else min(_PAGE_ROWS, limit - len(events))
            rows = await self._rows_of(sql.EVENTS, {"case_id": case_id, "after": after, "rows": size})
            page = page_of(rows, after, case_id=case_id, place=place_of(self._dsn))
            events += page
            if len(rows) < size or not page:
                break
            after = page[-1].seq
        return events if limit is None else events[:limit]

    async def blob(self, digest: str) -> bytes | None:
        found = await self._rows_of("SELECT data FROM jihwi.blobs WHERE digest = %s", (bytes.fromhex(digest),))
        return found[0][0] if found else None

    async def blobs_of(self, case_id: str) -> list[str]:
        return [digest.hex() for (digest,) in await self._rows_of(sql.BLOBS_OF, (case_id,))]

    async def row(self, case_id: str) -> CaseRow | None:
        found = await self._rows_of(sql.ROW + " WHERE case_id = %s", (case_id,))
        return CaseRow(*found[0]) if found else None

    async def rows(
        self, *, statuses: Sequence[CaseStatus] = (), prefix: str = "", requester: str = "", limit: int = 1000
    ) -> list[CaseRow]:
        found = await self._rows_of(
            sql.ROW + " WHERE case_id <> %(house)s AND (%(any)s OR status = ANY (%(statuses)s)) "
            "AND starts_with(case_id, %(prefix)s) AND (%(requester)s = '' OR requester = %(requester)s) "
            "ORDER BY changed_ms DESC, case_id DESC LIMIT %(limit)s",
            {
                "any": not statuses,
                "statuses": list(statuses),
                "prefix": prefix,
                "requester": requester,
                "limit": limit,
                "house": HOUSE,
            },
        )
        return [CaseRow(*row) for row in found]

    async def lease_of(self, case_id: str) -> Lease | None:
        found = await self._rows_of(sql.LEASE, (case_id,))
        return Lease(*found[0]) if found else None

    async def snapshot(self, case_id: str) -> tuple[int, bytes] | None:
        found = await self._rows_of(sql.SNAPSHOT, (case_id,))
        return (found[0][0], found[0][1]) if found else None

    async def _rows_of(self, statement: LiteralString, values: Sequence[Any] | dict[str, Any]) -> list[Any]:
        async with self._reading:
            if self._closed:
                raise StoreFailed(place_of(self._dsn), "the store is closed")
            for last in (self._stands, True):
                try:
                    if self._reader.closed:
                        if self._stands:
                            raise StoreFailed(place_of(self._dsn), "the connection was lost on the way")
                        self._reader = await connect(self._dsn, busy_seconds=_READ_SECONDS)
                    cursor = await self._reader.execute(statement, values)
                    return await cursor.fetchall() if cursor.description else []
                except psycopg.Error as problem:
                    # That a server was started anew shows only at the next use; a reading may be done twice.
                    if last or not self._reader.closed:
                        raise store_error(problem, self._dsn) from problem
            raise AssertionError("the second time returns or raises")

    async def gone_on(self, seqs: Mapping[str, int]) -> list[str]:
        found = await self._rows_of(sql.GONE_ON, (list(seqs), list(seqs.values()))) if seqs else []
        return [case_id for (case_id,) in found]

    # ── waiting ──────────────────────────────────────────────────────────

    async def wait(self, case_id: str | None, after: int, *, seconds: float) -> bool:
        with self._hearing.bell.waiter(case_id, after) as waiter:
            if case_id is None:
                changed = 0 <= self._idle_at < self._hearing.count or await woken(waiter, seconds=seconds)
                self._idle_at = self._hearing.count
                return changed
            values = (case_id, after)
            if await self._rows_of("SELECT 1 FROM jihwi.cases WHERE case_id = %s AND seq > %s", values):
                return True
            return await woken(waiter, seconds=seconds)

    async def close(self) -> None:
        if self._closed:
            return
        with cut_when_silent(self._dsn, self._silent_seconds):
            await self._hearing.close()
            await self._writer.close()
            async with self._reading:
                self._closed = True
                await self._reader.close()


_READ_SECONDS = 5.0
"""A reading statement waits for no lock but a migration's."""

"""The store in one file of this machine: SQLite with a write-ahead log, synced at every commit that must last."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw
import msgspec

from jihwi.case.ledger import Sealed
from jihwi.clock import Clock, SystemClock
from jihwi.errors import StoreError
from jihwi.sqlite_files import store_error
from jihwi.store import HOUSE, CaseRow, CaseStatus, Lease, Patch
from jihwi.store.commits import page_of
from jihwi.store.migrations import migrations_for
from jihwi.store.sqlite import leases
from jihwi.store.sqlite.erasing import erase
from jihwi.store.sqlite.opening import Place, connect, look_into, prepare_file
from jihwi.store.sqlite.slots import SqliteSlots
from jihwi.store.sqlite.transaction import Errand, prepare
from jihwi.store.sqlite.writer import NoWriter, Writer
from jihwi.store.waking import Bell

__all__ = ["SqliteStore"]

_PAGE_ROWS = 200
_POLL_SECONDS = 0.2

_ROW = """
SELECT case_id, status, request, requester, opened_ms, changed_ms, seq, head, wake_at_ms, waits_for, team, parent
FROM cases"""
_EVENTS = """
SELECT seq, header, salt, CASE WHEN blob IS NULL THEN body ELSE (SELECT data FROM blobs WHERE number = blob) END, head,
    later
FROM events WHERE case_number = :number AND seq >= coalesce(
    (SELECT max(seq) FROM events WHERE case_number = :number AND seq <= :after + 1), 0) ORDER BY seq LIMIT :rows"""
_NUMBER = "SELECT number FROM cases WHERE case_id = ?"
_GONE_ON = """
SELECT case_id FROM json_each(?) AS asked CROSS JOIN cases ON case_id = asked.key WHERE seq > asked.value"""
_SNAPSHOT = "SELECT seq, data FROM snapshots WHERE case_number = (SELECT number FROM cases WHERE case_id = ?)"
_KEEP_SNAPSHOT = """
INSERT INTO snapshots (case_number, seq, data) SELECT number, ?, ? FROM cases WHERE case_id = ?
ON CONFLICT (case_number) DO UPDATE SET seq = excluded.seq, data = excluded.data WHERE excluded.seq >= seq"""


class SqliteStore:
    """An `EventStore` in one file that any number of this machine's processes may share.

    Writing goes through one connection (`Writer`); reading has its own and never waits for it. Everything runs on the
    event loop that opened it.
    """

    def __init__(
        self,
        path: Path,
        writer: Writer | NoWriter,
        connected: Callable[[], apsw.Connection],
        clock: Clock,
    ) -> None:
        """Use `open` or `look`."""
        self.path = path
        self._connected = connected
        """Another connection that reads."""
        self._writer = writer
        self._reader = connected()
        self._place = Place(path)
        self._clock = clock
        self._bell = Bell()
        self._slots = SqliteSlots(writer, self._rows_of, self.now_ms, self._bell, self._poll)
        self._poller: asyncio.Task[None] | None = None
        # The last event when a claim last found nothing: what came since wakes `wait(None)` at once, so that no
        # runner sleeps through a case that arrived between its claim and its wait.
        self._idle_at = -1
        self._stands = False
        """Whether the connection that reads stays at one moment."""

    @classmethod
    async def open(cls, path: Path | str, *, busy_seconds: float = 5.0, clock: Clock | None = None) -> SqliteStore:
        """Open the file at `path`, made when missing. An append that finds the file held by another process for
        longer than `busy_seconds` raises StoreBusy.

        Raises StoreOnNetwork, StoreReadOnly, StoreCorrupt, StoreTooNew, StoreBusy, StoreFull.
        """
        path = Path(path)
        await asyncio.to_thread(prepare_file, path, migrations_for("sqlite"), busy_seconds=busy_seconds)
        connected = functools.partial(connect, path, busy_seconds=busy_seconds)
        writer = Writer(connected, path, busy_seconds=busy_seconds)
        try:
            return cls(path, writer, functools.partial(connected, reading=True), clock or SystemClock())
        except BaseException:
            await writer.close()
            raise

    @classmethod
    def look(cls, path: Path | str, *, why: StoreError, clock: Clock | None = None) -> SqliteStore:
        """Open a file that cannot be opened to be written, because of `why`, as it is: it is only read, and whoever
        writes is told `why`. Raises StoreReadOnly where facts would be missed, StoreCorrupt, StoreTooNew."""
        path = Path(path)
        connected = functools.partial(look_into, path, migrations_for("sqlite"))
        return cls(path, NoWriter(why), connected, clock or SystemClock())

    async def __aenter__(self) -> SqliteStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def now_ms(self) -> int:
        return self._clock.now_ms()

    @property
    def slots(self) -> SqliteSlots:
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
        job = prepare(case_id, events, patch, blobs, lease, self.now_ms() if patch.taker else 0)
        await self._writer.submit(job)
        self._bell.ring(case_id, job.last_seq)

    async def claim(
        self, runner: str, *, case_id: str | None = None, seconds: float = 30.0, besides: Collection[str] = ()
    ) -> Lease | None:
        now_ms = self.now_ms()
        # Looking first costs no write lock; whoever finds nothing leaves the others alone.
        if case_id is None:
            self._place.check()  # else a runner would wait for ever for work in a file that nobody else sees
            self._idle_at = self._last_event()
        who = leases.who(case_id, now_ms, besides)
        if not self._rows_of(leases.free(case_id), who):
            return None
        lease: Lease | None = await self._writer.submit(
            Errand(lambda database: leases.claim(database, runner, case_id, who, seconds))
        )
        return lease

    async def renew(self, lease: Lease, *, seconds: float = 30.0) -> Lease:
        now_ms = self.now_ms()
        renewed: Lease = await self._writer.submit(
            Errand(lambda database: leases.renew(database, lease, now_ms, seconds))
        )
        return renewed

    async def release(self, lease: Lease) -> None:
        await self._writer.submit(Errand(lambda database: leases.release(database, lease)))

    async def lease_of(self, case_id: str) -> Lease | None:
        rows = self._rows_of(
            "SELECT case_id, runner, epoch, until_ms FROM cases WHERE case_id = ? AND until_ms > ?",
            (case_id, self.now_ms()),
        )
        return Lease(*rows[0]) if rows else None

    async def keep_snapshot(self, case_id: str, seq: int, data: bytes) -> None:
        await self._writer.submit(
            Errand(lambda database: database.execute(_KEEP_SNAPSHOT, (seq, data, case_id)) and None)
        )

    async def erase(
        self, case_id: str, events: Sequence[Sealed], patch: Patch, *, seqs: Sequence[int], blobs: Sequence[str] = ()
    ) -> None:
        said = prepare(case_id, events, patch, {}, None)
        digests = [bytes.fromhex(digest) for digest in blobs]
        await self._writer.submit(Errand(lambda database: erase(database, said, seqs, digests), lasting=True))
        await self._writer.empty_log()
        self._bell.ring(case_id, said.last_seq)

    # ── reading ──────────────────────────────────────────────────────────

    @contextlib.asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator[None]:
        self._rows_of("BEGIN")
        try:
            self._last_event()  # the moment is that of the first look
            self._stands = True
            yield
        finally:
            self._stands = False
            self._rows_of("ROLLBACK")

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        place = self._rows_of(_NUMBER, (case_id,))
        events: list[Sealed] = []
        while place and (limit is None or len(events) < limit):
            size = _PAGE_ROWS if limit is None else min(_PAGE_ROWS, limit - len(events))
            rows = self._rows_of(_EVENTS, {"number": place[0][0], "after": after, "rows": size})
            page = page_of(rows, after, case_id=case_id, place=str(self.path))
            events += page
            if len(rows) < size or not page:
                break
            after = page[-1].seq
            await asyncio.sleep(0)  # a long log must not hold up the loop
        return events if limit is None else events[:limit]

    async def blob(self, digest: str) -> bytes | None:
        found = self._rows_of("SELECT data FROM blobs WHERE digest = ?", (bytes.fromhex(digest),))
        return found[0][0] if found else None

    async def blobs_of(self, case_id: str) -> list[str]:
        found = self._rows_of(
            "SELECT digest FROM blobs JOIN blob_uses ON blob = number "
            "WHERE case_number = (SELECT number FROM cases WHERE case_id = ?) ORDER BY digest",
            (case_id,),
        )
        return [digest.hex() for (digest,) in found]

    async def row(self, case_id: str) -> CaseRow | None:
        found = self._rows_of(f"{_ROW} WHERE case_id = ?", (case_id,))
        return CaseRow(*found[0]) if found else None

    async def rows(
        self, *, statuses: Sequence[CaseStatus] = (), prefix: str = "", requester: str = "", limit: int = 1000
    ) -> list[CaseRow]:
        conditions = ["case_id <> ?"]
        values = [HOUSE]
        if set(statuses) == {"running"}:
            conditions.append("status = 'running'")  # spelled out, so that its small index serves
        elif statuses:
            conditions.append(f"status IN ({', '.join('?' * len(statuses))})")
            values += list(statuses)
        if prefix:
            conditions.append("case_id >= ? AND case_id < ?")
            values += [prefix, prefix + "\U0010ffff"]
        if requester:
            conditions.append("requester = ?")
            values.append(requester)
        where = " AND ".join(conditions)
        sql = f"{_ROW} WHERE {where} ORDER BY changed_ms DESC, case_id DESC LIMIT {int(limit)}"
        if self._stands:
            return [CaseRow(*row) for row in self._rows_of(sql, values)]
        # This one looks at every case, so it has a thread and a connection of its own.
        found = await asyncio.to_thread(self._rows_apart, sql, values)
        return [CaseRow(*row) for row in found]

    async def snapshot(self, case_id: str) -> tuple[int, bytes] | None:
        found = self._rows_of(_SNAPSHOT, (case_id,))
        return (found[0][0], found[0][1]) if found else None

    def _rows_of(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        try:
            return self._reader.execute(sql, values).fetchall()
        except (apsw.Error, UnicodeDecodeError) as problem:
            raise store_error(problem, self.path) from problem

    def _rows_apart(self, sql: str, values: Sequence[Any]) -> list[Any]:
        self._place.check()
        database = self._connected()
        try:
            return database.execute(sql, values).fetchall()
        except (apsw.Error, UnicodeDecodeError) as problem:
            raise store_error(problem, self.path) from problem
        finally:
            database.close()

    def _last_event(self) -> int:
        last: int | None = self._rows_of("SELECT max(rowid) FROM events")[0][0]
        return last or 0

    async def gone_on(self, seqs: Mapping[str, int]) -> list[str]:
        found = self._rows_of(_GONE_ON, (msgspec.json.encode(seqs).decode(),)) if seqs else []
        return [case_id for (case_id,) in found]

    # ── waiting ──────────────────────────────────────────────────────────

    async def wait(self, case_id: str | None, after: int, *, seconds: float) -> bool:
        self._poll()  # first, so that nothing is missed between looking and waiting
        if case_id is not None:
            if self._has_passed(case_id, after):
                return True
            return await self._bell.wait(case_id, after, seconds=seconds)
        if 0 <= self._idle_at < self._last_event():
            self._idle_at = self._last_event()
            return True
        changed = await self._bell.wait(None, 0, seconds=seconds)
        self._idle_at = self._last_event()
        return changed

    def _has_passed(self, case_id: str, after: int) -> bool:
        return bool(self._rows_of("SELECT 1 FROM cases WHERE case_id = ? AND seq > ?", (case_id, after)))

    def _poll(self) -> None:
        if self._poller is None or self._poller.done():
            version = self._rows_of("PRAGMA data_version")
            self._poller = asyncio.create_task(self._look_for_others(version, self._last_event()))

    async def _look_for_others(self, version: list[Any], last_event: int) -> None:
        """While anybody waits, see what other processes have appended. An unchanged file costs one read of memory
        that all its connections share."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if not self._bell.anyone:
                return
            try:
                seen, version = version, self._rows_of("PRAGMA data_version")
                if version == seen:
                    continue
                self._slots.others_wrote()
                known, last_event = last_event, self._last_event()
                if last_event != known:
                    self._bell.ring_any()
                for case_id in self._bell.cases:
                    for (seq,) in self._rows_of("SELECT seq FROM cases WHERE case_id = ?", (case_id,)):
                        self._bell.ring_case(case_id, seq)
            except StoreError:
                self._bell.wake_all()  # they look for themselves, and the error is theirs to hear
                return

    async def close(self) -> None:
        self._bell.wake_all(changed=False)
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
            self._poller = None
        await self._writer.close()
        self._reader.close()

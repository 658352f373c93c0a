"""The one writer of a process: appends queue and go to the server together, one statement a batch.

An event follows what its case holds, so of each case only the first append in the queue joins a batch.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import errors as said

from jihwi.case.ledger import Sealed, previous_of, time_of
from jihwi.errors import AppendConflict, LeaseLost, StoreFailed
from jihwi.store import BLOB_BYTES, Lease, Patch
from jihwi.store.commits import emptied, follow_on, rows_of
from jihwi.store.postgres.opening import Connection, connect, place_of, store_error
from jihwi.store.postgres.statements import (
    APPEND,
    DROP_BLOBS,
    EMPTY_LATER,
    ERASE,
    KEEP_BLOBS,
    LATER,
    LONE_ROWS,
    TELL,
    lone_append,
)

__all__ = ["Append", "Errand", "Writer", "erase", "prepare"]

_BATCH_APPENDS = 500
_NEWS_SECONDS = 0.02
"""News of appends gathers this long before it is told to other processes."""
_NEWS_BYTES = 7_000
"""A notification may hold 8,000 bytes."""
_ATTEMPTS = 3
_HELD = (said.LockNotAvailable, said.DeadlockDetected)
"""Somebody holds one of the cases; the others of the batch need not suffer for it."""


class Append(msgspec.Struct, frozen=True):
    """One call of `append`, as the statement wants it."""

    asked: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    blobs: tuple[tuple[bytes, bytes], ...]
    plain: bool
    """Whether the texts of its case's row stay as they are."""


class Errand(msgspec.Struct, frozen=True):
    """Anything else that writes."""

    do: Callable[[Connection], Awaitable[Any]]


Job = Append | Errand
_Due = tuple[Job, "asyncio.Future[Any]"]


def prepare(
    case_id: str, events: Sequence[Sealed], patch: Patch, blobs: Mapping[str, bytes], lease: Lease | None
) -> Append:
    """The append in the form the writer wants. Raises ValueError for what no log could take."""
    if not events:
        raise ValueError("an append needs an event")
    first, last = events[0], events[-1]
    if not follow_on(events, first.seq):
        raise AppendConflict(case_id, first.seq)
    at_ms = time_of(first.header)
    asked: dict[str, Any] = {
        "case_id": case_id,
        "first_seq": first.seq,
        "last_seq": last.seq,
        "previous": previous_of(first.header),
        "head": last.head,
        "epoch": lease.epoch if lease is not None else None,
        "opened_ms": at_ms,
        "changed_ms": at_ms if last is first else time_of(last.header),
        "status": patch.status,
        "wake_at_ms": patch.wake_at_ms,
        "waits_for": patch.waits_for,
        "let_go": patch.let_go and lease is not None,
    }
    given = {"request": patch.request, "requester": patch.requester, "team": patch.team, "parent": patch.parent}
    texts = {name: _text(text) for name, text in given.items() if text is not None}
    asked |= texts
    if patch.taker:
        asked |= {"taker": _text(patch.taker), "taker_ms": int(patch.taker_seconds * 1000)}
    kept = [(bytes.fromhex(digest), data) for digest, data in blobs.items()]
    rows = []
    for number, head_bytes, salt, body, head, later in rows_of(events):
        blob = None
        if body is not None and len(body) > BLOB_BYTES:
            blob = hashlib.sha256(body).digest()
            kept.append((blob, body))
            body = None
        rows.append(
            {
                "seq": number,
                "header": head_bytes,
                "salt": salt,
                "body": body,
                "head": head,
                "later": later,
                "blob": blob,
            }
        )
    return Append(asked, tuple(rows), tuple(kept), not texts)


def _text(value: str) -> str:
    """Postgres holds no NUL in a text; the row is a cache for lists, the event keeps what was written."""
    return value.replace("\0", "\ufffd")


class Writer:
    """Owns the connection that writes, and the task that feeds it."""

    def __init__(self, connection: Connection, dsn: str, *, busy_seconds: float) -> None:
        self._connection = connection
        self._dsn = dsn
        self._busy_seconds = busy_seconds
        self._queue: list[_Due] = []
        self._more = asyncio.Event()
        self._news: dict[str, int] = {}
        self._news_due = False
        self._closed = False
        self._task = asyncio.create_task(self._work())

    def submit(self, job: Job) -> asyncio.Future[Any]:
        """Queue a job; the future has its answer once it is committed."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._closed:
            future.set_exception(StoreFailed(place_of(self._dsn), "the store is closed"))
        else:
            self._queue.append((job, future))
            self._more.set()
        return future

    def backend(self) -> int:
        """The server's number of the session that writes, so that its own news is known as such."""
        return 0 if self._connection.closed else self._connection.info.backend_pid

    async def close(self) -> None:
        """Commit what is queued and let go of the connection."""
        self._closed = True
        self._more.set()
        await self._task
        await self._connection.close()

    async def _work(self) -> None:
        while True:
            if self._news_due or (self._closed and not self._queue):
                await self._tell()
            if not self._queue:
                if self._closed:
                    return
                await self._more.wait()
                self._more.clear()
                await asyncio.sleep(0)  # everybody who is ready in this turn of the loop gets into the same batch
                continue
            batch = self._next_batch()
            answers = await self._attempted([job for job, _ in batch])
            for (job, future), answer in zip(batch, answers, strict=True):
                if type(job) is Append and answer is None:
                    self._gather(job)
                if future.done():  # its caller was cancelled
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _next_batch(self) -> list[_Due]:
        """An errand by itself, or the first append of each case."""
        if isinstance(self._queue[0][0], Errand):
            return [self._queue.pop(0)]
        batch: list[_Due] = []
        later: list[_Due] = []
        cases: set[str] = set()
        for due in self._queue:
            job = due[0]
            if isinstance(job, Append) and job.asked["case_id"] not in cases and len(batch) < _BATCH_APPENDS:
                cases.add(job.asked["case_id"])
                batch.append(due)
            else:
                later.append(due)
        self._queue = later
        return batch

    async def _attempted(self, jobs: list[Job]) -> list[Any]:
        """An answer or an error for each job. What the server refuses for one job's sake is tried job by job."""
        try:
            return await self._commit(jobs)
        except Exception as problem:  # noqa: BLE001 -- the border: whatever it is becomes the callers' answer
            of_one_case = not isinstance(problem, psycopg.OperationalError) or isinstance(problem, _HELD)
            if len(jobs) > 1 and of_one_case:
                return [answer for job in jobs for answer in await self._attempted([job])]
            return [self._answer_for(problem, job) for job in jobs]

    def _answer_for(self, problem: Exception, job: Job) -> Exception:
        if isinstance(problem, said.UniqueViolation) and isinstance(job, Append):
            return AppendConflict(job.asked["case_id"], job.asked["first_seq"])
        if isinstance(problem, psycopg.Error):
            return store_error(problem, self._dsn, busy_seconds=self._busy_seconds)
        return problem

    async def _commit(self, jobs: list[Job]) -> list[Any]:
        if self._connection.closed:
            self._connection = await connect(self._dsn, busy_seconds=self._busy_seconds)
        if isinstance(jobs[0], Errand):
            return [await jobs[0].do(self._connection)]
        appends = [job for job in jobs if isinstance(job, Append)]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await _append(self._connection, appends)
            except (said.DeadlockDetected, said.SerializationFailure):
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    # ── news for other processes ─────────────────────────────────────────

    def tell_others(self, name: str, seq: int = 0) -> None:
        """Let other processes know soon of a case's newest event, or of a bell that has no number."""
        if not self._news:
            asyncio.get_running_loop().call_later(_NEWS_SECONDS, self._tell_soon)
        self._news[name] = seq

    def _gather(self, job: Append) -> None:
        self.tell_others(job.asked["case_id"], job.asked["last_seq"])

    def _tell_soon(self) -> None:
        self._news_due = True
        self._more.set()

    async def _tell(self) -> None:
        """Tell what has changed. In a transaction of its own, after the appends: one that notifies holds a lock of
        the whole server while it commits, and would make every runner's commits stand in line."""
        news, self._news, self._news_due = self._news, {}, False
        parts = [""]
        for case_id, seq in news.items():
            if len(parts[-1]) > _NEWS_BYTES:
                parts.append("")
            parts[-1] += f"{case_id} {seq}\n"
        try:
            for part in filter(None, parts):
                await self._connection.execute(TELL, (part,))
        except psycopg.Error:
            # Whoever waits looks for itself now and then.
            return


async def _append(connection: Connection, appends: list[Append]) -> list[Any]:
    if len(appends) == 1 and await _stands_alone(connection, appends[0]):
        return [None]
    asked = msgspec.json.encode([{"n": n, **append.asked} for n, append in enumerate(appends)]).decode()
    events = msgspec.json.encode([{"n": n, **row} for n, append in enumerate(appends) for row in append.rows])
    if not any(append.blobs for append in appends):
        cursor = await connection.execute(APPEND, (asked, events.decode()), prepare=True)
        return _answers(appends, await cursor.fetchall())
    async with connection.transaction():
        cursor = await connection.execute(APPEND, (asked, events.decode()), prepare=True)
        verdicts = await cursor.fetchall()
        kept = [
            {"digest": digest, "data": data, "number": number}
            for n, number, *_ in verdicts
            if number is not None
            for digest, data in appends[n].blobs
        ]
        await connection.execute(KEEP_BLOBS, (msgspec.json.encode(kept).decode(),))
    return _answers(appends, verdicts)


async def _stands_alone(connection: Connection, append: Append) -> bool:
    """Make one plain append of a case that is there already; whether it stands. If not, nothing was written, and the
    general statement tells why."""
    asked, rows = append.asked, append.rows
    if asked["first_seq"] == 1 or not append.plain or append.blobs or len(rows) > LONE_ROWS:
        return False
    values = [asked[name] for name in _LONE_SETS]
    values += [asked["case_id"], asked["first_seq"] - 1, asked["previous"], asked["epoch"]]
    for row in rows:
        values += [row[name] for name in _LONE_COLUMNS]
    cursor = await connection.execute(lone_append(len(rows), asked["let_go"]), values, prepare=True)
    return cursor.rowcount == 1


_LONE_SETS = ("changed_ms", "last_seq", "head", "status", "wake_at_ms", "waits_for")
_LONE_COLUMNS = ("seq", "header", "salt", "body", "head", "later")


async def erase(connection: Connection, said: Append, values: Mapping[str, Any]) -> None:
    """Append what is said of the erasure and erase, in one transaction. Raises AppendConflict."""
    async with connection.transaction():
        (answer,) = await _append(connection, [said])
        if answer is not None:
            raise answer
        cursor = await connection.execute(LATER, values)
        for number, first_seq, later in await cursor.fetchall():
            rest = emptied(later, first_seq, values["seqs"])
            if rest is not None:
                await connection.execute(EMPTY_LATER, (rest, number, first_seq))
        cursor = await connection.execute(ERASE, values)
        loose = [digest for (digest,) in await cursor.fetchall()]
        await connection.execute(DROP_BLOBS, (loose,))


def _answers(appends: list[Append], verdicts: list[tuple[Any, ...]]) -> list[Any]:
    answers: list[Any] = [None] * len(appends)
    for n, number, lost, _ in verdicts:
        asked = appends[n].asked
        if lost:
            answers[n] = LeaseLost(asked["case_id"], asked["epoch"])
        elif number is None:
            answers[n] = AppendConflict(asked["case_id"], asked["first_seq"])
    return answers

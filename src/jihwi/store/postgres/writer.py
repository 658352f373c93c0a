"""The one writer of a process: appends queue and go to the server together, one statement a batch.

An event follows what its case holds, so of each case only the first append in the queue joins a batch. What only moves
a case on goes as columns of arrays; the rest, and whatever did not fit, goes as JSON to the statement that tells why.
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
from jihwi.errors import AppendConflict, LeaseLost, StoreError, StoreFailed
from jihwi.store import BLOB_BYTES, Lease, Patch
from jihwi.store.commits import emptied, follow_on, rows_of
from jihwi.store.postgres.columns import big_integers, booleans, bytes_column, integers, texts
from jihwi.store.postgres.opening import Connection, connect, place_of, store_error
from jihwi.store.postgres.statements import (
    APPEND,
    DROP_BLOBS,
    EMPTY_LATER,
    ERASE,
    HOLD_BLOBS,
    KEEP_BLOBS,
    LATER,
    LONE_ROWS,
    MOVE,
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
    """One call of `append`, as the statements want it."""

    asked: dict[str, Any]
    rows: tuple[tuple[Any, ...], ...]
    """What `_COLUMNS` names."""
    blobs: tuple[tuple[bytes, bytes], ...]
    plain: bool
    """Whether its case should be there already, the texts of its row stay as they are, and no blob is kept."""


class Errand(msgspec.Struct, frozen=True):
    """Anything else that writes."""

    do: Callable[[Connection], Awaitable[Any]]


Job = Append | Errand
_Due = tuple[Job, "asyncio.Future[Any]"]
_Way = Callable[[Connection, list[Any]], Awaitable[list[Any]]]
"""Has the server do jobs; an answer for each."""
_COLUMNS = ("seq", "header", "salt", "body", "head", "later", "blob")
_UNFIT = object()
"""The answer for an append that a statement did not make and says no more of."""


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
    words = {name: _text(text) for name, text in given.items() if text is not None}
    asked |= words
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
        rows.append((number, head_bytes, salt, body, head, later, blob))
    return Append(asked, tuple(rows), tuple(kept), first.seq > 1 and not words and not kept)


def _text(value: str) -> str:
    """Postgres holds no NUL in a text; the row is a cache for lists, the event keeps what was written."""
    return value.replace("\0", "\ufffd")


class Writer:
    """Owns the connection that writes, and the task that feeds it."""

    def __init__(self, connection: Connection, dsn: str, *, busy_seconds: float) -> None:
        self._connection = connection
        self._by_key = False
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
            answers = await self._answers([job for job, _ in batch])
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
        """An errand by itself, or the first append of each case; their order keeps two batches from waiting for each
        other's cases."""
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
        return sorted(batch, key=_case_of)

    async def _answers(self, jobs: list[Job]) -> list[Any]:
        """An answer or an error for each job. Plain appends are their own transaction: what becomes of the others
        afterwards is not theirs."""
        answers = [_UNFIT] * len(jobs)
        for way in (_moved, _judged):
            places = [n for n, job in enumerate(jobs) if answers[n] is _UNFIT and (way is _judged or _is_plain(job))]
            if places:
                told = await self._attempted([jobs[n] for n in places], way)
                for n, answer in zip(places, told, strict=True):
                    answers[n] = answer
        return answers

    async def _attempted(self, jobs: list[Job], way: _Way) -> list[Any]:
        """The same by one way. What the server refuses for one job's sake is tried job by job."""
        try:
            return await self._commit(jobs, way)
        except Exception as problem:  # noqa: BLE001 -- the border: whatever it is becomes the callers' answer
            of_all = isinstance(problem, psycopg.OperationalError | StoreError)  # there is no way to the server
            of_one_case = not of_all or isinstance(problem, _HELD)
            if len(jobs) > 1 and of_one_case:
                return [answer for job in jobs for answer in await self._attempted([job], way)]
            return [self._answer_for(problem, job) for job in jobs]

    def _answer_for(self, problem: Exception, job: Job) -> Exception:
        if isinstance(problem, said.UniqueViolation) and isinstance(job, Append):
            return AppendConflict(job.asked["case_id"], job.asked["first_seq"])
        if isinstance(problem, psycopg.DataError):  # no fault of the server's: asking again would not help
            return ValueError(str(problem).partition("\n")[0])
        if isinstance(problem, psycopg.Error):
            return store_error(problem, self._dsn, busy_seconds=self._busy_seconds)
        return problem

    async def _commit(self, jobs: list[Job], way: _Way) -> list[Any]:
        connection = await self._connected()
        if isinstance(jobs[0], Errand):
            return [await jobs[0].do(connection)]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await way(connection, jobs)
            except (said.DeadlockDetected, said.SerializationFailure):
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _connected(self) -> Connection:
        """The connection, made again when it was lost. All that is written is found by its key: a plan that was made
        while the table was small, and reads it whole, would be kept while the table grows."""
        if self._connection.closed:
            self._connection = await connect(self._dsn, busy_seconds=self._busy_seconds)
            self._by_key = False
        if not self._by_key:
            await self._connection.execute("SELECT set_config('enable_seqscan', 'off', false)")
            self._by_key = True
        return self._connection

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


def _case_of(due: _Due) -> str:
    job = due[0]
    return str(job.asked["case_id"]) if isinstance(job, Append) else ""


def _is_plain(job: Job) -> bool:
    return type(job) is Append and job.plain


async def _judged(connection: Connection, appends: list[Append]) -> list[Any]:
    """Make appends of any form; each that does not fit is told why."""
    asked = msgspec.json.encode([{"n": n, **append.asked} for n, append in enumerate(appends)]).decode()
    rows = [(n, row) for n, append in enumerate(appends) for row in append.rows]
    events = msgspec.json.encode([{"n": n, **dict(zip(_COLUMNS, row, strict=True))} for n, row in rows]).decode()
    if not any(append.blobs for append in appends):
        cursor = await connection.execute(APPEND, (asked, events), prepare=True)
        return _verdicts(appends, await cursor.fetchall())
    async with connection.transaction():
        cursor = await connection.execute(APPEND, (asked, events), prepare=True)
        found = await cursor.fetchall()
        kept = [
            {"digest": digest, "data": data, "number": number}
            for n, number, *_ in found
            if number is not None
            for digest, data in appends[n].blobs
        ]
        await connection.execute(KEEP_BLOBS, (msgspec.json.encode(kept).decode(),))
    return _verdicts(appends, found)


async def _moved(connection: Connection, appends: list[Append]) -> list[Any]:
    """Make plain appends. Of those that do not fit nothing is written."""
    if len(appends) == 1 and len(appends[0].rows) <= LONE_ROWS:
        return [None if await _stands_alone(connection, appends[0]) else _UNFIT]
    rows = [(n, *row) for n, append in enumerate(appends) for row in append.rows]
    numbers, seqs, headers, salts, bodies, heads, laters, _ = zip(*rows, strict=True)
    asked = {name: [append.asked[name] for append in appends] for name in appends[0].asked}
    values = (
        integers(range(len(appends))),
        texts(asked["case_id"]),
        integers(asked["first_seq"]),
        bytes_column(asked["previous"]),
        big_integers([_NO_EPOCH if epoch is None else epoch for epoch in asked["epoch"]]),
        big_integers(asked["changed_ms"]),
        integers(asked["last_seq"]),
        bytes_column(asked["head"]),
        texts(asked["status"]),
        big_integers(asked["wake_at_ms"]),
        integers(asked["waits_for"]),
        booleans(asked["let_go"]),
        integers(numbers),
        integers(seqs),
        *map(bytes_column, (headers, salts, bodies, heads, laters)),
    )
    cursor = await connection.execute(MOVE, values, prepare=True)
    found = await cursor.fetchone()
    made = frozenset(found[0] or ()) if found is not None else frozenset()
    return [None if n in made else _UNFIT for n in range(len(appends))]


_NO_EPOCH = -1
"""Of an append that needs no lease."""


async def _stands_alone(connection: Connection, append: Append) -> bool:
    """Make one plain append by a statement with a plan of its own; whether it fits."""
    asked = append.asked
    values = [asked[name] for name in _LONE_SETS]
    values += [asked["case_id"], asked["first_seq"] - 1, asked["previous"], asked["epoch"]]
    for row in append.rows:
        values += row[:-1]
    cursor = await connection.execute(lone_append(len(append.rows), asked["let_go"]), values, prepare=True)
    return cursor.rowcount == 1


_LONE_SETS = ("changed_ms", "last_seq", "head", "status", "wake_at_ms", "waits_for")


async def erase(connection: Connection, said: Append, values: Mapping[str, Any]) -> None:
    """Append what is said of the erasure and erase, in one transaction. Raises AppendConflict."""
    async with connection.transaction():
        (answer,) = await _judged(connection, [said])
        if answer is not None:
            raise answer
        cursor = await connection.execute(LATER, values)
        for number, first_seq, later in await cursor.fetchall():
            rest = emptied(later, first_seq, values["seqs"])
            if rest is not None:
                await connection.execute(EMPTY_LATER, (rest, number, first_seq))
        cursor = await connection.execute(ERASE, values)
        loose = [digest for (digest,) in await cursor.fetchall()]
        await connection.execute(HOLD_BLOBS, (loose,))
        await connection.execute(DROP_BLOBS, (loose,))


def _verdicts(appends: list[Append], found: list[tuple[Any, ...]]) -> list[Any]:
    answers: list[Any] = [None] * len(appends)
    for n, number, lost, _ in found:
        asked = appends[n].asked
        if lost:
            answers[n] = LeaseLost(asked["case_id"], asked["epoch"])
        elif number is None:
            answers[n] = AppendConflict(asked["case_id"], asked["first_seq"])
    return answers

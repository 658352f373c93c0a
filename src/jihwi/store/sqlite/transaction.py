"""What happens inside one transaction of the writer: many appends of many cases, each judged by itself.

Each append moves its case's row on by an UPDATE that is guarded by number, head and epoch (the fence); one that finds
nothing to move gets its answer and leaves nothing behind, so one case's conflict never fails another's. Then all events
that stand are written.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import apsw
import msgspec

from jihwi.case.ledger import GENESIS, Sealed, previous_of, time_of
from jihwi.errors import AppendConflict, LeaseLost, StoreError
from jihwi.sqlite_files import DATA_PROBLEMS
from jihwi.store import BLOB_BYTES, Lease, Patch
from jihwi.store.commits import Row, follow_on, rows_of

__all__ = ["Append", "Errand", "Job", "Places", "is_of_values", "prepare", "run", "run_apart"]


class Append(msgspec.Struct, frozen=True, gc=False):
    """One call of `append`, waiting for its turn; whatever can be wrong with its values has been found already."""

    case_id: str
    first_seq: int
    last_seq: int
    previous: bytes
    """The head that the first event stands on."""
    head: bytes
    opened_ms: int
    """When its first event was; read of an append that opens a case."""
    changed_ms: int
    rows: list[Row]
    patch: Patch
    blobs: tuple[tuple[bytes, bytes], ...]
    """digest, data"""
    epoch: int | None
    """The lease's, when it carries one."""
    until_ms: int
    """When the lease that its patch takes runs out."""


def prepare(
    case_id: str,
    events: Sequence[Sealed],
    patch: Patch,
    blobs: Mapping[str, bytes],
    lease: Lease | None,
    now_ms: int = 0,
) -> Append:
    """The append in the form the writer wants. Raises ValueError for what no log could take, AppendConflict for
    events that are not numbered on."""
    if not events:
        raise ValueError("an append needs an event")
    first, last = events[0], events[-1]
    if not follow_on(events, first.seq):
        raise AppendConflict(case_id, first.seq)
    at_ms = time_of(last.header)
    opens_earlier = first.seq == 1 and last is not first
    return Append(
        case_id,
        first.seq,
        last.seq,
        previous_of(first.header),
        last.head,
        time_of(first.header) if opens_earlier else at_ms,
        at_ms,
        rows_of(events),
        patch,
        tuple([(bytes.fromhex(digest), data) for digest, data in blobs.items()]) if blobs else (),
        lease.epoch if lease is not None else None,
        now_ms + int(patch.taker_seconds * 1000) if patch.taker else 0,
    )


class Errand(msgspec.Struct, frozen=True):
    """Anything else that writes. `lasting` says whether it must survive lost power: leases and caches need not,
    because after lost power no runner is left that could hold an older lease."""

    do: Callable[[apsw.Connection], Any]
    lasting: bool = False


Job = Append | Errand

_FENCE = "SELECT number, seq, head, epoch, status, wake_at_ms FROM cases WHERE case_id = ?"
_NEW_CASE = """
INSERT INTO cases (case_id, status, request, requester, opened_ms, changed_ms, seq, head, wake_at_ms, waits_for, team,
    parent, runner, epoch, until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_EVENTS = "INSERT INTO events (case_number, seq, header, salt, body, head, later, blob) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_GUARD = "number = ? AND case_id = ? AND seq = ? AND head = ? AND epoch = coalesce(?, epoch)"
_KNOWN_CASES = 10_000


class Places(dict[str, tuple[int, str, int]]):
    """What the writer remembers of cases it has written to: number, status and wake time, so that an append needs no
    look before it writes. A memory only: the guard in each UPDATE is what lets an append stand or not. Forgotten when
    a transaction fails, since a number may have been given in it."""


def run(database: apsw.Connection, jobs: Sequence[Job], places: Places) -> list[Any]:
    """Do all `jobs` inside the transaction that is open: for each its answer, or the StoreError that is its answer."""
    if len(places) > _KNOWN_CASES:
        places.clear()
    answers: list[Any] = []
    rows: list[tuple[Any, ...]] = []
    cursor = database.cursor()  # one for all: making one costs a sixth of what the database does with it
    for job in jobs:
        try:
            if type(job) is Append:
                _append(database, cursor, job, places, rows)
                answers.append(None)
            else:
                assert isinstance(job, Errand)
                answers.append(job.do(database))
        except StoreError as refusal:
            answers.append(refusal.with_traceback(None))  # which would hold this call's values, and itself
    if rows:
        cursor.executemany(_EVENTS, rows)
    return answers


def run_apart(database: apsw.Connection, jobs: Sequence[Job], places: Places) -> list[Any]:
    """The same where some hold values that no database takes: each of those is undone by itself, and its answer is what
    was wrong with it."""
    answers: list[Any] = []
    for job in jobs:
        try:
            with database:  # a savepoint
                answers += run(database, [job], places)
        except Exception as problem:  # whatever values make of it is the answer of their job
            if not is_of_values(problem):
                raise
            places.clear()
            answers.append(problem.with_traceback(None))
    return answers


def is_of_values(problem: Exception) -> bool:
    """Whether one job's values are at fault, rather than the file and its disk."""
    return not isinstance(problem, apsw.Error) or isinstance(problem, DATA_PROBLEMS)


def _append(
    database: apsw.Connection, cursor: apsw.Cursor, job: Append, places: Places, rows: list[tuple[Any, ...]]
) -> None:
    if job.first_seq == 1 and job.epoch is None:
        number = _open_case(database, job)
    else:
        known = places.get(job.case_id)
        number = known[0] if known is not None else 0
        if known is None or not _change_case(database, cursor, job, *known):
            number, seq, head, epoch, status, wake_at_ms = _place(cursor, job)
            if job.epoch is not None and epoch != job.epoch:
                raise LeaseLost(job.case_id, job.epoch)
            if seq != job.first_seq - 1 or head != job.previous:
                raise AppendConflict(job.case_id, job.first_seq)
            if not _change_case(database, cursor, job, number, status, wake_at_ms):
                raise AppendConflict(job.case_id, job.first_seq)
    places[job.case_id] = (number, job.patch.status, job.patch.wake_at_ms)
    for row in job.rows:
        body = row[3]
        if body is not None and len(body) > BLOB_BYTES:
            blob = _keep_blob(database, hashlib.sha256(body).digest(), body, number)
            rows.append((number, *row[:3], None, *row[4:], blob))
        else:
            rows.append((number, *row, None))
    for digest, data in job.blobs:
        _keep_blob(database, digest, data, number)


def _place(cursor: apsw.Cursor, job: Append) -> tuple[int, int, bytes, int, str, int]:
    """Where the case's log ends now. Raises what a case that is not there deserves."""
    # Read to its end: a statement that is not would keep the connection at the state of now, however long it lives.
    found: tuple[int, int, bytes, int, str, int] | None = cursor.execute(_FENCE, (job.case_id,)).get
    if found is None:
        if job.epoch is not None:
            raise LeaseLost(job.case_id, job.epoch)
        raise AppendConflict(job.case_id, job.first_seq)
    return found


def _open_case(database: apsw.Connection, job: Append) -> int:
    patch = job.patch
    if job.previous != GENESIS:
        raise AppendConflict(job.case_id, job.first_seq)
    database.execute(
        _NEW_CASE,
        (
            job.case_id,
            patch.status,
            patch.request or "",
            patch.requester or "",
            job.opened_ms,
            job.changed_ms,
            job.last_seq,
            job.head,
            patch.wake_at_ms,
            patch.waits_for,
            patch.team or "",
            patch.parent or "",
            patch.taker,
            1 if patch.taker else 0,
            job.until_ms,
        ),
    )
    if database.changes() != 1:
        raise AppendConflict(job.case_id, job.first_seq)
    return database.last_insert_rowid()


def _change_case(
    database: apsw.Connection, cursor: apsw.Cursor, job: Append, number: int, status: str, wake_at_ms: int
) -> bool:
    """Move the case's row on, if its log ends where the append begins and nobody else has its lease."""
    patch = job.patch
    same_work = patch.status == status and patch.wake_at_ms == wake_at_ms
    let_go = patch.let_go and job.epoch is not None
    texts = (patch.request, patch.requester, patch.team, patch.parent)
    moved = (job.changed_ms, job.last_seq, job.head, patch.waits_for)
    at = (patch.status, patch.wake_at_ms, number, job.case_id, job.first_seq - 1, job.previous, job.epoch)
    if texts == _NO_TEXTS:
        cursor.execute(_changing(same_work, False, let_go), moved + at)
    else:
        cursor.execute(_changing(same_work, True, let_go), moved + texts + at)
    return database.changes() == 1


_NO_TEXTS = (None, None, None, None)


@functools.cache
def _changing(same_work: bool, with_texts: bool, let_go: bool) -> str:
    """The UPDATE of a case's row. The status and the wake time are set only where they change, because a SET that
    names an indexed column rewrites its index, one page more a commit; else they are part of the guard."""
    changes = "changed_ms = ?, seq = ?, head = ?, waits_for = ?"
    if with_texts:
        changes += "".join(f", {name} = coalesce(?, {name})" for name in ("request", "requester", "team", "parent"))
    if let_go:
        changes += ", until_ms = 0, runner = ''"
    if same_work:
        return f"UPDATE cases SET {changes} WHERE status = ? AND wake_at_ms = ? AND {_GUARD}"
    return f"UPDATE cases SET {changes}, status = ?, wake_at_ms = ? WHERE {_GUARD}"


def _keep_blob(database: apsw.Connection, digest: bytes, data: bytes, case_number: int) -> int:
    """Store `data` unless it is there, note that the case uses it, and return its number."""
    number: int | None = database.execute("SELECT number FROM blobs WHERE digest = ?", (digest,)).get
    if number is None:
        database.execute("INSERT INTO blobs (digest, data) VALUES (?, ?)", (digest, data))
        number = database.last_insert_rowid()
    database.execute("INSERT OR IGNORE INTO blob_uses (blob, case_number) VALUES (?, ?)", (number, case_number))
    return number

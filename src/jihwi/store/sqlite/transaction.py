"""What happens inside one transaction of the writer: many appends of many cases, each judged by itself.

One look at all the cases of the batch (the fence) tells which appends may stand; those that may not get their answer
and leave nothing behind, so one case's conflict never fails another's. Then everything that stands is written by a
handful of statements.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from jihwi.case.ledger import GENESIS, Sealed, read_header
from jihwi.errors import AppendConflict, LeaseLost, StoreError
from jihwi.store import BLOB_BYTES, Lease, Patch

__all__ = ["Append", "Errand", "Job", "prepare", "run"]


class Append(msgspec.Struct, frozen=True, gc=False):
    """One call of `append`, waiting for its turn; whatever can be wrong with its values has been found already."""

    case_id: str
    first_seq: int
    last_seq: int
    previous: bytes
    """The head that the first event stands on."""
    head: bytes
    opened_ms: int
    changed_ms: int
    rows: tuple[tuple[int, bytes, bytes | None, bytes | None, bytes], ...]
    """seq, header, salt, body, head"""
    patch: Patch
    blobs: tuple[tuple[bytes, bytes], ...]
    """digest, data"""
    epoch: int | None
    """The lease's, when it carries one."""


def prepare(
    case_id: str, events: Sequence[Sealed], patch: Patch, blobs: Mapping[str, bytes], lease: Lease | None
) -> Append:
    """The append in the form the writer wants. Raises ValueError for what no log could take."""
    if not events:
        raise ValueError("an append needs an event")
    first, last = events[0], events[-1]
    header = read_header(first.header)
    return Append(
        case_id,
        first.seq,
        last.seq,
        header.previous,
        last.head,
        header.at_ms,
        header.at_ms if last is first else read_header(last.header).at_ms,
        tuple([(event.seq, event.header, event.salt, event.body, event.head) for event in events]),
        patch,
        tuple([(bytes.fromhex(digest), data) for digest, data in blobs.items()]) if blobs else (),
        lease.epoch if lease is not None else None,
    )


class Errand(msgspec.Struct, frozen=True):
    """Anything else that writes. `lasting` says whether it must survive lost power: leases and caches need not,
    because after lost power no runner is left that could hold an older lease."""

    do: Callable[[sqlite3.Connection], Any]
    lasting: bool = False


Job = Append | Errand

_FENCE = "SELECT case_id, number, seq, head, epoch, status, wake_at_ms FROM cases"
_NEW_CASE = """
INSERT INTO cases (case_id, status, request, requester, opened_ms, changed_ms, seq, head, wake_at_ms, waits_for, team,
    parent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# Two forms, because a SET that names an indexed column rewrites its index, one page more a commit, changed or not.
_SAME_WORK = """
UPDATE cases SET changed_ms = ?, seq = ?, head = ?, waits_for = ?, request = coalesce(?, request),
    requester = coalesce(?, requester), team = coalesce(?, team), parent = coalesce(?, parent) WHERE number = ?"""
_OTHER_WORK = """
UPDATE cases SET changed_ms = ?, seq = ?, head = ?, waits_for = ?, request = coalesce(?, request),
    requester = coalesce(?, requester), team = coalesce(?, team), parent = coalesce(?, parent), status = ?,
    wake_at_ms = ? WHERE number = ?"""
_EVENTS = "INSERT INTO events (case_number, seq, header, salt, body, head, blob) VALUES (?, ?, ?, ?, ?, ?, ?)"


class _Place:
    """Where a case's log ends, as far as this transaction has come."""

    __slots__ = ("epoch", "head", "number", "seq", "status", "wake_at_ms")

    def __init__(self, number: int, seq: int, head: bytes, epoch: int, status: str, wake_at_ms: int) -> None:
        self.number = number
        self.seq = seq
        self.head = head
        self.epoch = epoch
        self.status = status
        self.wake_at_ms = wake_at_ms


def run(database: sqlite3.Connection, jobs: Sequence[Job]) -> list[Any]:
    """Do all `jobs` inside the transaction that is open: for each its answer, or the StoreError that is its answer."""
    appends = {job.case_id for job in jobs if type(job) is Append}
    places = _fence(database, appends) if appends else {}
    answers: list[Any] = []
    rows: list[tuple[Any, ...]] = []
    for job in jobs:
        try:
            if type(job) is Append:
                _append(database, job, places, rows)
                answers.append(None)
            else:
                assert isinstance(job, Errand)
                answers.append(job.do(database))
        except StoreError as refusal:
            answers.append(refusal)
    if rows:
        database.executemany(_EVENTS, rows)
    return answers


def _fence(database: sqlite3.Connection, case_ids: Iterable[str]) -> dict[str, _Place]:
    wanted = list(case_ids)
    if len(wanted) == 1:
        found = database.execute(f"{_FENCE} WHERE case_id = ?", wanted)
    else:
        names = msgspec.json.encode(wanted).decode()
        found = database.execute(f"{_FENCE} WHERE case_id IN (SELECT value FROM json_each(?))", (names,))
    return {row[0]: _Place(*row[1:]) for row in found}


def _append(database: sqlite3.Connection, job: Append, places: dict[str, _Place], rows: list[tuple[Any, ...]]) -> None:
    place = places.get(job.case_id)
    if job.epoch is not None and (place is None or place.epoch != job.epoch):
        raise LeaseLost(job.case_id, job.epoch)
    seq, head = (place.seq, place.head) if place else (0, GENESIS)
    if job.previous != head or not _numbered_on(job, seq):
        raise AppendConflict(job.case_id, job.first_seq)
    if place is None:
        places[job.case_id] = place = _open_case(database, job)
    else:
        _change_case(database, place, job)
    number = place.number
    for seq, header, salt, body, head in job.rows:
        blob = None
        if body is not None and len(body) > BLOB_BYTES:
            blob = _keep_blob(database, hashlib.sha256(body).digest(), body, number)
        rows.append((number, seq, header, salt, body if blob is None else None, head, blob))
    for digest, data in job.blobs:
        _keep_blob(database, digest, data, number)


def _numbered_on(job: Append, seq: int) -> bool:
    for row in job.rows:
        seq += 1
        if row[0] != seq:
            return False
    return True


def _open_case(database: sqlite3.Connection, job: Append) -> _Place:
    patch = job.patch
    cursor = database.execute(
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
        ),
    )
    assert cursor.lastrowid is not None
    return _Place(cursor.lastrowid, job.last_seq, job.head, 0, patch.status, patch.wake_at_ms)


def _change_case(database: sqlite3.Connection, place: _Place, job: Append) -> None:
    patch = job.patch
    values = (
        job.changed_ms,
        job.last_seq,
        job.head,
        patch.waits_for,
        patch.request,
        patch.requester,
        patch.team,
        patch.parent,
    )
    if patch.status == place.status and patch.wake_at_ms == place.wake_at_ms:
        database.execute(_SAME_WORK, (*values, place.number))
    else:
        database.execute(_OTHER_WORK, (*values, patch.status, patch.wake_at_ms, place.number))
    place.seq, place.head = job.last_seq, job.head
    place.status, place.wake_at_ms = patch.status, patch.wake_at_ms


def _keep_blob(database: sqlite3.Connection, digest: bytes, data: bytes, case_number: int) -> int:
    """Store `data` unless it is there, note that the case uses it, and return its number."""
    found = database.execute("SELECT number FROM blobs WHERE digest = ?", (digest,)).fetchone()
    if found is None:
        found = (database.execute("INSERT INTO blobs (digest, data) VALUES (?, ?)", (digest, data)).lastrowid,)
    database.execute("INSERT OR IGNORE INTO blob_uses (blob, case_number) VALUES (?, ?)", (found[0], case_number))
    number: int = found[0]
    return number

"""Cases copied from one store to another, whatever lies beneath: each arrives whole, verified, and only once."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jihwi.case.ledger import Sealed, verify
from jihwi.errors import AppendConflict, LedgerBroken
from jihwi.store import HOUSE, CaseRow, KeptStore, Patch

__all__ = ["Copied", "copy_store"]

_CHUNK_BYTES = 128 * 1024 * 1024
"""A case up to this size arrives in one transaction; of a longer one, a Postgres server would not take it whole."""
_EVERY_CASE = 1_000_000_000


class Copied(msgspec.Struct, frozen=True):
    """What a copy did."""

    cases: int = 0
    """How many cases are now as they were in the source."""
    events: int = 0
    """How many events were written; those that were there already are not counted."""
    erased: int = 0
    """How many bodies the target held of what the source had erased meanwhile; they are gone there too."""
    differing: tuple[str, ...] = ()
    """Cases, or `house`, that the target holds with another history; nothing of them was changed."""
    broken: tuple[LedgerBroken, ...] = ()
    """What does not verify in the source was left there; where the chain of each breaks."""


async def copy_store(
    source: KeptStore, target: KeptStore, *, told: Callable[[CaseRow], None] = lambda row: None
) -> Copied:
    """Copy the house stream and every case, each whole in one transaction. May be killed at any moment and run again:
    it goes on where it stopped. Running it again later brings over what was added since and erases what was erased
    since; what was added to the target meanwhile is never touched. Leases and snapshots stay behind, so stop the
    runners of the source before anything runs on the target.

    `told` is called after each case. Raises StoreError, LedgerBroken when a case does not verify at the target.
    """
    cases, events, erased = 0, 0, 0
    differing: list[str] = []
    broken: list[LedgerBroken] = []
    house = await source.row(HOUSE)
    for row in (*([house] if house is not None else []), *reversed(await source.rows(limit=_EVERY_CASE))):
        try:
            log = await _verified(source, row)
        except LedgerBroken as problem:
            broken.append(problem)
            continue
        try:
            new, gone = await _copy_case(source, target, row, log)
            events, erased, cases = events + new, erased + gone, cases + (row.case_id != HOUSE)
        except AppendConflict:
            differing.append(row.case_id)
        if row.case_id != HOUSE:
            told(row)
    return Copied(cases, events, erased, tuple(differing), tuple(broken))


async def _verified(source: KeptStore, row: CaseRow) -> list[Sealed]:
    log = await source.read(row.case_id, limit=row.seq)
    verify(row.case_id, log, expected_head=row.head)
    return log


async def _copy_case(source: KeptStore, target: KeptStore, row: CaseRow, log: list[Sealed]) -> tuple[int, int]:
    """Bring one case over; how many events were new, and how many bodies went. Raises AppendConflict when the target
    has another history."""
    there = await target.row(row.case_id)
    done = there.seq if there is not None else 0
    if there is not None and not any(event.head == there.head for event in log[done - 1 : done]):
        raise AppendConflict(row.case_id, done + 1)
    gone = await _still_there(target, row.case_id, log[:done]) if len(log) > done else []
    # What says that bodies are gone is the last to arrive, in the transaction that erases them.
    parts = [*_chunks(log[done:-1]), log[-1:]] if gone else _chunks(log[done:])
    blobs = {digest: await _held(source, digest) for digest in await source.blobs_of(row.case_id)} if parts else {}
    for number, part in enumerate(parts, start=1):
        # Too long for one transaction: no runner may take up a case that is only half there.
        patch = _patch(row, arriving=number < len(parts))
        if gone and number == len(parts):
            loose = set(await target.blobs_of(row.case_id)) - blobs.keys()
            await target.erase(row.case_id, part, patch, seqs=gone, blobs=sorted(loose))
        else:
            whole = number >= len(parts) - bool(gone)
            await target.append(row.case_id, part, patch, blobs=blobs if whole else {})
    verify(row.case_id, await target.read(row.case_id), expected_head=row.head)
    return len(log) - done, len(gone)


async def _still_there(target: KeptStore, case_id: str, log: list[Sealed]) -> list[int]:
    """The events whose bodies the target holds and the source has erased."""
    erased = {event.seq for event in log if event.body is None}
    if not erased:
        return []
    held = await target.read(case_id, limit=len(log))
    return [event.seq for event in held if event.body is not None and event.seq in erased]


async def _held(source: KeptStore, digest: str) -> bytes:
    data = await source.blob(digest)
    return data if data is not None else b""


def _patch(row: CaseRow, *, arriving: bool) -> Patch:
    return Patch(
        status="parked" if arriving else row.status,
        wake_at_ms=0 if arriving else row.wake_at_ms,
        waits_for=row.waits_for,
        request=row.request,
        requester=row.requester,
        team=row.team,
        parent=row.parent,
    )


def _chunks(log: list[Sealed]) -> list[list[Sealed]]:
    chunks: list[list[Sealed]] = []
    size = 0
    for event in log:
        length = len(event.header) + len(event.body or b"")
        if not chunks or size + length > _CHUNK_BYTES:
            chunks.append([])
            size = 0
        chunks[-1].append(event)
        size += length
    return chunks

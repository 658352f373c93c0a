"""What is erased, when and by whom: bodies go, and the ledger says so in the same breath."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from jihwi.case.assignment import Reason
from jihwi.case.events import Author, BodyErased, Draft
from jihwi.case.ledger import SALT_BYTES, Sealed, read_header, seal, verify
from jihwi.errors import CaseUnknown, CommandRefused
from jihwi.ids import Chance
from jihwi.store import CaseRow, CaseStatus, KeptStore, Patch

__all__ = ["ENDED", "erase_bodies", "erase_older", "forks_of"]

ENDED: tuple[CaseStatus, ...] = ("closed", "cancelled", "failed")
_EVERY_CASE = 1_000_000_000
_DIGEST = re.compile(rb"[0-9a-f]{64}")
_ERASURE = "body_erased"


def _nothing_outside(case_id: str) -> None:
    """What is there to clear when a case has nothing outside the store."""


async def erase_bodies(
    store: KeptStore,
    case_id: str,
    *,
    seqs: Sequence[int] | None,
    reason: Reason,
    author: Author,
    chance: Chance,
    clear: Callable[[str], None] = _nothing_outside,
) -> int:
    """Erase the bodies of the events `seqs` of a case that has ended, all of them when `None`, with every blob that
    no body points to any more; how many bodies went. The headers stay, and the chain still verifies.

    One event is added for each body, in the transaction that erases it, so a kill leaves either all or nothing.
    `clear` takes away what lies of the case outside the store, when nothing speaks against erasing and before any
    body goes: after a kill, erasing again finds what is left. Copies of the store made before keep what was in
    them. Raises CaseUnknown, CommandRefused while the case or one forked from it goes on, LedgerBroken, AppendConflict.
    """
    at_work = [one.case_id for one in forks_of(await store.rows(limit=_EVERY_CASE), case_id) if one.status not in ENDED]
    if at_work:
        names = ", ".join(at_work)
        raise CommandRefused(
            case_id,
            f"이 사건에서 갈라져 나와 아직 끝나지 않은 사건이 있습니다: {names}. 먼저 그것을 닫거나 취소하십시오.",
            f"Cases forked from it go on and read their past here: {names}. Close or cancel them first.",
        )
    return await _erased(store, case_id, seqs=seqs, reason=reason, author=author, chance=chance, clear=clear)


def forks_of(rows: Sequence[CaseRow], case_id: str) -> list[CaseRow]:
    """The cases forked from a case, and from those: what is erased of it is erased of their past."""
    children: dict[str, list[CaseRow]] = {}
    for row in rows:
        children.setdefault(row.parent, []).append(row)
    found: list[CaseRow] = []
    names = [case_id]
    while names:
        forks = children.pop(names.pop(), [])
        found += forks
        names += [one.case_id for one in forks]
    return found


async def _erased(
    store: KeptStore,
    case_id: str,
    *,
    seqs: Sequence[int] | None,
    reason: Reason,
    author: Author,
    chance: Chance,
    clear: Callable[[str], None],
) -> int:
    log = await store.read(case_id)
    row = await store.row(case_id)
    if row is None:
        raise CaseUnknown(case_id)
    if row.status not in ENDED:
        raise CommandRefused(
            case_id,
            "끝나지 않은 사건의 기록은 지울 수 없습니다. 먼저 사건을 닫거나 취소하십시오.",
            "The bodies of a case that goes on cannot be erased. Close or cancel it first.",
        )
    verify(case_id, log, expected_head=row.head)
    gone = [event for event in log if event.body is not None and (seqs is None or event.seq in seqs)]
    gone = [event for event in gone if read_header(event.header).kind != _ERASURE]
    if gone or seqs is None:
        clear(case_id)
    if not gone:
        return 0
    said = _said(case_id, log, gone, store.now_ms(), reason, author, chance)
    first = any(event.seq == 1 for event in gone)
    patch = Patch(row.status, request="" if first else None, requester="" if first else None)
    blobs = await _loose_blobs(store, case_id, log, {event.seq for event in gone})
    await store.erase(case_id, said, patch, seqs=[event.seq for event in gone], blobs=blobs)
    verify(case_id, await store.read(case_id), expected_head=said[-1].head)
    return len(gone)


async def erase_older(
    store: KeptStore,
    *,
    before_ms: int,
    author: Author,
    chance: Chance,
    clear: Callable[[str], None] = _nothing_outside,
) -> dict[str, int]:
    """Erase every body of each ended case that has not changed since `before_ms` and whose past no fork at work reads:
    case to how many bodies went."""
    erased: dict[str, int] = {}
    rows = await store.rows(limit=_EVERY_CASE)
    parents = {row.case_id: row.parent for row in rows}
    read: set[str] = set()
    for row in rows:
        name = row.parent if row.status not in ENDED else ""
        while name and name not in read:
            read.add(name)
            name = parents.get(name, "")
    for row in rows:
        if row.status in ENDED and row.changed_ms < before_ms and row.case_id not in read:
            reason = Reason("retention")
            count = await _erased(
                store, row.case_id, seqs=None, reason=reason, author=author, chance=chance, clear=clear
            )
            if count:
                erased[row.case_id] = count
    return erased


def _said(
    case_id: str,
    log: Sequence[Sealed],
    gone: Sequence[Sealed],
    at_ms: int,
    reason: Reason,
    author: Author,
    chance: Chance,
) -> list[Sealed]:
    """The events that say what is erased and why."""
    seq, head = log[-1].seq, log[-1].head
    said = []
    for event in gone:
        seq += 1
        draft = Draft(BodyErased(event.seq, reason), author)
        sealed, opened = seal(
            draft, case_id=case_id, seq=seq, at_ms=at_ms, previous=head, salt=chance.token(SALT_BYTES)
        )
        head = opened.head
        said.append(sealed)
    return said


async def _loose_blobs(store: KeptStore, case_id: str, log: Sequence[Sealed], gone: set[int]) -> list[str]:
    """The case's blobs that an erased body names and no body that stays does."""
    named: set[bytes] = set()
    kept: set[bytes] = set()
    for event in log:
        (named if event.seq in gone else kept).update(_DIGEST.findall(event.body or b""))
    loose = {digest.decode() for digest in named - kept}
    return [digest for digest in await store.blobs_of(case_id) if digest in loose]

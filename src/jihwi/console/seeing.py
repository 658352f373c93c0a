"""Which cases somebody may see, and what of them: one's own, or with the right role all."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jihwi.console.cases import Kept
from jihwi.console.people import Right
from jihwi.console.visit import Visit
from jihwi.errors import CaseUnknown, NotAllowed, PageMissing
from jihwi.ids import is_case_id
from jihwi.store import CaseRow, CaseStatus

__all__ = ["CaseLine", "case_lines", "may_act", "seen_case"]


class CaseLine(msgspec.Struct, frozen=True):
    """A case in a list."""

    id: str
    request: str
    requester: str
    status: str
    opened_ms: int
    changed_ms: int
    waits_for: int
    events: int


def _line(row: CaseRow) -> CaseLine:
    return CaseLine(
        row.case_id, row.request, row.requester, row.status, row.opened_ms, row.changed_ms, row.waits_for, row.seq
    )


async def case_lines(visit: Visit, *, statuses: Sequence[CaseStatus] = (), limit: int = 1000) -> list[CaseLine]:
    """The cases this person may see, newest change first, so many at most: who sees few of many finds theirs too."""
    person = visit.person
    own = "" if person.may("see_all") else person.id
    rows = await visit.console.house.store.rows(statuses=statuses, requester=own, limit=limit)
    return [_line(row) for row in rows]


async def seen_case(visit: Visit, case_id: str) -> Kept:
    """A case this person may see; one they may not is not there. Raises PageMissing, LedgerBroken."""
    if not is_case_id(case_id):
        raise PageMissing()
    try:
        kept = await visit.console.cases.of(case_id)
    except CaseUnknown as problem:
        raise PageMissing() from problem
    if kept.case.requester != visit.person.id and not visit.person.may("see_all"):
        raise PageMissing()
    return kept


async def may_act(visit: Visit, case_id: str, right: Right) -> Kept:
    """The same for somebody who is about to do something there. Raises PageMissing, NotAllowed."""
    kept = await seen_case(visit, case_id)
    if not visit.person.may(right):
        raise NotAllowed()
    return kept

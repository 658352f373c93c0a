"""After a folder was read: the cases that cite its files are compared with them as they are now, and told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from jihwi.case.events import Draft, SourcesChanged
from jihwi.case.rechecking import Present, recheck
from jihwi.case.state import Case
from jihwi.errors import AppendConflict, CaseUnknown, LedgerBroken, UnknownEvent
from jihwi.evidence import Quotation, Rechecked, Viewer
from jihwi.orchestrator import Orchestrator, load_case

if TYPE_CHECKING:
    from jihwi.library import Library
    from jihwi.wiring.house import House

__all__ = ["CaseChanged", "path_of", "recheck_cases"]

MOST_CASES = 500
"""Cases at work, and ended ones whose sources have changed, that one reading looks at; the rest waits for the next."""


class CaseChanged(msgspec.Struct, frozen=True):
    """A case some of whose sources have changed, and what became of its quotations."""

    case_id: str
    request: str
    labels: tuple[str, ...]
    """What a reader must hold to be told which."""
    lost: tuple[Rechecked, ...]
    moved: tuple[Rechecked, ...]


async def recheck_cases(house: House, orchestrator: Orchestrator) -> list[CaseChanged]:
    """Compare what cases cite with the library as it is now; which of them were told that something changed.

    A case whose log cannot be read, or that others keep writing to, is passed over until the next time.
    """
    library = house.library
    changed = await asyncio.to_thread(library.changed_since, MOST_CASES)
    at_work = await house.store.rows(statuses=("running", "waiting", "paused", "parked"), limit=MOST_CASES)
    told = []
    for case_id in dict.fromkeys([*changed, *(row.case_id for row in at_work)]):
        try:
            one = await _rechecked(house, orchestrator, case_id)
        except (AppendConflict, CaseUnknown, LedgerBroken, UnknownEvent):
            continue
        if one is not None:
            told.append(one)
        if case_id in changed:
            await asyncio.to_thread(library.compared, case_id)
    return told


async def _rechecked(house: House, orchestrator: Orchestrator, case_id: str) -> CaseChanged | None:
    before = await load_case(house.store, case_id)
    library, viewer = house.library, Viewer(before.requester, before.viewer_labels)

    def look(quotation: Quotation) -> Present | None:
        return _present(library, viewer, quotation)

    if not await asyncio.to_thread(recheck, before, look, lambda digest: library.reading(digest, viewer)):
        return None
    found: list[SourcesChanged] = []

    def command(now: Case) -> list[Draft]:
        drafts = recheck(now, look, lambda digest: library.reading(digest, viewer))
        found[:] = [one.body for one in drafts if isinstance(one.body, SourcesChanged)]
        return drafts

    case = await orchestrator.submit(case_id, command, door="library")
    if not found:
        return None
    rechecked = found[0].rechecked
    for digest in {one.now.reading for one in rechecked if one.now is not None} if case.released else ():
        await asyncio.to_thread(library.keep, case_id, digest, viewer)
    return CaseChanged(
        case_id,
        case.request,
        case.labels,
        tuple(one for one in rechecked if one.now is None),
        tuple(one for one in rechecked if one.now is not None),
    )


def path_of(library: Library, one: Rechecked, viewer: Viewer) -> str:
    """The file a quotation stands in now, by its path; empty for what is lost or may not be seen."""
    document = library.document(one.now.document_id, viewer) if one.now is not None else None
    return document.source.path if document is not None else ""


def _present(library: Library, viewer: Viewer, quotation: Quotation) -> Present | None:
    """The quotation's file where it lay, else another with the same bytes."""
    document = library.document(quotation.document_id, viewer)
    if document is None:
        document = next(iter(library.same_source(quotation.source, viewer)), None)
    if document is None:
        return None
    return Present(document.source.document_id, document.reading, document.source.marks)

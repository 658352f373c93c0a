"""The ledger: who did what when, the chain verified, and its export."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.case.ledger import Sealed, read_header, verify
from jihwi.console.paging import twin
from jihwi.console.seeing import CaseLine, case_lines, seen_case
from jihwi.console.visit import Visiting
from jihwi.errors import JihwiError, LedgerBroken
from jihwi.ids import is_case_id
from jihwi.reports import as_seen, export_lines

__all__ = ["router"]

router = APIRouter()
ROWS = 200
CASES = 100
"""How many cases one page lists."""
EVERY_CASE = 1_000_000


class LedgerRow(msgspec.Struct, frozen=True):
    """One header: what every auditor may see of an event."""

    seq: int
    at_ms: int
    kind: str
    role: str
    author: str
    on_behalf_of: str
    door: str
    cause: int
    labels: tuple[str, ...]
    erased: bool
    head: str


class LedgerPage(msgspec.Struct, frozen=True):
    """A case's ledger and whether its chain holds."""

    case_id: str
    request: str
    holds: bool
    problem: str
    events: int
    erased: int
    head: str
    first: int
    rows: tuple[LedgerRow, ...]


class LedgersPage(msgspec.Struct, frozen=True):
    """The ledgers there are, newest change first."""

    cases: tuple[CaseLine, ...]
    total: int
    """Of all that were looked for."""
    page: int
    """From 1."""
    pages: int
    q: str
    """What was looked for; empty for all."""


@router.get("/ledger", openapi_extra=twin(LedgersPage))
async def ledgers(visit: Visiting, q: str = "", page: int = 1) -> Response:
    """Every case's ledger, or those with `q` in their request, requester or name."""
    lines, wanted = await case_lines(visit, limit=EVERY_CASE), q.strip().lower()
    found = [one for one in lines if wanted in f"{one.request}\n{one.requester}\n{one.id}".lower()]
    pages = max(1, -(-len(found) // CASES))
    page = max(1, min(page, pages))
    shown = tuple(found[(page - 1) * CASES : page * CASES])
    return visit.page("ledgers.html.jinja", LedgersPage(shown, len(found), page, pages, q.strip()))


@router.get("/cases/{case_id}/ledger", openapi_extra=twin(LedgerPage))
async def ledger(visit: Visiting, case_id: str, first: int = 0) -> Response:
    """A case's headers, and the chain verified anew from the stored bytes."""
    request = await _request_of(visit, case_id)
    stored = await visit.console.house.store.read(case_id)
    problem, erased = "", 0
    try:
        erased = (await asyncio.to_thread(verify, case_id, stored)).erased
    except LedgerBroken as broken:
        problem = broken.words(visit.language)
    first = first if first > 0 else max(1, len(stored) - ROWS + 1)
    rows = tuple(row for one in stored[first - 1 : first - 1 + ROWS] if (row := _row(one)) is not None)
    head = stored[-1].head.hex() if stored else ""
    page = LedgerPage(case_id, request, not problem, problem, len(stored), erased, head, first, rows)
    return visit.page("ledger.html.jinja", page, rows_per_page=ROWS)


async def _request_of(visit: Visiting, case_id: str) -> str:
    """The request of a case this person may see; a broken ledger is shown as broken, not hidden."""
    try:
        return (await seen_case(visit, case_id)).case.request
    except LedgerBroken as broken:
        row = await visit.console.house.store.row(case_id) if is_case_id(case_id) else None
        if row is None or (row.requester != visit.person.id and not visit.person.may("see_all")):
            raise JihwiError() from broken
        return row.request


def _row(stored: Sealed) -> LedgerRow | None:
    """What a header says; `None` when it was changed so that it says nothing: the page names the event as broken."""
    try:
        header = read_header(stored.header)
    except msgspec.MsgspecError:
        return None
    return LedgerRow(
        header.seq,
        header.at_ms,
        header.kind,
        header.author.role,
        header.author.id,
        header.author.on_behalf_of,
        header.author.door,
        header.cause,
        header.labels,
        stored.body is None,
        stored.head.hex(),
    )


@router.get("/cases/{case_id}/files/ledger.jsonl", response_class=Response)
async def export(visit: Visiting, case_id: str) -> Response:
    """The ledger as a file that verifies without the store; bodies this person may not see are left out of it."""
    await _request_of(visit, case_id)
    house = visit.console.house
    stored = await house.store.read(case_id)
    viewer = visit.person.viewer

    def exported() -> bytes:
        verify(case_id, stored)  # what is signed must hold
        return b"".join(export_lines([as_seen(one, viewer) for one in stored], house.signed_now(case_id, stored)))

    data = await asyncio.to_thread(exported)
    headers = {"content-disposition": f'attachment; filename="{case_id}-ledger.jsonl"'}
    return Response(data, media_type="application/x-ndjson", headers=headers)

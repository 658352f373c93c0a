"""The ledger of the house: who came in, who was refused, what was changed, for those who oversee it."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.case.ledger import Sealed, read_header, verify
from jihwi.console.paging import twin
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import FormInvalid, LedgerBroken
from jihwi.house import open_fact
from jihwi.house.telling import GROUPS, Group, author_words, group_of, house_words, withheld_words
from jihwi.reports import as_seen, export_lines
from jihwi.store import HOUSE

__all__ = ["router"]

router = APIRouter()
ROWS = 200


class HouseRow(msgspec.Struct, frozen=True):
    """One fact."""

    seq: int
    at_ms: int
    kind: str
    group: Group
    words: str
    author: str
    by: str
    """The author in words, also where it is no person."""
    door: str
    address: str
    erased: bool
    head: str
    withheld: bool
    """Whether it tells of documents the reader may not see: then its words do not."""


class HousePage(msgspec.Struct, frozen=True):
    """The facts of the house, the latest last, and whether their chain holds."""

    holds: bool
    problem: str
    events: int
    head: str
    signed_day: str
    """The last day whose heads were signed."""
    key: str
    """The public key this house signs with."""
    of: str
    """The kind of facts that is shown; empty for all."""
    who: str
    """Whose facts are shown; empty for everybody's."""
    found: int
    page: int
    """From 1, the latest first."""
    pages: int
    rows: tuple[HouseRow, ...]


@router.get("/ledger/house", openapi_extra=twin(HousePage))
async def house_ledger(visit: Visiting, of: str = "", who: str = "", page: int = 1) -> Response:
    """The facts outside any case, the chain verified anew; `of` names a kind of facts, `who` an author."""
    visit.require("oversee")
    if of and of not in GROUPS:
        raise FormInvalid("of")
    stored = await visit.console.house.store.read(HOUSE)
    shown = await asyncio.to_thread(_page, visit, stored, of, who.strip(), max(1, page))
    return visit.page("house.html.jinja", shown, groups=tuple(GROUPS))


def _page(visit: Visit, stored: list[Sealed], of: str, who: str, page: int) -> HousePage:
    problem = ""
    try:
        verify(HOUSE, stored)
    except LedgerBroken as broken:
        problem = broken.words(visit.language)
    found = [one for one in stored if _fits(one, of, who)] if not problem else []
    pages = max(1, -(-len(found) // ROWS))
    page = min(page, pages)
    last = len(found) - (page - 1) * ROWS
    rows = tuple(_row(visit, one) for one in found[max(0, last - ROWS) : last])
    head = stored[-1].head.hex() if stored else ""
    state = visit.console.stream.state
    return HousePage(
        not problem, problem, len(stored), head, state.signed_day, state.key, of, who, len(found), page, pages, rows
    )


def _fits(stored: Sealed, of: str, who: str) -> bool:
    header = read_header(stored.header)
    return (not of or group_of(header.kind) == of) and (not who or header.author.id == who)


def _row(visit: Visit, stored: Sealed) -> HouseRow:
    event = open_fact(stored)
    withheld = not visit.person.viewer.may_see(event.labels)
    return HouseRow(
        event.seq,
        event.at_ms,
        event.kind,
        group_of(event.kind),
        withheld_words(visit.language) if withheld else house_words(event, visit.console.stream.state, visit.language),
        event.author.id,
        author_words(event.author, visit.language),
        event.author.door,
        getattr(event.body, "address", ""),
        event.body is None,
        event.head.hex(),
        withheld,
    )


@router.get("/ledger/house.jsonl", response_class=Response)
async def export(visit: Visiting) -> Response:
    """The facts of the house as a signed file that verifies without the store; bodies as its reader may see them."""
    visit.require("oversee")
    house = visit.console.house
    stored = await house.store.read(HOUSE)

    def exported() -> bytes:
        verify(HOUSE, stored)  # what is signed must hold
        seen = [as_seen(one, visit.person.viewer) for one in stored]
        return b"".join(export_lines(seen, house.signed_now(HOUSE, stored)))

    data = await asyncio.to_thread(exported)
    headers = {"content-disposition": 'attachment; filename="house-ledger.jsonl"'}
    return Response(data, media_type="application/x-ndjson", headers=headers)

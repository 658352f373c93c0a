"""The desk: write a request, see what is open and what waits."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from jihwi.console.beginnings import Beginning, beginnings
from jihwi.console.pages.inbox import waiting_lines
from jihwi.console.paging import twin
from jihwi.console.seeing import CaseLine, case_lines
from jihwi.console.visit import Visit, Visiting
from jihwi.console.waiting import Waiting
from jihwi.errors import FormInvalid
from jihwi.library import CollectionInfo
from jihwi.orchestrator import Opening

__all__ = ["router"]

router = APIRouter()
MOST = 30


class DeskPage(msgspec.Struct, frozen=True):
    """What lies on the desk."""

    collections: tuple[CollectionInfo, ...]
    documents: int
    beginnings: tuple[Beginning, ...]
    waiting: tuple[Waiting, ...]
    cases: tuple[CaseLine, ...]
    more: int
    said: str = ""


@router.get("/", include_in_schema=False)
async def begin() -> Response:
    return RedirectResponse("/desk", 303)


@router.get("/desk", openapi_extra=twin(DeskPage))
async def desk(visit: Visiting, say: str = "", part: str = "") -> Response:
    """The desk: how to begin, what is open, what waits."""
    page = await _desk(visit, say)
    if part == "now" and not visit.json:
        return visit.fragment("desk_now.html.jinja", page)
    return visit.page("desk.html.jinja", page)


async def _desk(visit: Visit, say: str) -> DeskPage:
    library, viewer = visit.console.house.library, visit.person.viewer

    def look() -> tuple[list[CollectionInfo], int, list[Beginning]]:
        return library.collections(viewer), len(library.documents(viewer)), beginnings(library, viewer, visit.language)

    collections, documents, ways = await asyncio.to_thread(look)
    lines = await case_lines(visit)
    waiting = await waiting_lines(visit, lines)
    return DeskPage(
        tuple(collections), documents, tuple(ways), tuple(waiting[:5]), tuple(lines[:MOST]), len(lines) - MOST, say
    )


class Request(BaseModel):
    """A request to open a case with."""

    request: str
    collections: list[str] = []
    ask: bool = False
    """Ask a person before the report leaves."""
    csrf: str = ""


@router.post("/cases")
async def open_case(visit: Visiting, sent: Annotated[Request, Form()]) -> Response:
    """Open a case; the runner takes it up at once."""
    visit.check_token(sent.csrf)
    visit.require("open")
    request = sent.request.strip()
    if not request:
        raise FormInvalid(visit.say("요청이 비어 있습니다", "the request is empty"))
    house, viewer = visit.console.house, visit.person.viewer
    seen = await asyncio.to_thread(house.library.collections, viewer)
    chosen = [one for one in seen if one.name in sent.collections] or seen
    team = house.team(house.settings.team)
    policy = msgspec.structs.replace(team.policy, release="person") if sent.ask else team.policy
    opening = Opening(
        request=request,
        requester=viewer,
        language="ko" if any("가" <= letter <= "힣" for letter in request) else "en",
        team=team.name,
        team_digest=team.digest,
        agents=team.agents,
        policy=policy,
        limits=team.limits,
        collections=tuple(one.name for one in chosen),
        labels=tuple({label for one in chosen for label in one.labels}),
        library_version=await asyncio.to_thread(lambda: house.library.version),
        door="console",
    )
    case_id = await visit.console.orchestrator.open(opening)
    return visit.go(f"/cases/{case_id}", {"case": case_id})

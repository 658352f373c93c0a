"""A case: the tree with the baton, the timeline, one event opened, and the live line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from jihwi.case.events import Event
from jihwi.console.cases import Kept
from jihwi.console.live import Line, cursor_of
from jihwi.console.newcomers import newcomers
from jihwi.console.paging import twin
from jihwi.console.seeing import seen_case
from jihwi.console.standing import WINDOW, CasePage, case_page
from jihwi.console.telling import Told, tell
from jihwi.console.templating import render
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import PageMissing

__all__ = ["EventPage", "router"]

router = APIRouter()
MOST_CASES = 64
"""How many cases one line follows."""


@router.get("/cases/{case_id}", openapi_extra=twin(CasePage))
async def case(visit: Visiting, case_id: str, before: int = 0, after: int = 0, at: int = 0, part: str = "") -> Response:
    """A case as it stands, with a window of its timeline: the newest, or the one in which the event `at` stands."""
    kept = await seen_case(visit, case_id)
    if 0 < at <= len(kept.events) - WINDOW:
        before = at + WINDOW // 2
    page = case_page(kept, visit.language, visit.person.viewer, before=before, after=after)
    known = await asyncio.to_thread(visit.console.house.library.collections, visit.person.viewer)
    names = {one.name for one in known}
    page = msgspec.structs.replace(page, collections=tuple(name for name in page.collections if name in names))
    if visit.person.may("decide") and page.standing not in ("done", "partial", "failed", "cancelled"):
        page = msgspec.structs.replace(
            page,
            newcomers=newcomers(visit.console.house, kept.case),
            spare_skills=tuple(visit.console.house.skills.names()),
        )
    problem = visit.console.troubles.get(case_id)
    if problem is not None:
        page = msgspec.structs.replace(page, trouble=problem.words(visit.language))
    if part == "now" and not visit.json:
        return visit.fragment("case_now.html.jinja", page)
    return visit.page("case.html.jinja", page, before=before, after=after)


# ── one event ────────────────────────────────────────────────────────────────


class EventPage(msgspec.Struct, frozen=True):
    """One event, opened."""

    case_id: str
    told: Told
    kind: str
    author: dict[str, str]
    cause: int
    labels: tuple[str, ...]
    head: str
    body: Any
    """`None` when it was erased or is withheld."""


@router.get("/cases/{case_id}/events/{seq}", openapi_extra=twin(EventPage))
async def event(visit: Visiting, case_id: str, seq: int, part: str = "") -> Response:
    """One event with its body, as far as this person may see it."""
    kept = await seen_case(visit, case_id)
    found = kept.event(seq)
    if found is None:
        raise PageMissing()
    page = _event_page(visit, kept, found)
    if part == "body" and not visit.json:
        return visit.fragment("event_body.html.jinja", page)
    return visit.page("event.html.jinja", page)


def _event_page(visit: Visit, kept: Kept, found: Event) -> EventPage:
    viewer = visit.person.viewer
    told = tell(kept, found, visit.language, viewer)
    body = msgspec.to_builtins(found.body) if found.body is not None and viewer.may_see(found.labels) else None
    author = {key: value for key, value in msgspec.structs.asdict(found.author).items() if value}
    return EventPage(kept.case.id, told, found.kind, author, found.cause, found.labels, found.head.hex(), body)


# ── live ─────────────────────────────────────────────────────────────────────


def _line_html(visit: Visit) -> Any:
    """What a page's line sends of an event: the line of the timeline, rendered once for all who read it alike."""
    language, viewer = visit.language, visit.person.viewer

    def show(kept: Kept, found: Event) -> bytes:
        return _shown(kept, found, language, viewer.may_see(found.labels), viewer)

    return show


_RENDERED: dict[tuple[str, int, str, bool, bool], bytes] = {}


def _shown(kept: Kept, found: Event, language: Any, visible: bool, viewer: Any) -> bytes:
    key = (found.case_id, found.seq, language, visible, found.body is None)
    data = _RENDERED.get(key)
    if data is None:
        told = tell(kept, found, language, viewer)
        html = render("event_line.html.jinja", language, told=told, case_id=found.case_id)
        fact = {"case": found.case_id, "seq": found.seq, "at": found.at_ms, "kind": found.kind, "html": html}
        data = msgspec.json.encode(fact)
        if len(_RENDERED) > 5000:
            _RENDERED.clear()
        _RENDERED[key] = data
    return data


def _line_json(visit: Visit) -> Any:
    """What a machine's line sends of an event: the event, its body where the reader may see it."""
    viewer = visit.person.viewer

    def show(kept: Kept, found: Event) -> bytes:
        visible = viewer.may_see(found.labels)
        value = msgspec.structs.asdict(found) | {"head": found.head.hex()}
        if not visible:
            value["body"] = None
        return msgspec.json.encode(value)

    return show


@router.get("/live", include_in_schema=False)
async def live(visit: Visiting, of: str = "", news: bool = False, lang: Literal["", "ko", "en"] = "") -> Response:
    """The one line of a browser: the cases its pages show, from the events they have, in the pages' language."""
    visit.language = lang or visit.language
    wants = cursor_of(of)
    stood = cursor_of(visit.request.headers.get("last-event-id", ""))
    wants = {case_id: max(seq, stood.get(case_id, 0)) for case_id, seq in list(wants.items())[:MOST_CASES]}
    for case_id in wants:
        await seen_case(visit, case_id)
    return _stream(visit, Line(wants, _line_html(visit), visit.person.viewer, news=news))


@router.get("/cases/{case_id}/live")
async def live_case(visit: Visiting, case_id: str, after: int = 0) -> Response:
    """Server-sent events of one case: each event as JSON, its number as the id; Last-Event-ID goes on there."""
    await seen_case(visit, case_id)
    said = visit.request.headers.get("last-event-id", "")
    at = int(said) if said.isdigit() else after
    return _stream(visit, Line({case_id: at}, _line_json(visit), visit.person.viewer, single=True))


def _stream(visit: Visit, line: Line) -> Response:
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    told = _while_signed_in(visit, visit.console.hub.follow(line))
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


async def _while_signed_in(visit: Visit, told: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """A line ends with the session it was opened in: what comes after is not for whoever sits there then."""
    async with contextlib.aclosing(told):
        async for message in told:
            if not visit.console.people.holds(visit.session):
                return
            yield message

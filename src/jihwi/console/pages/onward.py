"""What goes on from a case: a fork that tries "what if" from one of its events, and a further question to it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel

from jihwi.case import person as persons
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.case.events import Draft
from jihwi.case.fold import fold
from jihwi.case.state import Case
from jihwi.console.cases import Kept
from jihwi.console.paging import twin
from jihwi.console.seeing import may_act, seen_case
from jihwi.console.standing import Node, Standing, case_page, is_erased
from jihwi.console.telling import Told, tell
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import FormInvalid, PageMissing
from jihwi.orchestrator import load_log

__all__ = ["ForkPage", "router"]

router = APIRouter(prefix="/cases/{case_id}")


class ForkPage(msgspec.Struct, frozen=True):
    """How a case stood after one of its events, for somebody who thinks of going on from there."""

    case_id: str
    request: str
    at: int
    told: Told
    standing: Standing
    seats: tuple[Node, ...]
    """Who held an open assignment then."""
    turns: int
    """What the case was given: 0 for no limit."""
    tokens: int
    handoffs: int


@router.get("/fork", openapi_extra=twin(ForkPage))
async def what_if(visit: Visiting, case_id: str, at: int) -> Response:
    """What a fork from event `at` begins with, and what can be said to it."""
    kept = await seen_case(visit, case_id)
    visit.require("decide")
    then = await _stood(visit, kept, at)
    page = case_page(then, visit.language, visit.person.viewer)
    limits = then.case.limits
    told = tell(kept, then.events[-1], visit.language, visit.person.viewer)
    return visit.page(
        "fork.html.jinja",
        ForkPage(
            case_id,
            kept.case.request,
            at,
            told,
            page.standing,
            tuple(one for one in _flat(page.tree) if one.open),
            limits.turns or 0,
            limits.tokens or 0,
            limits.handoffs or 0,
        ),
    )


async def _stood(visit: Visit, kept: Kept, at: int) -> Kept:
    """The case as it stood after event `at`."""
    own = kept.after(0)
    if is_erased(kept.case) or not 1 <= at <= len(own):
        raise PageMissing()
    log = await load_log(visit.console.house.store, kept.case.id)
    prefix = [event for event in log if event.case_id != kept.case.id or event.seq <= at]
    return Kept(fold(kept.case.id, prefix), own[:at], kept.calls)


def _flat(tree: tuple[Node, ...]) -> list[Node]:
    return [node for one in tree for node in (one, *_flat(one.children))]


class Fork(BaseModel):
    """What a fork begins with."""

    at: int
    assignment: str = ""
    note: str = ""
    """Told to the assignment before anything else happens."""
    first: Literal["run", "pause"] = "run"
    turns: int = 0
    tokens: int = 0
    handoffs: int = 0
    csrf: str = ""


@router.post("/forks")
async def fork(visit: Visiting, case_id: str, sent: Annotated[Fork, Form()]) -> Response:
    """Open a new case that goes on from an event of this one."""
    visit.check_token(sent.csrf)
    kept = await may_act(visit, case_id, "decide")
    by, words = visit.person.id, sent.note.strip()

    def then(now: Case) -> list[Draft]:
        told = persons.note(now, sent.assignment or now.course, words, by=by) if words else []
        return [*told, *(persons.pause(now, by=by) if sent.first == "pause" else [])]

    given = _limits(kept.case.limits, sent.turns, sent.tokens, sent.handoffs)
    fork_id = await visit.console.orchestrator.fork(case_id, sent.at, by=by, limits=given, then=then, door="console")
    return visit.go(f"/cases/{fork_id}", {"case": fork_id})


def _limits(limits: Limits, turns: int, tokens: int, handoffs: int) -> Limits:
    return msgspec.structs.replace(
        limits, turns=turns or limits.turns, tokens=tokens or limits.tokens, handoffs=handoffs or limits.handoffs
    )


class Further(BaseModel):
    """A further question to a case that has ended."""

    request: str
    turns: int = 0
    csrf: str = ""


@router.post("/requests")
async def ask_further(visit: Visiting, case_id: str, sent: Annotated[Further, Form()]) -> Response:
    """Take a closed case up again: with everything it has found, and a budget of its own."""
    visit.check_token(sent.csrf)
    kept = await may_act(visit, case_id, "open")
    if kept.case.requester != visit.person.id:
        visit.require("decide")
    request = sent.request.strip()
    if not request:
        raise FormInvalid(visit.say("물음이 비어 있습니다", "the question is empty"))
    by, limits = visit.person.id, Limits(turns=sent.turns) if sent.turns else UNLIMITED
    case = await visit.console.orchestrator.submit(
        case_id, lambda now: persons.follow_up(now, request, by=by, limits=limits), door="console"
    )
    return visit.go(f"/cases/{case_id}", {"case": case_id, "event": case.seq})

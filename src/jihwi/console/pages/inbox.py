"""The inbox: everything that waits for a person, across cases, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.console.paging import twin
from jihwi.console.seeing import CaseLine, case_lines
from jihwi.console.visit import MAY_WAIT, Visit, Visiting
from jihwi.console.waiting import Waiting, answers, waiting_in
from jihwi.errors import JihwiError

__all__ = ["router", "waiting_lines"]

router = APIRouter()


class InboxPage(msgspec.Struct, frozen=True):
    """What waits for a person."""

    waiting: tuple[Waiting, ...]
    unread: tuple[str, ...]
    """Cases that could not be read."""


async def waiting_lines(visit: Visit, lines: Sequence[CaseLine], unread: list[str] | None = None) -> list[Waiting]:
    """Everything in these cases that waits for this person, oldest first."""
    found: list[Waiting] = []
    for line in lines:
        if not line.waits_for or not answers(visit.person, "question", line.requester):
            continue
        try:
            kept = await visit.console.cases.of(line.id)
        except JihwiError:
            if unread is not None:
                unread.append(line.id)
            continue
        times = {event.seq: event.at_ms for event in kept.events}
        waiting = waiting_in(kept.case, visit.language, visit.person.viewer, times)
        found += [one for one in waiting if answers(visit.person, one.kind, line.requester)]
    return sorted(found, key=lambda one: one.since_ms)


@router.get("/inbox", openapi_extra=twin(InboxPage))
async def inbox(visit: Visiting, part: str = "") -> Response:
    """Approvals, questions and stopped cases, oldest first, with their deadlines."""
    unread: list[str] = []
    waiting = await waiting_lines(visit, await case_lines(visit, statuses=MAY_WAIT), unread)
    page = InboxPage(tuple(waiting), tuple(unread))
    if part == "now" and not visit.json:
        return visit.fragment("inbox_now.html.jinja", page)
    return visit.page("inbox.html.jinja", page)

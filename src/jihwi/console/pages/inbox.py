"""The inbox: everything that waits for a person, across cases, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.console.paging import twin
from jihwi.console.seeing import CaseLine, case_lines
from jihwi.console.visit import Visit, Visiting
from jihwi.console.waiting import Waiting, waiting_in
from jihwi.errors import JihwiError

__all__ = ["router", "waiting_lines"]

router = APIRouter()


class InboxPage(msgspec.Struct, frozen=True):
    """What waits for a person."""

    waiting: tuple[Waiting, ...]
    unread: tuple[str, ...]
    """Cases that could not be read."""


async def waiting_lines(visit: Visit, lines: Sequence[CaseLine], unread: list[str] | None = None) -> list[Waiting]:
    """Everything that waits in these cases, oldest first."""
    found: list[Waiting] = []
    for line in lines:
        if not line.waits_for:
            continue
        try:
            kept = await visit.console.cases.of(line.id)
        except JihwiError:
            if unread is not None:
                unread.append(line.id)
            continue
        times = {event.seq: event.at_ms for event in kept.events}
        found += waiting_in(kept.case, visit.language, visit.person.viewer, times)
    return sorted(found, key=lambda one: one.since_ms)


@router.get("/inbox", openapi_extra=twin(InboxPage))
async def inbox(visit: Visiting, part: str = "") -> Response:
    """Approvals, questions and stopped cases, oldest first, with their deadlines."""
    unread: list[str] = []
    waiting = await waiting_lines(visit, await case_lines(visit), unread)
    page = InboxPage(tuple(waiting), tuple(unread))
    if part == "now" and not visit.json:
        return visit.fragment("inbox_now.html.jinja", page)
    return visit.page("inbox.html.jinja", page)

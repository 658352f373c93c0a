"""One request of one person: who they are, the language they read, and how a page or its JSON twin is answered."""

from __future__ import annotations

import hmac
from typing import Annotated, Any, cast

import msgspec
from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from jihwi.console.desk import Console
from jihwi.console.guard import came_from
from jihwi.console.people import Person, Right, Session
from jihwi.console.templating import render
from jihwi.console.waiting import answers, waiting_in
from jihwi.errors import FormForeign, JihwiError, NotAllowed, SignInFailed
from jihwi.store import CaseStatus
from jihwi.words import Language, say_to

__all__ = ["MAY_WAIT", "Visit", "Visiting"]

MAY_WAIT: tuple[CaseStatus, ...] = ("waiting", "parked", "running")
"""How a case stands in which something may wait for a person."""
_COUNTED = 10_000
"""Of so many cases is counted what waits: it is counted for every page."""


class Visit:
    """One request: the person, their language, and the console it goes to."""

    def __init__(self, request: Request, console: Console) -> None:
        self.request = request
        self.console = console
        self.json: bool = request.state.json
        self.language = self._language()
        self.waiting = 0
        """How many things wait for people, in the cases this person sees; told with each page."""
        said = request.cookies.get("jihwi_theme", "")
        self.theme = said if said in ("light", "dark") else "auto"

    def _language(self) -> Language:
        for said in (self.request.cookies.get("jihwi_lang"), self.console.house.settings.language):
            if said in ("ko", "en"):
                return cast(Language, said)
        accepted = self.request.headers.get("accept-language", "ko").lower()
        korean, english = accepted.find("ko"), accepted.find("en")
        return "en" if english >= 0 and (korean < 0 or english < korean) else "ko"

    @property
    def person(self) -> Person:
        """Who asks. The guard lets nobody else in."""
        person: Person | None = self.request.state.person
        if person is None:
            raise SignInFailed()
        return person

    @property
    def session(self) -> Session:
        """Their browser."""
        session: Session | None = self.request.state.session
        if session is None:
            raise SignInFailed()
        return session

    def say(self, ko: str, en: str, **fields: object) -> str:
        """One of two sentences, in the reader's language."""
        return say_to(self.language)(ko, en, **fields)

    def require(self, right: Right) -> None:
        """Raises NotAllowed unless the person's role gives the right."""
        if not self.person.may(right):
            raise NotAllowed()

    async def form(self) -> dict[str, str]:
        """The fields of the form that was sent, its token checked. Raises FormForeign."""
        sent = await self.request.form()
        fields = {name: value for name, value in sent.items() if isinstance(value, str)}
        self.check_token(fields.get("csrf", ""))
        return fields

    def check_token(self, token: str) -> None:
        """Raise FormForeign unless the form was made for this browser."""
        token = token or self.request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(token, self.session.csrf):
            raise FormForeign(self.say("이 양식은 다른 창에서 왔습니다", "this form was not made for this browser"))

    @property
    def place(self) -> str:
        """Where this page is found again: its address, or where it came from when it only answers a form."""
        url = self.request.url
        if self.request.method != "GET":
            return came_from(self.request.headers)
        return f"{url.path}?{url.query}" if url.query else url.path

    # ── answers ──

    def page(self, template: str, page: Any, *, status: int = 200, **more: Any) -> Response:
        """A page for a person, or the same as JSON for a machine. `more` only the template sees."""
        if self.json:
            return Response(msgspec.json.encode(page), status, media_type="application/json")
        html = render(template, self.language, page=page, visit=self, **more)
        return Response(html, status, media_type="text/html; charset=utf-8")

    def fragment(self, template: str, page: Any, **more: Any) -> Response:
        """A part of a page, fetched again when something happened; with the number of what waits."""
        html = render(template, self.language, page=page, visit=self, **more)
        return Response(html, media_type="text/html; charset=utf-8", headers={"x-waiting": str(self.waiting)})

    def go(self, place: str, told: Any = None) -> Response:
        """After a form: back to a page, or for a machine what was done."""
        if self.json:
            return Response(msgspec.json.encode(told or {"done": True}), media_type="application/json")
        return RedirectResponse(place, 303)


async def _visit(request: Request) -> Visit:
    visit = Visit(request, request.app.state.console)
    if request.state.person is not None and not visit.json:
        visit.waiting = await _waits_for(visit)
    return visit


async def _waits_for(visit: Visit) -> int:
    """How many things wait for this person: whatever somebody must decide, or the questions of one's own cases."""
    person = visit.person
    if not person.may("answer"):
        return 0
    store = visit.console.house.store
    if person.may("decide"):
        return sum(row.waits_for for row in await store.rows(statuses=MAY_WAIT, limit=_COUNTED))
    mine = [row.case_id for row in await store.rows(statuses=MAY_WAIT, requester=person.id) if row.waits_for]
    found = 0
    for case_id in mine:
        try:
            case = (await visit.console.cases.of(case_id)).case
        except JihwiError:
            continue  # the inbox names it
        waiting = waiting_in(case, visit.language, person.viewer, {})
        found += sum(1 for one in waiting if answers(person, one.kind, case.requester))
    return found


Visiting = Annotated[Visit, Depends(_visit)]

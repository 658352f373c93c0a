"""The door: a one-time link, a name and a password, the way out, and how a browser likes to be spoken to."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from jihwi.console.guard import cookie_name
from jihwi.console.people import SESSION_SECONDS
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import DoorError

__all__ = ["router"]

router = APIRouter()


def _inside(place: str) -> str:
    """A place in this console, and nowhere else.

    >>> _inside("//evil.example"), _inside("/inbox")
    ('/desk', '/inbox')
    """
    return place if place.startswith("/") and not place.startswith(("//", "/\\", "/enter")) else "/desk"


@router.get("/health", include_in_schema=False)
async def health() -> Response:
    """Whether the console answers: for scripts that wait for it."""
    return Response("ok\n", media_type="text/plain")


@router.get("/enter", include_in_schema=False)
async def enter(visit: Visiting, key: str = "", next: str = "/desk", unsent: bool = False) -> Response:
    """Use a one-time link up, or ask for a name and a password. `unsent`: a form came after its session had ended."""
    if not key:
        return _door(visit, next, "", 200, unsent=unsent)
    try:
        token = await visit.console.people.enter_by_link(key, _address(visit))
    except DoorError as problem:
        await visit.console.recorder.sign_in_refused(problem, "", _address(visit))
        return _door(visit, next, problem.in_full(visit.language), problem.status)
    return _come_in(visit, token, next)


class Credentials(BaseModel):
    """A name and a password."""

    name: str
    password: str
    next: str = "/desk"
    unsent: bool = False


@router.post("/enter", include_in_schema=False)
async def enter_with_password(visit: Visiting, sent: Annotated[Credentials, Form()]) -> Response:
    """Sign in with an account."""
    people = visit.console.people
    try:
        token = await people.enter_by_password(sent.name.strip(), sent.password, _address(visit))
    except DoorError as problem:
        known = people.person(sent.name.strip())
        await visit.console.recorder.sign_in_refused(problem, known.id if known else "", _address(visit))
        return _door(
            visit, sent.next, problem.words(visit.language), problem.status, unsent=sent.unsent, name=sent.name.strip()
        )
    return _come_in(visit, token, sent.next)


def _address(visit: Visit) -> str:
    return visit.request.client.host if visit.request.client else ""


def _door(visit: Visit, place: str, problem: str, status: int, *, unsent: bool = False, name: str = "") -> Response:
    accounts = visit.console.people.has_accounts()
    page = {"next": _inside(place), "problem": problem, "accounts": accounts, "unsent": unsent, "name": name}
    return visit.page("enter.html.jinja", page, status=status)


def _come_in(visit: Visit, token: str, place: str) -> Response:
    answer = RedirectResponse(_inside(place), 303)
    answer.set_cookie(
        cookie_name(visit.console.port),
        token,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=visit.request.url.scheme == "https",
        path="/",
    )
    return answer


@router.post("/leave")
async def leave(visit: Visiting) -> Response:
    """Sign this browser out."""
    await visit.form()
    visit.console.people.leave(visit.session)
    answer = RedirectResponse("/enter", 303)
    answer.delete_cookie(cookie_name(visit.console.port), path="/")
    return answer


class Liking(BaseModel):
    """How a browser likes to be spoken to."""

    lang: Literal["", "ko", "en"] = ""
    theme: Literal["", "auto", "light", "dark"] = ""
    back: str = "/desk"
    csrf: str = ""


@router.post("/liking")
async def liking(visit: Visiting, sent: Annotated[Liking, Form()]) -> Response:
    """Set this browser's language or its light."""
    visit.check_token(sent.csrf)
    answer = visit.go(_inside(sent.back))
    for name, value in (("jihwi_lang", sent.lang), ("jihwi_theme", sent.theme)):
        if value:
            answer.set_cookie(name, value, max_age=SESSION_SECONDS * 26, httponly=True, samesite="strict", path="/")
    return answer

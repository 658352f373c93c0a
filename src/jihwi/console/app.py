"""The application: every page's router, static files, and the border where errors become a page and a sentence."""

from __future__ import annotations

import mimetypes
from importlib import metadata

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from jihwi.console.desk import Console
from jihwi.console.guard import Guard, came_from
from jihwi.console.pages import (
    case,
    classes,
    commands,
    desk,
    entry,
    house,
    inbox,
    ledger,
    library,
    onward,
    prompts,
    proofing,
    report,
    settings,
    team,
)
from jihwi.console.paging import describe
from jihwi.console.templating import STATIC, assets
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import (
    CaseUnknown,
    CommandForbidden,
    CommandRefused,
    DoorError,
    FormForeign,
    FormInvalid,
    JihwiError,
    NotAllowed,
    OwnerOnly,
    PageMissing,
    PassageChanged,
    SkillArguments,
    StoreBusy,
    UsageError,
)

__all__ = ["create_app"]

REFUSALS = (NotAllowed, OwnerOnly, PageMissing, FormForeign, CommandForbidden)
"""What somebody asked for and may not have. A page that is not there and one they may not see look the same."""

_STATUS: tuple[tuple[type[JihwiError], int], ...] = (
    (CaseUnknown, 404),
    (CommandRefused, 409),
    (PassageChanged, 409),
    (SkillArguments, 422),
    (StoreBusy, 503),
    (UsageError, 422),
)


def create_app(console: Console, *, proxy_header: str = "") -> Guard:
    """The console as an ASGI application, guard and all."""
    app = FastAPI(
        title="Jihwi",
        version=metadata.version("jihwi"),
        description="Every page has a JSON twin at the same address: add .json, or ask with Accept: application/json.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.console = console
    for page in (
        entry,
        desk,
        inbox,
        case,
        commands,
        ledger,
        house,
        report,
        proofing,
        prompts,
        onward,
        library,
        classes,
        team,
        settings,
    ):
        app.include_router(page.router)
        console.recorder.learn(route.path for route in page.router.routes if isinstance(route, Route))
    app.add_api_route("/static/{version}/{name}", _static, include_in_schema=False)
    app.add_api_route("/openapi.json", lambda: describe(app), include_in_schema=False)
    app.add_exception_handler(JihwiError, _failed)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    app.add_api_route("/problem", _nowhere, include_in_schema=False)
    return Guard(
        app,
        people=console.people,
        recorder=console.recorder,
        hosts=console.hosts,
        port=console.port,
        proxy_header=proxy_header,
    )


async def _static(version: str, name: str) -> Response:
    path = STATIC / name
    if version != assets() or "/" in name or name.startswith(".") or not path.is_file():
        raise HTTPException(404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, headers={"cache-control": "public, max-age=31536000, immutable"})


async def _nowhere(visit: Visiting) -> Response:
    raise PageMissing()


# ── the border ───────────────────────────────────────────────────────────────


async def _failed(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, JihwiError)
    await _record(request, problem)
    status = next((code for kind, code in _STATUS if isinstance(problem, kind)), 500)
    if isinstance(problem, DoorError):
        status = problem.status
    return _told(request, problem, status)


async def _record(request: Request, problem: JihwiError) -> None:
    """A refusal is a fact of the house before it is answered."""
    if not isinstance(problem, REFUSALS) or request.scope.get("path") == "/problem":
        return
    person = request.state.person
    address = request.client.host if request.client else ""
    await request.app.state.console.recorder.refused(
        person.id if person else "", request.method, request.url.path, problem.code, address
    )


async def _misread(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    fields = ", ".join(".".join(str(part) for part in one["loc"][1:]) for one in problem.errors()[:5])
    return _told(request, FormInvalid(fields), 422)


async def _http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    if problem.status_code in (404, 405):  # nothing is shown where a form goes to
        return _told(request, PageMissing(), problem.status_code)
    return _told(request, FormInvalid(str(problem.detail)), problem.status_code)


async def _unexpected(request: Request, problem: Exception) -> Response:
    """A fault of ours: the page says so, the server's log shows where."""
    return _told(request, JihwiError(), 500)


def _told(request: Request, problem: JihwiError, status: int) -> Response:
    visit = Visit(request, request.app.state.console)
    words, step = problem.words(visit.language), problem.next_step(visit.language)
    if isinstance(problem, CommandRefused):
        step = visit.say("지금 상태를 다시 보고 정하십시오.", "Look at how it stands now and decide again.")
    page = {"error": {"code": problem.code, "words": words, "next": step}}
    return visit.page("problem.html.jinja", page, status=status, back=came_from(request.headers))

"""One request of one person: who they are, the language they read, and how a page or its JSON twin is answered."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jihwi.console.desk import Console
from jihwi.console.people import Person, Right, Session
from jihwi.console.telling import skill_name
from jihwi.errors import FormInvalid, NotAllowed, SignInFailed
from jihwi.words import Language, fill

__all__ = ["STATIC", "Visit", "Visiting", "assets", "render", "say_to"]

HERE = Path(__file__).parent
STATIC = HERE / "static"


def say_to(language: Language) -> Callable[..., str]:
    """What puts one of two sentences before a reader.

    >>> say_to("en")("{n}건", "{n} cases", n=2)
    '2 cases'
    """

    def say(ko: str, en: str, **fields: object) -> str:
        return fill(ko if language == "ko" else en, fields) if fields else (ko if language == "ko" else en)

    return say


@cache
def assets() -> str:
    """The version of everything under `static`: its files never change at one address."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S")


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(timespec="seconds")


def _thousands(number: int) -> str:
    return f"{number:,}"


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=_moment, clock=_clock, iso=_iso, thousands=_thousands, pretty=_pretty)
    environment.globals.update(asset=lambda name: f"/static/{assets()}/{name}", skill_name=skill_name)
    return environment


def render(template: str, language: Language, **values: Any) -> str:
    """A template filled for a reader of `language`."""
    return _templates().get_template(template).render(t=say_to(language), lang=language, **values)


class Visit:
    """One request: the person, their language, and the console it goes to."""

    def __init__(self, request: Request, console: Console) -> None:
        self.request = request
        self.console = console
        self.json: bool = request.state.json
        self.language = self._language()
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
        """The fields of the form that was sent, its token checked. Raises FormInvalid."""
        sent = await self.request.form()
        fields = {name: value for name, value in sent.items() if isinstance(value, str)}
        self.check_token(fields.get("csrf", ""))
        return fields

    def check_token(self, token: str) -> None:
        """Raise FormInvalid unless the form was made for this browser."""
        token = token or self.request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(token, self.session.csrf):
            raise FormInvalid(self.say("이 양식은 다른 창에서 왔습니다", "this form was not made for this browser"))

    # ── answers ──

    def page(self, template: str, page: Any, *, status: int = 200, **more: Any) -> Response:
        """A page for a person, or the same as JSON for a machine. `more` only the template sees."""
        if self.json:
            return Response(msgspec.json.encode(page), status, media_type="application/json")
        html = render(template, self.language, page=page, visit=self, inbox_count=None, **more)
        return Response(html, status, media_type="text/html; charset=utf-8")

    def fragment(self, template: str, page: Any, **more: Any) -> Markup:
        """A part of a page."""
        return Markup(render(template, self.language, page=page, visit=self, **more))

    def go(self, place: str, told: Any = None) -> Response:
        """After a form: back to a page, or for a machine what was done."""
        if self.json:
            return Response(msgspec.json.encode(told or {"done": True}), media_type="application/json")
        return RedirectResponse(place, 303)


def _visit(request: Request) -> Visit:
    return Visit(request, request.app.state.console)


Visiting = Annotated[Visit, Depends(_visit)]

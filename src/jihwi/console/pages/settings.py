"""The settings: this browser, the people and their roles, the model and whether it answers, and what is set where."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel

from jihwi.case.assignment import AgentSpec, MindSpec
from jihwi.case.budget import Limits
from jihwi.case.events import Author
from jihwi.case.turn import Transcript, View
from jihwi.console.paging import twin
from jihwi.console.people import Person, Role
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import JihwiError, PageMissing
from jihwi.settings import documented

__all__ = ["router"]

router = APIRouter()


class Setting(msgspec.Struct, frozen=True):
    """One setting as it stands."""

    name: str
    value: str
    meaning: str


class SettingsPage(msgspec.Struct, frozen=True):
    """What is set."""

    person: Person
    people: tuple[Person, ...]
    settings: tuple[Setting, ...]
    model: str
    answered: str = ""
    """How the model answered when it was tried."""
    link: str = ""
    """A fresh sign-in link that was asked for."""


@router.get("/settings", openapi_extra=twin(SettingsPage))
async def settings(visit: Visiting) -> Response:
    """This browser, the people, and what is set where."""
    return visit.page("settings.html.jinja", _page(visit))


def _page(visit: Visit, answered: str = "", link: str = "") -> SettingsPage:
    held = visit.console.house.settings
    administers = visit.person.may("administer")
    rows = [Setting(name, _shown(getattr(held, name)), visit.say(ko, en)) for name, _, _, ko, en in documented()]
    return SettingsPage(
        visit.person,
        tuple(visit.console.people.everybody()) if administers else (),
        tuple(rows) if administers else (),
        held.model if administers else "",
        answered,
        link,
    )


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


class Account(BaseModel):
    """An account to add or to change."""

    id: str
    name: str = ""
    role: Role = "requester"
    labels: str = ""
    password: str = ""
    active: bool = False
    csrf: str = ""


@router.post("/settings/people")
async def put_person(visit: Visiting, sent: Annotated[Account, Form()]) -> Response:
    """Add an account, or change its role, labels or password. Their browsers sign in anew."""
    visit.check_token(sent.csrf)
    visit.require("administer")
    labels = tuple(sorted({label.strip() for label in sent.labels.split(",") if label.strip()}))
    person = Person(sent.id.strip(), sent.name.strip(), sent.role, labels, sent.active)
    await visit.console.people.put(person, sent.password, by=Author("person", visit.person.id, door="console"))
    return visit.go("/settings#people", {"person": person.id})


@router.post("/settings/link")
async def make_link(visit: Visiting) -> Response:
    """A one-time link that signs another browser of the same person in."""
    await visit.form()
    key = visit.console.people.link(visit.person.id)
    base = str(visit.request.base_url).rstrip("/")
    return visit.page("settings.html.jinja", _page(visit, link=f"{base}/enter?key={key}"))


@router.post("/settings/model")
async def try_model(visit: Visiting) -> Response:
    """Ask the model's server whether it answers."""
    await visit.form()
    visit.require("administer")
    if not visit.console.house.settings.model:
        raise PageMissing()
    answered = await _ask(visit, visit.console.house.settings.model)
    return visit.page("settings.html.jinja", _page(visit, answered=answered))


async def _ask(visit: Visit, spec: str) -> str:
    """What the model's server says to a word of greeting, and how long it took."""
    agent = AgentSpec("greeter", MindSpec("model", spec), instructions="Answer with one short word: ready.")
    greeting = View(
        case_id="",
        assignment="a1",
        seat=1,
        turn=1,
        agent=agent,
        mind=agent.mind,
        request="ready?",
        language="en",
        task="ready?",
        inputs={},
        transcript=Transcript(),
        findings=(),
        budget_left=Limits(),
        agents=(agent,),
    )
    began = time.monotonic()
    try:
        turn = await visit.console.house.minds.model(spec).think(greeting, (), lambda delta: None)
    except JihwiError as problem:
        return f"{problem.words(visit.language)} {problem.next_step(visit.language)}".strip()
    spent = round((time.monotonic() - began) * 1000)
    return visit.say(
        "{model} 응답했습니다 ({spent} ms).", "{model} answered ({spent} ms).", model=turn.model, spent=spent
    )

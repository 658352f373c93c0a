"""The settings: this browser, people and roles, models, notification, data ownership, and what is set where."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal, get_args

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
from jihwi.console.ways import WayName
from jihwi.errors import FormInvalid, JihwiError, NotificationUndelivered, OwnerOnly, PageMissing
from jihwi.house import HOUSE_SETTINGS, Endpoint, HouseBody, HouseState, change_settings, put_endpoint, remove_endpoint
from jihwi.settings import documented

__all__ = ["router"]

router = APIRouter()


class Setting(msgspec.Struct, frozen=True):
    """One setting as it stands in a file or the environment."""

    name: str
    value: str
    meaning: str


class HouseSetting(msgspec.Struct, frozen=True):
    """One setting that may be changed while it runs, and who changed it when."""

    name: str
    value: Any
    meaning: str
    expected: str
    owner_only: bool
    by: str
    at_ms: int


class WayStands(msgspec.Struct, frozen=True):
    """A way of telling people: whether it leads anywhere, and what went wrong last."""

    way: WayName
    set: bool
    failed_ms: int
    detail: str


class Signing(msgspec.Struct, frozen=True):
    """What this house signs with, and when it last did."""

    key: str
    day: str


class SettingsPage(msgspec.Struct, frozen=True):
    """What is set."""

    person: Person
    people: tuple[Person, ...]
    settings: tuple[Setting, ...]
    model: str
    house: tuple[HouseSetting, ...] = ()
    ways: tuple[WayStands, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    signing: Signing | None = None
    answered: str = ""
    """How the model answered when it was tried."""
    link: str = ""
    """A fresh sign-in link that was asked for."""
    told: str = ""
    """How a test of a notification ended."""
    changing: Person | None = None
    """Whose account is being changed."""
    refitting: Endpoint | None = None
    """The model's endpoint that is being changed."""


@router.get("/settings", openapi_extra=twin(SettingsPage))
async def settings(visit: Visiting, person: str = "", endpoint: str = "") -> Response:
    """This browser, the people, and what is set where. `person`, `endpoint`: with the form that changes this one, as
    it stands now."""
    page = _page(visit)
    changed = msgspec.structs.replace(
        page,
        changing=next((one for one in page.people[1:] if one.id == person), None),  # the owner's is no account
        refitting=next((one for one in page.endpoints if one.name == endpoint), None),
    )
    return visit.page("settings.html.jinja", changed, owner=_is_owner(visit))


def _page(visit: Visit, *, answered: str = "", link: str = "", told: str = "") -> SettingsPage:
    mine = visit.person
    if not mine.may("administer"):
        return SettingsPage(mine, (), (), "", link=link)
    held = visit.console.house.settings
    state = visit.console.stream.state
    rows = [Setting(name, _shown(getattr(held, name)), visit.say(ko, en)) for name, _, _, ko, en in documented()]
    return SettingsPage(
        mine,
        tuple(visit.console.people.everybody()),
        tuple(rows),
        held.model,
        tuple(_house_setting(visit, state, name) for name in HOUSE_SETTINGS),
        tuple(_way(visit, state, way) for way in get_args(WayName)),
        tuple(state.endpoints.values()),
        Signing(state.key, state.signed_day),
        answered,
        link,
        told,
    )


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _house_setting(visit: Visit, state: HouseState, name: str) -> HouseSetting:
    about, switched = HOUSE_SETTINGS[name], state.settings.get(name)
    by, at_ms = (switched.by, switched.at_ms) if switched else ("", 0)
    words = visit.say(about.ko, about.en)
    return HouseSetting(name, state.setting(name), words, about.expected, about.owner_only, by, at_ms)


def _way(visit: Visit, state: HouseState, way: WayName) -> WayStands:
    trouble = state.troubles.get(way)
    leads = visit.console.notifier.leads(way)
    if trouble is None:
        return WayStands(way, leads, 0, "")
    return WayStands(way, leads, trouble.at_ms, trouble.params.get("detail", trouble.code))


def _is_owner(visit: Visit) -> bool:
    return visit.person.id == visit.console.people.owner.id


def _author(visit: Visit) -> Author:
    return Author("person", visit.person.id, door="console")


# ── people ──


class Account(BaseModel):
    """An account to add or to change."""

    id: str
    name: str = ""
    role: Role = "requester"
    labels: str = ""
    mail: str = ""
    password: str = ""
    active: bool = False
    new: bool = False
    """The account is to be added: one that is there already stays as it is."""
    csrf: str = ""


@router.post("/settings/people")
async def put_person(visit: Visiting, sent: Annotated[Account, Form()]) -> Response:
    """Add an account, or change its role, labels or password. Their browsers sign in anew."""
    visit.check_token(sent.csrf)
    visit.require("administer")
    labels = tuple(sorted({label.strip() for label in sent.labels.split(",") if label.strip()}))
    person = Person(sent.id.strip(), sent.name.strip(), sent.role, labels, sent.active, sent.mail.strip())
    if sent.new and person.id in visit.console.stream.state.people:
        raise FormInvalid(_taken(visit, person.id))
    await visit.console.people.put(person, sent.password, by=_author(visit))
    return visit.go("/settings#people", {"person": person.id})


def _taken(visit: Visit, name: str) -> str:
    return visit.say(
        "'{name}'은(는) 이미 있습니다. 바꾸려면 목록에서 '고치기'를 누르십시오",
        "'{name}' is there already; choose Change in the list to change it",
        name=name,
    )


@router.post("/settings/me")
async def tell_me(visit: Visiting) -> Response:
    """Where the person who asks is told that something waits; empty for nowhere."""
    fields = await visit.form()
    await visit.console.people.tell_at(visit.person, fields.get("mail", ""))
    return visit.go("/settings")


@router.post("/settings/link")
async def make_link(visit: Visiting) -> Response:
    """A one-time link that signs another browser of the same person in."""
    await visit.form()
    key = visit.console.people.link(visit.person.id)
    base = str(visit.request.base_url).rstrip("/")
    page = _page(visit, link=f"{base}/enter?key={key}")
    return visit.page("settings.html.jinja", page, owner=_is_owner(visit))


# ── what may be changed while it runs ──


@router.post("/settings/house")
async def change(visit: Visiting) -> Response:
    """Change settings of the house: every field named like one of them. What runs a program here, or says where word
    may go, only the owner of the machine changes."""
    fields = await visit.form()
    visit.require("administer")
    said = {name: value for name, value in fields.items() if name in HOUSE_SETTINGS}

    def checked(state: HouseState) -> list[HouseBody]:
        facts = change_settings(state, said)
        for name in (getattr(fact, "name", "") for fact in facts):
            if HOUSE_SETTINGS[name].owner_only and not _is_owner(visit):
                raise OwnerOnly(name)
        return facts

    await visit.console.stream.decide(checked, author=_author(visit))
    return visit.go(f"/settings#{'owned' if any(name.startswith('keep_') for name in said) else 'notify'}")


@router.post("/settings/test/{way}")
async def test_way(visit: Visiting, way: Literal["command", "mail", "webhook"]) -> Response:
    """Tell the person who asks, now and once, that this is a test."""
    await visit.form()
    visit.require("administer")
    mail = visit.person.mail
    try:
        await visit.console.notifier.test(way, mail)
        told = visit.say("시험 알림을 보냈습니다", "The test was sent") + (f": {mail}" if way == "mail" else ".")
    except NotificationUndelivered as problem:
        told = problem.words(visit.language)
    return visit.page("settings.html.jinja", _page(visit, told=told), owner=_is_owner(visit))


# ── models ──


class Model(BaseModel):
    """A model's endpoint to add or to change."""

    name: str
    spec: str
    key: str = ""
    C: bool = False
    S: bool = False
    O: bool = False  # noqa: E741 -- the name of a class of documents
    new: bool = False
    """The endpoint is to be added: one that is there already stays as it is."""
    csrf: str = ""


@router.post("/settings/endpoints")
async def put_model(visit: Visiting, sent: Annotated[Model, Form()]) -> Response:
    """Add a model's endpoint, or change it; the classes are those of the documents whose text it may see."""
    visit.check_token(sent.csrf)
    visit.require("administer")
    name, spec, key = sent.name.strip(), sent.spec.strip(), sent.key.strip()
    if sent.new and name in visit.console.stream.state.endpoints:
        raise FormInvalid(_taken(visit, name))
    visit.console.house.minds.check_spec(spec)
    classes = tuple(one for one, may in (("C", sent.C), ("S", sent.S), ("O", sent.O)) if may)
    await visit.console.stream.decide(
        lambda state: put_endpoint(state, name, spec, key=key, classes=classes), author=_author(visit)
    )
    return visit.go("/settings#models", {"endpoint": name})


@router.post("/settings/endpoints/{name}/remove")
async def remove_model(visit: Visiting, name: str) -> Response:
    """Take a model's endpoint away."""
    await visit.form()
    visit.require("administer")
    await visit.console.stream.decide(lambda state: remove_endpoint(state, name), author=_author(visit))
    return visit.go("/settings#models")


@router.post("/settings/endpoints/{name}/test")
async def try_endpoint(visit: Visiting, name: str) -> Response:
    """Ask an endpoint's server whether it answers."""
    await visit.form()
    visit.require("administer")
    if name not in visit.console.stream.state.endpoints:
        raise PageMissing()
    answered = await _ask(visit, name)
    return visit.page("settings.html.jinja", _page(visit, answered=answered), owner=_is_owner(visit))


@router.post("/settings/model")
async def try_model(visit: Visiting) -> Response:
    """Ask the model's server whether it answers."""
    await visit.form()
    visit.require("administer")
    if not visit.console.house.settings.model:
        raise PageMissing()
    answered = await _ask(visit, visit.console.house.settings.model)
    return visit.page("settings.html.jinja", _page(visit, answered=answered), owner=_is_owner(visit))


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
        return problem.in_full(visit.language)
    spent = round((time.monotonic() - began) * 1000)
    return visit.say(
        "{model} 응답했습니다 ({spent} ms).", "{model} answered ({spent} ms).", model=turn.model, spent=spent
    )

"""The house as its facts say it is: people, settings, endpoints, teams seen broken, and what was last signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

import msgspec

from jihwi.case.ledger import GENESIS
from jihwi.house import facts as f
from jihwi.house.people import Person
from jihwi.house.settings import HOUSE_SETTINGS

__all__ = ["ClassesTold", "Endpoint", "HouseState", "Switched", "apply_fact", "fold_house"]


class Switched(msgspec.Struct, frozen=True):
    """What a setting was set to, by whom and when."""

    value: Any
    by: str
    at_ms: int


class Endpoint(msgspec.Struct, frozen=True):
    """A model's endpoint under its name."""

    name: str
    spec: str
    key: str
    classes: tuple[str, ...]


class ClassesTold(msgspec.Struct, frozen=True):
    """What was said of the classes in a collection, by whom, through which door and when."""

    at_ms: int
    by: str
    door: str
    said: f.ClassesChanged | f.DocumentsBrought


class Trouble(msgspec.Struct, frozen=True):
    """The last time somebody could not be told in one way."""

    to: str
    code: str
    params: dict[str, str]
    at_ms: int


class HouseState(msgspec.Struct):
    """Folded in place by `apply_fact`; nobody else changes it."""

    seq: int = 0
    head: bytes = GENESIS
    people: dict[str, Person] = {}
    mails: dict[str, str] = {}
    """Where people are told, the owner of the machine among them."""
    settings: dict[str, Switched] = {}
    history: dict[str, list[Switched]] = {}
    """Each setting's values in the order they were set."""
    endpoints: dict[str, Endpoint] = {}
    broken_teams: dict[str, str] = {}
    """Team to the code of what is wrong with it."""
    troubles: dict[str, Trouble] = {}
    """Way of notification to its last failure."""
    key: str = ""
    """The public half of the key this house signs with."""
    signed_day: str = ""
    """The last day whose heads were signed."""
    signed_seq: int = 0
    """The event that said so."""
    signed_ms: int = 0
    """When."""
    releases: dict[str, str] = {}
    """Case to the signature of its last release."""
    classes: dict[str, list[ClassesTold]] = {}
    """Collection to every change of a class in it, in the order they held."""
    brought: dict[str, ClassesTold] = {}
    """Collection to when files of it were first brought in."""

    def setting(self, name: str) -> Any:
        """A setting's value, or its default."""
        found = self.settings.get(name)
        return HOUSE_SETTINGS[name].default if found is None else found.value


def fold_house(events: Iterable[f.HouseEvent]) -> HouseState:
    """The house after these events.

    >>> from jihwi.case.events import Author
    >>> added = f.PersonAdded("park", "박", "requester")
    >>> event = f.HouseEvent(1, 1000, "person_added", Author("person", "kim"), added, b"")
    >>> fold_house([event]).people["park"].role
    'requester'
    """
    state = HouseState()
    for event in events:
        apply_fact(state, event)
    return state


def apply_fact(state: HouseState, event: f.HouseEvent) -> None:
    """Make one more fact part of the state. A fact about somebody whose beginning was erased changes nothing."""
    state.seq, state.head = event.seq, event.head
    match event.body:
        case f.SettingChanged() as body:
            switched = Switched(body.value, event.author.id, event.at_ms)
            state.settings[body.name] = switched
            state.history.setdefault(body.name, []).append(switched)
        case f.EndpointAdded() as body:
            state.endpoints[body.name] = Endpoint(body.name, body.spec, body.key, body.classes)
        case f.EndpointRemoved() as body:
            state.endpoints.pop(body.name, None)
        case f.NotificationFailed() as body:
            state.troubles[body.way] = Trouble(body.to, body.reason.code, body.reason.params, event.at_ms)
        case f.TeamSeenBroken() as body:
            state.broken_teams[body.team] = body.reason.code
        case f.TeamSeenWhole() as body:
            state.broken_teams.pop(body.team, None)
        case f.SigningKeyMade() as body:
            state.key = body.key
        case f.HeadsSigned() as body:
            state.signed_day, state.signed_seq, state.signed_ms = body.day, event.seq, event.at_ms
        case f.ReleaseSigned() as body:
            state.releases[body.case] = body.signed.signature
        case f.ClassesChanged() as body:
            state.classes.setdefault(body.collection, []).append(_told(event, body))
        case f.DocumentsBrought() as body:
            state.brought.setdefault(body.collection, _told(event, body))
        case f.SignedIn() | f.SignInRefused() | f.Refused() | f.ExamplesExported() | f.DocumentsMoved() | None:
            pass  # what happened, and changes nothing
        case body:
            _apply_person(state, body)


def _told(event: f.HouseEvent, said: f.ClassesChanged | f.DocumentsBrought) -> ClassesTold:
    return ClassesTold(event.at_ms, event.author.id, event.author.door, said)


def _apply_person(state: HouseState, body: f.PersonFact) -> None:
    match body:
        case f.PersonAdded():
            state.people[body.person] = Person(body.person, body.name, body.role, body.labels)
        case f.PersonRenamed():
            _change(state, body.person, name=body.name)
        case f.RoleGranted():
            _change(state, body.person, role=body.role)
        case f.LabelsGranted():
            _change(state, body.person, labels=body.labels)
        case f.MailSet():
            state.mails[body.person] = body.mail
            _change(state, body.person, mail=body.mail)
        case f.PersonDeactivated():
            _change(state, body.person, active=False)
        case f.PersonReactivated():
            _change(state, body.person, active=True)
        case f.PasswordSet():
            pass  # that it was set; the digest lies with the browsers' sessions
        case _ as never:
            assert_never(never)


def _change(state: HouseState, person_id: str, **fields: Any) -> None:
    person = state.people.get(person_id)
    if person is not None:
        state.people[person_id] = msgspec.structs.replace(person, **fields)

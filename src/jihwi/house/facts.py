"""The facts of the house: what happened outside any case, each with its version and a one-line history.

They stand in the same table and the same kind of chain as a case's events, under the reserved name `house`. No secret
is in any of them: a password is set, never told; a key is a reference; what was asked for is a kind, never a text.
A shape never changes in place: a field may be added with a default (same version), anything else is a new version.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from jihwi.case.assignment import Reason
from jihwi.case.events import SYSTEM, Author
from jihwi.evidence import SecurityClass
from jihwi.house.people import Role
from jihwi.house.signatures import Signed

__all__ = ["HOUSE_KINDS", "HouseBody", "HouseDraft", "HouseEvent", "PersonFact", "house_kind_of"]


class HouseFact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What every body is."""


# ── people ──


class PersonAdded(HouseFact, frozen=True, omit_defaults=True, gc=False):
    person: str
    name: str
    role: Role
    labels: tuple[str, ...] = ()


class PersonRenamed(HouseFact, frozen=True, omit_defaults=True, gc=False):
    person: str
    name: str


class RoleGranted(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """The one role a person has from now on."""

    person: str
    role: Role


class LabelsGranted(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """All the labels a person holds from now on."""

    person: str
    labels: tuple[str, ...]


class MailSet(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """Where a person is told that something waits; empty for nowhere."""

    person: str
    mail: str


class PersonDeactivated(HouseFact, frozen=True, omit_defaults=True, gc=False):
    person: str


class PersonReactivated(HouseFact, frozen=True, omit_defaults=True, gc=False):
    person: str


class PasswordSet(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """That a password was set; never which."""

    person: str


# ── the doors ──


class SignedIn(HouseFact, frozen=True, omit_defaults=True, gc=False):
    person: str
    how: Literal["link", "password", "proxy"]
    address: str = ""


class SignInRefused(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """Somebody could not sign in, `count` times since `since_ms`. A name that is nobody's is not kept: people type
    passwords into the wrong field."""

    reason: Literal["sign_in_failed", "sign_in_too_often"]
    person: str = ""
    address: str = ""
    count: int = 1
    since_ms: int = 0
    """0: at the event's own time."""


class Refused(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """A door was not opened, `count` times since `since_ms`. The author is who asked; nobody when not signed in."""

    asked: str
    """What was asked for: the way and the kind of place (`POST /settings/people`), with the names of cases and
    documents and nothing else that was written there."""
    reason: str
    """The error's code."""
    address: str = ""
    count: int = 1
    since_ms: int = 0


# ── what a person may change while it runs ──


class SettingChanged(HouseFact, frozen=True, omit_defaults=True, gc=False):
    name: str
    value: Any
    """JSON. A secret is only ever a reference."""


class EndpointAdded(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """A model's endpoint under a name, or what it is from now on."""

    name: str
    spec: str
    key: str = ""
    """Where its key is to be found: `env:NAME` or `file:PATH`."""
    classes: tuple[SecurityClass, ...] = ("O",)
    """The classes of documents whose text it may see."""


class EndpointRemoved(HouseFact, frozen=True, omit_defaults=True, gc=False):
    name: str


class NotificationFailed(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """Somebody could not be told, after every attempt; `count` times since `since_ms`."""

    way: Literal["command", "mail", "webhook"]
    to: str
    """A person, or empty for a way that is nobody's."""
    reason: Reason
    attempts: int = 1
    count: int = 1
    since_ms: int = 0


class ExamplesExported(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """What people said of reports was taken out, to improve the work: of how many cases, how many examples."""

    cases: int
    examples: int
    kinds: tuple[str, ...]


# ── classes of documents ──


class ClassGiven(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The class of a folder, or of a folder or file in it, before and from now on."""

    path: str
    """Its path in the collection; empty for the whole folder."""
    before: SecurityClass | Literal[""]
    """Empty when it was given none."""
    after: SecurityClass


class ClassesChanged(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """Somebody gave a folder, or folders and files in it, another class. Written before the library follows."""

    collection: str
    change: str
    """A name of its own, by which a library that was cut off knows whether it was decided."""
    given: tuple[ClassGiven, ...]
    own: SecurityClass
    """The class of the folder itself, after it."""
    documents: dict[str, int] = {}
    """How many documents have another class thereby: `O>C` to their number."""


class DocumentsBrought(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """New files of a folder were taken up to be read: how many of each class. Written before they are."""

    collection: str
    classes: dict[str, int]


class ClassMoved(msgspec.Struct, frozen=True, gc=False):
    """A file that is gone, and the same bytes elsewhere in its collection with another class."""

    path: str
    now_at: str
    before: SecurityClass
    after: SecurityClass


class DocumentsMoved(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """Files lie elsewhere in their folder, where another class holds. Written before their old places are forgotten."""

    collection: str
    documents: dict[str, int]
    """`C>O` to their number."""
    moved: tuple[ClassMoved, ...]
    """The first of them."""


# ── teams ──


class TeamSeenBroken(HouseFact, frozen=True, omit_defaults=True, gc=False):
    team: str
    reason: Reason


class TeamSeenWhole(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """A team that was broken loads again."""

    team: str


# ── signatures ──


class SigningKeyMade(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """The house signs with this key from now on. The private half lies outside the database."""

    key: str
    """The public half, 64 hexadecimal letters."""


class HeadsSigned(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """The heads of what changed since the last signing, on `day`."""

    day: str
    signed: Signed


class ReleaseSigned(HouseFact, frozen=True, omit_defaults=True, gc=False):
    """A report left a case; what it stands on is signed."""

    case: str
    signed: Signed


PersonFact = (
    PersonAdded
    | PersonRenamed
    | RoleGranted
    | LabelsGranted
    | MailSet
    | PersonDeactivated
    | PersonReactivated
    | PasswordSet
)
"""What is said of a person."""

HouseBody = (
    PersonFact
    | SignedIn
    | SignInRefused
    | Refused
    | SettingChanged
    | EndpointAdded
    | EndpointRemoved
    | NotificationFailed
    | ExamplesExported
    | ClassesChanged
    | DocumentsBrought
    | DocumentsMoved
    | TeamSeenBroken
    | TeamSeenWhole
    | SigningKeyMade
    | HeadsSigned
    | ReleaseSigned
)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


HOUSE_KINDS: dict[str, tuple[type[HouseFact], int]] = {_snake(t.__name__): (t, 1) for t in HouseBody.__args__}
"""Kind to its body's type and newest version. History: every kind, version 1, first release."""

_KIND_OF: dict[type, str] = {t: kind for kind, (t, _) in HOUSE_KINDS.items()}


def house_kind_of(body: HouseFact) -> str:
    """The kind of a body.

    >>> house_kind_of(PasswordSet("kim"))
    'password_set'
    """
    return _KIND_OF[type(body)]


class HouseDraft(msgspec.Struct, frozen=True, gc=False):
    """A fact not yet in the stream."""

    body: HouseBody
    author: Author = SYSTEM
    labels: tuple[str, ...] = ()
    """What a reader of its body must hold: the labels of the documents it names or counts."""


class HouseEvent(msgspec.Struct, frozen=True, gc=False):
    """A fact of the house with its number, time and author. `body` is `None` when it was erased."""

    seq: int
    at_ms: int
    kind: str
    author: Author
    body: HouseBody | None
    head: bytes
    labels: tuple[str, ...] = ()
    """What a reader of its body must hold."""

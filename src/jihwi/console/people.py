"""Who is at the door: people with a role and labels, one-time sign-in links, passwords, and sessions that outlive a
restart of the server.

Secrets are kept as digests only: whoever reads the file `console.db` can sign in with nothing they find there.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from jihwi.errors import AccountInvalid, SignInFailed, SignInTooOften
from jihwi.evidence import Viewer

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["RIGHTS", "ROLES", "People", "Person", "Right", "Role", "Session", "Tries"]

Role = Literal["requester", "case_worker", "auditor", "administrator"]
Right = Literal["open", "answer", "decide", "see_all", "add", "audit", "administer"]
"""open: open cases. answer: answer questions and cancel in one's own cases. decide: approve, take over, change budgets
in every case. see_all: see the cases of others. add: add documents. audit: read every ledger's headers. administer:
people and settings."""

ROLES: tuple[Role, ...] = get_args(Role)

RIGHTS: dict[Role, frozenset[Right]] = {
    "requester": frozenset({"open", "answer"}),
    "case_worker": frozenset({"open", "answer", "decide", "see_all", "add", "audit"}),
    "auditor": frozenset({"see_all", "audit"}),
    "administrator": frozenset({"open", "answer", "decide", "see_all", "add", "audit", "administer"}),
}

SESSION_SECONDS = 14 * 24 * 3600
LINK_SECONDS = 15 * 60
PASSWORD_LENGTH = 10

_TABLES = """
CREATE TABLE IF NOT EXISTS people (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, labels TEXT NOT NULL, password TEXT NOT NULL,
  active INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sessions (
  digest TEXT PRIMARY KEY, person TEXT NOT NULL, csrf TEXT NOT NULL, until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS links (digest TEXT PRIMARY KEY, person TEXT NOT NULL, until REAL NOT NULL);
"""


class Person(msgspec.Struct, frozen=True):
    """Somebody at the door: who they are, what they may do, and the labels they hold."""

    id: str
    name: str
    role: Role
    labels: tuple[str, ...] = ()
    active: bool = True

    @property
    def viewer(self) -> Viewer:
        """The same, as whoever looks at documents."""
        return Viewer(self.id, self.labels)

    def may(self, right: Right) -> bool:
        """Whether their role gives a right.

        >>> Person("kim", "Kim", "auditor").may("decide")
        False
        """
        return right in RIGHTS[self.role]


class Session(msgspec.Struct, frozen=True):
    """One browser somebody signed in with."""

    person: str
    csrf: str
    """What every form of this browser carries, so that no other site can send one."""
    digest: str
    until: float


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Tries:
    """How often somebody may try to sign in: so many within so many seconds, for each name and each address."""

    def __init__(self, most: int = 8, seconds: float = 60.0) -> None:
        self._most = most
        self._seconds = seconds
        self._made: dict[str, deque[float]] = {}

    def count(self, *keys: str) -> None:
        """Count a try. Raises SignInTooOften when there were too many."""
        now = time.monotonic()
        for key in keys:
            made = self._made.setdefault(key, deque())
            while made and made[0] < now - self._seconds:
                made.popleft()
            if len(made) >= self._most:
                raise SignInTooOften(int(self._seconds))
            made.append(now)
        if len(self._made) > 10_000:
            self._made = {key: made for key, made in self._made.items() if made and made[-1] > now - self._seconds}


class People:
    """The people of one house and their browsers, in `console.db` of its folder.

    The owner is whoever can read the terminal `jihwi serve` runs in: a link signs them in, no account is needed.
    """

    def __init__(self, folder: Path, owner: Person) -> None:
        path = folder / "console.db"
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_TABLES}")
        self._database.execute("DELETE FROM sessions WHERE until < ?", (time.time(),))
        self._database.execute("DELETE FROM links WHERE until < ?", (time.time(),))
        self.owner = owner
        self.tries = Tries()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    # ── people ──

    def everybody(self) -> list[Person]:
        """The owner, then every account by name."""
        rows = self._database.execute("SELECT id, name, role, labels, active FROM people ORDER BY name, id")
        return [self.owner, *(_person(row) for row in rows)]

    def has_accounts(self) -> bool:
        """Whether anybody can sign in with a password."""
        found = self._database.execute("SELECT 1 FROM people WHERE active AND password != '' LIMIT 1").fetchone()
        return found is not None

    def person(self, person_id: str) -> Person | None:
        """Somebody who may come in now."""
        if person_id == self.owner.id:
            return self.owner
        row = self._database.execute(
            "SELECT id, name, role, labels, active FROM people WHERE id = ? AND active", (person_id,)
        ).fetchone()
        return None if row is None else _person(row)

    def account(self, person_id: str) -> Person | None:
        """Somebody with an account who may come in now; never the owner, who comes in by the terminal's link."""
        return None if person_id == self.owner.id else self.person(person_id)

    def put(self, person: Person, password: str = "") -> None:
        """Add or change an account; an empty password leaves the old one. Every browser of theirs signs in anew.

        Raises AccountInvalid.
        """
        if not person.id.replace("-", "").replace("_", "").isalnum() or person.id == self.owner.id:
            raise AccountInvalid(person.id)
        if password and len(password) < PASSWORD_LENGTH:
            raise AccountInvalid(person.id)
        held = self._database.execute("SELECT password FROM people WHERE id = ?", (person.id,)).fetchone()
        kept = held[0] if held else ""
        hashed = _hasher().hash(password) if password else kept
        self._database.execute(
            "INSERT OR REPLACE INTO people (id, name, role, labels, password, active) VALUES (?, ?, ?, ?, ?, ?)",
            (person.id, person.name or person.id, person.role, ",".join(person.labels), hashed, person.active),
        )
        self._database.execute("DELETE FROM sessions WHERE person = ?", (person.id,))

    # ── coming in ──

    def link(self, person_id: str) -> str:
        """A key that signs one browser in, once, within a quarter of an hour."""
        key = secrets.token_urlsafe(32)
        values = (_digest(key), person_id, time.time() + LINK_SECONDS)
        self._database.execute("INSERT INTO links (digest, person, until) VALUES (?, ?, ?)", values)
        return key

    def enter_by_link(self, key: str, address: str) -> str:
        """Use a link up. Answers the session's token. Raises SignInFailed, SignInTooOften."""
        self.tries.count(f"address:{address}")
        row = self._database.execute(
            "DELETE FROM links WHERE digest = ? RETURNING person, until", (_digest(key),)
        ).fetchone()
        if row is None or row[1] < time.time() or self.person(row[0]) is None:
            raise SignInFailed()
        return self._begin(row[0])

    def enter_by_password(self, name: str, password: str, address: str) -> str:
        """Sign in with an account. Takes the same time whether or not there is one. Slow on purpose: call it in a
        thread. Raises SignInFailed, SignInTooOften."""
        self.tries.count(f"address:{address}", f"name:{name}")
        row = self._database.execute(
            "SELECT password FROM people WHERE id = ? AND active AND password != ''", (name,)
        ).fetchone()
        if not _fits(row[0] if row else _nobody(), password) or row is None:
            raise SignInFailed()
        return self._begin(name)

    def _begin(self, person_id: str) -> str:
        token = secrets.token_urlsafe(32)
        values = (_digest(token), person_id, secrets.token_urlsafe(24), time.time() + SESSION_SECONDS)
        self._database.execute("INSERT INTO sessions (digest, person, csrf, until) VALUES (?, ?, ?, ?)", values)
        return token

    def session(self, token: str) -> Session | None:
        """The session a cookie names."""
        row = self._database.execute(
            "SELECT person, csrf, digest, until FROM sessions WHERE digest = ? AND until > ?",
            (_digest(token), time.time()),
        ).fetchone()
        return None if row is None else Session(*row)

    def proxy_session(self, person_id: str) -> Session:
        """The one session of somebody whom a proxy has signed in; no cookie names it."""
        digest = f"proxy:{person_id}"
        values = (digest, person_id, secrets.token_urlsafe(24), time.time() + SESSION_SECONDS)
        self._database.execute("DELETE FROM sessions WHERE digest = ? AND until < ?", (digest, time.time()))
        self._database.execute(
            "INSERT OR IGNORE INTO sessions (digest, person, csrf, until) VALUES (?, ?, ?, ?)", values
        )
        row = self._database.execute("SELECT person, csrf, digest, until FROM sessions WHERE digest = ?", (digest,))
        return Session(*row.fetchone())

    def leave(self, session: Session) -> None:
        """Sign one browser out."""
        self._database.execute("DELETE FROM sessions WHERE digest = ?", (session.digest,))


def _person(row: tuple[str, str, Role, str, int]) -> Person:
    labels = tuple(label for label in row[3].split(",") if label)
    return Person(row[0], row[1], row[2], labels, bool(row[4]))


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # waits: a laptop without accounts never needs it

    return PasswordHasher()


def _fits(hashed: str, password: str) -> bool:
    from argon2.exceptions import VerificationError  # waits with the hasher

    try:
        return bool(_hasher().verify(hashed, password))
    except VerificationError:
        return False


def _nobody() -> str:
    """A hash no password fits, so that an unknown name takes as long as a known one."""
    return "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

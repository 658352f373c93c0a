"""Who is at the door: one-time sign-in links, passwords, and sessions that outlive a restart of the server.

Who the people are, with their roles and labels, is told by the facts of the house (`jihwi.house`); here lie only the
secrets, as digests: whoever reads the file `console.db` can sign in with nothing they find there.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jihwi.case.events import SYSTEM, Author
from jihwi.errors import AccountInvalid, SignInFailed, SignInTooOften
from jihwi.house import (
    RIGHTS,
    ROLES,
    HouseBody,
    HouseState,
    HouseStream,
    PasswordSet,
    Person,
    Right,
    Role,
    SignedIn,
    put_mail,
    put_person,
)
from jihwi.sqlite_files import open_file

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["RIGHTS", "ROLES", "People", "Person", "Right", "Role", "Session", "Tries"]

SESSION_SECONDS = 14 * 24 * 3600
LINK_SECONDS = 15 * 60
PASSWORD_LENGTH = 10

_TABLES = """
CREATE TABLE IF NOT EXISTS passwords (person TEXT PRIMARY KEY, digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
  digest TEXT PRIMARY KEY, person TEXT NOT NULL, csrf TEXT NOT NULL, until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS links (digest TEXT PRIMARY KEY, person TEXT NOT NULL, until REAL NOT NULL);
"""


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
    """The people of one house and their browsers. `move_in` first; everything else afterwards.

    The owner is whoever can read the terminal `jihwi serve` runs in: a link signs them in, no account is needed.
    """

    def __init__(self, folder: Path, owner: Person, stream: HouseStream) -> None:
        path = folder / "console.db"
        self._database = open_file(path)
        path.chmod(0o600)
        self._database.execute(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_TABLES}").fetchall()
        self._database.execute("DELETE FROM sessions WHERE until < ?", (time.time(),))
        self._database.execute("DELETE FROM links WHERE until < ?", (time.time(),))
        self._stream = stream
        self.owner = owner
        self.tries = Tries()

    async def move_in(self) -> None:
        """Read who the people are. Those of a folder whose people still lay in `console.db` become facts first, and
        only then go from the file: killed half-way, it goes on when it is done again."""
        await self._stream.refresh()
        if not self._database.execute("SELECT 1 FROM sqlite_master WHERE name = 'people'").fetchone():
            return
        rows: list[Any] = self._database.execute(
            "SELECT id, name, role, labels, active FROM people ORDER BY id"
        ).fetchall()
        known = [_person(row) for row in rows if row[0] != self.owner.id]

        def arrivals(state: HouseState) -> list[HouseBody]:
            return [fact for one in known if one.id not in state.people for fact in put_person(state, one)]

        await self._stream.decide(arrivals, author=Author("runner", "", door="console"))
        self._database.execute(
            "BEGIN; INSERT OR IGNORE INTO passwords SELECT id, password FROM people WHERE password != '';"
            "DROP TABLE people; COMMIT;"
        ).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    # ── people ──

    def everybody(self) -> list[Person]:
        """The owner, then every account by name."""
        others = [one for one in self._stream.state.people.values() if one.id != self.owner.id]
        owner = msgspec.structs.replace(self.owner, mail=self._stream.state.mails.get(self.owner.id, ""))
        return [owner, *sorted(others, key=lambda one: (one.name, one.id))]

    def has_accounts(self) -> bool:
        """Whether anybody can sign in with a password."""
        rows = self._database.execute("SELECT person FROM passwords")
        return any(self.account(person) is not None for (person,) in rows)

    def person(self, person_id: str) -> Person | None:
        """Somebody who may come in now."""
        if person_id == self.owner.id:
            return msgspec.structs.replace(self.owner, mail=self._stream.state.mails.get(person_id, ""))
        found = self._stream.state.people.get(person_id)
        return found if found is not None and found.active else None

    def account(self, person_id: str) -> Person | None:
        """Somebody with an account who may come in now; never the owner, who comes in by the terminal's link."""
        return None if person_id == self.owner.id else self.person(person_id)

    async def put(self, person: Person, password: str = "", *, by: Author = SYSTEM) -> None:
        """Add or change an account; an empty password leaves the old one. Every browser of theirs signs in anew.

        Raises AccountInvalid, StoreError.
        """
        if person.id == self.owner.id or (password and len(password) < PASSWORD_LENGTH):
            raise AccountInvalid(person.id)
        hashed = await asyncio.to_thread(lambda: _hasher().hash(password)) if password else ""

        def said(state: HouseState) -> list[HouseBody]:
            return [*put_person(state, person), *([PasswordSet(person.id)] if password else [])]

        await self._stream.decide(said, author=by)
        if password:
            self._database.execute(
                "INSERT OR REPLACE INTO passwords (person, digest) VALUES (?, ?)", (person.id, hashed)
            )
        self._database.execute("DELETE FROM sessions WHERE person = ?", (person.id,))

    async def tell_at(self, person: Person, mail: str) -> None:
        """Set where somebody is told that something waits; empty for nowhere. Raises SettingInvalid, StoreError."""
        await self._stream.decide(
            lambda state: put_mail(state, person.id, mail), author=Author("person", person.id, door="console")
        )

    # ── coming in ──

    def link(self, person_id: str) -> str:
        """A key that signs one browser in, once, within a quarter of an hour."""
        key = secrets.token_urlsafe(32)
        values = (_digest(key), person_id, time.time() + LINK_SECONDS)
        self._database.execute("INSERT INTO links (digest, person, until) VALUES (?, ?, ?)", values)
        return key

    async def enter_by_link(self, key: str, address: str) -> str:
        """Use a link up. Answers the session's token. Raises SignInFailed, SignInTooOften, StoreError."""
        self.tries.count(f"address:{address}")
        row = self._database.execute("DELETE FROM links WHERE digest = ? RETURNING person, until", (_digest(key),)).get
        if row is None or row[1] < time.time() or self.person(row[0]) is None:
            raise SignInFailed()
        await self._came_in(SignedIn(row[0], "link", address))
        return self._begin(row[0])

    async def enter_by_password(self, name: str, password: str, address: str) -> str:
        """Sign in with an account. Takes the same time whether or not there is one.

        Raises SignInFailed, SignInTooOften, StoreError.
        """
        self.tries.count(f"address:{address}", f"name:{name}")
        row = self._database.execute("SELECT digest FROM passwords WHERE person = ?", (name,)).fetchone()
        fits = await asyncio.to_thread(_fits, row[0] if row else _nobody(), password)
        if not fits or row is None or self.account(name) is None:
            raise SignInFailed()
        await self._came_in(SignedIn(name, "password", address))
        return self._begin(name)

    async def _came_in(self, fact: SignedIn) -> None:
        await self._stream.record(fact, author=Author("person", fact.person, door="console"))

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

    def holds(self, session: Session) -> bool:
        """Whether a session still stands: neither left, nor run out, nor ended because its account was changed."""
        known = self._database.execute(
            "SELECT until FROM sessions WHERE digest = ? AND csrf = ?", (session.digest, session.csrf)
        ).get
        return known is not None and float(known) > time.time() and self.person(session.person) is not None

    async def proxy_session(self, person_id: str, address: str) -> Session:
        """The one session of somebody whom a proxy has signed in; no cookie names it. Raises StoreError."""
        digest = f"proxy:{person_id}"
        values = (digest, person_id, secrets.token_urlsafe(24), time.time() + SESSION_SECONDS)
        self._database.execute("DELETE FROM sessions WHERE digest = ? AND until < ?", (digest, time.time()))
        found = "SELECT person, csrf, digest, until FROM sessions WHERE digest = ?"
        if self._database.execute(found, (digest,)).get is None:
            await self._came_in(SignedIn(person_id, "proxy", address))
            self._database.execute(
                "INSERT OR IGNORE INTO sessions (digest, person, csrf, until) VALUES (?, ?, ?, ?)", values
            )
        return Session(*self._database.execute(found, (digest,)).get)

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

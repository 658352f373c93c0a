"""What the doors write into the house stream: refusals and failed notices, the first at once and repeats as a count.

Of what was asked for only the kind is kept: the way, the page's own words and the names of cases and documents. What
else somebody wrote into an address may be a text, and is left out.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterable

from jihwi.case.assignment import Reason
from jihwi.case.events import SYSTEM, Author
from jihwi.errors import DoorError, SignInTooOften, StoreError
from jihwi.house import Counted, HouseBody, HouseStream, NotificationFailed, Refused, Repeats, SignInRefused
from jihwi.ids import is_case_id

__all__ = ["Recorder", "asked_for"]

FLUSH_SECONDS = 60.0
_NAME = re.compile(r"[0-9a-f]{12,64}\Z|\d{1,9}\Z")


def asked_for(method: str, path: str, known: frozenset[str]) -> str:
    """What was asked for, without what somebody wrote: words that stand in no page's own address become `…`.

    >>> asked_for("GET", "/documents/성과급 38,400,000원", frozenset({"documents"}))
    'GET /documents/…'
    """
    parts = [one if one in known or is_case_id(one) or _NAME.match(one) else "…" for one in path.split("/")[1:8] if one]
    return f"{method if method.isascii() and method.isalpha() and len(method) < 8 else '…'} /{'/'.join(parts)}"


class Recorder:
    """Writes what was refused. A store that cannot be written just now costs nobody an answer: it is counted."""

    def __init__(self, stream: HouseStream, now_ms: Callable[[], int], *, door: str = "console") -> None:
        self._stream = stream
        self._now_ms = now_ms
        self._door = door
        self._repeats = Repeats()
        self._known: frozenset[str] = frozenset()

    def learn(self, addresses: Iterable[str]) -> None:
        """The addresses of this door's pages, as they are written in it."""
        words = (part for one in addresses for part in one.split("/"))
        self._known |= {part.removesuffix(".json") for part in words if part and "{" not in part}

    async def refused(self, person: str, method: str, path: str, reason: str, address: str) -> None:
        """Somebody (nobody known: empty) asked for a place and did not get it."""
        await self._note("refused", person, asked_for(method, path, self._known), reason, address)

    async def sign_in_refused(self, problem: DoorError, person: str, address: str) -> None:
        """Somebody could not sign in. `person` is empty for a name that is nobody's."""
        often = isinstance(problem, SignInTooOften)
        await self._note("sign_in", person, "sign_in_too_often" if often else "sign_in_failed", address)

    async def untold(self, way: str, to: str, reason: Reason, attempts: int) -> None:
        """Somebody could not be told that something waits."""
        params = [word for pair in sorted(reason.params.items()) for word in pair]
        await self._note("untold", way, to, str(attempts), reason.code, *params)

    async def flush(self, *, all: bool = False) -> None:
        """Write the counts whose time has come, or `all`."""
        for counted in self._repeats.due(self._now_ms(), all=all):
            try:
                await self._write(counted.key, counted)
            except StoreError as problem:
                self._repeats.count(counted.key, counted.since_ms, counted.count)
                self._complain(problem)

    async def run(self) -> None:
        """Flush now and then, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def _note(self, *key: str) -> None:
        if not self._repeats.note(key, self._now_ms()):
            return
        try:
            await self._write(key, Counted(key, 1, 0))
        except StoreError as problem:
            self._repeats.count(key, self._now_ms())
            self._complain(problem)

    async def _write(self, key: tuple[str, ...], counted: Counted) -> None:
        body, person = _body(key, counted)
        author = Author("person", person, door=self._door) if key[:1] != ("untold",) else SYSTEM
        await self._stream.record(body, author=author)

    def _complain(self, problem: StoreError) -> None:
        sys.stderr.write(f"the house's facts cannot be written just now: {problem}\n")


def _body(key: tuple[str, ...], counted: Counted) -> tuple[HouseBody, str]:
    """The fact that a key and a count stand for, and who is its author."""
    count, since_ms = counted.count, counted.since_ms
    match key:
        case ("refused", person, asked, reason, address):
            return Refused(asked, reason, address, count, since_ms), person
        case ("sign_in", person, "sign_in_failed" | "sign_in_too_often" as why, address):
            return SignInRefused(why, person, address, count, since_ms), ""
        case ("untold", "command" | "mail" | "webhook" as way, to, attempts, code, *params):
            named = Reason(code, dict(zip(params[::2], params[1::2], strict=True)))
            return NotificationFailed(way, to, named, int(attempts), count, since_ms), ""
        case _:
            return Refused("…", "too_many_kinds", "", count, since_ms), ""

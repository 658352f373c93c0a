"""The classes that the texts of a case have now, which may be stricter than when they came into it.

An event bears the class a text had when it was recorded. Who makes a document's class stricter afterwards means the
cases that hold its text too, those that have ended and are asked further among them. So before a model, an embedding
server or a server of tools is asked, the documents that the case's events name are looked up as they are now.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from jihwi.case.events import CaseForked
from jihwi.case.ledger import open_event
from jihwi.errors import StoreError
from jihwi.evidence import SecurityClass
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import EventStore

if TYPE_CHECKING:
    from jihwi.library import Library

__all__ = ["ClassesNow", "classed"]

Classes = tuple[SecurityClass, ...]
_DOCUMENT = re.compile(rb'"(d[0-9a-f]{12})"')
_REMEMBERED = 1024
_AWAY_SECONDS = 0.5
_TRIES = 20


class ClassesNow:
    """Asked with a case's name, the classes above open of the documents it names. What was read of a case's events is
    remembered, so that a turn costs what is new."""

    def __init__(self, store: EventStore, library: Callable[[], Library]) -> None:
        self._store = store
        self._library = library
        self._known: OrderedDict[str, tuple[int, frozenset[str]]] = OrderedDict()

    async def __call__(self, case_id: str) -> Classes:
        """Waits a while for a store that is away. Raises StoreError."""
        for attempt in range(_TRIES):
            try:
                named = await self._named(case_id)
                return await asyncio.to_thread(self._look, named) if named else ()
            except StoreError:
                if attempt + 1 == _TRIES:
                    raise
                await asyncio.sleep(_AWAY_SECONDS)
        raise AssertionError("the last try returns or raises")

    def _look(self, named: frozenset[str]) -> Classes:
        return self._library().classes_of(named)

    async def _named(self, case_id: str) -> frozenset[str]:
        """The documents that a case's events name, and those of what it was forked from."""
        # It stays known while the store is asked: several seats of a case may think at once.
        seq, named = self._known.get(case_id, (0, frozenset[str]()))
        stored = await self._store.read(case_id, after=seq)
        found = {one.decode() for event in stored for one in _DOCUMENT.findall(event.body or b"")}
        if seq == 0 and stored:
            first = open_event(stored[0]).body
            found |= await self._named(first.parent) if isinstance(first, CaseForked) else frozenset()
        self._known[case_id] = (stored[-1].seq if stored else seq, named | found)
        self._known.move_to_end(case_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self._known[case_id][1]


def classed(skill: Skill, now: Callable[[str], Awaitable[Classes]]) -> Skill:
    """The same skill, whose context has the classes of the case's texts as they are now beside those of its events."""

    async def run(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        classes: Classes = tuple(sorted({*context.classes, *await now(context.case_id)}))
        return await skill.run(msgspec.structs.replace(context, classes=classes), arguments)

    return msgspec.structs.replace(skill, run=run)

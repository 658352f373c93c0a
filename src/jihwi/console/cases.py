"""Cases kept folded, so that looking at one again costs only the events that came since."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import msgspec

from jihwi.case.events import BodyErased, Event, ReportReleased, SkillStarted, TurnFinished
from jihwi.case.fold import apply, fold, place
from jihwi.case.ledger import open_event, read_header
from jihwi.case.state import Case
from jihwi.case.turn import Call
from jihwi.errors import LedgerBroken
from jihwi.orchestrator import load_log
from jihwi.store import EventStore

__all__ = ["FoldedCases", "Kept"]


class Kept(msgspec.Struct):
    """A case and its events as far as they were read. `events[n]` is the event after `first` and n others."""

    case: Case
    events: list[Event]
    """The case's own events; a fork's prefix is folded but not listed."""
    calls: dict[str, tuple[str, str]] = {}
    """What ran where: `assignment/turn/number` to the skill and the agent that called it."""

    inherited: Event | None = None
    """A fork's: the last release before it was forked; it bears the name of the case in whose folder it lies."""

    def note(self, event: Event) -> None:
        """Remember what an event says of a call, for the lines that only name its place."""
        body = event.body
        if isinstance(body, SkillStarted):
            self.calls[place(body.assignment, body.turn, body.number)] = (body.skill, event.author.id)
        elif isinstance(body, TurnFinished):
            for number, action in enumerate(body.actions):
                if isinstance(action, Call):
                    self.calls[place(body.assignment, body.turn, number)] = (action.skill, event.author.id)

    def after(self, seq: int) -> list[Event]:
        """The events numbered above `seq`."""
        return self.events[max(0, seq) :]

    def event(self, seq: int) -> Event | None:
        """One event by its number."""
        return self.events[seq - 1] if 0 < seq <= len(self.events) else None


class FoldedCases:
    """The cases somebody looks at, at most `keep` of them, each brought up to date when it is asked for.

    The first reading verifies the whole chain; what follows must follow its head.
    """

    def __init__(self, store: EventStore, keep: int = 48) -> None:
        self._store = store
        self._keep = keep
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, case_id: str) -> Kept:
        """A case as it stands now. Raises CaseUnknown, LedgerBroken, UnknownEvent."""
        lock = self._locks.setdefault(case_id, asyncio.Lock())
        async with lock:
            kept = self._kept.get(case_id)
            if kept is None or not await self._catch_up(kept):
                kept = await self._load(case_id)
            self._kept[case_id] = kept
            self._kept.move_to_end(case_id)
        while len(self._kept) > self._keep:
            oldest, _ = self._kept.popitem(last=False)
            self._locks.pop(oldest, None)
        return kept

    async def _load(self, case_id: str) -> Kept:
        log = await load_log(self._store, case_id)
        case = fold(case_id, log)
        kept = Kept(case, [event for event in log if event.case_id == case_id])
        for event in log:
            kept.note(event)
            if event.case_id != case_id and isinstance(event.body, ReportReleased):
                kept.inherited = event
        return kept

    async def _catch_up(self, kept: Kept) -> bool:
        """Bring a case up to date. False when something of it was erased: what is held of it still has those texts."""
        case = kept.case
        for stored in await self._store.read(case.id, after=case.seq):
            if read_header(stored.header).previous != case.head:
                raise LedgerBroken(case.id, stored.seq, "it does not follow the event before it")
            event = open_event(stored)
            if isinstance(event.body, BodyErased):
                return False
            apply(case, event)
            kept.events.append(event)
            kept.note(event)
        return True

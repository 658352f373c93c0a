"""`jihwi case follow`: the events of a case as they happen, each one a link of the chain before it is shown, and what
models write meanwhile as drafts."""

from __future__ import annotations

from contextlib import AsyncExitStack

import msgspec
import typer

from jihwi.case.events import Event, TurnFinished
from jihwi.case.ledger import Sealed, open_event, verify
from jihwi.cli.cases import find_case
from jihwi.cli.following import line_of
from jihwi.cli.running import drafts_of
from jihwi.cli.screen import Screen
from jihwi.cli.session import Session
from jihwi.cli.standing import waiting_lines
from jihwi.evidence import Viewer
from jihwi.minds import Delta, DeltaSink
from jihwi.orchestrator import load_case
from jihwi.store import CaseRow, EventStore
from jihwi.wiring import open_house

__all__ = ["follow_case"]

_ENDED = ("closed", "failed", "cancelled")
_STOPPED = ("parked", "paused")


async def follow_case(session: Session, name: str, after: int, *, wait: bool) -> int:
    """Show a case's events from the one after `after` on, until it ends; without `wait` those there are. Answers the
    exit code. Whenever the case comes to rest before a person it is said once for what it waits, with the line that
    answers it.

    Raises CaseUnknown, CaseAmbiguous, and LedgerBroken before an event that does not verify is shown.
    """
    screen = session.screen
    async with open_house(session.settings) as house, AsyncExitStack() as listening:
        case_id = (await find_case(house.store, name)).case_id
        unfinished = _Unfinished()
        if wait and not screen.json:
            unfinished.shows = drafts_of(screen, house, await load_case(house.store, case_id))
            follow = await listening.enter_async_context(house.drafts(unfinished))
            follow({case_id})
        last: Sealed | None = None
        rested, said = 0, list[str]()
        begin = after
        while True:
            for stored in await _news(house.store, case_id, after, last):
                unfinished.saw(_tell(screen, stored, house.viewer))
                last, after = stored, stored.seq
            row = await house.store.row(case_id)
            if not wait or row is None or row.status in _ENDED:
                if last is None:
                    screen.remark(screen.words(f"{begin}번 뒤의 기록이 없습니다.", f"There is no event after {begin}."))
                return 0
            if not _rests(row):
                said = []
            elif row.seq <= after and row.seq != rested:
                rested, before = row.seq, said
                said = waiting_lines(await load_case(house.store, case_id), screen, house.viewer)
                if said != before:  # a note to it, or an answer to something else, changes nothing of it
                    _say_what_for(screen, said)
            await house.store.wait(case_id, after, seconds=30)


def _rests(row: CaseRow) -> bool:
    return row.status in _STOPPED or (row.status == "waiting" and row.waits_for > 0)


def _say_what_for(screen: Screen, lines: list[str]) -> None:
    screen.remark(screen.words("사람을 기다립니다.", "It waits for a person."))
    for line in lines:
        screen.remark(f"  {line}" if line else "")


class _Unfinished:
    """Drafts of turns that have not ended: what arrives after the turn's end is passed over."""

    def __init__(self) -> None:
        self.shows: DeltaSink = lambda delta: None
        self._ended: set[tuple[str, int]] = set()

    def saw(self, event: Event) -> None:
        body = event.body
        if isinstance(body, TurnFinished):
            self._ended.add((body.assignment, body.turn))

    def __call__(self, delta: Delta) -> None:
        if (delta.assignment, delta.turn) not in self._ended:
            self.shows(delta)


async def _news(store: EventStore, case_id: str, after: int, last: Sealed | None) -> list[Sealed]:
    """What has come since the event numbered `after`, verified from that event on. Raises LedgerBroken."""
    if last is None and after > 0:
        found = await store.read(case_id, after=after - 1)
        last, found = (found[0], found[1:]) if found else (None, [])
    else:
        found = await store.read(case_id, after=after)
    verify(case_id, found, after=last)
    return found


def _tell(screen: Screen, stored: Sealed, viewer: Viewer) -> Event:
    event = open_event(stored)
    if screen.json:
        body = event.body if viewer.may_see(event.labels) else None
        told = {**msgspec.structs.asdict(event), "body": body, "head": event.head.hex()}
        typer.echo(msgspec.json.encode(told))
        return event
    line = line_of(event, screen.language, viewer)
    if line:
        screen.out.print(line, markup=False)
    return event

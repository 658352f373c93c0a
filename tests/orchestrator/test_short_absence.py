"""A store that is away for a moment takes nothing away: effects go on, and what they learned is recorded when it is
back, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Effect, Policy, SkillSpec
from jihwi.case.state import Case
from jihwi.case.turn import Call, CallSettled, Report, Turn, View
from jihwi.errors import StoreBusy, StoreError, StoreFailed
from jihwi.orchestrator import Orchestrator, Settings
from jihwi.orchestrator.loading import load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator
from jihwi.testing.faults import FaultyStore, Fuse, Moment, raising
from jihwi.testing.interleavings import ManualClock

GONE = StoreFailed("postgresql://db/cases", "the server closed the connection")
HELD = StoreBusy("cases.db", 5)
SETTINGS = Settings(look_seconds=0.01, away_seconds=(0.01,) * 4)


class _Desk:
    """Two skills that write, and what they wrote."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.began, self.go = asyncio.Event(), asyncio.Event()
        self.go.set()
        self.skills = [self._skill("keep", "idempotent write"), self._skill("send", "write")]

    def _skill(self, name: str, effect: Effect) -> Skill:
        async def run(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
            self.began.set()
            await self.go.wait()
            self.written.append(name)
            return SkillResult(name)

        return Skill(SkillSpec(name, effect=effect), "Writes.", {"type": "object"}, run)

    def house(self, store: FaultyStore | MemoryStore) -> Orchestrator:
        return an_orchestrator(store, {"worker": _worker}, *self.skills, settings=SETTINGS, clock=ManualClock())

    async def run(self, store: FaultyStore) -> Case:
        return await self.house(store).run(
            an_opening(an_agent("worker", *self.skills), policy=Policy(approve=("keep", "send")))
        )


def _worker(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Call("keep"), Call("send")))
    if view.turn == 2:
        return Turn(actions=(Call("send"),))
    settled = [one.status for one in view.transcript if isinstance(one, CallSettled)]
    return Turn(actions=(Report(text=" ".join(settled)),))


async def _appends() -> int:
    fuse = Fuse(only=("append",))
    case = await _Desk().run(FaultyStore(MemoryStore(), fuse))
    assert case.answer == "finished finished finished"
    return fuse.seen["after append"]


@pytest.mark.parametrize("problem", [GONE, HELD])
async def test_an_append_that_fails_once_is_made_again_and_no_effect_is_lost(problem: StoreError) -> None:
    for number in range(3, await _appends() + 1):  # the first opens the case; before the second no effect has run
        desk = _Desk()
        case = await desk.run(FaultyStore(MemoryStore(), Fuse(2 * number - 1, raising(problem), only=("append",))))
        assert (case.status, case.answer) == ("closed", "finished finished finished"), number
        assert sorted(desk.written) == ["keep", "send", "send"], number


async def test_a_store_that_is_read_but_takes_nothing_any_more_is_told_after_a_while() -> None:
    fuse = Fuse(5, raising(GONE), only=("append",), again=True)
    async with asyncio.timeout(60):
        with pytest.raises(StoreFailed):
            await _Desk().run(FaultyStore(MemoryStore(), fuse))
    assert fuse.seen["before append"] == 2 + 1 + len(SETTINGS.away_seconds)


async def test_an_append_that_stands_though_nobody_heard_of_it_is_not_made_twice() -> None:
    for number in range(3, await _appends() + 1):
        desk, store = _Desk(), MemoryStore()
        fuse = Fuse(2 * number, raising(GONE), only=("append",))
        try:
            await desk.run(FaultyStore(store, fuse))
        except StoreFailed:  # what it was to start stands too: another one takes over
            (row,) = await store.rows()
            lease = await store.lease_of(row.case_id)
            assert lease is not None
            await store.release(lease)
            await desk.house(store).drive(row.case_id)
        (row,) = await store.rows()
        log = [event.body for event in await load_log(store, row.case_id)]
        ended = [(one.turn, one.number) for one in log if isinstance(one, e.SkillFinished)]
        assert len(ended) == len(set(ended)), number
        assert desk.written.count("keep") == 1, number
        assert desk.written.count("send") <= 2, number


@pytest.mark.parametrize("failed", ["before", "after"])
@pytest.mark.parametrize("look", ["gone_on", "read"])
async def test_an_effect_goes_on_while_nobody_can_look_into_the_store(look: str, failed: str) -> None:
    desk, away, looked = _Desk(), asyncio.Event(), asyncio.Event()
    desk.go.clear()

    def blow(moment: Moment) -> None:
        if away.is_set() and moment.when == failed:
            looked.set()
            raise GONE

    below = MemoryStore()
    store = FaultyStore(below, Fuse(1, blow, only=(look,), again=True))
    async with asyncio.timeout(60):
        driving = asyncio.create_task(desk.run(store))
        await desk.began.wait()
        away.set()
        (row,) = await below.rows()
        # Only a case that somebody wrote to is read.
        await desk.house(below).submit(row.case_id, lambda case: person.note(case, "a1", "서두르십시오", by="kim"))
        await looked.wait()
        looked.clear()
        await looked.wait()
        away.clear()
        desk.go.set()
        case = await driving
    assert case.answer == "finished finished finished"
    assert sorted(desk.written) == ["keep", "send", "send"]

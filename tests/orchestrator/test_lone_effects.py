"""A lone effect runs in the drive's own task, and yet whoever must be heard meanwhile is heard."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jihwi.case import person
from jihwi.case.assignment import SkillSpec
from jihwi.case.state import Case
from jihwi.case.turn import Call, CallSettled, Report, Turn, View
from jihwi.orchestrator import Orchestrator, Settings
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import ManualClock


class _Slow:
    """A skill that says when it began and ends when it is told to."""

    def __init__(self, *, timeout_ms: int = 60_000) -> None:
        self.began, self.go = asyncio.Event(), asyncio.Event()
        self.ended = 0
        self.skill = Skill(SkillSpec("slow", timeout_ms=timeout_ms), "Waits.", {"type": "object"}, self._run)

    async def _run(self, context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        self.began.set()
        await self.go.wait()
        self.ended += 1
        return SkillResult("slow")


def _worker(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Call("slow"),))
    (settled,) = [one for one in view.transcript if isinstance(one, CallSettled)]
    reason = settled.reason.code if settled.reason else settled.value
    return Turn(actions=(Report(text=f"{settled.status} {reason} {len(view.transcript)}"),))


async def _under_way(slow: _Slow, clock: ManualClock | None = None) -> tuple[Orchestrator, str, asyncio.Task[Any]]:
    settings = Settings(look_seconds=0.01, grace_seconds=5)
    house = an_orchestrator(MemoryStore(), {"worker": _worker}, slow.skill, settings=settings, clock=clock)
    names: list[str] = []
    driving = asyncio.create_task(house.run(an_opening(an_agent("worker", slow.skill)), opened=names.append))
    await slow.began.wait()
    return house, names[0], driving


async def test_a_case_that_is_cancelled_ends_it() -> None:
    slow = _Slow()
    house, case_id, driving = await _under_way(slow)
    await house.submit(case_id, lambda c: person.cancel(c, by="lee"))
    case: Case = await driving
    assert (case.status, slow.ended) == ("cancelled", 0)
    assert await house.store.lease_of(case_id) is None


async def test_a_note_written_meanwhile_is_read_at_the_next_turn() -> None:
    slow = _Slow()
    house, case_id, driving = await _under_way(slow)
    await house.submit(case_id, lambda c: person.note(c, "a1", "!", by="lee"))
    slow.go.set()
    case: Case = await driving
    assert case.answer == "finished slow 4"


async def test_a_person_who_takes_the_seat_need_not_wait_for_it() -> None:
    slow = _Slow()
    house, case_id, driving = await _under_way(slow)
    await house.submit(case_id, lambda c: person.take(c, "a1", by="lee"))
    turn = Turn(actions=(Report(text="mine"),))
    await house.submit(case_id, lambda c: person.take_turn(c, "a1", turn, by="lee"))
    for _ in range(3):
        await house.store.wait(case_id, 0, seconds=1)
    slow.go.set()
    case: Case = await driving
    assert case.answer == "mine"


async def test_a_shutdown_lets_it_end_within_its_grace() -> None:
    slow = _Slow()
    house, _, driving = await _under_way(slow)
    house.stop()
    slow.go.set()
    case: Case = await driving
    assert (case.status, slow.ended) == ("open", 1)
    assert case.assignments["a1"].turn == 2


async def test_one_that_takes_too_long_is_ended() -> None:
    slow, clock = _Slow(), ManualClock()
    _, _, driving = await _under_way(slow, clock)
    clock.ms += 61_000
    case: Case = await driving
    assert case.answer == "failed skill_timeout 3"


async def test_a_short_time_limit_has_a_timer_of_its_own() -> None:
    _, _, driving = await _under_way(_Slow(timeout_ms=20), ManualClock())
    case: Case = await driving
    assert case.answer == "failed skill_timeout 3"


async def test_a_drive_that_is_cancelled_takes_it_along() -> None:
    slow = _Slow()
    house, case_id, driving = await _under_way(slow)
    await house.submit(case_id, lambda c: person.note(c, "a1", "!", by="lee"))
    await asyncio.sleep(0)
    driving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await driving
    assert slow.ended == 0
    assert (await house.store.lease_of(case_id)) is not None


class _Tidying(_Slow):
    """One that takes its time to let go."""

    def __init__(self) -> None:
        super().__init__()
        self.letting_go, self.tidied = asyncio.Event(), asyncio.Event()

    async def _run(self, context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        try:
            return await super()._run(context, arguments)
        except asyncio.CancelledError:
            self.letting_go.set()
            await self._tidy()
            raise

    async def _tidy(self) -> None:
        while not self.tidied.is_set():
            try:
                await self.tidied.wait()
            except asyncio.CancelledError:
                continue


@pytest.mark.parametrize("first", ["its case is cancelled", "its time is over"])
async def test_a_drive_that_is_cancelled_while_its_effect_is_ended_ends_too(first: str) -> None:
    slow, clock = _Tidying(), ManualClock()
    house, case_id, driving = await _under_way(slow, clock)
    if first == "its time is over":
        clock.ms += 61_000
    else:
        await house.submit(case_id, lambda c: person.cancel(c, by="lee"))
    await slow.letting_go.wait()
    driving.cancel()
    await asyncio.sleep(0)
    slow.tidied.set()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await driving

"""A lease that runs out before its runner could renew it (a slow disk, a long stall) may be lost to others, never to
itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jihwi.case.assignment import Effect, Policy, SkillSpec
from jihwi.case.turn import Call, CallSettled, Report, Turn, View
from jihwi.orchestrator import Orchestrator
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import HOUR_MS, ManualClock
from tests.orchestrator.test_limits import ended, kinds_of, serving


class Desk:
    """A skill that is at work until it is let end, and a runner that renews nothing: its own clock stands."""

    def __init__(self, effect: Effect) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(clock=self.clock)
        self.begun, self.end = asyncio.Event(), asyncio.Event()
        self.times = 0
        self.skill = Skill(SkillSpec("send", effect=effect), "Sends.", {"type": "object"}, self._run)

    async def _run(self, context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        self.times += 1
        self.begun.set()
        await self.end.wait()
        return SkillResult("sent")

    def house(self) -> Orchestrator:
        minds = {"worker": _worker, "plain": lambda view: Turn("end")}
        return an_orchestrator(self.store, minds, self.skill, clock=ManualClock())

    async def opened(self, house: Orchestrator) -> str:
        return await house.open(an_opening(an_agent("worker", self.skill), policy=Policy(approve=("send",))))


def _worker(view: View) -> Turn:
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    return Turn(actions=(Report(text=settled[0].status) if settled else Call("send"),))


@pytest.mark.parametrize("effect", ["read", "write"])
async def test_a_runner_does_not_take_its_own_case_from_itself(effect: Effect) -> None:
    desk = Desk(effect)
    house = desk.house()
    case_id = await desk.opened(house)
    async with asyncio.timeout(60), serving(house):
        await desk.begun.wait()
        desk.clock.ms += HOUR_MS
        assert await desk.store.lease_of(case_id) is None, "it has run out"
        other = await house.open(an_opening(an_agent("plain")))
        await ended(desk.store, other)  # so it has looked for work meanwhile, and found what came after
        assert await house.drive(case_id) is None
        desk.end.set()
        await ended(desk.store, case_id)
    assert (desk.times, (await house.case(case_id)).answer) == (1, "finished")
    assert "runner_took_over" not in await kinds_of(desk.store, case_id)


async def test_another_runner_takes_it_and_the_first_one_lets_go() -> None:
    desk = Desk("write")
    house = desk.house()
    case_id = await desk.opened(house)
    driving = asyncio.create_task(house.drive(case_id))
    async with asyncio.timeout(60):
        await desk.begun.wait()
        desk.clock.ms += HOUR_MS
        taken = await desk.store.claim("another")
        assert taken is not None
        assert taken.case_id == case_id
        desk.end.set()
        assert await driving is None
    assert "skill_finished" not in await kinds_of(desk.store, case_id)

"""A lease that runs out before its runner could renew it (a slow disk, a long stall) may be lost to others, never to
itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from jihwi.case.assignment import Effect, Policy, SkillSpec
from jihwi.case.turn import Ask, Call, CallSettled, Report, Turn, View
from jihwi.orchestrator import Orchestrator, Settings
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import Lease
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


class Held(MemoryStore):
    """A store whose first renewal takes until it is let through, and that says when its cases were looked at since."""

    def __init__(self) -> None:
        super().__init__()
        self.renewing, self.through, self.looked = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def renew(self, lease: Lease, *, seconds: float = 30.0) -> Lease:
        self.renewing.set()
        await self.through.wait()
        return await super().renew(lease, seconds=seconds)

    async def gone_on(self, seqs: Mapping[str, int]) -> list[str]:
        if self.through.is_set():
            self.looked.set()
        return await super().gone_on(seqs)


async def test_a_case_that_comes_to_its_rest_while_leases_are_renewed_is_free() -> None:
    """A person's answer would else be heard by nobody until the lease had run out."""
    store, slow, quick = Held(), asyncio.Event(), asyncio.Event()
    begun: set[str] = set()

    def waiting(name: str, end: asyncio.Event) -> Skill:
        async def run(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
            begun.add(name)
            await end.wait()
            return SkillResult(name)

        return Skill(SkillSpec(name), "Waits.", {"type": "object"}, run)

    skills = waiting("slow", slow), waiting("quick", quick)

    def worker(view: View) -> Turn:
        return Turn(actions=(Call(view.agent.skills[0].name),) if view.turn == 1 else (Ask("?"),))

    minds = dict.fromkeys(("slow", "quick"), worker)
    house = an_orchestrator(store, minds, *skills, settings=Settings(lease_seconds=0.3, look_seconds=0.01))
    cases = [await house.open(an_opening(an_agent(skill.spec.name, skill))) for skill in skills]
    async with asyncio.timeout(60):
        first = asyncio.create_task(house.drive(cases[0]))
        second = asyncio.create_task(house.drive(cases[1]))
        await store.renewing.wait()  # of the first, before the second
        while len(begun) < 2:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0)
        quick.set()
        await second
        store.through.set()
        await store.looked.wait()
        assert await store.lease_of(cases[1]) is None
        slow.set()
        await first
    assert await store.lease_of(cases[0]) is None

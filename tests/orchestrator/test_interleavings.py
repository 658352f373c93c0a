"""Five approvals are open at once, and people, crashes and forks come in any order: none is consumed twice, misrouted
or lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Policy, SkillSpec
from jihwi.case.state import Case
from jihwi.case.turn import Call, Delegate, Report, Turn, View
from jihwi.errors import CommandRefused
from jihwi.orchestrator import Orchestrator, load_case, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator

HOUR_MS = 3_600_000
DEEDS = ("approve", "approve", "edit", "reject", "expire", "take", "give", "fork", "cancel", "crash", "go on", "yield")


class ManualClock:
    """A clock that only tests move."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_seconds(self) -> float:
        return self.ms / 1000


class World:
    """One store, the runner of the day, and what the skill really did."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(clock=self.clock)
        self.done: list[tuple[str, Any]] = []
        self.runners = 0
        self.house = self.new_house()
        self.cases: list[str] = []
        self.driving: dict[str, asyncio.Task[Case | None]] = {}

    def new_house(self) -> Orchestrator:
        async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
            await asyncio.sleep(0)
            self.done.append((context.idempotency_key, arguments))
            await asyncio.sleep(0)
            return SkillResult(arguments)

        def boss(view: View) -> Turn:
            return Turn(actions=(Delegate("clerk", "?") if view.turn == 1 else Report(text="end"),))

        def clerk(view: View) -> Turn:
            if view.turn == 1:
                return Turn(actions=tuple(Call("show", {"n": n}) for n in range(5)))
            return Turn(actions=(Report(text="end"),))

        spec = SkillSpec("show", effect="read", approval="always")
        self.show = Skill(spec, "Shows.", {"type": "object"}, runs)
        self.runners += 1
        minds = {"boss": boss, "clerk": clerk}
        return an_orchestrator(self.store, minds, self.show, runner=f"runner {self.runners}")

    async def begin(self) -> None:
        policy = Policy(approval_expires_ms=HOUR_MS, deputy="park")
        agents = (an_agent("boss", delegates=("clerk",)), an_agent("clerk", self.show))
        case = await self.house.run(an_opening(*agents, policy=policy))
        assert len(person.open_approvals(case)) == 5
        self.cases.append(case.id)

    def drive(self, case_id: str) -> None:
        task = self.driving.get(case_id)
        if task is None or task.done():
            self.driving[case_id] = asyncio.create_task(self.house.drive(case_id))

    async def rest(self) -> None:
        """Let every drive come to its rest."""
        await asyncio.gather(*self.driving.values())
        self.driving.clear()

    async def crash(self) -> None:
        """The runner dies where it stands; the next one finds its leases run out."""
        for task in self.driving.values():
            task.cancel()
        await asyncio.gather(*self.driving.values(), return_exceptions=True)
        self.driving.clear()
        self.clock.ms += 60_000
        self.house = self.new_house()

    async def say(self, case_id: str, command: Callable[[Case], list[e.Draft]]) -> None:
        with contextlib.suppress(CommandRefused):
            await self.house.submit(case_id, command)
            self.drive(case_id)

    async def deed(self, what: str, pick: Callable[[int], int]) -> None:
        case_id = self.cases[pick(len(self.cases))]
        case = await load_case(self.store, case_id)
        waiting = [one.id for one in person.open_approvals(case)] or [""]
        approval = waiting[pick(len(waiting))]
        clerk = next((one for one in reversed(case.open_ids)), "a1")
        match what:
            case "approve":
                await self.say(case_id, lambda c: person.approve(c, approval, by="lee"))
            case "edit":
                arguments = {"n": 100 + pick(3)}
                await self.say(case_id, lambda c: person.edit(c, approval, arguments, by="lee"))
            case "reject":
                await self.say(case_id, lambda c: person.reject(c, approval, by="lee"))
            case "expire":
                await self.rest()
                self.clock.ms += HOUR_MS + 1
                self.drive(case_id)
            case "take":
                await self.say(case_id, lambda c: person.take(c, clerk, by="lee"))
            case "give":
                await self.say(case_id, lambda c: person.reassign(c, clerk, by="lee"))
            case "fork" if len(self.cases) < 4:
                self.cases.append(await self.house.fork(case_id, 1 + pick(case.seq), by="lee"))
                self.drive(self.cases[-1])
            case "cancel" if pick(3) == 0:
                await self.say(case_id, lambda c: person.cancel_assignment(c, clerk, by="lee"))
            case "crash":
                await self.crash()
            case "go on":
                self.drive(case_id)
            case _:
                for _ in range(pick(6)):
                    await asyncio.sleep(0)


async def _check(world: World, case_id: str) -> None:
    """Every start stands on an approval of exactly its action, used by it alone; what was approved was done."""
    log = await load_log(world.store, case_id)
    own = [event for event in log if event.case_id == case_id]
    approved: dict[str, str] = {}
    used: set[tuple[str, int]] = set()
    for event in log:
        body = event.body
        if isinstance(body, e.ApprovalAnswered) and body.verdict == "approve":
            assert body.approval not in approved or event.case_id == case_id
            approved[body.approval] = body.action_digest
        if isinstance(body, e.SkillStarted):
            place = (body.idempotency_key, body.attempt)
            assert place not in used
            used.add(place)
            approval = body.idempotency_key.split("/", 1)[1]
            assert approved[approval] == body.action_digest
    case = await load_case(world.store, case_id)
    for one in case.approvals.values():
        assert one.status != "approved" or not case.assignments[one.assignment].open, one
        holder = case.assignments[one.assignment]
        if one.status == "open":
            assert (holder.open, one.seat, one.turn) == (True, holder.seat, holder.turn)
    finished = Counter(
        (event.body.assignment, event.body.seat, event.body.turn, event.body.number)
        for event in own
        if isinstance(event.body, e.SkillFinished)
    )
    assert all(count == 1 for count in finished.values())


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_no_approval_is_consumed_twice_misrouted_or_lost(data: st.DataObject) -> None:
    async def play() -> None:
        world = World()
        await world.begin()
        for what in data.draw(st.lists(st.sampled_from(DEEDS), max_size=14)):
            await world.deed(what, lambda n: data.draw(st.integers(0, n - 1)))
        await world.rest()
        for case_id in world.cases:
            await world.house.drive(case_id)
        for case_id in world.cases:
            await _check(world, case_id)
        for key, arguments in world.done:
            case_id, rest = key.split("/", 1)
            log = await load_log(world.store, case_id)
            asked = [o.body for o in log if isinstance(o.body, e.ApprovalRequested) and o.body.approval == rest]
            assert arguments in [one.arguments for one in asked]

    asyncio.run(play())

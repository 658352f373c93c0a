"""A budget is held to the turn: by children side by side, by runner after runner, at every event of the log."""

from __future__ import annotations

import asyncio
import random

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import MindSpec, Policy
from jihwi.case.budget import Limits, Spending
from jihwi.case.fold import apply
from jihwi.case.state import Case
from jihwi.case.turn import Call, ChildReported, Delegate, Report, Turn, View
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import load_case, load_log
from jihwi.store import EventStore
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator

TURNS, CHILDREN = 40, 4
LOOK = a_skill("look")
MODEL = MindSpec("model", "clerk")


class Clerk:
    """A mind that takes a while, goes on for ever and counts its turns; its runner may be gone before it ends."""

    def __init__(self) -> None:
        self.turns = 0

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        self.turns += 1
        for _ in range(view.turn % 5):
            await asyncio.sleep(0)
        return Turn(actions=(Call("look", {"n": view.turn}),))


def lead(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=tuple(Delegate("clerk", f"part {n}") for n in range(CHILDREN)))
    failed = [one.reason.code for one in view.transcript if isinstance(one, ChildReported) and one.reason is not None]
    return Turn(actions=(Report("partial", " ".join(failed)),))


async def _driven(store: EventStore, case_id: str, clerk: Clerk, moment: int, runner: str) -> Case | None:
    """What becomes of the case in the hands of a runner that is gone after `moment` breaths, if it is not done then."""
    house = an_orchestrator(store, {"lead": lead}, LOOK, minds={"clerk": clerk}, runner=runner)
    driving = asyncio.create_task(house.drive(case_id))
    for _ in range(moment):
        if driving.done():
            break
        await asyncio.sleep(0)
    driving.cancel()
    ended, *_ = await asyncio.gather(driving, return_exceptions=True)
    held = await store.lease_of(case_id)
    if held is not None:
        await store.release(held)
    return ended if isinstance(ended, Case) else None


async def _never_over(store: EventStore, case_id: str, limit: int) -> Case:
    case = Case(case_id)
    for event in await load_log(store, case_id):
        apply(case, event)
        for one in case.assignments.values():
            most = one.limits.turns
            assert most is None or one.spent.turns + one.reserved.turns <= most, event
    assert sum(one.spent.turns for one in case.assignments.values() if not one.parent) <= limit
    return case


@pytest.mark.parametrize("seed", range(8))
async def test_children_and_runners_that_die_spend_no_turn_more_than_was_given(seed: int) -> None:
    chance, store, clerk = random.Random(seed), MemoryStore(), Clerk()
    agents = (an_agent("lead", delegates=("clerk",)), an_agent("clerk", LOOK, mind=MODEL))
    opening = an_opening(*agents, policy=Policy(retries=1_000), limits=Limits(turns=TURNS))
    case_id = await an_orchestrator(store, {"lead": lead}, LOOK).open(opening)
    for life in range(200):
        if await _driven(store, case_id, clerk, chance.randrange(4, 20), f"runner {life}") is not None:
            break
    case = await _never_over(store, case_id, TURNS)
    assert case.status == "parked"
    assert case.reason is not None
    assert case.reason.code == "budget_turns"
    bodies = [one.body for one in await load_log(store, case_id)]
    assert sum(isinstance(one, e.RunnerTookOver) for one in bodies) >= 2, "runners died in the middle of a turn"
    started = [one for one in bodies if isinstance(one, e.TurnStarted)]
    assert len(started) == case.assignments["a1"].spent.turns == TURNS, "each turn that began is paid for"
    assert clerk.turns <= TURNS


async def test_what_is_raised_is_spent_to_the_last_turn_and_no_further() -> None:
    store, clerk = MemoryStore(), Clerk()
    house = an_orchestrator(store, {"lead": lead}, LOOK, minds={"clerk": clerk})
    agents = (an_agent("lead", delegates=("clerk",)), an_agent("clerk", LOOK, mind=MODEL, limits=Limits(turns=3)))
    case = await house.run(an_opening(*agents, limits=Limits(turns=9)))
    assert case.status == "parked"
    assert case.assignments["a1"].spent.turns == 9
    await house.submit(case.id, lambda now: person.raise_limits(now, Limits(turns=14), by="lee"))
    ended = await house.drive(case.id)
    assert ended is not None
    assert (ended.outcome, ended.answer) == ("partial", " ".join(["budget_turns"] * CHILDREN))
    await _never_over(store, case.id, 14)
    assert clerk.turns == 3 * CHILDREN
    assert (await load_case(store, case.id)).assignments["a1"].spent.turns == 2 + 3 * CHILDREN


async def test_what_turns_under_way_hold_is_waited_for_before_a_budget_is_called_spent() -> None:
    """Six children want eight thousand tokens each of twenty thousand; each turn costs three thousand."""

    class Thrifty:
        def __init__(self) -> None:
            self.turns = self.now = self.most = 0

        async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
            self.turns, self.now = self.turns + 1, self.now + 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1
            return Turn(actions=(Report(text="done"),), usage=Spending(tokens=3_000))

    def six(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=tuple(Delegate("clerk", f"part {n}") for n in range(6)))
        return Turn("end")

    clerk = Thrifty()
    house = an_orchestrator(MemoryStore(), {"lead": six}, minds={"clerk": clerk})
    agents = (an_agent("lead", delegates=("clerk",)), an_agent("clerk", mind=MODEL))
    case = await house.run(an_opening(*agents, limits=Limits(tokens=20_000)))
    assert (case.outcome, case.assignments["a1"].spent.tokens) == ("done", 18_000)
    assert (clerk.turns, clerk.most) == (6, 3)


async def test_whoever_takes_the_seat_that_ran_out_goes_on_by_hand_and_is_told_of_those_below() -> None:
    """Else each child that wants a turn would stop the case again, and taking the seat would lead nowhere."""
    store = MemoryStore()
    house = an_orchestrator(store, {"lead": lead}, LOOK, minds={"clerk": Clerk()})
    agents = (an_agent("lead", delegates=("clerk",)), an_agent("clerk", LOOK, mind=MODEL))
    parked = await house.run(an_opening(*agents, limits=Limits(turns=6)))
    assert (parked.status, "take" in parked.choices) == ("parked", True)
    await house.submit(parked.id, lambda c: person.take(c, "a1", by="lee"))
    case = await house.drive(parked.id)
    assert case is not None
    assert (case.status, case.open_ids) == ("open", ["a1"])
    told = [one.reason for one in case.assignments["a1"].transcript if isinstance(one, ChildReported)]
    assert [reason.code for reason in told if reason is not None] == ["budget_turns"] * CHILDREN
    await house.submit(case.id, lambda c: person.take_turn(c, "a1", Turn(text="by hand"), by="lee"))
    ended = await house.drive(case.id)
    assert ended is not None
    assert (ended.status, ended.answer) == ("closed", "by hand")


async def test_a_case_that_is_cancelled_after_a_stop_offers_nothing_more() -> None:
    house = an_orchestrator(MemoryStore(), {"lead": lead}, LOOK, minds={"clerk": Clerk()})
    agents = (an_agent("lead", delegates=("clerk",)), an_agent("clerk", LOOK, mind=MODEL))
    parked = await house.run(an_opening(*agents, limits=Limits(turns=6)))
    assert parked.choices
    cancelled = await house.submit(parked.id, lambda c: person.cancel(c, by="lee"))
    assert (cancelled.status, cancelled.choices, cancelled.parked_at) == ("cancelled", (), "")

"""Agents and skills join and leave a running case, and nothing of what they held is lost."""

from __future__ import annotations

import asyncio
import functools

import pytest

from jihwi.case import events as e
from jihwi.case import membership, person
from jihwi.case.assignment import AgentSpec
from jihwi.case.state import Case
from jihwi.case.turn import Ask, Call, CallSettled, ChildReported, Delegate, Report, Told, Turn, View
from jihwi.errors import CommandRefused, RunnerLacks
from jihwi.orchestrator import Orchestrator, load_log
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator


def boss(view: View) -> Turn:
    """Asks once; then gives work to whoever has joined, else to the clerk, and reports what came of it."""
    children = [one for one in view.transcript if isinstance(one, ChildReported)]
    if children:
        return Turn(actions=(Report(text=" ".join(f"{one.agent}:{one.text}" for one in children)),))
    if view.turn == 1:
        return Turn(actions=(Ask("now?"),))
    return Turn(actions=(Delegate(view.agent.delegates[-1], "look"),))


def clerk(view: View) -> Turn:
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not settled:
        return Turn(actions=(Call("send", {"to": "kim"}),))
    return Turn(actions=(Report(text=f"{settled[-1].status}"),))


def judge(view: View) -> Turn:
    return Turn(actions=(Report(text=f"judged by {view.agent.name}"),))


MINDS = {"boss": boss, "clerk": clerk, "judge": judge}
SEND = a_skill("send", effect="write", approval="always")
LOOK = a_skill("look")


def agents() -> tuple[AgentSpec, AgentSpec]:
    return an_agent("boss", delegates=("clerk",)), an_agent("clerk", SEND)


async def begun() -> tuple[Orchestrator, str]:
    """A case whose clerk waits for an approval."""
    house = an_orchestrator(MemoryStore(), MINDS, SEND, LOOK)
    case_id = await house.open(an_opening(*agents()))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.answer(c, "yes", by="kim"))
    await house.drive(case_id)
    return house, case_id


async def driven(house: Orchestrator, case_id: str) -> Case:
    case = await house.drive(case_id)
    assert case is not None
    return case


async def free(store: MemoryStore, case_id: str) -> None:
    """Let the lease of a runner that is gone, or has left the case to others, run out."""
    lease = await store.lease_of(case_id)
    if lease is not None:
        await store.release(lease)


async def test_an_agent_joins_is_told_of_and_gets_work_and_the_team_is_pinned_anew() -> None:
    house = an_orchestrator(MemoryStore(), MINDS, SEND)
    case_id = await house.open(an_opening(*agents()))
    before = await driven(house, case_id)
    newcomer = an_agent("judge")
    await house.submit(case_id, lambda c: membership.join(c, newcomer, by="lee", source="court", words="needed"))
    await house.submit(case_id, lambda c: person.answer(c, "yes", by="kim"))
    case = await driven(house, case_id)
    assert case.answer == "judge:judged by judge"
    assert case.team_digest not in ("", before.team_digest)
    assert case.team_digest == membership.team_digest(case.agents.values(), case.policy)
    told = [one.reason.code for one in case.assignments["a1"].transcript if isinstance(one, Told)]
    assert told == ["agent_joined"]
    (changed,) = [event for event in await load_log(house.store, case_id) if isinstance(event.body, e.TeamChanged)]
    assert (changed.author.id, changed.body.source, changed.body.why) == ("lee", "court", "needed")  # type: ignore[union-attr]
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda c: membership.leave(c, "judge", by="lee"))


async def test_who_may_give_work_to_a_newcomer_is_said_and_nobody_joins_twice() -> None:
    house, case_id = await begun()
    await house.submit(case_id, lambda c: membership.join(c, an_agent("judge"), by="lee", handed_by=("clerk",)))
    case = await house.case(case_id)
    assert (case.agents["clerk"].handoffs, case.agents["boss"].delegates) == (("judge",), ("clerk",))
    for wrong in ("judge", "clerk"):
        with pytest.raises(CommandRefused):
            await house.submit(case_id, functools.partial(membership.join, agent=an_agent(wrong), by="lee"))
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda c: membership.join(c, an_agent("x"), by="lee", delegated_by=("nobody",)))


async def test_what_a_leaving_agent_held_waits_before_the_person_and_its_approvals_lapse() -> None:
    house, case_id = await begun()
    (approval,) = person.open_approvals(await house.case(case_id))
    await house.submit(case_id, lambda c: membership.leave(c, "clerk", by="lee"))
    case = await driven(house, case_id)
    assert case.approvals[approval.id].status == "lapsed"
    seat = case.assignments["a1.1"]
    assert (seat.agent, seat.mind.kind, seat.mind.name, seat.seat) == ("boss", "person", "lee", 2)
    assert isinstance(case.assignments["a1"].transcript[-1], Told)
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda c: person.approve(c, approval.id, by="kim"))
    await house.submit(case_id, lambda c: person.take_turn(c, "a1.1", Turn(actions=(Report(text="done"),)), by="lee"))
    assert (await driven(house, case_id)).answer == "boss:done"


async def test_what_a_leaving_agent_held_passes_to_the_one_who_is_named() -> None:
    house, case_id = await begun()
    await house.submit(case_id, lambda c: membership.join(c, an_agent("judge"), by="lee"))
    await house.submit(case_id, lambda c: membership.leave(c, "clerk", to="judge", by="lee"))
    assert (await driven(house, case_id)).answer == "judge:judged by judge"


async def test_a_person_in_a_leaving_agents_seat_stays_in_it_and_the_case_worker_leaves_only_for_another() -> None:
    house, case_id = await begun()
    await house.submit(case_id, lambda c: person.take(c, "a1.1", by="park"))
    await house.submit(case_id, lambda c: membership.leave(c, "clerk", by="lee"))
    seat = (await house.case(case_id)).assignments["a1.1"]
    assert (seat.agent, seat.mind.name) == ("boss", "park")
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda c: membership.leave(c, "boss", by="lee"))
    await house.submit(case_id, lambda c: membership.join(c, an_agent("judge"), by="lee"))
    await house.submit(case_id, lambda c: membership.leave(c, "boss", to="judge", by="lee"))
    case = await driven(house, case_id)
    assert (case.status, case.answer) == ("closed", "judged by judge")


async def test_a_skill_that_leaves_takes_its_approvals_along_and_one_that_joins_may_be_used() -> None:
    house, case_id = await begun()
    (approval,) = person.open_approvals(await house.case(case_id))
    await house.submit(case_id, lambda c: membership.join_skills(c, "clerk", [LOOK.spec], by="lee"))
    await house.submit(case_id, lambda c: membership.leave_skills(c, "clerk", ["send"], by="lee"))
    case = await house.case(case_id)
    assert list(case.skills["clerk"]) == ["look"]
    assert case.approvals[approval.id].status == "lapsed"
    case = await driven(house, case_id)
    assert case.answer == "clerk:refused"
    refused = [one for one in case.assignments["a1.1"].transcript if isinstance(one, CallSettled)]
    assert refused[0].reason is not None
    assert refused[0].reason.code == "skill_left"


async def test_an_approved_call_of_a_skill_that_left_is_not_run() -> None:
    house, case_id = await begun()
    await house.submit(case_id, lambda c: person.approve(c, "", by="lee"))
    await house.submit(case_id, lambda c: membership.leave_skills(c, "clerk", ["send"], by="lee"))
    case = await driven(house, case_id)
    assert case.answer == "clerk:refused"
    assert not any(isinstance(event.body, e.SkillStarted) for event in await load_log(house.store, case_id))


async def test_nobody_leaves_while_a_write_of_theirs_is_uncertain() -> None:
    died = asyncio.Event()

    def dies(context: object, arguments: object) -> None:
        died.set()
        raise KeyboardInterrupt

    send = a_skill("send", dies, effect="write")
    store = MemoryStore()
    house = an_orchestrator(store, {"boss": clerk}, send)
    case_id = await house.open(an_opening(an_agent("boss", send)))
    with pytest.raises(KeyboardInterrupt):
        await house.drive(case_id)
    assert died.is_set()
    await free(store, case_id)
    house = an_orchestrator(store, {"boss": clerk, "judge": judge}, send, runner="next")
    await house.submit(case_id, lambda c: membership.join(c, an_agent("judge"), by="lee"))
    await driven(house, case_id)
    for command in (
        lambda c: membership.leave(c, "boss", to="judge", by="lee"),
        lambda c: membership.leave_skills(c, "boss", ["send"], by="lee"),
    ):
        with pytest.raises(CommandRefused):
            await house.submit(case_id, command)
    await house.submit(case_id, lambda c: person.settle_uncertainty(c, "a1", 0, "happened", by="lee"))
    await house.submit(case_id, lambda c: membership.leave(c, "boss", to="judge", by="lee"))
    assert (await driven(house, case_id)).answer == "judged by judge"


# ── runners that lack something ──────────────────────────────────────────────


async def test_a_case_waits_for_a_runner_that_has_what_it_needs_and_says_so_once() -> None:
    store = MemoryStore()
    house = an_orchestrator(store, {"boss": boss, "clerk": clerk}, SEND)
    case_id = await house.open(an_opening(*agents()))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: membership.join(c, an_agent("judge"), by="lee"))
    await house.submit(case_id, lambda c: person.answer(c, "yes", by="kim"))
    for _ in range(2):
        with pytest.raises(RunnerLacks) as told:
            await house.drive(case_id)
        assert told.value.name == "judge"
        await free(store, case_id)
    case = await house.case(case_id)
    awaited = [event for event in await load_log(store, case_id) if isinstance(event.body, e.RunnerAwaited)]
    assert len(awaited) == 1
    assert case.assignments["a1.1"].awaits is not None
    row = await store.row(case_id)
    assert row is not None
    assert row.status == "running", "it is work for any runner that can do it"
    able = an_orchestrator(store, MINDS, SEND, runner="able")
    serving = asyncio.create_task(able.serve())
    async with asyncio.timeout(60):
        while (await able.case(case_id)).status != "closed":
            await store.wait(case_id, (await able.case(case_id)).seq, seconds=0.5)
    able.stop()
    await serving
    case = await able.case(case_id)
    assert (case.answer, case.assignments["a1.1"].awaits) == ("judge:judged by judge", None)


async def test_a_skill_no_runner_has_leaves_other_work_going_on() -> None:
    def helper(view: View) -> Turn:
        if view.turn == 1 and view.task == "look":
            return Turn(actions=(Call("look"),))
        return Turn(actions=(Report(text=view.task),))

    def chief(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Delegate("helper", "look"), Delegate("helper", "think")))
        return Turn(actions=(Report(text="end"),))

    store = MemoryStore()
    house = an_orchestrator(store, {"chief": chief, "helper": helper})
    opening = an_opening(an_agent("chief", delegates=("helper",)), an_agent("helper", LOOK))
    with pytest.raises(RunnerLacks):
        await house.run(opening)
    (row,) = await store.rows()
    case = await house.case(row.case_id)
    assert not case.assignments["a1.2"].open
    awaits = case.assignments["a1.1"].awaits
    assert awaits is not None
    assert awaits.code == "runner_lacks_skill"
    able = an_orchestrator(store, {"chief": chief, "helper": helper}, LOOK, runner="able")
    await free(store, row.case_id)
    assert (await driven(able, row.case_id)).answer == "end"

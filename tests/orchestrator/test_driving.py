"""A case is driven from its request to its end, through every kind of action."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jihwi.case import person
from jihwi.case.assignment import Policy, SkillSpec
from jihwi.case.budget import Limits
from jihwi.case.turn import (
    Ask,
    Call,
    CallSettled,
    ChildReported,
    Delegate,
    Handed,
    HandOff,
    Post,
    Release,
    Report,
    Turn,
    View,
)
from jihwi.errors import ChanceStuck
from jihwi.evidence import Claim
from jihwi.minds import DeltaSink, SkillShown
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import Press, SeededChance, a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import ManualClock


def _settled(view: View) -> list[CallSettled]:
    return [one for one in view.transcript if isinstance(one, CallSettled)]


async def test_a_team_delegates_calls_hands_off_posts_and_releases() -> None:
    search = a_skill("search", lambda context, arguments: {"found": arguments["query"]})
    compose = a_skill("compose", lambda context, arguments: {"report": "ok"})

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Delegate("finder", "가"), Delegate("finder", "나")))
        if view.turn == 2:
            children = [one for one in view.transcript if isinstance(one, ChildReported)]
            assert sorted(one.text for one in children) == ["checked 가", "checked 나"]
            assert len(view.findings) == 2
            return Turn(actions=(Call("compose"),))
        if view.turn == 3:
            return Turn(actions=(Release("a1/2/0"),))
        return Turn(actions=(Report(text="끝"),))

    def finder(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("search", {"query": view.task}),))
        found = _settled(view)[-1].value["found"]
        return Turn(actions=(Post(Claim(found)), HandOff("checker", "보아 주십시오")))

    def checker(view: View) -> Turn:
        assert any(isinstance(one, Handed) for one in view.transcript)
        return Turn(actions=(Report(text=f"checked {view.task}"),))

    press = Press()
    house = an_orchestrator(
        MemoryStore(), {"worker": worker, "finder": finder, "checker": checker}, search, compose, press=press
    )
    case_id = await house.open(
        an_opening(
            an_agent("worker", compose, delegates=("finder",)),
            an_agent("finder", search, handoffs=("checker",)),
            an_agent("checker"),
        )
    )
    case = await house.drive(case_id)
    assert case is not None
    assert (case.status, case.outcome, case.answer) == ("closed", "done", "끝")
    assert press.released == [{"report": "ok"}]
    row = await house.row(case_id)
    assert row is not None
    assert row.status == "closed"


async def test_a_tainted_write_waits_for_an_approval_of_exactly_that_action() -> None:
    sent: list[object] = []
    read = a_skill("read", lambda context, arguments: "from a document", tainted=True)
    send = a_skill("send", lambda context, arguments: sent.append(arguments), effect="write")

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("read"),))
        if view.turn == 2:
            return Turn(actions=(Call("send", {"to": "all"}),))
        return Turn(actions=(Report(text="끝"),))

    house = an_orchestrator(MemoryStore(), {"worker": worker}, read, send)
    case_id = await house.open(an_opening(an_agent("worker", read, send)))
    case = await house.drive(case_id)
    assert case is not None
    assert sent == []
    (approval,) = person.open_approvals(case)
    assert (await house.row(case_id)).waits_for == 1  # type: ignore[union-attr]
    await house.submit(case_id, lambda c: person.edit(c, approval.id, {"to": "kim"}, by="lee"))
    case = await house.drive(case_id)
    assert case is not None
    (again,) = person.open_approvals(case)
    assert again.action_digest != approval.action_digest
    await house.submit(case_id, lambda c: person.approve(c, again.id, by="lee"))
    case = await house.drive(case_id)
    assert case is not None
    assert sent == [{"to": "kim"}]
    assert case.outcome == "done"


async def test_a_question_parks_only_its_assignment_and_the_answer_reaches_the_mind() -> None:
    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Ask("어느 해입니까?"),))
        return Turn(actions=(Report(text=view.transcript[-1].answer),))  # type: ignore[union-attr]

    house = an_orchestrator(MemoryStore(), {"worker": worker})
    case_id = await house.open(an_opening(an_agent("worker")))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.answer(c, "2026년", by="kim"))
    case = await house.drive(case_id)
    assert case is not None
    assert case.answer == "2026년"


async def test_running_out_of_turns_parks_the_case_and_raising_them_lets_it_go_on() -> None:
    noop = a_skill("noop")

    def worker(view: View) -> Turn:
        if view.turn <= 4:
            return Turn(actions=(Call("noop", {"n": view.turn}),))
        return Turn(actions=(Report(text="끝"),))

    house = an_orchestrator(MemoryStore(), {"worker": worker}, noop)
    case_id = await house.open(an_opening(an_agent("worker", noop), limits=Limits(turns=2)))
    case = await house.drive(case_id)
    assert case is not None
    assert case.status == "parked"
    assert case.reason is not None
    assert case.reason.code == "budget_turns"
    await house.submit(case_id, lambda c: person.change_limits(c, Limits(turns=10), by="lee"))
    case = await house.drive(case_id)
    assert case is not None
    assert case.outcome == "done"


async def test_the_same_call_again_and_again_is_refused_and_empty_turns_end_it() -> None:
    noop = a_skill("noop")

    def worker(view: View) -> Turn:
        return Turn(actions=(Call("noop"),)) if view.turn <= 3 else Turn()

    house = an_orchestrator(MemoryStore(), {"worker": worker}, noop)
    case_id = await house.open(an_opening(an_agent("worker", noop)))
    case = await house.drive(case_id)
    assert case is not None
    transcript = case.assignments["a1"].transcript
    assert [one.status for one in transcript if isinstance(one, CallSettled)] == ["finished", "finished", "refused"]
    assert case.reason is not None
    assert case.reason.code == "empty_turns"


async def test_two_agents_that_only_hand_the_work_to_each_other_are_stopped() -> None:
    def ping(view: View) -> Turn:
        refused = any(isinstance(one, CallSettled) and one.status == "refused" for one in view.transcript)
        return Turn(actions=(Report(text="끝") if refused else HandOff("b" if view.agent.name == "a" else "a"),))

    house = an_orchestrator(MemoryStore(), {"a": ping, "b": ping})
    case_id = await house.open(an_opening(an_agent("a", handoffs=("b",)), an_agent("b", handoffs=("a",))))
    case = await house.drive(case_id)
    assert case is not None
    assert case.outcome == "done"
    assert len(case.assignments["a1"].handoffs) == 7


async def test_a_release_that_needs_a_person_waits_for_one() -> None:
    compose = a_skill("compose", lambda context, arguments: {"report": "ok"})

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("compose"),))
        if view.turn == 2:
            return Turn(actions=(Release("a1/1/0"), Report(text="끝")))
        raise AssertionError(view.turn)

    press = Press()
    house = an_orchestrator(MemoryStore(), {"worker": worker}, compose, press=press)
    case_id = await house.open(an_opening(an_agent("worker", compose), policy=Policy(release="person")))
    await house.drive(case_id)
    assert press.released == []
    await house.submit(case_id, lambda c: person.approve(c, "", by="lee"))
    case = await house.drive(case_id)
    assert case is not None
    assert case.outcome == "done"
    assert press.released == [{"report": "ok"}]


async def test_a_person_takes_the_seat_takes_a_turn_and_gives_it_back() -> None:
    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Ask("?"),))
        return Turn(actions=(Report(text=f"{view.seat}"),))

    noop = a_skill("noop")
    house = an_orchestrator(MemoryStore(), {"worker": worker}, noop)
    case_id = await house.open(an_opening(an_agent("worker", noop)))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.take(c, "a1", by="lee"))
    case = await house.drive(case_id)
    assert case is not None
    assert case.assignments["a1"].seat == 2
    await house.submit(case_id, lambda c: person.take_turn(c, "a1", Turn(actions=(Call("noop"),)), by="lee"))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.reassign(c, "a1", by="lee"))
    case = await house.drive(case_id)
    assert case is not None
    assert case.answer == "3"


async def test_a_failing_mind_fails_its_own_assignment_and_the_parent_decides() -> None:
    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Delegate("bad", "x"),))
        (child,) = [one for one in view.transcript if isinstance(one, ChildReported)]
        return Turn(actions=(Report("partial", child.status),))

    def bad(view: View) -> Turn:
        raise ValueError("broken")

    house = an_orchestrator(MemoryStore(), {"worker": worker, "bad": bad})
    case_id = await house.open(an_opening(an_agent("worker", delegates=("bad",)), an_agent("bad")))
    case = await house.drive(case_id)
    assert case is not None
    assert (case.outcome, case.answer) == ("partial", "failed")


async def test_an_effect_that_ends_while_another_is_being_recorded_is_recorded_too() -> None:
    """Many children end in every order around each commit, and none of their results is lost."""

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        for _ in range(arguments["n"] % 4):
            await asyncio.sleep(0)
        return SkillResult(arguments["n"])

    look = Skill(SkillSpec("look"), "Looks.", {"type": "object"}, runs)

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=tuple(Call("look", {"n": n}) for n in range(40)))
        return Turn(actions=(Report(text=str(sum(one.value for one in _settled(view)))),))

    class Slow(MemoryStore):
        async def append(self, *arguments: Any, **named: Any) -> None:
            await asyncio.sleep(0)
            await super().append(*arguments, **named)
            await asyncio.sleep(0)

    house = an_orchestrator(Slow(), {"worker": worker}, look)
    case_id = await house.open(an_opening(an_agent("worker", look)))
    case = await house.drive(case_id)
    assert case is not None
    assert case.answer == str(sum(range(40)))


async def test_a_result_is_seen_as_it_is_stored() -> None:
    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("pair"),))
        return Turn(actions=(Report(text=repr(_settled(view)[0].value)),))

    pair = a_skill("pair", lambda context, arguments: (1, 2))
    house = an_orchestrator(MemoryStore(), {"worker": worker}, pair)
    case_id = await house.open(an_opening(an_agent("worker", pair)))
    case = await house.drive(case_id)
    assert case is not None
    assert case.answer == "[1, 2]"


class Repeating:
    """Chance whose first bytes repeat themselves: so many cases of one second are drawn one name."""

    def __init__(self, times: int) -> None:
        self._first = b"same" * times
        self._chance = SeededChance(5)

    def token(self, size: int) -> bytes:
        first, self._first = self._first, b""
        return first + self._chance.token(size - len(first))


async def test_a_name_that_is_taken_is_drawn_anew() -> None:
    store = MemoryStore(clock=ManualClock())
    minds = {"worker": lambda view: Turn(actions=(Report(text="end"),))}
    house = an_orchestrator(store, minds, chance=Repeating(4))
    opening = an_opening(an_agent("worker"))
    first = await house.open(opening)
    second = await house.run(opening)
    assert second.outcome == "done"
    assert first != second.id
    house = an_orchestrator(store, minds, chance=Repeating(3))
    assert len({first, second.id, await house.open(opening), await house.open(opening)}) == 4


async def test_a_fork_is_not_given_the_name_of_a_case_of_the_same_second() -> None:
    minds = {"worker": lambda view: Turn(actions=(Report(text="end"),))}
    house = an_orchestrator(MemoryStore(clock=ManualClock()), minds, chance=Repeating(3))
    case = await house.run(an_opening(an_agent("worker")))
    fork = await house.fork(case.id, case.seq - 1, by="kim")
    assert fork != case.id
    assert (await house.case(fork)).forked


async def test_two_cases_that_are_driven_at_once_never_share_a_name() -> None:
    class Together:
        """Ends its turn when two of them have begun."""

        both_work = asyncio.Barrier(2)

        async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
            await self.both_work.wait()
            return Turn(actions=(Report(text="end"),))

    store = MemoryStore(clock=ManualClock())
    house = an_orchestrator(store, {}, chance=Repeating(4), minds={"worker": Together()})
    opening = an_opening(an_agent("worker"))
    async with asyncio.timeout(60):
        one, other = await asyncio.gather(house.run(opening), house.run(opening))
    assert one.id != other.id
    assert one.outcome == other.outcome == "done"


async def test_chance_that_never_varies_is_told_and_nothing_waits_for_it() -> None:
    class Stuck:
        def token(self, size: int) -> bytes:
            return bytes(size)

    class Working:
        """Ends its turn when it is let."""

        begun, done = asyncio.Event(), asyncio.Event()

        async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
            self.begun.set()
            await self.done.wait()
            return Turn(actions=(Report(text="end"),))

    house = an_orchestrator(MemoryStore(clock=ManualClock()), {}, chance=Stuck(), minds={"worker": Working()})
    async with asyncio.timeout(60):
        first = asyncio.create_task(house.run(an_opening(an_agent("worker"))))
        await Working.begun.wait()
        with pytest.raises(ChanceStuck) as told:
            await house.run(an_opening(an_agent("worker")))
        Working.done.set()
        assert (await first).outcome == "done"
    assert "chance" in told.value.words("en")

"""A seat changes hands while a write of it runs: whoever holds it next learns how that ended, and does it no second
time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Effect, Policy, SkillSpec
from jihwi.case.state import Case
from jihwi.case.turn import Call, CallSettled, Report, Turn, View
from jihwi.errors import SkillFailed
from jihwi.orchestrator import Orchestrator, Settings, load_case, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator

ALLOWED = Policy(approve=("send",))
LOOKS = Settings(look_seconds=0.01)


class Letters:
    """A house in which a letter is being sent until `end` is called with what is to come of it."""

    def __init__(self, effect: Effect = "write") -> None:
        self.store = MemoryStore()
        self.sent = 0
        self.begun = asyncio.Event()
        self._end: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.skill = Skill(SkillSpec("send", effect=effect), "Sends.", {"type": "object"}, self._run)
        self.agents = an_agent("worker", self.skill), an_agent("other", self.skill)
        self.house = self.runner("first")
        self.name = ""

    def runner(self, name: str) -> Orchestrator:
        return an_orchestrator(self.store, {"worker": worker, "other": worker}, self.skill, runner=name, settings=LOOKS)

    async def _run(self, context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        self.sent += 1
        self.begun.set()
        end = await asyncio.shield(self._end)
        if isinstance(end, Exception):
            raise end
        return SkillResult(end, tainted=True, labels=("post",))

    def end(self, end: object = "sent") -> None:
        self._end.set_result(end)

    async def does(self, command: Callable[[Case], Any]) -> Case:
        return await self.house.submit(self.name, command)

    async def now(self) -> Case:
        return await load_case(self.store, self.name)

    async def settled(self) -> list[CallSettled]:
        transcript = (await self.now()).assignments["a1"].transcript
        return [one for one in transcript if isinstance(one, CallSettled)]

    async def kinds(self) -> list[str]:
        return [one.kind for one in await load_log(self.store, self.name)]


def worker(view: View) -> Turn:
    """Sends the letter, unless the last word on it is that it was sent."""
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not settled or settled[-1].status != "finished":
        return Turn(actions=(Call("send", {"to": "kim"}),))
    return Turn(actions=(Report(text=f"{len(settled)}: {settled[-1].value}"),))


@asynccontextmanager
async def sending(effect: Effect = "write") -> AsyncIterator[tuple[Letters, asyncio.Task[Case]]]:
    letters = Letters(effect)
    opening = an_opening(*letters.agents, policy=ALLOWED)
    names: list[str] = []
    driving = asyncio.create_task(letters.house.run(opening, opened=names.append))
    async with asyncio.timeout(60):
        await letters.begun.wait()
        letters.name = names[0]
        try:
            yield letters, driving
        finally:
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)


async def test_who_takes_the_seat_is_told_how_the_write_ended() -> None:
    async with sending() as (letters, driving):
        taken = await letters.does(lambda now: person.take(now, "a1", by="lee"))
        assert [one.status for one in await letters.settled()] == ["failed"]
        assert (taken.overtaken["a1/1/0"].end, taken.overtaken["a1/1/0"].told) == ("", False)
        letters.end()
        case = await driving
        last = (await letters.settled())[-1]
        assert (last.status, last.value, last.turn, last.number) == ("finished", "sent", 1, 0)
        assert (await letters.kinds())[-2:] == ["skill_finished", "outcome_told"]
        assert case.assignments["a1"].tainted, "text from outside is before the seat's eyes now"
        assert case.assignments["a1"].labels == ("post",)
        assert case.overtaken["a1/1/0"].told, "it is shown until the seat's next turn is done"
        turn = Turn(actions=(Report(text="the letter has gone out"),))
        ended = await letters.does(lambda now: person.take_turn(now, "a1", turn, by="lee"))
        assert not ended.overtaken


@pytest.mark.parametrize("to", ["other", ""], ids=["another agent", "the same agent"])
async def test_a_mind_that_gets_the_seat_waits_for_the_write_under_way_and_does_not_repeat_it(to: str) -> None:
    async with sending() as (letters, driving):
        await letters.does(lambda now: person.reassign(now, "a1", agent=to, by="lee"))
        await letters.house.submit(letters.name, lambda now: person.note(now, "a1", "quickly", by="lee"))
        assert (await letters.kinds()).count("turn_started") == 1
        letters.end()
        case = await driving
        assert (case.answer, letters.sent) == ("2: sent", 1)


async def test_a_write_that_failed_by_its_own_word_is_told_as_that_and_done_by_the_next() -> None:
    async with sending() as (letters, driving):
        await letters.does(lambda now: person.reassign(now, "a1", agent="other", by="lee"))
        letters.end(SkillFailed("send", "no such address"))
        await driving
        told = (await letters.settled())[1]
        assert (told.status, told.reason.code if told.reason else "") == ("failed", "skill_failed")
        assert letters.sent > 1


@pytest.mark.parametrize("effect", ["write", "idempotent write"])
async def test_an_end_that_nobody_knows_is_told_as_that(effect: Effect) -> None:
    async with sending(effect) as (letters, driving):
        await letters.does(lambda now: person.take(now, "a1", by="lee"))
        letters.end(ConnectionResetError("after DATA"))
        await driving
        last = (await letters.settled())[-1]
        assert last.reason is not None
        assert (last.status, last.reason.code, last.reason.params["why"]) == ("failed", "end_unknown", "skill_failed")


async def test_a_read_of_a_seat_that_is_gone_is_not_waited_for() -> None:
    async with sending("read") as (letters, driving):
        await letters.does(lambda now: person.take(now, "a1", by="lee"))
        letters.end()
        case = await driving
        assert (case.overtaken, [one.status for one in await letters.settled()]) == ({}, ["failed"])


async def test_whoever_holds_the_seat_of_a_paused_case_is_told_too() -> None:
    async with sending() as (letters, driving):
        await letters.does(lambda now: person.take(now, "a1", by="lee"))
        await letters.does(lambda now: person.pause(now, by="lee"))
        letters.end()
        assert (await driving).status == "paused"
        assert (await letters.settled())[-1].value == "sent"


async def test_a_write_whose_runner_has_died_is_not_waited_for() -> None:
    async with sending() as (letters, driving):
        await letters.does(lambda now: person.take(now, "a1", by="lee"))
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)
        letters.end()
        held = await letters.store.lease_of(letters.name)
        if held is not None:
            await letters.store.release(held)
        await letters.does(lambda now: person.reassign(now, "a1", agent="other", by="lee"))
        case = await letters.runner("second").drive(letters.name)
        assert case is not None
        assert (case.status, case.overtaken) == ("closed", {})
        assert "outcome_told" not in await letters.kinds(), "it may have happened: nobody can tell"


async def test_a_case_cancelled_while_such_a_write_runs_says_that_nobody_knows() -> None:
    async with sending() as (letters, _):
        await letters.does(lambda now: person.take(now, "a1", by="lee"))
        case = await letters.does(lambda now: person.cancel(now, by="lee"))
        assert (case.unclear, case.overtaken) == ({"a1/1/0": "send"}, {})


async def test_a_log_in_which_the_seat_was_not_told_tells_it_when_it_is_driven_on() -> None:
    """Older versions told nobody."""
    async with sending() as (letters, driving):
        await letters.does(lambda now: person.take(now, "a1", by="lee"))
        letters.end()
        await driving
        log = await letters.store.read(letters.name)
        (finished,) = [one.seq for one in await load_log(letters.store, letters.name) if one.kind == "skill_finished"]
        fork = await letters.house.fork(letters.name, finished, by="lee")
        await letters.house.drive(fork)
        told = [one for one in await load_log(letters.store, fork) if isinstance(one.body, e.OutcomeTold)]
        assert (len(log), len(told)) == (finished + 1, 1)

"""Law 3 where the runner lives: a skill ends, and nobody knows whether it did its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Effect, Policy, Reason, SkillSpec
from jihwi.case.state import Case, waits
from jihwi.case.turn import Call, CallSettled, Delegate, Report, Turn, View
from jihwi.errors import (
    JihwiError,
    ScriptAnswer,
    ScriptFailed,
    ScriptKilled,
    ServerLost,
    ServerUnreachable,
    SkillFailed,
    StoreBusy,
    ToolAnswer,
    ToolFailed,
)
from jihwi.orchestrator import Orchestrator, Settings, load_case, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import EventStore
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator

Runs = Callable[[SkillContext, dict[str, Any]], Awaitable[SkillResult]]
ALLOWED = Policy(approve=("send",), retries=1)


class Post:
    """A skill that sends, and remembers under which keys it was called; each call ends as the next of `ends` says."""

    def __init__(self, effect: Effect, *ends: BaseException | object, timeout_ms: int = 60_000) -> None:
        spec = SkillSpec("send", effect=effect, timeout_ms=timeout_ms)
        self.skill = Skill(spec, "Sends.", {"type": "object"}, self._run)
        self.keys: list[str] = []
        self.begun = asyncio.Event()
        self._ends = list(ends)

    async def _run(self, context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        self.keys.append(context.idempotency_key)
        self.begun.set()
        end = self._ends.pop(0) if self._ends else "sent"
        if end is HANGS:
            await asyncio.Event().wait()
        if isinstance(end, BaseException):
            raise end
        return SkillResult(end)


HANGS = object()


def worker(view: View) -> Turn:
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not settled:
        return Turn(actions=(Call("send", {"to": "kim"}),))
    return Turn(actions=(Report(text=f"{settled[0].status}: {settled[0].value}"),))


def house_of(post: Post, store: EventStore | None = None, **more: Any) -> Orchestrator:
    return an_orchestrator(store or MemoryStore(), {"worker": worker}, post.skill, **more)


async def _driven(post: Post, house: Orchestrator | None = None) -> tuple[Orchestrator, Case]:
    house = house or house_of(post)
    case = await house.run(an_opening(an_agent("worker", post.skill), policy=ALLOWED))
    return house, case


def _uncertain(case: Case) -> list[Reason | None]:
    return [a.doubt for one in case.assignments.values() for a in one.actions if a.status == "uncertain"]


UNKNOWN: dict[str, BaseException | object] = {
    "its server was lost": ServerLost("send", "post (http://127.0.0.1:1)"),
    "its answer cannot be used": ToolAnswer("send", "no integer"),
    "its script was killed": ScriptKilled("send", "SIGKILL"),
    "its script answered no JSON": ScriptAnswer("send", "line 1"),
    "it raised anything": ConnectionResetError("after DATA"),
    "it raised another error of the house": StoreBusy("/srv", 5),
    "it answered what no log can hold": object(),
}


@pytest.mark.parametrize("end", UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_a_write_nobody_knows_the_end_of_is_laid_before_a_person(end: object) -> None:
    post = Post("write", end)
    house, case = await _driven(post)
    assert waits(case) == 1
    (doubt,) = _uncertain(case)
    assert doubt is not None, "what is known of it is told"
    await house.submit(
        case.id, lambda now: person.settle_uncertainty(now, "a1", 0, "happened", by="lee", words="saw it")
    )
    ended = await house.drive(case.id)
    assert ended is not None
    assert (ended.answer, len(post.keys)) == ("finished: {'note': 'saw it'}", 1)


async def test_a_write_whose_time_is_over_is_laid_before_a_person() -> None:
    post = Post("write", HANGS, timeout_ms=20)
    _, case = await _driven(post)
    assert [one.code for one in _uncertain(case) if one is not None] == ["skill_timeout"]
    assert len(post.keys) == 1


KNOWN: dict[str, JihwiError] = {
    "it says itself that it failed": SkillFailed("send", "no such address"),
    "its script ended with a code": ScriptFailed("send", "exit 1: no such address"),
    "its server answered that it failed": ToolFailed("send", "no such address"),
    "its server was never reached": ServerUnreachable("send", "post (http://127.0.0.1:1)"),
}


@pytest.mark.parametrize("effect", ["write", "idempotent write", "read"])
@pytest.mark.parametrize("end", KNOWN.values(), ids=KNOWN.keys())
async def test_what_failed_by_its_own_word_or_never_began_is_a_failure(end: JihwiError, effect: Effect) -> None:
    post = Post(effect, end)
    _, case = await _driven(post)
    assert (case.answer, len(post.keys)) == ("failed: None", 1)


@pytest.mark.parametrize("end", UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_a_read_only_fails_and_its_mind_may_ask_again(end: object) -> None:
    post = Post("read", end)
    _, case = await _driven(post)
    assert (case.answer, len(post.keys)) == ("failed: None", 1)


async def test_an_idempotent_write_is_done_again_with_its_key() -> None:
    post = Post("idempotent write", ConnectionResetError("after DATA"))
    house, case = await _driven(post)
    assert case.answer == "finished: sent"
    assert len(post.keys) == 2
    assert len(set(post.keys)) == 1
    (failed,) = [one.body for one in await load_log(house.store, case.id) if isinstance(one.body, e.SkillFailed)]
    assert failed.retry_at_ms > 0


@pytest.mark.parametrize("last", [ServerLost("send", "post"), ServerUnreachable("send", "post")])
async def test_an_idempotent_write_that_never_ends_well_is_laid_before_a_person(last: JihwiError) -> None:
    """Also when the last attempt did not begin: the one before it may have done the work."""
    post = Post("idempotent write", ServerLost("send", "post"), last)
    house, case = await _driven(post)
    assert len(_uncertain(case)) == 1
    await house.submit(case.id, lambda now: person.settle_uncertainty(now, "a1", 0, "run_again", by="lee"))
    ended = await house.drive(case.id)
    assert ended is not None
    assert (ended.answer, len(post.keys), len(set(post.keys))) == ("finished: sent", 3, 1)


async def test_a_write_still_running_when_the_grace_is_over_is_laid_before_a_person_by_the_next_runner() -> None:
    store = MemoryStore()
    hanging = Post("write", HANGS)
    first = house_of(hanging, store, runner="first", settings=Settings(grace_seconds=0.01, look_seconds=0.01))
    running = asyncio.create_task(_driven(hanging, first))
    async with asyncio.timeout(60):
        await hanging.begun.wait()
    first.stop()
    _, left = await running
    assert await store.lease_of(left.id) is None, "nobody has to wait for the lease to run out"
    second = Post("write")
    case = await house_of(second, store, runner="second").drive(left.id)
    assert case is not None
    assert (len(_uncertain(case)), waits(case)) == (1, 1)
    assert second.keys == [], "it is not done again"


async def test_what_a_fork_would_do_again_is_asked_anew() -> None:
    """An idempotent write that a person approved waits to be done again: the fork asks first."""
    post = Post("idempotent write", *[ServerLost("send", "post")] * 2)
    spec = SkillSpec("send", effect="idempotent write", approval="always")
    skill = Skill(spec, "Sends.", {"type": "object"}, post.skill.run)
    house = an_orchestrator(MemoryStore(), {"worker": worker}, skill)
    case = await house.run(an_opening(an_agent("worker", skill), policy=Policy(retries=1)))
    await house.submit(case.id, lambda now: person.approve(now, "", by="lee"))
    await house.drive(case.id)
    log = await load_log(house.store, case.id)
    (failed,) = [one.seq for one in log if isinstance(one.body, e.SkillFailed)]
    fork = await house.fork(case.id, failed, by="lee")
    keys = len(post.keys)
    await house.drive(fork)
    forked = await load_case(house.store, fork)
    assert len(person.open_approvals(forked)) == 1
    assert len(post.keys) == keys


@pytest.mark.parametrize(("effect", "unclear"), [("write", {"a1/1/0": "send"}), ("read", {})])
async def test_a_case_that_is_cancelled_in_the_middle_of_a_write_says_so(
    effect: Effect, unclear: dict[str, str]
) -> None:
    store = MemoryStore()
    post = Post(effect, HANGS)
    house = house_of(post, store, settings=Settings(look_seconds=0.01))
    running = asyncio.create_task(_driven(post, house))
    async with asyncio.timeout(60):
        await post.begun.wait()
    (row,) = await store.rows()
    await house.submit(row.case_id, lambda now: person.cancel(now, by="lee"))
    _, case = await running
    assert (case.status, case.unclear) == ("cancelled", unclear)
    assert (await load_case(store, case.id)).unclear == unclear


async def test_what_is_heard_of_a_write_after_its_assignment_was_cancelled_makes_it_clear() -> None:
    store, go = MemoryStore(), asyncio.Event()
    begun = asyncio.Event()

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        begun.set()
        await go.wait()
        return SkillResult("sent")

    send = Skill(SkillSpec("send", effect="write"), "Sends.", {"type": "object"}, runs)

    def lead(view: View) -> Turn:
        return Turn(actions=(Delegate("worker", "send it"),)) if view.turn == 1 else Turn("end")

    house = an_orchestrator(store, {"lead": lead, "worker": worker}, send, settings=Settings(look_seconds=0.01))
    agents = (an_agent("lead", delegates=("worker",)), an_agent("worker", send))
    running = asyncio.create_task(house.run(an_opening(*agents, policy=ALLOWED)))
    async with asyncio.timeout(60):
        await begun.wait()
    (row,) = await store.rows()
    case = await house.submit(row.case_id, lambda now: person.cancel_assignment(now, "a1.1", by="lee"))
    assert case.unclear == {"a1.1/1/0": "send"}
    go.set()
    await running
    log = await load_log(store, row.case_id)
    if any(isinstance(one.body, e.SkillFinished) for one in log):
        assert (await load_case(store, row.case_id)).unclear == {}

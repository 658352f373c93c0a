"""Only so many turns of a model and calls of a skill at a time; who waits is served in turn, and has not begun."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jihwi.case import person
from jihwi.case.assignment import MindSpec, SkillSpec
from jihwi.case.reasons import say
from jihwi.case.turn import Call, CallSettled, ChildReported, Delegate, Report, Turn, View
from jihwi.clock import Clock
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Orchestrator, Settings, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import EventStore
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import FewAtATime, an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import ManualClock

QUICK = Settings(look_seconds=0.01, grace_seconds=60)
SLOT = "model model"
LIMIT_SECONDS = 120.0
"""What comes about by itself has done so by then, on the slowest machine and disk."""


class Model:
    """A mind that counts how many of its turns are under way, and whose they were; it answers when `go` is set."""

    def __init__(self, decide: Callable[[View], Turn]) -> None:
        self._decide = decide
        self.now = self.most = 0
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.go.set()
        self.fails = ""
        """The request whose turns fail."""
        self.news = asyncio.Condition()

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        self.now += 1
        self.most = max(self.most, self.now)
        self.asked.append(view.request)
        async with self.news:
            self.news.notify_all()
        try:
            await self.go.wait()
            if view.request == self.fails:
                raise RuntimeError("no answer")
            return self._decide(view)
        finally:
            self.now -= 1

    async def asked_for(self, count: int) -> None:
        """Wait until so many turns were asked for."""
        async with asyncio.timeout(LIMIT_SECONDS), self.news:
            await self.news.wait_for(lambda: len(self.asked) >= count)


def turns(count: int) -> Callable[[View], Turn]:
    """Goes through so many turns, each with a call but the last."""

    def decide(view: View) -> Turn:
        return Turn(actions=(Report(text="end"),)) if view.turn == count else Turn(text="…", actions=(Call("look"),))

    return decide


async def _look(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
    return SkillResult(context.turn)


LOOK = Skill(SkillSpec("look"), "Looks.", {"type": "object"}, _look)
ONE_AGENT = an_agent("worker", LOOK, mind=MindSpec("model", "model"))


def house_with(
    model: Model,
    store: EventStore | None = None,
    *,
    limit: int = 1,
    settings: Settings = QUICK,
    runner: str = "test",
    clock: Clock | None = None,
) -> Orchestrator:
    """A runner whose model takes `limit` turns at a time."""
    limits = FewAtATime(minds={"model": limit})
    return an_orchestrator(
        store or MemoryStore(),
        {"plain": turns(3)},
        LOOK,
        minds={"model": model},
        limits=limits,
        settings=settings,
        runner=runner,
        clock=clock,
    )


@asynccontextmanager
async def serving(*houses: Orchestrator) -> AsyncIterator[None]:
    """The runners at work."""
    tasks = [asyncio.create_task(house.serve()) for house in houses]
    try:
        yield
    finally:
        for house in houses:
            house.stop()
        await asyncio.gather(*tasks)


async def ended(store: EventStore, *cases: str) -> None:
    """Wait until the cases are closed."""
    async with asyncio.timeout(LIMIT_SECONDS):
        for case_id in cases:
            seen = 0
            while (row := await store.row(case_id)) is None or row.status != "closed":
                await store.wait(case_id, seen, seconds=1)
                seen = row.seq if row is not None else 0


async def _all_driven(store: EventStore, *cases: str) -> None:
    """Wait until a runner has each of the cases."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not all([await store.lease_of(case_id) for case_id in cases]):
            await store.wait(None, 0, seconds=0.01)


async def kinds_of(store: EventStore, case_id: str) -> list[str]:
    """What happened in the case."""
    return [event.kind for event in await load_log(store, case_id)]


@pytest.mark.parametrize("limit", [1, 3])
async def test_two_runners_together_never_ask_the_model_more_often_than_it_takes(limit: int) -> None:
    model, store = Model(turns(3)), MemoryStore()
    houses = [house_with(model, store, limit=limit, runner=name) for name in ("one", "two")]
    cases = [await houses[0].open(an_opening(ONE_AGENT)) for _ in range(12)]
    model.go.clear()
    async with serving(*houses):
        await _all_driven(store, *cases)
        await model.asked_for(limit)
        model.go.set()
        await ended(store, *cases)
    assert (model.most, len(model.asked)) == (limit, 36)
    assert await store.slots.taken(SLOT) == 0


async def test_a_skill_runs_only_so_many_times_at_a_time_though_one_case_asks_for_all_at_once() -> None:
    now = most = 0

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return SkillResult(arguments["n"])

    convert = Skill(SkillSpec("convert"), "Converts.", {"type": "object"}, runs)

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=tuple(Call("convert", {"n": n}) for n in range(10)))
        found = [one.value for one in view.transcript if isinstance(one, CallSettled)]
        return Turn(actions=(Report(text=str(sorted(found))),))

    limits = FewAtATime(skills={"convert": 2})
    house = an_orchestrator(MemoryStore(), {"worker": worker}, convert, limits=limits, settings=QUICK)
    case = await house.run(an_opening(an_agent("worker", convert)))
    assert (most, case.answer) == (2, str(list(range(10))))


async def test_nothing_is_begun_that_does_not_run_and_the_case_says_that_it_waits() -> None:
    model, store = Model(turns(1)), MemoryStore()
    model.go.clear()
    house = house_with(model, store)
    first = await house.open(an_opening(ONE_AGENT))
    async with serving(house):
        await model.asked_for(1)
        second = await house.open(an_opening(ONE_AGENT))
        async with asyncio.timeout(LIMIT_SECONDS):
            while (await house.case(second)).assignments["a1"].awaits is None:
                await store.wait(second, (await house.case(second)).seq, seconds=1)
        case = await house.case(second)
        reason = case.assignments["a1"].awaits
        assert reason is not None
        assert say(reason, "ko") == "'model' 모델은 한 번에 1개 차례만 받습니다. 빈 자리가 나기를 기다립니다."
        assert say(reason, "en") == "The model 'model' is asked by at most 1 at a time. It waits for a free place."
        assert ("turn_started" in await kinds_of(store, first), case.status) == (True, "open")
        assert "turn_started" not in await kinds_of(store, second)
        row = await store.row(second)
        assert row is not None
        assert row.status == "running", "a runner has work here"
        model.go.set()
        await ended(store, first, second)
    kinds = await kinds_of(store, second)
    assert (kinds.count("slot_awaited"), kinds.count("turn_started")) == (1, 1)
    assert (await house.case(second)).assignments["a1"].awaits is None


async def test_a_short_wait_leaves_nothing_in_the_log() -> None:
    model, store = Model(turns(2)), MemoryStore()
    house = house_with(model, store, clock=ManualClock())  # it stands: no wait is long, however slow the machine is
    cases = [await house.open(an_opening(ONE_AGENT)) for _ in range(5)]
    async with serving(house):
        await ended(store, *cases)
    for case_id in cases:
        assert "slot_awaited" not in await kinds_of(store, case_id)


async def test_a_turn_that_fails_gives_its_place_back() -> None:
    model, store = Model(turns(1)), MemoryStore()
    model.go.clear()
    model.fails = "a"
    house = house_with(model, store)
    failing = await house.open(an_opening(ONE_AGENT, request="a"))
    async with serving(house):
        await model.asked_for(1)
        other = await house.open(an_opening(ONE_AGENT, request="b"))
        model.go.set()
        await ended(store, other)
    assert await store.slots.taken(SLOT) == 0
    assert "turn_failed" in await kinds_of(store, failing)


async def test_a_case_that_is_cancelled_while_it_waits_leaves_the_line() -> None:
    model, store = Model(turns(1)), MemoryStore()
    model.go.clear()
    house = house_with(model, store)
    first = await house.open(an_opening(ONE_AGENT, request="a"))
    async with serving(house):
        await model.asked_for(1)
        second, third = [await house.open(an_opening(ONE_AGENT, request=name)) for name in "bc"]
        await _all_driven(store, second, third)
        await house.submit(second, lambda c: person.cancel(c, by="lee"))
        model.go.set()
        await ended(store, first, third)
    assert model.asked == ["a", "c"]
    assert await store.lease_of(second) is None


async def test_a_runner_that_stops_lets_go_of_what_waits_and_another_goes_on() -> None:
    model, store = Model(turns(1)), MemoryStore()
    model.go.clear()
    house = house_with(model, store)
    cases = [await house.open(an_opening(ONE_AGENT)) for _ in range(3)]
    async with serving(house):
        await model.asked_for(1)
        await _all_driven(store, *cases)
        house.stop()
        model.go.set()
    assert [await store.lease_of(case_id) for case_id in cases] == [None, None, None]
    assert sum([(await kinds_of(store, case_id)).count("turn_started") for case_id in cases]) == 1
    again = house_with(model, store, runner="again")
    async with serving(again):
        await ended(store, *cases)
    assert len(model.asked) == 3


async def test_cases_that_wait_for_the_model_keep_no_other_from_being_driven() -> None:
    model, store = Model(turns(1)), MemoryStore()
    model.go.clear()
    house = house_with(model, store, settings=Settings(look_seconds=0.01, cases=2))
    waiting = [await house.open(an_opening(ONE_AGENT)) for _ in range(4)]
    plain = await house.open(an_opening(an_agent("plain", LOOK)))
    async with serving(house):
        await ended(store, plain)
        await model.asked_for(1)
        assert len(model.asked) == 1
        model.go.set()
        await ended(store, *waiting)


# ── fair turns ───────────────────────────────────────────────────────────────

CHILDREN, CHILD_TURNS, SMALL_TURNS = 100, 2, 3


def _large_and_small(view: View) -> Turn:
    if view.request == "small":
        return turns(SMALL_TURNS)(view)
    if view.agent.name == "child":
        return turns(CHILD_TURNS)(view)
    if view.turn == 1:
        return Turn(actions=tuple(Delegate("child", f"{n}") for n in range(CHILDREN)))
    return Turn(actions=(Report(text=str(sum(isinstance(one, ChildReported) for one in view.transcript))),))


@pytest.mark.parametrize("runners", [1, 2])
async def test_a_small_case_ends_after_as_many_turns_of_a_large_one_as_it_has_itself(runners: int) -> None:
    model, store = Model(_large_and_small), MemoryStore()
    houses = [
        house_with(model, store, runner=f"{n}", settings=Settings(look_seconds=0.01, cases=2 // runners))
        for n in range(runners)
    ]
    child = an_agent("child", LOOK, mind=MindSpec("model", "model"))
    boss = an_agent("boss", delegates=("child",), mind=MindSpec("model", "model"))
    large = await houses[0].open(an_opening(boss, child, request="large"))
    async with serving(*houses):
        await model.asked_for(5)  # the large case has its hundred children in the line
        before = len(model.asked)
        small = await houses[0].open(an_opening(ONE_AGENT, request="small"))
        await ended(store, small, large)
    assert model.asked.count("small") == SMALL_TURNS
    assert model.asked.count("large") == 2 + CHILDREN * CHILD_TURNS
    last = max(n for n, request in enumerate(model.asked) if request == "small")
    assert last - before <= 3 * SMALL_TURNS, "the large case had one turn, or one and its next, for each of the small"
    assert (model.most, (await houses[0].case(large)).answer) == (1, "100")

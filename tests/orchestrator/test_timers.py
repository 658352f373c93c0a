"""Deadlines and retries stand in the log: they outlive the runner that set them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jihwi.case import person
from jihwi.case.assignment import MindSpec, Policy
from jihwi.case.events import Draft
from jihwi.case.state import Case
from jihwi.case.turn import Call, CallSettled, Report, Turn, View
from jihwi.errors import CommandForbidden, ModelBusy, ModelCut, ModelError
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Orchestrator
from jihwi.store.memory import MemoryStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import HOUR_MS, ManualClock


def _worker(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Call("send", {"to": "all"}),))
    (settled,) = [one for one in view.transcript if isinstance(one, CallSettled)]
    return Turn(actions=(Report(text=settled.status),))


async def test_an_approval_that_nobody_answers_goes_to_the_deputy_and_then_lapses_across_restarts(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    send = a_skill("send", effect="write", approval="always")
    opening = an_opening(an_agent("worker", send), policy=Policy(approval_expires_ms=HOUR_MS, deputy="park"))
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        case = await an_orchestrator(store, {"worker": _worker}, send).run(opening)
        row = await store.row(case.id)
        assert row is not None
        assert row.wake_at_ms == clock.ms + HOUR_MS
    for deputy in ("park", ""):
        clock.ms += HOUR_MS + 1
        async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
            claimed = await store.claim("another")
            assert claimed is not None, "a case whose time has come is work for any runner"
            await store.release(claimed)
            driven = await an_orchestrator(store, {"worker": _worker}, send, runner=f"after {deputy}").drive(case.id)
            assert driven is not None
            if deputy:
                (waiting,) = person.open_approvals(driven)
                assert waiting.deputy == deputy
    assert driven is not None
    assert driven.answer == "rejected"


class _FailsOnce:
    """A model that is away at first."""

    def __init__(self) -> None:
        self.asked = 0

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        self.asked += 1
        if self.asked == 1:
            raise ModelBusy("test", "busy", retry_after_seconds=HOUR_MS / 1000)
        return Turn("end")


async def test_a_model_that_asks_for_an_hour_gets_it_though_the_runner_ends_meanwhile(tmp_path: Path) -> None:
    clock = ManualClock()
    mind: Any = _FailsOnce()
    opening = an_opening(an_agent("worker", mind=MindSpec("model", "m")))
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        case = await an_orchestrator(store, {}, minds={"m": mind}).run(opening)
        assert (case.status, mind.asked) == ("open", 1)
    clock.ms += HOUR_MS // 2
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        await an_orchestrator(store, {}, minds={"m": mind}, runner="early").drive(case.id)
        assert mind.asked == 1
    clock.ms += HOUR_MS
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        ended = await an_orchestrator(store, {}, minds={"m": mind}, runner="late").drive(case.id)
    assert ended is not None
    assert (ended.answer, mind.asked) == ("end", 2)


async def test_cases_that_a_busy_model_sent_away_do_not_all_come_back_at_once_and_none_too_soon() -> None:
    clock = ManualClock()
    house = an_orchestrator(
        MemoryStore(clock=clock), {}, minds={"m": _Away(ModelBusy("m", "", retry_after_seconds=60))}
    )
    until = set()
    for _ in range(20):
        case = await house.run(an_opening(an_agent("worker", mind=MindSpec("model", "m"))))
        (at_ms,) = case.timers.values()
        assert 60_000 <= at_ms - clock.ms <= 61_000
        until.add(at_ms)
    assert len(until) > 5


async def test_what_a_broken_off_answer_cost_counts_in_the_budget() -> None:
    away = _Away(ModelCut("m", "closed", input_tokens=900, output_tokens=30, micros=7))
    case = await an_orchestrator(MemoryStore(clock=ManualClock()), {}, minds={"m": away}).run(
        an_opening(an_agent("worker", mind=MindSpec("model", "m")), policy=Policy(retries=0))
    )

    (assignment,) = case.assignments.values()
    assert (assignment.spent.tokens, assignment.spent.micros) == (930, 7)


class _Away:
    """A model that fails each time in the same way."""

    def __init__(self, failure: ModelError) -> None:
        self._failure = failure

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        raise self._failure


async def _escalated(policy: Policy) -> tuple[Orchestrator, Case]:
    """A case whose approval nobody answered in time."""
    clock = ManualClock()
    send = a_skill("send", effect="write", approval="always")
    house = an_orchestrator(MemoryStore(clock=clock), {"worker": _worker}, send)
    case = await house.run(an_opening(an_agent("worker", send), policy=policy))
    clock.ms += HOUR_MS + 1
    driven = await house.drive(case.id)
    assert driven is not None
    return house, driven


POLICY = Policy(approval_expires_ms=HOUR_MS, deputy="park", above_deputy=("head",))


@pytest.mark.parametrize("who", ["park", "head"])
async def test_what_went_to_the_deputy_is_answered_by_the_deputy_or_who_is_above_and_by_nobody_else(who: str) -> None:
    house, case = await _escalated(POLICY)
    (waiting,) = person.open_approvals(case)
    assert waiting.expires_at_ms == case.now_ms + HOUR_MS
    answers: list[Callable[[Case], list[Draft]]] = [
        lambda c: person.approve(c, waiting.id, by="lee"),
        lambda c: person.edit(c, waiting.id, {"to": "me"}, by="lee"),
        lambda c: person.reject(c, waiting.id, by="kim"),
    ]
    for command in answers:
        with pytest.raises(CommandForbidden) as told:
            await house.submit(case.id, command)
        assert "park" in told.value.words("ko")
        assert "head" in told.value.words("en")
    await house.submit(case.id, lambda c: person.approve(c, waiting.id, by=who))
    driven = await house.drive(case.id)
    assert driven is not None
    assert driven.answer == "finished"


async def test_not_even_the_deputy_approves_what_their_own_seat_proposed_unless_the_policy_names_it() -> None:
    clock = ManualClock()
    send = a_skill("send", effect="write", approval="always")
    house = an_orchestrator(MemoryStore(clock=clock), {"worker": _worker}, send)
    case_id = await house.open(an_opening(an_agent("worker", send), policy=POLICY))
    await house.submit(case_id, lambda c: person.take(c, "a1", by="park"))
    proposed = Turn(actions=(Call("send", {"to": "me"}),))
    await house.submit(case_id, lambda c: person.take_turn(c, "a1", proposed, by="park"))
    await house.drive(case_id)
    clock.ms += HOUR_MS + 1
    await house.drive(case_id)
    with pytest.raises(CommandForbidden):
        await house.submit(case_id, lambda c: person.approve(c, "", by="park"))
    await house.submit(case_id, lambda c: person.approve(c, "", by="head"))


async def test_a_deadline_rests_while_its_case_is_paused_and_asks_no_runner_for_anything() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    send = a_skill("send", effect="write", approval="always")
    house = an_orchestrator(store, {"worker": _worker}, send)
    case = await house.run(an_opening(an_agent("worker", send), policy=POLICY))
    await house.submit(case.id, lambda c: person.pause(c, by="lee"))
    clock.ms += 3 * HOUR_MS
    assert await store.claim("another") is None
    await house.submit(case.id, lambda c: person.resume(c, by="lee"))
    driven = await house.drive(case.id)
    assert driven is not None
    (waiting,) = person.open_approvals(driven)
    assert waiting.deputy == "park"

"""What rarely comes together: found by chance (`jihwi.testing.anything`), kept by name. Each deed alone was right."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from jihwi.case import person
from jihwi.case.assignment import MindSpec, Policy, SkillSpec
from jihwi.case.budget import Limits, Spending
from jihwi.case.ledger import Sealed
from jihwi.case.state import Case
from jihwi.case.turn import Ask, Call, CallSettled, ChildReported, Delegate, Release, Report, Turn, View
from jihwi.errors import AppendConflict, CommandRefused
from jihwi.evidence import Viewer
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Orchestrator, Publication, PublicationRefused, Settings, load_case, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import Lease, Patch
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import Press, a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import HOUR_MS, ManualClock

COMPOSE = a_skill("compose", lambda context, arguments: {"said": "x"})
LOOKS = Settings(look_seconds=0.01)


class Gate:
    """Something outside that has begun and goes on until it is let end."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.end = asyncio.Event()

    async def passed(self) -> None:
        self.begun.set()
        await self.end.wait()


class SlowPress(Press):
    """A press that is at work until its gate opens."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    async def publish(
        self, case_id: str, report: Any, *, viewer: Viewer, by: str, seq: int
    ) -> Publication | PublicationRefused:
        await self.gate.passed()
        return await super().publish(case_id, report, viewer=viewer, by=by, seq=seq)


def releases(view: View) -> Turn:
    """Composes, and releases unless it has heard that a report has left."""
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not settled:
        return Turn(actions=(Call("compose"),))
    if settled[-1].skill == "release" and settled[-1].status == "finished":
        return Turn(actions=(Report(text="left"),))
    return Turn(actions=(Release("a1/1/0"),))


@asynccontextmanager
async def at_work(house: Orchestrator, gate: Gate, case_id: str) -> AsyncIterator[asyncio.Task[Case | None]]:
    """The case being driven, at the moment its gate is reached."""
    driving = asyncio.create_task(house.drive(case_id))
    async with asyncio.timeout(60):
        await gate.begun.wait()
        try:
            yield driving
        finally:
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)


async def _releasing() -> tuple[Orchestrator, Gate, SlowPress, str]:
    gate = Gate()
    press = SlowPress(gate)
    house = an_orchestrator(MemoryStore(), {"worker": releases}, COMPOSE, press=press, settings=LOOKS)
    return house, gate, press, await house.open(an_opening(an_agent("worker", COMPOSE)))


@pytest.mark.parametrize("command", ["take", "give"])
async def test_a_report_that_leaves_while_its_seat_changes_hands_is_told_to_whoever_holds_it_then(command: str) -> None:
    house, gate, press, name = await _releasing()
    changes: dict[str, Callable[[Case], Any]] = {
        "take": lambda now: person.take(now, "a1", by="lee"),
        "give": lambda now: person.reassign(now, "a1", by="lee"),
    }
    async with at_work(house, gate, name) as driving:
        changed = await house.submit(name, changes[command])
        said = [one for one in changed.assignments["a1"].transcript if isinstance(one, CallSettled)][-1]
        assert said.reason is not None
        assert (said.status, said.reason.code) == ("failed", "seat_changed_meanwhile"), "not that it was not done"
        gate.end.set()
        case = await driving
    assert case is not None
    last = [one for one in case.assignments["a1"].transcript if isinstance(one, CallSettled)][-1]
    assert (last.skill, last.status, len(press.released)) == ("release", "finished", 1)
    assert (case.status, case.answer) == (("closed", "left") if command == "give" else ("open", ""))


async def test_a_case_that_is_cancelled_while_its_report_leaves_says_that_nobody_knows_whether_it_did() -> None:
    house, gate, _, name = await _releasing()
    async with at_work(house, gate, name):
        cancelled = await house.submit(name, lambda now: person.cancel(now, by="lee"))
    assert cancelled.unclear == {"a1/2/0": "release"}


class SlowMind:
    """A model that thinks until its gate opens."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        await self.gate.passed()
        return Turn("thought", usage=Spending(tokens=100))


async def test_a_turn_that_ends_after_its_seat_changed_hands_is_paid_for_once() -> None:
    gate = Gate()
    house = an_orchestrator(MemoryStore(), {}, minds={"m": SlowMind(gate)}, settings=LOOKS)
    agent = an_agent("worker", mind=MindSpec("model", "m"))
    name = await house.open(an_opening(agent, limits=Limits(turns=5, tokens=20_000)))
    async with at_work(house, gate, name) as driving:
        taken = await house.submit(name, lambda now: person.take(now, "a1", by="lee"))
        assert (taken.assignments["a1"].spent.turns, taken.assignments["a1"].reserved) == (1, Spending())
        gate.end.set()
        case = await driving
    assert case is not None
    spent = case.assignments["a1"].spent
    assert (spent.turns, spent.tokens, case.abandoned) == (1, 100, {})


async def test_a_turn_that_ends_after_its_work_was_cancelled_is_paid_for_once() -> None:
    gate = Gate()
    minds = {"boss": lambda view: Turn(actions=(Delegate("clerk", "x", join=False), Ask("?")))}
    house = an_orchestrator(MemoryStore(), minds, minds={"m": SlowMind(gate)}, settings=LOOKS)
    name = await house.open(
        an_opening(an_agent("boss", delegates=("clerk",)), an_agent("clerk", mind=MindSpec("model", "m")))
    )
    async with at_work(house, gate, name) as driving:
        await house.submit(name, lambda now: person.cancel_assignment(now, "a1.1", by="lee"))
        gate.end.set()
        case = await driving
    assert case is not None
    assert [case.assignments[one].spent.turns for one in ("a1", "a1.1")] == [2, 1]


def lead(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Delegate("clerk", "x", join=False), Ask("?")))
    return Turn(actions=(Report(text="end"),))


def asks_then(does: Turn) -> Callable[[View], Turn]:
    return lambda view: Turn(actions=(Ask("?"),)) if view.turn == 1 else does


async def test_no_write_begins_in_the_moment_its_case_ends() -> None:
    """The last open root reports while a child that nobody waits for would send its letter."""
    sent: list[Any] = []
    send = a_skill("send", lambda context, arguments: sent.append(arguments), effect="write")
    minds = {
        "lead": lead,
        "clerk": asks_then(Turn(actions=(Call("send"),))),
        "editor": asks_then(Turn(actions=(Report(text="aside"),))),
    }
    house = an_orchestrator(MemoryStore(), minds, send)
    case = await house.run(an_opening(an_agent("lead", delegates=("clerk",)), an_agent("clerk", send)))
    await house.submit(case.id, lambda now: person.ask_aside(now, an_agent("editor"), "polish", {}, by="lee"))
    await house.drive(case.id)
    await house.submit(case.id, lambda now: person.answer(now, "!", by="kim", assignment="a1"))
    await house.drive(case.id)
    for one in ("a1.1", "a2"):
        await house.submit(case.id, functools.partial(person.answer, words="!", by="kim", assignment=one))
    ended = await house.drive(case.id)
    assert ended is not None
    assert (ended.status, ended.unclear, sent) == ("closed", {}, [])
    assert (await load_log(house.store, case.id))[-1].kind == "case_closed"


async def test_what_ran_out_is_named_though_a_whole_turn_of_tokens_would_not_fit_either() -> None:
    class Spends:
        async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
            return Turn(actions=(Call("compose", {"n": view.turn}),), usage=Spending(tokens=2_000, ms=10))

    house = an_orchestrator(MemoryStore(), {}, COMPOSE, minds={"m": Spends()})
    agent = an_agent("worker", COMPOSE, mind=MindSpec("model", "m"))
    case = await house.run(an_opening(agent, limits=Limits(tokens=9_000, ms=5)))
    assert case.reason is not None
    assert case.reason.code == "budget_ms"


async def test_a_fork_of_a_case_that_the_house_stopped_tries_again() -> None:
    def empty_until_told(view: View) -> Turn:
        return Turn("end") if "now" in str(list(view.transcript)) else Turn()

    house = an_orchestrator(MemoryStore(), {"worker": empty_until_told})
    stopped = await house.run(an_opening(an_agent("worker")))
    assert stopped.status == "parked"
    fork_id = await house.fork(stopped.id, stopped.seq, by="lee", then=lambda c: person.note(c, "a1", "now", by="lee"))
    fork = await house.drive(fork_id)
    assert fork is not None
    assert (fork.status, fork.answer) == ("closed", "end")


async def test_nobody_stops_waiting_for_a_child_while_the_case_is_paused() -> None:
    gate, clock = Gate(), ManualClock()
    store = MemoryStore(clock=clock)

    def waits_a_minute(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Delegate("clerk", "x", wait_seconds=60),))
        return Turn(
            actions=(Report(text=str([one.status for one in view.transcript if isinstance(one, ChildReported)])),)
        )

    house = an_orchestrator(store, {"boss": waits_a_minute}, minds={"m": SlowMind(gate)}, settings=LOOKS)
    agents = (an_agent("boss", delegates=("clerk",)), an_agent("clerk", mind=MindSpec("model", "m")))
    name = await house.open(an_opening(*agents))
    async with at_work(house, gate, name) as driving:
        await house.submit(name, lambda now: person.pause(now, by="lee"))
        clock.ms += HOUR_MS
        await house.submit(name, lambda now: person.note(now, "a1", "!", by="lee"))
        gate.end.set()
        paused = await driving
    assert paused is not None
    assert (paused.status, "join:a1.1" in paused.timers) == ("paused", True)
    await house.submit(name, lambda now: person.resume(now, by="lee"))
    ended = await house.drive(name)
    assert ended is not None
    assert ended.answer == "['done']"


async def test_an_approval_lapses_when_its_skill_is_another_one_since() -> None:
    send = a_skill("send", effect="write", approval="always")
    newer = Skill(msgspec.structs.replace(send.spec, version="2"), send.description, send.schema, send.run, "tests")
    minds = {"boss": lambda view: Turn(actions=(Call("send"),)) if view.turn == 1 else Turn("end")}
    house = an_orchestrator(MemoryStore(), minds, send)
    case = await house.run(an_opening(an_agent("boss", send)))
    (asked,) = person.open_approvals(case)
    changed = await house.submit(case.id, lambda now: person.ask_aside(now, an_agent("boss", newer), "x", {}, by="lee"))
    assert changed.approvals[asked.id].status == "lapsed"
    last = changed.assignments["a1"].transcript[-1]
    assert isinstance(last, CallSettled)
    assert last.reason is not None
    assert last.reason.code == "skill_left"


async def test_an_agent_does_not_change_while_a_write_of_it_may_have_happened() -> None:
    async def lost(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        raise ConnectionError("gone")

    send = Skill(SkillSpec("send", effect="write"), "Sends.", {"type": "object"}, lost, "tests")
    house = an_orchestrator(MemoryStore(), {"boss": lambda view: Turn(actions=(Call("send"),))}, send)
    case = await house.run(an_opening(an_agent("boss", send), policy=Policy(approve=("send",))))
    assert person.uncertain_writes(case)
    with pytest.raises(CommandRefused) as told:
        await house.submit(case.id, lambda now: person.ask_aside(now, an_agent("boss"), "x", {}, by="lee"))
    assert "send" in told.value.words("en")
    assert person.uncertain_writes(await load_case(house.store, case.id))


async def test_work_that_has_just_reported_is_not_stopped_for_a_child_that_finds_nothing_left() -> None:
    """Else the case would stop at a seat that nobody can take any more."""
    minds = {"lead": lead, "clerk": asks_then(Turn("done")), "editor": asks_then(Turn("aside"))}
    house = an_orchestrator(MemoryStore(), minds)
    opening = an_opening(an_agent("lead", delegates=("clerk",)), an_agent("clerk"), limits=Limits(turns=3))
    case = await house.run(opening)
    editor, own = an_agent("editor"), Limits(turns=5)
    await house.submit(case.id, lambda now: person.ask_aside(now, editor, "polish", {}, by="lee", limits=own))
    await house.drive(case.id)
    for one in ("a1", "a1.1"):
        await house.submit(case.id, functools.partial(person.answer, words="!", by="kim", assignment=one))
    driven = await house.drive(case.id)
    assert driven is not None
    assert (driven.status, driven.open_ids) == ("open", ["a2"])
    child = driven.assignments["a1.1"].report
    assert child is not None
    assert child.status == "failed"


async def test_a_persons_word_comes_through_though_a_runner_writes_all_the_time() -> None:
    class Busy(MemoryStore):
        """Somebody else is faster twenty times."""

        faster = 20

        async def append(
            self,
            case_id: str,
            events: Sequence[Sealed],
            patch: Patch,
            *,
            blobs: Mapping[str, bytes] = {},
            lease: Lease | None = None,
        ) -> None:
            if len(events) == 1 and self.faster:
                self.faster -= 1
                raise AppendConflict(case_id, events[0].seq)
            await super().append(case_id, events, patch, blobs=blobs, lease=lease)

    store = Busy()
    house = an_orchestrator(store, {})
    name = await house.open(an_opening(an_agent("worker")))
    paused = await house.submit(name, lambda now: person.pause(now, by="lee"))
    assert (paused.status, store.faster) == ("paused", 0)

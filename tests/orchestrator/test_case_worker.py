"""A model and a procedure in the case worker's seat have the authority that is written in the policy, and no more.

The model is reached through a real server that speaks the OpenAI protocol.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import MindSpec, Policy
from jihwi.case.state import Case, waits
from jihwi.case.turn import Call, CallSettled, Delegate, HandOff, Release, Report, Turn, View
from jihwi.minds.endpoint import parse_endpoint
from jihwi.minds.model import ModelMind
from jihwi.orchestrator import Orchestrator, load_log
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import Press, a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.openai_server import ChatRequest, Line, OpenAIServer, Reply, Use

JUDGES = Policy(case_worker_approves=("send",))


class World:
    """A clerk who wants to send a letter, and a case worker of one kind who says this verdict when asked for one."""

    def __init__(self, verdict: Any, policy: Policy, kind: str) -> None:
        self.verdict = verdict
        self.sent: list[Any] = []
        send = a_skill(
            "send", lambda context, arguments: self.sent.append(arguments), effect="write", approval="always"
        )
        self.script: Callable[[ChatRequest], Line] = self.speak
        self.mind: Callable[[View], Turn] = self.boss
        self.press = Press()
        mind = MindSpec("model", "boss") if kind == "model" else MindSpec("procedure", "boss")
        self.agents = (
            an_agent("boss", send, delegates=("clerk",), handoffs=("clerk",), mind=mind),
            an_agent("clerk", send),
        )
        self.policy = policy
        self.kind = kind
        self.send = send
        self.own = False
        """The case worker wants to send by itself instead of delegating."""

    @contextlib.asynccontextmanager
    async def driven(self) -> AsyncIterator[tuple[Orchestrator, Case]]:
        opening = an_opening(*self.agents, policy=self.policy)
        if self.kind == "procedure":
            functions = {"clerk": clerk, "boss": self.mind}
            house = an_orchestrator(MemoryStore(), functions, self.send, press=self.press)
            yield house, await house.run(opening)
            return
        with OpenAIServer(self.script) as server:
            model = ModelMind(parse_endpoint(server.spec))
            minds = {"boss": model}
            house = an_orchestrator(MemoryStore(), {"clerk": clerk}, self.send, minds=minds, press=self.press)
            try:
                yield house, await house.run(opening)
            finally:
                await model.close()

    def boss(self, view: View) -> Turn:
        if "approval" in view.inputs:
            assert view.inputs["approval"]["arguments"] == {"to": "kim"}
            return _as_turn(self.verdict)
        if view.turn > 1:
            return Turn(actions=(Report(text="end"),))
        return Turn(actions=(Call("send", {"to": "kim"}) if self.own else Delegate("clerk", "send it"),))

    def speak(self, request: ChatRequest) -> Line:
        if any("verdict" in str(message["content"]) for message in request.messages[:2]):
            return _as_reply(self.verdict)
        if any(message["role"] == "assistant" for message in request.messages):
            return Reply("end")
        use = Use("send", {"to": "kim"}) if self.own else Use("delegate", {"agent": "clerk", "task": "send it"})
        return Reply(uses=(use,))


def _as_turn(verdict: Any) -> Turn:
    match verdict:
        case "call":
            return Turn(actions=(Call("send", {"to": "me"}), Report(data={"verdict": "reject"})))
        case "hand off":
            return Turn(actions=(HandOff("clerk"),))
        case str():
            return Turn(verdict)
    return Turn(actions=(Report(text="because", data=verdict),))


def _as_reply(verdict: Any) -> Reply:
    match verdict:
        case "call":
            use = Use("report", {"status": "done", "text": "", "data": {"verdict": "reject"}})
            return Reply(uses=(Use("send", {"to": "me"}), use))
        case "hand off":
            return Reply(uses=(Use("hand_off", {"agent": "clerk", "note": ""}),))
        case str():
            return Reply(verdict)
    return Reply(uses=(Use("report", {"status": "done", "text": "because", "data": verdict}),))


def clerk(view: View) -> Turn:
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not settled:
        return Turn(actions=(Call("send", {"to": "kim"}),))
    return Turn(actions=(Report(text=settled[-1].status),))


async def answers(house: Orchestrator, case: Case) -> list[tuple[str, str, str]]:
    """Who answered approvals, and how."""
    log = await load_log(house.store, case.id)
    return [
        (event.author.role, event.author.id, event.body.verdict)
        for event in log
        if isinstance(event.body, e.ApprovalAnswered)
    ]


kinds = pytest.mark.parametrize("kind", ["procedure", "model"])


@kinds
@pytest.mark.parametrize("verdict", ["approve", "reject"])
async def test_what_the_policy_names_the_case_workers_seat_answers_when_another_agent_asks(
    kind: str, verdict: str
) -> None:
    world = World({"verdict": verdict}, JUDGES, kind)
    async with world.driven() as (house, case):
        assert case.outcome == "done"
        assert await answers(house, case) == [("agent", "boss", verdict)]
        assert world.sent == ([{"to": "kim"}] if verdict == "approve" else [])
        assert case.assignments["a1.2"].judges == "a1.1/1/1/0"


@kinds
@pytest.mark.parametrize("verdict", [{"verdict": "person"}, {}, {"verdict": "APPROVE!"}, "approve", "hand off"])
async def test_anything_but_a_plain_verdict_goes_to_a_person(kind: str, verdict: Any) -> None:
    world = World(verdict, JUDGES, kind)
    async with world.driven() as (house, case):
        (approval,) = person.open_approvals(case)
        assert (approval.judged, waits(case), world.sent) == (True, 1, [])
        await house.submit(case.id, lambda c: person.approve(c, approval.id, by="lee"))
        ended = await house.drive(case.id)
        assert ended is not None
        assert ended.outcome == "done"
        assert await answers(house, case) == [("person", "lee", "approve")]
        assert world.sent == [{"to": "kim"}]


@kinds
async def test_who_judges_does_nothing_else_meanwhile(kind: str) -> None:
    world = World("call", JUDGES, kind)
    async with world.driven() as (house, case):
        assert world.sent == []
        log = await load_log(house.store, case.id)
        refused = [event.body.reason.code for event in log if isinstance(event.body, e.CallRefused)]
        assert refused == ["only_a_verdict"]
        assert await answers(house, case) == [("agent", "boss", "reject")]


@kinds
async def test_what_the_policy_does_not_name_goes_to_a_person(kind: str) -> None:
    async with World({"verdict": "approve"}, Policy(), kind).driven() as (house, case):
        assert (waits(case), await answers(house, case)) == (1, [])
        assert "a1.2" not in case.assignments


@kinds
async def test_what_the_seat_itself_proposed_goes_to_a_person_whatever_the_policy_lets_it_answer(kind: str) -> None:
    world = World({"verdict": "approve"}, JUDGES, kind)
    world.own = True
    async with world.driven() as (house, case):
        assert (waits(case), world.sent) == (1, [])
        assert await answers(house, case) == []


@kinds
async def test_a_person_may_be_first_and_who_sits_in_the_seat_answers_as_a_person(kind: str) -> None:
    world = World({"verdict": "reject"}, JUDGES, kind)
    async with world.driven() as (house, case):
        assert case.outcome == "done"
        looking = next(
            event.seq for event in await load_log(house.store, case.id) if isinstance(event.body, e.ApprovalReferred)
        )
        fork = await house.fork(case.id, looking, by="lee")
        # In a fork every write is a person's to approve, and a seat that a person took is judged by nobody else.
        await house.drive(fork)
        forked = await house.case(fork)
        (approval,) = person.open_approvals(forked)
        await house.submit(fork, lambda c: person.approve(c, approval.id, by="lee"))
        await house.drive(fork)
        assert world.sent == [{"to": "kim"}]


@kinds
async def test_a_release_that_needs_a_person_waits_for_one_whoever_holds_the_seat(kind: str) -> None:
    policy = Policy(release="person", case_worker_approves=("send", "release"), approve=("send",))
    world = World({"verdict": "approve"}, policy, kind)

    def releases(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("send", {"to": "kim"}),))
        return Turn(actions=(Release("a1/1/0"), Report(text="end")))

    def speaks(request: ChatRequest) -> Line:
        if not any(message["role"] == "assistant" for message in request.messages):
            return Reply(uses=(Use("send", {"to": "kim"}),))
        report = Use("report", {"status": "done", "text": "end"})
        return Reply(uses=(Use("release", {"call": "a1/1/0"}), report))

    world.mind, world.script = releases, speaks
    world.send = a_skill("send", lambda context, arguments: {"report": "ok"}, effect="write")
    async with world.driven() as (house, case):
        assert (waits(case), world.press.released) == (1, [])
        assert await answers(house, case) == []
        await house.submit(case.id, lambda c: person.approve(c, "", by="lee"))
        ended = await house.drive(case.id)
        assert ended is not None
        assert world.press.released == [{"report": "ok"}]

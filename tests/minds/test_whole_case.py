"""A whole case driven by a model: the real orchestrator, a real server, and the log that proves each request."""

from __future__ import annotations

from collections.abc import Mapping

from jihwi.case import events as e
from jihwi.case.assignment import MindSpec
from jihwi.case.ledger import open_event
from jihwi.case.turn import PromptRecord
from jihwi.minds import rebuild_prompt
from jihwi.minds.endpoint import parse_endpoint
from jihwi.minds.model import ModelMind
from jihwi.store import EventStore
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import Press, a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.openai_server import ChatRequest, Fault, Line, OpenAIServer, Reply, Use

MODEL = MindSpec("model", "local")


class Team:
    """What the model says as each agent, told apart by the tools it is offered."""

    def __init__(self) -> None:
        self.busy = True

    def __call__(self, request: ChatRequest) -> Line:
        turn = 1 + sum(message["role"] == "assistant" for message in request.messages)
        if "delegate" in request.tools:
            return self.worker(turn, request)
        if self.busy:
            self.busy = False
            return Fault(503, "loading")
        return self.finder(turn, request)

    def worker(self, turn: int, request: ChatRequest) -> Line:
        if turn == 1:
            return Reply(
                "둘로 나누어 맡깁니다.",
                (
                    Use("delegate", {"agent": "finder", "task": "예산"}),
                    Use("delegate", {"agent": "finder", "task": "결산"}),
                ),
            )
        if turn == 2:
            return Reply('<tool_call>{"name": "compose", "arguments": {}}</tool_call>')
        if turn == 3:
            return Reply(uses=(Use("release", {"call": "a1/2/0"}),))
        return Reply("보고서를 내보냈습니다.")

    def finder(self, turn: int, request: ChatRequest) -> Line:
        task = request.messages[1]["content"].partition("# 맡은 일\n")[2].split("\n")[0]
        if turn == 1:
            return Reply(uses=(Use("search", f"{{'query': '{task}',}}"), Use("fetch_web", {})))
        if turn == 2:
            assert "there is no tool 'fetch_web'" in request.last
            quotation = {"document_id": "d1", "text": f"{task}은 3억 원"}
            finding = {"text": f"{task}은 3억 원이다.", "quotations": [quotation]}
            return Reply(uses=(Use("post_finding", finding), Use("report", {"status": "done", "text": f"{task} 찾음"})))
        raise AssertionError("a finder needs two turns")


async def prompts(store: EventStore, case_id: str) -> Mapping[int, bytes]:
    """Every request of a case, put together from its log alone."""
    records: dict[int, PromptRecord] = {}
    made: dict[int, bytes] = {}
    for sealed in await store.read(case_id):
        event = open_event(sealed)
        if not isinstance(event.body, e.TurnFinished | e.TurnFailed) or event.body.prompt is None:
            continue
        records[event.seq] = event.body.prompt
        chain = [event.body.prompt]
        while chain[0].parent:
            chain.insert(0, records[chain[0].parent])
        stored = {}
        for record in chain:
            for digest in record.parts:
                stored[digest] = await store.blob(digest) or b""
        made[event.seq] = rebuild_prompt(chain, stored)
    return made


async def test_a_team_of_models_works_a_case_to_its_release_and_the_log_holds_every_request() -> None:
    source, reading = "s" * 64, "r" * 64
    hit = {"document_id": "d1", "source": source, "reading": reading, "text": "예산은 3억 원이다."}
    search = a_skill("search", lambda context, arguments: [hit], tainted=True)
    compose = a_skill("compose", lambda context, arguments: {"report": "ok"})
    store, press = MemoryStore(), Press()
    with OpenAIServer(Team()) as server:
        mind = ModelMind(parse_endpoint(server.spec))
        house = an_orchestrator(store, {}, search, compose, press=press, minds={"local": mind})
        case_id = await house.open(
            an_opening(
                an_agent("worker", compose, delegates=("finder",), mind=MODEL),
                an_agent("finder", search, mind=MODEL),
            )
        )
        case = await house.drive(case_id)
        await mind.close()

    assert case is not None
    assert (case.status, case.outcome, case.answer) == ("closed", "done", "보고서를 내보냈습니다.")
    assert press.released == [{"report": "ok"}]
    assert {finding.claim.quotations[0].reading for finding in case.findings} == {reading}
    rebuilt = await prompts(store, case_id)
    answered = [request.body for request in server.requests]
    assert len(answered) == 9
    assert sorted(rebuilt.values()) == sorted(answered), "also the one that was sent to a busy server"

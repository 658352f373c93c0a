"""A prompt that is longer than the model takes is made shorter by a recorded event; a model that refuses gives way to
another one. Real HTTP servers, the real engine."""

from __future__ import annotations

import json
from pathlib import Path

from jihwi.case import events as e
from jihwi.case.assignment import MindSpec, Policy
from jihwi.case.fold import fold
from jihwi.case.state import Case
from jihwi.case.turn import Told
from jihwi.minds.endpoint import parse_endpoint
from jihwi.minds.model import ModelMind
from jihwi.orchestrator import load_case, load_log
from jihwi.store.memory import MemoryStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.openai_server import ChatRequest, Fault, Line, OpenAIServer, Reply, Use
from tests.minds.test_whole_case import prompts

MODEL = MindSpec("model", "local")
FULL = Fault(400, "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.")
LOOK = a_skill("look", lambda context, arguments: {"text": "본문 " * 900, "n": arguments["n"]}, tainted=True)


class Narrow:
    """A model with room for so many letters; it looks `looks` times and then reports what it still knows."""

    def __init__(self, room: int, looks: int) -> None:
        self.room = room
        self.looks = looks
        self.looked = 0
        self.refused = 0

    def __call__(self, request: ChatRequest) -> Line:
        if sum(len(json.dumps(message, ensure_ascii=False)) for message in request.messages) > self.room:
            self.refused += 1
            return FULL
        if self.looked < self.looks:
            self.looked += 1
            return Reply(uses=(Use("look", {"n": self.looked}),))
        return Reply(uses=(Use("report", {"text": "끝"}),))


async def test_a_prompt_that_does_not_fit_is_compacted_by_a_recorded_event(tmp_path: Path) -> None:
    model = Narrow(14_000, 9)
    async with await SqliteStore.open(tmp_path / "cases.db") as store:
        with OpenAIServer(model) as server:
            mind = ModelMind(parse_endpoint(server.spec))
            house = an_orchestrator(store, {}, LOOK, minds={"local": mind})
            case = await house.drive(await house.open(an_opening(an_agent("worker", LOOK, mind=MODEL))))
            await mind.close()
            answered = [request.body for request in server.requests]
        assert case is not None
        assert (case.outcome, case.answer) == ("done", "끝")
        log = await load_log(store, case.id)
        made = [event.body for event in log if isinstance(event.body, e.ContextCompacted)]
        assert 1 <= len(made) == model.refused
        assert sum(isinstance(event.body, e.SkillFinished) for event in log) == 9
        again = await load_case(store, case.id)
        assert [*again.assignments["a1"].transcript] == [*case.assignments["a1"].transcript]
        assert [*fold(case.id, log).assignments["a1"].transcript] == [*case.assignments["a1"].transcript]
        summary = case.assignments["a1"].transcript[1]
        assert isinstance(summary, Told)
        assert summary.reason.code == "context_summary"
        assert "a1/1/0 look, finished" in summary.reason.params["summary"]
        assert all(body in answered for body in (await prompts(store, case.id)).values())


async def test_what_cannot_be_made_shorter_is_laid_before_the_case_worker_in_plain_words() -> None:
    store = MemoryStore()
    with OpenAIServer(Narrow(10, 1)) as server:
        mind = ModelMind(parse_endpoint(server.spec))
        house = an_orchestrator(store, {}, LOOK, minds={"local": mind})
        case = await house.drive(await house.open(an_opening(an_agent("worker", LOOK, mind=MODEL))))
        await mind.close()
    assert case is not None
    assert case.status == "parked"
    (parked,) = [event.body for event in await load_log(store, case.id) if isinstance(event.body, e.CaseParked)]
    assert parked.reason.code == "model_context_full"


async def _with_a_fallback(first: Narrow, second: Narrow, *, retries: int = 3) -> tuple[Case, int, int, list[str]]:
    """A case of one worker with a model and a fallback: how it stands, how often each was asked, who took the turns."""
    store = MemoryStore()
    with OpenAIServer(first) as one, OpenAIServer(second, models=("second",)) as other:
        minds = {
            "local": ModelMind(parse_endpoint(one.spec)),
            "local fallback": ModelMind(parse_endpoint(other.spec)),
        }
        house = an_orchestrator(store, {}, LOOK, minds=minds)
        opening = an_opening(an_agent("worker", LOOK, mind=MODEL), policy=Policy(retries=retries))
        case = await house.drive(await house.open(opening))
        for mind in minds.values():
            await mind.close()
        asked = len(one.requests), len(other.requests)
    assert case is not None
    bodies = [event.body for event in await load_log(store, case.id)]
    return case, *asked, [body.model for body in bodies if isinstance(body, e.TurnFinished)]


async def test_with_a_shorter_prompt_the_same_model_is_asked_and_not_the_fallback() -> None:
    first = Narrow(14_000, 9)
    case, asked, asked_second, models = await _with_a_fallback(first, Narrow(1_000_000, 0))
    assert (case.outcome, case.answer) == ("done", "끝")
    assert first.refused >= 2
    assert (asked, asked_second) == (10 + first.refused, 0)
    assert set(models) == {"scripted"}


async def test_a_prompt_that_cannot_be_made_shorter_goes_to_the_fallback() -> None:
    case, asked, asked_second, models = await _with_a_fallback(Narrow(10, 1), Narrow(1_000_000, 0))
    assert case.outcome == "done"
    assert (asked, asked_second) == (1, 1)
    assert models == ["second"]


async def test_the_last_attempt_at_a_prompt_that_never_fits_is_the_fallback() -> None:
    class Growing(Narrow):
        """It has room for the first turns and for nothing after them."""

        def __call__(self, request: ChatRequest) -> Line:
            if self.looked == self.looks:
                self.refused += 1
                return FULL
            return super().__call__(request)

    case, asked, asked_second, models = await _with_a_fallback(Growing(1_000_000, 9), Narrow(1_000_000, 0), retries=2)
    assert case.outcome == "done"
    assert (asked, asked_second) == (9 + 2, 1)
    assert models[-1] == "second"


async def test_a_model_that_refuses_gives_way_to_the_fallback_at_once() -> None:
    store = MemoryStore()
    with (
        OpenAIServer(lambda request: Fault(401, "no key")) as first,
        OpenAIServer(lambda request: Reply("두 번째 모델의 답"), models=("second",)) as second,
    ):
        minds = {
            "local": ModelMind(parse_endpoint(first.spec)),
            "local fallback": ModelMind(parse_endpoint(second.spec)),
        }
        house = an_orchestrator(store, {}, minds=minds)
        case = await house.drive(await house.open(an_opening(an_agent("worker", mind=MODEL))))
        for mind in minds.values():
            await mind.close()
        assert (len(first.requests), len(second.requests)) == (1, 1)
    assert case is not None
    assert case.answer == "두 번째 모델의 답"
    models = [e_.body.model for e_ in await load_log(store, case.id) if isinstance(e_.body, e.TurnFinished)]
    assert models == ["second"]


async def test_a_model_that_fails_is_asked_twice_before_the_fallback() -> None:
    store = MemoryStore()
    with (
        OpenAIServer(lambda request: Fault(500, "out of memory")) as first,
        OpenAIServer(lambda request: Reply("답"), models=("second",)) as second,
    ):
        minds = {
            "local": ModelMind(parse_endpoint(first.spec)),
            "local fallback": ModelMind(parse_endpoint(second.spec)),
        }
        house = an_orchestrator(store, {}, minds=minds)
        case = await house.drive(await house.open(an_opening(an_agent("worker", mind=MODEL))))
        for mind in minds.values():
            await mind.close()
        assert (len(first.requests), len(second.requests)) == (2, 1)
    assert case is not None
    assert case.answer == "답"

"""What the settings say of limits reaches the engine, and a case that waits for a place says so at the terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jihwi.case.assignment import MindSpec
from jihwi.orchestrator import Limit, Opening, Orchestrator, load_log
from jihwi.settings import Settings
from jihwi.testing.openai_server import ChatRequest, Fault, Line, OpenAIServer
from jihwi.wiring import House, open_house
from tests.cli.terminal import answered, said
from tests.console.office import PATIENCE

FIRST, OTHER = "openai:one@http://127.0.0.1:1/v1", "openai:other@http://127.0.0.1:2/v1"


async def _limit_of(settings: Settings, spec: MindSpec, *, failures: int = 0) -> Limit | None:
    async with open_house(settings) as house:
        orchestrator = house.orchestrator()
        assert orchestrator.line is not None
        limits = orchestrator.effects.limits
        assert limits is not None
        return limits.of_mind(spec, failures=failures)


async def test_a_house_that_limits_nothing_asks_nothing(tmp_path: Path) -> None:
    async with open_house(Settings(home=str(tmp_path), model=FIRST)) as house:
        orchestrator = house.orchestrator()
        assert (orchestrator.line, orchestrator.effects.limits) == (None, None)


@pytest.mark.parametrize(("failures", "asked"), [(0, "one@http://127.0.0.1:1/v1"), (2, "other@http://127.0.0.1:2/v1")])
async def test_each_model_counts_for_itself_the_fallback_too(tmp_path: Path, failures: int, asked: str) -> None:
    settings = Settings(home=str(tmp_path), model=FIRST, model_fallback=OTHER, model_turns=4)
    assert await _limit_of(settings, MindSpec("model"), failures=failures) == Limit("model", asked, 4)


async def test_a_procedure_and_a_model_that_is_none_have_no_limit(tmp_path: Path) -> None:
    settings = Settings(home=str(tmp_path), model_turns=4)
    assert await _limit_of(settings, MindSpec("procedure", "report/writer")) is None
    assert await _limit_of(settings, MindSpec("model", "no model at all")) is None


async def test_a_skill_has_the_limit_that_bears_its_name(tmp_path: Path) -> None:
    async with open_house(Settings(home=str(tmp_path), skill_calls=(("search", 2),))) as house:
        limits = house.orchestrator().effects.limits
        assert limits is not None
        assert (limits.of_skill("search"), limits.of_skill("check")) == (Limit("skill", "search", 2), None)
        assert limits.of_mind(MindSpec("model", FIRST), failures=0) is None


async def _opened(house: House, orchestrator: Orchestrator) -> str:
    team = house.team("report")
    opening = Opening(
        request="출장비 상한은 얼마입니까?",
        requester=house.viewer,
        language="ko",
        team=team.name,
        team_digest=team.digest,
        agents=team.agents,
        policy=team.policy,
    )
    return await orchestrator.open(opening)


async def _left_waiting(folder: Path) -> str:
    """A case that waits while the model is asked for another."""
    asked, answer, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def script(request: ChatRequest) -> Line:
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(answer.wait(), loop).result(PATIENCE)
        return Fault(400, "enough")

    with OpenAIServer(script) as server:
        settings = Settings(home=str(folder / ".jihwi"), viewer="lee", model=server.spec, model_turns=1)
        async with open_house(settings) as house:
            orchestrator = house.orchestrator()
            await _opened(house, orchestrator)
            serving = asyncio.create_task(orchestrator.serve())
            await asyncio.wait_for(asked.wait(), PATIENCE)
            waiting = await _opened(house, orchestrator)
            async with asyncio.timeout(PATIENCE):
                while "slot_awaited" not in (seen := await _kinds(house, waiting)):
                    await house.store.wait(waiting, len(seen), seconds=1)
            orchestrator.stop()
            answer.set()
            await serving
    return waiting


def test_a_case_that_waits_for_the_model_says_so_at_the_terminal(tmp_path: Path) -> None:
    case_id = asyncio.run(_left_waiting(tmp_path))
    english, korean = (
        " ".join(said(tmp_path, "case", "show", case_id, language=one, team="report").split()) for one in ("en", "ko")
    )
    assert "is asked by at most 1 at a time. It waits for a free place." in english
    assert "한 번에 1개 차례만 받습니다. 빈 자리가 나기를 기다립니다." in korean
    (line,) = answered(tmp_path, "case", "show", case_id, team="report")["assignments"]
    assert line["awaits"]["code"] == "no_free_model"
    assert "waits for a free place" in said(tmp_path, "case", "follow", case_id, "--no-wait", team="report")


async def _kinds(house: House, case_id: str) -> list[str]:
    return [event.kind for event in await load_log(house.store, case_id)]

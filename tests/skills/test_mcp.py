"""Tools of MCP servers as skills, against real servers that are killed, changed, silent or wrong."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jihwi.case import person
from jihwi.case.reasons import say
from jihwi.errors import (
    ServerClassRefused,
    ServerLost,
    ServerSilent,
    ServerUnreachable,
    SkillArguments,
    SkillFailed,
    ToolAnswer,
    ToolChanged,
    ToolFailed,
)
from jihwi.settings import Settings
from jihwi.skills import Skill, SkillBox, SkillResult
from jihwi.skills.mcp_calls import McpServers
from jihwi.skills.mcp_tools import Tool, mcp_skills, record
from jihwi.skills.servers import McpServer, parse_server
from jihwi.wiring import House, open_house, record_tools
from tests.network import kept_port
from tests.skills.brought import (
    bodies,
    context,
    eventually,
    listening,
    opening,
    served,
    stdio,
    team_of,
    write,
)

pytest.importorskip("mcp")

TOOLS = """
office:
  tools:
    lookup: {effect: read, leaves_house: false}
    wait: {effect: write, approval: never}
    refuse: {effect: read}
    flood: {effect: read}
"""


@functools.cache
def _offered() -> tuple[Tool, ...]:
    """What the office offers, asked once: a server takes a second to start."""

    async def ask(folder: str) -> tuple[Tool, ...]:
        servers = McpServers({"office": parse_server(stdio(Path(folder)))}, lambda reference: "")
        try:
            return await servers.tools("office")
        finally:
            await servers.close()

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, ask(folder)).result()


class Desk:
    """A team's folder, one server, and the skills made of its tools."""

    def __init__(self, folder: Path, line: str) -> None:
        self.folder = folder
        self.server = parse_server(line)
        self.servers = McpServers({self.server.name: self.server}, lambda reference: f"behind {reference}")
        self.skills: dict[str, Skill] = {}

    def learn(self, declared: str = TOOLS) -> None:
        write(self.folder / "mcp.yaml", declared)
        record(self.folder, {self.server.name: _offered()})
        self.load()

    def load(self, server: McpServer | None = None) -> None:
        known = {self.server.name: server or self.server}
        skills, faults = mcp_skills(self.folder, known, self.servers.caller)
        assert faults == []
        self.skills = {one.spec.name: one for one in skills}

    async def call(self, name: str, **arguments: Any) -> Any:
        SkillBox(self.skills.values()).check(name, arguments)
        result: SkillResult = await self.skills[name].run(context(), arguments)
        assert result.tainted, "what a tool says is text from outside"
        return result.value


@pytest.fixture(params=["program", "address"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    if request.param == "program":
        made = Desk(tmp_path, stdio(tmp_path))
        made.learn()
        yield made
        await made.servers.close()
        return
    with kept_port() as port, served(tmp_path, port):
        await listening(port)
        made = Desk(tmp_path, f"office=http://127.0.0.1:{port}/mcp key=env:OFFICE_KEY")
        made.learn()
        yield made
        await made.servers.close()


async def test_each_tool_is_a_skill_and_what_is_not_declared_counts_as_the_worst(desk: Desk) -> None:
    assert sorted(desk.skills) == ["office_flood", "office_lookup", "office_refuse", "office_send", "office_wait"]
    send, lookup = desk.skills["office_send"].spec, desk.skills["office_lookup"].spec
    assert (send.effect, send.leaves_house, send.approval) == ("write", True, "always")
    assert (lookup.effect, lookup.leaves_house, lookup.approval) == ("read", False, "never")
    assert (await desk.call("office_lookup", number=3))["holder"] == "김하나"
    with pytest.raises(SkillArguments):
        await desk.call("office_lookup", number="three")


async def test_a_tool_that_fails_or_answers_too_much_fails_with_a_reason(desk: Desk) -> None:
    with pytest.raises(ToolFailed, match="refuse"):
        await desk.call("office_refuse")
    with pytest.raises(ToolAnswer, match="1048576"):
        await desk.call("office_flood")
    assert (await desk.call("office_lookup", number=4))["number"] == "4"


async def test_a_server_killed_in_mid_call_is_lost_and_met_anew(desk: Desk, tmp_path: Path) -> None:
    waiting = asyncio.create_task(desk.call("office_wait", effect="write"))
    pid = int(await eventually(tmp_path / "waiting-write"))
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ServerLost):
        await waiting
    if desk.server.url:
        with pytest.raises(ServerUnreachable):
            await desk.call("office_lookup", number=5)
    else:
        assert (await desk.call("office_lookup", number=5))["number"] == "5"


async def test_who_is_not_waited_for_any_more_leaves_no_program_behind(tmp_path: Path) -> None:
    desk = Desk(tmp_path, stdio(tmp_path))
    desk.learn()
    waiting = asyncio.create_task(desk.call("office_wait", effect="write"))
    first = int(await eventually(tmp_path / "waiting-write"))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await desk.call("office_lookup", number=1)
    second = int((await eventually(tmp_path / "looked")).split()[-1])
    assert first != second, "who did not answer in time is not asked next"
    await desk.servers.close()
    for pid in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_server_started_anew_between_calls_is_met_again_before_anything_is_written(tmp_path: Path) -> None:
    with kept_port() as port:
        with served(tmp_path, port):
            await listening(port)
            desk = Desk(tmp_path, f"office=http://127.0.0.1:{port}/mcp")
            desk.learn()
            await desk.call("office_lookup", number=1)
        with served(tmp_path, port):
            await listening(port)
            await desk.call("office_send", to="kim", text="once")
            await desk.servers.close()
    assert (tmp_path / "sent").read_text("utf-8") == "kim: once\n"


async def test_a_tool_that_is_not_as_it_was_recorded_is_not_called(tmp_path: Path) -> None:
    desk = Desk(tmp_path, stdio(tmp_path))
    desk.learn()
    await desk.servers.close()
    changed = Desk(tmp_path, stdio(tmp_path, "changed"))
    changed.load()
    with pytest.raises(ToolChanged, match="send"):
        await changed.call("office_send", to="kim", text="x")
    await changed.call("office_lookup", number=1)
    await changed.servers.close()
    assert not (tmp_path / "sent").exists()


@pytest.mark.parametrize(
    ("how", "problem", "words"),
    [("structure", ToolAnswer, "integer"), ("noise", ServerUnreachable, "the register is locked")],
)
async def test_a_server_that_speaks_badly_fails_the_skill_and_nothing_else(
    tmp_path: Path, how: str, problem: type[SkillFailed], words: str
) -> None:
    liar = Path(__file__).with_name("mcp_liar.py")
    desk = Desk(tmp_path, f"liar=stdio:{sys.executable} {liar} {how}")
    write(tmp_path / "mcp.yaml", "liar: {tools: {count: {effect: read}}}\n")
    record(tmp_path, {"liar": (Tool(name="count", schema={"type": "object"}),)})
    desk.load()
    with pytest.raises(problem, match=words):
        await desk.call("liar_count")
    await desk.servers.close()


async def test_a_server_that_never_answers_when_it_is_met_has_done_nothing(tmp_path: Path) -> None:
    liar = Path(__file__).with_name("mcp_liar.py")
    server = parse_server(f"liar=stdio:{sys.executable} {liar} silence")
    servers = McpServers({"liar": server}, lambda reference: "", patience_seconds=1.5)
    write(tmp_path / "mcp.yaml", "liar: {tools: {count: {effect: write}}}\n")
    record(tmp_path, {"liar": (Tool(name="count", schema={"type": "object"}),)})
    skills, faults = mcp_skills(tmp_path, {"liar": server}, servers.caller)
    assert faults == []
    with pytest.raises(ServerSilent, match=r"1\.5 s") as silent:
        await skills[0].run(context(), {})
    assert "mcp_servers" in silent.value.next_step("en")
    await servers.close()


async def test_hints_are_believed_only_where_the_team_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, stdio(tmp_path))
    desk.learn("office: {}\n")
    assert {one.spec.effect for one in desk.skills.values()} == {"write"}
    write(tmp_path / "mcp.yaml", "office: {trust_hints: true}\n")
    desk.load()
    effects = {name: one.spec.effect for name, one in desk.skills.items()}
    assert (effects["office_lookup"], effects["office_send"]) == ("read", "write")
    assert desk.skills["office_lookup"].spec.leaves_house
    await desk.servers.close()


async def test_a_secret_is_given_to_the_program_alone(tmp_path: Path) -> None:
    line = stdio(tmp_path).replace("stdio:", "stdio:OFFICE_TOKEN=env:DESK_TOKEN ")
    desk = Desk(tmp_path, line)
    desk.learn()
    answer = await desk.skills["office_lookup"].run(context("S"), {"number": 1})
    assert answer.value["token"] == "behind env:DESK_TOKEN", "a tool inside the house may see every class"
    await desk.servers.close()


async def test_text_of_a_class_a_server_may_not_see_does_not_leave(tmp_path: Path) -> None:
    desk = Desk(tmp_path, stdio(tmp_path))
    desk.learn()
    with pytest.raises(ServerClassRefused, match="S"):
        await desk.skills["office_send"].run(context("S"), {"to": "kim", "text": "x"})


def test_nobody_is_met_to_load_a_team_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    def nobody(name: str) -> Any:
        raise AssertionError(name)

    write(tmp_path / "mcp.yaml", "office: {tools: {fly: {}, lookup: {effect: often}}}\n")
    skills, faults = mcp_skills(tmp_path, {}, nobody)
    assert (skills, faults[0].line, "often" in faults[0].en) == ([], 1, True)
    write(tmp_path / "mcp.yaml", "office: {tools: {fly: {}}}\n")
    assert [one.en.partition(":")[0] for one in mcp_skills(tmp_path, {}, nobody)[1]] == [
        "no server 'office' in the setting mcp_servers",
        "the tools of 'office' are not recorded",
    ]
    foreign = Tool(name="look", schema={"type": "object", "$ref": "http://example.org/schema"})
    record(tmp_path, {"office": (foreign,)})
    said = [one.en for one in mcp_skills(tmp_path, {"office": parse_server("office=stdio:x")}, nobody)[1]]
    assert said == [
        "the server 'office' has no tool 'fly'",
        "'look' of 'office': the schema points outside itself: http://example.org/schema",
    ]


# ── whole cases ──────────────────────────────────────────────────────────────


def _house(tmp_path: Path, team: Path) -> Settings:
    settings = Settings(
        home=str(tmp_path / "state"), viewer="kim", language="en", team=str(team), mcp_servers=(stdio(tmp_path),)
    )
    record(team, {"office": _offered()})
    return settings


async def _ended(house: House, case_id: str) -> Any:
    case = await house.orchestrator().drive(case_id)
    assert case is not None
    return case


async def test_a_case_goes_through_a_server_without_a_model_and_asks_before_it_writes(tmp_path: Path) -> None:
    calls = ("office_lookup", {"number": 3}), ("office_send", {"to": "김하나", "text": "hello"})
    team = team_of(tmp_path / "desk", *calls, mcp=TOOLS)
    settings = _house(tmp_path, team)
    assert [one.name for one in (await record_tools(settings, team))["office"]] == [one.name for one in _offered()]
    async with open_house(settings) as house:
        case = await house.orchestrator().run(opening(house))
        assert case.status != "closed"
        (approval,) = case.approvals.values()
        assert (approval.skill, (tmp_path / "sent").exists()) == ("office_send", False)
        await house.orchestrator().submit(case.id, lambda now: person.approve(now, approval.id, by="kim"))
        case = await _ended(house, case.id)
        assert (case.status, case.outcome) == ("closed", "done")
        assert [one.tainted for one in await bodies(house, case, "skill_finished")] == [True, True]
        (joined,) = await bodies(house, case, "agent_joined")
        pinned = {one.name: one for one in joined.agent.skills}
        assert pinned["office_send"] == house.skills.all()["office_send"].spec
        assert len(pinned["office_send"].version) == 16
    assert (tmp_path / "sent").read_text("utf-8") == "김하나: hello\n"


@pytest.mark.parametrize(("effect", "kind"), [("read", "skill_failed"), ("write", "skill_uncertain")])
async def test_a_server_killed_in_mid_call_fails_a_read_and_lays_a_write_before_a_person(
    tmp_path: Path, effect: str, kind: str
) -> None:
    declared = f"office: {{tools: {{wait: {{effect: {effect}, approval: never}}}}}}\n"
    team = team_of(tmp_path / "desk", ("office_wait", {"effect": effect}), mcp=declared)
    async with open_house(_house(tmp_path, team)) as house:
        running = asyncio.create_task(house.orchestrator().run(opening(house)))
        os.kill(int(await eventually(tmp_path / f"waiting-{effect}")), signal.SIGKILL)
        case = await running
        assert len(await bodies(house, case, kind)) == 1
        assert (case.status == "closed") is (effect == "read")


@pytest.mark.parametrize(("effect", "kind"), [("read", "skill_failed"), ("write", "skill_uncertain")])
async def test_a_call_that_is_never_answered_ends_with_its_time_and_says_so(
    tmp_path: Path, effect: str, kind: str
) -> None:
    declared = f"office: {{tools: {{wait: {{effect: {effect}, approval: never, timeout_seconds: 1.5}}}}}}\n"
    team = team_of(tmp_path / "desk", ("office_wait", {"effect": effect}), mcp=declared)
    async with open_house(_house(tmp_path, team)) as house:
        case = await house.orchestrator().run(opening(house))
        (ended,) = await bodies(house, case, kind)
        assert "did not finish within 1.5 seconds" in say(ended.reason, "en")
        assert "timeout_seconds" in say(ended.reason, "en")
        assert (case.status == "closed") is (effect == "read")


# ── the extra ────────────────────────────────────────────────────────────────

WITHOUT_THE_PACKAGE = """
import asyncio, sys
sys.modules["mcp"] = None
from jihwi.case.reasons import say
from jihwi.settings import Settings
from jihwi.wiring import open_house, record_tools
from tests.skills.brought import bodies, opening
from jihwi.errors import ExtraMissing

async def main(home, team, server):
    settings = Settings(home=home, viewer="kim", language="en", team=team, mcp_servers=(server,))
    async with open_house(settings) as house:
        case = await house.orchestrator().run(opening(house))
        (failed,) = await bodies(house, case, "skill_failed")
        print(case.status, say(failed.reason, "en"))
    try:
        await record_tools(settings, __import__("pathlib").Path(team))
    except ExtraMissing as missing:
        print(missing.next_step("en"))

asyncio.run(main(*sys.argv[1:]))
"""


def test_without_the_package_the_skill_fails_with_the_line_that_installs_it(tmp_path: Path) -> None:
    team = team_of(tmp_path / "desk", ("office_lookup", {"number": 1}), mcp=TOOLS)
    record(team, {"office": _offered()})
    command = [sys.executable, "-c", WITHOUT_THE_PACKAGE, str(tmp_path / "state"), str(team), stdio(tmp_path)]
    root = Path(__file__).parents[2]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout.splitlines()
    assert said[0].startswith("closed 'office_lookup' failed: A package for MCP is missing.")
    assert said[0].endswith("pip install 'jihwi[mcp]'")
    assert said[1] == "Install it: pip install 'jihwi[mcp]'"

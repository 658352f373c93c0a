"""The tools of MCP servers as skills: what they are stands in the team's folder, and a server is met only when called.

`mcp.yaml` says what each tool does to the world; `mcp.json` holds the tools as the servers described them when somebody
recorded them. So a team loads without a network, a case pins what its agents were told, and a server that later offers
something else under the same name is not called.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from jihwi.case.assignment import Effect
from jihwi.errors import ServerClassRefused, ServerUnreachable
from jihwi.korean import in_korean
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.skills.declared import LONGEST_PAGE, Declared, Fault, converted, schema_fault, spec_of, yaml_in
from jihwi.skills.servers import McpServer

__all__ = [
    "DECLARED_FILE",
    "RECORDED_FILE",
    "Recorded",
    "Tool",
    "ToolCaller",
    "declared_servers",
    "mcp_skills",
    "record",
]

DECLARED_FILE = "mcp.yaml"
RECORDED_FILE = "mcp.json"
_LONGEST_RECORD = 16 * LONGEST_PAGE
_VERSION_DIGITS = 16


class Tool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tool as its server described it."""

    name: str
    description: str = ""
    schema: dict[str, Any] = {}
    read_only: bool = False
    """What the server says; believed only where `mcp.yaml` says `trust_hints: true`."""
    idempotent: bool = False

    @property
    def version(self) -> str:
        """Stands for all the server said of it."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:_VERSION_DIGITS]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """`mcp.json`: the tools of each server, by the server's name."""

    version: int = 1
    servers: dict[str, tuple[Tool, ...]] = {}


class _Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `mcp.yaml` says of one server."""

    trust_hints: bool = False
    tools: dict[str, Declared] = {}


class ToolCaller(Protocol):
    """Calls a tool of a server. Raises ServerUnreachable, ServerLost, ToolChanged, ToolFailed, ToolAnswer,
    ExtraMissing; what it answers is text from outside."""

    async def call(self, skill: str, tool: Tool, arguments: dict[str, Any], *, effect: Effect, key: str) -> Any: ...


def declared_servers(folder: Path) -> list[str]:
    """The servers a team's `mcp.yaml` names; none when it is missing or broken."""
    declared, _ = _declared(folder)
    return sorted(declared)


def mcp_skills(
    folder: Path, servers: Mapping[str, McpServer], callers: Callable[[str], ToolCaller]
) -> tuple[list[Skill], list[Fault]]:
    """A skill for each recorded tool of the servers that the team in `folder` names, and what is wrong."""
    declared, faults = _declared(folder)
    if not declared:
        return [], faults
    recorded, broken = _recorded(folder)
    faults += broken
    skills: list[Skill] = []
    for name, said in sorted(declared.items()):
        server = servers.get(name)
        if server is None:
            faults.append(
                _fault(f"설정 mcp_servers에 '{name}' 서버가 없습니다", f"no server '{name}' in the setting mcp_servers")
            )
        if name not in recorded and not broken:
            ko = f"'{name}' 서버의 도구가 기록되지 않았습니다: `jihwi team tools`로 기록하십시오"
            en = f"the tools of '{name}' are not recorded: record them with `jihwi team tools`"
            faults.append(_fault(ko, en))
        for missing in sorted(said.tools.keys() - {one.name for one in recorded.get(name, ())}):
            if name in recorded:
                ko, en = f"'{name}' 서버에 '{missing}' 도구가 없습니다", f"the server '{name}' has no tool '{missing}'"
                faults.append(_fault(ko, en))
        for tool in recorded.get(name, ()):
            found = _skill(name, said, tool, server, callers)
            if isinstance(found, str):
                faults.append(_fault(f"'{name}'의 '{tool.name}': {found}", f"'{tool.name}' of '{name}': {found}"))
            else:
                skills.append(found)
    return skills, faults


def _fault(ko: str, en: str, file: str = DECLARED_FILE, line: int = 1) -> Fault:
    return Fault(file, line, ko, en)


def _declared(folder: Path) -> tuple[dict[str, _Server], list[Fault]]:
    path = folder / DECLARED_FILE
    if not path.is_file():
        return {}, []
    text = _bounded(path, LONGEST_PAGE)
    if text is None:
        return {}, [_fault("읽을 수 없습니다", "it cannot be read")]
    said = yaml_in(text.decode("utf-8", "replace"))
    if isinstance(said[0], str) and isinstance(said[1], int):
        return {}, [_fault(f"잘못되었습니다: {in_korean(said[0])}", f"not right: {said[0]}", line=said[1])]
    values, lines = said
    assert not isinstance(lines, int)
    bare = {name: {} if one is None else one for name, one in values.items()} if isinstance(values, dict) else values
    found = converted(bare, dict[str, _Server], lines)
    if isinstance(found, tuple):
        return {}, [_fault(f"잘못되었습니다: {in_korean(found[0])}", f"not right: {found[0]}", line=found[1])]
    return found, []


def _recorded(folder: Path) -> tuple[dict[str, tuple[Tool, ...]], list[Fault]]:
    path = folder / RECORDED_FILE
    if not path.is_file():
        return {}, []
    data = _bounded(path, _LONGEST_RECORD)
    try:
        return msgspec.json.decode(data or b"", type=Recorded).servers, []
    except (msgspec.DecodeError, RecursionError) as problem:
        return {}, [_fault(f"잘못되었습니다: {in_korean(str(problem))}", f"not right: {problem}", RECORDED_FILE)]


def _bounded(path: Path, most: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError:
        return None
    return data if len(data) <= most else None


def _skill(
    server_name: str, said: _Server, tool: Tool, server: McpServer | None, callers: Callable[[str], ToolCaller]
) -> Skill | str:
    """A tool as a skill; or what keeps it from being one."""
    declared = _with_hints(said.tools.get(tool.name, Declared()), tool, trusted=said.trust_hints)
    name = declared.name or re.sub(r"[^A-Za-z0-9_-]", "_", f"{server_name}_{tool.name}")[:64]
    wrong = msgspec.structs.replace(declared, name=name).fault() or schema_fault(tool.schema)
    if declared.schema is not None:
        wrong = "schema: it is the server's"
    if wrong:
        return wrong
    described = tool.description or f"{tool.name} of {server_name}"
    spec, description = spec_of(declared, name, described, tool.schema, version=tool.version)

    async def run(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        if server is None:
            raise ServerUnreachable(name, f"'{server_name}': mcp_servers")
        withheld = server.withheld(context.classes) if spec.leaves_house else ()
        if withheld:
            raise ServerClassRefused(name, f"{server_name}: {', '.join(withheld)}")
        key = context.idempotency_key
        value = await callers(server_name).call(name, tool, arguments, effect=spec.effect, key=key)
        return SkillResult(value, tainted=True)

    return Skill(spec, description, tool.schema, run, f"MCP {server_name}")


def _with_hints(declared: Declared, tool: Tool, *, trusted: bool) -> Declared:
    if not trusted or declared.effect is not None or not (tool.read_only or tool.idempotent):
        return declared
    effect: Effect = "read" if tool.read_only else "idempotent write"
    return msgspec.structs.replace(declared, effect=effect)


def record(folder: Path, tools: Mapping[str, tuple[Tool, ...]]) -> Path:
    """Write down the tools of servers beside the team; what was recorded of others stays."""
    before, _ = _recorded(folder)
    whole = Recorded(servers=dict(sorted({**before, **tools}.items())))
    path = folder / RECORDED_FILE
    path.write_bytes(msgspec.json.format(msgspec.json.encode(whole, order="deterministic"), indent=1) + b"\n")
    return path

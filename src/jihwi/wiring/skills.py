"""The skills a team and the settings bring to a house, and the servers of tools that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jihwi.references import header_secret
from jihwi.settings import Settings
from jihwi.skills import Skill
from jihwi.skills.mcp_calls import McpServers
from jihwi.skills.mcp_tools import ToolCaller, declared_servers, record
from jihwi.skills.servers import parse_server
from jihwi.teams import Brought, brought_by
from jihwi.wiring.libraries import built_in_skills

if TYPE_CHECKING:
    from jihwi.skills.mcp_tools import Tool

__all__ = ["all_skills", "brought_to", "record_tools", "servers_of"]


def servers_of(settings: Settings) -> McpServers:
    """The servers of the settings; none is met before it is called. The caller closes them."""
    return McpServers({one.name: one for one in map(parse_server, settings.mcp_servers)}, _secret)


def _secret(reference: str) -> str:
    return header_secret(reference, "mcp_servers")


def brought_to(
    settings: Settings, team: Path, built_in: list[Skill], callers: Callable[[str], ToolCaller], *, base: Path
) -> Brought:
    """What the team in a folder and the settings bring, beside what is built in. Folders of the settings are relative
    to `base`."""
    return brought_by(
        team,
        more=[base / Path(one).expanduser() for one in settings.skill_folders],
        servers={one.name: one for one in map(parse_server, settings.mcp_servers)},
        callers=callers,
        taken={one.spec.name for one in built_in},
    )


def all_skills(settings: Settings, team: Path) -> tuple[dict[str, Skill], Brought]:
    """Every skill there is for a team, by name, for looking at; and what it brings. None of them can be run."""

    def nobody(*_: Any) -> Any:
        raise AssertionError("listing skills opens nothing")

    built_in = built_in_skills(nobody)
    brought = brought_to(settings, team, built_in, nobody, base=Path.cwd())
    return {one.spec.name: one for one in [*built_in, *brought.skills]}, brought


async def record_tools(settings: Settings, team: Path) -> dict[str, tuple[Tool, ...]]:
    """Ask the servers that a team names for their tools and write them down beside it. Raises SkillFailed,
    SettingInvalid, ExtraMissing."""
    servers = servers_of(settings)
    try:
        found = {name: await servers.tools(name) for name in declared_servers(team)}
    finally:
        await servers.close()
    if found:
        record(team, found)
    return found

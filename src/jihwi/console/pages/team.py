"""The team: its agents and skills, what each may do and has done; a broken one is named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.case.assignment import Reason
from jihwi.console.paging import twin
from jihwi.console.seeing import case_lines
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import JihwiError, TeamInvalid
from jihwi.house import team_seen
from jihwi.skills.declared import Fault
from jihwi.teams import BUILT_IN, Problem, Team, built_in_folder, check_team

__all__ = ["router"]

router = APIRouter()
COUNTED = 20
"""The newest cases in which an agent's turns are counted."""


class AgentLine(msgspec.Struct, frozen=True):
    """One agent: what it may do, and has done lately."""

    name: str
    title: str
    mind: str
    instructions: str
    skills: tuple[str, ...]
    handoffs: tuple[str, ...]
    delegates: tuple[str, ...]
    limits: dict[str, int]
    turns: int
    """In the newest cases."""


class SkillLine(msgspec.Struct, frozen=True):
    """One skill."""

    name: str
    version: str
    description: str
    effect: str
    leaves_house: bool
    approval: str
    seconds: float
    used_by: tuple[str, ...]


class TeamPage(msgspec.Struct, frozen=True):
    """The team that takes up new cases."""

    name: str
    title: str
    digest: str
    release: str
    agents: tuple[AgentLine, ...]
    skills: tuple[SkillLine, ...]
    problems: tuple[str, ...]
    counted: int


@router.get("/team", openapi_extra=twin(TeamPage))
async def team(visit: Visiting) -> Response:
    """The agents and skills of the team that takes up new cases."""
    house = visit.console.house
    name = house.settings.team
    specs = {skill: one.spec for skill, one in house.skills.all().items()}
    folder = built_in_folder(name) if name in BUILT_IN else Path(name)
    found = await asyncio.to_thread(check_team, folder, specs)
    broken = Reason("team_invalid", {"file": found[0].file, "line": str(found[0].line)}) if found else None
    await visit.console.stream.decide(lambda state: team_seen(state, name, broken))
    wrong: list[Problem | Fault] = [*found, *house.brought.faults]
    problems = tuple(_problem(visit, one) for one in wrong)
    try:
        loaded = house.team(name)
    except TeamInvalid:
        return visit.page("team.html.jinja", TeamPage(name, name, "", "", (), (), problems, 0))
    turns, counted = await _turns(visit)
    agents = tuple(
        AgentLine(
            one.name,
            one.title or one.name,
            one.mind.kind,
            one.instructions,
            tuple(skill.name for skill in one.skills),
            one.handoffs,
            one.delegates,
            {key: value for key, value in msgspec.structs.asdict(one.limits).items() if value is not None},
            turns.get(one.name, 0),
        )
        for one in loaded.agents
    )
    page = TeamPage(
        loaded.name,
        loaded.title,
        loaded.digest,
        loaded.policy.release,
        agents,
        _skills(visit, loaded),
        problems,
        counted,
    )
    return visit.page("team.html.jinja", page)


def _problem(visit: Visit, one: Problem | Fault) -> str:
    return f"{one.file}:{one.line}: {visit.say(one.ko, one.en)}"


def _skills(visit: Visit, loaded: Team) -> tuple[SkillLine, ...]:
    return tuple(
        SkillLine(
            name,
            one.spec.version,
            one.description,
            one.spec.effect,
            one.spec.leaves_house,
            one.spec.approval,
            one.spec.timeout_ms / 1000,
            tuple(agent.name for agent in loaded.agents if any(skill.name == name for skill in agent.skills)),
        )
        for name, one in sorted(visit.console.house.skills.all().items())
    )


async def _turns(visit: Visit) -> tuple[dict[str, int], int]:
    """Turns of each agent in the newest cases this person may see."""
    counts: dict[str, int] = {}
    lines = await case_lines(visit, limit=COUNTED)
    for line in lines:
        try:
            kept = await visit.console.cases.of(line.id)
        except JihwiError:
            continue
        for event in kept.events:
            if event.kind == "turn_finished":
                counts[event.author.id] = counts.get(event.author.id, 0) + 1
    return counts, len(lines)

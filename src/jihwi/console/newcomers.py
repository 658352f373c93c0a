"""Which agents of this house's teams could join a running case."""

from __future__ import annotations

from jihwi.case.assignment import AgentSpec
from jihwi.case.state import Case
from jihwi.console.standing import Newcomer
from jihwi.errors import JihwiError
from jihwi.teams import BUILT_IN, Team
from jihwi.wiring import House

__all__ = ["found_newcomer", "newcomers"]


def _teams(house: House) -> list[Team]:
    """The team of the settings, then the built-in ones; a broken one is shown on the team's page and left out here."""
    found: list[Team] = []
    for name in dict.fromkeys((house.settings.team, *BUILT_IN)):
        try:
            found.append(house.team(name))
        except JihwiError:
            continue
    return found


def newcomers(house: House, case: Case) -> tuple[Newcomer, ...]:
    """The agents that are not in the case yet."""
    return tuple(
        Newcomer(team.name, agent.name, agent.title or agent.name)
        for team in _teams(house)
        for agent in team.agents
        if agent.name not in case.agents
    )


def found_newcomer(house: House, name: str) -> tuple[Team, AgentSpec] | None:
    """The agent that is called `team/agent`, with its team."""
    for team in _teams(house):
        for agent in team.agents:
            if f"{team.name}/{agent.name}" == name:
                return team, agent
    return None

"""Teams: agents as Markdown files with front matter, their procedures, and the policy, as a folder."""

from __future__ import annotations

from jihwi.teams.bringing import Brought, brought_by
from jihwi.teams.code import skills_in
from jihwi.teams.loader import BUILT_IN, EDITING, Problem, Team, built_in_folder, check_team, load_team, team_folder

__all__ = [
    "BUILT_IN",
    "EDITING",
    "Brought",
    "Problem",
    "Team",
    "brought_by",
    "built_in_folder",
    "check_team",
    "load_team",
    "skills_in",
    "team_folder",
]

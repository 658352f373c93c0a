"""What a team's folder and the settings bring as skills: of three kinds, one name each, the broken ones named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from jihwi.settings import Settings
from jihwi.teams import Brought, brought_by, load_team
from jihwi.wiring import open_house
from tests.skills.brought import bodies, opening, team_of, write

SCRIPT = "import json, sys\nprint(json.dumps(json.load(sys.stdin)['text'].upper()))\n"
DECLARED = "scripts: {say.py: {name: shout, effect: read, leaves_house: false}}\n"


def skill_in(place: Path, name: str, more: str = "") -> Path:
    """A SKILL.md folder with one script."""
    write(place / name / "SKILL.md", f"---\nname: {name}\ndescription: Says it loud.\n{more}---\nSay it.\n")
    write(place / name / "say.py", SCRIPT)
    return place


def brought(team: Path, *more: Path, taken: tuple[str, ...] = ()) -> Brought:
    def nobody(name: str) -> None:
        raise AssertionError(name)

    return brought_by(team, more=more, servers={}, callers=nobody, taken=taken)  # type: ignore[arg-type]


def names(found: Brought) -> list[str]:
    return sorted(one.spec.name for one in found.skills)


def test_a_team_declares_scripts_of_a_folder_it_does_not_change(tmp_path: Path) -> None:
    head = "scripts: {loud/say.py: {name: shout, effect: read}}\n"
    team = team_of(tmp_path / "desk", head=head)
    skill_in(team / "skills", "loud")
    assert (names(brought(team)), brought(team).faults) == (["read_skill", "shout"], ())
    assert load_team(team, {}).name == "desk"


def test_who_comes_first_has_the_name_and_the_other_is_named(tmp_path: Path) -> None:
    team = team_of(tmp_path / "desk")
    skill_in(team / "skills", "loud", DECLARED)
    others = skill_in(tmp_path / "shared", "loud")
    skill_in(tmp_path / "shared", "soft", DECLARED)
    found = brought(team, others, tmp_path / "missing", taken=("search",))
    assert names(found) == ["read_skill", "shout"]
    assert [one.en for one in found.faults] == [
        "there is a skill 'loud' already",
        "skill_folders: there is no such folder",
        "there is a skill 'shout' already",
    ]


def test_the_digest_of_a_team_counts_its_skills(tmp_path: Path) -> None:
    team = team_of(tmp_path / "desk")
    before = load_team(team, {}).digest
    skill_in(team / "skills", "loud")
    between = load_team(team, {}).digest
    write(team / "skills" / "loud" / "say.py", SCRIPT + "\n")
    write(team / "mcp.yaml", "{}\n")
    assert len({before, between, load_team(team, {}).digest}) == 3


def test_the_terminal_names_what_is_broken_and_lists_the_rest(tmp_path: Path) -> None:
    team = team_of(tmp_path / "desk", ("shout", {"text": "x"}))
    skill_in(team / "skills", "loud", DECLARED)
    write(team / "skills" / "broken" / "SKILL.md", "no head\n")

    def jihwi(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "JIHWI_TEAM": str(team), "JIHWI_HOME": str(tmp_path / "state")}
        command = [sys.executable, "-m", "jihwi", *words, "--json", "--lang", "en"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    checked = jihwi("team", "check", str(team))
    (problem,) = json.loads(checked.stdout)
    assert (checked.returncode, problem["file"], problem["line"]) == (1, "skills/broken/SKILL.md", 1)
    listed = jihwi("skills")
    shout = next(one for one in json.loads(listed.stdout) if one["name"] == "shout")
    assert (shout["effect"], shout["leaves_house"]) == ("read", False)
    assert "skills/broken/SKILL.md:1" in listed.stderr


async def test_a_case_runs_a_script_without_a_model_and_pins_it(tmp_path: Path) -> None:
    team = team_of(tmp_path / "desk", ("read_skill", {"name": "loud"}), ("shout", {"text": "hello"}))
    skill_in(tmp_path / "shared", "loud", DECLARED)
    settings = Settings(
        home=str(tmp_path / "state"), viewer="kim", team=str(team), skill_folders=(str(tmp_path / "shared"),)
    )
    async with open_house(settings) as house:
        case = await house.orchestrator().run(opening(house))
        assert (case.status, case.outcome) == ("closed", "done")
        read, shouted = await bodies(house, case, "skill_finished")
        assert (read.result["instructions"], read.tainted) == ("Say it.", False)
        assert (shouted.result, shouted.tainted) == ("HELLO", True)
        (joined,) = await bodies(house, case, "agent_joined")
        assert {one.name: one for one in joined.agent.skills} == {
            name: house.skills.all()[name].spec for name in ("read_skill", "shout")
        }

"""A team is a folder: what is right about it works, what is wrong is named by file and line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jihwi.case.assignment import SkillSpec
from jihwi.errors import TeamInvalid
from jihwi.teams import check_team, load_team, skills_in
from jihwi.teams.loader import built_in_folder

SKILLS = {name: SkillSpec(name) for name in ("look", "compose")}


@pytest.fixture
def team(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "team.md").write_text(
        "---\nname: desk\ncase_worker: clerk\nbudget: {turns: 9}\n---\nOne clerk.\n", "utf-8"
    )
    (folder / "clerk.md").write_text("---\nname: clerk\nskills: [look]\nhandoffs: []\n---\nLook.\n", "utf-8")
    (folder / "procedures.py").write_text(
        "from jihwi.case import Call, Report, Turn, View\n\n\n"
        "def clerk(view: View) -> Turn:\n"
        "    done = [one for one in view.transcript if getattr(one, 'skill', '') == 'shout']\n"
        "    if done:\n"
        "        return Turn(actions=(Report(text=done[0].value),))\n"
        "    return Turn(actions=(Call('shout', {'text': view.request}),))\n",
        "utf-8",
    )
    return folder


def test_a_right_team_is_loaded_whole(team: Path) -> None:
    loaded = load_team(team, SKILLS)
    assert [agent.name for agent in loaded.agents] == ["clerk"]
    assert loaded.limits.turns == 9
    assert loaded.agents[0].mind.kind == "procedure"
    assert loaded.with_model("m").agents[0].mind.kind == "model"


def test_the_digest_changes_with_any_word_of_it(team: Path) -> None:
    before = load_team(team, SKILLS).digest
    (team / "clerk.md").write_text((team / "clerk.md").read_text("utf-8") + "More.\n", "utf-8")
    assert load_team(team, SKILLS).digest != before


@pytest.mark.parametrize(
    ("file", "text", "line", "words"),
    [
        ("clerk.md", "---\nname: clerk\nskills: [fly]\n---\nx\n", 3, "no skill 'fly'"),
        ("clerk.md", "---\nname: clerk\nhandoffs: [nobody]\n---\nx\n", 3, "no agent 'nobody'"),
        ("clerk.md", "---\nname: clerk\nbudget: {minutes: 3}\n---\nx\n", 3, "no budget 'minutes'"),
        ("clerk.md", "---\nname: clerk\nskillz: []\n---\nx\n", 3, "skillz"),
        ("clerk.md", "---\nname: [clerk\n---\nx\n", 2, "front matter"),
        ("clerk.md", "---\nname: &one clerk\ntitle: *one\n---\nx\n", 3, "aliases"),
        ("clerk.md", "---\nname: \x07\n---\nx\n", 2, "front matter"),
        ("clerk.md", "no head\n", 1, "no front matter"),
        ("clerk.md", "---\nname: clerk\nprocedure: fly\n---\nx\n", 3, "no function 'fly'"),
        ("team.md", "---\nname: desk\ncase_worker: boss\n---\nx\n", 3, "no agent 'boss'"),
        ("procedures.py", "x = 1\n1 / 0\n", 2, "ZeroDivisionError"),
        ("skills.py", "def broken(:\n", 1, "SyntaxError"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(team: Path, file: str, text: str, line: int, words: str) -> None:
    (team / file).write_text(text, "utf-8")
    problems = [one for one in check_team(team, SKILLS) if words in one.en]
    assert [(one.file, one.line) for one in problems][:1] == [(file, line)]
    with pytest.raises(TeamInvalid):
        load_team(team, SKILLS)


def test_the_report_team_has_nothing_wrong_with_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jihwi", "team", "check", "report", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert len(list(built_in_folder("report").glob("*.md"))) == 6


def test_a_team_brings_its_own_skill_and_works_with_it(team: Path, tmp_path: Path) -> None:
    (team / "skills.py").write_text(
        "from jihwi.skills import SkillContext\nfrom jihwi.skills.python import skill\n\n\n"
        "@skill(effect='read')\ndef shout(context: SkillContext, text: str) -> str:\n"
        "    '''Say it louder.'''\n    return text.upper() + '!'\n",
        "utf-8",
    )
    (team / "clerk.md").write_text("---\nname: clerk\nskills: [shout]\n---\nShout.\n", "utf-8")
    assert [one.spec.name for one in skills_in(team)] == ["shout"]
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("a", "utf-8")
    command = [sys.executable, "-m", "jihwi", "run", "hello", "--files", "files", "--team", str(team), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = subprocess.run(
        [sys.executable, "-m", "jihwi", "case", "follow", "--no-wait", "--lang", "en"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert "HELLO!" in shown.stdout

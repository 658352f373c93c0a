"""A SKILL.md folder: its instructions are read when needed, its scripts run only as they are declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.errors import SkillArguments, SkillChanged
from jihwi.skills import Skill
from jihwi.skills.folder import folder_skills, folders_in
from tests.skills.brought import context, write

HEAD = "---\nname: dates\ndescription: Counts days.\nlicense: Apache-2.0\n{more}---\nRun `days`, then read notes.md.\n"


def dates(tmp_path: Path, more: str = "", script: str = "print(1)\n") -> Path:
    place = tmp_path / "skills"
    write(place / "dates" / "SKILL.md", HEAD.format(more=more))
    write(place / "dates" / "notes.md", "메모\n")
    write(place / "dates" / "scripts" / "days.py", script)
    return place


def skills(place: Path) -> dict[str, Skill]:
    found, faults = folders_in(place)
    assert faults == []
    return {one.spec.name: one for one in folder_skills(found)}


async def test_a_mind_is_told_the_name_and_reads_the_rest_when_it_needs_it(tmp_path: Path) -> None:
    read = skills(dates(tmp_path))["read_skill"]
    assert "- dates: Counts days." in read.description
    assert "notes.md" not in read.description
    assert (read.spec.effect, read.spec.leaves_house, read.spec.approval) == ("read", False, "never")
    told = (await read.run(context(), {"name": "dates"})).value
    assert told == {
        "instructions": "Run `days`, then read notes.md.",
        "files": ["notes.md", "scripts/days.py"],
        "skills": [],
    }
    assert (await read.run(context(), {"name": "dates", "file": "notes.md"})).value["text"] == "메모\n"


@pytest.mark.parametrize("file", ["../outside.txt", "/etc/passwd", "link.md", "SKILL.md", "missing.md"])
async def test_nothing_outside_the_folder_is_read(tmp_path: Path, file: str) -> None:
    place = dates(tmp_path)
    write(tmp_path / "skills" / "outside.txt", "secret")
    (place / "dates" / "link.md").symlink_to(place / "outside.txt")
    with pytest.raises(SkillArguments):
        await skills(place)["read_skill"].run(context(), {"name": "dates", "file": file})


def test_a_script_is_no_skill_until_it_is_declared_and_then_the_worst_is_assumed(tmp_path: Path) -> None:
    assert sorted(skills(dates(tmp_path))) == ["read_skill"]
    spec = skills(dates(tmp_path, "scripts: {scripts/days.py: {}}\n"))["dates_days"].spec
    assert (spec.effect, spec.leaves_house, spec.approval) == ("write", True, "always")
    said = "scripts: {scripts/days.py: {name: days, effect: read, leaves_house: false, timeout_seconds: 3}}\n"
    spec = skills(dates(tmp_path, said))["days"].spec
    assert (spec.effect, spec.leaves_house, spec.approval, spec.timeout_ms) == ("read", False, "never", 3000)


def test_any_byte_of_the_folder_is_another_version(tmp_path: Path) -> None:
    said = "scripts: {scripts/days.py: {effect: read}}\n"
    before = {name: one.spec.version for name, one in skills(dates(tmp_path, said)).items()}
    write(tmp_path / "skills" / "dates" / "notes.md", "다른 메모\n")
    after = {name: one.spec.version for name, one in skills(tmp_path / "skills").items()}
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)


async def test_a_script_that_changed_under_a_runner_does_not_run(tmp_path: Path) -> None:
    script = skills(dates(tmp_path, "scripts: {scripts/days.py: {effect: read, leaves_house: false}}\n"))["dates_days"]
    assert (await script.run(context(), {})).value == 1
    write(tmp_path / "skills" / "dates" / "scripts" / "days.py", "print(2)\n")
    with pytest.raises(SkillChanged):
        await script.run(context(), {})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("no head", 1, "no front matter"),
        ("---\nname: dates\n---\nx", 2, "description"),
        ("---\nname: other\ndescription: x\n---\nx", 2, "is not the folder's"),
        ("---\nname: dates\ndescription: [\n---\nx", 3, "front matter"),
        ("---\nname: dates\ndescription: x\n---\n", 1, "no instructions"),
        ("---\nname: &a dates\ndescription: *a\n---\nx", 3, "aliases"),
        ("---\nname: dates\ndescription: x\nscripts: {a.py: {effect: maybe}}\n---\nx", 4, "maybe"),
        ("---\nname: dates\ndescription: x\nscripts: {a.py: {}}\n---\nx", 1, "no script 'a.py'"),
        (
            "---\nname: dates\ndescription: x\nscripts: {notes.md: {schema: {type: array}}}\n---\nx",
            1,
            "type: object",
        ),
        (
            "---\nname: dates\ndescription: x\n"
            "scripts: {notes.md: {schema: {type: object, properties: {a: {$ref: 'http://example.org/a'}}}}}\n---\nx",
            1,
            "points outside itself",
        ),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line_and_stepped_over(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    place = dates(tmp_path)
    write(place / "dates" / "SKILL.md", text)
    write(place / "right" / "SKILL.md", "---\nname: right\ndescription: Is right.\n---\nx")
    found, faults = folders_in(place)
    assert [(one.file, one.line) for one in faults] == [("dates/SKILL.md", line)]
    assert words in faults[0].en
    assert "right" in [one.name for one in found]


def _wide(value: str) -> str:
    return "---\nname: dates\ndescription: x\n---\n" + value


def test_a_page_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    place = dates(tmp_path)
    write(place / "dates" / "SKILL.md", _wide("x" * (1 << 19)))
    assert "longer than" in folders_in(place)[1][0].en

"""The skills a team's folder brings along, of all three kinds, and what is wrong with those that are stepped over.

`skills.py` holds Python functions, `skills/NAME/SKILL.md` instructions and scripts, `mcp.yaml` the tools of servers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from jihwi.skills import Skill
from jihwi.skills.declared import LONGEST_PAGE, Declared, Fault, Misread, converted, page_of
from jihwi.skills.folder import SkillFolder, digest_of, folder_skills, folders_in
from jihwi.skills.mcp_tools import DECLARED_FILE, RECORDED_FILE, ToolCaller, mcp_skills
from jihwi.skills.servers import McpServer
from jihwi.teams.code import skills_in

__all__ = ["Brought", "brought_by", "brought_digests"]

SKILLS_FOLDER = "skills"


class Brought(msgspec.Struct, frozen=True):
    """What a team and the settings bring: skills that can be used, and what is wrong with the others."""

    skills: tuple[Skill, ...] = ()
    faults: tuple[Fault, ...] = ()


def brought_by(
    folder: Path,
    *,
    more: Iterable[Path] = (),
    servers: Mapping[str, McpServer],
    callers: Callable[[str], ToolCaller],
    taken: Collection[str] = (),
) -> Brought:
    """The skills in a team's `folder`, in the folders `more` of the settings, and of the servers the team names. A name
    in `taken`, or one that two skills bear, goes to who had it first. Nothing is run and no server is met."""
    found, faults = _folders(folder, more)
    tools, wrong = mcp_skills(folder, servers, callers)
    skills = list(skills_in(folder))
    names = {*taken, *(one.spec.name for one in skills)}
    for one in [*folder_skills(found), *tools]:
        if one.spec.name in names:
            ko, en = f"'{one.spec.name}' 기술이 이미 있습니다", f"there is a skill '{one.spec.name}' already"
            faults.append(Fault(one.source, 1, ko, en))
            continue
        names.add(one.spec.name)
        skills.append(one)
    return Brought(tuple(skills), (*faults, *wrong))


def _folders(team: Path, more: Iterable[Path]) -> tuple[list[SkillFolder], list[Fault]]:
    own = team / SKILLS_FOLDER
    found, wrong = folders_in(own, _declared_in(team))
    faults = [msgspec.structs.replace(one, file=_shown(one.file)) for one in wrong]
    for place in more:
        if not place.is_dir():
            faults.append(
                Fault(str(place), 1, "skill_folders: 폴더가 없습니다", "skill_folders: there is no such folder")
            )
            continue
        others, wrong = folders_in(place)
        faults += [msgspec.structs.replace(one, file=str(place / one.file)) for one in wrong]
        for one in others:
            if any(one.name == mine.name for mine in found):
                ko, en = f"'{one.name}' 기술이 이미 있습니다", f"there is a skill '{one.name}' already"
                faults.append(Fault(str(one.place), 1, ko, en))
            else:
                found.append(one)
    return found, faults


def _shown(file: str) -> str:
    return file.removeprefix("../") if file.startswith("../") else f"{SKILLS_FOLDER}/{file}"


def _declared_in(team: Path) -> dict[str, Declared]:
    """The scripts that the head of `team.md` declares; the loader names what is wrong with it."""
    try:
        with (team / "team.md").open("rb") as file:
            text = file.read(LONGEST_PAGE).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    page = page_of(text, dict[str, Any])
    said = {} if isinstance(page, Misread) else page.head.get("scripts", {})
    found = converted(said, dict[str, Declared], {})
    return {} if isinstance(found, tuple) else found


def brought_digests(folder: Path) -> list[tuple[str, str]]:
    """What the digest of a team counts of all this: the files on tools, and each SKILL.md folder."""
    files = [folder / DECLARED_FILE, folder / RECORDED_FILE]
    own = [(one.name, hashlib.sha256(one.read_bytes()).hexdigest()) for one in files if one.is_file()]
    inside = folder / SKILLS_FOLDER
    places = sorted(one for one in inside.iterdir() if one.is_dir()) if inside.is_dir() else []
    return [*own, *((f"{SKILLS_FOLDER}/{one.name}", digest_of(one)) for one in places)]

"""SKILL.md folders: instructions that are read when they are needed, and scripts that run as skills of their own.

`skills/NAME/SKILL.md` opens with a head between `---` lines (name, description). An agent that has `read_skill` is told
the names and descriptions alone; it reads the instructions, and the files beside them, when its work asks for them. A
script becomes a skill only when the head's `scripts`, or those of the team's `team.md`, declare it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case.assignment import SkillSpec
from jihwi.errors import SkillArguments, SkillFailed
from jihwi.korean import in_korean
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.skills.declared import LONGEST_PAGE, Declared, Fault, Misread, page_of, spec_of
from jihwi.skills.python import spec_digest
from jihwi.skills.scripts import run_script

__all__ = ["SKILL_FILE", "SkillFolder", "digest_of", "folder_skills", "folders_in"]

SKILL_FILE = "SKILL.md"
READ_SKILL = "read_skill"
_MOST_FILES = 500
_MOST_BYTES = 64 << 20
_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 1024
_VERSION_DIGITS = 16
_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": True}


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a SKILL.md. Other keys of the public format are left to whoever knows them."""

    name: str
    description: str
    scripts: dict[str, Declared] = {}


class SkillFolder(msgspec.Struct, frozen=True):
    """One SKILL.md folder as it was found."""

    name: str
    description: str
    instructions: str
    place: Path
    files: tuple[str, ...]
    """What lies beside SKILL.md, relative to the folder."""
    scripts: Mapping[str, Declared]
    digest: str
    """SHA-256 over every file's name and content."""


class _Stepped(Exception):
    """A folder that cannot be one, and why."""

    def __init__(self, line: int, ko: str, en: str) -> None:
        super().__init__(en)
        self.line, self.ko, self.en = line, ko, en


def folders_in(place: Path, also: Mapping[str, Declared] | None = None) -> tuple[list[SkillFolder], list[Fault]]:
    """The SKILL.md folders directly in `place`, and what is wrong with those that are stepped over. `also` declares
    scripts by `NAME/PATH`, before what a folder says of them itself."""
    found: list[SkillFolder] = []
    faults: list[Fault] = []
    for folder in _folders(place):
        shown = f"{folder.name}/{SKILL_FILE}"
        own = {path.partition("/")[2]: one for path, one in (also or {}).items() if path.startswith(f"{folder.name}/")}
        try:
            whole = _read(folder, own)
        except _Stepped as problem:
            faults.append(Fault(shown, problem.line, problem.ko, problem.en))
            continue
        right, wrong = _scripts(whole, shown)
        faults += wrong
        found.append(msgspec.structs.replace(whole, scripts=right))
    names = {folder.name for folder in _folders(place)}
    for path in also or {}:
        if path.partition("/")[0] not in names:
            faults.append(Fault("../team.md", 1, f"'{path}' 스크립트가 없습니다", f"there is no script '{path}'"))
    return found, faults


def _folders(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    return [one for one in sorted(place.iterdir()) if one.is_dir() and not one.name.startswith((".", "_"))]


def _read(folder: Path, also: Mapping[str, Declared]) -> SkillFolder:
    path = folder / SKILL_FILE
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_PAGE + 1)
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise _Stepped(1, f"{SKILL_FILE} 파일이 없습니다", f"there is no {SKILL_FILE}") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise _Stepped(1, f"읽을 수 없습니다: {in_korean(str(problem))}", f"it cannot be read: {problem}") from None
    if len(data) > LONGEST_PAGE:
        raise _Stepped(1, f"{LONGEST_PAGE}바이트보다 깁니다", f"it is longer than {LONGEST_PAGE} bytes")
    page = page_of(text, _Head)
    if isinstance(page, Misread):
        raise _Stepped(*page)
    head: _Head = page.head
    _check_head(folder, head, page.body, page.lines)
    files, digest = _contents(folder)
    scripts = {**head.scripts, **also}
    return SkillFolder(head.name, " ".join(head.description.split()), page.body, folder, files, scripts, digest)


def _check_head(folder: Path, head: _Head, body: str, lines: Mapping[str, int]) -> None:
    if head.name != folder.name or len(head.name) > _LONGEST_NAME:
        raise _Stepped(
            lines.get("name", 1),
            f"이름 '{head.name}'이(가) 폴더 이름 '{folder.name}'과 다르거나 {_LONGEST_NAME}자를 넘습니다",
            f"the name '{head.name}' is not the folder's, '{folder.name}', or longer than {_LONGEST_NAME}",
        )
    if not 0 < len(head.description.strip()) <= _LONGEST_DESCRIPTION:
        raise _Stepped(
            lines.get("description", 1),
            f"설명은 1자 이상 {_LONGEST_DESCRIPTION}자 이하입니다",
            f"a description has 1 to {_LONGEST_DESCRIPTION} characters",
        )
    if not body:
        raise _Stepped(1, "지시문이 없습니다", "there are no instructions below the front matter")


def _contents(folder: Path) -> tuple[tuple[str, ...], str]:
    """What lies in a folder and the digest of all of it."""
    names: list[str] = []
    total, size = hashlib.sha256(), 0
    for path in _walk(folder):
        size += path.stat().st_size
        if len(names) >= _MOST_FILES or size > _MOST_BYTES:
            limits = f"{_MOST_FILES}, {_MOST_BYTES >> 20} MiB"
            raise _Stepped(1, f"파일이 너무 많거나 큽니다 ({limits})", f"too many files, or too large ({limits})")
        name = path.relative_to(folder).as_posix()
        names.append(name)
        with path.open("rb") as file:
            total.update(name.encode("utf-8", "surrogatepass") + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return tuple(name for name in names if name != SKILL_FILE), total.hexdigest()


def _walk(folder: Path) -> Iterator[Path]:
    """The ordinary files below a folder; a link is never followed, and what Python leaves behind is no part of it."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one != "__pycache__" and not one.startswith("."))
        for name in sorted(files):
            path = Path(place) / name
            if path.is_file() and not path.is_symlink():
                yield path


def digest_of(folder: Path) -> str:
    """The digest of a folder as it lies there now; empty when it cannot be read."""
    try:
        return _contents(folder)[1]
    except (OSError, _Stepped):
        return ""


def _scripts(folder: SkillFolder, shown: str) -> tuple[dict[str, Declared], list[Fault]]:
    right: dict[str, Declared] = {}
    faults: list[Fault] = []
    for path, declared in folder.scripts.items():
        if path not in folder.files:
            faults.append(Fault(shown, 1, f"'{path}' 스크립트가 없습니다", f"there is no script '{path}'"))
        elif wrong := declared.fault() or _name_fault(folder, path, declared):
            faults.append(Fault(shown, 1, f"'{path}' 스크립트: {wrong}", f"script '{path}': {wrong}"))
        else:
            right[path] = declared
    return right, faults


def _name_of(folder: SkillFolder, path: str, declared: Declared) -> str:
    return declared.name or f"{folder.name}_{Path(path).stem}".replace("-", "_")


def _name_fault(folder: SkillFolder, path: str, declared: Declared) -> str:
    name = _name_of(folder, path, declared)
    return msgspec.structs.replace(declared, name=name).fault()


# ── as skills ────────────────────────────────────────────────────────────────


def folder_skills(folders: Iterable[SkillFolder]) -> list[Skill]:
    """`read_skill` over the folders, and a skill for each declared script; nothing when there are no folders."""
    known = {one.name: one for one in folders}
    if not known:
        return []
    scripts = [
        _script(folder, path, declared) for folder in known.values() for path, declared in folder.scripts.items()
    ]
    return [_reading(known), *scripts]


def _reading(known: Mapping[str, SkillFolder]) -> Skill:
    lines = "\n".join(f"- {one.name}: {one.description}" for one in known.values())
    description = (
        "Read the instructions of a skill before doing what it is for; with `file`, a file that lies beside them.\n\n"
        f"The skills:\n{lines}"
    )
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "enum": sorted(known)}, "file": {"type": "string", "default": ""}},
        "required": ["name"],
        "additionalProperties": False,
    }
    digests = [f"{name}:{one.digest}" for name, one in sorted(known.items())]
    version = hashlib.sha256("\n".join(digests).encode("utf-8")).hexdigest()[:_VERSION_DIGITS]

    async def run(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        folder = known.get(arguments["name"])
        if folder is None:
            raise SkillArguments(READ_SKILL, f"{arguments['name']}: {', '.join(sorted(known))}")
        file = arguments.get("file", "")
        if not file:
            scripts = [_name_of(folder, path, one) for path, one in folder.scripts.items()]
            return SkillResult({"instructions": folder.instructions, "files": list(folder.files), "skills": scripts})
        return SkillResult({"file": file, "text": _text(folder, file)})

    spec = SkillSpec(READ_SKILL, version, "read", digest=spec_digest(READ_SKILL, description, schema))
    return Skill(spec, description, schema, run, ", ".join(str(one.place) for one in known.values()))


def _text(folder: SkillFolder, file: str) -> str:
    """A file of the folder as it was when it was loaded by name: what is not on the list is not opened."""
    if file not in folder.files:
        raise SkillArguments(READ_SKILL, f"{file}: {', '.join(folder.files) or '–'}")
    try:
        with (folder.place / file).open("rb") as opened:
            data = opened.read(LONGEST_PAGE + 1)
        if len(data) > LONGEST_PAGE:
            raise SkillFailed(READ_SKILL, f"{file}: > {LONGEST_PAGE} bytes")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SkillFailed(READ_SKILL, f"{file}: {problem}") from None


def _script(folder: SkillFolder, path: str, declared: Declared) -> Skill:
    name = _name_of(folder, path, declared)
    schema = declared.schema or _NO_ARGUMENTS
    described = f"Run {path} of the skill {folder.name}: {folder.description}"
    version = hashlib.sha256(f"{path}\0{folder.digest}".encode()).hexdigest()[:_VERSION_DIGITS]
    spec, description = spec_of(declared, name, described, schema, version=version)

    def unchanged() -> bool:
        return digest_of(folder.place) == folder.digest

    async def run(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        return await run_script(name, folder.place, path, declared, context, arguments, unchanged=unchanged)

    return Skill(spec, description, schema, run, str(folder.place / path))

"""The Python files of a team's folder: its procedures and the skills it brings along."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import msgspec

from jihwi.skills import Skill

__all__ = ["CodeBroken", "load_code", "skills_in"]


class CodeBroken(msgspec.Struct, frozen=True):
    """What a team's file raised when it was loaded, and in which line."""

    line: int
    words: str


def load_code(folder: Path, name: str) -> ModuleType | CodeBroken | None:
    """The module in `folder/name.py`; `None` when there is none. What it raises is caught and named by line."""
    path = folder / f"{name}.py"
    if not path.is_file():
        return None
    if folder.resolve().parent == Path(__file__).parent.resolve():
        return importlib.import_module(f"jihwi.teams.{folder.name}.{name}")
    unique = f"jihwi_team_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}_{name}"
    spec = importlib.util.spec_from_file_location(unique, path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        spec.loader.exec_module(module)
    except Exception as problem:  # noqa: BLE001 - the border: whatever a team's code raises is named, by line
        del sys.modules[unique]
        return CodeBroken(_line_in(problem, path), f"{type(problem).__name__}: {problem}")
    return module


def _line_in(problem: Exception, path: Path) -> int:
    if isinstance(problem, SyntaxError) and problem.lineno:
        return problem.lineno
    line, trace = 1, problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def skills_in(folder: Path) -> list[Skill]:
    """The skills a team brings along: every `Skill` in its `skills.py`. Empty when the file is missing or broken;
    `check_team` names what is wrong with it."""
    module = load_code(folder, "skills")
    if not isinstance(module, ModuleType):
        return []
    return [value for value in vars(module).values() if isinstance(value, Skill)]

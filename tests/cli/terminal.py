"""The command line as a person uses it, in this process: many commands a test without starting Python for each."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from jihwi.cli.app import app

__all__ = ["answered", "environment", "said"]


def environment(who: str, team: str) -> dict[str, str]:
    """What `who` has set."""
    return {"JIHWI_LANGUAGE": "en", "JIHWI_VIEWER": who, "JIHWI_TEAM": team}


def said(folder: Path, *words: str, code: int = 0, who: str = "lee", team: str = "desk", language: str = "en") -> str:
    """What the command writes to standard output when `who` runs it in `folder`; it must end with `code`."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, list(words), env={**environment(who, team), "JIHWI_LANGUAGE": language})
    assert done.exit_code == code, f"{words}: {done.exit_code}\n{done.stdout}\n{done.stderr}\n{done.exception!r}"
    return done.stdout


def answered(folder: Path, *words: str, code: int = 0, who: str = "lee", team: str = "desk") -> Any:
    """The same as JSON."""
    return json.loads(said(folder, *words, "--json", code=code, who=who, team=team) or "null")

"""The command line as a person uses it, in this process: many commands a test without starting Python for each."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from jihwi.cli.app import app

__all__ = ["answered", "environment", "run_apart", "said"]


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


def run_apart(
    folder: Path, *words: str, stdin: str = "", before: Callable[[], None] | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a person runs it in `folder`; `more` is added to the environment."""
    return subprocess.run(
        [sys.executable, "-m", "jihwi", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=120,
        check=False,
        env={**os.environ, "JIHWI_LANGUAGE": "en", **more},
        preexec_fn=before,
    )

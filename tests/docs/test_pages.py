"""What the pages show is true: Python fences run, commands exist, shown output is the output, links lead somewhere."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import PAGES, Fence, fences, links
from tests.programs import ROOT

_TARGETS = set(re.findall(r"^([a-z%-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
_PYTHON = fences("python")


def jihwi(*words: str, folder: Path = ROOT, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would, in English."""
    environment = {**os.environ, "LANG": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1", "PYTHONWARNINGS": "default"}
    if home is not None:
        environment["JIHWI_HOME"] = str(home)
    command = [sys.executable, "-c", "from jihwi.cli import main; main()", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def commands(fence: Fence) -> list[str]:
    """The command lines of a fence: all lines in `sh`, those after a `$` in `console`; comments taken off."""
    lines = fence.text.replace("\\\n", " ").splitlines()
    if fence.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def calls_of(fence: Fence, program: str) -> list[list[str]]:
    """The arguments of each call of `program` in a fence."""
    found = []
    for line in commands(fence):
        words = shlex.split(line, comments=True)
        while words and "=" in words[0] and not words[0].startswith("-"):
            words = words[1:]
        if words and words[0].rpartition("/")[2] == program:
            found.append(words[1:])
    return found


@cache
def help_of(path: tuple[str, ...]) -> str:
    """What `jihwi … --help` prints; empty when there is no such command."""
    shown = jihwi(*path, "--help")
    return shown.stdout if shown.returncode == 0 else ""


def _run_page(page: str) -> None:
    """Run the page's Python fences in their order, in one namespace, as a reader would paste them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for fence in _PYTHON:
        if fence.page != page or "no-run" in fence.words:
            continue
        if ">>> " in fence.text:
            test = doctest.DocTestParser().get_doctest(fence.text, names, str(fence), page, fence.line)
            assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0, str(fence)
            continue
        code = compile("\n" * fence.line + fence.text, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.iscoroutine(result):
            asyncio.run(result)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_in_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIHWI_HOME", str(tmp_path / "state"))

    _run_page(page)


@pytest.mark.parametrize("fence", fences("sh", "console"), ids=str)
def test_the_make_targets_in_a_page_exist(fence: Fence) -> None:
    for words in calls_of(fence, "make"):
        for target in (word for word in words if "=" not in word and not word.startswith("-")):
            assert target in _TARGETS or f"{target.partition('-')[0]}-%" in _TARGETS, f"{fence}: make {target}"


@pytest.mark.parametrize("fence", fences("sh", "console"), ids=str)
def test_the_commands_and_options_in_a_page_exist(fence: Fence) -> None:
    for words in calls_of(fence, "jihwi"):
        path = next((tuple(words[:n]) for n in (2, 1) if len(words) >= n and help_of(tuple(words[:n]))), ())
        assert path or words[0].startswith("-"), f"{fence}: jihwi {' '.join(words)}"
        shown = help_of(path)
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert re.search(rf"{option}\b", shown), f"{fence}: jihwi {' '.join(path)} has no {option}"


def _shown(fence: Fence) -> list[tuple[str, str]]:
    """Each command of a console fence with the output shown beneath it."""
    pieces = re.split(r"^\$ (.*)\n?", fence.text, flags=re.MULTILINE)[1:]
    return [(command, output.rstrip()) for command, output in zip(pieces[::2], pieces[1::2], strict=True)]


@pytest.mark.parametrize("page", PAGES)
def test_the_output_in_a_page_is_what_the_command_prints(page: str, tmp_path: Path) -> None:
    for fence in (fence for fence in fences("console") if fence.page == page and "no-run" not in fence.words):
        for command, expected in _shown(fence):
            words = shlex.split(command, comments=True)
            if words[0].rpartition("/")[2] == "jihwi" and expected:
                printed = jihwi(*words[1:], home=tmp_path / "state")
                got = "\n".join(line.rstrip() for line in (printed.stdout + printed.stderr).splitlines())
                pattern = ".*".join(re.escape(part) for part in re.split(r"…|\.\.\.", expected))
                assert re.search(pattern, got, re.DOTALL), f"{fence}: {command}\n{got}"


@pytest.mark.parametrize("page", PAGES)
def test_the_links_in_a_page_lead_somewhere(page: str) -> None:
    assert [target for target in links(page) if not (ROOT / page).parent.joinpath(target).exists()] == []

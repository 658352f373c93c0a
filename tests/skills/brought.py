"""Teams with skills of their own, written for a test, and servers of tools that run beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jihwi.case.state import Case
from jihwi.evidence import SecurityClass, Viewer
from jihwi.orchestrator import Opening, load_log
from jihwi.skills import SkillContext
from jihwi.wiring import House

__all__ = [
    "OFFICE",
    "bodies",
    "context",
    "eventually",
    "listening",
    "opening",
    "served",
    "stdio",
    "team_of",
    "until",
    "write",
]

OFFICE = Path(__file__).with_name("mcp_office.py")
_CLERK = """
from jihwi.case.turn import Call, Report, Turn, View

CALLS = {calls}


def clerk(view: View) -> Turn:
    done = [one for one in view.transcript if getattr(one, "skill", "")]
    if len(done) < len(CALLS):
        skill, arguments = CALLS[len(done)]
        return Turn(actions=(Call(skill, arguments),))
    return Turn(actions=(Report(text="done"),))
"""


def write(path: Path, text: str) -> Path:
    """A file with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def team_of(folder: Path, *calls: tuple[str, Mapping[str, object]], head: str = "", mcp: str = "") -> Path:
    """A team of one clerk who makes these calls, one a turn, and reports."""
    names = json.dumps(sorted({skill for skill, _ in calls}))
    write(folder / "team.md", f"---\nname: desk\ncase_worker: clerk\n{head}---\nOne clerk.\n")
    write(folder / "clerk.md", f"---\nname: clerk\nskills: {names}\n---\nDo it.\n")
    write(folder / "procedures.py", _CLERK.format(calls=repr(calls)))
    if mcp:
        write(folder / "mcp.yaml", mcp)
    return folder


def opening(house: House) -> Opening:
    """A case of the house's team."""
    team = house.team(house.settings.team)
    return Opening(
        request="Do it.",
        requester=house.viewer,
        language="en",
        team=team.name,
        team_digest=team.digest,
        agents=team.agents,
        policy=team.policy,
        limits=team.limits,
    )


def context(*classes: SecurityClass, key: str = "k") -> SkillContext:
    """For whom a skill runs when a test calls it by itself."""
    return SkillContext("c1", "a1", 1, 1, key, Viewer("kim"), (), "en", "", classes=classes)


def stdio(folder: Path, *more: str) -> str:
    """The line of the setting that names the office as a program on this machine."""
    return " ".join([f"office=stdio:{sys.executable} {OFFICE} stdio {folder}", *more])


_PATIENCE_SECONDS = 120.0
"""How long a test waits for another process: a slow machine needs a while to start one."""


async def until(true: Callable[[], object]) -> None:
    """Wait for something another process does; fail when it never does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "the other process never did it"
        await asyncio.sleep(0.01)


async def eventually(path: Path) -> str:
    """What a file says once it is there."""
    await until(lambda: _said(path))
    return _said(path)


def _said(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


@contextlib.contextmanager
def served(folder: Path, port: int) -> Iterator[None]:
    """The office at an address of this machine."""
    command = [sys.executable, str(OFFICE), str(port), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


async def listening(port: int) -> None:
    """Wait until somebody listens; fail when nobody ever does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return
        assert time.monotonic() < deadline, "nobody listens"
        await asyncio.sleep(0.02)


async def bodies(house: House, case: Case, kind: str) -> list[Any]:
    """The bodies of a case's events of one kind."""
    return [event.body for event in await load_log(house.store, case.id) if event.kind == kind]

"""A team of one's own, a clerk who sends letters and a helper, and the desk at which it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.terminal import answered, environment, said

__all__ = ["SKILLS", "followed", "its_team", "run", "runner", "until"]

TEAM = """---
name: desk
case_worker: clerk
budget: {turns: 60}
approval_expires_seconds: %(expires)s
deputy: %(deputy)s
approve: [%(approve)s]
---
A clerk who sends letters, and a helper.
"""

CLERK = """---
name: clerk
skills: [look, send]
delegates: [helper]
---
Send the letters.
"""

HELPER = """---
name: helper
skills: [look, send]
---
Ask, or send one letter.
"""

SKILLS = '''"""Letters: looking brings text from outside, sending is a write."""

import os
from pathlib import Path

from jihwi.skills import SkillContext
from jihwi.skills.python import skill


@skill(effect="read", tainted=True)
def look(context: SkillContext, at: str = "") -> str:
    """Look at something from outside; at a letter to somebody, say who looks and wait to be told."""
    if at.startswith("letter to "):
        name = at.removeprefix("letter to ")
        Path(f"who.{name}").write_text(str(os.getpid()), "utf-8")
        Path(f"go.{name}").read_text("utf-8")
    return f"seen {at}"


@skill(effect="write")
def send(context: SkillContext, to: str) -> str:
    """Send a letter."""
    with Path("sent.txt").open("a", encoding="utf-8") as out:
        out.write(f"{to}\\n")
    if to == "nobody":
        raise ConnectionResetError("no answer any more")
    return "sent"
'''

PROCEDURES = '''"""The desk, by the words of the request."""

from jihwi.case import Answered, Ask, Call, CallSettled, ChildReported, Delegate, Report, Told, Turn, View


def clerk(view: View) -> Turn:
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    children = [one for one in view.transcript if isinstance(one, ChildReported)]
    kind, _, rest = view.request.partition(" ")
    if kind == "stuck":
        told = any(isinstance(one, Told) and one.by for one in view.transcript)
        return Turn(actions=(Report(text="end"),)) if told else Turn(actions=(Call("look", {"at": "the same"}),))
    if kind in ("delegate", "letters"):
        if not children:
            tasks = ["one", "two"] if kind == "delegate" else [f"send {name}" for name in rest.split()]
            return Turn(actions=tuple(Delegate("helper", task) for task in tasks))
        return Turn(actions=(Report(text=" | ".join(sorted(f"{one.status}:{one.text}" for one in children))),))
    if not any(one.skill == "look" for one in settled):
        return Turn(actions=(Call("look"),))
    if not any(one.skill == "send" for one in settled):
        return Turn(actions=tuple(Call("send", {"to": name}) for name in rest.split()))
    if kind == "linger" and settled[-1].skill == "send":
        return Turn(actions=(Call("look", {"at": f"letter to {rest}"}),))
    sent = [one for one in settled if one.skill == "send"]
    return Turn(actions=(Report(text=" ".join(f"{one.status}" for one in sent)),))


def helper(view: View) -> Turn:
    answers = [one for one in view.transcript if isinstance(one, Answered)]
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if answers:
        return Turn(actions=(Report(text=answers[-1].answer),))
    if view.task.startswith("send "):
        name = view.task.removeprefix("send ")
        if not settled:
            return Turn(actions=(Call("look"),))
        if settled[-1].skill == "look":
            return Turn(actions=(Call("send", {"to": name}),))
        return Turn(actions=(Report(text=f"{name} {settled[-1].status}"),))
    return Turn(actions=(Call("look", {"at": view.task}), Ask(f"{view.task}?", ("yes", "no"))))
'''


def its_team(folder: Path, *, expires: int = 0, deputy: str = '""', approve: str = "") -> None:
    team = folder / "desk"
    team.mkdir(exist_ok=True)
    front = TEAM % {"expires": expires, "deputy": deputy, "approve": approve}
    for name, text in (
        ("team.md", front),
        ("clerk.md", CLERK),
        ("helper.md", HELPER),
        ("skills.py", SKILLS),
        ("procedures.py", PROCEDURES),
    ):
        (team / name).write_text(text, "utf-8")


def run(folder: Path, request: str, code: int = 3, model: str = "") -> Any:
    """Open a case of kim's and drive it as far as it goes."""
    return answered(
        folder, "run", request, "--files", "files", *(("--model", model) if model else ()), code=code, who="kim"
    )


def followed(folder: Path, *words: str, code: int = 0) -> list[dict[str, Any]]:
    """The events `case follow` shows."""
    lines = said(folder, "case", "follow", "last", "--no-wait", "--json", *words, code=code)
    return [json.loads(line) for line in lines.splitlines()]


@contextmanager
def runner(folder: Path, who: str = "kim") -> Iterator[subprocess.Popen[str]]:
    """A runner that waits for cases, ended at the end."""
    command = [sys.executable, "-m", "jihwi", "runner", "--json"]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment(who, "desk")}
    )
    try:
        assert process.stdout is not None
        assert "runner" in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def until(process: subprocess.Popen[str], kind: str, times: int = 1, case: str = "") -> None:
    """Read what a runner says until events of a kind have passed."""
    assert process.stdout is not None
    for line in process.stdout:
        told = json.loads(line)
        if told.get("kind") == kind and case in ("", told["case"]):
            times -= 1
        if not times:
            return
    raise AssertionError(f"the runner ended before {kind}")

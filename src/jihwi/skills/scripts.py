"""Runs a skill's script: a process of its own with limits, the arguments as JSON on stdin, one JSON value on stdout."""

from __future__ import annotations

import asyncio
import json
import math
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from jihwi import confinement
from jihwi.errors import ScriptAnswer, ScriptFailed, ScriptKilled, ScriptUnconfined, SkillChanged
from jihwi.skills import SkillContext, SkillResult
from jihwi.skills.declared import Declared

__all__ = ["run_script"]

LONGEST_ANSWER = 1 << 20
"""Bytes of JSON a script may answer with."""
LARGEST_WRITTEN_FILE = 64 << 20
MOST_OPEN_FILES = 256
_LONGEST_COMPLAINT = 2000


async def run_script(
    name: str,
    folder: Path,
    path: str,
    declared: Declared,
    context: SkillContext,
    arguments: dict[str, Any],
    *,
    unchanged: Callable[[], bool],
) -> SkillResult:
    """What the script `path` of `folder` answers, marked as text from outside. Raises SkillFailed: it ended badly,
    answered no JSON or too much, is not as it was when the runner loaded it, or cannot be locked in here."""
    if not await asyncio.to_thread(unchanged):
        raise SkillChanged(name, str(folder))
    with tempfile.TemporaryDirectory(prefix="jihwi-script-") as scratch:
        process = await _start(folder, path, declared, context, scratch)
        try:
            code, said, complaint = await _talk(process, json.dumps(arguments, ensure_ascii=False).encode())
        finally:
            _kill(process)
            await process.wait()
            process._transport.close()  # type: ignore[attr-defined]  # pipes that it has left open to another
    if said is None:
        raise ScriptAnswer(name, f"> {LONGEST_ANSWER} bytes")
    if code == confinement.CANNOT_CONFINE and declared.leaves_house is False:
        raise ScriptUnconfined(name, f"{sys.platform} {platform.machine()}")
    if code != 0:
        raise (ScriptKilled if code < 0 else ScriptFailed)(name, _ended(code, complaint))
    try:
        return SkillResult(msgspec.json.decode(said), tainted=True)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise ScriptAnswer(name, str(problem)) from None


async def _start(
    folder: Path, path: str, declared: Declared, context: SkillContext, scratch: str
) -> asyncio.subprocess.Process:
    limits = {
        "cpu_seconds": math.ceil(declared.timeout_seconds) + 1,
        "memory_bytes": declared.memory_mb << 20,
        "file_bytes": LARGEST_WRITTEN_FILE,
        "open_files": MOST_OPEN_FILES,
        "network": declared.leaves_house,
        "parent": os.getpid(),
    }
    script = str((folder / path).resolve())
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        confinement.__file__,
        json.dumps(limits),
        *_command(script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env=_environment(context, scratch),
        start_new_session=True,
    )


def _command(script: str) -> list[str]:
    if script.endswith(".py"):
        return [sys.executable, "-s", "-B", script]
    return ["/bin/sh", script] if script.endswith(".sh") else [script]


def _environment(context: SkillContext, scratch: str) -> dict[str, str]:
    """Nothing of ours but the way to programs: no key and no setting."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "HOME": scratch,
        "TMPDIR": scratch,
        "SKILL_CASE": context.case_id,
        "SKILL_LANGUAGE": context.language,
        "SKILL_IDEMPOTENCY_KEY": context.idempotency_key,
    }


async def _talk(process: asyncio.subprocess.Process, question: bytes) -> tuple[int, bytes | None, str]:
    """The exit code, what was answered (`None`: too much), and the last of what it complained of."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    complaint = asyncio.create_task(_last(process.stderr))
    asking = asyncio.create_task(_ask(process.stdin, question))
    try:
        said = await _bounded(process.stdout)
        if said is None:
            _kill(process)
        code = await process.wait()
        return code, said, (await complaint).strip()
    finally:
        for task in (complaint, asking):
            task.cancel()
        await asyncio.gather(complaint, asking, return_exceptions=True)


async def _ask(stream: asyncio.StreamWriter, question: bytes) -> None:
    try:
        stream.write(question)
        await stream.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # it did not want to hear them
    stream.close()


async def _bounded(stream: asyncio.StreamReader) -> bytes | None:
    parts, length = [], 0
    while part := await stream.read(1 << 16):
        length += len(part)
        if length > LONGEST_ANSWER:
            return None
        parts.append(part)
    return b"".join(parts)


async def _last(stream: asyncio.StreamReader) -> str:
    kept = b""
    while part := await stream.read(1 << 16):
        kept = (kept + part)[-_LONGEST_COMPLAINT:]
    return kept.decode("utf-8", "replace")


def _kill(process: asyncio.subprocess.Process) -> None:
    """End it with all it has started: they share its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _ended(code: int, complaint: str) -> str:
    how = signal.Signals(-code).name if code < 0 else f"exit {code}"
    return f"{how}: {complaint}" if complaint else how

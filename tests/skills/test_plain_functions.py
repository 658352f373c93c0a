"""A plain function as a skill runs in a thread of its own: one that hangs keeps nobody else from anything."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jihwi.evidence import Viewer
from jihwi.skills import SkillContext
from jihwi.skills.python import skill

REPOSITORY = Path(__file__).parents[2]
CONTEXT = SkillContext("c1", "a1", 1, 0, "c1/a1/1/1/0", Viewer("kim"), (), "ko", "?")
HANG = 2 * (os.cpu_count() or 1) + 40
"""More than any pool has."""


async def test_functions_that_hang_keep_no_other_from_being_done() -> None:
    go = threading.Event()

    @skill(effect="read")
    def hang(context: SkillContext) -> None:
        """Hang."""
        go.wait()

    @skill(effect="read")
    def answer(context: SkillContext, text: str) -> str:
        """Answer."""
        return text

    hanging = [asyncio.ensure_future(hang.run(CONTEXT, {})) for _ in range(HANG)]
    try:
        async with asyncio.timeout(120):
            assert (await answer.run(CONTEXT, {"text": "here"})).value == "here"
            assert await asyncio.to_thread(lambda: "the house works") == "the house works"
    finally:
        go.set()
        await asyncio.gather(*hanging)


async def test_what_a_function_raises_is_raised_where_it_was_called() -> None:
    @skill(effect="read")
    def fail(context: SkillContext) -> None:
        """Fail."""
        raise LookupError("no such file")

    with pytest.raises(LookupError, match="no such file"):
        await fail.run(CONTEXT, {})


@pytest.mark.parametrize("problem", [StopIteration(), concurrent.futures.CancelledError(), SystemExit(3)])
async def test_what_would_stop_whoever_waits_only_says_what_it_was(problem: BaseException) -> None:
    @skill(effect="read")
    def fail(context: SkillContext) -> None:
        """Fail."""
        raise problem

    async with asyncio.timeout(120):
        with pytest.raises(RuntimeError, match=type(problem).__name__):
            await asyncio.ensure_future(fail.run(CONTEXT, {}))


async def test_a_function_that_ends_the_program_ends_only_itself() -> None:
    @skill(effect="read")
    async def leave(context: SkillContext) -> None:
        """Leave."""
        sys.exit(3)

    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        await asyncio.ensure_future(leave.run(CONTEXT, {}))


async def test_one_whose_time_is_over_may_end_later_and_disturbs_nobody() -> None:
    go, ended = threading.Event(), threading.Event()

    @skill(effect="read")
    def late(context: SkillContext) -> None:
        """Come late."""
        go.wait()
        ended.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await late.run(CONTEXT, {})
    go.set()
    assert await asyncio.to_thread(ended.wait, 120)


def test_a_process_ends_though_a_function_of_its_hangs() -> None:
    program = (
        "import asyncio, threading\n"
        "from tests.skills.test_plain_functions import CONTEXT, SkillContext, skill\n"
        "@skill(effect='read')\n"
        "def hang(context: SkillContext) -> None:\n    'Hang.'\n    threading.Event().wait()\n"
        "async def main():\n    task = asyncio.create_task(hang.run(CONTEXT, {}))\n    await asyncio.sleep(0)\n"
        "    await asyncio.sleep(0)\n    task.cancel()\n    print('stopped')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")

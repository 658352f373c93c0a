"""Telling people outside the console that something waits for them: by a command of theirs, with the facts as JSON.

Only the request and what kind of thing waits is told, never text of documents: a command may lead anywhere.
"""

from __future__ import annotations

import asyncio
import shlex
import sys

import msgspec

from jihwi.case import events as e
from jihwi.console.cases import FoldedCases
from jihwi.errors import FormInvalid, JihwiError

__all__ = ["Notice", "Notifier"]

SECONDS = 30.0
_KINDS: dict[type, str] = {
    e.ApprovalRequested: "approval",
    e.QuestionAsked: "question",
    e.SkillUncertain: "uncertain",
    e.CaseParked: "parked",
}


class Notice(msgspec.Struct, frozen=True):
    """What a command is told."""

    kind: str
    case: str
    request: str
    requester: str
    event: int
    link: str


class Notifier:
    """Runs a command for each thing that begins to wait for a person. A command that fails or hangs costs nothing
    but a line on standard error."""

    def __init__(self, command: str, cases: FoldedCases, address: str) -> None:
        """`command` as a person types it in a shell, without being one: no pipes, no variables. Raises FormInvalid."""
        try:
            self._words = shlex.split(command)
        except ValueError as problem:
            raise FormInvalid(f"--notify: {problem}") from problem
        self._cases = cases
        self._address = address
        self._tasks: set[asyncio.Task[None]] = set()

    def saw(self, event: e.Event) -> None:
        """An event became a fact; some of them mean that a person is needed."""
        kind = _KINDS.get(type(event.body))
        if kind is not None and self._words:
            task = asyncio.create_task(self._tell(kind, event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tell(self, kind: str, event: e.Event) -> None:
        try:
            case = (await self._cases.of(event.case_id)).case
        except JihwiError as problem:
            self._complain(str(problem))
            return
        link = f"{self._address}/cases/{event.case_id}"
        notice = Notice(kind, event.case_id, case.request, case.requester, event.seq, link)
        try:
            await self._run(msgspec.json.encode(notice))
        except OSError as problem:
            self._complain(f"{self._words[0]}: {problem.strerror}")

    async def _run(self, notice: bytes) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(SECONDS):
                await process.communicate(notice)
        except TimeoutError:
            process.kill()
            await process.wait()
            self._complain(f"{self._words[0]}: more than {SECONDS:.0f} s")
            return
        if process.returncode:
            self._complain(f"{self._words[0]}: exit code {process.returncode}")

    def _complain(self, words: str) -> None:
        sys.stderr.write(f"notify: {words}\n")

    async def close(self) -> None:
        """Wait for the commands under way."""
        await asyncio.gather(*self._tasks)

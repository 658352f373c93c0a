"""Telling people outside the console that something waits for them: whom, in which ways, and what when it fails.

A case never waits for a notice. Each is tried a few times, ever more slowly; what cannot be told is a fact of the
house, stands on the settings page, and costs nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Coroutine, Sequence
from typing import get_args

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.state import Case
from jihwi.console.cases import FoldedCases
from jihwi.console.people import Person
from jihwi.console.recording import Recorder
from jihwi.console.ways import Notice, WayName, deliver, is_set
from jihwi.errors import JihwiError, NotificationUndelivered
from jihwi.house import HouseStream

__all__ = ["Notice", "Notifier", "whom_to_tell"]

PAUSES = (2.0, 15.0, 120.0)
"""Seconds before each further attempt."""
MOST_AT_ONCE = 1000
"""Notices under way; what comes beyond is written down as untold."""
GRACE_SECONDS = 3.0

_KINDS: dict[type, str] = {
    e.ApprovalRequested: "approval",
    e.QuestionAsked: "question",
    e.SkillUncertain: "uncertain",
    e.CaseParked: "parked",
    e.ApprovalEscalated: "escalated",
    e.SourcesChanged: "evidence_lost",
}


def whom_to_tell(event: e.Event, case: Case, people: Sequence[Person]) -> list[Person]:
    """Who is to hear of it: the deputy of an escalated approval, the requester of a question, and everybody who may
    decide of anything else or when the one who should hear cannot be reached."""
    reached = [one for one in people if one.active and one.mail]
    named = ""
    if isinstance(event.body, e.ApprovalEscalated):
        named = event.body.deputy
    elif isinstance(event.body, e.QuestionAsked):
        named = case.requester
    return [one for one in reached if one.id == named] or [one for one in reached if one.may("decide")]


class Notifier:
    """Tells of each thing that begins to wait for a person, in every way that the settings name."""

    def __init__(
        self,
        cases: FoldedCases,
        stream: HouseStream,
        recorder: Recorder,
        owner: Person,
        *,
        address: str,
        language: str = "auto",
        command: str = "",
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """`address` is where people reach the console. `command` is that of this run; it stands for the settings'."""
        self._cases = cases
        self._stream = stream
        self._recorder = recorder
        self._owner = owner
        self._language = language
        self.pauses = pauses
        self._tasks: set[asyncio.Task[None]] = set()
        self._few = asyncio.Semaphore(8)
        self.address = address
        self.command = command

    def saw(self, event: e.Event) -> None:
        """An event became a fact; some of them mean that a person is needed."""
        kind = _KINDS.get(type(event.body))
        if isinstance(event.body, e.SourcesChanged) and all(one.now is not None for one in event.body.rechecked):
            return  # every word still stands, elsewhere: nobody is needed
        if kind is not None and any(self.leads(way) for way in get_args(WayName)):
            self._begin(self._tell(kind, event))

    def leads(self, way: WayName) -> bool:
        """Whether a way leads anywhere now."""
        return is_set(self._stream.state, way) or (way == "command" and bool(self.command))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _place(self) -> str:
        return str(self._stream.state.setting("console_address") or self.address).rstrip("/")

    async def _tell(self, kind: str, event: e.Event) -> None:
        try:
            case = (await self._cases.of(event.case_id)).case
        except JihwiError as problem:
            self._complain(str(problem))
            return
        link = f"{self._place()}/cases/{event.case_id}"
        notice = Notice(kind, event.case_id, case.request, case.requester, event.seq, link)
        told: list[tuple[WayName, str, str]] = []
        if self.leads("command"):
            told.append(("command", "", ""))
        if self.leads("webhook"):
            told.append(("webhook", "", ""))
        if self.leads("mail"):
            told += [("mail", one.id, one.mail) for one in whom_to_tell(event, case, self._people())]
        for way, person, to in told:
            if len(self._tasks) > MOST_AT_ONCE:
                await self._untold(way, person, NotificationUndelivered(way, "too many at once"), 0)
            else:
                self._begin(self._try(way, notice, person, to))

    def _people(self) -> list[Person]:
        state = self._stream.state
        owner = msgspec.structs.replace(self._owner, mail=state.mails.get(self._owner.id, ""))
        return [owner, *(one for one in state.people.values() if one.id != owner.id)]

    async def _try(self, way: WayName, notice: Notice, person: str, to: str) -> None:
        attempts = len(self.pauses) + 1
        for attempt in range(1, attempts + 1):
            try:
                async with self._few:
                    await self._once(way, notice, to)
                return
            except NotificationUndelivered as problem:
                if attempt == attempts:
                    await self._untold(way, person, problem, attempts)
                    return
            await asyncio.sleep(self.pauses[attempt - 1])

    async def _once(self, way: WayName, notice: Notice, to: str) -> None:
        await deliver(way, notice, to, self._stream.state, command=self.command, language=self._language)

    async def _untold(self, way: str, person: str, problem: NotificationUndelivered, attempts: int) -> None:
        self._complain(f"{problem.way}: {problem.detail}")
        await self._recorder.untold(way, person, Reason(problem.code, {"detail": problem.detail}), attempts)

    async def test(self, way: WayName, to: str) -> None:
        """Tell somebody now that this is a test, once. Raises NotificationUndelivered."""
        if way == "mail" and not to:
            raise NotificationUndelivered("mail", "no address")
        if not self.leads(way):
            raise NotificationUndelivered(way, "not set")
        await self._once(way, Notice("test", "", "", "", 0, f"{self._place()}/settings"), to)

    def _complain(self, words: str) -> None:
        sys.stderr.write(f"notify: {words}\n")

    async def close(self) -> None:
        """Let what is under way, and what that begins, come to its end, for a moment; attempts that would come later
        are given up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        while self._tasks:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

"""The live line: events pushed to open pages as they become facts, numbered so that a dropped line loses nothing.

One line carries as many cases as a browser has open. The id of each message is where the line stands: `case:number`
for every case it follows, so the browser's own Last-Event-ID asks for exactly what it missed. A line of one case
speaks plain event numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import msgspec

from jihwi.case.events import Event
from jihwi.console.cases import FoldedCases, Kept
from jihwi.errors import JihwiError
from jihwi.evidence import Viewer
from jihwi.minds import Delta
from jihwi.store import EventStore

__all__ = ["Hub", "Line", "Show", "cursor_of"]

Show = Callable[[Kept, Event], bytes]
"""What a line sends of one event: JSON in one line, as its reader may see it."""

HEARTBEAT_SECONDS = 15.0
GATHER_SECONDS = 0.02
"""Events that come within this time travel together."""
LOOK_SECONDS = 1.0
QUEUE = 4000


def cursor_of(text: str) -> dict[str, int]:
    """Where a line stood: `case:number` separated by blanks; what is no cursor is passed over.

    >>> cursor_of("c1:12 c2:40 ?")
    {'c1': 12, 'c2': 40}
    """
    found: dict[str, int] = {}
    for part in text.split():
        case_id, _, number = part.partition(":")
        if number.isdigit():
            found[case_id] = int(number)
    return found


class Line:
    """One open line: what it follows, how far it is, and what it has yet to send."""

    def __init__(
        self, wants: dict[str, int], show: Show, viewer: Viewer, *, single: bool = False, news: bool = False
    ) -> None:
        self.at = dict(wants)
        self.show = show
        self.drafts = set(wants)
        """Cases of whose unfinished turns its reader may see drafts."""
        self._viewer = viewer
        self.news = news
        self._single = single
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self.closed = False

    def may_see(self, labels: tuple[str, ...]) -> bool:
        """Whether its reader holds every one of `labels`."""
        return self._viewer.may_see(labels)

    def push(self, kept: Kept) -> None:
        """Queue what this line has not yet been sent of a case."""
        case_id = kept.case.id
        for event in kept.after(self.at[case_id]):
            self.at[case_id] = event.seq
            self._put(b"id: " + self._cursor() + b"\nevent: fact\ndata: " + self.show(kept, event) + b"\n\n")

    def tell(self, kind: str, data: bytes) -> None:
        """Queue a message that is no event: it has no number and may be lost."""
        self._put(b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n")

    def _cursor(self) -> bytes:
        if self._single:
            return str(next(iter(self.at.values()))).encode()
        return " ".join(f"{case_id}:{seq}" for case_id, seq in self.at.items()).encode()

    def _put(self, message: bytes) -> None:
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.close()  # its browser comes back with its cursor and loses nothing

    def close(self) -> None:
        """End the line; its browser opens it again where it stood."""
        self.closed = True
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)

    async def messages(self) -> AsyncIterator[bytes]:
        """What to write to the browser, until the line is closed."""
        yield b"retry: 700\n\n"
        while not self.closed:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    message = await self._queue.get()
            except TimeoutError:
                message = b": still here\n\n"
            if message is None:
                return
            parts = [message]
            while not self._queue.empty():
                more = self._queue.get_nowait()
                if more is None:
                    self.closed = True
                    break
                parts.append(more)
            yield b"".join(parts)


class Hub:
    """Every open line of this server, fed from the store: by its own runner at once, by others' within a second."""

    def __init__(self, store: EventStore, cases: FoldedCases) -> None:
        self._store = store
        self._cases = cases
        self._lines: set[Line] = set()
        self._touched: set[str] = set()
        self._written: list[Delta] = []
        """Drafts that have yet to be shown."""
        self._wanted: frozenset[str] = frozenset()
        self.follow_drafts: Callable[[frozenset[str]], None] = lambda cases: None
        """Told of which cases drafts are wanted, whenever that changes."""
        self._stirred = False
        self._woken = asyncio.Event()
        self._closed = False

    # ── what happens ──

    def saw(self, event: Event) -> None:
        """An event of this process became a fact."""
        self._touched.add(event.case_id)
        self._stirred = True
        self._woken.set()

    def draft(self, delta: Delta) -> None:
        """A piece of a turn that is being written, in this process or another. It is shown once the case is known as
        far as the turn's beginning, so to nobody who may not see what that turn stands on."""
        if delta.case_id in self._wanted and len(self._written) < QUEUE:
            self._written.append(delta)
            self._touched.add(delta.case_id)
            self._woken.set()

    # ── lines ──

    @property
    def lines(self) -> int:
        """How many are open."""
        return len(self._lines)

    @property
    def followed(self) -> set[str]:
        """The cases that somebody follows."""
        return {case_id for line in self._lines for case_id in line.at}

    async def follow(self, line: Line) -> AsyncGenerator[bytes, None]:
        """Write to one browser until it leaves: what it missed first, then what happens."""
        if self._closed:
            return
        self._lines.add(line)
        try:
            for case_id in list(line.at):
                kept = await self._cases.of(case_id)
                self._allow(line, kept)
                line.push(kept)
            self._want()
            async for message in line.messages():
                yield message
        finally:
            self._lines.discard(line)
            self._want()

    def _want(self) -> None:
        wanted = frozenset(case_id for line in self._lines for case_id in line.drafts)
        if wanted != self._wanted and not self._closed:
            self._wanted = wanted
            self.follow_drafts(wanted)

    # ── the pump ──

    async def run(self) -> None:
        """Push what happens to the lines until `close`."""
        listening = asyncio.create_task(self._listen())
        try:
            while not self._closed:
                await self._woken.wait()
                await asyncio.sleep(GATHER_SECONDS)
                self._woken.clear()
                touched, self._touched = self._touched, set()
                await self._push(touched)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self) -> None:
        """Look at what other processes wrote: when the store says that something changed, and now and then."""
        while True:
            changed = await self._store.wait(None, 0, seconds=LOOK_SECONDS)
            if self._lines:
                self._touched.update(case_id for line in self._lines for case_id in line.at)
                self._stirred = self._stirred or changed
                self._woken.set()
            await asyncio.sleep(LOOK_SECONDS / 10)

    async def _push(self, touched: set[str]) -> None:
        written: dict[str, list[Delta]] = {}
        for delta in self._written:  # taken before the cases are read, which then know those turns
            written.setdefault(delta.case_id, []).append(delta)
        self._written = []
        for case_id in touched:
            behind = [line for line in self._lines if case_id in line.at]
            if not behind:
                continue
            try:
                kept = await self._cases.of(case_id)
            except JihwiError:
                continue  # the page that asks for this case is told why
            for line in behind:
                line.push(kept)
                self._allow(line, kept)
                self._show(line, kept, written.get(case_id, []))
        self._want()
        if self._stirred:
            self._stirred = False
            for line in self._lines:
                if line.news:
                    line.tell("news", b"{}")

    @staticmethod
    def _allow(line: Line, kept: Kept) -> None:
        """Drafts stop as soon as a case holds text this line's reader may not see."""
        if kept.case.id in line.drafts and not line.may_see(kept.case.labels):
            line.drafts.discard(kept.case.id)

    @staticmethod
    def _show(line: Line, kept: Kept, written: list[Delta]) -> None:
        """Show what is being written to a line whose reader may see it; what comes after its turn's end is lost."""
        for delta in written if kept.case.id in line.drafts else ():
            at = kept.case.assignments.get(delta.assignment)
            if at is not None and (at.turn, at.turn_status) == (delta.turn, "running"):
                line.tell("draft", msgspec.json.encode(delta))

    def close(self) -> None:
        """End every line, so that the server can stop."""
        self._closed = True
        for line in list(self._lines):
            line.close()
        self._woken.set()

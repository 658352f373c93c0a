"""The store that forgets when the process ends: for tests and trials, and as the plainest reading of the promise."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from types import TracebackType

import msgspec

from jihwi.case.ledger import GENESIS, Sealed, previous_of, time_of
from jihwi.clock import Clock, SystemClock
from jihwi.errors import AppendConflict, LeaseLost
from jihwi.store import HOUSE, CaseRow, CaseStatus, Lease, Patch
from jihwi.store.commits import follow_on
from jihwi.store.waking import Bell, slot_bell, woken

__all__ = ["MemoryStore"]


class _Log:
    """One case: its events, what its appends said of it, and who drives it. Its row is made when somebody asks."""

    __slots__ = ("blobs", "case_id", "epoch", "events", "head", "named", "patch", "runner", "snapshot", "until_ms")

    def __init__(self, case_id: str, patch: Patch) -> None:
        self.case_id = case_id
        self.events: list[Sealed] = []
        self.head = GENESIS
        self.patch = patch
        self.named = (patch.request or "", patch.requester or "", patch.team or "", patch.parent or "")
        self.blobs: set[str] = set()
        self.epoch = 0
        self.until_ms = 0
        self.runner = ""
        self.snapshot: tuple[int, bytes] | None = None

    def take(self, runner: str, until_ms: int) -> None:
        """From now on `runner` drives it."""
        self.epoch += 1
        self.until_ms = until_ms
        self.runner = runner

    def extend(self, events: Sequence[Sealed], patch: Patch) -> None:
        """Take in what an append brings; who appends has looked that it follows."""
        self.events += events
        self.head = events[-1].head
        self.patch = patch
        named = (patch.request, patch.requester, patch.team, patch.parent)
        if named != _NOTHING_NAMED:
            before = zip(named, self.named, strict=True)
            request, requester, team, parent = [old if new is None else new for new, old in before]
            self.named = (request, requester, team, parent)

    def as_it_is(self) -> _Log:
        """The same, which stays so."""
        same = copy(self)
        same.events, same.blobs = list(self.events), set(self.blobs)
        return same

    @property
    def changed_ms(self) -> int:
        """When it was last written to."""
        return time_of(self.events[-1].header)

    @property
    def row(self) -> CaseRow:
        """The case's row as it stands."""
        request, requester, team, parent = self.named
        return CaseRow(
            self.case_id,
            self.patch.status,
            request,
            requester,
            time_of(self.events[0].header),
            self.changed_ms,
            len(self.events),
            self.head,
            self.patch.wake_at_ms,
            self.patch.waits_for,
            team,
            parent,
        )


_NOTHING_NAMED = (None, None, None, None)


class _Place(msgspec.Struct):
    """One place under a limit, held or asked for, as long as its lease lives."""

    case_id: str
    epoch: int
    place: str
    taken: bool = False


class MemorySlots:
    """The `Slots` of one `MemoryStore`: a line for each name, in the order of asking."""

    def __init__(self, lives: Callable[[str, int], bool], bell: Bell) -> None:
        self._lives = lives
        self._bell = bell
        self._lines: dict[str, list[_Place]] = {}
        self.heard = 0

    async def take(self, name: str, place: str, *, limit: int, lease: Lease) -> bool:
        line = self._lines[name] = self._living(name)
        mine = next((one for one in line if self._is(one, place, lease)), None)
        if mine is None:
            if not self._lives(lease.case_id, lease.epoch):
                return False
            mine = _Place(lease.case_id, lease.epoch, place)
            line.append(mine)
        at = line.index(mine)
        mine.taken = mine.taken or sum(one.taken or n < at for n, one in enumerate(line) if n != at) < limit
        return mine.taken

    async def free(self, name: str, place: str, *, lease: Lease) -> None:
        self._lines[name] = [one for one in self._lines.get(name, []) if not self._is(one, place, lease)]
        self.heard += 1
        self._bell.ring_slot(slot_bell(name))

    async def wait(self, name: str, heard: int, *, seconds: float) -> bool:
        with self._bell.waiter(slot_bell(name), 0) as waiter:
            return self.heard > heard or await woken(waiter, seconds=seconds)

    async def taken(self, name: str) -> int:
        return sum(one.taken for one in self._living(name))

    def _living(self, name: str) -> list[_Place]:
        return [one for one in self._lines.get(name, []) if self._lives(one.case_id, one.epoch)]

    @staticmethod
    def _is(one: _Place, place: str, lease: Lease) -> bool:
        return one.place == place and one.case_id == lease.case_id and one.epoch == lease.epoch


class MemoryStore:
    """An `EventStore` without a disk. Keeps every promise but the one about power.

    >>> import asyncio
    >>> asyncio.run(MemoryStore().rows())
    []
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._logs: dict[str, _Log] = {}
        self._blobs: dict[str, bytes] = {}
        self._then: tuple[dict[str, _Log], dict[str, bytes]] | None = None
        """What stood at the one moment that is told of."""
        self._bell = Bell()
        self._slots = MemorySlots(self._lives, self._bell)
        self._changes = 0
        # The changes seen when a claim last found nothing: what came since wakes `wait(None)` at once, so that no
        # runner sleeps through a case that arrived between its claim and its wait.
        self._idle_at = -1

    async def __aenter__(self) -> MemoryStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def now_ms(self) -> int:
        return self._clock.now_ms()

    @property
    def slots(self) -> MemorySlots:
        return self._slots

    def _lives(self, case_id: str, epoch: int) -> bool:
        """Whether that lease is held now."""
        log = self._logs.get(case_id)
        return log is not None and log.epoch == epoch and log.until_ms > self.now_ms()

    async def append(
        self,
        case_id: str,
        events: Sequence[Sealed],
        patch: Patch,
        *,
        blobs: Mapping[str, bytes] = {},
        lease: Lease | None = None,
    ) -> None:
        if not events:
            raise ValueError("an append needs an event")
        log = self._logs.get(case_id)
        if lease is not None and (log is None or log.epoch != lease.epoch):
            raise LeaseLost(case_id, lease.epoch)
        self._check_place(case_id, log, events)
        if log is None:
            log = self._logs[case_id] = _Log(case_id, patch)
            if patch.taker:
                log.take(patch.taker, self.now_ms() + int(patch.taker_seconds * 1000))
        log.extend(events, patch)
        if patch.let_go and lease is not None:
            log.until_ms = 0
        if blobs:
            self._blobs.update(blobs)
            log.blobs.update(blobs)
        self._changes += len(events)
        self._bell.ring(case_id, len(log.events))

    @staticmethod
    def _check_place(case_id: str, log: _Log | None, events: Sequence[Sealed]) -> None:
        """Raise AppendConflict unless the log ends exactly before the first event."""
        seq, head = (1, GENESIS) if log is None else (len(log.events) + 1, log.head)
        if previous_of(events[0].header) != head or not follow_on(events, seq):
            raise AppendConflict(case_id, events[0].seq)

    @contextlib.asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator[None]:
        self._then = {name: log.as_it_is() for name, log in self._logs.items()}, dict(self._blobs)
        try:
            yield
        finally:
            self._then = None

    @property
    def _told(self) -> tuple[dict[str, _Log], dict[str, bytes]]:
        return self._then or (self._logs, self._blobs)

    async def blobs_of(self, case_id: str) -> list[str]:
        log = self._told[0].get(case_id)
        return sorted(log.blobs) if log else []

    async def erase(
        self, case_id: str, events: Sequence[Sealed], patch: Patch, *, seqs: Sequence[int], blobs: Sequence[str] = ()
    ) -> None:
        await self.append(case_id, events, patch)
        log = self._logs[case_id]
        log.snapshot = None
        for seq in seqs:
            log.events[seq - 1] = msgspec.structs.replace(log.events[seq - 1], salt=None, body=None)
        log.blobs.difference_update(blobs)
        for digest in blobs:
            if not any(digest in other.blobs for other in self._logs.values()):
                self._blobs.pop(digest, None)

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        log = self._told[0].get(case_id)
        if log is None:
            return []
        return log.events[after : None if limit is None else after + limit]

    async def blob(self, digest: str) -> bytes | None:
        return self._told[1].get(digest)

    async def row(self, case_id: str) -> CaseRow | None:
        log = self._told[0].get(case_id)
        return log.row if log else None

    async def rows(
        self, *, statuses: Sequence[CaseStatus] = (), prefix: str = "", requester: str = "", limit: int = 1000
    ) -> list[CaseRow]:
        found = [
            log.row
            for case_id, log in self._told[0].items()
            if case_id != HOUSE and case_id.startswith(prefix) and (not statuses or log.patch.status in statuses)
            if not requester or log.named[1] == requester
        ]
        found.sort(key=lambda row: (row.changed_ms, row.case_id), reverse=True)
        return found[:limit]

    async def claim(
        self, runner: str, *, case_id: str | None = None, seconds: float = 30.0, besides: Collection[str] = ()
    ) -> Lease | None:
        now_ms = self.now_ms()
        changes = self._changes
        found = self._candidates(case_id, now_ms)
        free = [log for log in found if log.until_ms <= now_ms and log.case_id not in besides]
        if not free:
            if case_id is None:
                self._idle_at = changes
            return None
        log = min(free, key=lambda log: (log.changed_ms, log.case_id))
        log.take(runner, now_ms + int(seconds * 1000))
        return Lease(log.case_id, runner, log.epoch, log.until_ms)

    def _candidates(self, case_id: str | None, now_ms: int) -> Iterable[_Log]:
        if case_id is not None:
            log = self._logs.get(case_id)
            return [log] if log else []
        return [
            log for log in self._logs.values() if log.patch.status == "running" or 0 < log.patch.wake_at_ms <= now_ms
        ]

    async def lease_of(self, case_id: str) -> Lease | None:
        log = self._logs.get(case_id)
        if log is None or log.until_ms <= self.now_ms():
            return None
        return Lease(case_id, log.runner, log.epoch, log.until_ms)

    async def renew(self, lease: Lease, *, seconds: float = 30.0) -> Lease:
        log = self._logs.get(lease.case_id)
        if log is None or log.epoch != lease.epoch or not log.until_ms:
            raise LeaseLost(lease.case_id, lease.epoch)
        log.until_ms = self.now_ms() + int(seconds * 1000)
        return msgspec.structs.replace(lease, until_ms=log.until_ms)

    async def release(self, lease: Lease) -> None:
        log = self._logs.get(lease.case_id)
        if log is not None and log.epoch == lease.epoch:
            log.until_ms = 0

    async def snapshot(self, case_id: str) -> tuple[int, bytes] | None:
        log = self._logs.get(case_id)
        return log.snapshot if log else None

    async def keep_snapshot(self, case_id: str, seq: int, data: bytes) -> None:
        log = self._logs.get(case_id)
        if log is not None and (log.snapshot is None or log.snapshot[0] <= seq):
            log.snapshot = (seq, data)

    async def gone_on(self, seqs: Mapping[str, int]) -> list[str]:
        logs = self._logs
        return [case_id for case_id, seq in seqs.items() if case_id in logs and len(logs[case_id].events) > seq]

    async def wait(self, case_id: str | None, after: int, *, seconds: float) -> bool:
        if case_id is not None:
            log = self._logs.get(case_id)
            if log is not None and len(log.events) > after:
                return True
            return await self._bell.wait(case_id, after, seconds=seconds)
        changed = 0 <= self._idle_at < self._changes or await self._bell.wait(None, 0, seconds=seconds)
        self._idle_at = self._changes
        return changed

    async def close(self) -> None:
        self._bell.wake_all(changed=False)

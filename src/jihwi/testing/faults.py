"""Faults made by wrapping ports: a fuse that every wrapped call passes, and that blows at a chosen moment.

    store = FaultyStore(await SqliteStore.open(path), Fuse(at=17, blow=killed))

A first run with a fuse that never blows tells how many moments there are (`fuse.passed`).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal

import msgspec

from jihwi.case.ledger import Sealed
from jihwi.errors import JihwiError
from jihwi.store import CaseRow, CaseStatus, EventStore, KeptStore, Lease, Patch, Slots

__all__ = ["FaultyKeptStore", "FaultyStore", "Fuse", "Moment", "frozen", "killed", "raising"]


class Moment(msgspec.Struct, frozen=True):
    """A moment that a fuse is passed: before a call, or after it and before its caller hears."""

    when: Literal["before", "after"]
    what: str


def killed(moment: Moment) -> None:
    """End this process as `kill -9` does: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)


def frozen(moment: Moment) -> None:
    """Stop this process until somebody sends SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def raising(error: JihwiError) -> Callable[[Moment], None]:
    """What makes a fuse raise `error`."""

    def blow(moment: Moment) -> None:
        raise error

    return blow


class Fuse:
    """Counts the moments that pass and blows at the one numbered `at`, from 1 on; 0 for never.

    `only` names the calls that count, all of them when empty. `again` lets it blow at every later moment too.

    >>> fuse = Fuse(at=2, blow=print, only=("append",))
    >>> for what in ("append", "read", "append", "append"):
    ...     fuse.passing("before", what)
    Moment(when='before', what='append')
    >>> fuse.passed, fuse.seen["before append"]
    (3, 3)
    """

    def __init__(
        self, at: int = 0, blow: Callable[[Moment], None] = killed, *, only: Sequence[str] = (), again: bool = False
    ) -> None:
        self.at = at
        self.passed = 0
        self.seen: Counter[str] = Counter()
        self._blow = blow
        self._only = frozenset(only)
        self._again = again

    def passing(self, when: Literal["before", "after"], what: str) -> None:
        """Somebody is before or after the call `what`."""
        if self._only and what not in self._only:
            return
        self.passed += 1
        self.seen[f"{when} {what}"] += 1
        if self.passed == self.at or (self._again and 0 < self.at < self.passed):
            self._blow(Moment(when, what))


class FaultyStore:
    """An `EventStore` around another one: every call passes the fuse before it is made and after it is done."""

    def __init__(self, store: EventStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    @property
    def slots(self) -> Slots:
        return self._store.slots

    def now_ms(self) -> int:
        return self._store.now_ms()

    async def append(
        self,
        case_id: str,
        events: Sequence[Sealed],
        patch: Patch,
        *,
        blobs: Mapping[str, bytes] = {},
        lease: Lease | None = None,
    ) -> None:
        self._fuse.passing("before", "append")
        await self._store.append(case_id, events, patch, blobs=blobs, lease=lease)
        self._fuse.passing("after", "append")

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        self._fuse.passing("before", "read")
        found = await self._store.read(case_id, after=after, limit=limit)
        self._fuse.passing("after", "read")
        return found

    async def blob(self, digest: str) -> bytes | None:
        self._fuse.passing("before", "blob")
        found = await self._store.blob(digest)
        self._fuse.passing("after", "blob")
        return found

    async def row(self, case_id: str) -> CaseRow | None:
        self._fuse.passing("before", "row")
        found = await self._store.row(case_id)
        self._fuse.passing("after", "row")
        return found

    async def rows(
        self, *, statuses: Sequence[CaseStatus] = (), prefix: str = "", requester: str = "", limit: int = 1000
    ) -> list[CaseRow]:
        self._fuse.passing("before", "rows")
        found = await self._store.rows(statuses=statuses, prefix=prefix, requester=requester, limit=limit)
        self._fuse.passing("after", "rows")
        return found

    async def claim(
        self, runner: str, *, case_id: str | None = None, seconds: float = 30.0, besides: Collection[str] = ()
    ) -> Lease | None:
        self._fuse.passing("before", "claim")
        lease = await self._store.claim(runner, case_id=case_id, seconds=seconds, besides=besides)
        self._fuse.passing("after", "claim")
        return lease

    async def lease_of(self, case_id: str) -> Lease | None:
        self._fuse.passing("before", "lease_of")
        lease = await self._store.lease_of(case_id)
        self._fuse.passing("after", "lease_of")
        return lease

    async def renew(self, lease: Lease, *, seconds: float = 30.0) -> Lease:
        self._fuse.passing("before", "renew")
        renewed = await self._store.renew(lease, seconds=seconds)
        self._fuse.passing("after", "renew")
        return renewed

    async def release(self, lease: Lease) -> None:
        self._fuse.passing("before", "release")
        await self._store.release(lease)
        self._fuse.passing("after", "release")

    async def snapshot(self, case_id: str) -> tuple[int, bytes] | None:
        self._fuse.passing("before", "snapshot")
        found = await self._store.snapshot(case_id)
        self._fuse.passing("after", "snapshot")
        return found

    async def keep_snapshot(self, case_id: str, seq: int, data: bytes) -> None:
        self._fuse.passing("before", "keep_snapshot")
        await self._store.keep_snapshot(case_id, seq, data)
        self._fuse.passing("after", "keep_snapshot")

    async def gone_on(self, seqs: Mapping[str, int]) -> list[str]:
        self._fuse.passing("before", "gone_on")
        found = await self._store.gone_on(seqs)
        self._fuse.passing("after", "gone_on")
        return found

    async def wait(self, case_id: str | None, after: int, *, seconds: float) -> bool:
        return await self._store.wait(case_id, after, seconds=seconds)

    async def close(self) -> None:
        await self._store.close()


class FaultyKeptStore(FaultyStore):
    """The same around a store whose cases can be moved and erased."""

    def __init__(self, store: KeptStore, fuse: Fuse) -> None:
        super().__init__(store, fuse)
        self._kept = store

    def at_one_moment(self) -> AbstractAsyncContextManager[None]:
        return self._kept.at_one_moment()

    async def blobs_of(self, case_id: str) -> list[str]:
        self._fuse.passing("before", "blobs_of")
        found = await self._kept.blobs_of(case_id)
        self._fuse.passing("after", "blobs_of")
        return found

    async def erase(
        self, case_id: str, events: Sequence[Sealed], patch: Patch, *, seqs: Sequence[int], blobs: Sequence[str] = ()
    ) -> None:
        self._fuse.passing("before", "erase")
        await self._kept.erase(case_id, events, patch, seqs=seqs, blobs=blobs)
        self._fuse.passing("after", "erase")

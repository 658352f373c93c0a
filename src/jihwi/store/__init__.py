"""The port of the store: where the logs of cases are kept, appended to by compare-and-append, and never rewritten.

The promise, the same for every adapter (`jihwi.testing.store_contract` tests it):

- `append` is all or nothing, durable when it returns, and refused with `AppendConflict` unless the log ends exactly
  before the first given event. The database itself refuses a second event at the same place.
- An append that carries a lease is refused with `LeaseLost` when another runner holds a newer epoch.
- One case's conflict never fails another's append, also where they share a commit.
- What was acknowledged survives `kill -9` and, on a file system that keeps its promises, lost power.
- Bodies over `BLOB_BYTES` lie in a table of blobs under their digest; readers never notice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec

from jihwi.case.ledger import Sealed

__all__ = ["BLOB_BYTES", "HOUSE", "CaseRow", "CaseStatus", "EventStore", "KeptStore", "Lease", "Patch", "Slots"]

BLOB_BYTES = 16 * 1024
"""Bodies longer than this are stored once, under their digest."""

HOUSE = "house"
"""The stream of facts outside any case. It is kept like a case and is none: `rows` never lists it, no runner claims
it, and nobody erases it with the ended cases; `row` and `read` find it by this name."""

CaseStatus = Literal["running", "waiting", "paused", "parked", "closed", "cancelled", "failed"]


class CaseRow(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What lists show of a case and what a runner needs to find work; a cache of the log, written with each append."""

    case_id: str
    status: CaseStatus
    request: str
    requester: str
    opened_ms: int
    changed_ms: int
    seq: int
    head: bytes
    wake_at_ms: int = 0
    """When the next timer is due; 0 for none."""
    waits_for: int = 0
    """How many answers of people it waits for (approvals, questions, uncertain writes)."""
    team: str = ""
    parent: str = ""
    """The case this one was forked from."""


class Patch(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an append changes in the case's row beside seq, head and time. The first append must name all.

    A case that is opened and driven at once needs no transaction of its own for its lease, nor for letting it go.
    """

    status: CaseStatus
    wake_at_ms: int = 0
    waits_for: int = 0
    request: str | None = None
    requester: str | None = None
    team: str | None = None
    parent: str | None = None
    taker: str = ""
    """Only with the append that opens a case: the runner that holds its lease, with epoch 1, from this commit on."""
    taker_seconds: float = 0.0
    """For how long."""
    let_go: bool = False
    """Only with a lease: it is released in this commit."""


class Lease(msgspec.Struct, frozen=True, gc=False):
    """The right of one runner to act for a case, until a time told by the store's clock."""

    case_id: str
    runner: str
    epoch: int
    until_ms: int


class Slots(Protocol):
    """Places of which a name has only so many, for all processes that share the store.

    A place belongs to the lease of a case. Nobody renews or buries it: it is held, or waited for, exactly as long as
    that lease lives, and is free once the lease was let go, has run out by the store's clock or was taken by another.
    Who asks first is served first. A case should ask for one place at a time, so that a case with many to ask for
    comes after every other one that waits, each time.
    """

    @property
    def heard(self) -> int:
        """How often this process has heard that places may have become free; rises only."""
        ...

    async def take(self, name: str, place: str, *, limit: int, lease: Lease) -> bool:
        """Take `place` (a word of the caller's, one a case and name) among the `limit` that `name` has; whether it is
        held now. Where it is not, it stands in the line, and asking again is safe. Raises StoreError."""
        ...

    async def free(self, name: str, place: str, *, lease: Lease) -> None:
        """Give a place back, or leave the line; nothing happens when it is not there. Raises StoreError."""
        ...

    async def wait(self, name: str, heard: int, *, seconds: float) -> bool:
        """Wait until more than `heard` was heard, at most `seconds`; whether it was. A hint: what other processes free
        is heard within a quarter of a second as a rule, and that a lease has run out is never heard."""
        ...

    async def taken(self, name: str) -> int:
        """How many places are held now."""
        ...


class EventStore(Protocol):
    """Keeps the logs. One instance serves one process; many processes may share what lies beneath."""

    @property
    def slots(self) -> Slots:
        """The places under limits that hold for everybody who shares the store."""
        ...

    def now_ms(self) -> int:
        """The store's clock: milliseconds since 1970-01-01T00:00:00Z, cheap, never blocking."""
        ...

    async def append(
        self,
        case_id: str,
        events: Sequence[Sealed],
        patch: Patch,
        *,
        blobs: Mapping[str, bytes] = {},
        lease: Lease | None = None,
    ) -> None:
        """Append `events` (numbered on from the log's end) and store `blobs` by digest, in one transaction.

        Raises AppendConflict, LeaseLost, StoreBusy, StoreFull, StoreReadOnly, StoreCorrupt; ValueError or OverflowError
        for what the database cannot hold, such as half a character: then it alone is refused, whatever else is written.
        """
        ...

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        """The events numbered after `after`, in order; empty when there is no such case."""
        ...

    async def blob(self, digest: str) -> bytes | None:
        """The bytes under a digest."""
        ...

    async def row(self, case_id: str) -> CaseRow | None:
        """One case's row."""
        ...

    async def rows(
        self, *, statuses: Sequence[CaseStatus] = (), prefix: str = "", requester: str = "", limit: int = 1000
    ) -> list[CaseRow]:
        """Rows, newest change first; only those with one of `statuses` when any is given, whose id begins so, and of
        `requester` when one is given. The house stream is not among them."""
        ...

    async def claim(
        self, runner: str, *, case_id: str | None = None, seconds: float = 30.0, besides: Collection[str] = ()
    ) -> Lease | None:
        """Take the lease of `case_id`, or of any case that has work (running, or whose wake time has come) and no
        live lease, oldest change first, of others than those in `besides`. The epoch rises by one. `None` when there
        is nothing to take."""
        ...

    async def renew(self, lease: Lease, *, seconds: float = 30.0) -> Lease:
        """Hold on, also to one that has run out. Raises `LeaseLost` when another runner has it or it was let go."""
        ...

    async def release(self, lease: Lease) -> None:
        """Let go, so that another runner may claim at once; nothing happens when it was lost already."""
        ...

    async def lease_of(self, case_id: str) -> Lease | None:
        """The lease that somebody holds on a case now, so that one whose runner is known to be dead can be
        released; `None` when it is free or has run out."""
        ...

    async def snapshot(self, case_id: str) -> tuple[int, bytes] | None:
        """The newest cached state and the event it stands on; a cache that may be deleted at any time."""
        ...

    async def keep_snapshot(self, case_id: str, seq: int, data: bytes) -> None:
        """Cache a state, replacing an older one."""
        ...

    async def gone_on(self, seqs: Mapping[str, int]) -> list[str]:
        """Those of the cases in `seqs` that have an event numbered above the number beside them: one question,
        however many they are."""
        ...

    async def wait(self, case_id: str | None, after: int, *, seconds: float) -> bool:
        """Wait until `case_id` has an event numbered above `after` (any case has changed, when `None`), at most
        `seconds`; whether it has. Changes by other processes are seen too, within a quarter of a second."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of every file and connection."""
        ...


class KeptStore(EventStore, Protocol):
    """A store whose cases can be moved to another one and whose texts can be erased, as every adapter of ours is."""

    def at_one_moment(self) -> AbstractAsyncContextManager[None]:
        """Within, `read`, `row`, `rows`, `blob` and `blobs_of` tell what stood when the block began, whatever comes
        meanwhile: for copying, by one who does nothing else with this instance. Raises StoreError."""
        ...

    async def blobs_of(self, case_id: str) -> list[str]:
        """The digests of all blobs that appends of this case brought, sorted; long bodies may be among them."""
        ...

    async def erase(
        self, case_id: str, events: Sequence[Sealed], patch: Patch, *, seqs: Sequence[int], blobs: Sequence[str] = ()
    ) -> None:
        """Append `events`, which say what is erased and why, and in the same transaction erase the bodies and salts
        of the events `seqs`, the snapshot, and the case's hold on `blobs`. A blob that no case holds is deleted.

        Raises what `append` raises.
        """
        ...

"""One case's log in a runner's hands: drafts are folded as they are sealed, and appended together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jihwi.case.decide import decide
from jihwi.case.events import Author, BodyErased, ContextCompacted, Draft, Event
from jihwi.case.fold import apply, fold
from jihwi.case.ledger import GENESIS, Sealed, open_event, seal
from jihwi.case.state import Case, CaseState, in_flight, waits
from jihwi.errors import StoreFailed
from jihwi.orchestrator.loading import fill_transcripts, load_state
from jihwi.orchestrator.snapshots import SNAPSHOT_EVENTS, packed
from jihwi.store import CaseStatus, EventStore, Lease, Patch

__all__ = ["CaseLog", "patch_of"]

_STATUS: dict[CaseState, CaseStatus] = {
    "new": "running",
    "open": "running",
    "paused": "paused",
    "parked": "parked",
    "closed": "closed",
    "cancelled": "cancelled",
}


def patch_of(
    case: Case,
    *,
    at_rest: bool = False,
    opens: bool = False,
    taker: tuple[str, float] | None = None,
    over: bool = False,
    starts: bool = False,
) -> Patch:
    """What the case's row says: `running` while something is due or in flight, so that a runner has work here.

    `at_rest`: `decide` has just said that nothing more is due. `opens`: these are the case's first events, so the row
    is new and holds nothing yet. `starts`, `taker`, `over`: as `CaseLog.append` has them.
    """
    status, wake_at_ms = _STATUS[case.status], 0
    # A paused or parked case is not woken: nothing comes due in it until a person lets it go on.
    if case.status == "open":
        if case.timers:
            wake_at_ms = min(case.timers.values())
        if not starts and not in_flight(case) and (at_rest or not decide(case)):
            status = "waiting"
    elif status == "closed" and case.outcome == "failed":
        status = "failed"
    if not opens:
        return Patch(status, wake_at_ms, waits(case), let_go=over)
    runner, seconds = taker or ("", 0.0)
    return Patch(status, wake_at_ms, waits(case), case.request, case.requester, case.team, case.parent, runner, seconds)


class CaseLog:
    """The state of a case and the drafts that are folded into it but not yet in the store."""

    def __init__(self, store: EventStore, case_id: str, salts: Iterator[bytes], runner: Author) -> None:
        self._store = store
        self._case_id = case_id
        self._salts = salts
        self._runner = runner
        self._at_ms = 0
        self._pending: list[Sealed] = []
        self._blobs: dict[str, bytes] = {}
        self._hollow_to = 0
        self._kept_seq = 0
        self._unheard: list[Sealed] = []
        """The first event of each append of which nobody heard whether it stands."""
        self.case = Case(case_id)
        self.fresh: list[Event] = []
        """Events folded since the last append."""

    @classmethod
    def branch(
        cls, store: EventStore, case_id: str, salts: Iterator[bytes], runner: Author, prefix: Iterable[Event]
    ) -> CaseLog:
        """The log of a fork that has no event of its own yet: its state is that of the prefix."""
        log = cls(store, case_id, salts, runner)
        log.case = fold(case_id, prefix)
        log.case.seq, log.case.head = 0, GENESIS
        return log

    async def load(self) -> None:
        """Fold the log from the store anew; what was pending is forgotten."""
        self.case, self._hollow_to = await load_state(self._store, self._case_id)
        self._pending, self._blobs, self.fresh = [], {}, []
        self._kept_seq = self._hollow_to

    async def load_again(self) -> bool:
        """`load` after an append that failed; whether one of which nobody heard stands in the log."""
        stands = False
        for first in self._unheard:
            found = await self._store.read(self._case_id, after=first.seq - 1, limit=1)
            stands = stands or any(one.head == first.head for one in found)
        await self.load()
        return stands

    @property
    def hollow(self) -> bool:
        """Whether the state came from a snapshot and its transcripts are not filled yet."""
        return self._hollow_to > 0

    async def fill(self) -> None:
        """See to it that the transcripts are there: a state from a snapshot has none."""
        if self._hollow_to:
            await fill_transcripts(self._store, self.case, self._hollow_to)
            self._hollow_to = 0

    async def keep_snapshot(self) -> None:
        """Keep the state, when enough has come since the last time and nothing is pending."""
        if not self._pending and self.case.seq - self._kept_seq >= SNAPSHOT_EVENTS:
            self._kept_seq = self.case.seq
            await self._store.keep_snapshot(self._case_id, self.case.seq, packed(self.case))

    async def catch_up(self) -> list[Event]:
        """Fold what others appended since; only when nothing is pending."""
        if self._pending:
            return []
        news = [open_event(one) for one in await self._store.read(self._case_id, after=self.case.seq)]
        if any(isinstance(event.body, BodyErased | ContextCompacted) for event in news):
            await self.load()  # what was erased leaves the memory too
            await self.fill()
            return news
        for event in news:
            apply(self.case, event)
        return news

    def add(self, draft: Draft, blobs: dict[str, bytes] | None = None) -> Event:
        """Seal a draft as the next event and fold it; durable only after `append`."""
        case = self.case
        if not self._pending:
            self._at_ms = self._store.now_ms()  # what becomes durable together has one time
        sealed, event = seal(
            draft, self._case_id, case.seq + 1, self._at_ms, case.head, next(self._salts), self._runner
        )
        apply(case, event)
        self._pending.append(sealed)
        self.fresh.append(event)
        if blobs:
            self._blobs.update(blobs)
        return event

    def add_all(self, drafts: Iterable[Draft]) -> None:
        """Seal and fold several drafts in order."""
        for draft in drafts:
            self.add(draft)

    @property
    def pending(self) -> int:
        """How many events are folded but not appended."""
        return len(self._pending)

    async def append(
        self,
        *,
        lease: Lease | None,
        starts: bool = False,
        at_rest: bool = False,
        taker: tuple[str, float] | None = None,
        over: bool = False,
    ) -> list[Event]:
        """Make what is pending durable; answers the events. Raises AppendConflict, LeaseLost, StoreError.

        `starts`: an effect starts with these facts, so the case is in flight. `at_rest`: `decide` has just said that
        nothing more is due. `taker`: who takes the lease of the case that is opened here, and for how many seconds.
        `over`: the lease is let go in the same commit.

        After an exception the state holds facts that are not in the store: `load` before going on.
        """
        if not self._pending:
            return []
        patch = patch_of(
            self.case, at_rest=at_rest, opens=self._pending[0].seq == 1, taker=taker, over=over, starts=starts
        )
        try:
            await self._store.append(self._case_id, self._pending, patch, blobs=self._blobs, lease=lease)
        except StoreFailed:
            self._unheard.append(self._pending[0])
            raise
        if self._unheard:
            self._unheard = []
        events, self.fresh = self.fresh, []
        self._pending, self._blobs = [], {}
        return events

"""The promise of a store as tests that every adapter inherits.

A store's author subclasses `StoreContract` (`KeptStoreContract` when its cases can be moved and erased) and gives one
fixture, `opener`: a function that opens the store, each time another instance over the same ground. pytest-asyncio must
run in its auto mode:

    class TestMyStore(StoreContract):
        @pytest.fixture
        def opener(self, tmp_path: Path) -> Opener:
            return lambda: MyStore.open(tmp_path / "store")
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import cast

import pytest

from jihwi.case.assignment import Reason
from jihwi.case.events import Author, CasePaused, CaseResumed, Draft, Noticed
from jihwi.case.ledger import GENESIS, Sealed, seal, verify
from jihwi.errors import AppendConflict, LeaseLost
from jihwi.store import BLOB_BYTES, HOUSE, CaseRow, EventStore, KeptStore, Lease, Patch
from jihwi.testing.opened_stores import OpenedStores, Opener

__all__ = ["Chain", "KeptStoreContract", "Opener", "StoreContract"]

_OPENING = Patch("running", request="무엇이 바뀌었습니까?", requester="kim", team="report")
_RUNNING = Patch("running")
_SHORT_LEASE = 0.05
_LONG_LEASE = 600.0
_LIMIT_SECONDS = 60.0
"""What comes about by itself has done so by then, on the slowest machine and disk."""


class Chain:
    """Makes events that follow each other, as the orchestrator would.

    >>> chain = Chain("c0000000000a1")
    >>> [event.seq for event in chain.next(2)], chain.seq
    ([1, 2], 2)
    """

    def __init__(self, case_id: str, *, at_ms: int = 1_700_000_000_000) -> None:
        self.case_id = case_id
        self.seq = 0
        self.head = GENESIS
        self.at_ms = at_ms

    def next(self, count: int = 1, *, text: str = "") -> list[Sealed]:
        """The next `count` events. A `text` makes their bodies that much longer."""
        made = []
        for _ in range(count):
            self.seq += 1
            self.at_ms += 1
            body = Noticed("a1", Reason("told", {"text": text})) if text else CaseResumed()
            salt = hashlib.sha256(f"{self.case_id}/{self.seq}".encode()).digest()[:16]
            draft = Draft(body, Author("person", "kim", door="console"))
            sealed, event = seal(
                draft, case_id=self.case_id, seq=self.seq, at_ms=self.at_ms, previous=self.head, salt=salt
            )
            self.head = event.head
            made.append(sealed)
        return made

    def rival(self) -> list[Sealed]:
        """Another event for the place of the next one; the chain itself stays where it is."""
        sealed, _ = seal(
            Draft(CasePaused(Reason("rival"))),
            case_id=self.case_id,
            seq=self.seq + 1,
            at_ms=self.at_ms,
            previous=self.head,
            salt=b"r" * 16,
        )
        return [sealed]


async def _opened(store: EventStore, name: str, events: int = 1, patch: Patch = _OPENING) -> Chain:
    chain = Chain(name)
    await store.append(name, chain.next(events), patch)
    return chain


async def _claimed_in_time(store: EventStore, runner: str, case_id: str | None = None) -> Lease:
    async with asyncio.timeout(_LIMIT_SECONDS):
        while True:
            lease = await store.claim(runner, case_id=case_id, seconds=_LONG_LEASE)
            if lease is not None:
                return lease
            await store.wait("c00000000none", 0, seconds=0.01)


class StoreContract(OpenedStores):
    """What every store must do. Each test is one sentence of the promise."""

    # ── appending and reading ────────────────────────────────────────────

    async def test_what_is_appended_is_read_back_byte_for_byte(self, store: EventStore) -> None:
        chain = Chain("c0000000000a1")
        events = chain.next(3) + chain.next(1, text="가나다")
        await store.append(chain.case_id, events, _OPENING)
        assert await store.read(chain.case_id) == events
        assert verify(chain.case_id, await store.read(chain.case_id), expected_head=chain.head).events == 4

    async def test_a_log_is_read_from_an_event_on_and_in_parts(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1", 5)
        assert [e.seq for e in await store.read(chain.case_id, after=2)] == [3, 4, 5]
        assert [e.seq for e in await store.read(chain.case_id, after=1, limit=2)] == [2, 3]
        assert await store.read(chain.case_id, after=5) == []
        assert await store.read(chain.case_id, limit=0) == []

    async def test_a_long_log_comes_back_whole_and_in_order(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1", 1234)
        assert [e.seq for e in await store.read(chain.case_id)] == list(range(1, 1235))
        assert [e.seq for e in await store.read(chain.case_id, after=100, limit=700)] == list(range(101, 801))

    async def test_of_an_unknown_case_there_is_nothing(self, store: EventStore) -> None:
        assert await store.read("c0000000000a1") == []
        assert await store.row("c0000000000a1") is None
        assert await store.snapshot("c0000000000a1") is None
        assert await store.blob("0" * 64) is None
        assert await store.claim("runner", case_id="c0000000000a1") is None

    async def test_a_second_event_at_the_same_place_is_refused(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        rival = chain.rival()
        await store.append(chain.case_id, chain.next(), _RUNNING)
        with pytest.raises(AppendConflict) as refused:
            await store.append(chain.case_id, rival, _RUNNING)
        assert refused.value.expected_seq == 2
        assert [e.head for e in await store.read(chain.case_id, after=1)] == [chain.head]

    async def test_a_gap_is_refused(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        chain.next()
        with pytest.raises(AppendConflict):
            await store.append(chain.case_id, chain.next(), _RUNNING)

    async def test_a_case_cannot_be_opened_twice(self, store: EventStore) -> None:
        await _opened(store, "c0000000000a1")
        with pytest.raises(AppendConflict):
            await _opened(store, "c0000000000a1")

    async def test_an_event_on_another_head_is_refused_though_its_number_fits(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        stranger = Chain(chain.case_id, at_ms=5)
        stranger.next()
        with pytest.raises(AppendConflict):
            await store.append(chain.case_id, stranger.next(), _RUNNING)

    async def test_a_refused_append_leaves_nothing_behind(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        before = await store.row(chain.case_id)
        digest = hashlib.sha256(b"x").hexdigest()
        chain.next()
        with pytest.raises(AppendConflict):
            await store.append(chain.case_id, chain.next(3), Patch("closed"), blobs={digest: b"x"})
        assert await store.row(chain.case_id) == before
        assert await store.blob(digest) is None
        assert len(await store.read(chain.case_id)) == 1

    async def test_one_case_s_conflict_never_fails_the_others(self, store: EventStore) -> None:
        chains = [await _opened(store, f"c00000000{n:04d}") for n in range(20)]
        rivals = [chain.rival() for chain in chains]
        await asyncio.gather(*(store.append(c.case_id, c.next(2), _RUNNING) for c in chains[::2]))
        answers = await asyncio.gather(
            *(store.append(c.case_id, r, _RUNNING) for c, r in zip(chains, rivals, strict=True)),
            return_exceptions=True,
        )
        assert [isinstance(a, AppendConflict) for a in answers] == [True, False] * 10
        lengths = [len(await store.read(chain.case_id)) for chain in chains]
        assert lengths == [3, 2] * 10

    async def test_appends_of_any_kind_made_at_once_have_each_their_own_answer(self, open_another: Opener) -> None:
        one, other = await open_another(), await open_another()
        kinds = ("moved", "late", "lost", "held", "named", "long", "rows", "let go", "moved too")
        chains = {kind: await _opened(one, f"c00000000{n:04d}") for n, kind in enumerate(kinds)}
        chains["new"] = Chain("c0000000009999")
        old = await one.claim("r1", case_id=chains["lost"].case_id, seconds=_SHORT_LEASE)
        await _claimed_in_time(other, "r2", chains["lost"].case_id)
        held = await one.claim("r1", case_id=chains["held"].case_id, seconds=_LONG_LEASE)
        done = await one.claim("r1", case_id=chains["let go"].case_id, seconds=_LONG_LEASE)
        refused = {kind: chains[kind].rival() for kind in ("late", "lost")}
        await other.append(chains["late"].case_id, chains["late"].next(), _RUNNING)
        texts = {"long": "가" * BLOB_BYTES, "rows": "가" * 1200}
        events = {kind: refused.get(kind) or c.next(3, text=texts.get(kind, "")) for kind, c in chains.items()}
        patches = {"new": _OPENING, "named": Patch("running", team="t"), "let go": Patch("running", let_go=True)}
        leases = {"lost": old, "held": held, "let go": done}

        async def append(kind: str) -> str:
            try:
                patch = patches.get(kind, _RUNNING)
                await one.append(chains[kind].case_id, events[kind], patch, lease=leases.get(kind))
            except (AppendConflict, LeaseLost) as problem:
                return type(problem).__name__
            return "done"

        answers = dict(zip(chains, await asyncio.gather(*map(append, chains)), strict=True))
        assert answers == dict.fromkeys(chains, "done") | {"late": "AppendConflict", "lost": "LeaseLost"}
        for kind, chain in chains.items():
            log = await other.read(chain.case_id)
            assert (log[-len(events[kind]) :] == events[kind]) is (kind not in refused)
            verify(chain.case_id, log)
        assert await other.lease_of(chains["held"].case_id) == held
        assert await other.lease_of(chains["let go"].case_id) is None

    async def test_of_many_who_append_at_once_exactly_one_wins(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        answers = await asyncio.gather(
            *(store.append(chain.case_id, chain.rival(), _RUNNING) for _ in range(20)), return_exceptions=True
        )
        assert answers.count(None) == 1
        assert sum(isinstance(a, AppendConflict) for a in answers) == 19

    async def test_two_instances_over_the_same_ground_see_one_log(self, open_another: Opener) -> None:
        one, other = await open_another(), await open_another()
        chain = await _opened(one, "c0000000000a1")
        rival = chain.rival()
        await other.append(chain.case_id, chain.next(), _RUNNING)
        with pytest.raises(AppendConflict):
            await one.append(chain.case_id, rival, _RUNNING)
        assert await one.read(chain.case_id) == await other.read(chain.case_id)

    # ── blobs ────────────────────────────────────────────────────────────

    async def test_a_long_body_comes_back_whole(self, store: EventStore) -> None:
        chain = Chain("c0000000000a1")
        events = chain.next(1, text="가" * BLOB_BYTES) + chain.next(2)
        await store.append(chain.case_id, events, _OPENING)
        assert await store.read(chain.case_id) == events
        body = events[0].body
        assert body is not None
        assert len(body) > BLOB_BYTES

    async def test_blobs_are_stored_once_under_their_digest(self, store: EventStore) -> None:
        data = b"\0\xff" * 30_000
        digest = hashlib.sha256(data).hexdigest()
        one, other = Chain("c0000000000a1"), Chain("c0000000000b2")
        await store.append(one.case_id, one.next(), _OPENING, blobs={digest: data})
        await store.append(other.case_id, other.next(), _OPENING, blobs={digest: data})
        assert await store.blob(digest) == data

    # ── rows ─────────────────────────────────────────────────────────────

    async def test_the_row_is_written_with_each_append(self, store: EventStore) -> None:
        chain = Chain("c0000000000a1", at_ms=1000)
        await store.append(chain.case_id, chain.next(2), _OPENING)
        opened = CaseRow(
            chain.case_id, "running", _OPENING.request or "", "kim", 1001, 1002, 2, chain.head, 0, 0, "report", ""
        )
        assert await store.row(chain.case_id) == opened
        await store.append(chain.case_id, chain.next(), Patch("waiting", wake_at_ms=77, waits_for=2, parent="c9"))
        assert await store.row(chain.case_id) == CaseRow(
            chain.case_id, "waiting", opened.request, "kim", 1001, 1003, 3, chain.head, 77, 2, "report", "c9"
        )

    async def test_rows_come_newest_change_first(self, store: EventStore) -> None:
        for number, status in enumerate(("running", "waiting", "closed")):
            chain = Chain(f"c000000000{number}a1", at_ms=1000 + number)
            await store.append(chain.case_id, chain.next(), Patch(status, request="r", requester=f"k{number % 2}"))  # type: ignore[arg-type]
        assert [row.status for row in await store.rows()] == ["closed", "waiting", "running"]
        assert [row.status for row in await store.rows(statuses=("running", "closed"))] == ["closed", "running"]
        assert [row.case_id for row in await store.rows(prefix="c0000000001")] == ["c0000000001a1"]
        assert len(await store.rows(limit=2)) == 2
        assert [row.status for row in await store.rows(requester="k0")] == ["closed", "running"]
        assert [row.status for row in await store.rows(requester="k0", limit=1)] == ["closed"]
        assert await store.rows(statuses=("waiting",), requester="k0") == await store.rows(requester="k") == []
        assert await store.rows(prefix="c%") == []

    async def test_the_house_stream_is_kept_like_a_case_and_listed_among_none(self, store: EventStore) -> None:
        await _opened(store, "c0000000000a1")
        chain = await _opened(store, HOUSE, 3, Patch("waiting", request="", requester=""))
        assert [row.case_id for row in await store.rows()] == ["c0000000000a1"]
        assert await store.rows(statuses=("waiting",)) == []
        assert await store.rows(prefix=HOUSE) == []
        row = await store.row(HOUSE)
        assert row is not None
        assert (row.seq, row.head) == (3, chain.head)
        assert verify(HOUSE, await store.read(HOUSE), expected_head=row.head).events == 3
        lease = await store.claim("r1")
        assert lease is not None
        assert lease.case_id == "c0000000000a1"
        assert await store.claim("r1") is None

    # ── leases ───────────────────────────────────────────────────────────

    async def test_a_runner_claims_what_has_work_and_nobody_else_can(self, open_another: Opener) -> None:
        one, other = await open_another(), await open_another()
        assert await one.claim("r1") is None
        await _opened(one, "c0000000000a1", patch=Patch("waiting", request="r", requester="k"))
        assert await one.claim("r1") is None
        chain = await _opened(one, "c0000000000b2")
        lease = await one.claim("r1")
        assert lease is not None
        assert (lease.case_id, lease.runner, lease.epoch) == (chain.case_id, "r1", 1)
        assert await other.claim("r2") is None
        assert await other.claim("r2", case_id=chain.case_id) is None

    async def test_the_case_that_changed_longest_ago_is_claimed_first(self, store: EventStore) -> None:
        for name, at_ms in (("c0000000000b2", 2000), ("c0000000000a1", 3000), ("c0000000000c3", 1000)):
            await store.append(name, Chain(name, at_ms=at_ms).next(), _OPENING)
        claimed = [lease.case_id for _ in range(3) if (lease := await store.claim("r1"))]
        assert claimed == ["c0000000000c3", "c0000000000b2", "c0000000000a1"]

    async def test_a_case_whose_wake_time_has_come_has_work(self, store: EventStore) -> None:
        now_ms = store.now_ms()
        for name, wake_at_ms in (("c0000000000a1", now_ms + 3_600_000), ("c0000000000b2", now_ms - 1)):
            await _opened(store, name, patch=Patch("waiting", wake_at_ms, request="r", requester="k"))
        lease = await store.claim("r1")
        assert lease is not None
        assert lease.case_id == "c0000000000b2"
        assert await store.claim("r1") is None

    async def test_the_cases_that_a_runner_names_are_left_out_though_nobody_holds_them(self, store: EventStore) -> None:
        chains = [await _opened(store, name) for name in ("c0000000000a1", "c0000000000b2", "c0000000000c3")]
        await _opened(store, "c0000000000d4", patch=Patch("waiting", store.now_ms() - 1, request="r", requester="k"))
        names = [chain.case_id for chain in chains]
        for left in ("c0000000000c3", "c0000000000d4"):
            lease = await store.claim("r1", seconds=_LONG_LEASE, besides=(*names[:2], "c00000000none"))
            assert lease is not None
            assert lease.case_id == left
        assert await store.claim("r1", besides=names) is None
        assert await store.claim("r1", case_id=names[0]) is not None

    async def test_a_named_case_is_claimed_with_or_without_work(self, store: EventStore) -> None:
        await _opened(store, "c0000000000a1", patch=Patch("waiting", request="r", requester="k"))
        lease = await store.claim("r1", case_id="c0000000000a1")
        assert lease is not None
        assert lease.epoch == 1

    async def test_a_stale_lease_is_refused_and_a_person_needs_none(self, open_another: Opener) -> None:
        one, other = await open_another(), await open_another()
        chain = await _opened(one, "c0000000000a1")
        old = await one.claim("r1", seconds=_SHORT_LEASE)
        assert old is not None
        new = await _claimed_in_time(other, "r2", chain.case_id)
        assert new.epoch == old.epoch + 1
        late = chain.rival()
        with pytest.raises(LeaseLost):
            await one.append(chain.case_id, late, _RUNNING, lease=old)
        with pytest.raises(LeaseLost):
            await one.renew(old)
        await one.append(chain.case_id, chain.next(), _RUNNING)
        await other.append(chain.case_id, chain.next(), _RUNNING, lease=new)
        assert len(await one.read(chain.case_id)) == 3

    async def test_a_lease_that_ran_out_still_holds_until_another_takes_it(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        lease = await store.claim("r1", seconds=0)
        assert lease is not None
        await store.append(chain.case_id, chain.next(), _RUNNING, lease=lease)
        renewed = await store.renew(lease, seconds=_LONG_LEASE)
        assert renewed.until_ms > lease.until_ms
        assert await store.claim("r2") is None

    async def test_a_lease_that_was_let_go_is_not_held_on_to(self, store: EventStore) -> None:
        """Renewed by one who has not heard of it, it would keep everybody away from a case that nobody drives."""
        chain = await _opened(store, "c0000000000a1")
        released = await store.claim("r1", seconds=_LONG_LEASE)
        assert released is not None
        await store.release(released)
        with pytest.raises(LeaseLost):
            await store.renew(released, seconds=_LONG_LEASE)
        let_go = await store.claim("r1", seconds=_LONG_LEASE)
        assert let_go is not None
        await store.append(chain.case_id, chain.next(), Patch("running", let_go=True), lease=let_go)
        with pytest.raises(LeaseLost):
            await store.renew(let_go, seconds=_LONG_LEASE)
        assert await store.lease_of(chain.case_id) is None

    async def test_a_released_case_is_claimed_at_once(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        lease = await store.claim("r1", seconds=_LONG_LEASE)
        assert lease is not None
        await store.release(lease)
        again = await store.claim("r2", seconds=_LONG_LEASE)
        assert again is not None
        assert again.epoch == 2
        await store.release(lease)
        assert await store.claim("r3", case_id=chain.case_id) is None

    async def test_who_opens_a_case_may_take_its_lease_with_it(self, open_another: Opener) -> None:
        one, other = await open_another(), await open_another()
        taken = Patch("running", request="r", requester="k", team="", parent="", taker="r1", taker_seconds=_LONG_LEASE)
        chain = await _opened(one, "c0000000000a1", patch=taken)
        held = await other.lease_of(chain.case_id)
        assert held is not None
        assert (held.runner, held.epoch) == ("r1", 1)
        assert 300_000 < held.until_ms - other.now_ms() <= 601_000
        assert await other.claim("r2") is None
        await one.append(chain.case_id, chain.next(), _RUNNING, lease=held)
        assert await one.renew(held, seconds=_LONG_LEASE)

    async def test_a_lease_is_let_go_with_the_append_that_says_so(self, open_another: Opener) -> None:
        one, other = await open_another(), await open_another()
        chain = await _opened(one, "c0000000000a1")
        lease = await one.claim("r1", seconds=_LONG_LEASE)
        assert lease is not None
        await one.append(chain.case_id, chain.next(), Patch("running", let_go=True), lease=lease)
        again = await other.claim("r2", seconds=_LONG_LEASE)
        assert again is not None
        assert again.epoch == lease.epoch + 1
        with pytest.raises(LeaseLost):
            await one.append(chain.case_id, chain.next(), Patch("running", let_go=True), lease=lease)
        assert await other.lease_of(chain.case_id) == again

    async def test_a_lease_without_its_case_is_lost(self, store: EventStore) -> None:
        ghost = Lease("c0000000000a1", "r1", 1, 0)
        with pytest.raises(LeaseLost):
            await store.append("c0000000000a1", Chain("c0000000000a1").next(), _OPENING, lease=ghost)
        with pytest.raises(LeaseLost):
            await store.renew(ghost)
        await store.release(ghost)

    async def test_many_runners_share_the_work_without_overlap(self, open_another: Opener) -> None:
        stores = [await open_another() for _ in range(3)]
        await asyncio.gather(*(_opened(stores[0], f"c00000000{number:04d}") for number in range(30)))

        async def take_all(store: EventStore, runner: str) -> list[str]:
            taken = []
            while lease := await store.claim(runner, seconds=_LONG_LEASE):
                taken.append(lease.case_id)
            return taken

        taken = await asyncio.gather(*(take_all(store, f"r{n}") for n, store in enumerate(stores)))
        everything = sorted(case_id for some in taken for case_id in some)
        assert everything == [f"c00000000{number:04d}" for number in range(30)]

    async def test_who_holds_a_case_can_be_asked(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        assert await store.lease_of(chain.case_id) is None
        lease = await store.claim("r1", seconds=_LONG_LEASE)
        assert lease is not None
        assert await store.lease_of(chain.case_id) == lease
        await store.release(lease)
        assert await store.lease_of(chain.case_id) is None
        assert await store.lease_of("c00000000none") is None

    # ── snapshots ────────────────────────────────────────────────────────

    async def test_a_newer_snapshot_replaces_an_older_one(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1", 5)
        await store.keep_snapshot(chain.case_id, 2, b"two")
        await store.keep_snapshot(chain.case_id, 5, b"five")
        await store.keep_snapshot(chain.case_id, 3, b"late")
        assert await store.snapshot(chain.case_id) == (5, b"five")

    # ── waiting ──────────────────────────────────────────────────────────

    async def test_who_waits_for_a_case_is_woken_by_its_next_event(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        waiting = asyncio.create_task(store.wait(chain.case_id, 1, seconds=_LIMIT_SECONDS))
        other = await _opened(store, "c0000000000b2")
        await store.append(other.case_id, other.next(), _RUNNING)
        assert not waiting.done()
        await store.append(chain.case_id, chain.next(), _RUNNING)
        assert await waiting

    async def test_what_is_there_already_is_not_waited_for(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1", 2)
        assert await store.wait(chain.case_id, 1, seconds=_LIMIT_SECONDS)

    async def test_of_many_cases_those_are_named_that_have_gone_on(self, store: EventStore) -> None:
        chains = [Chain(f"c00000000{n:04d}") for n in range(300)]
        await asyncio.gather(*(store.append(chain.case_id, chain.next(2), _OPENING) for chain in chains))
        known = {chain.case_id: chain.seq for chain in chains} | {"c00000000none": 0}
        assert await store.gone_on(known) == []
        for chain in chains[7:9]:
            await store.append(chain.case_id, chain.next(), _RUNNING)
        assert sorted(await store.gone_on(known)) == [chain.case_id for chain in chains[7:9]]
        assert await store.gone_on({}) == []

    async def test_waiting_ends_in_time_when_nothing_comes(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        assert not await store.wait(chain.case_id, 1, seconds=0.01)
        assert not await store.wait(None, 0, seconds=0.01)

    async def test_who_waits_for_any_case_is_not_woken_by_one_that_others_wait_for(self, store: EventStore) -> None:
        chain = await _opened(store, "c0000000000a1")
        await store.append(chain.case_id, chain.next(), _RUNNING)
        for_case, for_any = store.wait(chain.case_id, 2, seconds=0.6), store.wait(None, 0, seconds=0.6)
        assert not any(await asyncio.gather(for_case, for_any)), "nothing has changed meanwhile"

    async def test_who_waits_for_any_case_is_woken_by_any(self, store: EventStore) -> None:
        waiting = asyncio.create_task(store.wait(None, 0, seconds=_LIMIT_SECONDS))
        await asyncio.sleep(0)
        await _opened(store, "c0000000000a1")
        assert await waiting

    async def test_what_came_after_a_claim_found_nothing_is_not_slept_through(self, store: EventStore) -> None:
        assert await store.claim("r1") is None
        await _opened(store, "c0000000000a1")
        assert await store.wait(None, 0, seconds=_LIMIT_SECONDS)

    async def test_another_instance_s_append_is_seen(self, open_another: Opener) -> None:
        one, other = await open_another(), await open_another()
        chain = await _opened(one, "c0000000000a1")
        for_case = asyncio.create_task(one.wait(chain.case_id, 1, seconds=_LIMIT_SECONDS))
        for_any = asyncio.create_task(one.wait(None, 0, seconds=_LIMIT_SECONDS))
        await asyncio.sleep(0)
        await other.append(chain.case_id, chain.next(), _RUNNING)
        async with asyncio.timeout(_LIMIT_SECONDS / 2):
            assert all(await asyncio.gather(for_case, for_any))

    async def test_closing_wakes_who_waits(self, store: EventStore) -> None:
        waiting = asyncio.create_task(store.wait("c0000000000a1", 0, seconds=_LIMIT_SECONDS))
        await asyncio.sleep(0)
        await store.close()
        assert not await waiting


class KeptStoreContract(StoreContract):
    """What a store must do beside, so that its cases can be moved and their texts erased."""

    @pytest.fixture
    async def kept(self, store: EventStore) -> KeptStore:
        return cast(KeptStore, store)

    async def test_what_is_told_of_one_moment_stays_so(self, open_another: Opener) -> None:
        store, other = cast(KeptStore, await open_another()), await open_another()
        known, new, data = Chain("c0000000000a1"), Chain("c0000000000a2"), b"y" * 100
        digest = hashlib.sha256(data).hexdigest()
        await other.append(known.case_id, known.next(2), _OPENING, blobs={digest: data})
        async with store.at_one_moment():
            await other.append(known.case_id, known.next(), Patch("closed"))
            await other.append(new.case_id, new.next(), _OPENING)
            assert [(row.case_id, row.seq, row.status) for row in await store.rows()] == [(known.case_id, 2, "running")]
            row = await store.row(known.case_id)
            assert row is not None
            assert row.seq == len(await store.read(known.case_id)) == 2
            assert await store.row(new.case_id) is None
            assert (await store.blobs_of(known.case_id), await store.blob(digest)) == ([digest], data)
        assert {row.case_id: row.seq for row in await store.rows()} == {known.case_id: 3, new.case_id: 1}
        assert len(await store.read(known.case_id)) == 3

    async def test_a_case_s_blobs_are_known(self, kept: KeptStore) -> None:
        one, other = Chain("c0000000000a1"), Chain("c0000000000b2")
        shared, own = hashlib.sha256(b"shared").hexdigest(), hashlib.sha256(b"own").hexdigest()
        await kept.append(one.case_id, one.next(), _OPENING, blobs={shared: b"shared"})
        await kept.append(other.case_id, other.next(), _OPENING, blobs={shared: b"shared", own: b"own"})
        assert await kept.blobs_of(one.case_id) == [shared]
        assert await kept.blobs_of(other.case_id) == sorted([shared, own])
        assert await kept.blobs_of("c00000000none") == []

    async def test_erased_bodies_are_gone_and_the_chain_still_verifies(self, kept: KeptStore) -> None:
        chain = Chain("c0000000000a1")
        events = chain.next(2) + chain.next(1, text="비밀" * BLOB_BYTES) + chain.next(1, text="비밀")
        await kept.append(chain.case_id, events, _OPENING)
        await kept.keep_snapshot(chain.case_id, 4, b"state")
        await kept.erase(chain.case_id, chain.next(), Patch("closed", request=""), seqs=[3, 4])
        log = await kept.read(chain.case_id)
        verdict = verify(chain.case_id, log, expected_head=chain.head)
        assert (verdict.events, verdict.erased) == (5, 2)
        assert [event.body is None and event.salt is None for event in log] == [False, False, True, True, False]
        assert [event.header for event in log[:4]] == [event.header for event in events]
        assert await kept.snapshot(chain.case_id) is None
        row = await kept.row(chain.case_id)
        assert row is not None
        assert (row.request, row.status, row.seq) == ("", "closed", 5)

    async def test_one_event_in_the_middle_of_a_commit_is_erased_alone(self, kept: KeptStore) -> None:
        chain = Chain("c0000000000a1")
        events = chain.next(1) + chain.next(1, text="남음") + chain.next(1, text="비밀") + chain.next(1, text="남음")
        await kept.append(chain.case_id, events, _OPENING)
        await kept.erase(chain.case_id, chain.next(), _RUNNING, seqs=[3])
        log = await kept.read(chain.case_id)
        assert verify(chain.case_id, log, expected_head=chain.head).erased == 1
        assert log[:2] + log[3:4] == events[:2] + events[3:]
        assert [event.seq for event in await kept.read(chain.case_id, after=2, limit=2)] == [3, 4]

    async def test_a_blob_goes_with_the_last_case_that_holds_it(self, kept: KeptStore) -> None:
        data = b"\0" * 50
        digest = hashlib.sha256(data).hexdigest()
        one, other = Chain("c0000000000a1"), Chain("c0000000000b2")
        for chain in (one, other):
            await kept.append(chain.case_id, chain.next(), _OPENING, blobs={digest: data})
        await kept.erase(one.case_id, one.next(), _RUNNING, seqs=[1], blobs=[digest])
        assert await kept.blob(digest) == data
        assert await kept.blobs_of(one.case_id) == []
        await kept.erase(other.case_id, other.next(), _RUNNING, seqs=[1], blobs=[digest])
        assert await kept.blob(digest) is None

    async def test_a_refused_erasure_erases_nothing(self, kept: KeptStore) -> None:
        chain = Chain("c0000000000a1")
        await kept.append(chain.case_id, chain.next(2), _OPENING)
        chain.next()
        with pytest.raises(AppendConflict):
            await kept.erase(chain.case_id, chain.next(), _RUNNING, seqs=[1])
        assert verify(chain.case_id, await kept.read(chain.case_id)).erased == 0

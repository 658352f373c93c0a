"""The promise of a store's slots as tests that every adapter inherits.

Its author subclasses `SlotContract` as well as `StoreContract` and gives the same fixture, `opener`.
"""

from __future__ import annotations

import asyncio

from jihwi.store import EventStore, Lease, Patch
from jihwi.testing.opened_stores import OpenedStores, Opener
from jihwi.testing.store_contract import Chain

__all__ = ["SlotContract"]

_NAME = "model qwen@http://127.0.0.1:8000/v1"


class SlotContract(OpenedStores):
    """What the slots of every store must do. Each test is one sentence of the promise."""

    async def test_no_more_are_held_than_there_are_whoever_asks(self, store: EventStore, open_another: Opener) -> None:
        other = await open_another()
        asked = [
            await one.slots.take(_NAME, "a1", limit=2, lease=await _leased(one, n))
            for n, one in enumerate((store, other, store, other))
        ]
        assert asked == [True, True, False, False]
        assert (await store.slots.taken(_NAME), await other.slots.taken(_NAME)) == (2, 2)

    async def test_many_who_ask_at_the_same_time_get_as_many_as_there_are(
        self, store: EventStore, open_another: Opener
    ) -> None:
        other = await open_another()
        leases = [await _leased(store, n) for n in range(20)]
        asked = await asyncio.gather(
            *((store, other)[n % 2].slots.take(_NAME, "a1", limit=3, lease=lease) for n, lease in enumerate(leases))
        )
        assert (sum(asked), await store.slots.taken(_NAME)) == (3, 3)

    async def test_names_do_not_count_against_each_other(self, store: EventStore) -> None:
        lease = await _leased(store, 1)
        assert await store.slots.take(_NAME, "a1", limit=1, lease=lease)
        assert await store.slots.take("skill search", "a1", limit=1, lease=lease)

    async def test_asking_again_for_what_is_held_says_so_and_takes_no_second(self, store: EventStore) -> None:
        lease = await _leased(store, 1)
        assert await store.slots.take(_NAME, "a1", limit=2, lease=lease)
        assert await store.slots.take(_NAME, "a1", limit=2, lease=lease)
        assert await store.slots.taken(_NAME) == 1

    async def test_what_is_given_back_goes_to_who_has_asked_first(self, store: EventStore) -> None:
        first, second, third = [await _leased(store, n) for n in range(3)]
        for lease in (first, second, third):
            await store.slots.take(_NAME, "a1", limit=1, lease=lease)
        await store.slots.free(_NAME, "a1", lease=first)
        assert not await store.slots.take(_NAME, "a1", limit=1, lease=third)
        assert not await store.slots.take(_NAME, "a1", limit=1, lease=first), "it comes after those who wait"
        assert await store.slots.take(_NAME, "a1", limit=1, lease=second)

    async def test_who_leaves_the_line_lets_the_next_one_by(self, store: EventStore) -> None:
        first, second, third = [await _leased(store, n) for n in range(3)]
        for lease in (first, second, third):
            await store.slots.take(_NAME, "a1", limit=1, lease=lease)
        await store.slots.free(_NAME, "a1", lease=second)
        await store.slots.free(_NAME, "a1", lease=first)
        assert await store.slots.take(_NAME, "a1", limit=1, lease=third)

    async def test_a_place_is_free_when_its_lease_has_been_let_go(self, store: EventStore) -> None:
        first, second = [await _leased(store, n) for n in range(2)]
        await store.slots.take(_NAME, "a1", limit=1, lease=first)
        await store.slots.take(_NAME, "a1", limit=1, lease=second)
        await store.release(first)
        assert await store.slots.take(_NAME, "a1", limit=1, lease=second)
        assert not await store.slots.take(_NAME, "a1", limit=1, lease=first), "nobody asks without a lease"
        assert await store.slots.taken(_NAME) == 1

    async def test_a_place_is_free_when_its_lease_has_run_out(self, store: EventStore) -> None:
        short, second = await _leased(store, 1), await _leased(store, 2)
        assert await store.slots.take(_NAME, "a1", limit=1, lease=short)
        assert not await store.slots.take(_NAME, "a1", limit=1, lease=second)
        await store.renew(short, seconds=0.05)
        async with asyncio.timeout(60):
            while not await store.slots.take(_NAME, "a1", limit=1, lease=second):
                await store.slots.wait(_NAME, store.slots.heard, seconds=0.02)

    async def test_a_place_is_kept_while_its_lease_is_renewed(self, store: EventStore) -> None:
        short, second = await _leased(store, 1), await _leased(store, 2)
        assert await store.slots.take(_NAME, "a1", limit=1, lease=short)
        await store.renew(short, seconds=0.05)
        await store.renew(short, seconds=600)
        await store.slots.wait(_NAME, store.slots.heard, seconds=0.1)
        assert not await store.slots.take(_NAME, "a1", limit=1, lease=second)

    async def test_a_place_is_gone_when_another_runner_has_the_case(self, store: EventStore) -> None:
        old = await _leased(store, 1)
        await store.slots.take(_NAME, "a1", limit=1, lease=old)
        await store.release(old)
        new = await store.claim("other", case_id=old.case_id, seconds=600)
        assert new is not None
        assert await store.slots.taken(_NAME) == 0
        assert await store.slots.take(_NAME, "a1", limit=1, lease=new)
        await store.slots.free(_NAME, "a1", lease=old)
        assert await store.slots.taken(_NAME) == 1, "what the old one gives back is not the new one's"

    async def test_who_waits_hears_of_a_place_that_another_process_gave_back(
        self, store: EventStore, open_another: Opener
    ) -> None:
        other = await open_another()
        lease = await _leased(other, 1)
        await other.slots.take(_NAME, "a1", limit=1, lease=lease)
        heard = store.slots.heard
        waiting = asyncio.create_task(store.slots.wait(_NAME, heard, seconds=60))
        await store.slots.wait("another", heard, seconds=0.01)
        await other.slots.free(_NAME, "a1", lease=lease)
        assert await waiting

    async def test_what_was_heard_before_the_waiting_ends_it_at_once(self, store: EventStore) -> None:
        lease, heard = await _leased(store, 1), store.slots.heard
        await store.slots.take(_NAME, "a1", limit=1, lease=lease)
        await store.slots.free(_NAME, "a1", lease=lease)
        assert await store.slots.wait(_NAME, heard, seconds=60)
        assert not await store.slots.wait(_NAME, store.slots.heard, seconds=0)


async def _leased(store: EventStore, number: int) -> Lease:
    """A new case and its lease."""
    chain = Chain(f"c00000000{number:04d}")
    await store.append(chain.case_id, chain.next(), Patch("running", request="", requester="kim", team="report"))
    lease = await store.claim("test", case_id=chain.case_id, seconds=600)
    assert lease is not None
    return lease

"""A Postgres server that says nothing more, as behind a pulled cable, is noticed: nobody waits for it for ever."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import psycopg
import pytest

from jihwi.case.ledger import verify
from jihwi.errors import StoreBusy, StoreFailed
from jihwi.store import Patch
from jihwi.store.postgres import PostgresStore
from jihwi.store.postgres.opening import connect
from jihwi.store.postgres.passing import PostgresPassing
from jihwi.testing.store_contract import Chain
from tests.cable import Cable, laid

OPENING = Patch("running", request="r", requester="k")
SILENT_SECONDS = 1.0  # a slow machine needs a while to answer


@pytest.fixture
async def cable(postgres: str) -> AsyncIterator[Cable]:
    async with laid(postgres) as cable:
        yield cable


async def test_what_waits_for_a_silent_server_is_told_and_goes_on_when_it_speaks_again(cable: Cable) -> None:
    chain = Chain("c0000000000a1")
    async with (
        asyncio.timeout(120),
        await PostgresStore.open(cable.dsn, silent_seconds=SILENT_SECONDS) as store,
    ):
        await store.append(chain.case_id, chain.next(), OPENING)
        event = chain.next()
        cable.pull()
        waiting = asyncio.gather(
            store.append(chain.case_id, event, OPENING), store.read(chain.case_id), return_exceptions=True
        )
        await asyncio.sleep(0)
        written = (await waiting)[0]
        assert isinstance(written, StoreFailed)
        cable.plug()
        if len(await store.read(chain.case_id)) == 1:  # whether it arrived, nobody could know
            await store.append(chain.case_id, event, OPENING)
        assert verify(chain.case_id, await store.read(chain.case_id)).events == 2


async def test_of_a_server_that_is_away_many_appends_are_told_by_one_look(cable: Cable) -> None:
    chains = [Chain(f"c00000000{n:04d}") for n in range(40)]
    async with await PostgresStore.open(cable.dsn) as store:
        await asyncio.gather(*(store.append(chain.case_id, chain.next(), OPENING) for chain in chains))
        cable.refuse()
        with pytest.raises(StoreFailed):
            await store.append(chains[0].case_id, chains[0].next(), Patch("running"))
        asked = cable.asked
        answers = await asyncio.gather(
            *(store.append(chain.case_id, chain.next(), Patch("running")) for chain in chains), return_exceptions=True
        )
        assert {type(answer) for answer in answers} == {StoreFailed}
        assert cable.asked - asked < 20, "not a look for each"


async def test_a_server_that_lets_in_and_says_nothing_more_is_given_up(cable: Cable) -> None:
    cable.let_in_only()
    async with asyncio.timeout(120):
        with pytest.raises(StoreFailed):
            await connect(cable.dsn, busy_seconds=1, silent_seconds=SILENT_SECONDS)


@contextlib.asynccontextmanager
async def _others_turn(dsn: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Another process brings the schema up to date; whoever comes waits."""
    async with await psycopg.AsyncConnection.connect(dsn) as other:
        await other.execute("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(b"jihwi", "big"),))
        yield other


async def _somebody_waits(other: psycopg.AsyncConnection) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while await (await other.execute(waiting)).fetchone() != (1,):
        pass


async def test_a_server_that_falls_silent_while_the_schema_is_made_is_given_up(postgres: str, cable: Cable) -> None:
    async with asyncio.timeout(120), _others_turn(postgres) as other:
        opening = asyncio.create_task(PostgresStore.open(cable.dsn, busy_seconds=60, silent_seconds=SILENT_SECONDS))
        await _somebody_waits(other)
        cable.pull()
        with pytest.raises(StoreFailed):
            await opening


async def test_a_schema_that_takes_longer_is_no_silence(postgres: str) -> None:
    async with asyncio.timeout(120), _others_turn(postgres) as other:
        opening = asyncio.create_task(PostgresStore.open(postgres, busy_seconds=60, silent_seconds=SILENT_SECONDS))
        await _somebody_waits(other)
        done, _ = await asyncio.wait([opening], timeout=2 * SILENT_SECONDS)
        assert not done
        await other.rollback()
        async with await opening as store:
            assert await store.rows() == []


async def test_who_waits_too_long_for_another_to_make_the_schema_is_told_how_long(postgres: str) -> None:
    async with _others_turn(postgres):
        with pytest.raises(StoreBusy) as told:
            await PostgresStore.open(postgres, busy_seconds=0.2)
    assert told.value.fields()["seconds"] == 0.2


async def test_a_store_whose_server_is_silent_is_closed_all_the_same(cable: Cable) -> None:
    async with asyncio.timeout(120):
        store = await PostgresStore.open(cable.dsn, silent_seconds=SILENT_SECONDS)
        chain = Chain("c0000000000a1")
        cable.pull()
        appending = asyncio.create_task(store.append(chain.case_id, chain.next(), OPENING))
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(StoreFailed):
            await appending


async def test_a_statement_that_takes_longer_is_no_silence(postgres: str) -> None:
    chain = Chain("c0000000000a1")
    async with await PostgresStore.open(postgres, busy_seconds=30, silent_seconds=SILENT_SECONDS) as store:
        await store.append(chain.case_id, chain.next(), OPENING)
        with psycopg.connect(postgres) as holder:
            holder.execute("SELECT * FROM jihwi.cases FOR UPDATE")
            appending = asyncio.create_task(store.append(chain.case_id, chain.next(), OPENING))
            assert not await store.wait(chain.case_id, 1, seconds=2 * SILENT_SECONDS)
        await appending
        assert len(await store.read(chain.case_id)) == 2


async def test_drafts_for_a_silent_server_hold_up_nobody(cable: Cable) -> None:
    await (await PostgresStore.open(cable.dsn)).close()
    heard = asyncio.Event()
    here, there = (PostgresPassing(lambda: cable.dsn, name, time.monotonic) for name in ("here", "there"))
    async with asyncio.timeout(120), here.heard(lambda message: heard.set()) as follow:
        follow({"c1"})
        while not heard.is_set():
            there.send("c1", b"a piece")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), 0.1)
        cable.pull()
        there.send("c1", b"lost")
        began = time.monotonic()
        await there.close()
    await here.close()
    assert time.monotonic() - began < 30, "as long as a server may be silent is not waited for"


async def test_copying_from_a_server_that_falls_silent_ends_and_never_goes_on_at_another_moment(cable: Cable) -> None:
    chain = Chain("c0000000000a1")
    async with (
        asyncio.timeout(120),
        await PostgresStore.open(cable.dsn, silent_seconds=SILENT_SECONDS) as store,
    ):
        await store.append(chain.case_id, chain.next(), OPENING)
        async with store.at_one_moment():
            assert len(await store.rows()) == 1
            cable.pull()
            with pytest.raises(StoreFailed):
                await store.rows()
            cable.plug()
            with pytest.raises(StoreFailed, match="lost on the way"):
                await store.rows()
        assert len(await store.rows()) == 1

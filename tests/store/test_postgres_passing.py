"""Messages passed over a Postgres server: in their order to who follows, to nobody else, and gone after moments."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psycopg
import pytest

from jihwi.store import Patch
from jihwi.store.postgres import PostgresStore
from jihwi.store.postgres.passing import LOOK_SECONDS, MOST_WAITING, PostgresPassing
from jihwi.testing.postgres import running_postgres, short_folder
from jihwi.testing.store_contract import Chain


class Ears:
    """Hears, and can wait until it has heard so much."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, message: bytes) -> None:
        self.heard.append(message.decode())
        self._news.set()

    async def have_heard(self, count: int) -> list[str]:
        async with asyncio.timeout(120):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()
        return self.heard


class House:
    """What one process sends and hears, on a clock that a test may push on."""

    def __init__(self, dsn: str, name: str) -> None:
        self.ahead = 0.0
        self.passing = PostgresPassing(lambda: dsn, name, lambda: time.monotonic() + self.ahead)

    def say(self, *messages: str, of: str = "c1") -> None:
        self.ahead += 2 * LOOK_SECONDS  # it looks anew who follows
        for message in messages:
            self.passing.send(of, message.encode())


@asynccontextmanager
async def houses(dsn: str, *names: str) -> AsyncIterator[list[House]]:
    async with AsyncExitStack() as opened:
        made = [House(dsn, name) for name in names]
        for house in made:
            opened.push_async_callback(house.passing.close)
        yield made


def rows(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while True:
            if await asyncio.to_thread(holds):
                return
            await asyncio.sleep(0.01)


def follows(dsn: str, *pairs: tuple[str, str]) -> Callable[[], bool]:
    """Whether exactly these followers follow these cases."""
    return lambda: rows(dsn, "SELECT follower, case_id FROM jihwi.followers ORDER BY 1, 2") == [*pairs]


def drafts(dsn: str) -> list[str]:
    return [bytes(message).decode() for (message,) in rows(dsn, "SELECT message FROM jihwi.drafts ORDER BY number")]


@pytest.fixture
async def server(postgres: str) -> str:
    """A database with our tables."""
    await (await PostgresStore.open(postgres)).close()
    return postgres


async def test_what_is_sent_reaches_every_follower_of_that_case_in_its_order(server: str) -> None:
    first, second = Ears(), Ears()
    async with houses(server, "runner", "page", "desk") as (runner, page, desk):
        async with page.passing.heard(first) as follow, desk.passing.heard(second) as also:
            follow({"c1"})
            also({"c1", "c2"})
            await until(follows(server, ("desk/1", "c1"), ("desk/1", "c2"), ("page/1", "c1")))
            said = [f"piece {number}" for number in range(300)]
            runner.say(*said)
            runner.say("of another", of="c2")
            runner.say("of a third", of="c3")
            assert await first.have_heard(300) == said
            assert await second.have_heard(301) == [*said, "of another"]
            page.passing.send("c1", b"of its own")
            assert (await second.have_heard(302))[-1] == "of its own"
            follow({"c2"})
            await until(follows(server, ("desk/1", "c1"), ("desk/1", "c2"), ("page/1", "c2")))
            runner.say("not to the page")
            runner.say("to both", of="c2")
            assert await first.have_heard(302) == [*said, "of another", "to both"], (
                "a case is heard from just before on"
            )
        assert follows(server)()
        assert drafts(server) == [], "what nobody hears any more goes with the last follower"


async def test_where_nobody_follows_no_row_is_written(server: str) -> None:
    for until_ms, written in (("0", []), ("9999999999999", ["a", "b"])):
        rows(server, f"INSERT INTO jihwi.followers VALUES ('x/1', 'c1', {until_ms}) RETURNING 1")
        async with houses(server, "runner") as (runner,):
            runner.say("a", "b")
        assert drafts(server) == written
        rows(server, "DELETE FROM jihwi.followers RETURNING 1")


async def test_no_more_waits_than_has_its_place_and_the_newest_are_lost(server: str) -> None:
    ears = Ears()
    async with houses(server, "runner", "page") as (runner, page), page.passing.heard(ears) as follow:
        follow({"c1"})
        await until(follows(server, ("page/1", "c1")))
        said = [str(number) for number in range(2 * MOST_WAITING)]
        runner.say(*said)
        assert await ears.have_heard(MOST_WAITING) == said[:MOST_WAITING]
        runner.say("what comes later")
        assert (await ears.have_heard(MOST_WAITING + 1))[-1] == "what comes later"


async def test_what_is_older_than_its_time_goes_whoever_left_it_behind(server: str) -> None:
    old = "SELECT 'c9', 'killed', n, 'x', 0 FROM generate_series(1, 3) n"
    rows(server, f"INSERT INTO jihwi.drafts (case_id, sender, number, message, at_ms) {old} RETURNING 1")
    rows(server, "INSERT INTO jihwi.followers VALUES ('killed/1', 'c1', 1) RETURNING 1")
    ears = Ears()
    async with houses(server, "page") as (page,), page.passing.heard(ears) as follow:
        follow({"c9"})
        await until(follows(server, ("page/1", "c9")))
        await until(lambda: drafts(server) == [])
    assert ears.heard == []


async def test_a_server_that_was_started_anew_costs_pieces_and_nothing_else() -> None:
    ears = Ears()
    with short_folder() as folder:
        with running_postgres(folder) as dsn:
            await (await PostgresStore.open(dsn)).close()
        async with houses(dsn, "runner", "page") as (runner, page), page.passing.heard(ears) as follow:
            follow({"c1"})
            runner.say("lost: the server is away")
            for turn in ("one", "two"):
                with running_postgres(folder):
                    for house in (runner, page):
                        house.ahead += 10
                    await until(follows(dsn, ("page/1", "c1")))
                    runner.say(turn)
                    await ears.have_heard(1 + (turn == "two"))
                runner.say("lost again")
    assert ears.heard == ["one", "two"]


async def test_a_case_that_is_erased_leaves_nothing_here_either(server: str) -> None:
    chain = Chain("c0000000000a1")
    rows(
        server,
        "INSERT INTO jihwi.drafts SELECT c, 's', 1, 'x', 0 FROM unnest('{c0000000000a1,c2}'::text[]) c RETURNING 1",
    )
    async with await PostgresStore.open(server) as store:
        await store.append(chain.case_id, chain.next(2), Patch("closed", request="r", requester="k"))
        await store.erase(chain.case_id, chain.next(1), Patch("closed"), seqs=[1, 2])
        assert [event.body for event in await store.read(chain.case_id)][:2] == [None, None]
    assert rows(server, "SELECT case_id FROM jihwi.drafts") == [("c2",)]


async def test_the_tables_are_in_no_log_of_the_server(server: str) -> None:
    kinds = "SELECT relpersistence FROM pg_class WHERE oid IN ('jihwi.drafts'::regclass, 'jihwi.followers'::regclass)"
    assert {kind for (kind,) in rows(server, kinds)} <= {"u", b"u"}

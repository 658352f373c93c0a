"""A Postgres server that says nothing more is noticed by the library too: no search and no reading waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import psycopg
import pytest

from jihwi.errors import StoreFailed
from jihwi.index.mecab import MecabAnalyser
from jihwi.index.postgres import PostgresIndex
from jihwi.library import Hit, Library
from jihwi.library.postgres import PostgresDatabase, PostgresServer
from jihwi.library.silence import Connection, Watch
from jihwi.store.postgres.opening import place_of, store_error
from tests.cable import laid
from tests.library.shelf import ANYONE, Shelf

SILENT_SECONDS = 2.0  # a slow machine needs a while to answer


def server_at(dsn: str) -> PostgresServer:
    told = partial(store_error, dsn=dsn, busy_seconds=5.0)
    return PostgresServer(dsn, place=place_of(dsn), told=told, busy_seconds=5.0, silent_seconds=SILENT_SECONDS)


def found(library: Library) -> Sequence[Hit]:
    return library.search("사과", ANYONE, limit=5).hits


def one(server: PostgresServer) -> object:
    with server.asking() as db:
        return db.execute("SELECT 1").fetchone()


async def test_what_waits_for_a_silent_server_is_told_and_the_next_call_connects_anew(postgres: str) -> None:
    async with asyncio.timeout(120), laid(postgres) as cable:
        server = await asyncio.to_thread(server_at, cable.dsn)
        assert await asyncio.to_thread(one, server) == (1,)
        cable.pull()
        with pytest.raises(StoreFailed, match="postgresql://"):
            await asyncio.to_thread(one, server)
        cable.plug()
        assert await asyncio.to_thread(one, server) == (1,)
        await asyncio.to_thread(server.close)


async def test_neither_a_search_nor_a_reading_of_files_hangs_on_a_pulled_cable(postgres: str, tmp_path: Path) -> None:
    Shelf.servers[tmp_path] = postgres
    async with asyncio.timeout(120), laid(postgres) as cable:
        whole = await asyncio.to_thread(Shelf, tmp_path)
        whole.write("a.txt", "사과는 붉다.")
        await asyncio.to_thread(whole.library.ingest, "files", whole.listing(), whole.service)

        def opened() -> Library:
            server, words = server_at(cable.dsn), MecabAnalyser()
            return Library(whole.state, words, PostgresIndex(server, words), database=PostgresDatabase(server))

        library = await asyncio.to_thread(opened)
        assert len(await asyncio.to_thread(found, library)) == 1
        cable.pull()
        with pytest.raises(StoreFailed):
            await asyncio.to_thread(found, library)
        cable.plug()
        assert len(await asyncio.to_thread(found, library)) == 1
        whole.write("b.txt", "사과는 달다.")
        with pytest.raises(StoreFailed):  # pulled when a file has been read
            await asyncio.to_thread(
                library.ingest, "files", whole.listing(), whole.service, lambda progress: cable.pull()
            )
        cable.plug()
        assert len(await asyncio.to_thread(found, library)) >= 1
        for one_more in (library, whole.library):
            await asyncio.to_thread(one_more.close)


def test_a_statement_that_takes_longer_is_no_silence(postgres: str) -> None:
    server = server_at(postgres)
    with server.asking() as db:
        assert db.execute("SELECT pg_sleep(%s)", (2 * SILENT_SECONDS,)).fetchone() is not None
    server.close()


def test_the_watch_ends_with_the_server(postgres: str) -> None:
    before = set(threading.enumerate())
    server = server_at(postgres)
    with server.asking() as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
        assert "jihwi-postgres-watch" in [thread.name for thread in set(threading.enumerate()) - before]
    server.close()
    wait_for_the_end(set(threading.enumerate()) - before)


def wait_for_the_end(threads: set[threading.Thread]) -> None:
    """All of them end by themselves; a slow machine needs a while."""
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), thread.name


def test_who_connects_anew_is_not_cut_for_the_same_silence(postgres: str) -> None:
    """The watch hears of its own way's end only after it has cut, and others are quicker to come again."""
    come_again = threading.Event()

    def nobody_answers() -> Connection:
        come_again.wait(120)
        raise psycopg.OperationalError("no answer")

    before = set(threading.enumerate())
    watch = Watch(nobody_answers, silent_seconds=0.2)
    with psycopg.connect(postgres) as old, psycopg.connect(postgres, autocommit=True) as new:
        watch.know(old)
        with watch.using():
            with pytest.raises(psycopg.OperationalError):
                old.execute("SELECT pg_sleep(120)")
            watch.know(new)
            watch.close()  # it asks no more after this time, however long it takes to hear of its end
            come_again.set()
            wait_for_the_end(set(threading.enumerate()) - before)
        assert watch.knows(new)
        assert new.execute("SELECT 1").fetchone() == (1,)

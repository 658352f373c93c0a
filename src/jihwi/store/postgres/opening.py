"""How the store meets a Postgres server: connections that keep the promise, migrations, its complaints in our words."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import errors as said
from psycopg.conninfo import conninfo_to_dict

from jihwi.errors import StoreBusy, StoreCorrupt, StoreError, StoreFailed, StoreFull, StoreReadOnly, StoreTooNew
from jihwi.postgres_ways import ASKED_SECONDS, cut
from jihwi.store.migrations import Migration

__all__ = ["Connection", "asked_meanwhile", "connect", "cut", "cut_when_silent", "migrate", "place_of", "store_error"]

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_CONNECT_SECONDS = 10
_IDLE_MS = 60_000
"""A transaction in which nothing is said for so long is undone by the server, unless it is set to less patience: its
process was stopped, or its machine suspended. Ours say the next thing at once."""
_MIGRATION_LOCK = int.from_bytes(b"jihwi", "big")
_ways: weakref.WeakKeyDictionary[Connection, str] = weakref.WeakKeyDictionary()
"""Every connection of this process and the server it leads to: one that is silent is so on all of them."""


def place_of(dsn: str) -> str:
    """Where the server is, as people may see it: never a password.

    >>> place_of("postgresql://kim:secret@db.example:5433/cases")
    'postgresql://db.example:5433/cases'
    """
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:  # what it says may repeat a part of the password
        return "postgresql://***"
    host, port, name = parts.get("host") or "localhost", parts.get("port"), parts.get("dbname") or ""
    return f"postgresql://{host}{f':{port}' if port else ''}/{name}"


async def connect(dsn: str, *, busy_seconds: float, silent_seconds: float = _CONNECT_SECONDS) -> Connection:
    """A connection that waits for locks at most `busy_seconds` and whose commits last. Raises StoreFailed, also when
    the server has let one in and then answers nothing for `silent_seconds`."""
    try:
        async with contextlib.AsyncExitStack() as opened:
            connection: Connection = await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="jihwi"
            )
            opened.push_async_callback(connection.close)  # cut off between the two, or nobody waits for it any more
            with _given_up_after(silent_seconds, functools.partial(cut, connection)):
                await connection.execute(
                    "SELECT set_config('lock_timeout', %s, false), "
                    "set_config('client_min_messages', 'warning', false), "
                    # A server may be set to acknowledge before it has written; ours is a promise.
                    "CASE WHEN current_setting('synchronous_commit') = 'off' "
                    "THEN set_config('synchronous_commit', 'on', false) END, "
                    # Whoever freezes between two statements of a transaction keeps others from its cases.
                    "(SELECT set_config(name, %s, false) FROM pg_settings "
                    "WHERE name = 'idle_in_transaction_session_timeout' AND setting::int NOT BETWEEN 1 AND %s)",
                    (f"{max(1, int(busy_seconds * 1000))}ms", f"{_IDLE_MS}ms", _IDLE_MS),
                )
            opened.pop_all()
    except psycopg.Error as problem:
        raise store_error(problem, dsn, busy_seconds=busy_seconds) from problem
    _ways[connection] = dsn
    return connection


def cut_when_silent(dsn: str, seconds: float) -> contextlib.AbstractContextManager[None]:
    """What happens within must be answered in `seconds`; else every connection of this process to that server is cut,
    so that whatever waits on one of them ends as a lost connection does. A machine that was switched off, a cable that
    was pulled and a server that was frozen say nothing, and one would wait for them for ever.

    Cut is the socket, not the call: psycopg waits for an answer also when a call is cancelled.
    """
    return _given_up_after(seconds, functools.partial(_cut, dsn))


@contextlib.contextmanager
def _given_up_after(seconds: float, give_up: Callable[[], None]) -> Iterator[None]:
    watch = asyncio.get_running_loop().call_later(seconds, give_up)
    try:
        yield
    finally:
        watch.cancel()


def _cut(dsn: str) -> None:
    for connection in [one for one, there in _ways.items() if there == dsn and not one.closed]:
        cut(connection)


@contextlib.asynccontextmanager
async def asked_meanwhile(asking: Connection, dsn: str, seconds: float) -> AsyncIterator[None]:
    """What happens within may take as long as it needs; but the server is asked something on `asking` now and then, and
    must answer that in `seconds`, as in `cut_when_silent`."""
    enough = asyncio.Event()
    task = asyncio.create_task(_ask(asking, dsn, seconds, enough))
    try:
        yield
    finally:
        enough.set()
        await task


async def _ask(asking: Connection, dsn: str, seconds: float, enough: asyncio.Event) -> None:
    with contextlib.suppress(psycopg.Error):  # whatever waits within has been cut off as well, and says so
        while not enough.is_set():
            with cut_when_silent(dsn, seconds):
                await asking.execute("SELECT 1")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), min(ASKED_SECONDS, seconds))


async def migrate(connection: Connection, dsn: str, steps: Sequence[Migration], *, busy_seconds: float) -> None:
    """Create the tables or bring them up to date, in one transaction; processes that come together take turns.

    `busy_seconds`: how long `connection` waits for its turn, to be told. Raises StoreTooNew, StoreReadOnly, StoreBusy,
    StoreFailed.
    """
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
            version = await _version(connection)
            if version > len(steps):
                raise StoreTooNew(place_of(dsn), version, len(steps))
            if version == len(steps):
                return
            for step in steps[version:]:
                await connection.execute(step.sql.encode())
            await connection.execute("DELETE FROM jihwi.version")
            await connection.execute("INSERT INTO jihwi.version (number) VALUES (%s)", (len(steps),))
    except psycopg.Error as problem:
        raise store_error(problem, dsn, busy_seconds=busy_seconds) from problem


async def _version(connection: Connection) -> int:
    # A look before the leap: a user who may not create schemas may still use one that is there.
    found = await connection.execute("SELECT to_regnamespace('jihwi') IS NULL, to_regclass('jihwi.version') IS NULL")
    row = await found.fetchone()
    no_schema, no_table = row if row else (True, True)
    if no_schema:
        await connection.execute("CREATE SCHEMA jihwi")
    if no_table:
        await connection.execute("CREATE TABLE jihwi.version (number integer NOT NULL)")
    found = await connection.execute("SELECT number FROM jihwi.version")
    row = await found.fetchone()
    return int(row[0]) if row else 0


def store_error(problem: psycopg.Error, dsn: str, *, busy_seconds: float = 0.0) -> StoreError:
    """The error to raise for what the server or the way to it says."""
    place = place_of(dsn)
    match problem:
        case said.LockNotAvailable() | said.QueryCanceled():
            return StoreBusy(place, busy_seconds)
        case said.DiskFull():
            return StoreFull(place)
        case said.ReadOnlySqlTransaction() | said.InsufficientPrivilege():
            return StoreReadOnly(place)
        case said.DataCorrupted() | said.IndexCorrupted():
            return StoreCorrupt(place, _first_line(problem))
        case _:
            return StoreFailed(place, _first_line(problem))


def _first_line(problem: psycopg.Error) -> str:
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__

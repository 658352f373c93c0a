"""The library on a Postgres server: connections for threads, one writer at a time, errors in our words.

The tables bear the names they have in the embedded database, in the schema `jihwi`, and the same statements ask them.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Any

import psycopg

from jihwi.errors import StoreBusy, StoreError, StoreTooNew
from jihwi.library.database import Connection as Asked
from jihwi.library.silence import Connection, Watch
from jihwi.postgres_ways import SILENT_SECONDS

__all__ = ["PostgresDatabase", "PostgresServer"]

_MOST_IDLE = 8
_CONNECT_SECONDS = 10


class PostgresServer:
    """A database with the schema `jihwi`. Safe to use from several threads."""

    def __init__(
        self,
        dsn: str,
        *,
        place: str,
        told: Callable[[psycopg.Error], StoreError],
        busy_seconds: float,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        """`place`: how people are told where it is; `told`: the error to raise for what the server says, and, once it
        has answered nothing for `silent_seconds`, for what waits for it: the next call connects anew."""
        self.place = place
        self.busy_seconds = busy_seconds
        self._dsn = dsn
        self._told = told
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue(_MOST_IDLE)
        self._watch = Watch(self._reached, silent_seconds=silent_seconds)
        with self._errors(), self._borrowed() as db:
            if db.execute("SELECT to_regnamespace('jihwi') IS NULL").fetchone() == (True,):
                db.execute("CREATE SCHEMA IF NOT EXISTS jihwi")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment until the block ends."""
        with self._errors(), self._borrowed() as db:
            db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield db
            finally:
                if not db.closed:
                    db.execute("ROLLBACK")

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """A connection on which each statement sees a moment of its own: nothing is begun, and nothing ended."""
        with self._errors(), self._borrowed() as db:
            yield db

    @contextmanager
    def writing(self, *, lock: int) -> Iterator[Connection]:
        """A connection in a transaction, alone under `lock`; durable when the block ends, undone when it raises."""
        with self._errors(), self._borrowed() as db, db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
            yield db

    @contextmanager
    def holding(self) -> Iterator[Connection]:
        """A connection of its own, for a lock that lasts as long as it."""
        with self._errors(), self._watch.using():
            db = self._connect()
            try:
                yield db
            finally:
                self._end(db)

    def close(self) -> None:
        """Close what is open."""
        self._watch.close()
        while not self._idle.empty():
            self._end(self._idle.get_nowait())

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        with self._watch.using():
            db = self._from_idle() or self._connect()
            try:
                yield db
            finally:
                if not db.closed and db.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                    try:
                        self._idle.put_nowait(db)
                    except queue.Full:
                        self._end(db)
                else:
                    self._end(db)

    def _from_idle(self) -> Connection | None:
        """One that is open already, and was not cut when the server fell silent."""
        while True:
            try:
                db = self._idle.get_nowait()
            except queue.Empty:
                return None
            if self._watch.knows(db):
                return db
            db.close()

    def _end(self, db: Connection) -> None:
        self._watch.forget(db)
        db.close()

    def _reached(self) -> Connection:
        return psycopg.connect(self._dsn, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="jihwi")

    def _connect(self) -> Connection:
        db = self._reached()
        self._watch.know(db)
        db.execute(
            "SELECT set_config('lock_timeout', %s, false), set_config('client_min_messages', 'warning', false), "
            "CASE WHEN current_setting('synchronous_commit') = 'off' "
            "THEN set_config('synchronous_commit', 'on', false) END, set_config('search_path', 'jihwi', false), "
            # While a library is copied it may have long to wait between two statements.
            "set_config('idle_in_transaction_session_timeout', '0', false)",
            (f"{max(1, int(self.busy_seconds * 1000))}ms",),
        )
        return db

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as problem:
            raise self._told(problem) from problem


_WRITING = int.from_bytes(b"jihwi-li", "big", signed=True)
_HOLDING = int.from_bytes(b"jihwi-lo", "big", signed=True)
_ASK_AGAIN_SECONDS = 0.05


class PostgresDatabase:
    """A `LibraryDatabase` in the schema `jihwi`; its tables are made or brought up to date when it is opened."""

    def __init__(self, server: PostgresServer) -> None:
        """Raises StoreError, StoreTooNew."""
        self._server = server
        self.lock = _ServerLock(server)
        scripts = sorted(
            (int(entry.name[:4]), entry.read_text("utf-8"))
            for entry in (resources.files("jihwi.library") / "sql_postgres").iterdir()
            if entry.name.endswith(".sql")
        )
        with server.reading() as db:
            newest = scripts[-1][0]
            if _schema_of(db) == newest:
                return
        with server.writing(lock=_WRITING) as db:
            db.execute("CREATE TABLE IF NOT EXISTS jihwi.library_version (number integer NOT NULL)")
            known = _schema_of(db)
            if known > newest:
                raise StoreTooNew(server.place, known, newest)
            for number, script in scripts:
                if number > known:
                    db.execute(script.encode())
            db.execute("DELETE FROM jihwi.library_version")
            db.execute("INSERT INTO jihwi.library_version VALUES (%s)", (newest,))

    @property
    def place(self) -> str:
        """Where the server is."""
        return self._server.place

    @contextmanager
    def reading(self) -> Iterator[Asked]:
        """A connection that sees one state of the library until the block ends."""
        with self._server.reading() as db:
            yield _Asked(db)

    @contextmanager
    def writing(self) -> Iterator[Asked]:
        """A connection in a transaction that is durable when the block ends, and undone when it raises."""
        with self._server.writing(lock=_WRITING) as db:
            yield _Asked(db)

    def count_on(self, connection: Asked) -> None:
        """Rows came that bear numbers already: the next ones are numbered from there on."""
        for table in ("collections", "partitions", "documents", "readings"):
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('jihwi.{table}', 'id'), "
                f"greatest((SELECT max(id) FROM jihwi.{table}), 1))"
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()


def _schema_of(db: Connection) -> int:
    if db.execute("SELECT to_regclass('jihwi.library_version') IS NULL").fetchone() == (True,):
        return 0
    row = db.execute("SELECT number FROM jihwi.library_version").fetchone()
    return int(row[0]) if row else 0


class _Asked:
    """A connection that takes the catalogue's statements."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._db.execute(_ours(statement), values, binary=True)

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> None:
        with self._db.cursor() as cursor:
            cursor.executemany(_ours(statement), values)


def _ours(statement: str) -> bytes:
    """The catalogue's statements hold no other `?`, and no `%`."""
    return statement.replace("?", "%s").encode()


class _ServerLock:
    """A lock of the server's that lasts as long as a connection: whoever dies lets go."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.busy_seconds = server.busy_seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it; raises `StoreBusy` when another does for longer than the time-out."""
        with self.tried(wait=True) as mine:
            if not mine:
                raise StoreBusy(self._server.place, self.busy_seconds)
            yield

    @contextmanager
    def tried(self, *, wait: bool = False) -> Iterator[bool]:
        """Whether it could be had: at once, or with `wait` within the time-out."""
        until = time.monotonic() + (self.busy_seconds if wait else 0.0)
        with self._server.holding() as db:
            while db.execute("SELECT pg_try_advisory_lock(%s)", (_HOLDING,)).fetchone() != (True,):
                if time.monotonic() >= until:
                    yield False
                    return
                time.sleep(_ASK_AGAIN_SECONDS)
            yield True

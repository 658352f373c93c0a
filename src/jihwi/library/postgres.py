"""A Postgres server as the library meets it: connections for threads, one writer at a time, errors in our words."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from jihwi.errors import StoreError

__all__ = ["PostgresServer"]

_MOST_IDLE = 8
_CONNECT_SECONDS = 10

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresServer:
    """A database with the schema `jihwi`. Safe to use from several threads."""

    def __init__(
        self, dsn: str, *, place: str, told: Callable[[psycopg.Error], StoreError], busy_seconds: float
    ) -> None:
        """`place`: how people are told where it is; `told`: the error to raise for what the server says."""
        self.place = place
        self.busy_seconds = busy_seconds
        self._dsn = dsn
        self._told = told
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue(_MOST_IDLE)
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
    def writing(self, *, lock: int) -> Iterator[Connection]:
        """A connection in a transaction, alone under `lock`; durable when the block ends, undone when it raises."""
        with self._errors(), self._borrowed() as db, db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
            yield db

    @contextmanager
    def holding(self, lock: int) -> Iterator[Connection]:
        """A connection of its own, for a lock that lasts as long as it; gone with it, however it ends."""
        with self._errors():
            db = self._connect()
            try:
                yield db
            finally:
                db.close()

    def close(self) -> None:
        """Close what is open."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        try:
            db = self._idle.get_nowait()
        except queue.Empty:
            db = self._connect()
        try:
            yield db
        finally:
            if not db.closed and db.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                try:
                    self._idle.put_nowait(db)
                except queue.Full:
                    db.close()
            else:
                db.close()

    def _connect(self) -> Connection:
        db = psycopg.connect(self._dsn, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="jihwi")
        db.execute(
            "SELECT set_config('lock_timeout', %s, false), set_config('client_min_messages', 'warning', false), "
            "CASE WHEN current_setting('synchronous_commit') = 'off' "
            "THEN set_config('synchronous_commit', 'on', false) END",
            (f"{max(1, int(self.busy_seconds * 1000))}ms",),
        )
        return db

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as problem:
            raise self._told(problem) from problem

"""The library's database: what is asked of one, and the default, one SQLite file with its migrations.

The statements of the catalogue are plain enough for every database behind this port; `?` stands for a value.
"""

from __future__ import annotations

import fcntl
import queue
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import apsw

from jihwi.errors import StoreTooNew
from jihwi.sqlite_files import disk_error, open_file, store_busy, store_error

__all__ = ["Connection", "Database", "LibraryDatabase", "Lock", "WriteLock"]

_MOST_IDLE = 8
"""Reading connections kept for the next reader."""


class Cursor(Protocol):
    """What a statement gave."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One state of the library, or one change of it."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Cursor: ...
    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object: ...


class Lock(Protocol):
    """Who may write to the library and its index now: one process, one thread, until it lets go or dies."""

    busy_seconds: float

    def held(self) -> AbstractContextManager[None]:
        """Hold it; raises `StoreBusy` when another does for longer than the time-out."""
        ...

    def tried(self, *, wait: bool = False) -> AbstractContextManager[bool]:
        """Whether it could be had: at once, or with `wait` within the time-out."""
        ...


class LibraryDatabase(Protocol):
    """Where documents, readings and chunks lie. Many readers and one writer at a time, in any number of processes."""

    @property
    def place(self) -> str:
        """Where it is, as people are told; never a password."""
        ...

    @property
    def lock(self) -> Lock:
        """Who writes for longer than one transaction holds it."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one state of the library until the block ends."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction that is durable when the block ends, and undone when it raises."""
        ...

    def count_on(self, connection: Connection) -> None:
        """Rows came that bear numbers already: number the next ones from there on."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class Database:
    """`library.db`: many readers, each with a snapshot of its own, and one writer at a time."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self.path = path
        self.lock = WriteLock(path.with_suffix(".lock"), busy_seconds=busy_seconds)
        self._busy_seconds = busy_seconds
        self._idle: queue.LifoQueue[apsw.Connection] = queue.LifoQueue(_MOST_IDLE)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(error, path) from error
        with self._errors():
            connection = self._connect()
            try:
                self._migrate(connection)
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    @property
    def place(self) -> str:
        """Where the file is."""
        return str(self.path)

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection that sees one state of the library until the block ends."""
        with self._errors(), self._borrowed() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:  # a full disk has ended it already, and that is what is to be told
                    connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """A connection in a transaction that is durable when the block ends, and undone when it raises."""
        with self._errors(), self._borrowed() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def count_on(self, connection: Connection) -> None:
        """SQLite numbers a row after the highest by itself."""

    def close(self) -> None:
        """Close what is open; a connection lent out is closed by who gives it back."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    @contextmanager
    def _borrowed(self) -> Iterator[apsw.Connection]:
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: apsw.Connection) -> None:
        try:
            self._idle.put_nowait(connection)
        except queue.Full:
            connection.close()

    def _connect(self) -> apsw.Connection:
        connection = open_file(self.path, busy_seconds=self._busy_seconds)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: apsw.Connection) -> None:
        """Bring the file to the newest numbered migration, each in a transaction of its own."""
        scripts = sorted(
            (int(entry.name[:4]), entry.read_text("utf-8"))
            for entry in (resources.files("jihwi.library") / "sql").iterdir()
            if entry.name.endswith(".sql")
        )
        newest = scripts[-1][0]
        for number, script in scripts:
            if _schema_of(connection) >= number:
                continue
            connection.execute("BEGIN IMMEDIATE")
            try:
                if _schema_of(connection) < number:
                    connection.execute(script).fetchall()
                    connection.execute(f"PRAGMA user_version={number}")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        found = _schema_of(connection)
        if found > newest:
            raise StoreTooNew(str(self.path), found, newest)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise store_error(error, self.path, busy_seconds=self._busy_seconds) from error


def _schema_of(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


class WriteLock:
    """Who may write to the library and its index now: one process, one thread, until it lets go or dies."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self._path = path
        self.busy_seconds = busy_seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it; raises `StoreBusy` when another does for longer than the time-out."""
        with self.tried(wait=True) as held:
            if not held:
                raise store_busy(self._path, self.busy_seconds)
            yield

    @contextmanager
    def tried(self, *, wait: bool = False) -> Iterator[bool]:
        """Whether it could be had: at once, or with `wait` within the time-out."""
        try:
            file = self._path.open("ab")
        except OSError as error:
            raise disk_error(error, self._path) from error
        with file:
            until = time.monotonic() + (self.busy_seconds if wait else 0.0)
            while not _locked(file.fileno()):
                if time.monotonic() >= until:
                    yield False
                    return
                time.sleep(0.02)
            yield True


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

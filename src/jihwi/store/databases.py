"""Databases of one folder, in use or not, copied as all of them are at one moment.

SQLite itself copies what lies at one moment in one file; for several files, all but one stand still while each is
looked at. What was looked at can then be copied at leisure, whatever is written meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw

from jihwi.errors import StoreBusy, StoreError, StoreFull, StoreReadOnly
from jihwi.sqlite_files import open_file, store_error

__all__ = ["Seen", "at_one_moment", "is_database"]

_SQLITE = b"SQLite format 3\0"
_LOGS = ("", "-wal", "-journal")
"""A database, and what may hold the rest of it."""
_SHARED_BYTES = 32 * 1024
"""The least that SQLite shares between processes that have a database open."""
_BUSY_SECONDS = 30.0
_UNWRITABLE = (apsw.ReadOnlyError, apsw.CantOpenError, apsw.FullError, apsw.IOError)


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite's; one that is gone is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        return False


class Seen:
    """A database as it was when it was looked at."""

    def __init__(self, path: Path, connection: apsw.Connection | None) -> None:
        """`connection`: sees that moment. None where SQLite cannot open the file, since its disk is read-only or full;
        but nobody else can write to it either."""
        self._path = path
        self._connection = connection

    def copy_to(self, copy: Path) -> None:
        """Write it to a new file. Raises StoreError."""
        if self._connection is not None:
            _copy_database(self._connection, self._path, copy)
        else:
            _copy_as_it_lies(self._path, copy)


@contextlib.contextmanager
def at_one_moment(paths: Sequence[Path]) -> Iterator[dict[Path, Seen]]:
    """These databases as all of them are at one moment, to be copied within the block; one that is gone is left out.

    Every database but the first, which is changed most often, stands still until all have been looked at: some
    milliseconds, once it is had. The last is asked for first: changes of the library may take long, and whoever waits
    for one should hold up no other. Raises StoreError.
    """
    with contextlib.ExitStack() as opened:
        lying_still = {path for path in paths if path.exists() and _lies_still(path)}  # before we open it ourselves
        seen: dict[Path, Seen] = {}
        with contextlib.ExitStack() as still:
            for path in reversed(paths[1:]):
                still.enter_context(_standing_still(path))
            for path in paths:
                if path.exists():
                    with _complaint_of(path):
                        seen[path] = Seen(path, _looked_at(path, opened, else_none=path in lying_still))
        yield seen


def _looked_at(path: Path, opened: contextlib.ExitStack, *, else_none: bool) -> apsw.Connection | None:
    database = opened.enter_context(contextlib.closing(_opened(path, reading=True)))
    try:
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM sqlite_master").fetchall()  # what is seen from now on is of now
    except _UNWRITABLE:
        if else_none:
            return None
        raise
    return database


def _lies_still(path: Path) -> bool:
    """Whether nobody has a database open, were it one that we cannot open: whoever has keeps a file of shared memory
    beside it."""
    memory = path.resolve().with_name(f"{path.resolve().name}-shm")
    in_use = memory.exists() and memory.stat().st_size >= _SHARED_BYTES  # else it was opened in vain, on a full disk
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY) or not in_use


def _copy_as_it_lies(path: Path, copy: Path) -> None:
    """Copy the file with its log, and have SQLite bring them together in the copy."""
    parts = [(path.resolve().with_name(path.resolve().name + end), copy.with_name(copy.name + end)) for end in _LOGS]
    before = [part.stat() for part, _ in parts if part.exists()]
    for part, there in parts:
        if part.exists():
            shutil.copyfile(part, there)
    after = [part.stat() for part, _ in parts if part.exists()]
    if [(one.st_size, one.st_mtime_ns) for one in before] != [(one.st_size, one.st_mtime_ns) for one in after]:
        raise StoreBusy(str(path), 0)
    try:
        with contextlib.closing(open_file(copy)) as target:
            target.execute("PRAGMA journal_mode = DELETE").fetchall()
    except apsw.Error as problem:
        raise _database_error(problem, path, copy) from problem


@contextlib.contextmanager
def _standing_still(path: Path) -> Iterator[None]:
    """Nobody changes this database within; of one that cannot be written at all, that is so anyway."""
    with contextlib.ExitStack() as held, _complaint_of(path):
        if path.exists():
            database = held.enter_context(contextlib.closing(_opened(path, reading=False)))
            with contextlib.suppress(*_UNWRITABLE):  # `_looked_at` tells it
                database.execute("BEGIN IMMEDIATE")
        yield


def _opened(path: Path, *, reading: bool) -> apsw.Connection:
    return open_file(path, busy_seconds=_BUSY_SECONDS, reading=reading, making=False)


def _copy_database(source: apsw.Connection, path: Path, copy: Path) -> None:
    try:
        with contextlib.closing(open_file(copy)) as target:
            with target.backup("main", source, "main") as pages:
                pages.step()
            target.execute("PRAGMA journal_mode = DELETE")
    except apsw.Error as problem:
        raise _database_error(problem, path, copy) from problem


@contextlib.contextmanager
def _complaint_of(path: Path) -> Iterator[None]:
    try:
        yield
    except apsw.Error as problem:
        raise store_error(problem, path, busy_seconds=_BUSY_SECONDS) from problem


def _database_error(problem: apsw.Error, path: Path, copy: Path) -> StoreError:
    """What a database that is copied complains of: the copy's disk first, then its own."""
    there = store_error(problem, copy)
    if isinstance(there, StoreFull | StoreReadOnly):
        return there
    return store_error(problem, path, busy_seconds=_BUSY_SECONDS)

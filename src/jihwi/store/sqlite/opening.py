"""How a database file is opened: it is ours, not newer than we are, and brought up to date with a copy kept."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import apsw

from jihwi.errors import StoreBusy, StoreCorrupt, StoreMoved, StoreReadOnly, StoreTooNew
from jihwi.sqlite_files import disk_error, open_file, store_error
from jihwi.store.migrations import Migration
from jihwi.store.places import refuse_network, sync_folder

__all__ = ["Place", "connect", "look_into", "prepare_file"]

_APPLICATION = int.from_bytes(b"Jihw", "big")
"""Stands in the file's header, so that another program's database is never taken for ours."""


def connect(path: Path, *, busy_seconds: float, reading: bool = False, making: bool = False) -> apsw.Connection:
    """One connection with the settings that the promise stands on, to a file that is there unless it is for `making`
    it. Raises the house's errors.

    Readers wait only while another process recovers or closes the file; `busy_seconds` bounds that too.
    """
    database: apsw.Connection | None = None
    try:
        database = open_file(path, busy_seconds=busy_seconds, making=making)
        database.execute("PRAGMA synchronous = FULL")
        # For a migration, whose log may grow long; the writer sees to its log itself, off the event loop.
        database.execute("PRAGMA wal_autocheckpoint = 16000")
        database.execute("PRAGMA journal_size_limit = 67108864")
        if reading:
            database.execute("PRAGMA query_only = ON")
    except apsw.Error as problem:
        if database is not None:
            database.close()
        raise store_error(problem, path, busy_seconds=busy_seconds) from problem
    return database


class Place:
    """Where the open file lies; another file may come to lie there, or none."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._held = _number_of(self._path)

    def check(self) -> None:
        """Raise StoreMoved when the file that was opened does not lie here any more."""
        if _number_of(self._path) != self._held:
            raise StoreMoved(self._path)


def _number_of(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def look_into(path: Path, steps: Sequence[Migration]) -> apsw.Connection:
    """One connection that only reads and leaves nothing beside the file: for a disk that is full or read-only.

    Raises StoreReadOnly where the log beside the file holds facts that are not in it yet or the file is of an older
    version, StoreCorrupt, StoreTooNew, and the house's other errors.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StoreReadOnly(str(path))
    try:
        # `immutable`: SQLite asks for no locks and no memory beside the file. Nobody who could write has it open now,
        # or there would be a log.
        place = f"file:{quote(str(path))}?immutable=1"
        database = apsw.Connection(place, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    except apsw.Error as problem:
        raise store_error(problem, path) from problem
    try:
        if _version(database, path, steps) < len(steps):
            raise StoreReadOnly(str(path))
    except BaseException as problem:
        database.close()
        if isinstance(problem, apsw.Error):
            raise store_error(problem, path) from problem
        raise
    return database


def prepare_file(path: Path, steps: Sequence[Migration], *, busy_seconds: float) -> None:
    """Create the file, or check that it is ours and bring it up to date; an older one is copied beside itself first.

    Safe at any moment's kill and against other processes that open it at the same time. Raises StoreOnNetwork,
    StoreReadOnly, StoreCorrupt, StoreTooNew, StoreBusy, StoreFull.
    """
    refuse_network(path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise disk_error(problem, path) from problem
    new = not path.exists()
    deadline = time.monotonic() + busy_seconds
    while True:
        # Not every wait of a file that is just being made honours SQLite's own time-out, hence the loop.
        try:
            _bring_up_to_date(path, steps, busy_seconds)
            break
        except StoreBusy:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.01)
    if new:
        sync_folder(path.parent)


def _bring_up_to_date(path: Path, steps: Sequence[Migration], busy_seconds: float) -> None:
    database = connect(path, busy_seconds=busy_seconds, making=True)
    try:
        version = _version(database, path, steps)
        if version == 0:
            database.execute("PRAGMA journal_mode = WAL")
        elif version < len(steps):
            _keep_copy(database, path, version)
        if version < len(steps):
            database.execute("BEGIN IMMEDIATE")
            _migrate(database, path, steps)
    except apsw.Error as problem:
        raise store_error(problem, path, busy_seconds=busy_seconds) from problem
    finally:
        database.close()


def _migrate(database: apsw.Connection, path: Path, steps: Sequence[Migration]) -> None:
    try:
        # Another process may have done it while we waited.
        version = _version(database, path, steps)
        for step in steps[version:]:
            database.execute(step.sql).fetchall()  # a script stops at its first row, were there one
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {len(steps)}")
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _version(database: apsw.Connection, path: Path, steps: Sequence[Migration]) -> int:
    version: int = database.pragma("user_version")
    application: int = database.pragma("application_id")
    tables: int = database.execute("SELECT count(*) FROM sqlite_master").get
    if application != _APPLICATION and (tables or version or application):
        raise StoreCorrupt(str(path), "it is another program's database")
    if version > len(steps):
        raise StoreTooNew(str(path), version, len(steps))
    return version


def _keep_copy(database: apsw.Connection, path: Path, version: int) -> None:
    """The file as it was, beside it as `NAME.v1`, whole or not there at all."""
    kept = path.with_name(f"{path.name}.v{version}")
    if kept.exists():
        return
    unfinished = path.with_name(f"{path.name}.v{version}.unfinished-{os.getpid()}")
    with contextlib.closing(open_file(unfinished)) as copy:
        with copy.backup("main", database, "main") as pages:
            pages.step()
        copy.execute("PRAGMA journal_mode = DELETE")
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(kept)
    sync_folder(path.parent)

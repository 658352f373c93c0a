"""How a database file is opened: it is ours, not newer than we are, and brought up to date with a copy kept."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jihwi.errors import StoreBusy, StoreCorrupt, StoreReadOnly, StoreTooNew
from jihwi.sqlite_errors import disk_error, store_error
from jihwi.store.migrations import Migration, statements_of
from jihwi.store.places import refuse_network, sync_folder

__all__ = ["connect", "look_into", "prepare_file"]

_APPLICATION = int.from_bytes(b"Jihw", "big")
"""Stands in the file's header, so that another program's database is never taken for ours."""


def connect(path: Path, *, busy_seconds: float, reading: bool = False) -> sqlite3.Connection:
    """One connection with the settings that the promise stands on. Raises the house's errors.

    Readers wait only while another process recovers or closes the file; `busy_seconds` bounds that too.
    """
    database: sqlite3.Connection | None = None
    try:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=busy_seconds)
        database.execute("PRAGMA synchronous = FULL")
        # The writer moves the log into the database itself, off the event loop; this is only the safety net.
        database.execute("PRAGMA wal_autocheckpoint = 16000")
        database.execute("PRAGMA journal_size_limit = 67108864")
        if reading:
            database.execute("PRAGMA query_only = ON")
    except sqlite3.Error as problem:
        if database is not None:
            database.close()
        raise store_error(problem, path, busy_seconds=busy_seconds) from problem
    return database


def look_into(path: Path, steps: Sequence[Migration]) -> sqlite3.Connection:
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
        place = f"file:{quote(str(path))}?mode=ro&immutable=1"
        database = sqlite3.connect(place, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as problem:
        raise store_error(problem, path) from problem
    try:
        if _version(database, path, steps) < len(steps):
            raise StoreReadOnly(str(path))
    except BaseException as problem:
        database.close()
        if isinstance(problem, sqlite3.Error):
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
    database = connect(path, busy_seconds=busy_seconds)
    try:
        version = _version(database, path, steps)
        if version == 0:
            database.execute("PRAGMA journal_mode = WAL")
        elif version < len(steps):
            _keep_copy(database, path, version)
        if version < len(steps):
            database.execute("BEGIN IMMEDIATE")
            _migrate(database, path, steps)
    except sqlite3.Error as problem:
        raise store_error(problem, path, busy_seconds=busy_seconds) from problem
    finally:
        database.close()


def _migrate(database: sqlite3.Connection, path: Path, steps: Sequence[Migration]) -> None:
    try:
        # Another process may have done it while we waited.
        version = _version(database, path, steps)
        for step in steps[version:]:
            for statement in statements_of(step.sql):
                database.execute(statement)
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {len(steps)}")
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def _version(database: sqlite3.Connection, path: Path, steps: Sequence[Migration]) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    application: int = database.execute("PRAGMA application_id").fetchone()[0]
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != _APPLICATION and (tables or version or application):
        raise StoreCorrupt(str(path), "it is another program's database")
    if version > len(steps):
        raise StoreTooNew(str(path), version, len(steps))
    return version


def _keep_copy(database: sqlite3.Connection, path: Path, version: int) -> None:
    """The file as it was, beside it as `NAME.v1`, whole or not there at all."""
    kept = path.with_name(f"{path.name}.v{version}")
    if kept.exists():
        return
    unfinished = path.with_name(f"{path.name}.v{version}.unfinished-{os.getpid()}")
    with contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
        database.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(kept)
    sync_folder(path.parent)

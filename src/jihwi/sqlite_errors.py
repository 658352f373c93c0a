"""What SQLite complains of, said in the house's errors."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from pathlib import Path

from jihwi.errors import StoreBusy, StoreCorrupt, StoreError, StoreFailed, StoreFull, StoreReadOnly

__all__ = ["DATA_PROBLEMS", "disk_error", "is_busy", "store_error"]

DATA_PROBLEMS = (sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""What one job's values may raise beside Python's own errors: a text or number that no database holds."""

_PROBE_BYTES = 64 * 1024


def is_busy(problem: sqlite3.Error) -> bool:
    """Whether another connection holds what was asked for, and trying again may help."""
    return _primary(problem) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def store_error(problem: sqlite3.Error, path: Path, *, busy_seconds: float = 0.0) -> StoreError:
    """The error to raise for `problem` with the database at `path`."""
    primary = _primary(problem)
    if is_busy(problem):
        return StoreBusy(str(path), busy_seconds)
    if primary == sqlite3.SQLITE_FULL:
        return StoreFull(str(path))
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return StoreReadOnly(str(path))
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreCorrupt(str(path), str(problem))
    if primary in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return _from_the_disk(problem, path)
    return StoreFailed(str(path), f"{problem}")


def disk_error(problem: OSError, path: Path) -> StoreError:
    """The error to raise for what the operating system says of the folder of the database at `path`."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreFull(str(path))
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreReadOnly(str(path))
    return StoreFailed(str(path), str(problem))


def _primary(problem: sqlite3.Error) -> int:
    # An error that Python's own layer raised (a closed connection) has no code.
    return getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _from_the_disk(problem: sqlite3.Error, path: Path) -> StoreError:
    """SQLite says only "disk I/O error" for a quota, a size limit or a vanished folder: ask the disk itself."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.write(b"\0" * _PROBE_BYTES)
            probe.flush()
            size = path.stat().st_size if path.exists() else 0
            os.pwrite(probe.fileno(), b"\0", size + _PROBE_BYTES)
    except OSError as answer:
        return disk_error(answer, path)
    if path.exists() and not os.access(path, os.W_OK):
        return StoreReadOnly(str(path))
    return StoreFailed(str(path), str(problem))

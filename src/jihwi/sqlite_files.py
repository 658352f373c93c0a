"""How the house opens a SQLite file, and what SQLite complains of, said in the house's errors.

One file is opened through this one library in a process, never through another copy of SQLite beside it (Python's
`sqlite3` brings its own): each would take the other's locks away when it closes the file.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import apsw

from jihwi.errors import StoreBusy, StoreCorrupt, StoreError, StoreFailed, StoreFull, StoreReadOnly
from jihwi.holders import holder_of

__all__ = ["DATA_PROBLEMS", "disk_error", "is_busy", "is_damage", "open_file", "store_busy", "store_error"]

DATA_PROBLEMS = (apsw.BindingsError, apsw.MismatchError, apsw.RangeError, apsw.TooBigError)
"""What one job's values may raise beside Python's own errors: a text or number that no database holds."""

_PROBE_BYTES = 64 * 1024


def open_file(path: Path, *, busy_seconds: float = 0.0, reading: bool = False, making: bool = True) -> apsw.Connection:
    """A connection to the file at `path`, made when missing unless it is for `reading` only or not `making`; it waits
    so long for what another one holds. What is deleted through it is overwritten in the file, not only forgotten.
    Raises `apsw.Error`.

    >>> open_file(Path(":memory:")).execute("SELECT 1").get
    1
    """
    flags = apsw.SQLITE_OPEN_READONLY if reading else apsw.SQLITE_OPEN_READWRITE
    if making and not reading:
        flags |= apsw.SQLITE_OPEN_CREATE
    database = apsw.Connection(str(path), flags)
    database.set_busy_timeout(int(busy_seconds * 1000))
    database.execute("PRAGMA secure_delete = ON")  # what it is by itself is up to whoever built the library
    return database


def is_busy(problem: Exception) -> bool:
    """Whether another connection holds what was asked for, and trying again may help."""
    return isinstance(problem, apsw.BusyError | apsw.LockedError)


def is_damage(problem: Exception) -> bool:
    """Whether the file's content is at fault: its pages, or a text in it that is none."""
    return isinstance(problem, apsw.CorruptError | apsw.NotADBError | UnicodeDecodeError)


def store_error(problem: apsw.Error | UnicodeDecodeError, path: Path, *, busy_seconds: float = 0.0) -> StoreError:
    """The error to raise for `problem` with the database at `path`."""
    if is_busy(problem):
        return store_busy(path, busy_seconds)
    if isinstance(problem, apsw.FullError):
        return StoreFull(str(path))
    if isinstance(problem, apsw.ReadOnlyError | apsw.PermissionsError | apsw.AuthError):
        return StoreReadOnly(str(path))
    if is_damage(problem):
        return StoreCorrupt(str(path), str(problem))
    if isinstance(problem, apsw.IOError | apsw.CantOpenError):
        return _from_the_disk(problem, path)
    return StoreFailed(str(path), str(problem))


def store_busy(path: Path, seconds: float, *, reading: bool = False) -> StoreBusy:
    """The error to raise when the file at `path`, or the database in it, could not be had for so long: it says who
    holds it, also who only reads with `reading`, as far as that can be seen.

    >>> store_busy(Path("/nowhere/cases.db"), 5.0).process
    0
    """
    holder = holder_of(path, reading=reading)
    return StoreBusy(str(path), seconds, *(holder or ()))


def disk_error(problem: OSError, path: Path) -> StoreError:
    """The error to raise for what the operating system says of the folder of the database at `path`."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreFull(str(path))
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreReadOnly(str(path))
    return StoreFailed(str(path), str(problem))


def _from_the_disk(problem: Exception, path: Path) -> StoreError:
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

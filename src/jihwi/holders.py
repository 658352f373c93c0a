"""Which process holds a file that somebody waits for, and whether it stands still, as Linux tells it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Holder", "holder_of"]

_LOCKS = Path("/proc/locks")
_WRITING, _MENDING = 120, 122
"""Bytes of SQLite's shared memory: who has the first writes, who has the other rebuilds the log (SQLite's "WAL-mode
File Format", section 2.3.1). The others keep nobody from writing."""


class Holder(NamedTuple):
    """A process of this machine."""

    process: int
    stopped: bool
    """It was stopped (Ctrl-Z, a debugger), and lets nothing go until it goes on or is killed."""


def holder_of(path: Path, *, reading: bool = False) -> Holder | None:
    """Who holds the write lock of the file or SQLite database at `path` just now, or with `reading` any lock of it, as
    whoever has it open does; `None` when nobody does, and where it cannot be seen: another machine, another container,
    another system.

    The locks are read off the system's list. To ask for a lock instead would mean to open the file, and SQLite's locks
    are all lost when this process closes it once more.

    >>> holder_of(Path("/nowhere/cases.db")) is None
    True
    """
    beside = path.resolve().with_name(f"{path.resolve().name}-shm")
    held = {key: path for path in (path, beside) if (key := _key(path))}
    try:
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for lock in _locks(lines):
        if lock.key not in held or lock.process == os.getpid():
            continue
        if reading or (lock.writing and (held[lock.key] == path or lock.covers(_WRITING) or lock.covers(_MENDING))):
            return Holder(lock.process, _is_stopped(lock.process))
    return None


def _key(path: Path) -> str:
    """How the list calls a file: its device and number."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


class _Lock(NamedTuple):
    process: int
    key: str
    writing: bool
    first: int
    last: float

    def covers(self, byte: int) -> bool:
        return self.first <= byte <= self.last


def _locks(lines: list[str]) -> Iterator[_Lock]:
    """The locks that processes hold, as proc(5) describes the list."""
    for line in lines:
        words = line.split()
        # A lock that is only waited for has an arrow before it; another container's processes have no number here.
        if len(words) == 8 and int(words[4]) > 0:
            last = float("inf") if words[7] == "EOF" else int(words[7])
            yield _Lock(int(words[4]), words[5], words[3] == "WRITE", int(words[6]), last)


def _is_stopped(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] in ("T", "t")

"""A process that stands still, as on a machine that was suspended, and lets go of nothing that it holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from jihwi.sqlite_files import open_file

__all__ = ["freeze", "freeze_between_writes"]


def freeze(pid: int) -> None:
    """Stop the process, whatever it is doing; it stands still when this returns."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.001)


async def freeze_between_writes(pid: int, store: Path) -> None:
    """Stop the process while it does not write to the SQLite file `store`: its lock would keep everybody from writing
    for as long as it stands still."""
    await asyncio.to_thread(_freeze_between_writes, pid, store)


def _freeze_between_writes(pid: int, store: Path) -> None:
    with contextlib.closing(open_file(store, busy_seconds=60, making=False)) as database:
        database.execute("BEGIN IMMEDIATE")
        freeze(pid)

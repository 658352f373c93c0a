"""Which process a runner is, so that a lease of one that has died on this machine need not run out first."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["runner_is_dead", "runner_name"]


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "-"


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine did; empty when there is no such process, or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def runner_name() -> str:
    """This process: machine, boot, process number and its beginning. No other process ever bears the same name.

    >>> runner_name() == runner_name()
    True
    """
    pid = os.getpid()
    return f"{platform.node() or 'local'}/{_boot()}/{pid}/{_began(pid)}"


def runner_is_dead(name: str) -> bool:
    """Whether the runner of that name has certainly ended: it ran on this machine and is no longer here.

    >>> runner_is_dead(runner_name())
    False
    """
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != (platform.node() or "local") or not parts[2].isdigit():
        return False
    if parts[1] != _boot():
        return True
    return _began(int(parts[2])) != parts[3]

"""How a worker locks itself in: memory, CPU, file sizes, and no way to open a network connection.

The network is closed twice: by the kernel's filter, as for a skill's script, and by an audit hook in Python that also
covers machines where the filter cannot be set.
"""

from __future__ import annotations

import math
import os
import resource
import sys

from jihwi.confinement import close_network, put_limits
from jihwi.readers import Limits

__all__ = ["confine", "limit_cpu", "virtual_bytes"]

MOST_OPEN_FILES = 256
LARGEST_WRITTEN_FILE = 1 << 30
"""For the pictures that text recognition writes beside itself."""


def confine(limits: Limits) -> tuple[str, ...]:
    """Put every limit in place; the names of those that hold."""
    put_limits(memory_bytes=limits.memory_bytes, file_bytes=LARGEST_WRITTEN_FILE, open_files=MOST_OPEN_FILES)
    sys.addaudithook(_refuse_network)
    walls = ["memory", "cpu", "files", "network (python)"]
    if close_network():
        walls.append("network (kernel)")
    return tuple(walls)


def limit_cpu(seconds: float) -> None:
    """Let this process use `seconds` more of CPU time; after that the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = math.ceil(used.ru_utime + used.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, hard))


def virtual_bytes() -> int:
    """The address space in use, as the memory limit counts it; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        raise PermissionError(f"a reader has no network ({event})")

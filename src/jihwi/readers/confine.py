"""How a worker locks itself in: memory, CPU, file sizes, and no way to open a network connection.

The network is closed twice: by a seccomp filter in the kernel (Linux on x86-64 and ARM64; `socket` fails for every
family but AF_UNIX, for this process and every program it calls), and by an audit hook in Python that also covers
machines where the filter cannot be set. Nothing here needs a privilege.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import resource
import struct
import sys

from jihwi.readers import Limits

__all__ = ["confine", "limit_cpu", "virtual_bytes"]

MOST_OPEN_FILES = 256
LARGEST_WRITTEN_FILE = 1 << 30
"""For the pictures that text recognition writes beside itself."""


def confine(limits: Limits) -> tuple[str, ...]:
    """Put every limit in place; the names of those that hold."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, MOST_OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, LARGEST_WRITTEN_FILE)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    sys.addaudithook(_refuse_network)
    walls = ["memory", "cpu", "files", "network (python)"]
    if _close_network():
        walls.append("network (kernel)")
    return tuple(walls)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


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


# ── the kernel's filter ──────────────────────────────────────────────────────

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | 1  # SECCOMP_RET_ERRNO with EPERM
_AF_UNIX = 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_MACHINES = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}
"""Audit architecture, and the numbers of `socket` and `io_uring_setup` (another way to a socket)."""
_X32_BIT = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _close_network() -> bool:
    machine = _MACHINES.get(platform.machine())
    if machine is None or not sys.platform.startswith("linux"):
        return False
    architecture, socket_call, io_uring_call = machine
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 4, 0, _X32_BIT),
        (_EQUAL, 3, 0, io_uring_call),
        (_EQUAL, 0, 3, socket_call),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 1, 0, _AF_UNIX),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)

"""How a process locks itself in: memory, processor time, file sizes, and no network. Nothing here needs a privilege.

The network is closed by a filter in the kernel (Linux on x86-64 and ARM64) that holds for this process and for every
program it calls: `socket` fails for every family but AF_UNIX. Run as a program by the standard library alone
(`python -I -S confinement.py LIMITS COMMAND…`), it locks itself in and becomes the command, before anything of it runs.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import struct
import sys

__all__ = ["CANNOT_CONFINE", "close_network", "main", "put_limits"]

CANNOT_CONFINE = 113
"""The exit code that says: the network could not be closed here, and the command did not run."""


def main(limits: str, *command: str) -> None:
    """Put the limits in place and become `command`. `limits` is a JSON object: what `put_limits` takes, whether the
    command may use the `network`, and the process identifier of the `parent` it must not outlive."""
    said = json.loads(limits)
    network, parent = said.pop("network"), said.pop("parent")
    put_limits(**said)
    _die_with(parent)
    if not network and not close_network():
        os._exit(CANNOT_CONFINE)
    os.execv(command[0], command)


def put_limits(*, memory_bytes: int, file_bytes: int, open_files: int, cpu_seconds: int | None = None) -> None:
    """Bound what this process and what it calls may use: addresses, the size of a file it writes, files open at a
    time, and processor time (`None`: as much as before). It leaves no core file."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, open_files)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    if cpu_seconds is not None:
        _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_AS, memory_bytes)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


# ── the kernel's part ────────────────────────────────────────────────────────

_PR_SET_PDEATHSIG = 1
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


def _die_with(parent: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before this was asked for
            os._exit(1)


def close_network() -> bool:
    """Refuse every socket but those of this machine's files, from now on and for good; False where the system
    offers no such filter."""
    machine = _MACHINES.get(os.uname().machine)
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


if __name__ == "__main__":
    main(*sys.argv[1:])

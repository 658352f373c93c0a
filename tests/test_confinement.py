"""A process locks itself in by the standard library alone, becomes a command, and nothing below it gets out again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from jihwi import confinement

LIMITS = {"memory_bytes": 512 << 20, "file_bytes": 1 << 20, "open_files": 64, "cpu_seconds": 20}
A_SOCKET = [sys.executable, "-c", "import socket; socket.socket()"]
A_LOCAL_SOCKET = [sys.executable, "-c", "import socket; socket.socket(socket.AF_UNIX)"]
BELOW = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'import socket; socket.socket()']))"

linux = pytest.mark.skipif(sys.platform != "linux", reason="the filter is Linux's")


def run(command: list[str], *before: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """What becomes of a command that is locked in, in an interpreter that knows no package."""
    said = json.dumps({**LIMITS, "network": False, "parent": os.getpid(), **more})
    locked = [*before, sys.executable, "-I", "-S", confinement.__file__, said, *command]
    return subprocess.run(locked, capture_output=True, text=True, timeout=120)


def test_it_becomes_the_command_with_its_words_and_its_exit_code() -> None:
    ended = run(["/bin/sh", "-c", 'echo "$1"; exit 7', "sh", "공사 기간"])
    assert (ended.stdout, ended.returncode) == ("공사 기간\n", 7)


def test_the_limits_hold_for_the_command() -> None:
    names = ("AS", "FSIZE", "NOFILE", "CPU", "CORE")
    told = f"import resource; print([resource.getrlimit(getattr(resource, 'RLIMIT_' + one))[1] for one in {names}])"
    assert run([sys.executable, "-c", told]).stdout.strip() == str([512 << 20, 1 << 20, 64, 20, 0])


def test_a_limit_that_is_already_lower_stays() -> None:
    lower = ("/bin/sh", "-c", 'ulimit -n 32; exec "$@"', "sh")
    assert run(["/bin/sh", "-c", "ulimit -n"], *lower).stdout.strip() == "32"


@linux
def test_no_socket_but_this_machines_own_is_had_by_the_command_or_what_it_calls() -> None:
    assert "PermissionError" in run(A_SOCKET).stderr
    assert run([sys.executable, "-c", BELOW]).returncode == 1
    assert run(A_LOCAL_SOCKET).returncode == 0
    assert run(A_SOCKET, network=True).returncode == 0


@linux
def test_a_command_whose_parent_is_gone_does_not_begin() -> None:
    ended = run(["/bin/echo", "begun"], parent=os.getppid())
    assert (ended.stdout, ended.returncode) == ("", 1)

"""A file system of a test's own: mounted in a namespace that ends with the program that runs in it."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["may_mount", "run_where_mounted"]

_ROOT = Path(__file__).resolve().parent.parent
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@functools.cache
def _alone() -> tuple[str, ...] | None:
    """What begins such a namespace here: anybody's where the kernel allows that, else the superuser's."""
    ways: list[tuple[str, ...]] = [("unshare", "--user", "--map-root-user", "--mount")]
    if os.geteuid() == 0:
        ways.append(("unshare", "--mount"))
    for way in ways:
        asked = [*way, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        try:
            if subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode == 0:
                return way
        except (FileNotFoundError, subprocess.TimeoutExpired):
            continue
    return None


def may_mount() -> bool:
    """Whether this machine lets us mount anything."""
    return _alone() is not None


def run_where_mounted(program: str, folder: Path, *arguments: str, mount: str) -> str:
    """What the Python `program` prints, run with `folder` and `arguments` where `mount FOLDER` has been done."""
    alone = _alone()
    assert alone is not None
    script = f'mount {mount} "$0" && python="$1" program="$2" && shift 2 && exec "$python" -c "$program" "$0" "$@"'
    done = subprocess.run(
        [*alone, "sh", "-c", script, str(folder), sys.executable, program, *arguments],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}", "PATH": _PATH},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

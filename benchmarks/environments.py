"""Environments of their own for what is measured beside ours: made once, under `build/peers`, when first wanted.

The lines `# GROUP NAME: package package` of `requirements-peers.txt` say what goes into which.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["peer_python"]

_ROOT = Path(__file__).resolve().parents[1]
_LONGEST_SECONDS = 600


def peer_python(group: str, name: str) -> Path | None:
    """The interpreter of a peer's environment, made when missing; `None` when it cannot be."""
    folder = _ROOT / "build" / "peers" / name
    python = folder / "bin" / "python"
    done = folder / "installed"
    if done.exists():
        return python
    wanted = _requirements(group).get(name, [])
    uv = Path(sys.executable).with_name("uv")
    print(f"installing {name} ...", flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, capture_output=True)
        install = [str(uv), "pip", "install", "-q", "--python", str(python)]
        if not uv.exists():
            install = [str(python), "-m", "pip", "install", "-q"]
        subprocess.run([*install, *wanted], check=True, capture_output=True, timeout=_LONGEST_SECONDS)
    except (subprocess.SubprocessError, OSError):
        return None
    done.touch()
    return python


def _requirements(group: str) -> dict[str, list[str]]:
    """The packages of each peer of a group."""
    found: dict[str, list[str]] = {}
    for line in (_ROOT / "benchmarks" / "requirements-peers.txt").read_text(encoding="utf-8").splitlines():
        head, _, packages = line.partition(":")
        if head.startswith(f"# {group} "):
            found[head.split()[2]] = packages.split()
    return found

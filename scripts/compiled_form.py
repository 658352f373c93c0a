"""The compiled wheel of this tree, unpacked under build/compiled for tests and measurements; built anew when anything
that it is made of has changed. Prints the folder, which goes in front of PYTHONPATH.

    PYTHONPATH="$(.venv/bin/python scripts/compiled_form.py)" .venv/bin/python -m pytest tests/orchestrator
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

__all__ = ["CannotBuild", "unpacked"]

_ROOT = Path(__file__).resolve().parents[1]


class CannotBuild(Exception):
    """The wheel could not be built; what the build said."""


def unpacked() -> Path:
    """The folder that holds the package. One process builds, others wait for it; raises `CannotBuild`."""
    place = _ROOT / "build" / "compiled"
    place.mkdir(parents=True, exist_ok=True)
    made_of = place / "made-of"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = _digest()
        if not made_of.exists() or made_of.read_text() != now:
            made_of.unlink(missing_ok=True)
            _build(place / "unpacked")
            made_of.write_text(now)
    return place / "unpacked"


def _digest() -> str:
    """Of everything that goes into the wheel, and of the Python that it is made for."""
    made = sha256(f"{sys.version} {os.environ.get('CC', '')}".encode())
    files = [_ROOT / "pyproject.toml", _ROOT / "scripts" / "compiling.py", *sorted((_ROOT / "src").rglob("*"))]
    for path in files:
        if "__pycache__" not in path.parts and path.is_file():  # there other processes write all the time
            made.update(f"{path.relative_to(_ROOT)} {sha256(path.read_bytes()).hexdigest()}".encode())
    return made.hexdigest()


def _build(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as wheels:
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, "."]
        ran = subprocess.run(
            build,
            cwd=_ROOT,
            env={**os.environ, "JIHWI_COMPILED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise CannotBuild(ran.stdout)
        shutil.rmtree(folder, ignore_errors=True)
        [wheel] = Path(wheels).glob("*.whl")
        with zipfile.ZipFile(wheel) as held:
            held.extractall(folder)


def main() -> None:
    """Print the folder."""
    try:
        print(unpacked())
    except CannotBuild as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()

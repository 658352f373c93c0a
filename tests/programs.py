"""What a test may need besides Python, and whether this machine has it."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

from jihwi.testing.postgres import programs_with_pgvector
from tests.mounts import may_mount

__all__ = ["ROOT", "absent", "corpus"]

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""


def corpus(name: str) -> Path:
    """Where the measuring corpus `name` lies if this machine holds it; the project itself has none of its files."""
    folder = os.environ.get("JIHWI_CORPUS")
    return (Path(folder) if folder else ROOT.parent / "shared" / "data") / name


def _on_path(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


@functools.cache
def _tesseract_languages() -> frozenset[str]:
    if not shutil.which("tesseract"):
        return frozenset()
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    return frozenset(listed.stdout.split())


_compiler_there = _on_path("gcc", "cc")

_PRESENT: dict[str, Callable[[], bool]] = {
    "chromium": _on_path("chromium", "google-chrome"),
    "tesseract-kor": lambda: "kor" in _tesseract_languages(),
    "fonts-nanum": lambda: Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf").exists(),
    "postgres": lambda: bool(shutil.which("postgres") or [*Path("/usr/lib/postgresql").glob("*/bin/postgres")]),
    "pgvector": lambda: programs_with_pgvector() is not None,
    "soffice": _on_path("soffice"),
    "git": _on_path("git"),
    "c-compiler": lambda: _compiler_there() and (Path(sysconfig.get_path("include")) / "Python.h").exists(),
    "model2vec": lambda: importlib.util.find_spec("model2vec") is not None,
    "mount": may_mount,
    "not-root": lambda: os.geteuid() != 0,
}


def absent(need: str) -> bool:
    """Whether this machine lacks `need`: a program by name, `corpus:NAME`, or what the machine allows."""
    if need.startswith("corpus:"):
        return not corpus(need.removeprefix("corpus:")).is_dir()
    return not _PRESENT[need]()

"""The build hook of the compiled wheel: with JIHWI_COMPILED=1 in the environment the modules that pyproject.toml lists
are compiled with Cython and put into the wheel beside their .py files; without it nothing is done.

Nothing is written into src/: a compiled module beside a .py file that somebody edits would go on running the old one.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CYTHON = "cython>=3.3,<4"
# What is compiled is plain Python and means the same in both forms: annotations give no types to C, and functions keep
# their signatures, names and defaults.
_TRANSLATING = ("-3", "-X", "binding=True,annotation_typing=False")
# -fwrapv, as Python itself is compiled. Neither debugging symbols nor names: a file is a third as large.
_COMPILING = ("-O2", "-g0", "-fwrapv", "-fPIC", "-shared", "-DNDEBUG", "-Wl,-s", "-w")


class CannotCompile(Exception):
    """What is missing or went wrong, and the next step."""


class CompilingHook(BuildHookInterface[BuilderConfig]):
    """Puts the compiled modules into the wheel when they are asked for."""

    def dependencies(self) -> list[str]:
        return [CYTHON] if _is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or not _is_wanted():
            return
        self._folder = tempfile.TemporaryDirectory(prefix="jihwi-compiling-")
        try:
            made = compiled(Path(self.root) / "src", self.config["modules"], Path(self._folder.name))
        except CannotCompile as problem:
            self.app.abort(f"{problem}\nThe pure wheel needs none of this: leave JIHWI_COMPILED out (make wheel).")
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"] |= {str(path): str(inside) for inside, path in made.items()}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def compiled(source: Path, modules: list[str], folder: Path) -> dict[Path, Path]:
    """Compile `modules`, which lie under `source`; answers each one's place in the wheel and the file made in `folder`.

    A package is named by its name and stands for its `__init__`.
    """
    compiler = _compiler()
    if importlib.util.find_spec("Cython") is None:
        raise CannotCompile(f"The compiled wheel is made with Cython, which is absent: pip install '{CYTHON}'")
    places = sorted((_place(source, module) for module in modules), key=lambda at: -(source / at).stat().st_size)
    # Cython writes beside what it reads, and knows a package by its `__init__`.
    for copied in {*places, *(above / "__init__.py" for place in places for above in place.parents if above.name)}:
        (folder / copied).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / copied, folder / copied)

    def translate(some: list[Path]) -> None:
        _run([sys.executable, "-m", "cython", *_TRANSLATING, *map(str, some)], folder)

    def compile_(place: Path) -> Path:
        made = place.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
        _run([*compiler, *_COMPILING, str(place.with_suffix(".c")), "-o", str(made)], folder)
        return made

    count = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(count) as cores:
        list(cores.map(translate, [some for start in range(count) if (some := places[start::count])]))
        return {made: folder / made for made in cores.map(compile_, places)}


def _is_wanted() -> bool:
    return os.environ.get("JIHWI_COMPILED") == "1"


def _compiler() -> list[str]:
    """The C compiler with the place of Python's headers."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if shutil.which(command[0]) is None:
        raise CannotCompile(
            f"The compiled wheel needs a C compiler, and '{command[0]}' is absent. On Debian and Ubuntu:"
            " apt-get install gcc libc6-dev. Another one is named by CC=/path/to/compiler."
        )
    include = Path(sysconfig.get_path("include"))
    if not (include / "Python.h").is_file():
        raise CannotCompile(
            f"The compiled wheel needs Python's headers, and {include} has none. On Debian and Ubuntu: apt-get install"
            " python3-dev."
        )
    return [*command, f"-I{include}"]


def _place(source: Path, module: str) -> Path:
    """Where a module's file lies, seen from `source`."""
    path = Path(*module.split("."))
    return path / "__init__.py" if (source / path).is_dir() else path.with_suffix(".py")


def _run(command: list[str], folder: Path) -> None:
    ran = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if ran.returncode:
        said = "\n".join(ran.stdout.splitlines()[:20])
        raise CannotCompile(f"The modules could not be compiled. {shlex.join(command)} said:\n{said}")

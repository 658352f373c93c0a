"""A package's `__init__` is its public list: complete, true, and leading to no adapter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import jihwi

MODULES = sorted(
    found.name for found in pkgutil.walk_packages(jihwi.__path__, "jihwi.") if "__main__" not in found.name
)
PACKAGES = sorted(found.name for found in pkgutil.walk_packages(jihwi.__path__, "jihwi.") if found.ispkg)
HEAVY = (
    "lxml",
    "tantivy",
    "mecab",
    "numpy",
    "pypdfium2",
    "docx",
    "openpyxl",
    "bs4",
    "pydantic_ai",
    "mcp",
    "openai",
    "starlette",
)


def public(module: ModuleType) -> set[str]:
    """The public names a package shows that it made itself; what a room's modules made is the room's own."""
    is_room = module.__name__.count(".") == 1

    def is_own(value: object) -> bool:
        maker = str(getattr(value, "__module__", ""))
        return maker == module.__name__ or (is_room and maker.startswith(f"{module.__name__}."))

    shown = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return {name for name, value in shown.items() if not inspect.ismodule(value) and is_own(value)}


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "jihwi.cli"])
def test_a_package_lists_what_it_shows(name: str) -> None:
    module = importlib.import_module(name)
    listed = list(getattr(module, "__all__", ()))

    assert len(listed) == len(set(listed))
    assert [entry for entry in listed if not hasattr(module, entry)] == []
    assert public(module) - set(listed) == set()


@pytest.mark.parametrize("name", ["jihwi", *MODULES])
def test_a_module_opens_with_a_sentence_that_says_its_idea(name: str) -> None:
    said = (importlib.import_module(name).__doc__ or "").strip()

    assert said
    assert said.split("\n\n")[0].rstrip()[-1] in ".:!?…)", name


@pytest.mark.parametrize("name", ["jihwi", *MODULES])
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)

    assert result.failed == 0


@pytest.mark.parametrize("start", ["import jihwi", "import jihwi.cli"])
def test_starting_loads_nothing_heavy(start: str) -> None:
    """How long it takes is printed by `make bench-startup`; what makes it long is checked here."""
    code = f"{start}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"

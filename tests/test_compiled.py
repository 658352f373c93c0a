"""The compiled wheel is the same program: what Cython made of the engine passes the tests of cases, and folds every
recorded history to the same state, byte for byte. The engine's other tests run on it in `make test-compiled`."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.compiled_form import unpacked

from tests.programs import ROOT

HOOKS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
MODULES: list[str] = HOOKS["wheel"]["hooks"]["custom"]["modules"]
SUFFIX: str = sysconfig.get_config_var("EXT_SUFFIX")
Ran = subprocess.CompletedProcess[str]

FILES = "import importlib, json, sys; print(json.dumps([importlib.import_module(m).__file__ for m in sys.argv[1:]]))"
STATES = """
import asyncio, hashlib, json
from jihwi.orchestrator import load_case
from jihwi.orchestrator.snapshots import packed
from tests.histories.files import FOLDER, read

async def states():
    found = {}
    for path in sorted(FOLDER.glob("*.jsonl")):
        store, cases = await read(path)
        for case_id in cases:
            case = await load_case(store, case_id)
            found[f"{path.stem} {case_id}"] = [case.head, hashlib.sha256(packed(case)).hexdigest()]
    return found

print(json.dumps(asyncio.run(states()), default=bytes.hex))
"""


def python(*arguments: str, path: Path | None = None, more: dict[str, str] | None = None) -> Ran:
    """What a fresh interpreter said that finds Jihwi in `path`, or else in this tree."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    first = [str(path)] if path else []
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": os.pathsep.join([*first, str(ROOT)]), **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def wheel_in(folder: Path, **more: str) -> Ran:
    return python("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), ".", more=more)


def source(module: str) -> Path:
    path = ROOT / "src" / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.fixture(scope="module")
def compiled() -> Path:
    """The unpacked compiled wheel of this tree."""
    return unpacked()


@pytest.mark.needs("c-compiler")
def test_what_is_listed_comes_from_extension_modules(compiled: Path) -> None:
    ran = python("-c", FILES, *MODULES, path=compiled)
    files = [Path(file) for file in json.loads(ran.stdout)]

    assert [file for file in files if not file.name.endswith(SUFFIX)] == []
    assert [file for file in files if compiled not in file.parents] == []
    assert sorted(compiled.rglob("*.so")) == sorted(files)


@pytest.mark.needs("c-compiler")
def test_the_tests_of_cases_pass_on_it(compiled: Path) -> None:
    ran = python("-m", "pytest", "tests/case", path=compiled)

    assert ran.returncode == 0, ran.stdout[-8000:]


@pytest.mark.needs("c-compiler")
def test_recorded_histories_fold_to_the_same_states_in_both_forms(compiled: Path) -> None:
    in_python, in_c = python("-c", STATES), python("-c", STATES, path=compiled)

    assert in_python.returncode == 0, in_python.stdout
    assert json.loads(in_c.stdout) == json.loads(in_python.stdout)


@pytest.mark.needs("c-compiler")
def test_doctor_says_which_form_runs(compiled: Path, tmp_path: Path) -> None:
    asked = ("-c", "from jihwi.cli import main; main()", "--lang", "en", "doctor")
    home = {"JIHWI_HOME": str(tmp_path)}

    assert "(engine compiled)" in python(*asked, path=compiled, more=home).stdout
    assert "compiled" not in python(*asked, more=home).stdout


@pytest.mark.needs("c-compiler")
def test_nothing_is_compiled_into_the_source_tree(compiled: Path) -> None:
    assert [*(ROOT / "src").rglob("*.so"), *(ROOT / "src").rglob("*.c")] == []


def test_a_wheel_is_pure_unless_it_is_asked_for(tmp_path: Path) -> None:
    ran = wheel_in(tmp_path, JIHWI_COMPILED="")

    [wheel] = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl"), ran.stdout
    with zipfile.ZipFile(wheel) as held:
        assert [name for name in held.namelist() if name.endswith((".so", ".c"))] == []


def test_a_machine_without_a_compiler_is_told_what_to_install_and_what_needs_none(tmp_path: Path) -> None:
    ran = wheel_in(tmp_path, JIHWI_COMPILED="1", CC="no-such-compiler")

    assert ran.returncode != 0
    assert "'no-such-compiler' is absent" in ran.stdout
    assert "apt-get install gcc libc6-dev" in ran.stdout
    assert "make wheel" in ran.stdout
    assert "Traceback" not in ran.stdout
    assert [*tmp_path.iterdir()] == []


def test_every_module_that_is_listed_is_there() -> None:
    assert [module for module in MODULES if not source(module).is_file()] == []


def reassigned(tree: ast.AST) -> Iterator[int]:
    """The lines of expressions that read a plain name and then assign it by `:=`, as `old == (old := f())` does.

    Python reads the name where it stands; what Cython 3.3 makes of it reads it after the assignment.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and not isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda):
            seen: set[str] = set()
            for part in ast.iter_child_nodes(node):
                for inner in ast.walk(part):
                    if isinstance(inner, ast.NamedExpr) and inner.target.id in seen:
                        yield node.lineno
                plain = part.value if isinstance(part, ast.keyword | ast.Starred) else part
                if isinstance(plain, ast.Name):
                    seen.add(plain.id)


def test_no_compiled_module_reads_a_name_beside_its_own_assignment() -> None:
    found = {
        f"{module}:{line}"
        for module in MODULES
        for line in reassigned(ast.parse(source(module).read_text(encoding="utf-8")))
    }

    assert found == set(), "Cython reads the name after `:=` has assigned it: take two steps"


@pytest.mark.parametrize(
    ("line", "is_read_late"),
    [
        ("if old == (old := f()): pass", True),
        ("x = n + (n := 1)", True),
        ("g(a=n, b=(n := 1))", True),
        ("x = items, (items := f())", True),
        ("x = items[(items := 0)]", True),
        ("if (new := f()) == old: pass", False),
        ("if (new := f()) and new.ok: pass", False),
    ],
)
def test_such_a_line_is_found(line: str, is_read_late: bool) -> None:
    assert bool([*reassigned(ast.parse(line))]) is is_read_late

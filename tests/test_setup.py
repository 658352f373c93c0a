"""The set-up: packages pinned by hash without naming a host, and an honest word where something is missing."""

from __future__ import annotations

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.network import NetworkForbidden
from tests.programs import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TESTING = {"pytest", "starlette", "uvicorn"}
"""What `jihwi.testing` may import: whoever tests has it."""
LOCKS = ("run", "models", "kiwi", "test")
# Put together here, so that this file does not name them either.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))]
HOSTS += [".".join(parts) for parts in (("deb", "debian", "org"), ("archive", "ubuntu", "com"), ("huggingface", "co"))]


def pinned(lock: str) -> dict[str, list[str]]:
    """Name to versions (more than one where they differ by Python version)."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock_text(lock), re.MULTILINE):
        found.setdefault(name, []).append(version)
    return found


def lock_text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True)
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.needs("git")
def test_no_file_names_a_package_registry() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in HOSTS
        if host.encode() in path.read_bytes()
    ]

    assert named == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_pinned_by_hash_and_from_nowhere_in_particular(lock: str) -> None:
    text = lock_text(lock)
    entries = re.split(r"\n(?=\S)", text.strip())

    assert all(re.match(r"[\w.-]+==\S+.*\\\n    --hash=sha256:", entry) for entry in entries)
    assert "://" not in text
    assert not re.search(r"^\s*--(index-url|extra-index-url|find-links)", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run", PROJECT["project"]["dependencies"]),
        ("models", PROJECT["project"]["optional-dependencies"]["models"]),
        ("kiwi", PROJECT["project"]["optional-dependencies"]["kiwi"]),
        ("test", PROJECT["project"]["optional-dependencies"]["postgres"]),
        ("test", PROJECT["project"]["optional-dependencies"]["embedding"]),
        ("test", PROJECT["project"]["optional-dependencies"]["mcp"]),
        ("test", PROJECT["dependency-groups"]["dev"]),
        ("run", PROJECT["dependency-groups"]["build"]),
    ],
)
def test_the_lock_holds_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    has = pinned(lock)
    missing = [
        str(one)
        for one in map(Requirement, wanted)
        if not any(map(one.specifier.contains, has.get(_plain(one.name), ())))
    ]

    assert missing == [], "run `make lock`"


def imported() -> set[str]:
    """The top-level names that the product imports and does not make itself, imports inside functions too."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"jihwi"}


def test_what_is_imported_is_asked_for() -> None:
    extras = [text for texts in PROJECT["project"]["optional-dependencies"].values() for text in texts]
    asked = {Requirement(text).name for text in [*PROJECT["project"]["dependencies"], *extras]} | TESTING
    makers = packages_distributions()
    unasked = {name for name in imported() if not {_plain(made) for made in makers.get(name, [name])} & asked}

    assert unasked == set(), "name it in pyproject.toml and run `make lock`"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_locks_agree_with_each_other() -> None:
    widest = pinned("test")

    for lock in ("run", "models"):
        assert {name: versions for name, versions in pinned(lock).items() if widest.get(name) != versions} == {}


def test_the_core_is_small_and_its_licences_are_free() -> None:
    looked = subprocess.run(
        [sys.executable, "scripts/licences.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert looked.returncode == 0, looked.stderr


def test_a_machine_without_python_is_told_what_is_missing(tmp_path: Path) -> None:
    place = tmp_path / "a folder with spaces"
    programs = tmp_path / "bin"
    for folder in (place / "scripts", place / "requirements", programs):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "environment.sh", place / "scripts")
    for name in ("bash", "env", "dirname", "cat", "sha256sum"):
        (programs / name).symlink_to(shutil.which(name) or "")

    told = subprocess.run(
        ["bash", "scripts/environment.sh", "run"],
        cwd=place,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert "Jihwi needs Python 3.11 or 3.12" in told.stderr
    assert not (place / ".venv").exists()


def test_another_machine_cannot_be_reached_from_a_test() -> None:
    with pytest.raises(NetworkForbidden), socket.socket() as connection:
        connection.connect(("192.0.2.1", 80))


def test_this_machine_can_be_reached_from_a_test() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


@pytest.mark.parametrize(("every", "code"), [("0", 0), ("1", 1)])
def test_a_skip_fails_where_every_test_must_run(tmp_path: Path, every: str, code: int) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_it():\n    pytest.skip('absent: a program')\n")

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", str(tmp_path), str(tmp_path)],
        env={**os.environ, "JIHWI_TEST_ALL": every, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == code, ran.stdout
    assert "absent: a program" in ran.stdout

"""A test that hangs does not hold up the others: it fails by its name, and what it had begun is put away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.programs import ROOT

HASTE = """
import tests.overdue
tests.overdue.SECONDS = 1.0
from tests.conftest import *
"""
HANGING = """
import asyncio, os, subprocess, threading

def test_before():
    pass

def test_that_reads_what_nobody_writes(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe").read_text()

def test_that_waits_for_what_never_happens():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    threading.Event().wait()

async def test_that_awaits_in_vain():
    try:
        await asyncio.Event().wait()
    finally:
        print("put away")

def test_after():
    pass
"""


def test_a_test_that_never_ends_fails_by_its_name_and_the_next_one_runs(tmp_path: Path) -> None:
    for name, text in (
        ("test_it.py", HANGING),
        ("conftest.py", HASTE),
        ("pytest.ini", "[pytest]\nasyncio_mode = auto"),
    ):
        (tmp_path / name).write_text(text, "utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "1", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 failed, 2 passed" in ran.stdout, ran.stdout
    for name in ("reads_what_nobody_writes", "waits_for_what_never_happens", "awaits_in_vain"):
        assert f"FAILED test_it.py::test_that_{name}" in ran.stdout
    assert ran.stdout.count("it has not ended after 1 seconds") >= 3
    assert "put away" in ran.stdout
    assert ran.stdout.count("most recent call first") > 3, "where each thread stood is told"

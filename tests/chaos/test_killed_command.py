"""`jihwi run` killed with SIGKILL in the middle of the main job: `jihwi case run` ends with the same report."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case.ledger import open_event, verify
from jihwi.reports import read_export

KILLED_AFTER = (2, 7, 12, 16)
MORE_KILLS = 12
"""On a busy machine a kill may come late each time, when the case has ended: so many more are tried until one has come
in its middle."""
REQUEST = "당직비는 1회에 얼마이고 연차휴가는 며칠인가?"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files that were read once, so that kills fall into the case and not into the reading."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "files").mkdir()
    (folder / "files" / "당직.txt").write_text("당직비는 1회 60,000원을 지급한다.\n당직은 순번에 따라 선다.\n", "utf-8")
    (folder / "files" / "휴가.txt").write_text("연차휴가는 1년에 15일이다.\n휴가는 미리 신청한다.\n", "utf-8")
    (folder / "files" / "안내.txt").write_text("당직비는 1회 50,000원입니다.\n", "utf-8")
    return folder


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "jihwi", *words]


def _run(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*words), cwd=state, capture_output=True, text=True, timeout=300, check=False)


def _essence(told: dict[str, Any]) -> tuple[Any, ...]:
    """What must be the same: all of the report but its signature, which names the case."""
    said = {name: part for name, part in told["report"].items() if name != "signature"}
    return told["outcome"], json.dumps(said, sort_keys=True)


def test_killed_anywhere_the_case_ends_with_the_same_report(state: Path) -> None:
    calm = _run(state, "run", REQUEST, "--files", "files", "--json")
    assert calm.returncode == 0, calm.stderr
    expected = _essence(json.loads(calm.stdout))
    in_mid_case = 0
    for number, lines in enumerate(itertools.chain(KILLED_AFTER, itertools.repeat(7, MORE_KILLS))):
        if number >= len(KILLED_AFTER) and in_mid_case:
            break
        known = _cases(state)
        _kill_after(state, lines)
        (case_id,) = _cases(state) - known
        told = _run(state, "case", "run", case_id, "--json")
        assert told.returncode == 0, told.stderr
        answer = json.loads(told.stdout)
        assert _essence(answer) == expected
        log = read_export(Path(answer["files"]["ledger.jsonl"]))
        verify(case_id, log)
        bodies = [open_event(one).body for one in log]
        in_mid_case += any(isinstance(body, e.RunnerTookOver) for body in bodies)
        _no_finished_skill_twice(bodies)
    assert in_mid_case >= 1


def _kill_after(state: Path, lines: int) -> None:
    """Kill the command with SIGKILL when it has told so many of its events."""
    running = subprocess.Popen(
        _command("run", REQUEST, "--files", "files", "--lang", "ko"),
        cwd=state,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stderr is not None
    try:
        for _ in range(lines + 1):
            if not running.stderr.readline():
                break
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stderr.close()


def _cases(state: Path) -> set[str]:
    return {one["case_id"] for one in json.loads(_run(state, "case", "list", "--json").stdout)}


def _no_finished_skill_twice(bodies: list[Any]) -> None:
    finished: set[tuple[str, int, int, int]] = set()
    for body in bodies:
        if isinstance(body, e.SkillFinished | e.SkillStarted):
            key = (body.assignment, body.seat, body.turn, body.number)
            assert key not in finished
            if isinstance(body, e.SkillFinished):
                finished.add(key)

"""At a terminal: a seat changes hands while a write of it runs, and whoever looks at it then learns how that ended."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import SKILLS, run, runner, until
from tests.cli.terminal import answered, run_apart, said

SLOW = """
    if to == "slow":
        Path("who").write_text(str(os.getpid()), "utf-8")
        Path("go").read_text("utf-8")
    return "sent"
"""


@pytest.fixture
def desk(desk: Path) -> Path:
    """A desk whose letter to `slow` is under way until `go` is written."""
    (desk / "desk" / "skills.py").write_text(SKILLS.replace('    return "sent"\n', SLOW.lstrip("\n")), "utf-8")
    for pipe in ("who", "go"):
        os.mkfifo(desk / pipe)
    return desk


def seat(folder: Path) -> list[dict[str, Any]]:
    transcript = answered(folder, "case", "show", "last", "--of", "a1")["transcript"]
    return [one for one in transcript if one["is"] == "settled" and one["skill"] == "send"]


def show(folder: Path) -> str:
    return " ".join(said(folder, "case", "show", code=3).split())


def test_who_takes_a_seat_in_the_middle_of_a_write_is_told_how_it_ended(desk: Path) -> None:
    run(desk, "send slow")
    with runner(desk) as process:
        answered(desk, "case", "approve", "last")
        assert int((desk / "who").read_text("utf-8")) == process.pid
        taken = answered(desk, "case", "take", "last", "a1")
        remarks = run_apart(
            desk, "case", "note", "last", "a1", "it was urgent", JIHWI_VIEWER="lee", JIHWI_TEAM="desk"
        ).stderr
        assert f"Go on: jihwi case show {taken['case']}" in remarks, "a runner has it"
        assert "How it ended is not known yet" in remarks
        assert [(one["skill"], one["end"]) for one in taken["overtaken"]] == [("send", "")]
        assert "How it ended is not known yet" in show(desk)
        assert [one["status"] for one in seat(desk)] == ["failed"]
        (desk / "go").write_text("go", "utf-8")
        until(process, "outcome_told")
        assert [(one["status"], one.get("value")) for one in seat(desk)] == [("failed", None), ("finished", "sent")]
        assert "has finished since (a1/2/0): sent" in show(desk)
        assert "그 뒤에 끝났습니다(a1/2/0): sent" in said(desk, "case", "show", code=3, language="ko")
        answered(desk, "case", "give", "last", "a1")
        until(process, "case_closed")
    assert (desk / "sent.txt").read_text("utf-8").split() == ["slow"]
    assert "the seat is told how it ended" in said(desk, "case", "follow", "last", "--no-wait")


def test_of_a_write_whose_runner_died_after_the_seat_was_taken_nobody_waits(desk: Path) -> None:
    run(desk, "send slow")
    with runner(desk) as process:
        answered(desk, "case", "approve", "last")
        assert int((desk / "who").read_text("utf-8")) == process.pid
        answered(desk, "case", "take", "last", "a1")
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=120)
    answered(desk, "case", "give", "last", "a1")
    answered(desk, "case", "run")
    assert [one["reason"]["code"] for one in seat(desk)] == ["seat_changed_meanwhile"]
    assert (desk / "sent.txt").read_text("utf-8").split() == ["slow"]

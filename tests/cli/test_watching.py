"""`jihwi case follow` of a supervised case: it says for what the case waits, goes on when that is answered, and ends
with the case."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.desk import run
from tests.cli.terminal import answered, environment, said


@contextmanager
def following(folder: Path, language: str = "en") -> Iterator[subprocess.Popen[str]]:
    """A terminal that follows the last case; what it remarks is read from its standard error."""
    env, pipe = {**os.environ, **environment("kim", "desk"), "JIHWI_LANGUAGE": language}, subprocess.PIPE
    command = [sys.executable, "-m", "jihwi", "case", "follow", "last"]
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process: subprocess.Popen[str], words: str) -> str:
    """What it remarks up to the line that holds the words."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return "".join(seen)
    raise AssertionError(f"it ended before it said {words!r}: {seen}")


def test_it_says_once_what_a_case_waits_for_goes_on_with_the_answer_and_ends_with_the_case(desk: Path) -> None:
    case = run(desk, "delegate")["case"]
    with following(desk) as process:
        seen = until(process, "--of a1.2/1")
        assert seen.count("It waits for a person.") == 1
        assert "Asks (a1.1): one?" in seen
        answered(desk, "case", "answer", "last", "yes", "--of", "a1.1/1")
        answered(desk, "case", "run", code=3)
        again = until(process, "--of a1.2/1")
        assert (again.count("It waits for a person."), "a1.1/1" in again) == (1, False)
        answered(desk, "case", "note", "last", "a1", "quickly")
        answered(desk, "case", "pause", "last")
        assert f"jihwi case resume {case}" in until(process, "jihwi case resume")
        answered(desk, "case", "resume", "last")
        answered(desk, "case", "answer", "last", "no", "--of", "a1.2/1")
        answered(desk, "case", "run")
        facts, _ = process.communicate(timeout=120)
        assert process.returncode == 0
    assert "closed the case" in facts
    assert facts.count("quickly") == 1


def test_an_approval_is_asked_for_with_the_line_that_gives_it_in_the_readers_language(desk: Path) -> None:
    case = run(desk, "send kim")["case"]
    (approval,) = answered(desk, "case", "show", code=3)["approvals"]
    with following(desk, "ko") as process:
        seen = until(process, f"jihwi case approve {case} {approval['approval']} --digest {approval['digest'][:12]}")
        assert "사람을 기다립니다." in seen
        answered(desk, "case", "cancel", "last")
        process.communicate(timeout=120)
        assert process.returncode == 0


def test_ctrl_c_ends_it_cleanly(desk: Path) -> None:
    run(desk, "delegate")
    with following(desk) as process:
        until(process, "--of a1.2/1")
        process.send_signal(signal.SIGINT)
        _, remarks = process.communicate(timeout=120)
        assert process.returncode == 130
        assert "Traceback" not in remarks
    assert list((desk / ".jihwi").glob("drafts/*")) == []


BOSS = """

def boss(view: View) -> Turn:
    if "approval" in view.inputs:
        return Turn(actions=(Report(text="kim is not in our book.", data={"verdict": "person"}),))
    children = [one for one in view.transcript if isinstance(one, ChildReported)]
    return Turn(actions=(Report(text="end"),) if children else (Delegate("helper", "send kim"),))
"""


def test_who_answers_what_the_case_workers_seat_left_to_a_person_reads_its_own_words(desk: Path) -> None:
    team = desk / "desk"
    head = (team / "team.md").read_text("utf-8").replace("case_worker: clerk", "case_worker: boss")
    (team / "team.md").write_text(head.replace("approve: []", "case_worker_approves: [send]"), "utf-8")
    (team / "boss.md").write_text("---\nname: boss\ndelegates: [helper]\n---\nJudge.\n", "utf-8")
    with (team / "procedures.py").open("a", encoding="utf-8") as out:
        out.write(BOSS)
    case = run(desk, "judge")["case"]
    shown = said(desk, "case", "show", code=3)
    assert "left the approval of 'send' to a person" in shown
    assert "boss: kim is not in our book." in shown
    (approval,) = answered(desk, "case", "show", code=3)["approvals"]
    assert approval["left_by"] == {"agent": "boss", "assignment": "a1.2", "words": "kim is not in our book."}
    with following(desk) as process:
        assert "boss: kim is not in our book." in until(process, f"jihwi case approve {case}")

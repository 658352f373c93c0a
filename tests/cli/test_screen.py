"""What stands on the terminal is text, whatever it looks like."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jihwi.case.assignment import Reason
from jihwi.case.events import SYSTEM, ApprovalReferred, AssignmentOpened, Event, TurnFinished
from jihwi.case.reasons import say
from jihwi.cli.following import line_of
from jihwi.cli.screen import Screen
from jihwi.evidence import Viewer
from jihwi.orchestrator import load_log
from jihwi.teams import built_in_folder
from tests.cli.terminal import said
from tests.histories.files import FOLDER, read

TRICKY = "[/x] [red]예산[/] :memo: \x1b[2J\u202e끝"
SHOWN = "[/x] [red]예산[/] :memo: \ufffd[2J\ufffd끝"


def test_a_request_that_looks_like_marks_or_steers_a_terminal_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("예산은 100원이다.\n", "utf-8")
    said(tmp_path, "run", TRICKY, "--files", "files", team="report")
    assert SHOWN in " ".join(said(tmp_path, "case", "list", team="report").split())
    for words in ("show", "follow"):
        shown = said(tmp_path, "case", words, "last", team="report")
        assert SHOWN in shown
        assert "\x1b" not in shown


def test_remarks_and_errors_steer_nothing_either(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(json=False, language="ko").remark(TRICKY)
    assert capsys.readouterr().err.strip() == SHOWN


async def test_every_line_of_a_followed_case_is_in_the_language_of_its_reader() -> None:
    """Over every recorded history: no value of a field, no code, no name of a kind stands among the Korean words."""
    coded = re.compile(r"\b(approve|reject|edit|done|partial|failed|happened|run_again|take|give|reassign|good|bad)\b")
    for path in sorted(FOLDER.glob("*.jsonl")):
        store, cases = await read(path)
        for case_id in cases:
            for event in await load_log(store, case_id):
                line = line_of(event, "ko", Viewer("kim", event.labels))
                spoken = isinstance(event.body, AssignmentOpened | TurnFinished)  # in a mind's own words
                assert spoken or not coded.search(line), line


def test_an_approval_that_is_left_to_a_person_is_not_told_as_judged() -> None:
    reason = Reason("verdict_left_to_a_person", {"skill": "send"})
    left = ApprovalReferred("a1.1/1/1/0", reason=reason)
    event = Event("c1", 9, 0, "approval_referred", SYSTEM, 8, (), left, b"")
    for language, judged in (("ko", "판단합니다"), ("en", "lies before")):
        line = line_of(event, language, Viewer("kim"))  # type: ignore[arg-type]
        assert judged not in line
        assert say(reason, language) in line  # type: ignore[arg-type]


def test_who_follows_a_case_is_told_of_an_answer_in_another_language_or_without_its_end() -> None:
    notes = ["reasoning_removed", "wrong_language", "cut_at_max_tokens"]
    said = TurnFinished("a1", 1, 1, "预算是三亿韩元，报告已经完成", parameters={"notes": notes})
    event = Event("c1", 9, 0, "turn_finished", SYSTEM, 8, (), said, b"")
    line = line_of(event, "ko", Viewer("kim"))
    assert line.endswith(
        "[답이 사건의 말이 아닌 다른 말로 쓰여 있습니다.] [길이 한도에 걸려 답이 끝까지 오지 않았습니다.]"
    )
    assert "[The answer is not in the language of the case.]" in line_of(event, "en", Viewer("kim"))


def test_who_approves_a_release_at_the_terminal_sees_what_leaves(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("공사기간은 2026년 9월 30일까지이다.\n", "utf-8")
    team = shutil.copytree(built_in_folder("report"), tmp_path / "team")
    front = (team / "team.md").read_text("utf-8")
    (team / "team.md").write_text(front.replace("release: automatic", "release: person"), "utf-8")
    said(tmp_path, "run", "공사기간은 언제까지인가?", "--files", "files", team="team", code=3)
    shown = said(tmp_path, "case", "show", "last", team="team", code=3, language="ko")
    assert "내보낼 보고서:\n    답\n" in shown
    assert "공사기간은 2026년 9월 30일까지이다. (문서의 말 그대로)" in shown

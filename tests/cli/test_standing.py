"""What a person at the terminal is told of a case, and that what they type means what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from jihwi.testing.openai_server import OpenAIServer, Reply, Use
from tests.cli.desk import followed, its_team, run
from tests.cli.terminal import answered, environment, said


def refused(folder: Path, *words: str) -> str:
    """What a refused command says."""
    return str(answered(folder, "case", *words, code=1)["error"]["words"])


def test_an_answer_names_an_option_or_says_words_and_no_other_number(desk: Path) -> None:
    run(desk, "delegate")
    assert refused(desk, "answer", "last", "yes") == "Several questions wait; say which: a1.1/1, a1.2/1"
    assert refused(desk, "answer", "last", "yes", "--of", "a1/7").startswith("That question does not wait")
    for wrong in ("0", "3", "9"):
        assert refused(desk, "answer", "last", wrong, "--of", "a1.1/1").startswith(
            f"There is no option {wrong} (1 to 2)"
        )
    assert refused(desk, "answer", "last", " ", "--of", "a1.1/1") == "The answer is empty."
    answered(desk, "case", "answer", "last", "2", "--of", "a1.1/1")
    answered(desk, "case", "answer", "last", "nobody knows", "--of", "a1.2/1")
    assert refused(desk, "answer", "last", "1") == "No question waits for an answer now."
    answered(desk, "case", "run")
    assert "done:no | done:nobody knows" in said(desk, "case", "show")


def test_which_approval_is_meant_is_asked_only_where_several_wait(desk: Path) -> None:
    run(desk, "letters kim park")
    assert refused(desk, "approve", "last").startswith("2 approvals wait; say which one: a1.1/")
    assert "is no approval that waits now. What waits: a1.1/" in refused(desk, "reject", "last", "a9/1/1/0")
    for one in answered(desk, "case", "show", code=3)["approvals"]:
        answered(desk, "case", "reject", "last", one["approval"])
        assert refused(desk, "approve", "last", one["approval"]).endswith("was rejected already.")
    assert refused(desk, "approve", "last") == "No approval waits for an answer now."


def test_an_edit_that_the_skill_cannot_take_is_refused_and_the_approval_waits_on(desk: Path) -> None:
    run(desk, "send kim")
    (before,) = answered(desk, "case", "show", code=3)["approvals"]
    for wrong in ('{"too": "lee"}', '{"to": "lee", "by": "post"}', '{"to": 5}'):
        done = answered(desk, "case", "approve", "last", "--edit", wrong, code=1)
        assert done["error"]["code"] == "skill_arguments"
    assert answered(desk, "case", "show", code=3)["approvals"] == [before]
    answered(desk, "case", "approve", "last", "--edit", '{"to": "lee"}')


def test_a_paused_case_goes_on_with_a_larger_budget(desk: Path) -> None:
    run(desk, "delegate")
    answered(desk, "case", "pause", "last")
    answered(desk, "case", "resume", "last", "--turns", "90")
    assert answered(desk, "case", "show", code=3)["status"] == "open"


def test_a_case_that_has_ended_says_what_came_of_it(desk: Path) -> None:
    run(desk, "delegate")
    for child in ("a1.1", "a1.2"):
        answered(desk, "case", "answer", "last", "1", "--of", f"{child}/1")
    answered(desk, "case", "run")
    words = said(desk, "case", "show")
    assert "It ended without a report." in words
    assert "done:yes | done:yes" in words
    assert answered(desk, "case", "show")["answer"] == "done:yes | done:yes"


def test_a_released_report_is_found_again_by_showing_its_case(desk: Path) -> None:
    said(desk, "run", "a", "--files", "files", team="report")
    lines = [line.strip() for line in said(desk, "case", "show").splitlines()]
    (report,) = [Path(line) for line in lines if line.endswith("report.md")]
    assert report.read_text("utf-8").startswith("# a")


def test_a_fork_taken_after_the_release_has_its_report_and_leaves_the_parents_files_alone(desk: Path) -> None:
    case_id = answered(desk, "run", "a", "--files", "files", team="report")["case"]
    first = desk / ".jihwi" / "cases" / case_id / "ledger.jsonl"
    before = first.read_bytes()
    kinds = {one["seq"]: one["kind"] for one in followed(desk)}
    (released,) = [seq for seq, kind in kinds.items() if kind == "report_released"]
    for at in (released, max(kinds)):
        fork = answered(desk, "case", "fork", case_id, "--at", str(at), team="report")["case"]
        again = answered(desk, "case", "fork", fork, "--at", "1", team="report")["case"]
        for one in (fork, again):
            done = answered(desk, "case", "run", one, team="report")
            assert done["report"]["request"] == "a"
            assert Path(done["files"]["report.md"]).parent.name == one
    assert first.read_bytes() == before


def test_a_report_that_lies_on_another_machine_is_told_as_that(desk: Path) -> None:
    case_id = answered(desk, "run", "a", "--files", "files", team="report")["case"]
    (desk / ".jihwi" / "cases" / case_id).rename(desk / "elsewhere")
    assert answered(desk, "case", "run", case_id)["elsewhere"] is True
    assert "not on this machine" in said(desk, "case", "show", case_id)


def test_a_case_goes_on_with_the_team_that_the_line_names(desk: Path) -> None:
    case_id = run(desk, "send kim")["case"]
    answered(desk, "case", "approve", "last")
    lacks = answered(desk, "case", "run", code=3, team="report")["error"]
    assert f"jihwi case run {case_id} --team FOLDER" in lacks["next"]
    assert f"jihwi case run {case_id} --team FOLDER" in " ".join(said(desk, "case", "show", team="report").split())
    answered(desk, "case", "run", "last", "--team", "desk", team="report")
    assert (desk / "sent.txt").read_text("utf-8") == "kim\n"


def test_a_case_whose_runner_died_in_mid_work_is_shown_with_the_line_that_drives_it_on(desk: Path) -> None:
    """Its lease has not run out yet, but who held it is known to be gone."""
    for pipe in ("who.kim", "go.kim"):
        os.mkfifo(desk / pipe)
    command = [sys.executable, "-m", "jihwi", "run", "linger kim", "--files", "files"]
    its_team(desk, approve="send")
    answered(desk, "run", "delegate", "--files", "files", code=3)  # the files are read by now
    process = subprocess.Popen(command, cwd=desk, env={**os.environ, **environment("kim", "desk")})
    try:
        assert int((desk / "who.kim").read_text("utf-8")) == process.pid
        assert "No runner drives it now" not in said(desk, "case", "show")
    finally:
        process.kill()
        process.wait()
    case_id = answered(desk, "case", "show")["case"]
    words = said(desk, "case", "show")
    assert "No runner drives it now" in words
    assert f"jihwi case run {case_id}" in words


def test_the_language_may_be_said_before_the_command(desk: Path) -> None:
    run(desk, "delegate")
    assert "묻습니다" in said(desk, "--lang", "ko", "case", "show", code=3)
    assert "Asks" in said(desk, "case", "show", code=3)
    assert "Asks" in said(desk, "--lang", "ko", "case", "show", "--lang", "en", code=3)


def test_words_whose_length_ran_out_are_no_whole_report(desk: Path) -> None:
    with OpenAIServer([Reply("The answer is that the", finish="length")]) as server:
        done = run(desk, "why", code=1, model=server.spec)
    assert (done["status"], done["outcome"]) == ("closed", "partial")
    with OpenAIServer([Reply(uses=(Use("report", {"text": "whole"}),))]) as server:
        assert run(desk, "why", code=0, model=server.spec)["outcome"] == "done"

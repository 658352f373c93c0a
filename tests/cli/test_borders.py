"""Where a command ends: wrong use, places that cannot be, output that is closed or full, letters that are none."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jihwi.cli.app import app
from tests.cli.terminal import environment, run_apart, said
from tests.test_korean import stray

HELP_AND_MISUSE = """
import json, sys
from typer.main import get_command
from typer.testing import CliRunner
from jihwi.cli.app import app

run = CliRunner()

def walk(command, path):
    yield " ".join(path), run.invoke(app, [*path, "--help"]).output
    below = command.every_command() if hasattr(command, "every_command") else getattr(command, "commands", {})
    for name, one in below.items():
        yield from walk(one, [*path, name])

def misused(words):
    done = run.invoke(app, words)
    return [done.exit_code, done.output]

shown = dict(walk(get_command(app), []))
print(json.dumps({"help": shown, "misused": [misused(one) for one in json.loads(sys.argv[1])]}))
"""

MISUSED = {
    "run": "'request' 인자가 있어야 합니다.",
    "run x": "'--files' 선택이 있어야 합니다.",
    "run x --files": "'--files' 뒤에 값이 있어야 합니다.",
    "run x --fils y": "'--fils'라는 선택은 없습니다. 혹시 --class, --files?",
    "run x --json=3": "'--json'에는 값을 주지 않습니다.",
    "serch": "'serch'라는 명령은 없습니다. 혹시 'search', 'serve'?",
    "frobnicate": "'frobnicate'라는 명령은 없습니다.",
    "case frobnicate": "'frobnicate'라는 명령은 없습니다.",
    "case show a b c": "쓸 곳이 없는 말이 있습니다: b c",
    "search x --limit many": "'--limit'의 값을 쓸 수 없습니다: 정수가 아닙니다",
    "search x --limit 500": "'--limit'의 값을 쓸 수 없습니다: 100 이하여야 합니다",
    "case resume last --money x": "'--money'의 값을 쓸 수 없습니다: 수가 아닙니다",
    "case fork last --at 0": "'--at'의 값을 쓸 수 없습니다: 1 이상이어야 합니다",
    "ledger house --of x": "'people', 'doors', 'settings', 'classes', 'teams', 'signatures' 가운데 하나가 아닙니다",
}


@pytest.fixture(scope="module")
def korean() -> dict[str, Any]:
    """Every command's help, and what is said of every wrong use, as who reads Korean has them."""
    words = json.dumps([one.split() for one in MISUSED])
    done = subprocess.run(
        [sys.executable, "-c", HELP_AND_MISUSE, words],
        capture_output=True,
        text=True,
        env={**os.environ, "JIHWI_LANGUAGE": "ko", "COLUMNS": "80"},
        timeout=120,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_help_of_every_command_is_korean(korean: dict[str, Any]) -> None:
    assert len(korean["help"]) > 40
    for path, text in korean["help"].items():
        assert text.startswith(f"쓰는 법: jihwi{' ' if path else ''}{path}"), path
        for line in text.splitlines():
            said = line.strip()
            if said.startswith(("jihwi ", "쓰는 법")):  # an example, a name
                continue
            option = re.match(r"(--\S+(?: / --\S+)?(?: [A-Z]+)*|[\w-]+) (.*)", said)
            words = option[2] if option else said
            assert not re.search(r"(?:\b[A-Za-z]{2,}\b[ .]+){3}", words), f"{path}: {line}"
        assert "이 도움말을 보입니다." in text


def test_a_wrong_use_is_told_in_korean_with_the_code_for_it(korean: dict[str, Any]) -> None:
    for (words, sentence), (code, output) in zip(MISUSED.items(), korean["misused"], strict=True):
        assert (code, sentence in output) == (2, True), f"{words}: {output}"
        assert "Error" not in output
        assert "Usage" not in output


def test_in_english_the_help_and_a_wrong_use_are_the_librarys_own(tmp_path: Path) -> None:
    assert "jihwi case pause [OPTIONS] {case}\n" in run_apart(tmp_path, "case", "pause", "--help").stdout
    wrong = run_apart(tmp_path, "serch")
    assert (wrong.returncode, "No such command 'serch'" in wrong.stderr) == (2, True)


# ── places ───────────────────────────────────────────────────────────────────


def korean_in(folder: Path, *words: str) -> tuple[int, str]:
    """The exit code and the remarks of a command, as who reads Korean has them."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, list(words), env={**environment("kim", "desk"), "JIHWI_LANGUAGE": "ko"})
    assert "Traceback" not in done.stderr
    return done.exit_code, " ".join(done.stderr.split())


def test_a_place_that_cannot_be_written_is_told_before_the_work_and_in_a_sentence(desk: Path) -> None:
    (desk / "taken").write_text("x", "utf-8")
    for words in (
        ("run", "x", "--files", "files", "--out", "taken"),
        ("read", "files", "--out", "taken"),
        ("lab", "--files", "files", "--out", "taken"),
    ):
        code, remarks = korean_in(desk, *words)
        assert (code, stray(remarks)) == (1, []), remarks
        assert "'taken'을(를) 읽거나 쓸 수 없습니다: 같은 이름의 것이 이미 있음" in remarks
    assert json.loads(said(desk, "case", "list", "--json")) == []
    (desk / "a folder").mkdir()
    said(desk, "run", "look", "--files", "files", code=3)
    code, remarks = korean_in(desk, "ledger", "export", "last", "--out", "a folder")
    assert (code, "'a folder'을(를) 읽거나 쓸 수 없습니다: 파일이 아니라 폴더임" in remarks) == (1, True), remarks


def test_a_model_nobody_knows_is_told_before_a_case_is_opened(desk: Path) -> None:
    code, remarks = korean_in(desk, "run", "x", "--files", "files", "--model", "bogus")
    assert (code, "모델 'bogus'을(를) 알 수 없습니다." in remarks) == (2, True), remarks
    assert json.loads(said(desk, "case", "list", "--json")) == []


def test_a_command_that_was_given_nothing_to_do_says_what_it_needs(desk: Path) -> None:
    assert "`jihwi lab`에는 --files 폴더가 있어야 합니다." in korean_in(desk, "lab")[1]
    assert "`jihwi store erase`에는 사건이나 --before 연-월-일" in korean_in(desk, "store", "erase")[1]


def test_an_empty_word_to_a_case_is_refused(desk: Path) -> None:
    said(desk, "run", "send", "--files", "files", code=3)
    assert "The note is empty." in said(desk, "case", "note", "last", "a1", " ", "--json", code=1)
    said(desk, "case", "cancel", "last")
    said(desk, "run", "stuck", "--files", "files", code=3)
    assert "has not ended" in said(desk, "case", "ask", "last", " ", "--json", code=1)


# ── ledgers ──────────────────────────────────────────────────────────────────


def test_a_ledger_says_when_there_is_nothing_and_a_broken_report_is_no_surprise(desk: Path) -> None:
    said(desk, "run", "look", "--files", "files", code=3)
    assert korean_in(desk, "ledger", "house", "--who", "nobody") == (0, "그런 기록이 없습니다.")
    assert korean_in(desk, "case", "follow", "last", "--after", "500", "--no-wait") == (
        0,
        "500번 뒤의 기록이 없습니다.",
    )
    (desk / "report.json").write_text("{", "utf-8")
    code, remarks = korean_in(desk, "ledger", "verify", "report.json")
    assert (code, "보고서를 읽을 수 없습니다" in remarks) == (1, True)


def test_a_head_of_the_middle_vouches_for_what_stands_before_it_and_no_further(desk: Path) -> None:
    said(desk, "run", "look", "--files", "files", code=3)
    lines = said(desk, "case", "follow", "last", "--no-wait", "--json").splitlines()
    head = json.loads(lines[4])["head"]
    told = json.loads(said(desk, "ledger", "verify", "last", "--head", head, "--json"))
    assert (told["unaltered_to"], told["events"]) == (5, len(lines))
    words = said(desk, "ledger", "verify", "last", "--head", head)
    assert "unaltered up to event 5 " in words
    nothing = json.loads(said(desk, "ledger", "verify", "last", "--head", "0" * 64, "--json"))
    assert (nothing["verdict"], nothing["unaltered_to"]) == ("consistent", 0)


# ── output ───────────────────────────────────────────────────────────────────


def through_a_shell(
    folder: Path, line: str, out: int = subprocess.PIPE, /, **more: str
) -> subprocess.CompletedProcess[str]:
    """A line as a shell runs it, with `jihwi` in it."""
    line = line.replace("jihwi", f"{shlex.quote(sys.executable)} -m jihwi")
    ours = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # a worker of the tests sets it
    env = {**ours, "JIHWI_VIEWER": "kim", "JIHWI_LANGUAGE": "ko", **more}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=env,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


def test_output_that_is_closed_full_or_read_no_further_ends_a_command_without_a_trace(desk: Path) -> None:
    said(desk, "run", "look", "--files", "files", code=3)
    for line, code, remark in (
        ("jihwi case list 2>&- >&-", 0, ""),
        ("env -u LANG -u LC_ALL jihwi case list >/dev/full", 1, "결과를 끝까지 적지 못했습니다: 디스크가 가득 참"),
        ("jihwi case list >/dev/full", 1, "결과를 끝까지 적지 못했습니다: 디스크가 가득 참"),
        ("jihwi --help >/dev/full", 1, "결과를 끝까지 적지 못했습니다: 디스크가 가득 참"),
    ):
        done = through_a_shell(desk, line)
        assert done.returncode == code, f"{line}: {done.stderr}"
        assert "Traceback" not in done.stderr
        assert remark in done.stderr if remark else done.stderr == "", line
    reads_no_further, out = os.pipe()
    os.close(reads_no_further)
    for line in ("jihwi ledger export last", "jihwi case follow last --no-wait --json"):
        done = through_a_shell(desk, line, out)
        assert (done.returncode, done.stderr) == (1, ""), line
    os.close(out)


def test_a_terminal_of_another_encoding_is_written_to(desk: Path) -> None:
    said(desk, "run", "look", "--files", "files", code=3)
    unset = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert through_a_shell(desk, "jihwi case list", **unset).stdout.startswith("사건")
    doctor = through_a_shell(desk, "jihwi doctor | iconv -f euc-kr -t utf-8", PYTHONIOENCODING="euc-kr").stdout
    assert doctor.startswith("? jihwi "), "EUC-KR has no mark for done"


def test_a_password_is_read_from_a_pipe_and_an_empty_one_is_told(desk: Path) -> None:
    for stdin, code in (("secret\n", 0), ("", 2)):
        done = run_apart(desk, "read", "files", "--password", "-", stdin=stdin, JIHWI_LANGUAGE="ko")
        assert (done.returncode, "Warning" in done.stderr, "Traceback" in done.stderr) == (code, False, False)
    assert "'-'에서 쓸 수 있는 값을 얻지 못했습니다 (비어 있음)" in done.stderr


def test_letters_that_are_none_are_no_surprise(desk: Path) -> None:
    said(desk, "run", "look", "--files", "files", code=3)
    for words, code in (
        ("case show \udcff", 2),
        ("case list --lang \udcff", 2),
        ("settings set mail_user \udcff", 0),
        ("case approve last --edit \udcff", 2),
        ("run look --files files --label \udcff", 3),
        ("read \udcff", 2),
    ):
        assert korean_in(desk, *words.split())[0] == code, repr(words)
    odd = desk / os.fsdecode(b"\xff")
    odd.mkdir()
    code, remarks = korean_in(odd, "case", "list")
    assert (code, "이름이 UTF-8이 아님" in remarks) == (1, True), remarks


def test_a_cases_name_stands_whole_on_a_narrow_terminal_and_on_one_line_for_a_program(desk: Path) -> None:
    request = "look " + "한 줄이 긴 요청 " * 20
    said(desk, "run", request, "--files", "files", code=3)
    (row,) = json.loads(said(desk, "case", "list", "--json"))
    for terminal in ("dumb", "xterm"):
        assert len(through_a_shell(desk, "jihwi case list", TERM=terminal).stdout.splitlines()) == 2
    narrow = through_a_shell(desk, "jihwi case list", COLUMNS="40").stdout
    assert row["case_id"] in narrow

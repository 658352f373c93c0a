"""`jihwi lab` from the outside: a table, a page, a warning, one command to adopt; labels hold here too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.terminal import run_apart as jihwi

OFFICE = Path(__file__).parents[2] / "examples" / "texts"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("여비규정.md", "복무규정.md", "물품관리규정.md"):
        (folder / name).write_bytes((OFFICE / name).read_bytes())
    return folder


def test_a_comparison_is_a_table_json_and_a_page_with_a_reason(tmp_path: Path, files: Path) -> None:
    done = jihwi(tmp_path, "lab", "--files", str(files), "--out", "out")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "≤1,000" in lines[0]
    assert sum(line.rstrip().endswith(tuple("0123456789")) for line in lines[1:8]) == 7
    assert any(words in done.stdout for words in ("Keep '", "suits these files", "is recommended"))
    report = json.loads((tmp_path / "out" / "lab.json").read_text("utf-8"))
    assert len(report["figures"]) == 7
    page = (tmp_path / "out" / "lab.html").read_text("utf-8")
    assert "<svg" in page
    assert "<script" not in page


def test_adopting_is_one_command_and_the_next_reading_cuts_that_way(tmp_path: Path, files: Path) -> None:
    search = ("search", "숙박비", "--files", str(files), "--json")
    before = json.loads(jihwi(tmp_path, *search).stdout)["chunks"]
    done = jihwi(tmp_path, "lab", "--adopt", "article")
    assert (done.returncode, done.stdout) == (0, "")
    assert "adopted" in done.stderr
    assert json.loads(jihwi(tmp_path, *search).stdout)["chunks"] > before


def test_a_strategy_there_is_not_and_nothing_to_do_are_said(tmp_path: Path) -> None:
    done = jihwi(tmp_path, "lab", "--adopt", "magic")
    assert done.returncode == 2
    assert "parent_child" in done.stderr
    assert jihwi(tmp_path, "lab").returncode == 2


def test_ones_own_questions_and_what_is_not_in_the_files(tmp_path: Path, files: Path) -> None:
    (tmp_path / "q.csv").write_text("질문,답\n서울 숙박비 상한은?,100\n연봉은?,한 푼도 없음\n", "utf-8")
    done = jihwi(tmp_path, "lab", "--files", str(files), "--questions", "q.csv", "--lang", "ko")
    assert done.returncode == 0, done.stderr
    assert "연봉은? — 한 푼도 없음" in done.stdout
    missing = jihwi(tmp_path, "lab", "--files", str(files), "--questions", "none.csv")
    assert missing.returncode == 2


def test_the_lab_takes_no_label_off_and_asks_nothing_of_a_forbidden_document(tmp_path: Path, files: Path) -> None:
    labelled = jihwi(tmp_path, "run", "숙박비는?", "--files", str(files), "--label", "인사", "--json")
    assert labelled.returncode == 0, labelled.stderr
    done = jihwi(tmp_path, "lab", "--files", str(files))
    assert done.returncode == 2
    assert "from the 0 documents" in " ".join(done.stderr.split())
    seen = jihwi(tmp_path, "lab", "--files", str(files), "--json", JIHWI_LABELS="인사")
    assert json.loads(seen.stdout)["labels"] == ["인사"]


def test_help_ends_with_an_example(tmp_path: Path) -> None:
    shown = jihwi(tmp_path, "lab", "--help")
    assert "jihwi lab" in shown.stdout.splitlines()[-2] + shown.stdout.splitlines()[-1]

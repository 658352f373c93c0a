"""Bad luck at the terminal: one clear sentence, what to do next, the exit code, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
from pathlib import Path

import apsw
import pytest

from jihwi.store.places import network_kind
from tests.cli.terminal import run_apart as jihwi


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "rule.txt").write_text("당직비는 1회 60,000원을 지급한다.\n", encoding="utf-8")
    return folder


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What was said: never a traceback."""
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_missing_folder(tmp_path: Path) -> None:
    done = jihwi(tmp_path, "run", "?", "--files", "nowhere")
    assert done.returncode == 2
    assert "There is no folder 'nowhere'" in one_sentence(done)
    assert "Check the path" in one_sentence(done)


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = jihwi(tmp_path, "run", "?", "--files", "empty")
    assert done.returncode == 2
    assert "holds no files" in one_sentence(done)


def test_an_unreadable_file_is_named_and_the_others_answer(tmp_path: Path, files: Path) -> None:
    (files / "broken.hwpx").write_bytes(b"PK\x03\x04 not really")
    done = jihwi(tmp_path, "run", "당직비는 얼마인가?", "--files", str(files), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["report"]
    assert "60,000" in report["answer"][0]["text"]
    assert [one["path"] for one in report["unreadable"]] == ["broken.hwpx"]


def test_a_wrong_setting_in_the_file_and_in_the_environment(tmp_path: Path, files: Path) -> None:
    (tmp_path / "jihwi.toml").write_text('colour = "red"\n', encoding="utf-8")
    done = jihwi(tmp_path, "run", "?", "--files", str(files))
    assert done.returncode == 2
    assert "no setting 'colour'" in one_sentence(done)
    (tmp_path / "jihwi.toml").write_text("", encoding="utf-8")
    done = jihwi(tmp_path, "case", "list", JIHWI_BUSY_SECONDS="soon")
    assert done.returncode == 2
    assert "JIHWI_BUSY_SECONDS" in one_sentence(done)


def test_a_secret_is_never_taken_as_a_setting(tmp_path: Path) -> None:
    done = jihwi(tmp_path, "case", "list", JIHWI_MODEL_KEY="sk-secret")
    assert done.returncode == 2
    assert "env:NAME or file:PATH" in one_sentence(done)


def test_a_database_that_is_busy_past_the_time_out(tmp_path: Path, files: Path) -> None:
    assert jihwi(tmp_path, "run", "당직비는?", "--files", str(files), "--json").returncode == 0
    held = apsw.Connection(str(tmp_path / ".jihwi" / "cases.db"))
    held.execute("BEGIN IMMEDIATE")
    done = jihwi(tmp_path, "run", "당직비는?", "--files", str(files), JIHWI_BUSY_SECONDS="0.3")
    held.execute("ROLLBACK")
    held.close()
    assert done.returncode == 1
    assert re.search(rf"Another process(, number {os.getpid()},)? has held", one_sentence(done))
    assert jihwi(tmp_path, "ledger", "verify", "last").returncode == 0


def test_a_full_disk(tmp_path: Path, files: Path) -> None:
    """A limit on the size of files stands for a disk without room: the kernel refuses the write the same way."""
    assert jihwi(tmp_path, "run", "당직비는?", "--files", str(files), "--json").returncode == 0
    size = (tmp_path / ".jihwi" / "cases.db").stat().st_size

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    done = jihwi(tmp_path, "run", "당직비는?", "--files", str(files), before=small)
    assert done.returncode == 1
    assert "full" in one_sentence(done)
    assert jihwi(tmp_path, "ledger", "verify", "last").returncode == 0


def test_on_a_full_disk_what_is_recorded_is_still_shown(tmp_path: Path, files: Path) -> None:
    assert jihwi(tmp_path, "run", "당직비는?", "--files", str(files), "--json").returncode == 0

    def none() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    before = (tmp_path / ".jihwi" / "cases.db").read_bytes()
    for command in (("case", "list"), ("case", "show"), ("ledger", "verify", "last"), ("ledger", "export", "last")):
        done = jihwi(tmp_path, *command, before=none)
        assert (done.returncode, "nothing can be written now" in done.stderr) == (0, True)
        assert done.stdout
    done = jihwi(tmp_path, "case", "note", "last", "a1", "written?", before=none)
    assert done.returncode == 1
    assert "full" in one_sentence(done)
    assert (tmp_path / ".jihwi" / "cases.db").read_bytes() == before


def test_facts_that_lie_in_the_log_only_are_not_left_out_of_what_a_full_disk_shows(tmp_path: Path, files: Path) -> None:
    assert jihwi(tmp_path, "run", "당직비는?", "--files", str(files), "--json").returncode == 0
    (tmp_path / ".jihwi" / "cases.db-wal").write_bytes(b"facts")

    def none() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    done = jihwi(tmp_path, "case", "list", before=none)
    assert (done.returncode, done.stdout) == (1, "")
    assert "full" in one_sentence(done)


def test_a_state_folder_on_a_network_share_is_refused() -> None:
    table = "41 36 0:35 / /mnt/share rw - nfs4 host:/x rw"
    assert network_kind(Path("/mnt/share/state"), table) == "nfs4"


def test_an_unknown_case_and_a_broken_ledger_file(tmp_path: Path, files: Path) -> None:
    done = jihwi(tmp_path, "case", "show", "cnothere")
    assert done.returncode == 2
    assert "jihwi case list" in one_sentence(done)
    assert jihwi(tmp_path, "run", "당직비는?", "--files", str(files), "--out", "out", "--json").returncode == 0
    ledger = tmp_path / "out" / "ledger.jsonl"
    lines = ledger.read_text("utf-8").splitlines()
    lines[4] = lines[4].replace("researcher", "researchex").replace("case_worker", "case_workex")
    ledger.write_text("\n".join(lines), encoding="utf-8")
    done = jihwi(tmp_path, "ledger", "verify", str(ledger))
    assert done.returncode == 1
    assert "breaks at event 5" in one_sentence(done)


def test_errors_for_machines_are_json_and_korean_is_spoken_on_request(tmp_path: Path) -> None:
    done = jihwi(tmp_path, "run", "?", "--files", "nowhere", "--json", "--lang", "ko")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "folder_missing"
    assert error["words"] == "'nowhere' 폴더가 없습니다."


@pytest.mark.parametrize(
    "words",
    [["--help"], ["run", "--help"], ["read", "--help"], ["search", "--help"], ["case", "--help"], ["doctor", "--help"]],
)
def test_help_fits_one_screen_and_ends_with_an_example(tmp_path: Path, words: list[str]) -> None:
    done = jihwi(tmp_path, *words)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) < 50
    if words != ["--help"] and words[0] != "case":
        assert f"jihwi {words[0]}" in done.stdout.splitlines()[-2] + done.stdout.splitlines()[-1]


def test_a_label_once_given_stays_until_another_is_given(tmp_path: Path, files: Path) -> None:
    labelled = jihwi(tmp_path, "run", "당직비는?", "--files", str(files), "--label", "인사", "--json")
    assert labelled.returncode == 0, labelled.stderr
    without = jihwi(tmp_path, "search", "당직비", "--files", str(files), "--json")
    assert json.loads(without.stdout)["hits"] == []
    held = jihwi(tmp_path, "search", "당직비", "--json", JIHWI_LABELS="인사")
    assert len(json.loads(held.stdout)["hits"]) == 1

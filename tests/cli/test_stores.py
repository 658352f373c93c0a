"""`jihwi store …` as a person runs it: copied, put back, moved to a real Postgres and back, erased, and killed."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import pytest
from typer.testing import CliRunner, Result

from jihwi.case.ledger import Sealed, verify
from jihwi.cli.app import app
from jihwi.sqlite_files import open_file
from jihwi.store import CaseRow, KeptStore, Patch
from jihwi.store.keeping import backup
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.store_contract import Chain
from tests.freezing import freeze

REQUEST = "당직비는 1회에 얼마인가?"
MANY = 24


# ── ground to stand on ───────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The connection string of a real Postgres server: the given one, else one started here."""
    if given := os.environ.get("JIHWI_TEST_POSTGRES"):
        yield given
        return
    from jihwi.testing.postgres import passing_postgres

    with passing_postgres() as dsn:
        yield dsn


@pytest.fixture
def address(server: str) -> str:
    """The address of a database without our schema, as a person writes it."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS jihwi CASCADE")
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(server).items() if value}
    name = parts.pop("dbname", "postgres")
    return f"postgresql:///{name}?" + "&".join(f"{key}={value}" for key, value in parts.items())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to work in, with two small files."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "당직.txt").write_text(
        "당직비는 1회 60,000원을 지급한다.\n당직은 순번에 따라 선다.\n", "utf-8"
    )
    (tmp_path / "files" / "안내.txt").write_text("당직비는 1회 50,000원입니다.\n", "utf-8")
    return tmp_path


def _environment(env: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "JIHWI_LANGUAGE": "en", "JIHWI_VIEWER": "kim", **env}


def jihwi(place: Path, *words: str | Path, **env: str) -> Result:
    """The command as a person runs it in `place`, in this process: a start of Python for each would take minutes."""
    with contextlib.chdir(place):
        return CliRunner().invoke(app, [str(word) for word in words], env=_environment(env))


def told(place: Path, *words: str | Path, **env: str) -> Any:
    """What the command answers to a machine, when it ends well."""
    done = jihwi(place, *words, "--json", **env)
    assert done.exit_code == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


class AtWork:
    """The command in a process of its own. It gets no further than to the second remark after those that were read:
    its standard error holds one remark, and whoever has another one waits."""

    def __init__(self, place: Path, *words: str, **env: str) -> None:
        self._remarks, writing = os.pipe2(os.O_DIRECT)
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1)  # the least there is: one page, and each writing has its own
        command = [sys.executable, "-m", "jihwi", *words]
        self.process = subprocess.Popen(
            command, cwd=place, stdout=subprocess.DEVNULL, stderr=writing, env=_environment(env)
        )
        os.close(writing)

    def has_said(self, lines: int) -> None:
        """Read so many remarks."""
        while lines > 0:
            said = os.read(self._remarks, 1 << 16)
            assert said, "it ended before it was stopped"
            lines -= said.count(b"\n")

    def freeze_between_writes(self, home: Path) -> None:
        """Stop it while it writes to no database: its lock would keep everybody from writing and copying."""
        with contextlib.ExitStack() as held:
            for path in sorted(home.glob("*.db")):
                database = held.enter_context(contextlib.closing(open_file(path, busy_seconds=60, making=False)))
                database.execute("BEGIN IMMEDIATE")
            freeze(self.process.pid)

    def goes_on(self) -> int:
        """Let it come to its end; its exit code."""
        self.process.send_signal(signal.SIGCONT)
        while os.read(self._remarks, 1 << 16):
            pass
        return self.process.wait(timeout=120)

    def __enter__(self) -> AtWork:
        return self

    def __exit__(self, *problem: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._remarks)


def killed_after(place: Path, lines: int, *words: str, **env: str) -> None:
    with AtWork(place, *words, **env) as work:
        work.has_said(lines)
        work.process.kill()
        assert work.process.wait(timeout=120) == -signal.SIGKILL


def heads(place: Path, **env: str) -> dict[str, str]:
    return {row["case_id"]: row["head"] for row in told(place, "case", "list", **env)}


def assert_whole(place: Path, expected: dict[str, str], **env: str) -> None:
    """The same cases, each with a ledger that verifies against the head that was written down elsewhere."""
    assert heads(place, **env) == expected
    for case_id, head in expected.items():
        assert told(place, "ledger", "verify", case_id, "--head", head, **env)["verdict"] == "unaltered"


def unbroken(text: str) -> str:
    """A text without its blanks: where a long line was broken is no matter."""
    return "".join(text.split())


def says_sixty_thousand(answer: Any) -> bool:
    return "60,000" in json.dumps(answer["report"], ensure_ascii=False)


# ── on Postgres ──────────────────────────────────────────────────────────────


@pytest.mark.needs("postgres")
def test_the_main_job_with_the_cases_on_postgres(place: Path, address: str) -> None:
    answer = told(place, "run", REQUEST, "--files", "files", "--out", "out", JIHWI_STORE="env:CASES", CASES=address)
    assert answer["status"] == "closed"
    assert says_sixty_thousand(answer)
    assert {"report.md", "report.html", "prompts.json", "ledger.jsonl"} <= {p.name for p in (place / "out").iterdir()}
    assert not (place / ".jihwi" / "cases.db").exists()
    assert told(place, "case", "show", JIHWI_STORE=address)["files"]
    assert_whole(place, {answer["case"]: answer["head"]}, JIHWI_STORE=address)
    assert told(place, "case", "list") == [], "the folder's own store is another one"


@pytest.mark.needs("postgres")
def test_a_case_begun_in_the_folder_is_released_on_postgres_and_comes_back(place: Path, address: str) -> None:
    finished = told(place, "run", REQUEST, "--files", "files")
    killed_after(place, 6, "run", REQUEST, "--files", "files")
    begun = heads(place)
    (case_id,) = begun.keys() - {finished["case"]}

    there = told(place, "store", "copy", ".jihwi", address)
    assert (there["cases"], there["differing"]) == (2, [])
    assert_whole(place, begun, JIHWI_STORE=address)
    answer = told(place, "case", "run", case_id, JIHWI_STORE=address)
    assert says_sixty_thousand(answer)

    assert told(place, "store", "copy", "env:CASES", "back", CASES=address)["cases"] == 2
    assert_whole(place, {finished["case"]: finished["head"], case_id: answer["head"]}, JIHWI_HOME="back")
    assert heads(place) == begun, "the first store stays as it was"
    again = told(place, "store", "copy", "back", address)
    assert (again["cases"], again["events"]) == (2, 0)


@pytest.mark.needs("postgres")
def test_cases_on_postgres_are_in_the_copy_which_needs_no_server(place: Path, address: str) -> None:
    answer = told(place, "run", REQUEST, "--files", "files", JIHWI_STORE=address)
    told(place, "store", "backup", "copy", JIHWI_STORE=address)
    assert told(place, "store", "restore", "copy", "--home", "elsewhere")["cases"] == 1
    assert_whole(place, {answer["case"]: answer["head"]}, JIHWI_HOME="elsewhere")
    assert sorted(path.name for path in place.iterdir()) == [".jihwi", "copy", "elsewhere", "files"]


@pytest.mark.needs("postgres")
def test_a_case_with_another_history_over_there_is_named_and_the_command_fails(place: Path, address: str) -> None:
    killed_after(place, 6, "run", REQUEST, "--files", "files")
    told(place, "store", "copy", ".jihwi", address)
    (case_id,) = heads(place)
    told(place, "case", "run", case_id)
    told(place, "case", "run", case_id, JIHWI_STORE=address)
    before = heads(place, JIHWI_STORE=address)
    done = jihwi(place, "store", "copy", ".jihwi", address)
    assert done.exit_code == 1
    assert f"{case_id}: it has another history there" in done.stderr
    assert heads(place, JIHWI_STORE=address) == before


async def _many(home: Path) -> None:
    async with await SqliteStore.open(home / "cases.db") as store:
        for number in range(MANY):
            chain = Chain(f"c00000000{number:04d}", at_ms=1_700_000_000_000 + number * 10_000)
            opening = Patch("running", request=f"r{number}", requester="kim", team="report")
            await store.append(chain.case_id, chain.next(700, text="x" * 50), opening)


async def _everything(store: KeptStore) -> dict[str, tuple[CaseRow, list[Sealed]]]:
    found = {row.case_id: (row, await store.read(row.case_id)) for row in await store.rows()}
    for row, log in found.values():
        verify(row.case_id, log, expected_head=row.head)
    await store.close()
    return found


@pytest.mark.needs("postgres")
def test_a_copy_killed_half_way_leaves_no_half_case_and_goes_on(place: Path, address: str) -> None:
    from jihwi.store.postgres import PostgresStore

    async def on_the_server() -> dict[str, tuple[CaseRow, list[Sealed]]]:
        return await _everything(await PostgresStore.open(address))

    async def in_the_folder() -> dict[str, tuple[CaseRow, list[Sealed]]]:
        return await _everything(await SqliteStore.open(place / "home" / "cases.db"))

    asyncio.run(_many(place / "home"))
    source, arrived = asyncio.run(in_the_folder()), 0
    for lines in (1, 4, 9):
        killed_after(place, lines, "store", "copy", "home", address)
        there = asyncio.run(on_the_server())
        assert arrived <= len(there) < MANY
        assert there.items() <= source.items(), "what is there is there whole, its row too"
        arrived = len(there)
    assert told(place, "store", "copy", "home", address)["cases"] == MANY
    assert asyncio.run(on_the_server()) == source


# ── a copy of the folder, and back ───────────────────────────────────────────


def test_a_folder_is_copied_in_the_middle_of_a_case_and_goes_on_elsewhere(place: Path) -> None:
    finished = told(place, "run", REQUEST, "--files", "files")
    with AtWork(place, "run", REQUEST, "--files", "files") as work:
        work.has_said(6)
        work.freeze_between_writes(place / ".jihwi")
        copied = told(place, "store", "backup", "copy")
        assert work.goes_on() == 0
    assert copied["files"] > 5
    assert copied["cases"] == 2

    assert told(place, "store", "restore", "copy", "--home", "elsewhere")["cases"] == 2
    here = {"JIHWI_HOME": "elsewhere"}
    begun = heads(place, **here)
    assert begun[finished["case"]] == finished["head"]
    assert_whole(place, begun, **here)
    assert "60,000" in json.dumps(told(place, "search", "당직비", **here), ensure_ascii=False)
    assert told(place, "case", "show", finished["case"], **here)["outcome"] == "done"
    assert (place / "elsewhere" / "cases" / finished["case"] / "report.html").is_file()
    (half,) = begun.keys() - {finished["case"]}
    assert says_sixty_thousand(told(place, "case", "run", half, **here))


def test_what_was_there_is_kept_beside_what_is_restored(place: Path) -> None:
    first = told(place, "run", REQUEST, "--files", "files")
    told(place, "store", "backup", "copy")
    second = told(place, "run", REQUEST, "--files", "files")
    kept = told(place, "store", "restore", "copy")["kept"]
    assert heads(place) == {first["case"]: first["head"]}
    assert heads(place, JIHWI_HOME=kept).keys() == {first["case"], second["case"]}


def test_a_case_whose_ledger_is_broken_is_named_and_keeps_no_other_from_coming_back(place: Path) -> None:
    harmed = told(place, "run", REQUEST, "--files", "files")["case"]
    whole = told(place, "run", REQUEST, "--files", "files")["case"]
    with contextlib.closing(apsw.Connection(str(place / ".jihwi" / "cases.db"))) as database:
        database.execute(
            "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '당직비', '식비') AS BLOB) WHERE seq = 1"
            " AND case_number = (SELECT number FROM cases WHERE case_id = ?)",
            (harmed,),
        )
    looks: list[tuple[str, ...]] = [("show", harmed), ("follow", harmed, "--no-wait")]
    for words in looks:
        done = jihwi(place, "case", *words, JIHWI_LANGUAGE="ko")
        assert (done.exit_code, "1번 기록에서 끊어졌습니다: 내용이 바뀌었습니다" in done.stderr) == (1, True)
    moves: list[tuple[str, ...]] = [
        ("backup", "copy"),
        ("copy", ".jihwi", "other"),
        ("restore", "copy", "--home", "back"),
    ]
    for words in moves:
        done = jihwi(place, "store", *words, "--json")
        assert (done.exit_code, json.loads(done.stdout)["broken"]) == (1, [harmed])
    for home in ("other", "back"):
        assert told(place, "case", "show", whole, JIHWI_HOME=home)["status"] == "closed"


ERASE = ("store", "erase", "--before", "2199-12-31")


def test_a_ledger_that_is_broken_is_neither_exported_and_signed_nor_erased(place: Path) -> None:
    harmed = told(place, "run", REQUEST, "--files", "files")["case"]
    for change in ("header = CAST(header || x'00' AS BLOB)", "header = substr(header, 1, 40)", "head = zeroblob(32)"):
        with contextlib.closing(apsw.Connection(str(place / ".jihwi" / "cases.db"))) as database:
            database.execute(f"UPDATE events SET {change} WHERE seq = 7")
        for words in (("ledger", "export", harmed, "--out", "out.jsonl"), ("store", "erase", harmed), (*ERASE, harmed)):
            done = jihwi(place, *words, JIHWI_LANGUAGE="ko")
            assert (done.exit_code, "원장이 7번 기록에서 끊어졌습니다" in done.stderr) == (1, True), done.stderr
        assert not (place / "out.jsonl").exists()


def test_nobody_works_in_a_copy_and_nothing_is_overwritten(place: Path) -> None:
    told(place, "case", "list")
    told(place, "store", "backup", "copy")
    for words, code, sentence in (
        (("case", "list", "--home", "copy"), 2, "is a backup"),
        (("store", "copy", "copy", "other"), 2, "is a backup"),
        (("store", "backup", "copy"), 2, "exists already"),
        (("store", "backup", ".jihwi/within"), 2, "lie in each other"),
        (("store", "backup", "new", "--home", "nowhere"), 2, "There is no folder"),
        (("store", "restore", "nowhere"), 2, "There is no folder"),
        (("store", "restore", "files"), 2, "There is no file 'files/backup.json'"),
        (("store", "restore", "copy", "--home", "copy"), 2, "lie in each other"),
        (("store", "copy", "files", "other"), 2, "There is no file"),
        (("store", "copy", "mysql://kim:pass-phrase@db/x", "other"), 2, "cannot be '***'"),
    ):
        done = jihwi(place, *words)
        assert (done.exit_code, sentence in " ".join(done.stderr.split())) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
        assert "pass-phrase" not in done.stderr
    (place / "copy" / "cases.db").write_bytes(b"changed")
    done = jihwi(place, "store", "restore", "copy", "--home", "elsewhere")
    assert done.exit_code == 1
    assert "not what was copied" in done.stderr
    assert "Restore another one" in done.stderr
    assert not (place / "elsewhere").exists()


def test_what_a_newer_jihwi_copied_is_refused_before_anything_is_put_aside(place: Path) -> None:
    told(place, "run", REQUEST, "--files", "files")
    with contextlib.closing(apsw.Connection(str(place / ".jihwi" / "cases.db"))) as database:
        database.execute("PRAGMA user_version = 999")
    backup(place / ".jihwi", place / "newer", at_ms=1)
    shutil.rmtree(place / ".jihwi")
    told(place, "case", "list")
    done = jihwi(place, "store", "restore", "newer")
    assert (done.exit_code, "newer Jihwi" in done.stderr) == (1, True)
    assert told(place, "case", "list") == []
    assert not (place / ".jihwi.before-1").exists()


def test_a_name_with_blanks_can_be_typed_as_it_is_told(place: Path) -> None:
    told(place, "run", REQUEST, "--files", "files")
    done = jihwi(place, "store", "backup", "백업 모음/2026 11 23", JIHWI_LANGUAGE="ko")
    assert done.exit_code == 0
    typed = shlex.split(" ".join(done.stderr.split()).partition("되돌리기: jihwi ")[2])[:3]
    assert typed == ["store", "restore", "백업 모음/2026 11 23"]
    assert jihwi(place, *typed).exit_code == 0
    assert len(heads(place)) == 1


@pytest.mark.needs("postgres")
def test_a_backup_of_cases_on_a_server_is_refused_before_they_are_brought_over(place: Path, address: str) -> None:
    env = {"JIHWI_STORE": address}
    told(place, "run", REQUEST, "--files", "files", **env)
    for target, sentence in ((".", "exists already"), (".jihwi/within", "lie in each other")):
        done = jihwi(place, "store", "backup", target, **env)
        assert (done.exit_code, sentence in done.stderr) == (2, True), done.stderr
    (place / "copy.brought.unfinished").mkdir()
    (place / "copy.brought.unfinished" / "mine").write_text("mine")
    done = jihwi(place, "store", "backup", "copy", **env)
    assert (done.exit_code, "copy.brought.unfinished" in done.stderr) == (2, True), done.stderr
    shutil.rmtree(place / "copy.brought.unfinished")
    told(place, "store", "backup", "copy", **env)
    assert {path.name for path in place.iterdir()} == {"files", ".jihwi", "copy"}


# ── erasing ──────────────────────────────────────────────────────────────────


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_released_files_that_cannot_go_are_named_with_their_folder_and_nothing_is_erased(place: Path) -> None:
    case_id = told(place, "run", REQUEST, "--files", "files")["case"]
    before, folder = heads(place), place.resolve() / ".jihwi" / "cases" / case_id
    folder.chmod(0o500)
    done = jihwi(place, "store", "erase", case_id, "--yes")
    folder.chmod(0o700)
    assert (done.exit_code, unbroken(str(folder)) in unbroken(done.stderr)) == (1, True), done.stderr
    assert heads(place) == before


def test_earlier_states_that_still_hold_the_texts_are_named(place: Path) -> None:
    case_id = told(place, "run", REQUEST, "--files", "files")["case"]
    told(place, "store", "backup", "copy")
    told(place, "store", "restore", "copy")
    done = jihwi(place, "store", "erase", case_id, "--yes")
    assert done.exit_code == 0
    assert unbroken(f"{place.resolve() / '.jihwi.before-1'}") in unbroken(done.stderr)
    shutil.rmtree(place / ".jihwi.before-1")
    assert told(place, "store", "erase", case_id, "--yes")["copies"] == []


def _erase_and_look(place: Path, **env: str) -> None:
    answer = told(place, "run", REQUEST, "--files", "files", **env)
    events = answer["events"]
    done = told(place, "store", "erase", answer["case"], "--note", "on request", **env)
    assert done["erased"] == done["erased_in_all"] == {answer["case"]: events}
    assert {Path(name).name for name in done["files"]} >= {"report.md", "report.html", "prompts.json"}
    verdict = told(place, "ledger", "verify", answer["case"], **env)
    assert (verdict["erased"], verdict["events"]) == (events, 2 * events)
    assert_whole(place, {answer["case"]: verdict["head"]}, **env)
    assert not (place / ".jihwi" / "cases" / answer["case"]).exists()
    shown = told(place, "case", "show", answer["case"], **env)
    assert (shown["status"], shown["erased"], shown["events"]) == ("closed", True, 2 * events)
    said = jihwi(place, "case", "show", answer["case"], **env)
    assert (said.exit_code, "were erased" in said.stdout) == (0, True), said.stdout
    (row,) = told(place, "case", "list", **env)
    assert row["request"] == ""
    again = told(place, "store", "erase", answer["case"], **env)
    assert again["erased"] == {answer["case"]: 0}


def test_an_erased_case_verifies_and_its_text_is_nowhere(place: Path) -> None:
    _erase_and_look(place)
    held = b"".join(path.read_bytes() for path in (place / ".jihwi").glob("cases.db*"))
    assert REQUEST.encode() not in held
    assert "60,000원".encode() not in held


@pytest.mark.needs("postgres")
def test_a_case_on_postgres_is_erased_the_same_way(place: Path, address: str) -> None:
    _erase_and_look(place, JIHWI_STORE=address)


def test_what_is_older_than_its_time_goes_and_what_goes_on_stays(place: Path) -> None:
    ended = told(place, "run", REQUEST, "--files", "files")
    killed_after(place, 6, "run", REQUEST, "--files", "files")
    (running,) = heads(place).keys() - {ended["case"]}
    assert told(place, "store", "erase", "--before", "2001-01-31")["erased"] == {}
    assert told(place, "store", "erase", ended["case"], "--before", "2001-01-31")["erased"] == {ended["case"]: 0}
    assert (place / ".jihwi" / "cases" / ended["case"] / "report.md").is_file()
    refused = jihwi(place, "store", "erase", running)
    assert refused.exit_code == 1
    assert "Close or cancel it first" in refused.stderr
    assert told(place, "store", "erase", "--before", "2199-12-31")["erased"].keys() == {ended["case"]}
    assert says_sixty_thousand(told(place, "case", "run", running))


@pytest.mark.parametrize("words", [(), ("--before", "yesterday"), ("--before", "2026-02-31")])
def test_what_to_erase_is_said_exactly(place: Path, words: tuple[str, ...]) -> None:
    done = jihwi(place, "store", "erase", *words)
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr


# ── passwords, help and language ─────────────────────────────────────────────


def test_a_password_is_never_shown(place: Path) -> None:
    (place / "secret").write_text("postgresql://kim:pass-phrase@127.0.0.1:1/cases\n", "utf-8")
    (place / "half").write_text("postgresql://kim:pass-phrase%@127.0.0.1:1/cases\n", "utf-8")
    whole = "postgresql://kim:pass-phrase@127.0.0.1:1/cases"
    for address, words, code in (
        (whole, ("doctor",), 0),
        (whole, ("doctor", "--json"), 0),
        (whole, ("case", "list"), 1),
        (whole, ("case", "list", "--json"), 1),
        (whole + "?nonsense=1", ("case", "list"), 1),
        ("file:secret", ("case", "list"), 1),
        ("file:half", ("case", "list"), 2),
        ("file:nowhere", ("case", "list"), 2),
        ("env:NOT_SET", ("case", "list"), 2),
        ("postgresql://kim:pass-phrase@@/x", ("doctor",), 2),
        ("kim:pass-phrase", ("doctor", "--json"), 2),
    ):
        done = jihwi(place, *words, JIHWI_STORE=address)
        assert done.exit_code == code, (address, done.stdout + done.stderr)
        assert "pass-phrase" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert "postgresql://127.0.0.1:1/cases" in jihwi(place, "doctor", JIHWI_STORE=whole).stdout


@pytest.mark.parametrize("name", ["backup", "restore", "copy", "erase"])
def test_help_has_an_example(place: Path, name: str) -> None:
    shown = jihwi(place, "store", name, "--help")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[-1].strip().startswith(f"jihwi store {name} ")


def test_korean_is_spoken_on_request(place: Path) -> None:
    korean = [sys.executable, "-m", "jihwi", "--lang", "ko", "store", "--help"]
    assert "되돌리고" in subprocess.run(korean, capture_output=True, text=True, check=True).stdout
    done = jihwi(place, "store", "restore", "nowhere", "--lang", "ko")
    assert "폴더가 없습니다" in done.stderr

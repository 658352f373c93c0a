"""The house at the terminal: its ledger, signatures that show a cut end, settings, and what people agreed to keep."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys
from pathlib import Path
from typing import Literal

import apsw
import msgspec
import pytest

from jihwi.case import person as persons
from jihwi.case.events import Draft
from jihwi.case.state import Case
from jihwi.cli.notices import Notices
from jihwi.errors import CommandForbidden
from jihwi.house import Refused, change_settings
from jihwi.settings import Settings
from jihwi.testing.builders import an_agent, an_opening
from jihwi.wiring import open_house
from tests.cli.terminal import answered, said
from tests.console.office import small_engine, until
from tests.console.test_journeys import asker

ROOT = Path(__file__).parents[2]
CONTRACTS = str(ROOT / "examples" / "office" / "계약")
REQUEST = "민원실 공사의 공사기간은 언제까지인가?"


def a_released_case(folder: Path) -> str:
    """The name of a case whose report has left, its files in `out`."""
    done = answered(folder, "run", REQUEST, "--files", CONTRACTS, "--out", "out", team="report")
    return str(done["case"])


def cut(database: Path, case_id: str, seq: int) -> None:
    """What somebody does who can write the database: the end of a case is gone, and its row agrees."""
    with contextlib.closing(apsw.Connection(str(database))) as held, held:
        number = held.execute("SELECT number FROM cases WHERE case_id = ?", (case_id,)).get
        first, header, later = held.execute(
            "SELECT seq, header, later FROM events WHERE case_number = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
            (number, seq),
        ).get
        kept = msgspec.msgpack.decode(later or b"\x90")[: seq - first]
        head = hashlib.sha256(kept[-1][0] if kept else header).digest()
        rest = msgspec.msgpack.encode(kept) if kept else None
        held.execute("DELETE FROM events WHERE case_number = ? AND seq > ?", (number, seq))
        held.execute(
            "UPDATE events SET later = ?, head = ? WHERE case_number = ? AND seq = ?", (rest, head, number, first)
        )
        held.execute("UPDATE cases SET seq = ?, head = ? WHERE number = ?", (seq, head, number))
    held.close()


def test_a_cut_end_is_found_by_the_releases_signature_and_in_what_was_exported(tmp_path: Path) -> None:
    case_id = a_released_case(tmp_path)
    found = answered(tmp_path, "ledger", "verify", "last", team="report")
    assert found["verdict"] == "unaltered"
    assert 0 < found["unaltered_to"] < found["events"]
    key = found["key"]
    report = answered(tmp_path, "ledger", "verify", "out/report.json", "--key", key, team="report")
    assert (report["verdict"], report["case"]) == ("signed", case_id)
    said(tmp_path, "ledger", "export", "last", "--out", "kept.jsonl", team="report")
    kept = answered(tmp_path, "ledger", "verify", "kept.jsonl", "--key", key, team="report")
    assert kept["unaltered_to"] == kept["events"] == found["events"]
    lines = (tmp_path / "kept.jsonl").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_text("".join([*lines[:-3], lines[-1]]), "utf-8")
    said(tmp_path, "ledger", "verify", "cut.jsonl", "--key", key, code=1, team="report")
    (tmp_path / "bare.jsonl").write_text("".join(lines[:-3]), "utf-8")
    bare = answered(tmp_path, "ledger", "verify", "bare.jsonl", "--key", key, team="report")
    assert bare["verdict"] == "consistent", "nothing is known of an end that nobody signed"
    cut(tmp_path / ".jihwi" / "cases.db", case_id, 20)
    said(tmp_path, "ledger", "verify", "last", code=1, team="report")


def test_the_days_heads_show_that_the_house_and_a_case_were_cut_together(tmp_path: Path) -> None:
    case_id = a_released_case(tmp_path)
    signed = answered(tmp_path, "ledger", "sign", team="report")
    assert (tmp_path / ".jihwi" / "signed" / Path(signed["file"]).name).is_file()
    whole = answered(tmp_path, "ledger", "verify", case_id, team="report")
    assert whole["unaltered_to"] == whole["events"]
    house = answered(tmp_path, "ledger", "verify", "house", team="report")
    assert house["unaltered_to"] == house["events"] - 1, "the signing itself comes after what it signs"
    assert answered(tmp_path, "ledger", "sign", team="report")["file"] is None
    for name in (case_id, "house"):
        cut(tmp_path / ".jihwi" / "cases.db", name, 1)
    (tmp_path / ".jihwi" / "cases" / case_id / "report.json").unlink()
    said(tmp_path, "ledger", "verify", case_id, code=1, team="report")
    said(tmp_path, "ledger", "verify", "house", code=1, team="report")


def test_a_report_with_a_changed_word_is_not_the_one_that_was_signed(tmp_path: Path) -> None:
    a_released_case(tmp_path)
    path = tmp_path / "out" / "report.json"
    text = path.read_text("utf-8")
    path.write_text(text.replace("공사기간", "공사기한", 1), "utf-8")
    said(tmp_path, "ledger", "verify", "out/report.json", code=1, team="report")
    path.write_text(text, "utf-8")
    unknown = answered(tmp_path, "ledger", "verify", "out/report.json", "--key", "00" * 32, team="report")
    assert unknown["verdict"] == "signed by an unknown key"
    assert "서명" in said(tmp_path, "ledger", "verify", "out/report.json", team="report", language="ko")


def test_settings_are_changed_by_the_owner_and_the_ledger_says_so(tmp_path: Path) -> None:
    said(tmp_path, "settings", "set", "webhooks_allowed", "http://chat.local/hooks")
    said(tmp_path, "settings", "set", "webhook", "http://chat.local/hooks/7")
    said(tmp_path, "settings", "set", "webhook", "http://elsewhere.example/", code=2)
    said(tmp_path, "settings", "set", "colour", "red", code=2)
    said(tmp_path, "settings", "set", "mail_password", "hunter2hunter2", code=2)
    shown = {one["name"]: one for one in answered(tmp_path, "settings", "show")}
    assert (shown["webhook"]["value"], shown["webhook"]["by"]) == ("http://chat.local/hooks/7", "lee")
    assert "webhook" in said(tmp_path, "settings", "show", language="ko")
    assert answered(tmp_path, "ledger", "verify", "house")["events"] == 2
    exported = said(tmp_path, "ledger", "export", "house")
    assert "hunter2" not in exported
    assert json.loads(exported.splitlines()[-1])["signature"]["statement"]["purpose"] == "export"


def test_a_way_that_leads_nowhere_is_told_with_the_line_that_sets_it(tmp_path: Path) -> None:
    for way, name in (("mail", "mail_server"), ("command", "notify_command"), ("webhook", "webhook")):
        words = ("settings", "test", way, *(("--to", "kim@office.local") if way == "mail" else ()))
        problem = answered(tmp_path, *words, code=1)["error"]
        assert "`jihwi settings set NAME VALUE`" in problem["next"]
        assert name in problem["next"]
        assert f"`jihwi settings test {way}`" in problem["next"]
    said(tmp_path, "settings", "set", "mail_server", "127.0.0.1:1")
    problem = answered(tmp_path, "settings", "test", "mail", "--to", "kim@office.local", code=1)["error"]
    assert "mail_from: not set" in problem["words"]
    assert "mail_from" in problem["next"]
    korean = answered(tmp_path, "settings", "test", "webhook", "--lang", "ko", code=1)["error"]["words"]
    assert korean == "알리지 못했습니다 (webhook): 정해지지 않음"
    nobody = answered(tmp_path, "settings", "test", "mail", code=2)["error"]
    assert "--to" in nobody["words"]


def test_nothing_is_taken_out_before_it_was_switched_on(tmp_path: Path) -> None:
    case_id = a_released_case(tmp_path)
    asyncio.run(judge(tmp_path, case_id, "bad", "쪽수가 없습니다"))
    said(tmp_path, "settings", "examples", "--out", "examples.jsonl", code=1, team="report")
    assert not (tmp_path / "examples.jsonl").exists()
    said(tmp_path, "settings", "set", "keep_verdicts", "on", team="report")
    assert answered(tmp_path, "settings", "examples", "--out", "examples.jsonl", team="report")["examples"] == 0
    asyncio.run(judge(tmp_path, case_id, "good", "맞습니다"))
    done = answered(tmp_path, "settings", "examples", "--out", "examples.jsonl", team="report")
    assert (done["examples"], done["kinds"]) == (1, ["verdict"])
    (line,) = (tmp_path / "examples.jsonl").read_text("utf-8").splitlines()
    example = json.loads(line)
    assert (example["kind"], example["verdict"], example["reason"]) == ("verdict", "good", "맞습니다")
    assert example["sentence"]
    said(tmp_path, "settings", "set", "keep_verdicts", "off", team="report")
    said(tmp_path, "settings", "examples", "--out", "examples.jsonl", code=1, team="report")


async def judge(folder: Path, case_id: str, verdict: Literal["good", "bad"], reason: str) -> None:
    """Say what one thinks of the first sentence of the released report."""
    async with open_house(Settings(home=str(folder / ".jihwi"), viewer="lee")) as house:

        def said_so(case: Case) -> list[Draft]:
            return persons.judge(case, 1, verdict, by="lee", words=reason)

        await house.orchestrator().submit(case_id, said_so, door="cli")


async def test_a_command_that_nobody_may_give_is_a_refusal_in_the_ledger(tmp_path: Path) -> None:
    settings = Settings(home=str(tmp_path / "home"), viewer="lee")
    with pytest.raises(CommandForbidden):
        async with open_house(settings) as house:
            raise CommandForbidden("c0000000000a1", "안 됩니다.", "No.")
    async with open_house(settings) as house:
        (event,) = await house.stream.events()
    assert event.body == Refused("case c0000000000a1", "command_forbidden")
    assert (event.author.id, event.author.door) == ("lee", "cli")


async def test_a_runner_without_a_console_tells_people_too(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    program = tmp_path / "tell.py"
    program.write_text(f"import sys, pathlib; pathlib.Path({str(told)!r}).write_bytes(sys.stdin.buffer.read())")
    async with open_house(Settings(home=str(tmp_path / "home"), viewer="lee")) as house, house.kept_up():
        await house.stream.decide(
            lambda state: change_settings(
                state,
                {"notify_command": f"{sys.executable} {program}", "console_address": "https://desk.office.local/"},
            )
        )
        notices = Notices(house)
        engine = small_engine({"asker": asker})(house)(watch=notices.saw)
        case_id = await engine.open(an_opening(an_agent("asker"), request="공사 안내"))
        await engine.drive(case_id)
        await until(lambda: told.exists() and told.stat().st_size > 0)
        await notices.close()
    notice = json.loads(told.read_bytes())
    assert (notice["kind"], notice["link"]) == ("question", f"https://desk.office.local/cases/{case_id}")

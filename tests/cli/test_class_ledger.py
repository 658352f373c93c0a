"""Who changed a class, at the terminal: told in both languages, to who may know; and a process killed on the way."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.cli.test_stores import address, jihwi, place, server, told

__all__ = ["address", "place", "server"]

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from jihwi.case.events import Author
from jihwi.house import HouseStream
from jihwi.ids import Randomness
from jihwi.settings import load_settings
from jihwi.wiring import collection_of, open_house

class Dying(HouseStream):
    async def record(self, *bodies, **said):
        if sys.argv[1] == "after":
            await super().record(*bodies, **said)
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with open_house(load_settings(Path.cwd(), os.environ)) as house:
        house.stream = Dying(house.store, Randomness())
        lee = Author("person", "lee", door="cli")
        await asyncio.to_thread(house.library.classify, collection_of(Path("files")), "C", by=lee)

asyncio.run(main())
"""


def facts(place: Path, **env: str) -> list[dict[str, Any]]:
    """What the house's ledger tells of classes."""
    found: list[dict[str, Any]] = told(place, "ledger", "house", "--of", "classes", **env)
    return found


def classes(place: Path, **env: str) -> dict[str, str]:
    hits = told(place, "search", "당직비", **env)["hits"]
    return {hit["path"]: hit.get("security_class", "O") for hit in hits}


def test_the_ledger_tells_who_gave_which_class_in_both_languages(place: Path) -> None:
    for given in ("당직.txt=C", "당직.txt=S"):
        told(place, "search", "당직비", "--files", "files", "--class", given)
    kinds = [one["kind"] for one in facts(place)]
    assert kinds == ["classes_changed", "documents_brought", "classes_changed"]
    assert {(one["author"], one["door"]) for one in facts(place)} == {("kim", "cli")}
    korean, english = [
        jihwi(place, "ledger", "house", "--of", "classes", JIHWI_LANGUAGE=one).stdout for one in ("ko", "en")
    ]
    assert "보안등급 바꿈: 당직.txt C → S. 보안등급이 달라진 문서: C → S 1" in korean
    assert "당직.txt C → S. Documents whose class is another: C → S 1" in english
    assert "보안등급별: C 1, O 1" in korean
    assert "by class: C 1, O 1" in english
    assert "  kim (명령줄)  files-" in korean
    assert "  kim (the command line)  Classes in files-" in english
    jihwi(place, "ledger", "sign")
    signed = jihwi(place, "ledger", "house", "--of", "signatures", JIHWI_LANGUAGE="ko").stdout
    assert all("  지휘 스스로  " in line for line in signed.splitlines())
    assert jihwi(place, "ledger", "house", "--of", "people").stdout == ""
    assert jihwi(place, "ledger", "house", "--who", "lee").stdout == ""
    assert told(place, "ledger", "verify", "house")["events"] == 5


def test_a_fact_about_documents_one_may_not_see_tells_nothing_of_them(place: Path) -> None:
    told(place, "run", "당직비는?", "--files", "files", "--label", "인사", "--class", "당직.txt=C")
    for words in (("house", "--json"), ("house",), ("export", "house")):
        said = jihwi(place, "ledger", *words).stdout
        assert "classes_changed" in said or "documents you may not see" in said
        assert "당직" not in said
        assert "files-" not in said
    mine = facts(place, JIHWI_LABELS="인사")
    assert mine[0]["fact"]["given"] == [{"path": "당직.txt", "before": "", "after": "C"}]
    assert "당직.txt" in jihwi(place, "ledger", "export", "house", JIHWI_LABELS="인사").stdout
    jihwi(place, "ledger", "export", "house", "--out", "house.jsonl")
    assert told(place, "ledger", "verify", "house.jsonl")["verdict"] == "unaltered"


def test_a_ledger_that_was_changed_tells_nothing(place: Path) -> None:
    told(place, "search", "당직비", "--files", "files", "--class", "당직.txt=C")
    for change in (
        "body = CAST(replace(CAST(body AS TEXT), '당직', '숙직') AS BLOB)",
        "header = substr(header, 1, 40)",
    ):
        with contextlib.closing(apsw.Connection(str(place / ".jihwi" / "cases.db"))) as database:
            database.execute(f"UPDATE events SET {change} WHERE seq = 1")
        done = jihwi(place, "ledger", "house", JIHWI_LANGUAGE="ko")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "원장이 1번 기록에서 끊어졌습니다" in done.stderr


@pytest.mark.parametrize("where", ["folder", "server"])
def test_a_class_change_killed_after_its_fact_is_finished_at_the_next_start(
    place: Path, where: str, request: pytest.FixtureRequest
) -> None:
    env = {"JIHWI_STORE": request.getfixturevalue("address")} if where == "server" else {}
    told(place, "search", "당직비", "--files", "files", **env)
    for died, letter, changes in (("before", "O", 0), ("after", "C", 1)):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, died],
            cwd=place,
            env={**os.environ, "JIHWI_VIEWER": "kim", **env},
            check=False,
            timeout=120,
        )
        assert done.returncode == -signal.SIGKILL
        assert set(classes(place, **env).values()) == {letter}
        found = [one for one in facts(place, **env) if one["kind"] == "classes_changed"]
        assert [one["author"] for one in found] == ["lee"] * changes
    told(place, "search", "당직비", "--files", "files", "--class", "S", **env)
    assert set(classes(place, **env).values()) == {"S"}
    last = facts(place, **env)[-1]
    assert (last["author"], json.dumps(last["fact"]["given"])) == (
        "kim",
        '[{"path": "", "before": "C", "after": "S"}]',
    )

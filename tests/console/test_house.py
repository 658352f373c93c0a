"""The facts of the house as its doors write them: people, comings, refusals; and who may read them."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

from jihwi.case.ledger import verify
from jihwi.console import Console
from jihwi.console.people import People, Person
from jihwi.console.recording import asked_for
from jihwi.house import HouseStream, Refused, SignedIn, SignInRefused
from jihwi.ids import Randomness
from jihwi.settings import Settings
from jihwi.store import HOUSE
from jihwi.store.sqlite import SqliteStore
from jihwi.teams import team_folder
from jihwi.testing.builders import an_agent, an_opening
from jihwi.wiring import open_house
from tests.console.office import HOSTS, Client, Running, running_console, small_engine
from tests.console.test_journeys import asker

PASSWORD = "correct horse battery"
SECRET = "성과급 38,400,000원"


async def bodies(running: Running, kind: type) -> list[Any]:
    """Every fact of one kind, after the chain was verified."""
    store = running.console.house.store
    log = await store.read(HOUSE)
    row = await store.row(HOUSE)
    assert row is not None
    verify(HOUSE, log, expected_head=row.head)
    found = [event.body for event in await running.console.stream.events()]
    return [body for body in found if isinstance(body, kind)]


async def whole_stream(running: Running) -> str:
    """Everything that is kept of the house, as text."""
    kept = await running.console.house.store.read(HOUSE)
    return "".join(repr(one.header) + (one.body or b"").decode() for one in kept)


async def test_what_is_refused_at_a_door_is_in_the_ledger_without_what_was_written(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        await running.console.people.put(Person("park", "박", "requester"))
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        park = await Client(running.console).come_in("park")
        assert (await park.post("/settings/people", {"id": SECRET, "name": SECRET})).status == 403
        assert (await park.get(f"/cases/{case_id}?q={SECRET}")).status == 404
        assert (await park.get(f"/documents/{SECRET}")).status == 404
        assert (await park.get("/ledger/house")).status == 403
        refused = {(one.asked, one.reason) for one in await bodies(running, Refused)}
        assert refused == {
            ("POST /settings/people", "not_allowed"),
            (f"GET /cases/{case_id}", "page_missing"),
            ("GET /documents/…", "page_missing"),
            ("GET /ledger/house", "not_allowed"),
        }
        who = {event.author.id for event in await running.console.stream.events() if event.kind == "refused"}
        assert who == {"park"}
        assert SECRET not in await whole_stream(running)


async def test_foreign_names_foreign_sites_and_strangers_are_refusals_too(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        client = await Client(running.console).come_in()
        stranger, rebound = Client(running.console), Client(running.console, host="evil.example")
        await stranger.get("/desk.json")
        await rebound.get("/desk")
        await client.post("/leave", {}, origin="http://evil.example")
        await client.post("/leave", {"csrf": "other"})
        reasons = [one.reason for one in await bodies(running, Refused)]
        assert sorted(reasons) == ["foreign_name", "foreign_site", "form_foreign", "not_signed_in"]


async def test_comings_are_facts_and_no_password_or_mistyped_name_is(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("park", "박", "requester"), PASSWORD)
        door = Client(running.console)
        assert (await door.post("/enter", {"name": "park", "password": PASSWORD})).status == 303
        assert (await door.post("/enter", {"name": "park", "password": "wrong wrong wrong"})).status == 401
        assert (await door.post("/enter", {"name": PASSWORD, "password": PASSWORD})).status == 401
        assert [(one.person, one.how) for one in await bodies(running, SignedIn)] == [("park", "password")]
        assert {(one.person, one.reason) for one in await bodies(running, SignInRefused)} == {
            ("park", "sign_in_failed"),
            ("", "sign_in_failed"),
        }
        kept = await whole_stream(running)
        assert PASSWORD not in kept
        assert "argon2" not in kept
        assert PASSWORD.encode() not in (tmp_path / "console.db").read_bytes()


async def test_a_flood_of_refusals_is_one_fact_and_then_a_count(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("park", "박", "requester"))
        park = await Client(running.console).come_in("park")
        for _ in range(200):
            await park.get("/ledger/house")
        assert [one.count for one in await bodies(running, Refused)] == [1]
        await running.console.recorder.flush(all=True)
        first, rest = await bodies(running, Refused)
        assert (first.count, rest.count, rest.asked) == (1, 199, "GET /ledger/house")
        assert rest.since_ms > 0


async def test_the_counts_are_written_when_the_console_ends(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        for _ in range(5):
            await Client(running.console).get("/desk.json")
    async with await SqliteStore.open(tmp_path / "cases.db") as store:
        events = await HouseStream(store, Randomness()).events()
    assert [event.body.count for event in events if isinstance(event.body, Refused)] == [1, 4]


async def test_the_people_of_an_older_folder_move_into_the_stream_once(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("old", "옛", "requester"), PASSWORD)
    database = apsw.Connection(str(tmp_path / "console.db"))
    digest = database.execute("SELECT digest FROM passwords").get
    database.execute(
        "DROP TABLE passwords; CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,"
        " labels TEXT NOT NULL, password TEXT NOT NULL, active INTEGER NOT NULL)"
    )
    rows = [("park", "박", "auditor", "대외비,인사", digest, 1), ("lee", "이", "case_worker", "", "", 0)]
    database.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.close()
    for _ in range(2):
        async with running_console(tmp_path, small_engine({})) as running:
            people = running.console.people
            assert people.person("park") == Person("park", "박", "auditor", ("대외비", "인사"))
            assert people.person("lee") is None
            assert [one.id for one in people.everybody() if one.id == "lee"] == ["lee"]
            assert (await Client(running.console).post("/enter", {"name": "park", "password": PASSWORD})).status == 303
            added = [event.kind for event in await running.console.stream.events()].count("person_added")
            assert added == 3


async def test_an_account_that_another_console_closed_is_closed_here(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("park", "박", "requester"))
        park = await Client(running.console).come_in("park")
        assert (await park.get("/desk")).status == 200
        async with await SqliteStore.open(tmp_path / "cases.db") as store:
            (tmp_path / "other").mkdir()
            stream = HouseStream(store, Randomness())
            others = People(tmp_path / "other", running.console.people.owner, stream)
            await others.put(Person("park", "박", "requester", active=False))
            others.close()
        await running.console.stream.refresh()
        assert (await park.get("/desk")).status == 303


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_auditors_read_the_ledger_of_the_house_by_kind_and_person(tmp_path: Path, language: str) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        people = running.console.people
        await people.put(Person("choi", "최", "auditor"), PASSWORD)
        await people.put(Person("jung", "정", "case_worker"))
        jung = await Client(running.console).come_in("jung")
        assert (await jung.get("/ledger/house")).status == 403
        choi = await Client(running.console).come_in("choi")
        choi.cookie += f"; jihwi_lang={language}"
        page = await choi.get("/ledger/house")
        assert page.status == 200
        assert ("담당자" if language == "ko" else "case worker") in page.text
        doors = (await choi.get("/ledger/house.json?of=doors&who=jung")).json()
        assert [(row["kind"], row["author"]) for row in doors["rows"]] == [("signed_in", "jung"), ("refused", "jung")]
        assert doors["holds"] is True
        assert (await choi.get("/ledger/house?of=elsewhere")).status == 422
        file = await choi.get("/ledger/house.jsonl")
        last = json.loads(file.text.splitlines()[-1])["signature"]
        assert last["statement"]["heads"][0][0] == HOUSE


async def test_a_ledger_of_the_house_that_was_changed_is_shown_as_broken_and_leaves_under_no_signature(
    tmp_path: Path,
) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("park", "박", "requester"))
        kim = await Client(running.console).come_in()
        assert (await kim.get("/ledger/house.jsonl")).status == 200
        for change in (
            "body = CAST(replace(CAST(body AS TEXT), 'park', 'bark') AS BLOB)",
            "header = substr(header, 1, 40)",
        ):
            with contextlib.closing(apsw.Connection(str(tmp_path / "cases.db"))) as database:
                database.execute(f"UPDATE events SET {change} WHERE seq = 1")
            page = await kim.get("/ledger/house")
            assert (page.status, "사슬이 끊어졌습니다" in page.text) == (200, True)
            file = await kim.get("/ledger/house.jsonl", accept="application/json")
            assert file.json()["error"]["code"] == "ledger_broken"


def test_only_the_words_of_our_own_addresses_are_kept() -> None:
    known = frozenset({"cases", "report"})
    assert asked_for("GET", "/cases/c0000000000a1/report", known) == "GET /cases/c0000000000a1/report"
    assert asked_for("GET", f"/cases/{SECRET}", known) == "GET /cases/…"
    assert asked_for("성과급", "/" + "a/" * 500, known) == "… /…/…/…/…/…/…/…"


async def test_a_team_that_breaks_and_is_mended_is_seen_once_each(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    shutil.copytree(team_folder("report"), folder)
    agent = folder / "analyst.md"
    whole = agent.read_text("utf-8")
    settings = Settings(home=str(tmp_path / "home"), viewer="kim", team=str(folder))
    async with (
        open_house(settings) as house,
        Console(house, hosts=HOSTS, engine=small_engine({})(house), runner=False) as console,
    ):
        client = await Client(console).come_in()
        for text in (whole, "---\nnonsense: [\n---\n", "---\nnonsense: [\n---\n", whole):
            agent.write_text(text, "utf-8")
            assert (await client.get("/team")).status == 200
        kinds = [event.kind for event in await console.stream.events() if event.kind.startswith("team_")]
        assert kinds == ["team_seen_broken", "team_seen_whole"]
        page = await client.get("/ledger/house?of=teams")
        assert "고장" in page.text

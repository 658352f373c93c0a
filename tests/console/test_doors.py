"""Who may come in, see and do what: asked of the application directly, as a browser or a machine would."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jihwi.case.ledger import Sealed, verify
from jihwi.case.state import waits
from jihwi.case.turn import Report, Turn
from jihwi.console.people import Person
from jihwi.evidence import Viewer
from jihwi.settings import Settings
from jihwi.testing.builders import a_skill, an_agent, an_opening
from jihwi.wiring import open_house
from tests.console.office import PATIENCE, Client, Running, every_page, running_console, small_engine
from tests.console.test_journeys import asker, sender
from tests.readers.asking import opened, texts

SECRET = "성과급 38,400,000원"


async def test_nobody_comes_in_without_signing_in(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        stranger = Client(running.console)
        page = await stranger.get("/desk")
        assert (page.status, page.headers["location"]) == (303, "/enter?next=/desk")
        assert (await stranger.get("/desk.json")).status == 401
        assert (await stranger.get("/live?of=")).status == 401
        assert (await stranger.get("/openapi.json")).status in (303, 401)
        assert (await stranger.get("/enter")).status == 200


async def test_a_sign_in_link_works_once_and_guessing_is_stopped(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        key = running.console.people.link("kim")
        client = Client(running.console)
        answer = await client.get(f"/enter?key={key}")
        assert answer.status == 303
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert "samesite=strict" in answer.headers["set-cookie"].lower()
        assert (await client.get(f"/enter?key={key}")).status == 401
        statuses = [(await client.get("/enter?key=guess")).status for _ in range(8)]
        assert statuses[-1] == 429


async def test_a_foreign_name_a_foreign_site_and_a_missing_token_are_refused(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        client = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        rebound = Client(running.console, host="evil.example")
        rebound.cookie = client.cookie
        assert (await rebound.get("/desk")).status == 421
        place, fields = f"/cases/{case_id}/course", {"do": "cancel"}
        assert (await client.post(place, fields, origin="http://evil.example")).status == 403
        assert (await client.post(place, fields, sec_fetch_site="cross-site")).status == 403
        assert (await client.post(place, {**fields, "csrf": "other"})).status == 422
        assert (await client.post(place, fields)).status == 303


async def test_every_answer_carries_the_strict_policy_and_pages_hold_nothing_inline(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        client = await Client(running.console).come_in()
        for place in ("/desk", "/library", "/settings", "/nowhere"):
            answer = await client.get(place)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert " style=" not in answer.text
            assert "<script>" not in answer.text
            assert " onclick" not in answer.text


async def test_every_page_has_a_json_twin_that_the_description_knows(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        client = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))
        described = (await client.get("/openapi.json")).json()
        pages = [path for path, ways in described["paths"].items() if "text/html" in str(ways.get("get", ""))]
        assert {"/desk", "/inbox", "/library", "/cases/{case_id}", "/cases/{case_id}/report"} <= set(pages)
        case = f"/cases/{case_id}"
        for place in ("/desk", "/inbox", "/library", case, f"{case}/ledger", "/team", "/settings"):
            by_name, by_header = await client.get(f"{place}.json"), await client.get(place, accept="application/json")
            assert by_name.status == by_header.status == 200
            assert by_name.json().keys() == by_header.json().keys()
        schema = described["components"]["schemas"]["CasePage"]["properties"]
        assert (await client.get(f"/cases/{case_id}.json")).json().keys() <= schema.keys()


async def test_what_was_shown_is_what_is_approved(tmp_path: Path) -> None:
    send = a_skill("send_notice", effect="write", approval="always")
    async with running_console(tmp_path, small_engine({"sender": sender}, send)) as running:
        client = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("sender", send)))
        page = await waiting(client, case_id)
        [asked] = page["waiting"]
        place = f"/cases/{case_id}/approvals"
        verdict = {"approval": asked["key"], "verdict": "approve"}
        refused = await client.post(place, {**verdict, "digest": "0" * 64}, accept="application/json")
        assert (refused.status, refused.json()["error"]["code"]) == (409, "command_refused")
        assert (await client.post(place, {**verdict, "digest": asked["digest"]})).status == 303
        events = (await client.get(f"/cases/{case_id}/ledger.json")).json()["rows"]
        [answered] = [one for one in events if one["kind"] == "approval_answered"]
        assert (answered["author"], answered["door"]) == ("kim", "console")


async def waiting(client: Client, case_id: str) -> Any:
    """The case's page once something waits in it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            page = (await client.get(f"/cases/{case_id}.json")).json()
            if page["waiting"]:
                return page
            await client.console.house.store.wait(case_id, page["seq"], seconds=1)


# ── roles ────────────────────────────────────────────────────────────────────


async def test_a_role_gives_what_it_gives_and_no_more(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        people = running.console.people
        await people.put(Person("park", "박", "requester"))
        await people.put(Person("choi", "최", "auditor"))
        await people.put(Person("jung", "정", "case_worker"))
        case_id = await running.console.orchestrator.open(an_opening(an_agent("asker")))  # kim's
        requester = await Client(running.console).come_in("park")
        auditor = await Client(running.console).come_in("choi")
        worker = await Client(running.console).come_in("jung")
        assert (await requester.get(f"/cases/{case_id}.json")).status == 404
        assert (await requester.get("/desk.json")).json()["cases"] == []
        assert (await auditor.get(f"/cases/{case_id}/ledger.json")).json()["holds"] is True
        take = {"assignment": "a1", "how": "take"}
        assert (await requester.post(f"/cases/{case_id}/seats", take)).status == 404
        assert (await auditor.post(f"/cases/{case_id}/seats", take)).status == 403
        assert (await auditor.post("/cases", {"request": "안녕"})).status == 403
        assert (await worker.post(f"/cases/{case_id}/seats", take)).status == 303
        assert (await worker.post("/library/folders", {"folder": "/etc"})).status == 403
        assert (await worker.post("/settings/people", {"id": "evil", "role": "administrator"})).status == 403


async def test_an_account_signs_in_with_its_password_and_loses_its_browsers_when_it_changes(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        people = running.console.people
        await people.put(Person("park", "박", "requester"), "a long password")
        client = Client(running.console)
        wrong = await client.post("/enter", {"name": "park", "password": "another password"})
        nobody = await client.post("/enter", {"name": "nobody", "password": "another password"})
        assert (wrong.status, nobody.status) == (401, 401)
        assert wrong.text.replace("park", "nobody") == nobody.text
        right = await client.post("/enter", {"name": "park", "password": "a long password", "next": "//evil.example"})
        assert (right.status, right.headers["location"]) == (303, "/desk")
        client.cookie = right.headers["set-cookie"].split(";")[0]
        assert (await client.get("/desk")).status == 200
        await people.put(Person("park", "박", "requester", active=False))
        assert (await client.get("/desk")).status == 303
        kept = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in tmp_path.glob("console.db*")))
        assert b"a long password" not in kept
        assert client.cookie.split("=", 1)[1].encode() not in kept


# ── what may not be seen ─────────────────────────────────────────────────────


async def test_a_forbidden_document_cannot_be_reached_by_any_way(tmp_path: Path) -> None:
    folder = tmp_path / "인사"
    folder.mkdir()
    (folder / "성과.md").write_text(f"# 성과 평가\n\n2025년 홍길동의 {SECRET}을 지급한다.\n", encoding="utf-8")
    async with running_console(tmp_path / "home") as running:
        await running.console.people.put(Person("lee", "이", "case_worker", ("인사",)))
        await running.read(folder, ("인사",))
        lee, kim = await Client(running.console).come_in("lee"), await Client(running.console).come_in()
        case_id = await released_by(running, lee)
        document = (await lee.get("/library.json")).json()["documents"][0]["id"]
        report = (await lee.get(f"/cases/{case_id}/report.json")).json()
        source = report["sources"][0]
        cited = f"/documents/{document}?reading={source['reading']}&start={source['start']}&end={source['end']}"
        case = f"/cases/{case_id}"
        places = [*await every_page(lee, case_id, document), "/search?q=홍길동"]
        places += [cited, f"{cited}&part=text", f"{cited}&chunks=true", f"{case}?part=now"]
        places += [f"{case}/files/{name}" for name in ("report.md", "report.html", "report.json", "ledger.jsonl")]
        places += [f"{case}/prompts?download={what}" for what in ("json", "footnotes")]
        last = int((await lee.get(f"{case}.json")).json()["seq"])
        places += [f"{case}/{what}{seq}" for what in ("events/", "fork?at=") for seq in range(1, last + 1)]
        seen = "".join([(await lee.get(place)).text for place in places])
        assert seen.count("38,400,000") > 12, "who holds the label sees it"
        for place in places:
            for wanted in ("text/html", "application/json"):
                assert "38,400,000" not in (await kim.get(place, accept=wanted)).text, place
        assert (await kim.get(cited)).status == 404
        assert (await kim.get(f"/cases/{case_id}/files/report.md")).status == 404
        word = f"{case}/files/report.docx"
        assert "38,400,000" in "".join(texts(opened("docx", (await lee.get(word)).body).reading))
        assert (await kim.get(word)).status == 404
        export = (await kim.get(f"/cases/{case_id}/files/ledger.jsonl")).body
        assert exported(case_id, export) > 0, "the chain still verifies, without the bodies that were left out"
        live = await line_of(running, kim, case_id)
        assert "38,400,000" not in live
        assert "38,400,000" in await line_of(running, lee, case_id)


async def released_by(running: Running, client: Client) -> str:
    """A case that asked about the secret and released a report."""
    sent = await client.post("/cases", {"request": "홍길동의 성과급은 얼마인가?"}, accept="application/json")
    return (await running.case(str(sent.json()["case"]), lambda case: case.status == "closed")).id


def exported(case_id: str, data: bytes) -> int:
    """How many bodies an export lacks, its chain verified."""
    log = []
    for line in data.splitlines():
        one = msgspec.json.decode(line)
        if "seq" not in one:
            continue  # what is signed of the ledger
        salt = base64.b64decode(one["salt"]) if "salt" in one and one["salt"] is not None else None
        body = one["body"].encode() if one.get("body") is not None else None
        log.append(Sealed(one["seq"], base64.b64decode(one["header"]), salt, body, bytes.fromhex(one["head"])))
    return verify(case_id, log).erased


# ── the live line ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("said", [0, 2])
async def test_a_line_goes_on_at_the_number_it_is_told(tmp_path: Path, said: int) -> None:
    async with running_console(tmp_path, small_engine({"end": lambda view: Turn(actions=(Report(),))})) as running:
        client = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("end")))
        await running.case(case_id, lambda case: case.status == "closed")
        text = await line_of(running, client, case_id, said)
        numbers = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]
        assert numbers == list(range(said + 1, numbers[-1] + 1))


async def line_of(running: Running, client: Client, case_id: str, said: int = 0) -> str:
    """What a live line sends to a browser that says it has seen the events up to `said`."""
    last = (await running.console.cases.of(case_id)).case.seq
    reader, writer = await asyncio.open_connection("127.0.0.1", running.console.port)
    headers = ["host: 127.0.0.1", f"cookie: {client.cookie}", f"last-event-id: {said}"]
    writer.write("\r\n".join([f"GET /cases/{case_id}/live HTTP/1.1", *headers, "", ""]).encode())
    found = b""
    async with asyncio.timeout(PATIENCE):
        while f"id: {last}\n".encode() not in found or not found.endswith(b"\n\n\r\n"):
            more = await reader.read(65536)
            assert more, found
            found += more
    writer.close()
    return found.decode("utf-8", "replace")


# ── what readers think, and runners elsewhere ────────────────────────────────


async def test_a_verdict_on_a_sentence_becomes_an_event_and_stands_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "문서"
    folder.mkdir()
    (folder / "안내.md").write_text("# 안내\n\n홍길동의 성과급은 1,000원이다.\n", encoding="utf-8")
    async with running_console(tmp_path / "home") as running:
        await running.read(folder)
        kim = await Client(running.console).come_in()
        case_id = await released_by(running, kim)
        sent = await kim.post(f"/cases/{case_id}/judgements", {"number": "1", "verdict": "bad", "note": "단위가 없음"})
        assert (sent.status, sent.headers["location"]) == (303, f"/cases/{case_id}/report#n1")
        report = (await kim.get(f"/cases/{case_id}/report.json")).json()
        assert report["judged"] == [{"number": 1, "by": "kim", "verdict": "bad", "reason": "단위가 없음"}]
        ledger = (await kim.get(f"/cases/{case_id}/ledger.json")).json()
        assert (ledger["holds"], ledger["rows"][-1]["kind"]) == (True, "sentence_judged")


async def test_a_console_without_a_runner_shows_what_a_runner_elsewhere_does(tmp_path: Path) -> None:
    engine = small_engine({"end": lambda view: Turn(actions=(Report(),))})
    async with running_console(tmp_path, engine, runner=False) as running:
        client = await Client(running.console).come_in()
        case_id = await running.console.orchestrator.open(an_opening(an_agent("end")))
        page = (await client.get(f"/cases/{case_id}.json")).json()
        assert page["standing"] == "working"
        async with open_house(Settings(home=str(tmp_path))) as elsewhere:
            await engine(elsewhere)().drive(case_id)
        page = (await client.get(f"/cases/{case_id}.json")).json()
        assert page["standing"] == "done"


async def test_a_proxy_on_this_machine_says_who_came_in_and_nobody_else_may(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        await running.console.people.put(Person("park", "박", "requester"))
        client = Client(running.console, proxy_header="X-Remote-User")
        assert (await client.get("/desk", x_remote_user="park")).status == 200
        assert (await client.get("/desk")).status == 303
        assert (await client.get("/desk", x_remote_user="nobody")).status == 303
        assert (await client.get("/desk", x_remote_user="kim")).status == 303, "the owner comes in by the terminal"
        page = await client.get("/desk", x_remote_user="park")
        client.csrf = page.text.split('data-csrf="')[1].split('"')[0]
        sent = await client.post("/liking", {"lang": "en"}, x_remote_user="park")
        assert sent.status == 303
        client.address = "10.0.0.9"
        assert (await client.get("/desk", x_remote_user="park")).status == 303
        without = Client(running.console)
        assert (await without.get("/desk", x_remote_user="park")).status == 303


# ── what leads nowhere ───────────────────────────────────────────────────────


async def test_an_address_that_only_takes_forms_is_a_page_with_words_and_a_way_on(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        client = await Client(running.console).come_in()
        for place in ("/library/folders", "/settings/house", "/leave", "/cases/c1/approvals"):
            answer = await client.get(place)
            assert answer.status == 405
            assert "그런 것이 없거나" in answer.text
            assert 'href="/desk"' in answer.text
        assert (await client.get("/leave.json")).json()["error"]["code"] == "page_missing"


async def test_a_change_of_language_leads_back_to_the_very_page_also_from_a_refusal(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        client = await Client(running.console).come_in()
        page = await client.get("/search?q=a b&collection=x")
        assert 'name="back" value="/search?q=a%20b&amp;collection=x"' in page.text
        came = "http://127.0.0.1/library?grade=F"
        refused = await client.post("/library/folders", {"folder": "/nowhere"}, referer=came)
        assert 'name="back" value="/library?grade=F"' in refused.text
        assert 'class="button" href="/library?grade=F"' in refused.text
        foreign = await client.post("/library/folders", {"folder": "/nowhere"}, referer="http://evil.example/x")
        assert 'class="button" href="/desk"' in foreign.text


async def test_a_form_sent_after_the_session_ended_leads_back_to_where_it_was_written(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        stranger = Client(running.console)
        sent = await stranger.post("/cases/c1/answers", {}, referer="http://127.0.0.1/cases/c1?after=3")
        assert sent.headers["location"] == "/enter?unsent=true&next=/cases/c1%3Fafter%3D3"
        assert "처리되지 않았습니다" in (await stranger.get(sent.headers["location"])).text


async def test_who_is_refused_before_anything_is_known_of_them_is_told_in_both_languages(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running:
        client = await Client(running.console).come_in()
        foreign = await client.post("/cases", {}, origin="http://evil.example")
        named = await Client(running.console, host="evil.example").get("/desk")
        unknown = await Client(running.console).get("/desk.json")
        for answer in (foreign, named, unknown):
            assert any("가" <= letter <= "힣" for letter in answer.text)
            assert any("a" <= letter <= "z" for letter in answer.text)


async def test_nobody_is_shown_a_form_they_may_not_send_and_the_inbox_holds_what_is_theirs(tmp_path: Path) -> None:
    send = a_skill("send_notice", effect="write", approval="always")
    engine = small_engine({"sender": sender, "asker": asker}, send)
    async with running_console(tmp_path, engine) as running:
        for person in (Person("lee", "Lee", "requester"), Person("choi", "Choi", "auditor")):
            await running.console.people.put(person)
        lee, choi, kim = [await Client(running.console).come_in(name) for name in ("lee", "choi", "kim")]
        for agent in (an_agent("sender", send), an_agent("asker")):
            opening = msgspec.structs.replace(an_opening(agent), requester=Viewer("lee"))
            case_id = await running.console.orchestrator.open(opening)
            await running.case(case_id, lambda case: waits(case) == 1)
        kinds = {"lee": ["question"], "choi": [], "kim": ["approval", "question"]}
        for name, client in {"lee": lee, "choi": choi, "kim": kim}.items():
            waiting = (await client.get("/inbox.json")).json()["waiting"]
            assert sorted(one["kind"] for one in waiting) == kinds[name]
            page = (await client.get("/inbox")).text
            assert ("/approvals" in page) is ("approval" in kinds[name])
            badge = f"data-waiting{' hidden' if not kinds[name] else ''}>{len(kinds[name])}<"
            assert badge in page
            assert badge in (await client.get("/desk")).text
        assert 'action="/cases"' not in (await choi.get("/desk")).text
        assert 'href="/library">문서 가져오기' not in (await lee.get("/desk")).text
        assert "담당자나 관리자가 가져옵니다" in (await lee.get("/desk")).text

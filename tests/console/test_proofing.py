"""The report in a person's hands: edited, asked about, released again; asked of the application directly."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jihwi.console import Console
from jihwi.console.people import Person
from jihwi.settings import Settings
from jihwi.testing.openai_server import ChatRequest, Fault, Line, OpenAIServer, Reply, Use
from jihwi.wiring import open_house
from tests.console.office import HOSTS, Answer, Client, Running, running_console

CONTRACT = """# 공사 계약

민원실 공사의 공사기간은 2025년 4월 7일부터 2025년 6월 30일까지로 한다(휴일 포함).

계약금액은 438,900,000원으로 하며, 부가가치세를 포함한다.
"""
NOTICE = """# 공사 안내

민원실 공사의 공사기간은 2025년 4월 7일부터 2025년 6월 30일까지입니다. 소음에 양해 바랍니다.
"""
REQUEST = "민원실 공사의 공사기간은 언제까지인가?"
SAID = "공사기간은 2025년 6월 30일까지이다."


async def with_a_report(running: Running, tmp_path: Path, labels: tuple[str, ...] = (), **fields: str) -> Report:
    """A case of kim's whose report has left, or waits for its approval (`ask`)."""
    folder = tmp_path / "문서"
    folder.mkdir()
    (folder / "계약.md").write_text(CONTRACT, encoding="utf-8")
    (folder / "안내.md").write_text(NOTICE, encoding="utf-8")
    await running.read(folder, labels)
    kim = await Client(running.console).come_in("lee" if labels else "")
    sent = await kim.post("/cases", {"request": REQUEST, **fields}, accept="application/json")
    case_id = str(sent.json()["case"])
    await running.case(case_id, lambda case: case.status == "closed" or bool(case.approvals))
    return Report(running, kim, case_id)


class Report:
    """One report as one person works on it."""

    def __init__(self, running: Running, client: Client, case_id: str) -> None:
        self.running = running
        self.client = client
        self.case_id = case_id
        self.place = f"/cases/{case_id}/report"

    async def seen(self, query: str = "") -> Any:
        answer = await self.client.get(f"{self.place}.json{query}")
        assert answer.status == 200, answer.text
        return answer.json()

    async def texts(self, query: str = "") -> list[tuple[str, str]]:
        return [(one["kind"], one["text"]) for one in (await self.seen(query))["answer"]]

    async def named(self, number: int = 1, query: str = "") -> dict[str, str]:
        """The fields that name a sentence as it is shown now."""
        page = await self.seen(query)
        one = page["handles"][number - 1]
        return {"call": page["edit_call"], "part": str(one["part"]), "at": str(one["at"]), "keys": one["key"]}

    async def edit(self, named: dict[str, str], how: str, **more: str) -> Answer:
        return await self.client.post(f"{self.place}/edits", {**named, "how": how, **more})

    async def asked(self, ask: str, number: int = 1, **more: str) -> Any:
        """What the editor proposes for a sentence."""
        fields = {**await self.named(number), "ask": ask, **more}
        sent = await self.client.post(f"{self.place}/requests", fields, accept="application/json")
        assert sent.status == 200, sent.text
        name = sent.json()["assignment"]
        await self.running.case(self.case_id, lambda case: not case.assignments[name].open)
        return next(one for one in (await self.seen())["proposals"] if one["assignment"] == name)

    async def answered(self, proposal: Any, do: str) -> Answer:
        fields = {"call": (await self.seen())["edit_call"], "assignment": proposal["assignment"], "do": do}
        return await self.client.post(f"{self.place}/proposals", fields)


# ── by hand ──────────────────────────────────────────────────────────────────


async def test_an_edit_is_an_event_of_a_person_and_its_kind_is_found_anew(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        report = await with_a_report(running, tmp_path)
        assert (await report.texts())[0][0] in ("quoted", "supported")
        sent = await report.edit(await report.named(), "replace", text=SAID)
        assert (sent.status, sent.headers["location"].endswith("#n1")) == (303, True)
        assert (await report.texts())[0] == ("supported", SAID)
        wrong = f"{SAID.replace('6월', '7월')} 서둘러야 한다."
        await report.edit(await report.named(), "replace", text=wrong)
        page = await report.seen()
        assert [one["kind"] for one in page["answer"][:2]] == ["marked", "marked"]
        assert page["handles"][0]["lacks"] == ["2025년 7월 30일"]
        assert page["kinds"]["marked"] == 2
        html = (await report.client.get(report.place)).text
        assert "2025년 7월 30일</b>" in html
        assert "근거 없는 문장 2" in html
        newest, first = page["changes"]
        assert (newest["by"], newest["was"][0]["text"], first["now"][0]["text"]) == ("kim", SAID, SAID)
        rows = (await report.client.get(f"/cases/{report.case_id}/ledger.json")).json()
        assert rows["holds"]
        assert [(one["kind"], one["author"]) for one in rows["rows"][-2:]] == [("report_edited", "kim")] * 2


async def test_sentences_are_added_moved_removed_and_taken_back(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        report = await with_a_report(running, tmp_path)
        before = await report.texts()
        await report.edit(await report.named(), "add", more="계약금액은 따로 적는다.")
        assert (await report.texts())[1][1] == "계약금액은 따로 적는다."
        await report.edit(await report.named(2), "up")
        assert (await report.texts())[0][1] == "계약금액은 따로 적는다."
        await report.edit(await report.named(1), "remove")
        assert await report.texts() == before
        undo = {**await report.named(), "event": str((await report.seen())["changes"][0]["event"])}
        await report.edit(undo, "undo")
        assert (await report.texts())[0][1] == "계약금액은 따로 적는다."
        empty = await report.edit(await report.named(), "replace", text="  ")
        same = await report.edit(await report.named(), "replace", text="계약금액은  따로 적는다.")
        assert (empty.status, same.status) == (422, 303)
        assert len((await report.seen())["changes"]) == 4


async def test_of_two_people_at_one_sentence_the_second_sees_both_and_loses_nothing(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        report = await with_a_report(running, tmp_path)
        await running.console.people.put(Person("lee", "이", "case_worker"))
        lee = Report(running, await Client(running.console).come_in("lee"), report.case_id)
        first, second = await report.named(), await lee.named()
        await report.edit(first, "replace", text=SAID)
        refused = await lee.edit(second, "replace", text="이 공사는 6월 말에 끝납니다.")
        assert refused.status == 409
        assert SAID in refused.text
        assert "이 공사는 6월 말에 끝납니다." in refused.text
        assert (await report.texts())[0][1] == SAID, "nothing was changed"
        told = await lee.client.post(
            f"{lee.place}/edits", {**second, "how": "replace", "text": "끝."}, accept="application/json"
        )
        now = told.json()
        assert (now["by"], now["theirs"], now["yours"]) == ("kim", [SAID], "끝.")
        again = {"call": now["call"], "part": str(now["part"]), "at": str(now["at"]), "keys": ",".join(now["keys"])}
        assert (await lee.edit(again, now["how"], text=now["yours"])).status == 303
        assert (await report.texts())[0][1] == "끝."
        gone = await report.named()
        await lee.edit(gone, "remove")
        told = await report.client.post(
            f"{report.place}/edits", {**gone, "how": "replace", "text": "살아난 글."}, accept="application/json"
        )
        now = told.json()
        assert (told.status, now["theirs"], now["how"]) == (409, [], "add")
        again = {"call": now["call"], "part": str(now["part"]), "at": str(now["at"]), "keys": ",".join(now["keys"])}
        await report.edit(again, "add", more=now["yours"])
        assert "살아난 글." in [text for _, text in await report.texts()]


async def test_people_at_different_sentences_do_not_disturb_each_other(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        report = await with_a_report(running, tmp_path)
        await report.edit(await report.named(), "add", more="둘째 문장.")
        one, two = await report.named(1), await report.named(2)
        await report.edit(one, "add", more="그 사이 문장.")
        assert (await report.edit(two, "replace", text="셋째 문장.")).status == 303
        assert [text for _, text in await report.texts()][1:3] == ["그 사이 문장.", "셋째 문장."]
        named = await report.named()
        sent = await asyncio.gather(*(report.edit(named, "add", more=f"문장 {n}.") for n in range(5)))
        assert [one.status for one in sent] == [303] * 5, "all at once, and all kept"
        assert {f"문장 {n}." for n in range(5)} <= {text for _, text in await report.texts()}


# ── leaving again ────────────────────────────────────────────────────────────


async def test_an_edited_report_leaves_beside_the_old_one_which_stays_as_it_was(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        report = await with_a_report(running, tmp_path)
        old = (await report.client.get(f"/cases/{report.case_id}/files/report.md")).body
        await report.edit(await report.named(), "replace", text=SAID)
        page = await report.seen()
        assert (page["revision"], page["released"]) == (True, False)
        assert SAID not in (await report.client.get(f"/cases/{report.case_id}/files/report.md")).text
        leaving = {"call": page["edit_call"], "digest": page["digest"]}
        late = await report.client.post(f"{report.place}/release", {**leaving, "digest": "0" * 64})
        assert late.status == 409
        assert (await report.client.post(f"{report.place}/release", leaving)).status == 303
        case = await running.case(report.case_id, lambda now: len(now.released) == 2 and now.status == "closed")
        assert case.outcome == "done"
        page = await report.seen()
        assert (page["released"], page["release"], [one["by"] for one in page["releases"]]) == (
            True,
            2,
            ["policy", "person"],
        )
        assert (await report.client.get(f"/cases/{report.case_id}/files/report.md?release=1")).body == old
        assert SAID in (await report.client.get(f"/cases/{report.case_id}/files/report.md")).text
        assert (await report.texts("?release=1"))[0][1] != SAID
        assert (await report.client.post(f"{report.place}/release", leaving)).status == 409


async def test_editing_a_draft_asks_for_its_release_anew(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        report = await with_a_report(running, tmp_path, ask="on")
        case = await running.case(report.case_id, lambda now: bool(now.approvals))
        [first] = case.approvals
        call = str(case.approvals[first].arguments["call"])
        await report.edit(await report.named(query=f"?call={call}"), "replace", text=SAID)
        await running.case(report.case_id, lambda now: len(now.approvals) == 2)
        page = await report.seen(f"?call={call}")
        assert page["approval"]["key"] != first
        verdict = {"approval": page["approval"]["key"], "digest": page["approval"]["digest"], "verdict": "approve"}
        assert (await report.client.post(f"/cases/{report.case_id}/approvals", verdict)).status == 303
        await running.case(report.case_id, lambda now: now.status == "closed")
        assert (await report.texts())[0] == ("supported", SAID)


# ── asking ───────────────────────────────────────────────────────────────────


async def test_a_passage_is_checked_backed_shortened_and_quoted_and_taken_or_left(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        report = await with_a_report(running, tmp_path)
        await report.edit(await report.named(), "replace", text="서둘러야 한다.")
        await report.edit(await report.named(), "replace", text=SAID)
        checked = await report.asked("check")
        assert (checked["ask"], checked["by"]) == ("check", "kim")
        backed = await report.asked("evidence")
        assert backed["state"] == "waits"
        assert len({one["path"] for one in backed["sources"]}) == 2
        assert [one["text"] for one in backed["sentences"]] == [SAID], "the words stay, what they stand on grows"
        assert (await report.answered(backed, "accept")).status == 303
        page = await report.seen()
        assert len(page["answer"][0]["cites"]) > 1
        assert page["changes"][0]["proposal"] == backed["assignment"]
        quoted = await report.asked("reword")
        assert "모델" in quoted["notes"][0]
        assert {one["kind"] for one in quoted["sentences"]} == {"quoted"}
        assert (await report.answered(quoted, "discard")).status == 303
        assert (await report.answered(quoted, "accept")).status == 409
        assert (await report.texts())[0][1] == SAID
        whole = "민원실 공사의 공사기간은 2025년 4월 7일부터 2025년 6월 30일까지로 한다(휴일 포함)."
        await report.edit(await report.named(), "replace", text=whole)
        short = await report.asked("shorten")
        assert [one["text"] for one in short["sentences"]] == [whole.replace("(휴일 포함)", "")]
        assert short["sentences"][0]["kind"] != "marked"
        await report.edit(await report.named(), "replace", text="다른 글.")
        states = {one["assignment"]: (one["state"], one["after"]) for one in (await report.seen())["proposals"]}
        assert states[short["assignment"]] == ("stale", 0), "the words it was about have changed meanwhile"
        assert (await report.answered(short, "accept")).status == 409
        assert (await report.texts())[0][1] == "다른 글."
        case = await running.case(report.case_id, lambda now: now.status == "closed")
        assert case.assignments["a2"].aside


# ── who may ──────────────────────────────────────────────────────────────────


async def test_a_requester_reads_the_report_and_edits_nothing(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        await running.console.people.put(Person("park", "박", "requester"))
        report = await with_a_report(running, tmp_path)
        park = await Client(running.console).come_in("park")
        sent = await park.post("/cases", {"request": REQUEST}, accept="application/json")
        own = str(sent.json()["case"])
        await running.case(own, lambda case: case.status == "closed")
        case_worker = Report(running, report.client, own)
        named = await case_worker.named()
        for place, fields in (
            ("edits", {**named, "how": "replace", "text": "x"}),
            ("requests", {**named, "ask": "check"}),
            ("proposals", {"call": named["call"], "assignment": "a2", "do": "accept"}),
            ("release", {"call": named["call"], "digest": "0" * 64}),
        ):
            assert (await park.post(f"/cases/{own}/report/{place}", fields)).status == 403, place
            assert (await park.post(f"/cases/{report.case_id}/report/{place}", fields)).status == 404, place
        page = (await park.get(f"/cases/{own}/report")).text
        assert "고치기" not in page
        await case_worker.edit(named, "replace", text=SAID)
        assert SAID not in (await park.get(f"/cases/{own}/report")).text, "what was not released is not theirs yet"


async def test_who_lacks_a_label_sees_no_word_of_what_was_edited_or_proposed(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        await running.console.people.put(Person("lee", "이", "case_worker", ("인사",)))
        report = await with_a_report(running, tmp_path, ("인사",))
        named = await report.named()
        await report.edit(named, "replace", text=SAID)
        proposal = await report.asked("evidence")
        kim = await Client(running.console).come_in()
        call = named["call"]
        places = [report.place, f"{report.place}?call={call}", f"/cases/{report.case_id}"]
        places += [f"{report.place}/proposals/{proposal['assignment']}?call={call}"]
        last = (await running.console.cases.of(report.case_id)).case.seq
        places += [f"/cases/{report.case_id}/events/{seq}" for seq in range(1, last + 1)]
        for place in places:
            for wanted in ("text/html", "application/json"):
                text = (await kim.get(place, accept=wanted)).text
                assert "6월 30일" not in text, place
        edit = {**await report.named(), "how": "replace", "text": "x"}
        assert (await kim.post(f"{report.place}/edits", edit)).status == 404
        ask = {**await report.named(), "ask": "check"}
        assert (await kim.post(f"{report.place}/requests", ask)).status == 404


# ── with a model ─────────────────────────────────────────────────────────────


class Rewriter:
    """A model in the editor's seat: busy at first, then it says one thing the quotations bear out, and one they do
    not."""

    def __init__(self) -> None:
        self.seen: list[ChatRequest] = []

    def __call__(self, request: ChatRequest) -> Line:
        self.seen.append(request)
        if len(self.seen) == 1:
            return Fault(503, "loading")
        if not any(message["role"] == "tool" for message in request.messages):
            return Reply("", (Use("reword_passage", {"sentences": [SAID, "공사기간은 9월 1일까지이다."]}),))
        return Reply("I have written both sentences anew, as the quotations have it.")


async def test_a_model_rewrites_a_passage_and_what_it_cannot_prove_is_marked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with running_console(home) as running:
        case_id = (await with_a_report(running, tmp_path)).case_id
    model = Rewriter()
    with OpenAIServer(model) as server:
        settings = Settings(home=str(home), viewer="kim", language="ko", model=server.spec)
        async with open_house(settings) as house, Console(house, hosts=HOSTS, port=0) as console:
            running = Running(console, "")
            report = Report(running, await Client(console).come_in(), case_id)
            proposal = await report.asked("reword")
            assert [(one["kind"], one["text"]) for one in proposal["sentences"]] == [
                ("supported", SAID),
                ("marked", "공사기간은 9월 1일까지이다."),
            ]
            assert any("9월 1일" in note for note in proposal["notes"])
            assert (await report.answered(proposal, "accept")).status == 303
            assert (await report.texts())[:2] == [("supported", SAID), ("marked", "공사기간은 9월 1일까지이다.")]
            prompts = (await report.client.get(f"/cases/{case_id}/prompts.json")).json()
            assert [one["agent"] for one in prompts["turns"]] == ["editor", "editor", "editor"]
            assert [one["failed"].partition("(")[0] for one in prompts["turns"]] == ["모델 서버", "", ""]
            assert [one["request"].encode() for one in prompts["turns"]] == [one.body for one in model.seen]
            page = (await report.client.get(f"/cases/{case_id}/prompts")).text
            assert page.count("답을 받지 못함") == 1
            assert "loading" in page
            foreign = "답이 사건의 말이 아닌 다른 말로 쓰여 있습니다."
            assert [foreign in one["notes"] for one in prompts["turns"]] == [False, False, True]
            assert page.count(foreign) == 1
            assert (
                f"anew, as the quotations have it. [{foreign}]" in (await report.client.get(f"/cases/{case_id}")).text
            )
    assert "reword_passage" in model.seen[0].tools
    assert REQUEST in str(model.seen[0].messages)

"""The class of a document where it is added, shown, found and changed: it decides which models may see the text."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from jihwi.case.events import Author
from jihwi.console.people import Person
from jihwi.evidence import Metadata
from jihwi.library.classes import ClassFact
from jihwi.wiring import open_house
from jihwi.wiring.class_facts import FactsOfClasses
from jihwi.wiring.libraries import library_of
from tests.console.office import PATIENCE, Client, Running, running_console, until


class Dead(BaseException):
    """The process ends here."""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def shelved(running: Running, folder: Path) -> str:
    """Two files read, and the id of the one that tells of disciplinary matters."""
    write(
        folder,
        **{"징계.md": "# 징계 의결\n\n징계 의결은 한 달 안에 한다.\n", "안내.md": "# 청사 안내\n\n여섯 시에 닫는다.\n"},
    )
    await running.read(folder)
    return next(name for name, path in (await paths(running)).items() if path == "징계.md")


async def paths(running: Running) -> dict[str, str]:
    client = await Client(running.console).come_in()
    return {one["id"]: one["path"] for one in (await client.get("/library.json")).json()["documents"]}


async def classes(client: Client) -> dict[str, str]:
    documents: list[dict[str, Any]] = (await client.get("/library.json")).json()["documents"]
    return {one["path"]: one["security_class"] for one in documents}


async def test_a_class_is_changed_on_a_documents_page_and_shown_wherever_it_is(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        document = await shelved(running, tmp_path / "문서")
        kim = await Client(running.console).come_in()
        assert "O 공개" in (await kim.get(f"/documents/{document}")).text
        assert (await kim.post(f"/documents/{document}/class", {"security_class": "C"})).status == 303
        assert await classes(kim) == {"징계.md": "C", "안내.md": "O"}
        assert "C 기밀" in (await kim.get("/library?part=now")).text
        hit = (await kim.get("/search.json?q=징계 의결")).json()["found"]["hits"][0]
        assert (hit["path"], hit["security_class"]) == ("징계.md", "C")
        assert "C 기밀" in (await kim.get("/search?q=징계 의결")).text
        await kim.post("/liking", {"lang": "en"})
        kim.cookie += "; jihwi_lang=en"
        assert "C classified" in (await kim.get(f"/documents/{document}")).text
        assert (await kim.post(f"/documents/{document}/class", {"security_class": "X"})).status == 422


async def test_a_documents_page_has_words_for_whatever_its_file_says_of_itself(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        document = await shelved(running, tmp_path / "문서")
        kim = await Client(running.console).come_in()
        told = (await kim.get(f"/documents/{document}.json")).json()["metadata"]
        sure = f"{100 * float(told['encoding_confidence']):.0f}%"
        for language, words in (("ko", "문자 부호의 확실함"), ("en", "How sure the encoding is")):
            kim.cookie += f"; jihwi_lang={language}"
            page = (await kim.get(f"/documents/{document}")).text
            assert f"<dt>{words}</dt><dd>{sure}</dd>" in page
            assert not [name for name in Metadata.__struct_fields__ if f"<dt>{name}</dt>" in page]


async def test_a_folders_class_holds_over_a_looser_one_of_a_document(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        document = await shelved(running, tmp_path / "문서")
        kim = await Client(running.console).come_in()
        name = (await kim.get("/library.json")).json()["collections"][0]["name"]
        sent = {"collection": name, "security_class": "S"}
        assert (await kim.post("/library/class", sent, accept="application/json")).json() == {"security_class": "S"}
        looser = await kim.post(f"/documents/{document}/class", {"security_class": "O"}, accept="application/json")
        assert looser.json() == {"security_class": "S"}
        assert await classes(kim) == {"징계.md": "S", "안내.md": "S"}
        assert (await kim.post("/library/class", {**sent, "collection": "nothing"})).status == 404


async def test_only_who_administers_changes_a_class_and_nobody_one_of_what_they_may_not_see(tmp_path: Path) -> None:
    folder = write(tmp_path / "인사", **{"성과.md": "# 성과\n\n성과 상여.\n"})
    async with running_console(tmp_path / "home") as running:
        people = running.console.people
        await people.put(Person("lee", "이", "case_worker", ("인사",)))
        await people.put(Person("han", "한", "administrator", ("인사",)))
        await running.read(folder, ("인사",))
        lee, han, kim = [await Client(running.console).come_in(who) for who in ("lee", "han", "")]
        document = (await lee.get("/library.json")).json()["documents"][0]["id"]
        sent = {"security_class": "C"}
        assert (await lee.post(f"/documents/{document}/class", sent)).status == 403
        assert "보안등급 바꾸기" not in (await lee.get(f"/documents/{document}")).text
        assert (await kim.post(f"/documents/{document}/class", sent)).status == 404
        assert await classes(lee) == {"성과.md": "O"}
        assert (await han.post(f"/documents/{document}/class", sent)).status == 303
        info = (await lee.get("/library.json")).json()["collections"][0]
        assert (await classes(lee), info["folder_classes"]) == ({"성과.md": "C"}, [["성과.md", "C"]])


async def test_a_folder_is_read_under_the_class_that_is_chosen_with_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "문서", **{"예산.md": "# 예산\n\n예산은 삼월에 확정한다.\n"})
    async with running_console(tmp_path / "home") as running:
        kim = await Client(running.console).come_in()
        assert (await kim.post("/library/folders", {"folder": str(folder), "security_class": "S"})).status == 303
        await until(lambda: not running.console.ingests.under_way())
        assert await classes(kim) == {"예산.md": "S"}


async def test_a_file_that_is_dropped_again_keeps_its_stricter_class(tmp_path: Path) -> None:
    folder = write(tmp_path / "문서", **{"예산.md": "# 예산\n\n예산은 삼월에 확정한다.\n"})
    async with running_console(tmp_path / "home") as running:
        kim = await Client(running.console).come_in()
        for said in ("C", "O"):
            ingest = running.console.ingests.start(folder, (), classes={"예산.md": "C" if said == "C" else "O"})
            await until(lambda one=ingest: one.done)  # type: ignore[misc]
            assert await classes(kim) == {"예산.md": "C"}


async def test_who_gave_a_class_is_in_the_ledger_and_on_the_documents_page(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running:
        await running.console.people.put(Person("han", "한", "administrator"))
        await running.console.people.put(Person("choi", "최", "auditor"))
        document = await shelved(running, tmp_path / "문서")
        kim, han, choi = [await Client(running.console).come_in(who) for who in ("", "han", "choi")]
        page = (await kim.get(f"/documents/{document}.json")).json()
        assert page["class_since"]["how"] == "brought"
        text = (await kim.get(f"/documents/{document}")).text
        assert "들어올 때부터" in text
        assert "사람 없이 일한 프로그램 (콘솔)</span>" in text
        await han.post(f"/documents/{document}/class", {"security_class": "C"})
        name = (await han.get("/library.json")).json()["collections"][0]["name"]
        await kim.post("/library/class", {"collection": name, "security_class": "S"})
        since = (await kim.get(f"/documents/{document}.json")).json()["class_since"]
        assert (since["how"], since["by"], since["door"]) == ("changed", "han", "console")
        assert "han이 정함 (콘솔)" in (await kim.get(f"/documents/{document}")).text
        rows = (await choi.get("/ledger/house.json?of=classes")).json()["rows"]
        assert [(one["kind"], one["author"]) for one in rows] == [
            ("documents_brought", ""),
            ("classes_changed", "han"),
            ("classes_changed", "kim"),
        ]
        assert "징계.md – → C. 보안등급이 달라진 문서: O → C 1" in rows[1]["words"]
        assert "폴더 전체 O → S. 보안등급이 달라진 문서: O → S 1" in rows[2]["words"]
        assert "문서의 보안등급" in (await choi.get("/ledger/house?of=classes")).text
        await running.console.house.sign_heads(again=True)
        signed = (await choi.get("/ledger/house.json?of=signatures")).json()["rows"]
        assert {(one["author"], one["by"]) for one in signed} == {("", "지휘 스스로")}
        assert "<td>지휘 스스로</td>" in (await choi.get("/ledger/house?of=signatures")).text
        choi.cookie += "; jihwi_lang=en"
        assert "the whole folder O → S. Documents whose class is another: O → S 1" in (
            (await choi.get("/ledger/house?of=classes")).text
        )
        kim.cookie += "; jihwi_lang=en"
        assert "given by han (the console)" in (await kim.get(f"/documents/{document}")).text


async def test_an_auditor_is_not_told_the_names_of_documents_they_may_not_see(tmp_path: Path) -> None:
    folder = write(tmp_path / "인사", **{"성과.md": "# 성과\n\n성과 상여.\n"})
    async with running_console(tmp_path / "home") as running:
        await running.console.people.put(Person("choi", "최", "auditor"))
        await running.console.people.put(Person("han", "한", "administrator", ("인사",)))
        await running.read(folder, ("인사",))
        han, choi = [await Client(running.console).come_in(who) for who in ("han", "choi")]
        document = (await han.get("/library.json")).json()["documents"][0]["id"]
        await han.post(f"/documents/{document}/class", {"security_class": "C"})
        rows = (await choi.get("/ledger/house.json?of=classes")).json()["rows"]
        assert [(one["kind"], one["withheld"], one["author"]) for one in rows][-1] == ("classes_changed", True, "han")
        for client, tells in ((choi, False), (han, True)):
            for place in ("/ledger/house?of=classes", "/ledger/house.json", "/ledger/house.jsonl"):
                assert ("성과.md" in (await client.get(place)).text) is tells, place


async def test_a_change_that_another_process_decided_and_died_of_is_finished_while_a_console_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jihwi.wiring.house.SETTLE_SECONDS", 0.05)
    async with running_console(tmp_path / "home") as running:
        await shelved(running, tmp_path / "문서")
        kim = await Client(running.console).come_in()
        name = (await kim.get("/library.json")).json()["collections"][0]["name"]
        async with open_house(running.console.house.settings) as other:
            loop = asyncio.get_running_loop()

            class Dying(FactsOfClasses):
                def record(self, fact: ClassFact, by: Author, labels: tuple[str, ...]) -> None:
                    super().record(fact, by, labels)
                    raise Dead

            library = library_of(other.settings, other.home, Dying(lambda: other.stream, loop))
            with pytest.raises(Dead):
                await asyncio.to_thread(library.classify, name, "C", by=Author("person", "lee", door="cli"))
            library.close()
        async with asyncio.timeout(PATIENCE):
            while True:
                if await classes(kim) == {"징계.md": "C", "안내.md": "C"}:
                    break
                await asyncio.sleep(0.01)


async def test_files_that_are_dropped_under_a_class_are_one_fact(tmp_path: Path) -> None:
    folder = write(tmp_path / "문서", **{f"{number}.md": f"# 글 {number}\n\n글이다.\n" for number in range(8)})
    async with running_console(tmp_path / "home") as running:
        names: dict[str, Any] = {f"{number}.md": "S" for number in range(8)}
        ingest = running.console.ingests.start(folder, (), by="kim", classes=names)
        await until(lambda: ingest.done)
        kim = await Client(running.console).come_in()
        rows = (await kim.get("/ledger/house.json?of=classes")).json()["rows"]
        assert [one["author"] for one in rows] == ["kim", "kim"]
        assert "4.md – → S 외 3" in rows[0]["words"]
        assert rows[1]["words"].endswith("보안등급별: S 8")

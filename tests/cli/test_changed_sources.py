"""Files change after a report has left: the case worker learns which sentences lost their evidence, and where the rest
stands now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from jihwi.console.people import Person
from jihwi.teams import built_in_folder
from tests.cli.terminal import answered, said
from tests.console.office import Client, running_console

PAY = "일비는 하루 20,000원으로 한다."
UNTIL = "청사 공사기간은 2025년 6월 30일까지로 한다."
REQUEST = "일비는 하루 얼마인가? 청사 공사기간은 언제까지인가?"


def files(folder: Path) -> Path:
    place = folder / "문서"
    place.mkdir()
    (place / "여비.md").write_text(f"# 여비 기준\n\n{PAY}\n", "utf-8")
    (place / "공사.md").write_text(f"# 공사 계획\n\n{UNTIL}\n", "utf-8")
    return place


def released(folder: Path) -> tuple[str, dict[str, set[int]]]:
    """A case whose report quotes both files; and the numbers of the sentences that stand on each."""
    made = answered(folder, "run", REQUEST, "--files", "문서", team="report")
    report = made["report"]
    sentences = [*report["answer"], *(one for part in report.get("sections", ()) for one in part.get("sentences", ()))]
    numbers: dict[str, set[int]] = {}
    for number, sentence in enumerate(sentences, 1):
        for quotation in sentence.get("quotations", ()):
            numbers.setdefault(quotation["text"], set()).add(number)
    assert {PAY, UNTIL} <= numbers.keys()
    return made["case"], numbers


def read_again(folder: Path) -> None:
    said(folder, "search", "일비", "--files", "문서", team="report")


def changes(folder: Path, case: str) -> Any:
    return answered(folder, "case", "show", case, team="report")["sources_changed"]


def test_a_sentence_whose_words_moved_stands_and_one_whose_words_changed_is_named(tmp_path: Path) -> None:
    place = files(tmp_path)
    case, numbers = released(tmp_path)
    assert changes(tmp_path, case) == {"lost": [], "moved": []}
    (place / "여비.md").write_text(f"# 여비 기준\n\n2026년에 고쳤다.\n\n{PAY}\n", "utf-8")
    (place / "공사.md").write_text(f"# 공사 계획\n\n{UNTIL.replace('6월', '9월')}\n", "utf-8")
    read_again(tmp_path)
    told = changes(tmp_path, case)
    assert {one["sentence"] for one in told["lost"]} == numbers[UNTIL]
    assert {one["why"] for one in told["lost"]} == {"altered"}
    assert "9월 30일" in told["lost"][0]["stands"]
    assert {one["sentence"] for one in told["moved"]} == numbers[PAY]
    for one in told["moved"]:
        text = (place / one["path"]).read_text("utf-8")
        assert one["was"]["text"] == one["now"]["text"]
        assert one["now"]["text"] in text
        assert one["now"]["start"] > one["was"]["start"]
    lines = said(tmp_path, "case", "show", case, team="report")
    for number in numbers[UNTIL]:
        assert f"Sentence {number}: the words of its source were changed" in lines
    before = answered(tmp_path, "case", "show", case, team="report")["events"]
    read_again(tmp_path)
    assert answered(tmp_path, "case", "show", case, team="report")["events"] == before, "nothing is told twice"


def test_a_file_that_is_moved_gone_and_back(tmp_path: Path) -> None:
    place = files(tmp_path)
    case, numbers = released(tmp_path)
    (place / "옛것").mkdir()
    (place / "여비.md").rename(place / "옛것" / "여비 기준.md")
    held = (place / "공사.md").read_bytes()
    (place / "공사.md").unlink()
    read_again(tmp_path)
    told = changes(tmp_path, case)
    assert {one["sentence"] for one in told["lost"]} == numbers[UNTIL]
    assert {one["why"] for one in told["lost"]} == {"gone"}
    assert {one["path"] for one in told["moved"]} == {"옛것/여비 기준.md"}
    (place / "공사.md").write_bytes(held)
    read_again(tmp_path)
    assert changes(tmp_path, case)["lost"] == [], "what is back stands again"
    verified = said(tmp_path, "ledger", "verify", case, team="report")
    assert "consistent" in verified


@pytest.mark.parametrize("label", ["", "인사"])
async def test_the_console_shows_what_was_lost_beside_the_report_that_is_still_there(
    tmp_path: Path, label: str
) -> None:
    place = files(tmp_path)
    async with running_console(tmp_path / "home") as running:
        await running.console.people.put(Person("lee", "이", "case_worker", (label,) if label else ()))
        await running.read(place, (label,) if label else ())
        lee, kim = await Client(running.console).come_in("lee"), await Client(running.console).come_in()
        sent = await lee.post("/cases", {"request": REQUEST}, accept="application/json")
        case_id = (await running.case(str(sent.json()["case"]), lambda case: case.status == "closed")).id
        (place / "여비.md").write_text(f"# 여비 기준\n\n머리말이 붙었다.\n\n{PAY}\n", "utf-8")
        (place / "공사.md").unlink()
        await running.read(place, (label,) if label else ())
        page = (await lee.get(f"/cases/{case_id}/report.json")).json()
        assert page["refused"] == "", "the report that left can still be read, its file gone"
        assert any("공사" in one["path"] for one in page["sources"])
        assert ["없어졌습니다" in one["words"] for one in page["lost"]] == [True] * len(page["lost"])
        assert page["lost"]
        assert page["moved"]
        moved = page["moved"][0]
        there = f"/documents/{moved['document']}?reading={moved['reading']}&start={moved['start']}&end={moved['end']}"
        assert PAY in (await lee.get(there)).text
        assert "근거 문서가 바뀌었습니다" in (await lee.get(f"/cases/{case_id}/report")).text
        assert (await lee.get(f"/cases/{case_id}.json")).json()["lost"] == len(page["lost"])
        if label:  # whoever lacks the label learns nothing of it
            whole = "".join(
                [(await kim.get(f"/cases/{case_id}{part}.json")).text for part in ("", "/report", "/ledger")]
            )
            assert PAY not in whole
            assert UNTIL not in whole
            assert (await kim.get(f"/cases/{case_id}.json")).json()["lost"] == 0


def test_a_case_at_work_goes_on_with_the_words_where_they_stand_now(tmp_path: Path) -> None:
    """Its report waits for a person while the files change: it leaves with the new places, or not at all."""
    place = files(tmp_path)
    team = tmp_path / "팀"
    for path in built_in_folder("report").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            target = team / path.relative_to(built_in_folder("report"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    policy = team / "team.md"
    policy.write_text(policy.read_text("utf-8").replace("release: automatic", "release: person"), "utf-8")
    waiting = answered(tmp_path, "run", REQUEST, "--files", "문서", code=3, team=str(team))
    (place / "여비.md").write_text(f"# 여비 기준\n\n머리말이 붙었다.\n\n{PAY}\n", "utf-8")
    said(tmp_path, "search", "일비", "--files", "문서", team=str(team))
    said(tmp_path, "case", "run", waiting["case"], code=3, team=str(team))
    said(tmp_path, "case", "approve", waiting["case"], team=str(team))
    done = answered(tmp_path, "case", "run", waiting["case"], team=str(team))
    assert done["status"] == "closed"
    text = msgspec.json.encode(done["report"]).decode()
    assert PAY in text
    quotations = [q for one in done["report"]["answer"] for q in one.get("quotations", ()) if q["text"] == PAY]
    assert {q["start"] for q in quotations} == {(f"여비 기준\n머리말이 붙었다.\n{PAY}").index(PAY)}

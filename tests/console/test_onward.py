"""What goes on from a case: a fork that tries "what if", and a further question to a case that has ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from jihwi.case.state import waits
from jihwi.case.turn import Answered, Ask, Report, Turn, View
from jihwi.console.people import Person
from jihwi.testing.builders import an_agent, an_opening
from tests.console.office import Client, Running, a_browser, a_person, arrive_by, running_console, small_engine
from tests.console.test_journeys import sound


def asker(view: View) -> Turn:
    """Asks for a year and reports it; in a further question reports what was asked."""
    if view.assignment != "a1":
        return Turn(actions=(Report(text=f"이어서: {view.task}"),))
    answers = [one.answer for one in view.transcript if isinstance(one, Answered)]
    return Turn(actions=(Report(text=answers[0]),)) if answers else Turn(actions=(Ask("어느 해입니까?"),))


async def an_answered_case(running: Running, client: Client) -> tuple[str, int]:
    """A case that asked and was answered; the event of the question."""
    case_id = str(await running.console.orchestrator.open(an_opening(an_agent("asker"), request="어느 해의 일인가?")))
    asked = (await running.case(case_id, lambda case: waits(case) == 1)).seq
    await client.post(f"/cases/{case_id}/answers", {"assignment": "a1", "number": "0", "answer": "2025년"})
    await running.case(case_id, lambda case: case.status == "closed")
    return case_id, asked


async def test_a_fork_is_opened_from_an_event_with_a_word_and_a_budget_and_may_begin_paused(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        kim = await Client(running.console).come_in()
        case_id, asked = await an_answered_case(running, kim)
        page = (await kim.get(f"/cases/{case_id}/fork.json?at={asked}")).json()
        assert (page["standing"], [one["id"] for one in page["seats"]]) == ("waits", ["a1"])
        fields = {"at": str(asked), "note": "2026년으로 보십시오", "turns": "7", "first": "pause"}
        sent = await kim.post(f"/cases/{case_id}/forks", fields, accept="application/json")
        fork = (await kim.get(f"/cases/{sent.json()['case']}.json")).json()
        assert (fork["standing"], fork["parent"], fork["parent_seq"]) == ("paused", case_id, asked)
        assert [one["most"] for one in fork["measures"] if one["name"] == "turns"] == [7]
        assert [one["kind"] for one in fork["timeline"]] == ["case_forked", "noticed", "case_paused"]
        assert (await kim.get(f"/cases/{case_id}.json")).json()["standing"] == "done"


async def test_where_nothing_would_go_on_no_fork_is_offered_nor_opened(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        kim = await Client(running.console).come_in()
        case_id, _ = await an_answered_case(running, kim)
        last = (await kim.get(f"/cases/{case_id}.json")).json()["seq"]
        assert "이미 끝나 있어" in (await kim.get(f"/cases/{case_id}/fork?at={last}")).text
        assert (await kim.post(f"/cases/{case_id}/forks", {"at": str(last), "first": "pause"})).status == 409
        assert (await kim.get(f"/cases/{case_id}/fork?at=0")).status == 404
        assert (await kim.get(f"/cases/{case_id}/fork?at=99999")).status == 404


async def test_only_who_may_decide_forks_and_only_ones_own_case_is_asked_further(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        kim = await Client(running.console).come_in()
        case_id, asked = await an_answered_case(running, kim)
        for person, status in ((Person("park", "박", "requester"), 404), (Person("choi", "최", "auditor"), 403)):
            await running.console.people.put(person)
            other = await Client(running.console).come_in(person.id)
            assert (await other.get(f"/cases/{case_id}/fork?at={asked}")).status == status
            assert (await other.post(f"/cases/{case_id}/forks", {"at": str(asked)})).status == status
            assert (await other.post(f"/cases/{case_id}/requests", {"request": "더?"})).status == status


async def test_a_further_question_goes_on_in_the_same_case(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        kim = await Client(running.console).come_in()
        case_id, _ = await an_answered_case(running, kim)
        assert (await kim.post(f"/cases/{case_id}/requests", {"request": "  "})).status == 422
        sent = await kim.post(f"/cases/{case_id}/requests", {"request": "그다음 해는?", "turns": "5"})
        assert (sent.status, sent.headers["location"]) == (303, f"/cases/{case_id}")
        case = await running.case(case_id, lambda case: case.course == "a2" and case.status == "closed")
        assert case.answer == "이어서: 그다음 해는?"
        page = (await kim.get(f"/cases/{case_id}.json")).json()
        assert [one["id"] for one in page["tree"]] == ["a1", "a2"]
        assert [one["most"] for one in page["measures"] if one["name"] == "turns"] == [5]


@pytest.mark.needs("chromium")
async def test_a_person_tries_what_if_from_the_timeline_and_asks_further_in_the_page(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        kim = await Client(running.console).come_in()
        case_id, asked = await an_answered_case(running, kim)
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await page.goto(f"{running.address}/cases/{case_id}/events/{asked}")
        await arrive_by(page.get_by_role("link", name="만약에: 여기서 갈라 보기"))
        await page.fill("#fork-note", "2026년으로 보십시오")
        await arrive_by(page.get_by_role("button", name="갈라 보기"))
        await expect(page.locator(".decision.question")).to_contain_text("어느 해입니까?")
        await expect(page.locator(".case-head")).to_contain_text(f"{case_id}의 기록 {asked}에서 갈라짐")
        await page.locator(".decision.question").get_by_role("textbox").fill("2026년")
        await arrive_by(page.get_by_role("button", name="답하기"))
        await expect(page.locator(".case-head .standing")).to_have_text("마침")
        await page.locator("#more").fill("그다음 해는?")
        await arrive_by(page.get_by_role("button", name="이어서 묻기"))
        await expect(page.locator("#events")).to_contain_text("그다음 해는?")
        await expect(page.locator(".case-head .standing")).to_have_text("마침")
        sound(watched)

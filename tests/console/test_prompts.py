"""From a sentence of the report to what made it, and from there to a footnote: with script and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.console.office import Client, a_browser, a_person, arrive_by, running_console
from tests.console.test_access import a_released_case
from tests.console.test_journeys import sound


async def test_every_sentence_has_its_steps_and_its_footnote_in_the_twin_and_in_the_downloads(tmp_path: Path) -> None:
    async with running_console(tmp_path) as running:
        case_id = await a_released_case(running)
        kim = await Client(running.console).come_in()
        page = (await kim.get(f"/cases/{case_id}/prompts.json")).json()
        report = (await kim.get(f"/cases/{case_id}/report.json")).json()
        texts = [
            one["text"] for one in (*report["answer"], *(s for part in report["sections"] for s in part["sentences"]))
        ]
        assert [one["text"] for one in page["sentences"]] == texts
        for one in page["sentences"]:
            roles = [step["role"] for step in one["steps"]]
            assert roles == sorted(roles, key=["asked", "searched", "found", "checked", "wrote"].index)
            assert {"searched", "found", "checked", "wrote"} <= set(roles)
            assert all(step["mind"] == "procedure" and step["instructions"] for step in one["steps"])
        known = {skill[0]: skill[2] for agent in page["agents"] for skill in agent["skills"]}
        wrote = page["sentences"][0]["steps"][-1]
        assert (wrote["skill"], wrote["skill_digest"]) == ("compose_report", known["compose_report"])
        assert (await kim.get(f"/cases/{case_id}/prompts?download=json")).json() == page
        notes = (await kim.get(f"/cases/{case_id}/prompts?download=footnotes")).text
        assert notes.split("\n\n") == [one["markdown"] for one in page["sentences"][:-1]] + [
            page["sentences"][-1]["markdown"] + "\n"
        ]


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("script", [True, False])
async def test_a_person_goes_from_a_sentence_to_what_made_it_and_takes_its_footnote(
    tmp_path: Path, script: bool
) -> None:
    async with running_console(tmp_path) as running, a_browser() as browser:
        case_id = await a_released_case(running)
        watched = await a_person(
            browser, java_script_enabled=script, permissions=["clipboard-read", "clipboard-write"] if script else []
        )
        page = await watched.page(running.link())
        await page.goto(f"{running.address}/cases/{case_id}/report")
        await arrive_by(page.get_by_role("link", name="만든 과정 2"))
        line = page.locator("li", has=page.locator("#s2"))
        if not script:
            await line.locator("summary").click()
        await expect(line.locator(".steps")).to_contain_text("report/researcher")
        note = await line.get_by_label("각주 (글)").input_value()
        assert note.startswith("“")
        assert "기술 compose_report" in note
        if script:
            await line.get_by_role("button", name="복사 각주 (글)").click()
            await page.wait_for_function("async (note) => await navigator.clipboard.readText() === note", arg=note)
            await line.get_by_role("link", name="지시문").last.click()
            await expect(page.locator(".prompt[open] .instructions")).to_contain_text("compose_report")
        sound(watched)


async def test_agents_are_named_in_the_readers_language(tmp_path: Path) -> None:
    async with running_console(tmp_path) as running:
        kim = await Client(running.console).come_in()
        sent = await kim.post("/cases", {"request": "연차휴가는 며칠입니까?"}, accept="application/json")
        case_id = sent.json()["case"]
        await running.case(case_id, lambda case: case.status != "open")
        korean, cookie = kim.cookie, f"{kim.cookie}; jihwi_lang=en"
        for place, ko, en in (
            (f"/cases/{case_id}/prompts", "<b>작성 담당</b>", "<b>writer</b>"),
            ("/team", "<dd>조사 담당, 분석 담당, 작성 담당</dd>", "<dd>researcher, analyst, writer</dd>"),
        ):
            pages = [(await kim.get(place, cookie=said)).text for said in (korean, cookie)]
            assert (ko in pages[0], en in pages[0]) == (True, False)
            assert (ko in pages[1], en in pages[1]) == (False, True)
        assert "보고서 팀" not in (await kim.get("/team", cookie=cookie)).text

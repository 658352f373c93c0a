"""One live line a browser, whatever the number of its open pages; where pages cannot share one, each has its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from jihwi.case import person
from jihwi.case.state import waits
from jihwi.testing.builders import an_agent, an_opening
from tests.console.office import Running, a_browser, a_person, running_console, small_engine, until
from tests.console.test_journeys import sound
from tests.console.test_onward import asker

pytestmark = pytest.mark.needs("chromium")


async def a_waiting_case(running: Running) -> str:
    """A case that has asked something."""
    case_id = str(await running.console.orchestrator.open(an_opening(an_agent("asker"), request="어느 해의 일인가?")))
    await running.case(case_id, lambda case: waits(case) == 1)
    return case_id


async def answer(running: Running, case_id: str) -> None:
    """Answer what the case asked, through another door."""
    await running.console.orchestrator.submit(case_id, lambda now: person.answer(now, "2025년", by="kim"))


async def test_a_browser_with_many_pages_holds_one_line_and_every_page_is_told(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        cases = [await a_waiting_case(running) for _ in range(3)]
        hub, watched = running.console.hub, await a_person(browser)
        pages = [await watched.page(running.link())]
        for case_id in (*cases, cases[0]):
            pages.append(await watched.page(f"{running.address}/cases/{case_id}"))
        desk, *shown = pages
        await until(lambda: hub.lines == 1 and hub.followed == set(cases))
        for page in shown:
            await expect(page.locator(".decision.question")).to_be_visible()
        for case_id in cases:
            await answer(running, case_id)
        for page in shown:
            await expect(page.locator(".case-head .standing")).to_have_text("마침")
        await expect(desk.locator("[data-waiting]")).to_be_hidden()
        assert hub.lines == 1
        for page in pages:
            await page.close()
        await until(lambda: hub.lines == 0)
        sound(watched)


async def test_a_browser_that_cannot_share_a_line_opens_one_a_page(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        case_id = await a_waiting_case(running)
        watched = await a_person(browser)
        await watched.context.add_init_script("delete window.SharedWorker")
        await (await watched.page(running.link())).close()
        pages = [await watched.page(f"{running.address}/cases/{case_id}") for _ in range(2)]
        await until(lambda: running.console.hub.lines == 2)
        await answer(running, case_id)
        for page in pages:
            await expect(page.locator(".case-head .standing")).to_have_text("마침")
        sound(watched)

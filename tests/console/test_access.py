"""Every page in a real browser, checked by axe for what keeps people out, in both languages, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from jihwi.testing.builders import a_skill, an_agent, an_opening
from tests.console.office import (
    EXAMPLES,
    Client,
    Running,
    a_browser,
    a_person,
    arrive_by,
    every_page,
    running_console,
    small_engine,
)
from tests.console.test_journeys import asker, sender

pytestmark = pytest.mark.needs("chromium")

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}}
"""Levels A and AA of the guidelines, to their newest version."""


async def violations(page: Page) -> list[str]:
    """What axe finds on a page, by rule, with the first place."""
    found = (await Axe().run(page, options=RULES)).response
    assert found["passes"], "axe looked at nothing"
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


async def too_wide(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return int(wide)


async def a_released_case(running: Running) -> str:
    """The name of a case with a released report."""
    for name in ("계약", "고시공고"):
        await running.read(EXAMPLES / name)
    client = await Client(running.console).come_in()
    sent = await client.post("/cases", {"request": "민원실 공사의 공사기간은 언제까지인가?"}, accept="application/json")
    return (await running.case(str(sent.json()["case"]), lambda case: case.status == "closed")).id


@pytest.mark.parametrize(("language", "theme"), [("ko", "light"), ("en", "dark")])
async def test_no_page_keeps_anybody_out(tmp_path: Path, language: str, theme: Any) -> None:
    async with running_console(tmp_path) as running, a_browser() as browser:
        case_id = await a_released_case(running)
        document = running.console.house.library.documents(running.console.house.viewer)[0].source.document_id
        watched = await a_person(browser, color_scheme=theme)
        page = await watched.page(running.link())
        await watched.context.add_cookies([{"name": "jihwi_lang", "value": language, "url": running.address}])
        client = await Client(running.console).come_in()
        places = await every_page(client, case_id, document)
        places += ["/search", f"/documents/{document}?chunks=true", f"/cases/{case_id}?before=20", "/nowhere"]
        bad: dict[str, list[str]] = {}
        for place in places:
            await page.goto(running.address + place)
            assert await page.get_attribute("html", "lang") == language
            await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            if found := await violations(page):
                bad[place] = found
            if theme == "dark":
                for width in (390, 320):  # the narrower is a window of 1,280 at four times its size
                    await page.set_viewport_size({"width": width, "height": 844})
                    if await too_wide(page) > 0:
                        bad[f"{place} at {width}"] = ["it scrolls sideways"]
                await page.set_viewport_size({"width": 1280, "height": 900})
        assert bad == {}
        assert [one for one in watched.complaints if "404" not in one] == []
        assert watched.elsewhere == []


async def test_no_decision_keeps_anybody_out_not_even_on_a_phone(tmp_path: Path) -> None:
    send = a_skill("send_notice", effect="write", approval="always")
    engine = small_engine({"sender": sender, "asker": asker}, send)
    async with running_console(tmp_path, engine) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await page.set_viewport_size({"width": 390, "height": 844})
        engine_of = running.console.orchestrator
        for agent in (an_agent("sender", send), an_agent("asker")):
            case_id = await engine_of.open(an_opening(agent, request="공사 안내를 보내 주세요"))
            await page.goto(f"{running.address}/cases/{case_id}")
            await page.locator(".decision").first.wait_for()
            assert await violations(page) == []
            assert await too_wide(page) <= 0, "the page scrolls sideways"
        await page.goto(f"{running.address}/inbox")
        assert await violations(page) == []
        await watched.context.clear_cookies()
        await page.goto(f"{running.address}/enter")
        assert await violations(page) == []


async def test_every_page_is_usable_without_javascript(tmp_path: Path) -> None:
    send = a_skill("send_notice", effect="write", approval="always")
    async with running_console(tmp_path, small_engine({"sender": sender}, send)) as running, a_browser() as browser:
        watched = await a_person(browser, java_script_enabled=False)
        page = await watched.page(running.link())
        case_id = await running.console.orchestrator.open(an_opening(an_agent("sender", send)))
        await running.case(case_id, lambda case: bool(case.approvals))
        await page.goto(f"{running.address}/cases/{case_id}")
        await arrive_by(page.get_by_role("button", name="승인"))
        await running.case(case_id, lambda case: case.status == "closed")
        await page.reload()
        assert await page.locator(".case-head .standing").inner_text() == "마침"

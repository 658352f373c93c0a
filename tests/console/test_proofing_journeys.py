"""A person at the report page in a real browser: by hand, by keyboard, by selecting, and two at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from jihwi.settings import Settings
from jihwi.wiring import open_house
from tests.console.office import PATIENCE, Client, Running, a_browser, a_person, arrive_by, running_console
from tests.console.test_access import violations
from tests.console.test_journeys import sound
from tests.console.test_proofing import SAID, Report, with_a_report

pytestmark = pytest.mark.needs("chromium")

OLD = "나랏〮말〯ᄊᆞ미 𠀀듕귁에 달아 🙂 서르 ᄉᆞᄆᆞᆺ디 아니ᄒᆞᆯᄊᆡ 공사기간은 2025년 6월 30일까지로 ᄒᆞ노라."


@pytest.fixture
def a_long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is nearly always done in a moment is waited for by the server however busy the machine is: some of these
    pages show what was there when they came, and nothing later."""
    monkeypatch.setattr("jihwi.console.pages.proofing.SOON_SECONDS", PATIENCE)


async def open_report(running: Running, page: Page, report: Report) -> None:
    await page.goto(f"{running.address}{report.place}")
    await expect(page.locator(".answer .sentence").first).to_be_visible()


@pytest.mark.usefixtures("a_long_moment")
async def test_a_sentence_is_edited_by_keyboard_alone_and_a_selection_is_asked_about(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running, a_browser() as browser:
        report = await with_a_report(running, tmp_path)
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await open_report(running, page, report)
        await tab_to(page, "고치기 1")
        await page.keyboard.press("Enter")
        await expect(page.locator(".proof-form textarea").first).to_be_focused()
        await page.keyboard.press("Control+A")
        await page.keyboard.type(SAID)
        await page.reload()
        field = page.locator(".proof-form textarea").first
        await expect(field).to_have_value(SAID)  # what was typed outlives the page
        await tab_to(page, "고쳐 두기")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await expect(page.locator("#n1")).to_contain_text(SAID)
        await expect(page.locator("#n1 .kind")).to_have_text("근거로 확인됨")
        await expect(page.locator(".revision")).to_be_visible()
        # selecting words of a sentence offers what can be asked about it
        await page.locator("#n1").click(click_count=3)
        await expect(page.locator("#pick")).to_be_visible()
        assert await violations(page) == []
        await arrive_by(page.locator("#pick").get_by_role("button", name="근거 더 찾기"))
        proposal = page.locator(".proposal")
        await expect(proposal.get_by_role("button", name="받아들이기")).to_be_visible()
        await expect(proposal.locator(".old")).to_contain_text(SAID)
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert await violations(page) == []
        await proposal.locator(".cite").last.click()
        await expect(page.locator("#source-open mark").first).to_contain_text("6월 30일")
        await arrive_by(proposal.get_by_role("button", name="받아들이기"))
        await expect(page.locator("#n1 .cite")).to_have_count(2)
        await arrive_by(page.get_by_role("button", name="고친 보고서 내보내기"))
        await expect(page.locator(".standing.done").first).to_be_visible()
        await expect(page.locator(".releases a")).to_have_count(2)
        sound(watched)


async def test_a_sentence_that_is_moved_keeps_what_was_begun_on_it(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running, a_browser() as browser:
        report = await with_a_report(running, tmp_path)
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await open_report(running, page, report)
        first = (await page.locator("#n1").inner_text()).split("”")[0]
        await page.locator(".hand.edit > summary").first.click()
        await page.locator(".proof-form textarea[name=text]").first.fill(SAID)
        await arrive_by(page.locator(".proof-form").first.get_by_role("button", name="아래로"))
        moved = page.locator(".said", has=page.locator(".hand.edit[open]"))
        await expect(moved.locator(".sentence")).to_contain_text(first[1:20])
        await expect(moved.locator("textarea[name=text]")).to_have_value(SAID)
        sound(watched)


async def test_a_report_is_printed_dark_on_white_whatever_the_screen_is_like(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running, a_browser() as browser:
        report = await with_a_report(running, tmp_path)
        watched = await a_person(browser, color_scheme="dark")
        page = await watched.page(running.link())
        theme = {"name": "jihwi_theme", "value": "dark", "url": running.address}
        await watched.context.add_cookies([theme])  # type: ignore[list-item]
        await open_report(running, page, report)
        colour = "getComputedStyle(document.querySelector('.report .facts')).color.match(/[0-9]+/g).map(Number)"
        assert min(await page.evaluate(colour)) > 120
        await page.emulate_media(media="print")
        assert max(await page.evaluate(colour)) < 120
        await expect(page.locator(".rail")).to_be_hidden()
        await expect(page.locator(".hands").first).to_be_hidden()


async def tab_to(page: Page, name: str) -> None:
    """Go from control to control by keyboard until one bears this name."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if name in await page.evaluate("document.activeElement.textContent || ''"):
            return
    raise AssertionError(f"the keyboard does not reach '{name}'")


@pytest.mark.usefixtures("a_long_moment")
async def test_two_people_at_one_sentence_and_a_phone(tmp_path: Path) -> None:
    async with running_console(tmp_path / "home") as running, a_browser() as browser:
        report = await with_a_report(running, tmp_path)
        one, other = await a_person(browser), await a_person(browser, java_script_enabled=False)
        first, second = await one.page(running.link()), await other.page(running.link())
        await second.set_viewport_size({"width": 390, "height": 844})
        for page in (first, second):
            await open_report(running, page, report)
            await page.locator(".hand.edit summary").first.click()
        await first.locator(".proof-form textarea").first.fill(SAID)
        await arrive_by(first.get_by_role("button", name="고쳐 두기").first)
        await expect(first.locator("#n1")).to_contain_text(SAID)
        await second.locator(".proof-form textarea").first.fill("6월 말에 끝납니다.")
        await arrive_by(second.get_by_role("button", name="고쳐 두기").first)
        await expect(second.locator(".conflict .old")).to_contain_text(SAID)
        await expect(second.locator(".conflict textarea")).to_have_value("6월 말에 끝납니다.")
        await arrive_by(second.get_by_role("button", name="내 글로 바꾸기"))
        await expect(second.locator("#n1")).to_contain_text("6월 말에 끝납니다.")
        # without script a request is a form, and its proposal is there when the page is
        await second.locator(".hand.ask summary").first.click()
        await arrive_by(second.get_by_role("button", name="다시 쓰기").first)
        await expect(second.locator(".proposal .new")).to_be_visible()
        assert one.complaints == []
        assert [line for line in other.complaints if "409" not in line] == []
        await first.set_viewport_size({"width": 390, "height": 844})
        await first.goto(f"{running.address}{report.place}")
        await first.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert await violations(first) == []
        wide = await first.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "the page scrolls sideways"


async def test_a_proposal_that_takes_its_time_comes_to_the_open_page_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jihwi.console.pages.proofing.SOON_SECONDS", 0.0)
    home = tmp_path / "home"
    async with running_console(home) as running:
        case_id = (await with_a_report(running, tmp_path)).case_id
    async with running_console(home, runner=False) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await page.goto(f"{running.address}/cases/{case_id}/report")
        await page.locator(".hand.ask > summary").first.click()
        await arrive_by(page.get_by_role("button", name="대조하기").first)
        await expect(page.locator(".proposal.working")).to_be_visible()
        async with open_house(Settings(home=str(home), viewer="kim")) as elsewhere:
            await elsewhere.orchestrator().drive(case_id)
        await expect(page.locator(".proposal").get_by_role("button").first).to_be_visible()
        await expect(page.locator(".proposal.working")).to_have_count(0)
        sound(watched)


async def test_a_citation_opens_at_its_words_also_after_letters_of_two_units_and_old_hangul(tmp_path: Path) -> None:
    folder = tmp_path / "옛글"
    folder.mkdir()
    (folder / "언해.md").write_text(f"# 언해\n\n𠀀𠀁🙂 머리말이다.\n\n{OLD} 🙂 뒤에 오는 말이다.\n", encoding="utf-8")
    async with running_console(tmp_path / "home") as running, a_browser() as browser:
        await running.read(folder)
        client = await Client(running.console).come_in()
        sent = await client.post("/cases", {"request": "공사기간은 언제까지인가?"}, accept="application/json")
        case = await running.case(str(sent.json()["case"]), lambda now: now.status == "closed")
        report = Report(running, client, case.id)
        source = (await report.seen())["sources"][0]
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await open_report(running, page, report)
        await page.locator(".cite").first.click()
        await expect(page.locator("#source-open mark").first).to_be_visible()
        marked = await page.locator("#source-open mark").all_inner_texts()
        assert "".join(marked) == source["text"]
        assert "ᄒᆞ노라" in source["text"]
        await page.goto(
            f"{running.address}/documents/{source['document']}?reading={source['reading']}"
            f"&start={source['start']}&end={source['end']}#at"
        )
        assert "".join(await page.locator("mark").all_inner_texts()) == source["text"]
        sound(watched)

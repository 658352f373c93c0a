"""Nothing a person has typed is lost, and nothing they press counts twice: not when the session has ended, the form was
refused, somebody else was faster, or the page was told something new meanwhile."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from jihwi.case import person as persons
from jihwi.case.state import waits
from jihwi.testing.builders import a_skill, an_agent, an_opening
from tests.console.office import Running, a_browser, a_person, arrive_by, running_console, small_engine, until
from tests.console.test_journeys import Server, asker, open_small_case, sender, sound
from tests.network import kept_port

pytestmark = pytest.mark.needs("chromium")

WORDS = "여러 번 고쳐 쓴 긴 답입니다."


async def a_question(running: Running, page: Page) -> str:
    """A page that shows a question of a case; its address."""
    address = await open_small_case(running, an_agent("asker"))
    await page.goto(address)
    await expect(page.locator(".decision.question")).to_be_visible()
    return address


async def test_what_was_written_when_the_session_had_ended_is_there_after_signing_in(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        address = await a_question(running, page)
        await page.fill(".decision textarea", WORDS)
        await watched.context.clear_cookies()
        await arrive_by(page.get_by_role("button", name="답하기"))
        await expect(page.get_by_text("방금 보낸 것은 처리되지 않았습니다")).to_be_visible()
        assert f"next={address.removeprefix(running.address)}" in page.url
        await page.goto(running.link())
        await page.goto(address)
        await expect(page.locator(".decision textarea")).to_have_value(WORDS)
        await expect(page.get_by_text("보내지 못한 글입니다")).to_be_visible()
        await arrive_by(page.get_by_role("button", name="답하기"))
        await page.goto(address)
        await expect(page.get_by_text("보내지 못한 글입니다")).to_have_count(0)


async def test_what_was_written_in_a_form_that_was_refused_is_there_again_but_for_no_other_person(
    tmp_path: Path,
) -> None:
    async with running_console(tmp_path, small_engine({})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await page.goto(f"{running.address}/library")
        await page.fill("input[name=folder]", "/nowhere/at/all")
        await arrive_by(page.get_by_role("button", name="폴더 읽기"))
        await expect(page.locator(".problem h1")).to_contain_text("폴더가 없습니다")
        await arrive_by(page.get_by_role("link", name="돌아가기"))
        await expect(page.locator("input[name=folder]")).to_have_value("/nowhere/at/all")
        await page.reload()
        await expect(page.locator("input[name=folder]")).to_have_value("")


async def test_who_writes_while_somebody_else_decides_is_told_and_keeps_the_words(tmp_path: Path) -> None:
    send = a_skill("send_notice", effect="write", approval="always")
    engine = small_engine({"sender": sender}, send)
    async with running_console(tmp_path, engine) as running, a_browser() as browser:
        one, other = await a_person(browser), await a_person(browser)
        first, second = await one.page(running.link()), await other.page(running.link())
        address = await open_small_case(running, an_agent("sender", send))
        for page in (first, second):
            await page.goto(address)
            await expect(page.locator(".decision.approval")).to_be_visible()
        await second.fill(".decision input[name=note]", WORDS)
        await arrive_by(first.get_by_role("button", name="승인"))
        await expect(second.locator(".case-head .standing")).to_have_text("마침")
        await expect(second.get_by_text("그 사이에 처리되어")).to_be_visible()
        await expect(second.locator(".decision input[name=note]")).to_have_value(WORDS)
        await expect(second.get_by_role("button", name="거절")).to_be_disabled()
        await second.get_by_role("button", name="치우기").click()
        await expect(second.locator(".decision")).to_have_count(0)
        sound(one)
        sound(other)


async def test_whoever_is_at_a_link_or_has_opened_something_is_told_all_the_same_and_stays_there(
    tmp_path: Path,
) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        address = await a_question(running, page)
        await page.get_by_text("이 사건의 팀").click()
        await page.locator(".case-acts").get_by_role("link", name="프롬프트").focus()
        case_id = address.rsplit("/", 1)[1]
        await running.console.orchestrator.submit(case_id, lambda now: persons.pause(now, by="kim"))
        await expect(page.locator(".case-head .standing")).to_have_text("멈춤")
        await expect(page.get_by_role("link", name="프롬프트")).to_be_focused()
        assert await page.evaluate("document.querySelector('.members').open")
        sound(watched)


async def test_a_button_pressed_twice_sends_once(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        await page.fill("#request", "연차휴가는 며칠입니까?")
        # the second press comes while the first is under way: nothing has answered it yet
        await page.evaluate("""() => { const button = document.querySelector('.request-form .primary');
            button.click(); setTimeout(() => button.click(), 0); }""")
        await expect(page.locator(".case-head")).to_be_visible()
        assert len(sent) == 1
        assert len(await running.console.house.store.rows()) == 1


async def test_a_page_whose_session_ended_elsewhere_says_so_and_leads_back_in(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        address = await a_question(running, page)
        hub = running.console.hub
        await until(lambda: hub.lines == 1)
        elsewhere = await watched.page(f"{running.address}/settings")
        await arrive_by(elsewhere.get_by_role("button", name="나가기"))
        # what happens now is no longer for whoever sits there
        case_id = address.rsplit("/", 1)[1]
        await running.console.orchestrator.submit(case_id, lambda now: persons.pause(now, by="kim"))
        await expect(page.get_by_role("link", name="다시 들어가기")).to_be_visible()
        await expect(page.locator(".case-head .standing")).not_to_have_text("멈춤")
        await until(lambda: hub.lines == 0)


async def test_two_pages_of_one_browser_in_two_languages_are_told_each_in_its_own(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        watched = await a_person(browser)
        first = await watched.page(running.link())
        address = await a_question(running, first)
        await watched.context.add_cookies([{"name": "jihwi_lang", "value": "en", "url": running.address}])
        second = await watched.page(address)
        await expect(second.locator("html")).to_have_attribute("lang", "en")
        await until(lambda: running.console.hub.lines == 2)
        case_id = address.rsplit("/", 1)[1]
        await running.console.orchestrator.submit(case_id, lambda now: persons.pause(now, by="kim"))
        await expect(first.locator("#events > li").last).to_contain_text("멈추")
        await expect(second.locator("#events > li").last).to_contain_text("aused")
        sound(watched)


async def test_a_case_is_not_cancelled_by_one_slip(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await a_question(running, page)
        assert not await page.get_by_role("button", name="정말 취소하기").is_visible()
        await page.locator(".case-acts").get_by_text("사건 취소").click()
        await page.locator(".case-acts").get_by_label("까닭").fill("잘못 열었습니다")
        await arrive_by(page.get_by_role("button", name="정말 취소하기"))
        await expect(page.locator(".case-head .standing")).to_have_text("취소됨")
        await expect(page.locator(".case-head")).to_contain_text("잘못 열었습니다")
        sound(watched)


async def test_an_inbox_changes_around_whoever_writes_in_it(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        opened = [
            await running.console.orchestrator.open(an_opening(an_agent("asker"), request=f"{one}번째 요청"))
            for one in ("첫", "둘")
        ]
        for case_id in opened:
            await running.case(str(case_id), lambda case: waits(case) == 1)
        await page.goto(f"{running.address}/inbox")
        mine = page.locator(".inbox-item", has_text="둘번째 요청").locator("textarea")
        await mine.fill(WORDS)
        await running.console.orchestrator.submit(opened[0], lambda now: persons.answer(now, "2025년", by="kim"))
        await running.case(str(opened[0]), lambda case: waits(case) == 1 and case.seq > 8)
        await running.console.orchestrator.submit(opened[0], lambda now: persons.cancel(now, by="kim"))
        await expect(page.locator(".inbox-item")).to_have_count(1)
        await expect(mine).to_have_value(WORDS)
        await expect(page.get_by_text("그 사이에 처리되어")).to_have_count(0)
        sound(watched)


async def test_what_is_sent_while_the_server_is_away_stays_on_the_page_until_it_is_back(tmp_path: Path) -> None:
    with kept_port() as port:
        async with a_browser() as browser:
            watched = await a_person(browser)
            with Server(tmp_path, port) as server:
                page = await watched.page(server.said["link"])
                await page.fill("#request", WORDS)
                server.end(signal.SIGKILL)
            await page.get_by_role("button", name="사건 열기").click()
            await expect(page.get_by_text("서버에 닿지 않아 보내지 못했습니다")).to_be_visible()
            await expect(page.locator("#request")).to_have_value(WORDS)
            await expect(page.locator("#line-state")).to_be_visible()
            with Server(tmp_path, port):
                await expect(page.locator("#line-state")).to_be_hidden()
                await arrive_by(page.get_by_role("button", name="사건 열기"))
                await expect(page.locator(".case-head h1")).to_have_text(WORDS)

"""What a person does in a real browser, from beginning to end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from jihwi.case.turn import Ask, Call, CallSettled, Report, Turn, View
from jihwi.testing.builders import a_skill, an_agent, an_opening
from tests.console.office import (
    EXAMPLES,
    PATIENCE,
    Running,
    Watched,
    a_browser,
    a_person,
    arrive_by,
    running_console,
    small_engine,
)
from tests.network import kept_port

pytestmark = pytest.mark.needs("chromium")

REQUEST = "민원실 환경개선 공사의 공사기간은 언제까지인가?"


def sound(watched: Watched) -> None:
    """Nothing was complained of and nothing was asked of anybody else."""
    assert watched.complaints == []
    assert watched.elsewhere == []


async def test_a_newcomer_goes_from_an_empty_desk_to_a_released_report(tmp_path: Path) -> None:
    files = [str(path) for path in sorted(EXAMPLES.rglob("*")) if path.suffix in (".docx", ".html", ".txt")]
    async with running_console(tmp_path) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await expect(page.get_by_text("먼저 문서를 가져오세요")).to_be_visible()
        await arrive_by(page.get_by_role("link", name="문서 가져오기"))
        await page.locator("input[type=file]").set_input_files(files)
        await arrive_by(page.get_by_role("button", name="읽기", exact=True))
        await expect(page.locator(".documents > li")).to_have_count(len(files))
        await arrive_by(page.get_by_role("link", name="책상"))
        await expect(page.locator(".way li a").first).to_be_visible()
        await page.fill("#request", REQUEST)
        await arrive_by(page.get_by_role("button", name="사건 열기"))
        await expect(page.locator(".case-head .standing")).to_have_text("마침")
        await arrive_by(page.get_by_role("link", name="보고서", exact=True))
        await expect(page.locator(".answer")).to_contain_text("2025년 6월 30일")
        await page.locator(".cite").first.click()
        await expect(page.locator("#source-open mark").first).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Markdown").click()
        saved = await (await download.value).path()
        assert "2025년 6월 30일" in await asyncio.to_thread(Path(saved).read_text, encoding="utf-8")
        sound(watched)


# ── deciding ─────────────────────────────────────────────────────────────────


def sender(view: View) -> Turn:
    """Wants to send one notice, then reports."""
    if not any(isinstance(one, CallSettled) for one in view.transcript):
        return Turn(actions=(Call("send_notice", {"to": "주민", "words": "공사는 6월에 끝납니다."}),))
    return Turn(actions=(Report(text="보냈습니다."),))


def asker(view: View) -> Turn:
    """Asks until somebody has posted a finding, then reports."""
    return Turn(actions=(Report(text="끝냈습니다."),)) if view.findings else Turn(actions=(Ask("어느 공사입니까?"),))


async def open_small_case(running: Running, agent: Any) -> str:
    """A case of one agent; its address."""
    case_id = await running.console.orchestrator.open(an_opening(agent, request="공사 안내를 보내 주세요"))
    return f"{running.address}/cases/{case_id}"


async def test_an_action_is_edited_before_it_happens_and_the_edited_one_is_approved(tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = []
    send = a_skill("send_notice", lambda context, arguments: sent.append(arguments), effect="write", approval="always")
    engine = small_engine({"sender": sender}, send)
    async with running_console(tmp_path, engine) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await page.goto(await open_small_case(running, an_agent("sender", send)))
        await expect(page.locator(".decision.approval")).to_contain_text("6월에 끝납니다")
        assert sent == []
        await page.get_by_text("고쳐서 다시 묻게 하기").click()
        await page.locator("textarea[name=arguments]").fill('{"to": "주민", "words": "공사는 7월에 끝납니다."}')
        await arrive_by(page.get_by_role("button", name="고친 값으로 바꾸기"))
        await expect(page.locator(".decision.approval dl")).to_contain_text("7월에 끝납니다")
        assert sent == []
        await arrive_by(page.get_by_role("button", name="승인"))
        await expect(page.locator(".case-head .standing")).to_have_text("마침")
        assert sent == [{"to": "주민", "words": "공사는 7월에 끝납니다."}]
        sound(watched)


async def test_a_person_takes_a_seat_over_works_in_it_and_gives_it_back(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running, a_browser() as browser:
        watched = await a_person(browser)
        page = await watched.page(running.link())
        await page.goto(await open_small_case(running, an_agent("asker")))
        await expect(page.locator(".decision.question")).to_contain_text("어느 공사입니까?")
        await page.locator(".seat-acts summary").first.click()
        await arrive_by(page.get_by_role("button", name="넘겨받기"))
        await expect(page.locator(".decision.turn")).to_be_visible()
        await page.get_by_text("발견을 올리거나 묻기").click()
        await page.locator("details[open] textarea[name=text]").last.fill("민원실 공사입니다.")
        await arrive_by(page.get_by_role("button", name="발견 올리기"))
        await expect(page.locator(".findings")).to_contain_text("민원실 공사입니다.")
        await arrive_by(page.get_by_role("button", name="자리 돌려주기"))
        await expect(page.locator(".case-head .standing")).to_have_text("마침")
        sound(watched)


async def test_two_browsers_on_one_case_see_the_same_and_only_one_answer_counts(tmp_path: Path) -> None:
    send = a_skill("send_notice", effect="write", approval="always")
    engine = small_engine({"sender": sender}, send)
    async with running_console(tmp_path, engine) as running, a_browser() as browser:
        one, other = await a_person(browser), await a_person(browser)
        first, second = await one.page(running.link()), await other.page(running.link())
        address = await open_small_case(running, an_agent("sender", send))
        await first.goto(address)
        await second.goto(address)
        await expect(second.locator(".decision.approval")).to_be_visible()
        await arrive_by(first.get_by_role("button", name="승인"))
        await expect(second.locator(".case-head .standing")).to_have_text("마침")
        await expect(second.locator(".decision")).to_have_count(0)
        sound(one)
        sound(other)


# ── a server that dies ───────────────────────────────────────────────────────


class Server:
    """`jihwi serve` in a process of its own, which can be killed and started again on the same port."""

    def __init__(self, home: Path, port: int = 0, *options: str, **more: str) -> None:
        environment = {**os.environ, "JIHWI_HOME": str(home), "JIHWI_VIEWER": "kim", **more}
        command = [sys.executable, "-m", "jihwi", "serve", "--json", "--lang", "ko", "--port", str(port), *options]
        self._remarks = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the `with` block of the server
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._remarks, stdin=subprocess.DEVNULL, env=environment
        )
        said = b""
        assert self._process.stdout is not None
        while not said.rstrip().endswith(b"}"):
            line = self._process.stdout.readline()
            assert line, f"the server ended: {self.end(signal.SIGKILL)}"
            said += line
        self.said = json.loads(said)

    def end(self, how: signal.Signals) -> str:
        """End it; what it remarked, also on its way out."""
        self._process.send_signal(how)
        self._process.communicate(timeout=PATIENCE)
        self._remarks.seek(0)
        return self._remarks.read().decode()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *problem: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._remarks.close()


async def read_examples(page: Page, address: str) -> None:
    await page.goto(f"{address}/library")
    await page.fill("input[name=folder]", str(EXAMPLES / "계약"))
    await arrive_by(page.get_by_role("button", name="폴더 읽기"))
    await expect(page.locator(".documents > li").first).to_be_visible()
    await expect(page.locator("[data-busy='1']")).to_have_count(0)


async def test_a_killed_server_comes_back_and_the_open_page_goes_on_by_itself(tmp_path: Path) -> None:
    with kept_port() as port:
        async with a_browser() as browser:
            watched = await a_person(browser)
            with Server(tmp_path, port) as server:
                page = await watched.page(server.said["link"])
                await read_examples(page, server.said["address"])
                await page.goto(f"{server.said['address']}/desk")
                await page.fill("#request", REQUEST)
                await page.check("input[name=ask]")
                await arrive_by(page.get_by_role("button", name="사건 열기"))
                await expect(page.locator("#e1")).to_be_visible()
                server.end(signal.SIGKILL)
            with Server(tmp_path, port) as server:
                # no reload: the same page sees the case go on, and what it waits for
                await expect(page.locator(".decision.approval")).to_be_visible()
                numbers = await page.locator("#events > li").evaluate_all(
                    "all => all.map(one => Number(one.dataset.seq))"
                )
                assert numbers == list(range(1, len(numbers) + 1))
                await arrive_by(page.get_by_role("button", name="승인"))
                await expect(page.locator(".case-head .standing")).to_have_text("마침")
                assert watched.elsewhere == []
                remarks = server.end(signal.SIGTERM)
                assert "graceful shutdown exceeded" not in remarks, "an open page must not keep the server from ending"

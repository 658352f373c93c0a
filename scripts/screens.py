"""Takes the console's pictures in docs/screens: a real console over the example office, looked at by a real Chromium.

.venv/bin/python scripts/screens.py [FOLDER]
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from jihwi.console import Console, create_app
from jihwi.settings import Settings
from jihwi.wiring import open_house

ROOT = Path(__file__).resolve().parent.parent
OFFICE = ROOT / "examples" / "office"
REQUESTS = {
    "ko": ("민원실 환경개선 공사의 공사기간은 언제까지인가?", "국내 출장의 일비는 1일 얼마입니까?"),
    "en": ("When must foreign residents register their address?", "How many students take part in the youth exchange?"),
}


async def take(folder: Path) -> None:
    """Every page in Korean by day and in English by night, and the places of work on a phone."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=home, viewer="김서연")
        async with open_house(settings) as house, Console(house, hosts=frozenset({"127.0.0.1"})) as console:
            await console.warm()
            server = uvicorn.Server(uvicorn.Config(create_app(console), port=0, log_level="warning", lifespan="off"))
            serving = asyncio.create_task(server.serve())
            await _read(console)
            async with async_playwright() as driver:
                program = shutil.which("chromium") or shutil.which("google-chrome")
                browser = await driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
                address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
                await _everything(browser, console, address, folder)
                await browser.close()
            console.stop()
            server.should_exit = True
            await serving


async def _read(console: Console) -> None:
    ingest = console.ingests.start(OFFICE, ())
    while True:
        if ingest.done:
            return
        await asyncio.sleep(0.1)


async def _everything(browser: Browser, console: Console, address: str, folder: Path) -> None:
    looks: list[tuple[str, str, Any, int]] = [
        ("ko", "", "light", 1280),
        ("en", ".dark", "dark", 1280),
        ("ko", ".phone", "light", 390),
        ("en", ".phone.dark", "dark", 390),
    ]
    for language, suffix, scheme, width in looks:
        size = {"width": width, "height": 900 if width > 800 else 844}
        context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"{address}/enter?key={console.people.link(console.people.owner.id)}")
        await context.add_cookies([{"name": "jihwi_lang", "value": language, "url": address}])
        shots = _Shots(page, address, folder, f".{language}{suffix}")
        await shots.work(REQUESTS[language])
        if width > 800:
            await shots.rest()
        await context.close()


class _Shots:
    """The pages of one look."""

    def __init__(self, page: Page, address: str, folder: Path, suffix: str) -> None:
        self._page = page
        self._address = address
        self._folder = folder
        self._suffix = suffix

    async def work(self, requests: tuple[str, str]) -> None:
        """The desk, a case, its report with a source opened, the inbox."""
        page = self._page
        await self._open(requests[1], ask=True)
        await page.locator(".decision").first.wait_for()
        case = await self._open(requests[0], ask=False)
        await page.locator(".case-acts .primary").wait_for(timeout=60_000)
        await self._shot("case")
        await page.goto(f"{case}/report")
        await page.locator(".cite").first.click()
        await page.locator("#source-open mark").first.wait_for()
        if self._suffix.find("phone") >= 0:
            await page.evaluate("scrollTo(0, 0)")
        await self._shot("report")
        self.case = case
        await self._open(requests[0], ask=True)
        await page.locator(".decision").first.wait_for()
        await page.locator(".seat-acts summary").first.click()
        await page.locator(".seat-acts button[value=take]").first.click()
        await page.locator(".decision.turn").wait_for()
        await self._shot("seat")
        await page.locator(".case-acts .sure summary").click()
        async with page.expect_navigation():
            await page.locator(".case-acts button[value=cancel]").click()
        await page.goto(f"{self._address}/desk")
        await self._shot("desk")
        await page.goto(f"{self._address}/inbox")
        await self._shot("inbox")

    async def _open(self, request: str, *, ask: bool) -> str:
        await self._page.goto(f"{self._address}/desk")
        await self._page.fill("#request", request)
        if ask:
            await self._page.check("input[name=ask]")
        await self._page.locator(".request-form .primary").click()
        await self._page.locator(".case-head").wait_for()
        return self._page.url

    async def rest(self) -> None:
        """The places one visits less often."""
        page = self._page
        await page.goto(f"{self._address}/library")
        await self._shot("library")
        path = "복무_규정" if ".ko" in self._suffix else "memorandum"
        await page.locator(".documents a", has_text=path).first.click()
        await self._shot("document")
        query = "여비 일비" if ".ko" in self._suffix else "youth exchange students"
        await page.goto(f"{self._address}/search?q={query}")
        await self._shot("search")
        await page.goto(f"{self.case}/prompts")
        await page.locator(".made-sentences summary").first.click()
        await self._shot("prompts")
        await page.goto(f"{self.case}/ledger")
        await self._shot("ledger")
        await page.goto(f"{self.case}/fork?at=20")
        await self._shot("fork")
        for name, place in (("team", "team"), ("settings", "settings"), ("house", "ledger/house")):
            await page.goto(f"{self._address}/{place}")
            await self._shot(name)

    async def _shot(self, name: str) -> None:
        path = self._folder / f"{name}{self._suffix}.png"
        await self._page.screenshot(path=path, animations="disabled")
        await asyncio.to_thread(_smaller, path)


def _smaller(path: Path) -> None:
    with Image.open(path) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "screens"))

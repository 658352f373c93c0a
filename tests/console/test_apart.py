"""With Postgres the console runs apart from the runners: its page shows what another process does, as it does it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from jihwi.testing.postgres import running_postgres, short_folder
from tests.console.office import PATIENCE, a_browser, a_person, arrive_by
from tests.console.test_journeys import REQUEST, Server, read_examples, sound

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.needs("postgres")]


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a Postgres server's empty database."""
    with short_folder() as folder, running_postgres(folder):
        yield f"postgresql:///postgres?host={quote(str(folder), safe='')}&user=jihwi"


@contextlib.contextmanager
def a_runner(home: Path, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """`jihwi runner` in a process of its own."""
    environment = {**os.environ, "JIHWI_HOME": str(home), "JIHWI_VIEWER": "kim", "JIHWI_STORE": address}
    command = [sys.executable, "-m", "jihwi", "runner", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


async def test_a_case_opened_in_the_console_is_worked_by_a_runner_elsewhere_and_the_page_follows(
    tmp_path: Path, address: str
) -> None:
    async with a_browser() as browser:
        watched = await a_person(browser)
        with Server(tmp_path, 0, "--no-runner", JIHWI_STORE=address) as server:
            page = await watched.page(server.said["link"])
            await read_examples(page, server.said["address"])
            await page.goto(f"{server.said['address']}/desk")
            await page.fill("#request", REQUEST)
            await page.check("input[name=ask]")
            await arrive_by(page.get_by_role("button", name="사건 열기"))
            await expect(page.locator(".case-head .standing")).to_have_text("일하는 중")
            events = page.locator("#events > li")
            begun = await events.count()
            with a_runner(tmp_path, address):
                # no reload: the same page sees what the runner does, and what it waits for
                await expect(page.locator(".decision.approval")).to_be_visible()
                await expect(events.nth(begun + 20)).to_be_visible()
                await arrive_by(page.get_by_role("button", name="승인"))
                await expect(page.locator(".case-head .standing")).to_have_text("마침")
                numbers = await events.evaluate_all("all => all.map(one => Number(one.dataset.seq))")
                assert numbers == list(range(1, len(numbers) + 1))
            await arrive_by(page.get_by_role("link", name="보고서", exact=True))
            await expect(page.locator(".answer")).to_contain_text("2025년 6월 30일")
            sound(watched)
            remarks = server.end(signal.SIGTERM)
            assert "graceful shutdown exceeded" not in remarks

"""A page shows what a model is writing whoever drives the case, once, and only to who may see it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jihwi.case import person
from jihwi.console.people import Person
from jihwi.minds import Delta
from jihwi.settings import StoreAddress
from jihwi.wiring.drafts import drafts_passed
from tests.console.office import Running, running_console, until
from tests.wiring.writing import THOUGHT, a_case, a_slow_model, address, followed, process_of, settings_of

__all__ = ["address"]

EITHER_WAY = pytest.mark.parametrize(
    "on_postgres",
    [pytest.param(False, id="sqlite"), pytest.param(True, id="postgres", marks=pytest.mark.needs("postgres"))],
)


class Page:
    """What the live line of one browser brings."""

    def __init__(self) -> None:
        self.facts: list[str] = []
        self.drafts: list[str] = []

    @property
    def draft(self) -> str:
        return "".join(self.drafts)

    def hear(self, kind: str, data: bytes) -> None:
        told = json.loads(data)
        if kind == "fact":
            self.facts.append(told["kind"])
        if kind == "draft":
            self.drafts.append(told["text"])


@contextlib.asynccontextmanager
async def a_page(running: Running, case_id: str, who: str = "kim") -> AsyncIterator[Page]:
    """The page of a case, open in a browser of `who`."""
    place = urllib.parse.urlsplit(running.link(who))
    came = await _asked(place.port, f"{place.path}?{place.query}")
    headers, _ = await _head(came[0])
    came[1].close()
    cookie = headers["set-cookie"].split(";")[0]
    reader, writer = await _asked(place.port, f"/cases/{case_id}/live", cookie)
    _, status = await _head(reader)
    assert status == 200
    page = Page()
    reading = asyncio.create_task(_read(reader, page))
    try:
        await until(lambda: "case_opened" in page.facts)
        yield page
    finally:
        reading.cancel()
        writer.close()
        await asyncio.gather(reading, return_exceptions=True)


async def _asked(port: int | None, path: str, cookie: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = {"Host": "127.0.0.1", "Cookie": cookie} if cookie else {"Host": "127.0.0.1"}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    return reader, writer


async def _head(reader: asyncio.StreamReader) -> tuple[dict[str, str], int]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return {name.lower(): value for name, value in pairs}, int(first.split()[1])


async def _read(reader: asyncio.StreamReader, page: Page) -> None:
    kind = ""
    async for line in reader:
        name, _, said = line.strip().partition(b": ")
        if name == b"event":
            kind = said.decode()
        elif name == b"data":
            page.hear(kind, said)


async def shows_the_thought(page: Page) -> None:
    """Wait until a page shows what a model has written, but for the letters that the model's adapter still holds."""
    await until(lambda: len(page.draft) > len(THOUGHT) - 64)
    assert THOUGHT.startswith(page.draft)


@EITHER_WAY
async def test_a_page_shows_what_a_model_of_another_process_writes(
    tmp_path: Path, request: pytest.FixtureRequest, on_postgres: bool
) -> None:
    store = request.getfixturevalue("address") if on_postgres else ""
    home = tmp_path / "console"
    rack = tmp_path / "rack" if on_postgres else home
    labels = ("인사",)
    with a_slow_model() as model:
        case_id = await a_case(settings_of(home, store, labels=labels), model, *labels)
        async with running_console(home, runner=False, store=store, labels=labels) as running:
            console = running.console
            await console.people.put(Person("park", "박", "auditor"))
            async with a_page(running, case_id) as page, a_page(running, case_id, "park") as blind:
                await followed(store, home, case_id)
                with process_of(rack, store, "runner", "--json"):
                    await shows_the_thought(page)
                    await console.orchestrator.submit(case_id, lambda now: person.pause(now, by="kim"), door="console")
                    await until(lambda: "case_paused" in blind.facts)
                assert blind.drafts == []
                assert "turn_finished" not in page.facts
            await until(lambda: not (home / "drafts").exists() or not list((home / "drafts").iterdir()))
        model.close()


@EITHER_WAY
async def test_a_page_shows_once_what_a_model_of_its_own_console_writes(
    tmp_path: Path, request: pytest.FixtureRequest, on_postgres: bool
) -> None:
    store = request.getfixturevalue("address") if on_postgres else ""
    with a_slow_model() as model:
        case_id = await a_case(settings_of(tmp_path, store), model, paused=True)
        async with running_console(tmp_path, store=store) as running, a_page(running, case_id) as page:
            await running.console.orchestrator.submit(case_id, lambda now: person.resume(now, by="kim"))
            await shows_the_thought(page)
            await followed(store, tmp_path, case_id)
            elsewhere = drafts_passed(StoreAddress(store), tmp_path)
            elsewhere(Delta(case_id, "a1", 2, "of a turn that has not begun"))
            elsewhere(Delta(case_id, "a1", 1, "after whatever came twice"))
            await until(lambda: page.draft.endswith("twice"))
            assert THOUGHT.startswith(page.draft.removesuffix("after whatever came twice"))
            await elsewhere.close()
            model.close()

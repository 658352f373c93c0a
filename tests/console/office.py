"""A console that really runs on a port of this machine, a browser that really looks at it, and small teams for both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import urllib.parse
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from jihwi.case.state import Case
from jihwi.case.turn import Turn, View
from jihwi.clock import SystemClock
from jihwi.console import Console, create_app
from jihwi.ids import Randomness
from jihwi.orchestrator import Orchestrator
from jihwi.settings import Settings, StoreAddress
from jihwi.skills import Skill, SkillBox
from jihwi.testing.builders import Minds, Press
from jihwi.wiring import House, open_house

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "office"
HOSTS = frozenset({"127.0.0.1", "localhost"})
PATIENCE = 120.0
"""For how many seconds a state is waited for that comes at once: the machine may be busy with other things."""

expect.set_options(timeout=PATIENCE * 1000)


def small_engine(functions: Mapping[str, Callable[[View], Turn]], *skills: Skill) -> Callable[[House], Any]:
    """An engine over a house's store whose minds are plain functions and whose press lets everything through."""

    def of(house: House) -> Callable[..., Orchestrator]:
        def make(**told: Any) -> Orchestrator:
            return Orchestrator(
                store=house.store,
                minds=Minds(functions),
                skills=SkillBox(skills),
                publisher=Press(),
                chance=Randomness(),
                clock=SystemClock(),
                runner="test",
                **told,
            )

        return make

    return of


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a state, looking often; fails when it does not come."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


class Running:
    """A console that runs: where, and its parts."""

    def __init__(self, console: Console, address: str) -> None:
        self.console = console
        self.address = address

    async def case(self, case_id: str, holds: Callable[[Case], bool]) -> Case:
        """A case once something holds of it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                case = (await self.console.cases.of(case_id)).case
                if holds(case):
                    return case
                await self.console.house.store.wait(case_id, case.seq, seconds=0.5)

    async def read(self, folder: Path, labels: tuple[str, ...] = ()) -> None:
        """Read a folder into the library."""
        ingest = self.console.ingests.start(folder, labels)
        await until(lambda: ingest.done)

    def link(self, person: str = "") -> str:
        """A fresh sign-in link."""
        people = self.console.people
        return f"{self.address}/enter?key={people.link(person or people.owner.id)}"


@contextlib.asynccontextmanager
async def running_console(
    home: Path,
    engine: Callable[[House], Any] | None = None,
    *,
    runner: bool = True,
    store: str = "",
    labels: tuple[str, ...] = (),
) -> AsyncIterator[Running]:
    """A console over the state in `home` (the cases at `store`, when given), served on a free port."""
    settings = Settings(home=str(home), viewer="kim", labels=labels, language="ko", store=StoreAddress(store))
    async with open_house(settings) as house:
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
        made = engine(house) if engine else None
        async with Console(house, hosts=HOSTS, port=port, engine=made, runner=runner) as console:
            config = uvicorn.Config(create_app(console), log_level="warning", lifespan="off")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[sock]))
            try:
                await until(lambda: server.started)
                yield Running(console, f"http://127.0.0.1:{port}")
            finally:
                console.stop()
                server.should_exit = True
                await serving
                sock.close()


class Watched:
    """A browser of one person, and everything its pages complained of or asked of others."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []

    async def page(self, link: str) -> Page:
        """A page that has come in by a link."""
        origin = urllib.parse.urlsplit(link).netloc
        page = await self.context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.on("request", lambda r: self._asked(r.url, origin))
        await page.goto(link)
        return page

    def _asked(self, url: str, origin: str) -> None:
        if urllib.parse.urlsplit(url).netloc != origin:
            self.elsewhere.append(url)


@contextlib.asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
            timeout=PATIENCE * 1000,
        )
        try:
            yield browser
        finally:
            await browser.close()


async def a_person(browser: Browser, **how: Any) -> Watched:
    """A browser of one's own: cookies and workers apart from the others'."""
    return Watched(await browser.new_context(viewport={"width": 1280, "height": 900}, locale="ko-KR", **how))


async def arrive_by(control: Locator) -> None:
    """Press what sends a form or leads to another page, and be there: the next step never races the navigation."""
    async with control.page.expect_navigation():
        await control.click()


# ── without a browser ────────────────────────────────────────────────────────


class Answer:
    """What the application answered."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks the application directly, as one browser with its cookie would."""

    def __init__(self, console: Console, host: str = "127.0.0.1", *, proxy_header: str = "") -> None:
        self.console = console
        self.address = "127.0.0.1"
        self.app = create_app(console, proxy_header=proxy_header)
        self.host = host
        self.cookie = ""
        self.csrf = ""

    async def come_in(self, person: str = "") -> Client:
        """Sign in by a link."""
        key = self.console.people.link(person or self.console.people.owner.id)
        answer = await self.get(f"/enter?key={key}")
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        session = self.console.people.session(self.cookie.split("=", 1)[1])
        assert session is not None
        self.csrf = session.csrf
        return self

    async def get(self, path: str, **headers: str) -> Answer:
        """A page, or its twin."""
        return await self._ask("GET", path, b"", headers)

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """A form, with this browser's token."""
        body = urllib.parse.urlencode({"csrf": self.csrf, **fields}).encode()
        return await self._ask("POST", path, body, {"content-type": "application/x-www-form-urlencoded", **headers})

    async def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """A form in any other shape."""
        return await self._ask("POST", path, body, headers)

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        place, _, query = path.partition("?")
        said = {"host": self.host, **({"cookie": self.cookie} if self.cookie else {})}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": urllib.parse.unquote(place),
            "raw_path": place.encode(),
            "query_string": urllib.parse.quote(query, safe="=&%+").encode(),  # as a browser sends it
            "root_path": "",
            "headers": [(name.encode(), value.encode("utf-8")) for name, value in said.items()],
            "client": (self.address, 50000),
            "server": (self.host, 80),
        }
        sent: list[Any] = []
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if given:
                return given.pop()
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(one for one in sent if one["type"] == "http.response.start")
        found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        whole = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
        return Answer(start["status"], found, whole)


async def every_page(client: Client, case_id: str, document: str) -> list[str]:
    """An address for every page that the console's own description names."""
    described = (await client.get("/openapi.json")).json()["paths"]
    paths = [path for path, ways in described.items() if "text/html" in str(ways.get("get", ""))]
    for part, value in {"{case_id}": case_id, "{document_id}": document, "{seq}": "12"}.items():
        paths = [path.replace(part, value) for path in paths]
    assert not [path for path in paths if "{" in path], "a page with no address here"
    more = {"/search": "?q=공사 성과급", f"/cases/{case_id}/fork": "?at=12"}
    return [path + more.get(path, "") for path in paths]

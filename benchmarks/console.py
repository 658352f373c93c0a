"""How the console bears many people: pages that follow live cases, the server's memory, the time of its pages.

    python -m benchmarks.console [PAGES] [CASES] [SECONDS]      (make bench-console)

A server process drives the cases itself: each case's agent calls a skill about once a second. As many clients as
there are pages hold a live line each and, like a page, fetch the case's state again after what they hear. Latency is
from the moment an event is stamped to its arrival at a client.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import write_figures
from jihwi.case.assignment import AgentSpec, MindSpec
from jihwi.case.turn import Call, Report, Turn, View
from jihwi.clock import SystemClock
from jihwi.console import Console, create_app
from jihwi.evidence import Viewer
from jihwi.ids import Randomness
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Opening, Orchestrator
from jihwi.settings import Settings
from jihwi.skills import SkillBox
from jihwi.testing.builders import Minds, Press, a_skill
from jihwi.wiring import House, open_house

LONG = 5_000
"""Events of the long case."""


class Steady:
    """Calls the skill again and again, `pause` seconds apart, until it has made `turns` turns."""

    def __init__(self, pause: float, turns: int) -> None:
        self._pause = pause
        self._turns = turns

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        await asyncio.sleep(self._pause)
        if view.turn > self._turns:
            return Turn(actions=(Report(text="done"),))
        return Turn(text=f"turn {view.turn}", actions=(Call("look", {"where": f"document {view.turn}"}),))


def _engine(house: House, pause: float, turns: int) -> Any:
    look = a_skill("look", lambda context, arguments: {"hits": [arguments["where"]] * 3})

    def make(**told: Any) -> Orchestrator:
        return Orchestrator(
            store=house.store,
            minds=Minds({}, {"steady": Steady(pause, turns), "quick": Steady(0.0, LONG // 5)}),
            skills=SkillBox([look]),
            publisher=Press(),
            chance=Randomness(),
            clock=SystemClock(),
            runner="benchmark",
            **told,
        )

    return make, look


def _opening(name: str, look: Any) -> Opening:
    agent = AgentSpec(name, MindSpec("procedure", name), skills=(look.spec,))
    request = "민원실 환경개선 공사의 공사기간은 언제까지인가?"
    return Opening(
        request=request, requester=Viewer("kim"), language="ko", team="bench", team_digest="0" * 64, agents=(agent,)
    )


async def serve(home: str, cases: int, seconds: float) -> None:
    """The server process: says where it is and which cases it drives, then drives them."""
    import uvicorn  # waits: only the server process needs it

    settings = Settings(home=home, viewer="kim", language="ko")
    async with open_house(settings) as house:
        engine, look = _engine(house, 1.0, int(seconds) + 30)
        async with Console(house, hosts=frozenset({"127.0.0.1"}), engine=engine) as console:
            await console.warm()
            server = uvicorn.Server(uvicorn.Config(create_app(console), port=0, log_level="warning", lifespan="off"))
            serving = asyncio.create_task(server.serve())
            while True:
                if server.started:
                    break
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            long = await console.orchestrator.open(_opening("quick", look))
            async with asyncio.timeout(300):
                while True:
                    row = await house.store.row(long)
                    if row is not None and row.status == "closed":
                        break
                    await asyncio.sleep(0.2)
            live = [await console.orchestrator.open(_opening("steady", look)) for _ in range(cases)]
            key = console.people.link("kim")
            print(json.dumps({"port": port, "key": key, "long": long, "live": live}), flush=True)
            await serving


# ── the clients ──────────────────────────────────────────────────────────────


async def ask(port: int, path: str, cookie: str) -> tuple[float, bytes]:
    """Fetch a page; milliseconds until its last byte, and the answer."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n".encode())
    body = await reader.read()
    writer.close()
    return (time.perf_counter() - began) * 1000, body


class Page:
    """One open page: its live line, and what it fetches again after what it hears."""

    def __init__(self, port: int, cookie: str, case: str) -> None:
        self.port, self.cookie, self.case = port, cookie, case
        self.late: list[float] = []
        self.fetched: list[float] = []
        self._due = asyncio.Event()

    async def follow(self) -> None:
        """Read the line until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET /live?of={self.case}:0 HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {self.cookie}\r\n\r\n"
        writer.write(head.encode())
        began = time.time() * 1000
        with contextlib.closing(writer):
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    at = json.loads(line[6:]).get("at", 0)
                    if at > began:
                        self.late.append(time.time() * 1000 - at)
                        self._due.set()

    async def refresh(self) -> None:
        """What a page does: some time after it heard something, fetch the state once."""
        while True:
            await self._due.wait()
            await asyncio.sleep(0.18)
            self._due.clear()
            spent, _ = await ask(self.port, f"/cases/{self.case}?part=now", self.cookie)
            self.fetched.append(spent)


def memory(pid: int, name: str) -> float:
    """Megabytes a process holds now (`VmRSS`) or held at most (`VmHWM`)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split(f"{name}:")[1].split()[0]) / 1024


def at(values: list[float], share: float) -> float:
    """A percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


async def measure(pages: int, cases: int, seconds: float) -> None:
    """Start the server, open the pages, listen, and print."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "benchmarks.console", "serve", home, str(cases), str(seconds)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        said = json.loads(await process.stdout.readline())
        port = said["port"]
        _, entered = await ask(port, f"/enter?key={said['key']}", "")
        cookie = entered.split(b"set-cookie: ")[1].split(b";")[0].decode()
        long = f"/cases/{said['long']}"
        times = {}
        for name, path in (("desk", "/desk"), ("inbox", "/inbox"), ("case of 5,000 events", long)):
            first, _ = await ask(port, path, cookie)
            again = [(await ask(port, path, cookie))[0] for _ in range(10)]
            times[name] = (first, statistics.median(again))
        opened = [Page(port, cookie, said["live"][n % cases]) for n in range(pages)]
        tasks = [asyncio.create_task(work) for page in opened for work in (page.follow(), page.refresh())]
        await asyncio.sleep(seconds)
        rss, most = memory(process.pid, "VmRSS"), memory(process.pid, "VmHWM")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        process.terminate()
        await process.wait()
    late = [one for page in opened for one in page.late]
    fetched = [one for page in opened for one in page.fetched]
    found = {
        "milliseconds": {
            "event to page": {f"p{share}": at(late, share / 100) for share in (50, 95, 99)},
            "state fetched": {f"p{share}": at(fetched, share / 100) for share in (50, 95)},
            "first page": {name: first for name, (first, _) in times.items()},
            "page again": {name: again for name, (_, again) in times.items()},
        },
        "megabytes": {"server with its runner": rss, "at most": most},
        "counts": {"pages": pages, "cases": cases, "seconds": seconds, "events arrived": len(late)},
    }
    tell(found, pages, cases, seconds)


TARGETS = {
    "milliseconds / event to page / p95": ("<=", 300.0),
    "milliseconds / first page / desk": ("<=", 150.0),
    "milliseconds / first page / inbox": ("<=", 150.0),
    "milliseconds / first page / case of 5,000 events": ("<=", 500.0),
    "milliseconds / page again / case of 5,000 events": ("<=", 500.0),
    "megabytes / at most": ("<=", 400.0),
}
"""What a person feels: an event is seen at once, a page is there at once, and the server fits beside other things."""


def tell(found: Any, pages: int, cases: int, seconds: float) -> None:
    """Print the figures and write them down."""
    path = write_figures(Path("build/bench"), "console", found, unit="as named", targets=TARGETS)
    print(f"{pages} pages following {cases} live cases for {seconds:.0f} s")
    for row in json.loads(path.read_text("utf-8")):
        target = f"   target {row['target']} {'met' if row['met'] else 'MISSED'}" if row["target"] else ""
        print(f"  {row['figure']:<58}{row['value']:>10,.1f}{target}")
    print(f"written to {path}")


def main() -> None:
    """Measure, or be the server."""
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
        return
    said = [*map(float, sys.argv[1:])]
    pages, cases, seconds = [*said, *[100.0, 20.0, 20.0][len(said) :]]
    asyncio.run(measure(int(pages), int(cases), seconds))


if __name__ == "__main__":
    main()

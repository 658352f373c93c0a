"""A runner in a process of its own whose model takes few turns at a time, for tests over several of them:
`python -m tests.orchestrator.limited_process STORE PORT LIMIT LEASE_SECONDS NAME`. Its model is a server of the test's
that counts who asks. Without a NAME it is known for the process it is, so that its end is noticed on this machine."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from jihwi.case.assignment import MindSpec
from jihwi.case.turn import Call, Report, Turn, View
from jihwi.ids import Randomness
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Opening, Orchestrator, Settings, runner_name
from jihwi.store import EventStore
from jihwi.store.postgres import PostgresStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.builders import FewAtATime, a_skill, an_agent, an_opening, an_orchestrator

TURNS = 3


class Asking:
    """A mind that asks a server for each turn."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(f"{view.request}\n".encode())
            await reader.readline()
        finally:
            writer.close()
        return Turn(actions=(Call("look"),)) if view.turn < TURNS else Turn(actions=(Report(text="end"),))


LOOK = a_skill("look")


def a_limited_house(
    store: EventStore, port: int, limit: int, *, lease_seconds: float = 30.0, name: str = ""
) -> Orchestrator:
    """A runner whose model takes `limit` turns at a time."""
    return an_orchestrator(
        store,
        {},
        LOOK,
        minds={"model": Asking(port)},
        limits=FewAtATime(minds={"model": limit}),
        chance=Randomness(),
        settings=Settings(lease_seconds=lease_seconds, look_seconds=0.05),
        runner=name or runner_name(),
    )


def a_request(text: str) -> Opening:
    """A case of `TURNS` turns."""
    return an_opening(an_agent("worker", LOOK, mind=MindSpec("model", "model")), request=text)


async def opened(place: str) -> SqliteStore | PostgresStore:
    """The store at a path, or on a server."""
    if "dbname=" in place or place.startswith("postgres"):
        return await PostgresStore.open(place)
    return await SqliteStore.open(Path(place))


async def _main(place: str, port: int, limit: int, lease_seconds: float, name: str = "") -> None:
    async with await opened(place) as store:
        house = a_limited_house(store, port, limit, lease_seconds=lease_seconds, name=name)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, house.stop)
        await house.serve()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), *sys.argv[5:]))

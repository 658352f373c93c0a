"""A runner in a process of its own, for tests that stop, freeze or end it: `python -m tests.orchestrator.runner_process
FOLDER serve|drive`. Its skill says that it began, and waits for a file before it ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from jihwi.case.assignment import Policy, SkillSpec
from jihwi.case.turn import Call, Report, Turn, View
from jihwi.ids import Randomness
from jihwi.orchestrator import Opening, Orchestrator, Settings, runner_name
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import EventStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator

LEASE_SECONDS = 0.6


def a_house(store: EventStore, folder: Path, *, runner: str = "") -> tuple[Orchestrator, Opening]:
    """One agent that sends once, under a policy that lets it."""

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        with (folder / "began").open("a") as out:
            out.write("began\n")
        while not (folder / "go").exists():  # noqa: ASYNC110 - another process makes the file
            await asyncio.sleep(0.01)
        with (folder / "sent").open("a") as out:
            out.write("sent\n")
        return SkillResult("sent")

    def worker(view: View) -> Turn:
        return Turn(actions=(Call("send"),) if view.turn == 1 else (Report(text="end"),))

    send = Skill(SkillSpec("send", effect="write", leaves_house=True), "Sends.", {"type": "object"}, runs)
    settings = Settings(lease_seconds=LEASE_SECONDS, grace_seconds=20, look_seconds=0.05)
    name = runner or runner_name()
    house = an_orchestrator(store, {"worker": worker}, send, chance=Randomness(), settings=settings, runner=name)
    return house, an_opening(an_agent("worker", send), policy=Policy(approve=("send",)))


async def _main(folder: Path, how: str) -> None:
    async with await SqliteStore.open(folder / "cases.db") as store:
        # A name that says nothing of this machine: its lease is only free when it lets go, or when it has run out.
        house, _ = a_house(store, folder, runner="another machine")
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, house.stop)
        if how == "serve":
            await house.serve()
            return
        (row,) = await store.rows()
        case = await house.drive(row.case_id)
        sys.stdout.write("lost\n" if case is None else f"{case.status}\n")


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), sys.argv[2]))

"""Processes that drive cases and are killed: one after the other over a SQLite file, three at a time over Postgres."""

from __future__ import annotations

import asyncio
import faulthandler
import math
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from jihwi.orchestrator import Orchestrator, Settings, load_case
from jihwi.orchestrator.runner import runner_is_dead
from jihwi.store import EventStore
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.chaos.endings import Broken, Ended, ending, file_of_passes
from jihwi.testing.chaos.killing import BOUNDARIES, CLOCK, Death, DyingStore, Plan, Spread
from jihwi.testing.chaos.world import a_house, settle

__all__ = ["PLACES", "calm_passes", "open_many", "play", "play_together"]

PLACES = (*BOUNDARIES, CLOCK)
RUNNERS = 3

_SETTINGS = Settings(lease_seconds=20, look_seconds=0.05, cases=4)
"""A lease longer than any stall of a busy machine: a killed runner's is freed at once, because it is known to be
dead. What a lease that runs out does is tested with frozen runners."""

_LONGEST_SECONDS = 300
"""A process that has not ended by then, on whatever machine, never will."""


# ── one process after the other, SQLite ──


def play(folder: Path, spread: Spread, *, kills: int) -> None:
    """Drive one case in `folder` through so many killed processes and one that is let live; `spread` learns where
    each died. Raises `Broken` when a process fails."""
    for attempt in range(kills + 1):
        plan = spread.plan() if attempt < kills else Plan()
        child = _fork(partial(_alone, folder, Death(plan)))
        if plan.at == CLOCK:
            time.sleep(random.Random(plan.seed).uniform(0.002, 0.05))
            os.kill(child, signal.SIGKILL)
        _buried(_status_of(child), plan, spread.died)


def calm_passes(folder: Path) -> Counter[str]:
    """How often a case that nobody kills passes each boundary."""
    child = _fork(partial(_alone, folder, Death(), tell=True))
    _buried(_status_of(child), Plan(), Counter())
    return file_of_passes(folder)


def _status_of(child: int) -> int:
    """How a child ended. Raises `Broken` when it does not; then it is killed, and has said where it stood."""
    ended = _ended_child({child: (Plan(), math.inf)}, time.monotonic() + _LONGEST_SECONDS)
    if ended is not None:
        return ended[1]
    os.kill(child, signal.SIGABRT)
    os.waitpid(child, 0)
    raise Broken(f"a process has not ended after {_LONGEST_SECONDS} seconds; where it stood is on standard error")


async def _alone(folder: Path, death: Death, *, tell: bool = False) -> None:
    """Open the case if nobody has, drive it to its end, and settle what only a person can."""
    async with await SqliteStore.open(folder / "cases.db") as bare:
        dying: Any = DyingStore(bare, death, folder)
        house, opening = a_house(dying, folder, death)
        rows = await bare.rows(limit=1)
        case_id = rows[0].case_id if rows else await house.open(opening)
        while True:
            case = await house.drive(case_id)
            if case is None or case.status == "closed":
                break
            if not await settle(house, case, folder):
                raise Broken(f"the case waits for nobody knows what: {case.status}")
    if tell:
        file_of_passes(folder, death.passed)


# ── three processes at a time, Postgres ──


def open_many(dsn: str, folder: Path, count: int) -> list[str]:
    """Open so many cases on a server; nothing of them has run."""

    async def opens() -> list[str]:
        async with await _postgres(dsn) as store:
            house, opening = a_house(store, folder, Death())
            return [await house.open(opening) for _ in range(count)]

    return asyncio.run(opens())


def play_together(dsn: str, folder: Path, spread: Spread, cases: list[str], *, kills: int) -> list[Ended]:
    """Drive `cases` by three runners at a time. Each is killed as `spread` plans and another takes its place, until
    `kills` have died; the last three are let live. Answers how each case ended. Raises `Broken`."""
    plans: dict[int, tuple[Plan, float]] = {}
    deadline = time.monotonic() + _LONGEST_SECONDS
    left = kills
    try:
        while True:
            while len(plans) < RUNNERS:
                plan = spread.plan() if left else Plan()
                left -= bool(left)
                child = _fork(partial(_serve, dsn, folder, Death(plan), cases))
                wait = random.Random(plan.seed).uniform(0.01, 0.3) if plan.at == CLOCK else math.inf
                plans[child] = (plan, time.monotonic() + wait)
            ended = _ended_child(plans, deadline)
            if ended is None:
                raise Broken(f"not ended after {_LONGEST_SECONDS} seconds: {asyncio.run(_open_ones(dsn, cases))}")
            plan, _ = plans.pop(ended[0])
            if not _buried(ended[1], plan, spread.died):  # it saw the end of every case
                return asyncio.run(_endings(dsn, folder, cases))
    finally:
        for child in plans:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _ended_child(plans: dict[int, tuple[Plan, float]], deadline: float) -> tuple[int, int] | None:
    """Wait until one of the children has ended; kill those whose moment has come. `None` at the deadline."""
    while True:
        for child, (_, moment) in plans.items():
            if time.monotonic() > moment:
                os.kill(child, signal.SIGKILL)
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                return child, status
        if time.monotonic() > deadline:
            return None
        time.sleep(0.002)


async def _postgres(dsn: str) -> Any:
    from jihwi.store.postgres import PostgresStore  # waits: an extra

    return await PostgresStore.open(dsn)


async def _serve(dsn: str, folder: Path, death: Death, cases: list[str]) -> None:
    """One of the runners, and in the same process the person who settles what is uncertain."""
    async with await _postgres(dsn) as bare:
        dying: Any = DyingStore(bare, death, folder)
        house, _ = a_house(dying, folder, death, _SETTINGS)
        serving = asyncio.create_task(house.serve())
        watching = asyncio.create_task(_until_all_have_ended(house, bare, folder, cases))
        await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        house.stop()
        await asyncio.gather(serving, watching)


async def _until_all_have_ended(house: Orchestrator, store: EventStore, folder: Path, cases: list[str]) -> None:
    wanted = set(cases)
    while True:
        rows = [row for row in await store.rows(limit=len(cases)) if row.case_id in wanted]
        if all(row.status in ("closed", "failed", "cancelled") for row in rows):
            return
        for row in rows:
            if row.status == "waiting":
                await settle(house, await house.case(row.case_id), folder)
        await store.wait(None, 0, seconds=0.2)


async def _open_ones(dsn: str, cases: list[str]) -> list[str]:
    """What the cases that have not ended are about, for whoever looks for the cause."""
    told: list[str] = []
    async with await _postgres(dsn) as store:
        for case_id in cases:
            row, case = await store.row(case_id), await load_case(store, case_id)
            if case.status != "closed":
                actions = [
                    f"{one.id} {one.turn_status} {one.turn}: " + ", ".join(a.status for a in one.actions)
                    for one in case.assignments.values()
                ]
                lease = await store.lease_of(case_id)
                held = lease is not None and f"by {lease.runner}, dead: {runner_is_dead(lease.runner)}"
                told.append(f"{case_id} {row.status if row else ''}/{case.status}, held {held}; {actions}")
    return told


async def _endings(dsn: str, folder: Path, cases: list[str]) -> list[Ended]:
    async with await _postgres(dsn) as store:
        return [await ending(store, folder, case_id) for case_id in cases]


# ── children ──


def _fork(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        faulthandler.enable(2)
        asyncio.run(work())
        code = 0
    except BaseException as problem:  # noqa: BLE001 - the border of a forked process: say it and end
        sys.stderr.write(f"{type(problem).__name__}: {problem}\n")
    finally:
        os._exit(code)


def _buried(status: int, plan: Plan, died: Counter[str]) -> bool:
    """Whether a child was killed, and where; one that failed by itself raises `Broken`."""
    if os.WIFSIGNALED(status):
        died[plan.at] += 1
        return True
    if os.waitstatus_to_exitcode(status) != 0:
        raise Broken(f"a runner failed that was to be killed at '{plan.at}' ({plan.count})")
    return False

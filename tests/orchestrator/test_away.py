"""A store that is away for a while (a full disk, a server started anew) ends no runner; it goes on by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jihwi.case.turn import Report, Turn, View
from jihwi.errors import JihwiError, StoreBusy, StoreCorrupt, StoreError, StoreFailed, StoreFull, StoreReadOnly
from jihwi.store import Lease
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator
from jihwi.testing.postgres import PROGRAM, programs, running_postgres, short_folder
from tests.orchestrator.test_limits import QUICK, ended, serving


class Away(MemoryStore):
    """A store that answers a claim with a problem, so many times."""

    def __init__(self, problem: StoreError, times: int) -> None:
        super().__init__()
        self._problem = problem
        self.left = times

    async def claim(self, runner: str, **named: Any) -> Lease | None:
        if self.left:
            self.left -= 1
            raise self._problem
        return await super().claim(runner, **named)


def worker(view: View) -> Turn:
    return Turn(actions=(Report(text="end"),))


AWAY = [
    StoreFull("/srv"),
    StoreFailed("/srv", "the connection is lost"),
    StoreBusy("/srv", 5),
    StoreReadOnly("/srv"),
]


@pytest.mark.parametrize("problem", AWAY, ids=lambda problem: problem.code)
async def test_a_runner_outlasts_it_tells_once_and_goes_on(problem: StoreError) -> None:
    told: list[tuple[str, JihwiError]] = []
    store = Away(problem, 2)
    house = an_orchestrator(store, {"worker": worker}, settings=QUICK, trouble=lambda *said: told.append(said))
    case_id = await house.open(an_opening(an_agent("worker")))
    async with serving(house):
        await ended(store, case_id)
    assert told == [("", problem)]


async def test_a_runner_that_waits_for_its_store_stops_when_it_is_asked_to() -> None:
    store = Away(StoreFull("/srv"), 1_000)
    house = an_orchestrator(store, {"worker": worker}, settings=QUICK)
    async with asyncio.timeout(60), serving(house):
        while store.left > 998:  # noqa: ASYNC110 - no event tells of a claim
            await asyncio.sleep(0)


async def test_what_does_not_pass_by_itself_ends_the_runner() -> None:
    house = an_orchestrator(Away(StoreCorrupt("/srv", "no database"), 1), {"worker": worker}, settings=QUICK)
    with pytest.raises(StoreCorrupt):
        await house.serve()


@pytest.mark.skipif(programs() is None, reason=f"no {PROGRAM} is installed")
async def test_a_server_that_is_started_anew_is_found_again() -> None:
    from jihwi.store.postgres import PostgresStore  # waits: an extra

    told: list[str] = []
    with short_folder() as folder:
        with running_postgres(folder) as dsn:
            store = await PostgresStore.open(dsn)
            house = an_orchestrator(
                store, {"worker": worker}, settings=QUICK, trouble=lambda case_id, problem: told.append(problem.code)
            )
            serves = asyncio.create_task(house.serve())
            first = await house.open(an_opening(an_agent("worker")))
            await ended(store, first)
        async with asyncio.timeout(60):
            while not told:  # noqa: ASYNC110 - the runner finds out by itself
                await asyncio.sleep(0.01)
        assert not serves.done()
        with running_postgres(folder):
            async with await PostgresStore.open(dsn) as other:
                second = await an_orchestrator(other, {}).open(an_opening(an_agent("worker")))
                await ended(other, second)
            house.stop()
            await serves
            await store.close()
    assert set(told) == {"store_failed"}

"""Limits hold over runners in processes of their own, over one file and over one server; who dies or freezes loses its
place. The model is a server that counts how many requests are open at a time."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from jihwi.orchestrator import load_case
from tests.freezing import freeze, freeze_between_writes
from tests.orchestrator.limited_process import TURNS, a_limited_house, a_request, opened
from tests.store.conftest import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["SQLite", "Postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store is that the runners share."""
    if request.param == "Postgres":
        return str(request.getfixturevalue("postgres"))
    return str(tmp_path / "cases.db")


class CountingModel:
    """Answers each request once `go` is set; knows how many are open, and were at most."""

    def __init__(self) -> None:
        self.open = self.most = 0
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self._news = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        self.open += 1
        self.most = max(self.most, self.open)
        self.asked.append(line.decode().strip())
        async with self._news:
            self._news.notify_all()
        gone = asyncio.create_task(reader.read())
        go = asyncio.create_task(self.go.wait())
        try:
            await asyncio.wait({gone, go}, return_when=asyncio.FIRST_COMPLETED)
            writer.write(b"answer\n")
        finally:
            self.open -= 1
            for task in (gone, go):
                task.cancel()
            await asyncio.gather(gone, go, return_exceptions=True)
            writer.close()

    async def asked_for(self, count: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: len(self.asked) >= count)


@asynccontextmanager
async def counting() -> AsyncIterator[tuple[CountingModel, int]]:
    """The model and its port."""
    model = CountingModel()
    async with await asyncio.start_server(model.serve, "127.0.0.1", 0) as server:
        yield model, server.sockets[0].getsockname()[1]
        model.go.set()


@asynccontextmanager
async def a_runner(
    place: str, port: int, *, limit: int = 1, lease_seconds: float = 30.0, name: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A runner in a process."""
    words = [place, str(port), str(limit), str(lease_seconds), *([name] if name else [])]
    module = "tests.orchestrator.limited_process"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *words, cwd=ROOT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def opened_cases(place: str, port: int, *requests: str) -> list[str]:
    """New cases; nothing of them has run."""
    async with await opened(place) as store:
        house = a_limited_house(store, port, 1)
        return [await house.open(a_request(one)) for one in requests]


async def closed(place: str, cases: list[str]) -> list[int]:
    """Wait until the cases are closed; how many turns each began."""
    async with await opened(place) as store, asyncio.timeout(60):
        for case_id in cases:
            seq = 0
            while (row := await store.row(case_id)) is None or row.status != "closed":
                await store.wait(case_id, seq, seconds=1)
                seq = row.seq if row is not None else 0
        return [(await load_case(store, case_id)).assignments["a1"].spent.turns for case_id in cases]


async def test_three_runners_together_never_ask_more_often_than_the_model_takes(place: str) -> None:
    async with counting() as (model, port), AsyncExitStack() as running:
        cases = await opened_cases(place, port, *(f"{n}" for n in range(12)))
        for _ in range(3):
            await running.enter_async_context(a_runner(place, port, limit=2))
        await model.asked_for(2)
        model.go.set()
        assert await closed(place, cases) == [TURNS] * 12
    assert (model.most, len(model.asked)) == (2, 12 * TURNS)


async def test_the_place_of_a_runner_that_was_killed_is_free_long_before_its_lease_has_run_out(place: str) -> None:
    async with counting() as (model, port):
        cases = await opened_cases(place, port, "held")
        async with a_runner(place, port, lease_seconds=600) as killed:
            await model.asked_for(1)
            cases += await opened_cases(place, port, "other")
            killed.kill()
            await killed.wait()
        async with a_runner(place, port, lease_seconds=600):
            model.go.set()
            held, other = await closed(place, cases)
    # The turn that was under way is asked again, and what was reserved for it counts as spent.
    assert (held, other, model.most) == (TURNS + 1, TURNS, 1)


async def test_a_frozen_runner_loses_its_place_once_its_lease_has_run_out_and_not_before(place: str) -> None:
    async with counting() as (model, port):
        held = await opened_cases(place, port, "held")
        # Names that say nothing of this machine: nobody can tell whether such a runner is alive.
        async with a_runner(place, port, lease_seconds=2, name="frozen") as frozen:
            await model.asked_for(1)
            other = await opened_cases(place, port, "other")
            async with a_runner(place, port, lease_seconds=2, name="waiting"):
                await _is_driven(place, other)
                assert model.asked == ["held"]
                if place.endswith("cases.db"):  # who stands still in the middle of a write keeps everybody from it
                    await freeze_between_writes(frozen.pid, Path(place))
                else:  # a server ends what it has been sent
                    freeze(frozen.pid)
                await model.asked_for(2)
                async with await opened(place) as store:
                    lease = await store.lease_of(held[0])
                    assert lease is None or lease.runner == "waiting", "its lease has run out"
                    assert await store.slots.taken("model model") == 1
                model.go.set()
                turns = await closed(place, held + other)
                frozen.send_signal(signal.SIGCONT)
                frozen.terminate()
                assert await asyncio.wait_for(frozen.wait(), 60) == 0
    assert turns == [TURNS + 1, TURNS]
    assert len(model.asked) == 2 * TURNS + 1, "nothing was asked for a third time when it came to itself"


async def _is_driven(place: str, cases: list[str]) -> None:
    """Wait until a runner has the cases."""
    async with await opened(place) as store, asyncio.timeout(60):
        for case_id in cases:
            while await store.lease_of(case_id) is None:
                await store.wait(None, 0, seconds=0.02)

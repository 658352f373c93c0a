"""Runners that are asked to stop, and runners that freeze: what was begun is never done twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from jihwi.case import events as e
from jihwi.case import person
from jihwi.orchestrator import load_log
from jihwi.store.sqlite import SqliteStore
from tests.freezing import freeze_between_writes
from tests.orchestrator.runner_process import a_house

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def _runner(folder: Path, how: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.orchestrator.runner_process",
        str(folder),
        how,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a state, a minute at most."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.01)


def _exists(path: Path) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return await asyncio.to_thread(path.exists)

    return holds


async def test_a_runner_that_is_asked_to_stop_ends_what_it_began_and_lets_go(tmp_path: Path) -> None:
    async with await SqliteStore.open(tmp_path / "cases.db") as store:
        house, opening = a_house(store, tmp_path)
        case_id = await house.open(opening)
        async with _runner(tmp_path, "serve") as runner:
            await _until(_exists(tmp_path / "began"))
            runner.send_signal(signal.SIGTERM)
            (tmp_path / "go").touch()
            assert await asyncio.wait_for(runner.wait(), 60) == 0
        assert await store.lease_of(case_id) is None
        assert any(isinstance(event.body, e.SkillFinished) for event in await load_log(store, case_id))
        case = await house.drive(case_id)
    assert case is not None
    assert case.outcome == "done"
    assert (tmp_path / "began").read_text() == "began\n"
    assert (tmp_path / "sent").read_text() == "sent\n"


async def test_a_frozen_runner_is_refused_and_its_write_is_laid_before_the_case_worker(tmp_path: Path) -> None:
    async with await SqliteStore.open(tmp_path / "cases.db") as store:
        house, opening = a_house(store, tmp_path)
        case_id = await house.open(opening)
        async with _runner(tmp_path, "drive") as runner:
            await _until(_exists(tmp_path / "began"))
            await freeze_between_writes(runner.pid, tmp_path / "cases.db")

            async def run_out() -> bool:
                return await store.lease_of(case_id) is None

            await _until(run_out)
            case = await house.drive(case_id)
            assert case is not None
            assert [action.status for action in case.assignments["a1"].actions] == ["uncertain"]
            (tmp_path / "go").touch()
            runner.send_signal(signal.SIGCONT)
            out, _ = await asyncio.wait_for(runner.communicate(), 60)
            assert out == b"lost\n"
        log = await load_log(store, case_id)
        assert not any(isinstance(event.body, e.SkillFinished) for event in log)
        await house.submit(case_id, lambda c: person.settle_uncertainty(c, "a1", 0, "happened", by="lee"))
        case = await house.drive(case_id)
    assert case is not None
    assert case.outcome == "done"
    assert (tmp_path / "began").read_text() == "began\n"

"""Long work in a thread: it answers, it fails, and Ctrl-C ends it at its next step."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jihwi.cli.long_work import Look, until_stopped
from jihwi.cli.running import ingest_folder
from jihwi.cli.screen import Screen
from jihwi.library import IngestProgress, IngestReport
from jihwi.settings import Settings
from jihwi.wiring import House, open_house
from tests.console.office import PATIENCE


async def test_work_that_is_waited_for_answers_or_fails() -> None:
    assert await until_stopped(lambda look: 7) == 7

    def fail(look: Look) -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await until_stopped(fail)


async def test_work_that_nobody_waits_for_ends_at_its_next_step_and_its_end_is_waited_for() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(look: Look) -> None:
        try:
            while True:
                begun.set()
                look()
        finally:
            ended.set()

    task = asyncio.create_task(until_stopped(work))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_reading_that_is_stopped_keeps_what_it_has_read_and_goes_on_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for number in range(60):
        (files / f"{number:02}.txt").write_text(f"{number}\n", "utf-8")
    begun, goes_on = threading.Event(), threading.Event()
    async with open_house(Settings(), tmp_path) as house:
        ingest = house.library.ingest

        def pausing(
            name: str, seen: Any, service: Any, told: Callable[[IngestProgress], None], **more: Any
        ) -> IngestReport:
            """Waits after the fifth file: until the test has stopped it."""

            def tell(progress: IngestProgress) -> None:
                told(progress)
                if progress.files == 5:
                    begun.set()
                    goes_on.wait(PATIENCE)

            return ingest(name, seen, service, tell, **more)

        monkeypatch.setattr(house.library, "ingest", pausing)
        reading = asyncio.create_task(_read(house, files))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        reading.cancel()
        await asyncio.sleep(0)  # the word of it has come to whoever waits for the reading
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await reading
        kept = len(house.library.documents(house.viewer))
        assert 5 <= kept < 60
        report = await _read(house, files)
        assert (report.unchanged, report.read) == (kept, 60 - kept)


async def _read(house: House, files: Path) -> IngestReport:
    return await ingest_folder(house, files, [], Screen(json=True, language="en"))

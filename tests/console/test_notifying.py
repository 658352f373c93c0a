"""What waits for a person is told by a command, which can do no harm."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from jihwi.console.notifying import Notice, Notifier
from jihwi.testing.builders import an_agent, an_opening
from tests.console.office import running_console, small_engine, until
from tests.console.test_journeys import asker


async def test_a_command_is_told_what_began_to_wait(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    program = f"import sys, pathlib; pathlib.Path({str(told)!r}).write_bytes(sys.stdin.buffer.read())"
    async with running_console(tmp_path / "home", small_engine({"asker": asker})) as running:
        console = running.console
        console.notifier = Notifier(f'{sys.executable} -c "{program}"', console.cases, running.address)
        case_id = await console.orchestrator.open(an_opening(an_agent("asker"), request="공사 안내"))
        await until(lambda: told.exists() and told.stat().st_size > 0)
        notice = msgspec.json.decode(await asyncio.to_thread(told.read_bytes), type=Notice)
        assert (notice.kind, notice.case, notice.request) == ("question", case_id, "공사 안내")
        assert notice.link == f"{running.address}/cases/{case_id}"


async def test_a_command_that_is_missing_stops_nothing(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({"asker": asker})) as running:
        console = running.console
        console.notifier = Notifier("/no/such/program", console.cases, running.address)
        case_id = await console.orchestrator.open(an_opening(an_agent("asker")))
        assert (await running.case(case_id, lambda case: bool(case.open_ids) and case.seq > 3)).status == "open"

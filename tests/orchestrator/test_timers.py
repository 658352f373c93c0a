"""Deadlines and retries stand in the log: they outlive the runner that set them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jihwi.case import person
from jihwi.case.assignment import MindSpec, Policy
from jihwi.case.turn import Call, CallSettled, Report, Turn, View
from jihwi.errors import ModelBusy
from jihwi.minds import DeltaSink, SkillShown
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator
from tests.orchestrator.test_interleavings import HOUR_MS, ManualClock


def _worker(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Call("send", {"to": "all"}),))
    (settled,) = [one for one in view.transcript if isinstance(one, CallSettled)]
    return Turn(actions=(Report(text=settled.status),))


async def test_an_approval_that_nobody_answers_goes_to_the_deputy_and_then_lapses_across_restarts(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    send = a_skill("send", effect="write", approval="always")
    opening = an_opening(an_agent("worker", send), policy=Policy(approval_expires_ms=HOUR_MS, deputy="park"))
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        case = await an_orchestrator(store, {"worker": _worker}, send).run(opening)
        row = await store.row(case.id)
        assert row is not None
        assert row.wake_at_ms == clock.ms + HOUR_MS
    for deputy in ("park", ""):
        clock.ms += HOUR_MS + 1
        async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
            claimed = await store.claim("another")
            assert claimed is not None, "a case whose time has come is work for any runner"
            await store.release(claimed)
            driven = await an_orchestrator(store, {"worker": _worker}, send, runner=f"after {deputy}").drive(case.id)
            assert driven is not None
            if deputy:
                (waiting,) = person.open_approvals(driven)
                assert waiting.deputy == deputy
    assert driven is not None
    assert driven.answer == "rejected"


class _FailsOnce:
    """A model that is away at first."""

    def __init__(self) -> None:
        self.asked = 0

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        self.asked += 1
        if self.asked == 1:
            raise ModelBusy("test", "busy", HOUR_MS / 1000)
        return Turn("end")


async def test_a_model_that_asks_for_an_hour_gets_it_though_the_runner_ends_meanwhile(tmp_path: Path) -> None:
    clock = ManualClock()
    mind: Any = _FailsOnce()
    opening = an_opening(an_agent("worker", mind=MindSpec("model", "m")))
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        case = await an_orchestrator(store, {}, minds={"m": mind}).run(opening)
        assert (case.status, mind.asked) == ("open", 1)
    clock.ms += HOUR_MS // 2
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        await an_orchestrator(store, {}, minds={"m": mind}, runner="early").drive(case.id)
        assert mind.asked == 1
    clock.ms += HOUR_MS
    async with await SqliteStore.open(tmp_path / "cases.db", clock=clock) as store:
        ended = await an_orchestrator(store, {}, minds={"m": mind}, runner="late").drive(case.id)
    assert ended is not None
    assert (ended.answer, mind.asked) == ("end", 2)

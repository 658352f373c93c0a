"""The workload of `make bench-orchestrator`: 3 agents, 6 turns of a mind without latency, 3 skill calls, 2 handoffs, an
answer of 1 KB; and a long case of as many turns as wanted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from jihwi.case.assignment import SkillSpec
from jihwi.case.turn import Call, HandOff, Report, Turn, View
from jihwi.ids import Randomness
from jihwi.orchestrator import Opening, Orchestrator, runner_name
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import EventStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator

TURNS = 6
TOGETHER = 50
ANSWER = "x" * 1024
FOUND = "The works last until 30 September 2026."
REQUEST = "Until when do the works last?"
NAMES = ("first", "second", "third")
Cost = tuple[float, float]
"""Wall and CPU microseconds a turn."""


async def _look(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
    return SkillResult(FOUND)


LOOK = Skill(
    SkillSpec("look"),
    "Looks something up.",
    {
        "type": "object",
        "properties": {"query": {"type": "string"}},
        "required": ["query"],
        "additionalProperties": False,
    },
    _look,
)


def _act(view: View) -> Turn:
    turn = view.turn - 1
    if turn in (0, 2, 4):
        return Turn(actions=(Call("look", {"query": f"works {turn}"}),))
    if turn < TURNS - 1:
        return Turn(actions=(HandOff(NAMES[(turn + 1) // 2]),))
    return Turn(actions=(Report(text=ANSWER),))


def house(store: EventStore) -> tuple[Orchestrator, Opening]:
    """An orchestrator over `store` and the beginning of the workload's case."""
    return (
        an_orchestrator(store, dict.fromkeys(NAMES, _act), LOOK, chance=Randomness(), runner=runner_name()),
        an_opening(
            an_agent("first", LOOK, handoffs=("second",)),
            an_agent("second", LOOK, handoffs=("third",)),
            an_agent("third", LOOK),
            request=REQUEST,
        ),
    )


async def one_case(orchestrator: Orchestrator, opening: Opening) -> str:
    """Run one case to its end; answers its name."""
    case = await orchestrator.run(opening)
    assert case.answer == ANSWER, case
    return case.id


async def measured(cases: int, work: Callable[[], Awaitable[object]], *, at_a_time: int = 1) -> Cost:
    """What a turn of so many cases costs. The first cases are not counted: after the rounds of others, code and data
    must come into the processor's caches again."""
    await asyncio.gather(*(work() for _ in range(at_a_time)))
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(max(1, cases // at_a_time)):
        if at_a_time == 1:
            await work()
        else:
            await asyncio.gather(*(work() for _ in range(at_a_time)))
    turns = max(1, cases // at_a_time) * at_a_time * TURNS
    return (time.perf_counter() - wall) / turns * 1e6, (time.process_time() - cpu) / turns * 1e6


def long_house(
    store: EventStore, turns: int, *, reads: bool = False, moments: list[float] | None = None
) -> tuple[Orchestrator, Opening]:
    """One agent that calls a skill at each of `turns` turns; a mind that `reads` looks at its whole transcript. The CPU
    time at the beginning of each turn is put into `moments`."""

    def act(view: View) -> Turn:
        if moments is not None:
            moments.append(time.process_time())
        if reads:
            sum(1 for entry in view.transcript if entry is not None)
        if view.turn < turns:
            return Turn(actions=(Call("look", {"query": f"works {view.turn}"}),))
        return Turn(actions=(Report(text="end"),))

    return (
        an_orchestrator(store, {"only": act}, LOOK, chance=Randomness(), runner=runner_name()),
        an_opening(an_agent("only", LOOK), request=REQUEST),
    )

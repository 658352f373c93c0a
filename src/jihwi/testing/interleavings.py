"""Five approvals are open at once, and people, deadlines, forks and crashes come in any order: none is consumed twice,
misrouted or lost. The long form: `python -m jihwi.testing.interleavings --runs 500`.

A crash drops the runner where it stands, whatever it was doing; on SQLite the file is opened anew by the next one.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Policy, SkillSpec
from jihwi.case.state import Case, in_flight
from jihwi.case.turn import Call, Delegate, Report, Turn, View
from jihwi.errors import CommandRefused
from jihwi.orchestrator import Orchestrator, Settings, load_case, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import KeptStore
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator

__all__ = ["DEEDS", "HOUR_MS", "ManualClock", "World", "check", "interleaved"]

HOUR_MS = 3_600_000
OFTEN = ("approve", "approve", "approve", "edit", "edit", "reject", "crash", "go on", "yield")
DEEDS = (*OFTEN, *OFTEN, "expire", "take", "give", "fork", "cancel")
"""The kinds of deeds, those that leave the approvals open more often than those that end all of them at once."""
PEOPLE = ("lee", "park")
"""Who answers: the case worker, and the deputy to whom an approval goes that nobody answered."""

_SETTINGS = Settings(look_seconds=1e9)
"""Whoever writes tells the runner. Did it look around by the machine's clock, a slow machine would play another course
with the same choices."""

Pick = Callable[[int], int]
"""Chance: a whole number below the one given."""


class ManualClock:
    """A clock that only its owner moves."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_seconds(self) -> float:
        return self.ms / 1000


class World:
    """One store, the runner of the day, and what the skill really did."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where a SQLite store lies; in memory when there is none."""
        self.clock = ManualClock()
        self.done: list[tuple[str, Any]] = []
        """Idempotency key and arguments of every run."""
        self.hit: Counter[str] = Counter()
        """How often each kind of deed changed something; `refused`: the case would not take it."""
        self.cases: list[str] = []
        self._folder = folder
        self._runners = 0
        self._driving: dict[str, asyncio.Task[Case | None]] = {}

    async def __aenter__(self) -> World:
        await self._new_house()
        policy = Policy(approval_expires_ms=HOUR_MS, deputy="park")
        agents = (an_agent("boss", delegates=("clerk",)), an_agent("clerk", self._show()))
        case = await self.house.run(an_opening(*agents, policy=policy))
        assert len(person.open_approvals(case)) == 5
        self.cases.append(case.id)
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self._drop()
        await self.store.close()

    async def _new_house(self) -> None:
        if self._folder is not None:
            from jihwi.store.sqlite import SqliteStore  # waits: most runs stay in memory

            if self._runners:
                await self.store.close()
            self.store: KeptStore = await SqliteStore.open(self._folder / "cases.db", clock=self.clock)
        elif not self._runners:
            self.store = MemoryStore(clock=self.clock)
        self._runners += 1
        minds = {"boss": _boss, "clerk": _clerk}
        self.house: Orchestrator = an_orchestrator(
            self.store, minds, self._show(), runner=f"runner {self._runners}", clock=self.clock, settings=_SETTINGS
        )

    def _show(self) -> Skill:
        async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
            await asyncio.sleep(0)
            self.done.append((context.idempotency_key, arguments))
            await asyncio.sleep(0)
            return SkillResult(arguments)

        return Skill(SkillSpec("show", effect="read", approval="always"), "Shows.", {"type": "object"}, runs)

    # ── the runner ──

    def drive(self, case_id: str) -> None:
        """Let the runner of the day work on a case, besides whatever else goes on."""
        task = self._driving.get(case_id)
        if task is None or task.done():
            self._driving[case_id] = asyncio.create_task(self.house.drive(case_id))

    async def rest(self) -> None:
        """Let every drive come to its rest."""
        await asyncio.gather(*self._driving.values())
        self._driving.clear()

    async def _drop(self) -> None:
        for task in self._driving.values():
            task.cancel()
        await asyncio.gather(*self._driving.values(), return_exceptions=True)
        self._driving.clear()

    async def crash(self) -> None:
        """The runner dies where it stands; the next one finds its leases run out."""
        busy = any(not task.done() for task in self._driving.values())
        await self._drop()
        flying = [in_flight(await load_case(self.store, case_id)) for case_id in self.cases]
        self.hit["crash amid work" if busy or any(flying) else "crash at rest"] += 1
        self.clock.ms += 60_000
        await self._new_house()

    # ── the deeds ──

    async def deed(self, what: str, pick: Pick) -> None:
        """Do one thing of a kind to a case picked by chance."""
        case_id = self.cases[pick(len(self.cases))]
        case = await load_case(self.store, case_id)
        clerk = next((one for one in reversed(case.open_ids)), "a1")
        match what:
            case "approve" | "edit" | "reject":
                await self._answer(case, what, pick)
            case "expire":
                await self.rest()
                waiting = len(person.open_approvals(case))
                self.hit[what] += 1 if waiting else 0
                self.clock.ms += HOUR_MS + 1
                self.drive(case_id)
            case "take":
                await self._say(what, case_id, lambda c: person.take(c, clerk, by="lee"))
            case "give":
                await self._say(what, case_id, lambda c: person.reassign(c, clerk, by="lee"))
            case "fork" if len(self.cases) < 4:
                await self._fork(case_id, 1 + pick(case.seq))
            case "cancel" if pick(3) == 0:
                await self._say(what, case_id, lambda c: person.cancel_assignment(c, clerk, by="lee"))
            case "crash":
                await self.crash()
            case "go on":
                self.drive(case_id)
            case _:
                for _ in range(pick(6)):
                    await asyncio.sleep(0)

    async def _answer(self, case: Case, what: str, pick: Pick) -> None:
        waiting = [one.id for one in person.open_approvals(case)] or [""]
        approval, by, other = waiting[pick(len(waiting))], PEOPLE[pick(2)], {"n": 100 + pick(3)}

        def command(now: Case) -> list[e.Draft]:
            if what == "edit":
                return person.edit(now, approval, other, by=by)
            return (person.approve if what == "approve" else person.reject)(now, approval, by=by)

        await self._say(what, case.id, command)

    async def _say(self, what: str, case_id: str, command: Callable[[Case], list[e.Draft]]) -> None:
        try:
            await self.house.submit(case_id, command)
        except CommandRefused:
            self.hit["refused"] += 1
            return
        self.hit[what] += 1
        self.drive(case_id)

    async def _fork(self, case_id: str, seq: int) -> None:
        try:
            self.cases.append(await self.house.fork(case_id, seq, by="lee"))
        except CommandRefused:  # the case had not begun there
            self.hit["refused"] += 1
            return
        self.hit["fork"] += 1
        self.drive(self.cases[-1])

    async def finish(self) -> None:
        """Whatever is still open is answered, and every seat given back: then every case must end."""
        await self.rest()
        for case_id in self.cases:
            for _ in range(20):
                case = await self.house.drive(case_id)
                if case is None or case.status in ("closed", "cancelled"):
                    break
                for command in self._last_words(case):
                    await self.house.submit(case_id, command)

    def _last_words(self, case: Case) -> list[Callable[[Case], list[e.Draft]]]:
        """Seats given back, which lapses what was asked in them; else an approval by the deputy, who may always."""
        seats = [one for one in (case.assignments[a] for a in case.open_ids) if one.mind.kind == "person"]
        if seats:
            return [functools.partial(person.reassign, assignment_id=one.id, by="lee") for one in seats]
        waiting = person.open_approvals(case)
        return [functools.partial(person.approve, approval_id=one.id, by="park") for one in waiting]


def _boss(view: View) -> Turn:
    return Turn(actions=(Delegate("clerk", "?") if view.turn == 1 else Report(text="end"),))


def _clerk(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=tuple(Call("show", {"n": n}) for n in range(5)))
    return Turn(actions=(Report(text="end"),))


# ── what must hold ───────────────────────────────────────────────────────────


async def check(world: World) -> None:
    """Every start stands on an approval of exactly its action, used by it alone; what ran is what was shown; no
    approval is left that nobody can answer and nobody did. Raises AssertionError."""
    requested: dict[tuple[str, str], list[Any]] = {}
    for case_id in world.cases:
        log = await load_log(world.store, case_id)
        _started_on_approvals(log, case_id)
        case = await load_case(world.store, case_id)
        _none_lost(case, log)
        for event in log:
            if isinstance(event.body, e.ApprovalRequested):
                requested.setdefault((case_id, event.body.approval), []).append(event.body.arguments)
    for key, arguments in world.done:
        case_id, approval = key.split("/", 1)
        assert arguments in requested[case_id, approval], "what ran is not what was shown"


def _started_on_approvals(log: list[e.Event], case_id: str) -> None:
    approved: dict[str, str] = {}
    used: set[tuple[str, int]] = set()
    finished: Counter[tuple[str, int, int, int]] = Counter()
    for event in log:
        body = event.body
        if isinstance(body, e.ApprovalAnswered) and body.verdict == "approve":
            assert body.approval not in approved or event.case_id == case_id, "answered twice"
            approved[body.approval] = body.action_digest
        elif isinstance(body, e.SkillStarted):
            place = (body.idempotency_key, body.attempt)
            assert place not in used, "consumed twice"
            used.add(place)
            assert approved[body.idempotency_key.split("/", 1)[1]] == body.action_digest, "misrouted"
        elif isinstance(body, e.SkillFinished) and event.case_id == case_id:
            finished[body.assignment, body.seat, body.turn, body.number] += 1
    assert all(count == 1 for count in finished.values()), "finished twice"


def _none_lost(case: Case, log: list[e.Event]) -> None:
    assert case.status in ("closed", "cancelled"), f"{case.id} came to no end: {case.status}"
    for one in case.approvals.values():
        assert one.status not in ("open", "approved"), f"{one.id} was lost: {one.status}"
    consumed = {event.body.idempotency_key.split("/", 1)[1] for event in log if isinstance(event.body, e.SkillStarted)}
    for one in case.approvals.values():
        assert one.status != "consumed" or one.id in consumed, f"{one.id} was consumed by nothing"


async def interleaved(pick: Pick, deeds: list[str], folder: Path | None = None) -> Counter[str]:
    """Play one interleaving to its end and check it; answers what each kind hit. Raises AssertionError."""
    async with World(folder) as world:
        for what in deeds:
            await world.deed(what, pick)
        await world.finish()
        await check(world)
        return world.hit


# ── the long form ────────────────────────────────────────────────────────────


def _runs(runs: int, seed: int, *, on_disk: bool) -> Counter[str]:
    hit: Counter[str] = Counter()
    for number in range(runs):
        chance = random.Random(seed * 1_000_003 + number)
        deeds = [DEEDS[chance.randrange(len(DEEDS))] for _ in range(chance.randrange(6, 25))]
        with tempfile.TemporaryDirectory(prefix="jihwi-interleaved-") as name:
            try:
                hit += asyncio.run(interleaved(chance.randrange, deeds, Path(name) if on_disk else None))
            except BaseException:
                sys.stderr.write(f"seed {seed}, run {number}: {' '.join(deeds)}\n")
                raise
    return hit


def main() -> None:
    """Play, print how many and what each kind hit."""
    parser = argparse.ArgumentParser(description="Answer, edit, take, fork, cancel and crash over five approvals.")
    parser.add_argument("--runs", type=int, default=500, help="interleavings in memory")
    parser.add_argument("--on-disk", type=int, default=100, help="interleavings over SQLite")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for where, runs, on_disk in (("memory", options.runs, False), ("SQLite", options.on_disk, True)):
        began = time.process_time()
        hit = _runs(runs, options.seed, on_disk=on_disk)
        seconds = time.process_time() - began
        lines = [f"{where}: {runs} interleavings, none consumed twice, misrouted or lost ({seconds:.0f} s of CPU)"]
        lines += [f"  {kind:<16} {count:>6}" for kind, count in sorted(hit.items())]
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

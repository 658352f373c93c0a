"""Everything a person or a runner can do to a case, in any order: agents do what chance says, people what they may, and
runners crash or lose their leases. The laws hold after each deed, and every case comes to an end. The long form:
`python -m jihwi.testing.anything --runs 200`.

Two runners share a store; skills, minds and the press go on until the world lets them end, so that a deed meets them in
the middle of their work.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case.assignment import AgentSpec, MindSpec, Policy, SkillSpec
from jihwi.case.budget import UNLIMITED, Limits, Spending
from jihwi.case.state import Case
from jihwi.case.turn import (
    Action,
    Ask,
    Call,
    CallSettled,
    Delegate,
    Dispute,
    HandOff,
    Post,
    Release,
    Report,
    Turn,
    View,
)
from jihwi.errors import CommandRefused, LeaseLost, ModelBusy, ModelContextFull, ModelRefused, SkillFailed
from jihwi.evidence import Claim, Viewer
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Orchestrator, Publication, PublicationRefused, Settings, load_case, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import KeptStore
from jihwi.store.memory import MemoryStore
from jihwi.testing.anything_laws import check, ended_well
from jihwi.testing.anything_said import COMMANDS, SKILLS, NothingThere, last_words
from jihwi.testing.builders import Press, SeededChance, an_agent, an_opening, an_orchestrator

__all__ = ["World", "played"]

HOUR_MS = 3_600_000
NAMES = ("boss", "clerk", "writer", "judge")
LATER = ("newcomer", "editor")
DEEDS = {
    "go_on": 18, "let_end": 14, "breathe": 8, "wait": 5, "wait_long": 3, "crash": 4, "steal": 2, "rest": 2,
    "approve": 12, "reject": 2, "edit": 3, "answer": 12, "settle": 6, "choose": 8, "turn": 10,
    "take": 3, "give": 6, "reassign": 2, "note": 2, "stop_waiting": 2, "cancel_one": 2, "cancel": 0.3,
    "pause": 1, "resume": 4, "limit": 1, "raise_limit": 2, "fork": 1.2, "follow_up": 4, "aside": 1.2,
    "join": 1, "leave": 1, "join_skill": 1, "leave_skill": 2,
}  # fmt: skip
"""The kinds of deeds, and how often each comes beside the others."""


_REST_SECONDS = 120.0
"""What has not come to its rest by then, on whatever machine, never will."""


class PassingClock:
    """A clock that passes, and that its owner may put forward."""

    def __init__(self) -> None:
        self.ahead_ms = 1_790_000_000_000
        self._began = time.monotonic()

    def now_ms(self) -> int:
        return self.ahead_ms + round((time.monotonic() - self._began) * 1000)

    def monotonic_seconds(self) -> float:
        return self.ahead_ms / 1000 + time.monotonic() - self._began


class World:
    """One store, its two runners, the people, and what goes on outside."""

    def __init__(self, seed: int, folder: Path | None = None) -> None:
        """`folder`: where a SQLite store lies; in memory when there is none."""
        self.seed = seed
        self.chance = random.Random(seed)
        self.clock = PassingClock()
        self.begun: Counter[str] = Counter()
        """Idempotency key to how often its write has begun outside."""
        self.hit: Counter[str] = Counter()
        self.cases: list[str] = []
        self.deeds: list[str] = []
        self.store: KeptStore
        self._folder = folder
        self._runners = 0
        self._gates: list[asyncio.Future[None]] = []
        self._late = False
        """Everybody comes to an end."""
        self._stores: list[KeptStore] = []
        self._houses: list[Orchestrator] = []
        self._driving: dict[tuple[int, str], asyncio.Task[Case | None]] = {}
        self._checked: dict[str, int] = {}

    async def __aenter__(self) -> World:
        memory = MemoryStore(clock=self.clock)
        for _ in range(2):
            self._stores.append(memory if self._folder is None else await self._opened())
            self._houses.append(self._house(self._stores[-1]))
        self.store = self._stores[0]
        some = self._some
        free = self.seed % 2 == 1
        skills = [SKILLS if free else some(SKILLS, 0.7) for _ in NAMES]
        agents = [self._agent(name, one, free) for name, one in zip(NAMES, skills, strict=True)]
        policy = Policy(
            release=self.chance.choice(("automatic", "person")),
            approve=some(("ship", "send"), 0.3),
            approval_expires_ms=self.chance.choice((0, HOUR_MS)),
            deputy=self.chance.choice(("", "park")),
            above_deputy=some(("kim",), 0.5),
            retries=self.chance.choice((0, 1, 3)),
            case_worker_approves=some(("peek", "send", "mail"), 0.4),
        )
        limits = UNLIMITED if free else self.chance.choice((UNLIMITED, Limits(turns=5, depth=1), Limits(tokens=40_000)))
        self.cases.append(await self._houses[0].open(an_opening(*agents, policy=policy, limits=limits)))
        return self

    async def __aexit__(self, *problem: object) -> None:
        for task in self._driving.values():
            task.cancel()
        await asyncio.gather(*self._driving.values(), return_exceptions=True)
        for store in self._stores:
            await store.close()

    def _some(self, all_of: tuple[Any, ...], share: float) -> tuple[Any, ...]:
        return tuple(one for one in all_of if self.chance.random() < share)

    def _agent(self, name: str, skills: tuple[SkillSpec, ...], free: bool) -> AgentSpec:
        mind = MindSpec(self.chance.choice(("procedure", "model")), name)
        plain = an_agent(name, handoffs=NAMES if free else self._some(NAMES, 0.6), mind=mind)
        few = UNLIMITED if free or self.chance.random() < 0.6 else Limits(turns=self.chance.choice((1, 3)), handoffs=1)
        delegates = NAMES if free else self._some(NAMES, 0.6)
        return msgspec.structs.replace(plain, skills=skills, delegates=delegates, limits=few)

    async def _opened(self) -> KeptStore:
        from jihwi.store.sqlite import SqliteStore  # waits: most runs stay in memory

        assert self._folder is not None
        return await SqliteStore.open(self._folder / "cases.db", clock=self.clock)

    def _house(self, store: KeptStore) -> Orchestrator:
        self._runners += 1
        model = _Model(self)
        return an_orchestrator(
            store,
            dict.fromkeys(LATER, self.turn_of),
            *(Skill(spec, "Does it.", {"type": "object"}, _Outside(self, spec).run) for spec in SKILLS),
            press=_Printer(self),
            chance=SeededChance(self._runners * 1_000 + self.seed),
            settings=Settings(lease_seconds=0.05, look_seconds=0.001, away_seconds=(0.001,), grace_seconds=0.01),
            runner=f"runner {self._runners}",
            minds=dict.fromkeys(NAMES, model),
            clock=self.clock,
        )

    # ── what agents do ──

    def drawn(self, *of: object) -> random.Random:
        """Chance that is the same whenever it is about the same."""
        return random.Random(repr((self.seed, *of)))

    async def hold(self, chance: random.Random) -> None:
        """Something outside takes its time, mostly until the world lets it end."""
        if self._late:
            return
        if chance.random() < 0.4:
            gate = asyncio.get_running_loop().create_future()
            self._gates.append(gate)
            await gate
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)

    def turn_of(self, view: View) -> Turn:
        """What chance says that an agent does next."""
        chance = self.drawn(view.assignment, view.seat, view.turn, len(view.transcript), self._late)
        cost = Spending(tokens=chance.choice((0, 10, 3_000)))
        if "approval" in view.inputs:
            verdict = chance.choice(("approve", "reject", "person", "?"))
            return Turn(actions=(Report(data={"verdict": verdict}),), usage=cost)
        if self._late or view.turn > 12:
            return Turn(actions=(Report(chance.choice(("done", "partial", "failed")), "end"),), usage=cost)
        if chance.random() < 0.05:
            return Turn()
        actions = [self._action(view, chance) for _ in range(chance.choice((1, 1, 2, 2, 3, 4)))]
        if chance.random() < 0.03 * view.turn:
            actions.append(Report(text="end"))
        return Turn("", tuple(actions), cost)

    def _action(self, view: View, chance: random.Random) -> Action:
        def one_of(known: tuple[str, ...]) -> str:
            return chance.choice(known) if known and chance.random() < 0.9 else chance.choice(("boss", "nobody"))

        kind = chance.random()
        if kind < 0.45:
            return Call(one_of(tuple(one.name for one in view.agent.skills)), {"n": chance.randrange(3)})
        if kind < 0.55:
            return Ask("which?", ("a", "b"))
        if kind < 0.60:
            return Post(Claim(f"it is {chance.randrange(5)}"))
        if kind < 0.64:
            return Dispute(chance.randrange(4), "it is not")
        if kind < 0.84:
            limits = chance.choice((UNLIMITED, UNLIMITED, Limits(turns=2), Limits(tokens=9_000)))
            joins, waits = chance.random() < 0.7, chance.choice((0, 0, 60))
            return Delegate(one_of(view.agent.delegates), "work", {}, limits, joins, waits)
        if kind < 0.92:
            return HandOff(one_of(view.agent.handoffs))
        calls = [one for one in view.transcript if isinstance(one, CallSettled) and one.status == "finished"]
        places = [f"{view.assignment}/{one.turn}/{one.number}" for one in calls]
        return Release(chance.choice(places) if places else "a1/1/0")

    # ── runners ──

    def drive(self, case_id: str, which: int | None = None) -> None:
        """Let a runner work on a case, besides whatever else goes on."""
        house = self._houses[self.chance.randrange(2) if which is None else which]
        key = (id(house), case_id)
        task = self._driving.get(key)
        if task is None or task.done():
            self._heard(task)
            self._driving[key] = asyncio.create_task(house.drive(case_id))

    def _heard(self, task: asyncio.Task[Case | None] | None) -> None:
        """Raise what a drive raised, unless it only lost its lease."""
        problem = None if task is None or task.cancelled() else task.exception()
        if problem is not None and not isinstance(problem, LeaseLost):
            raise problem

    def let_end(self, most: int) -> None:
        """What has waited longest outside ends."""
        for gate in self._gates[:most]:
            if not gate.done():
                gate.set_result(None)
        del self._gates[:most]

    async def rest(self) -> None:
        """Let everything end and every drive come to its rest. Raises AssertionError when one does not."""
        until = time.monotonic() + _REST_SECONDS
        while any(not task.done() for task in self._driving.values()):
            self.let_end(len(self._gates))
            await asyncio.sleep(0.001)
            assert time.monotonic() < until, "a drive does not come to rest"
        for task in self._driving.values():
            self._heard(task)
        self._driving.clear()

    async def crash(self) -> None:
        """A runner dies where it stands; another one takes its place and finds its leases run out."""
        which = self.chance.randrange(2)
        dead = [key for key in self._driving if key[0] == id(self._houses[which])]
        for key in dead:
            self._driving[key].cancel()
        await asyncio.gather(*(self._driving.pop(key) for key in dead), return_exceptions=True)
        self.clock.ahead_ms += 60_000
        if self._folder is not None:
            await self._stores[which].close()
            self._stores[which] = await self._opened()
            self.store = self._stores[0]
        self._houses[which] = self._house(self._stores[which])

    # ── deeds ──

    async def deed(self) -> None:
        """Do one thing, and look whether the laws hold."""
        case_id = self.chance.choice(self.cases)
        case = await load_case(self.store, case_id)
        (what,) = self.chance.choices(tuple(DEEDS), tuple(DEEDS.values()))
        self.deeds.append(f"{what} {case_id[-4:]}@{case.seq}")
        if what in COMMANDS:
            await self._say(what, case)
        else:
            await self._happens(what, case)
        for one in self.cases:
            row = await self.store.row(one)
            if row is not None and self._checked.get(one) != row.seq:
                self._checked[one] = row.seq
                await check(self.store, one, self.begun)

    async def _say(self, what: str, case: Case) -> None:
        """A person's word, if the case will have it."""
        try:
            command = COMMANDS[what](self, case)
            await self._houses[self.chance.randrange(2)].submit(case.id, command)
        except (CommandRefused, NothingThere):
            self.hit["refused"] += 1
            return
        self.hit[what] += 1
        if self.chance.random() < 0.7:
            self.drive(case.id)

    async def _happens(self, what: str, case: Case) -> None:
        self.hit[what] += 1
        match what:
            case "go_on":
                self.drive(case.id)
            case "let_end":
                self.let_end(self.chance.choice((1, 1, 1, 9)))
            case "wait":
                self.clock.ahead_ms += self.chance.choice((1, 300, 1_500))
            case "wait_long":
                self.clock.ahead_ms += HOUR_MS + 1
                self.drive(case.id)
            case "crash":
                await self.crash()
                self.drive(case.id)
            case "steal":
                self.clock.ahead_ms += 60_000
                for which in (0, 1):
                    self.drive(case.id, which)
            case "rest":
                await self.rest()
            case "fork" if len(self.cases) < 5:
                await self._fork(case)
            case _:
                await asyncio.sleep(0.001)
        for _ in range(self.chance.choice((0, 1, 3, 10))):
            await asyncio.sleep(0)

    async def _fork(self, case: Case) -> None:
        row = await self.store.row(case.id)
        assert row is not None
        limits = self.chance.choice((None, UNLIMITED, Limits(turns=5)))
        try:
            forked = await self._houses[0].fork(case.id, 1 + self.chance.randrange(row.seq), by="lee", limits=limits)
        except CommandRefused:  # it had not begun there
            return
        self.cases.append(forked)
        self.drive(forked)

    async def finish(self) -> None:
        """Whatever waits for a person is answered until every case has ended. Raises AssertionError when one does not
        end, or something of it is left."""
        self._late = True
        for _ in range(60):
            self.clock.ahead_ms += 2 * HOUR_MS
            for which in (0, 1):
                for case_id in self.cases:
                    self.drive(case_id, which)
                await self.rest()
            left = [case for one in self.cases if (case := await load_case(self.store, one)).open_ids]
            if not left:
                break
            for case in left:
                await self._last_words(case)
        for case_id in self.cases:
            await check(self.store, case_id, self.begun)
            await ended_well(self.store, case_id)

    async def _last_words(self, case: Case) -> None:
        for command in last_words(case, self.chance):
            try:
                await self._houses[0].submit(case.id, command)
            except CommandRefused:  # another person may, or what was said before has settled it
                continue

    async def events(self) -> int:
        """How many facts have come about."""
        return sum([len(await load_log(self.store, one)) for one in self.cases])


# ── the outside ──────────────────────────────────────────────────────────────


class _Outside:
    """What a skill does, and how it ends."""

    def __init__(self, world: World, spec: SkillSpec) -> None:
        self._world = world
        self._spec = spec

    async def run(self, context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        world, key = self._world, context.idempotency_key
        if self._spec.effect == "write":
            world.begun[key] += 1
        chance = world.drawn(key, world.begun[key])
        await world.hold(chance)
        end = chance.random()
        if end < 0.06:
            raise SkillFailed(self._spec.name, "no")
        if end < 0.12:
            raise ConnectionError("gone")
        if end < 0.15:
            raise TimeoutError
        labels = ("post",) if chance.random() < 0.1 else ()
        return SkillResult({"n": arguments.get("n")}, chance.random() < 0.15, labels)


class _Model:
    """A model that is away, refuses or breaks now and then."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        chance = self._world.drawn(view.assignment, view.seat, view.turn, view.basis_seq)
        await self._world.hold(chance)
        end = chance.random()
        if end < 0.05:
            raise ModelBusy("m", "busy")
        if end < 0.07:
            raise ModelRefused("m", "no")
        if end < 0.09:
            raise ModelContextFull("m", "full")
        if end < 0.11:
            raise RuntimeError("broken")
        return self._world.turn_of(view)


class _Printer(Press):
    """A press that takes its time and breaks now and then."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def publish(
        self, case_id: str, report: Any, *, viewer: Viewer, by: str, seq: int
    ) -> Publication | PublicationRefused:
        chance = self._world.drawn("press", seq)
        await self._world.hold(chance)
        if chance.random() < 0.2:
            raise ValueError("no paper")
        return await super().publish(case_id, report, viewer=viewer, by=by, seq=seq)


# ── playing ──────────────────────────────────────────────────────────────────


async def played(seed: int, deeds: int, folder: Path | None = None) -> tuple[Counter[str], int]:
    """Play one world to its end; answers what each kind of deed hit, and how many facts came about. Raises
    AssertionError with the last deeds in its notes."""
    async with World(seed, folder) as world:
        try:
            for _ in range(deeds):
                await world.deed()
            await world.finish()
        except BaseException as problem:
            problem.add_note(f"seed {seed}, after: {', '.join(world.deeds[-20:])}")
            raise
        return world.hit, await world.events()


def main() -> None:
    """Play, print how many and what each kind hit."""
    parser = argparse.ArgumentParser(description="Everything a person or a runner can do to a case, in any order.")
    parser.add_argument("--runs", type=int, default=200, help="worlds in memory")
    parser.add_argument("--on-disk", type=int, default=50, help="worlds over SQLite")
    parser.add_argument("--deeds", type=int, default=200, help="deeds a world")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for where, runs, on_disk in (("memory", options.runs, False), ("SQLite", options.on_disk, True)):
        hit: Counter[str] = Counter()
        events, began = 0, time.process_time()
        for seed in range(options.seed * 100_003, options.seed * 100_003 + runs):
            with tempfile.TemporaryDirectory(prefix="jihwi-anything-") as name:
                more, facts = asyncio.run(played(seed, options.deeds, Path(name) if on_disk else None))
            hit, events = hit + more, events + facts
        seconds = time.process_time() - began
        said = f"{where}: {runs} worlds, {runs * options.deeds} deeds, {events} facts, every law held"
        lines = [
            f"{said} ({seconds:.0f} s of CPU)",
            *(f"  {kind:<14} {count:>6}" for kind, count in sorted(hit.items())),
        ]
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""The engine: claim a case, fold its log, decide, append, do; until it ends or waits.

    load ─▶ fold ─▶ decide ─▶ append (one commit) ─▶ do ─▶ learned ─▶ fold ─▶ decide …
                      ▲                                        │
                      └── AppendConflict: load again, keep ────┘
                          what effects have learned

A waiting case is a row: `drive` returns and nothing of it stays in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from jihwi.case.commands import Publish, Record, RunSkill, Think
from jihwi.case.decide import decide
from jihwi.case.events import SYSTEM, Author, Draft, Event, RunnerTookOver, TimerFired
from jihwi.case.state import Case, in_flight
from jihwi.clock import Clock
from jihwi.errors import AppendConflict, JihwiError, LeaseLost, StoreError
from jihwi.ids import CaseId, Chance, new_case_id
from jihwi.minds import Delta, DeltaSink
from jihwi.orchestrator.effects import Effects, Learned
from jihwi.orchestrator.loading import load_case
from jihwi.orchestrator.log import CaseLog
from jihwi.orchestrator.opening import Opening
from jihwi.orchestrator.ports import MindSource, Publisher
from jihwi.orchestrator.runner import runner_is_dead
from jihwi.skills import SkillBox
from jihwi.store import CaseRow, EventStore, Lease

__all__ = ["Orchestrator", "Settings"]

Watcher = Callable[[Event], None]
Persons = Callable[[Case], list[Draft]]


class Settings(msgspec.Struct, frozen=True):
    """How a runner behaves."""

    lease_seconds: float = 30.0
    grace_seconds: float = 10.0
    """How long effects under way may go on after a shutdown was asked for."""
    look_seconds: float = 0.25
    """How often a case with effects under way is looked at for what people and others wrote."""
    cases: int = 50
    """How many cases a runner drives at a time."""
    attempts: int = 8
    """How often a person's command is tried again when others write to the case at the same time."""


def _ignore(_: Delta) -> None:
    """Nobody watches the drafts."""


class Orchestrator:
    """Drives cases of one store. Several may share it, in one process or in many."""

    def __init__(
        self,
        *,
        store: EventStore,
        minds: MindSource,
        skills: SkillBox,
        publisher: Publisher,
        chance: Chance,
        clock: Clock,
        runner: str,
        settings: Settings | None = None,
        watch: Watcher | None = None,
        emit: DeltaSink = _ignore,
        trouble: Callable[[str, JihwiError], None] | None = None,
    ) -> None:
        self.store = store
        self.runner = runner
        self._chance = chance
        self._clock = clock
        self.settings = settings or Settings()
        self._watch = watch
        self._trouble = trouble
        self._author = Author("runner", runner)
        self.effects = Effects(
            store=store,
            minds=minds,
            skills=skills,
            publisher=publisher,
            emit=emit,
            seconds=clock.monotonic_seconds,
        )
        self._drives: dict[str, _Drive] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    # ── opening, commands, looking ──

    async def open(self, opening: Opening) -> CaseId:
        """Open a case; it is durable when this returns, and nothing has run yet."""
        case_id = new_case_id(self._chance, self.store.now_ms())
        log = CaseLog(self.store, case_id, self._chance, self._author)
        log.add_all(opening.drafts())
        self.show(await log.append(lease=None))
        return case_id

    async def submit(self, case_id: str, command: Persons, *, door: str = "") -> Case:
        """Apply a person's command (`jihwi.case.person`): fold, check, append; again when others wrote first.

        Needs no lease. Raises CommandRefused, CaseUnknown, AppendConflict after many tries.
        """
        for attempt in range(self.settings.attempts):
            log = CaseLog(self.store, case_id, self._chance, self._author)
            await log.load()
            for draft in command(log.case):
                author = draft.author if draft.author.door else msgspec.structs.replace(draft.author, door=door)
                log.add(Draft(draft.body, author, draft.cause, draft.labels))
            try:
                self.show(await log.append(lease=None))
            except AppendConflict:
                if attempt + 1 == self.settings.attempts:
                    raise
                continue
            self.nudge(case_id)
            return log.case
        raise AppendConflict(case_id, 0)

    async def case(self, case_id: str) -> Case:
        """The state of a case as its log says now."""
        return await load_case(self.store, case_id)

    async def row(self, case_id: str) -> CaseRow | None:
        """The case's row."""
        return await self.store.row(case_id)

    def nudge(self, case_id: str) -> None:
        """Tell a drive in this process that its case was written to."""
        drive = self._drives.get(case_id)
        if drive is not None:
            drive.nudge()

    # ── driving ──

    async def drive(self, case_id: str) -> Case | None:
        """Drive one case until it ends or waits for a person; `None` when another runner drives it.

        Short timers (a retry) are waited for; long ones are left to the row. Raises StoreError, LedgerBroken:
        nothing that was acknowledged is lost, and driving may go on later.
        """
        seconds = self.settings.lease_seconds
        lease = await self.store.claim(self.runner, case_id=case_id, seconds=seconds)
        if lease is None and await self._release_of_the_dead(case_id):
            lease = await self.store.claim(self.runner, case_id=case_id, seconds=seconds)
        if lease is None:
            return None
        return await self._drive(lease)

    async def _release_of_the_dead(self, case_id: str) -> bool:
        """Release a lease whose runner died on this machine, instead of waiting for it to run out."""
        held = await self.store.lease_of(case_id)
        if held is None or not runner_is_dead(held.runner):
            return held is None
        await self.store.release(held)
        return True

    async def _drive(self, lease: Lease) -> Case | None:
        drive = _Drive(self, lease)
        self._drives[lease.case_id] = drive
        try:
            case = await drive.run()
        except LeaseLost:
            return None
        finally:
            del self._drives[lease.case_id]
        await self.store.release(drive.lease)
        return case

    async def _drive_or_tell(self, lease: Lease) -> None:
        """Drive one of many cases. One that cannot go on is told of and keeps its lease, so that it is tried again
        only when the lease has run out."""
        try:
            await self._drive(lease)
        except JihwiError as problem:
            if self._trouble is not None:
                self._trouble(lease.case_id, problem)

    async def serve(self) -> None:
        """Drive every case of the store that has work, many at a time, until `stop`."""
        tasks: set[asyncio.Task[None]] = set()
        for row in await self.store.rows(statuses=("running",)):
            await self._release_of_the_dead(row.case_id)
        try:
            while not self._stopping.is_set():
                while len(tasks) < self.settings.cases:
                    lease = await self.store.claim(self.runner, seconds=self.settings.lease_seconds)
                    if lease is None:
                        break
                    tasks.add(asyncio.create_task(self._drive_or_tell(lease)))
                await self._wait_for_work(tasks)
                for task in [t for t in tasks if t.done()]:
                    tasks.discard(task)
                    task.result()
        finally:
            for drive in self._drives.values():
                drive.nudge()
            if tasks:
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait_for_work(self, tasks: set[asyncio.Task[None]]) -> None:
        change = asyncio.create_task(self.store.wait(None, 0, seconds=1.0))
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({change, stop, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (change, stop):
                one.cancel()
            await asyncio.gather(change, stop, return_exceptions=True)

    def stop(self) -> None:
        """Ask for a clean shutdown: effects under way get their grace, leases are released."""
        self._stopping.set()
        for drive in self._drives.values():
            drive.nudge()

    # ── what its drives ask of it ──

    @property
    def stopping(self) -> bool:
        """Whether a shutdown was asked for."""
        return self._stopping.is_set()

    def keep_ticking(self) -> None:
        """See to it that waiting drives are woken to look around, and that their leases are renewed."""
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        """One ticker for all drives; it ends with the last of them."""
        renewed = self._clock.monotonic_seconds()
        while self._drives:
            await asyncio.sleep(self.settings.look_seconds)
            if self._clock.monotonic_seconds() - renewed > self.settings.lease_seconds / 3:
                renewed = self._clock.monotonic_seconds()
                for drive in list(self._drives.values()):
                    await self._renew(drive)
            for drive in self._drives.values():
                drive.nudge()

    async def _renew(self, drive: _Drive) -> None:
        try:
            drive.lease = await self.store.renew(drive.lease, seconds=self.settings.lease_seconds)
        except LeaseLost as lost:
            drive.lose(lost)
        except StoreError:
            return  # the store is busy or away: the next append, or the next tick, will tell

    def show(self, events: list[Event]) -> None:
        """Show facts that have become durable to whoever watches."""
        if self._watch is not None:
            for event in events:
                self._watch(event)


class _Drive:
    """One case being driven. Whatever happens to it (an effect ends, a person writes, a tick) sets `wake`."""

    def __init__(self, house: Orchestrator, lease: Lease) -> None:
        self.lease = lease
        self._house = house
        self._log = CaseLog(house.store, lease.case_id, house._chance, house._author)
        self._learned: list[Learned] = []
        self._running: set[asyncio.Task[Learned]] = set()
        self._wake = asyncio.Event()
        self._look = False
        self._lost_lease: LeaseLost | None = None

    # ── what others call ──

    def nudge(self) -> None:
        """Somebody else wrote to the case, or the house stops: look before going on."""
        self._look = True
        self._wake.set()

    def lose(self, lost: LeaseLost) -> None:
        """Another runner has the case: stop."""
        self._lost_lease = lost
        self.nudge()

    # ── the loop ──

    async def run(self) -> Case:
        try:
            await self._log.load()
            if in_flight(self._log.case):
                self._log.add(Draft(RunnerTookOver(self._house.runner, self.lease.epoch)))
            while True:
                await self._advance()
                if self._learned:
                    continue
                if self._house.stopping:
                    await self._grace()
                    return self._log.case
                if self._running:
                    await self._wait_for_effects()
                elif not await self._wait_for_timer():
                    return self._log.case
        finally:
            for task in self._running:
                task.cancel()
            if self._running:
                await asyncio.gather(*self._running, return_exceptions=True)

    async def _advance(self) -> None:
        """Record what was learned, decide until only effects remain, append once, start them."""
        learned, self._learned = self._learned, []  # what ends while the append is under way is of the next one
        while True:
            if self._lost_lease is not None:
                raise self._lost_lease
            effects = self._fold_and_decide(learned)
            try:
                events = await self._log.append(lease=self.lease)
            except AppendConflict:
                await self._log.load()
                continue
            self._house.show(events)
            self._start(effects)
            return

    def _fold_and_decide(self, learned: list[Learned]) -> list[Think | RunSkill | Publish]:
        log = self._log
        for one in learned:
            for draft in one.drafts:
                log.add(draft, one.blobs)
        effects: list[Think | RunSkill | Publish] = []
        if self._house.stopping:
            return effects
        while commands := decide(log.case):
            for command in commands:
                log.add(command.draft)
                if not isinstance(command, Record):
                    effects.append(command)
        return effects

    def _start(self, effects: list[Think | RunSkill | Publish]) -> None:
        """Start effects. A procedure decides at once: a task for it would cost more than its turn."""
        case, does = self._log.case, self._house.effects
        for command in effects:
            if isinstance(command, Think):
                view = does.prepare(case, command)
                at_once = does.think_at_once(case, command, view)
                if at_once is not None:
                    self._learned.append(at_once)
                    continue
                work = does.think(case, command, view)
            elif isinstance(command, RunSkill):
                work = does.run_skill(case, command)
            else:
                work = does.publish(case, command)
            task = asyncio.create_task(work)
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Learned]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            self._learned.append(task.result())
        self._wake.set()

    # ── waiting ──

    async def _wait_for_effects(self) -> None:
        """Wait until an effect has ended, a timer is due, or others wrote to the case."""
        self._house.keep_ticking()
        while not self._learned:
            await self._wake.wait()
            self._wake.clear()
            if self._lost_lease is not None or self._house.stopping:
                return
            if self._look and not self._learned:
                self._look = False
                await self._see_others()
                if self._fire_timers() or decide(self._log.case) or not self._running:
                    return

    async def _see_others(self) -> None:
        """Fold what people and others wrote while effects are under way; a case that has ended stops them."""
        await self._log.catch_up()
        if self._log.case.status in ("closed", "cancelled"):
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _fire_timers(self) -> bool:
        if not self._log.case.timers:
            return False
        now = self._house.store.now_ms()
        due = [name for name, at_ms in self._log.case.timers.items() if at_ms <= now]
        for name in due:
            self._log.add(Draft(TimerFired(name), SYSTEM, self._log.case.seq))
        return bool(due)

    async def _wait_for_timer(self) -> bool:
        """Nothing is under way: wait for a timer that is near. Answers whether there is more to do."""
        case = self._log.case
        if case.status != "open" or not case.timers:
            return False
        left = (min(case.timers.values()) - self._house.store.now_ms()) / 1000
        if left > self._house.settings.lease_seconds:
            return False
        self._house.keep_ticking()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, left)):
                await self._wake.wait()
        self._wake.clear()
        await self._log.catch_up()
        self._fire_timers()
        return True

    async def _grace(self) -> None:
        """A shutdown was asked for: let effects end within their grace, and record how they did."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._house.settings.grace_seconds)
            await asyncio.sleep(0)
        await self._advance()

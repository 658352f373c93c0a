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

from jihwi.case.budget import Limits
from jihwi.case.events import ApprovalAnswered, Author, CaseForked, Draft, Event
from jihwi.case.state import Case
from jihwi.clock import Clock
from jihwi.errors import (
    AppendConflict,
    CaseStuck,
    ChanceStuck,
    CommandRefused,
    JihwiError,
    LeaseLost,
    RunnerLacks,
    StoreBusy,
    StoreError,
    StoreFailed,
    StoreFull,
    StoreReadOnly,
)
from jihwi.ids import CaseId, Chance, new_case_id
from jihwi.minds import Delta, DeltaSink
from jihwi.orchestrator.chance import DrawnChance
from jihwi.orchestrator.drive import Drive
from jihwi.orchestrator.effects import Effects
from jihwi.orchestrator.line import Line
from jihwi.orchestrator.loading import load_case, load_log
from jihwi.orchestrator.log import CaseLog
from jihwi.orchestrator.opening import Opening
from jihwi.orchestrator.ports import LimitSource, MindSource, Publisher
from jihwi.orchestrator.runner import runner_is_dead
from jihwi.skills import SkillBox
from jihwi.store import CaseRow, EventStore, Lease

__all__ = ["Orchestrator", "Settings"]

NAMES = 8
"""So many names are drawn for a new case before it is given up that all of them are taken."""

DEAD_SECONDS = 5.0
"""How often a serving runner looks for cases of runners that died on this machine."""

AWAY_SECONDS = 0.25
AWAY_MOST_SECONDS = 10.0
"""How long a serving runner waits before it asks a store that is away again: twice as long each time, up to this."""

IN_LINE = 4
"""So many times the cases it drives may be with a runner when the others only wait for a free place."""

LOOKS_IN_LINE = 4
"""At each so many looks of the others, a case that only waits for a free place looks around too."""

Watcher = Callable[[Event], None]
Persons = Callable[[Case], list[Draft]]


class Settings(msgspec.Struct, frozen=True):
    """How a runner behaves."""

    lease_seconds: float = 30.0
    grace_seconds: float = 10.0
    """How long effects under way may go on after a shutdown was asked for."""
    away_seconds: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
    """The pauses after which a store that is away is asked again while effects are at stake."""
    look_seconds: float = 0.25
    """How often a case with effects under way is looked at for what people and others wrote."""
    cases: int = 50
    """How many cases a runner drives at a time."""
    attempts: int = 40
    """How often a person's command is tried again when others write to the case at the same time. A runner whose minds
    are procedures writes every few milliseconds: of eight tries all were lost now and then, and "pause" failed."""


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
        limits: LimitSource | None = None,
    ) -> None:
        self.store = store
        self.runner = runner
        self._chance = DrawnChance(chance)
        self._clock = clock
        self.settings = settings or Settings()
        self._watch = watch
        self._trouble = trouble
        self._skills = skills
        self._author = Author("runner", runner)
        self.effects = Effects(
            store=store,
            minds=minds,
            skills=skills,
            publisher=publisher,
            emit=emit,
            seconds=clock.monotonic_seconds,
            limits=limits,
        )
        self.line = Line(lambda: store.slots, clock.monotonic_seconds) if limits is not None else None
        self._drives: dict[str, Drive] = {}
        self._left: dict[str, float] = {}
        """Cases left to a runner that has what they need, and for how many seconds the last time."""
        self._ticker: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.stopping = False
        """Whether a shutdown was asked for."""

    # ── opening, commands, looking ──

    async def open(self, opening: Opening) -> CaseId:
        """Open a case; it is durable when this returns, and nothing has run yet."""
        for attempt in range(NAMES):
            log = self._begun(opening)
            try:
                self.show(await log.append(lease=None))
            except AppendConflict:  # another case was given this very name in the same second
                if attempt + 1 == NAMES:
                    raise
                continue
            break
        return CaseId(log.case.id)

    def _begun(self, opening: Opening) -> CaseLog:
        """The log of a new case, with its beginning pending."""
        log = CaseLog(self.store, self._new_name(), self._chance.salts, self._author)
        log.add_all(opening.drafts())
        return log

    def _new_name(self) -> CaseId:
        """A name that no case has that is driven here, though its beginning may not be in the store yet. Raises
        ChanceStuck when all that are drawn are taken: of one second there are 33 million."""
        for _ in range(NAMES):
            if (name := new_case_id(self._chance, self.store.now_ms())) not in self._drives:
                return name
        raise ChanceStuck(NAMES)

    async def run(self, opening: Opening, *, opened: Callable[[CaseId], None] | None = None) -> Case:
        """Open a case and drive it until it ends or waits. What it begins with and its first turn's start are one
        commit; `opened` is told its name once that is durable. Answers the case as it then stands.

        Raises what `open` and `drive` raise.
        """
        for attempt in range(NAMES):
            log = self._begun(opening)
            try:
                case = await self._drive(Drive(self, log, opened=opened))
            except AppendConflict:  # as above: nothing of it was written
                if attempt + 1 == NAMES:
                    raise
                continue
            break
        return await self.case(log.case.id) if case is None else case

    async def submit(self, case_id: str, command: Persons, *, door: str = "") -> Case:
        """Apply a person's command (`jihwi.case.person`): fold, check, append; again when others wrote first.

        Needs no lease. Raises CommandRefused, CaseUnknown, AppendConflict after many tries, SkillArguments when an
        action is edited into what its skill cannot take.
        """
        for attempt in range(self.settings.attempts):
            log = CaseLog(self.store, case_id, self._chance.salts, self._author)
            await log.load()
            for draft in command(log.case):
                if type(draft.body) is ApprovalAnswered and draft.body.verdict == "edit":
                    self._fits(log.case, draft.body)
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

    def _fits(self, case: Case, edited: ApprovalAnswered) -> None:
        """An edited action would be asked anew only to fail. Where this process has not the skill, the runner's word
        counts."""
        skill = case.approvals[edited.approval].skill
        if self._skills.get(skill) is not None:
            self._skills.check(skill, edited.arguments)

    async def fork(
        self,
        case_id: str,
        seq: int,
        *,
        by: str,
        limits: Limits | None = None,
        then: Persons | None = None,
        door: str = "",
    ) -> CaseId:
        """Open a new case that goes on from event `seq` of another ("what if"). The events up to there stay with their
        case and are read from it. The fork has its own budget (`limits`, or what the other began with); approvals
        that were open are asked anew, and every `write` needs one. `then` is what the person does in it before any
        runner sees it.

        Raises CaseUnknown, CommandRefused when `seq` is no event of the case, or the fork cannot take `then`.
        """
        log = await load_log(self.store, case_id)
        own = [event for event in log if event.case_id == case_id]
        if not 1 <= seq <= len(own):
            raise CommandRefused(
                case_id, f"{seq}번 사건 기록이 없습니다 (1~{len(own)}).", f"There is no event {seq} (1 to {len(own)})."
            )
        prefix = log[: len(log) - len(own) + seq]
        for attempt in range(NAMES):
            branch = CaseLog.branch(self.store, self._new_name(), self._chance.salts, self._author, prefix)
            if not branch.case.assignments:
                raise CommandRefused(
                    case_id,
                    f"{seq}번까지는 사건이 아직 시작되지 않았습니다.",
                    f"The case had not begun at event {seq}.",
                )
            given = branch.case.limits if limits is None else limits
            forked = CaseForked(case_id, seq, own[seq - 1].head.hex(), by, given)
            branch.add(Draft(forked, Author("person", by, door=door)))
            for draft in then(branch.case) if then is not None else ():
                author = msgspec.structs.replace(draft.author, door=door)
                branch.add(Draft(draft.body, author, draft.cause, draft.labels))
            try:
                self.show(await branch.append(lease=None))
            except AppendConflict:  # as in `open`
                if attempt + 1 == NAMES:
                    raise
                continue
            break
        return CaseId(branch.case.id)

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
        """Drive one case until it ends or waits for a person; `None` when another runner drives it, or this one does.

        Short timers (a retry) are waited for; long ones are left to the row. Raises StoreError, LedgerBroken,
        RunnerLacks: nothing that was acknowledged is lost, and driving may go on later.
        """
        if case_id in self._drives:
            return None
        seconds = self.settings.lease_seconds
        lease = await self.store.claim(self.runner, case_id=case_id, seconds=seconds)
        if lease is None and await self._release_of_the_dead(case_id):
            lease = await self.store.claim(self.runner, case_id=case_id, seconds=seconds)
        if lease is None:
            return None
        drive = self._drive_of(lease)
        try:
            return await self._drive(drive)
        except RunnerLacks:  # nobody here looks at it again, as `serve` would: whoever has what it needs may have it
            await self.store.release(lease)
            raise

    def _drive_of(self, lease: Lease) -> Drive:
        return Drive(self, CaseLog(self.store, lease.case_id, self._chance.salts, self._author), lease=lease)

    async def _release_of_the_dead(self, case_id: str) -> bool:
        """Release a lease whose runner died on this machine, instead of waiting for it to run out."""
        held = await self.store.lease_of(case_id)
        if held is None or not runner_is_dead(held.runner):
            return held is None
        await self.store.release(held)
        return True

    async def _drive(self, drive: Drive) -> Case | None:
        self._drives[drive.case_id] = drive
        try:
            case = await drive.run()
        except LeaseLost:
            return None
        except RunnerLacks:
            await self._leave(drive)
            raise
        finally:
            del self._drives[drive.case_id]
            if self.line is not None:
                await self.line.left(drive.case_id)
        self._left.pop(drive.case_id, None)
        lease, drive.lease = drive.lease, None  # from now on nobody renews it
        if lease is not None:
            await self.store.release(lease)
        return case

    async def _leave(self, drive: Drive) -> None:
        """Leave a case to a runner that has what it needs: its lease runs out in a second, each time in twice as long,
        so that another one comes to it soon and this one looks at it seldom."""
        seconds = min(2 * self._left.get(drive.case_id, 0.5), self.settings.lease_seconds)
        self._left[drive.case_id] = seconds
        lease, drive.lease = drive.lease, None  # from now on nobody renews it for longer
        if lease is not None:
            with contextlib.suppress(LeaseLost):
                await self.store.renew(lease, seconds=seconds)

    async def _drive_or_tell(self, lease: Lease) -> None:
        """Drive one of many cases. One that cannot go on is told of and keeps its lease, so that it is tried again
        only when the lease has run out."""
        again = lease.case_id in self._left
        try:
            await self._drive(self._drive_of(lease))
        except RunnerLacks as problem:
            if self._trouble is not None and not again:
                self._trouble(lease.case_id, problem)
        except JihwiError as problem:
            if self._trouble is not None:
                self._trouble(lease.case_id, problem)
        except Exception as problem:  # noqa: BLE001 - the border: what breaks one case must not end the others
            if self._trouble is not None:
                self._trouble(lease.case_id, CaseStuck(lease.case_id, f"{type(problem).__name__}: {problem}"))

    async def serve(self) -> None:
        """Drive every case of the store that has work, many at a time, until `stop`. While the store is away (its
        server is started anew, its disk is full) nothing is driven; it is asked again until it is there.

        Raises StoreError for what does not pass by itself: a damaged store, or one that a newer version made.
        """
        tasks: set[asyncio.Task[None]] = set()
        looked, away = -1e9, 0
        try:
            while not self._stopping.is_set():
                try:
                    if self._clock.monotonic_seconds() - looked > DEAD_SECONDS:
                        looked = self._clock.monotonic_seconds()
                        await self._release_of_all_the_dead()
                    await self._claim_into(tasks)
                    await self._wait_for_work(tasks)
                    away = 0
                except (StoreFailed, StoreBusy, StoreFull, StoreReadOnly) as problem:
                    await self._outlast(problem, away)
                    away += 1
                for task in [t for t in tasks if t.done()]:
                    tasks.discard(task)
                    task.result()
        finally:
            for drive in self._drives.values():
                drive.nudge()
            if tasks:
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim_into(self, tasks: set[asyncio.Task[None]]) -> None:
        """Take up cases while there are some and room for them."""
        while self._has_room(len(tasks)):
            # What is driven here is not taken up a second time, though its lease has run out unseen on a slow disk: a
            # lease holds until another one takes it.
            driven = tuple(self._drives)
            lease = await self.store.claim(self.runner, seconds=self.settings.lease_seconds, besides=driven)
            if lease is None:
                break
            tasks.add(asyncio.create_task(self._drive_or_tell(lease)))

    async def _outlast(self, problem: StoreError, times: int) -> None:
        """Tell once that the store is away, and wait a little, each time longer; a shutdown ends the wait."""
        if times == 0 and self._trouble is not None:
            self._trouble("", problem)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(AWAY_SECONDS * (1 << min(times, 10)), AWAY_MOST_SECONDS)):
                await self._stopping.wait()

    def _has_room(self, cases: int) -> bool:
        """Whether one case more may be driven. Those that only wait for a free place keep nobody from being driven,
        as far as memory is to be bounded."""
        most = self.settings.cases
        if cases < most or self.line is None:
            return cases < most
        waiting = sum(drive.only_waits_for_places for drive in self._drives.values())
        return cases - waiting < most and cases < IN_LINE * most

    async def _release_of_all_the_dead(self) -> None:
        """Free the cases of runners that died on this machine; nobody else's lease is touched."""
        for row in await self.store.rows(statuses=("running",)):
            if row.case_id not in self._drives:
                await self._release_of_the_dead(row.case_id)

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
        self.stopping = True
        self._stopping.set()
        for drive in self._drives.values():
            drive.nudge()

    # ── what its drives ask of it ──

    @property
    def lease_seconds(self) -> float:
        """How long a lease is taken for."""
        return self.settings.lease_seconds

    @property
    def grace_seconds(self) -> float:
        """How long effects may go on after a shutdown was asked for."""
        return self.settings.grace_seconds

    @property
    def away_seconds(self) -> tuple[float, ...]:
        """The pauses after which a store that is away is asked again while effects are at stake."""
        return self.settings.away_seconds

    def keep_ticking(self) -> None:
        """See to it that waiting drives are woken to look around, and that their leases are renewed."""
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        """One ticker for all drives; it ends with the last of them."""
        renewed, looks = self._clock.monotonic_seconds(), 0
        while self._drives:
            await asyncio.sleep(self.settings.look_seconds)
            if self._clock.monotonic_seconds() - renewed > self.settings.lease_seconds / 3:
                renewed = self._clock.monotonic_seconds()
                for drive in list(self._drives.values()):
                    await self._renew(drive)
            self.effects.cancel_overdue()
            looks += 1
            written = await self._written_by_others()
            now_ms = self.store.now_ms()
            for drive in list(self._drives.values()):
                if drive.only_waits_for_places:
                    if looks % LOOKS_IN_LINE == 0:
                        drive.nudge()
                elif drive.case_id in written or drive.is_due(now_ms):
                    drive.nudge()

    async def _written_by_others(self) -> list[str]:
        """Those of the driven cases that people and others wrote to: one question for all, whatever their number."""
        try:
            return await self.store.gone_on({case_id: drive.seq for case_id, drive in self._drives.items()})
        except StoreError:
            return []  # the store is busy or away: the next append, or the next tick, will tell

    async def _renew(self, drive: Drive) -> None:
        if drive.lease is None:
            return
        try:
            drive.lease = await self.store.renew(drive.lease, seconds=self.settings.lease_seconds)
        except LeaseLost as lost:
            if drive.lease is not None:  # else it has let go meanwhile
                drive.lose(lost)
        except StoreError:
            return  # the store is busy or away: the next append, or the next tick, will tell

    def show(self, events: list[Event]) -> None:
        """Show facts that have become durable to whoever watches."""
        if self._watch is not None:
            for event in events:
                self._watch(event)

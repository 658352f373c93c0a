"""One case being driven: advance (fold, decide, append), start effects, wait for what they bring.

A lone effect runs in the drive's own task: a task of its own, and waking each other, would cost more than the effect.
Should anybody have to be heard meanwhile (a person writes, a timer is due, the house stops), a deputy
task drives on in its place, and the effect is one of those it waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from jihwi.case.assignment import Reason
from jihwi.case.commands import Publish, Record, RunSkill, Think
from jihwi.case.decide import decide
from jihwi.case.events import (
    SYSTEM,
    ContextCompacted,
    Draft,
    Event,
    RunnerAwaited,
    RunnerTookOver,
    SlotAwaited,
    TimerFired,
)
from jihwi.case.state import Case, in_flight
from jihwi.errors import AppendConflict, LeaseLost, RunnerLacks, StoreBusy, StoreError, StoreFailed
from jihwi.ids import CaseId
from jihwi.orchestrator.effects import Effects, Learned
from jihwi.orchestrator.line import Line, Ticket
from jihwi.orchestrator.log import CaseLog
from jihwi.orchestrator.ports import Limit
from jihwi.store import EventStore, Lease

__all__ = ["Drive", "House"]

_Work = Coroutine[Any, Any, Learned]

_ENDED = ("closed", "cancelled")

_BREATH = 32
"""So many passes without waiting for anything, then the loop's other tasks get their turn."""


_TOLD_SECONDS = 1.0
"""Who has waited for a place so long is said to wait: a shorter wait is no fact worth a commit."""


def _shortens(learned: Learned) -> bool:
    """Whether it makes a transcript shorter, which must be there then."""
    return any(type(draft.body) is ContextCompacted for draft in learned.drafts)


class House(Protocol):
    """What a drive asks of the orchestrator it belongs to."""

    store: EventStore
    runner: str
    effects: Effects
    line: Line | None
    """Where places under limits are waited for; `None` in a house without limits."""
    stopping: bool
    """Whether a shutdown was asked for."""

    @property
    def lease_seconds(self) -> float:
        """How long a lease is taken for."""
        ...

    @property
    def grace_seconds(self) -> float:
        """How long effects may go on after a shutdown was asked for."""
        ...

    @property
    def away_seconds(self) -> tuple[float, ...]:
        """The pauses after which a store that is away is asked again while effects are at stake."""
        ...

    def keep_ticking(self) -> None:
        """See to it that the drive is nudged now and then, and that its lease is renewed."""
        ...

    def show(self, events: list[Event]) -> None:
        """Show facts that have become durable."""
        ...


class Drive:
    """One case being driven. Whatever happens to it (an effect ends, a person writes, a tick) sets `wake`."""

    def __init__(
        self,
        house: House,
        log: CaseLog,
        *,
        lease: Lease | None = None,
        opened: Callable[[CaseId], None] | None = None,
    ) -> None:
        """Without a lease the case is new: its beginning is pending in `log`, and the lease is taken with it."""
        self.case_id = log.case.id
        self.lease = lease
        self._new = lease is None
        self._opened = opened
        self._house = house
        self._log = log
        self._learned: list[Learned] = []
        self._running: set[asyncio.Future[Learned]] = set()
        self._wake = asyncio.Event()
        self._look = False
        self._lost_lease: LeaseLost | None = None
        self._away: StoreBusy | StoreFailed | None = None
        """Why the store was last away."""
        self._asked_again = 0
        """How often it was asked again since it last took something."""
        self._lacks: Reason | None = None
        """What this runner does not have, of all that is due just now."""
        self._wanted: dict[str, Limit] = {}
        """What is due and must have a place before it may start, by the command's key."""
        self._tickets: dict[str, Ticket] = {}
        """What was done about it."""
        self._told: set[tuple[str, int, int]] = set()
        """The turns that were said to wait for a place."""
        self._slot_came = False
        self._home: asyncio.Task[Any] | None = None
        """The task in which a lone effect runs just now."""
        self._deputy: asyncio.Task[Case] | None = None
        self._lone: asyncio.Future[Learned] | None = None
        """The lone effect as the deputy sees it."""

    # ── what others call ──

    def nudge(self) -> None:
        """Somebody else wrote to the case, or the house stops: look before going on."""
        self._look = True
        self._wake.set()
        if self._home is not None and self._deputy is None:
            self._lone = asyncio.get_running_loop().create_future()
            self._running.add(self._lone)
            self._lone.add_done_callback(self._lone_ended)
            self._deputy = asyncio.create_task(self._until_rest())

    @property
    def seq(self) -> int:
        """The last event that is folded here."""
        return self._log.case.seq

    def is_due(self, now_ms: int) -> bool:
        """Whether the time of one of the case's timers has come."""
        case = self._log.case
        return bool(case.timers) and case.status == "open" and min(case.timers.values()) <= now_ms

    def lose(self, lost: LeaseLost) -> None:
        """Another runner has the case: stop."""
        self._lost_lease = lost
        self.nudge()

    @property
    def only_waits_for_places(self) -> bool:
        """Whether it has nothing under way and waits for a free place."""
        return bool(self._wanted) and not self._running and self._home is None

    # ── the loop ──

    async def run(self) -> Case:
        """Drive until the case ends or waits. Raises LeaseLost, StoreError, LedgerBroken; RunnerLacks when all that is
        left needs a mind or a skill this runner does not have."""
        if self.lease is not None:
            await self._log.load()
            if in_flight(self._log.case):
                self._log.add(Draft(RunnerTookOver(self._house.runner, self.lease.epoch)))
        case = await self._until_rest()
        await self._log.keep_snapshot()
        await self._log.fill()
        if self._lacks is not None and not self._house.stopping:
            raise RunnerLacks(self.case_id, self._lacks.params["name"])
        return case

    async def _until_rest(self) -> Case:
        passes = 0
        home = asyncio.current_task()
        assert home is not None
        try:
            while True:
                lone = await self._advance(home)
                passes += 1
                if passes % _BREATH == 0:
                    await asyncio.sleep(0)
                if lone is not None and (case := await self._alone(lone, home)) is not None:
                    return case
                if self._learned:
                    continue
                if self._house.stopping:
                    await self._grace()
                    return self._log.case
                if self._running or self._wanted:
                    await self._wait_for_effects()
                elif not await self._wait_for_timer():
                    return self._log.case
        finally:
            self._wanted = {}
            self._see_to_tickets()
            for task in self._running:
                task.cancel()
            if self._running:
                await asyncio.gather(*self._running, return_exceptions=True)

    async def _advance(self, home: asyncio.Task[Any] | None = None) -> _Work | None:
        """Record what was learned, decide until only effects remain, append once, start them; a lone one is answered,
        to be run in the task `home`."""
        learned, self._learned = self._learned, []  # what ends while the append is under way is of the next one
        while True:
            if self._lost_lease is not None:
                raise self._lost_lease
            if learned and self._log.hollow and any(_shortens(one) for one in learned):
                await self._log.fill()  # an append that failed left a state from a snapshot
            effects = self._fold_and_decide(learned)
            if self._log.hollow and any(isinstance(one, Think) for one in effects):
                await self._log.fill()
            try:
                if self._new:
                    await self._begin(starts=bool(effects))
                else:
                    await self._commit(starts=bool(effects))
            except AppendConflict:
                if self._new:
                    raise  # another case has this very name
                if await self._log.load_again() and self._away is not None:
                    raise self._away from None  # what was written then stands after all, and nobody has started it
                continue
            except (StoreBusy, StoreFailed) as problem:
                if self._new or not (learned or self._running):
                    raise
                learned = await self._outlast(problem, learned, started=bool(effects))
                continue
            self._asked_again = 0
            if self._wanted or self._tickets:
                self._see_to_tickets(effects)
            return self._start(effects, home) if effects else None

    async def _outlast(
        self, problem: StoreBusy | StoreFailed, learned: list[Learned], *, started: bool
    ) -> list[Learned]:
        """The store is away (its server is started anew, a connection was cut, another process holds it) while effects
        are under way or have learned what nobody else knows: a `write` that was done would be laid before a person. So
        it is asked again for a while. Answers what is still to be recorded; what was written without our hearing of it
        is found there, and if effects were `started` by that, the case is left to whoever takes it over.

        Raises `problem` when the store has been away for all of the house's pauses.
        """
        self._away = problem
        pauses = self._house.away_seconds
        while self._asked_again < len(pauses):
            await asyncio.sleep(pauses[self._asked_again])
            self._asked_again += 1
            if self._lost_lease is not None:
                raise self._lost_lease
            try:
                stands = await self._log.load_again()
            except (StoreBusy, StoreFailed):
                continue
            if stands and started:
                raise problem
            return [] if stands else learned
        raise problem

    async def _commit(self, *, starts: bool) -> None:
        """Append what is pending. The last facts of a case that has ended let its lease go with them."""
        if not self._log.fresh:
            return
        lease, over, at_rest = self.lease, False, False
        if not starts:
            over, at_rest = self._is_over(), self._decided_all()
        if over:
            self.lease = None  # from now on nobody renews it
        try:
            events = await self._log.append(lease=lease, starts=starts, at_rest=at_rest, over=over)
        except StoreError:
            self.lease = lease
            raise
        if over:
            self.lease = None
        self._house.show(events)

    def _decided_all(self) -> bool:
        """Whether `decide` has just left nothing that is due."""
        return not self._house.stopping and self._lacks is None and not self._wanted

    def _is_over(self) -> bool:
        return self._log.case.status in _ENDED and not self._running and not self._learned

    async def _begin(self, *, starts: bool) -> None:
        """Open the case: what it begins with, the start of its first turn and its lease are one commit."""
        house, case_id = self._house, CaseId(self.case_id)
        taker = (house.runner, house.lease_seconds)
        until_ms = house.store.now_ms() + int(house.lease_seconds * 1000)
        at_rest = self._decided_all()
        events = await self._log.append(lease=None, starts=starts, at_rest=at_rest, taker=taker)
        self._new = False
        self.lease = Lease(case_id, house.runner, 1, until_ms)
        house.show(events)
        if self._opened is not None:
            self._opened(case_id)

    def _fold_and_decide(self, learned: list[Learned]) -> list[Think | RunSkill | Publish]:
        log, house = self._log, self._house
        for one in learned:
            for draft in one.drafts:
                log.add(draft, one.blobs)
        effects: list[Think | RunSkill | Publish] = []
        self._lacks = None
        self._wanted = {}
        self._slot_came = False
        following = not house.stopping
        while following:
            following = False  # starting an effect makes nothing else due; a fact may
            if self._wanted:
                self._wanted = {}
            for command in decide(log.case):
                if type(command) is Record:
                    log.add(command.draft)
                    following = True
                elif (lacks := house.effects.lacks(log.case, command)) is not None:
                    following = self._await_a_runner(command.assignment, lacks) or following
                elif house.line is not None and not self._has_place(command):
                    self._await_a_place(command)
                else:
                    log.add(command.draft)
                    effects.append(command)
        return effects

    def _await_a_runner(self, assignment: str, lacks: Reason) -> bool:
        """Leave a command to a runner that can do it. The case says so once; answers whether it had to."""
        self._lacks = lacks
        if self._log.case.assignments[assignment].awaits == lacks:
            return False
        self._log.add(Draft(RunnerAwaited(assignment, lacks), SYSTEM, self._log.case.seq))
        return True

    # ── places under a limit ──

    def _has_place(self, command: Think | RunSkill | Publish) -> bool:
        """Whether a command needs no place, or has one. If not, it is wanted."""
        ticket = self._tickets.get(command.key)
        if ticket is not None and ticket.granted:
            return True
        limit = self._house.effects.limit_of(self._log.case, command)
        if limit is None:
            return True
        self._wanted[command.key] = limit
        return False

    def _await_a_place(self, command: Think | RunSkill | Publish) -> None:
        """Say, once a turn, that it has been waiting for a while."""
        ticket, assignment = self._tickets.get(command.key), self._log.case.assignments[command.assignment]
        assert self._house.line is not None
        if ticket is None or self._house.line.waited_seconds(ticket) < _TOLD_SECONDS:
            return
        turn = (assignment.id, assignment.seat, command.turn)
        if turn not in self._told and assignment.awaits is None:
            self._told.add(turn)
            self._log.add(Draft(SlotAwaited(assignment.id, ticket.limit.reason), SYSTEM, self._log.case.seq))

    def _see_to_tickets(self, starting: list[Think | RunSkill | Publish] | None = None) -> None:
        """Ask for what is wanted, and give back what is not: its work was cancelled, or is done by another mind."""
        line = self._house.line
        if line is None:
            return
        kept = {command.key for command in starting or ()} | self._wanted.keys()
        for key in [key for key in self._tickets if key not in kept]:
            line.back(self._tickets.pop(key))
        if self.lease is not None:
            for key, limit in self._wanted.items():
                if key not in self._tickets:
                    self._tickets[key] = line.ask(limit, self.lease, key, self._place_came)

    def _place_came(self) -> None:
        self._slot_came = True
        self._wake.set()

    def _give_back_after(self, task: asyncio.Task[Learned], command: Think | RunSkill | Publish) -> None:
        """The place of a command is free once its task has ended, however it does."""
        ticket, line = self._tickets.pop(command.key, None), self._house.line
        if ticket is not None and line is not None:
            task.add_done_callback(lambda _: line.back(ticket))

    # ── effects ──

    def _start(self, effects: list[Think | RunSkill | Publish], home: asyncio.Task[Any] | None) -> _Work | None:
        """Start effects; answers one that may run alone. A procedure decides at once, here."""
        case, does = self._log.case, self._house.effects
        for command in effects:
            if type(command) is Think:
                view = does.prepare(case, command)
                at_once = does.think_at_once(case, command, view)
                if at_once is not None:
                    self._learned.append(at_once)
                    continue
                work = does.think(case, command, view)
            elif type(command) is RunSkill:
                if len(effects) == 1 and self._may_be_alone():
                    return does.run_skill(case, command, home)
                work = does.run_skill(case, command)
            else:
                work = does.publish(case, command)
            if len(effects) == 1 and self._may_be_alone():
                return work
            task = asyncio.create_task(work)
            self._running.add(task)
            task.add_done_callback(self._ended)
            if self._tickets:
                self._give_back_after(task, command)
        return None

    def _may_be_alone(self) -> bool:
        busy = self._running or self._learned or self._look or self._house.stopping or self._wanted or self._tickets
        return not busy and self._deputy is None and self._lost_lease is None

    def _ended(self, effect: asyncio.Future[Learned]) -> None:
        self._running.discard(effect)
        if effect.cancelled():
            self._look = True  # it taught nothing: whoever waits for it sees whether anything is still under way
        else:
            self._learned.append(effect.result())
        self._wake.set()

    # ── a lone effect ──

    async def _alone(self, work: _Work, home: asyncio.Task[Any]) -> Case | None:
        """Run an effect right here. Answers the case when a deputy has meanwhile driven it to its rest."""
        self._house.keep_ticking()
        self._home = home
        learned: Learned | None = None
        try:
            learned = await work
        except asyncio.CancelledError:
            only_the_effect = self._lone is not None and self._lone.cancelled() and not home.uncancel()
            if not only_the_effect:  # the drive itself is cancelled, or is too
                if self._deputy is not None:
                    self._deputy.cancel()
                    await asyncio.gather(self._deputy, return_exceptions=True)
                raise
        finally:
            self._home = None
        if self._deputy is None:
            if learned is not None:
                self._learned.append(learned)
            return None
        if self._lone is not None and learned is not None and not self._lone.done():
            self._lone.set_result(learned)
        return await self._deputy

    def _lone_ended(self, lone: asyncio.Future[Learned]) -> None:
        if lone.cancelled() and self._home is not None:
            self._home.cancel()
        self._ended(lone)

    # ── waiting ──

    async def _wait_for_effects(self) -> None:
        """Wait until an effect has ended, a timer is due, or others wrote to the case."""
        self._house.keep_ticking()
        while not self._learned and not self._slot_came:
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
        """Fold what people and others wrote while effects are under way; a case that has ended stops them. A store
        that is away ends no effect: the next look, or what is appended next, will tell."""
        try:
            await self._log.catch_up()
        except (StoreBusy, StoreFailed):
            return
        if self._log.case.status in ("closed", "cancelled"):
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _fire_timers(self) -> bool:
        if not self._log.case.timers or self._log.case.status != "open":  # deadlines rest while the case does
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
        if left > self._house.lease_seconds:
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
            await asyncio.wait(self._running, timeout=self._house.grace_seconds)
            await asyncio.sleep(0)
        await self._advance()

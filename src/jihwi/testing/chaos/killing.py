"""Where a process is killed: the boundaries, the one that is due next, and what kills it there.

Faults are made by wrapping ports. "Between" is the middle of the thing itself: a commit is struck by a second thread
while it is under way, an effect after the world has seen it and before it is synced.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case.ledger import Sealed
from jihwi.store import EventStore, Lease, Patch

__all__ = ["BOUNDARIES", "CLOCK", "Death", "DyingStore", "Plan", "Spread"]

CLOCK = "clock"
"""A kill at a moment of the parent's clock, wherever the process is then."""

_THINGS = ("append", "read", "mind", "read skill", "idempotent write", "write", "publish")
BOUNDARIES = tuple(f"{thing}:{when}" for thing in _THINGS for when in ("before", "between", "after"))

_FEW = 2
"""A boundary is passed at least so often before the calm run has told how often."""


class Plan(msgspec.Struct, frozen=True):
    """Where a process is to die: at the boundary `at`, when it has been passed `count` times; nowhere when empty."""

    at: str = ""
    count: int = 0
    seed: int = 0


class Spread:
    """Plans kills so that every boundary gets its share: most of them go where the fewest have been."""

    def __init__(self, chance: random.Random, passes: Mapping[str, int], places: Sequence[str]) -> None:
        """`passes` says how often a calm run passes each boundary."""
        self._chance = chance
        self._passes = passes
        self._places = places
        self.died: Counter[str] = Counter()

    def plan(self) -> Plan:
        """The next kill."""
        fewest = min(self.died[place] for place in self._places)
        rare = [place for place in self._places if self.died[place] == fewest]
        at = self._chance.choice(rare if self._chance.random() < 0.75 else list(self._places))
        most = max(1, self._passes.get(at, _FEW))
        return Plan(at, self._chance.randrange(most), self._chance.getrandbits(32))


class Death:
    """Kills this very process at the planned boundary, and counts how often each is passed."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.passed: Counter[str] = Counter()
        self._chance = random.Random(self.plan.seed)

    def passes(self, boundary: str) -> None:
        """A boundary is reached."""
        if self._is_due(boundary):
            os.kill(os.getpid(), signal.SIGKILL)

    def strikes(self, boundary: str, seconds: float) -> Strike:
        """Something that takes about so long begins: should the boundary in its middle be due, a thread strikes at
        some moment of it."""
        due = self._is_due(boundary)
        if due:
            self.plan = Plan(boundary, 0, self.plan.seed)  # should it miss, it strikes the next one
            self.passed[boundary] = 0
        return Strike(self._chance.uniform(0, seconds) if due else None)

    def _is_due(self, boundary: str) -> bool:
        self.passed[boundary] += 1
        return boundary == self.plan.at and self.passed[boundary] > self.plan.count


class Strike:
    """A kill that comes while something is under way, or not at all."""

    def __init__(self, after_seconds: float | None) -> None:
        self._under_way = after_seconds is not None
        if after_seconds is not None:
            threading.Thread(target=self._wait_and_kill, args=(after_seconds,), daemon=True).start()

    def _wait_and_kill(self, seconds: float) -> None:
        time.sleep(seconds)
        if self._under_way:
            os.kill(os.getpid(), signal.SIGKILL)

    def over(self) -> None:
        """It has ended before it was struck."""
        self._under_way = False


class DyingStore:
    """A store whose process may die before, in and after each commit and each reading; heads that were acknowledged
    are written down in the folder, a line each, before anybody else hears of them."""

    def __init__(self, store: EventStore, death: Death, folder: Path) -> None:
        self._store = store
        self._death = death
        self._heads = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._append_seconds = 0.0005
        self._read_seconds = 0.0005

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(
        self,
        case_id: str,
        events: Sequence[Sealed],
        patch: Patch,
        *,
        blobs: Mapping[str, bytes] = {},
        lease: Lease | None = None,
    ) -> None:
        self._death.passes("append:before")
        strike = self._death.strikes("append:between", self._append_seconds)
        began = time.perf_counter()
        try:
            await self._store.append(case_id, events, patch, blobs=blobs, lease=lease)
        finally:
            strike.over()
        self._append_seconds = time.perf_counter() - began
        last = events[-1]
        os.write(self._heads, f"{case_id} {last.seq} {last.head.hex()}\n".encode())
        self._death.passes("append:after")

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        self._death.passes("read:before")
        strike = self._death.strikes("read:between", self._read_seconds)
        began = time.perf_counter()
        try:
            found = await self._store.read(case_id, after=after, limit=limit)
        finally:
            strike.over()
        self._read_seconds = time.perf_counter() - began
        self._death.passes("read:after")
        return found

"""Many runs, and what they showed: where runners died, and how many different endings there were."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from jihwi.store.sqlite import SqliteStore
from jihwi.testing.chaos.endings import Ended, ending
from jihwi.testing.chaos.killing import Spread
from jihwi.testing.chaos.processes import PLACES, calm_passes, open_many, play, play_together

__all__ = ["Shown", "on_postgres", "on_sqlite"]

TOGETHER = 10
"""So many cases are driven at a time on Postgres."""


class Shown(msgspec.Struct, frozen=True):
    """What many runs showed."""

    runs: int
    died: dict[str, int]
    """How many runners died at each place."""
    endings: tuple[Any, ...]
    """The different ways in which cases ended; the promise is that there is one."""

    @property
    def fewest(self) -> int:
        """How many died at the place where the fewest did."""
        return min(self.died.get(place, 0) for place in PLACES)


def _ignore(_: int) -> None:
    """Nobody watches."""


def on_sqlite(runs: int, seed: int, *, done: Callable[[int], None] = _ignore) -> Shown:
    """So many cases over SQLite files, each with one to four killed processes; `done` is told how many have ended.

    Raises `Broken` at the first broken promise.
    """
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="jihwi-chaos-") as name:
        calm = Path(name) / "calm"
        calm.mkdir()
        spread = Spread(chance, calm_passes(calm), PLACES)
        endings = {_how_it_ended(calm).essence}
        for number in range(runs):
            folder = Path(name) / str(number)
            folder.mkdir()
            play(folder, spread, kills=chance.randint(1, 4))
            endings.add(_how_it_ended(folder).essence)
            done(number + 1)
    return Shown(runs, dict(spread.died), tuple(endings))


def on_postgres(dsn: str, runs: int, seed: int, *, least: int = 0, done: Callable[[int], None] = _ignore) -> Shown:
    """So many cases over a Postgres server, ten at a time, by three runners at a time that are killed again and again;
    more, twice as many at most, until `least` have died at each place.

    Raises `Broken` at the first broken promise.
    """
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="jihwi-chaos-") as name:
        calm = Path(name) / "calm"
        calm.mkdir()
        spread = Spread(chance, calm_passes(calm), PLACES)
        endings = {_how_it_ended(calm).essence}
        ended = 0
        while ended < runs or (ended < 2 * runs and min(spread.died[place] for place in PLACES) < least):
            folder = Path(name) / str(ended)
            folder.mkdir()
            cases = open_many(dsn, folder, min(TOGETHER, max(1, runs - ended) if ended < runs else TOGETHER))
            kills = sum(chance.randint(1, 6) for _ in cases)
            endings |= {one.essence for one in play_together(dsn, folder, spread, cases, kills=kills)}
            ended += len(cases)
            done(ended)
    return Shown(ended, dict(spread.died), tuple(endings))


def _how_it_ended(folder: Path) -> Ended:
    """How the case of a folder ended."""

    async def look() -> Ended:
        async with await SqliteStore.open(folder / "cases.db") as store:
            (row,) = await store.rows()
            return await ending(store, folder, row.case_id)

    return asyncio.run(look())

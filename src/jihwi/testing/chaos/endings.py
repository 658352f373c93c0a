"""How a case ended, and whether the promise held: every acknowledged event is there, nothing finished ran twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec

from jihwi.case import events as e
from jihwi.case.fold import fold
from jihwi.case.ledger import open_event, verify
from jihwi.orchestrator import load_case
from jihwi.store import EventStore
from jihwi.testing.chaos.world import effects_of

__all__ = ["Broken", "Ended", "ending", "file_of_passes"]


class Broken(AssertionError):
    """The promise was broken; says how."""


class Ended(msgspec.Struct, frozen=True):
    """How a case ended."""

    answer: str
    claims: tuple[str, ...]
    effects: tuple[str, ...]
    released: int
    events: int

    @property
    def essence(self) -> tuple[str, tuple[str, ...], tuple[str, ...], int]:
        """What must be the same however often runners were killed."""
        return self.answer, self.claims, self.effects, self.released


async def ending(store: EventStore, folder: Path, case_id: str) -> Ended:
    """How a case ended. Raises `Broken` when anything acknowledged was lost or done twice, LedgerBroken when its
    chain does not hold."""
    stored = await store.read(case_id)
    case = await load_case(store, case_id)
    verify(case_id, stored)
    log = [open_event(one) for one in stored]
    heads = {f"{case_id} {one.seq} {one.head.hex()}" for one in stored}
    told = (folder / "acknowledged").read_text(encoding="utf-8").splitlines()
    lost = [line for line in told if line.startswith(f"{case_id} ") and line not in heads]
    if lost:
        raise Broken(f"acknowledged and lost: {lost[0]}")
    _nothing_twice(log)
    if fold(case_id, log).status != "closed":
        raise Broken(f"the case ended as {case.status}")
    effects = effects_of(folder, case_id)
    if len(effects) != len(set(effects)):
        raise Broken(f"an effect happened twice: {Counter(effects).most_common(1)}")
    claims = tuple(sorted(one.claim.text for one in case.findings))
    return Ended(case.answer, claims, tuple(sorted(effects)), len(case.released), len(log))


def _nothing_twice(log: list[e.Event]) -> None:
    finished: set[tuple[str, int, int, int]] = set()
    for event in log:
        body = event.body
        if isinstance(body, e.SkillFinished | e.SkillStarted):
            key = (body.assignment, body.seat, body.turn, body.number)
            if key in finished:
                raise Broken(f"a finished skill was run again: {key}")
            if isinstance(body, e.SkillFinished):
                finished.add(key)


def file_of_passes(folder: Path, passes: Counter[str] | None = None) -> Counter[str]:
    """Write down how often each boundary was passed, or read it."""
    path = folder / "passes.json"
    if passes is not None:
        path.write_text(json.dumps(passes), encoding="utf-8")
    return Counter(json.loads(path.read_text(encoding="utf-8")))

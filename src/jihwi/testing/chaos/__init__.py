"""Cases driven by processes that are really killed, at every kind of boundary, until each case has ended.

Faults are made by wrapping ports: a store that dies before or after a commit, a mind, a skill or a press that dies
before or after its work. Each attempt is a forked process that ends with SIGKILL at a chosen boundary, or at a moment
chosen by the parent's clock; the next attempt goes on from what is on disk.

`python -m jihwi.testing.chaos --runs 1000` prints the histogram of boundaries and whether the promise held.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Policy
from jihwi.case.fold import fold
from jihwi.case.ledger import Sealed, open_event, verify
from jihwi.case.state import Case
from jihwi.case.turn import Call, CallSettled, ChildReported, Delegate, HandOff, Post, Release, Report, Turn, View
from jihwi.evidence import Claim, Viewer
from jihwi.ids import Randomness
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Orchestrator, Publication, PublicationRefused, load_case, runner_name
from jihwi.skills import SkillContext
from jihwi.store import EventStore, Lease, Patch
from jihwi.store.sqlite import SqliteStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator

__all__ = ["BOUNDARIES", "Broken", "Ended", "check_ended", "play"]

BOUNDARIES = (
    "append:before",
    "append:after",
    "read:before",
    "mind:before",
    "mind:after",
    "read skill:before",
    "read skill:after",
    "idempotent write:before",
    "idempotent write:after",
    "write:before",
    "write:after",
    "publish:before",
    "publish:after",
)


class Broken(AssertionError):
    """The promise was broken; says how."""


class Ended(msgspec.Struct, frozen=True):
    """How a case ended."""

    answer: str
    claims: tuple[str, ...]
    effects: tuple[str, ...]
    released: int
    events: int


class _Death:
    """Kills this very process at the n-th time a boundary is passed, and writes down each one passed."""

    def __init__(self, at: str, count: int, trace: Path) -> None:
        self._at = at
        self._left = count
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def passes(self, boundary: str) -> None:
        if boundary == self._at:
            self._left -= 1
            if self._left < 0:
                os.write(self._trace, f"{boundary}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)


class _DyingStore:
    """A store whose process may die around each commit and each reading; acknowledged heads are written down."""

    def __init__(self, store: EventStore, death: _Death, acknowledged: Path) -> None:
        self._store = store
        self._death = death
        self._heads = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

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
        await self._store.append(case_id, events, patch, blobs=blobs, lease=lease)
        os.write(self._heads, f"{events[-1].seq} {events[-1].head.hex()}\n".encode())
        self._death.passes("append:after")

    async def read(self, case_id: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        self._death.passes("read:before")
        return await self._store.read(case_id, after=after, limit=limit)


class _World:
    """What skills and the press do to the world: lines in a file, each written at once."""

    def __init__(self, folder: Path, death: _Death) -> None:
        self.death = death
        self._path = folder / "effects"

    def look(self, context: SkillContext, arguments: dict[str, Any]) -> Any:
        self.death.passes("read skill:before")
        found = {"found": f"{arguments['what']}!"}
        self.death.passes("read skill:after")
        return found

    def keep(self, context: SkillContext, arguments: dict[str, Any]) -> Any:
        self.death.passes("idempotent write:before")
        line = f"keep {context.idempotency_key.split('/', 1)[1]} {arguments['what']}"
        if line not in self.lines():
            self._write(line)
        self.death.passes("idempotent write:after")
        return {"kept": True}

    def send(self, context: SkillContext, arguments: dict[str, Any]) -> Any:
        self.death.passes("write:before")
        self._write(f"send {context.idempotency_key.split('/', 1)[1]}")
        self.death.passes("write:after")
        return {"sent": True}

    async def publish(
        self, case_id: str, report: Any, *, viewer: Viewer, by: str, seq: int
    ) -> Publication | PublicationRefused:
        self.death.passes("publish:before")
        line = f"publish {msgspec.json.encode(report, order='deterministic').decode()}"
        if line not in self.lines():
            self._write(line)
        self.death.passes("publish:after")
        return Publication({"report.md": "0" * 64}, {"quoted": 1})

    def _write(self, line: str) -> None:
        out = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(out, f"{line}\n".encode())
        os.fsync(out)
        os.close(out)

    def lines(self) -> list[str]:
        return self._path.read_text().splitlines() if self._path.exists() else []


def _worker(view: View) -> Turn:
    children = [one for one in view.transcript if isinstance(one, ChildReported)]
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not children:
        return Turn(actions=(Delegate("finder", "a"), Delegate("finder", "b"), Delegate("finder", "c")))
    if not settled:
        texts = sorted(one.text for one in children)
        return Turn(actions=(Call("look", {"what": "+".join(texts)}), Call("send", {"to": "all"})))
    if not any(one.skill == "release" for one in settled):
        call = next(one for one in settled if one.skill == "look")
        return Turn(actions=(Release(f"a1/{call.turn}/{call.number}"),))
    found = next(one.value for one in settled if one.skill == "look")
    return Turn(actions=(Report(text=f"{found['found']}"),))


def _finder(view: View) -> Turn:
    settled = [one for one in view.transcript if isinstance(one, CallSettled)]
    if not settled:
        return Turn(actions=(Call("look", {"what": view.task}),))
    if len(settled) == 1:
        return Turn(actions=(Post(Claim(settled[0].value["found"])), Call("keep", {"what": view.task})))
    return Turn(actions=(HandOff("checker"),))


def _checker(view: View) -> Turn:
    own = [one.claim.text for one in view.findings if one.assignment == view.assignment]
    return Turn(actions=(Report(text=",".join(own)),))


class _DyingMind:
    def __init__(self, function: Any, death: _Death) -> None:
        self._function = function
        self._death = death

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        self._death.passes("mind:before")
        await asyncio.sleep(0)
        turn: Turn = self._function(view)
        self._death.passes("mind:after")
        return turn


def _house(store: EventStore, folder: Path, death: _Death) -> tuple[Orchestrator, Any]:
    world = _World(folder, death)
    look = a_skill("look", world.look)
    keep = a_skill("keep", world.keep, effect="idempotent write")
    send = a_skill("send", world.send, effect="write")
    minds = {
        "worker": _DyingMind(_worker, death),
        "finder": _DyingMind(_finder, death),
        "checker": _DyingMind(_checker, death),
    }
    press: Any = world
    house = an_orchestrator(
        store, {}, look, keep, send, press=press, chance=Randomness(), runner=runner_name(), minds=minds
    )
    opening = an_opening(
        an_agent("worker", look, send, delegates=("finder",)),
        an_agent("finder", look, keep, handoffs=("checker",)),
        an_agent("checker"),
        policy=Policy(approve=("send",)),
    )
    return house, opening


async def _attempt(folder: Path, death: _Death) -> None:
    """Open the case if nobody has, drive it, and settle what only a person can."""
    async with await SqliteStore.open(folder / "cases.db") as bare:
        dying: Any = _DyingStore(bare, death, folder / "acknowledged")
        house, opening = _house(dying, folder, death)
        rows = await bare.rows(limit=1)
        case_id = rows[0].case_id if rows else await house.open(opening)
        while True:
            case = await house.drive(case_id)
            if case is None or case.status == "closed":
                return
            await _settle(house, case, folder)


async def _settle(house: Orchestrator, case: Case, folder: Path) -> None:
    """As a person: see in the world whether an uncertain write happened."""
    sent = _World(folder, _Death("", 0, folder / "trace")).lines()
    for assignment in (case.assignments[one] for one in case.open_ids):
        for action in assignment.actions:
            if action.status == "uncertain":
                place = f"send {assignment.id}/{assignment.seat}/{assignment.turn}/{action.number}"
                outcome: Any = "happened" if place in sent else "run_again"
                settle = partial(
                    person.settle_uncertainty,
                    assignment_id=assignment.id,
                    number=action.number,
                    outcome=outcome,
                    by="lee",
                )
                await house.submit(case.id, settle)
                return
    raise Broken(f"the case waits for nobody knows what: {case.status}")


def play(folder: Path, chance: random.Random, *, kills: int) -> Counter[str]:
    """Drive one case in `folder` through `kills` killed processes and one that is let live. Answers where each
    process died."""
    died: Counter[str] = Counter()
    for attempt in range(kills + 1):
        at = chance.choice((*BOUNDARIES, "clock")) if attempt < kills else ""
        count = chance.choice((0, 0, 1, 2, 4, 7))
        wait = chance.uniform(0.002, 0.05)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                asyncio.run(_attempt(folder, _Death(at, count, folder / "trace")))
                code = 0
            except BaseException as problem:  # noqa: BLE001 - the border of a forked process: say it and end
                sys.stderr.write(f"{type(problem).__name__}: {problem}\n")
            finally:
                os._exit(code)
        if at == "clock":
            time.sleep(wait)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            died[at] += 1
        elif os.waitstatus_to_exitcode(status) != 0:
            raise Broken(f"an attempt failed, killed at '{at}' ({count})")
    return died


def check_ended(folder: Path) -> Ended:
    """How the case in `folder` ended. Raises `Broken` when anything acknowledged was lost or done twice."""

    async def look() -> tuple[list[Sealed], Case]:
        async with await SqliteStore.open(folder / "cases.db") as store:
            (row,) = await store.rows()
            return await store.read(row.case_id), await load_case(store, row.case_id)

    stored, case = asyncio.run(look())
    verify(case.id, stored)
    log = [open_event(one) for one in stored]
    heads = {f"{one.seq} {one.head.hex()}" for one in stored}
    lost = [line for line in (folder / "acknowledged").read_text().splitlines() if line not in heads]
    if lost:
        raise Broken(f"acknowledged and lost: {lost[0]}")
    _nothing_twice(log)
    if fold(case.id, log).status != "closed":
        raise Broken(f"the case ended as {case.status}")
    effects = (folder / "effects").read_text().splitlines()
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


def main() -> None:
    """The long form."""
    parser = argparse.ArgumentParser(description="Kill runners at random and see whether the promise holds.")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    died: Counter[str] = Counter()
    endings: Counter[tuple[Any, ...]] = Counter()
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="jihwi-chaos-") as name:
            folder = Path(name)
            died += play(folder, chance, kills=chance.randint(1, 4))
            ended = check_ended(folder)
            endings[ended.answer, ended.claims, ended.effects, ended.released] += 1
    for boundary, count in sorted(died.items()):
        sys.stdout.write(f"{boundary:<26} {count:>6}\n")
    sys.stdout.write(f"{options.runs} runs, {sum(died.values())} kills, {len(endings)} different endings\n")
    sys.exit(0 if len(endings) == 1 else 1)


if __name__ == "__main__":
    main()

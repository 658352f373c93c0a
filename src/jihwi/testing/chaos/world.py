"""The case that is driven: five assignments of three agents, every kind of effect, and a world in which each effect
leaves a line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case import person
from jihwi.case.assignment import Policy
from jihwi.case.state import Case
from jihwi.case.turn import Call, CallSettled, ChildReported, Delegate, HandOff, Post, Release, Report, Turn, View
from jihwi.errors import CommandRefused
from jihwi.evidence import Claim, Viewer
from jihwi.ids import Randomness
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import (
    Opening,
    Orchestrator,
    Publication,
    PublicationRefused,
    Settings,
    runner_name,
)
from jihwi.orchestrator.runner import runner_is_dead
from jihwi.skills import SkillContext
from jihwi.store import EventStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.chaos.killing import Death

__all__ = ["a_house", "effects_of", "settle"]


class World:
    """What skills and the press do to the world: lines in a file a case, each written at once and synced."""

    def __init__(self, folder: Path, death: Death) -> None:
        self._folder = folder
        self._death = death

    def look(self, context: SkillContext, arguments: dict[str, Any]) -> Any:
        self._death.passes("read skill:before")
        found = {"found": f"{arguments['what']}!"}
        self._death.passes("read skill:between")
        self._death.passes("read skill:after")
        return found

    def keep(self, context: SkillContext, arguments: dict[str, Any]) -> Any:
        case_id, place = context.idempotency_key.split("/", 1)
        self._leaves("idempotent write", case_id, f"keep {place} {arguments['what']}", once=True)
        return {"kept": True}

    def send(self, context: SkillContext, arguments: dict[str, Any]) -> Any:
        case_id, place = context.idempotency_key.split("/", 1)
        with (self._folder / f"begun-{case_id}").open("a", encoding="utf-8") as begun:
            begun.write(f"{runner_name()} {place}\n")
        self._leaves("write", case_id, f"send {place}", once=False)
        return {"sent": True}

    async def publish(
        self, case_id: str, report: Any, *, viewer: Viewer, by: str, seq: int
    ) -> Publication | PublicationRefused:
        written = msgspec.json.encode(report, order="deterministic").decode()
        self._leaves("publish", case_id, f"publish {written}", once=True)
        return Publication({"report.md": "0" * 64}, {"quoted": 1})

    def _leaves(self, what: str, case_id: str, line: str, *, once: bool) -> None:
        """Leave a line; `once`: unless it is there, as a write under an idempotency key does."""
        self._death.passes(f"{what}:before")
        if not (once and line in effects_of(self._folder, case_id)):
            out = os.open(self._folder / f"effects-{case_id}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(out, f"{line}\n".encode())
            self._death.passes(f"{what}:between")
            os.fsync(out)
            os.close(out)
        self._death.passes(f"{what}:after")


def effects_of(folder: Path, case_id: str) -> list[str]:
    """What a case has done to the world."""
    path = folder / f"effects-{case_id}"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


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
    def __init__(self, function: Any, death: Death) -> None:
        self._function = function
        self._death = death

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        self._death.passes("mind:before")
        await asyncio.sleep(0)
        turn: Turn = self._function(view)
        self._death.passes("mind:between")
        await asyncio.sleep(0)
        self._death.passes("mind:after")
        return turn


def a_house(
    store: EventStore, folder: Path, death: Death, settings: Settings | None = None
) -> tuple[Orchestrator, Opening]:
    """A runner of this very process and the beginning of the case."""
    world: Any = World(folder, death)
    look = a_skill("look", world.look)
    keep = a_skill("keep", world.keep, effect="idempotent write")
    send = a_skill("send", world.send, effect="write")
    minds = {
        name: _DyingMind(function, death)
        for name, function in (("worker", _worker), ("finder", _finder), ("checker", _checker))
    }
    house = an_orchestrator(
        store,
        {},
        look,
        keep,
        send,
        press=world,
        chance=Randomness(),
        runner=runner_name(),
        minds=minds,
        settings=settings,
    )
    opening = an_opening(
        an_agent("worker", look, send, delegates=("finder",)),
        an_agent("finder", look, keep, handoffs=("checker",)),
        an_agent("checker"),
        # A turn that its runner did not survive four times is laid before the case worker; here it is tried for ever.
        policy=Policy(approve=("send",), retries=1_000_000),
    )
    return house, opening


async def settle(house: Orchestrator, case: Case, folder: Path) -> bool:
    """As a person: look into the world whether an uncertain write happened, and say so. Answers whether there was
    one to settle; one that its runner may still be doing is left."""
    for assignment, number in _uncertain(case):
        place = f"{assignment.id}/{assignment.seat}/{assignment.turn}/{number}"
        if _may_still_happen(folder, case.id, place):
            continue
        outcome: Any = "happened" if f"send {place}" in effects_of(folder, case.id) else "run_again"

        def command(now: Case, assignment_id: str = assignment.id, at: int = number, how: Any = outcome) -> Any:
            return person.settle_uncertainty(now, assignment_id, at, how, by="lee")

        with suppress(CommandRefused):  # somebody in another process was quicker
            await house.submit(case.id, command)
        return True
    return False


def _uncertain(case: Case) -> Iterator[tuple[Any, int]]:
    for assignment in (case.assignments[one] for one in case.open_ids):
        for action in assignment.actions:
            if action.status == "uncertain":
                yield assignment, action.number


def _may_still_happen(folder: Path, case_id: str, place: str) -> bool:
    """Whether another runner that is alive has begun the write, so that the world does not say all there will be."""
    path = folder / f"begun-{case_id}"
    begun = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    runners = {line.partition(" ")[0] for line in begun if line.endswith(f" {place}")}
    return any(one != runner_name() and not runner_is_dead(one) for one in runners)

"""A snapshot only saves time: with it, without it and with a wrong one a case is the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import MindSpec
from jihwi.case.ledger import Sealed
from jihwi.case.state import Case
from jihwi.case.turn import Ask, Call, CallSettled, HandOff, Report, Turn, View
from jihwi.errors import LedgerBroken, ModelContextFull
from jihwi.minds import DeltaSink, SkillShown
from jihwi.orchestrator import Orchestrator, load_case, load_log, load_state
from jihwi.store import Patch
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator

TURNS = 60


def _worker(view: View) -> Turn:
    if view.turn < TURNS:
        return Turn(actions=(Call("look", {"n": view.turn}),))
    if view.turn == TURNS:
        return Turn(actions=(Ask("?"),))
    return Turn(actions=(Report(text=f"{len(list(view.transcript))} {view.transcript[1]}"),))


async def _long_case(store: MemoryStore) -> tuple[Orchestrator, str]:
    look = a_skill("look", lambda context, arguments: {"found": [arguments["n"], 2**60]})
    house = an_orchestrator(store, {"worker": _worker}, look)
    case = await house.run(an_opening(an_agent("worker", look)))
    return house, case.id


async def _end(house: Orchestrator, case_id: str) -> Case:
    await house.submit(case_id, lambda c: person.answer(c, "!", by="kim"))
    case = await house.drive(case_id)
    assert case is not None
    return case


def _plain(case: Case) -> object:
    parts = msgspec.structs.asdict(case)
    parts["assignments"] = {
        name: {**msgspec.structs.asdict(one), "transcript": len(one.transcript)}
        for name, one in case.assignments.items()
    }
    return msgspec.to_builtins(parts)


async def test_a_long_case_that_waits_has_one_and_its_state_is_the_folded_one() -> None:
    store = MemoryStore()
    house, case_id = await _long_case(store)
    await house.submit(case_id, lambda c: person.note(c, "a1", "!", by="lee"))
    state, hollow_to = await load_state(store, case_id)
    folded = await load_case(store, case_id)
    assert hollow_to == folded.seq - 1
    assert _plain(state) == _plain(folded)
    with pytest.raises(LookupError):
        state.assignments["a1"].transcript[0]


async def test_deleting_it_or_spoiling_it_changes_nothing() -> None:
    answers = set()
    for kept in ("as it is", "deleted", "spoiled", "of another case"):
        store = MemoryStore()
        house, case_id = await _long_case(store)
        found = await store.snapshot(case_id)
        assert found is not None
        if kept == "deleted":
            moved = MemoryStore()
            row = await store.row(case_id)
            assert row is not None
            await moved.append(case_id, await store.read(case_id), _patch())
            house = _house_over(house, moved)
        elif kept == "spoiled":
            await store.keep_snapshot(case_id, found[0], found[1][:-9])
        elif kept == "of another case":
            await store.keep_snapshot(case_id, found[0], found[1].replace(case_id.encode(), b"c0000000000000"))
        answers.add((await _end(house, case_id)).answer)
    assert len(answers) == 1


async def test_a_log_that_goes_on_elsewhere_is_found_broken() -> None:
    store = MemoryStore()
    house, case_id = await _long_case(store)
    await house.submit(case_id, lambda c: person.note(c, "a1", "!", by="lee"))
    good = await store.read(case_id)
    bad = Sealed(good[-1].seq, good[-1].header, good[-1].salt, b'{"assignment":"a1"}', good[-1].head)
    broken = MemoryStore()
    await broken.append(case_id, [*good[:-1], bad], _patch())
    found = await store.snapshot(case_id)
    assert found is not None
    await broken.keep_snapshot(case_id, *found)
    with pytest.raises(LedgerBroken):
        await load_state(broken, case_id)


def _patch() -> Any:
    return Patch("waiting", request="", requester="", team="", parent="")


def _house_over(house: Orchestrator, store: MemoryStore) -> Orchestrator:
    look = a_skill("look", lambda context, arguments: {"found": [arguments["n"], 2**60]})
    return an_orchestrator(store, {"worker": _worker}, look)


async def test_a_handoff_that_is_refused_after_a_snapshot_is_refused_once() -> None:
    """The state from a snapshot holds what ends the turn as another object than the action it came from."""

    def worker(view: View) -> Turn:
        if view.turn < TURNS:
            return Turn(actions=(Call("look", {"n": view.turn}),))
        if view.turn == TURNS:
            return Turn(actions=(Ask("?"), HandOff("nobody")))
        settled = [one.status for one in view.transcript if isinstance(one, CallSettled)]
        return Turn(actions=(Report(text=settled[-1]),))

    store = MemoryStore()
    look = a_skill("look")
    house = an_orchestrator(store, {"worker": worker}, look)
    case = await house.run(an_opening(an_agent("worker", look)))
    assert await store.snapshot(case.id) is not None
    ended = await _end(house, case.id)
    assert (ended.status, ended.answer) == ("closed", "refused")
    refused = [event for event in await load_log(store, case.id) if isinstance(event.body, e.CallRefused)]
    assert len(refused) == 1


async def test_a_prompt_is_shortened_though_somebody_writes_to_the_long_case_meanwhile() -> None:
    """Whoever loses an append reads the state anew, from its snapshot, and what the model taught is kept."""
    store = MemoryStore()
    look = a_skill("look", lambda context, arguments: "x" * 200)

    class Full:
        """A model to which somebody says something while the prompt turns out to be too long."""

        refused = False

        async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
            if view.turn == TURNS + 1 and not self.refused:
                self.refused = True
                await an_orchestrator(store, {}).submit(view.case_id, lambda c: person.note(c, "a1", "!", by="lee"))
                raise ModelContextFull("m", "too long")
            return _worker(view)

    agent = an_agent("worker", look, mind=MindSpec("model", "m"))
    house = an_orchestrator(store, {}, look, minds={"m": Full()})
    case = await house.run(an_opening(agent))
    assert await store.snapshot(case.id) is not None
    ended = await _end(house, case.id)
    assert ended.status == "closed"
    kinds = [event.kind for event in await load_log(store, case.id)]
    assert kinds.count("context_compacted") == 1

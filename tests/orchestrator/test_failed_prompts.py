"""What was sent to a model that gave no answer is in the log like any other prompt: under the case's labels, stored
once, and gone when it is erased."""

from __future__ import annotations

from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case.assignment import MindSpec, Policy, Reason, SkillSpec
from jihwi.case.budget import Spending
from jihwi.case.turn import Call, Turn, View
from jihwi.errors import ModelBusy, ModelContextFull, ModelError, ModelUnreachable
from jihwi.ids import Randomness
from jihwi.minds import DeltaSink, SkillShown, rebuild_prompt, record_of
from jihwi.orchestrator import load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store.erasing import erase_bodies
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator

SECRET = b'{"messages":[{"role":"user","content":"the letter says: come at nine"}],"n":1}'


class _Failing:
    """A model that reads a letter first, and then has been sent what it fails to answer."""

    def __init__(self, *failures: ModelError | Turn) -> None:
        self._failures = list(failures)

    async def think(self, view: View, skills: tuple[SkillShown, ...], emit: DeltaSink) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("read"),))
        failure = self._failures.pop(0) if self._failures else Turn(text="end")
        if isinstance(failure, Turn):
            return failure
        raise failure


async def _read(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
    return SkillResult("come at nine", tainted=True, labels=("letters",))


READ = Skill(SkillSpec("read"), "Reads the letter.", {"type": "object"}, _read)


async def _failed(*failures: ModelError | Turn, retries: int = 3) -> tuple[MemoryStore, list[e.Event]]:
    """The events of the failed turns of a case that has ended, and its store."""
    store = MemoryStore()
    house = an_orchestrator(store, {}, READ, minds={"m": _Failing(*failures)})
    opening = an_opening(an_agent("worker", READ, mind=MindSpec("model", "m")), policy=Policy(retries=retries))
    case = await house.run(opening)
    log = await load_log(store, case.id)
    return store, [event for event in log if isinstance(event.body, e.TurnFailed)]


def _record(event: e.Event) -> Any:
    assert isinstance(event.body, e.TurnFailed)
    return event.body.prompt


async def _sent(store: MemoryStore, event: e.Event) -> bytes:
    record = _record(event)
    stored = {digest: await store.blob(digest) or b"" for digest in record.parts}
    return rebuild_prompt([record], stored)


@pytest.mark.parametrize("failure", [ModelBusy("m", "busy"), ModelContextFull("m", "4096 tokens at most")])
async def test_it_is_recorded_with_the_labels_of_what_it_may_hold(failure: ModelError) -> None:
    store, (event,) = await _failed(failure.after_sending(SECRET), retries=0)

    assert event.labels == ("letters",)
    assert await _sent(store, event) == SECRET


async def test_the_same_prompt_sent_again_and_again_is_stored_once() -> None:
    store, events = await _failed(*(ModelBusy("m", "busy").after_sending(SECRET) for _ in range(2)))

    assert [await _sent(store, event) for event in events] == [SECRET, SECRET]
    assert len({_record(event) for event in events}) == 1


async def test_of_an_answer_that_no_log_can_hold_the_prompt_and_the_cost_are_kept() -> None:
    record, parts, _ = record_of(SECRET, 0, ())
    unfit = Turn(text=7, usage=Spending(tokens=930), prompt=record, parts=parts)  # type: ignore[arg-type]
    store, (event,) = await _failed(unfit)

    assert isinstance(event.body, e.TurnFailed)
    assert (event.body.reason.code, event.body.usage.tokens) == ("turn_not_storable", 930)
    assert await _sent(store, event) == SECRET
    assert event.labels == ("letters",)


async def test_where_nothing_left_there_is_nothing_to_record() -> None:
    _, (event,) = await _failed(ModelUnreachable("m", "no connection"), retries=0)

    assert _record(event) is None
    assert event.labels == ()


async def test_it_is_erased_with_its_case() -> None:
    store, (event,) = await _failed(ModelBusy("m", "busy").after_sending(SECRET))
    digests = _record(event).parts
    assert all([await store.blob(digest) for digest in digests])

    await erase_bodies(
        store,
        event.case_id,
        seqs=[event.seq],
        reason=Reason("note", {"note": "asked for"}),
        author=e.Author("person", "lee"),
        chance=Randomness(),
    )

    assert [await store.blob(digest) for digest in digests] == [None] * len(digests)

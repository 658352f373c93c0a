"""What no log can hold, or nobody could read again, ends as a fact; it breaks neither its case nor the others."""

from __future__ import annotations

from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.reasons import say
from jihwi.case.state import Case
from jihwi.case.turn import Call, CallSettled, Report, Turn, View
from jihwi.errors import JihwiError
from jihwi.orchestrator import load_case, load_log
from jihwi.skills import Skill
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator
from tests.orchestrator.test_limits import ended, serving

HALF = "half \ud83d"
DEEP: dict[str, Any] = {}
for _ in range(3_000):
    DEEP = {"x": DEEP}


async def _run(turn: Turn, *skills: Skill) -> Case:
    """A case whose first turn is this one; what comes of it is read back from the log."""

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return turn
        settled = [one for one in view.transcript if isinstance(one, CallSettled)]
        return Turn(actions=(Report(text=repr(settled[0].value)),))

    house = an_orchestrator(MemoryStore(), {"worker": worker}, *skills)
    case = await house.run(an_opening(an_agent("worker", *skills)))
    again = await load_case(house.store, case.id)
    assert [*again.assignments["a1"].transcript] == [*case.assignments["a1"].transcript], "as it was before a crash"
    return case


async def test_half_a_character_is_replaced_wherever_it_comes_from() -> None:
    echo = a_skill("echo", lambda context, arguments: {"said": arguments, "too": HALF})
    assert (await _run(Turn(HALF))).answer == "half \ufffd"
    assert (await _run(Turn(actions=(Report(text=HALF),)))).answer == "half \ufffd"
    told = await _run(Turn(actions=(Call("echo", {"a": HALF}),)), echo)
    assert told.answer == repr({"said": {"a": "half \ufffd"}, "too": "half \ufffd"})


async def test_what_a_person_says_with_half_a_character_is_recorded() -> None:
    house = an_orchestrator(MemoryStore(), {"worker": lambda view: Turn()})
    case_id = await house.open(an_opening(an_agent("worker"), request=HALF))
    await house.submit(case_id, lambda case: person.note(case, "a1", HALF, by="lee"))
    noted = [one.body for one in await load_log(house.store, case_id) if isinstance(one.body, e.Noticed)]
    assert [one.reason.params["note"] for one in noted] == ["half \ufffd"]


BAD: dict[str, Any] = {
    "a value of another world": Turn(actions=(Call("echo", {"a": object()}),)),
    "values in values without end": Turn(actions=(Call("echo", DEEP),)),
    "a number where words belong": Turn(actions=(Report(text=5),)),  # type: ignore[arg-type]
    "an end that there is not": Turn(actions=(Report("great", "x"),)),  # type: ignore[arg-type]
    "no words": Turn(None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("turn", BAD.values(), ids=BAD.keys())
async def test_a_turn_that_could_not_be_read_again_is_laid_before_a_person(turn: Turn) -> None:
    case = await _run(turn)
    assert case.status == "parked"
    assert case.reason is not None
    assert say(case.reason, "en").startswith("The turn of 'worker' cannot be recorded: ")
    assert "take" in case.choices


async def test_what_breaks_one_case_ends_no_other() -> None:
    class Broken(MemoryStore):
        """A store that fails for one case in a way nobody foresaw."""

        async def read(self, case_id: str, **named: Any) -> Any:
            if case_id == bad:
                raise IndexError("nobody foresaw this")
            return await super().read(case_id, **named)

    bad, store = "", Broken()
    told: list[tuple[str, JihwiError]] = []
    house = an_orchestrator(
        store, {"worker": lambda view: Turn("end")}, trouble=lambda case_id, problem: told.append((case_id, problem))
    )
    first = await house.open(an_opening(an_agent("worker")))
    good = await house.open(an_opening(an_agent("worker")))
    bad = first
    async with serving(house):
        await ended(store, good)
    ((case_id, problem),) = told
    assert (case_id, problem.code) == (first, "case_stuck")
    assert "nobody foresaw this" in problem.words("en")

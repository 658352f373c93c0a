"""Delegation fans out and joins on all, or the parent stops waiting; a failed child is its parent's decision; findings
are disputed before everybody."""

from __future__ import annotations

import pytest

from jihwi.case import person
from jihwi.case.state import Case
from jihwi.case.turn import (
    Ask,
    CallSettled,
    ChildReported,
    Delegate,
    Dispute,
    Disputed,
    Post,
    Report,
    Turn,
    View,
)
from jihwi.errors import CommandRefused
from jihwi.evidence import Claim
from jihwi.orchestrator import Orchestrator
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import HOUR_MS, ManualClock


def _children(view: View) -> list[ChildReported]:
    return [one for one in view.transcript if isinstance(one, ChildReported)]


def slow(view: View) -> Turn:
    """Asks first, then reports."""
    return Turn(actions=(Ask(f"{view.task}?") if view.turn == 1 else Report(text=f"late {view.task}"),))


def patient(view: View) -> Turn:
    """Gives out three pieces of work and reports what came of them by its second turn, then once more at the end."""
    if view.turn == 1:
        return Turn(actions=tuple(Delegate("slow", name) for name in "abc"))
    return Turn(actions=(Report(text=" ".join(one.text for one in _children(view))),))


def impatient(view: View) -> Turn:
    """Waits for an hour; then asks what to do, and reports whatever has come by then."""
    if view.turn == 1:
        return Turn(actions=(Delegate("slow", "a", wait_seconds=HOUR_MS // 1000),))
    if view.turn == 2:
        (waited,) = [one for one in view.transcript if isinstance(one, CallSettled)]
        assert waited.value == {"assignment": "a1.1", "still_working": True}
        assert _children(view) == []
        return Turn(actions=(Ask("and now?"),))
    return Turn(actions=(Report(text=" ".join(one.text for one in _children(view))),))


def house_of(boss: object, store: MemoryStore | None = None, runner: str = "test") -> Orchestrator:
    functions = {"boss": boss, "slow": slow}
    return an_orchestrator(store or MemoryStore(), functions, runner=runner)  # type: ignore[arg-type]


OPENING = an_opening(an_agent("boss", delegates=("slow",)), an_agent("slow"))


async def answered(house: Orchestrator, case: Case, of: str) -> Case:
    await house.submit(case.id, lambda c: person.answer(c, "yes", by="kim", assignment=of))
    driven = await house.drive(case.id)
    assert driven is not None
    return driven


async def test_the_parent_goes_on_when_all_its_children_have_reported() -> None:
    house = house_of(patient)
    case = await house.run(OPENING)
    for name in ("a1.3", "a1.1"):
        case = await answered(house, case, name)
        assert case.assignments["a1"].turn == 1
    case = await answered(house, case, "a1.2")
    assert case.answer == "late c late a late b"


async def test_a_parent_that_waits_no_longer_goes_on_after_a_restart_too_and_the_late_report_is_read() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    case = await house_of(impatient, store).run(OPENING)
    row = await store.row(case.id)
    assert row is not None
    assert row.wake_at_ms == clock.ms + HOUR_MS
    clock.ms += HOUR_MS + 1
    house = house_of(impatient, store, "after a restart")
    driven = await house.drive(case.id)
    assert driven is not None
    assert (driven.assignments["a1"].turn, driven.assignments["a1.1"].open) == (2, True)
    driven = await answered(house, driven, "a1.1")
    driven = await answered(house, driven, "a1")
    assert driven.answer == "late a"


async def test_a_child_that_reports_in_time_leaves_no_deadline_behind() -> None:
    house = house_of(lambda view: impatient(view) if view.turn == 1 else patient(view))
    case = await answered(house, await house.run(OPENING), "a1.1")
    assert (case.answer, case.timers) == ("late a", {})


async def test_a_person_lets_a_parent_go_on_without_a_child() -> None:
    house = house_of(patient)
    case = await house.run(OPENING)
    case = await answered(house, case, "a1.1")
    for name in ("a1.2", "a1.3"):
        await house.submit(case.id, lambda c, name=name: person.stop_waiting(c, name, by="lee"))  # type: ignore[misc]
    with pytest.raises(CommandRefused):
        await house.submit(case.id, lambda c: person.stop_waiting(c, "a1.2", by="lee"))
    driven = await house.drive(case.id)
    assert driven is not None
    assert (driven.status, driven.answer) == ("closed", "late a")


async def test_a_child_that_nobody_waits_for_reports_when_it_is_done() -> None:
    def boss(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Delegate("slow", "a", join=False),))
        if view.turn == 2:
            return Turn(actions=(Ask("and now?"),))
        return Turn(actions=(Report(text=" ".join(one.text for one in _children(view))),))

    house = house_of(boss)
    case = await answered(house, await house.run(OPENING), "a1.1")
    assert (await answered(house, case, "a1")).answer == "late a"


async def test_what_a_failed_child_means_is_its_parents_decision() -> None:
    def boss(view: View) -> Turn:
        children = _children(view)
        if not children:
            return Turn(actions=(Delegate("bad", "first"),))
        if len(children) == 1:
            assert children[0].reason is not None
            assert (children[0].status, children[0].reason.code) == ("failed", "mind_failed")
            return Turn(actions=(Delegate("slow", "instead"),))
        assert children[1].reason is not None
        assert (children[1].status, children[1].reason.params["by"]) == ("failed", "lee")
        return Turn(actions=(Report("partial", "did what could be done"),))

    def bad(view: View) -> Turn:
        raise ValueError("broken")

    house = an_orchestrator(MemoryStore(), {"boss": boss, "bad": bad, "slow": slow})
    agents = (an_agent("boss", delegates=("bad", "slow")), an_agent("bad"), an_agent("slow"))
    case = await house.run(an_opening(*agents))
    await house.submit(case.id, lambda c: person.cancel_assignment(c, "a1.2", by="lee", words="no need"))
    driven = await house.drive(case.id)
    assert driven is not None
    assert (driven.outcome, driven.answer) == ("partial", "did what could be done")


async def test_a_finding_is_disputed_before_everybody_by_agents_and_persons() -> None:
    def boss(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Delegate("one", "a"), Delegate("other", "b")))
        return Turn(actions=(Report(text=" | ".join(view.findings[0].disputes)),))

    def one(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Post(Claim("12 students")), Ask("?")))
        read = [entry.reason for entry in view.transcript if isinstance(entry, Disputed)]
        return Turn(actions=(Report(text=" ".join(read)),))

    def other(view: View) -> Turn:
        if not view.findings:
            return Turn(actions=(Ask("?"),))
        if view.turn == 2:
            return Turn(actions=(Dispute(1, "the list has 10"), Dispute(7, "no such thing")))
        refused = [entry.reason for entry in view.transcript if isinstance(entry, CallSettled) and entry.reason]
        assert [reason.code for reason in refused] == ["finding_unknown"]
        return Turn(actions=(Report(),))

    house = an_orchestrator(MemoryStore(), {"boss": boss, "one": one, "other": other})
    agents = (an_agent("boss", delegates=("one", "other")), an_agent("one"), an_agent("other"))
    case = await answered(house, await house.run(an_opening(*agents)), "a1.2")
    await house.submit(case.id, lambda c: person.take(c, "a1", by="lee"))
    disputes = Turn(actions=(Dispute(1, "I counted 11"),))
    await house.submit(case.id, lambda c: person.take_turn(c, "a1", disputes, by="lee"))
    case = await house.case(case.id)
    await house.drive(case.id)
    case = await answered(house, case, "a1.1")
    child = case.assignments["a1.1"]
    assert child.report is not None
    assert child.report.text == "the list has 10 I counted 11"
    assert [one.words for one in case.recorded if one.what == "disputed"] == ["the list has 10", "I counted 11"]
    await house.submit(case.id, lambda c: person.reassign(c, "a1", by="lee"))
    driven = await house.drive(case.id)
    assert driven is not None
    assert driven.answer == "other: the list has 10 | boss: I counted 11"

"""A closed case goes on: a follow-up takes its course up again, small work asked for beside it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Policy
from jihwi.case.budget import Limits
from jihwi.case.ledger import Sealed, open_event
from jihwi.case.state import Case
from jihwi.case.turn import Ask, Call, Delegate, HandOff, Post, Release, Report, Turn, View
from jihwi.errors import CommandRefused
from jihwi.evidence import Claim
from jihwi.orchestrator import Orchestrator, load_log
from jihwi.store import Patch
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import Press, a_skill, an_agent, an_opening, an_orchestrator

COMPOSE = a_skill("compose", lambda context, arguments: {"said": context.request}, tainted=True)


def worker(view: View) -> Turn:
    """Composes what it was asked for, releases it, reports it."""
    if view.turn == 1:
        return Turn(actions=(Post(Claim(f"found for {view.request}")), Call("compose")))
    if view.turn == 2:
        return Turn(actions=(Release(f"{view.assignment}/1/1"),))
    return Turn(actions=(Report(text=f"answer to {view.request}"),))


def helper(view: View) -> Turn:
    return Turn(actions=(Report(text=f"helped with {view.task}", data={"seen": len(view.findings)}),))


def asker(view: View) -> Turn:
    return Turn(actions=(Ask("?"),)) if view.turn == 1 else Turn(actions=(Report(text="asked"),))


def a_house(store: MemoryStore, press: Press | None = None) -> Orchestrator:
    functions = {"worker": worker, "helper": helper, "asker": asker, "parent": parent}
    return an_orchestrator(store, functions, COMPOSE, press=press)


def parent(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Delegate("helper", "a child's work"),))
    return Turn(actions=(Report(text=view.request),))


async def driven(house: Orchestrator, case_id: str) -> Case:
    case = await house.drive(case_id)
    assert case is not None
    return case


async def test_a_follow_up_goes_on_with_everything_found_and_its_own_request_and_budget() -> None:
    store, press = MemoryStore(), Press()
    house = a_house(store, press)
    case_id = await house.open(an_opening(an_agent("worker", COMPOSE), request="first", limits=Limits(turns=4)))
    first = await driven(house, case_id)
    assert (first.status, first.answer) == ("closed", "answer to first")
    await house.submit(case_id, lambda now: person.follow_up(now, "second", by="kim"), door="console")
    row = await store.row(case_id)
    assert row is not None
    assert row.status == "running"
    case = await driven(house, case_id)
    assert (case.status, case.outcome, case.answer) == ("closed", "done", "answer to second")
    assert press.released == [{"said": "first"}, {"said": "second"}]
    assert len(case.released) == 2
    assert [one.claim.text for one in case.findings] == ["found for first", "found for second"]
    assert (case.course, case.assignments["a2"].spent.turns) == ("a2", 3)
    assert case.request == "first"
    assert case.assignments["a2"].tainted, "it sees what was found before, so it is as tainted as that"
    kinds = [one.kind for one in await load_log(store, case_id)]
    assert kinds.count("case_reopened") == 1
    assert kinds.count("case_closed") == 2


async def test_a_limit_raised_in_a_follow_up_leaves_its_other_limits_as_they_are() -> None:
    house = a_house(MemoryStore())
    case_id = (await house.run(an_opening(an_agent("worker", COMPOSE), limits=Limits(turns=3)))).id
    more = Limits(turns=40)
    await house.submit(case_id, lambda now: person.follow_up(now, "second", by="kim", limits=more))
    case = await house.submit(case_id, lambda now: person.raise_limits(now, Limits(tokens=900), by="kim"))
    assert case.assignments["a2"].limits == Limits(turns=40, tokens=900)
    assert case.limits == Limits(turns=3)


async def test_a_limit_raised_while_only_work_aside_goes_on_is_that_works_own() -> None:
    house = a_house(MemoryStore())
    case_id = (await house.run(an_opening(an_agent("worker", COMPOSE), limits=Limits(turns=3)))).id
    small = Limits(turns=5)
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("asker"), "x", {}, by="lee", limits=small))
    case = await house.submit(case_id, lambda now: person.raise_limits(now, Limits(turns=9), by="lee"))
    assert (case.assignments["a2"].limits, case.assignments["a1"].limits) == (Limits(turns=9), Limits(turns=3))
    assert case.limits == Limits(turns=3)
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("asker"), "y", {}, by="lee", limits=small))
    with pytest.raises(CommandRefused, match="Say whose limits are meant: a2, a3"):
        await house.submit(case_id, lambda now: person.raise_limits(now, Limits(turns=9), by="lee"))
    case = await house.submit(case_id, lambda now: person.raise_limits(now, Limits(turns=9), by="lee", assignment="a3"))
    assert case.assignments["a3"].limits == Limits(turns=9)


async def test_a_limit_raised_beside_a_course_that_goes_on_is_the_courses() -> None:
    house = a_house(MemoryStore())
    case_id = await house.open(an_opening(an_agent("asker"), limits=Limits(turns=3)))
    await driven(house, case_id)
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("asker"), "x", {}, by="lee"))
    case = await house.submit(case_id, lambda now: person.raise_limits(now, Limits(turns=9), by="lee"))
    assert (case.limits, case.assignments["a2"].limits) == (Limits(turns=9), Limits(turns=3))


async def test_a_follow_ups_children_work_for_the_follow_ups_request() -> None:
    house = a_house(MemoryStore())
    agents = (an_agent("parent", delegates=("helper",)), an_agent("helper"))
    case_id = await house.open(an_opening(*agents, request="first"))
    await driven(house, case_id)
    await house.submit(case_id, lambda now: person.follow_up(now, "second", by="kim"))
    case = await driven(house, case_id)
    assert case.answer == "second"
    assert "a2.1" in case.assignments


async def test_only_a_closed_case_is_followed_up() -> None:
    house = a_house(MemoryStore())
    case_id = await house.open(an_opening(an_agent("asker"), request="first"))
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda now: person.follow_up(now, "second", by="kim"))
    await house.submit(case_id, lambda now: person.cancel(now, by="kim"))
    with pytest.raises(CommandRefused):
        await house.submit(case_id, lambda now: person.follow_up(now, "second", by="kim"))


async def test_work_beside_a_closed_case_closes_it_again_as_it_was() -> None:
    store = MemoryStore()
    house = a_house(store)
    case_id = await house.open(an_opening(an_agent("worker", COMPOSE), request="first"))
    before = await driven(house, case_id)
    aside = an_agent("helper")
    await house.submit(case_id, lambda now: person.ask_aside(now, aside, "look", {"x": 1}, by="lee"))
    case = await driven(house, case_id)
    assert (case.status, case.outcome, case.answer) == ("closed", "done", before.answer)
    assert case.released == before.released
    report = case.assignments["a2"].report
    assert report is not None
    assert (report.text, report.data) == ("helped with look", {"seen": 1})
    joined = [one for one in await load_log(store, case_id) if isinstance(one.body, e.AgentJoined)]
    assert joined[-1].author.id == "lee"


async def test_work_beside_a_case_that_waits_tells_its_course_nothing_and_leaves_it_waiting() -> None:
    house = a_house(MemoryStore())
    case_id = await house.open(an_opening(an_agent("asker"), request="first"))
    await driven(house, case_id)
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("helper"), "look", {}, by="lee"))
    case = await driven(house, case_id)
    assert case.status == "open"
    assert not case.assignments["a2"].open
    assert case.assignments["a1"].turn == 1
    await house.submit(case_id, lambda now: person.answer(now, "!", by="kim"))
    assert (await driven(house, case_id)).answer == "asked"


async def test_work_that_fails_beside_a_case_stops_nothing_and_cancelled_work_closes_it_again() -> None:
    house = a_house(MemoryStore())
    case_id = await house.open(an_opening(an_agent("worker", COMPOSE), request="first"))
    await driven(house, case_id)
    none = Limits(turns=0)
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("helper"), "x", {}, by="lee", limits=none))
    case = await driven(house, case_id)
    report = case.assignments["a2"].report
    assert (case.status, report.status if report else "") == ("closed", "failed")
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("asker"), "y", {}, by="lee"))
    assert (await driven(house, case_id)).status == "open"
    await house.submit(case_id, lambda now: person.cancel_assignment(now, "a3", by="lee"))
    case = await driven(house, case_id)
    assert (case.status, case.outcome) == ("closed", "done")


async def test_cancelling_a_closed_case_ends_the_work_beside_it_and_leaves_it_closed() -> None:
    house = a_house(MemoryStore())
    case_id = await house.open(an_opening(an_agent("worker", COMPOSE), request="first"))
    answer = (await driven(house, case_id)).answer
    for paused in (False, True):
        for _ in range(2):
            await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("asker"), "x", {}, by="lee"))
        assert (await driven(house, case_id)).status == "open"
        if paused:
            await house.submit(case_id, lambda now: person.pause(now, by="lee"))
        await house.submit(case_id, lambda now: person.cancel(now, by="kim", words="enough"))
        case = await driven(house, case_id)
        assert (case.status, case.outcome, case.answer, case.open_ids) == ("closed", "done", answer, [])
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("asker"), "x", {}, by="lee"))
    await house.submit(case_id, lambda now: person.pause(now, by="lee"))
    await house.submit(case_id, lambda now: person.cancel_assignment(now, now.open_ids[0], by="kim"))
    assert (await driven(house, case_id)).status == "closed", "it rests no more, since nothing is left to do"


async def test_who_works_beside_a_case_releases_nothing() -> None:
    press = Press()
    house = a_house(MemoryStore(), press)
    agents = (an_agent("asker"), an_agent("worker", COMPOSE))
    case_id = await house.open(an_opening(*agents, request="first", policy=Policy(release="automatic")))
    await driven(house, case_id)
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("worker", COMPOSE), "z", {}, by="lee"))
    case = await driven(house, case_id)
    assert press.released == []
    assert not case.assignments["a2"].open


class Rows(MemoryStore):
    """Tells after each append which kinds of facts it brought and what the case's row then said."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[list[str], str]] = []

    async def append(self, case_id: str, events: Sequence[Sealed], patch: Patch, **more: Any) -> None:
        await super().append(case_id, events, patch, **more)
        self.told.append(([open_event(one).kind for one in events], patch.status))


async def test_a_case_stopped_in_the_commit_that_starts_work_beside_it_is_listed_as_stopped() -> None:
    def giver(view: View) -> Turn:
        return Turn(actions=(Ask("?") if view.turn == 1 else HandOff("worker", "go on"),))

    store, look = Rows(), a_skill("look")
    functions = {"giver": giver, "worker": worker, "looker": lambda view: Turn(actions=(Call("look"),))}
    house = an_orchestrator(store, functions, look)
    agents = (an_agent("giver", handoffs=("worker",)), an_agent("worker"))
    case_id = await house.open(an_opening(*agents, limits=Limits(turns=2)))
    await driven(house, case_id)
    await house.submit(case_id, lambda now: person.ask_aside(now, an_agent("looker", look), "look", {}, by="kim"))
    await house.submit(case_id, lambda now: person.answer(now, "!", by="kim"))
    assert (await driven(house, case_id)).status == "parked"
    assert [status for kinds, status in store.told if {"case_parked", "skill_started"} <= set(kinds)] == ["parked"]

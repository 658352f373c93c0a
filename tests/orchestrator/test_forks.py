"""What if: a case goes on from an event of another, with its own budget and nobody's old word."""

from __future__ import annotations

from typing import Any

import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.budget import Limits
from jihwi.case.turn import Ask, Call, Delegate, Report, Turn, View
from jihwi.errors import CommandRefused
from jihwi.orchestrator import Orchestrator, load_case, load_log
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator


def _asking(view: View) -> Turn:
    if view.turn == 1:
        return Turn(actions=(Ask("어느 해입니까?"),))
    if view.turn == 2:
        answered: Any = view.transcript[-1]
        return Turn(actions=(Call("send", {"year": answered.answer}),))
    return Turn(actions=(Report(text="끝"),))


async def _asked(sent: list[Any]) -> tuple[Orchestrator, MemoryStore, str]:
    send = a_skill("send", lambda context, arguments: sent.append(arguments), effect="write")
    store = MemoryStore()
    house = an_orchestrator(store, {"worker": _asking}, send)
    case = await house.run(an_opening(an_agent("worker", send), limits=Limits(turns=5)))
    return house, store, case.id


async def test_two_answers_are_tried_and_every_write_of_the_fork_waits_for_an_approval() -> None:
    sent: list[Any] = []
    house, store, case_id = await _asked(sent)
    seq = (await load_case(store, case_id)).seq
    await house.submit(case_id, lambda c: person.answer(c, "2025", by="kim"))
    await house.drive(case_id)
    assert sent == [{"year": "2025"}]
    fork_id = await house.fork(case_id, seq, by="lee")
    await house.submit(fork_id, lambda c: person.answer(c, "2026", by="kim"))
    fork = await house.drive(fork_id)
    assert fork is not None
    (approval,) = person.open_approvals(fork)
    assert sent == [{"year": "2025"}]
    await house.submit(fork_id, lambda c: person.approve(c, approval.id, by="lee"))
    fork = await house.drive(fork_id)
    assert fork is not None
    assert (fork.outcome, sent) == ("done", [{"year": "2025"}, {"year": "2026"}])
    assert (await house.case(case_id)).outcome == "done"


async def test_a_fork_reads_its_prefix_from_its_parent_and_begins_a_chain_of_its_own() -> None:
    house, store, case_id = await _asked([])
    seq = (await load_case(store, case_id)).seq
    fork_id = await house.fork(case_id, seq - 1, by="lee", limits=Limits(turns=3))
    log = await load_log(store, fork_id)
    (own,) = await store.read(fork_id)
    assert own.seq == 1
    assert [event.case_id for event in log] == [case_id] * (seq - 1) + [fork_id]
    fork = await load_case(store, fork_id)
    assert (fork.id, fork.parent, fork.limits) == (fork_id, case_id, Limits(turns=3))
    again = await house.fork(fork_id, 1, by="lee")
    assert (await load_case(store, again)).parent == fork_id


@pytest.mark.parametrize("seq", [0, 99])
async def test_a_fork_needs_an_event_that_is_there(seq: int) -> None:
    house, _, case_id = await _asked([])
    with pytest.raises(CommandRefused):
        await house.fork(case_id, seq, by="lee")


async def test_a_fork_of_a_cancelled_case_at_an_earlier_event_lives() -> None:
    house, store, case_id = await _asked([])
    seq = (await load_case(store, case_id)).seq
    await house.submit(case_id, lambda c: person.cancel(c, by="lee"))
    assert (await load_case(store, await house.fork(case_id, seq, by="lee"))).status == "open"
    assert (await load_case(store, await house.fork(case_id, seq + 1, by="lee"))).status == "cancelled"


async def test_one_assignment_is_cancelled_and_its_parent_decides() -> None:
    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Delegate("asker", "x"),))
        child: Any = view.transcript[-1]
        return Turn(actions=(Report("partial", child.status),))

    house = an_orchestrator(MemoryStore(), {"worker": worker, "asker": _asking})
    case = await house.run(an_opening(an_agent("worker", delegates=("asker",)), an_agent("asker")))
    await house.submit(case.id, lambda c: person.cancel_assignment(c, "a1.1", by="lee"))
    ended = await house.drive(case.id)
    assert ended is not None
    assert (ended.outcome, ended.answer) == ("partial", "failed")
    log = await load_log(house.store, case.id)
    assert any(isinstance(event.body, e.AssignmentCancelled) for event in log)


async def test_what_a_person_does_in_a_fork_at_once_stands_before_any_runner_sees_it() -> None:
    house, store, case_id = await _asked([])
    seq = (await load_case(store, case_id)).seq
    fork_id = await house.fork(case_id, seq, by="lee", then=lambda now: person.pause(now, by="lee"), door="console")
    first, second = [event for event in await load_log(store, fork_id) if event.case_id == fork_id]
    assert (first.kind, second.kind, second.author.door) == ("case_forked", "case_paused", "console")
    await house.submit(case_id, lambda now: person.answer(now, "2025", by="kim"))
    await house.drive(case_id)
    last = (await load_case(store, case_id)).seq
    with pytest.raises(CommandRefused):
        await house.fork(case_id, last, by="lee", then=lambda now: person.pause(now, by="lee"))
    assert len(await store.rows()) == 2, "a fork that cannot take it is not opened"


async def test_a_fork_in_the_middle_of_a_persons_turn_waits_for_that_person() -> None:
    house, store, case_id = await _asked([])
    await house.submit(case_id, lambda c: person.take(c, "a1", by="lee"))
    before = (await load_case(store, case_id)).seq
    await house.submit(case_id, lambda c: person.take_turn(c, "a1", Turn(text="done"), by="lee"))
    fork_id = await house.fork(case_id, before + 1, by="lee")
    assert [one.id for one in person.turns_to_take(await load_case(store, fork_id))] == ["a1"]
    await house.submit(fork_id, lambda c: person.take_turn(c, "a1", Turn(text="otherwise"), by="lee"))
    fork = await house.drive(fork_id)
    assert fork is not None
    assert (fork.status, fork.answer) == ("closed", "otherwise")


async def test_an_uncertain_write_is_run_again_in_a_fork_only_when_that_is_approved_there() -> None:
    sent: list[Any] = []

    def lost(context: Any, arguments: Any) -> None:
        sent.append(arguments)
        raise ConnectionError("gone")

    store = MemoryStore()
    send = a_skill("send", lost, effect="write", approval="always")
    house = an_orchestrator(store, {"worker": _asking}, send)
    case = await house.run(an_opening(an_agent("worker", send)))
    await house.submit(case.id, lambda c: person.answer(c, "2025", by="kim"))
    await house.drive(case.id)
    await house.submit(case.id, lambda c: person.approve(c, "", by="lee"))
    uncertain = await house.drive(case.id)
    assert uncertain is not None
    assert (len(person.uncertain_writes(uncertain)), len(sent)) == (1, 1)
    fork_id = await house.fork(case.id, uncertain.seq, by="lee")
    await house.submit(fork_id, lambda c: person.settle_uncertainty(c, "a1", 0, "run_again", by="lee"))
    fork = await house.drive(fork_id)
    assert fork is not None
    assert (len(person.open_approvals(fork)), len(sent)) == (1, 1)
    await house.submit(fork_id, lambda c: person.approve(c, "", by="lee"))
    await house.drive(fork_id)
    assert len(sent) == 2
    await house.submit(case.id, lambda c: person.settle_uncertainty(c, "a1", 0, "run_again", by="lee"))
    await house.drive(case.id)
    assert len(sent) == 3, "in the case itself the person's word is enough: it is the action that was approved"

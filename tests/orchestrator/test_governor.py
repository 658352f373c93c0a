"""Whatever the house stops a case for is an event with a reason in plain words and the choices open to the case worker,
and each choice leads on."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import msgspec
import pytest

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import Reason
from jihwi.case.budget import Limits, Spending
from jihwi.case.governor import CHOICES, choice_words, choices_after, so_far
from jihwi.case.reasons import say
from jihwi.case.state import Case, waits
from jihwi.case.turn import Call, CallSettled, ChildReported, Delegate, HandOff, Report, Told, Turn, View
from jihwi.orchestrator import Orchestrator, load_log
from jihwi.store.memory import MemoryStore
from jihwi.testing.builders import a_skill, an_agent, an_opening, an_orchestrator
from jihwi.testing.interleavings import ManualClock

LOOK = a_skill("look")
CIRCLING = ("note", "resume", "take", "reassign", "cancel")


class Stop(msgspec.Struct):
    """One way to be stopped: what the boss does until somebody helps, and the reason it ends in."""

    boss: Callable[[View], Turn]
    code: str
    choices: tuple[str, ...]
    limits: Limits = Limits()
    more: Limits = Limits()
    """What helps, where something ran out."""


def spends(**cost: int) -> Callable[[View], Turn]:
    """Looks at something else each turn, at a price."""

    def boss(view: View) -> Turn:
        if view.turn > 4:
            return Turn(actions=(Report(text="end"),))
        return Turn(actions=(Call("look", {"n": view.turn}),), usage=Spending(**cost))

    return boss


def helped(view: View) -> bool:
    """Whether a person has told it something, tried it again, or sat in the seat, since the house stopped it."""
    return view.seat > 1 or any(isinstance(one, Told) and one.by for one in view.transcript)


def until_helped(does: Callable[[View], Turn]) -> Callable[[View], Turn]:
    return lambda view: Turn(actions=(Report(text="end"),)) if helped(view) else does(view)


def hands_on(view: View) -> Turn:
    return Turn(actions=(HandOff("other" if view.agent.name == "boss" else "boss"),))


def hands_on_twice(view: View) -> Turn:
    return hands_on(view) if len(view.transcript) < 6 else Turn(actions=(Report(text="end"),))


def goes_deeper(view: View) -> Turn:
    if any(isinstance(one, ChildReported) for one in view.transcript):
        return Turn(actions=(Report(text="end"),))
    return Turn(actions=(Delegate("other", "?"),))


STOPS = {
    "turns": Stop(spends(), "budget_turns", ("raise_budget", "take", "cancel"), Limits(turns=2), Limits(turns=9)),
    "tokens": Stop(
        spends(tokens=60), "budget_tokens", ("raise_budget", "take", "cancel"), Limits(tokens=100), Limits(tokens=900)
    ),
    "money": Stop(
        spends(micros=60), "budget_micros", ("raise_budget", "take", "cancel"), Limits(micros=100), Limits(micros=900)
    ),
    "time": Stop(spends(ms=60), "budget_ms", ("raise_budget", "take", "cancel"), Limits(ms=100), Limits(ms=900)),
    "handoffs": Stop(
        hands_on_twice, "budget_handoffs", ("raise_budget", "take", "cancel"), Limits(handoffs=1), Limits(handoffs=9)
    ),
    "depth": Stop(goes_deeper, "too_deep", ("raise_budget", *CIRCLING), Limits(depth=0), Limits(depth=1)),
    "ping-pong": Stop(until_helped(hands_on), "ping_pong", CIRCLING),
    "the same call": Stop(
        until_helped(lambda view: Turn(actions=(Call("look", {"n": 1}),))), "same_call_stopped", CIRCLING
    ),
    "what is not there": Stop(
        until_helped(lambda view: Turn(actions=(Call("no such skill", {"n": view.turn}),))), "asked_in_vain", CIRCLING
    ),
    "empty turns": Stop(until_helped(lambda view: Turn()), "empty_turns", CIRCLING),
    "a mind that fails": Stop(
        until_helped(lambda view: Turn(actions=(1 / 0,))),  # type: ignore[arg-type]
        "mind_failed",
        ("resume", "take", "reassign", "cancel"),
    ),
}


async def stopped(stop: Stop) -> tuple[Orchestrator, Case]:
    """A case that the house has stopped."""

    def other(view: View) -> Turn:
        return stop.boss(view) if stop.code in ("ping_pong", "budget_handoffs") else Turn(actions=(Report(text="end"),))

    clock = ManualClock()
    minds = {"boss": stop.boss, "other": other}
    house = an_orchestrator(MemoryStore(clock=clock), minds, LOOK, clock=clock)
    agents = (
        an_agent("boss", LOOK, handoffs=("other",), delegates=("other",)),
        an_agent("other", LOOK, handoffs=("boss",)),
    )
    return house, await house.run(an_opening(*agents, limits=stop.limits))


every_stop = pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS.keys())


@every_stop
async def test_a_stop_is_an_event_with_its_reason_and_choices_in_words(stop: Stop) -> None:
    house, case = await stopped(stop)
    assert case.reason is not None
    assert (case.status, case.reason.code, waits(case)) == ("parked", stop.code, 1)
    last = (await load_log(house.store, case.id))[-1].body
    assert isinstance(last, e.CaseParked)
    assert (last.choices, last.assignment) == (stop.choices, "a1")
    for language, own in (("ko", r"[가-힣]"), ("en", r"[a-z]")):
        words = say(case.reason, language)  # type: ignore[arg-type]
        assert stop.code not in words
        assert not re.search("<(agent|who|last|times|from|to|skill|depth|detail)>", words)
        assert re.search(own, words)
        assert all(choice_words(one, language) != one for one in stop.choices)  # type: ignore[arg-type]


@every_stop
async def test_every_choice_of_a_stop_leads_on(stop: Stop) -> None:
    for choice in stop.choices:
        house, case = await stopped(stop)
        commands: dict[str, Callable[[Case], list[e.Draft]]] = {
            "raise_budget": lambda c: person.raise_limits(c, stop.more, by="lee"),
            "note": lambda c: person.note(c, c.parked_at, "report now", by="lee"),
            "resume": lambda c: person.resume(c, by="lee"),
            "take": lambda c: person.take(c, c.parked_at, by="lee"),
            "reassign": lambda c: person.reassign(c, c.parked_at, by="lee", agent="other", how="reassign"),
            "cancel": lambda c: person.cancel(c, by="lee"),
        }
        await house.submit(case.id, commands[choice])
        after = await house.drive(case.id)
        if choice == "cancel":
            assert (await house.case(case.id)).status == "cancelled"
            continue
        assert after is not None
        if choice == "resume":  # it may stop again, but only after it has tried again
            assert after.seq > case.seq + 1
        elif choice == "take":
            assert (after.status, after.assignments["a1"].mind.name) == ("open", "lee")
            ends = Turn(actions=(Report(text="by hand"),))
            await house.submit(case.id, functools.partial(person.take_turn, assignment_id="a1", turn=ends, by="lee"))
            ended = await house.drive(case.id)
            assert ended is not None
            assert ended.answer == "by hand"
        elif choice == "note" and stop.code == "too_deep":
            assert after.status == "parked"  # this boss does not listen
        else:
            assert (after.status, after.answer) == ("closed", "end"), choice


def test_no_choice_is_without_words_and_none_is_offered_that_is_not_there() -> None:
    for code in ("budget_turns", "agent_left", "too_deep", "ping_pong", "model_failed"):
        assert set(choices_after(Reason(code))) <= set(CHOICES)


async def test_who_asks_for_what_is_not_there_is_named_to_people_with_the_last_refusal() -> None:
    _, case = await stopped(STOPS["what is not there"])
    assert case.reason is not None
    for language, words in (("ko", "'boss'이(가) 여기서 할 수 없는 일을 5번"), ("en", "'boss' tried 5 times")):
        told = say(case.reason, language)  # type: ignore[arg-type]
        assert told.startswith(words)
        assert "'no such skill'" in told


async def test_what_ran_out_is_told_of_the_work_and_how_far_it_was_used() -> None:
    """Whoever holds the seat by then may have spent none of it, and a new limit must lie above what was used."""
    _, case = await stopped(STOPS["time"])
    assert case.reason is not None
    assert say(case.reason, "ko") == "이 일에 허락된 시간을 다 썼습니다."
    root = case.assignments["a1"]
    assert so_far(case.reason, root.limits, root.spent) == (0.1, root.spent.ms / 1000)
    assert so_far(Reason("ping_pong"), root.limits, root.spent) is None


async def test_the_same_write_twice_in_one_turn_is_done_once() -> None:
    """A model that writes a call down twice sends one letter; another letter in that turn, or the same one in a later
    turn, after its result was read, is another wish."""
    write = a_skill("send", effect="write")
    letters = [Call("send", {"to": to}) for to in ("kim", "kim", "lee")]

    def boss(view: View) -> Turn:
        later = (Call("send", {"to": "kim"}),) if view.turn == 2 else (Report(text="end"),)
        return Turn(actions=tuple(letters) if view.turn == 1 else later)

    house = an_orchestrator(MemoryStore(), {"boss": boss}, write)
    case = await house.run(an_opening(an_agent("boss", write)))
    settled = [one for one in case.assignments["a1"].transcript if isinstance(one, CallSettled)]
    assert sorted((one.turn, one.number, one.status) for one in settled) == [
        (1, 0, "finished"),
        (1, 1, "refused"),
        (1, 2, "finished"),
        (2, 0, "finished"),
    ]
    (twice,) = [one.reason for one in settled if one.reason is not None]
    assert twice.code == "same_write_twice"


async def test_what_comes_of_an_action_ends_the_count_of_circles() -> None:
    """A mind that goes round in circles now and then, and gets somewhere in between, is not stopped."""

    def boss(view: View) -> Turn:
        if view.turn > 20:
            return Turn(actions=(Report(text="end"),))
        return Turn(actions=(Call("look", {"n": view.turn if view.turn % 3 == 0 else 1}),))

    house, case = await stopped(Stop(boss, "", ()))
    assert (case.status, case.answer) == ("closed", "end")
    settled = [one.status for one in case.assignments["a1"].transcript if isinstance(one, CallSettled)]
    assert settled.count("refused") > 5
    assert house is not None


async def test_a_stopped_child_is_a_failed_report_and_its_parents_decision() -> None:
    def boss(view: View) -> Turn:
        children = [one for one in view.transcript if isinstance(one, ChildReported)]
        if not children:
            return Turn(actions=(Delegate("other", "first", limits=Limits(turns=1)),))
        if len(children) == 1:
            assert children[0].reason is not None
            assert (children[0].status, children[0].reason.code) == ("failed", "budget_turns")
            return Turn(actions=(Delegate("other", "second"),))
        return Turn(actions=(Report(text=children[1].text),))

    def other(view: View) -> Turn:
        return Turn(actions=(Call("look", {"n": 1}),) if view.turn == 1 else (Report(text="done"),))

    house = an_orchestrator(MemoryStore(), {"boss": boss, "other": other}, LOOK)
    case = await house.run(an_opening(an_agent("boss", delegates=("other",)), an_agent("other", LOOK)))
    assert (case.status, case.answer) == ("closed", "done")

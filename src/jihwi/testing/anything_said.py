"""What people say to a case in `anything`: each command that a person may give, about something picked by chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from jihwi.case import events as e
from jihwi.case import membership, person
from jihwi.case.assignment import SkillSpec
from jihwi.case.budget import Limits, Spending
from jihwi.case.state import Assignment, Case
from jihwi.case.turn import Report, Turn, View
from jihwi.case.viewing import view_of
from jihwi.testing.anything_laws import choose
from jihwi.testing.builders import an_agent

__all__ = ["COMMANDS", "PEOPLE", "SKILLS", "Command", "NothingThere", "last_words"]

PEOPLE = ("lee", "park", "kim")
SKILLS = (
    SkillSpec("look"),
    SkillSpec("peek", approval="always"),
    SkillSpec("put", effect="idempotent write"),
    SkillSpec("ship", effect="idempotent write", leaves_house=True),
    SkillSpec("send", effect="write"),
    SkillSpec("mail", effect="write", approval="always"),
)


class Player(Protocol):
    """What is asked of the world."""

    chance: random.Random

    def turn_of(self, view: View) -> Turn:
        """What chance says that whoever sits there does next."""
        ...


Command = Callable[[Case], list[e.Draft]]


class NothingThere(Exception):
    """There is nothing a person could say this about."""


def _one_of(world: Player, these: list[Any]) -> Any:
    if not these:
        raise NothingThere
    return world.chance.choice(these)


def _seat(world: Player, case: Case, which: Callable[[Assignment], bool] = lambda _: True) -> str:
    return str(_one_of(world, [one for one in case.open_ids if which(case.assignments[one])]))


def _answer_approval(world: Player, case: Case, what: str) -> Command:
    approval, by = _one_of(world, person.open_approvals(case)).id, world.chance.choice(PEOPLE)
    if what == "edit":
        other = {"n": world.chance.randrange(4)}
        return lambda now: person.edit(now, approval, other, by=by)
    return lambda now: (person.approve if what == "approve" else person.reject)(now, approval, by=by)


def _answer(world: Player, case: Case) -> Command:
    asked, number, _ = _one_of(world, person.open_questions(case))
    return lambda now: person.answer(now, "b", by="kim", assignment=asked.id, number=number)


def _settle(world: Player, case: Case) -> Command:
    seat, action = _one_of(world, person.uncertain_writes(case))
    outcome: Any = world.chance.choice(("happened", "did_not_happen", "run_again"))
    return lambda now: person.settle_uncertainty(now, seat.id, action.number, outcome, by="lee")


def _take_turn(world: Player, case: Case) -> Command:
    seat = _one_of(world, [one for one in person.turns_to_take(case) if one.agent in case.agents])
    turn = world.turn_of(view_of(case, seat.id))
    turn = msgspec.structs.replace(turn, text=turn.text if turn.actions else "end", usage=Spending())
    return lambda now: person.take_turn(now, seat.id, turn, by=seat.mind.name)


def _choose(world: Player, case: Case) -> Command:
    choice = _one_of(world, [one for one in case.choices if one != "cancel"])
    return lambda now: choose(now, choice)


def _take(world: Player, case: Case) -> Command:
    seat, by = _seat(world, case), world.chance.choice(PEOPLE)
    return lambda now: person.take(now, seat, by=by)


def _reassign(world: Player, case: Case) -> Command:
    seat, to = _seat(world, case), world.chance.choice(list(case.agents))
    return lambda now: person.reassign(now, seat, by="lee", agent=to, how="reassign")


def _give(world: Player, case: Case) -> Command:
    seat = _seat(world, case, lambda one: one.mind.kind == "person")
    return lambda now: person.reassign(now, seat, by="lee")


def _on_a_seat(says: Callable[..., list[e.Draft]], which: Callable[[Assignment], bool]) -> Callable[..., Command]:
    def command(world: Player, case: Case) -> Command:
        seat = _seat(world, case, which)
        return lambda now: says(now, seat, by="lee")

    return command


def _limit(world: Player, case: Case) -> Command:
    seat, limits = world.chance.choice(("", _seat(world, case))), Limits(turns=world.chance.choice((0, 3, 8)))
    return lambda now: person.change_limits(now, limits, by="lee", assignment=seat)


def _raise_limit(world: Player, case: Case) -> Command:
    seat, more = world.chance.choice(("", _seat(world, case))), Limits(turns=50, tokens=999_999, handoffs=20, depth=3)
    return lambda now: person.raise_limits(now, more, by="lee", assignment=seat)


def _aside(world: Player, case: Case) -> Command:
    editor = msgspec.structs.replace(an_agent("editor"), skills=SKILLS[: world.chance.randrange(6)])
    return lambda now: person.ask_aside(now, editor, "polish", {}, by="lee")


def _leave(world: Player, case: Case) -> Command:
    name, to = world.chance.choice(list(case.agents)), world.chance.choice(("", *case.agents))
    return lambda now: membership.leave(now, name, by="lee", to=to)


def _join_skill(world: Player, case: Case) -> Command:
    name, skill = world.chance.choice(list(case.agents)), world.chance.choice(SKILLS)
    return lambda now: membership.join_skills(now, name, [skill], by="lee")


def _leave_skill(world: Player, case: Case) -> Command:
    name = world.chance.choice(list(case.agents))
    skill = _one_of(world, list(case.skills[name]))
    return lambda now: membership.leave_skills(now, name, [skill], by="lee")


_NEWCOMER = msgspec.structs.replace(an_agent("newcomer", handoffs=("boss",)), skills=SKILLS)

COMMANDS: dict[str, Callable[[Player, Case], Command]] = {
    "approve": lambda world, case: _answer_approval(world, case, "approve"),
    "reject": lambda world, case: _answer_approval(world, case, "reject"),
    "edit": lambda world, case: _answer_approval(world, case, "edit"),
    "answer": _answer,
    "settle": _settle,
    "choose": _choose,
    "turn": _take_turn,
    "take": _take,
    "give": _give,
    "reassign": _reassign,
    "note": _on_a_seat(lambda now, seat, by: person.note(now, seat, "n", by=by), lambda _: True),
    "stop_waiting": _on_a_seat(person.stop_waiting, lambda one: bool(one.parent)),
    "cancel_one": _on_a_seat(person.cancel_assignment, lambda one: bool(one.parent) or one.aside),
    "cancel": lambda world, case: lambda now: person.cancel(now, by="lee"),
    "pause": lambda world, case: lambda now: person.pause(now, by="lee"),
    "resume": lambda world, case: lambda now: person.resume(now, by="lee"),
    "limit": _limit,
    "raise_limit": _raise_limit,
    "follow_up": lambda world, case: lambda now: person.follow_up(now, "more?", by="lee"),
    "aside": _aside,
    "join": lambda world, case: lambda now: membership.join(now, _NEWCOMER, by="lee"),
    "leave": _leave,
    "join_skill": _join_skill,
    "leave_skill": _leave_skill,
}


def last_words(case: Case, chance: random.Random) -> list[Command]:
    """What people say so that a case goes on to its end."""
    said: list[Command] = []
    if case.status == "paused":
        said.append(lambda now: person.resume(now, by="lee"))
    if case.status == "parked":
        choice = chance.choice([one for one in case.choices if one != "cancel"])
        said.append(lambda now: choose(now, choice))
    for approval in person.open_approvals(case):
        for by in PEOPLE:
            said.append(lambda now, a=approval.id, by=by: person.approve(now, a, by=by))  # type: ignore[misc]
    for asked, number, _ in person.open_questions(case):
        said.append(lambda now, a=asked.id, n=number: person.answer(now, "a", by="kim", assignment=a, number=n))  # type: ignore[misc]
    for seat, action in person.uncertain_writes(case):
        where = (seat.id, action.number)
        said.append(lambda now, at=where: person.settle_uncertainty(now, *at, "happened", by="lee"))  # type: ignore[misc]
    end = Turn(actions=(Report(text="end"),))
    for seat in person.turns_to_take(case):
        said.append(lambda now, s=seat: person.take_turn(now, s.id, end, by=s.mind.name))  # type: ignore[misc]
    return said

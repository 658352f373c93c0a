"""What several facts do to a state in the same way: spend, settle, say, close. Used by the fold only."""

from __future__ import annotations

from typing import Any

from jihwi.case.assignment import Reason
from jihwi.case.budget import NOTHING, Spending
from jihwi.case.state import ActionState, Assignment, Case
from jihwi.case.turn import Ask, Call, CallSettled, Delegate, Dispute, Entry, HandOff, Post, Release, Report

__all__ = [
    "EMPTY_REPORT",
    "ROOT",
    "UNUSED",
    "abandon_turn",
    "action_of",
    "begin_next_turn",
    "chain",
    "close",
    "end_reservation",
    "hold",
    "name_of",
    "next_turn_when_settled",
    "place",
    "say",
    "settle",
    "spend",
    "spend_late",
    "union",
]

ROOT = "a1"
"""The root assignment: the case worker's seat."""

EMPTY_REPORT = Report(status="failed")
UNUSED = ("open", "approved")
"""The statuses of an approval that nothing has started under."""

_NAMES: dict[type, str] = {
    Ask: "ask",
    Post: "post_finding",
    Dispute: "dispute",
    Delegate: "delegate",
    HandOff: "hand_off",
    Report: "report",
    Release: "release",
}


def place(assignment: str, turn: int, number: int) -> str:
    """Where an action stands: `assignment/turn/number`."""
    return f"{assignment}/{turn}/{number}"


def chain(case: Case, assignment: Assignment) -> list[Assignment]:
    """The assignment and those above it, up to the root."""
    found = [assignment]
    if not assignment.parent:
        return found
    while assignment.parent:
        assignment = case.assignments[assignment.parent]
        found.append(assignment)
    return found


def spend(case: Case, assignment: Assignment, cost: Spending) -> None:
    """Count `cost` against an assignment and everyone above it."""
    one = assignment
    while True:
        one.spent = one.spent.plus(cost)
        if not one.parent:
            return
        one = case.assignments[one.parent]


def hold(case: Case, assignment: Assignment, reserved: Spending) -> None:
    """Reserve `reserved` with an assignment and everyone above it."""
    one = assignment
    while True:
        one.reserved = one.reserved.plus(reserved)
        if not one.parent:
            return
        one = case.assignments[one.parent]


def end_reservation(case: Case, assignment: Assignment, cost: Spending) -> None:
    """The running turn's reservation gives way to what it cost."""
    held = assignment.reservation
    assignment.reservation = NOTHING
    one = assignment
    while True:
        one.spent = one.spent.plus(cost)
        if held is not NOTHING:
            one.reserved = NOTHING if one.reserved is held else one.reserved.minus(held)
        if not one.parent:
            return
        one = case.assignments[one.parent]


def abandon_turn(case: Case, assignment: Assignment) -> None:
    """Nobody waits for the running turn any more. What it holds counts until it is heard what it cost."""
    if assignment.reservation != NOTHING:
        case.abandoned[place(assignment.id, assignment.seat, assignment.turn)] = assignment.reservation
    end_reservation(case, assignment, assignment.reservation)


def spend_late(case: Case, assignment: Assignment, seat: int, turn: int, cost: Spending) -> None:
    """Count what a turn cost that nobody waited for, instead of what was counted for it."""
    counted = case.abandoned.pop(place(assignment.id, seat, turn), NOTHING) if case.abandoned else NOTHING
    spend(case, assignment, cost.minus(counted))


def settle(
    case: Case,
    assignment: Assignment,
    number: int,
    skill: str,
    status: Any,
    value: Any,
    reason: Reason | None = None,
) -> None:
    """An action has ended; when it was the turn's last, the next turn is due."""
    action = assignment.actions[number]
    if action.status == "settled":
        return
    action.status = "settled"
    assignment.unsettled -= 1
    if assignment.fruitless and status == "finished":
        assignment.fruitless = 0
    assignment.transcript.say(CallSettled(assignment.turn, number, skill, status, value, reason))
    if not assignment.unsettled:
        next_turn_when_settled(assignment)


def say(assignment: Assignment, entry: Entry) -> None:
    """One more entry in the transcript that the assignment's mind reads."""
    assignment.transcript.say(entry)


def close(case: Case, assignment: Assignment, report: Report) -> None:
    """The assignment has ended: nothing of it runs, waits or may be approved any more."""
    if assignment.turn_status == "running":
        abandon_turn(case, assignment)
    for action in assignment.actions:
        if action.status == "running" and type(action.action) is Release:
            case.unclear[place(assignment.id, assignment.turn, action.number)] = name_of(action.action)
        if action.status in ("running", "waiting", "lost", "uncertain") and type(action.action) is Call:
            skill = case.skills.get(assignment.agent, {}).get(action.action.skill)
            if skill is not None and skill.effect != "read":
                case.unclear[place(assignment.id, assignment.turn, action.number)] = skill.name
    for where, one in list(case.overtaken.items()):
        if one.assignment == assignment.id:
            del case.overtaken[where]
            if not one.end:
                case.unclear[where] = one.skill
    assignment.open = False
    assignment.report = assignment.report or report
    case.open_ids.remove(assignment.id)
    assignment.actions = []
    for approval in case.approvals.values():
        if approval.assignment == assignment.id and approval.status in UNUSED:
            approval.status = "lapsed"
            case.timers.pop(f"approval:{approval.id}", None)
    case.timers.pop(f"turn:{assignment.id}", None)
    case.timers.pop(f"join:{assignment.id}", None)
    for timer in [one for one in case.timers if one.startswith(f"skill:{assignment.id}/")]:
        del case.timers[timer]


def stop_waiting(case: Case, child: Assignment) -> None:
    """Whoever delegated it goes on; the child does too, and its report is read when it comes."""
    case.timers.pop(f"join:{child.id}", None)
    child.join = False
    parent = case.assignments.get(child.parent)
    number = child.parent_number
    if parent is None or not parent.open or parent.turn != child.parent_turn or number >= len(parent.actions):
        return
    if parent.actions[number].status == "asked":
        settle(case, parent, number, "delegate", "finished", {"assignment": child.id, "still_working": True})


def action_of(case: Case, body: Any) -> tuple[Assignment | None, ActionState | None]:
    """The assignment, and its action when it belongs to the seat and turn of today."""
    assignment = case.assignments.get(body.assignment)
    if assignment is None:
        return None, None
    seat = getattr(body, "seat", assignment.seat)
    if not assignment.open or seat != assignment.seat or body.turn != assignment.turn:
        return assignment, None
    if not 0 <= body.number < len(assignment.actions):
        return assignment, None
    return assignment, assignment.actions[body.number]


def begin_next_turn(assignment: Assignment) -> None:
    """The turn's actions are settled: the next one is due."""
    assignment.turn += 1
    assignment.turn_status = "due"
    assignment.attempt = 0
    assignment.failures = 0
    assignment.actions = []
    assignment.unsettled = 0


def next_turn_when_settled(assignment: Assignment) -> None:
    """Begin the next turn unless an action is open or the turn ends the assignment."""
    if assignment.turn_status == "acting" and not assignment.unsettled and assignment.ending is None:
        begin_next_turn(assignment)


def union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """All labels of both, sorted."""
    return one if not other or one == other else tuple(sorted({*one, *other}))


def name_of(action: Any) -> str:
    """The skill a call names, or the word for another kind of action."""
    if isinstance(action, Call):
        return action.skill
    return _NAMES[type(action)]

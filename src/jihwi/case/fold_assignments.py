"""What facts about assignments and their turns make of a case's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jihwi.case import events as e
from jihwi.case.assignment import MindSpec, Reason
from jihwi.case.budget import NOTHING, UNLIMITED, Spending
from jihwi.case.fold_moves import (
    EMPTY_REPORT,
    UNUSED,
    abandon_turn,
    begin_next_turn,
    close,
    end_reservation,
    hold,
    name_of,
    next_turn_when_settled,
    place,
    say,
    settle,
    spend,
    spend_late,
    stop_waiting,
    union,
)
from jihwi.case.governor import counted
from jihwi.case.state import ActionState, Assignment, Case, Overtaken
from jihwi.case.turn import (
    Call,
    CallSettled,
    ChildReported,
    Delegate,
    Handed,
    HandOff,
    Release,
    Report,
    TaskGiven,
    Told,
    TurnTaken,
)

__all__ = ["FOLDED"]


def _assignment_opened(case: Case, body: e.AssignmentOpened, event: e.Event) -> None:
    parent = case.assignments.get(body.parent)
    agent = case.agents.get(body.agent)
    assignment = Assignment(
        id=body.assignment,
        agent=body.agent,
        mind=agent.mind if agent else MindSpec("person"),
        task=body.task,
        parent=body.parent,
        parent_turn=body.turn,
        parent_number=body.number,
        inputs=body.inputs,
        limits=body.limits if parent or body.limits != UNLIMITED else case.limits,
        depth=parent.depth + 1 if parent else 0,
        join=body.join,
        aside=body.aside,
        handoffs=[body.agent],
    )
    if parent is not None:
        assignment.tainted, assignment.labels = parent.tainted, parent.labels
        parent.children += 1
        current = body.turn == parent.turn and body.number < len(parent.actions)
        if current and body.join:
            parent.actions[body.number].status = "asked"
            if body.wait_ms:
                case.timers[f"join:{body.assignment}"] = event.at_ms + body.wait_ms
        elif current:
            settle(case, parent, body.number, "delegate", "finished", {"assignment": body.assignment})
    else:  # what the case has found out so far is before its eyes
        assignment.tainted = any(one.tainted for one in case.assignments.values())
        assignment.labels = case.labels
        case.course = case.course if body.aside else body.assignment
    assignment.transcript.say(TaskGiven(body.task, parent.agent if parent else "", body.inputs))
    case.assignments[body.assignment] = assignment
    case.open_ids.append(body.assignment)


def _waiting_ended(case: Case, body: e.WaitingEnded, event: e.Event) -> None:
    child = case.assignments.get(body.assignment)
    if child is not None and child.open:
        stop_waiting(case, child)


def _reported(case: Case, body: e.Reported, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    report = Report(body.status, body.text, body.data, body.findings)
    if body.of_turn and isinstance(assignment.ending, Report):
        report = assignment.ending
    assignment.report = report
    close(case, assignment, report)
    parent = case.assignments.get(assignment.parent)
    if parent is None or not parent.open:
        return
    parent.tainted = parent.tainted or assignment.tainted
    parent.labels = union(parent.labels, assignment.labels)
    say(
        parent,
        ChildReported(
            assignment.id,
            assignment.agent,
            assignment.task,
            body.status,
            report.text,
            report.data,
            report.findings,
            assignment.parent_turn,
            assignment.parent_number,
            body.reason,
        ),
    )
    _child_ended(case, assignment, parent)


def _assignment_cancelled(case: Case, body: e.AssignmentCancelled, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    for child_id in [one for one in case.open_ids if one.startswith(f"{assignment.id}.")]:
        close(case, case.assignments[child_id], EMPTY_REPORT)
    close(case, assignment, EMPTY_REPORT)
    assignment.seat += 1
    parent = case.assignments.get(assignment.parent)
    if parent is not None and parent.open:
        say(
            parent,
            ChildReported(
                assignment.id,
                assignment.agent,
                assignment.task,
                "failed",
                data={"reason": body.reason.code},
                turn=assignment.parent_turn,
                number=assignment.parent_number,
                reason=body.reason,
            ),
        )
        _child_ended(case, assignment, parent)


def _child_ended(case: Case, assignment: Assignment, parent: Assignment) -> None:
    number = assignment.parent_number
    if not assignment.join or parent.turn != assignment.parent_turn or number >= len(parent.actions):
        return
    if parent.actions[number].status == "asked":
        parent.actions[number].status = "settled"
        parent.unsettled -= 1
        next_turn_when_settled(parent)


def _handed_off(case: Case, body: e.HandedOff, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    agent = case.agents.get(body.to_agent)
    assignment.agent = body.to_agent
    assignment.mind = agent.mind if agent else assignment.mind
    assignment.handoffs.append(body.to_agent)
    assignment.ending = None
    spend(case, assignment, _ONE_HANDOFF)
    say(assignment, Handed(body.from_agent, body.to_agent, body.note))
    begin_next_turn(assignment)


def _seat_changed(case: Case, body: e.SeatChanged, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    if assignment.turn_status == "running":
        abandon_turn(case, assignment)
    assignment.ending = None
    for approval in case.approvals.values():
        if approval.assignment == assignment.id and approval.status in UNUSED:
            approval.status = "lapsed"
            case.timers.pop(f"approval:{approval.id}", None)
    acting = assignment.turn_status == "acting"
    for action in assignment.actions:
        if action.status != "settled":
            _leave_unsettled(case, assignment, action)
    assignment.seat, assignment.agent, assignment.mind = body.seat, body.agent, body.mind
    assignment.empty_turns = assignment.failures = assignment.attempt = assignment.fruitless = 0
    assignment.mind_failures, assignment.shortened = 0, False
    assignment.awaits = None
    case.timers.pop(f"turn:{assignment.id}", None)
    say(assignment, Told(Reason(f"seat_{body.how}", {"agent": body.agent, "mind": body.mind.kind}), event.author.id))
    if acting or assignment.turn_status == "empty":
        begin_next_turn(assignment)
    assignment.turn_status = "due"


def _leave_unsettled(case: Case, assignment: Assignment, action: ActionState) -> None:
    """The seat that wanted this action is gone: a child goes on by itself, what had begun may have happened, anything
    else is refused."""
    name = name_of(action.action)
    begun = isinstance(action.action, Call | Release) and action.status in ("running", "waiting", "lost", "uncertain")
    if begun and action.status == "running":
        skill = case.skills.get(assignment.agent, {}).get(name)
        if skill is None or skill.effect != "read":
            where = place(assignment.id, assignment.turn, action.number)
            case.overtaken[where] = Overtaken(assignment.id, assignment.turn, action.number, name)
    action.status = "settled"
    assignment.unsettled -= 1
    case.timers.pop(f"skill:{place(assignment.id, assignment.turn, action.number)}", None)
    if isinstance(action.action, Delegate):
        return
    if begun:
        reason = Reason("seat_changed_meanwhile", {"skill": name})
        say(assignment, CallSettled(assignment.turn, action.number, name, "failed", None, reason))
    else:
        say(assignment, CallSettled(assignment.turn, action.number, name, "refused", None, Reason("seat_changed")))


def _context_compacted(case: Case, body: e.ContextCompacted, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is not None and body.seat in (0, assignment.seat) and body.entries <= len(assignment.transcript):
        summary = Told(Reason("context_summary", {"summary": body.summary, "entries": str(body.entries)}))
        kept = assignment.transcript[body.entries :]
        assignment.transcript = type(assignment.transcript)([assignment.transcript[0], summary, *kept])
        assignment.prompt_seq, assignment.prompt_digest = 0, ""
        assignment.shortened = True


def _turn_started(case: Case, body: e.TurnStarted, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open or body.seat != assignment.seat:
        return
    assignment.turn_status = "running"
    assignment.attempt = body.attempt
    if assignment.awaits is not None:
        assignment.awaits = None
    assignment.reservation = body.reserved
    if body.reserved is not NOTHING:
        hold(case, assignment, body.reserved)


def _turn_finished(case: Case, body: e.TurnFinished, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None:
        return
    current = assignment.open and body.seat == assignment.seat and body.turn == assignment.turn
    cost = body.usage.plus(_ONE_TURN)
    if not current or assignment.turn_status != "running":
        spend_late(case, assignment, body.seat, body.turn, cost)
        return
    end_reservation(case, assignment, cost)
    if case.overtaken:
        case.overtaken = {
            at: one for at, one in case.overtaken.items() if one.assignment != body.assignment or not one.told
        }
    if event.labels:
        assignment.labels = union(assignment.labels, event.labels)
    if body.prompt is not None:
        assignment.prompt_seq, assignment.prompt_digest = event.seq, body.prompt.digest
    assignment.transcript.say(TurnTaken(body.turn, assignment.agent, body.text, body.actions))
    assignment.failures, assignment.failure = 0, None
    assignment.mind_failures, assignment.shortened = 0, False
    _take_actions(assignment, body)


_ONE_TURN = Spending(turns=1)
_ONE_HANDOFF = Spending(handoffs=1)


def _take_actions(assignment: Assignment, body: e.TurnFinished) -> None:
    actions = assignment.actions = []
    assignment.ending = None
    if not body.actions:
        if body.text.strip():
            assignment.ending, assignment.ending_number = Report(text=body.text), 0
            assignment.turn_status = "acting"
            assignment.unsettled = 0
        else:
            assignment.turn_status = "empty"
            assignment.empty_turns += 1
        return
    assignment.empty_turns = 0
    assignment.turn_status = "acting"
    unsettled = 0
    for number, action in enumerate(body.actions):
        if type(action) is Call:
            actions.append(ActionState(number, action, "due", 0, action.arguments))
            unsettled += 1
        elif assignment.ending is None and (type(action) is HandOff or type(action) is Report):
            assignment.ending, assignment.ending_number = action, number
            actions.append(ActionState(number, action, "settled"))
        else:
            actions.append(ActionState(number, action))
            unsettled += 1
    assignment.unsettled = unsettled


def _turn_failed(case: Case, body: e.TurnFailed, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None:
        return
    if not assignment.open or body.seat != assignment.seat or body.turn != assignment.turn:
        spend_late(case, assignment, body.seat, body.turn, body.usage)
        return
    if assignment.turn_status == "running":
        end_reservation(case, assignment, body.usage)
    assignment.failures += 1
    assignment.failure = body.reason
    assignment.mind_failures = counted(assignment.mind_failures, body.reason, shortened=assignment.shortened)
    assignment.shortened = False
    assignment.turn_status = "waiting"
    if body.retry_at_ms:
        case.timers[f"turn:{assignment.id}"] = body.retry_at_ms
    else:
        assignment.failures = max(assignment.failures, 1_000_000)
        say(assignment, Told(body.reason))


def _noticed(case: Case, body: e.Noticed, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    say(assignment, Told(body.reason, body.by))
    if assignment.turn_status == "empty" and not body.by:
        begin_next_turn(assignment)


FOLDED: dict[type, Callable[[Case, Any, e.Event], None]] = {
    e.AssignmentOpened: _assignment_opened,
    e.WaitingEnded: _waiting_ended,
    e.Reported: _reported,
    e.AssignmentCancelled: _assignment_cancelled,
    e.HandedOff: _handed_off,
    e.SeatChanged: _seat_changed,
    e.ContextCompacted: _context_compacted,
    e.TurnStarted: _turn_started,
    e.TurnFinished: _turn_finished,
    e.TurnFailed: _turn_failed,
    e.Noticed: _noticed,
}
"""Each kind of fact to what it makes of the state."""

"""What facts about the whole case make of its state: opened, forked, paused, closed, timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.budget import NOTHING
from jihwi.case.fold_moves import EMPTY_REPORT, UNUSED, close, end_reservation, name_of, settle, stop_waiting
from jihwi.case.state import ActionState, Approval, Assignment, Case

__all__ = ["FOLDED"]


def _case_opened(case: Case, body: e.CaseOpened, event: e.Event) -> None:
    case.status = "open"
    case.opened_ms = event.at_ms
    case.request, case.requester, case.language = body.request, body.requester, body.language
    case.team, case.team_digest = body.team, body.team_digest
    case.limits, case.policy = body.limits, body.policy
    case.collections, case.library_version = body.collections, body.library_version
    case.viewer_labels = body.viewer_labels


def _case_forked(case: Case, body: e.CaseForked, event: e.Event) -> None:
    case.id = event.case_id
    case.forked, case.parent = True, body.parent
    case.limits = body.limits
    _lose_running(case)
    _case_resumed(case, body, event)  # of a case that has ended nothing is left to do
    for root in [a for a in case.assignments.values() if not a.parent]:
        root.limits = body.limits
        root.spent, root.reserved = NOTHING, NOTHING
    for approval in case.approvals.values():
        if approval.status in UNUSED:
            approval.status = "lapsed"
            case.timers.pop(f"approval:{approval.id}", None)
            _reset_to_due(case, approval)
    for assignment in (case.assignments[one] for one in case.open_ids):
        for action in assignment.actions:
            _ask_anew(case, assignment, action)


def _ask_anew(case: Case, assignment: Assignment, action: ActionState) -> None:
    """What a person allowed in the parent is not allowed in its fork. A write whose end is unknown stays so; who wants
    it run again is asked."""
    skill = case.skills.get(assignment.agent, {}).get(name_of(action.action))
    unknown = action.status == "lost" and skill is not None and skill.effect == "write"
    if unknown or action.status == "uncertain":
        action.approval = ""
    elif action.status == "approved" or (action.status in ("lost", "waiting") and action.approval):
        action.status, action.approval = "due", ""


def _reset_to_due(case: Case, approval: Approval) -> None:
    assignment = case.assignments[approval.assignment]
    if assignment.open and approval.seat == assignment.seat and approval.turn == assignment.turn:
        action = assignment.actions[approval.number]
        action.status, action.approval = "due", ""


def _agent_joined(case: Case, body: e.AgentJoined, event: e.Event) -> None:
    name, skills = body.agent.name, {skill.name: skill for skill in body.agent.skills}
    before = case.skills.get(name, {})
    case.agents[name], case.skills[name] = body.agent, skills
    if before:  # it works otherwise from now on: an approval was for a skill as it was
        for approval in case.approvals.values():
            known = before.get(approval.skill)
            if known is not None and known != skills.get(approval.skill) and approval.status in UNUSED:
                _lapse_with_skill(case, approval, name)


def _agent_left(case: Case, body: e.AgentLeft, event: e.Event) -> None:
    case.agents.pop(body.agent, None)
    case.skills.pop(body.agent, None)


def _team_changed(case: Case, body: e.TeamChanged, event: e.Event) -> None:
    case.team_digest = body.team_digest


def _agent_changed(case: Case, body: e.AgentChanged, event: e.Event) -> None:
    agent = case.agents.get(body.agent)
    if agent is None:
        return
    joined = {skill.name for skill in body.joined}
    kept = tuple(skill for skill in agent.skills if skill.name not in joined and skill.name not in body.left)
    case.agents[body.agent] = changed = msgspec.structs.replace(
        agent,
        skills=(*kept, *body.joined),
        delegates=tuple(dict.fromkeys((*agent.delegates, *body.delegates))),
        handoffs=tuple(dict.fromkeys((*agent.handoffs, *body.handoffs))),
    )
    case.skills[body.agent] = {skill.name: skill for skill in changed.skills}
    for approval in case.approvals.values():
        if approval.skill in body.left and approval.status in UNUSED:
            _lapse_with_skill(case, approval, body.agent)


def _lapse_with_skill(case: Case, approval: Approval, agent: str) -> None:
    """The skill has left the agent: what waits to be done with it is refused, and its mind reads why."""
    assignment = case.assignments[approval.assignment]
    if assignment.agent != agent:
        return
    approval.status = "lapsed"
    case.timers.pop(f"approval:{approval.id}", None)
    if assignment.open and approval.seat == assignment.seat and approval.turn == assignment.turn:
        settle(
            case,
            assignment,
            approval.number,
            approval.skill,
            "refused",
            None,
            Reason("skill_left", {"skill": approval.skill, "agent": agent}),
        )


def _awaited(case: Case, body: e.RunnerAwaited | e.SlotAwaited, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is not None and assignment.open:
        assignment.awaits = body.reason


def _case_paused(case: Case, body: e.CasePaused, event: e.Event) -> None:
    if case.status == "open":
        case.status, case.reason = "paused", body.reason


def _case_resumed(case: Case, body: e.CaseResumed | e.CaseForked, event: e.Event) -> None:
    if case.status in ("paused", "parked"):
        for assignment in (case.assignments[one] for one in case.open_ids):
            assignment.empty_turns = assignment.fruitless = 0
            if assignment.turn_status in ("waiting", "lost"):
                assignment.failures = assignment.mind_failures = 0
        case.status, case.reason, case.choices, case.parked_at = "open", None, (), ""


def _case_parked(case: Case, body: e.CaseParked, event: e.Event) -> None:
    if case.status == "open":
        case.status, case.reason, case.choices = "parked", body.reason, body.choices
        case.parked_at = body.assignment


def _case_cancelled(case: Case, body: e.CaseCancelled, event: e.Event) -> None:
    if case.status in ("closed", "cancelled"):
        return
    case.status, case.reason, case.choices, case.parked_at = "cancelled", body.reason, (), ""
    for assignment_id in list(case.open_ids):
        close(case, case.assignments[assignment_id], EMPTY_REPORT)
    case.timers.clear()


def _case_closed(case: Case, body: e.CaseClosed, event: e.Event) -> None:
    root = case.assignments.get(case.course)
    said = root.report.text if root is not None and root.report is not None else ""
    case.status, case.outcome, case.answer = "closed", body.status, body.text or said
    for assignment_id in list(case.open_ids):
        close(case, case.assignments[assignment_id], EMPTY_REPORT)
    case.timers.clear()


def _case_reopened(case: Case, body: e.CaseReopened, event: e.Event) -> None:
    if case.status == "closed":
        case.status = "open"


def _limits_changed(case: Case, body: e.LimitsChanged, event: e.Event) -> None:
    target = case.assignments.get(body.assignment or case.course)
    if not body.assignment:
        case.limits = body.limits
    if target is not None:
        target.limits = body.limits


def _timer_set(case: Case, body: e.TimerSet, event: e.Event) -> None:
    case.timers[body.timer] = body.at_ms


def _timer_fired(case: Case, body: e.TimerFired, event: e.Event) -> None:
    case.timers.pop(body.timer, None)
    kind, _, rest = body.timer.partition(":")
    if kind == "turn":
        assignment = case.assignments.get(rest)
        if assignment is not None and assignment.open and assignment.turn_status == "waiting":
            assignment.turn_status = "due"
    elif kind == "skill":
        assignment_id, turn, number = rest.rsplit("/", 2)
        assignment = case.assignments.get(assignment_id)
        if assignment is not None and assignment.open and assignment.turn == int(turn):
            action = assignment.actions[int(number)]
            if action.status == "waiting":
                action.status = "lost"
    elif kind == "join":
        child = case.assignments.get(rest)
        if child is not None and child.open:
            stop_waiting(case, child)
    elif kind == "approval":
        approval = case.approvals.get(rest)
        if approval is not None and approval.status == "open":
            approval.expired = True


def _runner_took_over(case: Case, body: e.RunnerTookOver, event: e.Event) -> None:
    _lose_running(case)


def _lose_running(case: Case) -> None:
    case.abandoned = {}
    if case.overtaken:  # of what nobody has heard so far nobody will
        case.overtaken = {at: one for at, one in case.overtaken.items() if one.end}
    for assignment_id in case.open_ids:
        assignment = case.assignments[assignment_id]
        if assignment.turn_status == "running":
            end_reservation(case, assignment, assignment.reservation)
            _lose_turn(assignment)
        for action in assignment.actions:
            if action.status == "running":
                action.status = "lost"


def _lose_turn(assignment: Assignment) -> None:
    """A mind is asked again. A person's turn is one append and never lost, but a fork may begin in the middle of it."""
    if assignment.mind.kind == "person":
        assignment.turn_status = "due"
    else:
        assignment.turn_status = "lost"
        assignment.failures += 1


def _sentence_judged(case: Case, body: e.SentenceJudged, event: e.Event) -> None:
    """What readers think of a report is kept in the log and moves nothing."""


def _body_erased(case: Case, body: e.BodyErased, event: e.Event) -> None:
    """The state already lacks what was erased when the log is folded again."""


FOLDED: dict[type, Callable[[Case, Any, e.Event], None]] = {
    e.CaseOpened: _case_opened,
    e.CaseForked: _case_forked,
    e.AgentJoined: _agent_joined,
    e.AgentLeft: _agent_left,
    e.TeamChanged: _team_changed,
    e.AgentChanged: _agent_changed,
    e.RunnerAwaited: _awaited,
    e.SlotAwaited: _awaited,
    e.CasePaused: _case_paused,
    e.CaseResumed: _case_resumed,
    e.CaseParked: _case_parked,
    e.CaseCancelled: _case_cancelled,
    e.CaseClosed: _case_closed,
    e.CaseReopened: _case_reopened,
    e.LimitsChanged: _limits_changed,
    e.TimerSet: _timer_set,
    e.TimerFired: _timer_fired,
    e.RunnerTookOver: _runner_took_over,
    e.SentenceJudged: _sentence_judged,
    e.BodyErased: _body_erased,
}
"""Each kind of fact to what it makes of the state."""

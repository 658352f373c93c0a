"""The fold: what each event makes of a case's state. Every prefix of a log folds to a valid case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jihwi.case import events as e
from jihwi.case.assignment import MindSpec, Reason
from jihwi.case.budget import NOTHING, Spending
from jihwi.case.recorded import Recorded
from jihwi.case.state import ActionState, Approval, Assignment, Case
from jihwi.case.turn import (
    Answered,
    Ask,
    Call,
    CallSettled,
    ChildReported,
    Delegate,
    Dispute,
    Disputed,
    Entry,
    Finding,
    Found,
    Handed,
    HandOff,
    Post,
    Release,
    Report,
    TaskGiven,
    Told,
    TurnTaken,
)

__all__ = ["ROOT", "apply", "fold", "place"]

ROOT = "a1"
"""The root assignment: the case worker's seat."""

_EMPTY_REPORT = Report(status="failed")


def fold(case_id: str, log: Iterable[e.Event]) -> Case:
    """The state after `log`.

    >>> fold("c0", []).status
    'new'
    """
    case = Case(case_id)
    for event in log:
        apply(case, event)
    return case


def apply(case: Case, event: e.Event) -> None:
    """Take one more event into the state, in place."""
    case.seq = event.seq
    case.head = event.head
    case.now_ms = event.at_ms
    if event.labels:
        case.labels = _union(case.labels, event.labels)
    body = event.body
    if body is not None:
        _APPLY[type(body)](case, body, event)


def place(assignment: str, turn: int, number: int) -> str:
    """Where an action stands: `assignment/turn/number`."""
    return f"{assignment}/{turn}/{number}"


# ── the case ─────────────────────────────────────────────────────────────────


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
    if case.status in ("paused", "parked"):  # of a case that has ended nothing is left to do
        case.status, case.reason, case.choices = "open", None, ()
    _lose_running(case)
    for root in [a for a in case.assignments.values() if not a.parent]:
        root.limits = body.limits
        root.spent, root.reserved = NOTHING, NOTHING
    for approval in case.approvals.values():
        if approval.status in _UNUSED:
            approval.status = "lapsed"
            case.timers.pop(f"approval:{approval.id}", None)
            _reset_to_due(case, approval)
    for assignment in (case.assignments[one] for one in case.open_ids):
        for action in assignment.actions:
            _ask_anew(case, assignment, action)


def _ask_anew(case: Case, assignment: Assignment, action: ActionState) -> None:
    """What a person allowed in the parent is not allowed in its fork. A write whose end is unknown stays so."""
    skill = case.skills.get(assignment.agent, {}).get(_name_of(action.action))
    unknown = action.status == "lost" and skill is not None and skill.effect == "write"
    if action.status == "approved" or (action.status == "lost" and action.approval and not unknown):
        action.status, action.approval = "due", ""


def _agent_joined(case: Case, body: e.AgentJoined, event: e.Event) -> None:
    case.agents[body.agent.name] = body.agent
    case.skills[body.agent.name] = {skill.name: skill for skill in body.agent.skills}


def _agent_left(case: Case, body: e.AgentLeft, event: e.Event) -> None:
    case.agents.pop(body.agent, None)
    case.skills.pop(body.agent, None)


def _case_paused(case: Case, body: e.CasePaused, event: e.Event) -> None:
    if case.status == "open":
        case.status, case.reason = "paused", body.reason


def _case_resumed(case: Case, body: e.CaseResumed, event: e.Event) -> None:
    if case.status in ("paused", "parked"):
        for assignment in (case.assignments[one] for one in case.open_ids):
            assignment.empty_turns = 0
            if assignment.turn_status in ("waiting", "lost"):
                assignment.failures = 0
        case.status, case.reason, case.choices = "open", None, ()


def _case_parked(case: Case, body: e.CaseParked, event: e.Event) -> None:
    if case.status == "open":
        case.status, case.reason, case.choices = "parked", body.reason, body.choices


def _case_cancelled(case: Case, body: e.CaseCancelled, event: e.Event) -> None:
    if case.status in ("closed", "cancelled"):
        return
    case.status, case.reason = "cancelled", body.reason
    for assignment_id in list(case.open_ids):
        _close(case, case.assignments[assignment_id], _EMPTY_REPORT)
    case.timers.clear()


def _case_closed(case: Case, body: e.CaseClosed, event: e.Event) -> None:
    root = case.assignments.get(ROOT)
    said = root.report.text if root is not None and root.report is not None else ""
    case.status, case.outcome, case.answer = "closed", body.status, body.text or said
    for assignment_id in list(case.open_ids):
        _close(case, case.assignments[assignment_id], _EMPTY_REPORT)
    case.timers.clear()


def _limits_changed(case: Case, body: e.LimitsChanged, event: e.Event) -> None:
    target = case.assignments.get(body.assignment or ROOT)
    if not body.assignment:
        case.limits = body.limits
    if target is not None:
        target.limits = body.limits


def _runner_took_over(case: Case, body: e.RunnerTookOver, event: e.Event) -> None:
    _lose_running(case)


def _lose_running(case: Case) -> None:
    for assignment_id in case.open_ids:
        assignment = case.assignments[assignment_id]
        if assignment.turn_status == "running":
            _end_reservation(case, assignment, assignment.reservation)
            assignment.turn_status = "lost"
            assignment.failures += 1
        for action in assignment.actions:
            if action.status == "running":
                action.status = "lost"


def _sentence_judged(case: Case, body: e.SentenceJudged, event: e.Event) -> None:
    """What readers think of a report is kept in the log and moves nothing."""


def _body_erased(case: Case, body: e.BodyErased, event: e.Event) -> None:
    """The state already lacks what was erased when the log is folded again."""


# ── assignments ──────────────────────────────────────────────────────────────


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
        limits=body.limits if parent else case.limits,
        depth=parent.depth + 1 if parent else 0,
        join=body.join,
        handoffs=[body.agent],
    )
    if parent is not None:
        assignment.tainted, assignment.labels = parent.tainted, parent.labels
        parent.children += 1
        current = body.turn == parent.turn and body.number < len(parent.actions)
        if current and body.join:
            parent.actions[body.number].status = "asked"
        elif current:
            _settle(case, parent, body.number, "delegate", "finished", {"assignment": body.assignment})
    assignment.transcript = assignment.transcript.grown(
        TaskGiven(body.task, parent.agent if parent else "", body.inputs)
    )
    case.assignments[body.assignment] = assignment
    case.open_ids.append(body.assignment)


def _reported(case: Case, body: e.Reported, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    report = Report(body.status, body.text, body.data, body.findings)
    if body.of_turn and isinstance(assignment.ending, Report):
        report = assignment.ending
    assignment.report = report
    _close(case, assignment, report)
    parent = case.assignments.get(assignment.parent)
    if parent is None or not parent.open:
        return
    parent.tainted = parent.tainted or assignment.tainted
    parent.labels = _union(parent.labels, assignment.labels)
    _say(
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
        ),
    )
    _child_ended(case, assignment, parent)


def _assignment_cancelled(case: Case, body: e.AssignmentCancelled, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    assignment.seat += 1
    for child_id in [one for one in case.open_ids if one.startswith(f"{assignment.id}.")]:
        _close(case, case.assignments[child_id], _EMPTY_REPORT)
    _close(case, assignment, _EMPTY_REPORT)
    parent = case.assignments.get(assignment.parent)
    if parent is not None and parent.open:
        _say(
            parent,
            ChildReported(
                assignment.id,
                assignment.agent,
                assignment.task,
                "failed",
                data={"reason": body.reason.code},
                turn=assignment.parent_turn,
                number=assignment.parent_number,
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
        _next_turn_when_settled(parent)


def _close(case: Case, assignment: Assignment, report: Report) -> None:
    if assignment.turn_status == "running":
        _end_reservation(case, assignment, assignment.reservation)
    assignment.open = False
    assignment.report = assignment.report or report
    case.open_ids.remove(assignment.id)
    assignment.actions = []
    for approval in case.approvals.values():
        if approval.assignment == assignment.id and approval.status in _UNUSED:
            approval.status = "lapsed"
            case.timers.pop(f"approval:{approval.id}", None)
    case.timers.pop(f"turn:{assignment.id}", None)


def _handed_off(case: Case, body: e.HandedOff, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    agent = case.agents.get(body.to_agent)
    assignment.agent = body.to_agent
    assignment.mind = agent.mind if agent else assignment.mind
    assignment.handoffs.append(body.to_agent)
    assignment.ending = None
    _spend(case, assignment, Spending(handoffs=1))
    _say(assignment, Handed(body.from_agent, body.to_agent, body.note))
    _begin_next_turn(assignment)


def _seat_changed(case: Case, body: e.SeatChanged, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    if assignment.turn_status == "running":
        _end_reservation(case, assignment, assignment.reservation)
    assignment.ending = None
    for approval in case.approvals.values():
        if approval.assignment == assignment.id and approval.status in _UNUSED:
            approval.status = "lapsed"
            case.timers.pop(f"approval:{approval.id}", None)
    acting = assignment.turn_status == "acting"
    for action in assignment.actions:
        if action.status != "settled":
            _leave_unsettled(assignment, action)
    assignment.seat, assignment.agent, assignment.mind = body.seat, body.agent, body.mind
    assignment.empty_turns = assignment.failures = assignment.attempt = 0
    case.timers.pop(f"turn:{assignment.id}", None)
    _say(assignment, Told(Reason(f"seat_{body.how}", {"agent": body.agent, "mind": body.mind.kind}), event.author.id))
    if acting or assignment.turn_status == "empty":
        _begin_next_turn(assignment)
    assignment.turn_status = "due"


def _leave_unsettled(assignment: Assignment, action: ActionState) -> None:
    """The seat that wanted this action is gone: a child goes on by itself, anything else is refused."""
    action.status = "settled"
    assignment.unsettled -= 1
    if not isinstance(action.action, Delegate):
        name, reason = _name_of(action.action), Reason("seat_changed")
        _say(assignment, CallSettled(assignment.turn, action.number, name, "refused", None, reason))


def _context_compacted(case: Case, body: e.ContextCompacted, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is not None:
        summary = Told(Reason("context_summary", {"summary": body.summary, "entries": str(body.entries)}))
        kept = assignment.transcript[body.entries :]
        assignment.transcript = type(assignment.transcript)([assignment.transcript[0], summary, *kept])
        assignment.prompt_seq, assignment.prompt_digest = 0, ""


# ── turns ────────────────────────────────────────────────────────────────────


def _turn_started(case: Case, body: e.TurnStarted, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open or body.seat != assignment.seat:
        return
    assignment.turn_status = "running"
    assignment.attempt = body.attempt
    assignment.reservation = body.reserved
    if body.reserved is not NOTHING:
        for one in chain(case, assignment):
            one.reserved = one.reserved.plus(body.reserved)


def _turn_finished(case: Case, body: e.TurnFinished, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None:
        return
    current = assignment.open and body.seat == assignment.seat and body.turn == assignment.turn
    cost = body.usage.plus(Spending(turns=1))
    if not current or assignment.turn_status != "running":
        _spend(case, assignment, cost)
        return
    _end_reservation(case, assignment, cost)
    if event.labels:
        assignment.labels = _union(assignment.labels, event.labels)
    if body.prompt is not None:
        assignment.prompt_seq, assignment.prompt_digest = event.seq, body.prompt.digest
    assignment.transcript = assignment.transcript.grown(TurnTaken(body.turn, assignment.agent, body.text, body.actions))
    assignment.failures, assignment.failure = 0, None
    _take_actions(assignment, body)


def _take_actions(assignment: Assignment, body: e.TurnFinished) -> None:
    assignment.actions = []
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
    settled = 0
    for number, action in enumerate(body.actions):
        state = ActionState(number, action)
        if type(action) is Call:
            state.arguments = action.arguments
        if assignment.ending is None and isinstance(action, _ENDINGS):
            assignment.ending, assignment.ending_number = action, number
            state.status = "settled"
            settled = 1
        assignment.actions.append(state)
    assignment.unsettled = len(body.actions) - settled


def _turn_failed(case: Case, body: e.TurnFailed, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None:
        return
    if not assignment.open or body.seat != assignment.seat or body.turn != assignment.turn:
        _spend(case, assignment, body.usage)
        return
    if assignment.turn_status == "running":
        _end_reservation(case, assignment, body.usage)
    assignment.failures += 1
    assignment.failure = body.reason
    assignment.turn_status = "waiting"
    if body.retry_at_ms:
        case.timers[f"turn:{assignment.id}"] = body.retry_at_ms
    else:
        assignment.failures = max(assignment.failures, 1_000_000)
        _say(assignment, Told(body.reason))


def _begin_next_turn(assignment: Assignment) -> None:
    assignment.turn += 1
    assignment.turn_status = "due"
    assignment.attempt = 0
    assignment.failures = 0
    assignment.actions = []
    assignment.unsettled = 0


def _next_turn_when_settled(assignment: Assignment) -> None:
    if assignment.turn_status == "acting" and not assignment.unsettled and assignment.ending is None:
        _begin_next_turn(assignment)


def _noticed(case: Case, body: e.Noticed, event: e.Event) -> None:
    assignment = case.assignments.get(body.assignment)
    if assignment is None or not assignment.open:
        return
    _say(assignment, Told(body.reason, body.by))
    if assignment.turn_status == "empty" and not body.by:
        _begin_next_turn(assignment)


# ── skills ───────────────────────────────────────────────────────────────────


def _action_of(case: Case, body: Any) -> tuple[Assignment | None, ActionState | None]:
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


def _skill_started(case: Case, body: e.SkillStarted, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is None or action is None or action.status == "settled":
        return
    action.status = "running"
    action.attempt = body.attempt
    action.digest = body.action_digest
    if body.attempt == 1:
        assignment.calls_made[body.action_digest] = assignment.calls_made.get(body.action_digest, 0) + 1
    approval = case.approvals.get(action.approval)
    if approval is not None:
        approval.status = "consumed"


def _skill_finished(case: Case, body: e.SkillFinished, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is None:
        return
    if body.usage is not NOTHING:
        _spend(case, assignment, body.usage)
    if action is None or action.status == "settled":
        return
    assignment.tainted = assignment.tainted or body.tainted
    if event.labels:
        assignment.labels = _union(assignment.labels, event.labels)
    case.results[place(assignment.id, body.turn, body.number)] = body.result
    _settle(case, assignment, body.number, _name_of(action.action), "finished", body.result)


def _skill_failed(case: Case, body: e.SkillFailed, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is None:
        return
    if body.usage is not NOTHING:
        _spend(case, assignment, body.usage)
    if action is None or action.status == "settled":
        return
    if body.retry_at_ms:
        action.status = "waiting"
        case.timers[f"skill:{place(assignment.id, body.turn, body.number)}"] = body.retry_at_ms
    else:
        _settle(case, assignment, body.number, _name_of(action.action), "failed", None, body.reason)


def _skill_uncertain(case: Case, body: e.SkillUncertain, event: e.Event) -> None:
    _, action = _action_of(case, body)
    if action is not None and action.status != "settled":
        action.status = "uncertain"


def _uncertainty_settled(case: Case, body: e.UncertaintySettled, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is None or action is None or action.status != "uncertain":
        return
    if body.outcome == "run_again":
        action.status = "approved"
    elif body.outcome == "happened":
        _settle(case, assignment, body.number, _name_of(action.action), "finished", {"note": body.note})
    else:
        reason = Reason("write_did_not_happen", {"note": body.note})
        _settle(case, assignment, body.number, _name_of(action.action), "failed", None, reason)


def _call_refused(case: Case, body: e.CallRefused, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is None or action is None:
        return
    name = _name_of(action.action)
    if assignment.ending is action.action:
        assignment.ending = None
        _say(assignment, CallSettled(assignment.turn, body.number, name, "refused", None, body.reason))
        _next_turn_when_settled(assignment)
    elif action.status != "settled":
        _settle(case, assignment, body.number, name, "refused", None, body.reason)


# ── approvals and questions ──────────────────────────────────────────────────


def _approval_requested(case: Case, body: e.ApprovalRequested, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is None or action is None:
        return
    action.status, action.approval, action.digest = "asked", body.approval, body.action_digest
    case.approvals[body.approval] = Approval(
        id=body.approval,
        assignment=body.assignment,
        seat=body.seat,
        turn=body.turn,
        number=body.number,
        action_digest=body.action_digest,
        skill=body.skill,
        effect=body.effect,
        arguments=body.arguments,
        reason=body.reason,
        expires_at_ms=body.expires_at_ms,
        requested_seq=event.seq,
    )
    if body.expires_at_ms:
        case.timers[f"approval:{body.approval}"] = body.expires_at_ms


def _approval_answered(case: Case, body: e.ApprovalAnswered, event: e.Event) -> None:
    approval = case.approvals.get(body.approval)
    if approval is None or approval.status != "open" or approval.action_digest != body.action_digest:
        return
    case.timers.pop(f"approval:{approval.id}", None)
    assignment = case.assignments[approval.assignment]
    action = assignment.actions[approval.number]
    if body.verdict == "approve":
        approval.status, action.status = "approved", "approved"
    elif body.verdict == "edit":
        approval.status = "edited"
        action.arguments, action.status, action.approval = body.arguments, "due", ""
        action.edits += 1
    else:
        approval.status = "rejected"
        reason = Reason("rejected", {"note": body.note, "by": event.author.id})
        _settle(case, assignment, approval.number, _name_of(action.action), "rejected", None, reason)


def _approval_lapsed(case: Case, body: e.ApprovalLapsed, event: e.Event) -> None:
    approval = case.approvals.get(body.approval)
    if approval is None or approval.status != "open":
        return
    approval.status = "lapsed"
    case.timers.pop(f"approval:{approval.id}", None)
    assignment = case.assignments[approval.assignment]
    if assignment.open and approval.seat == assignment.seat and approval.turn == assignment.turn:
        action = assignment.actions[approval.number]
        _settle(case, assignment, approval.number, _name_of(action.action), "rejected", None, body.reason)


def _approval_escalated(case: Case, body: e.ApprovalEscalated, event: e.Event) -> None:
    approval = case.approvals.get(body.approval)
    if approval is not None and approval.status == "open":
        approval.deputy, approval.expired = body.deputy, False
        if case.policy.approval_expires_ms:
            case.timers[f"approval:{approval.id}"] = event.at_ms + case.policy.approval_expires_ms


def _question_asked(case: Case, body: e.QuestionAsked, event: e.Event) -> None:
    _, action = _action_of(case, body)
    if action is not None:
        action.status = "asked"


def _question_answered(case: Case, body: e.QuestionAnswered, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is None or action is None or action.status != "asked" or not isinstance(action.action, Ask):
        return
    action.status = "settled"
    assignment.unsettled -= 1
    _say(assignment, Answered(body.turn, body.number, action.action.question, body.answer))
    decided = Recorded(event.seq, "decided", event.author.id, body.answer, action.action.question)
    case.recorded = (*case.recorded, decided)
    _next_turn_when_settled(assignment)


def _reset_to_due(case: Case, approval: Approval) -> None:
    assignment = case.assignments[approval.assignment]
    if assignment.open and approval.seat == assignment.seat and approval.turn == assignment.turn:
        action = assignment.actions[approval.number]
        action.status, action.approval = "due", ""


# ── findings, releases, timers ───────────────────────────────────────────────


def _finding_posted(case: Case, body: e.FindingPosted, event: e.Event) -> None:
    case.findings = (*case.findings, Finding(body.finding, body.assignment, body.agent, body.claim))
    poster = case.assignments.get(body.assignment)
    if poster is not None and poster.open and body.turn == poster.turn and body.number < len(poster.actions):
        _settle(case, poster, body.number, "post_finding", "finished", {"finding": body.finding})
    for other_id in case.open_ids:
        if other_id != body.assignment:
            _say(case.assignments[other_id], Found(body.finding, body.agent, body.claim))


def _finding_disputed(case: Case, body: e.FindingDisputed, event: e.Event) -> None:
    case.findings = tuple(
        Finding(f.number, f.assignment, f.agent, f.claim, (*f.disputes, f"{body.agent}: {body.reason}"))
        if f.number == body.finding
        else f
        for f in case.findings
    )
    about = next((one.claim.text for one in case.findings if one.number == body.finding), "")
    case.recorded = (*case.recorded, Recorded(event.seq, "disputed", body.agent, body.reason, about))
    poster = case.assignments.get(body.assignment)
    if poster is not None and poster.open and body.turn == poster.turn and body.number < len(poster.actions):
        _settle(case, poster, body.number, "dispute", "finished", {"finding": body.finding})
    for other_id in case.open_ids:
        if other_id != body.assignment:
            _say(case.assignments[other_id], Disputed(body.finding, body.agent, body.reason))


def _release_started(case: Case, body: e.ReleaseStarted, event: e.Event) -> None:
    _, action = _action_of(case, body)
    if action is None or action.status == "settled":
        return
    action.status, action.attempt = "running", body.attempt
    approval = case.approvals.get(action.approval)
    if approval is not None:
        approval.status = "consumed"


def _report_released(case: Case, body: e.ReportReleased, event: e.Event) -> None:
    case.released.append(body.report_digest)
    case.files = dict(body.files)
    assignment, action = _action_of(case, body)
    if assignment is not None and action is not None and action.status != "settled":
        value = {"report_digest": body.report_digest, "kinds": body.kinds, "files": sorted(body.files)}
        _settle(case, assignment, body.number, "release", "finished", value)


def _release_refused(case: Case, body: e.ReleaseRefused, event: e.Event) -> None:
    assignment, action = _action_of(case, body)
    if assignment is not None and action is not None and action.status != "settled":
        value = {"sentences": list(body.sentences)}
        _settle(case, assignment, body.number, "release", "failed", value, body.reason)


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
    elif kind == "approval":
        approval = case.approvals.get(rest)
        if approval is not None and approval.status == "open":
            approval.expired = True


# ── shared ───────────────────────────────────────────────────────────────────


def chain(case: Case, assignment: Assignment) -> list[Assignment]:
    """The assignment and those above it, up to the root."""
    found = [assignment]
    while assignment.parent:
        assignment = case.assignments[assignment.parent]
        found.append(assignment)
    return found


def _spend(case: Case, assignment: Assignment, cost: Spending) -> None:
    for one in chain(case, assignment):
        one.spent = one.spent.plus(cost)


def _end_reservation(case: Case, assignment: Assignment, cost: Spending) -> None:
    """The running turn's reservation gives way to what it cost."""
    held = assignment.reservation
    assignment.reservation = NOTHING
    for one in chain(case, assignment):
        one.spent = one.spent.plus(cost)
        if held is not NOTHING:
            one.reserved = one.reserved.minus(held)


def _settle(
    case: Case,
    assignment: Assignment,
    number: int,
    skill: str,
    status: Any,
    value: Any,
    reason: Reason | None = None,
) -> None:
    action = assignment.actions[number]
    if action.status == "settled":
        return
    action.status = "settled"
    assignment.unsettled -= 1
    assignment.transcript = assignment.transcript.grown(
        CallSettled(assignment.turn, number, skill, status, value, reason)
    )
    _next_turn_when_settled(assignment)


def _say(assignment: Assignment, entry: Entry) -> None:
    assignment.transcript = assignment.transcript.grown(entry)


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one if not other or one == other else tuple(sorted({*one, *other}))


def _name_of(action: Any) -> str:
    if isinstance(action, Call):
        return action.skill
    return _NAMES[type(action)]


_ENDINGS = (HandOff, Report)
_UNUSED = ("open", "approved")
"""An approval that nothing has started under."""

_NAMES: dict[type, str] = {
    Ask: "ask",
    Post: "post_finding",
    Dispute: "dispute",
    Delegate: "delegate",
    HandOff: "hand_off",
    Report: "report",
    Release: "release",
}

_APPLY: dict[type, Callable[[Case, Any, e.Event], None]] = {
    e.CaseOpened: _case_opened,
    e.CaseForked: _case_forked,
    e.AgentJoined: _agent_joined,
    e.AgentLeft: _agent_left,
    e.AssignmentOpened: _assignment_opened,
    e.TurnStarted: _turn_started,
    e.TurnFinished: _turn_finished,
    e.TurnFailed: _turn_failed,
    e.SkillStarted: _skill_started,
    e.SkillFinished: _skill_finished,
    e.SkillFailed: _skill_failed,
    e.SkillUncertain: _skill_uncertain,
    e.UncertaintySettled: _uncertainty_settled,
    e.CallRefused: _call_refused,
    e.ApprovalRequested: _approval_requested,
    e.ApprovalAnswered: _approval_answered,
    e.ApprovalLapsed: _approval_lapsed,
    e.ApprovalEscalated: _approval_escalated,
    e.QuestionAsked: _question_asked,
    e.QuestionAnswered: _question_answered,
    e.FindingPosted: _finding_posted,
    e.FindingDisputed: _finding_disputed,
    e.HandedOff: _handed_off,
    e.Reported: _reported,
    e.AssignmentCancelled: _assignment_cancelled,
    e.SeatChanged: _seat_changed,
    e.ReleaseStarted: _release_started,
    e.ReportReleased: _report_released,
    e.ReleaseRefused: _release_refused,
    e.Noticed: _noticed,
    e.TimerSet: _timer_set,
    e.TimerFired: _timer_fired,
    e.LimitsChanged: _limits_changed,
    e.CasePaused: _case_paused,
    e.CaseResumed: _case_resumed,
    e.CaseParked: _case_parked,
    e.CaseCancelled: _case_cancelled,
    e.CaseClosed: _case_closed,
    e.ContextCompacted: _context_compacted,
    e.RunnerTookOver: _runner_took_over,
    e.SentenceJudged: _sentence_judged,
    e.BodyErased: _body_erased,
}

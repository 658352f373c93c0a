"""What facts about single actions make of a case's state: skills, approvals, questions, findings, releases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.budget import NOTHING
from jihwi.case.fold_moves import action_of, name_of, next_turn_when_settled, place, say, settle, spend, union
from jihwi.case.governor import CIRCLES
from jihwi.case.recorded import Recorded
from jihwi.case.state import Approval, Case
from jihwi.case.turn import Answered, Ask, CallSettled, Disputed, Finding, Found, Release

__all__ = ["FOLDED"]


def _skill_started(case: Case, body: e.SkillStarted, event: e.Event) -> None:
    assignment, action = action_of(case, body)
    if assignment is None or action is None or action.status == "settled":
        return
    action.status = "running"
    action.attempt = body.attempt
    action.digest = body.action_digest
    if assignment.awaits is not None:
        assignment.awaits = None
    if body.attempt == 1:
        assignment.calls_made[body.action_digest] = assignment.calls_made.get(body.action_digest, 0) + 1
    approval = case.approvals.get(action.approval)
    if approval is not None:
        approval.status = "consumed"


def _skill_finished(case: Case, body: e.SkillFinished, event: e.Event) -> None:
    assignment, action = action_of(case, body)
    if assignment is None:
        return
    if body.usage is not NOTHING:
        spend(case, assignment, body.usage)
    if case.unclear:
        case.unclear.pop(place(assignment.id, body.turn, body.number), None)
    if action is None or action.status == "settled":
        if case.overtaken:
            _heard_late(case, body, event, "finished", body.result, None, body.tainted)
        return
    assignment.tainted = assignment.tainted or body.tainted
    if event.labels:
        assignment.labels = union(assignment.labels, event.labels)
    case.results[place(assignment.id, body.turn, body.number)] = body.result
    settle(case, assignment, body.number, name_of(action.action), "finished", body.result)


def _skill_failed(case: Case, body: e.SkillFailed, event: e.Event) -> None:
    assignment, action = action_of(case, body)
    if assignment is None:
        return
    if body.usage is not NOTHING:
        spend(case, assignment, body.usage)
    if case.unclear and not body.retry_at_ms:
        case.unclear.pop(place(assignment.id, body.turn, body.number), None)
    if action is None or action.status == "settled":
        if case.overtaken:  # it is not tried again: the seat that wanted it is gone
            reason = _end_unknown(case, body, body.reason) if body.retry_at_ms else body.reason
            _heard_late(case, body, event, "failed", None, reason, body.tainted)
        return
    assignment.tainted = assignment.tainted or body.tainted
    if body.retry_at_ms:
        action.status = "waiting"
        case.timers[f"skill:{place(assignment.id, body.turn, body.number)}"] = body.retry_at_ms
    else:
        settle(case, assignment, body.number, name_of(action.action), "failed", None, body.reason)


def _skill_uncertain(case: Case, body: e.SkillUncertain, event: e.Event) -> None:
    _, action = action_of(case, body)
    if action is not None and action.status != "settled":
        action.status, action.doubt = "uncertain", body.reason
    elif case.overtaken:
        _heard_late(case, body, event, "failed", None, _end_unknown(case, body, body.reason), bool(event.labels))


def _heard_late(
    case: Case,
    body: e.SkillFinished | e.SkillFailed | e.SkillUncertain | e.ReportReleased | e.ReleaseRefused,
    event: e.Event,
    end: Literal["finished", "failed"],
    value: Any,
    reason: Reason | None,
    tainted: bool,
) -> None:
    """A write that was under way when its seat changed hands has ended; `decide` says that the seat is told."""
    one = case.overtaken.get(place(body.assignment, body.turn, body.number))
    if one is not None and not one.end:
        one.end, one.value, one.reason, one.tainted, one.labels = end, value, reason, tainted, event.labels


def _end_unknown(case: Case, body: e.SkillFailed | e.SkillUncertain, why: Reason | None) -> Reason:
    one = case.overtaken.get(place(body.assignment, body.turn, body.number))
    skill = one.skill if one is not None else ""
    return Reason("end_unknown", {"skill": skill, **({"why": why.code, **why.params} if why is not None else {})})


def _outcome_told(case: Case, body: e.OutcomeTold, event: e.Event) -> None:
    where = place(body.assignment, body.turn, body.number)
    one, assignment = case.overtaken.get(where), case.assignments.get(body.assignment)
    if one is None or not one.end or one.told or assignment is None or not assignment.open:
        return
    one.told = True
    assignment.tainted = assignment.tainted or one.tainted
    assignment.labels = union(assignment.labels, one.labels)
    if one.end == "finished":
        case.results[where] = one.value
    say(assignment, CallSettled(body.turn, body.number, body.skill, one.end, one.value, one.reason))


def _uncertainty_settled(case: Case, body: e.UncertaintySettled, event: e.Event) -> None:
    assignment, action = action_of(case, body)
    if assignment is None or action is None or action.status != "uncertain":
        return
    if body.outcome == "run_again":
        action.status = "approved" if action.approval or not case.forked else "due"
    elif body.outcome == "happened":
        settle(case, assignment, body.number, name_of(action.action), "finished", {"note": body.note})
    else:
        reason = Reason("write_did_not_happen", {"note": body.note})
        settle(case, assignment, body.number, name_of(action.action), "failed", None, reason)


def _call_refused(case: Case, body: e.CallRefused, event: e.Event) -> None:
    assignment, action = action_of(case, body)
    if assignment is None or action is None:
        return
    name = name_of(action.action)
    if body.reason.code in CIRCLES and assignment.circled_turn != assignment.turn:
        assignment.fruitless, assignment.circling = assignment.fruitless + 1, body.reason
        assignment.circled_turn = assignment.turn
    # By its place: a state that comes from a snapshot holds the same ending as another object.
    if assignment.ending is not None and body.number == assignment.ending_number:
        assignment.ending = None
        say(assignment, CallSettled(assignment.turn, body.number, name, "refused", None, body.reason))
        next_turn_when_settled(assignment)
    elif action.status != "settled":
        settle(case, assignment, body.number, name, "refused", None, body.reason)


def _approval_requested(case: Case, body: e.ApprovalRequested, event: e.Event) -> None:
    assignment, action = action_of(case, body)
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
        settle(case, assignment, approval.number, name_of(action.action), "rejected", None, reason)


def _approval_lapsed(case: Case, body: e.ApprovalLapsed, event: e.Event) -> None:
    approval = case.approvals.get(body.approval)
    if approval is None or approval.status != "open":
        return
    approval.status = "lapsed"
    case.timers.pop(f"approval:{approval.id}", None)
    assignment = case.assignments[approval.assignment]
    if assignment.open and approval.seat == assignment.seat and approval.turn == assignment.turn:
        action = assignment.actions[approval.number]
        settle(case, assignment, approval.number, name_of(action.action), "rejected", None, body.reason)


def _approval_escalated(case: Case, body: e.ApprovalEscalated, event: e.Event) -> None:
    approval = case.approvals.get(body.approval)
    if approval is not None and approval.status == "open":
        approval.deputy, approval.expired = body.deputy, False
        if case.policy.approval_expires_ms:
            approval.expires_at_ms = event.at_ms + case.policy.approval_expires_ms
            case.timers[f"approval:{approval.id}"] = approval.expires_at_ms


def _approval_referred(case: Case, body: e.ApprovalReferred, event: e.Event) -> None:
    approval = case.approvals.get(body.approval)
    if approval is None or approval.status != "open":
        return
    approval.judge, approval.judged = body.assignment or approval.judge, not body.assignment
    judge = case.assignments.get(body.assignment)
    if judge is not None:
        asks = case.assignments[approval.assignment]
        judge.judges = approval.id
        judge.tainted, judge.labels = judge.tainted or asks.tainted, union(judge.labels, asks.labels)


def _question_asked(case: Case, body: e.QuestionAsked, event: e.Event) -> None:
    _, action = action_of(case, body)
    if action is not None:
        action.status = "asked"


def _question_answered(case: Case, body: e.QuestionAnswered, event: e.Event) -> None:
    assignment, action = action_of(case, body)
    if assignment is None or action is None or action.status != "asked" or not isinstance(action.action, Ask):
        return
    action.status = "settled"
    assignment.unsettled -= 1
    say(assignment, Answered(body.turn, body.number, action.action.question, body.answer))
    decided = Recorded(event.seq, "decided", event.author.id, body.answer, action.action.question)
    case.recorded = (*case.recorded, decided)
    next_turn_when_settled(assignment)


def _finding_posted(case: Case, body: e.FindingPosted, event: e.Event) -> None:
    case.findings = (*case.findings, Finding(body.finding, body.assignment, body.agent, body.claim))
    poster = case.assignments.get(body.assignment)
    if poster is not None and poster.open and body.turn == poster.turn and body.number < len(poster.actions):
        settle(case, poster, body.number, "post_finding", "finished", {"finding": body.finding})
    for other_id in case.open_ids:
        if other_id != body.assignment:
            say(case.assignments[other_id], Found(body.finding, body.agent, body.claim))


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
        settle(case, poster, body.number, "dispute", "finished", {"finding": body.finding})
    for other_id in case.open_ids:
        if other_id != body.assignment:
            say(case.assignments[other_id], Disputed(body.finding, body.agent, body.reason))


def _release_started(case: Case, body: e.ReleaseStarted, event: e.Event) -> None:
    _, action = action_of(case, body)
    if action is None or action.status == "settled":
        return
    action.status, action.attempt = "running", body.attempt
    approval = case.approvals.get(action.approval)
    if approval is not None:
        approval.status = "consumed"


def _report_released(case: Case, body: e.ReportReleased, event: e.Event) -> None:
    case.released.append(body.report_digest)
    case.files = dict(body.files)
    assignment, action = action_of(case, body)
    if action is not None and isinstance(action.action, Release):
        case.released_call = action.action.call
    value = {"report_digest": body.report_digest, "kinds": body.kinds, "files": sorted(body.files)}
    if assignment is not None and action is not None and action.status != "settled":
        settle(case, assignment, body.number, "release", "finished", value)
    else:
        _release_heard_late(case, body, event, "finished", value, None)


def _release_refused(case: Case, body: e.ReleaseRefused, event: e.Event) -> None:
    assignment, action = action_of(case, body)
    value = {"sentences": list(body.sentences)}
    if assignment is not None and action is not None and action.status != "settled":
        settle(case, assignment, body.number, "release", "failed", value, body.reason)
    else:
        _release_heard_late(case, body, event, "failed", value, body.reason)


def _release_heard_late(
    case: Case,
    body: e.ReportReleased | e.ReleaseRefused,
    event: e.Event,
    end: Literal["finished", "failed"],
    value: Any,
    reason: Reason | None,
) -> None:
    if case.unclear:
        case.unclear.pop(place(body.assignment, body.turn, body.number), None)
    if case.overtaken:
        _heard_late(case, body, event, end, value, reason, tainted=False)


FOLDED: dict[type, Callable[[Case, Any, e.Event], None]] = {
    e.SkillStarted: _skill_started,
    e.SkillFinished: _skill_finished,
    e.SkillFailed: _skill_failed,
    e.SkillUncertain: _skill_uncertain,
    e.UncertaintySettled: _uncertainty_settled,
    e.OutcomeTold: _outcome_told,
    e.CallRefused: _call_refused,
    e.ApprovalRequested: _approval_requested,
    e.ApprovalAnswered: _approval_answered,
    e.ApprovalLapsed: _approval_lapsed,
    e.ApprovalEscalated: _approval_escalated,
    e.ApprovalReferred: _approval_referred,
    e.QuestionAsked: _question_asked,
    e.QuestionAnswered: _question_answered,
    e.FindingPosted: _finding_posted,
    e.FindingDisputed: _finding_disputed,
    e.ReleaseStarted: _release_started,
    e.ReportReleased: _report_released,
    e.ReleaseRefused: _release_refused,
}
"""Each kind of fact to what it makes of the state."""

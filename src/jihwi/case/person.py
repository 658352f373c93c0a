"""What a person may do to a case from outside an agent's turn: each command checked against the state, as facts.

Every function is pure: state in, drafts out, `CommandRefused` with a sentence when the case cannot take it now.
"""

from __future__ import annotations

from typing import Any, Literal, NoReturn

import msgspec

from jihwi.case import events as e
from jihwi.case.approval import action_digest, answerers
from jihwi.case.assignment import AgentSpec, MindSpec, Reason
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.case.decide import RELEASE
from jihwi.case.membership import nothing_half_done
from jihwi.case.said import alive as _alive
from jihwi.case.said import by_person as _by
from jihwi.case.said import not_erased
from jihwi.case.said import refuse as _refuse
from jihwi.case.state import ActionState, Approval, Assignment, Case, next_root, open_roots
from jihwi.case.turn import Turn
from jihwi.errors import CommandForbidden

__all__ = [
    "answer",
    "approve",
    "ask_aside",
    "cancel",
    "cancel_assignment",
    "change_limits",
    "edit",
    "follow_up",
    "judge",
    "note",
    "open_approvals",
    "open_questions",
    "pause",
    "raise_limits",
    "reassign",
    "reject",
    "resume",
    "settle_uncertainty",
    "stop_waiting",
    "take",
    "take_turn",
    "turns_to_take",
    "uncertain_writes",
]


def open_approvals(case: Case) -> list[Approval]:
    """The approvals that wait for an answer, oldest first."""
    return [one for one in case.approvals.values() if one.status == "open"]


def open_questions(case: Case) -> list[tuple[Assignment, int, str]]:
    """The questions that wait for an answer: assignment, the action's number, the question."""
    found: list[tuple[Assignment, int, str]] = []
    for assignment in (case.assignments[one] for one in case.open_ids):
        for action in assignment.actions:
            question = getattr(action.action, "question", None)
            if question is not None and action.status == "asked":
                found.append((assignment, action.number, question))
    return found


def uncertain_writes(case: Case) -> list[tuple[Assignment, ActionState]]:
    """The writes of which nobody knows whether they happened."""
    held = [case.assignments[one] for one in case.open_ids]
    return [(one, action) for one in held for action in one.actions if action.status == "uncertain"]


def turns_to_take(case: Case) -> list[Assignment]:
    """The seats a person holds whose turn it is."""
    held = [case.assignments[one] for one in case.open_ids]
    return [one for one in held if one.mind.kind == "person" and one.turn_status == "due"]


def _approval(case: Case, approval_id: str, by: str) -> Approval:
    _alive(case)
    waiting = open_approvals(case)
    approval = case.approvals.get(approval_id)
    if not approval_id and len(waiting) == 1:
        approval = waiting[0]
    if approval is None or approval.status != "open":
        _not_waiting(case, approval_id, [one.id for one in waiting])
    assignment = case.assignments[approval.assignment]
    own = assignment.mind.kind == "person" and assignment.mind.name == by
    if own and approval.skill not in case.policy.approve:
        raise CommandForbidden(
            case.id, "자기 자리에서 낸 일은 스스로 승인할 수 없습니다.", "Nobody approves what their own seat proposed."
        )
    allowed = answerers(approval.deputy, case.policy)
    if allowed and by not in allowed:
        who = ", ".join(allowed)
        raise CommandForbidden(
            case.id,
            f"기한 안에 답이 없어 '{approval.deputy}' 님에게 넘어간 승인입니다. 이제 답할 수 있는 사람: {who}",
            f"Nobody answered this approval in time, and it went to '{approval.deputy}'. Who may answer it now: {who}",
        )
    return approval


_ANSWERED: dict[str, tuple[str, str]] = {
    "approved": ("이미 승인되었습니다", "was approved already"),
    "consumed": ("이미 승인되어 실행되었습니다", "was approved already, and used"),
    "rejected": ("이미 거절되었습니다", "was rejected already"),
    "edited": ("이미 고쳐져, 고친 것으로 다시 묻습니다", "was edited already, and is asked anew as edited"),
    "lapsed": ("이미 소멸했습니다", "has lapsed already"),
}


def _not_waiting(case: Case, approval_id: str, waiting: list[str]) -> NoReturn:
    names = ", ".join(waiting)
    known = case.approvals.get(approval_id)
    if known is not None and known.status in _ANSWERED:
        ko, en = _ANSWERED[known.status]
        _refuse(case, f"승인 '{approval_id}'은(는) {ko}.", f"The approval '{approval_id}' {en}.")
    if not waiting:
        _refuse(case, "지금 기다리는 승인이 없습니다.", "No approval waits for an answer now.")
    if not approval_id:
        ko = f"승인 {len(waiting)}개가 기다립니다. 어느 것인지 정하십시오: {names}"
        _refuse(case, ko, f"{len(waiting)} approvals wait; say which one: {names}")
    _refuse(
        case,
        f"'{approval_id}'은(는) 지금 기다리는 승인이 아닙니다. 기다리는 것: {names}",
        f"'{approval_id}' is no approval that waits now. What waits: {names}",
    )


def approve(case: Case, approval_id: str, *, by: str, digest: str = "", words: str = "") -> list[e.Draft]:
    """Approve one exact action. `digest`, when given, must be the action's: what was shown is what is approved."""
    approval = _approval(case, approval_id, by)
    if digest and not approval.action_digest.startswith(digest):
        _refuse(case, "그 사이에 내용이 바뀌었습니다.", "The action has changed since it was shown.")
    return [_by(by, e.ApprovalAnswered(approval.id, approval.action_digest, "approve", note=words))]


def reject(case: Case, approval_id: str, *, by: str, words: str = "") -> list[e.Draft]:
    """Reject one action; its mind reads why."""
    approval = _approval(case, approval_id, by)
    return [_by(by, e.ApprovalAnswered(approval.id, approval.action_digest, "reject", note=words))]


def edit(case: Case, approval_id: str, arguments: dict[str, Any], *, by: str, words: str = "") -> list[e.Draft]:
    """Change an action's arguments. The edited action is a new one and is asked anew."""
    approval = _approval(case, approval_id, by)
    if approval.skill == RELEASE.name:
        _refuse(case, "보고서는 여기서 고칠 수 없습니다.", "A report cannot be edited here.")
    assignment = case.assignments[approval.assignment]
    skill = case.skills[assignment.agent][approval.skill]
    action_digest(case.id, assignment.id, skill, arguments)  # raises for what has no canonical form
    return [_by(by, e.ApprovalAnswered(approval.id, approval.action_digest, "edit", arguments, words))]


def answer(case: Case, words: str, *, by: str, assignment: str = "", number: int | None = None) -> list[e.Draft]:
    """Answer a question; without naming it, the only one that is open."""
    _alive(case)
    questions = open_questions(case)
    if not questions:
        _refuse(case, "지금 답을 기다리는 질문이 없습니다.", "No question waits for an answer now.")
    waiting = [
        one for one in questions if (not assignment or one[0].id == assignment) and (number is None or one[1] == number)
    ]
    names = ", ".join(f"{a.id}/{n}" for a, n, _ in questions)
    if not waiting:
        ko = f"그 질문은 지금 답을 기다리지 않습니다. 기다리는 것: {names}"
        _refuse(case, ko, f"That question does not wait for an answer now. What waits: {names}")
    if len(waiting) > 1:
        _refuse(
            case, f"질문이 여럿입니다. 어느 것인지 정하십시오: {names}", f"Several questions wait; say which: {names}"
        )
    if not words.strip():
        _refuse(case, "답이 비어 있습니다.", "The answer is empty.")
    asked, at, _ = waiting[0]
    return [_by(by, e.QuestionAnswered(asked.id, asked.turn, at, words))]


def pause(case: Case, *, by: str, words: str = "") -> list[e.Draft]:
    """Stop starting new work; what is under way ends by itself."""
    if case.status != "open":
        _refuse(case, "지금은 멈출 수 없습니다.", "The case cannot be paused now.")
    return [_by(by, e.CasePaused(Reason("paused_by_person", {"by": by, "note": words})))]


def resume(case: Case, *, by: str) -> list[e.Draft]:
    """Go on after a pause or a stop."""
    if case.status not in ("paused", "parked"):
        _refuse(case, "멈춘 사건이 아닙니다.", "The case is not paused.")
    return [_by(by, e.CaseResumed())]


def cancel(case: Case, *, by: str, words: str = "") -> list[e.Draft]:
    """End the case without a report. Where its course has ended and only work beside it goes on, that work is ended and
    the case closes again as it had closed: what was released stays so."""
    _alive(case)
    reason = Reason("cancelled_by_person", {"by": by, "note": words})
    course = case.assignments.get(case.course)
    if course is None or course.open:
        return [_by(by, e.CaseCancelled(reason))]
    return _ended(case, [one.id for one in open_roots(case)], reason, by=by)


def _ended(case: Case, assignments: list[str], reason: Reason, *, by: str) -> list[e.Draft]:
    """End these. A case that rests and has nothing left to do closes: it does not rest for ever."""
    nothing_left = {one.id for one in open_roots(case)} <= set(assignments)
    going_on = [_by(by, e.CaseResumed())] if nothing_left and case.status in ("paused", "parked") else []
    return [*(_by(by, e.AssignmentCancelled(one, reason)) for one in assignments), *going_on]


def cancel_assignment(case: Case, assignment_id: str, *, by: str, words: str = "") -> list[e.Draft]:
    """End one line of work and what it delegated; whoever delegated it reads why. The root ends with the case only."""
    assignment = _open(case, assignment_id)
    if assignment.id == case.course:
        _refuse(case, "담당 자리는 사건과 함께 취소합니다.", "The case worker's seat ends with the case.")
    return _ended(case, [assignment.id], Reason("cancelled_by_person", {"by": by, "note": words}), by=by)


def stop_waiting(case: Case, assignment_id: str, *, by: str) -> list[e.Draft]:
    """Let whoever delegated this work go on without it; it goes on too, and its report is read when it comes."""
    child = _open(case, assignment_id)
    parent = case.assignments.get(child.parent)
    waited_for = (
        child.join
        and parent is not None
        and parent.turn == child.parent_turn
        and child.parent_number < len(parent.actions)
        and parent.actions[child.parent_number].status == "asked"
    )
    if not waited_for:
        _refuse(case, f"'{child.id}'을(를) 기다리는 자리가 없습니다.", f"Nobody waits for '{child.id}'.")
    return [_by(by, e.WaitingEnded(child.id))]


def note(case: Case, assignment_id: str, words: str, *, by: str) -> list[e.Draft]:
    """Tell an assignment something; its mind reads it at the next turn."""
    assignment = _open(case, assignment_id)
    if not words.strip():
        _refuse(case, "전할 말이 비어 있습니다.", "The note is empty.")
    return _and_go_on(case, assignment, by, e.Noticed(assignment.id, Reason("note", {"note": words}), by))


def change_limits(case: Case, limits: Limits, *, by: str, assignment: str = "") -> list[e.Draft]:
    """Set new limits for the case or one assignment, and go on when running out had stopped it."""
    _alive(case)
    drafts = [_by(by, e.LimitsChanged(limits, assignment))]
    if case.status == "parked":
        drafts.append(_by(by, e.CaseResumed()))
    return drafts


def raise_limits(case: Case, given: Limits, *, by: str, assignment: str = "") -> list[e.Draft]:
    """Set the limits that are given and leave the others as they are; go on when running out had stopped the case.
    Where no assignment is named, those of the work that goes on are meant."""
    _alive(case)
    assignment = assignment or _with_limits_of_its_own(case)
    now = case.limits if not assignment else _open(case, assignment).limits
    changed = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
    return change_limits(case, msgspec.structs.replace(now, **changed), by=by, assignment=assignment)


def _with_limits_of_its_own(case: Case) -> str:
    """The work that goes on where its budget is not the case's: a further question, or small work beside a course
    that has ended; empty for the case's own."""
    course = case.assignments[case.course]
    if course.open:
        return course.id if course.limits != case.limits else ""
    asides = [one for one in case.open_ids if not case.assignments[one].parent]
    if len(asides) > 1:
        names = ", ".join(asides)
        _refuse(case, f"어느 일의 한도인지 적으십시오: {names}", f"Say whose limits are meant: {names}")
    return asides[0] if asides else ""


def take(case: Case, assignment_id: str, *, by: str) -> list[e.Draft]:
    """Sit down in an agent's seat: from now on `by` takes its turns."""
    assignment = _open(case, assignment_id)
    mind = MindSpec("person", by)
    taken = e.SeatChanged(assignment.id, assignment.seat + 1, "take", assignment.agent, mind)
    return _and_go_on(case, assignment, by, taken)


def reassign(
    case: Case, assignment_id: str, *, by: str, agent: str = "", how: Literal["give", "reassign"] = "give"
) -> list[e.Draft]:
    """Give a seat back to its agent's own mind, or to another agent."""
    assignment = _open(case, assignment_id)
    name = agent or assignment.agent
    spec = case.agents.get(name)
    if spec is None:
        known = ", ".join(case.agents)
        _refuse(case, f"'{name}'은(는) 이 사건에 없습니다: {known}", f"'{name}' is not in this case: {known}")
    return _and_go_on(case, assignment, by, e.SeatChanged(assignment.id, assignment.seat + 1, how, name, spec.mind))


def _and_go_on(case: Case, assignment: Assignment, by: str, body: e.Body) -> list[e.Draft]:
    """What was said to the seat at which the house stopped the case also lets it go on."""
    stopped_here = case.status == "parked" and case.parked_at == assignment.id
    return [_by(by, body), *([_by(by, e.CaseResumed())] if stopped_here else [])]


def take_turn(case: Case, assignment_id: str, turn: Turn, *, by: str) -> list[e.Draft]:
    """A person's own turn in a seat they hold."""
    assignment = _open(case, assignment_id)
    if assignment.mind.kind != "person" or assignment.turn_status != "due":
        _refuse(case, "지금 이 자리의 차례가 아닙니다.", "It is not this seat's turn for a person now.")
    started = e.TurnStarted(
        assignment.id, assignment.seat, assignment.turn, assignment.attempt + 1, assignment.mind, case.seq
    )
    finished = e.TurnFinished(assignment.id, assignment.seat, assignment.turn, turn.text, turn.actions)
    labels = assignment.labels
    author = e.Author("person", by)
    return [e.Draft(started, author, case.seq), e.Draft(finished, author, case.seq, labels)]


def settle_uncertainty(
    case: Case,
    assignment_id: str,
    number: int,
    outcome: Literal["happened", "did_not_happen", "run_again"],
    *,
    by: str,
    words: str = "",
) -> list[e.Draft]:
    """Say how a write ended of which nobody knows whether it happened."""
    assignment = _open(case, assignment_id)
    uncertain = [a for a in assignment.actions if a.number == number and a.status == "uncertain"]
    if not uncertain:
        _refuse(case, "확인을 기다리는 작업이 아닙니다.", "No uncertain write waits there.")
    return [_by(by, e.UncertaintySettled(assignment.id, assignment.turn, number, outcome, words))]


def judge(case: Case, number: int, verdict: Literal["good", "bad"], *, by: str, words: str = "") -> list[e.Draft]:
    """Say of one sentence of the released report whether it serves, and why; the newest word of a person counts."""
    if not case.released:
        _refuse(case, "내보낸 보고서가 없습니다.", "No report was released.")
    body = e.SentenceJudged(case.released[-1], number, verdict, words)
    return [e.Draft(body, e.Author("person", by), labels=case.labels)]


def follow_up(case: Case, request: str, *, by: str, agent: str = "", limits: Limits = UNLIMITED) -> list[e.Draft]:
    """Go on with a closed case: a new request, taken up by the case worker's agent (or another) with everything the
    case has found so far and a budget of its own (`limits`, or what the case is given)."""
    not_erased(case)
    if case.status != "closed":
        if case.status == "cancelled":
            _refuse(case, "취소된 사건은 이어 갈 수 없습니다.", "A cancelled case cannot go on.")
        _refuse(case, "아직 끝나지 않은 사건입니다.", "The case has not ended yet.")
    if not request.strip():
        _refuse(case, "물음이 비어 있습니다.", "The question is empty.")
    name = agent or case.assignments[case.course].handoffs[0]
    if name not in case.agents:
        known = ", ".join(case.agents)
        _refuse(case, f"'{name}'은(는) 이 사건에 없습니다: {known}", f"'{name}' is not in this case: {known}")
    opened = e.AssignmentOpened(next_root(case), name, request, limits=limits)
    return [_by(by, e.CaseReopened()), _by(by, opened)]


def ask_aside(
    case: Case, agent: AgentSpec, task: str, inputs: dict[str, Any], *, by: str, limits: Limits = UNLIMITED
) -> list[e.Draft]:
    """Ask an agent for small work beside the case's course, whether the case is at work or closed; an agent that is
    not in the case, or works otherwise there, joins. `inputs` may hold the case's texts and bears its labels."""
    not_erased(case)
    if case.status not in ("open", "closed"):
        _refuse(case, "지금은 이 사건에서 일을 맡길 수 없습니다.", "No work can be given in this case now.")
    drafts = [_by(by, e.CaseReopened())] if case.status == "closed" else []
    if case.agents.get(agent.name) != agent:
        _may_work_otherwise(case, agent)
        drafts.append(_by(by, e.AgentJoined(agent)))
    opened = e.AssignmentOpened(next_root(case), agent.name, task, inputs=inputs, limits=limits, aside=True)
    return [*drafts, e.Draft(opened, e.Author("person", by), labels=case.labels)]


def _may_work_otherwise(case: Case, agent: AgentSpec) -> None:
    """Refuse to change what an agent may do while a write by a skill that leaves or changes has begun and not ended."""
    skills = {skill.name: skill for skill in agent.skills}
    changed = tuple(name for name, one in case.skills.get(agent.name, {}).items() if skills.get(name) != one)
    for assignment in (case.assignments[one] for one in case.open_ids if changed):
        if assignment.agent == agent.name:
            nothing_half_done(case, assignment, changed)


def _open(case: Case, assignment_id: str) -> Assignment:
    _alive(case)
    assignment = case.assignments.get(assignment_id)
    if assignment is None or not assignment.open:
        names = ", ".join(case.open_ids)
        _refuse(
            case, f"열린 일이 아닙니다: '{assignment_id}' ({names})", f"No open assignment '{assignment_id}' ({names})"
        )
    return assignment

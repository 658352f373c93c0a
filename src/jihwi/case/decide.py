"""Deciding: from a case's state to everything that is due and not in flight. Pure; doing is the orchestrator's.

    state ──decide──▶ Record    a fact that follows (refused, handed off, asked, reported, closed)
                      Think     "turn started", then the mind
                      RunSkill  "skill started", then the skill
                      Publish   "release started", then the gate and the files

Folding a command's draft takes it off the list, so deciding again never issues its key twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, assert_never

import msgspec
import rfc8785

from jihwi.case import events as e
from jihwi.case.approval import action_digest, needs_approval
from jihwi.case.assignment import Reason, ReportStatus, SkillSpec
from jihwi.case.budget import NOTHING, UNLIMITED, Spending
from jihwi.case.commands import Command, Publish, Record, RunSkill, Think
from jihwi.case.fold import chain
from jihwi.case.governor import CIRCLES, choices_after, stopped_for
from jihwi.case.judging import may_judge, opened_to_judge, to_a_person, verdict_of
from jihwi.case.revision import report_digest
from jihwi.case.state import ActionState, Approval, Assignment, Case, has_open_root, open_roots
from jihwi.case.turn import (
    Action,
    Ask,
    Call,
    Delegate,
    Dispute,
    HandOff,
    Post,
    Release,
    Report,
)

__all__ = ["RELEASE", "decide"]

DEPTH = 4
"""How deep delegation goes when nothing else is said."""

SAME_CALL = 3
"""The same call by the same assignment is refused from this many on."""

SAME_HANDOFF = 3
"""The same handoff, from one agent to another, is refused from this many on."""

EMPTY_TURNS = 3
"""So many turns without a word or an action in a row end the assignment."""

_Parts = tuple[str | int, ...]


class _Plan(msgspec.Struct, gc=False):
    """One pass of deciding: the commands so far, and what they already use of numbers and budgets."""

    case: Case
    commands: list[Command] = []
    stopped: bool = False
    posted: int = 0
    """Findings posted in this pass."""
    # Replaced, not changed, by the few passes that have something to say here.
    children: Mapping[str, int] = MappingProxyType({})
    reserved: Mapping[str, Spending] = MappingProxyType({})
    ending: frozenset[str] = frozenset()

    def next_child(self, assignment: Assignment) -> int:
        """The number of the next assignment that opens under this one."""
        ordinal = self.children.get(assignment.id, assignment.children) + 1
        self.children = {**self.children, assignment.id: ordinal}
        return ordinal

    def record(self, key: _Parts, body: e.Body, assignment: Assignment | None = None) -> None:
        case = self.case
        author = e.SYSTEM
        labels: tuple[str, ...] = ()
        if assignment is not None:
            author = e.Author("agent", assignment.agent, case.requester)
            labels = assignment.labels
        self.commands.append(Record((case.id, *key), e.Draft(body, author, case.seq, labels)))


def decide(case: Case) -> list[Command]:
    """Everything that is due and not in flight; empty when the case waits or has ended."""
    if case.status != "open":
        return _tell(_Plan(case)).commands if case.overtaken else []
    plan = _Plan(case)
    if case.overtaken:
        _tell(plan)
    if case.approvals:
        for approval in case.approvals.values():
            if approval.status != "open":
                continue
            if approval.expired:
                _expire(plan, approval)
            elif case.policy.case_worker_approves:
                _judge(plan, approval)
    if not has_open_root(case) and case.assignments:  # the last of them was cancelled, or several ended at once
        plan.record(("closed", case.seq), e.CaseClosed(_outcome(case)))
        return plan.commands
    for assignment_id in case.open_ids:
        if plan.stopped:
            break
        _assignment(plan, case.assignments[assignment_id])
    return plan.commands


def _tell(plan: _Plan) -> _Plan:
    """Say that whoever holds a seat is told how a write ended that was under way when it changed hands."""
    for where, one in plan.case.overtaken.items():
        if one.end and not one.told:
            plan.record((where, "told"), e.OutcomeTold(one.assignment, one.turn, one.number, one.skill))
    return plan


def _awaits_write(case: Case, assignment: Assignment) -> bool:
    """Whether a write of an earlier holder is still under way: a mind that cannot know how it ends might repeat it."""
    return any(one.assignment == assignment.id and not one.told for one in case.overtaken.values())


def _outcome(case: Case) -> ReportStatus:
    """How the case's course ended, whatever ended after it."""
    course = case.assignments[case.course]
    return course.report.status if course.report is not None else "failed"


def _assignment(plan: _Plan, assignment: Assignment) -> None:
    status = assignment.turn_status
    if status == "acting":
        _act(plan, assignment)
    elif status == "empty":
        _empty(plan, assignment)
    elif status in ("due", "lost") or (status == "waiting" and f"turn:{assignment.id}" not in plan.case.timers):
        _think(plan, assignment)


# ── turns ────────────────────────────────────────────────────────────────────


def _think(plan: _Plan, assignment: Assignment) -> None:
    case = plan.case
    if assignment.mind.kind == "person" or (case.overtaken and _awaits_write(case, assignment)):
        return
    if assignment.failures > case.policy.retries:
        _stop(plan, assignment, assignment.failure or Reason("turn_keeps_failing", {"agent": assignment.agent}))
        return
    circling = assignment.circling
    if circling is not None and assignment.fruitless >= CIRCLES.get(circling.code, 1):
        _stop(plan, assignment, stopped_for(assignment.agent, circling))
        return
    agent = case.agents.get(assignment.agent)
    if agent is None:
        _stop(plan, assignment, Reason("agent_left", {"agent": assignment.agent}))
        return
    reserve = _MODEL_TURN if assignment.mind.kind == "model" else _ONE_TURN
    if assignment.parent or assignment.limits is not UNLIMITED:
        over = _over_budget(plan, assignment, reserve)
        if over is not None:
            if not _may_yet_fit(plan, assignment, reserve):
                _run_out(plan, assignment, *over)
            return
        _reserve(plan, assignment, reserve)
    name, seat, turn, attempt = assignment.id, assignment.seat, assignment.turn, assignment.attempt + 1
    own = assignment.mind is agent.mind or assignment.mind == agent.mind
    started = e.TurnStarted(name, seat, turn, attempt, None if own else assignment.mind, 0, reserve)
    draft = e.Draft(started, e.SYSTEM, case.seq)
    plan.commands.append(Think((case.id, name, seat, turn, "-", attempt), draft, name, seat, turn, attempt))


TURN_TOKENS = 8_000
"""Tokens reserved for one turn of a model."""
_ONE_TURN = Spending(turns=1)
_MODEL_TURN = Spending(turns=1, tokens=TURN_TOKENS)
"""What a turn holds while it runs: itself, and for a model the tokens it may use at most."""
_ONE_HANDOFF = Spending(handoffs=1)


def _over_budget(plan: _Plan, assignment: Assignment, reserve: Spending) -> tuple[Assignment, Reason] | None:
    """Who runs out if `reserve` is held too, and of what: the assignment nearest to the root that would."""
    found: tuple[Assignment, Reason] | None = None
    for one in chain(plan.case, assignment):
        limit = one.limits
        if limit is UNLIMITED:
            continue
        held = plan.reserved.get(one.id, NOTHING)
        spending = one.spent.plus(one.reserved).plus(held)
        what = limit.exceeded_by(spending.plus(reserve))
        if what == "tokens" and reserve.tokens:  # of what is left a smaller answer still fits: what it costs is counted
            what = limit.exceeded_by(spending.plus(Spending(turns=1, tokens=1)))
        if what:
            found = (one, Reason(f"budget_{what}", {"agent": one.agent, "assignment": one.id}))
    return found


def _may_yet_fit(plan: _Plan, assignment: Assignment, reserve: Spending) -> bool:
    """Whether only what turns under way hold stands in the way: they may cost less, so their end is waited for."""
    held = False
    for one in chain(plan.case, assignment):
        if one.limits is UNLIMITED:
            continue
        what = one.limits.exceeded_by(one.spent.plus(reserve))
        if what and not (what == "tokens" and not one.limits.exceeded_by(one.spent.plus(Spending(turns=1, tokens=1)))):
            return False
        held = held or one.reserved != NOTHING or one.id in plan.reserved
    return held


def _reserve(plan: _Plan, assignment: Assignment, reserve: Spending) -> None:
    for one in chain(plan.case, assignment):
        if one.limits is not UNLIMITED:
            plan.reserved = {**plan.reserved, one.id: plan.reserved.get(one.id, NOTHING).plus(reserve)}


def _empty(plan: _Plan, assignment: Assignment) -> None:
    if assignment.empty_turns >= EMPTY_TURNS:
        _stop(plan, assignment, Reason("empty_turns", {"agent": assignment.agent}))
        return
    key = (assignment.id, assignment.seat, assignment.turn, "empty")
    plan.record(key, e.Noticed(assignment.id, Reason("empty_turn", {"agent": assignment.agent})))


def _run_out(plan: _Plan, assignment: Assignment, giver: Assignment, reason: Reason) -> None:
    """Stop the one whose budget ran out. Where that has ended already, or a person sits there who goes on by hand,
    whoever works below it."""
    if giver.id not in plan.ending:
        _stop(plan, giver if giver.open and giver.mind.kind != "person" else assignment, reason)


def _stop(plan: _Plan, assignment: Assignment, reason: Reason) -> None:
    """End a child with a failed report, which is its parent's decision; park the case when it is its course."""
    key = (assignment.id, assignment.seat, assignment.turn, "stopped", assignment.failures)
    plan.ending |= {assignment.id}
    if assignment.parent or assignment.aside:
        body = e.Reported(assignment.id, assignment.turn, "failed", reason=reason, data={"reason": reason.code})
        plan.record(key, body)
    else:
        plan.record((*key, plan.case.seq), e.CaseParked(reason, assignment.id, choices_after(reason)))
        plan.stopped = True


# ── actions ──────────────────────────────────────────────────────────────────


def _act(plan: _Plan, assignment: Assignment) -> None:
    if assignment.unsettled:
        blocked = False
        for state in assignment.actions:
            if state.status == "settled":
                continue
            if type(state.action) in _ENDINGS or _comes_after_handoff(assignment, state):
                _refuse(plan, assignment, state, Reason("after_handoff"))
                continue
            blocked = _action(plan, assignment, state, blocked) or blocked
    elif assignment.ending is not None:
        _end(plan, assignment, assignment.ending)


def _comes_after_handoff(assignment: Assignment, state: ActionState) -> bool:
    return type(assignment.ending) is HandOff and state.number > assignment.ending_number


def _action(plan: _Plan, assignment: Assignment, state: ActionState, blocked: bool) -> bool:
    """Do what is due about one action. Answers whether later writes of the turn must wait for it."""
    action: Action = state.action
    if assignment.judges:
        _refuse(plan, assignment, state, Reason("only_a_verdict"))
        return False
    match action:
        case Call():
            return _call(plan, assignment, state, action, blocked)
        case Release():
            return _release(plan, assignment, state, action, blocked)
        case HandOff() | Report():
            return blocked
        case Ask() | Post() | Dispute() | Delegate():
            if state.status == "due":
                _at_once(plan, assignment, state, action)
            return False
        case _:
            assert_never(action)


def _at_once(plan: _Plan, assignment: Assignment, state: ActionState, action: Ask | Post | Dispute | Delegate) -> None:
    turn, number, seat = assignment.turn, state.number, assignment.seat
    key = (assignment.id, turn, number, seat)
    match action:
        case Ask(question=question, options=options):
            plan.record(key, e.QuestionAsked(assignment.id, seat, turn, number, question, options), assignment)
        case Post(claim=claim):
            plan.posted += 1
            number_of = len(plan.case.findings) + plan.posted
            posted = e.FindingPosted(number_of, assignment.id, assignment.agent, claim, turn, number)
            plan.record(key, posted, assignment)
        case Dispute(finding=finding, reason=reason):
            if 1 <= finding <= len(plan.case.findings):
                disputed = e.FindingDisputed(finding, assignment.id, assignment.agent, reason, turn, number)
                plan.record(key, disputed, assignment)
            else:
                _refuse(plan, assignment, state, Reason("finding_unknown", {"finding": str(finding)}))
        case Delegate():
            _delegate(plan, assignment, state, action)


def _delegate(plan: _Plan, assignment: Assignment, state: ActionState, action: Delegate) -> None:
    case = plan.case
    agent = case.agents.get(assignment.agent)
    if action.agent not in case.agents or agent is None or action.agent not in agent.delegates:
        _refuse(plan, assignment, state, Reason("may_not_delegate", {"agent": action.agent}))
        return
    depths = [one.depth + one.limits.depth for one in chain(case, assignment) if one.limits.depth is not None]
    if assignment.depth + 1 > min(depths, default=DEPTH):
        _refuse(plan, assignment, state, Reason("too_deep", {"depth": str(assignment.depth + 1)}))
        return
    ordinal = plan.next_child(assignment)
    opened = e.AssignmentOpened(
        f"{assignment.id}.{ordinal}",
        action.agent,
        action.task,
        assignment.id,
        assignment.turn,
        state.number,
        action.inputs,
        action.limits.within(case.agents[action.agent].limits),
        action.join,
        max(0, action.wait_seconds) * 1000,
    )
    plan.record((assignment.id, assignment.turn, state.number, assignment.seat), opened, assignment)


def _refuse(plan: _Plan, assignment: Assignment, state: ActionState, reason: Reason) -> None:
    key = (assignment.id, assignment.turn, state.number, assignment.seat, "refused")
    body = e.CallRefused(assignment.id, assignment.seat, assignment.turn, state.number, reason)
    plan.record(key, body, assignment)


# ── skills ───────────────────────────────────────────────────────────────────


def _call(plan: _Plan, assignment: Assignment, state: ActionState, action: Call, blocked: bool) -> bool:
    case = plan.case
    skill = case.skills.get(assignment.agent, {}).get(action.skill)
    if state.status in ("running", "asked", "uncertain", "waiting"):
        return skill is not None and skill.effect != "read"
    if action.problem:
        _refuse(plan, assignment, state, Reason("arguments_malformed", {"problem": action.problem}))
        return False
    if skill is None:
        _refuse(plan, assignment, state, Reason("skill_unknown", {"skill": action.skill}))
        return False
    if state.status == "lost" and skill.effect == "write":
        key = (assignment.id, assignment.turn, state.number, assignment.seat, "uncertain", state.attempt)
        idempotency = _idempotency_key(case, assignment, state)
        body = e.SkillUncertain(assignment.id, assignment.seat, assignment.turn, state.number, skill.name, idempotency)
        plan.record(key, body, assignment)
        return True
    if skill.effect != "read" and blocked:
        return True
    _start_or_ask(plan, assignment, state, skill)
    return skill.effect != "read"


def _start_or_ask(plan: _Plan, assignment: Assignment, state: ActionState, skill: SkillSpec) -> None:
    case = plan.case
    digest = state.digest
    if state.status == "due":
        try:
            digest = action_digest(case.id, assignment.id, skill, state.arguments)
        except (rfc8785.CanonicalizationError, RecursionError) as problem:
            _refuse(plan, assignment, state, Reason("arguments_malformed", {"problem": str(problem)}))
            return
        if skill.effect != "read" and any(one.digest == digest for one in assignment.actions[: state.number]):
            _refuse(plan, assignment, state, Reason("same_write_twice", {"skill": skill.name}))
            return
        if assignment.calls_made.get(digest, 0) >= SAME_CALL - 1:
            _refuse(plan, assignment, state, Reason("same_call_again", {"skill": skill.name}))
            return
        reason = needs_approval(skill, case.policy, tainted=assignment.tainted, forked=case.forked)
        if reason is not None:
            _request(plan, assignment, state, skill, state.arguments, digest, reason)
            return
    started = e.SkillStarted(
        assignment.id,
        assignment.seat,
        assignment.turn,
        state.number,
        state.attempt + 1,
        skill.name,
        skill.version,
        digest,
        _idempotency_key(case, assignment, state),
    )
    author = e.Author("agent", assignment.agent, case.requester)
    plan.commands.append(
        RunSkill(
            (started.idempotency_key, started.attempt),
            e.Draft(started, author, case.seq),
            assignment.id,
            assignment.seat,
            assignment.turn,
            state.number,
            started.attempt,
            skill,
            state.arguments,
            started.idempotency_key,
            bool(state.approval),
        )
    )


def _idempotency_key(case: Case, assignment: Assignment, state: ActionState) -> str:
    """case/assignment/seat/turn/call: the same for every attempt. An edited action is another call."""
    number = f"{state.number}.{state.edits}" if state.edits else str(state.number)
    return f"{case.id}/{assignment.id}/{assignment.seat}/{assignment.turn}/{number}"


def _request(
    plan: _Plan,
    assignment: Assignment,
    state: ActionState,
    skill: SkillSpec,
    arguments: dict[str, Any],
    digest: str,
    reason: Reason,
) -> None:
    number = f"{state.number}.{state.edits}" if state.edits else str(state.number)
    approval = f"{assignment.id}/{assignment.seat}/{assignment.turn}/{number}"
    policy = plan.case.policy
    requested = e.ApprovalRequested(
        approval,
        assignment.id,
        assignment.seat,
        assignment.turn,
        state.number,
        digest,
        skill.name,
        skill.effect,
        arguments,
        reason,
        plan.case.now_ms + policy.approval_expires_ms if policy.approval_expires_ms else 0,
    )
    plan.record((approval, "approval"), requested, assignment)


def _expire(plan: _Plan, approval: Approval) -> None:
    """An approval nobody answered goes to the deputy once, and lapses after that."""
    policy = plan.case.policy
    if policy.deputy and not approval.deputy:
        plan.record((approval.id, "escalated"), e.ApprovalEscalated(approval.id, policy.deputy))
    else:
        plan.record((approval.id, "expired"), e.ApprovalLapsed(approval.id, Reason("approval_expired")))


def _judge(plan: _Plan, approval: Approval) -> None:
    """Lay an approval before the case worker's seat where the policy lets it answer, and take its verdict."""
    case = plan.case
    judge = case.assignments.get(approval.judge)
    if judge is None:
        if may_judge(case, approval):
            root = case.assignments[case.course]
            ordinal = plan.next_child(root)
            author = e.Author("agent", root.agent, case.requester)
            labels = case.assignments[approval.assignment].labels
            opened, referred = opened_to_judge(case, approval, ordinal)
            for key, draft in (
                ("judge", e.Draft(opened, author, case.seq, labels)),
                ("refer", e.Draft(referred, author, case.seq)),
            ):
                plan.commands.append(Record((case.id, approval.id, key), draft))
    elif not judge.open and not approval.judged:
        verdict = verdict_of(judge)
        if verdict == "person" or not may_judge(case, approval):
            plan.record((approval.id, "referred"), to_a_person(approval))
        else:
            words = judge.report.text if judge.report is not None else ""
            answered = e.ApprovalAnswered(approval.id, approval.action_digest, verdict, note=words)
            plan.record((approval.id, "judged"), answered, judge)


# ── endings ──────────────────────────────────────────────────────────────────

_ENDINGS = (HandOff, Report)

RELEASE = SkillSpec("release", effect="idempotent write", leaves_house=True, approval="always")
"""A release is decided like a call of this skill; the policy or a person approves it."""


def _release(plan: _Plan, assignment: Assignment, state: ActionState, action: Release, blocked: bool) -> bool:
    case = plan.case
    if state.status in ("running", "asked") or blocked:
        return True
    by_order = assignment.aside and assignment.mind.kind == "person"
    if assignment.parent or (assignment.aside and not by_order):
        _refuse(plan, assignment, state, Reason("only_the_case_worker_releases"))
        return False
    report = case.results.get(action.call)
    if report is None:
        _refuse(plan, assignment, state, Reason("no_such_result", {"call": action.call}))
        return False
    digest = report_digest(report)
    if state.status == "due" and case.policy.release == "person" and not by_order:
        arguments = {"call": action.call, "report": digest}
        bound = action_digest(case.id, assignment.id, RELEASE, arguments)
        _request(plan, assignment, state, RELEASE, arguments, bound, Reason("release_needs_person"))
        return True
    by_person = bool(state.approval) or by_order
    started = e.ReleaseStarted(
        assignment.id,
        assignment.seat,
        assignment.turn,
        state.number,
        state.attempt + 1,
        action.call,
        digest,
        "person" if by_person else "policy",
    )
    key = (_idempotency_key(case, assignment, state), started.attempt)
    draft = e.Draft(started, e.Author("agent", assignment.agent, case.requester), case.seq)
    plan.commands.append(
        Publish(
            key,
            draft,
            assignment.id,
            assignment.seat,
            assignment.turn,
            state.number,
            started.attempt,
            report,
            digest,
        )
    )
    return True


def _end(plan: _Plan, assignment: Assignment, ending: HandOff | Report) -> None:
    case, turn = plan.case, assignment.turn
    key = (assignment.id, turn, assignment.ending_number, assignment.seat)
    if not isinstance(ending, HandOff):
        plan.ending |= {assignment.id}
        reported = e.Reported(assignment.id, turn, ending.status, of_turn=True)
        plan.record(key, reported, assignment)
        if [one.id for one in open_roots(case)] == [assignment.id]:
            status = ending.status if assignment.id == case.course else _outcome(case)
            plan.commands = [one for one in plan.commands if type(one) is Record]  # nothing begins as the case ends
            plan.record((*key, "closed"), e.CaseClosed(status), assignment)
            plan.stopped = True
        return
    state = assignment.actions[assignment.ending_number]
    agent = case.agents.get(assignment.agent)
    if assignment.judges:
        _refuse(plan, assignment, state, Reason("only_a_verdict"))
        return
    if ending.agent not in case.agents or agent is None or ending.agent not in agent.handoffs:
        _refuse(plan, assignment, state, Reason("may_not_hand_off", {"agent": ending.agent}))
        return
    step, same = (assignment.agent, ending.agent), 0
    for one in itertools.pairwise(assignment.handoffs):
        if one == step:
            same += 1
    over = _over_budget(plan, assignment, _ONE_HANDOFF)
    if same >= SAME_HANDOFF:
        _refuse(plan, assignment, state, Reason("ping_pong", {"from": assignment.agent, "to": ending.agent}))
    elif over is not None:
        _run_out(plan, assignment, *over)
    else:
        body = e.HandedOff(assignment.id, turn, state.number, assignment.agent, ending.agent, ending.note)
        plan.record(key, body, assignment)

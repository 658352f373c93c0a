"""What a model or a procedure in the case worker's seat may approve by itself: the skills the written policy names,
asked for by others than itself, and nothing that has gone to a deputy or belongs to a fork.

The case worker judges in an assignment of its own beside the work, whose report holds the verdict; anything but a plain
verdict goes to a person, and a person may answer first at any time.
"""

from __future__ import annotations

from typing import Literal

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.budget import Limits
from jihwi.case.state import Approval, Assignment, Case

__all__ = ["judge_who_left_it", "may_judge", "opened_to_judge", "to_a_person", "verdict_of"]

JUDGE_TURNS = 3
"""So many turns a verdict may take."""

_TASKS = {
    "ko": "'{agent}'이(가) '{skill}' 기술을 쓰려고 합니다. 입력의 `approval`에 그 내용이 있습니다. 승인할지 판단하여 "
    '`report`로만 답하십시오. data에 {{"verdict": "approve"}} 또는 {{"verdict": "reject"}}를, text에 까닭을 적습니다. '
    '확실하지 않으면 {{"verdict": "person"}}을 적으십시오. 그러면 사람이 정합니다.',
    "en": "'{agent}' wants to use the skill '{skill}'. The input `approval` says for what. Decide, and answer with "
    '`report` only: data {{"verdict": "approve"}} or {{"verdict": "reject"}}, and why in text. When in doubt answer '
    '{{"verdict": "person"}}, and a person decides.',
}


def may_judge(case: Case, approval: Approval) -> bool:
    """Whether the case worker's seat may answer this approval by itself."""
    root, asks = case.assignments[case.course], case.assignments[approval.assignment]
    return (
        approval.skill in case.policy.case_worker_approves
        and not approval.deputy
        and not case.forked
        and root.open
        and root.mind.kind != "person"
        and root.agent in case.agents
        and asks is not root
        and asks.agent != root.agent
    )


def opened_to_judge(case: Case, approval: Approval, ordinal: int) -> tuple[e.AssignmentOpened, e.ApprovalReferred]:
    """The case worker's own work beside the rest, in which it judges one approval."""
    root, asks = case.assignments[case.course], case.assignments[approval.assignment]
    task = _TASKS["ko" if case.language == "ko" else "en"].format(agent=asks.agent, skill=approval.skill)
    shown = {
        "approval": approval.id,
        "agent": asks.agent,
        "task": asks.task,
        "skill": approval.skill,
        "effect": approval.effect,
        "arguments": approval.arguments,
        "why_asked": approval.reason.code,
        "has_read_documents": asks.tainted,
    }
    opened = e.AssignmentOpened(
        f"{root.id}.{ordinal}",
        root.agent,
        task,
        root.id,
        0,  # of no turn: the case worker's own work goes on beside it
        0,
        {"approval": shown},
        Limits(turns=JUDGE_TURNS),
        False,
    )
    return opened, e.ApprovalReferred(approval.id, opened.assignment)


def verdict_of(judge: Assignment) -> Literal["approve", "reject", "person"]:
    """What the judging assignment's report says; without a plain verdict a person decides."""
    said = judge.report.data.get("verdict") if judge.report is not None and judge.report.status == "done" else None
    return "approve" if said == "approve" else "reject" if said == "reject" else "person"


def to_a_person(approval: Approval) -> e.ApprovalReferred:
    """The case worker gave no plain verdict: a person decides."""
    return e.ApprovalReferred(approval.id, "", Reason("verdict_left_to_a_person", {"skill": approval.skill}))


def judge_who_left_it(case: Case, approval: Approval) -> Assignment | None:
    """The assignment in which the case worker's seat left an approval to a person; its report says why. `None`: nobody
    has judged it, or it is being judged."""
    return case.assignments.get(approval.judge) if approval.judged else None

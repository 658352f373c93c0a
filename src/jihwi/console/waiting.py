"""What waits for a person in a case: each as one card with all that is needed to decide."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from jihwi.case import person as persons
from jihwi.case.approval import answerers
from jihwi.case.governor import ran_out, so_far
from jihwi.case.judging import judge_who_left_it
from jihwi.case.reasons import say as say_reason
from jihwi.case.state import ActionState, Approval, Assignment, Case, open_assignments
from jihwi.case.turn import Ask, Call
from jihwi.console.telling import agent_name
from jihwi.evidence import Viewer
from jihwi.house import Person
from jihwi.words import Language

__all__ = ["Waiting", "answers", "waiting_in"]


class Waiting(msgspec.Struct, frozen=True):
    """One thing that waits for a person."""

    kind: Literal["approval", "question", "uncertain", "parked", "turn"]
    key: str
    """Its place in the case: stays the same while it is the same thing."""
    case_id: str
    request: str
    assignment: str
    who: str
    words: str
    since_ms: int
    expires_at_ms: int = 0
    skill: str = ""
    effect: str = ""
    digest: str = ""
    arguments: dict[str, Any] = {}
    options: tuple[str, ...] = ()
    number: int = 0
    choices: tuple[str, ...] = ()
    """Parked: what can be done, in the order it is shown."""
    ran_out: str = ""
    """Parked: the limit that ran out (`turns`, `tokens`, `micros`, `ms`, `handoffs`, `depth`); empty for none."""
    used: tuple[float, float] | None = None
    """Parked: that limit and what was used of it, in the units a new one is given in."""
    agents: tuple[tuple[str, str], ...] = ()
    """Parked: the agents that could have the seat, by name and as they are shown."""
    report: str = ""
    """The call whose result is about to be released."""
    withheld: bool = False
    """The reader may not see the text it is about."""
    holder: str = ""
    """A turn: whose seat it is."""
    deputy: str = ""
    """An approval that nobody answered in time: to whom it went."""
    answerers: tuple[str, ...] = ()
    """The only persons who may answer it now; empty while whoever may decide may."""
    judged_by: str = ""
    """The agent in the case worker's seat that is about to answer it; a person may be first."""
    left_by: str = ""
    """The agent in that seat that has left it to a person."""
    left_words: str = ""
    """Why, in its own words; empty where it said nothing, or the reader may not see them."""


def answers(person: Person, kind: str, requester: str) -> bool:
    """Whether somebody may do what waits in a case: who decides anything, who asked for the case its questions."""
    return person.may("decide") or (kind == "question" and person.may("answer") and requester == person.id)


def waiting_in(case: Case, language: Language, viewer: Viewer, times: dict[int, int]) -> list[Waiting]:
    """Everything that waits in a case, oldest first. `times` is when each event happened, by number."""
    found = [*_parked(case, language)]
    if case.status in ("open", "paused", "parked"):
        found += _approvals(case, language, viewer, times)
        for assignment in open_assignments(case):
            who = agent_name(case, assignment.agent, language)
            withheld = not viewer.may_see(assignment.labels)
            for action in assignment.actions:
                found += _action(case, assignment, action, who, language, withheld)
            if assignment.mind.kind == "person" and assignment.turn_status == "due":
                found.append(
                    Waiting(
                        "turn",
                        f"{assignment.id}/{assignment.seat}/{assignment.turn}",
                        case.id,
                        case.request,
                        assignment.id,
                        who,
                        "" if withheld else assignment.task,
                        case.now_ms,
                        withheld=withheld,
                        holder=assignment.mind.name,
                    )
                )
    return sorted(found, key=lambda one: one.since_ms)


def _parked(case: Case, language: Language) -> list[Waiting]:
    if case.status != "parked" or case.reason is None:
        return []
    words = say_reason(case.reason, language)
    at = case.parked_at or case.course
    agent = case.assignments[at].agent
    return [
        Waiting(
            "parked",
            f"parked/{case.seq}",
            case.id,
            case.request,
            at,
            agent_name(case, agent, language),
            words,
            case.now_ms,
            choices=case.choices,
            ran_out=ran_out(case.reason),
            used=so_far(case.reason, case.assignments[at].limits, case.assignments[at].spent),
            agents=tuple((name, agent_name(case, name, language)) for name in case.agents if name != agent),
        )
    ]


def _approvals(case: Case, language: Language, viewer: Viewer, times: dict[int, int]) -> list[Waiting]:
    return [
        Waiting(
            "approval",
            one.id,
            case.id,
            case.request,
            one.assignment,
            agent_name(case, case.assignments[one.assignment].agent, language),
            say_reason(one.reason, language),
            times.get(one.requested_seq, case.now_ms),
            expires_at_ms=one.expires_at_ms,
            skill=one.skill,
            effect=one.effect,
            digest=one.action_digest,
            arguments=one.arguments if viewer.may_see(case.assignments[one.assignment].labels) else {},
            report=str(one.arguments.get("call", "")) if one.skill == "release" else "",
            withheld=not viewer.may_see(case.assignments[one.assignment].labels),
            deputy=one.deputy,
            answerers=answerers(one.deputy, case.policy),
            judged_by=_judge(case, one, language),
            left_by=_left_by(case, one, language),
            left_words=_left_words(case, one, viewer),
        )
        for one in persons.open_approvals(case)
    ]


def _judge(case: Case, approval: Approval, language: Language) -> str:
    judge = case.assignments.get(approval.judge)
    return "" if judge is None or approval.judged else agent_name(case, judge.agent, language)


def _left_by(case: Case, approval: Approval, language: Language) -> str:
    judge = judge_who_left_it(case, approval)
    return "" if judge is None else agent_name(case, judge.agent, language)


def _left_words(case: Case, approval: Approval, viewer: Viewer) -> str:
    judge = judge_who_left_it(case, approval)
    return judge.report.text if judge is not None and judge.report is not None and viewer.may_see(judge.labels) else ""


def _action(
    case: Case, assignment: Assignment, action: ActionState, who: str, language: Language, withheld: bool
) -> list[Waiting]:
    key = f"{assignment.id}/{assignment.turn}/{action.number}"
    match action:
        case ActionState(status="asked", action=Ask(question=question, options=options)):
            words = "" if withheld else question
            return [
                Waiting(
                    "question",
                    key,
                    case.id,
                    case.request,
                    assignment.id,
                    who,
                    words,
                    case.now_ms,
                    options=() if withheld else options,
                    number=action.number,
                    withheld=withheld,
                )
            ]
        case ActionState(status="uncertain", action=Call(skill=skill)):
            arguments = {} if withheld else action.arguments
            known = "" if withheld or action.doubt is None else say_reason(action.doubt, language)
            return [
                Waiting(
                    "uncertain",
                    key,
                    case.id,
                    case.request,
                    assignment.id,
                    who,
                    known,
                    case.now_ms,
                    skill=skill,
                    arguments=arguments,
                    number=action.number,
                    withheld=withheld,
                )
            ]
        case _:
            return []

"""What a person does to a case: each form becomes one command, checked against the case as it stands now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel

from jihwi.case import membership as members
from jihwi.case import person as persons
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.case.events import Draft
from jihwi.case.governor import ran_out, so_far
from jihwi.case.state import Case
from jihwi.case.turn import Action, Ask, Call, Delegate, Dispute, HandOff, Post, Release, Report, Turn
from jihwi.console.newcomers import found_newcomer
from jihwi.console.people import Right
from jihwi.console.seeing import may_act
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import FormInvalid
from jihwi.evidence import Claim
from jihwi.words import amount

__all__ = ["router"]

router = APIRouter(prefix="/cases/{case_id}")


class Sent(BaseModel):
    """What every form carries."""

    csrf: str = ""
    note: str = ""
    back: Literal["", "inbox", "report"] = ""
    """Where to go after it."""


async def _submit(
    visit: Visit, case_id: str, sent: Sent, command: Callable[[Case, str], list[Draft]], right: Right = "decide"
) -> Response:
    visit.check_token(sent.csrf)
    kept = await may_act(visit, case_id, "answer")
    own = right == "answer" and kept.case.requester == visit.person.id
    if not own:
        visit.require("decide")
    by = visit.person.id
    case = await visit.console.orchestrator.submit(case_id, lambda now: command(now, by), door="console")
    return visit.go("/inbox" if sent.back == "inbox" else f"/cases/{case_id}", {"case": case_id, "event": case.seq})


# ── approvals, questions, uncertain writes ───────────────────────────────────


class Verdict(Sent):
    approval: str
    digest: str = ""
    """Of the action as it was shown."""
    verdict: Literal["approve", "reject", "edit"]
    arguments: str = ""
    """edit: the new arguments, as a JSON object."""


@router.post("/approvals")
async def decide(visit: Visiting, case_id: str, sent: Annotated[Verdict, Form()]) -> Response:
    """Approve, edit or reject one exact action."""

    def command(now: Case, by: str) -> list[Draft]:
        if sent.verdict == "edit":
            return persons.edit(now, sent.approval, _object(visit, sent.arguments), by=by, words=sent.note)
        if sent.verdict == "reject":
            return persons.reject(now, sent.approval, by=by, words=sent.note)
        return persons.approve(now, sent.approval, by=by, digest=sent.digest, words=sent.note)

    return await _submit(visit, case_id, sent, command)


class Answer(Sent):
    assignment: str
    number: int
    answer: str


@router.post("/answers")
async def answer(visit: Visiting, case_id: str, sent: Annotated[Answer, Form()]) -> Response:
    """Answer a question."""
    if not sent.answer.strip():
        raise FormInvalid(visit.say("답이 비어 있습니다", "the answer is empty"))
    return await _submit(
        visit,
        case_id,
        sent,
        lambda now, by: persons.answer(now, sent.answer, by=by, assignment=sent.assignment, number=sent.number),
        "answer",
    )


class Settled(Sent):
    assignment: str
    number: int
    outcome: Literal["happened", "did_not_happen", "run_again"]


@router.post("/settled")
async def settle(visit: Visiting, case_id: str, sent: Annotated[Settled, Form()]) -> Response:
    """Say how a write ended whose runner died."""

    def command(now: Case, by: str) -> list[Draft]:
        return persons.settle_uncertainty(now, sent.assignment, sent.number, sent.outcome, by=by, words=sent.note)

    return await _submit(visit, case_id, sent, command)


class Judgement(Sent):
    number: int
    verdict: Literal["good", "bad"]


@router.post("/judgements")
async def judge(visit: Visiting, case_id: str, sent: Annotated[Judgement, Form()]) -> Response:
    """Say of one sentence of the released report whether it serves, and why."""

    def command(now: Case, by: str) -> list[Draft]:
        return persons.judge(now, sent.number, sent.verdict, by=by, words=sent.note)

    await _submit(visit, case_id, sent, command, "answer")
    return visit.go(f"/cases/{case_id}/report#n{sent.number}", {"case": case_id, "sentence": sent.number})


# ── the case as a whole ──────────────────────────────────────────────────────


class Course(Sent):
    do: Literal["pause", "resume", "cancel"]


@router.post("/course")
async def course(visit: Visiting, case_id: str, sent: Annotated[Course, Form()]) -> Response:
    """Pause the case, let it go on, or end it."""

    def command(now: Case, by: str) -> list[Draft]:
        if sent.do == "pause":
            return persons.pause(now, by=by, words=sent.note)
        if sent.do == "resume":
            return persons.resume(now, by=by)
        return persons.cancel(now, by=by, words=sent.note)

    return await _submit(visit, case_id, sent, command, "answer" if sent.do == "cancel" else "decide")


class Budget(Sent):
    turns: int = 0
    tokens: int = 0
    handoffs: int = 0
    seconds: int = 0
    money: float = 0
    """In the unit of the endpoint's price."""
    depth: int = 0
    assignment: str = ""
    """Only of this assignment; of the case when empty."""


@router.post("/budget")
async def budget(visit: Visiting, case_id: str, sent: Annotated[Budget, Form()]) -> Response:
    """Set new limits, and go on where running out had stopped the case."""

    given = Limits(
        tokens=sent.tokens or None,
        micros=round(sent.money * 1_000_000) or None,
        ms=sent.seconds * 1000 or None,
        turns=sent.turns or None,
        handoffs=sent.handoffs or None,
        depth=sent.depth or None,
    )
    if given == UNLIMITED:
        raise FormInvalid(visit.say("새 한도를 적어 주세요", "say the new limit"))

    def command(now: Case, by: str) -> list[Draft]:
        _must_help(visit, now, sent)
        return persons.raise_limits(now, given, by=by, assignment=sent.assignment)

    return await _submit(visit, case_id, sent, command)


def _must_help(visit: Visit, now: Case, sent: Budget) -> None:
    """Raise FormInvalid for a limit that is used up already: with it a stopped case would only stop again."""
    name = ran_out(now.reason) if now.status == "parked" and now.reason is not None else ""
    if not name or now.reason is None:
        return
    at = now.assignments[now.parked_at or now.course]
    counted = so_far(now.reason, at.limits, at.spent)
    said = float({"micros": sent.money, "ms": sent.seconds}.get(name, getattr(sent, name, 0)))
    if counted is not None and 0 < said <= counted[1]:
        words = visit.say(
            "이미 쓴 것({used})보다 커야 이어 갈 수 있습니다",
            "it has to be more than what is used ({used}) for the case to go on",
            used=amount(counted[1]),
        )
        raise FormInvalid(words)


# ── seats ────────────────────────────────────────────────────────────────────


class Seat(Sent):
    assignment: str
    how: Literal["take", "give", "reassign", "go_on"]
    """go_on: whoever waits for this work goes on without it."""
    agent: str = ""


@router.post("/seats")
async def seat(visit: Visiting, case_id: str, sent: Annotated[Seat, Form()]) -> Response:
    """Take a seat over, give it back, or give it to another agent."""

    def command(now: Case, by: str) -> list[Draft]:
        if sent.how == "take":
            return persons.take(now, sent.assignment, by=by)
        if sent.how == "go_on":
            return persons.stop_waiting(now, sent.assignment, by=by)
        return persons.reassign(now, sent.assignment, by=by, agent=sent.agent, how=sent.how)

    return await _submit(visit, case_id, sent, command)


# ── who works in the case ────────────────────────────────────────────────────


class Membership(Sent):
    do: Literal["join", "leave", "join_skill", "leave_skill"]
    agent: str = ""
    newcomer: str = ""
    """join: `team/agent`."""
    giver: str = ""
    """join: who may delegate to it and hand off to it; the case worker may delegate when empty."""
    to: str = ""
    """leave: the agent that gets its work; the person, when empty."""
    skill: str = ""


@router.post("/team")
async def membership(visit: Visiting, case_id: str, sent: Annotated[Membership, Form()]) -> Response:
    """Let an agent or a skill join the case, or leave it."""
    house = visit.console.house
    newcomer = found_newcomer(house, sent.newcomer) if sent.do == "join" else None
    skill = house.skills.get(sent.skill) if sent.do == "join_skill" else None
    if (sent.do == "join" and newcomer is None) or (sent.do == "join_skill" and skill is None):
        raise FormInvalid(
            visit.say("들어올 에이전트나 기술이 이 집에 없습니다", "this house has no such agent or skill")
        )

    def command(now: Case, by: str) -> list[Draft]:
        if newcomer is not None:
            team, spec = newcomer
            givers = (sent.giver,) if sent.giver else ()
            return members.join(
                now,
                spec,
                by=by,
                delegated_by=givers,
                handed_by=givers,
                source=team.name,
                source_digest=team.digest,
                words=sent.note,
            )
        if skill is not None:
            return members.join_skills(now, sent.agent, [skill.spec], by=by, words=sent.note)
        if sent.do == "leave":
            return members.leave(now, sent.agent, by=by, to=sent.to, words=sent.note)
        return members.leave_skills(now, sent.agent, [sent.skill], by=by, words=sent.note)

    return await _submit(visit, case_id, sent, command)


class Note(Sent):
    assignment: str


@router.post("/notes")
async def note(visit: Visiting, case_id: str, sent: Annotated[Note, Form()]) -> Response:
    """Tell an assignment something; its mind reads it at the next turn."""
    if not sent.note.strip():
        raise FormInvalid(visit.say("전할 말이 비어 있습니다", "the note is empty"))
    return await _submit(visit, case_id, sent, lambda now, by: persons.note(now, sent.assignment, sent.note, by=by))


class OwnTurn(Sent):
    assignment: str
    do: Literal["say", "call", "post", "dispute", "ask", "delegate", "hand_off", "release", "report"]
    finding: int = 0
    text: str = ""
    skill: str = ""
    arguments: str = ""
    agent: str = ""
    call: str = ""
    status: Literal["done", "partial", "failed"] = "done"


@router.post("/turns")
async def own_turn(visit: Visiting, case_id: str, sent: Annotated[OwnTurn, Form()]) -> Response:
    """A person's own turn in a seat they hold."""
    if sent.do not in ("call", "release") and not sent.text.strip():
        raise FormInvalid(visit.say("글이 비어 있습니다", "there are no words in it"))
    turn = _turn(visit, sent)

    def command(now: Case, by: str) -> list[Draft]:
        held = now.assignments.get(sent.assignment)
        if held is not None and held.mind.kind == "person" and held.mind.name != by:
            raise FormInvalid(visit.say("다른 사람이 맡은 자리입니다", "somebody else holds this seat"))
        return persons.take_turn(now, sent.assignment, turn, by=by)

    return await _submit(visit, case_id, sent, command)


def _turn(visit: Visit, sent: OwnTurn) -> Turn:
    made: dict[str, Callable[[], Action]] = {
        "call": lambda: Call(sent.skill, _object(visit, sent.arguments or "{}")),
        "post": lambda: Post(Claim(sent.text)),
        "dispute": lambda: Dispute(sent.finding, sent.text),
        "ask": lambda: Ask(sent.text),
        "delegate": lambda: Delegate(sent.agent, sent.text),
        "hand_off": lambda: HandOff(sent.agent, sent.text),
        "release": lambda: Release(sent.call),
        "report": lambda: Report(sent.status, sent.text),
    }
    if sent.do == "say":
        return Turn(sent.text)
    return Turn("", (made[sent.do](),))


def _object(visit: Visit, text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, Any])
    except msgspec.MsgspecError as problem:
        raise FormInvalid(visit.say("값이 JSON 객체가 아닙니다", "the values are no JSON object")) from problem

"""Each sentence of a report back to what made it: prompts as they were sent, models, settings, skills by version."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.case.assignment import Reason
from jihwi.case.events import Event
from jihwi.case.reasons import say as say_reason
from jihwi.case.reasons import say_notes
from jihwi.case.state import Case
from jihwi.console.cases import Kept
from jihwi.console.paging import twin
from jihwi.console.seeing import seen_case
from jihwi.console.telling import agent_name
from jihwi.console.visit import Visit, Visiting
from jihwi.orchestrator import load_log
from jihwi.reports import (
    MadeSentence,
    Step,
    Whence,
    call_of_release,
    disclosed_prompts,
    footnote,
    trace,
    trace_released,
)
from jihwi.words import Language

__all__ = ["router"]

router = APIRouter(prefix="/cases/{case_id}")


class PromptedTurn(msgspec.Struct, frozen=True):
    """One turn of a model: what was sent and what came back."""

    case_id: str
    """The case whose event it is: a fork's first turns are its parent's."""
    event: int
    assignment: str
    turn: int
    agent: str
    model: str
    parameters: dict[str, Any]
    digest: str
    request: str
    answer: str
    failed: str = ""
    """Why there is no answer, in the reader's language; what was sent had left all the same."""
    notes: tuple[str, ...] = ()
    """What was noticed, or had to be done, to read the answer, in the reader's language."""


class AgentPrompt(msgspec.Struct, frozen=True):
    """One agent: its instructions and the skills it was given, by version."""

    name: str
    title: str
    mind: str
    instructions: str
    digest: str
    """SHA-256 of the instructions."""
    skills: tuple[tuple[str, str, str], ...]
    """Name, version, digest of what the mind is shown."""


class CitedSentence(msgspec.Struct, frozen=True):
    """A sentence of the report, what made it, and how it is cited."""

    number: int
    text: str
    kind: str
    steps: tuple[Step, ...]
    events: tuple[int, ...]
    footnote: str
    markdown: str


class PromptsPage(msgspec.Struct, frozen=True):
    """Every prompt of a case, and which of them each sentence goes back to."""

    case_id: str
    request: str
    sentences: tuple[CitedSentence, ...]
    titles: dict[str, str]
    """The agents' names for people."""
    released: bool
    """Whether these are the sentences of the report that left; of the newest draft otherwise."""
    agents: tuple[AgentPrompt, ...]
    turns: tuple[PromptedTurn, ...]
    withheld: int
    """Turns whose text this reader may not see."""
    footnote: str
    """Of the report as a whole."""
    head: str


@router.get("/prompts", openapi_extra=twin(PromptsPage))
async def prompts(visit: Visiting, case_id: str, call: str = "", release: int = 0, download: str = "") -> Response:
    """Every prompt as it was sent, and for each sentence of the report what made it.

    `call` and `release` name another report than the one that left last, as on the report's page. `download` is
    `json` for all of it, or `footnotes` for the sentences' footnotes as Markdown.
    """
    kept = await seen_case(visit, case_id)
    page = await _page(visit, kept, call, release)
    if download == "footnotes":
        text = "\n\n".join(one.markdown for one in page.sentences) + "\n"
        return _file(f"{case_id}-footnotes.md", text.encode(), "text/markdown; charset=utf-8")
    if download:
        data = msgspec.json.format(msgspec.json.encode(page), indent=1)
        return _file(f"{case_id}-prompts.json", data, "application/json")
    return visit.page("prompts.html.jinja", page)


def _file(name: str, data: bytes, kind: str) -> Response:
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


async def _page(visit: Visit, kept: Kept, call: str, release: int) -> PromptsPage:
    """The page as this reader may see it: whoever may not see one turn sees no prompt, for later prompts hold the text
    of earlier ones."""
    case, viewer = kept.case, visit.person.viewer
    log = await load_log(visit.console.house.store, case.id)
    turns = ("turn_finished", "turn_failed")
    withheld = sum(1 for event in log if event.kind in turns and not viewer.may_see(event.labels))
    if withheld or not viewer.may_see(case.labels):
        seen = [event for event in log if event.kind == "agent_joined" and viewer.may_see(event.labels)]
    else:
        seen = log
    found = await disclosed_prompts(seen, visit.console.house.store.blob)
    left = not call and bool(call_of_release(seen, release))
    shown = "" if left or release else call or _draft(case)
    sentences = await asyncio.to_thread(_sentences, visit, case, seen, shown, release)
    return PromptsPage(
        case.id,
        case.request,
        sentences,
        {name: agent_name(case, name, visit.language) for name in case.agents},
        left,
        tuple(dict.fromkeys(_agent(one) for one in found["agents"])),
        tuple(_turn(one, visit.language) for one in found["turns"]),
        withheld,
        _whole(visit, case, found["turns"]),
        case.head.hex(),
    )


def _draft(case: Case) -> str:
    """The newest result that is a report."""
    reports = (place for place, value in case.results.items() if isinstance(value, dict) and "answer" in value)
    return next(reversed(list(reports)), "")


def _sentences(visit: Visit, case: Case, log: list[Event], call: str, release: int) -> tuple[CitedSentence, ...]:
    """Those of the report at `call` as it stands, or of the one that left when `call` is empty."""
    whence = Whence(case.id, case.team, case.team_digest, case.head.hex(), visit.language)
    return tuple(_cited(whence, one) for one in (trace(log, call) if call else trace_released(log, release)))


def _cited(whence: Whence, one: MadeSentence) -> CitedSentence:
    cited = footnote(whence, one)
    return CitedSentence(one.number, one.text, one.kind, one.steps, one.events, cited.plain, cited.markdown)


def _agent(one: dict[str, Any]) -> AgentPrompt:
    skills = tuple((skill["name"], skill.get("version", "1"), skill.get("digest", "")) for skill in one["skills"])
    digest = hashlib.sha256(one["instructions"].encode()).hexdigest()
    return AgentPrompt(one["name"], one["title"], one["mind"]["kind"], one["instructions"], digest, skills)


def _turn(one: dict[str, Any], language: Language) -> PromptedTurn:
    failed = dict(one.get("failed", {}))
    why = say_reason(Reason(failed.pop("reason"), failed), language) if failed else ""
    return PromptedTurn(
        one["case"],
        one["event"],
        one["assignment"],
        one["turn"],
        one["agent"],
        one["model"],
        one["parameters"],
        one["digest"],
        one["request"],
        one["answer"],
        why,
        say_notes(one["parameters"], language),
    )


def _whole(visit: Visit, case: Case, turns: list[dict[str, Any]]) -> str:
    models = ", ".join(sorted({str(one["model"]) for one in turns if one["model"]}))
    return visit.say(
        "지휘(Jihwi) 사건 {case}, 팀 {team}({digest}), 모델: {models}, 프롬프트 {count}개, 원장 머리값 {head}.",
        "Jihwi case {case}, team {team} ({digest}), model: {models}, {count} prompts, ledger head {head}.",
        case=case.id,
        team=case.team,
        digest=case.team_digest[:12],
        models=models or visit.say("쓰지 않음", "none"),
        count=len(turns),
        head=case.head.hex()[:16],
    )

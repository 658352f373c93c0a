"""The report beside its sources, the files it left as, and every prompt behind it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.case.events import SentenceJudged
from jihwi.case.reasons import say as say_reason
from jihwi.case.state import Case
from jihwi.console.cases import Kept
from jihwi.console.paging import twin
from jihwi.console.seeing import seen_case
from jihwi.console.shown_report import shown_report
from jihwi.console.standing import standing_of
from jihwi.console.visit import Visit, Visiting
from jihwi.console.waiting import Waiting, waiting_in
from jihwi.errors import PageMissing
from jihwi.evidence import Unreadable
from jihwi.reports import CheckedReport, Refused, disclosed_prompts
from jihwi.reports.gate import CheckedContradiction, CheckedNotFound, CheckedSection, CheckedSentence

__all__ = ["router"]

router = APIRouter(prefix="/cases/{case_id}")

_KINDS = {
    "report.md": "text/markdown; charset=utf-8",
    "report.html": "text/html; charset=utf-8",
    "report.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "report.json": "application/json",
}


class Source(msgspec.Struct, frozen=True):
    """One numbered citation, with where it stands."""

    number: int
    document: str
    reading: str
    start: int
    end: int
    path: str
    text: str
    before: str
    after: str
    headings: tuple[str, ...]
    page: int
    section: str


class Judged(msgspec.Struct, frozen=True):
    """What somebody thinks of a sentence."""

    number: int
    by: str
    verdict: str
    reason: str


class ReportPage(msgspec.Struct, frozen=True):
    """A report with its sources, or why it is not shown."""

    case_id: str
    request: str
    standing: str
    released: bool
    call: str
    at_ms: int
    refused: str
    answer: tuple[CheckedSentence, ...] = ()
    sections: tuple[CheckedSection, ...] = ()
    contradictions: tuple[CheckedContradiction, ...] = ()
    not_found: tuple[CheckedNotFound, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    sources: tuple[Source, ...] = ()
    labels: tuple[str, ...] = ()
    kinds: dict[str, int] = {}
    files: dict[str, str] = {}
    approval: Waiting | None = None
    judged: tuple[Judged, ...] = ()
    """The newest word of each reader on each sentence."""


@router.get("/report", openapi_extra=twin(ReportPage))
async def report(visit: Visiting, case_id: str, call: str = "") -> Response:
    """The report beside its sources: the released one, or the draft a call has made."""
    kept = await seen_case(visit, case_id)
    case = kept.case
    found, released = await shown_report(visit.console.house, case, visit.person.viewer, call)
    page = ReportPage(
        case_id=case_id,
        request=case.request,
        standing=standing_of(case),
        released=released,
        call=call,
        at_ms=case.now_ms,
        refused=say_reason(found.reason, visit.language) if isinstance(found, Refused) else "",
    )
    if isinstance(found, CheckedReport):
        page = msgspec.structs.replace(_filled(visit, page, case, found), judged=_judged(kept))

    def say(code: str, params: dict[str, str]) -> str:
        return visit.console.house.say_remark(code, params, visit.language)

    return visit.page("report.html.jinja", page, say_remark=say)


def _judged(kept: Kept) -> tuple[Judged, ...]:
    newest: dict[tuple[int, str], Judged] = {}
    for event in kept.events:
        body = event.body
        if isinstance(body, SentenceJudged) and kept.case.released[-1:] == [body.report_digest]:
            word = Judged(body.number, event.author.id, body.verdict, body.reason)
            newest[body.number, event.author.id] = word
    return tuple(newest[key] for key in sorted(newest))


def _filled(visit: Visit, page: ReportPage, case: Case, found: CheckedReport) -> ReportPage:
    waiting = waiting_in(case, visit.language, visit.person.viewer, {})
    asked = next((one for one in waiting if one.kind == "approval" and one.report == page.call != ""), None)
    return msgspec.structs.replace(
        page,
        answer=found.answer,
        sections=found.sections,
        contradictions=found.contradictions,
        not_found=found.not_found,
        unreadable=found.unreadable,
        sources=tuple(
            Source(
                one.number,
                one.citation.document_id,
                one.citation.reading,
                one.citation.start,
                one.citation.end,
                one.path,
                one.citation.text,
                one.before,
                one.after,
                one.headings,
                one.citation.page,
                one.section,
            )
            for one in found.citations
        ),
        labels=found.labels,
        kinds=found.kinds(),
        files=dict(case.files) if page.released else {},
        approval=asked,
    )


@router.get("/files/{name}", response_class=Response)
async def file(visit: Visiting, case_id: str, name: str) -> Response:
    """A released file, for who holds the labels of everything it cites."""
    kept = await seen_case(visit, case_id)
    if name not in kept.case.files or name not in _KINDS:
        raise PageMissing()
    found, released = await shown_report(visit.console.house, kept.case, visit.person.viewer)
    if isinstance(found, Refused) or not released:
        raise PageMissing()
    path = visit.console.house.case_folder(case_id) / name
    data = await asyncio.to_thread(path.read_bytes)
    headers = {"content-disposition": f'attachment; filename="{case_id}-{name}"'}
    return Response(data, media_type=_KINDS[name], headers=headers)


# ── prompts ──────────────────────────────────────────────────────────────────


class PromptedTurn(msgspec.Struct, frozen=True):
    """One turn of a model: what was sent and what came back."""

    event: int
    assignment: str
    turn: int
    agent: str
    model: str
    parameters: dict[str, Any]
    digest: str
    request: str
    answer: str


class AgentPrompt(msgspec.Struct, frozen=True):
    """One agent: its instructions and the skills it was given, by version."""

    name: str
    title: str
    mind: str
    instructions: str
    skills: tuple[tuple[str, str, str], ...]
    """Name, version, digest of what the mind is shown."""


class PromptsPage(msgspec.Struct, frozen=True):
    """Every prompt of a case, and which of them each sentence goes back to."""

    case_id: str
    request: str
    agents: tuple[AgentPrompt, ...]
    turns: tuple[PromptedTurn, ...]
    withheld: int
    """Turns whose text this reader may not see."""
    footnote: str
    head: str


@router.get("/prompts", openapi_extra=twin(PromptsPage))
async def prompts(visit: Visiting, case_id: str, download: bool = False) -> Response:
    """Every prompt as it was sent, the model, its settings, and the agents' instructions."""
    kept = await seen_case(visit, case_id)
    viewer = visit.person.viewer
    seen = [event for event in kept.events if viewer.may_see(event.labels)]
    hidden = sum(1 for event in kept.events if event.kind == "turn_finished" and not viewer.may_see(event.labels))
    if hidden:
        found = await _agents_only(kept)
    else:
        found = await disclosed_prompts(seen, visit.console.house.store.blob)
    case = kept.case
    page = PromptsPage(
        case_id,
        case.request,
        tuple(
            AgentPrompt(
                one["name"],
                one["title"],
                one["mind"]["kind"],
                one["instructions"],
                tuple((s["name"], s.get("version", "1"), s.get("digest", "")) for s in one["skills"]),
            )
            for one in found["agents"]
        ),
        tuple(
            PromptedTurn(
                one["event"],
                one["assignment"],
                one["turn"],
                one["agent"],
                one["model"],
                one["parameters"],
                one["digest"],
                one["request"],
                one["answer"],
            )
            for one in found["turns"]
        ),
        hidden,
        _footnote(visit, case, found["turns"]),
        case.head.hex(),
    )
    if download:
        headers = {"content-disposition": f'attachment; filename="{case_id}-prompts.json"'}
        data = msgspec.json.format(msgspec.json.encode(page), indent=1)
        return Response(data, media_type="application/json", headers=headers)
    return visit.page("prompts.html.jinja", page)


async def _agents_only(kept: Kept) -> dict[str, Any]:
    """What may be told when some turns may not: prompts of later turns hold the text of earlier ones."""

    async def nothing(digest: str) -> bytes | None:
        return None

    return await disclosed_prompts([one for one in kept.events if one.kind == "agent_joined"], nothing)


def _footnote(visit: Visit, case: Case, turns: list[dict[str, Any]]) -> str:
    models = ", ".join(sorted({str(one["model"]) for one in turns}))
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

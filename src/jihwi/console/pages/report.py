"""The report beside its sources, and the files it left as."""

from __future__ import annotations

import asyncio

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
from jihwi.reports import CheckedReport, Refused
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

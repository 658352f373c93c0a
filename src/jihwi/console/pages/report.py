"""The report beside its sources, and the files it left as."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from jihwi.case.events import ReleaseRefused, ReportReleased, SentenceJudged
from jihwi.case.reasons import say as say_reason
from jihwi.case.rechecking import lost_in, moved_in, say_rechecked
from jihwi.case.revision import is_edited, report_digest, report_of
from jihwi.case.state import Case
from jihwi.console.cases import Kept
from jihwi.console.paging import twin
from jihwi.console.proofs import Change, Handle, Proposal, changes_of, handles_of, proposals_of
from jihwi.console.seeing import seen_case
from jihwi.console.shown_report import ReleaseLine, Source, releases_of, seen_report, shown_report, source_of
from jihwi.console.standing import standing_of
from jihwi.console.visit import Visit, Visiting
from jihwi.console.waiting import Waiting, waiting_in
from jihwi.errors import PageMissing
from jihwi.evidence import Rechecked, Report, Unreadable
from jihwi.reports import CheckedReport, Refused
from jihwi.reports.gate import CheckedContradiction, CheckedNotFound, CheckedSection, CheckedSentence
from jihwi.wiring import path_of

__all__ = ["router"]

router = APIRouter(prefix="/cases/{case_id}")

_KINDS = {
    "report.md": "text/markdown; charset=utf-8",
    "report.html": "text/html; charset=utf-8",
    "report.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "report.json": "application/json",
}


class Judged(msgspec.Struct, frozen=True):
    """What somebody thinks of a sentence."""

    number: int
    by: str
    verdict: str
    reason: str


class SourceChange(msgspec.Struct, frozen=True):
    """What became of the evidence of a sentence when its file changed, in words; and where it stands now."""

    sentence: int
    words: str
    document: str = ""
    reading: str = ""
    start: int = -1
    end: int = -1


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
    release: int = 0
    """Which release it is; 0 for a report that has not left."""
    releases: tuple[ReleaseLine, ...] = ()
    edit_call: str = ""
    """The call whose result an edit changes; empty when this report is not to be edited."""
    digest: str = ""
    """Of the report as an edit would find it, or a release of it."""
    revision: bool = False
    """It was edited after it had left, and has not left again."""
    handles: tuple[Handle, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    changes: tuple[Change, ...] = ()
    """What persons changed, newest first."""
    lost: tuple[SourceChange, ...] = ()
    moved: tuple[SourceChange, ...] = ()
    """What became of its quotations when their files changed after it left."""
    not_released: str = ""
    not_released_for: tuple[str, ...] = ()
    """Why it did not leave when that was tried, and because of which sentences."""


@router.get("/report", openapi_extra=twin(ReportPage))
async def report(visit: Visiting, case_id: str, call: str = "", release: int = 0) -> Response:
    """The report beside its sources: a release (the newest, or that with a number), or the draft a call has made, as
    edited since. Who decides is shown what was edited after the release, until it is released too."""
    kept = await seen_case(visit, case_id)
    case, viewer = kept.case, visit.person.viewer
    if not call and not release and is_edited(case) and visit.person.may("decide"):
        call = case.released_call
    written, line = seen_report(visit.console.house, kept, call, release)
    found = await shown_report(visit.console.house, kept, viewer, written)
    page = ReportPage(
        case_id=case_id,
        request=written.request or case.request,
        standing=standing_of(case),
        released=line is not None,
        call=call,
        at_ms=line.at_ms if line is not None else case.now_ms,
        refused=say_reason(found.reason, visit.language) if isinstance(found, Refused) else "",
        release=line.number if line is not None else 0,
        releases=tuple(releases_of(kept)),
    )
    if isinstance(found, CheckedReport):
        page = _filled(visit, page, case, found)
        page = await _in_hand(visit, page, kept, written, line)

    def say(code: str, params: dict[str, str]) -> str:
        return visit.console.house.say_remark(code, params, visit.language)

    may_edit = visit.person.may("decide") and bool(page.handles)
    return visit.page("report.html.jinja", page, say_remark=say, may_edit=may_edit)


async def _in_hand(visit: Visit, page: ReportPage, kept: Kept, written: Report, line: ReleaseLine | None) -> ReportPage:
    """The page with what a person may do to it, unless it is an older release or the case was cancelled."""
    case, newest = kept.case, line is None or line.number == len(kept.case.released)
    call = page.call or case.released_call
    if not newest or report_of(case, call) is None or case.status == "cancelled":
        return page
    library, viewer = visit.console.house.library, visit.person.viewer
    refusal, at_work = _refusal(kept, call), visit.person.may("see_all")
    return msgspec.structs.replace(
        page,
        judged=_judged(kept) if line is not None else (),
        lost=_changed(visit, case, lost_in(case)) if line is not None else (),
        moved=_changed(visit, case, moved_in(case)) if line is not None else (),
        edit_call=call,
        digest=report_digest(case.results[call]),
        revision=bool(case.released) and not page.released and is_edited(case) and call == case.released_call,
        handles=handles_of(written),
        proposals=await proposals_of(library, kept, call, viewer, visit.language) if at_work else (),
        changes=changes_of(kept, call, viewer) if at_work else (),
        not_released=say_reason(refusal.reason, visit.language) if refusal is not None else "",
        not_released_for=refusal.sentences if refusal is not None else (),
    )


def _change(visit: Visit, one: Rechecked) -> SourceChange:
    words = say_rechecked(one, visit.language, path_of(visit.console.house.library, one, visit.person.viewer))
    if one.now is None:
        return SourceChange(one.sentence, words)
    return SourceChange(one.sentence, words, one.now.document_id, one.now.reading, one.now.start, one.now.end)


def _changed(visit: Visit, case: Case, rechecked: tuple[Rechecked, ...]) -> tuple[SourceChange, ...]:
    """The changes, for who may see everything the case holds."""
    if not visit.person.viewer.may_see(case.labels):
        return ()
    return tuple(_change(visit, one) for one in rechecked)


def _refusal(kept: Kept, call: str) -> ReleaseRefused | None:
    """Why the report as it stands did not leave, when that was tried last."""
    digest = report_digest(kept.case.results[call])
    for event in reversed(kept.events):
        if isinstance(event.body, ReportReleased):
            return None
        if isinstance(event.body, ReleaseRefused):
            return event.body if event.body.report_digest == digest else None
    return None


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
        sources=tuple(source_of(one) for one in found.citations),
        labels=found.labels,
        kinds=found.kinds(),
        files=page.releases[page.release - page.releases[0].number].files if page.released else {},
        approval=asked,
    )


@router.get("/files/{name}", response_class=Response)
async def file(visit: Visiting, case_id: str, name: str, release: int = 0) -> Response:
    """A file of a release, the newest or that with a number, for who holds the labels of everything it cites."""
    kept = await seen_case(visit, case_id)
    written, line = seen_report(visit.console.house, kept, "", release)
    if line is None or name not in line.files or name not in _KINDS:
        raise PageMissing()
    if isinstance(await shown_report(visit.console.house, kept, visit.person.viewer, written), Refused):
        raise PageMissing()
    data = await asyncio.to_thread((line.folder(visit.console.house) / name).read_bytes)
    called = f"{case_id}-{name}" if line.number == 1 else f"{case_id}-{line.number}-{name}"
    headers = {"content-disposition": f'attachment; filename="{called}"'}
    return Response(data, media_type=_KINDS[name], headers=headers)

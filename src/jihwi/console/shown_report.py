"""A case's report before a reader: checked at the gate again, as that reader, each time it is shown."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import msgspec

from jihwi.case.events import ReportReleased
from jihwi.case.revision import report_of
from jihwi.console.cases import Kept
from jihwi.errors import PageMissing
from jihwi.evidence import Reading, Report, Viewer
from jihwi.library import Library
from jihwi.reports import CheckedReport, Refused, Shown, pass_gate
from jihwi.reports.gate import Cited
from jihwi.wiring import House

__all__ = ["AsReader", "ReleaseLine", "Source", "releases_of", "seen_report", "shown_report", "source_of"]


class AsReader:
    """What the gate may look up: the library, as somebody."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def reading(self, digest: str, viewer: Viewer) -> Reading | None:
        """A reading the viewer may see."""
        return self._library.reading(digest, viewer)

    def shown(self, document_id: str, viewer: Viewer) -> Shown | None:
        """What the viewer is told of a document."""
        document = self._library.document(document_id, viewer)
        if document is None:  # gone, perhaps: what a case cites is kept
            kept = self._library.kept_source(document_id, viewer)
            return None if kept is None else Shown(kept.path, kept.title, kept.labels)
        return Shown(document.source.path, document.title, document.source.labels)


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


def source_of(one: Cited) -> Source:
    """A citation as data, which a page and its twin can show and nobody can check anything with."""
    return Source(
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


class ReleaseLine(msgspec.Struct, frozen=True):
    """One release of a case; the first is number 1."""

    number: int
    event: int
    at_ms: int
    by: str
    """`policy` or `person`."""
    digest: str
    files: dict[str, str]
    """Name to SHA-256."""
    case_id: str
    """Whose folder it lies in: a fork's earlier releases are those of the cases before it."""

    def folder(self, house: House) -> Path:
        """Where its files lie."""
        return house.release_folder(self.case_id, self.number)


def releases_of(kept: Kept) -> list[ReleaseLine]:
    """The releases of a case, oldest first."""
    case, own = kept.case, [one for one in kept.events if isinstance(one.body, ReportReleased)]
    before = len(case.released) - len(own)
    past = kept.inherited
    if not own and past is not None and isinstance(said := past.body, ReportReleased):
        return [
            ReleaseLine(before, 0, past.at_ms, said.by, said.report_digest, dict(said.files), past.case_id),
        ]
    return [
        ReleaseLine(number, event.seq, event.at_ms, body.by, body.report_digest, dict(body.files), case.id)
        for number, event in enumerate(own, before + 1)
        if isinstance(body := event.body, ReportReleased)
    ]


def seen_report(house: House, kept: Kept, call: str = "", release: int = 0) -> tuple[Report, ReleaseLine | None]:
    """A case's report, and the release it left as: the newest or the one with that number; or the result of a call,
    as edited since, which may leave. Raises PageMissing."""
    if call:
        report = report_of(kept.case, call)
        if report is None:
            raise PageMissing()
        return report, None
    releases = releases_of(kept)
    line = next((one for one in reversed(releases) if release in (0, one.number)), None)
    if line is None:
        raise PageMissing()
    path = line.folder(house) / "report.json"
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != line.files.get("report.json", ""):
        raise PageMissing()
    try:
        return msgspec.json.decode(data, type=Report), line
    except msgspec.MsgspecError as problem:
        raise PageMissing() from problem


async def shown_report(house: House, kept: Kept, viewer: Viewer, report: Report) -> CheckedReport | Refused:
    """The report as `viewer` may see it, or why not."""
    recorded = kept.case.recorded
    return await asyncio.to_thread(pass_gate, report, AsReader(house.library), viewer, recorded=recorded)

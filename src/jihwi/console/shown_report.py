"""A case's report before a reader: checked at the gate again, as that reader, each time it is shown."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec

from jihwi.case.state import Case
from jihwi.errors import PageMissing
from jihwi.evidence import Reading, Report, Viewer
from jihwi.library import Library
from jihwi.reports import CheckedReport, Refused, Shown, pass_gate
from jihwi.wiring import House

__all__ = ["AsReader", "report_value", "shown_report"]


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
        if document is None:
            return None
        return Shown(document.source.path, document.title, document.source.labels)


def report_value(house: House, case: Case, call: str = "") -> tuple[Any, bool]:
    """A case's report as data, and whether it was released: what left, or the result of a call that may leave.

    Raises PageMissing.
    """
    if case.files and not call:
        path = house.case_folder(case.id) / "report.json"
        if not path.is_file():
            raise PageMissing()
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != case.files.get("report.json", ""):
            raise PageMissing()
        return msgspec.json.decode(data), True
    if call not in case.results:
        raise PageMissing()
    return case.results[call], False


async def shown_report(
    house: House, case: Case, viewer: Viewer, call: str = ""
) -> tuple[CheckedReport | Refused, bool]:
    """The report as `viewer` may see it, or why not; and whether it was released. Raises PageMissing."""

    def work() -> tuple[CheckedReport | Refused, bool]:
        value, released = report_value(house, case, call)
        try:
            report = msgspec.convert(value, Report)
        except msgspec.ValidationError as problem:
            raise PageMissing() from problem
        return pass_gate(report, AsReader(house.library), viewer, recorded=case.recorded), released

    return await asyncio.to_thread(work)

"""Where a checked report becomes files, and what lies beside it: the ledger and every prompt.

Publishing the same report of the same case again writes the same bytes to the same place, each file whole or not at
all, so a release may be repeated after a crash.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.fold import fold
from jihwi.case.revision import report_digest
from jihwi.evidence import Report, Viewer
from jihwi.house import Signed, SignedHead, Statement
from jihwi.reports.disclosure import disclose
from jihwi.reports.gate import CheckedReport, Readings, Refused, pass_gate
from jihwi.reports.markdown import SayUnreadable, render_markdown

__all__ = ["Pressed", "press", "signed_digest", "write_whole"]


class Pressed(msgspec.Struct, frozen=True):
    """A released report: its files by name with their SHA-256, and its sentences by kind."""

    files: Mapping[str, str]
    kinds: Mapping[str, int]
    report: CheckedReport
    signed: Signed | None = None


def press(
    value: Any,
    *,
    case_id: str,
    log: Sequence[e.Event],
    readings: Readings,
    viewer: Viewer,
    by: str,
    folder: Path,
    say: SayUnreadable,
    sign: Callable[[Statement], Signed] | None = None,
) -> Pressed | Refused:
    """Check a report at the gate and write it as `report.md`, `.html`, `.docx` and `.json` into `folder`, under the
    house's signature when there is who can `sign`.

    `value` is the JSON form of an `evidence.Report`; `log` the case's events it stands on. Raises OSError when the
    files cannot be written; nothing half-written is left.
    """
    # These wait: `jihwi --help` needs neither lxml nor Jinja.
    from jihwi.reports.docx import render_docx
    from jihwi.reports.html import render_html

    try:
        report = msgspec.convert(value, Report)
    except msgspec.ValidationError as problem:
        return Refused(Reason("release_malformed", {"detail": str(problem)}))
    checked = pass_gate(report, readings, viewer, recorded=fold(case_id, log).recorded)
    if isinstance(checked, Refused):
        return checked
    made = disclose(case_id, log, _instructions(log))
    if sign is not None:
        head = SignedHead(case_id, log[-1].seq, log[-1].head.hex())
        statement = Statement("release", (head,), report=signed_digest(msgspec.to_builtins(report)))
        made = msgspec.structs.replace(made, signed=sign(statement))
    files = {
        "report.md": render_markdown(checked, made, by=by, say=say).encode(),
        "report.html": render_html(checked, made, by=by, say=say).encode(),
        "report.docx": render_docx(checked, made, by=by, say=say),
        "report.json": _as_json(report, made.signed),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        write_whole(folder / name, data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return Pressed(digests, checked.kinds(), checked, made.signed)


def signed_digest(value: dict[str, Any]) -> str:
    """What a release's signature says of the report: the digest of its JSON form, without the signature itself.

    >>> signed_digest({"request": "언제까지인가?", "signature": {}}) == signed_digest({"request": "언제까지인가?"})
    True
    """
    return report_digest({name: one for name, one in value.items() if name != "signature"})


def _as_json(report: Report, signed: Signed | None) -> bytes:
    value = msgspec.to_builtins(report)
    if signed is not None:
        value["signature"] = msgspec.to_builtins(signed)
    return msgspec.json.format(msgspec.json.encode(value), indent=1)


def _instructions(log: Sequence[e.Event]) -> dict[str, str]:
    return {
        event.body.agent.name: hashlib.sha256(event.body.agent.instructions.encode()).hexdigest()
        for event in log
        if isinstance(event.body, e.AgentJoined)
    }


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, and still there after a power cut."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)

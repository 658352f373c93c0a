"""Releasing: the gate every sentence passes again, the report as Markdown and HTML, prompts and ledger beside it."""

from __future__ import annotations

from jihwi.reports.disclosure import Disclosure, disclose
from jihwi.reports.examples import Example, examples_of
from jihwi.reports.footnotes import Footnote, Whence, footnote
from jihwi.reports.gate import CheckedReport, Readings, Refused, Shown, pass_gate
from jihwi.reports.ledger_export import as_seen, export_lines, read_export, signatures_in, verify_file
from jihwi.reports.press import Pressed, press, signed_digest, write_whole
from jihwi.reports.prompts import disclosed_prompts, rebuild
from jihwi.reports.provenance import MadeSentence, Step, call_of_release, trace, trace_released

__all__ = [
    "CheckedReport",
    "Disclosure",
    "Example",
    "Footnote",
    "MadeSentence",
    "Pressed",
    "Readings",
    "Refused",
    "Shown",
    "Step",
    "Whence",
    "as_seen",
    "call_of_release",
    "disclose",
    "disclosed_prompts",
    "examples_of",
    "export_lines",
    "footnote",
    "pass_gate",
    "press",
    "read_export",
    "rebuild",
    "signatures_in",
    "signed_digest",
    "trace",
    "trace_released",
    "verify_file",
    "write_whole",
]

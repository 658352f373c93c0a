"""Releasing: the gate every sentence passes again, the report as Markdown and HTML, prompts and ledger beside it."""

from __future__ import annotations

from jihwi.reports.disclosure import Disclosure, disclose
from jihwi.reports.gate import CheckedReport, Readings, Refused, Shown, pass_gate
from jihwi.reports.ledger_export import export_lines, read_export, verify_file
from jihwi.reports.press import Pressed, press, write_whole
from jihwi.reports.prompts import disclosed_prompts, rebuild

__all__ = [
    "CheckedReport",
    "Disclosure",
    "Pressed",
    "Readings",
    "Refused",
    "Shown",
    "disclose",
    "disclosed_prompts",
    "export_lines",
    "pass_gate",
    "press",
    "read_export",
    "rebuild",
    "verify_file",
    "write_whole",
]

"""What one seat has seen and done so far, as whoever sits down in it reads it."""

from __future__ import annotations

from typing import Any

import msgspec

from jihwi.case.reasons import say as say_reason
from jihwi.case.state import Case
from jihwi.case.turn import Entry, Told
from jihwi.cli.following import turn_words, withheld_words
from jihwi.cli.screen import Screen
from jihwi.errors import CommandRefused
from jihwi.evidence import Viewer
from jihwi.words import Language

__all__ = ["show_transcript"]

_LONGEST = 400


def show_transcript(screen: Screen, case: Case, assignment_id: str, viewer: Viewer) -> None:
    """Show the transcript of an assignment to who holds the labels of what is in it; the others are told that there
    is one. Raises CommandRefused when there is no such assignment."""
    assignment = case.assignments.get(assignment_id)
    if assignment is None:
        known = ", ".join(case.assignments)
        raise CommandRefused(case.id, f"그런 일이 없습니다: {known}", f"There is no such assignment: {known}")
    seen = viewer.may_see(assignment.labels)
    if screen.json:
        screen.result(
            {
                "case": case.id,
                "assignment": assignment.id,
                "agent": assignment.agent,
                "mind": assignment.mind,
                "seat": assignment.seat,
                "turn": assignment.turn,
                "open": assignment.open,
                "skills": sorted(case.skills.get(assignment.agent, {})),
                "transcript": list(assignment.transcript) if seen else [],
                "withheld": not seen,
            }
        )
        return
    head = screen.words("자리 {seat}, 차례 {turn}", "seat {seat}, turn {turn}")
    head = head.format(seat=assignment.seat, turn=assignment.turn)
    screen.out.print(f"{assignment.id}  {assignment.agent} ({assignment.mind.kind})  {head}", markup=False)
    for entry in assignment.transcript if seen else ():
        screen.out.print(f"  {_words(entry, screen.language)}"[:_LONGEST], markup=False)
    if not seen:
        screen.out.print(f"  {withheld_words(screen.language)}", markup=False)
    skills = ", ".join(sorted(case.skills.get(assignment.agent, {}))) or "-"
    screen.out.print(screen.words(f"쓸 수 있는 기술: {skills}", f"Skills: {skills}"), markup=False)


def _words(entry: Entry, language: Language) -> str:
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    kind = fields.pop("is")
    if isinstance(entry, Told):
        return f"{kind}  {entry.by} {say_reason(entry.reason, language)}"
    if kind == "turn":
        actions = getattr(entry, "actions", ())
        return f"{kind}  {fields['turn']}  {turn_words(fields.get('text', ''), actions, language)}"
    said = [value if isinstance(value, str) else msgspec.json.encode(value).decode() for value in fields.values()]
    return " ".join([kind, "", *said])

"""What facts about a report in a person's hands make of a case's state: edited, judged, a proposal not taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case.fold_moves import UNUSED
from jihwi.case.rechecking import key_of, with_moved
from jihwi.case.revision import after_edit, report_digest, report_of
from jihwi.case.state import Case
from jihwi.case.turn import Finding, Release
from jihwi.evidence import Quotation

__all__ = ["FOLDED"]


def _report_edited(case: Case, body: e.ReportEdited, event: e.Event) -> None:
    report = report_of(case, body.call)
    if report is None or report_digest(case.results[body.call]) != body.before:
        return
    case.results[body.call] = msgspec.to_builtins(after_edit(report, body))
    if body.proposal:
        case.proposals[body.proposal] = "accepted"
    _ask_anew(case, body.call)


def _ask_anew(case: Case, call: str) -> None:
    """An edit makes a new action (law 6): whoever was asked to let the old report leave is asked for the new one."""
    for assignment in (case.assignments[one] for one in case.open_ids):
        for action in assignment.actions:
            approval = case.approvals.get(action.approval)
            is_its_release = isinstance(action.action, Release) and action.action.call == call
            if is_its_release and approval is not None and approval.status in UNUSED:
                approval.status = "edited"
                case.timers.pop(f"approval:{approval.id}", None)
                action.status, action.approval = "due", ""
                action.edits += 1


def _proposal_discarded(case: Case, body: e.ProposalDiscarded, event: e.Event) -> None:
    case.proposals[body.assignment] = "discarded"


def _sources_changed(case: Case, body: e.SourcesChanged, event: e.Event) -> None:
    """What was lost and what moved is remembered; a case at work goes on with the quotations as they stand now."""
    moved = {one.was: one.now for one in body.rechecked if one.now is not None and one.now != one.was}
    for one in body.rechecked:
        if one.now == one.was:
            case.rechecked.pop(key_of(one), None)
        else:
            case.rechecked[key_of(one)] = one
    if case.released or case.status == "cancelled" or not moved:
        return
    case.findings = tuple(_with_moved(one, moved) for one in case.findings)
    case.rechecked = {key: one for key, one in case.rechecked.items() if one.was not in moved}
    for call, value in case.results.items():
        now = with_moved(value, moved)
        if now is not value:
            case.results[call] = now
            _ask_anew(case, call)


def _with_moved(finding: Finding, moved: dict[Quotation, Quotation]) -> Finding:
    quotations = tuple(moved.get(one, one) for one in finding.claim.quotations)
    return msgspec.structs.replace(finding, claim=msgspec.structs.replace(finding.claim, quotations=quotations))


FOLDED: dict[type, Callable[[Case, Any, e.Event], None]] = {
    e.ReportEdited: _report_edited,
    e.ProposalDiscarded: _proposal_discarded,
    e.SourcesChanged: _sources_changed,
}
"""Each kind of fact to what it makes of the state."""

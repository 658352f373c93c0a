"""The fold: what each event makes of a case's state. Every prefix of a log folds to a valid case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jihwi.case import events as e
from jihwi.case import fold_actions, fold_assignments, fold_case, fold_reports
from jihwi.case.fold_moves import ROOT, chain, place, union
from jihwi.case.state import Case

__all__ = ["ROOT", "apply", "chain", "fold", "place"]


def fold(case_id: str, log: Iterable[e.Event]) -> Case:
    """The state after `log`.

    >>> fold("c0", []).status
    'new'
    """
    case = Case(case_id)
    for event in log:
        apply(case, event)
    return case


def apply(case: Case, event: e.Event) -> None:
    """Take one more event into the state, in place."""
    case.seq, case.head, case.now_ms, body = event.seq, event.head, event.at_ms, event.body
    if event.labels:
        case.labels = union(case.labels, event.labels)
    if body is not None:
        _APPLY[type(body)](case, body, event)


_APPLY: dict[type, Callable[[Case, Any, e.Event], None]] = {
    **fold_case.FOLDED,
    **fold_assignments.FOLDED,
    **fold_actions.FOLDED,
    **fold_reports.FOLDED,
}

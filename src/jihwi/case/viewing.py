"""What a mind is shown for its next turn, and what is left of its budget."""

from __future__ import annotations

from jihwi.case.budget import UNLIMITED, Limits
from jihwi.case.fold import ROOT, chain
from jihwi.case.state import Assignment, Case
from jihwi.case.turn import View
from jihwi.evidence import classes_in

__all__ = ["budget_left", "request_of", "view_of"]


def budget_left(case: Case, assignment: Assignment) -> Limits:
    """What the assignment may still spend: the least along the way up to the root."""
    left = UNLIMITED
    if not assignment.parent and assignment.limits is UNLIMITED:
        return left
    for one in chain(case, assignment):
        limit = one.limits
        if limit is UNLIMITED:
            continue
        used = one.spent.plus(one.reserved)
        left = left.within(
            Limits(
                None if limit.tokens is None else max(0, limit.tokens - used.tokens),
                None if limit.micros is None else max(0, limit.micros - used.micros),
                None if limit.ms is None else max(0, limit.ms - used.ms),
                None if limit.turns is None else max(0, limit.turns - used.turns),
                None if limit.handoffs is None else max(0, limit.handoffs - used.handoffs),
                None if limit.depth is None else max(0, limit.depth + one.depth - assignment.depth),
            ),
        )
    return left


def request_of(case: Case, assignment: Assignment) -> str:
    """What was asked for where this work belongs: the case's request, or that of the follow-up it is part of."""
    root = assignment
    while root.parent:
        root = case.assignments[root.parent]
    return case.request if root.id == ROOT or root.aside else root.task


def view_of(case: Case, assignment_id: str) -> View:
    """What the mind of an assignment is shown for its next turn. Raises KeyError for an unknown assignment."""
    assignment = case.assignments[assignment_id]
    return View(
        case.id,
        assignment.id,
        assignment.seat,
        assignment.turn,
        case.agents[assignment.agent],
        assignment.mind,
        request_of(case, assignment),
        case.language,
        assignment.task,
        assignment.inputs,
        assignment.transcript.seen(),
        case.findings,
        budget_left(case, assignment),
        tuple(case.agents.values()),
        case.seq,
        assignment.prompt_seq,
        assignment.prompt_digest,
        not assignment.parent and not assignment.aside,
        classes_in(case.labels) if case.labels else (),
    )

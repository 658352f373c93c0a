"""A report changed by a person: where its sentences stand, what an edit makes of it, and the commands that say so.

An edit names the sentences it is about by what they say, as the person saw them; when they are no longer there, the
person is told instead of anybody's words being lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Literal, NoReturn

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import MindSpec
from jihwi.case.state import Case, next_root
from jihwi.case.turn import Release
from jihwi.case.turn import Report as Ended
from jihwi.errors import CommandRefused, PassageChanged
from jihwi.evidence import Report, Section, Sentence

__all__ = [
    "Edit",
    "after_edit",
    "discard_proposal",
    "edit_report",
    "is_edited",
    "known_by",
    "located",
    "part_of",
    "release_edited",
    "report_digest",
    "report_of",
    "sentence_key",
]


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants changed."""

    how: Literal["replace", "add", "remove", "move"]
    part: int
    """0: the answer; the sections from 1."""
    at: int
    """Where they saw the first of the sentences, from 0. add: where the new ones go."""
    keys: tuple[str, ...] = ()
    """`sentence_key` of the sentences they saw there. add: of the one before; empty at the top of a part."""
    now: tuple[Sentence, ...] = ()
    """replace, add: what is to stand there, each with the kind it can prove."""
    steps: Literal[-1, 1] = 1
    """move: one place up or down."""


def report_digest(value: Any) -> str:
    """The digest by which a report is released: of its JSON form.

    >>> report_digest({"a": 1})[:8]
    '015abd7f'
    """
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


def sentence_key(sentence: Sentence) -> str:
    """What a sentence is known by while it says what it says."""
    return hashlib.sha256(msgspec.json.encode(sentence, order="deterministic")).hexdigest()[:16]


def report_of(case: Case, call: str) -> Report | None:
    """The report a call has composed, as edited since; `None` when the call has no such result."""
    try:
        return msgspec.convert(case.results.get(call), Report)
    except msgspec.ValidationError:
        return None


def is_edited(case: Case) -> bool:
    """Whether the report that left last has been edited since."""
    value = case.results.get(case.released_call)
    return bool(case.released) and value is not None and report_digest(value) != case.released[-1]


def part_of(report: Report, part: int) -> tuple[Sentence, ...]:
    """The answer's sentences, or those of a section; empty when there is no such part."""
    if part == 0:
        return report.answer
    return report.sections[part - 1].sentences if 0 < part <= len(report.sections) else ()


def located(report: Report, part: int, at: int, keys: Sequence[str]) -> tuple[int, int] | None:
    """Where sentences with these keys stand one after another: where they were seen, or the only other place, unless
    one of them stood more than once (`known_by`): then a twin elsewhere is not what was seen."""
    plain = [key.rstrip("!") for key in keys]
    places = [
        (other, start)
        for other in range(len(report.sections) + 1)
        for start in range(len(part_of(report, other)) - len(keys) + 1)
        if [sentence_key(one) for one in part_of(report, other)[start : start + len(keys)]] == plain
    ]
    if (part, at) in places:
        return part, at
    return places[0] if len(places) == 1 and plain == list(keys) else None


def known_by(report: Report, part: int, at: int, count: int = 1) -> tuple[str, ...]:
    """The keys of sentences in their place; `!` follows the key of one that stands more than once in the report."""
    every = [sentence_key(one) for other in range(len(report.sections) + 1) for one in part_of(report, other)]
    keys = [sentence_key(one) for one in part_of(report, part)[at : at + count]]
    return tuple(f"{key}!" if every.count(key) > 1 else key for key in keys)


def after_edit(report: Report, body: e.ReportEdited) -> Report:
    """The report an edit makes of another."""
    cut = _spliced(report, body.part, body.at, len(body.was), () if body.how == "move" else body.now)
    return _spliced(cut, body.to_part, body.to_at, 0, body.was) if body.how == "move" else cut


def _spliced(report: Report, part: int, at: int, out: int, new: tuple[Sentence, ...]) -> Report:
    old = part_of(report, part)
    made = (*old[:at], *new, *old[at + out :])
    if part == 0:
        return msgspec.structs.replace(report, answer=made)
    section = msgspec.structs.replace(report.sections[part - 1], sentences=made)
    sections: tuple[Section, ...] = (*report.sections[: part - 1], section, *report.sections[part:])
    return msgspec.structs.replace(report, sections=sections)


# ── the commands ─────────────────────────────────────────────────────────────


def edit_report(case: Case, call: str, edit: Edit, *, by: str, proposal: str = "") -> list[e.Draft]:
    """Change a report by hand. Raises PassageChanged when its sentences are no longer what the person saw.

    A release of it that waits for an approval is asked anew, for the edited report.
    """
    report = _editable(case, call)
    if proposal:
        _waiting_proposal(case, proposal)
    if edit.how == "add" and not edit.keys:
        spot: tuple[int, int] | None = (edit.part, 0) if 0 <= edit.part <= len(report.sections) else None
    elif edit.how == "add":
        before = located(report, edit.part, edit.at - 1, edit.keys)
        spot = None if before is None else (before[0], before[1] + 1)
    else:
        spot = located(report, edit.part, edit.at, edit.keys) if edit.keys else None
    if spot is None:
        raise PassageChanged(case.id)
    part, at = spot
    was = () if edit.how == "add" else part_of(report, part)[at : at + len(edit.keys)]
    to_part, to_at = _moved(case, report, part, at, len(was), edit.steps) if edit.how == "move" else (0, 0)
    value = case.results[call]
    body = e.ReportEdited(call, report_digest(value), "", edit.how, part, at, was, edit.now, to_part, to_at, proposal)
    if was == edit.now:
        _refuse(case, "달라진 것이 없습니다.", "Nothing is different.")
    made = msgspec.to_builtins(after_edit(report, body))
    done = msgspec.structs.replace(body, after=report_digest(made))
    return [e.Draft(done, e.Author("person", by), labels=case.labels)]


def _moved(case: Case, report: Report, part: int, at: int, count: int, steps: int) -> tuple[int, int]:
    """One place up or down; past the end of a part, into the one before or after it."""
    left = len(part_of(report, part)) - count
    if 0 <= at + steps <= left:
        return part, at + steps
    if steps < 0 and part > 0:
        return part - 1, len(part_of(report, part - 1))
    if steps > 0 and part < len(report.sections):
        return part + 1, 0
    raise CommandRefused(case.id, "더 옮길 곳이 없습니다.", "There is nowhere further to move it.")


def discard_proposal(case: Case, assignment: str, *, by: str, words: str = "") -> list[e.Draft]:
    """Do not take what an assignment proposed for a passage."""
    _waiting_proposal(case, assignment)
    return [e.Draft(e.ProposalDiscarded(assignment, words), e.Author("person", by))]


def release_edited(case: Case, call: str, digest: str, *, by: str) -> list[e.Draft]:
    """Let an edited report leave the closed case on a person's word, as a release of its own beside the earlier ones.

    `digest` is that of the report as it was shown. The gate checks every sentence of it before it leaves.
    """
    _editable(case, call)
    if case.status != "closed":
        _refuse(case, "사건이 끝난 뒤에 내보낼 수 있습니다.", "It can be released once the case has ended.")
    if report_digest(case.results[call]) != digest:
        raise PassageChanged(case.id)
    if case.released[-1:] == [digest]:
        _refuse(case, "이미 내보낸 보고서입니다.", "This report has been released already.")
    agent, root, author = case.assignments[case.course].handoffs[0], next_root(case), e.Author("person", by)
    task = "고친 보고서를 내보냅니다" if case.language == "ko" else "Release the edited report"
    mind = MindSpec("person", by)
    actions = (Release(call), Ended("done"))
    bodies: list[e.Body] = [
        e.CaseReopened(),
        e.AssignmentOpened(root, agent, task, aside=True),
        e.SeatChanged(root, 2, "take", agent, mind),
        e.TurnStarted(root, 2, 1, 1, mind, case.seq),
        e.TurnFinished(root, 2, 1, "", actions),
    ]
    return [e.Draft(body, author) for body in bodies]


def _editable(case: Case, call: str) -> Report:
    report = report_of(case, call)
    if report is None:
        _refuse(case, "고칠 보고서가 없습니다.", "There is no report to edit.")
    if case.status == "cancelled":
        _refuse(case, "취소된 사건입니다.", "The case was cancelled.")
    for assignment_id in case.open_ids:
        for action in case.assignments[assignment_id].actions:
            if isinstance(action.action, Release) and action.action.call == call and action.status == "running":
                _refuse(case, "지금 내보내는 중입니다.", "It is being released just now.")
    return report


def _waiting_proposal(case: Case, assignment_id: str) -> None:
    assignment = case.assignments.get(assignment_id)
    if assignment is None or not assignment.aside or assignment.open or assignment_id in case.proposals:
        _refuse(case, "기다리는 제안이 아닙니다.", "No such proposal waits.")


def _refuse(case: Case, ko: str, en: str) -> NoReturn:
    raise CommandRefused(case.id, ko, en)

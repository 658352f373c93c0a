"""A report in a person's hands: what each sentence is known by, what it lacks, its proposals, and what was changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec

from jihwi.case.events import AssignmentOpened, ReportEdited
from jihwi.case.recorded import in_words
from jihwi.case.revision import Edit, known_by, located, part_of, report_of, sentence_key
from jihwi.case.state import Assignment, Case
from jihwi.console.cases import Kept
from jihwi.console.passage_words import say_note
from jihwi.console.shown_report import AsReader, Source, source_of
from jihwi.evidence import Quotation, Reading, Report, Sentence, Viewer, derive_text, lacking
from jihwi.library import Library
from jihwi.reports import CheckedReport, pass_gate
from jihwi.reports.gate import CheckedSentence
from jihwi.skills.revising import Proposed
from jihwi.words import Language

__all__ = [
    "ASKS",
    "Change",
    "Handle",
    "Proposal",
    "changes_of",
    "derived",
    "handles_of",
    "offered",
    "proposals_of",
    "sentences_of",
    "stands",
    "successor",
    "undoing",
]

Ask = Literal["check", "shorten", "evidence", "reword"]
ASKS: tuple[Ask, ...] = ("check", "shorten", "evidence", "reword")


class Handle(msgspec.Struct, frozen=True):
    """What a sentence of a report is known by, and what its quotations do not say."""

    number: int
    """From 1: the answer's sentences, then each section's."""
    part: int
    at: int
    key: str
    lacks: tuple[str, ...] = ()


class Proposal(msgspec.Struct, frozen=True):
    """What was asked of a passage, and what came of it."""

    assignment: str
    ask: str
    by: str
    at_ms: int
    state: Literal["working", "waits", "nothing", "failed", "stale", "withheld"]
    """nothing: there is nothing to change. stale: the passage is no longer there. withheld: the reader may not see
    it."""
    after: int
    """Number of the sentence it stands below; 0 when that is gone."""
    old: tuple[str, ...] = ()
    sentences: tuple[CheckedSentence, ...] = ()
    sources: tuple[Source, ...] = ()
    nearest: tuple[int, ...] = ()
    """Which sources are only near."""
    notes: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True):
    """One edit of a report, as its history tells it."""

    event: int
    at_ms: int
    by: str
    how: str
    was: tuple[Sentence, ...]
    now: tuple[Sentence, ...]
    proposal: str
    undoable: bool


def handles_of(report: Report) -> tuple[Handle, ...]:
    """Every sentence of a report in reading order."""
    found: list[Handle] = []
    for part in range(len(report.sections) + 1):
        for at, one in enumerate(part_of(report, part)):
            missing = lacking(one.text, one.quotations) if one.kind == "marked" else ()
            found.append(Handle(len(found) + 1, part, at, known_by(report, part, at)[0], missing))
    return tuple(found)


def sentences_of(report: Report, part: int, at: int, keys: Sequence[str]) -> tuple[int, int, tuple[Sentence, ...]]:
    """Where a passage stands now, and its sentences; none when it is no longer there."""
    spot = located(report, part, at, keys) if keys else None
    if spot is None:
        return part, at, ()
    return *spot, part_of(report, spot[0])[spot[1] : spot[1] + len(keys)]


# ── what somebody writes ─────────────────────────────────────────────────────


async def derived(
    library: Library, case: Case, text: str, old: Sequence[Sentence], report: Report
) -> tuple[Sentence, ...]:
    """The sentences of a text that takes a passage's place, each with the kind it can prove, as the case's requester
    may see the documents."""
    viewer = Viewer(case.requester, case.viewer_labels)
    others = _quotations(report)

    def work() -> tuple[Sentence, ...]:
        wanted = [*(q for one in old for q in one.quotations), *others]
        readings = _readings(library, viewer, wanted)
        return derive_text(text, old, others, readings, _recorded(case, report.language))

    return await asyncio.to_thread(work)


def _quotations(report: Report) -> tuple[Quotation, ...]:
    """Every quotation of a report, each once."""
    parts = (part_of(report, part) for part in range(len(report.sections) + 1))
    return tuple(dict.fromkeys(q for part in parts for one in part for q in one.quotations))


def _readings(library: Library, viewer: Viewer, quotations: Sequence[Quotation]) -> dict[str, Reading]:
    found = {one.reading: library.reading(one.reading, viewer) for one in quotations}
    return {digest: reading for digest, reading in found.items() if reading is not None}


def _recorded(case: Case, language: str) -> dict[int, str]:
    return {one.event: in_words(one, language) for one in case.recorded}


async def stands(library: Library, case: Case, report: Report, sentences: Sequence[Sentence]) -> bool:
    """Whether sentences would pass the gate as the case's requester: each is what its kind says."""
    viewer = Viewer(case.requester, case.viewer_labels)
    small = Report(report.request, report.language, tuple(sentences))
    found = await asyncio.to_thread(pass_gate, small, AsReader(library), viewer, recorded=case.recorded)
    return isinstance(found, CheckedReport)


# ── what others changed ──────────────────────────────────────────────────────


class Successor(msgspec.Struct, frozen=True):
    """What has become of a passage: who changed it last, when, where, and what stands there now."""

    by: str
    at_ms: int
    part: int
    at: int
    keys: tuple[str, ...]


def successor(kept: Kept, call: str, keys: Sequence[str]) -> Successor | None:
    """What edits have made of sentences that are no longer there; `None` when no edit was about them."""
    found: Successor | None = None
    current = {key.rstrip("!") for key in keys}
    for event in kept.events:
        body = event.body
        if not isinstance(body, ReportEdited) or body.call != call or body.how == "move":
            continue
        if current & {sentence_key(one) for one in body.was}:
            made = tuple(sentence_key(one) for one in body.now)
            current = set(made)
            found = Successor(event.author.id, event.at_ms, body.part, body.at, made)
    return found


def changes_of(kept: Kept, call: str, viewer: Viewer) -> tuple[Change, ...]:
    """The edits of a report, newest first, as far as the reader may see them."""
    report = report_of(kept.case, call)
    found = [
        Change(
            event.seq,
            event.at_ms,
            event.author.id,
            body.how,
            body.was,
            body.now,
            body.proposal,
            report is not None and undoing(report, body) is not None,
        )
        for event in kept.events
        if isinstance(body := event.body, ReportEdited) and body.call == call and viewer.may_see(event.labels)
    ]
    return tuple(reversed(found))


def undoing(report: Report, body: ReportEdited) -> Edit | None:
    """The edit that puts back what another one changed; `None` when what it made is no longer there."""
    keys = tuple(sentence_key(one) for one in body.now)
    if body.how == "move":
        return None
    if body.how == "remove":
        part, at = body.part, min(body.at, len(part_of(report, body.part)))
        before = part_of(report, part)[at - 1 : at] if at else ()
        return Edit(how="add", part=part, at=at, keys=tuple(map(sentence_key, before)), now=body.was)
    spot = located(report, body.part, body.at, keys)
    if spot is None:
        return None
    if body.how == "add":
        return Edit(how="remove", part=spot[0], at=spot[1], keys=keys)
    return Edit(how="replace", part=spot[0], at=spot[1], keys=keys, now=body.was)


# ── what was asked ───────────────────────────────────────────────────────────


class _Asked(msgspec.Struct, frozen=True):
    """What the assignment was given (`jihwi.skills.revising.Passage`), and where it stood."""

    ask: Ask
    call: str
    part: int
    at: int
    keys: tuple[str, ...]
    passage: tuple[Sentence, ...]


def asked_of(assignment: Assignment) -> _Asked | None:
    """What was asked of a passage, when that is what the assignment is for."""
    try:
        return msgspec.convert(assignment.inputs, _Asked) if assignment.aside else None
    except msgspec.ValidationError:
        return None


def offered(case: Case, assignment: str) -> tuple[_Asked, Proposed] | None:
    """What an assignment proposes for a passage: the newest of its results that is a proposal."""
    held = case.assignments.get(assignment)
    asked = asked_of(held) if held is not None else None
    if asked is None:
        return None
    for place in reversed(case.results):
        if place.startswith(f"{assignment}/"):
            try:
                return asked, msgspec.convert(case.results[place], Proposed)
            except msgspec.ValidationError:
                continue
    return None


async def proposals_of(
    library: Library, kept: Kept, call: str, viewer: Viewer, language: Language
) -> tuple[Proposal, ...]:
    """The requests about passages of a report that are under way or wait for a person, oldest first."""
    case, report = kept.case, report_of(kept.case, call)
    if report is None:
        return ()
    opened = {
        event.body.assignment: (event.author.id, event.at_ms)
        for event in kept.events
        if isinstance(event.body, AssignmentOpened) and event.body.aside
    }
    asked = [(one, of) for one in case.assignments.values() if (of := asked_of(one)) is not None and of.call == call]
    waiting = [(one, of) for one, of in asked if one.id not in case.proposals and one.id in opened]

    def work() -> tuple[Proposal, ...]:
        return tuple(_shown(library, case, report, one, of, opened[one.id], viewer, language) for one, of in waiting)

    return await asyncio.to_thread(work)


def _shown(
    library: Library,
    case: Case,
    report: Report,
    one: Assignment,
    asked: _Asked,
    opened: tuple[str, int],
    viewer: Viewer,
    language: Language,
) -> Proposal:
    part, at, now = sentences_of(report, asked.part, asked.at, asked.keys)
    numbers = {(handle.part, handle.at): handle.number for handle in handles_of(report)}
    after = numbers[part, at + len(now) - 1] if now else 0
    made = Proposal(one.id, asked.ask, *opened, "working", after, tuple(s.text for s in asked.passage))
    if not viewer.may_see(one.labels):
        return msgspec.structs.replace(made, state="withheld", old=())
    if one.open:
        return made
    found = offered(case, one.id)
    if found is None:
        said = one.report.text if one.report is not None else ""
        return msgspec.structs.replace(made, state="failed", notes=(said,) if said else ())
    return _compared(library, case, made, asked, found[1], viewer, language)


def _compared(
    library: Library,
    case: Case,
    made: Proposal,
    asked: _Asked,
    proposed: Proposed,
    viewer: Viewer,
    language: Language,
) -> Proposal:
    """The proposal as it would pass the gate, its sources numbered by themselves."""
    notes = tuple(say_note(note, language) for note in proposed.notes)
    near = tuple(Sentence(q.text, "quoted", (q,)) for q in proposed.nearest)
    small = Report("", language, (*proposed.sentences, *near))
    checked = pass_gate(small, AsReader(library), viewer, recorded=case.recorded)
    if not isinstance(checked, CheckedReport):
        return msgspec.structs.replace(made, state="withheld" if checked.reason.code == "release_labels" else "stale")
    count = len(proposed.sentences)
    state: Literal["waits", "nothing", "stale"] = "waits"
    if proposed.sentences == asked.passage:
        state = "nothing"
    elif not made.after:
        state = "stale"
    return msgspec.structs.replace(
        made,
        state=state,
        sentences=checked.answer[:count],
        sources=tuple(source_of(one) for one in checked.citations),
        nearest=tuple(n for one in checked.answer[count:] for n in one.cites),
        notes=notes,
    )

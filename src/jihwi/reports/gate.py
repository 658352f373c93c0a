"""The gate of law 8: every sentence of a report is checked again, against the stored readings, before it leaves.

What comes out is a `CheckedReport`, whose citations only `check` can have made; the renderers take nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from jihwi.case.assignment import Reason
from jihwi.case.recorded import Recorded, in_words
from jihwi.errors import FormulaInvalid
from jihwi.evidence import (
    CheckedCitation,
    Claim,
    Quotation,
    Reading,
    Report,
    Sentence,
    SentenceKind,
    Unreadable,
    Verbatim,
    Viewer,
    check,
    compute,
    supported,
)

__all__ = [
    "CheckedContradiction",
    "CheckedNotFound",
    "CheckedReport",
    "CheckedSection",
    "CheckedSentence",
    "Cited",
    "Readings",
    "Refused",
    "Shown",
    "pass_gate",
]

CONTEXT = 80
"""Code points of context shown before and after a quotation."""


class Shown(msgspec.Struct, frozen=True):
    """What a viewer is told of a document."""

    path: str
    title: str
    labels: tuple[str, ...]


class Readings(Protocol):
    """Where the gate looks things up, as the viewer: what they may not see does not exist."""

    def reading(self, digest: str, viewer: Viewer) -> Reading | None: ...

    def shown(self, document_id: str, viewer: Viewer) -> Shown | None: ...


class Refused(msgspec.Struct, frozen=True):
    """Nothing leaves: why, and because of which sentences."""

    reason: Reason
    sentences: tuple[str, ...] = ()


class Cited(msgspec.Struct, frozen=True):
    """A numbered citation with what stands around it."""

    number: int
    citation: CheckedCitation
    path: str
    title: str
    labels: tuple[str, ...]
    before: str
    after: str
    headings: tuple[str, ...]
    section: str
    block_kind: str


class CheckedSentence(msgspec.Struct, frozen=True):
    """A sentence with its kind and the numbers of its citations."""

    text: str
    kind: SentenceKind
    cites: tuple[int, ...] = ()
    formula: str = ""
    result: str = ""
    events: tuple[int, ...] = ()


class CheckedSection(msgspec.Struct, frozen=True):
    """A titled part."""

    title: str
    sentences: tuple[CheckedSentence, ...]


class CheckedContradiction(msgspec.Struct, frozen=True):
    """What documents say differently: for each side its value and its citation's number."""

    topic: str
    kind: str
    sides: tuple[tuple[str, int], ...]


class CheckedNotFound(msgspec.Struct, frozen=True):
    """A question without an answer, and the nearest passages."""

    question: str
    nearest: tuple[int, ...] = ()


class CheckedReport(msgspec.Struct, frozen=True):
    """A report that may leave."""

    request: str
    language: str
    answer: tuple[CheckedSentence, ...]
    sections: tuple[CheckedSection, ...]
    contradictions: tuple[CheckedContradiction, ...]
    not_found: tuple[CheckedNotFound, ...]
    unreadable: tuple[Unreadable, ...]
    citations: tuple[Cited, ...]
    labels: tuple[str, ...]
    """The union of the labels of what it cites and of the files it names as unreadable."""

    def kinds(self) -> dict[str, int]:
        """How many sentences of each kind it has."""
        counts: dict[str, int] = {}
        for sentence in (*self.answer, *(s for section in self.sections for s in section.sentences)):
            counts[sentence.kind] = counts.get(sentence.kind, 0) + 1
        return dict(sorted(counts.items()))


def pass_gate(
    report: Report, readings: Readings, viewer: Viewer, *, recorded: Iterable[Recorded]
) -> CheckedReport | Refused:
    """The report as it may leave, or why it may not.

    Every quotation is checked verbatim against its reading as the viewer may see it; every sentence must be what
    its kind says: the words of a quotation, supported by rule, computed again to the same result, the words of an
    event in `recorded` (what the case's log holds), or marked.
    """
    gate = _Gate(readings, viewer, {one.event: in_words(one, report.language) for one in recorded})
    answer = gate.sentences(report.answer)
    sections = tuple(CheckedSection(one.title, gate.sentences(one.sentences)) for one in report.sections)
    contradictions = tuple(
        CheckedContradiction(
            one.topic,
            one.kind,
            tuple((value, gate.side(side)) for value, side in zip(one.values, one.sides, strict=True)),
        )
        for one in report.contradictions
    )
    not_found = tuple(
        CheckedNotFound(one.question, tuple(gate.side(claim) for claim in one.nearest)) for one in report.not_found
    )
    gate.hidden = gate.hidden or not all(viewer.may_see(one.labels) for one in report.unreadable)
    if gate.failed or gate.hidden:
        code = "release_labels" if gate.hidden else "release_unsupported"
        return Refused(Reason(code), tuple(gate.failed))
    borne = [*(one.labels for one in gate.cited), *(one.labels for one in report.unreadable)]
    labels = sorted({label for one in borne for label in one})
    return CheckedReport(
        report.request,
        report.language,
        answer,
        sections,
        contradictions,
        not_found,
        report.unreadable,
        tuple(gate.cited),
        tuple(labels),
    )


class _Gate:
    """Numbers citations as they first appear and gathers every sentence that fails."""

    def __init__(self, readings: Readings, viewer: Viewer, recorded: dict[int, str]) -> None:
        self._readings = readings
        self._viewer = viewer
        self._recorded = recorded
        self._known: dict[str, Reading | None] = {}
        self._numbers: dict[tuple[str, str, int, int], int] = {}
        self.cited: list[Cited] = []
        self.failed: list[str] = []
        self.hidden = False

    def sentences(self, sentences: tuple[Sentence, ...]) -> tuple[CheckedSentence, ...]:
        return tuple(one for one in (self._sentence(s) for s in sentences) if one is not None)

    def _sentence(self, sentence: Sentence) -> CheckedSentence | None:
        cites = [self._cite(q) for q in sentence.quotations]
        numbers = tuple(n for n in cites if n)
        if len(numbers) != len(cites) or not self._is_what_it_says(sentence, numbers):
            self.failed.append(sentence.text)
            return None
        return CheckedSentence(
            sentence.text, sentence.kind, numbers, sentence.formula, sentence.result, sentence.events
        )

    def side(self, claim: Claim) -> int:
        """The number of a claim's first citation; a failure is remembered."""
        number = self._cite(claim.quotations[0]) if claim.quotations else 0
        if not number:
            self.failed.append(claim.text)
        return number

    def _is_what_it_says(self, sentence: Sentence, numbers: tuple[int, ...]) -> bool:
        words = [self.cited[n - 1].citation.text for n in numbers]
        match sentence.kind:
            case "quoted":
                return any(_same_words(sentence.text, one) for one in words)
            case "supported":
                return bool(words) and supported(sentence.text, words).holds
            case "computed":
                return bool(words) and _result_of(sentence.formula, words) == sentence.result
            case "of_the_case":
                return len(sentence.events) == 1 and self._recorded.get(sentence.events[0]) == sentence.text
            case "marked":
                return True

    def _cite(self, quotation: Quotation) -> int:
        reading = self._reading(quotation.reading)
        shown = self._readings.shown(quotation.document_id, self._viewer)
        if reading is None or shown is None:
            self.hidden = True
            return 0
        verdict = check(quotation, reading, quotation.reading)
        if not isinstance(verdict, Verbatim):
            return 0
        citation = verdict.citation
        key = (citation.document_id, citation.reading, citation.start, citation.end)
        if key not in self._numbers:
            self._numbers[key] = len(self.cited) + 1
            self.cited.append(_cited(len(self.cited) + 1, citation, reading, shown))
        return self._numbers[key]

    def _reading(self, digest: str) -> Reading | None:
        if digest not in self._known:
            self._known[digest] = self._readings.reading(digest, self._viewer)
        return self._known[digest]


def _result_of(formula: str, words: list[str]) -> str | None:
    try:
        return compute(formula, words).result
    except FormulaInvalid:
        return None


def _same_words(one: str, other: str) -> bool:
    return " ".join(one.split()) == " ".join(other.split())


def _cited(number: int, citation: CheckedCitation, reading: Reading, shown: Shown) -> Cited:
    block = reading.blocks[citation.block] if 0 <= citation.block < len(reading.blocks) else None
    first = max(0, citation.start - CONTEXT)
    last = min(len(reading.text), citation.end + CONTEXT)
    before, after = reading.text[first : citation.start], reading.text[citation.end : last]
    return Cited(
        number,
        citation,
        shown.path,
        shown.title,
        shown.labels,
        ("…" if first else "") + before,
        after + ("…" if last < len(reading.text) else ""),
        _headings(reading, citation.block),
        block.section if block else "",
        block.kind if block else "",
    )


def _headings(reading: Reading, index: int) -> tuple[str, ...]:
    """The path of headings a block stands under, outermost first."""
    path: list[str] = []
    level = 10
    for i in range(index, -1, -1):
        block = reading.blocks[i]
        if block.kind == "heading" and block.level < level:
            level = block.level
            path.append(" ".join(reading.block_text(i).split()))
    return tuple(reversed(path))

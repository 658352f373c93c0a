"""What a case cites, compared with its sources as they are now: moved by its words where they still stand, else lost.

The released report of a case is as it left; what is told beside it is which of its sentences still stand, and where.
In a case that is at work the findings and drafts go on with the quotations as they stand now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case.revision import report_of
from jihwi.case.state import Case
from jihwi.evidence import Altered, Quotation, Reading, Rechecked, Report, Sentence, Verbatim, check, reanchor
from jihwi.words import Language, fill

__all__ = [
    "MOST",
    "Present",
    "key_of",
    "lost_in",
    "moved_in",
    "quotations_of",
    "recheck",
    "say_rechecked",
    "with_moved",
]

MOST = 2_000
"""Quotations of one case that are looked at; a report has some dozen."""


class Present(msgspec.Struct, frozen=True):
    """The file a quotation came from, as it is now."""

    document_id: str
    """Another one when the file was moved."""
    reading: str
    """Digest of its present reading; empty when it gives no text."""
    labels: tuple[str, ...] = ()


Look = Callable[[Quotation], Present | None]
"""Where a quotation's file is now, as the case's requester sees it; None when it is gone."""
Read = Callable[[str], Reading | None]


def key_of(one: Rechecked) -> str:
    """What a quotation in its place is known by."""
    return f"{one.sentence}/{one.finding}/{one.was.document_id}/{one.was.reading}/{one.was.start}/{one.was.end}"


def quotations_of(case: Case) -> Iterator[Rechecked]:
    """Every quotation a case stands on: its released report's, by sentence, or while none has left its findings'."""
    report = report_of(case, case.released_call) if case.released else None
    if report is None:
        for finding in case.findings:
            for quotation in finding.claim.quotations:
                yield Rechecked(quotation, finding=finding.number, text=finding.claim.text)
        return
    sentences = [*report.answer, *(one for section in report.sections for one in section.sentences)]
    for number, sentence in enumerate(sentences, 1):
        for quotation in sentence.quotations:
            yield Rechecked(quotation, sentence=number, text=sentence.text)
    for contradiction in report.contradictions:
        for side in contradiction.sides:
            for quotation in side.quotations:
                yield Rechecked(quotation, text=side.text)


def recheck(case: Case, look: Look, read: Read) -> list[e.Draft]:
    """The fact that says what became of the quotations whose sources have changed since they were last compared;
    nothing when all is as it was told."""
    readings: dict[str, Reading | None] = {}
    news: list[Rechecked] = []
    labels = set(case.labels)
    for number, one in enumerate(quotations_of(case)):
        if number == MOST:
            break
        present = look(one.was)
        told = case.rechecked.get(key_of(one))
        if present is not None and (present.document_id, present.reading) == (one.was.document_id, one.was.reading):
            if told is not None:
                news.append(msgspec.structs.replace(one, now=one.was, at=present.reading))
            continue
        found = _compared(one, present, told, readings, read)
        if found != told:
            news.append(found)
            labels.update(present.labels if present is not None else ())
    if not news:
        return []
    digest = case.released[-1] if case.released else ""
    return [e.Draft(e.SourcesChanged(digest, tuple(news)), e.SYSTEM, labels=tuple(sorted(labels)))]


def _compared(
    one: Rechecked, present: Present | None, told: Rechecked | None, readings: dict[str, Reading | None], read: Read
) -> Rechecked:
    """What became of one quotation; what was compared with this very reading before is not compared again."""
    if present is None:
        return msgspec.structs.replace(one, why="gone")
    if told is not None and told.at == present.reading and told.at:
        where = told.now.document_id if told.now is not None else present.document_id
        if where == present.document_id:
            return told
    if present.reading not in readings:
        readings[present.reading] = read(present.reading) if present.reading else None
    reading = readings[present.reading]
    if reading is None:
        return msgspec.structs.replace(one, why="unreadable")
    now = _moved(one.was, reading, present.reading)
    compared = msgspec.structs.replace(one, at=present.reading)
    if now is None:
        return msgspec.structs.replace(compared, why="missing")
    now = msgspec.structs.replace(now, document_id=present.document_id)
    verdict = check(now, reading, present.reading)
    if isinstance(verdict, Verbatim):
        return msgspec.structs.replace(compared, now=now)
    if isinstance(verdict, Altered):
        return msgspec.structs.replace(compared, why="altered", stands=verdict.stands)
    return msgspec.structs.replace(compared, why="missing")


def _moved(was: Quotation, reading: Reading, digest: str) -> Quotation | None:
    """Where the words stand now; words that stand once, letter for letter, need no search."""
    at = reading.text.find(was.text) if was.text else -1
    if at >= 0 and reading.text.find(was.text, at + 1) < 0:
        return Quotation(was.document_id, reading.source, digest, was.text, at, at + len(was.text))
    return reanchor(was, reading, digest)


# ── what it makes of a state ─────────────────────────────────────────────────


def lost_in(case: Case) -> tuple[Rechecked, ...]:
    """The quotations whose words are no longer there."""
    return tuple(one for one in case.rechecked.values() if one.now is None)


def moved_in(case: Case) -> tuple[Rechecked, ...]:
    """Those whose words stand elsewhere now."""
    return tuple(one for one in case.rechecked.values() if one.now is not None)


_PLACES = {"sentence": ("문장 {n}", "Sentence {n}"), "finding": ("발견 {n}", "Finding {n}")}
_LOST = {
    "altered": ("근거의 말이 바뀌었습니다. 지금은 ‘{stands}’", "the words of its source were changed: now “{stands}”"),
    "missing": ("근거의 말이 그 문서에 더는 없습니다", "its words are no longer in the document"),
    "unreadable": ("근거 문서를 이제 읽을 수 없습니다", "its document can no longer be read"),
    "gone": ("근거 문서가 없어졌습니다", "its document is gone"),
}


def say_rechecked(one: Rechecked, language: Language, path: str = "") -> str:
    """What became of a quotation, in a line; `path` names the file it stands in now.

    >>> say_rechecked(Rechecked(Quotation("d1", "s", "r", "이틀"), sentence=2, why="gone"), "en")
    'Sentence 2: its document is gone (“이틀”)'
    """
    ko = language == "ko"
    kind = "sentence" if one.sentence else "finding" if one.finding else ""
    at = (
        fill(_PLACES[kind][0 if ko else 1], {"n": one.sentence or one.finding})
        if kind
        else ("어긋나는 곳" if ko else "A contradiction")
    )
    words = " ".join(one.was.text.split())[:120]
    if one.now is None:
        said = fill(_LOST[one.why or "missing"][0 if ko else 1], {"stands": " ".join(one.stands.split())[:160]})
    else:
        where = f"{path or one.now.document_id}, {one.now.start}–{one.now.end}"
        said = f"같은 말이 이제 {where}에 있습니다" if ko else f"the same words stand at {where} now"
    return f"{at}: {said} (“{words}”)"


def with_moved(value: Any, moved: dict[Quotation, Quotation]) -> Any:
    """A report's JSON form with quotations as they stand now; the same value when none of them is in it.

    >>> with_moved({"text": "no report"}, {})
    {'text': 'no report'}
    """
    try:
        report = msgspec.convert(value, Report)
    except msgspec.ValidationError:
        return value
    changed = msgspec.structs.replace(
        report,
        answer=tuple(_sentence(one, moved) for one in report.answer),
        sections=tuple(
            msgspec.structs.replace(one, sentences=tuple(_sentence(s, moved) for s in one.sentences))
            for one in report.sections
        ),
        contradictions=tuple(
            msgspec.structs.replace(
                one,
                sides=tuple(
                    msgspec.structs.replace(side, quotations=tuple(moved.get(q, q) for q in side.quotations))
                    for side in one.sides
                ),
            )
            for one in report.contradictions
        ),
    )
    return value if changed == report else msgspec.to_builtins(changed)


def _sentence(sentence: Sentence, moved: dict[Quotation, Quotation]) -> Sentence:
    return msgspec.structs.replace(sentence, quotations=tuple(moved.get(q, q) for q in sentence.quotations))

"""What a sentence that somebody has written can prove: its kind, found by rule from the readings it may stand on.

The writer says words; whether they are a document's words, are borne out by them, or are the writer's own is not the
writer's to say. The same rules hold for a person's edit and for what an agent proposes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jihwi.errors import FormulaInvalid
from jihwi.evidence.check import CheckedCitation, Verbatim, check, quoted_sentences
from jihwi.evidence.citation import Quotation
from jihwi.evidence.claim import Sentence
from jihwi.evidence.compute import compute
from jihwi.evidence.reading import Reading
from jihwi.evidence.sentences import sentence_spans
from jihwi.evidence.support import supported

__all__ = ["derive", "derive_text", "lacking", "whole_sentence"]

_MARKS = ("“”", "‘’", '""', "''", "「」", "『』")


def derive_text(
    text: str,
    old: Sequence[Sentence],
    others: Sequence[Quotation],
    readings: Mapping[str, Reading],
    recorded: Mapping[int, str] | None = None,
) -> tuple[Sentence, ...]:
    """The sentences of a text that takes the place of `old`, each with the kind it can prove.

    One sentence each, but for a text that is a quotation as a whole. `others` are quotations it may stand on besides
    those of `old`; `readings` are by digest, and what is not among them cannot be stood on. `recorded` is what a
    sentence of the case may say, by event.
    """
    text = " ".join(text.split())
    if not text:
        return ()
    whole = derive(text, old, others, readings, recorded)
    spans = sentence_spans(text)
    if whole.kind in ("quoted", "of_the_case", "computed") or len(spans) < 2:
        return (whole,)
    return tuple(derive(text[start:end].strip(), old, others, readings, recorded) for start, end in spans)


def derive(
    text: str,
    old: Sequence[Sentence],
    others: Sequence[Quotation],
    readings: Mapping[str, Reading],
    recorded: Mapping[int, str] | None = None,
) -> Sentence:
    """One sentence with the kind it can prove.

    >>> derive("참고 바랍니다.", (), (), {}).kind
    'marked'
    """
    own = [one for sentence in old for one in sentence.quotations]
    standing = _standing(own, readings)
    events = [n for sentence in old for n in sentence.events if (recorded or {}).get(n) == text]
    if events:
        return Sentence(text, "of_the_case", events=(events[0],))
    also = _standing([one for one in others if one not in own], readings)
    quoted = _quoted(text, [*standing, *also], readings)
    if quoted is not None:
        return quoted
    for sentence in old:
        made = _computed(text, sentence, readings)
        if made is not None:
            return made
    for group in _groups(standing, also):
        if _bears(text, group, readings):
            return Sentence(text, "supported", tuple(one.quotation() for one in group))
    return Sentence(text, "marked", tuple(one.quotation() for one in standing))


def lacking(text: str, quotations: Sequence[Quotation]) -> tuple[str, ...]:
    """What a sentence says that its quotations do not; empty when it has none to be held against."""
    return supported(text, [one.text for one in quotations]).missing if quotations else ()


def whole_sentence(quotation: Quotation, readings: Mapping[str, Reading]) -> Sentence | None:
    """The sentence of the document that a quotation stands in, in the document's words; `None` when it is lost."""
    for one in _standing([quotation], readings):
        reading = readings[one.reading]
        text = quoted_sentences(one, reading).strip()
        start = max(0, reading.text.find(text, max(0, one.start - len(text)), one.end + len(text)))
        verdict = check(Quotation(one.document_id, one.source, one.reading, text, start), reading, one.reading)
        if isinstance(verdict, Verbatim):
            return Sentence(verdict.citation.text, "quoted", (verdict.citation.quotation(),))
    return None


def _standing(quotations: Sequence[Quotation], readings: Mapping[str, Reading]) -> list[CheckedCitation]:
    """The quotations whose words stand in their readings, checked anew, each once."""
    found: dict[Quotation, CheckedCitation] = {}
    for one in quotations:
        reading = readings.get(one.reading)
        verdict = check(one, reading, one.reading) if reading is not None and one not in found else None
        if isinstance(verdict, Verbatim):
            found[one] = verdict.citation
    return list(found.values())


def _quoted(text: str, standing: Sequence[CheckedCitation], readings: Mapping[str, Reading]) -> Sentence | None:
    """The text as a document's words: those of a quotation, or others that stand in one of the readings and say by
    themselves what they say in their sentence."""
    for words in _unmarked(text):
        for one in standing:
            if " ".join(one.text.split()) == words:
                return Sentence(one.text, "quoted", (one.quotation(),))
        for one in standing:
            reading = readings[one.reading]
            wanted = Quotation(one.document_id, one.source, one.reading, words, one.start)
            verdict = check(wanted, reading, one.reading)
            if isinstance(verdict, Verbatim) and supported(words, [quoted_sentences(verdict.citation, reading)]).holds:
                return Sentence(verdict.citation.text, "quoted", (verdict.citation.quotation(),))
    return None


def _unmarked(text: str) -> Iterator[str]:
    yield text
    for pair in _MARKS:
        if len(text) > 2 and text[0] == pair[0] and text[-1] == pair[1]:
            yield text[1:-1].strip()


def _computed(text: str, old: Sentence, readings: Mapping[str, Reading]) -> Sentence | None:
    """A sum stays one while its result is in it, its operands stand, and it says no figure that is neither."""
    if old.kind != "computed" or old.result not in text:
        return None
    standing = _standing(old.quotations, readings)
    words = [one.text for one in standing]
    try:
        same = len(standing) == len(old.quotations) and compute(old.formula, words).result == old.result
    except FormulaInvalid:
        return None
    if not same or not supported(text, [old.text, *words]).holds:
        return None
    return Sentence(text, "computed", tuple(one.quotation() for one in standing), old.formula, old.result)


def _groups(own: list[CheckedCitation], also: list[CheckedCitation]) -> Iterator[list[CheckedCitation]]:
    """What a sentence may stand on, the least first: one of its own, all of them, then one of the others."""
    yield from ([one] for one in own)
    if len(own) > 1:
        yield own
    yield from ([one] for one in also)


def _bears(text: str, group: Sequence[CheckedCitation], readings: Mapping[str, Reading]) -> bool:
    """Whether quotations bear a text out, as they were cut and in their whole sentences."""
    if not group or not supported(text, [one.text for one in group]).holds:
        return False
    return supported(text, [quoted_sentences(one, readings[one.reading]) for one in group]).holds

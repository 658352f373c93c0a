"""The check of a quotation against a reading: the only maker of a checked citation.

Three answers, and no other: the words stand there (`Verbatim`), they stand there otherwise (`Altered`, with the
difference), or they do not (`Absent`). Only the differences of writing listed in `folding` are forgiven, and each
one forgiven is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import InitVar, dataclass
from typing import Literal, NoReturn, Self, final

import msgspec

from jihwi.evidence.citation import Quotation
from jihwi.evidence.folding import Folded, Normalisation, fold, normalisations_between, whole_characters
from jihwi.evidence.reading import Box, Reading
from jihwi.evidence.reanchor import Difference, differences, nearest_passage
from jihwi.evidence.sentences import sentence_spans

__all__ = ["Absent", "Altered", "CheckedCitation", "Verbatim", "Verdict", "check", "quoted_sentences"]


class _Seal:
    """What `check` holds and nobody else."""


_SEAL = _Seal()


@final
@dataclass(frozen=True, kw_only=True)
class CheckedCitation:
    """Words that stand in a reading, character for character. Only `check` makes one.

    It does not travel as data: what travels is its `quotation()`, which is checked again where it arrives.
    """

    document_id: str
    source: str
    """Digest of the source's bytes."""
    reading: str
    """Digest of the reading."""
    block: int
    """Index of the block the words begin in; -1 when they begin between blocks."""
    start: int
    end: int
    page: int
    """From 1; 0 when the format has no pages."""
    box: Box | None
    text: str
    """The words exactly as they stand in the reading."""
    normalisations: tuple[Normalisation, ...]
    """What had to be forgiven to find them; empty when the quotation was exact."""
    seal: InitVar[_Seal]

    def __post_init__(self, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise TypeError("a CheckedCitation is made by jihwi.evidence.check and by nothing else")

    def quotation(self) -> Quotation:
        """The same as data that may travel, and proves nothing."""
        return Quotation(self.document_id, self.source, self.reading, self.text, self.start, self.end)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a CheckedCitation does not travel: send its quotation() and check it again")


@final
@dataclass(frozen=True)
class Verbatim:
    """The words stand in the reading."""

    citation: CheckedCitation
    places: int = 1
    """In how many places they stand; 1 when the place was given."""
    verdict: Literal["verbatim"] = "verbatim"


class Altered(msgspec.Struct, frozen=True, tag="altered"):
    """Something like it stands in the reading, but these are not its words."""

    quotation: Quotation
    start: int
    end: int
    stands: str
    """What the reading says there."""
    differences: tuple[Difference, ...]
    alike: float
    """0 to 1."""
    page: int = 0
    block: int = -1

    @property
    def verdict(self) -> Literal["altered"]:
        """The word for it."""
        return "altered"


class Absent(msgspec.Struct, frozen=True, tag="not_found"):
    """Nothing like it stands in the reading."""

    quotation: Quotation
    reason: Literal["nowhere", "empty", "other_source"] = "nowhere"

    @property
    def verdict(self) -> Literal["not_found"]:
        """The word for it."""
        return "not_found"


Verdict = Verbatim | Altered | Absent


def check(quotation: Quotation, reading: Reading, reading_digest: str) -> Verdict:
    """Whether the quotation's words stand in `reading`, whose digest is `reading_digest`.

    The quotation's offsets are tried first, if they count in this reading; then the whole reading is searched, and
    of several places the nearest to the offsets is taken. A quotation that cuts a number in two, or a character, is
    not the document's word: `300원` does not stand in `1,300원`.

    >>> from jihwi.evidence.reading import ReadingBuilder
    >>> reading = ReadingBuilder(source="aa", reader="text", reader_version="1").paragraph("기한은 3월 2일이다.").done()
    >>> check(Quotation("d1", "aa", "bb", "3월 2일"), reading, "bb").verdict
    'verbatim'
    >>> check(Quotation("d1", "aa", "bb", "기한은 3월 9일이다."), reading, "bb").differences
    (Difference(quoted='9일이다', stands='2일이다'),)
    """
    if quotation.source and quotation.source != reading.source:
        return Absent(quotation, "other_source")
    if not fold(quotation.text).text.strip():
        return Absent(quotation, "empty")
    here = quotation.start if quotation.reading in ("", reading_digest) else -1
    found = _at_offsets(quotation, reading) if here >= 0 else None
    places = 1
    if found is None:
        spans = _everywhere(quotation.text, reading.text)
        places = len(spans)
        found = min(spans, key=lambda span: abs(span[0] - here)) if spans and here >= 0 else next(iter(spans), None)
    if found is None:
        return _otherwise(quotation, reading)
    return Verbatim(_sealed(quotation, reading, reading_digest, found), places)


def quoted_sentences(citation: CheckedCitation, reading: Reading) -> str:
    """The whole sentences that the cited words stand in: what a negation before or after them cannot hide from."""
    first = max(reading.text.rfind("\n", 0, citation.start) + 1, citation.start - 2_000)
    line_end = reading.text.find("\n", citation.end)
    last = min(len(reading.text) if line_end < 0 else line_end, citation.end + 2_000)
    spans = sentence_spans(reading.text, first, last)
    touched = [span for span in spans if span[0] < citation.end and span[1] > citation.start]
    return reading.text[touched[0][0] : touched[-1][1]] if touched else citation.text


def _sealed(quotation: Quotation, reading: Reading, digest: str, span: tuple[int, int]) -> CheckedCitation:
    start, end = span
    index = reading.block_at(start)
    block = reading.blocks[index] if index >= 0 else None
    text = reading.text[start:end]
    return CheckedCitation(
        document_id=quotation.document_id,
        source=reading.source,
        reading=digest,
        block=index,
        start=start,
        end=end,
        page=block.page if block else 0,
        box=block.box if block else None,
        text=text,
        normalisations=normalisations_between(quotation.text, text),
        seal=_SEAL,
    )


def _at_offsets(quotation: Quotation, reading: Reading) -> tuple[int, int] | None:
    """The quotation's own span, if its words stand exactly there."""
    start, end = quotation.start, quotation.end if quotation.end >= 0 else quotation.start + len(quotation.text)
    if not 0 <= start < end <= len(reading.text):
        return None
    stands = reading.text[start:end]
    if stands != stands.strip():
        return None
    same = stands == quotation.text or any(
        fold(stands, join_lines=joined).text == fold(quotation.text, join_lines=joined).text.strip()
        for joined in (False, True)
    )
    return (start, end) if same and _cuts_nothing(reading.text, start, end) else None


def _everywhere(words: str, text: str) -> list[tuple[int, int]]:
    """Every span where the words stand: exactly if they do, else under the listed normalisations."""
    exact = [(at, at + len(words)) for at in _finds(words, text)] if words == words.strip() else []
    found = [span for span in exact if _cuts_nothing(text, *span)]
    for join_lines in (False, True):
        if found:
            return found
        found = list(
            _folded_places(fold(words, join_lines=join_lines).text.strip(), fold(text, join_lines=join_lines), text)
        )
    return found


def _folded_places(wanted: str, within: Folded, text: str) -> Iterator[tuple[int, int]]:
    for at in _finds(wanted, within.text):
        span = within.source_span(at, at + len(wanted))
        if span is not None and _cuts_nothing(text, *span):
            yield span


def _finds(wanted: str, text: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _cuts_nothing(text: str, start: int, end: int) -> bool:
    """Whether the span parts no character, no number and no English word in two, nor a word from its 'not'."""
    if not whole_characters(text, start, end):
        return False
    before, first = text[max(0, start - 2) : start], text[start]
    last, after = text[end - 1], text[end : end + 2]
    if _NUMBER_CUT.search(text[max(0, start - 2) : start] + "\0" + text[start : start + 2]):
        return False
    if _NUMBER_CUT.search(text[max(0, end - 2) : end] + "\0" + text[end : end + 2]):
        return False
    if _letter(first) and before and _letter(before[-1]):
        return False
    if _letter(last) and after and _letter(after[0]):
        return False
    return not (start > 0 and _DENIED.match(text, start - 1))


_NUMBER_CUT = re.compile(r"\d\0\d|\d[.,]\0\d|\d\0[.,]\d")
"""A span's end, written as NUL, within a number."""

_DENIED = re.compile(
    "불(?:가능|가피|허가|승인|합격|합리|충분|필요|일치|참석|이행|확실|완전|공정|특정|균형)"
    "|미(?:승인|지급|제출|완료|이행|해당|참석|설치|등록|신고|납부|반영|확인|확정|달성|포함)"
    "|비(?:공개|정규|회원|영리|해당|대상|과세)"
)
"""Words whose first syllable denies the rest: quoting the rest alone would turn them round."""


def _letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _otherwise(quotation: Quotation, reading: Reading) -> Altered | Absent:
    """What stands in the place of words that do not stand there."""
    anchor = nearest_passage(quotation.text, reading.text)
    if anchor is None:
        return Absent(quotation)
    stands = reading.text[anchor.start : anchor.end]
    block = reading.block_at(anchor.start)
    return Altered(
        quotation=quotation,
        start=anchor.start,
        end=anchor.end,
        stands=stands,
        differences=differences(quotation.text, stands),
        alike=round(anchor.alike, 3),
        page=reading.blocks[block].page if block >= 0 else 0,
        block=block,
    )

"""The spans of a sentence that could be a short answer: quantities, names, noun phrases, what is in quotation marks.

Each comes with what can be told of it by rule: what kind of thing it looks like, which particle follows it, and
whether it stands in quotation marks. Nothing is looked up outside the sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from jihwi.evidence.quantities import Quantity, quantities
from jihwi.index import Word

__all__ = ["Candidate", "candidates_of"]

_LONGEST_WORDS = 8
"""Words in a noun phrase; a longer one is cut from the left."""
_NOUNS = frozenset({"NNG", "NNP", "NNB", "NNBC", "NR", "SL", "SH", "SN", "XPN", "XSN", "XR", "NP", "SY", "MM"})
_HEADS = frozenset({"NNG", "NNP", "NNB", "NNBC", "NR", "SL", "SH", "SN", "XSN", "XR"})
_INNER_SIGNS = frozenset("·-–&'’./:~+#°%")
_QUOTED = re.compile(r"[\"“‘'《〈「『<]([^\"“”‘’'《》〈〉「」『』<>\n]{1,60})[\"”’'》〉」』>]")


_UNTIL = re.compile(r"\s?(?:전|이내|후|뒤|안)(?=까지|에|$|[\s.,)])")
_NAMED = re.compile(r"(?<![가-힣])([가-힣]{2,4})(?=\s(?:씨|님|옹|양|군)(?![가-힣]{2}))")
"""A person by what is said after the name, whatever a dictionary takes the name for."""
_VALUE = re.compile(r"\s*(?:[^\w\s]\s*)?[가-힣A-Za-z][가-힣A-Za-z\s]{0,14}?\s*[:：]\s*([^\n,;:：]{1,40}?)\s*\Z")
"""A line that is a label and its value."""


class Candidate(msgspec.Struct, frozen=True):
    """A span that could answer; offsets count in the same text as the words'."""

    start: int
    end: int
    quantity: Quantity | None = None
    tag: str = ""
    """Tag of its last noun; `NNP` when any of its nouns is a name."""
    sort: str = ""
    """What the dictionary says its last noun means."""
    particle: str = ""
    """The particle that follows, as it stands; empty at the end of a sentence or before a verb's ending."""
    quoted: bool = False
    words: int = 1
    """How many words, as spaces part them."""
    verbal: bool = False
    """Whether the ending that follows makes it a verb (달성 in 달성한): it says what is done, not what with."""


def candidates_of(text: str, start: int, end: int, words: Sequence[Word]) -> list[Candidate]:
    """The candidates in `text[start:end]`; `words` are the morphemes of the whole text."""
    starts = [word.start for word in words]
    inside = words[bisect_left(starts, start) : bisect_left(starts, end)]
    found: dict[tuple[int, int], Candidate] = {}
    for quantity in quantities(text[start:end]):
        for span in _quantity_spans(text, start, end, quantity, inside):
            found[span] = Candidate(*span, quantity, particle=_particle_after(inside, span[1]))
    value = _VALUE.match(text, start, end)
    if value:
        words_in = value.group(1).count(" ") + 1
        found.setdefault(value.span(1), Candidate(*value.span(1), tag="NNP", words=min(words_in, 3)))
    for match in _QUOTED.finditer(text, start, end):
        span = match.span(1)
        found.setdefault(span, Candidate(*span, particle=_particle_after(inside, match.end()), quoted=True))
    for match in _NAMED.finditer(text, start, end):
        found.setdefault(match.span(1), Candidate(*match.span(1), tag="NNP", sort="인명"))
    for candidate in _noun_phrases(text, inside):
        found.setdefault((candidate.start, candidate.end), candidate)
    trimmed = {(c.start, c.end): c for c in (_trimmed(text, one) for one in found.values()) if c.end > c.start}
    return sorted(trimmed.values(), key=lambda c: (c.start, c.end))


def _trimmed(text: str, candidate: Candidate) -> Candidate:
    """The candidate without quotation marks and the like at its ends."""
    start, end = candidate.start, candidate.end
    while start < end and text[start] in _MARKS:
        start += 1
    while end > start and text[end - 1] in _MARKS:
        end -= 1
    same = (start, end) == (candidate.start, candidate.end)
    return candidate if same else msgspec.structs.replace(candidate, start=start, end=end)


_MARKS = frozenset("\"'“”‘’《》〈〉「」『』,;:·- ")


def _quantity_spans(
    text: str, start: int, end: int, quantity: Quantity, words: Sequence[Word]
) -> Iterator[tuple[int, int]]:
    """A quantity, also with what it counts (`1,200만 화소`) and with its limit (`3일 전`)."""
    first, last = quantity.start + start, quantity.end + start
    yield first, last
    if quantity.kind == "date":
        yield from ((first, first + cut) for cut in _coarser(quantity.text))
    until = _UNTIL.match(text, last, end) if quantity.kind == "duration" else None
    if until:
        yield first, until.end()
    if quantity.kind == "number":
        at = bisect_left([word.start for word in words], last)
        if (
            at < len(words)
            and words[at].tag in ("NNBC", "NNB", "NNG", "SL")
            and text[last : words[at].start] in ("", " ")
        ):
            yield first, words[at].end


def _coarser(date: str) -> Iterator[int]:
    """Where a date in Hangul is cut to its year, or its year and month."""
    for match in re.finditer("[년월]", date):
        if match.end() < len(date):
            yield match.end()


_NO_BEGINNING = frozenset(
    "때 중 후 이후 이전 전 당시 중반 초반 후반 동안 최근 현재 결과 다음 각각 이번 지난 등 및 또 또는 측 간".split()  # noqa: SIM905
)
"""Words that belong to what stands before them."""


def _noun_phrases(text: str, words: Sequence[Word]) -> Iterator[Candidate]:
    """Every run of nouns that ends where a word ends, from each word that it could begin with."""
    for run in _runs(text, words):
        begins = [0, *(at for at in range(1, len(run)) if run[at].start > run[at - 1].end)]
        ends = [*(at for at in range(1, len(run)) if run[at].start > run[at - 1].end), len(run)]
        for last in ends:
            for first in [b for b in begins if b < last][-_LONGEST_WORDS:]:
                piece = run[first:last]
                if piece[0].form in _NO_BEGINNING and len(piece) > 1:
                    continue
                if all(word.tag in _LEANING for word in piece):
                    continue
                if piece[-1].tag.split("+")[0] in _HEADS or piece[-1].tag == "SY":
                    yield _phrase(text, piece, words)


def _word_start(text: str, start: int) -> int:
    """Where the written word begins: 열린마당 is a name, though 열린 is a verb for the dictionary."""
    begin = start
    while begin > 0 and start - begin < _LONGEST_BEGINNING and "가" <= text[begin - 1] <= "힣":
        begin -= 1
    return begin if begin == 0 or not "가" <= text[begin - 1] <= "힣" else start


_LONGEST_BEGINNING = 4
_LEANING = frozenset({"NNB", "NNBC", "XSN"})
"""Nouns that say nothing alone: 씨, 명, 측."""


def _phrase(text: str, piece: Sequence[Word], words: Sequence[Word]) -> Candidate:
    names = any(word.tag == "NNP" for word in piece)
    spaces = sum(1 for a, b in pairwise(piece) if b.start > a.end)
    return Candidate(
        _word_start(text, piece[0].start),
        piece[-1].end,
        tag="NNP" if names else piece[-1].tag,
        sort=piece[-1].sort,
        particle=_particle_after(words, piece[-1].end),
        words=1 + spaces,
        verbal=_next_tag(words, piece[-1].end).startswith(("XSV", "XSA")),
    )


def _runs(text: str, words: Sequence[Word]) -> Iterator[list[Word]]:
    """Runs of nouns with at most one space between them."""
    run: list[Word] = []
    for word in words:
        joins = bool(run) and (word.start == run[-1].end or text[run[-1].end : word.start] == " ")
        if word.form in _BETWEEN and run:
            yield _without_signs(run)
            run = []
        elif _is_noun(word) or (run and joins and word.form in _INNER_SIGNS and word.start == run[-1].end):
            if run and not joins:
                yield _without_signs(run)
                run = []
            run.append(word)
        elif run:
            yield _without_signs(run)
            run = []
    if run:
        yield _without_signs(run)


def _without_signs(run: list[Word]) -> list[Word]:
    """The run without signs and single determiners at its end."""
    while run and (run[-1].form in _INNER_SIGNS or run[-1].tag in ("MM", "XPN") or run[-1].form in _AND_OTHERS):
        run = run[:-1]
    return run


_AND_OTHERS = frozenset({"등", "등등"})
_BETWEEN = frozenset({"당시"})
"""What stands between a name and its title, and belongs to neither."""


def _is_noun(word: Word) -> bool:
    return word.tag in _NOUNS and (word.tag != "SY" or word.form in _INNER_SIGNS)


def _particle_after(words: Sequence[Word], end: int) -> str:
    """The particle that begins where the span ends."""
    at = _at(words, end)
    if at < len(words) and words[at].start == end and words[at].tag.startswith(("J", "VCP")):
        return words[at].form
    return ""


def _next_tag(words: Sequence[Word], end: int) -> str:
    """The tag of the morpheme that touches the span's end; empty when none does."""
    at = _at(words, end)
    return words[at].tag if at < len(words) and words[at].start == end else ""


def _at(words: Sequence[Word], offset: int) -> int:
    return bisect_left(words, offset, key=lambda word: word.start)

"""Which morphemes become terms, whatever program found them: content words, joined noun runs, written forms of numbers.

Both analysers give their morphemes in the Sejong tag set; this decides alone what is looked for, so that they differ
only in where they cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from jihwi.index.spelling import Plain, english_stem, is_function_word, plain, written_forms

__all__ = ["MADE_VERSION", "Morpheme", "Piece", "pieces_of", "query_terms", "terms", "tokens"]

MADE_VERSION = "1"
"""Rises with every change of this module or `spelling` that changes a term."""

_CONTENT = frozenset({"NNG", "NNP", "NNB", "NNBC", "NR", "NP", "XR", "SL", "SN", "SH", "VV", "VA", "MAG", "MM", "IC"})
_JOINING = frozenset({"NNG", "NNP", "NNB", "NNBC", "NR", "XR", "SL", "SN", "SH", "XPN", "XSN"})
_LONGEST_TERM = 64

_ASKING = frozenset(
    """
    누구 누가 무엇 무어 뭐 뭣 무슨 어디 언제 몇 얼마 얼마나 어떤 어느 어떻 어떻게 어떠하 왜 웬 것 거 그것 이것
    저것 그 이 저 알려주 알리 궁금 궁금하 찾아주
    """.split()  # noqa: SIM905 (a list of one word a line is longer than a screen)
)
"""Words that ask, and say nothing of where the answer stands."""


class Piece(NamedTuple):
    """What one morpheme gives: its terms, and whether it joins with a neighbour it touches."""

    terms: tuple[str, ...]
    joins: bool


class Morpheme(NamedTuple):
    """A morpheme as an analyser found it: its place in the plain text, and what it gives."""

    start: int
    end: int
    piece: Piece


Cut = Callable[[str], Iterable[Morpheme]]
"""An analyser's own part: the morphemes of a plain text, in order."""


def pieces_of(surface: str, tag: str, parts: Iterable[tuple[str, str]]) -> Piece:
    """What a morpheme gives. `parts` are the morphemes it is made of (form and tag); itself, when it is simple."""
    made: list[str] = []
    simple = "+" not in tag
    for form, part_tag in parts:
        if part_tag in _CONTENT and (term := _term(form, part_tag)) and term not in made:
            made.append(term)
    if simple and len(made) > 1 and tag in _CONTENT:
        made.insert(0, surface.lower())
    return Piece(tuple(made), simple and tag in _JOINING)


def _term(form: str, tag: str) -> str:
    word = form.lower()
    if tag == "SL":
        return "" if is_function_word(word) else english_stem(word)
    return word


Made = tuple[list[str], list[int], list[int]]


def _make(text: str, cut: Cut) -> Made:
    """Terms of a plain text with their starts and ends, in three lists that stay in step."""
    made: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    run_start = run_end = -1
    run_length = 0
    for start, end, (terms_, joins) in cut(text):
        for term in terms_:
            made.append(term)
            starts.append(start)
            ends.append(end)
        if joins and start == run_end:
            run_end = end
            run_length += 1
            continue
        if run_length > 1:
            _add_run(text, run_start, run_end, made, starts, ends)
        run_start, run_end, run_length = (start, end, 1) if joins else (-1, -1, 0)
    if run_length > 1:
        _add_run(text, run_start, run_end, made, starts, ends)
    for form, start, end in written_forms(text):
        made.append(form)
        starts.append(start)
        ends.append(end)
    return made, starts, ends


def _add_run(text: str, start: int, end: int, made: list[str], starts: list[int], ends: list[int]) -> None:
    """Nouns written without a space between them are one term too: 정보 + 공개 + 청구 is also 정보공개청구."""
    if end - start <= _LONGEST_TERM:
        made.append(text[start:end].lower())
        starts.append(start)
        ends.append(end)


def terms(text: str, cut: Cut) -> list[str]:
    """The terms of `text`, in no promised order."""
    return _make(plain(text).text, cut)[0]


def tokens(text: str, cut: Cut) -> Iterator[tuple[str, int, int]]:
    """The terms of `text` with their places in it."""
    one_form: Plain = plain(text)
    for term, start, end in zip(*_make(one_form.text, cut), strict=True):
        yield (term, *one_form.source(start, end))


def query_terms(text: str, cut: Cut) -> list[str]:
    """The terms of a question worth looking for, each once; all of them when it only asks."""
    every = list(dict.fromkeys(terms(text, cut)))
    return [term for term in every if term not in _ASKING] or every

"""Which morphemes become terms, whatever program found them: content words, joined noun runs, written forms of numbers.

Both analysers give their morphemes in the Sejong tag set; this decides alone what is looked for, so that they differ
only in where they cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from jihwi.index.spelling import english_stem, is_function_word, plain, written_forms

__all__ = ["MADE_VERSION", "Laid", "Piece", "pieces_of", "query_terms", "terms", "terms_of_laid", "tokens"]

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


Cut = Callable[[str], Iterable[tuple[int, int, Piece]]]
"""An analyser's own part: start, end and piece of each morpheme of a plain text, in order."""


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


Laid = tuple[tuple[str, ...], bool, int]
"""A morpheme of a text taken apart without a rest: its terms, whether it joins, its length."""

Place = tuple[int, int]


def _make(text: str, cut: Cut, places: list[Place] | None = None) -> list[str]:
    """The terms of a plain text; `places` is given where each was made from. Written for speed: indexing waits here."""
    made: list[str] = []
    run_start = run_end = -1
    run_length = 0
    for start, end, (words, joins) in cut(text):
        if words:
            made += words
            if places is not None:
                places += [(start, end)] * len(words)
        if joins and start == run_end:
            run_end = end
            run_length += 1
            continue
        if run_length > 1:
            _add_run(text, run_start, run_end, made, places)
        run_start, run_end, run_length = (start, end, 1) if joins else (-1, -1, 0)
    if run_length > 1:
        _add_run(text, run_start, run_end, made, places)
    for form, start, end in written_forms(text):
        made.append(form)
        if places is not None:
            places.append((start, end))
    return made


def _add_run(text: str, start: int, end: int, made: list[str], places: list[Place] | None) -> None:
    """Nouns written without a space between them are one term too: 정보 + 공개 + 청구 is also 정보공개청구."""
    if end - start <= _LONGEST_TERM:
        made.append(text[start:end].lower())
        if places is not None:
            places.append((start, end))


def terms(text: str, cut: Cut) -> list[str]:
    """The terms of `text`, in no promised order."""
    return _make(plain(text).text, cut)


def terms_of_laid(text: str, laid: Iterable[Laid]) -> list[str] | None:
    """The terms of a plain text from morphemes laid end to end, with nothing between them but blanks.

    The same as `terms`, in half the time, as no place is looked for. None when they do not cover the text: then only
    `terms` can tell.
    """
    made: list[str] = []
    ended = text + "\0"
    at = run_start = run_end = run_length = 0
    try:
        for words, joins, length in laid:
            while ended[at] == " ":
                at += 1
            if words:
                made += words
            if joins:
                if run_length and at == run_end:
                    run_length += 1
                else:
                    if run_length > 1:
                        _add_run(text, run_start, run_end, made, None)
                    run_start, run_length = at, 1
                run_end = at = at + length
            else:
                at += length
    except IndexError:
        return None
    if at > len(text) or text[at:].strip(" "):
        return None
    if run_length > 1:
        _add_run(text, run_start, run_end, made, None)
    made += [form for form, _, _ in written_forms(text)]
    return made


def tokens(text: str, cut: Cut) -> Iterator[tuple[str, int, int]]:
    """The terms of `text` with their places in it."""
    one_form = plain(text)
    places: list[Place] = []
    for term, (start, end) in zip(_make(one_form.text, cut, places), places, strict=True):
        yield (term, *one_form.source(start, end))


def query_terms(text: str, cut: Cut) -> list[str]:
    """The terms of a question worth looking for, each once; all of them when it only asks.

    What a number's written form is made of (제, 12, 조) says nothing beside the form itself (제12조).
    """
    asked = plain(text).text
    places: list[Place] = []
    made = _make(asked, cut, places)
    forms = {form: (start, end) for form, start, end in written_forms(asked)}
    telling = dict.fromkeys(
        term
        for term, (start, end) in zip(made, places, strict=True)
        if term in forms or len(term) > 2 or not any(a <= start and end <= b for a, b in forms.values())
    )
    return [term for term in telling if term not in _ASKING] or list(dict.fromkeys(made))

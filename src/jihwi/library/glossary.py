"""Office words in Korean and English, so that a question in one language finds documents in the other.

Nothing is translated but words: what is quoted stays in the document's language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import msgspec

from jihwi.evidence.office_words import OFFICE_WORDS
from jihwi.index import Analyser
from jihwi.library.questions import language_of
from jihwi.words import Language

__all__ = ["Expansion", "expand", "for_search", "is_foreign"]


class Expansion(msgspec.Struct, frozen=True):
    """A question with the other language's words beside its own."""

    query: str
    """What to search for: the question, and the words of the other language."""
    translations: dict[str, tuple[str, ...]]
    """For each term of the question, the terms that say the same in the other language."""


def expand(question: str, analyser: Analyser) -> Expansion:
    """The question with the words of the other language for every office word in it.

    >>> from jihwi.library.glossary import _phrases
    >>> _phrases("What is the travel expense budget?")
    [('travel expense', ('여비',)), ('budget', ('예산',))]
    """
    phrases = _phrases(question)
    translations: dict[str, tuple[str, ...]] = {}
    for phrase, others in phrases:
        terms = analyser.terms(phrase)
        for term in terms:
            known = translations.get(term, ())
            made = [other for words in others for other in analyser.terms(words)]
            translations[term] = tuple(dict.fromkeys((*known, *made)))
    added = " ".join(dict.fromkeys(word for _, others in phrases for word in others))
    return Expansion(f"{question} {added}".strip(), translations)


def for_search(question: str, analyser: Analyser) -> Expansion:
    """What to search for: a question in English with the Korean office words, a question in Korean as it is.

    Documents are Korean first; a Korean question that finds nothing may be expanded with `expand`.
    """
    return expand(question, analyser) if language_of(question) == "en" else Expansion(question, {})


def is_foreign(question: str, texts: Sequence[str]) -> bool:
    """Whether most of `texts` are in another language than the question."""
    own = language_of(question)
    others = sum(_mostly(text) != own for text in texts)
    return 2 * others > len(texts)


def _mostly(text: str) -> Language:
    """The language most letters of a text are of."""
    hangul = sum("가" <= c <= "힣" for c in text)
    latin = sum(c.isascii() and c.isalpha() for c in text)
    return "ko" if 2 * hangul > latin else "en"


def _phrases(question: str) -> list[tuple[str, tuple[str, ...]]]:
    """The office words in a question, the longest first wherever several begin, with their translations."""
    table, longest = _tables()[language_of(question)]
    found: list[tuple[str, tuple[str, ...]]] = []
    if language_of(question) == "en":
        words = re.findall(r"[a-z]+(?:-[a-z]+)?", question.casefold())
        at = 0
        while at < len(words):
            size = next((n for n in range(longest, 0, -1) if _known(table, words[at : at + n])), 0)
            if size:
                phrase = " ".join(words[at : at + size])
                found.append((phrase, _known(table, words[at : at + size])))
            at += max(1, size)
        return found
    for word in sorted(table, key=len, reverse=True):
        if word in question and not any(word in phrase for phrase, _ in found):
            found.append((word, table[word]))
    return found


def _known(table: dict[str, tuple[str, ...]], words: list[str]) -> tuple[str, ...]:
    """The translations of an English phrase, in singular or plural."""
    phrase = " ".join(words)
    return table.get(phrase) or table.get(phrase.removesuffix("s"), ())


@cache
def _tables() -> dict[str, tuple[dict[str, tuple[str, ...]], int]]:
    """English to Korean and Korean to English, each with the length of its longest phrase in words."""
    english: dict[str, tuple[str, ...]] = {}
    korean: dict[str, tuple[str, ...]] = {}
    for word, phrases in OFFICE_WORDS:
        if len(word) > 1:
            korean[word] = phrases
        for phrase in phrases:
            english[phrase] = (*english.get(phrase, ()), word)
    return {"en": (english, max(len(p.split()) for p in english)), "ko": (korean, 1)}

"""Whether a sentence says only what its quotations say: each number, date, amount, name and negation, by rule."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from jihwi.evidence.folding import fold
from jihwi.evidence.quantities import agrees, quantities
from jihwi.evidence.sentences import sentence_spans

__all__ = ["Support", "is_negated", "supported"]

_NEGATION = re.compile(
    r"않|못하|못한|못할|없[다는을음었이고]|없$|아니[다라한고며]|아닌|아닙|안\s[가-힣]|금지|불가|불허|제외|면제|무효|말아야|하지\s?마"
    r"|\b(?:not|no|never|none|neither|nor|cannot|without|except|excluding|prohibited|forbidden)\b|n['’]t\b",
    re.IGNORECASE,
)
_PARTICLE = re.compile(
    r"(?:으로부터|로부터|에서는|에서도|으로는|에게서|이라고|이라는|까지는|부터는|에는|에도|에서|에게|으로|이나|까지|부터|보다|처럼|마다|라고|"
    r"이며|이고|이다|입니다|은|는|이|가|을|를|의|에|와|과|도|만|로|나|라|며|고|다)+$"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+|[가-힣]{2,}")
_NAME = re.compile(
    r"[A-Z][A-Za-z'’-]+(?:\s[A-Z][A-Za-z'’-]+)*"
    r"|[가-힣]{2,4}(?=\s?(?:씨|님|과장|국장|팀장|계장|주무관|주사|실장|소장|구청장|시장|대표|위원장|의원|교수|부장|차장|사장))"
    r"|[가-힣]{1,10}(?:청|부|처|원|과|팀|국|실|위원회|협회|공사|공단|센터|시|군|구|읍|면|동)(?=[\s,.은는이가을를의에와과도로]|$)"
)
_ENGLISH_FIRST = frozenset(
    re.findall(r"\w+", "The A An It This That These Those In On At By For From To Its There Is Are Was Were")
)

LEAST_SHARE = 0.6
"""Share of a sentence's content words that must stand in its quotations."""


class Support(msgspec.Struct, frozen=True):
    """Whether the quotations bear a sentence out, and if not, what they do not say."""

    holds: bool
    missing: tuple[str, ...] = ()


def supported(sentence: str, quotations: Sequence[str]) -> Support:
    """Whether every number, date, amount, name and negation of `sentence` is found in `quotations`, and most words.

    >>> supported("계약은 6월 30일에 끝난다.", ["계약기간은 2025년 6월 30일까지로 한다."]).holds
    False
    >>> supported("계약기간은 6월 30일까지다.", ["계약기간은 2025년 6월 30일까지로 한다."]).holds
    True
    """
    missing = [*_missing_quantities(sentence, quotations), *_missing_names(sentence, quotations)]
    if not missing:
        missing = [*_missing_polarity(sentence, quotations), *_missing_words(sentence, quotations)]
    return Support(not missing, tuple(missing))


def is_negated(text: str) -> bool:
    """Whether a text says that something is not so.

    >>> is_negated("지급하지 않는다"), is_negated("지급한다")
    (True, False)
    """
    return len(_NEGATION.findall(text)) % 2 == 1


def _missing_quantities(sentence: str, quotations: Sequence[str]) -> list[str]:
    stands = [one for text in quotations for one in quantities(text)]
    return [one.text for one in quantities(sentence) if not any(agrees(one, other) for other in stands)]


def _missing_names(sentence: str, quotations: Sequence[str]) -> list[str]:
    words = "\n".join(_plain(text) for text in quotations)
    found = []
    for match in _NAME.finditer(sentence):
        name = match.group()
        if name in _ENGLISH_FIRST or (match.start() == 0 and name[0].isascii() and " " not in name):
            continue
        if _plain(name) not in words:
            found.append(name)
    return found


def _missing_polarity(sentence: str, quotations: Sequence[str]) -> list[str]:
    """The negation must be that of the sentence of the quotations that is most like it."""
    parts = [text[a:b] for text in quotations for a, b in sentence_spans(text)] or list(quotations)
    if not parts:
        return [sentence]
    stems = set(_stems(sentence))
    nearest = max(parts, key=lambda part: len(stems & set(_stems(part))))
    return [] if is_negated(sentence) == is_negated(nearest) else ["±"]


def _missing_words(sentence: str, quotations: Sequence[str]) -> list[str]:
    stems = _stems(sentence)
    words = "\n".join(_plain(text) for text in quotations)
    lacking = [stem for stem in stems if stem not in words]
    return lacking if stems and 1 - len(lacking) / len(stems) < LEAST_SHARE else []


def _stems(text: str) -> list[str]:
    """Words without their particles, the first two letters of longer Korean ones: endings differ, stems do not."""
    found = []
    for word in _WORD.findall(text):
        if word[0].isascii():
            found.append(_plain(word)[:5])
        else:
            stem = _PARTICLE.sub("", word) or word
            found.append(stem[:3] if len(stem) > 3 else stem)
    return [stem for stem in found if len(stem) > 1]


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", fold(text).text).lower()

"""Whether a sentence in English says only what Korean quotations say: each word found, by rule, or it is refused.

Nothing is translated and nothing is guessed. A word counts as found when the office words give it a Korean word that
stands there, when its own letters stand there, or when it is the name of something there in Latin letters. Words
that bind (before, within, must, may, only) must have their Korean counterpart. Whoever denies anything, in either
language, is refused: what is denied cannot be told across languages by rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from jihwi.evidence.office_words import ALSO_SAID, OFFICE_WORDS
from jihwi.evidence.romanised import reads_as
from jihwi.evidence.stems import Vocabulary, is_general, noun_of

__all__ = ["is_foreign", "missing_words"]

_BINDING: tuple[tuple[str, str], ...] = (
    ("must shall required mandatory obliged should", r"하여야|해야|의무|필수|한다|된다|할\s?것|바람"),
    ("may can could allowed permitted possible", r"수\s?있|가능|허용|할\s?수"),
    ("only solely", r"[가-힣]만(?![가-힣])|한하|한정|오직|뿐"),
    ("all every each entire whole", r"모두|모든|각|전체|전원|전부|마다|매"),
    ("before prior", r"전(?:에|까지|일|$|\s|,)|이전|앞"),
    ("after following", r"후|뒤|다음|이후|부터|지나"),
    ("within", r"이내|안에|내에|까지"),
    ("until till by", r"까지|이전|이내|의하|에\s?의해|이\s|가\s|은\s|는\s|에서"),
    ("since from starting", r"부터|에서|이후|로부터"),
    ("during throughout", r"중|동안|기간|간"),
    ("over more above exceeding exceed least minimum", r"이상|초과|넘|최소"),
    ("under less fewer below most maximum", r"이하|미만|이내|최대|까지|못\s?미"),
    ("about approximately around nearly", r"약|여\s?명|정도|쯤|경|내외"),
    ("always", r"항상|언제나|늘|반드시"),
    ("or either", r"또는|이나|혹은|거나|[가-힣]나\s"),
    ("first", r"첫|최초|처음|제?1|1차"),
    ("last final", r"마지막|최종|지난"),
    ("new", r"새|신규|신"),
    ("total altogether", r"총|합계|모두|전체"),
    ("again", r"다시|재"),
)
"""English words that bind, and what must stand in the Korean for them."""

_DENIES = re.compile(
    r"\b(?:not?|never|none|nothing|nobody|without|cannot|neither|nor|except|unless|unable|hardly|other than|un\w+ed"
    r"|invalid|ineligible)\b|n['’]t\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"지\s?(?:않|못|아니|말)|없|아니|(?<![가-힣])(?:안|못)\s|금지|불가|불허|제외|미(?:지급|제출|승인|이행|참석)|부결|반려|거부"
)
_IDLE = frozenset("mr mrs ms dr prof runs run lasts amounts equals comes".split())  # noqa: SIM905
"""Words beside names, and verbs that say no more than `is`."""


def is_foreign(sentence: str, quotations: Sequence[str]) -> bool:
    """Whether the sentence is English, without any Hangul, and the quotations are mostly Korean.

    >>> is_foreign("The budget is 3 million won.", ["예산은 3백만 원이다."])
    True
    """
    if not quotations or any("가" <= c <= "힣" for c in sentence) or not any(c.isalpha() for c in sentence):
        return False
    together = "".join(quotations)
    hangul = sum("가" <= c <= "힣" for c in together)
    return 2 * hangul > sum(c.isascii() and c.isalpha() for c in together)


def missing_words(sentence: str, quotations: Sequence[str]) -> list[str]:
    """What an English sentence says, its figures taken out, that Korean `quotations` do not.

    >>> missing_words("The contract deadline is set.", ["계약 기한을 정한다."])
    []
    >>> missing_words("The budget is approved.", ["예산을 삭감한다."])
    ['approved']
    """
    denied = [m.group() for m in _DENIES.finditer(sentence)]
    if denied or any(_DENIED.search(text) for text in quotations):
        return denied or [sentence]
    return list(_unfound(sentence, quotations))


def _unfound(sentence: str, quotations: Sequence[str]) -> Iterator[str]:
    vocabulary = Vocabulary(list(quotations))
    together = "\n".join(quotations)
    names = _names(sentence, vocabulary)
    words = re.findall(r"[A-Za-z]+(?:-[A-Za-z]+)*", re.sub(r"['’]s\b", "", sentence))
    at = 0
    while at < len(words):
        size = _phrase_size(words, at, vocabulary)
        word = words[at]
        if size:
            at += size
            continue
        at += 1
        low = word.casefold()
        if low in _IDLE or low in names or vocabulary.holds(low):
            continue
        binds = next((korean for english, korean in _BINDING if low in english.split()), None)
        if binds is not None:
            if not re.search(binds, together):
                yield word
        elif not is_general(low):
            yield word


# ── office words ─────────────────────────────────────────────────────────────


@cache
def _korean() -> dict[str, tuple[str, ...]]:
    """English phrase to the Korean words that say it."""
    made: dict[str, tuple[str, ...]] = {}
    for word, phrases in (*OFFICE_WORDS, *ALSO_SAID):
        if len(word) > 1 or word == "받":
            for phrase in phrases:
                made[phrase] = (*made.get(phrase, ()), word)
    return made


_LONGEST_PHRASE = 4


def _phrase_size(words: Sequence[str], at: int, vocabulary: Vocabulary) -> int:
    """How many words from `at` are an office phrase whose Korean stands there; 0 for none."""
    for size in range(_LONGEST_PHRASE, 0, -1):
        phrase = " ".join(words[at : at + size]).casefold()
        if len(words) - at >= size and any(_stands(word, vocabulary) for word in _translations(phrase)):
            return size
    return 0


def _translations(phrase: str) -> tuple[str, ...]:
    table = _korean()
    for form in (phrase, phrase.removesuffix("s"), phrase.removesuffix("es"), phrase.removesuffix("ed")):
        if form in table:
            return table[form]
    return table.get(phrase.removesuffix("d"), ())


_HA = tuple("하한했합함해할")


def _stands(korean: str, vocabulary: Vocabulary) -> bool:
    """Whether a Korean word begins or ends a written word there, in its parts when it has several."""
    return all(
        any(word.startswith(_beginnings(part)) or noun_of(word).endswith(part) for word in vocabulary.words)
        for part in korean.split()
    )


def _beginnings(part: str) -> tuple[str, ...]:
    """How a word begins where it stands: a verb's stem in 하 changes its last syllable."""
    return tuple(part[:-1] + last for last in _HA) if part.endswith("하") else (part,)


# ── names ────────────────────────────────────────────────────────────────────

_NAME = re.compile(r"[A-Z][a-z]+(?:-[A-Za-z]+)*(?:\s[A-Z][a-z]+(?:-[A-Za-z]+)*){0,2}")
_LONGEST_NAME = 6


def _names(sentence: str, vocabulary: Vocabulary) -> set[str]:
    """The words of the sentence that are a name standing there, in Latin letters.

    A family name alone is no name: it is found only together with the given name, in either order.
    """
    starts = {
        word[:size]
        for written in vocabulary.words
        if "가" <= written[0] <= "힣"
        for word in (noun_of(written), written)
        for size in range(2, min(len(word), _LONGEST_NAME) + 1)
    }
    found: set[str] = set()
    for match in _NAME.finditer(sentence):
        words = match.group().split()
        for first in range(len(words)):
            for last in range(first + 1, len(words) + 1):
                part = words[first:last]
                orders = {"".join(part), "".join([part[-1], *part[:-1]])}
                if any(reads_as(order, start) for order in orders for start in starts):
                    found.update(word.casefold() for word in part)
    return found

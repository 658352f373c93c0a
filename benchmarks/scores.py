"""How a reader's text is scored against an oracle: recall of character n-grams, length, order."""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

_NOISE = re.compile(r"[\s<>\x00-\x1f\u00ad\ufeff\ufffe\u200b-\u200f\ue000-\uf8ff\U000f0000-\U0010fffd]+")
_WORD = re.compile(r"[^\s<>|]+")


def bare(text: str) -> str:
    """The text without blanks, without the brackets by which previews mark cells, without private code points (in a
    PDF they are the glyphs of the equation font)."""
    return _NOISE.sub("", unicodedata.normalize("NFC", text))


def hangul(text: str) -> int:
    """How many Hangul syllables the text has."""
    return sum("가" <= sign <= "힣" for sign in text)


def grams(text: str, size: int) -> set[str]:
    """All runs of `size` characters."""
    return {text[i : i + size] for i in range(len(text) - size + 1)}


def recall(oracle: str, text: str, size: int) -> float:
    """The share of the oracle's n-grams found in the text; both bare."""
    wanted = grams(oracle, size)
    return len(wanted & grams(text, size)) / len(wanted) if wanted else 1.0


def common_length(left: Sequence[object], right: Sequence[object]) -> int:
    """The length of the longest common subsequence (Hunt and Szymanski)."""
    places: dict[object, list[int]] = defaultdict(list)
    for index, value in enumerate(right):
        places[value].append(index)
    ends: list[int] = []
    for value in left:
        for index in reversed(places.get(value, ())):
            at = bisect.bisect_left(ends, index)
            if at == len(ends):
                ends.append(index)
            else:
                ends[at] = index
    return len(ends)


def order(oracle: str, text: str) -> float:
    """Of the oracle's words that the text holds, the share that stand in the oracle's order."""
    wanted = _WORD.findall(unicodedata.normalize("NFC", oracle))
    found = _WORD.findall(unicodedata.normalize("NFC", text))
    shared = sum((Counter(wanted) & Counter(found)).values())
    return common_length(wanted, found) / shared if shared else 1.0

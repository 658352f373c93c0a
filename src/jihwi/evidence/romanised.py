"""Whether Latin letters are how a Korean name is written: the official romanisation, and what people write instead.

A name is only compared with one that stands in a text, never guessed: `Gyeonggi` is 경기 when 경기 stands there.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["reads_as"]

_FIRST = (
    "g|k", "kk|gg", "n", "d|t", "tt|dd", "r|l|n", "m", "b|p", "pp|bb", "s|sh", "ss", "", "j|ch", "jj", "ch", "k", "t",
    "p", "h",
)  # fmt: skip
_MIDDLE = (
    "a|ah", "ae", "ya", "yae", "eo|u|uh|o", "e", "yeo|you|yu|yo", "ye", "o|oh", "wa", "wae",
    "oe|oi|we", "yo", "u|oo|ou", "wo|weo", "we", "wi|ui", "yu|yoo|you", "eu|u", "ui|eui|yi", "i|ee|yi",
)  # fmt: skip
_LAST = (
    "", "k|g|ng", "k", "k", "n|l", "n", "n", "t|d|n", "l|r|n", "k", "m", "l", "l", "l", "p", "l", "m", "p|b|m", "p",
    "t|n|s", "t|n", "ng", "t|n", "t|n", "k", "t", "p", "t|h|",
)  # fmt: skip
_FAMILY = {
    "김": "kim|gim", "이": "lee|yi|i|rhee|ri|yee", "박": "park|pak|bak", "최": "choi|choe", "우": "woo|wu|u",
    "유": "yoo|yu|ryu|you", "류": "ryu|yoo|yu|lyu", "노": "roh|noh|no", "임": "lim|im|yim|rim", "오": "oh|o",
    "신": "shin|sin", "심": "shim|sim", "백": "baek|paik|baik|back", "곽": "kwak|gwak",
}  # fmt: skip


def reads_as(letters: str, hangul: str) -> bool:
    """Whether `letters` may be how `hangul` is written in Latin letters; hyphens and case do not count.

    >>> reads_as("Busan", "부산"), reads_as("Gil-dong", "길동"), reads_as("Seoul", "부산")
    (True, True, False)
    """
    bare = re.sub(r"[-'’\s]", "", letters).casefold()
    return bool(bare) and _written(hangul).fullmatch(bare) is not None


@lru_cache(maxsize=4096)
def _written(hangul: str) -> re.Pattern[str]:
    return re.compile("".join(_syllable(one) for one in hangul))


def _syllable(syllable: str) -> str:
    code = ord(syllable) - 0xAC00
    if not 0 <= code < 11172:
        return re.escape(syllable.casefold())
    made = f"(?:{_FIRST[code // 588]})(?:{_MIDDLE[code % 588 // 28]})(?:{_LAST[code % 28]})"
    return f"(?:{made}|{_FAMILY[syllable]})" if syllable in _FAMILY else made

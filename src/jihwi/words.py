"""What people read, in the two languages the house speaks, and Korean particles that fit the word before them."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import Any, Literal

__all__ = [
    "LANGUAGES",
    "Language",
    "amount",
    "fill",
    "particle",
    "plain",
    "say_to",
    "storable",
    "storable_value",
    "typed",
]

Language = Literal["ko", "en"]
"""The language of a sentence for a person."""

LANGUAGES: tuple[Language, ...] = ("ko", "en")

_PARTICLES = {
    "을": ("을", "를"),
    "를": ("을", "를"),
    "이": ("이", "가"),
    "가": ("이", "가"),
    "은": ("은", "는"),
    "는": ("은", "는"),
    "과": ("과", "와"),
    "와": ("과", "와"),
    "으로": ("으로", "로"),
    "로": ("으로", "로"),
}
_DIGIT_FINALS = {"0": True, "1": True, "3": True, "6": True, "7": True, "8": True}
_LATIN_FINALS = "lmnLMN"


def particle(word: str, wanted: str) -> str:
    """The form of a Korean particle that fits the sound `word` ends with.

    >>> particle("예산", "을"), particle("문서", "을"), particle("서울", "로")
    ('을', '를', '로')
    """
    with_final, without = _PARTICLES[wanted]
    sounded = [c for c in word if c.isalnum()]
    if not sounded:
        return without
    last = sounded[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - 0xAC00) % 28
        closed = final != 0 and not (with_final == "으로" and final == 8)
    elif last.isdigit():
        closed = _DIGIT_FINALS.get(last, False) and not (with_final == "으로" and last in "178")
    else:
        closed = last in _LATIN_FINALS and not (with_final == "으로" and last in "lL")
    return with_final if closed else without


_TYPED_AS_IT_IS = re.compile(r"[\w@%+=:,./~-]+")


def typed(text: str) -> str:
    """A word of a command as it is typed: in quotes where it holds blanks or what a shell would take for its own.

    >>> typed("팀"), typed("팀 하나")
    ('팀', "'팀 하나'")
    """
    return text if _TYPED_AS_IT_IS.fullmatch(text) else "'" + text.replace("'", "'\"'\"'") + "'"


class _Filler(string.Formatter):
    """`str.format`, where a Korean particle may stand as the format (`{path:을}`), or that it is `{path:typed}`."""

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec == "typed":
            return typed(str(value))
        if format_spec in _PARTICLES:
            word = str(value)
            return word + particle(word, format_spec)
        return str(super().format_field(value, format_spec))


_FILLER = _Filler()


def fill(template: str, fields: Mapping[str, object]) -> str:
    """The sentence with its fields put in; unknown fields are left out of sight, never raised.

    >>> fill("{path:을} 찾지 못했습니다.", {"path": "문서"})
    '문서를 찾지 못했습니다.'
    """
    return _FILLER.vformat(template, (), _Shown(fields))


class _Shown(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def say_to(language: Language) -> Callable[..., str]:
    """What puts one of two sentences before a reader.

    >>> say_to("en")("{n}건", "{n} cases", n=2)
    '2 cases'
    """

    def say(ko: str, en: str, **fields: object) -> str:
        return fill(ko if language == "ko" else en, fields) if fields else (ko if language == "ko" else en)

    return say


def storable(text: str) -> str:
    """The text with half characters (lone surrogates) replaced: nothing can hold them.

    >>> storable("half \\ud83d") == "half \\ufffd"
    True
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable_value(value: Any) -> Any:
    """The same for every text in a value of lists and dicts."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable_value(key): storable_value(one) for key, one in value.items()}
    return [storable_value(one) for one in value] if isinstance(value, list | tuple) else value


def amount(number: float) -> str:
    """A count or a measure, whole to the last digit; of what is measured at most six places.

    >>> amount(1_234_567), amount(2.0), amount(0.0345)
    ('1,234,567', '2', '0.0345')
    """
    return f"{number:,}" if isinstance(number, int) else f"{number:,.6f}".rstrip("0").rstrip(".")


_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    r"""The text for a terminal: what could steer it (escape codes, marks that turn writing) is shown as �.

    >>> plain("a\x1b[31m나")
    'a�[31m나'
    """
    return _STEERING.sub("\ufffd", text)

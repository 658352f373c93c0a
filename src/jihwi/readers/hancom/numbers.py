"""Automatic numbers: how Hancom's word processor writes and counts them.

Source: "한글 문서 파일 형식 5.0", revision 1.3, tables 38 to 41 (paragraph numbers) and 134 (the wider list that notes
and automatic numbers use); the HWPX names are those of KS X 6101, `NumberType1` and `NumberType2`.
"""

from __future__ import annotations

import re

import msgspec

__all__ = ["BUILT_IN_KINDS", "Counter", "NumberLevel", "Numbering", "number_text"]

BUILT_IN_KINDS = {
    "DIGIT": 0,
    "CIRCLED_DIGIT": 1,
    "ROMAN_CAPITAL": 2,
    "ROMAN_SMALL": 3,
    "LATIN_CAPITAL": 4,
    "LATIN_SMALL": 5,
    "CIRCLED_LATIN_CAPITAL": 6,
    "CIRCLED_LATIN_SMALL": 7,
    "HANGUL_SYLLABLE": 8,
    "CIRCLED_HANGUL_SYLLABLE": 9,
    "HANGUL_JAMO": 10,
    "CIRCLED_HANGUL_JAMO": 11,
    "HANGUL_PHONETIC": 12,
    "IDEOGRAPH": 13,
    "CIRCLED_IDEOGRAPH": 14,
    "DECAGON_CIRCLE": 15,
    "DECAGON_CIRCLE_HANGUL": 15,
    "DECAGON_CIRCLE_HANJA": 16,
}
"""HWPX's names of the kinds of number, and their codes in HWP 5."""

_SYLLABLES = "가나다라마바사아자차카타파하"
_JAMO = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_STEMS = "갑을병정무기경신임계"
_STEMS_HANJA = "甲乙丙丁戊己庚辛壬癸"
_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


class NumberLevel(msgspec.Struct, frozen=True):
    """How one level is written: `^1.` with the number's kind, and the number it starts from."""

    template: str = ""
    kind: int = 0
    start: int = 1


class Numbering(msgspec.Struct, frozen=True):
    """A definition of paragraph numbers, up to ten levels."""

    levels: tuple[NumberLevel, ...]


def number_text(value: int, kind: int) -> str:
    """A number in one of the seventeen kinds; plain digits where the kind is unknown or does not reach so far.

    >>> number_text(4, 0), number_text(4, 2), number_text(4, 8), number_text(4, 1), number_text(12, 13)
    ('4', 'IV', '라', '④', '十二')
    """
    if value < 1:
        return str(value)
    if kind in (2, 3):
        return _roman(value) if kind == 2 else _roman(value).lower()
    if kind in (12, 13):
        return (
            _korean_count(value, "일이삼사오육칠팔구", "십백천")
            if kind == 12
            else _korean_count(value, "一二三四五六七八九", "十百千")
        )
    single = _single(value, kind)
    return single if single else str(value)


def _single(value: int, kind: int) -> str:
    """Kinds that are one character of a fixed row."""
    match kind:
        case 1:
            return _circled_digit(value)
        case 4 | 5:
            return _letters(value, "A" if kind == 4 else "a")
        case 6 | 7:
            return chr((0x24B6 if kind == 6 else 0x24D0) + value - 1) if value <= 26 else ""
        case 8:
            return _row(value, _SYLLABLES)
        case 9:
            return chr(0x326E + value - 1) if value <= 14 else ""
        case 10:
            return _row(value, _JAMO)
        case 11:
            return chr(0x3260 + value - 1) if value <= 14 else ""
        case 14:
            return chr(0x3280 + value - 1) if value <= 10 else ""
        case 15:
            return _STEMS[(value - 1) % 10]
        case 16:
            return _STEMS_HANJA[(value - 1) % 10]
    return ""


def _circled_digit(value: int) -> str:
    if value <= 20:
        return chr(0x2460 + value - 1)
    if value <= 35:
        return chr(0x3251 + value - 21)
    return chr(0x32B1 + value - 36) if value <= 50 else ""


def _row(value: int, row: str) -> str:
    # After 하 the program goes on with 거, 너, 더: the same consonants with the next vowel of its own list.
    turn, place = divmod(value - 1, len(row))
    if turn == 0:
        return row[place]
    vowels = (0, 4, 8, 13, 18, 20)
    if row is _SYLLABLES and turn < len(vowels):
        return chr(ord(row[place]) + vowels[turn] * 28)
    return ""


def _letters(value: int, first: str) -> str:
    written = ""
    while value > 0:
        value, place = divmod(value - 1, 26)
        written = chr(ord(first) + place) + written
    return written


def _roman(value: int) -> str:
    if value >= 4000:
        return str(value)
    written = []
    for worth, sign in _ROMAN:
        while value >= worth:
            written.append(sign)
            value -= worth
    return "".join(written)


def _korean_count(value: int, digits: str, units: str) -> str:
    if value >= 10000:
        return str(value)
    written = []
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if not digit:
            continue
        if digit > 1 or place == 0:
            written.append(digits[digit - 1])
        if place:
            written.append(units[place - 1])
    return "".join(written)


_PLACE = re.compile(r"\^([1-9nN])")


class Counter:
    """Counts the paragraphs of one numbering and writes their labels.

    >>> counter = Counter(Numbering((NumberLevel("^1."), NumberLevel("^1.^2)", 8))))
    >>> [counter.next(level) for level in (0, 1, 1, 0, 1)]
    ['1.', '1.가)', '1.나)', '2.', '2.가)']
    """

    def __init__(self, numbering: Numbering) -> None:
        self._levels = numbering.levels
        self._values: list[int | None] = [None] * len(numbering.levels)

    def next(self, level: int) -> str:
        """Count one paragraph of `level` (from 0) and give its label; empty where the level has no template."""
        if not 0 <= level < len(self._levels):
            return ""
        value = self._values[level]
        self._values[level] = self._levels[level].start if value is None else value + 1
        for deeper in range(level + 1, len(self._values)):
            self._values[deeper] = None
        template = self._levels[level].template
        return _PLACE.sub(lambda place: self._place(place[1], level), template) if template else ""

    def _place(self, sign: str, level: int) -> str:
        if sign in "nN":
            path = ".".join(self._written(i) for i in range(level + 1))
            return path + "." if sign == "N" else path
        return self._written(int(sign) - 1)

    def _written(self, level: int) -> str:
        if level >= len(self._levels):
            return ""
        value = self._values[level]
        return number_text(self._levels[level].start if value is None else value, self._levels[level].kind)

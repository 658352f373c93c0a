"""Numbers as people write them, and their value: 1,200만, 3억 5천만, 35백만, 열다섯, 삼백, twelve, 1.2 million."""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["ENGLISH_NUMERAL", "NATIVE_NUMERAL", "NUMERAL", "numeral_value", "plain"]

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,9})?"
_SCALE = r"(?:\s?[십백천]?\s?[만억조]|[십백천](?=[\d원명개달여]|\s[원명개]))"
NUMERAL = rf"(?:{_DIGITS}(?:{_SCALE}(?:\s?{_DIGITS}|\s?[일이삼사오육칠팔구](?=[천백십]))?){{0,6}})"
"""A number in digits, with or without the words for ten thousand and more."""
_NATIVE_ONES = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "서": 3, "넷": 4, "네": 4, "넉": 4,
    "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip
_NATIVE_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90,
}  # fmt: skip
NATIVE_NUMERAL = rf"(?:(?:{'|'.join(_NATIVE_TENS)})(?:{'|'.join(_NATIVE_ONES)})?|{'|'.join(_NATIVE_ONES)})"
_ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_ENGLISH_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
ENGLISH_NUMERAL = (
    rf"(?:(?:{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})"
    rf"(?:[\s-](?:{'|'.join([*sorted(_ENGLISH, key=len, reverse=True), *_ENGLISH_SCALES])})){{0,8}})"
)
_SINO_DIGITS = {c: n for n, c in enumerate("영일이삼사오육칠팔구")}
_SMALL = {"십": 10, "백": 100, "천": 1_000}
_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[영일이삼사오육칠팔구]|[십백천]|[만억조]")


def numeral_value(text: str) -> Decimal | None:
    """The value of a number in digits, Hangul or English words; None when it is none.

    >>> [str(numeral_value(n)) for n in ("1,200만", "3억 5천만", "35백만", "1.5억", "스물다섯", "이백", "2 million")]
    ['12000000', '350000000', '35000000', '150000000.0', '25', '200', '2000000']
    """
    bare = text.strip().casefold()
    if bare[:1].isascii() and bare[:1].isalpha():
        return _english_value(bare)
    for ending, scale in _ENGLISH_SCALES.items():
        if bare.endswith(ending):
            value = numeral_value(bare[: -len(ending)])
            return None if value is None else value * scale
    native = _native_value(bare)
    return native if native is not None else _sino_value(bare)


def _native_value(text: str) -> Decimal | None:
    if text in _NATIVE_ONES:
        return Decimal(_NATIVE_ONES[text])
    for tens, value in _NATIVE_TENS.items():
        if text.startswith(tens):
            rest = text[len(tens) :]
            if not rest or rest in _NATIVE_ONES:
                return Decimal(value + _NATIVE_ONES.get(rest, 0))
    return None


def _sino_value(text: str) -> Decimal | None:
    """Digits and Hangul numerals mixed: each large word closes what was counted since the last one."""
    if not text or _TOKEN.sub("", text).strip():
        return None
    total = since_large = Decimal(0)
    pending: Decimal | None = None
    for token in _TOKEN.findall(text):
        if token in _SMALL:
            since_large += (Decimal(1) if pending is None else pending) * _SMALL[token]
            pending = None
        elif token in _LARGE:
            counted = since_large + (pending or 0)
            total += (counted if counted or pending is not None else Decimal(1)) * _LARGE[token]
            since_large, pending = Decimal(0), None
        else:
            pending = Decimal(_SINO_DIGITS[token]) if token in _SINO_DIGITS else Decimal(token.replace(",", ""))
    return total + since_large + (pending or 0)


def _english_value(text: str) -> Decimal | None:
    total = current = 0
    for word in re.split(r"[\s-]+", text):
        if word in _ENGLISH:
            current += _ENGLISH[word]
        elif word == "hundred":
            current = max(1, current) * 100
        elif word in _ENGLISH_SCALES:
            total += max(1, current) * _ENGLISH_SCALES[word]
            current = 0
        else:
            return None
    return Decimal(total + current)


def plain(value: Decimal) -> str:
    """A value in digits, without exponent and idle zeros.

    >>> plain(Decimal("1.50")), plain(Decimal("1E+3"))
    ('1.5', '1000')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text

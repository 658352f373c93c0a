"""Writes a number the way a list is numbered: 1, IV, b, 다, ③, 十二."""

from __future__ import annotations

__all__ = ["counted"]

_ROMAN: tuple[tuple[int, str], ...] = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
)
_ROMAN += ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_GANADA = "가나다라마바사아자차카타파하"
_CHOSUNG = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_STEMS = "갑을병정무기경신임계"
_SINO = ("일이삼사오육칠팔구", "십백천")
_HANJA = ("一二三四五六七八九", "十百千")
_DIGITS = {"koreanDigital": "영일이삼사오육칠팔구", "koreanDigital2": "零一二三四五六七八九"}
_DIGITS |= {"ideographDigital": "〇一二三四五六七八九", "japaneseDigitalTenThousand": "〇一二三四五六七八九"}
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_NATIVE_ONES = ("", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉")


def counted(value: int, style: str) -> str:
    """The number in one of WordprocessingML's number formats (ECMA-376 part 1, 17.18.59); digits for an unknown one.

    >>> [counted(3, style) for style in ("ganada", "upperRoman", "decimalEnclosedCircle", "koreanCounting", "decimal")]
    ['다', 'III', '③', '삼', '3']
    """
    if value < 1 or value > 32_767:
        return "" if style == "none" else str(value)
    match style:
        case "none" | "bullet":
            return ""
        case "upperRoman" | "lowerRoman":
            return _roman(value) if style == "upperRoman" else _roman(value).lower()
        case "upperLetter" | "lowerLetter":
            return _letters(value, "A" if style == "upperLetter" else "a")
        case "decimalZero":
            return f"{value:02d}"
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese":
            return _circled(value)
        case "decimalEnclosedParen":
            return chr(0x2474 + value - 1) if value <= 20 else f"({value})"
        case "decimalEnclosedFullstop":
            return chr(0x2488 + value - 1) if value <= 20 else f"{value}."
        case "numberInDash":
            return f"- {value} -"
        case "decimalFullWidth":
            return "".join(chr(0xFF10 + int(d)) for d in str(value))
        case _:
            return _east(value, style)


def _east(value: int, style: str) -> str:
    match style:
        case "ganada":
            return _cycled(value, _GANADA)
        case "chosung":
            return _cycled(value, _CHOSUNG)
        case "koreanLegal":
            return _NATIVE_TENS[value // 10] + _NATIVE_ONES[value % 10] if value < 100 else str(value)
        case "koreanCounting":
            return _by_place(value, *_SINO)
        case "chineseCounting" | "chineseCountingThousand" | "japaneseCounting" | "taiwaneseCounting":
            return _by_place(value, *_HANJA)
        case "ideographTraditional":
            return "甲乙丙丁戊己庚辛壬癸"[(value - 1) % 10]
        case "koreanStems":
            return _STEMS[(value - 1) % 10]
        case _ if style in _DIGITS:
            return "".join(_DIGITS[style][int(d)] for d in str(value))
        case _:
            return str(value)


def _roman(value: int) -> str:
    parts = []
    for size, letters in _ROMAN:
        parts.append(letters * (value // size))
        value %= size
    return "".join(parts)


def _letters(value: int, first: str) -> str:
    """a to z, then aa, bb: as word processors count, not as spreadsheets do."""
    return chr(ord(first) + (value - 1) % 26) * min(8, (value - 1) // 26 + 1)


def _circled(value: int) -> str:
    if value <= 20:
        return chr(0x2460 + value - 1)
    if value <= 35:
        return chr(0x3251 + value - 21)
    return chr(0x32B1 + value - 36) if value <= 50 else f"({value})"


def _cycled(value: int, row: str) -> str:
    return row[(value - 1) % len(row)] * min(8, (value - 1) // len(row) + 1)


def _by_place(value: int, digits: str, places: str) -> str:
    if value > 9999:
        return str(value)
    parts = []
    for place, digit in enumerate(reversed(str(value))):
        if digit != "0":
            one = "" if digit == "1" and place else digits[int(digit) - 1]
            parts.append(one + (places[place - 1] if place else ""))
    return "".join(reversed(parts))

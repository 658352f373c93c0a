"""The characters of HWP 3: sixteen-bit codes, Hangul combined from letters, KS X 1001 signs and Hanja in rows.

Source: "한글 문서 파일 형식 3.0", revision 1.2, the section on the inner code. Hangul has the highest bit set and five
bits each for initial, vowel and final (the "Johab" of KS X 1001, annex 3). Signs begin at 0x3401 in rows of 96 places,
Hanja at 0x4000 in rows of 94. Hancom's own signs lie below: those are listed whose later code is known from documents
kept in both formats.
"""

from __future__ import annotations

from functools import cache

__all__ = ["character", "text_of"]

_INITIALS = (None, None, *range(19), *[None] * 11)
_VOWELS = (*[None] * 3, *range(5), None, None, *range(5, 11), None, None, *range(11, 17), None, None, 17, 18, 19, 20)
_FINALS = (None, *range(17), None, *range(17, 28), None, None)
_OLD_A = 30
_SIGNS, _SIGN_ROW, _HANJA, _HANJA_ROW = 0x3401, 96, 0x4000, 94
_OWN_SIGNS = dict(zip((0x81, 0x82, 0x83, 0x84, 0x3062, 0x3063, 0x3067, 0x3068), "“”‘’“”‘’", strict=True))
_OWN_SIGNS |= dict(zip((0x309B, 0x309D, 0x30BB, 0x30BD, 0x2022, 0x2024, 0x203B), "｢｣『』•・※", strict=True))
_OWN_SIGNS |= {
    0x2F17: "•",
    0x2F67: "▸",
    0x3366: "□",
    0x3404: "․",
    0x303D: "\U000f0827",
    0x2014: "—",
    0x3481: "◉",
    0x37ED: "═",
}
_OWN_SIGNS |= {0x2C21 + i: chr(0x24D0 + i) for i in range(26)} | {0x2C40 + i: chr(0x3260 + i) for i in range(14)}
_OWN_SIGNS |= {0x2E00 + i: "⓪①②③④⑤⑥⑦⑧⑨"[i] for i in range(10)}
_OWN_SIGNS |= {0x2E0A + i: chr(0x2460 + i) for i in range(9)}
_OWN_SIGNS |= {0x3066: "‧", 0x2F06: "■", 0x2058: "△", 0x205A: "○"}
_OWN_SIGNS |= {0x37C0 + i: sign for i, sign in enumerate("한글과컴퓨터")}
# Lines and corners of boxes: the same row as the supplementary private points U+F0806 and after.
_OWN_SIGNS |= {0x3013 + i: chr(0xF0806 + i) for i in range(22)}
_AS_HANCOM = {"∼": "～"}
_ARROWS_AND_OPERATORS = range(0x2190, 0x2300)
"""These stand at their Unicode points."""


@cache
def character(code: int) -> str:
    """One code as Unicode; empty when its meaning is not known.

    >>> character(0x8861), character(0x4F5D), character(0x3441), character(0xD3C5)
    ('가', '債', '■', 'ᄒᆞᆫ')
    """
    if code < 0x80:
        return chr(code)
    if code >= 0x8000:
        return _hangul(code)
    if code in _OWN_SIGNS:
        return _OWN_SIGNS[code]
    if code in _ARROWS_AND_OPERATORS:
        return chr(code)
    if code >= _HANJA:
        row, place = divmod(code - _HANJA, _HANJA_ROW)
        return _ks(0xCA + row, 0xA1 + place) if row <= 0xFD - 0xCA else ""
    if code >= _SIGNS:
        row, place = divmod(code - _SIGNS, _SIGN_ROW)
        return _ks(0xA1 + row, 0xA1 + place) if row <= 0xAA - 0xA1 and place < 94 else ""
    return ""


def _hangul(code: int) -> str:
    initial, vowel, final = _INITIALS[code >> 10 & 31], code >> 5 & 31, _FINALS[code & 31]
    if final is None:
        return ""
    if vowel == _OLD_A and initial is not None:
        return chr(0x1100 + initial) + "ᆞ" + (chr(0x11A7 + final) if final else "")
    middle = _VOWELS[vowel] if vowel < len(_VOWELS) else None
    if initial is not None and middle is not None:
        return chr(0xAC00 + (initial * 21 + middle) * 28 + final)
    try:
        # Single letters, which the combining table has with fillers for the others.
        return bytes((code >> 8, code & 0xFF)).decode("johab")
    except UnicodeDecodeError:
        return ""


def _ks(row: int, place: int) -> str:
    try:
        sign = bytes((row, place)).decode("euc_kr")
    except UnicodeDecodeError:
        return ""
    return _AS_HANCOM.get(sign, sign)


def text_of(raw: bytes) -> str:
    """Codes up to the first zero, little endian."""
    signs = []
    for at in range(0, len(raw) - 1, 2):
        code = raw[at] | raw[at + 1] << 8
        if not code:
            break
        signs.append(character(code))
    return "".join(signs)

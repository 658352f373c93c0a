"""Recognises the numbers and marks that Korean documents put before headings and items."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

__all__ = ["Outline", "bullet", "outline"]


class Outline(msgspec.Struct, frozen=True):
    """What a line's beginning says of it; `number` is the beginning itself, empty for a mere bullet."""

    kind: Literal["heading", "list_item", "paragraph"]
    level: int = 0
    number: str = ""


_PARAGRAPH = Outline("paragraph")
_PART = re.compile(r"제\s?\d{1,4}\s?(편|장|절|관)(?:의\s?\d+)?(?=[\s.(]|$)")
_PART_LEVEL = {"편": 1, "장": 2, "절": 3, "관": 4}
_ARTICLE = re.compile(r"제\s?\d{1,4}\s?조(?:의\s?\d+)?(?=[\s(【]|$)")
_APPENDIX = re.compile(r"(?:부\s*칙|별\s*표|별\s*지)(?:\s*제?\d+호?)?\s*$")
_ROMAN = re.compile(r"(?:[Ⅰ-Ⅻ]|[IVX]{1,4})\.?(?=\s)")
_ITEMS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\d{1,3}(?:\.\d{1,3}){1,4}\.?(?=\s)"), 2),
    (re.compile(r"\d{1,3}\.(?=\s)"), 1),
    (re.compile(r"[가나다라마바사아자차카타파하]\.(?=\s)"), 2),
    (re.compile(r"\d{1,3}\)(?=\s|\D)"), 3),
    (re.compile(r"[가나다라마바사아자차카타파하]\)(?=\s|\S)"), 4),
    (re.compile(r"\(\d{1,3}\)(?=\s)"), 5),
    (re.compile(r"\([가나다라마바사아자차카타파하]\)(?=\s)"), 6),
    (re.compile(r"[①-⑳㉑-㉟]"), 2),
    (re.compile(r"[㉮-㉻⒜-⒵]"), 3),
)
_BULLETS = {"□": 1, "■": 1, "▣": 1, "❏": 1, "○": 2, "ㅇ": 2, "◯": 2, "●": 2, "◦": 2, "-": 3, "–": 3, "―": 3}
_BULLETS |= {"·": 4, "ㆍ": 4, "•": 1, "*": 1, "▪": 3, "▶": 1, "◆": 1, "◇": 1}
_SYMBOLS = {0xB7: "•", 0xA7: "▪", 0x6F: "o", 0xD8: "➢", 0xFC: "✓", 0x6E: "■", 0x71: "❑", 0x75: "◆", 0x76: "❖"}
_SYMBOLS |= {0xA8: "◻", 0x6C: "●", 0xD2: "©", 0xE0: "→", 0xF0: "⇒", 0xFE: "☑", 0xA1: "○", 0x2D: "-"}
_LONGEST_HEADING = 60
_SENTENCE_END = (".", "다", "요", "음", "함", ",", ";")


def outline(line: str) -> Outline:
    """What kind of line this is, from how it begins.

    >>> outline("제2장 예산의 편성")
    Outline(kind='heading', level=2, number='제2장')
    >>> outline("가. 인건비"), outline("예산은 다음과 같다.").kind
    (Outline(kind='list_item', level=2, number='가.'), 'paragraph')
    """
    line = line.strip()
    if not line:
        return _PARAGRAPH
    first = line[0]
    if first == "제":
        return _legal(line)
    if first in "부별" and _APPENDIX.match(line):
        return Outline("heading", 2)
    if first in _BULLETS and len(line) > 1 and (line[1] in " \t\u3000" or first in "□■○◯●◦ㅇ") and line[1] != first:
        return Outline("list_item", _BULLETS[first])
    if (roman := _ROMAN.match(line)) and len(line) <= _LONGEST_HEADING and not line.endswith(_SENTENCE_END):
        return Outline("heading", 1, roman.group())
    for pattern, level in _ITEMS:
        if found := pattern.match(line):
            return Outline("list_item", level, found.group())
    return _PARAGRAPH


def _legal(line: str) -> Outline:
    if part := _PART.match(line):
        if len(line) <= _LONGEST_HEADING and not line.endswith("."):
            return Outline("heading", _PART_LEVEL[part.group(1)], part.group())
        return Outline("paragraph", 0, part.group())
    if article := _ARTICLE.match(line):
        alone = len(line) <= _LONGEST_HEADING and re.fullmatch(
            r"[\s(【][^()【】]*[)】]?\s*", line[article.end() :] or " "
        )
        return Outline("heading", 5, article.group()) if alone else Outline("paragraph", 0, article.group())
    return _PARAGRAPH


def bullet(text: str) -> str:
    """The text with a mark of the private area before it as Unicode: symbol fonts put their bullets there.

    Only a mark that stands alone or before a blank is one; elsewhere nobody knows what it means.

    >>> bullet("\uf0b7 첫째"), bullet("\ue000"), bullet("\uf0b7가")
    ('• 첫째', '•', '\uf0b7가')
    """
    if not text or not "\ue000" <= text[0] <= "\uf8ff" or text[1:2].strip():
        return text
    return _SYMBOLS.get(ord(text[0]) - 0xF000, "•") + text[1:]

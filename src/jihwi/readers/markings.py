"""What a text says of itself without being asked: markings such as 대외비, and the language it is in."""

from __future__ import annotations

import re

__all__ = ["labels_in", "language_of"]

_LABELS: dict[str, str] = {
    "대외비": "대외비",
    "사내비": "사내비",
    "극비": "극비",
    "1급비밀": "Ⅰ급비밀",
    "2급비밀": "Ⅱ급비밀",
    "3급비밀": "Ⅲ급비밀",
    "ⅰ급비밀": "Ⅰ급비밀",
    "ⅱ급비밀": "Ⅱ급비밀",
    "ⅲ급비밀": "Ⅲ급비밀",
    "비공개": "비공개",
    "부분공개": "부분공개",
    "내부용": "내부용",
    "내부한": "내부한",
    "내부검토용": "내부검토용",
    "내부자료": "내부자료",
    "외부유출금지": "외부유출금지",
    "무단배포금지": "무단배포금지",
    "무단전재금지": "무단전재금지",
    "취급주의": "취급주의",
    "엠바고": "엠바고",
    "confidential": "Confidential",
    "strictly confidential": "Confidential",
    "company confidential": "Confidential",
    "top secret": "Top Secret",
    "secret": "Secret",
    "internal use only": "Internal use only",
    "for internal use only": "Internal use only",
    "internal only": "Internal use only",
    "restricted": "Restricted",
    "do not distribute": "Do not distribute",
    "not for distribution": "Do not distribute",
    "draft": "Draft",
    "embargoed": "Embargoed",
}
_ALONE_ONLY = frozenset({"비공개", "부분공개", "Secret", "Restricted", "Draft", "취급주의", "엠바고", "Embargoed"})
"""Words that stand in ordinary table cells too; they are markings only on a line of their own, near an end."""
_INSIDE = re.compile(
    r"[(\[【〔〈《<]\s*(대\s?외\s?비|외부\s?유출\s?금지|무단\s?배포\s?금지|[ⅠⅡⅢ]\s?급\s?비밀|confidential)\s*[)\]】〕〉》>]"
    r"|(?:보안\s?등급|문서\s?등급|비밀\s?등급)\s*[:：]\s*(\S{2,8})",
    re.IGNORECASE,
)
"""A marking inside a line counts only in brackets, or where the line says that it is one."""
_DECORATION = re.compile(r"^[\W_]+|[\W_]+$")
_LONGEST_MARKING = 40
_LONGEST_LINE = 400
_NEAR_AN_END = 20


def labels_in(text: str) -> tuple[str, ...]:
    """The markings that stand alone on a line, or inside one where they can mean nothing else, in order of sight.

    A line of prose that speaks of secrecy is no marking.

    >>> labels_in("【 대 외 비 】\\n2026년 예산안\\n비공개 회의에 대하여 논의하였다.")
    ('대외비',)
    """
    found: dict[str, None] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not line or len(line) > _LONGEST_LINE:
            continue
        near_an_end = number < _NEAR_AN_END or number >= len(lines) - _NEAR_AN_END
        for cell in line.split("\t"):
            label = _marking(cell) if len(cell) <= _LONGEST_MARKING else ""
            if label and (label not in _ALONE_ONLY or (near_an_end and cell == line)):
                found[label] = None
    for match in _INSIDE.finditer(text, 0, 4000):
        label = _marking(match.group(1) or match.group(2))
        if label:
            found[label] = None
    return tuple(found)


def _marking(line: str) -> str:
    bare = _DECORATION.sub("", line).lower()
    return _LABELS.get(bare) or _LABELS.get(re.sub(r"\s+", "", bare), "")


_SCRIPTS = (
    ("ko", re.compile(r"[가-힣ㄱ-ㆎ]")),
    ("ja", re.compile(r"[぀-ヿ]")),
    ("han", re.compile(r"[一-鿿]")),
    ("latin", re.compile(r"[A-Za-z]")),
    ("ru", re.compile(r"[Ѐ-ӿ]")),
)
_LOOKED_AT = 20_000


def language_of(text: str) -> str:
    """The language a text is mostly in, told by its letters: `ko`, `en`, `ja`, `zh`, `ru`; empty when none leads.

    >>> language_of("예산 집행 보고서 (budget)"), language_of("1234")
    ('ko', '')
    """
    seen = {name: len(pattern.findall(text[:_LOOKED_AT])) for name, pattern in _SCRIPTS}
    total = sum(seen.values())
    if not total:
        return ""
    if seen["ko"] * 5 >= total:
        return "ko"
    if seen["ja"] * 10 >= total:
        return "ja"
    if seen["han"] * 2 >= total:
        return "zh"
    if seen["ru"] * 2 >= total:
        return "ru"
    return "en" if seen["latin"] * 10 >= total * 8 else ""

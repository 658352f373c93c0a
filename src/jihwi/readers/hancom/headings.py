"""Which styles make a heading, by the names that the program and its users give them, and which typed numbers do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jihwi.readers.outline import Outline, outline
from jihwi.readers.titles import LEADER

__all__ = ["heading_levels", "typed_heading"]

_NUMBERED = re.compile(r"(?:제목|heading|표제)([1-9])", re.IGNORECASE)
_TAGGED = re.compile(r".*\(H([1-6])\)")
"""Styles of imported web pages: 머리말1(H1)."""
_TAG = re.compile(r".*\([A-Z]+\)")
_REMARK = re.compile(r"\([^)]*\)?$")
"""Users note the font beside a name: 큰제목(견고딕20)."""
_RANKS = dict.fromkeys(("제목", "문서제목", "문서타이틀", "큰제목", "대제목", "title", "heading"), 1)
_RANKS |= dict.fromkeys(("중제목", "중간제목"), 2) | {"작은제목": 3, "소제목": 4}
_FIRST = frozenset("제부별ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫIVX")
_LONGEST_TYPED = 60


def heading_levels(styles: Iterable[tuple[str, str]]) -> list[int]:
    """The heading level that each style promises, by its name or its English name; 0 for none.

    Large, middle, small and sub-titles count among those that the document has: where none is a middle title, small
    ones follow large ones; where none is large, the document's title stands above them without a style. Outline
    styles need no name: their shape says it. Titles of tables, figures and forms are captions and no headings.

    >>> heading_levels([("큰제목(견고딕20)", ""), ("작은 제목", ""), ("본문 소제목", ""), ("표제목", "")])
    [1, 2, 3, 0]
    >>> heading_levels([("소제목", ""), ("바탕글", "Normal"), ("머리말3(H3)", "")])
    [2, 0, 3]
    """
    said = [next((found for name in names if (found := _said(name))), (0, 0)) for names in styles]
    ranks = sorted({rank for rank, _ in said if rank})
    above = 1 if ranks and ranks[0] == 1 else 2
    return [ranks.index(rank) + above if rank else level for rank, level in said]


def _said(style: str) -> tuple[int, int]:
    """A style's rank among titles, or the level it names."""
    name = "".join(style.split())
    if found := _NUMBERED.fullmatch(name) or _TAGGED.fullmatch(name):
        return 0, int(found[1])
    if _TAG.fullmatch(name):
        return 0, 0
    return _RANKS.get(_REMARK.sub("", name).removeprefix("본문").lower(), 0), 0


def typed_heading(text: str) -> Outline | None:
    """What a line that begins like a heading says of itself; `None` for others, and for lines of a table of contents.

    >>> typed_heading("제2장 예산의 편성").level, typed_heading("Ⅱ. 추진 체계").number
    (2, 'Ⅱ.')
    >>> typed_heading("Ⅱ. 추진 체계 ······ 7") is typed_heading("가. 인건비") is None
    True
    """
    if text[:1] not in _FIRST or len(text) > _LONGEST_TYPED or "\n" in text or LEADER.search(text):
        return None
    found = outline(text)
    # A letter alone is more often a sign than a number.
    doubtful = found.number.isascii() and found.number.isalpha()
    return found if found.kind == "heading" and not doubtful else None

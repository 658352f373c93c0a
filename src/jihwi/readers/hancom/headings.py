"""Which styles make a heading, by the names that the program and its users give them."""

from __future__ import annotations

import re

__all__ = ["heading_level"]

_NUMBERED = re.compile(r"^\s*(?:제목|heading|표제)\s*([1-9])\s*$", re.IGNORECASE)
_TITLES = frozenset(("제목", "문서제목", "큰제목", "title", "heading"))


def heading_level(style: str) -> int:
    """The heading level that a style's name promises; 0 for none. Outline styles need no name: their shape says it.

    >>> heading_level("제목 2"), heading_level("큰제목"), heading_level("본문"), heading_level("소제목")
    (2, 1, 0, 0)
    """
    numbered = _NUMBERED.match(style)
    if numbered:
        return int(numbered[1])
    return 1 if style.replace(" ", "").lower() in _TITLES else 0

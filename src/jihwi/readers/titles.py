"""How Korean offices set headings: numbers in a cell beside a title; and what only looks like a heading."""

from __future__ import annotations

import re

__all__ = ["APPENDED", "LEADER", "LONGEST_BESIDE", "numbered_beside"]

LONGEST_BESIDE = 60
APPENDED = re.compile(
    r"[\[(【<]?\s*(?:붙\s*임|별\s*첨|참\s*고|별\s*지|별\s*표|부\s*록)\s*(?:제?\s*\d{1,3}\s*호?)?\s*[\])】>]?"
)
LEADER = re.compile(r"\t|[·.…‥∙ㆍ]{2,}\s*\d*\s*$")
"""What leads to a page number in a table of contents."""
_ROMAN = re.compile(r"(?:[Ⅰ-Ⅻ]|(?!X)[IVX]{1,4})\.?")
_DIGITS = re.compile(r"\d{1,2}\.?")
_SYLLABLE = re.compile(r"[가나다라마바사아자차카타파하]\.?")


def numbered_beside(number: str, title: str) -> int:
    """The level of the heading that a number and the title beside it make; 0 where they make none.

    >>> numbered_beside("Ⅱ", "추진 체계"), numbered_beside("1", "성과"), numbered_beside("비전", "커지는 한국어")
    (1, 2, 0)
    """
    if len(title) > LONGEST_BESIDE or sum(c.isalpha() for c in title) < 2 or "\n" in title:
        return 0
    levels = ((_ROMAN, 1), (APPENDED, 1), (_DIGITS, 2), (_SYLLABLE, 3))
    return next((level for pattern, level in levels if pattern.fullmatch(number)), 0)

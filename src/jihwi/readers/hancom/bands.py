"""Boxes that are headings: the title in a frame of one cell, and the band of a number beside a title.

Korean offices set titles in tables of one row. On the page such a row is a heading and no table, so it is read as one,
where what it says leaves no doubt: a number or 붙임 in a cell of its own, a style's or an outline's level, a typed
number, the first thing of a document, letters set apart, or letters larger than the text's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from jihwi.readers.hancom.headings import typed_heading
from jihwi.readers.hancom.model import Frame, Grid, GridCell, Note, Paragraph, Section
from jihwi.readers.titles import APPENDED, LONGEST_BESIDE, numbered_beside

__all__ = ["Band", "body_size", "heading_band"]


class Band(msgspec.Struct, frozen=True):
    """A table of one row that is a heading."""

    level: int
    number: str
    """As typed in it; empty where none is."""
    title: bool
    """Whether it is the document's title, which stands above numbered headings."""
    paragraphs: tuple[Paragraph, ...]


_MOST_CELLS, _MOST_PARAGRAPHS, _LONGEST = 4, 3, 100
_FORM = re.compile(r"\[\s*별\s*지\s*제\s*\d{1,3}\s*호(?:의\s*\d+)?\s*서식\s*\][^.]*")
_TYPED = re.compile(r"(\d{1,2}(?:\.|(?=\s)))\s*(?=[^\d\s.,:%)\]~-])")
_SET_APART = re.compile(r"(?:[가-힣]\s+){2,}[가-힣]|차\s+례|목\s+차")
_SENTENCE_ENDS = (".", "!", "?", "다", "요", "오", "함", "음", "까", ",", ";", ":")
_LARGER = 1.2


def heading_band(grid: Grid, *, opening: bool, title: str, usual_size: Callable[[], int]) -> Band | None:
    """The heading that a table of one row is; `None` where it is a table.

    `opening`: whether nothing stands before it. `title`: the title that the document has shown, without blanks; empty
    where it has none. `usual_size`: the size of the document's text, asked for only where nothing else tells.
    """
    cells = _filled(grid)
    if not cells or (len(cells) == 1 < len(grid.cells) and not opening):
        return None
    paragraphs = tuple(p for cell in cells for p in cell.paragraphs if p.text.strip())
    beneath = 1 if title else 0
    if len(cells) == 2:
        beside, shown = (_text(cell) for cell in cells)
        level = numbered_beside(beside, shown)
        return Band(level + beneath, beside, False, paragraphs) if level else None
    text = " ".join(p.text.strip() for p in paragraphs)
    if len(text) > _LONGEST or "\t" in text:
        return None
    shape = paragraphs[0].shape
    if level := shape.heading or (shape.level + 1 if shape.head == "outline" else 0):
        return Band(level, "", False, paragraphs)
    if sum(c.isalpha() for c in text) < 2:
        return None
    if typed := typed_heading(text):
        return Band(typed.level + (beneath if typed.level == 1 else 0), typed.number, False, paragraphs)
    if shape.head != "none" or text.endswith(_SENTENCE_ENDS):
        return None
    if len(text) <= LONGEST_BESIDE and (number := _TYPED.match(text)):
        return Band(2 + beneath, number[1], False, paragraphs)
    if APPENDED.fullmatch(text) or _FORM.fullmatch(text):
        return Band(1 + beneath, "", False, paragraphs)
    if opening or "".join(text.split()) == title or _SET_APART.fullmatch(text):
        return Band(1, "", True, paragraphs)
    if paragraphs[0].size > _LARGER * usual_size() > 0:
        return Band(1 + beneath, "", False, paragraphs)
    return None


def _text(cell: GridCell) -> str:
    return "\n".join(p.text.strip() for p in cell.paragraphs if p.text.strip())


def _filled(grid: Grid) -> list[GridCell]:
    """The only cell with text, or the two of a table of one row, if they hold nothing but a few lines and notes."""
    if not 0 < len(grid.cells) <= _MOST_CELLS or grid.caption:
        return []
    filled = []
    for cell in grid.cells:
        if any(not isinstance(anchor.held, Note) for p in cell.paragraphs for anchor in p.anchors):
            return []
        lines = sum(bool(p.text.strip()) for p in cell.paragraphs)
        if lines > _MOST_PARAGRAPHS:
            return []
        if lines:
            filled.append(cell)
    if len(filled) == 1:
        return filled
    one_row = not any(c.row or c.row_span > 1 for c in grid.cells)
    return sorted(filled, key=lambda cell: cell.column) if one_row and len(filled) == 2 else []


def body_size(sections: Iterable[Section]) -> int:
    """The size in which most of the text is set, in hundredths of a point; 0 where sizes are not known.

    >>> body_size([Section((Paragraph("제목", size=2000), Paragraph("본문은 이것보다 길다.", size=1000)))])
    1000
    """
    sizes: Counter[int] = Counter()
    waiting = [p for section in sections for p in section.paragraphs]
    while waiting:
        paragraph = waiting.pop()
        sizes[paragraph.size] += len(paragraph.text)
        for anchor in paragraph.anchors:
            if isinstance(anchor.held, Grid):
                waiting += [p for cell in anchor.held.cells for p in cell.paragraphs]
            elif isinstance(anchor.held, Frame):
                waiting += anchor.held.paragraphs
    del sizes[0]
    return max(sizes, key=lambda size: (sizes[size], size), default=0)

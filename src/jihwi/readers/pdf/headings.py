"""Which paragraphs of a PDF are headings: by bookmarks, by size, by numbers beside titles.

A PDF knows sizes and places only. Larger letters make a heading when they are few; letters a little larger than the
text's only where the line is short and ends no sentence. Several such lines in a row, with nothing between, are a list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby

from jihwi.readers.pdf.glyphs import Line
from jihwi.readers.pdf.layout import Paragraph, is_spread
from jihwi.readers.pdf.pages import PageContent
from jihwi.readers.titles import LEADER

__all__ = ["Headings", "merged_titles"]

_LONGEST = 90
_LONGEST_SMALL = 40
_LARGER, _LITTLE_LARGER = 1.15, 1.08
_MOST_LEVELS = 4
_MOST_SHARE, _MOST_SMALL_SHARE = 0.3, 0.12
_A_LIST = 3
_DATE = re.compile(r"\(?[\d○]{2,4}\s*[년.]\s*([\d○]{0,2}\s*[월.]?\s*)?([\d○]{0,2}\s*일?\.?)\)?")
_SENTENCE_ENDS = (".", "!", "?", "다", "요", "음", "함", ",", ";", ":")


class Headings:
    """Tells headings, once all pages are known."""

    def __init__(self, pages: Iterable[PageContent], bookmarks: Mapping[str, int]) -> None:
        flow: Counter[float] = Counter()
        cells: Counter[float] = Counter()
        longest: dict[float, int] = {}
        for page in pages:
            for line in page.lines:
                if line.region < 0 and any(c.isalpha() for c in line.text):
                    size = _rounded(line.size)
                    flow[size] += len(line.text)
                    longest[size] = max(longest.get(size, 0), len(line.text))
            for grid in page.grids:
                for lines in grid.lines.values():
                    for line in lines:
                        cells[_rounded(line.size)] += len(line.text)
        most = flow if sum(flow.values()) > 200 else flow + cells
        self.body = most.most_common(1)[0][0] if most else 0.0
        """The size of most of the text, in points; 0 where there is none."""
        self._bookmarks = bookmarks
        self._levels = _sizes(flow, longest, self.body)

    def level(self, paragraph: Paragraph, text: str) -> int:
        """The level of a paragraph that is a heading; 0 for another."""
        if len(text) > _LONGEST or LEADER.search(text):
            return 0
        if self._bookmarks and (level := self._bookmarks.get("".join(text.split()), 0)):
            return min(level, 9)
        if not any(c.isalpha() for c in text) or _DATE.fullmatch(text) or _is_spread(paragraph, text):
            return 0
        if paragraph.size < _LARGER * self.body and (len(text) > _LONGEST_SMALL or text.endswith(_SENTENCE_ENDS)):
            return 0
        return next((level for level, size in enumerate(self._levels, 1) if paragraph.size >= size - 0.3), 0)

    def levels(self, paragraphs: list[tuple[Paragraph, str]]) -> list[int]:
        """The levels of the paragraphs of a page; a run of headings of one level, with nothing between, is a list."""
        levels = [self.level(paragraph, text) for paragraph, text in paragraphs]
        found: list[int] = []
        for level, run in groupby(levels):
            length = len(list(run))
            found += [0 if length >= _A_LIST and level > 1 else level] * length
        return found


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _is_spread(paragraph: Paragraph, text: str) -> bool:
    """Whether single letters are set over the width of the page, as ornaments are."""
    return len(text) > 1 and is_spread(paragraph.lines[-1])


def _sizes(flow: Counter[float], longest: Mapping[float, int], body: float) -> list[float]:
    """Sizes that stand out from the body's, largest first; none when they would make up much of the text."""
    total = sum(flow.values())
    larger = sorted((size for size in flow if size >= body * _LARGER), reverse=True)
    if sum(flow[size] for size in larger) > _MOST_SHARE * total:
        return []
    small = [size for size in flow if body * _LITTLE_LARGER <= size < body * _LARGER]
    larger += sorted(
        (s for s in small if flow[s] < _MOST_SMALL_SHARE * total and longest[s] <= _LONGEST_SMALL), reverse=True
    )
    distinct: list[float] = []
    for size in larger:
        if not distinct or distinct[-1] - size > 0.9:
            distinct.append(size)
        else:
            distinct[-1] = size
    return distinct[:_MOST_LEVELS]


def merged_titles(paragraphs: list[Paragraph], body: float) -> list[Paragraph]:
    """The paragraphs, where large lines set one below the other about the same middle are one title."""
    found: list[Paragraph] = []
    for paragraph in paragraphs:
        if found and _goes_on(found[-1], paragraph, body):
            found[-1].lines.extend(paragraph.lines)
            found[-1].size = max(found[-1].size, paragraph.size)
        else:
            found.append(paragraph)
    return found


def _goes_on(before: Paragraph, after: Paragraph, body: float) -> bool:
    if min(before.size, after.size) < _LARGER * body or len(before.lines) > 3:
        return False
    upper, lower = before.lines[-1], after.lines[0]
    if upper.region >= 0 or lower.region >= 0 or abs(upper.size - lower.size) > 0.15 * lower.size:
        return False
    about = abs(_middle(upper) - _middle(lower)) < 0.5 * lower.size and abs(upper.left - lower.left) > lower.size
    return about and 0 <= lower.top - upper.bottom < lower.size


def _middle(line: Line) -> float:
    return (line.left + line.right) / 2

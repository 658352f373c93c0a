"""Makes the reading of a PDF from its pages: what repeats at the margins, what is a heading, what is a table."""

from __future__ import annotations

import itertools
import re
from collections import Counter

from jihwi.evidence import BlockKind, Box, ReadingBuilder
from jihwi.readers import Limits
from jihwi.readers.ocr import Recognised
from jihwi.readers.outline import outline
from jihwi.readers.pdf.glyphs import Line
from jihwi.readers.pdf.layout import Paragraph, Words, joined, paragraphs_of, reading_order
from jihwi.readers.pdf.pages import Grid, PageContent

__all__ = ["Composer"]

_MARGIN = 0.13
_NUMBER_ONLY = re.compile(
    r"[-–—\s\[(]*(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:/|of|쪽|페이지)\s*\d{0,4})?[-–—\s\])]*", re.IGNORECASE
)
_LONGEST_HEADING = 90
_LONGEST_MARGIN = 120
_MORE_THAN_A_NUMBER = 50
_LARGER = 1.15
_MOST_LEVELS = 4
_MOST_HEADING_SHARE = 0.3


class Composer:
    """Writes pages into a builder, once all of them are known."""

    def __init__(self, builder: ReadingBuilder, limits: Limits, bookmarks: dict[str, int]) -> None:
        self._builder = builder
        self._limits = limits
        self._bookmarks = bookmarks
        self._words = Words()
        self._margins: set[str] = set()
        self._margins_seen: set[str] = set()
        self._levels: list[float] = []

    def write(self, pages: list[PageContent], scanned: dict[int, list[Recognised]]) -> None:
        """The whole document; recognised pages replace what the file says of them."""
        read = [page for page in pages if page.number not in scanned]
        for page in read:
            self._words.learn(page.lines)
            for grid in page.grids:
                for lines in grid.lines.values():
                    self._words.learn(lines)
        self._margins = _repeated(read)
        self._levels = _heading_sizes(read)
        for page in pages:
            self._builder.page = page.number
            if page.number in scanned:
                for recognised in scanned[page.number]:
                    self._builder.block("paragraph", recognised.text, box=recognised.box, origin="recognised")
            else:
                self._page(page)
            for note in page.notes:
                kind: BlockKind = "comment"
                if note.kind in {"form_field", "text_box"}:
                    kind = "form_field" if note.kind == "form_field" else "text_box"
                self._builder.block(kind, note.text, target=note.name)
        self._builder.page = 0

    def _page(self, page: PageContent) -> None:
        flow: list[Line] = []
        margin = _margin_lines(page)
        for line in page.lines:
            place = margin.get(id(line), "")
            if place and place in self._margins:
                self._margin(line, place)
            else:
                flow.append(line)
        for paragraph in paragraphs_of(reading_order(flow, page.width)):
            first = paragraph.lines[0]
            if first.region >= 0:
                self._table(page.grids[first.region])
            else:
                self._paragraph(paragraph)

    def _margin(self, line: Line, place: str) -> None:
        """A header or footer is shown once, where it first stands."""
        if place not in self._margins_seen:
            self._margins_seen.add(place)
            self._builder.block("header" if place[0] == "h" else "footer", line.text, box=_box(line))

    def _paragraph(self, paragraph: Paragraph) -> None:
        text = joined(paragraph.lines, self._words).strip()
        if not text:
            return
        begins = outline(text[:200])
        level = self._heading_level(paragraph, text)
        kind: BlockKind = begins.kind
        if level and begins.kind != "list_item":
            kind = "heading"
        elif begins.kind == "heading" or begins.kind == "list_item":
            level = begins.level
        self._builder.block(
            kind, text, level=level if kind != "paragraph" else 0, number=begins.number, box=paragraph.box
        )

    def _heading_level(self, paragraph: Paragraph, text: str) -> int:
        if len(text) > _LONGEST_HEADING:
            return 0
        if self._bookmarks and (level := self._bookmarks.get("".join(text.split()), 0)):
            return min(level, 9)
        if not any(c.isalpha() for c in text):
            return 0
        for level, size in enumerate(self._levels, start=1):
            if paragraph.size >= size - 0.3:
                return level
        return 0

    def _table(self, grid: Grid) -> None:
        cells: list[tuple[int, int, int, int, str]] = []
        for index, (row, column, height, width) in enumerate(grid.table.cells):
            lines = grid.lines.get(index, [])
            across = grid.table.xs[column + width] - grid.table.xs[column]
            text = "\n".join(joined(p.lines, self._words, across).strip() for p in paragraphs_of(lines))
            cells.append((row, column, height, width, text))
        self._builder.cells(cells, header_rows=0, box=grid.box)


def _box(line: Line) -> Box:
    return Box(round(line.left, 1), round(line.top, 1), round(line.right, 1), round(line.bottom, 1))


def _margin_lines(page: PageContent) -> dict[int, str]:
    """The lines set apart at the head and foot of a page, by identity, and what each says, its numbers aside."""
    found: dict[int, str] = {}
    lines = sorted((line for line in page.lines), key=lambda line: line.top)
    for side, ordered in (("h", lines), ("f", lines[::-1])):
        apart: list[Line] = []
        for line, inward in itertools.zip_longest(ordered, ordered[1:]):
            inside = line.bottom < page.height * _MARGIN if side == "h" else line.top > page.height * (1 - _MARGIN)
            if not inside or line.region >= 0 or len(line.text) > _LONGEST_MARGIN:
                break
            apart.append(line)
            if inward is None or _distance(line, inward) > 0.8 * line.size:
                found |= {id(one): _margin_key(one, side) for one in apart}
                apart = []
        found |= {id(one): f"{side}#" for one in apart if _NUMBER_ONLY.fullmatch(one.text)}
    return found


def _distance(a: Line, b: Line) -> float:
    return max(a.top, b.top) - min(a.bottom, b.bottom)


def _margin_key(line: Line, side: str) -> str:
    if _NUMBER_ONLY.fullmatch(line.text):
        return f"{side}#"
    return f"{side}{round(line.top / 12)}{re.sub(r'[0-9]+', '#', ''.join(line.text.split()))}"


def _repeated(pages: list[PageContent]) -> set[str]:
    """What stands at the margin of several pages."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update(set(_margin_lines(page).values()))
    needed = max(2, min(len(pages) // 4, 8))
    alone = "f#" if sum(page.glyphs for page in pages) > _MORE_THAN_A_NUMBER else ""
    return {key for key, count in counts.items() if count >= needed or key == alone}


def _heading_sizes(pages: list[PageContent]) -> list[float]:
    """Sizes that stand out from the body's, largest first; none when they would make up much of the text."""
    letters: Counter[float] = Counter()
    flow: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            flow[round(line.size * 2) / 2] += len(line.text)
        for grid in page.grids:
            for lines in grid.lines.values():
                for line in lines:
                    letters[round(line.size * 2) / 2] += len(line.text)
    body_of = flow if sum(flow.values()) > 200 else flow + letters
    if not body_of:
        return []
    body = body_of.most_common(1)[0][0]
    larger = sorted((size for size in flow if size >= body * _LARGER and flow[size] > 0), reverse=True)
    if sum(flow[size] for size in larger) > _MOST_HEADING_SHARE * sum(flow.values()):
        return []
    distinct: list[float] = []
    for size in larger:
        if not distinct or distinct[-1] - size > 0.9:
            distinct.append(size)
        else:
            distinct[-1] = size
    return distinct[:_MOST_LEVELS]

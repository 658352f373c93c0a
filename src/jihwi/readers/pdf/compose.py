"""Makes the reading of a PDF from its pages: margins that repeat, headings, tables, notes where they are called."""

from __future__ import annotations

import itertools
import re
from collections import Counter

from jihwi.evidence import BlockKind, Box, ReadingBuilder
from jihwi.readers import Limits
from jihwi.readers.ocr import Recognised
from jihwi.readers.outline import Outline, outline
from jihwi.readers.pdf.aligned import aligned_tables
from jihwi.readers.pdf.glyphs import Line
from jihwi.readers.pdf.headings import Headings, merged_titles
from jihwi.readers.pdf.layout import Paragraph, Words, gathered_letters, joined, paragraphs_of, reading_order
from jihwi.readers.pdf.links import PageLink
from jihwi.readers.pdf.notes import FootNote, foot_notes, is_called
from jihwi.readers.pdf.pages import Grid, PageContent
from jihwi.readers.titles import LEADER, numbered_beside

__all__ = ["Composer"]

_MARGIN = 0.13
_NUMBER_ONLY = re.compile(
    r"[-–—\s\[(]*(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:/|of|쪽|페이지)\s*\d{0,4})?[-–—\s\])]*", re.IGNORECASE
)
_LONGEST_MARGIN = 120
_MORE_THAN_A_NUMBER = 50


class Composer:
    """Writes pages into a builder, once all of them are known."""

    def __init__(self, builder: ReadingBuilder, limits: Limits, bookmarks: dict[str, int]) -> None:
        self._builder = builder
        self._limits = limits
        self._bookmarks = bookmarks
        self._headings = Headings((), {})
        self._titled = False
        """Whether a title stands above the numbered headings."""
        self._said = ""
        """The heading shown last, without blanks; empty after other text."""
        self._words = Words()
        self._links: list[PageLink] = []
        """Of the page at hand."""
        self._margins: set[str] = set()
        self._margins_seen: set[str] = set()

    def write(self, pages: list[PageContent], scanned: dict[int, list[Recognised]]) -> None:
        """The whole document; recognised pages replace what the file says of them."""
        read = [page for page in pages if page.number not in scanned]
        for page in read:
            self._words.learn(page.lines)
            for grid in page.grids:
                for lines in grid.lines.values():
                    self._words.learn(lines)
        self._margins = _repeated(read)
        tagged = {text: level for page in read for text, level in page.headings.items()}
        self._headings = Headings(read, tagged | self._bookmarks)
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
        self._links = page.links
        flow: list[Line] = []
        margin = _margin_lines(page)
        for line in page.lines:
            place = margin.get(id(line), "")
            if place and place in self._margins:
                self._margin(line, place)
            else:
                flow.append(line)
        notes = self._notes(flow, page)
        of_notes = {id(line) for note in notes for line in note.lines}
        flow = [line for line in gathered_letters(flow) if id(line) not in of_notes]
        ordered = aligned_tables(reading_order(flow, page.width), page.grids)
        paragraphs = merged_titles(paragraphs_of(ordered), self._headings.body)
        texts = [(one, joined(one.lines, self._words).strip()) for one in paragraphs]
        for (paragraph, text), level in zip(texts, self._headings.levels(texts), strict=True):
            region = paragraph.lines[0].region
            if region >= 0:
                self._table(page.grids[region])
                text = "\n".join(line.text for lines in page.grids[region].lines.values() for line in lines)
            elif text:
                self._paragraph(paragraph, text, level)
            notes = self._called(notes, text)
        for note in notes:
            self._note(note, self._builder.last_block)

    def _notes(self, flow: list[Line], page: PageContent) -> list[FootNote]:
        said = [line.text for line in flow]
        said += [line.text for grid in page.grids for lines in grid.lines.values() for line in lines]
        downwards = sorted(flow, key=lambda line: (line.top, line.left))
        return foot_notes(downwards, "\n".join(said), page.height, self._headings.body)

    def _called(self, notes: list[FootNote], text: str) -> list[FootNote]:
        """Write the notes that the block written last calls; those that are left."""
        parent = self._builder.last_block
        left: list[FootNote] = []
        for note in notes:
            if is_called(note.mark, text):
                self._note(note, parent)
            else:
                left.append(note)
        return left

    def _note(self, note: FootNote, parent: int) -> None:
        paragraphs = paragraphs_of(note.lines)
        text = "\n".join(joined(one.lines, self._words).strip() for one in paragraphs)
        box = Paragraph(lines=note.lines).box
        self._lead(box)
        self._builder.block("footnote", text, number=note.mark, parent=parent, box=box)
        self._said = ""

    def _margin(self, line: Line, place: str) -> None:
        """A header or footer is shown once, where it first stands."""
        if place not in self._margins_seen:
            self._margins_seen.add(place)
            self._lead(_box(line))
            self._builder.block("header" if place[0] == "h" else "footer", line.text, box=_box(line))

    def _paragraph(self, paragraph: Paragraph, text: str, level: int) -> None:
        begins = outline(text[:200])
        if LEADER.search(text) and begins.kind == "heading":
            begins = Outline("paragraph")
        kind: BlockKind = begins.kind
        shown = "".join(text.split())
        if level and begins.kind != "list_item" and shown != self._said:
            kind = "heading"
        elif begins.kind == "heading" or begins.kind == "list_item":
            level = begins.level
        if kind == "heading" and level == 1 and begins.number and self._titled:
            level = 2
        if kind == "heading" and level == 1 and not begins.number:
            self._titled = True
        self._said = shown if kind == "heading" else ""
        self._lead(paragraph.box)
        self._builder.block(
            kind, text, level=level if kind != "paragraph" else 0, number=begins.number, box=paragraph.box
        )

    def _lead(self, box: Box) -> None:
        """Tell the builder of the links that lie over the block about to be written."""
        for link in self._links:
            if box.left - 1 <= link.x <= box.right + 1 and box.top - 1 <= link.y <= box.bottom + 1:
                self._builder.link(link.words, link.address)

    def _table(self, grid: Grid) -> None:
        cells: list[tuple[int, int, int, int, str]] = []
        for index, (row, column, height, width) in enumerate(grid.table.cells):
            lines = grid.lines.get(index, [])
            across = grid.table.xs[column + width] - grid.table.xs[column]
            text = "\n".join(joined(p.lines, self._words, across).strip() for p in paragraphs_of(lines))
            cells.append((row, column, height, width, text))
        filled = [text for *_, text in cells if text]
        level = numbered_beside(*filled) if len(filled) == 2 and all(not cell[0] for cell in cells) else 0
        self._lead(grid.box)
        if level:
            self._builder.block("heading", " ".join(filled), level=level + self._titled, number=filled[0], box=grid.box)
        else:
            self._builder.cells(cells, header_rows=0, box=grid.box)
        self._said = ""


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

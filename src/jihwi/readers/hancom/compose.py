"""Making the reading of a Hancom document: reading order, headings, numbers, and what is shown beside the flow.

The rules, the same for the four formats:

* A paragraph is one block. A table or text box that stands in the line of text divides it; any other object with text
  before it in its paragraph, or hung from the paragraph's top a line or more beneath it, comes after that paragraph's
  block and names it as its parent. What floats over the page from one place of a paragraph comes from the top down.
* The paragraphs of a cell, a note or a text box are one text with line breaks. What is anchored inside them comes after
  the block that holds them and names it as its parent: a nested table is a table of its own and its text is not
  in the outer cell.
* A table of one row that is a title or a number beside a title is that heading (`bands.py` says when).
* A table of one column that holds another table is a frame around a part of the page, no table: its content is flow.
  So is a text box that holds a table, and a row that is one cell as wide as its table and holds another table: the
  rows above and beneath such a row are tables of their own.
* Where a note is called its mark stands in the text, rendered, after a space where it would run into a number.
* Where a document has more than one section, its blocks bear the section's name as the program shows it: 구역 2.
* A caption comes after the thing it explains. Paragraphs without text give no block, but are counted when numbered.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter as Counted
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from jihwi.evidence import BlockKind, OriginRun, Reading, ReadingBuilder
from jihwi.readers.hancom.bands import Band, body_size, heading_band
from jihwi.readers.hancom.equation import equation_line
from jihwi.readers.hancom.headings import typed_heading
from jihwi.readers.hancom.model import (
    Anchor,
    Anchored,
    Document,
    Equation,
    FormField,
    Frame,
    Grid,
    GridCell,
    Note,
    Paragraph,
    Picture,
    Place,
    Shape,
)
from jihwi.readers.hancom.numbers import Counter
from jihwi.readers.hancom.places import down_the_page

__all__ = ["compose"]

_LONGEST_HEADING = 160
"""Outline levels also number whole sentences; longer than this, a paragraph is a numbered item and no heading."""

_A_LIST = 3
"""As many lines of one style of headings, with nothing between them, are a list."""

_BEFORE = 40
"""How many letters before a link tell where it stands."""

_USUAL_LINE = 1000
"""The height of a line, in hundredths of a point, where the size of its letters is not known."""

_MOST_ROWS = 0xFFFF
"""What the binary formats can say of a cell's place; the XML ones could say anything."""


def compose(document: Document, builder: ReadingBuilder) -> Reading:
    """The reading of `document`, written with `builder`, which may already hold warnings."""
    composer = _Composer(document, builder)
    for number, section in enumerate(document.sections, start=1):
        builder.section = f"구역 {number}" if len(document.sections) > 1 else ""
        composer.outline = section.outline
        composer.flow(section.paragraphs)
    builder.metadata = document.metadata
    reading = builder.done()
    if not reading.text or reading.text.isspace():
        return builder.warn("no_text").done()
    return reading


class _Piece:
    """Text with its origins, trimmed and numbered: what one block or one line of a cell shows."""

    __slots__ = ("number", "origins", "text")

    def __init__(self, text: str, origins: Sequence[OriginRun], number: str) -> None:
        inner = text.lstrip()
        cut = len(text) - len(inner)
        inner = inner.rstrip()
        self.number = number
        if number and inner:
            lead = number + " "
            self.text = lead + inner
            shift = len(lead) - cut
            self.origins = [OriginRun(0, len(number), "rendered")]
        else:
            self.text = inner
            shift = -cut
            self.origins = []
        if origins:
            end = len(self.text)
            floor = len(self.text) - len(inner)
            for run in origins:
                start, stop = max(floor, run.start + shift), min(end, run.end + shift)
                if start < stop:
                    self.origins.append(OriginRun(start, stop, run.origin))


class _Composer:
    def __init__(self, document: Document, builder: ReadingBuilder) -> None:
        self._document = document
        self._builder = builder
        self._counters: dict[str, Counter] = {}
        self._body_size = -1
        self._said = ""
        """The text of the heading that was shown last, without blanks; empty after other text."""
        self._opened = False
        """Whether the flow has shown any text."""
        self._title = ""
        """The document's title without blanks, once it was shown."""
        self._near = ""
        """The text of the cell before the one being joined; it tells where a link stands."""
        self.outline = ""

    # ── the flow ──

    def flow(self, paragraphs: Sequence[Paragraph]) -> None:
        for paragraph in _without_listed(paragraphs):
            if paragraph.links:
                self._lead(paragraph)
            if paragraph.anchors:
                self._divided(_marked(paragraph))
            else:
                self._block(self._piece(paragraph), paragraph)

    def _lead(self, paragraph: Paragraph) -> None:
        """Tell the builder of the links in what is about to be written."""
        for link in paragraph.links:
            before = self._near + paragraph.text[max(0, link.start - _BEFORE) : link.start]
            self._builder.link(paragraph.text[link.start : link.end], link.address, before)

    def _divided(self, paragraph: Paragraph) -> None:
        """A paragraph with anchored objects: its text in one block, or more where inline tables divide it."""
        text, begun, number = paragraph.text, 0, self._label(paragraph.shape)
        waiting: list[Anchored] = []
        for anchor in _down_the_page(paragraph.anchors):
            divides = isinstance(anchor.held, Grid | Frame) and anchor.held.inline
            above = not waiting and not text[begun : anchor.offset].strip()
            if above and not (_hangs(anchor.held, paragraph) and text[anchor.offset :].strip()):
                begun = anchor.offset
                self._anchored(anchor.held, -1)
            elif divides:
                index = self._part(paragraph, begun, anchor.offset, number)
                self._all(waiting, index)
                waiting, begun, number = [], anchor.offset, ""
                self._anchored(anchor.held, -1)
            else:
                waiting.append(anchor.held)
        self._all(waiting, self._part(paragraph, begun, len(text), number))

    def _part(self, paragraph: Paragraph, start: int, end: int, number: str) -> int:
        runs = [OriginRun(r.start - start, r.end - start, r.origin) for r in paragraph.origins if r.end > start]
        return self._block(_Piece(paragraph.text[start:end], runs, number), paragraph)

    def _block(self, piece: _Piece, paragraph: Paragraph) -> int:
        if not piece.text:
            return -1
        shape, number = paragraph.shape, piece.number
        level = shape.heading or (shape.level + 1 if shape.head == "outline" else 0)
        origins = tuple(piece.origins)
        if shape.head == "none" and not level and (typed := typed_heading(piece.text)):
            level, number = typed.level + (typed.level == 1 and bool(self._title)), typed.number
        if level and len(piece.text) <= _LONGEST_HEADING:
            self._builder.block("heading", piece.text, level=min(level, 9), number=number, origins=origins)
            self._said = "".join(piece.text.split())
            self._opened = True
            if level == 1 and not number and not self._title:
                self._title = self._said
            return self._builder.last_block
        self._said = ""
        if shape.head != "none" and piece.number:
            self._builder.block("list_item", piece.text, level=shape.level + 1, number=piece.number, origins=origins)
        else:
            self._builder.block("equation" if paragraph.equation else "paragraph", piece.text, origins=origins)
        self._opened = True
        return self._builder.last_block

    def _piece(self, paragraph: Paragraph) -> _Piece:
        return _Piece(paragraph.text, paragraph.origins, self._label(paragraph.shape))

    def _label(self, shape: Shape) -> str:
        if shape.head == "none":
            return ""
        if shape.head == "bullet":
            ticked = self._document.ticked.get(shape.definition, "") if shape.checked else ""
            return ticked or self._document.bullets.get(shape.definition, "")
        key = self.outline if shape.head == "outline" else shape.definition
        counter = self._counters.get(key)
        if counter is None:
            numbering = self._document.numberings.get(key)
            if numbering is None:
                return ""
            counter = self._counters[key] = Counter(numbering)
        return counter.next(shape.level)

    # ── what is anchored ──

    def _all(self, held: Iterable[Anchored], parent: int) -> None:
        for one in held:
            self._anchored(one, parent)

    def _anchored(self, held: Anchored, parent: int) -> None:
        match held:
            case Grid():
                if _is_frame(held):
                    for cell in sorted(held.cells, key=lambda cell: cell.row):
                        self.flow(cell.paragraphs)
                    self._caption(held.caption)
                elif rows := _divided_rows(held):
                    for part in rows:
                        self._anchored(part, parent)
                elif parent < 0 and (band := self._band(held)):
                    self._heading(band)
                else:
                    self._grid(held, parent)
            case Note():
                self._framed(held.kind, held.paragraphs, parent, _mark(held))
            case Frame(kind="text_box") if _holds_tables(held.paragraphs):
                self.flow(held.paragraphs)
                self._caption(held.caption)
            case Frame():
                self._framed(held.kind, held.paragraphs, parent)
                self._caption(held.caption)
            case Picture():
                self._builder.block("image", held.description, parent=parent, target=held.target, address=held.address)
                self._caption(held.caption)
            case Equation():
                self._builder.block("equation", equation_line(held.script), parent=parent, origin="rendered")
                self._caption(held.caption)
            case FormField():
                self._builder.block("form_field", held.text, parent=parent, target=held.name)

    def _band(self, grid: Grid) -> Band | None:
        return heading_band(grid, opening=not self._opened, title=self._title, usual_size=self._usual_size)

    def _heading(self, band: Band) -> None:
        """A box that is a heading: its lines as one; no second one where the line above it is the same heading."""
        text, origins, inside = self._joined(band.paragraphs)
        said = self._said == (shown := "".join(text.split()))
        number = band.number or next((text[r.start : r.end] for r in origins if r.start == 0), "")
        kind: BlockKind = "paragraph" if said else "heading"
        level, number = (0, "") if said else (min(band.level, 9), number)
        self._builder.block(kind, text.replace("\n", " "), level=level, number=number, origins=tuple(origins))
        if band.title and not self._title:
            self._title = shown
        self._opened = True
        self._all(inside, self._builder.last_block)

    def _usual_size(self) -> int:
        if self._body_size < 0:
            self._body_size = body_size(self._document.sections)
        return self._body_size

    def _framed(self, kind: BlockKind, paragraphs: tuple[Paragraph, ...], parent: int, number: str = "") -> None:
        text, origins, inside = self._joined(paragraphs)
        if text:
            self._builder.block(kind, text, parent=parent, number=number, origins=tuple(origins))
            parent = self._builder.last_block
        self._all(inside, parent)

    def _caption(self, paragraphs: tuple[Paragraph, ...]) -> None:
        if paragraphs:
            self._framed("caption", paragraphs, self._builder.last_block)

    def _grid(self, grid: Grid, parent: int) -> None:
        cells: list[tuple[int, int, int, int, str]] = []
        origins: list[tuple[OriginRun, ...]] = []
        later: list[tuple[int, int, list[Anchored]]] = []
        for cell in grid.cells:
            self._near = cells[-1][4] if cells else ""
            text, runs, inside = self._joined(cell.paragraphs)
            row, column = min(max(0, cell.row), _MOST_ROWS), min(max(0, cell.column), _MOST_ROWS)
            cells.append((row, column, min(cell.row_span, _MOST_ROWS), min(cell.column_span, _MOST_ROWS), text))
            origins.append(tuple(runs))
            if inside:
                later.append((row, column, inside))
        if not cells:
            return
        self._builder.cells(cells, header_rows=_header_rows(grid), parent=parent, origins=origins)
        self._opened = self._opened or any(text for *_, text in cells)
        index = self._builder.last_block
        if grid.caption:
            self._framed("caption", grid.caption, index)
        for row, column, inside in later:
            for held in inside:
                self._builder.within = index, row, column
                self._anchored(held, index)
        self._builder.within = None

    def _joined(self, paragraphs: Sequence[Paragraph]) -> tuple[str, list[OriginRun], list[Anchored]]:
        """The paragraphs of a cell, a note or a frame as one text, and what is anchored in them."""
        for paragraph in paragraphs:
            if paragraph.links:
                self._lead(paragraph)
            self._near = self._near and paragraph.text
        self._near = ""
        if len(paragraphs) == 1 and not paragraphs[0].anchors:
            piece = self._piece(paragraphs[0])
            return piece.text, piece.origins, []
        lines: list[str] = []
        origins: list[OriginRun] = []
        inside: list[Anchored] = []
        length = 0
        for paragraph in paragraphs:
            if paragraph.anchors:
                inside.extend(anchor.held for anchor in _down_the_page(paragraph.anchors))
                piece = self._piece(_marked(paragraph))
            else:
                piece = self._piece(paragraph)
            if not piece.text:
                continue
            if lines:
                length += 1
            if piece.origins:
                origins.extend(OriginRun(r.start + length, r.end + length, r.origin) for r in piece.origins)
            lines.append(piece.text)
            length += len(piece.text)
        return "\n".join(lines), origins, inside


def _without_listed(paragraphs: Sequence[Paragraph]) -> Iterable[Paragraph]:
    """The paragraphs; where a style of headings sets out a list, one line after the other, those are no headings."""
    if not any(p.shape.heading for p in paragraphs):
        return paragraphs
    found: list[Paragraph] = []
    shown = [p for p in paragraphs if p.text.strip() or p.anchors]
    for _, run in groupby(shown, key=lambda p: p.shape.heading):
        lines = list(run)
        if lines[0].shape.heading and len(lines) >= _A_LIST:
            lines = [msgspec.structs.replace(p, shape=msgspec.structs.replace(p.shape, heading=0)) for p in lines]
        found += lines
    return found


def _mark(note: Note) -> str:
    """The note's own number, as its text begins with it."""
    if not note.paragraphs:
        return ""
    first = note.paragraphs[0]
    for run in first.origins[:1]:
        if run.origin == "rendered" and not first.text[: run.start].strip():
            return first.text[run.start : run.end].strip()
    return ""


def _marked(paragraph: Paragraph) -> Paragraph:
    """The paragraph with the marks of its notes in its text."""
    parts: list[str] = []
    origins: list[OriginRun] = []
    anchors: list[Anchor] = []
    begun = added = 0
    inserted: list[tuple[int, int]] = []
    for anchor in paragraph.anchors:
        mark = _mark(anchor.held) if isinstance(anchor.held, Note) else ""
        if mark:
            before = paragraph.text[begun : anchor.offset]
            parts.append(before)
            begun = anchor.offset
            last = before[-1:] or (parts[-2][-1:] if len(parts) > 1 else "")
            lead = " " if last.isdigit() or (last.isascii() and last.isalpha()) else ""
            start = anchor.offset + added
            origins.append(OriginRun(start, start + len(lead) + len(mark), "rendered"))
            parts.append(lead + mark)
            added += len(lead) + len(mark)
            inserted.append((anchor.offset, added))
        anchors.append(Anchor(anchor.offset + added, anchor.held))
    if not inserted:
        return paragraph
    parts.append(paragraph.text[begun:])
    offsets, totals = [offset for offset, _ in inserted], [0, *(total for _, total in inserted)]
    for run in paragraph.origins:
        # A run moves by what was inserted at or before its start; its end by what was inserted before its end.
        start = run.start + totals[bisect_right(offsets, run.start)]
        origins.append(OriginRun(start, run.end + totals[bisect_left(offsets, run.end)], run.origin))
    return Paragraph("".join(parts), paragraph.shape, tuple(anchors), tuple(sorted(origins, key=lambda r: r.start)))


def _is_frame(grid: Grid) -> bool:
    """Whether a table is but a frame: one column, and a table in it."""
    return all(cell.column == 0 for cell in grid.cells) and any(_holds_tables(cell.paragraphs) for cell in grid.cells)


def _holds_tables(paragraphs: Sequence[Paragraph]) -> bool:
    return any(isinstance(anchor.held, Grid) for paragraph in paragraphs for anchor in paragraph.anchors)


def _hangs(held: Anchored, paragraph: Paragraph) -> bool:
    """Whether an object begins beneath the first line of its paragraph, wherever in it it is anchored."""
    place = _place(held)
    return place is not None and place.base == "paragraph" and place.top >= (paragraph.size or _USUAL_LINE)


def _place(held: Anchored) -> Place | None:
    return held.place if isinstance(held, Grid | Frame | Picture | Equation) else None


def _down_the_page(anchors: Sequence[Anchor]) -> Iterable[Anchor]:
    """The anchors; what floats from one place of a paragraph, counted from the page, from the top down.

    What is counted from the paragraph stays: such tables push each other down, so their numbers do not tell.
    """
    if len(anchors) < 2:
        return anchors
    found: list[Anchor] = []
    for (_, base), run in groupby(anchors, key=lambda anchor: (anchor.offset, _base(anchor.held))):
        placed = list(run)
        found += down_the_page(placed, _corner) if base in ("page", "paper") else placed
    return found


def _base(held: Anchored) -> str:
    place = _place(held)
    return place.base if place else ""


def _corner(anchor: Anchor) -> tuple[int, int]:
    place = _place(anchor.held)
    return (place.top, place.left) if place else (0, 0)


def _divided_rows(grid: Grid) -> list[Grid]:
    """A table cut where a row is a frame around a part of the page: the rows above it, the frame, the rows beneath.
    Nothing where no row is."""
    holding = [cell for cell in grid.cells if cell.row_span == 1 and _holds_tables(cell.paragraphs)]
    if not holding:
        return []
    width = max(cell.column + cell.column_span for cell in grid.cells)
    alone = {row for row, count in Counted(cell.row for cell in grid.cells).items() if count == 1}
    frames = sorted(cell.row for cell in holding if cell.column_span == width and cell.row in alone)
    if not frames or any(_crosses(cell, frames) for cell in grid.cells):
        return []
    rows = sorted(grid.cells, key=lambda cell: cell.row)
    parts = []
    for _, run in groupby(rows, key=lambda cell: (bisect_left(frames, cell.row), bisect_right(frames, cell.row))):
        cells = list(run)
        moved = (msgspec.structs.replace(cell, row=cell.row - cells[0].row) for cell in cells)
        parts.append(Grid(tuple(moved), grid.inline))
    return [*parts[:-1], msgspec.structs.replace(parts[-1], caption=grid.caption)]


def _crosses(cell: GridCell, rows: Sequence[int]) -> bool:
    """Whether a cell reaches over one of these rows from above."""
    first = bisect_right(rows, cell.row)
    return first < len(rows) and rows[first] < cell.row + cell.row_span


def _header_rows(grid: Grid) -> int:
    """How many rows from the top hold a cell that the file marks as heading its column."""
    marked = {cell.row for cell in grid.cells if cell.header}
    rows = 0
    while rows in marked:
        rows += 1
    return rows

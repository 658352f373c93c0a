"""What one version of one reader made of one source: one text, and blocks as spans in it.

A reading is immutable. Offsets count Python code points in `Reading.text`. Blocks stand in reading order; the text
of neighbouring blocks is separated by one line break, so `text[b.start:b.end]` is a block's text with nothing lost.
A table is a block whose cells are spans of the same text: cells of one row are separated by a tab, rows by a line
break, and a tab or line break inside a cell stays what it is (cells are found by their spans, never by splitting).
Text that the page shows but the flow does not hold (footnotes, headers, comments, text boxes) are blocks of their
own kind, after the block they belong to, which `parent` names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from jihwi.evidence.links import ToPlace, address_of, place, to_place

__all__ = [
    "READING_SCHEMA_VERSION",
    "Block",
    "BlockKind",
    "Box",
    "Cell",
    "Link",
    "Metadata",
    "Origin",
    "OriginRun",
    "Reading",
    "ReadingBuilder",
    "Table",
    "Warning",
    "reading_digest",
]

READING_SCHEMA_VERSION = 1

_MOST_LINKS = 20_000

Origin = Literal["stored", "rendered", "mapped", "repaired", "recognised"]
"""Where text came from: the file itself; an automatic number or an equation, as the program shows it; a private code
point mapped to Unicode; a broken encoding repaired; recognised in a picture (OCR)."""

BlockKind = Literal[
    "heading",
    "paragraph",
    "list_item",
    "table",
    "footnote",
    "endnote",
    "caption",
    "image",
    "equation",
    "form_field",
    "comment",
    "header",
    "footer",
    "text_box",
    "code",
]


class OriginRun(msgspec.Struct, frozen=True, array_like=True):
    """A run of the text that was not simply stored in the file."""

    start: int
    end: int
    origin: Origin


class Link(msgspec.Struct, frozen=True, array_like=True):
    """A run of the text that leads somewhere: the address as the file has it, of any scheme or relative."""

    start: int
    end: int
    address: str


class Box(msgspec.Struct, frozen=True, array_like=True):
    """A rectangle on a page, in points from the page's top left corner."""

    left: float
    top: float
    right: float
    bottom: float


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """One cell: where it stands in the grid, how far it reaches, and its span in the reading's text."""

    row: int
    column: int
    start: int
    end: int
    row_span: int = 1
    column_span: int = 1
    header: bool = False


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """A grid of cells. `header_rows` first rows head their columns."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    header_rows: int = 0


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """A paragraph, heading, table, list item, note: one unit of reading order."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Heading: 1 (highest) to 9. List item: depth from 1. Otherwise 0."""
    number: str = ""
    """The number as shown, when the text begins with one ("제3조", "가.", "1)"); also part of the text."""
    page: int = 0
    """From 1; 0 when the format has no pages."""
    section: str = ""
    """Where the format has sheets, slides or parts: their name."""
    box: Box | None = None
    parent: int = -1
    """Index of the block this one belongs to (a note, a caption, a text box); -1 for none."""
    table: Table | None = None
    target: str = ""
    """Image: the name of its data in the file. Form field: its name."""
    address: str = ""
    """Image: where it leads, as a link's address."""
    cell: tuple[int, int] | None = None
    """Row and column of the cell that it stands in, where its parent is a table and the format tells."""


class Warning(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something a person should know of how a file was read: a code with its data, put into words elsewhere."""

    code: str
    detail: str = ""
    count: int = 1


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the file says of itself; an empty string where it says nothing. Dates are ISO 8601."""

    title: str = ""
    author: str = ""
    created: str = ""
    modified: str = ""
    producer: str = ""
    language: str = ""
    pages: int = 0
    encoding: str = ""
    labels: tuple[str, ...] = ()
    """Markings found in the text, such as 대외비."""
    encoding_confidence: float = 0.0
    """How sure the encoding of a plain format is, 0 to 1; 0 where none was looked for."""


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """One text with its blocks: what `reader` at `reader_version` made of the source with digest `source`.

    >>> reading = ReadingBuilder(source="00", reader="text", reader_version="1").paragraph("한 문단").done()
    >>> reading.text, reading.blocks[0].kind
    ('한 문단', 'paragraph')
    """

    source: str
    reader: str
    reader_version: str
    format: str
    """The true format, sniffed from content: `hwp5`, `hwpx`, `pdf`, `docx`, `text` …"""
    text: str
    blocks: tuple[Block, ...]
    origins: tuple[OriginRun, ...] = ()
    metadata: Metadata = Metadata()
    warnings: tuple[Warning, ...] = ()
    schema_version: int = READING_SCHEMA_VERSION
    links: tuple[Link, ...] = ()
    """Hyperlinks to places outside the document, in the text's order; their words are part of the text."""

    def block_text(self, index: int) -> str:
        """The text of one block."""
        block = self.blocks[index]
        return self.text[block.start : block.end]

    def block_at(self, offset: int) -> int:
        """The index of the block that holds `offset`, the innermost where one holds another; -1 when none does."""
        found = -1
        width = len(self.text) + 1
        for index, block in enumerate(self.blocks):
            if block.start <= offset < max(block.end, block.start + 1) and block.end - block.start < width:
                found, width = index, block.end - block.start
        return found


def reading_digest(reading: Reading) -> str:
    """The SHA-256 of a reading's stored form: the same reading has the same digest on every machine."""
    return hashlib.sha256(msgspec.json.encode(reading)).hexdigest()


class ReadingBuilder:
    """Builds a reading block by block, keeping text and spans in step. Readers use it and nothing else.

    >>> builder = ReadingBuilder(source="00", reader="csv", reader_version="1", format="csv")
    >>> _ = builder.heading("예산", level=1).table([["항목", "금액"], ["인건비", "100"]], header_rows=1)
    >>> reading = builder.done()
    >>> [reading.text[c.start:c.end] for c in reading.blocks[1].table.cells]
    ['항목', '금액', '인건비', '100']
    """

    def __init__(self, *, source: str, reader: str, reader_version: str, format: str = "") -> None:
        self._source = source
        self._reader = reader
        self._reader_version = reader_version
        self._format = format or reader
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._origins: list[OriginRun] = []
        self._warnings: dict[tuple[str, str], int] = {}
        self._links: list[Link] = []
        self._to_place: list[ToPlace] = []
        self.metadata = Metadata()
        self.page = 0
        """The page that blocks are put on, from 1; 0 for none."""
        self.section = ""
        self.within: tuple[int, int, int] | None = None
        """Where blocks with this parent stand: the index of a table's block, row and column; `None` for nowhere."""

    @property
    def length(self) -> int:
        """Code points written so far."""
        return self._length

    @property
    def last_block(self) -> int:
        """The index of the block added last; -1 before the first."""
        return len(self._blocks) - 1

    def _begin(self) -> int:
        if self._blocks:
            self._put("\n")
        return self._length

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def block(
        self,
        kind: BlockKind,
        text: str,
        *,
        level: int = 0,
        number: str = "",
        box: Box | None = None,
        parent: int = -1,
        target: str = "",
        address: str = "",
        origin: Origin = "stored",
        origins: tuple[OriginRun, ...] = (),
    ) -> ReadingBuilder:
        """Add a block. `origins` are runs relative to `text`; `origin` marks the whole of it; `address` is where an
        image leads, and is kept as a link's is."""
        start = self._begin()
        self._put(text)
        if origin != "stored" and text:
            self._origins.append(OriginRun(start, self._length, origin))
        self._origins.extend(OriginRun(start + r.start, start + r.end, r.origin) for r in origins)
        self._place_links(start, text)
        self._blocks.append(
            Block(
                kind=kind,
                start=start,
                end=self._length,
                level=level,
                number=number,
                page=self.page,
                section=self.section,
                box=box,
                parent=parent,
                target=target,
                address=address_of(address) if address else "",
                cell=self._cell(parent),
            )
        )
        return self

    def _cell(self, parent: int) -> tuple[int, int] | None:
        return self.within[1:] if self.within and self.within[0] == parent else None

    def heading(self, text: str, *, level: int, number: str = "") -> ReadingBuilder:
        """Add a heading; `level` 1 is the highest."""
        return self.block("heading", text, level=level, number=number)

    def paragraph(self, text: str, *, box: Box | None = None) -> ReadingBuilder:
        """Add a paragraph."""
        return self.block("paragraph", text, box=box)

    def table(
        self, rows: list[list[str]], *, header_rows: int = 0, box: Box | None = None, parent: int = -1
    ) -> ReadingBuilder:
        """Add a table without spans; rows may differ in length."""
        cells = [(r, c, 1, 1, text) for r, row in enumerate(rows) for c, text in enumerate(row)]
        return self.cells(cells, header_rows=header_rows, box=box, parent=parent)

    def cells(
        self,
        cells: list[tuple[int, int, int, int, str]],
        *,
        header_rows: int = 0,
        box: Box | None = None,
        parent: int = -1,
        origins: Sequence[tuple[OriginRun, ...]] = (),
        addresses: Sequence[str] = (),
    ) -> ReadingBuilder:
        """Add a table from `(row, column, row_span, column_span, text)`, in any order; spans are at least 1.

        `origins` and `addresses`, when given, are as many as the cells: the runs of each cell, relative to its text;
        where the whole of a cell leads, or nothing.
        """
        start = self._begin()
        first = len(self._parts)
        made: list[Cell] = []
        previous_row = -1
        for index in sorted(range(len(cells)), key=lambda i: cells[i][:2]):
            row, column, row_span, column_span, text = cells[index]
            if made:
                self._put("\t" if row == previous_row else "\n")
            previous_row = row
            cell_start = self._length
            self._put(text)
            if origins and origins[index]:
                self._origins.extend(
                    OriginRun(cell_start + r.start, cell_start + r.end, r.origin) for r in origins[index]
                )
            if addresses and text and (address := address_of(addresses[index])):
                self._links.append(Link(cell_start, self._length, address))
            made.append(
                Cell(
                    row=row,
                    column=column,
                    start=cell_start,
                    end=self._length,
                    row_span=max(1, row_span),
                    column_span=max(1, column_span),
                    header=row < header_rows,
                )
            )
        if self._to_place:
            self._place_links(start, "".join(self._parts[first:]))
        height = max((c.row + c.row_span for c in made), default=0)
        width = max((c.column + c.column_span for c in made), default=0)
        self._blocks.append(
            Block(
                kind="table",
                start=start,
                end=self._length,
                page=self.page,
                section=self.section,
                box=box,
                parent=parent,
                table=Table(rows=height, columns=width, cells=tuple(made), header_rows=header_rows),
                cell=self._cell(parent),
            )
        )
        return self

    def link(self, words: str, address: str, before: str = "") -> ReadingBuilder:
        """Say that `words`, which a block will hold, lead to `address`; `before` is what was gathered just before them.

        Blanks do not count. What leads to a place inside the document, and what is a script, is not kept.

        >>> builder = ReadingBuilder(source="00", reader="t", reader_version="1")
        >>> _ = builder.link("누리집", "https://a.kr", before="우리 ")
        >>> builder.paragraph("1) 우리 누리집").done().links
        (Link(start=6, end=9, address='https://a.kr'),)
        """
        if len(self._links) + len(self._to_place) < _MOST_LINKS and (link := to_place(words, address, before)):
            self._to_place.append(link)
        return self

    def _place_links(self, start: int, text: str) -> None:
        if self._to_place:
            found, self._to_place = place(text, self._to_place)
            self._links.extend(Link(start + begun, start + end, address) for begun, end, address in found)

    def warn(self, code: str, detail: str = "", count: int = 1) -> ReadingBuilder:
        """Note something a person should know; the same note is counted, not repeated."""
        self._warnings[code, detail] = self._warnings.get((code, detail), 0) + count
        return self

    def done(self) -> Reading:
        """The finished reading."""
        return Reading(
            source=self._source,
            reader=self._reader,
            reader_version=self._reader_version,
            format=self._format,
            text="".join(self._parts),
            blocks=tuple(self._blocks),
            origins=tuple(self._origins),
            metadata=self.metadata,
            warnings=tuple(Warning(code, detail, count) for (code, detail), count in self._warnings.items()),
            links=tuple(sorted(self._links, key=lambda link: link.start)),
        )

"""A reading laid out for a page: its blocks in order, tables as grids, and the words somebody came for marked."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jihwi.evidence import Block, Reading

__all__ = ["BLOCKS", "BlockShown", "CellShown", "Part", "laid_out"]

BLOCKS = 300
"""How many blocks one page shows."""
CELLS = 4_000
"""How many cells of one table."""


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A run of text, marked or not."""

    text: str
    marked: bool


class CellShown(msgspec.Struct, frozen=True):
    """A cell of a table."""

    parts: tuple[Part, ...]
    header: bool
    row_span: int
    column_span: int


class BlockShown(msgspec.Struct, frozen=True):
    """A block of a page."""

    index: int
    kind: str
    level: int
    parts: tuple[Part, ...] = ()
    rows: tuple[tuple[CellShown, ...], ...] = ()
    page: int = 0
    """Set where a new page begins."""
    section: str = ""
    """Set where a new sheet or part begins."""
    cut: bool = False
    """A table that goes on."""


def _parts(text: str, start: int, end: int, marks: tuple[int, int]) -> tuple[Part, ...]:
    """The text from `start` to `end`, cut at the marks."""
    first, last = max(start, marks[0]), min(end, marks[1])
    if first >= last:
        return (Part(text[start:end], False),)
    cut = ((start, first, False), (first, last, True), (last, end, False))
    return tuple(Part(text[a:b], marked) for a, b, marked in cut if a < b)


def laid_out(reading: Reading, first: int, start: int = -1, end: int = -1) -> list[BlockShown]:
    """The blocks from `first` on, as many as a page shows; the words from `start` to `end` marked."""
    marks = (start, end) if 0 <= start < end else (-1, -1)
    return list(_shown(reading, first, marks))


def _shown(reading: Reading, first: int, marks: tuple[int, int]) -> Iterator[BlockShown]:
    page, section = 0, ""
    for index in range(first, min(first + BLOCKS, len(reading.blocks))):
        block = reading.blocks[index]
        new_page = block.page if block.page != page else 0
        new_section = block.section if block.section != section else ""
        page, section = block.page, block.section
        if block.table is not None:
            rows, cut = _rows(reading, block, marks)
            yield BlockShown(index, "table", 0, (), rows, new_page, new_section, cut)
        else:
            parts = _parts(reading.text, block.start, block.end, marks)
            yield BlockShown(index, block.kind, block.level, parts, (), new_page, new_section)


def _rows(reading: Reading, block: Block, marks: tuple[int, int]) -> tuple[tuple[tuple[CellShown, ...], ...], bool]:
    table = block.table
    if table is None:
        return (), False
    rows: dict[int, list[CellShown]] = {}
    wanted = CELLS
    if block.start <= marks[0] < block.end:
        wanted = max(CELLS, sum(1 for cell in table.cells if cell.start <= marks[1]) + 50)
    for cell in table.cells[:wanted]:
        shown = CellShown(
            _parts(reading.text, cell.start, cell.end, marks),
            cell.header or cell.row < table.header_rows,
            cell.row_span,
            cell.column_span,
        )
        rows.setdefault(cell.row, []).append(shown)
    return tuple(tuple(rows[row]) for row in sorted(rows)), len(table.cells) > wanted

"""Lays out what a spreadsheet shows: regions parted by empty rows, each as titles and a table."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jihwi.evidence import ReadingBuilder
from jihwi.readers.grid import header_rows

__all__ = ["Merge", "Sheet", "lay_out"]


class Merge(msgspec.Struct, frozen=True):
    top: int
    left: int
    bottom: int
    right: int


class Sheet(msgspec.Struct):
    """What one sheet holds, before it is laid out."""

    cells: dict[tuple[int, int], str] = {}
    merges: list[Merge] = []
    hidden_rows: set[int] = set()
    hidden_columns: list[tuple[int, int]] = []
    addresses: dict[tuple[int, int], str] = {}
    """Where the whole of a cell leads."""
    named_elsewhere: dict[tuple[int, int], tuple[int, int]] = {}
    """Cells that lead where another cell's text says."""
    notes: list[str] = []
    """Header and footer texts."""
    cut: bool = False
    unfilled: int = 0
    """Formulas whose result was never stored."""


def lay_out(builder: ReadingBuilder, sheet: Sheet) -> None:
    """Each region of a sheet, parted by empty rows, as titles and a table."""
    covered = {(m.top, m.left): m for m in sheet.merges if (m.top, m.left) in sheet.cells}
    for region in _regions(sheet, covered):
        _region(builder, sheet, region, covered)


def _regions(sheet: Sheet, merges: dict[tuple[int, int], Merge]) -> Iterator[list[int]]:
    """Runs of filled rows: an empty row parts two tables, unless a merged cell reaches over it."""
    reach = {m.top: m.bottom for m in sorted(merges.values(), key=lambda m: m.bottom)}
    rows = sorted({row for row, _ in sheet.cells})
    region: list[int] = []
    until = 0
    for row in rows:
        if region and row > until + 1:
            yield region
            region = []
        region.append(row)
        until = max(until, row, reach.get(row, 0))
    if region:
        yield region


def _region(builder: ReadingBuilder, sheet: Sheet, rows: list[int], merges: dict[tuple[int, int], Merge]) -> None:
    by_row: dict[int, list[int]] = {}
    wanted = set(rows)
    for row, column in sheet.cells:
        if row in wanted:
            by_row.setdefault(row, []).append(column)
    # Rows with a single text over a wider table are its titles, not its cells.
    while len(rows) > 1 and len(by_row[rows[0]]) == 1 and max(len(by_row[row]) for row in rows) > 1:
        first = by_row[rows[0]][0]
        merge = merges.get((rows[0], first))
        if merge is not None and merge.bottom > merge.top:
            break
        _alone(builder, sheet, rows[0], first)
        rows = rows[1:]
    if len(rows) == 1 and len(by_row[rows[0]]) == 1:
        _alone(builder, sheet, rows[0], by_row[rows[0]][0])
        return
    _table(builder, sheet, rows, by_row, merges)


def _table(
    builder: ReadingBuilder,
    sheet: Sheet,
    rows: list[int],
    by_row: dict[int, list[int]],
    merges: dict[tuple[int, int], Merge],
) -> None:
    left = min(min(by_row[row]) for row in rows)
    top = rows[0]
    cells: list[tuple[int, int, int, int, str]] = []
    addresses: list[str] = []
    for row in rows:
        for column in by_row[row]:
            merge = merges.get((row, column))
            height = merge.bottom - merge.top + 1 if merge else 1
            width = merge.right - merge.left + 1 if merge else 1
            cells.append((row - top, column - left, height, width, sheet.cells[row, column]))
            addresses.append(sheet.addresses.get((row, column), ""))
    builder.cells(cells, header_rows=_heads(sheet, rows[:60], by_row, merges), addresses=addresses)


def _alone(builder: ReadingBuilder, sheet: Sheet, row: int, column: int) -> None:
    """A cell that is no part of a table."""
    text = sheet.cells[row, column]
    if address := sheet.addresses.get((row, column)):
        builder.link(text, address)
    builder.paragraph(text)


def _heads(sheet: Sheet, rows: list[int], by_row: dict[int, list[int]], merges: dict[tuple[int, int], Merge]) -> int:
    """Header rows of a table: one, or as many as the merged cells of the first row reach down."""
    columns = sorted({column for row in rows for column in by_row[row]})[:200]
    if not columns:
        return 0
    depth = 1
    for column in by_row[rows[0]]:
        merge = merges.get((rows[0], column))
        if merge is not None:
            depth = max(depth, min(3, merge.bottom - merge.top + 1))
            if merge.right > merge.left and merge.bottom == merge.top:
                depth = max(depth, 2)
    grid = [[sheet.cells.get((row, column), "") for column in columns] for row in rows]
    if depth == 1 or len(grid) <= depth:
        return header_rows(grid)
    folded = ["".join(grid[r][c] for r in range(depth)) for c in range(len(columns))]
    return depth if header_rows([[f or f"{i}열" for i, f in enumerate(folded)], *grid[depth:]]) else 0

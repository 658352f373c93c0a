"""Grids of cells: where spanning cells fall, and how many first rows are heads."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["GridBuilder", "header_rows"]

_MOST_COLUMNS = 16_384
_NUMBER = re.compile(r"[-+(₩$€]?\s?\d[\d,.]*\s?(?:%|원|천원|백만원|억원|명|건|개|)\)?")
_DATE = re.compile(r"\d{2,4}[-./년]\s?\d{1,2}[-./월]?\s?(?:\d{1,2}일?)?\.?.*")
_LOOKED_AT = 50


class GridBuilder:
    """Places cells row by row as HTML does: a cell goes to the first column that no cell from above reaches into.

    >>> grid = GridBuilder()
    >>> grid.row(); grid.cell("가", row_span=2); grid.cell("나"); grid.row(); grid.cell("다")
    >>> grid.cells
    [(0, 0, 2, 1, '가'), (0, 1, 1, 1, '나'), (1, 1, 1, 1, '다')]
    """

    def __init__(self) -> None:
        self.cells: list[tuple[int, int, int, int, str]] = []
        self._row = -1
        self._column = 0
        self._taken_until: dict[int, int] = {}
        self._claims: dict[int, int] = {}

    @property
    def rows(self) -> int:
        """Rows begun so far."""
        return self._row + 1

    def row(self) -> None:
        """Begin the next row."""
        self._taken_until.update(self._claims)
        self._claims.clear()
        self._row += 1
        self._column = 0

    def cell(self, text: str, row_span: int = 1, column_span: int = 1) -> None:
        """Put the next cell of this row; spans beyond reason are cut."""
        while self._taken_until.get(self._column, 0) > self._row and self._column < _MOST_COLUMNS:
            self._column += 1
        column_span = max(1, min(column_span, _MOST_COLUMNS - self._column))
        row_span = max(1, min(row_span, 65_536))
        self.cells.append((self._row, self._column, row_span, column_span, text))
        if row_span > 1:
            for column in range(self._column, self._column + min(column_span, 1024)):
                self._claims[column] = self._row + row_span
        self._column += column_span

    def skip(self, columns: int) -> None:
        """Leave columns of this row without a cell."""
        self._column += max(0, columns)

    def done(self) -> list[tuple[int, int, int, int, str]]:
        """The cells, with no row span beyond the last row."""
        return [(r, c, max(1, min(rs, self.rows - r)), cs, text) for r, c, rs, cs, text in self.cells]


def header_rows(rows: Sequence[Sequence[str]], strict: bool = False) -> int:
    """1 when the first row looks like the heads of the columns below it, else 0.

    Heads are words, all there, all different; and below stands something that is no head: numbers, dates, long text.
    `strict` asks for a whole column of such values: a form's first row is words as well.

    >>> header_rows([["항목", "금액"], ["인건비", "1,000"]]), header_rows([["1", "2"], ["3", "4"]])
    (1, 0)
    """
    if len(rows) < 2 or len(rows[0]) < 2:
        return 0
    first = [cell.strip() for cell in rows[0]]
    filled = [cell for cell in first if cell]
    if len(filled) < max(2, len(first) - 1) or len(set(filled)) < len(filled):
        return 0
    if any(_is_value(cell) or len(cell) > 40 for cell in filled):
        return 0
    below = [row for row in rows[1:_LOOKED_AT] if any(row)]
    if not below:
        return 0
    if strict:
        return 1 if any(_is_column_of_values(below, column) for column in range(len(first))) else 0
    differs = any(_is_value(cell.strip()) for row in below for cell in row)
    return 1 if differs or len(below) >= 2 or _shorter(filled, below) else 0


def _is_column_of_values(rows: list[Sequence[str]], column: int) -> bool:
    cells = [row[column].strip() for row in rows if column < len(row) and row[column].strip()]
    return len(cells) * 2 > len(rows) and all(_is_value(cell) for cell in cells)


def _shorter(heads: list[str], below: list[Sequence[str]]) -> bool:
    cells = [len(cell) for row in below for cell in row if cell]
    return bool(cells) and max(len(head) for head in heads) <= max(cells)


def _is_value(cell: str) -> bool:
    return bool(cell) and cell[:1] in "-+(₩$€0123456789" and bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))

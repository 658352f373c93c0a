"""Tables without rules: rows of short pieces that stand below each other in columns.

Only what leaves no doubt is taken: at least three rows one after the other, each with a piece in at least three columns
that nothing crosses, and figures in one of them. The columns of a newspaper, forms and lists stay lines.
"""

from __future__ import annotations

import itertools

from jihwi.readers.pdf.glyphs import Line
from jihwi.readers.pdf.layout import same_row
from jihwi.readers.pdf.pages import Grid
from jihwi.readers.pdf.rules import RuledTable

__all__ = ["aligned_tables"]

_FEWEST_ROWS, _FEWEST_COLUMNS, _MOST_COLUMNS = 3, 3, 20
_LONGEST = 40
_ALIGNED = 4.0
_FURTHEST = 2.0
"""How far a row may stand below the one above, in its own size."""
_FIGURES = 0.6

_Row = list[Line]


def aligned_tables(lines: list[Line], grids: list[Grid]) -> list[Line]:
    """The lines in reading order, with one line for each table found, whose region is its index in `grids`."""
    rows = _rows(lines)
    found: list[Line] = []
    at = 0
    while at < len(rows):
        end = _run(rows, at)
        table = rows[at:end]
        if end - at >= _FEWEST_ROWS and _has_figures(table):
            found.append(_placed(table, len(grids)))
            grids.append(_grid(table))
            at = end
        else:
            found.extend(rows[at])
            at += 1
    return found


def _rows(lines: list[Line]) -> list[_Row]:
    """Lines that follow each other on one row, from the left."""
    rows: list[_Row] = []
    for line in lines:
        last = rows[-1][-1] if rows else None
        if last is not None and last.region == line.region == -1 and same_row(last, line) and line.left > last.right:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _run(rows: list[_Row], start: int) -> int:
    """Where the rows end that stand in the columns of the one at `start`."""
    first = rows[start]
    if not _FEWEST_COLUMNS <= len(first) <= _MOST_COLUMNS or not _is_short(first):
        return start + 1
    columns = [(line.left, line.right) for line in first]
    end = start + 1
    while end < len(rows) and _fits(columns, rows[end], rows[end - 1]):
        columns = [
            (min(left, line.left), max(right, line.right))
            for (left, right), line in zip(columns, rows[end], strict=True)
        ]
        end += 1
    return end


def _is_short(row: _Row) -> bool:
    return all(line.region == -1 and len(line.text) <= _LONGEST for line in row)


def _fits(columns: list[tuple[float, float]], row: _Row, above: _Row) -> bool:
    """Whether a row has a piece for each column, aligned on either side or about the middle, and none that reaches into
    the next column."""
    if len(row) != len(columns) or not _is_short(row):
        return False
    size = max(1.0, row[0].size)
    if not 0 <= row[0].top - above[0].bottom + 0.5 * size <= (_FURTHEST + 0.5) * size:
        return False
    for (left, right), line in zip(columns, row, strict=True):
        middle = abs((left + right) / 2 - (line.left + line.right) / 2)
        if min(abs(left - line.left), abs(right - line.right), middle) > _ALIGNED:
            return False
    wider = [(min(left, line.left), max(right, line.right)) for (left, right), line in zip(columns, row, strict=True)]
    return all(before[1] < after[0] for before, after in itertools.pairwise(wider))


def _has_figures(rows: list[_Row]) -> bool:
    """Whether one column but the first is mostly figures."""
    for column in list(zip(*rows, strict=True))[1:]:
        figures = sum(_is_figure(line.text) for line in column)
        if figures >= _FIGURES * len(column):
            return True
    return False


def _is_figure(text: str) -> bool:
    """Whether a piece is mostly a figure: 1,234 or 56.7% or △3, and not F9."""
    signs = [c for c in text if not c.isspace()]
    return sum(c.isdigit() or c in ".,%-+△▲()₩$" for c in signs) > len(signs) / 2 and any(map(str.isdigit, signs))


def _placed(rows: list[_Row], region: int) -> Line:
    every = [line for row in rows for line in row]
    left, top = min(line.left for line in every), min(line.top for line in every)
    right, bottom = max(line.right for line in every), max(line.bottom for line in every)
    return Line("", left, top, right, bottom, rows[0][0].size, region=region, order=rows[0][0].order)


def _grid(rows: list[_Row]) -> Grid:
    columns = list(zip(*rows, strict=True))
    edges = [(min(line.left for line in column), max(line.right for line in column)) for column in columns]
    xs = [edges[0][0], *((a[1] + b[0]) / 2 for a, b in itertools.pairwise(edges)), edges[-1][1]]
    ys = [rows[0][0].top, *((a[0].bottom + b[0].top) / 2 for a, b in itertools.pairwise(rows)), rows[-1][0].bottom]
    places = [(r, c) for r in range(len(rows)) for c in range(len(columns))]
    table = RuledTable(
        tuple(xs), tuple(ys), tuple((r, c, 1, 1) for r, c in places), {place: i for i, place in enumerate(places)}
    )
    return Grid(table, {i: [rows[r][c]] for i, (r, c) in enumerate(places)})

"""Finds tables on a PDF page by the lines drawn around their cells."""

from __future__ import annotations

import bisect
import ctypes
import itertools
from collections.abc import Callable

import msgspec
import pypdfium2.raw as pdfium

__all__ = ["RuledTable", "ruled_tables"]

_MOST_OBJECTS = 20_000
_MOST_SEGMENTS = 4_000
_MOST_RULES = 20_000
_MOST_CROSSINGS = 1_000_000
_DASH_GAP = 4.0
_MOST_CELLS = 20_000
_THIN = 4.5
_SLIVERS = 6
_SNAP = 2.5
_SHORTEST = 6.0


class RuledTable(msgspec.Struct, frozen=True):
    """A grid of lines: the edges of columns and rows, and the cells between them with their spans."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[tuple[int, int, int, int], ...]
    """Row, column, row span, column span."""
    at: dict[tuple[int, int], int]
    """Which cell holds a place of the grid."""

    def cell_at(self, x: float, y: float) -> int:
        """The index of the cell that holds a point; -1 outside the table."""
        column = bisect.bisect_right(self.xs, x) - 1
        row = bisect.bisect_right(self.ys, y) - 1
        return self.at.get((row, column), -1)


_Area = tuple[float, float, float, float]
_Rule = tuple[float, float, float]
"""Where it lies on its axis, and from where to where it reaches on the other."""


def ruled_tables(page: object, turned: Callable[..., tuple[float, float, float, float]]) -> list[RuledTable]:
    """The tables of a page, from top to bottom."""
    across: list[_Rule] = []
    down: list[_Rule] = []
    for left, top, right, bottom in _without_shades(_drawn(page, turned)):
        width, height = right - left, bottom - top
        if height <= _THIN and width > height:
            across.append(((top + bottom) / 2, left, right))
        elif width <= _THIN:
            down.append(((left + right) / 2, top, bottom))
    across, down = _merged(across), _merged(down)
    if len(across) < 2 or len(down) < 1 or len(across) * len(down) > _MOST_CROSSINGS:
        return []
    tables = [
        table
        for rules_across, rules_down in _components(across, down)
        if (table := _grid(rules_across, rules_down)) is not None
    ]
    return sorted(tables, key=lambda table: (table.ys[0], table.xs[0]))


# ── what is drawn ────────────────────────────────────────────────────────────


def _drawn(
    page: object, turned: Callable[..., tuple[float, float, float, float]]
) -> list[tuple[float, float, float, float]]:
    """The boxes of all thin things and the edges of all stroked ones."""
    found: list[tuple[float, float, float, float]] = []
    edges = [ctypes.c_float() for _ in range(4)]
    pointers = [ctypes.byref(edge) for edge in edges]
    for index in range(min(pdfium.FPDFPage_CountObjects(page), _MOST_OBJECTS)):
        thing = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(thing) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        if not pdfium.FPDFPageObj_GetBounds(thing, *pointers):
            continue
        left, bottom, right, top = (edge.value for edge in edges)
        if min(right - left, top - bottom) <= _THIN:
            found.append(turned(left, top, right, bottom))
        elif max(right - left, top - bottom) > _SHORTEST and _is_stroked(thing):
            found.extend(turned(*edge) for edge in _edges(thing))
        if len(found) > _MOST_RULES:
            break
    return found


def _without_shades(boxes: list[_Area]) -> list[_Area]:
    """Without the slivers that a colour gradient is made of: many thin areas, each touching the next."""
    found: list[_Area] = []
    for upright in (False, True):
        start, end, first, last = (0, 2, 1, 3) if upright else (1, 3, 0, 2)
        thin = [b for b in boxes if (b[2] - b[0] <= _THIN < b[3] - b[1]) is upright]
        thin.sort(key=lambda b: (round(b[first]), round(b[last]), b[start]))
        stack: list[_Area] = []
        for box in thin:
            if stack and not (abs(box[start] - stack[-1][end]) < 0.2 and abs(box[first] - stack[-1][first]) < 1):
                found.extend(stack if len(stack) < _SLIVERS else ())
                stack = []
            stack.append(box)
        found.extend(stack if len(stack) < _SLIVERS else ())
    return found


def _is_stroked(path: object) -> bool:
    fill, stroke = ctypes.c_int(), pdfium.FPDF_BOOL()
    return bool(pdfium.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke))) and bool(stroke.value)


def _edges(path: object) -> list[tuple[float, float, float, float]]:
    """The straight pieces of a path that run along the page, as left, top, right, bottom in PDF's own corners."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(path, ctypes.byref(matrix))
    x, y = ctypes.c_float(), ctypes.c_float()
    found: list[tuple[float, float, float, float]] = []
    start = last = (0.0, 0.0)
    for index in range(min(pdfium.FPDFPath_CountSegments(path), _MOST_SEGMENTS)):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        here = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = here
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            found.append(_box(last, here))
        if pdfium.FPDFPathSegment_GetClose(segment):
            found.append(_box(here, start))
        last = here
    return [e for e in found if min(e[2] - e[0], e[1] - e[3]) <= 0.5]


def _box(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float, float, float]:
    return min(a[0], b[0]), max(a[1], b[1]), max(a[0], b[0]), min(a[1], b[1])


# ── from lines to grids ──────────────────────────────────────────────────────


def _merged(rules: list[_Rule]) -> list[_Rule]:
    """Lines on one axis that touch or overlap become one, and so do the dashes of a line; what stays short is none."""
    merged: list[list[float]] = []
    for at, start, end in sorted(rules):
        joined = _touching(merged, at, start, end)
        if joined is None:
            merged.append([at, start, end])
        else:
            joined[1], joined[2] = min(joined[1], start), max(joined[2], end)
    return [(rule[0], rule[1], rule[2]) for rule in merged if rule[2] - rule[1] > _SHORTEST]


def _touching(merged: list[list[float]], at: float, start: float, end: float) -> list[float] | None:
    for rule in reversed(merged):
        if at - rule[0] > _SNAP:
            return None
        if start <= rule[2] + _DASH_GAP and end >= rule[1] - _DASH_GAP:
            return rule
    return None


def _components(across: list[_Rule], down: list[_Rule]) -> list[tuple[list[_Rule], list[_Rule]]]:
    """Sets of lines that cross or touch each other."""
    group = list(range(len(across) + len(down)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for i, (y, left, right) in enumerate(across):
        for j, (x, top, bottom) in enumerate(down):
            if left - _SNAP <= x <= right + _SNAP and top - _SNAP <= y <= bottom + _SNAP:
                group[root(i)] = root(len(across) + j)
    found: dict[int, tuple[list[_Rule], list[_Rule]]] = {}
    for index, rule in enumerate([*across, *down]):
        sides = found.setdefault(root(index), ([], []))
        sides[0 if index < len(across) else 1].append(rule)
    return [sides for sides in found.values() if len(sides[0]) >= 2 and sides[1]]


def _grid(across: list[_Rule], down: list[_Rule]) -> RuledTable | None:
    xs = _positions([x for x, _, _ in down], [end for _, left, right in across for end in (left, right)])
    ys = _positions([y for y, _, _ in across], [end for _, top, bottom in down for end in (top, bottom)])
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1 or rows * columns < 2 or rows * columns > _MOST_CELLS:
        return None
    walls = _walls(down, xs, ys)
    floors = _walls(across, ys, xs)
    cells: list[tuple[int, int, int, int]] = []
    at: dict[tuple[int, int], int] = {}
    for row in range(rows):
        for column in range(columns):
            if (row, column) in at:
                continue
            width = 1
            while column + width < columns and (column + width, row) not in walls and (row, column + width) not in at:
                width += 1
            height = 1
            while row + height < rows and all((row + height, c) not in floors for c in range(column, column + width)):
                height += 1
            for place in ((r, c) for r in range(row, row + height) for c in range(column, column + width)):
                at.setdefault(place, len(cells))
            cells.append((row, column, height, width))
    if len(cells) < 2:
        return None
    return RuledTable(tuple(xs), tuple(ys), tuple(cells), at)


def _positions(places: list[float], reaches: list[float]) -> list[float]:
    """Distinct places of lines; where the other lines reach beyond, the table is open and ends with them."""
    distinct: list[float] = []
    for place in sorted(places):
        if not distinct or place - distinct[-1] > _SNAP:
            distinct.append(place)
    if not distinct:
        return []
    if min(reaches) < distinct[0] - 2 * _SNAP:
        distinct.insert(0, min(reaches))
    if max(reaches) > distinct[-1] + 2 * _SNAP:
        distinct.append(max(reaches))
    return distinct


def _walls(rules: list[_Rule], places: list[float], others: list[float]) -> set[tuple[int, int]]:
    """Which edges of the grid are drawn: (index of the place, index of the interval on the other axis)."""
    found: set[tuple[int, int]] = set()
    middles = [(a + b) / 2 for a, b in itertools.pairwise(others)]
    for at, start, end in rules:
        place = min(range(len(places)), key=lambda index: abs(places[index] - at))
        first = bisect.bisect_left(middles, start - _SNAP)
        last = bisect.bisect_right(middles, end + _SNAP)
        found.update((place, interval) for interval in range(first, last))
    return found

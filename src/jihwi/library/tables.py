"""Answers that stand in a table: a cell is read with the headings of its row and its column, or it says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from jihwi.evidence import Quotation
from jihwi.evidence.quantities import quantities
from jihwi.evidence.reading import Cell
from jihwi.library.candidates import Candidate
from jihwi.library.passages import Passage, Unit

__all__ = ["cell_answer", "column_heading", "row_candidates", "row_heading"]


def row_candidates(passage: Passage, unit: Unit) -> list[Candidate]:
    """The cells of a row as candidates, and the quantities in them."""
    found: list[Candidate] = []
    for cell in unit.row:
        start, end = _trimmed(passage, cell)
        if end > start:
            inside = quantities(passage.text[start:end])
            whole = inside[0] if len(inside) == 1 and inside[0].end - inside[0].start >= 0.6 * (end - start) else None
            found.append(Candidate(start, end, whole, tag="NNP" if whole is None else ""))
    return found


def cell_answer(passage: Passage, unit: Unit, candidate: Candidate | None) -> tuple[str, tuple[Quotation, ...]]:
    """`row / column: value` for the cell that answers, and quotations of its headings; the row's words without one."""
    cell = _cell_at(passage, unit, candidate)
    words = " / ".join(_text(passage, c) for c in unit.row if _text(passage, c))
    if cell is None:
        return words, tuple(_heading_row(passage, unit))
    column = column_heading(unit, cell)
    row = row_heading(passage, unit, cell)
    labels = [text for text in (row, column) if text]
    text = f"{' / '.join(labels)}: {_text(passage, cell)}" if labels else _text(passage, cell)
    return text, tuple(_heading_row(passage, unit))


def column_heading(unit: Unit, cell: Cell) -> str:
    """The headings above a cell, from the top, joined with a space."""
    return " ".join(unit.grid.heads_of(cell)) if unit.grid is not None else ""


def row_heading(passage: Passage, unit: Unit, cell: Cell) -> str:
    """What the row is about: its first cell with words, or the one above that reaches down to it."""
    if unit.grid is None:
        return ""
    mine = [c for c in unit.grid.cells if c.row <= cell.row < c.row + max(1, c.row_span) and c.column < cell.column]
    named = [c for c in sorted(mine, key=lambda c: c.column) if _is_name(_text(passage, c))]
    return " ".join(_text(passage, c) for c in named[:2])


def _is_name(text: str) -> bool:
    """Whether a cell names something: it has words, and is no amount or date."""
    counted = sum(q.end - q.start for q in quantities(text))
    return any(c.isalpha() for c in text) and counted < 0.6 * len(text)


def _cell_at(passage: Passage, unit: Unit, candidate: Candidate | None) -> Cell | None:
    if candidate is None:
        return None
    at = candidate.start + passage.start
    return next((cell for cell in unit.row if cell.start <= at < cell.end), None)


def _heading_row(passage: Passage, unit: Unit) -> Iterator[Quotation]:
    """The table's heading rows."""
    if unit.grid is not None and unit.grid.heading.strip():
        grid = unit.grid
        start, text = grid.heading_start, grid.heading
        yield Quotation(passage.document_id, passage.source, passage.reading, text, start, start + len(text))


def _trimmed(passage: Passage, cell: Cell) -> tuple[int, int]:
    start, end = cell.start - passage.start, cell.end - passage.start
    inner = passage.text[start:end]
    return start + len(inner) - len(inner.lstrip()), end - (len(inner) - len(inner.rstrip()))


def _text(passage: Passage, cell: Cell) -> str:
    start, end = _trimmed(passage, cell)
    return " ".join(passage.text[start:end].split()) if 0 <= start <= end <= len(passage.text) else ""

"""One PDF page as lines, tables and notes, before it is known what the other pages repeat."""

from __future__ import annotations

import ctypes

import msgspec
import pypdfium2.raw as pdfium

from jihwi.evidence import Box
from jihwi.readers.pdf.glyphs import Line, lines_of, read_glyphs, turn
from jihwi.readers.pdf.links import PageLink, page_links
from jihwi.readers.pdf.rules import RuledTable, ruled_tables
from jihwi.readers.pdf.tagged import tagged_headings

__all__ = ["Grid", "Note", "PageContent", "read_page"]

_REGION = 1_000_000
_FEW_GLYPHS = 3
_FEW_FOR_A_PAGE = 800
_MANY_CURVES = 60
_CURVED = 8
_LARGEST_LETTER = 60.0
_MOST_NOTES = 500


class Grid(msgspec.Struct):
    """A table with the lines of each of its cells."""

    table: RuledTable
    lines: dict[int, list[Line]]

    @property
    def box(self) -> Box:
        """The rectangle of its outer rules."""
        xs, ys = self.table.xs, self.table.ys
        return Box(round(xs[0], 1), round(ys[0], 1), round(xs[-1], 1), round(ys[-1], 1))


class Note(msgspec.Struct, frozen=True):
    """A remark laid over the page, or the content of a form field."""

    kind: str
    text: str
    name: str = ""


class PageContent(msgspec.Struct):
    """What stands on one page."""

    number: int
    width: float
    height: float
    lines: list[Line] = []
    """In the order they were written; a table is one line without text whose region is its index."""
    grids: list[Grid] = []
    notes: list[Note] = []
    links: list[PageLink] = []
    headings: dict[str, int] = {}
    """What the page's own structure calls a heading, without blanks, and its level."""
    glyphs: int = 0
    unmapped: int = 0
    outlined: bool = False
    """Whether letters seem to be drawn as curves, which no program can read as text."""
    drawn: bool = False
    """Whether there are pictures or drawings to look at."""


def read_page(page: object, text_page: object, number: int, size: tuple[float, float], rotation: int) -> PageContent:
    """The content of a page in its own order."""
    width, height = size
    content = PageContent(number=number, width=width, height=height)
    glyphs = read_glyphs(text_page, width, height, rotation)
    content.glyphs = sum(not text.isspace() for text in glyphs.text)
    content.unmapped = glyphs.unmapped
    content.notes = _notes(page)
    content.links = page_links(page, text_page, turn(rotation, width, height))
    content.headings = tagged_headings(page, text_page)
    if content.glyphs <= _FEW_GLYPHS:
        content.drawn = pdfium.FPDFPage_CountObjects(page) > 0
    content.outlined = content.glyphs < _FEW_FOR_A_PAGE and _drawn_letters(page) > max(
        _MANY_CURVES, content.glyphs // 2
    )
    tables = ruled_tables(page, turn(rotation, width, height)) if content.glyphs > _FEW_GLYPHS else []

    def region_of(x: float, y: float) -> int:
        for index, table in enumerate(tables):
            cell = table.cell_at(x, y)
            if cell >= 0:
                return index * _REGION + cell
        return -1

    lines = lines_of(glyphs, region_of)
    content.lines, content.grids = _arranged(lines, tables)
    return content


def _drawn_letters(page: object) -> int:
    """How many drawings are as large and as curved as a letter."""
    count = pdfium.FPDFPage_CountObjects(page)
    if count <= _MANY_CURVES:
        return 0
    edges = [ctypes.c_float() for _ in range(4)]
    pointers = [ctypes.byref(edge) for edge in edges]
    found = 0
    for index in range(min(count, 5000)):
        thing = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(thing) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        if pdfium.FPDFPath_CountSegments(thing) < _CURVED or not pdfium.FPDFPageObj_GetBounds(thing, *pointers):
            continue
        left, bottom, right, top = (edge.value for edge in edges)
        found += max(right - left, top - bottom) < _LARGEST_LETTER
    return found


def _arranged(lines: list[Line], tables: list[RuledTable]) -> tuple[list[Line], list[Grid]]:
    """The lines outside tables, with one line standing for each table where its text begins."""
    filled: dict[int, set[int]] = {}
    for line in lines:
        if line.region >= 0:
            filled.setdefault(line.region // _REGION, set()).add(line.region % _REGION)
    # A frame around one text is no table; its lines belong to the flow.
    real = {index for index, cells in filled.items() if len(cells) >= 2}
    flow: list[Line] = []
    grids: list[Grid] = []
    place: dict[int, int] = {}
    for line in lines:
        index, cell = divmod(line.region, _REGION)
        if line.region < 0 or index not in real:
            line.region = -1
            flow.append(line)
            continue
        if index not in place:
            place[index] = len(grids)
            grid = Grid(tables[index], {})
            grids.append(grid)
            box = grid.box
            flow.append(
                Line("", box.left, box.top, box.right, box.bottom, line.size, region=place[index], order=line.order)
            )
        grids[place[index]].lines.setdefault(cell, []).append(line)
    return flow, grids


# ── notes ────────────────────────────────────────────────────────────────────


def _notes(page: object) -> list[Note]:
    found: list[Note] = []
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_NOTES)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        if kind == pdfium.FPDF_ANNOT_WIDGET:
            note = Note("form_field", _said(annotation, b"V"), _said(annotation, b"T"))
        elif kind == pdfium.FPDF_ANNOT_FREETEXT:
            note = Note("text_box", _said(annotation, b"Contents"))
        elif kind in {pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP}:
            note = Note("", "")
        else:
            note = Note("comment", _said(annotation, b"Contents"))
        if note.text and note not in found:
            found.append(note)
        pdfium.FPDFPage_CloseAnnot(annotation)
    return found


def _said(annotation: object, key: bytes) -> str:
    size = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not 2 < size < 1 << 20:
        return ""
    buffer = (pdfium.FPDF_WCHAR * (size // 2 + 1))()
    pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    text = ctypes.string_at(buffer, size).decode("utf-16-le", "ignore").rstrip("\x00")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()

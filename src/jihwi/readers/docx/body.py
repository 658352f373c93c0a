"""The body of a DOCX in reading order: paragraphs, tables, and after each what hangs on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from lxml import etree

from jihwi.evidence import BlockKind, Metadata, OriginRun, ReadingBuilder
from jihwi.readers import Limits
from jihwi.readers.charts import write_chart
from jihwi.readers.docx.numbers import Label, Numbering, attribute, whole
from jihwi.readers.docx.runs import Hanging, Line, gather
from jihwi.readers.docx.styles import Style, Styles
from jihwi.readers.encoding import decode
from jihwi.readers.grid import header_rows
from jihwi.readers.html import write_html
from jihwi.readers.package import Package, local, text_of

__all__ = ["Body"]

_LONGEST_HEADING = 200
_DEEPEST_TABLE = 32
_TRANSPARENT = frozenset({"sdt", "sdtContent", "smartTag", "customXml", "ins", "moveTo", "AlternateContent", "Choice"})


class _Shown(msgspec.Struct, frozen=True):
    """A paragraph ready to be a block or a line of a cell."""

    text: str
    origins: tuple[OriginRun, ...]
    number: str
    depth: int
    style: Style
    level: int
    hanging: tuple[Hanging, ...]
    equation: bool


class Body:
    """One pass over a document."""

    def __init__(self, package: Package, builder: ReadingBuilder, limits: Limits) -> None:
        self._package = package
        self._builder = builder
        self._limits = limits
        roots = [t for kind, t in package.relations("").values() if kind == "officeDocument" and package.has(t)]
        self._path = roots[0] if roots else "word/document.xml"
        self._relations = package.relations(self._path)
        self._addresses = {"document": package.addresses(self._path)}
        """By the root of the part that names them: notes, headers and the document each name their own."""
        self._styles = Styles(self._related("styles"))
        self._numbering = Numbering(self._related("numbering"))
        self._notes = {kind: self._by_id(f"{kind}s", kind) for kind in ("footnote", "endnote", "comment")}
        self._margins_seen: set[str] = set()
        self._near = ""
        """The cell before the one whose paragraphs are gathered; it tells where a link stands."""
        self._page_breaks = 0
        self._paged = False
        self._full = False

    def read(self) -> None:
        root = self._package.xml(self._path)
        body = root.find("{*}body")
        if body is None:
            return
        # Page numbers are known only where Word noted the breaks of its last rendering.
        self._paged = next(body.iter("{*}lastRenderedPageBreak"), None) is not None
        if self._paged:
            self._builder.page = 1
        self._flow(body)
        self._section(body.find("{*}sectPr"))
        if self._paged:
            self._builder.metadata = msgspec.structs.replace(self._builder.metadata, pages=self._page_breaks + 1)
        self._builder.page = 0

    def _related(self, kind: str) -> etree._Element | None:
        return self._package.optional_xml(next(self._package.related(self._path, kind), ""))

    def _by_id(self, relation: str, tag: str) -> dict[str, etree._Element]:
        self._addresses[relation] = self._package.addresses(next(self._package.related(self._path, relation), ""))
        root = self._related(relation)
        found = root.iterfind(f"{{*}}{tag}") if root is not None else ()
        return {
            attribute(e, "id"): e for e in found if attribute(e, "type") not in {"separator", "continuationSeparator"}
        }

    # ── the flow ──

    def _flow(self, container: etree._Element) -> None:
        for child in _content(container):
            if self._builder.length > self._limits.output_characters:
                self._full = True
            if self._full:
                self._builder.warn("output_cut")
                return
            tag = local(child)
            if tag == "p":
                self._paragraph(child)
            elif tag == "tbl":
                self._table(child, -1, 0)
            elif tag == "altChunk":
                self._chunk(attribute(child, "id"))
            elif tag == "subDoc":
                self._builder.warn("part_not_read", "subdocument")

    def _paragraph(self, element: etree._Element) -> None:
        shown = self._shown(element)
        index = self._block(shown) if shown.text else -1
        self._hang(shown.hanging, index)
        self._section(element.find("{*}pPr/{*}sectPr"))

    def _block(self, shown: _Shown) -> int:
        kind: BlockKind = "paragraph"
        level = 0
        parent = -1
        if shown.equation:
            kind = "equation"
        elif shown.level and len(shown.text) <= _LONGEST_HEADING:
            kind, level = "heading", min(9, shown.level)
        elif shown.style.caption:
            kind, parent = "caption", self._builder.last_block
        elif shown.depth:
            kind, level = "list_item", shown.depth
        self._builder.block(kind, shown.text, level=level, number=shown.number, origins=shown.origins, parent=parent)
        return self._builder.last_block

    def _shown(self, element: etree._Element) -> _Shown:
        properties = element.find("{*}pPr")
        style = self._styles.of(attribute(_find(properties, "pStyle"), "val"))
        line = Line()
        gather(element, line)
        if line.deleted:
            self._builder.warn("deleted_text_hidden", count=line.deleted)
        if line.concealed or (style.hidden and line.text.strip()):
            self._builder.warn("hidden_text", count=max(1, line.concealed))
        raw = "" if style.hidden else line.text
        text = raw.strip()
        cut = len(raw) - len(raw.lstrip())
        label = self._label(properties, style) if text or not line.hanging else None
        lead = f"{label.text} " if label is not None and text and label.text else ""
        origins = [OriginRun(0, len(lead) - 1, "rendered")] if lead else []
        for run in line.origins:
            start, end = max(0, run.start - cut), min(len(text), run.end - cut)
            if start < end:
                origins.append(OriginRun(start + len(lead), end + len(lead), run.origin))
        outline = _find(properties, "outlineLvl")
        level = whole(attribute(outline, "val"), 9) + 1 if outline is not None else style.level
        self._turn_pages(line)
        self._lead(element, line)
        return _Shown(
            text=lead + text,
            origins=tuple(origins),
            number=lead.strip() if label is not None and not label.bullet else "",
            depth=label.depth if label is not None else 0,
            style=style,
            level=level if level <= 9 else 0,
            hanging=tuple(line.hanging),
            equation=line.equation_only,
        )

    def _lead(self, element: etree._Element, line: Line) -> None:
        """Tell the builder of the links in what is about to be written. A relation is one of the part it stands in."""
        if not line.leads:
            return
        addresses = self._addresses.get(local(element.getroottree().getroot()), {})
        for one in line.leads:
            self._builder.link(one.words, one.address or addresses.get(one.key, ""), self._near + one.before)

    def _turn_pages(self, line: Line) -> None:
        """A break before the first word comes before the paragraph; one inside it belongs to what follows."""
        if self._paged:
            self._page_breaks += line.breaks_before
            self._builder.page = self._page_breaks + 1
            self._page_breaks += line.breaks_inside

    def _label(self, properties: etree._Element | None, style: Style) -> Label | None:
        numbered = _find(properties, "numPr")
        number = attribute(_find(numbered, "numId"), "val") or style.number
        depth = whole(attribute(_find(numbered, "ilvl"), "val"), style.depth)
        if number in {"", "0"}:
            return None
        return self._numbering.next(number, depth)

    # ── tables ──

    def _table(self, table: etree._Element, parent: int, depth: int) -> None:
        origins: list[tuple[OriginRun, ...]] = []
        later: list[Hanging] = []
        open_merges: dict[int, int] = {}
        cells: list[tuple[int, int, int, int, str]] = []
        heads = 0
        number = -1
        for row in _rows(table):
            properties = row.find("{*}trPr")
            if _find(properties, "del") is not None:
                self._builder.warn("deleted_text_hidden")
                continue
            number += 1
            if heads == number and _find(properties, "tblHeader") is not None:
                heads += 1
            column = whole(attribute(_find(properties, "gridBefore"), "val"), 0)
            for cell in _content(row, "tc"):
                width = max(1, min(512, whole(attribute(cell.find("{*}tcPr/{*}gridSpan"), "val"), 1)))
                merge = cell.find("{*}tcPr/{*}vMerge")
                continues = merge is not None and attribute(merge, "val") != "restart"
                if continues and column in open_merges:
                    at = open_merges[column]
                    top, left, _, across, words = cells[at]
                    cells[at] = (top, left, number - top + 1, across, words)
                else:
                    self._near = cells[-1][4] if cells else ""
                    words, runs = self._joined(cell, later)
                    self._near = ""
                    open_merges.pop(column, None)
                    if merge is not None:
                        open_merges[column] = len(cells)
                    cells.append((number, column, 1, width, words))
                    origins.append(runs)
                column += width
        self._emit(cells, origins, heads, later, parent, depth)

    def _emit(
        self,
        cells: list[tuple[int, int, int, int, str]],
        origins: list[tuple[OriginRun, ...]],
        heads: int,
        later: list[Hanging],
        parent: int,
        depth: int,
    ) -> None:
        index = parent
        if any(cell[4] for cell in cells):
            self._builder.cells(cells, header_rows=heads or _guessed(cells), parent=parent, origins=origins)
            index = self._builder.last_block
        for hanging in later:
            if hanging.kind == "table" and hanging.element is not None:
                if depth < _DEEPEST_TABLE:
                    self._table(hanging.element, index, depth + 1)
                else:
                    self._builder.warn("nesting_flattened")
            else:
                self._hang((hanging,), index)

    def _joined(self, container: etree._Element, later: list[Hanging]) -> tuple[str, tuple[OriginRun, ...]]:
        """The paragraphs of a cell, note or box as one text with line breaks; what hangs on them goes to `later`."""
        lines: list[str] = []
        origins: list[OriginRun] = []
        length = 0
        for child in _content(container):
            tag = local(child)
            if tag == "tbl":
                later.append(Hanging("table", "", child))
            elif tag == "p":
                shown = self._shown(child)
                self._near = self._near and shown.text
                later.extend(shown.hanging)
                if shown.text:
                    start = length + (1 if lines else 0)
                    origins += [OriginRun(r.start + start, r.end + start, r.origin) for r in shown.origins]
                    lines.append(shown.text)
                    length = start + len(shown.text)
        return "\n".join(lines), tuple(origins)

    # ── what hangs on a paragraph ──

    def _hang(self, hanging: Iterable[Hanging], parent: int) -> None:
        for one in hanging:
            if one.kind == "text_box" and one.element is not None:
                self._framed("text_box", one.element, parent)
            elif one.kind == "image":
                self._builder.block("image", one.key, parent=parent, target=self._picture(one.element))
            elif one.kind == "diagram":
                self._diagram(one.key, parent)
            elif one.kind == "chart":
                write_chart(self._builder, self._package.optional_xml(self._target(one.key)), parent)
            elif one.kind == "table" and one.element is not None:
                self._table(one.element, parent, 1)
            elif one.kind in self._notes:
                self._note(one, parent)

    def _note(self, one: Hanging, parent: int) -> None:
        element = self._notes[one.kind].pop(one.key, None)
        if element is None:
            return
        kind: BlockKind = "footnote" if one.kind == "footnote" else "endnote" if one.kind == "endnote" else "comment"
        self._framed(kind, element, parent)

    def _framed(self, kind: BlockKind, element: etree._Element, parent: int) -> None:
        later: list[Hanging] = []
        text, origins = self._joined(element, later)
        if text:
            self._builder.block(kind, text, parent=parent, origins=origins)
            parent = self._builder.last_block
        self._hang(later, parent)

    def _picture(self, element: etree._Element | None) -> str:
        for blip in element.iter("{*}blip", "{*}imagedata") if element is not None else ():
            key = attribute(blip, "embed") or attribute(blip, "id")
            return self._relations.get(key, ("", ""))[1]
        return ""

    def _target(self, key: str) -> str:
        return self._relations.get(key, ("", ""))[1]

    def _diagram(self, key: str, parent: int) -> None:
        data = self._package.optional_xml(self._target(key))
        for point in data.iter("{*}pt") if data is not None else ():
            words = "\n".join(t for p in point.iter("{*}p") if (t := text_of(p)))
            if words:
                self._builder.block("text_box", words, parent=parent)

    # ── beside the flow ──

    def _section(self, properties: etree._Element | None) -> None:
        for reference in properties if properties is not None else ():
            tag = local(reference)
            if tag not in {"headerReference", "footerReference"}:
                continue
            path = self._relations.get(attribute(reference, "id"), ("", ""))[1]
            root = self._package.optional_xml(path)
            if root is None or path in self._margins_seen:
                continue
            self._margins_seen.add(path)
            self._addresses[local(root)] = self._package.addresses(path)
            later: list[Hanging] = []
            text, origins = self._joined(root, later)
            for hanging in [h for h in later if h.kind == "table" and h.element is not None]:
                rows = (text_of(row) for row in hanging.element.iter("{*}tr"))  # type: ignore[union-attr]
                text = "\n".join(filter(None, [text, *rows]))
            if text:
                self._builder.block("header" if tag == "headerReference" else "footer", text, origins=origins)
            self._hang([h for h in later if h.kind != "table"], self._builder.last_block if text else -1)

    def _chunk(self, key: str) -> None:
        path = self._relations.get(key, ("", ""))[1]
        if path and self._package.has(path) and path.lower().endswith((".html", ".htm", ".xhtml")):
            known: Metadata = self._builder.metadata
            write_html(self._builder, decode(self._package.bytes(path)), self._limits, self._package.path)
            self._builder.metadata = known
        else:
            self._builder.warn("part_not_read", path or "altChunk")


def _content(container: etree._Element, wanted: str = "") -> Iterator[etree._Element]:
    """The children, seen through what only wraps them."""
    stack = [iter(container)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif local(child) in _TRANSPARENT and len(stack) < 50:
            stack.append(iter(child))
        elif not wanted or local(child) == wanted:
            yield child


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    return _content(table, "tr")


def _find(element: etree._Element | None, tag: str) -> etree._Element | None:
    return element.find(f"{{*}}{tag}") if element is not None else None


def _guessed(cells: list[tuple[int, int, int, int, str]]) -> int:
    """One header row where the first row reads like one and no cell reaches out of it."""
    if any(row == 0 and height > 1 for row, _, height, _, _ in cells):
        return 0
    width = max(column + across for _, column, _, across, _ in cells)
    rows: list[list[str]] = [[""] * width for _ in range(min(50, cells[-1][0] + 1))]
    for row, column, _, _, text in cells:
        if row < len(rows):
            rows[row][column] = text
    return header_rows(rows, strict=True)

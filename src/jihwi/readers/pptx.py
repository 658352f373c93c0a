"""Reads PPTX: each slide as a page, its shapes by position, tables, notes, comments and alternative texts.

The parts are read directly (ECMA-376 part 1, chapters 19 and 21), for the same reasons as with DOCX.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

import msgspec
from lxml import etree

from jihwi.errors import FileBroken
from jihwi.evidence import Box, OriginRun, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.charts import write_chart
from jihwi.readers.counting import counted
from jihwi.readers.equations import equation_text
from jihwi.readers.office import core_properties
from jihwi.readers.package import Package, local, text_of

__all__ = ["PptxReader"]

_POINT = 12_700
"""English metric units in a point."""
_TITLES = frozenset({"title", "ctrTitle"})
_MARGINS = frozenset({"dt", "sldNum", "ftr", "hdr"})
_DEEPEST = 32
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_NUMBERS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman"}
_NUMBERS |= {"romanUc": "upperRoman", "circleNum": "decimalEnclosedCircle", "hangul": "ganada"}


class PptxReader:
    """PPTX and its template, show and macro kin."""

    name = "pptx"
    version = "3"
    formats: Sequence[str] = ("pptx",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        package = Package(data, hint.path, limits)
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        builder.metadata = core_properties(package)
        roots = [t for kind, t in package.relations("").values() if kind == "officeDocument" and package.has(t)]
        path = roots[0] if roots else "ppt/presentation.xml"
        root = package.xml(path)
        relations = package.relations(path)
        slides = [relations.get(e.get(f"{_RELATION}id", ""), ("", ""))[1] for e in root.iterfind(".//{*}sldId")]
        slides = [slide for slide in slides if package.has(slide)]
        if not slides and root.find("{*}sldMasterIdLst") is None:
            raise FileBroken(hint.path, "pptx: no slides")
        for number, slide in enumerate(slides, start=1):
            if builder.length > limits.output_characters:
                builder.warn("output_cut")
                break
            builder.page = number
            _Slide(package, builder, slide).read()
        builder.page = 0
        builder.metadata = msgspec.structs.replace(builder.metadata, pages=len(slides))
        return Result(builder.done())


class _Shape(msgspec.Struct):
    element: etree._Element
    kind: str
    """Of the placeholder: `title`, `body` …; empty for a free shape."""
    box: tuple[float, float, float, float] | None
    """Left, top, right, bottom, in points."""


class _Slide:
    def __init__(self, package: Package, builder: ReadingBuilder, path: str) -> None:
        self._package = package
        self._builder = builder
        self._path = path
        self._relations = package.relations(path)
        self._addresses = package.addresses(path)
        self._layout = next(package.related(path, "slideLayout"), "")

    def read(self) -> None:
        root = self._package.optional_xml(self._path)
        tree = root.find("{*}cSld/{*}spTree") if root is not None else None
        if root is None or tree is None:
            self._builder.warn("page_broken", str(self._builder.page))
            return
        if root.get("show") in {"0", "false"}:
            self._builder.warn("hidden_slide", str(self._builder.page))
        for shape in _ordered(list(self._shapes(tree, (1.0, 1.0, 0.0, 0.0), 0))):
            self._shape(shape)
        self._beside()

    # ── shapes ──

    def _shapes(self, tree: etree._Element, moved: tuple[float, float, float, float], depth: int) -> Iterator[_Shape]:
        for element in tree:
            tag = local(element)
            if tag == "grpSp" and depth < _DEEPEST:
                yield from self._shapes(element, _inside(element, moved), depth + 1)
            elif tag in {"sp", "graphicFrame", "pic", "cxnSp"}:
                placeholder = element.find("{*}nvSpPr/{*}nvPr/{*}ph")
                kind = placeholder.get("type", "body") if placeholder is not None else ""
                box = _box(element, moved)
                if box is None and placeholder is not None:
                    box = self._inherited(kind, placeholder.get("idx", ""))
                yield _Shape(element, kind, box)
            elif tag == "AlternateContent":
                chosen = element.find("{*}Choice")
                if chosen is not None:
                    yield from self._shapes(chosen, moved, depth + 1)

    def _inherited(self, kind: str, index: str) -> tuple[float, float, float, float] | None:
        """Where the layout, or the master behind it, puts a placeholder that does not say where it stands."""
        master = next(self._package.related(self._layout, "slideMaster"), "") if self._layout else ""
        for part, by_index in ((self._layout, bool(index)), (self._layout, False), (master, False)):
            root = self._package.optional_xml(part)
            for shape in root.iter("{*}sp") if root is not None else ():
                placeholder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
                if placeholder is None:
                    continue
                same = placeholder.get("idx", "") == index if by_index else placeholder.get("type", "body") == kind
                box = _box(shape, (1.0, 1.0, 0.0, 0.0)) if same else None
                if box is not None:
                    return box
        return None

    def _shape(self, shape: _Shape) -> None:
        element = shape.element
        box = Box(*(round(value, 1) for value in shape.box)) if shape.box else None
        body = element.find("{*}txBody")
        before = self._builder.last_block
        self._links(element, self._addresses)
        if body is not None and shape.kind in _MARGINS:
            text = _plain(body)
            if text and shape.kind != "sldNum":
                self._builder.block("header" if shape.kind == "hdr" else "footer", text, box=box)
        elif body is not None:
            self._text(body, shape.kind, box)
        table = element.find(".//{*}tbl")
        if table is not None:
            self._table(table, box)
        for data in element.iter("{*}relIds"):
            self._diagram(data.get(f"{_RELATION}dm", ""), box)
        for chart in element.iter("{*}chart"):
            key = chart.get(f"{_RELATION}id", "")
            write_chart(self._builder, self._package.optional_xml(self._relations.get(key, ("", ""))[1]), -1)
        self._words_for_picture(element, box, before)

    def _links(self, holder: etree._Element, addresses: dict[str, str]) -> None:
        """Tell the builder of the links in what is about to be written."""
        for run in holder.iter("{*}r") if addresses else ():
            click = run.find("{*}rPr/{*}hlinkClick")
            if click is not None and (address := addresses.get(click.get(f"{_RELATION}id", ""))):
                before = [text_raw(other.find("{*}t")) for other in run.itersiblings("{*}r", preceding=True)]
                self._builder.link(text_raw(run.find("{*}t")), address, "".join(reversed(before[:6])))

    def _words_for_picture(self, element: etree._Element, box: Box | None, before: int) -> None:
        named = element.find("./*/{*}cNvPr")
        words = (named.get("descr") or "").strip() if named is not None else ""
        if not words:
            return
        blip = next(element.iter("{*}blip"), None)
        target = self._relations.get(blip.get(f"{_RELATION}embed", ""), ("", ""))[1] if blip is not None else ""
        parent = self._builder.last_block if self._builder.last_block > before else -1
        self._builder.block("image", words, box=box, target=target, parent=parent)

    def _text(self, body: etree._Element, kind: str, box: Box | None) -> None:
        if kind in _TITLES or kind == "subTitle":
            text = _plain(body).replace("\n", " ")
            if text:
                self._builder.block("heading", text, level=1 if kind in _TITLES else 2, box=box)
            return
        counts: dict[tuple[int, str], int] = {}
        for paragraph in body.iterfind("{*}p"):
            text = _words(paragraph).strip()
            if text:
                self._paragraph(paragraph, text, kind, box, counts)

    def _paragraph(
        self,
        paragraph: etree._Element,
        text: str,
        kind: str,
        box: Box | None,
        counts: dict[tuple[int, str], int],
    ) -> None:
        properties = paragraph.find("{*}pPr")
        level = int(properties.get("lvl", "0") or 0) if properties is not None else 0
        number = _number(properties, level, counts)
        bulleted = properties is not None and properties.find("{*}buChar") is not None
        inherited = kind in {"body", "obj"} and not (
            properties is not None and properties.find("{*}buNone") is not None
        )
        if number:
            origins = (OriginRun(0, len(number), "rendered"),)
            self._builder.block(
                "list_item", f"{number} {text}", level=level + 1, number=number, box=box, origins=origins
            )
        elif bulleted or inherited:
            self._builder.block("list_item", text, level=level + 1, box=box)
        else:
            self._builder.block("paragraph", text, box=box)

    def _table(self, table: etree._Element, box: Box | None) -> None:
        cells: list[tuple[int, int, int, int, str]] = []
        for row, line in enumerate(table.iterfind("{*}tr")):
            for column, cell in enumerate(line.iterfind("{*}tc")):
                if cell.get("hMerge") in {"1", "true"} or cell.get("vMerge") in {"1", "true"}:
                    continue
                body = cell.find("{*}txBody")
                height, width = _count(cell.get("rowSpan")), _count(cell.get("gridSpan"))
                cells.append((row, column, height, width, _plain(body) if body is not None else ""))
        properties = table.find("{*}tblPr")
        heads = 1 if properties is not None and properties.get("firstRow") in {"1", "true"} else 0
        if any(cell[4] for cell in cells):
            self._builder.cells(cells, header_rows=heads, box=box)

    def _diagram(self, key: str, box: Box | None) -> None:
        data = self._package.optional_xml(self._relations.get(key, ("", ""))[1])
        for point in data.iter("{*}pt") if data is not None else ():
            words = "\n".join(t for p in point.iter("{*}p") if (t := text_of(p)))
            if words:
                self._builder.block("text_box", words, box=box)

    # ── beside the slide ──

    def _beside(self) -> None:
        for part in self._package.related(self._path, "notesSlide"):
            notes = self._package.optional_xml(part)
            for shape in notes.iter("{*}sp") if notes is not None else ():
                placeholder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
                body = shape.find("{*}txBody")
                if placeholder is not None and placeholder.get("type") == "body" and body is not None:
                    text = _plain(body)
                    if text:
                        self._links(body, self._package.addresses(part))
                        self._builder.block("comment", text, target="notes")
        for part in self._package.related(self._path, "comments"):
            root = self._package.optional_xml(part)
            for comment in root if root is not None else ():
                text = text_of(comment.find("{*}text")) or "".join(t.text or "" for t in comment.iter("{*}t"))
                if text.strip():
                    self._builder.block("comment", text.strip(), target=posixpath.basename(part))


# ── geometry ─────────────────────────────────────────────────────────────────


def _box(element: etree._Element, moved: tuple[float, float, float, float]) -> tuple[float, float, float, float] | None:
    frame = element.find("{*}spPr/{*}xfrm")
    frame = frame if frame is not None else element.find("{*}xfrm")
    if frame is None:
        return None
    corner, size = _pair(frame.find("{*}off"), "x", "y"), _pair(frame.find("{*}ext"), "cx", "cy")
    if corner is None or size is None:
        return None
    across, down, right, below = moved
    left, top = corner[0] * across + right, corner[1] * down + below
    return (
        left / _POINT,
        top / _POINT,
        (left + size[0] * across) / _POINT,
        (top + size[1] * down) / _POINT,
    )


def _inside(group: etree._Element, moved: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """How a group scales and moves what stands inside it."""
    frame = group.find("{*}grpSpPr/{*}xfrm")
    if frame is None:
        return moved
    corner, size = _pair(frame.find("{*}off"), "x", "y"), _pair(frame.find("{*}ext"), "cx", "cy")
    child, extent = _pair(frame.find("{*}chOff"), "x", "y"), _pair(frame.find("{*}chExt"), "cx", "cy")
    if corner is None or size is None or child is None or extent is None or not extent[0] or not extent[1]:
        return moved
    across, down = size[0] / extent[0], size[1] / extent[1]
    return (
        across * moved[0],
        down * moved[1],
        (corner[0] - child[0] * across) * moved[0] + moved[2],
        (corner[1] - child[1] * down) * moved[1] + moved[3],
    )


def _pair(element: etree._Element | None, first: str, second: str) -> tuple[float, float] | None:
    try:
        return (float(element.get(first, "")), float(element.get(second, ""))) if element is not None else None
    except ValueError:
        return None


def _ordered(shapes: list[_Shape]) -> list[_Shape]:
    """Title first; then rows from the top, each from the left; what stands nowhere keeps its place at the end."""
    rest = [shape for shape in shapes if shape.kind not in _TITLES and shape.kind not in _MARGINS]
    placed = sorted((s for s in rest if s.box is not None), key=lambda s: s.box[1] if s.box else 0.0)
    rows: list[list[_Shape]] = []
    for shape in placed:
        if rows and _beside_each_other(rows[-1][0], shape):
            rows[-1].append(shape)
        else:
            rows.append([shape])
    in_rows = [s for row in rows for s in sorted(row, key=lambda s: s.box[0] if s.box else 0.0)]
    return [
        *(s for s in shapes if s.kind in _TITLES),
        *in_rows,
        *(s for s in rest if s.box is None),
        *(s for s in shapes if s.kind in _MARGINS),
    ]


def _beside_each_other(a: _Shape, b: _Shape) -> bool:
    if a.box is None or b.box is None:
        return False
    overlap = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    return overlap > 0.5 * min(a.box[3] - a.box[1], b.box[3] - b.box[1])


# ── text ─────────────────────────────────────────────────────────────────────


def _words(paragraph: etree._Element) -> str:
    parts = []
    for run in paragraph:
        tag = local(run)
        if tag in {"r", "fld"}:
            parts.append(text_raw(run.find("{*}t")))
        elif tag == "br":
            parts.append("\n")
        elif tag in {"m", "AlternateContent"}:
            chosen = run.find("{*}Choice") if tag == "AlternateContent" else run
            parts += [equation_text(one) for one in (chosen.iter("{*}oMath") if chosen is not None else ())]
    return "".join(parts)


def text_raw(element: etree._Element | None) -> str:
    """The text right inside an element, with its blanks."""
    return (element.text or "") if element is not None else ""


def _plain(body: etree._Element) -> str:
    return "\n".join(words for p in body.iterfind("{*}p") if (words := _words(p).strip()))


def _number(properties: etree._Element | None, level: int, counts: dict[tuple[int, str], int]) -> str:
    automatic = properties.find("{*}buAutoNum") if properties is not None else None
    for deeper in [key for key in counts if key[0] > level]:
        del counts[deeper]
    if automatic is None:
        return ""
    style = automatic.get("type", "arabicPeriod")
    start = _count(automatic.get("startAt"))
    counts[level, style] = counts.get((level, style), start - 1) + 1
    base = next((name for prefix, name in _NUMBERS.items() if style.startswith(prefix)), "decimal")
    number = counted(counts[level, style], base)
    if style.endswith("ParenBoth"):
        return f"({number})"
    return number + (")" if style.endswith("ParenR") else "." if style.endswith("Period") else "")


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and 0 < int(text) < 1000 else 1

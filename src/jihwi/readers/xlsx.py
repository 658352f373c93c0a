"""Reads XLSX workbooks: what each sheet shows, as it shows it, with merged cells, comments and text boxes.

The parts of the package are read directly (ECMA-376 part 1, chapter 18): the libraries at hand either keep a whole
workbook as objects, refuse workbooks with odd styles, or give numbers without their formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO

from lxml import etree

from jihwi.errors import FileBroken
from jihwi.evidence import ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.charts import write_chart
from jihwi.readers.number_format import BUILT_IN, general, show
from jihwi.readers.office import core_properties
from jihwi.readers.package import Package, local, text_of
from jihwi.readers.sheets import Merge, Sheet, lay_out

__all__ = ["XlsxReader"]

_MOST_CELLS = 500_000
_MOST_STRINGS = 2_000_000
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_HYPERLINK = re.compile(r'\s*HYPERLINK\(\s*(?:"((?:[^"]|"")+)"|(\$?[A-Z]{1,3}\$?\d{1,7}))\s*[,)]', re.IGNORECASE)
"""The function with its address as it stands, or with the cell of the same sheet that holds it. One that is put
together by a formula is known to nobody but a spreadsheet program, and is left out."""
_MOST_LEADING = 1_000
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class XlsxReader:
    """XLSX and its template and macro kin."""

    name = "xlsx"
    version = "3"
    formats: Sequence[str] = ("xlsx",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        package = Package(data, hint.path, limits)
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        builder.metadata = core_properties(package)
        _Workbook(package, builder, limits).read()
        return Result(builder.done())


class _Workbook:
    def __init__(self, package: Package, builder: ReadingBuilder, limits: Limits) -> None:
        self._package = package
        self._builder = builder
        self._limits = limits
        self._cells_left = _MOST_CELLS
        roots = [t for kind, t in package.relations("").values() if kind == "officeDocument" and package.has(t)]
        self._path = roots[0] if roots else "xl/workbook.xml"
        self._book = package.xml(self._path)
        strings = next(package.related(self._path, "sharedStrings"), "")
        styles = next(package.related(self._path, "styles"), "")
        self._strings = list(self._shared(strings)) if strings else []
        self._formats = _formats(package.optional_xml(styles))
        properties = self._book.find("{*}workbookPr")
        self._epoch_1904 = properties is not None and properties.get("date1904") in {"1", "true"}

    def read(self) -> None:
        relations = self._package.relations(self._path)
        found = 0
        for sheet in self._book.iterfind("{*}sheets/{*}sheet"):
            kind, path = relations.get(_relation_id(sheet), ("", ""))
            name = sheet.get("name", "")
            if kind == "chartsheet":
                self._builder.warn("chart_not_read", name)
            if kind != "worksheet" or not self._package.has(path):
                continue
            found += 1
            if sheet.get("state") in {"hidden", "veryHidden"}:
                self._builder.warn("hidden_sheet", name)
            self._builder.section = name
            self._sheet(name, path)
        self._builder.section = ""
        if not found:
            raise FileBroken(self._package.path, "xlsx: no sheets")

    def _shared(self, path: str) -> Iterator[str]:
        size = 0
        for element in _stream(self._package.bytes(path), ("si",), self._package.path):
            text = _rich(element)
            size += len(text)
            if size > self._limits.output_characters * 2:
                self._builder.warn("output_cut")
                return
            yield text

    # ── one sheet ──

    def _sheet(self, name: str, path: str) -> None:
        sheet = Sheet()
        try:
            self._gather(path, sheet)
        except FileBroken:
            self._builder.warn("part_broken", name)
        if sheet.cells or sheet.notes:
            self._builder.heading(name, level=1)
        for note in sheet.notes:
            self._builder.block("header", note)
        lay_out(self._builder, sheet)
        if sheet.cut:
            self._builder.warn("table_cut", name)
        if sheet.unfilled:
            self._builder.warn("formula_without_value", name, sheet.unfilled)
        hidden = len(sheet.hidden_rows) + sum(last - first + 1 for first, last in sheet.hidden_columns)
        if hidden:
            self._builder.warn("hidden_rows_or_columns", name, min(hidden, 1_048_576))
        self._beside(path)

    def _gather(self, path: str, sheet: Sheet) -> None:
        row = 0
        wanted = ("row", "mergeCell", "col", "headerFooter", "hyperlink")
        addresses = self._package.addresses(path)
        for element in _stream(self._package.bytes(path), wanted, self._package.path):
            tag = local(element)
            if tag == "row":
                row = _small(element.get("r"), row + 1)
                if element.get("hidden") in {"1", "true"}:
                    sheet.hidden_rows.add(row)
                self._row(element, row, sheet)
            elif tag == "mergeCell" and (merge := _merge(element.get("ref", ""))):
                sheet.merges.append(merge)
            elif tag == "col" and element.get("hidden") in {"1", "true"}:
                sheet.hidden_columns.append((_small(element.get("min"), 1), _small(element.get("max"), 1)))
            elif tag == "hyperlink" and (address := addresses.get(_relation_id(element))):
                _lead(sheet, element.get("ref", ""), address)
            elif tag == "headerFooter":
                sheet.notes = [t for part in element if (t := _header_text(text_of(part)))]
        for cell, place in sheet.named_elsewhere.items():
            if address := sheet.cells.get(place):
                sheet.addresses[cell] = address

    def _row(self, row: etree._Element, number: int, sheet: Sheet) -> None:
        column = 0
        for cell in row.iterfind("{*}c"):
            reference = _REFERENCE.fullmatch(cell.get("r", ""))
            column = _column(reference.group(1)) if reference else column + 1
            text = self._shown(cell, sheet)
            if not text:
                continue
            if self._cells_left <= 0 or self._builder.length > self._limits.output_characters:
                sheet.cut = True
                return
            self._cells_left -= 1
            sheet.cells[number, column] = text
            formula = cell.find("{*}f")
            if formula is not None and (leads := _HYPERLINK.match(formula.text or "")):
                if leads.group(1):
                    sheet.addresses[number, column] = leads.group(1).replace('""', '"')
                elif place := _merge(leads.group(2).upper()):
                    sheet.named_elsewhere[number, column] = place.top, place.left

    def _shown(self, cell: etree._Element, sheet: Sheet) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            return _rich(inline) if inline is not None else ""
        value = cell.find("{*}v")
        raw = (value.text or "") if value is not None else ""
        if not raw:
            sheet.unfilled += cell.find("{*}f") is not None
            return ""
        if kind == "s":
            index = _small(raw, -1)
            return self._strings[index] if 0 <= index < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if kind in {"str", "e", "d"}:
            return raw.strip()
        return self._number(raw, cell.get("s"))

    def _number(self, raw: str, style: str | None) -> str:
        try:
            value = float(raw)
        except ValueError:
            return raw
        code = self._formats[index] if (index := _small(style, 0)) < len(self._formats) else "General"
        if code.lower() == "general":
            return raw if raw.lstrip("-").isdigit() else general(value)
        return show(value, code, self._epoch_1904)

    # ── what stands beside the cells ──

    def _beside(self, path: str) -> None:
        table = self._builder.last_block
        for part in self._package.related(path, "comments"):
            for comment in self._package.xml(part).iterfind(".//{*}comment"):
                text = _rich(comment.find("{*}text"))
                if text:
                    self._builder.block("comment", text, parent=table, target=comment.get("ref", ""))
        for part in self._package.related(path, "threadedComment"):
            for comment in self._package.xml(part).iterfind("{*}threadedComment"):
                self._builder.block("comment", text_of(comment), parent=table, target=comment.get("ref", ""))
        for part in self._package.related(path, "drawing"):
            self._drawing(part)

    def _drawing(self, part: str) -> None:
        for chart in self._package.related(part, "chart"):
            write_chart(self._builder, self._package.optional_xml(chart), -1)
        drawing = self._package.optional_xml(part)
        for element in drawing.iter() if drawing is not None else ():
            tag = local(element)
            if tag == "txBody":
                paragraphs = ("".join(t.text or "" for t in p.iterfind(".//{*}t")) for p in element.iterfind("{*}p"))
                text = "\n".join(p for p in paragraphs if p.strip())
                if text:
                    self._builder.block("text_box", text)
            elif tag == "cNvPr" and (words := (element.get("descr") or "").strip()):
                self._builder.block("image", words, target=element.get("name", ""))


# ── parts ────────────────────────────────────────────────────────────────────


def _stream(data: bytes, tags: tuple[str, ...], path: str) -> Iterator[etree._Element]:
    """Elements as they end, forgotten as soon as they were used. Raises FileBroken where there is no XML at all."""
    events = etree.iterparse(
        BytesIO(data),
        tag=[f"{{*}}{tag}" for tag in tags],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
    )
    try:
        for _, element in events:
            yield element
            element.clear()
            while element.getprevious() is not None and (parent := element.getparent()) is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        raise FileBroken(path, f"xml: {error}") from error


def _formats(styles: etree._Element | None) -> list[str]:
    """The number format of each cell style."""
    if styles is None:
        return []
    own = {_small(f.get("numFmtId"), -1): f.get("formatCode", "") for f in styles.iterfind("{*}numFmts/{*}numFmt")}
    found = []
    for style in styles.iterfind("{*}cellXfs/{*}xf"):
        number = _small(style.get("numFmtId"), 0)
        found.append(own.get(number) or BUILT_IN.get(number, "General"))
    return found


def _rich(element: etree._Element | None) -> str:
    """The text of a string item, without its phonetic guide."""
    if element is None:
        return ""
    parts = [t.text or "" for t in element.iter("{*}t") if (parent := t.getparent()) is None or local(parent) != "rPh"]
    return re.sub(r"_x000D_", "", "".join(parts)).replace("\r\n", "\n").strip()


def _header_text(codes: str) -> str:
    """The words of a header or footer, without its codes for page numbers, fonts and sides."""
    bare = re.sub(r'&(?:"[^"]*"|\d+|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|[A-Za-z])', " ", codes)
    return " ".join(bare.replace("&&", "&").split())


def _lead(sheet: Sheet, reference: str, address: str) -> None:
    """Note where the cells of a reference lead."""
    area = _merge(reference)
    if area is None or (area.bottom - area.top + 1) * (area.right - area.left + 1) > _MOST_LEADING:
        return
    for row in range(area.top, area.bottom + 1):
        for column in range(area.left, area.right + 1):
            sheet.addresses[row, column] = address


def _merge(reference: str) -> Merge | None:
    first, _, last = reference.partition(":")
    start, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
    if start is None or end is None:
        return None
    return Merge(int(start.group(2)), _column(start.group(1)), int(end.group(2)), _column(end.group(1)))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _small(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def _relation_id(element: etree._Element) -> str:
    return element.get(_RELATION_ID) or next((str(v) for k, v in element.items() if str(k).endswith("}id")), "")

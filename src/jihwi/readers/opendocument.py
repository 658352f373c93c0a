"""Reads OpenDocument texts, spreadsheets and presentations (OASIS ODF 1.3) part by part, as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from lxml import etree

from jihwi.errors import FileBroken, FileLocked
from jihwi.evidence import BlockKind, Metadata, OriginRun, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.counting import counted
from jihwi.readers.equations import equation_text
from jihwi.readers.package import Package, local, text_of
from jihwi.readers.sheets import Merge, Sheet, lay_out

__all__ = ["OpenDocumentReader"]

_DEEPEST = 60
_NEAR = 6
"""How many pieces of text before a link tell where it stands."""
_MOST_REPEATED = 1_000
_MOST_CELLS = 500_000
_NUMBERS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_NUMBERS |= {"①, ②, ③, ...": "decimalEnclosedCircle", "가, 나, 다, ...": "ganada", "ㄱ, ㄴ, ㄷ, ...": "chosung"}
_NUMBERS |= {"일, 이, 삼, ...": "koreanCounting", "一, 二, 三, ...": "chineseCounting"}
_META = {"title": "title", "creator": "author", "initial-creator": "author", "creation-date": "created"}
_META |= {"date": "modified", "generator": "producer", "language": "language"}


_OF_THE_PAGE = frozenset({"page-number", "date-time", "header", "footer"})
"""What stands on every page of notes and says nothing of it."""
_WHOLE = "encrypted-package"
"""The part that holds the package when it was locked as a whole."""


class OpenDocumentReader:
    """ODT, ODS and ODP."""

    name = "opendocument"
    version = "3"
    formats: Sequence[str] = ("odt", "ods", "odp")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        package = Package(data, hint.path, limits)
        package = _unlocked(package, hint, limits)
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or "odt"
        )
        builder.metadata = _metadata(package.optional_xml("meta.xml"))
        root = package.xml("content.xml")
        body = root.find("{*}body")
        if body is None or not len(body):
            raise FileBroken(hint.path, "odf: no body")
        styles = package.optional_xml("styles.xml")
        roots = [root, *([styles] if styles is not None else [])]
        _Walk(builder, limits, roots, lambda place: _equation(package, place, builder)).body(body[0], styles)
        return Result(builder.done())


def _equation(package: Package, place: str, builder: ReadingBuilder) -> str:
    """The equation that lies in the package as an object of its own; empty for an object of another kind."""
    root = package.optional_xml(f"{place.removeprefix('./')}/content.xml")
    if root is not None and next(root.iter("{*}chart"), None) is not None:
        builder.warn("chart_not_read")
    return equation_text(root) if root is not None and local(root) == "math" else ""


def _unlocked(package: Package, hint: Hint, limits: Limits) -> Package:
    """The package with its locked parts opened, or the one inside it when the whole was locked. Raises FileLocked
    without the right password."""
    manifest = package.optional_xml("META-INF/manifest.xml")
    if manifest is None or next(manifest.iter("{*}encryption-data"), None) is None:
        return package
    from jihwi.readers.package_locks import Locks  # waits: few files are locked, and it brings cryptography

    locks = Locks(manifest, hint.password, hint.path)
    if not locks:
        raise FileLocked(hint.path, "암호 방식을 알 수 없음")
    if package.has(_WHOLE):
        return Package(locks.open(_WHOLE, package.bytes(_WHOLE), limits.file_bytes), hint.path, limits)
    return package.opened_by(locks)


def _metadata(root: etree._Element | None) -> Metadata:
    said: dict[str, str] = {}
    for element in root.iter() if root is not None else ():
        name = _META.get(local(element))
        if name and not (name == "author" and local(element) == "initial-creator" and "author" in said):
            said[name] = text_of(element)
    return Metadata(
        title=said.get("title", ""),
        author=said.get("author", ""),
        created=said.get("created", ""),
        modified=said.get("modified", ""),
        producer=said.get("producer", ""),
        language=said.get("language", ""),
    )


class _Level(msgspec.Struct, frozen=True):
    style: str
    before: str
    after: str
    start: int
    shown: int
    """How many levels' numbers are shown together."""


class _Line:
    """The running text of a paragraph, and what hangs on it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.beside: list[tuple[BlockKind, str, str]] = []
        self.tables: list[etree._Element] = []

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()


class _Walk:
    def __init__(
        self,
        builder: ReadingBuilder,
        limits: Limits,
        roots: list[etree._Element],
        equation_of: Callable[[str], str],
    ) -> None:
        self._builder = builder
        self._limits = limits
        self._lists = _list_styles(roots)
        self._hidden = _hidden_styles(roots)
        self._hidden_pages = _hidden_page_styles(roots)
        self._unseen = _unseen_styles(roots)
        self._equation_of = equation_of
        self._counts: dict[str, dict[int, int]] = {}
        self._cells_left = _MOST_CELLS
        self._near = self._last_cell = ""
        """What stands before the paragraph of a cell: it tells where a link stands."""

    def body(self, body: etree._Element, styles: etree._Element | None) -> None:
        kind = local(body)
        if kind == "spreadsheet":
            for table in body.iterfind("{*}table"):
                self._sheet(table)
        elif kind in {"presentation", "drawing"}:
            for number, page in enumerate(body.iterfind("{*}page"), start=1):
                self._builder.page = number
                self._page(page)
            self._builder.metadata = msgspec.structs.replace(self._builder.metadata, pages=self._builder.page)
            self._builder.page = 0
        else:
            self._flow(body, 0)
            self._margins(styles)

    # ── texts ──

    def _flow(self, container: etree._Element, depth: int) -> None:
        for child in container:
            if self._builder.length > self._limits.output_characters or depth > _DEEPEST:
                self._builder.warn("output_cut" if depth <= _DEEPEST else "nesting_flattened")
                return
            tag = local(child)
            if tag == "h":
                self._paragraph(child, "heading", min(9, _whole(child, "outline-level", 1)), "")
            elif tag == "p":
                self._paragraph(child, "paragraph", 0, "")
            elif tag == "list":
                self._list(child, 1, "", depth + 1)
            elif tag == "table":
                self._table(child, -1)
            elif tag == "tracked-changes":
                deleted = sum(1 for _ in child.iter("{*}deletion"))
                if deleted:
                    self._builder.warn("deleted_text_hidden", count=deleted)
            elif tag in {"section", "index-body", "table-of-content", "index-title", "alphabetical-index"}:
                self._flow(child, depth + 1)
            elif tag in {"frame", "custom-shape", "g"}:
                line = _Line()
                self._drawn(child, line, depth + 1)
                self._beside(line, -1)

    def _paragraph(self, element: etree._Element, kind: BlockKind, level: int, number: str) -> None:
        line = _Line()
        self._inline(element, line, 0)
        text = line.text
        parent = -1
        if text:
            whole = f"{number} {text}" if number else text
            origins = (OriginRun(0, len(number), "rendered"),) if number else ()
            shown = number if any(c.isalnum() for c in number) else ""
            self._builder.block(kind, whole, level=level, number=shown, origins=origins)
            parent = self._builder.last_block
        self._beside(line, parent)

    def _beside(self, line: _Line, parent: int) -> None:
        for kind, words, target in line.beside:
            self._builder.block(kind, words, parent=parent, target=target)
        for table in line.tables:
            self._table(table, parent)

    def _inline(self, element: etree._Element, line: _Line, depth: int) -> None:
        line.parts.append(_blanks(element.text))
        for child in element:
            tag = local(child)
            if tag == "s":
                line.parts.append(" " * min(1000, _whole(child, "c", 1)))
            elif tag == "tab":
                line.parts.append("\t")
            elif tag == "line-break":
                line.parts.append("\n")
            elif tag == "note":
                self._note(child, line)
            elif tag == "annotation":
                words = "\n".join(t for p in child.iterfind("{*}p") if (t := text_of(p)))
                if words:
                    line.beside.append(("comment", words, ""))
            elif tag in {"frame", "custom-shape", "g", "rect"}:
                self._drawn(child, line, depth + 1)
            elif tag == "span" and _attribute(child, "style-name") in self._unseen:
                self._builder.warn("hidden_text")
            elif tag and depth < _DEEPEST and tag not in {"ruby-text", "bookmark"}:
                if tag == "a":
                    self._builder.link(
                        text_of(child), _attribute(child, "href"), self._near + "".join(line.parts[-_NEAR:])
                    )
                self._inline(child, line, depth + 1)
            line.parts.append(_blanks(child.tail))

    def _note(self, note: etree._Element, line: _Line) -> None:
        kind: BlockKind = "endnote" if _attribute(note, "note-class") == "endnote" else "footnote"
        words = self._words(note.find("{*}note-body"))
        if words:
            line.beside.append((kind, words, ""))

    def _words(self, container: etree._Element | None) -> str:
        """The paragraphs inside a note, box or cell as one text."""
        lines: list[str] = []
        for element in container.iter("{*}p", "{*}h") if container is not None else ():
            line = _Line()
            self._inline(element, line, 0)
            if line.text:
                lines.append(line.text)
        return "\n".join(lines)

    def _drawn(self, element: etree._Element, line: _Line, depth: int) -> None:
        words = text_of(element.find("{*}desc")) or text_of(element.find("{*}title"))
        image = element.find("{*}image")
        if words:
            line.beside.append(("image", words, _attribute(image, "href") if image is not None else ""))
        line.parts.append(self._object(element))
        box = element.find("{*}text-box")
        holder = box if box is not None else element
        for table in holder.iterfind("{*}table"):
            line.tables.append(table)
        text = "\n".join(
            filter(None, (self._words_of(child) for child in holder if local(child) in {"p", "h", "list"}))
        )
        if text:
            line.beside.append(("text_box", text, ""))
        for inner in element if depth < _DEEPEST else ():
            if local(inner) in {"frame", "custom-shape", "g", "rect"}:
                self._drawn(inner, line, depth + 1)

    def _object(self, frame: etree._Element) -> str:
        """The equation in a frame, if it holds one."""
        held = frame.find("{*}object")
        if held is None:
            return ""
        inside = held.find("{*}math")
        return equation_text(inside) if inside is not None else self._equation_of(_attribute(held, "href"))

    def _words_of(self, element: etree._Element) -> str:
        if local(element) == "list":
            return self._words(element)
        line = _Line()
        self._inline(element, line, 0)
        return line.text

    def _list(self, element: etree._Element, level: int, style: str, depth: int) -> None:
        style = _attribute(element, "style-name") or style
        if level == 1 and _attribute(element, "continue-numbering") != "true":
            self._counts.pop(style, None)
        for item in element:
            if local(item) not in {"list-item", "list-header"} or depth > _DEEPEST:
                continue
            number = self._number(style, level, _whole(item, "start-value", 0)) if local(item) == "list-item" else ""
            for child in item:
                tag = local(child)
                if tag == "list":
                    self._list(child, level + 1, style, depth + 1)
                elif tag == "h":
                    self._paragraph(child, "heading", min(9, _whole(child, "outline-level", 1)), number)
                elif tag == "p":
                    self._paragraph(child, "list_item", level, number)
                else:
                    continue
                number = "" if tag in {"h", "p"} else number

    def _number(self, style: str, level: int, start: int) -> str:
        levels = self._lists.get(style, {})
        found = levels.get(level)
        if found is None:
            return ""
        if found.style == "bullet":
            return found.before
        counts = self._counts.setdefault(style, {})
        counts[level] = start or counts.get(level, found.start - 1) + 1
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        first = max(1, level - found.shown + 1)
        shown = [counted(counts.get(at, 1), levels[at].style) for at in range(first, level + 1) if at in levels]
        number = ".".join(part for part in shown if part)
        return f"{found.before}{number}{found.after}".strip() if number else ""

    # ── tables ──

    def _table(self, table: etree._Element, parent: int) -> None:
        cells: list[tuple[int, int, int, int, str]] = []
        nested: list[etree._Element] = []
        heads = row_number = 0
        for row, in_head in _rows(table):
            column = 0
            for cell in row:
                tag = local(cell)
                if tag not in {"table-cell", "covered-table-cell"}:
                    continue
                repeated = min(_whole(cell, "number-columns-repeated", 1), _MOST_REPEATED)
                if tag == "table-cell":
                    text = self._cell(cell, nested)
                    height, width = _whole(cell, "number-rows-spanned", 1), _whole(cell, "number-columns-spanned", 1)
                    cells += [(row_number, column + at, height, width, text) for at in range(repeated)]
                column += repeated
            row_number += 1
            if in_head and heads == row_number - 1:
                heads = row_number
        if any(cell[4] for cell in cells):
            self._builder.cells(cells, header_rows=heads, parent=parent)
            parent = self._builder.last_block
        for inner in nested:
            self._table(inner, parent)

    def _cell(self, cell: etree._Element, nested: list[etree._Element]) -> str:
        nested.extend(cell.iterfind("{*}table"))
        self._near = self._last_cell
        lines: list[str] = []
        for child in cell:
            if local(child) in {"p", "h", "list"} and (words := self._words_of(child)):
                lines.append(words)
                self._near = words
        self._near = ""
        self._last_cell = "\n".join(lines) or self._last_cell
        return "\n".join(lines)

    def _sheet(self, table: etree._Element) -> None:
        name = _attribute(table, "name")
        self._builder.section = name
        if _attribute(table, "style-name") in self._hidden:
            self._builder.warn("hidden_sheet", name)
        sheet = Sheet()
        comments: list[str] = []
        row_number = 1
        for row, _ in _rows(table):
            repeated = _whole(row, "number-rows-repeated", 1)
            if _attribute(row, "visibility") in {"collapse", "filter"}:
                sheet.hidden_rows.add(row_number)
            filled = self._sheet_row(row, row_number, sheet, comments)
            for copy in range(1, min(repeated, _MOST_REPEATED) if filled else 0):
                self._sheet_row(row, row_number + copy, sheet, [])
            row_number += repeated
        if sheet.cells:
            self._builder.heading(name, level=1)
        lay_out(self._builder, sheet)
        for words in comments:
            self._builder.block("comment", words, parent=self._builder.last_block)
        if sheet.hidden_rows:
            self._builder.warn("hidden_rows_or_columns", name, len(sheet.hidden_rows))
        if sheet.cut:
            self._builder.warn("table_cut", name)
        self._builder.section = ""

    def _sheet_row(self, row: etree._Element, number: int, sheet: Sheet, comments: list[str]) -> bool:
        column = 1
        filled = False
        for cell in row:
            tag = local(cell)
            if tag not in {"table-cell", "covered-table-cell"}:
                continue
            repeated = _whole(cell, "number-columns-repeated", 1)
            text = self._cell(cell, []) if tag == "table-cell" else ""
            if text and self._cells_left <= 0:
                sheet.cut = True
                return filled
            for at in range(min(repeated, _MOST_REPEATED) if text else 0):
                sheet.cells[number, column + at] = text
                self._cells_left -= 1
                filled = True
            height, width = _whole(cell, "number-rows-spanned", 1), _whole(cell, "number-columns-spanned", 1)
            if height > 1 or width > 1:
                sheet.merges.append(Merge(number, column, number + height - 1, column + width - 1))
            for note in cell.iterfind("{*}annotation"):
                words = "\n".join(t for p in note.iterfind("{*}p") if (t := text_of(p)))
                if words:
                    comments.append(words)
            column += repeated
        return filled

    # ── presentations ──

    def _page(self, page: etree._Element) -> None:
        if _attribute(page, "style-name") in self._hidden_pages:
            self._builder.warn("hidden_slide", str(self._builder.page))
        shapes = sorted(
            (s for s in page if local(s) in {"frame", "custom-shape", "g", "rect", "ellipse"}),
            key=lambda s: (_attribute(s, "class") != "title", _length(s, "y"), _length(s, "x")),
        )
        for shape in shapes:
            self._shape(shape, 0)
        notes = page.find("{*}notes")
        for frame in notes.iterfind("{*}frame") if notes is not None else ():
            if _attribute(frame, "class") in _OF_THE_PAGE:
                continue
            words = self._words(frame)
            if words:
                self._builder.block("comment", words, target="notes")

    def _shape(self, shape: etree._Element, depth: int) -> None:
        kind = _attribute(shape, "class")
        box = shape.find("{*}text-box")
        if kind in {"title", "subtitle"}:
            words = self._words(shape).replace("\n", " ")
            if words:
                self._builder.heading(words, level=1 if kind == "title" else 2)
            return
        if local(shape) == "g":
            for inner in shape if depth < _DEEPEST else ():
                if local(inner) in {"frame", "custom-shape", "g", "rect", "ellipse"}:
                    self._shape(inner, depth + 1)
            return
        self._flow(box if box is not None else shape, depth + 1)
        line = _Line()
        words = text_of(shape.find("{*}desc")) or text_of(shape.find("{*}title"))
        if words:
            line.beside.append(("image", words, ""))
        if equation := self._object(shape):
            line.beside.append(("equation", equation, ""))
        self._beside(line, -1)

    def _margins(self, styles: etree._Element | None) -> None:
        seen: set[str] = set()
        for master in styles.iter("{*}master-page") if styles is not None else ():
            for part in master:
                tag = local(part)
                words = self._words(part) if tag.startswith(("header", "footer")) else ""
                if words and words not in seen:
                    seen.add(words)
                    self._builder.block("header" if tag.startswith("header") else "footer", words)


# ── parts ────────────────────────────────────────────────────────────────────


def _rows(table: etree._Element) -> list[tuple[etree._Element, bool]]:
    """The rows of a table, and whether each stands among its header rows."""
    found: list[tuple[etree._Element, bool]] = []
    for child in table:
        tag = local(child)
        if tag == "table-row":
            found.append((child, False))
        elif tag in {"table-header-rows", "table-rows", "table-row-group"}:
            found += [(row, tag == "table-header-rows") for row in child.iter("{*}table-row")]
    return found


def _list_styles(roots: list[etree._Element]) -> dict[str, dict[int, _Level]]:
    found: dict[str, dict[int, _Level]] = {}
    for root in roots:
        for style in root.iter("{*}list-style"):
            levels: dict[int, _Level] = {}
            for level in style:
                tag = local(level)
                depth = _whole(level, "level", 1)
                if tag == "list-level-style-number":
                    levels[depth] = _Level(
                        style=_NUMBERS.get(_attribute(level, "num-format"), "decimal")
                        if _attribute(level, "num-format")
                        else "none",
                        before=_attribute(level, "num-prefix"),
                        after=_attribute(level, "num-suffix"),
                        start=_whole(level, "start-value", 1),
                        shown=_whole(level, "display-levels", 1),
                    )
                elif tag == "list-level-style-bullet":
                    mark = _attribute(level, "bullet-char")
                    mark = mark if mark and not "\ue000" <= mark[0] <= "\uf8ff" else "•"
                    levels[depth] = _Level("bullet", mark, "", 1, 1)
            found[_attribute(style, "name")] = levels
    return found


def _unseen_styles(roots: list[etree._Element]) -> set[str]:
    """The styles of running text that is not shown."""
    return {
        _attribute(style, "name")
        for root in roots
        for style in root.iter("{*}style")
        if _attribute(style, "family") == "text"
        for properties in style.iterfind("{*}text-properties")
        if _attribute(properties, "display") == "none"
    }


def _hidden_page_styles(roots: list[etree._Element]) -> set[str]:
    """The styles of slides that are not shown."""
    return {
        _attribute(style, "name")
        for root in roots
        for style in root.iter("{*}style")
        if (properties := style.find("{*}drawing-page-properties")) is not None
        and _attribute(properties, "visibility") == "hidden"
    }


def _hidden_styles(roots: list[etree._Element]) -> set[str]:
    """The styles of sheets that are not shown."""
    return {
        _attribute(style, "name")
        for root in roots
        for style in root.iter("{*}style")
        if (properties := style.find("{*}table-properties")) is not None
        and _attribute(properties, "display") == "false"
    }


def _attribute(element: etree._Element, name: str) -> str:
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def _whole(element: etree._Element, name: str, otherwise: int) -> int:
    text = _attribute(element, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else otherwise


def _length(element: etree._Element, name: str) -> float:
    digits = _attribute(element, name).rstrip("abcdefghijklmnopqrstuvwxyz%")
    try:
        return float(digits)
    except ValueError:
        return 1e9


def _blanks(text: str | None) -> str:
    """ODF collapses blanks in text; the ones that count are elements."""
    if not text:
        return ""
    collapsed = " ".join(text.split())
    return (" " if text[0].isspace() else "") + collapsed + (" " if text[-1].isspace() and collapsed else "")

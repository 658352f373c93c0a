"""Reads HTML: headings, lists, tables with spans, captions and alternative texts; nothing run, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from lxml import etree, html

from jihwi.errors import FileBroken
from jihwi.evidence import BlockKind, Metadata, OriginRun, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.encoding import Decoded, decode
from jihwi.readers.equations import equation_text
from jihwi.readers.grid import GridBuilder
from jihwi.readers.text import write_text

__all__ = ["HtmlReader", "write_html"]

_CLAIM = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_BLANKS = re.compile(r"[ \t\n\r\f\u200b]+")
_NEVER_SHOWN = "script style noscript template svg object embed applet iframe canvas audio video head map button"
_LINE_BREAKING = (
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form "
    "header hgroup hr legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul caption "
    "h1 h2 h3 h4 h5 h6 option"
)
_DROPPED = frozenset(_NEVER_SHOWN.split())
_BREAKING = frozenset(_LINE_BREAKING.split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DEEPEST = 200
_FRAGMENTS = 500
_NEAR = 6
"""How many pieces of text before a link tell where it stands."""


class HtmlReader:
    """HTML and XHTML."""

    name = "html"
    version = "3"
    formats: Sequence[str] = ("html",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        claim = _CLAIM.search(data[:4096])
        decoded = decode(data, claim.group(1).decode("ascii", "replace") if claim else "")
        builder.metadata = Metadata(encoding=decoded.encoding, encoding_confidence=decoded.confidence)
        for warning in decoded.warnings:
            builder.warn(warning.code, warning.detail, warning.count)
        write_html(builder, decoded, limits, hint.path)
        return Result(builder.done())


def write_html(builder: ReadingBuilder, decoded: Decoded, limits: Limits, path: str = "") -> None:
    """Put an HTML document or fragment into `builder`. Raises FileBroken when there is no markup in it at all."""
    text = _XML_DECLARATION.sub("", decoded.text)
    if not text.strip():
        return
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding="utf-8")
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise FileBroken(path, f"html: {error}") from error
    if any("depth" in error.message for error in parser.error_log):
        # The parser drops what lies deeper than it goes; words without structure are better than none.
        builder.warn("nesting_flattened")
        write_text(builder, Decoded(_without_tags(text), decoded.encoding, decoded.confidence), limits)
        return
    _metadata(builder, root)
    fragments = tuple({decoded.text[r.start : r.end].strip() for r in decoded.repaired[:_FRAGMENTS]} - {""})
    _Walk(builder, limits, fragments).whole(root)


def _without_tags(text: str) -> str:
    bare = re.sub(r"(?is)<(script|style|head)\b.*?(?:</\1>|\Z)|<!--.*?-->", " ", text)
    return unescape(re.sub(r"<[^<>]*>", "\n", bare))


def _metadata(builder: ReadingBuilder, root: html.HtmlElement) -> None:
    said: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        said.setdefault(name, _BLANKS.sub(" ", meta.get("content") or "").strip())
    title = root.find(".//title")
    known = builder.metadata
    builder.metadata = Metadata(
        title=known.title or (_BLANKS.sub(" ", title.text_content()).strip() if title is not None else ""),
        author=known.author or said.get("author", ""),
        created=known.created or said.get("article:published_time", said.get("date", "")),
        modified=known.modified or said.get("article:modified_time", ""),
        producer=known.producer or said.get("generator", ""),
        language=known.language or root.get("lang", "") or root.get("{http://www.w3.org/XML/1998/namespace}lang", ""),
        encoding=known.encoding,
        encoding_confidence=known.encoding_confidence,
    )


class _Walk:
    """One pass over the tree, collecting running text until something breaks the line."""

    def __init__(self, builder: ReadingBuilder, limits: Limits, fragments: tuple[str, ...]) -> None:
        self._builder = builder
        self._limits = limits
        self._fragments = fragments
        self._buffer: list[str] = []
        self._kind: BlockKind = "paragraph"
        self._level = 0
        self._number = ""
        self._lists: list[tuple[str, int]] = []
        self._beside: list[tuple[BlockKind, str, str]] = []
        self._full = False

    def whole(self, root: html.HtmlElement) -> None:
        body = root.find("body")
        self._inside(body if body is not None else root, 0)
        self._flush()

    # ── running text ──

    def _put(self, text: str | None) -> None:
        if text:
            self._buffer.append(text)

    def _begin(self, kind: BlockKind, level: int = 0, number: str = "") -> None:
        self._flush()
        self._kind, self._level, self._number = kind, level, number

    def _flush(self) -> None:
        text = "".join(self._buffer)
        self._buffer.clear()
        lines = [_BLANKS.sub(" ", line).strip() for line in text.split("\v")]
        self._emit("\n".join(line for line in lines if line))

    def _emit(self, text: str) -> None:
        if text and not self._over():
            number = self._number
            whole = f"{number} {text}" if number else text
            shown = (OriginRun(0, len(number), "rendered"),) if number else ()
            self._builder.block(
                self._kind, whole, level=self._level, number=number, origins=(*shown, *self._repaired(whole))
            )
            self._kind, self._level, self._number = "paragraph", 0, ""
        parent = self._builder.last_block if text else -1
        for kind, beside, target in self._beside:
            self._builder.block(kind, beside, parent=parent, target=target)
        self._beside.clear()

    def _repaired(self, text: str) -> tuple[OriginRun, ...]:
        found = []
        for fragment in self._fragments:
            at = text.find(fragment)
            if at >= 0:
                found.append(OriginRun(at, at + len(fragment), "repaired"))
        return tuple(sorted(found, key=lambda run: run.start))

    def _over(self) -> bool:
        if self._builder.length > self._limits.output_characters and not self._full:
            self._full = True
            self._builder.warn("output_cut")
        return self._full

    # ── elements ──

    def _inside(self, element: html.HtmlElement, depth: int) -> None:
        self._put(element.text)
        for child in element:
            if isinstance(child.tag, str) and not self._full:
                if depth > _DEEPEST:
                    self._builder.warn("nesting_flattened")
                    self._put(" ".join(t for t in child.itertext() if isinstance(t, str)))
                else:
                    self._element(child, depth)
            self._put(child.tail)

    def _element(self, element: html.HtmlElement, depth: int) -> None:
        tag = element.tag
        if tag in _DROPPED:
            return
        if _is_hidden(element):
            if element.text_content().strip():
                self._builder.warn("hidden_text")
            return
        if tag == "math":
            self._put(equation_text(element))
        elif tag == "br":
            self._put("\v")
        elif tag == "img":
            self._image(element)
        elif tag in {"input", "textarea", "select"}:
            self._field(element)
        elif tag == "table":
            self._table(element, depth)
        elif tag == "pre":
            self._flush()
            self._preformatted(element)
        elif tag in _BREAKING:
            self._breaking(element, tag, depth)
        else:
            if tag == "a" and (address := element.get("href")):
                self._builder.link(element.text_content(), address, "".join(self._buffer[-_NEAR:]))
            self._inside(element, depth + 1)

    def _breaking(self, element: html.HtmlElement, tag: str, depth: int) -> None:
        if tag in {"ul", "ol", "menu", "dl"}:
            self._flush()
            self._lists.append((tag, _integer(element.get("start"), 1)))
            self._inside(element, depth + 1)
            self._flush()
            self._lists.pop()
            return
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._begin("heading", int(tag[1]))
        elif tag == "li":
            self._begin("list_item", max(1, len(self._lists)), self._next_number(element))
        elif tag in {"dt", "dd"}:
            self._begin("list_item", max(1, len(self._lists)) + (tag == "dd"))
        elif tag == "figcaption":
            self._begin("caption")
        else:
            self._flush()
        self._inside(element, depth + 1)
        self._flush()
        if tag in {"li", "dt", "dd"} or self._kind in {"heading", "caption"}:
            self._kind, self._level, self._number = "paragraph", 0, ""

    def _next_number(self, item: html.HtmlElement) -> str:
        if not self._lists or self._lists[-1][0] != "ol":
            return ""
        tag, number = self._lists[-1]
        number = _integer(item.get("value"), number)
        self._lists[-1] = (tag, number + 1)
        parent = item.getparent()
        style = parent.get("type", "1") if parent is not None else "1"
        if style in "aA" and 1 <= number <= 26:
            return f"{chr(ord(style) + number - 1)}."
        return f"{number}."

    def _image(self, element: html.HtmlElement) -> None:
        words = _BLANKS.sub(" ", element.get("alt") or "").strip()
        source = element.get("src") or ""
        if words:
            self._beside.append(("image", words, "data" if source.startswith("data:") else source[:300]))

    def _field(self, element: html.HtmlElement) -> None:
        if element.tag == "select":
            chosen = element.xpath("(.//option[@selected] | .//option)[1]")
            value = chosen[0].text_content() if chosen else ""
        elif element.tag == "textarea":
            value = element.text_content()
        elif (element.get("type") or "text").lower() in {"hidden", "password", "submit", "button", "image", "reset"}:
            return
        elif (element.get("type") or "").lower() in {"checkbox", "radio"}:
            value = "☑" if element.get("checked") is not None else "☐"
        else:
            value = element.get("value") or ""
        if value.strip():
            self._beside.append(("form_field", value.strip(), element.get("name") or ""))

    def _preformatted(self, element: html.HtmlElement) -> None:
        text = element.text_content().strip("\n").rstrip()
        if text and not self._over():
            self._builder.block("code", text, origins=self._repaired(text))

    # ── tables ──

    def _table(self, table: html.HtmlElement, depth: int, parent: int = -1) -> None:
        self._flush()
        rows = table.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
        if _is_layout(table, rows):
            for cell in table.xpath("./caption") + [cell for row in rows for cell in row]:
                if isinstance(cell.tag, str) and not _is_hidden(cell):
                    self._flush()
                    self._inside(cell, depth + 1)
            self._flush()
            return
        grid = GridBuilder()
        nested: list[html.HtmlElement] = []
        heads = 0
        text = ""
        for row in rows:
            grid.row()
            cells = [c for c in row if c.tag in {"td", "th"}]
            for cell in cells:
                text = _cell_text(cell, nested, self._builder, before=text)
                grid.cell(text, _integer(cell.get("rowspan"), 1), _integer(cell.get("colspan"), 1))
            around = row.getparent()
            in_head = around is not None and around.tag == "thead"
            if heads == grid.rows - 1 and cells and (in_head or all(c.tag == "th" for c in cells)):
                heads += 1
        self._emit_table(table, grid, heads, nested, depth, parent)

    def _emit_table(
        self,
        table: html.HtmlElement,
        grid: GridBuilder,
        heads: int,
        nested: list[html.HtmlElement],
        depth: int,
        parent: int,
    ) -> None:
        cells = grid.done()
        if not any(cell[4] for cell in cells) or self._over():
            return
        self._builder.cells(cells, header_rows=heads, parent=parent)
        index = self._builder.last_block
        caption = table.find("caption")
        if caption is not None and (words := _cell_text(caption, nested, self._builder)):
            self._builder.block("caption", words, parent=index)
        for inner in nested:
            if depth <= _DEEPEST:
                self._table(inner, depth + 1, index)


def _is_layout(table: html.HtmlElement, rows: list[html.HtmlElement]) -> bool:
    """Whether a table only arranges the page: it says so, holds one cell, or holds tables and heads nothing."""
    if table.get("role") in {"presentation", "none"}:
        return True
    if sum(len(row) for row in rows) <= 1:
        return True
    heads = table.xpath("boolean(./caption | ./thead | ./tr/th | ./tbody/tr/th)")
    return not heads and (table.find(".//table") is not None or table.xpath("boolean(.//h1 | .//h2 | .//h3 | .//ul)"))


def _cell_text(
    cell: html.HtmlElement, nested: list[html.HtmlElement], builder: ReadingBuilder, before: str = ""
) -> str:
    """The text of a cell; `before` is that of the one before it."""
    parts = [before]
    _gather(cell, parts, nested, builder, 0)
    lines = [_BLANKS.sub(" ", line).strip() for line in "".join(parts[1:]).split("\v")]
    return "\n".join(line for line in lines if line)


def _gather(
    element: html.HtmlElement, parts: list[str], nested: list[html.HtmlElement], builder: ReadingBuilder, depth: int
) -> None:
    parts.append(element.text or "")
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _DROPPED and not _is_hidden(child) and depth < _DEEPEST:
            if child.tag == "table":
                nested.append(child)
            elif child.tag == "math":
                parts.append(equation_text(child))
            elif child.tag == "img":
                parts.append(child.get("alt") or "")
            else:
                edge = "\v" if child.tag in _BREAKING or child.tag == "br" else ""
                parts.append(edge)
                if child.tag == "a" and (address := child.get("href")):
                    builder.link(child.text_content(), address, "".join(parts[-_NEAR:]))
                _gather(child, parts, nested, builder, depth + 1)
                parts.append("" if child.tag == "br" else edge)
        parts.append(child.tail or "")


def _is_hidden(element: html.HtmlElement) -> bool:
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style") or ""))


def _integer(text: str | None, otherwise: int) -> int:
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else otherwise

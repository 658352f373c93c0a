"""Reads Markdown: CommonMark with tables, its front matter, and the HTML that stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from jihwi.evidence import BlockKind, Metadata, OriginRun, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.encoding import Decoded, decode
from jihwi.readers.html import write_html
from jihwi.readers.outline import outline

__all__ = ["MarkdownReader"]

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(title|author|date|lang|language)\s*:\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_UNSEEN = re.compile(r"<(/?)(?:script|style)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


class MarkdownReader:
    """Markdown."""

    name = "markdown"
    version = "2"
    formats: Sequence[str] = ("markdown",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        decoded = decode(data)
        for warning in decoded.warnings:
            builder.warn(warning.code, warning.detail, warning.count)
        matter = _FRONT_MATTER.match(decoded.text)
        builder.metadata = _metadata(matter.group(1) if matter else "", decoded)
        _Walk(builder, decoded, limits).tokens(decoded.text[matter.end() :] if matter else decoded.text)
        return Result(builder.done())


def _metadata(matter: str, decoded: Decoded) -> Metadata:
    said = {name.lower(): value.strip().strip("\"'") for name, value in _FIELD.findall(matter)}
    return Metadata(
        title=said.get("title", ""),
        author=said.get("author", ""),
        created=said.get("date", ""),
        language=said.get("lang", said.get("language", "")),
        encoding=decoded.encoding,
        encoding_confidence=decoded.confidence,
    )


class _Walk:
    """Turns the parser's tokens into blocks; a stack of lists says how deep an item stands."""

    def __init__(self, builder: ReadingBuilder, decoded: Decoded, limits: Limits) -> None:
        self._builder = builder
        self._limits = limits
        self._fragments = [decoded.text[r.start : r.end].strip() for r in decoded.repaired[:500]]
        self._lists: list[int | None] = []
        self._item: str | None = None
        """The number of an item whose first paragraph is yet to come; empty for a bullet."""
        self._rows: list[list[str]] = []
        self._heads = 0

    def tokens(self, text: str) -> None:
        parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        heading = 0
        for token in parser.parse(text):
            if self._builder.length > self._limits.output_characters:
                self._builder.warn("output_cut")
                return
            if token.type == "inline":
                self._links(token)
            if token.type == "heading_open":
                heading = int(token.tag[1])
            elif token.type == "heading_close":
                heading = 0
            elif token.type == "inline" and not self._in_table():
                self._inline(token, heading)
            elif token.type in {"fence", "code_block"}:
                self._block("code", token.content.rstrip("\n"))
            elif token.type == "html_block":
                write_html(self._builder, Decoded(token.content, "utf-8", 1.0), self._limits)
            else:
                self._structure(token)

    def _links(self, token: Token) -> None:
        """Tell the builder of the links in what is about to be written."""
        said, address, begun = "", "", 0
        for child in token.children or ():
            if child.type == "link_open":
                address, begun = str(child.attrGet("href") or ""), len(said)
            elif child.type == "link_close":
                self._builder.link(said[begun:], address, said[:begun])
            elif child.type in {"text", "code_inline", "image"}:
                said += child.content

    def _structure(self, token: Token) -> None:
        if token.type == "ordered_list_open":
            self._lists.append(int(token.attrGet("start") or 1))
        elif token.type == "bullet_list_open":
            self._lists.append(None)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            self._lists.pop()
        elif token.type == "list_item_open":
            self._item = self._next_number(token.markup)
        elif token.type == "list_item_close":
            self._item = None
        elif token.type == "table_open":
            self._rows, self._heads = [], 0
        elif token.type == "tr_open":
            self._rows.append([])
        elif token.type == "thead_close":
            self._heads = len(self._rows)
        elif token.type == "inline":
            self._rows[-1].append(_plain(token))
        elif token.type == "table_close":
            self._builder.table(self._rows, header_rows=self._heads)
            self._rows = []

    def _in_table(self) -> bool:
        return bool(self._rows)

    def _next_number(self, markup: str) -> str:
        number = self._lists[-1]
        if number is None:
            return ""
        self._lists[-1] = number + 1
        return f"{number}{markup or '.'}"

    def _inline(self, token: Token, heading: int) -> None:
        text = _plain(token)
        images = [t for t in token.children or () if t.type == "image"]
        if text and not (images and text == "".join(t.content for t in images)):
            self._text(text, heading)
            parent = self._builder.last_block
        else:
            parent = -1
        for image in images:
            if image.content:
                source = str(image.attrGet("src") or "")
                self._builder.block("image", image.content, parent=parent, target=source[:300])

    def _text(self, text: str, heading: int) -> None:
        if heading:
            self._block("heading", text, heading, outline(text).number)
        elif self._item is not None:
            number, self._item = self._item, None
            self._block("list_item", f"{number} {text}" if number else text, len(self._lists), number)
        else:
            self._block("paragraph", text)

    def _block(self, kind: BlockKind, text: str, level: int = 0, number: str = "") -> None:
        origins = [OriginRun(at, at + len(f), "repaired") for f in self._fragments if f and (at := text.find(f)) >= 0]
        self._builder.block(kind, text, level=level, number=number, origins=tuple(origins))


def _plain(token: Token) -> str:
    """The words of running text: links and emphasis without their signs, pictures by their alternative text."""
    parts: list[str] = []
    unseen = False
    for child in token.children or ():
        if child.type == "html_inline" and (edge := _UNSEEN.match(child.content)):
            unseen = not edge.group(1)
        elif unseen:
            continue
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type in {"text", "code_inline", "image"}:
            parts.append(child.content)
        elif child.type == "html_inline" and child.content.lower().startswith("<br"):
            parts.append("\n")
        elif child.type not in {"html_inline"}:
            parts.append(_TAG.sub("", child.content))
    return "".join(parts).strip()

"""Reads data kept as text: XML, JSON and lines of JSON; what repeats becomes a table, what nests becomes headings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import unescape

from lxml import etree

from jihwi.errors import FileBroken
from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.naming import FreeNames
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.encoding import Decoded, decode
from jihwi.readers.html import write_html
from jihwi.readers.package import local, parse_xml
from jihwi.readers.text import write_text

__all__ = ["DataReader"]

_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(\[.*?\]\s*)?>", re.DOTALL)
_MARKUP = re.compile(r"<(?:p|br|div|table|a|img|li|b|font|span)\b", re.IGNORECASE)
_MOST_CELLS = 500_000
_DEEPEST = 60
_LONGEST_KEY = 200


class DataReader:
    """XML, JSON and JSON lines."""

    name = "data"
    version = "2"
    formats: Sequence[str] = ("xml", "json", "jsonl")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or "json"
        )
        claim = _XML_ENCODING.match(data[:400])
        decoded = decode(data, claim.group(1).decode("ascii") if claim else "")
        builder.metadata = Metadata(encoding=decoded.encoding, encoding_confidence=decoded.confidence)
        for warning in decoded.warnings:
            builder.warn(warning.code, warning.detail, warning.count)
        if format == "xml":
            _Xml(builder, limits).write(decoded.text, hint.path)
        else:
            _json(builder, decoded, format, limits)
        return Result(builder.done())


# ── JSON ─────────────────────────────────────────────────────────────────────


def _json(builder: ReadingBuilder, decoded: Decoded, format: str, limits: Limits) -> None:
    try:
        if format == "jsonl":
            value: object = _lines(builder, decoded.text)
        else:
            # Numbers stay as they are written: 1.10 is no 1.1, and no digit of a long one is lost.
            value = json.loads(decoded.text, parse_float=str, parse_int=str, object_pairs_hook=_every_pair)
    except (ValueError, RecursionError) as error:
        builder.warn("json_broken", _where(error))
        write_text(builder, decoded, limits)
        return
    _Tree(builder, limits).value(value, "", 1)


def _where(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.lineno}행 {error.colno}번째 글자"
    return "너무 깊이 겹침"


def _every_pair(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A mapping in which a name that comes again keeps both its values: the second as `이름 (2)`."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = FreeNames()
    return {names.take(name): value for name, value in pairs}


def _lines(builder: ReadingBuilder, text: str) -> list[object]:
    found: list[object] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found.append(json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=_every_pair))
            except (ValueError, RecursionError):
                builder.warn("line_broken", str(number) if number < 10 else "")
                found.append(line.strip())
    return found


class _Tree:
    def __init__(self, builder: ReadingBuilder, limits: Limits) -> None:
        self._builder = builder
        self._limits = limits

    def value(self, value: object, name: str, depth: int) -> None:
        """One value under its name: a mapping under a heading, like records as a table, the rest as lines."""
        if self._builder.length > self._limits.output_characters:
            self._builder.warn("output_cut")
        elif depth > _DEEPEST:
            self._builder.warn("nesting_flattened")
            self._builder.paragraph(str(value)[:100_000])
        elif isinstance(value, dict):
            self._mapping(value, name, depth)
        elif isinstance(value, list):
            self._list(value, name, depth)
        elif (text := _shown(value)) or name:
            self._builder.paragraph(f"{name}: {text}" if name else text)

    def _mapping(self, value: dict[object, object], name: str, depth: int) -> None:
        if name:
            self._builder.heading(name, level=min(depth - 1, 9) or 1)
        for key, inner in value.items():
            self.value(inner, str(key)[:_LONGEST_KEY], depth + 1)

    def _list(self, value: list[object], name: str, depth: int) -> None:
        if name:
            self._builder.heading(name, level=min(depth - 1, 9) or 1)
        rows = _records(value)
        if rows:
            self._builder.table(rows, header_rows=1)
            if len(rows) - 1 < len(value):
                self._builder.warn("table_cut", name)
            return
        for inner in value:
            if isinstance(inner, (dict, list)):
                self.value(inner, "", depth + 1)
            elif text := _shown(inner):
                self._builder.block("list_item", text, level=1)


def _records(value: list[object]) -> list[list[str]]:
    """Flat mappings with like keys, as rows; empty when they are not."""
    if not value or not all(isinstance(v, dict) for v in value):
        return []
    keys: dict[str, None] = {}
    for record in value:
        assert isinstance(record, dict)
        if any(isinstance(v, (dict, list)) for v in record.values()):
            return []
        keys.update((str(key), None) for key in record)
        if len(keys) > 500:
            return []
    filled = sum(len(record) for record in value if isinstance(record, dict))
    if not keys or filled * 2 < len(keys) * len(value):
        return []
    most = max(1, _MOST_CELLS // len(keys))
    rows = [[_shown(record.get(key)) for key in keys] for record in value[:most] if isinstance(record, dict)]
    return [list(keys), *rows]


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


# ── XML ──────────────────────────────────────────────────────────────────────


class _Xml:
    def __init__(self, builder: ReadingBuilder, limits: Limits) -> None:
        self._builder = builder
        self._limits = limits

    def write(self, text: str, path: str) -> None:
        # The document type goes first: what it would define is never wanted, and entities are never expanded.
        bare = _DOCTYPE.sub("", _DECLARATION.sub("", text), count=1)
        if bare != text and "<!ENTITY" in text:
            self._builder.warn("entities_ignored")
        if not bare.strip():
            raise FileBroken(path, "xml: empty")
        encoded = bare.encode("utf-8", "replace")
        root = parse_xml(encoded, path)
        if fault := _fault_of(encoded):
            self._builder.warn("xml_repaired", fault)
        self._element(root, 0)
        if not self._builder.length:
            self._attributes(root)
        self._builder.section = ""

    def _attributes(self, root: etree._Element) -> None:
        """A document that says everything in attributes: each element that has some, as a line."""
        for element in root.iter():
            if (
                isinstance(element.tag, str)
                and element.attrib
                and self._builder.length < self._limits.output_characters
            ):
                said = (f"{str(key).rpartition('}')[2]}={value!s}" for key, value in element.attrib.items())
                self._builder.paragraph(f"{local(element)}: {', '.join(said)}")

    def _element(self, element: etree._Element, depth: int) -> None:
        if self._builder.length > self._limits.output_characters:
            self._builder.warn("output_cut")
            return
        children = [child for child in element if isinstance(child.tag, str)]
        if not children or depth > _DEEPEST or _is_running_text(element, children):
            self._text("".join(t for t in element.itertext() if isinstance(t, str)))
            return
        rows = _rows(children)
        self._builder.section = _path(element)
        self._text(element.text or "")
        if rows:
            self._builder.table(rows, header_rows=1)
            return
        for child in children:
            self._element(child, depth + 1)
            self._text(child.tail or "")

    def _text(self, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if _MARKUP.search(text):
            known = self._builder.metadata
            write_html(self._builder, Decoded(unescape(text) if "&lt;" in text else text, "utf-8", 1.0), self._limits)
            self._builder.metadata = known
        else:
            self._builder.paragraph("\n".join(line.strip() for line in text.split("\n") if line.strip()))


def _fault_of(data: bytes) -> str:
    """Where an XML document is not well formed; empty when it is, but for entities and
    prefixes that are explained elsewhere."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if all("UNDECLARED_ENTITY" in one.type_name or one.type_name.startswith("NS_ERR") for one in parser.error_log):
            return ""
        line, column = error.position
        return f"{line}행 {column}번째 글자"
    return ""


def _is_running_text(element: etree._Element, children: list[etree._Element]) -> bool:
    """Whether words and elements mix, as in a sentence with an emphasis."""
    mixed = bool((element.text or "").strip()) or any((child.tail or "").strip() for child in children)
    return mixed and all(len(child) == 0 for child in children)


def _rows(children: list[etree._Element]) -> list[list[str]]:
    """Two or more elements of one name that hold nothing but named values, as rows; empty when they are not."""
    if len(children) < 2 or len({child.tag for child in children}) > 1:
        return []
    keys: dict[str, None] = {}
    records: list[dict[str, str]] = []
    for child in children[: _MOST_CELLS // 4]:
        names = [local(part) for part in child]
        if len(names) < 2 or len(set(names)) < len(names) or any(len(part) for part in child):
            return []
        records.append({local(part): " ".join((part.text or "").split()) for part in child})
        keys.update(dict.fromkeys(names))
        if len(keys) > 100:
            return []
    if any(_MARKUP.search(cell) for cell in _cells(records)):
        return []
    return [list(keys), *([record.get(key, "") for key in keys] for record in records)]


def _cells(records: list[dict[str, str]]) -> Iterable[str]:
    return (cell for record in records for cell in record.values())


def _path(element: etree._Element) -> str:
    names = [local(element), *(local(above) for above in element.iterancestors())]
    return "/".join(reversed(names[:8]))

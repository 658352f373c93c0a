"""The body: records to paragraphs, and the controls in their text to objects.

Source: "한글 문서 파일 형식 5.0", revision 1.3, section 3.2.3 and table 6 (control characters), 4.3.1 to 4.3.7
(paragraph records), 4.3.9 (objects), 4.3.10 (other controls).

Every object is walked the same way: list headers open a list of paragraphs, paragraphs go to the list opened last.
So records that this program does not know, or levels that a foreign program wrote wrongly, lose nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from itertools import compress
from typing import Literal

from jihwi.evidence import ReadingBuilder
from jihwi.readers.hancom import (
    PLAIN,
    Anchored,
    Equation,
    FormField,
    Frame,
    Grid,
    GridCell,
    Note,
    Paragraph,
    ParagraphText,
    Picture,
    Place,
    Section,
    Shape,
    drawing,
    hyperlink_address,
    number_text,
    written_description,
)
from jihwi.readers.hwp import records as tags
from jihwi.readers.hwp.docinfo import DocumentInformation
from jihwi.readers.hwp.records import Record

__all__ = ["BodyReader", "deleted_ranges"]

# Table 6: extended and inline controls take eight code units, the others one.
_CONTROL = re.compile("[\x01-\x09\x0b\x0c\x0e-\x17].{0,7}|[\x00\x0a\x0d\x18-\x1f]", re.DOTALL)
_EXTENDED = frozenset("\x01\x02\x03\x0b\x0c\x0e\x0f\x10\x11\x12\x15\x16\x17")
_CHARACTERS = {"\x09": "\t", "\x0a": "\n", "\x18": "-", "\x1e": "\u00a0", "\x1f": " "}
_FIELD_END = "\x04"
_DELETED = 0x11
_COMMAND = struct.pack("<HH", 0x265, 1)
"""In a parameter set: the item that is a hyperlink's command, a text."""
_BASES: dict[int, Literal["paragraph", "page", "paper"]] = {0: "paper", 1: "page", 2: "paragraph"}
"""Of an object's attributes: what its height is counted from, if it is from that's top."""


class BodyReader:
    """Reads one section's records."""

    def __init__(
        self,
        data: bytes,
        found: list[Record],
        information: DocumentInformation,
        builder: ReadingBuilder,
        nesting: int,
        chart: Callable[[int], list[Anchored]],
    ) -> None:
        self._chart = chart
        self._data = data
        self._records = found
        self._count = len(found)
        self._at = 0
        self._information = information
        self._builder = builder
        self._depth_left = nesting
        self.outline = ""

    def section(self) -> Section:
        """All paragraphs of the section."""
        paragraphs: list[Paragraph] = []
        strays: list[Anchored] = []
        while self._at < self._count:
            record = self._records[self._at]
            if record.tag == tags.PARA_HEADER:
                paragraphs.append(self._paragraph())
            elif record.tag in (tags.LIST_HEADER, tags.MEMO_LIST):
                strays.extend(self._strays(-1))
            else:
                self._at += 1
        if strays:
            paragraphs.append(_holding(strays))
        return Section(tuple(paragraphs), self.outline)

    # ── paragraphs ──

    def _paragraph(self) -> Paragraph:
        """The paragraph whose header is the next record, with all that lies deeper."""
        found, header = self._records, self._records[self._at]
        level = header.level
        self._at += 1
        text: Record | None = None
        size = 0
        deleted: list[tuple[int, int]] = []
        held: list[tuple[bytes, Callable[[ParagraphText], None]]] = []
        strays: list[Anchored] = []
        while self._at < self._count:
            record = found[self._at]
            if record.level <= level:
                break
            tag = record.tag
            if tag == tags.PARA_TEXT:
                text = record
            elif tag == tags.PARA_CHAR_SHAPE:
                size = self._information.size(int.from_bytes(self._data[record.start + 4 : record.start + 8], "little"))
            elif tag == tags.CTRL_HEADER:
                held.append(self._control())
                continue
            elif tag == tags.PARA_RANGE_TAG:
                deleted = deleted_ranges(self._data[record.start : record.end])
            elif tag in (tags.LIST_HEADER, tags.MEMO_LIST, tags.PARA_HEADER):
                strays.extend(self._strays(level))
                continue
            self._at += 1
        shape = self._shape(header)
        if text is None and not held and not strays:
            return Paragraph("", shape)
        gathered = ParagraphText()
        raw = self._data[text.start : text.end] if text else b""
        if deleted:
            self._builder.warn("tracked_deletion_hidden", count=len(deleted))
            self._remaining(gathered, _code_units(raw), held, deleted)
        else:
            self._text(gathered, raw, held)
        for stray in strays:
            gathered.anchor(stray)
        return gathered.paragraph(shape, size)

    def _shape(self, header: Record) -> Shape:
        if header.end - header.start < 11:
            return PLAIN
        number = int.from_bytes(self._data[header.start + 8 : header.start + 10], "little")
        return self._information.shape(number, self._data[header.start + 10])

    def _text(
        self, gathered: ParagraphText, raw: bytes, held: list[tuple[bytes, Callable[[ParagraphText], None]]]
    ) -> None:
        text = raw.decode("utf-16-le", "surrogatepass" if len(raw) % 2 == 0 else "replace")
        if not held:
            end = len(text) - 1 if text.endswith("\r") else len(text)
            if _CONTROL.search(text, 0, end) is None:
                gathered.put(_whole(text[:end]))
                return
        if len(text) * 2 != len(raw) and any(unit < 32 for unit in memoryview(raw[: len(raw) // 2 * 2]).cast("H")):
            text = _code_units(raw)
        at, next_control = 0, 0
        for control in _CONTROL.finditer(text):
            if at < control.start():
                gathered.put(_whole(text[at : control.start()]))
            at = control.end()
            sign = text[control.start()]
            if sign in _EXTENDED:
                if next_control < len(held):
                    held[next_control][1](gathered)
                    next_control += 1
            elif sign in _CHARACTERS:
                gathered.put(_CHARACTERS[sign])
            elif sign == _FIELD_END:
                gathered.end_field()
        if at < len(text):
            gathered.put(_whole(text[at:]))
        for _, put in held[next_control:]:
            put(gathered)

    def _remaining(
        self,
        gathered: ParagraphText,
        units: str,
        held: list[tuple[bytes, Callable[[ParagraphText], None]]],
        deleted: list[tuple[int, int]],
    ) -> None:
        """The paragraph without what tracked changes have deleted; `units` has one character a code unit."""
        shown = bytearray(b"\1") * len(units)
        for start, end in deleted:
            end = min(end, len(units))
            shown[start:end] = bytes(max(0, end - start))
        at, waiting = 0, iter(held)
        for control in _CONTROL.finditer(units):
            gathered.put(_whole("".join(compress(units[at : control.start()], shown[at : control.start()]))))
            at = control.end()
            sign = units[control.start()]
            put = next(waiting, None) if sign in _EXTENDED else None
            if not shown[control.start()]:
                continue
            if put is not None:
                put[1](gathered)
            elif sign in _CHARACTERS:
                gathered.put(_CHARACTERS[sign])
            elif sign == _FIELD_END:
                gathered.end_field()
        gathered.put(_whole("".join(compress(units[at:], shown[at:]))))

    # ── controls ──

    def _control(self) -> tuple[bytes, Callable[[ParagraphText], None]]:
        """The control whose header is the next record: its id, and what puts it into a paragraph."""
        record = self._records[self._at]
        body = self._data[record.start : record.end]
        self._at += 1
        kind = body[3::-1]
        if self._depth_left <= 0:
            self._builder.warn("nesting_cut")
            self._skip(record.level)
            return kind, _nothing
        self._depth_left -= 1
        try:
            return kind, self._put_for(kind, body, record.level)
        finally:
            self._depth_left += 1
            self._skip(record.level)

    def _put_for(self, kind: bytes, body: bytes, level: int) -> Callable[[ParagraphText], None]:
        match kind:
            case b"tbl ":
                return _anchoring([self._table(body, level)])
            case b"gso ":
                return _anchoring(self._drawing(body, level))
            case b"eqed":
                return self._equation(body, level)
            case b"fn  " | b"en  ":
                lists = self._lists(level)
                note = Note("footnote" if kind == b"fn  " else "endnote", _all(lists))
                return _anchoring([note])
            case b"head" | b"foot":
                return _anchoring([Frame("header" if kind == b"head" else "footer", _all(self._lists(level)))])
            case b"tcmt" | b"%%me":
                return _anchoring([Frame("comment", _all(self._lists(level)))])
            case b"atno":
                return _putting(_automatic_number(body))
            case b"tcps":
                return _putting(_overlapped(body), "stored")
            case b"tdut":
                return _putting(_ruby(body), "stored")
            case b"secd":
                return self._section_definition(body, level)
            case b"form":
                return self._form(level)
            case _:
                beside = _anchoring([Frame("comment", _all(self._lists(level)))])
                return _field(_address(body), beside) if kind.startswith(b"%") else beside

    def _skip(self, level: int) -> None:
        while self._at < self._count and self._records[self._at].level > level:
            self._at += 1

    def _lists(self, level: int, seen: Callable[[Record], None] | None = None) -> list[tuple[Record, list[Paragraph]]]:
        """The lists of paragraphs deeper than `level`, each with its header record; `seen` is shown the others."""
        lists: list[tuple[Record, list[Paragraph]]] = []
        while self._at < self._count:
            record = self._records[self._at]
            if record.level <= level:
                break
            if record.tag == tags.PARA_HEADER:
                if not lists:
                    lists.append((record, []))
                lists[-1][1].append(self._paragraph())
                continue
            if record.tag == tags.LIST_HEADER:
                lists.append((record, []))
            elif seen is not None:
                seen(record)
            self._at += 1
        return lists

    def _strays(self, level: int) -> list[Anchored]:
        """Lists that belong to no control: memos after a memo list, else extended master pages (section 3.2.3)."""
        memo = self._records[self._at].tag == tags.MEMO_LIST

        def seen(record: Record) -> None:
            nonlocal memo
            memo = memo or record.tag == tags.MEMO_LIST

        return [Frame("comment" if memo else "header", tuple(paragraphs)) for _, paragraphs in self._lists(level, seen)]

    def _section_definition(self, body: bytes, level: int) -> Callable[[ParagraphText], None]:
        """Section 4.3.10.1: which numbering outlines use; lists below it are master pages."""
        if len(body) >= 20:
            number = int.from_bytes(body[18:20], "little")
            self.outline = f"n{number}" if number else ""
        return _anchoring([Frame("header", tuple(paragraphs)) for _, paragraphs in self._lists(level)])

    def _table(self, body: bytes, level: int) -> Grid:
        """Section 4.3.9.1: lists before the table record are the caption, after it the cells."""
        table = False
        before = 0

        def seen(record: Record) -> None:
            nonlocal table
            table = table or record.tag == tags.TABLE

        lists: list[tuple[Record, list[Paragraph]]] = []
        while self._at < self._count and self._records[self._at].level > level and not table:
            record = self._records[self._at]
            if record.tag == tags.TABLE:
                table = True
                self._at += 1
            elif record.tag == tags.LIST_HEADER:
                lists.append((record, []))
                before = len(lists)
                self._at += 1
            elif record.tag == tags.PARA_HEADER:
                paragraph = self._paragraph()
                if lists:
                    lists[-1][1].append(paragraph)
            else:
                self._at += 1
        caption = tuple(p for _, paragraphs in lists[:before] for p in paragraphs)
        cells = tuple(self._cell(header, paragraphs) for header, paragraphs in self._lists(level, seen))
        inline, place = _placed(body)
        return Grid(cells, inline, caption, place)

    def _cell(self, header: Record, paragraphs: list[Paragraph]) -> GridCell:
        """Tables 65 and 80: the list header, then column, row and spans; bit 18 of its attributes marks a heading."""
        body = self._data[header.start : header.end]
        if len(body) < 16:
            return GridCell(0, 0, 1, 1, tuple(paragraphs))
        (attributes,) = struct.unpack_from("<I", body, 4 if len(body) >= 34 else 2)
        column, row, column_span, row_span = struct.unpack_from("<4H", body, 8 if len(body) >= 34 else 6)
        return GridCell(row, column, row_span, column_span, tuple(paragraphs), bool(attributes >> 18 & 1))

    def _drawing(self, body: bytes, level: int) -> list[Anchored]:
        """Section 4.3.9.2: shapes, pictures, groups. A list before the first shape is the caption."""
        found: list[Anchored] = []
        caption: list[Paragraph] = []
        current: list[Paragraph] | None = None
        shapes = False
        leading: list[tuple[int, str]] = []

        def close() -> None:
            nonlocal current
            if current and current is not caption:
                found.append(Frame("text_box", tuple(current)))
            current = None

        while self._at < self._count:
            record = self._records[self._at]
            if record.level <= level:
                break
            if record.tag == tags.PARA_HEADER:
                if current is None:
                    current = []
                current.append(self._paragraph())
                continue
            if record.tag == tags.LIST_HEADER:
                close()
                current = [] if shapes else caption
            elif record.tag == tags.SHAPE_COMPONENT:
                shapes = True
                close()
                leading = [(depth, address) for depth, address in leading if depth <= record.level]
            elif record.tag == tags.CTRL_DATA:
                leading.append((record.level, _shape_address(self._data[record.start : record.end])))
            else:
                found.extend(self._shape_detail(record, leading[-1][1] if leading else ""))
            self._at += 1
        close()
        inline, place = _placed(body)
        return drawing(found, tuple(caption), _object_description(body), inline=inline, place=place)

    def _shape_detail(self, record: Record, address: str) -> list[Anchored]:
        data = self._data
        if record.tag == tags.SHAPE_COMPONENT_PICTURE and record.end - record.start >= 73:
            number = int.from_bytes(data[record.start + 71 : record.start + 73], "little")
            return [Picture(self._information.picture(number), address=address)]
        if record.tag == tags.SHAPE_COMPONENT_OLE and record.end - record.start >= 14:
            number = int.from_bytes(data[record.start + 12 : record.start + 14], "little")
            return self._chart(number) or [Picture(self._information.picture(number))]
        if record.tag == tags.SHAPE_COMPONENT_TEXTART:
            text = _text_art(data[record.start : record.end])
            gathered = ParagraphText()
            gathered.put(text)
            return [Frame("text_box", (gathered.paragraph(),))] if text.strip() else []
        return []

    def _equation(self, body: bytes, level: int) -> Callable[[ParagraphText], None]:
        """Section 4.3.9.3: the script, in the line of text where the equation stands like a character."""
        scripts: list[str] = []

        def seen(record: Record) -> None:
            if record.tag == tags.EQEDIT:
                raw = self._data[record.start : record.end]
                units = int.from_bytes(raw[4:6], "little")
                scripts.append(raw[6 : 6 + units * 2].decode("utf-16-le", "replace"))

        caption = _all(self._lists(level, seen))
        script = " ".join(" ".join(scripts).split())
        inline, place = _placed(body)
        if inline and not caption:
            return lambda gathered: gathered.script(script)
        return _anchoring([Equation(script, caption, place)] if script else [])

    def _form(self, level: int) -> Callable[[ParagraphText], None]:
        """A form object: its kind, then a list of properties written as text, `Name:wstring:5:…`.

        Check boxes and radio buttons stand in the line with their caption; the others are fields of their own.
        """
        written: list[tuple[bytes, str]] = []

        def seen(record: Record) -> None:
            if record.tag == tags.FORM_OBJECT:
                raw = self._data[record.start : record.end]
                written.append((raw[3::-1], raw[12:].decode("utf-16-le", "replace")))

        self._lists(level, seen)

        def put(gathered: ParagraphText) -> None:
            for kind, properties in written:
                caption = _property(properties, "Caption") or _property(properties, "Text")
                if kind in (b"+cbt", b"+rbt"):
                    gathered.put_choice(caption, bool(re.search(r"\bValue:int:1\b", properties)))
                else:
                    gathered.anchor(FormField(_property(properties, "Name"), caption))

        return put


# ── what needs no records ──


def deleted_ranges(body: bytes) -> list[tuple[int, int]]:
    """Table 63: ranges of a paragraph's code units; of kind 0x11 are those that a tracked change has deleted."""
    found = []
    for at in range(0, len(body) - 11, 12):
        start, end, tag = struct.unpack_from("<III", body, at)
        if tag >> 24 == _DELETED and start < end:
            found.append((start, end))
    return found


def _nothing(gathered: ParagraphText) -> None:
    """A control that shows nothing."""


def _anchoring(held: list[Anchored]) -> Callable[[ParagraphText], None]:
    def put(gathered: ParagraphText) -> None:
        for one in held:
            gathered.anchor(one)

    kept = [one for one in held if not (isinstance(one, Frame | Note) and not one.paragraphs)]
    if not kept:
        return _nothing
    held = kept
    return put


def _putting(text: str, origin: str = "rendered") -> Callable[[ParagraphText], None]:
    if not text:
        return _nothing
    if origin == "rendered":
        return lambda gathered: gathered.put(text, "rendered")
    return lambda gathered: gathered.put(text)


def _field(address: str, beside: Callable[[ParagraphText], None]) -> Callable[[ParagraphText], None]:
    def put(gathered: ParagraphText) -> None:
        gathered.begin_field(address)
        beside(gathered)

    return put


def _address(body: bytes) -> str:
    """Section 4.3.10: where a field leads if it is a hyperlink: properties, then its command with its length."""
    return hyperlink_address(_counted(body, 9)[0]) if body[3::-1] == b"%hlk" and len(body) > 11 else ""


def _holding(held: list[Anchored]) -> Paragraph:
    gathered = ParagraphText()
    for one in held:
        gathered.anchor(one)
    return gathered.paragraph()


def _all(lists: list[tuple[Record, list[Paragraph]]]) -> tuple[Paragraph, ...]:
    return tuple(paragraph for _, paragraphs in lists for paragraph in paragraphs)


def _whole(text: str) -> str:
    """Text without half surrogates, which nothing else could store."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _code_units(raw: bytes) -> str:
    """One character a code unit, so that controls keep their length; pairs are joined again by `_whole`."""
    return "".join(map(chr, memoryview(raw[: len(raw) // 2 * 2]).cast("H")))


def _automatic_number(body: bytes) -> str:
    """Table 142: notes, figures, tables and equations carry their number; a page's depends on the printed page."""
    if len(body) < 16:
        return ""
    attributes, number, _, before, after = struct.unpack_from("<IHHHH", body, 4)
    if attributes & 0xF not in (1, 2, 3, 4, 5):
        return ""
    written = number_text(number, attributes >> 4 & 0xFF)
    return (chr(before) if before >= 32 else "") + written + (chr(after) if after >= 32 else "")


def _overlapped(body: bytes) -> str:
    """Table 150: characters printed one over the other."""
    if len(body) < 6:
        return ""
    units = int.from_bytes(body[4:6], "little")
    return _whole(body[6 : 6 + units * 2].decode("utf-16-le", "replace")).strip("\x00")


def _ruby(body: bytes) -> str:
    """Table 151: a text and the small text set beside it, which follows in brackets."""
    main, at = _counted(body, 4)
    beside, _ = _counted(body, at)
    return f"{main}({beside})" if main and beside else main or beside


def _counted(body: bytes, at: int) -> tuple[str, int]:
    units = int.from_bytes(body[at : at + 2], "little")
    end = at + 2 + units * 2
    return body[at + 2 : end].decode("utf-16-le", "replace"), end


def _placed(body: bytes) -> tuple[bool, Place | None]:
    """Tables 69 and 70: whether an object stands in the line of text; if not, where it floats, where that is counted
    from the top."""
    if len(body) < 16:
        return len(body) >= 8 and bool(body[4] & 1), None
    attributes, top, left = struct.unpack_from("<Iii", body, 4)
    base = _BASES.get(attributes >> 3 & 0b11111)
    return bool(attributes & 1), Place(base, top, left) if base and not attributes & 1 else None


def _object_description(body: bytes) -> str:
    """Table 69: the description at the end of the common properties of objects."""
    return written_description(_counted(body, 44)[0]) if len(body) > 46 else ""


def _shape_address(body: bytes) -> str:
    """Section 4.3.10.2 (parameter sets): where a shape leads, a hyperlink's command among its control's data."""
    at = body.find(_COMMAND)
    return hyperlink_address(_counted(body, at + len(_COMMAND))[0]) if at >= 0 else ""


def _text_art(body: bytes) -> str:
    """Not in the published tables: eight coordinates, then the text with its length in code units."""
    return _counted(body, 32)[0].replace("\r\n", "\n").replace("\r", "\n") if len(body) > 34 else ""


def _property(written: str, name: str) -> str:
    found = re.search(rf"\b{name}:wstring:(\d{{1,9}}):", written)
    return written[found.end() : found.end() + int(found[1])] if found else ""

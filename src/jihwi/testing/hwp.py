"""Writes HWP 5 files from the model that the Hancom readers share: fixtures, and example documents.

Source: "한글 문서 파일 형식 5.0", revision 1.3, the same sections that `jihwi.readers.hwp` cites. What is written is
small and plain: one font, the character and paragraph shapes that the document's paragraphs need, styles for headings.
"""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jihwi.readers.hancom import (
    Anchor,
    Anchored,
    Document,
    Equation,
    FormField,
    Frame,
    Grid,
    GridCell,
    Note,
    Paragraph,
    Picture,
    Place,
    Section,
    Shape,
)
from jihwi.readers.hwp import records as tags
from jihwi.readers.hwp.locks import password_key, random_row
from jihwi.testing.compound_file import compound_file

__all__ = ["Heading", "hwp", "record", "simple_document"]

_HEADS = ("none", "outline", "number", "bullet")
_USUAL_SIZE = 1000
_LEVELS_OF_STYLES = 9
_CELL_WIDTH, _CELL_HEIGHT = 8504, 1700
_AUTO = re.compile(r"(\d+)(\D?)$")


class Heading(NamedTuple):
    """A heading; level 1 is the highest."""

    text: str
    level: int = 1


def simple_document(*parts: str | Heading | Sequence[Sequence[str]]) -> Document:
    """A document of plain parts: a text is a paragraph, a `Heading` a heading, rows of texts a table.

    >>> made = simple_document(Heading("제1장 총칙"), "본문", [["항목", "금액"], ["인건비", "100"]])
    >>> made.sections[0].paragraphs[1].text
    '본문'
    """
    paragraphs: list[Paragraph] = []
    for part in parts:
        if isinstance(part, str):
            paragraphs.append(Paragraph(part))
        elif isinstance(part, Heading):
            paragraphs.append(Paragraph(part.text, Shape("outline", part.level - 1)))
        else:
            paragraphs.append(_table(part))
    return Document((Section(tuple(paragraphs)),))


def _table(rows: Sequence[Sequence[str]]) -> Paragraph:
    cells = tuple(
        GridCell(r, c, 1, 1, (Paragraph(text),), header=r == 0)
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
    )
    return Paragraph("", anchors=(Anchor(0, Grid(cells, inline=True)),))


def hwp(
    document: Document,
    *,
    version: tuple[int, int, int, int] = (5, 1, 0, 1),
    compressed: bool = True,
    distributed: bool = False,
    password: str = "",
    summary: bool = True,
    streams: dict[str, bytes] | None = None,
) -> bytes:
    """The document as an HWP 5 file. `streams` replace or add streams as they are (for damage on purpose)."""
    writer = _Writer(document)
    sections = [writer.section(section) for section in document.sections]
    flags = compressed | bool(password) << 1 | distributed << 2
    number = sum(part << shift for part, shift in zip(version, (24, 16, 8, 0), strict=True))
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<III", number, flags, 0)
    header = (header + struct.pack("<I", 4 if password else 0)).ljust(256, b"\0")

    def packed(data: bytes) -> bytes:
        if compressed:
            machine = zlib.compressobj(9, zlib.DEFLATED, -15)
            data = machine.compress(data) + machine.flush()
        return _encrypted(data, password) if password else data

    made = {"FileHeader": header, "DocInfo": packed(writer.definitions(len(sections)))}
    for index, section in enumerate(sections):
        body = packed(section)
        made[f"BodyText/Section{index}"] = packed(_EMPTY_SECTION) if distributed else body
        if distributed:
            made[f"ViewText/Section{index}"] = _locked(body)
    if summary:
        made["\x05HwpSummaryInformation"] = _summary(document)
    return compound_file(made | (streams or {}))


def record(tag: int, level: int, data: bytes = b"") -> bytes:
    """One record: section 4.1."""
    if len(data) >= 0xFFF:
        return struct.pack("<II", tag | level << 10 | 0xFFF << 20, len(data)) + data
    return struct.pack("<I", tag | level << 10 | len(data) << 20) + data


_EMPTY_SECTION = record(tags.PARA_HEADER, 0, struct.pack("<IIHBBHHHIH", 0x80000001, 0, 0, 0, 0, 1, 0, 0, 0, 0))


def _counted(text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return struct.pack("<H", len(raw) // 2) + raw


class _Writer:
    """Gathers the paragraph shapes while it writes the body, then writes the definitions."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._shapes: list[Shape] = [Shape()]
        self._sizes: list[int] = [_USUAL_SIZE]
        self._numberings = {name: index + 1 for index, name in enumerate(document.numberings)}
        self._bullets = {name: index + 1 for index, name in enumerate(document.bullets)}
        self._form_fields = 0

    # ── the body ──

    def section(self, section: Section) -> bytes:
        outline = self._numberings.get(section.outline, 0)
        definition = b"dces" + struct.pack("<IHHHIHHHHHH", 0, 1134, 0, 0, 8000, outline, 0, 0, 0, 0, 0)
        page = struct.pack("<10I", 59528, 84188, 8504, 8504, 5668, 4252, 4252, 4252, 0, 0)
        opening = [
            (2, b"dces", record(tags.CTRL_HEADER, 1, definition) + record(tags.BEGIN + 57, 2, page)),
            (2, b"dloc", record(tags.CTRL_HEADER, 1, b"dloc" + struct.pack("<HHHI", 4, 0, 0, 0))),
        ]
        paragraphs = section.paragraphs or (Paragraph(""),)
        return b"".join(
            self._paragraph(paragraph, 0, index == len(paragraphs) - 1, opening if index == 0 else [])
            for index, paragraph in enumerate(paragraphs)
        )

    def _list(self, paragraphs: Sequence[Paragraph], level: int) -> bytes:
        paragraphs = paragraphs or (Paragraph(""),)
        return b"".join(self._paragraph(p, level, p is paragraphs[-1], []) for p in paragraphs)

    def _paragraph(
        self, paragraph: Paragraph, level: int, last: bool, opening: Iterable[tuple[int, bytes, bytes]]
    ) -> bytes:
        units, controls = bytearray(), bytearray()

        def extended(code: int, kind: bytes, control: bytes) -> None:
            units.extend(struct.pack("<H4s8xH", code, kind, code))
            controls.extend(control)

        for code, kind, control in opening:
            extended(code, kind, control)
        for piece in self._pieces(paragraph, level):
            if isinstance(piece, str):
                units.extend(_characters(piece))
            else:
                extended(*piece)
        units.extend(struct.pack("<H", 13))
        count = len(units) // 2
        shape = self._shape_number(paragraph.shape)
        style = paragraph.shape.heading
        head = struct.pack("<IIHBBHHHIH", count | last << 31, 0, shape, style, 0, 1, 0, 0, 0, 0)
        written = record(tags.PARA_HEADER, level, head)
        if paragraph.size and paragraph.size not in self._sizes:
            self._sizes.append(paragraph.size)
        letters = self._sizes.index(paragraph.size or _USUAL_SIZE)
        if count > 1:
            written += record(tags.PARA_TEXT, level + 1, bytes(units))
        return written + record(tags.PARA_CHAR_SHAPE, level + 1, struct.pack("<II", 0, letters)) + bytes(controls)

    def _pieces(self, paragraph: Paragraph, level: int) -> Iterable[str | tuple[int, bytes, bytes]]:
        """Text, and controls where anchors stand and where automatic numbers were rendered."""
        marks: list[tuple[int, int, tuple[int, bytes, bytes]]] = [
            (anchor.offset, anchor.offset, self._control(anchor.held, level + 1)) for anchor in paragraph.anchors
        ]
        for run in paragraph.origins:
            number = _AUTO.match(paragraph.text[run.start : run.end])
            if run.origin == "rendered" and number:
                after = ord(number[2]) if number[2] else 0
                body = b"onta" + struct.pack("<IHHHH", 1, int(number[1]), 0, 0, after)
                marks.append((run.start, run.end, (18, b"onta", record(tags.CTRL_HEADER, level + 1, body))))
        for link in paragraph.links:
            address = _counted(_command(link.address))
            begin = record(tags.CTRL_HEADER, level + 1, b"klh%" + struct.pack("<IB", 0, 0) + address + bytes(4))
            marks.append((link.start, link.start, (3, b"klh%", begin)))
            marks.append((link.end, link.end, (4, b"klh%", b"")))
        at = 0
        for start, end, control in sorted(marks, key=lambda mark: mark[0]):
            yield paragraph.text[at:start]
            yield control
            at = end
        yield paragraph.text[at:]

    def _control(self, held: Anchored, level: int) -> tuple[int, bytes, bytes]:
        match held:
            case Grid():
                return 11, b" lbt", self._grid(held, level)
            case Note():
                kind = b"  nf" if held.kind == "footnote" else b"  ne"
                body = record(tags.CTRL_HEADER, level, kind + struct.pack("<IHHII", 1, 0, 41, 0, 0))
                return 17, kind, body + self._listed(held.paragraphs, level + 1)
            case Frame(kind="header") | Frame(kind="footer"):
                kind = b"daeh" if held.kind == "header" else b"toof"
                body = record(tags.CTRL_HEADER, level, kind + struct.pack("<II", 0, 0))
                return 16, kind, body + self._listed(held.paragraphs, level + 1)
            case Frame(kind="comment"):
                return 15, b"tmct", record(tags.CTRL_HEADER, level, b"tmct") + self._listed(held.paragraphs, level + 1)
            case Frame():
                return 11, b" osg", self._text_box(held, level)
            case Picture():
                return 11, b" osg", self._picture(held, level)
            case Equation():
                body = record(tags.CTRL_HEADER, level, _object(b"deqe", inline=False, place=held.place))
                script = struct.pack("<I", 0) + _counted(held.script) + struct.pack("<IIh", 1000, 0, 0)
                return 11, b"deqe", body + record(tags.EQEDIT, level + 1, script)
            case FormField():
                return 11, b"mrof", self._form(held, level)

    def _listed(self, paragraphs: Sequence[Paragraph], level: int) -> bytes:
        count = max(1, len(paragraphs))
        return record(tags.LIST_HEADER, level, struct.pack("<iI8x", count, 0)) + self._list(paragraphs, level)

    def _grid(self, grid: Grid, level: int) -> bytes:
        rows = max((cell.row + cell.row_span for cell in grid.cells), default=0)
        columns = max((cell.column + cell.column_span for cell in grid.cells), default=0)
        body = record(tags.CTRL_HEADER, level, _object(b" lbt", inline=grid.inline, place=grid.place))
        if grid.caption:
            caption = struct.pack("<iIIIHI", len(grid.caption), 0, 3, 8504, 850, 42520)
            body += record(tags.LIST_HEADER, level + 1, caption) + self._list(grid.caption, level + 1)
        counts = [sum(1 for cell in grid.cells if cell.row == row) for row in range(rows)]
        table = struct.pack("<IHHH4H", 4, rows, columns, 0, 510, 510, 141, 141)
        table += struct.pack(f"<{rows}HHH", *counts, 1, 0)
        body += record(tags.TABLE, level + 1, table)
        for cell in grid.cells:
            head = struct.pack("<iI", max(1, len(cell.paragraphs)), 0x20 | cell.header << 18)
            head += struct.pack("<4H", cell.column, cell.row, cell.column_span, cell.row_span)
            head += struct.pack("<II4HHI9x", _CELL_WIDTH, _CELL_HEIGHT, 510, 510, 141, 141, 1, _CELL_WIDTH)
            body += record(tags.LIST_HEADER, level + 1, head) + self._list(cell.paragraphs, level + 1)
        return body

    def _text_box(self, frame: Frame, level: int) -> bytes:
        body = record(tags.CTRL_HEADER, level, _object(b" osg", inline=frame.inline, place=frame.place))
        body += self._caption(frame.caption, level)
        body += record(tags.SHAPE_COMPONENT, level + 1, b"cer$cer$" + bytes(192))
        head = struct.pack("<iI4HI13x", max(1, len(frame.paragraphs)), 0, 283, 283, 283, 283, 8504)
        body += record(tags.LIST_HEADER, level + 2, head) + self._list(frame.paragraphs, level + 2)
        return body + record(tags.BEGIN + 63, level + 2, bytes(33))

    def _picture(self, picture: Picture, level: int) -> bytes:
        body = record(
            tags.CTRL_HEADER,
            level,
            _object(b" osg", inline=False, place=picture.place, description=picture.description),
        )
        body += self._caption(picture.caption, level)
        body += record(tags.SHAPE_COMPONENT, level + 1, b"cip$cip$" + bytes(192))
        if picture.address:
            sets = struct.pack("<HHHHHHHHHH", 0x21B, 1, 0, 0x26F, 0x8000, 0x26F, 1, 0, 0x265, 1)
            body += record(tags.CTRL_DATA, level + 2, sets + _counted(_command(picture.address)))
        return body + record(tags.SHAPE_COMPONENT_PICTURE, level + 2, bytes(71) + struct.pack("<H", 1) + bytes(5))

    def _caption(self, caption: Sequence[Paragraph], level: int) -> bytes:
        if not caption:
            return b""
        head = struct.pack("<iIIIHI", len(caption), 0, 3, 8504, 850, 42520)
        return record(tags.LIST_HEADER, level + 1, head) + self._list(caption, level + 1)

    def _form(self, held: FormField, level: int) -> bytes:
        written = (
            f"CommonSet:set:99:Name:wstring:{len(held.name)}:{held.name} Enabled:bool:1  "
            f"EditSet:set:99:Text:wstring:{len(held.text)}:{held.text} ReadOnly:bool:0  "
        )
        body = b"tde+tde+" + struct.pack("<I", len(written) + 2) + _counted(written)
        return record(tags.CTRL_HEADER, level, _object(b"mrof", inline=True)) + record(
            tags.FORM_OBJECT, level + 1, body
        )

    # ── the definitions ──

    def _shape_number(self, shape: Shape) -> int:
        if shape not in self._shapes:
            self._shapes.append(shape)
        return self._shapes.index(shape)

    def definitions(self, sections: int) -> bytes:
        counts = [1, 1, 1, 1, 1, 1, 1, 1, 1, len(self._sizes), 1, len(self._numberings), len(self._bullets)]
        counts += [len(self._shapes), 1 + _LEVELS_OF_STYLES]
        written = record(tags.DOCUMENT_PROPERTIES, 0, struct.pack("<7H3I", sections, 1, 1, 1, 1, 1, 1, 0, 0, 0))
        written += record(tags.ID_MAPPINGS, 0, struct.pack("<18I", *counts, 0, 0, 0))
        written += record(tags.BIN_DATA, 1, struct.pack("<HH", 1, 1) + _counted("png"))
        written += b"".join(record(tags.BEGIN + 3, 1, b"\0" + _counted("함초롬바탕")) for _ in range(7))
        border = struct.pack("<H", 0) + struct.pack("<BBI", 1, 1, 0) * 4 + struct.pack("<BBIII", 1, 0, 0, 0, 0)
        written += record(tags.BEGIN + 4, 1, border)
        before = bytes(14) + b"\x64" * 7 + bytes(7) + b"\x64" * 7 + bytes(7)
        for size in self._sizes:
            after = struct.pack("<IIBBIIIIHI", size, 0, 10, 10, 0, 0, 0xFFFFFFFF, 0xB2B2B2, 1, 0)
            written += record(tags.CHAR_SHAPE, 1, before + after)
        written += record(tags.BEGIN + 6, 1, bytes(8))
        written += self._numbering_records()
        for name, sign in self._document.bullets.items():
            ticked = self._document.ticked.get(name, "")
            signs = [one[:1].encode("utf-16-le").ljust(2, b"\0") for one in (sign, ticked)]
            written += record(tags.BULLET, 1, bytes(12) + signs[0] + bytes(9) + signs[1])
        written += b"".join(record(tags.PARA_SHAPE, 1, self._shape_body(shape)) for shape in self._shapes)
        styles = [("바탕글", "Normal"), *((f"제목 {level + 1}", "") for level in range(_LEVELS_OF_STYLES))]
        for local, english in styles:
            style = _counted(local) + _counted(english) + struct.pack("<BBhHH", 0, 0, 1042, 0, 0)
            written += record(tags.STYLE, 1, style)
        return written

    def _numbering_records(self) -> bytes:
        written = b""
        for numbering in self._document.numberings.values():
            levels = list(numbering.levels[:7])
            body = b"".join(
                struct.pack("<IHHI", 0x0C | level.kind << 5, 0, 50, 0xFFFFFFFF) + _counted(level.template)
                for level in levels
            )
            body += struct.pack("<IHHIH", 0x0C, 0, 50, 0xFFFFFFFF, 0) * (7 - len(levels))
            starts = [level.start for level in levels] + [1] * (7 - len(levels))
            written += record(tags.NUMBERING, 1, body + struct.pack("<H7I", 0, *starts))
        return written

    def _shape_body(self, shape: Shape) -> bytes:
        attributes = _HEADS.index(shape.head) << 23 | min(shape.level, 6) << 25
        ticked = shape.checked << 7
        names = self._bullets if shape.head == "bullet" else self._numberings
        number = names.get(shape.definition, 0)
        return struct.pack(
            "<I6iHHH4hIIII", attributes, 0, 0, 0, 0, 0, 160, 0, number, 1, 0, 0, 0, 0, ticked, 0, 160, shape.level
        )


def _command(address: str) -> str:
    """A hyperlink's command: its address, and how it is opened."""
    return re.sub(r"([\\:;])", r"\\\1", address) + ";1;0;0;"


def _characters(text: str) -> bytes:
    """Text in code units; a tab is an inline control, a line break a character of its own."""
    parts = re.split("([\t\n])", text)
    tab = struct.pack("<HI8xH", 9, 4000, 9)
    return b"".join(
        tab if part == "\t" else struct.pack("<H", 10) if part == "\n" else part.encode("utf-16-le") for part in parts
    )


def _object(kind: bytes, *, inline: bool, place: Place | None = None, description: str = "") -> bytes:
    """Table 69: the common properties of objects, which hang from the top of their paragraph where no place is said."""
    place = place or Place("paragraph", 0, 0)
    base = ("paper", "page", "paragraph").index(place.base) << 3
    sizes = struct.pack("<IiiIIi", 0x082A2200 | base | inline, place.top, place.left, 8504, 1700, 0)
    return kind + sizes + struct.pack("<4HII", 0, 0, 0, 0, 1, 0) + _counted(description)


def _locked(body: bytes) -> bytes:
    """A distributed section: the record with the hidden key, then AES-128 in ECB mode."""
    drawn = random.Random(body)  # the same document gives the same bytes
    key, seed = drawn.randbytes(16), drawn.getrandbits(32)
    offset = (seed & 0x0F) + 4
    hidden = bytearray(drawn.randbytes(256))
    hidden[offset : offset + 16] = key
    row = random_row(seed)
    data = bytes(a ^ b for a, b in zip(hidden, row, strict=True))
    data = struct.pack("<I", seed) + data[4:]
    machine = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    padded = body.ljust(-(-len(body) // 16) * 16, b"\0")
    return record(tags.DISTRIBUTE_DOC_DATA, 0, data) + machine.update(padded) + machine.finalize()


def _encrypted(data: bytes, password: str) -> bytes:
    """One-bit cipher feedback, bit by bit as its definition says: slow, and independent of the reader's way."""
    machine = Cipher(algorithms.AES(password_key(password.encode("cp949"))), modes.ECB()).encryptor()
    register, made = 0, bytearray()
    for byte in data:
        cipher = 0
        for place in range(7, -1, -1):
            stream = machine.update(register.to_bytes(16, "big"))[0] >> 7
            bit = byte >> place & 1 ^ stream
            cipher |= bit << place
            register = (register << 1 | bit) & (1 << 128) - 1
        made.append(cipher)
    return bytes(made)


def _summary(document: Document) -> bytes:
    """Section 3.2.4: a property set with title and author."""
    values = [(2, document.metadata.title), (4, document.metadata.author)]
    table, body = b"", b""
    start = 8 + 8 * len(values)
    for key, text in values:
        raw = (text + "\0").encode("utf-16-le")
        table += struct.pack("<II", key, start + len(body))
        body += struct.pack("<II", 31, len(raw) // 2) + raw.ljust(-(-len(raw) // 4) * 4, b"\0")
    properties = struct.pack("<II", start + len(body), len(values)) + table + body
    format_id = bytes.fromhex("60b6a29f6110d411b4c6006097c09d8c")
    return struct.pack("<HHI16sI", 0xFFFE, 0, 0x00020006, bytes(16), 1) + format_id + struct.pack("<I", 48) + properties

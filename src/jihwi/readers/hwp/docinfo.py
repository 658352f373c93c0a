"""The document's definitions: numberings, bullets, paragraph shapes, styles, pictures.

Source: "한글 문서 파일 형식 5.0", revision 1.3, sections 4.2.3 (binary data), 4.2.8 to 4.2.11 (numbering, bullet,
paragraph shape, style). Where the tables are silent: a paragraph head is 12 bytes, its number's kind stands in
bits 5 to 8 of its attributes, and the ids of numberings and bullets count from 1; a bullet that can be ticked has the
ticked sign in its last two bytes, a paragraph whose bullet is ticked says so in bit 7 of its second attributes; levels
beyond the seventh stand in the last word of a paragraph shape.
"""

from __future__ import annotations

import struct

import msgspec

from jihwi.readers.hancom import PLAIN, Numbering, NumberLevel, Shape, bullet_text, heading_levels
from jihwi.readers.hancom.model import Head
from jihwi.readers.hwp.records import BIN_DATA, BULLET, CHAR_SHAPE, NUMBERING, PARA_SHAPE, STYLE, Record

__all__ = ["DocumentInformation"]

_HEADS: tuple[Head, ...] = ("none", "outline", "number", "bullet")
_TICK, _WHOLE_SHAPE = 42, 58


class DocumentInformation:
    """What paragraphs refer to by number."""

    def __init__(self, data: bytes, found: list[Record]) -> None:
        self.numberings: dict[str, Numbering] = {}
        self.bullets: dict[str, str] = {}
        self.pictures: list[str] = []
        self.packed: list[int] = []
        """How each is packed: 0 as the file is, 0x10 always, 0x20 never (table 18)."""
        self.ticked: dict[str, str] = {}
        self._shapes: list[Shape] = []
        self._sizes: list[int] = []
        styles: list[tuple[str, str]] = []
        for record in found:
            body = data[record.start : record.end]
            if record.tag == PARA_SHAPE:
                self._shapes.append(_shape(body))
            elif record.tag == CHAR_SHAPE:
                self._sizes.append(max(0, int.from_bytes(body[42:46], "little", signed=True)))
            elif record.tag == STYLE:
                local, at = _text(body, 0)
                styles.append((local, _text(body, at)[0]))
            elif record.tag == NUMBERING:
                self.numberings[f"n{len(self.numberings) + 1}"] = _numbering(body)
            elif record.tag == BULLET:
                name = f"b{len(self.bullets) + 1}"
                self.bullets[name] = _bullet(body[12:14])
                if ticked := _bullet(body[23:25]).strip("\0"):
                    self.ticked[name] = ticked
            elif record.tag == BIN_DATA:
                self.pictures.append(_binary(body))
                self.packed.append(int.from_bytes(body[:2], "little") & 0x30)
        self._headings = heading_levels(styles)

    def shape(self, number: int, style: int = 0) -> Shape:
        """The paragraph shape of this number, a plain one when there is none; a heading when its style is one's."""
        found = self._shapes[number] if number < len(self._shapes) else PLAIN
        level = self._headings[style] if style < len(self._headings) else 0
        return msgspec.structs.replace(found, heading=level) if level and found.head in ("none", "number") else found

    def size(self, number: int) -> int:
        """The size of a character shape's letters, in hundredths of a point; 0 when there is none."""
        return self._sizes[number] if number < len(self._sizes) else 0

    def picture(self, number: int) -> str:
        """The name of the stream, or the path of the link, behind a picture's number, which counts from 1."""
        return self.pictures[number - 1] if 0 < number <= len(self.pictures) else ""


def _text(body: bytes, at: int) -> tuple[str, int]:
    """A length in code units and as many of them; the text and where it ends."""
    if at + 2 > len(body):
        return "", len(body)
    (units,) = struct.unpack_from("<H", body, at)
    end = at + 2 + units * 2
    return body[at + 2 : end].decode("utf-16-le", "replace"), end


def _shape(body: bytes) -> Shape:
    if len(body) < 4:
        return PLAIN
    (attributes,) = struct.unpack_from("<I", body)
    head = _HEADS[attributes >> 23 & 3]
    if head == "none":
        return PLAIN
    number = struct.unpack_from("<H", body, 30)[0] if len(body) >= 32 else 0
    definition = "" if head == "outline" or not number else f"{'b' if head == 'bullet' else 'n'}{number}"
    level = attributes >> 25 & 7
    if len(body) >= _WHOLE_SHAPE:
        level = max(level, min(int.from_bytes(body[54:58], "little"), 9))
    return Shape(head, level, definition, checked=head == "bullet" and len(body) > _TICK and bool(body[_TICK] & 0x80))


def _numbering(body: bytes) -> Numbering:
    levels: list[tuple[str, int]] = []
    at = 0
    for _ in range(7):
        if at + 14 > len(body):
            break
        (attributes,) = struct.unpack_from("<I", body, at)
        template, at = _text(body, at + 12)
        levels.append((template, attributes >> 5 & 0xF))
    at += 2
    starts = list(struct.unpack_from("<7I", body, at)) if at + 28 <= len(body) else []
    at += 28
    for _ in range(3):
        if at + 14 > len(body):
            break
        (attributes,) = struct.unpack_from("<I", body, at)
        template, at = _text(body, at + 12)
        levels.append((template, attributes >> 5 & 0xF))
    return Numbering(
        tuple(
            NumberLevel(template, kind, starts[i] if i < len(starts) and 0 < starts[i] < 1 << 16 else 1)
            for i, (template, kind) in enumerate(levels)
        )
    )


def _bullet(sign: bytes) -> str:
    return bullet_text(sign.decode("utf-16-le", "replace")) if len(sign) == 2 else ""


def _binary(body: bytes) -> str:
    if len(body) < 4:
        return ""
    (attributes,) = struct.unpack_from("<H", body)
    if attributes & 0xF == 0:
        absolute, at = _text(body, 2)
        return absolute or _text(body, at)[0]
    (number,) = struct.unpack_from("<H", body, 2)
    extension = _text(body, 4)[0] if attributes & 0xF == 1 else "OLE"
    return f"BinData/BIN{number:04X}.{extension}"

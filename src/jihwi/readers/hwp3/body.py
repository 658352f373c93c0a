"""The body of HWP 3: lists of paragraphs, whose special characters hold tables, boxes and notes.

Source: "한글 문서 파일 형식 3.0", revision 1.2: paragraph information, line information, shapes, special characters.
A list ends with a paragraph of no characters. Sizes that are skipped here are those of that text.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from typing import Literal

from jihwi.evidence import ReadingBuilder
from jihwi.readers.hancom import (
    PLAIN,
    Anchored,
    Equation,
    Frame,
    Grid,
    GridCell,
    Note,
    Paragraph,
    ParagraphText,
    Picture,
    Place,
    Shape,
    drawing,
    number_text,
)
from jihwi.readers.hwp3.characters import character

__all__ = ["BodyReader", "Cut"]

_CHARACTER_SHAPE, _PARAGRAPH_SHAPE, _LINE, _CELL = 31, 187, 14, 27
_BOX, _PICTURE = 84, 348
_SAME_PLACE = 5
"""Edges of cells nearer than this, in the format's units of 1/1800 inch, are one edge."""

# What follows a special character: bytes to skip, and how many characters of the paragraph it counts as.
_SKIPPED = {
    7: (82, 42),
    8: (94, 48),
    14: (90, 4),
    19: (6, 4),
    20: (6, 4),
    21: (6, 4),
    22: (22, 12),
    25: (4, 3),
    26: (244, 123),
}
_BLOCKS = frozenset((1, 2, 3, 4, 5, 6, 12, 27, 29))
_NOTE_NUMBERS = (1, 2)
_DRAWING, _TEXT_BOX = 3, 6
_BASES: dict[int, Literal["paragraph", "page", "paper"]] = {1: "paragraph", 2: "page", 3: "paper"}


class Cut(Exception):
    """The data ended inside a structure; what was read before is kept."""


class BodyReader:
    """Reads from the first paragraph on. When the data ends early, `cut` says so and what was read is kept."""

    def __init__(self, data: bytes, at: int, builder: ReadingBuilder, nesting: int) -> None:
        self._data = data
        self._at = at
        self._builder = builder
        self._depth_left = nesting
        self._unknown = 0
        self.cut = False

    def paragraphs(self) -> list[Paragraph]:
        """The body's list."""
        found: list[Paragraph] = []
        try:
            self._list_into(found)
        except Cut:
            self.cut = True
        if self._unknown:
            self._builder.warn("characters_unknown", count=self._unknown)
        return found

    # ── primitives ──

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if size < 0 or end > len(self._data):
            raise Cut
        part = self._data[self._at : end]
        self._at = end
        return part

    def _word(self) -> int:
        return int.from_bytes(self._take(2), "little")

    # ── paragraphs ──

    def _list(self) -> tuple[Paragraph, ...]:
        """A list inside an object."""
        if self._depth_left <= 0:
            self._builder.warn("nesting_cut")
            raise Cut
        self._depth_left -= 1
        found: list[Paragraph] = []
        try:
            self._list_into(found)
        finally:
            self._depth_left += 1
        return tuple(found)

    def _list_into(self, found: list[Paragraph]) -> None:
        while True:
            paragraph = self._paragraph(found)
            if paragraph is None:
                return
            found.append(paragraph)

    def _paragraph(self, found: list[Paragraph]) -> Paragraph | None:
        reused, count, lines, mixed, _, _, _ = struct.unpack("<BHHBBIB", self._take(12))
        self._take(_CHARACTER_SHAPE)
        if count and not reused:
            self._take(_PARAGRAPH_SHAPE)
        self._take(lines * _LINE)
        if mixed:
            self._character_shapes(count)
        if not count:
            return None
        gathered = ParagraphText()
        try:
            shape = self._characters(gathered, count)
        except Cut:
            found.append(gathered.paragraph())
            raise
        return gathered.paragraph(shape)

    def _character_shapes(self, count: int) -> None:
        """A flag for each character: the same shape as before, or zero and a shape."""
        while count > 0:
            zero = self._data.find(0, self._at, self._at + count)
            if zero < 0:
                self._take(count)
                return
            count -= zero - self._at + 1
            self._take(zero - self._at + 1 + _CHARACTER_SHAPE)

    def _characters(self, gathered: ParagraphText, count: int) -> Shape:
        shape, done = PLAIN, 0
        while done < count:
            done += self._run(gathered, count - done)
            if done >= count:
                break
            code = self._word()
            if code == 13:
                break
            if code == 28:
                shape = self._outline(gathered)
                done += 32
            else:
                done += self._special(code, gathered)
        return shape

    def _run(self, gathered: ParagraphText, most: int) -> int:
        """Put the ordinary characters up to the next special one; how many they are."""
        codes = struct.unpack_from(f"<{min(most, (len(self._data) - self._at) // 2)}H", self._data, self._at)
        length = next((i for i, code in enumerate(codes) if code < 32), len(codes))
        if length:
            signs = [character(code) for code in codes[:length]]
            missing = signs.count("")
            self._unknown += missing
            gathered.put("".join(sign or "\ufffd" for sign in signs) if missing else "".join(signs))
            self._at += length * 2
        if length == len(codes) < most:
            raise Cut
        return length

    # ── special characters ──

    def _special(self, code: int, gathered: ParagraphText) -> int:
        """Read what follows a special character; how many characters it counts as."""
        if code in _SKIPPED:
            size, width = _SKIPPED[code]
            self._take(size)
            return width
        if code in _BLOCKS:
            self._take(int.from_bytes(self._take(6)[:4], "little"))
            return 4
        match code:
            case 9:
                self._take(6)
                gathered.put("\t")
                return 4
            case 10:
                self._box(gathered)
            case 11:
                self._picture(gathered)
            case 15:
                self._take(14)
                gathered.anchor(Frame("comment", self._list()))
            case 16:
                kind = self._take(16)[14]
                gathered.anchor(Frame("footer" if kind else "header", self._list()))
            case 17:
                self._note(gathered)
            case 18:
                self._automatic_number(gathered)
            case 23:
                return self._overlapped(gathered)
            case 24:
                self._take(4)
                gathered.put("-")
                return 3
            case 30 | 31:
                self._take(2)
                gathered.put("\u00a0" if code == 30 else " ")
                return 2
            case _:
                return 1
        return 4

    def _box(self, gathered: ParagraphText) -> None:
        """A table, a text box, an equation or a button: common information, cells, a list for each, a caption."""
        head = self._take(6 + _BOX)[6:]
        kind, count = struct.unpack_from("<HH", head, 78)
        inline, place = _placed(head)
        places = [struct.unpack_from("<4H", self._take(_CELL), 4) for _ in range(count)]
        lists: list[tuple[Paragraph, ...]] = []
        try:
            lists.extend(self._list() for _ in range(count))
            caption = self._list()
        except Cut:
            gathered.anchor(Grid(_cells(places, lists), inline))
            raise
        if kind == 0:
            gathered.anchor(Grid(_cells(places, lists), inline, caption, place))
        elif kind == 2:
            script = " ".join(" ".join(p.text for one in lists for p in one).split())
            if inline and not caption:
                gathered.script(script)
            elif script:
                gathered.anchor(Equation(script, caption, place))
        else:
            paragraphs = tuple(p for one in lists for p in one)
            gathered.anchor(Frame("text_box", paragraphs, caption, inline, place))

    def _picture(self, gathered: ParagraphText) -> None:
        """A picture: its file's name, then data of its own, then a caption. A drawing holds its objects in the data."""
        head = self._take(6 + _PICTURE)[6:]
        name = head[83:339].split(b"\0")[0].decode("johab", "replace").replace("\\", "/").rpartition("/")[2]
        data = self._take(int.from_bytes(head[:4], "little"))
        boxes: list[Anchored] = self._text_boxes(data) if head[74] == _DRAWING else []
        found: list[Anchored] = boxes or [Picture(name)]
        inline, place = _placed(head)
        for held in drawing(found, self._list(), "", inline=inline, place=place):
            gathered.anchor(held)

    def _text_boxes(self, data: bytes) -> list[Anchored]:
        """The texts of a drawing. Each object: its length, its kind, then two blocks; a text box's second is a list.

        Children and neighbours follow one another, so the tree need not be known to keep their order.
        """
        found: list[Anchored] = []
        at = 4 + int.from_bytes(data[:4], "little")
        while at + 12 <= len(data):
            kind = int.from_bytes(data[at + 4 : at + 6], "little")
            at += 4 + int.from_bytes(data[at : at + 4], "little")
            at += 4 + int.from_bytes(data[at : at + 4], "little")
            end = at + 4 + int.from_bytes(data[at : at + 4], "little")
            if kind == _TEXT_BOX and self._depth_left > 0:
                inner = BodyReader(data[at + 4 : end], 0, self._builder, self._depth_left - 1)
                paragraphs = inner.paragraphs()
                if paragraphs:
                    found.append(Frame("text_box", tuple(paragraphs)))
            at = end
        return found

    def _note(self, gathered: ParagraphText) -> None:
        head = self._take(20)
        kind = int.from_bytes(head[16:18], "little")
        gathered.anchor(Note("endnote" if kind else "footnote", self._list()))

    def _automatic_number(self, gathered: ParagraphText) -> None:
        kind, number = struct.unpack_from("<HH", self._take(6))
        if 1 <= kind <= 5:
            gathered.put(f"{number})" if kind in _NOTE_NUMBERS else str(number), "rendered")

    def _overlapped(self, gathered: ParagraphText) -> int:
        codes = struct.unpack_from("<3H", self._take(8))
        gathered.put("".join(character(code) for code in codes if code))
        return 5

    def _outline(self, gathered: ParagraphText) -> Shape:
        """An outline number: kind, shape, level, seven numbers, user shapes, decorations."""
        raw = self._take(62)
        level = min(raw[3], 6)
        label = _outline_label(raw, level)
        if label:
            gathered.put(label, "rendered")
            gathered.put(" ")
        return Shape("outline", level)


def _placed(head: bytes) -> tuple[bool, Place | None]:
    """Whether a box stands in the line of text; if not, where it floats (the format counts in 1/1800 inch)."""
    base = _BASES.get(head[8])
    left, top = struct.unpack_from("<hh", head, 10)
    return head[8] == 0, Place(base, top * 4, left * 4) if base and top >= 0 else None


_OUTLINE_KINDS = {0: 0, 1: 2, 2: 3, 3: 4, 4: 5, 5: 8, 6: 10, 7: 13, 8: 1}


def _outline_label(raw: bytes, level: int) -> str:
    """The number of the level in its kind, between the two signs that decorate it."""
    number = int.from_bytes(raw[4 + level * 2 : 6 + level * 2], "little")
    if not number:
        return ""
    kind = int.from_bytes(raw[18 + level * 2 : 20 + level * 2], "little")
    before, after = struct.unpack_from("<2H", raw, 32 + level * 4)
    written = number_text(number, _OUTLINE_KINDS.get(kind, 0))
    return (character(before) if before > 31 else "") + written + (character(after) if after > 31 else "")


def _edges(values: list[int]) -> list[int]:
    kept: list[int] = []
    for value in sorted(values):
        if not kept or value - kept[-1] >= _SAME_PLACE:
            kept.append(value)
    return kept


def _index(edges: list[int], value: int) -> int:
    """The edge nearest to `value`; edges are in order."""
    at = bisect_left(edges, value)
    if at == len(edges) or (at > 0 and value - edges[at - 1] < edges[at] - value):
        return max(0, at - 1)
    return at


def _cells(places: list[tuple[int, ...]], lists: list[tuple[Paragraph, ...]]) -> tuple[GridCell, ...]:
    """Cells by their place on the page: left, top, width, height."""
    lefts = _edges([x for x, _, w, _ in places] + [x + w for x, _, w, _ in places])
    tops = _edges([y for _, y, _, _ in places] + [y + h for _, y, _, h in places])
    made = []
    for (x, y, w, h), paragraphs in zip(places, lists, strict=False):
        column, row = _index(lefts, x), _index(tops, y)
        column_span, row_span = _index(lefts, x + w) - column, _index(tops, y + h) - row
        made.append(GridCell(row, column, max(1, row_span), max(1, column_span), paragraphs))
    return tuple(made)

"""The record stream: every stream of an HWP 5 file but a few is a list of tagged, nested records.

Source: "한글 문서 파일 형식 5.0", revision 1.3, section 4.1 (record header: tag 10 bits, level 10 bits, size 12 bits,
4095 meaning that the size follows as a 32-bit number) and tables 13 and 57 (tags).
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

__all__ = ["Record", "records"]

BEGIN = 0x10
DOCUMENT_PROPERTIES = BEGIN
ID_MAPPINGS = BEGIN + 1
BIN_DATA = BEGIN + 2
CHAR_SHAPE = BEGIN + 5
NUMBERING = BEGIN + 7
BULLET = BEGIN + 8
PARA_SHAPE = BEGIN + 9
STYLE = BEGIN + 10
DISTRIBUTE_DOC_DATA = BEGIN + 12
PARA_HEADER = BEGIN + 50
PARA_TEXT = BEGIN + 51
PARA_CHAR_SHAPE = BEGIN + 52
PARA_LINE_SEG = BEGIN + 53
PARA_RANGE_TAG = BEGIN + 54
CTRL_HEADER = BEGIN + 55
LIST_HEADER = BEGIN + 56
FOOTNOTE_SHAPE = BEGIN + 58
SHAPE_COMPONENT = BEGIN + 60
TABLE = BEGIN + 61
SHAPE_COMPONENT_OLE = BEGIN + 68
SHAPE_COMPONENT_PICTURE = BEGIN + 69
CTRL_DATA = BEGIN + 71
EQEDIT = BEGIN + 72
SHAPE_COMPONENT_TEXTART = BEGIN + 74
FORM_OBJECT = BEGIN + 75
MEMO_LIST = BEGIN + 77
TRACK_CHANGE = BEGIN + 80

_WORD = Struct("<I").unpack_from


class Record(NamedTuple):
    """One record: its tag, its depth, and where its data lies in the stream."""

    tag: int
    level: int
    start: int
    end: int


def records(data: bytes) -> tuple[list[Record], bool]:
    """All records of a stream, and whether the last one was cut off by the stream's end.

    >>> records(bytes.fromhex("42 00 10 00 ff"))
    ([Record(tag=66, level=0, start=4, end=5)], False)
    """
    found: list[Record] = []
    at, size = 0, len(data)
    add = found.append
    while at + 4 <= size:
        (header,) = _WORD(data, at)
        at += 4
        length = header >> 20
        if length == 0xFFF:
            if at + 4 > size:
                return found, True
            (length,) = _WORD(data, at)
            at += 4
        end = at + length
        if end > size:
            add(Record(header & 0x3FF, header >> 10 & 0x3FF, at, size))
            return found, True
        add(Record(header & 0x3FF, header >> 10 & 0x3FF, at, end))
        at = end
    return found, False

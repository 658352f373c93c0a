"""HWP 3 files, built from the format's description: paragraphs, tables, notes, damage."""

from __future__ import annotations

import struct
import zlib

import pytest

from jihwi.errors import FileBroken, FileLocked, FileTooLarge, ReadingError
from jihwi.evidence import Reading
from jihwi.readers import Hint, Limits
from jihwi.readers.hwp3 import Hwp3Reader
from jihwi.readers.hwp3.characters import character

END = struct.pack("<H", 13)


def codes(text: str) -> bytes:
    """Text in the inner code: Hangul in five bits a letter, the rest as it is."""
    written = b""
    for sign in text:
        if "가" <= sign <= "힣":
            raw = sign.encode("johab")
            written += struct.pack("<H", raw[0] << 8 | raw[1])
        else:
            written += struct.pack("<H", ord(sign))
    return written


def paragraph(body: bytes, count: int, *, mixed: bool = False) -> bytes:
    """A paragraph of `count` characters, with its own shape and one line."""
    head = struct.pack("<BHHBBIB", 0, count, 1, mixed, 0, 0, 0) + bytes(31)
    flags = b"".join(b"\x01" if i else b"\x00" + bytes(31) for i in range(count)) if mixed else b""
    return head + bytes(187) + bytes(14) + flags + body


def plain(text: str, *, mixed: bool = False) -> bytes:
    """A paragraph of plain text."""
    return paragraph(codes(text) + END, len(text) + 1, mixed=mixed)


LAST = struct.pack("<BHHBBIB", 0, 0, 0, 0, 0, 0, 0) + bytes(31)


def listed(*paragraphs: bytes) -> bytes:
    """A list: its paragraphs and the empty one that ends it."""
    return b"".join(paragraphs) + LAST


def table(cells: list[tuple[int, int, int, int, str]], after: str = "", below: int = 0) -> bytes:
    """A table in a paragraph; cells are left, top, width, height, text. Text may follow it; it stands in the line, or
    hangs so far below the paragraph's top."""
    head = struct.pack("<H4xH", 10, 10) + bytes(8) + struct.pack("<BBHH", bool(below), 1, 0, below) + bytes(64)
    head += struct.pack("<HHH", 0, len(cells), 0)
    places = b"".join(struct.pack("<2H4H", 0, 0, x, y, w, h) + bytes(15) for x, y, w, h, _ in cells)
    lists = b"".join(listed(plain(text)) for *_, text in cells)
    return paragraph(head + places + lists + listed(plain("표 설명")) + codes(after) + END, 5 + len(after))


def footnote(before: str, note: str) -> bytes:
    """A paragraph with a footnote after its text; the note begins with its automatic number."""
    number = struct.pack("<4H", 18, 1, 1, 18)
    inner = paragraph(number + codes(f" {note}") + END, 4 + len(note) + 2)
    head = struct.pack("<H4xH", 17, 17) + bytes(8) + struct.pack("<3H", 1, 0, 0)
    return paragraph(codes(before) + head + listed(inner) + END, len(before) + 5)


def hwp3(body: bytes, *, compressed: bool = True, encrypted: int = 0) -> bytes:
    """A file around the list of paragraphs."""
    information = bytearray(128)
    information[96:98] = struct.pack("<H", encrypted)
    information[124] = compressed
    summary = codes("제목").ljust(112, b"\0") + bytes(112) + codes("저자").ljust(112, b"\0") + bytes(672)
    body = b"".join(struct.pack("<H", 1) + b"font".ljust(40, b"\0") for _ in range(7)) + bytes(2) + body
    if compressed:
        machine = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = machine.compress(body) + machine.flush()
    return b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05" + bytes(information) + summary + body


def read(data: bytes, limits: Limits | None = None) -> Reading:
    return Hwp3Reader().read(data, "hwp3", Hint(path="옛 문서.hwp"), limits or Limits()).reading


def shown(reading: Reading) -> list[tuple[str, str]]:
    return [(block.kind, reading.text[block.start : block.end]) for block in reading.blocks]


@pytest.mark.parametrize("compressed", [True, False])
def test_paragraphs_compressed_or_not(compressed: bool) -> None:
    reading = read(hwp3(listed(plain("첫 문단"), plain("Second 문단", mixed=True)), compressed=compressed))
    assert shown(reading) == [("paragraph", "첫 문단"), ("paragraph", "Second 문단")]
    assert (reading.metadata.title, reading.metadata.author) == ("제목", "저자")


def test_a_table_is_rebuilt_from_the_places_of_its_cells() -> None:
    cells = [(0, 0, 200, 50, "머리"), (0, 50, 100, 50, "왼쪽"), (100, 52, 100, 48, "오른쪽")]
    reading = read(hwp3(listed(table(cells))))
    grid = reading.blocks[0].table
    assert grid is not None
    assert [(c.row, c.column, c.column_span, reading.text[c.start : c.end]) for c in grid.cells] == [
        (0, 0, 2, "머리"),
        (1, 0, 1, "왼쪽"),
        (1, 1, 1, "오른쪽"),
    ]
    assert shown(reading)[1] == ("caption", "표 설명")


@pytest.mark.parametrize(("below", "first"), [(0, "table"), (200, "table"), (414, "paragraph")])
def test_a_table_that_hangs_beneath_the_first_line_comes_after_it(below: int, first: str) -> None:
    cells = [(0, 0, 100, 50, "왼쪽"), (100, 0, 100, 50, "오른쪽")]
    reading = read(hwp3(listed(table(cells, "다음과 같다.", below))))
    assert next(kind for kind, _ in shown(reading) if kind != "caption") == first
    assert ("paragraph", "다음과 같다.") in shown(reading)


def test_a_footnote_belongs_to_its_paragraph() -> None:
    reading = read(hwp3(listed(footnote("본문", "각주 글"))))
    assert shown(reading) == [("paragraph", "본문1)"), ("footnote", "1) 각주 글")]
    assert reading.blocks[1].parent == 0


def test_signs_and_hanja_have_their_places() -> None:
    assert [character(code) for code in (0x3441, 0x4F5D, 0xD3C5, 0x36E7, 0x0041)] == ["■", "債", "ᄒᆞᆫ", "①", "A"]


def test_a_file_that_ends_early_keeps_what_came_before() -> None:
    body = listed(plain("첫 문단"), plain("둘째 문단"))
    reading = read(hwp3(body[:-60], compressed=False))
    assert reading.text.startswith("첫 문단")
    assert "stream_cut" in [w.code for w in reading.warnings]


def test_unknown_signs_are_counted() -> None:
    reading = read(hwp3(listed(paragraph(struct.pack("<H", 0x2BCE) + END, 2))))
    assert [(w.code, w.count) for w in reading.warnings] == [("characters_unknown", 1)]


def test_a_password_locks_the_file() -> None:
    with pytest.raises(FileLocked):
        read(hwp3(listed(plain("글")), encrypted=1))


def test_a_bomb_is_stopped_at_the_limit() -> None:
    with pytest.raises(FileTooLarge):
        read(hwp3(bytes(5_000_000)), Limits(output_characters=10_000))


def test_what_is_no_hwp3_file_is_said_to_be_broken() -> None:
    with pytest.raises(FileBroken):
        read(b"HWP Document File V3.00")


def test_every_truncation_is_a_reading_or_a_reading_error() -> None:
    data = hwp3(listed(footnote("본문", "각주"), table([(0, 0, 100, 50, "칸")])), compressed=False)
    for length in range(1100, len(data), 13):
        try:
            read(data[:length])
        except ReadingError:
            continue

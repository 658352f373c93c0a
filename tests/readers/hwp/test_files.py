"""HWP 5 files of every make: compressed or not, locked, old, damaged, hostile."""

from __future__ import annotations

import struct
import zlib

import pytest

from jihwi.errors import FileBroken, FileLocked, FileTooLarge, ReadingError
from jihwi.readers import Limits
from jihwi.readers.hancom import Document, Grid, Paragraph, Section
from jihwi.readers.hwp import records as tags
from jihwi.readers.hwp.records import records
from jihwi.testing.compound_file import compound_file
from jihwi.testing.hwp import Heading, hwp, record, simple_document
from tests.readers.hancom.documents import cell, everything, holding, read_hwp, shown

DOCUMENT = simple_document(Heading("총칙"), "본문 한 문단", [["항목", "금액"], ["인건비", "100"]])
TEXT = "총칙\n본문 한 문단\n항목\t금액\n인건비\t100"


@pytest.mark.parametrize("version", [(5, 0, 0, 0), (5, 0, 1, 7), (5, 0, 3, 4), (5, 1, 1, 0)])
@pytest.mark.parametrize("compressed", [True, False])
def test_all_versions_compressed_or_not(version: tuple[int, int, int, int], compressed: bool) -> None:
    assert read_hwp(hwp(DOCUMENT, version=version, compressed=compressed)).text == TEXT


def test_a_distribution_locked_file_is_read_and_says_so() -> None:
    reading = read_hwp(hwp(DOCUMENT, distributed=True))
    assert reading.text == TEXT
    assert [w.code for w in reading.warnings] == ["distribution_locked"]


def test_a_distributed_body_is_found_without_the_flag() -> None:
    data = hwp(DOCUMENT, distributed=True)
    at = data.index(b"HWP Document File") + 36
    data = data[:at] + struct.pack("<I", 1) + data[at + 4 :]
    assert read_hwp(data).text == TEXT


@pytest.mark.parametrize("password", ["1234567", "비밀번호"])
def test_a_password_opens_a_locked_file(password: str) -> None:
    assert read_hwp(hwp(DOCUMENT, password=password), password=password).text == TEXT


@pytest.mark.parametrize("given", ["", "틀린 암호"])
def test_without_the_right_password_the_file_stays_locked(given: str) -> None:
    with pytest.raises(FileLocked):
        read_hwp(hwp(DOCUMENT, password="1234567"), password=given)


def test_the_summary_may_be_missing_or_damaged() -> None:
    assert read_hwp(hwp(DOCUMENT, summary=False)).text == TEXT
    assert read_hwp(hwp(DOCUMENT, streams={"\x05HwpSummaryInformation": b"\xff" * 60})).text == TEXT


def test_no_text_comes_from_the_preview() -> None:
    preview = "미리보기에만 있는 글".encode("utf-16-le")
    assert read_hwp(hwp(DOCUMENT, streams={"PrvText": preview})).text == TEXT


def test_a_document_without_definitions_still_gives_its_text() -> None:
    data = hwp(DOCUMENT, compressed=False, streams={"DocInfo": b""})
    assert [text for _, text in shown(read_hwp(data))] == [*TEXT.split("\n", 2)[:2], "항목\t금액\n인건비\t100"]


def test_a_stream_that_breaks_off_keeps_what_came_before() -> None:
    paragraphs = tuple(Paragraph(f"문단 {i} " + "가나다라" * 20) for i in range(50))
    whole = hwp(Document((Section(paragraphs),)), compressed=False)
    body = _section(paragraphs)
    cut = hwp(Document((Section(paragraphs),)), compressed=False, streams={"BodyText/Section0": body[: len(body) // 2]})
    reading = read_hwp(cut)
    assert 10 < len(reading.blocks) < len(read_hwp(whole).blocks)
    assert [w.code for w in reading.warnings] == ["stream_cut"]


def test_damaged_deflate_keeps_what_came_before() -> None:
    body = _section(tuple(Paragraph(f"문단 {i} {i * 7919}") for i in range(400)))
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    invalid_block = b"\x07"
    packed = machine.compress(body[: len(body) // 2]) + machine.flush(zlib.Z_FULL_FLUSH) + invalid_block
    reading = read_hwp(hwp(DOCUMENT, streams={"BodyText/Section0": packed}))
    assert reading.text.startswith("문단 0 0\n문단 1 7919")
    assert [w.code for w in reading.warnings] == ["stream_cut"]


def test_unknown_records_controls_and_kinds_lose_nothing() -> None:
    text = "앞".encode("utf-16-le") + struct.pack("<H4s8xH", 11, b"????", 11) + "뒤\r".encode("utf-16-le")
    body = record(tags.PARA_HEADER, 0, struct.pack("<IIHBBHHHIH", 11 | 1 << 31, 0, 999, 99, 0xFF, 1, 0, 0, 0, 0))
    body += record(tags.PARA_TEXT, 1, text) + record(0x3FF, 1, b"unknown")
    body += record(tags.CTRL_HEADER, 1, b"????" + bytes(40)) + record(0x2AA, 2, bytes(9))
    reading = read_hwp(hwp(DOCUMENT, compressed=False, streams={"BodyText/Section0": body}))
    assert reading.text == "앞뒤"


def test_a_bomb_is_stopped_at_the_limit() -> None:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = machine.compress(bytes(50_000_000)) + machine.flush()
    with pytest.raises(FileTooLarge):
        read_hwp(hwp(DOCUMENT, streams={"BodyText/Section0": bomb}), limits=Limits(output_characters=1_000_000))


def test_nesting_is_cut_at_the_limit() -> None:
    grid = Grid((cell(0, 0, "가장 안쪽"), cell(0, 1, "x")))
    for depth in range(12):
        grid = Grid((grid.cells[0].__class__(0, 0, 1, 1, (holding(f"깊이 {depth}", (0, grid)),)), cell(0, 1, "x")))
    document = Document((Section((holding("", (0, grid)),)),))
    whole, cut = read_hwp(hwp(document)), read_hwp(hwp(document), limits=Limits(nesting=4))
    assert "가장 안쪽" in whole.text
    assert "가장 안쪽" not in cut.text
    assert [w.code for w in cut.warnings] == ["nesting_cut"]


@pytest.mark.parametrize("data", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", compound_file({"FileHeader": b"other"})])
def test_what_is_no_hwp_file_is_said_to_be_broken(data: bytes) -> None:
    with pytest.raises(FileBroken):
        read_hwp(data)


def test_every_truncation_is_a_reading_or_a_reading_error() -> None:
    data = hwp(everything())
    for length in range(0, len(data), 97):
        try:
            read_hwp(data[:length])
        except ReadingError:
            continue


def test_half_of_a_pair_does_not_fail_the_file() -> None:
    text = b"\x3d\xd8" + "글\r".encode("utf-16-le")
    body = record(tags.PARA_HEADER, 0, struct.pack("<IIHBBHHHIH", 3 | 1 << 31, 0, 0, 0, 0, 1, 0, 0, 0, 0))
    body += record(tags.PARA_TEXT, 1, text)
    reading = read_hwp(hwp(DOCUMENT, compressed=False, streams={"BodyText/Section0": body}))
    assert reading.text.endswith("글")
    reading.text.encode("utf-8")


def _section(paragraphs: tuple[Paragraph, ...]) -> bytes:
    """The plain record stream of a section with these paragraphs."""
    import io

    import olefile

    with olefile.OleFileIO(io.BytesIO(hwp(Document((Section(paragraphs),)), compressed=False))) as opened:
        body = bytes(opened.openstream("BodyText/Section0").read())
    assert records(body)[1] is False
    return body


def test_tracked_deletions_are_hidden_and_counted() -> None:
    text = "남은 지운 글과 넣은 글\r".encode("utf-16-le")
    body = record(tags.PARA_HEADER, 0, struct.pack("<IIHBBHHHIH", len(text) // 2 | 1 << 31, 0, 0, 0, 0, 1, 2, 0, 0, 0))
    body += record(tags.PARA_TEXT, 1, text)
    ranges = struct.pack("<III", 3, 6, 0x11 << 24 | 1) + struct.pack("<III", 9, 11, 0x10 << 24 | 2)
    body += record(tags.PARA_RANGE_TAG, 1, ranges)
    reading = read_hwp(hwp(DOCUMENT, compressed=False, streams={"BodyText/Section0": body}))
    assert reading.text == "남은 글과 넣은 글"
    assert [(w.code, w.count) for w in reading.warnings] == [("tracked_deletion_hidden", 1)]

"""Pictures: recognised where Tesseract with Korean is installed, and named where it is not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from jihwi.errors import FileBroken, FileTooLarge, ReaderMissing
from jihwi.evidence import Reading
from jihwi.readers import FileToRead, Limits, ocr, progress
from jihwi.readers.sandbox import SandboxReadingService
from tests.readers.asking import kinds, read, warned

FONT = Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf")
PATIENT = Limits(seconds=600.0)
"""The real program needs a while on a slow machine."""


SAYS_ITS_SIZE = """#!/bin/sh
if [ "$1" = --list-langs ]; then echo 'List of languages:'; echo kor; exit; fi
head -c 12 | {
  read magic width rest
  printf 'head\\n5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t90\\tw%s\\n' "$width" > "$2.tsv"
  : > "$2.txt"
}
"""
"""A stand-in for Tesseract, for books too long for a test: all it recognises is how wide a page is."""


@pytest.fixture
def quick_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    program = tmp_path / "programs" / "tesseract"
    program.parent.mkdir()
    program.write_text(SAYS_ITS_SIZE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    ocr.available.cache_clear()
    yield
    ocr.available.cache_clear()


def book(pages: int, format: str = "TIFF") -> bytes:
    """A scanned book of very small pages, each one wider than the one before."""
    scanned = [Image.new("L", (100 + number, 20), 200) for number in range(1, pages + 1)]
    made = io.BytesIO()
    scanned[0].save(made, format, save_all=True, append_images=scanned[1:], resolution=72)
    return made.getvalue()


def left_out(reading: Reading) -> list[str]:
    return [warning.detail for warning in reading.warnings if warning.code == "page_not_recognised"]


def picture(text: str, format: str = "PNG") -> bytes:
    image = Image.new("L", (1600, 400), 255)
    if text:
        draw = ImageDraw.Draw(image)
        draw.text((80, 140), text, font=ImageFont.truetype(str(FONT), 60), fill=0)
    made = io.BytesIO()
    image.save(made, format, dpi=(300, 300))
    return made.getvalue()


def test_without_recognition_the_reader_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ocr.available.cache_clear()
    with pytest.raises(ReaderMissing) as raised:
        read("png", picture(""))
    ocr.available.cache_clear()
    assert "tesseract" in raised.value.detail


@pytest.mark.needs("tesseract-kor", "fonts-nanum")
@pytest.mark.parametrize("format", ["png", "jpeg", "tiff"])
def test_korean_in_a_picture_is_recognised_and_marked(format: str) -> None:
    reading = read(format, picture("예산 편성 지침 안내", format.upper()), limits=PATIENT)
    assert "예산" in reading.text
    assert kinds(reading) == ["paragraph"]
    assert [run.origin for run in reading.origins] == ["recognised"]
    box = reading.blocks[0].box
    assert box is not None
    assert 10 < box.left < 40


@pytest.mark.needs("tesseract-kor")
def test_a_picture_without_text_says_so() -> None:
    reading = read("png", picture(""), limits=PATIENT)
    assert (reading.text, warned(reading)) == ("", ["picture_without_text"])


@pytest.mark.needs("tesseract-kor")
def test_a_picture_of_more_dots_than_fit_is_too_large_and_no_crash() -> None:
    made = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(made, "PNG")
    with pytest.raises(FileTooLarge):
        read("png", made.getvalue())


def test_rubbish_is_broken() -> None:
    with pytest.raises(FileBroken):
        read("png", b"\x89PNG\r\n\x1a\nrubbish")


# ── whole books ──


@pytest.mark.usefixtures("quick_tesseract")
def test_a_scanned_book_is_recognised_to_its_last_page() -> None:
    reading = read("tiff", book(70), limits=Limits(seconds=24.0))
    assert [block.page for block in reading.blocks] == list(range(1, 71))
    assert (reading.metadata.pages, left_out(reading)) == (70, [])


@pytest.mark.usefixtures("quick_tesseract")
def test_the_pages_of_a_scanned_pdf_beyond_what_is_recognised_in_one_go_are_named() -> None:
    reading = read("pdf", book(23, "PDF"), limits=Limits(seconds=9.0))
    assert [block.page for block in reading.blocks] == list(range(1, 21))
    assert left_out(reading) == ["21", "22", "23"]


@pytest.mark.usefixtures("quick_tesseract")
def test_the_pages_of_a_tiff_beyond_what_is_recognised_in_one_go_are_named_and_graded(tmp_path: Path) -> None:
    (tmp_path / "대장.tiff").write_bytes(book(43))
    with SandboxReadingService(Limits(seconds=14.0), processes=1) as service:
        (outcome,) = service.read_all([FileToRead(str(tmp_path / "대장.tiff"), "대장.tiff")])
    assert outcome.reading is not None
    assert outcome.reading.metadata.pages == 43
    assert len(outcome.reading.blocks) == 40
    remark = next(each for each in outcome.remarks if each.code == "page_not_recognised")
    assert (outcome.grade, remark.params["detail"], remark.params["count"]) == ("D", "41–43", "3")


@pytest.mark.usefixtures("quick_tesseract")
def test_when_the_time_of_a_book_runs_out_what_was_recognised_is_kept_and_the_rest_named() -> None:
    time_left = iter([True] * 3 + [False] * 9)
    progress.on_question(lambda: next(time_left))
    reading = read("tiff", book(5))
    progress.on_question(lambda: True)
    assert [block.page for block in reading.blocks] == [1, 2, 3]
    assert left_out(reading) == ["4", "5"]


@pytest.mark.usefixtures("quick_tesseract")
def test_who_is_in_haste_recognises_nothing_and_names_every_page() -> None:
    reading = read("tiff", book(2), limits=Limits(seconds=4.0))
    assert (reading.text, left_out(reading)) == ("", ["1", "2"])


@pytest.mark.usefixtures("quick_tesseract")
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_picture_of_any_kind_of_colour_is_looked_at(mode: str) -> None:
    made = io.BytesIO()
    Image.new(mode, (1200, 20)).save(made, "PNG")
    assert read("png", made.getvalue()).text == "w1200"

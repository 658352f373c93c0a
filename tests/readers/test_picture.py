"""Pictures: recognised where Tesseract with Korean is installed, and named where it is not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from jihwi.errors import FileBroken, ReaderMissing
from jihwi.readers import ocr
from tests.readers.asking import kinds, read, warned

FONT = Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf")


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
    reading = read(format, picture("예산 편성 지침 안내", format.upper()))
    assert "예산" in reading.text
    assert kinds(reading) == ["paragraph"]
    assert [run.origin for run in reading.origins] == ["recognised"]
    box = reading.blocks[0].box
    assert box is not None
    assert 10 < box.left < 40


@pytest.mark.needs("tesseract-kor")
def test_a_picture_without_text_says_so() -> None:
    reading = read("png", picture(""))
    assert (reading.text, warned(reading)) == ("", ["picture_without_text"])


@pytest.mark.needs("tesseract-kor")
def test_rubbish_is_broken() -> None:
    with pytest.raises(FileBroken):
        read("png", b"\x89PNG\r\n\x1a\nrubbish")

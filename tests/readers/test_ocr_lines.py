"""What Tesseract saw becomes paragraphs: blanks as in its text, columns one after the other, tables left in rows."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from jihwi.readers import Limits
from jihwi.readers.ocr import available
from jihwi.readers.ocr_lines import confidence_of, paragraphs
from tests.readers.asking import read

FONT = Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf")
EM = 30


def table_of_words(lines: list[list[tuple[str, int]]], paragraph: int = 1) -> str:
    """Tesseract's table for lines of words, each with where it begins."""
    rows = ["level\tpage\tblock\tpar\tline\tword\tleft\ttop\twidth\theight\tconf\ttext"]
    for number, line in enumerate(lines, start=1):
        for place, (word, left) in enumerate(line, start=1):
            cells = (5, 1, 1, paragraph, number, place, left, number * 50, len(word) * EM, EM, 90, word)
            rows.append("\t".join(map(str, cells)))
    return "\n".join(rows)


def test_blanks_between_syllables_are_those_of_the_text() -> None:
    table = table_of_words([[("계", 0), ("약", 31), ("은", 62), ("공개", 110)], [("끝", 0), ("이다.", 31)]])
    (found,) = paragraphs(table, "계약은 공개\n끝이다.\n")
    assert found.text == "계약은 공개\n끝이다."
    (unknown,) = paragraphs(table, "다른 글\n")
    assert unknown.text == "계 약 은 공개\n끝 이다."


def column(text: str, left: int) -> list[tuple[str, int]]:
    words, at = [], left
    for word in text.split():
        words.append((word, at))
        at += (len(word) + 1) * EM
    return words


def test_two_columns_of_running_text_are_read_one_after_the_other() -> None:
    title = [("두 단으로 나눈 문서의 제목은 가운데를 지난다", 200)]
    left = [f"왼쪽 {n}째 줄은 단을 채운다" for n in range(8)]
    right = [f"오른 {n}째 줄도 단을 채운다" for n in range(8)]
    lines = [title, *(column(one, 0) + column(other, 700) for one, other in zip(left, right, strict=True))]
    text = "\n".join(one.text for one in paragraphs(table_of_words(lines)))
    assert text.split("\n") == [title[0][0], *left, *right]


def test_a_table_without_lines_stays_in_rows() -> None:
    lines = [column(f"항목 {n}", 0) + column(f"{n},000", 700) + column("비고", 1200) for n in range(10)]
    (found,) = paragraphs(table_of_words(lines))
    assert found.text.split("\n")[3] == "항목 3 3,000 비고"


def test_certainty_counts_letters_and_not_paragraphs() -> None:
    rows = table_of_words([[("확실한글자들이다", 0)]]) + table_of_words([[("1", 0)]], paragraph=2).partition("\n")[2]
    assert confidence_of(paragraphs(rows)) == 90.0
    assert confidence_of([]) == 100.0


@pytest.mark.needs("tesseract-kor", "fonts-nanum")
@pytest.mark.skipif(not available() or not FONT.exists(), reason="no Tesseract with Korean, or no Korean font")
@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_a_scanned_page_is_read_whichever_way_it_lies(degrees: int) -> None:
    image = Image.new("L", (1500, 700), 255)
    draw = ImageDraw.Draw(image)
    for line in range(7):
        text = "공사기간은 구월 삼십일까지이며 연장할 수 없다."
        draw.text((80, 60 + line * 85), text, font=ImageFont.truetype(str(FONT), 50), fill=0)
    made = io.BytesIO()
    image.rotate(degrees, expand=True).save(made, "PNG", dpi=(300, 300))
    reading = read("png", made.getvalue(), limits=Limits(seconds=600.0))  # the program needs a while for each look
    assert "공사기간은 구월 삼십일까지이며" in reading.text
    box = reading.blocks[0].box
    assert box is not None
    assert box.right <= max(image.size) * 72 / 300
    assert shutil.which("tesseract")

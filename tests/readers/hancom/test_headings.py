"""What is a heading in a Hancom document, and what only looks like one; the same in both formats."""

from __future__ import annotations

import pytest

from jihwi.evidence import Reading
from jihwi.readers.hancom import Document, Grid, Paragraph, Section, Shape
from tests.readers.hancom.documents import both, cell, holding, note, shown

BODY = Paragraph("본문은 제목보다 길고, 보통 크기의 글자로 여러 줄에 걸쳐 적혀 있다.")


def document(*paragraphs: Paragraph) -> Document:
    return Document((Section(paragraphs),))


def box(*cells: str, size: int = 0) -> Paragraph:
    """A table of one row in a paragraph of its own."""
    made = tuple(
        cell(0, column, text).__class__(0, column, 1, 1, (Paragraph(text, size=size),))
        for column, text in enumerate(cells)
    )
    return holding("", (0, Grid(made, inline=True)))


def headings(reading: Reading) -> list[tuple[int, str, str]]:
    return [
        (block.level, block.number, reading.block_text(index))
        for index, block in enumerate(reading.blocks)
        if block.kind == "heading"
    ]


def both_say(made: Document) -> list[tuple[int, str, str]]:
    """The headings, which twins have to agree on."""
    hwp, hwpx = both(made)
    assert shown(hwp) == shown(hwpx)
    assert headings(hwp) == headings(hwpx)
    return headings(hwp)


def test_a_style_for_headings_makes_one_also_of_a_numbered_paragraph() -> None:
    made = document(Paragraph("개요", Shape(heading=2)), BODY, Paragraph("범위", Shape("number", 0, "", heading=3)))
    assert both_say(made) == [(2, "", "개요"), (3, "", "범위")]


def test_a_run_of_lines_in_a_heading_style_is_a_list() -> None:
    lines = [Paragraph(f"항목 {name}", Shape(heading=3)) for name in "가나다"]
    assert both_say(document(Paragraph("차림", Shape(heading=2)), BODY, *lines)) == [(2, "", "차림")]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("제2장 예산의 편성", (2, "제2장", "제2장 예산의 편성")),
        ("Ⅱ. 추진 체계", (1, "Ⅱ.", "Ⅱ. 추진 체계")),
        ("Ⅱ. 추진 체계\t7", None),
        ("Ⅱ. 추진 체계 ········ 7", None),
        ("V : 용기의 부피", None),
        ("제2조에 따라 예산을 편성한다.", None),
    ],
)
def test_a_typed_number_makes_a_heading_of_a_short_line(line: str, heading: tuple[int, str, str] | None) -> None:
    assert both_say(document(BODY, Paragraph(line))) == ([heading] if heading else [])


def test_a_title_in_a_box_and_bands_below_it_are_headings_and_no_tables() -> None:
    made = document(box("2026년 업무 계획"), box("Ⅰ", "", "지난해의 평가"), BODY, box("1", "성과"), BODY)
    assert both_say(made) == [(1, "", "2026년 업무 계획"), (2, "Ⅰ", "Ⅰ 지난해의 평가"), (3, "1", "1 성과")]


def test_bands_of_a_document_without_a_title_begin_at_the_first_level() -> None:
    made = document(BODY, box("Ⅰ", "개요"), BODY, box("참고 1", "", "통계"), BODY, box("2. 향후 계획"))
    assert both_say(made) == [(1, "Ⅰ", "Ⅰ 개요"), (1, "참고 1", "참고 1 통계"), (2, "2.", "2. 향후 계획")]


def test_large_letters_in_a_box_are_a_heading_and_usual_ones_are_not() -> None:
    made = document(BODY, box("앞으로의 전망", size=1600), BODY, box("강조하는 말", size=1000))
    assert both_say(made) == [(1, "", "앞으로의 전망")]


@pytest.mark.parametrize(
    "row",
    [
        box("비전", "국민과 함께 커지는 한국어"),
        box("문서번호", "119-2428"),
        box("1", "2"),
        box("이 상자에는 한 문장이 들어 있다."),
        box("가", "나", "다"),
    ],
)
def test_other_rows_stay_tables(row: Paragraph) -> None:
    hwp, hwpx = both(document(BODY, row))
    assert shown(hwp) == shown(hwpx)
    assert [block.kind for block in hwp.blocks] == ["paragraph", "table"]


def test_a_title_that_is_shown_again_is_a_heading_again() -> None:
    made = document(box("재정 통계"), BODY, box("재정 통계"), BODY)
    assert [level for level, _, _ in both_say(made)] == [1, 1]


def test_a_line_and_a_box_that_say_the_same_are_one_heading() -> None:
    made = document(BODY, Paragraph("파일", Shape(heading=2)), box("파일", size=2000), BODY)
    assert both_say(made) == [(2, "", "파일")]


def test_a_note_in_a_band_belongs_to_its_heading() -> None:
    title = holding("사회적 변화", (6, note("넓은 뜻에서")))
    band = Grid((cell(0, 0, "Ⅱ"), cell(0, 1).__class__(0, 1, 1, 1, (title,))), inline=True)
    hwp, hwpx = both(document(BODY, holding("", (0, band))))
    assert shown(hwp) == shown(hwpx)
    assert headings(hwp) == [(1, "Ⅱ", "Ⅱ 사회적 변화1)")]
    assert [(block.kind, block.parent) for block in hwp.blocks[2:]] == [("footnote", 1)]


def test_a_ticked_bullet_shows_the_ticked_sign() -> None:
    made = Document(
        (
            Section(
                tuple(
                    Paragraph(text, Shape("bullet", 0, "box", checked=ticked))
                    for text, ticked in (("접수", True), ("심사", False))
                )
            ),
        ),
        bullets={"box": "☐"},
        ticked={"box": "☑"},
    )
    hwp, hwpx = both(made)
    assert hwp.text == hwpx.text == "☑ 접수\n☐ 심사"


def test_outline_levels_beyond_the_seventh_are_kept() -> None:
    made = document(*(Paragraph(f"수준 {level + 1}", Shape("outline", level)) for level in range(9)))
    assert [level for level, _, _ in both_say(made)] == [1, 2, 3, 4, 5, 6, 7, 8, 9]

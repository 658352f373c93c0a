"""One document in two formats gives the same blocks, and they are the right ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.evidence import Reading
from jihwi.readers.hancom import Anchor, Document, Frame, Grid, GridCell, Paragraph, Picture, Place, Section
from tests.readers.hancom.documents import both, cell, everything, holding, note, shown


@pytest.fixture(params=["hwp5", "hwpx"])
def reading(request: pytest.FixtureRequest) -> Reading:
    hwp, hwpx = both(everything())
    return hwp if request.param == "hwp5" else hwpx


def test_both_formats_give_the_same_blocks() -> None:
    hwp, hwpx = both(everything())
    assert shown(hwp) == shown(hwpx)
    assert [(b.level, b.number, b.parent, b.table) for b in hwp.blocks] == [
        (b.level, b.number, b.parent, b.table) for b in hwpx.blocks
    ]
    assert hwp.origins == hwpx.origins


def test_outline_paragraphs_are_headings_with_their_numbers(reading: Reading) -> None:
    headings = [(b.level, b.number, reading.text[b.start : b.end]) for b in reading.blocks if b.kind == "heading"]
    assert headings == [
        (1, "제1장", "제1장 총칙"),
        (2, "제1조", "제1조 목적"),
        (2, "제2조", "제2조 정의"),
        (1, "제2장", "제2장 부칙"),
    ]


def test_automatic_numbers_are_marked_as_rendered(reading: Reading) -> None:
    rendered = [reading.text[run.start : run.end] for run in reading.origins if run.origin == "rendered"]
    assert {"제1장", "제2조", "1)", "가)", "2)", "•"} <= set(rendered)


def test_list_items_keep_their_depth(reading: Reading) -> None:
    items = [(b.level, reading.text[b.start : b.end]) for b in reading.blocks if b.kind == "list_item"]
    assert items == [(1, "1) 하나"), (2, "가) 하나의 하나"), (1, "2) 둘"), (1, "• 점")]


def test_a_note_is_called_in_the_text_and_belongs_to_its_paragraph(reading: Reading) -> None:
    notes = [block for block in reading.blocks if block.kind == "footnote"]
    assert [reading.text[n.start : n.end] for n in notes] == ["1) 이하 규정이라 한다"]
    assert reading.block_text(notes[0].parent) == "이 규정은 1)복무를 정한다."
    assert notes[0].number == "1)"


def test_a_note_after_a_figure_does_not_run_into_it() -> None:
    document = Document((Section((holding("모두 50명", (5, note("정원"))), holding("모두 50", (5, note("정원"))))),))
    hwp, _ = both(document)
    assert [text for kind, text in shown(hwp) if kind == "paragraph"] == ["모두 50 1)명", "모두 50 1)"]


def test_a_table_keeps_spans_header_and_caption(reading: Reading) -> None:
    index = next(i for i, b in enumerate(reading.blocks) if b.table is not None and b.table.rows == 3)
    table = reading.blocks[index].table
    assert table is not None
    cells = [(c.row, c.column, c.row_span, c.column_span, reading.text[c.start : c.end]) for c in table.cells]
    assert cells[:3] == [(0, 0, 1, 1, "구분"), (0, 1, 1, 2, "예산\n(천원)"), (1, 0, 2, 1, "인건비")]
    assert (table.rows, table.columns, table.header_rows) == (3, 3, 1)
    caption = reading.blocks[index + 1]
    assert (caption.kind, caption.parent) == ("caption", index)


def test_a_nested_table_is_its_own_block_and_not_in_the_outer_cell(reading: Reading) -> None:
    outer = next(i for i, b in enumerate(reading.blocks) if reading.block_text(i) == "바깥\t옆")
    assert reading.block_text(outer + 1) == "안쪽"
    assert reading.blocks[outer + 1].kind == "table"
    assert reading.blocks[outer + 1].parent == outer
    assert reading.blocks[outer + 1].cell == (0, 0)
    assert [block.cell for block in reading.blocks if block.parent < 0] == [None] * sum(
        block.parent < 0 for block in reading.blocks
    )


def test_frames_come_after_their_paragraph(reading: Reading) -> None:
    box = next(b for b in reading.blocks if b.kind == "text_box")
    assert reading.text[box.start : box.end] == "글상자 하나\n글상자 둘"
    assert reading.block_text(box.parent) == "앞 뒤"
    kinds = {b.kind for b in reading.blocks}
    assert {"header", "comment", "form_field", "image", "equation"} <= kinds


def test_blocks_bear_the_section_they_stand_in(reading: Reading) -> None:
    sections = {reading.block_text(i): block.section for i, block in enumerate(reading.blocks)}
    assert (sections["제1장 총칙"], sections["제2장 부칙"]) == ("구역 1", "구역 2")


def test_a_document_of_one_section_names_none() -> None:
    hwp, hwpx = both(Document((Section((Paragraph("글"),)),)))
    assert [block.section for block in (*hwp.blocks, *hwpx.blocks)] == ["", ""]


def test_metadata_is_read(reading: Reading) -> None:
    assert (reading.metadata.title, reading.metadata.author) == ("복무 규정", "총무과")


def test_a_table_in_the_line_divides_its_paragraph() -> None:
    document = Document((Section((holding("앞뒤", (1, Grid((cell(0, 0, "안"),), inline=True))),)),))
    hwp, hwpx = both(document)
    assert shown(hwp) == shown(hwpx) == [("paragraph", "앞"), ("table", "안"), ("paragraph", "뒤")]


def test_a_floating_table_does_not_divide_a_sentence() -> None:
    document = Document((Section((holding("앞뒤", (1, Grid((cell(0, 0, "안"),)))),)),))
    hwp, _ = both(document)
    assert shown(hwp) == [("paragraph", "앞뒤"), ("table", "안")]
    assert hwp.blocks[1].parent == 0


@pytest.mark.parametrize(
    ("below", "size", "first"),
    [(0, 0, "table"), (999, 1000, "table"), (1000, 1000, "paragraph"), (1657, 0, "paragraph")],
)
def test_what_hangs_beneath_the_first_line_of_its_paragraph_comes_after_it(below: int, size: int, first: str) -> None:
    grid = Grid((cell(0, 0, "가"), cell(0, 1, "나")), place=Place("paragraph", below, 0))
    paragraph = Paragraph("다음과 같다.", anchors=(Anchor(0, grid),), size=size)
    hwp, hwpx = both(Document((Section((paragraph, Paragraph("뒤"))),)))
    assert shown(hwp) == shown(hwpx)
    assert hwp.blocks[0].kind == first
    assert [b.parent for b in hwp.blocks if b.kind == "table"] == [0 if first == "paragraph" else -1]


def test_what_hangs_beneath_a_paragraph_without_text_waits_for_none() -> None:
    box = Frame("text_box", (Paragraph("글상자"),), place=Place("paragraph", 5000, 0))
    hwp, hwpx = both(Document((Section((holding("  ", (0, box)), Paragraph("뒤"))),)))
    assert shown(hwp) == shown(hwpx) == [("text_box", "글상자"), ("paragraph", "뒤")]


def test_boxes_that_float_from_one_paragraph_come_from_the_top_of_the_page_down() -> None:
    places = [(54969, 5397), (12783, 5328), (12783, 300), (-2835, 0)]
    boxes = [Frame("text_box", (Paragraph(f"{top} {left}"),), place=Place("paper", top, left)) for top, left in places]
    hwp, hwpx = both(Document((Section((holding("", *((0, box) for box in boxes)),)),)))
    assert shown(hwp) == shown(hwpx)
    assert [text for _, text in shown(hwp)] == ["-2835 0", "12783 300", "12783 5328", "54969 5397"]


def test_what_is_counted_from_other_corners_keeps_its_order() -> None:
    page = Frame("text_box", (Paragraph("쪽"),), place=Place("page", 9000, 0))
    paper = Frame("text_box", (Paragraph("종이"),), place=Place("paper", 100, 0))
    hwp, hwpx = both(Document((Section((holding("", (0, page), (0, paper)),)),)))
    assert [text for _, text in shown(hwp)] == [text for _, text in shown(hwpx)] == ["쪽", "종이"]


def test_a_row_that_frames_a_table_divides_the_one_it_stands_in() -> None:
    inner = Grid((cell(0, 0, "가"), cell(0, 1, "나")), inline=True)
    framed = GridCell(1, 0, 1, 2, (Paragraph("위"), holding("", (0, inner)), Paragraph("아래")))
    form = Grid(
        (
            cell(0, 0, "품목"),
            cell(0, 1, "일반"),
            framed,
            cell(2, 0, "기간", spans=(2, 1)),
            cell(2, 1, "1년"),
            cell(3, 1, "2년"),
        ),
        inline=True,
        caption=(Paragraph("서식 1"),),
    )
    hwp, hwpx = both(Document((Section((holding("", (0, form)),)),)))
    assert shown(hwp) == shown(hwpx)
    assert shown(hwp) == [
        ("table", "품목\t일반"),
        ("paragraph", "위"),
        ("table", "가\t나"),
        ("paragraph", "아래"),
        ("table", "기간\t1년\n2년"),
        ("caption", "서식 1"),
    ]
    last = hwp.blocks[4].table
    assert last is not None
    assert [(c.row, c.column, c.row_span) for c in last.cells] == [(0, 0, 2), (0, 1, 1), (1, 1, 1)]
    assert hwp.blocks[5].parent == 4


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param(cell(1, 2, "옆"), id="another cell in its row"),
        pytest.param(cell(0, 2, "옆", spans=(2, 1)), id="a cell that reaches over it"),
    ],
)
def test_a_row_with_other_cells_is_no_frame(beside: GridCell) -> None:
    inner = Grid((cell(0, 0, "가"), cell(0, 1, "나")), inline=True)
    framed = GridCell(1, 0, 1, 2, (Paragraph("위"), holding("", (0, inner)), Paragraph("아래")))
    form = Grid((cell(0, 0, "품목", spans=(1, 2)), framed, beside), inline=True)
    hwp, hwpx = both(Document((Section((holding("", (0, form)),)),)))
    assert shown(hwp) == shown(hwpx)
    assert [kind for kind, _ in shown(hwp)] == ["table", "table"]


def test_a_table_of_one_cell_around_a_table_is_a_frame() -> None:
    inner = Grid((cell(0, 0, "가"), cell(0, 1, "나")), inline=True)
    frame = Grid((cell(0, 0),), inline=True)
    frame = Grid(
        (frame.cells[0].__class__(0, 0, 1, 1, (Paragraph("위"), holding("", (0, inner)), Paragraph("아래"))),),
        inline=True,
    )
    hwp, hwpx = both(Document((Section((holding("", (0, frame)),)),)))
    assert shown(hwp) == shown(hwpx) == [("paragraph", "위"), ("table", "가\t나"), ("paragraph", "아래")]


def test_private_code_points_become_unicode_and_are_marked() -> None:
    document = Document(
        (
            Section(
                (Paragraph("\uf53a글 \uf0a7 \U000f02b1"), holding("", (0, Grid((cell(0, 0, "\uf53a글"),))))),
            ),
        )
    )
    hwp, hwpx = both(document)
    assert hwp.text == hwpx.text == "ᄒᆞᆫ글 ▪ 1\nᄒᆞᆫ글"
    assert [(r.start, r.end, r.origin) for r in hwp.origins] == [
        (0, 3, "mapped"),
        (5, 6, "mapped"),
        (7, 8, "mapped"),
        (9, 12, "mapped"),
    ]


def test_old_hangul_stands_in_the_order_of_the_dictionary() -> None:
    run = "".join(chr(code) for code in range(0xF4C3, 0xF4C9))
    hwp, _ = both(Document((Section((Paragraph(run),)),)))
    assert [ascii(sign) for sign in hwp.text[2::3]] == [ascii(sign) for sign in "\u11d0\u11d9\u11f0\u11f1\u11f9"]
    assert hwp.text.endswith("\u1112\u117a")


_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"], exclude_characters="\u2028\u2029\x85\ufeff"), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=5))
def test_any_text_survives_both_formats(texts: list[tuple[str, str]]) -> None:
    paragraphs = [Paragraph(before) for before, _ in texts]
    paragraphs += [holding("", (0, Frame("text_box", (Paragraph(after),)))) for _, after in texts]
    hwp, hwpx = both(Document((Section(tuple(paragraphs)),)))
    expected = [before.strip() for before, _ in texts] + [after.strip() for _, after in texts]
    assert [text for _, text in shown(hwp)] == [text for text in expected if text]
    assert shown(hwp) == shown(hwpx)


def test_a_document_of_pictures_only_says_that_it_has_no_text() -> None:
    document = Document((Section((holding("", (0, Picture("a")), (0, Picture("b"))),)),))
    hwp, _ = both(document)
    assert [w.code for w in hwp.warnings] == ["no_text"]

"""A reading is written as Markdown that shows what it holds, as JSON in a published shape, and as plain text."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from jihwi.evidence import Reading, ReadingBuilder
from jihwi.readers.writers import reading_schema, to_json, to_markdown, to_text

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "reading.schema.json"


def builder() -> ReadingBuilder:
    return ReadingBuilder(source="00", reader="test", reader_version="1", format="hwpx")


def rendered(reading: Reading) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(to_markdown(reading)))


def test_headings_lists_and_paragraphs_keep_their_kind() -> None:
    made = builder().heading("제1장 총칙", level=2).paragraph("첫 줄\n둘째 줄").block("list_item", "하나", level=1)
    html = rendered(made.block("list_item", "하나의 하나", level=2).block("list_item", "둘", level=1).done())
    assert "<h2>제1장 총칙</h2>" in html
    assert "첫 줄<br />\n둘째 줄" in html
    assert html.count("<ul>") == 2


def test_a_plain_table_is_a_pipe_table() -> None:
    html = rendered(builder().table([["항목", "금액"], ["인건비|수당", "1,000"]], header_rows=1).done())
    assert "<th>항목</th>" in html
    assert "<td>인건비|수당</td>" in html


def test_a_table_without_header_has_an_empty_one() -> None:
    html = rendered(builder().table([["가", "나"], ["다", "라"]]).done())
    assert html.count("<td>") == 4


def test_a_table_with_spans_or_lines_in_cells_is_html() -> None:
    made = builder().cells([(0, 0, 2, 1, "가"), (0, 1, 1, 1, "나\n다"), (1, 1, 1, 1, "<라>")], header_rows=1).done()
    written = to_markdown(made)
    assert '<th rowspan="2">가</th>' in written
    assert "<th>나<br>다</th>" in written
    assert "<td>&lt;라&gt;</td>" in written


def test_a_table_in_a_cell_is_written_in_that_cell() -> None:
    made = builder().table([["구분", "내용"], ["대상", "다음과 같다"]], header_rows=1)
    made.within = 0, 1, 1
    made.table([["유형", "인원"], ["주민", "3"]], parent=0)
    made.within = 0, 0, 0
    made.table([["설명한 표"]], parent=0).block("caption", "표 1", parent=2)
    written = to_markdown(made.done())
    assert (
        "<td>다음과 같다<table><tr><td>유형</td><td>인원</td></tr><tr><td>주민</td><td>3</td></tr></table></td>"
        in written
    )
    assert written.count("주민") == 1
    assert written.index("</table>\n\n") < written.index("설명한 표") < written.index("표 1")
    html = rendered(made.done())
    assert html.count("<table>") == 3


def test_tables_nested_without_end_are_written_once() -> None:
    made = builder().table([["0"]])
    for depth in range(200):
        made.within = depth, 0, 0
        made.table([[str(depth + 1)]], parent=depth)
    written = to_markdown(made.done())
    assert written.count("<table>") == 201
    assert written.count("<td>200</td>") == 1


def test_notes_stand_at_the_end_and_are_marked_where_they_belong() -> None:
    made = builder().paragraph("본문이다.").block("footnote", "각주이다.", parent=0).paragraph("다음 문단.").done()
    assert to_markdown(made) == "본문이다.[^1]\n\n다음 문단.\n\n[^1]: 각주이다.\n"


def test_text_that_looks_like_markdown_stays_text() -> None:
    html = rendered(builder().paragraph("# 제목 아님\n1. 목록 아님 *강조* <script>").done())
    assert "<h1>" not in html
    assert "<ol>" not in html
    assert "<em>" not in html
    assert "<script>" not in html


def test_pictures_equations_code_and_sections_are_shown() -> None:
    made = builder()
    made.section = "예산 -->"
    made.block("image", "조직도", target="Bin Data/image1.png").block("equation", "x over y").block("code", "a ``` b")
    written = to_markdown(made.done())
    assert "<!-- 예산 -->" not in written.replace("예산 -- -->", "")
    assert "![조직도](Bin%20Data/image1.png)" in written
    assert "```\nx over y\n```" in written
    assert "````\na ``` b\n````" in written


def test_plain_text_parts_blocks_by_an_empty_line() -> None:
    assert to_text(builder().heading("가", level=1).table([["나", "다"]]).done()) == "가\n\n나\t다\n"


def test_the_published_schema_is_the_one_the_code_writes() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json.loads(json.dumps(reading_schema()))


def test_every_reading_written_as_json_fits_the_schema_and_comes_back_the_same() -> None:
    made = builder().heading("가", level=1).cells([(0, 0, 1, 2, "나")]).warn("x", "y", 2).done()
    written = to_json(made)
    jsonschema.validate(json.loads(written), reading_schema())
    assert msgspec.json.decode(written, type=Reading) == made


@given(
    st.lists(
        st.tuples(st.sampled_from(["paragraph", "heading", "list_item", "code", "footnote"]), st.text()), max_size=8
    )
)
def test_no_text_can_break_the_writer(blocks: list[tuple[str, str]]) -> None:
    made = builder()
    for kind, text in blocks:
        made.block(kind, text, parent=0)  # type: ignore[arg-type]
    MarkdownIt().render(to_markdown(made.done()))
    to_text(made.done())

"""PDF: reading order, paragraphs, tables by their rules, headings, margins, and pages that say nothing."""

from __future__ import annotations

import pytest

from jihwi.errors import FileBroken
from jihwi.readers import Limits, ocr
from tests.readers.asking import kinds, read, table_of, texts, warned
from tests.readers.pdf_pages import Page, Rule, Words, pdf

BODY = "이 문단은 한 줄에 서른 글자쯤 들어가는 본문이라 줄이 바뀌어도 {:02d}번째로 이어진다"


def grid(left: float, top: float, columns: list[float], rows: list[float]) -> list[Rule]:
    """All rules of a table."""
    xs = [left, *(left + sum(columns[: i + 1]) for i in range(len(columns)))]
    ys = [top, *(top - sum(rows[: i + 1]) for i in range(len(rows)))]
    return [Rule(xs[0], y, xs[-1], y) for y in ys] + [Rule(x, ys[0], x, ys[-1]) for x in xs]


def body(first: float, lines: int = 3, from_number: int = 0) -> list[Words]:
    return [Words(72, first - 16 * i, BODY.format(i + from_number)) for i in range(lines)]


def test_lines_become_paragraphs_with_page_and_box() -> None:
    page: Page = [*body(700), Words(72, 652, "끝 줄이다."), Words(72, 560, "다음 문단이다.")]
    reading = read("pdf", pdf([page], title="Budget"))
    assert kinds(reading) == ["paragraph", "paragraph"]
    assert texts(reading)[0] == " ".join([*(BODY.format(i) for i in range(3)), "끝 줄이다."])
    assert texts(reading)[1] == "다음 문단이다."
    assert {block.page for block in reading.blocks} == {1}
    box = reading.blocks[1].box
    assert box is not None
    assert (round(box.left), 842 - 570 < box.top < 842 - 555) == (72, True)
    assert (reading.metadata.title, reading.metadata.created) == ("Budget", "2026-01-02T03:04:05+09:00")


def test_a_title_with_half_a_character_costs_the_title_only() -> None:
    reading = read("pdf", pdf([[Words(72, 760, "text")]], title="\\376\\377\\330\\000"))
    assert (reading.text, reading.metadata.title) == ("text", "")
    assert reading.metadata.created == "2026-01-02T03:04:05+09:00"


def test_a_word_cut_at_the_line_end_is_joined_as_it_stands_elsewhere() -> None:
    lines = [
        Words(72, 700, "이 규정에서 말하는 국립국어원은 아래와 같은 여러 가지 일을 하는 국립"),
        Words(72, 684, "국어원은 문화체육관광부에 속하며 여러 사업을 하고 있으니 이를 참고하"),
        Words(72, 668, "고 국립국어원은 그 밖의 일도 한다."),
    ]
    assert "하는 국립국어원은 문화" in read("pdf", pdf([lines])).text


def test_ruled_tables_keep_cells_and_spans() -> None:
    rules = [rule for rule in grid(72, 600, [100, 100, 100], [20, 20, 20]) if rule != Rule(172, 600, 172, 540)]
    rules.append(Rule(172, 580, 172, 540))
    words = [Words(80, 586, "합친 머리"), Words(280, 586, "금액")]
    words += [Words(80 + 100 * c, 566 - 20 * r, f"칸{r}{c}") for r in range(2) for c in range(3)]
    reading = read("pdf", pdf([[Words(72, 700, "표 앞의 글이다."), *rules, *words, Words(72, 500, "표 뒤의 글이다.")]]))
    assert kinds(reading) == ["paragraph", "table", "paragraph"]
    assert table_of(reading)[:2] == [(0, 0, 1, 2, "합친 머리"), (0, 2, 1, 1, "금액")]
    assert [cell[4] for cell in table_of(reading)[2:]] == ["칸00", "칸01", "칸02", "칸10", "칸11", "칸12"]


def test_a_frame_around_one_text_is_no_table() -> None:
    assert kinds(read("pdf", pdf([[*grid(60, 720, [400], [60]), Words(72, 690, "상자 안의 글")]]))) == ["paragraph"]


def test_larger_lines_are_headings_by_rank() -> None:
    page = [Words(72, 780, "예산 편성 지침", 20), Words(72, 740, "추진 배경", 14), *body(700, 10)]
    reading = read("pdf", pdf([page]))
    assert [(b.kind, b.level) for b in reading.blocks] == [("heading", 1), ("heading", 2), ("paragraph", 0)]


def test_what_repeats_at_the_margins_is_shown_once_and_apart() -> None:
    pages = [
        [Words(72, 800, "국립기록원 보고서"), Words(72, 600, f"{n}쪽의 본문이다."), Words(290, 30, f"- {n} -")]
        for n in range(1, 5)
    ]
    reading = read("pdf", pdf(pages))
    assert texts(reading, "header") == ["국립기록원 보고서"]
    assert texts(reading, "footer") == ["- 1 -"]
    assert texts(reading, "paragraph") == [f"{n}쪽의 본문이다." for n in range(1, 5)]


def test_columns_are_read_one_after_the_other_even_when_written_across() -> None:
    words: list[Words] = []
    for row in range(8):
        words.append(Words(310, 700 - 16 * row, f"오른쪽 단의 글이 이렇게 길게 이어진다 {row}"))
        words.append(Words(60, 700 - 16 * row, f"왼쪽 단의 글이 이렇게 길게 이어진다 {row}"))
    text = read("pdf", pdf([words])).text
    assert text.index("왼쪽 단의 글이 이렇게 길게 이어진다 7") < text.index("오른쪽 단의 글이 이렇게 길게 이어진다 0")


def test_a_page_whose_font_tells_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ocr.available.cache_clear()
    reading = read("pdf", pdf([body(700)], mapped=False))
    ocr.available.cache_clear()
    assert warned(reading) == ["page_garbled"]


def test_a_page_that_is_only_a_picture_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ocr.available.cache_clear()
    reading = read("pdf", pdf([[Rule(10, 10, 500, 500)], body(700)]))
    ocr.available.cache_clear()
    assert warned(reading) == ["page_without_text"]
    assert reading.metadata.pages == 2


def test_output_is_bounded() -> None:
    reading = read(
        "pdf", pdf([body(700, 30, 30 * page) for page in range(3)] * 5), limits=Limits(output_characters=2000)
    )
    assert "output_cut" in warned(reading)


@pytest.mark.parametrize("data", [b"%PDF-1.7\nrubbish", b"%PDF-", b""])
def test_rubbish_is_broken(data: bytes) -> None:
    with pytest.raises(FileBroken):
        read("pdf", data)


def test_notes_at_the_foot_belong_to_the_blocks_that_call_them() -> None:
    words = [
        *body(700, 4),
        Words(72, 610, "수도권의 정의1)는 법에 따른다."),
        Words(72, 570, "광역시2)는 그 밖에 있다."),
    ]
    words += [
        Words(72, 80, "1) 서울과 인천, 경기를", 8),
        Words(82, 70, "이른다", 8),
        Words(72, 60, "2) 여섯 곳이다", 8),
    ]
    reading = read("pdf", pdf([words]))
    notes = [
        (block.number, reading.block_text(index), reading.block_text(block.parent))
        for index, block in enumerate(reading.blocks)
        if block.kind == "footnote"
    ]
    assert [(mark, text.replace("\n", " ")) for mark, text, _ in notes] == [
        ("1)", "1) 서울과 인천, 경기를 이른다"),
        ("2)", "2) 여섯 곳이다"),
    ]
    assert [parent for _, _, parent in notes] == ["수도권의 정의1)는 법에 따른다.", "광역시2)는 그 밖에 있다."]


def test_a_note_that_a_table_calls_belongs_to_the_table() -> None:
    cells = [Words(80, 586, "항목"), Words(180, 586, "금액"), Words(80, 566, "수입1)"), Words(180, 566, "100")]
    page: Page = [*body(760, 4), *grid(72, 600, [100, 100], [20, 20]), *cells, Words(72, 60, "1) 잠정", 8)]
    reading = read("pdf", pdf([page]))
    assert kinds(reading) == ["paragraph", "table", "footnote"]
    assert reading.blocks[2].parent == 1


@pytest.mark.parametrize(
    "last",
    [
        [Words(72, 80, "1) 첫째 항목"), Words(72, 64, "2) 둘째 항목")],
        [Words(72, 80, "1) 아무도 부르지 않는 줄", 8)],
        [Words(72, 80, "1) 첫째", 8), Words(72, 64, "3) 셋째", 8), Words(72, 48, "더 큰 글자로 이어지는 본문", 12)],
    ],
)
def test_lists_at_the_foot_are_no_notes(last: list[Words]) -> None:
    words = [*body(700, 4), Words(72, 610, "이 글은 아무것도 부르지 않는다."), *last]
    assert "footnote" not in kinds(read("pdf", pdf([words])))


def test_a_title_of_two_lines_is_one_heading() -> None:
    title = [Words(238, 780, "기술의 등장과", 18), Words(182, 755, "따른 문제점과 대처 방안", 20)]
    reading = read("pdf", pdf([[*title, *body(700, 10)]]))
    assert texts(reading, "heading") == ["기술의 등장과 따른 문제점과 대처 방안"]


def test_a_number_beside_a_title_in_a_ruled_row_is_a_heading_below_the_title() -> None:
    band: Page = [*grid(72, 700, [40, 300], [30]), Words(85, 680, "Ⅰ "), Words(130, 680, "추진 배경")]
    reading = read("pdf", pdf([[Words(200, 780, "예산 편성 지침", 20), *band, *body(640, 10)]]))
    found = [(b.level, b.number, reading.block_text(i)) for i, b in enumerate(reading.blocks) if b.kind == "heading"]
    assert found == [(1, "", "예산 편성 지침"), (2, "Ⅰ", "Ⅰ 추진 배경")]


def test_letters_a_little_larger_make_a_heading_of_a_short_line_only() -> None:
    page = [Words(72, 780, "신청 방법", 11), *body(760, 12), Words(72, 540, "그 밖의 일은 위원회에서 정한다.", 11)]
    reading = read("pdf", pdf([page]))
    assert texts(reading, "heading") == ["신청 방법"]


def test_lines_of_one_size_one_after_the_other_are_a_list_and_no_headings() -> None:
    lines = [Words(72, 560 - 30 * n, f"차례 {name}", 12) for n, name in enumerate("가나다라")]
    page = [Words(72, 800, "안내", 16), *body(760, 12), *lines]
    assert texts(read("pdf", pdf([page])), "heading") == ["안내"]


def test_dates_and_lines_of_a_table_of_contents_are_no_headings() -> None:
    page = [Words(72, 780, "2026년 5월", 16), Words(72, 750, "Ⅱ. 추진 체계 ······ 7"), *body(700, 12)]
    assert texts(read("pdf", pdf([page])), "heading") == []


def test_letters_set_over_the_whole_width_are_no_heading() -> None:
    page = [Words(72, 780, "파 ", 12), Words(500, 780, "일 ", 12), Words(72, 760, "파일", 12), *body(700, 12)]
    reading = read("pdf", pdf([page]))
    assert texts(reading)[0] == "파 일"
    assert texts(reading, "heading") == ["파일"]


def columns(*rows: tuple[str, ...], first: float = 600) -> list[Words]:
    return [Words(72 + 150 * c, first - 20 * r, text) for r, row in enumerate(rows) for c, text in enumerate(row)]


def test_rows_of_figures_in_columns_are_a_table_without_rules() -> None:
    rows = columns(("항목", "예산", "집행"), ("인건비", "1,200", "1,100"), ("경비", "300", "△20"))
    reading = read("pdf", pdf([[*body(720, 3), *rows, Words(72, 500, "표 뒤의 글이다.")]]))
    assert kinds(reading) == ["paragraph", "table", "paragraph"]
    assert [cell[4] for cell in table_of(reading)] == [
        *("항목", "예산", "집행"),
        *("인건비", "1,200", "1,100"),
        *("경비", "300", "△20"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        (
            ("복사", "Ctrl+C", "찾기", "Ctrl+F2"),
            ("붙이기", "Ctrl+V", "고치기", "F7"),
            ("지우기", "Ctrl+E", "닫기", "F4"),
        ),
        (("인건비", "1,200", "1,100"), ("경비", "300", "280")),
        (("인건비", "1,200"), ("경비", "300"), ("합계", "1,500")),
        (("인건비", "1,200", "1,100"), ("경비", "300"), ("합계", "1,500", "1,380")),
    ],
)
def test_what_may_be_a_list_in_columns_stays_lines(rows: tuple[tuple[str, ...], ...]) -> None:
    assert "table" not in kinds(read("pdf", pdf([[*body(720, 3), *columns(*rows)]])))


def test_what_a_tagged_pdf_calls_a_heading_is_one_whatever_its_size() -> None:
    page = [
        Words(72, 780, "신청하는 방법", tag="H2"),
        *(Words(72, 740 - 16 * n, BODY.format(n), tag="P") for n in range(3)),
        Words(72, 600, "문의할 곳", tag="H3"),
        *(Words(72, 560 - 16 * n, BODY.format(n + 3), tag="P") for n in range(3)),
    ]
    reading = read("pdf", pdf([page]))
    found = [(b.level, reading.block_text(i)) for i, b in enumerate(reading.blocks) if b.kind == "heading"]
    assert found == [(2, "신청하는 방법"), (3, "문의할 곳")]


def test_the_gap_that_word_processors_keep_between_scripts_is_no_space_and_a_space_is_one() -> None:
    def line(y: float, *parts: tuple[float, str]) -> list[Words]:
        """Each part after a gap, in tenths of the letters' size."""
        made, x = [], 50.0
        for gap, text in parts:
            made.append(Words(x + gap, y, text))
            x += gap + sum(5.0 if c.isascii() else 10.0 for c in text)
        return made

    near = line(700, (0, "법률"), (2.1, "3"), (3.0, "조의"), (4.2, "7"), (2.6, "일은"))
    wide = line(600, (0, "법률"), (4.2, "3"), (4.2, "조의"), (4.2, "7"), (4.2, "일은"))

    assert texts(read("pdf", pdf([[*near, *wide]]))) == ["법률3조의 7일은", "법률 3 조의 7 일은"]
    tight = line(
        500, (0, "법률3조"), (0, "의7일은"), (0, "법9호")
    )  # where they also touch, a narrow gap is a narrow space
    assert texts(read("pdf", pdf([[*near, *tight]])))[0] == "법률 3 조의 7 일은"

"""Quotations in anybody's Markdown report are found, and each is told verbatim, altered or not found."""

from __future__ import annotations

import pytest

from jihwi.evidence import Reading, ReadingBuilder, Verbatim, check_markdown


def reading_of(*paragraphs: str) -> Reading:
    builder = ReadingBuilder(source=str(hash(paragraphs)), reader="text", reader_version="1")
    for paragraph in paragraphs:
        builder.paragraph(paragraph)
    return builder.done()


READINGS = {
    "규정/휴가 규정.hwpx": reading_of("연차 휴가는 15일로 한다.", "휴가는 3일 전에 신청한다."),
    "notice.html": reading_of("The office opens at 9 a.m. on 2 March.", "Entry is free & open *to all*."),
}


def verdicts(report: str) -> list[tuple[str, str, str]]:
    return [(p.verdict.verdict, p.named, p.path) for p in check_markdown(report, READINGS)]


@pytest.mark.parametrize(
    "quoted",
    [
        "“연차 휴가는 15일로 한다.”",
        '"연차 휴가는 15일로 한다."',
        "「연차 휴가는 15일로 한다」",
        "『연차 휴가는 **15일**로 한다』",
    ],
)
def test_quotations_in_every_kind_of_mark_are_checked(quoted: str) -> None:
    assert verdicts(f"규정에 {quoted}라고 있다.") == [("verbatim", "", "규정/휴가 규정.hwpx")]


@pytest.mark.parametrize(
    "beside",
    [
        "(휴가 규정.hwpx, 1쪽)",
        "[휴가](규정/휴가%20규정.hwpx#p1)",
        "(규정/휴가 규정.hwpx)",
        "[1](<../규정/휴가 규정.hwpx>)",
    ],
)
def test_the_source_named_beside_a_quotation_is_the_one_checked(beside: str) -> None:
    assert verdicts(f"“연차 휴가는 25일로 한다.” {beside}") == [
        ("altered", "규정/휴가 규정.hwpx", "규정/휴가 규정.hwpx"),
    ]


def test_words_of_another_file_than_the_one_named_are_told() -> None:
    (passage,) = check_markdown("“연차 휴가는 15일로 한다.” (notice.html)", READINGS)
    assert isinstance(passage.verdict, Verbatim)
    assert passage.elsewhere
    assert (passage.named, passage.path) == ("notice.html", "규정/휴가 규정.hwpx")


def test_a_block_is_a_quotation_without_its_attribution() -> None:
    report = "앞말.\n\n> 휴가는 3일 전에\n> 신청한다.\n> — 휴가 규정.hwpx\n\n뒷말.\n"
    assert verdicts(report) == [("verbatim", "규정/휴가 규정.hwpx", "규정/휴가 규정.hwpx")]


def test_a_quotation_with_a_gap_is_checked_piece_by_piece() -> None:
    report = "“연차 휴가는 15일로 […] 3일 전에 통보한다.”"
    assert [v for v, _, _ in verdicts(report)] == ["verbatim", "altered"]


def test_escapes_and_entities_are_the_characters_they_stand_for() -> None:
    assert verdicts("&quot;Entry is free &amp; open \\*to all\\*.&quot;") == [("verbatim", "", "notice.html")]


def test_code_and_single_words_are_no_quotations() -> None:
    assert (
        verdicts('이른바 “AI”와 `"코드 안의 따옴표"`\n\n```\n"이것도 코드이다"\n```\n<a href="some link here">') == []
    )


def test_what_stands_nowhere_is_not_found_and_lines_are_told() -> None:
    (passage,) = check_markdown("첫 줄\n둘째 줄 “아무 데도 없는 완전한 창작 문장이다.”", READINGS)
    assert (passage.verdict.verdict, passage.path, passage.line) == ("not_found", "", 2)


def test_hostile_markdown_ends() -> None:
    for piece in ("“" * 5_000, '"' * 5_000, "> " * 5_000, "`" * 5_000, "[" * 5_000, "&quot;" * 2_000):
        check_markdown(piece, {})

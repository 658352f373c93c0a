"""Text, Markdown, HTML, CSV, XML and JSON: the structure that is there, and no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.errors import FileBroken
from jihwi.naming import FreeNames
from jihwi.readers import Limits
from tests.readers.asking import kinds, read, table_of, texts, warned


def describe(data: str, format: str = "text") -> list[tuple[str, int, str, str]]:
    reading = read(format, data.encode())
    return [(b.kind, b.level, b.number, reading.block_text(i)) for i, b in enumerate(reading.blocks)]


# ── text ──


def test_korean_numbering_makes_headings_and_items() -> None:
    assert describe(
        "제1장 총칙\n제1조(목적) 이 규정은 목적을 정한다.\n가. 첫째\n□ 추진 배경\n ○ 세부 내용\n그냥 문단"
    ) == [
        ("heading", 2, "제1장", "제1장 총칙"),
        ("paragraph", 0, "제1조", "제1조(목적) 이 규정은 목적을 정한다."),
        ("list_item", 2, "가.", "가. 첫째"),
        ("list_item", 1, "", "□ 추진 배경"),
        ("list_item", 2, "", "○ 세부 내용"),
        ("paragraph", 0, "", "그냥 문단"),
    ]


def test_lines_wrapped_by_hand_are_one_paragraph() -> None:
    line = "이 문서는 한 줄에 마흔 글자쯤 들어가도록 손으로 줄을 바꾸어 적은 문서이다"
    reading = read("text", "\n".join([line] * 6 + ["마지막 줄."]).encode())
    assert len(reading.blocks) == 1
    assert reading.text.count("\n") == 6


def test_short_lines_are_paragraphs_of_their_own() -> None:
    assert texts(read("text", "하나\n둘\n\n셋".encode())) == ["하나", "둘", "셋"]


def test_what_was_repaired_keeps_its_origin_in_the_reading() -> None:
    reading = read("text", "  첫째 줄입니다\n".encode() + "둘째 줄은 다릅니다".encode("cp949"))
    (run,) = reading.origins
    assert (reading.text[run.start : run.end], run.origin) == ("둘째 줄은 다릅니다", "repaired")
    assert reading.metadata.encoding == "mixed"


def test_a_text_is_cut_at_the_limit_and_says_so() -> None:
    reading = read("text", ("문단 하나\n\n" * 1000).encode(), limits=Limits(output_characters=100))
    assert len(reading.text) < 200
    assert warned(reading) == ["output_cut"]


# ── Markdown ──


MARKDOWN = """---
title: 예산 지침
author: 기획과
---
# 제1장 총칙

본문 **굵게** [링크](https://example.org) ![그림 설명](a.png)

3. 셋째
4. 넷째
   - 안쪽

| 항목 | 금액 |
|------|-----:|
| 인건비 | 1,000 |

<table><tr><td colspan="2">합계</td></tr><tr><td>1</td><td>2</td></tr></table>

```python
print("코드")
```
"""


def test_markdown_keeps_its_structure() -> None:
    reading = read("markdown", MARKDOWN.encode())
    assert (reading.metadata.title, reading.metadata.author) == ("예산 지침", "기획과")
    assert [(b.kind, b.level, reading.block_text(i)) for i, b in enumerate(reading.blocks) if b.table is None] == [
        ("heading", 1, "제1장 총칙"),
        ("paragraph", 0, "본문 굵게 링크 그림 설명"),
        ("image", 0, "그림 설명"),
        ("list_item", 1, "3. 셋째"),
        ("list_item", 1, "4. 넷째"),
        ("list_item", 2, "안쪽"),
        ("code", 0, 'print("코드")'),
    ]
    assert table_of(reading) == [
        (0, 0, 1, 1, "항목"),
        (0, 1, 1, 1, "금액"),
        (1, 0, 1, 1, "인건비"),
        (1, 1, 1, 1, "1,000"),
    ]
    assert table_of(reading, 1)[0] == (0, 0, 1, 2, "합계")


# ── HTML ──

HTML = """<html lang="ko"><head><title>공고</title><style>p{}</style></head><body>
<h1>입찰   공고</h1><p>첫째&nbsp;줄<br>둘째 줄</p><script>alert(1)</script>
<p style="display:none">숨은 글</p>
<ol start="2"><li>둘<ul><li>안쪽</li></ul></li><li>셋</li></ol>
<dl><dt>용어</dt><dd>뜻</dd></dl>
<table><caption>표 1</caption><thead><tr><th rowspan="2">구분</th><th colspan="2">금액</th></tr>
<tr><th>국비</th><th>시비</th></tr></thead><tr><td>가</td>
<td>1<table><tr><td>안</td><td>표</td></tr></table></td><td>2</td></tr></table>
<img src="x.png" alt="조직도"><pre>  칸  맞춤</pre></body></html>"""


def test_html_keeps_headings_lists_tables_and_words_for_pictures() -> None:
    reading = read("html", HTML.encode())
    shown = [(b.kind, b.level, b.number, reading.block_text(i)) for i, b in enumerate(reading.blocks) if not b.table]
    assert shown == [
        ("heading", 1, "", "입찰 공고"),
        ("paragraph", 0, "", "첫째\xa0줄\n둘째 줄"),
        ("list_item", 1, "2.", "2. 둘"),
        ("list_item", 2, "", "안쪽"),
        ("list_item", 1, "3.", "3. 셋"),
        ("list_item", 1, "", "용어"),
        ("list_item", 2, "", "뜻"),
        ("caption", 0, "", "표 1"),
        ("image", 0, "", "조직도"),
        ("code", 0, "", "  칸  맞춤"),
    ]
    assert table_of(reading) == [
        (0, 0, 2, 1, "구분"),
        (0, 1, 1, 2, "금액"),
        (1, 1, 1, 1, "국비"),
        (1, 2, 1, 1, "시비"),
        (2, 0, 1, 1, "가"),
        (2, 1, 1, 1, "1"),
        (2, 2, 1, 1, "2"),
    ]
    outer = next(i for i, b in enumerate(reading.blocks) if b.table)
    assert reading.blocks[outer].table is not None
    assert [b.parent for b in reading.blocks if b.kind == "table"] == [-1, outer]
    assert warned(reading) == ["hidden_text"]
    assert (reading.metadata.title, reading.metadata.language) == ("공고", "ko")


def test_html_in_an_old_encoding_is_decoded_by_its_own_word_or_against_it() -> None:
    page = '<meta charset="{}"><p>예산안을 검토한다</p>'
    for claim, truth in (("euc-kr", "cp949"), ("utf-8", "cp949"), ("euc-kr", "utf-8")):
        assert texts(read("html", page.format(claim).encode(truth))) == ["예산안을 검토한다"]


def test_tables_that_only_arrange_the_page_are_read_as_its_flow() -> None:
    reading = read("html", "<table><tr><td><h1>제목</h1><p>본문</p></td></tr></table>".encode())
    assert kinds(reading) == ["heading", "paragraph"]


def test_html_nested_without_end_is_flattened() -> None:
    assert "끝" in read("html", ("<div>" * 1000 + "끝").encode()).text
    assert warned(read("html", ("<div>" * 100_000).encode())) == ["nesting_flattened"]


# ── CSV ──


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["이름", "금액", "비고"], ["김", "1000", "가나"], ["이", "2000", "다라"]]
    reading = read("tsv" if delimiter == "\t" else "csv", "\n".join(delimiter.join(r) for r in rows).encode("cp949"))
    assert [cell[4] for cell in table_of(reading)] == [cell for row in rows for cell in row]
    assert reading.blocks[0].table is not None
    assert reading.blocks[0].table.header_rows == 1


def test_titles_above_a_csv_table_are_paragraphs() -> None:
    reading = read("csv", '2026년 예산\n항목,금액\n인건비,"1,000"\n운영비,500\n'.encode())
    assert kinds(reading) == ["paragraph", "table"]
    assert table_of(reading)[3][4] == "1,000"


def test_uneven_rows_are_kept_and_told() -> None:
    assert warned(read("csv", b"a,b\n1,2\n3\n")) == ["rows_uneven"]


# ── XML, JSON ──


def test_like_records_become_a_table() -> None:
    xml = "<목록><사람><이름>김</이름><나이>30</나이></사람><사람><이름>이</이름><나이>40</나이></사람></목록>"
    json = '[{"이름": "김", "나이": 30}, {"이름": "이", "나이": 40}]'
    lines = '{"이름": "김", "나이": 30}\n{"이름": "이", "나이": 40}\n'
    for format, data in (("xml", xml), ("json", json), ("jsonl", lines)):
        assert [cell[4] for cell in table_of(read(format, data.encode()))] == ["이름", "나이", "김", "30", "이", "40"]


def test_nested_json_becomes_headings_and_numbers_stay_as_written() -> None:
    assert describe('{"제목": "보고", "예산": {"금액": 1.10, "큰수": 12345678901234567890}}', "json") == [
        ("paragraph", 0, "", "제목: 보고"),
        ("heading", 1, "", "예산"),
        ("paragraph", 0, "", "금액: 1.10"),
        ("paragraph", 0, "", "큰수: 12345678901234567890"),
    ]


def test_broken_json_is_read_as_text_and_told() -> None:
    reading = read("json", '{"제목": '.encode())
    assert (reading.text, warned(reading)) == ('{"제목":', ["json_broken"])


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000])
def test_json_nested_without_end_is_no_crash(data: bytes) -> None:
    assert warned(read("json", data))


def test_a_name_that_comes_twice_keeps_both_its_values() -> None:
    assert texts(read("json", b'{"a": 1, "b": 2, "a": 3}')) == ["a: 1", "b: 2", "a (2): 3"]


def test_a_name_that_comes_very_often_is_counted_through_without_counting_from_the_start() -> None:
    pairs = ", ".join(f'"a": {number}' for number in range(1, 100_001))
    assert read("json", ("{" + pairs + "}").encode()).text.endswith("a (99999): 99999\na (100000): 100000")


@given(st.lists(st.tuples(st.sampled_from(["a", "a (2)", "b", "B"]), st.sampled_from(["", ".txt"]))))
def test_no_name_is_given_out_twice(wanted: list[tuple[str, str]]) -> None:
    names = FreeNames(key=str.lower)
    given_out = [names.take(name, ending) for name, ending in wanted]
    assert len({name.lower() for name in given_out}) == len(wanted)
    for (name, ending), free in zip(wanted, given_out, strict=True):
        assert free.startswith(name)
        assert free.endswith(ending)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("<r><a>가</a><b>나", True),
        ("<r><a>가</b></r>", True),
        ("<r>가</r>", False),
        ("<r>&nowhere; 가</r>", False),
        ("<r><x:a>가</x:a></r>", False),
    ],
)
def test_xml_that_is_not_sound_is_read_and_told(data: str, told: bool) -> None:
    reading = read("xml", data.encode())
    assert "가" in reading.text
    assert ("xml_repaired" in warned(reading)) == told


def test_where_json_is_broken_is_told_in_a_persons_words() -> None:
    (warning,) = read("json", '{"제목": "예산",\n "항목": [1, 2'.encode()).warnings
    assert (warning.code, warning.detail) == ("json_broken", "2행 13번째 글자")


def test_marks_after_a_backslash_and_the_line_for_excel_are_no_text() -> None:
    assert table_of(read("csv", '"말"|"뜻"\n"그가 \\"예\\" 했다"|2\n'.encode()))[2][4] == '그가 "예" 했다'
    assert table_of(read("csv", 'a,b\n"그가 ""예"" 했다",c:\\\n'.encode()))[2][4] == '그가 "예" 했다'
    reading = read("csv", "sep=;\n이름;금액\n가;1\n".encode())
    assert texts(reading) == ["이름\t금액\n가\t1"]


def test_what_a_script_in_a_line_of_markdown_says_is_no_text() -> None:
    assert texts(read("markdown", "앞 <b>굵게</b> <script>alert(1)</script> 뒤\n".encode())) == ["앞 굵게  뒤"]


def test_entities_are_never_expanded() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    reading = read("xml", f"<?xml version='1.0'?>{bomb}<a><b>글 &y; &f;</b></a>".encode())
    assert "xxx" not in reading.text
    assert "root:" not in reading.text
    assert "글" in reading.text
    assert warned(reading) == ["entities_ignored"]


def test_xml_that_speaks_in_attributes_is_not_silent() -> None:
    assert read("xml", '<a><b 이름="김"/></a>'.encode()).text == "b: 이름=김"


def test_xml_without_a_root_is_broken() -> None:
    with pytest.raises(FileBroken):
        read("xml", b"<?xml version='1.0'?>")

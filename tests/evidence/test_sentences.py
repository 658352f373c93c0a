"""Sentence splitting keeps every character, and knows Korean endings, dates, numbers, lists and quotations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.evidence.sentences import sentence_around, sentence_spans, sentences
from tests.growth import assert_grows_with_length

WHOLE = [
    ["기한은 2024. 3. 1.까지이다.", "금액은 3.5억 원임."],
    ["이 법은 2012. 5. 1. 시행한다.", "다만, 제3조는 그러하지 아니하다."],
    ['그는 "나는 간다. 너는 남아라."라고 말했다.', "그리고 갔다."],
    ['회의에서 "예산이 부족하다." 는 의견이 있었다.', "끝."],
    ["Dr. Kim left at 5 p.m.", 'He said "no. never." and left.', "J. K. Rowling wrote it."],
    ["The U.S. Army came.", "He was born in 1990.", "She has 35.", "Then it ended!"],
    ["문의: 02-123-4567.", "담당자(홍길동. 총무과)에게 알린다."],
    ["그는 갔다.[1]", "그녀는 남았다."],
    ["첫째 항목은 검토함.", "둘째 항목은 없음.", "셋째는 가능합니까?", "네, 됩니다."],
]

LINES = [
    ["1. 총칙", "2. 목적", "가. 사업명: 도로", "나. 기간"],
    ["제1조(목적) 이 규정은 그렇다.", "제2조(정의) 용어는 다음과 같다."],
    ["회의일: 2024. 3. 1.", "장소: 본관"],
    ["항목\t금액", "인건비\t1,000"],
]


@pytest.mark.parametrize("parts", WHOLE)
def test_sentences_on_one_line_are_told_apart(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize("parts", LINES)
def test_each_line_of_a_list_or_table_is_a_sentence(parts: list[str]) -> None:
    assert sentences("\n".join(parts)) == parts


def test_a_broken_line_runs_on() -> None:
    text = "이 사업은 2024년부터 시작하여 모든 국민에게 편리한 서비스를\n제공하기 위한 것이다. ○ 추진 ○ 완료"
    assert sentences(text) == [
        "이 사업은 2024년부터 시작하여 모든 국민에게 편리한 서비스를\n제공하기 위한 것이다.",
        "○ 추진",
        "○ 완료",
    ]


def test_a_sentence_may_end_without_a_space() -> None:
    assert sentences("그는 돌아갔다.그러나 다시 왔다.") == ["그는 돌아갔다.", "그러나 다시 왔다."]


def test_a_part_of_a_text_is_split_in_the_offsets_of_the_whole() -> None:
    text = "앞. 가운데다. 뒤다."
    assert [text[a:b] for a, b in sentence_spans(text, 3, 8)] == ["가운데다."]


def test_the_sentence_around_an_offset_is_found() -> None:
    text = "하나다. 둘이다. 셋이다."
    assert [sentence_around(text, at) for at in (0, 4, 6, 12)] == [(0, 4), (0, 4), (5, 9), (10, 14)]
    assert sentence_around("", 3) == (0, 0)


ALPHABET = st.sampled_from(list("가다요함.!?…\"'“”()「」[] \n\t,1234제조년월일aBcU①○-~\ud800"))


@given(st.text(ALPHABET, max_size=120) | st.text(max_size=80))
def test_nothing_is_lost_and_spans_stand_in_order(text: str) -> None:
    spans = sentence_spans(text)
    position = 0
    for start, end in spans:
        assert not text[position:start].strip()
        assert start < end
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


def test_hostile_text_takes_time_that_grows_with_its_length() -> None:
    for piece, times in (
        ("(", 40_000),
        ('"a', 20_000),
        ("1. ", 20_000),
        ("다.", 20_000),
        ("\n", 40_000),
        ("“", 40_000),
    ):
        assert_grows_with_length(sentence_spans, piece, times)

"""Numbers, dates, amounts and their like have one form, however they are written."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.evidence.numerals import numeral_value
from jihwi.evidence.quantities import agrees, quantities
from tests.growth import assert_grows_with_length

SAME = [
    ("1억 2천만원", "120,000,000원", "일억이천만 원", "120 million won", "KRW 120,000,000", "₩120,000,000"),
    ("1,200만원", "12,000,000원", "1천2백만 원", "12백만원"),
    ("2026. 3. 2.", "2026년 3월 2일", "2026-03-02", "'26. 3. 2.", "March 2, 2026", "2 March 2026", "2026/3/2"),
    ("오후 2시 30분", "14:30", "오후 2시 반", "2:30 p.m."),
    ("3.5%", "3.5퍼센트", "3.5 percent", "３.5％"),
    ("15일", "15일간", "15 days", "fifteen days"),
    ("3개월", "석 달", "3달", "three months"),
    ("두 명", "2명", "2인", "two people"),
    ("세 차례", "3회", "3번"),
    ("제12조제3항", "제12조 제3항", "Article 12(3)"),
    ("02-123-4567", "(02) 123-4567", "02.123.4567"),
    ("5천442만달러", "54,420,000달러", "$54.42 million"),
    ("1/4분기", "1분기"),
]


@pytest.mark.parametrize("ways", SAME)
def test_ways_of_writing_one_thing_are_one(ways: tuple[str, ...]) -> None:
    found = [quantities(f"{way} ") for way in ways]
    assert [len(f) for f in found] == [1] * len(ways), found
    assert len({f[0].key for f in found}) == 1, found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("15일", "15명"),
        ("3%", "3%p"),
        ("100원", "100달러"),
        ("2026. 3. 2.", "2026. 3. 20."),
        ("제2조", "제2항"),
        ("3월", "3개월"),
    ],
)
def test_different_things_stay_different(one: str, other: str) -> None:
    assert not agrees(quantities(one)[0], quantities(other)[0])


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("2026년", "2026. 3. 2."),
        ("3월 2일", "2026. 3. 2."),
        ("3월", "3월 2일"),
        ("제12조", "제12조제3항"),
        ("2시", "오후 2시"),
        ("15", "15명"),
    ],
)
def test_what_is_less_exact_is_borne_out_by_what_is_more_exact_only(said: str, stands: str) -> None:
    one, other = quantities(f"{said} ")[0], quantities(f"{stands} ")[0]
    assert agrees(one, other)
    assert not agrees(other, one) or (one.unit, other.unit).count("vague")


@pytest.mark.parametrize("text", ["13월 40일", "시즌 개막", "만약 이천에서", "가나다", "한국의 두루미"])
def test_what_is_no_quantity_is_left_alone(text: str) -> None:
    assert all(q.kind in ("number", "duration", "count") and q.text[0].isdigit() for q in quantities(text))


def test_spans_are_exact_and_apart() -> None:
    text = "2026. 3. 2.(월) 14:30, 총무과-1234호, 문의 02-123-4567, 예산 3억 원 중 10.5%를 두 차례 집행함."
    found = quantities(text)
    assert [q.text for q in found] == [text[q.start : q.end] for q in found]
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert [q.kind for q in found] == [
        "date", "time", "document_number", "phone", "amount", "percent", "count",
    ]  # fmt: skip


@given(st.integers(1, 10**12))
def test_a_number_with_commas_has_its_value(number: int) -> None:
    assert numeral_value(f"{number:,}") == Decimal(number)
    assert quantities(f"{number:,}원")[0].value == str(number)


@given(st.text(st.sampled_from(list("0123456789,.-:'년월일만억천원%시분제조항 a만두세명")), max_size=60))
def test_any_text_is_taken_and_spans_stand_in_order(text: str) -> None:
    position = 0
    for quantity in quantities(text):
        assert position <= quantity.start < quantity.end <= len(text)
        assert text[quantity.start : quantity.end] == quantity.text
        position = quantity.end


def test_hostile_text_takes_time_that_grows_with_its_length() -> None:
    for piece, times in (
        ("1", 20_000),
        ("1,", 10_000),
        ("천만", 10_000),
        ("one ", 5_000),
        ("제1조", 5_000),
        ("2020. ", 5_000),
    ):
        assert_grows_with_length(quantities, piece, times)

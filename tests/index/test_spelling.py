"""What people write in several ways is found under one form."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.index.spelling import plain, written_forms


def forms(text: str) -> set[str]:
    return {form for form, _, _ in written_forms(text)}


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("2024년 3월 15일", "2024-03-15"),
        ("2024. 3. 15.", "2024-03-15"),
        ("2024.03.15", "2024-03-15"),
        ("2024-3-15", "2024-03-15"),
        ("2024/03/15", "2024-03-15"),
        ("'24. 3. 15.", "2024-03-15"),
        ("2024년 3월", "2024-03"),
        ("2024.3.", "2024-03"),
        ("3월 15일", "03-15"),
        ("1억 5천만원", "150000000원"),
        ("1억 5,000만 원", "150000000원"),
        ("1.5억원", "150000000원"),
        ("150,000천원", "150000000원"),
        ("150백만원", "150000000원"),
        ("150,000,000원", "150000000원"),
        ("3조 5천억원", "3500000000000원"),
        ("1,500", "1500"),
        ("제12조제3항", "제12조제3항"),
        ("제12조 제3항", "제12조제3항"),
        ("12조 3항", "제12조제3항"),
        ("제76조의2제1항제2호", "제76조의2제1항제2호"),
        ("02-123-4567", "021234567"),
        ("02) 123-4567", "021234567"),
        ("010.1234.5678", "01012345678"),
        ("1588-1234", "15881234"),
        ("기획예산과-1234", "기획예산과1234"),
        ("제2024-15호", "2024-15"),
        ("오후 3시 30분", "15:30"),
        ("15:30", "15:30"),
        ("3.5%", "3.5%"),
        ("3.5 퍼센트", "3.5%"),
        ("hong@agency.go.kr", "hong@agency.go.kr"),
        ("RFC-8785", "rfc8785"),
    ],
)
def test_a_number_is_found_however_it_is_written(written: str, form: str) -> None:
    assert form in forms(written)
    assert form in forms(f"문서에 따르면 {written} 이라고 한다.")


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("1조원", "제1조"),
        ("12조 5천억", "제12조"),
        ("2024년 13월", "2024-13"),
        ("33:70", "33:70"),
        ("가나다", "가나다"),
    ],
)
def test_what_only_looks_alike_is_left_alone(written: str, form: str) -> None:
    assert form not in forms(written)


def test_width_and_composition_are_one() -> None:
    assert plain("２０２４년 ㎡ ﬁ").text == "2024년 m2 fi"
    assert plain(unicodedata.normalize("NFD", "정보공개 청구서")).text == "정보공개 청구서"


@given(st.text())
def test_every_place_leads_back_into_the_text(text: str) -> None:
    one_form = plain(text)
    for offset in range(len(one_form.text)):
        start, end = one_form.source(offset, offset + 1)
        assert 0 <= start < end <= len(text)


@given(st.text(alphabet="0123456789.,:-/년월일조항호제의원억만천 '%오전후시분\u1112\u1161"))
def test_any_run_of_digits_and_units_is_taken(text: str) -> None:
    for form, start, end in written_forms(plain(text).text):
        assert form
        assert 0 <= start < end <= len(plain(text).text)

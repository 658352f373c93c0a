"""Personal data is counted by rule, masked, and never mistaken for ordinary numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.readers.personal import (
    KINDS,
    count_personal_data,
    has_check_digit,
    mask_personal_data,
    masked_name,
    personal_spans,
)


def resident_number(first_twelve: str) -> str:
    """A made-up number whose check digit is right."""
    (whole,) = (first_twelve + str(last) for last in range(10) if has_check_digit(first_twelve + str(last)))
    return f"{whole[:6]}-{whole[6:]}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (resident_number("900101123456"), "resident_number"),
        (resident_number("040229412345"), "resident_number"),
        (resident_number("850315623456"), "foreigner_number"),
        ("주민등록번호 201105-3123456", "resident_number"),
        ("010-1234-5678", "phone"),
        ("01012345678", "phone"),
        ("02-123-4567", "phone"),
        ("(031) 123-4567", "phone"),
        ("+82-10-1234-5678", "phone"),
        ("4111-1111-1111-1111", "card"),
        ("378282246310005", "card"),
        ("국민은행 123456-01-123456", "account"),
        ("여권번호 M12345678", "passport"),
        ("여권 M123A4567", "passport"),
        ("11-05-123456-01", "driving_licence"),
        ("서울 12-345678-90", "driving_licence"),
        ("hong.gil-dong@example.go.kr", "e_mail"),
        ("서울특별시 종로구 세종대로 209", "address"),
        ("경기도 성남시 분당구 판교역로 166번길 12-3", "address"),
        ("충청북도 청주시 흥덕구 오송읍 오송리 123-4", "address"),
        # as word processors, phones and spreadsheets really write them
        (resident_number("900101123456").replace("-", "－"), "resident_number"),
        (resident_number("900101123456").replace("-", "\u2011"), "resident_number"),
        ("주민등록번호 " + resident_number("900101123456").replace("-", "\t"), "resident_number"),
        ("주민등록번호 ９００１０１-１２３４５６８", "resident_number"),
        ("０１０－１２３４－５６７８", "phone"),
        ("010–1234–5678", "phone"),
        ("Tel. 0212345678", "phone"),
        ("입금계좌: 신한 110123456789", "account"),
        ("Passport No: M 12345678", "passport"),
        ("운전면허번호: 111212345612", "driving_licence"),
        ("hong＠example.kr", "e_mail"),
    ],
)
def test_each_kind_is_found(text: str, kind: str) -> None:
    assert kind in count_personal_data(f"연락처: {text} 입니다.")


@pytest.mark.parametrize(
    "text",
    [
        "900101-1234560 아님",
        "991332-1234567",
        "2024-03-11 부터 2024-12-31 까지",
        "4111-1111-1111-1112",
        "문서번호 123456-01-123456",
        "모델 M12345678 규격",
        "총 1,234,567,890원",
        "버전 10.2.3.4",
        "@참조 없는 골뱅이",
        "제1조 제2항 제3호",
        "0000-0000-0000-0000",
        "이 시 3로 가는 길",
        "○○은행 사업자등록번호 220-81-62517",
        "900101\t1234568 (두 칸의 숫자)",
        "관리 번호 0212345678",
        "1001234567890123",
    ],
)
def test_ordinary_numbers_are_not_personal_data(text: str) -> None:
    assert count_personal_data(text) == {}


@pytest.mark.parametrize("wrong", range(10))
def test_a_resident_number_with_a_wrong_check_digit_is_none(wrong: int) -> None:
    right = resident_number("750708212345")
    number = right[:-1] + str(wrong)
    assert bool(count_personal_data(number)) == (number == right)


def test_a_number_issued_without_check_digit_is_told_by_its_date_or_the_words_around_it() -> None:
    assert count_personal_data("211231-3999999") == {"resident_number": 1}
    assert count_personal_data("주민등록번호: 900101-1234560") == {"resident_number": 1}


def test_a_place_is_one_kind_only_and_places_never_overlap() -> None:
    text = "계좌 4111-1111-1111-1111, 연락처 02-123-4567"
    spans = personal_spans(text)
    assert [kind for kind, _, _ in spans] == ["card", "phone"]
    assert all(one[2] <= other[1] for one, other in pairwise(spans))


def test_masking_covers_letters_and_digits_and_nothing_else() -> None:
    text = "홍길동 010-1234-5678 (hong@example.kr)"
    assert mask_personal_data(text) == "홍길동 ***-****-**** (****@*******.**)"


def test_names_keep_their_places_and_lose_the_numbers_of_people() -> None:
    assert masked_name("인사/900101-1234568 이력서.hwp") == "인사/******-******* 이력서.hwp"
    assert masked_name("세종특별자치시 도움6로 11 도면.pdf") == "세종특별자치시 도움6로 11 도면.pdf"


@given(st.text(alphabet="０-－0123456789-가나도시군구로길 @a.M\n", max_size=300))
def test_masked_text_keeps_its_length_and_holds_no_personal_data(text: str) -> None:
    masked = mask_personal_data(text)
    assert len(masked) == len(text)
    assert all(masked[i] in ("*", c) for i, c in enumerate(text))


@given(st.text(max_size=300))
def test_counts_are_of_known_kinds(text: str) -> None:
    assert set(count_personal_data(text)) <= set(KINDS)

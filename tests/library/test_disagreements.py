"""Documents that say different things of one matter are told side by side; what only looks alike is left in peace."""

from __future__ import annotations

import pytest

from jihwi.evidence import Claim, Contradiction, Quotation
from jihwi.index.mecab import MecabAnalyser
from jihwi.library.disagreements import Statement, disagreements

ANALYSER = MecabAnalyser()


def statement(document: str, text: str, about: str = "") -> Statement:
    claim = Claim(text, (Quotation(document, "", "", text, 0, len(text)),), document)
    return Statement(claim, document, about, posted=document == "a")


def between(one: str, other: str, question: str, about: tuple[str, str] = ("", "")) -> list[Contradiction]:
    return disagreements([statement("a", one, about[0]), statement("b", other, about[1])], question, ANALYSER)


DIFFERENT = [
    (
        "공사기간은 2025년 6월 30일까지로 한다.",
        "공사기간은 2025. 7. 15.까지입니다.",
        "공사기간은 언제까지인가?",
        "date",
    ),
    (
        "홈페이지 개편 예산은 1억 2천만원이다.",
        "홈페이지 개편 예산은 150,000,000원으로 한다.",
        "홈페이지 개편 예산은?",
        "amount",
    ),
    ("청구서의 보존기간은 10년이다.", "청구서의 보존기간은 5년으로 한다.", "청구서의 보존기간은?", "number"),
    (
        "행사 참석 인원은 120명이었다.",
        "행사 참석 인원은 150명으로 집계되었다.",
        "행사 참석 인원은 몇 명인가?",
        "number",
    ),
    ("야간 주차장을 개방한다.", "야간 주차장을 개방하지 않는다.", "야간 주차장을 개방하나?", "polarity"),
]


@pytest.mark.parametrize(("one", "other", "question", "kind"), DIFFERENT)
def test_what_two_documents_say_differently_is_shown_side_by_side(
    one: str, other: str, question: str, kind: str
) -> None:
    (found,) = between(one, other, question)
    assert found.kind == kind
    assert [side.text for side in found.sides] == [one, other]
    assert all(value in side.text for value, side in zip(found.values, found.sides, strict=True))


ALIKE = [
    ("같은 값, 다르게 쓴", "예산은 1억 2천만원이다.", "예산은 120,000,000원이다.", "예산은 얼마인가?"),
    ("같은 날, 다르게 쓴", "기한은 2025년 6월 30일이다.", "기한은 2025. 6. 30.이다.", "기한은 언제인가?"),
    ("다른 해", "2024년 인건비 예산은 8억원이다.", "2025년 인건비 예산은 9억원이다.", "인건비 예산은 얼마인가?"),
    ("다른 항목", "여비 예산은 3천만원이다.", "교육비 예산은 5천만원이다.", "예산은 얼마인가?"),
    ("다른 단위", "교육 기간은 3일이다.", "교육 인원은 30명이다.", "교육은 며칠인가?"),
    ("묻지 않은 것", "주차장은 9시에 연다.", "주차장은 10시에 연다.", "연차 휴가는 며칠인가?"),
]


@pytest.mark.parametrize(("why", "one", "other", "question"), ALIKE)
def test_what_only_looks_alike_is_no_contradiction(why: str, one: str, other: str, question: str) -> None:
    assert between(one, other, question) == [], why


def test_rows_of_a_table_do_not_contradict_each_other() -> None:
    rows = ("여비 / 2026년: 25,000,000원", "인건비 / 2026년: 820,000,000원")
    assert between(*rows, "2026년 예산은 얼마인가?", ("예산서", "집행현황")) == []


def test_what_is_no_finding_of_the_case_is_left_alone() -> None:
    two = [statement("b", "예산은 1억원이다."), statement("c", "예산은 2억원이다.")]
    assert disagreements(two, "예산은 얼마인가?", ANALYSER) == []


def test_one_document_does_not_contradict_itself() -> None:
    two = [statement("a", "예산은 1억원이다."), statement("a", "예산은 2억원이다.")]
    assert disagreements(two, "예산은 얼마인가?", ANALYSER) == []


def test_the_same_contradiction_is_told_once() -> None:
    many = [
        statement("a", "홈페이지 개편 예산은 1억원이다."),
        statement("b", "홈페이지 개편 예산은 2억원이다."),
        statement("c", "홈페이지 개편 예산은 2억원이다."),
    ]
    assert len(disagreements(many, "홈페이지 개편 예산은 얼마인가?", ANALYSER)) == 1

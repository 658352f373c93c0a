"""A request is taken apart: what it intends, what single questions are in it, what kind of answer each wants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.library.questions import Intent, Wanted, kind_of_label, language_of, understand
from tests.growth import assert_grows_with_length

WANTED: list[tuple[str, Wanted]] = [
    ("출장 신청은 누가 승인하나요?", "who"),
    ("위원장의 이름은?", "who"),
    ("보안 점검을 반대한 사람은?", "who"),
    ("회의는 어디에서 열리나요?", "where"),
    ("행사 장소는?", "where"),
    ("계약은 언제 끝나나요?", "when"),
    ("신청 기한은?", "when"),
    ("몇 년에 개정되었나?", "when"),
    ("회의는 몇 시에 시작하나요?", "time"),
    ("휴가는 며칠인가요?", "duration"),
    ("계약 기간은?", "duration"),
    ("얼마나 오래 보관하나요?", "duration"),
    ("홈페이지 개편 예산은 얼마인가?", "how_much"),
    ("계약 금액은?", "how_much"),
    ("참석자는 몇 명인가?", "how_many"),
    ("낙찰률은 몇 퍼센트인가?", "percent"),
    ("이 내용은 몇 조에 있나?", "article"),
    ("담당자 전화번호는?", "phone"),
    ("어느 부서에서 접수하나요?", "organisation"),
    ("출장이란 무엇인가?", "definition"),
    ("왜 연기되었나?", "why"),
    ("반려한 이유는?", "why"),
    ("어떻게 신청하나요?", "how"),
    ("신청 방법은?", "how"),
    ("제출 서류의 종류는 무엇이 있나요?", "list"),
    ("연차를 이월할 수 있나요?", "yes_no"),
    ("Who approves travel?", "who"),
    ("When is the deadline?", "when"),
    ("How much is the travel budget?", "how_much"),
    ("How many people attended?", "how_many"),
    ("How many days of leave are there?", "duration"),
    ("Where was the meeting held?", "where"),
    ("Why was it postponed?", "why"),
    ("How do I apply?", "how"),
    ("Which department receives it?", "organisation"),
    ("Can leave be carried over?", "yes_no"),
    ("연차 이월", "passage"),
]


@pytest.mark.parametrize(("text", "wanted"), WANTED)
def test_the_kind_of_answer_is_told(text: str, wanted: Wanted) -> None:
    assert [one.wanted for one in understand(text).questions] == [wanted]


INTENTS: list[tuple[str, Intent]] = [
    ("휴가는 며칠인가요?", "one_fact"),
    ("회의록을 요약해 줘", "summary"),
    ("주요 내용을 알려 주세요", "summary"),
    ("이 문서들은 무엇에 관한 것인가요?", "overview"),
    ("2026년 사업 현황을 정리해서 보여줘", "overview"),
    ("2025년과 2026년 예산을 비교해 줘", "comparison"),
    ("Compare the 2025 and 2026 budgets.", "comparison"),
    ("Summarise the minutes.", "summary"),
    ("Give me an overview of the project.", "overview"),
    ("제출 서류의 종류는 무엇이 있나요?", "list"),
    ("연차를 이월할 수 있나요?", "yes_no"),
]


@pytest.mark.parametrize(("text", "intent"), INTENTS)
def test_the_intent_is_told(text: str, intent: Intent) -> None:
    assert understand(text).intent == intent


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("계약은 언제 끝나나요? 금액은 얼마인가요?", ["계약은 언제 끝나나요?", "금액은 얼마인가요?"]),
        ("연차는 며칠이고 신청 기한은 언제인가요?", ["연차는 며칠이고", "신청 기한은 언제인가요?"]),
        ("계약 금액과 계약 기간은?", ["계약 금액은?", "계약 기간은?"]),
        ("What is the budget and when is the deadline?", ["What is the budget", "when is the deadline?"]),
        ("법무부 장관과 만난 사람은 누구인가?", ["법무부 장관과 만난 사람은 누구인가?"]),
    ],
)
def test_a_request_is_split_where_another_question_begins(text: str, questions: list[str]) -> None:
    assert [one.text for one in understand(text).questions] == questions


def test_two_things_asked_at_once_are_two_questions() -> None:
    assert [one.wanted for one in understand("회의는 언제 어디에서 열렸나?").questions] == ["when", "where"]


def test_both_sides_of_a_comparison_are_whole() -> None:
    assert understand("2025년과 2026년 인건비를 비교해 줘").sides == ("2025년 인건비", "2026년 인건비")
    assert understand("복무 규정과 취업 규칙의 차이점은?").sides == ("복무 규정", "취업 규칙")


@pytest.mark.parametrize(
    ("label", "wanted"), [("일시", "when"), ("장소", "where"), ("담당자", "who"), ("총액", "how_much")]
)
def test_a_label_announces_a_kind_of_thing(label: str, wanted: Wanted) -> None:
    assert kind_of_label(label) == wanted


def test_the_language_is_korean_when_there_is_hangul() -> None:
    assert [language_of(text) for text in ("AI 예산은?", "What budget?", "")] == ["ko", "en", "en"]


@given(st.text(st.sampled_from(list("언제 어디누가무엇몇과와은는?, .비교해줘요약예산기한and whatwhen")), max_size=80))
def test_any_request_is_taken_and_its_questions_are_its_words(text: str) -> None:
    request = understand(text)
    assert request.questions
    for question in request.questions:
        assert all(
            word in text for word in question.text.split() if request.intent != "comparison" and "은?" not in word
        )


def test_a_hostile_request_takes_time_that_grows_with_its_length() -> None:
    hostile = (
        ("언제 ", 2_000),
        ("과 ", 2_000),
        ("몇", 4_000),
        ("what and ", 1_000),
        ("예산과 기한은 ", 800),
        ("기간과", 1_000),
    )
    for piece, times in hostile:
        assert_grows_with_length(understand, piece, times)

"""Questions to a small office's documents are answered with their words, in their place, or with "not found"."""

from __future__ import annotations

import pytest

from jihwi.library.answers import Answer, answer_from
from jihwi.library.glossary import expand
from jihwi.library.questions import Question, understand

from .office import office

ANSWERED = [
    ("연차 휴가는 며칠인가요?", "복무 규정.hwpx", "15일"),
    ("연차 휴가는 언제까지 신청해야 하나요?", "복무 규정.hwpx", "3일 전"),
    ("출장비는 하루에 얼마인가?", "복무 규정.hwpx", "5만원"),
    ("출장 신청은 어느 부서에서 접수하나요?", "복무 규정.hwpx", "총무과"),
    ("위원장은 누구인가?", "회의록.txt", "김하늘"),
    ("보안 점검이 부족하다고 반대한 사람은?", "회의록.txt", "박서연"),
    ("2026년 여비는 얼마인가?", "예산.xlsx", "25,000,000원"),
    ("2025년 인건비는 얼마였나?", "예산.xlsx", "800,000,000원"),
    ("What is the travel expense budget for 2026?", "예산.xlsx", "25,000,000원"),
    ("Who is the chairperson?", "회의록.txt", "김하늘"),
]


@pytest.mark.parametrize(("question", "path", "short"), ANSWERED)
def test_a_fact_is_answered_in_the_fewest_words_from_the_right_file(question: str, path: str, short: str) -> None:
    (answer,) = office().answers(question)
    assert answer.found
    assert answer.evidence[0].path == path
    assert answer.short is not None
    assert short in answer.short.text
    assert answer.evidence[0].quotation.start <= answer.short.start < answer.evidence[0].quotation.end


@pytest.mark.parametrize("question", [q for q, _, _ in ANSWERED] + ["출장이란 무엇인가?", "사장의 연봉은 얼마인가?"])
def test_everything_an_answer_shows_stands_in_the_documents_to_the_character(question: str) -> None:
    for answer in office().answers(question):
        shown = [*answer.evidence, *answer.nearest]
        quotations = [q for one in shown for q in (one.quotation, *one.support)]
        quotations += [one.context for one in shown if one.context] + ([answer.short] if answer.short else [])
        assert all(office().stands(quotation) for quotation in quotations)


@pytest.mark.parametrize(
    "question",
    ["사장의 연봉은 얼마인가?", "주차장 요금은 얼마인가요?", "담당자 전화번호는?", "What is the salary of the mayor?"],
)
def test_what_is_not_there_is_not_found(question: str) -> None:
    (answer,) = office().answers(question)
    assert not answer.found
    assert (answer.evidence, answer.short) == ((), None)
    assert answer.not_found().question == question


def test_two_things_asked_at_once_are_answered_each() -> None:
    when, where = office().answers("정보화위원회 회의는 언제 어디에서 열렸나?")
    assert _short(when) == "2026년 3월 2일"
    assert _short(where) == "본관 3층 대회의실"


def test_a_cell_is_shown_with_its_row_and_its_column() -> None:
    (answer,) = office().answers("2026년 인건비는 얼마인가?")
    assert answer.evidence[0].text == "인건비 / 2026년: 820,000,000원"
    assert answer.evidence[0].quotation.text == "인건비\t800,000,000원\t820,000,000원\t증액"
    assert [q.text for q in answer.evidence[0].support] == ["항목\t2025년\t2026년\t비고"]


def test_a_definition_is_answered_with_the_sentence_that_defines() -> None:
    (answer,) = office().answers("출장이란 무엇인가?")
    assert answer.evidence[0].quotation.text == "“출장”이란 직원이 근무지 밖에서 공무를 보는 것을 말한다."


def test_a_list_is_answered_whole() -> None:
    (answer,) = office().answers("개인정보를 제3자에게 제공할 수 있는 경우는?")
    assert answer.evidence[0].quotation.text.splitlines() == [
        "개인정보는 다음 각 호의 경우에만 제3자에게 제공할 수 있다.",
        "1. 정보주체의 동의를 받은 경우",
        "2. 법률에 특별한 규정이 있는 경우",
    ]


def test_documents_that_disagree_are_both_shown() -> None:
    (answer,) = office().answers("홈페이지 개편 예산은 얼마인가?")
    assert {one.path for one in answer.evidence} == {"회의록.txt", "예산.xlsx"}


def test_headings_are_no_answers() -> None:
    for question in ("연차 휴가", "출장", "개인정보"):
        for answer in office().answers(question):
            assert not any(one.quotation.text.startswith("제") for one in answer.evidence)


def test_what_was_refused_is_not_offered_again() -> None:

    question = "위원장은 누구인가?"
    passages, terms = office().passages(question)
    asked = understand(question).questions[0]
    first = answer_from(asked, passages, terms, office().analyser, office().tagger)
    refused = first.evidence[0].quotation.text
    again = answer_from(asked, passages, terms, office().analyser, office().tagger, exclude=[refused])
    assert refused not in [one.quotation.text for one in (*again.evidence, *again.nearest)]


def test_the_same_question_has_the_same_answer() -> None:
    assert office().answers("연차 휴가는 며칠인가요?") == office().answers("연차 휴가는 며칠인가요?")


def test_without_passages_nothing_is_found() -> None:

    answer = answer_from(Question("무엇인가?", "what"), [], (), office().analyser, office().tagger)
    assert not answer.found
    assert answer.confidence == 0


def test_office_words_are_found_in_the_other_language() -> None:
    expansion = expand("annual leave deadline", office().analyser)
    assert "연차 휴가" in expansion.query
    assert "기한" in expansion.translations["deadlin" if "deadlin" in expansion.translations else "deadline"]
    assert expand("예산", office().analyser).query == "예산 budget"


def _short(answer: Answer) -> str:
    assert answer.short is not None
    return answer.short.text

"""A released sentence says only what its quotations say: figures, names and negations are found there, by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.evidence.stems import Vocabulary, stems_of
from jihwi.evidence.support import is_negated, negations, supported
from tests.growth import assert_grows_with_length

LEAVE = "직원의 연차 휴가는 15일로 하며, 예산이 부족하면 수당을 지급하지 아니한다."
VOTE = "위원회는 2026년 3월 2일 홈페이지 개편 사업의 예산 1억 2천만원을 의결하였다."
PEOPLE = "박서연 위원은 보안 점검이 부족하다며 반대하였다."
ENGLISH = "The committee approved a budget of $1.2 million on 2 March 2026, but did not hire Mr Park."

TRUE = [
    ("연차 휴가는 15일이다.", LEAVE),
    ("직원은 연차 휴가가 15일입니다.", LEAVE),
    ("예산이 부족한 경우 수당은 지급하지 않는다.", LEAVE),
    ("홈페이지 개편 사업 예산은 120,000,000원으로 의결되었다.", VOTE),
    ("2026. 3. 2. 위원회가 예산을 의결했습니다.", VOTE),
    ("3월에 홈페이지 개편 예산을 의결함.", VOTE),
    ("보안 점검 부족을 이유로 박서연 위원이 반대했다.", PEOPLE + " 부족이 이유였다."),
    ("On 2026-03-02 the committee approved a $1,200,000 budget.", ENGLISH),
    ("Mr Park was not hired.", ENGLISH),
    ("株式會社의 ㆍ연차 휴가는 15일이다.", LEAVE + " (株式會社)"),
]
FALSE = [
    ("연차 휴가는 16일이다.", LEAVE),
    ("예산이 부족하면 수당을 지급한다.", LEAVE),
    ("예산이 부족하지 않으면 연차 휴가는 15일이 아니다.", LEAVE),
    ("2026년 3월 3일 예산을 의결하였다.", VOTE),
    ("2025년 3월 2일 예산을 의결하였다.", VOTE),
    ("홈페이지 개편 사업의 예산은 1억 3천만원이다.", VOTE),
    ("이사회는 홈페이지 개편 사업의 예산을 의결하였다.", VOTE),
    ("위원회는 예산 1억 2천만원을 의결하지 않았다.", VOTE),
    ("박서진 위원은 반대하였다.", PEOPLE),
    ("박서연 위원은 찬성하였다.", PEOPLE),
    ("The committee approved a budget of $1.3 million.", ENGLISH),
    ("The committee did not approve a budget of $1.2 million.", ENGLISH),
    ("The committee hired Mr Kim.", ENGLISH),
    ("비용은 5만원이다.", LEAVE),
    ("年休は15日です。", LEAVE),
    ("年假不是15天。", LEAVE),
    ("Отпуск 15", LEAVE),
    ("연차 휴가는 15일이며 不可하다.", LEAVE),
    ("연차 휴ㄱㅏ는 15일이다.", LEAVE),
]


@pytest.mark.parametrize(("sentence", "quotation"), TRUE)
def test_what_the_quotation_says_in_other_grammar_holds(sentence: str, quotation: str) -> None:
    assert supported(sentence, [quotation]).missing == ()


@pytest.mark.parametrize(("sentence", "quotation"), FALSE)
def test_what_the_quotation_does_not_say_is_refused_with_what_is_missing(sentence: str, quotation: str) -> None:
    support = supported(sentence, [quotation])
    assert not support.holds
    assert support.missing


def test_a_sentence_may_stand_on_several_quotations() -> None:
    assert supported("위원회는 예산을 의결하였고 박서연 위원은 반대하였다.", [VOTE, PEOPLE]).holds
    assert not supported("위원회는 예산을 의결하였고 박서연 위원은 반대하였다.", [VOTE]).holds


def test_without_quotations_nothing_holds() -> None:
    assert not supported("연차 휴가는 15일이다.", []).holds


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("승인하지 않는다", "승인하"),
        ("예산이 없다", "예산"),
        ("출입 금지", "출입"),
        ("안 된다", "된다"),
        ("It is not open.", "open"),
    ],
)
def test_what_is_denied_is_told(text: str, denied: str) -> None:
    assert [n.denied for n in negations(text)] == [denied]
    assert is_negated(text)


def test_two_denials_are_none() -> None:
    assert not is_negated("승인하지 않을 수 없다")


@pytest.mark.parametrize(
    ("one", "other"),
    [("위원회에서는", "위원회의"), ("지급한다", "지급하였습니다"), ("열렸다", "열린다"), ("budgets", "budget")],
)
def test_forms_of_one_word_are_one(one: str, other: str) -> None:
    assert Vocabulary([other]).holds(one)


@pytest.mark.parametrize(
    ("one", "other"), [("김민지는", "김민수는"), ("서울시", "서울역"), ("불가능하다", "가능하다"), ("Park", "Parker's")]
)
def test_other_words_are_others(one: str, other: str) -> None:
    assert not Vocabulary([other]).holds(one.casefold())


def test_stems_leave_only_endings() -> None:
    assert stems_of("위원회에서는") == ("위원회에서는", "위원회에서", "위원회")


@given(st.text(max_size=80))
def test_a_text_of_words_bears_itself_out(text: str) -> None:
    assert supported(text, [text]).holds or not text.strip()


def test_long_texts_take_time_that_grows_with_their_length() -> None:
    for piece, times in (("않", 5_000), ("가지 ", 3_000), ("없다 ", 3_000), ("not a ", 3_000)):
        assert_grows_with_length(lambda text: supported(text, [text]), piece, times)


def test_a_sentence_with_nothing_to_hold_against_a_quotation_is_not_borne_out_by_it() -> None:
    assert not supported("약 때문입니다.", ["당직비는 1회 60,000원을 지급한다."]).holds

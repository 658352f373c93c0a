"""One contract for every Korean analyser that is installed."""

from __future__ import annotations

import sys
import unicodedata
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.errors import ExtraMissing
from jihwi.index import Analyser
from jihwi.index.kiwi import KiwiAnalyser
from jihwi.index.mecab import MecabAnalyser

MECAB = MecabAnalyser()
HAS_KIWI = find_spec("kiwipiepy") is not None


@pytest.fixture(
    scope="module",  # Kiwi takes seconds to load
    params=["mecab", pytest.param("kiwi", marks=pytest.mark.skipif(not HAS_KIWI, reason="absent: kiwipiepy"))],
)
def analyser(request: pytest.FixtureRequest) -> Analyser:
    return MECAB if request.param == "mecab" else KiwiAnalyser()


def test_content_words_without_particles(analyser: Analyser) -> None:
    terms = analyser.terms("출장비는 귀임 후 5일 이내에 정산하여야 한다.")
    assert {"귀임", "이내", "정산"} <= set(terms)
    assert not {"는", "에", "한다", "."} & set(terms)


def test_nouns_that_touch_are_one_term_too(analyser: Analyser) -> None:
    assert {"정보공개청구", "정보", "공개", "청구"} <= set(analyser.terms("정보공개청구를 하였다"))
    assert "정보공개청구" not in analyser.terms("정보 공개 청구를 하였다")


def test_english_in_lower_case_by_its_stem(analyser: Analyser) -> None:
    assert {"polic", "policy"} & set(analyser.terms("Policies were approved"))
    assert "the" not in analyser.terms("the budget")


def test_numbers_in_their_written_forms(analyser: Analyser) -> None:
    assert {"제12조제3항", "2024-03-05", "150000000원"} <= set(
        analyser.terms("제12조 제3항에 따라 2024. 3. 5. 1억 5천만원을 지급한다.")
    )


def test_question_words_are_not_looked_for(analyser: Analyser) -> None:
    terms = analyser.query_terms("출장비는 언제 누가 정산하는가?")
    assert "정산" in terms
    assert not {"언제", "누가", "누구"} & set(terms)
    assert analyser.query_terms("누구") != []


def test_letters_and_syllables_give_the_same_terms(analyser: Analyser) -> None:
    text = "정보공개 청구서를 제출하였다"
    assert analyser.terms(unicodedata.normalize("NFD", text)) == analyser.terms(text)


def test_places_are_those_of_the_text_itself(analyser: Analyser) -> None:
    text = unicodedata.normalize("NFD", "출장") + " ２０２４년 예산㎡"
    found = {token.term: text[token.start : token.end] for token in analyser.tokens(text)}
    assert unicodedata.normalize("NFC", found["출장"]) == "출장"
    assert found["예산"] == "예산"
    assert found["2024"] == "２０２４"


@settings(deadline=None)
@given(st.text())
def test_any_text_is_taken_and_places_lie_inside(text: str) -> None:
    tokens = MECAB.tokens(text)
    assert sorted(token.term for token in tokens) == sorted(MECAB.terms(text))
    for token in tokens:
        assert token.term
        assert 0 <= token.start < token.end <= len(text)


def test_a_long_line_without_a_space_is_taken() -> None:
    assert len(MECAB.terms("가나다라마바사" * 5_000)) > 1_000


def test_a_missing_analyser_names_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kiwipiepy", None)
    with pytest.raises(ExtraMissing) as caught:
        KiwiAnalyser()
    assert "jihwi[kiwi]" in caught.value.next_step("ko")

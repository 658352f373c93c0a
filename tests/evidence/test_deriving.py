"""What somebody writes proves what it can, by rule, and no more."""

from __future__ import annotations

import pytest

from jihwi.evidence import Quotation, Reading, Sentence, compute, derive_text, lacking, whole_sentence
from jihwi.evidence.reading import ReadingBuilder

WORDS = (
    "공사기간은 2025년 3월 2일부터 6월 30일까지로 한다. 계약금액은 1,300,000원이다. 준공 뒤에는 대금을 지급하지 않는다."
)
READING: Reading = ReadingBuilder(source="aa", reader="text", reader_version="1").paragraph(WORDS).done()
READINGS = {"bb": READING}
PERIOD = Quotation("d1", "aa", "bb", "공사기간은 2025년 3월 2일부터 6월 30일까지로 한다.", 0)
PRICE = Quotation("d1", "aa", "bb", "계약금액은 1,300,000원이다.")
OLD = (Sentence(PERIOD.text, "quoted", (PERIOD,)),)


def kinds(text: str, old: tuple[Sentence, ...] = OLD, others: tuple[Quotation, ...] = (PRICE,)) -> list[str]:
    return [one.kind for one in derive_text(text, old, others, READINGS, {7: "kim 님이 정했습니다."})]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (PERIOD.text, "quoted"),
        (f"“{PERIOD.text}”", "quoted"),
        ("공사기간은 6월 30일까지다.", "supported"),
        ("공사기간은 7월 30일까지다.", "marked"),
        ("공사기간은 6월 30일까지가 아니다.", "marked"),
        ("계약금액은 1,300,000원이다.", "quoted"),
        ("계약금액은 1,300,000원으로 한다.", "supported"),
        ("계약금액은 300,000원이다.", "marked"),
        ("대금을 지급", "marked"),
        ("참고하시기 바랍니다.", "marked"),
    ],
)
def test_one_sentence_has_the_kind_it_can_prove(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


def test_several_sentences_are_judged_one_by_one() -> None:
    assert kinds("공사기간은 6월 30일까지다. 매우 빠듯한 일정이다.") == ["supported", "marked"]
    assert derive_text("  \n ", OLD, (), READINGS) == ()


def test_what_is_no_longer_there_supports_nothing() -> None:
    gone = Quotation("d1", "aa", "cc", PERIOD.text, 0)
    [made] = derive_text(PERIOD.text, (Sentence(PERIOD.text, "quoted", (gone,)),), (), READINGS)
    assert (made.kind, made.quotations) == ("marked", ())
    altered = Quotation("d1", "aa", "bb", "공사기간은 2025년 3월 2일부터 7월 30일까지로 한다.", 0)
    [made] = derive_text(altered.text, (Sentence(altered.text, "quoted", (altered,)),), (), READINGS)
    assert made.kind == "marked"


def test_a_sum_stays_one_while_its_result_stands_and_no_other_figure_comes_in() -> None:
    total = Quotation("d1", "aa", "bb", "1,300,000원", -1)
    result = compute("q1 * 2", [total.text]).result
    old = (Sentence(f"두 번이면 {result}", "computed", (total,), "q1 * 2", result),)
    assert kinds(f"두 번이면 {result}이다.", old, ()) == ["computed"]
    assert kinds(f"두 번이면 {result}이고 세 번이면 9,900,000이다.", old, ()) == ["marked"]
    assert kinds("두 번이면 9,900,000이다.", old, ()) == ["marked"]


def test_a_sentence_of_the_case_keeps_the_words_of_its_event() -> None:
    old = (Sentence("kim 님이 정했습니다.", "of_the_case", events=(7,)),)
    assert kinds("kim 님이 정했습니다.", old, ()) == ["of_the_case"]
    assert kinds("lee 님이 정했습니다.", old, ()) == ["marked"]


def test_what_is_lacking_is_named_and_a_document_s_own_sentence_is_given() -> None:
    assert lacking("공사기간은 7월 30일까지다.", (PERIOD,)) == ("7월 30일",)
    cut = Quotation("d1", "aa", "bb", "대금을 지급하지 않는다", -1)
    whole = whole_sentence(cut, READINGS)
    assert whole is not None
    assert (whole.text, whole.kind) == ("준공 뒤에는 대금을 지급하지 않는다.", "quoted")
    assert whole_sentence(Quotation("d1", "aa", "cc", "x"), READINGS) is None

"""A summary is made of the documents' own sentences, of all of them, without saying a thing twice."""

from __future__ import annotations

from jihwi.evidence import Claim
from jihwi.library.passages import Passage
from jihwi.library.summaries import summarise

from .office import office

TEXTS = {
    "규정.hwpx": "연차 휴가는 15일로 한다. 휴가를 쓰려는 직원은 3일 전에 신청한다. "
    "연차 휴가는 15일로 정한다. 이 규정은 3월부터 시행한다.",
    "공고.html": "민원실 공사로 주차장을 닫는다. 공사는 6월에 끝난다. 연차 휴가와는 관계가 없는 안내이다.",
}


def passages() -> list[Passage]:
    return [Passage(path, path, "r", 10, text, 1.0, (path,), path) for path, text in TEXTS.items()]


def summary(limit: int = 4) -> list[Claim]:
    return summarise(passages(), (), office().analyser, limit=limit)


def test_every_sentence_is_a_quotation_in_its_place() -> None:
    for claim in summary():
        (quotation,) = claim.quotations
        assert TEXTS[quotation.document_id][quotation.start - 10 : quotation.end - 10] == quotation.text == claim.text


def test_every_document_has_its_say() -> None:
    assert {claim.topic for claim in summary()} == set(TEXTS)


def test_a_thing_is_said_once() -> None:
    said = [claim.text for claim in summary(limit=6)]
    assert len({"연차 휴가는 15일로 한다.", "연차 휴가는 15일로 정한다."} & set(said)) <= 1


def test_a_summary_is_as_short_as_asked_and_always_the_same() -> None:
    assert len(summary(limit=2)) == 2
    assert summary() == summary()


def test_of_nothing_there_is_no_summary() -> None:
    assert summarise([], (), office().analyser) == []

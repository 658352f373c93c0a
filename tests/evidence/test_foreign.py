"""English sentences over Korean quotations: what can be matched word by word is supported, and nothing else."""

from __future__ import annotations

import pytest

from jihwi.evidence import supported
from jihwi.evidence.foreign import is_foreign, missing_words
from jihwi.evidence.romanised import reads_as

AMOUNT = "계약금액은 1억 2천만원으로 한다."
MEETING = "회의는 2026년 3월 2일 부산시청에서 개최하였다."
LEADER = "김민지를 2025년 5월 3일 팀장으로 임명하였다."
BUDGET = "위원회는 35억원의 예산을 승인하였다."
LEAVE = "직원은 15일의 연차 휴가를 사용할 수 있다."
RECORDS = "기록물은 5년간 보관하여야 한다."
TRAVEL = "출장비는 귀임 후 5일 이내에 정산하여야 한다."
MEMBERS = "회의에 위원 12명이 참석하였다."


@pytest.mark.parametrize(
    ("sentence", "quotation"),
    [
        ("The contract amount is 120 million won.", AMOUNT),
        ("The meeting was held on March 2, 2026 at Busan city hall.", MEETING),
        ("Minji Kim was appointed team leader on 3 May 2025.", LEADER),
        ("Kim Min-ji was appointed team leader.", LEADER),
        ("The committee approved the budget of 3.5 billion won.", BUDGET),
        ("Employees may use 15 days of annual leave.", LEAVE),
        ("Records must be kept for 5 years.", RECORDS),
        ("Travel expenses must be settled within 5 days after return.", TRAVEL),
        ("12 members attended the meeting.", MEMBERS),
    ],
)
def test_what_the_korean_says_is_supported(sentence: str, quotation: str) -> None:
    assert supported(sentence, [quotation]).missing == ()


@pytest.mark.parametrize(
    ("sentence", "quotation"),
    [
        ("The contract amount is 130 million won.", AMOUNT),
        ("The contract was terminated.", AMOUNT),
        ("The meeting was held in Daegu.", MEETING),
        ("The meeting was held on March 3, 2026.", MEETING),
        ("The meeting was cancelled on March 2, 2026.", MEETING),
        ("Minsu Kim was appointed team leader.", LEADER),
        ("Kim was appointed team leader.", LEADER),
        ("The committee did not approve the budget.", BUDGET),
        ("The committee approved the budget.", "위원회는 35억원의 예산을 승인하지 않았다."),
        ("The director approved the budget.", BUDGET),
        ("Employees must use 15 days of annual leave.", LEAVE),
        ("Records may be kept for 5 years.", RECORDS),
        ("Travel expenses must be settled before return.", TRAVEL),
        ("The budget increased by 10%.", "예산이 10% 감소하였다."),
        ("More than 12 members attended the meeting.", MEMBERS),
        ("The quarterly gloom deepened.", BUDGET),
    ],
)
def test_what_it_does_not_say_is_refused(sentence: str, quotation: str) -> None:
    assert not supported(sentence, [quotation]).holds


def test_only_english_over_korean_is_foreign() -> None:
    assert is_foreign("The budget.", [BUDGET])
    assert not is_foreign("예산 budget.", [BUDGET])
    assert not is_foreign("The budget.", ["The budget is 3 won."])
    assert not is_foreign("12", [BUDGET])


def test_what_is_missing_is_named() -> None:
    assert missing_words("The mayor approved the budget.", [BUDGET]) == ["mayor"]


@pytest.mark.parametrize(
    ("letters", "hangul"),
    [
        ("Seoul", "서울"),
        ("Busan", "부산"),
        ("Jongno-gu", "종로구"),
        ("Lee", "이"),
        ("Park", "박"),
        ("Gyeonggi", "경기"),
    ],
)
def test_names_are_read_as_people_write_them(letters: str, hangul: str) -> None:
    assert reads_as(letters, hangul)
    assert not reads_as(letters, "대전")

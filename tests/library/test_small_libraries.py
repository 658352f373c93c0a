"""A library of one memo answers what stands in the memo, and says "not found" to what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from jihwi.index import ChunkText, IndexedDocument
from jihwi.index.embedded import EmbeddedIndex
from jihwi.library.answers import Answer, answer_from
from jihwi.library.passages import Passage
from jihwi.library.questions import understand

from .office import office

MEMO = (
    "시민회관 보수 공사는 건축가 안병의 씨가 설계하였다. 공사비는 3억 2천만원이며 2025년 9월에 끝났다. "
    "개관식에서 정동영 당시 위원장은 시민의 뜻을 전하였다. 이 제도를 열린마당이라고 부른다. "
    "개편안은 조준 등의 반발을 불러일으켰다. 공사의 우승자는 하늘건설이다."
)


def answer_to(question: str, folder: Path) -> Answer:
    """The answer of a library that holds the memo and nothing else."""
    index = EmbeddedIndex(folder, office().analyser)
    index.add([IndexedDocument("memo", "all", "1", (ChunkText(0, MEMO, "시민회관 안내"),))])
    index.commit(1)
    found = index.search(question, ["all"], limit=5)
    passages = [Passage("memo", "", "", 0, MEMO, match.score, ("시민회관 안내",)) for match in found.matches]
    asked = understand(question).questions[0]
    answer = answer_from(asked, passages, found.terms, office().analyser, office().tagger)
    index.close()
    return answer


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("시민회관 보수 공사의 공사비는 얼마인가?", "3억 2천만원"),
        ("시민회관 보수 공사는 언제 끝났나?", "2025년 9월"),
        ("시민회관 보수 공사를 설계한 건축가는 누구인가?", "안병의"),
        ("이 제도를 부르는 이름은?", "열린마당"),
        ("개편안은 누구의 반발을 불러일으켰나?", "조준"),
        ("개관식에서 시민의 뜻을 전한 사람은?", "정동영"),
        ("공사의 우승자는 누구인가?", "하늘건설"),
    ],
)
def test_one_memo_answers_its_own_questions_in_the_fewest_words(question: str, short: str, tmp_path: Path) -> None:
    answer = answer_to(question, tmp_path)
    assert answer.found
    assert answer.short is not None
    assert answer.short.text == short


@pytest.mark.parametrize(
    "question",
    ["시청 주차장 요금은 얼마인가?", "연차 휴가는 며칠인가?", "도서관 이용시간은 언제까지인가?", "대통령은 누구인가?"],
)
def test_one_memo_does_not_answer_what_it_does_not_say(question: str, tmp_path: Path) -> None:
    assert not answer_to(question, tmp_path).found

"""Questions made from files: each asks for what its place answers, and for nothing that stands in two places."""

from __future__ import annotations

import pytest

from jihwi.errors import QuestionsInvalid
from jihwi.evidence import ReadingBuilder, Source
from jihwi.library.lab_questions import LabQuestion, OwnQuestion, Taken, made_from, own_questions, placed
from jihwi.library.types import Document


def builder() -> ReadingBuilder:
    return ReadingBuilder(source="00", reader="text", reader_version="1")


def taken(built: ReadingBuilder, path: str = "규정/여비_규정.txt", digest: str = "r1") -> Taken:
    source = Source(document_id="d" + digest, collection="c", path=path, digest="00", size=1, modified_ms=0)
    return Taken(Document(source=source, grade="A", format="text", reading=digest), built.done())


def asked(*documents: Taken, most: int = 100) -> list[tuple[str, str, str]]:
    return [(one.kind, one.text, one.answer) for one in made_from(documents, most)]


def spans_are_true(questions: list[LabQuestion], *documents: Taken) -> bool:
    texts = {one.document.reading: one.reading.text for one in documents}
    return all(" ".join(texts[g.reading][g.start : g.end].split()) == q.answer for q in questions for g in q.golds)


def test_a_heading_asks_for_the_first_sentence_under_it() -> None:
    one = taken(
        builder().heading("1. 숙박비 상한", level=1).paragraph("서울은 하루 100,000원이다. 그 밖은 따로 정한다.")
    )
    assert asked(one) == [("heading", "숙박비 상한은 무엇인가?", "서울은 하루 100,000원이다.")]
    assert spans_are_true(made_from([one], 10), one)


def test_an_article_in_a_paragraph_is_a_heading_too() -> None:
    one = taken(builder().paragraph("제7조(숙박비) ① 숙박비는 실비로 지급한다."))
    assert ("heading", "숙박비는 무엇인가?") in [(kind, text) for kind, text, _ in asked(one)]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("“출장”이란 근무지 밖에서 공무를 보는 것을 말한다.", "출장은 무엇인가?"),
        ("1. 비품이란 1년 이상 쓸 수 있는 물품을 말한다.", "비품은 무엇인가?"),
        ('이 규정에서 "관내(管內)"라 함은 한빛시 안을 말한다.', "관내(管內)는 무엇인가?"),
        ("Household waste means waste that homes put out for collection.", "What is Household waste?"),
    ],
)
def test_a_definition_asks_what_its_word_means(sentence: str, question: str) -> None:
    assert asked(taken(builder().paragraph(sentence))) == [("definition", question, sentence)]


@pytest.mark.parametrize(
    "sentence",
    ["이란 대사가 한국을 방문하였다.", "This means that nobody comes.", "무엇이란 말인가.", "나는 그것을 말한다."],
)
def test_what_only_looks_like_a_definition_asks_nothing(sentence: str) -> None:
    assert asked(taken(builder().paragraph(sentence))) == []


def test_row_and_column_ask_for_their_cell_and_the_answer_begins_with_the_row() -> None:
    table = [["구분", "일비", "숙박비"], ["서울", "25,000", "100,000"], ["광역시", "25,000", "80,000"]]
    one = taken(builder().table(table, header_rows=1))
    found = asked(one)
    assert ("table", "광역시의 숙박비는 무엇인가?", "광역시 25,000 80,000") in found
    assert len(found) == 4
    assert spans_are_true(made_from([one], 10), one)


def test_a_row_or_column_named_twice_or_by_a_figure_asks_nothing() -> None:
    table = [
        ["구분", "금액", "금액", "2024"],
        ["인건비", "1", "2", "3"],
        ["여비", "4", "5", "6"],
        ["여비", "7", "8", "9"],
    ]
    assert asked(taken(builder().table(table, header_rows=1))) == []


def test_what_two_documents_could_answer_bears_the_documents_name_or_is_left_out() -> None:
    def text() -> ReadingBuilder:
        return builder().heading("목적", level=1).paragraph("이 규정은 필요한 사항을 정한다.")

    first, second = taken(text(), "여비_규정.txt", "r1"), taken(text(), "복무 규정.txt", "r2")
    assert [text for _, text, _ in asked(first, second)] == ["여비 규정 목적은 무엇인가?", "복무 규정 목적은 무엇인가?"]
    assert asked(first, taken(text(), "old/여비_규정.txt", "r2")) == []


def test_no_document_drowns_the_others_and_the_same_files_give_the_same_questions() -> None:
    long = builder()
    for number in range(50):
        long.heading(f"항목 {chr(ord('가') + number * 28)}", level=1).paragraph("여기에 답이 한 문장 있습니다.")
    short = builder().heading("짧은 문서", level=1).paragraph("여기에도 답이 한 문장 있습니다.")
    documents = [taken(long, "긴.txt", "r1"), taken(short, "짧은.txt", "r2")]
    found = made_from(documents, 4)
    assert len(found) == 4
    assert "짧은.txt" in {one.path for one in found}
    assert found == made_from(list(reversed(documents)), 4)


# ── one's own ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("first", ["질문,답,파일", "Question,Answer,File"])
def test_a_csv_is_read_in_the_encodings_and_words_people_use(encoding: str, first: str) -> None:
    data = f'{first}\n"당직비는, 얼마?",60000원,규정.txt\n\n답 없는 질문,,\n'.encode(encoding)
    assert own_questions(data, "q.csv") == [OwnQuestion("당직비는, 얼마?", "60000원", "규정.txt")]


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"question,answer\n", b"\xff\xfe\x00", b'question,answer\n"a,b\n']
)
def test_a_csv_without_questions_says_what_it_should_be(data: bytes) -> None:
    with pytest.raises(QuestionsInvalid) as found:
        own_questions(data, "q.csv")
    assert "question,answer" in found.value.next_step("en")


def test_an_answer_is_placed_wherever_it_stands_across_line_breaks_and_only_in_the_file_named() -> None:
    one = taken(builder().paragraph("기한은 3월\n10일까지이다. 다시, 3월 10일까지이다."), "a/규정.txt", "r1")
    two = taken(builder().paragraph("3월 10일까지"), "b/지침.txt", "r2")
    anywhere = OwnQuestion("기한은?", "3월 10일까지")
    found, lost = placed([anywhere, OwnQuestion("기한은?", "3월 10일까지", "지침.txt")], [one, two])
    assert [len(question.golds) for question in found] == [3, 1]
    assert lost == []
    assert placed([OwnQuestion("기한은?", "4월")], [one, two])[1] == [OwnQuestion("기한은?", "4월")]

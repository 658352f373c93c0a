"""What an ingest notices, and what it leaves alone."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from jihwi.errors import LibraryError
from jihwi.library import IngestProgress
from jihwi.readers import FileToRead, Outcome
from tests.library.shelf import ANYONE, PlainTextService, Shelf


@pytest.fixture
def shelf(shelf_folder: Path) -> Iterator[Shelf]:
    made = Shelf(shelf_folder)
    made.write("규정/출장.txt", "# 출장비 규정\n출장비는 귀임 후 5일 이내에 정산한다.\n숙박비는 1박에 7만원으로 한다.")
    made.write("회의록.txt", "# 3월 회의록\n2024. 3. 5. 회의에서 예산 1억 5천만원을 의결하였다.")
    made.write("notice.txt", "# Notice\nApplications are accepted until 31 May.")
    yield made
    made.library.close()


def ingest(shelf: Shelf) -> dict[str, int]:
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    return {
        name: value
        for name in ("added", "changed", "unchanged", "moved", "removed", "read", "reused")
        if (value := getattr(report, name))
    }


def test_files_are_read_once_and_found(shelf: Shelf) -> None:
    assert ingest(shelf) == {"added": 3, "read": 3}
    assert shelf.paths("출장비 정산 기한")[0] == "규정/출장.txt"
    assert shelf.paths("application deadline")[0] == "notice.txt"
    assert ingest(shelf) == {"unchanged": 3}


def test_numbers_are_found_as_people_type_them(shelf: Shelf) -> None:
    ingest(shelf)
    for question in ("2024년 3월 5일", "2024-03-05", "150,000,000원", "1.5억원"):
        assert shelf.paths(question)[0] == "회의록.txt", question


def test_a_hit_says_where_it_stands_and_why(shelf: Shelf) -> None:
    ingest(shelf)
    hit = shelf.library.search("숙박비는 얼마인가", ANYONE).hits[0]
    reading = shelf.library.reading(hit.reading, ANYONE)
    assert reading is not None
    assert reading.text[hit.start : hit.end] == hit.text
    assert reading.text[hit.why.best_start : hit.why.best_end] == "숙박비는 1박에 7만원으로 한다."
    assert hit.headings == ("출장비 규정",)
    assert "숙박비" in [term.term for term in hit.why.matched]


@pytest.mark.parametrize(
    "question", ["", "   ", "?!", "누구", "가" * 100_000, "\x00\ud800", "' OR 1=1 --", "a" * 5_000]
)
def test_any_question_is_answered_with_hits_or_none(shelf: Shelf, question: str) -> None:
    ingest(shelf)
    for hit in shelf.library.search(question, ANYONE).hits:
        assert 0 <= hit.score <= 2.1


def test_only_what_changed_is_read_again(shelf: Shelf) -> None:
    ingest(shelf)
    before = shelf.library.version
    shelf.write("규정/출장.txt", "# 출장비 규정\n출장비는 폐지한다.")
    assert ingest(shelf) == {"changed": 1, "read": 1, "unchanged": 2}
    assert shelf.library.version > before
    assert "정산" not in shelf.library.search("출장비 정산", ANYONE).hits[0].text


def test_a_file_that_was_only_touched_is_not_read_again(shelf: Shelf) -> None:
    ingest(shelf)
    os.utime(shelf.files / "회의록.txt", ns=(1, 1))
    before = shelf.library.version
    assert ingest(shelf) == {"unchanged": 3}
    assert shelf.library.version == before


def test_a_moved_file_keeps_its_reading(shelf: Shelf) -> None:
    ingest(shelf)
    reading = shelf.library.search("예산 의결", ANYONE).hits[0].reading
    (shelf.files / "회의록.txt").rename(shelf.files / "규정" / "삼월.txt")
    assert ingest(shelf) == {"moved": 1, "reused": 1, "removed": 1, "unchanged": 2}
    hit = shelf.library.search("예산 의결", ANYONE).hits[0]
    assert (hit.path, hit.reading) == ("규정/삼월.txt", reading)


def test_a_deleted_file_is_found_no_more(shelf: Shelf) -> None:
    ingest(shelf)
    (shelf.files / "회의록.txt").unlink()
    assert ingest(shelf) == {"removed": 1, "unchanged": 2}
    assert "회의록.txt" not in shelf.paths("예산 의결 회의록")


def test_a_copy_is_one_hit_that_names_both_places(shelf: Shelf) -> None:
    shelf.write("보관/회의록 사본.txt", (shelf.files / "회의록.txt").read_text("utf-8"))
    ingest(shelf)
    hits = [hit for hit in shelf.library.search("예산 의결", ANYONE).hits if "의결" in hit.text]
    assert len(hits) == 1
    assert {hits[0].path, *hits[0].also_at} == {"회의록.txt", "보관/회의록 사본.txt"}
    assert [twin.source.path for twin in shelf.library.same_content(hits[0].document_id, ANYONE)] == list(
        hits[0].also_at
    )


def test_attachments_are_documents_that_come_and_go_with_their_file(shelf: Shelf) -> None:
    shelf.write("mail.txt", "본문이다.\n@계획.txt: 청사 이전 계획\n@계획.txt: 둘째 첨부 조경 공사")
    assert ingest(shelf) == {"added": 4, "read": 4}
    assert shelf.paths("청사 이전")[0] == "mail.txt/계획.txt"
    assert shelf.paths("조경 공사")[0] == "mail.txt/계획.txt (2)"
    (shelf.files / "mail.txt").rename(shelf.files / "mail2.txt")
    ingest(shelf)
    assert shelf.paths("청사 이전")[0] == "mail2.txt/계획.txt"
    (shelf.files / "mail2.txt").unlink()
    assert ingest(shelf)["removed"] == 3
    assert shelf.paths("청사 이전") == []


def test_a_file_that_cannot_be_read_has_a_grade_and_no_hit(shelf: Shelf) -> None:
    shelf.write("깨진파일.txt", "!@#")
    ingest(shelf)
    grades = {document.source.path: document.grade for document in shelf.library.documents(ANYONE)}
    assert grades["깨진파일.txt"] == "F"
    assert shelf.paths("깨진파일") == []


def test_a_newer_reader_reads_everything_again(shelf: Shelf) -> None:
    ingest(shelf)
    shelf.service = PlainTextService("plain-2")
    assert ingest(shelf) == {"changed": 3, "read": 3}


def test_an_ingest_that_was_cut_off_goes_on_where_it_stopped(shelf: Shelf) -> None:
    for number in range(200):
        shelf.write(f"많은/{number:03}.txt", f"문서 번호 {number}의 내용이다.")
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            shelf.library.ingest("files", shelf.listing(), _CutOff(shelf.service, 50))
    assert ingest(shelf) == {"added": 3, "read": 3, "unchanged": 200}
    assert len(shelf.service.read) == 203 + 4
    assert shelf.paths("문서 번호 150의 내용")[0] == "많은/150.txt"


class _CutOff(PlainTextService):
    """A service whose process is interrupted after so many files."""

    def __init__(self, inner: PlainTextService, files: int) -> None:
        super().__init__(inner.version())
        self._inner = inner
        self._files = files

    def read_all(self, files: Iterable[FileToRead]) -> Iterator[Outcome]:
        for number, outcome in enumerate(self._inner.read_all(files)):
            if number == self._files:
                raise KeyboardInterrupt
            yield outcome


def test_progress_is_told_for_each_file(shelf: Shelf) -> None:
    told: list[IngestProgress] = []
    shelf.library.ingest("files", shelf.listing(), shelf.service, told.append)
    assert [(progress.files, progress.total) for progress in told] == [(1, 3), (2, 3), (3, 3)]


def test_a_collection_must_be_named_first(shelf: Shelf) -> None:
    with pytest.raises(LibraryError):
        shelf.library.ingest("없는 것", [], shelf.service)


def test_a_name_in_letters_is_the_name_in_syllables(shelf: Shelf) -> None:
    ingest(shelf)
    files = [
        FileToRead(location=file.location, shown_as=unicodedata.normalize("NFD", file.shown_as))
        for file in shelf.listing()
    ]
    report = shelf.library.ingest("files", files, shelf.service)
    assert (report.unchanged, report.added) == (3, 0)

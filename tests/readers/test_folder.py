"""A folder is walked without leaving it, read once, and reported on as a whole."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from jihwi.errors import FileMissing, FolderMissing
from jihwi.readers import FileToRead, Outcome
from jihwi.readers.folder import read_changed, survey, walk
from jihwi.readers.pipeline import failed
from jihwi.readers.sandbox import SandboxReadingService


@pytest.fixture(scope="module")
def service() -> Iterator[SandboxReadingService]:
    with SandboxReadingService(processes=1) as made:
        yield made


def test_files_are_found_at_every_depth_sorted_and_named_from_the_folder(tmp_path: Path) -> None:
    for name in ("나.txt", "가/다.txt", "가/라/마.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("글")
    assert [file.shown_as for file in walk(tmp_path)] == ["가/다.txt", "가/라/마.txt", "나.txt"]


def test_names_are_compared_as_people_see_them_and_kept_as_found(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "가나.txt")
    for name in (apart, "가.txt", "나.txt"):
        (tmp_path / name).write_text("글")
    assert [file.shown_as for file in walk(tmp_path)] == ["가.txt", apart, "나.txt"]


def test_a_name_that_is_no_unicode_is_read_and_shown_as_korean(tmp_path: Path, service: SandboxReadingService) -> None:
    place = os.fsencode(tmp_path) + b"/" + "보고서.txt".encode("cp949")
    with open(place, "wb") as file:
        file.write("내용이 있는 글".encode())
    (outcome,) = service.read_all(walk(tmp_path))
    assert (outcome.path, outcome.grade) == ("보고서.txt", "A")


def test_hidden_files_and_what_programs_leave_are_counted_not_read(tmp_path: Path) -> None:
    for name in (".git/config", "~$보고서.docx", "Thumbs.db", ".숨김", "__MACOSX/._a", "보고서.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("글")
    found = survey(tmp_path)
    assert [file.shown_as for file in found.files] == ["보고서.docx"]
    assert found.hidden == 5


def test_links_never_lead_out_and_special_files_are_named(tmp_path: Path) -> None:
    inside, outside = tmp_path / "안", tmp_path / "밖"
    inside.mkdir()
    outside.mkdir()
    (outside / "비밀.txt").write_text("비밀")
    (inside / "글.txt").write_text("글")
    os.symlink(outside / "비밀.txt", inside / "밖으로.txt")
    os.symlink(outside, inside / "밖폴더")
    os.symlink(inside / "글.txt", inside / "안으로.txt")
    os.symlink(inside, inside / "돌고돌기")
    os.symlink("없는것", inside / "끊김")
    os.mkfifo(inside / "관")
    found = survey(inside)
    assert [file.shown_as for file in found.files] == ["글.txt"]
    assert [(outcome.path, outcome.remarks[0].code) for outcome in found.skipped] == [
        ("관", "not_a_file"),
        ("끊김", "file_unreachable"),
        ("밖으로.txt", "link_outside"),
        ("밖폴더", "link_outside"),
    ]


def test_a_single_file_is_its_own_list_and_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "글.txt").write_text("글")
    assert [file.shown_as for file in walk(tmp_path / "글.txt")] == ["글.txt"]
    with pytest.raises(FolderMissing):
        walk(tmp_path / "없는폴더")
    with pytest.raises(FileMissing):
        walk(tmp_path / "없는글.txt")


class Counting:
    """The real service, and the names of what it was asked to read."""

    def __init__(self, service: SandboxReadingService) -> None:
        self._service = service
        self.asked: list[str] = []

    def version(self) -> str:
        return self._service.version()

    def read_all(self, files: Iterable[FileToRead]) -> Iterator[Outcome]:
        def noted() -> Iterator[FileToRead]:
            for file in files:
                self.asked.append(file.shown_as)
                yield file

        return self._service.read_all(noted())


def test_what_has_not_changed_is_not_read_again(tmp_path: Path, service: SandboxReadingService) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(f"{name}의 내용")
    kept: dict[str, bytes] = {}
    counting = Counting(service)
    first = list(read_changed(counting, walk(tmp_path), kept))
    (tmp_path / "b.txt").write_text("바뀐 내용")
    (tmp_path / "c.txt").rename(tmp_path / "d.txt")
    second = list(read_changed(counting, walk(tmp_path), kept))
    assert counting.asked == ["a.txt", "b.txt", "c.txt", "b.txt"]
    assert [outcome.path for outcome in second] == ["a.txt", "b.txt", "d.txt"]
    assert second[0] == first[0]
    assert second[2].source == first[2].source
    assert second[1].reading is not None
    assert second[1].reading.text == "바뀐 내용"


def test_an_interrupted_run_is_taken_up_where_it_stopped(tmp_path: Path, service: SandboxReadingService) -> None:
    for number in range(6):
        (tmp_path / f"{number}.txt").write_text(f"{number}번째 내용")
    kept: dict[str, bytes] = {}
    outcomes = read_changed(service, walk(tmp_path), kept)
    for _ in range(3):
        next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    counting = Counting(service)
    assert len(list(read_changed(counting, walk(tmp_path), kept))) == 6
    assert counting.asked == ["3.txt", "4.txt", "5.txt"]


def test_a_failure_that_may_pass_is_tried_again(tmp_path: Path) -> None:
    class Busy:
        def version(self) -> str:
            return "1"

        def read_all(self, files: Iterable[FileToRead]) -> Iterator[Outcome]:
            for file in files:
                yield failed(file.shown_as, 1, "reader_timeout", detail="1 s")

    (tmp_path / "a.txt").write_text("글")
    kept: dict[str, bytes] = {}
    assert [outcome.grade for outcome in read_changed(Busy(), walk(tmp_path), kept)] == ["F"]
    assert kept == {}

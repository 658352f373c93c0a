"""Among equals the search prefers what was decided, holds, and is newer; and never what does not fit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jihwi.errors import SettingInvalid
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.library import Library, Standing
from jihwi.library.standing import marks_of
from jihwi.settings import STANDING, load_settings
from tests.library.shelf import ANYONE, Shelf

RULE = "숙박비는 1박에 {}만원으로 하고 교통비는 실비로 지급하며 귀임 후 정산한다."


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.library.close()


def ingest(shelf: Shelf) -> None:
    shelf.library.ingest("files", shelf.listing(), shelf.service)


def test_what_was_decided_stands_before_its_draft(shelf: Shelf) -> None:
    shelf.write("가 규정(안).txt", RULE.format(7))
    shelf.write("나 규정_확정.txt", RULE.format(8))
    ingest(shelf)
    hits = shelf.library.search("숙박비는 얼마", ANYONE).hits
    assert [hit.path for hit in hits] == ["나 규정_확정.txt", "가 규정(안).txt"]
    assert hits[0].why.standing == ("official",)
    assert "draft" in hits[1].why.standing


@pytest.mark.parametrize(("old", "new"), [("여비 v1.txt", "여비 v2.txt"), ("여비 2022.3.1.txt", "여비 2024.1.5.txt")])
def test_the_newer_of_two_versions_by_name(shelf: Shelf, old: str, new: str) -> None:
    shelf.write(old, RULE.format(7))
    shelf.write(new, RULE.format(8))
    os.utime(shelf.files / new, ns=(1, 1))
    ingest(shelf)
    hits = shelf.library.search("숙박비는 얼마", ANYONE).hits
    assert [hit.path for hit in hits] == [new, old]
    assert hits[1].why.standing == ("older",)


def test_the_newer_of_two_versions_by_its_time(shelf: Shelf) -> None:
    shelf.write("가.txt", RULE.format(7))
    shelf.write("나.txt", RULE.format(8))
    os.utime(shelf.files / "가.txt", ns=(1, 1))
    ingest(shelf)
    assert shelf.paths("숙박비는 얼마") == ["나.txt", "가.txt"]


def test_what_fits_better_stands_first_whatever_its_standing(shelf: Shelf) -> None:
    shelf.write("규정 초안.txt", RULE.format(7))
    shelf.write("최종 공고.txt", "청사 방호 계획을 공고한다. 숙박은 제공하지 않는다.")
    ingest(shelf)
    assert shelf.paths("숙박비 교통비 정산")[0] == "규정 초안.txt"


def test_standing_can_be_switched_off(shelf: Shelf) -> None:
    shelf.write("가 규정(안).txt", RULE.format(7))
    shelf.write("나 규정_확정.txt", RULE.format(8))
    ingest(shelf)
    analyser = MecabAnalyser()
    off = Standing(official=0, draft=0, repealed=0, older=0, copy=0)
    library = Library(shelf.state, analyser, EmbeddedIndex(shelf.state / "index", analyser), standing=off)
    first, second = library.search("교통비 실비", ANYONE).hits
    assert first.score == second.score
    library.close()


@pytest.mark.parametrize(
    ("path", "marks"),
    [
        ("예산안_최종.hwp", ("official",)),
        ("예산편성(안).hwp", ("draft",)),
        ("복무규정(폐지).hwp", ("repealed",)),
        ("개정 전 복무규정.hwp", ("repealed",)),
        ("복무규정 시행규칙.hwp", ()),
        ("안내문.hwp", ()),
        ("계약서 사본.pdf", ("copy",)),
        ("final report.docx", ("official",)),
        ("최종 초안.docx", ("draft",)),
        ("초안 폴더/계획.docx", ()),
    ],
)
def test_marks_are_read_from_the_name(path: str, marks: tuple[str, ...]) -> None:
    assert marks_of(path) == marks


def test_the_whole_stands_before_an_excerpt_and_the_older_names_the_newer(shelf: Shelf) -> None:
    shelf.write("가 규정 발췌.txt", RULE.format(7))
    shelf.write("나 규정.txt", RULE.format(8))
    shelf.write("여비 v1.txt", RULE.format(5))
    shelf.write("여비 v2.txt", RULE.format(6))
    ingest(shelf)
    hits = {hit.path: hit for hit in shelf.library.search("숙박비는 얼마", ANYONE).hits}
    assert "fragment" in hits["가 규정 발췌.txt"].why.standing
    assert list(hits).index("나 규정.txt") < list(hits).index("가 규정 발췌.txt")
    assert hits["여비 v1.txt"].newer_at != ""
    assert "older" in hits["여비 v1.txt"].why.standing


def test_the_setting_names_every_mark_and_reaches_the_search(tmp_path: Path) -> None:
    assert set(STANDING) == set(Standing.__struct_fields__)
    settings = load_settings(tmp_path, {"JIHWI_STANDING": "draft=0,copy=-0.5", "JIHWI_HOME": str(tmp_path / "home")})
    assert settings.standing == (("copy", -0.5), ("draft", 0.0))
    with pytest.raises(SettingInvalid, match="standing"):
        load_settings(tmp_path, {"JIHWI_STANDING": "charm=1"})

"""The lab measures every way of cutting on one's own files, and advises only what its figures carry."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
import pytest

from jihwi.errors import LabEmpty
from jihwi.evidence import Viewer
from jihwi.evidence.chunking import Strategy, StrategyName, token_count
from jihwi.index import Found, WordIndex
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.mecab import MecabAnalyser
from jihwi.library import Library
from jihwi.library.lab import LabReport, StrategyFigures, advice_of, measure, taken_from
from jihwi.library.lab_page import advice_words, render_lab_html
from jihwi.library.lab_questions import OwnQuestion
from jihwi.readers import FileToRead
from jihwi.words import LANGUAGES, Language
from tests.library.shelf import ANYONE, Shelf

_FILLER = "이 사항은 담당 부서가 정하는 바에 따라 처리하며 그 결과를 기록으로 남긴다."
_TOPICS = "여비 당직 휴가 물품 기록물 회의 민원 계약 보안 차량 청사 교육 포상 징계 감사 예산".split()  # noqa: SIM905
STAFF = Viewer("kim", ("인사",))


def rules(topics: list[str]) -> str:
    """A rule book: for each topic a heading, a definition and a paragraph."""
    return "\n".join(
        f"# {topic} 처리 기준\n“{topic}업무”란 {topic}에 관한 사무를 말한다. {_FILLER}\n"
        f"{_FILLER} {topic}은 {at + 3}일 안에 한다."
        for at, topic in enumerate(topics)
    )


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    shelf.write("규정.txt", rules(_TOPICS))
    ingest(shelf, shelf.library)
    yield shelf
    shelf.library.close()


def ingest(shelf: Shelf, library: Library) -> None:
    """Read what lies on the shelf."""
    places = [path for path in sorted(shelf.files.rglob("*")) if path.is_file()]
    files = [FileToRead(str(path), path.relative_to(shelf.files).as_posix()) for path in places]
    library.ingest("files", files, shelf.service)


def index_in(folder: Path) -> WordIndex:
    return EmbeddedIndex(folder, MecabAnalyser())


def measured(library: Library, viewer: Viewer = ANYONE, *names: StrategyName) -> LabReport:
    strategies = [Strategy(name) for name in names or ("paragraph", "fixed")]
    return measure(library, viewer, ["files"], index_in, strategies=strategies)


def test_every_strategy_answers_the_same_questions_and_is_measured(shelf: Shelf) -> None:
    report = measure(shelf.library, ANYONE, ["files"], index_in)
    assert [one.name for one in report.figures] == [
        "paragraph",
        "fixed",
        "overlap",
        "heading",
        "table",
        "article",
        "parent_child",
    ]
    assert {question.kind for question in report.questions} == {"heading", "definition"}
    for one in report.figures:
        assert len(one.costs) == len(report.questions) == 2 * len(_TOPICS)
        assert 0 <= one.inside["1000"] <= one.inside["2000"] <= 1
        assert one.recall_1 <= one.recall_5
        assert 0 < one.median_tokens <= one.p95_tokens
        assert one.chunks > 0
        assert one.build_seconds > 0
        assert one.query_ms <= one.query_p95_ms


def test_the_lab_leaves_nothing_behind_and_changes_nothing(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    version = shelf.library.version
    measured(shelf.library)
    assert list(scratch.iterdir()) == []
    assert shelf.library.version == version
    assert shelf.library.strategy == Strategy()


def test_a_document_the_viewer_may_not_see_makes_no_question_and_no_count(shelf: Shelf) -> None:
    before = measured(shelf.library)
    shelf.library.put_collection("files", str(shelf.files), folder_labels={"secret": ["인사"]})
    shelf.write("secret/인사.txt", "# 승진 심사 결과\n“승진 후보”란 김가온과 이나래를 말한다.")
    ingest(shelf, shelf.library)
    after = measured(shelf.library)
    assert (after.questions, after.documents_there, after.labels) == (before.questions, before.documents_there, ())
    assert [one.costs for one in after.figures] == [one.costs for one in before.figures]
    seen = measured(shelf.library, STAFF)
    assert seen.labels == ("인사",)
    assert any("승진" in question.text for question in seen.questions)
    own = [OwnQuestion("승진 후보는?", "김가온과 이나래", "secret/인사.txt")]
    with pytest.raises(LabEmpty):
        measure(shelf.library, ANYONE, ["files"], index_in, own=own)


def test_ones_own_questions_are_asked_in_place_of_made_ones(shelf: Shelf) -> None:
    own = [OwnQuestion("당직은 며칠 안에 하나?", "4일 안에"), OwnQuestion("연봉은?", "모두 1억 원")]
    report = measure(shelf.library, ANYONE, ["files"], index_in, own=own, strategies=[Strategy()])
    assert [(one.text, one.kind) for one in report.questions] == [("당직은 며칠 안에 하나?", "own")]
    assert report.unplaced == (own[1],)
    assert report.figures[0].recall_1 == 1.0


def test_the_cost_of_an_answer_is_what_is_read_until_it_stands_there_whole(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    text = "# 숙박비 상한\n서울의 숙박비 상한은 하루 100,000원이다."
    shelf.write("여비.txt", text)
    ingest(shelf, shelf.library)
    report = measured(shelf.library, ANYONE, "paragraph")
    assert report.figures[0].costs == (token_count(text.removeprefix("# ")),)
    shelf.library.close()


def test_no_text_is_paid_for_twice_where_a_parent_holds_its_children(shelf: Shelf) -> None:
    report = measured(shelf.library, ANYONE, "paragraph", "parent_child")
    whole = sum(token_count(one.reading.text) for one in taken_from(shelf.library, ANYONE, None)[0])
    assert all(cost is None or cost <= whole + 50 for figures in report.figures for cost in figures.costs)


def test_copies_are_measured_once(shelf: Shelf) -> None:
    shelf.write("사본.txt", rules(_TOPICS))
    ingest(shelf, shelf.library)
    assert (measured(shelf.library).documents, measured(shelf.library).documents_there) == (1, 1)


def test_an_empty_library_says_what_to_do(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with pytest.raises(LabEmpty) as found:
        measured(shelf.library)
    assert "--questions" in found.value.next_step("ko")
    shelf.library.close()


# ── advice ───────────────────────────────────────────────────────────────────


def figures(name: StrategyName, right: set[int], of: int = 100) -> StrategyFigures:
    """A strategy that answers the questions in `right` inside 1,000 tokens."""
    share = len(right) / of
    costs = tuple(500 if number in right else None for number in range(of))
    return StrategyFigures(
        name=name,
        strategy=Strategy(name),
        inside={"1000": share, "2000": share},
        recall_1=share,
        recall_5=share,
        by_kind={"heading": share},
        chunks=10,
        tokens=1000,
        median_tokens=100,
        p95_tokens=200,
        build_seconds=0.1,
        query_ms=1.0,
        query_p95_ms=2.0,
        costs=costs,
    )


@pytest.mark.parametrize(
    ("now", "other", "reason", "recommended"),
    [
        (range(90), range(80), "best", "paragraph"),
        (range(90), range(92), "even", "paragraph"),
        (range(80), range(95), "better", "heading"),
        (range(10, 50), range(45), "even", "paragraph"),
    ],
)
def test_another_strategy_is_recommended_only_when_chance_would_hardly_give_its_lead(
    now: range, other: range, reason: str, recommended: str
) -> None:
    advice = advice_of([figures("paragraph", set(now)), figures("heading", set(other))], "paragraph")
    assert (advice.reason, advice.recommended) == (reason, recommended)


def test_few_questions_recommend_nothing() -> None:
    advice = advice_of([figures("paragraph", set(), 19), figures("heading", set(range(19)), 19)], "paragraph")
    assert (advice.reason, advice.recommended) == ("few", "paragraph")


# ── adopting ─────────────────────────────────────────────────────────────────


def test_what_is_adopted_cuts_everything_again_at_the_next_ingest_in_every_process(shelf: Shelf) -> None:
    other = shelf.open()
    before = len(shelf.library.chunks(shelf.library.documents(ANYONE)[0].reading, ANYONE) or [])
    shelf.library.adopt(Strategy("article", 64, 128))
    assert other.strategy == Strategy("article", 64, 128)
    read = len(shelf.service.read)
    ingest(shelf, other)
    assert len(shelf.service.read) == read, "cutting again needs no reading again"
    document = other.documents(ANYONE)[0]
    chunks = other.chunks(document.reading, ANYONE) or []
    assert len(chunks) == document.chunks
    assert len(chunks) > before
    hit = other.search("차량 처리 기준", ANYONE).hits[0]
    assert "차량" in hit.text
    assert token_count(hit.text) <= 128
    other.close()


def test_labels_that_change_between_adopting_and_the_next_ingest_leave_the_index_true(shelf: Shelf) -> None:
    shelf.library.adopt(Strategy("article", 64, 128))
    shelf.library.put_collection("files", str(shelf.files), labels=["인사"])
    ingest(shelf, shelf.library)
    assert shelf.library.search("차량 처리 기준", ANYONE).hits == ()
    hits = shelf.library.search("차량 처리 기준", STAFF).hits
    assert hits
    assert all(token_count(hit.text) <= 128 for hit in hits)


def test_a_collection_that_is_there_keeps_its_labels_when_it_is_begun_again(shelf: Shelf) -> None:
    shelf.library.put_collection("files", str(shelf.files), labels=["인사"])
    shelf.library.begin_collection("files", str(shelf.files))
    assert shelf.library.documents(ANYONE) == []


# ── words that find nothing, and the page ────────────────────────────────────


class _Deaf(EmbeddedIndex):
    """An index that finds nothing for a question with 당직 in it."""

    def search(
        self,
        question: str,
        partitions: Collection[str],
        *,
        limit: int,
        documents: Collection[str] | None = None,
        also: Collection[tuple[str, int]] = (),
    ) -> Found:
        heard = "" if "당직" in question else question
        return super().search(heard, partitions, limit=limit, documents=documents, also=also)


def test_what_stands_in_the_files_and_is_not_found_is_told_with_its_words(shelf: Shelf) -> None:
    report = measure(
        shelf.library, ANYONE, ["files"], lambda folder: _Deaf(folder, MecabAnalyser()), strategies=[Strategy()]
    )
    assert {"당직업무"} <= {word for one in report.lost_words for word in one.words}
    assert all("당직" in one.asked for one in report.lost_words)
    assert measured(shelf.library).lost_words == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_self_contained_and_says_what_the_terminal_says(shelf: Shelf, language: Language) -> None:
    report = measured(shelf.library)
    page = render_lab_html(report, language, "jihwi lab --adopt fixed")
    assert f'<html lang="{language}">' in page
    assert "<svg" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http-equiv", "")
    assert "https://" not in page
    assert advice_words(report, language) in html.unescape(page)


def test_the_report_is_json_that_reads_back(shelf: Shelf) -> None:
    report = measured(shelf.library)
    assert msgspec.json.decode(msgspec.json.encode(report), type=LabReport) == report

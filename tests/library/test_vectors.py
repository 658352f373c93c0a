"""Vectors beside the words: found by meaning, never across labels, and words alone while the model is away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import numpy as np
import numpy.typing as npt
import pytest

from jihwi.errors import EmbeddingUnreachable, StoreBusy
from jihwi.evidence import Viewer
from jihwi.index.embedded import EmbeddedIndex
from jihwi.index.embedding import EndpointEmbedder, unit_rows
from jihwi.index.mecab import MecabAnalyser
from jihwi.index.vectors import FlatVectors
from jihwi.library import Library, Vectors
from jihwi.library.classes import ClassLedger
from jihwi.testing.openai_server import OpenAIServer
from tests.library.shelf import ANYONE, Shelf

_MEANINGS = (("휴가", "쉬는", "holiday"), ("예산", "자금", "money"), ("청사", "건물", "building"))


class Meanings:
    """A model that knows three things by several words each; it can be away."""

    def __init__(self, name: str = "meanings", dimension: int = 3) -> None:
        self.name = name
        self.dimension = dimension
        self.away = False
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str], *, patient: bool = True) -> npt.NDArray[np.float32]:
        if self.away:
            raise EmbeddingUnreachable(self.name, "refused")
        self.seen += texts
        made = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for place, words in enumerate(_MEANINGS):
                made[row, place] += sum(text.count(word) for word in words)
        return unit_rows(made)

    def close(self) -> None:
        pass


class NearShelf(Shelf):
    """A shelf whose library has vectors."""

    def __init__(self, folder: Path, model: Meanings, classes: frozenset[str] = frozenset({"O"})) -> None:
        self.model = model
        self.classes = classes
        super().__init__(folder)

    def open(self, ledger: ClassLedger | None = None) -> Library:
        analyser = MecabAnalyser()
        folder = self.state / "index"
        vectors = Vectors(self.model, FlatVectors(folder, self.model.name, busy_seconds=0.1), self.classes)
        index = EmbeddedIndex(folder, analyser)
        return Library(self.state, analyser, index, busy_seconds=0.3, vectors=vectors, ledger=ledger)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[NearShelf]:
    made = NearShelf(tmp_path, Meanings())
    made.write("복무.txt", "연차 휴가는 열다섯 날이다.\n")
    made.write("재정.txt", "예산은 삼월에 확정한다.\n")
    made.write("시설.txt", "청사는 여섯 시에 닫는다.\n")
    yield made
    made.library.close()


def test_a_passage_is_found_by_its_meaning_and_says_how_near_it_is(shelf: NearShelf) -> None:
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert (report.vectors, report.vectors_waiting) == (3, 0)
    found = shelf.library.search("money", ANYONE)
    assert found.hits[0].path == "재정.txt"
    assert found.hits[0].why.similarity == pytest.approx(1.0, abs=0.01)
    assert found.hits[0].why.matched == ()
    assert 0 <= found.hits[-1].score <= found.hits[0].score <= 2


def test_only_what_changed_gets_a_new_vector(shelf: NearShelf) -> None:
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.model.seen.clear()
    shelf.write("재정.txt", "자금은 오월에 확정한다. 예산이라고도 한다.\n")
    assert shelf.library.ingest("files", shelf.listing(), shelf.service).vectors == 1
    assert len(shelf.model.seen) == 1
    (shelf.files / "시설.txt").unlink()
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert "시설.txt" not in shelf.paths("building")


def test_while_the_model_is_away_words_answer_and_the_search_says_so(shelf: NearShelf) -> None:
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.model.away = True
    found = shelf.library.search("예산", ANYONE)
    assert [hit.path for hit in found.hits] == ["재정.txt"]
    assert (found.words_only, found.hits[0].why.similarity) == ("embedding_unreachable", None)


def test_what_waits_for_the_model_is_counted_and_made_up_for_the_next_time(shelf: NearShelf) -> None:
    shelf.model.away = True
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert (report.vectors, report.vectors_waiting, report.vectors_problem) == (0, 3, "embedding_unreachable")
    assert shelf.paths("예산") == ["재정.txt"]
    shelf.model.away = False
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert (report.unchanged, report.vectors, report.vectors_waiting) == (3, 3, 0)


def test_another_model_makes_every_vector_anew_and_says_so(shelf: NearShelf) -> None:
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.library.close()
    shelf.model = Meanings("another", dimension=5)
    shelf.library = shelf.open()
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert (report.unchanged, report.vectors, report.vectors_rebuilt) == (3, 3, "model")
    assert shelf.paths("money")[0] == "재정.txt"


def test_the_same_model_with_another_dimension_makes_every_vector_anew(shelf: NearShelf) -> None:
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.model.dimension = 4
    shelf.write("더.txt", "건물 안내\n")
    found = shelf.library.search("money", ANYONE)
    assert found.words_only == "embedding_changed"
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert (report.vectors_rebuilt, report.vectors_waiting) == ("dimension", 0)
    shelf.library.close()
    shelf.library = shelf.open()
    assert shelf.paths("money")[0] == "재정.txt"


def test_a_document_whose_class_the_model_may_not_see_is_never_shown_to_it(shelf: NearShelf) -> None:
    shelf.library.put_collection("files", str(shelf.files), security_class="C")
    report = shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert (report.vectors, report.vectors_waiting, report.vectors_withheld) == (0, 0, 3)
    assert shelf.model.seen == []
    assert shelf.paths("예산") == ["재정.txt"]
    shelf.library.put_collection("files", str(shelf.files), security_class="O")
    assert shelf.library.ingest("files", shelf.listing(), shelf.service).vectors == 3


def test_what_a_viewer_may_not_see_changes_nothing_they_find(tmp_path: Path) -> None:
    results = []
    for secrets in (0, 30):
        folder = tmp_path / str(secrets)
        folder.mkdir()
        shelf = NearShelf(folder, Meanings())
        shelf.library.put_collection("files", str(shelf.files), folder_labels={"비밀": ["대외비"]})
        shelf.write("a.txt", "예산은 삼월에 확정한다.\n")
        shelf.write("b.txt", "휴가는 열다섯 날이다.\n")
        for number in range(secrets):
            shelf.write(f"비밀/{number}.txt", f"money 예산 자금 {number}\n")
        shelf.library.ingest("files", shelf.listing(), shelf.service)
        outside = [shelf.library.search(text, ANYONE) for text in ("money", "예산 확정", "쉬는 날")]
        results.append([(found.hits, found.terms, found.chunks, found.candidates) for found in outside])
        if secrets:
            inside = shelf.library.search("money", Viewer("kim", ("대외비",)))
            assert inside.hits[0].path.startswith("비밀/")
            shelf.library.put_collection("files", str(shelf.files), labels=["대외비"])
            assert shelf.library.search("money", ANYONE).hits == ()
        shelf.library.close()
    assert results[0] == results[1]


def test_a_library_asks_a_real_server_in_the_protocol(tmp_path: Path) -> None:
    with OpenAIServer([]) as server:
        model = EndpointEmbedder("m", server.base_url, pause=lambda seconds: None)
        analyser = MecabAnalyser()
        shelf = Shelf(tmp_path)
        shelf.library.close()
        vectors = Vectors(model, FlatVectors(tmp_path / "v", model.name))
        index = EmbeddedIndex(tmp_path / "i", analyser)
        with Library(shelf.state, analyser, index, vectors=vectors) as library:
            shelf.write("a.txt", "연차휴가는 열다섯 날이다.\n")
            library.ingest("files", shelf.listing(), shelf.service)
            hit = library.search("연차휴가는 며칠", ANYONE).hits[0]
    assert hit.why.similarity is not None
    assert "연차휴가는 열다섯 날이다." in server.embedding_requests[0].json["input"][0]


def test_while_another_process_holds_the_vectors_a_search_goes_on(shelf: NearShelf) -> None:
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    shelf.write("여비.txt", "일비는 이만 원이다.\n")
    other = apsw.Connection(str(shelf.state / "index" / "vectors.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        shelf.library.ingest("files", shelf.listing(), shelf.service)
    assert shelf.paths("일비")[:1] == ["여비.txt"]
    other.execute("ROLLBACK")
    other.close()
    assert shelf.library.ingest("files", shelf.listing(), shelf.service).vectors == 1

"""A document the viewer may not see does not exist: in no hit, count, order, list, text, or error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.evidence import Viewer
from jihwi.library import Library, SearchResult
from jihwi.readers import FileToRead
from tests.library.shelf import ANYONE, Shelf

STAFF = Viewer("kim", ("인사",))
BOTH = Viewer("lee", ("인사", "대외비"))

WORDS = st.lists(st.sampled_from(["예산", "집행", "회의", "규정", "개정", "민원"]), min_size=1, max_size=5).map(
    " ".join
)
FILES = st.dictionaries(st.sampled_from([f"{n}.txt" for n in range(6)]), WORDS, min_size=1, max_size=5)


def filled(folder: Path, open_files: dict[str, str], secret_files: dict[str, str]) -> Shelf:
    shelf = Shelf(folder)
    shelf.library.put_collection("files", folder_labels={"비밀": ["대외비"]})
    for path, text in open_files.items():
        shelf.write(path, text)
    for path, text in secret_files.items():
        shelf.write(f"비밀/{path}", text)
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    return shelf


def seen(result: SearchResult) -> tuple[object, ...]:
    """Everything a search tells but the library's number, which is everyone's."""
    return result.hits, result.terms, result.chunks, result.candidates


@settings(max_examples=25, deadline=None)
@given(open_files=FILES, secret_files=FILES, question=WORDS)
def test_a_forbidden_document_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, open_files: dict[str, str], secret_files: dict[str, str], question: str
) -> None:
    beside = filled(tmp_path_factory.mktemp("beside"), open_files, secret_files)
    alone = filled(tmp_path_factory.mktemp("alone"), open_files, {})
    try:
        assert seen(beside.library.search(question, ANYONE)) == seen(alone.library.search(question, ANYONE))
        assert [d.source.path for d in beside.library.documents(ANYONE)] == sorted(open_files)
        everything = beside.library.search(question, BOTH, limit=50)
        assert everything.chunks == len(open_files) + len(secret_files)
    finally:
        beside.library.close()
        alone.library.close()


@pytest.fixture
def shelf(shelf_folder: Path) -> Shelf:
    return filled(
        shelf_folder,
        {"공개.txt": "예산 집행 계획"},
        {"징계.txt": "예산 횡령 징계 기록", "공개 사본.txt": "예산 집행 계획"},
    )


def secret_of(library: Library) -> tuple[str, str]:
    """Id and reading of the document only `BOTH` may see."""
    hit = library.search("횡령 징계", BOTH).hits[0]
    return hit.document_id, hit.reading


def test_who_holds_every_label_sees(shelf: Shelf) -> None:
    document_id, reading = secret_of(shelf.library)
    assert shelf.library.document(document_id, BOTH) is not None
    assert shelf.library.reading(reading, BOTH) is not None
    assert shelf.library.text(reading, 0, 2, BOTH) == "예산"
    shelf.library.close()


@pytest.mark.parametrize("viewer", [ANYONE, STAFF])
def test_for_the_others_it_is_as_if_it_did_not_exist(shelf: Shelf, viewer: Viewer) -> None:
    library = shelf.library
    document_id, reading = secret_of(library)
    for known, unknown in ((document_id, "d000000000000"),):
        assert library.document(known, viewer) == library.document(unknown, viewer)
        assert library.same_content(known, viewer) == library.same_content(unknown, viewer)
        assert seen(library.search("예산", viewer, documents=[known])) == seen(
            library.search("예산", viewer, documents=[unknown])
        )
    for known, unknown in ((reading, "0" * 64),):
        assert library.reading(known, viewer) == library.reading(unknown, viewer)
        assert library.text(known, 0, 5, viewer) == library.text(unknown, 0, 5, viewer)
        assert library.chunks(known, viewer) == library.chunks(unknown, viewer)
        assert library.keep("case", known, viewer) == library.keep("case", unknown, viewer)
    assert seen(library.search("예산", viewer, ["files", "없음"])) == seen(library.search("예산", viewer, ["files"]))
    library.close()


def test_a_forbidden_copy_is_not_named_beside_an_open_one(shelf: Shelf) -> None:
    assert shelf.library.search("예산 집행", ANYONE).hits[0].also_at == ()
    hit = shelf.library.search("예산 집행", BOTH).hits[0]
    assert {hit.path, *hit.also_at} == {"공개.txt", "비밀/공개 사본.txt"}
    shelf.library.close()


def test_a_collection_with_labels_hides_its_name(shelf: Shelf) -> None:
    shelf.library.put_collection("감사", labels=["대외비"])
    assert [info.name for info in shelf.library.collections(ANYONE)] == ["files"]
    assert [info.name for info in shelf.library.collections(BOTH)] == ["files", "감사"]
    shelf.library.close()


def test_a_new_label_hides_at_once_for_every_process(shelf: Shelf) -> None:
    other = shelf.open()
    assert other.search("예산 집행", ANYONE).chunks == 1
    shelf.library.put_collection("files", labels=["인사"], folder_labels={"비밀": ["대외비"]})
    assert other.search("예산 집행", ANYONE).chunks == 0
    assert other.search("예산 집행", STAFF).chunks == 1
    assert other.search("예산 집행", BOTH).chunks == 3
    assert [d.source.labels for d in other.documents(STAFF)] == [("인사",)]
    shelf.library.put_collection("files")
    assert other.search("예산 집행", ANYONE).chunks == 3
    other.close()
    shelf.library.close()


def test_the_class_of_a_collection_is_its_documents(shelf: Shelf) -> None:
    shelf.library.put_collection("files", security_class="S")
    assert {source.security_class for source in shelf.library.sources(ANYONE)} == {"S"}
    shelf.library.close()


def test_a_kept_reading_keeps_its_labels_when_its_file_is_gone(shelf: Shelf) -> None:
    library = shelf.library
    _, reading = secret_of(library)
    assert library.keep("case", reading, BOTH)
    library.ingest("files", [FileToRead(str(shelf.files / "공개.txt"), "공개.txt")], shelf.service)
    assert library.reading(reading, BOTH) is not None
    assert library.reading(reading, STAFF) is None
    library.let_go("case")
    assert library.reading(reading, BOTH) is None
    library.close()

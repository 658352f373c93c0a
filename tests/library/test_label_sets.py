"""The index is built for about a hundred label sets; above, every answer stays the same and costs a little more."""

from __future__ import annotations

from pathlib import Path

from jihwi.evidence import Viewer
from tests.library.shelf import Shelf

SETS = 130


def test_above_a_hundred_label_sets_answers_stay_what_they_are(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    names = [f"부서{number:03}" for number in range(SETS)]
    shelf.library.put_collection("files", folder_labels={name: [name] for name in names})
    for name in names:
        shelf.write(f"{name}/예산.txt", f"{name} 예산 집행 계획과 결산 보고")
    shelf.library.ingest("files", shelf.listing(), shelf.service)
    every = Viewer("han", tuple(names))
    found = shelf.library.search("부서128 예산 집행", every, limit=3)
    assert found.chunks == SETS
    assert found.hits[0].path == "부서128/예산.txt"
    for held in (names[:1], names[:40]):
        found = shelf.library.search("예산 집행", Viewer("kim", tuple(held)), limit=100)
        assert found.chunks == len(held)
        assert {hit.path.split("/")[0] for hit in found.hits} <= set(held)
    (tmp_path / "one").mkdir()
    alone = Shelf(tmp_path / "one")
    for name in names:
        alone.write(f"{name}/예산.txt", f"{name} 예산 집행 계획과 결산 보고")
    alone.library.ingest("files", alone.listing(), alone.service)
    one, many = (library.search("부서077 결산", every, limit=5) for library in (alone.library, shelf.library))
    assert (one.terms, one.chunks, one.candidates) == (many.terms, many.chunks, many.candidates)
    assert (one.hits[0].path, one.hits[0].why.words) == (many.hits[0].path, many.hits[0].why.words)
    shelf.library.close()
    alone.library.close()

"""A large collection: what is done with all of it holds only some of its documents in memory at a time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from jihwi.evidence import Source
from jihwi.library import Library
from jihwi.library.catalogue import Catalogue, document_id_of
from jihwi.library.copying import copy_library
from jihwi.library.database import Database
from jihwi.library.types import Document
from tests.library.shelf import ANYONE, PlainTextService, Shelf

DOCUMENTS = 1_500
TITLE = "여비 " * 2_000
HELD_BYTES = 2 * DOCUMENTS * len(TITLE) // 3
"""A third of what the titles of all take."""


def _classified(library: Library) -> None:
    library.classify("many", "S")


def _removed(library: Library) -> None:
    library.remove_collection("many")


def _gone_from_disk(library: Library) -> None:
    assert library.ingest("many", [], PlainTextService()).removed == DOCUMENTS


def _copied(library: Library) -> None:
    folder = Path(library.collections(ANYONE)[0].root)
    with_file, other = (Database(folder / name, busy_seconds=1.0) for name in ("state/library.db", "other.db"))
    assert copy_library(with_file, other) == DOCUMENTS
    with_file.close()
    other.close()


@pytest.mark.parametrize("done", [_classified, _gone_from_disk, _removed, _copied])
def test_a_large_collection_is_gone_through_in_pieces(tmp_path: Path, done: Callable[[Library], None]) -> None:
    library = Shelf(tmp_path).library
    library.remove_collection("files")
    library.put_collection("many", str(tmp_path), security_class="C")
    _fill(tmp_path / "state" / "library.db")
    tracemalloc.start()
    try:
        done(library)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < HELD_BYTES
    everything = {document_id_of("many", f"{number:06}.txt") for number in range(DOCUMENTS)}
    gone = done in (_removed, _gone_from_disk)
    assert len(library.documents(ANYONE)) == (0 if gone else DOCUMENTS)
    assert library.classes_of(everything) == (("S",) if done is _classified else ("C",)), "of what is gone, too"
    library.close()


def _fill(path: Path) -> None:
    database = Database(path, busy_seconds=1.0)
    with database.writing() as connection:
        catalogue = Catalogue(connection)
        row = catalogue.collection_row("many")
        partition = catalogue.partition(row, "many", ())
        for number in range(DOCUMENTS):
            name = f"{number:06}.txt"
            source = Source(document_id_of("many", name), "many", name, f"{number:064x}", 1, 0, (), "C")
            document = Document(source, "A", "text", title=TITLE)
            catalogue.put_document(document, row, partition, modified_ns=0, read_by="plain-1", index_key="")
    database.close()

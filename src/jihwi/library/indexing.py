"""How the index is kept in step with the database: what differs is taken out and put in again, and nothing else.

An index that is missing, damaged, or made by another analyser holds nothing, so everything differs; there is no other
way of rebuilding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath

from jihwi.errors import StoreBusy, StoreFull, StoreReadOnly
from jihwi.evidence import Chunk
from jihwi.evidence.chunking import Strategy
from jihwi.index import ChunkText, IndexedDocument, WordIndex
from jihwi.library.catalogue import Catalogue, Partition
from jihwi.library.database import LibraryDatabase, Lock
from jihwi.library.nearness import VectorKeeper, Vectors
from jihwi.library.types import Document

__all__ = ["CHUNKS_A_COMMIT", "IndexKeeper", "chunk_texts", "index_key_of"]

CHUNKS_A_COMMIT = 20_000
"""The index is made durable after so many: searches that run meanwhile see more and more."""

INDEXING_VERSION = 1
"""Rises with every change of what is given to the index for the same document."""


def index_key_of(document: Document, partition: Partition, strategy: Strategy) -> str:
    """What of a document is indexed, in sixteen letters; empty when it has no chunks."""
    if not document.chunks:
        return ""
    parts = (document.reading, partition.key, document.source.path, document.title, strategy.version, INDEXING_VERSION)
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:16]


class IndexKeeper:
    """Brings the index to the database's version, when this process may."""

    def __init__(self, database: LibraryDatabase, index: WordIndex, lock: Lock, vectors: Vectors | None = None) -> None:
        self._database = database
        self._index = index
        self._lock = lock
        self.vectors = VectorKeeper(database, vectors, self._stored) if vectors is not None else None

    def indexed(self, catalogue: Catalogue, document: Document, partition: Partition, key: str) -> IndexedDocument:
        """A document as the index takes it."""
        return IndexedDocument(
            document.source.document_id, partition.key, key, tuple(_chunk_texts(catalogue, document))
        )

    def catch_up(self) -> bool:
        """Bring the index up to date; whether it is. When labels have changed it must be, or `StoreBusy` is raised."""
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            version, permissions = catalogue.fact("version"), catalogue.fact("permissions")
        held = self._index.library_version()
        if held == version and not self._vectors_behind():
            return True
        must = held < permissions or held > version
        try:
            with self._lock.tried(wait=must) as mine:
                if mine:
                    self.bring_up_to_date()
                elif must:
                    raise StoreBusy(self._database.place, self._lock.busy_seconds)
                return mine or held == version
        except (StoreReadOnly, StoreFull, StoreBusy):
            # What is indexed can be found, whether or not more can be written.
            if must:
                raise
            return False

    def _vectors_behind(self) -> bool:
        """Whether vectors may stand for what the words no longer hold."""
        return self.vectors is not None and self.vectors.index.library_version() != self._index.library_version()

    @contextmanager
    def or_nothing(self) -> Iterator[None]:
        """What was given to the index and not committed is forgotten when the block raises."""
        try:
            yield
        except BaseException:
            self._index.abandon()
            raise

    def build_anew(self) -> None:
        """Forget what the index holds and fill it from the database, for who holds the lock."""
        self._index.clear()
        self._index.commit(-1)
        self.bring_up_to_date()

    def bring_up_to_date(self) -> str:
        """The same, for who holds the lock; why everything was built anew, when it was."""
        with self.or_nothing():
            because = self._bring_up_to_date()
        self.keep_vectors_in_step()
        return because

    def keep_vectors_in_step(self) -> None:
        """Forget the vectors of what is no longer so, once the index holds the present version; who holds the lock."""
        if self.vectors is not None and self._vectors_behind():
            self.vectors.keep_in_step(self._index.library_version())

    def _bring_up_to_date(self) -> str:
        state = self._index.state()
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            version = catalogue.fact("version")
            if state.library_version == version:
                return ""
            wanted = catalogue.index_keys()
            if state.library_version < 0 or state.library_version > version:
                self._index.clear()
            held = {} if state.library_version < 0 else dict(state.documents)
            changed = [document_id for document_id, key in wanted.items() if held.get(document_id) != key]
            self._index.remove([document_id for document_id in held if document_id not in wanted] + changed)
            waiting = 0
            for document in self._from_database(catalogue, changed, wanted):
                self._index.add((document,))
                waiting += len(document.chunks)
                if waiting >= CHUNKS_A_COMMIT:
                    # Not yet this version: killed here, the next one goes on with what is still missing. What differed
                    # was taken out first, so nothing stands under labels it no longer bears.
                    self._index.commit(version - 1)
                    waiting = 0
        self._index.commit(version)
        return state.rebuilt_because

    def _stored(self, catalogue: Catalogue, document_id: str) -> IndexedDocument | None:
        """A document as the index takes it, from what is stored now."""
        row = catalogue.document(document_id)
        if row is None or not row.index_key:
            return None
        partition = catalogue.all_partitions()[row.partition]
        return self.indexed(catalogue, row.document, partition, row.index_key)

    def _from_database(
        self, catalogue: Catalogue, document_ids: list[str], keys: dict[str, str]
    ) -> Iterator[IndexedDocument]:
        partitions = catalogue.all_partitions()
        for document_id in document_ids:
            row = catalogue.document(document_id)
            if row is not None:
                yield self.indexed(catalogue, row.document, partitions[row.partition], keys[document_id])


def _chunk_texts(catalogue: Catalogue, document: Document) -> Iterator[ChunkText]:
    chunks = catalogue.chunks(document.reading)
    text = catalogue.text(document.reading, 0, max(chunk.end for chunk in chunks)) if chunks else ""
    return chunk_texts(document, chunks, text)


def chunk_texts(document: Document, chunks: Sequence[Chunk], text: str) -> Iterator[ChunkText]:
    """The chunks of a document as the index takes them; `text` is its reading's."""
    name = _name_of(document)
    for chunk in chunks:
        heading = " ".join(dict.fromkeys((*name, *chunk.headings, chunk.section))).strip()
        yield ChunkText(chunk.ordinal, text[chunk.start : chunk.end], heading)


def _name_of(document: Document) -> tuple[str, ...]:
    """Title, folders and file name, as words to be found by."""
    path = PurePosixPath(document.source.path)
    return (document.title, *path.parts[:-1], path.stem.replace("_", " "))

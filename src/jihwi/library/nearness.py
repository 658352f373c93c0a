"""Vectors beside the words: kept in step with the database, asked for a question, and weighed together with the words.

Off unless a model for them is set. Words always answer: when the model is away, a search goes by words alone and says
so, and a chunk that has no vector yet, or may have none because of its class, is judged by its words.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jihwi.errors import EmbeddingChanged, EmbeddingError
from jihwi.index import ChunkText, DocumentVectors, Embedder, Found, IndexedDocument, Match, Near, VectorIndex
from jihwi.library.catalogue import Catalogue, Partition
from jihwi.library.database import LibraryDatabase

if TYPE_CHECKING:
    from jihwi.index import Array

__all__ = ["VECTOR_WEIGHT", "Filled", "VectorKeeper", "Vectors", "fused"]

VECTOR_WEIGHT = 0.3
"""The share of nearness in a score; the rest is the words'. A round figure, fitted to no model and no data."""

_CANDIDATES = 50
_CHUNKS_A_TIME = 256
_AWAY_SECONDS = 30.0
"""How long a model that did not answer is left alone before a search asks it again."""
_REMEMBERED = 256


class Vectors(msgspec.Struct, frozen=True):
    """What a library needs for vectors."""

    embedder: Embedder
    index: VectorIndex
    classes: frozenset[str] = frozenset({"O"})
    """The text of documents of another class is never shown to the embedder."""


class Filled(NamedTuple):
    """What became of the chunks that had no vector."""

    made: int = 0
    waiting: int = 0
    withheld: int = 0
    """Chunks whose class the model may not see: they are found by words."""
    problem: EmbeddingError | None = None


class VectorKeeper:
    """Brings the vectors in step with the database, and asks for those of questions. Safe from several threads."""

    def __init__(
        self,
        database: LibraryDatabase,
        vectors: Vectors,
        texts: Callable[[Catalogue, str], IndexedDocument | None],
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`texts`: a document as the index takes it."""
        self._database = database
        self._embedder, self.index, self._classes = vectors.embedder, vectors.index, vectors.classes
        self._texts = texts
        self._seconds = seconds
        self._away_until = 0.0
        self._away_because = ""
        self._known: OrderedDict[str, Array] = OrderedDict()

    # ── filling ──────────────────────────────────────────────────────────────

    def keep_in_step(self, version: int) -> None:
        """Forget the vectors of what is no longer so, for who holds the lock."""
        with self._database.reading() as connection:
            keys = Catalogue(connection).index_keys()
        self.index.keep_only(keys, version)

    def fill(self, collection: str = "") -> Filled:
        """Make the vectors that are missing; what is counted is of `collection`, or of everything."""
        made = 0
        for _ in range(2):  # a second time when another dimension has made all others useless
            before = self.index.rebuilt_because()
            done, waiting, withheld, problem = self._pass(collection)
            made += done
            if problem is not None or self.index.rebuilt_because() == before:
                break
        if made and problem is None:  # it answers again
            self._away_until, self._away_because = 0.0, ""
        return Filled(made, waiting, withheld, problem)

    def _pass(self, collection: str) -> Filled:
        made = waiting = withheld = 0
        problem: EmbeddingError | None = None
        for batch in self._missing():
            counts = [(len(one.document.chunks), not collection or one.collection == collection) for one in batch]
            if not batch[0].allowed:
                withheld += sum(count for count, counted in counts if counted)
                continue
            if problem is None:
                try:
                    self._make([one.document for one in batch])
                    made += sum(count for count, counted in counts if counted)
                    continue
                except EmbeddingError as error:
                    problem = error
            waiting += sum(count for count, counted in counts if counted)
        return Filled(made, waiting, withheld, problem)

    def _missing(self) -> Iterator[list[_Missing]]:
        """The documents without vectors, some chunks at a time: all of a batch may be shown, or none."""
        held = self.index.held()
        with self._database.reading() as connection:
            wanted = Catalogue(connection).index_keys()
        batch: list[_Missing] = []
        chunks = 0
        for document_id in [document_id for document_id, key in wanted.items() if held.get(document_id) != key]:
            one = self._read(document_id)
            if one is None:
                continue
            if batch and (batch[0].allowed != one.allowed or chunks + len(one.document.chunks) > _CHUNKS_A_TIME):
                yield batch
                batch, chunks = [], 0
            batch.append(one)
            chunks += len(one.document.chunks)
        if batch:
            yield batch

    def _read(self, document_id: str) -> _Missing | None:
        with self._database.reading() as connection:
            catalogue = Catalogue(connection)
            row = catalogue.document(document_id)
            document = self._texts(catalogue, document_id)
        if row is None or document is None or not document.chunks:
            return None
        source = row.document.source
        return _Missing(document, source.collection, source.security_class in self._classes)

    def _make(self, documents: Sequence[IndexedDocument]) -> None:
        rows = self._embedder.embed([_shown(chunk) for document in documents for chunk in document.chunks])
        made: list[DocumentVectors] = []
        start = 0
        for one in documents:
            end = start + len(one.chunks)
            ordinals = tuple(chunk.ordinal for chunk in one.chunks)
            made.append(DocumentVectors(one.document_id, one.partition, one.key, ordinals, rows[start:end]))
            start = end
        self.index.put(made)

    # ── asking ───────────────────────────────────────────────────────────────

    def may_see(self, classes: Sequence[str]) -> bool:
        """Whether the model may see texts of all these classes."""
        return set(classes) <= self._classes

    def vector_of(self, question: str) -> Array | None:
        """The question's vector; None while the model is away (`away_because` says why)."""
        known = self._known.get(question)
        if known is not None:
            return known
        if self._seconds() < self._away_until:
            return None
        try:
            vector: Array = self._embedder.embed([question], patient=False)[0]
        except EmbeddingError as error:
            self.left_alone(error)
            return None
        self._away_because = ""
        self._known[question] = vector
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return vector

    @property
    def away_because(self) -> str:
        """The code of what went wrong the last time; empty when nothing did."""
        return self._away_because

    def left_alone(self, error: EmbeddingError) -> None:
        """Do not ask for a while."""
        self._away_because = error.code
        self._away_until = self._seconds() + _AWAY_SECONDS

    def nearest(
        self,
        catalogue: Catalogue,
        vector: Array,
        partitions: Sequence[Partition],
        documents: Collection[str] | None,
    ) -> list[Near] | None:
        """The nearest chunks that are still as their vectors say; None when vectors cannot be compared now."""
        keys = [partition.key for partition in partitions]
        try:
            found = self.index.nearest(vector, keys, limit=_CANDIDATES, documents=documents)
        except EmbeddingChanged as error:
            self._known.clear()
            self.left_alone(error)
            return None
        visible = {partition.id for partition in partitions}
        return [near for near in found if _is_so(catalogue, near, visible)]

    def weighed(
        self, catalogue: Catalogue, found: Found, vector: Array, near: Sequence[Near], partitions: Sequence[Partition]
    ) -> Found:
        """What was found by words and by vectors, in the order of both."""
        known = {(one.document_id, one.ordinal): one.similarity for one in near}
        rest = [(m.document_id, m.ordinal) for m in found.matches if (m.document_id, m.ordinal) not in known]
        visible = {partition.id for partition in partitions}
        try:
            more = self.index.similarities(vector, [partition.key for partition in partitions], rest)
        except EmbeddingChanged:  # another process has made all vectors anew since
            more = []
        for one in more:
            if _is_so(catalogue, one, visible):
                known[one.document_id, one.ordinal] = one.similarity
        return msgspec.structs.replace(found, matches=fused(found.matches, known))


class _Missing(NamedTuple):
    document: IndexedDocument
    collection: str
    allowed: bool


def _shown(chunk: ChunkText) -> str:
    """A chunk as the model sees it: under what it stands, then what it says."""
    return f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text


def _is_so(catalogue: Catalogue, near: Near, visible: set[int]) -> bool:
    row = catalogue.document(near.document_id)
    return row is not None and row.partition in visible and row.index_key == near.key


def fused(matches: Sequence[Match], similarities: dict[tuple[str, int], float]) -> tuple[Match, ...]:
    """The matches by the weighted sum of what their words are worth and how near they are, both brought to 0 to 2.

    The nearest of them counts 2 and the farthest 0, whatever the range of the model's figures. One without a vector
    keeps the score of its words.
    """
    if not similarities:
        return tuple(matches)
    least, most = min(similarities.values()), max(similarities.values())
    made: list[Match] = []
    for match in matches:
        similarity = similarities.get((match.document_id, match.ordinal))
        if similarity is None:
            made.append(match)
            continue
        share = (similarity - least) / (most - least) if most > least else 1.0
        score = (1 - VECTOR_WEIGHT) * match.score + VECTOR_WEIGHT * 2 * share
        made.append(msgspec.structs.replace(match, score=round(score, 9), similarity=similarity))
    made.sort(key=lambda match: (-match.score, match.document_id, match.ordinal))
    return tuple(made)

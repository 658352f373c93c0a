"""The ports of the index: how text becomes terms, and where chunks are found by their words.

An index is a cache of the library's database. It records which version of the library it holds and which analyser
made it; one that is older, damaged, or made by another analyser is brought up to date from the database, never
trusted. Documents lie in partitions (one for each collection and set of labels) and a search opens only the
partitions it names: what lies in others changes no hit, no score, no count and no order, to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]
else:
    Array = Any  # numpy is slow to import: only adapters do

__all__ = [
    "Analyser",
    "ChunkText",
    "DocumentVectors",
    "Embedder",
    "Found",
    "IndexState",
    "IndexedDocument",
    "Match",
    "Near",
    "Tagger",
    "Term",
    "Token",
    "VectorIndex",
    "Word",
    "WordIndex",
]


class Token(msgspec.Struct, frozen=True, array_like=True):
    """A term and the place in the text it was made from. One place may give several terms."""

    term: str
    start: int
    end: int


class Analyser(Protocol):
    """Makes terms of text: content words in their dictionary form, runs of nouns joined, numbers as people type them.

    The same text gives the same terms on every machine, alone or within a longer text cut at sentences. Safe to call
    from several threads.
    """

    name: str
    version: str
    """Rises whenever the same text would give other terms; part of the index version."""

    def terms(self, text: str) -> list[str]:
        """The terms of `text` with repetitions, in no promised order: what an index holds."""
        ...

    def tokens(self, text: str) -> list[Token]:
        """The same terms with the places in `text` they were made from (code points)."""
        ...

    def query_terms(self, text: str) -> list[str]:
        """The terms of a question that are worth looking for, each once: without question words and the like."""
        ...


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A morpheme as it stands in the text."""

    form: str
    tag: str
    """Sejong tag set; several joined with `+` when a word is made of more than one."""
    sort: str
    """What the dictionary says it means: `인명` (a person), `지명` (a place) …; empty when it says nothing."""
    start: int
    end: int


class Tagger(Protocol):
    """Tells the morphemes of Korean text apart. Safe to call from several threads."""

    name: str
    version: str

    def words(self, text: str) -> list[Word]:
        """The morphemes of `text`, in order, none overlapping another."""
        ...


class ChunkText(msgspec.Struct, frozen=True, array_like=True):
    """A chunk as the index takes it."""

    ordinal: int
    text: str
    heading: str = ""
    """Title and headings it stands under, and the file's name: found with a weight of their own."""


class IndexedDocument(msgspec.Struct, frozen=True):
    """A document as the index takes it, whole."""

    document_id: str
    partition: str
    key: str
    """Says what of the document is indexed (reading, place, chunking); compared to see what has changed."""
    chunks: tuple[ChunkText, ...]


class IndexState(msgspec.Struct, frozen=True):
    """What the last commit of an index holds."""

    library_version: int
    """-1: nothing yet, or something that must be built anew."""
    documents: Mapping[str, str]
    """Document id to key."""
    rebuilt_because: str = ""
    """A code, when what was found on disk could not be used: `analyser`, `layout` or `damaged`."""


class Term(msgspec.Struct, frozen=True, array_like=True):
    """A term of the question and what it is worth in the opened partitions."""

    term: str
    weight: float
    """Inverse document frequency, natural logarithm; never negative."""
    chunks: int
    """In how many chunks of the opened partitions it stands."""


class Match(msgspec.Struct, frozen=True):
    """A chunk that was found, and why."""

    document_id: str
    ordinal: int
    score: float
    """What hits are ordered by: `words` divided by the best hit's, plus `sentence_share`. 0 to 2."""
    words: float
    """BM25 of words, joined runs, character pairs and headings, in one formula over the opened partitions."""
    sentence_share: float
    """Share of the question's weight that stands in the best single sentence. 0 to 1."""
    chunk_share: float
    """Share of the question's weight that stands in the whole chunk or its headings. 0 to 1."""
    sentence_start: int
    sentence_end: int
    """The best sentence, as offsets in the chunk's text."""
    matched: tuple[str, ...]
    """The question's terms that stand in the chunk or its headings, heaviest first."""
    similarity: float | None = None
    """How near its vector is to the question's, -1 to 1; None without vectors. `score` then is a weighted sum, still
    0 to 2."""


class Found(msgspec.Struct, frozen=True):
    """What a search found: hits in order, and what it knew of the question. Only the opened partitions speak."""

    matches: tuple[Match, ...]
    terms: tuple[Term, ...]
    """The question's terms, heaviest first."""
    chunks: int
    """How many chunks the opened partitions hold."""
    candidates: int
    """How many of them hold any term of the question."""


class WordIndex(Protocol):
    """Finds chunks by their words. One writer at a time; readers go on with the last commit while it writes.

    `add` and `remove` are seen by nobody until `commit`. A process killed while it writes leaves the last commit.
    """

    version: str
    """Layout and analyser; an index of another version is rebuilt."""

    def library_version(self) -> int:
        """Which version of the library the last commit holds; -1 when it must be built anew. Costs next to nothing."""
        ...

    def state(self) -> IndexState:
        """What the last commit holds."""
        ...

    def add(self, documents: Iterable[IndexedDocument]) -> None:
        """Put these documents in, in place of what was known under their ids."""
        ...

    def remove(self, document_ids: Iterable[str]) -> None:
        """Take these documents out; unknown ids are passed over."""
        ...

    def commit(self, library_version: int) -> None:
        """Make what was added and removed durable and visible, as `library_version`.

        Raises `StoreFull`, `StoreReadOnly`.
        """
        ...

    def clear(self) -> None:
        """Forget everything, at the next commit."""
        ...

    def abandon(self) -> None:
        """Forget what was added, removed and cleared since the last commit."""
        ...

    def search(
        self,
        question: str,
        partitions: Collection[str],
        *,
        limit: int,
        documents: Collection[str] | None = None,
        also: Collection[tuple[str, int]] = (),
    ) -> Found:
        """The best chunks of `partitions`, best first; with `documents`, only theirs (statistics stay the same).

        `also`: chunks (document id and ordinal) that are scored and told besides, whatever they hold, as long as they
        lie in `partitions`. Equal scores are ordered by document id and ordinal. Raises `IndexCorrupt` when what lies
        on disk cannot be right; the library then rebuilds it.
        """
        ...

    def close(self) -> None:
        """Let go of files. What was not committed is forgotten."""
        ...


class Embedder(Protocol):
    """Makes vectors of text: texts of like meaning get vectors of like direction. Safe to call from several threads."""

    name: str
    """The model; vectors of another are no use."""

    def embed(self, texts: Sequence[str], *, patient: bool = True) -> Array:
        """A row of length 1 for each text, float32, all of one dimension.

        `patient`: whether a server that is away or busy is asked again; not while a person waits for a search.
        Raises an `EmbeddingError` when the model cannot be asked, or answers what is no vector.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class DocumentVectors(msgspec.Struct, frozen=True):
    """The vectors of a document's chunks."""

    document_id: str
    partition: str
    key: str
    """As in `IndexedDocument`: what they were made of."""
    ordinals: tuple[int, ...]
    vectors: Array
    """A row for each ordinal."""


class Near(msgspec.Struct, frozen=True, array_like=True):
    """A chunk and how near its vector is."""

    document_id: str
    ordinal: int
    similarity: float
    """Cosine, -1 to 1, of the vector as it is stored; rounded to six places."""
    key: str
    """What of the document the vector was made of."""


class VectorIndex(Protocol):
    """Finds chunks by their vectors: all of the opened partitions' are compared, none of another's.

    Vectors of one model and one dimension. A cache like the word index: what it holds of a document is told by its
    key, and what it does not hold is made again. One writer at a time; readers go on meanwhile.
    """

    def library_version(self) -> int:
        """The library number of the last `keep_only`; -1 when it holds nothing that can be used."""
        ...

    def held(self) -> Mapping[str, str]:
        """Document id to key."""
        ...

    def rebuilt_because(self) -> str:
        """A code, when what was found could not be used: `model`, `dimension`, `layout` or `damaged`."""
        ...

    def put(self, documents: Sequence[DocumentVectors]) -> None:
        """Put these in, durable on return. Vectors of another dimension than was held take the place of all others."""
        ...

    def keep_only(self, keys: Mapping[str, str], library_version: int) -> None:
        """Take out every document that `keys` does not name with the very key it is held under."""
        ...

    def nearest(
        self, vector: Array, partitions: Collection[str], *, limit: int, documents: Collection[str] | None = None
    ) -> list[Near]:
        """The nearest chunks of `partitions`, nearest first, equals by document id and ordinal; with `documents`,
        only theirs. Raises `EmbeddingChanged` when the vector has another dimension.
        """
        ...

    def similarities(
        self, vector: Array, partitions: Collection[str], chunks: Collection[tuple[str, int]]
    ) -> list[Near]:
        """How near these chunks (document id and ordinal) are, in no promised order; without those not held."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...

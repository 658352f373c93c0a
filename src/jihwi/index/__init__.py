"""The ports of the index: how text becomes terms, and where chunks are found by their words.

An index is a cache of the library's database. It records which version of the library it holds and which analyser
made it; one that is older, damaged, or made by another analyser is brought up to date from the database, never
trusted. Documents lie in partitions (one for each collection and set of labels) and a search opens only the
partitions it names: what lies in others changes no hit, no score, no count and no order, to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import msgspec

__all__ = [
    "Analyser",
    "ChunkText",
    "Found",
    "IndexState",
    "IndexedDocument",
    "Match",
    "Tagger",
    "Term",
    "Token",
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
    ) -> Found:
        """The best chunks of `partitions`, best first; with `documents`, only theirs (statistics stay the same).

        Equal scores are ordered by document id and ordinal. Raises `IndexCorrupt` when what lies on disk cannot be
        right; the library then rebuilds it.
        """
        ...

    def close(self) -> None:
        """Let go of files. What was not committed is forgotten."""
        ...

"""The values the library gives and takes: collections, documents, hits and what became of an ingest."""

from __future__ import annotations

import msgspec

from jihwi.evidence import SecurityClass, Source
from jihwi.index import Term
from jihwi.readers import GradeLetter, Remark

__all__ = [
    "CollectionInfo",
    "Document",
    "Hit",
    "IngestProgress",
    "IngestReport",
    "KeptSource",
    "SearchResult",
    "Why",
]


class CollectionInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A named folder of sources: where it lies and what its documents bear."""

    name: str
    root: str
    """The folder as it was given; only shown, never opened by the library."""
    labels: tuple[str, ...] = ()
    """Every document of it bears these."""
    security_class: SecurityClass = "O"
    folder_labels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Folders or files by their path in the collection, and the labels all below them bears besides."""
    folder_classes: tuple[tuple[str, SecurityClass], ...] = ()
    """Folders or files by their path in the collection, and the class all below them has at least."""


class Document(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source the library knows, what became of reading it, and which reading is its present one."""

    source: Source
    grade: GradeLetter
    format: str
    reading: str = ""
    """Digest of its present reading; empty when there is no text."""
    title: str = ""
    remarks: tuple[Remark, ...] = ()
    personal_data: dict[str, int] = {}
    container: str = ""
    """The document this one was taken out of (a mail, an archive); empty for a file."""
    characters: int = 0
    chunks: int = 0
    labels_found: tuple[str, ...] = ()
    """Markings the text bears by itself, such as 대외비: shown, never obeyed unasked."""


class KeptSource(msgspec.Struct, frozen=True):
    """A document that is gone, as it was when a case cited it."""

    path: str
    title: str
    labels: tuple[str, ...]


class Why(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a passage was found, in figures a person can check."""

    words: float
    """BM25 over the collections the viewer may see."""
    sentence_share: float
    """Share of the question's weight in the best sentence, 0 to 1."""
    chunk_share: float
    """Share of the question's weight in the passage and its headings, 0 to 1."""
    matched: tuple[Term, ...]
    """The question's terms that stand here, heaviest first, with their weight."""
    best_start: int
    best_end: int
    """The best sentence: offsets in the reading's text."""
    similarity: float | None = None
    """How near the passage's vector is to the question's, -1 to 1; None without vectors."""
    standing: tuple[str, ...] = ()
    """What moved it up or down among its equals: `official`, `draft`, `repealed`, `older`, `copy`,
    `fragment`."""


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A passage that was found. `text` is the reading's text at `start` to `end`, always."""

    document_id: str
    path: str
    collection: str
    source: str
    """Digest of the file's bytes."""
    reading: str
    """Digest of the reading that the offsets count in."""
    ordinal: int
    start: int
    end: int
    text: str
    score: float
    why: Why
    page: int = 0
    section: str = ""
    headings: tuple[str, ...] = ()
    also_at: tuple[str, ...] = ()
    """Paths of documents with the very same content that the viewer may see too."""
    newer_at: str = ""
    """Path of the newer version of this text that is among the hits; empty when there is none."""
    security_class: SecurityClass = "O"
    """The class of the document: which models may see it."""


class SearchResult(msgspec.Struct, frozen=True):
    """What a viewer's search found, and the statistics it rests on; of nothing the viewer may not see."""

    question: str
    hits: tuple[Hit, ...]
    terms: tuple[Term, ...]
    """The question's terms, heaviest first: their weight and in how many visible chunks they stand."""
    chunks: int
    """How many chunks were searched."""
    candidates: int
    """How many of them hold any of the terms."""
    library_version: int
    """The version of the library the index holds."""
    stale: bool = False
    """Whether the library has grown since, because another process is adding to it right now."""
    words_only: str = ""
    """The code of the error for which vectors, though set, were not used; empty when they were or none are set."""


class IngestProgress(msgspec.Struct, frozen=True):
    """How far an ingest is: told after each file."""

    path: str
    """The file dealt with last."""
    files: int
    """Files seen so far, of `total`."""
    total: int
    read: int
    unchanged: int
    chunks: int


class IngestReport(msgspec.Struct, frozen=True):
    """What an ingest did. Counts are of documents; a mail with two attachments is three."""

    collection: str
    library_version: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    moved: int = 0
    removed: int = 0
    read: int = 0
    """Files whose bytes were given to a reader: new or changed content, or a newer reader."""
    reused: int = 0
    """Files with content that was already read, under another name or before a move."""
    chunks: int = 0
    """Chunks written."""
    index_rebuilt: str = ""
    """Why the index was built anew, when it was: `analyser`, `layout`, `damaged`."""
    vectors: int = 0
    """Chunks that got a vector; always 0 when no embedding model is set."""
    vectors_waiting: int = 0
    """Chunks of the collection that still have none, because the model did not answer."""
    vectors_withheld: int = 0
    """Chunks of the collection whose class the model may not see: they are found by words."""
    vectors_rebuilt: str = ""
    """Why all vectors were made anew, when they were: `model`, `dimension`, `layout`, `damaged`."""
    vectors_problem: str = ""
    """The code of the error for which chunks wait."""
    vectors_problem_fields: dict[str, str] = {}
    """Its data, for its words."""

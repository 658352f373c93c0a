"""How segments come to be: from chunks, and from older segments joined without what was removed."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from jihwi.evidence.sentences import sentence_spans
from jihwi.index import Analyser, ChunkText
from jihwi.index.segments import (
    FIELDS,
    MOST_CHUNKS,
    MOST_SENTENCES,
    Array,
    Field,
    Segment,
    pair_keys,
    term_key,
    write_segment,
)

__all__ = ["SegmentBuilder", "join_segments"]

_MOST_TERMS = 6_000_000
"""Terms held while a segment is made: bounds the memory of building to some 300 MB."""


class _Numbers(dict[str, int]):
    """Gives every term it is asked for a number, counting up."""

    def __missing__(self, term: str) -> int:
        self[term] = number = len(self)
        return number


class SegmentBuilder:
    """Collects the chunks of one partition until they are written as a segment."""

    def __init__(self, partition: str, analyser: Analyser) -> None:
        self._partition = partition
        self._analyser = analyser
        self._heading_made = lru_cache(maxsize=256)(lambda heading: (analyser.terms(heading), pair_keys(heading)))
        self.documents: list[tuple[str, str]] = []
        self._chunk_document = array("I")
        self._chunk_ordinal = array("I")
        self._vocabulary = _Numbers()
        self._words = array("I")
        self._word_counts = array("I")
        self._word_marks = array("I")
        self._heading_words = array("I")
        self._heading_counts = array("I")
        self._pairs: list[Array] = []
        self._heading_pairs: list[Array] = []
        self._sentences = array("I")
        self._sentence_counts = array("I")

    @property
    def room(self) -> int:
        """How many chunks it still takes before it should be written; 0 when it is full."""
        return 0 if len(self._words) >= _MOST_TERMS else MOST_CHUNKS // 2 - len(self._chunk_document)

    def add(self, document_id: str, key: str, chunks: Sequence[ChunkText]) -> None:
        """Take chunks of a document in, at most `room` of them."""
        self.documents.append((document_id, key))
        number = len(self.documents) - 1
        for chunk in chunks:
            self._chunk_document.append(number)
            self._chunk_ordinal.append(chunk.ordinal)
            self._add_text(chunk.text)
            self._add_heading(chunk.heading)

    def _add_text(self, text: str) -> None:
        spans = _at_most(MOST_SENTENCES, sentence_spans(text))
        terms, vocabulary, words = self._analyser.terms, self._vocabulary, self._words
        total = 0
        for number, (start, end) in enumerate(spans):
            ids = [vocabulary[term] for term in terms(text[start:end])]
            words.extend(ids)
            self._word_marks.extend([1 << number] * len(ids))
            total += len(ids)
            self._sentences.extend((start, end))
        self._word_counts.append(total)
        self._sentence_counts.append(len(spans))
        self._pairs.append(pair_keys(text))

    def _add_heading(self, heading: str) -> None:
        terms, pairs = self._heading_made(heading)
        self._heading_words.extend([self._vocabulary[term] for term in terms])
        self._heading_counts.append(len(terms))
        self._heading_pairs.append(pairs)

    def write(self, path: Path) -> None:
        """Write what was collected."""
        write_segment(path, self._partition, self.documents, self._arrays())

    def _arrays(self) -> Iterator[tuple[str, Array]]:
        yield "chunk_document", _of(self._chunk_document)
        yield "chunk_ordinal", _of(self._chunk_ordinal)
        yield "sentence_starts", _starts_of(_of(self._sentence_counts))
        yield "sentences", _of(self._sentences)
        keys = np.fromiter(map(term_key, self._vocabulary), dtype=np.uint64, count=len(self._vocabulary))
        order = np.argsort(keys, kind="stable")
        rank = np.empty(len(keys), dtype=np.uint32)
        rank[order] = np.arange(len(keys), dtype=np.uint32)
        sorted_keys = keys[order]
        yield from _postings(
            "words", sorted_keys, rank[_of(self._words)], _of(self._word_counts), _of(self._word_marks)
        )
        yield from _postings("headings", sorted_keys, rank[_of(self._heading_words)], _of(self._heading_counts))
        for name, pairs in (("pairs", self._pairs), ("heading_pairs", self._heading_pairs)):
            counts = np.fromiter(map(len, pairs), dtype=np.uint32, count=len(pairs))
            together = np.concatenate(pairs) if pairs else np.empty(0, dtype=np.uint64)
            pair_vocabulary, ids = np.unique(together, return_inverse=True)
            yield from _postings(name, pair_vocabulary, ids.astype(np.uint32), counts)


def _of(values: array[int]) -> Array:
    return np.frombuffer(values, dtype=np.uint32) if len(values) else np.empty(0, dtype=np.uint32)


def _starts_of(counts: Array) -> Array:
    starts = np.zeros(len(counts) + 1, dtype=np.uint32)
    np.cumsum(counts, out=starts[1:])
    return starts


def _at_most(most: int, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sentences, neighbours taken together where there are more than `most`."""
    if len(spans) <= most:
        return spans
    bounds = [number * len(spans) // most for number in range(most + 1)]
    return [(spans[a][0], spans[b - 1][1]) for a, b in pairwise(bounds)]


def _postings(
    name: str, keys: Array, ids: Array, chunk_counts: Array, marks: Array | None = None
) -> Iterator[tuple[str, Array]]:
    """The arrays of a field, from the term numbers (into sorted `keys`) of its chunks laid end to end."""
    chunk = np.repeat(np.arange(len(chunk_counts), dtype=np.uint64), chunk_counts)
    place = (ids.astype(np.uint64) << np.uint64(16)) | chunk
    if marks is None:
        place.sort()
    else:
        order = np.argsort(place, kind="stable")
        place, marks = place[order], marks[order]
    firsts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1]))) if len(place) else np.empty(0, np.intp)
    postings = place[firsts]
    counts = np.diff(np.append(firsts, len(place)))
    of_term = (postings >> np.uint64(16)).astype(np.uint32)
    used, per_term = np.unique(of_term, return_counts=True)
    yield f"{name}.keys", keys[used]
    yield f"{name}.starts", _starts_of(per_term)
    yield f"{name}.chunks", (postings & np.uint64(0xFFFF)).astype(np.uint16)
    yield f"{name}.counts", np.minimum(counts, 255).astype(np.uint8)
    yield f"{name}.lengths", chunk_counts.astype(np.uint32)
    if marks is not None:
        joined = np.bitwise_or.reduceat(marks, firsts) if len(firsts) else marks
        yield f"{name}.marks", joined.astype(np.uint32)


# ── joining ──────────────────────────────────────────────────────────────────


def join_segments(path: Path, parts: Sequence[tuple[Segment, Array]]) -> None:
    """Write one segment with the chunks of several that are still there (`True` in the array beside each)."""
    write_segment(path, parts[0][0].partition, _kept_documents(parts), _joined_arrays(parts))


def _kept_documents(parts: Sequence[tuple[Segment, Array]]) -> list[tuple[str, str]]:
    return [segment.documents[number] for segment, live in parts for number in _documents_in(segment, live)]


def _documents_in(segment: Segment, live: Array) -> list[int]:
    """The numbers of the documents that have a chunk left, in order."""
    numbers: list[int] = np.unique(segment.chunk_document[live]).tolist()
    return numbers


def _joined_arrays(parts: Sequence[tuple[Segment, Array]]) -> Iterator[tuple[str, Array]]:
    yield "chunk_document", _joined_documents(parts)
    yield "chunk_ordinal", np.concatenate([segment.chunk_ordinal[live] for segment, live in parts])
    counts = np.concatenate([np.diff(segment.sentence_starts)[live] for segment, live in parts])
    yield "sentence_starts", _starts_of(counts)
    yield "sentences", np.concatenate([_kept_sentences(segment, live) for segment, live in parts])
    for name in FIELDS:
        yield from _joined_field(name, parts)


def _joined_documents(parts: Sequence[tuple[Segment, Array]]) -> Array:
    made: list[Array] = []
    base = 0
    for segment, live in parts:
        kept = np.array(_documents_in(segment, live), dtype=np.uint32)
        made.append((np.searchsorted(kept, segment.chunk_document[live]) + base).astype(np.uint32))
        base += len(kept)
    return np.concatenate(made)


def _kept_sentences(segment: Segment, live: Array) -> Array:
    kept = np.repeat(live, np.diff(segment.sentence_starts))
    flat: Array = segment.sentences[kept].reshape(-1)
    return flat


def _joined_field(name: str, parts: Sequence[tuple[Segment, Array]]) -> Iterator[tuple[str, Array]]:
    fields: list[Field] = [segment.fields[name] for segment, _ in parts]
    keys = np.unique(np.concatenate([field.keys for field in fields]))
    terms: list[Array] = []
    chunks: list[Array] = []
    counts: list[Array] = []
    marks: list[Array] = []
    base = 0
    for field, (segment, live) in zip(fields, parts, strict=True):
        kept = live[field.chunks]
        number_of = np.searchsorted(keys, field.keys).astype(np.uint32)
        terms.append(np.repeat(number_of, np.diff(field.starts))[kept])
        renumbered = (np.cumsum(live) - 1 + base).astype(np.uint16)
        chunks.append(renumbered[field.chunks][kept])
        counts.append(field.counts[kept])
        if name == "words":
            marks.append(segment.marks[kept])
        base += int(np.count_nonzero(live))
    all_terms = np.concatenate(terms)
    order = np.argsort(all_terms, kind="stable")
    used, per_term = np.unique(all_terms, return_counts=True)
    yield f"{name}.keys", keys[used]
    yield f"{name}.starts", _starts_of(per_term)
    yield f"{name}.chunks", np.concatenate(chunks)[order]
    yield f"{name}.counts", np.concatenate(counts)[order]
    yield f"{name}.lengths", np.concatenate([f.lengths[live] for f, (_, live) in zip(fields, parts, strict=True)])
    if marks:
        yield f"{name}.marks", np.concatenate(marks)[order]

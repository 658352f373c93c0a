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
    pairs_of,
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


class _Pairs:
    """The character pairs of chunks, in order; many texts are taken apart at once, which is twice as fast."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._letters = 0
        self._done = 0
        self._made: list[Array] = []

    def add(self, text: str) -> None:
        """Take the next chunk's text in."""
        self._waiting.append(text.lower())
        self._letters += len(text)
        if self._letters >= _LETTERS_AT_ONCE:
            self._take_apart()

    def _take_apart(self) -> None:
        sizes = np.fromiter(map(len, self._waiting), dtype=np.int64, count=len(self._waiting)) + 1
        keys, begins = pairs_of("\n".join(self._waiting))
        chunks = np.searchsorted(np.cumsum(sizes), begins, side="right").astype(np.uint64) + np.uint64(self._done)
        self._made.append((keys << np.uint64(16)) | chunks)
        self._done += len(self._waiting)
        self._waiting, self._letters = [], 0

    def places(self) -> Array:
        """Every pair with its chunk in the last 16 bits, in no order."""
        self._take_apart()
        made = self._made
        whole = np.empty(sum(map(len, made)), dtype=np.uint64)
        at = len(whole)
        while made:  # the last first, and let go at once, so that they are not held twice
            part = made.pop()
            at -= len(part)
            whole[at : at + len(part)] = part
        return whole

    @property
    def chunks(self) -> int:
        """How many chunks were taken in."""
        return self._done + len(self._waiting)


_LETTERS_AT_ONCE = 100_000


class SegmentBuilder:
    """Collects the chunks of one partition until they are written as a segment."""

    def __init__(self, partition: str, analyser: Analyser) -> None:
        self._partition = partition
        self._analyser = analyser
        self._heading_terms = lru_cache(maxsize=256)(analyser.terms)
        self.documents: list[tuple[str, str]] = []
        self._chunk_document = array("I")
        self._chunk_ordinal = array("I")
        self._vocabulary = _Numbers()
        self._words = array("I")
        self._word_counts = array("I")
        self._heading_words = array("I")
        self._heading_counts = array("I")
        self._pairs = _Pairs()
        self._heading_pairs = _Pairs()
        self._sentences = array("I")
        self._sentence_counts = array("I")
        self._sentence_terms = array("I")

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
        terms, number_of, words = self._analyser.terms, self._vocabulary.__getitem__, self._words
        before = len(words)
        for start, end in spans:
            made = terms(text[start:end])
            words.extend(map(number_of, made))
            self._sentence_terms.append(len(made))
            self._sentences.extend((start, end))
        self._word_counts.append(len(words) - before)
        self._sentence_counts.append(len(spans))
        self._pairs.add(text)

    def _add_heading(self, heading: str) -> None:
        terms = self._heading_terms(heading)
        self._heading_words.extend(map(self._vocabulary.__getitem__, terms))
        self._heading_counts.append(len(terms))
        self._heading_pairs.add(heading)

    def write(self, path: Path) -> None:
        """Write what was collected. Nothing may be added after it."""
        write_segment(path, self._partition, self.documents, self._arrays())

    def _arrays(self) -> Iterator[tuple[str, Array]]:
        yield "chunk_document", _of(self._chunk_document)
        yield "chunk_ordinal", _of(self._chunk_ordinal)
        yield "sentence_starts", _starts_of(_of(self._sentence_counts))
        yield "sentences", _of(self._sentences)
        keys = np.fromiter(map(term_key, self._vocabulary), dtype=np.uint64, count=len(self._vocabulary))
        order = np.argsort(keys, kind="stable")
        rank = np.empty(len(keys), dtype=np.uint64)
        rank[order] = np.arange(len(keys), dtype=np.uint64)
        keys = keys[order]
        yield from _postings("words", self._word_places(rank), _of(self._word_counts), keys, _SENTENCE_BITS)
        counts = _of(self._heading_counts)
        places = (rank[_of(self._heading_words)] << np.uint64(16)) | _chunks_of(counts)
        yield from _postings("headings", places, counts, keys)
        for name, pairs in (("pairs", self._pairs), ("heading_pairs", self._heading_pairs)):
            places = pairs.places()
            chunks = (places & _CHUNK).astype(np.uint16)
            yield from _postings(name, places, np.bincount(chunks, minlength=pairs.chunks))

    def _word_places(self, rank: Array) -> Array:
        """Each word as one number: term, chunk, sentence."""
        places = rank[_of(self._words)]
        places <<= np.uint64(16)
        places |= _chunks_of(_of(self._word_counts))
        places <<= np.uint64(_SENTENCE_BITS)
        places |= np.repeat(_sentences_within(_of(self._sentence_counts)), _of(self._sentence_terms))
        return places


_SENTENCE_BITS = 5
"""`MOST_SENTENCES` is 2 to this power."""
_CHUNK = np.uint64(0xFFFF)


def _chunks_of(counts: Array) -> Array:
    """The number of the chunk each of its words, laid end to end, stands in."""
    return np.repeat(np.arange(len(counts), dtype=np.uint64), counts)


def _sentences_within(counts: Array) -> Array:
    """0, 1, 2 … for each chunk, as many as it counts."""
    firsts = np.cumsum(counts, dtype=np.int64) - counts
    within: Array = (np.arange(int(counts.sum(dtype=np.int64))) - np.repeat(firsts, counts)).astype(np.uint64)
    return within


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
    name: str, places: Array, chunk_counts: Array, keys: Array | None = None, sentence_bits: int = 0
) -> Iterator[tuple[str, Array]]:
    """The arrays of a field, from its words: each one number of term, chunk (16 bits) and sentence (`sentence_bits`).

    A term is a number into sorted `keys`, or, without them, the key itself. One sort of plain numbers puts everything
    in order: sorting a list of places to sort by is four times as slow.
    """
    places.sort()
    postings = places >> np.uint64(sentence_bits) if sentence_bits else places
    firsts = _firsts_of(postings)
    counts = np.diff(np.append(firsts, len(places)))
    postings = postings[firsts]
    terms = postings >> np.uint64(16)
    first_of_term = _firsts_of(terms)
    used = terms[first_of_term]
    yield f"{name}.keys", used if keys is None else keys[used.astype(np.intp)]
    yield f"{name}.starts", np.append(first_of_term, len(terms)).astype(np.uint32)
    yield f"{name}.chunks", (postings & _CHUNK).astype(np.uint16)
    yield f"{name}.counts", np.minimum(counts, 255).astype(np.uint8)
    yield f"{name}.lengths", chunk_counts.astype(np.uint32)
    if sentence_bits:
        marks = np.uint32(1) << (places & np.uint64((1 << sentence_bits) - 1)).astype(np.uint32)
        yield f"{name}.marks", np.bitwise_or.reduceat(marks, firsts) if len(firsts) else marks


def _firsts_of(ordered: Array) -> Array:
    """Where a value stands that differs from the one before it."""
    if not len(ordered):
        return np.empty(0, dtype=np.intp)
    firsts: Array = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return firsts


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

"""Our one formula: how well a chunk fits a question, from the summed statistics of the opened partitions alone.

BM25 (k1 = 1.2, b = 0.75) of words, character pairs, headings and their pairs, added with fixed weights; then, for the
first fifty, divided by the best and added to the share of the question's weight (inverse document frequency) that
stands in the chunk's best single sentence. Headings count as a part of every sentence under them.

Tried and given up: rank fusion, feedback terms, lower k1 and b (they fit short, even chunks only), pairs across
spaces, joined runs across spaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jihwi.index import Found, Match, Term
from jihwi.index.segments import MOST_SENTENCES, Array, Field, Segment, pair_keys, term_key

__all__ = ["FIELD_WEIGHTS", "RERANKED", "Question", "View", "score"]

K1 = 1.2
B = 0.75
FIELD_WEIGHTS = {"words": 1.0, "headings": 1.0, "pairs": 0.3, "heading_pairs": 0.3}
RERANKED = 50
LEAST_PAIRS = 0.4
"""Share of the weight of the question's character pairs that a chunk with none of its terms must hold to be found:
what is misspelt is still found, what merely shares letters is not."""

_BITS = np.arange(MOST_SENTENCES, dtype=np.uint32)


class Question(NamedTuple):
    """A question as the formula takes it."""

    terms: tuple[str, ...]
    term_keys: Array
    pair_keys: Array

    @classmethod
    def of(cls, text: str, terms: Sequence[str]) -> Question:
        """The question `text` with its terms."""
        keys = np.array([term_key(term) for term in terms], dtype=np.uint64)
        return cls(tuple(terms), keys, np.unique(pair_keys(text)))

    def keys(self, field: str) -> Array:
        """What is looked for in `field`."""
        return self.pair_keys if field in ("pairs", "heading_pairs") else self.term_keys


class View:
    """A segment as one commit sees it: without the chunks that were removed since it was written."""

    def __init__(self, segment: Segment, removed: frozenset[int]) -> None:
        self.segment = segment
        self.removed = removed
        self.live: Array | None = None
        if removed:
            self.live = ~np.isin(segment.chunk_document, np.fromiter(removed, dtype=np.uint32, count=len(removed)))
        self.chunks = segment.chunk_count if self.live is None else int(np.count_nonzero(self.live))
        self.lengths = {name: self._total(field) for name, field in segment.fields.items()}
        self._norms: dict[str, tuple[float, Array]] = {}

    def _total(self, field: Field) -> int:
        lengths = field.lengths if self.live is None else field.lengths[self.live]
        return int(lengths.sum(dtype=np.uint64))

    def find(self, field: Field, keys: Array) -> list[tuple[int, int]]:
        """The run of postings of each key; empty for one that is not there."""
        if not len(field.keys):
            return [(0, 0)] * len(keys)
        at = np.minimum(np.searchsorted(field.keys, keys), len(field.keys) - 1)
        there = field.keys[at] == keys
        starts, ends = field.starts[at].tolist(), field.starts[at + 1].tolist()
        return [(a, b) if t else (0, 0) for a, b, t in zip(starts, ends, there.tolist(), strict=True)]

    def standing_in(self, field: Field, run: tuple[int, int]) -> int:
        """In how many chunks that are still there a run of postings stands."""
        if self.live is None:
            return run[1] - run[0]
        return int(np.count_nonzero(self.live[field.chunks[run[0] : run[1]]]))

    def norm(self, name: str, average: float) -> Array:
        """`k1 * (1 - b + b * length / average)` of each chunk; remembered, as the average seldom changes."""
        known = self._norms.get(name)
        if known is not None and known[0] == average:
            return known[1]
        lengths = self.segment.fields[name].lengths.astype(np.float32)
        norm = np.float32(K1 * (1 - B)) + lengths * np.float32(K1 * B / average if average else 0.0)
        self._norms[name] = (average, norm)
        return norm


class _Runs(NamedTuple):
    """Where a field's terms stand in each view, and what each is worth."""

    name: str
    runs: list[list[tuple[int, int]]]
    weights: list[float]
    standing: list[int]
    average: float


def score(question: Question, views: Sequence[View], allowed: Sequence[Array | None], limit: int) -> Found:
    """The best chunks of `views`, best first. `allowed`: which chunks of each view may be found; None for all."""
    total = sum(view.chunks for view in views)
    fields = [_look_up(name, question.keys(name), views, total) for name in FIELD_WEIGHTS]
    words, headings = fields[0], fields[1]
    idf = [_idf(total, max(a, b)) for a, b in zip(words.standing, headings.standing, strict=True)]
    terms = sorted(
        (
            Term(t, w, max(a, b))
            for t, w, a, b in zip(question.terms, idf, words.standing, headings.standing, strict=True)
        ),
        key=lambda term: (-term.weight, term.term),
    )
    scored: list[Array] = []
    candidates = 0
    for number, (view, mask) in enumerate(zip(views, allowed, strict=True)):
        scores = np.zeros(view.segment.chunk_count, dtype=np.float32)
        _add_scores(scores, number, view, fields[:2])
        candidates += int(np.count_nonzero(scores if view.live is None else scores[view.live]))
        _add_scores(scores, number, view, fields[2:])
        if view.live is not None:
            scores[~view.live] = 0
        if mask is not None:
            scores[~mask] = 0
        scored.append(scores)
    best = _best(views, scored, max(limit, RERANKED))
    matches = _reranked(question, views, fields, best, idf)
    return Found(matches=tuple(matches[:limit]), terms=tuple(terms), chunks=total, candidates=candidates)


def _idf(total: int, standing: int) -> float:
    return float(np.log1p((total - standing + 0.5) / (standing + 0.5)))


def _look_up(name: str, keys: Array, views: Sequence[View], total: int) -> _Runs:
    runs = [view.find(view.segment.fields[name], keys) for view in views]
    standing = [0] * len(keys)
    for view, found in zip(views, runs, strict=True):
        field = view.segment.fields[name]
        for number, run in enumerate(found):
            if run[1] > run[0]:
                standing[number] += view.standing_in(field, run)
    average = sum(view.lengths[name] for view in views) / total if total else 0.0
    return _Runs(name, runs, [_idf(total, count) for count in standing], standing, average)


def _add_scores(scores: Array, number: int, view: View, fields: Sequence[_Runs]) -> None:
    """Add the BM25 of some fields to the scores of a view's chunks."""
    for found in fields:
        field = view.segment.fields[found.name]
        factor = FIELD_WEIGHTS[found.name] * (K1 + 1)
        norm = view.norm(found.name, found.average)
        for (start, end), weight in zip(found.runs[number], found.weights, strict=True):
            if end > start:
                chunks = field.chunks[start:end]
                counts = field.counts[start:end].astype(np.float32)
                scores[chunks] += counts * np.float32(weight * factor) / (counts + norm[chunks])


class _Candidate(NamedTuple):
    score: float
    document_id: str
    ordinal: int
    view: int
    chunk: int


def _best(views: Sequence[View], scored: Sequence[Array], count: int) -> list[_Candidate]:
    """The `count` best chunks; equal scores in the order of document and ordinal, wherever they lie."""
    least = _least_of_best(scored, count)
    found: list[_Candidate] = []
    for number, (view, scores) in enumerate(zip(views, scored, strict=True)):
        segment = view.segment
        for chunk in np.flatnonzero(scores >= least).tolist() if least > 0 else np.flatnonzero(scores).tolist():
            document_id = segment.documents[segment.chunk_document[chunk]][0]
            found.append(
                _Candidate(float(scores[chunk]), document_id, int(segment.chunk_ordinal[chunk]), number, chunk)
            )
    found.sort(key=lambda c: (-c.score, c.document_id, c.ordinal))
    return found[:count]


def _least_of_best(scored: Sequence[Array], count: int) -> float:
    """The score of the `count`-th best chunk; 0 when there are fewer that have any."""
    tops = [np.partition(s, len(s) - count)[len(s) - count :] if len(s) > count else s for s in scored]
    together = np.concatenate(tops) if tops else np.empty(0, dtype=np.float32)
    if len(together) < count:
        return 0.0
    return float(np.partition(together, len(together) - count)[len(together) - count])


def _reranked(
    question: Question, views: Sequence[View], fields: Sequence[_Runs], best: list[_Candidate], idf: list[float]
) -> list[Match]:
    """The candidates in their last order, with the sentence that made it."""
    made: list[Match] = []
    weights = np.array(idf)
    for number, view in enumerate(views):
        mine = [candidate for candidate in best if candidate.view == number]
        if mine:
            chunks = np.array([candidate.chunk for candidate in mine])
            shares = _shares(*_standing(view, number, fields, chunks), weights)
            pairs = _pair_shares(view, number, fields[2:], chunks)
            made += (
                _match(question, view, candidate, share, best[0].score, idf)
                for candidate, share, pair_share in zip(mine, shares, pairs, strict=True)
                if share.terms or pair_share >= LEAST_PAIRS
            )
    made.sort(key=lambda m: (-m.score, m.document_id, m.ordinal))
    return made


class _Share(NamedTuple):
    sentence: int
    """The sentence of the chunk that holds most of the question's weight; the first of equals."""
    in_sentence: float
    in_chunk: float
    terms: list[int]


def _shares(in_text: Array, in_heading: Array, weights: Array) -> list[_Share]:
    """How much of the question's weight stands in each chunk and in its best sentence, headings counted to both."""
    mass = float(weights.sum()) or 1.0
    in_sentences = ((in_text[:, :, None] >> _BITS) & 1).astype(np.float64)
    of_sentences = np.einsum("ct,cts->cs", np.where(in_heading, 0.0, weights), in_sentences)
    everywhere = np.where(in_heading, weights, 0.0).sum(axis=1)
    sentences = of_sentences.argmax(axis=1)
    best = (of_sentences.max(axis=1) + everywhere) / mass
    stands = in_heading | (in_text != 0)
    whole = np.where(stands, weights, 0.0).sum(axis=1) / mass
    terms: list[list[int]] = [[] for _ in in_text]
    for row, term in zip(*(places.tolist() for places in np.nonzero(stands)), strict=True):
        terms[row].append(term)
    return [
        _Share(sentence, round(in_sentence, 9), round(in_chunk, 9), matched)
        for sentence, in_sentence, in_chunk, matched in zip(
            sentences.tolist(), best.tolist(), whole.tolist(), terms, strict=True
        )
    ]


def _standing(view: View, number: int, fields: Sequence[_Runs], chunks: Array) -> tuple[Array, Array]:
    """For each chunk and term: the sentences it stands in, one bit each; and whether it stands in the headings."""
    in_text = np.zeros((len(chunks), len(fields[0].weights)), dtype=np.uint32)
    for term, (run, place, there) in _places(view, number, fields[0], chunks):
        in_text[there, term] = view.segment.marks[run[0] : run[1]][place[there]]
    in_heading = np.zeros(in_text.shape, dtype=np.bool_)
    for term, (_, _, there) in _places(view, number, fields[1], chunks):
        in_heading[:, term] = there
    return in_text, in_heading


def _pair_shares(view: View, number: int, fields: Sequence[_Runs], chunks: Array) -> list[float]:
    """The share of the weight of the question's character pairs in each chunk or its headings."""
    there_in = np.zeros((len(chunks), len(fields[0].weights)), dtype=np.bool_)
    for found in fields:
        for pair, (_, _, there) in _places(view, number, found, chunks):
            there_in[:, pair] |= there
    weights = np.array(fields[0].weights)
    shares: list[float] = (there_in @ weights / (weights.sum() or 1.0)).tolist()
    return shares


def _places(
    view: View, number: int, found: _Runs, chunks: Array
) -> Iterator[tuple[int, tuple[tuple[int, int], Array, Array]]]:
    """For each term that stands anywhere in the view: its run, where in it each chunk would be, and whether it is."""
    postings = view.segment.fields[found.name].chunks
    for term, (start, end) in enumerate(found.runs[number]):
        if end > start:
            place = np.minimum(np.searchsorted(postings[start:end], chunks), end - start - 1)
            yield term, ((start, end), place, postings[start:end][place] == chunks)


def _match(
    question: Question, view: View, candidate: _Candidate, share: _Share, highest: float, idf: list[float]
) -> Match:
    first, last = view.segment.sentence_starts[candidate.chunk : candidate.chunk + 2].tolist()
    start, end = view.segment.sentences[first + share.sentence].tolist() if last > first else (0, 0)
    return Match(
        document_id=candidate.document_id,
        ordinal=candidate.ordinal,
        score=round(candidate.score / highest + share.in_sentence, 9),
        words=candidate.score,
        sentence_share=share.in_sentence,
        chunk_share=share.in_chunk,
        sentence_start=start,
        sentence_end=end,
        matched=tuple(question.terms[term] for term in sorted(share.terms, key=lambda t: (-idf[t], question.terms[t]))),
    )

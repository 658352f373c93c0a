"""Our one formula: how well a chunk fits a question, from the summed statistics of the opened partitions alone.

BM25 (k1 = 1.2, b = 0.75) of words, character pairs, headings and their pairs, added with fixed weights; then, for the
first fifty, divided by the best and added to the share of the question's weight (inverse document frequency) that
stands in the chunk's best single sentence. Headings count as a part of every sentence under them.

Tried and given up: rank fusion, feedback terms, lower k1 and b (they fit short, even chunks only), pairs across
spaces, joined runs across spaces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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


class _Found(NamedTuple):
    """Where in a field's postings the run of each key begins, and how long it is."""

    starts: Array
    lengths: Array

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Start and length of each run."""
        return zip(self.starts.tolist(), self.lengths.tolist(), strict=True)


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
        self._numbers: dict[str, list[int]] | None = None

    def standing(self) -> Array:
        """Which chunks are still there."""
        return np.ones(self.segment.chunk_count, dtype=np.bool_) if self.live is None else self.live

    def belonging(self, documents: Collection[str] | None) -> Array | None:
        """Which chunks belong to `documents`; None for all."""
        if documents is None:
            return None
        wanted = frozenset(documents)
        belongs = np.array([document_id in wanted for document_id, _ in self.segment.documents], dtype=np.bool_)
        mask: Array = belongs[self.segment.chunk_document]
        return mask

    def _total(self, field: Field) -> int:
        lengths = field.lengths if self.live is None else field.lengths[self.live]
        return int(lengths.sum(dtype=np.uint64))

    def chunk(self, document_id: str, ordinal: int) -> int | None:
        """Where in the segment a chunk lies; None when it does not, or was removed."""
        if self._numbers is None:
            self._numbers = {}
            for number, (known, _) in enumerate(self.segment.documents):
                if number not in self.removed:
                    self._numbers.setdefault(known, []).append(number)
        for number in self._numbers.get(document_id, ()):
            mine = self.segment.chunk_document == number
            places = np.flatnonzero(mine & (self.segment.chunk_ordinal == ordinal))
            if len(places):
                return int(places[0])
        return None

    def find(self, field: Field, keys: Array) -> _Found:
        """The run of postings of each key; empty for one that is not there."""
        if not len(field.keys) or not len(keys):
            nothing = np.zeros(len(keys), dtype=np.int64)
            return _Found(nothing, nothing)
        at = np.minimum(np.searchsorted(field.keys, keys), len(field.keys) - 1)
        starts = field.starts[at].astype(np.int64)
        return _Found(starts, np.where(field.keys[at] == keys, field.starts[at + 1] - starts, 0))

    def standing_in(self, field: Field, found: _Found) -> Array:
        """In how many chunks that are still there each key stands."""
        if self.live is None:
            return found.lengths
        return np.array(
            [np.count_nonzero(self.live[field.chunks[a : a + n]]) for a, n in found.pairs()], dtype=np.int64
        )

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
    runs: list[_Found]
    weights: Array
    standing: Array
    average: float


def score(
    question: Question,
    views: Sequence[View],
    allowed: Sequence[Array | None],
    limit: int,
    also: Collection[tuple[str, int]] = (),
) -> Found:
    """The best chunks of `views`, best first. `allowed`: which chunks of each view may be found; None for all.

    `also`: chunks that are told besides, after the best `limit`, whatever they hold.
    """
    total = sum(view.chunks for view in views)
    fields = [_look_up(name, question.keys(name), views, total) for name in FIELD_WEIGHTS]
    standing = np.maximum(fields[0].standing, fields[1].standing)
    idf = _idf(total, standing).tolist()
    terms = sorted(map(Term, question.terms, idf, standing.tolist()), key=lambda term: (-term.weight, term.term))
    scored: list[Array] = []
    candidates = 0
    for number, (view, mask) in enumerate(zip(views, allowed, strict=True)):
        scores = _field_scores(number, view, fields[0]) + _field_scores(number, view, fields[1])
        candidates += int(np.count_nonzero(scores if view.live is None else scores[view.live]))
        scores += _field_scores(number, view, fields[2])
        scores += _field_scores(number, view, fields[3])
        if view.live is not None:
            scores[~view.live] = 0
        if mask is not None:
            scores[~mask] = 0
        scored.append(scores)
    best = _best(views, scored, max(limit, RERANKED))
    matches = _reranked(question, views, fields, best, idf)[:limit]
    if also:
        known = {(match.document_id, match.ordinal) for match in matches}
        besides = _asked_for(views, scored, [one for one in also if one not in known])
        highest = best[0].score if best else 1.0
        matches += _reranked(question, views, fields, besides, idf, highest=highest)
    return Found(matches=tuple(matches), terms=tuple(terms), chunks=total, candidates=candidates)


def _idf(total: int, standing: Array) -> Array:
    weights: Array = np.log1p((total - standing + 0.5) / (standing + 0.5))
    return weights


def _look_up(name: str, keys: Array, views: Sequence[View], total: int) -> _Runs:
    runs = [view.find(view.segment.fields[name], keys) for view in views]
    standing = np.zeros(len(keys), dtype=np.int64)
    for view, found in zip(views, runs, strict=True):
        standing += view.standing_in(view.segment.fields[name], found)
    average = sum(view.lengths[name] for view in views) / total if total else 0.0
    return _Runs(name, runs, _idf(total, standing), standing, average)


_FEW_POSTINGS = 20_000
"""Up to here the postings of all terms are gathered at once: what counts is the number of steps, not of postings."""


def _field_scores(number: int, view: View, found: _Runs) -> Array:
    """The BM25 of one field for every chunk of a view. Both ways add the same numbers in the same order."""
    field = view.segment.fields[found.name]
    worth = (found.weights * (FIELD_WEIGHTS[found.name] * (K1 + 1))).astype(np.float32)
    starts, lengths = found.runs[number]
    together = int(lengths.sum())
    if not together:
        return np.zeros(view.segment.chunk_count, dtype=np.float64)
    norm = view.norm(found.name, found.average)
    if together <= _FEW_POSTINGS:
        places = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(together)
        chunks = field.chunks[places]
        counts = field.counts[places].astype(np.float32)
        share = counts * np.repeat(worth, lengths) / (counts + norm[chunks])
        return np.bincount(chunks, weights=share, minlength=view.segment.chunk_count)
    scores = np.zeros(view.segment.chunk_count, dtype=np.float64)
    for (start, length), weight in zip(found.runs[number].pairs(), worth, strict=True):
        if length:
            chunks = field.chunks[start : start + length]
            counts = field.counts[start : start + length].astype(np.float32)
            scores[chunks] += counts * weight / (counts + norm[chunks])
    return scores


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


def _asked_for(views: Sequence[View], scored: Sequence[Array], chunks: Collection[tuple[str, int]]) -> list[_Candidate]:
    """These chunks as candidates, where they lie in one of the views."""
    found: list[_Candidate] = []
    for document_id, ordinal in chunks:
        for number, (view, scores) in enumerate(zip(views, scored, strict=True)):
            chunk = view.chunk(document_id, ordinal)
            if chunk is not None:
                found.append(_Candidate(float(scores[chunk]), document_id, ordinal, number, chunk))
                break
    return found


def _least_of_best(scored: Sequence[Array], count: int) -> float:
    """The score of the `count`-th best chunk; 0 when there are fewer that have any."""
    tops = [np.partition(s, len(s) - count)[len(s) - count :] if len(s) > count else s for s in scored]
    together = np.concatenate(tops) if tops else np.empty(0, dtype=np.float32)
    if len(together) < count:
        return 0.0
    return float(np.partition(together, len(together) - count)[len(together) - count])


def _reranked(
    question: Question,
    views: Sequence[View],
    fields: Sequence[_Runs],
    best: list[_Candidate],
    idf: list[float],
    *,
    highest: float = 0.0,
) -> list[Match]:
    """The candidates in their last order, with the sentence that made it.

    `highest`: the best score of the search, for candidates that were asked for and are told whatever they hold.
    """
    made: list[Match] = []
    weights = np.array(idf)
    for number, view in enumerate(views):
        mine = [candidate for candidate in best if candidate.view == number]
        if mine:
            chunks = np.array([candidate.chunk for candidate in mine])
            shares = _shares(*_standing(view, number, fields, chunks), weights)
            pairs = _pair_shares(view, number, fields[2:], chunks)
            made += (
                _match(question, view, candidate, share, highest or best[0].score, idf)
                for candidate, share, pair_share in zip(mine, shares, pairs, strict=True)
                if highest or share.terms or pair_share >= LEAST_PAIRS
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
        in_text[there, term] = view.segment.marks[run][place[there]]
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
    weights = fields[0].weights
    shares: list[float] = (there_in @ weights / (weights.sum() or 1.0)).tolist()
    return shares


def _places(view: View, number: int, found: _Runs, chunks: Array) -> Iterator[tuple[int, tuple[slice, Array, Array]]]:
    """For each term that stands anywhere in the view: its run, where in it each chunk would be, and whether it is."""
    postings = view.segment.fields[found.name].chunks
    for term, (start, length) in enumerate(found.runs[number].pairs()):
        if length:
            run = slice(start, start + length)
            place = np.minimum(np.searchsorted(postings[run], chunks), length - 1)
            yield term, (run, place, postings[run][place] == chunks)


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

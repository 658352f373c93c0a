"""The lab: which way of cutting suits these files, measured on these files, and what to do about it in plain words.

Every strategy cuts the same readings into an index of its own, in a folder that is gone afterwards, with the analyser
and the formula the search uses. The same questions are asked of each. What is measured is what a model, or a person,
would be given to read: does the answer stand in the first 1,000 tokens of what was found, or the first 2,000.
"""

from __future__ import annotations

import re
import tempfile
import time
import unicodedata
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeVar, get_args

import msgspec

from jihwi.errors import LabEmpty
from jihwi.evidence import Chunk, Viewer
from jihwi.evidence.chunking import Strategy, StrategyName, chunks_of, token_count
from jihwi.index import IndexedDocument, WordIndex
from jihwi.library.indexing import CHUNKS_A_COMMIT, chunk_texts
from jihwi.library.lab_questions import Gold, LabQuestion, OwnQuestion, QuestionKind, Taken, made_from, placed
from jihwi.library.library import Library

__all__ = [
    "BUDGETS",
    "STRATEGIES",
    "Advice",
    "LabReport",
    "LostWords",
    "StrategyFigures",
    "advice_of",
    "measure",
    "taken_from",
]

BUDGETS = (1_000, 2_000)
"""Tokens of context: what `token_count` counts."""

STRATEGIES: tuple[Strategy, ...] = tuple(Strategy(name) for name in get_args(StrategyName))

MOST_A_KIND = 150
"""Questions of a kind that are asked."""
MOST_CHARACTERS = 20_000_000
"""Code points of text that are cut and searched; of a larger library a part, spread evenly, is taken."""
_HITS = 50
"""Hits a context is made of; the search re-ranks as many."""
_FEW = 20
"""Below so many questions nothing is recommended."""
_LOST_SHOWN = 50
_PARTITION = "lab"

IndexIn = Callable[[Path], WordIndex]


class StrategyFigures(msgspec.Struct, frozen=True):
    """What one strategy did. Shares are 0 to 1 of the questions."""

    name: StrategyName
    strategy: Strategy
    inside: dict[str, float]
    """Share of answers that stand whole in the first 1,000 and 2,000 tokens of what was found."""
    recall_1: float
    """Share of answers that stand whole in the first hit."""
    recall_5: float
    """In any one of the first five."""
    by_kind: dict[QuestionKind, float]
    """Answers inside 1,000 tokens, for each kind of question."""
    chunks: int
    tokens: int
    """Of all chunks together: what overlaps is counted twice."""
    median_tokens: int
    p95_tokens: int
    build_seconds: float
    """Cutting, analysing and writing the index."""
    query_ms: float
    """Median."""
    query_p95_ms: float
    costs: tuple[int | None, ...]
    """For each question, the tokens of context after which its answer stood there whole; None when it never did."""


class LostWords(msgspec.Struct, frozen=True):
    """Something asked that finds nothing, though words of it stand in the files."""

    asked: str
    words: tuple[str, ...]


class Advice(msgspec.Struct, frozen=True):
    """What the figures say should be done."""

    reason: Literal["few", "best", "even", "better"]
    """Too few questions; the present one is best; none is clearly better than the present one; this one is."""
    recommended: StrategyName
    current: StrategyName
    best: StrategyName
    """The one with the highest figures, recommended or not."""
    gained: int = 0
    """Questions that `best` answers inside 1,000 tokens and the present one does not."""
    lost: int = 0
    """The other way round."""


class LabReport(msgspec.Struct, frozen=True):
    """A comparison. It bears the labels of every document it was made from: its questions hold their words."""

    collections: tuple[str, ...]
    documents: int
    """Documents measured; copies of the same content are one."""
    documents_there: int
    """Documents with text that the viewer may see, copies counted once."""
    characters: int
    labels: tuple[str, ...]
    analyser: str
    questions: tuple[LabQuestion, ...]
    unplaced: tuple[OwnQuestion, ...]
    """The person's questions whose answer stands nowhere in these files, word for word."""
    figures: tuple[StrategyFigures, ...]
    advice: Advice
    lost_words: tuple[LostWords, ...]
    probes: int
    """Questions and single words that were looked for to find lost words."""


def measure(
    library: Library,
    viewer: Viewer,
    collections: Sequence[str] | None,
    index_in: IndexIn,
    *,
    own: Sequence[OwnQuestion] | None = None,
    strategies: Sequence[Strategy] = STRATEGIES,
    tell: Callable[[StrategyName], None] = lambda name: None,
) -> LabReport:
    """Compare `strategies` on what `viewer` may see of `collections`.

    `index_in` gives an empty index in a folder; `own` are the person's questions, in place of made ones; `tell` is
    told each strategy's name before its turn. Raises LabEmpty when there is nothing to ask.
    """
    taken, there = taken_from(library, viewer, collections)
    questions, unplaced = placed(own, taken) if own is not None else (made_from(taken, MOST_A_KIND), [])
    if not questions:
        raise LabEmpty(len(taken))
    current = library.strategy
    figures: list[StrategyFigures] = []
    lost: list[LostWords] = []
    probes = 0
    for strategy in _with_current(strategies, current):
        tell(strategy.name)
        with tempfile.TemporaryDirectory(prefix="jihwi-lab-") as folder:
            bench = _Bench(index_in(Path(folder)), taken, strategy)
            try:
                figures.append(bench.figures(questions))
                if strategy.name == current.name:
                    lost, probes = _lost_words(bench, questions, taken)
            finally:
                bench.index.close()
    return LabReport(
        collections=tuple(sorted({one.document.source.collection for one in taken})),
        documents=len(taken),
        documents_there=there,
        characters=sum(len(one.reading.text) for one in taken),
        labels=tuple(sorted({label for one in taken for label in one.document.source.labels})),
        analyser=f"{library.analyser.name}-{library.analyser.version}",
        questions=tuple(questions),
        unplaced=tuple(unplaced),
        figures=tuple(figures),
        advice=advice_of(figures, current.name),
        lost_words=tuple(lost),
        probes=probes,
    )


def _with_current(strategies: Sequence[Strategy], current: Strategy) -> list[Strategy]:
    """The strategies with the present one among them, in its present sizes."""
    others = [strategy for strategy in strategies if strategy.name != current.name]
    place = next((at for at, strategy in enumerate(strategies) if strategy.name == current.name), 0)
    return [*others[:place], current, *others[place:]]


def taken_from(library: Library, viewer: Viewer, collections: Sequence[str] | None) -> tuple[list[Taken], int]:
    """What the viewer may see, each content once, and how many there are; above MOST_CHARACTERS an even part of it."""
    documents = {one.reading: one for one in reversed(library.documents(viewer, collections)) if one.reading}
    total = sum(one.characters for one in documents.values())
    step = max(1, -(-total // MOST_CHARACTERS))
    taken: list[Taken] = []
    room = MOST_CHARACTERS
    for digest in sorted(documents)[::step]:
        reading = library.reading(digest, viewer) if documents[digest].characters <= room else None
        if reading is not None:
            room -= len(reading.text)
            taken.append(Taken(documents[digest], reading))
    return taken, len(documents)


# ── one strategy ─────────────────────────────────────────────────────────────


class _Bench:
    """One strategy's index over the documents, and what it answers."""

    def __init__(self, index: WordIndex, taken: Sequence[Taken], strategy: Strategy) -> None:
        self.index = index
        self._strategy = strategy
        self._texts = {one.document.reading: one.reading.text for one in taken}
        self._chunks: dict[str, list[Chunk]] = {}
        self._build_seconds = self._build(taken)

    def _build(self, taken: Sequence[Taken]) -> float:
        begun = time.perf_counter()
        waiting = 0
        for one in taken:
            digest, text = one.document.reading, one.reading.text
            chunks = chunks_of(one.reading, self._strategy)
            self._chunks[digest] = chunks
            # Its id is its reading: the hits then say where they stand, and a copy cannot come twice.
            self.index.add(
                [IndexedDocument(digest, _PARTITION, digest[:16], tuple(chunk_texts(one.document, chunks, text)))]
            )
            waiting += len(chunks)
            if waiting >= CHUNKS_A_COMMIT:
                self.index.commit(0)
                waiting = 0
        self.index.commit(1)
        return time.perf_counter() - begun

    def hits(self, question: str) -> list[tuple[str, Chunk]]:
        """What is found, best first: readings and chunks."""
        found = self.index.search(question, [_PARTITION], limit=_HITS)
        return [(match.document_id, self._chunks[match.document_id][match.ordinal]) for match in found.matches]

    def figures(self, questions: Sequence[LabQuestion]) -> StrategyFigures:
        """Ask every question, and sum up."""
        sizes = sorted(
            token_count(self._texts[digest][chunk.start : chunk.end])
            for digest, chunks in self._chunks.items()
            for chunk in chunks
        )
        costs: list[int | None] = []
        ranks: list[int | None] = []
        times: list[float] = []
        for question in questions:
            begun = time.perf_counter()
            hits = self.hits(question.text)
            times.append(time.perf_counter() - begun)
            costs.append(self._cost(question, hits))
            ranks.append(_rank(question, hits))
        times.sort()
        kinds = dict.fromkeys(question.kind for question in questions)
        return StrategyFigures(
            name=self._strategy.name,
            strategy=self._strategy,
            inside={str(budget): _share(_within(cost, budget) for cost in costs) for budget in BUDGETS},
            recall_1=_share(_within(rank, 1) for rank in ranks),
            recall_5=_share(_within(rank, 5) for rank in ranks),
            by_kind={
                kind: _share(
                    _within(cost, BUDGETS[0]) for cost, one in zip(costs, questions, strict=True) if one.kind == kind
                )
                for kind in kinds
            },
            chunks=len(sizes),
            tokens=sum(sizes),
            median_tokens=_at(sizes, 0.5),
            p95_tokens=_at(sizes, 0.95),
            build_seconds=round(self._build_seconds, 3),
            query_ms=round(_at(times, 0.5) * 1000, 3),
            query_p95_ms=round(_at(times, 0.95) * 1000, 3),
            costs=tuple(costs),
        )

    def _cost(self, question: LabQuestion, hits: Sequence[tuple[str, Chunk]]) -> int | None:
        """Tokens read, hit after hit and nothing twice, until one of the answers has been read whole."""
        read: dict[str, list[tuple[int, int]]] = {}
        spent = 0
        for digest, chunk in hits:
            text = self._texts[digest]
            spans = read.setdefault(digest, [])
            for start, end in _not_yet(spans, chunk.start, chunk.end):
                insort(spans, (start, end))
                ends = [min(gold.end, end) for gold in question.golds if gold.reading == digest and _whole(spans, gold)]
                if ends:
                    return spent + token_count(text[start : max(start, min(ends))])
                spent += token_count(text[start:end])
            if spent > BUDGETS[-1]:
                return None
        return None

    def knows(self, words: str) -> bool:
        """Whether anything is found."""
        return bool(self.index.search(words, [_PARTITION], limit=1).matches)


def _rank(question: LabQuestion, hits: Sequence[tuple[str, Chunk]]) -> int | None:
    """The first hit that holds an answer whole, from 1."""
    for number, (digest, chunk) in enumerate(hits, 1):
        if any(g.reading == digest and chunk.start <= g.start and g.end <= chunk.end for g in question.golds):
            return number
    return None


def _not_yet(read: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """The parts of `start` to `end` that no span of `read` (sorted, apart) covers."""
    parts: list[tuple[int, int]] = []
    for a, b in read[max(0, bisect_right(read, (start, start)) - 1) :]:
        if a >= end:
            break
        if a > start:
            parts.append((start, a))
        start = max(start, b)
    if start < end:
        parts.append((start, end))
    return parts


def _whole(read: Sequence[tuple[int, int]], gold: Gold) -> bool:
    return not _not_yet(read, gold.start, gold.end)


def _within(value: int | None, most: int) -> bool:
    return value is not None and value <= most


def _share(true: Iterator[bool]) -> float:
    values = list(true)
    return round(sum(values) / len(values), 4) if values else 0.0


_Number = TypeVar("_Number", int, float)


def _at(values: Sequence[_Number], share: float) -> _Number:
    return values[min(len(values) - 1, int(len(values) * share))]


# ── what it means ────────────────────────────────────────────────────────────


def advice_of(figures: Sequence[StrategyFigures], current: StrategyName) -> Advice:
    """The best strategy, when it is better than the present one by more than chance would explain.

    On the questions that only one of the two answers inside 1,000 tokens, the winner must lead by twice the square
    root of their number (a sign test at about one in twenty). Anything less is no reason to cut a library again.
    """
    best = max(figures, key=_merit)
    now = next(one for one in figures if one.name == current)
    gained, lost = _gained(best, now), _gained(now, best)
    if len(now.costs) < _FEW:
        return Advice("few", current, current, best.name, gained, lost)
    if best.name == current:
        return Advice("best", current, current, current)
    if gained - lost < 2 * (gained + lost) ** 0.5 or gained == lost:
        return Advice("even", current, current, best.name, gained, lost)
    return Advice("better", best.name, current, best.name, gained, lost)


def _merit(figures: StrategyFigures) -> tuple[float, ...]:
    return (*figures.inside.values(), figures.recall_1, float(-figures.tokens))


def _gained(one: StrategyFigures, other: StrategyFigures) -> int:
    pairs = zip(one.costs, other.costs, strict=True)
    return sum(_within(mine, BUDGETS[0]) and not _within(theirs, BUDGETS[0]) for mine, theirs in pairs)


# ── words that find nothing ──────────────────────────────────────────────────

_WORD = re.compile(r"[^\W_]{2,}")
_PARTICLE = re.compile(r"(?<=[가-힣]{2})(?:에서|으로|[은는이가을를의에로과와도])\Z")
_MOST_PROBES = 3_000


def _lost_words(bench: _Bench, questions: Sequence[LabQuestion], taken: Sequence[Taken]) -> tuple[list[LostWords], int]:
    """Questions, and single words of them, that find nothing though these words stand in the files."""
    asked = [question.text for question in questions]
    probes = list(dict.fromkeys([*asked, *(word for text in asked for word in _words_in(text))]))[:_MOST_PROBES]
    lost: list[LostWords] = []
    for probe in probes:
        if len(lost) < _LOST_SHOWN and not bench.knows(probe):
            words = tuple(word for word in _words_in(probe) if _stands(word, taken))
            if words:
                lost.append(LostWords(probe, words))
    return lost, len(probes)


def _words_in(text: str) -> list[str]:
    """The words of `text`, each as it stands and without what looks like a particle at its end."""
    forms = ((word, _PARTICLE.sub("", word)) for word in _WORD.findall(text))
    return list(dict.fromkeys(form for pair in forms for form in pair))


def _stands(word: str, taken: Sequence[Taken]) -> bool:
    """Whether a word of any text begins with it."""
    pattern = re.compile(rf"(?<![^\W_]){re.escape(unicodedata.normalize('NFC', word))}", re.IGNORECASE)
    return any(pattern.search(one.reading.text) for one in taken)

"""A summary without a model: the sentences that say most of what the documents say, each quoted with its place.

A sentence counts for the weight of what it shares with the others (centrality), for the question's words in it, and
for standing early under its heading; what has been said already counts no more (maximal marginal relevance, Carbonell
and Goldstein 1998).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from jihwi.evidence import Claim, Quotation
from jihwi.index import Analyser, Term
from jihwi.library.passages import Passage, units_of

__all__ = ["summarise"]

SENTENCES = 10
"""How many sentences a summary has at most."""

A_DOCUMENT = 4
"""Of them, at most so many of one document."""

_MOST = 600
"""Sentences that are weighed."""

_SHORTEST, _LONGEST = 12, 320
"""Code points: less says nothing by itself, more is no sentence."""


class _Line(msgspec.Struct, frozen=True):
    passage: int
    start: int
    end: int
    terms: frozenset[str]
    early: float


def summarise(
    passages: Sequence[Passage], terms: Sequence[Term], analyser: Analyser, *, limit: int = SENTENCES
) -> list[Claim]:
    """The sentences that together say most, in the order of the passages given; `topic` is the document's path.

    `terms` are the question's terms as the search weighed them; without any, all words count alike.
    """
    lines = _lines(passages, analyser)
    if not lines:
        return []
    often = Counter(term for line in lines for term in line.terms)
    worth = {term: math.log1p(count) for term, count in often.items() if count > 1}
    asked = {one.term: one.weight for one in terms}
    total = sum(asked.values())
    scores = [_score(line, worth, asked, total, passages) for line in lines]
    chosen = _choose(lines, scores, passages, worth, limit)
    return [_claim(lines[i], passages, scores[i]) for i in sorted(chosen, key=lambda i: _order(lines[i], passages))]


def _lines(passages: Sequence[Passage], analyser: Analyser) -> list[_Line]:
    found: list[_Line] = []
    seen: set[tuple[str, int]] = set()
    for number, passage in enumerate(passages):
        for place, unit in enumerate(units_of(passage)):
            words = passage.text[unit.start : unit.end].strip()
            key = (passage.reading, passage.start + unit.start)
            if unit.grid is not None or not _SHORTEST <= len(words) <= _LONGEST or key in seen:
                continue
            seen.add(key)
            terms = frozenset(analyser.terms(words))
            if len(terms) >= 3:
                found.append(_Line(number, unit.start, unit.end, terms, 1 / (1 + place)))
        if len(found) >= _MOST:
            break
    return found


def _score(
    line: _Line, worth: dict[str, float], asked: dict[str, float], total: float, passages: Sequence[Passage]
) -> float:
    central = sum(worth.get(term, 0.0) for term in line.terms) / math.sqrt(len(line.terms))
    most = math.sqrt(max(1, len(line.terms))) * max(worth.values(), default=1.0)
    wanted = sum(asked.get(term, 0.0) for term in line.terms) / total if total else 0.0
    return central / most + 1.5 * wanted + 0.15 * line.early + 0.4 * passages[line.passage].score


def _choose(
    lines: Sequence[_Line], scores: Sequence[float], passages: Sequence[Passage], worth: dict[str, float], limit: int
) -> list[int]:
    chosen: list[int] = []
    said: set[str] = set()
    of_document: Counter[str] = Counter()
    left = set(range(len(lines)))
    while left and len(chosen) < limit:
        best = max(left, key=lambda i: (scores[i] - 0.8 * _again(lines[i], said, worth), -i))
        left.discard(best)
        document = passages[lines[best].passage].document_id
        if of_document[document] < A_DOCUMENT and (not chosen or _again(lines[best], said, worth) < 0.75):
            chosen.append(best)
            said |= lines[best].terms
            of_document[document] += 1
    return chosen


def _again(line: _Line, said: set[str], worth: dict[str, float]) -> float:
    """Share of the line that has been said."""
    total = sum(worth.get(term, 0.3) for term in line.terms)
    return sum(worth.get(term, 0.3) for term in line.terms & said) / total if total else 0.0


def _order(line: _Line, passages: Sequence[Passage]) -> tuple[str, int]:
    passage = passages[line.passage]
    return (passage.path, passage.start + line.start)


def _claim(line: _Line, passages: Sequence[Passage], score: float) -> Claim:
    passage = passages[line.passage]
    text = passage.text[line.start : line.end]
    start = passage.start + line.start + len(text) - len(text.lstrip())
    words = text.strip()
    quotation = Quotation(passage.document_id, passage.source, passage.reading, words, start, start + len(words))
    return Claim(words, (quotation,), passage.path, round(min(1.0, score / 3), 3))

"""From passages to an answer without a model: the best sentences, the shortest words that answer, or "not found".

Everything an answer says is a quotation with its exact place. How sure it is comes from one figure, how much of the
question stands in and around the sentence (`around`) and in its passage (`in_passage`); below one threshold the
answer is "not found", and what came nearest is shown instead.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import msgspec

from jihwi.evidence import Claim, NotFound, Quotation
from jihwi.index import Analyser, Tagger, Term, Word
from jihwi.library.candidates import Candidate, candidates_of
from jihwi.library.choosing import Asked, Chosen, choose, seen_of
from jihwi.library.pairs import pair_shares
from jihwi.library.passages import Passage, Sought, Unit, Weighed, sought_of, units_of, weigh
from jihwi.library.questions import Question
from jihwi.library.tables import cell_answer, row_candidates

__all__ = ["THRESHOLD", "Answer", "Evidence", "answer_from"]

THRESHOLD = 0.35
"""A confidence below this is "not found": `make bench-answers` says how often it is wrong, both ways."""

_PASSAGES = 6
"""Passages that are read sentence by sentence."""
_SENTENCES = 10
"""Sentences whose words are looked at for a short answer."""
_MISFIT = -0.5
"""A candidate that fits worse is another kind of thing, and is not shown as the answer."""
_ASKED = 0.8
"""A candidate with more of the question's own words only says what was asked."""
_SHORT = frozenset(
    "who organisation where when time duration how_much how_many percent article phone title which what".split()  # noqa: SIM905
)
"""Kinds of question that a few words can answer."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence, table row or list that answers, with its place."""

    quotation: Quotation
    text: str
    """What it says; for a table's cell `row / column: value`, otherwise the quotation's own words."""
    confidence: float
    """0 to 1: how often a sentence with as much of the question around it did answer."""
    path: str = ""
    page: int = 0
    headings: tuple[str, ...] = ()
    context: Quotation | None = None
    """The sentence with its neighbours."""
    support: tuple[Quotation, ...] = ()
    """A table's headings, without which its cell says nothing."""

    def claim(self, topic: str = "") -> Claim:
        """The same as a claim that may be posted, and is checked later."""
        return Claim(self.text, (self.quotation, *self.support), topic, round(self.confidence, 3))


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found for one question."""

    question: Question
    found: bool
    confidence: float
    evidence: tuple[Evidence, ...] = ()
    """Best first; empty when nothing was found."""
    short: Quotation | None = None
    """The fewest words that answer, where the kind of question allows; they stand in the first evidence."""
    short_confidence: float = 0.0
    nearest: tuple[Evidence, ...] = ()
    """What came nearest, when nothing was found."""

    def not_found(self) -> NotFound:
        """The same for a report, when nothing was found."""
        return NotFound(self.question.text, tuple(one.claim() for one in self.nearest))


def answer_from(
    question: Question,
    passages: Sequence[Passage],
    terms: Sequence[Term],
    analyser: Analyser,
    tagger: Tagger,
    *,
    limit: int = 3,
    exclude: Iterable[str] = (),
    translations: dict[str, tuple[str, ...]] | None = None,
    foreign: bool = False,
) -> Answer:
    """The answer to `question` in `passages`, best first as a search gave them.

    `terms` are the question's terms as that search weighed them; `exclude` are sentences that were refused before;
    `translations` and `foreign` are for a question in another language than the documents (see `glossary`).
    """
    sought = sought_of(question.text, terms, analyser, tagger, translations, foreign=foreign)
    reading = _Reading(question, passages[:_PASSAGES], sought, analyser, tagger, frozenset(exclude))
    best = reading.best()
    if not best:
        return Answer(question, False, 0.0)
    confidence = best[0].confidence
    evidence = tuple(reading.evidence(one) for one in _apart(best, limit))
    if confidence < THRESHOLD:
        return Answer(question, False, confidence, nearest=evidence)
    short, sure = reading.short(best[0])
    return Answer(question, True, confidence, evidence, short, sure)


class _Sentence(msgspec.Struct, frozen=True):
    weighed: Weighed
    score: float
    confidence: float
    chosen: Chosen | None = None


def _apart(best: Sequence[_Sentence], limit: int) -> list[_Sentence]:
    """The first `limit` that add something: near the best in score, none in the same place twice, and none that holds
    no word of the question, where others do, unless it stands beside the best."""
    kept: list[_Sentence] = []
    for one in best:
        close = one.confidence >= 0.6 * best[0].confidence
        twice = any((one.weighed.passage, one.weighed.place) == (k.weighed.passage, k.weighed.place) for k in kept)
        if close and not twice and _to_the_point(one.weighed, best[0].weighed):
            kept.append(one)
        if len(kept) == limit:
            break
    return kept


def _to_the_point(one: Weighed, best: Weighed) -> bool:
    """Whether a sentence says something of what is asked: a title alone, over all of a text, says it of none."""
    beside = one.passage == best.passage and abs(one.place - best.place) <= 1
    return bool(one.share or one.columns or beside) or not best.share


def confidence_of(weighed: Weighed, *, labelled: bool = False) -> float:
    """How sure a sentence answers, from how much of the question stands around it.

    `labelled`: a label before it names the kind of thing asked for (`일시: 3월 2일`).
    """
    held = 0.45 * weighed.around + 0.55 * weighed.in_passage + (_LABEL if labelled else 0.0)
    return _BEST / (1 + math.exp(-(11.0 * held - 7.0)))


_BEST = 0.9
"""How often the surest did answer. Of those between 0.7 and 0.8 it was 8 in 10, between 0.5 and 0.6 half."""
_LABEL = 0.12
"""A label is worth as much as a word of the question."""


class _Reading:
    """One reading of some passages for one question."""

    def __init__(
        self,
        question: Question,
        passages: Sequence[Passage],
        sought: Sequence[Sought],
        analyser: Analyser,
        tagger: Tagger,
        exclude: frozenset[str],
    ) -> None:
        self._question = question
        self._passages = passages
        self._tagger = tagger
        self._units = [units_of(passage) for passage in passages]
        self._words: dict[int, list[Word]] = {}
        weighed = weigh(passages, sought, analyser, self._units)
        self._weighed = [w for w in weighed if self._may_answer(w, exclude)]
        self._pairs = pair_shares(question.text, passages, self._units)
        self._asked = Asked.of(question.text)

    def best(self) -> list[_Sentence]:
        """The sentences that answer best, in order."""
        likely = sorted(self._weighed, key=self._before_reading, reverse=True)[:_SENTENCES]
        wants_words = self._question.wanted in _SHORT or self._question.wanted == "passage"
        made: list[_Sentence] = []
        for weighed in likely:
            chosen = max(self._chosen(weighed), key=lambda c: c.score, default=None)
            score = self._score(weighed, chosen if wants_words else None)
            labelled = chosen is not None and bool(chosen.seen.labelled) and chosen.seen.fit > 0
            made.append(_Sentence(weighed, score, confidence_of(weighed, labelled=labelled), chosen))
        return sorted(made, key=lambda one: -one.score)

    def _may_answer(self, weighed: Weighed, exclude: frozenset[str]) -> bool:
        """Whether it says something: no heading, and nothing that was refused."""
        if weighed.unit.title:
            return False
        text = self._text(weighed.passage, weighed.unit)
        headings = self._passages[weighed.passage].headings
        return text not in exclude and all(" ".join(text.split()) != " ".join(one.split()) for one in headings)

    def _before_reading(self, weighed: Weighed) -> float:
        return weighed.share + 0.6 * weighed.around + 0.3 * self._passages[weighed.passage].score

    def _score(self, weighed: Weighed, chosen: Chosen | None) -> float:
        """What a sentence is ordered by. Fitted like the candidates' weights, on one half of the articles at a time."""
        pairs = self._pairs[weighed.passage, weighed.place]
        length = math.log(max(2, weighed.unit.end - weighed.unit.start))
        best = 0.48 * chosen.score if chosen is not None else 4 * weighed.around + 2 * weighed.in_passage
        return (
            best
            + self._manner(weighed)
            + 5.7 * pairs.here
            + 3.1 * pairs.before
            + 6.3 * pairs.in_passage
            + 1.1 * weighed.share
            - 0.56 * length
        )

    def _manner(self, weighed: Weighed) -> float:
        """Whether the sentence defines, explains or tells how, when that is what is asked."""
        pattern = _MANNERS.get(self._question.wanted)
        return 1.0 if pattern and pattern.search(self._text(weighed.passage, weighed.unit)) else 0.0

    def _chosen(self, weighed: Weighed) -> Iterable[Chosen]:
        passage = self._passages[weighed.passage]
        if weighed.unit.grid is not None:
            candidates = row_candidates(passage, weighed.unit)
        else:
            candidates = candidates_of(
                passage.text, weighed.unit.start, weighed.unit.end, self._tagged(weighed.passage)
            )
        spans = [(c.start, c.end) for c in candidates]
        verbs = self._verbs(weighed)
        for candidate in candidates:
            seen = seen_of(
                self._question,
                self._asked,
                passage,
                weighed,
                candidate,
                whole=_is_whole(candidate, spans),
                column=_column(weighed, candidate, passage),
                verbs=verbs,
            )
            yield Chosen(weighed, candidate, seen, choose(seen))

    def _verbs(self, weighed: Weighed) -> list[int]:
        """Where the question's words stand as verbs in the sentence."""
        words = self._tagged(weighed.passage)
        found: list[int] = []
        for start, end, _ in weighed.terms:
            at = bisect_left(words, start, key=lambda word: word.start)
            if at < len(words) and words[at].start == start:
                follows = words[at + 1] if at + 1 < len(words) else None
                verb = follows is not None and follows.start == end and follows.tag.startswith(("XSV", "XSA"))
                if verb or words[at].tag.startswith(("VV", "VA")):
                    found.append(start)
        return found

    def _tagged(self, number: int) -> list[Word]:
        if number not in self._words:
            self._words[number] = self._tagger.words(self._passages[number].text)
        return self._words[number]

    def _text(self, number: int, unit: Unit) -> str:
        return self._passages[number].text[unit.start : unit.end]

    # ── what is shown ────────────────────────────────────────────────────────

    def evidence(self, sentence: _Sentence) -> Evidence:
        """The sentence as evidence: a list whole, a table's cell with its headings."""
        weighed = sentence.weighed
        passage, units = self._passages[weighed.passage], self._units[weighed.passage]
        quotation = self._quoted(weighed)
        text = quotation.text
        support: tuple[Quotation, ...] = ()
        if weighed.unit.grid is not None:
            text, support = cell_answer(passage, weighed.unit, sentence.chosen.candidate if sentence.chosen else None)
        first = units[max(0, weighed.place - 1)].start
        last = units[min(len(units) - 1, weighed.place + 1)].end
        return Evidence(
            quotation,
            text,
            sentence.confidence,
            passage.path,
            passage.page,
            passage.headings,
            passage.quotation(passage.start + first, passage.start + max(last, quotation.end - passage.start)),
            support,
        )

    def _quoted(self, weighed: Weighed) -> Quotation:
        """The sentence; with the list that it announces, or that it is an item of, when a list is asked for."""
        passage, units = self._passages[weighed.passage], self._units[weighed.passage]
        first = last = weighed.place
        announces = _ANNOUNCES.search(self._text(weighed.passage, weighed.unit))
        if announces or self._question.wanted == "list":
            while last + 1 < len(units) and _ITEM.match(self._text(weighed.passage, units[last + 1])):
                last += 1
        if self._question.wanted == "list" and _ITEM.match(self._text(weighed.passage, weighed.unit)):
            while first > 0 and _ITEM.match(self._text(weighed.passage, units[first - 1])):
                first -= 1
        return passage.quotation(passage.start + units[first].start, passage.start + units[last].end)

    def short(self, sentence: _Sentence) -> tuple[Quotation | None, float]:
        """The fewest words that answer, and how sure they are."""
        if self._question.wanted not in (_SHORT | {"passage"}):
            return None, 0.0
        ordered = sorted(self._chosen(sentence.weighed), key=lambda c: -c.score)
        fitting = [c for c in ordered if c.seen.fit >= _MISFIT and c.seen.asked <= _ASKED]
        if not fitting:
            return None, 0.0
        passage = self._passages[sentence.weighed.passage]
        first = fitting[0].candidate
        margin = fitting[0].score - (fitting[1].score if len(fitting) > 1 else fitting[0].score - 5)
        sure = sentence.confidence / (1 + math.exp(0.7 - margin))
        return passage.quotation(passage.start + first.start, passage.start + first.end), round(sure, 3)


def _column(weighed: Weighed, candidate: Candidate, passage: Passage) -> float:
    """How much of the question the headings of the candidate's column hold."""
    at = candidate.start + passage.start
    cell = next((c for c in weighed.unit.row if c.start <= at < c.end), None)
    return dict(weighed.columns).get(cell.column, 0.0) if cell is not None else 0.0


def _is_whole(candidate: Candidate, spans: Sequence[tuple[int, int]]) -> bool:
    span = (candidate.start, candidate.end)
    return not any(a <= span[0] and b >= span[1] and (a, b) != span for a, b in spans)


_ANNOUNCES = re.compile(
    r"(?:다음(?:과|\s?각)|아래(?:와|의)|같다|같이|as follows|the following)[^\n]{0,40}[.:：]?\s*\Z|[:：]\s*\Z"
)
_ITEM = re.compile(r"\s*(?:[-–•·○●■□▪◦ㅇ※*]\s|\(?(?:\d{1,2}|[가-하]|[a-z])[.)]\s|[①-⑳㉮-㉻])")
_MANNERS = {
    "why": re.compile(r"때문|위하여|위해|으로\s인해|로\s인해|인하여|이유|까닭|원인|따라서|because|due to|in order to"),
    "how": re.compile(r"방법|절차|통하여|통해|하여야\s한다|신청|제출|작성|따라|의하여|by\s\w+ing|must|procedure"),
    "definition": re.compile(r"(?:이란|란|이라\s함은|라\s함은|말한다|뜻한다|의미한다|정의|means|is defined|refers to)"),
}

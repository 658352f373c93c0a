"""Passages as the answers see them: sentences and table rows in exact offsets, and what of the question each holds.

A unit is a sentence, or a row of a table under its headings. Its weight of the question is the sum of the weights of
the question's terms that stand in it; a term that stands only beside it (the sentence before or after, the headings,
the rest of the passage) counts in part, because Korean leaves out what was just said.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from jihwi.evidence import Quotation, Reading, sentence_spans
from jihwi.evidence.reading import Cell
from jihwi.index import Analyser, Tagger, Term
from jihwi.library.types import Hit

__all__ = ["Grid", "Passage", "Sought", "Unit", "Weighed", "passage_of", "sought_of", "units_of", "weigh"]

_BEFORE, _AFTER, _HEADINGS, _ELSEWHERE = 0.5, 0.2, 0.5, 0.25
"""What a term counts that stands in the sentence before, after, in the headings, elsewhere in the passage."""


class Grid(msgspec.Struct, frozen=True):
    """The part of a table that lies in a passage: its cells, with spans in the reading."""

    cells: tuple[Cell, ...]
    header_rows: int = 0
    heading_start: int = 0
    heading: str = ""
    """The heading rows as they stand in the reading at `heading_start`, wherever the passage begins."""

    def heads_of(self, cell: Cell) -> list[str]:
        """The headings above a cell, from the top; each once."""
        heads = [c for c in self.cells if c.row < self.header_rows and _above(c, cell)]
        texts = [
            " ".join(self.heading[c.start - self.heading_start : c.end - self.heading_start].split()) for c in heads
        ]
        return list(dict.fromkeys(text for text in texts if text))


def _above(head: Cell, cell: Cell) -> bool:
    return head.column < cell.column + cell.column_span and cell.column < head.column + head.column_span


class Passage(msgspec.Struct, frozen=True):
    """A piece of a reading that was found: `text` stands at `start` in it."""

    document_id: str
    source: str
    reading: str
    start: int
    text: str
    score: float = 0.0
    """As the search gave it: 0 to 2."""
    headings: tuple[str, ...] = ()
    """Title and headings it stands under."""
    path: str = ""
    page: int = 0
    grids: tuple[Grid, ...] = ()
    titles: tuple[tuple[int, int], ...] = ()
    """Where headings stand in it, as offsets in the reading."""

    def quotation(self, start: int, end: int) -> Quotation:
        """The words at `start` to `end` of the reading, as a quotation."""
        words = self.text[start - self.start : end - self.start]
        return Quotation(self.document_id, self.source, self.reading, words, start, end)


def passage_of(hit: Hit, reading: Reading | None = None) -> Passage:
    """The passage of a hit; with its reading, tables keep their rows and columns."""
    grids: tuple[Grid, ...] = ()
    titles: tuple[tuple[int, int], ...] = ()
    if reading is not None:
        grids = tuple(_grids(reading, hit.start, hit.end))
        titles = tuple(
            (b.start, b.end) for b in reading.blocks if b.kind == "heading" and hit.start <= b.start < hit.end
        )
    return Passage(
        document_id=hit.document_id,
        source=hit.source,
        reading=hit.reading,
        start=hit.start,
        text=hit.text,
        score=hit.score,
        headings=hit.headings,
        path=hit.path,
        page=hit.page,
        grids=grids,
        titles=titles,
    )


def _grids(reading: Reading, start: int, end: int) -> Iterable[Grid]:
    for block in reading.blocks:
        if block.table is not None and block.start < end and block.end > start:
            table = block.table
            rows = table.header_rows or _guessed_header(reading, table.cells)
            heads = [c for c in table.cells if c.row < rows]
            begin, stop = min((c.start for c in heads), default=0), max((c.end for c in heads), default=0)
            shown = tuple(c for c in table.cells if c.row < rows or (c.end > start and c.start < end))
            yield Grid(shown, rows, begin, reading.text[begin:stop])


def _guessed_header(reading: Reading, cells: Sequence[Cell]) -> int:
    """1 when the first row has words where the rows below have numbers, as a heading has."""
    first = [c for c in cells if c.row == 0]
    below = [c for c in cells if c.row > 0]
    numeric = sum(any(d.isdigit() for d in reading.text[c.start : c.end]) for c in below)
    words = all(not any(d.isdigit() for d in reading.text[c.start : c.end]) for c in first)
    return 1 if first and below and words and (numeric or all(c.end > c.start for c in first)) else 0


class Unit(msgspec.Struct, frozen=True):
    """A sentence or a table's row in a passage; offsets count in the passage's text."""

    start: int
    end: int
    row: tuple[Cell, ...] = ()
    """The row's cells (offsets in the reading), when it is one."""
    grid: Grid | None = None
    title: bool = False
    """Whether it is a heading: it says what stands below, and answers nothing."""


def units_of(passage: Passage) -> list[Unit]:
    """The sentences and table rows of a passage, in order."""
    rows = [unit for grid in passage.grids for unit in _rows(passage, grid)]
    units = list(rows)
    position = 0
    for row in [*sorted(rows, key=lambda u: u.start), Unit(len(passage.text), len(passage.text))]:
        if row.start > position:
            spans = sentence_spans(passage.text, position, row.start)
            units += [Unit(a, b, title=_is_title(passage, a)) for a, b in spans]
        position = max(position, row.end)
    return sorted(units, key=lambda u: (u.start, u.end))


def _is_title(passage: Passage, start: int) -> bool:
    """Whether a heading, or the heading row of a table, stands there."""
    at = start + passage.start
    heads = ((grid.heading_start, grid.heading_start + len(grid.heading)) for grid in passage.grids)
    return any(a <= at < b for a, b in (*passage.titles, *heads))


def _rows(passage: Passage, grid: Grid) -> Iterable[Unit]:
    rows: dict[int, list[Cell]] = {}
    for cell in grid.cells:
        if cell.start >= passage.start and cell.end <= passage.start + len(passage.text):
            rows.setdefault(cell.row, []).append(cell)
    for number, cells in sorted(rows.items()):
        filled = [c for c in cells if c.end > c.start]
        if filled and number >= grid.header_rows:
            start, end = min(c.start for c in filled), max(c.end for c in filled)
            yield Unit(start - passage.start, end - passage.start, tuple(cells), grid)


class Sought(msgspec.Struct, frozen=True):
    """Something the question looks for: a term, or several ways of saying it, of which one is enough."""

    forms: tuple[str, ...]
    weight: float


_FOREIGN = 0.3
"""What a word without translation counts, when it stands nowhere and the documents are in another language."""
_FLAT = 0.7
"""Weights are raised to this power: in a small library the rarity of a word says less."""
_UNJOINED = 0.3
"""What a compound counts that stands nowhere, beside its parts: documents write it apart, or say the rest otherwise."""
_VERB = 0.6
"""What a verb counts beside a noun: people ask with other verbs than the document's."""
_ASKING = 0.2
"""What a word counts that belongs to asking."""
_ASKING_WORDS = frozenset(
    """
    며칠 몇 얼마 언제 어디 어떠 어떤 어떻 무엇 무슨 누구 어느 가장 하 되 있 없 이 그 등 때 수 것 년
    이름 대하 위하 통하 관하 모두 각각 현재 경우 정도 해당 알 말하 알려 열리 맡 날짜 연도 년도 날 사람
    인물 곳 장소 명칭 시기 금액 액수 일수 개수 인원 말씀 궁금 day date month year
    people person amount number name hold held have take place
    many much long time
    """.split()  # noqa: SIM905
)


def sought_of(
    question: str,
    terms: Sequence[Term],
    analyser: Analyser,
    tagger: Tagger,
    translations: Mapping[str, Sequence[str]] | None = None,
    *,
    foreign: bool = False,
) -> list[Sought]:
    """What a question looks for, from its terms; `translations` give a term's words in the other language, as terms.

    With `foreign`, the documents are in another language than the question.
    """
    verbs = _verbs(question, analyser, tagger)
    joined = _joined(question, analyser)
    weights = {
        term.term: _weight_of(term, verbs, foreign=foreign)
        * (_UNJOINED if term.term in joined and not term.chunks else 1)
        for term in terms
    }
    seen = {term.term for term in terms if term.chunks}
    used: set[str] = set()
    sought: list[Sought] = []
    for term, others in (translations or {}).items():
        known = [other for other in others if other in weights and other != term]
        if term in weights and known and term not in used:
            there = [weights[one] for one in (term, *known) if one in seen]
            used.update((term, *known))
            sought.append(Sought((term, *known), max(there, default=weights[term])))
    sought += [Sought((term,), weight) for term, weight in weights.items() if term not in used]
    return sought


_BACKGROUND = 50
"""Chunks of other texts that a library is imagined to stand among."""
_COMMON = 0.005
"""The share of them that is imagined to hold any one word."""


def _rarity(term: Term) -> float:
    """The weight of a term as if `_BACKGROUND` chunks of other texts were there too, of which few hold it.

    In a library of one memo every word it holds would be common, and only what it lacks rare: nothing would be found.
    In a library of thousands of chunks the background changes next to nothing.
    """
    chunks = math.expm1(term.weight) * (term.chunks + 0.5) + term.chunks - 0.5
    held = term.chunks + _BACKGROUND * _COMMON
    return math.log1p((chunks + _BACKGROUND - held + 0.5) / (held + 0.5))


def _weight_of(term: Term, verbs: set[str], *, foreign: bool) -> float:
    weight = float(_rarity(term) ** _FLAT)
    if foreign and not term.chunks:
        weight *= _FOREIGN
    if term.term in _ASKING_WORDS:
        return weight * _ASKING
    return weight * _VERB if term.term in verbs else weight


def _joined(question: str, analyser: Analyser) -> set[str]:
    """The question's terms that are others of its terms written together: 서울대 of 서울 and 대."""
    tokens = analyser.tokens(question)
    spans = {(token.start, token.end) for token in tokens}
    return {
        t.term for t in tokens if sum(t.start <= a and b <= t.end and (a, b) != (t.start, t.end) for a, b in spans) > 1
    }


def _verbs(question: str, analyser: Analyser, tagger: Tagger) -> set[str]:
    """The question's terms that come from a verb, an adjective or an adverb."""
    spans = [
        (word.start, word.end) for word in tagger.words(question) if word.tag.startswith(("VV", "VA", "VX", "MAG"))
    ]
    return {t.term for t in analyser.tokens(question) if any(t.start < b and t.end > a for a, b in spans)}


class Weighed(msgspec.Struct, frozen=True):
    """A unit with how much of the question it holds; shares are 0 to 1."""

    passage: int
    """Which of the passages."""
    place: int
    """Which of its units."""
    unit: Unit
    share: float
    """Of the question's weight, in the unit itself."""
    around: float
    """The same, with what stands beside it counted in part."""
    in_passage: float
    """In the whole passage and its headings."""
    terms: tuple[tuple[int, int, float], ...]
    """Where the question's terms stand in the passage's text, and their shares of its weight."""
    columns: tuple[tuple[int, float], ...] = ()
    """A table's row: the columns whose headings hold any of the question, and how much."""


def weigh(
    passages: Sequence[Passage], sought: Sequence[Sought], analyser: Analyser, units: Sequence[Sequence[Unit]]
) -> list[Weighed]:
    """Every unit of every passage with its shares of the question."""
    total = sum(one.weight for one in sought) or 1.0
    shares = [one.weight / total for one in sought]
    which = {form: number for number, one in enumerate(sought) for form in one.forms}
    weighed: list[Weighed] = []
    for number, passage in enumerate(passages):
        tokens = analyser.tokens(passage.text)
        found = [(t.start, t.end, which[t.term]) for t in tokens if t.term in which]
        heads = {which[term] for heading in passage.headings for term in analyser.terms(heading) if term in which}
        kin = _kin(which, (t.term for t in tokens)) - {what for _, _, what in found} - heads
        above = [_column_terms(unit, which, analyser) for unit in units[number]]
        columns = [_columns(unit, which, shares, analyser) for unit in units[number]]
        made = _weigh_units(
            number, units[number], found, above, heads, shares, sum(shares[what] for what in kin) * _KIN
        )
        weighed += [msgspec.structs.replace(w, columns=c) if c else w for w, c in zip(made, columns, strict=True)]
    return weighed


_KIN = 0.5
"""What a term counts of which the passage has only a longer word: 회의 where it says 회의록."""


def _kin(which: Mapping[str, int], terms: Iterable[str]) -> set[int]:
    """What is sought and stands in the passage only as the beginning of a slightly longer word."""
    return {
        which[term[:-cut]]
        for term in set(terms)
        for cut in (1, 2)
        if len(term) - cut >= 2 and "가" <= term[0] <= "힣" and term[:-cut] in which
    }


_Place = tuple[int, int, int]
"""Start, end, and which of what is sought."""


def _weigh_units(
    number: int,
    units: Sequence[Unit],
    found: Sequence[_Place],
    above: Sequence[set[int]],
    heads: set[int],
    shares: Sequence[float],
    kin: float,
) -> list[Weighed]:
    """`above`: what the headings of each unit's columns hold; `heads`: what the passage's own headings hold."""
    starts = [unit.start for unit in units]
    held = [set(one) for one in above]
    places: list[list[tuple[int, int, float]]] = [[] for _ in units]
    for start, end, what in found:
        at = bisect_right(starts, start) - 1
        if at >= 0 and start < units[at].end:
            held[at].add(what)
            places[at].append((start, end, shares[what]))
    everywhere = {what for _, _, what in found}.union(heads, *above)
    in_passage = sum(shares[what] for what in everywhere) + kin
    made: list[Weighed] = []
    title: set[int] = set()
    for at, unit in enumerate(units):
        title = held[at] if unit.title else title
        before = held[at - 1] if at else set()
        after = held[at + 1] if at + 1 < len(units) else set()
        share = sum(shares[what] for what in held[at])
        beside = sum(shares[what] * _credit(what, before, after, heads | title) for what in everywhere - held[at])
        made.append(
            Weighed(number, at, unit, share, min(1.0, share + beside + kin), min(1.0, in_passage), tuple(places[at]))
        )
    return made


def _credit(what: int, before: set[int], after: set[int], heads: set[int]) -> float:
    if what in heads:
        return _HEADINGS
    if what in before:
        return _BEFORE
    return _AFTER if what in after else _ELSEWHERE


def _columns(
    unit: Unit, which: Mapping[str, int], shares: Sequence[float], analyser: Analyser
) -> tuple[tuple[int, float], ...]:
    """For each column of a row, how much of the question its headings hold."""
    if unit.grid is None:
        return ()
    held = {
        c.column: {which[t] for h in unit.grid.heads_of(c) for t in analyser.terms(h) if t in which} for c in unit.row
    }
    return tuple((column, sum(shares[what] for what in whats)) for column, whats in held.items() if whats)


def _column_terms(unit: Unit, which: Mapping[str, int], analyser: Analyser) -> set[int]:
    """A row holds the words of the headings of its columns too."""
    if unit.grid is None or not unit.grid.heading:
        return set()
    return {which[term] for term in analyser.terms(unit.grid.heading) if term in which}

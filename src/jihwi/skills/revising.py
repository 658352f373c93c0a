"""What is done with a passage of a report on a person's word: check it, shorten it, back it better, reword it.

The passage is what the assignment was given (`Passage`), so no mind can slip another one in. Each skill proposes
sentences, every one with the kind it can prove by rule, and says in codes what it did; a person takes them or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from jihwi.case.recorded import in_words
from jihwi.errors import SkillArguments
from jihwi.evidence import (
    Quotation,
    Reading,
    Sentence,
    Verbatim,
    check,
    derive,
    derive_text,
    lacking,
    supported,
    whole_sentence,
)
from jihwi.evidence.quantities import agrees, quantities
from jihwi.evidence.stems import Vocabulary, is_general, written_words
from jihwi.library import Library
from jihwi.library.passages import passage_of, units_of
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.skills.python import skill

__all__ = ["MOST_OTHERS", "Note", "Passage", "Proposed", "revising_skills"]

HITS = 12
"""Passages of the library that further evidence is looked for in."""
MORE = 3
"""How many quotations are added to a sentence, and how many near ones are shown."""
LEAST_ALIKE = 0.4
"""Share of a sentence's words and figures that a near passage has."""
MOST_OTHERS = 40
"""How many of the report's other quotations an assignment is given."""


class Passage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person has selected: sentences of one part of a report, and what else the report quotes."""

    passage: tuple[Sentence, ...]
    others: tuple[Quotation, ...] = ()
    words: str = ""
    """The very words that were selected, where they are not whole sentences."""


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done or seen: a code with parameters, put into words where it is shown."""

    code: str
    params: dict[str, str] = {}


class Proposed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sentences that may take the passage's place; the same as the passage when there is nothing to change."""

    sentences: tuple[Sentence, ...]
    notes: tuple[Note, ...] = ()
    nearest: tuple[Quotation, ...] = ()
    """Passages that do not bear the words out but speak of the same."""


def revising_skills(library: Callable[[], Library]) -> list[Skill]:
    """The skills, over the library that is made when one is first used."""
    return [
        _check_passage(library),
        _shorten_passage(library),
        _back_passage(library),
        _quote_passage(library),
        _reword_passage(library),
    ]


class _Table:
    """One passage on the table of one call: its sentences and the readings they may stand on."""

    def __init__(self, library: Library, context: SkillContext, name: str) -> None:
        try:
            self.given = msgspec.convert(dict(context.inputs), Passage)
        except msgspec.ValidationError as problem:
            raise SkillArguments(name, str(problem)) from problem
        self.library = library
        self.context = context
        self.readings: dict[str, Reading] = {}
        self.recorded = {one.event: in_words(one, context.language) for one in context.recorded}
        self.open(quotation for sentence in self.given.passage for quotation in sentence.quotations)
        self.open(self.given.others)

    def open(self, quotations: Iterable[Quotation]) -> None:
        """Have the readings of quotations at hand, as far as the requester may see them."""
        for one in quotations:
            if one.reading in self.readings or self.library.document(one.document_id, self.context.viewer) is None:
                continue
            reading = self.library.reading(one.reading, self.context.viewer)
            if reading is not None:
                self.readings[one.reading] = reading

    def derived(self, text: str, old: Sequence[Sentence], others: Sequence[Quotation] | None = None) -> Sentence:
        also = self.given.others if others is None else others
        return derive(" ".join(text.split()), old, also, self.readings, self.recorded)

    def told(self, proposed: Proposed) -> SkillResult:
        """The proposal as a result that bears the labels of every document whose text is in it."""
        ids = {q.document_id for one in proposed.sentences for q in one.quotations}
        ids |= {q.document_id for q in proposed.nearest}
        found = [self.library.document(one, self.context.viewer) for one in ids]
        labels = {label for one in found if one is not None for label in one.source.marks}
        return SkillResult(msgspec.to_builtins(proposed), True, tuple(sorted(labels)))


# ── check ────────────────────────────────────────────────────────────────────


def _check_passage(library: Callable[[], Library]) -> Skill:
    @skill(effect="read")
    def check_passage(context: SkillContext) -> SkillResult:
        """Check the passage again: its quotations against the documents, character for character, and each sentence
        against its quotations. Proposes the same words with the kind they can prove now."""
        table = _Table(library(), context, "check_passage")
        made = [table.derived(one.text, [one]) for one in table.given.passage]
        notes = [note for old, new in zip(table.given.passage, made, strict=True) for note in _checked(table, old, new)]
        return table.told(Proposed(tuple(made), tuple(notes)))

    return check_passage


def _checked(table: _Table, old: Sentence, new: Sentence) -> Iterator[Note]:
    text = _excerpt(old.text)
    for one in old.quotations:
        reading = table.readings.get(one.reading)
        if reading is None or not isinstance(check(one, reading, one.reading), Verbatim):
            yield Note("quotation_lost", {"text": _excerpt(one.text)})
    if new.kind != old.kind:
        yield Note("kind_changed", {"text": text, "from": old.kind, "to": new.kind})
    if new.kind == "marked":
        missing = lacking(old.text, new.quotations)
        yield Note("lacks", {"text": text, "words": ", ".join(missing)}) if missing else Note("bare", {"text": text})
    elif new.kind == old.kind:
        yield Note("holds", {"text": text, "kind": new.kind})


def _excerpt(text: str, letters: int = 40) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= letters else flat[: letters - 1] + "…"


# ── shorten ──────────────────────────────────────────────────────────────────


def _shorten_passage(library: Callable[[], Library]) -> Skill:
    @skill(effect="read")
    def shorten_passage(context: SkillContext) -> SkillResult:
        """Shorten the passage by rule: what has no evidence and what is said already goes, then brackets, openings
        and clauses without a figure of their own, as long as every sentence keeps its evidence."""
        table = _Table(library(), context, "shorten_passage")
        kept = _without_needless(table.given.passage)
        made = tuple(_shorter(table, one) for one in kept)
        before, after = (sum(len(one.text) for one in these) for these in (table.given.passage, made))
        dropped = [one for one in table.given.passage if one not in kept]
        notes = [Note("dropped", {"text": _excerpt(one.text)}) for one in dropped]
        code = "shorter" if after < before else "already_short"
        notes.append(Note(code, {"before": str(before), "after": str(after)}))
        return table.told(Proposed(made, tuple(notes)))

    return shorten_passage


def _without_needless(passage: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """The sentences without those that have no evidence, and those that another one says already; at least one."""
    kept = tuple(one for one in passage if one.kind != "marked") or passage[:1]
    for one in sorted(kept, key=lambda sentence: len(sentence.text)):
        rest = [other.text for other in kept if other is not one and len(other.text) >= len(one.text)]
        if one.kind != "computed" and any(supported(one.text, [text]).holds for text in rest):
            kept = tuple(other for other in kept if other is not one)
    return kept


_BRACKETS = re.compile(r"\s*[(\uff08\[][^()\uff08\uff09\[\]]*[)\uff09\]]")
_OPENINGS = re.compile(
    r"^(?:또한|아울러|그리고|한편|특히|이에|참고로|In addition|Moreover|Furthermore|Also|However)[,\s]+"
)
_CLAUSE = re.compile(r"^.*?[하되이][며고],\s+|,\s+which\s[^,]+,")


def _shorter(table: _Table, sentence: Sentence) -> Sentence:
    if sentence.kind in ("computed", "of_the_case"):
        return sentence
    found = sentence
    for cut in (_BRACKETS, _OPENINGS, _CLAUSE):
        text = " ".join(cut.sub("" if cut is not _CLAUSE else " ", found.text, count=1).split())
        if len(text) < len(found.text) and _loses_no_figure(found.text, text, in_brackets=cut is _BRACKETS):
            made = table.derived(text, [sentence], ())
            if made.kind != "marked" or sentence.kind == "marked":
                found = made
    return found


def _loses_no_figure(before: str, after: str, *, in_brackets: bool) -> bool:
    """Whether what was cut away said no figure; a bracket may, when the sentence has another one."""
    left = len(quantities(after))
    return len(after) > 1 and (left == len(quantities(before)) or (in_brackets and left > 0))


# ── more evidence ────────────────────────────────────────────────────────────


def _back_passage(library: Callable[[], Library]) -> Skill:
    @skill(effect="read")
    def back_passage(context: SkillContext, query: str = "") -> SkillResult:
        """Search the documents for further evidence of the passage, with its own words or with `query`. Proposes the
        same words standing on what was found besides, and names near passages that do not bear them out."""
        table = _Table(library(), context, "back_passage")
        made: list[Sentence] = []
        notes: list[Note] = []
        nearest: dict[Quotation, None] = {}
        for one in table.given.passage:
            wanted = query or table.given.words or one.text
            new, near = _backed(table, one, wanted)
            added = len([q for q in new.quotations if not any(_overlap(q, own) for own in one.quotations)])
            code = "evidence_found" if added else "evidence_none"
            notes.append(Note(code, {"text": _excerpt(one.text), "count": str(added)}))
            made.append(new)
            nearest.update(dict.fromkeys(near))
        return table.told(Proposed(tuple(made), tuple(notes), tuple(nearest)[:MORE]))

    return back_passage


def _backed(table: _Table, sentence: Sentence, wanted: str) -> tuple[Sentence, list[Quotation]]:
    """The sentence with further quotations that bear it out, other documents first, and near ones that do not."""
    bearing: list[Quotation] = []
    near: list[Quotation] = []
    for one in _units(table, wanted):
        if any(_overlap(one, own) for own in sentence.quotations):
            continue
        holds = sentence.kind not in ("computed", "of_the_case") and supported(sentence.text, [one.text]).holds
        (bearing if holds else near).append(one)
    near = _nearest(sentence.text, near)
    own = {one.document_id for one in sentence.quotations}
    bearing.sort(key=lambda one: one.document_id in own)
    added = list(_differing(bearing))[:MORE]
    table.open(added)
    if sentence.kind == "marked":
        made = derive(sentence.text, [sentence], added, table.readings, table.recorded)
        return (sentence if made.kind == "marked" else made), near
    kept = sentence.quotations
    for one in added:
        more = (*kept, one)
        if sentence.kind == "quoted" or supported(sentence.text, [q.text for q in more]).holds:
            kept = more
    return msgspec.structs.replace(sentence, quotations=kept), near


def _nearest(text: str, found: Sequence[Quotation]) -> list[Quotation]:
    """What shares enough of a sentence's words and figures to be worth reading beside it, the most alike first."""
    figures, bare = quantities(text), text
    for one in sorted(figures, key=lambda figure: -figure.start):
        bare = f"{bare[: one.start]} {bare[one.end :]}"
    words = [word for word in written_words(bare) if not is_general(word)]
    shares: dict[Quotation, float] = {}
    for quotation in found:
        vocabulary, stand = Vocabulary([quotation.text]), quantities(quotation.text)
        common = sum(vocabulary.holds(word) for word in words)
        common += sum(any(agrees(one, other) for other in stand) for one in figures)
        shares[quotation] = common / max(1, len(words) + len(figures))
    alike = [one for one in _differing(found) if shares[one] >= LEAST_ALIKE]
    return sorted(alike, key=lambda one: -shares[one])[:MORE]


def _differing(quotations: Iterable[Quotation]) -> Iterator[Quotation]:
    """One of those with the very same words in the same document."""
    seen: set[tuple[str, str]] = set()
    for one in quotations:
        key = (one.document_id, " ".join(one.text.split()))
        if key not in seen:
            seen.add(key)
            yield one


def _units(table: _Table, wanted: str) -> Iterator[Quotation]:
    """The sentences and rows of what a search for some words finds, best passages first."""
    context = table.context
    collections = list(context.collections) or None
    found = table.library.search(wanted[:500], context.viewer, collections, HITS, classes=context.classes)
    for hit in found.hits:
        passage = passage_of(hit, table.library.reading(hit.reading, context.viewer))
        for unit in units_of(passage):
            text = passage.text[unit.start : unit.end].strip()
            start = passage.start + passage.text.index(text, unit.start)
            if text and not any(first <= start < last for first, last in passage.titles):
                yield passage.quotation(start, start + len(text))


def _overlap(one: Quotation, other: Quotation) -> bool:
    return one.reading == other.reading and one.start < other.end and other.start < one.end


# ── other words ──────────────────────────────────────────────────────────────


def _quote_passage(library: Callable[[], Library]) -> Skill:
    @skill(effect="read")
    def quote_passage(context: SkillContext) -> SkillResult:
        """Put the documents' own sentences in the place of the passage's words: what can be done without a writer."""
        table = _Table(library(), context, "quote_passage")
        found = [
            made
            for one in table.given.passage
            for quotation in one.quotations
            if (made := whole_sentence(quotation, table.readings)) is not None
        ]
        once = tuple({one.text: one for one in found}.values())
        if once == table.given.passage:
            return table.told(Proposed(once, (Note("own_already"),)))
        code = "own_words" if once else "needs_model"
        return table.told(Proposed(once or table.given.passage, (Note(code),)))

    return quote_passage


def _reword_passage(library: Callable[[], Library]) -> Skill:
    @skill(effect="read")
    def reword_passage(context: SkillContext, sentences: tuple[str, ...]) -> SkillResult:
        """Propose other sentences for the passage. Each gets the kind it can prove by what the report quotes; what
        cannot be proved is marked as unsupported, so say only what the quotations say."""
        table = _Table(library(), context, "reword_passage")
        made = tuple(
            one
            for text in sentences
            for one in derive_text(text, table.given.passage, table.given.others, table.readings, table.recorded)
        )
        if not made:
            raise SkillArguments("reword_passage", "there is no sentence")
        notes = [
            Note("lacks", {"text": _excerpt(one.text), "words": ", ".join(lacking(one.text, one.quotations))})
            for one in made
            if one.kind == "marked"
        ]
        return table.told(Proposed(made, (Note("reworded"), *notes)))

    return reword_passage

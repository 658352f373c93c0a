"""The skills that travel with the house, over its library: each searches and reads as the requester, nothing more."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

import msgspec

from jihwi.errors import SkillFailed
from jihwi.evidence import Altered, Claim, Quotation, Reading, Unreadable, Verbatim, check, compute
from jihwi.evidence.quantities import quantities
from jihwi.index import Tagger
from jihwi.korean import in_korean
from jihwi.library import Document, Hit, Library, SearchResult
from jihwi.library.answers import Answer, answer_from
from jihwi.library.disagreements import Statement, disagreements
from jihwi.library.glossary import for_search, is_foreign
from jihwi.library.passages import Passage, passage_of, units_of
from jihwi.library.questions import Question, Wanted, understand
from jihwi.library.summaries import summarise
from jihwi.library.tables import cell_answer
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.skills.composing import Composition, Computed, Said, Titled, Unanswered, compose
from jihwi.skills.python import skill

__all__ = ["library_skills"]

HITS = 12
"""Passages that evidence is looked for in."""

RIVALS = 6
"""Passages of other documents that a finding is held against."""

SUMMARY_HITS = 40
"""Passages that a summary is made of."""

SHOWN_LETTERS = 6_000
"""Code points of a document shown to a mind at a time."""


def library_skills(library: Callable[[], Library], tagger: Callable[[], Tagger]) -> list[Skill]:
    """The built-in skills over the library and the tagger that are made when one is first used."""
    desk = _Desk(library, tagger)
    return [
        _understand_request(),
        _list_sources(desk),
        _find_evidence(desk),
        _summarise_sources(desk),
        _search(desk),
        _read_passage(desk),
        _check_quotations(desk),
        _find_disagreements(desk),
        _compute(),
        _compose_report(desk),
    ]


class _Desk:
    """What the skills share: the library as one requester sees it."""

    def __init__(self, library: Callable[[], Library], tagger: Callable[[], Tagger]) -> None:
        self._library = library
        self._tagger = tagger

    @functools.cached_property
    def library(self) -> Library:
        return self._library()

    @functools.cached_property
    def tagger(self) -> Tagger:
        return self._tagger()

    def found(
        self, context: SkillContext, question: str, limit: int, documents: Sequence[str] | None = None
    ) -> SearchResult:
        """What a search finds; a question may hold texts of the case, so the case's classes go with it."""
        collections = list(context.collections) or None
        return self.library.search(
            question, context.viewer, collections, limit, documents=documents, classes=context.classes
        )

    def passages(self, context: SkillContext, hits: Iterable[Hit]) -> list[Passage]:
        readings: dict[str, Reading | None] = {}
        made = []
        for hit in hits:
            if hit.reading not in readings:
                readings[hit.reading] = self.library.reading(hit.reading, context.viewer)
            made.append(passage_of(hit, readings[hit.reading]))
        return made

    def documents(self, context: SkillContext) -> list[Document]:
        return self.library.documents(context.viewer, list(context.collections) or None)

    def labels(self, context: SkillContext, ids: Iterable[str]) -> tuple[str, ...]:
        """The labels of documents, which an event with their text must bear."""
        found: set[str] = set()
        for one in set(ids):
            document = self.library.document(one, context.viewer)
            if document is not None:
                found.update(document.source.marks)
        return tuple(sorted(found))

    def told(self, context: SkillContext, value: Any, claims: Iterable[Claim]) -> SkillResult:
        """A result with text of documents in it."""
        ids = [q.document_id for claim in claims for q in claim.quotations]
        return SkillResult(msgspec.to_builtins(value), True, self.labels(context, ids))


# ── the request and the sources ──────────────────────────────────────────────


def _understand_request() -> Skill:
    @skill(effect="read")
    def understand_request(context: SkillContext, request: str) -> dict[str, Any]:
        """Take a request apart: its intent, its language, and the single questions in it, each with the kind of
        answer it wants and the method that finds it (evidence or summary)."""
        found = understand(request)
        method = "summary" if found.intent in ("summary", "overview") else "evidence"
        compared = _of_each_side(found.sides)
        questions = [{"text": one.text, "wants": one.wanted, "method": method} for one in found.questions]
        if compared:
            questions = [{"text": text, "wants": "passage", "method": method} for text in compared]
        return {"intent": found.intent, "language": found.language, "questions": questions, "sides": list(found.sides)}

    return understand_request


_MATTER = re.compile(r"^(?P<side>.+?)(?:에서의?|의)\s+(?P<matter>.+)$")


def _of_each_side(sides: tuple[str, ...]) -> list[str]:
    """One question a side of a comparison: the matter stands with the last side only and is meant for each.

    >>> _of_each_side(("복무 규정", "여비 규정의 신청 기한"))
    ['복무 규정 신청 기한', '여비 규정 신청 기한']
    """
    if len(sides) < 2:
        return []
    found = _MATTER.match(sides[-1])
    if found is not None:
        return [f"{side} {found['matter']}" for side in (*sides[:-1], found["side"])]
    words = sides[-1].split()
    if len(words) > 1 and all(len(side.split()) == 1 for side in sides[:-1]):
        return [f"{side} {' '.join(words[1:])}" for side in (*sides[:-1], words[0])]
    return list(sides)


def _list_sources(desk: _Desk) -> Skill:
    @skill(effect="read", tainted=True)
    def list_sources(context: SkillContext) -> SkillResult:
        """List the files of this case: how many there are, and which could not be read or only in part, and why."""
        documents = desk.documents(context)
        readable = [one for one in documents if one.grade not in ("E", "F")]
        value = {
            "files": len(documents),
            "readable": len(readable),
            "paths": [one.source.path for one in readable[:200]],
            "unreadable": msgspec.to_builtins(_unreadable(documents)),
        }
        # A count of documents and their names tell of each of them.
        return SkillResult(value, True, tuple(sorted({mark for one in documents for mark in one.source.marks})))

    return list_sources


def _unreadable(documents: Iterable[Document]) -> tuple[Unreadable, ...]:
    """The files with grade D, E or F, each with its first remark."""
    return tuple(
        Unreadable(
            one.source.path,
            one.grade,
            one.remarks[0].code if one.remarks else "",
            dict(one.remarks[0].params) if one.remarks else {},
            one.source.labels,
        )
        for one in documents
        if one.grade in ("D", "E", "F")
    )


# ── evidence ─────────────────────────────────────────────────────────────────


def _find_evidence(desk: _Desk) -> Skill:
    @skill(effect="read")
    def find_evidence(
        context: SkillContext, question: str, wants: str = "", exclude: tuple[str, ...] = (), limit: int = 3
    ) -> SkillResult:
        """Find what the documents say to one question: the sentences that answer, each with its exact quotation, and
        the shortest words that answer. Says `found: false` with the nearest passages when nothing does."""
        other = for_search(question, desk.library.analyser)
        result = desk.found(context, other.query, HITS)
        passages = desk.passages(context, result.hits)
        asked = _question(question, wants)
        answer = answer_from(
            asked,
            passages,
            result.terms,
            desk.library.analyser,
            desk.tagger,
            limit=max(1, min(limit, 6)),
            exclude=exclude,
            translations=other.translations,
            foreign=is_foreign(question, [one.text for one in passages]),
        )
        paths = {one.quotation.document_id: one.path for one in (*answer.evidence, *answer.nearest)}
        claims = [one.claim(paths[one.quotation.document_id]) for one in answer.evidence]
        nearest = [one.claim(paths[one.quotation.document_id]) for one in answer.nearest]
        value = {
            "found": answer.found,
            "confidence": round(answer.confidence, 3),
            "claims": claims,
            "short": _short(question, answer),
            "nearest": nearest,
        }
        return desk.told(context, value, [*claims, *nearest])

    return find_evidence


_SAYS_NOTHING = frozenset({"the", "a", "an", "it", "this", "that", "who", "what", "등", "것", "수", "그"})


def _short(question: str, answer: Answer) -> str:
    """The fewest words that answer, as they are shown: a number with what it counts, and the end where the question
    asks until when."""
    if answer.short is None or not answer.evidence:
        return ""
    words, sentence = answer.short.text.strip(), answer.evidence[0].quotation.text
    if words.lower() in _SAYS_NOTHING or len(words) < 2:
        return ""
    if re.search(r"까지(?!\s*의)", question):
        ends = [one for one in quantities(sentence) if sentence[one.end :].lstrip().startswith("까지")]
        if ends and words not in {one.text for one in ends}:
            return ends[-1].text
    if words.isdigit():
        noun = re.search(rf"(?<!\d){words}\s([a-z]{{3,}})", sentence)
        return f"{words} {noun[1]}" if noun else words
    return words


def _question(text: str, wants: str) -> Question:
    """The question as it was understood; a kind of answer named by the caller wins when there is such a kind."""
    parts = understand(text).questions
    own = parts[0] if len(parts) == 1 else Question(text, "passage")
    named: dict[str, Wanted] = {one: one for one in get_args(Wanted)}
    return msgspec.structs.replace(own, text=text, wanted=named.get(wants, own.wanted))


def _summarise_sources(desk: _Desk) -> Skill:
    @skill(effect="read")
    def summarise_sources(
        context: SkillContext, question: str, limit: int = 10, exclude: tuple[str, ...] = ()
    ) -> SkillResult:
        """Choose the sentences that together say most of what the documents say on a matter, each with its exact
        quotation, grouped by document."""
        result = desk.found(context, for_search(question, desk.library.analyser).query, SUMMARY_HITS)
        passages = desk.passages(context, result.hits)
        claims = summarise(passages, result.terms, desk.library.analyser, limit=max(1, min(limit, 30)))
        kept = [one for one in claims if one.text not in exclude]
        return desk.told(context, {"found": bool(kept), "claims": kept, "nearest": []}, kept)

    return summarise_sources


def _search(desk: _Desk) -> Skill:
    @skill(effect="read")
    def search(context: SkillContext, query: str, limit: int = 8) -> SkillResult:
        """Search the documents of this case. Each hit has its document, its reading, its place and its words, so that
        they can be quoted exactly."""
        result = desk.found(context, query, max(1, min(limit, 20)))
        value = [
            {
                "document_id": hit.document_id,
                "path": hit.path,
                "source": hit.source,
                "reading": hit.reading,
                "page": hit.page,
                "headings": list(hit.headings),
                "start": hit.start,
                "end": hit.end,
                "text": hit.text,
                "score": round(hit.score, 3),
            }
            for hit in result.hits
        ]
        labels = desk.labels(context, [hit.document_id for hit in result.hits])
        return SkillResult({"hits": value}, True, labels)

    return search


def _read_passage(desk: _Desk) -> Skill:
    @skill(effect="read")
    def read_passage(context: SkillContext, document_id: str, start: int = 0, length: int = 2000) -> SkillResult:
        """Read a part of a document: from `start`, counted in code points, so many letters."""
        document = desk.library.document(document_id, context.viewer)
        text = None
        first = max(0, start)
        last = first + max(1, min(length, SHOWN_LETTERS))
        if document is not None and document.reading:
            text = desk.library.text(document.reading, first, last, context.viewer)
        if document is None or text is None:
            raise SkillFailed("read_passage", f"there is no document '{document_id}' to be read here")
        value = {
            "document_id": document_id,
            "path": document.source.path,
            "source": document.source.digest,
            "reading": document.reading,
            "start": first,
            "end": first + len(text),
            "text": text,
            "length": document.characters,
        }
        return SkillResult(value, True, document.source.marks)

    return read_passage


# ── checking ─────────────────────────────────────────────────────────────────


def _check_quotations(desk: _Desk) -> Skill:
    @skill(effect="read")
    def check_quotations(context: SkillContext, findings: list[int], round: int = 1) -> SkillResult:
        """Compare the quotations of findings, by their numbers, with the documents, character for character. `round`
        counts how often they have been handed back."""
        known = {one.number: one.claim for one in context.findings}
        readings: dict[str, Reading | None] = {}
        holds: list[int] = []
        failed: list[dict[str, Any]] = []
        for number in findings:
            problem = _problem(desk, context, known.get(number), readings)
            if problem:
                # Who disputes the finding says it in these words, and so does the report: in the case's language.
                said = in_korean(problem) if context.language == "ko" else problem
                failed.append({"finding": number, "problem": said})
            else:
                holds.append(number)
        claims = [known[number] for number in findings if number in known]
        return desk.told(context, {"holds": holds, "failed": failed}, claims)

    return check_quotations


def _problem(desk: _Desk, context: SkillContext, claim: Claim | None, readings: dict[str, Reading | None]) -> str:
    """What is wrong with a claim's quotations; empty when all of them stand."""
    if claim is None:
        return "there is no such finding"
    if not claim.quotations:
        return "it quotes nothing"
    for quotation in claim.quotations:
        if quotation.reading not in readings:
            readings[quotation.reading] = desk.library.reading(quotation.reading, context.viewer)
        reading = readings[quotation.reading]
        if reading is None or desk.library.document(quotation.document_id, context.viewer) is None:
            return "the document it quotes is not there"
        verdict = check(quotation, reading, quotation.reading)
        if isinstance(verdict, Altered):
            changes = "; ".join(f"{one.quoted!r} ≠ {one.stands!r}" for one in verdict.differences[:3])
            return f"the words differ from the document: {changes}"
        if not isinstance(verdict, Verbatim):
            return "the words do not stand in the document"
    return ""


def _find_disagreements(desk: _Desk) -> Skill:
    @skill(effect="read")
    def find_disagreements(context: SkillContext, findings: list[int]) -> SkillResult:
        """Find where documents say different things of what the findings say: two dates, two amounts, two numbers,
        yes and no. Each finding is also held against like passages of the other documents."""
        known = {one.number: one.claim for one in context.findings}
        claims = [known[number] for number in findings if number in known]
        statements: list[Statement] = []
        seen: set[tuple[str, int]] = set()
        for claim in claims:
            _add(statements, seen, _statement(desk, context, claim))
        for claim in claims[:RIVALS]:
            for rival in _rivals(desk, context, claim):
                _add(statements, seen, rival)
        weights = {term.term: term.weight for term in desk.found(context, context.request, 1).terms}
        found = disagreements(statements, context.request, desk.library.analyser, weights)[:6]
        sides = [side for one in found for side in one.sides]
        return desk.told(context, {"contradictions": found}, sides)

    return find_disagreements


def _add(statements: list[Statement], seen: set[tuple[str, int]], one: Statement | None) -> None:
    if one is None:
        return
    key = (one.claim.quotations[0].reading, one.claim.quotations[0].start)
    if key not in seen:
        seen.add(key)
        statements.append(one)


def _statement(desk: _Desk, context: SkillContext, claim: Claim) -> Statement | None:
    """A claim with what it stands under."""
    if not claim.quotations:
        return None
    first = claim.quotations[0]
    result = desk.found(context, claim.text, 4, documents=[first.document_id])
    near = [hit for hit in result.hits if hit.start <= first.start < hit.end]
    headings = " ".join(near[0].headings) if near else ""
    return Statement(claim, first.document_id, f"{claim.topic} {headings}", posted=True)


def _rivals(desk: _Desk, context: SkillContext, claim: Claim) -> Iterable[Statement]:
    """The sentences and cells of other documents that may speak of the same matter."""
    own = claim.quotations[0].document_id if claim.quotations else ""
    result = desk.found(context, f"{context.request} {claim.text}", HITS)
    others = [hit for hit in result.hits if hit.document_id != own][:RIVALS]
    for passage in desk.passages(context, others):
        for unit in units_of(passage):
            text = passage.text[unit.start : unit.end].strip()
            support: tuple[Quotation, ...] = ()
            start = passage.start + passage.text.index(text, unit.start) if text else 0
            if not text:
                continue
            quotation = passage.quotation(start, start + len(text))
            if unit.grid is not None:
                text, support = cell_answer(passage, unit, None)
            made = Claim(text, (quotation, *support), passage.path)
            yield Statement(made, passage.document_id, f"{passage.path} {' '.join(passage.headings)}")


# ── sums and the report ──────────────────────────────────────────────────────


def _compute() -> Skill:
    @skill(effect="read")
    def compute_formula(context: SkillContext, formula: str, findings: list[int], text: str = "") -> Computed:
        """Compute a formula over the numbers cited in findings: q1, q2 … are the numbers of their quotations in
        order; + - * / and sum, min, max, mean, abs are allowed. `text` says what the result is."""
        known = {one.number: one.claim for one in context.findings}
        quotations = tuple(q for number in findings if number in known for q in known[number].quotations)
        made = compute(formula, [one.text for one in quotations])
        return Computed(f"{text} {made.result}".strip(), formula, made.result, quotations)

    spec = msgspec.structs.replace(compute_formula.spec, name="compute")
    return msgspec.structs.replace(compute_formula, spec=spec)


def _compose_report(desk: _Desk) -> Skill:
    @skill(effect="read")
    def compose_report(
        context: SkillContext,
        answer: tuple[Said, ...] = (),
        sections: tuple[Titled, ...] = (),
        not_found: tuple[Unanswered, ...] = (),
        contradictions: tuple[dict[str, Any], ...] = (),
        computed: tuple[dict[str, Any], ...] = (),
        decisions: bool = False,
    ) -> SkillResult:
        """Compose the report: the answer first, then sections. Each sentence names the findings it stands on by their
        numbers; what they do not bear out is marked as the writer's own. Questions without an answer go under
        not_found. Contradictions and computed sentences are given as the analyst reported them. `decisions` puts what
        a person decided in this case before the answer, and what agents disputed after it, as the log has them."""
        known = {one.number: one.claim for one in context.findings}
        said = msgspec.convert(
            {
                "answer": msgspec.to_builtins(answer),
                "sections": msgspec.to_builtins(sections),
                "not_found": msgspec.to_builtins(not_found),
                "contradictions": contradictions,
                "computed": computed,
            },
            Composition,
        )
        unreadable = _unreadable(desk.documents(context))
        report = compose(
            said,
            known,
            request=context.request,
            language=context.language,
            unreadable=unreadable,
            recorded=context.recorded if decisions else (),
        )
        claims = [*known.values(), *(side for one in report.contradictions for side in one.sides)]
        told = desk.told(context, report, claims)
        named = {label for one in unreadable for label in one.labels}
        return msgspec.structs.replace(told, labels=tuple(sorted({*told.labels, *named})))

    return compose_report

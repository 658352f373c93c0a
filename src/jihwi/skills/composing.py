"""Composing a report from findings: each sentence gets the kind it can prove, and what cannot be proved is marked.

The writer, a procedure or a model, says sentences and the findings they stand on. Whether a sentence is quoted,
supported or computed is not the writer's to say: it is found here by rule, and once more at the gate.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jihwi.case.recorded import Recorded, in_words
from jihwi.evidence import (
    Claim,
    Contradiction,
    NotFound,
    Quotation,
    Report,
    Section,
    Sentence,
    Unreadable,
    supported,
)

__all__ = ["Composition", "Computed", "Said", "Titled", "compose"]


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence as the writer says it, and the numbers of the findings it stands on."""

    text: str
    findings: list[int] = []


class Titled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of the report."""

    title: str
    sentences: list[Said] = []


class Unanswered(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question that the files do not answer."""

    question: str
    nearest: list[Claim] = []


class Computed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sum over cited numbers, as the `compute` skill brought it."""

    text: str
    formula: str
    result: str
    quotations: tuple[Quotation, ...] = ()


class Composition(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything the writer says."""

    answer: list[Said] = []
    sections: list[Titled] = []
    not_found: list[Unanswered] = []
    contradictions: list[Contradiction] = []
    computed: list[Computed] = []


def compose(
    said: Composition,
    findings: Mapping[int, Claim],
    *,
    request: str,
    language: str,
    unreadable: tuple[Unreadable, ...] = (),
    recorded: tuple[Recorded, ...] = (),
) -> Report:
    """The report that `said` makes over `findings`. What persons decided opens the answer, what agents disputed is
    the last section: both in the words of the log, which no writer chooses.

    >>> compose(Composition(answer=[Said("참고 바랍니다.")]), {}, request="?", language="ko").answer[0].kind
    'marked'
    """
    answer = [_of_the_case(one, language) for one in recorded if one.what == "decided"]
    answer += [_sentence(one, findings) for one in said.answer if one.text.strip()]
    answer += [Sentence(one.text, "computed", one.quotations, one.formula, one.result) for one in said.computed]
    sections = [
        Section(one.title, tuple(_sentence(s, findings) for s in one.sentences if s.text.strip()))
        for one in said.sections
    ]
    disputed = tuple(_of_the_case(one, language) for one in recorded if one.what == "disputed")
    if disputed:
        sections.append(Section("담당들의 이의" if language == "ko" else "What the agents disputed", disputed))
    return Report(
        request=request,
        language=language,
        answer=tuple(answer),
        sections=tuple(sections),
        contradictions=tuple(said.contradictions),
        not_found=tuple(NotFound(one.question, tuple(one.nearest)) for one in said.not_found),
        unreadable=unreadable,
    )


def _of_the_case(recorded: Recorded, language: str) -> Sentence:
    return Sentence(in_words(recorded, language), "of_the_case", events=(recorded.event,))


def _sentence(said: Said, findings: Mapping[int, Claim]) -> Sentence:
    """The sentence with the kind it can prove by what it stands on."""
    quotations = tuple(dict.fromkeys(q for n in said.findings if n in findings for q in findings[n].quotations))
    words = [one.text for one in quotations]
    text = " ".join(said.text.split())
    own = [q for q in quotations if " ".join(q.text.split()) == text]
    if own:
        return Sentence(said.text, "quoted", (own[0],))
    if words and supported(text, words).holds:
        return Sentence(said.text, "supported", quotations)
    return Sentence(said.text, "marked", quotations)

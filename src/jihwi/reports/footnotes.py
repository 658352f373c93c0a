"""How a sentence made with agents is cited: a footnote that names its prompts, models, settings and versions."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jihwi.reports.provenance import MadeSentence, Step
from jihwi.reports.wording import phrase

__all__ = ["Footnote", "Whence", "footnote"]

_Code = Callable[[str], str]

_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|"})


class Whence(msgspec.Struct, frozen=True):
    """The case a sentence comes from."""

    case_id: str
    team: str
    team_digest: str
    head: str
    """Of the ledger, in hexadecimal."""
    language: str


class Footnote(msgspec.Struct, frozen=True):
    """The same footnote twice: as plain text for a word processor, and as Markdown."""

    plain: str
    markdown: str


def footnote(whence: Whence, sentence: MadeSentence) -> Footnote:
    """The footnote of one sentence.

    >>> whence = Whence("c1", "report", "ab" * 32, "cd" * 32, "en")
    >>> step = Step("wrote", "c1", 9, "a1.2", 1, "writer", "model", "m-1", {"temperature": 0}, "ef" * 32)
    >>> print(footnote(whence, MadeSentence(1, "12 days", "supported", (step,))).plain)
    “12 days” — Jihwi case c1, report sentence 1 (supported). wrote: writer (Model m-1, temperature=0, prompt SHA-256 \
efefefefefefefef, event 9). Team report abababababab, ledger head cdcdcdcdcdcdcdcd.
    """
    name = f"jihwi-{whence.case_id}-{sentence.number}"
    return Footnote(_written(whence, sentence, False), f"[^{name}]: {_written(whence, sentence, True)}")


def _written(whence: Whence, sentence: MadeSentence, markdown: bool) -> str:
    lang = whence.language

    def code(text: str) -> str:
        return f"`{text}`" if markdown else text

    def plain(text: str) -> str:
        return text.translate(_MARKS) if markdown else text

    head = phrase(
        "footnote_head",
        lang,
        text=plain(" ".join(sentence.text.split())),
        case=code(whence.case_id),
        number=sentence.number,
        kind=phrase(f"kind_{sentence.kind}", lang),
    )
    end = phrase(
        "footnote_end",
        lang,
        team=plain(whence.team),
        digest=code(whence.team_digest[:12]),
        head=code(whence.head[:16]),
    )
    said = [head]
    if sentence.events:
        said.append(", ".join(phrase("event_number", lang, event=one) for one in sentence.events))
    for one in sentence.steps:
        facts = ", ".join(_facts(one, whence, lang, code, plain))
        who = f"{plain(one.agent)} ({facts})" if one.agent else facts
        said.append(f"{phrase(f'step_{one.role}', lang)}: {who}")
    return ". ".join([*said, end])


def _facts(step: Step, whence: Whence, lang: str, code: _Code, plain: _Code) -> list[str]:
    mind = phrase(step.mind, lang) + (f" {plain(step.name)}" if step.name else "")
    facts = [mind, *(f"{plain(name)}={plain(str(value))}" for name, value in step.parameters.items())]
    if step.skill:
        version = code(step.version + (f"/{step.skill_digest[:12]}" if step.skill_digest else ""))
        facts.append(phrase("skill_version", lang, skill=plain(step.skill), version=version))
    if step.prompt:
        facts.append(phrase("prompt_digest", lang, digest=code(step.prompt[:16])))
    if step.mind == "model" and step.instructions:
        facts.append(phrase("instructions_of", lang, digest=code(step.instructions[:12])))
    where = f"{step.case} " if step.case != whence.case_id else ""
    return [*facts, where + phrase("event_number", lang, event=step.event)]

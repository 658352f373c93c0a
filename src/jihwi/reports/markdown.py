"""A checked report as Markdown: the answer first, each sentence with its numbers, then what they stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from jihwi.reports.disclosure import Disclosure
from jihwi.reports.gate import CheckedReport, CheckedSentence, Cited
from jihwi.reports.wording import phrase
from jihwi.words import plain

__all__ = ["SayUnreadable", "mind_words", "moment", "render_markdown", "spent_words", "spot"]

SayUnreadable = Callable[[str, dict[str, str]], str]
"""Puts the reason a file was not read into words: code and parameters in, a sentence out."""


def render_markdown(report: CheckedReport, made: Disclosure, *, by: str, say: SayUnreadable) -> str:
    """The report as one Markdown text, in its own language."""
    lang = report.language
    parts = [f"# {_escape(report.request)}", ""]
    parts += [f"## {phrase('answer', lang)}", ""]
    parts += list(_sentences(report.answer, lang)) or [phrase("nothing", lang), ""]
    for section in report.sections:
        parts += [f"## {_escape(section.title)}", "", *_sentences(section.sentences, lang)]
    parts += _contradictions(report)
    parts += _not_found(report)
    parts += _sources(report)
    parts += _unreadable(report, say)
    parts += _made(report, made, by)
    return plain("\n".join(parts).rstrip("\n") + "\n")


def _sentences(sentences: tuple[CheckedSentence, ...], lang: str) -> Iterator[str]:
    for one in sentences:
        cites = "".join(f"[^{n}]" for n in one.cites)
        kind = "" if one.kind in ("quoted", "supported") else f" *({phrase(f'kind_{one.kind}', lang)})*"
        formula = f" `{one.formula} = {one.result}`" if one.kind == "computed" else ""
        text = _escape(" ".join(one.text.split()))
        yield f"- “{text}”{cites}{kind}" if one.kind == "quoted" else f"- {text}{formula}{cites}{kind}"
    if sentences:
        yield ""


def _contradictions(report: CheckedReport) -> list[str]:
    if not report.contradictions:
        return []
    lang = report.language
    lines = [f"## {phrase('contradictions', lang)}", "", phrase("contradictions_note", lang), ""]
    for one in report.contradictions:
        lines += [f"**{_escape(one.topic)}**", ""]
        lines += [f"| {phrase('file', lang)} | {phrase('says', lang)} |", "|---|---|"]
        for value, number in one.sides:
            cited = report.citations[number - 1]
            words = _cell(cited.citation.text)
            lines.append(f"| {_cell(spot(cited, lang))} | **{_cell(value)}** — {words}[^{number}] |")
        lines.append("")
    return lines


def _not_found(report: CheckedReport) -> list[str]:
    if not report.not_found:
        return []
    lang = report.language
    lines = [f"## {phrase('not_found', lang)}", ""]
    for one in report.not_found:
        lines.append(f"- {_escape(one.question)} — {phrase('nothing', lang)}")
        if one.nearest:
            lines.append(f"  - {phrase('nearest', lang)}: " + " ".join(f"[^{n}]" for n in one.nearest))
    return [*lines, ""]


def _sources(report: CheckedReport) -> list[str]:
    if not report.citations:
        return []
    lang = report.language
    lines = [f"## {phrase('sources', lang)}", ""]
    for cited in report.citations:
        before, words, after = (_flat(x) for x in (cited.before, cited.citation.text, cited.after))
        lines.append(f"[^{cited.number}]: **{_escape(spot(cited, lang))}** — {before}**“{words}”**{after}")
        lines.append("")
    return lines


def spot(cited: Cited, lang: str) -> str:
    """Where a quotation stands: file, page or section, the nearest heading."""
    parts = [cited.path]
    if cited.citation.page:
        parts.append(phrase("page", lang, page=cited.citation.page))
    if cited.section:
        parts.append(cited.section)
    if cited.headings:
        parts.append(" › ".join(cited.headings[-2:]))
    return ", ".join(parts)


def _unreadable(report: CheckedReport, say: SayUnreadable) -> list[str]:
    if not report.unreadable:
        return []
    lang = report.language
    lines = [f"## {phrase('unreadable', lang)}", "", phrase("partly", lang), ""]
    lines += [f"| {phrase('file', lang)} | {phrase('grade', lang)} | {phrase('why', lang)} |", "|---|---|---|"]
    lines += [f"| {_cell(u.path)} | {u.grade} | {_cell(say(u.reason, u.params))} |" for u in report.unreadable]
    return [*lines, ""]


def _made(report: CheckedReport, made: Disclosure, by: str) -> list[str]:
    lang = report.language
    kinds = ", ".join(f"{phrase(f'kind_{kind}', lang)} {count}" for kind, count in report.kinds().items()) or "0"
    rows = [
        (phrase("case", lang), f"`{made.case_id}`"),
        (phrase("requester", lang), _cell(made.requester)),
        (phrase("team", lang), f"{_cell(made.team)} `{made.team_digest[:12]}`"),
        (phrase("model", lang), _cell(", ".join(made.models)) or phrase("no_model", lang)),
        (phrase("time", lang), f"{moment(made.opened_ms)} – {moment(made.at_ms)}"),
        (phrase("spent", lang), spent_words(made, lang)),
        (phrase("kinds", lang), kinds),
        (phrase("release", lang), phrase(f"released_by_{by}", lang)),
        (
            phrase("prompts", lang),
            phrase("prompts_words", lang, count=len(made.prompts)) if made.prompts else phrase("no_prompts", lang),
        ),
        (phrase("ledger", lang), phrase("ledger_words", lang, events=made.events, head=f"`{made.head}`")),
    ]
    if made.signed is not None:
        key, signature = f"`{made.signed.key}`", f"`{made.signed.signature}`"
        rows.append((phrase("signature", lang), phrase("signature_words", lang, public=key, signature=signature)))
    if report.labels:
        rows.insert(1, (phrase("labels", lang), _cell(", ".join(report.labels))))
    if made.persons:
        rows.insert(3, (phrase("persons", lang), _cell(", ".join(made.persons))))
    lines = [f"## {phrase('made', lang)}", "", "| | |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows), ""]
    head = ("agent", "mind", "turns", "calls", "instructions")
    lines += ["| " + " | ".join(phrase(h, lang) for h in head) + " |", "|---" * len(head) + "|"]
    for agent in made.agents:
        minds = ", ".join(mind_words(m, lang) for m in agent.minds) or phrase("not_used", lang)
        cells = (_cell(agent.title), _cell(minds), str(agent.turns), str(agent.calls))
        lines.append("| " + " | ".join((*cells, f"`{agent.instructions_digest[:12]}`")) + " |")
    return [*lines, ""]


def spent_words(made: Disclosure, lang: str) -> str:
    """What the case has spent, in words."""
    spent = made.spent
    return phrase("spent_words", lang, turns=spent.turns, handoffs=spent.handoffs, tokens=spent.tokens)


def mind_words(mind: str, lang: str) -> str:
    """A mind of the disclosure in words: `model NAME`, `procedure` or `person`."""
    kind, _, name = mind.partition(" ")
    return f"{phrase('model', lang)} {name}" if kind == "model" else phrase(kind, lang)


def moment(at_ms: int) -> str:
    """A moment in UTC, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


_MARKS = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>#|"})


def _escape(text: str) -> str:
    return text.translate(_MARKS)


def _flat(text: str) -> str:
    return _escape(" ".join(text.split()))


def _cell(text: str) -> str:
    return _escape(" ".join(text.split()))

"""A report that waits to be released, in lines: who approves it at the terminal sees what leaves."""

from __future__ import annotations

from jihwi.case.revision import report_of
from jihwi.case.state import Case
from jihwi.evidence import Report, Sentence
from jihwi.words import Language

__all__ = ["preview_of"]

MOST_LINES = 200


def preview_of(case: Case, call: str, language: Language) -> list[str]:
    """The sentences of the report a call has composed, each with its kind; what would not fit is counted.

    >>> preview_of(Case("c1"), "a1/1/0", "en")
    []
    """
    report = report_of(case, call)
    if report is None:
        return []
    lines = _lines(report, language)
    left = len(lines) - MOST_LINES
    if left > 0:
        more = f"… {left}줄 더 있습니다." if language == "ko" else f"… {left} more lines."
        return [*lines[:MOST_LINES], more]
    return lines


def _lines(report: Report, language: Language) -> list[str]:
    from jihwi.reports.wording import phrase  # waits: only who approves a release needs it

    def told(sentence: Sentence) -> str:
        return f"  · {sentence.text} ({phrase(f'kind_{sentence.kind}', language)})"

    lines = [phrase("answer", language), *(told(one) for one in report.answer)]
    for section in report.sections:
        lines += [section.title, *(told(one) for one in section.sentences)]
    if report.contradictions:
        lines.append(phrase("contradictions", language))
        lines += [f"  · {one.topic}: {' / '.join(one.values)}" for one in report.contradictions]
    if report.not_found:
        lines += [phrase("not_found", language), *(f"  · {one.question}" for one in report.not_found)]
    return lines

"""What the editor did with a passage, put into words."""

from __future__ import annotations

from jihwi.reports.wording import phrase
from jihwi.skills.revising import Note
from jihwi.words import Language, fill

__all__ = ["say_note", "task_words"]

_NOTES: dict[str, tuple[str, str]] = {
    "holds": ("‘{text}’: 글자까지 다시 대조했고 그대로입니다 ({kind}).", "‘{text}’: checked again, it holds ({kind})."),
    "quotation_lost": (
        "인용 ‘{text}’은(는) 이제 그 문서에 없습니다.",
        "The quotation ‘{text}’ no longer stands in its document.",
    ),
    "kind_changed": ("‘{text}’: {from} → {to}", "‘{text}’: {from} → {to}"),
    "lacks": ("‘{text}’: 인용에 없는 말이 있습니다 — {words}", "‘{text}’ says what its quotations do not: {words}"),
    "bare": ("‘{text}’: 딛고 선 인용이 없습니다.", "‘{text}’ stands on no quotation."),
    "dropped": ("뺀 문장: ‘{text}’", "Left out: ‘{text}’"),
    "shorter": ("{before}자에서 {after}자로 줄였습니다.", "From {before} to {after} characters."),
    "already_short": ("근거를 잃지 않고 더 줄일 곳이 없습니다.", "It cannot be shorter without losing its evidence."),
    "evidence_found": (
        "‘{text}’: 뒷받침하는 인용을 {count}개 더 찾았습니다.",
        "‘{text}’: further quotations: {count}.",
    ),
    "evidence_none": (
        "‘{text}’: 뒷받침하는 인용을 더 찾지 못했습니다.",
        "‘{text}’: no further quotation bears it out.",
    ),
    "own_words": (
        "모델이 없어 새로 쓰지는 못합니다. 대신 문서의 문장을 그대로 놓았습니다.",
        "No model is set, so nothing can be written anew; these are the documents’ own sentences instead.",
    ),
    "own_already": (
        "모델이 없어 새로 쓰지는 못합니다. 이 대목은 이미 문서의 문장 그대로입니다.",
        "No model is set, so nothing can be written anew; the passage is the documents’ own words already.",
    ),
    "needs_model": (
        "다시 쓰려면 모델이 필요합니다. 이 대목에는 대신 놓을 문서의 문장도 없습니다.",
        "Rewriting needs a model, and there is no sentence of a document to put here instead.",
    ),
    "reworded": ("다시 썼습니다.", "Written anew."),
}

_TASKS: dict[str, tuple[str, str]] = {
    "check": ("대목 대조: {text}", "Check: {text}"),
    "shorten": ("대목 줄이기: {text}", "Shorten: {text}"),
    "evidence": ("근거 더 찾기: {text}", "More evidence: {text}"),
    "reword": ("다시 쓰기: {text}", "Rewrite: {text}"),
}


def say_note(note: Note, language: Language) -> str:
    """A note of the editor's in a reader's language; an unknown code is shown as it is."""
    known = _NOTES.get(note.code)
    if known is None:
        return " ".join([note.code, *note.params.values()])
    kinds = {
        name: phrase(f"kind_{value}", language) for name, value in note.params.items() if name in ("kind", "from", "to")
    }
    return fill(known[0] if language == "ko" else known[1], {**note.params, **kinds})


def task_words(ask: str, text: str, language: str) -> str:
    """What an assignment about a passage is called in the case.

    >>> task_words("check", "공사기간은 6월까지다.", "ko")
    '대목 대조: 공사기간은 6월까지다.'
    """
    ko, en = _TASKS[ask]
    flat = " ".join(text.split())
    return fill(ko if language == "ko" else en, {"text": flat if len(flat) <= 60 else flat[:59] + "…"})

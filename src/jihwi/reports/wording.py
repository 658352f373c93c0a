"""The fixed words of a released report, in Korean and English."""

from __future__ import annotations

from jihwi.words import Language, fill

__all__ = ["WORDS", "phrase"]

WORDS: dict[str, tuple[str, str]] = {
    "report": ("보고서", "Report"),
    "answer": ("답", "Answer"),
    "nothing": ("이 파일들에서 찾지 못했습니다.", "Not found in these files."),
    "not_found": ("찾지 못한 것", "Not found"),
    "nearest": ("가장 가까운 대목", "The nearest passages"),
    "contradictions": ("문서끼리 서로 다른 곳", "Where the documents contradict each other"),
    "contradictions_note": (
        "어느 쪽이 맞는지는 사람이 정합니다.",
        "Which of them is right is for a person to decide.",
    ),
    "sources": ("근거", "Sources"),
    "unreadable": ("읽지 못한 파일", "Files that could not be read"),
    "partly": ("읽지 못했거나 일부만 읽은 파일입니다.", "These files could not be read, or only in part."),
    "made": ("이 보고서를 만든 과정", "How this report was made"),
    "kind_quoted": ("문서의 말 그대로", "quoted"),
    "kind_supported": ("근거로 확인됨", "supported"),
    "kind_computed": ("계산", "computed"),
    "kind_of_the_case": ("사건 기록에 근거", "of the case"),
    "kind_marked": ("근거 없음 — 쓴 이의 말", "unsupported — the writer's own words"),
    "kinds": ("문장의 종류", "Kinds of sentences"),
    "page": ("{page}쪽", "page {page}"),
    "formula": ("계산식", "Formula"),
    "case": ("사건", "Case"),
    "team": ("팀", "Team"),
    "requester": ("요청한 사람", "Requested by"),
    "time": ("시작과 끝", "From – to"),
    "model": ("모델", "Model"),
    "no_model": ("쓰지 않음 (절차만으로 만듦)", "none (made by procedures alone)"),
    "persons": ("결정에 참여한 사람", "People who took part"),
    "agents": ("에이전트", "Agents"),
    "agent": ("에이전트", "Agent"),
    "mind": ("판단", "Mind"),
    "turns": ("차례", "Turns"),
    "calls": ("기술 사용", "Skill calls"),
    "instructions": ("지시문 요약값", "Instructions (digest)"),
    "procedure": ("절차", "procedure"),
    "person": ("사람", "person"),
    "spent": ("쓴 예산", "Budget spent"),
    "spent_words": (
        "차례 {turns}, 넘기기 {handoffs}, 토큰 {tokens}",
        "{turns} turns, {handoffs} handoffs, {tokens} tokens",
    ),
    "prompts": ("프롬프트", "Prompts"),
    "prompts_words": (
        "프롬프트 {count}개의 전문이 prompts.json에 있습니다.",
        "The full text of {count} prompts is in prompts.json.",
    ),
    "no_prompts": ("모델에 보낸 프롬프트가 없습니다.", "No prompt was sent to a model."),
    "source_digest": ("원본 SHA-256", "source SHA-256"),
    "reading_digest": ("읽은 글 SHA-256", "reading SHA-256"),
    "ledger": ("원장", "Ledger"),
    "ledger_words": (
        "이 보고서는 기록 {events}건 위에 서 있습니다. 그때의 머리값: {head}",
        "This report stands on {events} events. The head then: {head}",
    ),
    "signature": ("서명", "Signature"),
    "signature_words": (
        "Ed25519 열쇠 {public}, 서명 {signature}",
        "Ed25519 key {public}, signature {signature}",
    ),
    "released_by_policy": ("팀의 방침에 따라 내보냄", "released by policy"),
    "released_by_person": ("사람이 승인하여 내보냄", "released by a person"),
    "release": ("내보낸 근거", "Release"),
    "labels": ("자료 표지", "Labels"),
    "grade": ("등급", "Grade"),
    "file": ("파일", "File"),
    "why": ("까닭", "Why"),
    "says": ("문서의 내용", "What it says"),
    "not_used": ("일하지 않음", "did not take part"),
    "step_asked": ("일을 맡김", "asked"),
    "step_searched": ("찾아봄", "searched"),
    "step_found": ("근거로 올림", "found"),
    "step_checked": ("인용 대조", "checked"),
    "step_wrote": ("문장을 지음", "wrote"),
    "step_proposed": ("고칠 말을 제안함", "proposed"),
    "step_edited": ("사람이 고침", "edited"),
    "skill_version": ("기술 {skill} {version}", "skill {skill} {version}"),
    "prompt_digest": ("프롬프트 SHA-256 {digest}", "prompt SHA-256 {digest}"),
    "instructions_of": ("지시문 SHA-256 {digest}", "instructions SHA-256 {digest}"),
    "event_number": ("기록 {event}", "event {event}"),
    "footnote_head": (
        "“{text}” — 지휘(Jihwi) 사건 {case}의 보고서 문장 {number}({kind})",
        "“{text}” — Jihwi case {case}, report sentence {number} ({kind})",
    ),
    "footnote_end": ("팀 {team} {digest}, 원장 머리값 {head}.", "Team {team} {digest}, ledger head {head}."),
}


def phrase(key: str, language: str, **fields: object) -> str:
    """One of the fixed phrases.

    >>> phrase("page", "en", page=3)
    'page 3'
    """
    ko, en = WORDS[key]
    return fill(ko if language == "ko" else en, fields)


def language_of(text: str) -> Language:
    """The language of a report, from its code."""
    return "ko" if text == "ko" else "en"

"""What a case, a runner or a report cannot take now."""

from __future__ import annotations

from jihwi.errors.base import JihwiError

__all__ = [
    "CaseDriven",
    "CaseStuck",
    "ChanceStuck",
    "CommandForbidden",
    "CommandRefused",
    "PassageChanged",
    "RunnerLacks",
]


class CommandRefused(JihwiError):
    case: str
    why_ko: str
    why_en: str
    ko = "{why_ko}"
    en = "{why_en}"
    ko_next = "`jihwi case show {case}`로 지금 상태를 보십시오."
    en_next = "See how it stands with `jihwi case show {case}`."


class CommandForbidden(CommandRefused):
    """A command that this person may not give, however the case stands. It is written down as a refusal."""


class PassageChanged(JihwiError):
    case: str
    ko = "그 사이에 이 대목이 바뀌었습니다."
    en = "This passage has changed in the meantime."
    ko_next = "지금 내용을 다시 보고 정하십시오."
    en_next = "Look at what stands there now and decide again."


class CaseDriven(JihwiError):
    case: str
    ko = "'{case}' 사건은 지금 다른 실행기가 맡고 있습니다."
    en = "Another runner drives the case '{case}' now."
    ko_next = "`jihwi case follow {case}`로 보거나, 잠시 뒤에 다시 실행하십시오."
    en_next = "Watch it with `jihwi case follow {case}`, or try again in a moment."


class CaseStuck(JihwiError):
    """Something unforeseen ended the driving of one case; the others go on."""

    case: str
    detail: str
    ko = "사건 '{case}'을(를) 이어 가다가 예상하지 못한 오류가 났습니다: {detail}"
    en = "Something unexpected went wrong while driving the case '{case}': {detail}"
    ko_next = "기록된 것은 그대로이고 다른 사건은 계속됩니다. 이 내용을 개발자에게 알려 주십시오."
    en_next = "Nothing recorded is lost, and the other cases go on. Please report this."


class ChanceStuck(JihwiError):
    tries: int
    ko = "새 사건의 이름을 {tries}번 뽑았지만 모두 이미 쓰는 이름입니다. 난수가 같은 값만 내는 것 같습니다."
    en = "{tries} names drawn for a new case were all taken: chance does not seem to vary."
    ko_next = "이 컴퓨터의 난수(/dev/urandom)와 시계를 확인한 뒤 다시 하십시오. 기록된 것은 그대로 있습니다."
    en_next = "Check this machine's randomness (/dev/urandom) and clock, and try again; nothing recorded is lost."


class RunnerLacks(JihwiError):
    exit_code = 3
    case: str
    name: str
    """The procedure, model or skill."""
    ko = "이 실행기에 '{name}'이(가) 없어, '{case}' 사건은 그것이 있는 실행기를 기다립니다."
    en = "This runner has no '{name}': the case '{case}' waits for a runner that has it."
    ko_next = (
        "팀이면 `jihwi case run {case} --team FOLDER`, 모델이면 `--model …`로 다시 하십시오."
        " `jihwi case reassign`으로 다른 에이전트에게 넘길 수도 있습니다."
    )
    en_next = (
        "For a team's, `jihwi case run {case} --team FOLDER`; for a model, `--model …`."
        " Or give the work away with `jihwi case reassign`."
    )

"""Who may come in at the console's door, and what may be seen and done there."""

from __future__ import annotations

from typing import ClassVar

from jihwi.errors.base import JihwiError
from jihwi.words import Language

__all__ = [
    "AccountInvalid",
    "AddressTaken",
    "DoorError",
    "ExamplesNotKept",
    "FormForeign",
    "FormInvalid",
    "NotAllowed",
    "NotificationUndelivered",
    "OwnerOnly",
    "PageMissing",
    "SignInFailed",
    "SignInTooOften",
]


class DoorError(JihwiError):
    """Somebody at the console may not come in, see or do something."""

    status: ClassVar[int] = 400
    """The HTTP status it is answered with."""


class SignInFailed(DoorError):
    status = 401
    ko = "들어갈 수 없습니다. 주소나 비밀번호가 맞지 않거나 이미 쓰였습니다."
    en = "Nobody could be signed in: the link or password is wrong, or was used already."
    ko_next = "`jihwi serve`가 실행 중인 터미널에서 Enter를 눌러 새 주소를 받으십시오."
    en_next = "Press Enter in the terminal `jihwi serve` runs in for a new link."


class SignInTooOften(DoorError):
    seconds: int
    status = 429
    ko = "너무 여러 번 시도했습니다."
    en = "There were too many tries."
    ko_next = "{seconds}초 뒤에 다시 하십시오."
    en_next = "Try again in {seconds} seconds."


class NotAllowed(DoorError):
    status = 403
    ko = "이 일을 할 권한이 없습니다."
    en = "Your role does not allow this."
    ko_next = "관리자에게 역할을 물어보십시오."
    en_next = "Ask the administrator about your role."


class OwnerOnly(DoorError):
    setting: str
    status = 403
    ko = "'{setting}'은(는) 이 기계를 맡은 사람만 바꿀 수 있습니다."
    en = "Only who owns this machine may change '{setting}'."
    ko_next = "이 기계의 터미널에서 `jihwi settings set {setting} …`으로 바꾸십시오."
    en_next = "Change it at this machine's terminal: `jihwi settings set {setting} …`"


class PageMissing(DoorError):
    status = 404
    ko = "그런 것이 없거나, 볼 수 없습니다."
    en = "There is no such thing here, or you may not see it."
    ko_next = "주소를 확인하거나 책상으로 돌아가십시오."
    en_next = "Check the address, or go back to the desk."


class FormInvalid(DoorError):
    detail: str
    status = 422
    ko = "적은 내용을 처리할 수 없습니다: {detail}"
    en = "What was entered cannot be used: {detail}"
    ko_next = "뒤로 돌아가 고친 다음 다시 보내십시오."
    en_next = "Go back, correct it and send it again."


class FormForeign(FormInvalid):
    """A form that was made for another browser, or by another site."""


class AccountInvalid(DoorError):
    person: str
    status = 422
    ko = "'{person}' 계정을 만들 수 없습니다."
    en = "The account '{person}' cannot be made."
    ko_next = "이름은 글자와 숫자로, 비밀번호는 10자 이상으로 하십시오."
    en_next = "Use letters and digits for the name, and a password of at least 10 characters."


class ExamplesNotKept(DoorError):
    status = 409
    ko = "이 집에서는 일을 나아지게 하려고 자료를 모으지 않습니다."
    en = "This house keeps nothing to improve the work."
    ko_next = "관리자가 설정의 '자료의 주인'에서 켤 수 있습니다: `jihwi settings set keep_verdicts on`"
    en_next = "An administrator may switch it on under 'Data ownership': `jihwi settings set keep_verdicts on`"


_SETTINGS_OF = {
    "command": ("notify_command",),
    "mail": ("mail_server", "mail_from", "mail_security", "mail_user", "mail_password"),
    "webhook": ("webhook", "webhooks_allowed"),
}
"""The settings of the house by which each way of telling people goes."""


class NotificationUndelivered(DoorError):
    way: str
    detail: str
    status = 502
    ko = "알리지 못했습니다 ({way}): {detail}"
    en = "Nobody could be told ({way}): {detail}"
    ko_next = "`jihwi settings set 이름 값`으로 고친 뒤 `jihwi settings test {way}`로 다시 시험하십시오."
    en_next = "Correct it with `jihwi settings set NAME VALUE` and test it again with `jihwi settings test {way}`."

    def next_step(self, language: Language = "en") -> str:
        """Whoever reads it sits at a terminal: the console has the settings beside it. They are named."""
        names = ", ".join(_SETTINGS_OF.get(self.way, ()))
        named = f" {'이름' if language == 'ko' else 'NAME'}: {names}" if names else ""
        return f"{super().next_step(language)}{named}"


class AddressTaken(DoorError):
    address: str
    detail: str
    ko = "{address} 주소를 쓸 수 없습니다: {detail}"
    en = "The address {address} cannot be used: {detail}"
    ko_next = "`--port`로 다른 번호를, 또는 `--host`로 이 컴퓨터의 다른 주소를 정하십시오."
    en_next = "Name another port with `--port`, or another address of this machine with `--host`."

"""How a case goes on, for a person at a terminal: the words for where it stands, and the line that drives it on."""

from __future__ import annotations

from jihwi.case.decide import decide
from jihwi.case.state import Case, in_flight, waits
from jihwi.words import Language

__all__ = ["has_work", "onward", "status_words"]

_STATUS: dict[str, tuple[str, str]] = {
    "new": ("새 사건", "new"),
    "open": ("진행 중", "open"),
    "running": ("일하는 중", "running"),
    "waiting": ("기다림", "waiting"),
    "paused": ("멈춤", "paused"),
    "parked": ("멈춰 섬", "parked"),
    "closed": ("마침", "closed"),
    "failed": ("실패", "failed"),
    "cancelled": ("취소됨", "cancelled"),
    "done": ("모두 함", "done"),
    "partial": ("일부만 함", "partial"),
}


def status_words(status: str, language: Language) -> str:
    """Where a case stands or how it ended, in a word; one that is not known is shown as it is.

    >>> status_words("cancelled", "ko"), status_words("cancelled", "en")
    ('취소됨', 'cancelled')
    """
    known = _STATUS.get(status)
    return status if known is None else known[0 if language == "ko" else 1]


def has_work(case: Case) -> bool:
    """Whether a runner has something to do in it now."""
    return case.status == "open" and (in_flight(case) or bool(decide(case)))


def onward(case: Case) -> str:
    """The line that lets the case go on; empty when it has ended.

    >>> from jihwi.case.state import Case
    >>> onward(Case("c1", status="paused"))
    'jihwi case resume c1'
    """
    if case.status in ("closed", "cancelled"):
        return ""
    if case.status == "paused":
        return f"jihwi case resume {case.id}"
    if has_work(case) or not waits(case):
        return f"jihwi case run {case.id}"
    return f"jihwi case show {case.id}"

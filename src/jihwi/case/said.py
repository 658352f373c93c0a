"""What every command of a person shares: the case takes it as facts by their name, or refuses it with a sentence."""

from __future__ import annotations

from typing import NoReturn

from jihwi.case import events as e
from jihwi.case.state import Case
from jihwi.errors import CommandRefused

__all__ = ["alive", "by_person", "not_erased", "refuse"]


def refuse(case: Case, ko: str, en: str) -> NoReturn:
    """Raise CommandRefused with a sentence in both languages."""
    raise CommandRefused(case.id, ko, en)


def alive(case: Case) -> None:
    """Refuse what a case that has ended, or whose beginning was erased, cannot take."""
    not_erased(case)
    if case.status in ("closed", "cancelled"):
        refuse(case, "이미 끝난 사건입니다.", "The case has ended.")


def not_erased(case: Case) -> None:
    """Refuse what cannot be done with a case whose beginning was erased."""
    if not case.assignments and case.seq:
        refuse(case, "이 사건의 내용은 지워졌습니다.", "The texts of this case were erased.")


def by_person(person: str, body: e.Body) -> e.Draft:
    """A fact on a person's word."""
    return e.Draft(body, e.Author("person", person))

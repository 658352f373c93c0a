"""Who there is: a person with a role, labels and where word reaches them; and what each role may do."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from jihwi.evidence import Viewer

__all__ = ["RIGHTS", "ROLES", "Person", "Right", "Role", "is_person_id"]

Role = Literal["requester", "case_worker", "auditor", "administrator"]
Right = Literal["open", "answer", "decide", "see_all", "add", "audit", "oversee", "administer"]
"""open: open cases. answer: answer questions and cancel in one's own cases. decide: approve, take over, change budgets
in every case. see_all: see the cases of others. add: add documents. audit: read every ledger's headers. oversee: read
the facts of the house: who came in, who was refused. administer: people and settings."""

ROLES: tuple[Role, ...] = get_args(Role)

RIGHTS: dict[Role, frozenset[Right]] = {
    "requester": frozenset({"open", "answer"}),
    "case_worker": frozenset({"open", "answer", "decide", "see_all", "add", "audit"}),
    "auditor": frozenset({"see_all", "audit", "oversee"}),
    "administrator": frozenset({"open", "answer", "decide", "see_all", "add", "audit", "oversee", "administer"}),
}


class Person(msgspec.Struct, frozen=True):
    """Somebody of this house: who they are, what they may do, and the labels they hold."""

    id: str
    name: str
    role: Role
    labels: tuple[str, ...] = ()
    active: bool = True
    mail: str = ""
    """Where they are told that something waits for them; empty for nowhere."""

    @property
    def viewer(self) -> Viewer:
        """The same, as whoever looks at documents."""
        return Viewer(self.id, self.labels)

    def may(self, right: Right) -> bool:
        """Whether their role gives a right.

        >>> Person("kim", "Kim", "auditor").may("decide")
        False
        """
        return right in RIGHTS[self.role]


def is_person_id(text: str) -> bool:
    """Whether `text` can be a sign-in name: letters, digits, `-` and `_`, at most 64.

    >>> is_person_id("이-주무관"), is_person_id("../kim"), is_person_id("")
    (True, False, False)
    """
    return 0 < len(text) <= 64 and text.replace("-", "").replace("_", "").isalnum()

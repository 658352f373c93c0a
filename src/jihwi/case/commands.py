"""What `decide` says is due: facts to record, and effects each with the fact that must be durable before it."""

from __future__ import annotations

from typing import Any, final

import msgspec

from jihwi.case.assignment import SkillSpec
from jihwi.case.events import Draft

__all__ = ["Command", "Publish", "Record", "RunSkill", "Think"]


class Keyed(msgspec.Struct, frozen=True, gc=False):
    """What every command is: it says what it is about, and bears a key that is never issued twice."""

    parts: tuple[str | int, ...]
    """Of the key; put together only for who asks, because most commands are never asked."""

    @property
    def key(self) -> str:
        """case/assignment/seat/turn/call/attempt, or what stands in their place."""
        return "/".join(map(str, self.parts))


@final
class Record(Keyed, frozen=True, gc=False, tag="record"):
    """A fact that follows from what is known; nothing else is done."""

    draft: Draft


@final
class Think(Keyed, frozen=True, gc=False, tag="think"):
    """Ask the mind of an assignment for its next turn."""

    draft: Draft
    assignment: str
    seat: int
    turn: int
    attempt: int


@final
class RunSkill(Keyed, frozen=True, gc=False, tag="run_skill"):
    """Run a skill. `idempotency_key` is the same for every attempt."""

    draft: Draft
    assignment: str
    seat: int
    turn: int
    number: int
    attempt: int
    skill: SkillSpec
    arguments: dict[str, Any]
    idempotency_key: str
    approved: bool
    """Whether a person or the policy approved this exact action."""


@final
class Publish(Keyed, frozen=True, gc=False, tag="publish"):
    """Let a report leave: the gate re-checks every sentence, then the files are written (the same bytes each time)."""

    draft: Draft
    assignment: str
    seat: int
    turn: int
    number: int
    attempt: int
    report: Any
    report_digest: str


Command = Record | Think | RunSkill | Publish

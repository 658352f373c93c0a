"""One decision of a mind: what it is shown (the view) and what it answers (text and actions)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import msgspec

from jihwi.case.assignment import AgentSpec, MindSpec, Reason, ReportStatus
from jihwi.case.budget import NOTHING, Limits, Spending
from jihwi.evidence import Claim, SecurityClass

__all__ = [
    "Action",
    "Answered",
    "Ask",
    "Call",
    "CallSettled",
    "ChildReported",
    "Delegate",
    "Dispute",
    "Disputed",
    "Entry",
    "Finding",
    "Found",
    "HandOff",
    "Handed",
    "Post",
    "PromptRecord",
    "Release",
    "Report",
    "TaskGiven",
    "Told",
    "Transcript",
    "Turn",
    "TurnTaken",
    "View",
]


# ── what a mind may do ───────────────────────────────────────────────────────


class Call(msgspec.Struct, frozen=True, tag_field="do", tag="call", omit_defaults=True, gc=False):
    """Use a skill. Arguments are JSON: objects, lists, strings, numbers, booleans, null."""

    skill: str
    arguments: dict[str, Any] = {}
    problem: str = ""
    """What was wrong with the arguments as the mind wrote them; a call with a problem is refused with it."""


class Ask(msgspec.Struct, frozen=True, tag_field="do", tag="ask", omit_defaults=True, gc=False):
    """Ask the requester; only this assignment waits for the answer."""

    question: str
    options: tuple[str, ...] = ()


class Post(msgspec.Struct, frozen=True, tag_field="do", tag="post", omit_defaults=True, gc=False):
    """Post a finding to the whole case."""

    claim: Claim


class Dispute(msgspec.Struct, frozen=True, tag_field="do", tag="dispute", omit_defaults=True, gc=False):
    """Say that a finding does not hold, and why."""

    finding: int
    reason: str


class Delegate(msgspec.Struct, frozen=True, tag_field="do", tag="delegate", omit_defaults=True, gc=False):
    """Open a child assignment. Children of one turn run side by side; the next turn waits for those with `join`."""

    agent: str
    task: str
    inputs: dict[str, Any] = {}
    limits: Limits = Limits()
    join: bool = True
    wait_seconds: int = 0
    """So long the next turn waits at most; 0 for as long as it takes. The child goes on and reports when it is done."""


class HandOff(msgspec.Struct, frozen=True, tag_field="do", tag="hand_off", omit_defaults=True, gc=False):
    """Pass the assignment with its whole context to another agent. Comes last; what follows it is refused."""

    agent: str
    note: str = ""


class Report(msgspec.Struct, frozen=True, tag_field="do", tag="report", omit_defaults=True, gc=False):
    """End the assignment with one typed report to whoever delegated it."""

    status: ReportStatus = "done"
    text: str = ""
    data: dict[str, Any] = {}
    findings: tuple[int, ...] = ()


class Release(msgspec.Struct, frozen=True, tag_field="do", tag="release", omit_defaults=True, gc=False):
    """Let the report that a finished call made leave the case. Only the case worker's seat may."""

    call: str
    """The call's place: `assignment/turn/number`, such as `a1.3/2/0`."""


Action = Call | Ask | Post | Dispute | Delegate | HandOff | Report | Release


class PromptRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How the request body as sent is rebuilt byte for byte: the parts kept from the parent's record, then new ones.

    Each part is stored once, under its digest; the body is the parts one after another.
    """

    digest: str
    """SHA-256 of the whole body."""
    parent: int = 0
    """The event that holds the record this one continues; 0 for none."""
    keep: int = 0
    """How many leading parts are taken from the parent."""
    parts: tuple[str, ...] = ()
    """Digests of the parts that follow."""


class Turn(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Text and actions, and what they cost."""

    text: str = ""
    actions: tuple[Action, ...] = ()
    usage: Spending = NOTHING
    model: str = ""
    """The model that answered, as its server named it; empty for procedures and persons."""
    parameters: dict[str, Any] = {}
    prompt: PromptRecord | None = None
    parts: dict[str, bytes] = {}
    """New prompt parts by digest, to be stored with the turn; never in the event itself."""


# ── what a mind is shown ─────────────────────────────────────────────────────


class TaskGiven(msgspec.Struct, frozen=True, tag_field="is", tag="task", omit_defaults=True, gc=False):
    task: str
    by: str = ""
    inputs: dict[str, Any] = {}


class TurnTaken(msgspec.Struct, frozen=True, tag_field="is", tag="turn", omit_defaults=True, gc=False):
    turn: int
    agent: str
    text: str = ""
    actions: tuple[Action, ...] = ()


class CallSettled(msgspec.Struct, frozen=True, tag_field="is", tag="settled", omit_defaults=True, gc=False):
    """How an action of a turn ended. `value` is the skill's result; `reason` says why there is none."""

    turn: int
    number: int
    """The action's place in its turn, from 0."""
    skill: str
    status: Literal["finished", "failed", "refused", "rejected"]
    value: Any = None
    reason: Reason | None = None


class Answered(msgspec.Struct, frozen=True, tag_field="is", tag="answered", omit_defaults=True, gc=False):
    turn: int
    number: int
    question: str
    answer: str


class ChildReported(msgspec.Struct, frozen=True, tag_field="is", tag="child", omit_defaults=True, gc=False):
    assignment: str
    agent: str
    task: str
    status: ReportStatus
    text: str = ""
    data: dict[str, Any] = {}
    findings: tuple[int, ...] = ()
    turn: int = 0
    number: int = 0
    reason: Reason | None = None
    """Why the house or a person ended it, when its mind did not."""


class Handed(msgspec.Struct, frozen=True, tag_field="is", tag="handed", omit_defaults=True, gc=False):
    from_agent: str
    to_agent: str
    note: str = ""


class Told(msgspec.Struct, frozen=True, tag_field="is", tag="told", omit_defaults=True, gc=False):
    """A word from the house or from a person: what was noticed, a nudge, an instruction."""

    reason: Reason
    by: str = ""


class Found(msgspec.Struct, frozen=True, tag_field="is", tag="found", omit_defaults=True, gc=False):
    """Another assignment posted a finding."""

    finding: int
    agent: str
    claim: Claim


class Disputed(msgspec.Struct, frozen=True, tag_field="is", tag="disputed", omit_defaults=True, gc=False):
    finding: int
    agent: str
    reason: str


Entry = TaskGiven | TurnTaken | CallSettled | Answered | ChildReported | Handed | Told | Found | Disputed


class Transcript(Sequence[Entry]):
    """An append-only list seen up to a length, so that a view of the n-th turn costs no copy.

    `seen` is this transcript as it stands, whatever is said later. The two share their list: `say` appends to it where
    nobody has appended after this version, and to a copy where somebody has (that is what a fork does).

    >>> told = Transcript()
    >>> told.say(Handed("a", "b"))
    >>> before = told.seen()
    >>> told.say(Handed("b", "c"))
    >>> len(before), len(told)
    (1, 2)
    """

    __slots__ = ("_entries", "_length")

    def __init__(self, entries: list[Entry] | None = None, length: int | None = None) -> None:
        self._entries: list[Entry] = [] if entries is None else entries
        self._length = len(self._entries) if length is None else length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self._entries[i] for i in range(*index.indices(self._length))]
        position = index + self._length if index < 0 else index
        if not 0 <= position < self._length:
            raise IndexError(index)
        return self._entries[position]

    def __iter__(self) -> Iterator[Entry]:
        for position in range(self._length):
            yield self._entries[position]

    def say(self, entry: Entry) -> None:
        """One more entry."""
        entries, length = self._entries, self._length
        if len(entries) != length:
            entries = self._entries = entries[:length]
        entries.append(entry)
        self._length = length + 1

    def seen(self) -> Transcript:
        """This transcript as it stands now."""
        seen = _new(Transcript)
        seen._entries, seen._length = self._entries, self._length
        return seen


_new = object.__new__


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A posted claim with its number in the case and who posted it."""

    number: int
    assignment: str
    agent: str
    claim: Claim
    disputes: tuple[str, ...] = ()


class View(msgspec.Struct, frozen=True, gc=False):
    """Everything a mind knows when it decides a turn. It keeps nothing between turns."""

    case_id: str
    assignment: str
    seat: int
    turn: int
    """From 1."""
    agent: AgentSpec
    mind: MindSpec
    request: str
    language: str
    task: str
    inputs: dict[str, Any]
    transcript: Transcript
    findings: Sequence[Finding]
    """All findings posted to the case so far, in order."""
    budget_left: Limits
    agents: tuple[AgentSpec, ...]
    """The agents present in the case."""
    basis_seq: int = 0
    """The last event this view stands on."""
    prompt_parent: int = 0
    """The event that holds this assignment's last prompt record; 0 for none."""
    prompt_digest: str = ""
    """That record's digest, by which a mind knows whether it still has that prompt's parts."""
    root: bool = False
    """Whether this is the case worker's seat."""
    classes: tuple[SecurityClass, ...] = ()
    """The classes above open of the texts that are anywhere in the case: only who may see them all is asked."""

"""The state of a case, folded from its events and from nothing else.

These structs are mutable, and only `fold.apply` changes them: a state belongs to the one who folds it, and whoever
loses an append throws it away and folds again (see docs/decisions). Everything handed out (views, commands) is frozen.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from jihwi.case.assignment import AgentSpec, MindSpec, Policy, Reason, SkillSpec
from jihwi.case.budget import NOTHING, UNLIMITED, Limits, Spending
from jihwi.case.recorded import Recorded
from jihwi.case.turn import Action, Finding, HandOff, Report, Transcript
from jihwi.evidence import Rechecked

__all__ = [
    "ActionState",
    "Approval",
    "Assignment",
    "Case",
    "CaseState",
    "Overtaken",
    "has_open_root",
    "in_flight",
    "next_root",
    "open_assignments",
    "open_roots",
    "waits",
]

CaseState = Literal["new", "open", "paused", "parked", "closed", "cancelled"]

ActionStatus = Literal["due", "asked", "approved", "running", "lost", "waiting", "uncertain", "settled"]
"""due: nothing was done about it yet. asked: an approval, an answer or a child's report is awaited. approved: it may
run. running. lost: it was running when its runner ended. waiting: tried again later. uncertain: a write nobody knows
the end of. settled."""

TurnStatus = Literal["due", "running", "lost", "waiting", "acting", "empty"]


class ActionState(msgspec.Struct):
    """One action of the current turn on its way to being settled."""

    number: int
    action: Action
    status: ActionStatus = "due"
    attempt: int = 0
    arguments: dict[str, Any] = {}
    """As they stand after edits."""
    edits: int = 0
    approval: str = ""
    digest: str = ""
    doubt: Reason | None = None
    """Of an uncertain write: what is known of it; `None` when its runner has ended."""


class Approval(msgspec.Struct):
    """An approval on its way."""

    id: str
    assignment: str
    seat: int
    turn: int
    number: int
    action_digest: str
    skill: str
    effect: str
    arguments: dict[str, Any]
    reason: Reason
    status: Literal["open", "approved", "rejected", "edited", "lapsed", "consumed"] = "open"
    expires_at_ms: int = 0
    expired: bool = False
    deputy: str = ""
    judge: str = ""
    """The assignment in which the case worker's seat judges it."""
    judged: bool = False
    """That seat has left it to a person."""
    requested_seq: int = 0


class Overtaken(msgspec.Struct):
    """A write or a release that was under way when its seat changed hands. Whoever holds the seat now is told how it
    ended."""

    assignment: str
    turn: int
    number: int
    skill: str
    end: Literal["", "finished", "failed"] = ""
    """Empty: it is not known yet."""
    value: Any = None
    reason: Reason | None = None
    tainted: bool = False
    labels: tuple[str, ...] = ()
    told: bool = False
    """It stands in the transcript; here it stays until the seat's next turn is done."""


class Assignment(msgspec.Struct):
    """One line of work."""

    id: str
    agent: str
    mind: MindSpec
    task: str
    parent: str = ""
    parent_turn: int = 0
    parent_number: int = 0
    inputs: dict[str, Any] = {}
    limits: Limits = UNLIMITED
    depth: int = 0
    join: bool = True
    aside: bool = False
    """Asked for by a person beside the case's course."""
    seat: int = 1
    open: bool = True
    turn: int = 1
    turn_status: TurnStatus = "due"
    attempt: int = 0
    failures: int = 0
    """Attempts of this turn that failed or were lost."""
    failure: Reason | None = None
    """Why the last attempt failed."""
    mind_failures: int = 0
    """How often its mind failed at this turn, as whoever chooses another one counts (`governor.counted`)."""
    shortened: bool = False
    """The prompt that did not fit has just been made shorter."""
    actions: list[ActionState] = []
    ending: HandOff | Report | None = None
    """What ends the current turn once its calls are settled."""
    ending_number: int = 0
    unsettled: int = 0
    children: int = 0
    """How many it has opened so far."""
    spent: Spending = NOTHING
    """With everything below it."""
    reserved: Spending = NOTHING
    reservation: Spending = NOTHING
    """What this assignment's own running turn holds."""
    tainted: bool = False
    labels: tuple[str, ...] = ()
    empty_turns: int = 0
    fruitless: int = 0
    """Turns in which something was refused for going round in circles since anything came of an action; why the last
    one was, and in which turn."""
    circling: Reason | None = None
    circled_turn: int = 0
    calls_made: dict[str, int] = {}
    """Digest of an action to how often it was started here."""
    handoffs: list[str] = []
    """The agents who held it, in order."""
    prompt_seq: int = 0
    prompt_digest: str = ""
    """Of the last prompt record, which event `prompt_seq` holds."""
    awaits: Reason | None = None
    """What it needs that no runner has had so far, or of which there is no free place."""
    judges: str = ""
    """The approval that is judged here; nothing else is done here."""
    report: Report | None = None
    transcript: Transcript = msgspec.field(default_factory=Transcript)


class Case(msgspec.Struct):
    """A case as it stands after event `seq`."""

    id: str
    seq: int = 0
    head: bytes = b"\0" * 32
    now_ms: int = 0
    """The time of the last event."""
    opened_ms: int = 0
    status: CaseState = "new"
    request: str = ""
    requester: str = ""
    language: str = "ko"
    team: str = ""
    team_digest: str = ""
    collections: tuple[str, ...] = ()
    library_version: int = 0
    viewer_labels: tuple[str, ...] = ()
    policy: Policy = Policy()
    limits: Limits = UNLIMITED
    forked: bool = False
    parent: str = ""
    agents: dict[str, AgentSpec] = {}
    skills: dict[str, dict[str, SkillSpec]] = {}
    """Agent to its skills by name."""
    assignments: dict[str, Assignment] = {}
    course: str = "a1"
    """The assignment whose end is the case's: the first, or that of the newest follow-up."""
    open_ids: list[str] = []
    """Open assignments in the order they were opened."""
    approvals: dict[str, Approval] = {}
    findings: tuple[Finding, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    """What persons decided and agents disputed, as a report may repeat it."""
    timers: dict[str, int] = {}
    results: dict[str, Any] = {}
    """Results of finished calls that a release may name, by place `assignment/turn/number`."""
    released: list[str] = []
    """Digests of the reports that left."""
    released_call: str = ""
    """The place of the call whose report left last; its result may have been edited since."""
    files: dict[str, str] = {}
    """The released files: name to SHA-256."""
    proposals: dict[str, Literal["accepted", "discarded"]] = {}
    """What a person made of an assignment's proposal for a passage; one that waits is not here."""
    rechecked: dict[str, Rechecked] = {}
    """What became of quotations whose source has changed, by `rechecking.key_of`; one that stands as before is not
    here."""
    unclear: dict[str, str] = {}
    """Writes and releases that were under way when their assignment was ended, by place: of those nobody has heard
    since whether they happened."""
    overtaken: dict[str, Overtaken] = {}
    """Writes that were under way when their seat changed hands, by place."""
    abandoned: dict[str, Spending] = {}
    """What was counted for turns that were under way when their seat changed hands or their assignment ended, by
    assignment/seat/turn: what they really cost takes its place when it is heard."""
    reason: Reason | None = None
    """Why it is paused, parked or cancelled."""
    choices: tuple[str, ...] = ()
    parked_at: str = ""
    """The assignment at which the house stopped it."""
    outcome: str = ""
    answer: str = ""
    labels: tuple[str, ...] = ()
    """The union of the labels of all its events."""


def open_roots(case: Case) -> list[Assignment]:
    """The open assignments that nobody delegated: the case's course, and what persons asked for beside it."""
    return [case.assignments[one] for one in case.open_ids if not case.assignments[one].parent]


def next_root(case: Case) -> str:
    """What the next assignment that nobody delegates is called."""
    return f"a{1 + sum(1 for one in case.assignments.values() if not one.parent)}"


def has_open_root(case: Case) -> bool:
    """Whether there are `open_roots`."""
    for one in case.open_ids:  # noqa: SIM110 -- asked at every decision: a generator costs more than the look
        if not case.assignments[one].parent:
            return True
    return False


def open_assignments(case: Case) -> list[Assignment]:
    """The assignments that have not ended, oldest first."""
    return [case.assignments[one] for one in case.open_ids]


def in_flight(case: Case) -> bool:
    """Whether a turn, a skill or a release has started and not ended."""
    if case.overtaken and any(not one.end for one in case.overtaken.values()):
        return True
    for assignment_id in case.open_ids:
        assignment = case.assignments[assignment_id]
        if assignment.turn_status == "running":
            return True
        for action in assignment.actions:
            if action.status == "running":
                return True
    return False


def waits(case: Case) -> int:
    """How many answers of people the case waits for: approvals, questions, uncertain writes, a person's turn.

    A parked case waits for its case worker.
    """
    if case.status == "parked":
        return 1
    count = 0
    for assignment_id in case.open_ids:
        assignment = case.assignments[assignment_id]
        if assignment.mind.kind == "person" and assignment.turn_status == "due":
            count += 1
        for action in assignment.actions:
            status = action.status
            if status == "uncertain" or (status == "asked" and _by_person(case, action)):
                count += 1
    return count


def _by_person(case: Case, action: ActionState) -> bool:
    """Whether a person must answer; what the case worker's seat is about to judge waits for nobody yet."""
    if not action.approval:
        return type(action.action).__name__ == "Ask"
    approval = case.approvals[action.approval]
    return not approval.judge or approval.judged

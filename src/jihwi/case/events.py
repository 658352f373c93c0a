"""The facts a case is made of, each with its version and a one-line history.

Every body is a frozen struct; its kind is its class name in snake case. A shape never changes in place: a field may
be added with a default (same version), anything else is a new version with one step in `upcast`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from jihwi.case.assignment import NO_POLICY, AgentSpec, MindSpec, Policy, Reason, ReportStatus, SkillSpec
from jihwi.case.budget import NOTHING, UNLIMITED, Limits, Spending
from jihwi.case.turn import Action, PromptRecord
from jihwi.evidence import Claim, Rechecked, Sentence

__all__ = ["KINDS", "SYSTEM", "Author", "Body", "Draft", "Event", "kind_of"]


class Author(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who made it a fact: a person, an agent or a runner, for whom, and through which door. Names live apart."""

    role: Literal["person", "agent", "runner"]
    id: str
    on_behalf_of: str = ""
    door: str = ""


SYSTEM = Author("runner", "")


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What every body is."""


class CaseOpened(Fact, frozen=True, omit_defaults=True, gc=False):
    """A request was taken up. Pins the team by digest, the scope and the authority."""

    request: str
    requester: str
    language: str
    team: str
    team_digest: str
    limits: Limits = UNLIMITED
    policy: Policy = NO_POLICY
    collections: tuple[str, ...] = ()
    library_version: int = 0
    viewer_labels: tuple[str, ...] = ()
    """The labels the requester held when the case opened; searches run as this viewer."""


class CaseForked(Fact, frozen=True, omit_defaults=True, gc=False):
    """A new case that goes on from an event of another. The prefix is read from the parent."""

    parent: str
    parent_seq: int
    parent_head: str
    by: str
    limits: Limits = UNLIMITED


class AgentJoined(Fact, frozen=True, omit_defaults=True, gc=False):
    agent: AgentSpec


class AgentLeft(Fact, frozen=True, omit_defaults=True, gc=False):
    agent: str


class TeamChanged(Fact, frozen=True, omit_defaults=True, gc=False):
    """A person changed who works here: from now on the case is pinned to this team. Who joins, changes and leaves
    follows in the same append."""

    team_digest: str
    """SHA-256 of the agents and the policy as they stand after it (`jihwi.case.membership`)."""
    why: str = ""
    source: str = ""
    """The team whose folder a newcomer comes from, and the folder's digest."""
    source_digest: str = ""


class AgentChanged(Fact, frozen=True, omit_defaults=True, gc=False):
    """What an agent may do changed: skills that joined it and left it, and whom else it may give work to. What waited
    for an approval of a skill that left lapses."""

    agent: str
    joined: tuple[SkillSpec, ...] = ()
    left: tuple[str, ...] = ()
    delegates: tuple[str, ...] = ()
    handoffs: tuple[str, ...] = ()


class RunnerAwaited(Fact, frozen=True, omit_defaults=True, gc=False):
    """An assignment needs a mind or a skill that the runner does not have: it waits for a runner that has it."""

    assignment: str
    reason: Reason


class SlotAwaited(Fact, frozen=True, omit_defaults=True, gc=False):
    """A turn or a skill of an assignment has waited a while for a free place: no more may be under way at a time."""

    assignment: str
    reason: Reason


class AssignmentOpened(Fact, frozen=True, omit_defaults=True, gc=False):
    """One line of work began, held by `agent`. The root has no parent and is the case worker's seat."""

    assignment: str
    agent: str
    task: str
    parent: str = ""
    turn: int = 0
    number: int = 0
    inputs: dict[str, Any] = {}
    limits: Limits = UNLIMITED
    join: bool = True
    wait_ms: int = 0
    """How long whoever delegated it waits at most; 0 for as long as it takes."""
    aside: bool = False
    """Small work a person asked for beside the case's course: how it ends decides nothing about the case."""


class WaitingEnded(Fact, frozen=True, omit_defaults=True, gc=False):
    """Whoever delegated an assignment waits for it no longer; it goes on, and its report is read when it comes."""

    assignment: str
    """The one that was waited for."""


class TurnStarted(Fact, frozen=True, omit_defaults=True, gc=False):
    """A mind is about to decide. The basis commits to all it may know; `reserved` counts as spent until it ends."""

    assignment: str
    seat: int
    turn: int
    attempt: int = 1
    mind: MindSpec | None = None
    """`None`: the agent's own, as it joined."""
    basis_seq: int = 0
    """0: the event's cause."""
    reserved: Spending = NOTHING
    rendering: int = 1
    """Version of the rule that turns a view into a prompt."""


class TurnFinished(Fact, frozen=True, omit_defaults=True, gc=False):
    assignment: str
    seat: int
    turn: int
    text: str = ""
    actions: tuple[Action, ...] = ()
    usage: Spending = NOTHING
    model: str = ""
    parameters: dict[str, Any] = {}
    prompt: PromptRecord | None = None


class TurnFailed(Fact, frozen=True, omit_defaults=True, gc=False):
    """A turn ended without a decision. `retry_at_ms` is 0 when it is not tried again. `prompt` is what had been sent to
    a model by then."""

    assignment: str
    seat: int
    turn: int
    attempt: int
    reason: Reason
    usage: Spending = NOTHING
    retry_at_ms: int = 0
    prompt: PromptRecord | None = None


class SkillStarted(Fact, frozen=True, omit_defaults=True, gc=False):
    """A skill is about to run; durable before it does."""

    assignment: str
    seat: int
    turn: int
    number: int
    attempt: int
    skill: str
    version: str = "1"
    action_digest: str = ""
    idempotency_key: str = ""


class SkillFinished(Fact, frozen=True, omit_defaults=True, gc=False):
    """A skill's result. `tainted`: it holds text from a document, a file or the outside (law 9)."""

    assignment: str
    seat: int
    turn: int
    number: int
    result: Any = None
    tainted: bool = False
    usage: Spending = NOTHING


class SkillFailed(Fact, frozen=True, omit_defaults=True, gc=False):
    assignment: str
    seat: int
    turn: int
    number: int
    attempt: int
    reason: Reason
    usage: Spending = NOTHING
    retry_at_ms: int = 0
    tainted: bool = False
    """The reason holds text from outside (law 9)."""


class SkillUncertain(Fact, frozen=True, omit_defaults=True, gc=False):
    """A write was started and nobody knows how it ended: the case worker decides."""

    assignment: str
    seat: int
    turn: int
    number: int
    skill: str
    idempotency_key: str
    reason: Reason | None = None
    """What is known of it; `None`: its runner has ended."""


class UncertaintySettled(Fact, frozen=True, omit_defaults=True, gc=False):
    """What a person found out about an uncertain write."""

    assignment: str
    turn: int
    number: int
    outcome: Literal["happened", "did_not_happen", "run_again"]
    note: str = ""


class CallRefused(Fact, frozen=True, omit_defaults=True, gc=False):
    """An action was not taken, and the mind is told why."""

    assignment: str
    seat: int
    turn: int
    number: int
    reason: Reason


class ApprovalRequested(Fact, frozen=True, omit_defaults=True, gc=False):
    """An exact action waits for an answer. `approval` is its place: assignment/seat/turn/number, then `.n` after
    n edits."""

    approval: str
    assignment: str
    seat: int
    turn: int
    number: int
    action_digest: str
    skill: str
    effect: str
    arguments: dict[str, Any] = {}
    reason: Reason = Reason("approval_rule")
    expires_at_ms: int = 0


class ApprovalAnswered(Fact, frozen=True, omit_defaults=True, gc=False):
    """The answer to the action with this digest; an edit makes a new action with its own digest."""

    approval: str
    action_digest: str
    verdict: Literal["approve", "reject", "edit"]
    arguments: dict[str, Any] = {}
    note: str = ""


class ApprovalLapsed(Fact, frozen=True, omit_defaults=True, gc=False):
    approval: str
    reason: Reason


class ApprovalEscalated(Fact, frozen=True, omit_defaults=True, gc=False):
    approval: str
    deputy: str


class ApprovalReferred(Fact, frozen=True, omit_defaults=True, gc=False):
    """The policy lets the case worker's seat answer an approval: it judges in this assignment. An empty one: it gave
    no plain verdict, and a person decides."""

    approval: str
    assignment: str = ""
    reason: Reason | None = None


class QuestionAsked(Fact, frozen=True, omit_defaults=True, gc=False):
    assignment: str
    seat: int
    turn: int
    number: int
    question: str
    options: tuple[str, ...] = ()


class QuestionAnswered(Fact, frozen=True, omit_defaults=True, gc=False):
    assignment: str
    turn: int
    number: int
    answer: str


class FindingPosted(Fact, frozen=True, omit_defaults=True, gc=False):
    finding: int
    assignment: str
    agent: str
    claim: Claim
    turn: int = 0
    number: int = 0


class FindingDisputed(Fact, frozen=True, omit_defaults=True, gc=False):
    finding: int
    assignment: str
    agent: str
    reason: str
    turn: int = 0
    number: int = 0


class HandedOff(Fact, frozen=True, omit_defaults=True, gc=False):
    """The assignment with its whole context passed to another agent; the seat stays."""

    assignment: str
    turn: int
    number: int
    from_agent: str
    to_agent: str
    note: str = ""


class Reported(Fact, frozen=True, omit_defaults=True, gc=False):
    """An assignment ended with its one typed report."""

    assignment: str
    turn: int
    status: ReportStatus
    text: str = ""
    data: dict[str, Any] = {}
    findings: tuple[int, ...] = ()
    reason: Reason | None = None
    """Why the house ended it, when its mind did not."""
    of_turn: bool = False
    """Text, data and findings are those of the turn's report, and stand there only."""


class AssignmentCancelled(Fact, frozen=True, omit_defaults=True, gc=False):
    assignment: str
    reason: Reason


class SeatChanged(Fact, frozen=True, omit_defaults=True, gc=False):
    """An assignment changed hands from outside; the seat number rises and open approvals lapse."""

    assignment: str
    seat: int
    how: Literal["take", "give", "reassign"]
    agent: str
    mind: MindSpec


class OutcomeTold(Fact, frozen=True, omit_defaults=True, gc=False):
    """A write that was under way when its seat changed hands has ended: whoever holds the seat now is told how. Its
    result stands in the fact it ended with, and there only."""

    assignment: str
    turn: int
    number: int
    skill: str


class ReleaseStarted(Fact, frozen=True, omit_defaults=True, gc=False):
    """A report is about to leave the case: the gate re-checks every sentence, then the files are written."""

    assignment: str
    seat: int
    turn: int
    number: int
    attempt: int
    call: str
    report_digest: str
    by: Literal["person", "policy"] = "policy"


class ReportReleased(Fact, frozen=True, omit_defaults=True, gc=False):
    """A report left the case, and on whose word."""

    assignment: str
    turn: int
    number: int
    report_digest: str
    by: Literal["person", "policy"]
    files: dict[str, str] = {}
    """Name to SHA-256."""
    kinds: dict[str, int] = {}
    """How many sentences of each kind it has."""


class ReleaseRefused(Fact, frozen=True, omit_defaults=True, gc=False):
    """The gate refused a report: which sentences, and why."""

    assignment: str
    turn: int
    number: int
    report_digest: str
    reason: Reason
    sentences: tuple[str, ...] = ()


class Noticed(Fact, frozen=True, omit_defaults=True, gc=False):
    """The governor or a person tells an assignment something; its mind reads it at the next turn."""

    assignment: str
    reason: Reason
    by: str = ""


class TimerSet(Fact, frozen=True, omit_defaults=True, gc=False):
    timer: str
    at_ms: int


class TimerFired(Fact, frozen=True, omit_defaults=True, gc=False):
    timer: str


class LimitsChanged(Fact, frozen=True, omit_defaults=True, gc=False):
    """New limits for an assignment, or for the case when `assignment` is empty."""

    limits: Limits
    assignment: str = ""


class CasePaused(Fact, frozen=True, omit_defaults=True, gc=False):
    reason: Reason


class CaseResumed(Fact, frozen=True, omit_defaults=True, gc=False):
    pass


class CaseParked(Fact, frozen=True, omit_defaults=True, gc=False):
    """The house stopped the case, says why in plain words, and names the choices open to the case worker."""

    reason: Reason
    assignment: str = ""
    choices: tuple[str, ...] = ()


class CaseCancelled(Fact, frozen=True, omit_defaults=True, gc=False):
    reason: Reason


class CaseClosed(Fact, frozen=True, omit_defaults=True, gc=False):
    status: ReportStatus
    text: str = ""
    """The answer, where it is not the root's report."""


class CaseReopened(Fact, frozen=True, omit_defaults=True, gc=False):
    """A person took a closed case up again; the assignment that is opened with it says what for."""


class ContextCompacted(Fact, frozen=True, omit_defaults=True, gc=False):
    """The first `entries` entries of a transcript are shown to the mind as `summary` from now on; nothing is lost
    from the log."""

    assignment: str
    entries: int
    summary: str
    seat: int = 0
    """The seat for which it was made; a later seat's transcript is left alone. 0 where none is named."""


class RunnerTookOver(Fact, frozen=True, omit_defaults=True, gc=False):
    """A runner drives the case on; what an earlier one had started and not finished is known to be lost."""

    runner: str
    epoch: int


class SentenceJudged(Fact, frozen=True, omit_defaults=True):
    """A reader's verdict on one sentence of a released report, and why. It changes nothing in the case."""

    report_digest: str
    number: int
    """From 1: the answer's sentences, then each section's."""
    verdict: Literal["good", "bad"]
    reason: str = ""


class ReportEdited(Fact, frozen=True, omit_defaults=True):
    """A person changed a report by hand. The sentences that stand there now have the kinds they could prove."""

    call: str
    """The place of the call that composed it."""
    before: str
    """Digest of the report as it stood; and of what it became."""
    after: str
    how: Literal["replace", "add", "remove", "move"]
    part: int
    """0: the answer; the sections from 1."""
    at: int
    """Place of the first sentence it is about, from 0."""
    was: tuple[Sentence, ...] = ()
    now: tuple[Sentence, ...] = ()
    to_part: int = 0
    to_at: int = 0
    """move: where it went."""
    proposal: str = ""
    """The assignment whose proposal was accepted."""


class ProposalDiscarded(Fact, frozen=True, omit_defaults=True, gc=False):
    """A person did not want what an assignment proposed for a passage of a report."""

    assignment: str
    why: str = ""


class SourcesChanged(Fact, frozen=True, omit_defaults=True):
    """Files that the case cites were read otherwise, moved or gone: each quotation that stood on them was looked for
    by its words, and stands elsewhere now or is lost."""

    report_digest: str
    """The released report whose sentences it numbers; empty when none has left."""
    rechecked: tuple[Rechecked, ...]


class BodyErased(Fact, frozen=True, omit_defaults=True, gc=False):
    """The body of an earlier event was erased with its salt (retention, personal data); its header stays."""

    seq: int
    reason: Reason


Body = (
    CaseOpened
    | CaseForked
    | AgentJoined
    | AgentLeft
    | TeamChanged
    | AgentChanged
    | RunnerAwaited
    | SlotAwaited
    | AssignmentOpened
    | WaitingEnded
    | TurnStarted
    | TurnFinished
    | TurnFailed
    | SkillStarted
    | SkillFinished
    | SkillFailed
    | SkillUncertain
    | UncertaintySettled
    | OutcomeTold
    | CallRefused
    | ApprovalRequested
    | ApprovalAnswered
    | ApprovalLapsed
    | ApprovalEscalated
    | ApprovalReferred
    | QuestionAsked
    | QuestionAnswered
    | FindingPosted
    | FindingDisputed
    | HandedOff
    | Reported
    | AssignmentCancelled
    | SeatChanged
    | ReleaseStarted
    | ReportReleased
    | ReleaseRefused
    | Noticed
    | TimerSet
    | TimerFired
    | LimitsChanged
    | CasePaused
    | CaseResumed
    | CaseParked
    | CaseCancelled
    | CaseClosed
    | CaseReopened
    | ContextCompacted
    | RunnerTookOver
    | SentenceJudged
    | ReportEdited
    | ProposalDiscarded
    | SourcesChanged
    | BodyErased
)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


KINDS: dict[str, tuple[type[Fact], int]] = {_snake(t.__name__): (t, 1) for t in Body.__args__}
"""Kind to its body's type and newest version. History: every kind, version 1, first release."""

_KIND_OF: dict[type, str] = {t: kind for kind, (t, _) in KINDS.items()}


def kind_of(body: Fact) -> str:
    """The kind of a body.

    >>> kind_of(CaseResumed())
    'case_resumed'
    """
    return _KIND_OF[type(body)]


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An event not yet in the log: it has no number, time or place in the chain."""

    body: Body
    author: Author = SYSTEM
    cause: int = 0
    """The event that led to this one; 0 for none."""
    labels: tuple[str, ...] = ()
    """The union of the labels of every document whose text is in the body; sorted."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """A fact with its number, its time and its author. `body` is `None` when it was erased."""

    case_id: str
    seq: int
    at_ms: int
    kind: str
    author: Author
    cause: int
    labels: tuple[str, ...]
    body: Body | None
    head: bytes
    """SHA-256 of the stored header: the head of the chain after this event."""

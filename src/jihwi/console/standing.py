"""How a case stands, as its page shows it: the tree of assignments with the baton, the budget, what waits."""

from __future__ import annotations

from typing import Literal

import msgspec

from jihwi.case.budget import Limits, Spending
from jihwi.case.events import CaseForked
from jihwi.case.reasons import say as say_reason
from jihwi.case.reasons import say_overtaken, sees_end_of
from jihwi.case.rechecking import lost_in
from jihwi.case.state import Assignment, Case, waits
from jihwi.console.cases import Kept
from jihwi.console.telling import Told, agent_name, tell_all
from jihwi.console.waiting import Waiting, waiting_in
from jihwi.evidence import Viewer
from jihwi.words import Language

__all__ = ["WINDOW", "CasePage", "FindingShown", "Measure", "Node", "case_page", "is_erased", "standing_of"]

WINDOW = 150
"""How many events of the timeline are shown at once."""

Standing = Literal["new", "working", "waits", "paused", "parked", "done", "partial", "failed", "cancelled"]


class Measure(msgspec.Struct, frozen=True):
    """One thing that can run out. `most` is 0 when nothing limits it."""

    name: Literal["turns", "tokens", "seconds", "handoffs"]
    used: int
    held: int
    most: int


class Node(msgspec.Struct, frozen=True):
    """One assignment in the tree."""

    id: str
    agent: str
    name: str
    mind: str
    holder: str
    """The person who sits in the seat; empty otherwise."""
    task: str
    open: bool
    baton: bool
    """Whether the next move is theirs: a turn or a call of theirs is under way or due."""
    doing: str
    """`thinking`, `acting`, `waiting`, `yours`, `ended` or `failed`."""
    calls: tuple[str, ...]
    """Skills under way."""
    turn: int
    seat: int
    trail: tuple[str, ...]
    """Who held it before, in order."""
    turns_spent: int
    withheld: bool
    awaits: str = ""
    """What it needs that no runner has had so far."""
    waited_for: bool = False
    """Whether whoever delegated it waits for its report."""
    children: tuple[Node, ...] = ()


class FindingShown(msgspec.Struct, frozen=True):
    """A finding on the case page, with where its first quotation stands."""

    number: int
    who: str
    text: str
    disputes: tuple[str, ...]
    document: str = ""
    reading: str = ""
    start: int = -1
    end: int = -1


class Member(msgspec.Struct, frozen=True):
    """An agent that works in the case."""

    name: str
    shown: str
    skills: tuple[str, ...]
    seats: int
    """How many open assignments it holds."""


class Newcomer(msgspec.Struct, frozen=True):
    """An agent that could join the case."""

    team: str
    agent: str
    shown: str


class CasePage(msgspec.Struct, frozen=True):
    """A case as its page shows it."""

    id: str
    request: str
    requester: str
    team: str
    standing: Standing
    reason: str
    opened_ms: int
    changed_ms: int
    seq: int
    head: str
    language: str
    asks_before_release: bool
    collections: tuple[str, ...]
    measures: tuple[Measure, ...]
    tree: tuple[Node, ...]
    waiting: tuple[Waiting, ...]
    findings: tuple[FindingShown, ...]
    released: bool
    draft: str
    """The newest call whose result is a report not yet released; empty for none."""
    timeline: tuple[Told, ...]
    first: int
    """Number of the first event in the timeline's window."""
    agents: tuple[tuple[str, str], ...]
    skills: dict[str, tuple[str, ...]] = {}
    """Assignments a person may act in: the skills of the seat."""
    members: tuple[Member, ...] = ()
    newcomers: tuple[Newcomer, ...] = ()
    """Agents of the teams of this house that are not in the case; only for who may let them join."""
    spare_skills: tuple[str, ...] = ()
    """The skills of this house, which may join an agent; only for the same."""
    lost: int = 0
    """Places that stand on evidence which is no longer in its document, since that has changed."""
    unclear: tuple[tuple[str, str], ...] = ()
    """Writes that were under way when their work was ended: place and skill."""
    overtaken: tuple[str, ...] = ()
    """What is to be said of writes that were under way when their seat changed hands."""
    trouble: str = ""
    erased: bool = False
    """The texts it began with were erased: nothing is known of it but its headers."""
    last_words: str = ""
    """What the case worker's seat said at the end of a case from which no report has left; not held against any
    document."""
    parent: str = ""
    """The case this one was forked from, and at which of its events."""
    parent_seq: int = 0


def standing_of(case: Case) -> Standing:
    """One word for how a case stands."""
    if case.status == "closed":
        return "done" if case.outcome == "done" else "partial" if case.outcome == "partial" else "failed"
    if case.status != "open":
        return case.status
    return "waits" if waits(case) else "working"


def is_erased(case: Case) -> bool:
    """Whether the facts it began with were erased: somebody must have joined it, and nobody is known."""
    return case.seq > 0 and not case.agents


def case_page(
    kept: Kept, language: Language, viewer: Viewer, *, before: int = 0, after: int = 0, window: int = WINDOW
) -> CasePage:
    """A case with the newest events, or a window before or after an event's number."""
    case, events = kept.case, kept.events
    last = min(len(events), before - 1) if before else (min(len(events), after + window) if after else len(events))
    first = max(0, last - window)
    times = {event.seq: event.at_ms for event in events}
    visible = viewer.may_see(case.labels)
    return CasePage(
        id=case.id,
        request=case.request,
        requester=case.requester,
        team=case.team,
        standing=standing_of(case),
        reason=say_reason(case.reason, language) if case.reason and case.status != "open" else "",
        opened_ms=case.opened_ms or (events[0].at_ms if events else 0),
        changed_ms=case.now_ms,
        seq=case.seq,
        head=case.head.hex(),
        language=case.language,
        asks_before_release=case.policy.release == "person",
        collections=case.collections,
        measures=_measures(case),
        tree=tuple(_node(case, one, language, viewer) for one in case.assignments.values() if not one.parent),
        waiting=tuple(waiting_in(case, language, viewer, times)),
        findings=tuple(_finding(case, number, language) for number in range(len(case.findings))) if visible else (),
        lost=len(lost_in(case)) if visible else 0,
        unclear=tuple(case.unclear.items()),
        overtaken=tuple(
            say_overtaken(one, language, seen=sees_end_of(viewer, case, one)) for one in case.overtaken.values()
        ),
        released=bool(case.files),
        erased=is_erased(case),
        last_words=case.answer if visible and case.status == "closed" and not case.files else "",
        draft=_draft(case),
        timeline=tuple(tell_all(kept, events[first:last], language, viewer)),
        first=first + 1,
        agents=tuple((name, agent_name(case, name, language)) for name in case.agents),
        skills={
            one.id: tuple(case.skills.get(one.agent, {}))
            for one in case.assignments.values()
            if one.open and one.mind.kind == "person"
        },
        members=tuple(
            Member(
                name,
                agent_name(case, name, language),
                tuple(case.skills.get(name, {})),
                sum(1 for one in case.open_ids if case.assignments[one].agent == name),
            )
            for name in case.agents
        ),
        parent=case.parent,
        parent_seq=_parent_seq(kept),
    )


def _parent_seq(kept: Kept) -> int:
    body = kept.events[0].body if kept.events else None
    return body.parent_seq if isinstance(body, CaseForked) else 0


_SAID_IN_REPORTS = frozenset({"answer", "sections", "contradictions", "not_found"})
"""What a report says; one that found nothing has no answer, and waits to be let go all the same."""


def _draft(case: Case) -> str:
    """The newest result that looks like a report, unless it left: a release, or a person, may ask for it."""
    for place in reversed(case.results):
        value = case.results[place]
        if isinstance(value, dict) and "request" in value and not _SAID_IN_REPORTS.isdisjoint(value):
            return "" if case.files and place == case.released_call else place
    return ""


def _measures(case: Case) -> tuple[Measure, ...]:
    root = case.assignments.get(case.course)
    spent = root.spent if root else Spending()
    held = root.reserved if root else Spending()
    limits = case.limits if root is None else root.limits if root.limits != Limits() else case.limits
    found = [
        Measure("turns", spent.turns, held.turns, limits.turns or 0),
        Measure("handoffs", spent.handoffs, held.handoffs, limits.handoffs or 0),
    ]
    if limits.ms:
        found.append(Measure("seconds", spent.ms // 1000, held.ms // 1000, limits.ms // 1000))
    if spent.tokens or held.tokens or limits.tokens:
        found.append(Measure("tokens", spent.tokens, held.tokens, limits.tokens or 0))
    return tuple(found)


def _node(case: Case, one: Assignment, language: Language, viewer: Viewer) -> Node:
    children = [_node(case, child, language, viewer) for child in case.assignments.values() if child.parent == one.id]
    running = tuple(
        str(getattr(action.action, "skill", "release")) for action in one.actions if action.status == "running"
    )
    visible = viewer.may_see(one.labels)
    doing = _doing(case, one, bool(running))
    return Node(
        id=one.id,
        agent=one.agent,
        name=agent_name(case, one.agent, language),
        mind=one.mind.kind,
        holder=one.mind.name if one.mind.kind == "person" else "",
        task=one.task if visible else "",
        open=one.open,
        baton=case.status == "open" and doing in ("thinking", "acting", "yours"),
        doing=doing,
        calls=running,
        turn=one.turn,
        seat=one.seat,
        trail=tuple(agent_name(case, name, language) for name in one.handoffs[:-1]),
        turns_spent=one.spent.turns,
        withheld=not visible,
        awaits=say_reason(one.awaits, language) if one.awaits is not None else "",
        waited_for=_waited_for(case, one),
        children=tuple(children),
    )


def _waited_for(case: Case, one: Assignment) -> bool:
    parent = case.assignments.get(one.parent)
    if parent is None or not (one.open and one.join and parent.open) or parent.turn != one.parent_turn:
        return False
    return one.parent_number < len(parent.actions) and parent.actions[one.parent_number].status == "asked"


def _doing(case: Case, one: Assignment, running: bool) -> str:
    if not one.open:
        failed = one.report is None or one.report.status == "failed"
        return "failed" if failed else "ended"
    if case.status in ("cancelled", "closed"):
        return "ended"
    if one.mind.kind == "person" and one.turn_status == "due":
        return "yours"
    if running:
        return "acting"
    if one.turn_status in ("running", "due", "lost", "waiting", "empty"):
        return "thinking"
    return "waiting"


def _finding(case: Case, index: int, language: Language) -> FindingShown:
    one = case.findings[index]
    name = agent_name(case, one.agent, language)
    if not one.claim.quotations:
        return FindingShown(one.number, name, one.claim.text, one.disputes)
    quotation = one.claim.quotations[0]
    return FindingShown(
        one.number,
        name,
        one.claim.text,
        one.disputes,
        quotation.document_id,
        quotation.reading,
        quotation.start,
        quotation.end,
    )

"""Who works in a running case: agents and skills that join and leave it from outside, as facts.

A change pins the case to another team, by a digest anybody can compute again from the log. What a leaving agent held
goes to another agent or waits before the person who sent it away; what waited for its approvals lapses with the seat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import AgentSpec, MindSpec, Policy, Reason, SkillSpec
from jihwi.case.said import alive, by_person, refuse
from jihwi.case.state import Assignment, Case
from jihwi.case.turn import Call, Release
from jihwi.words import Language

__all__ = ["changed_words", "join", "join_skills", "leave", "leave_skills", "nothing_half_done", "team_digest"]


def team_digest(agents: Iterable[AgentSpec], policy: Policy) -> str:
    """SHA-256 of a team as it stands in a case: its agents by name, with instructions and skills, and the policy.

    >>> team_digest([], Policy()) == team_digest([], Policy(deputy="lee"))
    False
    """
    team = {"agents": sorted(agents, key=lambda one: one.name), "policy": policy}
    return hashlib.sha256(msgspec.json.encode(team, order="deterministic")).hexdigest()


def join(
    case: Case,
    agent: AgentSpec,
    *,
    by: str,
    delegated_by: Iterable[str] = (),
    handed_by: Iterable[str] = (),
    source: str = "",
    source_digest: str = "",
    words: str = "",
) -> list[e.Draft]:
    """An agent joins the case. `delegated_by` and `handed_by` may give it work from now on; with neither, the case
    worker may delegate to it. Whoever may is told at its next turn. Raises CommandRefused.
    """
    alive(case)
    if agent.name in case.agents:
        refuse(case, f"'{agent.name}'은(는) 이미 이 사건에 있습니다.", f"'{agent.name}' is already in this case.")
    delegating, handing = tuple(delegated_by), tuple(handed_by)
    if not delegating and not handing:
        delegating = (case.assignments[case.course].agent,)
    for name in (*delegating, *handing):
        _known(case, name)
    changes = [
        e.AgentChanged(
            name,
            delegates=(agent.name,) if name in delegating else (),
            handoffs=(agent.name,) if name in handing else (),
        )
        for name in dict.fromkeys((*delegating, *handing))
    ]
    agents = {**case.agents, agent.name: agent}
    for change in changes:
        agents[change.agent] = _changed(agents[change.agent], change)
    pinned = e.TeamChanged(team_digest(agents.values(), case.policy), words, source, source_digest)
    reason = Reason("agent_joined", {"agent": agent.name, "title": agent.title or agent.name})
    told = _tell(case, {change.agent for change in changes}, reason, by)
    joined = e.Draft(e.AgentJoined(agent), e.Author("person", by), case.seq)
    after: list[e.Body] = [*changes, *told]
    return [by_person(by, pinned), joined, *(by_person(by, body) for body in after)]


def leave(case: Case, name: str, *, by: str, to: str = "", words: str = "") -> list[e.Draft]:
    """An agent leaves the case. Its seats pass to the agent `to`; without one they wait before `by`, in the case
    worker's name. A person who sits in one stays in it. The case worker leaves only when `to` takes its place.

    Raises CommandRefused, also while a write of it is under way or uncertain.
    """
    alive(case)
    _known(case, name)
    heir = to or case.assignments[case.course].agent
    if heir == name:
        refuse(
            case,
            "담당 에이전트는 대신할 에이전트를 정해야 나갈 수 있습니다.",
            "The case worker's agent leaves only when another one takes its place.",
        )
    _known(case, heir)
    held = [case.assignments[one] for one in case.open_ids if case.assignments[one].agent == name]
    for assignment in held:
        nothing_half_done(case, assignment)
    agents = {key: one for key, one in case.agents.items() if key != name}
    pinned = e.TeamChanged(team_digest(agents.values(), case.policy), words)
    seats = [_inherited(case, assignment, heir, by, handed=bool(to)) for assignment in held]
    givers = {one.name for one in agents.values() if name in (*one.delegates, *one.handoffs)}
    told = _tell(case, givers, Reason("agent_gone", {"agent": name}), by, but={one.id for one in held})
    facts: list[e.Body] = [pinned, *seats, e.AgentLeft(name), *told]
    return [by_person(by, body) for body in facts]


def join_skills(case: Case, name: str, skills: Iterable[SkillSpec], *, by: str, words: str = "") -> list[e.Draft]:
    """Skills join an agent; it is told at its next turn. Raises CommandRefused."""
    joined = tuple(skills)
    for skill in joined:
        if skill.name in case.skills.get(name, {}):
            refuse(case, f"'{name}'에게 이미 있는 기술입니다: {skill.name}", f"'{name}' has the skill: {skill.name}")
    return _change(case, e.AgentChanged(name, joined=joined), by, words)


def leave_skills(case: Case, name: str, skills: Iterable[str], *, by: str, words: str = "") -> list[e.Draft]:
    """Skills leave an agent: open approvals of them lapse, and its mind reads why. Raises CommandRefused, also while a
    write by one of them is under way or uncertain."""
    left = tuple(skills)
    _known(case, name)
    for skill in left:
        if skill not in case.skills[name]:
            refuse(case, f"'{name}'에게 없는 기술입니다: {skill}", f"'{name}' has no skill '{skill}'.")
    for assignment in (case.assignments[one] for one in case.open_ids):
        if assignment.agent == name:
            nothing_half_done(case, assignment, left)
    return _change(case, e.AgentChanged(name, left=left), by, words)


def _change(case: Case, change: e.AgentChanged, by: str, words: str) -> list[e.Draft]:
    alive(case)
    _known(case, change.agent)
    agents = {**case.agents, change.agent: _changed(case.agents[change.agent], change)}
    pinned = e.TeamChanged(team_digest(agents.values(), case.policy), words)
    named = {
        "joined": ", ".join(skill.name for skill in change.joined) or "-",
        "left": ", ".join(change.left) or "-",
    }
    told = _tell(case, {change.agent}, Reason("skills_changed", named), by)
    facts: list[e.Body] = [pinned, change, *told]
    return [by_person(by, body) for body in facts]


def _changed(agent: AgentSpec, change: e.AgentChanged) -> AgentSpec:
    """The agent after the change, as the fold makes it."""
    joined = {skill.name for skill in change.joined}
    kept = tuple(skill for skill in agent.skills if skill.name not in joined and skill.name not in change.left)
    return msgspec.structs.replace(
        agent,
        skills=(*kept, *change.joined),
        delegates=tuple(dict.fromkeys((*agent.delegates, *change.delegates))),
        handoffs=tuple(dict.fromkeys((*agent.handoffs, *change.handoffs))),
    )


def _inherited(case: Case, assignment: Assignment, heir: str, by: str, *, handed: bool) -> e.SeatChanged:
    seat = assignment.seat + 1
    if assignment.mind.kind == "person" and assignment.mind.name:
        return e.SeatChanged(assignment.id, seat, "take", heir, assignment.mind)
    if handed:
        return e.SeatChanged(assignment.id, seat, "reassign", heir, case.agents[heir].mind)
    return e.SeatChanged(assignment.id, seat, "take", heir, MindSpec("person", by))


_HALF_DONE = ("running", "waiting", "lost", "uncertain")


def nothing_half_done(case: Case, assignment: Assignment, skills: tuple[str, ...] | None = None) -> None:
    """Refuse while a write that only this seat knows of has begun and not ended."""
    for action in assignment.actions:
        name = action.action.skill if isinstance(action.action, Call) else ""
        spec = case.skills.get(assignment.agent, {}).get(name)
        writes = isinstance(action.action, Release) or (spec is not None and spec.effect != "read")
        if not writes or action.status not in _HALF_DONE or (skills and name not in skills):
            continue
        what = f"'{name or 'release'}' ({assignment.id}/{action.number})"
        refuse(
            case,
            f"아직 끝나지 않은 작업이 있습니다: {what}. 끝나거나 어떻게 되었는지 확인한 뒤에 다시 하십시오.",
            f"{what} has not ended. Wait for its end, or settle how it ended, and try again.",
        )


def _tell(
    case: Case, agents: set[str], reason: Reason, by: str, *, but: set[str] | frozenset[str] = frozenset()
) -> list[e.Noticed]:
    """A word to every open assignment that one of these agents holds."""
    held = [case.assignments[one] for one in case.open_ids if one not in but]
    return [e.Noticed(one.id, reason, by) for one in held if one.agent in agents]


def _known(case: Case, name: str) -> None:
    if name not in case.agents:
        known = ", ".join(case.agents)
        refuse(case, f"'{name}'은(는) 이 사건에 없습니다: {known}", f"'{name}' is not in this case: {known}")


_CHANGES: Mapping[str, tuple[str, str]] = {
    "joined": ("들어온 기술: {names}", "skills joined: {names}"),
    "left": ("빠진 기술: {names}", "skills left: {names}"),
    "delegates": ("이제 맡길 수 있음: {names}", "may now delegate to: {names}"),
    "handoffs": ("이제 넘길 수 있음: {names}", "may now hand off to: {names}"),
}


def changed_words(change: e.AgentChanged, language: Language) -> str:
    """What changed about an agent, in a line.

    >>> changed_words(e.AgentChanged("clerk", left=("send",), delegates=("judge",)), "en")
    'skills left: send; may now delegate to: judge'
    """
    names = {
        "joined": [skill.name for skill in change.joined],
        "left": change.left,
        "delegates": change.delegates,
        "handoffs": change.handoffs,
    }
    which = 0 if language == "ko" else 1
    return "; ".join(_CHANGES[key][which].format(names=", ".join(some)) for key, some in names.items() if some)

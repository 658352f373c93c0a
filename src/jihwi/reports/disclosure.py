"""How a report was made, from the case's log: agents, minds, prompts, time, budget, and the ledger's head."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jihwi.case import events as e
from jihwi.case.budget import NOTHING, Spending
from jihwi.case.fold import fold
from jihwi.house import Signed
from jihwi.reports.prompts import Seats

__all__ = ["AgentAtWork", "Disclosure", "PromptOf", "disclose"]


class AgentAtWork(msgspec.Struct, frozen=True):
    """One agent and what it did."""

    name: str
    title: str
    minds: tuple[str, ...]
    """`procedure`, `person`, or `model NAME`."""
    turns: int
    calls: int
    instructions_digest: str


class PromptOf(msgspec.Struct, frozen=True):
    """One turn's prompt: where it is and what it commits to. `model` is empty where no answer came."""

    event: int
    assignment: str
    agent: str
    turn: int
    model: str
    digest: str


class Disclosure(msgspec.Struct, frozen=True):
    """How it was made."""

    case_id: str
    team: str
    team_digest: str
    requester: str
    opened_ms: int
    at_ms: int
    agents: tuple[AgentAtWork, ...]
    models: tuple[str, ...]
    """Empty: no model took part."""
    persons: tuple[str, ...]
    """Who decided something in the case."""
    spent: Spending
    """By the case's course, its follow-ups, and what was asked for beside it."""
    events: int
    head: str
    prompts: tuple[PromptOf, ...]
    signed: Signed | None = None
    """The release's signature: over the report and the head it stands on."""


def disclose(case_id: str, log: Sequence[e.Event], digest_of: dict[str, str]) -> Disclosure:
    """How the case came to where `log` ends. `digest_of` gives the digest of each agent's instructions."""
    case = fold(case_id, log)
    turns: dict[str, int] = {}
    calls: dict[str, int] = {}
    minds: dict[str, dict[str, None]] = {}
    models: dict[str, None] = {}
    persons: dict[str, None] = {}
    prompts: list[PromptOf] = []
    seats = Seats()
    for event in log:
        seats.see(event.body)
        if event.author.role == "person" and not isinstance(
            event.body, e.CaseOpened | e.AgentJoined | e.AssignmentOpened
        ):
            persons[event.author.id] = None
        match event.body:
            case e.TurnFinished() as body:
                name = event.author.id
                turns[name] = turns.get(name, 0) + 1
                kind = f"model {body.model}" if body.model else "procedure"
                minds.setdefault(name, {})["person" if event.author.role == "person" else kind] = None
                if body.model:
                    models[body.model] = None
                if body.prompt is not None:
                    prompt = PromptOf(event.seq, body.assignment, name, body.turn, body.model, body.prompt.digest)
                    prompts.append(prompt)
            case e.TurnFailed() as body if body.prompt is not None:
                agent = seats.of(body.assignment)
                prompts.append(PromptOf(event.seq, body.assignment, agent, body.turn, "", body.prompt.digest))
            case e.SkillStarted():
                calls[event.author.id] = calls.get(event.author.id, 0) + 1
    agents = tuple(
        AgentAtWork(
            agent.name,
            agent.title or agent.name,
            tuple(minds.get(agent.name, {})),
            turns.get(agent.name, 0),
            calls.get(agent.name, 0),
            digest_of.get(agent.name, ""),
        )
        for agent in case.agents.values()
    )
    spent = NOTHING
    for one in case.assignments.values():
        spent = spent if one.parent else spent.plus(one.spent)
    return Disclosure(
        case_id,
        case.team,
        case.team_digest,
        case.requester,
        case.opened_ms,
        case.now_ms,
        agents,
        tuple(models),
        tuple(persons),
        spent,
        case.seq,
        case.head.hex(),
        tuple(prompts),
    )

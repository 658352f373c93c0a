"""Every prompt of a case, rebuilt byte for byte from its parts, the instructions each agent worked under, and which of
them each sentence of the released report goes back to."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import AgentSpec
from jihwi.case.turn import PromptRecord
from jihwi.errors import StoreCorrupt
from jihwi.reports.provenance import trace_released

__all__ = ["Seats", "disclosed_prompts", "rebuild"]

Blob = Callable[[str], Awaitable[bytes | None]]


async def rebuild(records: dict[int, PromptRecord], seq: int, blob: Blob) -> bytes:
    """The request body of the turn recorded at event `seq`, exactly as it was sent.

    Raises StoreCorrupt when a part is missing or the whole has another digest.
    """
    body = b"".join([await _part(digest, blob) for digest in _parts(records, seq)])
    if hashlib.sha256(body).hexdigest() != records[seq].digest:
        raise StoreCorrupt("prompts", f"the prompt of event {seq} has another digest")
    return body


def _parts(records: dict[int, PromptRecord], seq: int) -> list[str]:
    own: list[tuple[int, tuple[str, ...]]] = []
    at: int = seq
    while at:
        record = records[at]
        own.append((record.keep, record.parts))
        at = record.parent
    parts: list[str] = []
    for keep, new in reversed(own):
        parts = [*parts[:keep], *new]
    return parts


async def _part(digest: str, blob: Blob) -> bytes:
    data = await blob(digest)
    if data is None:
        raise StoreCorrupt("prompts", f"the part {digest[:12]} is missing")
    return data


class _Sent:
    """The records of a log under their places in it: a fork counts its own events from 1, as its parent did."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._records: dict[int, PromptRecord] = {}
        self._places: dict[int, list[int]] = {}
        """An event number to the places it stands at, the newest last."""

    async def request(self, place: int, seq: int, record: PromptRecord) -> bytes:
        """The request body of the turn at `place`. Raises StoreCorrupt."""
        parents = list(reversed(self._places.get(record.parent, []))) if record.parent else [0]
        self._places.setdefault(seq, []).append(place)
        failed = StoreCorrupt("prompts", f"the prompt before that of event {seq} is missing")
        for parent in parents:
            self._records[place] = msgspec.structs.replace(record, parent=parent)
            try:
                return await rebuild(self._records, place, self._blob)
            except StoreCorrupt as problem:
                failed = problem
        raise failed


class Seats:
    """Which agent sits where, from one event of a log to the next."""

    def __init__(self) -> None:
        self._agents: dict[str, str] = {}

    def see(self, body: e.Body | None) -> None:
        """Take the next event's body into account."""
        match body:
            case e.AssignmentOpened() | e.SeatChanged():
                self._agents[body.assignment] = body.agent
            case e.HandedOff():
                self._agents[body.assignment] = body.to_agent

    def of(self, assignment: str) -> str:
        """The name; empty for a line of work whose beginning was not among the events."""
        return self._agents.get(assignment, "")


async def disclosed_prompts(log: Sequence[e.Event], blob: Blob) -> dict[str, Any]:
    """Everything a reader needs to cite the AI with its prompts: agents with their instructions, turns with the
    request bodies as sent, the answers, the models and their parameters, and how each released sentence came about.
    A turn that `failed` has no answer, but what was sent had left; the reason names the endpoint."""
    sent = _Sent(blob)
    agents: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    seats = Seats()
    for place, event in enumerate(log, start=1):
        body = event.body
        seats.see(body)
        match body:
            case e.AgentJoined():
                agents.append(_agent(body.agent))
            case e.TurnFinished() | e.TurnFailed() if body.prompt is not None:
                request = await sent.request(place, event.seq, body.prompt)
                turns.append(_turn(event, body, body.prompt.digest, request, seats.of(body.assignment)))
    sentences = msgspec.to_builtins(trace_released(log))
    return {"agents": agents, "turns": turns, "sentences": sentences}


def _agent(agent: AgentSpec) -> dict[str, Any]:
    return {
        "name": agent.name,
        "title": agent.title,
        "mind": msgspec.to_builtins(agent.mind),
        "instructions": agent.instructions,
        "skills": [msgspec.to_builtins(skill) for skill in agent.skills],
    }


def _turn(
    event: e.Event, body: e.TurnFinished | e.TurnFailed, digest: str, request: bytes, seated: str
) -> dict[str, Any]:
    """`seated`: the agent in the seat, by which a turn that failed is known; one that is finished has an author."""
    turn: dict[str, Any] = {
        "case": event.case_id,
        "event": event.seq,
        "assignment": body.assignment,
        "turn": body.turn,
        "agent": event.author.id if isinstance(body, e.TurnFinished) else seated,
        "model": "",
        "parameters": {},
        "digest": digest,
        "request": request.decode("utf-8", "replace"),
        "answer": "",
        "actions": [],
    }
    if isinstance(body, e.TurnFailed):
        return turn | {"failed": {"reason": body.reason.code, **body.reason.params}}
    actions = msgspec.to_builtins(body.actions)
    return turn | {"model": body.model, "parameters": body.parameters, "answer": body.text, "actions": actions}

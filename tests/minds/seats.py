"""A seat for tests: views that grow turn by turn as the fold would grow them, and the prompts of all its turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jihwi.case.assignment import AgentSpec, MindSpec
from jihwi.case.budget import Limits
from jihwi.case.turn import CallSettled, Entry, Finding, PromptRecord, TaskGiven, Transcript, Turn, TurnTaken, View
from jihwi.minds import SkillShown, rebuild_prompt

SEARCH = SkillShown(
    "search",
    "자료에서 찾는다.",
    {
        "type": "object",
        "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}},
        "required": ["query"],
    },
)
RESEARCHER = AgentSpec(
    "researcher",
    MindSpec("model", "local"),
    "조사원",
    "자료를 찾아 근거와 함께 알립니다.",
    handoffs=("writer",),
    delegates=("checker",),
)
WRITER = AgentSpec("writer", MindSpec("model", "local"), "작성자", "보고서를 씁니다.")


def a_view(*entries: Entry, agent: AgentSpec = RESEARCHER, **given: Any) -> View:
    fields: dict[str, Any] = {
        "case_id": "c0000000000001",
        "assignment": "a1.1",
        "seat": 1,
        "turn": 1 + sum(isinstance(entry, TurnTaken) for entry in entries),
        "agent": agent,
        "mind": agent.mind,
        "request": "2026년 예산은 얼마입니까?",
        "language": "ko",
        "task": "예산액을 찾으십시오.",
        "inputs": {},
        "transcript": Transcript(list(entries)),
        "findings": (),
        "budget_left": Limits(),
        "agents": (RESEARCHER, WRITER),
    }
    return View(**{**fields, **given})


class Seat:
    """One assignment over many turns: what its mind did, and what the log would hold of its prompts."""

    def __init__(self, agent: AgentSpec = RESEARCHER, **given: Any) -> None:
        self.agent = agent
        self.given = given
        self.entries: list[Entry] = [TaskGiven("예산액을 찾으십시오.", "worker")]
        self.records: list[PromptRecord] = []
        self.stored: dict[str, bytes] = {}
        self.sizes: list[int] = []
        self.findings: tuple[Finding, ...] = ()
        self._seq = 0
        self._at = {0: -1}

    def view(self) -> View:
        last = self.records[-1] if self.records else None
        return a_view(
            *self.entries,
            agent=self.agent,
            findings=self.findings,
            prompt_parent=self._seq,
            prompt_digest=last.digest if last else "",
            **self.given,
        )

    def took(self, turn: Turn, results: Sequence[Any] = ()) -> None:
        """The turn becomes a fact, and each of its actions ends with one of `results` (the last one repeats)."""
        assert turn.prompt is not None
        view = self.view()
        self._seq += 10
        self._at[self._seq] = len(self.records)
        self.records.append(turn.prompt)
        self.stored.update(turn.parts)
        self.sizes.append(sum(map(len, turn.parts.values())))
        self.entries.append(TurnTaken(view.turn, self.agent.name, turn.text, turn.actions))
        for number, _ in enumerate(turn.actions):
            value = results[min(number, len(results) - 1)] if results else {"ok": True}
            self.entries.append(CallSettled(view.turn, number, "search", "finished", value))

    def body(self, index: int) -> bytes:
        """The request of a turn, put together from the log alone."""
        chain = [self.records[index]]
        while chain[0].parent:
            chain.insert(0, self.records[self._at[chain[0].parent]])
        return rebuild_prompt(chain, self.stored)

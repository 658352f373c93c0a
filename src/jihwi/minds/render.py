"""What a view looks like to a model: chat messages and tools. Pure, versioned, and append-only.

The messages of one turn are a prefix of those of the next, so that n turns cost n and a server's prefix cache holds.
Therefore nothing that changes from turn to turn (what is left of a budget, a finding's later disputes) stands in an
early message. The one exception is the word that this turn is the last (its reservation
left nothing), which stands at the end and is not repeated.

Text from documents, tools and other agents' data stands between two marks that hold a digest of it, so that no text
can contain its own closing mark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal, assert_never

import msgspec

from jihwi.case.turn import (
    Answered,
    Call,
    CallSettled,
    ChildReported,
    Disputed,
    Entry,
    Found,
    Handed,
    HandOff,
    TaskGiven,
    Told,
    TurnTaken,
    View,
)
from jihwi.evidence import Claim
from jihwi.minds import SkillShown
from jihwi.minds.seat import Toolbox, as_call, toolbox
from jihwi.minds.wording import reason_in_words, say
from jihwi.words import Language

__all__ = ["RENDERING", "Message", "Rendered", "ToolCall", "render"]

RENDERING = 1
"""Version of the rule that turns a view into a prompt."""


class ToolCall(msgspec.Struct, frozen=True):
    """A call as the model made it, or would have."""

    id: str
    """Nine letters and digits, which is what the strictest servers take."""
    name: str
    arguments: str
    """JSON."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of the chat."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    """Of an assistant."""
    answers: str = ""
    """Of a tool: the id of the call it answers."""
    tool: str = ""


class Rendered(msgspec.Struct, frozen=True):
    """A prompt."""

    messages: tuple[Message, ...]
    box: Toolbox


def render(view: View, skills: tuple[SkillShown, ...]) -> Rendered:
    """The prompt for the next turn of this view.

    Example: `render(view, skills).messages[0].role` is `system`.
    """
    return _Renderer(view, skills).whole()


class _Renderer:
    """One rendering; holds the language and the tools while it runs."""

    def __init__(self, view: View, skills: tuple[SkillShown, ...]) -> None:
        self._view = view
        self._language: Language = "ko" if view.language == "ko" else "en"
        self._box = toolbox(view, skills)

    def whole(self) -> Rendered:
        head, blocks = _blocks(self._view.transcript)
        messages = [Message("system", self._system()), Message("user", self._opening(head))]
        for turn, entries in blocks:
            messages.extend(self._block(turn, entries))
        left = self._view.budget_left.turns
        if left is not None and left < 1:
            messages.append(Message("user", self._say("last_turn")))
        return Rendered(tuple(messages), self._box)

    def _say(self, name: str, **fields: object) -> str:
        return say(name, self._language, **fields)

    def _data(self, label: str, value: Any) -> str:
        """Text between marks nobody can forge, because the mark is a digest of the text."""
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return "\n".join(
            (
                self._say("data_begins", mark=mark, label=label),
                text,
                self._say("data_ends", mark=mark),
            )
        )

    # ── the system message ───────────────────────────────────────────────────

    def _system(self) -> str:
        agent = self._view.agent
        parts = [agent.instructions.strip(), self._say("how", agent=agent.title or agent.name)]
        parts.append(self._people("handoffs", agent.handoffs))
        parts.append(self._people("delegates", agent.delegates))
        parts.append(self._limits())
        return "\n\n".join(part for part in parts if part)

    def _people(self, heading: str, names: tuple[str, ...]) -> str:
        if not names:
            return ""
        titles = {agent.name: agent.title for agent in self._view.agents}
        lines = [f"- {name}" + (f": {titles[name]}" if titles.get(name) else "") for name in names]
        return "\n".join((self._say(heading), *lines))

    def _limits(self) -> str:
        limits = self._view.agent.limits
        given = (
            ("limit_turns", limits.turns),
            ("limit_tokens", limits.tokens),
            ("limit_ms", None if limits.ms is None else limits.ms // 1000),
            ("limit_handoffs", limits.handoffs),
        )
        lines = ["- " + self._say(name, n=n) for name, n in given if n is not None]
        return self._say("limits", limits="\n".join(lines)) if lines else ""

    # ── the first user message ───────────────────────────────────────────────

    def _opening(self, head: Sequence[Entry]) -> str:
        view = self._view
        parts = [self._say("request", text=view.request)]
        if view.task and view.task != view.request:
            parts.append(self._say("task", text=view.task))
        if view.inputs:
            parts.append(self._say("inputs", data=self._data("inputs", view.inputs)))
        parts.append(self._earlier_findings())
        given = bool(head) and isinstance(head[0], TaskGiven)
        parts.extend(self._entry(entry) for entry in (head[1:] if given else head))
        return "\n\n".join(part for part in parts if part)

    def _earlier_findings(self) -> str:
        """What others had posted before this assignment began; what came later is in the transcript."""
        found = {entry.finding for entry in self._view.transcript if isinstance(entry, Found)}
        told = {
            (entry.finding, f"{entry.agent}: {entry.reason}")
            for entry in self._view.transcript
            if isinstance(entry, Disputed)
        }
        lines = []
        for finding in self._view.findings:
            if finding.assignment == self._view.assignment or finding.number in found:
                continue
            lines.append(self._finding(finding.number, finding.agent, finding.claim))
            for dispute in finding.disputes:
                if (finding.number, dispute) not in told:
                    lines.append(self._say("disputed", n=finding.number, reason=dispute))
        return "\n\n".join((self._say("findings"), *lines)) if lines else ""

    def _finding(self, number: int, agent: str, claim: Claim) -> str:
        return self._data(self._say("finding", n=number, agent=agent), claim)

    # ── a turn and what came of it ───────────────────────────────────────────

    def _block(self, turn: TurnTaken, entries: Sequence[Entry]) -> Iterator[Message]:
        settled: dict[int, Entry] = {}
        others: list[Entry] = []
        for entry in entries:
            if (
                isinstance(entry, CallSettled | Answered | ChildReported)
                and entry.turn == turn.turn
                and entry.number < len(turn.actions)
                and entry.number not in settled
            ):
                settled[entry.number] = entry
            else:
                others.append(entry)
        calls = [self._call(turn, number) for number in range(len(turn.actions))]
        text = turn.text.strip() or ("" if calls else self._say("said_nothing"))
        yield Message("assistant", text, tuple(calls))
        for number, call in enumerate(calls):
            yield Message("tool", self._outcome(turn, number, settled.get(number)), answers=call.id, tool=call.name)
        if others:
            yield Message("user", "\n\n".join(self._entry(entry) for entry in others))
        elif not calls:
            yield Message("user", self._say("go_on"))

    def _call(self, turn: TurnTaken, number: int) -> ToolCall:
        name, arguments = as_call(turn.actions[number], self._box)
        return ToolCall(f"t{turn.turn % 10000:04d}n{number % 1000:03d}", name, msgspec.json.encode(arguments).decode())

    def _outcome(self, turn: TurnTaken, number: int, entry: Entry | None) -> str:
        action = turn.actions[number]
        if isinstance(entry, CallSettled):
            if entry.status == "refused" and isinstance(action, Call) and action.problem:
                return self._say("refused", reason=action.problem)
            return self._settled(entry)
        if entry is not None:
            return self._entry(entry)
        return self._say("handed_over" if isinstance(action, HandOff) else "no_result_yet")

    def _settled(self, entry: CallSettled) -> str:
        if entry.status != "finished":
            why = self._say(entry.status, reason=reason_in_words(entry.reason, self._language))
            return why if entry.value is None else f"{why}\n{self._data(entry.skill, entry.value)}"
        if entry.value is None:
            return self._say("done")
        place = f"{self._view.assignment}/{entry.turn}/{entry.number}"
        return f"{self._say('place', place=place)}\n{self._data(entry.skill, entry.value)}"

    def _entry(self, entry: Entry) -> str:
        match entry:
            case TaskGiven(task=task):
                return self._say("task_again", text=task)
            case TurnTaken(agent=agent, text=text):
                return self._data(agent, text)
            case CallSettled(skill=skill, turn=turn, number=number):
                place = f"{self._view.assignment}/{turn}/{number}"
                return self._say("earlier", skill=skill, place=place) + "\n" + self._settled(entry)
            case Answered(question=question, answer=answer):
                return self._say("answer", question=question, answer=answer)
            case ChildReported():
                return self._child(entry)
            case Handed(from_agent=one, to_agent=other, note=note):
                return self._say("handed", one=one, other=other, note=note)
            case Told(reason=reason, by=by):
                return self._told(reason.code, entry, by)
            case Found(finding=finding, agent=agent, claim=claim):
                return self._finding(finding, agent, claim)
            case Disputed(finding=finding, agent=agent, reason=why):
                return self._say("disputed_by", n=finding, agent=agent, reason=why)
            case _:
                assert_never(entry)

    def _told(self, code: str, entry: Told, by: str) -> str:
        if code == "context_summary":
            return self._data(code, entry.reason.params.get("summary", ""))
        why = reason_in_words(entry.reason, self._language)
        return self._say("told_by", by=by, reason=why) if by else self._say("told", reason=why)

    def _child(self, entry: ChildReported) -> str:
        head = self._say("child", agent=entry.agent, assignment=entry.assignment, status=entry.status)
        lines = [head, self._say("child_task", text=entry.task)]
        if entry.reason is not None:
            lines.append(self._say("told", reason=reason_in_words(entry.reason, self._language)))
        if entry.text:
            lines.append(self._data(entry.agent, entry.text))
        if entry.data:
            lines.append(self._data(entry.agent, entry.data))
        if entry.findings:
            lines.append(self._say("child_findings", numbers=", ".join(map(str, entry.findings))))
        return "\n".join(lines)


def _blocks(transcript: Sequence[Entry]) -> tuple[list[Entry], list[tuple[TurnTaken, list[Entry]]]]:
    """What came before the first turn, and each turn with what followed it."""
    head: list[Entry] = []
    blocks: list[tuple[TurnTaken, list[Entry]]] = []
    for entry in transcript:
        if isinstance(entry, TurnTaken):
            blocks.append((entry, []))
        elif blocks:
            blocks[-1][1].append(entry)
        else:
            head.append(entry)
    return head, blocks

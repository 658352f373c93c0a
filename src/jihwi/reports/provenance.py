"""How each sentence of a report came about, from the case's log alone: who asked, searched, found, checked and wrote.

A step names the turn that decided it, so that its prompt, model and settings can be looked up, and the exact version
of the skill that did it. With procedures in the agents' seats there is no prompt, and the versions say it all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import AgentSpec, MindSpec
from jihwi.case.fold_moves import place
from jihwi.case.revision import after_edit
from jihwi.evidence import Claim, Report, Sentence

__all__ = ["MadeSentence", "Step", "call_of_release", "sentences_of", "trace", "trace_released"]

Role = Literal["asked", "searched", "found", "checked", "wrote", "proposed", "edited"]
"""What a step did for the sentence, in the order it happens."""

_ORDER: dict[str, int] = {role: place for place, role in enumerate(get_args(Role))}


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that led to a sentence."""

    role: Role
    case: str
    """The case whose event it is: a fork's first steps are its parent's."""
    event: int
    """The number of the turn that decided it, or of the edit."""
    assignment: str
    turn: int
    agent: str
    mind: str
    """`model`, `procedure` or `person`."""
    name: str = ""
    """The model as its server named it, the procedure as `team/function`, or the person."""
    parameters: dict[str, Any] = {}
    prompt: str = ""
    """SHA-256 of the request body as it was sent; empty when nothing was sent to a model."""
    instructions: str = ""
    """SHA-256 of the agent's instructions."""
    skill: str = ""
    version: str = ""
    skill_digest: str = ""
    """SHA-256 of the skill's description and schema as minds are shown them."""
    finding: int = 0


class MadeSentence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence of a report, by its number, with the steps that led to it."""

    number: int
    """From 1: the answer's sentences, then each section's."""
    text: str
    kind: str
    steps: tuple[Step, ...] = ()
    events: tuple[int, ...] = ()
    """The events a sentence `of_the_case` stands on."""


def sentences_of(report: Report) -> Iterator[Sentence]:
    """Every sentence of a report in the order of its numbers."""
    yield from report.answer
    for section in report.sections:
        yield from section.sentences


def call_of_release(log: Sequence[e.Event], release: int = 0) -> str:
    """The place of the call whose result left the case as its release of that number, or last; empty for none."""
    return _release(log, release)[0]


def trace_released(log: Sequence[e.Event], release: int = 0) -> tuple[MadeSentence, ...]:
    """How each sentence of a report that left came about, whatever was edited since: of the release with that number,
    from 1, or of the last."""
    call, end = _release(log, release)
    return trace(log[:end], call)


def _release(log: Sequence[e.Event], release: int) -> tuple[str, int]:
    """The call of a release, and how many events stood before it."""
    started = ("", 0)
    found = []
    for number, event in enumerate(log):
        if isinstance(event.body, e.ReleaseStarted):
            started = (event.body.call, number)
        elif isinstance(event.body, e.ReportReleased):
            found.append(started)
    return found[release - 1] if 0 <= release <= len(found) and found else ("", 0)


def trace(log: Sequence[e.Event], call: str) -> tuple[MadeSentence, ...]:
    """How each sentence of the report that the call at `call` made came about, as the report stands at the end of
    `log`; empty when there is none.

    A body that was erased or left out of `log` is a step that cannot be told, never a wrong one.
    """
    return _Traced(log).sentences(call)


class _Traced:
    """The log arranged by what a sentence may come from."""

    def __init__(self, log: Sequence[e.Event]) -> None:
        self._agents: dict[str, AgentSpec] = {}
        self._minds: dict[tuple[str, int], MindSpec] = {}
        self._turns: dict[tuple[str, int], tuple[e.Event, e.TurnFinished, AgentSpec | None]] = {}
        self._opened: dict[str, tuple[str, int]] = {}
        self._skills: dict[str, e.SkillStarted] = {}
        self._results: dict[str, Any] = {}
        self._findings: dict[int, e.FindingPosted] = {}
        self._holds: dict[int, list[str]] = {}
        self._edits: dict[tuple[str, str], tuple[e.Event, e.ReportEdited]] = {}
        for event in log:
            self._arrange(event)

    def _arrange(self, event: e.Event) -> None:
        match event.body:
            case e.AgentJoined() as body:
                self._agents[body.agent.name] = body.agent
            case e.AgentChanged() as body if body.agent in self._agents:
                agent = self._agents[body.agent]
                gone = {*body.left, *(one.name for one in body.joined)}
                skills = (*[one for one in agent.skills if one.name not in gone], *body.joined)
                self._agents[body.agent] = msgspec.structs.replace(agent, skills=skills)
            case e.AssignmentOpened() as body:
                self._opened[body.assignment] = (body.parent, body.turn)
            case e.TurnStarted(mind=MindSpec() as mind) as body:
                self._minds[body.assignment, body.turn] = mind
            case e.TurnFinished() as body:
                self._turns[body.assignment, body.turn] = (event, body, self._agents.get(event.author.id))
            case e.SkillStarted() as body:
                self._skills[place(body.assignment, body.turn, body.number)] = body
            case e.SkillFinished() as body:
                self._keep(place(body.assignment, body.turn, body.number), body.result)
            case e.FindingPosted() as body:
                self._findings[body.finding] = body
            case e.ReportEdited() as body:
                self._edit(event, body)

    def _keep(self, where: str, result: Any) -> None:
        """Remember a result, and which findings it says hold."""
        self._results[where] = result
        if isinstance(result, dict) and isinstance(result.get("holds"), list):
            for number in result["holds"]:
                self._holds.setdefault(number, []).append(where)

    def _edit(self, event: e.Event, body: e.ReportEdited) -> None:
        report = _report(self._results.get(body.call))
        if report is None:
            return
        self._results[body.call] = msgspec.to_builtins(after_edit(report, body))
        kept = {one.text for one in body.was}
        for one in body.now:
            if one.text not in kept:
                self._edits[body.call, one.text] = (event, body)

    # ── a report ──

    def sentences(self, call: str) -> tuple[MadeSentence, ...]:
        report = _report(self._results.get(call))
        if report is None:
            return ()
        first = self._first_written(call)
        made = []
        for number, one in enumerate(sentences_of(report), start=1):
            edit = self._edits.get((call, one.text))
            last = self._edited(*edit) if edit is not None else self._called("wrote", first.get(one.text, call))
            made.append(MadeSentence(number, one.text, one.kind, tuple(self._steps(one, last)), one.events))
        return tuple(made)

    def _first_written(self, call: str) -> dict[str, str]:
        """Where each sentence stood first: a report that was worked over keeps most of its sentences."""
        found: dict[str, str] = {}
        for where, value in self._results.items():
            report = _report(value)
            for one in sentences_of(report) if report is not None else ():
                found.setdefault(one.text, where)
            if where == call:
                break
        return found

    def _edited(self, event: e.Event, body: e.ReportEdited) -> list[Step]:
        """The turns of whoever proposed the words, if somebody did, and the person who put them there."""
        turns = [turn for assignment, turn in self._turns if assignment == body.proposal]
        steps = [step for turn in turns for step in self._of("proposed", body.proposal, turn)]
        person = Step("edited", event.case_id, event.seq, "", 0, "", "person", event.author.id)
        return [*steps, person]

    def _steps(self, sentence: Sentence, last: Iterable[Step]) -> list[Step]:
        steps = list(last)
        for finding in self._stands_on(sentence):
            steps += self._asked(finding.assignment)
            steps += self._searched(finding)
            steps += self._of("found", finding.assignment, finding.turn, finding=finding.finding)
            for where in self._holds.get(finding.finding, ()):
                steps += self._called("checked", where, finding.finding)
        steps.sort(key=lambda one: (_ORDER[one.role], one.event))
        return list({(one.role, one.event, one.skill): one for one in reversed(steps)}.values())[::-1]

    def _stands_on(self, sentence: Sentence) -> Iterator[e.FindingPosted]:
        spots = {(q.document_id, q.reading, q.start, q.end) for q in sentence.quotations}
        for finding in self._findings.values():
            if any((q.document_id, q.reading, q.start, q.end) in spots for q in finding.claim.quotations):
                yield finding

    def _asked(self, assignment: str) -> Iterable[Step]:
        parent, turn = self._opened.get(assignment, ("", 0))
        return self._of("asked", parent, turn) if parent else ()

    def _searched(self, finding: e.FindingPosted) -> Iterator[Step]:
        """The calls of the same line of work whose results held the words, up to the turn that posted them."""
        for where, started in self._skills.items():
            before = started.assignment == finding.assignment and started.turn <= finding.turn
            if before and _brought(self._results.get(where), finding.claim):
                yield from self._called("searched", where, finding.finding)

    def _called(self, role: Role, where: str, finding: int = 0) -> Iterable[Step]:
        started = self._skills.get(where)
        return self._of(role, started.assignment, started.turn, started, finding) if started is not None else ()

    def _of(
        self, role: Role, assignment: str, turn: int, call: e.SkillStarted | None = None, finding: int = 0
    ) -> Iterator[Step]:
        decided = self._turns.get((assignment, turn))
        if decided is None:
            return
        event, body, agent = decided
        own = self._minds.get((assignment, turn), agent.mind if agent is not None else MindSpec("procedure"))
        kind = "person" if event.author.role == "person" else "model" if body.model else own.kind
        yield Step(
            role,
            event.case_id,
            event.seq,
            assignment,
            turn,
            agent.name if agent is not None else event.author.id,
            kind,
            event.author.id if kind == "person" else body.model or own.name,
            body.parameters,
            body.prompt.digest if body.prompt is not None else "",
            hashlib.sha256(agent.instructions.encode()).hexdigest() if agent is not None else "",
            call.skill if call is not None else "",
            call.version if call is not None else "",
            _skill_digest(agent, call.skill) if call is not None else "",
            finding,
        )


def _skill_digest(agent: AgentSpec | None, skill: str) -> str:
    return next((one.digest for one in agent.skills if one.name == skill), "") if agent is not None else ""


def _brought(result: Any, claim: Claim) -> bool:
    """Whether the words of a claim's quotations stand anywhere in a skill's result."""
    return any(_stands_in(result, one.text) for one in claim.quotations)


def _stands_in(value: Any, words: str) -> bool:
    if isinstance(value, str):
        return words in value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(_stands_in(one, words) for one in inside)


def _report(value: Any) -> Report | None:
    if not isinstance(value, dict) or "answer" not in value or "request" not in value:
        return None
    try:
        return msgspec.convert(value, Report)
    except msgspec.ValidationError:
        return None

"""Doing: one effect at a time, and what came of it as a fact. Here failures become events.

The one broad catch of the engine stands here: whatever a mind or a skill raises ends as "turn failed" or
"skill failed" in the log, never as a dead runner.
"""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import Callable
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case.assignment import Reason
from jihwi.case.budget import NOTHING, Spending
from jihwi.case.commands import Publish, RunSkill, Think
from jihwi.case.compaction import compacted
from jihwi.case.state import Case
from jihwi.case.turn import Action, Call, HandOff, PromptRecord, Report, Turn, View
from jihwi.case.viewing import request_of, view_of
from jihwi.errors import (
    ExtraMissing,
    JihwiError,
    ModelContextFull,
    ModelError,
    ScriptUnconfined,
    ServerClassRefused,
    ServerUnreachable,
    SkillAnsweredFailed,
    SkillArguments,
    SkillChanged,
    SkillFailed,
    ToolChanged,
    UsageError,
)
from jihwi.evidence import Viewer, classes_in
from jihwi.minds import DecidesAtOnce, DeltaSink, SkillShown, record_of
from jihwi.orchestrator.ports import REFUSED, Limit, LimitSource, MindSource, PublicationRefused, Publisher
from jihwi.skills import Skill, SkillBox, SkillContext, SkillResult
from jihwi.store import EventStore
from jihwi.words import storable_value

__all__ = ["Effects", "Learned"]

_FITTINGS = 2
"""So often at least a prompt is made shorter for the same model before another one is asked."""
_NOT_BEGUN = (
    SkillArguments,
    SkillChanged,
    ScriptUnconfined,
    ToolChanged,
    ServerUnreachable,
    ServerClassRefused,
    ExtraMissing,
    UsageError,
)
"""What a skill raises before anything was done."""
RETRY_BASE_MS = 500
RETRY_MOST_MS = 30_000
WATCHED_SECONDS = 2.0
"""Time limits from here on are looked after a few times a second; shorter ones have a timer of their own."""


class Learned(msgspec.Struct, frozen=True, gc=False):
    """What an effect brought: facts to record, and the blobs they name."""

    drafts: tuple[e.Draft, ...]
    blobs: dict[str, bytes] = {}


class _Sent(msgspec.Struct, frozen=True, gc=False):
    """What a turn that failed had sent to a model's server: it is disclosed like any other prompt."""

    prompt: PromptRecord | None = None
    parts: dict[str, bytes] = {}


_NOTHING_SENT = _Sent()


def _sent(problem: ModelError) -> _Sent:
    """The request that the server may have had, as a record that stands for itself."""
    if not problem.sent:
        return _NOTHING_SENT
    record, parts, _ = record_of(problem.sent, 0, ())
    return _Sent(record, parts)


class Effects:
    """Carries out commands for one runner."""

    def __init__(
        self,
        *,
        store: EventStore,
        minds: MindSource,
        skills: SkillBox,
        publisher: Publisher,
        emit: DeltaSink,
        seconds: Callable[[], float],
        limits: LimitSource | None = None,
    ) -> None:
        self._store = store
        self._minds = minds
        self._skills = skills
        self._publisher = publisher
        self._emit = emit
        self._seconds = seconds
        self.limits = limits
        self._jitter = random.Random()
        self._deadlines: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()

    def lacks(self, case: Case, command: Think | RunSkill | Publish) -> Reason | None:
        """What a command needs that this runner does not have; `None` when it can be done here."""
        if type(command) is Think:
            mind = case.assignments[command.assignment].mind
            return None if self._minds.has(mind) else Reason(f"runner_lacks_{mind.kind}", {"name": mind.name})
        if type(command) is RunSkill and self._skills.get(command.skill.name) is None:
            return Reason("runner_lacks_skill", {"name": command.skill.name})
        return None

    def limit_of(self, case: Case, command: Think | RunSkill | Publish) -> Limit | None:
        """Of what a command needs a place before it may start; `None` when it needs none."""
        if self.limits is None:
            return None
        if type(command) is Think:
            mind = case.assignments[command.assignment].mind
            return self.limits.of_mind(mind, failures=_failed_at(case, command))
        return self.limits.of_skill(command.skill.name) if type(command) is RunSkill else None

    # ── minds ──

    def prepare(self, case: Case, command: Think) -> View:
        """What the mind is shown, taken before anything else can change the state."""
        return view_of(case, command.assignment)

    def think_at_once(self, case: Case, command: Think, view: View) -> Learned | None:
        """A procedure's turn, without a task; `None` when the mind is none."""
        if view.mind.kind != "procedure":
            return None
        began = self._seconds()
        try:
            mind = self._minds.mind(view.mind, failures=0)
            if not _decides_at_once(type(mind)):
                return None
            turn: Turn = mind.decide(view)  # type: ignore[attr-defined]
        except JihwiError as problem:
            reason = Reason("mind_failed", {"agent": view.agent.name, "detail": problem.words(_language(case))})
            return self._turn_failed(case, command, reason, began, retry=False, failures=0)
        return self._turn_finished(case, command, view, turn, began)

    async def think(self, case: Case, command: Think, view: View) -> Learned:
        """A turn of a mind, or why there is none."""
        began = self._seconds()
        failures = case.assignments[command.assignment].failures
        try:
            mind = self._minds.mind(view.mind, failures=_failed_at(case, command))
            turn = await mind.think(view, self._shown(view), self._emit)
        except ModelError as problem:
            return self._model_failed(case, command, view, problem, began)
        except JihwiError as problem:
            reason = Reason("mind_failed", {"agent": view.agent.name, "detail": problem.words(_language(case))})
            return self._turn_failed(case, command, reason, began, retry=False, failures=failures)
        except Exception as problem:  # noqa: BLE001 - the border: whatever a mind raises becomes a fact
            detail = f"{type(problem).__name__}: {problem}"
            reason = Reason("mind_failed", {"agent": view.agent.name, "detail": detail[:500]})
            return self._turn_failed(case, command, reason, began, retry=False, failures=failures)
        return self._turn_finished(case, command, view, turn, began)

    def _model_failed(self, case: Case, command: Think, view: View, problem: ModelError, began: float) -> Learned:
        """Try again what is worth it: the same prompt, a shorter one when this one did not fit, or another model."""
        failures = case.assignments[command.assignment].failures
        reason = Reason(problem.code, {"endpoint": problem.endpoint, "detail": problem.detail})
        usage = Spending(tokens=problem.input_tokens + problem.output_tokens, micros=problem.micros)
        sent = _sent(problem)
        again = failures < case.policy.retries
        if again and isinstance(problem, ModelContextFull):
            shorter = compacted(view.transcript, view.assignment, again=failures, korean=view.language == "ko")
            if shorter is not None:
                fact = e.ContextCompacted(command.assignment, shorter.entries, shorter.summary, command.seat)
                labels = case.assignments[command.assignment].labels
                failed = self._turn_failed(
                    case, command, reason, began, retry=True, failures=-1, usage=usage, sent=sent
                )
                return Learned((e.Draft(fact, e.SYSTEM, view.basis_seq, labels), *failed.drafts), failed.blobs)
        retry = again and (problem.retryable or self._minds.has_another(view.mind, failures=_failed_at(case, command)))
        wait = round(getattr(problem, "retry_after_seconds", 0.0) * 1000)
        return self._turn_failed(
            case, command, reason, began, retry=retry, failures=failures, wait_ms=wait, usage=usage, sent=sent
        )

    def _turn_finished(self, case: Case, command: Think, view: View, turn: Turn, began: float) -> Learned:
        try:
            text, actions = _turn_as_stored(turn)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as problem:
            detail = f"{type(problem).__name__}: {problem}"[:500]
            reason = Reason("turn_not_storable", {"agent": view.agent.name, "detail": detail})
            sent = _Sent(turn.prompt, turn.parts)
            return self._turn_failed(case, command, reason, began, retry=False, failures=0, usage=turn.usage, sent=sent)
        author = e.Author("agent", view.agent.name, case.requester)
        usage = self._cost(turn.usage, began)
        finished = e.TurnFinished(
            command.assignment,
            command.seat,
            command.turn,
            text,
            actions,
            usage,
            turn.model,
            turn.parameters,
            turn.prompt,
        )
        labels = case.assignments[command.assignment].labels
        return Learned((e.Draft(finished, author, view.basis_seq, labels),), turn.parts)

    def _shown(self, view: View) -> tuple[SkillShown, ...]:
        if view.mind.kind != "model":
            return ()
        found = [self._skills.get(spec.name) for spec in view.agent.skills]
        return tuple(SkillShown(s.spec.name, s.description, s.schema) for s in found if s is not None)

    def _turn_failed(
        self,
        case: Case,
        command: Think,
        reason: Reason,
        began: float,
        *,
        retry: bool,
        failures: int,
        wait_ms: int = 0,
        usage: Spending = NOTHING,
        sent: _Sent = _NOTHING_SENT,
    ) -> Learned:
        body = e.TurnFailed(
            command.assignment,
            command.seat,
            command.turn,
            command.attempt,
            reason,
            self._cost(usage, began),
            # On top of what the server asks for comes the chance: else all cases would come back at once.
            self._retry_at(failures) + wait_ms if retry else 0,
            sent.prompt,
        )
        labels = case.assignments[command.assignment].labels if sent.prompt is not None else ()
        return Learned((e.Draft(body, e.SYSTEM, case.seq, labels),), sent.parts)

    # ── skills ──

    async def run_skill(self, case: Case, command: RunSkill, home: asyncio.Task[Any] | None = None) -> Learned:
        """A skill's result, or why there is none. `home`: the task this runs in, where the caller knows it.

        Law 3 holds for every end that says nothing of the work: its time is over, its server was lost or answered what
        cannot be used, it was killed, or it raised what is not its own word (`SkillFailed`). Then a `write` is laid
        before the case worker with what is known, an `idempotent write` is done again with its key as often as a turn
        is, and only a `read` has failed. What did not begin has failed, unless an earlier attempt did.
        """
        began = self._seconds()
        skill = self._skills.get(command.skill.name)
        if skill is None:
            return self._not_begun(case, command, Reason("skill_missing", {"skill": command.skill.name}))
        try:
            if skill.spec.version != command.skill.version and command.skill.effect != "read":
                raise SkillChanged(command.skill.name, f"{command.skill.version} → {skill.spec.version}")
            arguments = _as_stored(command.arguments)
            self._skills.check(command.skill.name, arguments)
            result = await self._within(command, skill, self._context(case, command), arguments, home)
            value = _as_stored(result.value)
        except TimeoutError:
            seconds = f"{command.skill.timeout_ms / 1000:g}"
            return self._unknown_end(
                case, command, Reason("skill_timeout", {"skill": skill.spec.name, "seconds": seconds})
            )
        except SkillArguments as problem:
            return self._not_begun(case, command, Reason("arguments_malformed", {"problem": problem.detail}))
        except JihwiError as problem:
            return self._skill_raised(case, command, problem)
        except Exception as problem:  # noqa: BLE001 - the border: whatever a skill raises becomes a fact
            detail = f"{type(problem).__name__}: {problem}"[:500]
            return self._unknown_end(
                case, command, Reason("skill_failed", {"skill": skill.spec.name, "detail": detail})
            )
        body = e.SkillFinished(
            command.assignment,
            command.seat,
            command.turn,
            command.number,
            value,
            result.tainted,
            self._cost(result.usage, began) if result.usage is not NOTHING else NOTHING,
        )
        labels = tuple(sorted(result.labels)) if result.labels else ()
        return Learned((e.Draft(body, e.SYSTEM, 0, labels),))

    def _skill_raised(self, case: Case, command: RunSkill, problem: JihwiError) -> Learned:
        """What one of our own errors says of a skill's work: it did not begin, it failed, or nobody knows."""
        detail = problem.in_full(_language(case))
        reason = Reason("skill_failed", {"skill": command.skill.name, "detail": detail})
        tainted = isinstance(problem, SkillAnsweredFailed)
        if isinstance(problem, _NOT_BEGUN):
            return self._not_begun(case, command, reason, tainted=tainted)
        if not isinstance(problem, SkillFailed) or problem.unknown:
            return self._unknown_end(case, command, reason, tainted=tainted)
        return self._skill_failed(command, reason, tainted=tainted)

    def _not_begun(self, case: Case, command: RunSkill, reason: Reason, *, tainted: bool = False) -> Learned:
        """This attempt did nothing; how an earlier one of an `idempotent write` ended is as unknown as before."""
        if command.attempt > 1 and command.skill.effect == "idempotent write":
            return self._unknown_end(case, command, reason, tainted=tainted)
        return self._skill_failed(command, reason, tainted=tainted)

    def _unknown_end(self, case: Case, command: RunSkill, reason: Reason, *, tainted: bool = False) -> Learned:
        """Nobody knows whether the skill did its work (law 3)."""
        if command.skill.effect == "read":
            return self._skill_failed(command, reason, tainted=tainted)
        if command.skill.effect == "idempotent write" and command.attempt <= case.policy.retries:
            return self._skill_failed(command, reason, tainted=tainted, retry_at_ms=self._retry_at(command.attempt - 1))
        place = (command.assignment, command.seat, command.turn, command.number)
        uncertain = e.SkillUncertain(*place, command.skill.name, command.idempotency_key, reason)
        return Learned((e.Draft(uncertain, e.SYSTEM, 0, case.assignments[command.assignment].labels),))

    async def _within(
        self,
        command: RunSkill,
        skill: Skill,
        context: SkillContext,
        arguments: dict[str, Any],
        home: asyncio.Task[Any] | None,
    ) -> SkillResult:
        seconds = command.skill.timeout_ms / 1000
        if seconds < WATCHED_SECONDS:
            async with asyncio.timeout(seconds):
                return await skill.run(context, arguments)
        task = home or asyncio.current_task()
        assert task is not None
        self._deadlines[task] = self._seconds() + seconds
        try:
            return await skill.run(context, arguments)
        except asyncio.CancelledError:
            if task in self._late and not task.uncancel():  # else whoever waits for it is cancelled as well
                raise TimeoutError from None
            raise
        finally:
            del self._deadlines[task]
            self._late.discard(task)

    def cancel_overdue(self) -> None:
        """End the skills whose time is over. Called now and then: a timer for each would cost more than most calls."""
        now = self._seconds()
        for task, deadline in list(self._deadlines.items()):
            if deadline <= now and task not in self._late:
                self._late.add(task)
                task.cancel()

    def _context(self, case: Case, command: RunSkill) -> SkillContext:
        return SkillContext(
            case.id,
            command.assignment,
            command.turn,
            command.number,
            command.idempotency_key,
            Viewer(case.requester, case.viewer_labels),
            case.collections,
            case.language,
            request_of(case, case.assignments[command.assignment]),
            case.findings,
            case.recorded,
            case.assignments[command.assignment].inputs,
            classes_in(case.labels),
        )

    def _skill_failed(
        self, command: RunSkill, reason: Reason, *, tainted: bool = False, retry_at_ms: int = 0
    ) -> Learned:
        place = (command.assignment, command.seat, command.turn, command.number, command.attempt)
        return Learned((e.Draft(e.SkillFailed(*place, reason, retry_at_ms=retry_at_ms, tainted=tainted)),))

    # ── releases ──

    async def publish(self, case: Case, command: Publish) -> Learned:
        """A released report, or why it stayed."""
        started = command.draft.body
        by = started.by if isinstance(started, e.ReleaseStarted) else "policy"
        place = (command.assignment, command.turn, command.number, command.report_digest)
        viewer = Viewer(case.requester, case.viewer_labels)
        try:
            outcome = await self._publisher.publish(case.id, command.report, viewer=viewer, by=by, seq=case.seq)
        except Exception as problem:  # noqa: BLE001 - the border: whatever the gate raises becomes a fact
            detail = problem.words(_language(case)) if isinstance(problem, JihwiError) else str(problem)
            return Learned((e.Draft(e.ReleaseRefused(*place, Reason("release_failed", {"detail": detail}))),))
        if isinstance(outcome, PublicationRefused):
            return Learned((e.Draft(e.ReleaseRefused(*place, outcome.reason, outcome.sentences)),))
        body = e.ReportReleased(*place, by, dict(outcome.files), dict(outcome.kinds))
        return Learned((e.Draft(body),))

    # ── shared ──

    def _cost(self, usage: Spending, began: float) -> Spending:
        """What was used, with the time since `began`."""
        ms = round((self._seconds() - began) * 1000)
        return usage.plus(Spending(ms=ms)) if ms > 0 else usage

    def _retry_at(self, failures: int) -> int:
        """When to try again: twice as long each time, with half of it by chance; at once when it is none yet."""
        if failures < 0:
            return self._store.now_ms()
        most = min(RETRY_BASE_MS * (1 << min(failures, 10)), RETRY_MOST_MS)
        return self._store.now_ms() + most // 2 + self._jitter.randrange(most // 2 + 1)


@functools.cache
def _decides_at_once(kind: type) -> bool:
    """Asked once a type: looking a protocol up costs more than a turn."""
    return issubclass(kind, DecidesAtOnce)


def _failed_at(case: Case, command: Think) -> int:
    """How often the turn has failed, as whoever chooses the mind counts. A model whose prompt was made shorter is asked
    again; the last attempt is another model's when it never fitted."""
    assignment = case.assignments[command.assignment]
    never_fitted = assignment.failure is not None and assignment.failure.code == ModelContextFull.code
    if never_fitted and assignment.failures >= max(_FITTINGS, case.policy.retries):
        return max(assignment.mind_failures, REFUSED)
    return assignment.mind_failures


_write = msgspec.json.Encoder().encode
_read_turn = msgspec.json.Decoder(tuple[str, tuple[Action, ...]]).decode


def _turn_as_stored(turn: Turn) -> tuple[str, tuple[Action, ...]]:
    """Text and actions as they are read back from the log. Raises what msgspec does for a turn that no log can hold,
    or that nobody could read again: a case must not end with an event that breaks it."""
    said = (turn.text, turn.actions)
    if len(turn.actions) == 1 and type(turn.text) is str and (plain := _of_texts(turn.actions[0])) is not None:
        return turn.text, (plain,)
    try:
        return _read_turn(_write(said))
    except UnicodeEncodeError:  # half a character
        return _read_turn(_write(storable_value(msgspec.to_builtins(said))))


def _of_texts(action: Action) -> Action | None:
    """The action as it is read back, sooner, where it holds nothing but texts, as most do; else `None`."""
    if type(action) is HandOff:
        return action if type(action.agent) is str and type(action.note) is str else None
    if type(action) is Call and type(action.skill) is str and type(action.arguments) is dict and not action.problem:
        for name, value in action.arguments.items():
            if type(value) is not str or type(name) is not str:
                return None
        return Call(action.skill, {**action.arguments})
    if type(action) is Report and action.status == "done" and not action.data and not action.findings:
        return action if type(action.text) is str else None
    return None


def _as_stored(value: Any) -> Any:
    """The value as it is read back from the log, so that nobody sees a difference before and after a crash."""
    if type(value) is str:
        return value
    try:
        return msgspec.json.decode(_write(value))
    except UnicodeEncodeError:  # half a character
        return msgspec.json.decode(_write(storable_value(msgspec.to_builtins(value))))


def _language(case: Case) -> Any:
    return "ko" if case.language == "ko" else "en"

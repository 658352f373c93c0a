"""What must hold of a case after every fact, whatever was done to it: the laws as `anything` looks at them."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.budget import NOTHING, Limits, Spending
from jihwi.case.commands import Record
from jihwi.case.decide import decide
from jihwi.case.fold import apply, chain, fold
from jihwi.case.governor import ran_out
from jihwi.case.ledger import seal
from jihwi.case.state import ActionState, Assignment, Case, in_flight, waits
from jihwi.case.turn import Ask, Delegate
from jihwi.orchestrator import load_log, load_state
from jihwi.orchestrator.loading import fill_transcripts
from jihwi.store import KeptStore

__all__ = ["check", "choose", "ended_well"]

_ENDED = ("closed", "cancelled")
_ENOUGH = 10_000
_PASSES = 60
"""In so many passes deciding comes to its end."""


async def check(store: KeptStore, case_id: str, begun: Mapping[str, int]) -> None:
    """Look whether every law holds. `begun`: how often each write has begun outside. Raises AssertionError."""
    log = await load_log(store, case_id)
    case = fold(case_id, log)
    await _snapshot_agrees(store, case)
    _budgets_add_up(case)
    _turns_are_paid_once(case, log)
    _approvals_stand(case)
    _nothing_of_the_ended_is_left(case)
    _somebody_is_waited_for(case)
    _choices_lead_on(case)
    _deciding_ends(case)
    _effects_stand_on_the_log(case_id, log, begun)


async def ended_well(store: KeptStore, case_id: str) -> None:
    """A case has come to its end: nothing is held and nobody has it in hand. Raises AssertionError."""
    case = fold(case_id, await load_log(store, case_id))
    assert case.status in _ENDED, f"{case_id} comes to no end: {case.status}, {case.reason}"
    assert all(one.reserved == NOTHING for one in case.assignments.values()), "a budget is held"
    assert await store.lease_of(case_id) is None, "a lease is left"


async def _snapshot_agrees(store: KeptStore, case: Case) -> None:
    state, hollow_to = await load_state(store, case.id)
    if hollow_to:
        await fill_transcripts(store, state, hollow_to)
    if state.seq == case.seq:
        assert _plain(state) == _plain(case), "the state from a snapshot is another one"


def _plain(case: Case) -> Any:
    return msgspec.to_builtins(case, enc_hook=lambda transcript: [msgspec.to_builtins(one) for one in transcript])


# ── budgets ──────────────────────────────────────────────────────────────────


def _budgets_add_up(case: Case) -> None:
    held: dict[str, Spending] = dict.fromkeys(case.assignments, NOTHING)
    for one in case.assignments.values():
        if one.open and one.turn_status == "running":
            for above in chain(case, one):
                held[above.id] = held[above.id].plus(one.reservation)
        else:
            assert one.reservation == NOTHING, f"{one.id} holds a budget and does not run"
    for one in case.assignments.values():
        assert one.reserved == held[one.id], f"what {one.id} holds is not what runs below it"
        assert min(msgspec.structs.astuple(one.spent)) >= 0, f"{one.id} has spent less than nothing"


def _turns_are_paid_once(case: Case, log: list[e.Event]) -> None:
    """A turn counts when it was taken, or when nobody will hear how it ended. (A fork begins to count anew.)"""
    if case.forked:
        return
    paid: Counter[str] = Counter()
    begun: dict[tuple[str, int, int], None] = {}
    for body in (event.body for event in log):
        if isinstance(body, e.TurnStarted):
            begun[body.assignment, body.seat, body.turn] = None
        elif isinstance(body, e.TurnFinished | e.TurnFailed):
            begun.pop((body.assignment, body.seat, body.turn), None)
            paid[body.assignment] += isinstance(body, e.TurnFinished)
        elif isinstance(body, e.RunnerTookOver):
            paid.update(name for name, _, _ in begun)
            begun.clear()
    for name, seat, turn in begun:
        one = case.assignments[name]
        paid[name] += not (one.open and one.turn_status == "running" and (one.seat, one.turn) == (seat, turn))
    for one in case.assignments.values():
        below = sum(child.spent.turns for child in case.assignments.values() if child.parent == one.id)
        assert one.spent.turns - below == paid[one.id], f"turns of {one.id}: {one.spent.turns - below}, {paid[one.id]}"


# ── what is open ─────────────────────────────────────────────────────────────


def _approvals_stand(case: Case) -> None:
    for approval in case.approvals.values():
        if approval.status in ("open", "approved"):
            asks = case.assignments[approval.assignment]
            assert asks.open, f"{approval.id} outlives its work"
            assert (approval.seat, approval.turn) == (asks.seat, asks.turn), f"{approval.id} is of another turn"
            action = asks.actions[approval.number]
            expected = "asked" if approval.status == "open" else "approved"
            assert (action.approval, action.status) == (approval.id, expected), f"{approval.id} stands alone"


def _nothing_of_the_ended_is_left(case: Case) -> None:
    for timer in case.timers:
        kind, _, rest = timer.partition(":")
        name = case.approvals[rest].assignment if kind == "approval" else rest.split("/")[0]
        assert case.assignments[name].open, f"the timer {timer} outlives its work"
    if case.status in _ENDED:
        left = (case.open_ids, case.timers, case.overtaken, case.choices)
        assert not any(left), f"a case has ended and keeps {left}"


def _somebody_is_waited_for(case: Case) -> None:
    """An open case moves by itself, or each of its assignments waits for somebody or for a time."""
    if case.status == "parked":
        assert case.choices, "a stopped case has no choices"
    if case.status != "open" or in_flight(case) or decide(case):
        return
    for one in (case.assignments[name] for name in case.open_ids):
        if one.turn_status == "due":
            assert one.mind.kind == "person", f"{one.id} is due and nobody comes"
        elif one.turn_status == "waiting":
            assert f"turn:{one.id}" in case.timers, f"{one.id} waits for no time"
        else:
            assert one.turn_status == "acting", f"{one.id} is {one.turn_status} for ever"
            assert any(_is_awaited(case, one, action) for action in one.actions), f"{one.id} waits for nobody"
    assert waits(case) or case.timers, "the case waits for nobody"


def _is_awaited(case: Case, one: Assignment, action: ActionState) -> bool:
    if action.status == "waiting":
        return f"skill:{one.id}/{one.turn}/{action.number}" in case.timers
    if action.status != "asked":
        return action.status == "uncertain"
    if action.approval:
        return case.approvals[action.approval].status == "open"
    if isinstance(action.action, Delegate):
        place = (one.id, one.turn, action.number)
        below = [case.assignments[name] for name in case.open_ids]
        return any(child.join and (child.parent, child.parent_turn, child.parent_number) == place for child in below)
    return isinstance(action.action, Ask)


# ── deciding ─────────────────────────────────────────────────────────────────


def _play(case: Case, drafts: list[e.Draft]) -> None:
    """Fold what would be written next."""
    for draft in drafts:
        _, event = seal(draft, case.id, case.seq + 1, case.now_ms, case.head, b"0" * 16)
        apply(case, event)


def _deciding_ends(case: Case) -> None:
    """Deciding twice says the same, no key comes twice, and folding what it says comes to an end."""
    said, trial = [one.key for one in decide(case)], copy.deepcopy(case)
    assert said == [one.key for one in decide(case)], "deciding twice says two things"
    seen: set[str] = set()
    for _ in range(_PASSES):
        commands = decide(trial)
        for one in commands:
            assert one.key not in seen, f"{one.key} comes twice"
            assert trial.status not in _ENDED, f"{one.key} comes after the end"
            seen.add(one.key)
            _play(trial, [one.draft])
        if trial.status in _ENDED:
            assert all(type(one) is Record for one in commands), "something begins as the case ends"
        if not commands:
            return
    raise AssertionError("deciding goes on for ever")


def _choices_lead_on(case: Case) -> None:
    """Each choice of a stopped case can be taken, and does not run into the same again at once."""
    for choice in case.choices:
        trial = copy.deepcopy(case)
        _play(trial, choose(trial, choice))
        if choice == "cancel":
            assert trial.status == "cancelled"
            continue
        assert trial.status == "open", f"the choice {choice} leaves the case {trial.status}"
        stops = [one.draft.body.reason for one in decide(trial) if isinstance(one.draft.body, e.CaseParked)]
        assert case.reason not in stops, f"the choice {choice} runs into {case.reason} again"


def choose(case: Case, choice: str) -> list[e.Draft]:
    """What a person says who takes one of the choices of a stopped case. Raises CommandRefused."""
    at = case.parked_at
    if choice == "raise_budget":
        what = ran_out(case.reason)
        one = case.assignments[at]
        enough = getattr(one.spent.plus(one.reserved), what) + _ENOUGH * len(case.open_ids)  # each may want a turn
        more = Limits(depth=9) if what == "depth" else Limits(**{what: enough})
        return person.raise_limits(case, more, by="lee", assignment="" if at == case.course else at)
    if choice == "note":
        return person.note(case, at, "n", by="lee")
    if choice == "take":
        return person.take(case, at, by="lee")
    if choice == "reassign":
        return person.reassign(case, at, by="lee", agent=next(iter(case.agents)), how="reassign")
    return person.resume(case, by="lee") if choice == "resume" else person.cancel(case, by="lee")


# ── effects ──────────────────────────────────────────────────────────────────


def _effects_stand_on_the_log(case_id: str, log: list[e.Event], begun: Mapping[str, int]) -> None:
    """Nothing starts twice, unapproved, over its limit or in a case that rests; what has finished is not done again."""
    case, finished, starts, again = Case(case_id), set[object](), set[object](), set[object]()
    approved: dict[str, str] = {}
    for event in log:
        body = event.body
        if isinstance(body, e.ApprovalRequested):
            approved.pop(body.approval, None)
        elif isinstance(body, e.ApprovalAnswered) and body.verdict == "approve":
            approved[body.approval] = body.action_digest
        elif isinstance(body, e.CaseForked):
            approved.clear()
        elif isinstance(body, e.UncertaintySettled) and body.outcome == "run_again":
            again.add((body.assignment, body.turn, body.number))
        elif isinstance(body, e.SkillStarted):
            key, place = (body.idempotency_key, body.attempt), (event.case_id, body.assignment, body.turn, body.number)
            assert key not in starts, f"{key} starts twice"
            assert place not in finished, f"{place} has finished and starts again"
            assert case.status == "open", f"{key} starts in a case that is {case.status}"
            starts.add(key)
            _is_approved(case, body, approved)
        elif isinstance(body, e.SkillFinished):
            finished.add((event.case_id, body.assignment, body.turn, body.number))
        apply(case, event)
        if isinstance(body, e.TurnStarted) and event.author.role == "runner":
            _within_limits(case, body)
    for name, times in begun.items():
        case_name, assignment, _, turn, number = name.split("/")
        place_of = (assignment, int(turn), int(number.partition(".")[0]))
        assert times == 1 or case_name != case_id or place_of in again, f"the write {name} was done {times} times"


def _is_approved(case: Case, body: e.SkillStarted, approved: Mapping[str, str]) -> None:
    one = case.assignments[body.assignment]
    action, skill = one.actions[body.number], case.skills[one.agent][body.skill]
    if action.approval:
        assert approved.get(action.approval) == body.action_digest, f"{action.approval} is not for this action"
    else:
        free = body.skill in case.policy.approve or skill.approval != "always"
        assert free, f"{body.idempotency_key} starts unapproved"
        assert not (case.forked and skill.effect == "write"), f"a fork does {body.idempotency_key} unasked"


def _within_limits(case: Case, body: e.TurnStarted) -> None:
    for one in chain(case, case.assignments[body.assignment]):
        most = one.limits.turns
        assert most is None or one.spent.turns + one.reserved.turns <= most, f"{one.id} is over its limit"

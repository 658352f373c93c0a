"""The laws of the core, over cases that random minds, skills and people make up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from jihwi.case import events as e
from jihwi.case import person
from jihwi.case.assignment import AgentSpec, MindSpec, Policy, Reason, SkillSpec
from jihwi.case.budget import NOTHING, Limits, Spending
from jihwi.case.commands import Command, Publish, Record, RunSkill, Think
from jihwi.case.decide import decide
from jihwi.case.fold import apply, fold
from jihwi.case.ledger import GENESIS, Sealed, open_event, seal, verify
from jihwi.case.state import Case, in_flight, waits
from jihwi.case.turn import Action, Ask, Call, Delegate, Dispute, HandOff, Post, Release, Report, Turn
from jihwi.case.viewing import view_of
from jihwi.errors import CommandRefused
from jihwi.evidence import Claim

SKILLS = (
    SkillSpec("look"),
    SkillSpec("keep", effect="idempotent write"),
    SkillSpec("send", effect="write", leaves_house=True),
    SkillSpec("ask_first", approval="always"),
)
NAMES = ("worker", "a", "b")
AGENTS = tuple(
    AgentSpec(name, MindSpec("procedure", name), skills=SKILLS, handoffs=NAMES, delegates=NAMES) for name in NAMES
)

actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(
        Call,
        st.sampled_from([s.name for s in SKILLS] + ["unknown"]),
        st.dictionaries(st.sampled_from("xy"), st.integers(0, 3), max_size=1),
        st.sampled_from(["", "", "", "bad JSON"]),
    ),
    st.builds(Ask, st.just("?")),
    st.builds(Post, st.builds(Claim, st.text(max_size=3))),
    st.builds(Dispute, st.integers(0, 3), st.just("no")),
    st.builds(Delegate, st.sampled_from([*NAMES, "nobody"]), st.just("task"), join=st.booleans()),
    st.builds(HandOff, st.sampled_from([*NAMES, "nobody"])),
    st.builds(Report, st.sampled_from(["done", "failed"])),
    st.builds(Release, st.sampled_from(["a1/1/0", "a1/2/0", "a1/3/1"])),
)
turns = st.builds(Turn, st.sampled_from(["", "", "said"]), st.lists(actions, max_size=3).map(tuple))


class World:
    """Plays the orchestrator and everybody around it, from a stream of choices."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int], turn: Callable[[], Turn]) -> None:
        self.choose: Callable[[int], int] = lambda n: draw(st.integers(0, n - 1))
        self.turn = turn
        self.case = Case("c0000000000000")
        self.log: list[Sealed] = []
        self.keys: set[str] = set()
        self.flying: list[Command] = []

    def add(self, draft: e.Draft) -> None:
        sealed, event = seal(
            draft,
            case_id=self.case.id,
            seq=self.case.seq + 1,
            at_ms=1000 + self.case.seq,
            previous=self.case.head,
            salt=b"s" * 16,
        )
        apply(self.case, event)
        self.log.append(sealed)

    def open(self) -> None:
        limits = Limits(turns=25, handoffs=6)
        policy = Policy(release="person" if self.choose(2) else "automatic", retries=2)
        self.add(e.Draft(e.CaseOpened("?", "kim", "ko", "t", "0", limits, policy)))
        for agent in AGENTS:
            self.add(e.Draft(e.AgentJoined(agent)))
        self.add(e.Draft(e.AssignmentOpened("a1", "worker", "?")))

    def settle(self) -> None:
        for _ in range(200):
            commands = decide(self.case)
            if not commands:
                return
            for command in commands:
                assert command.key not in self.keys, command.key
                self.keys.add(command.key)
                self.add(command.draft)
                if not isinstance(command, Record):
                    self.flying.append(command)
            if not any(isinstance(command, Record) for command in commands):
                assert decide(self.case) == [], "starting effects makes nothing else due"
        raise AssertionError("deciding does not come to rest")

    def finish_one(self) -> None:
        command = self.flying.pop(self.choose(len(self.flying)))
        match command:
            case Think():
                place = (command.assignment, command.seat, command.turn)
                if self.choose(6) == 0:
                    retry = self.case.now_ms + 1 if self.choose(2) else 0
                    failed = e.TurnFailed(*place, command.attempt, Reason("model_failed"), retry_at_ms=retry)
                    self.add(e.Draft(failed))
                else:
                    turn = self.turn()
                    self.add(e.Draft(e.TurnFinished(*place, turn.text, turn.actions, Spending(ms=1))))
            case RunSkill():
                at = (command.assignment, command.seat, command.turn, command.number)
                if self.choose(5) == 0:
                    self.add(e.Draft(e.SkillFailed(*at, command.attempt, Reason("skill_failed"))))
                else:
                    self.add(e.Draft(e.SkillFinished(*at, {"ok": 1}, tainted=bool(self.choose(2)))))
            case Publish():
                spot = (command.assignment, command.turn, command.number, command.report_digest)
                if self.choose(3) == 0:
                    self.add(e.Draft(e.ReleaseRefused(*spot, Reason("release_unsupported"))))
                else:
                    self.add(e.Draft(e.ReportReleased(*spot, "policy")))
            case Record():
                raise AssertionError

    def crash(self) -> None:
        self.flying.clear()
        if in_flight(self.case):
            self.add(e.Draft(e.RunnerTookOver("next", 2)))

    def somebody(self) -> None:
        case = self.case
        some = case.open_ids[self.choose(len(case.open_ids))] if case.open_ids else "a1"
        approvals = [a.id for a in person.open_approvals(case)] or [""]
        approval = approvals[self.choose(len(approvals))]
        commands: list[Callable[[], list[e.Draft]]] = [
            lambda: person.approve(case, approval, by="lee"),
            lambda: person.approve(case, approval, by="lee"),
            lambda: person.reject(case, approval, by="lee"),
            lambda: person.edit(case, approval, {"x": 9}, by="lee"),
            lambda: [
                d
                for a, n, _ in person.open_questions(case)[:1]
                for d in person.answer(case, "!", by="kim", assignment=a.id, number=n)
            ],
            lambda: person.pause(case, by="lee"),
            lambda: person.resume(case, by="lee"),
            lambda: person.take(case, some, by="lee"),
            lambda: person.reassign(case, some, by="lee"),
            lambda: person.take_turn(case, some, self.turn(), by="lee"),
            lambda: person.note(case, some, "!", by="lee"),
            lambda: person.change_limits(case, Limits(turns=60, handoffs=9), by="lee"),
            lambda: [
                d
                for a in (case.assignments[one] for one in case.open_ids)
                for one in a.actions
                if one.status == "uncertain"
                for d in person.settle_uncertainty(case, a.id, one.number, "run_again", by="lee")
            ][:1],
            lambda: [e.Draft(e.TimerFired(name)) for name in list(case.timers)[:1]],
            lambda: person.follow_up(case, "more?", by="lee", limits=Limits(turns=25)),
            lambda: person.ask_aside(case, AGENTS[1], "small", {}, by="lee", limits=Limits(turns=5)),
            lambda: person.cancel_assignment(case, some, by="lee"),
        ]
        try:
            drafts = commands[self.choose(len(commands))]()
        except CommandRefused:
            return
        for draft in drafts:
            self.add(draft)

    def play(self, steps: int) -> None:
        self.open()
        self.settle()
        for _ in range(steps):
            roll = self.choose(10)
            if roll == 0:
                self.crash()
            elif roll <= 4 or not self.flying:
                self.somebody()
            else:
                self.finish_one()
            self.settle()


def _lawful(case: Case) -> None:
    """What holds of every state."""
    for assignment in case.assignments.values():
        unsettled = [a for a in assignment.actions if a.status != "settled"]
        if assignment.open:
            assert assignment.unsettled == len(unsettled)
        assert (assignment.id in case.open_ids) == assignment.open
        parent = case.assignments.get(assignment.parent)
        assert assignment.seat >= 1
        if parent is not None:
            assert parent.spent.turns >= assignment.spent.turns
        held = assignment.reserved
        assert min(held.turns, held.tokens, held.ms, held.handoffs) >= 0
        if assignment.open:
            view_of(case, assignment.id) if assignment.agent in case.agents else None
    if not in_flight(case):
        assert all(one.reserved == NOTHING for one in case.assignments.values() if one.open)
    assert waits(case) >= 0
    assert decide(case) == decide(case)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_prefix_folds_to_a_valid_case_and_no_key_is_issued_twice(data: st.DataObject) -> None:
    world = World(data.draw, lambda: data.draw(turns))
    world.play(data.draw(st.integers(0, 25)))
    log = [open_event(one) for one in world.log]
    assert verify(world.case.id, world.log).head == world.case.head
    case = Case(world.case.id)
    for event in log:
        apply(case, event)
        _lawful(case)
    again = fold(world.case.id, log)
    assert msgspec.json.encode(_plain(again)) == msgspec.json.encode(_plain(world.case))


def _plain(case: Case) -> object:
    """A state without its transcripts, which are compared by their entries."""
    parts = msgspec.structs.asdict(case)
    parts["assignments"] = {
        key: {**msgspec.structs.asdict(one), "transcript": list(one.transcript)}
        for key, one in case.assignments.items()
    }
    return msgspec.to_builtins(parts)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_finished_skill_never_starts_again(data: st.DataObject) -> None:
    world = World(data.draw, lambda: data.draw(turns))
    world.play(data.draw(st.integers(0, 30)))
    finished: set[tuple[str, int, int, int]] = set()
    for one in world.log:
        body = open_event(one).body
        if isinstance(body, e.SkillFinished):
            finished.add((body.assignment, body.seat, body.turn, body.number))
        if isinstance(body, e.SkillStarted):
            assert (body.assignment, body.seat, body.turn, body.number) not in finished


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_an_approval_is_consumed_at_most_once_and_only_by_its_own_action(data: st.DataObject) -> None:
    world = World(data.draw, lambda: data.draw(turns))
    world.play(data.draw(st.integers(0, 30)))
    asked: dict[str, str] = {}
    approved: set[str] = set()
    used: dict[str, int] = {}
    for one in world.log:
        body = open_event(one).body
        if isinstance(body, e.ApprovalRequested):
            assert body.approval not in asked
            asked[body.approval] = body.action_digest
        if isinstance(body, e.ApprovalAnswered) and body.verdict == "approve":
            assert asked[body.approval] == body.action_digest
            approved.add(body.action_digest)
        if isinstance(body, e.SkillStarted) and body.skill == "ask_first":
            assert body.action_digest in approved
            key = f"{body.idempotency_key}#{body.attempt}"
            used[key] = used.get(key, 0) + 1
    assert all(count == 1 for count in used.values())


def test_the_first_event_follows_the_genesis_head() -> None:
    sealed, event = seal(
        e.Draft(e.CaseResumed()), case_id="c", seq=1, at_ms=1, previous=GENESIS, salt=hashlib.md5(b"").digest()
    )
    assert open_event(sealed) == event

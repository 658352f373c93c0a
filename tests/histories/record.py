"""Records each scene that has no file yet: `python -m tests.histories.record`."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jihwi.case import membership, person
from jihwi.case.assignment import MindSpec, Policy, Reason, SkillSpec
from jihwi.case.budget import Limits
from jihwi.case.events import SlotAwaited
from jihwi.case.revision import Edit, discard_proposal, edit_report, release_edited, report_digest, sentence_key
from jihwi.case.turn import (
    Ask,
    Call,
    CallSettled,
    ChildReported,
    Delegate,
    Dispute,
    HandOff,
    Post,
    Release,
    Report,
    Turn,
    View,
)
from jihwi.errors import ModelContextFull
from jihwi.evidence import Claim, Sentence
from jihwi.orchestrator import Publication, PublicationRefused, load_case, load_log
from jihwi.skills import Skill, SkillContext, SkillResult
from jihwi.store import EventStore, Patch
from jihwi.store.memory import MemoryStore
from jihwi.store.sqlite import SqliteStore
from jihwi.teams import built_in_folder
from jihwi.testing.builders import FewAtATime, Press, SeededChance, a_skill, an_agent, an_opening, an_orchestrator
from tests.histories.files import FOLDER, write

NEWEST = "2026-11"
"""The day of this version of the scenes; a changed scene gets a new one and the old file stays."""

Scene = Callable[[], Awaitable[tuple[EventStore, list[str]]]]


def _skills() -> tuple[Skill, Skill, Skill]:
    look = a_skill("look", lambda context, arguments: {"found": f"{arguments['what']}!"}, tainted=True)
    send = a_skill("send", lambda context, arguments: {"sent": arguments}, effect="write", leaves_house=True)
    return look, send, a_skill("compose", lambda context, arguments: {"report": "ok"})


def _settled(view: View) -> int:
    return sum(isinstance(one, CallSettled) for one in view.transcript)


async def team() -> tuple[EventStore, list[str]]:
    """Delegation, findings, a dispute, a handoff and a release."""
    look, _, compose = _skills()

    def worker(view: View) -> Turn:
        match view.turn:
            case 1:
                return Turn(actions=(Delegate("finder", "가"), Delegate("finder", "나")))
            case 2:
                return Turn("모았습니다.", (Dispute(1, "날짜가 다릅니다"), Call("compose")))
            case 3:
                return Turn(actions=(Release("a1/2/1"),))
        return Turn(actions=(Report(text="끝"),))

    def finder(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("look", {"what": view.task}), Call("nothing")))
        return Turn(actions=(Post(Claim(f"{view.task}를 찾음")), HandOff("checker", "보아 주십시오")))

    def checker(view: View) -> Turn:
        return Turn(f"확인 {view.task}")

    house = an_orchestrator(MemoryStore(), {"worker": worker, "finder": finder, "checker": checker}, look, compose)
    agents = (an_agent("worker", compose, delegates=("finder",)), an_agent("finder", look, handoffs=("checker",)))
    case = await house.run(an_opening(*agents, an_agent("checker")))
    return house.store, [case.id]


async def approvals() -> tuple[EventStore, list[str]]:
    """A tainted write is edited, approved, rejected; another waits."""
    look, send, _ = _skills()

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("look", {"what": "x"}),))
        return Turn(actions=(Call("send", {"to": view.turn}),) if view.turn < 5 else (Report(text="끝"),))

    house = an_orchestrator(MemoryStore(), {"worker": worker}, look, send)
    case_id = (await house.run(an_opening(an_agent("worker", look, send)))).id
    await house.submit(case_id, lambda c: person.edit(c, "", {"to": "kim"}, by="lee"))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.approve(c, "", by="lee"))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.reject(c, "", by="lee", words="아니오"))
    await house.drive(case_id)
    return house.store, [case_id]


async def seats() -> tuple[EventStore, list[str]]:
    """A seat is taken, a person takes a turn, and it is given back; a note, a pause."""
    look, _, _ = _skills()

    def worker(view: View) -> Turn:
        return Turn(actions=(Ask("?"),) if view.turn == 1 else (Report(text=f"자리 {view.seat}"),))

    house = an_orchestrator(MemoryStore(), {"worker": worker}, look)
    case_id = (await house.run(an_opening(an_agent("worker", look)))).id
    turn = Turn("제가 봅니다.", (Call("look", {"what": "y"}),))
    commands: list[Callable[[Any], Any]] = [
        lambda c: person.note(c, "a1", "서두르십시오", by="lee"),
        lambda c: person.take(c, "a1", by="lee"),
        lambda c: person.take_turn(c, "a1", turn, by="lee"),
        lambda c: person.pause(c, by="lee"),
        lambda c: person.resume(c, by="lee"),
        lambda c: person.reassign(c, "a1", by="lee"),
    ]
    for command in commands:
        await house.submit(case_id, command)
        await house.drive(case_id)
    return house.store, [case_id]


async def overtaken() -> tuple[EventStore, list[str]]:
    """A seat is taken while a write runs and given back when it has ended: whoever holds it is told how."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        begun.set()
        await go.wait()
        return SkillResult("보냈습니다", tainted=True)

    _, send, _ = _skills()
    slow = Skill(send.spec, send.description, send.schema, runs)

    def worker(view: View) -> Turn:
        if not any(isinstance(one, CallSettled) for one in view.transcript):
            return Turn(actions=(Call("send", {"to": "all"}),))
        settled = [one for one in view.transcript if isinstance(one, CallSettled)]
        return Turn(actions=(Report(text=", ".join(one.status for one in settled)),))

    house = an_orchestrator(MemoryStore(), {"worker": worker}, slow)
    names: list[str] = []
    opening = an_opening(an_agent("worker", slow), policy=Policy(approve=("send",)))
    driving = asyncio.create_task(house.run(opening, opened=names.append))
    await begun.wait()
    await house.submit(names[0], lambda c: person.take(c, "a1", by="lee"))
    go.set()
    await driving
    await house.submit(names[0], lambda c: person.reassign(c, "a1", by="lee"))
    await house.drive(names[0])
    return house.store, names


async def uncertain() -> tuple[EventStore, list[str]]:
    """A runner died while a write ran: it waits before the case worker."""
    return await crash(settled=False)


async def crash(*, settled: bool = True) -> tuple[EventStore, list[str]]:
    """A runner dies while a read and a write run; the next one takes over, and a person settles the write."""
    stuck = asyncio.Event()

    async def hangs(context: Any, arguments: Any) -> Any:
        stuck.set()
        await asyncio.Event().wait()

    look, send, _ = _skills()
    dying = [Skill(one.spec, one.description, one.schema, hangs) for one in (look, send)]

    def worker(view: View) -> Turn:
        if _settled(view) < 2:
            return Turn(actions=(Call("look", {"what": "z"}), Call("send", {"to": "all"})))
        return Turn(actions=(Report(text="끝"),))

    store = MemoryStore()
    opening = an_opening(an_agent("worker", look, send), policy=Policy(approve=("send",)))
    first = an_orchestrator(store, {"worker": worker}, *dying, runner="first")
    names: list[str] = []
    driving = asyncio.create_task(first.run(opening, opened=names.append))
    await stuck.wait()
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)
    held = await store.lease_of(names[0])
    assert held is not None
    await store.release(held)
    second = an_orchestrator(store, {"worker": worker}, look, send, runner="second")
    await second.drive(names[0])
    if not settled:
        return store, names
    await second.submit(names[0], lambda c: person.settle_uncertainty(c, "a1", 1, "happened", by="lee"))
    await second.drive(names[0])
    return store, names


async def parked() -> tuple[EventStore, list[str]]:
    """Turns run out; the case is parked with its reason."""
    look, _, _ = _skills()
    house = an_orchestrator(
        MemoryStore(), {"worker": lambda view: Turn(actions=(Call("look", {"what": str(view.turn)}),))}, look
    )
    case = await house.run(an_opening(an_agent("worker", look), limits=Limits(turns=2)))
    return house.store, [case.id]


async def fork() -> tuple[EventStore, list[str]]:
    """A case and its fork at an open approval."""
    store, (case_id,) = await approvals()
    look, send, _ = _skills()
    house = an_orchestrator(store, {"worker": lambda view: Turn("끝")}, look, send, chance=SeededChance(1))
    fork_id = await house.fork(case_id, 15, by="lee")
    await house.drive(fork_id)
    return store, [case_id, fork_id]


async def revised() -> tuple[EventStore, list[str]]:
    """A released report is edited by hand, worked on aside, released again, and the case goes on with a follow-up."""
    text = {"request": "?", "language": "ko", "answer": [{"text": "하나", "kind": "marked"}]}
    compose = a_skill("compose", lambda context, arguments: text)

    def worker(view: View) -> Turn:
        if view.turn == 1:
            return Turn(actions=(Call("compose"),))
        return Turn(actions=(Release(f"{view.assignment}/1/0"), Report(text=f"끝: {view.request}")))

    house = an_orchestrator(MemoryStore(), {"worker": worker, "helper": lambda view: Turn("보았습니다")}, compose)
    case_id = (await house.run(an_opening(an_agent("worker", compose)))).id
    first = sentence_key(Sentence("하나", "marked"))
    edit = Edit(how="replace", part=0, at=0, keys=(first,), now=(Sentence("둘", "marked"), Sentence("셋", "marked")))
    await house.submit(case_id, lambda c: edit_report(c, "a1/1/0", edit, by="lee"))
    await house.submit(case_id, lambda c: person.ask_aside(c, an_agent("helper"), "보아 주십시오", {"x": 1}, by="lee"))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: discard_proposal(c, "a2", by="lee", words="아니오"))
    await house.submit(case_id, lambda c: release_edited(c, "a1/1/0", report_digest(c.results["a1/1/0"]), by="lee"))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.follow_up(c, "더?", by="kim"))
    await house.drive(case_id)
    return house.store, [case_id]


async def members() -> tuple[EventStore, list[str]]:
    """An agent joins and gets work, a skill joins and leaves, an agent goes and another one takes what it held; the
    runner lacks the newcomer's procedure, and another one goes on."""
    look, send, _ = _skills()

    def worker(view: View) -> Turn:
        if any(isinstance(one, ChildReported) for one in view.transcript):
            return Turn(actions=(Report(text="끝"),))
        if view.turn == 1:
            return Turn(actions=(Ask("시작할까요?"),))
        return Turn(actions=(Delegate(view.agent.delegates[-1], "보아 주십시오"),))

    def clerk(view: View) -> Turn:
        return Turn(actions=(Ask("누구에게?"),) if view.agent.name == "clerk" else (Report(text="보았습니다"),))

    store = MemoryStore()
    lacking = an_orchestrator(store, {"worker": worker}, look, send, runner="first")
    agents = (an_agent("worker", look, delegates=("helper",)), an_agent("helper", look))
    case_id = (await lacking.run(an_opening(*agents))).id
    newcomer = an_agent("clerk", look)
    await lacking.submit(case_id, lambda c: membership.join(c, newcomer, by="lee", words="사람이 더 필요합니다"))
    await lacking.submit(case_id, lambda c: membership.join_skills(c, "clerk", [send.spec], by="lee"))
    await lacking.submit(case_id, lambda c: membership.leave_skills(c, "clerk", ["look"], by="lee"))
    await lacking.submit(case_id, lambda c: person.answer(c, "예", by="kim"))
    await asyncio.gather(lacking.drive(case_id), return_exceptions=True)
    held = await store.lease_of(case_id)
    if held is not None:
        await store.release(held)
    minds = {"worker": worker, "clerk": clerk, "helper": clerk}
    house = an_orchestrator(store, minds, look, send, runner="second", chance=SeededChance(1))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: membership.leave(c, "clerk", by="lee", to="helper"))
    await house.drive(case_id)
    return store, [case_id]


async def judged() -> tuple[EventStore, list[str]]:
    """The case worker's seat approves what the policy names; a parent stops waiting for a child that asks."""
    send = a_skill("send", lambda context, arguments: {"sent": True}, effect="write", approval="always")

    def worker(view: View) -> Turn:
        if "approval" in view.inputs:
            return Turn(actions=(Report(text="맞습니다", data={"verdict": "approve"}),))
        if view.turn == 1:
            return Turn(actions=(Delegate("clerk", "보내기"), Delegate("clerk", "묻기")))
        return Turn(actions=(Report(text="끝"),))

    def clerk(view: View) -> Turn:
        if view.task == "묻기":
            return Turn(actions=(Ask("?"),))
        return Turn(actions=(Report(text="보냄"),) if _settled(view) else (Call("send", {"to": "kim"}),))

    house = an_orchestrator(MemoryStore(), {"worker": worker, "clerk": clerk}, send)
    agents = (an_agent("worker", delegates=("clerk",)), an_agent("clerk", send))
    case_id = (await house.run(an_opening(*agents, policy=Policy(case_worker_approves=("send",))))).id
    await house.submit(case_id, lambda c: person.stop_waiting(c, "a1.2", by="lee"))
    await house.drive(case_id)
    return house.store, [case_id]


class _Narrow:
    """A model with room for three entries."""

    async def think(self, view: View, skills: Any, emit: Any) -> Turn:
        if len(view.transcript) > 5:
            raise ModelContextFull("http://127.0.0.1", "too long")
        if view.turn < 6:
            return Turn(actions=(Call("look", {"what": "글" * 900 + str(view.turn)}),))
        return Turn(actions=(Report(text="끝"),))


async def compacted() -> tuple[EventStore, list[str]]:
    """A transcript that did not fit is compacted, twice."""
    look, _, _ = _skills()
    minds: Any = {"narrow": _Narrow()}
    house = an_orchestrator(MemoryStore(), {}, look, minds=minds)
    case = await house.run(an_opening(an_agent("worker", look, mind=MindSpec("model", "narrow"))))
    return house.store, [case.id]


async def in_line() -> tuple[EventStore, list[str]]:
    """Two calls of a skill that runs once at a time: the second one waits until that is worth saying."""

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        seq = 0
        while not any(isinstance(event.body, SlotAwaited) for event in await load_log(store, context.case_id)):
            seq += 1
            await store.wait(context.case_id, seq, seconds=1)
        return SkillResult("converted")

    convert = Skill(SkillSpec("convert"), "Converts.", {"type": "object"}, runs)

    def worker(view: View) -> Turn:
        if not _settled(view):
            return Turn(actions=(Call("convert", {"page": 1}), Call("convert", {"page": 2})))
        return Turn(actions=(Report(text="end"),))

    store = MemoryStore()
    house = an_orchestrator(store, {"worker": worker}, convert, limits=FewAtATime(skills={"convert": 1}))
    case = await house.run(an_opening(an_agent("worker", convert)))
    return store, [case.id]


class _Desk:
    """A folder with two small files, and the command line over it."""

    def __init__(self, name: str) -> None:
        self.folder = Path(name)
        self.files = self.folder / "files"
        self.files.mkdir()
        self.write("공사.md", "# 공사\n\n공사기간은 2026년 9월 30일까지이다.\n")
        self.write("회의.txt", "공사기간은 2026년 10월 15일까지로 한다.\n")

    def write(self, name: str, text: str) -> None:
        (self.files / name).write_text(text, encoding="utf-8")

    async def says(self, *words: str, codes: tuple[int, ...] = (0,)) -> None:
        command = [sys.executable, "-m", "jihwi", *words]
        environment = {**os.environ, "JIHWI_HOME": str(self.folder / "home"), "JIHWI_VIEWER": "kim"}
        done = await asyncio.to_thread(subprocess.run, command, check=False, env=environment, capture_output=True)
        assert done.returncode in codes, done.stderr.decode()

    async def cases(self) -> tuple[EventStore, list[str]]:
        copy = MemoryStore()
        async with await SqliteStore.open(self.folder / "home" / "cases.db") as store:
            rows = [row for row in await store.rows() if row.case_id.startswith("c")]
            for row in rows:
                patch = Patch("closed", request="", requester="", team="", parent="")
                await copy.append(row.case_id, await store.read(row.case_id), patch)
        return copy, [row.case_id for row in rows]


async def report_team() -> tuple[EventStore, list[str]]:
    """The report team over two small files, through the command line."""
    with tempfile.TemporaryDirectory() as name:
        desk = _Desk(name)
        out = ("--out", str(desk.folder / "out"))
        await desk.says("run", "공사기간은 언제까지인가?", "--files", str(desk.files), *out)
        return await desk.cases()


async def sources() -> tuple[EventStore, list[str]]:
    """Sources change: of a released report one moves and one says something else, then one goes and one comes back;
    and of a case at work, whose findings go on with the words as they stand now."""
    with tempfile.TemporaryDirectory() as name:
        desk = _Desk(name)
        files, out = ("--files", str(desk.files)), ("--out", str(desk.folder / "out"))
        await desk.says("run", "공사기간은 언제까지인가?", *files, *out)
        team = Path(shutil.copytree(built_in_folder("report"), desk.folder / "team"))
        front = (team / "team.md").read_text("utf-8")
        (team / "team.md").write_text(front.replace("release: automatic", "release: person"), "utf-8")
        await desk.says("run", "공사기간은 언제까지인가?", "--team", str(team), *files, codes=(3,))
        desk.write("공사.md", "# 공사\n\n고친 계획이다.\n\n공사기간은 2026년 9월 30일까지이다.\n")
        desk.write("회의.txt", "공사기간은 2026년 11월 15일까지로 한다.\n")
        await desk.says("search", "공사기간", *files)
        desk.write("회의.txt", "공사기간은 2026년 10월 15일까지로 한다.\n")
        (desk.files / "공사.md").unlink()
        await desk.says("search", "공사기간", *files)
        return await desk.cases()


async def stopped() -> tuple[EventStore, list[str]]:
    """What goes wrong: an idempotent write is done again, the gate refuses a report, an approval goes to the deputy and
    lapses, a child is cancelled, limits are changed, a sentence is judged, a case is cancelled."""
    tries: list[str] = []

    async def runs(context: SkillContext, arguments: dict[str, Any]) -> SkillResult:
        tries.append(context.idempotency_key)
        if len(tries) == 1:
            raise ConnectionResetError("no answer any more")
        return SkillResult({"stored": arguments})

    store_it = Skill(SkillSpec("store", effect="idempotent write"), "Stores.", {"type": "object"}, runs)
    send = a_skill("send", lambda context, arguments: {"sent": True}, effect="write", approval="always")
    report = {"request": "?", "language": "ko", "answer": [{"text": "하나", "kind": "marked"}]}
    compose = a_skill("compose", lambda context, arguments: report)

    def worker(view: View) -> Turn:
        steps = (
            (Call("store", {"n": 1}), Call("compose")),
            (Release("a1/1/1"), Delegate("helper", "묻기", join=False)),
            (Release("a1/1/1"),),
            (Call("send", {"to": "kim"}),),
            (Ask("더?"),),
        )
        return Turn(actions=steps[view.turn - 1] if view.turn <= len(steps) else (Report(text="끝"),))

    store = MemoryStore()
    minds = {"worker": worker, "helper": lambda view: Turn(actions=(Ask("?"),))}
    agents = (an_agent("worker", store_it, send, compose, delegates=("helper",)), an_agent("helper"))
    policy = Policy(approve=("store",), approval_expires_ms=1, deputy="park")
    house = an_orchestrator(store, minds, store_it, send, compose, press=_Strict())
    case_id = (await house.run(an_opening(*agents, policy=policy, limits=Limits(turns=20)))).id
    await house.submit(case_id, lambda c: person.judge(c, 1, "bad", by="lee", words="출처가 없습니다"))
    await house.submit(case_id, lambda c: person.cancel_assignment(c, "a1.1", by="lee", words="그만"))
    await house.submit(case_id, lambda c: person.raise_limits(c, Limits(turns=30), by="lee"))
    await house.drive(case_id)
    await house.submit(case_id, lambda c: person.cancel(c, by="lee", words="필요 없음"))
    return store, [case_id]


class _Strict(Press):
    """A gate that lets nothing through the first time."""

    async def publish(self, *arguments: Any, **named: Any) -> Publication | PublicationRefused:
        if not self.released:
            self.released.append(None)
            return PublicationRefused(Reason("release_unsupported"), ("하나",))
        return await super().publish(*arguments, **named)


SCENES: dict[str, Scene] = {
    "team": team,
    "approvals": approvals,
    "seats": seats,
    "overtaken": overtaken,
    "crash": crash,
    "uncertain": uncertain,
    "parked": parked,
    "revised": revised,
    "fork": fork,
    "members": members,
    "judged": judged,
    "compacted": compacted,
    "in-line": in_line,
    "report-team": report_team,
    "sources": sources,
    "stopped": stopped,
}


async def _record() -> None:
    for name, scene in SCENES.items():
        path = FOLDER / f"{NEWEST}-{name}.jsonl"
        if path.exists():
            continue
        store, case_ids = await scene()
        logs = {one: await store.read(one) for one in case_ids}
        write(path, logs, {one: await load_case(store, one) for one in case_ids})
        print(path.name)


if __name__ == "__main__":
    asyncio.run(_record())

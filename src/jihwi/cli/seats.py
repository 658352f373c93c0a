"""`jihwi case take, give, reassign, join, leave, note, fork, turn`: a person steps into an agent's seat, and out of it
again, and says who works in a case."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import msgspec
import typer

from jihwi.case import membership, person
from jihwi.case.assignment import AgentSpec, ReportStatus, SkillSpec
from jihwi.case.budget import Limits
from jihwi.case.events import Draft
from jihwi.case.state import Case
from jihwi.case.turn import Action, Ask, Call, Delegate, Dispute, HandOff, Post, Release, Report, Turn
from jihwi.cli.cases import CaseName, Words, app, arguments_of, find_case, show_recorded, submit
from jihwi.cli.screen import say
from jihwi.cli.session import Home, Json, Lang, Session, in_session, run_async
from jihwi.cli.standing import standing
from jihwi.errors import OptionMissing, SettingInvalid
from jihwi.evidence import Claim
from jihwi.teams import Team
from jihwi.wiring import House, open_house

__all__ = ["Forms", "app", "turn_of"]

AssignmentName = Annotated[str, typer.Argument(help=say("어느 일 (a1.2)", "The assignment (a1.2)"))]


@app.command(
    help=say(
        "에이전트의 자리에 앉습니다. 다음 차례부터 직접 하고, 이제까지 본 것은 그대로입니다.",
        "Sit down in an agent's seat: its next turns are yours, its transcript stays.",
    ),
    epilog="jihwi case take last a1.2",
)
@in_session
def take(session: Session, case: CaseName, assignment: AssignmentName) -> int:
    return submit(session, case, lambda now, by: person.take(now, assignment, by=by))


@app.command(
    help=say("자리를 원래 에이전트에게 돌려줍니다.", "Give a seat back to its agent's own mind."),
    epilog="jihwi case give last a1.2",
)
@in_session
def give(session: Session, case: CaseName, assignment: AssignmentName) -> int:
    return submit(session, case, lambda now, by: person.reassign(now, assignment, by=by))


@app.command(
    help=say("자리를 사건의 다른 에이전트에게 줍니다.", "Give a seat to another agent of the case."),
    epilog="jihwi case reassign last a1.2 researcher",
)
@in_session
def reassign(
    session: Session,
    case: CaseName,
    assignment: AssignmentName,
    agent: Annotated[str, typer.Argument(help=say("맡을 에이전트", "The agent that is to have it"))],
) -> int:
    return submit(session, case, lambda now, by: person.reassign(now, assignment, by=by, agent=agent, how="reassign"))


@app.command(
    help=say(
        "팀의 에이전트를, --skill로는 기술을 진행 중인 사건에 들입니다.",
        "Let an agent of a team, or with --skill a skill, join a running case.",
    ),
    epilog="jihwi case join last analyst --team report",
)
def join(
    case: CaseName,
    agent: Annotated[str, typer.Argument(help=say("들어올 에이전트", "The agent that joins"))],
    team: Annotated[
        str | None, typer.Option(help=say("그 에이전트가 있는 팀의 이름이나 폴더", "The team, or its folder, it is in"))
    ] = None,
    skill: Annotated[
        list[str] | None,
        typer.Option(help=say("이미 있는 에이전트에게 이 기술을 준다", "Give this skill to an agent that is there")),
    ] = None,
    delegated_by: Annotated[
        list[str] | None,
        typer.Option("--delegated-by", help=say("누가 일을 맡길 수 있나", "Who may delegate to it")),
    ] = None,
    handed_by: Annotated[
        list[str] | None, typer.Option("--handed-by", help=say("누가 일을 넘길 수 있나", "Who may hand off to it"))
    ] = None,
    note: Words = "",
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
) -> None:
    with Session(json=json, lang=lang, home=home, team=team) as session:
        givers = (tuple(delegated_by or ()), tuple(handed_by or ()))
        raise SystemExit(run_async(lambda: _join(session, case, agent, tuple(skill or ()), givers, note)))


async def _join(
    session: Session,
    name: str,
    agent: str,
    skills: tuple[str, ...],
    givers: tuple[tuple[str, ...], tuple[str, ...]],
    words: str,
) -> int:
    async with open_house(session.settings) as house:
        row = await find_case(house.store, name)
        by = house.viewer.id
        specs = [_skill(house, one) for one in skills]
        source = house.team(house.settings.team)
        spec = None if skills else _agent(source, agent)

        def command(now: Case) -> list[Draft]:
            if spec is None:
                return membership.join_skills(now, agent, specs, by=by, words=words)
            return membership.join(
                now,
                spec,
                by=by,
                delegated_by=givers[0],
                handed_by=givers[1],
                source=source.name,
                source_digest=source.digest,
                words=words,
            )

        case = await house.orchestrator().submit(row.case_id, command, door="cli")
        show_recorded(session.screen, case, house.viewer)
    return 0


def _agent(team: Team, name: str) -> AgentSpec:
    for one in team.agents:
        if one.name == name:
            return one
    raise SettingInvalid("agent", name, f"team {team.name}", ", ".join(one.name for one in team.agents))


def _skill(house: House, name: str) -> SkillSpec:
    found = house.skills.get(name)
    if found is None:
        raise SettingInvalid("skill", name, "--skill", ", ".join(house.skills.names()))
    return found.spec


@app.command(
    help=say(
        "에이전트를, --skill로는 그 기술 하나를 진행 중인 사건에서 뺍니다. 하던 일은 넘겨집니다.",
        "Let an agent leave a running case, or with --skill only a skill of it; its work is handed on.",
    ),
    epilog="jihwi case leave last analyst --to researcher",
)
@in_session
def leave(
    session: Session,
    case: CaseName,
    agent: Annotated[str, typer.Argument(help=say("나갈 에이전트", "The agent that leaves"))],
    to: Annotated[
        str,
        typer.Option(help=say("하던 일을 이어받을 에이전트. 비우면 내가 맡습니다", "Who gets its work; you, if empty")),
    ] = "",
    skill: Annotated[
        list[str] | None, typer.Option(help=say("에이전트는 남고 이 기술만 뺀다", "Only this skill leaves the agent"))
    ] = None,
    note: Words = "",
) -> int:
    def command(now: Case, by: str) -> list[Draft]:
        if skill:
            return membership.leave_skills(now, agent, skill, by=by, words=note)
        return membership.leave(now, agent, by=by, to=to, words=note)

    return submit(session, case, command)


@app.command(
    "go-on",
    help=say(
        "이 일을 기다리던 자리가 기다리지 않고 이어 가게 합니다. 보고는 오면 읽습니다.",
        "Let whoever waits for this work go on without it; its report is read when it comes.",
    ),
    epilog="jihwi case go-on last a1.2",
)
@in_session
def go_on(session: Session, case: CaseName, assignment: AssignmentName) -> int:
    return submit(session, case, lambda now, by: person.stop_waiting(now, assignment, by=by))


@app.command(
    help=say(
        "에이전트에게 말을 남깁니다. 다음 차례에 읽습니다.", "Tell an agent something; it is read at the next turn."
    ),
    epilog='jihwi case note last a1.2 "2025년 개정판만 보십시오"',
)
@in_session
def note(
    session: Session,
    case: CaseName,
    assignment: AssignmentName,
    words: Annotated[str, typer.Argument(help=say("할 말", "What to tell it"))],
) -> int:
    return submit(session, case, lambda now, by: person.note(now, assignment, words, by=by))


@app.command(
    help=say(
        "만약을 시험합니다. 이 사건의 한 기록에서 갈라져 나가는 새 사건을 엽니다.",
        "Try what if: a new case that goes on from an event of this one.",
    ),
    epilog="jihwi case fork last --at 42",
)
@in_session
def fork(
    session: Session,
    case: CaseName,
    at: Annotated[int, typer.Option(min=1, help=say("이 번호의 기록까지", "Up to this event"))],
    turns: Annotated[int, typer.Option(help=say("새 차례 한도", "Its own limit of turns"))] = 0,
    note: Annotated[
        str, typer.Option(help=say("갈라진 사건의 담당에게 할 말", "What to tell the new case's case worker"))
    ] = "",
) -> int:
    return run_async(lambda: _fork(session, case, at, turns, note))


async def _fork(session: Session, name: str, at: int, turns: int, words: str) -> int:
    screen = session.screen
    async with open_house(session.settings) as house:
        row = await find_case(house.store, name)
        orchestrator = house.orchestrator()
        limits = Limits(turns=turns) if turns else None
        by = house.viewer.id

        def told(now: Case) -> list[Draft]:
            return person.note(now, now.course, words, by=by)

        fork_id = await orchestrator.fork(
            row.case_id, at, by=by, limits=limits, then=told if words else None, door="cli"
        )
        forked = await orchestrator.case(fork_id)
        viewer = house.viewer
    screen.result(standing(forked, viewer))
    screen.remark(
        screen.words(
            f"{row.case_id}의 {at}번에서 갈라진 새 사건입니다: {fork_id}. 이어 가기: jihwi case run {fork_id}",
            f"A new case from event {at} of {row.case_id}: {fork_id}. Go on: jihwi case run {fork_id}",
        )
    )
    return 0


# ── a person's own turn ──────────────────────────────────────────────────────


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """The simple forms of a turn, as they are typed."""

    text: str = ""
    call: tuple[tuple[str, str], ...] = ()
    """Skills with their arguments as JSON."""
    post: tuple[str, ...] = ()
    """Claims as JSON."""
    dispute: tuple[tuple[int, str], ...] = ()
    delegate: tuple[tuple[str, str], ...] = ()
    ask: str = ""
    release: str = ""
    hand_off: str = ""
    note: str = ""
    report: str | None = None
    status: str = "done"


class _Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A turn as JSON: what a person may say. What it cost and which model said it is not theirs to say."""

    text: str = ""
    actions: tuple[Action, ...] = ()


def turn_of(forms: Forms, whole: str = "") -> Turn:
    """The turn that was typed: as JSON, or in simple forms; calls first, what ends the work last.

    Raises SettingInvalid, OptionMissing.

    >>> [type(one).__name__ for one in turn_of(Forms(call=(("search", '{"query": "여비"}'),), report="끝")).actions]
    ['Call', 'Report']
    """
    if whole:
        read: _Whole = _decoded(whole, _Whole, "--turn", '{"text": "…", "actions": [{"do": "report", "text": "…"}]}')
        return Turn(read.text, read.actions)
    actions: list[Action] = [Call(skill, arguments_of(given or "{}", "--call")) for skill, given in forms.call]
    actions += [Post(_decoded(one, Claim, "--post", '{"text": "…", "quotations": […]}')) for one in forms.post]
    actions += [Dispute(finding, reason) for finding, reason in forms.dispute]
    actions += [Delegate(agent, task) for agent, task in forms.delegate]
    actions += [Ask(forms.ask)] if forms.ask else []
    actions += [Release(forms.release)] if forms.release else []
    actions += [HandOff(forms.hand_off, forms.note)] if forms.hand_off else []
    if forms.report is not None:
        if forms.status not in get_args(ReportStatus):
            raise SettingInvalid("status", forms.status, "--status", "done, partial, failed")
        status: Any = forms.status
        actions.append(Report(status, forms.report))
    if not actions and not forms.text:
        raise OptionMissing("jihwi case turn", "--call, --hand-off, --report …")
    return Turn(forms.text, tuple(actions))


def _decoded(text: str, kind: Any, place: str, expected: str) -> Any:
    try:
        return msgspec.json.decode(text.encode(), type=kind)
    except msgspec.MsgspecError as problem:
        raise SettingInvalid(place, text[:80], str(problem), expected) from problem


@app.command(
    help=say(
        "직접 맡은 자리의 차례를 모델이나 절차처럼 냅니다.",
        "Take a turn in a seat you hold: as a model or a procedure would.",
    ),
    epilog='jihwi case turn last a1.2 --report "확인했습니다"',
)
@in_session
def turn(
    session: Session,
    case: CaseName,
    assignment: AssignmentName,
    text: Annotated[str, typer.Option(help=say("덧붙일 글", "Text besides"))] = "",
    call: Annotated[
        tuple[str, str],
        typer.Option(metavar="SKILL JSON", show_default=False, help=say("기술을 쓴다", "Use a skill")),
    ] = ("", ""),
    post: Annotated[list[str] | None, typer.Option(metavar="JSON", help=say("발견을 올린다", "Post a finding"))] = None,
    dispute: Annotated[
        tuple[int, str],
        typer.Option(metavar="N REASON", show_default=False, help=say("발견에 이의를 낸다", "Dispute a finding")),
    ] = (0, ""),
    delegate: Annotated[
        tuple[str, str],
        typer.Option(metavar="AGENT TASK", show_default=False, help=say("맡긴다", "Delegate")),
    ] = ("", ""),
    ask: Annotated[str, typer.Option(help=say("요청한 사람에게 묻는다", "Ask the requester"))] = "",
    release: Annotated[str, typer.Option(help=say("보고서를 내보낸다: 자리", "Release a report: its place"))] = "",
    hand_off: Annotated[str, typer.Option("--hand-off", help=say("이 에이전트에게 넘긴다", "Hand off to"))] = "",
    note: Words = "",
    report: Annotated[str | None, typer.Option(help=say("보고하고 끝낸다", "Report, which ends the work"))] = None,
    status: Annotated[str, typer.Option(help="done | partial | failed")] = "done",
    whole: Annotated[str, typer.Option("--turn", help=say("차례 전체를 JSON으로", "The whole turn as JSON"))] = "",
) -> int:
    forms = Forms(
        text=text,
        call=(call,) if call[0] else (),
        post=tuple(post or ()),
        dispute=(dispute,) if dispute[0] else (),
        delegate=(delegate,) if delegate[0] else (),
        ask=ask,
        release=release,
        hand_off=hand_off,
        note=note,
        report=report,
        status=status,
    )
    decided = turn_of(forms, whole)
    return submit(session, case, lambda now, by: person.take_turn(now, assignment, decided, by=by))

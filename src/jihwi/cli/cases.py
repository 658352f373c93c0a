"""`jihwi case …`: the case worker's seat at the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from jihwi.case import person
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.case.events import Draft
from jihwi.case.rechecking import lost_in, moved_in, say_rechecked
from jihwi.case.said import not_erased, refuse
from jihwi.case.state import Case, waits
from jihwi.cli.onward import onward, status_words
from jihwi.cli.screen import WAITS, Screen, say
from jihwi.cli.session import Home, Json, Lang, Model, Session, TeamName, in_session, in_whole_letters, run_async
from jihwi.cli.standing import ended_lines, options_of, overtaken_lines, standing, standing_lines, unclear_words
from jihwi.cli.transcript import show_transcript
from jihwi.cli.viewing import looked_into
from jihwi.errors import CaseAmbiguous, CaseUnknown, SettingInvalid
from jihwi.evidence import Rechecked, Viewer
from jihwi.orchestrator import load_case, runner_is_dead
from jihwi.store import CaseRow, EventStore
from jihwi.wiring import House, open_house, path_of
from jihwi.words import Language

__all__ = ["CaseName", "Words", "app", "arguments_of", "find_case", "show_recorded", "submit"]

app = typer.Typer(no_args_is_help=True)

CaseName = Annotated[
    str, typer.Argument(help=say("사건 이름의 앞 글자, 또는 'last'", "The first letters of a case, or 'last'"))
]
Words = Annotated[str, typer.Option("--note", help=say("남길 말", "A word on why"))]


async def find_case(store: EventStore, name: str) -> CaseRow:
    """The case whose name begins so, or the newest for `last`. Raises CaseUnknown, CaseAmbiguous."""
    rows = await store.rows(limit=1) if name == "last" else await store.rows(prefix=name, limit=5)
    if not rows:
        raise CaseUnknown(name)
    exact = [row for row in rows if row.case_id == name]
    if len(rows) > 1 and not exact:
        raise CaseAmbiguous(name, ", ".join(row.case_id for row in rows))
    return exact[0] if exact else rows[0]


@app.command(
    "list", help=say("사건을 최근 것부터 봅니다.", "List the cases, the latest first."), epilog="jihwi case list"
)
@in_session
def list_cases(session: Session) -> int:
    return run_async(lambda: _list(session))


async def _list(session: Session) -> int:
    screen = session.screen
    async with looked_into(session) as house:
        rows = await house.store.rows()
    if screen.json:
        screen.result([_row(row) for row in rows])
        return 0
    from rich.table import Table  # waits: only for people

    table = Table(box=None, pad_edge=False)
    for ko, en in (("사건", "Case"), ("상태", "Status"), ("기다림", "Waits"), ("요청", "Request")):
        table.add_column(screen.words(ko, en), overflow="fold", no_wrap=en == "Case")  # a name is typed again: whole
    for row in rows:
        table.add_row(
            row.case_id, status_words(row.status, screen.language), str(row.waits_for or ""), row.request[:80]
        )
    screen.out.print(table if rows else screen.words("사건이 없습니다.", "There are no cases."))
    return 0


def _row(row: CaseRow) -> dict[str, Any]:
    return {**msgspec.structs.asdict(row), "head": row.head.hex()}


@app.command(
    help=say(
        "사건이 어떤 상태이고 무엇을 기다리는지, 또는 한 자리가 이제까지 본 것을 봅니다.",
        "Show how a case stands and what it waits for, or the transcript of one seat.",
    ),
    epilog="jihwi case show last --of a1.2",
)
@in_session
def show(
    session: Session,
    case: CaseName = "last",
    of: Annotated[str, typer.Option(help=say("이 일이 지금까지 본 것", "What this assignment has seen so far"))] = "",
) -> int:
    return run_async(lambda: _show(session, case, of))


async def _show(session: Session, name: str, of: str) -> int:
    async with looked_into(session) as house:
        row = await find_case(house.store, name)
        case = await load_case(house.store, row.case_id)
        viewer = house.viewer
        held = await house.store.lease_of(row.case_id)
        driven = held is not None and not runner_is_dead(held.runner)
        changes = _changes(house, case, session.screen.language)
        ended = ended_lines(case, session.screen, viewer, await _released_in(house, case))
    if of:
        show_transcript(session.screen, case, of, viewer)
        return 0
    if is_erased(case):
        _show_erased(session.screen, row)
        return 0
    session.screen.result({**standing(case, viewer), "sources_changed": changes})
    if not session.screen.json:
        for line in [
            *standing_lines(case, session.screen, viewer, driven=driven),
            *ended,
            *_change_lines(session.screen, changes),
        ]:
            session.screen.out.print(line, markup=False)
    return WAITS if waits(case) else 0


async def _released_in(house: House, case: Case) -> Path | None:
    if case.status != "closed" or not case.files:
        return None
    from jihwi.cli.running import released_in  # waits: brings the library

    return await released_in(house, case)


def _changes(house: House, case: Case, language: Language) -> dict[str, list[dict[str, Any]]]:
    """What lost its evidence and what moved because sources have changed, as who works here may see it."""
    if not case.rechecked or not house.viewer.may_see(case.labels):
        return {"lost": [], "moved": []}

    def told(one: Rechecked) -> dict[str, Any]:
        path = path_of(house.library, one, house.viewer)
        return {**msgspec.to_builtins(one), "path": path, "words": say_rechecked(one, language, path)}

    return {"lost": [told(one) for one in lost_in(case)], "moved": [told(one) for one in moved_in(case)]}


def _change_lines(screen: Screen, changes: dict[str, list[dict[str, Any]]]) -> list[str]:
    if not changes["lost"] and not changes["moved"]:
        return []
    title = screen.words("근거 문서가 바뀌었습니다", "Its sources have changed")
    return ["", title, *(f"  {one['words']}" for one in (*changes["lost"], *changes["moved"]))]


def is_erased(case: Case) -> bool:
    """Whether the facts it began with were erased, so that nothing is known of it but that it was."""
    return not case.assignments and case.seq > 0


def _show_erased(screen: Screen, row: CaseRow) -> None:
    screen.result(
        {"case": row.case_id, "status": row.status, "erased": True, "events": row.seq, "head": row.head.hex()}
    )
    if screen.json:
        return
    ended = screen.words(
        f"이 사건의 내용은 지워졌습니다. 사건 기록 {row.seq}건의 머리글과 원장은 남아 있습니다.",
        f"The texts of this case were erased. The headers of its {row.seq} events and its ledger remain.",
    )
    for line in (f"{row.case_id}  {row.status}", ended, f"  jihwi ledger verify {row.case_id}"):
        screen.out.print(line, markup=False)


@app.command(
    help=say(
        "사건의 기록을 생기는 대로 봅니다. 늦게 보아도, 몇 번째 기록부터 보아도 됩니다.",
        "Follow the events of a case as they happen; join late, or go on from an event's number.",
    ),
    epilog="jihwi case follow last --after 12",
)
@in_session
def follow(
    session: Session,
    case: CaseName = "last",
    after: Annotated[int, typer.Option(help=say("이 번호 다음부터", "Go on after this event"))] = 0,
    wait: Annotated[bool, typer.Option(help=say("끝날 때까지 기다립니다", "Wait until it ends"))] = True,
) -> int:
    from jihwi.cli.watching import follow_case  # waits: it looks for cases as this module does

    return run_async(lambda: follow_case(session, case, after, wait=wait))


@app.command(
    "run",
    help=say(
        "답이나 승인을 했거나 멈춘 뒤에 사건을 이어 갑니다.",
        "Drive a case on: after an answer, an approval, or a crash.",
    ),
    epilog="jihwi case run last",
)
@in_whole_letters
def run_case(
    case: CaseName = "last",
    out: Annotated[Path | None, typer.Option(help=say("보고서를 둘 폴더", "Folder for the report"))] = None,
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
    model: Model = None,
    team: TeamName = None,
) -> None:
    with Session(json=json, lang=lang, home=home, model=model, team=team) as session:
        raise SystemExit(run_async(lambda: _run(session, case, out)))


async def _run(session: Session, name: str, out: Path | None) -> int:
    from jihwi.cli.running import drafts_of, drive_case, watcher  # waits: brings the library

    async with open_house(session.settings) as house:
        row = await find_case(house.store, name)
        case = await load_case(house.store, row.case_id)
        not_erased(case)
        drafts = drafts_of(session.screen, house, case)
        orchestrator = house.orchestrator(watch=watcher(session.screen, house), emit=drafts)
        return await drive_case(session, house, orchestrator, row.case_id, out)


# ── what a person says ───────────────────────────────────────────────────────


def submit(session: Session, name: str, command: Callable[[Case, str], list[Draft]]) -> int:
    """Record what a person says to a case and show how it stands then. Answers the exit code."""

    async def work() -> int:
        async with open_house(session.settings) as house:
            row = await find_case(house.store, name)
            orchestrator = house.orchestrator()
            by = house.viewer.id
            case = await orchestrator.submit(row.case_id, lambda now: command(now, by), door="cli")
            viewer = house.viewer
        show_recorded(session.screen, case, viewer)
        return 0

    return run_async(work)


def show_recorded(screen: Screen, case: Case, viewer: Viewer) -> None:
    """Say that the case has taken a person's word, and how it goes on."""
    screen.result(standing(case, viewer))
    words = screen.words(f"기록했습니다 ({case.seq}번).", f"Recorded as event {case.seq}.")
    # Where a write is under way although its seat has changed hands, a runner most likely has it: look, do not drive.
    looks = f"jihwi case show {case.id}" if case.overtaken and waits(case) else ""
    if line := looks or onward(case):
        words += screen.words(f" 이어 가기: {line}", f" Go on: {line}")
    screen.remark(words)
    for place, skill in case.unclear.items():
        screen.remark(unclear_words(screen, place, skill))
    for line in overtaken_lines(case, screen, viewer):
        screen.remark(line)


ApprovalName = Annotated[
    str, typer.Argument(help=say("승인의 이름. 하나뿐이면 비웁니다", "The approval; empty for the only one"))
]


@app.command(
    help=say(
        "보인 그대로의 작업 하나를 승인하거나 고칩니다. 고치면 새 작업이라 다시 묻습니다.",
        "Approve one exact action, or edit it: an edit makes a new action that is asked anew.",
    ),
    epilog="jihwi case approve last a1/1/4/0 --digest 3f2a91",
)
@in_session
def approve(
    session: Session,
    case: CaseName,
    approval: ApprovalName = "",
    digest: Annotated[str, typer.Option(help=say("보인 그 내용의 요약값", "Digest of the action as shown"))] = "",
    edit: Annotated[
        str, typer.Option(help=say("고친 값 (JSON). 새로 승인을 묻습니다", "Edited arguments as JSON; asked anew"))
    ] = "",
    note: Words = "",
) -> int:
    def command(now: Case, by: str) -> list[Draft]:
        if edit:
            return person.edit(now, approval, arguments_of(edit, "--edit"), by=by, words=note)
        return person.approve(now, approval, by=by, digest=digest, words=note)

    return submit(session, case, command)


def arguments_of(text: str, place: str) -> dict[str, Any]:
    """A skill's arguments as they were typed. Raises SettingInvalid."""
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, Any])
    except msgspec.MsgspecError as problem:
        raise SettingInvalid(place, text[:80], "JSON", '{"…": …}') from problem


@app.command(
    help=say("작업 하나를 거절합니다. 에이전트가 까닭을 읽습니다.", "Reject one action; the agent reads why."),
    epilog='jihwi case reject last --note "받는 사람이 틀림"',
)
@in_session
def reject(
    session: Session,
    case: CaseName,
    approval: ApprovalName = "",
    note: Words = "",
) -> int:
    return submit(session, case, lambda now, by: person.reject(now, approval, by=by, words=note))


@app.command(
    help=say("사건의 물음에 답합니다.", "Answer a question of the case."),
    epilog='jihwi case answer last "2025년입니다"',
)
@in_session
def answer(
    session: Session,
    case: CaseName,
    words: Annotated[str, typer.Argument(help=say("답, 또는 보기의 번호", "The answer, or an option's number"))],
    of: Annotated[str, typer.Option(help=say("어느 질문: 일/번호", "Which question: assignment/number"))] = "",
) -> int:
    name, _, number = of.partition("/")
    at = int(number) if number.isdigit() else None

    def command(now: Case, by: str) -> list[Draft]:
        return person.answer(now, _chosen(now, words, name, at), by=by, assignment=name, number=at)

    return submit(session, case, command)


def _chosen(case: Case, words: str, assignment: str, number: int | None) -> str:
    """The option that was named by its number, as it stands; any other words as they are."""
    asked = [
        options_of(a, n) for a, n, _ in person.open_questions(case) if assignment in ("", a.id) and number in (None, n)
    ]
    if len(asked) != 1 or not words.strip().isdecimal() or not asked[0]:
        return words
    options = asked[0]
    if 1 <= int(words) <= len(options):
        return options[int(words) - 1]
    said = words.strip()
    if said not in options:
        ko = f"{said}번 보기가 없습니다 (1~{len(options)}). 이 수가 답이면 말로 적으십시오."
        en = f"There is no option {said} (1 to {len(options)}). If the number is the answer, say it in words."
        refuse(case, ko, en)
    return said


@app.command(
    help=say(
        "보고서 없이 사건을 끝내거나, 그 가운데 한 일을 끝냅니다.",
        "End a case without a report, or one assignment of it.",
    ),
    epilog="jihwi case cancel last --of a1.2",
)
@in_session
def cancel(
    session: Session,
    case: CaseName,
    of: Annotated[str, typer.Option(help=say("이 일만", "Only this assignment"))] = "",
    note: Words = "",
) -> int:
    def command(now: Case, by: str) -> list[Draft]:
        if of:
            return person.cancel_assignment(now, of, by=by, words=note)
        return person.cancel(now, by=by, words=note)

    return submit(session, case, command)


@app.command(
    help=say(
        "새 일을 시작하지 않게 합니다. 하던 일은 스스로 끝납니다.",
        "Stop starting new work; what is under way ends by itself.",
    ),
    epilog="jihwi case pause last",
)
@in_session
def pause(session: Session, case: CaseName, note: Words = "") -> int:
    return submit(session, case, lambda now, by: person.pause(now, by=by, words=note))


@app.command(
    help=say(
        "멈춘 사건을 이어 갑니다. 예산이 모자랐으면 늘립니다.",
        "Go on after a pause or a stop, with a larger budget where one ran out.",
    ),
    epilog="jihwi case resume last --turns 200",
)
@in_session
def resume(
    session: Session,
    case: CaseName,
    turns: Annotated[int, typer.Option(min=0, help=say("새 차례 한도", "A new limit of turns"))] = 0,
    tokens: Annotated[int, typer.Option(min=0, help=say("새 토큰 한도", "A new limit of tokens"))] = 0,
    money: Annotated[
        float, typer.Option(min=0, help=say("새 비용 한도 (값의 단위로)", "A new limit of money, in the price's unit"))
    ] = 0,
    seconds: Annotated[int, typer.Option(min=0, help=say("새 시간 한도(초)", "A new limit of seconds of work"))] = 0,
    handoffs: Annotated[int, typer.Option(min=0, help=say("새 넘기기 한도", "A new limit of handoffs"))] = 0,
    depth: Annotated[int, typer.Option(min=0, help=say("새 맡기기 깊이", "How deep delegation may go"))] = 0,
    of: Annotated[
        str, typer.Option(help=say("이 일의 한도만 (a1.2)", "Only the limits of this assignment (a1.2)"))
    ] = "",
) -> int:
    given = Limits(
        tokens=tokens or None,
        micros=round(money * 1_000_000) or None,
        ms=seconds * 1000 or None,
        turns=turns or None,
        handoffs=handoffs or None,
        depth=depth or None,
    )

    def command(now: Case, by: str) -> list[Draft]:
        if given == UNLIMITED:
            return person.resume(now, by=by)
        raised = person.raise_limits(now, given, by=by, assignment=of)
        return [*raised, *person.resume(now, by=by)] if now.status == "paused" else raised

    return submit(session, case, command)


@app.command(
    help=say(
        "되었는지 아무도 모르는 쓰기가 어떻게 끝났는지 알려 줍니다.",
        "Say how a write ended of which nobody knows whether it happened.",
    ),
    epilog="jihwi case settle last a1 0 happened",
)
@in_session
def settle(
    session: Session,
    case: CaseName,
    assignment: Annotated[str, typer.Argument(help=say("어느 일", "The assignment"))],
    number: Annotated[int, typer.Argument(help=say("차례 안의 순서", "The action's number in its turn"))],
    outcome: Annotated[str, typer.Argument(help="happened | did_not_happen | run_again")],
    note: Words = "",
) -> int:
    if outcome not in ("happened", "did_not_happen", "run_again"):
        session.screen.fail(SettingInvalid("outcome", outcome, "settle", "happened, did_not_happen, run_again"))
    chosen: Any = outcome
    return submit(
        session,
        case,
        lambda now, by: person.settle_uncertainty(now, assignment, number, chosen, by=by, words=note),
    )

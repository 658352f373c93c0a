"""`jihwi settings …`: what may be changed while it runs, at the terminal of whoever owns the machine."""

from __future__ import annotations

import datetime
import enum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from jihwi.case.events import Author
from jihwi.cli.screen import say
from jihwi.cli.session import Session, in_session, run_async
from jihwi.errors import ExamplesNotKept, OptionMissing
from jihwi.house import HOUSE_SETTINGS, ExamplesExported, HouseState, Switched, change_settings
from jihwi.wiring import House, open_house

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


class Way(enum.Enum):
    """The ways people are told."""

    command = "command"
    mail = "mail"
    webhook = "webhook"


_KEPT = {"verdict": "keep_verdicts", "edit": "keep_edits", "prompt": "keep_prompts"}
_EVERY_CASE = 1_000_000_000


@app.command(
    help=say("설정과, 누가 언제 바꾸었는지 봅니다.", "Show the settings, and who changed them when."),
    epilog="jihwi settings show",
)
@in_session
def show(session: Session) -> int:
    return run_async(lambda: _show(session))


async def _show(session: Session) -> int:
    screen = session.screen
    async with open_house(session.settings) as house:
        state = await house.stream.refresh()
    if screen.json:
        screen.result([_as_told(state, name) for name in HOUSE_SETTINGS])
        return 0
    from rich.table import Table  # waits: only for people

    table = Table(box=None, pad_edge=False)
    for ko, en in (("설정", "Setting"), ("값", "Value"), ("누가", "By"), ("언제", "When"), ("뜻", "Meaning")):
        table.add_column(screen.words(ko, en), overflow="fold", no_wrap=en == "Setting")
    for name, about in HOUSE_SETTINGS.items():
        told = _as_told(state, name)
        when = datetime.datetime.fromtimestamp(told["at_ms"] / 1000).astimezone() if told["at_ms"] else None
        moment = f"{when:%Y-%m-%d %H:%M}" if when else ""
        table.add_row(name, _shown(told["value"]), told["by"], moment, screen.words(about.ko, about.en))
    screen.out.print(table)
    return 0


def _as_told(state: HouseState, name: str) -> dict[str, Any]:
    switched = state.settings.get(name, Switched(HOUSE_SETTINGS[name].default, "", 0))
    return {"name": name, **msgspec.structs.asdict(switched)}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, list) else str(value)


@app.command(
    "set",
    help=say("설정 하나를 바꿉니다. 원장에 남습니다.", "Change one setting; the ledger says so."),
    epilog="jihwi settings set keep_verdicts on",
)
@in_session
def set_one(
    session: Session,
    name: Annotated[str, typer.Argument(help=say("설정의 이름", "The setting's name"))],
    value: Annotated[str, typer.Argument(help=say("값. 빈 글은 없음", "Its value; an empty text for none"))],
) -> int:

    async def work() -> int:
        async with open_house(session.settings) as house:
            author = Author("person", house.viewer.id, door="cli")
            await house.stream.decide(lambda state: change_settings(state, {name: value}), author=author)
            told = _as_told(house.stream.state, name)
        session.screen.result(told)
        session.screen.remark(f"{name} = {_shown(told['value'])}")
        return 0

    return run_async(work)


@app.command(
    "test",
    help=say("알림 하나를 지금 보내 봅니다.", "Send one notice now, to see whether it arrives."),
    epilog="jihwi settings test mail --to kim@office.local",
)
@in_session
def try_way(
    session: Session,
    way: Annotated[Way, typer.Argument(help=say("알리는 길", "The way"))],
    to: Annotated[str, typer.Option(help=say("메일 주소", "A mail address"))] = "",
) -> int:

    async def work() -> int:
        from jihwi.console.ways import Notice, deliver  # waits: brings the web server

        if way is Way.mail and not to:
            raise OptionMissing("jihwi settings test mail", "--to NAME@HOST")
        async with open_house(session.settings) as house:
            state = await house.stream.refresh()
        await deliver(way.value, Notice("test", "", "", "", 0, ""), to, state, language=session.screen.language)
        session.screen.result({"way": way.value, "told": True})
        session.screen.remark(session.screen.words("시험 알림을 보냈습니다.", "The test was sent."))
        return 0

    return run_async(work)


@app.command(
    help=say(
        "일을 나아지게 하는 데 쓸 본보기를 내보냅니다. 켠 뒤의 것만 나갑니다.",
        "Take out examples to improve the work: only what came after it was switched on.",
    ),
    epilog="jihwi settings examples --out examples.jsonl",
)
@in_session
def examples(
    session: Session,
    out: Annotated[Path, typer.Option(help=say("만들 파일", "The file to make"))],
) -> int:
    return run_async(lambda: _examples(session, out))


async def _examples(session: Session, out: Path) -> int:
    from jihwi.reports import write_whole  # waits with the renderers

    async with open_house(session.settings) as house:
        state = await house.stream.refresh()
        on = tuple(kind for kind, name in _KEPT.items() if state.setting(name))
        if not on:
            raise ExamplesNotKept()
        lines, cases = await _lines(house, state, on)
        author = Author("person", house.viewer.id, door="cli")
        await house.stream.record(ExamplesExported(cases, len(lines), on), author=author)
    write_whole(out, b"".join(lines))
    session.screen.result({"file": str(out), "cases": cases, "examples": len(lines), "kinds": on})
    session.screen.remark(
        session.screen.words(
            f"사건 {cases}건의 본보기 {len(lines)}개를 {out}에 적었습니다.",
            f"{len(lines)} examples of {cases} cases are in {out}.",
        )
    )
    return 0


async def _lines(house: House, state: HouseState, on: tuple[str, ...]) -> tuple[list[bytes], int]:
    """Every example that may be taken out, a line each, and of how many cases."""
    from jihwi.orchestrator import load_log  # waits with the renderers
    from jihwi.reports import examples_of

    lines: list[bytes] = []
    cases = 0
    for row in reversed(await house.store.rows(limit=_EVERY_CASE)):
        log = await load_log(house.store, row.case_id)
        found = await examples_of(
            log, lambda kind, at_ms: kind in on and _was_on(state, _KEPT[kind], at_ms), house.viewer, house.store.blob
        )
        own = [one for one in found if one.case == row.case_id]
        lines += [msgspec.json.encode(one) + b"\n" for one in own]
        cases += bool(own)
    return lines, cases


def _was_on(state: HouseState, name: str, at_ms: int) -> bool:
    """Whether a switch was on at a moment."""
    before = [one.value for one in state.history.get(name, ()) if one.at_ms <= at_ms]
    return bool(before and before[-1])

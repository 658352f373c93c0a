"""`jihwi case ask`: a further question to a case that has ended, which goes on with everything it has found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jihwi.case import person
from jihwi.case.budget import UNLIMITED, Limits
from jihwi.cli.cases import CaseName, app, find_case
from jihwi.cli.screen import say
from jihwi.cli.session import Home, Json, Lang, Model, Session, in_whole_letters, run_async
from jihwi.orchestrator import load_case
from jihwi.wiring import open_house

__all__ = ["app"]


@app.command(
    help=say(
        "끝난 사건에 이어서 묻습니다. 이제까지 찾은 것에서 이어 가며, 예산은 따로 있습니다.",
        "Ask a case that has ended something further: it goes on with what it has found, and a budget of its own.",
    ),
    epilog='jihwi case ask last "그러면 국외 출장은?"',
)
@in_whole_letters
def ask(
    case: CaseName,
    request: Annotated[str, typer.Argument(help=say("이어서 물을 것", "What to ask further"))],
    turns: Annotated[int, typer.Option(help=say("이 물음의 차례 한도", "Its own limit of turns"))] = 0,
    out: Annotated[Path | None, typer.Option(help=say("보고서를 둘 폴더", "Folder for the report"))] = None,
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
    model: Model = None,
) -> None:
    with Session(json=json, lang=lang, home=home, model=model) as session:
        raise SystemExit(run_async(lambda: _ask(session, case, request, turns, out)))


async def _ask(session: Session, name: str, request: str, turns: int, out: Path | None) -> int:
    from jihwi.cli.running import drafts_of, drive_case, watcher  # waits: brings the library

    limits = Limits(turns=turns) if turns else UNLIMITED
    async with open_house(session.settings) as house:
        row = await find_case(house.store, name)
        house.minds.check()
        drafts = drafts_of(session.screen, house, await load_case(house.store, row.case_id))
        orchestrator = house.orchestrator(watch=watcher(session.screen, house), emit=drafts)
        by = house.viewer.id
        await orchestrator.submit(
            row.case_id, lambda now: person.follow_up(now, request, by=by, limits=limits), door="cli"
        )
        return await drive_case(session, house, orchestrator, row.case_id, out)

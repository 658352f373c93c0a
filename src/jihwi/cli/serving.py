"""`jihwi serve`: the console in a browser, with a runner inside."""

from __future__ import annotations

from typing import Annotated

import typer

from jihwi.cli.screen import say
from jihwi.cli.session import Home, Json, Lang, Model, Session, TeamName, in_whole_letters, run_async, settle

__all__ = ["serve"]


@in_whole_letters
def serve(
    host: Annotated[
        str,
        typer.Option(help=say("듣는 주소. 보통은 이 기계만", "Address to listen on; normally this machine")),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=say("번호. 0이면 빈 번호", "Port; 0 for a free one"))
    ] = 8710,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help=say("동료가 입력하는 이 기계의 이름", "A name colleagues type for it")),
    ] = None,
    model: Model = None,
    team: TeamName = None,
    proxy_header: Annotated[
        str,
        typer.Option(
            metavar="HEADER",
            help=say(
                "이 기계의 프록시가 들어온 사람의 이름을 적는 머리글",
                "Header in which a proxy here names who signed in",
            ),
        ),
    ] = "",
    notify: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help=say("사람을 기다릴 때 실행할 명령", "Run when something begins to wait for a person"),
        ),
    ] = "",
    runner: Annotated[
        bool, typer.Option(help=say("이 안에서 사건도 실행합니다", "Drive the cases in this process too"))
    ] = True,
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
) -> None:
    with Session(json=json, lang=lang, home=home, model=model, team=team) as session:
        from jihwi.console import Place  # waits: brings the web server

        raise SystemExit(
            run_async(lambda: _serve(session, Place(host, port, tuple(name or ()), proxy_header), runner, notify))
        )


async def _serve(session: Session, place: object, runner: bool, notify: str) -> int:
    from jihwi.console import Place  # waits with the rest
    from jihwi.console import serve as serve_console
    from jihwi.wiring import open_house

    assert isinstance(place, Place)
    screen = session.screen

    def told(address: str, link: str) -> None:
        screen.result({"address": address, "link": link})
        screen.remark("")
        screen.remark(screen.words(f"지휘 콘솔: {address}", f"The Jihwi console: {address}"))
        screen.remark(screen.words("들어가는 주소 (한 번, 15분 안에):", "Sign-in link (once, within 15 minutes):"))
        screen.remark(f"  {link}")
        screen.remark(screen.words("Enter: 새 주소, Ctrl+C: 끝내기", "Enter for a new link, Ctrl+C to stop"))

    async with open_house(session.settings, language=screen.language) as house:
        settle()
        await serve_console(house, place, told, runner=runner, notify=notify)
    return 0

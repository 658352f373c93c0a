"""The everyday commands and the tree of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jihwi.cli.late import Commands, LateGroup, later
from jihwi.cli.screen import say
from jihwi.cli.session import (
    Home,
    Json,
    Lang,
    Model,
    Session,
    TeamName,
    before_all,
    in_session,
    in_whole_letters,
    run_async,
)

__all__ = ["app"]

app = typer.Typer(
    name="jihwi",
    cls=LateGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=say(
        "지휘: 조직의 파일에서, 근거를 글자까지 확인한 보고서를 만듭니다. 모델이 없어도 됩니다.",
        "Jihwi: from an organisation's files to a report whose every quotation is checked. No model needed.",
    ),
    epilog=say(
        "끝냄 번호: 0 마침, 1 실패, 2 잘못된 사용, 3 사람을 기다림",
        "Exit codes: 0 done, 1 the work failed, 2 wrong use, 3 waits for a person",
    ),
)


@app.callback()
def everywhere(lang: Lang = None) -> None:
    """What holds for every command, said before its name: `jihwi --lang ko case show`, `jihwi --lang ko --help`."""
    before_all.set(lang)


Labels = Annotated[
    list[str] | None,
    typer.Option("--label", help=say("이 폴더의 문서가 지니는 표지", "A label every document of this folder bears")),
]


Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class",
        metavar="C|S|O|PATH=C…",
        help=say(
            "이 폴더나 그 안 PATH의 등급: 어느 모델이 글을 볼 수 있는지 정합니다",
            "The class of this folder, or of PATH in it: decides which models may see the text",
        ),
    ),
]


@app.command(
    help=say(
        "폴더의 파일을 읽고 요청에 답하는 보고서를 냅니다.", "Read a folder's files and release a report that answers."
    ),
    epilog='jihwi run "공사 기간은 언제까지인가?" --files ./문서',
)
@in_whole_letters
def run(
    request: Annotated[str, typer.Argument(help=say("요청, 한국어나 영어로", "The request, in Korean or English"))],
    files: Annotated[Path, typer.Option("--files", help=say("문서가 있는 폴더", "The folder with the documents"))],
    out: Annotated[Path | None, typer.Option("--out", help=say("보고서를 둘 폴더", "Folder for the report"))] = None,
    model: Model = None,
    team: TeamName = None,
    label: Labels = None,
    security_class: Classes = None,
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
) -> None:
    with Session(json=json, lang=lang, home=home, model=model, team=team) as session:
        from jihwi.cli.running import run_request  # waits: brings the library

        raise SystemExit(
            run_async(lambda: run_request(session, request, files, out, label or [], security_class or []))
        )


@app.command(
    help=say(
        "문서를 Markdown과 JSON으로 바꾸고 준비도를 잽니다.", "Turn documents into Markdown and JSON, and grade them."
    ),
    epilog="jihwi read ./문서 --out ./읽은것",
)
@in_session
def read(
    session: Session,
    paths: Annotated[list[Path], typer.Argument(help=say("파일이나 폴더", "Files or folders"))],
    out: Annotated[Path | None, typer.Option("--out", help=say("결과를 둘 폴더", "Folder for the results"))] = None,
    fix: Annotated[
        Path | None,
        typer.Option("--fix", help=say("고친 파일을 쓸 다른 폴더", "Another folder for the repaired files")),
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            "--password",
            metavar="env:NAME|file:PATH|-",
            help=say("잠긴 파일의 암호가 있는 곳, -는 물어봄", "Where locked files' password is; - asks for it"),
        ),
    ] = None,
) -> int:
    from jihwi.cli.reading import password_said, read_paths  # waits: brings the readers

    return read_paths(session, paths, out, fix, password_said(password, session))


@app.command(
    help=say("읽어 둔 문서에서 찾습니다.", "Search the documents that were read."),
    epilog='jihwi search "여비 일비" --files ./문서',
)
@in_session
def search(
    session: Session,
    query: Annotated[str, typer.Argument(help=say("찾는 말", "What to look for"))],
    files: Annotated[
        Path | None,
        typer.Option("--files", help=say("이 폴더만, 바뀐 것을 먼저 읽고", "Only this folder, read anew first")),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help=say("몇 개까지", "At most so many"))] = 10,
    security_class: Classes = None,
) -> int:
    from jihwi.cli.searching import search_library  # waits: brings the library

    return run_async(lambda: search_library(session, query, files, limit, security_class or []))


# ── what other modules do: each is imported when it is called ─────────────────


@later(
    app,
    "lab",
    help=say(
        "이 파일들에 어떤 자르기 방식이 맞는지 재고, 권하고, 받아들입니다.",
        "Measure which way of cutting suits these files; recommend and adopt it.",
    ),
    epilog="jihwi lab --files ./문서 --out ./비교",
)
def _lab() -> Commands:
    from jihwi.cli import lab

    return lab.lab


@later(
    app, "skills", help=say("어떤 기술이 있는지 봅니다.", "List the skills there are."), epilog="jihwi skills --json"
)
def _skills() -> Commands:
    from jihwi.cli import looking

    return looking.skills


@later(
    app,
    "doctor",
    help=say(
        "무엇이 있고 없는지, 어떻게 설치하는지 봅니다.", "See what is installed, what is missing, and how to get it."
    ),
    epilog="jihwi doctor",
)
def _doctor() -> Commands:
    from jihwi.cli import looking

    return looking.doctor


@later(
    app,
    "serve",
    help=say("브라우저에서 일하는 콘솔을 엽니다.", "Open the console: the desk in a browser."),
    epilog="jihwi serve",
)
def _serve() -> Commands:
    from jihwi.cli import serving

    return serving.serve


@later(
    app,
    "runner",
    help=say(
        "일이 있는 모든 사건을 이어 갑니다. 여럿을 함께 돌려도 됩니다.",
        "Drive every case that has work; run any number.",
    ),
    epilog="jihwi runner",
)
def _runner() -> Commands:
    from jihwi.cli import runner

    return runner.runner


@later(app, "case", help=say("사건을 보고, 답하고, 승인하고, 이어 갑니다.", "See, answer, approve and drive on cases."))
def _case() -> Commands:
    from jihwi.cli import asking, cases, seats

    assert seats.app is asking.app is cases.app  # the seats and further questions are commands of `case`
    return cases.app


@later(
    app,
    "ledger",
    help=say(
        "사건과 집의 원장을 확인하고, 서명하고, 내보냅니다.",
        "Verify, sign and export the ledger of a case or the house.",
    ),
)
def _ledger() -> Commands:
    from jihwi.cli import ledgers

    return ledgers.app


@later(
    app,
    "settings",
    help=say("실행 중에 바꿀 수 있는 설정을 보고 바꿉니다.", "See and change what may be changed while it runs."),
)
def _settings() -> Commands:
    from jihwi.cli import houses

    return houses.app


@later(
    app,
    "store",
    help=say(
        "기록을 복사해 두고, 되돌리고, 옮기고, 지웁니다.", "Keep copies of what is recorded; restore, move, erase."
    ),
)
def _store() -> Commands:
    from jihwi.cli import stores

    return stores.app


@later(app, "cite", help=say("인용을 확인합니다.", "Check quotations."))
def _cite() -> Commands:
    from jihwi.cli import looking

    return looking.cite


@later(app, "team", help=say("팀을 살핍니다.", "Look at teams."))
def _team() -> Commands:
    from jihwi.cli import looking

    return looking.team

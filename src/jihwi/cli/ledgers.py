"""`jihwi ledger …`: verify and export the hash chain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from jihwi.case.ledger import Verdict, verify
from jihwi.cli.cases import find_case
from jihwi.cli.screen import say
from jihwi.cli.session import Home, Json, Lang, Session, run_async
from jihwi.errors import SettingInvalid
from jihwi.reports import export_lines, verify_file, write_whole
from jihwi.wiring import open_house

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help=say("사건의 원장을 확인하고 내보냅니다.", "Verify and export the ledger of a case.")
)

Target = Annotated[str, typer.Argument(help=say("사건 이름이나 원장 파일", "A case, or a ledger file"))]


@app.command("verify", epilog="jihwi ledger verify last --head 9f2c…")
def verify_ledger(
    target: Target = "last",
    head: Annotated[str, typer.Option(help=say("밖에 적어 둔 머리값", "A head kept outside"))] = "",
    json: Json = False,
    lang: Lang = None,
    home: Home = None,
) -> None:
    """Check the hash chain of a case or a file; the first broken event is named."""
    with Session(json=json, lang=lang, home=home) as session:
        expected = _head(head)
        path = Path(target)
        if path.is_file() or path.suffix == ".jsonl":
            _tell(session, verify_file(path, expected_head=expected))
            raise SystemExit(0)

        async def work() -> int:
            async with open_house(session.settings) as house:
                row = await find_case(house.store, target)
                _tell(session, verify(row.case_id, await house.store.read(row.case_id), expected_head=expected))
            return 0

        raise SystemExit(run_async(work))


def _head(text: str) -> bytes | None:
    if not text:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise SettingInvalid("head", text, "--head", "64 hexadecimal letters")
    return found


def _tell(session: Session, verdict: Verdict) -> None:
    screen = session.screen
    word = "unaltered" if verdict.against_head else "consistent"
    screen.result(
        {
            "case": verdict.case_id,
            "verdict": word,
            "events": verdict.events,
            "head": verdict.head.hex(),
            "erased": verdict.erased,
        }
    )
    if screen.json:
        return
    ko = (
        "바뀌지 않았습니다"
        if verdict.against_head
        else "앞뒤가 맞습니다 (밖의 머리값 없이는 끝이 잘렸는지 알 수 없습니다)"
    )
    en = "unaltered" if verdict.against_head else "consistent (without an outside head a cut end cannot be seen)"
    screen.out.print(f"{verdict.case_id}: {screen.words(ko, en)}", markup=False)
    count = f"{verdict.events} ({verdict.erased} erased)" if verdict.erased else str(verdict.events)
    screen.out.print(f"{screen.words('기록', 'events')}: {count}", markup=False)
    screen.out.print(f"{screen.words('머리값', 'head')}: {verdict.head.hex()}", markup=False)


@app.command("export", epilog="jihwi ledger export last --out ledger.jsonl")
def export_ledger(
    case: Annotated[str, typer.Argument(help=say("사건 이름", "A case"))] = "last",
    out: Annotated[
        Path | None, typer.Option(help=say("파일. 없으면 표준 출력", "A file; standard output without"))
    ] = None,
    lang: Lang = None,
    home: Home = None,
) -> None:
    """Write the ledger as JSON lines that can be verified anywhere."""
    with Session(lang=lang, home=home) as session:

        async def work() -> int:
            async with open_house(session.settings) as house:
                row = await find_case(house.store, case)
                data = b"".join(export_lines(await house.store.read(row.case_id)))
            if out is None:
                sys.stdout.buffer.write(data)
                sys.stdout.flush()
            else:
                write_whole(out, data)
                session.screen.remark(str(out))
            return 0

        raise SystemExit(run_async(work))

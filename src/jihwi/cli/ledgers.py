"""`jihwi ledger …`: verify, sign and export the hash chain of a case or the house, and read what the house's tells."""

from __future__ import annotations

import datetime
import enum
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jihwi.case.ledger import Verdict, verify
from jihwi.cli.cases import find_case
from jihwi.cli.screen import say
from jihwi.cli.session import Home, Lang, Session, in_session, in_whole_letters, run_async
from jihwi.cli.viewing import looked_into
from jihwi.errors import FileMissing, LedgerBroken, SettingInvalid
from jihwi.house import (
    SIGNED_FOLDER,
    Signed,
    Vouched,
    is_signed_by,
    known_key,
    open_fact,
    public_key_said,
    signed_beside,
    signed_in_stream,
    vouch,
)
from jihwi.house.telling import author_words, door_words, group_of, house_words, withheld_words
from jihwi.reports import as_seen, export_lines, read_export, signatures_in, signed_digest, verify_file, write_whole
from jihwi.store import HOUSE
from jihwi.wiring import House, open_house, state_place

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


class Group(enum.Enum):
    """The kinds of facts of the house."""

    people = "people"
    doors = "doors"
    settings = "settings"
    classes = "classes"
    teams = "teams"
    signatures = "signatures"


Target = Annotated[
    str,
    typer.Argument(
        help=say("사건 이름, house, 원장 파일이나 report.json", "A case, house, a ledger file or a report.json")
    ),
]


@app.command(
    "verify",
    help=say(
        "사건이나 집, 파일의 사슬과 서명을 확인하고, 처음 끊긴 기록을 알려 줍니다.",
        "Check the hash chain of a case, the house or a file, and its signatures; the first broken event is named.",
    ),
    epilog="jihwi ledger verify last --head 9f2c…",
)
@in_session
def verify_ledger(
    session: Session,
    target: Target = "last",
    head: Annotated[str, typer.Option(help=say("밖에 적어 둔 머리값", "A head kept outside"))] = "",
    key: Annotated[
        str,
        typer.Option(
            metavar="PUBLIC",
            help=say("서명을 확인할 공개 열쇠나 그 파일", "The public key to check signatures with, or its file"),
        ),
    ] = "",
    signed: Annotated[
        list[Path] | None,
        typer.Option(
            "--signed",
            metavar="FILE",
            help=say(
                "밖에 둔 서명: signed/의 파일이나 report.json",
                "A signature kept outside: a file of signed/, a report.json",
            ),
        ),
    ] = None,
) -> int:
    expected, public = _head(head), public_key_said(key) if key else ""
    beside = [one for path in signed or () for one in _kept_outside(path)]
    path = Path(target)
    if path.suffix == ".json" and path.is_file():
        return _verify_report(session, path, public or _own_key(session))
    if path.is_file() or path.suffix == ".jsonl":
        verdict, log = verify_file(path, expected_head=expected), read_export(path)
        beside += signatures_in(path)
        _tell(session, verdict, vouch(verdict.case_id, log, beside, public or _own_key(session)))
        return 0

    async def work() -> int:
        async with looked_into(session) as house:
            case_id = HOUSE if target == HOUSE else (await find_case(house.store, target)).case_id
            log = await house.store.read(case_id)
            verdict = verify(case_id, log, expected_head=expected)
            beside.extend(await _signatures(house, case_id))
        _tell(session, verdict, vouch(case_id, log, beside, public or house.public_key()))
        return 0

    return run_async(work)


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


def _own_key(session: Session) -> str:
    """The public half of this house's key, when there is a house here and it has one."""
    return known_key(state_place(session.settings), session.settings.signing_key)


def _kept_outside(path: Path) -> list[Signed]:
    if not path.is_file():
        raise FileMissing(str(path))
    found = signed_beside(path) or signatures_in(path)
    if not found:
        raise SettingInvalid("signed", str(path), "--signed", "a file of signed/, a released report.json or a ledger")
    return found


async def _signatures(house: House, case_id: str) -> list[Signed]:
    """What is signed of a chain: in the facts of the house, whose own chain must hold, and in files beside them."""
    facts = await house.store.read(HOUSE)
    verify(HOUSE, facts)
    found = signed_in_stream(facts)
    report = house.case_folder(case_id) / "report.json"
    for path in (*sorted((house.home / SIGNED_FOLDER).glob("*.json")), *([report] if report.is_file() else [])):
        found += signed_beside(path)
    return found


def _verify_report(session: Session, path: Path, key: str) -> int:
    """A released report by itself: that its signature is over exactly these words."""
    try:
        value = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError):
        raise LedgerBroken(path.name, 1, "the report cannot be read") from None
    held = signed_beside(path)
    if not held:
        raise LedgerBroken(path.name, 1, "the report carries no signature")
    (signed,) = held
    head = signed.statement.heads[0]
    if signed.statement.report != signed_digest(value) or not is_signed_by(signed, signed.key):
        raise LedgerBroken(head.case_id, head.seq, "the report is not the one that was signed")
    known = key == signed.key
    screen = session.screen
    screen.result(
        {"case": head.case_id, "verdict": "signed" if known else "signed by an unknown key", "key": signed.key}
        | {"events": head.seq, "head": head.head}
    )
    if not screen.json:
        ko = (
            "이 집의 열쇠로 서명한 그대로입니다"
            if known
            else "서명한 그대로이나, 이 열쇠를 믿을지는 --key로 견주십시오"
        )
        en = "as it was signed with the key you trust" if known else "as it was signed; compare the key with --key"
        screen.out.print(f"{head.case_id}: {screen.words(ko, en)}", markup=False)
        screen.out.print(f"{screen.words('열쇠', 'key')}: {signed.key}", markup=False)
        screen.out.print(f"{screen.words('기록', 'events')}: {head.seq}", markup=False)
        screen.out.print(f"{screen.words('머리값', 'head')}: {head.head}", markup=False)
    return 0


def _tell(session: Session, verdict: Verdict, vouched: Vouched) -> None:
    screen = session.screen
    surely = max(verdict.vouched_to, vouched.seq)
    screen.result(
        {
            "case": verdict.case_id,
            "verdict": "unaltered" if surely else "consistent",
            "unaltered_to": surely,
            "events": verdict.events,
            "head": verdict.head.hex(),
            "erased": verdict.erased,
            "key": vouched.key if vouched.seq else "",
            "other_keys": vouched.others,
        }
    )
    if screen.json:
        return
    screen.out.print(f"{verdict.case_id}: {screen.words(*_in_words(verdict, vouched, surely))}", markup=False)
    erased = screen.words(f" (내용이 지워진 것 {verdict.erased})", f" ({verdict.erased} erased)")
    count = f"{verdict.events}{erased if verdict.erased else ''}"
    screen.out.print(f"{screen.words('기록', 'events')}: {count}", markup=False)
    screen.out.print(f"{screen.words('머리값', 'head')}: {verdict.head.hex()}", markup=False)
    if vouched.seq:
        screen.out.print(f"{screen.words('서명한 열쇠', 'signed with')}: {vouched.key}", markup=False)
    if vouched.others:
        ko = f"다른 열쇠의 서명 {vouched.others}개는 보지 않았습니다. 그 열쇠를 믿으면 --key로 확인하십시오."
        en = f"{vouched.others} signatures of other keys were not looked at; check them with --key if you trust them."
        screen.out.print(screen.words(ko, en), markup=False)


def _in_words(verdict: Verdict, vouched: Vouched, surely: int) -> tuple[str, str]:
    if not surely:
        return (
            "앞뒤가 맞습니다 (밖의 머리값이나 서명 없이는 끝이 잘렸는지 알 수 없습니다)",
            "consistent (without an outside head or a signature a cut end cannot be seen)",
        )
    if surely < verdict.events:
        later = verdict.events - surely
        return (
            f"기록 {surely}까지 바뀌지 않았습니다 (그 뒤 {later}건은 앞뒤가 맞습니다)",
            f"unaltered up to event {surely} (the {later} after it are consistent)",
        )
    return "바뀌지 않았습니다", "unaltered"


@app.command(
    "house",
    help=say(
        "집의 원장을 읽습니다: 누가 들어왔고, 무엇을 바꾸었고, 어느 등급을 바꾸었는지.",
        "Read the ledger of the house: who came in, who changed what, and which class.",
    ),
    epilog="jihwi ledger house --of classes",
)
@in_session
def read_house(
    session: Session,
    of: Annotated[
        Group | None,
        typer.Option("--of", help=say("이 가운데 하나만", "One kind of facts alone")),
    ] = None,
    who: Annotated[str, typer.Option("--who", help=say("이 사람이 한 것만", "What this person did"))] = "",
    limit: Annotated[int, typer.Option(min=1, help=say("끝에서 몇 건까지", "At most so many, the latest"))] = 50,
) -> int:
    return run_async(lambda: _read_house(session, of.value if of else "", who, limit))


async def _read_house(session: Session, of: str, who: str, limit: int) -> int:
    screen = session.screen
    async with looked_into(session) as house:
        log = await house.store.read(HOUSE)
        verify(HOUSE, log)  # what is told must hold
        state = await house.stream.refresh()
    events = map(open_fact, log)
    found = [one for one in events if (not of or group_of(one.kind) == of) and (not who or one.author.id == who)]
    rows = []
    for event in found[-limit:]:
        shown = house.viewer.may_see(event.labels)
        words = house_words(event, state, screen.language) if shown else withheld_words(screen.language)
        when = datetime.datetime.fromtimestamp(event.at_ms / 1000).astimezone()
        rows.append(
            {"seq": event.seq, "at_ms": event.at_ms, "kind": event.kind, "author": event.author.id}
            | {"door": event.author.door, "words": words, "fact": event.body if shown else None}
        )
        if not screen.json:
            door = door_words(event.author.door, screen.language)
            by = author_words(event.author, screen.language) + (f" ({door})" if door else "")
            screen.out.print(f"{event.seq}  {when:%Y-%m-%d %H:%M}  {by}  {words}", markup=False)
    screen.result(rows)
    if not rows:
        screen.remark(screen.words("그런 기록이 없습니다.", "There is no such event."))
    return 0


@app.command(
    "sign",
    help=say(
        "지난 서명 뒤에 바뀐 것의 머리값에 서명합니다. 콘솔은 하루 한 번 합니다. 공개 열쇠를 보입니다.",
        "Sign the heads of what changed since the last signing; the console does so once a day. Shows the public key.",
    ),
    epilog="jihwi ledger sign",
)
@in_session
def sign_heads(session: Session) -> int:
    async def work() -> int:
        async with open_house(session.settings) as house:
            path = await house.sign_heads(again=True)
            key = house.signing_key.public
        screen = session.screen
        screen.result({"file": str(path) if path else None, "key": key})
        if not screen.json:
            ko, en = "서명할 새 기록이 없습니다.", "Nothing new to sign."
            screen.out.print(str(path) if path else screen.words(ko, en), markup=False)
            screen.out.print(f"{screen.words('공개 열쇠', 'public key')}: {key}", markup=False)
        return 0

    return run_async(work)


@app.command(
    "export",
    help=say(
        "어디서나 확인할 수 있게 서명한 원장을 JSON 줄로 내보냅니다.",
        "Write the ledger as JSON lines, signed, that can be verified anywhere.",
    ),
    epilog="jihwi ledger export last --out ledger.jsonl",
)
@in_whole_letters
def export_ledger(
    case: Annotated[str, typer.Argument(help=say("사건 이름이나 house", "A case, or house"))] = "last",
    out: Annotated[
        Path | None, typer.Option(help=say("파일. 없으면 표준 출력", "A file; standard output without"))
    ] = None,
    lang: Lang = None,
    home: Home = None,
) -> None:
    with Session(lang=lang, home=home) as session:

        async def work() -> int:
            async with looked_into(session) as house:
                case_id = HOUSE if case == HOUSE else (await find_case(house.store, case)).case_id
                log = await house.store.read(case_id)
                verify(case_id, log)  # what is signed below must hold
                seen = [as_seen(one, house.viewer) for one in log]
                data = b"".join(export_lines(seen, house.signed_now(case_id, log)))
            if out is None:
                sys.stdout.buffer.write(data)
                sys.stdout.flush()
            else:
                write_whole(out, data)
                session.screen.remark(str(out))
            return 0

        raise SystemExit(run_async(work))

"""`jihwi store …`: the state folder copied and put back, cases moved between SQLite and Postgres, texts erased."""

from __future__ import annotations

import asyncio
import datetime
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from jihwi.case.assignment import Reason
from jihwi.case.events import Author
from jihwi.case.ledger import read_header, verify
from jihwi.cli.cases import find_case
from jihwi.cli.screen import Screen, say
from jihwi.cli.session import Json, Lang, Session, in_session, run_async
from jihwi.errors import FileMissing, FolderMissing, LedgerBroken, OptionMissing, SettingInvalid, StoreCorrupt
from jihwi.ids import Randomness
from jihwi.settings import StoreAddress
from jihwi.sqlite_files import disk_error
from jihwi.store import HOUSE, CaseRow, KeptStore
from jihwi.wiring import House, StoreRoom, copy_place, look_into_copy, open_house, open_store, state_place

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

_EVERY_CASE = 1_000_000_000
_ADDRESSES = ("postgresql://", "postgres://", "env:", "file:")


# ── a copy of the folder, and back ───────────────────────────────────────────


@app.command(
    help=say(
        "상태 폴더 전체를, 쓰는 중에도, 새 폴더에 복사합니다.",
        "Copy the whole state folder, in use or not, to a new one.",
    ),
    epilog="jihwi store backup /mnt/backup/2026-01-31",
)
@in_session
def backup(
    session: Session,
    target: Annotated[Path, typer.Argument(metavar="DIR", help=say("만들 폴더", "The folder to make"))],
) -> int:
    return run_async(lambda: _backup(session, target))


async def _backup(session: Session, target: Path) -> int:
    home, room, store_address = state_place(session.settings), StoreRoom(), session.settings.store
    room.refuse_target(home, target)
    now_ms = int(time.time() * 1000)
    if store_address:  # a copy needs no server
        with room.space_beside(target) as brought:
            await copy_place(store_address, brought, busy_seconds=session.settings.busy_seconds)
            instead = {name: brought / name for name in ("cases.db", "library.db")}
            manifest = await asyncio.to_thread(room.backup, home, target, at_ms=now_ms, instead=instead)
    else:
        manifest = await asyncio.to_thread(room.backup, home, target, at_ms=now_ms)
    screen, store = session.screen, look_into_copy(target)
    verified, broken = 0, list[LedgerBroken]()
    if store is not None:
        try:
            verified, broken = await _verify_all(store)
        finally:
            await store.close()
    screen.result(
        {
            "backup": str(target),
            "files": len(manifest.files),
            "made_at_ms": manifest.made_at_ms,
            "cases": verified,
            "broken": [one.case for one in broken],
        }
    )
    screen.remark(
        screen.words(
            f"파일 {len(manifest.files)}개를 {target}에 복사했습니다. "
            f"되돌리기: jihwi store restore {quote(str(target))}",
            f"{len(manifest.files)} files are copied to {target}. "
            f"To put it back: jihwi store restore {quote(str(target))}",
        )
    )
    if store is not None:
        screen.remark(
            screen.words(
                f"복사본에서 사건 {verified}건의 원장이 온전합니다.",
                f"Ledgers of cases in the copy that verify: {verified}.",
            )
        )
    _tell_broken(screen, broken)
    return 1 if broken else 0


@app.command(
    help=say(
        "복사해 둔 폴더를 상태 폴더로 되돌립니다. 지금 것은 옆에 남습니다.",
        "Put a copy back as the state folder; what is there now is kept beside it.",
    ),
    epilog="jihwi store restore /mnt/backup/2026-01-31 --home ./.jihwi",
)
@in_session
def restore(
    session: Session,
    copy: Annotated[Path, typer.Argument(metavar="DIR", help=say("복사해 둔 폴더", "The folder with the copy"))],
) -> int:
    return run_async(lambda: _restore(session, copy))


async def _restore(session: Session, copy: Path) -> int:
    home, room, screen, store = state_place(session.settings), StoreRoom(), session.screen, session.settings.store
    await _look_into(room, copy)
    kept = await asyncio.to_thread(room.restore, copy, home)
    if kept is not None:
        screen.remark(screen.words(f"전에 있던 것: {kept}", f"What was there before: {kept}"))
    async with AsyncExitStack() as opened:
        verified, broken = await _verify_all(await _opened(session, home, opened))
    broken_cases = [one.case for one in broken]
    screen.result({"home": str(home), "kept": str(kept) if kept else None, "cases": verified, "broken": broken_cases})
    screen.remark(
        screen.words(
            f"{home}에 되돌렸습니다. 사건 {verified}건의 원장이 온전합니다.",
            f"Restored to {home}. Ledgers of cases that verify: {verified}.",
        )
    )
    _tell_broken(screen, broken)
    if store:
        screen.remark(
            screen.words(
                f"설정은 {store}을(를) 씁니다. 사건을 그리로: jihwi store copy {quote(str(home))} 주소",
                f"The settings name {store}. To bring the cases there: jihwi store copy {quote(str(home))} ADDRESS",
            )
        )
    return 1 if broken else 0


async def _look_into(room: StoreRoom, copy: Path) -> None:
    """What no restore could make work here, such as the cases of a newer Jihwi, is refused before anything changes."""
    try:
        store = look_into_copy(copy)
    except StoreCorrupt:
        room.read_manifest(copy)  # says what is damaged, when the copy has changed since it was made
        raise
    if store is not None:
        await store.close()


async def _verify_all(store: KeptStore) -> tuple[int, list[LedgerBroken]]:
    """How many cases verify, and where the others break: one that was broken when it was copied keeps none away."""
    rows = await store.rows(limit=_EVERY_CASE)
    house = await store.row(HOUSE)
    broken: list[LedgerBroken] = []
    for row in (*rows, *([house] if house is not None else [])):
        try:
            verify(row.case_id, await store.read(row.case_id), expected_head=row.head)
        except LedgerBroken as problem:
            broken.append(problem)
    return sum(1 for row in rows if row.case_id not in {one.case for one in broken}), broken


# ── from store to store ──────────────────────────────────────────────────────

Place = say(
    "상태 폴더, 또는 postgresql://…, env:이름, file:경로", "A state folder, or postgresql://…, env:NAME, file:PATH"
)


@app.command(
    help=say(
        "모든 사건을 다른 저장소로 옮겨 적습니다. 끊겨도 다시 하면 이어집니다.",
        "Copy every case to another store. Killed, it goes on when run again.",
    ),
    epilog="jihwi store copy ./.jihwi env:CASES_STORE",
)
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help=Place)],
    target: Annotated[str, typer.Argument(metavar="TO", help=Place)],
    json: Json = False,
    lang: Lang = None,
) -> None:
    with Session(json=json, lang=lang) as session:
        raise SystemExit(run_async(lambda: _copy(session, source, target)))


async def _copy(session: Session, source: str, target: str) -> int:
    screen = session.screen
    places = _place(source, "FROM"), _place(target, "TO")
    if isinstance(places[0], Path):
        _look_for_cases(places[0])
    busy_seconds = session.settings.busy_seconds
    copied, documents = await copy_place(*places, busy_seconds=busy_seconds, told=lambda row: _tell(screen, row))
    screen.result(
        {
            "cases": copied.cases,
            "events": copied.events,
            "erased": copied.erased,
            "differing": copied.differing,
            "broken": [one.case for one in copied.broken],
            "documents": documents,
        }
    )
    _tell_documents(screen, documents)
    screen.remark(
        screen.words(
            f"사건 {copied.cases}건이 {places[1]}에 그대로 있고 원장이 온전합니다 (새 기록 {copied.events}개).",
            f"Cases at {places[1]} as they were, their ledgers verified: {copied.cases} ({copied.events} new events).",
        )
    )
    if copied.erased:
        screen.remark(
            screen.words(
                f"원래 저장소에서 지워진 내용 {copied.erased}개를 그곳에서도 지웠습니다.",
                f"{copied.erased} bodies that the first store has erased are erased there too.",
            )
        )
    for case_id in copied.differing:
        screen.remark(
            screen.words(
                f"{case_id}: 그곳에 다른 기록이 있어 손대지 않았습니다.",
                f"{case_id}: it has another history there and was left alone.",
            )
        )
    _tell_broken(screen, copied.broken)
    return 1 if copied.differing or copied.broken else 0


def _tell_documents(screen: Screen, documents: int | None) -> None:
    """What became of the library; `None`: there was one already."""
    if documents is None:
        screen.remark(
            screen.words(
                "자료실: 그곳에 이미 자료실이 있어 손대지 않았습니다.",
                "The library: there is one already, which was left alone.",
            )
        )
    elif documents:
        screen.remark(
            screen.words(
                f"자료실: 문서 {documents}건을 옮겨 적었습니다. 색인은 처음 찾을 때 만듭니다.",
                f"The library: {documents} documents copied; the first search makes its index.",
            )
        )


def _tell_broken(screen: Screen, broken: Iterable[LedgerBroken]) -> None:
    """The cases whose ledgers do not verify, each with where it breaks."""
    for problem in broken:
        screen.remark(problem.words(screen.language))


def _tell(screen: Screen, row: CaseRow) -> None:
    screen.remark(f"  {row.case_id}  {row.request[:80]}")


def _place(said: str, where: str) -> StoreAddress | Path:
    """What a word names. An address that cannot be is not repeated: it may hold a password."""
    if not said.startswith(_ADDRESSES) and "://" not in said:
        return Path(said).expanduser().resolve()
    try:
        return StoreAddress(said)
    except ValueError as problem:
        raise SettingInvalid("store", "***", where, str(problem)) from None


def _look_for_cases(folder: Path) -> None:
    if not folder.is_dir():
        raise FolderMissing(str(folder))
    if not (folder / "cases.db").is_file():
        raise FileMissing(str(folder / "cases.db"))


async def _opened(session: Session, place: StoreAddress | Path, until: AsyncExitStack) -> KeptStore:
    store = await open_store(place, busy_seconds=session.settings.busy_seconds)
    until.push_async_callback(store.close)
    return store


# ── erasing ──────────────────────────────────────────────────────────────────


@app.command(
    help=say(
        "끝난 사건의 내용을 지웁니다. 원장의 사슬은 남아 계속 확인됩니다.",
        "Erase the texts of ended cases. The chain of the ledger stays and still verifies.",
    ),
    epilog="jihwi store erase --before 2021-01-01",
)
@in_session
def erase(
    session: Session,
    case: Annotated[
        str | None, typer.Argument(help=say("사건 이름의 앞 글자", "The first letters of a case"), show_default=False)
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help=say(
                "사건 없이: 이날 뒤로 바뀌지 않은 끝난 사건 모두. 사건과 함께: 그 사건의 이날 전 기록만",
                "Alone: every ended case not changed since. With a case: only what it recorded before",
            ),
        ),
    ] = None,
    note: Annotated[str, typer.Option("--note", help=say("지우는 까닭", "Why; recorded"))] = "",
    yes: Annotated[bool, typer.Option("--yes", help=say("묻지 않고 지웁니다", "Do not ask"))] = False,
) -> int:
    before_ms = _start_of(before) if before else None
    if case is None and before_ms is None:
        raise OptionMissing("jihwi store erase", "a case, or --before YYYY-MM-DD, or both")
    if sys.stdin.isatty() and not session.screen.json and not yes:
        question = session.screen.words("지운 내용은 되살릴 수 없습니다. 지울까요?", "What is erased is gone. Erase?")
        typer.confirm(question, abort=True, err=True)
    return run_async(lambda: _erase(session, case, before_ms, note))


def _start_of(day: str) -> int:
    """When a day begins here, in milliseconds since 1970."""
    try:
        return int(datetime.datetime.strptime(day, "%Y-%m-%d").astimezone().timestamp() * 1000)
    except (ValueError, OverflowError):
        raise SettingInvalid("before", day, "--before", "a day such as 2026-01-31") from None


async def _erase(session: Session, name: str | None, before_ms: int | None, note: str) -> int:
    room, removed = StoreRoom(), list[str]()
    async with open_house(session.settings) as house:

        def clear(case_id: str) -> None:
            removed.extend(_cleared(house, case_id))

        common: dict[str, Any] = {
            "author": Author("person", house.viewer.id, door="cli"),
            "chance": Randomness(),
            "clear": clear,
        }
        if name is None:
            erased = await room.erase_older(house.store, before_ms=before_ms or 0, **common)
        else:
            row = await find_case(house.store, name)
            seqs = await _older_events(house.store, row.case_id, before_ms)
            reason = Reason("erased_on_request", {"note": note})
            count = await room.erase_bodies(house.store, row.case_id, seqs=seqs, reason=reason, **common)
            erased = {row.case_id: count}
        verdicts = {case_id: verify(case_id, await house.store.read(case_id)).erased for case_id in erased}
        rows = await house.store.rows(limit=_EVERY_CASE)
    forks = {case_id: [one.case_id for one in room.forks_of(rows, case_id)] for case_id in erased}
    told = {case_id: names for case_id, names in forks.items() if names}
    copies = [str(path) for path in room.copies_beside(state_place(session.settings))]
    session.screen.result(
        {"erased": erased, "erased_in_all": verdicts, "files": removed, "forks": told, "copies": copies}
    )
    _tell_erased(session.screen, erased, verdicts, copies)
    for case_id, names in told.items():
        session.screen.remark(
            session.screen.words(
                f"{case_id}에서 갈라져 나온 사건은 앞부분이 함께 지워졌습니다: {', '.join(names)}",
                f"Cases forked from {case_id} have lost their past with it: {', '.join(names)}",
            )
        )
    return 0


def _tell_erased(screen: Screen, erased: dict[str, int], verdicts: dict[str, int], copies: Sequence[str]) -> None:
    for case_id, count in erased.items():
        screen.remark(
            screen.words(
                f"{case_id}: {count}개를 지웠습니다 (모두 {verdicts[case_id]}개). 원장은 온전합니다.",
                f"{case_id}: {count} bodies are erased ({verdicts[case_id]} in all). Its ledger verifies.",
            )
        )
    if not erased:
        screen.remark(screen.words("지울 것이 없습니다.", "There is nothing to erase."))
    screen.remark(
        screen.words(
            "먼저 만든 백업과 다른 곳에 낸 보고서는 그대로입니다.",
            "Copies made before and reports laid elsewhere stay as they are.",
        )
    )
    if copies:
        listed = ", ".join(copies)
        screen.remark(
            screen.words(
                f"이 컴퓨터에 남아 있는 예전 상태: {listed}. 필요 없으면 지우십시오.",
                f"Earlier states that still lie here: {listed}. Remove them when nobody needs them.",
            )
        )


async def _older_events(store: KeptStore, case_id: str, before_ms: int | None) -> list[int] | None:
    if before_ms is None:
        return None
    log = await store.read(case_id)
    verify(case_id, log)
    return [one.seq for one in log if read_header(one.header).at_ms < before_ms]


def _cleared(house: House, case_id: str) -> list[str]:
    """What a case has outside the store goes: its released files, and its hold on readings of the library."""
    folder = house.case_folder(case_id)
    names = sorted(str(path) for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if names:
        try:
            shutil.rmtree(folder)
        except OSError as problem:  # it names a file without its folder
            raise disk_error(problem, folder) from problem
    house.library.let_go(case_id)
    return names

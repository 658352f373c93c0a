"""`jihwi lab`: which way of cutting suits these files, and adopting it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import msgspec
import typer

from jihwi.case.events import Author
from jihwi.cli.long_work import Look, until_stopped
from jihwi.cli.running import tell_of_changes
from jihwi.cli.screen import Screen, say
from jihwi.cli.session import Session, in_session, run_async
from jihwi.errors import FileMissing, OptionMissing, SettingInvalid
from jihwi.evidence.chunking import Strategy, StrategyName
from jihwi.wiring import House, collection_of, open_house

if TYPE_CHECKING:
    from jihwi.library.lab import LabReport

__all__ = ["lab"]

_NAMES: tuple[StrategyName, ...] = get_args(StrategyName)


@in_session
def lab(
    session: Session,
    files: Annotated[
        Path | None, typer.Option("--files", help=say("문서가 있는 폴더", "The folder with the documents"))
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            "--questions", help=say("직접 낸 질문: 질문,답[,파일] CSV", "Your own: CSV question,answer[,file]")
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help=say("결과를 둘 폴더", "Folder for the results"))] = None,
    adopt: Annotated[
        str | None,
        typer.Option(
            "--adopt",
            help=say(f"이 방식을 받아들입니다: {', '.join(_NAMES)}", f"Adopt one: {', '.join(_NAMES)}"),
            metavar="STRATEGY",
        ),
    ] = None,
) -> int:
    """Compare, and adopt when asked to; with `--adopt` alone nothing is measured."""
    return run_async(lambda: run_lab(session, files, questions, out, adopt))


async def run_lab(
    session: Session, folder: Path | None, questions: Path | None, out: Path | None, adopt: str | None
) -> int:
    """The command. Answers the exit code."""
    chosen = next((name for name in _NAMES if name == adopt), None)
    if adopt is not None and chosen is None:
        raise SettingInvalid("chunking", adopt, "--adopt", ", ".join(_NAMES))
    if folder is None and chosen is None:
        raise OptionMissing("jihwi lab", "--files FOLDER")
    async with open_house(session.settings) as house:
        if out is not None:  # before the long work, that one that cannot be is told at once
            await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
        if folder is not None:
            there = folder
            await until_stopped(lambda look: _compare(house, session.screen, there, questions, out, look))
            await tell_of_changes(house, session.screen)
        if chosen is not None:
            await asyncio.to_thread(house.library.adopt, Strategy(chosen))
            _tell_adopted(session.screen, chosen, alone=folder is None)
    return 0


def _tell_adopted(screen: Screen, name: StrategyName, *, alone: bool) -> None:
    if alone:
        screen.result({"adopted": name})
    screen.remark(
        screen.words(
            f"'{name}' 방식을 받아들였습니다. 다음에 문서를 읽을 때 모든 문서를 이 방식으로 다시 자릅니다.",
            f"'{name}' is adopted: the next time documents are read, all are cut this way.",
        )
    )


def _compare(house: House, screen: Screen, folder: Path, questions: Path | None, out: Path | None, look: Look) -> None:
    from jihwi.library.lab import measure  # waits: brings the library
    from jihwi.library.lab_page import render_lab_html, strategy_words
    from jihwi.library.lab_questions import own_questions
    from jihwi.reports import write_whole

    own = None
    if questions is not None:
        if not questions.is_file():
            raise FileMissing(str(questions))
        own = own_questions(questions.read_bytes(), str(questions))
    collection = _read(house, screen, folder, look)

    def tell(name: StrategyName) -> None:
        look()
        words = strategy_words(name, screen.language)
        screen.remark(screen.words(f"  재는 중: {words}", f"  measuring: {words}"))

    report = measure(house.library, house.viewer, [collection], house.index_in, own=own, tell=tell)
    command = f"jihwi lab --adopt {report.advice.recommended}"
    screen.result(report)
    if not screen.json:
        _show(screen, report, command)
    if out is not None:
        write_whole(out / "lab.json", msgspec.json.format(msgspec.json.encode(report), indent=1))
        write_whole(out / "lab.html", render_lab_html(report, screen.language, command).encode("utf-8"))
        screen.remark(str(out / "lab.html"))
        screen.remark(str(out / "lab.json"))


def _read(house: House, screen: Screen, folder: Path, look: Look) -> str:
    """Bring the library to what lies in the folder; labels stay what they are. Answers the collection's name."""
    files = house.files_in(folder)
    name = collection_of(folder)
    house.library.begin_collection(name, str(folder))
    screen.remark(screen.words(f"문서 {len(files)}건을 봅니다.", f"Looking at {len(files)} files."))
    by = Author("person", house.viewer.id, door="cli")
    house.library.ingest(name, files, house.reading_service, lambda progress: look(), by=by)
    return name


def _show(screen: Screen, report: LabReport, command: str) -> None:
    from rich.table import Table  # waits: only for people

    from jihwi.library.lab_page import advice_words, strategy_words

    table = Table(box=None, pad_edge=False)
    table.add_column(screen.words("방식", "strategy"), no_wrap=True)
    heads = ("≤1,000", "≤2,000", "@1", "@5", *_heads(screen))
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for one in report.figures:
        marks = "*" if one.name == report.advice.recommended else ""
        table.add_row(
            f"{strategy_words(one.name, screen.language)}{marks}",
            *(f"{share:.1%}" for share in (*one.inside.values(), one.recall_1, one.recall_5)),
            f"{one.chunks:,}",
            f"{one.median_tokens}/{one.p95_tokens}",
            f"{one.build_seconds:.1f}",
            f"{one.query_ms:.1f}",
        )
    screen.out.print(table)
    screen.out.print("")
    screen.out.print(advice_words(report, screen.language), markup=False)
    if report.advice.reason == "better":
        screen.out.print(f"→ {command}", markup=False)
    for line in _warnings(screen, report):
        screen.out.print(line, markup=False)


def _heads(screen: Screen) -> tuple[str, ...]:
    return (
        ("조각", "크기", "만들기 s", "찾기 ms")
        if screen.language == "ko"
        else ("chunks", "size", "build s", "query ms")
    )


def _warnings(screen: Screen, report: LabReport) -> Iterable[str]:
    if report.documents < report.documents_there:
        yield screen.words(
            f"문서 {report.documents_there}건 가운데 {report.documents}건을 고르게 골라 쟀습니다.",
            f"{report.documents} of {report.documents_there} documents were measured, spread evenly.",
        )
    if report.unplaced:
        yield screen.words(
            f"답이 문서에 그대로 없는 질문 {len(report.unplaced)}개는 뺐습니다:",
            f"{len(report.unplaced)} questions were left out: their answer stands nowhere word for word:",
        )
        yield from (f"  {one.question} — {one.answer}" for one in report.unplaced[:5])
    if report.lost_words:
        yield screen.words(
            "주의: 문서에 있는데 찾지 못하는 말이 있습니다.", "Beware: some words stand in the files and are not found."
        )
        yield from (f"  {one.asked} — {', '.join(one.words)}" for one in report.lost_words[:10])

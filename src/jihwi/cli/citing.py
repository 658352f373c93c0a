"""`jihwi cite check`: every quotation of a Markdown report against the files it quotes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jihwi.cli.running import ingest_folder
from jihwi.cli.session import Session
from jihwi.evidence import Altered, QuotedPassage, Reading, Verbatim, check_markdown
from jihwi.wiring import House, open_house

__all__ = ["check_report"]


async def check_report(session: Session, report: Path, folder: Path) -> int:
    """Show each quotation with its verdict; 1 when any is altered or found nowhere."""
    screen = session.screen
    async with open_house(session.settings) as house:
        collection = (await ingest_folder(house, folder, [], screen)).collection
        readings = await asyncio.to_thread(_readings, house, collection)
        text = await asyncio.to_thread(report.read_text, encoding="utf-8", errors="replace")
        passages = await asyncio.to_thread(check_markdown, text, readings)
    screen.result([_value(one) for one in passages])
    bad = [one for one in passages if not isinstance(one.verdict, Verbatim)]
    if not screen.json:
        for one in passages:
            for line in _lines(one, session):
                screen.out.print(line, markup=False)
        good = len(passages) - len(bad)
        screen.out.print(
            screen.words(
                f"인용 {len(passages)}개 가운데 {good}개가 원문 그대로입니다.",
                f"{good} of {len(passages)} quotations are verbatim.",
            ),
            markup=False,
        )
    return 1 if bad else 0


def _readings(house: House, collection: str) -> dict[str, Reading]:
    found: dict[str, Reading] = {}
    for document in house.library.documents(house.viewer, [collection]):
        reading = house.library.reading(document.reading, house.viewer) if document.reading else None
        if reading is not None:
            found[document.source.path] = reading
    return found


def _value(one: QuotedPassage) -> dict[str, Any]:
    value: dict[str, Any] = {"line": one.line, "verdict": one.verdict.verdict, "text": one.text, "path": one.path}
    if isinstance(one.verdict, Altered):
        value["stands"] = one.verdict.stands
        value["differences"] = one.verdict.differences
    if one.elsewhere:
        value["named"] = one.named
    return value


_MARKS = {"verbatim": "✓", "altered": "≠", "not_found": "✗"}


def _lines(one: QuotedPassage, session: Session) -> list[str]:
    say = session.screen.words
    words = " ".join(one.text.split())[:100]
    lines = [f"{_MARKS[one.verdict.verdict]} {one.line:>4}  “{words}”"]
    if isinstance(one.verdict, Verbatim):
        where = say(f"      {one.path}", f"      {one.path}")
        named = say(f" (적힌 곳은 {one.named})", f" (the report names {one.named})") if one.elsewhere else ""
        return [*lines, where + named]
    if isinstance(one.verdict, Altered):
        changes = "; ".join(f"{d.quoted or '∅'} ≠ {d.stands or '∅'}" for d in one.verdict.differences)
        return [
            *lines,
            say(f"      {one.path}의 원문과 다릅니다: {changes}", f"      differs from {one.path}: {changes}"),
        ]
    return [*lines, say("      어디에도 없습니다.", "      stands nowhere.")]

"""`jihwi search`: passages with document, page, score and why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from jihwi.cli.running import classes_said, ingest_folder
from jihwi.cli.session import Session
from jihwi.library import Hit
from jihwi.library.standing import standing_words
from jihwi.wiring import open_house

__all__ = ["search_library"]


async def search_library(
    session: Session, query: str, folder: Path | None, limit: int, classes: Sequence[str] = ()
) -> int:
    """Show the best passages for `query`; of one folder, brought up to date first, or of all."""
    screen = session.screen
    async with open_house(session.settings) as house:
        collections = None
        if folder is not None:
            report = await ingest_folder(house, folder, [], screen, classes_said(classes))
            collections = [report.collection]
        found = await asyncio.to_thread(house.library.search, query, house.viewer, collections, limit)
    if found.words_only:
        screen.remark(
            screen.words(
                f"임베딩 모델을 쓸 수 없어 낱말로만 찾았습니다 ({found.words_only}). `jihwi doctor`가 까닭을 보입니다.",
                f"Searched by words alone: no vectors ({found.words_only}). `jihwi doctor` says why.",
            )
        )
    screen.result(found)
    if screen.json:
        return 0
    for number, hit in enumerate(found.hits, 1):
        for line in _lines(number, hit, session):
            screen.out.print(line, markup=False)
    if not found.hits:
        words = ", ".join(term.term for term in found.terms)
        screen.out.print(
            screen.words(
                f"찾지 못했습니다. 찾은 낱말: {words or '-'}. 문서 조각 {found.chunks}개를 보았습니다.",
                f"Nothing found. Words looked for: {words or '-'}; {found.chunks} passages searched.",
            ),
            markup=False,
        )
    return 0


def _standing(hit: Hit, session: Session) -> str:
    """What moved a hit among its equals, and which is the newer version."""
    words = ", ".join(standing_words(mark, session.screen.language) for mark in hit.why.standing)
    return f"{words}: {hit.newer_at}" if hit.newer_at else words


def _lines(number: int, hit: Hit, session: Session) -> list[str]:
    page = session.screen.words(f", {hit.page}쪽", f", page {hit.page}") if hit.page else ""
    section = f", {hit.section}" if hit.section else ""
    heading = f"  {' › '.join(hit.headings)}" if hit.headings else ""
    best = hit.text[max(0, hit.why.best_start - hit.start) : max(0, hit.why.best_end - hit.start)]
    marked = f"  [{hit.security_class}]" if hit.security_class != "O" else ""
    matched = ", ".join(term.term for term in hit.why.matched[:6])
    why = session.screen.words("까닭", "why")
    if hit.why.similarity is not None:
        matched += session.screen.words(f" · 뜻 {hit.why.similarity:.2f}", f" · vector {hit.why.similarity:.2f}")
    lines = [
        f"{number}. {hit.path}{page}{section}  [{hit.score:.2f}]{marked}",
        f"   {' '.join((best or hit.text[:200]).split())}",
        f"   {why}: {matched}" + (f" ({_standing(hit, session)})" if hit.why.standing else ""),
    ]
    if heading:
        lines.insert(1, f" {heading}")
    return [*lines, ""]

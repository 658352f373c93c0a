"""Scoring what a reader made of the corpus: against previews, against Hancom's PDFs, and against each other's twins."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.corpus import LEAST_ORACLE_CHARACTERS, Item, hwp3_twins, pdf_texts, preview, twins
from benchmarks.readers_order import Drawn, drawn_pages, in_order
from benchmarks.scores import bare, common_length, hangul, order, recall
from jihwi.evidence import Reading

__all__ = ["HELD", "Compared", "Oracles", "Scores", "comparable", "oracles", "score_oracles", "score_twins"]

HELD = 0.9
"""The share of a PDF's text that a reader must hold before its order counts: who found little has little to put out of
order."""
_KNOWN = 0.5
"""Of a PDF with less of its text among its letters' places there is no order of the page: its fonts tell no letters."""
_ASIDE = frozenset(("footnote", "endnote", "header", "footer", "comment", "text_box"))
"""What a page shows elsewhere than where it belongs: at its foot, at its head, floating."""


class Compared(NamedTuple):
    """A text as it is held against oracles."""

    printed: str
    """Against a PDF."""
    stored: str
    """Against a preview: without automatic numbers."""
    flow: str
    """Against a PDF's order: without what a page shows elsewhere than where it belongs."""
    said: bool
    """Whether the reading says that something is wrong."""


class Oracles(NamedTuple):
    """What Hancom's PDFs say of each document, by the document's path."""

    texts: dict[str, str]
    """In the order in which it was drawn."""
    pages: dict[str, str]
    """In the order in which its lines stand on the page, by our reader of PDFs, which never sees the document."""
    drawn: dict[str, list[list[Drawn]]]
    """Where each run of letters stands."""


class Scores:
    """What one reader made of the corpus."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, float]] = defaultdict(dict)
        self.raised: dict[str, str] = {}
        self.near_empty: list[str] = []
        self.unusable: list[str] = []
        self.without_order: dict[str, float] = {}
        """Files of which less than `HELD` was found, and how much."""
        self.seconds: dict[str, float] = defaultdict(float)
        self.files: dict[str, int] = defaultdict(int)

    def add(self, figure: str, path: str, value: float) -> None:
        self.values[figure][path] = value

    def mean(self, figure: str) -> float:
        found = self.values.get(figure)
        return statistics.fmean(found.values()) if found else float("nan")


def oracles(folder: Path, pages: dict[str, str]) -> Oracles:
    """The PDFs of the corpus; `pages` are their texts by the page."""
    return Oracles(pdf_texts(folder), pages, drawn_pages(folder))


def comparable(reading: Reading) -> Compared:
    """The text to hold against a PDF, against a preview, and against a PDF's order.

    Signs of private use count on neither side: oracles keep them or print other fonts' codes. Previews have no
    automatic numbers, note marks and equations; PDFs have.
    """
    flow = "\n".join(reading.block_text(i) for i, block in enumerate(reading.blocks) if block.kind not in _ASIDE)
    printed, stored = _text_without(reading, "mapped"), _text_without(reading, "mapped", "rendered")
    return Compared(printed, stored, flow, bool(reading.warnings))


def _text_without(reading: Reading, *origins: str) -> str:
    """The text without the runs of these origins."""
    parts, at = [], 0
    for run in sorted((r for r in reading.origins if r.origin in origins), key=lambda r: r.start):
        parts.append(reading.text[at : run.start])
        at = max(at, run.end)
    return "".join([*parts, reading.text[at:]])


def score_oracles(
    items: list[Item], text_of: Callable[[Item], Compared | None], scores: Scores, found: Oracles
) -> None:
    """Recall, length and order against previews and PDFs. `text_of` gives the text for PDFs, the text for previews, and
    whether the reading says that something is wrong."""
    newer = {old.path: preview(other) for old, other in hwp3_twins(items)}
    for item in items:
        texts = text_of(item)
        if texts is None:
            continue
        shown = preview(item)
        if len(bare(shown)) >= 20:
            scores.add(f"{item.format} preview recall", item.path, recall(bare(shown), bare(texts.stored), 5))
            scores.add(f"{item.format} preview order", item.path, order(shown, texts.stored))
            if len(bare(texts.printed)) < 10 and not texts.said:
                scores.near_empty.append(item.path)
        printed = found.texts.get(item.path, "")
        known = hangul(shown or newer.get(item.path, "")) > LEAST_ORACLE_CHARACTERS // 3
        if printed and hangul(printed) == 0 and known:
            scores.unusable.append(item.path)
        elif len(bare(printed)) >= LEAST_ORACLE_CHARACTERS:
            _score_printed(item, texts, printed, scores, found)


def _score_printed(item: Item, texts: Compared, printed: str, scores: Scores, found: Oracles) -> None:
    """Against the document's PDF: how much of it was found, and, of who found most of it, in what order."""
    kind, path, ours = item.format, item.path, bare(texts.printed)
    held = recall(bare(printed), ours, 4)
    scores.add(f"{kind} pdf recall", path, held)
    scores.add(f"{kind} pdf length", path, len(ours) / len(bare(printed)))
    if held < HELD:
        scores.without_order[path] = held
        return
    scores.add(f"{kind} pdf order", path, order(printed, texts.printed))
    scores.add(f"{kind} pdf order, notes aside", path, order(printed, texts.flow))
    page = found.pages.get(path, "")
    if recall(bare(printed), bare(page), 4) > _KNOWN:
        scores.add(f"{kind} page order", path, order(page, texts.printed))
        scores.add(f"{kind} page order, notes aside", path, order(page, texts.flow))
    scores.add(f"{kind} upper line first", path, in_order(found.drawn[path], texts.flow))


def score_twins(items: list[Item], readings: dict[str, Reading], scores: Scores) -> None:
    """The same document in two formats: the same blocks, the same cells in the same places."""
    for hwp, hwpx in twins(items):
        left, right = readings.get(hwp.path), readings.get(hwpx.path)
        if left is None or right is None:
            continue
        key = f"{hwp.path} | {hwpx.path}"
        blocks = [[(b.kind, bare(r.text[b.start : b.end])) for b in r.blocks] for r in (left, right)]
        if blocks[0] or blocks[1]:
            total = len(blocks[0]) + len(blocks[1])
            scores.add("twins same blocks", key, 2 * common_length(*blocks) / total)
        cells = [_cells(r) for r in (left, right)]
        if cells[0]:
            scores.add("twins same cells", key, sum(cells[1].get(k) == v for k, v in cells[0].items()) / len(cells[0]))
    for old, other in hwp3_twins(items):
        if old.path in readings and other.path in readings:
            texts = [bare(comparable(readings[item.path]).printed) for item in (old, other)]
            key = f"{old.path} | {other.path}"
            scores.add("hwp3 holds its twin", key, recall(texts[1], texts[0], 5))
            scores.add("hwp3 held by its twin", key, recall(texts[0], texts[1], 5))
            cells = [_cells(readings[item.path]) for item in (other, old)]
            if cells[0]:
                same = sum(cells[1].get(k) == v for k, v in cells[0].items())
                scores.add("hwp3 same cells as its twin", key, same / len(cells[0]))


def _cells(reading: Reading) -> dict[tuple[int, int, int], str]:
    found: dict[tuple[int, int, int], str] = {}
    tables = [block.table for block in reading.blocks if block.table is not None]
    for index, table in enumerate(tables):
        for cell in table.cells:
            text = bare(reading.text[cell.start : cell.end])
            if text:
                found[index, cell.row, cell.column] = text
    return found

"""What was seen by eye in real documents: facts to hold readings against, without any of their text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from jihwi.evidence import Reading

__all__ = ["KINDS", "Expected", "Score", "expected_documents", "score"]

KINDS = ("headings", "notes", "numbers", "tables")


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One document of the corpus, and what it holds. What is not given was not looked at and is not scored."""

    path: str
    """Below the corpus' `files`."""
    sha256: str
    reason: str
    """Where it was seen."""
    headings: tuple[int, ...] | None = None
    """The levels of the headings in order; every one found beyond these counts against the reader."""
    numbers: tuple[str, ...] | None = None
    """The numbers and bullets as shown, in order, notes' marks aside."""
    first: int = 0
    """How many of the numbers were looked at; 0 for all."""
    notes: tuple[tuple[str | None, int | None], ...] | None = None
    """Foot- and endnotes: the mark shown, and the index of the block it belongs to; None where that was not seen."""
    tables: int | None = None
    """Tables of the source."""
    boxes: int = 0
    """Of these, titles, bands and frames around other tables: headings and flow on the page, and no tables."""
    largest: tuple[int, int] | None = None
    """Rows and columns of the table with the most places."""


class Score(msgspec.Struct, frozen=True):
    """How many facts of one kind hold, out of how many."""

    right: int = 0
    of: int = 0
    found: int = 0
    """How many the reader gave; what it gave beyond the right ones is false."""

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.of + other.of, self.found + other.found)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def share(self) -> float:
        return self.right / self.of if self.of else 1.0


def expected_documents() -> list[Expected]:
    """All documents that were looked at."""
    return msgspec.json.decode(Path(__file__).with_name("documents.json").read_bytes(), type=list[Expected])


def score(expected: Expected, reading: Reading) -> dict[str, Score]:
    """What of `expected` holds in `reading`, by kind."""
    found: dict[str, Score] = {}
    if expected.headings is not None:
        levels = [block.level for block in reading.blocks if block.kind == "heading"]
        found["headings"] = _in_order(expected.headings, levels)
    if expected.numbers is not None:
        found["numbers"] = _in_order(expected.numbers, _numbers(reading)[: expected.first or None])
    if expected.notes is not None:
        found["notes"] = _notes(expected.notes, reading)
    if expected.tables is not None:
        found["tables"] = _tables(expected, reading)
    return found


def _numbers(reading: Reading) -> list[str]:
    """The numbers of headings and list items; a bullet that is no number stands at the beginning of the text."""
    numbers = []
    for index, block in enumerate(reading.blocks):
        if block.kind == "list_item" or (block.kind == "heading" and block.number):
            numbers.append(block.number or reading.block_text(index).split(" ")[0])
    return numbers


def _notes(expected: Sequence[tuple[str | None, int | None]], reading: Reading) -> Score:
    """A note is right when its mark and the block it belongs to are, each as far as it was seen."""
    found = [block for block in reading.blocks if block.kind in ("footnote", "endnote")]
    right = sum(
        mark in (None, block.number) and parent in (None, block.parent) and block.parent >= 0
        for (mark, parent), block in zip(expected, found, strict=False)
    )
    return Score(right, max(len(expected), len(found)))


def _tables(expected: Expected, reading: Reading) -> Score:
    tables = [block.table for block in reading.blocks if block.table is not None]
    found = Score(int(len(tables) + expected.boxes == expected.tables), 1)
    if expected.largest is not None:
        largest = max(tables, key=lambda table: table.rows * table.columns, default=None)
        found += Score(int(largest is not None and (largest.rows, largest.columns) == expected.largest), 1)
    return found


def _in_order(expected: Sequence[object], found: Sequence[object]) -> Score:
    """The longest run of facts found in the order expected, out of the longer of the two lists."""
    lengths = [0] * (len(found) + 1)
    for wanted in expected:
        before = list(lengths)
        for place, got in enumerate(found):
            lengths[place + 1] = before[place] + 1 if got == wanted else max(before[place + 1], lengths[place])
    return Score(lengths[-1], max(len(expected), len(found)), len(found))

"""In what order a PDF draws its text, held against where that text stands: why its own order is no order of reading.

ISO 32000-1 (section 14.8.2.3) says that the order of a page's content and that of reading may differ. Hancom's program
draws what floats, tables and boxes, after the text of the page around it. One figure shows it without any idea of what
reading is: of two lines of a page, one beneath the other, how often is the upper one first; in the order of drawing,
and in a reading.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pypdfium2

__all__ = ["Drawn", "drawn_pages", "in_order"]

_SAME_LINE = 2.0
"""Points by which letters of one line may stand higher or lower than each other."""
_LEAST_LETTERS = 2


class Drawn(NamedTuple):
    """A run of letters on one line, as the PDF draws it. Points from the page's lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    def above(self, other: Drawn) -> bool:
        """Whether it stands over the other: higher, and one over the other's width."""
        return self.bottom >= other.top - _SAME_LINE and self.left < other.right and other.left < self.right


def drawn_pages(folder: Path) -> dict[str, list[list[Drawn]]]:
    """For each document with a PDF by Hancom's program: each page's runs, in the order in which they are drawn."""
    pages: dict[str, list[list[Drawn]]] = {}
    for pair in json.loads((folder / "hancom_pdf_pairs.json").read_text(encoding="utf-8")):
        document = pypdfium2.PdfDocument(str(folder / "files" / pair["pdf"]))
        drawn = [_runs(page.get_textpage()) for page in document]
        pages |= dict.fromkeys(pair["sources"], drawn)
    return pages


def _runs(page: pypdfium2.PdfTextPage) -> list[Drawn]:
    runs: list[Drawn] = []
    for index in range(page.count_chars()):
        sign = page.get_text_range(index, 1)
        if sign.isspace() or not sign:
            continue
        left, bottom, right, top = page.get_charbox(index, loose=True)
        last = runs[-1] if runs else None
        if last and abs(last.bottom - bottom) < _SAME_LINE and -1.0 < left - last.right < (top - bottom):
            runs[-1] = Drawn(last.text + sign, last.left, min(last.bottom, bottom), right, max(last.top, top))
        else:
            runs.append(Drawn(sign, left, bottom, right, top))
    return runs


def in_order(pages: list[list[Drawn]], text: str) -> float:
    """Of each two lines of a page, one beneath the other, which the text holds once each: how often it has the upper
    one first. Blanks do not count; 1 where there are no such two."""
    bare = _bare(text)
    everything = Counter(_bare(run.text) for runs in pages for run in runs)
    right = pairs = 0
    for runs in pages:
        placed = []
        for run in runs:
            words = _bare(run.text)
            if len(words) >= _LEAST_LETTERS and everything[words] == 1 and bare.count(words) == 1:
                placed.append((run, bare.find(words)))
        for (one, first), (other, second) in combinations(placed, 2):
            if one.above(other) or other.above(one):
                pairs += 1
                right += (first < second) == one.above(other)
    return right / pairs if pairs else 1.0


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())

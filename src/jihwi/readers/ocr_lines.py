"""What Tesseract saw, as paragraphs: its words with the blanks between them, and the columns of a page in their order.

Tesseract's table gives each word with its box and how sure it is, but for Korean a word there is often a single
syllable; which of them belong together only its plain text tells. Told to expect one column (psm 4, which keeps the
rows of tables and forms), it also reads across the gutter of two; the boxes tell where that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import msgspec

from jihwi.evidence import Box

__all__ = ["Recognised", "confidence_of", "paragraphs"]

_WORD = "5"
_CELLS = 12
_WIDE_GAP = 1.5
"""Heights of a line: a gap wider than that may be a gutter."""
_LEAST_LINES = 6
_MOST_LINES_SHARE = 0.6
_FULL = 0.7
"""A line of running text fills this much of its column, but for the last one of a paragraph."""


class Recognised(msgspec.Struct, frozen=True):
    """A paragraph found in a picture; `box` is in pixels, `confidence` from 0 to 100."""

    text: str
    box: Box
    confidence: float


class _Word(msgspec.Struct):
    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float
    blank: bool = True
    """Whether a blank stands before it."""


class _Line(msgspec.Struct):
    paragraph: str
    words: list[_Word]

    @property
    def left(self) -> int:
        return min(word.left for word in self.words)

    @property
    def right(self) -> int:
        return max(word.right for word in self.words)


def confidence_of(found: list[Recognised]) -> float:
    """How sure it is of the whole, letter by letter; 100 of nothing."""
    letters = sum(len(one.text) for one in found)
    return sum(one.confidence * len(one.text) for one in found) / letters if letters else 100.0


def paragraphs(table: str, text: str = "") -> list[Recognised]:
    """The paragraphs of Tesseract's table; `text` is its plain text of the same page."""
    lines = list(_lines(table))
    _put_blanks(lines, text)
    found: list[list[_Line]] = []
    for line in _in_columns(lines):
        if found and found[-1][-1].paragraph == line.paragraph:
            found[-1].append(line)
        else:
            found.append([line])
    return [_recognised(group) for group in found]


def _lines(table: str) -> Iterator[_Line]:
    last, line = "", _Line("", [])
    for row in table.split("\n")[1:]:
        cells = row.split("\t")
        if len(cells) < _CELLS or cells[0] != _WORD or not cells[11].strip():
            continue
        place = "/".join(cells[2:5])
        if place != last:
            if line.words:
                yield line
            last, line = place, _Line("/".join(cells[2:4]), [])
        left, top, width, height = (int(cell) for cell in cells[6:10])
        line.words.append(_Word(cells[11].strip(), left, top, left + width, top + height, float(cells[10])))
    if line.words:
        yield line


# ── blanks ───────────────────────────────────────────────────────────────────


def _put_blanks(lines: list[_Line], text: str) -> None:
    """Take the blanks between words from the plain text, line by line, where the two say the same letters."""
    said = [line.strip() for line in text.split("\n") if line.strip()]
    at = 0
    for line in lines:
        letters = "".join("".join(word.text.split()) for word in line.words)
        for step in range(at, min(at + 4, len(said))):
            if "".join(said[step].split()) == letters:
                _put_blanks_of(line, said[step])
                at = step + 1
                break


def _put_blanks_of(line: _Line, said: str) -> None:
    at = 0
    for word in line.words:
        word.blank = at < len(said) and said[at].isspace()
        left = len("".join(word.text.split()))
        while left > 0 and at < len(said):
            left -= not said[at].isspace()
            at += 1


# ── columns ──────────────────────────────────────────────────────────────────


def _in_columns(lines: list[_Line]) -> list[_Line]:
    """The lines in reading order: where the page has two columns, the left one before the right one, and what goes
    across both where it stands."""
    gutter = _gutter(lines)
    if gutter < 0:
        return lines
    ordered: list[_Line] = []
    left: list[_Line] = []
    right: list[_Line] = []
    for line in lines:
        place = _gap_at(line, gutter)
        if line.right <= gutter:
            left.append(_Line(f"{line.paragraph}/left", line.words))
        elif line.left >= gutter:
            right.append(_Line(f"{line.paragraph}/right", line.words))
        elif place:
            left.append(_Line(f"{line.paragraph}/left", line.words[:place]))
            right.append(_Line(f"{line.paragraph}/right", line.words[place:]))
        else:
            ordered += [*left, *right, line]
            left, right = [], []
    return [*ordered, *left, *right]


def _gutter(lines: list[_Line]) -> int:
    """Where the gutter of two columns of running text is; -1 for a page without."""
    gaps = [gap for line in lines for gap in _gaps(line)]
    if len(gaps) < _LEAST_LINES:
        return -1
    places = [(first + last) // 2 for first, last in gaps]
    best = max(places, key=lambda x: sum(first <= x <= last for first, last in gaps))
    parted = [(line, place) for line in lines if (place := _gap_at(line, best))]
    across = sum(line.left < best < line.right for line in lines)
    if len(parted) < max(_LEAST_LINES, _MOST_LINES_SHARE * across):
        return -1
    halves = [
        [_Line("", line.words[:place]) for line, place in parted],
        [_Line("", line.words[place:]) for line, place in parted],
    ]
    return best if all(map(_is_running, halves)) else -1


def _gaps(line: _Line) -> Iterator[tuple[int, int]]:
    height = median(word.bottom - word.top for word in line.words)
    for word, following in pairwise(line.words):
        if following.left - word.right > _WIDE_GAP * height:
            yield word.right, following.left


def _gap_at(line: _Line, x: int) -> int:
    """The first word behind a wide gap at `x`; 0 when there is none."""
    if any(first <= x <= last for first, last in _gaps(line)):
        return next(place for place, word in enumerate(line.words) if word.left >= x)
    return 0


def _is_running(lines: list[_Line]) -> bool:
    """Whether most lines fill their column and are more than a cell's word or two."""
    width = max(line.right for line in lines) - min(line.left for line in lines)
    full = sum(line.right - line.left >= _FULL * width and len(line.words) > 2 for line in lines)
    return full * 2 >= len(lines)


def _recognised(lines: list[_Line]) -> Recognised:
    words = [word for line in lines for word in line.words]
    said = (
        "".join(f" {word.text}" if word.blank and place else word.text for place, word in enumerate(line.words))
        for line in lines
    )
    return Recognised(
        text="\n".join(said),
        box=Box(
            min(word.left for word in words),
            min(word.top for word in words),
            max(word.right for word in words),
            max(word.bottom for word in words),
        ),
        confidence=sum(word.confidence for word in words) / len(words),
    )

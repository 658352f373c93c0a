"""Footnotes of a PDF page: lines at its foot that begin with a mark which the text above calls.

A PDF does not say what a note is. Lines are taken for notes only where all of it agrees: they are the last of the page,
their marks count up, each mark stands behind a word in the text above, and they are set apart by a smaller size or by
room above them. What is in doubt stays a list in the text.
"""

from __future__ import annotations

import re

import msgspec

from jihwi.readers.pdf.glyphs import Line

__all__ = ["FootNote", "foot_notes", "is_called"]

_MARK = re.compile(r"(?P<mark>(?P<number>\d{1,3})\))\s*\S")
_BARE_MARK = re.compile(r"(?P<mark>(?P<number>\d{1,3}))\s+\D")
_SMALLER = 0.92
_ROOM_ABOVE = 1.5
_HIGHEST = 0.3
"""No note begins in this share of the page from its top."""
_ALIGNED = 4.0


class FootNote(msgspec.Struct):
    """One note: its mark as shown, and its lines."""

    mark: str
    lines: list[Line]


def is_called(mark: str, text: str) -> bool:
    """Whether `text` holds the mark behind a word.

    >>> is_called("1)", "경상수입1)은 늘었다"), is_called("1)", "1) 경상수입"), is_called("1)", "표 11)")
    (True, False, False)
    """
    bare = mark[-1:] != ")"
    found = re.search(rf"(?<=[^\s\d(,.]){re.escape(mark)}" + (r"(?![\d.,%a-zA-Z])" if bare else ""), text)
    return found is not None


def foot_notes(lines: list[Line], above: str, height: float, body: float) -> list[FootNote]:
    """The notes at the foot of a page: `lines` is all its text from top to bottom, tables as one line each, `above` all
    that its lines and tables say, `body` the size of most of the document's text."""
    for start, line in enumerate(lines):
        if line.top < _HIGHEST * height or line.region >= 0:
            continue
        for pattern in (_MARK, _BARE_MARK):
            if pattern.match(line.text) and (notes := _notes(lines[start:], pattern)):
                small = line.size <= _SMALLER * body
                apart = start == 0 or line.top - max(one.bottom for one in lines[:start]) > _ROOM_ABOVE * line.size
                called = all(is_called(note.mark, above) for note in notes)
                if called and (small or (apart and pattern is _MARK)):
                    return notes
    return []


def _notes(lines: list[Line], pattern: re.Pattern[str]) -> list[FootNote]:
    """The lines as notes; none where they are not notes to the last."""
    notes: list[FootNote] = []
    first, last = lines[0], 0
    for line in lines:
        if line.region >= 0 or line.size > first.size * 1.1 or line.left < first.left - _ALIGNED:
            return []
        mark = pattern.match(line.text)
        if mark and abs(line.left - first.left) < 2 * _ALIGNED and (not notes or int(mark["number"]) == last + 1):
            notes.append(FootNote(mark["mark"], [line]))
            last = int(mark["number"])
        else:
            notes[-1].lines.append(line)
    return notes

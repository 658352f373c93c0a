"""Text from pictures, by Tesseract in a process of its own, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache

import msgspec

from jihwi.evidence import Box
from jihwi.readers import Limits
from jihwi.readers.progress import MOST_TIMES, beat, worth_going_on

__all__ = ["RESOLUTION", "Allowance", "Recognised", "available", "recognise"]

RESOLUTION = 300
"""Dots per inch at which pages are rendered for recognition."""

_WANTED = ("kor", "eng")
_LONGEST_SECONDS = 120.0
_SECONDS_A_PAGE = 5.0
_WORD = 5
_COLUMNS = 12


class Recognised(msgspec.Struct, frozen=True):
    """A paragraph found in a picture; `box` is in pixels, `confidence` from 0 to 100."""

    text: str
    box: Box
    confidence: float


class Allowance:
    """How many pages of one file may still be recognised; a page beyond is left out, and its reader says which.

    Counted in pages, 5 seconds of the file's whole time each, so that the same bytes give the same reading; only a
    machine so slow that they do not fit into that time is told by the sandbox's clock to leave the rest. A limit too
    short for one page (a second try, in haste) allows none.

    >>> allowance = Allowance(Limits(seconds=60.0))
    >>> sum(allowance.take() for _ in range(1000))
    240
    >>> Allowance(Limits(seconds=4.0)).take()
    False
    """

    def __init__(self, limits: Limits) -> None:
        self._left = int(limits.seconds / _SECONDS_A_PAGE) * MOST_TIMES

    def take(self) -> bool:
        """Whether one more page may be recognised; it is counted as used."""
        if self._left <= 0 or not worth_going_on():
            return False
        self._left -= 1
        return True


@lru_cache(maxsize=1)
def available() -> tuple[str, ...]:
    """The wanted languages Tesseract has here, Korean first; empty when it cannot read Korean."""
    program = shutil.which("tesseract")
    if program is None:
        return ()
    try:
        said = subprocess.run([program, "--list-langs"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    listed = said.stdout.decode("utf-8", "replace").split()
    found = tuple(language for language in _WANTED if language in listed)
    return found if "kor" in found else ()


def recognise(picture: bytes, seconds: float) -> list[Recognised] | None:
    """The paragraphs of a picture in PNG, TIFF or PNM; None when recognition failed or took longer than `seconds`."""
    program = shutil.which("tesseract")
    languages = available()
    if program is None or not languages:
        return None
    beat()
    command = [program, "stdin", "stdout", "-l", "+".join(languages), "--psm", "4", "--dpi", str(RESOLUTION), "tsv"]
    try:
        said = subprocess.run(
            command,
            input=picture,
            capture_output=True,
            timeout=min(seconds, _LONGEST_SECONDS),
            check=False,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if said.returncode != 0:
        return None
    return _paragraphs(said.stdout.decode("utf-8", "replace"))


class _Group(msgspec.Struct):
    lines: dict[str, list[str]]
    boxes: list[tuple[int, int, int, int]]
    confidences: list[float]


def _paragraphs(table: str) -> list[Recognised]:
    groups: dict[tuple[str, str], _Group] = {}
    for row in table.split("\n")[1:]:
        cells = row.split("\t")
        if len(cells) < _COLUMNS or cells[0] != str(_WORD) or not cells[11].strip():
            continue
        group = groups.setdefault((cells[2], cells[3]), _Group({}, [], []))
        group.lines.setdefault(cells[4], []).append(cells[11].strip())
        left, top, width, height = (int(cell) for cell in cells[6:10])
        group.boxes.append((left, top, left + width, top + height))
        group.confidences.append(float(cells[10]))
    return [
        Recognised(
            text="\n".join(" ".join(words) for words in group.lines.values()),
            box=Box(
                min(b[0] for b in group.boxes),
                min(b[1] for b in group.boxes),
                max(b[2] for b in group.boxes),
                max(b[3] for b in group.boxes),
            ),
            confidence=sum(group.confidences) / len(group.confidences),
        )
        for group in groups.values()
    ]

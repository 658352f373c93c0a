"""Text from pictures, by Tesseract in a process of its own, where it is installed."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import msgspec

from jihwi.evidence import Box
from jihwi.readers import Limits
from jihwi.readers.ocr_lines import Recognised, confidence_of, paragraphs
from jihwi.readers.progress import MOST_TIMES, beat, worth_going_on

__all__ = ["DOUBTFUL", "RESOLUTION", "Allowance", "Recognised", "available", "confidence_of", "recognise"]

DOUBTFUL = 60.0
"""Below this share of certainty, in percent, what was read is doubtful."""
RESOLUTION = 300
"""Dots per inch at which pages are rendered for recognition."""

_WANTED = ("kor", "eng")
_LONGEST_SECONDS = 120.0
_SECONDS_A_PAGE = 5.0
_ROTATE = re.compile(r"Rotate: (90|180|270)\b")


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
    """The paragraphs of a grey picture (PGM); None when recognition failed or took longer than `seconds`.

    A page that lies on its side or head is turned when nothing was read, or what makes little sense, and another way
    makes more.
    """
    if not available():
        return None
    found = _recognised(picture, seconds)
    if found is None or (found and confidence_of(found) >= DOUBTFUL):
        return found
    turned = _turned(picture, seconds)
    again = _recognised(turned[0], seconds) if turned else None
    if not turned or not again or (found and confidence_of(again) <= confidence_of(found)):
        return found
    return [msgspec.structs.replace(one, box=turned[1](one.box)) for one in again]


def _recognised(picture: bytes, seconds: float) -> list[Recognised] | None:
    with tempfile.TemporaryDirectory(prefix="jihwi-") as folder:
        # One look gives both: the words with their boxes, and the blanks between them.
        options = ("-l", "+".join(available()), "--psm", "4", "--dpi", str(RESOLUTION), "tsv", "txt")
        if _called(picture, seconds, f"{folder}/page", *options) is None:
            return None
        try:
            table, text = ((Path(folder) / f"page.{kind}").read_text("utf-8", "replace") for kind in ("tsv", "txt"))
        except OSError:
            return None
    return paragraphs(table, text)


def _turned(picture: bytes, seconds: float) -> tuple[bytes, Callable[[Box], Box]] | None:
    """The picture turned as Tesseract thinks it should be, and how a place on it is found on the one that was given;
    None when it should stay."""
    said = _called(picture, seconds, "stdout", "--psm", "0")
    found = _ROTATE.search(said or "")
    if found is None:
        return None
    from PIL import Image  # waits: few pages are turned

    with Image.open(io.BytesIO(picture), formats=("PPM",)) as image:
        width, height = image.size
        degrees = int(found.group(1))
        upright = image.rotate(-degrees, expand=True)
    header = f"P5 {upright.width} {upright.height} 255\n".encode()
    back: dict[int, Callable[[Box], Box]] = {
        90: lambda b: Box(b.top, height - b.right, b.bottom, height - b.left),
        180: lambda b: Box(width - b.right, height - b.bottom, width - b.left, height - b.top),
        270: lambda b: Box(width - b.bottom, b.left, width - b.top, b.right),
    }
    return header + upright.tobytes(), back[degrees]


def _called(picture: bytes, seconds: float, *words: str) -> str | None:
    """What Tesseract says of a picture; None when it failed or took too long."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    beat()
    try:
        said = subprocess.run(
            [program, "stdin", *words],
            input=picture,
            capture_output=True,
            timeout=min(seconds, _LONGEST_SECONDS),
            check=False,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.decode("utf-8", "replace") if said.returncode == 0 else None

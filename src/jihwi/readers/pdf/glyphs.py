"""What a PDF page shows, glyph by glyph, put together into lines as the page's own program wrote them."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable

import msgspec
import pypdfium2.raw as pdfium

from jihwi.readers.outline import bullet

__all__ = ["Glyphs", "Line", "lines_of", "read_glyphs", "turn"]

_MOST_GLYPHS = 200_000
_HYPHEN = 2
"""What PDFium gives for a hyphen that breaks a word at a line's end."""
_UNMAPPED = frozenset({0xFFFD, 0xFFFE, 0xFFFF, *range(0x20)} - {_HYPHEN, 9, 10, 13})
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_SET_APART = 0.26
"""Parts of the letters' size: a word processor keeps a fifth to a quarter between Hangul and Latin letters or digits,
which is no space. What is written as a space has .3 and more."""
_CLOSE = 0.16
"""The same, below which nothing is kept between them."""
_ENOUGH_PAIRS = 3
_HANGUL = re.compile("[가-힣]")
_NARROW = re.compile("[0-9A-Za-z]")
_CLOSING = re.compile("[0-9A-Za-z.,)]")
_SOFT_HYPHEN = "\u00ad"


class Glyphs(msgspec.Struct):
    """The glyphs of a page, in the order they were written; boxes from the page's top left corner, in points."""

    width: float
    height: float
    text: list[str] = []
    boxes: list[tuple[float, float, float, float]] = []
    """Left, top, right, bottom; of the font's line, not of the ink."""
    sizes: list[float] = []
    blank_before: list[bool] = []
    """Whether the gap to the glyph before is a space that nobody wrote."""
    unmapped: int = 0
    """Glyphs whose character the font does not tell."""


class Line(msgspec.Struct):
    """A run of glyphs on one baseline."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    blank_after: bool = False
    """Whether a space was written at its end."""
    region: int = -1
    order: int = 0


def read_glyphs(text_page: object, width: float, height: float, rotation: int) -> Glyphs:
    """All glyphs of a page, turned upright when the page is rotated."""
    glyphs = Glyphs(width=width, height=height)
    count = min(pdfium.FPDFText_CountChars(text_page), _MOST_GLYPHS)
    turned = turn(rotation, width, height)
    rect = pdfium.FS_RECTF()
    pointer = ctypes.byref(rect)
    unicode_of, box_of = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
    generated_of, size_of = pdfium.FPDFText_IsGenerated, pdfium.FPDFText_GetFontSize
    blank = False
    raw_size = scale = 0.0
    for index in range(count):
        code = unicode_of(text_page, index)
        if generated_of(text_page, index) == 1:
            blank = True
            continue
        if code in _UNMAPPED:
            glyphs.unmapped += 1
            code = 0xFFFD
        size = size_of(text_page, index)
        if size != raw_size or not scale:
            raw_size, scale = size, _scale(text_page, index)
        box_of(text_page, index, pointer)
        if not all(map(math.isfinite, (rect.left, rect.top, rect.right, rect.bottom, size * scale))):
            glyphs.unmapped += 1
            continue
        glyphs.text.append(_SOFT_HYPHEN if code == _HYPHEN else chr(code))
        glyphs.boxes.append(turned(rect.left, rect.top, rect.right, rect.bottom))
        glyphs.sizes.append(size * scale)
        glyphs.blank_before.append(blank)
        blank = False
    return glyphs


def _scale(text_page: object, index: int) -> float:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
        return 1.0
    return math.hypot(matrix.c, matrix.d) or 1.0


def turn(rotation: int, width: float, height: float) -> Callable[..., tuple[float, float, float, float]]:
    """From PDF's corners (bottom left, unrotated) to ours (top left, as shown). `width` and `height` are as shown."""
    match rotation % 360:
        case 90:
            return lambda left, top, right, bottom: (bottom, left, top, right)
        case 180:
            return lambda left, top, right, bottom: (width - right, bottom, width - left, top)
        case 270:
            return lambda left, top, right, bottom: (width - top, height - right, width - bottom, height - left)
        case _:
            return lambda left, top, right, bottom: (left, height - top, right, height - bottom)


def lines_of(glyphs: Glyphs, region_of: Callable[[float, float], int]) -> list[Line]:
    """The glyphs as lines. A line ends where the baseline, the direction or the region (a table's cell) changes."""
    lines: list[Line] = []
    parts: list[str] = []
    line: Line | None = None
    blank = False
    set_apart = _sets_scripts_apart(glyphs)
    for index, text in enumerate(glyphs.text):
        if text.isspace():
            blank = True
            continue
        left, top, right, bottom = glyphs.boxes[index]
        size = glyphs.sizes[index] or bottom - top or 1.0
        region = region_of((left + right) / 2, (top + bottom) / 2)
        written = blank
        blank = blank or glyphs.blank_before[index]
        if line is not None and _goes_on(line, region, (left, top, right, bottom), size, text):
            if abs(left - _only_start(line, parts)) < 0.1 * size and parts and parts[-1] == text and not blank:
                continue  # the same glyph drawn twice to look bold
            if blank and left - line.right < -0.5 * size and left > line.left:
                blank = False
            if blank and set_apart and not written and parts and left - line.right < _SET_APART * size:
                blank = not _of_two_scripts(parts[-1], text)
            if blank:
                parts.append(" ")
            parts.append(text)
            line.left, line.right = min(line.left, left), max(line.right, right)
            line.top, line.bottom = min(line.top, top), max(line.bottom, bottom)
        else:
            if line is not None:
                line.text, line.blank_after = bullet("".join(parts)), blank and not glyphs.blank_before[index]
                lines.append(line)
            line = Line("", left, top, right, bottom, size, region=region, order=len(lines))
            parts = [text]
        blank = False
    if line is not None:
        line.text, line.blank_after = bullet("".join(parts)), blank
        lines.append(line)
    return lines


def _sets_scripts_apart(glyphs: Glyphs) -> bool:
    """Whether the page keeps a gap wherever Hangul meets Latin letters or digits, so that a gap there tells nothing.

    Where they also stand close together, as in what Hancom prints, the same gap is a narrow space.
    """
    apart = close = 0
    for at in range(1, len(glyphs.text)):
        before, after = (_script(glyphs.text[place]) for place in (at - 1, at))
        if not before or not after or before == after == "latin":
            continue
        (_, top, right, bottom), (left, other_top, _, other_bottom) = glyphs.boxes[at - 1], glyphs.boxes[at]
        gap = (left - right) / (glyphs.sizes[at] or 1.0)
        if min(bottom, other_bottom) <= max(top, other_top) or not -0.6 < gap < _SET_APART:
            continue
        if before == after:  # between two syllables such a gap is a narrow space, and then so it may be elsewhere
            close += gap >= _CLOSE and glyphs.blank_before[at]
        else:
            apart, close = apart + (gap >= _CLOSE), close + (gap < _CLOSE)
    return apart >= _ENOUGH_PAIRS and close * 10 <= apart


def _script(text: str) -> str:
    return "hangul" if _HANGUL.match(text) else ("latin" if _NARROW.match(text) else "")


def _of_two_scripts(before: str, after: str) -> bool:
    """Whether one of two glyphs is Hangul and the other a digit, a Latin letter or a mark that ends something."""
    one, other = _HANGUL.match(before), _HANGUL.match(after)
    if one is None and other is None:
        return False
    return (one is None and _NARROW.match(before) is not None) or (other is None and _CLOSING.match(after) is not None)


def _only_start(line: Line, parts: list[str]) -> float:
    """Where the last glyph of a line of one glyph stands; out of reach for longer ones."""
    return line.left if len(parts) == 1 else -1e9


def _goes_on(line: Line, region: int, box: tuple[float, float, float, float], size: float, text: str) -> bool:
    left, top, right, bottom = box
    if region != line.region:
        return False
    overlap = min(bottom, line.bottom) - max(top, line.top)
    if overlap < 0.45 * min(bottom - top, line.bottom - line.top):
        return False
    reach = max(size, line.size)
    if _RIGHT_TO_LEFT.match(text):
        return -1.2 * reach <= line.left - right < 4.0 * reach
    return -1.2 * reach <= left - line.right < (8.0 if region >= 0 else 4.0) * reach and left >= line.left

"""Lines of a PDF page into paragraphs: reading order, what goes on and what begins anew, and where a space belongs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import msgspec

from jihwi.evidence import Box
from jihwi.readers.outline import outline
from jihwi.readers.pdf.glyphs import Line
from jihwi.words import particle

__all__ = [
    "Paragraph",
    "Words",
    "gathered_letters",
    "is_spread",
    "joined",
    "paragraphs_of",
    "reading_order",
    "same_row",
]

_HANGUL_END = re.compile(r"[가-힣]$")
_HANGUL_START = re.compile(r"[가-힣]")
_TOKEN = re.compile(r"[가-힣A-Za-z0-9]+")
_ENDINGS = (
    "은 는 이 가 을 를 에 의 로 으로 와 과 도 만 다 며 고 서 에서 에게 부터 까지 한다 하다 하는 하고 "
    "하며 하여 한 할 함 된 되는 된다 됨 되어 이다 입니다 합니다 니다 였다 했다 라고 라는 이며 이고 "
    "적 적인 적으로 들 들이 들은 들을 의한"
)
_PARTICLES = frozenset(_ENDINGS.split())
_SOUNDED = frozenset({"은", "는", "이", "가", "을", "를", "과", "와", "으로", "로"})
_CELL_PADDING = 6.0
_SPREAD = 12.0
_WORD_ENDS = tuple("은는을를의에로와과며고여한된할및등인다")


class Paragraph(msgspec.Struct):
    """Lines that belong together, and how large they are set."""

    lines: list[Line]
    text: str = ""
    size: float = 0.0
    page: int = 0

    @property
    def box(self) -> Box:
        """The rectangle around all its lines."""
        return Box(
            round(min(line.left for line in self.lines), 1),
            round(min(line.top for line in self.lines), 1),
            round(max(line.right for line in self.lines), 1),
            round(max(line.bottom for line in self.lines), 1),
        )


class Words:
    """The words that stand inside lines, where nothing cuts them: what a cut word is compared with."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def learn(self, lines: Iterable[Line]) -> None:
        """Take in the words that neither begin nor end a line."""
        for line in lines:
            self._seen.update(_TOKEN.findall(line.text)[1:-1])

    def blank_between(self, before: Line, after: Line, room: float) -> bool:
        """Whether a space stood where `before` was broken off; `room` is what its line had left, in its own size."""
        if before.blank_after:
            return True
        if not (_HANGUL_END.search(before.text) and _HANGUL_START.match(after.text)):
            return _needs_blank(before.text, after.text)
        if len(before.text) == 1 and len(after.text) == 1:
            return False  # a word set downwards in a narrow cell
        head, tail = _TOKEN.findall(before.text)[-1], _TOKEN.findall(after.text)[0]
        if head + tail in self._seen:
            return False
        if tail in _PARTICLES:
            return not _fits(head, tail)
        if room > 1.1 or (head in self._seen and tail in self._seen):
            return True
        # A word broken by character leaves a head that is no word; one that ends like a word probably is one.
        return head.endswith(_WORD_ENDS) or head in self._seen or tail in self._seen


def _fits(head: str, tail: str) -> bool:
    """Whether a particle goes with the sound its word ends in: 다 is never followed by 이, 은 or 을."""
    return tail not in _SOUNDED or particle(head, tail) == tail


def _needs_blank(before: str, after: str) -> bool:
    last, first = before[-1:], after[:1]
    if last == "\u00ad" or first in ",.)]}>»”’!?:;·ㆍ、。」』" or last in "([{<«“‘·ㆍ‧∙「『/":
        return False
    if last == "-" and before[-2:-1].isalpha() and first.islower():
        return False
    cjk = "\u3040" <= last <= "\u9fff" and "\u3040" <= first <= "\u9fff"
    return not cjk


def gathered_letters(lines: list[Line]) -> list[Line]:
    """The lines, where single letters set apart on one row are one line: ornaments, and titles set wide."""
    found: list[Line] = []
    for line in lines:
        last = found[-1] if found else None
        if (
            last is not None
            and len(line.text) == 1
            and _HANGUL_END.search(line.text)
            and all(len(part) == 1 for part in last.text.split(" "))
            and _HANGUL_END.search(last.text)
            and line.region == last.region == -1
            and abs(line.size - last.size) < 0.5
            and line.left > last.right
            and same_row(last, line)
        ):
            last.text += " " + line.text
            last.right, last.blank_after = line.right, line.blank_after
        else:
            found.append(line)
    return found


def is_spread(line: Line) -> bool:
    """Whether a line is single letters set over the width of the page."""
    apart = line.right - line.left > _SPREAD * line.size
    return apart and all(len(part) == 1 for part in line.text.split(" "))


def reading_order(lines: list[Line], width: float) -> list[Line]:
    """The lines as a person reads them: as written, unless the page was written out of order."""
    if len(lines) < 2 or not (_jumps(lines) or _side_by_side(lines, width)):
        return lines
    return _cut(lines, width, 0)


def _jumps(lines: list[Line]) -> int:
    """How often a line stands above the one written before it, in the same column."""
    jumps = 0
    for before, after in itertools.pairwise(lines):
        overlaps = min(before.right, after.right) - max(before.left, after.left)
        if after.bottom < before.top and overlaps > 0:
            jumps += 1
    return jumps


def _side_by_side(lines: list[Line], width: float) -> bool:
    """Whether two columns of text were written row by row; the cells of a table without rules are narrower."""
    rows = [
        (before, after)
        for before, after in itertools.pairwise(lines)
        if same_row(before, after) and after.left - before.right > before.size
    ]
    wide = [pair for pair in rows if all(line.right - line.left > 0.3 * width for line in pair)]
    return len(wide) >= 4 and len(wide) * 2 > len(rows)


def _cut(lines: list[Line], width: float, depth: int) -> list[Line]:
    """Divide by the widest empty band, first across the page, then down it; rows are sorted from the left."""
    if len(lines) < 2 or depth > 30:
        return sorted(lines, key=lambda line: (line.top, line.left))
    size = sorted(line.size for line in lines)[len(lines) // 2]
    column = _gap(lines, "left", "right")
    band = _gap(lines, "top", "bottom")
    if column[0] > 1.2 * size and column[0] > 0.02 * width:
        first = [line for line in lines if line.right <= column[1]]
        second = [line for line in lines if line.right > column[1]]
        if _is_column(first, width) and _is_column(second, width):
            return _cut(first, width, depth + 1) + _cut(second, width, depth + 1)
    if band[0] > 0:
        first = [line for line in lines if line.bottom <= band[1]]
        second = [line for line in lines if line.bottom > band[1]]
        if first and second:
            return _cut(first, width, depth + 1) + _cut(second, width, depth + 1)
    return sorted(lines, key=lambda line: (round(line.top / max(1.0, size * 0.5)), line.left))


def _is_column(lines: list[Line], width: float) -> bool:
    """Whether lines fill a column of the page: a few, and about as wide as a column is."""
    widths = sorted(line.right - line.left for line in lines)
    return len(lines) >= 3 and widths[len(widths) // 2] > 0.2 * width


def _gap(lines: list[Line], start: str, end: str) -> tuple[float, float]:
    """The widest band that no line touches: how wide, and where it begins."""
    reach, best, at = -1e9, 0.0, 0.0
    for a, b in sorted((getattr(line, start), getattr(line, end)) for line in lines):
        if reach > -1e9 and a - reach > best:
            best, at = a - reach, reach
        reach = max(reach, b)
    return best, at


def paragraphs_of(lines: list[Line]) -> list[Paragraph]:
    """Lines in reading order, grouped."""
    paragraphs: list[Paragraph] = []
    for index, line in enumerate(lines):
        if paragraphs and _continues(paragraphs[-1].lines, line, lines, index):
            paragraphs[-1].lines.append(line)
        else:
            paragraphs.append(Paragraph(lines=[line], size=line.size))
    return paragraphs


def _continues(before: list[Line], line: Line, lines: list[Line], index: int) -> bool:
    last = before[-1]
    size = max(last.size, 1.0)
    if line.region != last.region or is_spread(last):
        return False
    if same_row(last, line):
        return 0 <= line.left - last.right < 12 * size
    leading = line.top - last.bottom
    if line.top <= last.top or leading > 1.3 * size or abs(line.size - last.size) > 0.15 * size:
        return False
    if min(last.right, line.right) - max(last.left, line.left) <= 0:
        return False
    if outline(line.text).kind != "paragraph" or outline(line.text).number:
        return False
    right = _right_edge(lines, index)
    if last.right < right - 2.0 * size and not last.blank_after:
        return False
    if last.right < right - 4.0 * size:
        return False
    if len(before) >= 2:
        usual = before[1].top - before[0].bottom
        if leading > usual + 0.35 * size or line.left > before[1].left + 1.5 * size:
            return False
    elif line.left > last.left + 4.5 * size:
        return False
    return True


def same_row(a: Line, b: Line) -> bool:
    """Whether two lines stand beside each other."""
    overlap = min(a.bottom, b.bottom) - max(a.top, b.top)
    return overlap > 0.6 * min(a.bottom - a.top, b.bottom - b.top)


def _right_edge(lines: list[Line], index: int) -> float:
    """How far lines of this column reach: the furthest of the lines around, in the same column."""
    line = lines[index]
    near = lines[max(0, index - 12) : index + 12]
    return max(
        (other.right for other in near if min(other.right, line.right) - max(other.left, line.left) > 0),
        default=line.right,
    )


def joined(lines: list[Line], words: Words, width: float = 0.0) -> str:
    """The lines of a paragraph as one text; `width` is that of the cell they stand in, if they stand in one."""
    if not lines:
        return ""
    right = max(line.right for line in lines)
    inner = max([width - _CELL_PADDING, *(line.right - line.left for line in lines)])
    parts = [lines[0].text]
    for before, after in itertools.pairwise(lines):
        left_over = inner - (before.right - before.left) if width else right - before.right
        room = left_over / max(1.0, before.size)
        if same_row(before, after) or words.blank_between(before, after, room):
            parts.append(" ")
        parts.append(after.text)
    return "".join(parts).replace("\u00ad", "")

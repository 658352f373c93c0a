"""The few differences of writing that do not make a quotation false, and the way back to the exact characters.

There are four, and no other:

`white_space`      runs of spaces, tabs and line breaks count as one space; a line break between two Hangul
                   syllables may count as nothing; invisible joiners and soft hyphens count as nothing
`width`            full-width letters, digits and signs count as the ordinary ones
`composition`      Unicode composition: Hangul in letters (NFD) counts as Hangul in syllables (NFC)
`quotation_marks`  curved, straight and full-width quotation marks count as one shape
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

__all__ = ["NORMALISATIONS", "Folded", "Normalisation", "fold", "normalisations_between", "whole_characters"]

Normalisation = Literal["white_space", "width", "composition", "quotation_marks"]

NORMALISATIONS: tuple[Normalisation, ...] = ("white_space", "width", "composition", "quotation_marks")

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_DOUBLE = "“”„‟〝〞＂"
_SINGLE = "‘’‚‛＇"
_COMMON = r"\x00-\u02ff\u2000-\u2125\u2127-\u2129\u212c-\u2adb\u3000-\u3029\u3030-\u3098\u309b-\u9fff가-힣\uff00-\uffef"
"""Characters that composition leaves alone, unless what follows them is not one of these."""
_PATTERNS: dict[Normalisation, str] = {
    "composition": rf"[^\s{_INVISIBLE}]?[^{_COMMON}\s{_INVISIBLE}]+",
    "white_space": rf"(?:[^\S ]|[{_INVISIBLE}]| (?=[\s{_INVISIBLE}]))[\s{_INVISIBLE}]*",
    "width": r"[！-～￠-￦]",
    "quotation_marks": f"[{_DOUBLE}{_SINGLE}]",
}


def whole_characters(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` cuts no character in two (a syllable written in letters is one character)."""
    return not any(0 < at < len(text) and _continues(text[at - 1], text[at]) for at in (start, end))


def _continues(before: str, character: str) -> bool:
    """Whether `character` is a part of the character that `before` ends with."""
    if character < "\u0300" or "가" <= character <= "힣":
        return False
    if unicodedata.combining(character) or "\u1160" <= character <= "\u11ff":
        return True
    together = unicodedata.normalize("NFC", before + character)
    return together != unicodedata.normalize("NFC", before) + unicodedata.normalize("NFC", character)


class Folded:
    """A text under some normalisations, with the way back to its own offsets."""

    def __init__(self, text: str, pieces: list[tuple[int, int, str]]) -> None:
        """`pieces`: start and end in `text`, and what stands there instead; in order, never overlapping."""
        parts: list[str] = []
        self._folded: list[int] = [0]
        self._source: list[int] = [0]
        self._plain: list[bool] = [True]
        length = position = 0
        for start, end, instead in pieces:
            parts += (text[position:start], instead)
            length += start - position
            self._mark(length, start, plain=False)
            length += len(instead)
            self._mark(length, end, plain=True)
            position = end
        parts.append(text[position:])
        self.text = "".join(parts)
        self._length = len(text)

    def _mark(self, folded: int, source: int, *, plain: bool) -> None:
        self._folded.append(folded)
        self._source.append(source)
        self._plain.append(plain)

    def source_span(self, start: int, end: int) -> tuple[int, int] | None:
        """The offsets in the text itself; None when an end falls inside something that was replaced as a whole."""
        first = self._source_offset(start, bisect_right(self._folded, start) - 1)
        inside = self._source_offset(end - 1, bisect_right(self._folded, end - 1) - 1, last=True)
        return None if first is None or inside is None else (first, inside)

    def covering_span(self, start: int, end: int) -> tuple[int, int]:
        """The smallest span of the text itself that covers `[start, end)` of the folded text."""
        first = bisect_right(self._folded, start) - 1
        last = bisect_right(self._folded, max(start, end - 1)) - 1
        begin = self._source[first] + (start - self._folded[first] if self._plain[first] else 0)
        stop = self._source[last] + (end - self._folded[last]) if self._plain[last] else self._source[last + 1]
        return begin, min(stop, self._length)

    def _source_offset(self, folded: int, piece: int, *, last: bool = False) -> int | None:
        shift = folded - self._folded[piece]
        if self._plain[piece]:
            return self._source[piece] + shift + last
        if not last:
            return self._source[piece] if shift == 0 else None
        complete = folded + 1 == self._folded[piece + 1]
        return self._source[piece + 1] if complete else None


def fold(text: str, using: tuple[Normalisation, ...] = NORMALISATIONS, *, join_lines: bool = False) -> Folded:
    """`text` with the differences of `using` taken out.

    With `join_lines`, a line break between two Hangul syllables counts as nothing instead of a space.

    >>> fold("그는 \\n “간다”고").text
    '그는 "간다"고'
    """
    return Folded(text, list(_pieces(text, using, join_lines)))


def _pieces(text: str, using: tuple[Normalisation, ...], join_lines: bool) -> Iterator[tuple[int, int, str]]:
    if not using:
        return
    pattern = "|".join(f"(?P<{name}>{_PATTERNS[name]})" for name in _PATTERNS if name in using)
    for match in re.finditer(pattern, text):
        start, end = match.span()
        if match.lastgroup == "composition":
            yield from _composed(match.group(), start, using)
            continue
        instead = _instead(match.lastgroup or "", match.group(), using)
        if join_lines and match.lastgroup == "white_space" and _breaks_a_word(text, start, end):
            instead = ""
        if instead != match.group():
            yield start, end, instead


def _composed(run: str, start: int, using: tuple[Normalisation, ...]) -> Iterator[tuple[int, int, str]]:
    """The characters of a run that composition changes, each as one piece."""
    begin = 0
    for at in range(1, len(run) + 1):
        if at < len(run) and _continues(run[begin:at], run[at]):
            continue
        character = run[begin:at]
        kinds = ((_kind_of(c, using), c) for c in character)
        instead = unicodedata.normalize("NFC", "".join(_instead(kind, c, using) if kind else c for kind, c in kinds))
        if instead != character:
            yield start + begin, start + at, instead
        begin = at


def _kind_of(character: str, using: tuple[Normalisation, ...]) -> str:
    """Which of the other normalisations in use changes this one character; empty for none."""
    for name in ("width", "quotation_marks"):
        if name in using and re.match(_PATTERNS[name], character):
            return name
    return ""


def _instead(kind: str, found: str, using: tuple[Normalisation, ...]) -> str:
    if kind == "white_space":
        return "" if not found.strip(_INVISIBLE) else " "
    if kind == "width":
        if found in "＂＇" and "quotation_marks" in using:
            return '"' if found == "＂" else "'"
        return unicodedata.normalize("NFKC", found)
    return '"' if found in _DOUBLE else "'"


def _breaks_a_word(text: str, start: int, end: int) -> bool:
    """Whether the white space is one line break between two Hangul syllables."""
    run = text[start:end].replace("\r\n", "\n")
    inside = start > 0 and end < len(text) and run == "\n"
    return inside and all("가" <= c <= "힣" for c in (text[start - 1], text[end]))


def normalisations_between(quoted: str, stands: str) -> tuple[Normalisation, ...]:
    """Which normalisations are needed to take `quoted` for `stands`; none when they are the same.

    >>> normalisations_between('"가"  나', "“가” 나")
    ('white_space', 'quotation_marks')
    """
    if quoted == stands:
        return ()
    needed: list[Normalisation] = []
    for name in NORMALISATIONS:
        others = tuple(n for n in NORMALISATIONS if n != name)
        same = any(
            fold(quoted, others, join_lines=joined).text == fold(stands, others, join_lines=joined).text
            for joined in (False, True)
        )
        if not same:
            needed.append(name)
    return tuple(needed)

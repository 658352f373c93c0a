"""Where sentences begin and end in Korean and English text, to the code point.

A span never begins or ends with white space, spans stand in order, and between two of them there is only white
space: nothing is lost and nothing is altered, so a span can be quoted as it stands.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

__all__ = ["sentence_around", "sentence_spans", "sentences"]

_LONGEST_ENCLOSED = 300
"""A quotation or bracket longer than this is split inside: it is a passage, not a part of a sentence."""

_CLOSERS = "\"'”’」』)\\]}】》〉〕"
_STOP = re.compile(rf"[.!?。！？…]+(?:[{_CLOSERS}]|\[\d{{1,3}}\])*")
_CLOSING_SIGNS = _CLOSERS.replace("\\", "")
_ENCLOSED = re.compile(
    "|".join(
        rf"{opening}[^{opening}{closing}\n]{{1,{_LONGEST_ENCLOSED}}}{closing}"
        for opening, closing in ("“”", "‘’", "「」", "『』", "《》", "〈〉", ("\\(", "\\)"), ("\\[", "\\]"))
    )
    + rf'|"(?<![^\s(\[「『“]")[^\s"][^"\n]{{0,{_LONGEST_ENCLOSED}}}"'
)
"""What stands in quotation marks or brackets. Every way begins with one sign, so that the search runs from sign to
sign; the same of the patterns below."""
_DATE = re.compile(
    r"(?<![\d.])(?:\d{4}|['’]?\d{2})\s?\.\s?\d{1,2}\s?\.(?:\s?\d{1,2}\s?\.)?(?!\d)|(?<!\S)\d{1,2}\.\s\d{1,2}\.(?!\d)"
)
_PART_OF_DATE = re.compile(r"\d\s?\.\s?\d{1,2}\s?\.")
"""In every date; looked for first, as it is found, or not, six times as fast."""
_LIST_NUMBER = re.compile(r"(?:\d{1,3}(?:[.\-]\d{1,3}){0,3}|[가-하]|[A-Za-z]|[IVXivx]{1,5}|[Ⅰ-Ⅻ])\Z")
_ARTICLE = re.compile(r"제\s?\d+\s?[조항호장절관편목](?:의\s?\d+)?\Z")
_ABBREVIATION = re.compile(
    r"(?:^|[^A-Za-z])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|cf|al|No|Nos|Vol|Vols|pp|p|Fig|Figs|Eq|Sec|Art|Ch|Inc|Ltd|Co|"
    r"Corp|Gen|Col|Lt|Capt|Sgt|Rev|Hon|Gov|Sen|Rep|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|Mt|Ft|approx|ca|"
    r"e\.g|i\.e|a\.m|p\.m|(?:[A-Z]\.)*[A-Z])\Z"
)
_MAY_END = re.compile(r"(?:etc|Inc|Ltd|Co|Corp|Jr|Sr|al|a\.m|p\.m)\Z")
_SAID = re.compile(
    r"(?:이?라[고는며면]|이?라[며면]서|이?란|하[고며는]|고|는|며|면서|라[는던]|등[의을이]?|[을를이가은의와과도])(?![가-힣]*다[.\s])"
    r"|(?:라고|이라고|고|하고|라며|이라며)"
)
_KOREAN_END = re.compile(r"[다요까죠오함음임됨것]\Z")
_BULLET = re.compile(r"[○●■□▶▷◆◇▪•※❍◦☞](?<=\s.)(?=\s?[^\s○●■□◆◇])")
_NEW_ITEM = re.compile(
    r"\s*(?:[-–—*+·•○●■□▶▷◆◇▪※❍◦☞ㅇ①-⑳㉮-㉻Ⅰ-Ⅻ<《〈【\[|#>]|\(?(?:\d{1,3}|[가-하]|[a-zA-Z])[.)]\s|제\s?\d+\s?[조항장절관편])"
)
_RUNS_ON = re.compile(
    r"(?:[,、:(·\-]|(?<=[가-힣])(?:[을를은는의에와과며고여]|에서|에게|으로|하는|되는|있는|없는|위한|대한|따른|관한|통한|하여|및|또는|등을|등의)|[a-z])\Z"
)
_LINE_WIDTH = 24
"""A shorter line was not broken because the page ended."""


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The sentences of `text[start:end]` as offsets in `text`, in order.

    A line break ends a sentence unless the line plainly runs on (a broken line of a PDF).

    >>> text = "기한은 2024. 3. 1.까지이다. 금액은 3.5억 원임."
    >>> [text[a:b] for a, b in sentence_spans(text)]
    ['기한은 2024. 3. 1.까지이다.', '금액은 3.5억 원임.']
    """
    part = text[start:end]
    spans: list[tuple[int, int]] = []
    begin = 0
    for cut in _cuts(part):
        span = _trimmed(part, begin, cut)
        begin = cut
        if span is not None:
            spans.append((span[0] + start, span[1] + start))
    return spans


def sentences(text: str) -> list[str]:
    """The sentences of `text`, as they stand.

    >>> sentences("Dr. Kim left. He said no.")
    ['Dr. Kim left.', 'He said no.']
    """
    return [text[a:b] for a, b in sentence_spans(text)]


def sentence_around(text: str, offset: int, spans: list[tuple[int, int]] | None = None) -> tuple[int, int]:
    """The sentence that holds `offset`, or the last one before it; `(0, len(text))` when there is none.

    >>> sentence_around("하나다. 둘이다.", 5)
    (5, 9)
    """
    found = sentence_spans(text) if spans is None else spans
    place = bisect_right(found, (offset, len(text) + 1)) - 1
    if place >= 0:
        return found[place]
    return found[0] if found else (0, len(text))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without white space at its ends; None when nothing else is in it."""
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip())
    right = len(inner.rstrip())
    return (start + left, start + right) if right > left else None


def _cuts(text: str) -> list[int]:
    """Offsets at which a sentence ends, in order; the last is the text's end."""
    enclosed = _Ranges((m.start(), m.end()) for m in _ENCLOSED.finditer(text))
    dates = _Ranges((m.start(), m.end()) for m in (_DATE.finditer(text) if _PART_OF_DATE.search(text) else ()))
    found = {len(text)}
    found.update(cut for cut in _stops(text, dates) if not enclosed.hold(cut))
    found.update(cut for cut in _line_ends(text))
    found.update(m.start() for m in _BULLET.finditer(text) if not enclosed.hold(m.start()))
    return sorted(found)


class _Ranges:
    """Ranges that do not overlap, asked whether one of them holds an offset strictly inside."""

    def __init__(self, ranges: Iterator[tuple[int, int]]) -> None:
        pairs = list(ranges)
        self._starts = [a for a, _ in pairs]
        self._ends = [b for _, b in pairs]

    def hold(self, offset: int) -> bool:
        place = bisect_right(self._starts, offset - 1) - 1
        return place >= 0 and self._starts[place] < offset < self._ends[place]

    def end_with(self, offset: int) -> bool:
        place = bisect_right(self._starts, offset - 1) - 1
        return place >= 0 and self._ends[place] == offset


def _stops(text: str, dates: _Ranges) -> Iterator[int]:
    """Where a full stop, a question mark or their like ends a sentence."""
    for match in _STOP.finditer(text):
        mark_end = match.start() + len(match.group().rstrip(_CLOSING_SIGNS))
        if dates.hold(match.start() + 1) or dates.end_with(match.start() + 1):
            continue
        if _ends_sentence(text, match.start(), mark_end, match.end()):
            yield match.end()


def _ends_sentence(text: str, mark: int, mark_end: int, end: int) -> bool:
    before = text[max(0, mark - 24) : mark]
    after = text[end : end + 24]
    if after and not after[0].isspace():
        return _glued_end(text, before, after, mark, end)
    following = after.lstrip()
    if not following:
        return True
    if end > mark_end and _SAID.match(following):
        return False
    if following[0].islower() and following[0].isascii():
        return False
    marks = text[mark:end]
    if marks[0] in "…" or marks.startswith(".."):
        return bool(_KOREAN_END.search(before)) or following[0].isupper()
    if marks[0] != ".":
        return True
    return _full_stop_ends(text, before, following, mark)


def _glued_end(text: str, before: str, after: str, mark: int, end: int) -> bool:
    """A sentence ends without a space after it only when its ending says so: `했다.그는`."""
    if end - mark > 1 and text[end - 1] != "]" and text[mark] in "…":
        return False
    closed = end > mark + 1 and text[end - 1] in "\"'”’」』)"
    return (
        not closed
        and len(before) > 1
        and bool(_KOREAN_END.search(before))
        and _starts_word(after)
        and before[-2] > "가"
    )


def _starts_word(after: str) -> bool:
    return "가" <= after[0] <= "힣" or after[0].isupper() or after[0] in '“"「『'


def _full_stop_ends(text: str, before: str, following: str, mark: int) -> bool:
    """Whether a full stop that white space follows ends a sentence."""
    word_start = mark
    while word_start > 0 and mark - word_start < 24 and not text[word_start - 1].isspace():
        word_start -= 1
    word = text[word_start:mark].lstrip("(\"'“‘「『[")
    if _ARTICLE.search(before):
        return False
    if _LIST_NUMBER.match(word):
        return _number_ends(text, word, word_start, following)
    if _ABBREVIATION.search(word):
        return following[0].isupper() and bool(_MAY_END.search(word))
    return True


def _number_ends(text: str, word: str, word_start: int, following: str) -> bool:
    """A short number before a full stop is a list number, but ends an English sentence inside a line."""
    line_start = text.rfind("\n", 0, word_start) + 1
    earlier = text[line_start:word_start].rstrip()
    if not earlier or not word.isdigit() or earlier[-1] in ".!?":
        return False
    return following[0].isascii() and following[0].isupper() and earlier[-1].isascii()


def _line_ends(text: str) -> Iterator[int]:
    """Where a line break ends a sentence."""
    line_start = 0
    while (line_end := text.find("\n", line_start)) >= 0:
        if not _runs_on(text, line_start, line_end):
            yield line_end
        line_start = line_end + 1


def _runs_on(text: str, line_start: int, line_end: int) -> bool:
    """Whether the line was broken in the middle of a sentence."""
    line = text[line_start:line_end].rstrip()
    if len(line) < _LINE_WIDTH or "\t" in line or not _RUNS_ON.search(line[-8:]):
        return False
    following = text[line_end + 1 : line_end + 80]
    if not following.strip() or following.startswith(("\n", "\r")) or _NEW_ITEM.match(following):
        return False
    if "\t" in following.partition("\n")[0]:
        return False
    return not line[-1].isascii() or not following.lstrip()[0].isupper()

"""Quotations in anybody's Markdown report, each with the check's verdict on it.

A quotation is what stands in “ ”, " ", 「 」, 『 』 or in a `>` block. The source it names is a link or a file name
beside it; without one every given reading is searched. Code, and what is too short to be a quotation, is passed over.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

import msgspec

from jihwi.evidence.check import Absent, Altered, Verbatim, Verdict, check
from jihwi.evidence.citation import Quotation
from jihwi.evidence.folding import fold
from jihwi.evidence.reading import Reading, reading_digest

__all__ = ["QuotedPassage", "check_markdown", "quoted_passages"]

_SHORTEST = 6
"""A quoted run of fewer letters and digits without a space is a word somebody points at, not a quotation."""
_LONGEST = 5_000
_FENCE = re.compile(r"^(?P<fence>```+|~~~+)[^\n]*\n.*?^(?P=fence)[^\n]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    "|".join(
        rf"{opening}(?P<{name}>[^{opening}{closing}]{{1,{_LONGEST}}}){closing}"
        for name, opening, closing in (("curved", "“", "”"), ("corner", "「", "」"), ("double_corner", "『", "』"))
    )
    + rf'|(?<![\w=\\])"(?P<straight>[^"\n]{{1,{_LONGEST}}})"(?![A-Za-z0-9_])'
    + rf"|&quot;(?P<entity>[^\n]{{1,{_LONGEST}}}?)&quot;"
)
_BLOCK = re.compile(r"(?:^[ \t]*>[^\n]*(?:\n|\Z))+", re.MULTILINE)
_BLOCK_MARK = re.compile(r"^[ \t]*(?:>[ \t]?)+(?:\[![A-Z]+\][ \t]*)?", re.MULTILINE)
_ATTRIBUTION = re.compile(r"^\s*(?:[—–―-]{1,2}\s|출처\s*[:：]|Source\s*:)")
_GAP = re.compile(r"\s*(?:\[(?:…|\.\.\.)\]|\((?:…|\.\.\.|중략|이하 생략|생략)\)|⋯)\s*")
_EMPHASIS = re.compile(
    r"(?<!\\)(?:\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w))|</?(?:mark|b|i|em|strong|u|sup|sub)>|\[\^?\d+\](?!\()"
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK = re.compile(r"\[[^\]\n]*\]\(<?([^)>\n]+?)>?(?:\s+\"[^\"]*\")?\)")


class QuotedPassage(msgspec.Struct, frozen=True):
    """A quotation in a report, the source it names, and what the check says."""

    text: str
    line: int
    """From 1."""
    start: int
    end: int
    """Where it stands in the report, without its marks."""
    named: str
    """The path it names among the given readings; empty when it names none."""
    path: str
    """The reading the verdict is about; empty when it stands in none."""
    verdict: Verdict

    @property
    def elsewhere(self) -> bool:
        """Whether the words stand in another file than the one named."""
        return bool(self.named) and isinstance(self.verdict, Verbatim) and self.path != self.named


class _Place(msgspec.Struct, frozen=True):
    text: str
    start: int
    end: int
    nearby_start: int
    nearby_end: int


def check_markdown(report: str, readings: Mapping[str, Reading]) -> list[QuotedPassage]:
    """Every quotation in `report`, in order, checked against `readings` (by the path people know each under).

    A quotation with a gap (`[…]`, `(중략)`) is checked piece by piece.

    >>> from jihwi.evidence.reading import ReadingBuilder
    >>> reading = ReadingBuilder(source="aa", reader="text", reader_version="1").paragraph("기한은 3월 2일이다.").done()
    >>> found = check_markdown("공문에 “기한은 3월 9일이다.”라고 한다 (공문.txt).", {"공문.txt": reading})
    >>> found[0].named, found[0].verdict.verdict
    ('공문.txt', 'altered')
    """
    digests = {path: reading_digest(reading) for path, reading in readings.items()}
    found: list[QuotedPassage] = []
    for place in quoted_passages(report):
        named = _named_beside(report, place, readings)
        path, verdict = _judged(place.text, named, readings, digests)
        line = report.count("\n", 0, place.start) + 1
        found.append(QuotedPassage(place.text, line, place.start, place.end, named, path, verdict))
    return found


def quoted_passages(report: str) -> list[_Place]:
    """Where the quotations of a report stand, in order, without their verdicts."""
    bare = _FENCE.sub(lambda m: "\0" * len(m.group()), report)
    places: list[_Place] = []
    blocks = [m.span() for m in _BLOCK.finditer(bare)]
    for start, end in blocks:
        places += _in_block(report, start, end)
    for match in _INLINE.finditer(bare):
        if any(start <= match.start() < end for start, end in blocks):
            continue
        kind = match.lastgroup or ""
        start, end = match.span(kind)
        if "\0" in bare[start:end] or "\n\n" in bare[start:end]:
            continue
        line_start = report.rfind("\n", 0, start) + 1
        line_end = report.find("\n", end)
        nearby = (line_start, len(report) if line_end < 0 else line_end)
        places += _pieces(report, start, end, nearby)
    return sorted(places, key=lambda place: place.start)


def _in_block(report: str, start: int, end: int) -> list[_Place]:
    """The quotation of a `>` block, without its marks and the line that says where it is from."""
    lines = report[start:end].splitlines(keepends=True)
    position, kept_end = start, start
    for line in lines:
        if not _ATTRIBUTION.match(_BLOCK_MARK.sub("", line)):
            kept_end = position + len(line)
        position += len(line)
    line_start = report.rfind("\n\n", 0, max(0, start - 1)) + 1
    after = report.find("\n\n", min(len(report), end + 1))
    return _pieces(report, start, kept_end, (line_start, len(report) if after < 0 else after))


def _pieces(report: str, start: int, end: int, nearby: tuple[int, int]) -> list[_Place]:
    """A quotation without its gaps, each piece long enough to be one."""
    places: list[_Place] = []
    position = start
    for gap in [*(m.span() for m in _GAP.finditer(report, start, end)), (end, end)]:
        raw = report[position : gap[0]]
        text = _plain(raw)
        if sum(c.isalnum() for c in text) >= _SHORTEST or len(text.split()) > 1:
            places.append(_Place(text, position, gap[0], *nearby))
        position = gap[1]
    return places


def _plain(raw: str) -> str:
    """The words of a piece of Markdown: without block marks, emphasis, escapes and entities."""
    unmarked = _BLOCK_MARK.sub("", raw)
    return html.unescape(_ESCAPED.sub(r"\1", _EMPHASIS.sub("", unmarked))).strip()


def _named_beside(report: str, place: _Place, readings: Mapping[str, Reading]) -> str:
    """The path named nearest to the quotation on its line, after it rather than before."""
    best: tuple[int, str] | None = None
    nearby = report[place.nearby_start : place.nearby_end]
    for path, at in _names(nearby, readings):
        offset = place.nearby_start + at
        if place.start <= offset < place.end:
            continue
        distance = offset - place.end if offset >= place.end else (place.start - offset) * 2
        if best is None or distance < best[0]:
            best = (distance, path)
    return best[1] if best else ""


def _names(nearby: str, readings: Mapping[str, Reading]) -> Iterator[tuple[str, int]]:
    """Which of the readings' paths are named, and where: in full, by file name, or by a link."""
    lowered = fold(nearby).text.casefold()
    same_length = len(lowered) == len(nearby)
    links = [(fold(_unquoted(m.group(1))).text.casefold(), m.start()) for m in _LINK.finditer(nearby)]
    for path in readings:
        whole = fold(path).text.casefold()
        name = whole.rsplit("/", 1)[-1]
        for target, at in links:
            if target == whole or target.endswith("/" + whole) or target.rsplit("/", 1)[-1] == name:
                yield path, at
        for wanted in {whole, name}:
            at = lowered.find(wanted)
            if at >= 0 and (at == 0 or not (lowered[at - 1].isalnum())):
                yield path, at if same_length else min(at, len(nearby) - 1)


def _unquoted(target: str) -> str:
    """A link's path without its fragment, its %-escapes resolved."""
    bare = target.split("#", 1)[0].split("?", 1)[0]
    raw = bytearray()
    position = 0
    for match in re.finditer(r"%([0-9A-Fa-f]{2})", bare):
        raw += bare[position : match.start()].encode()
        raw.append(int(match.group(1), 16))
        position = match.end()
    raw += bare[position:].encode(errors="replace")
    return raw.decode(errors="replace")


def _judged(text: str, named: str, readings: Mapping[str, Reading], digests: Mapping[str, str]) -> tuple[str, Verdict]:
    """The best verdict: the named reading's if the words stand there, else any other's."""
    order = sorted(readings, key=lambda path: path != named)
    best: tuple[str, Verdict] | None = None
    for path in order:
        verdict = _verdict(text, readings[path], digests[path], only_exact=path != named and bool(named))
        if isinstance(verdict, Verbatim):
            return path, verdict
        if isinstance(verdict, Altered):
            known = best[1].alike if best and isinstance(best[1], Altered) else -1.0
            if verdict.alike > known and not (named and best and best[0] == named):
                best = (path, verdict)
    return best if best else ("", Absent(Quotation("", "", "", text)))


def _verdict(text: str, reading: Reading, digest: str, *, only_exact: bool) -> Verdict:
    quotation = Quotation("", "", digest, text)
    if only_exact and not _may_stand(text, reading):
        return Absent(quotation)
    return check(quotation, reading, digest)


def _may_stand(text: str, reading: Reading) -> bool:
    """Whether it is worth the check: the words are in the reading, white space apart."""
    return fold(text).text.replace(" ", "") in fold(reading.text).text.replace(" ", "")

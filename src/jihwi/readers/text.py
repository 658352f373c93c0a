"""Reads plain text: any encoding, paragraphs put together from wrapped lines, Korean numbering recognised."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from jihwi.evidence import Metadata, OriginRun, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.encoding import Decoded, decode
from jihwi.readers.outline import outline

__all__ = ["TextReader", "write_text"]

_NARROWEST_WRAP, _WIDEST_WRAP = 40, 130
_FULL = 0.85
_ENDS = (".", "!", "?", ":", "。", "다.", ")", "]", "”", "』", "」")


class TextReader:
    """Plain text: one block a paragraph, list item or recognised heading."""

    name = "text"
    version = "2"
    formats: Sequence[str] = ("text",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        decoded = decode(data)
        builder.metadata = Metadata(encoding=decoded.encoding, encoding_confidence=decoded.confidence)
        for warning in decoded.warnings:
            builder.warn(warning.code, warning.detail, warning.count)
        write_text(builder, decoded, limits)
        return Result(builder.done())


def write_text(builder: ReadingBuilder, decoded: Decoded, limits: Limits) -> None:
    """Put plain text into `builder`, block by block, keeping the origin of what was repaired."""
    repaired = sorted(decoded.repaired, key=_beginning)
    for spans in _paragraphs(decoded.text):
        if builder.length > limits.output_characters:
            builder.warn("output_cut")
            return
        text = "\n".join(decoded.text[start:end] for start, end in spans)
        begins = outline(text[:200].split("\n", 1)[0])
        kind = "paragraph" if begins.kind == "heading" and "\n" in text else begins.kind
        builder.block(
            kind,
            text,
            level=begins.level if kind != "paragraph" else 0,
            number=begins.number,
            origins=_origins(repaired, spans) if repaired else (),
        )


def _paragraphs(text: str) -> Iterator[list[tuple[int, int]]]:
    """Each paragraph as the spans of its lines, without the blanks around them."""
    lines = list(_lines(text))
    wrap = _wrap_width([text[start:end] for start, end in lines[:5000]])
    group: list[tuple[int, int]] = []
    for start, end in lines:
        if start == end:
            if group:
                yield group
            group = []
            continue
        if group and not (_goes_on(text[slice(*group[-1])], wrap) and outline(text[start:end]).kind == "paragraph"):
            yield group
            group = []
        group.append((start, end))
    if group:
        yield group


def _lines(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.split("\n"):
        bare = line.strip()
        start = at + (len(line) - len(line.lstrip()) if bare else 0)
        yield start, start + len(bare)
        at += len(line) + 1


def _wrap_width(lines: list[str]) -> int:
    """The width at which the lines were broken by hand or program; 0 when each line is a paragraph."""
    widths = sorted(_width(line) for line in lines if line)
    if len(widths) < 5:
        return 0
    widest = widths[int(len(widths) * 0.95)]
    near = sum(width >= widest * _FULL for width in widths)
    if not _NARROWEST_WRAP <= widest <= _WIDEST_WRAP or near < max(3, len(widths) // 5):
        return 0
    return widest


def _goes_on(line: str, wrap: int) -> bool:
    return wrap > 0 and _width(line) >= wrap * _FULL and not line.endswith(_ENDS)


def _width(line: str) -> int:
    """Columns on a terminal: Hangul takes two."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def _beginning(run: OriginRun) -> int:
    return run.start


def _origins(repaired: list[OriginRun], spans: list[tuple[int, int]]) -> tuple[OriginRun, ...]:
    """The runs of a paragraph among those of the whole text, which stand in order and apart."""
    found: list[OriginRun] = []
    at = 0
    for start, end in spans:
        # Looked up, not walked through: garbled text has tens of thousands of runs and of lines.
        first = max(0, bisect_right(repaired, start, key=_beginning) - 1)
        for index in range(first, len(repaired)):
            run = repaired[index]
            if run.start >= end:
                break
            if run.end > start:
                found.append(OriginRun(at + max(run.start, start) - start, at + min(run.end, end) - start, run.origin))
        at += end - start + 1
    return tuple(found)

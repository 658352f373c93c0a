"""Reads tables kept as text (CSV, TSV and their kin): the delimiter found, the heads of columns recognised."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.encoding import decode
from jihwi.readers.grid import header_rows

__all__ = ["DelimitedReader"]

_DELIMITERS = (",", "\t", ";", "|")
_SEPARATOR = re.compile(r"sep=([^\n\w\"'])\n", re.IGNORECASE)
_SAMPLE_LINES = 200
_MOST_CELLS = 1_000_000
_LONGEST_CELL = 1 << 20


class DelimitedReader:
    """CSV and TSV: one table; lines before it that have no columns stay paragraphs."""

    name = "delimited"
    version = "2"
    formats: Sequence[str] = ("csv", "tsv")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or "csv"
        )
        decoded = decode(data)
        builder.metadata = Metadata(encoding=decoded.encoding, encoding_confidence=decoded.confidence)
        for warning in decoded.warnings:
            builder.warn(warning.code, warning.detail, warning.count)
        said = _SEPARATOR.match(decoded.text)  # a line for Excel, and no row
        text = decoded.text[said.end() :] if said else decoded.text
        delimiter = said.group(1) if said else find_delimiter(text, "\t" if format == "tsv" else ",")
        rows = list(self._rows(builder, text, delimiter, limits))
        titles = _titles(rows)
        for row in rows[:titles]:
            builder.paragraph(" ".join(cell for cell in row if cell))
        body = rows[titles:]
        if body:
            builder.table(body, header_rows=header_rows(body))
            if len({len(row) for row in body}) > 1:
                builder.warn("rows_uneven", count=sum(len(row) != len(body[0]) for row in body))
        return Result(builder.done())

    def _rows(self, builder: ReadingBuilder, text: str, delimiter: str, limits: Limits) -> Iterator[list[str]]:
        csv.field_size_limit(_LONGEST_CELL)
        cells = length = 0
        try:
            for row in csv.reader(io.StringIO(text, newline=""), **_dialect(text, delimiter)):
                if not any(cell.strip() for cell in row):
                    continue
                cells += len(row)
                length += sum(map(len, row))
                if cells > _MOST_CELLS or length > limits.output_characters:
                    builder.warn("table_cut", str(_MOST_CELLS))
                    return
                yield [cell.strip() for cell in row]
        except csv.Error as error:
            builder.warn("rows_broken", str(error))


def _dialect(text: str, delimiter: str) -> dict[str, Any]:
    """How its quotation marks are kept: doubled, as spreadsheets do, or after a backslash, as databases do."""
    by_backslash = '\\"' in text and '""' not in text
    return {"delimiter": delimiter, "skipinitialspace": True} | (
        {"escapechar": "\\", "doublequote": False} if by_backslash else {}
    )


def find_delimiter(text: str, otherwise: str = ",") -> str:
    """The delimiter that splits most rows into the same number of columns, more than one.

    >>> find_delimiter("a;b;c\\n1,5;2;3\\n")
    ';'
    """
    sample = "\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES])[: 1 << 18]
    best, chosen = 0.0, otherwise
    for delimiter in _DELIMITERS:
        score = _evenness(sample, delimiter)
        if score > best or (score == best and delimiter == otherwise):
            best, chosen = score, delimiter
    return chosen


def _evenness(sample: str, delimiter: str) -> float:
    csv.field_size_limit(_LONGEST_CELL)
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return 0.0
    if not widths:
        return 0.0
    width, count = Counter(widths).most_common(1)[0]
    return 0.0 if width < 2 else count / len(widths) + min(width, 50) / 1000


def _titles(rows: list[list[str]]) -> int:
    """How many first rows are no part of the table: one filled cell, where the table has more columns."""
    if len(rows) < 3:
        return 0
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    titles = 0
    for row in rows[:5]:
        if width < 2 or sum(bool(cell) for cell in row) != 1:
            break
        titles += 1
    return titles if titles < len(rows) - 1 else 0

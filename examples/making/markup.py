"""The little markup that the office's texts are written in: a head, headings, paragraphs, tables and footnotes.

    title: 가온구 공무원 여비 규정
    author: 재무과
    date: 2025-01-02
    ---
    # 제1장 총칙

    제1조(목적) 이 규정은 … 한다.[^A footnote stands in the text where its mark would stand.]

    | 구분 | 일비 |
    | 서울특별시 | 25,000원 |

The first row of a table is its head.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Heading", "Page", "Paragraph", "TableRows", "parse"]

_NOTE = re.compile(r"\[\^(.*?)\]")


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A chapter's heading."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph; `note` is its footnote, standing at `note_at` in the text."""

    text: str
    note: str = ""
    note_at: int = 0


@dataclass(frozen=True, kw_only=True)
class TableRows:
    """A table; the first row is its head."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One text: what its head says of it, and its parts in reading order."""

    title: str
    author: str
    date: str
    numbered: bool
    """Whether the program that shows it numbers the chapters ("제1장"), so that the number is not in the text."""
    parts: tuple[Heading | Paragraph | TableRows, ...]

    def plain(self) -> str:
        """The text as a preview shows it: paragraphs by line, cells in angle brackets."""
        lines = [self.title]
        for part in self.parts:
            if isinstance(part, TableRows):
                lines.extend("".join(f"<{cell}>" for cell in row) for row in part.rows)
            else:
                lines.append(part.text)
        return "\r\n".join(lines)


def parse(text: str) -> Page:
    """The page that a text in this markup describes."""
    head_text, _, body = text.partition("---\n")
    head = dict(line.split(": ", 1) for line in head_text.splitlines() if line)
    parts: list[Heading | Paragraph | TableRows] = []
    for piece in body.strip().split("\n\n"):
        lines = piece.splitlines()
        if lines[0].startswith("|"):
            rows = tuple(tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in lines)
            parts.append(TableRows(rows=rows))
        elif lines[0].startswith("# "):
            parts.append(Heading(text=lines[0][2:]))
        else:
            parts.append(_paragraph(" ".join(lines)))
    return Page(
        title=head["title"],
        author=head["author"],
        date=head["date"],
        numbered=head.get("numbered") == "yes",
        parts=tuple(parts),
    )


def _paragraph(text: str) -> Paragraph:
    found = _NOTE.search(text)
    if found is None:
        return Paragraph(text=text)
    return Paragraph(text=_NOTE.sub("", text), note=found[1], note_at=found.start())

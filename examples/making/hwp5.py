"""Writes a page as HWP 5, the binary format that most Korean offices still keep their documents in."""

from __future__ import annotations

from jihwi.testing.hwp import Heading as HwpHeading
from jihwi.testing.hwp import hwp, simple_document
from making.markup import Heading, Page, Paragraph, TableRows

__all__ = ["hwp5"]


def hwp5(page: Page) -> bytes:
    """The bytes of `page` as an HWP 5 file; the same page gives the same bytes."""
    parts: list[str | HwpHeading | list[tuple[str, ...]]] = [page.title]
    for part in page.parts:
        match part:
            case Heading(text=text) if text.startswith(("부칙", "[")):
                parts.append(text)
            case Heading(text=text):
                parts.append(HwpHeading(text))
            case Paragraph(text=text):
                parts.append(text)
            case TableRows(rows=rows):
                parts.append(list(rows))
    return hwp(simple_document(*parts))

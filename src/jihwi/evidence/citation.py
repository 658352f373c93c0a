"""Quotations and their check: the one place that makes a checked citation.

A `Quotation` is what somebody claims a document says; it may travel as data and proves nothing. `check` compares it
with the reading, character for character, and alone makes a `CheckedCitation`. Only checked citations are rendered.
"""

from __future__ import annotations

import msgspec

__all__ = ["Quotation"]


class Quotation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A claim that `text` stands in a reading of a document at `start`. Unchecked: it proves nothing by itself."""

    document_id: str
    source: str
    """Digest of the source's bytes."""
    reading: str
    """Digest of the reading the offsets count in."""
    text: str
    start: int = -1
    """Code points from the reading's beginning; -1 when not known."""
    end: int = -1

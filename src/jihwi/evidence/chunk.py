"""Chunks: runs of blocks fit for retrieval, each keeping the exact offsets of its text."""

from __future__ import annotations

import msgspec

__all__ = ["Chunk"]


class Chunk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run of one reading. `text[start:end]` of that reading is the chunk's text, always.

    `headings` is the path of headings it stands under, outermost first.
    """

    ordinal: int
    """From 0, in reading order."""
    start: int
    end: int
    first_block: int
    last_block: int
    headings: tuple[str, ...] = ()
    page: int = 0
    section: str = ""

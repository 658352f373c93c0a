"""A source with its readings, as the library knows it, and who may see it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["SecurityClass", "Source", "Viewer"]

SecurityClass = Literal["C", "S", "O"]
"""Classified, sensitive, open: decides what endpoints may see the text."""


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a collection: its content by digest, its place, and what it bears."""

    document_id: str
    """Stable while the file keeps its place: `d` and twelve hexadecimal letters of collection and path."""
    collection: str
    path: str
    """Relative to the collection's folder, as found, with `/`."""
    digest: str
    """SHA-256 of the bytes."""
    size: int
    modified_ms: int
    labels: tuple[str, ...] = ()
    """A viewer must hold every one."""
    security_class: SecurityClass = "O"


class Viewer(msgspec.Struct, frozen=True):
    """Who looks: a person, and the labels they hold.

    >>> Viewer("kim", ("인사",)).may_see(("인사", "대외비"))
    False
    """

    id: str
    labels: tuple[str, ...] = ()

    def may_see(self, labels: tuple[str, ...]) -> bool:
        """Whether this viewer holds every one of `labels`."""
        held = set(self.labels)
        return all(label in held for label in labels)

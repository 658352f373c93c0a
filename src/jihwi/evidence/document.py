"""A source with its readings, as the library knows it, and who may see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

__all__ = ["CLASS_MARK", "SecurityClass", "Source", "Viewer", "classes_in"]

SecurityClass = Literal["C", "S", "O"]
"""Classified, sensitive, open: decides what endpoints may see the text."""

CLASS_MARK = "class:"
"""Begins a mark that travels among labels and says of what class a text is. It is no permission: a viewer need not hold
it, and no label of a person's making begins so."""


def classes_in(labels: Iterable[str]) -> tuple[SecurityClass, ...]:
    """The classes whose text is in something that bears these labels. Open text bears no mark.

    >>> classes_in(("class:C", "인사"))
    ('C',)
    """
    if not labels:
        return ()
    held = set(labels)
    order: tuple[SecurityClass, ...] = ("C", "S")
    return tuple(one for one in order if f"{CLASS_MARK}{one}" in held)


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

    @property
    def marks(self) -> tuple[str, ...]:
        """The labels of whatever holds text of it: its own, and the mark of its class."""
        mine = () if self.security_class == "O" else (f"{CLASS_MARK}{self.security_class}",)
        return tuple(sorted({*self.labels, *mine}))


class Viewer(msgspec.Struct, frozen=True):
    """Who looks: a person, and the labels they hold.

    >>> Viewer("kim", ("인사",)).may_see(("인사", "대외비"))
    False
    """

    id: str
    labels: tuple[str, ...] = ()

    def may_see(self, labels: tuple[str, ...]) -> bool:
        """Whether this viewer holds every one of `labels`; the mark of a class is none."""
        held = set(self.labels)
        return all(label in held or label.startswith(CLASS_MARK) for label in labels)

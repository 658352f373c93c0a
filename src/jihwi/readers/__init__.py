"""The port of the readers: bytes and a hint in, a reading out.

Adapters stand beside this file, one a format; only `wiring` (and `sandbox`, in its own process) knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from jihwi.evidence import Reading

__all__ = ["Attachment", "Hint", "Limits", "Reader", "Result"]


class Hint(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of the bytes before they are read. Never trusted, only used and compared."""

    path: str
    source: str = ""
    """SHA-256 of the bytes."""
    password: str = ""


class Limits(msgspec.Struct, frozen=True):
    """What one file may cost."""

    seconds: float = 60.0
    memory_bytes: int = 1 << 30
    output_characters: int = 50_000_000
    nesting: int = 32
    file_bytes: int = 512 << 20


class Attachment(msgspec.Struct, frozen=True):
    """A part of a file that is a document of its own (a mail's attachment, an archive's member)."""

    name: str
    data: bytes


class Result(msgspec.Struct, frozen=True):
    """A reading, and the parts that are documents of their own."""

    reading: Reading
    attachments: tuple[Attachment, ...] = ()


class Reader(Protocol):
    """Reads one family of formats.

    `read` is pure but for the libraries it calls: no network, no other file, no clock. It raises a `ReadingError`
    for bytes it cannot read and nothing else on purpose; a crash or a hang is caught by the sandbox around it.
    """

    name: str
    version: str
    """Rises whenever the same bytes would give another reading."""
    formats: Sequence[str]

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        """The reading of `data`, whose true format was sniffed to be `format`."""
        ...

"""The port of the readers: bytes and a hint in, a reading out.

Adapters stand beside this file, one a format; only `wiring` (and `sandbox`, in its own process) knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

import msgspec

from jihwi.evidence import Reading

__all__ = [
    "Attachment",
    "FileToRead",
    "GradeLetter",
    "Hint",
    "Limits",
    "Outcome",
    "Reader",
    "ReadingService",
    "Remark",
    "Result",
]


class Hint(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of the bytes before they are read. Never trusted, only used and compared."""

    path: str
    source: str = ""
    """SHA-256 of the bytes."""
    password: str = ""


class Limits(msgspec.Struct, frozen=True):
    """What one file may cost."""

    seconds: float = 60.0
    """How long a reader may work without a sign of life (a page recognised, a part read); altogether 20 times that."""
    memory_bytes: int = 1 << 30
    output_characters: int = 50_000_000
    nesting: int = 32
    file_bytes: int = 512 << 20
    attachment_depth: int = 3
    """How many documents may lie inside each other (an archive in a mail in an archive)."""
    attachment_count: int = 500
    """How many documents inside one file are read, all depths together."""
    attachment_bytes: int = 256 << 20
    """How many bytes they may have together."""


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


GradeLetter = Literal["A", "B", "C", "D", "E", "F"]
"""A: machine readable, structure kept. B: readable, small losses. C: readable after repair, or structure lost.
D: partly readable. E: needs another step first (OCR, conversion, a password). F: broken or unknown."""


class Remark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason for a grade and what a person can do: codes with parameters, put into words for the reader."""

    code: str
    params: dict[str, str] = {}
    automatic: bool = False
    """Whether `jihwi read --fix` can mend it."""


class FileToRead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file on disk: where it lies, and the name it is shown under."""

    location: str
    shown_as: str
    password: str = ""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one file: always a grade, and a reading wherever there is any text."""

    path: str
    source: str
    """SHA-256 of the bytes; empty when they could not be read at all."""
    size: int
    format: str
    """The true format, or `unknown`."""
    grade: GradeLetter
    remarks: tuple[Remark, ...] = ()
    reading: Reading | None = None
    personal_data: dict[str, int] = {}
    """How many of each pattern were found (`resident_number`, `phone` …); never the data itself."""
    seconds: float = 0.0
    """CPU time the reading took."""
    attachments: tuple[Outcome, ...] = ()


class ReadingService(Protocol):
    """Reads files safely: each in a process of its own, within limits.

    A crash, a hang or a bomb costs that file only: its outcome says so with grade F. Every file given comes back
    exactly once, in the order given.
    """

    def version(self) -> str:
        """Changes whenever the same bytes could give another outcome (reader versions, limits, installed OCR)."""
        ...

    def read_all(self, files: Iterable[FileToRead]) -> Iterator[Outcome]:
        """The outcome of each file, as soon as it and those before it are done."""
        ...

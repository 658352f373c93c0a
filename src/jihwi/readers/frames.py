"""What the sandbox and its workers say to each other: length-prefixed messages over a pipe."""

from __future__ import annotations

import os
from typing import IO

import msgspec

from jihwi.readers import Limits, Outcome

__all__ = ["HEADER_BYTES", "Answer", "Beat", "Began", "Done", "Job", "Opened", "Part", "Ready", "receive", "send"]

HEADER_BYTES = 8


class Job(msgspec.Struct, frozen=True, tag=True):
    """One file to read. `skip` first parts inside it have been read before."""

    location: bytes
    """As the file system spells it: a name need not be valid Unicode."""
    shown_as: str
    password: str = ""
    skip: int = 0
    frugal: bool = False
    """Leave out what takes long: the file has used up its time once."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """A worker has started, locked itself in, and waits; `walls` names what holds it."""

    walls: tuple[str, ...] = ()


class Began(msgspec.Struct, frozen=True, tag=True):
    """The file's bytes are there, and their true format is known; now its reader begins."""

    size: int
    source: str
    format: str


class Beat(msgspec.Struct, frozen=True, tag=True):
    """The reader is still at it."""


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The file itself is read; the parts inside, named, follow one by one."""

    outcome: Outcome
    parts: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True, tag=True):
    """One part inside is read; `None` where the budget did not reach it."""

    outcome: Outcome | None


class Done(msgspec.Struct, frozen=True, tag=True):
    """All of it is read. `tired`: this worker holds too much memory and should be replaced."""

    tired: bool = False


Answer = Ready | Began | Beat | Opened | Part | Done

_encoder = msgspec.msgpack.Encoder()


def send(pipe: IO[bytes], message: Limits | Job | Answer) -> None:
    """Write one message whole."""
    body = _encoder.encode(message)
    pipe.write(len(body).to_bytes(HEADER_BYTES, "big") + body)
    pipe.flush()


def receive(descriptor: int) -> bytes | None:
    """The body of the next message, waiting for it; `None` when the other side is gone."""
    header = _exactly(descriptor, HEADER_BYTES)
    return None if header is None else _exactly(descriptor, int.from_bytes(header, "big"))


def _exactly(descriptor: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)

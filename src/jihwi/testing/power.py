"""Lost power for SQLite: what a disk may hold when writes that were never synced are gone.

A thin layer beneath SQLite (a VFS) writes down each write, truncation and sync. `after_power_loss` then says what the
files may hold had the power failed at some point: all that was synced, and of what was not, any part.

Recording changes the process for good: do it in a child. Nothing is really synced meanwhile, so that what is recorded
does not depend on how slow the disk is.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import apsw
import msgspec

__all__ = ["Note", "Recorder", "Step", "Sync", "Truncate", "Write", "after_power_loss", "read_trace"]


class Write(msgspec.Struct, frozen=True, tag=True):
    file: str
    offset: int
    data: bytes


class Truncate(msgspec.Struct, frozen=True, tag=True):
    file: str
    size: int


class Sync(msgspec.Struct, frozen=True, tag=True):
    file: str


class Note(msgspec.Struct, frozen=True, tag=True):
    """Something that the program was told at this point."""

    text: str


Step = Write | Truncate | Sync | Note
_SLOW_SECONDS = 0.00005


class Recorder:
    """Writes down what SQLite does to the files named `names`, from `start` on, to the file `trace`. A write to one of
    those named in `slow` takes a moment, so that whoever works beside it gets its turn."""

    def __init__(self, trace: Path, names: Sequence[str], *, slow: Sequence[str] = ()) -> None:
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._recording = False
        self._encode = msgspec.msgpack.Encoder().encode
        self._slow = frozenset(slow)
        self._layer = _Layer(self._record, frozenset(names))

    def start(self) -> None:
        """From now on every step is written down."""
        self._recording = True

    def note(self, text: str) -> None:
        """Write down that the program was told this."""
        self._record(Note(text))

    def _record(self, step: Step) -> None:
        if self._recording:
            data = self._encode(step)
            os.write(self._trace, len(data).to_bytes(4, "big") + data)
            if isinstance(step, Write) and step.file in self._slow:
                time.sleep(_SLOW_SECONDS)


class _Layer(apsw.VFS):
    """The file layer of every connection that is opened from now on: the machine's own, with some files watched."""

    def __init__(self, record: Callable[[Step], None], names: frozenset[str]) -> None:
        (self._below, *_) = apsw.vfs_names()
        super().__init__("recorded", self._below, makedefault=True)
        self._record = record
        self._names = names

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        if os.path.basename(path) in self._names:
            return _Watched(self._below, name, flags, os.path.basename(path), self._record)
        return apsw.VFSFile(self._below, name, flags)


class _Watched(apsw.VFSFile):
    """A file whose writes, truncations and syncs are written down. A sync is not asked of the disk."""

    def __init__(
        self,
        below: str,
        name: str | apsw.URIFilename | None,
        flags: list[int],
        called: str,
        record: Callable[[Step], None],
    ) -> None:
        super().__init__(below, name, flags)
        self._called = called
        self._record = record

    def xWrite(self, data: bytes, offset: int) -> None:
        self._record(Write(self._called, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._record(Truncate(self._called, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        self._record(Sync(self._called))


def read_trace(trace: Path) -> list[Step]:
    """What a recorder wrote down, as far as its last whole step."""
    data = trace.read_bytes()
    decode = msgspec.msgpack.Decoder(Step).decode
    steps: list[Step] = []
    place = 0
    while place + 4 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if place + 4 + size > len(data):
            break
        steps.append(decode(data[place + 4 : place + 4 + size]))
        place += 4 + size
    return steps


def after_power_loss(
    files: dict[str, bytes], steps: Sequence[Step], cuts: Sequence[int], chance: random.Random
) -> Iterator[tuple[dict[str, bytes], list[str]]]:
    """For each cut (a number of steps, rising): what the files may hold when power fails there, and what the program
    had been told by then. Synced steps are all there; each other one is there, gone or torn, by chance.

    >>> steps = [Write("a", 0, b"new"), Sync("a"), Note("kept"), Write("a", 3, b"er")]
    >>> [(held["a"], told) for held, told in after_power_loss({"a": b"old"}, steps, [1, 4], NoChance())]
    [(b'old', []), (b'new', ['kept'])]
    """
    synced = {name: bytearray(data) for name, data in files.items()}
    pending: dict[str, list[Write | Truncate]] = {}
    told: list[str] = []
    done = 0
    for cut in cuts:
        for step in steps[done:cut]:
            if isinstance(step, Note):
                told.append(step.text)
            elif isinstance(step, Sync):
                for earlier in pending.pop(step.file, ()):
                    _apply(synced.setdefault(step.file, bytearray()), earlier, 1 << 40)
            else:
                pending.setdefault(step.file, []).append(step)
        done = cut
        held = {name: bytearray(data) for name, data in synced.items()}
        for name, unsynced in pending.items():
            for late in unsynced:
                if chance.random() < 0.5:
                    _apply(held.setdefault(name, bytearray()), late, 512 * chance.randint(1, 16))
        yield {name: bytes(data) for name, data in held.items()}, list(told)


class NoChance(random.Random):
    """Whatever may be lost is lost."""

    def random(self) -> float:
        return 1.0


def _apply(file: bytearray, step: Write | Truncate, at_most: int) -> None:
    if isinstance(step, Truncate):
        del file[step.size :]
        return
    data = step.data[:at_most]
    if len(file) < step.offset:
        file.extend(bytes(step.offset - len(file)))
    file[step.offset : step.offset + len(data)] = data

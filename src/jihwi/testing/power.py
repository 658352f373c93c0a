"""Lost power for SQLite: what a disk may hold when writes that were never synced are gone.

A thin layer beneath SQLite (a VFS of the very library that Python's `sqlite3` uses) writes down each write, truncation
and sync. `after_power_loss` then says what the files may hold had the power failed at some point: all that was synced,
and of what was not, any part.

Recording changes the process for good: do it in a child.
"""

from __future__ import annotations

import ctypes
import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Note", "Recorder", "Step", "Sync", "Truncate", "Write", "after_power_loss", "read_trace", "why_not"]


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

_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, as the library's documentation lays it out."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_size", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 15),
    ]


class _Methods(ctypes.Structure):
    """sqlite3_io_methods."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("close", ctypes.c_void_p),
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("truncate", ctypes.c_void_p),
        ("sync", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 13),
    ]


class _File(ctypes.Structure):
    _fields_ = [("methods", ctypes.POINTER(_Methods))]


def _library() -> ctypes.CDLL:
    import _sqlite3  # waits: it is named only where this tool is used

    return ctypes.CDLL(getattr(_sqlite3, "__file__", None))


def why_not() -> str:
    """Why this Python's SQLite cannot be recorded; empty when it can."""
    try:
        _library().sqlite3_vfs_find  # noqa: B018
    except (AttributeError, OSError) as problem:
        return f"this Python hides its SQLite ({problem})"
    return ""


class Recorder:
    """Writes down what SQLite does to the files named `names`, from `start` on, to the file `trace`."""

    def __init__(self, trace: Path, names: Sequence[str]) -> None:
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._names = frozenset(names)
        self._recording = False
        self._open_files: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        self._kept: list[Any] = []
        self._encode = msgspec.msgpack.Encoder().encode
        self._library = _library()
        self._install()

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

    def _install(self) -> None:
        find = self._library.sqlite3_vfs_find
        find.restype = ctypes.POINTER(_Vfs)
        default: _Vfs = find(None).contents
        self._real_open = _OPEN(default.open)
        ours = _Vfs.from_buffer_copy(default)
        ours.name = b"recorded"
        ours.next = None
        opening = _OPEN(self._opened)
        ours.open = ctypes.cast(opening, ctypes.c_void_p)
        self._kept += [ours, opening]
        register: Callable[..., int] = self._library.sqlite3_vfs_register
        if register(ctypes.byref(ours), 1) != 0:
            raise OSError("SQLite took no other file layer")

    def _opened(self, vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        # The name goes on as the place where it lies: the file layer below keeps that place, not a copy.
        answer: int = self._real_open(vfs, name, file, flags, out)
        base = os.path.basename(ctypes.string_at(name)).decode() if name else ""
        if answer == 0 and base in self._names:
            handle = _File.from_address(file)
            real = ctypes.addressof(handle.methods.contents)
            table = self._tables.get(real) or self._recorded(real)
            handle.methods = ctypes.pointer(table)
            self._open_files[file] = base
        return answer

    def _recorded(self, real: int) -> _Methods:
        """A copy of a table of methods whose writes, truncations and syncs are written down first."""
        table = _Methods.from_buffer_copy(_Methods.from_address(real))
        write, truncate, sync = _WRITE(table.write), _TRUNCATE(table.truncate), _SYNC(table.sync)

        def on_write(file: int, data: int, size: int, offset: int) -> int:
            self._record(Write(self._open_files[file], offset, ctypes.string_at(data, size)))
            return int(write(file, data, size, offset))

        def on_truncate(file: int, size: int) -> int:
            self._record(Truncate(self._open_files[file], size))
            return int(truncate(file, size))

        def on_sync(file: int, flags: int) -> int:
            answer = int(sync(file, flags))
            self._record(Sync(self._open_files[file]))
            return answer

        ours = (_WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync))
        table.write, table.truncate, table.sync = (ctypes.cast(one, ctypes.c_void_p) for one in ours)
        self._kept += [ours, write, truncate, sync]
        self._tables[real] = table
        return table


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

"""The file an index is made of: an immutable segment of chunks with their postings, mapped into memory.

A segment holds at most 65,536 chunks of one partition, so that a posting's chunk fits into two bytes. Terms are kept
as 64-bit keys. Beside each posting of a word lie how often it stands in the chunk and, one bit each, in which of its
sentences; that is all the best-sentence re-rank needs, so no text is analysed while somebody waits.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from jihwi.errors import IndexCorrupt

__all__ = [
    "FIELDS",
    "LAYOUT_VERSION",
    "MOST_CHUNKS",
    "MOST_SENTENCES",
    "Array",
    "Field",
    "Segment",
    "pair_keys",
    "pairs_of",
    "term_key",
    "write_segment",
]

LAYOUT_VERSION = 1
MOST_CHUNKS = 1 << 16
MOST_SENTENCES = 32

FIELDS = ("words", "pairs", "headings", "heading_pairs")
"""Words and joined runs of the text; its character pairs; the same two of title, headings and file name."""

_MAGIC = b"JIHWISEG"

Array = npt.NDArray[Any]


class _Slot(msgspec.Struct, frozen=True, array_like=True):
    name: str
    dtype: str
    offset: int
    items: int
    crc32: int


class _Header(msgspec.Struct, frozen=True):
    layout: int
    partition: str
    documents: tuple[tuple[str, str], ...]
    slots: tuple[_Slot, ...]


class Field(NamedTuple):
    """The postings of one field: `chunks[starts[i]:starts[i + 1]]` hold the term with `keys[i]`."""

    keys: Array
    starts: Array
    chunks: Array
    counts: Array
    lengths: Array
    """Terms in each chunk."""


def term_key(term: str) -> int:
    """The 64-bit key of a term; the same on every machine."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def pair_keys(text: str) -> Array:
    """The keys of the character pairs of `text`: letters and digits that touch, in lower case.

    >>> len(pair_keys("가나다 라"))
    2
    """
    return pairs_of(text.lower())[0]


def pairs_of(lowered: str) -> tuple[Array, Array]:
    """The keys of the character pairs of a text in lower case, and where each begins. A key has 42 bits."""
    points = np.frombuffer(lowered.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if len(points) < 2:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.intp)
    written = _is_written(points)
    begins = np.flatnonzero(written[:-1] & written[1:])
    left = points[begins].astype(np.uint64)
    return (left << np.uint64(21)) | points[begins + 1].astype(np.uint64), begins


_WRITTEN: Array | None = None


def _is_written(points: Array) -> Array:
    """Which code points are letters or digits; beyond the basic plane, all are."""
    global _WRITTEN  # made once a process: asking 65,536 characters takes 5 ms
    if _WRITTEN is None:
        _WRITTEN = np.fromiter((chr(p).isalnum() for p in range(1 << 16)), dtype=np.bool_, count=1 << 16)
    found: Array = _WRITTEN[np.minimum(points, 0xFFFF)] | (points > 0xFFFF)
    return found


class Segment:
    """An open segment. Everything in it is read only and may be used from several threads."""

    def __init__(self, path: Path, *, verify: bool) -> None:
        """Raises `IndexCorrupt` when the file is cut or altered, and `FileNotFoundError` when it is gone."""
        self.path = path
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            self._file = status.st_dev, status.st_ino
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if status.st_size else b""
        header, data_start = _header_of(self._map, path.name)
        self.partition = header.partition
        self.documents = header.documents
        self._arrays: dict[str, Array] = {}
        for slot in header.slots:
            self._arrays[slot.name] = self._array(slot, data_start, verify)
        try:
            self.chunk_document = self._arrays["chunk_document"]
            self.chunk_ordinal = self._arrays["chunk_ordinal"]
            self.sentence_starts = self._arrays["sentence_starts"]
            self.sentences = self._arrays["sentences"].reshape(-1, 2)
            self.marks = self._arrays["words.marks"]
            self.fields = {name: Field(*(self._arrays[f"{name}.{part}"] for part in Field._fields)) for name in FIELDS}
        except KeyError as error:
            raise IndexCorrupt(f"{path.name}: {error}") from error

    def is_in(self, status: os.stat_result) -> bool:
        """Whether it is the file that has this status: no other one gets its number while it is mapped here."""
        return self._file == (status.st_dev, status.st_ino)

    @property
    def chunk_count(self) -> int:
        """Chunks in it, removed ones too."""
        return len(self.chunk_document)

    @property
    def arrays(self) -> dict[str, Array]:
        """Everything in it, by name; for joining segments."""
        return self._arrays

    def _array(self, slot: _Slot, data_start: int, verify: bool) -> Array:
        start = data_start + slot.offset
        dtype = np.dtype(slot.dtype)
        end = start + slot.items * dtype.itemsize
        if end > len(self._map):
            raise IndexCorrupt(f"{self.path.name}: cut")
        if verify and zlib.crc32(memoryview(self._map)[start:end]) != slot.crc32:
            raise IndexCorrupt(f"{self.path.name}: {slot.name}")
        return np.frombuffer(self._map, dtype=dtype, count=slot.items, offset=start)


def _header_of(data: mmap.mmap | bytes, name: str) -> tuple[_Header, int]:
    """The header and where the data begins. Fixed part: magic, length of the header, its CRC."""
    if len(data) < 16 or data[:8] != _MAGIC:
        raise IndexCorrupt(f"{name}: no segment")
    length, crc = int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")
    body = bytes(data[16 : 16 + length])
    if len(body) != length or zlib.crc32(body) != crc:
        raise IndexCorrupt(f"{name}: header")
    try:
        header = msgspec.json.decode(body, type=_Header)
    except msgspec.DecodeError as error:
        raise IndexCorrupt(f"{name}: {error}") from error
    if header.layout != LAYOUT_VERSION:
        raise IndexCorrupt(f"{name}: layout {header.layout}")
    return header, _aligned(16 + length)


def _aligned(offset: int) -> int:
    return (offset + 15) & ~15


def write_segment(
    path: Path, partition: str, documents: Sequence[tuple[str, str]], arrays: Iterable[tuple[str, Array]]
) -> None:
    """Write a segment and make it durable; nobody sees it until a manifest names it."""
    slots: list[_Slot] = []
    data: list[bytes] = []
    offset = 0
    for name, array in arrays:
        body = np.ascontiguousarray(array).tobytes()
        slots.append(_Slot(name, array.dtype.str, offset, array.size, zlib.crc32(body)))
        padding = _aligned(len(body)) - len(body)
        data += (body, bytes(padding))
        offset += len(body) + padding
    header = msgspec.json.encode(_Header(LAYOUT_VERSION, partition, tuple(documents), tuple(slots)))
    start = _MAGIC + len(header).to_bytes(4, "little") + zlib.crc32(header).to_bytes(4, "little") + header
    with path.open("wb") as file:
        file.write(start + bytes(_aligned(len(start)) - len(start)))
        for body in data:
            file.write(body)
        file.flush()
        os.fsync(file.fileno())

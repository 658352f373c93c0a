"""Writes compound files (OLE storage), so that tests can build formats that cannot be shipped.

Source: [MS-CFB], version 3: 512-byte sectors, a FAT, a mini stream for streams under 4,096 bytes, a directory whose
entries form a binary tree ordered by the length of the name, then by the name in capitals.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

__all__ = ["compound_file"]

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")


class _Entry:
    def __init__(self, name: str, kind: int) -> None:
        self.name = name
        self.kind = kind
        self.children: dict[str, _Entry] = {}
        self.data = b""
        self.start = _END
        self.size = 0
        self.left = self.right = self.child = _FREE


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """A compound file with these streams; a slash in a name makes a storage.

    >>> import io, olefile
    >>> made = olefile.OleFileIO(io.BytesIO(compound_file({"A": b"x" * 5000, "S/B": b"small"})))
    >>> made.openstream("S/B").read(), made.get_size("A")
    (b'small', 5000)
    """
    root = _Entry("Root Entry", 5)
    for path, data in streams.items():
        place = root
        *storages, name = path.split("/")
        for storage in storages:
            place = place.children.setdefault(storage, _Entry(storage, 1))
        entry = place.children[name] = _Entry(name, 2)
        entry.data, entry.size = data, len(data)
    entries = _linked(root)
    return _laid_out(root, entries)


def _linked(root: _Entry) -> list[_Entry]:
    """All entries, root first, each with the numbers of its neighbours in the tree."""
    entries: list[_Entry] = []

    def number(entry: _Entry) -> None:
        entries.append(entry)
        for child in entry.children.values():
            number(child)

    number(root)
    index = {id(entry): place for place, entry in enumerate(entries)}

    def tree(row: list[_Entry]) -> int:
        if not row:
            return _FREE
        middle = len(row) // 2
        row[middle].left, row[middle].right = tree(row[:middle]), tree(row[middle + 1 :])
        return index[id(row[middle])]

    for entry in entries:
        ordered = sorted(entry.children.values(), key=lambda e: (len(e.name), e.name.upper()))
        entry.child = tree(ordered)
    return entries


def _laid_out(root: _Entry, entries: list[_Entry]) -> bytes:
    fat: list[int] = []
    body = bytearray()

    def put(data: bytes) -> int:
        """Add data in sectors of its own; the first of them."""
        if not data:
            return _END
        count = -(-len(data) // _SECTOR)
        first = len(fat)
        fat.extend([*range(first + 1, first + count), _END])
        body.extend(data.ljust(count * _SECTOR, b"\0"))
        return first

    mini = bytearray()
    mini_fat: list[int] = []
    for entry in entries:
        if entry.kind != 2 or not entry.data:
            continue
        if entry.size >= _CUTOFF:
            entry.start = put(entry.data)
            continue
        count = -(-entry.size // _MINI)
        entry.start = len(mini_fat)
        mini_fat.extend([*range(entry.start + 1, entry.start + count), _END])
        mini.extend(entry.data.ljust(count * _MINI, b"\0"))
    root.start, root.size = put(bytes(mini)), len(mini)
    mini_fat_bytes = b"".join(struct.pack("<I", n) for n in mini_fat)
    mini_fat_bytes = mini_fat_bytes.ljust(-(-len(mini_fat_bytes) // _SECTOR) * _SECTOR, b"\xff")
    mini_fat_start = put(mini_fat_bytes)
    directory = b"".join(_directory_entry(entry) for entry in entries)
    directory = directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0")
    directory_start = put(directory)
    return _header_and_fat(fat, body, directory_start, mini_fat_start, len(mini_fat_bytes) // _SECTOR)


def _directory_entry(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", entry.left, entry.right, entry.child)
    head = name.ljust(64, b"\0") + struct.pack("<HBB", len(name), entry.kind, 1) + links
    return head + bytes(16) + bytes(4) + bytes(16) + struct.pack("<IQ", entry.start, entry.size)


def _header_and_fat(
    fat: list[int], body: bytearray, directory_start: int, mini_fat_start: int, mini_fat_sectors: int
) -> bytes:
    per_sector = _SECTOR // 4
    count = 1
    while count * per_sector < len(fat) + count:
        count += 1
    if count > 109:
        raise ValueError("more than 109 FAT sectors: this writer is for small files")
    first = len(fat)
    fat = [*fat, *[_FAT] * count]
    fat_bytes = b"".join(struct.pack("<I", n) for n in fat).ljust(count * _SECTOR, b"\xff")
    difat = [*range(first, first + count), *[_FREE] * (109 - count)]
    header = _SIGNATURE + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack(
        "<IIIIIIIII", 0, count, directory_start, 0, _CUTOFF, mini_fat_start, mini_fat_sectors, _END, 0
    )
    header += b"".join(struct.pack("<I", n) for n in difat)
    return header + bytes(body) + fat_bytes

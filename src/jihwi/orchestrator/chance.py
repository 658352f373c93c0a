"""Chance drawn in advance: the operating system is asked once for what many events need."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator

from jihwi.case.ledger import SALT_BYTES
from jihwi.ids import Chance

__all__ = ["DrawnChance"]

_DRAWN_BYTES = 2048
_SALTS = struct.Struct(f"{SALT_BYTES}s" * (_DRAWN_BYTES // SALT_BYTES))


class DrawnChance:
    """The chance of `source`, asked for two kilobytes at a time: a salt an event, each asked for by itself, would be
    a system call an event. Every byte is given out once."""

    def __init__(self, source: Chance) -> None:
        self._source = source
        self._drawn = b""
        self._at = 0
        self.salts: Iterator[bytes] = itertools.chain.from_iterable(iter(self._cut, None))
        """Salts for events, without end."""

    def token(self, size: int) -> bytes:
        """`size` bytes nobody can guess."""
        at = self._at
        self._at = end = at + size
        if end > len(self._drawn):
            self._drawn = self._source.token(max(size, _DRAWN_BYTES))
            at, self._at = 0, size
            end = size
        return self._drawn[at:end]

    def _cut(self) -> tuple[bytes, ...]:
        return _SALTS.unpack(self._source.token(_DRAWN_BYTES))

"""What happens again and again is written once, then counted: a flood of refusals cannot fill a disk.

Pure: it is told the time. The first of a kind is written at once; what repeats within ten minutes is one more fact
with a count. New kinds are written as long as there is room, which grows by one a minute; what finds no room is
counted together with all the others. A day holds at most some three thousand such facts, however many there were.
"""

from __future__ import annotations

import msgspec

__all__ = ["Counted", "Repeats"]

WINDOW_MS = 10 * 60 * 1000
ROOM = 200
ROOM_EVERY_MS = 60 * 1000


class Counted(msgspec.Struct, frozen=True):
    """How often something was repeated, and since when."""

    key: tuple[str, ...]
    count: int
    since_ms: int


class Repeats:
    """Counts by key; the empty key stands for all that found no room.

    >>> seen = Repeats()
    >>> [seen.note(("kim", "not_allowed"), at_ms) for at_ms in (0, 1, 2)]
    [True, False, False]
    >>> seen.due(WINDOW_MS)
    [Counted(key=('kim', 'not_allowed'), count=2, since_ms=1)]
    """

    def __init__(self) -> None:
        self._since: dict[tuple[str, ...], int] = {}
        self._counts: dict[tuple[str, ...], tuple[int, int]] = {}
        self._room = float(ROOM)
        self._room_ms = 0

    def note(self, key: tuple[str, ...], now_ms: int) -> bool:
        """Note that it happened; whether it is to be written now."""
        if key in self._since:
            self.count(key, now_ms)
            return False
        self._room = min(ROOM, self._room + (now_ms - (self._room_ms or now_ms)) / ROOM_EVERY_MS)
        self._room_ms = now_ms
        if self._room < 1:
            self.count((), now_ms)
            return False
        self._room -= 1
        self._since[key] = now_ms
        return True

    def count(self, key: tuple[str, ...], now_ms: int, times: int = 1) -> None:
        """Count it, to be told later."""
        count, since_ms = self._counts.get(key, (0, now_ms))
        self._counts[key] = (count + times, min(since_ms, now_ms))

    def due(self, now_ms: int, *, all: bool = False) -> list[Counted]:
        """The counts whose ten minutes are over (`all`: every one, before the end), and forget them."""
        old = [key for key, since in self._since.items() if all or now_ms - since >= WINDOW_MS]
        for key in old:
            del self._since[key]
        ended = [key for key, (_, since) in self._counts.items() if key in old or all or now_ms - since >= WINDOW_MS]
        found = []
        for key in ended:
            count, since_ms = self._counts.pop(key)
            found.append(Counted(key, count, since_ms))
        return found

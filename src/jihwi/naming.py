"""Gives each name out once: what comes with a name that is taken is counted through."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["FreeNames"]


class FreeNames:
    """The names given out so far. However many come with one name, each costs about as little as the first.

    `key` says which names are one and the same: by default those of the same characters.

    >>> names = FreeNames()
    >>> [names.take("규정", ".hwp") for _ in range(3)]
    ['규정.hwp', '규정 (2).hwp', '규정 (3).hwp']
    """

    def __init__(self, key: Callable[[str], str] = str) -> None:
        self._key = key
        self._last: dict[str, int] = {}

    def take(self, name: str, ending: str = "") -> str:
        """A name that nobody else was given: `name` with `ending`, else `name (2)` with it, and so on."""
        free = wanted = name + ending
        if (number := self._last.get(self._key(wanted), 0)) > 0:
            while self._key(free) in self._last:
                number += 1
                free = f"{name} ({number}){ending}"
            self._last[self._key(wanted)] = number
        self._last[self._key(free)] = 1
        return free

"""What floats, in the order in which it stands on the page: row by row from the top, each row from the left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["down_the_page"]

_ONE_ROW = 500
"""Corners that differ less in height stand on one row, in hundredths of a point: half a line of small letters."""

_T = TypeVar("_T")


def down_the_page(things: Sequence[_T], corner: Callable[[_T], tuple[int, int]]) -> list[_T]:
    """The things from the top down and from the left; `corner` gives the top and the left of each.

    >>> down_the_page([(2000, 0), (100, 900), (0, 950), (120, 0)], lambda corner: corner)
    [(120, 0), (100, 900), (0, 950), (2000, 0)]
    """
    rows: list[list[_T]] = []
    top = 0
    for one in sorted(things, key=lambda thing: corner(thing)[0]):
        if not rows or corner(one)[0] - top > _ONE_ROW:
            rows.append([])
            top = corner(one)[0]
        rows[-1].append(one)
    return [one for row in rows for one in sorted(row, key=lambda thing: corner(thing)[1])]

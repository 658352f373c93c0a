"""When segments become one: small ones once there are some of a like size, and one that is mostly removed."""

from __future__ import annotations

from jihwi.index.scoring import View
from jihwi.index.segments import MOST_CHUNKS

__all__ = ["due_to_join"]

_ENOUGH_TO_JOIN = 4
"""Segments of a like size that are joined at the next commit."""

_SMALL = 512
"""Segments with fewer chunks than this are of a like size, whatever their size."""


def due_to_join(views: list[View]) -> list[list[View]]:
    """Segments of a partition that should become one: many small ones, or one that is mostly removed.

    A segment is joined with smaller ones only when they hold half as much together, so a chunk is rewritten a number
    of times that grows with the logarithm of the collection.
    """
    groups = [[view] for view in views if view.chunks * 2 < view.segment.chunk_count]
    rest = sorted((view for view in views if view.chunks * 2 >= view.segment.chunk_count), key=lambda v: v.chunks)
    group: list[View] = []
    together = 0
    for view in rest:
        if together + view.chunks > MOST_CHUNKS or (group and view.chunks > max(2 * together, _SMALL)):
            break
        group.append(view)
        together += view.chunks
    if len(group) >= _ENOUGH_TO_JOIN:
        groups.append(group)
    return groups

"""Older shapes of events made into today's, one small function a step. Stored bytes are never rewritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec

from jihwi.case.events import KINDS, Body
from jihwi.errors import UnknownEvent

__all__ = ["STEPS", "upcast"]

STEPS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""(kind, version) to the function that makes that version's body into the next one's."""


def upcast(case_id: str, seq: int, kind: str, version: int, body: bytes) -> Body:
    """The body in today's shape. Raises `UnknownEvent` for a kind or version nobody here has heard of."""
    known = KINDS.get(kind)
    if known is None or version > known[1]:
        raise UnknownEvent(case_id, seq, kind, version)
    body_type, newest = known
    value: dict[str, Any] = msgspec.json.decode(body)
    for step in range(version, newest):
        change = STEPS.get((kind, step))
        if change is None:
            raise UnknownEvent(case_id, seq, kind, version)
        value = change(value)
    return cast(Body, msgspec.convert(value, body_type))

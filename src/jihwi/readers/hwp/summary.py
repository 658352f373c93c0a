"""The summary stream: title, author, dates.

Source: "한글 문서 파일 형식 5.0", revision 1.3, section 3.2.4 and table 7: a property set as Windows writes it, with
strings in UTF-16 (type 31) or in the code page (type 30).
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from jihwi.evidence import Metadata

__all__ = ["summary"]

_TITLE, _AUTHOR, _CREATED, _SAVED, _PAGES = 2, 4, 12, 13, 14
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MOST_PROPERTIES = 256


def summary(stream: bytes) -> Metadata:
    """What the stream says; nothing when it is missing or damaged."""
    try:
        values = _properties(stream)
    except (struct.error, OverflowError, ValueError):
        return Metadata()
    pages = values.get(_PAGES, 0)
    return Metadata(
        title=str(values.get(_TITLE, "")),
        author=str(values.get(_AUTHOR, "")),
        created=str(values.get(_CREATED, "")),
        modified=str(values.get(_SAVED, "")),
        pages=pages if isinstance(pages, int) and 0 < pages < 1 << 20 else 0,
        producer="Hancom HWP",
    )


def _properties(stream: bytes) -> dict[int, str | int]:
    if len(stream) < 48:
        return {}
    (start,) = struct.unpack_from("<I", stream, 44)
    _, count = struct.unpack_from("<II", stream, start)
    values: dict[int, str | int] = {}
    for index in range(min(count, _MOST_PROPERTIES)):
        key, offset = struct.unpack_from("<II", stream, start + 8 + index * 8)
        value = _value(stream, start + offset)
        if value is not None:
            values[key] = value
    return values


def _value(stream: bytes, at: int) -> str | int | None:
    (kind,) = struct.unpack_from("<I", stream, at)
    if kind == 3:
        return int(struct.unpack_from("<i", stream, at + 4)[0])
    if kind == 64:
        (ticks,) = struct.unpack_from("<Q", stream, at + 4)
        if ticks < 1 << 40:
            return None
        return (_EPOCH + timedelta(microseconds=ticks // 10)).isoformat(timespec="seconds").replace("+00:00", "Z")
    if kind in (30, 31):
        (units,) = struct.unpack_from("<I", stream, at + 4)
        width = 2 if kind == 31 else 1
        raw = stream[at + 8 : at + 8 + units * width]
        return raw.decode("utf-16-le" if width == 2 else "cp949", "replace").rstrip("\x00").strip()
    return None

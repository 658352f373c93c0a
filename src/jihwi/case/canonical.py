"""The one canonical form of a JSON value (RFC 8785), quick for what calls usually hold.

Plain texts, whole numbers, truths and their lists and objects are written by msgspec's encoder in C, whose sorted form
is the same bytes (a property test compares the two); floats and keys beyond ASCII go the long way through `rfc8785`.
"""

from __future__ import annotations

from typing import Any

import msgspec
import rfc8785

__all__ = ["canonical"]

_SAFE = 2**53 - 1
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any, *, doubtful: Any = ...) -> bytes:
    """The canonical bytes of a JSON value. Raises `rfc8785.CanonicalizationError` for what has none: whole numbers
    beyond 2^53, infinities, keys that are no texts. `doubtful` is the only part of it that may be such, where the
    caller has put the rest together from texts.

    >>> canonical({"b": [1, True, None], "a": "가"}).decode()
    '{"a":"가","b":[1,true,null]}'
    """
    if _is_plain(value if doubtful is ... else doubtful):
        try:
            return _encode(value)
        except UnicodeEncodeError:
            pass  # half a surrogate pair: `rfc8785` says what is wrong
    return rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-_SAFE <= value <= _SAFE)
    if kind is dict:
        for key, one in value.items():
            if not (type(key) is str and key.isascii() and (type(one) is str or _is_plain(one))):
                return False
        return True
    return kind is list and all(map(_is_plain, value))

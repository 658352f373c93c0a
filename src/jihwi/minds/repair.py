"""JSON as models write it: read strictly first, then mended where only one reading is possible, else refused.

Mended: single or curly quotes, bare keys, trailing commas, line breaks inside strings, unknown escapes, Python's
literals, brackets left open after a whole value, brackets too many, JSON wrapped in a string or a code fence.
Refused, because more than one meaning is possible: an end inside a string, a number or after a comma, the same key
twice, two objects, quotation marks inside a string that are not escaped.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import msgspec

__all__ = ["Unreadable", "read_json", "read_json_at"]

_DEPTH = 64
_LONGEST = 1_000_000
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[^\W\d][\w\-]*")
_FENCE = re.compile(r"\s*```[\w-]*\s*\n(?P<inside>.*?)\n?\s*```\s*\Z", re.DOTALL)
_SPACE = re.compile(r"\s*")


class Unreadable(ValueError):
    """Why this is no JSON with one meaning."""


def read_json(text: str, *, may_close: bool = True) -> tuple[Any, bool]:
    """The value `text` means, and whether it had to be mended. Raises Unreadable.

    `may_close=False` when it is known that the end is missing: then an open bracket is not closed.

    >>> read_json('{"query": "예산"}')
    ({'query': '예산'}, False)
    >>> read_json("{'query': '예산', 'limit': 3,")
    Traceback (most recent call last):
    ...
    jihwi.minds.repair.Unreadable: it ends after a comma
    >>> read_json("{'query': '예산', 'limit': 3,}")
    ({'query': '예산', 'limit': 3}, True)
    """
    if len(text) > _LONGEST:
        raise Unreadable("it is longer than a million characters")
    fenced = _FENCE.match(text)
    if fenced is not None:
        return read_json(fenced["inside"], may_close=may_close)[0], True
    value, mended = _strictly(text)
    if mended:
        value, end = _Reader(text, may_close).whole()
        rest = text[end:].strip(" \t\r\n;}]")
        if rest:
            raise Unreadable(f"more follows after its end: {rest[:40]!r}")
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value, mended = read_json(value, may_close=may_close)[0], True
    return _storable(value), mended


def read_json_at(text: str, start: int) -> tuple[Any, int, bool]:
    """The value that begins at `start`, where it ends, and whether it had to be mended. Raises Unreadable."""
    start = _past_space(text, start)
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (json.JSONDecodeError, RecursionError, Unreadable):
        value, end = _Reader(text[: start + _LONGEST], True, start).whole()
        return _storable(value), end, True
    return _storable(value), end, False


def _strictly(text: str) -> tuple[Any, bool]:
    try:
        return _DECODER.decode(text), False
    except json.JSONDecodeError:
        return None, True
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no JSON number")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Unreadable("a key stands there twice")
    return made


def _whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # of thousands of digits, which Python does not turn into a number
        raise Unreadable("a number is too large") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant, parse_int=_whole)


def _storable(value: Any) -> Any:
    """The value itself, when the log can hold it: no half characters, no number without end."""
    try:
        if msgspec.json.decode(msgspec.json.encode(value)) != value:
            raise Unreadable("a number is too large")
    except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.DecodeError) as problem:
        raise Unreadable(f"it cannot be kept: {problem}") from None
    return value


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


class _Reader:
    """A reader that forgives what can only mean one thing."""

    def __init__(self, text: str, may_close: bool, at: int = 0) -> None:
        self._text = text
        self._may_close = may_close
        self._at = at

    def whole(self) -> tuple[Any, int]:
        value = self._value(0)
        return value, self._at

    def _value(self, depth: int) -> Any:
        if depth > _DEPTH:
            raise Unreadable("it is nested too deeply")
        char = self._next()
        if char == "{":
            return self._object(depth)
        if char == "[":
            return self._array(depth)
        if char in _QUOTES:
            return self._string()
        number = _NUMBER.match(self._text, self._at)
        if number is not None:
            return self._number(number.group())
        word = _WORD.match(self._text, self._at)
        if word is not None and word.group() in _LITERALS:
            self._at = word.end()
            return _LITERALS[word.group()]
        raise Unreadable(f"no value can begin with {self._text[self._at : self._at + 20]!r}")

    def _next(self) -> str:
        """The next character that is no space; Unreadable at the end."""
        self._at = _past_space(self._text, self._at)
        if self._at >= len(self._text):
            raise Unreadable("it ends where a value should stand")
        return self._text[self._at]

    def _peek(self) -> str:
        self._at = _past_space(self._text, self._at)
        return self._text[self._at : self._at + 1]

    def _object(self, depth: int) -> dict[str, Any]:
        self._at += 1
        pairs: list[tuple[str, Any]] = []
        while not self._closes("}", first=not pairs):
            key = self._key()
            if self._peek() != ":":
                raise Unreadable(f"no colon follows the key {key!r}")
            self._at += 1
            pairs.append((key, self._value(depth + 1)))
        return _once_each(pairs)

    def _array(self, depth: int) -> list[Any]:
        self._at += 1
        items: list[Any] = []
        while not self._closes("]", first=not items):
            items.append(self._value(depth + 1))
        return items

    def _closes(self, closer: str, *, first: bool) -> bool:
        """Whether the bracket ends here; goes past a comma that leads to another member."""
        char = self._peek()
        if char == closer:
            self._at += 1
            return True
        if not char:
            return self._ended(first)
        if char in "}]":
            # The inner bracket was forgotten: the outer one closes both.
            return not first or self._unclear()
        if first:
            return False
        if char != ",":
            raise Unreadable(f"a comma is missing before {self._text[self._at : self._at + 20]!r}")
        self._at += 1
        after = self._peek()
        if not after:
            raise Unreadable("it ends after a comma")
        if after == closer:
            self._at += 1
            return True
        return False

    def _ended(self, first: bool) -> bool:
        if first or not self._may_close:
            raise Unreadable("its end is missing")
        return True

    def _unclear(self) -> bool:
        raise Unreadable("its brackets do not fit")

    def _key(self) -> str:
        if self._next() in _QUOTES:
            return self._string()
        word = _WORD.match(self._text, self._at)
        if word is None:
            raise Unreadable(f"no key can begin with {self._text[self._at : self._at + 20]!r}")
        self._at = word.end()
        return word.group()

    def _number(self, digits: str) -> Any:
        self._at += len(digits)
        if self._at >= len(self._text):
            raise Unreadable("it ends inside a number")
        if self._text[self._at] not in " \t\r\n,]}":
            raise Unreadable(f"no number: {self._text[self._at - len(digits) : self._at + 10]!r}")
        return _DECODER.decode(digits)

    def _string(self) -> str:
        closer = _QUOTES[self._text[self._at]]
        self._at += 1
        made: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == closer:
                if self._peek() not in ("", ",", ":", "}", "]"):
                    raise Unreadable("a quotation mark inside a string is not escaped")
                return "".join(made)
            made.append(self._escaped() if char == "\\" else char)
        raise Unreadable("it ends inside a string")

    def _escaped(self) -> str:
        char = self._text[self._at : self._at + 1]
        self._at += 1
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char != "u":
            return "\\" + char
        digits = re.compile(r"[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?").match(self._text, self._at)
        if digits is None:
            raise Unreadable("an escape is not complete")
        pair = digits.group() if digits.group()[:1] in "dD" else digits.group()[:4]
        self._at += len(pair)
        return str(json.loads(f'"\\u{pair}"'))

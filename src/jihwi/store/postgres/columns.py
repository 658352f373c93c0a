"""A whole column of values as one parameter: the server's binary form of an array, joined by hand.

psycopg asks for each value of a list how to write it; where fifty appends have eighteen columns that took longer than
the rest of the batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from struct import Struct, pack

import psycopg
from psycopg import pq
from psycopg.adapt import Dumper
from psycopg.postgres import types

__all__ = ["Column", "big_integers", "booleans", "bytes_column", "integers", "texts"]


class Column:
    """An array of one dimension in its binary form. Each type of values has its class, by which psycopg names it."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class _Integers(Column):
    pass


class _BigIntegers(Column):
    pass


class _Booleans(Column):
    pass


class _Texts(Column):
    pass


class _Bytes(Column):
    pass


def integers(values: Sequence[int]) -> Column:
    """A column of the type `integer[]`.

    >>> integers([7]).data.hex(" ", 4)
    '00000001 00000000 00000017 00000001 00000001 00000004 00000007'
    """
    return _Integers(_numbers(_INTEGER, "ii", 4, values))


def big_integers(values: Sequence[int]) -> Column:
    """A column of the type `bigint[]`."""
    return _BigIntegers(_numbers(_BIG_INTEGER, "iq", 8, values))


def booleans(values: Sequence[bool]) -> Column:
    """A column of the type `boolean[]`."""
    return _Booleans(_numbers(_BOOLEAN, "i?", 1, values))


def texts(values: Sequence[str]) -> Column:
    """A column of the type `text[]`, in UTF-8."""
    return _Texts(_strings(_TEXT, [value.encode() for value in values]))


def bytes_column(values: Sequence[bytes | None]) -> Column:
    """A column of the type `bytea[]`.

    >>> bytes_column([b"ab", None]).data[20:].hex(" ")
    '00 00 00 02 61 62 ff ff ff ff'
    """
    return _Bytes(_strings(_BYTEA, values))


_INTEGER, _BIG_INTEGER, _BOOLEAN, _TEXT, _BYTEA = (
    types[name].oid for name in ("int4", "int8", "bool", "text", "bytea")
)
_length = Struct(">i").pack
_NULL = _length(-1)


def _beginning(kind: int, count: int) -> bytes:
    """One dimension, perhaps with nulls, of a type, so many, counted from one."""
    return pack(">iiIii", 1, 0, kind, count, 1)


def _numbers(kind: int, form: str, size: int, values: Sequence[int]) -> bytes:
    count = len(values)
    return _beginning(kind, count) + pack(">" + form * count, *chain.from_iterable([(size, value) for value in values]))


def _strings(kind: int, values: Sequence[bytes | None]) -> bytes:
    parts = [_beginning(kind, len(values))]
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts.append(_length(len(value)))
            parts.append(value)
    return b"".join(parts)


class _ColumnDumper(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: Column) -> bytes:
        return obj.data


def _known(kinds: Iterable[tuple[type[Column], int]]) -> None:
    for kind, element in kinds:
        dumper = type(f"{kind.__name__}Dumper", (_ColumnDumper,), {"oid": types[element].array_oid})
        psycopg.adapters.register_dumper(kind, dumper)


_known(
    (
        (_Integers, _INTEGER),
        (_BigIntegers, _BIG_INTEGER),
        (_Booleans, _BOOLEAN),
        (_Texts, _TEXT),
        (_Bytes, _BYTEA),
    )
)

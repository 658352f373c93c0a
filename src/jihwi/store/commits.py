"""How the facts of one commit lie in few rows: small ones that became durable together share a row.

A row begins with its first event as it always stood (number, header, salt, body). What followed in the same commit lies
in `later`, each with its own header, salt and body, byte for byte as sealed, so that one of them may be erased alone.
The row's head is that of its last event; the heads before it stand in the headers after them, where the chain has them
anyway. A row without `later` is one event, as all rows of older versions are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from jihwi.case.ledger import Sealed, previous_of
from jihwi.errors import StoreCorrupt
from jihwi.store import BLOB_BYTES

__all__ = ["Row", "emptied", "events_of", "follow_on", "page_of", "rows_of"]

Row = tuple[int, bytes, bytes | None, bytes | None, bytes, bytes | None]
"""First number, header, salt, body, head of the last event, the later ones."""

ROW_BYTES = 3_400
"""A row grows no longer than this, so that it fits a page of either database: longer ones spill."""


class Later(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event that shares the row of the one before it."""

    header: bytes
    salt: bytes | None
    body: bytes | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Later]).decode


def follow_on(events: Iterable[Sealed], seq: int) -> bool:
    """Whether events are numbered `seq`, the next and so on.

    >>> follow_on([Sealed(seq, b"", b"", b"", b"") for seq in (3, 4)], 3)
    True
    """
    for event in events:
        if event.seq != seq:
            return False
        seq += 1
    return True


def rows_of(events: Sequence[Sealed]) -> list[Row]:
    """The rows in which the events of one commit are kept. One whose body belongs into a blob has a row of its own.

    >>> small = [Sealed(seq, b"header", b"salt", b"{}", b"head") for seq in (1, 2, 3)]
    >>> [(row[0], row[5] is not None) for row in rows_of(small)]
    [(1, True)]
    """
    first, last = events[0], events[-1]
    if first is last:
        return [(first.seq, first.header, first.salt, first.body, first.head, None)]
    together = _encode([(event.header, event.salt, event.body) for event in events[1:]])
    if len(together) + len(first.header) + len(first.body or b"") <= ROW_BYTES:  # as nearly always
        return [(first.seq, first.header, first.salt, first.body, last.head, together)]
    rows: list[Row] = []
    later: list[tuple[bytes, bytes | None, bytes | None]] = []
    last = first
    room = -1
    for event in events:
        header, body = event.header, event.body
        size = len(header) + 24 if body is None else len(header) + len(body) + 24
        if size <= room and (body is None or len(body) <= BLOB_BYTES):
            later.append((header, event.salt, body))
            room -= size
        else:
            if event is not first:
                rows.append(_row(first, later, last))
                first, later = event, []
            room = ROW_BYTES - size
        last = event
    rows.append(_row(first, later, last))
    return rows


def _row(first: Sealed, later: list[tuple[bytes, bytes | None, bytes | None]], last: Sealed) -> Row:
    return (first.seq, first.header, first.salt, first.body, last.head, _encode(later) if later else None)


def events_of(rows: Iterable[Row]) -> list[Sealed]:
    """The events that rows hold, in order. Raises `msgspec.MsgspecError` when the later ones cannot be read.

    >>> small = [Sealed(1, b"h" * 80, b"s", b"{}", b"h" * 32), Sealed(2, b"h" * 80, None, None, b"last")]
    >>> events_of(rows_of(small)) == small
    True
    """
    events: list[Sealed] = []
    for seq, header, salt, body, head, later in rows:
        if later is not None:
            for one in _decode(later):
                events.append(Sealed(seq, header, salt, body, previous_of(one.header)))
                seq, header, salt, body = seq + 1, one.header, one.salt, one.body
        events.append(Sealed(seq, header, salt, body, head))
    return events


def page_of(rows: Iterable[Row], after: int, *, case_id: str, place: str) -> list[Sealed]:
    """The events numbered after `after` that rows hold; the first row may begin before it.

    Raises `StoreCorrupt`, naming the store's `place`, when a row cannot be read or lost a body it never let go.
    """
    try:
        page = events_of(rows)
    except msgspec.MsgspecError as problem:
        raise StoreCorrupt(place, f"events of {case_id} cannot be read: {problem}") from problem
    for event in page:
        if event.body is None and event.salt is not None:
            raise StoreCorrupt(place, f"the body of {case_id}/{event.seq} is missing")
    return page[after + 1 - page[0].seq :] if page and page[0].seq <= after else page


def emptied(later: bytes, first_seq: int, seqs: Collection[int]) -> bytes | None:
    """`later` without the salts and bodies of the events `seqs`; `None` when none of them is in it.

    >>> held = rows_of([Sealed(seq, b"header", b"salt", b"{}", b"head") for seq in (1, 2, 3)])[0][5]
    >>> [len(one.body or b"") for one in _decode(emptied(held, 1, [3]))]
    [2, 0]
    """
    kept = _decode(later)
    found = False
    for place, one in enumerate(kept):
        if first_seq + 1 + place in seqs:
            kept[place] = Later(one.header, None, None)
            found = True
    return _encode(kept) if found else None

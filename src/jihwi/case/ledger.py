"""The hash chain: how an event is sealed into stored bytes, opened again, and how a whole log is verified.

`head = sha256(header bytes as stored)`, `body_digest = sha256(salt ‖ body bytes)`. A header names the head before
it, so one changed byte anywhere breaks the chain at that event. Verifying parses no body; stored bytes are never
rewritten; a body may be erased with its salt and the chain still verifies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from jihwi.case.events import KINDS, SYSTEM, Author, Body, Draft, Event
from jihwi.case.upcast import upcast
from jihwi.errors import LedgerBroken, UnknownEvent
from jihwi.words import storable_value

__all__ = [
    "GENESIS",
    "SALT_BYTES",
    "Header",
    "Sealed",
    "Verdict",
    "open_event",
    "previous_of",
    "read_header",
    "seal",
    "time_of",
    "verify",
]

GENESIS = b"\0" * 32
"""The head before the first event."""

SALT_BYTES = 16


class Header(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of an event without its body. Stored as a MessagePack array."""

    case_id: str
    seq: int
    at_ms: int
    kind: str
    version: int
    author: Author
    cause: int
    labels: tuple[str, ...]
    previous: bytes
    body_digest: bytes


class _Beginning(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first fields of a header."""

    case_id: msgspec.Raw
    seq: int
    at_ms: int


class Sealed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event as stored. `body` and `salt` are `None` when erased."""

    seq: int
    header: bytes
    salt: bytes | None
    body: bytes | None
    head: bytes


_encode_header = msgspec.msgpack.Encoder().encode
_header_decoder = msgspec.msgpack.Decoder(Header)
_decode_beginning = msgspec.msgpack.Decoder(_Beginning).decode
_encode_body = msgspec.json.Encoder().encode
_VERSION_OF = {body_type: (kind, version) for kind, (body_type, version) in KINDS.items()}
_body_decoders: dict[tuple[str, int], msgspec.json.Decoder[Body]] = {
    (kind, version): msgspec.json.Decoder(body_type) for kind, (body_type, version) in KINDS.items()
}


def seal(
    draft: Draft, case_id: str, seq: int, at_ms: int, previous: bytes, salt: bytes, runner: Author = SYSTEM
) -> tuple[Sealed, Event]:
    """Put a draft into the chain: the bytes to store and the event they will be read as. `runner` is whom a draft of
    nobody's own (`SYSTEM`) is written down to."""
    said, author, cause, labels = draft.body, draft.author, draft.cause, draft.labels
    kind, version = _VERSION_OF[type(said)]
    if author is SYSTEM:
        author = runner
    try:
        body = _encode_body(said)
    except UnicodeEncodeError:  # half a character, as an old file's name may hold
        said = _whole(said)
        body = _encode_body(said)
    # The tuple is a `Header` as stored: an array in its order.
    header = _encode_header(
        (case_id, seq, at_ms, kind, version, author, cause, labels, previous, sha256(salt + body).digest())
    )
    head = sha256(header).digest()
    return Sealed(seq, header, salt, body, head), Event(case_id, seq, at_ms, kind, author, cause, labels, said, head)


def _whole(said: Body) -> Body:
    """The body with half characters replaced: no log can hold them."""
    return msgspec.convert(storable_value(msgspec.to_builtins(said)), type(said))


def time_of(header: bytes) -> int:
    """The `at_ms` of a header, without reading all of it. Raises `msgspec.MsgspecError`."""
    return _decode_beginning(header).at_ms


def previous_of(header: bytes) -> bytes:
    """The head that a header stands on, without reading it: it lies before the body's digest, at the end. Of bytes
    that are no header, whatever stands in that place.

    >>> previous_of(b"... " + b"\\xc4\\x20" + b"p" * 32 + b"\\xc4\\x20" + b"d" * 32) == b"p" * 32
    True
    """
    return header[_PREVIOUS]


# Two digests of 32 bytes end a header, each after two bytes that say so.
_PREVIOUS = slice(-66, -34)


def read_header(data: bytes) -> Header:
    """The header in `data`; raises `msgspec.MsgspecError` when it is none."""
    try:
        return _header_decoder.decode(data)
    except UnicodeDecodeError as problem:
        raise msgspec.DecodeError(str(problem)) from problem


def open_event(stored: Sealed) -> Event:
    """The event in stored bytes, upcast to today's shape. Raises `UnknownEvent` for what a newer version wrote,
    `LedgerBroken` for what nobody can read."""
    header = read_header(stored.header)
    body: Body | None = None
    if stored.body is not None:
        decoder = _body_decoders.get((header.kind, header.version))
        if decoder is not None:
            try:
                body = decoder.decode(stored.body)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
                raise LedgerBroken(header.case_id, header.seq, f"its body cannot be read ({problem})") from None
        else:
            body = upcast(header.case_id, header.seq, header.kind, header.version, stored.body)
    elif header.kind not in KINDS:
        raise UnknownEvent(header.case_id, header.seq, header.kind, header.version)
    return Event(
        header.case_id,
        header.seq,
        header.at_ms,
        header.kind,
        header.author,
        header.cause,
        header.labels,
        body,
        stored.head,
    )


class Verdict(msgspec.Struct, frozen=True):
    """What verifying found: how many events, the head, how many bodies are erased.

    `against_head` says whether an outside head was compared: without one the log is consistent, not unaltered.
    """

    case_id: str
    events: int
    head: bytes
    erased: int
    against_head: bool
    vouched_to: int = 0
    """The number of the event whose head the outside one is: up to there the log is unaltered."""


def verify(
    case_id: str, log: Iterable[Sealed], *, expected_head: bytes | None = None, after: Sealed | None = None
) -> Verdict:
    """Check the chain from its first event, or from the one that follows `after`, whose place somebody else vouches
    for. Raises `LedgerBroken` naming the first broken event."""
    previous, seq, erased = (GENESIS, 0, 0) if after is None else (after.head, after.seq, 0)
    if after is not None and sha256(after.header).digest() != after.head:
        raise LedgerBroken(case_id, after.seq, "its header was changed")
    vouched_to: int | None = seq if expected_head == previous else None
    for stored in log:
        seq += 1
        previous = _verify_one(case_id, seq, stored, previous)
        erased += stored.body is None
        if expected_head == previous:
            vouched_to = seq
    if expected_head is not None and vouched_to is None:
        raise LedgerBroken(case_id, seq + 1, "the expected head is not in the chain: its end was cut or rewritten")
    return Verdict(case_id, seq, previous, erased, expected_head is not None, vouched_to or 0)


def _verify_one(case_id: str, seq: int, stored: Sealed, previous: bytes) -> bytes:
    try:
        header = read_header(stored.header)
    except msgspec.MsgspecError as problem:
        raise LedgerBroken(case_id, seq, f"the header cannot be read ({problem})") from problem
    if header.case_id != case_id:
        raise LedgerBroken(case_id, seq, "it belongs to another case")
    if header.seq != seq or stored.seq != seq:
        raise LedgerBroken(case_id, seq, f"its number is {header.seq}")
    if header.previous != previous:
        raise LedgerBroken(case_id, seq, "it does not follow the event before it")
    head = sha256(stored.header).digest()
    if stored.head != head:
        raise LedgerBroken(case_id, seq, "its header was changed")
    if stored.body is not None and sha256((stored.salt or b"") + stored.body).digest() != header.body_digest:
        raise LedgerBroken(case_id, seq, "its body was changed")
    return head


def open_log(stored: Sequence[Sealed]) -> list[Event]:
    """Every event of a log, in order."""
    return [open_event(one) for one in stored]

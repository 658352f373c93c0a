"""A ledger as a file: one JSON line an event, readable by people, verifiable byte by byte without the store.

Signatures stand in lines of their own, after the events: a reader of events passes them over.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from jihwi.case.ledger import Sealed, Verdict, read_header, verify
from jihwi.errors import FileMissing, LedgerBroken
from jihwi.evidence import Viewer
from jihwi.house import Signed

__all__ = ["as_seen", "export_lines", "read_export", "signatures_in", "verify_file"]


_SIGNATURE = b'{"signature":'


class _Line(msgspec.Struct, omit_defaults=True):
    seq: int
    head: str
    header: str
    salt: str | None = None
    body: str | None = None
    shown: dict[str, Any] = {}
    """The same for people: never verified, made anew from the bytes."""


class _Signature(msgspec.Struct):
    signature: Signed


def as_seen(stored: Sealed, viewer: Viewer) -> Sealed:
    """An event as somebody may take it out: without its body where they lack a label. Its header still verifies."""
    if viewer.may_see(read_header(stored.header).labels):
        return stored
    return Sealed(stored.seq, stored.header, None, None, stored.head)


def export_lines(log: Iterable[Sealed], signed: Iterable[Signed] = ()) -> Iterator[bytes]:
    """The ledger, a line at a time, and what is signed of it."""
    for stored in log:
        header = read_header(stored.header)
        shown: dict[str, Any] = {
            "at_ms": header.at_ms,
            "kind": header.kind,
            "author": header.author.id,
            "role": header.author.role,
        }
        if stored.body is None:
            shown["erased"] = True
        line = _Line(
            stored.seq,
            stored.head.hex(),
            base64.b64encode(stored.header).decode(),
            None if stored.salt is None else base64.b64encode(stored.salt).decode(),
            None if stored.body is None else stored.body.decode("utf-8"),
            shown,
        )
        yield msgspec.json.encode(line) + b"\n"
    for one in signed:
        yield msgspec.json.encode(_Signature(one)) + b"\n"


def read_export(path: Path) -> list[Sealed]:
    """The events in an exported ledger. Raises FileMissing, LedgerBroken (by line) for what is no ledger."""
    if not path.is_file():
        raise FileMissing(str(path))
    found: list[Sealed] = []
    decoder = msgspec.json.Decoder(_Line)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith(_SIGNATURE):
                continue
            try:
                one = decoder.decode(line)
                header = base64.b64decode(one.header, validate=True)
                salt = None if one.salt is None else base64.b64decode(one.salt, validate=True)
                head = bytes.fromhex(one.head)
            except (msgspec.MsgspecError, ValueError) as problem:
                raise LedgerBroken(path.name, number, f"line {number} is no event ({problem})") from problem
            body = None if one.body is None else one.body.encode("utf-8")
            found.append(Sealed(one.seq, header, salt, body, head))
    return found


def signatures_in(path: Path) -> list[Signed]:
    """The signatures in an exported ledger. Raises FileMissing, LedgerBroken for a line that is none."""
    if not path.is_file():
        raise FileMissing(str(path))
    found: list[Signed] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith(_SIGNATURE):
                try:
                    found.append(msgspec.json.decode(line, type=_Signature).signature)
                except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
                    raise LedgerBroken(path.name, number, f"line {number} is no signature ({problem})") from problem
    return found


def verify_file(path: Path, *, expected_head: bytes | None = None) -> Verdict:
    """Verify an exported ledger. Raises FileMissing, LedgerBroken."""
    log = read_export(path)
    if not log:
        raise LedgerBroken(path.name, 1, "the file holds no event")
    try:
        case_id = read_header(log[0].header).case_id
    except msgspec.MsgspecError as problem:
        raise LedgerBroken(path.name, 1, f"the header cannot be read ({problem})") from problem
    return verify(case_id, log, expected_head=expected_head)

"""Signing what the house did: the heads of each day, and each release. The facts say so, and a file outside the
database does, so that cutting the chains' ends together with these facts is seen too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from jihwi.case.ledger import Sealed, read_header
from jihwi.house.facts import HeadsSigned, HouseBody, ReleaseSigned, SigningKeyMade
from jihwi.house.keys import SigningKey
from jihwi.house.signatures import Signed, SignedHead, Statement
from jihwi.house.state import HouseState
from jihwi.house.stream import HouseStream, open_fact
from jihwi.store import HOUSE, CaseRow, EventStore

__all__ = ["SIGNED_FOLDER", "record_release", "sign_heads", "signed_beside", "signed_in_stream"]

SIGNED_FOLDER = "signed"
"""In the state folder: each day's signed heads, a file each."""

_EVERY_CASE = 1_000_000_000
_SIGNING_KINDS = ("heads_signed", "release_signed")
_MOST_BYTES = 256 * 1024 * 1024


async def sign_heads(
    store: EventStore, stream: HouseStream, key: SigningKey, *, day: str, again: bool = False
) -> HeadsSigned | None:
    """Sign the heads of the house and of every case that changed since the last signing, and make it a fact.

    Once a day: `None` when `day` was signed already (unless `again`), or when nothing has happened since.
    """
    rows = await store.rows(limit=_EVERY_CASE)

    def said(state: HouseState) -> list[HouseBody]:
        if state.signed_day == day and not again:
            return []
        changed = [row for row in rows if row.changed_ms >= state.signed_ms]
        if not changed and state.seq == state.signed_seq:
            return []
        statement = Statement("day", _heads(state, changed), day=day)
        return [*_introduced(state, key), HeadsSigned(day, key.sign(statement))]

    events = await stream.decide(said)
    return next((event.body for event in events if isinstance(event.body, HeadsSigned)), None)


def _heads(state: HouseState, changed: Sequence[CaseRow]) -> tuple[SignedHead, ...]:
    house = [SignedHead(HOUSE, state.seq, state.head.hex())] if state.seq else []
    cases = [SignedHead(row.case_id, row.seq, row.head.hex()) for row in changed]
    return (*house, *sorted(cases, key=lambda head: head.case_id))


def _introduced(state: HouseState, key: SigningKey) -> list[HouseBody]:
    return [SigningKeyMade(key.public)] if state.key != key.public else []


async def record_release(stream: HouseStream, case_id: str, signed: Signed, key: SigningKey) -> None:
    """Make a release's signature a fact, once, however often the release is repeated."""

    def said(state: HouseState) -> list[HouseBody]:
        if state.releases.get(case_id) == signed.signature:
            return []
        return [*_introduced(state, key), ReleaseSigned(case_id, signed)]

    await stream.decide(said)


def signed_in_stream(log: Sequence[Sealed]) -> list[Signed]:
    """Every signature in the facts of a house, those of erased bodies left out."""
    found: list[Signed] = []
    for stored in log:
        if stored.body is None or read_header(stored.header).kind not in _SIGNING_KINDS:
            continue
        body = open_fact(stored).body
        if isinstance(body, HeadsSigned | ReleaseSigned):
            found.append(body.signed)
    return found


class _Released(msgspec.Struct):
    """What of a released report is looked at here."""

    signature: Signed | None = None


def signed_beside(path: Path) -> list[Signed]:
    """The signature in a file outside the database: one of `SIGNED_FOLDER`, or a released `report.json`. Nothing when
    it holds none. Raises OSError."""
    if path.stat().st_size > _MOST_BYTES:
        return []
    data = path.read_bytes()
    try:
        return [msgspec.json.decode(data, type=Signed)]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        found = msgspec.json.decode(data, type=_Released).signature
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []
    return [] if found is None else [found]

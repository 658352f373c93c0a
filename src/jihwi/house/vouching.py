"""Holding a chain against what was signed: what a signature vouches for, and what it shows to be cut or rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from jihwi.case.ledger import Sealed
from jihwi.errors import LedgerBroken
from jihwi.house.signatures import Signed, is_signed_by

__all__ = ["Vouched", "vouch"]


class Vouched(msgspec.Struct, frozen=True):
    """Up to which event a key's signatures vouch for a chain."""

    seq: int
    """0: no signature of this key names the chain."""
    key: str
    others: int
    """How many signatures name the chain under other keys; nothing is concluded from them."""


def vouch(case_id: str, log: Sequence[Sealed], signed: Iterable[Signed], key: str) -> Vouched:
    """Hold a verified chain, from its first event on, against every signature of `key` that names it.

    Raises LedgerBroken when a signature does not fit its statement, or when a signed head is not where it was.
    """
    seq = others = 0
    for one in signed:
        heads = [head for head in one.statement.heads if head.case_id == case_id]
        if not heads:
            continue
        if one.key != key:
            others += 1
            continue
        if not is_signed_by(one, key):
            raise LedgerBroken(case_id, heads[0].seq, "a signature over its head does not fit what it signs")
        for head in heads:
            if not 0 < head.seq <= len(log) or log[head.seq - 1].head.hex() != head.head:
                said = f"the head signed at event {head.seq} is not in the chain: its end was cut or rewritten"
                raise LedgerBroken(case_id, min(head.seq, len(log) + 1), said)
            seq = max(seq, head.seq)
    return Vouched(seq, key, others)

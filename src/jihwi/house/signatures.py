"""What is signed, and how a signature is checked: a statement of heads, in one canonical form, under Ed25519.

A signature says that whoever held the key saw these chains end there. A chain that no longer holds a signed head was
cut or rewritten. The key lies outside the database, so who can write there can sign nothing.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from jihwi.case.canonical import canonical

__all__ = ["Signed", "SignedHead", "Statement", "bytes_to_sign", "is_signed_by"]

_DOMAIN = b"jihwi statement 1\n"
"""What makes these bytes ours: a signature made for anything else fits no statement."""


class SignedHead(msgspec.Struct, frozen=True, array_like=True):
    """Where a chain stood: its event `seq` had this head (hexadecimal)."""

    case_id: str
    seq: int
    head: str


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is said under a signature."""

    purpose: Literal["release", "day", "export"]
    heads: tuple[SignedHead, ...]
    day: str = ""
    """The day whose heads these are, YYYY-MM-DD."""
    report: str = ""
    """The digest of the released report."""


class Signed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A statement, who signed it and how."""

    statement: Statement
    key: str
    """The public key, 64 hexadecimal letters."""
    signature: str
    """128 hexadecimal letters."""


def bytes_to_sign(statement: Statement) -> bytes:
    """The bytes a statement's signature is of: the same on every machine.

    >>> bytes_to_sign(Statement("day", (SignedHead("house", 3, "ab"),), day="2026-01-31"))
    b'jihwi statement 1\\n{"day":"2026-01-31","heads":[["house",3,"ab"]],"purpose":"day"}'
    """
    return _DOMAIN + canonical(msgspec.to_builtins(statement, builtin_types=(), order=None))


def is_signed_by(signed: Signed, key: str) -> bool:
    """Whether `key` (hexadecimal) signed exactly this statement."""
    from cryptography.exceptions import InvalidSignature  # waits: most commands check no signature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signed.signature), bytes_to_sign(signed.statement))
    except (ValueError, InvalidSignature):
        return False
    return signed.key == key

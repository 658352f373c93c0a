"""The names things carry, how they are read, and the port that makes new ones."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import NewType, Protocol

__all__ = ["CaseId", "Chance", "Digest", "Randomness", "digest_of", "is_case_id", "new_case_id"]

CaseId = NewType("CaseId", str)
"""`c` and twelve letters or digits, without i, l, o, u: easy to read aloud."""

Digest = NewType("Digest", str)
"""SHA-256 in lower-case hexadecimal, 64 characters."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_CASE_ID = re.compile(r"c[0-9a-hjkmnp-tv-z]{12}\Z")


class Chance(Protocol):
    """Where chance enters the house; tests give a seeded one."""

    def token(self, size: int) -> bytes:
        """`size` bytes nobody can guess."""
        ...


class Randomness:
    """Chance from the operating system."""

    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def new_case_id(chance: Chance, now_ms: int) -> CaseId:
    """A new case's name: seven letters of time, so that names sort by age, and five of chance."""
    moment = (now_ms // 1000) % (1 << 35)
    number = (moment << 25) | (int.from_bytes(chance.token(4), "big") & 0x1FFFFFF)
    letters = "".join([_PAIRS[(number >> shift) & 1023] for shift in (50, 40, 30, 20, 10, 0)])
    return CaseId("c" + letters)


def is_case_id(text: str) -> bool:
    """Whether `text` is a whole case name."""
    return _CASE_ID.match(text) is not None


def digest_of(data: bytes) -> Digest:
    """The SHA-256 of `data`.

    >>> digest_of(b"")[:8]
    'e3b0c442'
    """
    return Digest(hashlib.sha256(data).hexdigest())

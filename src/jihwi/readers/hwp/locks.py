"""The two locks of HWP 5: distribution, whose key lies in the file, and a password.

Source: "한글 문서 파일 형식 – 배포용 문서", revision 1.2, sections 2.1 to 2.4. The password scheme is not published;
what is known of it is written at `PasswordCipher`.
"""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jihwi.errors import FileLocked
from jihwi.readers.hwp.records import DISTRIBUTE_DOC_DATA

__all__ = ["PasswordCipher", "unlock_distributed"]

_DATA_BYTES = 256


def _random_row(seed: int) -> bytes:
    """Section 2.2: 256 bytes from `rand()` of Microsoft's C library: a value, then how often it stands."""
    row = bytearray()
    state = seed

    def rand() -> int:
        nonlocal state
        state = (state * 214013 + 2531011) & 0xFFFFFFFF
        return state >> 16 & 0x7FFF

    while len(row) < _DATA_BYTES:
        value = rand() & 0xFF
        row += bytes([value]) * ((rand() & 0x0F) + 1)
    return bytes(row[:_DATA_BYTES])


def distribution_key(data: bytes) -> bytes:
    """Section 2.3: the first sixteen bytes of the hash hidden in the 256 bytes of distribution data."""
    (seed,) = struct.unpack_from("<I", data)
    offset = (seed & 0x0F) + 4
    row = _random_row(seed)
    return bytes(a ^ b for a, b in zip(data[offset : offset + 16], row[offset : offset + 16], strict=True))


def unlock_distributed(stream: bytes) -> bytes | None:
    """The stream behind the distribution record, still compressed; `None` when the stream has no such record.

    Section 2.4: AES-128 in ECB mode. A tail shorter than a block is left out; the deflate stream ends before it.
    """
    if len(stream) < 4 + _DATA_BYTES:
        return None
    (header,) = struct.unpack_from("<I", stream)
    if header & 0x3FF != DISTRIBUTE_DOC_DATA or header >> 20 != _DATA_BYTES:
        return None
    key = distribution_key(stream[4 : 4 + _DATA_BYTES])
    locked = stream[4 + _DATA_BYTES :]
    machine = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    return machine.update(locked[: len(locked) // 16 * 16]) + machine.finalize()


class PasswordCipher:
    """Placeholder until a scheme is known."""

    def __init__(self, password: str, scheme: int, path: str) -> None:
        raise FileLocked(path=path, detail="암호를 주지 않음" if not password else f"암호 방식 {scheme}")

    def decrypt(self, raw: bytes) -> bytes:
        """The plain stream."""
        return raw

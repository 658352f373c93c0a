"""The two locks of HWP 5: distribution, whose key lies in the file, and a password.

Source: "한글 문서 파일 형식 – 배포용 문서", revision 1.2, sections 2.1 to 2.4. The password scheme is not published;
what is known of it stands at `password_key` and `PasswordCipher`.
"""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jihwi.errors import FileLocked
from jihwi.readers.hwp.records import DISTRIBUTE_DOC_DATA

__all__ = ["PasswordCipher", "distribution_key", "password_ciphers", "password_key", "random_row", "unlock_distributed"]

_DATA_BYTES = 256


def random_row(seed: int) -> bytes:
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
    row = random_row(seed)
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


_ROLLED_FIRST = 0xEC
_LONGEST_PASSWORD = 80
_CHUNK = 1 << 16
_NEWEST_SCHEME = 4


def password_key(password: bytes) -> bytes:
    """The key of scheme 4: each byte of the password after the byte before it, turned left by one bit, hashed.

    Not in the published text; this is what readers of such files agree on. The first byte follows 0xEC; the key is
    the first sixteen bytes of the SHA-1.
    """
    mixed = bytearray()
    before = _ROLLED_FIRST
    for byte in password[:_LONGEST_PASSWORD]:
        mixed += bytes([(before << 1 | before >> 7) & 0xFF, byte])
        before = byte
    return hashlib.sha1(bytes(mixed)).digest()[:16]


def password_ciphers(password: str, scheme: int, path: str) -> list[PasswordCipher]:
    """The ciphers to try, one for each way to write the password in bytes.

    Raises `FileLocked` when no password was given, or when the scheme is an older one.
    """
    if not password:
        raise FileLocked(path=path, detail="암호가 필요함")
    if scheme != _NEWEST_SCHEME:
        raise FileLocked(path=path, detail=f"읽을 수 없는 옛 암호 방식 ({scheme})")
    written = {password.encode(encoding, "replace") for encoding in ("cp949", "utf-8", "utf-16-le")}
    return [PasswordCipher(one) for one in sorted(written)]


class PasswordCipher:
    """Scheme 4 (Hangul 7.0 and later): AES-128 in cipher feedback of one bit, from a register of zeros.

    >>> PasswordCipher(b"1234567").decrypt(bytes(range(8))).hex()
    'fffe5547dfee0d46'
    """

    def __init__(self, password: bytes) -> None:
        self._machine = Cipher(algorithms.AES(password_key(password)), modes.ECB())

    def decrypt(self, raw: bytes) -> bytes:
        """The plain bytes.

        The register before a bit is the 128 bits of cipher text before it, all of them known. So for each of the
        eight places in a byte all registers are encrypted in one go.
        """
        before = bytes(16)
        plain: list[bytes] = []
        for at in range(0, len(raw), _CHUNK):
            part = raw[at : at + _CHUNK]
            plain.append(self._keyed(before + part, part))
            before = (before + part)[-16:]
        return b"".join(plain)

    def _keyed(self, registers: bytes, part: bytes) -> bytes:
        whole = int.from_bytes(registers + b"\0", "big")
        width = len(registers) + 1
        mixed = int.from_bytes(part, "big")
        for place in range(8):
            shifted = (whole << place).to_bytes(width + 1, "big")[1:]
            blocks = b"".join(shifted[k : k + 16] for k in range(len(part)))
            encryptor = self._machine.encryptor()
            first_bytes = (encryptor.update(blocks) + encryptor.finalize())[::16]
            bits = first_bytes.translate(bytes((value & 0x80) >> place for value in range(256)))
            mixed ^= int.from_bytes(bits, "big")
        return mixed.to_bytes(len(part), "big")

"""Packages locked with a password part by part, as OpenDocument does and HWPX with it; and the whole package in one.

Source: ODF 1.2 part 3, section 3.4, to which KS X 6101 (OWPML), section 15, refers: a start key (SHA-256 or SHA-1 of
the password), PBKDF2 with HMAC-SHA-1, AES in CBC mode (before 1.2: Blowfish in CFB mode) over the deflated part.
Hancom does not pad as PKCS#7 says, so no padding is taken off: the deflate stream knows where it ends. LibreOffice
from 24.2 on locks the whole package as one part: Argon2id (RFC 9106) and AES in GCM mode, its vector before the text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import Blowfish
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from lxml import etree

from jihwi.errors import FileBroken, FileLocked, FileTooLarge

__all__ = ["Locks"]

_MOST_ITERATIONS = 1_000_000
_MOST_ARGON_KIB = 256 << 10
_MOST_ARGON_ITERATIONS = 20


class _Lock(msgspec.Struct, frozen=True):
    cipher: Literal["aes-cbc", "aes-gcm", "blowfish", ""]
    vector: bytes
    salt: bytes
    iterations: int
    key_bytes: int
    start_hash: str
    checksum: bytes
    checksum_hash: str
    size: int
    argon: tuple[int, int, int] | None = None
    """Iterations, KiB and lanes, where the key is derived by Argon2id."""


class Locks:
    """Which parts are locked, and their opening."""

    def __init__(self, manifest: etree._Element | None, password: str, path: str) -> None:
        self._path = path
        self._password = password
        self._locks: dict[str, _Lock] = {}
        self._keys: dict[tuple[bytes, int, int, str], bytes] = {}
        if manifest is not None:
            for entry in manifest.iter("{*}file-entry"):
                lock = _lock(entry)
                if lock is not None:
                    self._locks[_attribute(entry, "full-path").lower()] = lock

    def __bool__(self) -> bool:
        return bool(self._locks)

    def open(self, name: str, raw: bytes, most_bytes: int) -> bytes:
        """The plain part. Raises `FileLocked` without the right password."""
        lock = self._locks.get(name.lower())
        if lock is None:
            return raw
        if not self._password:
            raise FileLocked(path=self._path, detail="암호가 필요함")
        try:
            deflated = _decrypted(raw, self._key(lock), lock)
        except ValueError as problem:
            raise FileBroken(path=self._path, detail=f"{name}의 암호화 정보가 손상됨") from problem
        except InvalidTag as problem:
            raise FileLocked(path=self._path, detail="암호가 맞지 않음") from problem
        if lock.checksum and not _agrees(deflated, lock):
            raise FileLocked(path=self._path, detail="암호가 맞지 않음")
        plain = self._inflated(deflated, most_bytes)
        return plain[: lock.size] if lock.size and len(plain) > lock.size else plain

    def _inflated(self, deflated: bytes, most_bytes: int) -> bytes:
        try:
            plain = zlib.decompressobj(-15).decompress(deflated, most_bytes + 1)
        except zlib.error as problem:
            raise FileLocked(path=self._path, detail="암호가 맞지 않음") from problem
        if len(plain) > most_bytes:
            raise FileTooLarge(path=self._path, detail=f"풀면 {most_bytes:,}바이트를 넘음")
        return plain

    def _key(self, lock: _Lock) -> bytes:
        known = (lock.salt, lock.iterations, lock.key_bytes, lock.start_hash)
        if known not in self._keys:
            start = hashlib.new(lock.start_hash, self._password.encode("utf-8")).digest()
            self._keys[known] = _derived(start, lock)
        return self._keys[known]


def _derived(start: bytes, lock: _Lock) -> bytes:
    """The key. Raises ValueError for parameters that no key can be made with."""
    if lock.argon is None:
        return hashlib.pbkdf2_hmac("sha1", start, lock.salt, lock.iterations, lock.key_bytes)
    iterations, memory, lanes = lock.argon
    if memory > _MOST_ARGON_KIB or iterations > _MOST_ARGON_ITERATIONS:
        raise ValueError("more work than a reader may do")
    machine = Argon2id(salt=lock.salt, length=lock.key_bytes, iterations=iterations, lanes=lanes, memory_cost=memory)
    return machine.derive(start)


def _decrypted(raw: bytes, key: bytes, lock: _Lock) -> bytes:
    """The deflated part. Raises ValueError for what is damaged, InvalidTag for a wrong key where that can be told."""
    if lock.cipher == "aes-gcm":
        text = raw[len(lock.vector) :] if raw.startswith(lock.vector) else raw
        return AESGCM(key).decrypt(lock.vector, text, None)
    if lock.cipher == "blowfish":
        machine = Cipher(Blowfish(key), CFB(lock.vector)).decryptor()
    elif lock.cipher == "aes-cbc":
        machine = Cipher(algorithms.AES(key), modes.CBC(lock.vector)).decryptor()
    else:
        raise ValueError("another cipher")
    return machine.update(raw) + machine.finalize()


def _agrees(deflated: bytes, lock: _Lock) -> bool:
    """The checksum is over the first 1,024 bytes of the deflated part; without padding it may end sooner."""
    candidates = [deflated[:1024]]
    if len(deflated) <= 1024:
        candidates.extend(deflated[:-cut] for cut in range(1, 17))
    return any(hashlib.new(lock.checksum_hash, candidate).digest() == lock.checksum for candidate in candidates)


def _attribute(element: etree._Element, name: str) -> str:
    """An attribute whatever its namespace: Hancom writes none, OpenDocument's own is allowed."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return b""


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else default


def _lock(entry: etree._Element) -> _Lock | None:
    data = entry.find("{*}encryption-data")
    if data is None:
        return None
    algorithm, derivation = data.find("{*}algorithm"), data.find("{*}key-derivation")
    start = data.find("{*}start-key-generation")
    if algorithm is None or derivation is None:
        return None
    name = _attribute(algorithm, "algorithm-name").lower()
    named_bytes = next((bits // 8 for bits in (128, 192, 256) if f"aes{bits}" in name), 32)
    start_name = _attribute(start, "start-key-generation-name").lower() if start is not None else ""
    checksum_type = _attribute(data, "checksum-type").lower()
    return _Lock(
        cipher=_cipher(name),
        vector=_bytes(_attribute(algorithm, "initialisation-vector")),
        salt=_bytes(_attribute(derivation, "salt")),
        iterations=min(max(1, _number(_attribute(derivation, "iteration-count"), 1024)), _MOST_ITERATIONS),
        key_bytes=named_bytes if "aes" in name else min(max(4, _number(_attribute(derivation, "key-size"), 16)), 56),
        start_hash="sha1" if start_name.endswith("sha1") or not start_name else "sha256",
        checksum=_bytes(_attribute(data, "checksum")),
        checksum_hash="sha256" if "sha256" in checksum_type else "sha1",
        size=_number(_attribute(entry, "size"), 0),
        argon=_argon(derivation),
    )


def _cipher(name: str) -> Literal["aes-cbc", "aes-gcm", "blowfish", ""]:
    if "blowfish" in name:
        return "blowfish"
    if "aes" in name:
        return "aes-gcm" if name.endswith("gcm") else "aes-cbc"
    return ""


def _argon(derivation: etree._Element) -> tuple[int, int, int] | None:
    if "argon2id" not in _attribute(derivation, "key-derivation-name").lower():
        return None
    iterations, memory, lanes = (
        _number(_attribute(derivation, f"argon2-{name}"), 1) for name in ("iterations", "memory", "lanes")
    )
    return iterations, memory, lanes

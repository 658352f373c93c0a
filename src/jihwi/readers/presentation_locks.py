"""Opens PPT presentations that are locked with a password, object by object.

Source: MS-PPT 2.3.3 (UserEditAtom), 2.3.4 (PersistDirectoryAtom), 2.3.7 (CryptSession10Container) and MS-OFFCRYPTO
2.3.5 (RC4 CryptoAPI): each object of the presentation is encrypted by itself, its header too, with a key made of the
password, the salt and the object's number. Tried and given up: the library that opens the other formats takes the
objects for lying in the order of their numbers and the lock for the last of them, and leaves the rest as rubbish.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import struct

import olefile
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from jihwi.errors import FileBroken, FileLocked

__all__ = ["is_locked_presentation", "unlocked_presentation"]

_DOCUMENT, _USER = "PowerPoint Document", "Current User"
_LOCKED, _OPEN = 0xF3D1C4DF, 0xE391C05F
_USER_EDIT, _DIRECTORY, _CRYPT_SESSION = 0x0FF5, 0x1772, 0x2F14
_MOST_EDITS = 1_000
_MOST_OBJECTS = 200_000
_RC4 = 0x6801


def is_locked_presentation(file: olefile.OleFileIO) -> bool:
    """Whether a presentation says of itself that it is encrypted (MS-PPT 2.3.2)."""
    if not file.exists(_USER):
        return False
    head = file.openstream(_USER).read(16)
    return len(head) == 16 and _long(head, 12) == _LOCKED


def unlocked_presentation(data: bytes, path: str, password: str) -> bytes:
    """The presentation without its lock; its pictures stay locked, for nothing reads them.

    Raises FileLocked when the password is not the right one or the way of locking is unknown, FileBroken for damage.
    """
    container = io.BytesIO(data)
    try:
        with olefile.OleFileIO(container, write_mode=True) as file:
            user, document = bytearray(file.openstream(_USER).read()), bytearray(file.openstream(_DOCUMENT).read())
            _open(user, document, path, password)
            file.write_stream(_USER, bytes(user))
            file.write_stream(_DOCUMENT, bytes(document))
            return container.getvalue()
    except (OSError, ValueError, IndexError, struct.error) as problem:
        raise FileBroken(path, f"ppt: {type(problem).__name__}") from problem


def _open(user: bytearray, document: bytearray, path: str, password: str) -> None:
    edit = _long(user, 16)
    kind, size = _header(document, edit)
    if kind != _USER_EDIT or size < 0x20:
        raise FileLocked(path, "읽을 수 없는 암호 방식 (ppt)")
    places = _directory(document, edit)
    session = places.get(_long(document, edit + 36), -1)
    lock = _Lock(document, session, path)
    if not lock.opens_with(password):
        raise FileLocked(path, "암호가 맞지 않음")
    for number, place in places.items():
        if place != session:
            _open_object(document, place, lock.stream(number, password))
    struct.pack_into("<I", user, 12, _OPEN)
    struct.pack_into("<I", document, edit + 4, 0x1C)  # a record without the number of the lock


def _open_object(document: bytearray, place: int, stream: Cipher[None]) -> None:
    """Decrypt one object where it lies: first its header, which tells how long it is."""
    machine = stream.decryptor()
    head = machine.update(bytes(document[place : place + 8]))
    size = min(_long(head, 4), len(document) - place - 8)
    document[place : place + 8] = head
    document[place + 8 : place + 8 + size] = machine.update(bytes(document[place + 8 : place + 8 + size]))


def _directory(document: bytearray, edit: int) -> dict[int, int]:
    """Where each object lies, by its number; what was saved last counts."""
    found: dict[int, int] = {}
    for _ in range(_MOST_EDITS):
        if _header(document, edit)[0] != _USER_EDIT:
            raise ValueError("no edit")
        place = _long(document, edit + 20)
        kind, size = _header(document, place)
        if kind != _DIRECTORY or size > len(document):
            raise ValueError("no directory")
        for number, offset in _entries(document, place + 8, place + 8 + size):
            found.setdefault(number, offset)
        earlier = _long(document, edit + 16)
        if earlier == 0 or earlier >= edit or len(found) > _MOST_OBJECTS:
            break
        edit = earlier
    return found


def _entries(document: bytearray, at: int, end: int) -> list[tuple[int, int]]:
    found = []
    while at + 4 <= end:
        first = _long(document, at)
        number, count = first & 0xFFFFF, first >> 20
        at += 4
        for step in range(min(count, (end - at) // 4)):
            found.append((number + step, _long(document, at + 4 * step)))
        at += 4 * count
    return found


class _Lock:
    """What the presentation says of its encryption. Raises FileLocked where it is of no kind that is known."""

    def __init__(self, document: bytearray, session: int, path: str) -> None:
        kind, size = _header(document, session) if session >= 0 else (0, 0)
        body = bytes(document[session + 8 : session + 8 + size])
        if kind != _CRYPT_SESSION or len(body) < 12 or struct.unpack_from("<HH", body)[1] != 2:
            raise FileLocked(path, "읽을 수 없는 암호 방식 (ppt)")
        described = _long(body, 8)
        if _long(body, 12 + 8) != _RC4:
            raise FileLocked(path, f"읽을 수 없는 암호 방식 (ppt {_long(body, 12 + 8):#x})")
        self._bits = _long(body, 12 + 16) or 40
        verifier = body[12 + described :]
        self._salt, self._verifier, self._digest = verifier[4:20], verifier[20:36], verifier[40:60]

    def opens_with(self, password: str) -> bool:
        """Whether the password is the right one."""
        machine = self.stream(0, password).decryptor()
        told = hashlib.sha1(machine.update(self._verifier)).digest()
        return hmac.compare_digest(told, machine.update(self._digest))

    def stream(self, number: int, password: str) -> Cipher[None]:
        """The cipher of one object."""
        start = hashlib.sha1(self._salt + password.encode("utf-16-le")).digest()
        key = hashlib.sha1(start + struct.pack("<I", number)).digest()[: min(self._bits, 128) // 8]
        return Cipher(ARC4(key + bytes(11) if len(key) == 5 else key), mode=None)


def _header(document: bytearray, place: int) -> tuple[int, int]:
    """A record's type and length."""
    _, kind, size = struct.unpack_from("<HHI", document, place)
    return kind, size


def _long(data: bytes | bytearray, place: int) -> int:
    value: int = struct.unpack_from("<I", data, place)[0]
    return value

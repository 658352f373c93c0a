"""The compound file around an HWP 5 document: its header, and its streams, unlocked and inflated within limits.

Source: "한글 문서 파일 형식 5.0", revision 1.3, section 3.1 (storages and streams) and table 3 (file header).
"""

from __future__ import annotations

import io
import re
import struct
import zlib

import olefile

from jihwi.errors import FileBroken, FileLocked, FileTooLarge
from jihwi.readers import Limits
from jihwi.readers.hwp.locks import PasswordCipher, password_ciphers, unlock_distributed
from jihwi.readers.hwp.records import DOCUMENT_PROPERTIES

__all__ = ["Container", "chart_xml"]

_CHART = "OOXMLChartContents"
_DAMAGE = (OSError, ValueError, IndexError, struct.error, RecursionError, MemoryError, TypeError)
_SIGNATURE = b"HWP Document File"
_COMPRESSED, _PASSWORD, _DISTRIBUTED, _DRM, _CERTIFICATE = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 8
_CERTIFICATE_DRM, _TRACKED = 1 << 10, 1 << 14
_SECTION = re.compile(r"section(\d+)$", re.IGNORECASE)


class Container:
    """An opened HWP 5 file. Every stream it gives is plain: decrypted and inflated.

    `inflated_bytes` is the budget for all streams together: text takes two bytes a character, its records a few more.
    """

    def __init__(self, data: bytes, path: str, limits: Limits, password: str = "") -> None:
        self._path = path
        self._budget = limits.output_characters * 8
        try:
            self._ole = olefile.OleFileIO(io.BytesIO(data))
        except _DAMAGE as problem:
            raise FileBroken(path=path, detail=f"복합 파일 구조를 읽을 수 없음 ({problem})") from problem
        header = self._raw("FileHeader")
        if not header.startswith(_SIGNATURE) or len(header) < 40:
            raise FileBroken(path=path, detail="FileHeader가 없거나 HWP 5 문서가 아님")
        version, flags = struct.unpack_from("<II", header, 32)
        self.version = tuple(version >> shift & 0xFF for shift in (24, 16, 8, 0))
        self.compressed = bool(flags & _COMPRESSED)
        self.distributed = bool(flags & _DISTRIBUTED)
        self._tracked = bool(flags & _TRACKED)
        self.cut = False
        """Whether a stream ended before its time; what came before was kept."""
        if flags & (_DRM | _CERTIFICATE | _CERTIFICATE_DRM):
            raise FileLocked(path=path, detail="DRM 또는 공인인증서로 보호된 문서")
        self._cipher: PasswordCipher | None = None
        if flags & _PASSWORD:
            scheme = struct.unpack_from("<I", header, 44)[0] if len(header) >= 48 else 0
            self._cipher = self._matching(password_ciphers(password, scheme, path))

    def sections(self) -> list[bytes]:
        """The body sections in order. `ViewText` where the lock of a distributed document, or an empty
        `BodyText`, says that the true body is there."""
        body = self._numbered("bodytext")
        view = self._numbered("viewtext")
        if view and (self.distributed or not body or not any(self._size(name) > 64 for name in body)):
            return [self._viewed(name) for name in view]
        return [self.stream(name) for name in body]

    def tracked(self) -> list[bytes]:
        """The sections with their tracked changes: such a document's body is the final text, its view the history."""
        if self.distributed or not self._tracked:
            return []
        return [self._viewed(name) for name in self._numbered("viewtext")]

    def stream(self, name: str) -> bytes:
        """A stream that the file's flags say is encrypted and compressed (`DocInfo`, body sections)."""
        raw = self._raw(name)
        if self._cipher is not None:
            raw = self._cipher.decrypt(raw)
        return self.inflate(raw) if self.compressed else raw

    def plain(self, name: str) -> bytes:
        """A stream as it lies; empty when there is none."""
        return self._raw(name) if self._ole.exists(name) else b""

    def exists(self, name: str) -> bool:
        """Whether there is a stream of this name."""
        return bool(self._ole.exists(name))

    def embedded(self, name: str, packed: int) -> bytes:
        """Embedded data: each says for itself whether it is compressed (table 18). Empty when it is not there."""
        if not self._ole.exists(name):
            return b""
        raw = self._raw(name)
        if self._cipher is not None:
            raw = self._cipher.decrypt(raw)
        return self.inflate(raw) if packed == 0x10 or (packed == 0 and self.compressed) else raw

    def inflate(self, raw: bytes) -> bytes:
        """Raw deflate, up to the budget; a stream that breaks off keeps what came before."""
        machine = zlib.decompressobj(-15)
        parts: list[bytes] = []
        try:
            part = machine.decompress(raw, self._budget + 1)
            parts.append(part)
        except zlib.error:
            return self._salvaged(raw)
        if len(part) > self._budget:
            raise FileTooLarge(path=self._path, detail=f"풀면 {self._budget:,}바이트를 넘음")
        self._budget -= len(part)
        self.cut = self.cut or not machine.eof
        return part

    def _salvaged(self, raw: bytes) -> bytes:
        """What inflates before the damage, in small steps; a stream that never was compressed stays itself."""
        machine = zlib.decompressobj(-15)
        kept = bytearray()
        for at in range(0, len(raw), 256):
            try:
                kept += machine.decompress(raw[at : at + 256], self._budget - len(kept) + 1)
            except zlib.error:
                break
            if len(kept) > self._budget:
                raise FileTooLarge(path=self._path, detail=f"풀면 {self._budget:,}바이트를 넘음")
        self.cut = True
        if not kept and len(raw) >= 4 and struct.unpack_from("<I", raw)[0] & 0x3FF in (0x10, 0x42):
            return raw
        self._budget -= len(kept)
        return bytes(kept)

    def _matching(self, ciphers: list[PasswordCipher]) -> PasswordCipher:
        """The cipher under which the definitions begin with the record they must begin with."""
        start = self._raw("DocInfo")[:1024]
        for cipher in ciphers:
            plain = cipher.decrypt(start)
            if self.compressed:
                try:
                    plain = zlib.decompressobj(-15).decompress(plain, 4)
                except zlib.error:
                    continue
            if len(plain) >= 4 and struct.unpack_from("<I", plain)[0] & 0xFFFFF == DOCUMENT_PROPERTIES:
                return cipher
        raise FileLocked(path=self._path, detail="암호가 맞지 않음")

    def _viewed(self, name: str) -> bytes:
        raw = self._raw(name)
        unlocked = unlock_distributed(raw)
        if unlocked is None:
            return self.inflate(raw) if self.compressed else raw
        return self.inflate(unlocked) if self.compressed else unlocked

    def _numbered(self, storage: str) -> list[str]:
        found: list[tuple[int, str]] = []
        for entry in self._ole.listdir(streams=True, storages=False):
            if len(entry) == 2 and entry[0].lower() == storage and (match := _SECTION.match(entry[1])):
                found.append((int(match[1]), "/".join(entry)))
        return [name for _, name in sorted(found)]

    def _size(self, name: str) -> int:
        return int(self._ole.get_size(name))

    def _raw(self, name: str) -> bytes:
        try:
            with self._ole.openstream(name) as stream:
                return bytes(stream.read())
        except _DAMAGE as problem:
            raise FileBroken(path=self._path, detail=f"{name} 스트림을 읽을 수 없음") from problem


def chart_xml(data: bytes) -> bytes:
    """The XML of a chart kept as an OLE object, which is a compound file after four bytes of length; empty for none."""
    if data[4:12] != olefile.MAGIC:
        return b""
    try:
        with olefile.OleFileIO(io.BytesIO(data[4:])) as ole:
            return bytes(ole.openstream(_CHART).read()) if ole.exists(_CHART) else b""
    except _DAMAGE:
        return b""

"""Opens archives: every member as a document of its own, within limits, and never a path outside."""

from __future__ import annotations

import io
import lzma
import posixpath
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO

from jihwi.errors import FileBroken, FileLocked
from jihwi.evidence import ReadingBuilder
from jihwi.readers import Attachment, Hint, Limits, Result
from jihwi.readers.encoding import decode
from jihwi.readers.sniff import is_left_behind

__all__ = ["ArchiveReader"]

_MOST_MEMBERS = 5_000
_LARGEST_RATIO = 500
_RATIO_FROM = 10 << 20
_UTF8_NAME = 0x800
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


class ArchiveReader:
    """ZIP and TAR, the latter also packed by gzip, bzip2 or xz."""

    name = "archive"
    version = "2"
    formats: Sequence[str] = ("zip", "tar")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or "zip"
        )
        unpack = _Unpacking(builder, limits, hint)
        try:
            members = list(unpack.tar(data) if format == "tar" else unpack.zip(data))
        except _BROKEN as error:
            raise FileBroken(hint.path, f"압축 파일을 열 수 없음 ({error})") from error
        if not members and unpack.locked:
            raise FileLocked(hint.path, format)
        for member in members:
            builder.block("list_item", member.name, level=1)
        return Result(builder.done(), tuple(members))


class _Unpacking:
    """One archive being unpacked, and what is left of its limits."""

    def __init__(self, builder: ReadingBuilder, limits: Limits, hint: Hint) -> None:
        self._builder = builder
        self._password = hint.password.encode() or None
        self._members_left = _MOST_MEMBERS
        self._bytes_left = min(limits.file_bytes, limits.memory_bytes // 4)
        self.locked = False

    def zip(self, data: bytes) -> Iterator[Attachment]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                name = self._safe(_zip_name(info))
                if not name or info.is_dir():
                    continue
                if stat.S_ISLNK(info.external_attr >> 16):
                    self._builder.warn("link_ignored", name)
                    continue
                if not self._allows(name, info.file_size, info.compress_size):
                    continue
                try:
                    with archive.open(info, pwd=self._password) as member:
                        content = self._content(member, name)
                except RuntimeError:  # what zipfile raises for a missing or wrong password
                    self.locked = True
                    self._builder.warn("attachment_locked", name)
                    continue
                except _BROKEN:
                    self._builder.warn("attachment_broken", name)
                    continue
                if content is not None:
                    yield Attachment(name, content)

    def tar(self, data: bytes) -> Iterator[Attachment]:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
            for info in archive:
                name = self._safe(_decoded(info.name.encode("utf-8", "surrogateescape")))
                if not info.isfile():
                    if not info.isdir():
                        self._builder.warn("link_ignored", name)
                    continue
                if not name or not self._allows(name, info.size, len(data)):
                    continue
                member = archive.extractfile(info)
                content = self._content(member, name) if member is not None else None
                if content is not None:
                    yield Attachment(name, content)

    def _safe(self, name: str) -> str:
        """The name as a path inside the archive; empty, with a warning, for one that leads out of it."""
        tidy = posixpath.normpath(name.replace("\\", "/")).lstrip("/")
        if not name:
            self._builder.warn("attachment_broken", "?")
            return ""
        if tidy.startswith("../") or tidy in {"..", ".", ""} or (len(tidy) > 1 and tidy[1] == ":"):
            self._builder.warn("path_outside", name[:200])
            return ""
        return "" if any(map(is_left_behind, tidy.split("/"))) else tidy

    def _allows(self, name: str, size: int, packed: int) -> bool:
        if size > _RATIO_FROM and size > max(1, packed) * _LARGEST_RATIO:
            self._builder.warn("attachment_bomb", name)
            return False
        if self._members_left <= 0 or size > self._bytes_left:
            self._builder.warn("attachments_cut")
            return False
        self._members_left -= 1
        return True

    def _content(self, member: IO[bytes], name: str) -> bytes | None:
        """What came out, whatever the archive said of its size."""
        content = member.read(self._bytes_left + 1)
        if len(content) > self._bytes_left:
            self._builder.warn("attachment_bomb", name)
            return None
        self._bytes_left -= len(content)
        return content


def _zip_name(info: zipfile.ZipInfo) -> str:
    """A member's name; Korean Windows writes it in CP949 without saying so."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    return decode(raw).text.replace("\n", " ")

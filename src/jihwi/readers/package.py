"""Opens what strangers packed: zip archives within limits, and XML with nothing expanded and nothing fetched."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lxml import etree

from jihwi.errors import FileBroken, FileLocked, FileTooLarge
from jihwi.readers import Limits

if TYPE_CHECKING:
    from jihwi.readers.package_locks import Locks

__all__ = ["Package", "local", "parse_xml", "text_of"]

_MOST_PARTS = 20_000
_LARGEST_RATIO = 500
_RATIO_FROM = 10 << 20
_COMPOUND = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Office wraps an encrypted package in a compound file that holds it under this name (MS-OFFCRYPTO 2.3)."""
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


class Package:
    """A zip archive of XML parts. Every part is bounded by the limits; a path never leaves the archive."""

    def __init__(self, data: bytes, path: str, limits: Limits) -> None:
        self.path = path
        self._limits = limits
        self._spent = 0
        if data.startswith(_COMPOUND) and _ENCRYPTED in data:
            raise FileLocked(path, "office")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            self._names = {_tidy(i.filename): i for i in self._zip.infolist()}
        except _ZIP_ERRORS as error:
            raise FileBroken(path, f"zip: {error}") from error
        if len(self._names) > _MOST_PARTS:
            raise FileTooLarge(path, f"zip: {len(self._names)} parts")
        self._lower = {name.lower(): name for name in self._names}
        self._locks: Locks | None = None

    def opened_by(self, locks: Locks) -> Package:
        """The same package, with every part that is locked opened as it is read. Raises FileLocked then, when the
        password is not the right one."""
        self._locks = locks
        return self

    def names(self) -> list[str]:
        """The parts, by path."""
        return list(self._names)

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.lower() in self._lower

    def bytes(self, name: str) -> bytes:
        """One part. Raises FileBroken when it is missing or damaged, FileTooLarge when it unpacks beyond the limits."""
        found = self._lower.get(name.lower())
        if found is None:
            raise FileBroken(self.path, f"zip: no part {name}")
        info = self._names[found]
        if info.flag_bits & 1:
            raise FileLocked(self.path, "zip")
        allowed = min(self._limits.file_bytes, self._limits.memory_bytes // 2) - self._spent
        if info.file_size > allowed or _is_bomb(info.file_size, info.compress_size):
            raise FileTooLarge(self.path, f"{name}: {info.file_size} bytes")
        try:
            with self._zip.open(info) as part:
                data = part.read(allowed + 1)
        except _ZIP_ERRORS as error:
            raise FileBroken(self.path, f"{name}: {error}") from error
        # What the archive says of its sizes may be a lie; what came out is not.
        self._spent += len(data)
        if len(data) > allowed or _is_bomb(len(data), info.compress_size):
            raise FileTooLarge(self.path, name)
        return data if self._locks is None else self._locks.open(found, data, allowed)

    def xml(self, name: str) -> etree._Element:
        """One part as XML; see `parse_xml`."""
        return parse_xml(self.bytes(name), f"{self.path}!{name}")

    def optional_xml(self, name: str) -> etree._Element | None:
        """One part as XML, or None when it is missing or unreadable."""
        if not name or not self.has(name):
            return None
        try:
            return self.xml(name)
        except FileBroken:
            return None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part of an Office file points to: id → (last word of the type, path inside the package)."""
        folder, name = posixpath.split(part)
        root = self.optional_xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for relation in root if root is not None else ():
            if not isinstance(relation.tag, str) or relation.get("TargetMode") == "External":
                continue
            target = unquote(relation.get("Target", ""))
            resolved = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            if not resolved.startswith(".."):
                found[relation.get("Id", "")] = (relation.get("Type", "").rsplit("/", 1)[-1], resolved)
        return found

    def addresses(self, part: str) -> dict[str, str]:
        """The places outside the package that a part of an Office file names: id → address as written."""
        folder, name = posixpath.split(part)
        root = self.optional_xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            relation.get("Id", ""): relation.get("Target", "")
            for relation in (root if root is not None else ())
            if isinstance(relation.tag, str) and relation.get("TargetMode") == "External"
        }

    def related(self, part: str, kind: str) -> Iterator[str]:
        """The paths of the parts of one kind that `part` points to, if they exist."""
        for found, target in self.relations(part).values():
            if found == kind and self.has(target):
                yield target


def _tidy(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/")


def _is_bomb(size: int, packed: int) -> bool:
    return size > _RATIO_FROM and size > max(1, packed) * _LARGEST_RATIO


def parse_xml(data: bytes, path: str) -> etree._Element:
    """The root of an XML document. No entity is expanded, no document type loaded, nothing fetched.

    Small faults are passed over; raises FileBroken when no root can be found.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileBroken(path, f"xml: {error}") from error
    if root is None:
        raise FileBroken(path, "xml: empty")
    return root


def local(element: etree._Element) -> str:
    """The tag without its namespace; empty for comments, entities and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: etree._Element | None) -> str:
    """All text inside an element, stripped."""
    return "".join(t for t in element.itertext() if isinstance(t, str)).strip() if element is not None else ""

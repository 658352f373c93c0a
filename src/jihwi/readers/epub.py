"""Reads EPUB: the documents of the spine, in its order, as one reading.

Source: EPUB 3.3, sections 4.2 (container), 5 (package document) and 5.7 (spine).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import msgspec
from lxml import etree

from jihwi.errors import FileBroken, FileLocked
from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.encoding import decode
from jihwi.readers.html import write_html
from jihwi.readers.package import Package, local, text_of

__all__ = ["EpubReader"]

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_ABROAD = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")
"""How an address begins that leads out of the book; what does not names a chapter of it."""
_TEXT_TYPES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})


class EpubReader:
    """Books and handbooks in EPUB 2 and 3."""

    name = "epub"
    version = "2"
    formats: Sequence[str] = ("epub",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        package = Package(data, hint.path, limits)
        place = _package_document(package)
        root = package.xml(place)
        builder = ReadingBuilder(source=hint.source, reader=self.name, reader_version=self.version, format=self.name)
        builder.metadata = _metadata(root)
        locked = _locked_parts(package)
        missing = 0
        for chapter in _spine(root, posixpath.dirname(place)):
            if chapter in locked:
                raise FileLocked(hint.path, "EPUB DRM")
            if not package.has(chapter):
                missing += 1
                continue
            write_html(builder, decode(package.bytes(chapter)), limits, f"{hint.path}!{chapter}")
        if missing:
            builder.warn("part_missing", str(missing), missing)
        reading = builder.done()
        abroad = tuple(link for link in reading.links if _ABROAD.match(link.address))
        return Result(msgspec.structs.replace(reading, links=abroad))


def _package_document(package: Package) -> str:
    """Where the package document lies. Raises FileBroken when the container does not say."""
    root = package.xml(_CONTAINER)
    for element in root.iter("{*}rootfile"):
        found = unquote(element.get("full-path", ""))
        if package.has(found):
            return found
    raise FileBroken(package.path, "epub: no package document")


def _spine(root: etree._Element, folder: str) -> Iterator[str]:
    """The text documents in reading order, by their paths inside the archive."""
    items = {
        item.get("id", ""): item.get("href", "")
        for item in root.iter("{*}item")
        if item.get("media-type", "") in _TEXT_TYPES
    }
    for reference in root.iter("{*}itemref"):
        href = items.get(reference.get("idref", ""), "").partition("#")[0]
        if href:
            yield posixpath.normpath(posixpath.join(folder, unquote(href)))


def _locked_parts(package: Package) -> frozenset[str]:
    """The parts that are encrypted; fonts often are, without the book being locked."""
    root = package.optional_xml(_ENCRYPTION)
    if root is None:
        return frozenset()
    return frozenset(posixpath.normpath(unquote(one.get("URI", ""))) for one in root.iter("{*}CipherReference"))


def _metadata(root: etree._Element) -> Metadata:
    said: dict[str, str] = {}
    for element in root.iter():
        said.setdefault(local(element), text_of(element))
    return Metadata(
        title=said.get("title", ""),
        author=said.get("creator", ""),
        created=said.get("date", ""),
        producer=said.get("publisher", ""),
        language=said.get("language", ""),
    )

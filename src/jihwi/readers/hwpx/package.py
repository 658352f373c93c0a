"""The package around a HWPX document: a zip with a container, a manifest of items and a spine, read within limits.

Source: KS X 6101 (OWPML), section 8 (packaging, an OCF profile): `META-INF/container.xml` names the package document,
whose spine gives the order of the sections.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib

from lxml import etree

from jihwi.errors import FileBroken, FileTooLarge
from jihwi.readers import Limits
from jihwi.readers.package_locks import Locks

__all__ = ["Package", "local_name"]

_PACKAGE_TYPE = "application/hwpml-package+xml"
_SECTION = re.compile(r"section(\d+)\.xml$", re.IGNORECASE)
_NAMES: dict[str, str] = {}
_MOST_NAMES, _LONGEST_PROLOGUE = 4096, 1 << 20
_SIZE = re.compile(rb'<hh:charPr id="(\d{1,9})" height="(\d{1,7})"')
_LOOKS = (b"fontfaces", b"borderFills", b"charProperties")
_LAYOUT, _LAYOUT_END = b"<hp:linesegarray>", b"</hp:linesegarray>"


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace, which changes with the year of the standard."""
    tag = element.tag
    name = _NAMES.get(tag)
    if name is None:
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if len(_NAMES) < _MOST_NAMES and isinstance(tag, str):
            _NAMES[tag] = name
    return str(name)


class Package:
    """An opened HWPX file."""

    def __init__(self, data: bytes, path: str, limits: Limits, password: str) -> None:
        self._path = path
        # XML around a character is far more than the character: lines' layout, run and paragraph attributes.
        self._budget = limits.output_characters * 16
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, IndexError) as problem:
            raise FileBroken(path=path, detail=f"압축 파일을 열 수 없음 ({problem})") from problem
        self._names = {name.lower(): name for name in self._zip.namelist()}
        self.sizes: dict[str, int] = {}
        """The size of each character shape in hundredths of a point, of the parts parsed so far."""
        self.repaired = False
        """Whether a part was not well-formed and was read as far as it could be."""
        self.missing: list[str] = []
        self._locks = Locks(self._manifest(), password, path)
        self.items: dict[str, str] = {}
        self._spine: list[str] = []
        self.package: etree._Element | None = None
        self._read_package()

    def _manifest(self) -> etree._Element | None:
        return self.xml("META-INF/manifest.xml", locked=False) if self.has("META-INF/manifest.xml") else None

    def _read_package(self) -> None:
        root = self._root_file()
        if not self.has(root):
            return
        self.package = self.xml(root)
        folder = posixpath.dirname(root)
        for element in self.package.iter():
            name = local_name(element)
            if name == "item":
                self.items[element.get("id", "")] = self._resolve(folder, element.get("href", ""))
            elif name == "itemref":
                self._spine.append(element.get("idref", ""))

    def _root_file(self) -> str:
        if self.has("META-INF/container.xml"):
            for element in self.xml("META-INF/container.xml", locked=False).iter():
                if local_name(element) == "rootfile" and element.get("media-type") == _PACKAGE_TYPE:
                    return element.get("full-path", "")
        return "Contents/content.hpf"

    def _resolve(self, folder: str, href: str) -> str:
        """Hancom writes paths from the package's root, others from the package document's folder."""
        beside = posixpath.normpath(posixpath.join(folder, href))
        return beside if self.has(beside) and not self.has(href) else href

    def has(self, name: str) -> bool:
        """Whether the package holds this part; the case of letters does not matter."""
        return name.lower() in self._names

    def sections(self) -> list[str]:
        """The sections' parts, in the order of the spine; by their numbers when there is no usable spine."""
        named = [self.items[ref] for ref in self._spine if _SECTION.search(self.items.get(ref, ""))]
        self.missing.extend(name for name in named if not self.has(name))
        found = [name for name in named if self.has(name)]
        seen = {name.lower() for name in found}
        numbered = [(int(match[1]), name) for name in self._names.values() if (match := _SECTION.search(name))]
        rest = [name for _, name in sorted(numbered) if name.lower() not in seen and "/" in name]
        return found or rest

    def part(self, name: str, *, locked: bool = True) -> bytes:
        """One part, decrypted where the manifest says that it is locked."""
        entry = self._names.get(name.lower())
        if entry is None:
            raise FileBroken(path=self._path, detail=f"{name} 없음")
        try:
            with self._zip.open(entry) as stream:
                raw = stream.read(self._budget + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as problem:
            raise FileBroken(path=self._path, detail=f"{name}을(를) 풀 수 없음 ({problem})") from problem
        if len(raw) > self._budget:
            raise FileTooLarge(path=self._path, detail=f"풀면 {self._budget:,}바이트를 넘음")
        self._budget -= len(raw)
        return self._locks.open(name, raw, self._budget) if locked else raw

    def xml(self, name: str, *, locked: bool = True) -> etree._Element:
        """One part as XML: no entity is expanded, nothing is fetched."""
        whole = self.part(name, locked=locked)
        self.sizes.update((number.decode(), int(size)) for number, size in _SIZE.findall(whole))
        data = _without_layout(whole)
        try:
            return _without_entities(etree.fromstring(data, _parser(recover=False)), data)
        except etree.XMLSyntaxError:
            self.repaired = True
        try:
            root = etree.fromstring(data, _parser(recover=True))
        except etree.XMLSyntaxError as problem:
            raise FileBroken(path=self._path, detail=f"{name}의 XML이 손상됨") from problem
        if root is None:
            raise FileBroken(path=self._path, detail=f"{name}의 XML이 손상됨")
        return _entities_as_text(_without_entities(root, data))


def _without_layout(data: bytes) -> bytes:
    """The part without where the program last broke its lines, and without how fonts, borders and characters look.

    That is a third of a section and more than half of a header, and nothing of it is read; the rest parses and walks so
    much faster. Cutting takes a tenth of the time of a regular expression, and no more for a hostile file.
    """
    for name in _LOOKS:
        start = data.find(b"<hh:" + name + b" ")
        end = data.find(b"</hh:" + name + b">", start) if start >= 0 else -1
        if end >= 0:
            data = data[:start] + data[end + len(name) + 6 :]
    first, *pieces = data.split(_LAYOUT)
    kept = [first]
    for piece in pieces:
        _, closed, rest = piece.partition(_LAYOUT_END)
        if not closed:
            return data
        kept.append(rest)
    return b"".join(kept)


def _without_entities(root: etree._Element, data: bytes) -> etree._Element:
    """The tree with elements only: what a document type declares is neither expanded nor left in the way."""
    if b"<!" in data[:_LONGEST_PROLOGUE]:
        etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def _entities_as_text(root: etree._Element) -> etree._Element:
    """The tree with the letters of what looks like an entity and is none (`R&D;`)."""
    for parent in {above for entity in root.iter(etree.Entity) if (above := entity.getparent()) is not None}:
        before: etree._Element | None = None
        words = [parent.text or ""]
        for child in [*parent]:
            if child.tag is etree.Entity:
                words += (child.text or "", child.tail or "")
                parent.remove(child)
            else:
                _put("".join(words), before, parent)
                before, words = child, [child.tail or ""]
        _put("".join(words), before, parent)
    return root


def _put(words: str, before: etree._Element | None, parent: etree._Element) -> None:
    if before is None:
        parent.text = words
    else:
        before.tail = words


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        recover=recover,
    )

"""The reader of HWPX files: package, definitions, sections in the order of the spine."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from jihwi.errors import FileBroken
from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.hancom import Anchored, Document, Picture, Section, compose
from jihwi.readers.hancom.chart import chart_objects
from jihwi.readers.hwpx.body import SectionReader
from jihwi.readers.hwpx.header import HeaderDefinitions
from jihwi.readers.hwpx.package import Package, local_name

__all__ = ["HwpxReader"]


class HwpxReader:
    """Reads HWPX packages, locked ones with their password.

    Raises `FileBroken` when the package or all its sections cannot be read, `FileLocked` when a password is missing
    or wrong, `FileTooLarge` when it inflates beyond the limits.
    """

    name = "hwpx"
    version = "5"
    formats: Sequence[str] = ("hwpx",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        """The reading of one HWPX file. A section that is missing or damaged is a warning; the others are kept."""
        package = Package(data, hint.path, limits, hint.password)
        builder = ReadingBuilder(source=hint.source, reader=self.name, reader_version=self.version, format="hwpx")
        names = package.sections()
        if not names:
            raise FileBroken(path=hint.path, detail="본문(section)이 없음")
        definitions = HeaderDefinitions(_header(package), package.sizes)
        sections: list[Section] = []
        for name in names:
            reader = SectionReader(
                definitions,
                lambda ref: package.items.get(ref, ref),
                lambda ref: _master_page(package, ref),
                lambda name: _chart(package, name),
                builder,
                limits.nesting,
            )
            try:
                root = package.xml(name)
            except FileBroken:
                if len(names) == 1:
                    raise
                package.missing.append(name)
                continue
            sections.append(reader.section(root))
        for name in package.missing:
            builder.warn("part_missing", name)
        if package.repaired:
            builder.warn("xml_repaired")
        document = Document(
            tuple(sections),
            definitions.numberings,
            definitions.bullets,
            definitions.ticked,
            _metadata(package.package),
        )
        return Result(compose(document, builder))


def _header(package: Package) -> etree._Element | None:
    name = package.items.get("header", "Contents/header.xml")
    return package.xml(name) if package.has(name) else None


def _master_page(package: Package, ref: str) -> etree._Element | None:
    name = package.items.get(ref, "")
    return package.xml(name) if name and package.has(name) else None


def _chart(package: Package, name: str) -> list[Anchored]:
    """A chart's part as objects; a picture without data when the part is missing."""
    return chart_objects(name, package.part(name)) if package.has(name) else [Picture(name)]


def _metadata(package: etree._Element | None) -> Metadata:
    """The package document's metadata: `title`, `language`, and `meta` elements by name."""
    found: dict[str, str] = {}
    for element in package.iter() if package is not None else ():
        name = local_name(element)
        if name in ("title", "language"):
            found[name] = (element.text or "").strip()
        elif name == "meta":
            found[element.get("name", "")] = (element.text or "").strip()
    return Metadata(
        title=found.get("title", ""),
        author=found.get("creator", ""),
        created=found.get("CreatedDate", ""),
        modified=found.get("ModifiedDate", ""),
        language=found.get("language", ""),
        producer="Hancom HWPX",
    )

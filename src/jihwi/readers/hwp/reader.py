"""The reader of HWP 5 files: container, definitions, body, summary, in that order."""

from __future__ import annotations

from collections.abc import Sequence

from jihwi.evidence import ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.hancom import Anchored, Document, compose
from jihwi.readers.hwp.body import BodyReader, deleted_ranges
from jihwi.readers.hwp.container import Container, chart_xml
from jihwi.readers.hwp.docinfo import DocumentInformation
from jihwi.readers.hwp.records import PARA_RANGE_TAG, records
from jihwi.readers.hwp.summary import summary

__all__ = ["HwpReader"]


class HwpReader:
    """Reads HWP 5.0.0.0 and later, compressed or not, distribution-locked, and with a password when one is given.

    Raises `FileBroken` when the compound file or its header cannot be read, `FileLocked` when a password is missing
    or wrong or another program's lock is on it, `FileTooLarge` when it inflates beyond the limits.
    """

    name = "hwp"
    version = "5"
    formats: Sequence[str] = ("hwp5",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        """The reading of one HWP 5 file. Damage inside a stream is a warning; what came before it is kept."""
        container = Container(data, hint.path, limits, hint.password)
        builder = ReadingBuilder(source=hint.source, reader=self.name, reader_version=self.version, format="hwp5")
        definitions = container.stream("DocInfo") if container.exists("DocInfo") else b""
        found, cut = records(definitions)
        information = DocumentInformation(definitions, found)
        sections = []

        def chart(number: int) -> list[Anchored]:
            return _chart(container, information, number)

        for body in container.sections():
            found, section_cut = records(body)
            cut = cut or section_cut
            sections.append(BodyReader(body, found, information, builder, limits.nesting, chart).section())
        if cut or container.cut:
            builder.warn("stream_cut")
        if container.distributed:
            builder.warn("distribution_locked")
        deletions = sum(_deletions(body) for body in container.tracked())
        if deletions:
            builder.warn("tracked_deletion_hidden", count=deletions)
        metadata = summary(container.plain("\x05HwpSummaryInformation"))
        document = Document(tuple(sections), information.numberings, information.bullets, information.ticked, metadata)
        return Result(compose(document, builder))


def _deletions(body: bytes) -> int:
    """How many ranges of the history the body no longer has."""
    found, _ = records(body)
    return sum(len(deleted_ranges(body[r.start : r.end])) for r in found if r.tag == PARA_RANGE_TAG)


def _chart(container: Container, information: DocumentInformation, number: int) -> list[Anchored]:
    """The chart inside an OLE object; nothing when it holds none."""
    name = information.picture(number)
    data = container.embedded(name, information.packed[number - 1]) if name.endswith(".OLE") else b""
    xml = chart_xml(data)
    if not xml:
        return []
    # Only documents with charts pay for the XML library.
    from jihwi.readers.hancom.chart import chart_objects

    return chart_objects(name, xml)

"""Reads DOCX: the words with all that ordinary extraction loses (numbers, notes, text boxes, changes, headers).

The parts are read directly (ECMA-376 part 1, chapter 17): what is wanted beyond plain paragraphs and tables is
beyond the libraries as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from jihwi.evidence import ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.docx.body import Body
from jihwi.readers.office import core_properties
from jihwi.readers.package import Package

__all__ = ["DocxReader"]


class DocxReader:
    """DOCX and its template and macro kin."""

    name = "docx"
    version = "3"
    formats: Sequence[str] = ("docx",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        package = Package(data, hint.path, limits)
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        builder.metadata = core_properties(package)
        Body(package, builder, limits).read()
        return Result(builder.done())

"""Reads PDF: lines, paragraphs, ruled tables, headings by size, headers and footers recognised across pages."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pypdfium2

from jihwi.errors import FileBroken, FileLocked
from jihwi.evidence import Metadata, ReadingBuilder
from jihwi.readers import Attachment, Hint, Limits, Result
from jihwi.readers.pdf.compose import Composer
from jihwi.readers.pdf.pages import PageContent, read_page
from jihwi.readers.pdf.scanned import Scanner

__all__ = ["PdfReader"]

_MOST_PAGES = 20_000
_MOST_ATTACHMENTS = 100
_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([-+])(\d\d)'?(\d\d)?)?")


class PdfReader:
    """PDF, with or without a password that is known."""

    name = "pdf"
    version = "5"
    formats: Sequence[str] = ("pdf",)

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        document = _opened(data, hint)
        try:
            pages = _pages(document, builder, limits, hint)
            scanned = Scanner(document, builder, limits).replace(pages)
            builder.metadata = _metadata(document)
            Composer(builder, limits, _bookmarks(document)).write(pages, scanned)
            attachments = _attachments(document, builder, limits)
        finally:
            document.close()
        return Result(builder.done(), attachments)


def _opened(data: bytes, hint: Hint) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data, password=hint.password or None)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise FileLocked(hint.path, "pdf") from error
        raise FileBroken(hint.path, f"pdf: {error}") from error


def _pages(document: pypdfium2.PdfDocument, builder: ReadingBuilder, limits: Limits, hint: Hint) -> list[PageContent]:
    pages: list[PageContent] = []
    glyphs = 0
    for index in range(min(len(document), _MOST_PAGES)):
        try:
            page = document[index]
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError:
            builder.warn("page_broken", str(index + 1))
            continue
        content = read_page(page, text_page, index + 1, page.get_size(), page.get_rotation())
        text_page.close()
        page.close()
        pages.append(content)
        glyphs += content.glyphs
        if glyphs > limits.output_characters:
            builder.warn("output_cut", str(index + 1))
            break
    if not pages:
        raise FileBroken(hint.path, "pdf: no pages")
    return pages


def _metadata(document: pypdfium2.PdfDocument) -> Metadata:
    def said(key: str) -> str:
        try:
            return str(document.get_metadata_value(key)).strip()
        except UnicodeDecodeError:  # half a character: one entry's fault, not the file's
            return ""

    return Metadata(
        title=said("Title"),
        author=said("Author"),
        created=_date(said("CreationDate")),
        modified=_date(said("ModDate")),
        producer=said("Producer") or said("Creator"),
        pages=len(document),
    )


def _date(text: str) -> str:
    """A PDF date as ISO 8601.

    >>> _date("D:20260507171904+09'00'")
    '2026-05-07T17:19:04+09:00'
    """
    found = _DATE.match(text)
    if found is None:
        return ""
    year, month, day, hour, minute, second, sign, offset, minutes = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if hour is None:
        return date
    zone = f"{sign}{offset}:{minutes or '00'}" if sign else ""
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"


def _bookmarks(document: pypdfium2.PdfDocument) -> dict[str, int]:
    """The titles of the outline, without blanks, and their levels from 1."""
    found: dict[str, int] = {}
    try:
        for bookmark in document.get_toc(max_depth=6):
            title = "".join(bookmark.get_title().split())
            if len(title) > 1 and len(found) < 10_000:
                found.setdefault(title, bookmark.level + 1)
    except (pypdfium2.PdfiumError, ValueError):
        return found
    return found


def _attachments(document: pypdfium2.PdfDocument, builder: ReadingBuilder, limits: Limits) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    size = 0
    for index in range(min(document.count_attachments(), _MOST_ATTACHMENTS)):
        try:
            attachment = document.get_attachment(index)
            data = bytes(attachment.get_data())
            name = attachment.get_name()
        except (pypdfium2.PdfiumError, ValueError):
            builder.warn("attachment_broken", str(index + 1))
            continue
        size += len(data)
        if size > limits.file_bytes // 2:
            builder.warn("attachments_cut")
            break
        found.append(Attachment(name or f"attachment-{index + 1}", data))
    return tuple(found)

"""Which adapter reads which format, found by name so that a reader is imported only when a file asks for it."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import shutil
import sys
from pathlib import Path

import msgspec

from jihwi.errors import NeedsConversion, ReaderMissing
from jihwi.evidence import READING_SCHEMA_VERSION
from jihwi.readers import Limits, Reader

__all__ = ["ADAPTERS", "installed_formats", "reader_for", "readers_version"]

ADAPTERS: dict[str, str] = {
    "text": "jihwi.readers.text:TextReader",
    "markdown": "jihwi.readers.markdown:MarkdownReader",
    "html": "jihwi.readers.html:HtmlReader",
    "xml": "jihwi.readers.data:DataReader",
    "json": "jihwi.readers.data:DataReader",
    "jsonl": "jihwi.readers.data:DataReader",
    "csv": "jihwi.readers.delimited:DelimitedReader",
    "tsv": "jihwi.readers.delimited:DelimitedReader",
    "docx": "jihwi.readers.docx:DocxReader",
    "xlsx": "jihwi.readers.xlsx:XlsxReader",
    "xlsb": "jihwi.readers.xlsx:XlsxReader",
    "pptx": "jihwi.readers.pptx:PptxReader",
    "odt": "jihwi.readers.opendocument:OpenDocumentReader",
    "ods": "jihwi.readers.opendocument:OpenDocumentReader",
    "odp": "jihwi.readers.opendocument:OpenDocumentReader",
    "rtf": "jihwi.readers.rtf:RtfReader",
    "doc": "jihwi.readers.legacy:LegacyOfficeReader",
    "xls": "jihwi.readers.legacy:LegacyOfficeReader",
    "ppt": "jihwi.readers.legacy:LegacyOfficeReader",
    "eml": "jihwi.readers.mail:MailReader",
    "msg": "jihwi.readers.mail:MailReader",
    "zip": "jihwi.readers.archive:ArchiveReader",
    "tar": "jihwi.readers.archive:ArchiveReader",
    "epub": "jihwi.readers.epub:EpubReader",
    "pdf": "jihwi.readers.pdf:PdfReader",
    "hwp5": "jihwi.readers.hwp:HwpReader",
    "hwpx": "jihwi.readers.hwpx:HwpxReader",
    "hwp3": "jihwi.readers.hwp3:Hwp3Reader",
    "hwpml": "jihwi.readers.hwpml:HwpmlReader",
    "png": "jihwi.readers.picture:PictureReader",
    "jpeg": "jihwi.readers.picture:PictureReader",
    "tiff": "jihwi.readers.picture:PictureReader",
}
"""Format to `module:Class`."""

CONVERTIBLE = {
    "doc": "DOCX",
    "xls": "XLSX",
    "xlsb": "XLSX",
    "ppt": "PPTX",
    "hwp3": "HWPX",
    "hwpml": "HWPX",
}
"""Formats a person can save as another one, should no reader of them be here."""

PROGRAMS = ("tesseract", "soffice")
LIBRARIES = (
    "lxml",
    "olefile",
    "msoffcrypto-tool",
    "pypdfium2",
    "pillow",
    "charset-normalizer",
    "markdown-it-py",
    "cryptography",
)

_readers: dict[str, Reader] = {}


def reader_for(format: str, path: str) -> Reader:
    """The reader of `format`, the same object each time.

    Raises `NeedsConversion` for a format that is known but has no reader here and can be saved as another, and
    `ReaderMissing` where the adapter or a library it stands on is not installed; `detail` names which.

    >>> reader_for("unheard-of", "a.bin")
    Traceback (most recent call last):
    ...
    jihwi.errors.ReaderMissing: What reads 'a.bin' is not installed: unheard-of ...
    """
    place = ADAPTERS.get(format)
    if place is None:
        raise ReaderMissing(path, format)
    if place not in _readers:
        _readers[place] = _load(place, format, path)
    reader = _readers[place]
    if format not in reader.formats:
        raise _absent(format, path, format)
    return reader


def _load(place: str, format: str, path: str) -> Reader:
    module, _, name = place.partition(":")
    try:
        reader: Reader = getattr(importlib.import_module(module), name)()
    except ImportError as error:
        raise _absent(format, path, error.name or module) from error
    except AttributeError as error:
        raise _absent(format, path, place) from error
    return reader


def _absent(format: str, path: str, missing: str) -> NeedsConversion | ReaderMissing:
    if format in CONVERTIBLE:
        return NeedsConversion(path, f"{format} → {CONVERTIBLE[format]}")
    return ReaderMissing(path, missing)


def installed_formats() -> frozenset[str]:
    """The formats whose adapter stands in this installation, without importing it."""
    return frozenset(
        format for format, place in ADAPTERS.items() if importlib.util.find_spec(place.partition(":")[0]) is not None
    )


def readers_version(limits: Limits) -> str:
    """Changes whenever the same bytes could give another outcome.

    It is the digest of the readers' own code, of the versions of the libraries they stand on, of the programs found
    on this machine, and of the limits.
    """
    seen = hashlib.sha256()
    folder = Path(__file__).parent
    for file in sorted(folder.rglob("*.py")):
        seen.update(str(file.relative_to(folder)).encode() + b"\x00" + file.read_bytes())
    for library in LIBRARIES:
        seen.update(f"{library}={_version_of(library)}\n".encode())
    for program in PROGRAMS:
        seen.update(f"{program}={shutil.which(program) is not None}\n".encode())
    seen.update(msgspec.json.encode(limits))
    return f"{READING_SCHEMA_VERSION}.{sys.version_info.minor}.{seen.hexdigest()[:16]}"


def _version_of(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "-"

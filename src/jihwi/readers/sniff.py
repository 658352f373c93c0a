"""What a file truly is, told from its content; the extension is a hint that is compared, never trusted.

Signatures come from the formats' published descriptions: ISO 32000 (PDF), APPNOTE (ZIP), MS-CFB (compound files),
ECMA-376 (OOXML), OASIS ODF, KS X 6101 (HWPX) and Hancom's description of HWP 3 and HWP 5.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zipfile
import zlib
from pathlib import PurePosixPath

import msgspec

from jihwi.readers.sniff_text import as_text, text_kind

__all__ = ["EXTENSIONS", "PACKED", "Sniffed", "extension_of", "is_left_behind", "sniff"]

SNIFF_BYTES = 64 << 10
"""How much of a text is looked at."""
_BZ2_BLOCK = 1 << 20
"""bzip2 gives nothing before a whole block has come, which may be nearly this long."""
_XZ_MEMORY = 128 << 20


class Sniffed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a file is, as far as its first look tells."""

    format: str
    """A format's name, `unknown` or `empty`."""
    looks_like: str = ""
    """What an unknown file seems to be ("gif picture"); shown to people."""
    locked: str = ""
    """Why nothing inside can be seen without a key: `password` or the name of the document-security product."""
    claimed: str = ""
    """The extension that was contradicted by the content; empty when it fits or says nothing."""


EXTENSIONS: dict[str, tuple[str, ...]] = {
    "text": ("txt", "text", "log", "srt"),
    "markdown": ("md", "markdown"),
    "html": ("html", "htm", "xhtml"),
    "xml": ("xml", "xsd", "xsl", "xslt", "svg", "hml", "owpml", "rss", "kml", "gpx", "hpf"),
    "json": ("json", "geojson"),
    "jsonl": ("jsonl", "ndjson"),
    "csv": ("csv",),
    "tsv": ("tsv", "tab"),
    "docx": ("docx", "docm", "dotx", "dotm"),
    "xlsx": ("xlsx", "xlsm", "xltx", "xltm"),
    "xlsb": ("xlsb",),
    "pptx": ("pptx", "pptm", "potx", "ppsx"),
    "odt": ("odt", "ott"),
    "ods": ("ods", "ots"),
    "odp": ("odp", "otp"),
    "rtf": ("rtf",),
    "doc": ("doc", "dot"),
    "xls": ("xls", "xlt"),
    "ppt": ("ppt", "pps", "pot"),
    "msg": ("msg",),
    "eml": ("eml",),
    "zip": ("zip",),
    "tar": ("tar", "tgz", "gz", "tbz2", "bz2", "txz", "xz"),
    "pdf": ("pdf",),
    "hwp5": ("hwp", "hwt"),
    "hwp3": ("hwp",),
    "hwpx": ("hwpx", "owpml"),
    "hwpml": ("hml", "hwpml"),
    "png": ("png",),
    "jpeg": ("jpg", "jpeg", "jpe"),
    "tiff": ("tif", "tiff"),
    "epub": ("epub",),
}
"""Every format that has a name here, and the extensions that suit it; the first is the one a copy is given."""

_FORMATS_OF: dict[str, frozenset[str]] = {
    extension: frozenset(name for name, known in EXTENSIONS.items() if extension in known)
    for extension in {e for known in EXTENSIONS.values() for e in known}
}
_TEXT_FAMILY = frozenset({"text", "markdown", "csv", "tsv", "json", "jsonl", "xml", "html", "eml", "hwpml"})

_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODF = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/epub+zip": "epub",
    b"application/hwp+zip": "hwpx",
    b"application/owpml": "hwpx",
}
_SIMPLE: tuple[tuple[bytes, str], ...] = (
    (b"HWP Document File V3", "hwp3"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
)
_LOCKED: tuple[tuple[bytes, str], ...] = (
    (b"\x9b DRMONE", "Fasoo DRM"),
    (b"SCDSA0", "SoftCamp Document Security"),
    (b"<## NASCA DRM FILE", "NASCA DRM"),
    (b"DOCUMENT SAFER", "MarkAny Document Safer"),
    (b"-----BEGIN PGP MESSAGE", "PGP"),
)
_RECOGNISED: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "gif picture"),
    (b"BM", "bmp picture"),
    (b"\xd7\xcd\xc6\x9a", "wmf picture"),
    (b"\x01\x00\x09\x00", "wmf picture"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "rar archive"),
    (b"ALZ\x01", "alz archive"),
    (b"EGGA", "egg archive"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"!BDN", "Outlook mailbox (pst)"),
    (b"AC10", "AutoCAD drawing"),
    (b"OggS", "sound"),
    (b"ID3", "sound"),
    (b"fLaC", "sound"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"%!PS", "PostScript"),
)

PACKED = frozenset({"7z archive", "rar archive", "alz archive", "egg archive", "gzip", "bzip2", "xz", "zstd"})
"""What holds other files and is not unpacked here, as it is called in `Sniffed.looks_like`."""


def sniff(data: bytes, path: str = "") -> Sniffed:
    """What `data` is. `path` breaks ties between kinds of plain text and is compared with what was found.

    >>> sniff(b"%PDF-1.7 ...", "보고서.hwp")
    Sniffed(format='pdf', looks_like='', locked='', claimed='hwp')
    """
    extension = extension_of(path)
    found = _from_content(data, extension)
    if not extension or found.format in ("unknown", "empty") or found.locked:
        return found
    return msgspec.structs.replace(found, claimed=_contradicted(found.format, extension))


def extension_of(path: str) -> str:
    """The extension in lower case without its dot; empty when there is none.

    >>> extension_of("보고서.HWP"), extension_of(".gitignore")
    ('hwp', '')
    """
    return PurePosixPath(path.replace("\\", "/")).suffix.lower().lstrip(".")


_LEFT_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information"})
_LEFT_STARTS = (".", "~$", "._")


def is_left_behind(name: str) -> bool:
    """Whether a file or folder is hidden or what programs leave behind, and no document.

    >>> is_left_behind("~$보고서.docx"), is_left_behind(".DS_Store"), is_left_behind("보고서.docx")
    (True, True, False)
    """
    return name.startswith(_LEFT_STARTS) or name.lower() in _LEFT_NAMES


def _contradicted(format: str, extension: str) -> str:
    expected = _FORMATS_OF.get(extension, frozenset())
    if not expected or format in expected:
        return ""
    if format in _TEXT_FAMILY and expected & {"text", "markdown"}:
        return ""
    if {format} | expected <= {"csv", "tsv"}:
        return ""  # which delimiter a table has is nothing its name must say
    if format == "text" and expected & _TEXT_FAMILY:
        return extension if expected & {"html", "json", "eml"} else ""
    if format == "markdown" and expected <= _TEXT_FAMILY:
        return ""
    return extension


def _from_content(data: bytes, extension: str) -> Sniffed:
    if not data.strip(b"\x00 \t\r\n"):
        return Sniffed("empty")
    for magic, product in _LOCKED:
        if data.startswith(magic):
            return Sniffed("unknown", locked=product)
    for magic, name in _SIMPLE:
        if data.startswith(magic):
            return Sniffed(name)
    if data.startswith(_CFB):
        return _compound(data, extension)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip(data, extension)
    if b"%PDF-" in data[:1024]:
        return Sniffed("pdf")
    if _is_tar(data) or _is_tar(_unpacked_beginning(data)):
        return Sniffed("tar")
    return _text_or_unknown(data, extension)


def _text_or_unknown(data: bytes, extension: str) -> Sniffed:
    sample = as_text(data[:SNIFF_BYTES], whole=len(data) <= SNIFF_BYTES)
    if sample is not None:
        return Sniffed(text_kind(sample, extension, whole=len(data) <= SNIFF_BYTES))
    if data[4:8] == b"ftyp":
        return Sniffed("unknown", looks_like="video or heic picture")
    if data.startswith(b"RIFF"):
        return Sniffed("unknown", looks_like="webp picture" if data[8:12] == b"WEBP" else "sound or video")
    for magic, name in _RECOGNISED:
        if data.startswith(magic):
            return Sniffed("unknown", looks_like=name)
    return Sniffed("unknown", looks_like="binary data")


# ── compound files ───────────────────────────────────────────────────────────

_COMPOUND_STREAMS: tuple[tuple[str, str], ...] = (
    ("FileHeader", "hwp5"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
    ("__properties_version1.0", "msg"),
)


def _compound(data: bytes, extension: str) -> Sniffed:
    names = _compound_names(data)
    if "EncryptedPackage" in names or "EncryptionInfo" in names:
        office = next(iter(_FORMATS_OF.get(extension, frozenset()) & {"docx", "xlsx", "pptx"}), "unknown")
        return Sniffed(office, looks_like="" if office != "unknown" else "Office file", locked="password")
    for stream, name in _COMPOUND_STREAMS:
        if stream in names and (name != "hwp5" or b"HWP Document File" in data):
            return Sniffed(name)
    if "\x06DataSpaces" in names or "DRMContent" in names:
        return Sniffed("unknown", looks_like="Office file", locked="rights management")
    if "\x05HwpSummaryInformation" in names or "BodyText" in names:
        return Sniffed("hwp5")
    return Sniffed("unknown", looks_like="compound file")


def _compound_names(data: bytes) -> frozenset[str]:
    """The names directly under the root; of a damaged file, every directory name that can still be seen."""
    import olefile  # waits until a compound file is met: most files are none

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            return frozenset(path[0] for path in ole.listdir(streams=True, storages=True))
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return frozenset(_names_by_sight(data))


def _names_by_sight(data: bytes) -> list[str]:
    wanted = [name for name, _ in _COMPOUND_STREAMS] + ["EncryptedPackage", "BodyText", "\x05HwpSummaryInformation"]
    return [name for name in wanted if _entry_at_128(data, name.encode("utf-16-le") + b"\x00\x00")]


def _entry_at_128(data: bytes, name: bytes) -> bool:
    place = data.find(name)
    while place >= 0:
        if place % 128 == 0:
            return True
        place = data.find(name, place + 1)
    return False


# ── archives ─────────────────────────────────────────────────────────────────

_LOCAL_NAME = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)


def _zip(data: bytes, extension: str) -> Sniffed:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, OverflowError):
        names = _names_of_broken_zip(data)
    return Sniffed(_zip_kind(names, _stored_mimetype(data), extension))


def _zip_kind(names: frozenset[str], mimetype: bytes, extension: str) -> str:
    for prefix, name in _ODF.items():
        if mimetype.startswith(prefix):
            return name
    if "Contents/content.hpf" in names or "Contents/header.xml" in names or "Contents/section0.xml" in names:
        return "hwpx"
    if "[Content_Types].xml" in names or "_rels/.rels" in names:
        if "xl/workbook.bin" in names:
            return "xlsb"
        for folder, name in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
            if any(n.startswith(folder) for n in names):
                return name
        # Cut off before its first telling name, it is what it says it is, as far as anyone can see.
        return extension if extension in ("docx", "xlsx", "pptx") else "zip"
    return "zip"


def _stored_mimetype(data: bytes) -> bytes:
    """The first member's content when it is a stored `mimetype`, as ODF, EPUB and HWPX ask for."""
    if data[30:38] != b"mimetype":
        return b""
    extra = int.from_bytes(data[28:30], "little")
    return data[38 + extra : 38 + extra + 80]


def _names_of_broken_zip(data: bytes) -> frozenset[str]:
    names = set()
    for match in _LOCAL_NAME.finditer(data):
        size = int.from_bytes(match.group(1), "little")
        names.add(data[match.end() : match.end() + min(size, 512)].decode("utf-8", "replace"))
        if len(names) > 5000:
            break
    return frozenset(names)


def _is_tar(data: bytes) -> bool:
    if len(data) < 512:
        return False
    if data[257:262] == b"ustar":
        return True
    stated = data[148:156].strip(b"\x00 ")
    if not stated or not data[0] or not re.fullmatch(rb"[0-7]+", stated):
        return False
    return int(stated, 8) == sum(data[:148]) + 8 * 32 + sum(data[156:512])


def _unpacked_beginning(data: bytes) -> bytes:
    """The first bytes of what is packed by gzip, bzip2 or xz; none of anything else."""
    try:
        if data.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=31).decompress(data[:SNIFF_BYTES], 1024)
        if data.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(data[:_BZ2_BLOCK], 1024)
        if data.startswith(b"\xfd7zXZ\x00"):
            return lzma.LZMADecompressor(memlimit=_XZ_MEMORY).decompress(data[:SNIFF_BYTES], 1024)
    except (zlib.error, OSError, ValueError, lzma.LZMAError, EOFError, MemoryError):
        return b""
    return b""

"""Reads DOC, XLS and PPT through LibreOffice where it is installed; elsewhere names the conversion a person can do."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import olefile

from jihwi.errors import FileBroken, FileLocked, NeedsConversion, ReaderTimeout
from jihwi.evidence import Warning
from jihwi.readers import Hint, Limits, Reader, Result
from jihwi.readers.docx import DocxReader
from jihwi.readers.office_locks import opened_by_itself, unlocked
from jihwi.readers.pptx import PptxReader
from jihwi.readers.presentation_locks import is_locked_presentation
from jihwi.readers.xlsx import XlsxReader

__all__ = ["LegacyOfficeReader"]

_NEW = {"doc": "docx", "xls": "xlsx", "ppt": "pptx"}
_PROGRAMS = ("soffice", "libreoffice")
_WORD_ENCRYPTED = 0x0100
_FILEPASS = b"\x2f\x00"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class LegacyOfficeReader:
    """The three binary formats of old Office."""

    name = "legacy"
    version = "2"
    formats: Sequence[str] = ("doc", "xls", "ppt")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        if _is_locked(data):
            data = _unlocked(data, format, hint)
        new = _NEW[format]
        program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
        if program is None:
            raise NeedsConversion(hint.path, f'soffice --headless --convert-to {new} "{hint.path}"')
        converted = _convert(program, data, format, hint, limits)
        reader: Reader = DocxReader() if new == "docx" else XlsxReader() if new == "xlsx" else PptxReader()
        result = reader.read(converted, format, hint, limits)
        reading = msgspec.structs.replace(
            result.reading,
            reader=self.name,
            reader_version=f"{self.version}.{reader.version}",
            warnings=(*result.reading.warnings, Warning("converted", new)),
        )
        return Result(reading, result.attachments)


def _unlocked(data: bytes, format: str, hint: Hint) -> bytes:
    """The file without its lock, with the password that was given or the one its program never asks for."""
    unasked = opened_by_itself(data, hint.path)
    if unasked is not None:
        return unasked
    if not hint.password:
        raise FileLocked(hint.path, format)
    return unlocked(data, hint.path, hint.password)


def _convert(program: str, data: bytes, format: str, hint: Hint, limits: Limits) -> bytes:
    with tempfile.TemporaryDirectory(prefix="jihwi-") as name:
        folder = Path(name)
        source = folder / f"document.{format}"
        source.write_bytes(data)
        command = [
            program,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--norestore",
            "--convert-to",
            _NEW[format],
            "--outdir",
            name,
            str(source),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=limits.seconds, check=False, cwd=name)
        except subprocess.TimeoutExpired as error:
            raise ReaderTimeout(hint.path, "soffice") from error
        except OSError as error:
            raise NeedsConversion(hint.path, f"soffice: {error}") from error
        made = folder / f"document.{_NEW[format]}"
        if not made.exists():
            raise FileBroken(hint.path, f"{format}: soffice made nothing of it")
        return made.read_bytes()


def _is_locked(data: bytes) -> bool:
    """Whether the file says of itself that it is encrypted (MS-DOC 2.5.1, MS-XLS 2.4.117, MS-PPT 2.3.2)."""
    if not data.startswith(_COMPOUND):
        return False
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            if file.exists("EncryptedSummary") or file.exists("EncryptionInfo") or is_locked_presentation(file):
                return True
            if file.exists("WordDocument"):
                head = file.openstream("WordDocument").read(12)
                return len(head) == 12 and bool(int.from_bytes(head[10:12], "little") & _WORD_ENCRYPTED)
            for book in ("Workbook", "Book"):
                if file.exists(book):
                    head = file.openstream(book).read(64)
                    second = 4 + int.from_bytes(head[2:4], "little")
                    return bool(head[second : second + 2] == _FILEPASS)
    except (OSError, ValueError, IndexError):
        return False
    return False
